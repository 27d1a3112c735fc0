package account

import (
	"slices"
	"time"

	"lidwoord/base/factor"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// FactorUndoLife is how long the letter about a new second step can take it away again.
// It is the week in which a change of address can be undone, for the same reason.
const FactorUndoLife = EmailUndoLife

// What happened to that with which an account is signed in to beside its password.
// What it is made of is in base/factor.
const (
	EventAppAdded       = "app_added"
	EventAppReplaced    = "app_replaced"
	EventAppRemoved     = "app_removed"
	EventPasskeyAdded   = "passkey_added"
	EventPasskeyRemoved = "passkey_removed"
	EventCodesRenewed   = "codes_renewed"
	EventRecovery       = "recovery"       // came in by a recovery code
	EventCodeRefused    = "code_refused"   // a wrong code after the right password
	EventGuessed        = "guessed"        // several in a row
	EventFactorsUndone  = "factors_undone" // what a stranger may have added went with a change of address
	EventFactorUndone   = "factor_undone"  // a new second step was taken away by the letter about it
)

// ErrFactorOver answers alike for a link to take a new second step away that was used,
// is too old, or was never ours.
var ErrFactorOver = fault.New(fault.Gone, "account.factor_over")

// added and minded are what somebody changes who is in: a second step that is new, and
// all that shows that its owner has no need of a desk.
var (
	added  = []string{EventAppAdded, EventAppReplaced, EventPasskeyAdded}
	minded = append(added, EventAppRemoved, EventPasskeyRemoved, EventCodesRenewed)
)

// factorOwner is who has an account in the tables of base/factor.
func factorOwner(accountID string) factor.Owner { return factor.Owner("account:" + accountID) }

// FactorEvent notes one of them for the owner and tells it by letter: whoever did
// it was in, and that may be somebody else. The letter about a new second step can take
// it away. A removal that waits is stopped by who minds a second step meanwhile.
func (a *Accounts) FactorEvent(tx *sqldb.Tx, acc Account, what, browser string) error {
	if err := Note(tx, acc.ID, what, browser); err != nil {
		return err
	}
	if slices.Contains(minded, what) {
		if _, err := a.StopRemoval(tx, acc.ID, "account:"+acc.ID, browser); err != nil {
			return err
		}
	}
	name := "factor"
	if what == EventGuessed {
		name = "guessed"
	}
	has, err := factor.StateOf(tx, factorOwner(acc.ID))
	if err != nil {
		return err
	}
	l := letter{Link: a.links.Forgotten, Browser: browser, What: what, Left: has.Recovery}
	if slices.Contains(added, what) {
		token := newOwnToken()
		l.Link, l.Days, l.Until = a.links.Factor(token), int(FactorUndoLife.Hours()/24), tx.Now.Add(FactorUndoLife)
		if err := insertOwnLink(tx, token.Digest(), ownLink{accountID: acc.ID, kind: linkFactor}, l.Until); err != nil {
			return err
		}
	}
	return a.mail(tx, acc, name, acc.Library, l)
}

// Stranger is what a link takes away: all that came since its letter.
type Stranger struct {
	Account  Account
	Since    time.Time
	App      bool
	Passkeys []string // their names
}

// LookFactor says what a link takes away. It changes nothing.
func (a *Accounts) LookFactor(tx *sqldb.Tx, token secret.Token) (s Stranger, err error) {
	acc, l, err := lookOwn(tx, token, linkFactor, ErrFactorOver)
	if err != nil {
		return s, err
	}
	s = Stranger{Account: acc, Since: l.mailedAt}
	has, err := factor.StateOf(tx, factorOwner(acc.ID))
	s.App = has.App && !has.AppSince.Before(l.mailedAt)
	for _, key := range has.Passkeys {
		if !key.Created.Before(l.mailedAt) {
			s.Passkeys = append(s.Passkeys, key.Name)
		}
	}
	return s, err
}

// UndoFactor takes away a second step that was added without the owner, by the link in
// the letter about it, and with it all that was added since. Whoever added it knows the
// password, so that it stops working at once, and so does a change of address that was
// asked for. It returns a link that sets a new password. The caller ends the sessions in
// the same transaction.
func (a *Accounts) UndoFactor(tx *sqldb.Tx, token secret.Token, browser string) (acc Account, reset secret.Token, err error) {
	l, ok, err := spendOwnLink(tx, token.Digest(), linkFactor)
	if err != nil || !ok {
		return acc, "", orOver(err, ErrFactorOver)
	}
	acc, ok, err = accountByID(tx, l.accountID)
	if err != nil || !ok || !acc.Active() {
		return acc, "", orOver(err, ErrFactorOver)
	}
	if err := factor.RemoveSince(tx, factorOwner(acc.ID), l.mailedAt); err != nil {
		return acc, "", err
	}
	if _, err := setPassword(tx, acc.ID, ""); err != nil {
		return acc, "", err
	}
	if err := replaceOwnLinks(tx, acc.ID, linkEmail); err != nil {
		return acc, "", err
	}
	if err := replaceOwnLinksSince(tx, acc.ID, linkFactor, l.mailedAt); err != nil {
		return acc, "", err
	}
	if reset, err = newReset(tx, acc.ID); err != nil {
		return acc, "", err
	}
	if err := happened(tx, acc.ID, EventFactorUndone, browser); err != nil {
		return acc, "", err
	}
	return acc, reset, a.mail(tx, acc, "factor", acc.Library, letter{Link: a.links.Forgotten, Browser: browser, What: EventFactorUndone})
}

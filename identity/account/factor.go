package account

import (
	"errors"
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
// that one away, until it is gone or replaced, the address changes, or [Accounts.Settle].
// A removal that waits is stopped by who minds a second step meanwhile.
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
	if step, ok := newest(has, what); ok {
		token := newOwnToken()
		l.Link, l.Days, l.Until = a.links.Factor(token), int(FactorUndoLife.Hours()/24), tx.Now.Add(FactorUndoLife)
		if err := insertOwnLink(tx, token.Digest(), ownLink{accountID: acc.ID, kind: linkFactor, email: acc.Email, step: step}, l.Until); err != nil {
			return err
		}
	}
	return a.mail(tx, acc, name, acc.Library, l)
}

// newest is the second step that an event is about which added one.
func newest(has factor.State, what string) (step factor.Step, ok bool) {
	switch {
	case (what == EventAppAdded || what == EventAppReplaced) && has.App:
		return has.AppStep(), true
	case what == EventPasskeyAdded && len(has.Passkeys) > 0:
		return has.Passkeys[len(has.Passkeys)-1].Step(), true
	}
	return "", false
}

// Stranger is what a link takes away, and what it leaves.
type Stranger struct {
	Account Account
	Since   time.Time
	App     bool     // the app with codes goes
	Passkey string   // the name of the passkey that goes
	Codes   bool     // the recovery codes go too, as nothing is left that they stand in for
	LateApp bool     // an app came after it, and stays: it has a letter of its own
	Late    []string // the names of passkeys of which the same is true
}

// LookFactor says what a link takes away. It changes nothing.
func (a *Accounts) LookFactor(tx *sqldb.Tx, token secret.Token) (s Stranger, err error) {
	acc, l, err := lookOwn(tx, token, linkFactor, ErrFactorOver)
	if err != nil {
		return s, err
	}
	has, err := factor.StateOf(tx, factorOwner(acc.ID))
	if err == nil && (acc.Email != l.email || !has.Has(l.step)) {
		err = ErrFactorOver
	}
	if err != nil {
		return s, err
	}
	s = Stranger{Account: acc, Since: l.mailedAt, Codes: has.Recovery > 0}
	if has.App {
		s.App = has.AppStep() == l.step
		s.LateApp = !s.App && !has.AppSince.Before(l.mailedAt)
		s.Codes = s.Codes && s.App
	}
	for _, key := range has.Passkeys {
		switch {
		case key.Step() == l.step:
			s.Passkey = key.Name
			continue
		case !key.Created.Before(l.mailedAt):
			s.Late = append(s.Late, key.Name)
		}
		s.Codes = false
	}
	return s, nil
}

// UndoFactor takes away the second step that was added without the owner, by the link in
// the letter about it, and no other. Whoever added it knows the password, so that it
// stops working at once, and so does a change of address that was asked for; passkeys
// that are left count behind the new password only. It returns a link that sets that.
// The caller ends the sessions in the same transaction.
func (a *Accounts) UndoFactor(tx *sqldb.Tx, token secret.Token, browser string) (acc Account, reset secret.Token, err error) {
	l, ok, err := spendOwnLink(tx, token.Digest(), linkFactor)
	if err != nil || !ok {
		return acc, "", orOver(err, ErrFactorOver)
	}
	acc, ok, err = accountByID(tx, l.accountID)
	if err != nil || !ok || !acc.Active() || acc.Email != l.email {
		return acc, "", orOver(err, ErrFactorOver)
	}
	err = factor.RemoveStep(tx, factorOwner(acc.ID), l.step)
	if errors.Is(err, factor.ErrUnknown) { // removed or replaced since
		err = ErrFactorOver
	}
	if err != nil {
		return acc, "", err
	}
	if err := factor.Doubt(tx, factorOwner(acc.ID)); err != nil {
		return acc, "", err
	}
	if _, err := setPassword(tx, acc.ID, ""); err != nil {
		return acc, "", err
	}
	if err := replaceOwnLinks(tx, acc.ID, linkEmail); err != nil {
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

// Settle ends what the letters about new second steps can take away: somebody chose a
// new password by the mailbox and gave a second step with it. A stranger who added one
// has no mailbox, and who reads the mailbox has no second step.
//
// A new password of who is signed in settles nothing. A stranger who added a second step
// knows the password, and would end the owner's letter by another one a minute later.
func (a *Accounts) Settle(tx *sqldb.Tx, accountID string) error {
	if err := factor.Doubt(tx, factorOwner(accountID)); err != nil { // another one may be a stranger's
		return err
	}
	return replaceOwnLinks(tx, accountID, linkFactor)
}

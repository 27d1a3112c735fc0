package account

import (
	"context"
	"errors"
	"time"

	"lidwoord/base/factor"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
)

// EmailChangeLife is how long the link to a new address works.
const EmailChangeLife = 24 * time.Hour

// EmailUndoLife is how long the old address can take the account back. A week
// covers a holiday in which somebody else was busy with it.
const EmailUndoLife = 7 * 24 * time.Hour

// changeRule counts the changes that one account asks for: each sends a letter to
// an address that anybody can type.
var changeRule = throttle.Rule{Name: "email.change", Free: 4, First: time.Minute, Most: 30 * time.Minute, Forget: time.Hour}

var (
	// ErrSameEmail: the account has this address.
	ErrSameEmail = fault.New(fault.Invalid, "account.same_email")
	// ErrEmailOver and ErrUndoOver answer alike for a link that was used, is too
	// old, was replaced or was never ours.
	ErrEmailOver = fault.New(fault.Gone, "account.email_over")
	ErrUndoOver  = fault.New(fault.Gone, "account.undo_over")
	// ErrNameStays: another account is called by the new address.
	ErrNameStays = fault.New(fault.Conflict, "account.name_stays")
)

// Moving is another e-mail address for an account.
type Moving struct {
	AccountID string
	Email     string
	NameToo   bool   // the account is named after its address, and goes on so
	Browser   string // in words, for the history
}

// ChangeEmail mails a link to the new address, which changes the address once its
// button is pressed; the newest link is the one that works. The old address is
// told at once, with a link to stop it. It returns until when the link works.
func (a *Accounts) ChangeEmail(ctx context.Context, db *sqldb.DB, m Moving) (until time.Time, err error) {
	email, err := readEmail(m.Email)
	if err != nil {
		return until, err
	}
	// In a transaction of its own: a try that is refused counts too.
	err = db.InTx(ctx, func(tx *sqldb.Tx) error {
		return take(tx, throttle.Counter{Rule: changeRule, Key: m.AccountID}, ErrManyLetters)
	})
	if err != nil {
		return until, err
	}
	err = db.InTx(ctx, func(tx *sqldb.Tx) error {
		acc, err := a.Find(tx, m.AccountID)
		if err != nil {
			return err
		}
		if email == acc.Email {
			return ErrSameEmail
		}
		if err := take(tx, throttle.Counter{Rule: registerAddress, Key: usernameKey(email)}, ErrManyLetters); err != nil {
			return err
		}
		link := ownLink{accountID: acc.ID, kind: linkEmail, email: email}
		if m.NameToo && named(acc) {
			if link.username, _, err = ReadUsername(email, email); err != nil {
				return err
			}
		}
		if err := replaceOwnLinks(tx, acc.ID, linkEmail); err != nil {
			return err
		}
		token := newOwnToken()
		until = tx.Now.Add(EmailChangeLife)
		if err := insertOwnLink(tx, token.Digest(), link, until); err != nil {
			return err
		}
		to := acc
		to.Email = email
		shared, err := a.Shares(tx, to)
		if err != nil {
			return err
		}
		if err := a.mail(tx, to, "email", acc.Library, letter{Link: a.links.Email(token), Hours: int(EmailChangeLife.Hours()), Until: until, Shared: shared}); err != nil {
			return err
		}
		if err := a.mailUndo(tx, acc, "email_asked", tx.Now); err != nil {
			return err
		}
		return happened(tx, acc.ID, EventEmailAsked, m.Browser)
	})
	return until, err
}

// mailUndo tells the address of acc what happens, with a way back.
func (a *Accounts) mailUndo(tx *sqldb.Tx, acc Account, name string, asked time.Time) error {
	token, until := newOwnToken(), tx.Now.Add(EmailUndoLife)
	link := ownLink{accountID: acc.ID, kind: linkUndo, email: acc.Email, username: acc.Username, since: asked}
	if err := insertOwnLink(tx, token.Digest(), link, until); err != nil {
		return err
	}
	now, _, err := accountByID(tx, acc.ID)
	if err != nil {
		return err
	}
	return a.mail(tx, acc, name, acc.Library, letter{NewEmail: masked(now.Email), Link: a.links.Undo(token), Days: int(EmailUndoLife.Hours() / 24), Until: until})
}

// LookEmail says which address a link confirms. It changes nothing.
func (a *Accounts) LookEmail(tx *sqldb.Tx, token secret.Token) (acc Account, email string, err error) {
	acc, l, err := lookOwn(tx, token, linkEmail, ErrEmailOver)
	return acc, l.email, err
}

// ConfirmEmail changes the address of an account by the link that was mailed to the
// new one, and tells the old one. Links that went to the old address die, all but the
// ways back: neither a new password nor a second step is decided there any more.
func (a *Accounts) ConfirmEmail(tx *sqldb.Tx, token secret.Token, browser string) (Account, error) {
	l, ok, err := spendOwnLink(tx, token.Digest(), linkEmail)
	if err != nil || !ok {
		return Account{}, orOver(err, ErrEmailOver)
	}
	acc, ok, err := accountByID(tx, l.accountID)
	if err != nil || !ok || !acc.Active() {
		return Account{}, orOver(err, ErrEmailOver)
	}
	old := acc
	if l.username != "" && named(acc) { // or its owner chose a name since
		acc, err = rename(tx, acc, l.username, usernameKey(l.username))
		if errors.Is(err, ErrUsernameTaken) {
			err = ErrNameStays
		}
		if err != nil {
			return Account{}, err
		}
	}
	acc.Email = l.email
	if _, err := setEmail(tx, acc.ID, acc.Email); err != nil {
		return Account{}, err
	}
	for _, kind := range []string{linkReset, linkFactor} {
		if err := replaceOwnLinks(tx, acc.ID, kind); err != nil {
			return Account{}, err
		}
	}
	if err := a.mailUndo(tx, old, "email_changed", l.mailedAt); err != nil {
		return Account{}, err
	}
	return acc, happened(tx, acc.ID, EventEmail, browser)
}

func orOver(err, over error) error {
	if err == nil {
		err = over
	}
	return err
}

// Undoing is what a link to undo a change of address does.
type Undoing struct {
	Account Account
	Email   string // the address that comes back, or stays
	Asked   bool   // the change was only asked for: the address stays
	Takes   bool   // an app with codes or a passkey that was added since the change was asked goes too
	Stays   bool   // one from before stays
}

// LookUndo says what a link undoes. It changes nothing.
func (a *Accounts) LookUndo(tx *sqldb.Tx, token secret.Token) (Undoing, error) {
	acc, l, err := lookOwn(tx, token, linkUndo, ErrUndoOver)
	if err != nil {
		return Undoing{}, err
	}
	u, err := undoing(tx, acc, l)
	if l.username != "" {
		u.Account.Username = l.username // as it will be
	}
	return u, err
}

// undoing judges an account as it is before the link is used.
func undoing(tx *sqldb.Tx, acc Account, l ownLink) (u Undoing, err error) {
	u = Undoing{Account: acc, Email: l.email, Asked: acc.Email == l.email}
	has, err := factor.StateOf(tx, factorOwner(acc.ID))
	u.Takes, u.Stays = has.App && !has.AppSince.Before(l.since), has.App && has.AppSince.Before(l.since)
	for _, key := range has.Passkeys {
		late := !key.Created.Before(l.since)
		u.Takes, u.Stays = u.Takes || late, u.Stays || !late
	}
	return u, err
}

// UndoEmail brings an address back, and the name that the account had with it.
// It returns a link that sets a new password. Whoever changed the address knows the
// old one, so that it stops working at once, and with it every change, link and
// second step that came since the change was asked; an address that was confirmed hears
// that it is over. The caller ends the sessions in the same transaction.
//
// A second step from before stays: it may be that of an owner who moved away from a
// mailbox that others read, and that mailbox would get the account by it. If a stranger
// set it up, it does not let them in either, since a passkey counts behind the new
// password only; a library that sees a document takes it away.
//
// The ways back that were mailed later die too, or the address that was undone
// could undo that. Earlier ones live: an earlier owner comes first.
func (a *Accounts) UndoEmail(tx *sqldb.Tx, token secret.Token, browser string) (u Undoing, reset secret.Token, err error) {
	l, ok, err := spendOwnLink(tx, token.Digest(), linkUndo)
	if err != nil || !ok {
		return u, "", orOver(err, ErrUndoOver)
	}
	acc, ok, err := accountByID(tx, l.accountID)
	if err != nil || !ok || !acc.Active() {
		return u, "", orOver(err, ErrUndoOver)
	}
	if u, err = undoing(tx, acc, l); err != nil {
		return u, "", err
	}
	if u.Account, err = a.bringBack(tx, acc, l); err != nil {
		return u, "", err
	}
	if _, err := setPassword(tx, acc.ID, ""); err != nil {
		return u, "", err
	}
	for _, kind := range []string{linkEmail, linkFactor} {
		if err := replaceOwnLinks(tx, acc.ID, kind); err != nil {
			return u, "", err
		}
	}
	if err := replaceOwnLinksSince(tx, acc.ID, linkUndo, l.mailedAt); err != nil {
		return u, "", err
	}
	if err := factor.RemoveSince(tx, factorOwner(acc.ID), l.since); err != nil {
		return u, "", err
	}
	if err := factor.Doubt(tx, factorOwner(acc.ID)); err != nil {
		return u, "", err
	}
	if reset, err = newReset(tx, acc.ID); err != nil {
		return u, "", err
	}
	what := EventUndo
	if u.Asked {
		what = EventStopped
	}
	if err := happened(tx, acc.ID, what, browser); err != nil || !u.Takes {
		return u, reset, err
	}
	return u, reset, a.FactorEvent(tx, u.Account, EventFactorsUndone, browser)
}

// bringBack gives acc the address and the name of a link again, and tells the address
// that it had meanwhile.
func (a *Accounts) bringBack(tx *sqldb.Tx, acc Account, l ownLink) (Account, error) {
	if acc.Email != l.email {
		if err := a.mail(tx, acc, "email_undone", acc.Library, letter{}); err != nil {
			return acc, err
		}
	}
	if l.username != "" && usernameKey(l.username) != usernameKey(acc.Username) {
		var err error
		if acc, err = rename(tx, acc, l.username, usernameKey(l.username)); err != nil {
			return acc, err
		}
	}
	acc.Email = l.email
	_, err := setEmail(tx, acc.ID, acc.Email)
	return acc, err
}

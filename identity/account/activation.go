package account

import (
	"context"
	"errors"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/password"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
)

// ActivationLife is how long an activation link works after it was mailed, in
// whole hours by the clock on the server, also over the nights when summer time
// begins and ends (instruction, step 11). The doors of other wings name the hours
// in their sentences; TestSentencesNameTheNumbersOfTheRules at the root finds
// them, and outbox.GiveUpAfter goes with it.
const ActivationLife = 24 * time.Hour

// PasswordTime is the least time that a person has for the password after
// confirming the address, also when the 24 hours end meanwhile.
const PasswordTime = 30 * time.Minute

var (
	// ErrLinkUnknown is the answer to a link that we never mailed or have forgotten.
	ErrLinkUnknown = fault.New(fault.NotFound, "account.link_unknown")
	// ErrLinkExpired: the 24 hours are over; ResendByLink makes a new one.
	ErrLinkExpired = fault.New(fault.Gone, "account.link_expired").With(int(ActivationLife.Hours()))
	// ErrLinkReplaced: a newer letter was sent, whose link works.
	ErrLinkReplaced = fault.New(fault.Gone, "account.link_replaced")
	// ErrLinkUsed: the account is active already; its owner can sign in.
	ErrLinkUsed = fault.New(fault.Gone, "account.link_used")
	// ErrLinkWorks: there is no need for a new link.
	ErrLinkWorks = fault.New(fault.Conflict, "account.link_works")
	// ErrConfirmFirst: the address is not confirmed yet.
	ErrConfirmFirst = fault.New(fault.Conflict, "account.confirm_first")
	// ErrActive: an active account needs no activation link.
	ErrActive = fault.New(fault.Conflict, "account.active")
)

// Opening is what is needed to open an account.
type Opening struct {
	Username    string
	Email       string
	Lang        words.Lang
	LibraryName string // who opens it, for the letter
}

// Open makes a sleeping account and mails its activation link. It returns until
// when the link works. ErrUsernameTaken says that another account has the name.
func (a *Accounts) Open(tx *sqldb.Tx, o Opening) (id string, until time.Time, err error) {
	email, err := readEmail(o.Email)
	if err != nil {
		return "", until, err
	}
	shown, key, err := ReadUsername(o.Username, email)
	if err != nil {
		return "", until, err
	}
	if err := freeUsername(tx, key); err != nil {
		return "", until, err
	}
	acc := Account{ID: secret.NewID(), Username: shown, Email: email, Lang: o.Lang, Library: o.LibraryName}
	until, err = a.open(tx, acc, key)
	return acc.ID, until, err
}

// open writes a sleeping account and mails its link.
func (a *Accounts) open(tx *sqldb.Tx, acc Account, key string) (until time.Time, err error) {
	var token secret.Token
	if acc.Until, token, err = begin(tx, acc, key); err != nil {
		return time.Time{}, err
	}
	return acc.Until, a.mailActivation(tx, acc, token)
}

// begin writes a sleeping account, and returns its link and until when that works.
func begin(tx *sqldb.Tx, acc Account, key string) (until time.Time, token secret.Token, err error) {
	acc.Until = tx.Now.Add(ActivationLife)
	won, err := insertAccount(tx, acc, key)
	if err != nil {
		return time.Time{}, token, err
	}
	if !won {
		return time.Time{}, token, ErrUsernameTaken
	}
	// The one link of acc that works.
	token = secret.NewToken()
	if err := replaceLinks(tx, acc.ID); err != nil {
		return time.Time{}, token, err
	}
	return acc.Until, token, insertLink(tx, token.Digest(), acc.ID)
}

// Resend mails a new link, to newEmail when that is not empty; the old link dies,
// because it would confirm the wrong address, and the 24 hours begin again. An
// account that is named after its address is named after the new one. An expired
// account opens again under its id.
func (a *Accounts) Resend(tx *sqldb.Tx, id, newEmail string) (until time.Time, err error) {
	acc, ok, err := accountByID(tx, id)
	if err == nil && !ok {
		acc, ok, err = remembered(tx, id)
	}
	if err != nil {
		return until, err
	}
	if !ok {
		return until, ErrNoAccount
	}
	if acc.Active() {
		return until, ErrActive
	}
	if newEmail != "" {
		after := named(acc)
		if acc.Email, err = readEmail(newEmail); err != nil {
			return until, err
		}
		if after {
			if acc.Username, _, err = ReadUsername(acc.Email, acc.Email); err != nil {
				return until, err
			}
		}
	}
	return a.reopen(tx, acc)
}

// reopen begins the 24 hours of a sleeping account again. Opening it anew does
// for an account that waits and for one that is only remembered.
func (a *Accounts) reopen(tx *sqldb.Tx, acc Account) (time.Time, error) {
	if err := makeRoom(tx, acc); err != nil {
		return time.Time{}, err
	}
	return a.open(tx, acc, usernameKey(acc.Username))
}

// makeRoom takes a sleeping account away that is about to open again.
func makeRoom(tx *sqldb.Tx, acc Account) error {
	if err := deleteSleeping(tx, acc.ID); err != nil {
		return err
	}
	return freeUsername(tx, usernameKey(acc.Username))
}

// freeUsername ends whatever only looks like an account with this name: one that
// is over though the job did not come yet, and the memory of one.
func freeUsername(tx *sqldb.Tx, key string) error {
	if err := deleteOverdueNamed(tx, key); err != nil {
		return err
	}
	return deleteMemoryNamed(tx, key)
}

// Link is an activation link that works.
type Link struct {
	Account   Account
	Confirmed bool // the address is confirmed; the password is next
}

// Look says what a link is good for, or why it is good for nothing. It changes
// nothing, because mail scanners open every link before its owner does.
func (a *Accounts) Look(tx *sqldb.Tx, token secret.Token) (Link, error) {
	id, replaced, used, ok, err := linkByDigest(tx, token.Digest())
	if err != nil {
		return Link{}, err
	}
	if !ok {
		return Link{}, ErrLinkUnknown
	}
	acc, ok, err := accountByID(tx, id)
	switch {
	case err != nil:
		return Link{}, err
	case used || ok && acc.Active():
		return Link{}, ErrLinkUsed
	case replaced:
		return Link{}, ErrLinkReplaced
	case ok && acc.Until.After(tx.Now):
		return Link{acc, !acc.ConfirmedAt.IsZero()}, nil
	case ok:
		return Link{}, ErrLinkExpired
	}
	// The job was here. A link whose account is remembered is expired; any other
	// belonged to an account that was forgotten.
	if _, ok, err = remembered(tx, id); err != nil {
		return Link{}, err
	}
	if !ok {
		return Link{}, ErrLinkUnknown
	}
	return Link{}, ErrLinkExpired
}

// Confirm notes that the owner of the address pressed the button. Doing it twice
// is no harm and gives no more time.
func (a *Accounts) Confirm(tx *sqldb.Tx, token secret.Token) (Link, error) {
	link, err := a.Look(tx, token)
	if err != nil || link.Confirmed {
		return link, err
	}
	link.Account.ConfirmedAt, link.Confirmed = tx.Now, true
	if least := tx.Now.Add(PasswordTime); link.Account.Until.Before(least) {
		link.Account.Until = least
	}
	return link, confirmAccount(tx, link.Account.ID, link.Account.Until)
}

// Activate sets the password behind a confirmed link, spends the link, wakes the
// account and mails that it is ready. Hashing takes its time outside the
// transaction. Then, when given, runs in the same transaction, to start a session.
func (a *Accounts) Activate(ctx context.Context, db *sqldb.DB, token secret.Token, plain string, then func(*sqldb.Tx, Account) error) (acc Account, err error) {
	var link Link
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		link, err = a.Look(tx, token)
		return err
	})
	if err != nil {
		return acc, err
	}
	if !link.Confirmed {
		return acc, ErrConfirmFirst
	}
	if err := password.Check(plain, link.Account.Username, link.Account.Email, link.Account.Library); err != nil {
		return acc, err
	}
	hash, err := password.Hash(ctx, plain)
	if err != nil {
		return acc, err
	}
	err = db.InTx(ctx, func(tx *sqldb.Tx) error {
		won, err := wakeAccount(tx, link.Account.ID, token.Digest(), hash)
		if err != nil {
			return err
		}
		if !won { // spent, replaced or over while we hashed: say which
			if _, err = a.Look(tx, token); err == nil {
				err = ErrConfirmFirst
			}
			return err
		}
		if err := useLink(tx, token.Digest()); err != nil {
			return err
		}
		acc = link.Account
		acc.password, acc.ActivatedAt, acc.Until = hash, tx.Now, time.Time{}
		if err := a.mailActivated(tx, acc); err != nil {
			return err
		}
		if err := happened(tx, acc.ID, EventActivate, ""); err != nil {
			return err
		}
		if then != nil {
			return then(tx, acc)
		}
		return nil
	})
	if err != nil {
		return Account{}, err
	}
	return acc, nil
}

// ResendByLink mails a new link to the known address, asked by whoever holds an
// expired one; it tells nothing about the account. Sixteen presses mail once,
// because the first makes the old link a replaced one.
func (a *Accounts) ResendByLink(tx *sqldb.Tx, token secret.Token) (until time.Time, err error) {
	_, err = a.Look(tx, token)
	if err == nil {
		return until, ErrLinkWorks
	}
	if !errors.Is(err, ErrLinkExpired) {
		return until, err
	}
	id, _, _, _, err := linkByDigest(tx, token.Digest())
	if err != nil {
		return until, err
	}
	until, err = a.Resend(tx, id, "")
	if errors.Is(err, ErrUsernameTaken) || errors.Is(err, ErrNoAccount) {
		err = ErrLinkUnknown
	}
	return until, err
}

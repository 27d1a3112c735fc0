// Package account is the login account of a person: the one name and password
// with which a reader signs in at the own library and the Online Bibliotheek.
//
//	Open          makes a sleeping account and mails its activation link
//	Register      the same by the person who will own it
//	Look          says what a link is good for; changes nothing
//	Confirm       confirms the e-mail address by the link
//	Activate      sets the password by the link and wakes the account
//	Resend        a new link, perhaps to a new address; the old one dies
//	ResendByLink  the same for the owner of an expired link
//	Continue      where the owner goes on with what the account was made for
//	State         waiting, active, expired or none
//	Find          an account by its id
//	Speak         in which language its letters come
//	Count         how many accounts are in each state
//	Forget        takes an account away that was never activated
//	Expire        deletes what was not activated in time (a job)
//	SignIn        checks name and password
//	SignInAgain   checks the password of who is signed in
//	Remember      knows the browser again at the next sign-in
//	Arrive        the same, with a note for the owner and a letter about a new browser
//	Ask, Prove    the owner confirms by a code that the account may be linked
//	AskOnTheSpot, LookAt, Agree, TakeAnswer  the same on an own telephone, at the desk
//	StoryOf, Sleeping  what became of an account, and which wait, for the desk
//
// What only the owner does:
//
//	ForgotPassword  mails a link that sets a new password (1 hour)
//	LookReset       says whose link it is
//	Reset           sets the password by the link
//	ForgotUsername  mails every username of an address
//	ChangeUsername  another name; the old one rests for 90 days
//	ChangePassword  another password, by the current one
//	ChangeEmail     mails a link to the new address (24 hours), and tells the old one
//	LookEmail       says what that link is good for
//	ConfirmEmail    changes the address by it
//	Shares          whether others use its address too
//	LookUndo        says what the link in the letter to the old address undoes
//	UndoEmail       stops a change by it, or brings the old address back (7 days)
//	LookFactor      says what the link in the letter about a new second step takes away
//	UndoFactor      takes it away by it (7 days)
//	Settle          lets the links in such letters die
//	Note, History   what happened to the account (90 days)
//	Devices         the browsers that the account knows
//	ForgetDevices   forgets the others
//	Delete          takes the account away for good
//
// What a library's desk does for an owner who lost every second step:
//
//	AskRemoval         asks to take them all away, and tells the owner by letter
//	WaitingRemoval, Removals  what was asked, and what became of it
//	Linked             tells the owner that a library linked the account
//	StopRemoval        keeps them: the owner or the library; StopRemovalByStep a sign-in
//	LookRemoval, StopRemovalByLink  the same by the link in the letter
//	RemoveDue          takes them away, 24 hours after it was asked (a job)
//
// # The 24 hours
//
// A link works for 24 hours to the second. Pressing its button within that time
// confirms the address, and the password may then be finished within the hours
// that are left, and never in less than [PasswordTime]: who answered in time is
// not sent away while typing. The link is spent when the password is set, so
// closing the browser in between costs nothing: the same link goes on.
//
// # What remains of an account that expired
//
// The job deletes the account at the end of its 24 hours, as the instruction
// says: nobody can sign in with it and its username is free. Customer,
// membership and money are another wing's and stay. So that an expired link can
// still offer a new one "to the known address", a sealed memory of it is kept
// for [ExpiredMemory]; from it the account opens again under the same id, and
// whoever linked that id (the library) need not know. Opening another account
// with the username, or Forget, ends the memory at once.
//
// Expiry goes by the clock and not by the job: an account that is over counts
// as deleted from that second, also when the job comes later.
//
// # The way on
//
// Whoever makes an account was on the way to something at another site, such as
// a membership. The mail may come hours later and be opened on a telephone, so
// the account itself remembers that site and page, in its sealed memory too. The
// page after activation, and the letter that it is active, lead on by it.
package account

import (
	"embed"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/outbox"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
)

// Words are the sentences of this room.
//
//go:embed words.*.txt
var Words embed.FS

//go:embed mail
var mails embed.FS

// Account is one login account that lives.
type Account struct {
	ID          string
	Username    string // as it is shown
	Email       string
	Lang        words.Lang
	Library     string    // the library that opened it, or at whose pages it was made
	SelfMade    bool      // made by its owner, and not by a library
	ClientID    string    // of the site where its owner goes on, "" for none; see Continue
	Target      string    // the page of that site, or ""
	OpenedAt    time.Time // first opened, or opened again after it expired
	Until       time.Time // until when it may be activated; zero once it is
	ConfirmedAt time.Time // when the address was confirmed, or zero
	ActivatedAt time.Time // zero while it waits
	SignedInAt  time.Time // last sign-in with the password, or the first without one; zero before any

	password string // the stored hash, "" while it waits
}

// Active reports whether its owner can sign in.
func (a Account) Active() bool { return !a.ActivatedAt.IsZero() }

// Links says where the pages are that letters point to. The roof fills it.
type Links struct {
	Activate func(secret.Token) string // page of an activation link
	SignIn   string                    // the page to sign in at
	Register string                    // the page to make an account at, "" tells none
	Reading  string                    // the Online Bibliotheek
	Help     string                    // help with signing in

	Reset     func(secret.Token) string // page of a link that sets a new password
	Email     func(secret.Token) string // page of a link that confirms another address
	Undo      func(secret.Token) string // page of a link that brings the old address back
	Factor    func(secret.Token) string // page of a link that takes a new second step away
	Keep      func(secret.Token) string // page of a link that keeps a second step
	Forgotten string                    // the page "Wachtwoord vergeten?"

	// Left lets go of an account that its owner deleted: whatever other rooms and
	// wings keep under its id. It runs in the transaction of the deletion; nil lets
	// go of nothing.
	Left func(tx *sqldb.Tx, accountID string) error

	// Knows reports whether a library still knows an account as that of whom it asked a
	// removal for; nil knows everybody.
	Knows func(tx *sqldb.Tx, r Removal) (bool, error)
	// Kept hears of a removal that the owner stopped, in that transaction; nil need not.
	Kept func(tx *sqldb.Tx, r Removal) error

	// Continue is the address at which a person goes on at another site, and the
	// name of that site; ok is false when the site takes nobody up again. nil knows
	// no other sites. username is "" where it must stay untold.
	Continue func(tx *sqldb.Tx, clientID, target, username string) (address, name string, ok bool, err error)
}

// Accounts does the acts of this room; it knows how to write its letters.
type Accounts struct {
	links   Links
	letters *outbox.LetterSet
}

// New loads the letters.
func New(links Links) (*Accounts, error) {
	letters, err := outbox.Letters(mails)
	if err != nil {
		return nil, err
	}
	return &Accounts{links: links, letters: letters}, nil
}

// State is how a login account fares, as the desk sees it.
type State string

const (
	None    State = "none"    // never opened, or forgotten
	Waiting State = "waiting" // the link was mailed and works until Status.Until
	Active  State = "active"
	Expired State = "expired" // not activated in time, and therefore deleted
)

// Status is the state of an account with what the desk shows beside it.
type Status struct {
	State    State
	Username string
	Email    string
	Until    time.Time // Waiting: the link works until then; Expired: since when it does not
}

// ErrNoAccount means that the id belongs to no account (any more).
var ErrNoAccount = fault.New(fault.NotFound, "account.none")

// State says how the account with this id fares.
func (a *Accounts) State(tx *sqldb.Tx, id string) (Status, error) {
	acc, ok, err := accountByID(tx, id)
	if err != nil {
		return Status{}, err
	}
	if ok {
		return acc.status(tx), nil
	}
	acc, ok, err = remembered(tx, id)
	if err != nil || !ok {
		return Status{State: None}, err
	}
	return Status{Expired, acc.Username, acc.Email, acc.Until}, nil
}

// status is what State tells of an account that lives.
func (a Account) status(tx *sqldb.Tx) Status {
	s := Status{State: Expired, Username: a.Username, Email: a.Email, Until: a.Until}
	switch {
	case a.Active():
		s.State = Active
	case a.Until.After(tx.Now):
		s.State = Waiting
	}
	return s
}

// Find returns an active account.
func (a *Accounts) Find(tx *sqldb.Tx, id string) (Account, error) {
	acc, ok, err := accountByID(tx, id)
	if err == nil && (!ok || !acc.Active()) {
		err = ErrNoAccount
	}
	if err != nil {
		return Account{}, err
	}
	return acc, nil
}

// Speak lets the letters of an account come in a language: the one that its owner uses.
// It writes when that is another than before.
func Speak(tx *sqldb.Tx, id string, lang words.Lang) error { return setLang(tx, id, lang) }

// Forget takes an account away that was never activated, with its links and its
// memory, so that a new one can be made ("Vergeet inlogaccount"). An active
// account is its owner's and stays.
func (a *Accounts) Forget(tx *sqldb.Tx, id string) error {
	acc, ok, err := accountByID(tx, id)
	if err != nil || ok && acc.Active() {
		return err
	}
	if err := deleteSleeping(tx, id); err != nil {
		return err
	}
	if err := deleteMemory(tx, id); err != nil {
		return err
	}
	return deleteLinks(tx, id)
}

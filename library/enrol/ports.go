package enrol

import (
	"strings"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
)

// LoginAccounts is the outside world that keeps login accounts (inlogaccounts):
// the seed's KB. It gets the transaction, so that an enrolment is all or
// nothing; a provider far away fills it by queueing a job in it.
//
// An answer of this port must leave the transaction alive, a refusal too: on
// PostgreSQL a broken unique rule would kill it.
type LoginAccounts interface {
	// Open makes a sleeping account and mails its owner a link that works until
	// the instant returned. ErrUsernameTaken when somebody else has the username.
	Open(tx *sqldb.Tx, o Opening) (accountID string, until time.Time, err error)
	// Resend mails a fresh link to an account that still sleeps and kills the old
	// one; to newEmail, which becomes the account's address, unless it is "".
	// ErrAccountAwake when it was activated, ErrAccountGone when it is no more.
	Resend(tx *sqldb.Tx, accountID, newEmail string) (until time.Time, err error)
	// State tells how an account is. Of an account that is no more it says Gone.
	State(tx *sqldb.Tx, accountID string) (Login, error)
	// Forget deletes an account that was never activated and leaves any other.
	Forget(tx *sqldb.Tx, accountID string) error
	// StoryOf tells what became of an account so far; of one that is no more, what
	// is still known.
	StoryOf(tx *sqldb.Tx, accountID string) (Story, error)
	// Named finds the account that has exactly this username, of whichever
	// library; "" for none.
	Named(tx *sqldb.Tx, username string) (accountID string, err error)
	// SecondStep says since when the owner signs in with more than a password; zero is
	// that the password is enough.
	SecondStep(tx *sqldb.Tx, accountID string) (since time.Time, err error)
}

// SecondSteps lets a library ask for what an owner cannot do any more who lost every
// second step: to take them away.
type SecondSteps interface {
	// AskRemoval asks for it. Nothing is taken away before due, and the owner hears of it
	// at once. ErrRemovalAsked when that was done before and waits, ErrRemovalRests when
	// the owner stopped it less than RemovalRest ago and r does not insist, ErrNoSecondStep
	// when there is nothing to take. What is asked too often is a fault of the kind Slow.
	AskRemoval(tx *sqldb.Tx, accountID string, r Removal) (due time.Time, err error)
	// StopRemoval reports false when there is nothing to stop (any more).
	StopRemoval(tx *sqldb.Tx, accountID, actor string) (stopped bool, err error)
	// Removals lists what was asked lately, by whichever library, the newest first.
	Removals(tx *sqldb.Tx, accountID string) ([]Removal, error)
	// RemovalWait is how long after it was asked a removal is due, in whole hours.
	RemovalWait() time.Duration
}

// Removal is the wish of a library to take the second step of a login account away.
type Removal struct {
	Library    string // who asks, as its owner reads it
	Phone      string // its telephone, for the letters; only of AskRemoval
	CustomerID string // for whom
	Insists    bool   // asks in spite of the owner's no; only of AskRemoval
	AskedBy    string // the worker, as the audit log has it
	AskedAt    time.Time
	DueAt      time.Time
	EndedAt    time.Time // zero while it waits
	EndedBy    string    // as AskedBy; "" while it waits
	Done       bool      // the steps are gone; otherwise it waits, or was stopped
}

// Waits reports whether a removal can still be stopped.
func (r Removal) Waits() bool { return r.EndedAt.IsZero() }

// Kept reports whether the owner stopped it, or a sign-in with the second step did.
func (r Removal) Kept() bool { return !r.Done && strings.HasPrefix(r.EndedBy, "account:") }

// Story is what became of a login account, outside the library.
type Story struct {
	ConfirmedAt, ActivatedAt time.Time // zero for what did not happen
	Links                    []LinkMail
}

// LinkMail is a letter with an activation link.
type LinkMail struct {
	ID         string
	SentAt     time.Time // when a mail server took it, or zero
	ReturnedAt time.Time // when it was refused or came back, or zero
	Code       string    // the mail server's, of a letter that was
}

// Opening asks for a new login account.
type Opening struct {
	Username    string // the customer's number
	Email       string
	Lang        words.Lang
	LibraryName string // who opens it, as the mail says
}

// LoginCensus counts login accounts, for a page that looks at all of a library's
// at once.
type LoginCensus interface {
	// Count says how many of these accounts are in each state; Gone counts those
	// that are no more.
	Count(tx *sqldb.Tx, accountIDs []string) (map[State]int, error)
	// Sleeping lists accounts, of every library, that wait for their owner, the soonest
	// to expire first, and then those that expired not long ago, the last one first: at
	// most limit.
	Sleeping(tx *sqldb.Tx, limit int) (accountIDs []string, err error)
}

// AccountOwners lets the owner of an existing login account confirm that a
// library may link to it: by a code that was mailed, or on an own telephone.
type AccountOwners interface {
	// Ask opens a question. It mails a code to the account's own address, in its
	// owner's language, when there is such an account, and answers alike when
	// there is not.
	Ask(tx *sqldb.Tx, q Question) (askID string, err error)
	// Prove spends the code. Wrong, spent, too old and tried too often read
	// alike: one fault of any kind but Internal. The try must be counted in tx.
	Prove(tx *sqldb.Tx, askID, code string) (accountID, username string, err error)
	// Page is the address that the owner opens on an own telephone to answer: a
	// secret, for the screen only.
	Page(tx *sqldb.Tx, askID string) string
	// Answered says how a question fares; it changes nothing.
	Answered(tx *sqldb.Tx, askID string) (Answer, error)
	// Linked tells the owner of an account that a library linked it.
	Linked(tx *sqldb.Tx, accountID, library string) error
	// TakeAnswer spends the answer that was given on a telephone, once. Nobody
	// answered, or too long ago, is a fault of any kind but Internal.
	TakeAnswer(tx *sqldb.Tx, askID string) (accountID, username string, err error)
}

// Question is what the owner of an account is asked.
type Question struct {
	Username    string // as the clerk typed it; "" asks whoever opens the page
	LibraryName string // who asks
	About       string // initials of the customer: enough to know oneself by
}

// Answer is how a question fares.
type Answer struct {
	Open   bool // it may still be answered, or is
	Agreed bool // on a telephone; TakeAnswer says by whom
	Until  time.Time
	Left   int // how many codes may still be tried
}

// Refusals that the ports answer with.
var (
	ErrUsernameTaken = fault.New(fault.Conflict, "enrol.username_taken")
	ErrAccountAwake  = fault.New(fault.Conflict, "enrol.account_awake")
	ErrAccountGone   = fault.New(fault.Gone, "enrol.account_gone")
	ErrNoSecondStep  = fault.New(fault.Conflict, "enrol.no_second_step")
	ErrRemovalAsked  = fault.New(fault.Conflict, "enrol.removal_asked")
	ErrRemovalRests  = fault.New(fault.Conflict, "enrol.removal_rests")
)

// State is how a customer's login account is, as the desk shows it.
type State string

const (
	None    State = "none"    // no login account
	Waiting State = "waiting" // wacht op activatie tot …
	Active  State = "active"  // actief
	Expired State = "expired" // verlopen: not activated in time
	Linked  State = "linked"  // gekoppeld: the account existed before and its owner confirmed it
	Left    State = "left"    // verwijderd door de eigenaar: the library has no link any more
	Gone    State = "gone"    // answer of the port only: no such account any more
)

// Key names the word for a state on the screen.
func (s State) Key() string { return "enrol.state." + string(s) }

// Login is the login account of a customer.
type Login struct {
	State    State
	Username string
	Email    string    // the account's own address; it may differ from the customer's
	Until    time.Time // Waiting: when the link stops working; Expired: when it did, where that is known
	Since    time.Time // Linked and Left: since when

	// Returned is the last letter with a link, when it did not arrive. Only an
	// account that nobody activated has one.
	Returned LinkMail
}

// ReturnedWhy is the message key of why that letter did not arrive.
func (l Login) ReturnedWhy() string { return MailReason(l.Returned.Code) }

// MailBack reports whether the last letter with a link did not arrive.
func (l Login) MailBack() bool { return !l.Returned.ReturnedAt.IsZero() }

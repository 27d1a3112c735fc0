package enrol

import (
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
}

// AccountOwners lets the owner of an existing login account confirm that a
// library may link to it.
type AccountOwners interface {
	// Ask mails a code to the account's own address, in its owner's language, when
	// there is such an account, and answers alike when there is not.
	Ask(tx *sqldb.Tx, username, libraryName string) (askID string, err error)
	// Prove spends the code. Wrong, spent, too old and tried too often read
	// alike: one fault of any kind but Internal. The try must be counted in tx.
	Prove(tx *sqldb.Tx, askID, code string) (accountID, username string, err error)
}

// Refusals that the ports answer with.
var (
	ErrUsernameTaken = fault.New(fault.Conflict, "enrol.username_taken")
	ErrAccountAwake  = fault.New(fault.Conflict, "enrol.account_awake")
	ErrAccountGone   = fault.New(fault.Gone, "enrol.account_gone")
)

// State is how a customer's login account is, as the desk shows it.
type State string

const (
	None    State = "none"    // no login account
	Waiting State = "waiting" // wacht op activatie tot …
	Active  State = "active"  // actief
	Expired State = "expired" // verlopen: not activated in time
	Linked  State = "linked"  // gekoppeld: the account existed before and its owner confirmed it
	Gone    State = "gone"    // answer of the port only: no such account any more
)

// Key names the word for a state on the screen.
func (s State) Key() string { return "enrol.state." + string(s) }

// Login is the login account of a customer.
type Login struct {
	State    State
	Username string
	Email    string    // the account's own address; it may differ from the customer's
	Until    time.Time // Waiting: when the link stops working
}

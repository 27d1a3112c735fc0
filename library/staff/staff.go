// Package staff is the people who work at the desk: who they are, how they sign
// in, and what each of them may do where. They are never customers here: a
// worker who borrows has a customer record like anybody else.
//
//	Save         adds a worker or brings one up to date, as a file or a command says
//	Hire, Change a manager adds a colleague, or changes name and roles
//	Deactivate, Reactivate   who left, and who came back
//	SignOut      ends the sessions of a worker, who may sign in again
//	Temporary    a password for one day, to choose one's own with
//	SetPassword  sets a password and ends the sessions of the old one
//	ResetFactor  takes the second step away of who lost it
//	SignIn       does this worker know the password?
//	Find, List   one worker, or all of an organisation
//	Can          may this worker do this at that branch?
//
// What a worker signs in with beside the password stands in base/factor, under Actor.
package staff

import (
	"context"
	"embed"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"lidwoord/base/audit"
	"lidwoord/base/factor"
	"lidwoord/base/fault"
	"lidwoord/base/password"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
)

// Words are this room's sentences.
//
//go:embed words.*.txt
var Words embed.FS

// Role is a kind of work.
type Role string

const (
	Desk    Role = "balie"      // enrols and helps customers
	Manager Role = "beheer"     // ranges, mail, jobs, and all that the desk does
	Finance Role = "financieel" // money, and looking at customers
)

// Post is a role at one branch, or everywhere.
type Post struct {
	Role     Role
	BranchID string // "" is every branch of the organisation
}

// Worker is somebody who works for a library organisation.
type Worker struct {
	ID             string
	OrganisationID string
	Username       string
	Name           string // shown in the bar: "Anja de Boer"
	Lang           words.Lang
	Posts          []Post
	Active         bool // a worker who left keeps a record, because the audit log names them
	Temporary      bool // the password was given out by somebody else, and must be changed
}

// Actor is the worker as the audit log names them.
func (w Worker) Actor() string { return "staff:" + w.ID }

var (
	ErrUnknown  = fault.New(fault.NotFound, "staff.unknown")
	ErrUsername = fault.New(fault.Invalid, "staff.username")
	ErrName     = fault.New(fault.Invalid, "staff.name")
	ErrRole     = fault.New(fault.Invalid, "staff.role")
	ErrNoRole   = fault.New(fault.Invalid, "staff.no_role")
	ErrTaken    = fault.New(fault.Conflict, "staff.username_taken")
	ErrDenied   = fault.New(fault.Denied, "staff.denied")
	// ErrLast keeps the last manager of a library: nobody could let another one in.
	ErrLast = fault.New(fault.Conflict, "staff.last_manager")
)

// usernameForm leaves out what looks alike or hides: no capitals, no spaces.
var usernameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{1,78}[a-z0-9]$`)

func usernameKey(username string) string { return strings.ToLower(strings.TrimSpace(username)) }

// Save adds a worker, or brings the one with this username up to date. Saving
// twice changes nothing, and a password that was set stays. It returns the
// worker with an id; created says whether the worker is new and so without
// password.
func Save(tx *sqldb.Tx, w Worker) (saved Worker, created bool, err error) {
	if w, err = w.checked(); err != nil {
		return w, false, err
	}
	fresh := secret.NewID()
	organisation, id, err := putWorker(tx, fresh, w)
	if err != nil {
		return w, false, err
	}
	if organisation != w.OrganisationID {
		return w, false, ErrTaken.At("username")
	}
	w.ID = id
	return w, id == fresh, putPosts(tx, id, w.Posts)
}

// checked returns the worker as it may be kept, or all that is wrong with it.
func (w Worker) checked() (Worker, error) {
	w.Username, w.Name = usernameKey(w.Username), strings.TrimSpace(w.Name)
	if w.Lang == "" {
		w.Lang = words.NL
	}
	var wrong fault.List
	if !usernameForm.MatchString(w.Username) {
		wrong.Add("username", ErrUsername)
	}
	if w.Name == "" || utf8.RuneCountInString(w.Name) > nameMost {
		wrong.Add("name", ErrName)
	}
	for _, p := range w.Posts {
		if _, known := rights[p.Role]; !known {
			wrong.Add("role", ErrRole)
		}
	}
	return w, wrong.Err()
}

// nameMost is how long a name on the screen may be, in characters.
const nameMost = 200

// doors are where workers have sessions, the waiting between the password and the
// second step among them.
var doors = []string{"desk", "manage", "desk.stap", "manage.stap"}

// EndSessions ends all sessions of a worker.
func EndSessions(tx *sqldb.Tx, workerID string) error {
	for _, door := range doors {
		if err := session.EndAll(tx, door, workerID); err != nil {
			return err
		}
	}
	return nil
}

// Renew ends every session of a worker, at the desk and at Beheer, and starts the one
// given anew, which may stand unused as long as idle.
func Renew(idle time.Duration) func(tx *sqldb.Tx, old session.Session) (secret.Token, error) {
	return func(tx *sqldb.Tx, old session.Session) (secret.Token, error) {
		if err := EndSessions(tx, old.Subject); err != nil {
			return "", err
		}
		old.Idle = idle
		token, _, err := session.Start(tx, old)
		return token, err
	}
}

// Person is how an app with codes and a browser name a worker.
func Person(tx *sqldb.Tx, workerID string) (factor.Person, error) {
	w, err := Find(tx, workerID)
	return factor.Person{Username: w.Username, Name: w.Name}, err
}

// SetPassword sets a worker's password and ends the worker's sessions: a
// password is mostly changed because somebody else may know it. It hashes before
// the transaction: a hash takes 25 ms, and a transaction may run more than once.
func SetPassword(ctx context.Context, db *sqldb.DB, workerID, plain, actor string) error {
	hash, err := password.Hash(ctx, plain)
	if err != nil {
		return err
	}
	return db.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := newPassword(tx, workerID, hash, time.Time{}); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Actor: actor, Act: "staff.password_set", Object: "staff:" + workerID})
	})
}

// newPassword replaces a password. Whoever guessed at the codes with the old one can
// do so no more, so the app of the worker counts again.
func newPassword(tx *sqldb.Tx, workerID, hash string, until time.Time) error {
	if err := setPassword(tx, workerID, hash, until); err != nil {
		return err
	}
	if err := factor.Forgive(tx, owner(workerID)); err != nil {
		return err
	}
	return EndSessions(tx, workerID)
}

// Find returns the worker with this id, also one who left.
func Find(tx *sqldb.Tx, id string) (Worker, error) {
	list, err := workers(tx, "id = $1", id)
	if err != nil {
		return Worker{}, err
	}
	if len(list) == 0 {
		return Worker{}, ErrUnknown
	}
	return list[0], nil
}

// List returns every worker of an organisation, by name.
func List(tx *sqldb.Tx, organisationID string) ([]Worker, error) {
	return workers(tx, "organisation_id = $1", organisationID)
}

// Act is something that takes a right.
type Act string

const (
	SeeCustomers    Act = "see_customers" // and the statistics, which name nobody
	Enrol           Act = "enrol"         // and go past a double, with a reason that stays
	ChangeCustomers Act = "change_customers"
	ForgetAccount   Act = "forget_account" // Vergeet inlogaccount, Opnieuw sturen
	TakePayment     Act = "take_payment"   // and count the till of the branch
	Refund          Act = "refund"
	HandleTasks     Act = "handle_tasks" // see what waits, and close what is not about money
	HandleMoney     Act = "handle_money" // close what is about money too
	SeeLooks        Act = "see_looks"    // who saw and changed a customer
	Manage          Act = "manage"       // the pages under /beheer
)

// rights says what each role may do. Every role can do its daily work without
// asking another, and nobody can both give money back and hide it: refunds are
// not for the desk, and ranges are not for finance. What waits for somebody is
// seen by all, since the customer may come to any desk; a task about money is
// closed by who answers for the books, or by the manager where nobody else does.
var rights = map[Role][]Act{
	Desk:    {SeeCustomers, Enrol, ChangeCustomers, ForgetAccount, TakePayment, HandleTasks},
	Manager: {SeeCustomers, Enrol, ChangeCustomers, ForgetAccount, TakePayment, HandleTasks, HandleMoney, SeeLooks, Manage},
	Finance: {SeeCustomers, TakePayment, Refund, HandleTasks, HandleMoney, SeeLooks},
}

// Can reports whether a worker may do something at a branch. Who left may
// nothing, whatever the session says.
func (w Worker) Can(act Act, branchID string) bool {
	return w.Active && slices.ContainsFunc(w.Posts, func(p Post) bool {
		return (p.BranchID == "" || p.BranchID == branchID) && slices.Contains(rights[p.Role], act)
	})
}

// May is Can as a fault, for handlers and acts.
func (w Worker) May(act Act, branchID string) error {
	if !w.Can(act, branchID) {
		return ErrDenied
	}
	return nil
}

// WorksAt reports whether a worker has any post at a branch, so can sign in
// there.
func (w Worker) WorksAt(branchID string) bool {
	return w.Active && slices.ContainsFunc(w.Posts, func(p Post) bool { return p.BranchID == "" || p.BranchID == branchID })
}

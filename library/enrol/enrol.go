// Package enrol makes somebody a member: number, customer, membership, charge,
// login account, newsletter and the audit line, in one transaction or not at all.
//
//	OpenDraft, KeepDraft, Drafts, DropDraft             a form that survives refresh, Back and a session's end
//	FromCustomer                                        a form filled in with a former customer
//	Check, Duplicates, Offers, Preview                  what the screens ask on the way
//	Office.AskOwner, ProveOwner                         Bestaand inlogaccount gebruiken
//	Office.Save                                         Opslaan: once, however often it is pressed
//	Office.Enrol                                        the same without a draft, for who has a whole application
//	Office.EnrolOnline                                  the same for a visitor who ordered on the web
//	Office.LoginState, Resend, Forget, Generate, ChangeEmail   the login account of a customer, afterwards
//	Office.AskLink, LinkAsked, ProveLink, TakeLink      the same question about who is a customer already
//	Office.AskRemoval, StopRemoval, WaitingRemoval      Tweede stap weghalen
//	Office.InsistOnRemoval, KeptRemoval, RemovalKept    … and the owner's no
//	Office.TakeOwner, Asked                             the owner answered on an own telephone
//	Office.History, ToActivate                          what became of login accounts
//	Office.AccountLeft, MailReturned                    what the outside world tells of them
//
// Login accounts live outside the library, behind the ports in ports.go.
package enrol

import (
	"embed"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/membership"
	"lidwoord/library/newsletter"
)

// Words are this room's sentences.
//
//go:embed words.*.txt
var Words embed.FS

// Office is where people are enrolled: the acts that reach outside the library.
type Office struct {
	Accounts LoginAccounts
	Census   LoginCensus
	Owners   AccountOwners
	Steps    SecondSteps // the desk's only
	News     *newsletter.Subscribers
}

// Clerk is who acts, at which branch, reading which language on the screen. A
// visitor who enrols on the web is a clerk without StaffID: the account they are
// signed in with stands in its place.
type Clerk struct {
	StaffID   string
	AccountID string // of a visitor; its owner proved it by signing in
	BranchID  string
	Lang      words.Lang
}

// actor is the clerk as the audit log names one.
func (c Clerk) actor() string {
	if c.online() {
		return "account:" + c.AccountID
	}
	return actorStaff + c.StaffID
}

func (c Clerk) online() bool { return c.AccountID != "" }

// channel is where the price list is read for this clerk.
func (c Clerk) channel() membership.Channel {
	if c.online() {
		return membership.Online
	}
	return membership.Desk
}

const actorStaff = "staff:"

func (c Clerk) by() customer.By { return customer.By{Actor: c.actor(), Branch: c.BranchID} }

var (
	// ErrDraft hides whether a draft never was, is gone, or is another clerk's.
	ErrDraft = fault.New(fault.NotFound, "enrol.draft")
	// ErrSaved means that a draft was saved and takes no more changes.
	ErrSaved = fault.New(fault.Conflict, "enrol.saved")

	ErrNumberMissing = fault.New(fault.Invalid, "enrol.number_missing")
	// ErrAgain offers re-registration: the number is a former customer's.
	ErrAgain = fault.New(fault.Invalid, "enrol.again")
	// ErrOtherPerson: the number is of somebody born on another day, so taking
	// that person back would write one person over another.
	ErrOtherPerson = fault.New(fault.Invalid, "enrol.other_person")
	// ErrDuplicate names whom we know already, since when and where.
	ErrDuplicate = fault.New(fault.Conflict, "enrol.duplicate")
	// ErrIdentity means that this branch wants to see a proof of identity.
	ErrIdentity = fault.New(fault.Invalid, "enrol.identity")
	// ErrEmailNeeded: a login account without an address can never be activated.
	ErrEmailNeeded = fault.New(fault.Invalid, "enrol.email_needed")
	ErrChoice      = fault.New(fault.Invalid, "enrol.choice")
	ErrMembership  = fault.New(fault.Invalid, "enrol.membership")
	ErrGuardian    = fault.New(fault.Invalid, "enrol.guardian")
	// ErrGuardianNeeded: on the web nobody sees who stands beside the child.
	ErrGuardianNeeded = fault.New(fault.Invalid, "enrol.guardian_needed")
	// ErrGuardianEmail: the parent is told by mail.
	ErrGuardianEmail = fault.New(fault.Invalid, "enrol.guardian_email")
	// ErrNotProved means that nobody has confirmed the existing account yet.
	ErrNotProved = fault.New(fault.Invalid, "enrol.not_proved")
	// ErrCode answers every wrong, spent, late or guessed code alike.
	ErrCode = fault.New(fault.Invalid, "enrol.code")
	// ErrBuildUpUnseen means that nobody has looked at the Opbouw yet.
	ErrBuildUpUnseen = fault.New(fault.Invalid, "enrol.build_up_unseen")
	// ErrBuildUpChanged means that the Opbouw on the screen is no longer true:
	// midnight passed or the tariff changed. Show the new one and ask again.
	ErrBuildUpChanged = fault.New(fault.Conflict, "enrol.build_up_changed")
	// ErrNoNumber means that too many numbers in a row were taken as usernames.
	ErrNoNumber = fault.New(fault.Unavailable, "enrol.no_number")
	// ErrHasLogin means that a customer has a login account; forget it first.
	ErrHasLogin = fault.New(fault.Conflict, "enrol.has_login")
	// ErrNotExpired means that the login account of a customer can still be activated,
	// or works.
	ErrNotExpired = fault.New(fault.Conflict, "enrol.not_expired")
	// ErrNoLogin means that a customer has no login account.
	ErrNoLogin = fault.New(fault.Conflict, "enrol.no_login")
	// ErrClosed means that a branch enrols nobody now.
	ErrClosed = fault.New(fault.Conflict, "enrol.closed")
)

// Outcome says what became of the login account.
type Outcome string

const (
	NoAccount Outcome = "none"      // Gebruik inlogaccount: Nee
	Generated Outcome = "generated" // Genereren van inlogaccount gelukt
	Connected Outcome = "connected" // an existing account, confirmed by its owner
	Kept      Outcome = "kept"      // a former customer's account still works
)

// Result is what the desk shows after Opslaan, now and after every refresh.
type Result struct {
	CustomerID   string
	MembershipID string
	Number       string
	Name         string
	Outcome      Outcome
	Username     string // of the login account, "" for none
	Email        string // where the mail went, "" when none was sent
	Until        time.Time
	BuildUp      membership.BuildUp
	Again        bool // re-registered
	Newsletter   bool
	SavedAt      time.Time
}

// at finds the branch and the library a clerk works for.
func (c Clerk) at(tx *sqldb.Tx) (branch.Branch, branch.Organisation, error) {
	b, err := branch.Find(tx, c.BranchID)
	if err != nil {
		return b, branch.Organisation{}, err
	}
	o, err := branch.OrganisationByID(tx, b.OrganisationID)
	return b, o, err
}

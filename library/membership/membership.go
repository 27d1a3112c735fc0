// Package membership is what a library offers and who has it.
//
//	SaveDefinition, Offered, Choose   the price list, by branch, age and channel
//	Fee, PeriodEnd, Build             the fee engine: pure functions of a tariff, a birth date and a day
//	Start                             a period begins; also the next one of a customer who was a member before
//	End                               a period ends, today or when it runs out, with the reason
//	Link, Unlink                      which login account carries the rights
//	Of, RightsOf, OfAccount           what holds on a day; the last one fills the sign-on claim
//
// A membership is a period. Its state follows from its days and from nothing
// else, so no job has to run at midnight for somebody to have rights or not.
package membership

import (
	"embed"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
)

// Words are this room's sentences.
//
//go:embed words.*.txt
var Words embed.FS

var (
	ErrDefinition   = fault.New(fault.Invalid, "membership.definition")
	ErrNoDefinition = fault.New(fault.Invalid, "membership.no_definition")
	ErrTooYoung     = fault.New(fault.Invalid, "membership.too_young")
	ErrTooOld       = fault.New(fault.Invalid, "membership.too_old")
	// ErrRunning means that the customer is a member already.
	ErrRunning = fault.New(fault.Conflict, "membership.running")
	// ErrNotRunning means that there is no membership to end.
	ErrNotRunning = fault.New(fault.Conflict, "membership.not_running")
	// ErrAccountTaken means that the login account carries another running
	// membership of the same library: one person, one membership.
	ErrAccountTaken = fault.New(fault.Conflict, "membership.account_taken")
	ErrReason       = fault.New(fault.Invalid, "membership.reason")
)

// State of a membership on a day.
type State string

const (
	Coming State = "coming" // its first day is still to come
	Active State = "active"
	Ended  State = "ended"
)

// EndReasons are the reasons a clerk may choose, as message keys
// "membership.end.moved" and so on.
var EndReasons = []string{"own_wish", "moved", "deceased", "mistake", "other"}

// Membership is one period of being a member.
type Membership struct {
	ID             string
	CustomerID     string
	OrganisationID string
	BranchID       string
	Code           string
	NameNL         string
	NameEN         string
	Kind           Kind
	Rights         Rights // as they were when it began
	FirstDay       day.Day
	ValidThrough   day.Day // as paid for
	LastDay        day.Day // of its rights: ValidThrough, or earlier when it was ended
	EndReason      string  // "" while nobody ended it
	AccountID      string  // "" without a login account
	StartedAt      time.Time
	StartedBy      string
}

// Name is the name in a language.
func (m Membership) Name(lang words.Lang) string {
	if lang == words.EN && m.NameEN != "" {
		return m.NameEN
	}
	return m.NameNL
}

// State is what m is on a day. The last day still counts.
func (m Membership) State(on day.Day) State {
	switch {
	case on > m.LastDay:
		return Ended
	case on < m.FirstDay:
		return Coming
	}
	return Active
}

// RightsOn is what m opens on a day: everything or nothing.
func (m Membership) RightsOn(on day.Day) Rights {
	if m.State(on) == Active {
		return m.Rights
	}
	return Rights{}
}

// Beginning asks for a period.
type Beginning struct {
	CustomerID string
	Definition Definition
	BranchID   string
	Start      day.Day
	AccountID  string // the login account that will carry it, "" for none yet
	StaffID    string
}

// Start begins a period. Whoever was a member before keeps the old period as
// history; whoever still is one is refused.
func Start(tx *sqldb.Tx, b Beginning) (Membership, error) {
	today := day.Of(tx.Now)
	if err := closeRunOut(tx, b.CustomerID, b.AccountID, today); err != nil {
		return Membership{}, err
	}
	end := PeriodEnd(b.Definition, b.Start)
	m := Membership{
		ID: secret.NewID(), CustomerID: b.CustomerID, OrganisationID: b.Definition.OrganisationID, BranchID: b.BranchID, Code: b.Definition.Code,
		NameNL: b.Definition.NameNL, NameEN: b.Definition.NameEN, Kind: b.Definition.Kind, Rights: b.Definition.Rights,
		FirstDay: b.Start, ValidThrough: end, LastDay: end, AccountID: b.AccountID, StartedAt: tx.Now, StartedBy: b.StaffID,
	}
	ok, err := insertMembership(tx, m)
	if err != nil || ok {
		return m, err
	}
	running, found, err := selectOpen(tx, b.CustomerID)
	switch {
	case err != nil:
		return Membership{}, err
	case found:
		return Membership{}, ErrRunning.With(running.LastDay)
	}
	return Membership{}, ErrAccountTaken
}

// End ends a customer's running membership; lastDay is the last day of its
// rights: yesterday to end it at once, or its own last day to let it run out.
// Ended once more to an earlier day it ends on that day; never on a later one.
func End(tx *sqldb.Tx, customerID, reason string, lastDay day.Day) (Membership, error) {
	known := false
	for _, r := range EndReasons {
		known = known || r == reason
	}
	if !known {
		return Membership{}, ErrReason
	}
	ok, err := endOpen(tx, customerID, reason, lastDay, day.Of(tx.Now))
	if err != nil {
		return Membership{}, err
	}
	if !ok {
		return Membership{}, ErrNotRunning
	}
	m, found, err := selectLatest(tx, customerID)
	if err == nil && !found {
		err = ErrNotRunning
	}
	return m, err
}

// AtOnce is the lastDay for End that takes the rights away now.
func AtOnce(tx *sqldb.Tx) day.Day { return day.Of(tx.Now).AddDays(-1) }

// Link makes a login account carry the customer's running membership.
func Link(tx *sqldb.Tx, customerID, accountID string) error {
	if err := closeRunOut(tx, "", accountID, day.Of(tx.Now)); err != nil {
		return err
	}
	taken, err := otherOpenOfAccount(tx, customerID, accountID)
	if err != nil {
		return err
	}
	if taken {
		return ErrAccountTaken
	}
	return setAccount(tx, customerID, accountID)
}

// Unlink takes the login account off all periods of a customer.
func Unlink(tx *sqldb.Tx, customerID string) error {
	return clearAccount(tx, customerID)
}

// Of is every period of a customer, newest first.
func Of(tx *sqldb.Tx, customerID string) ([]Membership, error) {
	return selectOfCustomer(tx, customerID)
}

// Latest is the newest period of a customer; found is false for someone who
// never was a member.
func Latest(tx *sqldb.Tx, customerID string) (m Membership, found bool, err error) {
	return selectLatest(tx, customerID)
}

// RightsOf is what a customer may do on a day.
func RightsOf(tx *sqldb.Tx, customerID string, on day.Day) (Rights, error) {
	m, found, err := selectOn(tx, customerID, on)
	if err != nil || !found {
		return Rights{}, err
	}
	return m.RightsOn(on), nil
}

// OfAccount is every membership a login account carries, running ones first,
// the newest of each customer only. It fills the sign-on claim.
func OfAccount(tx *sqldb.Tx, accountID string) ([]Membership, error) {
	return selectOfAccount(tx, accountID)
}

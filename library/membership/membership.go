// Package membership is what a library offers and who has it.
//
//	SaveDefinition, Offered, Choose   the price list, by branch, age and channel
//	Fee, PeriodEnd, Build             the fee engine: pure functions of a tariff, a birth date and a day
//	Start                             a period begins; also the next one of a customer who was a member before
//	End                               a period ends, today or when it runs out, with the reason
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
	"lidwoord/library/branch"
	"lidwoord/library/customer"
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
	ErrReason     = fault.New(fault.Invalid, "membership.reason")
)

// State of a membership on a day.
type State string

const (
	Coming State = "coming" // its first day is still to come
	Active State = "active"
	Ended  State = "ended"
)

// Reasons that end a membership without a worker.
const (
	OwnWish   = "own_wish"  // opgezegd
	Withdrawn = "withdrawn" // herroepen: undone within the cooling-off period
)

// EndReasons are the reasons why End may end a membership.
var EndReasons = []string{OwnWish, "moved", "deceased", "mistake", "other", Withdrawn}

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
	StaffID    string
}

// Start begins a period. Whoever was a member before keeps the old period as
// history; whoever still is one is refused.
func Start(tx *sqldb.Tx, b Beginning) (Membership, error) {
	today := day.Of(tx.Now)
	if err := closeRunOut(tx, b.CustomerID, today); err != nil {
		return Membership{}, err
	}
	end := PeriodEnd(b.Definition, b.Start)
	m := Membership{
		ID: secret.NewID(), CustomerID: b.CustomerID, OrganisationID: b.Definition.OrganisationID, BranchID: b.BranchID, Code: b.Definition.Code,
		NameNL: b.Definition.NameNL, NameEN: b.Definition.NameEN, Kind: b.Definition.Kind, Rights: b.Definition.Rights,
		FirstDay: b.Start, ValidThrough: end, LastDay: end, StartedAt: tx.Now, StartedBy: b.StaffID,
	}
	ok, err := insertMembership(tx, m)
	if err != nil {
		return Membership{}, err
	}
	if ok {
		return m, customer.MarkEnded(tx, m.CustomerID, m.LastDay)
	}
	running, _, err := selectOpen(tx, b.CustomerID)
	if err != nil {
		return Membership{}, err
	}
	return Membership{}, ErrRunning.With(running.LastDay)
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
	m, _, err := selectLatest(tx, customerID)
	if err != nil {
		return Membership{}, err
	}
	return m, customer.MarkEnded(tx, customerID, m.LastDay)
}

// AtOnce is the lastDay for End that takes the rights away now.
func AtOnce(tx *sqldb.Tx) day.Day { return day.Of(tx.Now).AddDays(-1) }

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

// Held is a membership with whose it is, as the sign-on claim tells it.
type Held struct {
	Membership
	Number           string // the customer's
	OrganisationSlug string
	OrganisationName string
}

// OfAccount is the newest membership of every customer who signs in with a
// login account, one for each library. It fills the sign-on claim.
func OfAccount(tx *sqldb.Tx, accountID string) ([]Held, error) {
	customers, err := customer.FindByAccount(tx, accountID)
	if err != nil {
		return nil, err
	}
	var held []Held
	for _, c := range customers {
		m, found, err := selectLatest(tx, c.ID)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		o, err := branch.OrganisationByID(tx, c.OrganisationID)
		if err != nil {
			return nil, err
		}
		held = append(held, Held{Membership: m, Number: c.Number, OrganisationSlug: o.Slug, OrganisationName: o.Name})
	}
	return held, nil
}

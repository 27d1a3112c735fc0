package loan

import (
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
)

// Membership is one membership as the sign-on tells of it.
type Membership struct {
	Library      string // name of the library organisation
	Name         string // "Digital only"
	Rights       []string
	ValidFrom    day.Day // first day
	ValidThrough day.Day // last day; "" is without end
	State        string  // in the words of the claim
}

// States in the claim that mean something here. Any other one gives nothing.
const (
	Active   = "active"
	Upcoming = "upcoming" // it begins on ValidFrom
)

// Rights are the memberships of a reader. One that holds is enough, whichever
// library it is of: the collection is national.
type Rights []Membership

var (
	ErrNoMembership = fault.New(fault.Denied, "loan.no_membership")
	ErrNoDigital    = fault.New(fault.Denied, "loan.no_digital")
	ErrUpcoming     = fault.New(fault.Denied, "loan.upcoming")
	ErrEnded        = fault.New(fault.Denied, "loan.ended")
	ErrBlocked      = fault.New(fault.Denied, "loan.blocked")
)

// How old rights may be as the sign-on told them. A membership that ended ends new loans
// at once: otherwise one could withdraw from it, get the money back, and fill the shelf
// in the quarter of an hour that reading on is allowed. A renewal that is paid for works
// as soon.
const (
	ReadingRights = 15 * time.Minute // to read on, and for what is only looked at
	LendingRights = 10 * time.Second // to borrow and to extend: who fills a shelf in peace is asked once
)

// holds reports whether a membership gives its rights on a day.
func (m Membership) holds(on day.Day) bool {
	return m.State == Active && (m.ValidThrough == "" || m.ValidThrough >= on)
}

// check reports why a reader may borrow nothing on a day. The reason is the one
// that is easiest to mend: a membership that is to begin needs only patience, and
// a digital one that ended comes before one without digital rights.
func (r Rights) check(terms Terms, on day.Day) error {
	if len(r) == 0 {
		return ErrNoMembership
	}
	var last, next *Membership
	for i, m := range r {
		if !terms.opens(m.Rights) {
			continue
		}
		if m.holds(on) {
			return nil
		}
		if m.State == Upcoming && m.ValidFrom != "" && (next == nil || m.ValidFrom < next.ValidFrom) {
			next = &r[i]
		}
		if last == nil || m.ValidThrough > last.ValidThrough {
			last = &r[i]
		}
	}
	switch {
	case next != nil:
		return ErrUpcoming.With(next.ValidFrom, next.Library)
	case last == nil:
		return ErrNoDigital.With(r[0].Name, r[0].Library)
	case last.ValidThrough != "" && last.ValidThrough < on:
		return ErrEnded.With(last.ValidThrough, last.Library)
	default:
		return ErrBlocked.With(last.Library)
	}
}

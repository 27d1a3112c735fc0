package loan

import (
	"slices"

	"lidwoord/base/day"
	"lidwoord/base/fault"
)

// Digital is the right to borrow here, as the claim of the sign-on names it.
const Digital = "digital"

// Membership is one membership as the sign-on tells of it.
type Membership struct {
	Library      string // name of the library organisation
	Name         string // "Digital only"
	Rights       []string
	ValidThrough day.Day // last day; "" is without end
	Ended        bool    // ended before that day, or blocked
}

// Rights are the memberships of a reader. One that holds is enough, whichever
// library it is of: the collection is national.
type Rights []Membership

var (
	ErrNoMembership = fault.New(fault.Denied, "loan.no_membership")
	ErrNoDigital    = fault.New(fault.Denied, "loan.no_digital")
	ErrEnded        = fault.New(fault.Denied, "loan.ended")
	ErrBlocked      = fault.New(fault.Denied, "loan.blocked")
)

// Check reports whether the reader may borrow on a day, or the reason why not
// and what to do. The reason is the one that is easiest to mend: a digital
// membership that ended comes before a membership without digital rights.
func (r Rights) Check(on day.Day) error {
	if len(r) == 0 {
		return ErrNoMembership
	}
	var last *Membership
	for i, m := range r {
		if !slices.Contains(m.Rights, Digital) {
			continue
		}
		if !m.Ended && (m.ValidThrough == "" || m.ValidThrough >= on) {
			return nil
		}
		if last == nil || m.ValidThrough > last.ValidThrough {
			last = &r[i]
		}
	}
	switch {
	case last == nil:
		return ErrNoDigital.With(r[0].Name, r[0].Library)
	case last.ValidThrough != "" && last.ValidThrough < on:
		return ErrEnded.With(last.ValidThrough, last.Library)
	default:
		return ErrBlocked.With(last.Library)
	}
}

package provision

import (
	"cmp"
	"slices"
	"strings"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
)

// MostMemberships is how many memberships a user has at most. They travel in every
// ID token; who keeps more of them keeps a history, which is not ours.
const MostMemberships = 10

var (
	// ErrKind: the organisation has no such kind. Its arguments are the id of the
	// membership, the code and the codes that are offered.
	ErrKind = fault.New(fault.Invalid, "provision.membership_kind")
	// ErrWithdrawn: the organisation had the kind, and gives it to nobody any more.
	ErrWithdrawn = fault.New(fault.Invalid, "provision.kind_withdrawn")
	// ErrNoKinds: the organisation offers no kind at all, because nobody named one.
	ErrNoKinds = fault.New(fault.Invalid, "provision.no_kinds")
	// ErrMembership: a membership has no id, or one that is too long.
	ErrMembership = fault.New(fault.Invalid, "provision.membership_id")
	// ErrTwice: two memberships of one user have the same id.
	ErrTwice = fault.New(fault.Invalid, "provision.membership_twice")
	// ErrDay: a first or last day is not written as a day of the calendar, or the
	// first is missing. Its arguments are the id, which of the two, and what stands there.
	ErrDay = fault.New(fault.Invalid, "provision.membership_day")
	// ErrDays: a membership ends before it begins.
	ErrDays = fault.New(fault.Invalid, "provision.membership_days")
	// ErrManyMemberships: the user would have more than MostMemberships.
	ErrManyMemberships = fault.New(fault.Invalid, "provision.many_memberships")
	// ErrNoneMeant: no membership of the user is the one that a change means.
	ErrNoneMeant = fault.New(fault.Invalid, "provision.none_meant")
	// ErrMembershipID: a membership keeps its id.
	ErrMembershipID = fault.New(fault.Denied, "provision.membership_id_fixed")
)

// Membership is what a customer has at the organisation, as its system keeps it.
type Membership struct {
	ID    string // of its system, once for a user
	Code  string // of a Kind
	First day.Day
	Last  day.Day // counts whole; "" has no end
}

// Act is what an Edit does.
type Act int

const (
	Put  Act = iota // List is all that there is from now on
	Add             // List comes to it; what has an id that is known takes its place
	Set             // Part is written over each that is meant
	Drop            // those that are meant go
)

// Edit is one step of a change of memberships. Of Set and Drop the filter tells
// which are meant, nil means all.
type Edit struct {
	Act   Act
	Which *Filter
	List  []Membership
	Part  Part
}

// Part is what becomes otherwise of a membership; nil leaves it.
type Part struct {
	ID, Code    *string
	First, Last *day.Day
}

// edit does all steps to a list, which stays as it is, and checks what comes of it.
func edit(list []Membership, steps []Edit) ([]Membership, error) {
	list = slices.Clone(list)
	for _, s := range steps {
		switch s.Act {
		case Put:
			list = slices.Clone(s.List)
		case Add:
			for _, m := range s.List {
				if i := slices.IndexFunc(list, func(has Membership) bool { return has.ID == m.ID }); i >= 0 {
					list[i] = m
				} else {
					list = append(list, m)
				}
			}
		case Set, Drop:
			var err error
			if list, err = s.some(list); err != nil {
				return nil, err
			}
		}
		if len(list) > MostMemberships {
			return nil, ErrManyMemberships.With(MostMemberships, len(list))
		}
	}
	inOrder(list)
	return list, check(list)
}

// inOrder sorts as we compare, since engines differ in what comes after what.
func inOrder(list []Membership) {
	slices.SortFunc(list, func(a, b Membership) int { return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.ID, b.ID)) })
}

// some changes or drops those that are meant. To drop all of none is as good as
// done; to mean one that is not there is a mistake.
func (s Edit) some(list []Membership) (left []Membership, err error) {
	meant := false
	for _, m := range list {
		if s.Which != nil && !m.matches(*s.Which) {
			left = append(left, m)
			continue
		}
		meant = true
		if s.Act == Drop {
			continue
		}
		if s.Part.ID != nil && *s.Part.ID != m.ID {
			return nil, ErrMembershipID
		}
		if s.Part.Code != nil {
			m.Code = *s.Part.Code
		}
		if s.Part.First != nil {
			m.First = *s.Part.First
		}
		if s.Part.Last != nil {
			m.Last = *s.Part.Last
		}
		left = append(left, m)
	}
	if !meant && (s.Which != nil || s.Act == Set) {
		return nil, ErrNoneMeant
	}
	return left, nil
}

// check is what holds for the memberships of one user together.
func check(list []Membership) error {
	seen := map[string]bool{}
	for _, m := range list {
		switch {
		case !readable(m.ID, LongestExternal):
			return ErrMembership.With(LongestExternal, m.ID)
		case seen[m.ID]:
			return ErrTwice.With(m.ID)
		case !isDay(m.First):
			return ErrDay.With(m.ID, "start", string(m.First))
		case m.Last != "" && !isDay(m.Last):
			return ErrDay.With(m.ID, "end", string(m.Last))
		case m.Last != "" && m.Last < m.First:
			return ErrDays.With(m.ID, string(m.First), string(m.Last))
		}
		seen[m.ID] = true
	}
	return nil
}

// isDay takes the one way in which programs write a day. One with a clock and a
// zone would leave open on which day a membership ends here.
func isDay(d day.Day) bool {
	read, err := day.Parse(string(d))
	return err == nil && read == d
}

// matches tells whether a filter means m.
func (m Membership) matches(f Filter) bool {
	switch f.Op {
	case "and":
		return !slices.ContainsFunc(f.Of, func(each Filter) bool { return !m.matches(each) })
	case "or":
		return slices.ContainsFunc(f.Of, m.matches)
	case "not":
		return !m.matches(f.Of[0])
	}
	has, known := m.attribute(f.Attribute)
	if f.Op == "pr" {
		return has != ""
	}
	want, isText := f.Value.(string)
	if f.Value == nil {
		isText = true // end eq null: it has none
	}
	if !known || !isText || len(f.Of) > 0 {
		return false
	}
	switch f.Op {
	case "eq":
		return has == want
	case "ne":
		return has != want
	case "co":
		return strings.Contains(has, want)
	case "sw":
		return strings.HasPrefix(has, want)
	case "ew":
		return strings.HasSuffix(has, want)
	}
	if has == "" { // no end comes neither before nor after a day
		return false
	}
	switch f.Op {
	case "gt":
		return has > want
	case "ge":
		return has >= want
	case "lt":
		return has < want
	}
	return f.Op == "le" && has <= want
}

// attribute is a part of m by the name that SCIM has for it.
func (m Membership) attribute(name string) (text string, known bool) {
	switch strings.ToLower(name) {
	case "value":
		return m.ID, true
	case "type":
		return m.Code, true
	case "start":
		return string(m.First), true
	case "end":
		return string(m.Last), true
	}
	return "", false
}

// keep brings the memberships of a user from what they were to what they are. A kind
// that is offered no more stays with who has it, and comes to nobody.
func keep(tx *sqldb.Tx, u User, were, are []Membership) error {
	for _, m := range were {
		if !slices.ContainsFunc(are, func(is Membership) bool { return is.ID == m.ID }) {
			if err := deleteMembership(tx, u.ID, m.ID); err != nil {
				return err
			}
		}
	}
	for _, m := range are {
		i := slices.IndexFunc(were, func(was Membership) bool { return was.ID == m.ID })
		if i >= 0 && were[i] == m {
			continue
		}
		var won bool
		var err error
		if i >= 0 && were[i].Code == m.Code {
			won, err = moveMembership(tx, u.ID, m)
		} else {
			won, err = putMembership(tx, u, m)
		}
		if err == nil && !won {
			err = errKind(tx, u.Organisation, m)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// State of a membership on a day.
type State string

const (
	Upcoming  State = "upcoming" // its first day is still to come
	Running   State = "running"
	Ended     State = "ended"
	Suspended State = "suspended" // it would run or come, and its organisation suspended the link
)

// Held is a membership with whose it is, as the sign-on claim tells it.
type Held struct {
	Membership
	Kind    Kind
	Library string // name of the organisation
	Number  string // of the customer: the external id
	Active  bool   // whether the organisation's link is
}

// State is what h is on a day. The last day still counts.
func (h Held) State(on day.Day) State {
	switch {
	case h.Last != "" && on > h.Last:
		return Ended
	case !h.Active:
		return Suspended
	case on < h.First:
		return Upcoming
	}
	return Running
}

// OfAccount lists what somebody has at the organisations to which their account is
// linked. It fills the sign-on claim: of each link all that runs or is to begin, and
// when there is nothing like that what ended last.
func OfAccount(tx *sqldb.Tx, accountID string, on day.Day) ([]Held, error) {
	all, err := heldBy(tx, accountID)
	if err != nil {
		return nil, err
	}
	var told []Held
	for len(all) > 0 { // ordered by link
		n := slices.IndexFunc(all, func(h Held) bool { return h.Kind.Organisation != all[0].Kind.Organisation })
		if n < 0 {
			n = len(all)
		}
		told = append(told, lately(all[:n], on)...)
		all = all[n:]
	}
	return told, nil
}

// lately is what still matters of the memberships of one link.
func lately(of []Held, on day.Day) []Held {
	now := slices.DeleteFunc(slices.Clone(of), func(h Held) bool { return h.State(on) == Ended })
	if len(now) > 0 {
		return now
	}
	return []Held{slices.MaxFunc(of, func(a, b Held) int { return cmp.Compare(a.Last, b.Last) })}
}

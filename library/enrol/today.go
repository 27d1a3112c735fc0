package enrol

import (
	"time"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/library/membership"
)

// Enrolled is one line of the list of today's enrolments.
type Enrolled struct {
	CustomerID string
	Number     string
	Name       string // as in a list: "Tester, E.B."
	Code       string
	NameNL     string
	NameEN     string
	At         time.Time
	StaffID    string
}

// Today lists who became a member at the clerk's branch today, newest first.
func Today(tx *sqldb.Tx, c Clerk, limit int) ([]Enrolled, error) {
	begun, err := membership.StartedSince(tx, c.BranchID, day.Of(tx.Now), limit)
	if err != nil {
		return nil, err
	}
	list := make([]Enrolled, 0, len(begun))
	for _, m := range begun {
		who, err := customer.Find(tx, m.CustomerID)
		if err != nil {
			return nil, err
		}
		list = append(list, Enrolled{CustomerID: who.ID, Number: who.Number, Name: who.Listed(), Code: m.Code, NameNL: m.NameNL, NameEN: m.NameEN, At: m.StartedAt, StaffID: m.StartedBy})
	}
	return list, nil
}

// LoginCounts is how many login accounts the members of the clerk's library
// have in each state.
func (o Office) LoginCounts(tx *sqldb.Tx, c Clerk) (map[State]int, error) {
	_, lib, err := c.at(tx)
	if err != nil {
		return nil, err
	}
	links, without, err := customer.Links(tx, lib.ID)
	if err != nil {
		return nil, err
	}
	counts := map[State]int{None: without}
	for _, how := range []customer.How{customer.LinkGenerated, customer.LinkExisting} {
		var ids []string
		for _, l := range links {
			if l.How == how {
				ids = append(ids, l.AccountID)
			}
		}
		states, err := o.Census.Count(tx, ids)
		if err != nil {
			return nil, err
		}
		for state, n := range states {
			counts[asLinked(state, how)] += n
		}
	}
	return counts, nil
}

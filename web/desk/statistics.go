package desk

import (
	"cmp"
	"net/http"
	"slices"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/enrol"
	"lidwoord/library/membership"
)

// statisticsPage is Statistiek: counts only, so that it names nobody.
type statisticsPage struct {
	bar
	Months   []countLine // newest first
	Kinds    []countLine // by membership
	Branches []countLine
	Logins   []countLine // by state of the login account
	Total    int
	From     day.Day
}

// countLine is one line of a table with its share of the largest.
type countLine struct {
	Label string
	Day   day.Day // instead of Label, for months
	Key   string  // instead of Label, for a message
	N     int
	Most  int
}

// yearBack is how many months the tables go back.
const yearBack = 12

func (s *Site) statistics(w http.ResponseWriter, r *http.Request, c counter) error {
	var page statisticsPage
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		today := day.Of(tx.Now)
		page = statisticsPage{From: firstOfMonth(today).AddMonths(1 - yearBack)}
		var err error
		if page.bar, err = c.bar(tx); err != nil {
			return err
		}
		list, err := membership.Started(tx, c.branch.OrganisationID, page.From)
		if err != nil {
			return err
		}
		branches, err := branch.List(tx, c.branch.OrganisationID)
		if err != nil {
			return err
		}
		page.count(list, branches, today, c)
		states, err := s.Office.LoginCounts(tx, c.clerk())
		if err != nil {
			return err
		}
		for _, st := range []enrol.State{enrol.Active, enrol.Linked, enrol.Waiting, enrol.Expired, enrol.None} {
			page.Logins = append(page.Logins, countLine{Key: st.Key(), N: states[st]})
		}
		share(page.Logins)
		return nil
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "statistics", page)
}

func firstOfMonth(d day.Day) day.Day { return d[:8] + "01" }

// count adds the groups up in three ways. A month without enrolments is a line
// too: a gap in a table reads as a fault.
func (p *statisticsPage) count(list []membership.Count, branches []branch.Branch, today day.Day, c counter) {
	months, kinds, places := map[string]int{}, map[string]int{}, map[string]int{}
	names := map[string]string{}
	for _, g := range list {
		months[g.Month] += g.N
		kinds[g.Code] += g.N
		places[g.BranchID] += g.N
		p.Total += g.N
		names[g.Code] = g.Code + " " + g.NameNL
		if c.lang == "en" && g.NameEN != "" {
			names[g.Code] = g.Code + " " + g.NameEN
		}
	}
	for i := range yearBack {
		first := firstOfMonth(today).AddMonths(-i)
		p.Months = append(p.Months, countLine{Day: first, N: months[string(first[:7])]})
	}
	for code, n := range kinds {
		p.Kinds = append(p.Kinds, countLine{Label: names[code], N: n})
	}
	for _, b := range branches {
		p.Branches = append(p.Branches, countLine{Label: b.Code + " " + b.Name, N: places[b.ID]})
	}
	slices.SortFunc(p.Kinds, func(a, b countLine) int { return cmp.Or(b.N-a.N, cmp.Compare(a.Label, b.Label)) })
	share(p.Months)
	share(p.Kinds)
	share(p.Branches)
}

// share notes the largest of a table, for its bars.
func share(lines []countLine) {
	most := 1
	for _, l := range lines {
		most = max(most, l.N)
	}
	for i := range lines {
		lines[i].Most = most
	}
}

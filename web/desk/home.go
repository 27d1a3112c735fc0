package desk

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/staff"
)

// todayMost is how many enrolments of today the start page lists.
const todayMost = 25

// homePage is the start page, Balie.
type homePage struct {
	bar
	Branch branch.Branch
	Name   string
	Enrol  bool // this clerk may enrol
	Drafts []draftLine
	Stock  customer.Stock
	Today  []enrol.Enrolled
}

// Low reports whether the numbers of this branch are running out.
func (p homePage) Low() bool { return p.Enrol && p.Stock.Level != customer.LevelPlenty }

// Clock writes the time of day.
func (homePage) Clock(t time.Time) string { return clock(t) }

// clock writes an instant of today by the Dutch clock: 14.05.
func clock(t time.Time) string { return t.In(day.Amsterdam).Format("15.04") }

// draftLine is an open draft in the list.
type draftLine struct {
	enrol.Draft
	Name string // "" while there is none
}

// draftName is what the clerk recognises a draft by.
func draftName(app enrol.Application) string {
	return strings.Join(strings.Fields(cmp.Or(app.Initials, app.GivenName)+" "+app.Prefix+" "+app.Surname), " ")
}

func (s *Site) home(w http.ResponseWriter, r *http.Request, c counter) error {
	page := homePage{Branch: c.branch, Name: c.worker.Name, Enrol: c.can(staff.Enrol)}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		drafts, err := enrol.Drafts(tx, c.clerk())
		if err != nil {
			return err
		}
		page.Drafts = nil
		for _, d := range drafts {
			page.Drafts = append(page.Drafts, draftLine{Draft: d, Name: draftName(d.App)})
		}
		if page.Stock, err = customer.Low(tx, c.branch.OrganisationID, c.branch.ID); err != nil {
			return err
		}
		if page.bar, err = c.bar(tx); err != nil {
			return err
		}
		page.Today, err = enrol.Today(tx, c.clerk(), todayMost)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "home", page)
}

package manage

import (
	"net/http"

	"lidwoord/base/factor"
	"lidwoord/base/job"
	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/staff"
	"lidwoord/web/kit"
)

type homePage struct {
	Library branch.Organisation
	Stocks  []stock
	Lost    int // letters that did not arrive
	Jobs    []run

	NoRecovery bool // who looks has a second step and no recovery codes (any more)
}

// What wants somebody's attention stands above what does not.

// Low and Plenty are the ranges that run out, and those that do not.
func (p homePage) Low() []stock {
	return those(p.Stocks, func(s stock) bool { return s.Level != customer.LevelPlenty })
}
func (p homePage) Plenty() []stock {
	return those(p.Stocks, func(s stock) bool { return s.Level == customer.LevelPlenty })
}

// Failed and Fine are the work that went wrong the last time, and that did not.
func (p homePage) Failed() []run { return those(p.Jobs, func(r run) bool { return r.LastError != "" }) }
func (p homePage) Fine() []run   { return those(p.Jobs, func(r run) bool { return r.LastError == "" }) }

func those[T any](list []T, wanted func(T) bool) (some []T) {
	for _, it := range list {
		if wanted(it) {
			some = append(some, it)
		}
	}
	return some
}

// stock is the numbers of one branch, or of the reserve, whose Branch is nil.
type stock struct {
	customer.Stock
	Branch *branch.Branch
}

// run is the last time that a piece of work was done.
type run struct {
	job.Outcome
	What string // message key of what it does
}

func (s *Site) home(w http.ResponseWriter, r *http.Request, library branch.Organisation) error {
	page := homePage{Library: library}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Stocks, err = stocksOf(tx, library.ID); err != nil {
			return err
		}
		if page.Lost, err = outbox.CountLost(tx); err != nil {
			return err
		}
		runs, err := job.Recent(tx)
		if err != nil {
			return err
		}
		page.Jobs = nil
		for _, o := range runs {
			key := "manage.job." + o.Name
			switch {
			case s.Words.Has(key):
			case o.LastError == "":
				continue // of another version of the program, and no trouble
			default:
				key = "manage.job_other"
			}
			page.Jobs = append(page.Jobs, run{o, key})
		}
		has, err := factor.StateOf(tx, staff.Worker{ID: kit.VisitOf(r).Session.Subject}.Owner())
		page.NoRecovery = has.Any() && has.Recovery == 0
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "home", page)
}

// stocksOf lists the numbers of every branch that enrols, and the reserve, the
// emptiest first. A branch without a range of its own lives on the reserve.
func stocksOf(tx *sqldb.Tx, organisationID string) ([]stock, error) {
	branches, err := branch.List(tx, organisationID)
	if err != nil {
		return nil, err
	}
	known := map[string]*branch.Branch{}
	for i := range branches {
		known[branches[i].ID] = &branches[i]
	}
	list, err := customer.Ranges(tx, organisationID)
	if err != nil {
		return nil, err
	}
	var stocks []stock
	for _, st := range list {
		stocks = append(stocks, stock{st, known[st.BranchID]})
	}
	return stocks, nil
}

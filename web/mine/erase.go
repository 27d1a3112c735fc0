package mine

import (
	"net/http"

	"lidwoord/base/audit"
	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/membership"
	"lidwoord/library/task"
)

// erasePage explains what a library forgets and what it must keep, and takes the
// wish. A worker carries it out: no button may end somebody's membership and
// wipe their data in one press.
type erasePage struct {
	Customer customer.Customer
	Library  branch.Organisation
	Running  bool // a membership that would end
	Asked    task.Task
}

func (p *erasePage) find(tx *sqldb.Tx, v visitor, id string) (err error) {
	if p.Customer, err = v.customer(tx, id); err != nil {
		return err
	}
	if p.Library, err = branch.OrganisationByID(tx, p.Customer.OrganisationID); err != nil {
		return err
	}
	m, found, err := membership.Latest(tx, id)
	if err != nil {
		return err
	}
	p.Running = found && m.State(day.Of(tx.Now)) != membership.Ended
	p.Asked, err = erasureOf(tx, id)
	return err
}

// erasureOf is the wish of a customer to be forgotten, with "" as its ID when
// there is none.
func erasureOf(tx *sqldb.Tx, customerID string) (task.Task, error) {
	list, err := task.About(tx, "customer:"+customerID)
	for _, t := range list {
		if t.Kind == task.Erasure {
			return t, err
		}
	}
	return task.Task{}, err
}

func (s *Site) askErase(w http.ResponseWriter, r *http.Request, v visitor) error {
	var page erasePage
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error { return page.find(tx, v, r.PathValue("customer")) })
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "erase", page)
}

// erase writes the wish down, once; the page shows since when it stands.
func (s *Site) erase(w http.ResponseWriter, r *http.Request, v visitor) error {
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		var p erasePage
		if err := p.find(tx, v, r.PathValue("customer")); err != nil || p.Asked.ID != "" {
			return err
		}
		object := "customer:" + p.Customer.ID
		err := task.Add(tx, task.Task{OrganisationID: p.Library.ID, Kind: task.Erasure, Object: object, Facts: []task.Fact{
			{Key: "task.fact.number", Value: p.Customer.Number}, {Key: "task.fact.name", Value: p.Customer.Full()},
			{Key: "task.fact.email", Value: p.Customer.Email}, {Key: "task.fact.at", Value: day.Moment(tx.Now, words.NL)},
		}})
		if err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Actor: v.actor(), Act: "mine.erasure_asked", Object: object})
	})
	if err != nil {
		return err
	}
	return s.Redirect(w, r, "/wissen/%s", r.PathValue("customer"))
}

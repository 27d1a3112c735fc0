package mine

import (
	"net/http"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/ledger"
	"lidwoord/library/membership"
	"lidwoord/library/registration"
	"lidwoord/web/kit"
)

// cancelPage asks whether a membership should end, and afterwards tells that it
// does: opening it again shows the confirmation again.
type cancelPage struct {
	Customer   customer.Customer
	Library    branch.Organisation
	Membership membership.Membership
	Ended      bool      // it ran out; there is nothing to end
	Contract   *undoable // that may be withdrawn from instead, nil for none
	Free       bool      // nothing was asked for it
}

// membership is the newest one of a customer of the visitor: only that one can
// still be ended.
func (v visitor) membership(tx *sqldb.Tx, id string) (membership.Membership, customer.Customer, error) {
	list, err := customer.FindByAccount(tx, v.Account)
	if err != nil {
		return membership.Membership{}, customer.Customer{}, err
	}
	for _, c := range list {
		m, found, err := membership.Latest(tx, c.ID)
		if err != nil || found && m.ID == id {
			return m, c, err
		}
	}
	return membership.Membership{}, customer.Customer{}, kit.ErrNoPage
}

// nothingAsked reports whether a customer never paid and need not pay anything.
func nothingAsked(tx *sqldb.Tx, customerID string) (bool, error) {
	lines, err := ledger.Lines(tx, customerID)
	if err != nil {
		return false, err
	}
	open, err := ledger.Balance(tx, customerID)
	return open == 0 && len(moved(lines)) == 0, err
}

func (s *Site) askCancel(w http.ResponseWriter, r *http.Request, v visitor) error {
	var page cancelPage
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Membership, page.Customer, err = v.membership(tx, r.PathValue("membership")); err != nil {
			return err
		}
		today := day.Of(tx.Now)
		page.Ended = page.Membership.State(today) == membership.Ended
		if page.Library, err = branch.OrganisationByID(tx, page.Customer.OrganisationID); err != nil {
			return err
		}
		if page.Free, err = nothingAsked(tx, page.Customer.ID); err != nil {
			return err
		}
		contract, found, err := registration.OfMembership(tx, page.Membership.ID)
		if found && contract.MayWithdraw(today) {
			one, err := undoableOf(tx, contract)
			page.Contract = &one
			return err
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "cancel", page)
}

func (s *Site) cancel(w http.ResponseWriter, r *http.Request, v visitor) error {
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		m, c, err := v.membership(tx, r.PathValue("membership"))
		if err != nil {
			return err
		}
		library, err := branch.OrganisationByID(tx, c.OrganisationID)
		if err != nil {
			return err
		}
		_, err = s.Registrations.Cancel(tx, library, c.ID, m.ID, v.lang)
		return err
	})
	if err != nil {
		return err
	}
	return s.Redirect(w, r, "/opzeggen/%s", r.PathValue("membership"))
}

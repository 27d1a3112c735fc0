package desk

import (
	"errors"
	"net/http"

	"lidwoord/base/audit"
	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/library/ledger"
	"lidwoord/library/staff"
	"lidwoord/web/kit"
)

var errUndoOther = fault.New(fault.Denied, "desk.undo_other")

// accountLine is one line of a customer's account as the page shows it.
type accountLine struct {
	ledger.Posting
	Undone bool // by a later line
	Undo   bool // this clerk may undo it now
}

// linesOf tells of each line whether it was undone, and whether c may do so.
func linesOf(tx *sqldb.Tx, c counter, customerID string) ([]accountLine, error) {
	postings, err := ledger.Lines(tx, customerID)
	if err != nil {
		return nil, err
	}
	undone := map[string]bool{}
	for _, p := range postings {
		undone[p.Undoes()] = true
	}
	var lines []accountLine
	for _, p := range postings {
		line := accountLine{Posting: p, Undone: undone[p.ID]}
		line.Undo = !line.Undone && p.InTill(day.Of(tx.Now), c.branch.ID) && c.mayUndo(p)
		lines = append(lines, line)
	}
	return lines, nil
}

// mayUndo reports whether a clerk may undo a payment. Giving money back is not
// for the desk; mending one's own mistake is.
func (c counter) mayUndo(p ledger.Posting) bool {
	return c.can(staff.TakePayment) && p.StaffID == c.worker.ID || c.can(staff.Refund)
}

// undoPage asks why, and whether the clerk is sure.
type undoPage struct {
	*kit.Form
	Customer customer.Customer
	Payment  ledger.Posting
}

// Paid is the payment as the customer sees it.
func (p undoPage) Paid() ledger.Posting { q := p.Payment; q.Cents = -q.Cents; return q }

func (s *Site) askUndo(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.undoPage(w, r, c, http.StatusOK, s.keptForm(r, c, "desk.undo_sure"))
}

func (s *Site) undoPage(w http.ResponseWriter, r *http.Request, c counter, status int, form *kit.Form) error {
	page := undoPage{Form: form}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page.Customer, page.Payment, err = c.ownPayment(tx, r)
		if err == nil && !page.Payment.InTill(day.Of(tx.Now), c.branch.ID) {
			err = ledger.ErrUndoOver
		}
		return err
	})
	if err != nil {
		return s.orCustomer(w, r, c, err)
	}
	return s.Show(w, r, status, "undo", page)
}

// orCustomer says on the customer's page why something was not done.
func (s *Site) orCustomer(w http.ResponseWriter, r *http.Request, c counter, err error) error {
	form := kit.NewForm()
	if fault.KindOf(err) == fault.NotFound || !form.Take(err) {
		return err
	}
	return s.customerPage(w, r, c, kit.Status(err), form)
}

// ownPayment is the payment in the address: of this customer, and one that the
// clerk may undo.
func (c counter) ownPayment(tx *sqldb.Tx, r *http.Request) (who customer.Customer, p ledger.Posting, err error) {
	if who, err = c.find(tx, r.PathValue("id")); err != nil {
		return who, p, err
	}
	p, err = ledger.Payment(tx, r.PathValue("betaling"))
	switch {
	case err == nil && p.CustomerID != who.ID:
		err = ledger.ErrNoPayment
	case err == nil && !c.mayUndo(p):
		err = errUndoOther
	}
	return who, p, err
}

// undo is Betaling terugdraaien. Pressed twice it happens once.
func (s *Site) undo(w http.ResponseWriter, r *http.Request, c counter) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	var back ledger.Posting
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		who, p, err := c.ownPayment(tx, r)
		if err != nil {
			return err
		}
		lines, err := linesOf(tx, c, who.ID)
		if err != nil {
			return err
		}
		why := ledger.Reason(form.Get("reden"))
		if back, err = ledger.Undo(tx, p.ID, why, ledger.Booking{BranchID: c.branch.ID, StaffID: c.worker.ID}); err != nil {
			return err
		}
		for _, line := range lines {
			if line.ID == p.ID && line.Undone {
				return nil // pressed twice
			}
		}
		return audit.Record(tx, audit.Entry{Actor: c.worker.Actor(), Act: "desk.payment_undone", Object: "customer:" + who.ID, Branch: c.branch.ID, Detail: string(why)})
	})
	switch {
	case errors.Is(err, ledger.ErrReason):
		form.Take(ledger.ErrReason.At("reden"))
		return s.undoPage(w, r, c, kit.Status(err), form)
	case err != nil:
		return s.orCustomer(w, r, c, err)
	}
	s.SetFlash(w, "desk.undone_"+string(back.Method), back.Cents.String())
	return s.Redirect(w, r, "/klanten/%s#betalen", r.PathValue("id"))
}

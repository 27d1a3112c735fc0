package desk

import (
	"net/http"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/payment"
	"lidwoord/library/registration"
)

// errWithdrawOver means that nothing is left to withdraw from.
var errWithdrawOver = fault.New(fault.Conflict, "desk.withdraw_over")

// contract is what a customer bought on the web, with its payments.
type contract struct {
	registration.Registration
	Name     string // of the membership, in the clerk's language
	Payments []onlinePayment
	Withdraw bool // the cooling-off period runs
}

// onlinePayment is one try to pay, with what went back of it.
type onlinePayment struct {
	payment.Payment
	At      time.Time // of the last that happened to it
	Why     string    // nothing was given for it; "" when something was
	Refunds []payment.Refund
}

// contractsOf lists what a customer bought on the web, the newest first.
func (s *Site) contractsOf(tx *sqldb.Tx, c counter, customerID string) (list []contract, err error) {
	made, err := registration.Contracts(tx, customerID)
	if err != nil {
		return nil, err
	}
	for _, r := range made {
		one := contract{Registration: r, Name: r.Agreed.Definition.Name(c.lang), Withdraw: r.MayWithdraw(day.Of(tx.Now))}
		tries, err := payment.OfOrder(tx, r.ID)
		if err != nil {
			return nil, err
		}
		for _, p := range tries {
			o := onlinePayment{Payment: p, At: p.BegunAt}
			switch {
			case !p.PaidAt.IsZero():
				o.At = p.PaidAt
			case !p.SettledAt.IsZero():
				o.At = p.SettledAt
			}
			if p.Surplus != "" {
				o.Why = s.inWords(c, p.Surplus)
			}
			if o.Refunds, err = payment.RefundsOf(tx, p.ID); err != nil {
				return nil, err
			}
			one.Payments = append(one.Payments, o)
		}
		list = append(list, one)
	}
	return list, nil
}

// goingBack is what is on its way to the customer.
func goingBack(contracts []contract) (sum money.Cents) {
	for _, c := range contracts {
		for _, p := range c.Payments {
			for _, f := range p.Refunds {
				if f.State != payment.Done && f.State != payment.RefundFailed {
					sum += f.Cents
				}
			}
		}
	}
	return sum
}

// withdrawPage asks whether the clerk is sure.
type withdrawPage struct {
	Customer customer.Customer
	Contract registration.Registration
	Name     string // of the membership
	Price    money.Cents
	Back     money.Cents // of it, what still comes back
	Mail     string      // where the receipt goes; "" nowhere
}

// DayOf writes the day of an instant.
func (withdrawPage) DayOf(t time.Time) day.Day { return day.Of(t) }

// ownContract is the contract in the address, when it is of this customer.
func (c counter) ownContract(tx *sqldb.Tx, r *http.Request) (who customer.Customer, made registration.Registration, err error) {
	if who, err = c.find(tx, r.PathValue("id")); err != nil {
		return who, made, err
	}
	made, err = registration.Find(tx, r.PathValue("inschrijving"))
	if err == nil && (made.State != registration.Member || made.CustomerID != who.ID) {
		err = registration.ErrNone
	}
	return who, made, err
}

// askWithdraw is Herroepen: the customer says so to the clerk.
func (s *Site) askWithdraw(w http.ResponseWriter, r *http.Request, c counter) error {
	var page withdrawPage
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Customer, page.Contract, err = c.ownContract(tx, r); err != nil {
			return err
		}
		if !page.Contract.MayWithdraw(day.Of(tx.Now)) {
			return errWithdrawOver
		}
		page.Name, page.Price = page.Contract.Agreed.Definition.Name(c.lang), page.Contract.Agreed.BuildUp.Balance
		if page.Mail, err = s.Registrations.ReceiptAddress(tx, page.Customer, page.Contract); err != nil {
			return err
		}
		_, page.Back, err = registration.Back(tx, page.Contract)
		return err
	})
	if err != nil {
		return s.orCustomer(w, r, c, err)
	}
	return s.Show(w, r, http.StatusOK, "withdraw", page)
}

// withdraw writes down that the customer withdrew, and who heard it. Pressed
// twice it is one statement with one receipt.
func (s *Site) withdraw(w http.ResponseWriter, r *http.Request, c counter) error {
	var who customer.Customer
	var receipt registration.Receipt
	var mail string
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		var made registration.Registration
		var err error
		if who, made, err = c.ownContract(tx, r); err != nil {
			return err
		}
		if !made.WithdrawnAt.IsZero() {
			receipt = registration.Receipt{Outcome: registration.Already}
			return nil
		}
		if mail, err = s.Registrations.ReceiptAddress(tx, who, made); err != nil {
			return err
		}
		library, err := branch.OrganisationByID(tx, made.OrganisationID)
		if err != nil {
			return err
		}
		receipt, err = s.Registrations.Withdraw(tx, library, made, c.worker.Actor(), who.Lang)
		return err
	})
	if err != nil {
		return s.orCustomer(w, r, c, err)
	}
	switch {
	case receipt.Outcome == registration.Already:
		s.SetFlash(w, "desk.withdrawn_before")
	case receipt.Outcome != registration.Withdrawn:
		s.SetFlash(w, "desk.withdrawn_late")
	case mail == "":
		s.SetFlash(w, "desk.withdrawn_unmailed")
	default:
		s.SetFlash(w, "desk.withdrawn", mail)
	}
	return s.Redirect(w, r, "/klanten/%s", who.ID)
}

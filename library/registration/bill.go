package registration

import (
	"slices"
	"time"

	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/membership"
	"lidwoord/library/payment"
)

// Bill is everything that a receipt shows of a contract: what was bought of whom,
// for how much, and what came in and went back since. The figures are those that
// were agreed; name and address are the customer's of today, to whom it is sent.
type Bill struct {
	Registration string // its id
	Number       string // of the receipt, as people read it to each other: "ABCD-EFGH"
	Library      branch.Organisation
	Name         string   // of the member, "E.B. Tester"
	Address      []string // the member's, line by line
	Country      string   // of that address, ISO 3166-1; "" for the Netherlands
	Customer     string   // customer number
	At           time.Time
	What         membership.Membership // FirstDay through ValidThrough was bought
	Fee          money.Cents           // before Discount
	Discount     money.Cents
	Total        money.Cents // 0 is free
	Payments     []PaidIn    // oldest first
	Refunds      []PaidBack  // oldest first
	WithdrawnAt  time.Time   // zero while the contract stands
}

// PaidIn is money that came in for a contract.
type PaidIn struct {
	At          time.Time
	Method      string // the provider's word, only ever shown
	Cents       money.Cents
	Surplus     bool        // a payment too many, which goes back
	ChargedBack money.Cents // taken back by the payer's bank
}

// PaidBack is money that goes back, and how it fares: payment.Done when it left.
type PaidBack struct {
	At    time.Time // when it left, or until then when it was asked for
	Cents money.Cents
	State payment.RefundState
}

// Paid is what came in and did not go back.
func (b Bill) Paid() money.Cents {
	var sum money.Cents
	for _, p := range b.Payments {
		sum += p.Cents - p.ChargedBack
	}
	for _, r := range b.Refunds {
		if r.State == payment.Done {
			sum -= r.Cents
		}
	}
	return sum
}

// BillOf is the receipt of a contract. A registration that is none has none.
func BillOf(tx *sqldb.Tx, registrationID string) (Bill, error) {
	r, err := Find(tx, registrationID)
	if err == nil && r.State != Member {
		err = ErrNone
	}
	if err != nil {
		return Bill{}, err
	}
	up := r.Agreed.BuildUp
	b := Bill{
		Registration: r.ID, Number: receiptNumber(r.ID), At: r.MemberAt, WithdrawnAt: r.WithdrawnAt,
		Fee: up.Fee, Discount: up.Discount, Total: up.Balance,
	}
	if b.Library, err = branch.OrganisationByID(tx, r.OrganisationID); err != nil {
		return Bill{}, err
	}
	who, err := customer.Find(tx, r.CustomerID)
	if err != nil {
		return Bill{}, err
	}
	b.Name, b.Customer, b.Address = who.Full(), who.Number, addressLines(who.Address)
	if who.Address.Country != "NL" {
		b.Country = who.Address.Country
	}
	if b.What, err = r.membership(tx); err != nil {
		return Bill{}, err
	}
	return b, b.money(tx, r.ID)
}

// membership is the period that a contract was made for.
func (r Registration) membership(tx *sqldb.Tx) (membership.Membership, error) {
	list, err := membership.Of(tx, r.CustomerID)
	if err != nil {
		return membership.Membership{}, err
	}
	for _, m := range list {
		if m.ID == r.MembershipID {
			return m, nil
		}
	}
	return membership.Membership{}, ErrNone
}

// money fills in what came in and what went back.
func (b *Bill) money(tx *sqldb.Tx, orderID string) error {
	list, err := payment.OfOrder(tx, orderID)
	if err != nil {
		return err
	}
	for _, p := range list {
		if p.State != payment.Paid {
			continue
		}
		b.Payments = append(b.Payments, PaidIn{At: p.PaidAt, Method: p.Method, Cents: p.Cents, Surplus: p.Surplus != "", ChargedBack: p.ChargedBack})
		back, err := payment.RefundsOf(tx, p.ID)
		if err != nil {
			return err
		}
		for _, f := range back {
			at := f.SettledAt
			if at.IsZero() {
				at = f.WantedAt
			}
			b.Refunds = append(b.Refunds, PaidBack{At: at, Cents: f.Cents, State: f.State})
		}
	}
	slices.SortStableFunc(b.Payments, func(x, y PaidIn) int { return x.At.Compare(y.At) })
	slices.SortStableFunc(b.Refunds, func(x, y PaidBack) int { return x.At.Compare(y.At) })
	return nil
}

// receiptNumber is short enough to read out on the phone. Eight of the 26 letters
// are a name among a library's receipts, not a secret.
func receiptNumber(registrationID string) string {
	return registrationID[:4] + "-" + registrationID[4:8]
}

// addressLines is an address as it stands on an envelope. Who asked to be forgotten
// has none left.
func addressLines(a customer.Address) (lines []string) {
	for _, line := range []string{a.Line(), a.PlaceLine()} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

package mine

import (
	"errors"
	"net/http"
	"slices"

	"lidwoord/base/day"
	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/ledger"
	"lidwoord/library/membership"
	"lidwoord/library/payment"
	"lidwoord/library/registration"
	"lidwoord/web/kit"
	"lidwoord/web/party"
)

// homePage is the overview of who is signed in.
type homePage struct {
	Person   party.Person
	Cards    []card
	UnderWay bool   // a registration was begun and not finished
	Register string // Inschrijven of the house's own library
}

// card is all that one library shows of one of its customers.
type card struct {
	Customer    customer.Customer
	Library     branch.Organisation
	Today       day.Day
	Memberships []membership.Membership     // newest first
	Contracts   []registration.Registration // made on the web, newest first
	Undoable    []undoable                  // … those within their cooling-off period
	Moved       []ledger.Posting            // money that came and went, newest first
	Repayments  []payment.Refund            // not yet with the customer
	Balance     money.Cents                 // what is open; negative is what the library owes
	News        newsCard
	Register    string // Inschrijven of this library
}

// Latest is the newest membership, nil for who never was a member.
func (c card) Latest() *membership.Membership {
	if len(c.Memberships) == 0 {
		return nil
	}
	return &c.Memberships[0]
}

// Standing names the sentences for how the newest membership stands.
func (c card) Standing() string {
	m := c.Latest()
	switch {
	case m == nil:
		return "none"
	case m.EndReason == membership.Withdrawn:
		return "withdrawn"
	case m.State(c.Today) == membership.Ended:
		return "ended"
	case m.EndReason != "":
		return "stopping"
	}
	return string(m.State(c.Today)) // active or coming
}

// Reads reports whether the Online Bibliotheek is open today.
func (c card) Reads() bool { m := c.Latest(); return m != nil && m.RightsOn(c.Today).Digital }

// MayCancel reports whether there is something to end.
func (c card) MayCancel() bool { s := c.Standing(); return s == "active" || s == "coming" }

// Gone reports whether somebody was a member and may become one again.
func (c card) Gone() bool {
	m := c.Latest()
	return m != nil && m.State(c.Today) == membership.Ended
}

// Free reports whether a membership runs for which nothing was asked, nor is to be.
func (c card) Free() bool {
	return c.Latest() != nil && !c.Gone() && c.Balance == 0 && len(c.Moved) == 0
}

// Owed is what the library owes the customer.
func (c card) Owed() money.Cents { return -c.Balance }

// DayOf is the day of a posting.
func (card) DayOf(p ledger.Posting) day.Day { return day.Of(p.At) }

// Made is the day on which a contract was made.
func (card) Made(r registration.Registration) day.Day { return day.Of(r.MemberAt) }

// Shown is a posting as money from the customer to the library.
func (card) Shown(p ledger.Posting) money.Cents { return -p.Cents }

func (s *Site) home(w http.ResponseWriter, r *http.Request) error {
	who, in := party.Who(r)
	if !in {
		return s.welcome(w, r)
	}
	v := visitor{who, kit.VisitOf(r).Lang}
	page := homePage{Person: who, Register: s.Registrations.Links.Register(s.Organisation)}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		customers, err := customer.FindByAccount(tx, v.Account)
		if err != nil {
			return err
		}
		for _, c := range customers {
			one, err := s.cardOf(tx, v, c)
			if err != nil {
				return err
			}
			page.Cards = append(page.Cards, one)
		}
		_, page.UnderWay, err = s.underWay(tx, v)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "home", page)
}

// welcome tells who is not signed in what this door is for.
func (s *Site) welcome(w http.ResponseWriter, r *http.Request) error {
	return s.Show(w, r, http.StatusOK, "welcome", homePage{Register: s.Registrations.Links.Register(s.Organisation)})
}

// underWay is the form that the visitor did not finish.
func (s *Site) underWay(tx *sqldb.Tx, v visitor) (registration.Registration, bool, error) {
	library, err := branch.FindOrganisation(tx, s.Organisation)
	if err != nil {
		return registration.Registration{}, false, err
	}
	r, err := registration.Current(tx, registration.Visitor{AccountID: v.Account}, library.ID)
	if errors.Is(err, registration.ErrNone) {
		return r, false, nil
	}
	return r, err == nil, err
}

func (s *Site) cardOf(tx *sqldb.Tx, v visitor, who customer.Customer) (c card, err error) {
	c = card{Customer: who, Today: day.Of(tx.Now)}
	if c.Library, err = branch.OrganisationByID(tx, who.OrganisationID); err != nil {
		return c, err
	}
	c.Register = s.Registrations.Links.Register(c.Library.Slug)
	if c.Memberships, err = membership.Of(tx, who.ID); err != nil {
		return c, err
	}
	if c.Contracts, err = registration.Contracts(tx, who.ID); err != nil {
		return c, err
	}
	for _, r := range c.Contracts {
		if r.MayWithdraw(c.Today) {
			one, err := undoableOf(tx, r)
			if err != nil {
				return c, err
			}
			c.Undoable = append(c.Undoable, one)
		}
	}
	lines, err := ledger.Lines(tx, who.ID)
	if err != nil {
		return c, err
	}
	c.Moved = moved(lines)
	if c.Balance, err = ledger.Balance(tx, who.ID); err != nil {
		return c, err
	}
	if c.Repayments, err = repayments(tx, c.Contracts); err != nil {
		return c, err
	}
	c.News, err = newsOf(tx, v, who)
	return c, err
}

// moved is the money that changed hands, the newest first. A payment that the
// desk undid at once was a slip of the desk, and no money of the customer's.
func moved(lines []ledger.Posting) (list []ledger.Posting) {
	undone := map[string]bool{}
	for _, p := range lines {
		undone[p.Undoes()] = true
	}
	for _, p := range lines {
		switch {
		case p.Kind != ledger.KindPayment && p.Kind != ledger.KindRefund, p.Undoes() != "", undone[p.ID]:
		default:
			list = append(list, p)
		}
	}
	slices.Reverse(list)
	return list
}

// repayments is the money of contracts that should go back and did not arrive.
func repayments(tx *sqldb.Tx, contracts []registration.Registration) (list []payment.Refund, err error) {
	for _, r := range contracts {
		tries, err := payment.OfOrder(tx, r.ID)
		if err != nil {
			return nil, err
		}
		for _, p := range tries {
			refunds, err := payment.RefundsOf(tx, p.ID)
			if err != nil {
				return nil, err
			}
			for _, f := range refunds {
				if f.State != payment.Done {
					list = append(list, f)
				}
			}
		}
	}
	return list, nil
}

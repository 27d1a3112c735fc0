package signup

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/membership"
	"lidwoord/library/payment"
	"lidwoord/library/registration"
	"lidwoord/web/kit"
)

// checkPage is "Controleer je gegevens", with the button that orders.
type checkPage struct {
	*kit.Form
	stand
	Reg     registration.Registration
	App     enrol.Application
	Agreed  enrol.Agreed
	Birth   day.Day
	Digest  string
	Child   bool
	Last    day.Day // of the cooling-off period, if the order is placed today
	Days    int     // of the cooling-off period
	Email   string  // of the login account, when the library writes to another
	Ordered bool    // the payment is under way
	NotThis bool    // this membership is not for this person (any more)
	Checked bool
}

// At is the step of the way.
func (p checkPage) At() int {
	if p.Ordered {
		return 3
	}
	return 2
}

// FullName is the name as the library will write it.
func (p checkPage) FullName() string {
	if name := p.Agreed.BuildUp.Name; name != "" {
		return name
	}
	return strings.Join(strings.Fields(p.App.Initials+" "+p.App.Prefix+" "+p.App.Surname), " ")
}

// Postcode is the postcode as people write it.
func (p checkPage) Postcode() string {
	a, err := p.App.Address()
	if err != nil {
		return p.App.Postcode
	}
	return a.ShownPostcode()
}

// Slip is the address that was probably meant.
func (p checkPage) Slip() string { return customer.EmailSlip(p.App.Email) }

// Free reports whether nothing is to be paid.
func (p checkPage) Free() bool { return p.Agreed.BuildUp.Balance == 0 }

// check shows all answers and what they cost. Who jumps ahead is led to the
// first page that is not right yet.
func (s *Site) check(w http.ResponseWriter, r *http.Request, st stand) error {
	page, to, err := s.checkPage(r, st)
	switch {
	case err != nil:
		return s.elsewhere(w, r, st, err)
	case to != "":
		return s.Redirect(w, r, "%s", st.Path(to))
	}
	return s.Show(w, r, http.StatusOK, "check", page)
}

func (s *Site) checkPage(r *http.Request, st stand) (page checkPage, to string, err error) {
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		to = ""
		reg, err := registration.Current(tx, st.visitor, st.Library.ID)
		if err != nil {
			return err
		}
		today := day.Of(tx.Now)
		page = checkPage{Form: kit.NewForm(), stand: st, Reg: reg, App: reg.App, Birth: reg.App.BirthDay(), Child: reg.Child(today),
			Last: registration.LastDay(today), Days: registration.CoolingOff, Ordered: reg.State == registration.Ordered}
		page.Checked = reg.App.Checked != "" && reg.App.Checked == reg.App.AddressMark()
		if reg.App.Email != st.visitor.Email {
			page.Email = st.visitor.Email
		}
		if page.Ordered {
			page.Agreed = *reg.Agreed
			return nil
		}
		p, missing, err := registration.Unfinished(tx, reg)
		if err != nil {
			return err
		}
		if missing {
			to = "/aanvraag/" + p.Name
			return nil
		}
		_, agreed, err := registration.Agree(tx, reg)
		switch {
		case err == nil:
			page.Agreed, page.Digest = agreed, agreed.BuildUp.Digest()
		case page.Take(err):
			page.NotThis = true
			page.Agreed.Definition, err = membership.FindDefinition(tx, st.Library.ID, reg.App.Membership)
			if errors.Is(err, membership.ErrNoDefinition) {
				err = nil
			}
		}
		return err
	})
	return page, to, err
}

// order is Bestellen en betalen. Pressed three times, or in two tabs, it leads to
// one payment, and everybody to the same page of the bank.
func (s *Site) order(w http.ResponseWriter, r *http.Request, st stand) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	var done registration.Result
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		done, err = s.Office.Order(tx, st.visitor, st.Library, form.Get("gezien"))
		return err
	})
	switch {
	case errors.Is(err, registration.ErrMember):
		return s.Redirect(w, r, "%s", st.Path("/aanvraag/lid"))
	case errors.Is(err, registration.ErrKnown):
		return s.known(w, r, st, err)
	case err != nil:
		return s.again(w, r, st, err)
	case done.PaymentID == "":
		return s.Redirect(w, r, "%s", st.Path("/aanvraag/lid"))
	}
	to, err := s.Cashier.Checkout(r.Context(), done.PaymentID)
	switch {
	case errors.Is(err, payment.ErrOver):
		return s.Redirect(w, r, "%s", st.Path("/betaling/"+done.PaymentID))
	case err != nil:
		return s.again(w, r, st, err)
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// again shows the check page once more with what stands in the way. Nothing is
// lost and nothing is paid twice.
func (s *Site) again(w http.ResponseWriter, r *http.Request, st stand, wrong error) error {
	if fault.KindOf(wrong) == fault.Internal {
		return wrong
	}
	page, to, err := s.checkPage(r, st)
	switch {
	case err != nil:
		return s.elsewhere(w, r, st, err)
	case to != "":
		return s.Redirect(w, r, "%s", st.Path(to))
	}
	page.Faults = nil
	for _, e := range fault.Of(wrong) {
		page.Faults = append(page.Faults, e.At("")) // the fields stand on other pages
	}
	return s.Show(w, r, kit.Status(wrong), "check", page)
}

// known stops somebody who looks like a member, and writes to the one we know:
// it is done apart, since the order was refused and rolled back.
func (s *Site) known(w http.ResponseWriter, r *http.Request, st stand, wrong error) error {
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		reg, err := registration.Current(tx, st.visitor, st.Library.ID)
		if err != nil {
			return err
		}
		return s.Office.TellKnown(tx, reg)
	})
	if err != nil {
		return err
	}
	return s.again(w, r, st, wrong)
}

// stop gives the payment up that is under way, so that the form may change.
func (s *Site) stop(w http.ResponseWriter, r *http.Request, st stand) error {
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		reg, err := registration.Current(tx, st.visitor, st.Library.ID)
		if err != nil {
			return err
		}
		return s.Office.Stop(tx, reg)
	})
	if err != nil && !errors.Is(err, payment.ErrOver) {
		return s.elsewhere(w, r, st, err)
	}
	return s.Redirect(w, r, "%s", st.Path("/aanvraag/controle"))
}

// backPage is what a payer finds who comes back from the bank.
type backPage struct {
	stand
	Payment payment.Payment
	Own     bool // the visitor is who ordered
	Here    string
	memberFacts
}

// memberFacts are what a new member wants to know.
type memberFacts struct {
	Number     string
	Email      string
	Definition membership.Definition
	Through    day.Day
	Until      day.Day // the last day of the cooling-off period
	Mine       string  // the contract's registration
}

// Waiting reports whether the bank has not answered yet.
func (p backPage) Waiting() bool { return p.Payment.Live() }

// toLibrary leads a payer who comes back from the bank to the pages of the
// library that was paid. The cashier knows payments only.
func (s *Site) toLibrary(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("payment")
	var library branch.Organisation
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		p, err := payment.Find(tx, id)
		if err != nil {
			return err
		}
		library, err = branch.OrganisationByID(tx, p.OrganisationID)
		return err
	})
	if err != nil {
		return err
	}
	return s.Redirect(w, r, "/%s/betaling/%s", library.Slug, id)
}

// comeBack only reads, and may be opened any number of times, also by the phone
// on which the bank's app opened it and where nobody is signed in: whoever knows
// the payment's id may see how it fares, and no more. While the bank is silent it
// asks the cashier to look soon.
func (s *Site) comeBack(w http.ResponseWriter, r *http.Request, st stand) error {
	page := backPage{stand: st, Here: st.Path("/betaling/" + r.PathValue("payment"))}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		p, err := payment.Find(tx, r.PathValue("payment"))
		if err != nil || p.OrganisationID != st.Library.ID {
			return errors.Join(err, payment.ErrNone)
		}
		page.Payment = p
		reg, err := registration.Find(tx, p.OrderID)
		if err != nil {
			return err
		}
		page.Own = st.In && reg.AccountID == st.visitor.AccountID
		if reg.Agreed != nil {
			page.Definition = reg.Agreed.Definition
		}
		if page.Own && reg.State == registration.Member {
			page.memberFacts, err = factsOf(tx, reg)
		}
		return err
	})
	if err != nil {
		return err
	}
	if page.Waiting() {
		s.Cashier.Nudge(page.Payment.ID)
	}
	return s.Show(w, r, http.StatusOK, "back", page)
}

func factsOf(tx *sqldb.Tx, reg registration.Registration) (f memberFacts, err error) {
	c, err := customer.Find(tx, reg.CustomerID)
	if err != nil {
		return f, err
	}
	m, found, err := membership.Latest(tx, c.ID)
	if err != nil {
		return f, err
	}
	f = memberFacts{Number: c.Number, Email: c.Email, Definition: reg.Agreed.Definition, Until: reg.WithdrawUntil, Mine: reg.ID}
	if found {
		f.Through = m.LastDay
	}
	return f, nil
}

type donePage struct {
	stand
	Has bool // the visitor is a member
	New bool // by a contract made on the web
	memberFacts
}

// done tells a member that they are one: at the end of a registration without a
// price, and to who comes back to one that is over.
func (s *Site) done(w http.ResponseWriter, r *http.Request, st stand) error {
	page := donePage{stand: st}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Has, err = registration.IsMember(tx, st.visitor, st.Library.ID); err != nil || !page.Has {
			return err
		}
		list, err := customer.FindByAccount(tx, st.visitor.AccountID)
		if err != nil {
			return err
		}
		for _, c := range list {
			if c.OrganisationID != st.Library.ID {
				continue
			}
			page.Number, page.Email = c.Number, c.Email
			contracts, err := registration.Contracts(tx, c.ID)
			if err != nil {
				return err
			}
			if len(contracts) > 0 {
				page.New = true
				page.memberFacts, err = factsOf(tx, contracts[0])
			}
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !page.Has {
		return s.Redirect(w, r, "%s", st.Path(""))
	}
	return s.Show(w, r, http.StatusOK, "done", page)
}

// hookTime is how long a webhook's caller waits at most. The provider is not
// asked while it waits: what changed is only noted.
const hookTime = 900 * time.Millisecond

// hook takes a webhook. It answers alike to everybody, whatever they sent: an id
// that somebody made up teaches them nothing.
func (s *Site) hook(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	form, err := kit.ReadForm(r)
	if id := ""; err == nil {
		if id = form.Get("id"); id != "" && len(id) <= 100 {
			ctx, done := context.WithTimeout(r.Context(), hookTime)
			defer done()
			if err := s.Cashier.Hear(ctx, r.PathValue("provider"), id); err != nil {
				s.Log.WarnContext(ctx, "a webhook was not noted; its caller comes again", "id", kit.VisitOf(r).ID, "err", err)
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
		}
	}
	w.WriteHeader(http.StatusOK)
}

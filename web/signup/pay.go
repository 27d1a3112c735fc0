package signup

import (
	"cmp"
	"context"
	"errors"
	"net/http"
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
	way
	Before   string // the page before this one
	App      enrol.Application
	Agreed   enrol.Agreed
	Birth    day.Day
	Digest   string
	Child    bool
	Last     day.Day // of the cooling-off period, if the order is placed today
	Days     int     // of the cooling-off period
	AdultAge int
	Email    string // of the login account, when the library writes to another
	Ordered  bool   // the payment is under way
	Checked  bool

	// The addresses that were probably meant.
	Slip, ParentSlip string
}

// Address is the address as it stands on an envelope. Nothing is wrong with it,
// or its own page would be shown.
func (p checkPage) Address() customer.Address {
	a, _ := p.App.Address()
	return a
}

// reasons say why a fee is what it is to who pays it. That a price is the price
// of the list says nothing, and the article of the law is for clerks.
var reasons = map[string]string{
	membership.ReasonUnder18: "signup.reason_under_18", membership.ReasonFree: "signup.reason_free", membership.ReasonDiscount: "signup.reason_discount",
}

// Reason is the sentence's key, "" for none.
func (p checkPage) Reason() string { return reasons[p.Agreed.BuildUp.Reason] }

// check shows all answers and what they cost. Who jumps ahead is led to the
// first page that is not right yet.
func (s *Site) check(w http.ResponseWriter, r *http.Request, st stand) error {
	page, to, err := s.checkPage(r, st)
	switch {
	case err != nil:
		return s.elsewhere(w, r, st, err)
	case to != "":
		return s.lead(w, r, st, to)
	}
	page.Faults = s.hindrance(w, r)
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
		page = checkPage{Form: kit.NewForm(), stand: st, way: way{At: 2}, Before: "/aanvraag/" + registration.PageContact.Name, App: reg.App, Birth: reg.App.BirthDay(),
			Child: reg.Child(today), Last: registration.LastDay(today), Days: registration.CoolingOff, AdultAge: membership.AdultAge, Ordered: reg.State == registration.Ordered,
			Slip: st.slip(registration.PageContact, reg.App), ParentSlip: st.slip(registration.PageParent, reg.App)}
		page.Checked = reg.App.Checked != "" && reg.App.Checked == reg.App.AddressMark()
		if reg.App.Email != st.visitor.Email {
			page.Email = st.visitor.Email
		}
		if page.Ordered {
			page.At, page.Before, page.Agreed = 3, "", *reg.Agreed
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
		page.Agreed, page.Digest, page.Free = agreed, agreed.BuildUp.Digest(), agreed.BuildUp.Balance == 0
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
		return s.lead(w, r, st, "/aanvraag/lid")
	case errors.Is(err, registration.ErrKnown):
		return s.known(w, r, st, err)
	case err != nil:
		return s.again(w, r, st, err)
	case done.PaymentID == "":
		return s.lead(w, r, st, "/aanvraag/lid")
	}
	to, err := s.Cashier.Checkout(r.Context(), done.PaymentID)
	switch {
	case errors.Is(err, payment.ErrOver):
		return s.lead(w, r, st, "/betaling/"+done.PaymentID)
	case err != nil:
		return s.again(w, r, st, err)
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// hindrances stand in the way of an order and are no fault of a page.
var hindrances = []*fault.Error{registration.ErrChanged, registration.ErrKnown, registration.ErrOnce, payment.ErrSilent, payment.ErrNotNow}

// hindered is the cookie that carries one to the check page. It says so once: Back
// from the bank must not show what stood in the way before.
const hindered = "hindernis"

// again leads to the check page once more with what stands in the way. Nothing is
// lost and nothing is paid twice.
func (s *Site) again(w http.ResponseWriter, r *http.Request, st stand, wrong error) error {
	for _, e := range hindrances {
		if errors.Is(wrong, e) {
			s.SetCookie(w, hindered, e.Key, time.Minute)
			return s.lead(w, r, st, "/aanvraag/controle")
		}
	}
	if fault.KindOf(wrong) == fault.Internal {
		return wrong
	}
	page, to, err := s.checkPage(r, st)
	switch {
	case err != nil:
		return s.elsewhere(w, r, st, err)
	case to != "":
		return s.lead(w, r, st, to)
	}
	for _, e := range fault.Of(wrong) {
		page.Faults = append(page.Faults, e.At("")) // the fields stand on other pages
	}
	return s.Show(w, r, kit.Status(wrong), "check", page)
}

// hindrance takes what again left for the check page.
func (s *Site) hindrance(w http.ResponseWriter, r *http.Request) (list fault.List) {
	key := s.Cookie(r, hindered)
	if key == "" {
		return nil
	}
	s.SetCookie(w, hindered, "", -time.Second)
	for _, e := range hindrances {
		if e.Key == key {
			list = append(list, e)
		}
	}
	return list
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
	if err != nil {
		return s.elsewhere(w, r, st, err)
	}
	return s.lead(w, r, st, "/aanvraag/controle")
}

// backPage is what a payer finds who comes back from the bank.
type backPage struct {
	stand
	Payment   payment.Payment
	Own       bool   // the visitor is who ordered
	Open      bool   // and the order can still be paid, changed, or given up
	Joined    bool   // and became a member by another payment
	Withdrawn bool   // the contract that was paid for is no more
	Digest    string // of an order that can be placed again as it was, "" when it must be looked at first
	Here      string
	Asking    bool // it ended without money a while ago, and the bank is asked once more
	memberFacts
}

// asked, in the address, says that the bank was asked once more; freshEnd is how
// long an end without money needs no asking. Money may come after it: from a page of
// the bank that was left open in another tab.
const (
	asked    = "gevraagd"
	freshEnd = 10 * time.Second
)

// justNow is how long after a contract was made a page still says so. Who comes
// later, to buy something for somebody else, must not think that they did.
const justNow = time.Hour

// memberFacts are what a member wants to know.
type memberFacts struct {
	Name    string // of the membership
	Digital bool   // opens the Online Bibliotheek
	New     bool   // by a contract that was made on the web just now
	Gratis  bool   // and nothing was paid for it

	// Only for the member's own eyes; "" for others.
	Number   string
	Email    string
	Through  day.Day
	Until    day.Day // the last day of the cooling-off period, "" when that is over
	Contract string  // the registration that can be withdrawn from until then
}

// Waiting reports whether the bank has not answered yet.
func (p backPage) Waiting() bool { return p.Payment.Live() || p.Asking }

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
		if err == nil && p.OrganisationID != st.Library.ID {
			err = payment.ErrNone
		}
		if err != nil {
			return err
		}
		reg, err := registration.Find(tx, p.OrderID)
		if err != nil {
			return err
		}
		page.Payment, page.Own, page.Withdrawn = p, st.In && reg.AccountID == st.visitor.AccountID, !reg.WithdrawnAt.IsZero()
		if reg.Agreed != nil {
			page.memberFacts = memberFacts{Name: reg.Agreed.Definition.Name(st.lang()), Digital: reg.Agreed.Definition.Rights.Digital, New: true}
		}
		if !page.Own {
			return nil
		}
		switch reg.State {
		case registration.Member:
			page.Joined = true
			page.memberFacts, err = factsOfCustomer(tx, st, reg.CustomerID)
		case registration.Ordered:
			page.Open = true
		case registration.Open:
			page.Open = true
			page.Digest, err = unchanged(tx, reg, p)
		}
		return err
	})
	if err != nil {
		return err
	}
	p := page.Payment
	if !p.Live() && p.State != payment.Paid && !page.Joined && !r.URL.Query().Has(asked) && s.DB.Now().Sub(p.SettledAt) > freshEnd {
		page.Asking, page.Here = true, page.Here+"?"+asked+"=1"
	}
	if page.Waiting() {
		s.Cashier.Nudge(page.Payment.ID)
	}
	return s.Show(w, r, http.StatusOK, "back", page)
}

// unchanged is the digest of an order that can be placed once more without a look
// at the check page: nothing was typed since its payment ended, and it costs the
// same. It is "" otherwise.
func unchanged(tx *sqldb.Tx, reg registration.Registration, ended payment.Payment) (string, error) {
	if reg.Agreed == nil || reg.UpdatedAt.After(ended.SettledAt) {
		return "", nil
	}
	_, agreed, err := registration.Agree(tx, reg)
	if err != nil {
		if fault.KindOf(err) == fault.Internal {
			return "", err
		}
		return "", nil
	}
	digest := agreed.BuildUp.Digest()
	if digest != reg.Agreed.BuildUp.Digest() {
		return "", nil
	}
	return digest, nil
}

// factsOf tells a member of the library of their newest membership.
func factsOf(tx *sqldb.Tx, st stand) (f memberFacts, member bool, err error) {
	own, member, err := registration.MemberOf(tx, st.visitor, st.Library.ID)
	if err != nil || !member {
		return f, member, err
	}
	f, err = factsOfCustomer(tx, st, own.ID)
	return f, member, err
}

func factsOfCustomer(tx *sqldb.Tx, st stand, customerID string) (f memberFacts, err error) {
	c, err := customer.Find(tx, customerID)
	if err != nil {
		return f, err
	}
	m, found, err := membership.Latest(tx, c.ID)
	if err != nil || !found {
		return f, err
	}
	f = memberFacts{Name: m.Name(st.lang()), Digital: m.Rights.Digital, Number: c.Number, Email: cmp.Or(st.visitor.Email, c.Email), Through: m.LastDay}
	reg, online, err := registration.OfMembership(tx, m.ID)
	if online && reg.MayWithdraw(day.Of(tx.Now)) && tx.Now.Before(reg.MemberAt.Add(justNow)) {
		f.New, f.Gratis, f.Until, f.Contract = true, reg.Agreed != nil && reg.Agreed.BuildUp.Balance == 0, reg.WithdrawUntil, reg.ID
	}
	return f, err
}

type donePage struct {
	stand
	memberFacts
	MakeAccount string // for somebody else
}

// done tells a member that they are one: at the end of a registration without a
// price, and to who comes back to one that is over.
func (s *Site) done(w http.ResponseWriter, r *http.Request, st stand) error {
	page, member := donePage{stand: st, MakeAccount: s.makeAccount(st.Path(""))}, false
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page.memberFacts, member, err = factsOf(tx, st)
		return err
	})
	switch {
	case err != nil:
		return err
	case !member:
		return s.lead(w, r, st, "")
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

package signup

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/membership"
	"lidwoord/library/newsletter"
	"lidwoord/library/payment"
	"lidwoord/library/registration"
	"lidwoord/web/kit"
)

// What the address of a page of the form says beside its name.
const (
	lookAgain = "nakijken" // show what is wrong with what was kept
	changing  = "wijzig"   // came from the check page and goes back there
	byHand    = "zelf"     // street and place are typed
)

// meant is the field that holds an address with a slip of which the page asked
// before: who sends it again means it.
const meant = "bedoeld"

// formPage is one page of the form.
type formPage struct {
	*kit.Form
	stand
	way
	App        enrol.Application
	Before     string // the page before this one, for the link back
	Change     bool   // came from the check page and goes back there
	Countries  []string
	ByHand     bool   // street and place are typed
	Unknown    bool   // the register of addresses could not tell the street
	MayConsent bool   // old enough to say yes to the newsletter alone
	Slip       string // the address that was probably meant

	asked url.Values
}

// Prefixes are suggestions; any text is taken.
func (formPage) Prefixes() []string { return customer.Prefixes }

// NotThis reports whether the membership is not for the visitor: it is for people
// of another age, or left the list.
func (p formPage) NotThis() bool {
	return p.Faults.Is(membership.ErrTooYoung) || p.Faults.Is(membership.ErrTooOld) || p.Faults.Is(membership.ErrNoDefinition)
}

// show shows one page with what was typed before, and what is wrong with it when
// the visitor was sent back to look at it. A birth date that was right once says
// at once why it no longer is: whoever is led here from the check must not have to
// guess that the membership changed.
func (s *Site) show(step registration.Page) handler {
	return func(w http.ResponseWriter, r *http.Request, st stand) error {
		var page formPage
		err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
			reg, err := openForm(tx, st)
			if err != nil {
				return err
			}
			if page, err = newFormPage(tx, r, st, reg, step); err != nil {
				return err
			}
			if !page.asked.Has(lookAgain) && (step.Name != registration.PageBirth.Name || reg.App.Birth == "") {
				return nil
			}
			if wrong := registration.Check(tx, reg, step); wrong != nil && !page.Take(wrong) {
				return wrong
			}
			return nil
		})
		if err != nil {
			return s.elsewhere(w, r, st, err)
		}
		if page.Bad() {
			page.inPlainWords(step)
		}
		return s.Show(w, r, http.StatusOK, step.Name, page)
	}
}

// openForm is the visitor's form, if it takes changes.
func openForm(tx *sqldb.Tx, st stand) (registration.Registration, error) {
	reg, err := registration.Current(tx, st.visitor, st.Library.ID)
	if err == nil && reg.State != registration.Open {
		err = registration.ErrOrdered
	}
	return reg, err
}

// elsewhere leads a visitor whose form is not open to where it is.
func (s *Site) elsewhere(w http.ResponseWriter, r *http.Request, st stand, err error) error {
	if errors.Is(err, registration.ErrNone) || errors.Is(err, registration.ErrOrdered) || errors.Is(err, payment.ErrOver) {
		return s.onward(w, r, st, nil)
	}
	return err
}

func newFormPage(tx *sqldb.Tx, r *http.Request, st stand, reg registration.Registration, step registration.Page) (formPage, error) {
	app, today := reg.App, day.Of(tx.Now)
	p := formPage{Form: kit.NewForm(), stand: st, way: way{At: 1}, App: app, Countries: customer.Countries, Slip: st.slip(step, app), asked: r.URL.Query()}
	p.Change = p.asked.Has(changing)
	p.ByHand = p.asked.Has(byHand) || app.Street != "" && app.Checked == "" || abroad(app)
	for _, f := range enrol.Fields {
		p.Set(f.Name, *f.Of(&app))
	}
	if parts := dateParts(app.Birth); len(parts) == len(dateFields) {
		for i, name := range dateFields {
			p.Set(name, parts[i])
		}
	}
	birth := app.BirthDay()
	p.MayConsent = birth != "" && newsletter.MayConsent(birth.Age(today)) == nil
	pages := reg.Pages(today)
	switch i := slices.IndexFunc(pages, func(other registration.Page) bool { return other.Name == step.Name }); {
	case p.Change:
		p.Before = "/aanvraag/controle"
	case i > 0:
		p.Before = "/aanvraag/" + pages[i-1].Name
	default:
		p.Before = "/" + app.Membership
	}
	var err error
	p.Free, err = registration.Free(tx, reg)
	return p, err
}

func abroad(app enrol.Application) bool { return app.Country != "" && app.Country != "NL" }

// addressOf is the address to write to that a page asks for, "" where it asks none.
func addressOf(step registration.Page, app enrol.Application) string {
	switch step.Name {
	case registration.PageParent.Name:
		return app.GuardianEmail
	case registration.PageContact.Name:
		return app.Email
	}
	return ""
}

// slip is the address that was probably meant on a page. The address of the login
// account holds none when mail arrived there.
func (st stand) slip(step registration.Page, app enrol.Application) string {
	address := addressOf(step, app)
	if st.visitor.EmailVerified && address == st.visitor.Email {
		return ""
	}
	return customer.EmailSlip(address)
}

// take keeps what was typed on a page, checks it, and goes on. What is wrong
// loses nothing: the page is shown again from what was kept, with an address of
// its own, so that Back never asks to send a form twice.
func (s *Site) take(step registration.Page) handler {
	return func(w http.ResponseWriter, r *http.Request, st stand) error {
		form, err := kit.ReadForm(r)
		if err != nil {
			return err
		}
		typed, err := s.typed(r, st, step, form)
		if err != nil {
			return s.elsewhere(w, r, st, err)
		}
		change := form.Get(changing) != ""
		var reg registration.Registration
		var wrong error
		var to, found string
		err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
			if reg, err = openForm(tx, st); err != nil {
				return err
			}
			app := reg.App
			for _, f := range fieldsOf(step) { // no others: another tab may have changed those
				*f.Of(&app) = *f.Of(&typed)
			}
			found = streetFound(reg.App, app)
			forgetParent(&app, day.Of(tx.Now))
			if reg, err = registration.Keep(tx, reg, app); err != nil {
				return err
			}
			if wrong = registration.Check(tx, reg, step); wrong != nil && fault.KindOf(wrong) == fault.Internal {
				return wrong
			}
			to = next(reg, step, day.Of(tx.Now), change)
			return nil
		})
		switch {
		case err != nil:
			return s.elsewhere(w, r, st, err)
		case wrong != nil && !form.Take(wrong):
			return wrong
		}
		if says := st.sameAgain(step, form, reg.App); says != nil {
			return s.lead(w, r, st, pageAddress(step, change, says))
		}
		if found != "" {
			s.SetFlash(w, "signup.street_found", found)
		}
		return s.lead(w, r, st, to)
	}
}

// sameAgain tells what must be said in the address of the page that was just sent
// when it is not done with; nil leads on.
func (st stand) sameAgain(step registration.Page, form *kit.Form, app enrol.Application) []string {
	switch {
	case form.Get(byHand) != "":
		return []string{byHand}
	case form.Bad() && form.Values.Has(enrol.FieldStreet):
		return []string{lookAgain, byHand}
	case form.Bad(), st.slip(step, app) != "" && form.Get(meant) != addressOf(step, app):
		return []string{lookAgain}
	}
	return nil
}

func pageAddress(step registration.Page, change bool, says []string) string {
	if change {
		says = append(says, changing)
	}
	q := url.Values{}
	for _, what := range says {
		q.Set(what, "1")
	}
	return "/aanvraag/" + step.Name + "?" + q.Encode()
}

// streetFound is an address of which the register has just told the street.
func streetFound(before, app enrol.Application) string {
	a, err := app.Address()
	if err != nil || app.Checked == "" || app.Checked == before.Checked {
		return ""
	}
	return a.Line() + ", " + a.PlaceLine()
}

// forgetParent keeps no parent of who is old enough: nobody asks for one, and a slip
// in an address that no page shows would stop the order. A date with a slip of its
// own forgets nothing.
func forgetParent(app *enrol.Application, today day.Day) {
	if birth := app.BirthDay(); customer.CheckBirth(birth, today) == nil && birth.Age(today) >= enrol.GuardianAge {
		app.Guardian, app.GuardianEmail = "", ""
	}
}

// typed is the form as the visitor wants it, with the street of a new address. A
// street is looked up outside a transaction: it may take two seconds.
func (s *Site) typed(r *http.Request, st stand, step registration.Page, form *kit.Form) (app enrol.Application, err error) {
	var before enrol.Application
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		reg, err := openForm(tx, st)
		before = reg.App
		return err
	})
	if err != nil {
		return app, err
	}
	app = before
	fill(&app, step, form)
	if step.Name == registration.PageAddress.Name {
		app.LookUp(r.Context(), s.Book, before)
	}
	return app, nil
}

// fill lays what was posted over the fields of a page. A street that the page did
// not ask for is emptied, so that it is looked up anew.
func fill(app *enrol.Application, step registration.Page, form *kit.Form) {
	for _, f := range fieldsOf(step) {
		value := form.Get(f.Name)
		switch f.Name {
		case enrol.FieldChecked: // ours to set
			continue
		case enrol.FieldCountry:
			if value == "" {
				continue
			}
		case enrol.FieldBirth:
			value = birthOf(form)
		case enrol.FieldNewsletter:
			if value != enrol.Yes {
				value = enrol.No // a box without a tick sends nothing; it was asked
			}
		}
		if runes := []rune(value); len(runes) > enrol.FieldMost {
			value = string(runes[:enrol.FieldMost])
		}
		*f.Of(app) = value
	}
}

// fieldsOf are the fields of one page.
func fieldsOf(step registration.Page) (list []enrol.Field) {
	for _, f := range enrol.Fields {
		if slices.Contains(step.Fields, f.Name) {
			list = append(list, f)
		}
	}
	return list
}

// next is the page after a step. A change leads back to the check, unless it
// brought a page along that was not asked before: a parent, for a child.
func next(reg registration.Registration, step registration.Page, today day.Day, change bool) string {
	list := reg.Pages(today)
	for i, p := range list {
		if p.Name != step.Name || i+1 == len(list) {
			continue
		}
		if after := list[i+1]; !change || after.Name == registration.PageParent.Name && reg.App.GuardianEmail == "" {
			return "/aanvraag/" + after.Name
		}
	}
	return "/aanvraag/controle"
}

// drop throws the form away. A payment that is under way is stopped first.
func (s *Site) drop(w http.ResponseWriter, r *http.Request, st stand) error {
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		reg, err := registration.Current(tx, st.visitor, st.Library.ID)
		if err != nil {
			return err
		}
		if reg.State == registration.Ordered {
			if err := s.Office.Stop(tx, reg); err != nil {
				return err
			}
		}
		return registration.Drop(tx, reg)
	})
	if err != nil {
		return s.elsewhere(w, r, st, err)
	}
	s.SetFlash(w, "signup.dropped")
	return s.lead(w, r, st, "")
}

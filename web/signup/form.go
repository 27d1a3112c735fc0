package signup

import (
	"errors"
	"net/http"
	"strings"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/membership"
	"lidwoord/library/newsletter"
	"lidwoord/library/registration"
	"lidwoord/web/kit"
)

// The three fields of a birth date, as NL Design System asks it of the public.
const (
	fieldDay   = "dag"
	fieldMonth = "maand"
	fieldYear  = "jaar"
)

// formPage is one page of the form.
type formPage struct {
	*kit.Form
	stand
	Step       registration.Page
	App        enrol.Application
	Before     string // the page before this one, for the link back
	Change     bool   // came from the check page and goes back there
	Countries  []string
	ByHand     bool   // street and place are typed
	Consent    string // the sentence beside the newsletter
	MayConsent bool   // old enough to say yes alone
	Slip       string // the address that was probably meant
	Child      bool
	Membership string
	Account    string // e-mail address of the login account
}

// At is the second step of the way.
func (formPage) At() int { return 1 }

// Prefixes are suggestions; any text is taken.
func (formPage) Prefixes() []string { return customer.Prefixes }

// date fills in the three fields.
func (p formPage) date() {
	d := p.App.BirthDay()
	parts := strings.SplitN(p.App.Birth, "-", 3)
	if d != "" {
		parts = strings.Split(d.Short(), "-")
	}
	for i, name := range []string{fieldDay, fieldMonth, fieldYear} {
		if i < len(parts) && !p.Form.Values.Has(name) {
			p.Set(name, parts[i])
		}
	}
}

// BirthFaults is what is wrong with the date, as the three fields share one fault.
func (p formPage) BirthFaults() (list []*fault.Error) {
	for _, e := range p.Faults {
		if e.Field == enrol.FieldBirth {
			list = append(list, e)
		}
	}
	return list
}

// OtherAge reports whether the membership is for people of another age.
func (p formPage) OtherAge() bool {
	return p.Faults.Is(membership.ErrTooYoung) || p.Faults.Is(membership.ErrTooOld)
}

// show shows one page with what was typed before.
func (s *Site) show(step registration.Page) handler {
	return func(w http.ResponseWriter, r *http.Request, st stand) error {
		var page formPage
		err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
			reg, err := openForm(tx, st)
			if err != nil {
				return err
			}
			page, err = newFormPage(tx, r, st, reg, step)
			return err
		})
		if err != nil {
			return s.elsewhere(w, r, st, err)
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
	if errors.Is(err, registration.ErrNone) || errors.Is(err, registration.ErrOrdered) {
		return s.onward(w, r, st, nil)
	}
	return err
}

func newFormPage(tx *sqldb.Tx, r *http.Request, st stand, reg registration.Registration, step registration.Page) (formPage, error) {
	today := day.Of(tx.Now)
	p := formPage{Form: kit.NewForm(), stand: st, Step: step, App: reg.App, Change: r.URL.Query().Has("wijzig") || r.PostFormValue("wijzig") != "",
		Countries: customer.Countries, Consent: newsletter.Text(lang(r)), Child: reg.Child(today), Account: st.visitor.Email}
	for _, f := range enrol.Fields {
		p.Set(f.Name, *f.Of(&p.App))
	}
	birth := reg.App.BirthDay()
	p.MayConsent = birth != "" && newsletter.MayConsent(birth.Age(today)) == nil
	p.ByHand = reg.App.Street != "" && reg.App.Checked == "" || r.URL.Query().Has("zelf") || reg.App.Country != "" && reg.App.Country != "NL"
	p.Slip = customer.EmailSlip(reg.App.Email)
	for i, other := range reg.Pages(today) {
		if other.Name == step.Name && i > 0 {
			p.Before = "/aanvraag/" + reg.Pages(today)[i-1].Name
		}
	}
	if p.Change {
		p.Before = "/aanvraag/controle"
	} else if p.Before == "" {
		p.Before = "/" + reg.App.Membership
	}
	if step.Name == registration.PageBirth.Name {
		p.date()
	}
	d, err := membership.FindDefinition(tx, st.Library.ID, reg.App.Membership)
	if errors.Is(err, membership.ErrNoDefinition) {
		err = nil
	}
	p.Membership = d.Name(lang(r))
	return p, err
}

// fill lays what was posted over the form. What the page does not send stays.
func fill(app *enrol.Application, step registration.Page, form *kit.Form) {
	if step.Name == registration.PageBirth.Name {
		form.Set(enrol.FieldBirth, "")
		if d, m, y := form.Get(fieldDay), form.Get(fieldMonth), form.Get(fieldYear); d+m+y != "" {
			form.Set(enrol.FieldBirth, d+"-"+m+"-"+y)
		}
	}
	if step.Name == registration.PageContact.Name && form.Get(enrol.FieldNewsletter) == "" {
		form.Set(enrol.FieldNewsletter, enrol.No) // a box without a tick sends nothing; it was asked
	}
	for _, name := range step.Fields {
		if name == enrol.FieldChecked { // ours to set
			continue
		}
		value := form.Get(name)
		if runes := []rune(value); len(runes) > enrol.FieldMost {
			value = string(runes[:enrol.FieldMost])
		}
		for _, f := range enrol.Fields {
			if f.Name == name && (value != "" || name != enrol.FieldCountry) {
				*f.Of(app) = value
			}
		}
	}
}

// take keeps what was typed on a page, checks it, and goes on. What is wrong
// loses nothing.
func (s *Site) take(step registration.Page) handler {
	return func(w http.ResponseWriter, r *http.Request, st stand) error {
		form, err := kit.ReadForm(r)
		if err != nil {
			return err
		}
		var before enrol.Application
		err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
			reg, err := openForm(tx, st)
			before = reg.App
			return err
		})
		if err != nil {
			return s.elsewhere(w, r, st, err)
		}
		app := before
		fill(&app, step, form)
		if step.Name == registration.PageAddress.Name {
			app.LookUp(r.Context(), s.Book, before) // outside a transaction: it may take two seconds
		}
		var page formPage
		var wrong error
		to := "/aanvraag/controle"
		err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
			reg, err := openForm(tx, st)
			if err != nil {
				return err
			}
			now := reg.App
			merge(&now, app, step)
			if reg, err = registration.Keep(tx, reg, now); err != nil {
				return err
			}
			if wrong = registration.Check(tx, reg, step); wrong != nil {
				if notForForms(wrong) {
					return wrong
				}
				page, err = newFormPage(tx, r, st, reg, step)
				return err
			}
			to = next(reg, step, day.Of(tx.Now), form.Get("wijzig") != "")
			return nil
		})
		if err != nil {
			return s.elsewhere(w, r, st, err)
		}
		if wrong != nil {
			page.Take(wrong)
			page.ByHand = page.ByHand || step.Name == registration.PageAddress.Name && streetMissing(page.Faults)
			return s.Show(w, r, http.StatusUnprocessableEntity, step.Name, page)
		}
		return s.Redirect(w, r, "%s", st.Path(to))
	}
}

// merge takes over the fields of one page, so that another tab's other page is
// not written back to what it was.
func merge(into *enrol.Application, from enrol.Application, step registration.Page) {
	for _, f := range enrol.Fields {
		for _, name := range step.Fields {
			if f.Name == name {
				*f.Of(into) = *f.Of(&from)
			}
		}
	}
}

// streetMissing reports whether all that is wrong is that nobody knows the street.
func streetMissing(faults fault.List) bool {
	for _, e := range faults {
		if e.Field == enrol.FieldStreet || e.Field == enrol.FieldPlace {
			return true
		}
	}
	return false
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

// drop throws the form away.
func (s *Site) drop(w http.ResponseWriter, r *http.Request, st stand) error {
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		reg, err := registration.Current(tx, st.visitor, st.Library.ID)
		if err != nil {
			return err
		}
		return registration.Drop(tx, reg)
	})
	if err != nil {
		return s.elsewhere(w, r, st, err)
	}
	s.SetFlash(w, "signup.dropped")
	return s.Redirect(w, r, "%s", st.Path(""))
}

package desk

import (
	"errors"
	"net/http"
	"strings"

	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/membership"
	"lidwoord/library/newsletter"
	"lidwoord/web/kit"
)

// Snel inschrijven is for a clerk who knows the form by heart. The keys beside the
// typed data, with the script, for a person at an address that the address book
// knows and with an IBAN whose bank is known:
//
//	v Tab (2)                        Klantnummer; v shows the row of V's, no question
//	Tab Tab Tab Tab (4)              Voorletters, Voorvoegsel, Achternaam, Roepnaam
//	Tab Tab Tab (3)                  Geboortedatum, Postcode, Huisnummer; straat and plaats are passed over
//	Tab (1)                          Toevoeging
//	Tab (1)                          IBAN; BIC is passed over
//	Space Tab (2)                    Legitimatie gecontroleerd? Ja
//	Tab (1)                          Gebruik inlogaccount stands at Ja
//	Enter (1)                        in E-mail: checks, and shows the Opbouw
//	Enter (1)                        Opslaan has the focus
//
// A browser test counts them, and fails above twenty-five.

func (s *Site) showQuick(w http.ResponseWriter, r *http.Request, c counter) error {
	var page wizardPage
	var to string
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		d, saved, err := open(tx, c, r.PathValue("draft"))
		if to = saved; err != nil || to != "" {
			return err
		}
		page = newWizardPage(tx, c, d, enrol.AllSteps)
		return prepareQuick(tx, c, &page)
	})
	if err != nil {
		return err
	}
	if to != "" {
		return s.Redirect(w, r, "%s", to)
	}
	if page.Cost != nil && page.Cost.Digest != page.Draft.App.BuildUp {
		page.Cost = nil // not checked yet
	}
	return s.Show(w, r, http.StatusOK, "quick", page)
}

// prepareQuick adds all that the one screen shows.
func prepareQuick(tx *sqldb.Tx, c counter, p *wizardPage) error {
	if err := preparePerson(tx, c, p); err != nil {
		return err
	}
	p.Quick, p.Ask, p.Consent = true, false, newsletter.Text(c.lang)
	list, err := definitions(tx, c, p)
	if err != nil {
		return err
	}
	if p.Draft.App.Membership == "" {
		for _, d := range list {
			if d.Rights.Digital && !d.Rights.Physical {
				p.Draft.App.Membership = d.Code // what this screen is mostly for
				break
			}
		}
		p.Set(enrol.FieldMembership, p.Draft.App.Membership)
	}
	p.Offers = offers(list, max(p.Age, 0), p.Draft.App.Membership)
	p.Cost, err = costOf(tx, c, p.Draft.App)
	return err
}

// definitions are the memberships to choose from: those for the person's age, or
// all of the desk while the birth date is not known.
func definitions(tx *sqldb.Tx, c counter, p *wizardPage) ([]membership.Definition, error) {
	if p.Birth != "" {
		return enrol.Offers(tx, c.clerk(), p.Draft.App)
	}
	p.Age = membership.AdultAge // prices as in the list
	return membership.Offered(tx, c.branch, membership.AdultAge, membership.Desk)
}

// quick checks everything and shows the Opbouw; a second Enter saves.
func (s *Site) quick(w http.ResponseWriter, r *http.Request, c counter) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	id := r.PathValue("draft")
	app, err := s.fill(r.Context(), c, id, enrol.AllSteps, form)
	if err != nil {
		return s.orResult(w, r, err)
	}
	if customer.IsSystemNumber(app.Number) {
		app.Number = customer.SystemNumber
	}
	if app.Account == "" {
		app.Account = enrol.NewAccount
	}
	if form.Is("doe", "opslaan") {
		err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return s.saveForm(tx, c, enrol.Draft{ID: id, App: app}) })
		switch {
		case err == nil || errors.Is(err, enrol.ErrSaved):
			return s.Redirect(w, r, "/klant/nieuw/%s/klaar?snel=1", id)
		case !form.Take(err):
			return err
		}
	}
	return s.quickCheck(w, r, c, id, app, form)
}

// quickCheck keeps and checks the whole form; what stood in the way of saving
// is in the form already.
func (s *Site) quickCheck(w http.ResponseWriter, r *http.Request, c counter, id string, app enrol.Application, form *kit.Form) error {
	var page wizardPage
	var to string
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		up, err := costOf(tx, c, app)
		if err != nil {
			return err
		}
		app.BuildUp = ""
		if up != nil {
			app.BuildUp = up.Digest
		}
		d, err := enrol.KeepDraft(tx, c.clerk(), id, app)
		if err != nil {
			return err
		}
		to, page, err = s.quickOnward(tx, c, d, form)
		return err
	})
	switch {
	case err != nil:
		return s.orResult(w, r, err)
	case to != "":
		return s.Redirect(w, r, "%s", to)
	}
	page.Faults = append(page.Faults, form.Faults...)
	if page.Cost != nil && page.Bad() {
		page.Cost.Changed = errors.Is(page.Faults, enrol.ErrBuildUpChanged)
	}
	return s.Show(w, r, http.StatusUnprocessableEntity, "quick", page)
}

func (s *Site) quickOnward(tx *sqldb.Tx, c counter, d enrol.Draft, form *kit.Form) (to string, page wizardPage, err error) {
	switch do := form.Get("doe"); {
	case strings.HasPrefix(do, doOpen):
		to, _, err = s.afterPerson(tx, c, d, form)
		return to, page, err
	case strings.HasPrefix(do, doTakeBack):
		_, _, err = s.afterPerson(tx, c, d, form)
		return "/klant/snel/" + d.ID, page, err
	case do == doNumber:
		d.App.Number = ""
		_, err = enrol.KeepDraft(tx, c.clerk(), d.ID, d.App)
		return "/klant/snel/" + d.ID, page, err
	}
	wrong, err := checked(tx, c, d.App, enrol.AllSteps)
	if err == nil && wrong == nil && !form.Bad() {
		return "/klant/snel/" + d.ID, page, nil
	}
	if err == nil && wrong != nil && begun(d.App) && form.Is("doe", doEnter) { // a scanner's Enter
		if !about(wrong, enrol.FieldNumber) || errors.Is(wrong, enrol.ErrAgain) {
			return "/klant/snel/" + d.ID, page, nil
		}
		wrong = only(wrong, enrol.FieldNumber)
	}
	if err != nil {
		return "", page, err
	}
	page = newWizardPage(tx, c, d, enrol.AllSteps)
	if wrong != nil && !form.Bad() {
		page.Take(wrong)
	}
	return "", page, prepareQuick(tx, c, &page)
}

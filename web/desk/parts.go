package desk

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/web/kit"
)

// note is what the script hears about one field: what to write into fields, and
// a sentence for beside it.
type note struct {
	OK   bool              `json:"ok"`
	Text string            `json:"text"`
	Set  map[string]string `json:"set,omitempty"`
	Form bool              `json:"form,omitempty"` // send the whole form: the page has something to ask
	More string            `json:"more,omitempty"` // "young": the form asks for a parent

	Open     string `json:"open,omitempty"` // address of a page to look at
	OpenText string `json:"openText,omitempty"`
}

func (s *Site) note(w http.ResponseWriter, n note) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(w).Encode(n)
}

// say is a sentence of the catalogue in the clerk's language.
func (s *Site) say(c counter, key string, args ...any) string {
	return s.Words.Text(c.lang, key, args...)
}

// complain turns a fault into the sentence beside the field.
func (s *Site) complain(w http.ResponseWriter, c counter, err error) error {
	list := fault.Of(err)
	if len(list) == 0 {
		return err
	}
	return s.note(w, note{Text: s.say(c, list[0].Key, list[0].Args...)})
}

// typed reads the form so far, over an empty one.
func typed(r *http.Request) (enrol.Application, error) {
	form, err := kit.ReadForm(r)
	if err != nil {
		return enrol.Application{}, err
	}
	app := enrol.Blank("")
	app.Fill(enrol.AllSteps, form.Values)
	return app, nil
}

func (s *Site) partNumber(w http.ResponseWriter, r *http.Request, c counter) error {
	app, err := typed(r)
	if err != nil {
		return err
	}
	if customer.IsSystemNumber(app.Number) {
		return s.note(w, note{OK: true, Text: s.say(c, "desk.number_on_save"), Set: map[string]string{enrol.FieldNumber: customer.SystemNumber}})
	}
	var check customer.NumberCheck
	var holder customer.Customer
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		check, err = customer.CheckNumber(tx, c.branch.OrganisationID, app.Number)
		if errors.Is(err, customer.ErrNumberInUse) {
			if who, err := customer.FindByNumber(tx, check.Number); err == nil {
				holder = who
			}
		}
		return err
	})
	switch {
	case holder.ID != "":
		return s.note(w, note{Text: s.say(c, "desk.number_of", holder.Listed()), Open: s.Link("/klanten/%s", holder.ID), OpenText: s.say(c, "desk.open_customer")})
	case err != nil:
		return s.complain(w, c, err)
	case check.State == customer.NumberExpired && app.Again != enrol.Yes:
		return s.note(w, note{Form: true})
	}
	return s.note(w, note{OK: true, Text: s.say(c, "desk.number_free"), Set: map[string]string{enrol.FieldNumber: check.Number}})
}

func (s *Site) partBirth(w http.ResponseWriter, r *http.Request, c counter) error {
	app, err := typed(r)
	if err != nil {
		return err
	}
	born, err := day.Parse(app.Birth)
	today := day.Of(s.DB.Now())
	if err == nil {
		err = customer.CheckBirth(born, today)
	}
	if err != nil {
		return s.complain(w, c, err)
	}
	n := note{OK: true, Text: s.say(c, "desk.birth_read", born, born.Age(today))}
	if born.Age(today) < enrol.GuardianAge {
		n.More = "young"
	}
	return s.note(w, n)
}

// partAddress looks an address up while the clerk goes on typing.
func (s *Site) partAddress(w http.ResponseWriter, r *http.Request, c counter) error {
	app, err := typed(r)
	if err != nil {
		return err
	}
	address, err := app.Address()
	if err != nil {
		return s.complain(w, c, err)
	}
	found, err := customer.LookUp(r.Context(), s.Book, address)
	if err != nil {
		return s.complain(w, c, err)
	}
	app.Street, app.Place = found.Street, found.Place
	return s.note(w, note{OK: true, Text: s.say(c, "desk.address_found"), Set: map[string]string{
		enrol.FieldStreet: found.Street, enrol.FieldPlace: found.Place, enrol.FieldChecked: app.AddressMark()}})
}

// partBank checks an IBAN and finds its BIC.
func (s *Site) partBank(w http.ResponseWriter, r *http.Request, c counter) error {
	app, err := typed(r)
	if err != nil {
		return err
	}
	iban, bic, err := customer.CheckBank(app.IBAN, app.BIC)
	switch {
	case err != nil && app.BIC != "" && strings.TrimSpace(app.IBAN) != "":
		// A BIC that stayed behind from another IBAN must not hide the right one.
		if again, own, fine := customer.CheckBank(app.IBAN, ""); fine == nil && own != "" {
			iban, bic, err = again, own, nil
		}
	}
	if err != nil {
		return s.complain(w, c, err)
	}
	n := note{OK: true, Set: map[string]string{enrol.FieldIBAN: customer.ShowIBAN(iban), enrol.FieldBIC: bic}}
	if iban != "" {
		n.Text = s.say(c, "desk.iban_right")
	}
	return s.note(w, n)
}

// partEmail asks whether an address is meant as it stands. A slip is the slowest
// mistake of all: the mail never comes, and the customer stands here again.
func (s *Site) partEmail(w http.ResponseWriter, r *http.Request, c counter) error {
	app, err := typed(r)
	if err != nil {
		return err
	}
	if _, err := customer.CleanEmail(app.Email); err != nil {
		return s.complain(w, c, err)
	}
	if meant := customer.EmailSlip(app.Email); meant != "" {
		return s.note(w, note{Text: s.say(c, "desk.email_slip", meant)})
	}
	return s.note(w, note{OK: true})
}

// partDuplicates refreshes the panel with who may be the same person.
func (s *Site) partDuplicates(w http.ResponseWriter, r *http.Request, c counter) error {
	app, err := typed(r)
	if err != nil {
		return err
	}
	var page wizardPage
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		page = newWizardPage(tx, c, enrol.Draft{App: app}, enrol.StepPerson)
		return preparePerson(tx, c, &page)
	})
	if err != nil {
		return err
	}
	return s.ShowPart(w, r, "person", "alike", page)
}

// partBuildUp is the live Opbouw of the quick path.
func (s *Site) partBuildUp(w http.ResponseWriter, r *http.Request, c counter) error {
	app, err := typed(r)
	if err != nil {
		return err
	}
	var page wizardPage
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page = newWizardPage(tx, c, enrol.Draft{App: app}, enrol.AllSteps)
		page.Cost, err = costOf(tx, c, app)
		return err
	})
	if err != nil {
		return err
	}
	return s.ShowPart(w, r, "quick", "live", page)
}

// keep keeps a form while it is being typed.
func (s *Site) keep(w http.ResponseWriter, r *http.Request, c counter) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	step, known := enrol.AllSteps, form.Is("stap", "quick")
	for _, st := range steps {
		if form.Is("stap", st.page) {
			step, known = st.number, true
		}
	}
	if !known {
		return kit.ErrBadForm
	}
	var at string
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		d, err := enrol.OpenDraft(tx, c.clerk(), r.PathValue("draft"))
		if err != nil {
			return err
		}
		seen := d.App.BuildUp // what a check wrote down, typing does not take away
		d.App.Fill(step, form.Values)
		d.App.BuildUp = seen
		at = clock(tx.Now)
		_, err = enrol.KeepDraft(tx, c.clerk(), d.ID, d.App)
		return err
	})
	if err != nil {
		return err
	}
	return s.note(w, note{OK: true, Text: s.say(c, "desk.kept_at", at)})
}

// drop throws a draft away. The page asked first.
func (s *Site) drop(w http.ResponseWriter, r *http.Request, c counter) error {
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return enrol.DropDraft(tx, c.clerk(), r.PathValue("draft")) })
	if err != nil {
		return err
	}
	s.SetFlash(w, "desk.draft_dropped")
	return s.Redirect(w, r, "/")
}

package desk

import (
	"net/http"

	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/web/kit"
)

// loginPage is a step about one customer's login account.
type loginPage struct {
	*kit.Form
	Customer customer.Customer
	Login    enrol.Login
	Differs  bool
}

// loginPage shows such a step.
func (s *Site) loginPage(w http.ResponseWriter, r *http.Request, c counter, status int, name string, form *kit.Form) error {
	page := loginPage{Form: form}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Customer, err = c.find(tx, r.PathValue("id")); err != nil {
			return err
		}
		page.Login, err = s.Office.LoginState(tx, page.Customer.ID)
		page.Differs = enrol.Differs(page.Login, page.Customer.Email)
		return err
	})
	if err != nil {
		return err
	}
	if !form.Values.Has(enrol.FieldEmail) {
		form.Set(enrol.FieldEmail, page.Customer.Email)
	}
	return s.Show(w, r, status, name, page)
}

// act does something with a login account and goes back to the customer, with a
// sentence about what happened, or about why it did not.
func (s *Site) act(w http.ResponseWriter, r *http.Request, c counter, flash string, do func(tx *sqldb.Tx, id string) error) error {
	id := r.PathValue("id")
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return do(tx, id) })
	if err != nil {
		form := kit.NewForm()
		if form.Take(err) {
			return s.customerPage(w, r, c, kit.Status(err), form)
		}
		return err
	}
	s.SetFlash(w, flash)
	return s.Redirect(w, r, "/klanten/%s#inlogaccount", id)
}

// resend is Opnieuw sturen: a fresh link; the old one dies.
func (s *Site) resend(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.act(w, r, c, "desk.resent", func(tx *sqldb.Tx, id string) error {
		_, err := s.Office.Resend(tx, c.clerk(), id)
		return err
	})
}

// askForget asks whether the clerk is sure: an account that was never activated
// is deleted.
func (s *Site) askForget(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.loginPage(w, r, c, http.StatusOK, "forget", kit.NewForm())
}

// forget is Vergeet inlogaccount.
func (s *Site) forget(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.act(w, r, c, "desk.forgotten", func(tx *sqldb.Tx, id string) error { return s.Office.Forget(tx, c.clerk(), id) })
}

// generate is Nieuw inlogaccount genereren for who has none (any more).
func (s *Site) generate(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.act(w, r, c, "desk.generated_anew", func(tx *sqldb.Tx, id string) error {
		_, err := s.Office.Generate(tx, c.clerk(), id)
		return err
	})
}

func (s *Site) showEmail(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.loginPage(w, r, c, http.StatusOK, "email", kit.NewForm())
}

// changeEmail is E-mail wijzigen. What it means for the login account depends on
// whether the account sleeps or is in use.
func (s *Site) changeEmail(w http.ResponseWriter, r *http.Request, c counter) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	var change enrol.EmailChange
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		change, err = s.Office.ChangeEmail(tx, c.clerk(), id, form.Get(enrol.FieldEmail))
		return err
	})
	if err != nil {
		if form.Take(err) {
			return s.loginPage(w, r, c, kit.Status(err), "email", form)
		}
		return err
	}
	switch {
	case change.Sent:
		s.SetFlash(w, "desk.email_changed_sent")
	case change.Differs:
		s.SetFlash(w, "desk.email_changed_differs")
	default:
		s.SetFlash(w, "desk.email_changed")
	}
	return s.Redirect(w, r, "/klanten/%s#inlogaccount", id)
}

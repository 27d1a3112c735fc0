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
	Step     bool     // the account has a second step
	Removal  *removal // of it, that waits
	Kept     *kept    // the owner's no to the last one
	Renumber bool     // a new login account after this one gives the customer another number

	RemovalHours int // from when one is asked until it is done
}

// loginPage shows such a step.
func (s *Site) loginPage(w http.ResponseWriter, r *http.Request, c counter, status int, name string, form *kit.Form) error {
	page := loginPage{Form: form, RemovalHours: s.removalHours()}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Customer, err = c.find(tx, r.PathValue("id")); err != nil {
			return err
		}
		page.Login, err = s.Office.LoginState(tx, page.Customer.ID)
		page.Differs = enrol.Differs(page.Login, page.Customer.Email)
		if err != nil {
			return err
		}
		since, err := s.Office.SecondStep(tx, page.Customer.ID)
		if err != nil {
			return err
		}
		page.Step = !since.IsZero()
		if page.Removal, err = s.removalOf(tx, c, page.Customer.ID); err != nil {
			return err
		}
		if page.Kept, err = s.keptOf(tx, c, page.Customer.ID); err != nil {
			return err
		}
		page.Renumber, err = s.Office.Renumbers(tx, page.Customer.ID)
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

// told is the sentence about what happened.
type told struct {
	key  string
	args []string
}

// act does something with a login account and goes back to the customer or to the list
// where its button stood, with a sentence about what happened, or about why it did not.
func (s *Site) act(w http.ResponseWriter, r *http.Request, c counter, do func(tx *sqldb.Tx, id string) (told, error)) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	var flash told
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) { flash, err = do(tx, id); return err })
	if err != nil {
		if wrong := kit.NewForm(); wrong.Take(err) {
			return s.customerPage(w, r, c, kit.Status(err), wrong)
		}
		return err
	}
	s.SetFlash(w, flash.key, flash.args...)
	return s.backFrom(w, r, form, id)
}

// resend is Opnieuw sturen: a fresh link; the old one dies.
func (s *Site) resend(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.act(w, r, c, func(tx *sqldb.Tx, id string) (told, error) {
		_, err := s.Office.Resend(tx, c.clerk(), id)
		return told{key: "desk.resent"}, err
	})
}

// generated is what to say of a new login account. A number that changed with it is
// told, because it stands on letters and in the customer's head.
func generated(login enrol.Login, before customer.Customer) told {
	if login.Username != before.Number {
		return told{"desk.generated_renumbered", []string{login.Username, before.Number}}
	}
	return told{key: "desk.generated_anew"}
}

// askForget asks whether the clerk is sure: an account that was never activated
// is deleted.
func (s *Site) askForget(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.loginPage(w, r, c, http.StatusOK, "forget", kit.NewForm())
}

// forget is Vergeet inlogaccount.
func (s *Site) forget(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.act(w, r, c, func(tx *sqldb.Tx, id string) (told, error) {
		return told{key: "desk.forgotten"}, s.Office.Forget(tx, c.clerk(), id)
	})
}

// generate is Nieuw inlogaccount genereren for who has none (any more).
func (s *Site) generate(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.act(w, r, c, func(tx *sqldb.Tx, id string) (told, error) {
		before, err := c.find(tx, id)
		if err != nil {
			return told{}, err
		}
		login, err := s.Office.Generate(tx, c.clerk(), id)
		return generated(login, before), err
	})
}

func (s *Site) showEmail(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.loginPage(w, r, c, http.StatusOK, "email", s.keptForm(r, c, "desk.save"))
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

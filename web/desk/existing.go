package desk

import (
	"errors"
	"net/http"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/enrol"
	"lidwoord/web/kit"
)

// showCode asks for the code that the owner of an existing login account got by
// mail. It looks the same whether or not there is such an account: what a
// stranger learns at a desk, nobody can unlearn.
func (s *Site) showCode(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.codePage(w, r, c, http.StatusOK, nil)
}

// codeWorks stands in the address of the page with the code when the same was
// asked once more: no new letter went, and the page says so.
const codeWorks = "nog"

func (s *Site) codePage(w http.ResponseWriter, r *http.Request, c counter, status int, wrong error) error {
	var page wizardPage
	var to string
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		d, saved, err := open(tx, c, r.PathValue("draft"))
		if to = saved; err != nil || to != "" {
			return err
		}
		if !d.App.WantsExisting() || !d.Asked && d.Proved == "" {
			to = "/klant/nieuw/" + d.ID + "/inlogaccount"
		}
		if d.Proved != "" {
			to = "/klant/nieuw/" + d.ID + "/abonnement"
		}
		page = newWizardPage(tx, c, d, enrol.StepAccount)
		page.Still = r.URL.Query().Has(codeWorks)
		q, open, err := s.Office.Asked(tx, d)
		if err == nil && open {
			page.Phone, err = s.phone(c, q, "/klant/nieuw/"+d.ID+"/code")
		}
		return err
	})
	if err != nil {
		return err
	}
	if to != "" {
		return s.Redirect(w, r, "%s", to)
	}
	page.Held = heldBy(wrong)
	if errors.Is(wrong, enrol.ErrCode) {
		wrong = page.Phone.wrongCode()
	}
	if wrong != nil && !page.Take(wrong) {
		return wrong
	}
	return s.Show(w, r, status, "code", page)
}

// errNotYet means that nobody answered on a telephone.
var errNotYet = fault.New(fault.Conflict, "desk.phone_not_yet")

// proveOwner takes the code or the answer on a telephone, or sends a new code. The transaction is committed
// also when the code is wrong: a wrong try has to count.
func (s *Site) proveOwner(w http.ResponseWriter, r *http.Request, c counter) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	id := r.PathValue("draft")
	again, answered := form.Is("doe", doAskCode), form.Is("doe", doAnswered)
	proved, mailed := false, false
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		d, _, err := open(tx, c, id)
		switch {
		case err != nil:
			return err
		case again:
			mailed = d.App.Username != ""
			return s.Office.AskOwner(tx, c.clerk(), id, d.App.Username)
		case d.Proved != "":
			proved = true // pressed twice
			return nil
		case answered:
			proved, err = s.Office.TakeOwner(tx, c.clerk(), id)
			return err
		}
		proved, err = s.Office.ProveOwner(tx, c.clerk(), id, form.Get(enrol.FieldCode))
		return err
	})
	switch {
	case errors.Is(err, enrol.ErrSaved):
		return s.orResult(w, r, err)
	case err != nil && fault.KindOf(err) == fault.Internal:
		return err
	case err != nil:
		return s.codePage(w, r, c, kit.Status(err), err)
	case again:
		if mailed {
			s.SetFlash(w, "desk.code_sent_again")
		}
		return s.Redirect(w, r, "/klant/nieuw/%s/code", id)
	case !proved && answered:
		return s.codePage(w, r, c, kit.Status(errNotYet), errNotYet)
	case !proved:
		return s.codePage(w, r, c, http.StatusUnprocessableEntity, enrol.ErrCode.At(enrol.FieldCode))
	}
	s.SetFlash(w, "desk.owner_proved")
	return s.Redirect(w, r, "/klant/nieuw/%s/abonnement", id)
}

package desk

import (
	"errors"
	"html/template"
	"net/http"
	"strings"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/web/kit"
)

// What the buttons of a page that waits for an owner say.
const (
	doAskCode  = "nieuwe-code" // a new question
	doAnswered = "gelukt"      // Is het gelukt?
)

// phone is the question to an account's owner as a clerk's screen shows it: the
// customer opens the page on an own telephone, because a password has no
// business at a desk.
type phone struct {
	enrol.Asked
	QR      template.HTML
	Address string // the same to type over, without what a browser adds itself
	Action  string // of the form Is het gelukt?
	Stand   string // asked by the script whether it is
}

func (s *Site) phone(c counter, q enrol.Asked, action string) (*phone, error) {
	drawn, err := kit.QR(q.Page, s.say(c, "desk.phone_qr"))
	if err != nil {
		return nil, err
	}
	_, address, _ := strings.Cut(q.Page, "://")
	return &phone{Asked: q, QR: drawn, Address: address, Action: action, Stand: action + "/stand"}, nil
}

// errCodeAgain asks for the code once more while there are tries left. What is
// left counts alike where no such account exists.
var errCodeAgain = fault.New(fault.Invalid, "desk.code_wrong")

// wrongCode says what a wrong code means now.
func (p *phone) wrongCode() error {
	if p == nil || p.Left == 0 {
		return enrol.ErrCode.At(enrol.FieldCode)
	}
	return errCodeAgain.With(p.Left).At(enrol.FieldCode)
}

// heldBy is the customer who has the account that somebody confirmed, "" for none.
func heldBy(err error) string {
	if held := (*enrol.HeldError)(nil); errors.As(err, &held) {
		return held.Holder.ID
	}
	return ""
}

// linkPage is Bestaand inlogaccount koppelen, for who is a customer already.
type linkPage struct {
	*kit.Form
	Customer customer.Customer
	Login    enrol.Login
	Phone    *phone // nil while nobody is asked
	Held     string // the customer who has the account that the owner confirmed
}

func (s *Site) showLink(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.linkPage(w, r, c, s.keptForm(r, c, "desk.link_ask"), nil)
}

// linkPage shows the page, with what went wrong.
func (s *Site) linkPage(w http.ResponseWriter, r *http.Request, c counter, form *kit.Form, wrong error) error {
	page := linkPage{Form: form, Held: heldBy(wrong)}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Customer, err = c.find(tx, r.PathValue("id")); err != nil {
			return err
		}
		if page.Login, err = s.Office.LoginState(tx, page.Customer.ID); err != nil {
			return err
		}
		q, open, err := s.Office.LinkAsked(tx, c.clerk(), page.Customer.ID)
		if err == nil && open {
			page.Phone, err = s.phone(c, q, "/klanten/"+page.Customer.ID+"/inlogaccount/koppelen")
		}
		return err
	})
	if err != nil {
		return err
	}
	if page.Login.Username != "" { // linked meanwhile
		return s.Redirect(w, r, "/klanten/%s#inlogaccount", page.Customer.ID)
	}
	if wrong == nil {
		return s.Show(w, r, http.StatusOK, "link", page)
	}
	if errors.Is(wrong, enrol.ErrCode) {
		wrong = page.Phone.wrongCode()
	}
	if !form.Take(wrong) {
		return wrong
	}
	return s.Show(w, r, kit.Status(wrong), "link", page)
}

// link asks the owner, takes the code, or looks whether the owner answered. The
// transaction is committed also when the code is wrong: a wrong try has to count.
func (s *Site) link(w http.ResponseWriter, r *http.Request, c counter) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	id, do := r.PathValue("id"), form.Get("doe")
	linked := false
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		switch do {
		case doAskCode:
			err = s.Office.AskLink(tx, c.clerk(), id, form.Get(enrol.FieldUsername))
		case doAnswered:
			linked, err = s.Office.TakeLink(tx, c.clerk(), id)
		default:
			linked, err = s.Office.ProveLink(tx, c.clerk(), id, form.Get(enrol.FieldCode))
		}
		return err
	})
	switch {
	case err != nil && fault.KindOf(err) == fault.Internal:
		return err
	case err != nil:
		return s.linkPage(w, r, c, form, err)
	case do == doAskCode:
		return s.Redirect(w, r, "/klanten/%s/inlogaccount/koppelen", id)
	case !linked && do == doAnswered:
		return s.linkPage(w, r, c, form, errNotYet)
	case !linked:
		return s.linkPage(w, r, c, form, enrol.ErrCode)
	}
	s.SetFlash(w, "desk.linked")
	return s.Redirect(w, r, "/klanten/%s#inlogaccount", id)
}

// linkStand tells the script whether the owner answered.
func (s *Site) linkStand(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.stand(w, r, func(tx *sqldb.Tx) (q enrol.Asked, err error) {
		q, _, err = s.Office.LinkAsked(tx, c.clerk(), r.PathValue("id"))
		return q, err
	})
}

// codeStand does the same for a draft.
func (s *Site) codeStand(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.stand(w, r, func(tx *sqldb.Tx) (q enrol.Asked, err error) {
		d, err := enrol.OpenDraft(tx, c.clerk(), r.PathValue("draft"))
		if err != nil {
			return q, err
		}
		q, _, err = s.Office.Asked(tx, d)
		return q, err
	})
}

func (s *Site) stand(w http.ResponseWriter, r *http.Request, asked func(*sqldb.Tx) (enrol.Asked, error)) error {
	var q enrol.Asked
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		q, err = asked(tx)
		return err
	})
	if err != nil {
		return err
	}
	return s.note(w, note{OK: q.Agreed, Form: q.Open})
}

package login

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/identity/account"
	"lidwoord/identity/signon"
	"lidwoord/web/kit"
)

var errNoEmail = fault.New(fault.Invalid, "login.no_email").At(account.FieldEmail)

// registerPage is the form for a new account, and the page after it.
type registerPage struct {
	*kit.Form
	Request string          // id of the request of another site, or ""
	Client  string          // its name
	Account account.Account // of whoever is signed in already
	Until   time.Time       // until when the mailed link works
}

// Query is what the addresses of these pages carry on.
func (p registerPage) Query() string {
	if p.Request == "" {
		return ""
	}
	return "?" + url.Values{"verzoek": {p.Request}}.Encode()
}

// What the form for a new account begins with.
const (
	fillParam = "vul"
	fillEmpty = "niets"  // it is for somebody else than the site that asked thinks
	fillSame  = "zelfde" // what was typed for the letter that left last
)

// Other is what the form must know to show again what was typed.
func (p registerPage) Other() string { return p.filled(fillSame) }

func (p registerPage) filled(how string) string {
	q := url.Values{fillParam: {how}}
	if p.Request != "" {
		q.Set("verzoek", p.Request)
	}
	return "?" + q.Encode()
}

// SignIn is what the sign-in page must know of a visitor who has an account.
func (p registerPage) SignIn() string {
	if p.Request == "" {
		return ""
	}
	return "?" + url.Values{"verzoek": {p.Request}, "kies": {have}}.Encode()
}

// registerAddress is the form for a new account that answers a request.
func (s *Site) registerAddress(request string) string {
	return s.Link("/nieuw") + registerPage{Request: request}.Query()
}

// pending finds the open request of a page; a page may have none.
func (s *Site) pending(tx *sqldb.Tx, page *registerPage) (asked signon.Request, err error) {
	if page.Request == "" {
		return asked, nil
	}
	asked, err = s.Provider.Pending(tx, page.Request)
	page.Client = asked.ClientName
	return asked, err
}

// over answers for a request that is spent, and hands on every other error.
func (s *Site) over(w http.ResponseWriter, r *http.Request, err error) error {
	if errors.Is(err, signon.ErrRequestSpent) {
		return s.Show(w, r, kit.Status(err), "over", nil)
	}
	return err
}

// showRegister shows the form for a new account. Whoever is signed in chooses
// first: a family may share this browser.
func (s *Site) showRegister(w http.ResponseWriter, r *http.Request) error {
	own, err := s.own(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	page := registerPage{Form: kit.NewForm(), Request: q.Get("verzoek"), Account: own.Account}
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		asked, err := s.pending(tx, &page)
		if asked.ID != "" {
			leadsBack(w, asked)
		}
		if strings.Contains(asked.LoginHint, "@") && q.Get(fillParam) != fillEmpty {
			page.Form.Set(account.FieldEmail, asked.LoginHint)
		}
		return err
	})
	if err != nil {
		return s.over(w, r, err)
	}
	if m, ok := s.mailedOf(r, ""); ok && q.Get(fillParam) == fillSame {
		page.Form = m.form()
	}
	if page.Account.ID != "" {
		return s.Show(w, r, http.StatusOK, "already", page)
	}
	return s.Show(w, r, http.StatusOK, "register", page)
}

// register makes the account and says where to look.
func (s *Site) register(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	page := registerPage{Form: form, Request: form.Get("verzoek")}
	var asked signon.Request
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		asked, err = s.pending(tx, &page)
		return err
	})
	if err != nil {
		return s.over(w, r, err)
	}
	if err = chosen(form); err == nil {
		page.Until, err = s.Accounts.Register(r.Context(), s.DB, s.registration(r, form, asked))
	}
	if err != nil {
		return s.refuseRegister(w, r, page, err)
	}
	return s.toMailed(w, r, page)
}

// toMailed leads to the page that says where to look.
func (s *Site) toMailed(w http.ResponseWriter, r *http.Request, page registerPage) error {
	m := mailed{Email: page.Form.Get(account.FieldEmail), Until: page.Until}
	if page.Form.Is(nameField, nameOwn) {
		m.Username = page.Form.Get(account.FieldUsername)
	}
	if err := s.keepMailed(w, m); err != nil {
		return err
	}
	return see(w, r, s.Link("/nieuw/mail")+page.Query())
}

// registerAgain sends the letter once more. The request may be over by now: the
// account remembers where its owner goes on.
func (s *Site) registerAgain(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	page := registerPage{Form: form, Request: form.Get("verzoek")}
	page.Until, err = s.Accounts.Register(r.Context(), s.DB, s.registration(r, form, signon.Request{}))
	if err == nil {
		s.SetFlash(w, "login.mailed_again")
		return s.toMailed(w, r, page)
	}
	if kind := fault.KindOf(err); kind != fault.Slow && kind != fault.Unavailable {
		return s.refuseRegister(w, r, page, err)
	}
	s.take(w, page, err)
	return s.Show(w, r, kit.Status(err), "mailed", page)
}

// goOn answers the request for the account that is signed in.
func (s *Site) goOn(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	page := registerPage{Form: form, Request: form.Get("verzoek")}
	live := kit.VisitOf(r).Session
	if live == nil { // it ended while the page lay open
		return see(w, r, s.Link("/aanmelden")+page.SignIn())
	}
	if page.Request == "" {
		return s.Redirect(w, r, "/")
	}
	var to string
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		acc, err := s.Accounts.Find(tx, live.Subject)
		if err != nil {
			return err
		}
		to, err = s.grant(tx, page.Request, acc, begun{session: *live})
		return err
	})
	switch {
	case errors.Is(err, signon.ErrSignInAgain), errors.Is(err, account.ErrNoAccount):
		return see(w, r, s.Link("/aanmelden")+page.SignIn())
	case err != nil:
		return s.over(w, r, err)
	}
	return s.leave(w, r, to)
}

// signOutToRegister makes room for another account in this browser.
func (s *Site) signOutToRegister(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	if live := kit.VisitOf(r).Session; live != nil {
		if err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return s.end(tx, live.ID) }); err != nil {
			return err
		}
	}
	s.ClearSession(w)
	return see(w, r, s.Link("/nieuw")+registerPage{Request: form.Get("verzoek")}.filled(fillEmpty))
}

// Answers to the question for a username.
const (
	nameEmail = "email"
	nameOwn   = "eigen"
	nameField = "naam"
)

// registration is what the form asks for.
func (s *Site) registration(r *http.Request, form *kit.Form, asked signon.Request) account.Registration {
	reg := account.Registration{
		Email: form.Get(account.FieldEmail), Lang: kit.VisitOf(r).Lang, LibraryName: s.Brand.Name,
		ClientID: asked.ClientID, Target: asked.Target, Network: throttle.Network(r.RemoteAddr),
	}
	if form.Is(nameField, nameOwn) {
		reg.Username = form.Get(account.FieldUsername)
	}
	return reg
}

// chosen names what was left open: no name would mean the address.
func chosen(form *kit.Form) error {
	var missing fault.List
	if form.Get(account.FieldEmail) == "" {
		missing = append(missing, errNoEmail)
	}
	if form.Is(nameField, nameOwn) && form.Get(account.FieldUsername) == "" {
		missing = append(missing, errNoUsername)
	}
	return missing.Err()
}

// refuseRegister shows the form again with what is wrong.
func (s *Site) refuseRegister(w http.ResponseWriter, r *http.Request, page registerPage, err error) error {
	if !s.take(w, page, err) {
		return err
	}
	for _, f := range page.Faults {
		if f.Field == account.FieldUsername { // an address that cannot be a name: its owner chooses one
			page.Form.Set(nameField, nameOwn)
		}
	}
	return s.Show(w, r, kit.Status(err), "register", page)
}

// take keeps in the form what a person may read about err.
func (s *Site) take(w http.ResponseWriter, page registerPage, err error) bool {
	retryAfter(w, err)
	if fault.KindOf(err) == fault.Unavailable { // too busy to look: nothing typed is lost
		page.Form.Faults = append(page.Form.Faults, fault.Of(err)...)
		return true
	}
	return page.Form.Take(err)
}

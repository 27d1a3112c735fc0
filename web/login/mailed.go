package login

import (
	"encoding/json"
	"net/http"
	"time"

	"lidwoord/identity/account"
	"lidwoord/web/kit"
)

// The pages "Kijk in je mail" have an address of their own, so that a reload, Back
// or the other language sends no second letter. What they tell travels in a cookie
// and not in the address, because addresses are kept and passed on.
const (
	mailedCookie  = "mail"
	mailedMemory  = time.Hour // long enough to look for a mail, too short for the next visitor of a library's computer
	mailedPurpose = "login mailed"
)

// mailed is the letter that left last, for a registration or for an old link.
type mailed struct {
	Email    string    `json:"email"`
	Username string    `json:"username"` // own choice, "" to be called by the address
	Link     string    `json:"link"`     // digest of the old link, "" for a registration
	Until    time.Time `json:"until"`    // until when the mailed link works
}

// form is the form that was sent.
func (m mailed) form() *kit.Form {
	form := kit.NewForm()
	form.Set(account.FieldEmail, m.Email)
	form.Set(nameField, nameEmail)
	if m.Username != "" {
		form.Set(nameField, nameOwn)
		form.Set(account.FieldUsername, m.Username)
	}
	return form
}

// keepMailed lets this browser open the page of a letter again.
func (s *Site) keepMailed(w http.ResponseWriter, m mailed) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	sealed, err := s.DB.Box.Seal(mailedPurpose, text)
	if err != nil {
		return err
	}
	s.SetCookie(w, mailedCookie, sealed, mailedMemory)
	return nil
}

// mailedOf returns what keepMailed kept of a registration (link is "") or of an
// old link.
func (s *Site) mailedOf(r *http.Request, link string) (m mailed, ok bool) {
	text, err := s.DB.Box.Open(mailedPurpose, s.Cookie(r, mailedCookie))
	if err != nil || json.Unmarshal(text, &m) != nil || m.Link != link {
		return mailed{}, false
	}
	return m, true
}

// forgetMailed ends the memory once somebody is in.
func (s *Site) forgetMailed(w http.ResponseWriter) { s.SetCookie(w, mailedCookie, "", -1) }

// showMailed says where to look.
func (s *Site) showMailed(w http.ResponseWriter, r *http.Request) error {
	page := registerPage{Request: r.URL.Query().Get("verzoek")}
	m, ok := s.mailedOf(r, "")
	if !ok {
		return see(w, r, s.registerAddress(page.Request))
	}
	page.Form, page.Until = m.form(), m.Until
	return s.Show(w, r, http.StatusOK, "mailed", page)
}

// showResent says where to look for the letter that came in place of an old link.
// Who opens its address without having asked gets the page of the link.
func (s *Site) showResent(w http.ResponseWriter, r *http.Request) error {
	m, ok := s.mailedOf(r, token(r).Digest())
	if !ok {
		return s.Redirect(w, r, "/activeren/%s", token(r))
	}
	return s.Show(w, r, http.StatusOK, "resent", linkPage{Form: kit.NewForm(), Until: m.Until})
}

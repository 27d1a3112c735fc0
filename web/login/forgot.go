package login

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/password"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/identity/account"
	"lidwoord/identity/signon"
	"lidwoord/web/entry"
	"lidwoord/web/kit"
)

// The two questions of who forgot something.
const (
	forgotPassword = "wachtwoord"
	forgotUsername = "gebruikersnaam"
)

// What was asked travels in a cookie to the page "Kijk in je mail", as in
// mailed.go, and on to the page of the link: who opens that in the same browser
// goes on at the site that asked. In another browser that site would not know
// them again.
const (
	askedCookie  = "gevraagd"
	askedPurpose = "login asked"
)

// typedMost is how much of what was typed fits in that cookie, in bytes: the longest
// address that a mail server takes.
const typedMost = 254

// asked is the question that this browser asked last.
type asked struct {
	What    string    `json:"what"`
	Typed   string    `json:"typed"`
	Request string    `json:"request"` // of another site, or ""
	At      time.Time `json:"at"`
}

type forgotPage struct {
	*kit.Form
	What    string // forgotPassword or forgotUsername
	Request string // id of the request of another site, or ""
}

// Name is the field of the form.
func (p forgotPage) Name() string {
	if p.What == forgotUsername {
		return account.FieldEmail
	}
	return account.FieldUsername
}

// Query is what the addresses of these pages carry on.
func (p forgotPage) Query() string {
	if p.Request == "" {
		return ""
	}
	return "?" + url.Values{"verzoek": {p.Request}}.Encode()
}

func (s *Site) showForgot(what string) kit.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		page := forgotPage{Form: kit.NewForm(), What: what, Request: r.URL.Query().Get("verzoek")}
		return s.Show(w, r, http.StatusOK, "forgot", page)
	}
}

// forgot sends the letter, if there is anybody to send it to, and says where to
// look: the same for everybody.
func (s *Site) forgot(what string) kit.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		form, err := kit.ReadForm(r)
		if err != nil {
			return err
		}
		page := forgotPage{Form: form, What: what, Request: form.Get("verzoek")}
		f := account.Forgotten{Typed: form.Get(page.Name()), Network: throttle.Network(r.RemoteAddr)}
		switch {
		case f.Typed == "" && what == forgotUsername:
			err = errNoEmail
		case f.Typed == "":
			err = errNoUsername
		case len(f.Typed) > typedMost:
			err = account.ErrUsernameLength
		case what == forgotUsername:
			err = s.Accounts.ForgotUsername(r.Context(), s.DB, f)
		default:
			err = s.Accounts.ForgotPassword(r.Context(), s.DB, f)
		}
		if err != nil {
			if !s.takeAt(w, form, page.Name(), err) {
				return err
			}
			return s.Show(w, r, kit.Status(err), "forgot", page)
		}
		if err := s.keepAsked(w, asked{what, f.Typed, page.Request, s.DB.Now()}); err != nil {
			return err
		}
		return see(w, r, s.Link("/%s-vergeten/mail", what)+page.Query())
	}
}

// takeAt keeps in the form what a person may read about err; what is wrong with the
// text itself belongs to its field.
func (s *Site) takeAt(w http.ResponseWriter, form *kit.Form, field string, err error) bool {
	retryAfter(w, err)
	if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Conflict && kind != fault.Slow && kind != fault.Unavailable {
		return false
	}
	for _, f := range fault.Of(err) {
		if f.Field == "" && f.Kind != fault.Slow && f.Kind != fault.Unavailable {
			f = f.At(field)
		}
		form.Faults = append(form.Faults, f)
	}
	return true
}

func (s *Site) keepAsked(w http.ResponseWriter, a asked) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	sealed, err := s.DB.Box.Seal(askedPurpose, text)
	if err != nil {
		return err
	}
	s.SetCookie(w, askedCookie, sealed, mailedMemory)
	return nil
}

// askedOf returns what this browser asked last.
func (s *Site) askedOf(r *http.Request) (a asked) {
	text, err := s.DB.Box.Open(askedPurpose, s.Cookie(r, askedCookie))
	if err != nil || json.Unmarshal(text, &a) != nil || s.DB.Now().Sub(a.At) > mailedMemory {
		return asked{}
	}
	return a
}

type forgotMailedPage struct {
	asked
	Hours int // how long the link works
}

// Query is what the addresses of this page carry on.
func (p forgotMailedPage) Query() string { return forgotPage{Request: p.Request}.Query() }

func (s *Site) showForgotMailed(what string) kit.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		a := s.askedOf(r)
		if a.What != what {
			return see(w, r, s.Link("/%s-vergeten", what)+forgotPage{Request: r.URL.Query().Get("verzoek")}.Query())
		}
		return s.Show(w, r, http.StatusOK, "forgotmailed", forgotMailedPage{a, int(account.ResetLife.Hours())})
	}
}

// resetPage is the form for a new password behind a link, or says why there is none.
type resetPage struct {
	*kit.Form
	Token   secret.Token
	Account account.Account
	Least   int  // characters of a password
	Undone  bool // a change of address was undone just now
	Stopped bool // … that was only asked for
	Factor  bool // a new second step was taken away just now
	Taken   bool // … and the app and passkeys that were added since went too
	Step    bool // the second step comes after
	Shared  bool // others have the address too: the letter may hold several links

	Leaving entry.Leaving // the second step, when a desk asked to take it away
}

// What became of an undone change travels in the address of the form, and is there to
// be told only.
const (
	undoneParam  = "terug"
	stoppedValue = "nee"
	factorValue  = "stap"
	takenParam   = "weg"
)

func undoneQuery(u account.Undoing) string {
	q := url.Values{undoneParam: {"ja"}}
	if u.Asked {
		q.Set(undoneParam, stoppedValue)
	}
	if u.Takes {
		q.Set(takenParam, "ja")
	}
	return "?" + q.Encode()
}

// Query carries that on to the form that is shown again.
func (p resetPage) Query() string {
	if p.Factor {
		return "?" + url.Values{undoneParam: {factorValue}}.Encode()
	}
	if !p.Undone {
		return ""
	}
	return undoneQuery(account.Undoing{Asked: p.Stopped, Takes: p.Taken})
}

// ownToken reads the secret of a link from the address.
func ownToken(r *http.Request) secret.Token { return secret.Token(r.PathValue("geheim")) }

// showReset shows the form behind the link. Mail scanners open it too, so that it
// changes nothing.
func (s *Site) showReset(w http.ResponseWriter, r *http.Request) error {
	return s.askReset(w, r, kit.NewForm(), http.StatusOK)
}

func (s *Site) askReset(w http.ResponseWriter, r *http.Request, form *kit.Form, status int) error {
	q := r.URL.Query()
	page := resetPage{Form: form, Token: ownToken(r), Least: password.Shortest,
		Undone: q.Has(undoneParam), Stopped: q.Get(undoneParam) == stoppedValue, Factor: q.Get(undoneParam) == factorValue, Taken: q.Has(takenParam)}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Account, err = s.Accounts.LookReset(tx, page.Token); err != nil {
			return err
		}
		if err := s.leadsTo(tx, w, s.askedOf(r).Request); err != nil {
			return err
		}
		if page.Leaving, err = s.removalWaits(tx, page.Account.ID); err != nil {
			return err
		}
		if page.Step, err = mustStep(tx, page.Account.ID); err != nil || page.Undone {
			return err
		}
		page.Shared, err = s.Accounts.Shares(tx, page.Account)
		return err
	})
	if err != nil {
		return s.deadOwn(w, r, err)
	}
	return s.Show(w, r, status, "reset", page)
}

// deadOwnPage says why a link does not work, and what to do.
type deadOwnPage struct {
	Fault fault.List
	Way   string // "/wachtwoord-vergeten" or "/email"; "" for no way but the library
}

func (s *Site) deadOwn(w http.ResponseWriter, r *http.Request, err error) error {
	page := deadOwnPage{Fault: fault.Of(err)}
	switch {
	case errors.Is(err, account.ErrResetOver):
		page.Way = "/wachtwoord-vergeten"
	case errors.Is(err, account.ErrEmailOver), errors.Is(err, account.ErrNameStays):
		page.Way = "/email"
	case !errors.Is(err, account.ErrUndoOver) && !errors.Is(err, account.ErrFactorOver) && !errors.Is(err, account.ErrRemovalOver) && !errors.Is(err, account.ErrRemovalNewer):
		return err
	}
	return s.Show(w, r, kit.Status(err), "deadown", page)
}

// reset sets the new password, signs its owner in here, after the second step of who
// has one, and everybody else out, and leads on to the site that asked when this
// browser came from there.
func (s *Site) reset(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	n := account.Renewal{Token: ownToken(r), Password: form.Raw("wachtwoord"), Browser: browserOf(r)}
	if n.Password == "" {
		form.Faults = append(form.Faults, errChoosePassword)
		return s.askReset(w, r, form, kit.Status(errChoosePassword))
	}
	var here begun
	var step secret.Token
	request, to := s.askedOf(r).Request, ""
	_, err = s.Accounts.Reset(r.Context(), s.DB, n, func(tx *sqldb.Tx, acc account.Account) (err error) {
		if err := s.endOthers(tx, acc.ID, ""); err != nil {
			return err
		}
		if err := s.Provider.RevokeAccount(tx, acc.ID); err != nil {
			return err
		}
		// A mailbox sets a password and is no second step.
		here, step, to = begun{}, "", ""
		has, err := mustStep(tx, acc.ID)
		if err != nil {
			return err
		}
		if has {
			step, err = s.entry.Wait(tx, r, entry.Proof{Subject: acc.ID, Data: way{Request: request, Reset: true}.text()})
			return err
		}
		if here, err = s.renewed(tx, r, acc.ID, signon.ACRPassword); err != nil || request == "" {
			return err
		}
		to, err = s.grant(tx, request, acc, here)
		if errors.Is(err, signon.ErrRequestSpent) || errors.Is(err, signon.ErrSignInAgain) {
			to, err = "", nil
		}
		return err
	})
	if err != nil {
		if fault.KindOf(err) == fault.Invalid || fault.KindOf(err) == fault.Unavailable {
			s.takeAt(w, form, "wachtwoord", err)
			return s.askReset(w, r, form, kit.Status(err))
		}
		return s.deadOwn(w, r, err)
	}
	s.SetCookie(w, askedCookie, "", -1)
	if step != "" {
		s.SetFlash(w, "login.password_saved")
		return s.entry.ToStep(w, r, step)
	}
	s.keep(w, here)
	if to != "" {
		return s.leave(w, r, to)
	}
	if r.URL.Query().Get(undoneParam) == factorValue {
		s.SetFlash(w, "login.password_set_alone")
		return s.Redirect(w, r, "/beveiliging")
	}
	s.SetFlash(w, "login.password_set")
	return s.Redirect(w, r, "/")
}

// Shared tells whether what was typed is an address, which several may share.
func (p signInPage) Shared() bool {
	return p.Bad() && strings.Contains(p.Get("gebruikersnaam"), "@")
}

// Forgot is what the pages for who forgot something must know of the request.
func (p signInPage) Forgot() string { return forgotPage{Request: p.Request}.Query() }

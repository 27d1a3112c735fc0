package login

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strconv"

	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/identity/account"
	"lidwoord/identity/signon"
	"lidwoord/web/entry"
	"lidwoord/web/kit"
)

var (
	errNoUsername = fault.New(fault.Invalid, "login.no_username").At("gebruikersnaam")
	errNoPassword = fault.New(fault.Invalid, "login.no_password").At("wachtwoord")

	errChoosePassword = fault.New(fault.Invalid, "login.choose_password").At("wachtwoord")
)

type signInPage struct {
	*kit.Form
	Request string // id of the request of another site, or ""
	Client  string // its name
	Back    string // page of this door to return to, or ""
	Again   bool   // the visitor is signed in, but must prove it anew
	Have    bool   // the visitor has an account, though the site asked to make one
	Make    bool   // who has none may make one here, and goes on at the site later
	asked   signon.Request

	Passkey entry.Key // to come in without a name
}

// have is the value of "kies" in the address for a visitor who has an account.
const have = "inloggen"

// Query goes into the form's address, so that the other language, or a reload,
// still knows where the visitor was going after a refusal.
func (p signInPage) Query() template.URL {
	q := url.Values{}
	if p.Request != "" {
		q.Set("verzoek", p.Request)
	}
	if p.Back != "" {
		q.Set("naar", p.Back)
	}
	if p.Have {
		q.Set("kies", have)
	}
	return template.URL(q.Encode())
}

// showSignIn answers a request at once for who is signed in, and shows the form
// to everybody else.
func (s *Site) showSignIn(w http.ResponseWriter, r *http.Request) error {
	q, live := r.URL.Query(), kit.VisitOf(r).Session
	page := signInPage{Form: kit.NewForm(), Request: q.Get("verzoek"), Back: q.Get("naar"), Have: q.Get("kies") == have}
	if page.Request == "" {
		if live != nil {
			return see(w, r, s.page(page.Back))
		}
		return s.showForm(w, r, page, http.StatusOK)
	}
	again := q.Has(againParam)
	var to string
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		asked, err := s.Provider.Pending(tx, page.Request)
		if err != nil {
			return err
		}
		if asked.Prompt == signon.PromptCreate && !page.Have {
			to = s.registerAddress(page.Request)
			return nil
		}
		page.asked = asked
		page.Form.Set("gebruikersnaam", asked.LoginHint)
		if live != nil && !again && !asked.NeedsSignIn(live.AuthAt) {
			if to, err = s.wished(tx, asked, *live); err != nil || to != "" {
				return err
			}
			acc, err := s.Accounts.Find(tx, live.Subject)
			if err == nil {
				to, err = s.grant(tx, page.Request, acc, begun{session: *live})
			}
			// Without the account, or when the site means another person, the form.
			if !errors.Is(err, account.ErrNoAccount) && !errors.Is(err, signon.ErrSignInAgain) {
				return err
			}
		}
		page.Again = live != nil
		if asked.Prompt == signon.PromptNone {
			to, err = s.Provider.Refuse(tx, page.Request, signon.LoginRequired)
		}
		return err
	})
	if errors.Is(err, signon.ErrRequestSpent) {
		return s.Show(w, r, kit.Status(err), "over", nil)
	}
	if err != nil {
		return err
	}
	if to != "" {
		s.SetCookie(w, moreCookie, "", -1)
		return see(w, r, to)
	}
	return s.showForm(w, r, page, http.StatusOK)
}

// wished leads to the second step where a site likes that best, and who is in can
// give it. A site that must have it is heard by answer.
func (s *Site) wished(tx *sqldb.Tx, asked signon.Request, live session.Session) (to string, err error) {
	if asked.WantsACR != signon.ACRMFA || acrOf(live) == signon.ACRMFA || asked.Prompt == signon.PromptNone {
		return "", nil
	}
	has, err := mustStep(tx, live.Subject)
	if has {
		to = s.moreAddress(asked.ID)
	}
	return to, err
}

// showForm shows the sign-in page. What it asks of a passkey names nobody, so that it
// tells nothing of anybody.
func (s *Site) showForm(w http.ResponseWriter, r *http.Request, page signInPage, status int) error {
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		y := way{Request: page.Request, Back: page.Back}
		if page.Passkey, err = s.entry.SignInKey(tx, y.text()); err != nil || y.asks() == "" || page.asked.ID != "" {
			return err
		}
		page.asked, err = s.Provider.Pending(tx, y.asks())
		if errors.Is(err, signon.ErrRequestSpent) { // that is told once the visitor is in
			err = nil
		}
		return err
	})
	if err != nil {
		return err
	}
	if page.asked.ID != "" {
		leadsBack(w, page.asked)
	}
	if page.Request != "" {
		page.Client, page.Make = page.asked.ClientName, page.asked.Continues
	}
	return s.Show(w, r, status, "signin", page)
}

// signIn checks name and password, starts a session and leads on: to the second step
// of who has one, to the site that asked, or to a page of this door.
func (s *Site) signIn(w http.ResponseWriter, r *http.Request) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	page := signInPage{Form: form, Request: form.Get("verzoek"), Back: form.Get("naar"), Again: kit.VisitOf(r).Session != nil,
		Have: r.URL.Query().Get("kies") == have}
	if err := filledIn(form); err != nil {
		return s.refuse(w, r, page, err)
	}
	var here begun
	var step secret.Token
	y, to, late := way{Request: page.Request, Back: page.Back}, "", false
	_, err = account.SignIn(r.Context(), s.DB, account.Attempt{
		Username: form.Get("gebruikersnaam"), Password: form.Raw("wachtwoord"),
		Network: throttle.Network(r.RemoteAddr), Device: secret.Token(s.Cookie(r, deviceCookie)), Browser: browserOf(r),
	}, func(tx *sqldb.Tx, acc account.Account) (err error) {
		step = ""
		has, err := mustStep(tx, acc.ID)
		if err != nil {
			return err
		}
		if has {
			step, err = s.entry.Wait(tx, r, entry.Proof{Subject: acc.ID, Data: y.text()})
			return err
		}
		if here, err = s.arrive(tx, r, acc, signon.ACRPassword); err != nil {
			return err
		}
		to, late, err = s.lead(tx, y, acc, here)
		return err
	})
	if err != nil {
		return s.refuse(w, r, page, err)
	}
	if step != "" {
		return s.entry.ToStep(w, r, step)
	}
	s.keep(w, here)
	if late {
		s.SetFlash(w, "login.request_over")
	}
	return s.leave(w, r, to)
}

func filledIn(form *kit.Form) error {
	var missing fault.List
	if form.Get("gebruikersnaam") == "" {
		missing = append(missing, errNoUsername)
	}
	if form.Raw("wachtwoord") == "" {
		missing = append(missing, errNoPassword)
	}
	return missing.Err()
}

// refuse shows the form again with what is wrong.
func (s *Site) refuse(w http.ResponseWriter, r *http.Request, page signInPage, err error) error {
	if fault.KindOf(err) == fault.Unavailable { // too busy to look: nothing typed is lost
		page.Faults = append(page.Faults, fault.Of(err)...)
	} else if !page.Form.Take(err) {
		return err
	}
	retryAfter(w, err)
	return s.showForm(w, r, page, kit.Status(err))
}

// retryAfter tells programs how long to wait, as the sentence tells people.
func retryAfter(w http.ResponseWriter, err error) {
	for _, f := range fault.Of(err) {
		if seconds, ok := first(f.Args).(int); ok && f.Kind == fault.Slow {
			w.Header().Set("Retry-After", strconv.Itoa(seconds))
		}
	}
}

func first(args []any) any {
	if len(args) == 0 {
		return nil
	}
	return args[0]
}

// grant answers the request of another site for an account that is signed in.
func (s *Site) grant(tx *sqldb.Tx, request string, acc account.Account, b begun) (to string, err error) {
	return s.answer(tx, request, signon.Session{
		AccountID: acc.ID, Username: acc.Username, Email: acc.Email,
		AuthTime: b.session.AuthAt, SessionID: b.session.ID, ACR: acrOf(b.session),
	})
}

// see sends the browser on with 303: a 307 would post the password along.
func see(w http.ResponseWriter, r *http.Request, to string) error {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

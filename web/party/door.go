package party

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/web/kit"
)

// hintMost bounds the username that the sign-on gives along, in bytes. An e-mail
// address has at most 254 (RFC 5321 section 4.5.3.1.3).
const hintMost = 254

// Person is the login account behind a session, as the session keeps it.
type Person struct {
	Account       string `json:"account"`
	Username      string `json:"username"`
	Email         string `json:"email,omitempty"`
	EmailVerified bool   `json:"email_verified,omitempty"`
	Hint          string `json:"hint,omitempty"` // the ID token, sealed

	At    time.Time `json:"at,omitzero"`    // when the sign-on last said so; zero since the session began
	Tried time.Time `json:"tried,omitzero"` // when we last asked silently
}

// Freshness is how long a door believes that somebody who signed in here is still
// signed in at the sign-on. Who signs out at one door of a computer in the
// library must not stay signed in at another for the next who sits there.
const Freshness = time.Minute

// Fresh lets a page be shown to somebody of whom the sign-on said within
// Freshness that they are signed in: it asks silently when that is longer ago, and
// comes back. Without an answer the page is shown as before.
func (p *Party) Fresh(h kit.Handler) kit.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		who, in := Who(r)
		if !in || r.Method != http.MethodGet || !Navigates(r) || !p.stale(r, who) {
			return h(w, r)
		}
		who.Tried = p.site.DB.Now()
		err := p.remember(r, who)
		if err != nil {
			return err
		}
		err = p.Begin(w, r, Step{To: p.site.Back(r.URL.RequestURI()), Silent: true, Session: kit.VisitOf(r).Session.ID})
		if err != nil {
			p.site.Log.WarnContext(r.Context(), "not asked whether somebody is still signed in", "id", kit.VisitOf(r).ID, "err", err)
			return h(w, r)
		}
		return nil
	}
}

func (p *Party) stale(r *http.Request, who Person) bool {
	since := kit.VisitOf(r).Session.AuthAt
	for _, at := range []time.Time{who.At, who.Tried} {
		if at.After(since) {
			since = at
		}
	}
	return p.site.DB.Now().Sub(since) >= Freshness
}

// remember writes down what is known of the person behind the session.
func (p *Party) remember(r *http.Request, who Person) error {
	text, err := p.site.SessionData(who)
	if err != nil {
		return err
	}
	id := kit.VisitOf(r).Session.ID
	return p.site.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return session.Update(tx, id, text) })
}

// GoOn keeps what a silent answer says in the session that asked. The session at
// the sign-on may be another by now: its end ends ours.
func (p *Party) GoOn(r *http.Request, a Answer, data any) error {
	text, err := p.site.SessionData(data)
	if err != nil {
		return err
	}
	id := kit.VisitOf(r).Session.ID
	return p.site.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		if err := session.Update(tx, id, text); err != nil {
			return err
		}
		return session.Follow(tx, id, a.Session)
	})
}

// Navigates reports whether the browser is opening a page; a script or a picture
// cannot follow us to the sign-on and back.
func Navigates(r *http.Request) bool {
	mode := r.Header.Get("Sec-Fetch-Mode")
	return mode == "" || mode == "navigate"
}

// Who returns the person behind a request.
func Who(r *http.Request) (Person, bool) {
	var who Person
	s := kit.VisitOf(r).Session
	if s == nil || json.Unmarshal([]byte(s.Data), &who) != nil || who.Account == "" {
		return Person{}, false
	}
	return who, true
}

// Routes names the addresses of signing in and out.
func (p *Party) Routes(m *kit.Mux) {
	m.Page("GET "+signInPath, p.signIn)
	m.Page("GET "+returnPath, p.comeBack)
	m.Page("POST "+signOutPath, p.signOut)
	p.Hear(m)
}

func (p *Party) signIn(w http.ResponseWriter, r *http.Request) error {
	return p.Begin(w, r, p.wanted(r.URL.Query()))
}

// wanted reads the sign-in that an address asks for: of this door itself, which
// leads back to the page in "naar" and with "maak" begins with a new account; or
// of the sign-on, which starts a sign-in here for a person who has just made one
// (OpenID Connect Core section 4). Anybody can write such a link, so it leads only
// to our own sign-on and only to pages of this door.
func (p *Party) wanted(q url.Values) Step {
	st := Step{To: p.site.Back(q.Get("naar")), Create: q.Get("maak") != ""}
	if iss := q.Get("iss"); iss == "" || iss != p.Issuer {
		return st
	}
	st = Step{To: p.site.Link("/")}
	if u, err := url.Parse(q.Get("target_link_uri")); err == nil && u.User == nil && strings.EqualFold(origin(u), origin(p.site.Base)) {
		st.To = p.site.Back(u.RequestURI())
	}
	if hint := q.Get("login_hint"); len(hint) <= hintMost && utf8.ValidString(hint) && !strings.ContainsFunc(hint, unicode.IsControl) {
		st.LoginHint = hint
	}
	return st
}

// comeBack takes the answer of the sign-on and opens a session.
func (p *Party) comeBack(w http.ResponseWriter, r *http.Request) error {
	a, err := p.Answer(w, r)
	if _, in := Who(r); in && errors.Is(err, ErrStepUnknown) { // the Back button, after signing in
		return p.site.Redirect(w, r, "/")
	}
	if err != nil && a.Step.Silent { // nobody is bothered by a question that nobody asked
		p.site.Log.WarnContext(r.Context(), "not heard whether somebody is still signed in", "id", kit.VisitOf(r).ID, "err", err)
		http.Redirect(w, r, a.Step.To, http.StatusSeeOther)
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case a.Problem == "":
	case a.Step.Silent && NotSignedIn(a.Problem): // signing out is for all doors
		if err := p.Leave(w, r); err != nil {
			return err
		}
		p.site.SetFlash(w, "party.signed_out_there")
		fallthrough
	case a.Step.Silent:
		http.Redirect(w, r, a.Step.To, http.StatusSeeOther)
		return nil
	case a.Problem == AccessDenied:
		return p.Stopped(w, r)
	default:
		return ErrSignOnDown
	}
	var said struct {
		Username      string `json:"preferred_username"`
		Email         string `json:"email"`
		EmailVerified bool   `json:"email_verified"`
	}
	if err := a.Claims(&said); err != nil {
		return err
	}
	who := Person{Account: a.Subject, Username: said.Username, Email: said.Email, EmailVerified: said.EmailVerified, Hint: a.Hint, At: p.site.DB.Now()}
	now := kit.VisitOf(r).Session
	if a.Step.Silent && now != nil && now.ID == a.Step.Session && now.Subject == who.Account {
		err = p.GoOn(r, a, who)
	} else {
		err = p.Enter(w, r, a, who.Account, who)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, a.Step.To, http.StatusSeeOther)
	return nil
}

// NotSignedIn reports whether the sign-on's answer to a silent question means that
// nobody is signed in there (OpenID Connect Core section 3.1.2.6).
func NotSignedIn(problem string) bool {
	switch problem {
	case "login_required", "interaction_required", "account_selection_required", "consent_required":
		return true
	}
	return false
}

// Stopped leads a visitor who stopped signing in to the start of the door.
func (p *Party) Stopped(w http.ResponseWriter, r *http.Request) error {
	p.site.SetFlash(w, "party.stopped")
	return p.site.Redirect(w, r, "/")
}

// Enter opens a session at this door for the subject of an answer, by the name
// that the door has for it, and keeps what the door knows of them as JSON. It takes
// the place of the session that was there.
func (p *Party) Enter(w http.ResponseWriter, r *http.Request, a Answer, subject string, data any) error {
	text, err := p.site.SessionData(data)
	if err != nil {
		return err
	}
	now := kit.VisitOf(r).Session
	var token secret.Token
	err = p.site.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		if now != nil {
			if err := session.End(tx, now.ID); err != nil {
				return err
			}
		}
		var err error
		token, _, err = session.Start(tx, session.Session{Door: p.site.Name, Subject: subject, Data: text, Device: kit.Device(r), Idle: p.site.Idle, SignOn: a.Session})
		return err
	})
	if err != nil {
		return err
	}
	p.site.SetSession(w, token)
	return nil
}

// Leave ends the session here.
func (p *Party) Leave(w http.ResponseWriter, r *http.Request) error { return p.site.Leave(w, r) }

func (p *Party) signOut(w http.ResponseWriter, r *http.Request) error {
	who, _ := Who(r)
	return p.SignOut(w, r, who.Hint)
}

// SignOut ends the session here and then the one at the sign-on that hint names.
// When the sign-on is not there, or nobody was signed in, the visitor is at least
// out here.
func (p *Party) SignOut(w http.ResponseWriter, r *http.Request, hint string) error {
	if err := p.Leave(w, r); err != nil {
		return err
	}
	p.site.SetFlash(w, "party.signed_out")
	address, ok := p.LogoutAddress(r, hint)
	if hint == "" || !ok {
		return p.site.Redirect(w, r, "/")
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// LogoutAddress is where a browser signs out at the sign-on and comes back to the
// start of this door. Without a hint that is ours the sign-on will ask the person
// first. It is not ok when the sign-on is not there, or does not do this.
func (p *Party) LogoutAddress(r *http.Request, hint string) (address string, ok bool) {
	_, more, err := p.ready(r.Context())
	if err != nil || more.Logout == "" {
		return "", false
	}
	q := url.Values{"client_id": {p.ClientID}, "post_logout_redirect_uri": {kit.Absolute(p.site.Base, "/")}, "ui_locales": {string(kit.VisitOf(r).Lang)}}
	if raw, err := p.site.DB.Box.Open(p.hintPurpose(), hint); err == nil {
		q.Set("id_token_hint", string(raw))
	}
	return more.Logout + "?" + q.Encode(), true
}

package reading

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/reading/loan"
	"lidwoord/web/kit"
)

const (
	// signOnPatience is how long we wait for the sign-on before we say that it is
	// not there.
	signOnPatience = 5 * time.Second
	// signOnRest is how long after a failure we do not ask again, so that a sign-on
	// in trouble is not asked by every visitor at once.
	signOnRest = 2 * time.Second
	// stepLife is how long a sign-in may take from our page and back: a new reader
	// has to find a password.
	stepLife = 30 * time.Minute
	// stepsMost is how many sign-ins one browser may have under way. Each is a
	// cookie, and a page elsewhere can open our sign-in page over and over: after a
	// hundred times, or fifteen behind a usual proxy, every request of that browser
	// is refused for its size, at all doors of the host.
	stepsMost = 4
	// wayMost bounds the address to return to, in bytes. A browser drops a cookie
	// above 4096 bytes without a word, and the sign-in with it.
	wayMost = 500
)

var (
	ErrSignOnDown  = fault.New(fault.Unavailable, "reading.sign_on_down")
	ErrStepUnknown = fault.New(fault.Gone, "reading.step_unknown")
	ErrRefused     = fault.New(fault.Denied, "reading.refused")
)

// signOn is our side of the single sign-on: a client of whatever provider the
// issuer names. It learns all addresses and keys by discovery, at first use and
// not at start: both may be one program.
type signOn struct {
	settings *Settings
	now      func() time.Time
	back     string // our redirect address

	mu       sync.Mutex
	provider *oidc.Provider
	logout   string
	names    bool // the provider promises iss in its answers (RFC 9207)
	failed   time.Time
}

// ready discovers the provider, once.
func (o *signOn) ready(ctx context.Context) (*oidc.Provider, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.provider != nil {
		return o.provider, nil
	}
	if o.now().Sub(o.failed).Abs() < signOnRest {
		return nil, ErrSignOnDown
	}
	// The provider keeps this context for fetching keys later, so it must not be
	// the request's.
	p, err := oidc.NewProvider(withClient(context.WithoutCancel(ctx)), o.settings.Issuer)
	if err != nil {
		o.failed = o.now()
		return nil, ErrSignOnDown.Because(err)
	}
	var more struct {
		Logout string `json:"end_session_endpoint"`
		Names  bool   `json:"authorization_response_iss_parameter_supported"`
	}
	if err := p.Claims(&more); err != nil {
		return nil, ErrSignOnDown.Because(err)
	}
	o.provider, o.logout, o.names = p, more.Logout, more.Names
	return p, nil
}

func withClient(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, &http.Client{Timeout: signOnPatience})
}

func (o *signOn) config(p *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: o.settings.ClientID, ClientSecret: o.settings.ClientSecret, Endpoint: p.Endpoint(), RedirectURL: o.back,
		Scopes: []string{oidc.ScopeOpenID, "profile", "memberships"},
	}
}

// step is a sign-in on its way. It travels sealed in a cookie of the browser that
// began it, so that nobody can slip in the answer to a sign-in of their own.
type step struct {
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"` // PKCE
	To       string    `json:"to"`       // page of this door to return to
	Silent   bool      `json:"silent"`   // asked without bothering the reader
	Borrow   string    `json:"borrow"`   // title that the reader asked for with a form
	Session  string    `json:"session"`  // the session whose rights are being refreshed
	Begun    time.Time `json:"begun"`
}

const stepPurpose = "reading sign-in"

// begin sends the browser to the sign-on.
func (s *Site) begin(w http.ResponseWriter, r *http.Request, st step) error {
	p, err := s.signOn.ready(r.Context())
	if err != nil {
		return err
	}
	st.State, st.Nonce, st.Verifier, st.Begun = random(), random(), oauth2.GenerateVerifier(), s.DB.Now()
	if len(st.To) > wayMost {
		st.To = s.Link("/")
	}
	text, err := json.Marshal(st)
	if err != nil {
		return err
	}
	sealed, err := s.DB.Box.Seal(stepPurpose, text)
	if err != nil {
		return err
	}
	// A cookie for each step, so that two tabs do not spoil each other's sign-in;
	// the oldest make way.
	under := s.CookieNames(r, stepPrefix)
	for _, name := range under[:max(0, len(under)-stepsMost+1)] {
		s.SetCookie(w, name, "", -1)
	}
	s.SetCookie(w, stepCookie(st.State), sealed, stepLife)
	options := []oauth2.AuthCodeOption{oidc.Nonce(st.Nonce), oauth2.S256ChallengeOption(st.Verifier), oauth2.SetAuthURLParam("ui_locales", string(kit.VisitOf(r).Lang))}
	if st.Silent {
		options = append(options, oauth2.SetAuthURLParam("prompt", "none"))
	}
	http.Redirect(w, r, s.signOn.config(p).AuthCodeURL(st.State, options...), http.StatusSeeOther)
	return nil
}

func random() string { return rand.Text() }

const stepPrefix = "stap-"

func stepCookie(state string) string { return stepPrefix + state[:8] }

// signIn starts a sign-in that leads back to the page in "naar".
func (s *Site) signIn(w http.ResponseWriter, r *http.Request) error {
	return s.begin(w, r, step{To: s.Back(r.URL.Query().Get("naar"))})
}

// takeStep finds the step that an answer belongs to and forgets it: an answer
// works once.
func (s *Site) takeStep(w http.ResponseWriter, r *http.Request) (step, error) {
	var st step
	state := r.URL.Query().Get("state")
	if len(state) < 16 {
		return st, ErrStepUnknown
	}
	sealed := s.Cookie(r, stepCookie(state))
	s.SetCookie(w, stepCookie(state), "", -1)
	text, err := s.DB.Box.Open(stepPurpose, sealed)
	if err != nil || json.Unmarshal(text, &st) != nil || subtle.ConstantTimeCompare([]byte(st.State), []byte(state)) != 1 || s.DB.Now().Sub(st.Begun) > stepLife {
		return st, ErrStepUnknown
	}
	return st, nil
}

// comeBack takes the answer of the sign-on.
func (s *Site) comeBack(w http.ResponseWriter, r *http.Request) error {
	st, err := s.takeStep(w, r)
	if err != nil {
		if _, in := whoIs(r); in { // the Back button, after signing in
			return s.Redirect(w, r, "/")
		}
		return err
	}
	p, err := s.signOn.ready(r.Context())
	if err != nil {
		return err
	}
	q := r.URL.Query()
	// The answer must say that it comes from the provider we asked: without this a
	// second, hostile provider could get hold of our codes (RFC 9207).
	if iss := q.Get("iss"); iss != s.Issuer && (iss != "" || s.signOn.names) {
		return ErrRefused
	}
	if problem := q.Get("error"); problem != "" {
		return s.refused(w, r, st, problem)
	}
	who, err := s.redeem(r.Context(), p, st, q.Get("code"))
	if err != nil {
		return err
	}
	if err := s.enter(w, r, st, who); err != nil {
		return err
	}
	if st.Borrow != "" {
		return s.lend(w, r, who, st.Borrow)
	}
	http.Redirect(w, r, st.To, http.StatusSeeOther)
	return nil
}

// refused handles an answer without a code. "Nobody is signed in there" to a
// silent question ends the session here as well: signing out is for all doors.
func (s *Site) refused(w http.ResponseWriter, r *http.Request, st step, problem string) error {
	switch problem {
	case "login_required", "interaction_required", "account_selection_required", "consent_required":
		if st.Silent {
			if err := s.leave(w, r); err != nil {
				return err
			}
			if st.Borrow != "" { // they were about to do something: let them sign in and go on
				return s.begin(w, r, step{To: st.To, Borrow: st.Borrow})
			}
			s.SetFlash(w, "reading.signed_out_there")
			http.Redirect(w, r, st.To, http.StatusSeeOther)
			return nil
		}
	case "access_denied":
		s.SetFlash(w, "reading.stopped")
		return s.Redirect(w, r, "/")
	}
	if st.Silent && st.Borrow == "" { // read on with what we know
		http.Redirect(w, r, st.To, http.StatusSeeOther)
		return nil
	}
	return ErrSignOnDown
}

// redeem exchanges the code and believes only what is signed, for us, and an
// answer to this very question.
func (s *Site) redeem(ctx context.Context, p *oidc.Provider, st step, code string) (who, error) {
	ctx, cancel := context.WithTimeout(withClient(ctx), signOnPatience)
	defer cancel()
	token, err := s.signOn.config(p).Exchange(ctx, code, oauth2.VerifierOption(st.Verifier))
	if err != nil {
		if _, answered := err.(*oauth2.RetrieveError); answered {
			return who{}, ErrRefused.Because(err)
		}
		return who{}, ErrSignOnDown.Because(err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := p.Verifier(&oidc.Config{ClientID: s.ClientID, Now: s.DB.Now}).Verify(ctx, raw)
	if err != nil {
		return who{}, ErrRefused.Because(err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(st.Nonce)) != 1 {
		return who{}, ErrRefused
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return who{}, ErrRefused.Because(err)
		}
	}
	var c claims
	if err := id.Claims(&c); err != nil {
		return who{}, ErrRefused.Because(err)
	}
	hint, err := s.DB.Box.Seal(hintPurpose, []byte(raw))
	if err != nil {
		return who{}, err
	}
	return who{Reader: loan.ReaderOf(s.DB.Box, id.Issuer, id.Subject), Name: c.Name, Memberships: c.Memberships, At: s.DB.Now(), Hint: hint}, nil
}

// enter opens a session, or brings the rights of the running one up to date when
// it is still the same reader.
func (s *Site) enter(w http.ResponseWriter, r *http.Request, st step, who who) error {
	text, err := json.Marshal(who)
	if err != nil {
		return err
	}
	now := kit.VisitOf(r).Session
	if st.Silent && now != nil && now.ID == st.Session && now.Subject == string(who.Reader) {
		return s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return session.Update(tx, now.ID, string(text)) })
	}
	var token secret.Token
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		if now != nil {
			if err := session.End(tx, now.ID); err != nil {
				return err
			}
		}
		var err error
		token, _, err = session.Start(tx, session.Session{Door: s.Name, Subject: string(who.Reader), Data: string(text), Device: kit.Device(r), Idle: s.Idle})
		return err
	})
	if err != nil {
		return err
	}
	s.SetSession(w, token)
	return nil
}

// leave ends the session here.
func (s *Site) leave(w http.ResponseWriter, r *http.Request) error {
	s.ClearSession(w)
	now := kit.VisitOf(r).Session
	if now == nil {
		return nil
	}
	return s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return session.End(tx, now.ID) })
}

// hintPurpose seals the ID token, which we keep only to name the session when the
// reader signs out.
const hintPurpose = "reading id token"

// signOut ends the session here and then at the sign-on. When the sign-on is not
// there, the reader is at least out here.
func (s *Site) signOut(w http.ResponseWriter, r *http.Request) error {
	who, in := whoIs(r)
	if err := s.leave(w, r); err != nil {
		return err
	}
	_, err := s.signOn.ready(r.Context())
	if !in || err != nil || s.signOn.logout == "" {
		s.SetFlash(w, "reading.signed_out")
		return s.Redirect(w, r, "/")
	}
	q := url.Values{"client_id": {s.ClientID}, "post_logout_redirect_uri": {kit.Absolute(s.Base, "/")}, "ui_locales": {string(kit.VisitOf(r).Lang)}}
	if hint, err := s.DB.Box.Open(hintPurpose, who.Hint); err == nil {
		q.Set("id_token_hint", string(hint))
	}
	s.SetFlash(w, "reading.signed_out")
	http.Redirect(w, r, s.signOn.logout+"?"+q.Encode(), http.StatusSeeOther)
	return nil
}

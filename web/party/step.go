package party

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"lidwoord/web/kit"
)

const (
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

// Step is a sign-in on its way. It travels sealed in a cookie of the browser that
// began it, so that nobody can slip in the answer to a sign-in of their own. Begin
// fills in State, Nonce, Verifier and Begun.
type Step struct {
	State     string    `json:"state"`
	Nonce     string    `json:"nonce"`
	Verifier  string    `json:"verifier"`         // PKCE
	To        string    `json:"to"`               // page of this door to return to
	Silent    bool      `json:"silent"`           // asked without bothering the visitor (prompt=none)
	Create    bool      `json:"create"`           // the visitor wants a new login account (prompt=create)
	Note      string    `json:"note"`             // the door's own, short and opaque here
	Session   string    `json:"session"`          // the session whose rights are being refreshed
	Scopes    []string  `json:"scopes,omitempty"` // asked beside those of the door, this once
	Begun     time.Time `json:"begun"`
	LoginHint string    `json:"-"` // the username that the visitor probably has
	// Fresh is how long ago the visitor may have signed in there at most (max_age); 0 is
	// as long as they like.
	Fresh time.Duration `json:"-"`
}

// Begin sends the browser to the sign-on. Whoever wants a new account has to wait
// for a letter, longer than a step lives and perhaps on another device, so the
// sign-on is also told where that person should land in the end (target_link_uri,
// the name that OpenID Connect Core section 4 has for it).
func (p *Party) Begin(w http.ResponseWriter, r *http.Request, st Step) error {
	provider, more, err := p.ready(r.Context())
	if err != nil {
		return err
	}
	st.State, st.Nonce, st.Verifier, st.Begun = rand.Text(), rand.Text(), oauth2.GenerateVerifier(), p.site.DB.Now()
	if len(st.To) > wayMost {
		st.To = p.site.Link("/")
	}
	if err := p.keep(w, r, st); err != nil {
		return err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(st.Nonce), oauth2.S256ChallengeOption(st.Verifier), oauth2.SetAuthURLParam("ui_locales", string(kit.VisitOf(r).Lang))}
	switch {
	case st.Silent:
		options = append(options, oauth2.SetAuthURLParam("prompt", "none"))
	case st.Create:
		options = append(options, oauth2.SetAuthURLParam("target_link_uri", origin(p.site.Base)+st.To))
		if more.creates() {
			options = append(options, oauth2.SetAuthURLParam("prompt", "create"))
		}
	}
	if st.Fresh > 0 {
		options = append(options, oauth2.SetAuthURLParam("max_age", strconv.Itoa(int(st.Fresh/time.Second))))
	}
	if st.LoginHint != "" {
		options = append(options, oauth2.SetAuthURLParam("login_hint", st.LoginHint))
	}
	http.Redirect(w, r, p.config(provider, st.Scopes...).AuthCodeURL(st.State, options...), http.StatusSeeOther)
	return nil
}

// keep seals a step in a cookie of its own, so that two tabs do not spoil each
// other's sign-in; the oldest make way.
func (p *Party) keep(w http.ResponseWriter, r *http.Request, st Step) error {
	text, err := json.Marshal(st)
	if err != nil {
		return err
	}
	sealed, err := p.site.DB.Box.Seal(p.stepPurpose(), text)
	if err != nil {
		return err
	}
	under := p.site.CookieNames(r, stepPrefix)
	for _, name := range under[:max(0, len(under)-stepsMost+1)] {
		p.site.SetCookie(w, name, "", -1)
	}
	p.site.SetCookie(w, stepCookie(st.State), sealed, stepLife)
	return nil
}

// take finds the step that an answer belongs to and forgets it: an answer works
// once.
func (p *Party) take(w http.ResponseWriter, r *http.Request) (Step, error) {
	var st Step
	state := r.URL.Query().Get("state")
	if len(state) < 16 {
		return st, ErrStepUnknown
	}
	sealed := p.site.Cookie(r, stepCookie(state))
	p.site.SetCookie(w, stepCookie(state), "", -1)
	text, err := p.site.DB.Box.Open(p.stepPurpose(), sealed)
	if err != nil || json.Unmarshal(text, &st) != nil || subtle.ConstantTimeCompare([]byte(st.State), []byte(state)) != 1 || p.site.DB.Now().Sub(st.Begun) > stepLife {
		return Step{}, ErrStepUnknown
	}
	return st, nil
}

// The seals name the door: what one door sealed, no other opens.
func (p *Party) stepPurpose() string { return p.site.Name + " sign-in" }
func (p *Party) hintPurpose() string { return p.site.Name + " id token" }

const stepPrefix = "stap-"

func stepCookie(state string) string { return stepPrefix + state[:8] }

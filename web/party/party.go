// Package party is a door's side of the single sign-on: a relying party, in the
// words of OpenID Connect. It lets the sign-on say who a visitor is, with
// whatever provider the issuer names, and trusts no more than what is signed, for
// this door, in answer to its own question.
//
//	New            makes the party of a door
//	Begin          sends the browser to the sign-on
//	Answer         takes what the sign-on says, once
//	GoOn           keeps what a silent answer says
//	Enter, Leave   open and end the session at this door
//	SignOut        ends it here and at the sign-on
//	Hear           ends it here when it ended at the sign-on
//	Refresh, Introspect, Revoke  ask it without a browser, for apps
//	LogoutAddress  tells where a browser signs out there
//
// A door whose sessions are those of the login account needs only Routes and Who;
// one that keeps something else (web/reading) writes its own over the acts above.
//
//	GET  /inloggen   starts a sign-in, also at the wish of the sign-on itself
//	GET  /terug      takes the answer
//	POST /uitloggen  signs out
//	POST /elders-uitgelogd  hears of the sign-on, not of a browser, who signed out
package party

import (
	"context"
	"embed"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"lidwoord/base/fault"
	"lidwoord/web/kit"
)

// Words are the sentences of this room.
//
//go:embed words.*.txt
var Words embed.FS

const (
	// patience is how long we wait for the sign-on before we say that it is not
	// there.
	patience = 5 * time.Second
	// rest is how long after a failure we do not ask again, so that a sign-on in
	// trouble is not asked by every visitor at once.
	rest = 2 * time.Second
)

var (
	ErrSignOnDown  = fault.New(fault.Unavailable, "party.sign_on_down")
	ErrStepUnknown = fault.New(fault.Gone, "party.step_unknown")
	ErrRefused     = fault.New(fault.Denied, "party.refused")
)

// Settings name the sign-on and who we are there.
type Settings struct {
	Issuer       string // "" is the OIDC door of this house
	ClientID     string
	ClientSecret string
	Scopes       []string // beside openid: "profile", "email", "memberships"
}

// Addresses of every relying party, below the door.
const (
	signInPath  = "/inloggen"
	returnPath  = "/terug" // the redirect address
	signOutPath = "/uitloggen"

	// HearPath is where the sign-on tells this door who signed out: the
	// backchannel_logout_uri.
	HearPath = "/elders-uitgelogd"
)

// Party is one door as the sign-on knows it. It learns all addresses and keys of
// the sign-on by discovery, at first use and not at start: both may be one
// program.
type Party struct {
	Settings
	site *kit.Site

	mu       sync.Mutex
	provider *oidc.Provider
	more     metadata
	failed   time.Time
}

// metadata is what we read of the discovery document beside what every client
// needs.
type metadata struct {
	Logout  string   `json:"end_session_endpoint"`
	Names   bool     `json:"authorization_response_iss_parameter_supported"` // it says iss in its answers (RFC 9207)
	Prompts []string `json:"prompt_values_supported"`

	Introspection string `json:"introspection_endpoint"`
	Revocation    string `json:"revocation_endpoint"`
}

// creates reports whether a visitor may be sent there to make an account. A
// provider that lists what it knows refuses the rest, and signing in is better
// than nothing.
func (m metadata) creates() bool {
	return len(m.Prompts) == 0 || slices.Contains(m.Prompts, "create")
}

// New makes the party of a door. It tells the door where its visitors sign in,
// and lets its forms lead over the sign-on: signing out, and whatever asks for a
// fresh answer first, are forms whose answer goes there and back.
func New(site *kit.Site, set Settings) *Party {
	if set.Issuer == "" {
		set.Issuer = site.Doors.OIDC.String()
	}
	site.SignInPath = signInPath
	if site.FormAction == "" {
		site.FormAction = "'self'"
	}
	for _, o := range []string{originOf(set.Issuer), origin(site.Doors.Login)} {
		if o != "" && o != origin(site.Base) && !slices.Contains(strings.Fields(site.FormAction), o) {
			site.FormAction += " " + o
		}
	}
	return &Party{Settings: set, site: site}
}

func origin(u *url.URL) string {
	if u == nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return origin(u)
}

// ready discovers the provider, once.
func (p *Party) ready(ctx context.Context) (*oidc.Provider, metadata, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.provider != nil {
		return p.provider, p.more, nil
	}
	if p.site.DB.Now().Sub(p.failed).Abs() < rest {
		return nil, metadata{}, ErrSignOnDown
	}
	// The provider keeps this context for fetching keys later, so it must not be
	// the request's.
	found, err := oidc.NewProvider(withClient(context.WithoutCancel(ctx)), p.Issuer)
	if err != nil {
		p.failed = p.site.DB.Now()
		return nil, metadata{}, ErrSignOnDown.Because(err)
	}
	var more metadata
	if err := found.Claims(&more); err != nil {
		return nil, metadata{}, ErrSignOnDown.Because(err)
	}
	p.provider, p.more = found, more
	return found, more, nil
}

func withClient(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, &http.Client{Timeout: patience})
}

func (p *Party) config(provider *oidc.Provider, more ...string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: provider.Endpoint(),
		RedirectURL: kit.Absolute(p.site.Base, returnPath), Scopes: slices.Concat([]string{oidc.ScopeOpenID}, p.Scopes, more),
	}
}

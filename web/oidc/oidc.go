// Package oidc is the front door of single sign-on: the OpenID Connect endpoints
// over HTTP. What they mean is in identity/signon.
//
//	GET       /.well-known/openid-configuration  what we do and where
//	GET       /jwks                              public keys
//	GET POST  /authorize                         keeps the request, sends the browser to the login door
//	POST      /par                               keeps a request that a client sends ahead
//	POST      /token                             spends a code or a refresh token
//	GET POST  /userinfo                          answers an access token
//	POST      /introspect                        tells a server what a token is worth
//	POST      /revoke                            ends a token
//	GET POST  /end_session                       signs out at the wish of a client
//	GET       /                                  sends a lost visitor to the login door
//
// Programs get JSON, people get pages. No endpoint needs or sets a cookie of the
// login door, so this door may live on a host of its own, and scripts of other
// sites can do nothing here that their owner could not do with curl.
package oidc

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"lidwoord/base/throttle"
	"lidwoord/identity/signon"
	"lidwoord/web/kit"
)

// Site is the door.
type Site struct {
	*kit.Site
	Provider *signon.Provider
	pace     *throttle.Pace
	document []byte // of discovery, which a release changes and nothing else
}

// New makes the door. The issuer of p must be the door's own address without a
// slash at the end: clients compare it letter by letter with where they found it.
func New(house *kit.House, p *signon.Provider) (*Site, error) {
	s, err := kit.New(house, "oidc", embed.FS{}) // it has no pages of its own
	if err != nil {
		return nil, err
	}
	if want := strings.TrimSuffix(s.Base.String(), "/"); p.Issuer != want {
		return nil, fmt.Errorf("the issuer is %q, but its door is at %q", p.Issuer, want)
	}
	document, err := json.Marshal(p.Discovery())
	if err != nil {
		return nil, err
	}
	s.FormAction = "'none'"
	return &Site{Site: s, Provider: p, document: document, pace: throttle.NewPace(paceEvery, paceBurst)}, nil
}

// Handler is the whole door. Machine endpoints stand outside the chain of the
// pages: its guard against cross-site posts, right for every form with a cookie,
// would refuse the scripts and forms of our clients.
func (s *Site) Handler() http.Handler {
	base := strings.TrimSuffix(s.Base.Path, "/")
	mux := http.NewServeMux()
	mux.Handle(base+signon.PathDiscovery, s.machine(endpoint{methods: "GET", origins: anyOrigin, answer: s.discovery}))
	mux.Handle(base+signon.PathJWKS, s.machine(endpoint{methods: "GET", origins: anyOrigin, answer: s.jwks}))
	mux.Handle(base+signon.PathToken, s.machine(endpoint{methods: "POST", origins: registeredOrigin, answer: s.token}))
	mux.Handle(base+signon.PathUserInfo, s.machine(endpoint{methods: "GET, POST", origins: registeredOrigin, answer: s.userinfo}))
	mux.Handle(base+signon.PathPushed, s.machine(endpoint{methods: "POST", origins: registeredOrigin, answer: s.push}))
	mux.Handle(base+signon.PathIntrospect, s.machine(endpoint{methods: "POST", origins: noOrigin, answer: s.introspect}))
	mux.Handle(base+signon.PathRevoke, s.machine(endpoint{methods: "POST", origins: registeredOrigin, answer: s.revoke}))
	people := s.Site.Handler(pages{s})
	mux.Handle("POST "+base+signon.PathAuthorize, formAsQuery(people))
	mux.Handle("POST "+base+signon.PathEndSession, formAsQuery(people))
	mux.Handle("/", people)
	return mux
}

// pages are the addresses where people come with a browser.
type pages struct{ *Site }

func (s pages) Routes(m *kit.Mux) {
	m.Page("GET /", s.home)
	m.Page("GET "+signon.PathAuthorize, s.authorize)
	m.Page("GET "+signon.PathEndSession, s.endSession)
}

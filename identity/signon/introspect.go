package signon

import (
	"slices"
	"strings"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// Introspection is what a token is worth; RFC 7662 section 2.2. Of a token that
// is not worth anything it says no more than that.
type Introspection struct {
	Active   bool   `json:"active"`
	Scope    string `json:"scope,omitempty"`
	ClientID string `json:"client_id,omitempty"`
	Audience string `json:"aud,omitempty"` // for whom the token was made: its client
	Type     string `json:"token_type,omitempty"`
	Issuer   string `json:"iss,omitempty"`
	Subject  string `json:"sub,omitempty"`      // as the client of the token knows the person, or the server that lends
	Username string `json:"username,omitempty"` // scope profile
	ACR      string `json:"acr,omitempty"`
	AuthTime int64  `json:"auth_time,omitempty"`
	IssuedAt int64  `json:"iat,omitempty"`
	Expires  int64  `json:"exp,omitempty"`

	Memberships []Membership `json:"memberships,omitzero"` // scope memberships, and to the server that lends; [] when there are none
}

// Introspect tells a client about a token. It learns about its own only, unless
// it is registered as a resource server, which is shown the tokens of others; and
// a client that cannot prove who it is learns nothing: it would let anybody try
// out what they found. Only the server that lends, which may ask memberships, hears
// more of a token with the scope reading: the memberships, which the app itself need
// not learn, and the person by the name that they have there, so that they are the
// same reader in an app and in the browser.
func (p *Provider) Introspect(tx *sqldb.Tx, a ClientAuth, t secret.Token) (Introspection, *Problem, error) {
	c, problem, err := p.authenticate(tx, a)
	if problem != nil || err != nil {
		return Introspection{}, problem, err
	}
	switch {
	case c.public():
		return Introspection{}, &Problem{Code: InvalidClient, Description: "A client without a secret or a key may not ask.", Why: "public client asks about a token", ClientID: c.id}, nil
	case t == "":
		return Introspection{}, &Problem{Code: InvalidRequest, Description: "token is missing."}, nil
	}
	s, found, err := p.shown.One(tx, t.Digest(), shownTokens)
	if err != nil || !found || s.clientID != c.id && !(c.introspects && s.kind == kindAccess) {
		return Introspection{}, nil, err
	}
	lends := c.introspects && covers(s.scope, ScopeReading) && covers(c.scopes, ScopeMemberships)
	if lends {
		s.sector = c.sector
	}
	known := Introspection{
		Active: true, Scope: s.scope, ClientID: s.clientID, Audience: s.clientID, Issuer: p.Issuer, Subject: p.subject(s.accountID, s.sector),
		ACR: s.acr, AuthTime: s.authTime.Unix(), IssuedAt: s.created.Unix(), Expires: s.expires.Unix(),
	}
	if slices.Contains(strings.Fields(s.scope), ScopeProfile) {
		known.Username = s.username
	}
	if lends || slices.Contains(strings.Fields(s.scope), ScopeMemberships) {
		if known.Memberships, err = p.memberships(tx, s.accountID); err != nil {
			return Introspection{}, nil, err
		}
	}
	if s.kind == kindAccess {
		known.Type = "Bearer"
	}
	return known, nil, nil
}

// shown is a token as a server that asks about it may learn it.
type shown struct {
	kind, scope, clientID, accountID, username, sector, acr string
	authTime, created, expires                              time.Time
}

package signon

import (
	"encoding/json"
	"net/url"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"lidwoord/base/sqldb"
)

// maxHint bounds an ID token that comes back as a hint, in bytes. Ours hold a
// handful of memberships.
const maxHint = 16 << 10

// EndSessionParams is a wish to sign out; OpenID Connect RP-Initiated Logout
// section 2.
type EndSessionParams struct {
	IDTokenHint string // an ID token of ours; it may be expired
	ClientID    string
	ReturnTo    string // post_logout_redirect_uri
	State       string
}

// Logout is what to do with the browser of somebody who signs out.
type Logout struct {
	// SessionID is the session that the hint named; its tokens are revoked already
	// and the caller ends the session itself. "" when there was no hint: then the
	// person must be asked, since anybody can make a link that signs others out.
	SessionID string
	ReturnTo  string // where the client wants the browser, state included; "" shows our own page
}

// EndSession answers a wish to sign out. With a hint it revokes what that session
// gave to every client.
func (p *Provider) EndSession(tx *sqldb.Tx, q EndSessionParams) (Logout, error) {
	var out Logout
	clientID := q.ClientID
	if q.IDTokenHint != "" {
		hint, err := p.readHint(tx, q.IDTokenHint)
		if err != nil {
			return Logout{}, err
		}
		if clientID != "" && clientID != hint.Audience {
			return Logout{}, ErrBadHint
		}
		clientID, out.SessionID = hint.Audience, hint.Session
		if out.SessionID != "" {
			if err := p.RevokeSession(tx, out.SessionID); err != nil {
				return Logout{}, err
			}
		}
	}
	if q.ReturnTo == "" {
		return out, nil
	}
	switch {
	case clientID == "":
		return Logout{}, ErrNoHint
	case !sane(clientID):
		return Logout{}, ErrWrongRedirect
	}
	registered, err := clientURIs(tx, clientID, "logout")
	if err != nil {
		return Logout{}, err
	}
	if !slices.Contains(registered, q.ReturnTo) {
		return Logout{}, ErrWrongRedirect
	}
	v := url.Values{}
	if q.State != "" && stateOK(q.State) {
		v.Set("state", q.State)
	}
	out.ReturnTo = extend(q.ReturnTo, v)
	return out, nil
}

// readHint checks that an ID token was ours, and is one: a logout token is signed
// with the same keys. That it is expired is no matter: it is shown to say which
// session ends, not who somebody is.
func (p *Provider) readHint(tx *sqldb.Tx, token string) (idClaims, error) {
	if len(token) > maxHint {
		return idClaims{}, ErrBadHint
	}
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
	if err != nil {
		return idClaims{}, ErrBadHint.Because(err)
	}
	keys, err := p.publicKeySet(tx)
	if err != nil {
		return idClaims{}, err
	}
	header := signed.Signatures[0].Header
	if header.ExtraHeaders[jose.HeaderType] != idTokenType {
		return idClaims{}, ErrBadHint
	}
	for _, k := range keys.Key(header.KeyID) {
		if k.Algorithm != header.Algorithm {
			continue // an RSA key must not judge what says it is ES256
		}
		payload, err := signed.Verify(k)
		if err != nil {
			return idClaims{}, ErrBadHint.Because(err)
		}
		var claims idClaims
		if err := json.Unmarshal(payload, &claims); err != nil || claims.Issuer != p.Issuer || claims.Audience == "" {
			return idClaims{}, ErrBadHint
		}
		return claims, nil
	}
	return idClaims{}, ErrBadHint
}

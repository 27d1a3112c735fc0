package signon

import (
	"crypto/sha256"
	"encoding/base64"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// TokenParams is a request to the token endpoint.
type TokenParams struct {
	Client      ClientAuth
	GrantType   string
	Code        secret.Token
	RedirectURI string
	Verifier    secret.Token // code_verifier
	Refresh     secret.Token // refresh_token
	Scope       string       // of a refresh: narrower than before; "" is all of it
}

// Grant types.
const (
	grantCode    = "authorization_code"
	grantRefresh = "refresh_token"
)

// Tokens is what a code or a refresh token gave.
type Tokens struct {
	AccessToken  secret.Token
	RefreshToken secret.Token // "" without the scope offline_access
	Scope        string
	ExpiresIn    time.Duration // of the access token

	claims idClaims
	key    signingKey
}

// IDToken signs the ID token. It is called after the commit: an RSA signature
// takes longer than the whole transaction, and on SQLite every other writer would
// wait for it.
func (t Tokens) IDToken() (string, error) { return t.key.sign(idTokenType, t.claims) }

// Exchange spends a code or a refresh token. A refusal is an answer and not an
// error, because what a replay revoked must be committed: when problem is not nil,
// commit and tell the client.
func (p *Provider) Exchange(tx *sqldb.Tx, q TokenParams) (t Tokens, problem *Problem, err error) {
	c, problem, err := p.authenticate(tx, q.Client)
	if problem != nil || err != nil {
		return Tokens{}, problem, err
	}
	switch {
	case q.GrantType == "":
		return Tokens{}, &Problem{Code: InvalidRequest, Description: "grant_type is missing."}, nil
	case q.GrantType == grantRefresh:
		return p.refresh(tx, c, q)
	case q.GrantType != grantCode:
		return Tokens{}, &Problem{Code: UnsupportedGrantType, Description: "Only authorization_code and refresh_token are supported."}, nil
	case q.Code == "" || q.RedirectURI == "" || q.Verifier == "":
		return Tokens{}, &Problem{Code: InvalidRequest, Description: "code, redirect_uri and code_verifier are required."}, nil
	case !sane(string(q.Code)) || !sane(q.RedirectURI) || !verifierOK(string(q.Verifier)):
		return Tokens{}, refusedCode(), nil
	}
	g, ok, err := spendCode(tx, grant{clientID: c.id, redirectURI: q.RedirectURI, challenge: challenge(q.Verifier), lasting: c.lasting}, q.Code.Digest(),
		life{plain: tx.Now.Add(accessLife(c)), refreshed: tx.Now.Add(refreshLife(c))})
	if err != nil {
		return Tokens{}, nil, err
	}
	if !ok {
		return Tokens{}, refusedCode(), p.noticeReplay(tx, q.Code.Digest(), c.id)
	}
	if c.logout != "" && g.sessionID != "" {
		if err := noteVisit(tx, g); err != nil {
			return Tokens{}, nil, err
		}
	}
	return p.issue(tx, g, c)
}

// refusedCode reads alike for a code that is unknown, spent, too old, of another
// client, or shown with the wrong address or verifier.
func refusedCode() *Problem {
	return &Problem{Code: InvalidGrant, Description: "The code is unknown, spent or expired, or does not go with this request."}
}

// noticeReplay revokes what a code gave when it is shown again: one of the two
// that had it is a thief, and we cannot tell which (RFC 6749 section 4.1.2).
func (p *Provider) noticeReplay(tx *sqldb.Tx, digest, clientID string) error {
	accountID, replayed, err := revokeReplayed(tx, digest, clientID)
	if err != nil || !replayed {
		return err
	}
	return audit.Record(tx, audit.Entry{
		Actor: "client:" + clientID, Act: "signon.code_replayed", Object: "account:" + accountID,
	})
}

// challenge is what PKCE's S256 makes of a verifier (RFC 7636 section 4.2).
func challenge(verifier secret.Token) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// verifierOK follows RFC 7636 section 4.1: 43 to 128 letters, digits and -._~.
func verifierOK(text string) bool {
	if len(text) < 43 || len(text) > 128 {
		return false
	}
	for _, b := range []byte(text) {
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		case b == '-', b == '.', b == '_', b == '~':
		default:
			return false
		}
	}
	return true
}

// Revoke ends a token of the client that shows it (RFC 7009): an access token by
// itself, a refresh token with all that its sign-in gave. A token that is unknown
// or of another client is no error: it does not work there either way.
func (p *Provider) Revoke(tx *sqldb.Tx, a ClientAuth, token secret.Token) (problem *Problem, err error) {
	c, problem, err := p.authenticate(tx, a)
	if problem != nil || err != nil {
		return problem, err
	}
	if token == "" {
		return &Problem{Code: InvalidRequest, Description: "token is missing."}, nil
	}
	if err := revokeToken(tx, token.Digest(), c.id); err != nil {
		return nil, err
	}
	return nil, revokeRefreshed(tx, token.Digest(), c.id)
}

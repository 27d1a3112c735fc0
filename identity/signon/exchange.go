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
}

// Tokens is what a code gave.
type Tokens struct {
	AccessToken secret.Token
	Scope       string
	ExpiresIn   time.Duration // of the access token

	claims idClaims
	key    signingKey
}

// IDToken signs the ID token. It is called after the commit: an RSA signature
// takes longer than the whole transaction, and on SQLite every other writer would
// wait for it.
func (t Tokens) IDToken() (string, error) { return t.key.sign(t.claims) }

// Exchange spends a code. A refusal is an answer and not an error, because what
// a replayed code revoked must be committed: when problem is not nil, commit and
// tell the client.
func (p *Provider) Exchange(tx *sqldb.Tx, q TokenParams) (t Tokens, problem *Problem, err error) {
	c, problem, err := authenticate(tx, q.Client)
	if problem != nil || err != nil {
		return Tokens{}, problem, err
	}
	switch {
	case q.GrantType == "":
		return Tokens{}, &Problem{InvalidRequest, "grant_type is missing."}, nil
	case q.GrantType != "authorization_code":
		return Tokens{}, &Problem{UnsupportedGrantType, "Only grant_type=authorization_code is supported."}, nil
	case q.Code == "" || q.RedirectURI == "" || q.Verifier == "":
		return Tokens{}, &Problem{InvalidRequest, "code, redirect_uri and code_verifier are required."}, nil
	case !sane(string(q.Code)) || !sane(q.RedirectURI) || !verifierOK(string(q.Verifier)):
		return Tokens{}, refusedCode(), nil
	}
	g, ok, err := spendCode(tx, q.Code.Digest(), c.id, q.RedirectURI, challenge(q.Verifier), tx.Now.Add(AccessTokenLife))
	if err != nil {
		return Tokens{}, nil, err
	}
	if !ok {
		return Tokens{}, refusedCode(), p.noticeReplay(tx, q.Code.Digest(), c.id)
	}
	t = Tokens{AccessToken: newToken(), Scope: g.scope, ExpiresIn: AccessTokenLife}
	if err := insertToken(tx, t.AccessToken.Digest(), g.id, tx.Now.Add(AccessTokenLife)); err != nil {
		return Tokens{}, nil, err
	}
	if t.claims, err = p.idClaims(tx, g, c, t.AccessToken); err != nil {
		return Tokens{}, nil, err
	}
	t.key, err = p.signingKey(tx, c.algorithm)
	return t, nil, err
}

// refusedCode reads alike for a code that is unknown, spent, too old, of another
// client, or shown with the wrong address or verifier.
func refusedCode() *Problem {
	return &Problem{InvalidGrant, "The code is unknown, spent or expired, or does not go with this request."}
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

// Revoke ends one access token of the client that shows it (RFC 7009). A token
// that is unknown or of another client is no error: it does not work there
// either way.
func (p *Provider) Revoke(tx *sqldb.Tx, a ClientAuth, token secret.Token) (problem *Problem, err error) {
	c, problem, err := authenticate(tx, a)
	if problem != nil || err != nil {
		return problem, err
	}
	if token == "" {
		return &Problem{InvalidRequest, "token is missing."}, nil
	}
	return nil, revokeToken(tx, token.Digest(), c.id)
}

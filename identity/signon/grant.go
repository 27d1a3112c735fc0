package signon

import (
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// Session is the sign-in that answers a request.
type Session struct {
	AccountID string
	Username  string
	Email     string    // confirmed by its owner; "" when there is none
	AuthTime  time.Time // when the person last proved who they are
	SessionID string    // of the login door's session: the claim sid, never its cookie
	ACR       string    // how the person signed in; "" leaves the claim out
}

// Grant answers a request for somebody who is signed in and returns the address
// to send that browser to, with a code in it. A request is answered once. The
// login door may only call it for the browser that holds the session: whoever
// started the request knows its id.
func (p *Provider) Grant(tx *sqldb.Tx, requestID string, s Session) (redirectURL string, err error) {
	if !sane(requestID) {
		return "", ErrRequestSpent
	}
	r, ok, err := answerRequest(tx, requestID, s.AuthTime)
	if err != nil {
		return "", err
	}
	if !ok {
		if _, err := p.Pending(tx, requestID); err != nil {
			return "", err
		}
		return "", ErrSignInAgain
	}
	code := newToken()
	err = insertGrant(tx, grant{
		id: secret.NewID(), clientID: r.clientID, accountID: s.AccountID,
		username: s.Username, email: s.Email, sessionID: s.SessionID, acr: s.ACR,
		authTime: s.AuthTime, scope: r.scope, nonce: r.nonce,
		redirectURI: r.redirectURI, challenge: r.challenge,
	}, code.Digest(), tx.Now.Add(CodeLife))
	if err != nil {
		return "", err
	}
	return p.back(r.redirectURI, r.state, "code", string(code)), nil
}

// Refuse answers a request with an error code, such as LoginRequired or
// AccessDenied, and returns the address to send the browser to.
func (p *Provider) Refuse(tx *sqldb.Tx, requestID, code string) (redirectURL string, err error) {
	if !sane(requestID) {
		return "", ErrRequestSpent
	}
	r, ok, err := refuseRequest(tx, requestID)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", ErrRequestSpent
	}
	return p.back(r.redirectURI, r.state, "error", code), nil
}

// RevokeSession ends all that a sign-in gave to other sites. Whoever ends a
// session of the login door calls it in the same transaction.
func (p *Provider) RevokeSession(tx *sqldb.Tx, sessionID string) error {
	return revokeSession(tx, sessionID)
}

// RevokeAccount ends all that an account gave to other sites: after a new
// password, a lock, or when the account is forgotten.
func (p *Provider) RevokeAccount(tx *sqldb.Tx, accountID string) error {
	return revokeAccount(tx, accountID)
}

// Expire removes requests, codes and tokens that are over. A code is kept for as
// long as its token lives, so that its replay is seen.
func (p *Provider) Expire(tx *sqldb.Tx) error {
	return deleteExpired(tx)
}

// grant is a row of signon_grant.
type grant struct {
	id, clientID, accountID, username, email, sessionID, acr, scope, nonce, redirectURI, challenge string
	authTime                                                                                       time.Time
}

// newToken makes a code or an access token of 260 bits. Nobody types it, so it
// costs nothing to be far beyond guessing.
func newToken() secret.Token { return secret.NewToken() + secret.NewToken() }

package signon

import (
	"slices"
	"strings"
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
	ACR       string    // how the person signed in: ACRPassword, ACRMFA; "" leaves the claim out
}

// Grant answers a request for somebody who is signed in and returns the address
// to send that browser to, with a code in it. A request is answered once. The
// login door may only call it for the browser that holds the session: whoever
// started the request knows its id.
func (p *Provider) Grant(tx *sqldb.Tx, requestID string, s Session) (redirectURL string, err error) {
	asked, err := p.Pending(tx, requestID)
	if err != nil {
		return "", err
	}
	subject := p.subject(s.AccountID, asked.sector)
	given, _, err := findConsent(tx, s.AccountID, asked.ClientID)
	if err != nil {
		return "", err
	}
	if !covers(given, withClaims(asked.scope, asked.claims)) {
		given = none
	}
	r, ok, err := answerRequest(tx, requestID, answer{s, levelOf(s.ACR), subject, given})
	if err != nil {
		return "", err
	}
	if !ok {
		if asked.NeedsSignIn(s.AuthTime) || asked.NeedsMore(s.ACR) || asked.subject != "" && asked.subject != subject {
			return "", ErrSignInAgain
		}
		return "", ErrConsentNeeded
	}
	code := newToken()
	err = insertGrant(tx, grant{
		id: secret.NewID(), clientID: r.clientID, accountID: s.AccountID,
		username: s.Username, email: s.Email, sessionID: s.SessionID, acr: r.wish.said(s.ACR),
		authTime: s.AuthTime, scope: r.scope, claims: r.wish.claims, nonce: r.nonce,
		redirectURI: r.redirectURI, challenge: r.challenge,
		refreshes: slices.Contains(strings.Fields(r.scope), ScopeOffline),
	}, code.Digest(), tx.Now.Add(CodeLife))
	if err != nil {
		return "", err
	}
	return p.back(r.redirectURI, r.state, "code", string(code)), nil
}

// none stands for a consent that nobody gave; no scope is written like it.
const none = "-"

// answer is who answers a request, as its guard compares it.
type answer struct {
	Session
	level          int
	subject, given string // the name of the person at the client; what they let it hear
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
	pairs := []string{"error", code}
	if why := refusals[code]; why != "" {
		pairs = append(pairs, "error_description", why)
	}
	return p.back(r.redirectURI, r.state, pairs...), nil
}

// refusals tell the makers of a client what the login door answered.
var refusals = map[string]string{
	LoginRequired:                   "Nobody is signed in, or not recently enough, or not as the person who is meant; send them without prompt=none.",
	ConsentRequired:                 "The person has not yet agreed to what is asked; send them without prompt=none.",
	AccessDenied:                    "The person does not want to share what is asked.",
	UnmetAuthenticationRequirements: "The person did not sign in as strongly as acr asks.",
}

// RevokeSession ends all that a sign-in gave to other sites, and tells those that
// want to hear it. Whoever ends a session of the login door calls it in the same
// transaction. An app that was let in for longer goes on: see RevokeLasting.
func (p *Provider) RevokeSession(tx *sqldb.Tx, sessionID string) error {
	if err := revokeSession(tx, sessionID); err != nil {
		return err
	}
	return tellOf(tx, func() ([]visit, error) { return takeVisitsOfSession(tx, sessionID) })
}

// RevokeLasting ends what an account gave to apps that outlive its sessions. Whoever
// signs an account out everywhere, or changes how it signs in, calls it: a person
// whose password was stolen wants the thief's app out as well.
func (p *Provider) RevokeLasting(tx *sqldb.Tx, accountID string) error {
	return revokeLasting(tx, accountID)
}

// RevokeAccount ends all that an account gave to other sites, and tells them:
// after a new password, a lock, or when the account is forgotten.
func (p *Provider) RevokeAccount(tx *sqldb.Tx, accountID string) error {
	if err := revokeAccount(tx, accountID); err != nil {
		return err
	}
	return tellOf(tx, func() ([]visit, error) { return takeVisitsOfAccount(tx, accountID) })
}

// someAtOnce is how many rows one transaction of RevokeSome and LeaveSome looks at.
// All at once would stand in the way of everybody who signs in meanwhile.
const someAtOnce = 1000

// RevokeSome ends all that anybody gave to other sites by an instant: when strangers
// may be in, and nobody knows as whom. It does some at a time: next is what to give
// as after the next time, "" when it is done.
func (p *Provider) RevokeSome(tx *sqldb.Tx, by time.Time, after string) (next string, err error) {
	ids, err := nextGrants(tx, after, someAtOnce)
	if err != nil || len(ids) == 0 {
		return "", err
	}
	last := ids[len(ids)-1]
	if len(ids) == someAtOnce {
		next = last
	}
	return next, revokeStretch(tx, by, after, last)
}

// LeaveSome tells sites that everybody who came by an instant signed out, some at a
// time like RevokeSome.
func (p *Provider) LeaveSome(tx *sqldb.Tx, by time.Time, after string) (next string, err error) {
	sessions, err := nextVisits(tx, after, someAtOnce)
	if err != nil || len(sessions) == 0 {
		return "", err
	}
	last := sessions[len(sessions)-1] // with all its visits
	if len(sessions) == someAtOnce {
		next = last
	}
	if err := leaveStretch(tx, by, after, last); err != nil {
		return "", err
	}
	tx.After(farewells.Ring)
	return next, nil
}

// Expire removes requests, codes and tokens that are over. A code or a spent
// refresh token is kept for as long as its grant lives, so that its replay is seen.
func (p *Provider) Expire(tx *sqldb.Tx) error {
	return deleteExpired(tx, tx.Now.Add(-visitMemory))
}

// grant is a row of signon_grant.
type grant struct {
	id, clientID, accountID, username, email, sessionID, acr, scope, claims, nonce, redirectURI, challenge string

	refreshes, lasting  bool
	authTime, expiresAt time.Time
}

// newToken makes a code or an access token of 260 bits. Nobody types it, so it
// costs nothing to be far beyond guessing.
func newToken() secret.Token { return secret.NewToken() + secret.NewToken() }

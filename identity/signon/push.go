package signon

import (
	"errors"
	"strings"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// PushedLife is how long a pushed request waits for its browser, which the client
// sends at once (RFC 9126 section 2.2 names 5 to 600 seconds).
const PushedLife = 60 * time.Second

// pushedPrefix is what a request_uri of ours begins with; RFC 9126 section 2.2.
const pushedPrefix = "urn:ietf:params:oauth:request_uri:"

// Pushed is where a request waits.
type Pushed struct {
	RequestURI string
	ExpiresIn  time.Duration
}

// Push checks and keeps a request that a client sends by itself, so that nothing
// of it can be read or changed in the address bar (RFC 9126). Whatever is wrong
// the client hears; commit also then.
func (p *Provider) Push(tx *sqldb.Tx, auth ClientAuth, a AuthorizeParams) (Pushed, *Problem, error) {
	c, problem, err := p.authenticate(tx, auth)
	if problem != nil || err != nil {
		return Pushed{}, problem, err
	}
	switch {
	case a.ClientID != "" && a.ClientID != c.id:
		return Pushed{}, &Problem{Code: InvalidRequest, Description: "client_id is another client than the one that asks."}, nil
	case a.RequestURI != "":
		return Pushed{}, &Problem{Code: InvalidRequest, Description: "A pushed request cannot name another."}, nil
	}
	r, problem, err := p.checkRequest(tx, c, a)
	if errors.Is(err, ErrWrongRedirect) {
		return Pushed{}, &Problem{Code: InvalidRequest, Description: "redirect_uri is not an address of this client."}, nil
	}
	if problem != nil || err != nil {
		return Pushed{}, problem, err
	}
	token := newToken()
	r.pushedDigest, r.expiresAt = token.Digest(), tx.Now.Add(PushedLife)
	return Pushed{pushedPrefix + string(token), PushedLife}, nil, insertRequest(tx, r)
}

// beginPushed lets the browser of a pushed request in, once: whoever copies the
// address finds nothing. Nothing in it says where to send such a visitor, so the
// refusal is a page.
func (p *Provider) beginPushed(tx *sqldb.Tx, c client, requestURI string) (requestID string, err error) {
	id, ok, err := takePushed(tx, tokenOf(requestURI).Digest(), c.id, tx.Now.Add(RequestLife))
	if err == nil && !ok {
		err = ErrRequestSpent
	}
	return id, err
}

// tokenOf is the part of a request_uri that is secret.
func tokenOf(requestURI string) secret.Token {
	return secret.Token(strings.TrimPrefix(requestURI, pushedPrefix))
}

package signon

import (
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/sqldb"
)

// A sign-in may be kept fresh without its person for RefreshLife, as long as the
// client comes back within RefreshIdle each time: the NL GOV Assurance profile for
// OAuth 2.0 allows 24 hours, and 6 hours without use. For longer the client asks
// the login door (prompt=none), which knows whether the person is still there.
const (
	RefreshLife = 24 * time.Hour
	RefreshIdle = 6 * time.Hour
)

// A client of which an operator says that it lasts keeps a sign-in for LastingLife, as
// long as it comes back within LastingIdle, and signing out does not end it: it is an
// app on somebody's e-reader, which lies in a drawer until the next holiday. What ends
// it is its person: in the app's own list, with a new password, or by signing out
// everywhere. The NL GOV profile has no room for such apps; only who registers a
// client can make the exception.
const (
	LastingLife = 2 * 365 * 24 * time.Hour
	LastingIdle = 180 * 24 * time.Hour
)

// RefreshGrace is how long after its use a refresh token may come again without
// harm. It gives nothing, it is only not taken for theft: two threads of one
// client that refresh at the same moment, or a call that its own proxy repeats,
// would else throw the person out.
//
// Only a client that proves who it is has this grace: a thief of its token cannot
// come here at all without the client's secret. The token of a public client
// works in anybody's hands, and RFC 9700 section 4.14.2 leaves one defence: two
// uses, and the whole grant ends.
const RefreshGrace = 10 * time.Second

// refresh spends a refresh token for new tokens and its successor.
func (p *Provider) refresh(tx *sqldb.Tx, c client, q TokenParams) (t Tokens, problem *Problem, err error) {
	switch {
	case q.Refresh == "":
		return Tokens{}, &Problem{Code: InvalidRequest, Description: "refresh_token is missing."}, nil
	case !sane(string(q.Refresh)) || q.Scope != "" && !sane(q.Scope):
		return Tokens{}, refusedRefresh(), nil
	}
	if q.Scope != "" { // before the token is spent: who asks too much keeps it
		may, found, err := scopeOfRefresh(tx, q.Refresh.Digest(), c.id)
		if err != nil {
			return Tokens{}, nil, err
		}
		if found && !covers(narrow(may, c.scopes), q.Scope) {
			return Tokens{}, &Problem{Code: InvalidScope, Description: "The scope is wider than what was granted."}, nil
		}
	}
	g, ok, err := spendRefresh(tx, q.Refresh.Digest(), c.id)
	if err != nil {
		return Tokens{}, nil, err
	}
	if !ok {
		reused, err := p.noticeReuse(tx, q.Refresh.Digest(), c)
		if reused && !c.public() { // who proves nothing hears nothing of what it found
			return Tokens{}, &Problem{Code: InvalidGrant, Description: "The refresh token was used before, so all that this sign-in gave is ended. Let the person sign in again."}, err
		}
		return Tokens{}, refusedRefresh(), err
	}
	// The successor can all that its forerunner could (RFC 6749 section 6); only
	// this access token and ID token are narrower when the client asks that.
	whole := narrow(g.scope, c.scopes)
	g.scope, g.nonce = whole, "" // no nonce: OpenID Connect Core section 12.2
	if q.Scope != "" {
		if g.scope = narrow(q.Scope, whole); g.scope != whole {
			g.claims = ""
		}
	}
	return p.issue(tx, g, c)
}

// issue makes the tokens of a grant whose code or refresh token was just spent.
func (p *Provider) issue(tx *sqldb.Tx, g grant, c client) (t Tokens, problem *Problem, err error) {
	until := earlier(tx.Now.Add(accessLife(c)), g.expiresAt)
	t = Tokens{AccessToken: newToken(), Scope: g.scope, ExpiresIn: until.Sub(tx.Now)}
	access := token{t.AccessToken.Digest(), g.id, kindAccess, g.scope, until}
	if g.refreshes {
		t.RefreshToken = newToken()
		err = insertTokens(tx, access, token{t.RefreshToken.Digest(), g.id, kindRefresh, "", earlier(tx.Now.Add(g.idle()), g.expiresAt)})
	} else {
		err = insertToken(tx, access)
	}
	if err != nil {
		return Tokens{}, nil, err
	}
	if t.claims, err = p.idClaims(tx, g, c, t.AccessToken); err != nil {
		return Tokens{}, nil, err
	}
	t.key, err = p.keyOf(tx, c)
	return t, nil, err
}

func accessLife(c client) time.Duration {
	if c.public() {
		return PublicTokenLife
	}
	return AccessTokenLife
}

func refreshLife(c client) time.Duration {
	if c.lasting {
		return LastingLife
	}
	return RefreshLife
}

// idle is how long a refresh token works that is not used.
func (g grant) idle() time.Duration {
	if g.lasting {
		return LastingIdle
	}
	return RefreshIdle
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// refusedRefresh reads alike for a refresh token that is unknown, spent, too old
// or of another client.
func refusedRefresh() *Problem {
	return &Problem{Code: InvalidGrant, Description: "The refresh token is unknown, spent or expired."}
}

// noticeReuse ends the whole grant when a refresh token comes again: one of the
// two that had it is a thief, and we cannot tell which.
func (p *Provider) noticeReuse(tx *sqldb.Tx, digest string, c client) (reused bool, err error) {
	spentBefore := tx.Now
	if !c.public() {
		spentBefore = tx.Now.Add(-RefreshGrace)
	}
	accountID, reused, err := revokeReused(tx, digest, c.id, spentBefore)
	if err != nil || !reused {
		return false, err
	}
	return true, audit.Record(tx, audit.Entry{
		Actor: "client:" + c.id, Act: "signon.refresh_reused", Object: "account:" + accountID,
	})
}

package device

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"lidwoord/base/secret"
	"lidwoord/reading/loan"
)

const (
	// bearerMemory is how long an access token is believed without asking again, at
	// most: an app shows it with every cover.
	bearerMemory = time.Minute
	// bearersMost is how many are remembered.
	bearersMost = 10_000
	// tokenMost is the longest access token that is looked at, in bytes.
	tokenMost = 4096
)

// Bearer is what the sign-on says of an access token that is meant for us.
type Bearer struct {
	Reader  loan.Reader
	Rights  loan.Rights
	App     string
	Expires time.Time
}

// ByBearer lets an app in by an access token of the sign-on that was made for reading
// here. It fails with ErrToken, ErrAway and throttle.ErrSlow.
func (r *Readers) ByBearer(ctx context.Context, token secret.Token, network string) (Entered, error) {
	b, err := r.bearer(ctx, token, network, bearerMemory)
	if err != nil {
		return Entered{}, err
	}
	return Entered{Reader: b.Reader, App: b.App, rights: func(ctx context.Context, atMost time.Duration) (loan.Rights, error) {
		b, err := r.bearer(ctx, token, network, min(atMost, bearerMemory))
		return b.Rights, err
	}}, nil
}

func (r *Readers) bearer(ctx context.Context, token secret.Token, network string, atMost time.Duration) (Bearer, error) {
	if token == "" || len(token) > tokenMost {
		return Bearer{}, ErrToken
	}
	now, digest := r.DB.Now(), token.Digest()
	if b, ok := r.bearers.find(digest, now, atMost); ok {
		return b, nil
	}
	// Only bad tokens count: behind one address a whole school reads, and one that was
	// good a while ago is no guess.
	if !r.bearers.knows(digest, now) {
		if err := r.strangers.Look(network, now); err != nil {
			return Bearer{}, err
		}
	}
	b, err := r.SignOn.Introspect(ctx, token)
	if errors.Is(err, ErrEnded) || errors.Is(err, ErrWrong) { // over is all that it says of a token that never was
		err = ErrToken.Because(err)
		_ = r.strangers.Take(network, now)
	}
	if err != nil {
		return Bearer{}, err
	}
	r.bearers.keep(digest, b, now)
	return b, nil
}

// memory remembers access tokens by their digests.
type memory struct {
	mu    sync.Mutex
	known map[string]remembered
}

type remembered struct {
	Bearer
	at time.Time
}

func (m *memory) find(digest string, now time.Time, atMost time.Duration) (Bearer, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, ok := m.known[digest]
	ok = ok && now.Sub(k.at) < atMost && (k.Expires.IsZero() || now.Before(k.Expires))
	return k.Bearer, ok
}

// knows reports whether a token was good, however long ago, and may be so still.
func (m *memory) knows(digest string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, ok := m.known[digest]
	return ok && (k.Expires.IsZero() || now.Before(k.Expires))
}

func (m *memory) keep(digest string, b Bearer, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[string]remembered{}
	}
	if len(m.known) >= bearersMost {
		maps.DeleteFunc(m.known, func(_ string, k remembered) bool { return now.Sub(k.at) >= bearerMemory })
	}
	if len(m.known) < bearersMost {
		m.known[digest] = remembered{b, now}
	}
}

func (m *memory) forget(digest string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.known, digest)
}

package signon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"lidwoord/base/sqldb"
)

// How the keys of a client are kept that publishes them at an address (jwks_uri). They
// are fetched again when they are older than KeysFresh or when an assertion names a key
// that is not among them, at most once in KeysPause whatever anybody sends. A site whose
// address is away for a while is believed by the keys of before, until KeysBelieved: a
// key that it took away works no longer than that.
const (
	KeysFresh    = 10 * time.Minute
	KeysPause    = time.Minute
	KeysBelieved = time.Hour

	keysLimit     = 5 * time.Second // how long the address may take
	publishedMost = 64              // keys that are read of a set; other services publish theirs there too
)

// KeyFetcher gets what a client publishes at an address that it registered. own tells a
// site of the library itself, which may live on a network of its own.
type KeyFetcher interface {
	Keys(ctx context.Context, address string, own bool) ([]byte, error)
}

// published are the fetched keys of one client, on this node.
type published struct {
	flight sync.Mutex // one fetch at a time; who comes meanwhile waits for it
	at     string     // the address of the last try, and when; under flight
	tried  time.Time

	ring   atomic.Pointer[ring]
	failed atomic.Pointer[time.Time] // since when it fails; nil while it works
}

type ring struct {
	address string
	set     jose.JSONWebKeySet
	at      time.Time
}

// atAddress tells whether what a client registered is where its keys are, and not the
// keys.
func atAddress(keys string) bool {
	return strings.HasPrefix(keys, "https://") || strings.HasPrefix(keys, "http://")
}

// FetchKeys makes sure, before the transaction that asks who a client is, that its keys
// are here if it publishes them. An error is for the log: whether the client is
// believed, the keys that we have say.
func (p *Provider) FetchKeys(ctx context.Context, db *sqldb.DB, a ClientAuth) error {
	signed, ok := readAssertion(a.Assertion)
	if !ok || p.Fetcher == nil {
		return nil
	}
	var c client
	err := db.Look(ctx, func(tx *sqldb.Tx) (err error) {
		c, _, err = p.together(tx).clients.One(tx, signed.Issuer)
		return err
	})
	if err != nil || !atAddress(c.keys) {
		return err
	}
	pub := p.publishedBy(c.id)
	kid := signed.signed.Signatures[0].Header.KeyID
	if pub.ring.Load().serves(c.keys, kid, db.Now()) {
		return nil
	}
	pub.flight.Lock()
	defer pub.flight.Unlock()
	now := db.Now()
	if pub.ring.Load().serves(c.keys, kid, now) || pub.at == c.keys && now.Sub(pub.tried) < KeysPause {
		return nil
	}
	pub.at, pub.tried = c.keys, now
	limited, done := context.WithTimeout(context.WithoutCancel(ctx), keysLimit) // others wait for it too
	defer done()
	text, err := p.Fetcher.Keys(limited, c.keys, c.own)
	var set jose.JSONWebKeySet
	if err == nil {
		set, err = readPublished(text)
	}
	if err != nil {
		pub.failed.CompareAndSwap(nil, &now)
		return fmt.Errorf("the keys of client %s: %w", c.id, err)
	}
	pub.ring.Store(&ring{c.keys, set, now})
	pub.failed.Store(nil)
	return nil
}

// KeysFailed is since when the keys of a client cannot be fetched, on this node; zero
// while they can.
func (p *Provider) KeysFailed(c Client) time.Time {
	if since := p.publishedBy(c.ID).failed.Load(); since != nil && atAddress(c.Keys) {
		return *since
	}
	return time.Time{}
}

func (p *Provider) publishedBy(clientID string) *published {
	kept, _ := p.published.LoadOrStore(clientID, &published{})
	return kept.(*published)
}

// serves reports whether a ring need not be fetched again for a key.
func (r *ring) serves(address, kid string, now time.Time) bool {
	if r == nil || r.address != address || now.Sub(r.at) >= KeysFresh {
		return false
	}
	return kid == "" || len(r.set.Key(kid)) > 0
}

// keysOf are the keys that a client is believed by now.
func (p *Provider) keysOf(c client, now time.Time) (jose.JSONWebKeySet, error) {
	if !atAddress(c.keys) {
		return readClientKeys(c.keys)
	}
	r := p.publishedBy(c.id).ring.Load()
	if r == nil || r.address != c.keys || now.Sub(r.at) >= KeysBelieved {
		return jose.JSONWebKeySet{}, nil
	}
	return r.set, nil
}

// readPublished reads the keys that we may believe of a set that a client publishes. It
// may hold others, for other uses or of kinds that we do not know (RFC 7517 section 5).
func readPublished(text []byte) (set jose.JSONWebKeySet, err error) {
	var list struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return set, errors.New("it is no JSON Web Key Set")
	}
	if len(list.Keys) > publishedMost {
		return set, errors.New("there are too many keys")
	}
	for _, each := range list.Keys {
		var k jose.JSONWebKey
		if json.Unmarshal(each, &k) == nil && unfit(k) == nil {
			set.Keys = append(set.Keys, k)
		}
	}
	if len(set.Keys) == 0 {
		return set, errors.New("there is no key in it that we may use")
	}
	return set, nil
}

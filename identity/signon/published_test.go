package signon_test

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
)

// address is where a client publishes its keys.
type address struct {
	mu    sync.Mutex
	asked []string
	text  string
	away  bool
	slow  time.Duration
}

func (a *address) Keys(_ context.Context, at string, own bool) ([]byte, error) {
	time.Sleep(a.slow)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, at)
	if a.away {
		return nil, errors.New("away")
	}
	return []byte(a.text), nil
}

func (a *address) shows(t *testing.T, keys ...any) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	a.text = string(text)
}

const keysAt = "https://lezen.example/sleutels"

// publishes registers a client that publishes its keys.
func (h house) publishes(a *address) {
	h.Helper()
	h.p.Fetcher = a
	h.register(signingClient(keysAt))
}

// proves is how a door asks: first the keys, then the transaction.
func (h house) proves(a signon.ClientAuth) (refusal string, trouble error) {
	h.Helper()
	trouble = h.p.FetchKeys(h.Context(), h.db, a)
	return h.known(a), trouble
}

func TestTheKeysOfAClientAreFetchedWhereItPublishesThem(t *testing.T) {
	ring := newKeyRing(t)
	old := jose.JSONWebKey{Key: ring.ec.Public(), KeyID: "old", Use: "sig"}
	fresh := jose.JSONWebKey{Key: ring.other.Public(), KeyID: "new"}
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		site := &address{}
		// What else stands in the set is passed over: other uses, kinds and curves, private keys.
		site.shows(t, map[string]any{"kty": "OKP", "crv": "Ed448", "x": "AA", "kid": "odd"}, jose.JSONWebKey{Key: ring.rsa.Public(), KeyID: "enc", Use: "enc"},
			jose.JSONWebKey{Key: ring.other, KeyID: "private"}, old)
		h.publishes(site)
		by := func(kid string, key *ecdsa.PrivateKey) signon.ClientAuth {
			c := maps.Clone(goodAssertion())
			c["iat"], c["exp"] = h.db.Now().Unix(), h.db.Now().Add(time.Minute).Unix()
			return signon.ClientAuth{Assertion: signed(t, jose.ES256, jose.JSONWebKey{Key: key, KeyID: kid}, c)}
		}
		wants := func(what string, a signon.ClientAuth, refusal string, fetches int) {
			t.Helper()
			got, trouble := h.proves(a)
			if got != refusal || len(site.asked) != fetches || trouble != nil && !site.away {
				t.Errorf("%s: %q after %d fetches, %v; want %q after %d", what, got, len(site.asked), trouble, refusal, fetches)
			}
		}
		wants("the first time", by("old", ring.ec), "", 1)
		wants("again", by("old", ring.ec), "", 1)
		wants("a private key that was published", by("private", ring.other), "invalid_client", 1)
		h.at(time.Minute)
		site.shows(t, old, fresh)
		wants("another key, a minute later", by("new", ring.other), "", 2)
		wants("a name that nobody has", by("geen", ring.other), "invalid_client", 2)
		h.at(2*time.Minute - time.Second)
		wants("within the minute", by("geen", ring.other), "invalid_client", 2)
		h.at(2 * time.Minute)
		wants("after the minute", by("geen", ring.other), "invalid_client", 3)
		site.shows(t, fresh)
		h.at(2*time.Minute + signon.KeysFresh)
		wants("a key that was taken away", by("old", ring.ec), "invalid_client", 4)
		if since := h.p.KeysFailed(signingClient(keysAt)); !since.IsZero() {
			t.Errorf("it fails since %v", since)
		}
		site.away = true
		h.at(20 * time.Minute)
		wants("the address is away, and the keys are young", by("new", ring.other), "", 4)
		h.at(40 * time.Minute)
		wants("and for longer", by("new", ring.other), "", 5)
		if since := h.p.KeysFailed(signingClient(keysAt)); !since.Equal(h.db.Now()) {
			t.Errorf("it fails since %v", since)
		}
		h.at(2*time.Minute + signon.KeysFresh + signon.KeysBelieved)
		wants("too long", by("new", ring.other), "invalid_client", 6)
		site.away = false
		h.at(3 * time.Hour)
		wants("it is back", by("new", ring.other), "", 7)
		if since := h.p.KeysFailed(signingClient(keysAt)); !since.IsZero() {
			t.Errorf("it is back, and fails since %v", since)
		}
	})
}

func TestSixteenWhoNeedTheKeysFetchThemOnce(t *testing.T) {
	ring := newKeyRing(t)
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		site := &address{slow: 50 * time.Millisecond}
		site.shows(t, jose.JSONWebKey{Key: ring.ec.Public(), KeyID: "ec"})
		h.publishes(site)
		var all sync.WaitGroup
		for range 16 {
			a := signon.ClientAuth{Assertion: signed(t, jose.ES256, jose.JSONWebKey{Key: ring.ec, KeyID: "ec"}, goodAssertion())}
			all.Go(func() {
				if got, err := h.proves(a); got != "" || err != nil {
					t.Errorf("%q, %v", got, err)
				}
			})
		}
		all.Wait()
		if len(site.asked) != 1 || site.asked[0] != keysAt {
			t.Errorf("asked %v", site.asked)
		}
	})
}

func TestAnAddressOfKeysIsRegisteredLikeAnyThatWeCall(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.p.Reaches = func(address string) error {
			if strings.Contains(address, "10.0.0.1") || !strings.HasPrefix(address, "https://") {
				return errors.New("inside")
			}
			return nil
		}
		for at, want := range map[string]error{
			keysAt: nil, "https://10.0.0.1/sleutels": signon.ErrKeysInside, "http://lezen.example/sleutels": signon.ErrClientAddress,
			"http://localhost:9/sleutels": signon.ErrKeysInside, "https://u:p@lezen.example/": signon.ErrClientAddress, "https://": signon.ErrClientAddress,
			"https://lezen.example/" + strings.Repeat("a", 5000): signon.ErrClientAddress,
		} {
			c := signingClient(at)
			c.Own = false
			err := h.db.InTx(t.Context(), func(tx *sqldb.Tx) error { return h.p.RegisterClient(tx, c) })
			if !errors.Is(err, want) {
				t.Errorf("%.60s: %v, want %v", at, err, want)
			}
		}
		h.register(signingClient("https://10.0.0.1/sleutels")) // the library's own
		h.register(signingClient("http://localhost:9/sleutels"))
	})
}

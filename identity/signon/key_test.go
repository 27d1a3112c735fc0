package signon_test

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
)

func TestTwoNodesThatStartAtOnceShareOneKey(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		var all sync.WaitGroup
		for range 16 {
			node := &signon.Provider{Issuer: issuer, Box: db.Box}
			all.Go(func() {
				if err := db.InTx(t.Context(), node.TendKeys); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := h.keyStates(); !maps.Equal(got, map[string]int{"ES256 current": 1, "RS256 current": 1}) {
			t.Errorf("keys = %v", got)
		}
	})
}

func TestTheFirstExchangesMakeOneKey(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		var all sync.WaitGroup
		for range 8 {
			code := h.code(ask())
			all.Go(func() {
				if got, refusal := h.exchange(redeem(code)); refusal != "" {
					t.Error(refusal)
				} else {
					h.claims(h.idToken(got))
				}
			})
		}
		all.Wait()
		if got := h.keyStates(); !maps.Equal(got, map[string]int{"ES256 current": 1}) {
			t.Errorf("keys = %v", got)
		}
	})
}

func TestAWrongMasterKeyShowsAtTheStart(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		other, err := secret.NewBox(bytes.Repeat([]byte{1}, secret.MasterLength))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			box  *secret.Box
			want error
		}{{db.Box, nil}, {db.Box, nil}, {other, secret.ErrSealed}} {
			node := &signon.Provider{Issuer: issuer, Box: c.box}
			if err := db.InTx(t.Context(), node.TryKeys); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		}
	})
}

// keyStates counts the keys by algorithm and state.
func (h house) keyStates() map[string]int {
	h.Helper()
	out := map[string]int{}
	h.do(func(tx *sqldb.Tx) error {
		clear(out)
		names, err := sqldb.Many(tx, `SELECT algorithm || ' ' || state FROM signon_key`, nil,
			func(r sqldb.Row) (s string, err error) { return s, r.Scan(&s) })
		for _, name := range names {
			out[name]++
		}
		return err
	})
	return out
}

func (h house) currentKey() (id string) {
	h.Helper()
	h.do(func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT id FROM signon_key WHERE algorithm = 'ES256' AND state = 'current'`, nil, &id)
		return err
	})
	return id
}

func TestKeysTurn(t *testing.T) {
	const day = 24 * time.Hour
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.do(h.p.TendKeys)
		first := h.currentKey()
		token := h.idToken(h.tokens())
		for _, step := range []struct {
			at      time.Duration
			nodes   int
			states  []string // of ES256
			renewed bool
		}{
			{88*day - time.Second, 1, []string{"current"}, false},
			{88 * day, 16, []string{"current", "next"}, false},
			{90*day - time.Second, 1, []string{"current", "next"}, false},
			{90 * day, 16, []string{"current", "old"}, true},
			{125*day - time.Second, 1, []string{"current", "old"}, true},
			{125 * day, 1, []string{"current"}, true},
		} {
			h.at(step.at)
			var all sync.WaitGroup
			for range step.nodes {
				all.Go(func() {
					if err := db.InTx(t.Context(), h.p.TendKeys); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			want := map[string]int{}
			for _, s := range step.states {
				want["ES256 "+s], want["RS256 "+s] = 1, 1
			}
			if got := h.keyStates(); !maps.Equal(got, want) {
				t.Errorf("after %v: %v, want %v", step.at, got, want)
			}
			if (h.currentKey() != first) != step.renewed {
				t.Errorf("after %v: another key signs: %v", step.at, !step.renewed)
			}
			if slices.Contains(step.states, "old") {
				h.claims(token) // what the old key signed is still proven
			}
		}
	})
}

func TestAKeyIsShownTwoDaysBeforeItSigns(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.do(h.p.TendKeys)
		first := h.currentKey()
		h.at(signon.KeyLife + time.Hour) // nothing ran for three months
		h.do(h.p.TendKeys)
		if h.currentKey() != first {
			t.Error("a key signs that nobody has seen")
		}
		h.at(signon.KeyLife + time.Hour + signon.KeyNotice)
		h.do(h.p.TendKeys)
		if h.currentKey() == first {
			t.Error("the announced key did not take over")
		}
	})
}

func TestTheKeySetShowsPublicHalvesOnly(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.do(h.p.TendKeys)
		keys := h.keys().Keys
		if len(keys) != 2 {
			t.Fatalf("%d keys, want 2", len(keys))
		}
		for _, k := range keys {
			if !k.IsPublic() || k.Use != "sig" || k.KeyID == "" || k.Algorithm == "" {
				t.Errorf("key %+v", k)
			}
		}
	})
}

// A client that fetches our keys once a day never meets a signature that it
// cannot check, whichever of two nodes signs and turns the keys.
func TestKeysTurnOnTwoNodesWithoutAnOutage(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		nodes := []house{h, {t, db, &signon.Provider{Issuer: issuer, Box: db.Box, Memberships: shelf{}}}}
		kept, seen := h.keys(), map[string]bool{}
		for hour := 0; hour < 200*24; hour += 12 {
			node := nodes[hour/12%2]
			node.at(time.Duration(hour) * time.Hour)
			node.do(node.p.TendKeys)
			if hour%24 == 0 {
				kept = nodes[1-hour/12%2].keys()
			}
			token := node.idToken(node.tokens())
			signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := signed.Verify(kept); err != nil {
				t.Fatalf("after %d hours a client with yesterday's keys refuses: %v", hour, err)
			}
			seen[signed.Signatures[0].Header.KeyID] = true
		}
		if len(seen) != 3 {
			t.Errorf("%d keys signed in 200 days, want 3", len(seen))
		}
	})
}

func TestAfterALeakNothingOfTheOldKeysIsBelieved(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.do(h.p.TendKeys)
		old, before := h.idToken(h.tokens()), h.keys()
		h.do(func(tx *sqldb.Tx) error { return h.p.ReplaceKeys(tx, "command") })
		for _, k := range h.keys().Keys {
			if len(before.Key(k.KeyID)) != 0 {
				t.Errorf("%s is still shown", k.KeyID)
			}
		}
		other := house{t, db, &signon.Provider{Issuer: issuer, Box: db.Box, Memberships: shelf{}}}
		for _, node := range []house{h, other} {
			node.claims(node.idToken(node.tokens())) // signs with a key that is shown
		}
		err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			_, err := h.p.EndSession(tx, signon.EndSessionParams{IDTokenHint: old})
			return err
		})
		if !errors.Is(err, signon.ErrBadHint) {
			t.Errorf("an ID token of the leaked key: %v", err)
		}
		if got := h.keyStates(); !maps.Equal(got, map[string]int{"ES256 current": 1, "RS256 current": 1}) {
			t.Errorf("keys = %v", got)
		}
	})
}

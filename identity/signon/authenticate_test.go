package signon_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
)

// keyRing is what a client that signs keeps for itself.
type keyRing struct {
	ec, other *ecdsa.PrivateKey
	rsa       *rsa.PrivateKey
}

func newKeyRing(t *testing.T) keyRing {
	t.Helper()
	a, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	b, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	r, err3 := rsa.GenerateKey(rand.Reader, 2048)
	if err := errors.Join(err, err2, err3); err != nil {
		t.Fatal(err)
	}
	return keyRing{a, b, r}
}

// public is what it registers.
func (k keyRing) public(t *testing.T) string {
	t.Helper()
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: k.ec.Public(), KeyID: "ec"}, {Key: k.rsa.Public(), KeyID: "rsa"}}})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func signed(t *testing.T, algorithm jose.SignatureAlgorithm, key any, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	out, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := out.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func asJSON(t *testing.T, claims map[string]any) string {
	t.Helper()
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func goodAssertion() map[string]any {
	return map[string]any{"iss": reading, "sub": reading, "aud": issuer, "jti": secret.NewID(),
		"iat": noon.Unix(), "exp": noon.Add(time.Minute).Unix()}
}

func signingClient(keys string) signon.Client {
	c := readingClient()
	c.Secret, c.Keys = "", keys
	return c
}

// known tells how the client's proof is answered: "" when it is believed.
func (h house) known(a signon.ClientAuth) (refusal string) {
	h.Helper()
	h.do(func(tx *sqldb.Tx) error {
		problem, err := h.p.Revoke(tx, a, "x")
		refusal = ""
		if problem != nil {
			refusal = problem.Code
		}
		return err
	})
	return refusal
}

func TestAClientSignsInsteadOfShowingASecret(t *testing.T) {
	ring := newKeyRing(t)
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(signingClient(ring.public(t)))
		with := func(name string, value any) map[string]any {
			c := maps.Clone(goodAssertion())
			if c[name] = value; value == nil {
				delete(c, name)
			}
			return c
		}
		hs := make([]byte, 32)
		for name, c := range map[string]struct {
			assertion string
			want      string
		}{
			"ES256":                        {signed(t, jose.ES256, ring.ec, goodAssertion()), ""},
			"RS256":                        {signed(t, jose.RS256, ring.rsa, goodAssertion()), ""},
			"PS256":                        {signed(t, jose.PS256, ring.rsa, goodAssertion()), ""},
			"with its key's name":          {signed(t, jose.ES256, jose.JSONWebKey{Key: ring.ec, KeyID: "ec"}, goodAssertion()), ""},
			"for the token endpoint":       {signed(t, jose.ES256, ring.ec, with("aud", issuer+"/token")), ""},
			"for the push endpoint":        {signed(t, jose.ES256, ring.ec, with("aud", issuer+"/par")), ""},
			"a list of one":                {signed(t, jose.ES256, ring.ec, with("aud", []string{issuer})), ""},
			"in its last moment":           {signed(t, jose.ES256, ring.ec, with("exp", noon.Add(5*time.Minute).Unix())), ""},
			"another key":                  {signed(t, jose.ES256, ring.other, goodAssertion()), "invalid_client"},
			"under the name of another":    {signed(t, jose.ES256, jose.JSONWebKey{Key: ring.ec, KeyID: "rsa"}, goodAssertion()), "invalid_client"},
			"HS256":                        {signed(t, jose.HS256, hs, goodAssertion()), "invalid_client"},
			"RS512":                        {signed(t, jose.RS512, ring.rsa, goodAssertion()), "invalid_client"},
			"no signature":                 {"eyJhbGciOiJub25lIn0.e30.", "invalid_client"},
			"for somebody else":            {signed(t, jose.ES256, ring.ec, with("aud", "https://other.example")), "invalid_client"},
			"for two":                      {signed(t, jose.ES256, ring.ec, with("aud", []string{issuer, "https://other.example"})), "invalid_client"},
			"for nobody":                   {signed(t, jose.ES256, ring.ec, with("aud", nil)), "invalid_client"},
			"of another client":            {signed(t, jose.ES256, ring.ec, with("iss", "other")), "invalid_client"},
			"about another":                {signed(t, jose.ES256, ring.ec, with("sub", "other")), "invalid_client"},
			"without an end":               {signed(t, jose.ES256, ring.ec, with("exp", nil)), "invalid_client"},
			"expired":                      {signed(t, jose.ES256, ring.ec, with("exp", noon.Add(-time.Minute).Unix())), "invalid_client"},
			"too long":                     {signed(t, jose.ES256, ring.ec, with("exp", noon.Add(6*time.Minute).Unix())), "invalid_client"},
			"from later":                   {signed(t, jose.ES256, ring.ec, with("iat", noon.Add(time.Minute).Unix())), "invalid_client"},
			"not yet":                      {signed(t, jose.ES256, ring.ec, with("nbf", noon.Add(time.Minute).Unix())), "invalid_client"},
			"without a name":               {signed(t, jose.ES256, ring.ec, with("jti", nil)), "invalid_client"},
			"a name of broken text":        {signed(t, jose.ES256, ring.ec, with("jti", "\x00")), "invalid_client"},
			"a key that it brings along":   {embedded(t, ring.other, nil, asJSON(t, goodAssertion())), "invalid_client"},
			"a key from elsewhere":         {embedded(t, ring.other, map[jose.HeaderKey]any{"kid": "ec", "jku": "https://evil.example/jwks", "x5u": "https://evil.example/cert"}, asJSON(t, goodAssertion())), "invalid_client"},
			"no assertion but three words": {"a.b.c", "invalid_client"},
		} {
			if got := h.known(signon.ClientAuth{ID: reading, Assertion: c.assertion}); got != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
		for name, a := range map[string]signon.ClientAuth{
			"only its name":     {ID: reading},
			"a secret":          {ID: reading, Secret: password},
			"both":              {ID: reading, Secret: password, Assertion: signed(t, jose.ES256, ring.ec, goodAssertion())},
			"under other names": {ID: "other", Assertion: signed(t, jose.ES256, ring.ec, goodAssertion())},
		} {
			if got := h.known(a); got != "invalid_client" {
				t.Errorf("%s: %q", name, got)
			}
		}
		if got := h.known(signon.ClientAuth{Assertion: signed(t, jose.ES256, ring.ec, goodAssertion())}); got != "" {
			t.Errorf("without client_id: %q", got)
		}
		h.register(readingClient())
		if got := h.known(signon.ClientAuth{ID: reading, Assertion: signed(t, jose.ES256, ring.ec, goodAssertion())}); got != "invalid_client" {
			t.Errorf("a client with a secret signs: %q", got)
		}
	})
}

func TestTheLogHearsWhyAClientIsNotBelieved(t *testing.T) {
	ring := newKeyRing(t)
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(signingClient(ring.public(t)))
		with := func(name string, value any) string {
			c := goodAssertion()
			c[name] = value
			return signed(t, jose.ES256, ring.ec, c)
		}
		spent := signed(t, jose.ES256, ring.ec, goodAssertion())
		if got := h.known(signon.ClientAuth{Assertion: spent}); got != "" {
			t.Fatal(got)
		}
		for want, a := range map[string]signon.ClientAuth{
			"unknown client":                       {ID: "other", Secret: password},
			"another method than is registered":    {ID: reading, Secret: password},
			"aud is not the issuer or an endpoint": {Assertion: with("aud", "https://other.example")},
			"exp is over":                          {Assertion: with("exp", noon.Add(-time.Minute).Unix())},
			"exp is too far ahead":                 {Assertion: with("exp", noon.Add(time.Hour).Unix())},
			"nbf or iat lies ahead":                {Assertion: with("iat", noon.Add(time.Minute).Unix())},
			"kid or alg of no registered key":      {Assertion: signed(t, jose.ES256, jose.JSONWebKey{Key: ring.ec, KeyID: "older"}, goodAssertion())},
			"wrong signature":                      {Assertion: signed(t, jose.ES256, ring.other, goodAssertion())},
			"jti was seen":                         {Assertion: spent},
		} {
			var problem *signon.Problem
			h.do(func(tx *sqldb.Tx) (err error) { problem, err = h.p.Revoke(tx, a, "x"); return err })
			if problem == nil || problem.Why != want || (problem.ClientID == reading) != (want != "unknown client") || strings.Contains(problem.Description, want) {
				t.Errorf("%s: %+v", want, problem)
			}
		}
	})
}

func TestAnAssertionWorksOnceUnderSixteen(t *testing.T) {
	ring := newKeyRing(t)
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(signingClient(ring.public(t)))
		once := signed(t, jose.ES256, ring.ec, goodAssertion())
		var won atomic.Int32
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				if h.known(signon.ClientAuth{Assertion: once}) == "" {
					won.Add(1)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("an assertion worked %d times, want once", won.Load())
		}
		h.at(80 * time.Second) // still within its life and the slack
		h.do(h.p.Expire)
		if got := h.known(signon.ClientAuth{Assertion: once}); got != "invalid_client" {
			t.Errorf("later: %q", got)
		}
		h.at(time.Hour)
		h.do(h.p.Expire)
		h.do(func(tx *sqldb.Tx) error {
			var n int
			_, err := tx.One(`SELECT COUNT(*) FROM signon_assertion`, nil, &n)
			if n != 0 {
				t.Errorf("%d assertions are remembered for ever", n)
			}
			return err
		})
	})
}

func TestOnlyPublicKeysOfOurKindsAreRegistered(t *testing.T) {
	ring := newKeyRing(t)
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Skip("this Go makes no short keys: ", err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set := func(keys ...jose.JSONWebKey) string {
		text, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		for name, keys := range map[string]string{
			"private":   set(jose.JSONWebKey{Key: ring.ec}),
			"symmetric": set(jose.JSONWebKey{Key: []byte("a secret")}),
			"short":     set(jose.JSONWebKey{Key: short.Public()}),
			"P-384":     set(jose.JSONWebKey{Key: p384.Public()}),
			"to seal":   set(jose.JSONWebKey{Key: ring.ec.Public(), Use: "enc"}),
			"none":      set(),
			"words":     "keys",
		} {
			err := db.InTx(t.Context(), func(tx *sqldb.Tx) error { return h.p.RegisterClient(tx, signingClient(keys)) })
			if !errors.Is(err, signon.ErrClientKeys) {
				t.Errorf("%s: %v", name, err)
			}
		}
		both := signingClient(ring.public(t))
		both.Secret = password
		if err := db.InTx(t.Context(), func(tx *sqldb.Tx) error { return h.p.RegisterClient(tx, both) }); !errors.Is(err, signon.ErrClientKeys) {
			t.Errorf("keys and a secret: %v", err)
		}
	})
}

package signon_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
)

func (h house) endSession(q signon.EndSessionParams) (out signon.Logout, err error) {
	err = h.db.InTx(h.Context(), func(tx *sqldb.Tx) error {
		out, err = h.p.EndSession(tx, q)
		return err
	})
	return out, err
}

func TestAClientSignsSomebodyOut(t *testing.T) {
	const uit = "https://lezen.example/uit"
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(signon.Client{ID: "other", Own: true, Name: "Other", Redirects: []string{callback}, Logouts: []string{"https://other.example/"}})
		tokens := h.tokens()
		h.at(20 * 24 * time.Hour) // the hint is long expired
		for _, c := range []struct {
			name string
			q    signon.EndSessionParams
			want signon.Logout
			err  error
		}{
			{"nothing", signon.EndSessionParams{}, signon.Logout{}, nil},
			{"a known address without hint", signon.EndSessionParams{ClientID: reading, ReturnTo: uit, State: "a b"}, signon.Logout{ReturnTo: uit + "?state=a+b"}, nil},
			{"an address without client", signon.EndSessionParams{ReturnTo: uit}, signon.Logout{}, signon.ErrNoHint},
			{"an unknown client", signon.EndSessionParams{ClientID: "evil", ReturnTo: uit}, signon.Logout{}, signon.ErrWrongRedirect},
			{"another client's address", signon.EndSessionParams{ClientID: reading, ReturnTo: "https://other.example/"}, signon.Logout{}, signon.ErrWrongRedirect},
			{"an address that signs in", signon.EndSessionParams{ClientID: reading, ReturnTo: callback}, signon.Logout{}, signon.ErrWrongRedirect},
			{"a hint of another client", signon.EndSessionParams{IDTokenHint: h.idToken(tokens), ClientID: "other"}, signon.Logout{}, signon.ErrBadHint},
			{"a hint and a stranger's address", signon.EndSessionParams{IDTokenHint: h.idToken(tokens), ReturnTo: "https://evil.example/"}, signon.Logout{}, signon.ErrWrongRedirect},
			{"a hint", signon.EndSessionParams{IDTokenHint: h.idToken(tokens)}, signon.Logout{SessionID: "SESSION"}, nil},
			{"a hint and an address", signon.EndSessionParams{IDTokenHint: h.idToken(tokens), ReturnTo: uit, State: "s"}, signon.Logout{SessionID: "SESSION", ReturnTo: uit + "?state=s"}, nil},
			{"a state that cannot be answered", signon.EndSessionParams{ClientID: reading, ReturnTo: uit, State: "\n"}, signon.Logout{ReturnTo: uit}, nil},
		} {
			got, err := h.endSession(c.q)
			if !errors.Is(err, c.err) || got != c.want {
				t.Errorf("%s: %+v, %v; want %+v, %v", c.name, got, err, c.want, c.err)
			}
		}
	})
}

func TestSigningOutRevokesTheTokensOfThatSession(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		tokens := h.tokens()
		if _, err := h.endSession(signon.EndSessionParams{IDTokenHint: h.idToken(tokens), ReturnTo: "https://evil.example/"}); err == nil {
			t.Fatal("sent to a stranger")
		}
		if _, refusal := h.userinfo(tokens.AccessToken); refusal != "" {
			t.Error("a refused sign-out did half its work")
		}
		if _, err := h.endSession(signon.EndSessionParams{IDTokenHint: h.idToken(tokens)}); err != nil {
			t.Fatal(err)
		}
		if _, refusal := h.userinfo(tokens.AccessToken); refusal != "invalid_token" {
			t.Error("the token outlived its session")
		}
	})
}

func TestAForgedHintSignsNobodyOut(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.do(h.p.TendKeys)
		good := h.idToken(h.tokens())
		forge := func(alg jose.SignatureAlgorithm, key any, kid, claims string) string {
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", kid).WithType("JWT"))
			if err != nil {
				t.Fatal(err)
			}
			signed, err := signer.Sign([]byte(claims))
			if err != nil {
				t.Fatal(err)
			}
			text, err := signed.CompactSerialize()
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		ours := `{"iss":"` + issuer + `","aud":"reading","sid":"SESSION"}`
		var rsaKid string
		for _, k := range h.keys().Keys {
			if k.Algorithm == signon.RS256 {
				rsaKid = k.KeyID
			}
		}
		for name, hint := range map[string]string{
			"no token":                   "x",
			"a token cut short":          good[:len(good)-2],
			"none as algorithm":          "eyJhbGciOiJub25lIn0.e30.",
			"a huge token":               strings.Repeat("a", 20_000),
			"another key":                forge(jose.ES256, private, h.currentKey(), ours),
			"an unknown key":             forge(jose.ES256, private, "unknown", ours),
			"the wrong kind of key":      forge(jose.ES256, private, rsaKid, ours),
			"a secret for a key":         forge(jose.HS256, []byte(strings.Repeat("k", 32)), h.currentKey(), ours),
			"a key that it brings along": embedded(t, private, nil, ours),
			"a key from elsewhere":       embedded(t, private, map[jose.HeaderKey]any{"kid": h.currentKey(), "jku": "https://evil.example/jwks", "x5u": "https://evil.example/cert"}, ours),
			"claims of another body":     good[:strings.Index(good, ".")] + "." + "e30" + good[strings.LastIndex(good, "."):],
		} {
			if _, err := h.endSession(signon.EndSessionParams{IDTokenHint: hint}); !errors.Is(err, signon.ErrBadHint) {
				t.Errorf("%s: %v, want ErrBadHint", name, err)
			}
		}
	})
}

// embedded signs claims with a key that the token itself brings along (jwk), or
// says where to find (jku, x5u): OWASP ASVS 9.1.3.
func embedded(t *testing.T, key *ecdsa.PrivateKey, headers map[jose.HeaderKey]any, claims string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key},
		(&jose.SignerOptions{EmbedJWK: true, ExtraHeaders: headers}).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAHintOfAnotherIssuerIsNotOurs(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		hint := h.idToken(h.tokens())
		h.p = &signon.Provider{Issuer: "https://moved.example/oidc", Box: db.Box}
		if _, err := h.endSession(signon.EndSessionParams{IDTokenHint: hint}); !errors.Is(err, signon.ErrBadHint) {
			t.Errorf("EndSession = %v, want ErrBadHint", err)
		}
	})
}

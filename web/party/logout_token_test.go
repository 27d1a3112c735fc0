package party_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
)

// signs signs claims as the sign-on does, with its own key.
func (h *house) signs(kind string, claims map[string]any) string {
	h.t.Helper()
	var kid, sealed string
	h.in(func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT id, sealed FROM signon_key WHERE state = 'current' AND algorithm = 'ES256'`, nil, &kid, &sealed)
		return err
	})
	plain, err := h.db.Box.Open("signing key", sealed)
	if err != nil {
		h.t.Fatal(err)
	}
	key, err := x509.ParsePKCS8PrivateKey(plain)
	if err != nil {
		h.t.Fatal(err)
	}
	return token(h.t, jose.JSONWebKey{Key: key, KeyID: kid}, (&jose.SignerOptions{}).WithType(jose.ContentType(kind)), claims)
}

func token(t testing.TB, key any, options *jose.SignerOptions, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return compact
}

// signOut are the claims of a logout token for the session of a browser.
func (h *house) signOut(b *browser) map[string]any {
	h.t.Helper()
	s, ok := h.session(b)
	if !ok {
		h.t.Fatal("no session")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return map[string]any{"iss": strings.TrimSuffix(h.door, "/inschrijven") + "/oidc", "aud": "inschrijven", "sub": "ZOE", "sid": s.SignOn, "jti": "ONCE",
		"iat": h.now.Unix(), "exp": h.now.Add(signon.LogoutTokenLife).Unix(), "events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}}
}

// A door believes only what the sign-on signed, as a logout token, for this door,
// lately, and with its own keys (OWASP ASVS 9.1, 9.2, 10.5.5).
func TestADoorBelievesLogoutTokensOnly(t *testing.T) {
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		b.get("/inloggen")
		with := func(name string, value any) map[string]any {
			c := h.signOut(b)
			if c[name] = value; value == nil {
				delete(c, name)
			}
			return c
		}
		jwks := &jose.SignerOptions{EmbedJWK: true, ExtraHeaders: map[jose.HeaderKey]any{"jku": "https://evil.example/jwks"}}
		for name, bad := range map[string]string{
			"of the type of ID tokens":        h.signs("JWT", h.signOut(b)),
			"of the type of access tokens":    h.signs("at+jwt", h.signOut(b)),
			"for another door":                h.signs("logout+jwt", with("aud", "mijn")),
			"of another sign-on":              h.signs("logout+jwt", with("iss", "https://id.example")),
			"with a nonce":                    h.signs("logout+jwt", with("nonce", "x")),
			"about something else":            h.signs("logout+jwt", with("events", map[string]any{"x": 1})),
			"expired":                         h.signs("logout+jwt", with("exp", h.signOut(b)["iat"].(int64)-1)),
			"without an end":                  h.signs("logout+jwt", with("exp", nil)),
			"without a session":               h.signs("logout+jwt", with("sid", nil)),
			"with a key that it brings along": token(t, stranger, jwks.WithType("logout+jwt"), h.signOut(b)),
		} {
			if res := h.tell(bad); res.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: %d", name, res.StatusCode)
			}
		}
		b.get("").want(t, 200, "", "Jij bent zoe")
		if res := h.tell(h.signs("logout+jwt", h.signOut(b))); res.StatusCode != http.StatusOK {
			t.Errorf("a good one: %d", res.StatusCode)
		}
		b.get("").want(t, 200, "", "Wie ben jij?")
	})
}

// FuzzHear posts to the address at which anybody may say that somebody signed out:
// nothing but what the sign-on signed ends a session or is our own fault.
func FuzzHear(f *testing.F) {
	db := sqldbtest.New(f)
	h := open(f, db)
	b := h.browser()
	b.get("/inloggen")
	good := h.signs("logout+jwt", h.signOut(b))
	parts := strings.Split(good, ".")
	for _, seed := range []string{"", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", parts[0] + "." + parts[1] + ".", parts[0] + ".." + parts[2],
		h.signs("JWT", h.signOut(b)), `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Join(strings.Fields(text), "") == good {
			return
		}
		h.t = t
		if res := h.tell(text); res.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: %d", text, res.StatusCode)
		}
		if _, ok := h.session(b); !ok {
			t.Fatalf("%q ended a session", text)
		}
	})
}

package party_test

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
	"lidwoord/web/party"
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

// fake is a sign-on that answers whatever a test wants.
type fake struct {
	*httptest.Server
	key     *ecdsa.PrivateKey
	says    string // issuer in its metadata, "" is its own address
	idToken string
}

func newFake(t *testing.T) *fake {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{key: key}
	mux := http.NewServeMux()
	show := func(path string, what func() any) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode(what())
		})
	}
	show("/.well-known/openid-configuration", func() any {
		return map[string]any{"issuer": cmp.Or(f.says, f.URL), "authorization_endpoint": f.URL + "/authorize", "token_endpoint": f.URL + "/token",
			"jwks_uri": f.URL + "/jwks", "id_token_signing_alg_values_supported": []string{"ES256", "HS256", "none"}}
	})
	show("/jwks", func() any {
		return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "ours", Algorithm: "ES256", Use: "sig"}}}
	})
	show("/token", func() any { return map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": f.idToken} })
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

// A door believes an ID token only when its sign-on signed it, for this door, now,
// and in answer to its own question (OWASP ASVS 6.8.2, 9.1, 9.2, 10.5.1, 10.5.4).
func TestADoorBelievesIDTokensOfItsSignOnOnly(t *testing.T) {
	h := open(t, sqldbtest.New(t))
	f := newFake(t)
	p := party.New(h.start, party.Settings{Issuer: f.URL, ClientID: "inschrijven", ClientSecret: secretThere})
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ours := jose.JSONWebKey{Key: f.key, KeyID: "ours"}
	with := func(name string, value any) func(map[string]any) string {
		return func(c map[string]any) string {
			if c[name] = value; value == nil {
				delete(c, name)
			}
			return token(t, ours, nil, c)
		}
	}
	hour := int64(3600)
	for name, make := range map[string]func(map[string]any) string{
		"":                                func(c map[string]any) string { return token(t, ours, nil, c) },
		"for another door":                with("aud", "mijn"),
		"of another sign-on":              with("iss", "https://id.example"),
		"expired":                         with("exp", h.now.Unix()-1),
		"not yet":                         with("nbf", h.now.Unix()+hour),
		"in answer to another question":   with("nonce", "another"),
		"in answer to none":               with("nonce", nil),
		"by another key":                  func(c map[string]any) string { return token(t, jose.JSONWebKey{Key: stranger, KeyID: "ours"}, nil, c) },
		"with a key that it brings along": func(c map[string]any) string { return token(t, stranger, &jose.SignerOptions{EmbedJWK: true}, c) },
		"without a signature": func(c map[string]any) string {
			parts := strings.Split(token(t, ours, nil, c), ".")
			return "eyJhbGciOiJub25lIn0." + parts[1] + "."
		},
		"changed": func(c map[string]any) string {
			parts := strings.Split(token(t, ours, nil, c), ".")
			c["sub"] = "YAN"
			return parts[0] + "." + strings.Split(token(t, ours, nil, c), ".")[1] + "." + parts[2]
		},
		"signed by the secret that we share": func(c map[string]any) string {
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(secretThere)}, nil)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := json.Marshal(c)
			signed, err := signer.Sign(text)
			if err != nil {
				t.Fatal(err)
			}
			compact, _ := signed.CompactSerialize()
			return compact
		},
	} {
		begun := httptest.NewRecorder()
		if err := p.Begin(begun, httptest.NewRequest("GET", "/inschrijven/inloggen", nil), party.Step{}); err != nil {
			t.Fatal(err)
		}
		to, err := begun.Result().Location()
		if err != nil {
			t.Fatal(err)
		}
		f.idToken = make(map[string]any{"iss": f.URL, "aud": "inschrijven", "sub": "ZOE", "nonce": to.Query().Get("nonce"), "iat": h.now.Unix(), "exp": h.now.Unix() + 300})
		back := httptest.NewRequest("GET", "/inschrijven/terug?code=x&state="+to.Query().Get("state"), nil)
		for _, c := range begun.Result().Cookies() {
			back.AddCookie(c)
		}
		a, err := p.Answer(httptest.NewRecorder(), back)
		if good := name == ""; good != (err == nil && a.Subject == "ZOE" && a.Issuer == f.URL) || !good && !errors.Is(err, party.ErrRefused) {
			t.Errorf("an ID token %s: %q of %q, %v", name, a.Subject, a.Issuer, err)
		}
	}
}

// OWASP ASVS 10.5.3.
func TestASignOnThatCallsItselfOtherwiseIsNotAsked(t *testing.T) {
	h := open(t, sqldbtest.New(t))
	f := newFake(t)
	f.says = "https://id.example"
	p := party.New(h.start, party.Settings{Issuer: f.URL, ClientID: "inschrijven", ClientSecret: secretThere})
	if err := p.Begin(httptest.NewRecorder(), httptest.NewRequest("GET", "/inschrijven/inloggen", nil), party.Step{}); !errors.Is(err, party.ErrSignOnDown) {
		t.Errorf("begun: %v", err)
	}
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

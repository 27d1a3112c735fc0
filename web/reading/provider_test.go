package reading_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// provider is a small OpenID provider that shares nothing with our own: what
// works with it works with a sign-on of another make. Its one person is signed in
// whenever Person is set.
type provider struct {
	*httptest.Server
	t   testing.TB
	key *ecdsa.PrivateKey
	now func() time.Time

	mu     sync.Mutex
	Person map[string]any // claims; nil is nobody signed in
	Iss    string         // what it says in its answers; "" is the truth
	Nonce  string         // overrides the nonce
	Down   bool
	Asked  []url.Values // what came to authorize
	codes  map[string]url.Values

	Refresh map[string]bool // refresh tokens that work
	NoApps  bool            // gives none
	Access  map[string]any  // what introspection says of the token "good"; nil is not active
}

func newProvider(t testing.TB, now func() time.Time) *provider {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{t: t, key: key, now: now, codes: map[string]url.Values{}, Refresh: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		if p.Down {
			http.Error(w, "no", http.StatusBadGateway)
			return
		}
		json.NewEncoder(w).Encode(map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/jwks",
			"end_session_endpoint": p.URL + "/bye", "introspection_endpoint": p.URL + "/introspect", "revocation_endpoint": p.URL + "/revoke", "authorization_response_iss_parameter_supported": true, "id_token_signing_alg_values_supported": []string{"ES256"},
		})
	})
	mux.HandleFunc("GET /jwks", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "k", Algorithm: "ES256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /bye", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.Person = nil
		p.mu.Unlock()
		http.Redirect(w, r, r.FormValue("post_logout_redirect_uri"), http.StatusSeeOther)
	})
	mux.HandleFunc("POST /introspect", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		said := map[string]any{"active": false}
		if id, secret, _ := r.BasicAuth(); p.Access != nil && r.FormValue("token") == "good" && id == "ob" && secret == "geheim" {
			said = p.Access
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(said)
	})
	mux.HandleFunc("POST /revoke", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.Refresh, r.FormValue("token"))
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *provider) authorize(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := r.URL.Query()
	p.Asked = append(p.Asked, q)
	answer := url.Values{"state": {q.Get("state")}, "iss": {p.URL}}
	if p.Iss != "" {
		answer.Set("iss", p.Iss)
	}
	if p.Person == nil {
		answer.Set("error", "login_required")
	} else {
		code := rand.Text()
		p.codes[code] = q
		answer.Set("code", code)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+answer.Encode(), http.StatusSeeOther)
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q, known := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	id, secret, _ := r.BasicAuth()
	w.Header().Set("Content-Type", "application/json")
	refreshes := r.FormValue("grant_type") == "refresh_token" && p.Refresh[r.FormValue("refresh_token")] && p.Person != nil && secret == "geheim"
	delete(p.Refresh, r.FormValue("refresh_token"))
	if refreshes {
		q = url.Values{"scope": {"offline_access"}}
	} else if !known || q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || id != "ob" || secret != "geheim" {
		w.WriteHeader(http.StatusBadRequest)
		w.Write([]byte(`{"error":"invalid_grant"}`))
		return
	}
	claims := map[string]any{"iss": p.URL, "aud": "ob", "iat": p.now().Unix(), "exp": p.now().Add(5 * time.Minute).Unix(), "nonce": q.Get("nonce")}
	if p.Nonce != "" {
		claims["nonce"] = p.Nonce
	}
	for k, v := range p.Person {
		claims[k] = v
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: p.key, KeyID: "k"}}, nil)
	if err != nil {
		p.t.Error(err)
	}
	text, _ := json.Marshal(claims)
	signed, err := signer.Sign(text)
	if err != nil {
		p.t.Error(err)
	}
	raw, _ := signed.CompactSerialize()
	tokens := map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 300, "id_token": raw}
	if strings.Contains(q.Get("scope"), "offline_access") && !p.NoApps {
		next := rand.Text()
		tokens["refresh_token"], p.Refresh[next] = next, true
	}
	json.NewEncoder(w).Encode(tokens)
}

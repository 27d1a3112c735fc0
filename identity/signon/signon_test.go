package signon_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/identity/signon"
)

const (
	issuer   = "https://inlog.example/oidc"
	reading  = "reading"
	callback = "https://lezen.example/terug"
	verifier = "a-verifier-of-at-least-forty-three-letters-long"
	password = secret.Token("a client secret of at least 32 letters")
)

// noon is a moment in the summer; the tests move their clocks from here.
var noon = time.Date(2026, 7, 2, 12, 0, 0, 0, time.UTC)

// house is a provider with one client, on one engine.
type house struct {
	testing.TB
	db *sqldb.DB
	p  *signon.Provider
}

func open(t testing.TB, db *sqldb.DB) house {
	t.Helper()
	h := house{t, db, &signon.Provider{Issuer: issuer, Box: db.Box, Memberships: shelf{}}}
	h.at(0)
	h.register(readingClient())
	return h
}

func readingClient() signon.Client {
	return signon.Client{
		ID: reading, Own: true, Name: "Online Bibliotheek", Secret: password,
		Redirects: []string{callback, "https://lezen.example/app?kant=2"},
		Logouts:   []string{"https://lezen.example/uit"},
		Origins:   []string{"https://lezen.example"},
		Scopes:    []string{"openid", "profile", "email", "memberships"},
	}
}

// shelf is an administration in which everybody may read.
type shelf struct{}

func (shelf) Of(tx *sqldb.Tx, accountID string) ([]signon.Membership, error) {
	if accountID == "nobody" {
		return nil, nil
	}
	return []signon.Membership{{
		Organisation: "bind", OrganisationName: "Bind bibliotheken", Number: "28000000000017",
		Code: "DIGI", Name: "Digital Only", Rights: []string{"digital"}, ValidThrough: "2027-07-01", State: "active",
	}}, nil
}

// at moves the clock to so long after noon.
func (h house) at(after time.Duration) { h.db.Now = func() time.Time { return noon.Add(after) } }

// do runs f in a transaction that must succeed.
func (h house) do(f func(*sqldb.Tx) error) {
	h.Helper()
	if err := h.db.InTx(h.Context(), f); err != nil {
		h.Fatal(err)
	}
}

func (h house) register(c signon.Client) {
	h.Helper()
	h.do(func(tx *sqldb.Tx) error { return h.p.RegisterClient(tx, c) })
}

// ask is a good authorize request.
func ask() signon.AuthorizeParams {
	sum := sha256.Sum256([]byte(verifier))
	return signon.AuthorizeParams{
		ClientID: reading, RedirectURI: callback, ResponseType: "code",
		Scope: "openid profile email memberships", State: "s&1", Nonce: "n-1",
		Challenge: base64.RawURLEncoding.EncodeToString(sum[:]), Method: "S256",
	}
}

func (h house) begin(a signon.AuthorizeParams) (id string, err error) {
	err = h.db.InTx(h.Context(), func(tx *sqldb.Tx) error {
		id, err = h.p.Begin(tx, a)
		return err
	})
	return id, err
}

func (h house) mustBegin(a signon.AuthorizeParams) string {
	h.Helper()
	id, err := h.begin(a)
	if err != nil {
		h.Fatal(err)
	}
	return id
}

// zoe is signed in since noon.
func zoe() signon.Session {
	return signon.Session{AccountID: "ZOE", Username: "28000000000017", Email: "zoe@example.nl",
		AuthTime: noon, SessionID: "SESSION", ACR: signon.ACRPassword}
}

func (h house) grant(id string, s signon.Session) (address string, err error) {
	err = h.db.InTx(h.Context(), func(tx *sqldb.Tx) error {
		address, err = h.p.Grant(tx, id, s)
		return err
	})
	return address, err
}

// code walks to a fresh code for zoe.
func (h house) code(a signon.AuthorizeParams) secret.Token {
	h.Helper()
	address, err := h.grant(h.mustBegin(a), zoe())
	if err != nil {
		h.Fatal(err)
	}
	return secret.Token(query(h, address).Get("code"))
}

func query(t testing.TB, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// redeem is a good token request.
func redeem(code secret.Token) signon.TokenParams {
	return signon.TokenParams{
		Client:    signon.ClientAuth{ID: reading, Secret: password},
		GrantType: "authorization_code", Code: code, RedirectURI: callback, Verifier: verifier,
	}
}

// exchange returns the tokens, or the code of the refusal.
func (h house) exchange(q signon.TokenParams) (tokens signon.Tokens, refusal string) {
	h.Helper()
	h.do(func(tx *sqldb.Tx) error {
		t, problem, err := h.p.Exchange(tx, q)
		tokens, refusal = t, ""
		if problem != nil {
			refusal = problem.Code
		}
		return err
	})
	return tokens, refusal
}

func (h house) tokens() signon.Tokens {
	h.Helper()
	t, refusal := h.exchange(redeem(h.code(ask())))
	if refusal != "" {
		h.Fatal(refusal)
	}
	return t
}

// userinfo returns the claims, or the code of the refusal.
func (h house) userinfo(token secret.Token) (person signon.Person, refusal string) {
	h.Helper()
	err := h.db.Read(h.Context(), func(tx *sqldb.Tx) error {
		got, problem, err := h.p.UserInfo(tx, token)
		person = got
		if problem != nil {
			refusal = problem.Code
		}
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return person, refusal
}

func (h house) keys() (set jose.JSONWebKeySet) {
	h.Helper()
	err := h.db.Read(h.Context(), func(tx *sqldb.Tx) (err error) {
		text, _, err := h.p.KeyDocument(tx)
		if err == nil {
			err = json.Unmarshal(text, &set)
		}
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return set
}

// idToken is the signed ID token of an exchange.
func (h house) idToken(t signon.Tokens) string {
	h.Helper()
	token, err := t.IDToken()
	if err != nil {
		h.Fatal(err)
	}
	return token
}

// claims checks a token against the published keys, as any client would.
func (h house) claims(token string) map[string]any {
	h.Helper()
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
	if err != nil {
		h.Fatal(err)
	}
	payload, err := signed.Verify(h.keys())
	if err != nil {
		h.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(payload, &out); err != nil {
		h.Fatal(err)
	}
	return out
}

// sentBack returns the error that a client finds in its redirect address.
func sentBack(t testing.TB, err error) url.Values {
	t.Helper()
	var refused *signon.Refused
	if !errors.As(err, &refused) {
		t.Fatalf("got %v, want a refusal for the client", err)
	}
	if !strings.HasPrefix(refused.URL, callback+"?") {
		t.Fatalf("sent to %s", refused.URL)
	}
	return query(t, refused.URL)
}

func codeIn(v url.Values) secret.Token { return secret.Token(v.Get("code")) }

package oidc_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"lidwoord/base/day"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/identity/signon"
	"lidwoord/web/kit"
	"lidwoord/web/oidc"
)

const (
	callback  = "https://lezen.example/terug"
	password  = "a client secret: with a colon, a + and 100 %"
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// door is a running issuer.
type door struct {
	*testing.T
	db     *sqldb.DB
	p      *signon.Provider
	issuer string
	web    *http.Client // follows nothing
	site   *oidc.Site
}

func open(t *testing.T, db *sqldb.DB) door {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	address := func(path string) *url.URL {
		return &url.URL{Scheme: "http", Host: server.Listener.Addr().String(), Path: path}
	}
	catalogue, err := words.Load(kit.Words, day.Words, signon.Words)
	if err != nil {
		t.Fatal(err)
	}
	p := &signon.Provider{Issuer: address("/oidc").String(), Box: db.Box, Memberships: shelf{}}
	site, err := oidc.New(&kit.House{
		DB: db, Words: catalogue, Brand: kit.Brand{Name: "Bind bibliotheken"},
		Doors: kit.Doors{OIDC: address("/oidc"), Login: address("/inloggen")},
		Log:   slog.New(slog.DiscardHandler),
	}, p)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = site.Handler()
	server.Start()
	t.Cleanup(server.Close)
	d := door{t, db, p, p.Issuer, &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, site}
	d.register(signon.ES256)
	return d
}

type shelf struct{}

func (shelf) Of(*sqldb.Tx, string) ([]signon.Membership, error) {
	return []signon.Membership{{Organisation: "bind", Number: "28000000000017", Code: "DIGI", Rights: []string{"digital"}, State: "active"}}, nil
}

func (d door) do(f func(*sqldb.Tx) error) {
	d.Helper()
	if err := d.db.InTx(d.Context(), f); err != nil {
		d.Fatal(err)
	}
}

func (d door) register(algorithm string) {
	d.Helper()
	d.do(func(tx *sqldb.Tx) error {
		for _, c := range []signon.Client{
			{ID: "reading room", Secret: password, Origins: []string{"https://lezen.example"}, Logouts: []string{"https://lezen.example/uit"}},
			{ID: "app"},
		} {
			c.Own, c.Name, c.Redirects, c.Algorithm = true, "Online Bibliotheek", []string{callback}, algorithm
			c.Scopes = []string{"openid", "profile", "email", "memberships"}
			if err := d.p.RegisterClient(tx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// signIn does what the login door does: it answers a request for zoe.
func (d door) signIn(requestID string) (address string) {
	d.Helper()
	d.do(func(tx *sqldb.Tx) (err error) {
		address, err = d.p.Grant(tx, requestID, signon.Session{AccountID: "ZOE", Username: "28000000000017",
			Email: "zoe@example.nl", AuthTime: tx.Now, SessionID: "SESSION"})
		return err
	})
	return address
}

// reply is an answer that was read to its end.
type reply struct {
	*http.Response
	body string
}

func (d door) send(r *http.Request) reply {
	d.Helper()
	res, err := d.web.Do(r)
	if err != nil {
		d.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		d.Fatal(err)
	}
	return reply{res, string(body)}
}

func (d door) request(method, path string, form url.Values) *http.Request {
	d.Helper()
	body := io.Reader(nil)
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(d.Context(), method, d.issuer+path, body)
	if err != nil {
		d.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

func (d door) get(path string) reply { d.Helper(); return d.send(d.request("GET", path, nil)) }

// wanted is a good authorize request of the client "app".
func wanted() url.Values {
	return url.Values{"client_id": {"app"}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid memberships"},
		"state": {"s"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"}}
}

// code walks over HTTP to a fresh code of a client.
func (d door) code(client string) secret.Token {
	d.Helper()
	v := wanted()
	v.Set("client_id", client)
	there := d.get("/authorize?" + v.Encode())
	id := there.location(d.T).Query().Get("verzoek")
	return d.codeIn(d.signIn(id))
}

func (r reply) location(t *testing.T) *url.URL {
	t.Helper()
	u, err := r.Location()
	if err != nil {
		t.Fatalf("%d without a place to go: %s", r.StatusCode, r.body)
	}
	return u
}

// redeem is a good token request, without the client's name.
func redeem(code secret.Token) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {string(code)}, "redirect_uri": {callback}, "code_verifier": {verifier}}
}

func (d door) sessionOf(s session.Session) signon.Session {
	return signon.Session{AccountID: s.Subject, AuthTime: s.AuthAt, SessionID: s.ID}
}

func (d door) codeIn(address string) secret.Token {
	d.Helper()
	u, err := url.Parse(address)
	if err != nil {
		d.Fatal(err)
	}
	return secret.Token(u.Query().Get("code"))
}

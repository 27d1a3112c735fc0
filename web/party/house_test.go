package party_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/identity/signon"
	"lidwoord/web/kit"
	"lidwoord/web/oidc"
	"lidwoord/web/party"
)

// secretThere is what the door and the sign-on share.
const secretThere = "a secret of the door Inschrijven and the sign-on"

// house is a door with pages of its own and the sign-on of this house, on one
// server.
type house struct {
	t        testing.TB
	db       *sqldb.DB
	provider *signon.Provider
	door     string // address of the door
	start    *kit.Site
	party    *party.Party

	mu    sync.Mutex
	now   time.Time
	sits  string       // account at the login door; "" refuses to sign in
	there secret.Token // cookie of the session at the login door
	asked []url.Values // what came to /authorize
	down  bool         // the sign-on
	mute  bool         // it answers, and gives no tokens
}

// front is the door: one page for everybody, one for who is signed in.
type front struct {
	*kit.Site
	party *party.Party
}

var pages = fstest.MapFS{"pages/home.html": {Data: []byte(`{{define "title"}}Deur{{end}}{{define "content"}}<h1>Deur</h1>
{{with .Page}}<p>Jij bent {{.Username}}, {{.Account}}, {{.Email}}, {{.EmailVerified}}</p>{{else}}<p>Wie ben jij?</p>{{end}}{{end}}`)}}

func (f front) Routes(m *kit.Mux) {
	f.party.Routes(m)
	show := func(w http.ResponseWriter, r *http.Request) error {
		if who, in := party.Who(r); in {
			return f.Show(w, r, http.StatusOK, "home", who)
		}
		return f.Show(w, r, http.StatusOK, "home", nil)
	}
	m.Page("GET /", show)
	m.Page("GET /gegevens", kit.RequireSession(show))
	m.Page("GET /betalen", kit.RequireSession(show))
	m.Page("GET /vers", f.party.Fresh(show))
}

func open(t testing.TB, db *sqldb.DB) *house {
	t.Helper()
	h := &house{t: t, db: db, sits: "ZOE", now: time.Date(2026, 11, 23, 13, 5, 0, 0, time.UTC)}
	db.Now = func() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now }
	server := httptest.NewUnstartedServer(nil)
	at := func(path string) *url.URL {
		return &url.URL{Scheme: "http", Host: server.Listener.Addr().String(), Path: path}
	}
	h.door = at("/inschrijven").String()
	sentences, err := words.Load(kit.Words, day.Words, signon.Words, party.Words)
	if err != nil {
		t.Fatal(err)
	}
	k := &kit.House{DB: db, Words: sentences, Brand: kit.Brand{Name: "Bind bibliotheken"}, Log: slog.New(slog.DiscardHandler),
		Doors: kit.Doors{Signup: at("/inschrijven"), OIDC: at("/oidc"), Login: at("/inloggen")}}
	h.provider = &signon.Provider{Issuer: at("/oidc").String(), Box: db.Box}
	issuer, err := oidc.New(k, h.provider)
	if err != nil {
		t.Fatal(err)
	}
	if h.start, err = kit.New(k, "signup", pages); err != nil {
		t.Fatal(err)
	}
	h.party = party.New(h.start, party.Settings{ClientID: "inschrijven", ClientSecret: secretThere, Scopes: []string{"profile", "email"}})
	f := front{h.start, h.party}
	mux := http.NewServeMux()
	mux.Handle("/oidc/", h.watch(issuer.Handler()))
	mux.HandleFunc("/inloggen/aanmelden", h.signIn)
	mux.Handle("/", f.Handler(f))
	server.Config.Handler = mux
	server.Start()
	t.Cleanup(server.Close)
	h.in(func(tx *sqldb.Tx) error {
		return h.provider.RegisterClient(tx, signon.Client{ID: "inschrijven", Own: true, Name: "Inschrijven", Secret: secretThere,
			Redirects: []string{h.door + "/terug"}, Logouts: []string{h.door + "/"}, SignedOut: h.door + party.HearPath, Initiate: h.door + "/inloggen", Scopes: []string{"openid", "profile", "email"}})
	})
	return h
}

func each(t *testing.T, rule func(*testing.T, *house)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) { rule(t, open(t, db)) })
}

func (h *house) in(f func(*sqldb.Tx) error) {
	h.t.Helper()
	if err := h.db.InTx(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) set(f func()) { h.mu.Lock(); defer h.mu.Unlock(); f() }

// watch notes what is asked, and can take the sign-on away.
func (h *house) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		down := h.down || h.mute && strings.HasSuffix(r.URL.Path, signon.PathToken)
		if strings.HasSuffix(r.URL.Path, signon.PathAuthorize) {
			h.asked = append(h.asked, r.URL.Query())
		}
		h.mu.Unlock()
		if down {
			http.Error(w, "away", http.StatusBadGateway)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// signIn does what the login door does, for the person who sits at it.
func (h *house) signIn(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	sits := h.sits
	h.mu.Unlock()
	var to string
	err := h.db.InTx(r.Context(), func(tx *sqldb.Tx) error {
		request := r.URL.Query().Get("verzoek")
		if sits == "" {
			asked, err := h.provider.Pending(tx, request)
			if err != nil {
				return err
			}
			problem := signon.AccessDenied
			if asked.Prompt == signon.PromptNone {
				problem = signon.LoginRequired
			}
			to, err = h.provider.Refuse(tx, request, problem)
			return err
		}
		token, s, err := session.Start(tx, session.Session{Door: "login", Subject: sits, Idle: time.Hour})
		if err != nil {
			return err
		}
		h.set(func() { h.there = token })
		to, err = h.provider.Grant(tx, request, signon.Session{AccountID: sits, Username: strings.ToLower(sits), Email: strings.ToLower(sits) + "@voorbeeld.nl", AuthTime: tx.Now, SessionID: s.ID})
		return err
	})
	if err != nil {
		http.Error(w, fmt.Sprint(err), http.StatusInternalServerError)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// alive reports whether the person is still signed in at the login door.
func (h *house) alive() (ok bool) {
	h.in(func(tx *sqldb.Tx) (err error) { _, ok, err = session.Find(tx, "login", h.there); return err })
	return ok
}

// browser is one visitor with cookies.
type browser struct {
	*http.Client
	h *house
}

func (h *house) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &browser{&http.Client{Jar: jar}, h}
}

// until lets the browser follow redirects up to the first address that holds a
// part; "" follows none.
func (b *browser) until(part string) *browser {
	b.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.Contains(r.URL.String(), part) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return b
}

// page is an answer that was read to its end.
type page struct {
	*http.Response
	body string
}

func (b *browser) do(method, path string) page {
	b.h.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = b.h.door + path
	}
	r, err := http.NewRequestWithContext(b.h.t.Context(), method, path, nil)
	if err != nil {
		b.h.t.Fatal(err)
	}
	res, err := b.Do(r)
	if err != nil {
		b.h.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.h.t.Fatal(err)
	}
	return page{res, string(text)}
}

func (b *browser) get(path string) page { b.h.t.Helper(); return b.do("GET", path) }

// begin starts a sign-in and returns the address to which it goes back.
func (b *browser) begin(path string) (answer string) {
	b.h.t.Helper()
	defer func() { b.CheckRedirect = nil }()
	return b.until("/terug").get(path).Header.Get("Location")
}

// ask starts a sign-in and returns what the sign-on is asked.
func (b *browser) ask(path string) url.Values {
	b.h.t.Helper()
	defer func() { b.CheckRedirect = nil }()
	p := b.until("").get(path)
	u, err := p.Location()
	if err != nil {
		b.h.t.Fatalf("%d, to nowhere: %s", p.StatusCode, p.body)
	}
	return u.Query()
}

// want fails unless the page stands at a path of the door and holds every text.
func (p page) want(t *testing.T, status int, path string, texts ...string) page {
	t.Helper()
	if at := strings.TrimPrefix(p.Request.URL.RequestURI(), "/inschrijven"); p.StatusCode != status || at != path && path != "*" {
		t.Errorf("%d at %s, want %d at %s\n%s", p.StatusCode, at, status, path, p.body)
	}
	for _, text := range texts {
		if !strings.Contains(p.body, text) {
			t.Errorf("no %q at %s:\n%s", text, p.Request.URL, p.body)
		}
	}
	if bare := regexp.MustCompile(`>\s*(party|kit)\.[a-z_]+`).FindString(p.body); bare != "" {
		t.Errorf("a sentence is missing: %s", bare)
	}
	return p
}

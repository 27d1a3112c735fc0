package login_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/factor"
	"lidwoord/base/outbox"
	"lidwoord/base/password"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/throttle"
	"lidwoord/base/words"
	"lidwoord/identity/account"
	"lidwoord/identity/signon"
	"lidwoord/web/entry"
	"lidwoord/web/kit"
	"lidwoord/web/login"
)

const (
	username = "25280000001233"
	address  = "zoe@voorbeeld.nl"
	good     = "paarse fiets lacht hard"
	callback = "https://lezen.example/terug"

	joined   = "https://lid.example/inschrijven/terug" // where the door Inschrijven gets its answer
	initiate = "https://lid.example/inschrijven/inloggen"
	target   = "https://lid.example/inschrijven/bind?stap=2"
)

// door is a running login door.
type door struct {
	t        testing.TB
	db       *sqldb.DB
	accounts *account.Accounts
	provider *signon.Provider
	site     *login.Site
	base     string
	now      atomic.Int64
}

func open(t testing.TB, db *sqldb.DB) *door {
	t.Helper()
	d := &door{t: t, db: db}
	d.now.Store(time.Date(2026, 11, 23, 13, 5, 0, 0, time.UTC).UnixMicro())
	db.Now = func() time.Time { return time.UnixMicro(d.now.Load()) }
	server := httptest.NewUnstartedServer(nil)
	at := func(path string) *url.URL {
		_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
		return &url.URL{Scheme: "http", Host: "localhost:" + port, Path: path} // a number knows no passkeys
	}
	d.base = at("/inloggen").String()
	catalogue, err := words.Load(kit.Words, day.Words, password.Words, throttle.Words, account.Words, signon.Words, login.Words, factor.Words, entry.Words)
	if err != nil {
		t.Fatal(err)
	}
	d.provider = &signon.Provider{Issuer: at("/oidc").String(), Box: db.Box}
	d.accounts, err = account.New(account.Links{
		Activate: func(token secret.Token) string { return d.base + "/activeren/" + string(token) },
		SignIn:   d.base + "/aanmelden", Register: d.base + "/nieuw", Reading: "https://lezen.example/", Help: d.base + "/hulp",
		Reset:     func(token secret.Token) string { return d.base + "/wachtwoord/" + string(token) },
		Email:     func(token secret.Token) string { return d.base + "/email/" + string(token) },
		Undo:      func(token secret.Token) string { return d.base + "/email-terug/" + string(token) },
		Factor:    func(token secret.Token) string { return d.base + "/tweede-stap-weg/" + string(token) },
		Keep:      func(token secret.Token) string { return d.base + "/tweede-stap-blijft/" + string(token) },
		Forgotten: d.base + "/wachtwoord-vergeten",
		Continue:  d.provider.Continue,
	})
	if err != nil {
		t.Fatal(err)
	}
	d.site, err = login.New(&kit.House{
		DB: db, Words: catalogue, Brand: kit.Brand{Name: "Bind bibliotheken", Phone: "0592 123456", Email: "info@bind.example"},
		Doors: kit.Doors{Login: at("/inloggen"), OIDC: at("/oidc"), Reading: at("/bibliotheek"), Signup: at("/inschrijven"), Mine: at("/mijn")},
		Log:   slog.New(slog.DiscardHandler),
	}, d.accounts, d.provider)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = d.site.Handler(d.site)
	server.Start()
	t.Cleanup(server.Close)
	d.in(func(tx *sqldb.Tx) error {
		err := d.provider.RegisterClient(tx, signon.Client{ID: "inschrijven", Own: true, Name: "Inschrijven bij Bind", Redirects: []string{joined}, Initiate: initiate, Scopes: []string{"openid", "profile", "email"}})
		if err != nil {
			return err
		}
		return d.provider.RegisterClient(tx, signon.Client{ID: "lezen", Own: true, Name: "Online Bibliotheek", Redirects: []string{callback}, Scopes: []string{"openid", "profile", "email"}})
	})
	return d
}

func each(t *testing.T, rule func(*testing.T, *door)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) { rule(t, open(t, db)) })
}

func (d *door) pass(wait time.Duration) { d.now.Add(wait.Microseconds()) }

func (d *door) in(f func(*sqldb.Tx) error) {
	d.t.Helper()
	if err := d.db.InTx(d.t.Context(), f); err != nil {
		d.t.Fatal(err)
	}
}

// mailed opens an account as the library does and returns the path of the link
// in the letter.
func (d *door) mailed() (path string) {
	d.t.Helper()
	d.in(func(tx *sqldb.Tx) error {
		_, _, err := d.accounts.Open(tx, account.Opening{Username: username, Email: address, Lang: words.NL, LibraryName: "Bind bibliotheken"})
		return err
	})
	return d.newest()
}

var linkPattern = regexp.MustCompile(`/activeren/[A-Z0-9]+`)

func (d *door) newest() (path string) {
	d.t.Helper()
	d.in(func(tx *sqldb.Tx) error {
		letters, err := outbox.Recent(tx, 20)
		for _, l := range letters {
			if path == "" && (l.Mail.Kind == "account.activation" || l.Mail.Kind == "account.welcome") {
				path = linkPattern.FindString(l.Mail.Text)
			}
		}
		return err
	})
	if path == "" {
		d.t.Fatal("no letter with a link")
	}
	return path
}

// active makes an account that is in use.
func (d *door) active() {
	d.t.Helper()
	path := d.mailed()
	b := d.browser()
	b.post(path, nil)
	if p := b.post(path+"/wachtwoord", url.Values{"wachtwoord": {good}}); p.status != 303 {
		d.t.Fatalf("activation: %d %s", p.status, p.body)
	}
}

// ask begins a request as the Online Bibliotheek does.
func (d *door) ask(change func(*signon.AuthorizeParams)) (id string) {
	d.t.Helper()
	a := signon.AuthorizeParams{ClientID: "lezen", RedirectURI: callback, ResponseType: "code", Scope: "openid profile", State: "abc",
		Challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", Method: "S256"}
	if change != nil {
		change(&a)
	}
	d.in(func(tx *sqldb.Tx) (err error) { id, err = d.provider.Begin(tx, a); return err })
	return id
}

// browser is one visitor with cookies, who follows nothing by itself.
type browser struct {
	d      *door
	client *http.Client
	lang   string
}

func (d *door) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return &browser{d: d, lang: "nl", client: &http.Client{Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// page is an answer that was read to its end.
type page struct {
	status int
	body   string
	to     string // Location
	header http.Header
}

func (b *browser) send(method, path string, form url.Values, headers ...string) page {
	b.d.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = b.d.base + path
	}
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(b.d.t.Context(), method, path, body)
	if err != nil {
		b.d.t.Fatal(err)
	}
	r.Header.Set("Accept-Language", b.lang)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := b.client.Do(r)
	if err != nil {
		b.d.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.d.t.Fatal(err)
	}
	return page{res.StatusCode, string(text), res.Header.Get("Location"), res.Header}
}

func (b *browser) get(path string) page { b.d.t.Helper(); return b.send("GET", path, nil) }
func (b *browser) post(path string, form url.Values) page {
	b.d.t.Helper()
	return b.send("POST", path, form)
}

func (b *browser) signIn(more url.Values, plain string) page {
	b.d.t.Helper()
	form := url.Values{"gebruikersnaam": {username}, "wachtwoord": {plain}}
	for k, v := range more {
		form[k] = v
	}
	return b.post("/aanmelden", form)
}

// sends posts a form that went well, and reads the page to which it leads.
func (b *browser) sends(path string, form url.Values) page {
	b.d.t.Helper()
	p := b.post(path, form)
	if p.status != 303 {
		return p
	}
	return b.get(strings.TrimPrefix(p.to, "/inloggen"))
}

func (p page) want(t testing.TB, status int, texts ...string) {
	t.Helper()
	if p.status != status {
		t.Errorf("status %d (to %q), want %d\n%.1500s", p.status, p.to, status, p.body)
	}
	for _, text := range texts {
		if !strings.Contains(p.body, text) {
			t.Errorf("the page lacks %q:\n%s", text, p.body)
		}
	}
	if strings.Contains(p.body, "login.") && regexp.MustCompile(`>\s*(login|account|kit|password)\.[a-z_]+`).MatchString(p.body) {
		t.Errorf("a sentence is missing:\n%s", p.body)
	}
}

func (p page) without(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(p.body, text) {
			t.Errorf("the page tells %q:\n%s", text, p.body)
		}
	}
}

package reading_test

import (
	"bytes"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/copy"
	"lidwoord/reading/device"
	"lidwoord/reading/index"
	"lidwoord/reading/index/indextest"
	"lidwoord/reading/ingest"
	"lidwoord/reading/loan"
	"lidwoord/samples"
	"lidwoord/web/kit"
	"lidwoord/web/party"
	"lidwoord/web/reading"
)

// house is the door on a server of its own, with the samples on its shelf.
type house struct {
	*httptest.Server
	t        testing.TB
	db       *sqldb.DB
	provider *provider
	ids      map[string]string // title name → id
	stacks   catalogue.Stacks
	site     *reading.Site
	mu       sync.Mutex
	now      time.Time
	log      log
}

// log keeps what the door writes to its log.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// with says what a house should have besides.
type with struct {
	dist   fs.FS
	epubs  [][]byte
	listen string // address; "" is any
	titles int    // titles that are made up
	log    *slog.Logger

	desk    func(*sqldb.Tx) (reading.Desk, error)
	popular func(*sqldb.Tx, time.Time) (map[string]int, error)
}

var bundle = fstest.MapFS{"dist/reader.js": {Data: []byte("// reader")}}

func newHouse(t testing.TB, db *sqldb.DB, w with) *house {
	t.Helper()
	h := &house{t: t, db: db, ids: map[string]string{}, now: time.Date(2026, 11, 23, 11, 0, 0, 0, time.UTC)}
	db.Now = func() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now }
	if db.Box == nil {
		var err error
		if db.Box, err = secret.NewBox(bytes.Repeat([]byte("k"), secret.MasterLength)); err != nil {
			t.Fatal(err)
		}
	}
	h.provider = newProvider(t, db.Now)
	h.Server = httptest.NewUnstartedServer(nil)
	address := func(path string) *url.URL {
		u, err := url.Parse("http://" + h.Listener.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	sentences, err := words.Load(kit.Words, day.Words, party.Words, reading.Words, catalogue.Words, loan.Words, device.Words, copy.Words)
	if err != nil {
		t.Fatal(err)
	}
	issuer, _ := url.Parse(h.provider.URL)
	if w.log == nil {
		w.log = slog.New(slog.NewTextHandler(&h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	k := &kit.House{DB: db, Words: sentences, Brand: kit.Brand{Name: "Bind bibliotheken", Email: "info@bind.example", Phone: "0592 000 000"}, Log: w.log,
		Doors: kit.Doors{Reading: address("/bibliotheek"), OIDC: issuer, Login: issuer, Mine: address("/mijn"), Signup: address("/inschrijven")}}
	h.stacks = catalogue.Stacks{Dir: t.TempDir()}
	take := func(p *catalogue.Publication, err error) {
		if err == nil {
			var title catalogue.Title
			title, err = h.stacks.Take(t.Context(), db, p)
			h.ids[title.Name] = title.ID
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	books, err := samples.Books()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range books {
		w.epubs = append(w.epubs, b.EPUB)
	}
	for _, e := range w.epubs {
		take(ingest.OpenEPUB(bytes.NewReader(e), int64(len(e))))
	}
	audio, err := samples.Audio()
	if err != nil {
		t.Fatal(err)
	}
	take(ingest.OpenAudio(audio[0]))
	if err := db.InTx(t.Context(), func(tx *sqldb.Tx) error { return indextest.Fill(tx, w.titles) }); err != nil {
		t.Fatal(err)
	}
	if w.dist == nil {
		w.dist = fstest.MapFS{}
	}
	site, err := reading.New(k, reading.Settings{ClientID: "ob", ClientSecret: "geheim", Stacks: h.stacks, Dist: w.dist,
		Index: index.New(db, index.Settings{Popular: w.popular}), Catalogue: "https://lezen.example/opds", Desk: w.desk})
	if err != nil {
		t.Fatal(err)
	}
	h.site = site
	h.Config.Handler = site.Handler(site)
	h.Start()
	t.Cleanup(h.Close)
	return h
}

// spoil overwrites a kept file of a title, as if it had not been cleaned.
func (h *house) spoil(title, href string, text []byte) {
	err := h.db.Read(h.t.Context(), func(tx *sqldb.Tx) error {
		t, err := catalogue.Find(tx, h.ids[title])
		if err != nil {
			return err
		}
		m, err := catalogue.Contents(tx, t.ID)
		if err != nil {
			return err
		}
		part, _ := m.Part(href)
		f, err := h.stacks.Open(t, part)
		if err != nil {
			return err
		}
		defer f.Close()
		return os.WriteFile(f.Name(), text, 0o600)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// zoe has a digital membership until a day.
func zoe(through string) map[string]any {
	return map[string]any{"sub": "zoe", "preferred_username": "20000000000017", "memberships": []map[string]any{{
		"organisation": "bind", "organisation_name": "Bind bibliotheken", "number": "20000000000017", "code": "0141", "name": "Digital only",
		"rights": []string{"digital"}, "valid_through": through, "state": "active"}}}
}

// browser keeps cookies and follows redirects, as a visitor's does.
type browser struct {
	*http.Client
	h *house
}

func (h *house) browser() *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{&http.Client{Jar: jar}, h}
}

// answer is a page that was read to its end.
type answer struct {
	*http.Response
	body string
}

func (b *browser) do(method, path string, form url.Values, headers ...string) answer {
	b.h.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = b.h.URL + "/bibliotheek" + path
	}
	r, err := http.NewRequest(method, path, strings.NewReader(form.Encode()))
	if err != nil {
		b.h.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
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
	return answer{res, string(text)}
}

func (b *browser) get(path string, headers ...string) answer {
	return b.do("GET", path, nil, headers...)
}

func (b *browser) post(path string, pairs ...string) answer {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.do("POST", path, form)
}

// want fails unless the answer has the status and holds every text.
func (a answer) want(t testing.TB, status int, texts ...string) answer {
	t.Helper()
	if a.StatusCode != status {
		t.Errorf("%s %s: %d, want %d\n%.600s", a.Request.Method, a.Request.URL, a.StatusCode, status, onlyText(a.body))
	}
	for _, s := range texts {
		if !strings.Contains(a.body, s) {
			t.Errorf("%s %s lacks %q:\n%.1500s", a.Request.Method, a.Request.URL, s, onlyText(a.body))
		}
	}
	return a
}

var tags = regexp.MustCompile(`(?s)<[^>]*>\s*`)

func onlyText(page string) string { return tags.ReplaceAllString(page, " ") }

package opds_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/index"
	"lidwoord/reading/ingest"
	"lidwoord/reading/loan"
	"lidwoord/samples"
	"lidwoord/web/kit"
	"lidwoord/web/opds"
)

const (
	name     = "zoe-app"
	password = "geheim woord"
	token    = "toegang"
)

// house is the door on a server of its own, with the samples and one title that says
// all that a title can say.
type house struct {
	*httptest.Server
	t      testing.TB
	db     *sqldb.DB
	site   *opds.Site
	apps   *apps
	ids    map[string]string // title name → id
	log    *bytes.Buffer
	mu     sync.Mutex
	now    time.Time
	copies int
}

// apps is who may come in: one reader, by a password or a token.
type apps struct {
	reader loan.Reader
	rights loan.Rights
	err    error           // of asking for rights
	asked  []time.Duration // how old rights might be
	mu     sync.Mutex
}

var errWrong = fault.New(fault.SignIn, "kit.sign_in")

func (a *apps) ByPassword(_ context.Context, n string, p secret.Token, network string) (opds.Reader, error) {
	switch {
	case network == "":
		return opds.Reader{}, errWrong
	case n == "slow":
		return opds.Reader{}, fault.New(fault.Slow, "kit.sign_in").With(7)
	case n != name || string(p) != password:
		return opds.Reader{}, errWrong
	}
	return opds.Reader{ID: a.reader, Rights: a.may}, nil
}

func (a *apps) ByToken(_ context.Context, t secret.Token, _ string) (opds.Reader, error) {
	if string(t) != token {
		return opds.Reader{}, errWrong
	}
	return opds.Reader{ID: a.reader, Rights: a.may}, nil
}

func (a *apps) may(_ context.Context, atMost time.Duration) (loan.Rights, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, atMost)
	return a.rights, a.err
}

// set changes what the reader may.
func (a *apps) set(rights loan.Rights, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rights, a.err = rights, err
}

func digital(through string) loan.Rights {
	return loan.Rights{{Library: "Bind bibliotheken", Name: "Digital only", Rights: []string{"digital"}, ValidThrough: day.Day(through), State: loan.Active}}
}

func youth() loan.Rights {
	return loan.Rights{{Library: "Bind bibliotheken", Name: "Jeugd", Rights: []string{"digital-youth"}, State: loan.Active}}
}

func newHouse(t testing.TB, db *sqldb.DB) *house {
	t.Helper()
	h := &house{t: t, db: db, ids: map[string]string{}, log: &bytes.Buffer{}, now: time.Date(2026, 11, 23, 11, 0, 0, 0, time.UTC)}
	db.Now = func() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now }
	if db.Box == nil {
		var err error
		if db.Box, err = secret.NewBox(bytes.Repeat([]byte("k"), secret.MasterLength)); err != nil {
			t.Fatal(err)
		}
	}
	h.apps = &apps{reader: loan.ReaderOf(db.Box, "https://oidc.example", "zoe"), rights: digital("2027-06-30")}
	stacks := catalogue.Stacks{Dir: t.TempDir()}
	h.fill(stacks)

	h.Server = httptest.NewUnstartedServer(nil)
	address := func(path string) *url.URL {
		return &url.URL{Scheme: "http", Host: h.Listener.Addr().String(), Path: path}
	}
	sentences, err := words.Load(kit.Words, day.Words, catalogue.Words, loan.Words, opds.Words)
	if err != nil {
		t.Fatal(err)
	}
	k := &kit.House{DB: db, Words: sentences, Brand: kit.Brand{Name: "Bind bibliotheken", Site: "https://bind.example/", Email: "hulp@bind.example"},
		Log:   slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Doors: kit.Doors{OPDS: address("/opds"), Reading: address("/bibliotheek"), Signup: address("/inschrijven")}}
	h.site = opds.New(k, opds.Settings{Index: index.New(db, index.Settings{}), Stacks: stacks, Readers: h.apps,
		OAuth: &opds.OAuth{Issuer: "https://oidc.example", Metadata: "https://oidc.example/.well-known/openid-configuration", Authorize: "https://oidc.example/authorize",
			Token: "https://oidc.example/token", ClientID: "apps", Redirect: "opds://authorize/", Scope: "openid memberships"},
		Cover: func(t catalogue.Title, width int) (*os.File, error) {
			return os.Open(filepath.Join(stacks.Dir, "cover"))
		},
		Copy: func(w http.ResponseWriter, r *http.Request, l loan.Loan) error {
			h.copies++
			w.Header().Set("Content-Type", "application/epub+zip")
			_, err := io.WriteString(w, "copy of "+l.Title.Name)
			return err
		}})
	h.Config.Handler = h.site.Handler()
	h.Start()
	t.Cleanup(h.Close)
	return h
}

// fill takes in the samples, and one title with everything.
func (h *house) fill(stacks catalogue.Stacks) {
	h.t.Helper()
	take := func(p *catalogue.Publication, err error) {
		h.t.Helper()
		if err == nil {
			var title catalogue.Title
			title, err = stacks.Take(h.t.Context(), h.db, p)
			h.ids[title.Name] = title.ID
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
	books, err := samples.Books()
	if err != nil {
		h.t.Fatal(err)
	}
	for _, b := range books {
		take(ingest.OpenEPUB(bytes.NewReader(b.EPUB), int64(len(b.EPUB))))
	}
	audio, err := samples.Audio()
	if err != nil {
		h.t.Fatal(err)
	}
	take(ingest.OpenAudio(audio[0]))
	if err := os.WriteFile(filepath.Join(stacks.Dir, "cover"), []byte("\xff\xd8\xff picture"), 0o600); err != nil {
		h.t.Fatal(err)
	}
	h.add(catalogue.Title{Kind: catalogue.EBook, Name: `Zoë & de "<ijsbeer>"`, Subtitle: "Een verhaal", Identifier: "9789000000019", ISBN: "9789000000019", Series: "De poolreeks",
		SeriesAt: "2.5", Language: "nl-NL", Publisher: "Uitgeverij Noord", Published: "2024", Description: "Over\vijs & weder.", Subjects: []string{"Dieren", "Noordpool"}, Youth: true,
		Ages: catalogue.Ages{From: 8, To: 12}, Covers: []int{120, 240},
		Contributors: []catalogue.Contributor{{Name: "Ada Kingma", Role: "aut", SortAs: "Kingma, Ada"}, {Name: "Jan de Wit", Role: "ill"}, {Name: "Mo Said", Role: "trl"}, {Name: "C. Olofon", Role: "clr"}, {Name: "Ed Itor", Role: "edt"}},
		Access: catalogue.Access{Modes: []string{"textual", "visual", "magic"}, Sufficient: []string{"textual", "textual,visual", "magic"}, Features: []string{"tableOfContents", "sparkles"},
			Hazards: []string{"none"}, Summary: "Goed voor te lezen."}})
}

// add enters a title without files.
func (h *house) add(t catalogue.Title) string {
	h.t.Helper()
	t.Digest = secret.NewID()
	err := h.db.InTx(h.t.Context(), func(tx *sqldb.Tx) (err error) {
		t, err = catalogue.Add(tx, &catalogue.Publication{Title: t})
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.ids[t.Name] = t.ID
	return t.ID
}

func (h *house) at(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = now
}

func (h *house) pass(d time.Duration) { h.at(h.db.Now().Add(d)) }

// in does something in the database.
func (h *house) in(f func(*sqldb.Tx) error) {
	h.t.Helper()
	if err := h.db.InTx(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

// answer is an answer that was read to its end and held against the rules.
type answer struct {
	*http.Response
	t    testing.TB
	body string
}

// ask sends a request. Headers come in pairs; paths begin below the door.
func (h *house) ask(method, path string, headers ...string) answer {
	h.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = h.URL + "/opds" + path
	}
	r, err := http.NewRequest(method, path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if r.Header.Set(headers[i], headers[i+1]); headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	if len(text) > 0 && res.Header.Get("Content-Encoding") == "" {
		check(h.t, method+" "+path, res.Header.Get("Content-Type"), text)
	}
	return answer{res, h.t, string(text)}
}

func (h *house) get(path string, headers ...string) answer {
	h.t.Helper()
	return h.ask("GET", path, headers...)
}

// app asks as the app of the reader, with its password.
func (h *house) app(method, path string, headers ...string) answer {
	h.t.Helper()
	r, _ := http.NewRequest("GET", "/", nil)
	r.SetBasicAuth(name, password)
	return h.ask(method, path, append([]string{"Authorization", r.Header.Get("Authorization")}, headers...)...)
}

// want fails unless the answer has the status and holds every text.
func (a answer) want(status int, texts ...string) answer {
	a.t.Helper()
	if a.StatusCode != status {
		a.t.Errorf("%s %s: %d, want %d\n%.900s", a.Request.Method, a.Request.URL, a.StatusCode, status, a.body)
	}
	for _, s := range texts {
		if !strings.Contains(a.body, s) {
			a.t.Errorf("%s %s lacks %q:\n%.2500s", a.Request.Method, a.Request.URL, s, a.body)
		}
	}
	return a
}

// lacks fails when the answer holds one of the texts.
func (a answer) lacks(texts ...string) answer {
	a.t.Helper()
	for _, s := range texts {
		if strings.Contains(a.body, s) {
			a.t.Errorf("%s %s has %q:\n%.2500s", a.Request.Method, a.Request.URL, s, a.body)
		}
	}
	return a
}

// header fails unless the answer has a header with a text in it.
func (a answer) header(name, text string) answer {
	a.t.Helper()
	if got := strings.Join(a.Header.Values(name), ", "); !strings.Contains(got, text) || text == "" && got != "" {
		a.t.Errorf("%s %s: %s is %q, want %q", a.Request.Method, a.Request.URL, name, got, text)
	}
	return a
}

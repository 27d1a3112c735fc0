package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/web/webtest"
)

// running is a house that serves, with the demo library loaded.
type running struct {
	*house
	at    string
	ahead atomic.Int64 // how far its clock is ahead of ours, in nanoseconds
	heard logged       // all that it writes to its log
}

// logged keeps a log in memory.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// pass lets time go by in the house.
func (h *running) pass(d time.Duration) { h.ahead.Add(int64(d)) }

// eachEngine serves the demo on SQLite and on PostgreSQL.
func eachEngine(t *testing.T, f func(*testing.T, *running)) {
	t.Helper()
	bothEngines(t, func(t *testing.T, engine string) { f(t, serveDemo(t, engine)) })
}

// bothEngines runs f for both engines at once, as most of a walk is waiting for a page.
// It returns when both are done.
func bothEngines(t *testing.T, f func(t *testing.T, engine string)) {
	t.Helper()
	t.Run("demo", func(t *testing.T) {
		for _, engine := range []string{"sqlite", "postgres"} {
			t.Run(engine, func(t *testing.T) {
				t.Parallel()
				f(t, engine)
			})
		}
	})
}

func serveDemo(t *testing.T, engine string) *running {
	t.Helper()
	return serveAt(t, engine, func(address string) map[string]string { return map[string]string{"start": "http://" + address} })
}

// serveAt serves the demo with its doors where doors puts them.
func serveAt(t *testing.T, engine string, doors func(address string) map[string]string) *running {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := listener.Addr().String()
	listener.Close()
	c := copied(t, engine)
	c.Listen, c.Doors = at, doors(at)
	run := &running{at: "http://" + at}
	log := slog.New(slog.NewMultiHandler(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}),
		slog.NewTextHandler(&run.heard, &slog.HandlerOptions{Level: slog.LevelDebug})))
	h, err := demoHouse(t.Context(), c, log)
	if err == nil {
		err = h.db.InTx(t.Context(), func(tx *sqldb.Tx) error { return moveLetters(tx, c.Doors["start"]) })
	}
	if err != nil {
		t.Fatal(err)
	}
	run.house = h
	h.db.Now = func() time.Time { return time.Now().Add(time.Duration(run.ahead.Load())) }
	ctx, stop := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- h.run(ctx, func(string) { close(ready) }) }()
	select {
	case <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		h.db.Close()
	})
	return run
}

// demoHouse is a house with the demo library in its database, which may be there
// already.
func demoHouse(ctx context.Context, c Config, log *slog.Logger) (*house, error) {
	c.Library, c.Brand, c.demo = "bind", Brand{Name: "Bind bibliotheken"}, true
	db, err := openDatabase(ctx, c)
	if err != nil {
		return nil, err
	}
	h, err := build(ctx, c, db, log)
	if err != nil {
		return nil, err
	}
	h.mail = &outbox.Worker{DB: db, Sender: outbox.Nowhere{}, Keep: true, Log: log, Returned: h.office.MailReturned}
	_, err = loadDemo(ctx, h)
	return h, err
}

// letter is one mail as /dev/mail.json shows it.
type letter struct {
	To, Subject, Text, HTML string
	SentAt                  time.Time `json:"sent_at"`
}

// letter waits for the newest mail to an address.
func (h *running) letter(t *testing.T, to string) letter {
	t.Helper()
	for range 100 {
		res, err := http.Get(h.at + "/dev/mail.json")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		var list []letter
		if err != nil || json.Unmarshal(body, &list) != nil {
			t.Fatalf("%v: %.300s", err, body)
		}
		for _, l := range list {
			if l.To == to {
				return l
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("no mail came to %s", to)
	return letter{}
}

// signIn signs a clerk in at branch 5280.
func (h *running) signIn(t *testing.T, b *webtest.Browser) *webtest.Page {
	t.Helper()
	clerk := b.Person(t)
	clerk.Visit(h.at + "/balie")
	clerk.Fill("Gebruikersnaam", demoClerk)
	clerk.Fill("Wachtwoord", demoClerkPw)
	clerk.Select("Vestiging", "5280 Bibliotheek Annen")
	clerk.Press("Inloggen")
	return clerk
}

// read signs a reader in at the Online Bibliotheek.
func (h *running) read(t *testing.T, b *webtest.Browser, username, password string) *webtest.Page {
	t.Helper()
	reader := b.Person(t)
	h.enter(reader, username, password)
	return reader
}

func (h *running) enter(reader *webtest.Page, username, password string) {
	reader.Visit(h.at + "/bibliotheek")
	reader.Press("Inloggen")
	reader.Fill("Gebruikersnaam of e-mailadres", username)
	reader.Fill("Wachtwoord", password)
	reader.Press("Inloggen")
	reader.WantURL("/bibliotheek")
}

// login is the username of a demo person by what the first page says of them.
func (h *running) login(t *testing.T, what string) string {
	t.Helper()
	logins, err := demoLogins(t.Context(), h.db)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range logins {
		if l.What == what {
			return l.Username
		}
	}
	t.Fatalf("nobody in the demo is %s", what)
	return ""
}

// link is the one link of a mail.
// linkTo is the link in the newest letter to somebody, who may have had others.
func (h *running) linkTo(t *testing.T, to string) (link string) {
	t.Helper()
	eventually(t, "a letter with a link to "+to, func() bool {
		link = linkOfMail.FindString(h.letter(t, to).Text)
		return link != ""
	})
	return link
}

func (h *running) link(t *testing.T, l letter) string {
	t.Helper()
	link := linkOfMail.FindString(l.Text)
	if link == "" {
		t.Fatalf("no link in:\n%s", l.Text)
	}
	return link
}

var linkOfMail = regexp.MustCompile(`http\S+/activeren/\S+`)

package mailbox_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/web/kit"
	"lidwoord/web/mailbox"
	"lidwoord/web/webtest"
)

func TestMain(m *testing.M) { webtest.Main(m) }

func door(t *testing.T, db *sqldb.DB, at string) http.Handler {
	t.Helper()
	list, err := words.Load(kit.Words, day.Words, mailbox.Words)
	if err != nil {
		t.Fatal(err)
	}
	base, err := url.Parse(at + "/dev/mail")
	if err != nil {
		t.Fatal(err)
	}
	s, err := mailbox.New(&kit.House{DB: db, Words: list, Doors: kit.Doors{Mailbox: base}, Demo: true,
		Brand: kit.Brand{Name: "Bind bibliotheken"}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s.Handler(s)
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// write queues a letter, and sends it unless it is to wait.
func write(t *testing.T, db *sqldb.DB, at time.Time, to string, send bool) {
	t.Helper()
	db.Now = func() time.Time { return at }
	err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		return outbox.Add(tx, outbox.Mail{Kind: "test", To: to, Subject: "Account <activeren>", Lang: words.NL,
			Text: "Dag,\nklik op http://127.0.0.1/link?a=1&b=2.\nhttpx is geen link, https",
			HTML: `<!doctype html><html lang="nl"><head><title>t</title></head><body style="color:#123"><h1>Dag</h1><script>parent.location='https://evil.example'</script></body></html>`})
	})
	if err == nil && send {
		err = (&outbox.Worker{DB: db, Sender: outbox.Nowhere{}, Keep: true, Log: slog.New(slog.DiscardHandler)}).Drain(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "http://lid.example"+path, nil))
	return w
}

func TestTheLettersThatWentOutAreJSONNewestFirst(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := door(t, db, "http://lid.example")
		if w := get(h, "/dev/mail.json"); strings.TrimSpace(w.Body.String()) != "[]" {
			t.Errorf("an empty box is %q, want []", w.Body)
		}
		write(t, db, noon, "a@example.org", true)
		write(t, db, noon.Add(time.Hour), "b@example.org", true)
		write(t, db, noon.Add(2*time.Hour), "c@example.org", false)
		w := get(h, "/dev/mail.json")
		var list []map[string]string
		if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil {
			t.Fatalf("%v: %s", err, w.Body)
		}
		if len(list) != 2 || list[0]["to"] != "b@example.org" || list[1]["to"] != "a@example.org" {
			t.Fatalf("list is %v", list)
		}
		one := list[0]
		if one["subject"] != "Account <activeren>" || one["sent_at"] != "2026-11-23T13:00:00Z" ||
			!strings.Contains(one["text"], "link?a=1&b=2") || !strings.Contains(one["html"], "<h1>Dag</h1>") || len(one) != 5 {
			t.Errorf("a letter is %v", one)
		}
		if w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("content type %q", w.Header().Get("Content-Type"))
		}
	})
}

func TestALetterIsShownButNeverRun(t *testing.T) {
	db := sqldbtest.New(t)
	h := door(t, db, "http://lid.example")
	write(t, db, noon, "a@example.org", true)
	for lang, wants := range map[string][]string{
		"nl": {"Mail van de demo", "Account &lt;activeren&gt;", "a@example.org", "Verstuurd"},
		"en": {"Mail of the demo", "Sent"},
	} {
		body := get(h, "/dev/mail?taal="+lang).Body.String()
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("%s list lacks %q:\n%s", lang, want, body)
			}
		}
	}
	var id string
	err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
		letters, err := outbox.Recent(tx, 1)
		id = letters[0].ID
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	w := get(h, "/dev/mail/"+id)
	body := w.Body.String()
	for _, want := range []string{`<a href="http://127.0.0.1/link?a=1&amp;b=2">`, `sandbox="allow-top-navigation-by-user-activation"`, "&lt;script&gt;", "httpx is geen link"} {
		if !strings.Contains(body, want) {
			t.Errorf("the letter lacks %q:\n%s", want, body)
		}
	}
	if strings.Contains(body, "<script>parent") || strings.Contains(w.Header().Get("Content-Security-Policy"), "script-src 'self' 'unsafe") {
		t.Error("the letter's script may run")
	}
	if w := get(h, "/dev/mail/nobody"); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "Deze mail is er niet") {
		t.Errorf("an unknown letter: %d %s", w.Code, w.Body)
	}
}

func TestTheMailPageOpensInTheDemoOnly(t *testing.T) {
	if _, err := mailbox.New(&kit.House{}); err == nil {
		t.Error("the mail page opened outside the demo")
	}
}

func TestTheMailPageInABrowser(t *testing.T) {
	db := sqldbtest.New(t)
	var h http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	h = door(t, db, srv.URL)
	write(t, db, noon, "a@example.org", true)
	p := webtest.Start(t).Person(t)
	p.Forgive("Blocked script execution") // the letter tries; the sandbox says no
	p.Visit(srv.URL + "/dev/mail")
	p.Look("mail-list")
	p.Press("Account <activeren>")
	p.Want("Als tekst", "Met opmaak", "klik op")
	p.Look("mail-letter")
}

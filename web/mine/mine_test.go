package mine_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"lidwoord/base/day"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/web/kit"
	"lidwoord/web/mine"
	"lidwoord/web/webtest"
)

func door(t *testing.T, host string) http.Handler {
	t.Helper()
	list, err := words.Load(kit.Words, day.Words, mine.Words)
	if err != nil {
		t.Fatal(err)
	}
	at := func(path string) *url.URL { u, _ := url.Parse(host + path); return u }
	s, err := mine.New(&kit.House{DB: sqldbtest.New(t), Words: list, Log: slog.New(slog.DiscardHandler),
		Brand: kit.Brand{Name: "Bind bibliotheken", Phone: "0592 123456", Email: "info@bind.example"},
		Doors: kit.Doors{Mine: at("/mijn"), Login: at("/inloggen"), Reading: at("/bibliotheek"), Signup: at("/inschrijven")}})
	if err != nil {
		t.Fatal(err)
	}
	return s.Handler(s)
}

func TestNobodyStandsBeforeAClosedDoor(t *testing.T) {
	h := door(t, "https://lid.example")
	for lang, title := range map[string]string{"nl": "Mijn Menu", "en": "My Menu"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "https://lid.example/mijn?taal="+lang, nil))
		body := w.Body.String()
		for _, want := range []string{"<h1>" + title, `href="https://lid.example/inloggen/"`, `href="https://lid.example/bibliotheek/"`, `href="https://lid.example/inschrijven/"`, "0592 123456", "info@bind.example"} {
			if w.Code != 200 || !strings.Contains(body, want) {
				t.Errorf("%s: %d, no %s in\n%s", lang, w.Code, want, body)
			}
		}
		if strings.Contains(body, "mine.") {
			t.Errorf("%s: a sentence is missing in\n%s", lang, body)
		}
	}
}

func TestMijnMenuInABrowser(t *testing.T) {
	var h http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	h = door(t, srv.URL)
	p := webtest.Start(t).Person(t)
	p.Visit(srv.URL + "/mijn")
	p.Want("Mijn Menu", "Naar je inlogaccount")
	p.Look("mine")
}

package mine_test

import (
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"lidwoord/base/day"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/web/kit"
	"lidwoord/web/mine"
)

func TestNobodyStandsBeforeAClosedDoor(t *testing.T) {
	list, err := words.Load(kit.Words, day.Words, mine.Words)
	if err != nil {
		t.Fatal(err)
	}
	at := func(path string) *url.URL { return &url.URL{Scheme: "https", Host: "lid.example", Path: path} }
	s, err := mine.New(&kit.House{DB: sqldbtest.New(t), Words: list, Log: slog.New(slog.DiscardHandler),
		Brand: kit.Brand{Name: "Bind bibliotheken", Phone: "0592 123456", Email: "info@bind.example"},
		Doors: kit.Doors{Mine: at("/mijn"), Login: at("/inloggen"), Reading: at("/bibliotheek"), Signup: at("/inschrijven")}})
	if err != nil {
		t.Fatal(err)
	}
	for lang, title := range map[string]string{"nl": "Mijn Menu", "en": "My Menu"} {
		w := httptest.NewRecorder()
		s.Handler(s).ServeHTTP(w, httptest.NewRequest("GET", "https://lid.example/mijn?taal="+lang, nil))
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

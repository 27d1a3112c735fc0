package reading

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"lidwoord/base/day"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/web/kit"
	"lidwoord/web/party"
	"lidwoord/web/webtest"
)

// The page and the file are one value, and the page leaves nothing of it out.
func TestThePageTellsAllThatTheFileHas(t *testing.T) {
	sentences, err := words.Load(kit.Words, day.Words, party.Words, Words)
	if err != nil {
		t.Fatal(err)
	}
	at := &url.URL{Scheme: "https", Host: "lid.example", Path: "/bibliotheek"}
	site, err := kit.New(&kit.House{DB: sqldbtest.New(t), Words: sentences, Log: slog.New(slog.DiscardHandler), Doors: kit.Doors{Reading: at, Login: at, Mine: at, Signup: at, OIDC: at}}, "reading", files)
	if err != nil {
		t.Fatal(err)
	}
	all := webtest.Filled[export]()
	all.Loans[0].Kind = "audiobook"
	file, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	page, err := site.Render(httptest.NewRequest("GET", "/mijn-boeken/gegevens", nil), "data", "", all)
	if err != nil {
		t.Fatal(err)
	}
	webtest.Tells(t, words.NL, string(file), string(page), webtest.Telling{
		"kind": func(any) string { return "Luisterboek" }, "times_extended": func(v any) string { return fmt.Sprintf("%v keer", v) },
		"percent": func(v any) string { return strings.ReplaceAll(fmt.Sprintf("%v %%", v), ".", ",") }, "ended": func(any) string { return "Werkt nog" },
	})
}

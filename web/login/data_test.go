package login

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"lidwoord/base/day"
	"lidwoord/base/factor"
	"lidwoord/base/password"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/identity/account"
	"lidwoord/web/entry"
	"lidwoord/web/kit"
	"lidwoord/web/webtest"
)

// The page and the file are one value, and the page leaves nothing of it out, whatever
// an account has, and is whole for who has next to nothing.
func TestThePageTellsAllThatTheFileHas(t *testing.T) {
	sentences, err := words.Load(kit.Words, day.Words, password.Words, account.Words, Words, factor.Words, entry.Words)
	if err != nil {
		t.Fatal(err)
	}
	at := &url.URL{Scheme: "https", Host: "lid.example", Path: "/inloggen"}
	site, err := kit.New(&kit.House{DB: sqldbtest.New(t), Words: sentences, Log: slog.New(slog.DiscardHandler),
		Doors: kit.Doors{Login: at, Mine: at, Reading: at, Signup: at, OIDC: at}}, "login", files, entry.Pages)
	if err != nil {
		t.Fatal(err)
	}
	show := func(all export) string {
		page, err := site.Render(httptest.NewRequest("GET", "/gegevens", nil), "data", "", dataPage{export: all})
		if err != nil {
			t.Fatal(err)
		}
		return string(page)
	}
	all := webtest.Filled[export]()
	all.Libraries = append(all.Libraries, all.Libraries[0])
	all.Libraries[1].Active = false
	all.History[0].What = "signin" // its words stand beside it
	file, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	yes := func(yes, no string) func(any) string {
		return func(v any) string { return map[bool]string{true: yes, false: no}[v.(bool)] }
	}
	webtest.Tells(t, words.NL, string(file), show(all), webtest.Telling{
		"made_by_yourself": yes("Jijzelf", "Een bibliotheek"), "app_with_codes": yes("App met codes Ja", "App met codes Nee"), "this_one": yes("(dit apparaat)", ""), "active": yes("Gekoppeld", "Niet meer gekoppeld"),
		"recovery_codes_left": func(v any) string { return fmt.Sprintf("Herstelcodes over %v", v) }, "history_kept_days": func(v any) string { return fmt.Sprintf("%v dagen", v) },
		"times": webtest.Same, "what": func(any) string { return all.History[0].Words },
	})
	page := show(export{MadeAt: all.MadeAt, Account: exportAccount{OpenedAt: all.MadeAt}})
	for _, empty := range []string{"Nog niet", "Je hebt geen passkeys.", "Niets.", "Je gaf geen andere website toegang.", "Geen andere bibliotheek koppelde je account."} {
		if !strings.Contains(page, empty) {
			t.Errorf("who has next to nothing does not read %q", empty)
		}
	}
}

package login_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// The owner of a login account takes all of it along, without a secret.
func TestAnOwnerTakesAlongWhatIsKeptOfTheAccount(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		d.sleeping("iemand.anders", "anders@voorbeeld.nl")
		b := d.browser()
		if p := b.post("/gegevens", nil); p.status == 200 {
			t.Errorf("who is not signed in: %d", p.status)
		}
		id := d.strange("", "")
		b.signIn(url.Values{"verzoek": {id}}, good)
		van := whose(b.get("/toestemming?verzoek=" + id))
		b.post("/toestemming", url.Values{"verzoek": {id}, "van": {van}, "antwoord": {"ja"}})
		d.browser().signIn(nil, "een verkeerd wachtwoord")
		b.get("/").want(t, 200, "Je gegevens", `action="/inloggen/gegevens"`)

		p := b.post("/gegevens", nil)
		p.want(t, 200, "Geheimen staan er niet in", "/mijn/", "/bibliotheek/mijn-boeken", "Ingelogd")
		if p.header.Get("Content-Disposition") != `attachment; filename="inlogaccount-2026-11-23.json"` || p.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%v", p.header)
		}
		var file struct {
			Account  struct{ Username, Email string } `json:"login_account"`
			Sessions []struct {
				This bool `json:"this_one"`
			}
			History []struct {
				What  string
				Words string `json:"in_words"`
			}
			Websites []struct {
				Name  string
				Hears []string
			} `json:"websites_with_access"`
			Second map[string]any `json:"second_step"`
		}
		if err := json.Unmarshal([]byte(p.body), &file); err != nil {
			t.Fatal(err)
		}
		if file.Account.Username != username || file.Account.Email != address || len(file.Sessions) != 2 || file.Sessions[0].This == file.Sessions[1].This || len(file.History) < 2 ||
			len(file.Websites) != 1 || file.Websites[0].Name != "Vreemde Boeken" || file.Second["app_with_codes"] != false {
			t.Errorf("%+v", file)
		}
		for _, e := range file.History {
			if e.Words == "" || strings.HasPrefix(e.Words, "login.") {
				t.Errorf("%s has no words", e.What)
			}
		}
		for _, never := range []string{"argon2", "password", "anders@voorbeeld.nl", "sealed", good} {
			if strings.Contains(p.body, never) {
				t.Errorf("the file holds %q", never)
			}
		}
		b.get("/gegevens").want(t, 200, "Wat we van je inlogaccount bewaren", "Vreemde Boeken", "Nederlands", "(dit apparaat)", username, address, `method="post" action="/inloggen/gegevens"`, `href="`+strings.TrimSuffix(d.base, "/inloggen")+`/bibliotheek/mijn-boeken/gegevens"`)
		b.get("/gegevens?taal=en").want(t, 200, "What we keep of your login account", "How often")
		b.get("/?taal=nl")
		if p := d.browser().get("/gegevens"); p.status == 200 {
			t.Errorf("who is not signed in: %d", p.status)
		}
		b.get("/verwijderen").want(t, 200, "Geef daarom eerst alles terug", "/bibliotheek/mijn-boeken", "Leesapps op je e-reader of telefoon werken niet meer")
		b.get("/verwijderen?taal=en").want(t, 200, "So first give everything back")
	})
}

package login_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/identity/account"
	"lidwoord/identity/signon"
	"lidwoord/web/webtest"
)

// strange registers the site of somebody else and begins a request of it.
func (d *door) strange(prompt, claims string) (request string) {
	d.t.Helper()
	d.in(func(tx *sqldb.Tx) error {
		err := d.provider.RegisterClient(tx, signon.Client{ID: "vreemd", Name: "Vreemde Boeken", Redirects: []string{"https://vreemd.example/terug"}, Scopes: []string{"openid", "profile", "email", "memberships", "offline_access"}})
		if err != nil {
			return err
		}
		request, err = d.provider.Begin(tx, signon.AuthorizeParams{ClientID: "vreemd", RedirectURI: "https://vreemd.example/terug", ResponseType: "code", Scope: "openid email offline_access",
			State: "s", Challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", Method: "S256", Prompt: prompt, Claims: claims})
		return err
	})
	return request
}

func TestTheSiteOfSomebodyElseAsksFirst(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		id := d.strange("", "")
		page := "/toestemming?verzoek=" + id
		if p := b.get(page); p.status != 303 || !strings.Contains(p.to, "/aanmelden?naar=") {
			t.Errorf("who is not signed in: %d %s", p.status, p.to)
		}
		if p := b.signIn(url.Values{"verzoek": {id}}, good); p.status != 303 || p.to != "/inloggen"+page {
			t.Fatalf("signed in: %d %s", p.status, p.to)
		}
		p := b.get(page)
		p.want(t, 200, "Mag Vreemde Boeken je gegevens krijgen?", "je e-mailadres", "24 uur", username, "vreemd.example", "Ja, dat mag", "Nee, niet doen")
		p.without(t, "klantnummer")
		van := whose(p)
		b.post("/toestemming", url.Values{"verzoek": {id}, "van": {van}, "antwoord": {"misschien"}}).want(t, 422)
		if p := b.post("/toestemming", url.Values{"verzoek": {id}, "van": {van}, "antwoord": {"nee"}}); p.status != 303 || !strings.Contains(p.to, "error=access_denied") {
			t.Errorf("no: %d %s", p.status, p.to)
		}
		b.get(page).want(t, 410, "Dit duurde te lang")

		id = d.strange("none", "")
		if p := b.get("/aanmelden?verzoek=" + id); p.status != 303 || !strings.Contains(p.to, "error=consent_required") {
			t.Errorf("asked silently: %d %s", p.status, p.to)
		}
		id = d.strange("", "")
		if p := b.get("/aanmelden?verzoek=" + id); p.to != "/inloggen/toestemming?verzoek="+id {
			t.Errorf("signed in already: %d %s", p.status, p.to)
		}
		if p := b.post("/toestemming", url.Values{"verzoek": {id}, "van": {van}, "antwoord": {"ja"}}); p.status != 303 || !strings.HasPrefix(p.to, "https://vreemd.example/terug?code=") {
			t.Errorf("yes: %d %s", p.status, p.to)
		}
		b.post("/toestemming", url.Values{"verzoek": {id}, "van": {van}, "antwoord": {"ja"}}).want(t, 410)
		if p := b.get("/aanmelden?verzoek=" + d.strange("none", "")); !strings.Contains(p.to, "code=") {
			t.Errorf("the next time: %d %s", p.status, p.to)
		}
		d.pass(time.Second)
		if p := b.get("/aanmelden?verzoek=" + d.strange("consent", "")); !strings.Contains(p.to, "/toestemming") {
			t.Errorf("asked anew: %d %s", p.status, p.to)
		}
	})
}

// whosePage finds the account to which a page was shown.
var whosePage = regexp.MustCompile(`name="van" value="([^"]+)"`)

func whose(p page) string {
	if m := whosePage.FindStringSubmatch(p.body); m != nil {
		return m[1]
	}
	return ""
}

// A library's computer, or a family's: a page of somebody lies open in one tab while
// somebody else signs in in another.
func TestAnAnswerIsThatOfWhoSawTheQuestion(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		id := d.strange("", "")
		page := b.get("/toestemming?verzoek=" + id)
		change := url.Values{"van": {whose(b.get("/gebruikersnaam"))}, "gebruikersnaam": {"zoe.maas"}, "email": {"ander@voorbeeld.nl"}}
		b.post("/afmelden", nil)
		d.pass(time.Second) // the newest letter is the one to the other account
		const other = "wissel.beker"
		d.in(func(tx *sqldb.Tx) error {
			_, _, err := d.accounts.Open(tx, account.Opening{Username: other, Email: "wissel@voorbeeld.nl", Lang: words.NL, LibraryName: "Bind bibliotheken"})
			return err
		})
		path := d.newest()
		b.post(path, nil)
		b.post(path+"/wachtwoord", url.Values{"wachtwoord": {good}})
		yes := url.Values{"verzoek": {id}, "van": {whose(page)}, "antwoord": {"ja"}}
		if p := b.post("/toestemming", yes); p.status != 303 || p.to != "/inloggen/toestemming?verzoek="+id {
			t.Errorf("the yes of somebody else: %d %s", p.status, p.to)
		}
		now := b.get("/toestemming?verzoek=" + id)
		now.want(t, 200, "Je bent nu ingelogd met een ander inlogaccount", other)
		b.post("/gebruikersnaam", change).want(t, 409, "Je bent nu ingelogd met een ander inlogaccount", other)
		b.post("/email", change).want(t, 409, "Er is niets gewijzigd")
		yes.Set("van", whose(now))
		if p := b.post("/toestemming", yes); p.status != 303 || !strings.Contains(p.to, "code=") {
			t.Errorf("the own yes: %d %s", p.status, p.to)
		}
	})
}

func TestASiteThatWantsMoreThanTheAccountHasIsToldSo(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		for name, c := range map[string]struct{ prompt, claims, want string }{
			"a second step, softly":  {"none", needsMore, "error=unmet_authentication_requirements"},
			"another person, softly": {"none", `{"id_token":{"sub":{"value":"YAN"}}}`, "error=login_required"},
		} {
			if p := b.get("/aanmelden?verzoek=" + d.strange(c.prompt, c.claims)); p.status != 303 || !strings.Contains(p.to, c.want) {
				t.Errorf("%s: %d %s", name, p.status, p.to)
			}
		}
		id := d.strange("", `{"id_token":{"sub":{"value":"YAN"}}}`)
		b.get("/aanmelden?verzoek="+id).want(t, 200, "nog een keer om je wachtwoord")
		if p := b.signIn(url.Values{"verzoek": {id}}, good); p.status != 303 || !strings.Contains(p.to, "error=login_required") {
			t.Errorf("the wrong person signs in: %d %s", p.status, p.to)
		}
	})
}

// The page about consent in a real browser, in both languages, by keyboard and on a
// telephone.
func TestConsentInABrowser(t *testing.T) {
	p := webtest.Start(t).Person(t)
	d := open(t, newDB(t))
	d.active()
	p.Visit(d.base + "/aanmelden?verzoek=" + d.strange("", `{"userinfo":{"memberships":null}}`))
	p.Fill("Gebruikersnaam of e-mailadres", username)
	p.Fill("Wachtwoord", good)
	p.Press("Inloggen")
	p.Want("Mag Vreemde Boeken je gegevens krijgen?", "van welke bibliotheek je lid bent", "Je gaat hierna terug naar vreemd.example.")
	p.Look("login-consent")
	p.Press("EN")
	p.Want("May Vreemde Boeken have your details?", "your e-mail address")
	p.Look("login-consent-en")
}

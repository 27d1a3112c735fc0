package login_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
)

func newDB(t *testing.T) *sqldb.DB { return sqldbtest.New(t) }

func TestSigningInAndOut(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.get("/").want(t, 200, "Nog geen inlogaccount?", "/inschrijven/")
		if p := b.get("/klaar"); p.status != 303 || !strings.Contains(p.to, "/inloggen/aanmelden?naar=") {
			t.Errorf("a page for who is signed in: %d %s", p.status, p.to)
		}
		b.get("/aanmelden?naar=/inloggen/klaar").want(t, 200, "Inloggen", "Gebruikersnaam", `autocomplete="username webauthn"`, `autocomplete="current-password"`, `name="naar" value="/inloggen/klaar"`)
		p := b.signIn(url.Values{"naar": {"/inloggen/klaar"}}, good)
		if p.status != 303 || p.to != "/inloggen/klaar" {
			t.Fatalf("signed in: %d %s\n%s", p.status, p.to, p.body)
		}
		for _, c := range p.header.Values("Set-Cookie") {
			if !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") {
				t.Errorf("cookie %q", c)
			}
		}
		b.get("/").want(t, 200, "Je bent ingelogd", username)
		if p := b.get("/aanmelden?naar=https://evil.example/"); p.status != 303 || p.to != "/inloggen/" {
			t.Errorf("a signed-in visitor at the form: %d %s", p.status, p.to)
		}
		b.get("/afmelden").want(t, 200, "Wil je uitloggen?")
		b.get("/").want(t, 200, "Je bent ingelogd") // looking at the page signs nobody out
		if p := b.post("/afmelden", nil); p.status != 303 || p.to != "/inloggen/afmelden" {
			t.Errorf("signing out: %d %s", p.status, p.to)
		}
		b.get("/afmelden").want(t, 200, "Je bent uitgelogd")
		b.get("/").want(t, 200, "Nog geen inlogaccount?")
		if p := b.post("/afmelden", nil); p.status != 303 {
			t.Errorf("signing out twice: %d", p.status)
		}
	})
}

func TestAWrongSignInSaysTheSameForEverybody(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		strip := func(p page) string {
			return strings.NewReplacer(username, "NAME", "99990000001233", "NAME").Replace(p.asked())
		}
		known := b.post("/aanmelden", url.Values{"gebruikersnaam": {username}, "wachtwoord": {"iets heel anders"}})
		unknown := b.post("/aanmelden", url.Values{"gebruikersnaam": {"99990000001233"}, "wachtwoord": {"iets heel anders"}})
		known.want(t, 422, "Je gebruikersnaam of wachtwoord klopt niet.", `value="`+username+`"`)
		known.without(t, "iets heel anders")
		if strip(known) != strip(unknown) || known.status != unknown.status || len(known.header.Values("Set-Cookie")) != len(unknown.header.Values("Set-Cookie")) {
			t.Errorf("the answers differ:\n%s\n%s", known.body, unknown.body)
		}
		b.post("/aanmelden", nil).want(t, 422, "Vul je gebruikersnaam in.", "Vul je wachtwoord in.", `href="#f-gebruikersnaam"`)
		b.post("/aanmelden", url.Values{"gebruikersnaam": {username}}).want(t, 422, "Vul je wachtwoord in.", `value="`+username+`"`)
		b.post("/aanmelden", url.Values{"gebruikersnaam": {"a\x00b"}, "wachtwoord": {"x"}}).want(t, 422, "tekens in die we niet kunnen lezen")
	})
}

func TestSlowingDownSaysHowManySeconds(t *testing.T) {
	d := open(t, newDB(t))
	d.active()
	b := d.browser()
	for range 7 {
		b.signIn(nil, "iets heel anders")
	}
	p := b.signIn(nil, good)
	p.want(t, 429, "Het ging te vaak mis. Wacht 1 seconde en probeer het opnieuw.", `value="`+username+`"`)
	if p.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", p.header.Get("Retry-After"))
	}
	d.pass(time.Second)
	if p := b.signIn(nil, good); p.status != 303 {
		t.Errorf("a second later: %d", p.status)
	}
}

// The browser of the owner has a counter of its own, so that a stranger in the
// same network does not hold it up.
func TestABrowserThatSignedInBeforeIsKnownAgain(t *testing.T) {
	d := open(t, newDB(t))
	d.active()
	mine, stranger := d.browser(), d.browser()
	mine.signIn(nil, good)
	mine.post("/afmelden", nil)
	for range 7 {
		stranger.signIn(nil, "iets heel anders")
	}
	if p := stranger.signIn(nil, good); p.status != 429 {
		t.Errorf("the stranger: %d, want 429", p.status)
	}
	if p := mine.signIn(nil, good); p.status != 303 {
		t.Errorf("the owner: %d, want 303", p.status)
	}
}

func TestASignInBringsANewSession(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		at, _ := url.Parse(d.base)
		cookie := func() (v string) {
			for _, c := range b.client.Jar.Cookies(at) {
				if strings.HasSuffix(c.Name, "sessie") {
					v = c.Value
				}
			}
			return v
		}
		old := cookie()
		b.signIn(nil, good)
		if cookie() == old || old == "" {
			t.Errorf("the session stayed %q", old)
		}
		var n int
		d.in(func(tx *sqldb.Tx) error {
			_, err := tx.One(`SELECT COUNT(*) FROM session WHERE door = 'login'`, nil, &n)
			return err
		})
		if n != 2 { // the activation's and this browser's one
			t.Errorf("%d sessions, want 2: the old one ended", n)
		}
	})
}

func (p page) code(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(p.to)
	if err != nil || p.status != 303 || !strings.HasPrefix(p.to, callback+"?") || u.Query().Get("state") != "abc" || u.Query().Get("iss") == "" || u.Query().Get("code") == "" {
		t.Fatalf("%d %s\n%.500s", p.status, p.to, p.body)
	}
	return u.Query().Get("code")
}

func TestTheRequestOfAnotherSiteIsAnsweredAfterSigningIn(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		id := d.ask(func(a *signon.AuthorizeParams) { a.LoginHint = username })
		p := b.get("/aanmelden?verzoek=" + id)
		p.want(t, 200, "Log in om verder te gaan naar Online Bibliotheek.", id, `value="`+username+`"`)
		b.signIn(url.Values{"verzoek": {id}}, "iets heel anders").want(t, 422, "Online Bibliotheek", `/aanmelden?verzoek=`+id+`"`, "klopt niet")
		b.signIn(url.Values{"verzoek": {id}}, good).code(t)
		// Once is enough: the same request again is over.
		b.get("/aanmelden?verzoek="+id).want(t, 410, "Dit duurde te lang", "Naar de Online Bibliotheek")
		// A live session answers the next request at once.
		b.get("/aanmelden?verzoek=" + d.ask(nil)).code(t)
		// But not for a stranger's browser.
		d.browser().get("/aanmelden?verzoek="+d.ask(nil)).want(t, 200, "Wachtwoord")
	})
}

// A browser follows the answer of a form to the site that asked, and nowhere else: what
// somebody smuggles into a page leads a password to no other host.
func TestFormsLeadToTheSiteThatAskedAndNowhereElse(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		action := func(p page) string {
			_, after, _ := strings.Cut(p.header.Get("Content-Security-Policy"), "form-action ")
			list, _, _ := strings.Cut(after, ";")
			return list
		}
		without := action(d.browser().get("/aanmelden"))
		if !strings.HasPrefix(without, "'self'") || strings.Contains(without+" ", ": ") || strings.Contains(without, "*") || strings.Contains(without, "lezen.example") {
			t.Errorf("without a request: %s", without)
		}
		b, id := d.browser(), d.ask(nil)
		wrong := b.signIn(url.Values{"verzoek": {id}}, "iets heel anders")
		for name, p := range map[string]page{"the form": b.get("/aanmelden?verzoek=" + id), "a mistake": wrong, "an account": b.get("/nieuw?verzoek=" + id)} {
			if got := action(p); got != "https://lezen.example "+without {
				t.Errorf("%s: %s", name, got)
			}
		}
		if got := action(b.get("/aanmelden?verzoek=verlopen")); got != without {
			t.Errorf("a request that is over: %s", got)
		}
	})
}

func TestARequestMayWantAFreshSignIn(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		d.pass(10 * time.Minute)
		for _, change := range map[string]func(*signon.AuthorizeParams){
			"prompt=login": func(a *signon.AuthorizeParams) { a.Prompt = "login" },
			"max_age=60":   func(a *signon.AuthorizeParams) { a.MaxAge = "60" },
		} {
			id := d.ask(change)
			b.get("/aanmelden?verzoek="+id).want(t, 200, "nog een keer om je wachtwoord")
			b.signIn(url.Values{"verzoek": {id}}, good).code(t)
			d.pass(10 * time.Minute)
		}
		b.get("/aanmelden?verzoek=" + d.ask(func(a *signon.AuthorizeParams) { a.MaxAge = "3600" })).code(t)
	})
}

func TestPromptNoneAsksNothing(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		none := func(a *signon.AuthorizeParams) { a.Prompt = "none" }
		b := d.browser()
		p := b.get("/aanmelden?verzoek=" + d.ask(none))
		if p.status != 303 || !strings.HasPrefix(p.to, callback) || !strings.Contains(p.to, "error=login_required") {
			t.Errorf("without a session: %d %s", p.status, p.to)
		}
		b.signIn(nil, good)
		b.get("/aanmelden?verzoek=" + d.ask(none)).code(t)
	})
}

// Who looked for the password too long is signed in all the same.
func TestARequestThatIsOverSpoilsNoSignIn(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		id := d.ask(nil)
		b.get("/aanmelden?verzoek=" + id)
		d.pass(signon.RequestLife)
		p := b.signIn(url.Values{"verzoek": {id}}, good)
		if p.status != 303 || p.to != "/inloggen/" {
			t.Fatalf("%d %s", p.status, p.to)
		}
		b.get("/").want(t, 200, "Je bent ingelogd", "ga opnieuw naar de website")
		b.get("/aanmelden?verzoek=nonsense").want(t, 410, "Dit duurde te lang")
	})
}

func TestSigningOutEndsWhatOtherSitesGot(t *testing.T) {
	d := open(t, newDB(t))
	d.active()
	b := d.browser()
	b.signIn(nil, good)
	b.get("/aanmelden?verzoek=" + d.ask(nil)).code(t)
	b.post("/afmelden", nil)
	var living int
	d.in(func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT COUNT(*) FROM signon_grant WHERE revoked_at IS NULL`, nil, &living)
		return err
	})
	if living != 0 {
		t.Errorf("%d grants live after signing out", living)
	}
}

// Every page of the door, in both languages, as a visitor meets it.
func TestEveryPageSpeaksBothLanguages(t *testing.T) {
	for lang, want := range map[string][]string{
		"nl": {"Bevestig je e-mailadres", "Kies een wachtwoord", "Klaar", "Je inlogaccount", "Wil je uitloggen?", "Je bent uitgelogd", "Inloggen", "Hulp bij inloggen", "Je account is al actief", "Deze link werkt niet", "Dit duurde te lang", "Deze link werkt niet meer", "Kijk in je mail"},
		"en": {"Confirm your e-mail address", "Choose a password", "All done", "Your login account", "Do you want to sign out?", "You are signed out", "Sign in", "Help with signing in", "Your account is already active", "This link does not work", "This took too long", "This link no longer works", "Check your e-mail"},
	} {
		t.Run(lang, func(t *testing.T) {
			d := open(t, newDB(t))
			b := d.browser()
			b.lang = lang
			old := d.mailed()
			d.pass(24 * time.Hour)
			b.get(old).want(t, 410, want[11])
			b.sends(old+"/nieuw", nil).want(t, 200, want[12])
			path := d.newest()
			b.get(path).want(t, 200, want[0], fmt.Sprintf(`<html lang="%s">`, lang))
			b.post(path, nil)
			b.get(path).want(t, 200, want[1])
			b.post(path+"/wachtwoord", url.Values{"wachtwoord": {good}})
			b.get("/klaar").want(t, 200, want[2])
			b.get("/").want(t, 200, want[3])
			b.get("/afmelden").want(t, 200, want[4])
			b.post("/afmelden", nil)
			b.get("/afmelden").want(t, 200, want[5])
			b.get("/aanmelden").want(t, 200, want[6])
			b.get("/hulp").want(t, 200, want[7], "0592 123456", "info@bind.example")
			b.get(path).want(t, 410, want[8])
			b.get("/activeren/nonsense").want(t, 404, want[9])
			b.get("/aanmelden?verzoek=nonsense").want(t, 410, want[10])
			b.get("/").want(t, 200, want[3])
		})
	}
}

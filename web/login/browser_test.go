package login_test

import (
	"strings"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/identity/signon"
	"lidwoord/web/webtest"
)

func TestMain(m *testing.M) { webtest.Main(m) }

// The owner's way in a real browser, by what stands on the buttons.
func TestTheOwnerActivatesInABrowser(t *testing.T) {
	p := webtest.Start(t).Person(t)
	d := open(t, newDB(t))
	at := func(path string) string { return d.base + path }

	old := d.mailed()
	d.pass(24 * time.Hour)
	p.Visit(at(old))
	p.Want("Deze link werkt niet meer", "De 24 uur zijn voorbij")
	p.Look("login-expired")
	p.Press("Stuur mij een nieuwe link")
	p.Want("Kijk in je mail")
	p.Look("login-resent")
	p.Press("EN")
	p.Want("Check your e-mail")
	p.Press("NL")
	p.Visit(at(old))
	p.Want("Zoek in je mailbox de nieuwste mail", "Nieuwe mail aanvragen")
	p.Look("login-replaced")

	path := d.newest()
	p.Visit(at(path))
	p.Want("Bevestig je e-mailadres", address, username)
	p.Look("login-confirm")
	p.Press("Ja, bevestig mijn e-mailadres")
	p.Want("Kies een wachtwoord")
	p.Fill("Kies een wachtwoord", "kort")
	p.Want("Nog 8 tekens.")
	p.Press("Toon")
	if p.Value("Kies een wachtwoord") != "kort" {
		t.Error("Toon lost what was typed")
	}
	p.Want("Verberg")
	p.Look("login-password")
	p.Press("Wachtwoord opslaan")
	p.Want("Nog even nakijken", "Je wachtwoord is te kort")
	p.Look("login-password-wrong")
	p.Fill("Kies een wachtwoord", good)
	p.Want("Lang genoeg.")
	p.Press("Wachtwoord opslaan")
	p.Want("Klaar", "Je inlogaccount is actief", username)
	p.Look("login-ready")
	p.Press("Je account")
	p.Want("Je bent ingelogd", address, "Wachtwoord wijzigen")
	p.Look("login-home")
	p.Press("Uitloggen")
	p.Want("Je bent uitgelogd")
	p.Look("login-signed-out")
	p.Visit(at("/hulp"))
	p.Look("login-help")
	p.Visit(at("/aanmelden?verzoek=" + d.ask(nil)))
	p.Look("login-signin")
	p.Fill("Gebruikersnaam of e-mailadres", username)
	p.Fill("Wachtwoord", "een heel ander woord")
	p.Forgive("422")
	p.Press("Inloggen")
	p.Want("Je gebruikersnaam of wachtwoord klopt niet.")
	p.Look("login-signin-wrong")
}

// Everything works without script, with the same words on the buttons.
func TestTheOwnerActivatesWithoutScript(t *testing.T) {
	p := webtest.Start(t).Person(t)
	p.NoScript()
	d := open(t, newDB(t))
	p.Visit(d.base + d.mailed())
	p.Press("Ja, bevestig mijn e-mailadres")
	p.Lacks("Toon")
	p.Fill("Kies een wachtwoord", good)
	p.Press("Wachtwoord opslaan")
	p.Want("Je inlogaccount is actief")
	if !strings.HasSuffix(p.URL(), "/inloggen/klaar") {
		t.Errorf("at %s", p.URL())
	}
}

// Every page of the owner in English, at both widths.
func TestTheOwnersPagesLookWellInEnglish(t *testing.T) {
	p := webtest.Start(t).Person(t)
	p.Language("en")
	d := open(t, newDB(t))
	d.active()
	for _, page := range []string{"wachtwoord-vergeten", "gebruikersnaam-vergeten", "aanmelden"} {
		p.Visit(d.base + "/" + page)
		p.Look("own-en-" + strings.ReplaceAll(page, "/", "-"))
	}
	p.Fill("Username or e-mail address", username)
	p.Fill("Password", good)
	p.Press("Sign in")
	for _, page := range []string{"", "gebruikersnaam", "wachtwoord", "email", "sessies", "geschiedenis", "lidmaatschappen", "gegevens", "verwijderen", "email-klaar", "hulp", "beveiliging", "beveiliging/app", "websites"} {
		p.Visit(d.base + "/" + page)
		p.Look("own-en-" + strings.ReplaceAll(page, "/", "-"))
	}
	p.Visit(d.base + "/aanmelden?verzoek=" + d.ask(func(a *signon.AuthorizeParams) { a.Claims = needsMore }))
	p.Want("asks for a second step")
	p.Look("own-en-stronger")
	request := d.strange("", "")
	d.in(func(tx *sqldb.Tx) error { return d.provider.Consent(tx, request, d.accountID(tx)) })
	p.Visit(d.base + "/websites")
	p.Look("own-en-websites-one")
	p.Press("Withdraw access: Vreemde Boeken")
	p.Look("own-en-website")
	p.Visit(d.base + "/gebruikersnaam")
	d.pass(16 * time.Minute)
	p.Fill("New username", "zoe.maas")
	p.Press("Save")
	p.Want("Is it you?")
	p.Look("own-en-again")
}

// sticksOut finds what is wider than the card or the page that it is on.
const sticksOut = `(document.documentElement.style.fontSize = "200%", [...document.querySelectorAll("main a, main button, main h1, main h2, main h3, main label, main p, main dd, main input")]
	.filter(e => e.checkVisibility() && e.getBoundingClientRect().right > ((e.closest(".lw-card, .lw-panel") || document.querySelector("main")).getBoundingClientRect().right))
	.map(e => e.outerHTML.slice(0, 90)).join(" … "))`

// Who reads everything twice as large on a telephone can read it all.
func TestAtTwiceTheTextNothingSticksOut(t *testing.T) {
	p := webtest.Start(t).Person(t)
	d := open(t, newDB(t))
	d.active()
	look := func(paths ...string) {
		for _, path := range paths {
			p.Visit(d.base + "/" + path)
			p.Resize(webtest.Narrow)
			if out := webtest.Eval[string](p, sticksOut); out != "" {
				t.Errorf("/%s: %s", path, out)
			}
			if over := webtest.Eval[float64](p, "document.scrollingElement.scrollWidth - innerWidth"); over > 0 {
				t.Errorf("/%s scrolls sideways by %v pixels", path, over)
			}
			p.Screenshot("twice-" + strings.ReplaceAll(path, "/", "-"))
		}
	}
	look("wachtwoord-vergeten", "gebruikersnaam-vergeten", "hulp", "nieuw", "verwijderd", "aanmelden")
	p.Fill("Gebruikersnaam of e-mailadres", username)
	p.Fill("Wachtwoord", good)
	p.Press("Inloggen")
	look("", "gebruikersnaam", "wachtwoord", "email", "sessies", "geschiedenis", "lidmaatschappen", "verwijderen", "beveiliging", "beveiliging/app", "websites")
}

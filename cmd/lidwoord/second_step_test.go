package main

import (
	"strings"
	"testing"
	"time"

	"lidwoord/base/factor"
	"lidwoord/identity/account"
	"lidwoord/web/webtest"
)

// Lieke loses every second step and goes to the desk; the first time she finds her
// telephone in time, the second time she does not.
func TestAReaderWhoLostEverySecondStep(t *testing.T) {
	browser := webtest.Start(t)
	eachEngine(t, func(t *testing.T, h *running) {
		number := h.login(t, "start.reader")
		p := browser.Person(t)
		password := func() {
			p.Fill(byName, number)
			p.Fill("Wachtwoord", demoReaderPw)
			p.Press("Inloggen")
		}
		p.Visit(h.at + "/inloggen/beveiliging/app")
		password()
		p.Visit(h.at + "/inloggen/beveiliging/app")
		key := webtest.Eval[string](p, "document.querySelector('#sleutel').innerText.trim()")
		code := func() string {
			h.pass(time.Minute) // each code counts once
			code, err := factor.CodeAt(key, h.db.Now())
			if err != nil {
				t.Fatal(err)
			}
			return code
		}
		p.Fill("Code uit de app", code())
		p.Press("Verder")
		p.Press("Ik heb ze bewaard")

		clerk := h.signIn(t, browser)
		asks := func() {
			customerPage(clerk, lieke, "Veen, L. van der")
			clerk.Press("Tweede stap weghalen")
			clerk.Choose("Welk legitimatiebewijs heb je gezien?", "Identiteitskaart")
			clerk.Press("Ja, vraag dit aan")
			clerk.Want("Gevraagd. De klant heeft een mail gekregen.", "De tweede stap wordt weggehaald op")
		}

		// She sees it, and stops it by the letter.
		asks()
		p.Visit(h.at + "/inloggen")
		p.Want("Je tweede stap wordt weggehaald", "Bind bibliotheken vroeg ons")
		p.Look("removal-home")
		q := browser.Person(t) // of whoever reads the letter
		q.Visit(linkIn(t, h.about(t, lieke, "Je tweede stap wordt weggehaald"), "tweede-stap-blijft"))
		q.Press("Houd dit tegen")
		q.Want("Je tweede stap blijft")
		clerk.Reload()
		clerk.Lacks("De tweede stap wordt weggehaald op")
		clerk.Press("Geschiedenis van het inlogaccount")
		clerk.Want("De eigenaar hield het weghalen van de tweede stap tegen")

		// The next clerk is told. A week later she signs in with it, which stops it too.
		customerPage(clerk, lieke, "Veen, L. van der")
		clerk.Want("De eigenaar hield dit op")
		clerk.Press("Tweede stap weghalen")
		clerk.Lacks("Ja, vraag dit aan")
		clerk.Look("removal-no")
		h.pass(account.RemovalRest)
		clerk = h.signIn(t, browser)
		asks()
		p = browser.Person(t)
		p.Visit(h.at + "/inloggen/aanmelden")
		password()
		p.Fill("Code", code())
		p.Press("Inloggen")
		p.Want("Je logde in met je tweede stap. Daarom halen we die niet weg")
		p.Look("removal-by-step")

		// She does neither: a day later the password is enough, and she is out everywhere.
		h.pass(account.RemovalRest)
		clerk = h.signIn(t, browser)
		p.Visit(h.at + "/inloggen/aanmelden")
		password()
		p.Fill("Code", code())
		p.Press("Inloggen")
		p.Visit(h.at + "/bibliotheek")
		p.Press("Inloggen")
		p.Want("Uitloggen")
		asks()
		for range 3 { // a session that nobody uses would be over by itself
			h.pass(account.RemovalWait/3 - time.Minute)
			p.Visit(h.at + "/inloggen")
			p.Want("Je bent ingelogd.", "Staat aan")
			p.Visit(h.at + "/bibliotheek")
			p.Want("Uitloggen")
		}
		h.pass(3 * time.Minute)
		h.about(t, lieke, "Je tweede stap is weggehaald")
		eventually(t, "signed out at the Online Bibliotheek", func() bool {
			p.Visit(h.at + "/bibliotheek")
			return !strings.Contains(p.Text(), "Uitloggen")
		})
		p.Visit(h.at + "/inloggen/aanmelden")
		password()
		p.Want("Je bent ingelogd.", "Staat uit")
		p.Visit(h.at + "/inloggen/geschiedenis")
		p.Want("Tweede stap weggehaald, zoals aan de balie was gevraagd")
		again := h.signIn(t, browser)
		customerPage(again, lieke, "Veen, L. van der")
		again.Press("Geschiedenis van het inlogaccount")
		again.Want("Tweede stap weggehaald", "Gevraagd om de tweede stap weg te halen (identiteitskaart gezien)")
		again.Lacks("Tweede stap: aan", "Toch niet weghalen")
		again.Look("removal-done-desk")
	})
}

// A stranger who knows the password sets up an app; the owner takes it away by the letter.
func TestTheOwnerTakesAStrangersSecondStepAway(t *testing.T) {
	browser := webtest.Start(t)
	eachEngine(t, func(t *testing.T, h *running) {
		number := h.login(t, "start.reader")
		stranger := browser.Person(t)
		stranger.Visit(h.at + "/inloggen/beveiliging")
		stranger.Fill(byName, number)
		stranger.Fill("Wachtwoord", demoReaderPw)
		stranger.Press("Inloggen")
		stranger.Press("App instellen")
		key := webtest.Eval[string](stranger, "document.querySelector('#sleutel').innerText.trim()")
		code, err := factor.CodeAt(key, h.db.Now())
		if err != nil {
			t.Fatal(err)
		}
		stranger.Fill("Code uit de app", code)
		stranger.Press("Verder")
		stranger.Want("Je herstelcodes")

		owner := browser.Person(t)
		owner.NoScript()
		owner.Visit(linkIn(t, h.about(t, lieke, "Je app met codes staat aan"), "tweede-stap-weg"))
		owner.Want("Was jij dit niet?", "App met codes")
		owner.Press("Dit was ik niet: haal dit weg")
		owner.Want("De nieuwe tweede stap is weg.")
		owner.Fill("Kies een wachtwoord", second)
		owner.Press("Wachtwoord opslaan")
		owner.Want("Je nieuwe wachtwoord werkt", "Stel nu zelf een tweede stap in", "App instellen")
		stranger.Visit(h.at + "/inloggen")
		stranger.Lacks("Je bent ingelogd.")
	})
}

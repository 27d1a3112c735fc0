package login_test

import (
	"net/url"
	"testing"
	"time"

	"lidwoord/web/webtest"
)

// Back after a mistake shows the page with the mistake, and not the browser's own
// page that the form is gone ("Confirm Form Resubmission").
func TestBackAfterAMistakeShowsAPage(t *testing.T) {
	p := webtest.Start(t).Person(t)
	d := open(t, newDB(t))
	d.active()
	p.Forgive("422")
	p.Visit(d.base + "/nieuw")
	p.Fill("E-mailadres", "zoe")
	p.Press("Inlogaccount maken")
	p.Want("Dit is geen e-mailadres.")
	p.Fill("E-mailadres", "nieuw@voorbeeld.nl")
	p.Press("Inlogaccount maken")
	p.Want("Kijk in je mail")
	p.Back()
	p.Want("Maak een inlogaccount", "Dit is geen e-mailadres.")
	p.Back()
	p.Want("Maak een inlogaccount")
	p.Lacks("Dit is geen e-mailadres.")

	p.Visit(d.base + "/aanmelden")
	p.Fill("Gebruikersnaam of e-mailadres", username)
	p.Fill("Wachtwoord", "een heel ander woord")
	p.Press("Inloggen")
	p.Want("Je gebruikersnaam of wachtwoord klopt niet.")
	p.Fill("Wachtwoord", good)
	p.Press("Inloggen")
	p.Want("Je bent ingelogd")
	p.Back()
	p.Want("Je gebruikersnaam of wachtwoord klopt niet.")
	if p.Value("Wachtwoord") != "" {
		t.Error("a password came back")
	}
}

// The page that says where to look is a page like any other: a reload, Back and
// the other language send no letter.
func TestThePageOfALetterSendsNothing(t *testing.T) {
	p := webtest.Start(t).Person(t)
	d := open(t, newDB(t))
	p.Visit(d.base + "/nieuw?verzoek=" + d.create(nil))
	p.Fill("E-mailadres", address)
	p.Press("Inlogaccount maken")
	p.Want("Kijk in je mail", address)
	p.Reload()
	p.Want("Kijk in je mail", address)
	p.Press("EN")
	p.Want("Check your e-mail", address)
	p.Press("NL")
	p.Want("Kijk in je mail", address)
	if n := len(d.letters()); n != 1 {
		t.Errorf("%d letters, want 1", n)
	}
	d.pass(time.Minute)
	p.Press("Stuur opnieuw")
	p.Want("We hebben nog een mail gestuurd.", address)
	p.Reload()
	p.Want("Kijk in je mail", address)
	p.Lacks("We hebben nog een mail gestuurd.")
	if n := len(d.letters()); n != 2 {
		t.Errorf("%d letters, want 2", n)
	}
}

// Only a refused form of somebody who is not signed in may stay in the browser.
func TestWhatABrowserMayKeep(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		keeps := func(what, want string, p page) {
			t.Helper()
			if got := p.header.Get("Cache-Control"); got != want {
				t.Errorf("%s: Cache-Control %q, want %q", what, got, want)
			}
		}
		keeps("the form", "no-store", b.get("/aanmelden"))
		keeps("a wrong sign-in", "private, no-cache", b.signIn(nil, "iets heel anders"))
		keeps("a wrong form for an account", "private, no-cache", b.post("/nieuw", url.Values{"email": {"zoe"}}))
		keeps("a page that is not there", "no-store", b.get("/nergens"))
		keeps("the way to the letter", "no-store", b.post("/nieuw", byName("", "zoe.maas")))
		keeps("the page of the letter", "no-store", b.get("/nieuw/mail"))
		b.signIn(nil, good)
		keeps("a wrong sign-in of who is in", "no-store", b.signIn(nil, "iets heel anders"))
		keeps("a wrong form of who is in", "no-store", b.post("/nieuw", url.Values{"email": {"zoe"}}))
	})
}

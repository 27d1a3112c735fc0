package login_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/identity/account"
)

const another = "groene kat slaapt lang"

var ownPattern = regexp.MustCompile(`/(?:wachtwoord|email|email-terug|tweede-stap-weg|tweede-stap-blijft)/[A-Z0-9]+`)

// letter returns the newest letter of a kind, and the path of its link.
func (d *door) letter(kind string) (m outbox.Mail, path string) {
	d.t.Helper()
	d.in(func(tx *sqldb.Tx) error {
		letters, err := outbox.Recent(tx, 50)
		for _, l := range letters {
			if l.Mail.Kind == "account."+kind {
				m, path = l.Mail, ownPattern.FindString(l.Mail.Text)
				return nil
			}
		}
		return err
	})
	if m.Kind == "" {
		d.t.Fatalf("no letter %s", kind)
	}
	return m, path
}

// sleeping opens a second account, which nobody activates.
func (d *door) sleeping(name, email string) {
	d.t.Helper()
	d.in(func(tx *sqldb.Tx) error {
		_, _, err := d.accounts.Open(tx, account.Opening{Username: name, Email: email, Lang: words.NL, LibraryName: "Bind bibliotheken"})
		return err
	})
}

func TestNobodyLearnsWhoForgotSomething(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.sleeping("over.datum", "over@voorbeeld.nl")
		d.pass(24 * time.Hour)
		d.in(d.accounts.Expire)
		d.active()
		d.sleeping("slaapt.nog", "slaapt@voorbeeld.nl")
		for _, form := range []struct {
			path, field string
			typed       []string
		}{
			{"/wachtwoord-vergeten", "gebruikersnaam", []string{"niemand.hier", username, "slaapt.nog", "over.datum", address, "slaapt@voorbeeld.nl", "niemand@voorbeeld.nl"}},
			{"/gebruikersnaam-vergeten", "email", []string{"niemand@voorbeeld.nl", address, "slaapt@voorbeeld.nl", "over@voorbeeld.nl"}},
		} {
			var first string
			for i, typed := range form.typed {
				b := d.browser()
				sent := b.post(form.path, url.Values{form.field: {typed}})
				if sent.status != 303 || sent.to != "/inloggen"+form.path+"/mail" {
					t.Fatalf("%s with %s: %d %s", form.path, typed, sent.status, sent.to)
				}
				p := b.get(form.path + "/mail")
				p.want(t, 200, "Kijk in je mail", typed)
				page := strings.ReplaceAll(p.body, typed, "TYPED")
				if i == 0 {
					first = page
				}
				if page != first {
					t.Errorf("%s answers %s in its own way:\n%s", form.path, typed, page)
				}
			}
			d.browser().post(form.path, nil).want(t, 422, "Vul je")
		}
		b := d.browser()
		var first string
		for i, typed := range []string{"niemand@voorbeeld.nl", address, "slaapt@voorbeeld.nl", "over@voorbeeld.nl"} {
			p := b.post("/aanmelden", url.Values{"gebruikersnaam": {typed}, "wachtwoord": {"iets heel anders"}})
			p.want(t, 422, "klopt niet", "Typ dan je gebruikersnaam")
			page := strings.ReplaceAll(p.asked(), typed, "TYPED")
			if i == 0 {
				first = page
			}
			if page != first {
				t.Errorf("the sign-in answers %s in its own way", typed)
			}
		}
		b.signIn(nil, "iets heel anders").without(t, "Typ dan je gebruikersnaam")
	})
}

func TestANewPasswordLeadsOnAndSignsEverybodyElseOut(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		stranger := d.browser()
		stranger.signIn(nil, good)
		stranger.get("/").want(t, 200, "Je bent ingelogd")

		b := d.browser()
		request := d.ask(nil)
		b.get("/aanmelden?verzoek="+request).want(t, 200, "/wachtwoord-vergeten?verzoek="+request, "/gebruikersnaam-vergeten?verzoek="+request, "/inloggen/hulp")
		b.get("/wachtwoord-vergeten?verzoek="+request).want(t, 200, `value="`+request+`"`)
		b.post("/wachtwoord-vergeten", url.Values{"gebruikersnaam": {strings.Repeat("x", 4000)}}).want(t, 422, "4 tot 80")
		b.sends("/wachtwoord-vergeten", url.Values{"gebruikersnaam": {username}, "verzoek": {request}}).want(t, 200, "De link in de mail werkt 1 uur.")
		_, path := d.letter("reset")
		for _, method := range []string{"GET", "HEAD", "GET"} { // a scanner opens it first
			b.send(method, path, nil)
		}
		b.get(path).want(t, 200, "Kies een nieuw wachtwoord", username, "12 tekens")
		b.post(path, nil).want(t, 422, "Typ hier een nieuw wachtwoord.")
		b.post(path, url.Values{"wachtwoord": {"kort"}}).want(t, 422, "te kort", username)
		b.post(path, url.Values{"wachtwoord": {another}}).code(t)
		stranger.get("/").want(t, 200, "Nog geen inlogaccount?")
		b.get("/").want(t, 200, "Je bent ingelogd")
		b.get(path).want(t, 410, "Deze link werkt niet", "/wachtwoord-vergeten")

		// In another browser the site that asked would not know them again.
		d.pass(time.Second)
		asking, telephone := d.browser(), d.browser()
		asking.post("/wachtwoord-vergeten", url.Values{"gebruikersnaam": {username}, "verzoek": {d.ask(nil)}})
		_, path = d.letter("reset")
		telephone.sends(path, url.Values{"wachtwoord": {good + "er"}}).want(t, 200, "Je nieuwe wachtwoord werkt")
	})
}

// Who shares an address finds a link for each in one letter, and may take the wrong one.
func TestASharedAddressIsToldToTakeTheRightLink(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		const other = "Niet jouw gebruikersnaam? Neem de andere link in de mail."
		d.active()
		b := d.browser()
		b.post("/wachtwoord-vergeten", url.Values{"gebruikersnaam": {address}})
		m, path := d.letter("reset")
		if strings.Contains(m.Text+m.HTML, other) {
			t.Error("one account has no other link")
		}
		b.get(path).without(t, other)
		d.sleeping("broer.maas", address)
		d.pass(time.Minute)
		b.post("/wachtwoord-vergeten", url.Values{"gebruikersnaam": {address}})
		m, path = d.letter("reset")
		if !strings.Contains(m.Text, other) || !strings.Contains(m.HTML, other) {
			t.Errorf("the letter:\n%s", m.Text)
		}
		b.get(path).want(t, 200, other, username)
	})
}

func TestAnOldSignInAsksThePasswordAndKeepsWhatWasTyped(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		d.pass(16 * time.Minute)
		b.get("/gebruikersnaam").want(t, 200, username, "90 dagen")
		form := url.Values{"gebruikersnaam": {"zoe.maas"}}
		b.post("/gebruikersnaam", form).want(t, 200, "Ben jij het?", `name="gebruikersnaam" value="zoe.maas"`)
		form.Set("wachtwoord-nu", "")
		b.post("/gebruikersnaam", form).want(t, 422, "Vul je wachtwoord in.", `value="zoe.maas"`)
		form.Set("wachtwoord-nu", "iets heel anders")
		p := b.post("/gebruikersnaam", form)
		p.want(t, 422, "Dit wachtwoord klopt niet.", `value="zoe.maas"`)
		p.without(t, "iets heel anders")
		here, err := url.Parse(d.base + "/")
		if err != nil {
			t.Fatal(err)
		}
		thief := d.browser() // holds a copy of the cookies from before
		thief.client.Jar.SetCookies(here, b.client.Jar.Cookies(here))
		thief.get("/gebruikersnaam").want(t, 200, username)
		form.Set("wachtwoord-nu", good)
		b.sends("/gebruikersnaam", form).want(t, 200, "Je gebruikersnaam is nu zoe.maas.")
		if p := thief.get("/gebruikersnaam"); p.status != 303 {
			t.Errorf("the token from before the proof still opens: %d", p.status)
		}
		b.sends("/gebruikersnaam", url.Values{"gebruikersnaam": {username}}).want(t, 200, "Je gebruikersnaam is nu "+username)
		d.browser().post("/gebruikersnaam", form).want(t, 401)
		d.browser().post("/email", form).want(t, 401)
	})
}

func TestTheOwnerChangesTheirAddressAndUndoesIt(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b, other := d.browser(), d.browser()
		b.signIn(nil, good)
		other.signIn(nil, good)
		b.post("/email", url.Values{"email": {""}}).want(t, 422, "Vul je e-mailadres in.")
		b.post("/email", url.Values{"email": {"geen adres"}}).want(t, 422, "Dit is geen e-mailadres.", `value="geen adres"`)
		b.sends("/email", url.Values{"email": {"nieuw@voorbeeld.nl"}}).want(t, 200, "nieuw@voorbeeld.nl", "De link werkt tot")
		if m, _ := d.letter("email_asked"); m.To != address {
			t.Errorf("the old address hears nothing: %s", m.To)
		}
		m, path := d.letter("email")
		if m.To != "nieuw@voorbeeld.nl" {
			t.Errorf("the link went to %s", m.To)
		}
		for range 3 {
			b.get(path).want(t, 200, "Bevestig je e-mailadres", "nieuw@voorbeeld.nl")
		}
		b.sends(path, nil).want(t, 200, "Je e-mailadres is gewijzigd")
		b.get(path).want(t, 410, "Deze link werkt niet")
		b.get("/").want(t, 200, "nieuw@voorbeeld.nl")

		_, path = d.letter("email_changed")
		owner := d.browser()
		owner.get(path).want(t, 200, "Zet je e-mailadres terug", address)
		owner.get(path).want(t, 200, "Zet mijn e-mailadres terug")
		p := owner.sends(path, nil)
		p.want(t, 200, "Je e-mailadres is weer "+address, "Kies nu een nieuw wachtwoord")
		for _, gone := range []*browser{b, other} {
			gone.get("/").want(t, 200, "Nog geen inlogaccount?")
		}
		b.signIn(nil, good).want(t, 422, "klopt niet")
		owner.get(path).want(t, 410, "Deze link werkt niet", "Bel of mail dan meteen")
		reset := ownPattern.FindString(p.body)
		owner.post(reset+"?terug=ja", url.Values{"wachtwoord": {"kort"}}).want(t, 422, "Je e-mailadres is weer "+address)
		owner.sends(reset, url.Values{"wachtwoord": {another}}).want(t, 200, "Je nieuwe wachtwoord werkt", address)
	})
}

func TestTheOwnerEndsTheirOwnSessionsOnly(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b, other, third := d.browser(), d.browser(), d.browser()
		for _, one := range []*browser{b, other, third} {
			one.signIn(nil, good)
			d.pass(time.Minute)
		}
		p := b.get("/sessies")
		p.want(t, 200, "dit apparaat", "Op alle andere apparaten uitloggen", "Apparaten die we kennen", ", ingelogd op ", "Vergeten we een apparaat")
		ends := regexp.MustCompile(`/sessies/[A-Z0-9]+`).FindAllString(p.body, -1)
		if len(ends) != 3 { // that of the activation, and two
			t.Fatalf("%d buttons to end a session:\n%s", len(ends), p.body)
		}
		d.pass(15 * time.Minute) // the browser may have been left open
		for _, path := range []string{ends[0], "/sessies/anderen"} {
			b.post(path, nil).want(t, 200, "Ben jij het?")
			b.post(path, url.Values{"wachtwoord-nu": {"iets heel anders"}}).want(t, 422, "Dit wachtwoord klopt niet.")
		}
		third.get("/").want(t, 200, "Je bent ingelogd")
		b.sends(ends[0], url.Values{"wachtwoord-nu": {good}}).want(t, 200, "Dat apparaat is uitgelogd.")
		third.get("/").want(t, 200, "Nog geen inlogaccount?")
		other.get("/").want(t, 200, "Je bent ingelogd")
		b.post(ends[0], nil).want(t, 404, "was al uitgelogd")
		b.sends("/sessies/anderen", nil).want(t, 200, "Op alle andere apparaten ben je uitgelogd.")
		other.get("/").want(t, 200, "Nog geen inlogaccount?")
		b.sends("/apparaten", nil).want(t, 200, "We kennen nu alleen dit apparaat nog.")
		b.get("/geschiedenis").want(t, 200, "Uitgelogd op een ander apparaat", "Andere apparaten vergeten", "Inlogaccount geactiveerd", "nieuw apparaat")
		b.get("/lidmaatschappen").want(t, 200, "Er hoort geen abonnement bij je inlogaccount.")
		other.post("/sessies/anderen", nil).want(t, 401)
	})
}

func TestTheOwnerChangesTheirPasswordAndLeaves(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b, other := d.browser(), d.browser()
		b.signIn(nil, good)
		other.signIn(nil, good)
		b.get("/wachtwoord").want(t, 200, `autocomplete="current-password"`, `autocomplete="new-password"`)
		b.post("/wachtwoord", nil).want(t, 422, "Vul je wachtwoord van nu in.", "Typ hier een nieuw wachtwoord.")
		b.post("/wachtwoord", url.Values{"huidig": {"iets heel anders"}, "wachtwoord": {another}}).want(t, 422, "Dit wachtwoord klopt niet.", `href="#f-huidig"`)
		b.sends("/wachtwoord", url.Values{"huidig": {good}, "wachtwoord": {another}}).want(t, 200, "Je wachtwoord is gewijzigd.")
		other.get("/").want(t, 200, "Nog geen inlogaccount?")
		b.get("/verwijderen").want(t, 200, "Je abonnement bij de bibliotheek blijft bestaan", "geen geld terug", "ga ermee naar de balie", "data-reveal=\"f-huidig\"", "Wachtwoord vergeten?", "utrecht-button--danger")
		b.post("/verwijderen", url.Values{"huidig": {good}}).want(t, 422, "Dit wachtwoord klopt niet.")
		b.sends("/verwijderen", url.Values{"huidig": {another}}).want(t, 200, "Je inlogaccount is verwijderd", "ga ermee naar de balie", "/inloggen/nieuw")
		if m, _ := d.letter("deleted"); !strings.Contains(m.Text, "Maak een nieuw inlogaccount en ga ermee naar de balie.") {
			t.Errorf("the letter tells another story:\n%s", m.Text)
		}
		for _, path := range []string{"/hulp", "/aanmelden", "/"} {
			b.get(path).want(t, 200, `href="/inloggen/nieuw"`)
		}
		b.get("/hulp").want(t, 200, "werkt 1 uur", "werkt 24 uur")
		b.get("/").want(t, 200, "Nog geen inlogaccount?")
		b.signIn(nil, another).want(t, 422, "klopt niet")
	})
}

func TestEveryPageOfTheOwnerSpeaksEnglish(t *testing.T) {
	d := open(t, newDB(t))
	d.active()
	b := d.browser()
	b.lang = "en"
	for path, says := range map[string]string{"/wachtwoord-vergeten": "Forgotten your password?", "/gebruikersnaam-vergeten": "Forgotten your username?",
		"/email-klaar": "Your e-mail address has been changed", "/verwijderd": "Your login account has been deleted"} {
		b.get(path).want(t, 200, says)
	}
	b.signIn(nil, good)
	for path, says := range map[string]string{"/": "Change username", "/gebruikersnaam": "New username", "/wachtwoord": "Your current password",
		"/email": "New e-mail address", "/sessies": "this device", "/geschiedenis": "Signed in", "/lidmaatschappen": "No membership", "/verwijderen": "cannot undo"} {
		b.get(path).want(t, 200, says)
	}
}

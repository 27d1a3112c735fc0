package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"lidwoord/base/factor"
	"lidwoord/web/webtest"
)

// namedEngines is eachEngine at a name: browsers know no passkeys at a number.
func namedEngines(t *testing.T, f func(t *testing.T, h *running, at string)) {
	t.Helper()
	named := func(at string) string { return "http://" + strings.Replace(at, "127.0.0.1", "localhost", 1) }
	doors := func(at string) map[string]string { return map[string]string{"start": named(at)} }
	bothEngines(t, func(t *testing.T, engine string) {
		h := serveAt(t, engine, doors)
		f(t, h, named(strings.TrimPrefix(h.at, "http://")))
	})
}

// One reader gives the login account a second step, uses all that it brings, and takes
// it away again, on both engines.
func TestAReaderSignsInWithASecondStep(t *testing.T) {
	browser := webtest.Start(t)
	namedEngines(t, func(t *testing.T, h *running, at string) {
		number := h.login(t, "start.reader")
		p := browser.Person(t)
		p.Sensor()
		code := func(key string) string {
			h.pass(time.Minute) // each code counts once
			code, err := factor.CodeAt(key, h.db.Now())
			if err != nil {
				t.Fatal(err)
			}
			return code
		}
		first := func(id string) string {
			return webtest.Eval[string](p, "document.querySelector('#"+id+"').innerText.split('\\n')[0].trim()")
		}
		out := func() {
			p.Visit(at + "/inloggen")
			p.Press("Uitloggen")
			p.Want("Je bent uitgelogd")
		}
		password := func(word string) {
			p.Fill(byName, number)
			p.Fill("Wachtwoord", word)
			p.Press("Inloggen")
		}
		toRead := func() {
			eventually(t, "signed out at the Online Bibliotheek too", func() bool {
				p.Visit(at + "/bibliotheek")
				return !strings.Contains(p.Text(), "Uitloggen")
			})
			p.Press("Inloggen")
		}

		// An app with codes, from the card on the first page.
		p.Visit(at + "/inloggen/aanmelden")
		p.Look("step-signin")
		password(demoReaderPw)
		p.Want("Staat uit")
		p.Look("step-home")
		p.Press("Inloggen en beveiliging")
		p.Want("Je hebt geen app met codes", "je vinger, je gezicht of de pincode van je telefoon")
		p.Look("step-means")
		p.Press("App instellen")
		p.Look("step-app")
		key := first("sleutel")
		p.Fill("Code uit de app", code(key))
		p.Press("Verder")
		p.Want("Je herstelcodes", "Kopieer de codes", "Afdrukken")
		p.Look("step-codes")
		recovery := first("herstelcodes")
		p.Press("Ik heb ze bewaard")
		p.Want("Je hebt nog 10 herstelcodes.")
		p.Look("step-means-app")
		h.about(t, lieke, "Je app met codes staat aan")
		out()

		// On the way to a book: by the code, and without the telephone.
		toRead()
		password(demoReaderPw)
		p.Want("Nog één stap")
		p.Look("step-code")
		p.Forgive("422")
		p.Fill("Code", "000000")
		p.Press("Inloggen")
		p.Want("Deze code klopt niet")
		p.Look("step-code-wrong")
		p.Fill("Code", code(key))
		p.Press("Inloggen")
		p.WantURL("/bibliotheek")
		out()
		for _, want := range []string{"Je hebt nog 9 herstelcodes.", "Een herstelcode werkt één keer"} {
			toRead()
			password(demoReaderPw)
			p.Fill("Code", strings.ToLower(recovery))
			p.Press("Inloggen")
			p.Want(want)
			if strings.HasPrefix(want, "Je hebt") {
				p.Look("step-recovered")
				p.Press("Verder")
				p.WantURL("/bibliotheek")
				out()
			}
		}
		p.Fill("Code", code(key))
		p.Press("Inloggen")
		p.WantURL("/bibliotheek")

		// A passkey, and in with that alone.
		p.Visit(at + "/inloggen/beveiliging")
		p.Fill("Naam van deze passkey", "Telefoon van Lieke")
		p.Press("Passkey toevoegen")
		p.Want("Je passkey is toegevoegd", "Telefoon van Lieke")
		p.Look("step-means-passkey")
		p.Press("Telefoon van Lieke wijzigen")
		p.Fill("Andere naam voor Telefoon van Lieke", "Mijn telefoon")
		p.Press("Naam opslaan")
		p.Want("De naam is opgeslagen.", "Mijn telefoon")
		out()
		toRead() // the field of the name offers it, and this sensor accepts each offer
		p.WantURL("/bibliotheek")
		p.Want("Uitloggen")
		out()
		p.Unoffered()
		toRead()
		p.Look("step-signin-passkey")
		p.Press("Inloggen met een passkey")
		p.WantURL("/bibliotheek")
		p.Want("Uitloggen")
		out()
		toRead()
		password(demoReaderPw)
		p.Want("Nog één stap")
		p.Look("step-both")
		p.Press("Verder met een passkey")
		p.WantURL("/bibliotheek")
		p.Want("Uitloggen")
		p.Visit(at + "/inloggen/geschiedenis")
		p.Want("Passkey toegevoegd", "App met codes ingesteld", "Ingelogd met een herstelcode")
		p.Look("step-history")

		// A forgotten password is no way round, also without the telephone's sensor.
		out()
		q := browser.Person(t)
		q.Visit(at + "/inloggen/wachtwoord-vergeten")
		q.Fill(byName, number)
		q.Press("Stuur mij een mail")
		q.Visit(linkIn(t, h.about(t, lieke, "Kies een nieuw wachtwoord"), "wachtwoord"))
		q.Fill("Kies een wachtwoord", second)
		q.Press("Wachtwoord opslaan")
		q.Want("Je nieuwe wachtwoord is opgeslagen. Nu nog je tweede stap.", "Nog één stap")
		q.Look("step-reset")
		q.Press("Lukt het niet?")
		q.Want("Ga dan met je legitimatiebewijs naar de balie")
		q.Fill("Code", code(key))
		q.Press("Inloggen")
		q.Want("Je nieuwe wachtwoord werkt", "Staat aan")

		// All of it away again, after a while, with the password once more.
		h.pass(notFresh)
		q.Press("Inloggen en beveiliging")
		q.Want("Wil je iets wijzigen?")
		q.Look("step-means-prove")
		q.Fill("Wachtwoord", second)
		q.Press("Verder")
		q.Press("Nieuwe herstelcodes maken")
		q.Press("Ja, maak nieuwe herstelcodes")
		q.Want("Je herstelcodes", "Oude herstelcodes werken niet meer.")
		q.Press("Ik heb ze bewaard")
		q.Press("App verwijderen")
		q.Look("step-app-remove")
		q.Press("Ja, verwijder de app met codes")
		q.Want("Je app met codes is verwijderd.")
		q.Press("Mijn telefoon wijzigen")
		q.Press("Passkey verwijderen")
		q.Want("geen tweede stap meer")
		q.Press("Ja, verwijder deze passkey")
		q.Want("De passkey is verwijderd.", "Je hebt nog geen passkey.")
		q.Visit(at + "/inloggen")
		q.Want("Staat uit")
		q.Press("Websites met toegang")
		q.Want("Er zijn geen websites")
		q.Look("step-websites")
		q.Press("Uitloggen")
		q.Visit(at + "/inloggen/aanmelden")
		q.Fill(byName, number)
		q.Fill("Wachtwoord", second)
		q.Press("Inloggen")
		q.Want("Je bent ingelogd.")
	})
}

var (
	keyOf  = regexp.MustCompile(`((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})`)
	codeOf = regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`)
)

// Without script there are no passkeys, and the rest works by the same words.
func TestASecondStepWithoutScript(t *testing.T) {
	h := serveDemo(t, "sqlite")
	p := webtest.Start(t).Person(t)
	p.NoScript()
	signIn := func() {
		p.Visit(h.at + "/inloggen/aanmelden")
		p.Fill(byName, h.login(t, "start.reader"))
		p.Fill("Wachtwoord", demoReaderPw)
		p.Press("Inloggen")
	}
	signIn()
	p.Press("Inloggen en beveiliging")
	p.Press("App instellen")
	key := keyOf.FindStringSubmatch(p.Text())
	if key == nil {
		t.Fatalf("no key on the page:\n%s", p.Text())
	}
	code, err := factor.CodeAt(key[1], h.db.Now())
	if err != nil {
		t.Fatal(err)
	}
	p.Fill("Code uit de app", code)
	p.Press("Verder")
	p.Lacks("Kopieer de codes", "Afdrukken")
	recovery := codeOf.FindString(p.Text())
	p.Press("Ik heb ze bewaard")
	p.Press("Uitloggen")
	signIn()
	p.Fill("Code", recovery)
	p.Press("Inloggen")
	p.Want("Je bent ingelogd met een herstelcode", "Je hebt nog 9 herstelcodes.")
	p.Press("Verder")
	p.Want("Je bent ingelogd.", "Staat aan")
}

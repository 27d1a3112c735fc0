package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/library/ledger"
	"lidwoord/library/payment"
	"lidwoord/library/task"
	"lidwoord/web/webtest"
)

// The seed's first half: "Online inschrijven via de website van de Bind
// bibliotheken". First an inlogaccount, then a password, then the registration,
// pay at once, read at once. Everything through the doors, in a real browser.

const onlinePassword = "vier paarden op zolder"

// visitor comes to the library's own site and chooses a membership.
func (h *running) chooses(t *testing.T, b *webtest.Browser, name string) *webtest.Page {
	t.Helper()
	p := b.Person(t)
	p.Visit(h.at + "/inschrijven")
	p.WantURL("/inschrijven/bind")
	p.Press("Kies " + name)
	return p
}

// makesAccount makes a login account, by the mail, and goes on with joining.
func (h *running) makesAccount(t *testing.T, p *webtest.Page, email, username string) {
	t.Helper()
	p.Press("Maak een inlogaccount")
	h.newAccount(t, p, email, username)
}

// newAccount goes on from the page on which the account is made.
func (h *running) newAccount(t *testing.T, p *webtest.Page, email, username string) {
	t.Helper()
	p.WantURL("/inloggen/nieuw")
	p.Fill("E-mailadres", email)
	if username != "" {
		p.Tick("Zelf een naam kiezen")
		p.Fill("Gebruikersnaam", username)
	}
	p.Press("Inlogaccount maken")
	p.Want("We hebben een mail gestuurd naar", email)
	p.Visit(h.linkTo(t, email))
	p.Press("Ja, bevestig mijn e-mailadres")
	p.Fill("Kies een wachtwoord", onlinePassword)
	p.Press("Wachtwoord opslaan")
	p.Press("Verder met inschrijven")
}

// fillsIn fills in the form from the name to the check.
func fillsIn(p *webtest.Page, initials, surname, birth string) {
	p.Want("Hoe heet je?")
	p.Fill("Voorletters", initials)
	p.Fill("Achternaam", surname)
	p.Press("Verder")
	birthAndAddress(p, birth)
}

func birthAndAddress(p *webtest.Page, birth string) {
	p.Want("Wanneer ben je geboren?")
	date := strings.Split(birth, "-")
	p.Fill("Dag", date[0])
	p.Fill("Maand", date[1])
	p.Fill("Jaar", date[2])
	p.Press("Verder")
	if strings.Contains(p.URL(), "/ouder") {
		p.Fill("Naam van je ouder of verzorger", "Eline Bakker")
		p.Fill("E-mailadres van je ouder of verzorger", "eline@bakker.example")
		p.Press("Verder")
	}
	p.Want("Wat is je adres?")
	p.Fill("Postcode", "9468bg")
	p.Fill("Huisnummer", "41")
	p.Press("Verder")
	p.Want("Waar mogen we je mailen?")
	p.Press("Verder")
	p.Want("Controleer je gegevens")
}

// ready goes the whole way to the check page as somebody new.
func (h *running) ready(t *testing.T, b *webtest.Browser, surname, email string) *webtest.Page {
	t.Helper()
	p := h.chooses(t, b, "Digital only")
	h.makesAccount(t, p, email, "")
	fillsIn(p, "E.B.", surname, "4-1-1991")
	return p
}

// books is the library's side of the money of everybody who registered online.
type books struct {
	payments []payment.Payment
	paid     money.Cents // came in, less what went back
	members  int
	tasks    int
}

// booksOf counts what a customer with this e-mail address cost and got.
func (h *running) booksOf(t *testing.T, email string) (b books) {
	t.Helper()
	err := h.db.Read(t.Context(), func(tx *sqldb.Tx) error {
		b = books{}
		var orders []string
		list, err := sqldb.Many(tx, `SELECT id, provider_id FROM payment WHERE provider_id IS NOT NULL ORDER BY begun_at`, nil, func(r sqldb.Row) (id string, err error) {
			var there string
			return id, r.Scan(&id, &there)
		})
		if err != nil {
			return err
		}
		orders = list
		for _, id := range orders {
			p, err := payment.Find(tx, id)
			if err != nil {
				return err
			}
			b.payments = append(b.payments, p)
		}
		found, err := customer.Search(tx, h.organisation(tx), email, 10)
		if err != nil {
			return err
		}
		for _, row := range found.Rows {
			b.members++
			lines, err := ledger.Lines(tx, row.ID)
			if err != nil {
				return err
			}
			for _, l := range lines {
				if l.Method == ledger.Online {
					b.paid -= l.Cents
				}
			}
		}
		b.tasks, _, err = task.Count(tx, h.organisation(tx))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (h *running) organisation(tx *sqldb.Tx) (id string) {
	tx.One(`SELECT id FROM organisation WHERE slug = 'bind'`, nil, &id)
	return id
}

// eventually waits for something that happens in the background.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 200 {
		if ok() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s did not happen", what)
}

// Scenario 3, the happy path.
func TestTheSeedOnTheWebFromTheLibrarysSiteToTheFirstPage(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		p := h.chooses(t, browser, "Digital only")
		p.Want("Lid worden met Digital only", "€ 45,00 per 12 maanden", "Eerst een inlogaccount")
		p.Look("online-01-choice")
		h.makesAccount(t, p, "eva@tester.example", "eva.leest")

		p.Look("online-02-name")
		p.Press("Verder") // nothing filled in: the page says so, and nothing is lost
		p.Forgive("422")
		p.Want("Nog even nakijken")
		p.Fill("Voorletters", "eb")
		p.Fill("Achternaam", "Tester")
		p.Press("Verder")
		p.Look("online-03-birth")
		p.Fill("Dag", "31")
		p.Fill("Maand", "2")
		p.Fill("Jaar", "1991")
		p.Press("Verder")
		p.Want("Nog even nakijken")
		if p.Value("Dag") != "31" || p.Value("Jaar") != "1991" {
			t.Errorf("what was typed is lost: %s %s", p.Value("Dag"), p.Value("Jaar"))
		}
		p.Look("online-04-birth-wrong")
		p.Fill("Dag", "4")
		p.Fill("Maand", "1")
		p.Press("Verder")
		p.Look("online-05-address")
		p.Fill("Postcode", "9468 bg")
		p.Fill("Huisnummer", "41")
		p.Press("Verder")
		if p.Value("E-mailadres") != "eva@tester.example" {
			t.Errorf("the address of the login account is asked twice")
		}
		p.Look("online-06-contact")
		p.Press("Verder")
		p.Want("Controleer je gegevens", "4 januari 1991", "Annen", "€ 45,00", "14 dagen bedenktijd", "stopt dan vanzelf", "Nieuwsbrief", "Nee")
		p.Look("online-07-check")
		p.Press("Bestellen en betalen")

		p.WantURL("/dev/bank")
		p.Want("Dit is een testbank", "€ 45,00", "Bind bibliotheken")
		p.Look("online-08-bank")
		p.Press("Betaald")
		p.Want("Je bent nu lid", "eva.leest")
		p.Look("online-09-member")
		back := p.URL()

		contract := h.letter(t, "eva@tester.example")
		for _, want := range []string{"Digital only", "45,00", "14 dagen", "eva.leest", "Bind bibliotheken"} {
			if !strings.Contains(contract.Text, want) {
				t.Errorf("the contract does not say %q:\n%s", want, contract.Text)
			}
		}

		p.Press("Naar de Online Bibliotheek")
		p.WantURL("/bibliotheek")
		p.Lacks("Wachtwoord") // signed in already
		p.Press("De laatste bus naar Zweeloo")
		p.Press("Lenen")
		p.Want("Teruggeven")
		p.Press("Lezen")
		p.WantWithin("Drie korte verhalen")

		p.Visit(back) // any number of times
		p.Want("Je bent nu lid")
		if b := h.booksOf(t, "eva@tester.example"); len(b.payments) != 1 || b.members != 1 || b.paid != 4500 || b.tasks != 0 {
			t.Errorf("the books: %+v", b)
		}
	})
}

// The same without script, as some people and some networks have it.
func TestJoiningOnTheWebWithoutScript(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		p := browser.Person(t)
		p.NoScript()
		p.Visit(h.at + "/inschrijven/bind")
		p.Press("Kies Digital only")
		h.makesAccount(t, p, "nora@script.example", "")
		fillsIn(p, "N.", "Script", "9-9-1944")
		p.Press("Bestellen en betalen")
		p.Press("Later")
		p.Want("We wachten op de bank")
		p.Press("Kijk opnieuw")
		p.Want("We wachten op de bank")
		h.pass(2 * time.Minute)
		eventually(t, "the payment that was left for later", func() bool {
			p.Press("Kijk opnieuw")
			return strings.Contains(p.Text(), "Je bent nu lid")
		})
	})
}

// Scenario 4: three clicks within a second, a second tab, and Back after paying.
func TestThreeClicksTwoTabsAndBackAreOnePayment(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		p := h.ready(t, browser, "Dubbelklik", "dubbel@klik.example")
		// The browser's own guard against a second click is taken away: what counts is the server's.
		statuses := webtest.Eval[string](p, `(async () => {
			const form = document.querySelector('form.signup-order'), body = new URLSearchParams(new FormData(form));
			const answers = await Promise.all(Array.from({length: 6}, () => fetch(form.action, {method: 'POST', body, redirect: 'manual'})));
			return answers.map(a => a.type).join(' ') })()`)
		if strings.Count(statuses, "opaqueredirect") != 6 {
			t.Errorf("six presses were answered %s", statuses)
		}
		check := p.URL()
		p.Visit(check)
		p.Want("Je betaling is nog niet klaar")
		p.Look("online-10-ordered")
		p.Press("Verder met betalen")
		p.Press("Betaald")
		p.Want("Je bent nu lid")
		p.Visit(check) // Back
		p.Want("Kies Digital only", "Je bent lid")
		if b := h.booksOf(t, "dubbel@klik.example"); len(b.payments) != 1 || b.members != 1 || b.paid != 4500 {
			t.Errorf("the books: %+v", b)
		}
	})
}

// Scenario 5: webhooks for an unknown id and forged ones teach nobody anything
// and change nothing; the return page only reads.
func TestAForgedWebhookChangesNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		p := h.ready(t, browser, "Vervalst", "vervalst@haak.example")
		p.Press("Bestellen en betalen")
		p.WantURL("/dev/bank/")
		bankID := tbID.FindString(p.URL())
		call := func(id string) int {
			started := time.Now()
			res, err := http.PostForm(h.at+"/inschrijven/haak/testbank", url.Values{"id": {id}})
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if took := time.Since(started); took > time.Second {
				t.Errorf("the webhook answered after %s", took)
			}
			return res.StatusCode
		}
		var all sync.WaitGroup
		for _, id := range []string{"tr_unknown", "", "../../x", bankID, bankID, bankID, strings.Repeat("a", 5000)} {
			all.Go(func() {
				if got := call(id); got != http.StatusOK {
					t.Errorf("a webhook for %.20q is answered %d, want 200 for all alike", id, got)
				}
			})
		}
		all.Wait()
		if b := h.booksOf(t, "vervalst@haak.example"); b.members != 0 || b.payments[0].State != payment.Open {
			t.Errorf("forged webhooks made %+v", b)
		}
		p.Press("Betaald")
		p.Want("Je bent nu lid")
	})
}

var tbID = regexp.MustCompile(`tb_\w+`)

// Scenario 7: failed, cancelled and expired keep everything for another try.
func TestAPaymentThatDoesNotWorkLosesNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		p := h.ready(t, browser, "Pechvogel", "pech@vogel.example")
		p.Press("Bestellen en betalen")
		for _, try := range []struct{ press, says string }{
			{"Mislukt", "Je betaling is niet gelukt"}, {"Geannuleerd", "Je betaling is gestopt"}, {"Verlopen", "Je betaling is verlopen"},
		} {
			p.Press(try.press)
			p.Want(try.says, "Er is nog niets betaald. Je zit nergens aan vast.")
			p.Look("online-11-" + strings.ToLower(try.press))
			p.Press("Probeer opnieuw te betalen") // at once
			p.WantURL("/dev/bank/")
		}
		p.Press("Mislukt")
		p.Want("Je betaling is niet gelukt") // by then the bank's message is in
		p.Press("Bekijk eerst mijn gegevens")
		p.Want("Controleer je gegevens", "Pechvogel", "€ 45,00")
		p.Press("Bestellen en betalen")
		p.Press("Betaald")
		p.Want("Je bent nu lid")
		if b := h.booksOf(t, "pech@vogel.example"); len(b.payments) != 5 || b.members != 1 || b.paid != 4500 {
			t.Errorf("the books: %+v", b)
		}
	})
}

// Scenario 6: the payment expired, and is paid all the same.
func TestPaidAfterItExpiredStillMakesAMember(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		p := h.ready(t, browser, "Telaat", "te@laat.example")
		p.Press("Bestellen en betalen")
		bank := p.URL()
		p.Press("Verlopen")
		p.Want("Je betaling is verlopen")
		back := p.URL()
		p.Visit(h.at + "/dev/bank/")
		p.Press("Toch betaald")
		_ = bank
		eventually(t, "the late payment", func() bool { return h.booksOf(t, "te@laat.example").members == 1 })
		p.Visit(back)
		p.Want("Je bent nu lid")
		// A second payment that is under way by then goes back.
		if b := h.booksOf(t, "te@laat.example"); b.paid != 4500 || len(b.payments) != 1 {
			t.Errorf("the books: %+v", b)
		}
	})
}

// Scenario 13: under 18 is free, and under 16 the parent is told.
func TestAChildJoinsForNothingAndTheParentIsTold(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		p := h.chooses(t, browser, "Digital only")
		h.makesAccount(t, p, "familie@bakker.example", "pim.bakker") // an address that others of the family have too
		fillsIn(p, "P.", "Bakker", "1-2-2015")
		p.Want("€ 0,00", "Eline Bakker", "Je hoeft niets te betalen")
		p.Lacks("Bestellen en betalen")
		p.Look("online-12-child")
		p.Press("Inschrijven")
		p.Want("Je bent nu lid")
		told := h.letter(t, "eline@bakker.example")
		if !strings.Contains(told.Text, "Bakker") || !strings.Contains(told.Text, "Bind bibliotheken") {
			t.Errorf("the parent reads:\n%s", told.Text)
		}
	})
}

// Scenario 14 and 15: abroad, and an address that nobody knows.
func TestAnAddressThatNobodyKnowsIsTypedByHand(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		p := h.ready(t, browser, "Nieuwbouw", "nieuw@bouw.example")
		p.Press("Wijzig Adres")
		p.Select("Land", "België")
		p.Fill("Postcode", "2800")
		p.Fill("Huisnummer", "4")
		p.Forgive("422")
		p.Press("Verder")
		p.Fill("Straat", "Grote Markt")
		p.Fill("Plaats", "Mechelen")
		p.Look("online-13-abroad")
		p.Press("Verder")
		p.Want("Controleer je gegevens", "Grote Markt", "Mechelen", "België")
		p.Press("Wijzig Adres")
		p.Select("Land", "Nederland")
		p.Fill("Postcode", "1000 AA")
		p.Fill("Huisnummer", "999")
		p.Fill("Straat", "Nergensstraat")
		p.Fill("Plaats", "Nergens")
		p.Press("Verder")
		p.Want("Nergensstraat", "We vonden dit adres niet in het adressenregister")
	})
}

// A registration that was broken off goes on where it was: by the mail on
// another device, and by signing in days later.
func TestARegistrationThatWasBrokenOffGoesOn(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		desk := h.chooses(t, browser, "Digital only")
		desk.Press("Maak een inlogaccount")
		desk.Fill("E-mailadres", "later@verder.example")
		desk.Press("Inlogaccount maken")
		h.pass(23 * time.Hour) // and the browser at the desk is long closed

		phone := browser.Person(t)
		phone.Visit(h.link(t, h.letter(t, "later@verder.example")))
		phone.Press("Ja, bevestig mijn e-mailadres")
		phone.Fill("Kies een wachtwoord", onlinePassword)
		phone.Press("Wachtwoord opslaan")
		phone.Press("Verder met inschrijven")
		phone.Fill("Voorletters", "L.")
		phone.Fill("Achternaam", "Verder")
		phone.Press("Verder")
		phone.Want("Wanneer ben je geboren?")
		h.pass(3 * 24 * time.Hour)

		home := browser.Person(t)
		home.Visit(h.at + "/inschrijven/bind")
		home.Press("Inloggen en verdergaan")
		home.Fill("Gebruikersnaam of e-mailadres", "later@verder.example")
		home.Fill("Wachtwoord", onlinePassword)
		home.Press("Inloggen")
		home.Want("Wanneer ben je geboren?")
		home.Visit(h.at + "/inschrijven/bind")
		home.Want("Je bent al begonnen", "Digital only")
		home.Look("online-14-resume")
		home.Press("Verder met inschrijven")
		birthAndAddress(home, "4-1-1991")
		home.Want("Verder") // the surname typed on the phone
		home.Press("Bestellen en betalen")
		home.Press("Betaald")
		home.Want("Je bent nu lid")
	})
}

// Scenario 24: the member thinks better of it within the fourteen days.
func TestAMemberWithdrawsAndGetsAllMoneyBack(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		p := h.ready(t, browser, "Bedenk", "bedenk@tijd.example")
		p.Press("Bestellen en betalen")
		p.Press("Betaald")
		p.Want("Je bent nu lid")
		number := numberInText.FindString(p.Text())
		h.pass(2 * 24 * time.Hour)

		// Without signing in, by number, name and address.
		q := browser.Person(t)
		q.Visit(h.at + "/mijn")
		q.Press("Hier de overeenkomst herroepen")
		q.Fill("Klantnummer", number)
		q.Fill("Naam", "E.B. Bedenk")
		q.Fill("E-mailadres", "bedenk@tijd.example")
		q.Look("online-15-withdraw")
		q.Press("Verder")
		q.Want("Herroeping bevestigen")
		q.Press("Herroeping bevestigen")
		q.Look("online-16-withdrawn")
		receipt := h.letter(t, "bedenk@tijd.example")
		if !strings.Contains(receipt.Text, number) || !strings.Contains(receipt.Text, "45,00") {
			t.Errorf("the receipt reads:\n%s", receipt.Text)
		}
		eventually(t, "the refund", func() bool {
			h.pass(2 * time.Minute)
			return h.booksOf(t, "bedenk@tijd.example").paid == 0
		})
		if b := h.booksOf(t, "bedenk@tijd.example"); b.tasks != 0 {
			t.Errorf("the books: %+v", b)
		}
		reader := h.read(t, browser, "bedenk@tijd.example", onlinePassword)
		reader.Press("Onder de es")
		reader.Want("Word opnieuw lid")
		reader.Lacks("Je mag dit 21 dagen houden")
	})
}

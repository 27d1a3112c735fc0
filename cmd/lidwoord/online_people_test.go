package main

import (
	"strings"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/web/webtest"
)

// People as they are: names, birthdays, families and slips, on the web.

// Scenarios 10 and 11: prefixes, apostrophes, other scripts, a single name.
func TestNamesOnTheWebAreWrittenAsTheirOwnersDo(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		p := h.chooses(t, browser, "Digital only")
		h.makesAccount(t, p, "hooft@naam.example", "")
		fillsIn(p, "pc", "‘t Hooft", "21-5-1947")
		p.Want("P.C. ‘t Hooft") // as typed
		for _, name := range []struct{ initials, surname, shown string }{
			{"ij", "Ĳssel", "Ĳssel"}, {"D", "Şahin-Yıldız", "D. Şahin-Yıldız"}, {"Z", "Żywiałowska", "Z. Żywiałowska"},
			{"T.M", "Nguyễn", "T.M. Nguyễn"}, {"", "Amrish", "Amrish"}, {"e b", "van der Veen", "E.B. van der Veen"},
		} {
			p.Press("Wijzig Naam")
			p.Fill("Voorletters", name.initials)
			p.Fill("Voorvoegsel", "")
			p.Fill("Achternaam", name.surname)
			p.Press("Verder")
			p.Want("Controleer je gegevens", name.shown)
		}
		p.Press("Bestellen en betalen")
		p.Press("Betaald")
		p.Want("Je bent nu lid")
		if letter := h.letter(t, "hooft@naam.example"); !strings.Contains(letter.Text, "van der Veen") {
			t.Errorf("the contract is not to E.B. van der Veen:\n%s", letter.Text)
		}
		clerk := h.signIn(t, browser)
		clerk.Fill("Zoek een klant", "veen")
		clerk.Press("Zoeken")
		clerk.Want("Veen, E.B. van der")
	})
}

// Scenario 12: born on 29 February, the last day of being seventeen is the 28th.
func TestWhoIsBornOnALeapDayPaysFromTheFirstOfMarch(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		h.pass(day.Day("2030-03-01").Start().Add(-time.Hour).Sub(h.db.Now())) // 28 February, eleven in the evening
		p := h.chooses(t, browser, "Digital only")
		h.makesAccount(t, p, "schrikkel@dag.example", "")
		fillsIn(p, "S.", "Schrikkel", "29-2-2012")
		p.Want("€ 0,00") // still seventeen
		h.pass(61 * time.Minute)
		p.Forgive("409")
		p.Press("Inschrijven") // what stands on the page is no longer true: it is shown anew
		p.Want("€ 45,00", "Bestellen en betalen")
	})
}

// Scenario 16: a family shares one address. Each has an account and a
// registration of their own.
func TestAFamilyWithOneAddressHasAnAccountEach(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		for i, name := range []string{"ans.gezin", "bert.gezin"} {
			p := h.chooses(t, browser, "Digital only")
			h.makesAccount(t, p, "gezin@gezin.example", name)
			fillsIn(p, string(rune('A'+i))+".", "Gezin", []string{"4-1-1981", "5-6-1979"}[i])
			p.Press("Bestellen en betalen")
			p.Press("Betaald")
			p.Want("Je bent nu lid", name)
		}
		if b := h.booksOf(t, "gezin@gezin.example"); b.members != 2 || b.paid != 9000 {
			t.Errorf("the books of the family: %+v", b)
		}
	})
}

// A parent who is a member chooses a membership for a child: nothing is bought,
// and the way to an account for the child is on the page.
func TestAMemberWhoChoosesForAChildIsShownTheWay(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		p := h.chooses(t, browser, "Digital only")
		h.makesAccount(t, p, "moeder@gezin.example", "moeder.gezin")
		fillsIn(p, "M.", "Gezin", "4-1-1981")
		p.Press("Bestellen en betalen")
		p.Press("Betaald")
		p.Want("Je bent nu lid")

		p.Visit(h.at + "/inschrijven/bind")
		p.Press("Kies Digital only")
		p.Want("Je bent al lid van Bind bibliotheken", "moeder.gezin", "Er is niets gekocht.")
		p.Lacks("herroepen")
		p.Press("Maak een ander inlogaccount")
		p.Press("Uitloggen en een ander account maken")
		h.newAccount(t, p, "moeder@gezin.example", "kind.gezin")
		p.Want("Hoe heet je?", "Ingelogd als kind.gezin")
		fillsIn(p, "K.", "Gezin", "1-2-2015")
		p.Lacks("Betalen") // the step is not shown to who pays nothing
		p.Press("Inschrijven")
		p.Want("Je bent nu lid", "kind.gezin", "Gratis. Je hoeft niets te betalen.")
		p.Press("Naar Mijn Menu")
		p.WantURL("/mijn")
		p.Want("kind.gezin") // signed in already
	})
}

// Scenario 17: the link is opened a day and a minute later.
func TestALinkThatIsTooOldOffersANewOneAndLeadsOn(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		p := h.chooses(t, browser, "Digital only")
		p.Press("Maak een inlogaccount")
		p.Fill("E-mailadres", "traag@mail.example")
		p.Press("Inlogaccount maken")
		old := h.link(t, h.letter(t, "traag@mail.example"))
		scanner := browser.Person(t)
		scanner.Visit(old) // a mail scanner opens it first, and spends nothing
		h.pass(24*time.Hour + time.Minute)
		p.Forgive("410")
		p.Visit(old)
		p.Want("Deze link werkt niet meer")
		p.Press("Stuur mij een nieuwe link")
		fresh := old
		eventually(t, "the new link", func() bool { fresh = h.link(t, h.letter(t, "traag@mail.example")); return fresh != old })
		p.Visit(fresh)
		p.Press("Ja, bevestig mijn e-mailadres")
		p.Fill("Kies een wachtwoord", onlinePassword)
		p.Press("Wachtwoord opslaan")
		p.Press("Verder met inschrijven")
		p.Want("Hoe heet je?")
	})
}

// Scenario 20: names that are taken, that differ in capitals only, that look like
// a card number, or that are somebody else's address.
func TestAUsernameBelongsToOnePerson(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		p := h.chooses(t, browser, "Digital only")
		h.makesAccount(t, p, "eerste@naam.example", "Boekenwurm")
		q := h.chooses(t, browser, "Digital only")
		q.Press("Maak een inlogaccount")
		for _, status := range []string{"422", "409", "429"} {
			q.Forgive(status)
		}
		q.Fill("E-mailadres", "tweede@naam.example")
		q.Tick("Zelf een naam kiezen")
		for _, name := range []string{"boekenwurm", "BOEKENWURM", h.login(t, "start.reader"), "25280000099999", "eerste@naam.example", "a b c d", "einde."} {
			q.Fill("Gebruikersnaam", name)
			q.Press("Inlogaccount maken")
			q.Want("Nog even nakijken")
			if got := q.Value("Gebruikersnaam"); got != name {
				t.Errorf("%q was typed, and %q is left", name, got)
			}
		}
		// The address of somebody who has an account: the page says nothing, the mail does.
		q.Fill("E-mailadres", "lieke@veen.example")
		q.Tick("Mijn e-mailadres gebruiken")
		q.Press("Inlogaccount maken")
		q.Want("We hebben een mail gestuurd naar", "lieke@veen.example")
	})
}

// Joining speaks English too, to the end.
func TestJoiningInEnglish(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		p := browser.Person(t)
		p.Language("en")
		p.Visit(h.at + "/inschrijven/bind")
		p.Press("Choose Digital only")
		p.Press("Create a login account")
		p.Fill("E-mail address", "sinead@reads.example")
		p.Press("Create login account")
		p.Visit(h.link(t, h.letter(t, "sinead@reads.example")))
		p.Press("Yes, confirm my e-mail address")
		p.Fill("Choose a password", onlinePassword)
		p.Press("Save password")
		p.Press("Continue signing up")
		p.Fill("Initials", "S.")
		p.Fill("Last name", "O'Brien-Reads")
		p.Press("Continue")
		p.Fill("Day", "17")
		p.Fill("Month", "March")
		p.Fill("Year", "1979")
		p.Press("Continue")
		p.Fill("Postal code", "9468 BG")
		p.Fill("House number", "41")
		p.Press("Continue")
		p.Tick("Yes, I want to get the library's newsletter by e-mail. I can unsubscribe at any time.")
		p.Press("Continue")
		p.Want("Check your details", "17 March 1979")
		p.Press("Order and pay")
		p.Press("Paid")
		p.Want("You are now a member")
		if letter := h.letter(t, "sinead@reads.example"); !strings.Contains(letter.Text, "member") {
			t.Errorf("the contract is not in English:\n%s", letter.Text)
		}
	})
}

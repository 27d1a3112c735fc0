package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"lidwoord/web/webtest"
)

// The seed is the instruction "Inschrijven e-book abonnement (Single Identity)"
// that Lidwoord replaces. This walks its steps 1 to 11 by its own labels, in a
// real browser, from the desk to the first page of a book.
func TestTheSeedFromTheDeskToTheFirstPage(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		clerk := h.signIn(t, browser)
		clerk.Want("Balie", "Klanten", "Financieel", "Statistiek")
		clerk.Lacks("Catalogus", "Exemplaren", "Titels", "Reserveringen")

		// 1. Kies in het menu Klant → Nieuwe klant toevoegen.
		clerk.Press("Klanten")
		clerk.Press("Nieuwe klant toevoegen")
		clerk.Want("Reguliere klant")

		// 2. Typ bij klantnummer een v en klik op Enter. 3. Kies Ja.
		clerk.Fill("Klantnummer", "v")
		clerk.Key(kb.Enter)
		clerk.Want("Systeemnummer laten genereren?")
		clerk.Press("Ja")

		// 4. Je ziet dan bij het klantnummer een rijtje V.
		clerk.Want("Voorletters")
		if got := clerk.Value("Klantnummer"); got != "VVVVVVVVVVVV" {
			t.Errorf("Klantnummer shows %q, want the row of V's", got)
		}

		// 5. Vul de NAW-gegevens in en kies Ok, Vervolg.
		clerk.Fill("Voorletters", "E.B.")
		clerk.Fill("Achternaam", "Tester")
		clerk.Fill("Geboortedatum", "4-1-1991")
		clerk.Fill("Postcode", "9468 BG")
		clerk.Fill("Huisnummer", "41")
		clerk.Key(kb.Tab)
		clerk.Want("4 januari 1991", "Annen")
		clerk.Press("Ok, Vervolg")

		// 6. Vul het e-mailadres van de klant in en kies Ok, Vervolg.
		clerk.Want("IBAN", "BIC", "Legitimatie gecontroleerd?", "Gebruik inlogaccount", "Nieuwsbrief")
		clerk.Choose("Legitimatie gecontroleerd?", "Ja")
		clerk.Fill("E-mail", "eva@tester.example")
		clerk.Press("Ok, Vervolg")

		// 7. Kies 'Nieuw inlogaccount genereren'.
		clerk.Want("Bestaand inlogaccount gebruiken", "Nieuw inlogaccount genereren")
		clerk.Tick("Nieuw inlogaccount genereren")
		clerk.Press("Ok, Vervolg")

		// 8. Kies het type abonnement: Digital only.
		clerk.Want("0086", "dBos supplement", "0090", "proefabonnement", "0091", "Maandabonnement", "€ 11,50", "0141", "Digital only", "€ 45,00", "Vast", "Tijd.")
		clerk.Tick("Digital only")
		clerk.Press("Ok")

		// 9. Opbouw abonnementskosten, and then Opslaan.
		clerk.Want("Opbouw abonnementskosten", "Naam", "Leeftijd", "Tariefcode", "Vervalmaand", "Rechten t/m", "Abonnement", "Korting", "Saldo", "Geldig t/m", "5280", "0141", "€ 45,00")
		clerk.Press("Opslaan")

		// 10. Genereren van inlogaccount gelukt.
		clerk.Want("Genereren van inlogaccount gelukt", "Gebruikersnaam", "E-mail", "eva@tester.example", "24 uur")
		result := clerk.URL()
		clerk.Reload()
		clerk.Want("Genereren van inlogaccount gelukt")
		if clerk.URL() != result {
			t.Errorf("a refresh led from %s to %s", result, clerk.URL())
		}

		// 11. The customer gets a mail, confirms the address and makes a password.
		letter := h.letter(t, "eva@tester.example")
		username := numberInText.FindString(letter.Text)
		if username == "" || !strings.Contains(letter.Text, "Bind bibliotheken") {
			t.Fatalf("the mail names no username or library:\n%s", letter.Text)
		}
		reader := browser.Person(t)
		reader.Visit(h.link(t, letter))
		reader.Press("Ja, bevestig mijn e-mailadres")
		reader.Fill("Kies een wachtwoord", "vier paarden op zolder")
		reader.Press("Wachtwoord opslaan")
		reader.Want("Online Bibliotheek")

		// Met die gegevens kan de klant direct inloggen bij de Online Bibliotheek.
		other := h.read(t, browser, username, "vier paarden op zolder")
		other.Press("De laatste bus naar Zweeloo")
		other.Press("Lenen")
		other.Want("Teruggeven")

		// The first page without script, as some people and some networks have it.
		plain := browser.Person(t)
		plain.NoScript()
		h.enter(plain, username, "vier paarden op zolder")
		plain.Press("Mijn boeken")
		plain.Press("Lezen De laatste bus naar Zweeloo")
		plain.Want("Drie korte verhalen")

		// And in the comfortable reader.
		other.Press("Lezen")
		other.WantURL("/lezen/")
		other.WantWithin("Drie korte verhalen")
		other.Key(kb.ArrowRight)
		other.WantWithin("Om tien voor twaalf stond Harm met draaiende motor op het station van Emmen.")
	})
}

var numberInText = regexp.MustCompile(`\b2[0-9]{13}\b`)

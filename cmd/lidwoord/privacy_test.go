package main

import (
	"html"
	"strconv"
	"strings"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/reading/loan"
	"lidwoord/web/webtest"
)

// What a library tells of privacy is what its rooms do, and each door leads there.
func TestPrivacyIsToldAsItIs(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		s := newSurfer(t)
		_, body := s.read(s.Get(h.at + "/privacy"))
		for _, want := range []string{"Bind bibliotheken is verantwoordelijk", "Ten minste 7 jaar", "vervalt het na 24 uur", "gebruikersnaam 90 dagen vast", "90 dagen. Ingelogd blijf je hooguit 30 dagen",
			strconv.Itoa(loan.KeepEnded) + " dagen vanaf de dag van lenen", "als je hem 180 dagen niet gebruikt, en na 2 jaar", "Wie keek: 365 dagen", "ja zei: 5 jaar", "hoofdsleutel", "Wat je net teruggaf", "10 minuten, alleen in je browser"} {
			if !strings.Contains(body, want) {
				t.Errorf("the page does not say %q", want)
			}
		}
		for _, path := range []string{"/", "/bibliotheek/", "/inloggen/", "/mijn/", "/inschrijven/", "/balie/aanmelden", "/beheer/aanmelden"} {
			if _, body := s.read(s.Get(h.at + path)); !strings.Contains(body, h.at+`/privacy"`) {
				t.Errorf("%s does not lead to the page about privacy", path)
			}
		}
		reader := newSurfer(t)
		reader.enter(h.at+"/mijn/inloggen", h.login(t, "start.reader"), demoReaderPw)
		_, body = reader.read(reader.Get(h.at + "/mijn/"))
		for _, want := range []string{"/inloggen/#gegevens", "/bibliotheek/mijn-boeken#gegevens"} {
			if !strings.Contains(body, want) {
				t.Errorf("Mijn Menu does not name %s", want)
			}
		}
		_, body = reader.read(reader.Get(h.at + "/mijn/wissen/" + h.customerID(t, "lieke@veen.example")))
		if !strings.Contains(body, "Geef dan eerst alles terug en trek je leesapps in") || !strings.Contains(body, "/bibliotheek/mijn-boeken") {
			t.Errorf("the page about deletion tells nothing of loans:\n%s", body)
		}
	})
}

// The desk answers from the rules that hold now.
func TestTheDeskKnowsTheRulesOfEBooks(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		clerk := h.clerk(t)
		page := func(email string) string {
			_, body := clerk.read(clerk.Get(h.at + "/balie/klanten/" + h.customerID(t, email)))
			return html.UnescapeString(body)
		}
		body := page("lieke@veen.example")
		for _, want := range []string{"Vragen over e-books", "10 e-books en 10 luisterboeken tegelijk", "gaat vanzelf terug na 21 dagen", "1 keer, met 21 dagen, in de laatste 3 dagen", "ook niet voor ouders", "Lenen in de bibliotheek"} {
			if !strings.Contains(body, want) {
				t.Errorf("the desk does not say %q", want)
			}
		}
		err := h.db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			terms, err := loan.TermsOf(tx)
			if err != nil {
				return err
			}
			rules := terms["digital"]
			rules.EBooks, rules.Days, rules.Extensions = 6, 28, 0
			return loan.SetTerm(tx, "staff:boss", "digital", rules)
		})
		if err != nil {
			t.Fatal(err)
		}
		if body = page("lieke@veen.example"); !strings.Contains(body, "6 e-books en 10 luisterboeken") || !strings.Contains(body, "na 28 dagen") || !strings.Contains(body, "Verlengen kan niet.") {
			t.Error("the desk tells the rules of before")
		}
		if body = page("fenna@degroot.example"); !strings.Contains(body, "Alleen titels voor kinderen") {
			t.Error("of a child the desk does not say which titles")
		}
		if body = page("roshni@ramdhanie.example"); strings.Contains(body, "Vragen over e-books") {
			t.Error("who borrows no e-books is told of them")
		}
	})
}

func TestPrivacyAtTheDeskAndAtHomeInABrowser(t *testing.T) {
	browser := webtest.Start(t)
	h := serveDemo(t, "sqlite")
	p := browser.Person(t)
	p.Visit(h.at + "/privacy")
	p.Look("privacy")
	p.Visit(h.at + "/privacy?taal=en")
	p.Look("privacy-en")
	p.Visit(h.at + "/bibliotheek/inloggen?taal=nl")
	p.Fill("Gebruikersnaam of e-mailadres", h.login(t, "start.reader"))
	p.Fill("Wachtwoord", demoReaderPw)
	p.Press("Inloggen")
	p.Visit(h.at + "/bibliotheek/mijn-boeken")
	p.Want("Wat we hier van je bewaren")
	p.Look("reading-mine-data")
	p.Visit(h.at + "/inloggen/")
	p.Look("login-home-data")
	p.Visit(h.at + "/inloggen/verwijderen")
	p.Look("login-delete")
	p.Visit(h.at + "/balie/aanmelden")
	p.Fill("Gebruikersnaam", demoClerk)
	p.Fill("Wachtwoord", demoClerkPw)
	p.Select("Vestiging", "5280 Bibliotheek Annen")
	p.Press("Inloggen")
	p.Visit(h.at + "/balie/klanten/" + h.customerID(t, "lieke@veen.example"))
	p.Press("Vragen over e-books")
	p.Look("desk-ebooks")
}

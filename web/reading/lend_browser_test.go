package reading_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/web/reading"
	"lidwoord/web/webtest"
)

// An impatient reader presses seventeen times, with rights that have to be asked
// anew at every press.
func TestAnImpatientReaderBorrowsOnce(t *testing.T) {
	b := webtest.Start(t)
	h := newHouse(t, sqldbtest.New(t), with{dist: bundle})
	h.provider.Person = zoe("2027-11-30")
	for _, script := range []bool{true, false} {
		p := b.Person(t)
		if !script {
			p.NoScript()
		}
		title := map[bool]string{true: "Pluis en de maan", false: "The Night Librarian"}[script]
		p.Visit(h.URL + "/bibliotheek/inloggen")
		h.pass(time.Minute)
		p.Visit(h.URL + "/bibliotheek/titel/" + h.ids[title])
		before := h.loans()
		p.Hammer("Lenen", 17)
		p.Visit(h.URL + "/bibliotheek/mijn-boeken")
		p.Want(title)
		if n := h.loans(); n != before+1 {
			t.Errorf("with script %v: %d loans more, want 1", script, n-before)
		}
	}
}

func TestBorrowingAtTheDoor(t *testing.T) {
	b := webtest.Start(t)
	var more [][]byte
	for i := range 7 {
		more = append(more, epub(t, fmt.Sprint("Boek nummer ", i), `<p>Tekst</p>`))
	}
	h := newHouse(t, sqldbtest.New(t), with{dist: bundle, epubs: more, desk: func(*sqldb.Tx) (reading.Desk, error) {
		return reading.Desk{Address: "Brink 1, 9401 HS Assen", Site: "https://bind.example/"}, nil
	}})
	h.provider.Person = zoe("2027-11-30")
	home := h.URL + "/bibliotheek"
	p := b.Person(t)
	p.Visit(home + "/inloggen?naar=/bibliotheek/mijn-boeken")
	p.Want("Je hebt nu niets geleend", "Kies een boek")
	p.Look("lend-empty")
	p.Visit(home + "/titel/" + h.ids[bus])
	p.Want("Ongeveer 6 bladzijden op papier")
	p.Look("lend-free")
	// With the keyboard only.
	focus(t, p, "Lenen")
	p.Key(kb.Enter)
	p.Want("Geleend", "Vanaf 12 december 2026 kun je verlengen")
	if said := p.Focused(); !strings.HasPrefix(said, "Geleend") { // a screen reader says it
		t.Errorf("after borrowing the focus is on %q", said)
	}
	p.Look("lend-lent")
	h.pass(20 * 24 * time.Hour)
	p.Visit(home + "/inloggen?naar=/bibliotheek/titel/" + h.ids[robot])
	p.Press("Lenen")
	for _, name := range []string{"Pluis en de maan", "The Night Librarian", "Boek nummer 0", "Boek nummer 1", "Boek nummer 2", "Boek nummer 3", "Boek nummer 4", "Boek nummer 5", "Boek nummer 6"} {
		p.Visit(home + "/titel/" + h.ids[name])
		p.Press("Lenen")
	}
	p.Visit(home + "/mijn-boeken")
	p.Want("E-books: 10 van 10", "vol", "Verleng tot en met 4 januari 2027")
	p.Look("lend-mine-full")
	p.Visit(home + "/titel/" + h.ids["Onder de es"])
	p.Want("Je hebt al 10 e-books geleend")
	p.Look("lend-full")
	p.Visit(home + "/titel/" + h.ids[bus])
	p.Look("lend-extend")
	p.Press("Verleng tot en met 4 januari 2027")
	p.Want("Verlengd tot en met 4 januari 2027", "Je hebt deze titel al verlengd")
	p.Look("lend-extended")
	p.Press("Teruggeven")
	p.Want("Wil je ‘" + bus + "’ teruggeven?")
	p.Look("lend-giveback")
	p.Press("Ja, geef terug")
	p.Want("Teruggegeven: "+bus, "Toch niet terug?")
	if said := p.Focused(); !strings.HasPrefix(said, "Teruggegeven") {
		t.Errorf("after giving back the focus is on %q", said)
	}
	p.Look("lend-regret")
	p.Press("Leen opnieuw " + bus)
	p.Want("Geleend")
	p.Visit(home + "/mijn-boeken?taal=en")
	p.Want("E-books: 10 of 10")
	p.Look("lend-mine-en")
	p.Visit(home + "/titel/" + h.ids["Onder de es"] + "?taal=en")
	p.Look("lend-full-en")

	// Who may borrow nothing.
	h.provider.Person = map[string]any{"sub": "p", "memberships": []map[string]any{{"organisation_name": "Bind bibliotheken", "name": "Basis", "rights": []string{"physical"}, "state": "active"}}}
	r := b.Person(t)
	r.Visit(home + "/inloggen")
	r.Want("kun je geen e-books of luisterboeken lenen", "Zo bereik je je bibliotheek: Bind bibliotheken, 0592 000 000, info@bind.example", "Adres: Brink 1, 9401 HS Assen", "openingstijden")
	r.Look("lend-refused-home")
	r.Visit(home + "/mijn-boeken")
	r.Lacks("Kies een titel en druk op Lenen")
	r.Look("lend-refused-mine")
	r.Visit(home + "/zoeken?zoek=luisterboek")
	r.Look("lend-asked")

	// A child.
	h.provider.Person = child()
	c := b.Person(t)
	c.Visit(home + "/inloggen")
	c.Want("Met je jeugdabonnement kies je uit deze titels")
	c.Look("lend-youth-home")
	c.Visit(home + "/titel/" + h.ids[bus])
	c.Want("Met een jeugdabonnement leen je titels uit de jeugdcollectie")
	c.Look("lend-youth-title")
	c.Press("Bekijk de titels voor kinderen")
	c.WantURL("/jeugd")
}

// Without script everything is done with the same buttons.
func TestBorrowingWithoutScript(t *testing.T) {
	b := webtest.Start(t)
	h := newHouse(t, sqldbtest.New(t), with{dist: bundle})
	h.provider.Person = zoe("2027-11-30")
	p := b.Person(t)
	p.NoScript()
	p.Visit(h.URL + "/bibliotheek/inloggen?naar=/bibliotheek/titel/" + h.ids[bus])
	p.Press("Lenen")
	h.pass(20 * 24 * time.Hour)
	p.Visit(h.URL + "/bibliotheek/inloggen?naar=/bibliotheek/mijn-boeken")
	p.Press("Verleng tot en met 4 januari 2027 " + bus)
	p.Want("Verlengd tot en met 4 januari 2027")
	p.Press("Teruggeven")
	p.Press("Ja, geef terug")
	p.Press("Leen opnieuw " + bus)
	p.Want("Geleend")
}

// focus walks with Tab to a button or link.
func focus(t *testing.T, p *webtest.Page, words string) {
	t.Helper()
	for range 60 {
		if strings.HasPrefix(p.Focused(), words) {
			return
		}
		p.Key(kb.Tab)
	}
	t.Fatalf("Tab never comes to %q", words)
}

// A child of ten, and the way to what is not for them.
func TestAChildInTheCatalogue(t *testing.T) {
	b := webtest.Start(t)
	h := newHouse(t, sqldbtest.New(t), with{dist: bundle, titles: 200})
	h.provider.Person = child()
	home := h.URL + "/bibliotheek"
	p := b.Person(t)
	p.Visit(home + "/inloggen")
	p.Want("Met je jeugdabonnement kies je uit deze titels")
	p.Look("child-home")
	p.Visit(home + "/titels")
	p.Want("die je met je jeugdabonnement kunt lenen")
	p.Look("child-titles")
	p.Visit(home + "/titels?jeugd=nee")
	p.Want("Je ziet nu ook titels voor volwassenen", "Voor volwassenen")
	p.Look("child-everything")
	p.Visit(home + "/onderwerpen")
	p.Look("child-subjects")
	h.pass(time.Minute)
	h.provider.Person = zoe("2026-10-31")
	other := b.Person(t)
	other.Visit(home + "/inloggen")
	h.pass(time.Minute)
	other.Visit(home + "/titel/" + h.ids[bus])
	other.Look("refused-old")
	other.Press("Kijk opnieuw")
	other.Want("We hebben dit zojuist bij je bibliotheek nagekeken")
	other.Look("refused-looked")
}

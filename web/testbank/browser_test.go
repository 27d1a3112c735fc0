package testbank_test

import (
	"strings"
	"testing"

	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/payment"
	"lidwoord/web/webtest"
)

func TestMain(m *testing.M) { webtest.Main(m) }

func TestThePayerChoosesInABrowser(t *testing.T) {
	d := open(t, sqldbtest.New(t))
	browser := webtest.Start(t)
	p := browser.Person(t)
	p.Visit(d.at)
	p.Want("Er zijn nog geen betalingen")
	p.Look("testbank-empty")

	id, page := d.begin("a", "Digital only, 12 maanden")
	p.Visit(page)
	p.Want("Dit is een testbank", "€ 45,00", "Digital only, 12 maanden", "Bind bibliotheken")
	p.Look("testbank-open")
	p.Press("Later")
	p.Want("Terug in de bibliotheek") // another host: the policy of the page lets the form lead there
	p.Visit(page)
	p.Want("Je koos Later")
	p.Look("testbank-later")
	p.Press("Betaald")
	p.WantURL("/terug?bestelling=a")
	p.Back()
	p.Reload()
	p.Want("Deze betaling is betaald")
	p.Look("testbank-paid")
	p.Press("Terug naar Bind bibliotheken")
	p.Want("Terug in de bibliotheek")

	if _, err := d.bank.Refund(t.Context(), id, payment.RefundOrder{Key: "r", Cents: 1000}); err != nil {
		t.Fatal(err)
	}
	_, failed := d.begin("b", "Een heel lange omschrijving van een lidmaatschap bij een bibliotheek "+strings.Repeat("x", 60))
	p.Visit(failed)
	p.Press("Mislukt")
	p.Want("Terug in de bibliotheek")
	p.Visit(d.at)
	p.Want("gaat terug", "Mislukt")
	p.Look("testbank-list")
	p.Press("Toch betaald")
	p.Want("Je keuze is verwerkt")
	p.Lacks("Toch betaald")
}

// A person without script, and without a mouse, can pay too.
func TestThePayerChoosesWithoutScript(t *testing.T) {
	d := open(t, sqldbtest.New(t))
	p := webtest.Start(t).Person(t)
	p.NoScript()
	id, page := d.begin("a", "Digital only")
	p.Visit(page)
	p.Press("Geannuleerd")
	p.Want("Terug in de bibliotheek")
	p.Visit(d.at)
	p.Press("Toch betaald")
	p.Want("Je keuze is verwerkt", "Betaald")
	p.Press("Bank haalt geld terug (storno)")
	p.Want("teruggehaald")
	if d.state(id) != payment.Paid {
		t.Errorf("the payment is %s", d.state(id))
	}
}

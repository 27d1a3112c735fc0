package desk_test

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

var undoLink = regexp.MustCompile(`/klanten/[A-Z0-9]+/betalingen/[A-Z0-9]+/terugdraaien`)

func TestAPartInCashAndTheRestByCard(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		a := p.enrol(tester, contact, "0141")
		d := strings.TrimSuffix(a.path, "/klaar")
		for range 2 {
			p.post(d+"/betalen", "opdracht", a.value("opdracht"), "wijze", "contant", "bedrag", "20", "ontvangen", "50").
				is(200, "contant").want("Contant betaald: € 20,00.", "terug € 30,00", "Te betalen € 25,00")
		}
		b := p.get(a.path)
		p.post(d+"/betalen", "opdracht", b.value("opdracht"), "wijze", "pin", "bedrag", "25").want("Contant betaald: € 20,00.", "Betaald met pin: € 25,00.").lacks("Te betalen")
		if n := h.count("posting"); n != 3 {
			t.Fatalf("%d postings", n)
		}
	})
}

func TestAWrongPaymentIsUndoneAtTheDesk(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		a := p.enrol(tester, contact, "0141")
		d, id := strings.TrimSuffix(a.path, "/klaar"), h.customerID(a.field("25280"))
		a = p.post(d+"/betalen", "opdracht", a.value("opdracht"), "wijze", "pin", "bedrag", "45").want("Betaald met pin: € 45,00.", "Terugdraaien")
		undo := undoLink.FindString(a.body)
		p.get("/klanten/"+id).want("Betaling terugdraaien", undo)
		p.get(undo).want("Zet € 45,00 terug op de pinautomaat", "Waarom?", "Ja, draai terug").whole(h)
		p.post(undo).is(422, "/terugdraaien").want("Kies waarom je deze betaling terugdraait.")
		// A colleague at the next desk may not, nor may anybody at another branch.
		h.clerk("bert").get("/klanten/" + id).lacks("Betaling terugdraaien")
		h.clerk("bert").post(undo, "reden", "wrong_method").is(403, "/terugdraaien").want("Deze betaling heeft een collega aangenomen.")
		h.clerkAt("anja", "5281").post(undo, "reden", "wrong_method").is(409, "/terugdraaien").want("Terugdraaien kan alleen op de dag zelf")
		for range 3 {
			p.post(undo, "reden", "wrong_method").is(200, "/klanten/"+id).want("is teruggedraaid. Het bedrag staat weer open.", "Te betalen € 45,00",
				"Teruggedraaid · Pin · Verkeerde manier", "Betaling teruggedraaid: verkeerde manier").lacks("Betaling terugdraaien ").whole(h)
		}
		if n := h.count("posting"); n != 3 {
			t.Fatalf("%d postings", n)
		}
		a = p.get(d + "/klaar").want("Te betalen € 45,00").lacks("Betaald met pin")
		p.get("/financieel").want("Pin € 0,00", "Terugbetaald: € 45,00.", "Teruggedraaid").whole(h)
		a = p.post(d+"/betalen", "opdracht", a.value("opdracht"), "wijze", "contant", "bedrag", "45").want("Contant betaald: € 45,00.")
		undo = undoLink.FindString(a.body)
		// Finance may, for the one who went home; nobody may on another day.
		h.clerk("fenna").get(undo).want("Geef € 45,00 contant terug")
		h.pass(15 * time.Hour)
		h.clerk("anja").get("/klanten/" + id).lacks("Betaling terugdraaien")
		h.clerk("anja").get(undo).is(409, "/terugdraaien").want("Terugdraaien kan alleen op de dag zelf")
		h.clerk("fenna").post(undo, "reden", "not_paid").is(409, "/terugdraaien")
	})
}

func TestTheCustomerPageTellsTheChange(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		at := "/klanten/" + h.customerID(p.enrol(tester, contact, "0141").field("25280"))
		p.post(at+"/betalen", "opdracht", p.get(at).value("opdracht"), "wijze", "contant", "bedrag", "45", "ontvangen", "50").want("Ontvangen € 50,00, terug € 5,00.", "Er staat niets open.")
	})
}

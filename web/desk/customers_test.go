package desk_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
)

func TestPayingAtTheDesk(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		d := strings.TrimSuffix(p.enrol(tester, contact, "0141").path, "/klaar")
		p.post(d+"/betalen", "wijze", "contant", "bedrag", "45,00", "ontvangen", "40").is(422, "/betalen").want("Dat is minder dan € 45,00.", "Genereren van inlogaccount gelukt")
		p.post(d+"/betalen", "wijze", "contant", "bedrag", "veel").is(422, "/betalen").want("Vul een bedrag in")
		p.post(d+"/betalen", "wijze", "contant", "bedrag", "46").is(409, "/betalen")
		p.post(d+"/betalen", "wijze", "rekening").want("€ 45,00 staat op rekening.")
		p.get("/financieel").want("Openstaande bedragen", "Tester", "€ 45,00", "Vandaag is er nog niets betaald.")
		for range 3 {
			p.post(d+"/betalen", "wijze", "contant", "bedrag", "€ 45,00", "ontvangen", "50").is(200, "/klaar?ontvangen=50%2C00&wijze=contant").
				want("Contant betaald: € 45,00.", "Ontvangen € 50,00, terug € 5,00.").lacks("Te betalen")
		}
		p.get("/financieel").want("Contant € 45,00", "Er staat niets open.")
		// Rolde lets nobody leave owing.
		r := h.clerkAt("bert", "5281")
		person, reach := someone(3)
		d = strings.TrimSuffix(r.enrol(person, reach, "0141").lacks("Op rekening").path, "/klaar")
		r.post(d+"/betalen", "wijze", "rekening").is(422, "/betalen").want("Deze vestiging laat niet op rekening betalen.")
		r.post(d+"/betalen", "wijze", "pin", "bedrag", "45").want("Betaald met pin: € 45,00.")
	})
}

func TestTheCustomerPage(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		number := p.enrol(tester, contact, "0141").field("25280")
		id := h.customerID(number)
		for _, q := range []string{"tester", "4-1-1991", "eb.tester@example.nl", "9468BG 41", number[:9]} {
			p.get("/klanten?q="+url.QueryEscape(q)).want("1 klant gevonden", "Tester, E.B.", "wacht op activatie", "tot dinsdag 24 november 2026 om 09.30 uur")
		}
		p.get("/klanten?q=" + number[:13] + string('0'+(number[13]-'0'+1)%10)).want("het controlecijfer is fout")
		p.get("/klanten?q=9468bg41").want("1 klant gevonden")
		p.get("/klanten?q=niemand").want("Geen klant gevonden voor “niemand”")
		p.get("/klanten?q="+number).is(200, "/klanten/"+id).want("E-books en luisterboeken (Online Bibliotheek) Ja t/m 30 november 2027", "Lenen in de bibliotheek Nee Digital only", "wacht op activatie",
			"Opnieuw sturen", "Vergeet inlogaccount", "Ingeschreven als klant", "Anja de Boer", "Te betalen € 45,00").lacks("NL91ABNA")
		at := "/klanten/" + id
		p.post(at+"/inlogaccount/opnieuw-sturen").is(200, at).want("Er is een nieuwe link gemaild. De oude link werkt niet meer.", "Nieuwe link voor het inlogaccount gemaild")
		p.get(at + "/email").want("gaat er meteen een nieuwe link naar dat adres")
		p.post(at+"/email", "email", "geen adres").is(422, "/email").want("Vul een e-mailadres in")
		p.post(at+"/email", "email", "nieuw@example.nl").is(200, at).want("Er is een nieuwe link naar dit adres gemaild.", "nieuw@example.nl")
		h.pass(25 * time.Hour)
		p = h.clerk("anja")
		p.get(at).want("verlopen", "Kies Nieuw inlogaccount.").lacks("Opnieuw sturen")
		p.get(at+"/inlogaccount/vergeten").want("Dit inlogaccount is verlopen.", "Ja, vergeet inlogaccount")
		p.post(at+"/inlogaccount/vergeten").is(200, at).want("Je kunt nu een nieuw inlogaccount genereren.", "Nieuw inlogaccount genereren", "geen inlogaccount")
		p.post(at+"/inlogaccount/genereren").is(200, at).want("Genereren van inlogaccount gelukt.", "wacht op activatie")
		p.post(at+"/inlogaccount/genereren").is(409, "/genereren").want("Deze klant heeft al een inlogaccount.")
		h.do(func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`UPDATE town_account SET active = TRUE`)
			return err
		})
		p.get(at + "/email").want("Het inlogaccount houdt zijn eigen adres (nieuw@example.nl)")
		p.post(at+"/email", "email", "derde@example.nl").want("Het inlogaccount houdt zijn eigen adres.", "Dat mag: de bibliotheek schrijft naar het ene adres")
		opdracht := p.get(at).value("opdracht")
		for range 2 {
			p.post(at+"/betalen", "opdracht", opdracht, "wijze", "pin", "bedrag", "45,00").is(200, at+"?wijze=pin").want("Er staat niets open.", "De betaling is vastgelegd.")
		}
		p.get("/klanten/geen").is(404, "/geen").want("Deze klant bestaat niet.")
	})
}

func TestFinanceSeesMoneyAndEnrolsNobody(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("fenna")
		p.get("/").lacks("Nieuwe klant toevoegen")
		p.get("/klant/nieuw").is(403, "/klant/nieuw").want("Dit mag je niet doen.")
		p.get("/financieel").is(200, "/financieel")
	})
}

func TestALowRangeWarns(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.clerk("anja").get("/").lacks("De klantnummers raken op")
		h.do(func(tx *sqldb.Tx) error {
			_, err := customer.SaveRange(tx, customer.Range{OrganisationID: h.lib.ID, BranchID: h.annen.ID, Label: "5280", First: 1, Last: 3})
			return err
		})
		p := h.clerk("anja")
		for i := range 3 {
			person, reach := someone(i)
			p.enrol(person, reach, "0086")
		}
		p.get("/").want("De klantnummers raken op", "De nummers van deze vestiging zijn op.")
	})
}

func TestTheNewsletterIsSwitchedOffAsEasilyAsOn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		person, reach := someone(1)
		at := "/klanten/" + h.customerID(p.enrol(person, with(reach, "nieuwsbrief", "ja"), "0141").field("25280"))
		p.get(at).want("Wacht op bevestiging. De klant kreeg een mail op", "Uitzetten")
		p.post(at+"/nieuwsbrief/uit").is(200, at).want("De nieuwsbrief is uitgezet.", "Nieuwsbrief uitgezet").lacks("Uitzetten")
	})
}

package signup_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/membership"
	"lidwoord/library/registration"
)

func TestTheLibraryOffersWhatIsSoldOnTheWeb(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		b.get("/").leads("/bind") // a single library needs no list
		b.get("/bind").want(200, "Lid worden", "Digital only", "€ 45,00 per 12 maanden", "Loopt 12 maanden en stopt dan vanzelf", "Jonger dan 18 jaar? Dan is het gratis.",
			"Maandabonnement", "€ 11,50 per maand", "Vanaf 18 jaar", "proefabonnement", "Gratis", "Bibliotheek Annen", "Inloggen en verdergaan").
			lacks("dBos", "Annen, Annen", "Uitloggen") // sold at the desk only; the place stands in the name already
		b.lang = "en"
		b.get("/bind").want(200, "Become a member", "€ 45,00 for 12 months", "Under 18? Then it is free.", "Monthly membership", "per month")
		h.change("0141", func(d *membership.Definition) { d.Online = false })
		h.change("0091", func(d *membership.Definition) { d.Active = false })
		h.change("0090", func(d *membership.Definition) { d.Active = false })
		b.get("/bind").want(200, "There are no memberships to choose online at the moment")
		for _, gone := range []string{"0141", "0091", "0086", "9999"} {
			b.get("/bind/" + gone).want(404)
		}
	})
}

func TestEachLibraryHasItsNameAndColours(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.library(branch.Organisation{Slug: "ver", Name: "Verre bibliotheken", Email: "ver@weg.example"}, "9000")
		b := h.browser()
		b.get("/").want(200, "Bij welke bibliotheek wil je lid worden?", "Bind bibliotheken", "Verre bibliotheken")
		bind := b.get("/bind").want(200, "Bind bibliotheken", "0592 123456", "info@bind.example").lacks("Verre", "ver@weg.example")
		if bind.title() != "Lid worden · Bind bibliotheken" || !strings.Contains(bind.body, `href="/inschrijven/bind/stijl/huis.css"`) {
			t.Errorf("title %q, or no style sheet: %s", bind.title(), bind.body)
		}
		style := b.get("/bind/stijl/huis.css")
		if style.status != 200 || !strings.Contains(style.body, "#1d5c2e") || style.header.Get("Content-Type") != "text/css; charset=utf-8" {
			t.Errorf("the colours: %d %s %s", style.status, style.header.Get("Content-Type"), style.body)
		}
		b.get("/ver").want(200, "Verre bibliotheken", "ver@weg.example").lacks("0592 123456", "huis.css")
		b.get("/ver/stijl/huis.css").want(404) // none of its own: the house's
		b.get("/nergens").want(404)
		b.get("/nergens/stijl/huis.css").want(404)
		b.get("/nergens/0141").want(404)

		// What is under way at one library is nothing to the other.
		v := h.visitor("emma")
		in := h.as(v).fill("Tester", "4-1-1991")
		in.get("/bind").want(200, "Je bent al begonnen")
		in.get("/ver").want(200).lacks("Je bent al begonnen")
		in.get("/ver/aanvraag/controle").leads("/ver")
	})
}

func TestALibraryThatTakesNobodyInSaysSo(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.do(func(tx *sqldb.Tx) error {
			_, err := branch.Save(tx, branch.Branch{OrganisationID: h.bind.ID, Code: "5280", Name: "Bibliotheek Annen", Place: "Annen"})
			return err
		})
		h.browser().get("/bind").want(200, "Online inschrijven kan nu niet bij deze bibliotheek", "Er is nu geen vestiging open").lacks("Kies Digital only")
	})
}

func TestAMembershipBeginsWithALoginAccount(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.browser().get("/bind/0141").want(200, "Lid worden met Digital only", "€ 45,00 per 12 maanden", "Eerst een inlogaccount", "Heb je er al een?")
		naar := url.Values{"naar": {"/inschrijven/bind/aanvraag/begin?abonnement=0141"}}.Encode()
		for _, way := range []string{`href="/inschrijven/inloggen?` + naar + `&amp;maak=1"`, `href="/inschrijven/inloggen?` + naar + `"`} {
			if !strings.Contains(p.body, way) {
				t.Errorf("no %s in %s", way, p.body)
			}
		}
		emma := h.visitor("emma")
		b := h.as(emma)
		b.get("/bind/0141").want(200, "Je bent ingelogd als emma.", "Verder met inschrijven", "Uitloggen").lacks("Eerst een inlogaccount")
		b.get("/bind/aanvraag/begin?abonnement=0141").leads(form + "naam")
		if r := h.registration(emma); r.App.Membership != "0141" || r.App.Email != "emma@voorbeeld.nl" || r.App.Newsletter != "" {
			t.Errorf("the form begins as %+v", r.App)
		}
		for _, nothing := range []string{"", "?abonnement=", "?abonnement=0086", "?abonnement=9999"} {
			b.get("/bind/aanvraag/begin" + nothing).want(404)
		}
	})
}

func TestAnotherMembershipKeepsWhatWasFilledIn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		emma := h.visitor("emma")
		b := h.as(emma)
		b.post("/bind/0141").leads(form + "naam")
		b.post(form+"naam", "achternaam", "Tester").leads(form + "geboortedatum")
		b.get("/bind/0091").want(200, "Je was je aan het inschrijven voor Digital only", "Overstappen naar Maandabonnement", "Verder met Digital only")
		// Coming back from the sign-on asks; it moves nothing by itself.
		b.get("/bind/aanvraag/begin?abonnement=0091").leads("/bind/0091")
		if r := h.registration(emma); r.App.Membership != "0141" {
			t.Errorf("moved to %s without a button", r.App.Membership)
		}
		b.post("/bind/0091").leads(form + "geboortedatum")
		if r := h.registration(emma); r.App.Membership != "0091" || r.App.Surname != "Tester" {
			t.Errorf("the form is %+v", r.App)
		}
		b.post("/bind/0086").want(404)
		// Nor while its payment is under way.
		b.post("/bind/0141")
		b.fill("Tester", "4-1-1991").order()
		b.post("/bind/0091").leads(check)
		if r := h.registration(emma); r.App.Membership != "0141" {
			t.Errorf("what is being paid for became %s", r.App.Membership)
		}
	})
}

func TestAFormThatIsLeftGoesOnWhereItWas(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		emma := h.visitor("emma")
		b := h.as(emma)
		b.get("/bind").want(200).lacks("Al begonnen?") // who is signed in would go in a circle
		b.get("/bind/aanvraag/verder").leads("/bind")
		b.get("/bind").want(200, "Je had nog niets ingevuld. Kies een abonnement.")
		b.post("/bind/0141")
		b.post(form+"naam", "achternaam", "Tester")
		for _, ahead := range []string{"verder", "controle"} {
			b.get(form + ahead).leads(form + "geboortedatum")
		}
		h.pass(3 * 24 * time.Hour)
		b = h.as(emma) // at another computer
		b.get("/bind").want(200, "Je bent al begonnen", "Digital only", "Ik wil toch niet")
		b.get("/bind/aanvraag/verder").leads(form + "geboortedatum")
		b.get(form+"naam").want(200).holds("achternaam", "Tester")
		b.post("/bind/aanvraag/weg").leads("/bind")
		b.get("/bind").want(200, "Je inschrijving is gestopt.").lacks("Je bent al begonnen")
		b.get(form + "naam").leads("/bind")
		b.post(form+"naam", "achternaam", "Tester").leads("/bind")
		b.post(check, "gezien", "x").leads("/bind")

		// A form that nobody touched for two weeks is gone.
		b.post("/bind/0141")
		h.pass(registration.Life + time.Minute)
		h.as(emma).get(form + "naam").leads("/bind")
	})
}

func TestASignedOutVisitorComesBackToThePage(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		for _, path := range []string{"verder", "naam", "geboortedatum", "ouder", "adres", "adres?zelf=1&wijzig=1", "contact", "controle", "lid", "begin?abonnement=0141"} {
			b.get(form + path).leads("/inloggen?" + url.Values{"naar": {"/inschrijven" + form + path}}.Encode())
		}
		for _, path := range []string{"naam", "controle", "stop", "weg"} {
			if p := b.post(form+path, "achternaam", "Tester"); p.status != http.StatusUnauthorized {
				t.Errorf("a form at %s without a session: %d", path, p.status)
			}
		}

		// The whole way over the sign-on.
		emma := h.visitor("emma")
		h.mu.Lock()
		h.sits = emma
		h.mu.Unlock()
		p := b.get(form + "begin?abonnement=0141")
		for range 10 {
			switch to, err := p.answer.Location(); {
			case err == nil:
				p = b.get(to.String())
			case strings.Contains(p.answer.Request.URL.Path, "/aanmelden"):
				p = b.post(p.answer.Request.URL.String())
			default:
				p.want(200, "Hoe heet je?", "Uitloggen")
				return
			}
		}
		t.Error("the sign-on does not lead back")
	})
}

func TestAMemberIsToldSo(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		emma := h.visitor("emma")
		b := h.as(emma)
		b.get("/bind/aanvraag/lid").leads("/bind")
		h.pays(b.fill("Tester", "4-1-1991").order(), "paid")
		done := b.get("/bind/aanvraag/lid").want(200, "Je bent nu lid", "Digital only", "emma", "30 november 2027", "emma@voorbeeld.nl", "bedenktijd tot en met 7 december 2026", "Naar de Online Bibliotheek")
		if !strings.Contains(done.body, "/mijn/herroepen/") {
			t.Error("the way to withdraw is not on the page")
		}
		b.get("/bind").want(200, "Je bent lid", "Naar Mijn Menu").lacks("Je bent al begonnen", "Al begonnen?")
		b.post(check, "gezien", "x").leads("/bind/aanvraag/lid") // Back, after paying
		b.get("/bind/aanvraag/verder").leads("/bind/aanvraag/lid")
		b.get(form + "naam").leads("/bind")
		if !strings.Contains(done.body, "/mijn/inloggen") {
			t.Error("the way to Mijn Menu does not sign in")
		}

		// An hour later nobody may think that they bought something new.
		h.pass(time.Hour)
		h.as(emma).get("/bind/aanvraag/lid").want(200, "Je was al lid", "Er is niets nieuws gekocht.", "30 november 2027", "Is het voor iemand anders?").
			lacks("Je bent nu lid", "is begonnen", "bedenktijd", "herroepen/")
	})
}

// A parent who is a member and wants a membership for a child, or pressed by
// mistake, buys nothing and is told how the child joins.
func TestAMemberWhoChoosesAMembershipBuysNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		emma := h.visitor("emma")
		b := h.as(emma)
		h.pays(b.fill("Tester", "4-1-1991").order(), "paid")
		h.pass(2 * 24 * time.Hour)
		b = h.as(emma)
		b.post("/bind/0141").leads("/bind/0141")
		b.get("/bind/aanvraag/begin?abonnement=0091").leads("/bind/0091")
		p := b.get("/bind/0091").want(200, "Je bent al lid van Bind bibliotheken", "Je bent ingelogd als emma, en lid tot en met 30 november 2027. Er is niets gekocht.",
			"Is het voor iemand anders?", "Log dan uit en maak een inlogaccount voor die persoon.").lacks("Verder met inschrijven", "Je bent nu lid", "bedenktijd")
		way := `href="/inschrijven/inloggen?` + url.Values{"naar": {"/inschrijven/bind/aanvraag/begin?abonnement=0091"}}.Encode() + `&amp;maak=1"`
		if !strings.Contains(p.body, way) {
			t.Errorf("no %s in %s", way, p.body)
		}
		b.lang = "en"
		b.get("/bind/0091").want(200, "You are already a member of Bind bibliotheken", "Nothing has been bought.", "create a login account for that person")
		if n := len(h.payments()); n != 1 {
			t.Errorf("%d payments", n)
		}
	})
}

// Whoever shares a computer sees on each page whose form it is.
func TestEachPageOfTheFormSaysWhoIsSignedIn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.as(h.visitor("emma")).fill("Tester", "4-1-1991")
		for _, page := range []string{"naam", "geboortedatum", "adres", "contact", "controle"} {
			b.get(form+page).want(200, "Ingelogd als emma", "Niet emma? Uitloggen")
		}
		b.get("/bind/0141").want(200, "Je bent ingelogd als emma.", "Is het voor iemand anders?")
	})
}

// Somebody who was enrolled at the desk and linked the login account there.
func TestAMemberOfTheDeskIsToldSo(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		emma := h.visitor("emma")
		h.pays(h.as(emma).fill("Tester", "4-1-1991").order(), "paid")
		h.do(func(tx *sqldb.Tx) error { // what the web knows of it is taken away
			list, err := customer.FindByAccount(tx, emma.AccountID)
			if err == nil {
				_, err = tx.Exec(`UPDATE registration SET membership_id = '', customer_id = '' WHERE customer_id = $1`, list[0].ID)
			}
			return err
		})
		h.as(emma).get("/bind/aanvraag/lid").want(200, "Je was al lid", "Er is niets nieuws gekocht.", "Naar de Online Bibliotheek", "Klantnummer").lacks("Je bent nu lid", "herroepen/", "bewijs van inschrijving")
	})
}

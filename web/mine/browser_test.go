package mine_test

import (
	"net/http"
	"testing"

	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/registration"
	"lidwoord/web/webtest"
)

func TestMain(m *testing.M) { webtest.Main(m) }

// signIn gives a browser the session of a visitor: a page below the door sets the
// cookie, as coming back from the sign-on does.
func (h *house) signIn(t *testing.T, p *webtest.Page, v registration.Visitor) {
	t.Helper()
	cookie := h.session(v)
	cookie.HttpOnly = true
	door := h.server.Config.Handler
	h.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/mijn/teruggekomen" {
			http.SetCookie(w, cookie)
			http.Redirect(w, r, "/mijn/", http.StatusSeeOther)
			return
		}
		door.ServeHTTP(w, r)
	})
	p.Visit(h.at + "/teruggekomen")
	h.server.Config.Handler = door
}

// inSight holds that what was saved is said where the eye lands.
func inSight(t *testing.T, p *webtest.Page) {
	t.Helper()
	if !webtest.Eval[bool](p, `(() => { const b = document.querySelector('[role=status]').getBoundingClientRect(); return b.top >= 0 && b.bottom <= innerHeight })()`) {
		t.Errorf("the message is out of sight at %s", p.URL())
	}
}

func TestMijnMenuInABrowser(t *testing.T) {
	h := build(t, sqldbtest.New(t))
	r := h.join(h.visitor("zoe"), h.bind, nil)
	p := webtest.Start(t).Person(t)
	p.Visit(h.at)
	p.Want("Mijn Menu", "Hier de overeenkomst herroepen")
	p.Look("mine-welcome")
	h.signIn(t, p, visitorOf(h, r))
	p.Want("Digital only", "Geldig tot en met 30 november 2027")
	p.Look("mine-home")

	p.Press("Wijzig je adres")
	p.Look("mine-address")
	p.Fill("Postcode", "9461 BH")
	p.Fill("Huisnummer", "9")
	p.Press("Opslaan")
	p.Want("Het adresboek kent dit adres niet")
	p.Look("mine-address-by-hand")
	p.Fill("Straat", "Brink")
	p.Fill("Plaats", "Gieten")
	p.Press("Opslaan")
	p.Want("Je nieuwe adres is opgeslagen", "Brink 9")
	inSight(t, p)

	p.Press("Wijzig je e-mailadres")
	p.Look("mine-email")
	p.Fill("E-mailadres", "zoe@gmial.com")
	p.Press("Opslaan")
	p.Want("Bedoel je zoe@gmail.com?")
	p.Look("mine-email-slip")
	p.Fill("E-mailadres", "zoe@gmail.com")
	p.Press("Opslaan")
	p.Want("Je nieuwe e-mailadres is opgeslagen")
	inSight(t, p)

	p.Press("Zet de nieuwsbrief aan")
	p.Want("Kijk in de mail van zoe@gmail.com", "Bevestig nog je nieuwsbrief")
	inSight(t, p)
	p.Press("Zet de nieuwsbrief uit")
	p.Want("De nieuwsbrief staat uit")
	inSight(t, p)

	p.Press("Bewijs van inschrijving van 23 november 2026")
	p.Want("Betaald op 23 november 2026")
	p.Look("mine-receipt")
	p.Press("‹ Mijn Menu")

	p.Press("Vraag om je gegevens te wissen")
	p.Look("mine-erase")
	p.Press("Vraag om te wissen")
	p.Want("Je verzoek is ontvangen")
	p.Look("mine-erase-asked")
	p.Press("‹ Mijn Menu")

	p.Press("Abonnement beëindigen")
	p.Look("mine-cancel")
	p.Press("Abonnement beëindigen")
	p.Want("Je abonnement is opgezegd")
	p.Look("mine-cancelled")

	p.Press("Hier de overeenkomst herroepen")
	p.Look("mine-withdraw")
	p.Press("Herroeping bevestigen")
	p.Want("Je overeenkomst is herroepen", "Al je geld gaat binnen 14 dagen")
	p.Look("mine-withdrawn")
	p.Press("‹ Mijn Menu")
	p.Want("Word weer lid", "is onderweg terug")
	p.Look("mine-home-former")
	p.Press("EN")
	p.Want("Join again")
	p.Look("mine-home-en")
}

func TestWithdrawingWithoutSigningInInABrowser(t *testing.T) {
	h := build(t, sqldbtest.New(t))
	r := h.join(h.visitor("zoe"), h.bind, nil)
	number := h.customer(r.CustomerID).Number
	b := webtest.Start(t)
	plain := b.Person(t)
	plain.NoScript()
	for _, walk := range []struct {
		p    *webtest.Page
		look func(string)
	}{{b.Person(t), nil}, {plain, func(string) {}}} {
		p, look := walk.p, walk.look
		if look == nil {
			look = p.Look
		}
		p.Visit(h.at)
		p.Press("Hier de overeenkomst herroepen")
		look("mine-statement")
		p.Press("Verder")
		p.Want("Nog even nakijken")
		look("mine-statement-error")
		p.Fill("Klantnummer", number[:13])
		p.Fill("Naam", "E.B. Zoe")
		p.Fill("E-mailadres", "zoe@voorbeeld.nl")
		p.Press("Verder")
		p.Want("Klopt dit?", "Een klantnummer heeft 14 cijfers")
		look("mine-confirm-doubt")
		p.Press("Nummer verbeteren")
		p.Fill("Klantnummer", number)
		p.Press("Verder")
		p.Want("Klopt dit?", number)
		look("mine-confirm")
		p.Press("Wijzigen")
		p.Press("Verder")
		p.Press("Herroeping bevestigen")
		p.Want("We hebben je herroeping ontvangen", "09:30:07")
		look("mine-stated")
	}
	if h.found(r.ID).WithdrawnAt.IsZero() {
		t.Error("nothing was withdrawn")
	}
}

func TestAnEmptyMenuInABrowser(t *testing.T) {
	h := build(t, sqldbtest.New(t))
	p := webtest.Start(t).Person(t)
	h.signIn(t, p, h.visitor("zoe"))
	p.Want("nog geen lidmaatschap")
	p.Look("mine-empty")
}

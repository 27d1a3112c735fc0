package main

import (
	"context"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"lidwoord/web/webtest"
)

// What only the three wings together can show, in a real browser.

func TestARefusedReaderHearsWhyAndWhatToDo(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		for what, want := range map[string][]string{
			"start.ended":    {"is afgelopen", "Bind bibliotheken", "Word opnieuw lid"},
			"start.physical": {"Met je abonnement", "Zo bereik je je bibliotheek", "Adres: Weiersstraat 1, 9401 ET Assen", "Vestigingen en openingstijden"},
		} {
			reader := h.read(t, browser, h.login(t, what), demoReaderPw)
			reader.Press("Onder de es") // it stands there before anybody presses anything
			reader.Want(want...)
		}
	})
}

func TestAnExpiredLinkOffersANewOneAndTheDeskSeesIt(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		old := h.link(t, h.letter(t, "amrish@post.example"))
		h.pass(24 * time.Hour)

		clerk := h.signIn(t, browser)
		clerk.Press("Klanten")
		clerk.Fill("Zoek een klant", "amrish")
		clerk.Press("Zoeken")
		clerk.Want("verlopen")

		person := browser.Person(t)
		person.Forgive("410")
		person.Visit(old)
		person.Want("Deze link werkt niet meer")
		person.Press("Stuur mij een nieuwe link")
		person.Want("Kijk in je mail")
		fresh := old
		for range 100 {
			if fresh = h.link(t, h.letter(t, "amrish@post.example")); fresh != old {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		clerk.Reload()
		clerk.Want("wacht op activatie")
		person.Visit(fresh)
		person.Press("Ja, bevestig mijn e-mailadres")
		person.Fill("Kies een wachtwoord", "vier paarden op zolder")
		person.Press("Wachtwoord opslaan")
		person.Want("Klaar")
		clerk.Reload()
		clerk.Want("actief")
	})
}

func TestAnExistingAccountIsLinkedOnlyByItsOwner(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		clerk := h.signIn(t, browser)
		username := h.login(t, "start.reader")

		// Her old library lets go of the account; it works on, and is hers.
		clerk.Fill("Zoek een klant", "lieke@veen.example")
		clerk.Press("Zoeken")
		clerk.Press("Veen, L. van der")
		clerk.Press("Vergeet inlogaccount")
		clerk.Press("Ja, vergeet inlogaccount")
		clerk.Want("geen")

		clerk.Press("Klanten")
		clerk.Press("Nieuwe klant toevoegen")
		clerk.Fill("Klantnummer", "VVVVVVVVVVVV")
		clerk.Fill("Achternaam", "Verhuisd")
		clerk.Fill("Geboortedatum", "5-5-1985")
		clerk.Fill("Postcode", "9468 BG")
		clerk.Fill("Huisnummer", "12")
		clerk.Press("Ok, Vervolg")
		clerk.Choose("Legitimatie gecontroleerd?", "Ja")
		clerk.Fill("E-mail", "verhuisd@post.example")
		clerk.Press("Ok, Vervolg")
		clerk.Tick("Bestaand inlogaccount gebruiken")
		clerk.Fill("Gebruikersnaam van het bestaande inlogaccount", "iemand-die-niet-bestaat")
		clerk.Press("Ok, Vervolg")
		unknown := clerk.Text()
		clerk.Press("Andere gebruikersnaam, of toch een nieuw inlogaccount")
		clerk.Fill("Gebruikersnaam van het bestaande inlogaccount", username)
		clerk.Press("Ok, Vervolg")
		if len(unknown) == 0 || len(clerk.Text())-len(unknown) != len(username)-len("iemand-die-niet-bestaat") && len(clerk.Text()) != len(unknown) {
			t.Errorf("an unknown and a known username read differently:\n%s\n\n%s", unknown, clerk.Text())
		}
		clerk.Fill("Code uit de mail", "3333-3333")
		clerk.Forgive("422")
		clerk.Press("Code controleren")
		clerk.Want("Nog even nakijken")

		code := codeInText.FindString(h.letter(t, "lieke@veen.example").Text)
		clerk.Fill("Code uit de mail", code)
		clerk.Press("Code controleren")
		clerk.Tick("Digital only")
		clerk.Press("Ok")
		clerk.Press("Opslaan")
		clerk.Want(username, "Verhuisd")

		reader := h.read(t, browser, username, demoReaderPw)
		reader.Press("Onder de es")
		reader.Press("Lenen")
		reader.Want("Geleend")
	})
}

var codeInText = regexp.MustCompile(`\b[A-Z0-9]{4}-[A-Z0-9]{4}\b`)

// Each door may live on a host of its own: no cookie, link or form depends on a
// neighbour.
func TestEveryDoorMayHaveAHostOfItsOwn(t *testing.T) {
	knowLocalhost(t)
	h := serveAt(t, "sqlite", func(address string) map[string]string {
		_, port, _ := strings.Cut(address, ":")
		doors := map[string]string{"start": "http://" + address}
		for door, host := range map[string]string{"desk": "balie", "login": "account", "oidc": "sso", "reading": "lezen", "mine": "mijn", "signup": "lidworden", "manage": "beheer"} {
			doors[door] = "http://" + host + ".localhost:" + port
		}
		return doors
	})
	browser := webtest.Start(t)
	for host, says := range map[string]string{"balie": "Vestiging", "account": "inlogaccount", "mijn": "Mijn Menu", "lidworden": "Digital only", "beheer": "Gebruikersnaam"} {
		visitor := browser.Person(t)
		visitor.Visit(strings.Replace(h.at, "127.0.0.1", host+".localhost", 1) + "/")
		visitor.Want(says)
	}
	// From the door of the customer: the answer to the form crosses three hosts.
	customer := browser.Person(t)
	customer.Visit(strings.Replace(h.at, "127.0.0.1", "mijn.localhost", 1) + "/")
	customer.Press("Inloggen")
	customer.WantURL("account.localhost")
	customer.Fill("Gebruikersnaam of e-mailadres", h.login(t, "start.reader"))
	customer.Fill("Wachtwoord", demoReaderPw)
	customer.Press("Inloggen")
	customer.WantURL("mijn.localhost")
	reader := browser.Person(t)
	reader.Visit(strings.Replace(h.at, "127.0.0.1", "lezen.localhost", 1))
	reader.Press("Inloggen")
	reader.WantURL("account.localhost")
	reader.Fill("Gebruikersnaam of e-mailadres", h.login(t, "start.reader"))
	reader.Fill("Wachtwoord", demoReaderPw)
	reader.Press("Inloggen")
	reader.WantURL("lezen.localhost")
	reader.Press("Onder de es")
	reader.Press("Lenen")
	reader.Want("Geleend")
	reader.Press("Uitloggen")
	reader.Want("Inloggen")
}

// knowLocalhost lets this process find names under localhost on this machine,
// as browsers do (RFC 6761 section 6.3) and name servers do not.
func knowLocalhost(t *testing.T) {
	t.Helper()
	transport := http.DefaultTransport.(*http.Transport)
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err == nil && strings.HasSuffix(host, ".localhost") {
			address = net.JoinHostPort("127.0.0.1", port)
		}
		return dial(ctx, network, address)
	}
	t.Cleanup(func() { transport.DialContext = dial })
}

package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/web/webtest"
)

func TestMain(m *testing.M) { webtest.Main(m) }

// keysMost is how many keys beside the typed data the quick path may take.
const keysMost = 25

// desk opens a browser on a desk of its own and signs a clerk in.
func (h *house) desk(t *testing.T, b *webtest.Browser) *webtest.Page {
	t.Helper()
	p := b.Person(t)
	p.Visit(h.server.URL + "/balie/aanmelden")
	return p
}

func signIn(p *webtest.Page) {
	p.Fill("Gebruikersnaam", "anja")
	p.Fill("Wachtwoord", pass)
	p.Select("Vestiging", "5280 Bibliotheek Annen")
	p.Press("Inloggen")
}

func TestTheDeskInABrowser(t *testing.T) {
	h := build(t, sqldbtest.New(t))
	p := h.desk(t, webtest.Start(t))
	p.Look("desk-inloggen")
	signIn(p)
	p.Want("Bibliotheek Annen")
	if f := p.Focused(); f != "Zoek een klant" {
		t.Fatalf("a card that is scanned at the start page goes to %q", f)
	}
	p.Look("desk-balie")
	p.Press("Nieuwe klant toevoegen")
	p.Type("v")
	p.Key(kb.Enter)
	p.Want("Systeemnummer laten genereren?")
	p.Key(kb.Escape) // is Nee
	if v, f := p.Value("Klantnummer"), p.Focused(); v != "" || f != "Klantnummer" {
		t.Fatalf("after Nee Klantnummer holds %q, the focus is at %q", v, f)
	}
	p.Type("v")
	p.Key(kb.Enter)
	p.Look("desk-systeemnummer")
	p.Key(kb.Enter) // Ja has the focus
	p.Want("De klant krijgt het echte nummer bij Opslaan.")
	if v, f := p.Value("Klantnummer"), p.Focused(); v != "VVVVVVVVVVVV" || f != "Voorletters" {
		t.Fatalf("Klantnummer shows %q, the focus is at %q", v, f)
	}
	p.Fill("Voorletters", "E.B.")
	p.Fill("Achternaam", "Tester")
	p.Fill("Geboortedatum (dd-mm-jjjj)", "4-1-1991")
	p.Fill("Postcode", "9468 BG")
	p.Want("4 januari 1991 (35 jaar)")
	p.Fill("Huisnummer", "41")
	p.Key(kb.Tab)
	p.Want("adres gecontroleerd", "Concept bewaard om 09.30")
	if v := p.Value("Straat"); v != "Kruisstraat" {
		t.Fatalf("Straat holds %q", v)
	}
	p.Look("desk-klant")
	p.Want("Concept bewaard om 09.30")
	p.Reload()
	if v := p.Value("Achternaam"); v != "Tester" {
		t.Fatalf("after a refresh Achternaam holds %q", v)
	}
	p.Press("Ok, Vervolg")
	p.Fill("IBAN", "NL91ABNA0417164300")
	p.Key(kb.Tab)
	p.Want("Dit IBAN klopt.")
	p.Choose("Legitimatie gecontroleerd?", "Ja")
	p.Fill("E-mail", "eb.tester@example.nl")
	p.Look("desk-gegevens")
	p.Press("Ok, Vervolg")
	p.Look("desk-inlogaccount")
	p.Tick("Bestaand inlogaccount gebruiken")
	p.Fill("Gebruikersnaam van het bestaande inlogaccount", "eva91")
	p.Press("Ok, Vervolg")
	p.Want("Als dit inlogaccount bestaat, is er een code gemaild")
	p.Look("desk-code")
	p.Press("Andere gebruikersnaam, of toch een nieuw inlogaccount")
	p.Tick("Nieuw inlogaccount genereren")
	p.Press("Ok, Vervolg")
	p.Want("0141", "Digital only")
	if f := p.Focused(); !strings.HasPrefix(f, "0086") {
		t.Fatalf("the list of memberships waits for the keyboard at %q", f)
	}
	p.Look("desk-abonnement")
	p.Tick("Digital only")
	p.Press("Ok")
	p.Want("Opbouw abonnementskosten")
	p.Look("desk-opbouw")
	p.Press("Opslaan")
	p.Want("Genereren van inlogaccount gelukt")
	p.Choose("Hoe betaalt de klant?", "Contant")
	p.Fill("Ontvangen (contant)", "50")
	p.Want("Terug: € 5,00")
	p.Look("desk-gelukt")
	p.Press("Betaling vastleggen")
	p.Want("Contant betaald: € 45,00.")
	p.Look("desk-betaald")
	if f := p.Focused(); f != "Volgende klant" {
		t.Fatalf("after paying the focus is at %q", f)
	}
	p.Press("Terugdraaien")
	p.Look("desk-terugdraaien")
	p.Tick("Verkeerd bedrag")
	p.Press("Ja, draai terug")
	p.Want("De betaling van € 45,00 contant is teruggedraaid.")
	p.Look("desk-klantpagina")
	p.Press("E-mail wijzigen")
	p.Look("desk-email")
	p.Back()
	p.Press("Vergeet inlogaccount")
	p.Look("desk-vergeet")
	p.Press("Klanten")
	p.Fill("Zoek een klant", "tester")
	p.Press("Zoeken")
	p.Look("desk-klanten")
	p.Press("Financieel")
	p.Look("desk-financieel")
	p.Press("Statistiek")
	p.Look("desk-statistiek")
	p.Press("Balie")
	p.Press("Nieuwe klant toevoegen")
	p.Fill("Achternaam", "tester")
	p.Fill("Geboortedatum (dd-mm-jjjj)", "4 januari 1991")
	p.Key(kb.Tab)
	p.Want("Komt overeen: achternaam, geboortedatum", "Open deze klant")
	p.Press("Ok, Vervolg")
	p.Want("Nog even nakijken")
	p.Look("desk-dubbel")
}

func TestTheQuickPathByKeyboardAlone(t *testing.T) {
	h := build(t, sqldbtest.New(t))
	p := h.desk(t, webtest.Start(t))
	signIn(p)
	p.Press("Snel inschrijven")
	p.Look("desk-snel-leeg")
	before := p.Keys()
	fill := func(label, text string) {
		t.Helper()
		if f := p.Focused(); f != label {
			t.Fatalf("the cursor is at %q, not at %q", f, label)
		}
		p.Type(text)
	}
	fill("Klantnummer", "v")
	p.Key(kb.Tab)
	fill("Voorletters", "E.B.")
	p.Key(kb.Tab, kb.Tab)
	fill("Achternaam", "Tester")
	p.Key(kb.Tab)
	fill("Roepnaam", "Eva")
	p.Key(kb.Tab)
	fill("Geboortedatum (dd-mm-jjjj)", "04011991")
	p.Key(kb.Tab)
	fill("Postcode", "9468bg")
	p.Key(kb.Tab)
	fill("Huisnummer", "41")
	p.Key(kb.Tab)
	p.Want("adres gecontroleerd")
	p.Key(kb.Tab)
	fill("IBAN", "NL91ABNA0417164300")
	p.Key(kb.Tab)
	p.Want("Dit IBAN klopt.")
	p.Key(" ", kb.Tab, kb.Tab)
	fill("E-mail", "eb.tester@example.nl")
	p.Key(kb.Enter)
	p.Want("Opslaan", "Saldo")
	p.Look("desk-snel-opbouw")
	if f := p.Focused(); f != "Opslaan" {
		t.Fatalf("the cursor is at %q", f)
	}
	p.Key(kb.Enter)
	p.Want("Genereren van inlogaccount gelukt")
	if n := p.Keys() - before; n > keysMost {
		t.Errorf("%d keys beside the data", n)
	} else {
		t.Logf("%d keys beside the data", n)
	}
}

// The parent of a child is asked about a child: nothing of it stops the cursor of who
// types in a grown-up.
func TestTheParentIsNotInTheWayOfAGrownUp(t *testing.T) {
	h := build(t, sqldbtest.New(t))
	p := h.desk(t, webtest.Start(t))
	signIn(p)
	p.Press("Nieuwe klant toevoegen")
	p.Fill("Geboortedatum (dd-mm-jjjj)", "04011991")
	p.Fill("Postcode", "9468bg")
	p.Want("4 januari 1991 (35 jaar)")
	p.Fill("Huisnummer", "41")
	p.Key(kb.Tab)
	p.Want("adres gecontroleerd")
	p.Key(kb.Tab)
	if f := p.Focused(); f != "Ok, Vervolg" {
		t.Errorf("after the address the cursor is at %q", f)
	}
	p.Fill("Geboortedatum (dd-mm-jjjj)", "04012015")
	p.Fill("Achternaam", "Tester")
	p.Want("Naam ouder of verzorger")
}

func TestWhoTypesBlindIsNotCaughtByASlowAddressBook(t *testing.T) {
	h := build(t, sqldbtest.New(t))
	h.book.hanging = true
	p := h.desk(t, webtest.Start(t))
	signIn(p)
	p.Press("Snel inschrijven")
	p.Type("v")
	p.Key(kb.Tab, kb.Tab, kb.Tab)
	p.Type("Tester")
	p.Key(kb.Tab, kb.Tab)
	p.Type("04011991")
	p.Key(kb.Tab)
	p.Type("9468bg")
	p.Key(kb.Tab)
	p.Type("41")
	p.Key(kb.Tab, kb.Tab) // Toevoeging; street and place are passed over before the answer is there
	p.Type("NL91ABNA0417164300")
	p.Key(kb.Tab) // and so is the BIC
	if f, iban := p.Focused(), p.Value("IBAN"); f != "Ja" || strings.ReplaceAll(iban, " ", "") != "NL91ABNA0417164300" {
		t.Fatalf("the cursor is at %q, IBAN holds %q", f, iban)
	}
	p.Key(" ", kb.Tab, kb.Tab)
	p.Type("eb.tester@example.nl")
	p.Key(kb.Enter)
	p.Want("Het adresboek vindt dit adres niet.")
	if f := p.Focused(); f != "Straat" {
		t.Fatalf("the cursor is at %q", f)
	}
	p.Type("Kruisstraat")
	p.Key(kb.Tab)
	p.Type("Annen")
	p.Key(kb.Enter)
	p.Want("Saldo")
	if f := p.Focused(); f != "Opslaan" {
		t.Fatalf("the cursor is at %q", f)
	}
}

func TestTheWizardWithoutScript(t *testing.T) {
	h := build(t, sqldbtest.New(t))
	p := h.desk(t, webtest.Start(t))
	p.NoScript()
	signIn(p)
	p.Press("Nieuwe klant toevoegen")
	p.Type("v")
	p.Key(kb.Enter)
	p.Want("Systeemnummer laten genereren?")
	p.Press("Ja")
	p.Fill("Achternaam", "Tester")
	p.Fill("Geboortedatum (dd-mm-jjjj)", "4 januari 1991")
	p.Fill("Postcode", "9468 BG")
	p.Fill("Huisnummer", "41")
	p.Press("Ok, Vervolg")
	p.Want("Kruisstraat 41", "adres gecontroleerd")
	p.Choose("Gebruik inlogaccount", "Nee")
	p.Press("Ok, Vervolg")
	p.Tick("Maandabonnement")
	p.Press("Ok")
	p.Want("€ 11,50", "22 december 2026")
	p.Press("Opslaan")
	p.Want("Klant ingeschreven", "Te betalen € 11,50")
}

// A session that ends while the clerk types shows in a bar that stays in sight, with the
// button that is on that page.
func TestWhoTypesAfterTheSessionEndedSeesIt(t *testing.T) {
	h := build(t, sqldbtest.New(t))
	p := h.desk(t, webtest.Start(t))
	signIn(p)
	for _, it := range []struct{ page, button string }{{"Snel inschrijven", "Controleren"}, {"Nieuwe klant toevoegen", "Ok, Vervolg"}} {
		p.Visit(h.server.URL + "/balie")
		p.Press(it.page)
		p.Fill("Achternaam", "Tester")
		p.Want("Concept bewaard om")
		h.pass(31 * time.Minute)
		p.Forgive("401")
		p.Fill("Roepnaam", "Eva")
		p.Want("Je bent uitgelogd.", "Kies daarna "+it.button+" en log opnieuw in")
		p.Look("desk-uitgelogd")
		p.Press(it.button)
		p.Want("Je was te lang niet actief.", "Wat je hebt getypt, is bewaard.")
		p.Fill("Gebruikersnaam", "anja")
		p.Fill("Wachtwoord", pass)
		p.Press("Inloggen")
		p.Want("Achternaam")
	}
}

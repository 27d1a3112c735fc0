package main

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"lidwoord/base/sqldb"
	"lidwoord/web/webtest"
)

// The pages about websites, systems and readers, as a manager walks through them.
func TestAManagerConnectsAWebsiteInABrowser(t *testing.T) {
	browser := webtest.Start(t)
	h := serveDemo(t, "sqlite")
	var err error
	if h.start.Logins, err = demoLogins(t.Context(), h.db); err != nil {
		t.Fatal(err)
	}
	if err := h.demoCode(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := browser.Person(t)
	p.Visit(h.at)
	code := webtest.Eval[string](p, "document.getElementById('democode').innerText")
	p.Press("Beheer")
	p.Fill("Gebruikersnaam", demoBoss)
	p.Fill("Wachtwoord", demoBossPw)
	p.Press("Inloggen")
	p.Fill("Code", code)
	p.Press("Inloggen")

	p.Press("Websites")
	p.Want("hoort bij Lidwoord")
	p.Look("manage-sites")
	p.Press("Website toevoegen")
	p.Look("manage-site-new")
	p.Press("Toevoegen")
	p.Want("Nog even nakijken", "Vul een kenmerk in")
	p.Look("manage-site-wrong")
	p.Fill("Naam van de website", "Leesclub")
	p.Fill("Kenmerk", "leesclub")
	p.Fill("Adressen om naar terug te keren", "https://leesclub.example/terug")
	p.Tick("De gebruikersnaam")
	p.Press("Toevoegen")
	p.Want("Gegevens voor de beheerder van de website", "Je ziet het geheim alleen nu")
	p.Look("manage-connection")
	p.Press("Naar de websites")
	p.Press("Leesclub")
	p.Look("manage-site")
	p.Press("Nieuw geheim maken")
	p.Look("manage-secret")
	p.Press("Geheim maken")
	p.Want("Je ziet het geheim alleen nu")
	p.Press("Naar de websites")
	p.Want("oude geheim werkt tot")
	p.Look("manage-sites-overlap")
	err = h.db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`INSERT INTO signon_missed (client_id, missed, last_at) SELECT id, 3, $1 FROM signon_client WHERE logout_uri <> '' LIMIT 1`, tx.Now)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Reload()
	p.Want("Deze websites horen niet dat iemand zich afmeldt", "Gemiste afmeldingen: 3")
	p.Look("manage-sites-deaf")
	p.Press("Leesclub")
	p.Press("Website verwijderen")
	p.Want("We vergeten welke lezers toestemming gaven")
	p.Look("manage-site-remove")
	p.Press("Website verwijderen")
	p.Want("Leesclub is verwijderd")

	p.Press("Bibliotheeksystemen")
	p.Look("manage-systems-none")
	p.Press("Toegang geven")
	p.Press("Token maken")
	p.Want("Nog even nakijken")
	p.Look("manage-system-wrong")
	p.Fill("Programma", "Wise")
	p.Fill("Korte naam van de bibliotheek", "noord")
	p.Fill("Naam van de bibliotheek", "Bibliotheken Noord")
	p.Press("Token maken")
	p.Want("Je ziet dit token alleen nu")
	p.Look("manage-token")
	p.Press("Naar de bibliotheeksystemen")
	p.Look("manage-systems")
	p.Press("Soorten lidmaatschap")
	p.Look("manage-kinds-none")
	p.Press("Soort toevoegen")
	p.Press("Opslaan")
	p.Want("Nog even nakijken")
	p.Look("manage-kind-wrong")
	p.Select("Bibliotheek", "Bibliotheken Noord (noord)")
	p.Fill("Code", "JAAR")
	p.Fill("Naam", "Jaarabonnement")
	p.Tick("E-books en luisterboeken van de Online Bibliotheek")
	p.Press("Opslaan")
	p.Want("Jaarabonnement is opgeslagen", "JAAR", "Bibliotheken Noord", "te geven")
	p.Look("manage-kinds")
	p.Press("Jaarabonnement")
	p.Tick("Niemand krijgt dit lidmaatschap er nog bij. Wie het heeft, houdt het.")
	p.Press("Opslaan")
	p.Want("gestopt")
	p.Press("Naar de bibliotheeksystemen")
	p.Press("Wise intrekken")
	p.Look("manage-revoke")
	p.Press("Intrekken")
	p.Want("Het token van Wise is ingetrokken")

	p.Press("Lezers")
	p.Want("Niemand hoeft nu te wachten")
	p.Look("manage-readers")
	p.Press("Iedereen uitloggen")
	p.Press("Iedereen uitloggen")
	p.Want("Typ het woord uitloggen om te bevestigen")
	p.Look("manage-everyone")
	p.Fill("Typ het woord uitloggen", "uitloggen")
	p.Key(kb.Enter)
	p.Want("Iedereen is uitgelogd")
}

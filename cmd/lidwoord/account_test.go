package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/identity/account"
	"lidwoord/web/webtest"
)

// about waits until the newest letter to somebody has this subject.
func (h *running) about(t *testing.T, to, subject string) (l letter) {
	t.Helper()
	eventually(t, "a letter to "+to+": "+subject, func() bool {
		l = h.letter(t, to)
		return l.Subject == subject
	})
	return l
}

// linkIn is the first link of a letter to a page of the login account.
func linkIn(t *testing.T, l letter, page string) string {
	t.Helper()
	link := regexp.MustCompile(`http\S+/inloggen/` + page + `/\S+`).FindString(l.Text)
	if link == "" {
		t.Fatalf("no link to %s in:\n%s", page, l.Text)
	}
	return link
}

const (
	lieke   = "lieke@veen.example"
	second  = "een tweede wachtwoord van mij"
	third   = "het derde wachtwoord alweer"
	byName  = "Gebruikersnaam of e-mailadres"
	newMail = "lieke@nieuw.example"
)

// One reader goes through everything that the owner of a login account may have to
// do, on both engines.
func TestTheOwnerOfALoginAccountHelpsThemself(t *testing.T) {
	browser := webtest.Start(t)
	eachEngine(t, func(t *testing.T, h *running) {
		number := h.login(t, "start.reader")
		p := browser.Person(t)

		// On the way to a book, and the password is gone.
		p.Visit(h.at + "/bibliotheek")
		p.Press("Inloggen")
		p.Press("Wachtwoord vergeten?")
		p.Look("own-forgot-password")
		p.Fill(byName, number)
		p.Press("Stuur mij een mail")
		p.Want("Als dit account bestaat, hebben we een mail gestuurd", number)
		p.Look("own-forgot-password-mailed")
		p.Visit(linkIn(t, h.about(t, lieke, "Kies een nieuw wachtwoord"), "wachtwoord"))
		p.Want("Kies een nieuw wachtwoord", "Overal anders word je uitgelogd")
		p.Look("own-reset")
		p.Fill("Kies een wachtwoord", second)
		p.Press("Wachtwoord opslaan")
		p.WantURL("/bibliotheek")
		p.Want("Uitloggen")
		h.about(t, lieke, "Je wachtwoord is gewijzigd")
		p.Forgive("410")
		p.Visit(h.at + "/inloggen/wachtwoord/ONBEKEND")
		p.Want("Deze link werkt niet", "Nieuwe mail aanvragen")
		p.Look("own-reset-dead")

		// Two at one address, and the name is gone.
		err := h.db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			_, _, err := h.accounts.Open(tx, account.Opening{Username: "broertje.veen", Email: lieke, Lang: words.NL, LibraryName: "Bind bibliotheken"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		h.about(t, lieke, "Activeer je inlogaccount van Bind bibliotheken")
		q := browser.Person(t)
		q.Visit(h.at + "/inloggen/aanmelden")
		q.Press("Gebruikersnaam vergeten?")
		q.Look("own-forgot-username")
		q.Fill("E-mailadres", lieke)
		q.Press("Stuur mij een mail")
		q.Want("hebben we een mail gestuurd naar", lieke)
		q.Look("own-forgot-username-mailed")
		if l := h.about(t, lieke, "Je gebruikersnaam"); !strings.Contains(l.Text, number) || !strings.Contains(l.Text, "broertje.veen") {
			t.Errorf("the letter:\n%s", l.Text)
		}

		// By the address, and under another name.
		q.Visit(h.at + "/inloggen/aanmelden")
		q.Fill(byName, lieke)
		q.Fill("Wachtwoord", "dit is het niet")
		q.Forgive("422")
		q.Press("Inloggen")
		q.Want("Gebruik je het e-mailadres samen", "Typ dan je gebruikersnaam")
		q.Look("own-signin-shared")
		q.Fill("Wachtwoord", second)
		q.Press("Inloggen")
		q.Want("Je bent ingelogd")
		q.Look("own-home")
		q.Press("Gebruikersnaam wijzigen")
		q.Look("own-username")
		q.Fill("Nieuwe gebruikersnaam", "lieke veen")
		q.Press("Opslaan")
		q.Want("Nog even nakijken")
		q.Fill("Nieuwe gebruikersnaam", "lieke.veen")
		q.Press("Opslaan")
		q.Want("Je gebruikersnaam is nu lieke.veen.")
		q.Press("Uitloggen")
		q.Visit(h.at + "/inloggen/aanmelden")
		q.Fill(byName, number)
		q.Fill("Wachtwoord", second)
		q.Press("Inloggen")
		q.Want("klopt niet")
		q.Fill(byName, "lieke.veen")
		q.Fill("Wachtwoord", second)
		q.Press("Inloggen")
		q.Want("lieke.veen")

		// The other browser is still in; this one ends that.
		q.Press("Waar je bent ingelogd")
		q.Want("dit apparaat", "Chrome, Linux", "Apparaten die we kennen")
		q.Look("own-sessions")
		q.Press("Op alle andere apparaten uitloggen")
		q.Want("Op alle andere apparaten ben je uitgelogd.")
		p.Visit(h.at + "/inloggen")
		p.Want("Nog geen inlogaccount?")
		q.Press("Andere apparaten vergeten")
		q.Want("We kennen nu alleen dit apparaat nog.")
		q.Visit(h.at + "/inloggen/geschiedenis")
		q.Want("Ingelogd", "Een verkeerd wachtwoord", "Gebruikersnaam gewijzigd", "Wachtwoord gewijzigd")
		q.Look("own-history")
		q.Visit(h.at + "/inloggen/lidmaatschappen")
		q.Want("Bind", "Pasnummer")
		q.Look("own-memberships")

		// Another address, asked after a while; what was typed is kept.
		h.pass(notFresh)
		q.Visit(h.at + "/inloggen/email")
		q.Look("own-email")
		q.Fill("Nieuw e-mailadres", newMail)
		q.Press("Stuur de mail")
		q.Want("Ben jij het?")
		q.Look("own-again")
		q.Fill("Wachtwoord", "dit is het niet")
		q.Press("Verder")
		q.Want("Dit wachtwoord klopt niet.")
		q.Fill("Wachtwoord", second)
		q.Press("Verder")
		q.Want("Kijk in je mail", newMail)
		q.Look("own-email-mailed")
		q.Visit(linkIn(t, h.about(t, newMail, "Bevestig je nieuwe e-mailadres"), "email"))
		q.Want("Wil je dit e-mailadres gebruiken", newMail)
		q.Look("own-email-confirm")
		q.Press("Ja, bevestig mijn e-mailadres")
		q.Want("Je e-mailadres is gewijzigd")
		q.Look("own-email-done")

		// It was somebody else: the old address takes the account back.
		p.Visit(linkIn(t, h.about(t, lieke, "Je e-mailadres is gewijzigd"), "email-terug"))
		p.Want("Zet je e-mailadres terug", lieke)
		p.Look("own-undo")
		p.Press("Zet mijn e-mailadres terug")
		p.Want("Je e-mailadres is weer "+lieke, "Kies nu een nieuw wachtwoord")
		p.Look("own-undone")
		p.Fill("Kies een wachtwoord", third)
		p.Press("Wachtwoord opslaan")
		p.Want("Je nieuwe wachtwoord werkt", lieke)
		q.Visit(h.at + "/inloggen")
		q.Want("Nog geen inlogaccount?")

		// Another password, and away.
		p.Press("Wachtwoord wijzigen")
		p.Look("own-password")
		p.Fill("Je wachtwoord van nu", third)
		p.Fill("Kies een wachtwoord", second)
		p.Press("Wachtwoord opslaan")
		p.Want("Je wachtwoord is gewijzigd.")
		p.Press("Inlogaccount verwijderen")
		p.Want("Je abonnement bij de bibliotheek blijft bestaan")
		p.Look("own-delete")
		p.Fill("Je wachtwoord van nu", second)
		p.Press("Verwijder mijn inlogaccount")
		p.Want("Je inlogaccount is verwijderd")
		p.Look("own-removed")
		h.about(t, lieke, "Je inlogaccount is verwijderd")
		p.Visit(h.at + "/inloggen/aanmelden")
		p.Fill(byName, "lieke.veen")
		p.Fill("Wachtwoord", second)
		p.Forgive("422")
		p.Press("Inloggen")
		p.Want("klopt niet")
	})
}

// notFresh is longer than a sign-in counts as fresh, and shorter than a session lives.
const notFresh = 20 * time.Minute

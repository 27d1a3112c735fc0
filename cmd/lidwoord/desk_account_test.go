package main

import (
	"errors"
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/web/webtest"
)

var answerAddress = regexp.MustCompile(`127\.0\.0\.1:\d+/inloggen/koppelen/[A-Z2-7-]{19}`)

// customerPage opens a customer by what the search box finds, at a desk.
func customerPage(clerk *webtest.Page, find, name string) {
	clerk.Press("Klanten")
	clerk.Fill("Zoek een klant", find)
	clerk.Press("Zoeken")
	clerk.Press(name)
}

// agree answers the question on a clerk's screen, on the owner's own telephone.
func (h *running) agree(t *testing.T, b *webtest.Browser, clerk *webtest.Page, username string) {
	t.Helper()
	address := answerAddress.FindString(clerk.Text())
	if address == "" {
		t.Fatalf("no address to answer at on the screen:\n%s", clerk.Text())
	}
	phone := b.Person(t)
	phone.Resize(webtest.Narrow)
	phone.Visit("http://" + address)
	phone.Fill(byName, username)
	phone.Fill("Wachtwoord", demoReaderPw)
	phone.Press("Inloggen")
	phone.Want("Bind bibliotheken wil de klant L.V. koppelen aan je inlogaccount.")
	phone.Press("Akkoord")
	phone.Want("De medewerker aan de balie maakt de koppeling nu af.")
}

// accountOf is the id of the account that a customer is linked to.
func (h *running) accountOf(t *testing.T, email string) (accountID string) {
	t.Helper()
	err := h.db.Read(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT account_id FROM customer WHERE email = $1`, []any{email}, &accountID)
		return err
	})
	if err != nil || accountID == "" {
		t.Fatalf("no account of %s: %v", email, err)
	}
	return accountID
}

// bounceLetter sends the newest letter about an account back, as the mail server
// of its reader would: to the address on its envelope.
func (h *running) bounceLetter(t *testing.T, accountID string) {
	t.Helper()
	returns, err := outbox.NewReturns("bounce@lid.example.nl", h.db.Box)
	if err != nil {
		t.Fatal(err)
	}
	var letterID string
	for range 100 {
		err := h.db.Read(t.Context(), func(tx *sqldb.Tx) error {
			list, err := outbox.About(tx, "account:"+accountID, 1)
			if err == nil && len(list) == 1 && list[0].State == outbox.Sent {
				letterID = list[0].ID
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if letterID != "" {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	notice := func(to string) string {
		return "From: MAILER-DAEMON@mx.example.org\r\nTo: " + to + "\r\nContent-Type: multipart/report; boundary=q\r\n\r\n" +
			"--q\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; x@y.nl\r\nAction: failed\r\nStatus: 5.1.1\r\n--q--\r\n"
	}
	for _, to := range []string{"bounce+" + strings.ToLower(letterID) + ".aaaaaaaaaaaaaaaa@lid.example.nl", returns.Address(letterID), returns.Address(letterID)} {
		if err := readBounce(t.Context(), h.db, h.log, bounced{returns, h.office, strings.NewReader(notice(to)), ""}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTheLoginAccountAtTheDesk walks through the life of a login account at the
// desk: mail that comes back, an owner who leaves, an account that is linked.
func TestTheLoginAccountAtTheDesk(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		clerk := h.signIn(t, browser)

		// The link to Amrish comes back; the clerk sees it and mends the address.
		h.bounceLetter(t, h.accountOf(t, "amrish@post.example"))
		clerk.Reload()
		clerk.Press("Taken (1)")
		clerk.Want("Mail kwam niet aan", "Dit e-mailadres bestaat niet", "Amrish")
		clerk.Press("Amrish")
		clerk.Want("Mail kwam niet aan", "E-mail wijzigen", "Opnieuw sturen")
		clerk.Press("E-mail wijzigen")
		clerk.Fill("E-mail", "amrish@goed.example")
		clerk.Press("Opslaan")
		clerk.Want("amrish@goed.example", "wacht op activatie")
		person := browser.Person(t)
		person.Visit(h.link(t, h.letter(t, "amrish@goed.example")))
		person.Press("Ja, bevestig mijn e-mailadres")
		person.Fill("Kies een wachtwoord", "vier paarden op zolder")
		person.Press("Wachtwoord opslaan")
		clerk.Reload()
		clerk.Want("actief sinds")
		clerk.Press("Taken")
		clerk.Want("Er wachten geen taken.")

		// Lieke deletes her account; her library sees it and links another of hers.
		lieke := browser.Person(t)
		lieke.Visit(h.at + "/inloggen/verwijderen")
		lieke.Fill(byName, "lieke@veen.example")
		lieke.Fill("Wachtwoord", demoReaderPw)
		lieke.Press("Inloggen")
		lieke.Fill("Je wachtwoord van nu", demoReaderPw)
		lieke.Press("Verwijder mijn inlogaccount")
		lieke.Want("Je inlogaccount is verwijderd")
		customerPage(clerk, "lieke@veen.example", "Veen, L. van der")
		clerk.Want("verwijderd door de eigenaar", "Digital only")
		clerk.Press("Bestaand inlogaccount koppelen")
		clerk.Press("Vraag de klant om te bevestigen")
		clerk.Want("Met de telefoon van de klant")
		username := h.free(t, "anna@thooft.example")
		h.agree(t, browser, clerk, username)
		clerk.Want("Het inlogaccount is gekoppeld.", username)

		reader := h.read(t, browser, username, demoReaderPw)
		reader.Press("Onder de es")
		reader.Press("Lenen")
		reader.Want("Geleend")
	})
}

// free lets the library go of the account of a customer, and returns its
// username: it is its owner's, and may be linked again.
func (h *running) free(t *testing.T, email string) (username string) {
	t.Helper()
	err := h.db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		var id string
		if _, err := tx.One(`SELECT id FROM customer WHERE email = $1`, []any{email}, &id); err != nil {
			return err
		}
		login, err := h.office.LoginState(tx, id)
		if err != nil {
			return err
		}
		username = login.Username
		return customer.ClearLink(tx, id, customer.By{Actor: "job"})
	})
	if err != nil {
		t.Fatal(err)
	}
	return username
}

func TestANoticeWaitsWhileItCannotBeTakenIn(t *testing.T) {
	for what, args := range map[string][]string{
		"no configuration": {"-config", filepath.Join(t.TempDir(), "none.toml")},
		"a flag too many":  {"-nonsense"},
	} {
		if err := takeBounce(t.Context(), slog.New(slog.DiscardHandler), args); !errors.Is(err, errLater) {
			t.Errorf("%s: %v; the mail server would give up", what, err)
		}
	}
	r, err := Mail{}.returns(nil)
	if r != nil || err != nil {
		t.Errorf("without mail.bounce: %v, %v", r, err)
	}
}

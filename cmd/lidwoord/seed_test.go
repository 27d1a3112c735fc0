package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"lidwoord/base/outbox"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/web/webtest"
)

// The seed is the instruction "Inschrijven e-book abonnement (Single Identity)"
// that Lidwoord replaces. This walks its steps 1 to 11 by its own labels, in a
// real browser, from the desk to the first page of a book.
func TestTheSeedFromTheDeskToTheFirstPage(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		clerk := browser.Person(t)
		clerk.Visit(h.at + "/balie")
		clerk.Fill("Gebruikersnaam", demoClerk)
		clerk.Fill("Wachtwoord", demoClerkPw)
		clerk.Select("Vestiging", "5280 Bibliotheek Annen")
		clerk.Press("Aanmelden")
		clerk.Want("Balie", "Klanten", "Financieel", "Statistiek")
		clerk.Lacks("Catalogus", "Exemplaren", "Titels", "Reserveringen")

		// 1. Kies in het menu Klant → Nieuwe klant toevoegen.
		clerk.Press("Klanten")
		clerk.Press("Nieuwe klant toevoegen")
		clerk.Want("Reguliere klant")

		// 2. Typ bij klantnummer een v en klik op Enter. 3. Kies Ja.
		clerk.Fill("Klantnummer", "v")
		clerk.Key(kb.Enter)
		clerk.Want("Systeemnummer laten genereren?")
		clerk.Press("Ja")

		// 4. Je ziet dan bij het klantnummer een rijtje V.
		clerk.Want("Voorletters")
		if got := clerk.Value("Klantnummer"); got != "VVVVVVVVVVVV" {
			t.Errorf("Klantnummer shows %q, want the row of V's", got)
		}

		// 5. Vul de NAW-gegevens in en kies Ok, Vervolg.
		clerk.Fill("Voorletters", "E.B.")
		clerk.Fill("Achternaam", "Tester")
		clerk.Fill("Geboortedatum", "4-1-1991")
		clerk.Fill("Postcode", "9468 BG")
		clerk.Fill("Huisnummer", "41")
		clerk.Key(kb.Tab)
		clerk.Want("4 januari 1991", "Annen")
		clerk.Press("Ok, Vervolg")

		// 6. Vul het e-mailadres van de klant in en kies Ok, Vervolg.
		clerk.Want("IBAN", "BIC", "Legitimatie gecontroleerd?", "Gebruik inlogaccount", "Nieuwsbrief")
		clerk.Choose("Legitimatie gecontroleerd?", "Ja")
		clerk.Fill("E-mail", "eva@tester.example")
		clerk.Press("Ok, Vervolg")

		// 7. Kies 'Nieuw inlogaccount genereren'.
		clerk.Want("Bestaand inlogaccount gebruiken", "Nieuw inlogaccount genereren")
		clerk.Tick("Nieuw inlogaccount genereren")
		clerk.Press("Ok, Vervolg")

		// 8. Kies het type abonnement: Digital only.
		clerk.Want("0086", "dBos supplement", "0090", "proefabonnement", "0091", "Maandabonnement", "€ 11,50", "0141", "Digital only", "€ 45,00", "Vast", "Tijd.")
		clerk.Tick("Digital only")
		clerk.Press("Ok")

		// 9. Opbouw abonnementskosten, and then Opslaan.
		clerk.Want("Opbouw abonnementskosten", "Naam", "Leeftijd", "Tariefcode", "Vervalmaand", "Rechten t/m", "Abonnement", "Korting", "Saldo", "Geldig t/m", "5280", "0141", "€ 45,00")
		clerk.Press("Opslaan")

		// 10. Genereren van inlogaccount gelukt.
		clerk.Want("Genereren van inlogaccount gelukt", "Gebruikersnaam", "E-mail", "eva@tester.example", "24 uur")
		result := clerk.URL()
		clerk.Reload()
		clerk.Want("Genereren van inlogaccount gelukt")
		if clerk.URL() != result {
			t.Errorf("a refresh led from %s to %s", result, clerk.URL())
		}

		// 11. The customer gets a mail, confirms the address and makes a password.
		letter := h.letter(t, "eva@tester.example")
		username := numberInText.FindString(letter.Text)
		if username == "" || !strings.Contains(letter.Text, "Bind bibliotheken") {
			t.Fatalf("the mail names no username or library:\n%s", letter.Text)
		}
		reader := browser.Person(t)
		reader.Visit(h.link(t, letter))
		reader.Press("Ja, bevestig mijn e-mailadres")
		reader.Fill("Kies een wachtwoord", "vier paarden op zolder")
		reader.Press("Wachtwoord opslaan")
		reader.Want("Online Bibliotheek")

		// Met die gegevens kan de klant direct inloggen bij de Online Bibliotheek.
		other := browser.Person(t)
		other.Visit(h.at + "/bibliotheek")
		other.Press("Inloggen")
		other.Fill("Gebruikersnaam", username)
		other.Fill("Wachtwoord", "vier paarden op zolder")
		other.Press("Inloggen")
		other.WantURL("/bibliotheek")
		other.Press("De laatste bus naar Zweeloo")
		other.Press("Lenen")
		other.Press("Lezen")
		other.WantURL("/lezen/")
	})
}

// running is a house that serves, with the demo library loaded.
type running struct {
	*house
	at string
}

// eachEngine serves the demo on SQLite and on PostgreSQL.
func eachEngine(t *testing.T, f func(*testing.T, *running)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, serveDemo(t, "sqlite:"+filepath.Join(t.TempDir(), "lidwoord.db"))) })
	t.Run("postgres", func(t *testing.T) { f(t, serveDemo(t, sqldbtest.PostgresURL(t))) })
}

var numberInText = regexp.MustCompile(`\b2[0-9]{13}\b`)

func serveDemo(t *testing.T, database string) *running {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := listener.Addr().String()
	listener.Close()
	dir := t.TempDir()
	c := Config{Listen: at, Database: database, KeyFile: filepath.Join(dir, "secret.key"), Titles: filepath.Join(dir, "titles"), Library: "bind",
		Doors: map[string]string{"start": "http://" + at}, Brand: Brand{Name: "Bind bibliotheken"}, demo: true}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	db, err := openDatabase(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	h, err := build(t.Context(), c, db, log)
	if err != nil {
		t.Fatal(err)
	}
	h.mail = &outbox.Worker{DB: db, Sender: outbox.Nowhere{}, Keep: true, Log: log}
	if _, err := loadDemo(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- h.run(ctx, func(string) { close(ready) }) }()
	select {
	case <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		db.Close()
	})
	return &running{house: h, at: "http://" + at}
}

// letter is one mail as /dev/mail.json shows it.
type letter struct {
	To, Subject, Text, HTML string
	SentAt                  time.Time `json:"sent_at"`
}

// letter waits for the newest mail to an address.
func (h *running) letter(t *testing.T, to string) letter {
	t.Helper()
	for range 100 {
		res, err := http.Get(h.at + "/dev/mail.json")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		var list []letter
		if err != nil || json.Unmarshal(body, &list) != nil {
			t.Fatalf("%v: %.300s", err, body)
		}
		for _, l := range list {
			if l.To == to {
				return l
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("no mail came to %s", to)
	return letter{}
}

// link is the one link of a mail.
func (h *running) link(t *testing.T, l letter) string {
	t.Helper()
	link := linkOfMail.FindString(l.Text)
	if link == "" {
		t.Fatalf("no link in:\n%s", l.Text)
	}
	return link
}

var linkOfMail = regexp.MustCompile(`http\S+/activeren/\S+`)

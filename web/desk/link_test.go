package desk_test

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/enrol/enroltest"
	"lidwoord/web/webtest"
)

// stranger makes an active account of another library.
func (h *house) stranger(username string) {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`INSERT INTO town_account VALUES ($1, $1, $2, TRUE, 0)`, username, username+"@example.nl")
		return err
	})
}

// customer finds who was enrolled under a last name.
func (h *house) customer(name string) (id, number string) {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT id, number FROM customer WHERE last_name = $1`, []any{name}, &id, &number)
		return err
	})
	return id, number
}

// onPhone answers the newest question on a telephone, as the owner of a username.
func (h *house) onPhone(username string) {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) error {
		var id string
		if _, err := tx.One(`SELECT id FROM town_ask ORDER BY until DESC, id LIMIT 1`, nil, &id); err != nil {
			return err
		}
		return enroltest.Town{}.Agree(tx, id, username)
	})
}

// comesBack lets the letter with the link of a customer's account come back.
func (h *house) comesBack(number string) {
	h.t.Helper()
	h.pass(time.Minute)
	h.do(func(tx *sqldb.Tx) error {
		who, err := customer.FindByNumber(tx, number)
		if err != nil {
			return err
		}
		if err := (enroltest.Town{}).Return(tx, who.Link.AccountID); err != nil {
			return err
		}
		return h.site.Office.MailReturned(tx, outbox.Return{LetterID: "letter-" + who.Link.AccountID, About: "account:" + who.Link.AccountID, Code: "550 5.1.1", Hard: true})
	})
}

func TestTheOwnerAnswersTheEnrolmentOnATelephone(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.stranger("eva91")
		p := h.clerk("anja")
		d := p.newDraft()
		p.post(d, tester...)
		p.post(d+"/gegevens", contact...)
		p.post(d+"/inlogaccount", "account", "bestaand", "gebruikersnaam", "eva91").is(200, "/code").want("Met de telefoon van de klant", "town.example/")
		p.get(d+"/code/stand").want(`"ok":false`, `"form":true`)
		p.post(d+"/code", "doe", "gelukt").is(409, "/code").want("nog niet op Akkoord gedrukt")
		h.onPhone("eva91")
		p.get(d + "/code/stand").want(`"ok":true`)
		p.post(d+"/code", "doe", "gelukt").is(200, "/abonnement").want("De klant heeft het inlogaccount bevestigd.")
		p.post(d+"/code", "doe", "gelukt").is(200, "/abonnement")
	})
}

// Who does not know the username proves the account on a telephone alone; the last step
// names what is going to be linked, and its owner hears of it.
func TestAnEnrolmentWithoutAUsernameIsConfirmedOnATelephone(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.stranger("eva91")
		p := h.clerk("anja")
		d := p.newDraft()
		p.post(d, tester...)
		p.post(d+"/gegevens", contact...)
		p.get(d + "/inlogaccount").want("Weet de klant de gebruikersnaam niet?")
		p.post(d+"/inlogaccount", "account", "bestaand", "gebruikersnaam", "").is(200, "/code").lacks("Code uit de mail").whole(h)
		h.pass(time.Minute) // the newest question is the one that counts
		p.post(d+"/code", "doe", "nieuwe-code").is(200, "/code").lacks("gemaild")
		p.post(d+"/code", "doe", "gelukt").is(409, "/code").want("nog niet op Akkoord gedrukt")
		h.onPhone("eva91")
		p.post(d+"/code", "doe", "gelukt").is(200, "/abonnement")
		a := p.post(d+"/abonnement", "abonnement", "0141").is(200, "/opbouw").want("Bij Opslaan koppelen we het inlogaccount eva91.")
		p.post(d+"/opbouw", "opbouw", a.value("opbouw")).is(200, "/klaar").want("Inlogaccount gekoppeld")
		if n := h.count("town_told"); n != 1 {
			t.Errorf("the owner was told %d times", n)
		}
	})
}

func TestACustomerIsLinkedAfterwards(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.stranger("eva91")
		p := h.clerk("anja")
		p.enrol(tester, contact, "0141")
		id, _ := h.customer("Tester")
		p.post("/klanten/" + id + "/inlogaccount/vergeten")
		page := "/klanten/" + id + "/inlogaccount/koppelen"
		p.get("/klanten/"+id).want("Bestaand inlogaccount koppelen", "geen inlogaccount")
		p.get(page).is(200, page).want("Vraag de klant om te bevestigen").lacks("town.example")
		p.post(page, "doe", "gelukt").is(409, page)
		p.post(page, "doe", "nieuwe-code", "gebruikersnaam", "").is(200, page).want("town.example/", "Is het gelukt?").lacks("Code uit de mail")
		p.get(page + "/stand").want(`"ok":false`)
		h.pass(time.Second)
		p.post(page, "doe", "nieuwe-code", "gebruikersnaam", "eva91").is(200, page).want("Code uit de mail")
		p.post(page, "code", "fout").is(422, page).want("Deze code klopt niet")
		h.onPhone("eva91")
		p.get(page + "/stand").want(`"ok":true`)
		p.post(page, "doe", "gelukt").is(200, "/klanten/"+id).want("Het inlogaccount is gekoppeld.", "gekoppeld", "eva91", "sinds maandag 23 november 2026")
		p.get(page).is(200, "/klanten/"+id)
		h.clerk("fenna").get(page).is(403, page)

		// Somebody else of the library has that account.
		p.enrol(with(tester, "achternaam", "Ander", "geboortedatum", "5-5-1985"), with(contact, "email", "ander@example.nl"), "0141")
		id, _ = h.customer("Ander")
		p.post("/klanten/" + id + "/inlogaccount/vergeten")
		page = "/klanten/" + id + "/inlogaccount/koppelen"
		h.pass(time.Second)
		p.post(page, "doe", "nieuwe-code", "gebruikersnaam", "")
		h.onPhone("eva91")
		p.post(page, "doe", "gelukt").is(409, page).want("hoort al bij een andere klant").lacks("Tester")
	})
}

func TestMailThatCameBackIsSeenTheSameDay(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		p.get("/klanten").lacks("Te activeren")
		p.get("/klanten?lijst=te-activeren").want("Iedereen heeft het inlogaccount geactiveerd.")
		p.enrol(tester, contact, "0141")
		id, number := h.customer("Tester")
		p.get("/klanten").want("Te activeren (1)")
		h.comesBack(number)
		p.get("/klanten?lijst=te-activeren").want("Aantal klanten: 1.", "Tester, E.B.", "wacht op activatie", "Mail kwam niet aan")
		p.get("/taken").want("Mail kwam niet aan", "Dit e-mailadres bestaat niet", "Tester, E.B.", number)
		p.get("/klanten/"+id).want("Mail kwam niet aan", "Dit e-mailadres bestaat niet", "E-mail wijzigen", "Opnieuw sturen", "Geschiedenis van het inlogaccount", "Gegenereerd · Anja de Boer")
		h.pass(time.Minute)
		p.post("/klanten/"+id+"/email", "email", "goed@example.nl").is(200, "/klanten/"+id).want("goed@example.nl", "Opnieuw gestuurd · Anja de Boer")
		p.get("/taken").want("Er wachten geen taken.")
	})
}

func TestAnAccountThatItsOwnerDeletedMakesRoom(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		p.enrol(tester, contact, "0141")
		id, _ := h.customer("Tester")
		h.pass(20 * time.Minute)
		h.do(func(tx *sqldb.Tx) error {
			who, err := customer.Find(tx, id)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(`DELETE FROM town_account WHERE id = $1`, who.Link.AccountID); err != nil {
				return err
			}
			return h.site.Office.AccountLeft(tx, who.Link.AccountID)
		})
		p.get("/klanten/"+id).want("verwijderd door de eigenaar", "sinds maandag 23 november 2026 om 09.50", "Nieuw inlogaccount genereren", "Bestaand inlogaccount koppelen", "Verwijderd door de eigenaar").lacks("Vergeet inlogaccount")
		p.get("/klanten/" + id + "/inlogaccount/vergeten").want("Deze klant heeft geen inlogaccount.")
		p.get("/klanten/" + id + "/email").want("De eigenaar heeft het inlogaccount verwijderd.")
		p.get("/klanten?q=tester").want("verwijderd door de eigenaar")
		p.post("/klanten/"+id+"/inlogaccount/genereren").is(200, "/klanten/"+id).want("wacht op activatie").lacks("sinds")
	})
}

func TestWhoSawACustomerIsKept(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		p.enrol(tester, contact, "0141")
		id, _ := h.customer("Tester")
		page := "/klanten/" + id + "/inzage"
		for range 3 {
			p.get("/klanten/"+id).is(200, "/klanten/"+id).lacks("Wie heeft dit gezien")
		}
		p.get(page).is(403, page) // it tells of colleagues
		fenna := h.clerk("fenna")
		if a := fenna.get(page).want("Klantgegevens bekeken", "Anja de Boer", "5280 Bibliotheek Annen", "365 dagen", "Abonnement begonnen"); strings.Count(a.text, "Klantgegevens bekeken") != 2 {
			t.Errorf("three looks in one hour and Fenna's read as %d", strings.Count(a.text, "Klantgegevens bekeken"))
		}
		h.pass(time.Hour)
		fenna = h.clerk("fenna")
		fenna.get("/klanten/" + id).want("Wie heeft dit gezien of gewijzigd")
		fenna.get(page).want("Fenna de Boer")
		h.clerk("mina").speaking("en").get(page).want("Who has seen or changed this", "Customer data seen")
		fenna.get("/klanten/bestaatniet").is(404, "/klanten/bestaatniet")
		if n := h.count("audit_look"); n != 4 { // Anja, Fenna twice, Mina
			t.Errorf("%d looks are kept", n)
		}
	})
}

// sleepers enrols customers of two branches in turn, whose login accounts wait.
func (h *house) sleepers(n int) { h.t.Helper(); h.sleepersFrom(0, n) }

// sleepersFrom does the same, counting on.
func (h *house) sleepersFrom(first, n int) {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) error {
		for i := first; i < first+n; i++ {
			at := h.annen
			if i%5 >= 3 {
				at = h.rolde
			}
			who, err := customer.Register(tx, customer.New{
				OrganisationID: h.lib.ID, BranchID: at.ID, By: customer.By{Actor: "loader"},
				Person: customer.Person{Initials: "A.", LastName: fmt.Sprintf("Slaper%03d", i), Birth: day.Day("1950-01-01").AddDays(i), Email: fmt.Sprintf("s%d@example.nl", i),
					Address: customer.Address{Postcode: "9468BG", Number: i + 1, Street: "Kruisstraat", Place: "Annen", Country: "NL"}}})
			if err != nil {
				return err
			}
			id, _, err := enroltest.Town{}.Open(tx, enrol.Opening{Username: who.Number, Email: who.Email, LibraryName: h.lib.Name})
			if err == nil {
				err = customer.SetLink(tx, who.ID, id, customer.LinkGenerated, customer.By{Actor: "loader"})
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func TestTeActiverenIsLeafedThroughAndFilteredByBranch(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.sleepers(250)
		p := h.clerk("anja")
		p.get("/klanten").want("Te activeren (250)")
		for _, list := range []struct {
			where     string
			all       int
			pages     int
			whichOnes func(i int) bool
		}{
			{"", 250, 5, func(int) bool { return true }},
			{"&vestiging=hier", 150, 3, func(i int) bool { return i%5 < 3 }},
		} {
			seen, at := map[string]bool{}, "/klanten?lijst=te-activeren"+list.where
			for n := range list.pages {
				page := p.get(at)
				page.want(fmt.Sprintf("Aantal klanten: %d. Je ziet %d tot en met %d.", list.all, n*50+1, n*50+50))
				for _, name := range regexp.MustCompile(`Slaper[0-9]{3}`).FindAllString(page.body, -1) {
					seen[name] = true
				}
				next := regexp.MustCompile(`href="/balie(/klanten[^"]+)" rel="next"`).FindStringSubmatch(page.body)
				if (next != nil) != (n < list.pages-1) {
					t.Fatalf("page %d of %d: next %v", n+1, list.pages, next)
				}
				if next != nil {
					at = html.UnescapeString(next[1])
				}
			}
			for i := range 250 {
				if name := fmt.Sprintf("Slaper%03d", i); seen[name] != list.whichOnes(i) {
					t.Errorf("%q: %s seen %v", list.where, name, seen[name])
				}
			}
			p.get(at).want("Vorige klanten").lacks("Volgende klanten")
			p.get("/klanten?lijst=te-activeren" + list.where + "&na=9000").want("Je ziet 1 tot en met 50.")
		}
		p.get("/klanten?lijst=te-activeren&na=49").want("Je ziet 1 tot en met 50.")
		p.get("/klanten?lijst=te-activeren&na=-1").want("Je ziet 1 tot en met 50.")
	})
}

func TestTheLoginAccountAtTheDeskInABrowser(t *testing.T) {
	h := build(t, sqldbtest.New(t))
	h.stranger("eva91")
	anja := h.clerk("anja")
	anja.enrol(tester, contact, "0141")
	_, number := h.customer("Tester")
	h.comesBack(number)
	p := h.desk(t, webtest.Start(t))
	p.Fill("Gebruikersnaam", "mina")
	p.Fill("Wachtwoord", pass)
	p.Select("Vestiging", "5280 Bibliotheek Annen")
	p.Press("Inloggen")
	p.Press("Klanten")
	p.Press("Te activeren (1)")
	p.Look("desk-te-activeren")
	p.Press("Tester, E.B.")
	p.Look("desk-mail-kwam-terug")
	p.Press("Wie heeft dit gezien of gewijzigd")
	p.Look("desk-inzage")
	p.Back()
	p.Press("Vergeet inlogaccount")
	p.Press("Ja, vergeet inlogaccount")
	p.Press("Bestaand inlogaccount koppelen")
	p.Look("desk-koppelen")
	p.Fill("Gebruikersnaam van het bestaande inlogaccount", "eva91")
	p.Press("Vraag de klant om te bevestigen")
	p.Want("Met de telefoon van de klant")
	p.Look("desk-koppelen-telefoon")
	h.onPhone("eva91")
	p.Want("Het inlogaccount is gekoppeld.") // the script saw it
}

func TestTheDeskSaysBeforehandThatTheNumberChanges(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		p.enrol(tester, contact, "0141")
		id, number := h.customer("Tester")
		p.get("/klanten/" + id + "/inlogaccount/vergeten").want("Klantnummer, abonnement en betalingen blijven").lacks("ander klantnummer")
		h.do(func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`UPDATE town_account SET active = TRUE WHERE username = $1`, number)
			return err
		})
		p.get("/klanten/"+id).want("Kan de klant niet inloggen?", "Wachtwoord vergeten").lacks("Tweede stap: aan")
		p.get("/klanten/"+id+"/inlogaccount/vergeten").want("krijgt de klant een ander klantnummer", number+" is al de gebruikersnaam").lacks("Klantnummer, abonnement")
		p.post("/klanten/"+id+"/inlogaccount/vergeten").is(200, "/klanten/"+id).want("krijgt de klant een ander klantnummer")
		p.post("/klanten/" + id + "/inlogaccount/genereren").want("Het klantnummer is nu ")
		_, now := h.customer("Tester")
		if now == number {
			t.Error("the number did not change")
		}
		p.get("/klanten/" + id).lacks("krijgt de klant een ander klantnummer")
	})
}

func TestWhoHasTheAccountIsSaidWithTheConfirmation(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.stranger("tweestaps")
		p := h.clerk("anja")
		p.enrol(tester, contact, "0141")
		id, _ := h.customer("Tester")
		p.post("/klanten/" + id + "/inlogaccount/vergeten")
		page := "/klanten/" + id + "/inlogaccount/koppelen"
		p.post(page, "doe", "nieuwe-code", "gebruikersnaam", "tweestaps")
		p.post(page, "code", "code-tweestaps").is(200, "/klanten/"+id).want("Tweede stap: aan")
		p.get("/klanten?q=tweestaps").want("Tester, E.B.")

		d := p.newDraft()
		p.post(d, with(tester, "achternaam", "Ander", "geboortedatum", "5-5-1985")...)
		p.post(d+"/gegevens", with(contact, "email", "ander@example.nl")...)
		p.post(d+"/inlogaccount", "account", "bestaand", "gebruikersnaam", "tweestaps").is(200, "/code").want("De code werkt tot ").lacks("geen nieuwe code")
		p.post(d+"/inlogaccount", "account", "bestaand", "gebruikersnaam", "tweestaps").is(200, "/code?nog=1").want("Er is geen nieuwe code gemaild")
		p.post(d+"/code", "code", "code-tweestaps").is(409, "/code").want("hoort al bij een andere klant", "Open deze klant").lacks("Tester")
		h.pass(16 * time.Minute)
		p.post(d+"/inlogaccount", "account", "bestaand", "gebruikersnaam", "tweestaps").is(200, "/code").want("De code werkt tot ").lacks("geen nieuwe code")
	})
}

// Te activeren is worked through from the top: who expires soonest stands first, and who
// got a link again stays in sight and says so.
func TestTeActiverenIsAWorkList(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.sleepers(3)
		h.pass(25 * time.Hour) // these expired
		h.sleepersFrom(5, 1)
		h.pass(time.Hour)
		h.sleepersFrom(6, 1)
		p := h.clerk("anja")
		list := "/klanten?lijst=te-activeren"
		order := func(a answer) []string { return regexp.MustCompile(`Slaper[0-9]{3}`).FindAllString(a.text, -1) }
		names := order(p.get(list).want("Opnieuw sturen", "Nieuw inlogaccount"))
		if names[0] != "Slaper005" || !slices.Contains(names, "Slaper006") {
			t.Errorf("the list begins with %q", names)
		}
		first, _ := h.customer("Slaper005")
		back := p.post("/klanten/"+first+"/inlogaccount/opnieuw-sturen", "lijst", "te-activeren").is(200, "lijst=te-activeren").
			want("Er is een nieuwe link gemaild.", "Gestuurd")
		if names := order(back); names[0] != "Slaper005" {
			t.Errorf("after sending the list begins with %q", names)
		}
		// Who expired gets another account in one act, asked for once.
		late, number := h.customer("Slaper000")
		renew := "/klanten/" + late + "/inlogaccount/vernieuwen"
		p.get("/klanten/" + late).want("Nieuw inlogaccount")
		p.get(renew+"?lijst=te-activeren&gestuurd="+first).want("Het vorige inlogaccount is verlopen.", "s0@example.nl", `name="gestuurd" value="`+first+`"`).whole(h)
		p.post(renew, "lijst", "te-activeren", "gestuurd", first).is(200, "lijst=te-activeren").want("Genereren van inlogaccount gelukt.")
		p.get("/klanten/"+late).want("wacht op activatie", number)
		p.post(renew).is(409, "/vernieuwen").want("Dit inlogaccount is niet verlopen.")
		p.get(renew).is(200, "/vernieuwen").want("Dit inlogaccount is niet verlopen.")
		h.clerk("fenna").post(renew).is(403, "/vernieuwen")
		// Who answers for the workers takes the list along.
		mina := h.clerk("mina")
		mina.get(list).want("Lijst downloaden (CSV)")
		mina.post("/lijsten/te-activeren").is(200, "").want("Slaper005, A.", "wacht op activatie")
		p.get(list).lacks("Lijst downloaden")
		p.post("/lijsten/te-activeren").is(403, "/te-activeren")
		// A name of nobody in the address shows nobody.
		p.get(list+"&gestuurd=NIEMAND").is(200, "NIEMAND")
	})
}

func TestOfSixteenWhoRenewOneDoes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.sleepers(1)
		h.pass(25 * time.Hour)
		id, _ := h.customer("Slaper000")
		p := h.clerk("anja")
		var all sync.WaitGroup
		var done atomic.Int64
		for range 16 {
			all.Go(func() {
				if a := p.post("/klanten/" + id + "/inlogaccount/vernieuwen"); a.status == 200 {
					done.Add(1)
				}
			})
		}
		all.Wait()
		if n := done.Load(); n != 1 || h.count("town_account") != 1 {
			t.Errorf("%d of sixteen made one of %d accounts", n, h.count("town_account"))
		}
	})
}

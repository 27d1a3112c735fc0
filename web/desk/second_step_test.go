package desk_test

import (
	"strings"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/enrol/enroltest"
	"lidwoord/web/webtest"
)

// accountless enrols somebody without a login account.
func (h *house) accountless(p *person, i int) (id string) {
	h.t.Helper()
	person, reach := someone(i)
	d := p.newDraft()
	p.post(d, person...).is(200, "/gegevens")
	p.post(d+"/gegevens", with(reach, "inlogaccount", "nee", "email", "")...).is(200, "/abonnement")
	a := p.post(d+"/abonnement", "abonnement", "0086").is(200, "/opbouw")
	return h.customerID(p.post(d+"/opbouw", "opbouw", a.value("opbouw")).is(200, "/klaar").field("25280"))
}

// twoSteps enrols somebody and links a login account with a second step. It returns the
// customer's page.
func (h *house) twoSteps(p *person) (page, accountID string) {
	h.t.Helper()
	h.stranger("tweestaps")
	page = "/klanten/" + h.accountless(p, 2)
	p.post(page+"/inlogaccount/koppelen", "doe", "nieuwe-code", "gebruikersnaam", "tweestaps")
	p.post(page+"/inlogaccount/koppelen", "code", "code-tweestaps").is(200, page).want("Tweede stap: aan")
	return page, "tweestaps"
}

func TestTheDeskAsksToTakeALostSecondStepAway(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		p.enrol(tester, contact, "0141")
		plain, _ := h.customer("Tester")
		p.get("/klanten/" + plain).lacks("Tweede stap weghalen")
		p.get("/klanten/"+plain+"/inlogaccount/tweede-stap").is(200, "/tweede-stap").want("heeft geen tweede stap")
		p.post("/klanten/"+plain+"/inlogaccount/tweede-stap", "document", "passport").is(409, "/tweede-stap").want("heeft geen tweede stap")

		at, _ := h.twoSteps(p)
		ask := at + "/inlogaccount/tweede-stap"
		p.get(at).want("Tweede stap weghalen", "controleer de legitimatie en kies Tweede stap weghalen")
		p.get(ask).want("tweestaps@example.nl", "Na 24 uur halen we de tweede stap weg", "Paspoort", "Identiteitskaart", "Rijbewijs", "Verblijfsdocument").whole(h)
		for _, document := range []string{"", "library_card"} {
			p.post(ask, "document", document).is(422, "/tweede-stap").want("Kies welk legitimatiebewijs je hebt gezien.")
		}
		due := h.Now().Add(24 * time.Hour)
		p.post(ask, "document", "passport").is(200, at).want("Gevraagd. De klant heeft een mail gekregen. Na 24 uur is de tweede stap weg.", "Zeg tegen de klant", "De tweede stap wordt weggehaald op dinsdag 24 november 2026 om 09.30 uur",
			"Gevraagd door Anja de Boer", "Toch niet weghalen", "Gevraagd om de tweede stap weg te halen (paspoort gezien)").whole(h)
		if want := h.Now().Add(24 * time.Hour); !due.Equal(want) {
			t.Errorf("due at %v, want %v", due, want)
		}
		// A colleague sees it, and does not ask again.
		bert := h.clerk("bert")
		bert.get(ask).want("De tweede stap wordt weggehaald op", "Anja de Boer").lacks("Ja, vraag dit aan")
		bert.post(ask, "document", "passport").is(409, "/tweede-stap").want("Er is al gevraagd om de tweede stap weg te halen.")
		h.pass(time.Minute)
		bert.post(ask+"/stoppen").is(200, at).want("Het gaat niet door.", "Weghalen van de tweede stap gestopt · Bert de Boer").lacks("Toch niet weghalen").whole(h)
		bert.post(ask+"/stoppen").is(409, "/stoppen").want("Er valt niets meer tegen te houden.")
		if n := strings.Count(p.get(at).text, "Gevraagd om de tweede stap weg te halen"); n != 2 { // in both histories
			t.Errorf("the wish is told %d times", n)
		}
	})
}

func TestWhoMayAskToTakeASecondStepAway(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		at, account := h.twoSteps(h.clerk("anja"))
		ask := at + "/inlogaccount/tweede-stap"
		h.clerk("fenna").get(ask).is(403, "/tweede-stap")
		h.clerk("fenna").post(ask, "document", "passport").is(403, "/tweede-stap")
		h.visitor().post(ask, "document", "passport").is(401, "/tweede-stap")
		p := h.clerk("anja")
		p.post("/klanten/NIEMAND/inlogaccount/tweede-stap", "document", "passport").is(404, "/tweede-stap")
		p.post(ask, "document", "idcard").is(200, at)

		// Of another library its worker stays unnamed.
		h.do(func(tx *sqldb.Tx) error {
			if _, err := (enroltest.Town{}).StopRemoval(tx, account, "staff:X"); err != nil {
				return err
			}
			_, err := tx.Exec(`INSERT INTO town_removal VALUES ($1, 'Verre bibliotheken', '', $2, $3, $4, NULL, '', FALSE)`, account, "staff:"+h.workers["bert"].ID, tx.Now, tx.Now.Add(time.Hour))
			return err
		})
		p.get(at).want("Gevraagd door Verre bibliotheken").lacks("Bert de Boer")
	})
}

func TestTheNextClerkIsToldThatTheOwnerSaidNo(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		at, account := h.twoSteps(h.clerk("anja"))
		ask := at + "/inlogaccount/tweede-stap"
		h.clerk("anja").post(ask, "document", "passport").is(200, at).lacks("hield dit op")
		h.do(func(tx *sqldb.Tx) error {
			_, err := enroltest.Town{}.StopRemoval(tx, account, "account:"+account)
			return err
		})
		const no = "De eigenaar hield dit op maandag 23 november 2026 om 09.30 uur tegen."
		bert := h.clerk("bert")
		bert.get(at).want(no, "Tot maandag 30 november 2026 om 09.30 uur kan alleen een beheerder")
		bert.get(ask).want(no, "Misschien deed iemand zich voor als deze klant").lacks("Ja, vraag dit aan").whole(h)
		bert.post(ask, "document", "passport").is(409, "/tweede-stap").want("Alleen een beheerder kan het nu opnieuw vragen.")
		bert.post(ask, "document", "passport", "waarom", "De klant drong erg aan bij mij").is(403, "/tweede-stap")
		mina := h.clerk("mina")
		mina.get(ask).want(no, "Waarom vraag je het toch?").whole(h)
		mina.post(ask, "document", "passport", "waarom", "").is(422, "/tweede-stap").want("waarom je het toch vraagt")
		mina.post(ask, "document", "passport", "waarom", "Toestel bij de politie gemeld, klant is bekend").is(200, at).want("Toch gevraagd om de tweede stap weg te halen")
	})
}

func TestTakingASecondStepAwayInABrowser(t *testing.T) {
	h := build(t, sqldbtest.New(t))
	at, _ := h.twoSteps(h.clerk("anja"))
	p := h.desk(t, webtest.Start(t))
	signIn(p)
	p.Visit(h.server.URL + "/balie" + at)
	p.Look("desk-tweede-stap-aan")
	p.Press("Tweede stap weghalen")
	p.Look("desk-tweede-stap-weghalen")
	p.Forgive("422")
	p.Press("Ja, vraag dit aan")
	p.Want("Kies welk legitimatiebewijs je hebt gezien.")
	p.Look("desk-tweede-stap-fout")
	p.Choose("Welk legitimatiebewijs heb je gezien?", "Rijbewijs")
	h.pass(31 * time.Minute)
	p.Forgive("401")
	p.Press("Ja, vraag dit aan")
	p.Want("Wat je hebt getypt, is bewaard, maar nog niet verstuurd.")
	p.Look("desk-inloggen-bewaard")
	p.Fill("Gebruikersnaam", "anja")
	p.Fill("Wachtwoord", pass)
	p.Press("Inloggen")
	p.Want("Welk legitimatiebewijs heb je gezien?")
	p.Press("Ja, vraag dit aan")
	p.Want("Gevraagd. De klant heeft een mail gekregen.", "Gevraagd door Anja de Boer")
	p.Look("desk-tweede-stap-gevraagd")
	p.Press("EN")
	p.Want("The second step is going to be removed on")
	p.Press("NL")
	p.NoScript()
	p.Reload()
	p.Press("Toch niet weghalen")
	p.Want("Het gaat niet door.")
}

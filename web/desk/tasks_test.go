package desk_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/branch"
	"lidwoord/library/task"
	"lidwoord/web/webtest"
)

// notice makes a task and returns its page.
func (h *house) notice(n task.Task) (path string) {
	h.t.Helper()
	if n.OrganisationID == "" {
		n.OrganisationID = h.lib.ID
	}
	h.do(func(tx *sqldb.Tx) error {
		if err := task.Add(tx, n); err != nil {
			return err
		}
		about, err := task.About(tx, n.Object)
		for _, a := range about {
			if a.Kind == n.Kind {
				path = "/taken/" + a.ID
			}
		}
		return err
	})
	return path
}

func TestTakenListsWhatWaitsForSomebody(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		anja := h.clerk("anja")
		anja.get("/taken").is(200, "/taken").want("Er wachten geen taken.").lacks("Taken (", "Laatst afgehandeld").whole(h)
		anja.get("/").lacks("Er wacht")
		r, p := h.member("Nadia")
		h.notice(task.Task{Kind: task.LooksAlike, Object: "customer:" + r.CustomerID, Facts: []task.Fact{{Key: "task.fact.number", Value: "25280000000011"}, {Key: "task.fact.other", Value: "25280000000029"}}})
		anja.get("/").want("Er wacht 1 taak.", "Taken (1)")
		h.pass(time.Minute)
		h.notice(task.Task{Kind: task.LateMember, Object: "payment:" + p.ID, Facts: []task.Fact{{Key: "task.fact.reason", Value: ""}}})
		h.pass(time.Minute)
		h.notice(task.Task{Kind: task.Stuck, Object: "payment:geen", Cents: 4500, Facts: []task.Fact{{Key: "task.fact.reason", Value: "timeout"}}})
		h.notice(task.Task{Kind: task.Withdrawal, Object: "withdrawal:a", Facts: []task.Fact{{Key: "task.fact.name", Value: "<b>Zoë</b>"}, {Key: "task.fact.reason", Value: "enrol.duplicate"}}})
		page := anja.get("/taken").want("Taken (4)", "Er wachten 4 taken, waaronder € 45,00.",
			"Lijkt op iemand die we kennen Sinds maandag 23 november 2026 om 09.30 uur Klant Nadia, N.", "Lijkt op 25280000000029", "Kijk of het dezelfde persoon is.",
			"Laat betaald, toch lid", "Betaling bank tr_"+p.ID, "Betaling niet verwerkt · € 45,00", "Reden De betaaldienst gaf te laat antwoord", "Blijft het misgaan?",
			"Naam <b>Zoë</b>", "Reden De klant kon niet worden ingeschreven", "Afhandelen", "Dit gaat over geld. Financieel of je beheerder handelt het af.").lacks("Reden Klant").whole(h)
		if strings.Contains(page.body, "<b>") || strings.Index(page.text, "Lijkt op iemand die we kennen") > strings.Index(page.text, "Laat betaald") {
			t.Error("the list is not in order")
		}
		if n := strings.Count(page.body, "/klanten/"+r.CustomerID); n != 2 { // of the payment as well
			t.Errorf("%d links to the customer", n)
		}
		anja.get("/").want("Er wachten 4 taken, waaronder € 45,00.", "Bekijk de taken")
		for _, path := range []string{"/klanten", "/klanten/" + r.CustomerID, "/financieel", "/statistiek", "/taken"} {
			anja.get(path).want("Taken (4)").whole(h)
		}
		anja.speaking("en").get("/taken").want("Tasks (4)", "4 tasks wait, with € 45,00 among them.", "The payment provider answered too late").whole(h)
		h.clerkAt("bert", "5281").get("/taken").want("Taken (4)") // of all branches
	})
}

func TestATaskIsClosedWithASentence(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		at := h.notice(task.Task{Kind: task.Erasure, Object: "customer:weg"})
		anja := h.clerk("anja")
		anja.get(at).is(200, at).want("Taak afhandelen", "Verzoek om gegevens te wissen", "Antwoord binnen een maand.", "Wat heb je gedaan?").whole(h)
		anja.post(at, "toelichting", "ok").is(422, at).want("Schrijf in 5 tot 500 tekens op wat je hebt gedaan.", ">ok</textarea>", `aria-invalid="true"`, `href="#f-toelichting"`).whole(h)
		anja.post(at, "toelichting", strings.Repeat("é", 501)).is(422, at).want(strings.Repeat("é", 501) + "</textarea>")
		anja.post(at, "toelichting", "Gewist <op> verzoek").is(200, "/taken").want("De taak is afgehandeld.", "Er wachten geen taken.",
			"Laatst afgehandeld", "maandag 23 november 2026 om 09.30 uur · Anja de Boer", "“Gewist <op> verzoek”").lacks("Taken (").whole(h)
		h.clerk("bert").get(at).want("Afgehandeld door Anja de Boer, maandag 23 november 2026 om 09.30 uur.", "“Gewist <op> verzoek”").lacks("Wat heb je gedaan?").whole(h)
		h.clerk("bert").post(at, "toelichting", "Ik ook gewist").is(409, at).want("Deze taak is al afgehandeld.", "Afgehandeld door Anja de Boer").whole(h)
		anja.get("/taken/geen").is(404, "/taken/geen").want("Deze taak bestaat niet (meer).")
		anja.post("/taken/geen", "toelichting", "Is er niet").is(404, "/taken/geen")
		by := h.notice(task.Task{Kind: task.RefundFailed, Object: "refund:a", Cents: 4500})
		h.do(func(tx *sqldb.Tx) error { return task.Resolve(tx, task.RefundFailed, "refund:a") })
		anja.get("/taken").want("vanzelf in orde gekomen Terugbetaling mislukt · € 45,00").whole(h)
		anja.get(by).want("Vanzelf in orde gekomen, maandag 23 november 2026 om 09.30 uur.").whole(h)
	})
}

func TestMoneyTasksAreForWhoAnswersForMoney(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		first := h.notice(task.Task{Kind: task.Chargeback, Object: "payment:a", Cents: 4500})
		second := h.notice(task.Task{Kind: task.Chargeback, Object: "payment:b", Cents: 4500})
		anja := h.clerk("anja")
		anja.get(first).is(200, first).want("Bank haalde geld terug · € 45,00", "Dit gaat over geld. Financieel of je beheerder handelt het af.").lacks("Wat heb je gedaan?").whole(h)
		anja.post(first, "toelichting", "Klant gebeld").is(403, first).want("Dit gaat over geld.")
		h.clerk("fenna").post(first, "toelichting", "Klant gebeld").is(200, "/taken").want("De taak is afgehandeld.")
		h.clerk("mina").post(second, "toelichting", "Klant gebeld").is(200, "/taken").want("Er wachten geen taken.")
		h.visitor().get("/taken").is(200, "/aanmelden?naar=%2Fbalie%2Ftaken")
	})
}

func TestATaskAboutWhatAClerkAskedForIsForAColleague(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		kept := func(asker, object string) string {
			return h.notice(task.Task{Kind: task.RemovalKept, Object: object, AskedBy: h.workers[asker].Actor()})
		}
		at := kept("anja", "customer:a#1")
		const own = "Je vroeg hier zelf om. Een collega of je beheerder handelt deze taak af."
		anja := h.clerk("anja")
		anja.get("/taken").want("Taken (1)", own).lacks("Afhandelen")
		anja.get(at).is(200, at).want(own).lacks("Wat heb je gedaan?").whole(h)
		anja.post(at, "toelichting", "Het was in orde").is(403, at).want(own)
		h.clerk("bert").post(at, "toelichting", "Klant gebeld").is(200, "/taken").want("De taak is afgehandeld.")
		anja.post(at, "toelichting", "Het was in orde").is(409, at).want("Deze taak is al afgehandeld.")
		h.clerk("mina").post(kept("mina", "customer:a#2"), "toelichting", "Klant gebeld").is(200, "/taken").want("De taak is afgehandeld.")
	})
}

func TestTasksOfAnotherLibraryAreNobodysHere(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var ginder branch.Organisation
		h.do(func(tx *sqldb.Tx) (err error) {
			ginder, err = branch.SaveOrganisation(tx, branch.Organisation{Slug: "ginder", Name: "Ginder"})
			return err
		})
		at := h.notice(task.Task{OrganisationID: ginder.ID, Kind: task.Chargeback, Object: "payment:a", Cents: 4500})
		mina := h.clerk("mina")
		mina.get("/taken").want("Er wachten geen taken.")
		mina.get(at).is(404, at)
		mina.post(at, "toelichting", "Klant gebeld").is(404, at)
	})
}

func TestOfSixteenClerksWhoCloseATaskOneDoes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		at := h.notice(task.Task{Kind: task.Erasure, Object: "customer:weg"})
		clerks := []*person{h.clerk("anja"), h.clerk("bert")}
		var won, late atomic.Int32
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				switch a := clerks[i%2].post(at, "toelichting", "Gewist op verzoek"); {
				case a.status == 200 && a.path == "/taken":
					won.Add(1)
				case a.status == 409 && strings.Contains(a.text, "Deze taak is al afgehandeld."):
					late.Add(1)
				default:
					t.Errorf("%d at %s", a.status, a.path)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 || late.Load() != 15 {
			t.Errorf("%d closed it, %d heard that it was done", won.Load(), late.Load())
		}
	})
}

func TestTakenAndAnOnlineMemberInABrowser(t *testing.T) {
	h := build(t, sqldbtest.New(t))
	r, p := h.member("Nadia")
	h.notice(task.Task{Kind: task.LooksAlike, Object: "customer:" + r.CustomerID, Facts: []task.Fact{{Key: "task.fact.other", Value: "25280000000029"}}})
	h.pass(time.Minute)
	h.notice(task.Task{Kind: task.Stuck, Object: "payment:" + p.ID, Cents: 4500, Facts: []task.Fact{{Key: "task.fact.reason", Value: "timeout"}}})
	b := h.desk(t, webtest.Start(t))
	signIn(b)
	b.Want("Er wachten 2 taken, waaronder € 45,00.", "Taken (2)", "online")
	b.Look("desk-balie-taken")
	b.Press("Bekijk de taken")
	b.Want("Lijkt op iemand die we kennen", "Dit gaat over geld.")
	b.Look("desk-taken")
	b.Press("Afhandelen")
	b.Look("desk-taak")
	b.Press("Afgehandeld")
	b.Want("Schrijf in 5 tot 500 tekens op wat je hebt gedaan.")
	b.Look("desk-taak-fout")
	b.Fill("Wat heb je gedaan?", "Nummers vergeleken: iemand anders.")
	b.Press("Afgehandeld")
	b.Want("De taak is afgehandeld.", "Taken (1)")
	b.Press("Laatst afgehandeld")
	b.Want("“Nummers vergeleken: iemand anders.”")
	b.Look("desk-taken-afgehandeld")
	b.Press("Lijkt op iemand die we kennen")
	b.Want("Afgehandeld door Anja de Boer")
	b.Look("desk-taak-klaar")
	b.Press("Nadia, N.")
	b.Want("online ingeschreven op 23 november 2026", "Online betalingen")
	b.Look("desk-klant-online")
	b.Press("Herroepen")
	b.Look("desk-herroepen")
	b.Press("Ja, herroep")
	b.Want("De overeenkomst is herroepen.", "Tegoed € 45,00 (wordt teruggestort)")
	b.Look("desk-klant-herroepen")
	b.Press("Financieel")
	b.Want("Online ontvangen vandaag: 1 betaling")
	b.Look("desk-financieel-online")
	h.do(func(tx *sqldb.Tx) error { return task.Resolve(tx, task.Stuck, "payment:"+p.ID) })
	b.Press("Taken")
	b.Want("Er wachten geen taken.")
	b.Look("desk-taken-leeg")
}

package mine_test

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/adapter/testbank"
	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/library/ledger"
	"lidwoord/library/membership"
	"lidwoord/library/payment"
	"lidwoord/library/registration"
	"lidwoord/library/task"
)

func TestWhoIsSignedInWithdrawsWithOneButton(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.join(h.visitor("zoe"), h.bind, nil)
		b := h.as(visitorOf(h, r))
		at := "/herroepen/" + r.ID
		b.get(at).want(t, 200, "Je hebt bedenktijd tot en met 7 december 2026", "Digital only, Bind bibliotheken", "€ 45,00", "Je abonnement stopt meteen", "binnen 14 dagen terug", ">Herroeping bevestigen</button>")
		if !h.found(r.ID).WithdrawnAt.IsZero() {
			t.Error("looking withdrew")
		}
		h.pass(time.Hour)
		b.post(at).want(t, 200, "<h1>Je overeenkomst is herroepen", "maandag 23 november 2026 om 10:30:07 uur", "Je abonnement is gestopt", "Al je geld gaat", "zoe@voorbeeld.nl").lacks(t, "Herroeping bevestigen")
		h.pass(time.Hour)
		for _, again := range []page{b.post(at), b.get(at)} { // what came of it, and when
			again.want(t, 200, "<h1>Je overeenkomst was al herroepen", "om 10:30:07 uur").lacks(t, "Herroeping bevestigen")
		}
		b.get(at+"?taal=en").want(t, 200, "You had already withdrawn from the contract", "on Monday 23 November 2026 at 10:30:07.")
		b.get("/?taal=nl").want(t, 200, "Herroepen", "Je hebt deze overeenkomst herroepen", "€ 45,00 is onderweg terug naar je rekening", "Word weer lid").
			lacks(t, "/lezen/inloggen", "/mijn/herroepen/", "/mijn/opzeggen/", "krijgt nog")
		h.payBack()
		h.as(visitorOf(h, r)).get("").want(t, 200, "Online terugbetaald", "-€ 45,00").lacks(t, "onderweg")
		if n := len(h.letters("registration.withdrawal", "zoe@voorbeeld.nl")); n != 1 {
			t.Errorf("%d letters of receipt, want one", n)
		}
	})
}

func TestWithdrawingEndsWithTheCoolingOffPeriod(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.join(h.visitor("zoe"), h.bind, nil)
		at := "/herroepen/" + r.ID
		h.clock(time.Date(2026, 12, 7, 23, 59, 59, 0, day.Amsterdam))
		h.as(visitorOf(h, r)).get(at).want(t, 200, "Herroeping bevestigen")
		h.clock(time.Date(2026, 12, 8, 0, 0, 0, 0, day.Amsterdam))
		b := h.as(visitorOf(h, r))
		b.get(at).want(t, 200, "<h1>De bedenktijd is voorbij", "tot en met 7 december 2026", "/mijn/opzeggen/"+r.MembershipID).lacks(t, "Herroeping bevestigen", "Ontvangen op")
		// Whoever had the page open still says it, and gets a receipt for that.
		b.post(at).want(t, 200, "<h1>De bedenktijd is voorbij", "om 00:00:00 uur", "zoe@voorbeeld.nl")
		if !h.found(r.ID).WithdrawnAt.IsZero() || len(h.letters("registration.withdrawal", "zoe@voorbeeld.nl")) != 1 {
			t.Error("withdrawn too late, or no receipt")
		}
	})
}

func TestAFreeMembershipIsWithdrawnFromWithoutMoney(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.join(h.visitor("kim"), h.bind, map[string][]string{"geboortedatum": {"1-2-2009"}})
		b := h.as(visitorOf(h, r))
		b.get("/herroepen/"+r.ID).want(t, 200, "Gratis").lacks(t, "geld")
		b.post("/herroepen/"+r.ID).want(t, 200, "Je overeenkomst is herroepen").lacks(t, "geld")
	})
}

func TestSixteenPressesWithdrawOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.join(h.visitor("zoe"), h.bind, nil)
		b := h.as(visitorOf(h, r))
		said := make([]string, 16)
		var all sync.WaitGroup
		for i := range said {
			all.Go(func() {
				p := b.post("/herroepen/" + r.ID)
				said[i] = fmt.Sprintf("%d %s", p.StatusCode, regexp.MustCompile(`<h1>(.*)</h1>`).FindString(p.body))
			})
		}
		all.Wait()
		first, again := 0, 0
		for _, s := range said {
			switch {
			case s == "200 <h1>Je overeenkomst is herroepen</h1>":
				first++
			case s == "200 <h1>Je overeenkomst was al herroepen</h1>":
				again++
			default:
				t.Errorf("a press hears %q", s)
			}
		}
		if first != 1 || again != 15 {
			t.Errorf("%d withdrew and %d were told that it was done, want 1 and 15", first, again)
		}
		h.undoneOnce(r)
	})
}

// undoneOnce holds that a contract was undone and its money goes back, once.
func (h *house) undoneOnce(r registration.Registration) {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) error {
		p, _, err := payment.Used(tx, r.ID)
		if err != nil {
			return err
		}
		refunds, err := payment.RefundsOf(tx, p.ID)
		if err != nil {
			return err
		}
		if len(refunds) != 1 || refunds[0].Cents != 4500 {
			h.t.Errorf("goes back: %+v", refunds)
		}
		rights, err := membership.RightsOf(tx, r.CustomerID, day.Of(tx.Now))
		if rights.Digital {
			h.t.Error("the rights go on")
		}
		return err
	})
	if h.count("withdrawal") != 1 || len(h.letters("registration.withdrawal", "zoe@voorbeeld.nl")) != 1 {
		h.t.Errorf("%d statements, %d letters", h.count("withdrawal"), len(h.letters("registration.withdrawal", "zoe@voorbeeld.nl")))
	}
	h.payBack()
	h.do(func(tx *sqldb.Tx) error {
		open, err := ledger.Balance(tx, r.CustomerID)
		if open != 0 {
			h.t.Errorf("%s is open afterwards", open)
		}
		return err
	})
}

// said takes out of a page what is of this very statement.
func said(p page, number, name, email string) string {
	return strings.NewReplacer(number, "NUMMER", name, "NAAM", email, "EMAIL").Replace(p.body)
}

func TestAnybodyMayWithdrawAndNobodyLearnsWhoIsAMember(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.join(h.visitor("zoe"), h.bind, nil)
		number := h.customer(r.CustomerID).Number
		b := h.stranger()
		b.get("/herroepen").want(t, 200, "14 dagen bedenktijd", "bewijs van ontvangst", "Klantnummer", "info@bind.example").lacks(t, "/mijn/herroepen/")
		b.post("/herroepen").want(t, 422, "Nog even nakijken", `aria-invalid="true"`)

		// Filling in is not withdrawing: that is the second button.
		b.post("/herroepen", "klantnummer", number, "naam", "E.B. Zoe", "email", "zoe@voorbeeld.nl").
			want(t, 200, "<h1>Klopt dit?", number, "E.B. Zoe", "zoe@voorbeeld.nl", ">Herroeping bevestigen</button>")
		b.post("/herroepen", "klantnummer", number, "naam", "E.B. Zoe", "email", "zoe@voorbeeld.nl", "doe", "wijzigen").want(t, 200, `value="E.B. Zoe"`, "<h1>Overeenkomst herroepen")
		if h.count("withdrawal") != 0 || !h.found(r.ID).WithdrawnAt.IsZero() {
			t.Fatal("withdrawn before the second button")
		}
		var pages []string
		for _, s := range [][3]string{
			{number, "E.B. Zoe", "zoe@voorbeeld.nl"},   // fits
			{number, "E.B. Zoe", "zoe@voorbeeld.nl"},   // was undone by now
			{number, "P. Jansen", "piet@voorbeeld.nl"}, // another name and address
			{"25280999999999", "Niemand", "niemand@voorbeeld.nl"},
		} {
			p := b.post("/herroepen/bevestigen", "klantnummer", s[0], "naam", s[1], "email", s[2])
			p.want(t, 200, "<h1>We hebben je herroeping ontvangen", "maandag 23 november 2026 om 09:30:07 uur", s[0], s[1], s[2])
			pages = append(pages, said(p, s[0], s[1], s[2]))
			if len(h.letters("registration.withdrawal", s[2])) == 0 {
				t.Errorf("no letter for %v", s)
			}
		}
		for i, p := range pages {
			if p != pages[0] {
				t.Errorf("statement %d is answered differently:\n%s\n%s", i, pages[0], p)
			}
		}
		if h.found(r.ID).WithdrawnAt.IsZero() {
			t.Error("the first statement fits, and nothing was undone")
		}
		h.do(func(tx *sqldb.Tx) error {
			n, _, err := task.Count(tx, h.bind.ID)
			if n != 2 {
				t.Errorf("%d statements wait for a worker, want two", n)
			}
			return err
		})
		// A wrong address sends nobody anything.
		b.post("/herroepen/bevestigen", "klantnummer", number, "naam", "Zoe", "email", "zoe").want(t, 422, "Vul een e-mailadres in")
		// Opened as a page, as the other language does, the second address leads to the form.
		b.get("/herroepen/bevestigen?taal=en").want(t, 200, "<h1>Withdraw from the contract")
	})
}

func TestANumberThatCannotBeOneIsPointedOutAndStillCounts(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.join(h.visitor("zoe"), h.bind, nil)
		number := h.customer(r.CustomerID).Number
		spaced := number[:5] + " " + number[5:9] + " " + number[9:]
		slip := number[:13] + string('0'+(number[13]-'0'+1)%10)
		b := h.stranger()
		for typed, says := range map[string]string{number: "", spaced: "", number[:12]: "Een klantnummer heeft 14 cijfers. Klopt dit nummer?", slip: "lijkt een cijfer niet te kloppen"} {
			p := b.post("/herroepen", "klantnummer", typed, "naam", "E.B. Zoe", "email", "zoe@voorbeeld.nl").want(t, 200, says, ">Herroeping bevestigen</button>")
			if says == "" {
				p.lacks(t, "Nummer verbeteren", `role="alert"`)
			} else {
				p.want(t, 200, "Nummer verbeteren")
			}
		}
		b.post("/herroepen/bevestigen", "klantnummer", slip, "naam", "E.B. Zoe", "email", "zoe@voorbeeld.nl").want(t, 200, "We hebben je herroeping ontvangen")
		b.post("/herroepen/bevestigen", "klantnummer", spaced, "naam", "E.B. Zoe", "email", "zoe@voorbeeld.nl").want(t, 200, "We hebben je herroeping ontvangen")
		if h.found(r.ID).WithdrawnAt.IsZero() {
			t.Error("a number with spaces fits no contract")
		}
	})
}

func TestStatementsToOneMailboxSlowDown(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.stranger()
		for range 4 {
			b.post("/herroepen/bevestigen", "klantnummer", "1", "naam", "A", "email", "a@voorbeeld.nl").want(t, 200)
		}
		b.post("/herroepen/bevestigen", "klantnummer", "1", "naam", "A", "email", "a@voorbeeld.nl").want(t, 422, "seconden", `value="a@voorbeeld.nl"`)
	})
}

func TestAStatementAndTheButtonAtOnceWithdrawOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.join(h.visitor("zoe"), h.bind, nil)
		number := h.customer(r.CustomerID).Number
		b, stranger := h.as(visitorOf(h, r)), h.stranger()
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { b.post("/herroepen/" + r.ID) })
			all.Go(func() {
				stranger.post("/herroepen/bevestigen", "klantnummer", number, "naam", "Zoe", "email", "zoe@voorbeeld.nl")
			})
		}
		all.Wait()
		h.do(func(tx *sqldb.Tx) error {
			p, _, err := payment.Used(tx, r.ID)
			if err != nil {
				return err
			}
			refunds, err := payment.RefundsOf(tx, p.ID)
			if len(refunds) != 1 {
				t.Errorf("goes back: %+v", refunds)
			}
			return err
		})
	})
}

func TestAVisitorSeesTheirContractsOnTheOpenForm(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.join(h.visitor("zoe"), h.bind, nil)
		h.as(visitorOf(h, r)).get("/herroepen").want(t, 200, "/mijn/herroepen/"+r.ID, "Herroep Digital only (bedenktijd tot en met 7 december 2026)")
	})
}

func TestAReceiptTellsWhatWasPaidAndWhatWentBack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.join(h.visitor("zoe"), h.bind, nil)
		b := h.as(visitorOf(h, r))
		at := "/bon/" + r.ID
		b.get(at).want(t, 200, "Bewijs van inschrijving "+r.ID[:4]+"-"+r.ID[4:8], "Bind bibliotheken", "Brink 1, 9401 HS Assen", "KvK 12345678", "E.B. Zoe", "Kruisstraat 41", "23 november 2026",
			"Digital only", "23 november 2026 tot en met 30 november 2027", "€ 45,00", "Betaald op 23 november 2026", "(testbank)", at+".pdf")
		pdf := b.get(at + ".pdf")
		if pdf.StatusCode != 200 || !strings.HasPrefix(pdf.body, "%PDF-") || pdf.Header.Get("Content-Type") != "application/pdf" || pdf.Header.Get("Cache-Control") != "no-store" ||
			!strings.Contains(pdf.Header.Get("Content-Disposition"), "bewijs-van-inschrijving-"+r.ID[:4]) {
			t.Errorf("%d %v %.20q", pdf.StatusCode, pdf.Header, pdf.body)
		}
		b.post("/herroepen/" + r.ID)
		b.get(at).want(t, 200, "Gaat terug, gevraagd op 23 november 2026", "herroepen op 23 november 2026")
		h.payBack()
		b.get(at).want(t, 200, "Terugbetaald op 23 november 2026")
		b.get(at+"?taal=en").want(t, 200, "Receipt "+r.ID[:4], "Refunded on 23 November 2026")
		b.get(at+".pdf").want(t, 200)
	})
}

func TestAReceiptTellsOfMoneyThatTheBankTookBack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.join(h.visitor("zoe"), h.bind, nil)
		var p payment.Payment
		h.do(func(tx *sqldb.Tx) (err error) { p, _, err = payment.Used(tx, r.ID); return err })
		h.pass(48 * time.Hour)
		h.choose(p.ID, testbank.ChargedBack)
		b := h.as(visitorOf(h, r))
		b.get("/bon/"+r.ID).want(t, 200, "Door je bank teruggehaald")
		b.get("/bon/"+r.ID+".pdf").want(t, 200)
		b.get("").want(t, 200, "Er staat nog € 45,00 open", "Online terugbetaald")
	})
}

func TestThePaymentsOfTheDeskAreThereWithoutItsSlips(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.join(h.visitor("zoe"), h.bind, nil)
		h.do(func(tx *sqldb.Tx) error {
			c, err := customer.Find(tx, r.CustomerID)
			if err != nil {
				return err
			}
			b := ledger.Booking{CustomerID: c.ID, Cents: 1200, Text: "Te laat", BranchID: c.BranchID, StaffID: "1", Subject: ledger.LateFee}
			if _, err := ledger.Charge(tx, b, 35); err != nil {
				return err
			}
			b.Cents = 500
			slip, err := ledger.Pay(tx, b, ledger.Pin)
			if err != nil {
				return err
			}
			if _, err := ledger.Undo(tx, slip.ID, ledger.WrongMethod, b); err != nil {
				return err
			}
			b.Cents = 700
			_, err = ledger.Pay(tx, b, ledger.Cash)
			return err
		})
		h.as(visitorOf(h, r)).get("").want(t, 200, "Contant betaald", "€ 7,00", "Er staat nog € 5,00 open").lacks(t, "Betaald met pin", "Terugbetaald op je rekening")
	})
}

package signup_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/adapter/testbank"
	"lidwoord/base/money"
	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/membership"
	"lidwoord/library/payment"
)

func TestTheCheckShowsAllAnswersAndWhatTheyCost(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.as(h.visitor("emma")).fill("Tester", "4-1-1991")
		b.get(check).want(200, "Controleer je gegevens", "E.B. Tester", "4 januari 1991", "Kruisstraat 41", "9468 BG Annen", "tester@voorbeeld.nl", "Nieuwsbrief Nee", "emma",
			"Digital only", "23 november 2026 t/m 30 november 2027", "€ 45,00", "stopt dan vanzelf", "Wil je daarna verder? Dan kies je zelf voor een nieuwe periode.",
			"14 dagen bedenktijd, tot en met 7 december 2026", "Je krijgt al je geld terug", "Bestellen en betalen")
		b.lang = "en"
		b.get(check).want(200, "Check your details", "4 January 1991", "You can change your mind for 14 days, up to and including 7 December 2026", "Order and pay")
	})
}

func TestTheButtonLeadsToTheBankOnceHoweverOftenItIsPressed(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		emma := h.visitor("emma")
		b := h.as(emma).fill("Tester", "4-1-1991")
		seen := b.get(check).seen()
		var all sync.WaitGroup
		to := make([]string, 16)
		for i := range to {
			all.Go(func() { to[i] = b.post(check, "gezien", seen).to })
		}
		all.Wait()
		for _, at := range to {
			if at != to[0] || !strings.Contains(at, "/dev/bank/tb_") {
				t.Fatalf("sixteen presses lead to %q", to)
			}
		}
		if list := h.payments(); len(list) != 1 || list[0].State != payment.Open || list[0].Cents != 4500 {
			t.Errorf("sixteen presses made %+v", list)
		}

		// The form takes no changes while its payment is under way.
		for _, page := range []string{"naam", "geboortedatum", "adres", "contact", "verder"} {
			b.get(form + page).leads(check)
		}
		b.post(form+"naam", "achternaam", "Anders").leads(check)
		b.get(check).want(200, "Je betaling is nog niet klaar", "We hebben nog geen bericht van de bank.", "€ 45,00 voor Digital only", "Iets wijzigen", "Ik wil toch niet").lacks("Wijzig", "moet nog")
		if p := b.post(check); p.to != to[0] { // Verder met betalen
			t.Errorf("going on leads to %q", p.to)
		}
	})
}

func TestAPaymentIsStoppedToChangeTheForm(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		emma := h.visitor("emma")
		b := h.as(emma).fill("Tester", "4-1-1991")
		b.post(form + "stop").leads(check) // nothing to stop: nothing happens
		first := b.order()
		b.post(form + "stop").leads(check)
		b.get(check).want(200, "Controleer je gegevens", "E.B. Tester")
		if p := h.payment(first); p.State != payment.Cancelled {
			t.Errorf("the payment is %s", p.State)
		}
		b.post(form+"naam", "wijzig", "1", "achternaam", "Anders").leads(check)
		if second := b.order(); second == first {
			t.Error("a payment that was stopped goes on")
		}
		b.get("/bind/betaling/"+first).want(200, "Je betaling is gestopt")
	})
}

// Who will not after all throws the form away, at the library's page or where the
// payment waits; money that comes all the same goes back.
func TestAnOrderIsGivenUpWithItsPayment(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		emma := h.visitor("emma")
		b := h.as(emma).fill("Tester", "4-1-1991")
		id := b.order()
		b.get("/bind").want(200, "Je bent al begonnen", "Ik wil toch niet")
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() { b.post(form + "weg").leads("/bind") })
		}
		all.Wait()
		if p := h.payment(id); p.State != payment.Cancelled {
			t.Errorf("the payment is %s", p.State)
		}
		b.get("/bind").want(200, "Je inschrijving is gestopt.").lacks("Je bent al begonnen")
		b.get(check).leads("/bind")
		h.pays(id, "paid")
		if p := h.payment(id); p.State != payment.Paid || p.Surplus == "" {
			t.Errorf("money for what was given up: %+v", p)
		}
		b.get("/bind").want(200).lacks("Je bent lid")

		// Paid a moment before: then it is no longer theirs to throw away.
		id = b.fill("Tester", "4-1-1991").order()
		h.pays(id, "paid")
		b.post(form + "weg").leads("/bind")
		b.get("/bind").want(200, "Je bent lid").lacks("Je inschrijving is gestopt.")
	})
}

// Back from a payment that did not work one press is enough, unless something has
// changed that was not seen.
func TestAPaymentIsTriedAgainAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.as(h.visitor("emma")).fill("Tester", "4-1-1991")
		first := b.order()
		h.pays(first, "failed")
		at := "/bind/betaling/" + first
		seen := b.get(at).want(200, "Wat je had ingevuld, is bewaard.").seen()
		h.pass(time.Second)
		if p := b.post(check, "gezien", seen); !strings.Contains(p.to, "/dev/bank/") {
			t.Fatalf("trying again leads to %d %q", p.status, p.to)
		}
		b.get(at).want(200, "Probeer opnieuw te betalen").lacks(`name="gezien"`) // another payment is under way
		second := h.payments()[0].ID
		h.pays(second, "cancelled")
		at = "/bind/betaling/" + second
		b.get(at).seen()
		price := func(cents money.Cents, sold bool) func() {
			return func() { h.change("0141", func(d *membership.Definition) { d.Price, d.Active = cents, sold }) }
		}
		for _, c := range []struct {
			what         string
			change, back func()
		}{
			{"the price", price(4750, true), price(4500, true)},
			{"the list", price(4500, false), price(4500, true)},
			{"the form", func() { h.pass(time.Second); b.post(form+"naam", "achternaam", "Anders") }, func() {}},
		} {
			c.change()
			b.get(at).want(200, "Je betaling is gestopt", "Probeer opnieuw te betalen", "Ik wil toch niet").lacks(`name="gezien"`)
			c.back()
		}
		h.pays(b.order(), "paid")
		b.get(at).want(200, "Je bent intussen lid.").lacks("nog niets betaald", "Probeer opnieuw")
	})
}

func TestAPriceThatChangedIsShownBeforeItIsPaid(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.as(h.visitor("emma")).fill("Tester", "4-1-1991")
		seen := b.get(check).seen()
		h.change("0141", func(d *membership.Definition) { d.Price = 4750 })
		for _, old := range []string{seen, "", "verzonnen"} {
			b.stopped("gezien", old).want(200, "Je bent nog niet ingeschreven", "De kosten of de duur zijn veranderd sinds je ze zag.", "€ 47,50").lacks("€ 45,00")
		}
		if len(h.payments()) != 0 {
			t.Error("an old price was paid")
		}
		b.lang = "en"
		b.stopped("gezien", seen).want(200, "The cost or the term has changed since you saw it.", "€ 47,50")
		b.order()
		if p := h.payments()[0]; p.Cents != 4750 {
			t.Errorf("the bank asks %s", p.Cents)
		}
	})
}

func TestWhoLooksLikeAMemberIsStoppedAndNobodyIsNamed(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.pays(h.as(h.visitor("emma")).fill("Tester", "4-1-1991").order(), "paid")
		number := ""
		h.do(func(tx *sqldb.Tx) error {
			found, err := customer.Search(tx, h.bind.ID, "tester@voorbeeld.nl", 2)
			if err == nil {
				number = found.Rows[0].Number
			}
			return err
		})
		b := h.as(h.visitor("iemand"))
		b.post("/bind/0141")
		b.post(form+"naam", "voorletters", "e", "achternaam", "tester")
		b.post(form+"geboortedatum", "dag", "4", "maand", "1", "jaar", "1991")
		b.post(form+"adres", "postcode", "9468 bg", "huisnummer", "41")
		b.post(form+"contact", "email", "iemand@voorbeeld.nl").leads(check)
		p := b.get(check).want(200)
		for range 3 {
			b.stopped("gezien", p.seen()).want(200, "Met deze gegevens kunnen we je online niet inschrijven.", "Je bent nog niet ingeschreven", "Bel of mail ons: 0592 123456 info@bind.example").
				lacks("E.B. Tester", "tester@voorbeeld.nl", number)
		}
		if len(h.payments()) != 1 {
			t.Error("a second payment began")
		}
		letters := 0
		h.do(func(tx *sqldb.Tx) error {
			letters = 0
			list, err := outbox.Recent(tx, 100)
			for _, l := range list {
				if l.Mail.To == "tester@voorbeeld.nl" && strings.Contains(l.Mail.Kind, "known") {
					letters++
				}
				if l.Mail.To == "iemand@voorbeeld.nl" {
					t.Errorf("whoever asks is told by mail: %s", l.Mail.Subject)
				}
			}
			return err
		})
		if letters != 1 {
			t.Errorf("%d letters to the one we know", letters)
		}
	})
}

func TestWithoutAPaymentProviderNothingIsLost(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		emma := h.visitor("emma")
		b := h.as(emma).fill("Tester", "4-1-1991")
		h.cashier.Use = ""
		p := b.get(check)
		b.stopped("gezien", p.seen()).want(200, "Online betalen lukt nu niet. Er is niets betaald.", "E.B. Tester", "Bestellen en betalen")
		b.get(check).want(200, "Controleer je gegevens")
		h.cashier.Use = "testbank"
		b.order()
	})
}

func TestAProviderThatIsSilentIsAskedAgain(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.as(h.visitor("emma")).fill("Tester", "4-1-1991")
		p := b.get(check)
		h.line.set(true, false)
		b.stopped("gezien", p.seen()).want(200, "De betaaldienst geeft nu geen antwoord. Er is niets betaald.", "Je betaling is nog niet klaar", "Verder met betalen")
		b.lang = "en"
		b.stopped().want(200, "The payment service does not answer now.", "Continue to payment")
		h.line.set(false, false)
		if p := b.post(check); !strings.Contains(p.to, "/dev/bank/") {
			t.Errorf("asked again it leads to %d %q", p.status, p.to)
		}
		if len(h.payments()) != 1 {
			t.Errorf("%d payments", len(h.payments()))
		}
	})
}

func TestAChildJoinsWithoutPaying(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		pim := h.visitor("pim")
		b := h.as(pim).fill("Bakker", "1-2-2015")
		seen := b.get(check).want(200, "€ 0,00", "Gratis. Je hoeft niets te betalen.", "Je bent jonger dan 18. Daarom is het gratis.").lacks("Bestellen en betalen", "iDEAL", "Wsob", "Betalen").seen()
		h.cashier.Use = "" // no bank is needed for it
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() { b.post(check, "gezien", seen).leads("/bind/aanvraag/lid") })
		}
		all.Wait()
		b.get("/bind/aanvraag/lid").want(200, "Je bent nu lid", "pim@voorbeeld.nl", "Gratis. Je hoeft niets te betalen.").lacks("geld terug")
		h.do(func(tx *sqldb.Tx) error {
			list, err := customer.FindByAccount(tx, pim.AccountID)
			if len(list) != 1 {
				t.Errorf("sixteen presses made %d members", len(list))
			}
			return err
		})
	})
}

func TestComingBackFromTheBank(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		emma := h.visitor("emma")
		own, stranger := h.as(emma), h.browser()
		own.fill("Tester", "4-1-1991")
		secretive := []string{"E.B. Tester", "tester@voorbeeld.nl", "25280000", "Klantnummer"}
		for choice, says := range map[testbank.Choice]string{"failed": "Je betaling is niet gelukt", "cancelled": "Je betaling is gestopt", "expired": "Je betaling is verlopen"} {
			id := own.order()
			at := "/bind/betaling/" + id
			stranger.get("/betaling/" + id).leads(at) // the bank knows the payment only
			own.get(at).want(200, "We wachten op de bank", "Ik heb nog niet betaald")
			stranger.get(at).want(200, "We wachten op de bank").lacks("Ik heb nog niet betaald").lacks(secretive...)
			h.pays(id, choice)
			own.get(at).want(200, says, "Er is nog niets betaald. Je zit nergens aan vast.", "Probeer opnieuw te betalen", "Bekijk eerst mijn gegevens", "Ik wil toch niet", "0592 123456")
			stranger.get(at).want(200, says, "Probeer opnieuw te betalen").lacks("Bekijk eerst", "Ik wil toch niet").lacks(secretive...)
			own.get(form + "verder").leads(check)
			own.get(check).want(200, "Controleer je gegevens")
		}
		id := own.order()
		at := "/bind/betaling/" + id
		h.pays(id, "paid")
		for range 3 { // only reads
			own.get(at).want(200, "Je bent nu lid", "Klantnummer", "emma", "30 november 2027", "emma@voorbeeld.nl")
		}
		stranger.get(at).want(200, "Je bent nu lid", "Digital only", "staan in de mail").lacks(secretive...)
		h.as(h.visitor("ander")).get(at).want(200, "Je bent nu lid").lacks(secretive...)
		own.lang = "en"
		own.get(at).want(200, "You are now a member", "Customer number", "You can cancel for a full refund up to and including 7 December 2026")

		h.withdraws(id)
		own.lang = "nl"
		own.get(at).want(200, "Je hebt deze overeenkomst herroepen").lacks("Je bent nu lid", "Klantnummer")
	})
}

func TestMoneyWithoutUseIsSaidToGoBack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		emma := h.visitor("emma")
		b := h.as(emma).fill("Tester", "4-1-1991")
		first := b.order()
		h.pays(first, "expired")
		second := b.order()
		h.pays(second, "paid")
		h.pays(first, "paid_after_all")
		b.get("/bind/betaling/"+first).want(200, "Je krijgt je geld terug", "Je bent lid. Je hebt een keer te veel betaald: € 45,00", "Naar de Online Bibliotheek")
		h.browser().get("/bind/betaling/"+first).want(200, "Je krijgt je geld terug", "We kregen € 45,00").lacks("Je bent lid", "Klantnummer", "Naar de Online Bibliotheek")
		b.get("/bind/betaling/"+second).want(200, "Je bent nu lid")
	})
}

func TestAPaymentThatNobodyKnowsHasNoPage(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.as(h.visitor("emma")).fill("Tester", "4-1-1991")
		id := b.order()
		h.library(branch.Organisation{Slug: "ver", Name: "Verre bibliotheken"}, "9000")
		for _, path := range []string{"/bind/betaling/ONBEKEND", "/bind/betaling/" + id[:20], "/ver/betaling/" + id, "/nergens/betaling/" + id, "/betaling/ONBEKEND", "/bind/betaling/%00"} {
			b.get(path).want(404).lacks("Digital only", "€")
		}
	})
}

func TestAWebhookIsAnsweredAlikeAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.as(h.visitor("emma")).fill("Tester", "4-1-1991")
		id := b.order()
		provider := h.payment(id).ProviderID
		h.line.set(false, true) // the provider hangs; it is not waited for
		defer h.line.set(false, false)
		hook := h.browser()
		for _, at := range []string{"/haak/testbank", "/haak/mollie", "/haak/x"} {
			for _, body := range []url.Values{{"id": {provider}}, {"id": {provider}}, {"id": {"tr_onbekend"}}, {"id": {""}}, {}, {"id": {strings.Repeat("a", 5000)}}, {"id": {"a\x00b"}}, {"id": {"\xff"}}, {"x": {strings.Repeat("a", 300<<10)}}} {
				began := time.Now()
				p := hook.send("POST", at, body)
				if p.status != 200 || p.body != "" || len(p.answer.Cookies()) != 0 || p.header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s %.40q: %d %q %v", at, body.Encode(), p.status, p.body, p.answer.Cookies())
				}
				if took := time.Since(began); took > time.Second {
					t.Errorf("%s %.40q took %s", at, body.Encode(), took)
				}
			}
		}
		if p := h.payment(id); p.State != payment.Open {
			t.Errorf("webhooks made the payment %s", p.State)
		}
		hook.get("/haak/testbank").want(404)
		for _, method := range []string{http.MethodPut, http.MethodDelete} {
			if p := hook.send(method, "/haak/testbank", nil); p.status != 405 && p.status != 404 {
				t.Errorf("%s is answered %d", method, p.status)
			}
		}
		h.line.set(false, false)
		h.pays(id, "paid")
		hook.send("POST", "/haak/testbank", url.Values{"id": {provider}}).want(200)
		b.get("/bind/betaling/"+id).want(200, "Je bent nu lid")
	})
}

// What people typed and who they are stays out of the log.
func TestTheLogTellsNobody(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.as(h.visitor("emma")).fill("Tester", "4-1-1991")
		id := b.order()
		h.pays(id, "paid")
		b.get("/bind/betaling/" + id).want(200)
		h.line.Wait()
		log := h.log.String()
		for _, said := range []string{"Tester", "voorbeeld.nl", "9468", "Kruisstraat", id, "emma"} {
			if strings.Contains(log, said) {
				t.Errorf("the log tells %q:\n%s", said, log)
			}
		}
		if !strings.Contains(log, "/{library}/betaling/{payment}") {
			t.Errorf("the log holds no requests: %s", log)
		}
	})
}

// Whoever changes something stops a payment, and may pay it all the same in the tab
// of the bank that is still open: coming back they must not read that nothing was
// paid, and pay again.
func TestAPaymentThatEndedIsAskedAfterOnceMore(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		own := h.as(h.visitor("emma"))
		own.fill("Tester", "4-1-1991")
		id := own.order()
		at := "/bind/betaling/" + id
		h.pays(id, "cancelled")
		own.get(at).want(200, "Je betaling is gestopt", "nog niets betaald")
		h.pass(30 * time.Second)
		own.get(at).want(200, "We wachten op de bank").lacks("nog niets betaald")
		own.get(at+"?gevraagd=1").want(200, "Je betaling is gestopt", "nog niets betaald")
		h.pays(id, "paid_after_all")
		own.get(at+"?gevraagd=1").want(200, "Je bent nu lid")
		own.get(at).want(200, "Je bent nu lid")
	})
}

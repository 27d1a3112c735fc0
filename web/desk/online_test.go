package desk_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/enrol/enroltest"
	"lidwoord/library/payment"
	"lidwoord/library/registration"
)

// bank is a payment provider that keeps its books in a map.
type bank struct {
	sync.Mutex
	books  map[string]*payment.Outcome
	closed bool // the payers' accounts are: no refund leaves
}

func (b *bank) Begin(_ context.Context, o payment.Order) (payment.Begun, error) {
	b.Lock()
	defer b.Unlock()
	id := "tr_" + o.Key
	if b.books[id] == nil {
		b.books[id] = &payment.Outcome{State: payment.Open, Cents: o.Cents}
	}
	return payment.Begun{ID: id, Checkout: "https://bank.example/" + id}, nil
}

func (b *bank) Outcome(_ context.Context, id string) (payment.Outcome, error) {
	b.Lock()
	defer b.Unlock()
	o := *b.books[id]
	o.Refunds = append([]payment.Refunded(nil), o.Refunds...)
	return o, nil
}

func (b *bank) Refund(_ context.Context, id string, r payment.RefundOrder) (payment.Refunded, error) {
	b.Lock()
	defer b.Unlock()
	o, made := b.books[id], payment.Refunded{ID: "re_" + r.Key, Key: r.Key, Cents: r.Cents, State: payment.Done}
	if b.closed {
		made.State = payment.RefundFailed
	}
	o.Refunds = append(o.Refunds, made)
	return made, nil
}

// change alters what the bank says of a payment.
func (b *bank) change(paymentID string, f func(*payment.Outcome)) {
	b.Lock()
	defer b.Unlock()
	f(b.books["tr_"+paymentID])
}

// openOnline gives the library its way in on the web.
func (h *house) openOnline(office enrol.Office) {
	h.t.Helper()
	page := func(id string) string { return "https://lid.example/" + id }
	var err error
	h.site.Registrations, err = registration.New(office, func() string { return "bank" }, registration.Links{
		Reading: page("lezen"), Mine: page("mijn"), Withdraw: page("herroepen"), Receipt: page, Register: page,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.bank = &bank{books: map[string]*payment.Outcome{}}
	h.cashier = &payment.Cashier{DB: h.DB, Providers: map[string]payment.Provider{"bank": h.bank}, Use: "bank", Orders: h.site.Registrations,
		Return: page, Webhook: page, Log: slog.New(slog.DiscardHandler)}
}

// order is somebody who makes a login account and orders a membership on the web.
func (h *house) order(name, code string) (v registration.Visitor, made registration.Result) {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) error {
		email := strings.ToLower(name) + "@example.nl"
		id, _, err := enroltest.Town{}.Open(tx, enrol.Opening{Username: name, Email: email, Lang: words.NL})
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE town_account SET active = TRUE WHERE id = $1`, id); err != nil {
			return err
		}
		v = registration.Visitor{AccountID: id, Username: name, Email: email, EmailVerified: true, Lang: words.NL}
		r, err := registration.Begin(tx, v, h.lib, code)
		if err != nil {
			return err
		}
		r.App.Initials, r.App.Surname, r.App.Birth, r.App.Newsletter = "N.", name, "2-3-1980", enrol.No
		r.App.Postcode, r.App.HouseNumber, r.App.Street, r.App.Place = "9468 BG", "12", "Kruisstraat", "Annen"
		if r, err = registration.Keep(tx, r, r.App); err != nil {
			return err
		}
		_, agreed, err := registration.Agree(tx, r)
		if err != nil {
			return err
		}
		made, err = h.site.Registrations.Order(tx, v, h.lib, agreed.BuildUp.Digest())
		return err
	})
	return v, made
}

// paid has the payer go to the bank and pay.
func (h *house) paid(paymentID string) payment.Payment {
	h.t.Helper()
	if _, err := h.cashier.Checkout(h.t.Context(), paymentID); err != nil {
		h.t.Fatal(err)
	}
	return h.settle(paymentID)
}

// settle has the bank take the money of a payment that it knows.
func (h *house) settle(paymentID string) payment.Payment {
	h.t.Helper()
	h.bank.change(paymentID, func(o *payment.Outcome) {
		o.State, o.Method, o.PaidAt = payment.Paid, "iDEAL | Wero", h.Now()
	})
	return h.look(paymentID)
}

// look has the library ask the bank.
func (h *house) look(paymentID string) payment.Payment {
	h.t.Helper()
	p, err := h.cashier.Look(h.t.Context(), paymentID)
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

// sweep does what is due: refunds are asked for.
func (h *house) sweep() {
	h.t.Helper()
	if err := h.cashier.Sweep(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

// member is somebody who became a member online for € 45,00.
func (h *house) member(name string) (registration.Registration, payment.Payment) {
	h.t.Helper()
	_, made := h.order(name, "0141")
	p := h.paid(made.PaymentID)
	return h.registration(made.Registration.ID), p
}

func (h *house) registration(id string) (r registration.Registration) {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) (err error) {
		r, err = registration.Find(tx, id)
		return err
	})
	return r
}

// letters counts the letters of a kind.
func (h *house) letters(kind string) (n int) {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) error {
		list, err := outbox.Recent(tx, 1000)
		for _, l := range list {
			if l.Mail.Kind == kind {
				n++
			}
		}
		return err
	})
	return n
}

func TestWhoEnrolledOnlineAtTheDesk(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r, p := h.member("Nadia")
		anja := h.clerk("anja")
		at := "/klanten/" + r.CustomerID
		anja.get("/").want("Nadia, N. online", "Digital only")
		page := anja.get(at).want("Digital only: online ingeschreven op 23 november 2026; bedenktijd t/m 7 december 2026", "Herroepen",
			"Ingeschreven als klant · online", "Abonnement begonnen · online", "Online betalingen", "maandag 23 november 2026 om 09.30 uur betaald iDEAL | Wero tr_"+p.ID+" € 45,00",
			"Betaling · Online", "Er staat niets open.").lacks("Tegoed", "Hoe betaalt de klant?", "terugdraaien").whole(h)
		if undoLink.MatchString(page.body) {
			t.Error("the desk may undo what was paid online")
		}
		var posting string
		h.do(func(tx *sqldb.Tx) error {
			_, err := tx.One(`SELECT id FROM posting WHERE method = 'online'`, nil, &posting)
			return err
		})
		undo := at + "/betalingen/" + posting + "/terugdraaien"
		anja.get(undo).is(403, undo)
		h.clerk("fenna").post(undo, "reden", "wrong_method").is(409, undo)
		anja.get("/financieel").want("Vandaag is er nog niets betaald.", "Pin € 0,00", "Online ontvangen vandaag: 1 betaling, € 45,00.").lacks("Online teruggegaan").whole(h)
		h.clerkAt("anja", "5281").get("/financieel").want("Online ontvangen vandaag: 1 betaling, € 45,00.") // of all branches
		anja.speaking("en").get(at).want("enrolled online on 23 November 2026; cooling-off period through 7 December 2026", "Online payments").whole(h)
		h.clerk("fenna").get(at).lacks("Herroepen")
		h.pass(24 * time.Hour)
		h.clerk("anja").get("/financieel").want("Online is er vandaag nog niets ontvangen.").whole(h)
	})
}

func TestTriesToPayOnlineStandOnTheCustomerPage(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v, made := h.order("Omar", "0141")
		first := made.PaymentID
		if _, err := h.cashier.Checkout(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		h.bank.change(first, func(o *payment.Outcome) { o.State = payment.Cancelled })
		h.look(first)
		h.pass(time.Minute)
		h.do(func(tx *sqldb.Tx) (err error) {
			r, err := registration.Current(tx, v, h.lib.ID)
			if err != nil {
				return err
			}
			_, agreed, err := registration.Agree(tx, r)
			if err != nil {
				return err
			}
			made, err = h.site.Registrations.Order(tx, v, h.lib, agreed.BuildUp.Digest())
			return err
		})
		h.paid(made.PaymentID)
		// The first was paid after all: one payment too many goes back by itself.
		h.pass(time.Minute)
		h.settle(first)
		id := h.registration(made.Registration.ID).CustomerID
		h.clerk("anja").get("/klanten/"+id).want("om 09.32 uur betaald", "De inschrijving was al betaald; dit was een tweede betaling.", "€ 45,00 terug: gevraagd op 23 november 2026",
			"om 09.31 uur betaald", "Tegoed € 45,00 (wordt teruggestort)").lacks("Hoe betaalt de klant?", "Er staat niets open").whole(h)
		h.sweep()
		h.clerk("anja").get("/klanten/"+id).want("€ 45,00 terug: overgemaakt op 23 november 2026", "Terugbetaling · Online", "Er staat niets open.").lacks("Tegoed").whole(h)
		h.clerk("anja").get("/financieel").want("Online ontvangen vandaag: 2 betalingen, € 90,00.", "Online teruggegaan: € 45,00.").whole(h)
		// The payer's bank takes the other one back: that is open again, and a task.
		h.bank.change(made.PaymentID, func(o *payment.Outcome) { o.ChargedBack = 4500 })
		h.look(made.PaymentID)
		h.clerk("anja").get("/klanten/"+id).want("De bank haalde € 45,00 terug.", "Te betalen € 45,00", "Hoe betaalt de klant?", "Taken (2)").whole(h)
	})
}

func TestAClerkTakesAWithdrawalOnTheCustomersWord(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r, _ := h.member("Nadia")
		at := "/klanten/" + r.CustomerID
		to := at + "/herroepen/" + r.ID
		anja := h.clerk("anja")
		anja.get(at).want(to)
		anja.get(to).is(200, to).want("Herroepen", "N. Nadia", "Digital only", "bedenktijd t/m 7 december 2026", "Het abonnement stopt meteen.",
			"De klant krijgt € 45,00 terug, op dezelfde manier als er is betaald.", "De klant krijgt meteen een bewijs op nadia@example.nl.", "Ja, herroep").whole(h)
		if !h.registration(r.ID).WithdrawnAt.IsZero() {
			t.Fatal("looking withdrew")
		}
		anja.post(to).is(200, at).want("De overeenkomst is herroepen. De klant krijgt een bewijs op nadia@example.nl.", "herroepen op 23 november 2026", "vanaf 23 november 2026, ongedaan gemaakt", "Deze klant heeft nu geen abonnement.",
			"Tegoed € 45,00 (wordt teruggestort)", "Kosten vervallen", "€ 45,00 terug: gevraagd op 23 november 2026",
			"Overeenkomst herroepen · Anja de Boer").lacks("Hoe betaalt de klant?", to).whole(h)
		anja.post(to).is(200, at).want("Deze overeenkomst was al herroepen.")
		anja.get(to).is(409, to).want("Deze overeenkomst is al herroepen, of de bedenktijd is voorbij.")
		if n := h.letters("registration.withdrawal"); n != 1 {
			t.Errorf("%d receipts for one word", n)
		}
		h.sweep()
		anja.get(at).want("Er staat niets open.", "overgemaakt op 23 november 2026").lacks("Tegoed")
		anja.get("/taken").want("Er wachten geen taken.")
	})
}

func TestOfSixteenWhoPressHerroepenOneDoes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r, _ := h.member("Nadia")
		at := "/klanten/" + r.CustomerID
		anja := h.clerk("anja")
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				if a := anja.post(at + "/herroepen/" + r.ID); a.status != 200 || a.path != at {
					t.Errorf("%d at %s", a.status, a.path)
				}
			})
		}
		all.Wait()
		for table, want := range map[string]int{"withdrawal": 1, "refund": 1, "posting": 3} {
			if n := h.count(table); n != want {
				t.Errorf("%d rows in %s, want %d", n, table, want)
			}
		}
		if n := h.letters("registration.withdrawal"); n != 1 {
			t.Errorf("%d receipts", n)
		}
	})
}

func TestWhoMayWithdrawWhatAtTheDesk(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r, _ := h.member("Nadia")
		other, _ := h.member("Olga")
		at := "/klanten/" + r.CustomerID + "/herroepen/"
		anja := h.clerk("anja")
		for _, id := range []string{other.ID, "geen"} {
			anja.get(at+id).is(404, at+id)
			anja.post(at+id).is(404, at+id)
		}
		h.clerk("fenna").post(at+r.ID).is(403, at+r.ID)
		h.visitor().post(at+r.ID).is(401, at+r.ID)
		// The last day counts; the day after it is too late.
		h.at(r.WithdrawUntil.AddDays(1).Start().Add(-time.Minute))
		h.clerk("anja").get(at + r.ID).want("Ja, herroep")
		h.pass(time.Minute)
		late := h.clerk("anja")
		late.get("/klanten/" + r.CustomerID).lacks("Herroepen")
		late.get(at+r.ID).is(409, at+r.ID)
		late.post(at+r.ID).want("De bedenktijd is voorbij. Het abonnement blijft zoals het is.", "Digital only")
		if h.count("refund") != 0 || !h.registration(r.ID).WithdrawnAt.IsZero() {
			t.Error("withdrawn too late")
		}
	})
}

func TestARefundThatFailsIsNoMoneyOnItsWay(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r, p := h.member("Nadia")
		at := "/klanten/" + r.CustomerID
		h.bank.closed = true
		h.clerk("anja").post(at+"/herroepen/"+r.ID).is(200, at)
		h.sweep()
		anja := h.clerk("anja")
		anja.get(at).want("Tegoed € 45,00", "€ 45,00 terug: mislukt op 23 november 2026").lacks("wordt teruggestort", "Hoe betaalt de klant?").whole(h)
		anja.get("/taken").want("Terugbetaling mislukt", "tr_"+p.ID, "De klant heeft de overeenkomst herroepen", "€ 45,00").whole(h)
	})
}

func TestFreeMembershipsOnlineHaveNoPayments(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, made := h.order("Nadia", "0090")
		r := h.registration(made.Registration.ID)
		at := "/klanten/" + r.CustomerID
		anja := h.clerk("anja")
		anja.get(at).want("online ingeschreven op 23 november 2026", "Er staat niets open.").lacks("Online betalingen").whole(h)
		anja.get(at + "/herroepen/" + r.ID).want("Het abonnement stopt meteen.").lacks("terug, op dezelfde manier").whole(h)
		h.do(func(tx *sqldb.Tx) error {
			_, err := customer.ChangeEmail(tx, r.CustomerID, "", customer.By{Actor: "loader"})
			return err
		})
		// The law asks for a receipt: the login account has an address when the library has none.
		anja.get(at + "/herroepen/" + r.ID).want("De klant krijgt meteen een bewijs op nadia@example.nl.")
		anja.post(at + "/herroepen/" + r.ID).want("De overeenkomst is herroepen. De klant krijgt een bewijs op nadia@example.nl.").whole(h)
	})
}

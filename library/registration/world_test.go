package registration_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/money"
	"lidwoord/base/outbox"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/enrol/enroltest"
	"lidwoord/library/membership"
	"lidwoord/library/newsletter"
	"lidwoord/library/payment"
	"lidwoord/library/registration"
)

// world is a library that takes in members on the web, a bank, and a visitor who
// made a login account a moment ago. It is a Monday morning.
type world struct {
	*sqldb.DB
	t       testing.TB
	office  *registration.Office
	cashier *payment.Cashier
	bank    *bank
	lib     branch.Organisation
	annen   branch.Branch
	emma    registration.Visitor
}

func each(t *testing.T, f func(*testing.T, *world)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) { f(t, settle(t, db)) })
}

func settle(t testing.TB, db *sqldb.DB) *world {
	t.Helper()
	news, err := newsletter.New(newsletter.Links{Confirm: func(t secret.Token) string { return "https://lid.example/" + string(t) }})
	if err != nil {
		t.Fatal(err)
	}
	town := enroltest.Town{}
	office, err := registration.New(enrol.Office{Accounts: town, Census: town, Owners: town, News: news}, func() string { return "bank" }, registration.Links{
		Reading: "https://lezen.example/inloggen", Mine: "https://mijn.example/", Withdraw: "https://mijn.example/herroepen",
		Receipt:  func(id string) string { return "https://mijn.example/bon/" + id },
		Register: func(slug string) string { return "https://lid.example/inschrijven/" + slug },
	})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{DB: db, t: t, office: office, bank: &bank{accounts: map[string]*payment.Outcome{}}}
	w.cashier = &payment.Cashier{
		DB: db, Providers: map[string]payment.Provider{"bank": w.bank}, Use: "bank", Orders: office, Log: slog.New(slog.DiscardHandler),
		Return:  func(id string) string { return "https://lid.example/betaling/" + id },
		Webhook: func(provider string) string { return "https://lid.example/hook/" + provider },
	}
	w.at(time.Date(2026, 11, 23, 9, 30, 0, 0, day.Amsterdam))
	w.do(func(tx *sqldb.Tx) error {
		if err := town.Build(tx); err != nil {
			return err
		}
		var err error
		if w.lib, err = branch.SaveOrganisation(tx, branch.Organisation{
			Slug: "bind", Name: "Bind bibliotheken", Email: "hulp@bind.example", Phone: "0592 00 00 00", Site: "https://bind.example/",
			Address: "Brink 1, 9401 HS Assen", Register: "KvK 12345678",
		}); err != nil {
			return err
		}
		if w.annen, err = branch.Save(tx, branch.Branch{OrganisationID: w.lib.ID, Code: "5280", Name: "Bibliotheek Annen", Place: "Annen", Enrols: true}); err != nil {
			return err
		}
		for _, d := range membership.Seed(w.lib.ID) {
			if err := membership.SaveDefinition(tx, d); err != nil {
				return err
			}
		}
		_, err = customer.SaveRange(tx, customer.Range{OrganisationID: w.lib.ID, BranchID: w.annen.ID, Label: "5280", First: 1, Last: 99_999_999})
		return err
	})
	w.emma = w.visitor("emma", "eb.tester@example.nl")
	return w
}

// setBranch writes the branch down as it is in w.
func (w *world) setBranch() {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) (err error) {
		w.annen, err = branch.Save(tx, w.annen)
		return err
	})
}

func (w *world) at(t time.Time) { w.Now = func() time.Time { return t } }

func (w *world) pass(d time.Duration) { w.at(w.Now().Add(d)) }

func (w *world) try(f func(*sqldb.Tx) error) error { return w.InTx(w.t.Context(), f) }

func (w *world) do(f func(*sqldb.Tx) error) {
	w.t.Helper()
	if err := w.try(f); err != nil {
		w.t.Fatal(err)
	}
}

// visitor is somebody who made a login account, activated it and signed in.
func (w *world) visitor(username, email string) (v registration.Visitor) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) error {
		id, _, err := enroltest.Town{}.Open(tx, enrol.Opening{Username: username, Email: email, Lang: words.NL})
		if err != nil {
			return err
		}
		v = registration.Visitor{AccountID: id, Username: username, Email: email, EmailVerified: true, Lang: words.NL}
		_, err = tx.Exec(`UPDATE town_account SET active = TRUE WHERE id = $1`, id)
		return err
	})
	return v
}

// tester fills in a form with the seed's own customer.
func tester(a enrol.Application) enrol.Application {
	a.Initials, a.Surname, a.Birth = "E.B.", "Tester", "4-1-1991"
	a.Postcode, a.HouseNumber, a.Street, a.Place = "9468 BG", "41", "Kruisstraat", "Annen"
	a.Newsletter = enrol.No
	return a
}

// child is a form of somebody of ten, whose parent is on it.
func child(a enrol.Application) enrol.Application {
	a = tester(a)
	a.Initials, a.Birth = "L.", "1-2-2016"
	a.Guardian, a.GuardianEmail = "Anna Tester", "anna@example.nl"
	return a
}

// complete opens a form for a membership and fills it in to the last field.
func (w *world) complete(v registration.Visitor, code string, as func(enrol.Application) enrol.Application) (r registration.Registration) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) (err error) {
		if r, err = registration.Begin(tx, v, w.lib, code); err != nil {
			return err
		}
		r, err = registration.Keep(tx, r, as(r.App))
		return err
	})
	return r
}

// order looks at what the form comes to and presses the button once.
func (w *world) order(v registration.Visitor) (res registration.Result, err error) {
	w.t.Helper()
	err = w.try(func(tx *sqldb.Tx) error {
		r, err := registration.Current(tx, v, w.lib.ID)
		if err != nil {
			return err
		}
		_, agreed, err := registration.Agree(tx, r)
		if err != nil {
			return err
		}
		res, err = w.office.Order(tx, v, w.lib, agreed.BuildUp.Digest())
		return err
	})
	return res, err
}

// pay pays at the bank, and has the cashier hear of it.
func (w *world) pay(paymentID string) payment.Payment {
	w.t.Helper()
	if _, err := w.cashier.Checkout(w.t.Context(), paymentID); err != nil {
		w.t.Fatal(err)
	}
	w.bank.pay(paymentID, w.Now())
	p, err := w.cashier.Look(w.t.Context(), paymentID)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// member goes the whole way: form, order and payment, where there is one to pay.
func (w *world) member(v registration.Visitor, code string, as func(enrol.Application) enrol.Application) registration.Registration {
	w.t.Helper()
	w.complete(v, code, as)
	res, err := w.order(v)
	if err != nil {
		w.t.Fatal(err)
	}
	if res.PaymentID != "" {
		w.pay(res.PaymentID)
	}
	return w.found(res.Registration.ID)
}

func (w *world) found(id string) (r registration.Registration) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) (err error) {
		r, err = registration.Find(tx, id)
		return err
	})
	return r
}

// letters are the letters of a kind, the newest first.
func (w *world) letters(kind string) (list []outbox.Mail) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) error {
		all, err := outbox.Recent(tx, 1000)
		for _, l := range all {
			if l.Mail.Kind == kind {
				list = append(list, l.Mail)
			}
		}
		return err
	})
	return list
}

// letter is the one letter of a kind.
func (w *world) letter(kind string) outbox.Mail {
	w.t.Helper()
	list := w.letters(kind)
	if len(list) != 1 {
		w.t.Fatalf("%d letters of the kind %s, want one", len(list), kind)
	}
	return list[0]
}

// bank is a payment provider that keeps its books in a map.
type bank struct {
	sync.Mutex
	accounts map[string]*payment.Outcome // by its own name for a payment: "bank-" and our key
	keys     int                         // refunds so far
}

var _ payment.Provider = (*bank)(nil)

func (b *bank) Begin(_ context.Context, o payment.Order) (payment.Begun, error) {
	b.Lock()
	defer b.Unlock()
	id := "bank-" + o.Key
	if b.accounts[id] == nil {
		b.accounts[id] = &payment.Outcome{State: payment.Open, Cents: o.Cents}
	}
	return payment.Begun{ID: id, Checkout: "https://bank.example/" + id}, nil
}

func (b *bank) Outcome(_ context.Context, id string) (payment.Outcome, error) {
	b.Lock()
	defer b.Unlock()
	if b.accounts[id] == nil {
		return payment.Outcome{}, payment.ErrUnknown
	}
	o := *b.accounts[id]
	o.Refunds = append([]payment.Refunded(nil), o.Refunds...)
	return o, nil
}

func (b *bank) Refund(_ context.Context, id string, r payment.RefundOrder) (payment.Refunded, error) {
	b.Lock()
	defer b.Unlock()
	o := b.accounts[id]
	if o == nil {
		return payment.Refunded{}, payment.ErrUnknown
	}
	left := o.Cents - o.ChargedBack
	for _, have := range o.Refunds {
		if have.Key == r.Key {
			return have, nil
		}
		if have.State != payment.RefundFailed {
			left -= have.Cents
		}
	}
	if o.State != payment.Paid || r.Cents > left {
		return payment.Refunded{}, errors.Join(payment.ErrRefused, fmt.Errorf("bank: %s is left", left))
	}
	b.keys++
	made := payment.Refunded{ID: fmt.Sprintf("back-%d", b.keys), Key: r.Key, Cents: r.Cents, State: payment.Underway}
	o.Refunds = append(o.Refunds, made)
	return made, nil
}

// end is how a payer leaves the bank.
func (b *bank) end(paymentID string, state payment.State) {
	b.Lock()
	defer b.Unlock()
	b.accounts["bank-"+paymentID].State = state
}

func (b *bank) pay(paymentID string, at time.Time) {
	b.end(paymentID, payment.Paid)
	b.Lock()
	defer b.Unlock()
	o := b.accounts["bank-"+paymentID]
	o.Method, o.PaidAt = "iDEAL | Wero", at
}

// payOut lets every refund leave.
func (b *bank) payOut() {
	b.Lock()
	defer b.Unlock()
	for _, o := range b.accounts {
		for i := range o.Refunds {
			o.Refunds[i].State = payment.Done
		}
	}
}

// chargeBack takes money of a payment back for its payer.
func (b *bank) chargeBack(paymentID string, cents money.Cents) {
	b.Lock()
	defer b.Unlock()
	b.accounts["bank-"+paymentID].ChargedBack = cents
}

// settleRefunds has the bank pay out what the library asked for, and the cashier
// hear of it.
func (w *world) settleRefunds() {
	w.t.Helper()
	for range 2 {
		w.pass(2 * time.Minute)
		if err := w.cashier.Sweep(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		w.bank.payOut()
	}
}

package registration_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/customer"
	"lidwoord/library/payment"
	"lidwoord/library/registration"
)

func (w *world) bill(id string) (b registration.Bill) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) (err error) {
		b, err = registration.BillOf(tx, id)
		return err
	})
	return b
}

func TestAReceiptShowsWhatWasBoughtAndPaid(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0141", tester)
		b := w.bill(r.ID)
		if b.Number != r.ID[:4]+"-"+r.ID[4:8] || b.Registration != r.ID || b.Library.Register != "KvK 12345678" {
			t.Errorf("receipt %s of %s, library %+v", b.Number, b.Registration, b.Library)
		}
		if b.Name != "E.B. Tester" || !slices.Equal(b.Address, []string{"Kruisstraat 41", "9468 BG Annen"}) || b.Country != "" || len(b.Customer) != customer.NumberLength {
			t.Errorf("to %q %q %q %q", b.Name, b.Address, b.Country, b.Customer)
		}
		if b.What.Name(words.NL) != "Digital only" || b.What.FirstDay != "2026-11-23" || b.What.ValidThrough != "2027-11-30" {
			t.Errorf("what: %s %s–%s", b.What.NameNL, b.What.FirstDay, b.What.ValidThrough)
		}
		if b.Fee != 4500 || b.Discount != 0 || b.Total != 4500 || b.Paid() != 4500 || !b.At.Equal(w.Now()) || !b.WithdrawnAt.IsZero() {
			t.Errorf("figures: %+v", b)
		}
		if len(b.Payments) != 1 || b.Payments[0].Cents != 4500 || b.Payments[0].Method != "iDEAL | Wero" || b.Payments[0].Surplus || len(b.Refunds) != 0 {
			t.Errorf("payments %+v, refunds %+v", b.Payments, b.Refunds)
		}
	})
}

func TestAReceiptOfSomethingFreeShowsNoPayment(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.bill(w.member(w.emma, "0090", tester).ID)
		if b.Total != 0 || b.Paid() != 0 || len(b.Payments) != 0 || b.What.Code != "0090" {
			t.Errorf("%+v", b)
		}
	})
}

func TestAReceiptGoesToWhereTheMemberLivesNow(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0141", tester)
		w.do(func(tx *sqldb.Tx) error {
			_, err := customer.ChangeAddress(tx, r.CustomerID, customer.Address{Country: "BE", Postcode: "2000", Number: 3, Street: "Meir", Place: "Antwerpen"}, customer.By{Actor: "test"})
			return err
		})
		b := w.bill(r.ID)
		if !slices.Equal(b.Address, []string{"Meir 3", "2000 Antwerpen"}) || b.Country != "BE" || b.Total != 4500 || b.What.ID != r.MembershipID {
			t.Errorf("%q %q %s %s", b.Address, b.Country, b.Total, b.What.ID)
		}
	})
}

func TestAReceiptShowsWhatWentBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0141", tester)
		w.pass(time.Hour)
		at := w.Now()
		w.do(func(tx *sqldb.Tx) error {
			_, err := w.office.Withdraw(tx, w.lib, r, "account:x", words.NL)
			return err
		})
		b := w.bill(r.ID)
		if !b.WithdrawnAt.Equal(at) || len(b.Refunds) != 1 || b.Refunds[0].Cents != 4500 || b.Refunds[0].State == payment.Done || b.Paid() != 4500 {
			t.Errorf("withdrawn, before the money left: %+v", b)
		}
		if b.What.ValidThrough != "2027-11-30" {
			t.Errorf("what was bought ran through %s", b.What.ValidThrough)
		}
		w.settleRefunds()
		b = w.bill(r.ID)
		if len(b.Refunds) != 1 || b.Refunds[0].State != payment.Done || !b.Refunds[0].At.After(at) || b.Paid() != 0 {
			t.Errorf("after the money left: %+v", b)
		}
	})
}

func TestAPaymentTooManyStandsOnTheReceiptWithItsRefund(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.complete(w.emma, "0141", tester)
		first, err := w.order(w.emma)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.cashier.Checkout(t.Context(), first.PaymentID); err != nil {
			t.Fatal(err)
		}
		w.bank.end(first.PaymentID, payment.Cancelled) // so it seemed; the money comes later all the same
		if _, err := w.cashier.Look(t.Context(), first.PaymentID); err != nil {
			t.Fatal(err)
		}
		second, err := w.order(w.emma)
		if err != nil || second.PaymentID == first.PaymentID {
			t.Fatal(second, err)
		}
		w.pay(second.PaymentID)
		w.pass(time.Minute)
		w.bank.pay(first.PaymentID, w.Now())
		if _, err := w.cashier.Look(t.Context(), first.PaymentID); err != nil {
			t.Fatal(err)
		}
		w.settleRefunds()
		b := w.bill(second.Registration.ID)
		if len(b.Payments) != 2 || len(b.Refunds) != 1 || b.Paid() != b.Total {
			t.Fatalf("payments %+v, refunds %+v, left %s of %s", b.Payments, b.Refunds, b.Paid(), b.Total)
		}
		if b.Payments[0].Surplus || !b.Payments[1].Surplus || !b.Payments[0].At.Before(b.Payments[1].At) || b.Refunds[0].State != payment.Done {
			t.Errorf("payments %+v, refunds %+v", b.Payments, b.Refunds)
		}
		if m := w.letter("registration.surplus"); m.To != w.emma.Email || !strings.Contains(m.Text, "tweede betaling") {
			t.Errorf("to %s:\n%s", m.To, m.Text)
		}
	})
}

func TestAChargebackIsNotPaid(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.complete(w.emma, "0141", tester)
		res, err := w.order(w.emma)
		if err != nil {
			t.Fatal(err)
		}
		w.pay(res.PaymentID)
		w.bank.chargeBack(res.PaymentID, 4500)
		if _, err := w.cashier.Look(t.Context(), res.PaymentID); err != nil {
			t.Fatal(err)
		}
		if b := w.bill(res.Registration.ID); b.Paid() != 0 || len(b.Payments) != 1 || b.Payments[0].ChargedBack != 4500 {
			t.Errorf("%+v", b)
		}
	})
}

func TestOnlyAContractHasAReceipt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		open := w.complete(w.emma, "0141", tester)
		for _, id := range []string{open.ID, "nobody's", ""} {
			err := w.try(func(tx *sqldb.Tx) error {
				_, err := registration.BillOf(tx, id)
				return err
			})
			if !errors.Is(err, registration.ErrNone) {
				t.Errorf("%q: %v", id, err)
			}
		}
		if _, err := w.order(w.emma); err != nil {
			t.Fatal(err)
		}
		err := w.try(func(tx *sqldb.Tx) error {
			_, err := registration.BillOf(tx, open.ID)
			return err
		})
		if !errors.Is(err, registration.ErrNone) {
			t.Errorf("ordered, not paid: %v", err)
		}
	})
}

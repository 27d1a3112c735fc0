package payment_test

import (
	"errors"
	"testing"
	"time"

	"lidwoord/adapter/mollie/mollietest"
	"lidwoord/base/sqldb"
	"lidwoord/library/payment"
	"lidwoord/library/task"
)

func TestAskedAgainAnOrderHasTheSamePayment(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.start("order")
		if second := w.start("order"); second.ID != first.ID {
			t.Error("a second payment")
		}
		to := w.checkout(first)
		if w.checkout(first) != to || w.start("order").ID != first.ID {
			t.Error("another page of Mollie, or another payment once it is open")
		}
		if n := len(w.mollie.Payments()); n != 1 {
			t.Errorf("%d payments at Mollie", n)
		}
		if other := w.start("other"); other.ID == first.ID {
			t.Error("two orders have one payment")
		}
	})
}

func TestSixteenClicksMakeOnePayment(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := make(chan string, 16)
		for _, err := range sixteen(func() error {
			p, err := w.ask("order", 4500)
			if err != nil {
				return err
			}
			ids <- p.ID
			_, err = w.cashier.Checkout(t.Context(), p.ID)
			return err
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		close(ids)
		first := <-ids
		for id := range ids {
			if id != first {
				t.Error("two clicks have two payments")
			}
		}
		if n := len(w.mollie.Payments()); n != 1 {
			t.Errorf("%d payments at Mollie", n)
		}
	})
}

func TestAnOrderThatWasPaidGetsNoSecondPayment(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.paid("order")
		have, err := w.ask("order", 4500)
		if !errors.Is(err, payment.ErrOver) || have.ID != p.ID {
			t.Errorf("%v, %s", err, have.State)
		}
		if _, err := w.cashier.Checkout(t.Context(), p.ID); !errors.Is(err, payment.ErrOver) {
			t.Errorf("Back, after paying: %v", err)
		}
	})
}

func TestAnOrderOfAnotherPriceGetsAnotherPayment(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.atMollie("order")
		second, err := w.ask("order", 1150)
		if err != nil || second.ID == first.ID || second.Cents != 1150 {
			t.Fatalf("%+v, %v", second, err)
		}
		if w.find(first.ID).State != payment.Cancelled {
			t.Error("two payments of one order live")
		}
		// The payer still had the first page open, and pays there.
		w.mollie.Pay(first.ProviderID)
		if p := w.look(first); p.State != payment.Paid || w.sold("order") != 1 {
			t.Errorf("%s, sold %d", p.State, w.sold("order"))
		}
	})
}

func TestTheMoneyIsWorkedInOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.atMollie("order")
		w.mollie.Pay(p.ProviderID)
		for _, err := range sixteen(func() error {
			_, err := w.cashier.Look(t.Context(), p.ID)
			return err
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		if p = w.find(p.ID); p.State != payment.Paid || p.Surplus != "" || w.sold("order") != 1 || w.told("surplus", p) != 0 || p.Method == "" {
			t.Errorf("%+v, sold %d", p, w.sold("order"))
		}
	})
}

func TestAPaymentThatEndsWithoutMoneyIsToldOnce(t *testing.T) {
	for state, end := range map[payment.State]func(*mollietest.Server, string) bool{
		payment.Failed: (*mollietest.Server).Fail, payment.Cancelled: (*mollietest.Server).Cancel, payment.Expired: (*mollietest.Server).Expire,
	} {
		t.Run(string(state), func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				p := w.atMollie("order")
				end(w.mollie, p.ProviderID)
				for range 3 {
					if p := w.look(p); p.State != state {
						t.Errorf("%s", p.State)
					}
				}
				if w.told("over", p) != 1 || w.sold("order") != 0 {
					t.Errorf("told %d times", w.told("over", p))
				}
				if again := w.start("order"); again.ID == p.ID {
					t.Error("it cannot be tried again")
				}
			})
		})
	}
}

func TestPaidAfterItEndedIsPaid(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.atMollie("order")
		w.mollie.Expire(p.ProviderID)
		w.look(p)
		w.pass(20 * time.Minute)
		w.mollie.Pay(p.ProviderID)
		for range 4 { // no webhook comes; the sweep asks within the hour
			w.pass(15 * time.Minute)
			w.sweep()
		}
		if p = w.find(p.ID); p.State != payment.Paid || w.sold("order") != 1 {
			t.Errorf("%s, sold %d", p.State, w.sold("order"))
		}
	})
}

func TestMoneyTheOrderCannotUseGoesBackAndTellsTheStaff(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.shop.soldOut = true
		p := w.atMollie("order")
		w.mollie.Pay(p.ProviderID)
		for _, err := range sixteen(func() error {
			_, err := w.cashier.Look(t.Context(), p.ID)
			return err
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		p = w.find(p.ID)
		if p.State != payment.Paid || p.Surplus != "shop.sold_out" || w.told("surplus", p) != 1 {
			t.Errorf("%+v", p)
		}
		if w.sold("order") != 0 {
			t.Error("what the order wrote half way was not rolled back")
		}
		if list := w.refunds(p); len(list) != 1 || list[0].Cents != 4500 || list[0].Reason != payment.SurplusReason {
			t.Errorf("%+v", list)
		}
		if list := w.tasks(task.Surplus); len(list) != 1 || list[0].Object != "payment:"+p.ID {
			t.Errorf("%+v", list)
		}
		w.sweep()
		if m := w.mollie.Money()[p.ProviderID]; m.Refunded != 4500 {
			t.Errorf("%+v", m)
		}
	})
}

func TestASecondPaymentOfOneOrderGoesBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.atMollie("order")
		w.do(func(tx *sqldb.Tx) error { return payment.Abandon(tx, first.ID) })
		second := w.paid("order")
		w.mollie.Pay(first.ProviderID)
		first = w.look(first)
		if second.Surplus != "" || first.Surplus != "shop.sold_already" || w.sold("order") != 1 {
			t.Errorf("%q, %q", first.Surplus, second.Surplus)
		}
		if len(w.refunds(first)) != 1 || len(w.refunds(second)) != 0 {
			t.Error("the wrong one goes back")
		}
	})
}

func TestAnAbandonedPaymentIsOver(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.start("order")
		w.do(func(tx *sqldb.Tx) error { return payment.Abandon(tx, p.ID) })
		if err := w.try(func(tx *sqldb.Tx) error { return payment.Abandon(tx, p.ID) }); !errors.Is(err, payment.ErrOver) {
			t.Errorf("twice: %v", err)
		}
		if _, err := w.cashier.Checkout(t.Context(), p.ID); !errors.Is(err, payment.ErrOver) {
			t.Errorf("checkout: %v", err)
		}
		if len(w.mollie.Payments()) != 0 {
			t.Error("Mollie was asked")
		}
	})
}

// Rows that nothing will come of must not fill the look of the sweep.
func TestAPaymentThatNoProviderKnowsIsNotAskedAfterForEver(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.start("order")
		w.do(func(tx *sqldb.Tx) error { return payment.Abandon(tx, p.ID) })
		w.pass(payment.UnansweredLife)
		w.sweep()
		if at := w.due(p); !at.IsZero() {
			t.Errorf("due at %s", at)
		}
	})
}

func TestNobodyKnowsAPaymentOfAnotherName(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		if _, err := w.cashier.Look(t.Context(), "nobody"); !errors.Is(err, payment.ErrNone) {
			t.Error(err)
		}
		if _, err := w.cashier.Checkout(t.Context(), "nobody"); !errors.Is(err, payment.ErrNone) {
			t.Error(err)
		}
	})
}

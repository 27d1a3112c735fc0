package payment_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/library/payment"
	"lidwoord/library/task"
)

func TestALostAnswerMakesNoSecondPayment(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.start("order")
		w.wire.begin = func(payment.Begun) (payment.Begun, error) { return payment.Begun{}, context.DeadlineExceeded }
		if _, err := w.cashier.Checkout(t.Context(), p.ID); !errors.Is(err, payment.ErrSilent) {
			t.Fatal(err)
		}
		w.wire.begin = nil
		w.pass(time.Minute)
		w.open() // the program was started anew in between
		w.checkout(w.start("order"))
		if n := len(w.mollie.Payments()); n != 1 || w.find(p.ID).State != payment.Open {
			t.Errorf("%d payments at Mollie, ours is %s", n, w.find(p.ID).State)
		}
	})
}

func TestAProviderThatRefusesEndsThePayment(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.start("order")
		w.mollie.Fault(http.StatusUnprocessableEntity, 1)
		if _, err := w.cashier.Checkout(t.Context(), p.ID); !errors.Is(err, payment.ErrNotNow) {
			t.Fatal(err)
		}
		if p = w.find(p.ID); p.State != payment.Failed || w.told("over", p) != 1 || !w.due(p).IsZero() {
			t.Errorf("%s, told %d, due %s", p.State, w.told("over", p), w.due(p))
		}
		if again := w.atMollie("order"); again.ID == p.ID || again.State != payment.Open {
			t.Errorf("tried again: %+v", again)
		}
	})
}

func TestAProviderThatIsDownMayBeAskedAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.start("order")
		w.mollie.Fault(http.StatusInternalServerError, 1)
		if _, err := w.cashier.Checkout(t.Context(), p.ID); !errors.Is(err, payment.ErrSilent) {
			t.Fatal(err)
		}
		if w.find(p.ID).State == payment.Failed || w.told("over", p) != 0 {
			t.Error("the payment was given up")
		}
		w.checkout(p)
	})
}

// Mollie remembers a key for an hour. Asked with it once more after that it would
// make a second payment, of which we know as little.
func TestAnUnansweredPaymentExpiresWhileItsKeyIsRemembered(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.start("order")
		w.wire.begin = func(payment.Begun) (payment.Begun, error) { return payment.Begun{}, context.DeadlineExceeded }
		w.cashier.Checkout(t.Context(), p.ID)
		w.wire.begin = nil
		w.pass(payment.UnansweredLife - time.Second)
		w.sweep()
		if !w.find(p.ID).Live() {
			t.Error("given up too soon")
		}
		w.pass(time.Second)
		// The sweep did not come by yet, and the payer tries once more.
		if _, err := w.cashier.Checkout(t.Context(), p.ID); !errors.Is(err, payment.ErrOver) {
			t.Errorf("checkout after %s: %v", payment.UnansweredLife, err)
		}
		w.sweep()
		if p = w.find(p.ID); p.State != payment.Expired || w.told("over", p) != 1 || !w.due(p).IsZero() {
			t.Errorf("%s, told %d, due %s", p.State, w.told("over", p), w.due(p))
		}
		if n := len(w.mollie.Payments()); n != 1 {
			t.Errorf("%d payments at Mollie", n)
		}
		if again := w.start("order"); again.ID == p.ID {
			t.Error("it cannot be tried again")
		}
	})
}

// An answer that arrives at the last moment must not be thrown away: the payer is
// on the way to the bank.
func TestAnAnswerAtTheLastMomentCounts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.start("order")
		w.wire.begin = func(made payment.Begun) (payment.Begun, error) {
			w.pass(payment.UnansweredLife + time.Second)
			w.sweep() // which gives the payment up
			return made, nil
		}
		if _, err := w.cashier.Checkout(t.Context(), p.ID); !errors.Is(err, payment.ErrOver) {
			t.Fatal(err)
		}
		p = w.find(p.ID)
		if p.State != payment.Expired || p.ProviderID == "" || w.due(p).IsZero() {
			t.Fatalf("%+v: nobody would recognise its money", p)
		}
		w.mollie.Pay(p.ProviderID)
		w.pass(2 * time.Minute)
		w.sweep()
		if w.find(p.ID).State != payment.Paid || w.sold("order") != 1 {
			t.Error("money was overlooked")
		}
	})
}

// The same, the other way about: the sweep had read the payment before the answer
// came, and gives it up after.
func TestAnAnswerIsNotGivenUpByASweepThatIsLate(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.start("order")
		soon, late := w.Now(), w.Now().Add(payment.UnansweredLife)
		asked := 0
		w.Now = func() time.Time {
			if asked++; asked == 2 { // it was read, and is not yet given up
				w.at(soon)
				w.checkout(p)
				w.at(late)
			}
			return late
		}
		w.look(p)
		if p = w.find(p.ID); p.State != payment.Open || w.told("over", p) != 0 || w.due(p).IsZero() {
			t.Errorf("%s, due %s: its payer stands at the bank", p.State, w.due(p))
		}
	})
}

func TestAWebhookOnlyAsks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.atMollie("order")
		for _, id := range []string{p.ProviderID, "tr_nobodys", ""} { // forged, unknown, empty
			if err := w.cashier.Hear(t.Context(), "mollie", id); err != nil {
				t.Errorf("%q: %v", id, err)
			}
		}
		if err := w.cashier.Hear(t.Context(), "somebody", p.ProviderID); err != nil {
			t.Error(err)
		}
		if now := w.find(p.ID); now.State != payment.Open || w.mollie.Asked("GET /v2/payments/{id}") != 0 {
			t.Error("a webhook was believed, or waited for Mollie")
		}
		w.sweep()
		if now := w.find(p.ID); now.State != payment.Open || w.mollie.Asked("GET /v2/payments/{id}") != 1 {
			t.Errorf("%s, asked %d times", now.State, w.mollie.Asked("GET /v2/payments/{id}"))
		}
	})
}

func TestTheWebhookMayComeBeforeTwiceAndLate(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.atMollie("order")
		w.mollie.Pay(p.ProviderID)
		for _, after := range []time.Duration{0, 0, time.Hour, 72 * time.Hour} {
			w.pass(after)
			if err := w.cashier.Hear(t.Context(), "mollie", p.ProviderID); err != nil {
				t.Fatal(err)
			}
			w.sweep()
			if now := w.find(p.ID); now.State != payment.Paid || w.sold("order") != 1 || now.Surplus != "" {
				t.Fatalf("%+v", now)
			}
		}
	})
}

func TestWithoutAWebhookTheSweepHears(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.atMollie("order")
		w.mollie.Pay(p.ProviderID)
		w.sweep()
		if w.find(p.ID).State != payment.Open {
			t.Error("asked too soon: nothing was due")
		}
		w.pass(time.Minute)
		w.sweep()
		if w.find(p.ID).State != payment.Paid {
			t.Error("a minute later the sweep did not ask")
		}
	})
}

// A webhook that comes while Mollie's old answer is still on its way must be
// looked at after that answer.
func TestAWebhookDuringALookIsNotLost(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.atMollie("order")
		w.mollie.Fail(p.ProviderID)
		w.look(p)
		w.pass(80 * time.Hour) // nobody will ask by himself again after this look
		w.wire.outcome = func(*payment.Outcome, *error) {
			w.wire.outcome = nil
			w.mollie.Pay(p.ProviderID)
			if err := w.cashier.Hear(t.Context(), "mollie", p.ProviderID); err != nil {
				t.Error(err)
			}
		}
		if now := w.look(p); now.State != payment.Failed {
			t.Fatal(now.State)
		}
		w.sweep()
		if w.find(p.ID).State != payment.Paid {
			t.Error("the webhook was lost")
		}
	})
}

func TestAnAnswerOfAnHourAgoChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.atMollie("order")
		w.wire.outcome = func(o *payment.Outcome, _ *error) {
			w.wire.outcome = nil
			w.mollie.Pay(p.ProviderID)
			w.look(p) // another node is sooner
			o.State = payment.Expired
		}
		if now := w.look(p); now.State != payment.Paid || w.told("over", p) != 0 || w.sold("order") != 1 {
			t.Errorf("%s", now.State)
		}
	})
}

func TestMoneyOfAnotherAmountBecomesATaskAndCloses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.atMollie("order")
		w.mollie.Pay(p.ProviderID)
		w.wire.outcome = func(o *payment.Outcome, _ *error) { o.Cents = 4400 }
		for n := 1; n <= 4; n++ {
			for range 30 { // a payer's page that stays open counts for nothing
				if _, err := w.cashier.Look(t.Context(), p.ID); err == nil {
					t.Fatal("the amount was taken")
				}
			}
			w.pass(2 * time.Hour)
			w.sweep()
			if list := w.tasks(task.Stuck); (len(list) == 1) != (n >= 3) || n >= 3 && list[0].Cents != 4400 {
				t.Fatalf("after %d looks: %+v", n, list)
			}
		}
		if w.sold("order") != 0 || w.find(p.ID).State != payment.Open {
			t.Error("something was given for it")
		}
		w.wire.outcome = nil
		w.pass(2 * time.Hour)
		w.sweep() // it stayed due
		if w.find(p.ID).State != payment.Paid || len(w.tasks(task.Stuck)) != 0 || w.sold("order") != 1 {
			t.Errorf("%s, %d tasks", w.find(p.ID).State, len(w.tasks(task.Stuck)))
		}
	})
}

// Of a payment that cannot be asked after, nobody knows whether it was paid.
func TestAPaymentThatNobodyCanAskAfterBecomesATask(t *testing.T) {
	for name, cut := range map[string]func(*world) (mend func()){
		"the provider is no longer configured": func(w *world) func() {
			has := w.cashier.Providers
			w.cashier.Providers = nil
			return func() { w.cashier.Providers = has }
		},
		"the provider does not know it": func(w *world) func() {
			w.wire.outcome = func(_ *payment.Outcome, err *error) { *err = payment.ErrUnknown }
			return func() { w.wire.outcome = nil }
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				p := w.atMollie("order")
				mend := cut(w)
				for range 3 {
					w.pass(time.Hour)
					w.sweep()
				}
				if len(w.tasks(task.Stuck)) != 0 {
					t.Error("a task for something that a moment may mend")
				}
				for range 24 {
					w.pass(time.Hour)
					w.sweep()
				}
				if list := w.tasks(task.Stuck); len(list) != 1 || list[0].Cents != 0 {
					t.Fatalf("after a day: %+v", list)
				}
				w.mollie.Pay(p.ProviderID)
				mend()
				w.pass(time.Hour)
				w.sweep()
				if w.find(p.ID).State != payment.Paid || len(w.tasks(task.Stuck)) != 0 {
					t.Errorf("%s, %d tasks", w.find(p.ID).State, len(w.tasks(task.Stuck)))
				}
			})
		})
	}
}

func TestAPaymentThatIsOpenThereIsAskedAfterForAsLong(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.atMollie("order")
		w.pass(60 * time.Hour)
		w.do(func(tx *sqldb.Tx) error { return payment.Abandon(tx, p.ID) })
		for range 5 {
			w.pass(24 * time.Hour)
			w.sweep()
		}
		w.mollie.Pay(p.ProviderID)
		w.pass(24 * time.Hour)
		w.sweep()
		if w.find(p.ID).State != payment.Paid {
			t.Error("money was overlooked, because the payer had given it up here")
		}
	})
}

func TestAfterAWeekAChargebackIsHeard(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.paid("order")
		w.pass(20 * 24 * time.Hour)
		w.sweep()
		w.mollie.ChargeBack(p.ProviderID, 2000)
		w.pass(7 * 24 * time.Hour)
		w.sweep()
		w.mollie.ChargeBack(p.ProviderID, 2500)
		w.pass(7 * 24 * time.Hour)
		w.sweep()
		if p = w.find(p.ID); p.ChargedBack != 4500 || w.told(string(payment.ChargedBack), p) != 2 || len(w.tasks(task.Chargeback)) != 2 {
			t.Errorf("%s, told %d times", p.ChargedBack, w.told(string(payment.ChargedBack), p))
		}
	})
}

func TestACheckoutThatIsOldIsAskedAfterFirst(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.atMollie("order")
		w.mollie.Expire(p.ProviderID)
		w.pass(6 * time.Minute)
		if _, err := w.cashier.Checkout(t.Context(), p.ID); !errors.Is(err, payment.ErrOver) {
			t.Errorf("the payer is sent to a page that is over: %v", err)
		}
	})
}

func TestWhoeverWaitsOnThePageIsHeard(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.atMollie("order")
		w.mollie.Pay(p.ProviderID)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.cashier.Listen(ctx) }()
		for range 16 {
			w.cashier.Nudge(p.ID)
		}
		for range 400 {
			if w.find(p.ID).State == payment.Paid {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		stop()
		if err := <-ended; err != nil || w.find(p.ID).State != payment.Paid || w.sold("order") != 1 {
			t.Errorf("%v, %s", err, w.find(p.ID).State)
		}
		if n := w.mollie.Asked("GET /v2/payments/{id}"); n != 1 {
			t.Errorf("sixteen nudges asked %d times", n)
		}
	})
}

func TestRunSweepsUntilItIsStopped(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.atMollie("order")
		w.mollie.Pay(p.ProviderID)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.cashier.Run(ctx) }()
		if err := w.cashier.Hear(t.Context(), "mollie", p.ProviderID); err != nil { // rings the bell
			t.Error(err)
		}
		for range 400 {
			if w.find(p.ID).State == payment.Paid {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		stop()
		if err := <-ended; err != nil || w.find(p.ID).State != payment.Paid {
			t.Errorf("%v, %s", err, w.find(p.ID).State)
		}
	})
}

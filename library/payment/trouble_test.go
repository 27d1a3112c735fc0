package payment_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/library/payment"
	"lidwoord/library/task"
)

var errSilence = errors.New("no answer")

func (w *world) silence() {
	w.wire.outcome = func(_ *payment.Outcome, err *error) { *err = errSilence }
}

func TestAnOldCheckoutWithoutAnAnswerLosesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.atMollie("order")
		w.pass(6 * time.Minute)
		w.silence()
		if _, err := w.cashier.Checkout(t.Context(), p.ID); !errors.Is(err, payment.ErrSilent) {
			t.Errorf("the payer hears %v", err)
		}
		w.wire.outcome = nil
		if address, err := w.cashier.Checkout(t.Context(), p.ID); err != nil || address == "" {
			t.Errorf("%q, %v", address, err)
		}
	})
}

func TestAWebhookDuringALookInVainIsNotPutOff(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.atMollie("order")
		for range 6 { // by now the pauses are long
			w.pass(2 * time.Hour)
			w.silence()
			w.sweep()
		}
		w.pass(2 * time.Hour)
		w.wire.outcome = func(_ *payment.Outcome, err *error) {
			if err := w.cashier.Hear(t.Context(), p.Provider, p.ProviderID); err != nil {
				t.Error(err)
			}
			*err = errSilence
		}
		w.sweep()
		if due := w.due(p); due.After(w.Now()) {
			t.Errorf("asked again only in %s", due.Sub(w.Now()))
		}
	})
}

// A worker puts away the task of a payment that nobody heard of. Money that comes
// for it afterwards and has no place must be a task all the same.
func TestATaskThatWasPutAwayHidesNoMoney(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.atMollie("order")
		w.silence()
		for n := 0; len(w.tasks(task.Stuck)) == 0; n++ {
			if n > 50 {
				t.Fatal("nobody hears that the provider is silent")
			}
			w.pass(2 * time.Hour)
			w.sweep()
		}
		unheard := w.tasks(task.Stuck)[0]
		if unheard.Cents != 0 {
			t.Errorf("it speaks of %s", unheard.Cents)
		}
		w.do(func(tx *sqldb.Tx) error { return task.Close(tx, w.lib, unheard.ID, "staff:anja", "De bank was weg.") })
		w.mollie.Pay(p.ProviderID)
		w.wire.outcome = func(o *payment.Outcome, _ *error) { o.Cents = 4400 }
		for range 5 {
			w.pass(2 * time.Hour)
			w.sweep()
		}
		if list := w.tasks(task.Stuck); len(list) != 1 || list[0].Cents != 4400 {
			t.Errorf("%+v", list)
		}
	})
}

// late is a provider whose answer to a refund is lost, or comes after something else.
type late struct {
	payment.Provider
	between func()
	lost    error
}

func (l *late) Refund(ctx context.Context, id string, r payment.RefundOrder) (payment.Refunded, error) {
	made, err := l.Provider.Refund(ctx, id, r)
	if l.between != nil {
		l.between()
	}
	return made, errors.Join(err, l.lost)
}

func TestARefundWhoseAnswerWasLostButSeenIsNotAskedForAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.paid("order")
		w.want(p, 4500, "withdrawal")
		w.cashier.Providers["mollie"] = &late{w.wire, func() { w.look(p) }, errSilence}
		w.sweep()
		for range 40 {
			w.pass(2 * time.Minute)
			w.sweep()
		}
		if f := w.refunds(p)[0]; f.State != payment.Underway || len(w.tasks(task.RefundWaits)) != 0 {
			t.Errorf("%s, %d tasks", f.State, len(w.tasks(task.RefundWaits)))
		}
		w.mollie.FinishRefunds()
		w.pass(24 * time.Hour)
		w.sweep()
		if f := w.refunds(p); len(f) != 1 || f[0].State != payment.Done {
			t.Errorf("%+v", f)
		}
	})
}

func TestARefundThatIsOfAnotherAmountThereIsBookedAsItIs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.paid("order")
		w.want(p, 4500, "withdrawal")
		once := false
		w.cashier.Providers["mollie"] = &late{w.wire, func() { // the bank took some back while it was asked for
			if once {
				return
			}
			once = true
			w.wire.outcome = func(o *payment.Outcome, _ *error) { o.Refunds, o.ChargedBack = nil, 2000 }
			w.look(p)
			w.wire.outcome = nil
		}, nil}
		w.sweep()
		if f := w.refunds(p); len(f) != 1 || f[0].Cents != 4500 || len(w.tasks(task.OtherRefund)) != 1 {
			t.Errorf("%+v, %d tasks", f, len(w.tasks(task.OtherRefund)))
		}
	})
}

// A look that hears the state of before a refund must not put the payment off for a
// week: somebody waits for the letter that the money has left.
func TestALookThatCrossesARefundDoesNotForgetIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.paid("order")
		w.pass(8 * 24 * time.Hour) // its weekly look is due
		w.wire.outcome = func(*payment.Outcome, *error) {
			w.wire.outcome = nil
			w.want(p, 4500, "withdrawal")
			w.sweep()
		}
		w.sweep()
		if f := w.refunds(p)[0]; f.State != payment.Underway {
			t.Fatalf("the refund is %s", f.State)
		}
		w.mollie.FinishRefunds()
		w.pass(7 * time.Hour)
		w.sweep()
		if f := w.refunds(p)[0]; f.State != payment.Done {
			t.Errorf("the refund is %s, and its payment is asked after in %s", f.State, w.due(p).Sub(w.Now()))
		}
	})
}

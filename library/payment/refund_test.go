package payment_test

import (
	"errors"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/library/payment"
	"lidwoord/library/task"
)

func TestOneReasonPaysBackOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.paid("order")
		ids := make(chan string, 16)
		for _, err := range sixteen(func() error {
			return w.try(func(tx *sqldb.Tx) error {
				f, err := payment.Want(tx, p.ID, 4500, "withdrawal")
				if err == nil {
					ids <- f.ID
				}
				return err
			})
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		if list := w.refunds(p); len(list) != 1 {
			t.Errorf("%+v", list)
		}
		for _, err := range sixteen(func() error { return w.cashier.Sweep(t.Context()) }) {
			if err != nil {
				t.Error(err)
			}
		}
		if m := w.mollie.Money()[p.ProviderID]; m.Refunded != 4500 {
			t.Errorf("%+v", m)
		}
		w.mollie.FinishRefunds()
		for range 3 {
			w.pass(7 * time.Hour)
			w.sweep()
		}
		if list := w.refunds(p); list[0].State != payment.Done || w.told(string(payment.Repaid), p) != 1 {
			t.Errorf("%+v, told %d times", list, w.told(string(payment.Repaid), p))
		}
	})
}

func TestNeverMoreGoesBackThanCameIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.paid("order")
		w.want(p, 3000, "one")
		err := w.try(func(tx *sqldb.Tx) error {
			_, err := payment.Want(tx, p.ID, 1501, "two")
			return err
		})
		if !errors.Is(err, payment.ErrMoreThanPaid) {
			t.Error(err)
		}
		w.want(p, 1500, "two")
		open := w.atMollie("other")
		err = w.try(func(tx *sqldb.Tx) error {
			_, err := payment.Want(tx, open.ID, 1, "one")
			return err
		})
		if !errors.Is(err, payment.ErrMoreThanPaid) {
			t.Errorf("of a payment that was not paid: %v", err)
		}
	})
}

func TestALostAnswerToARefundPaysBackOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.paid("order")
		w.want(p, 4500, "withdrawal")
		w.mollie.LoseAnswers(6)
		w.sweep()
		w.mollie.LoseAnswers(0)
		w.pass(2 * time.Hour) // Mollie has forgotten the key by now
		w.open()
		w.sweep()
		if m := w.mollie.Money()[p.ProviderID]; m.Refunded != 4500 || w.refunds(p)[0].State != payment.Underway {
			t.Errorf("%+v, ours is %s", m, w.refunds(p)[0].State)
		}
		if len(w.tasks(task.OtherRefund)) != 0 {
			t.Error("our own refund was taken for somebody else's")
		}
	})
}

func TestARefusedRefundIsATaskUntilItWorks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.paid("order")
		f := w.want(p, 4500, "withdrawal")
		w.wire.refuse = payment.ErrRefused
		w.sweep()
		if list := w.tasks(task.RefundWaits); len(list) != 1 || list[0].Cents != 4500 || list[0].Object != "refund:"+f.ID {
			t.Fatalf("%+v", list)
		}
		w.wire.refuse = nil
		w.pass(2 * time.Hour)
		w.sweep()
		w.mollie.FinishRefunds()
		w.pass(2 * time.Minute)
		w.sweep()
		if w.refunds(p)[0].State != payment.Done || len(w.tasks(task.RefundWaits)) != 0 {
			t.Errorf("%s, %d tasks", w.refunds(p)[0].State, len(w.tasks(task.RefundWaits)))
		}
	})
}

func TestARefundThatGetsNoAnswerIsATaskAfterAnHour(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.paid("order")
		w.want(p, 4500, "withdrawal")
		w.wire.refuse = errors.New("no answer")
		for n := 1; n <= 6; n++ {
			w.sweep()
			if list := w.tasks(task.RefundWaits); (len(list) == 1) != (n == 6) {
				t.Fatalf("after %d tries: %d tasks", n, len(list))
			}
			w.pass(time.Hour)
		}
	})
}

func TestARefundThatFailsOrComesBackIsATask(t *testing.T) {
	for _, left := range []bool{false, true} {
		each(t, func(t *testing.T, w *world) {
			p := w.paid("order")
			w.want(p, 4500, "withdrawal")
			w.sweep()
			kind := payment.NotRepaid
			if left {
				kind = payment.CameBack
				w.mollie.FinishRefunds()
				w.pass(2 * time.Minute)
				w.sweep()
			}
			for _, made := range w.mollie.Payments()[0].Refunds {
				w.mollie.FailRefund(made.ID)
			}
			w.pass(8 * 24 * time.Hour)
			w.sweep()
			if list := w.tasks(task.RefundFailed); len(list) != 1 || list[0].Cents != 4500 || w.told(string(kind), p) != 1 || w.refunds(p)[0].State != payment.RefundFailed {
				t.Errorf("%s: %+v, %+v", kind, list, w.refunds(p))
			}
		})
	}
}

func TestARefundOnTheProvidersPagesIsHeardAndToldOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.paid("order")
		w.mollie.RefundThere(p.ProviderID, 1500)
		for range 3 {
			w.look(p)
		}
		list := w.refunds(p)
		if len(list) != 1 || list[0].State != payment.Underway || list[0].Cents != 1500 || len(w.tasks(task.OtherRefund)) != 1 {
			t.Fatalf("%+v", list)
		}
		w.mollie.FinishRefunds()
		for range 3 {
			w.look(p)
		}
		if w.refunds(p)[0].State != payment.Done || w.told(string(payment.Repaid), p) != 1 {
			t.Errorf("%+v, told %d times", w.refunds(p), w.told(string(payment.Repaid), p))
		}
	})
}

// A key that we do not know, such as of a database from before a backup.
func TestARefundUnderAKeyThatWeLostIsFollowedToItsEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.paid("order")
		w.mollie.RefundThere(p.ProviderID, 1500)
		w.wire.outcome = func(o *payment.Outcome, _ *error) { o.Refunds[0].Key = "SOMEBODYELSESKEYOFLASTYEAR" }
		w.look(p)
		w.mollie.FinishRefunds()
		w.look(p)
		if list := w.refunds(p); len(list) != 1 || list[0].State != payment.Done || w.told(string(payment.Repaid), p) != 1 {
			t.Errorf("%+v", list)
		}
	})
}

// What a worker paid back on the provider's pages, or the payer's bank took, is
// not promised a second time: the provider would refuse it for ever.
func TestAPromiseShrinksToWhatIsLeft(t *testing.T) {
	for _, c := range []struct {
		name string
		take func(*world, payment.Payment)
		left int64
	}{
		{"some was paid back there", func(w *world, p payment.Payment) { w.mollie.RefundThere(p.ProviderID, 1500) }, 3000},
		{"all was paid back there", func(w *world, p payment.Payment) { w.mollie.RefundThere(p.ProviderID, 4500) }, 0},
		{"some was charged back", func(w *world, p payment.Payment) { w.mollie.ChargeBack(p.ProviderID, 500) }, 4000},
		{"all was charged back", func(w *world, p payment.Payment) { w.mollie.ChargeBack(p.ProviderID, 4500) }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				p := w.paid("order")
				w.want(p, 4500, "withdrawal")
				w.wire.refuse = payment.ErrRefused // such as for want of balance
				w.sweep()
				c.take(w, p)
				w.look(p)
				var promised int64
				for _, f := range w.refunds(p) {
					if f.Reason == "withdrawal" {
						promised = int64(f.Cents)
					}
				}
				if promised != c.left {
					t.Errorf("%d is promised, want %d", promised, c.left)
				}
				if len(w.tasks(task.RefundWaits)) != 0 {
					t.Error("a worker is still asked to pay all of it")
				}
				w.wire.refuse = nil
				w.pass(2 * time.Hour)
				w.sweep()
				w.mollie.FinishRefunds()
				w.pass(2 * time.Minute)
				w.sweep()
				if m := w.mollie.Money()[p.ProviderID]; m.Refunded+m.ChargedBack != 4500 {
					t.Errorf("%+v", m)
				}
			})
		})
	}
}

func TestTheSweepHearsThatARefundHasLeft(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.paid("order")
		w.want(p, 4500, "withdrawal")
		w.sweep()
		w.pass(2 * time.Minute)
		w.sweep() // it is underway; no webhook will come
		w.pass(24 * time.Hour)
		w.mollie.FinishRefunds()
		w.sweep()
		if w.refunds(p)[0].State != payment.Done {
			t.Error("a member waits for a letter that the money has left")
		}
	})
}

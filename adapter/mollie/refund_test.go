package mollie

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"lidwoord/base/money"
	"lidwoord/base/secret"
	"lidwoord/library/payment"
)

func TestWhatWentBackIsTold(t *testing.T) {
	w := start(t)
	id := w.paid(t)
	ours, err := w.Refund(t.Context(), id, payment.RefundOrder{Key: secret.NewID(), Cents: 1500, Text: "Herroepen"})
	if err != nil {
		t.Fatal(err)
	}
	theirs := w.server.RefundThere(id, 1000)
	w.server.ChargeBack(id, 2000)
	w.server.ChargeBack(id, 500)
	o := w.outcome(t, id)
	want := []payment.Refunded{ours, {ID: theirs, Cents: 1000, State: payment.Underway}}
	if !slices.Equal(o.Refunds, want) || o.ChargedBack != 2500 || o.State != payment.Paid || o.Cents != 4500 {
		t.Errorf("%+v, want refunds %+v", o, want)
	}
	if all := w.server.Money(); all[id].Refunded != 2500 || all[id].Paid != 4500 || all[id].ChargedBack != 2500 {
		t.Errorf("Mollie's books: %+v", all[id])
	}
}

func TestRefundStatesAreReadAsTheyAreDocumented(t *testing.T) {
	w := start(t)
	id := w.paid(t)
	order := payment.RefundOrder{Key: secret.NewID(), Cents: 4500}
	r, err := w.Refund(t.Context(), id, order)
	if err != nil || r.State != payment.Underway || r.Cents != 4500 || r.Key != order.Key {
		t.Fatalf("%+v, %v", r, err)
	}
	for word, want := range map[string]payment.RefundState{
		"queued": payment.Underway, "pending": payment.Underway, "processing": payment.Underway,
		"refunded": payment.Done, "failed": payment.RefundFailed, "canceled": payment.RefundFailed,
	} {
		w.server.SetRefundStatus(r.ID, word)
		if o := w.outcome(t, id); len(o.Refunds) != 1 || o.Refunds[0].State != want {
			t.Errorf("%s: %+v, want %s", word, o.Refunds, want)
		}
		if again, err := w.Refund(t.Context(), id, order); err != nil || again.State != want || again.ID != r.ID {
			t.Errorf("%s, asked again: %+v, %v", word, again, err)
		}
	}
	w.server.SetRefundStatus(r.ID, "thinking")
	if _, err := w.Outcome(t.Context(), id); err == nil || errors.Is(err, payment.ErrRefused) {
		t.Errorf("an unknown state: %v", err)
	}
	if n := w.server.Asked("POST /v2/payments/{id}/refunds"); n != 1 {
		t.Errorf("asked for a refund %d times", n)
	}
}

func TestALostAnswerToARefundPaysBackOnce(t *testing.T) {
	w := start(t)
	w.pauses = nil // each call gives up at once
	id := w.paid(t)
	order := payment.RefundOrder{Key: secret.NewID(), Cents: 1500}
	w.server.LoseAnswers(99)
	if _, err := w.Refund(t.Context(), id, order); err == nil || errors.Is(err, payment.ErrRefused) {
		t.Fatalf("the answer was lost: %v", err)
	}
	w.server.LoseAnswers(0)
	w.server.Forward(3 * time.Hour) // the key is forgotten, and nothing keeps the same amount away
	r, err := w.Refund(t.Context(), id, order)
	if err != nil || r.Key != order.Key {
		t.Fatalf("%+v, %v", r, err)
	}
	if m := w.server.Money()[id]; m.Refunded != 1500 {
		t.Errorf("paid back %s", m.Refunded)
	}
}

func TestSixteenRefundsWithOneKeyPayBackOnce(t *testing.T) {
	w := start(t)
	w.inLife()
	w.server.Slow(5 * time.Millisecond)
	id := w.paid(t)
	order := payment.RefundOrder{Key: secret.NewID(), Cents: 1500}
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if r, err := w.Refund(t.Context(), id, order); err != nil || r.Key != order.Key {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
	all.Wait()
	if m := w.server.Money()[id]; m.Refunded != 1500 {
		t.Errorf("paid back %s", m.Refunded)
	}
}

func TestASecondRefundOfTheSameAmountWaitsAnHour(t *testing.T) {
	w := start(t)
	id := w.paid(t)
	if _, err := w.Refund(t.Context(), id, payment.RefundOrder{Key: secret.NewID(), Cents: 1500}); err != nil {
		t.Fatal(err)
	}
	second := payment.RefundOrder{Key: secret.NewID(), Cents: 1500}
	if _, err := w.Refund(t.Context(), id, second); err == nil || errors.Is(err, payment.ErrRefused) {
		t.Fatalf("within the hour: %v; want an error that may be tried again", err)
	}
	w.server.Forward(time.Hour)
	if r, err := w.Refund(t.Context(), id, second); err != nil || r.Key != second.Key {
		t.Errorf("after the hour: %+v, %v", r, err)
	}
	if m := w.server.Money()[id]; m.Refunded != 3000 {
		t.Errorf("paid back %s", m.Refunded)
	}
}

func TestMoreThanWasPaidIsNotPaidBack(t *testing.T) {
	w := start(t)
	id := w.paid(t)
	for name, order := range map[string]payment.RefundOrder{
		"too much": {Key: secret.NewID(), Cents: 4501},
		"nothing":  {Key: secret.NewID()},
		"no key":   {Cents: 100},
	} {
		if _, err := w.Refund(t.Context(), id, order); !errors.Is(err, payment.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.Refund(t.Context(), w.begun(t), payment.RefundOrder{Key: secret.NewID(), Cents: 100}); !errors.Is(err, payment.ErrRefused) {
		t.Errorf("not paid: %v", err)
	}
	if m := w.server.Money()[id]; m.Refunded != 0 {
		t.Errorf("paid back %s", m.Refunded)
	}
}

func TestAListOfRefundsIsReadToItsEnd(t *testing.T) {
	w := start(t)
	id := w.paid(t)
	order := payment.RefundOrder{Key: secret.NewID(), Cents: 700}
	first, err := w.Refund(t.Context(), id, order)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 6 {
		if w.server.RefundThere(id, money.Cents(100+n)) == "" {
			t.Fatal("no refund made there")
		}
	}
	w.server.Pages(2)
	w.server.Forward(2 * time.Hour)
	if again, err := w.Refund(t.Context(), id, order); err != nil || again != first { // on the last page
		t.Errorf("%+v, %v; want %+v", again, err, first)
	}
	list, err := w.refunds(t.Context(), id)
	if err != nil || len(list) != 7 || list[0] != first || list[6].Cents != 105 {
		t.Errorf("%+v, %v", list, err)
	}
}

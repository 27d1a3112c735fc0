package queue_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lidwoord/base/bell"
	"lidwoord/base/queue"
)

// table is what waits, as a table would tell it.
type table struct {
	mu    sync.Mutex
	waits map[string]func(context.Context)
}

func (t *table) put(id string, work func(context.Context)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waits == nil {
		t.waits = map[string]func(context.Context){}
	}
	t.waits[id] = work
}

func (t *table) worker(b *bell.Bell) *queue.Worker {
	return &queue.Worker{What: "test", Hands: 2, Bell: b, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Due: func(context.Context) (ids []string, err error) {
			t.mu.Lock()
			defer t.mu.Unlock()
			for id := range t.waits {
				ids = append(ids, id)
			}
			return ids, nil
		},
		Claim: func(_ context.Context, id string) (func(context.Context), error) {
			t.mu.Lock()
			defer t.mu.Unlock()
			work := t.waits[id]
			delete(t.waits, id)
			return work, nil
		}}
}

func TestASlowPieceHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var waiting table
		b := bell.New()
		slow, quick := time.Duration(-1), time.Duration(-1)
		began := time.Now()
		waiting.put("slow", func(context.Context) { time.Sleep(time.Minute); slow = time.Since(began) })
		over := make(chan struct{})
		go func() { waiting.worker(b).Run(ctx); close(over) }()
		synctest.Wait()
		waiting.put("quick", func(context.Context) { quick = time.Since(began) })
		b.Ring()
		synctest.Wait()
		if quick != 0 || len(waiting.waits) != 0 {
			t.Errorf("the quick piece waited %v; %d wait still", quick, len(waiting.waits))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		<-over
		if slow != time.Minute {
			t.Errorf("the slow piece took %v", slow)
		}
	})
}

// Work in hand is finished when the program stops, if that takes no longer than the
// grace, and Run comes back with empty hands.
func TestAStopLetsTheWorkInHandEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var waiting table
		var cut time.Duration
		ended := false
		began := time.Now()
		waiting.put("soon", func(ctx context.Context) { time.Sleep(queue.StopGrace / 2); ended = ctx.Err() == nil })
		waiting.put("never", func(ctx context.Context) { <-ctx.Done(); cut = time.Since(began) })
		over := make(chan struct{})
		go func() { waiting.worker(bell.New()).Run(ctx); close(over) }()
		synctest.Wait()
		stop()
		<-over
		if !ended || cut != queue.StopGrace {
			t.Errorf("ended %v, cut off after %v", ended, cut)
		}
	})
}

func TestEachPauseIsTwiceTheOneBeforeUpToTheLongest(t *testing.T) {
	for tries, want := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 4: 8 * time.Second, 5: 10 * time.Second, 90: 10 * time.Second} {
		if got := queue.PauseAfter(tries, time.Second, 10*time.Second); got != want {
			t.Errorf("after %d tries %v, want %v", tries, got, want)
		}
	}
}

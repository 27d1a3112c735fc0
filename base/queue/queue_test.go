package queue_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
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

// One bad piece must not end the program, nor keep a hand.
func TestAPanicEndsItsPieceAlone(t *testing.T) {
	var waiting table
	var log bytes.Buffer
	done := 0
	w := waiting.worker(bell.New())
	w.Hands, w.Log = 1, slog.New(slog.NewTextHandler(&log, nil))
	waiting.put("bad", func(context.Context) { panic("a bad piece") })
	if err := w.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	waiting.put("good", func(context.Context) { done++ })
	if err := w.Drain(t.Context()); err != nil || done != 1 {
		t.Errorf("%v, %d pieces done after a panic", err, done)
	}
	if !strings.Contains(log.String(), "a bad piece") || !strings.Contains(log.String(), "queue_test.go") {
		t.Errorf("the log says %q", log.String())
	}
}

func TestAStopTakesNothingMoreInHand(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var waiting table
	for i := range 64 {
		waiting.put(strconv.Itoa(i), func(context.Context) { t.Error("taken after the stop") })
	}
	if err := waiting.worker(bell.New()).Drain(ctx); !errors.Is(err, context.Canceled) || len(waiting.waits) != 64 {
		t.Errorf("%v, %d wait still", err, len(waiting.waits))
	}
}

func TestEachPauseIsTwiceTheOneBeforeUpToTheLongest(t *testing.T) {
	for tries, want := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 4: 8 * time.Second, 5: 10 * time.Second, 90: 10 * time.Second} {
		if got := queue.PauseAfter(tries, time.Second, 10*time.Second); got != want {
			t.Errorf("after %d tries %v, want %v", tries, got, want)
		}
	}
}

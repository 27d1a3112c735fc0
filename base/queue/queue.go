// Package queue works through what waits in a table: letters, messages to other
// sites. Any number of nodes may work on one table; a claim lets one of them win.
//
//	Run    works until the program stops, and comes back with empty hands
//	Drain  does all that is due now
//
// What is due, how it is claimed and what is done is the room's; here stand only
// the hands, the clock and the bell.
package queue

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"lidwoord/base/bell"
)

const (
	// Poll is how often a worker looks by itself: for what waits until its pause is
	// over, and for what another node queued.
	Poll = 2 * time.Second

	// StopGrace is what work in hand gets to finish when the program stops.
	StopGrace = 10 * time.Second

	// complaintPause keeps the log short while the database does not answer.
	complaintPause = time.Minute
)

// Worker is one pair of hands, or many, at one queue.
type Worker struct {
	What  string     // is worked through, for the log: "outbox"
	Hands int        // pieces in hand at once
	Bell  *bell.Bell // rings when there is more
	Now   func() time.Time
	Log   *slog.Logger

	// Due names some of what waits, in any order.
	Due func(ctx context.Context) (ids []string, err error)
	// Claim takes one piece and returns the work on it, or nil when another node was
	// first. The work gets a context that outlives a stop by StopGrace.
	Claim func(ctx context.Context, id string) (work func(context.Context), err error)
}

// Run works until ctx ends. It comes back when nothing is in hand. A slow piece
// holds up no other while there are free hands.
func (w *Worker) Run(ctx context.Context) {
	working, stop := graceful(ctx)
	defer stop()
	h := w.hands()
	defer h.busy.Wait()
	var complained time.Time // zero while all is well
	for {
		rung := w.Bell.Wait() // before looking, so that no ring is missed in between
		err := w.begin(ctx, working, h)
		switch now := w.Now(); {
		case err == nil && !complained.IsZero():
			w.Log.InfoContext(ctx, "the queue is read again", "queue", w.What)
			complained = time.Time{}
		case err != nil && ctx.Err() == nil && now.Sub(complained) >= complaintPause:
			w.Log.WarnContext(ctx, "the queue cannot be read", "queue", w.What, "err", err)
			complained = now
		}
		pause := time.NewTimer(Poll + rand.N(Poll/4)) // nodes drift apart
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-rung:
			pause.Stop()
		case <-pause.C:
		}
	}
}

// Drain does all that is due now and returns when the last piece is done.
func (w *Worker) Drain(ctx context.Context) error {
	working, stop := graceful(ctx)
	defer stop()
	h := w.hands()
	defer h.busy.Wait()
	return w.begin(ctx, working, h)
}

// hands are what is being worked on.
type hands struct {
	free chan struct{}
	busy sync.WaitGroup
}

func (w *Worker) hands() *hands { return &hands{free: make(chan struct{}, w.Hands)} }

// begin takes in hand all that is due now.
func (w *Worker) begin(ctx, working context.Context, h *hands) error {
	for {
		ids, err := w.Due(ctx)
		if err != nil || len(ids) == 0 {
			return err
		}
		// Workers on other nodes do not all reach for the same one.
		rand.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		won := 0
		for _, id := range ids {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case h.free <- struct{}{}:
			}
			if err := ctx.Err(); err != nil { // of two that are ready, select takes any
				<-h.free
				return err
			}
			work, err := w.Claim(ctx, id)
			if err != nil || work == nil {
				<-h.free
				if err != nil {
					return err
				}
				continue
			}
			won++
			h.busy.Go(func() {
				defer func() { <-h.free }()
				w.do(working, work)
			})
		}
		if won == 0 { // others are at the same ones; leave them to it
			return nil
		}
	}
}

// do works on one piece. A panic ends that piece alone: as after a crash, it waits
// until its claim is over, and is tried again.
func (w *Worker) do(ctx context.Context, work func(context.Context)) {
	defer func() {
		if p := recover(); p != nil {
			w.Log.ErrorContext(ctx, "panic in a piece of work", "queue", w.What, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	work(ctx)
}

// graceful returns a context that ends StopGrace later than ctx does.
func graceful(ctx context.Context) (context.Context, func()) {
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	unhook := context.AfterFunc(ctx, func() {
		t := time.AfterFunc(StopGrace, cancel)
		context.AfterFunc(later, func() { t.Stop() })
	})
	return later, func() { unhook(); cancel() }
}

// PauseAfter is the wait after the given number of tries: first, and twice as long
// after each next one, up to most.
func PauseAfter(tries int, first, most time.Duration) time.Duration {
	pause := first
	for i := 1; i < tries && pause < most; i++ {
		pause *= 2
	}
	return min(pause, most)
}

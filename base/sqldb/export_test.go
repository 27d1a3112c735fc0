package sqldb

import (
	"context"
	"time"
)

const JourneysMost = journeysMost

// Readers is how many connections of SQLite read.
var Readers = readers

// WaitFor waits until n questions wait for the next journeys.
func WaitFor[K comparable, V any](g *Gather[K, V], n int) {
	for {
		waiting := 0
		g.mu.Lock()
		for _, j := range g.waiting {
			waiting += j.waits
		}
		g.mu.Unlock()
		if waiting == n {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// AskBefore makes a journey for one key that is over with ctx, as one that took too
// long is.
func AskBefore[K comparable, V any](ctx context.Context, g *Gather[K, V], key K) error {
	j := &journey[K, V]{keys: []K{key}, cancel: func() {}, done: make(chan struct{})}
	g.ask(ctx, j)
	<-j.done
	return j.err
}

package scim

import (
	"maps"
	"sync"
	"time"

	"lidwoord/base/throttle"
)

// How fast programs may call.
var (
	// programRule counts the calls of one token. A nightly sync of 50,000 customers
	// is done within half an hour; a program that runs wild leaves room for readers.
	programRule = rule{every: 20 * time.Millisecond, burst: 1000}

	// strangerRule counts wrong tokens of one network. Nobody guesses 260 bits, but a
	// library system with an old token tries its whole list with it: Retry-After
	// tells it to rest.
	strangerRule = rule{every: time.Second, burst: 60}
)

// rule lets through a burst, then one call every so often.
type rule struct {
	every time.Duration
	burst int
}

// paceMost is how many keys are remembered before those that rest are forgotten.
const paceMost = 10_000

// pace counts by a rule, in memory: it guards this node, and a counter in the
// database would cost what it saves.
type pace struct {
	rule
	mu   sync.Mutex
	full map[string]time.Time // when a key that stops now has its whole burst again
}

func newPace(r rule) *pace { return &pace{rule: r, full: map[string]time.Time{}} }

// take counts a call, or tells the key to wait.
func (p *pace) take(key string, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.full) >= paceMost {
		maps.DeleteFunc(p.full, func(_ string, at time.Time) bool { return !at.After(now) })
	}
	at := p.full[key]
	if at.Before(now) {
		at = now
	}
	at = at.Add(p.every)
	if wait := at.Sub(now) - time.Duration(p.burst)*p.every; wait > 0 {
		return throttle.ErrSlow.With(int((wait + time.Second - 1) / time.Second))
	}
	p.full[key] = at
	return nil
}

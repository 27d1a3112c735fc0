package throttle

import (
	"maps"
	"sync"
	"time"
)

// paceMost is how many keys are remembered before those that rest are forgotten.
const paceMost = 10_000

// Pace lets through a burst, then one call every so often. It counts in memory: it
// guards this node, where a counter in the database would cost what it saves.
type Pace struct {
	every time.Duration
	burst int

	mu   sync.Mutex
	full map[string]time.Time // when a key that stops now has its whole burst again
}

// NewPace makes a pace of which nothing is used up.
func NewPace(every time.Duration, burst int) *Pace {
	return &Pace{every: every, burst: burst, full: map[string]time.Time{}}
}

// Take counts a call, or tells the key to wait (ErrSlow).
func (p *Pace) Take(key string, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, err := p.next(key, now)
	if err == nil {
		p.full[key] = at
	}
	return err
}

// Look tells whether a key must wait (ErrSlow), and counts nothing: for who knows only
// afterwards whether a call counts.
func (p *Pace) Look(key string, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err := p.next(key, now)
	return err
}

// next is when a key that calls now has its whole burst again.
func (p *Pace) next(key string, now time.Time) (time.Time, error) {
	if len(p.full) >= paceMost {
		maps.DeleteFunc(p.full, func(_ string, at time.Time) bool { return !at.After(now) })
	}
	at := p.full[key]
	if at.Before(now) {
		at = now
	}
	at = at.Add(p.every)
	if wait := at.Sub(now) - time.Duration(p.burst)*p.every; wait > 0 {
		return at, ErrSlow.With(int((wait + time.Second - 1) / time.Second))
	}
	return at, nil
}

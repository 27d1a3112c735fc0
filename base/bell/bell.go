// Package bell wakes the workers of this process when there is something to do.
// It is a hint only: a worker also looks by itself, since the ring of another
// node is not heard here, and a ring too many costs one look in vain.
package bell

import "sync"

// Bell may be rung and waited for by any number of goroutines. Make it with New.
type Bell struct {
	mu   sync.Mutex
	next chan struct{}
}

// New makes a bell.
func New() *Bell { return &Bell{next: make(chan struct{})} }

// Ring wakes everybody who waits now.
func (b *Bell) Ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.next)
	b.next = make(chan struct{})
}

// Wait returns what is closed at the next ring. Ask for it before looking for
// work, so that no ring is missed in between.
func (b *Bell) Wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.next
}

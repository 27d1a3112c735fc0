package password

import (
	"container/list"
	"context"
	"sync"

	"lidwoord/base/fault"
)

// waitingPerCounter bounds the line. At some 25 ms a hash the last in line waits
// about three seconds; whoever comes after that is told to try again, which is
// kinder than a page that never comes.
const waitingPerCounter = 128

// waitingShare is the part of the line that one network may fill: half. A flood
// from one machine then makes the others wait, and keeps nobody out.
const waitingShare = 2

// ErrBusy is the answer when the line, or a network's share of it, is full.
var ErrBusy = fault.New(fault.Unavailable, "password.busy")

// counter is a place to hash at. Whoever leaves it hands it to the next in line,
// with the memory that it has by then; when nobody waits the memory goes back to
// the system.
type counter struct {
	line   *line
	blocks *blocks // nil until somebody needs them
}

// line is a fair queue before a few counters: first come, first served. A plain
// channel would do the counting, but wakes no one in order and has no end.
type line struct {
	mu      sync.Mutex
	free    int
	most    int
	waiting list.List      // of chan *counter, which says that it is that person's turn
	from    map[string]int // how many of a network stand in line
}

func newLine(counters, most int) *line {
	return &line{free: counters, most: most, from: map[string]int{}}
}

type networkKey struct{}

// From says from which network a password came. Without it, it has no share of
// the line to keep within.
func From(ctx context.Context, network string) context.Context {
	return context.WithValue(ctx, networkKey{}, network)
}

// enter waits for a counter. Whoever entered leaves it when done.
func (l *line) enter(ctx context.Context) (*counter, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	if l.free > 0 {
		l.free--
		l.mu.Unlock()
		return &counter{line: l}, nil
	}
	network, _ := ctx.Value(networkKey{}).(string)
	if l.waiting.Len() >= l.most || network != "" && l.from[network] >= l.most/waitingShare {
		l.mu.Unlock()
		return nil, ErrBusy
	}
	l.from[network]++
	defer l.gone(network)
	turn := make(chan *counter, 1) // room for one, so that nobody waits to hand over
	place := l.waiting.PushBack(turn)
	l.mu.Unlock()

	select {
	case c := <-turn:
		return c, nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	select {
	case c := <-turn: // our turn came in the same moment: give it to the next
		l.mu.Unlock()
		c.leave()
	default:
		l.waiting.Remove(place)
		l.mu.Unlock()
	}
	return nil, ctx.Err()
}

// gone forgets one who no longer stands in line.
func (l *line) gone(network string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.from[network]--; l.from[network] == 0 {
		delete(l.from, network)
	}
}

// leave hands the counter to the next in line.
func (c *counter) leave() {
	l := c.line
	l.mu.Lock()
	defer l.mu.Unlock()
	first := l.waiting.Front()
	if first == nil {
		c.blocks.free()
		l.free++
		return
	}
	l.waiting.Remove(first)
	first.Value.(chan *counter) <- c
}

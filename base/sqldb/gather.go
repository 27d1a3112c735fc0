package sqldb

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// Gather lets looks for one row each, that arrive together, travel together. While
// journeys to PostgreSQL are under way, those who come meanwhile gather, and the next
// journey asks for all of them in one statement. Nobody waits who comes alone.
//
// It keeps nothing: each answer is read by a statement that began after its question
// came, so that it is as fresh as if it had been asked alone, on every node. On
// SQLite nothing travels, and inside a transaction a row belongs to that
// transaction: there each question is asked by itself.
//
// The zero value is ready. A key must be one that the database takes, such as a
// digest or a checked name: one that it refuses would fail all on the same journey.
type Gather[K comparable, V any] struct {
	mu      sync.Mutex
	going   int              // journeys under way
	waiting []*journey[K, V] // full ones but for the last
}

// journey is a statement to be, and those who wait for it.
type journey[K comparable, V any] struct {
	db   *DB
	read func(*Tx, []K) (map[K]V, error)
	keys []K

	waits  int                // how many have not gone away
	cancel context.CancelFunc // nil before it begins
	done   chan struct{}
	found  map[K]V
	err    error
}

// togetherMost is how many go together. It is one of the sizes of seats.
const togetherMost = 32

// journeysMost is how many journeys are under way at once. With one, whoever just
// misses it waits for two, and all wait behind a connection that hangs.
const journeysMost = 2

// journeyMost is how long a journey may take. A connection that hangs holds up those
// who come after no longer than this.
const journeyMost = 10 * time.Second

// One finds the row of a key, and reports whether there is one. read finds the rows
// of many keys in one statement; it must not use the Tx of its caller, but the one
// that it is given.
func (g *Gather[K, V]) One(tx *Tx, key K, read func(*Tx, []K) (map[K]V, error)) (row V, ok bool, err error) {
	if !tx.looks || tx.db.Engine == "sqlite" {
		found, err := read(tx, []K{key})
		row, ok = found[key]
		return row, ok, err
	}
	j := g.join(tx.db, key, read)
	select {
	case <-j.done:
		row, ok = j.found[key]
		return row, ok, j.err
	case <-tx.ctx.Done():
		g.leave(j)
		return row, false, tx.ctx.Err()
	}
}

func (g *Gather[K, V]) join(db *DB, key K, read func(*Tx, []K) (map[K]V, error)) *journey[K, V] {
	g.mu.Lock()
	defer g.mu.Unlock()
	var j *journey[K, V]
	if n := len(g.waiting); n > 0 {
		j = g.waiting[n-1]
	}
	if j == nil || len(j.keys) == togetherMost || j.db != db {
		j = &journey[K, V]{db: db, read: read, done: make(chan struct{})}
		g.waiting = append(g.waiting, j)
	}
	j.keys = append(j.keys, key)
	j.waits++
	if g.going < journeysMost {
		g.going++
		go g.travel()
	}
	return j
}

// leave stops a journey for which nobody waits any longer.
func (g *Gather[K, V]) leave(j *journey[K, V]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if j.waits--; j.waits == 0 && j.cancel != nil {
		j.cancel()
	}
}

// travel makes one journey after the other while somebody waits.
func (g *Gather[K, V]) travel() {
	for {
		g.mu.Lock()
		if len(g.waiting) == 0 {
			g.going--
			g.mu.Unlock()
			return
		}
		j := g.waiting[0]
		g.waiting = slices.Delete(g.waiting, 0, 1)
		var ctx context.Context
		ctx, j.cancel = context.WithTimeout(context.Background(), journeyMost)
		if j.waits == 0 {
			j.cancel()
		}
		g.mu.Unlock()
		j.ask(ctx)
		j.cancel()
		close(j.done)
	}
}

// ask reads the rows. What goes wrong is the error of who is on this journey, and of
// nobody else.
func (j *journey[K, V]) ask(ctx context.Context) {
	defer func() {
		if p := recover(); p != nil {
			j.err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	j.err = j.db.Look(ctx, func(tx *Tx) (err error) {
		j.found, err = j.read(tx, seats(j.keys))
		return err
	})
}

// seats fills up the list of keys with its last one until its length is a power of
// two: each length is a statement of its own, which is prepared on each connection.
func seats[K any](keys []K) []K {
	for n := len(keys); n&(n-1) != 0; n++ {
		keys = append(keys, keys[len(keys)-1])
	}
	return keys
}

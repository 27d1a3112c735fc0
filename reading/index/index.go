// Package index is the catalogue in memory: what the Online Bibliotheek shows
// and finds without asking the database.
//
//	New       makes the index of a database
//	At        is the newest snapshot; it follows the catalogue by itself
//	Find      searches a snapshot, filters, sorts and counts; First only filters and sorts
//	Asked     reads words that name a list: "luisterboek", "engels", "kinderen"
//	Numbered  is the title that a number names: ours, or the identifier in the book
//	Title     is one title; Subjects, Authors, Series and Languages are what there is to choose from
//	Slug      is a name as it stands in an address
//
// A snapshot never changes, so that a page may be made of it without a lock. Words
// are found folded, from their start, and with a typing mistake when nothing else
// is found. A library of 50,000 titles takes about 3.3 kB of memory a title, mostly
// for the descriptions; searching keeps nothing.
package index

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
)

const (
	// LookEvery is how old a snapshot may be before we look whether the catalogue changed.
	LookEvery = 2 * time.Second
	// CountEvery is how often we count what is popular; PopularSpan is over how long.
	CountEvery  = 10 * time.Minute
	PopularSpan = 60 * 24 * time.Hour

	// patience is how long the visitor whose turn it is waits for what is newer. A
	// database that is slow keeps nobody longer: the pages go on with what they have.
	patience = 100 * time.Millisecond
	// refreshMost ends a refresh that hangs, so that another may try.
	refreshMost = time.Minute
)

// Settings are what the index is told by others.
type Settings struct {
	// Popular counts the loans of each title since an instant; nil is no counts.
	Popular func(tx *sqldb.Tx, since time.Time) (map[string]int, error)
	Log     *slog.Logger // hears of a refresh that failed; nil is silent
}

// Index keeps the newest snapshot of one database.
type Index struct {
	Settings
	db   *sqldb.DB
	made atomic.Pointer[Snapshot]
	mu   sync.Mutex // guards what stands below
	busy *refresh   // the refresh that runs, nil for none

	// These belong to the refresh that runs.
	shelf   shelf
	counts  map[string]int
	turn    int64 // counts snapshots
	counted time.Time
}

// refresh is one look at the database, for which several may wait.
type refresh struct {
	done chan struct{}
	err  error
}

// New makes the index of a database. It reads nothing until it is asked.
func New(db *sqldb.DB, set Settings) *Index {
	if set.Log == nil {
		set.Log = slog.New(slog.DiscardHandler)
	}
	return &Index{Settings: set, db: db, shelf: newShelf()}
}

// Title is a title as it is now: one that came in since the newest snapshot is in its
// row already.
func (x *Index) Title(ctx context.Context, id string) (t catalogue.Title, err error) {
	now, err := x.At(ctx)
	if err != nil {
		return t, err
	}
	if t, known := now.Title(id); known {
		return t, nil
	}
	err = x.db.Look(ctx, func(tx *sqldb.Tx) (err error) {
		t, err = catalogue.Find(tx, id)
		return err
	})
	return t, err
}

// At is the newest snapshot. Only the very first one is waited for; after that
// one visitor in LookEvery waits a moment, and nobody for a database that is slow.
func (x *Index) At(ctx context.Context) (*Snapshot, error) {
	s := x.made.Load()
	if s != nil && x.db.Now().Sub(s.lookedAt()) < LookEvery {
		return s, nil
	}
	run, mine := x.start(ctx)
	if s == nil {
		select {
		case <-run.done:
			return x.made.Load(), run.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if !mine {
		return s, nil
	}
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case <-run.done:
	case <-wait.C:
	case <-ctx.Done():
	}
	return x.made.Load(), nil
}

// start starts a refresh, or joins the one that runs. It goes on when the visitor
// who began it leaves.
func (x *Index) start(ctx context.Context) (run *refresh, mine bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.busy != nil {
		return x.busy, false
	}
	run = &refresh{done: make(chan struct{})}
	x.busy = run
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), refreshMost)
	go func() {
		defer stop()
		run.err = x.refresh(ctx)
		if run.err != nil {
			x.Log.WarnContext(ctx, "the catalogue in memory was not refreshed", "err", run.err)
		}
		x.mu.Lock()
		x.busy = nil
		x.mu.Unlock()
		close(run.done)
	}()
	return run, true
}

// refresh brings the snapshot up to date with the database. It runs alone.
func (x *Index) refresh(ctx context.Context) error {
	old, now := x.made.Load(), x.db.Now()
	if old != nil {
		old.looked.Store(&now) // also when it fails: a database in trouble is not asked at every click
	}
	var changed []catalogue.Title
	version := x.shelf.version
	count := x.Popular != nil && now.Sub(x.counted) >= CountEvery
	err := x.db.Look(ctx, func(tx *sqldb.Tx) (err error) {
		version, err = catalogue.Version(tx)
		return err
	})
	if err != nil {
		return err
	}
	if old != nil && version == x.shelf.version && !count {
		return nil
	}
	err = x.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if version, err = catalogue.Version(tx); err != nil {
			return err
		}
		if x.shelf.changed, err = catalogue.Changed(tx); err != nil {
			return err
		}
		if version != x.shelf.version || old == nil {
			if changed, err = catalogue.Since(tx, x.shelf.version); err != nil {
				return err
			}
		}
		if count {
			x.counts, err = x.Popular(tx, now.Add(-PopularSpan))
		}
		return err
	})
	if err != nil {
		return err
	}
	if count {
		x.counted = now
	}
	x.shelf.put(changed, version)
	s := x.shelf.snapshot(x.counts)
	x.turn++
	s.turn = x.turn
	s.looked.Store(&now)
	x.made.Store(s)
	return nil
}

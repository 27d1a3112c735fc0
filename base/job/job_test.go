package job_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/job"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func at(db *sqldb.DB, now time.Time) { db.Now = func() time.Time { return now } }

func tick(t *testing.T, db *sqldb.DB, jobs ...job.Periodic) {
	t.Helper()
	if err := job.Tick(t.Context(), db, jobs); err != nil {
		t.Fatal(err)
	}
}

func recent(t *testing.T, db *sqldb.DB) (runs []job.Outcome) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
		runs, err = job.Recent(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return runs
}

func counting(n *atomic.Int32) job.Periodic {
	return job.Periodic{Name: "test.count", Every: time.Hour, Do: func(*sqldb.Tx) error { n.Add(1); return nil }}
}

func TestWorkIsDoneOnceInEverySlot(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		var n atomic.Int32
		for _, c := range []struct {
			at   time.Time
			want int32
		}{
			{noon, 1},
			{noon.Add(time.Second), 1},
			{noon.Add(time.Hour - time.Microsecond), 1},
			{noon.Add(time.Hour), 2},
			{noon.Add(9 * time.Hour), 3}, // a night without power is one run, not eight
		} {
			at(db, c.at)
			tick(t, db, counting(&n))
			if n.Load() != c.want {
				t.Errorf("at %v the work was done %d times, want %d", c.at, n.Load(), c.want)
			}
		}
		runs := recent(t, db)
		if len(runs) != 1 || !runs[0].Slot.Equal(noon.Add(9*time.Hour)) || runs[0].FinishedAt.IsZero() || runs[0].LastError != "" {
			t.Errorf("last run: %+v", runs)
		}
	})
}

func TestOfSixteenNodesOneDoesTheWork(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		at(db, noon)
		var n atomic.Int32
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() { tick(t, db, counting(&n)) })
		}
		all.Wait()
		if n.Load() != 1 {
			t.Errorf("the work was done %d times, want once", n.Load())
		}
	})
}

func TestWorkThatFailsIsWrittenDownAndComesBackInTheNextSlot(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		at(db, noon)
		broken, tries := true, 0
		bad := job.Periodic{Name: "a.bad", Every: time.Minute, Do: func(tx *sqldb.Tx) error {
			tries++
			if broken {
				return errors.New("disk is full")
			}
			return nil
		}}
		var n atomic.Int32
		tick(t, db, bad, counting(&n))
		tick(t, db, bad, counting(&n))
		if runs := recent(t, db); tries != 1 || n.Load() != 1 || runs[0].Name != "a.bad" || runs[0].LastError != "disk is full" {
			t.Errorf("%d tries, other job ran %d times, %+v", tries, n.Load(), runs)
		}
		broken = false
		at(db, noon.Add(time.Minute))
		tick(t, db, bad)
		if runs := recent(t, db); tries != 2 || runs[0].LastError != "" || runs[0].FinishedAt.IsZero() {
			t.Errorf("%d tries, %+v", tries, runs)
		}
	})
}

func TestWorkOfADeadNodeIsDoneInTheNextSlot(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		at(db, noon)
		ctx, die := context.WithCancel(t.Context())
		j := job.Periodic{Name: "a.long", Every: time.Minute, Do: func(*sqldb.Tx) error { die(); return ctx.Err() }}
		if err := job.Tick(ctx, db, []job.Periodic{j}); err != nil {
			t.Fatal(err)
		}
		var n atomic.Int32
		j.Do = func(*sqldb.Tx) error { n.Add(1); return nil }
		tick(t, db, j)
		at(db, noon.Add(time.Minute))
		tick(t, db, j)
		if n.Load() != 1 {
			t.Errorf("done %d times, want once", n.Load())
		}
	})
}

func TestTheListOfRunsStaysShort(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		var n atomic.Int32
		for d := range 12 {
			at(db, noon.AddDate(0, 0, d))
			tick(t, db, counting(&n))
		}
		var rows int
		err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.One(`SELECT COUNT(*) FROM job_run`, nil, &rows)
			return err
		})
		if err != nil || rows != 8 {
			t.Errorf("%d rows after twelve days, want a week's and the last: %v", rows, err)
		}
	})
}

func TestRunWorksUntilItIsStopped(t *testing.T) {
	db := sqldbtest.New(t)
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan struct{}, 9)
	err := job.Run(ctx, db, []job.Periodic{{Name: "a.b", Every: time.Second, Do: func(*sqldb.Tx) error {
		ran <- struct{}{}
		if len(ran) == 2 {
			stop()
		}
		return nil
	}}})
	if err != nil || len(ran) != 2 {
		t.Errorf("ran %d times: %v", len(ran), err)
	}
}

func TestAnImpossibleJobIsRefused(t *testing.T) {
	do := func(*sqldb.Tx) error { return nil }
	for name, jobs := range map[string][]job.Periodic{
		"no name":        {{Every: time.Hour, Do: do}},
		"no work":        {{Name: "a", Every: time.Hour}},
		"no period":      {{Name: "a", Do: do}},
		"half seconds":   {{Name: "a", Every: 1500 * time.Millisecond, Do: do}},
		"the same twice": {{Name: "a", Every: time.Hour, Do: do}, {Name: "a", Every: time.Hour, Do: do}},
	} {
		if job.Tick(t.Context(), sqldbtest.New(t), jobs) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

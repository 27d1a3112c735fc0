package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
)

// actsOf finds rows of the audit by id, one statement for all.
func actsOf(tx *sqldb.Tx, ids []string) (map[string]string, error) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	found := map[string]string{}
	_, err := sqldb.Many(tx, `SELECT id, act FROM audit WHERE id IN `+sqldb.In(1, len(ids)), args, func(r sqldb.Row) (id string, err error) {
		var act string
		err = r.Scan(&id, &act)
		found[id] = act
		return id, err
	})
	return found, err
}

func TestSixteenWhoAskTogetherEachGetTheirOwnRow(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		for i := range 15 { // the last has none
			set(t, db, fmt.Sprint("row", i), fmt.Sprint("act", i))
		}
		var g sqldb.Gather[string, string]
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				for range 50 {
					act, ok, err := ask(t.Context(), db, &g, fmt.Sprint("row", i), actsOf)
					if want := fmt.Sprint("act", i); err != nil || ok != (i < 15) || ok && act != want {
						t.Errorf("row %d: %q, %v, %v", i, act, ok, err)
					}
				}
			})
		}
		all.Wait()
	})
}

// A row is changed, and whoever asks after that must see it, however many others
// ask at the same time.
func TestAnAnswerIsNeverOlderThanItsQuestion(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		set(t, db, "row", "0")
		var g sqldb.Gather[string, string]
		ctx, stop := context.WithCancel(t.Context())
		var others sync.WaitGroup
		for range 15 {
			others.Go(func() {
				for ctx.Err() == nil {
					ask(ctx, db, &g, "row", actsOf)
				}
			})
		}
		for i := 1; i <= 100; i++ {
			want := fmt.Sprint(i)
			set(t, db, "row", want)
			if act, _, err := ask(t.Context(), db, &g, "row", actsOf); err != nil || act != want {
				t.Fatalf("asked after %s was committed, and was told %q, %v", want, act, err)
			}
		}
		stop()
		others.Wait()
	})
}

func TestInATransactionARowIsOfThatTransaction(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		var g sqldb.Gather[string, string]
		err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			if _, err := tx.Exec(`INSERT INTO audit (id, at, actor, act, object, branch, detail) VALUES ('row', $1, '', 'mine', '', '', '')`, tx.Now); err != nil {
				return err
			}
			act, ok, err := g.One(tx, "row", actsOf)
			if !ok || act != "mine" {
				t.Errorf("%q, %v", act, ok)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// held opens a database on which questions gather. read waits for leave.
func held(t *testing.T) (db *sqldb.DB, read func(*sqldb.Tx, []string) (map[string]string, error), begun, leave chan struct{}, journeys *atomic.Int64) {
	db, err := sqldb.Open(sqldbtest.PostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	begun, leave, journeys = make(chan struct{}, 100), make(chan struct{}), new(atomic.Int64)
	return db, func(tx *sqldb.Tx, keys []string) (map[string]string, error) {
		journeys.Add(1)
		begun <- struct{}{}
		<-leave
		found := map[string]string{}
		for _, k := range keys {
			switch {
			case k == "panic":
				panic("read")
			case strings.HasPrefix(k, "bad"):
				return nil, errors.New("bad")
			}
			found[k] = k
		}
		return found, nil
	}, begun, leave, journeys
}

func TestThoseWhoComeMeanwhileGoTogether(t *testing.T) {
	db, read, begun, leave, journeys := held(t)
	var g sqldb.Gather[string, string]
	var all sync.WaitGroup
	look := func(key string) {
		all.Go(func() {
			if got, ok, err := ask(t.Context(), db, &g, key, read); err != nil || !ok || got != key {
				t.Errorf("%s: %q, %v, %v", key, got, ok, err)
			}
		})
	}
	for i := range sqldb.JourneysMost {
		look(fmt.Sprint("first", i))
		<-begun // alone, and at once
	}
	for i := range 40 {
		look(fmt.Sprint("later", i))
	}
	sqldb.WaitFor(&g, 40)
	close(leave)
	all.Wait()
	if n := journeys.Load(); n != sqldb.JourneysMost+2 { // thirty-two, and eight
		t.Errorf("%d journeys", n)
	}
}

func TestWhoGoesAwayLeavesTheOthersTheirAnswer(t *testing.T) {
	db, read, begun, leave, _ := held(t)
	var g sqldb.Gather[string, string]
	going, goes := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range sqldb.JourneysMost {
		all.Go(func() { ask(t.Context(), db, &g, "first", read) })
		<-begun
	}
	all.Go(func() {
		if _, _, err := ask(going, db, &g, "going", read); !errors.Is(err, context.Canceled) {
			t.Errorf("who went away got %v", err)
		}
		close(leave)
	})
	all.Go(func() {
		if got, ok, err := ask(t.Context(), db, &g, "stays", read); err != nil || !ok || got != "stays" {
			t.Errorf("who stayed got %q, %v, %v", got, ok, err)
		}
	})
	sqldb.WaitFor(&g, 2)
	goes()
	all.Wait()
}

func TestAJourneyThatFailsFailsOnlyWhoIsOnIt(t *testing.T) {
	db, read, begun, leave, _ := held(t)
	var g sqldb.Gather[string, string]
	var all sync.WaitGroup
	for _, first := range []string{"panic", "bad"} {
		all.Go(func() {
			if _, _, err := ask(t.Context(), db, &g, first, read); err == nil {
				t.Errorf("%s: no error", first)
			}
		})
		<-begun
		for range sqldb.JourneysMost - 1 {
			all.Go(func() { ask(t.Context(), db, &g, "other", read) })
			<-begun
		}
		all.Go(func() {
			if got, ok, err := ask(t.Context(), db, &g, "well", read); err != nil || !ok || got != "well" {
				t.Errorf("after %s: %q, %v, %v", first, got, ok, err)
			}
		})
		sqldb.WaitFor(&g, 1)
		for range sqldb.JourneysMost + 1 {
			leave <- struct{}{}
		}
		<-begun
		all.Wait()
	}
}

// Nobody waits any longer: the connection is for others.
func TestAJourneyForNobodyStops(t *testing.T) {
	db, _, _, _, _ := held(t)
	var g sqldb.Gather[string, string]
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	stopped := make(chan error, 1)
	_, _, err := ask(ctx, db, &g, "x", func(tx *sqldb.Tx, _ []string) (map[string]string, error) {
		var none string
		_, err := tx.One(`SELECT 'x' FROM pg_sleep(60)`, nil, &none)
		stopped <- err
		return nil, err
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	select {
	case err := <-stopped:
		if err == nil {
			t.Error("it went on")
		}
	case <-time.After(20 * time.Second):
		t.Error("it does not stop")
	}
}

func ask(ctx context.Context, db *sqldb.DB, g *sqldb.Gather[string, string], key string, read func(*sqldb.Tx, []string) (map[string]string, error)) (row string, ok bool, err error) {
	err = db.Look(ctx, func(tx *sqldb.Tx) error {
		row, ok, err = g.One(tx, key, read)
		return err
	})
	return row, ok, err
}

func set(t *testing.T, db *sqldb.DB, id, act string) {
	t.Helper()
	err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`
			INSERT INTO audit (id, at, actor, act, object, branch, detail) VALUES ($1, $2, '', $3, '', '', '')
			ON CONFLICT (id) DO UPDATE SET act = excluded.act`, id, tx.Now, act)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

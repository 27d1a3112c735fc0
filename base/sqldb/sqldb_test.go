package sqldb_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
)

func add(ctx context.Context, db *sqldb.DB, id string) error {
	return db.InTx(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`INSERT INTO audit (id, at, actor, act, object, branch, detail) VALUES ($1, $2, '', '', '', '', '')`, id, tx.Now)
		return err
	})
}

func count(t *testing.T, db *sqldb.DB) (n int) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT COUNT(*) FROM audit`, nil, &n)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestATransactionIsAllOrNothing(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		stop := errors.New("stop")
		ran := false
		err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			tx.After(func() { ran = true })
			if _, err := tx.Exec(`INSERT INTO audit (id, at, actor, act, object, branch, detail) VALUES ('a', $1, '', '', '', '', '')`, tx.Now); err != nil {
				return err
			}
			return stop
		})
		if !errors.Is(err, stop) || ran || count(t, db) != 0 {
			t.Errorf("err %v, after ran %v, %d rows; want nothing done", err, ran, count(t, db))
		}
	})
}

// Sixteen tellers read a sum and add to it. Without serializable transactions
// and retry, PostgreSQL loses some of them.
func TestReadThenWriteLosesNothing(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		if err := add(t.Context(), db, "sum"); err != nil {
			t.Fatal(err)
		}
		setAt := func(n int64) error {
			return db.InTx(t.Context(), func(tx *sqldb.Tx) error {
				var have int64
				if _, err := tx.One(`SELECT at FROM audit WHERE id = 'sum'`, nil, &have); err != nil {
					return err
				}
				if n == 0 {
					have = -1
				}
				_, err := tx.Exec(`UPDATE audit SET at = $1 WHERE id = 'sum'`, have+1)
				return err
			})
		}
		if err := setAt(0); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				for range 5 {
					if err := setAt(1); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		var sum int64
		if err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.One(`SELECT at FROM audit WHERE id = 'sum'`, nil, &sum)
			return err
		}); err != nil || sum != 80 {
			t.Errorf("sum %d, %v; want 80", sum, err)
		}
	})
}

func TestAReaderCannotWrite(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`DELETE FROM audit`)
			return err
		})
		if err == nil {
			t.Error("Read let a write through")
		}
	})
}

func TestALookThatWaitsForAConnectionMayGoAway(t *testing.T) {
	db := sqldbtest.New(t)
	reading, done := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	for range sqldb.Readers {
		all.Go(func() {
			err := db.Read(context.Background(), func(*sqldb.Tx) error { reading <- struct{}{}; <-done; return nil })
			if err != nil {
				t.Error(err)
			}
		})
	}
	for range sqldb.Readers {
		<-reading
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := db.Look(ctx, func(tx *sqldb.Tx) error { _, err := tx.One(`SELECT 1`, nil, new(int)); return err })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	close(done)
	all.Wait()
}

func TestALookReadsAndCannotWrite(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		for range 2 { // the second time SQLite has it prepared
			err := db.Look(t.Context(), func(tx *sqldb.Tx) error {
				var n int
				if _, err := tx.One(`SELECT COUNT(*) FROM audit`, nil, &n); err != nil {
					return err
				}
				var id string
				if _, err := tx.One(`
					DELETE FROM audit WHERE id = 'x' RETURNING id`, nil, &id); err == nil {
					t.Error("Look let One write")
				}
				_, err := tx.Exec(`DELETE FROM audit`)
				return err
			})
			if err == nil {
				t.Error("Look let Exec write")
			}
		}
	})
}

func TestInstantsKeepTheirMicroseconds(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		at := time.Date(2026, 10, 25, 2, 30, 0, 123456789, time.FixedZone("CET", 3600))
		db.Now = func() time.Time { return at }
		if err := add(t.Context(), db, "x"); err != nil {
			t.Fatal(err)
		}
		list := []time.Time{}
		err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			var err error
			list, err = sqldb.Many(tx, `SELECT at FROM audit WHERE id IN `+sqldb.In(1, 2), []any{"x", "y"}, func(row sqldb.Row) (at time.Time, err error) {
				return at, row.Scan(sqldb.Instant(&at))
			})
			return err
		})
		if err != nil || len(list) != 1 || !list[0].Equal(at.Truncate(time.Microsecond)) {
			t.Errorf("got %v, %v; want %v", list, err, at)
		}
	})
}

func TestABrokenUniqueRuleIsKnownByItsCode(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		if err := add(t.Context(), db, "x"); err != nil {
			t.Fatal(err)
		}
		if err := add(t.Context(), db, "x"); !sqldb.Duplicate(err) {
			t.Errorf("got %v, want a duplicate", err)
		}
	})
}

func TestMigratingTwiceChangesNothing(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		if err := add(t.Context(), db, "x"); err != nil {
			t.Fatal(err)
		}
		if err := db.Migrate(t.Context()); err != nil || count(t, db) != 1 {
			t.Errorf("%v, %d rows", err, count(t, db))
		}
	})
}

func TestAnOlderProgramLeavesANewerSchemaAlone(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`INSERT INTO migration (name, at) VALUES ('9999_later', $1)`, tx.Now)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Migrate(t.Context()); !errors.Is(err, sqldb.ErrNewer) {
			t.Errorf("got %v, want ErrNewer", err)
		}
	})
}

func TestAnyFileNameIsOneDatabase(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a#1.db", "a#2.db", "50%.db", "what?.db", "met spatie.db"} {
		db, err := sqldb.Open("sqlite:" + filepath.Join(dir, name))
		if err == nil {
			err = db.Migrate(t.Context())
			db.Close()
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Errorf("%s is another file: %v", name, err)
		}
	}
}

func TestOnlyItsOwnerReadsANewDatabaseFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lid.db")
	db, err := sqldb.Open("sqlite:" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want rights 0600", filepath.Base(name), info.Mode(), err)
		}
	}
}

// What is said to be run later is run before what follows, and is part of all or
// nothing.
func TestALaterStatementComesBeforeTheNextOne(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		later := func(tx *sqldb.Tx, id string) error {
			return tx.Later(`INSERT INTO audit (id, at, actor, act, object, branch, detail) VALUES ($1, $2, '', '', '', '', '')`, id, tx.Now)
		}
		err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			for _, id := range []string{"a", "b"} {
				if err := later(tx, id); err != nil {
					return err
				}
			}
			var n int
			if _, err := tx.One(`SELECT COUNT(*) FROM audit`, nil, &n); err != nil || n != 2 {
				t.Errorf("%d rows, %v; want two", n, err)
			}
			if err := later(tx, "c"); err != nil {
				return err
			}
			touched, err := tx.Exec(`UPDATE audit SET act = 'x'`)
			if touched != 3 {
				t.Errorf("%d rows touched, want three", touched)
			}
			if err == nil {
				err = later(tx, "d") // goes with the end
			}
			return err
		})
		if err != nil || count(t, db) != 4 {
			t.Errorf("%v, %d rows; want four", err, count(t, db))
		}
		err = db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			if err := later(tx, "e"); err != nil {
				return err
			}
			return later(tx, "a")
		})
		if err == nil || count(t, db) != 4 {
			t.Errorf("%v, %d rows; want an error and nothing done", err, count(t, db))
		}
		if err := db.Look(t.Context(), func(tx *sqldb.Tx) error { return later(tx, "f") }); err == nil {
			t.Error("Look let Later write")
		}
		if err := db.InTx(t.Context(), func(*sqldb.Tx) error { return nil }); err != nil {
			t.Errorf("a transaction without a statement: %v", err)
		}
	})
}

func TestAPanicGivesTheConnectionBack(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		for range 2 * sqldb.MaxConnections {
			func() {
				defer func() { recover() }()
				db.InTx(t.Context(), func(tx *sqldb.Tx) error {
					tx.Exec(`DELETE FROM audit`)
					panic("a handler")
				})
			}()
		}
		if err := add(t.Context(), db, "x"); err != nil {
			t.Fatal(err)
		}
	})
}

// A broken rule of what was queued is not a broken rule of the statement that says
// it, of which somebody may read that a name is taken.
func TestADuplicateThatWasQueuedBlamesNoOther(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		if err := add(t.Context(), db, "x"); err != nil {
			t.Fatal(err)
		}
		innocent := func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`UPDATE audit SET act = 'x' WHERE id = 'y'`)
			return err
		}
		for _, last := range []func(*sqldb.Tx) error{innocent, func(*sqldb.Tx) error { return nil }} {
			err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
				if err := tx.Later(`INSERT INTO audit (id, at, actor, act, object, branch, detail) VALUES ('x', $1, '', '', '', '', '')`, tx.Now); err != nil {
					return err
				}
				return last(tx)
			})
			if err == nil || sqldb.Duplicate(err) || !strings.HasPrefix(err.Error(), "queued earlier: ") {
				t.Errorf("got %v", err)
			}
		}
	})
}

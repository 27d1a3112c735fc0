package sqldb_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
)

// openPostgres opens an empty, migrated schema; more goes behind its address.
func openPostgres(t *testing.T, more string) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(sqldbtest.PostgresURL(t) + more)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

// A function that passes over the error of a statement must not think that the
// rest was kept.
func TestATransactionWithABrokenStatementIsNotCommitted(t *testing.T) {
	db := openPostgres(t, "") // SQLite undoes the statement alone
	err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(`DELETE FROM audit`); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM no_such_table`); err == nil {
			t.Error("there is a table no_such_table")
		}
		return nil
	})
	if err == nil {
		t.Error("no error")
	}
	// Every connection serves again, or was closed.
	for range 2 * sqldb.MaxConnections {
		if err := db.InTx(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(`DELETE FROM audit`); return err }); err != nil {
			t.Fatal(err)
		}
	}
}

// The first statement travels with BEGIN and is prepared before it: refused then, it
// takes BEGIN along, and what follows would be kept whatever the end is.
func TestAFirstStatementThatIsRefusedLetsNothingFollow(t *testing.T) {
	db := openPostgres(t, "&lock_timeout=50ms")
	locked := make(chan struct{})
	ended := make(chan error)
	ctx, unlock := context.WithCancel(t.Context())
	go func() {
		ended <- db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`LOCK TABLE audit_look IN ACCESS EXCLUSIVE MODE`)
			close(locked)
			<-ctx.Done()
			return err
		})
	}()
	<-locked
	for name, first := range map[string]struct {
		query string
		args  []any
	}{
		"a table that is not there":         {`DELETE FROM no_such_table`, nil},
		"an argument that cannot be sent":   {`DELETE FROM audit WHERE at = $1`, []any{make(chan int)}},
		"an argument that cannot be read":   {`DELETE FROM audit WHERE at = $1`, []any{"no number"}},
		"an argument too many":              {`DELETE FROM audit WHERE id = $1`, []any{"a", "b"}},
		"a table that others keep for them": {`DELETE FROM audit_look`, nil},
	} {
		for _, end := range []error{nil, errors.New("stop")} {
			err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
				if _, err := tx.Exec(first.query, first.args...); err == nil {
					t.Errorf("%s: no error", name)
				}
				if _, err := tx.Exec(`INSERT INTO audit (id, at, actor, act, object, branch, detail) VALUES ('a', $1, '', '', '', '', '')`, tx.Now); err == nil {
					t.Errorf("%s: a second statement was run", name)
				}
				var n int
				if _, err := tx.One(`SELECT COUNT(*) FROM audit`, nil, &n); err == nil {
					t.Errorf("%s: a query was run", name)
				}
				tx.Later(`INSERT INTO audit (id, at, actor, act, object, branch, detail) VALUES ('b', $1, '', '', '', '', '')`, tx.Now)
				return end
			})
			if n := count(t, db); err == nil || n != 0 {
				t.Errorf("%s, ended by %v: %v, %d rows; want an error and none", name, end, err, n)
			}
		}
	}
	unlock()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// What was queued is lost with the statement that could not be sent along.
func TestWhatWasQueuedIsNotLostInSilence(t *testing.T) {
	db := openPostgres(t, "")
	err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(`DELETE FROM audit`); err != nil {
			return err
		}
		if err := tx.Later(`INSERT INTO audit (id, at, actor, act, object, branch, detail) VALUES ('a', $1, '', '', '', '', '')`, tx.Now); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM audit_look WHERE at = $1`, make(chan int)); err == nil {
			t.Error("a channel was sent as a number")
		}
		return nil
	})
	if err == nil {
		t.Error("committed without what was queued")
	}
}

func TestTheAddressSaysHowManyConnections(t *testing.T) {
	db := openPostgres(t, "&pool_max_conns=2")
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	err := db.Read(t.Context(), func(*sqldb.Tx) error {
		return db.Read(t.Context(), func(*sqldb.Tx) error {
			return db.Read(ctx, func(*sqldb.Tx) error { return nil })
		})
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a third connection: %v", err)
	}
}

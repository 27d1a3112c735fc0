package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"lidwoord/base/secret"
)

// Tx is one transaction. Now is the same instant from its start to its end.
type Tx struct {
	Now time.Time

	ctx   context.Context
	sql   statements
	db    *DB
	looks bool // of Look, which only reads
	after []func()
}

var errLooking = errors.New("sqldb: Look only reads")

// allows holds a Look to reading: nobody would take back half of what it wrote.
func (tx *Tx) allows(query string) error {
	if tx.looks && !strings.HasPrefix(strings.TrimLeft(query, "\t\n "), "SELECT") {
		return errLooking
	}
	return nil
}

// Box seals what this database must keep secret.
func (tx *Tx) Box() *secret.Box { return tx.db.Box }

// After runs f once the transaction is committed, such as to wake a worker.
// A crash in between loses the call: it is never for what must happen.
func (tx *Tx) After(f func()) { tx.after = append(tx.after, f) }

// Exec runs a statement and returns the number of rows it touched.
func (tx *Tx) Exec(query string, args ...any) (int64, error) {
	if err := tx.allows(query); err != nil {
		return 0, err
	}
	return tx.sql.exec(tx.ctx, query, plain(args))
}

// Later runs a statement of which nobody asks how many rows it touched. SQLite runs
// it at once. On PostgreSQL it travels with the next one, or with the COMMIT, which
// then say its error; both are prepared before either runs, so that the next one must
// not need a table that this one makes. Duplicate does not know the error on either
// engine: it would blame the statement that says it.
func (tx *Tx) Later(query string, args ...any) error {
	if err := tx.allows(query); err != nil {
		return err
	}
	return tx.sql.later(tx.ctx, query, plain(args))
}

// earlier is the error of a statement that was queued before the one that says it.
type earlier struct{ error }

func (e earlier) Error() string { return "queued earlier: " + e.error.Error() }

func (e earlier) Unwrap() error { return e.error }

// One scans a single row into dest and reports whether there was one.
func (tx *Tx) One(query string, args []any, dest ...any) (bool, error) {
	if err := tx.allows(query); err != nil {
		return false, err
	}
	found, err := tx.sql.query(tx.ctx, query, plain(args))
	if err != nil {
		return false, err
	}
	defer found.Close()
	if !found.Next() {
		return false, found.Err()
	}
	if err := found.Scan(dest...); err != nil {
		return false, err
	}
	found.Close()
	return found.Err() == nil, found.Err()
}

// Row is one row of a query.
type Row interface{ Scan(dest ...any) error }

// Many collects what scan makes of each row. The rows are closed when it
// returns, so that the next statement finds the connection free.
func Many[T any](tx *Tx, query string, args []any, scan func(Row) (T, error)) ([]T, error) {
	if err := tx.allows(query); err != nil {
		return nil, err
	}
	found, err := tx.sql.query(tx.ctx, query, plain(args))
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var list []T
	for found.Next() {
		one, err := scan(found)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	found.Close()
	return list, found.Err()
}

// In writes the placeholders of a list of n arguments whose first is $first:
// In(3, 2) is "($3,$4)". An empty list matches nothing.
func In(first, n int) string {
	if n == 0 {
		return "(NULL)"
	}
	marks := make([]string, n)
	for i := range marks {
		marks[i] = fmt.Sprintf("$%d", first+i)
	}
	return "(" + strings.Join(marks, ",") + ")"
}

// plain turns each instant into whole microseconds, the one form both engines
// store, compare and index alike. The zero instant is NULL.
func plain(args []any) []any {
	out := slices.Clone(args)
	for i, a := range out {
		if t, ok := a.(time.Time); ok {
			out[i] = nil
			if !t.IsZero() {
				out[i] = t.UnixMicro()
			}
		}
	}
	return out
}

// Instant scans a stored instant into t; NULL is the zero instant.
func Instant(t *time.Time) sql.Scanner { return (*instant)(t) }

type instant time.Time

func (i *instant) Scan(v any) error {
	switch n := v.(type) {
	case nil:
		*i = instant{}
	case int64:
		*i = instant(time.UnixMicro(n).UTC())
	default:
		return fmt.Errorf("instant: have %T, want int64", v)
	}
	return nil
}

// Duplicate reports whether err is a broken unique rule. On PostgreSQL the
// transaction is dead by then; prefer ON CONFLICT DO NOTHING and count rows. What
// Later queued has rules of its own, of which the caller knows nothing.
func Duplicate(err error) bool {
	if errors.As(err, new(earlier)) {
		return false
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == 1555 || lite.Code() == 2067 // primary key, unique
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505"
}

func wantsRetry(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code()&0xff == 5 // busy: another process writes
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

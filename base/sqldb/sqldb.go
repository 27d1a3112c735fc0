// Package sqldb opens the database and runs transactions on it. It is the only
// package that knows whether the engine is SQLite or PostgreSQL.
//
//	Open      opens "sqlite:path" or "postgres://…"
//	Migrate   brings the schema up to date
//	InTx      runs a function in one serializable transaction, with retry
//	Read      runs a function on one read-only snapshot
//	Look      runs a function that reads a row or two, without a snapshot
//	Many      collects the rows of a query
//	Gather    lets looks that arrive together travel together
//
// One SQL text serves both engines; sqltext_test.go at the root refuses words
// that they do not share.
package sqldb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"lidwoord/base/secret"
)

// DB is an open database.
type DB struct {
	Engine string           // "sqlite" or "postgres"
	Now    func() time.Time // the only clock of the house; tests replace it
	Box    *secret.Box      // seals what the database must keep secret

	engine engine
}

// engine is what SQLite and PostgreSQL do each in a way of its own.
type engine interface {
	begin(context.Context, kind) (transaction, error)
	look(context.Context) (look statements, end func()) // without a transaction; end when all went well
	ping(context.Context) error
	close() error
}

// kind is what a transaction is for.
type kind int

const (
	reading kind = iota
	writing
)

// statements are run one after the other: the next when the rows of the one before
// are closed.
type statements interface {
	exec(ctx context.Context, query string, args []any) (touched int64, err error)
	query(ctx context.Context, query string, args []any) (rows, error)
	// later runs a statement before the next one, or before the end.
	later(ctx context.Context, query string, args []any) error
}

type transaction interface {
	statements
	commit(context.Context) error
	rollback() // when it was not committed
}

type rows interface {
	Row
	Next() bool
	Close()
	Err() error
}

// Open opens the database at address, "sqlite:path" or "postgres://…".
func Open(address string) (*DB, error) {
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		return openSQLite(path)
	}
	if !strings.HasPrefix(address, "postgres://") && !strings.HasPrefix(address, "postgresql://") {
		return nil, fmt.Errorf("database address must begin with sqlite: or postgres://")
	}
	return openPostgres(address)
}

// Close closes every connection.
func (db *DB) Close() error { return db.engine.close() }

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.engine.ping(ctx) }

// triesMost is how often InTx runs a function that lost against others. With
// sixteen writers on one row the unluckiest needs about twenty.
const triesMost = 60

// InTx runs f in a transaction and commits when f returns nil. It runs f again
// when the engine asks for a retry, so f must do nothing outside the database;
// what should happen after the commit goes into Tx.After.
func (db *DB) InTx(ctx context.Context, f func(*Tx) error) error {
	for try := 1; ; try++ {
		after, err := db.once(ctx, writing, f)
		if err == nil {
			for _, f := range after {
				f()
			}
			return nil
		}
		if !wantsRetry(err) || try == triesMost {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(rand.IntN(min(5*try, 100))+1) * time.Millisecond):
		}
	}
}

// Read runs f on a snapshot of the database that nobody changes meanwhile.
func (db *DB) Read(ctx context.Context, f func(*Tx) error) error {
	_, err := db.once(ctx, reading, f)
	return err
}

// Look runs f without a transaction: each statement sees the database as it is at
// that moment, and none writes. Where one row is the whole answer it says the same
// as Read, and on PostgreSQL it travels once where Read travels twice.
func (db *DB) Look(ctx context.Context, f func(*Tx) error) error {
	look, end := db.engine.look(ctx)
	tx := db.newTx(ctx, look)
	tx.looks = true
	if err := f(tx); err != nil {
		return err
	}
	end()
	return nil
}

func (db *DB) newTx(ctx context.Context, sql statements) *Tx {
	return &Tx{Now: db.Now().UTC().Truncate(time.Microsecond), ctx: ctx, sql: sql, db: db}
}

func (db *DB) once(ctx context.Context, writes kind, f func(*Tx) error) (after []func(), err error) {
	t, err := db.engine.begin(ctx, writes)
	if err != nil {
		return nil, err
	}
	committing := false
	defer func() {
		if !committing { // f failed, or panicked
			t.rollback()
		}
	}()
	tx := db.newTx(ctx, t)
	if err := f(tx); err != nil {
		return nil, err
	}
	committing = true
	if err := t.commit(ctx); err != nil {
		return nil, err
	}
	return tx.after, nil
}

// Package sqldb opens the database and runs transactions on it. It is the only
// package that knows whether the engine is SQLite or PostgreSQL.
//
//	Open      opens "sqlite:path" or "postgres://…"
//	Migrate   brings the schema up to date
//	InTx      runs a function in one serializable transaction, with retry
//	Read      runs a function on one read-only snapshot
//	Look      runs a function that reads a row or two, without a snapshot
//	Many      collects the rows of a query
//
// One SQL text serves both engines; sqltext_test.go at the root refuses words
// that they do not share.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"lidwoord/base/secret"
)

// DB is an open database.
type DB struct {
	Engine string           // "sqlite" or "postgres"
	Now    func() time.Time // the only clock of the house; tests replace it
	Box    *secret.Box      // seals what the database must keep secret

	write, read *sql.DB
	writeTx     *sql.TxOptions
	readTx      *sql.TxOptions
	prepared    *prepared // nil on PostgreSQL, where pgx keeps its own
}

// busyTimeout is how long SQLite waits for another process (a command of the
// administrator) that writes at the same moment.
const busyTimeout = 10 * time.Second

// MaxConnections bounds the connections to PostgreSQL. Idle connections are
// kept as many as open ones: opening anew at every peak costs more than work.
const MaxConnections = 24

// Open opens the database at address, "sqlite:path" or "postgres://…".
func Open(address string) (*DB, error) {
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		return openSQLite(path)
	}
	if !strings.HasPrefix(address, "postgres://") && !strings.HasPrefix(address, "postgresql://") {
		return nil, fmt.Errorf("database address must begin with sqlite: or postgres://")
	}
	pool, err := sql.Open("pgx", address)
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	pool.SetMaxOpenConns(MaxConnections)
	pool.SetMaxIdleConns(MaxConnections)
	return &DB{
		Engine: "postgres", Now: time.Now, write: pool, read: pool,
		// What SQLite gives by nature: READ COMMITTED let six of eight spend one balance.
		writeTx: &sql.TxOptions{Isolation: sql.LevelSerializable},
		readTx:  &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
	}, nil
}

// openSQLite opens one connection that writes and several that read: SQLite
// lets one writer in at a time, and a queue in Go is fairer than its own.
func openSQLite(path string) (*DB, error) {
	common := url.Values{"_pragma": {
		"foreign_keys(1)", "journal_mode(WAL)", "synchronous(FULL)",
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
	}}
	if err := makePrivate(path); err != nil {
		return nil, fmt.Errorf("open sqlite: %w", err)
	}
	path = (&url.URL{Path: path}).EscapedPath() // a # or % in a name is part of the name
	// "immediate", because a transaction that first reads and then writes is
	// otherwise refused at once (error 517) when another has written meanwhile.
	write, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&"+common.Encode())
	if err != nil {
		return nil, fmt.Errorf("open sqlite: %w", err)
	}
	write.SetMaxOpenConns(1)
	common["_pragma"] = append(common["_pragma"], "query_only(1)")
	read, err := sql.Open("sqlite", "file:"+path+"?_txlock=deferred&"+common.Encode())
	if err != nil {
		return nil, fmt.Errorf("open sqlite: %w", err)
	}
	readers := max(4, runtime.NumCPU())
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return &DB{Engine: "sqlite", Now: time.Now, write: write, read: read,
		prepared: &prepared{kept: map[statement]*sql.Stmt{}}}, nil
}

// makePrivate makes the file of a new database. SQLite would let everybody on
// the machine read it, and gives the files beside it (-wal, -shm) its rights. The
// rights of a file that is there are the administrator's choice.
func makePrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// Close closes every connection.
func (db *DB) Close() error {
	db.prepared.close()
	if db.read != db.write {
		db.read.Close()
	}
	return db.write.Close()
}

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.write.PingContext(ctx) }

// triesMost is how often InTx runs a function that lost against others. With
// sixteen writers on one row the unluckiest needs about twenty.
const triesMost = 60

// InTx runs f in a transaction and commits when f returns nil. It runs f again
// when the engine asks for a retry, so f must do nothing outside the database;
// what should happen after the commit goes into Tx.After.
func (db *DB) InTx(ctx context.Context, f func(*Tx) error) error {
	for try := 1; ; try++ {
		after, err := db.once(ctx, db.write, db.writeTx, f)
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
	_, err := db.once(ctx, db.read, db.readTx, f)
	return err
}

// Look runs f without a transaction: each statement sees the database as it is at
// that moment, and none writes. Where one row is the whole answer it says the same
// as Read, and on PostgreSQL it travels once where Read travels three times.
func (db *DB) Look(ctx context.Context, f func(*Tx) error) error {
	tx := db.newTx(ctx, db.read, db.read)
	if err := f(tx); err != nil {
		return err
	}
	db.prepared.learn(ctx, db.read, tx.unprepared)
	return nil
}

func (db *DB) newTx(ctx context.Context, pool *sql.DB, run runner) *Tx {
	return &Tx{Now: db.Now().UTC().Truncate(time.Microsecond), ctx: ctx, sql: run, db: db, pool: pool}
}

func (db *DB) once(ctx context.Context, pool *sql.DB, options *sql.TxOptions, f func(*Tx) error) ([]func(), error) {
	t, err := pool.BeginTx(ctx, options)
	if err != nil {
		return nil, err
	}
	defer t.Rollback()
	tx := db.newTx(ctx, pool, t)
	if err := f(tx); err != nil {
		return nil, err
	}
	if err := t.Commit(); err != nil {
		return nil, err
	}
	db.prepared.learn(ctx, pool, tx.unprepared)
	return tx.after, nil
}

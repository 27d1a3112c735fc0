package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"runtime"
	"sync"
	"time"

	_ "modernc.org/sqlite"
)

// busyTimeout is how long SQLite waits for another process (a command of the
// administrator) that writes at the same moment.
const busyTimeout = 10 * time.Second

// sqliteEngine is SQLite.
type sqliteEngine struct {
	write, read *sql.DB
	prepared    prepared
}

// readers is how many connections read.
var readers = max(4, runtime.NumCPU())

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
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return &DB{Engine: "sqlite", Now: time.Now, engine: &sqliteEngine{write, read, prepared{kept: map[statement]*sql.Stmt{}}}}, nil
}

func (s *sqliteEngine) begin(ctx context.Context, writes kind) (transaction, error) {
	pool := s.read
	if writes == writing {
		pool = s.write
	}
	t, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	return &sqliteTx{sqliteStatements{on: s, pool: pool, run: t}, t}, nil
}

func (s *sqliteEngine) look(ctx context.Context) (statements, func()) {
	l := &sqliteStatements{on: s, pool: s.read, run: s.read, looks: true}
	return l, func() { s.prepared.learn(ctx, l.pool, l.unprepared) }
}

func (s *sqliteEngine) ping(ctx context.Context) error { return s.write.PingContext(ctx) }

func (s *sqliteEngine) close() error {
	s.prepared.close()
	s.read.Close()
	return s.write.Close()
}

// sqliteStatements run in a transaction of a pool, or at the pool itself.
type sqliteStatements struct {
	on         *sqliteEngine
	pool       *sql.DB
	run        runner
	looks      bool // at the pool, for a row or two
	unprepared []string
}

// runner is a *sql.Tx or a *sql.DB.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (s *sqliteStatements) exec(ctx context.Context, query string, args []any) (int64, error) {
	var res sql.Result
	var err error
	if st := s.prepared(ctx, query); st != nil {
		res, err = st.ExecContext(ctx, args...)
	} else {
		res, err = s.run.ExecContext(ctx, query, args...)
	}
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (s *sqliteStatements) query(ctx context.Context, query string, args []any) (rows, error) {
	if s.looks && s.pool.Stats().InUse < readers {
		// It takes microseconds, and no lock: shorter than to start who would stop it. Who
		// has to wait for a connection may go away.
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		ctx = context.WithoutCancel(ctx)
	}
	var found *sql.Rows
	var err error
	if st := s.prepared(ctx, query); st != nil {
		found, err = st.QueryContext(ctx, args...)
	} else {
		found, err = s.run.QueryContext(ctx, query, args...)
	}
	if err != nil {
		return nil, err
	}
	return sqliteRows{found}, nil
}

// later does it now: nothing travels.
func (s *sqliteStatements) later(ctx context.Context, query string, args []any) error {
	if _, err := s.exec(ctx, query, args); err != nil {
		return earlier{err} // as PostgreSQL says it
	}
	return nil
}

func (s *sqliteStatements) prepared(ctx context.Context, query string) *sql.Stmt {
	if st := s.on.prepared.get(s.pool, query); st != nil {
		if in, ok := s.run.(*sql.Tx); ok {
			return in.StmtContext(ctx, st)
		}
		return st
	}
	s.unprepared = append(s.unprepared, query)
	return nil
}

type sqliteTx struct {
	sqliteStatements
	tx *sql.Tx
}

func (t *sqliteTx) commit(ctx context.Context) error {
	if err := t.tx.Commit(); err != nil {
		t.tx.Rollback()
		return err
	}
	t.on.prepared.learn(ctx, t.pool, t.unprepared)
	return nil
}

func (t *sqliteTx) rollback() { t.tx.Rollback() }

type sqliteRows struct{ *sql.Rows }

func (r sqliteRows) Close() { r.Rows.Close() }

// prepared keeps SQLite's prepared statements, because preparing one costs as
// much as reading a row. A statement is prepared after the first transaction
// that used it: during it, the only writing connection is taken.
type prepared struct {
	mu   sync.RWMutex
	kept map[statement]*sql.Stmt
}

type statement struct {
	pool *sql.DB
	text string
}

// keptMost bounds the cache: lists (IN) make a text for each length.
const keptMost = 1000

func (p *prepared) get(pool *sql.DB, text string) *sql.Stmt {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.kept[statement{pool, text}]
}

func (p *prepared) learn(ctx context.Context, pool *sql.DB, texts []string) {
	for _, text := range texts {
		p.mu.RLock()
		_, known := p.kept[statement{pool, text}]
		full := len(p.kept) >= keptMost
		p.mu.RUnlock()
		if known || full {
			continue
		}
		st, err := pool.PrepareContext(ctx, text)
		if err != nil {
			continue // it runs unprepared, as it did just now
		}
		p.mu.Lock()
		if _, known := p.kept[statement{pool, text}]; known {
			p.mu.Unlock()
			st.Close()
			continue
		}
		p.kept[statement{pool, text}] = st
		p.mu.Unlock()
	}
}

func (p *prepared) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, st := range p.kept {
		st.Close()
	}
	clear(p.kept)
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

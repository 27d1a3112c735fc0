package sqldb

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// MaxConnections bounds the connections to PostgreSQL where the address names no
// pool_max_conns. Whoever comes when all are taken waits for one: opening more at
// every peak costs more than work.
const MaxConnections = 24

// postgresEngine is PostgreSQL. Every statement is a journey there and back, which takes
// longer than most statements; so whatever may travel together does.
type postgresEngine struct{ pool *pgxpool.Pool }

func openPostgres(address string) (*DB, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	if u, err := url.Parse(address); err != nil || !u.Query().Has("pool_max_conns") {
		config.MaxConns = MaxConnections
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	return &DB{Engine: "postgres", Now: time.Now, engine: postgresEngine{pool}}, nil
}

// What SQLite gives by nature: READ COMMITTED let six of eight spend one balance.
const (
	beginWriting = "begin isolation level serializable"
	beginReading = "begin isolation level repeatable read read only"
)

func (p postgresEngine) begin(ctx context.Context, writes kind) (transaction, error) {
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	begin := beginReading
	if writes == writing {
		begin = beginWriting
	}
	return &postgresTx{conn: conn, queue: []*pgx.QueuedQuery{{SQL: begin}}}, nil
}

func (p postgresEngine) look(context.Context) (statements, func()) {
	return postgresLook{p.pool}, func() {}
}

func (p postgresEngine) ping(ctx context.Context) error { return p.pool.Ping(ctx) }

// close waits until every connection is given back, but not for ever: a handler
// that hangs must not keep the program from ending.
func (p postgresEngine) close() error {
	closed := make(chan struct{})
	go func() { p.pool.Close(); close(closed) }()
	select {
	case <-closed:
		return nil
	case <-time.After(undoTime):
		return errors.New("sqldb: a connection is still in use")
	}
}

// postgresLook sends each statement over any connection.
type postgresLook struct{ pool *pgxpool.Pool }

func (l postgresLook) exec(ctx context.Context, query string, args []any) (int64, error) {
	tag, err := l.pool.Exec(ctx, query, args...)
	return tag.RowsAffected(), err
}

func (l postgresLook) query(ctx context.Context, query string, args []any) (rows, error) {
	found, err := l.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return found, nil
}

func (l postgresLook) later(ctx context.Context, query string, args []any) error {
	_, err := l.exec(ctx, query, args)
	return err
}

// postgresTx is a transaction whose BEGIN travels with its first statement, and
// whose COMMIT takes along what was queued.
type postgresTx struct {
	conn  *pgxpool.Conn
	queue []*pgx.QueuedQuery // goes with the next statement
	begun bool

	// failed is why a batch did not arrive whole. All of it is prepared before any
	// of it runs, so that BEGIN itself may be lost, or what was queued: whatever came
	// after would be kept without the rest.
	failed error
}

func (t *postgresTx) exec(ctx context.Context, query string, args []any) (int64, error) {
	if t.failed != nil {
		return 0, t.failed
	}
	if len(t.queue) == 0 {
		tag, err := t.conn.Exec(ctx, query, args...)
		return tag.RowsAffected(), err
	}
	found, err := t.query(ctx, query, args)
	if err != nil {
		return 0, err
	}
	found.Close()
	return found.(*lastRows).CommandTag().RowsAffected(), found.Err()
}

func (t *postgresTx) query(ctx context.Context, query string, args []any) (rows, error) {
	if t.failed != nil {
		return nil, t.failed
	}
	if len(t.queue) == 0 {
		found, err := t.conn.Query(ctx, query, args...)
		if err != nil {
			return nil, err
		}
		return found, nil
	}
	results, err := t.send(ctx, query, args)
	if err != nil {
		return nil, err
	}
	found, err := results.Query()
	if err != nil {
		results.Close()
		return nil, err
	}
	return &lastRows{found, results}, nil
}

func (t *postgresTx) later(_ context.Context, query string, args []any) error {
	if t.failed != nil {
		return t.failed
	}
	t.queue = append(t.queue, &pgx.QueuedQuery{SQL: query, Arguments: args})
	return nil
}

// send sends what is queued and a last statement, and reads the answers to all but
// the last. After an error nothing more is sent.
func (t *postgresTx) send(ctx context.Context, query string, args []any) (pgx.BatchResults, error) {
	before := len(t.queue)
	batch := &pgx.Batch{QueuedQueries: append(t.queue, &pgx.QueuedQuery{SQL: query, Arguments: args})}
	t.queue, t.begun = nil, true
	results := t.conn.SendBatch(ctx, batch)
	for range before {
		if _, err := results.Exec(); err != nil {
			results.Close()
			t.failed = earlier{err}
			if errors.As(err, new(pgx.ErrPreprocessingBatch)) { // of any of them, also of the last
				return nil, err
			}
			return nil, t.failed
		}
	}
	return results, nil
}

func (t *postgresTx) commit(ctx context.Context) error {
	defer t.conn.Release()
	if !t.begun && len(t.queue) == 1 { // nothing was asked
		return nil
	}
	if t.failed != nil {
		t.undo()
		return t.failed
	}
	results, err := t.send(ctx, "commit", nil)
	if err == nil {
		var tag fmt.Stringer
		tag, err = results.Exec()
		if closing := results.Close(); err == nil {
			err = closing
		}
		if err == nil && tag.String() != "COMMIT" { // a statement failed and its error was passed over
			err = pgx.ErrTxCommitRollback
		}
	}
	if err != nil {
		t.undo()
	}
	return err
}

func (t *postgresTx) rollback() {
	if t.begun {
		t.undo()
	}
	t.conn.Release()
}

// undoTime bounds how long it may take to roll back or to close. A connection on
// which it fails is closed, and PostgreSQL rolls back by itself.
const undoTime = 5 * time.Second

func (t *postgresTx) undo() {
	ctx, done := context.WithTimeout(context.Background(), undoTime)
	defer done()
	t.conn.Exec(ctx, "rollback")
}

// lastRows are the rows of the last statement that travelled with others.
type lastRows struct {
	pgx.Rows
	results pgx.BatchResults
}

func (r *lastRows) Close() {
	r.Rows.Close()
	r.results.Close()
}

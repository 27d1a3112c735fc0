package outbox

import (
	"time"

	"lidwoord/base/sqldb"
)

// row is a letter as the table holds it.
type row struct {
	Letter
	kind, sealed, claim string
}

const columns = `id, kind, sealed, state, attempts, last_error, queued_at, finished_at`

func scanRow(r sqldb.Row) (l row, err error) {
	err = r.Scan(&l.ID, &l.kind, &l.sealed, &l.State, &l.Attempts, &l.LastError,
		sqldb.Instant(&l.QueuedAt), sqldb.Instant(&l.SentAt))
	return l, err
}

func insertLetter(tx *sqldb.Tx, id, kind, sealed string) error {
	_, err := tx.Exec(`
		INSERT INTO outbox (id, kind, sealed, state, due_at, queued_at)
		VALUES ($1, $2, $3, 'queued', $4, $4)`,
		id, kind, sealed, tx.Now)
	return err
}

func recentLetters(tx *sqldb.Tx, n int) ([]row, error) {
	return sqldb.Many(tx, `
		SELECT `+columns+` FROM outbox
		ORDER BY queued_at DESC, id DESC LIMIT $1`,
		[]any{n}, scanRow)
}

func letterByID(tx *sqldb.Tx, id string) ([]row, error) {
	return sqldb.Many(tx, `SELECT `+columns+` FROM outbox WHERE id = $1`, []any{id}, scanRow)
}

func deadLetters(tx *sqldb.Tx) ([]row, error) {
	return sqldb.Many(tx, `
		SELECT `+columns+` FROM outbox
		WHERE state = 'dead' ORDER BY finished_at DESC, id DESC`,
		nil, scanRow)
}

// dueLetters names letters that somebody may claim. It promises nothing: only
// claimLetter decides who sends.
func dueLetters(tx *sqldb.Tx, n int) ([]string, error) {
	return sqldb.Many(tx, `
		SELECT id FROM outbox
		WHERE state = 'queued' AND due_at <= $1 ORDER BY due_at LIMIT $2`,
		[]any{tx.Now, n},
		func(r sqldb.Row) (id string, err error) {
			err = r.Scan(&id)
			return id, err
		})
}

// claimLetter takes a letter for the length of a lease. The guard in the WHERE
// makes one worker win; the new due_at gives the letter back should it die.
func claimLetter(tx *sqldb.Tx, id, claim string, lease time.Time) (l row, ok bool, err error) {
	ok, err = tx.One(`
		UPDATE outbox SET claim = $1, attempts = attempts + 1, due_at = $2
		WHERE id = $3 AND state = 'queued' AND due_at <= $4
		RETURNING id, kind, sealed, attempts, queued_at`,
		[]any{claim, lease, id, tx.Now},
		&l.ID, &l.kind, &l.sealed, &l.Attempts, sqldb.Instant(&l.QueuedAt))
	return l, ok, err
}

// finishLetter and deferLetter name the claim, so that a worker that slept past
// its lease cannot write over the outcome of the one that came after it.
func finishLetter(tx *sqldb.Tx, l row, state, sealed, code string) error {
	_, err := tx.Exec(`
		UPDATE outbox SET state = $1, sealed = $2, last_error = $3, finished_at = $4, claim = ''
		WHERE id = $5 AND claim = $6 AND state = 'queued'`,
		state, sealed, code, tx.Now, l.ID, l.claim)
	return err
}

func deferLetter(tx *sqldb.Tx, l row, until time.Time, code string) error {
	_, err := tx.Exec(`
		UPDATE outbox SET due_at = $1, last_error = $2, claim = ''
		WHERE id = $3 AND claim = $4 AND state = 'queued'`,
		until, code, l.ID, l.claim)
	return err
}

func deleteFinished(tx *sqldb.Tx, before time.Time) error {
	_, err := tx.Exec(`DELETE FROM outbox WHERE state <> 'queued' AND finished_at < $1`, before)
	return err
}

package outbox

import (
	"time"

	"lidwoord/base/sqldb"
)

// row is a letter as the table holds it.
type row struct {
	Letter
	kind, about, sealed, claim string
}

const columns = `id, kind, about, sealed, state, attempts, last_error, queued_at, finished_at, returned_at, return_code, return_hard`

func scanRow(r sqldb.Row) (l row, err error) {
	err = r.Scan(&l.ID, &l.kind, &l.about, &l.sealed, &l.State, &l.Attempts, &l.LastError,
		sqldb.Instant(&l.QueuedAt), sqldb.Instant(&l.SentAt), sqldb.Instant(&l.ReturnedAt), &l.ReturnCode, &l.Hard)
	return l, err
}

func insertLetter(tx *sqldb.Tx, id string, m Mail, sealed string) error {
	_, err := tx.Exec(`
		INSERT INTO outbox (id, kind, about, sealed, state, due_at, queued_at)
		VALUES ($1, $2, $3, $4, 'queued', $5, $5)`,
		id, m.Kind, m.About, sealed, tx.Now)
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

// lostLetters has two halves, each with an index of its own.
func lostLetters(tx *sqldb.Tx, n int) ([]row, error) {
	return sqldb.Many(tx, `
		SELECT `+columns+` FROM outbox WHERE id IN (
			SELECT id FROM (SELECT id FROM outbox WHERE state = 'dead' ORDER BY finished_at DESC, id DESC LIMIT $1) AS given_up
			UNION SELECT id FROM (SELECT id FROM outbox WHERE returned_at IS NOT NULL ORDER BY returned_at DESC, id DESC LIMIT $1) AS came_back)
		ORDER BY COALESCE(returned_at, finished_at) DESC, id DESC LIMIT $1`,
		[]any{n}, scanRow)
}

func countLost(tx *sqldb.Tx) (n int, err error) {
	_, err = tx.One(`
		SELECT (SELECT COUNT(*) FROM outbox WHERE state = 'dead')
			+ (SELECT COUNT(*) FROM outbox WHERE returned_at IS NOT NULL AND state <> 'dead')`, nil, &n)
	return n, err
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
		RETURNING id, kind, about, sealed, attempts, queued_at`,
		[]any{claim, lease, id, tx.Now},
		&l.ID, &l.kind, &l.about, &l.sealed, &l.Attempts, sqldb.Instant(&l.QueuedAt))
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

// lettersAbout says about <> ” for the index, which is partial.
func lettersAbout(tx *sqldb.Tx, about string, n int) ([]row, error) {
	return sqldb.Many(tx, `
		SELECT `+columns+` FROM outbox
		WHERE about = $1 AND about <> '' ORDER BY queued_at DESC, id DESC LIMIT $2`,
		[]any{about, n}, scanRow)
}

// returnLetter marks a letter that left and came back, once.
func returnLetter(tx *sqldb.Tx, r Return) (_ Return, ok bool, err error) {
	ok, err = tx.One(`
		UPDATE outbox SET returned_at = $2, return_code = $3, return_hard = $4
		WHERE id = $1 AND state = 'sent' AND returned_at IS NULL
		RETURNING kind, about`,
		[]any{r.LetterID, tx.Now, r.Code, r.Hard}, &r.Kind, &r.About)
	return r, ok, err
}

// refuseLetter notes of a letter that was given up that it came back.
func refuseLetter(tx *sqldb.Tx, r Return) (won bool, err error) {
	n, err := tx.Exec(`
		UPDATE outbox SET returned_at = $2, return_code = $3, return_hard = $4
		WHERE id = $1 AND state = 'dead' AND returned_at IS NULL`,
		r.LetterID, tx.Now, r.Code, r.Hard)
	return n == 1, err
}

func deleteFinished(tx *sqldb.Tx, before time.Time) error {
	_, err := tx.Exec(`DELETE FROM outbox WHERE state <> 'queued' AND finished_at < $1`, before)
	return err
}

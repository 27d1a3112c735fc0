package intake

import (
	"time"

	"lidwoord/base/sqldb"
)

// Runs.

// startRun begins a run, or changes nothing when it was begun before.
func startRun(tx *sqldb.Tx, id string, total int) error {
	_, err := tx.Exec(`
		INSERT INTO intake_run (id, started_at, moved_at, total, done, taken, waiting, unhashed, linked, present, refused)
		VALUES ($1, $2, $2, $3, 0, 0, 0, 0, 0, 0, 0)
		ON CONFLICT (id) DO NOTHING`,
		id, tx.Now, total)
	return err
}

func runByID(tx *sqldb.Tx, id string) (t Tally, err error) {
	_, err = tx.One(`
		SELECT total, done, taken, waiting, unhashed, linked, present, refused FROM intake_run WHERE id = $1`,
		[]any{id}, &t.Total, &t.Done, &t.Taken, &t.Waiting, &t.Unhashed, &t.Linked, &t.Present, &t.Refused)
	return t, err
}

// moveRun notes how far a run is. It reports false when another moved it.
func moveRun(tx *sqldb.Tx, id string, from int, t Tally) (won bool, err error) {
	n, err := tx.Exec(`
		UPDATE intake_run SET moved_at = $1, done = $2, taken = $3, waiting = $4, unhashed = $5, linked = $6, present = $7, refused = $8,
			finished_at = CASE WHEN total = $2 THEN CAST($1 AS BIGINT) END
		WHERE id = $9 AND done = $10`,
		tx.Now, t.Done, t.Taken, t.Waiting, t.Unhashed, t.Linked, t.Present, t.Refused, id, from)
	return n == 1, err
}

// Remarks.

func putRemarks(tx *sqldb.Tx, runID string, list []Remark) error {
	for _, r := range list {
		_, err := tx.Exec(`INSERT INTO intake_remark (run_id, line, taken, code, reason) VALUES ($1, $2, $3, $4, $5)`, runID, r.Line, r.Taken, r.Code, r.Reason)
		if err != nil {
			return err
		}
	}
	return nil
}

func remarksOf(tx *sqldb.Tx, runID string) ([]Remark, error) {
	return sqldb.Many(tx, `SELECT line, taken, code, reason FROM intake_remark WHERE run_id = $1 ORDER BY line`,
		[]any{runID}, func(row sqldb.Row) (r Remark, err error) { return r, row.Scan(&r.Line, &r.Taken, &r.Code, &r.Reason) })
}

// deleteRemarks forgets what was said about runs that did not move since.
func deleteRemarks(tx *sqldb.Tx, before time.Time) error {
	_, err := tx.Exec(`DELETE FROM intake_remark WHERE run_id IN (SELECT id FROM intake_run WHERE moved_at <= $1)`, before)
	return err
}

// Shapes of hashes.

func putShape(tx *sqldb.Tx, shape string) error {
	_, err := tx.Exec(`INSERT INTO intake_shape (shape) VALUES ($1) ON CONFLICT (shape) DO NOTHING`, shape)
	return err
}

func shapes(tx *sqldb.Tx) ([]string, error) {
	return sqldb.Many(tx, `SELECT shape FROM intake_shape ORDER BY shape`, nil, func(row sqldb.Row) (s string, err error) {
		return s, row.Scan(&s)
	})
}

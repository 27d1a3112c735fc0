package job

import (
	"time"

	"lidwoord/base/sqldb"
)

// insertRun takes the slot. Of all nodes that try, the primary key lets one in.
func insertRun(tx *sqldb.Tx, name string, slot time.Time) (won bool, err error) {
	n, err := tx.Exec(`
		INSERT INTO job_run (name, slot_at, started_at) VALUES ($1, $2, $3)
		ON CONFLICT (name, slot_at) DO NOTHING`,
		name, slot, tx.Now)
	return n == 1, err
}

func finishRun(tx *sqldb.Tx, name string, slot time.Time, lastError string) error {
	_, err := tx.Exec(`
		UPDATE job_run SET finished_at = $1, last_error = $2
		WHERE name = $3 AND slot_at = $4`,
		tx.Now, lastError, name, slot)
	return err
}

func deleteRunsBefore(tx *sqldb.Tx, name string, before time.Time) error {
	_, err := tx.Exec(`DELETE FROM job_run WHERE name = $1 AND slot_at < $2`, name, before)
	return err
}

func lastRuns(tx *sqldb.Tx) ([]Outcome, error) {
	return sqldb.Many(tx, `
		SELECT r.name, r.slot_at, r.started_at, r.finished_at, r.last_error
		FROM job_run r
		JOIN (SELECT name, MAX(slot_at) AS slot_at FROM job_run GROUP BY name) last
		  ON last.name = r.name AND last.slot_at = r.slot_at
		ORDER BY r.name`,
		nil,
		func(r sqldb.Row) (o Outcome, err error) {
			err = r.Scan(&o.Name, sqldb.Instant(&o.Slot), sqldb.Instant(&o.StartedAt),
				sqldb.Instant(&o.FinishedAt), &o.LastError)
			return o, err
		})
}

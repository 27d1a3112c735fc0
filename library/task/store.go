package task

import (
	"encoding/json"

	"lidwoord/base/money"
	"lidwoord/base/sqldb"
)

// insertTask opens a task again that came right by itself: nobody has looked at it.
func insertTask(tx *sqldb.Tx, t Task, sealed string) error {
	_, err := tx.Exec(`
		INSERT INTO task (id, organisation_id, kind, object, cents, sealed, opened_at, asked_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (kind, object) DO UPDATE SET cents = excluded.cents, sealed = excluded.sealed, opened_at = excluded.opened_at, asked_by = excluded.asked_by, done_at = NULL, done_by = ''
		WHERE task.done_by = 'job'`,
		t.ID, t.OrganisationID, string(t.Kind), t.Object, int64(t.Cents), sealed, tx.Now, t.AskedBy)
	return err
}

// tasks lists what the callers in this room ask for.
func tasks(tx *sqldb.Tx, where string, args ...any) ([]Task, error) {
	return sqldb.Many(tx, `
		SELECT id, organisation_id, kind, object, cents, sealed, opened_at, asked_by, done_at, done_by, note
		FROM task WHERE `+where, args, func(r sqldb.Row) (t Task, err error) {
		var sealed string
		if err := r.Scan(&t.ID, &t.OrganisationID, &t.Kind, &t.Object, &t.Cents, &sealed, sqldb.Instant(&t.OpenedAt), &t.AskedBy, sqldb.Instant(&t.DoneAt), &t.DoneBy, &t.Note); err != nil || sealed == "" {
			return t, err
		}
		text, err := tx.Box().Open(purpose, sealed)
		if err != nil {
			return t, err
		}
		return t, json.Unmarshal(text, &t.Facts)
	})
}

func countOpen(tx *sqldb.Tx, organisationID string) (n int, cents money.Cents, err error) {
	_, err = tx.One(`
		SELECT COUNT(*), CAST(COALESCE(SUM(cents), 0) AS BIGINT) FROM task
		WHERE organisation_id = $1 AND done_at IS NULL`,
		[]any{organisationID}, &n, &cents)
	return n, cents, err
}

// closeTask closes a task that waits, unless it is about what barred asked for.
func closeTask(tx *sqldb.Tx, id, barred, actor, note string) (won bool, err error) {
	n, err := tx.Exec(`
		UPDATE task SET done_at = $2, done_by = $3, note = $4
		WHERE id = $1 AND done_at IS NULL AND asked_by <> $5`,
		id, tx.Now, actor, note, barred)
	return n == 1, err
}

func resolveTask(tx *sqldb.Tx, kind Kind, object string) error {
	_, err := tx.Exec(`
		UPDATE task SET done_at = $3, done_by = 'job'
		WHERE kind = $1 AND object = $2 AND done_at IS NULL`,
		string(kind), object, tx.Now)
	return err
}

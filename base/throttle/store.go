package throttle

import (
	"time"

	"lidwoord/base/sqldb"
)

// find returns the zero times for a key that has no failures.
func find(tx *sqldb.Tx, rule, digest string) (forgotten, free time.Time, err error) {
	_, err = tx.One(`
		SELECT forgotten_at, free_at FROM throttle
		WHERE rule = $1 AND digest = $2`,
		[]any{rule, digest}, sqldb.Instant(&forgotten), sqldb.Instant(&free))
	return forgotten, free, err
}

func put(tx *sqldb.Tx, rule, digest string, forgotten, free time.Time) error {
	_, err := tx.Exec(`
		INSERT INTO throttle (rule, digest, forgotten_at, free_at)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (rule, digest) DO UPDATE SET forgotten_at = excluded.forgotten_at, free_at = excluded.free_at`,
		rule, digest, forgotten, free)
	return err
}

func remove(tx *sqldb.Tx, rule, digest string) error {
	_, err := tx.Exec(`DELETE FROM throttle WHERE rule = $1 AND digest = $2`, rule, digest)
	return err
}

func waiting(tx *sqldb.Tx) ([]Queue, error) {
	return sqldb.Many(tx, `
		SELECT rule, COUNT(*), MAX(free_at) FROM throttle WHERE free_at > $1
		GROUP BY rule ORDER BY rule`, []any{tx.Now},
		func(r sqldb.Row) (q Queue, err error) {
			return q, r.Scan(&q.Rule, &q.Keys, sqldb.Instant(&q.Until))
		})
}

func removeForgotten(tx *sqldb.Tx) error {
	_, err := tx.Exec(`DELETE FROM throttle WHERE forgotten_at <= $1 AND free_at <= $1`, tx.Now)
	return err
}

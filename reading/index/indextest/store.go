package indextest

import (
	"time"

	"lidwoord/base/sqldb"
)

// spread lets titles come in one an hour, the last one now.
func spread(tx *sqldb.Tx) error {
	_, err := tx.Exec(`
		UPDATE title SET added_at = $1 + (version - (SELECT n FROM catalogue_version)) * CAST(3600000000 AS BIGINT)`,
		tx.Now)
	return err
}

// Lend gives each of so many readers a title on loan, and lets them have had
// another one. Some titles are lent much more often than others.
func Lend(tx *sqldb.Tx, readers int) error {
	for shift, name := range []string{"a", "b"} {
		_, err := tx.Exec(`
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < CAST($1 AS BIGINT)),
			t AS (SELECT id, kind, ROW_NUMBER() OVER (ORDER BY digest) - 1 AS at FROM title)
			INSERT INTO loan (id, title_id, kind, reader, lent_at, due_at, ended_at, progress)
			SELECT CAST($2 AS TEXT) || i, t.id, t.kind, CASE WHEN $3 THEN NULL ELSE 'R' || i END,
				$4 - i % 80 * CAST(86400000000 AS BIGINT), $5, CASE WHEN $3 THEN CAST($4 AS BIGINT) END, i % 1000
			FROM n JOIN t ON t.at = (i % 997 * (i % 991) / 7 * (1 + $6) + $6) % (SELECT COUNT(*) FROM title)`,
			readers, name, shift == 1, tx.Now, tx.Now.Add(10*24*time.Hour), shift)
		if err != nil {
			return err
		}
	}
	return nil
}

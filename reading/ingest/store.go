package ingest

import (
	"lidwoord/base/sqldb"
)

// remembered is what an earlier import did with a file or a folder.
type remembered struct {
	Path, Mark string
	Taken      bool
	Digest     string
	Remark     string
}

func remember(tx *sqldb.Tx, r remembered) error {
	_, err := tx.Exec(`
		INSERT INTO title_source (path, mark, taken, digest, remark, read_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (path) DO UPDATE SET
			mark = excluded.mark, taken = excluded.taken, digest = excluded.digest, remark = excluded.remark, read_at = excluded.read_at`,
		r.Path, r.Mark, r.Taken, r.Digest, r.Remark, tx.Now)
	return err
}

// elsewhere counts the other files and folders from which a title came.
func elsewhere(tx *sqldb.Tx, digest, path string) (n int, err error) {
	_, err = tx.One(`SELECT COUNT(*) FROM title_source WHERE digest = $1 AND path <> $2`, []any{digest, path}, &n)
	return n, err
}

// recalled lists what is remembered of some paths.
func recalled(tx *sqldb.Tx, paths []string) ([]remembered, error) {
	args := make([]any, len(paths))
	for i, p := range paths {
		args[i] = p
	}
	return sqldb.Many(tx, `SELECT path, mark, taken, digest, remark FROM title_source WHERE path IN `+sqldb.In(1, len(paths)), args,
		func(row sqldb.Row) (r remembered, err error) {
			return r, row.Scan(&r.Path, &r.Mark, &r.Taken, &r.Digest, &r.Remark)
		})
}

package audit

import "lidwoord/base/sqldb"

func insert(tx *sqldb.Tx, id string, e Entry) error {
	_, err := tx.Exec(`
		INSERT INTO audit (id, at, actor, act, object, branch, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id, tx.Now, e.Actor, e.Act, e.Object, e.Branch, e.Detail)
	return err
}

func list(tx *sqldb.Tx, object string, limit int) ([]Entry, error) {
	return sqldb.Many(tx, `
		SELECT at, actor, act, object, branch, detail FROM audit
		WHERE object = $1 ORDER BY at DESC, id LIMIT $2`,
		[]any{object, limit}, func(row sqldb.Row) (e Entry, err error) {
			return e, row.Scan(sqldb.Instant(&e.At), &e.Actor, &e.Act, &e.Object, &e.Branch, &e.Detail)
		})
}

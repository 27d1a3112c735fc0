package audit

import (
	"time"

	"lidwoord/base/sqldb"
)

func insert(tx *sqldb.Tx, id string, e Entry) error {
	return tx.Later(`
		INSERT INTO audit (id, at, actor, act, object, branch, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id, tx.Now, e.Actor, e.Act, e.Object, e.Branch, e.Detail)
}

func list(tx *sqldb.Tx, object string, limit int) ([]Entry, error) {
	return sqldb.Many(tx, `
		SELECT at, actor, act, object, branch, detail FROM audit
		WHERE object = $1 ORDER BY at DESC, id LIMIT $2`,
		[]any{object, limit}, func(row sqldb.Row) (e Entry, err error) {
			return e, row.Scan(sqldb.Instant(&e.At), &e.Actor, &e.Act, &e.Object, &e.Branch, &e.Detail)
		})
}

func insertLook(tx *sqldb.Tx, l Look, slot time.Time) error {
	return tx.Later(`
		INSERT INTO audit_look (actor, object, slot_at, at, branch)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (object, actor, slot_at) DO NOTHING`,
		l.Actor, l.Object, slot, tx.Now, l.Branch)
}

func lookExists(tx *sqldb.Tx, l Look, slot time.Time) (bool, error) {
	var one int
	return tx.One(`SELECT 1 FROM audit_look WHERE object = $1 AND actor = $2 AND slot_at = $3`, []any{l.Object, l.Actor, slot}, &one)
}

func looks(tx *sqldb.Tx, object string, limit int) ([]Look, error) {
	return sqldb.Many(tx, `
		SELECT at, actor, branch FROM audit_look
		WHERE object = $1 ORDER BY at DESC, actor LIMIT $2`,
		[]any{object, limit}, func(row sqldb.Row) (l Look, err error) {
			l.Object = object
			err = row.Scan(sqldb.Instant(&l.At), &l.Actor, &l.Branch)
			return l, err
		})
}

func deleteLooks(tx *sqldb.Tx, before time.Time) error {
	_, err := tx.Exec(`DELETE FROM audit_look WHERE at < $1`, before)
	return err
}

package device

import (
	"time"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/reading/loan"
)

// insertDevice keeps a device unless its reader has as many as may be. Those that
// ended do not count: they only say why.
func insertDevice(tx *sqldb.Tx, d Device, digest string) (ok bool, err error) {
	n, err := tx.Exec(`
		INSERT INTO device (id, reader, name, login, digest, made_on, used_on, ended_on, sealed, turn)
		SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS TEXT), '', '', CAST($7 AS TEXT), 0
		WHERE (SELECT COUNT(*) FROM device WHERE reader = $2 AND ended_on = '') < CAST($8 AS BIGINT)`,
		d.ID, string(d.Reader), d.Name, d.Login, digest, string(d.MadeOn), d.kept, Most)
	return n == 1, err
}

const deviceColumns = `id, reader, name, login, made_on, used_on, ended_on, sealed, turn`

func (d *Device) columns(ended *string) []any {
	return []any{&d.ID, &d.Reader, &d.Name, &d.Login, &d.MadeOn, &d.UsedOn, ended, &d.kept, &d.turn}
}

func devicesOf(tx *sqldb.Tx, reader loan.Reader) ([]Device, error) {
	return sqldb.Many(tx, `SELECT `+deviceColumns+` FROM device WHERE reader = $1 ORDER BY name, made_on, id`, []any{string(reader)},
		func(row sqldb.Row) (d Device, err error) {
			var ended string
			err = row.Scan(d.columns(&ended)...)
			d.Ended = ended != ""
			return d, err
		})
}

// deviceByLogin returns the zero Device for an unknown name.
func deviceByLogin(tx *sqldb.Tx, login string) (d Device, digest string, err error) {
	var ended string
	_, err = tx.One(`SELECT digest, `+deviceColumns+` FROM device WHERE login = $1`, []any{login}, append([]any{&digest}, d.columns(&ended)...)...)
	d.Ended = ended != ""
	return d, digest, err
}

func setName(tx *sqldb.Tx, reader loan.Reader, id, name string) (int64, error) {
	return tx.Exec(`UPDATE device SET name = $1 WHERE id = $2 AND reader = $3`, name, id, string(reader))
}

func setUsed(tx *sqldb.Tx, id string, on day.Day) error {
	_, err := tx.Exec(`UPDATE device SET used_on = $1 WHERE id = $2 AND used_on <> $1`, string(on), id)
	return err
}

func deleteDevice(tx *sqldb.Tx, reader loan.Reader, id string) (sealed string, there bool, err error) {
	there, err = tx.One(`DELETE FROM device WHERE id = $1 AND reader = $2 RETURNING sealed`, []any{id, string(reader)}, &sealed)
	return sealed, there, err
}

func deleteEnded(tx *sqldb.Tx, before day.Day) error {
	_, err := tx.Exec(`DELETE FROM device WHERE ended_on <> '' AND ended_on < $1`, string(before))
	return err
}

// lent is what came of taking a lease.
type lent struct{ won, resting bool }

// takeLease lets one ask the sign-on for a device, as it was read, at a time.
func takeLease(tx *sqldb.Tx, d Device, until time.Time) (l lent, err error) {
	n, err := tx.Exec(`
		UPDATE device SET lease_until = $1
		WHERE id = $2 AND turn = $3 AND ended_on = ''
			AND (lease_until IS NULL OR lease_until <= $4) AND (rests_until IS NULL OR rests_until <= $4)`,
		until, d.ID, d.turn, tx.Now)
	if l.won = n == 1; err != nil || l.won {
		return l, err
	}
	var one int
	l.resting, err = tx.One(`SELECT 1 FROM device WHERE id = $1 AND turn = $2 AND rests_until > $3`, []any{d.ID, d.turn, tx.Now}, &one)
	return l, err
}

// keep writes down what was heard. It is not there when the device was withdrawn.
func keep(tx *sqldb.Tx, d Device, sealed string) (there bool, err error) {
	n, err := tx.Exec(`
		UPDATE device SET sealed = $1, turn = turn + 1, lease_until = NULL, rests_until = NULL
		WHERE id = $2 AND turn = $3`, sealed, d.ID, d.turn)
	return n == 1, err
}

func letRest(tx *sqldb.Tx, d Device, until time.Time) error {
	_, err := tx.Exec(`UPDATE device SET lease_until = NULL, rests_until = $1 WHERE id = $2 AND turn = $3`, until, d.ID, d.turn)
	return err
}

// endDevice forgets what opened the sign-on; the row says why the app does not work.
func endDevice(tx *sqldb.Tx, d Device, on day.Day) error {
	_, err := tx.Exec(`
		UPDATE device SET ended_on = $1, sealed = '', lease_until = NULL, rests_until = NULL
		WHERE id = $2 AND turn = $3`, string(on), d.ID, d.turn)
	return err
}

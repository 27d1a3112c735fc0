package session

import (
	"time"

	"lidwoord/base/sqldb"
)

func insert(tx *sqldb.Tx, digest string, s Session) error {
	_, err := tx.Exec(`
		INSERT INTO session (digest, id, door, subject, data, device, auth_at, seen_at, expires_at, sign_on_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		digest, s.ID, s.Door, s.Subject, s.Data, s.Device, s.AuthAt, s.SeenAt, s.Expires, s.SignOn)
	return err
}

// findAll finds the living sessions of many tokens by their digests, at any door.
func findAll(tx *sqldb.Tx, digests []string) (map[string]Session, error) {
	args := []any{tx.Now, tx.Now.Add(-LifeMost)}
	for _, d := range digests {
		args = append(args, d)
	}
	found := make(map[string]Session, len(digests))
	_, err := sqldb.Many(tx, `
		SELECT digest, id, door, subject, data, device, auth_at, seen_at, expires_at, sign_on_id FROM session
		WHERE expires_at > $1 AND auth_at > $2 AND digest IN `+sqldb.In(3, len(digests)),
		args, func(r sqldb.Row) (digest string, err error) {
			var s Session
			err = r.Scan(&digest, &s.ID, &s.Door, &s.Subject, &s.Data, &s.Device, sqldb.Instant(&s.AuthAt), sqldb.Instant(&s.SeenAt), sqldb.Instant(&s.Expires), &s.SignOn)
			found[digest] = s
			return digest, err
		})
	return found, err
}

func touch(tx *sqldb.Tx, id string, expires time.Time) error {
	_, err := tx.Exec(`UPDATE session SET seen_at = $1, expires_at = $2 WHERE id = $3 AND expires_at > $1`, tx.Now, expires, id)
	return err
}

func update(tx *sqldb.Tx, id, data string) error {
	_, err := tx.Exec(`UPDATE session SET data = $1 WHERE id = $2 AND expires_at > $3`, data, id, tx.Now)
	return err
}

func renew(tx *sqldb.Tx, id string) error {
	_, err := tx.Exec(`UPDATE session SET auth_at = $1 WHERE id = $2 AND expires_at > $1`, tx.Now, id)
	return err
}

func rotate(tx *sqldb.Tx, id, digest string) (bool, error) {
	n, err := tx.Exec(`UPDATE session SET digest = $1 WHERE id = $2 AND expires_at > $3`, digest, id, tx.Now)
	return n == 1, err
}

func list(tx *sqldb.Tx, door, subject string, oldest time.Time) ([]Session, error) {
	return sqldb.Many(tx, `
		SELECT id, door, subject, data, device, auth_at, seen_at, expires_at FROM session
		WHERE door = $1 AND subject = $2 AND expires_at > $3 AND auth_at > $4
		ORDER BY seen_at DESC, id`,
		[]any{door, subject, tx.Now, oldest}, func(r sqldb.Row) (s Session, err error) {
			return s, r.Scan(&s.ID, &s.Door, &s.Subject, &s.Data, &s.Device, sqldb.Instant(&s.AuthAt), sqldb.Instant(&s.SeenAt), sqldb.Instant(&s.Expires))
		})
}

func follow(tx *sqldb.Tx, id, signOn string) error {
	_, err := tx.Exec(`UPDATE session SET sign_on_id = $1 WHERE id = $2 AND expires_at > $3`, signOn, id, tx.Now)
	return err
}

func end(tx *sqldb.Tx, id string) error {
	_, err := tx.Exec(`DELETE FROM session WHERE id = $1`, id)
	return err
}

func spend(tx *sqldb.Tx, id string) (bool, error) {
	n, err := tx.Exec(`DELETE FROM session WHERE id = $1 AND expires_at > $2`, id, tx.Now)
	return n == 1, err
}

func endAll(tx *sqldb.Tx, door, subject string) error {
	_, err := tx.Exec(`DELETE FROM session WHERE door = $1 AND subject = $2`, door, subject)
	return err
}

func endSignOn(tx *sqldb.Tx, door, signOn string) error {
	_, err := tx.Exec(`DELETE FROM session WHERE door = $1 AND sign_on_id = $2`, door, signOn)
	return err
}

// stretch is the last digest of the next n sessions, and how many there are.
func stretch(tx *sqldb.Tx, after string, n int) (last string, found int, err error) {
	list, err := sqldb.Many(tx, `SELECT digest FROM session WHERE digest > $1 ORDER BY digest LIMIT $2`, []any{after, n},
		func(r sqldb.Row) (digest string, err error) { return digest, r.Scan(&digest) })
	if err != nil || len(list) == 0 {
		return "", 0, err
	}
	return list[len(list)-1], len(list), nil
}

func endStretch(tx *sqldb.Tx, door string, by time.Time, after, last string) (int, error) {
	n, err := tx.Exec(`
		DELETE FROM session WHERE digest > $1 AND digest <= $2 AND auth_at <= $3 AND (door = $4 OR sign_on_id <> '')`,
		after, last, by, door)
	return int(n), err
}

func sweep(tx *sqldb.Tx, oldest time.Time) error {
	_, err := tx.Exec(`DELETE FROM session WHERE expires_at <= $1 OR auth_at <= $2`, tx.Now, oldest)
	return err
}

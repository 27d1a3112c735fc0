package factor

import (
	"encoding/json"
	"time"

	"lidwoord/base/sqldb"
)

func appState(tx *sqldb.Tx, owner Owner) (s State, err error) {
	s.App, err = tx.One(`SELECT confirmed_at, used_at, failures FROM code_app WHERE owner = $1 AND sealed <> ''`,
		[]any{string(owner)}, sqldb.Instant(&s.AppSince), sqldb.Instant(&s.AppUsed), &s.Failures)
	s.AppRested = s.Failures >= FailuresMost
	return s, err
}

// countOwners compares beginnings with SUBSTR: what is between two texts differs by
// the language of a PostgreSQL database.
func countOwners(tx *sqldb.Tx, beginning string) (n int, err error) {
	_, err = tx.One(`
		SELECT COUNT(*) FROM (
			SELECT owner FROM code_app WHERE sealed <> '' AND SUBSTR(owner, 1, $2) = $1
			UNION SELECT owner FROM passkey WHERE SUBSTR(owner, 1, $2) = $1) AS owners`,
		[]any{beginning, len(beginning)}, &n)
	return n, err
}

// app returns the sealed secret of a confirmed app, "" when there is none.
func app(tx *sqldb.Tx, owner Owner) (sealed string, failures int, err error) {
	_, err = tx.One(`SELECT sealed, failures FROM code_app WHERE owner = $1`, []any{string(owner)}, &sealed, &failures)
	return sealed, failures, err
}

// offered returns the secret that waits for its first code, "" when there is none.
func offered(tx *sqldb.Tx, owner Owner, oldest time.Time) (sealed string, err error) {
	_, err = tx.One(`SELECT offered FROM code_app WHERE owner = $1 AND offered_at > $2`, []any{string(owner), oldest}, &sealed)
	return sealed, err
}

func putOffer(tx *sqldb.Tx, owner Owner, sealed string) error {
	_, err := tx.Exec(`
		INSERT INTO code_app (owner, sealed, offered, offered_at, last_step, failures)
		VALUES ($1, '', $2, $3, 0, 0)
		ON CONFLICT (owner) DO UPDATE SET offered = excluded.offered, offered_at = excluded.offered_at`,
		string(owner), sealed, tx.Now)
	return err
}

func confirmOffer(tx *sqldb.Tx, owner Owner, sealed string, step int64) (bool, error) {
	n, err := tx.Exec(`
		UPDATE code_app SET sealed = offered, offered = '', offered_at = NULL, confirmed_at = $1, used_at = NULL, last_step = $2, failures = 0
		WHERE owner = $3 AND offered = $4`,
		tx.Now, step, string(owner), sealed)
	return n == 1, err
}

func takeStep(tx *sqldb.Tx, owner Owner, step int64) (bool, error) {
	n, err := tx.Exec(`UPDATE code_app SET last_step = $1, used_at = $2 WHERE owner = $3 AND sealed <> '' AND last_step < $1`,
		step, tx.Now, string(owner))
	return n == 1, err
}

func countFailure(tx *sqldb.Tx, owner Owner) error {
	_, err := tx.Exec(`UPDATE code_app SET failures = failures + 1 WHERE owner = $1`, string(owner))
	return err
}

func clearFailures(tx *sqldb.Tx, owner Owner) error {
	_, err := tx.Exec(`UPDATE code_app SET failures = 0 WHERE owner = $1 AND failures > 0`, string(owner))
	return err
}

func removeApp(tx *sqldb.Tx, owner Owner) error {
	n, err := tx.Exec(`DELETE FROM code_app WHERE owner = $1 AND sealed <> ''`, string(owner))
	if err == nil && n == 0 {
		return ErrUnknown
	}
	return err
}

// removeAppOf removes the app that was confirmed at an instant, and no other.
func removeAppOf(tx *sqldb.Tx, owner Owner, confirmed time.Time) (bool, error) {
	n, err := tx.Exec(`DELETE FROM code_app WHERE owner = $1 AND sealed <> '' AND confirmed_at = $2`, string(owner), confirmed)
	return n == 1, err
}

func doubtPasskeys(tx *sqldb.Tx, owner Owner) error {
	_, err := tx.Exec(`UPDATE passkey SET doubted_at = $1 WHERE owner = $2 AND (used_at IS NULL OR used_at <> $1)`, tx.Now, string(owner))
	return err
}

func putRecovery(tx *sqldb.Tx, owner Owner, digest string) error {
	_, err := tx.Exec(`INSERT INTO recovery_code (owner, digest, made_at) VALUES ($1, $2, $3)`, string(owner), digest, tx.Now)
	return err
}

func spendRecovery(tx *sqldb.Tx, owner Owner, digest string) (bool, error) {
	n, err := tx.Exec(`UPDATE recovery_code SET used_at = $1 WHERE owner = $2 AND digest = $3 AND used_at IS NULL`, tx.Now, string(owner), digest)
	return n == 1, err
}

func countRecovery(tx *sqldb.Tx, owner Owner) (n int, err error) {
	_, err = tx.One(`SELECT COUNT(*) FROM recovery_code WHERE owner = $1 AND used_at IS NULL`, []any{string(owner)}, &n)
	return n, err
}

func removeRecovery(tx *sqldb.Tx, owner Owner) error {
	_, err := tx.Exec(`DELETE FROM recovery_code WHERE owner = $1`, string(owner))
	return err
}

// putPasskey reports whether the passkey is new.
func putPasskey(tx *sqldb.Tx, k Passkey) (bool, error) {
	record, err := json.Marshal(k.record)
	if err != nil {
		return false, err
	}
	n, err := tx.Exec(`
		INSERT INTO passkey (id, owner, host, name, record, created_at)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		k.ID, string(k.owner), k.host, k.Name, string(record), tx.Now)
	return n == 1, err
}

func usePasskey(tx *sqldb.Tx, k Passkey) error {
	record, err := json.Marshal(k.record)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE passkey SET record = $1, used_at = $2, doubted_at = NULL WHERE id = $3`, string(record), tx.Now, k.ID)
	return err
}

func passkey(tx *sqldb.Tx, id string) (Passkey, bool, error) {
	list, err := passkeys(tx, `id = $1`, id)
	if err != nil || len(list) == 0 {
		return Passkey{}, false, err
	}
	return list[0], true, nil
}

func passkeysOf(tx *sqldb.Tx, owner Owner) ([]Passkey, error) {
	return passkeys(tx, `owner = $1`, string(owner))
}

func passkeys(tx *sqldb.Tx, where string, arg any) ([]Passkey, error) {
	return sqldb.Many(tx, `SELECT id, owner, host, name, record, created_at, used_at, doubted_at FROM passkey WHERE `+where+` ORDER BY created_at, id`, []any{arg},
		func(row sqldb.Row) (k Passkey, err error) {
			var record string
			if err := row.Scan(&k.ID, &k.owner, &k.host, &k.Name, &record, sqldb.Instant(&k.Created), sqldb.Instant(&k.Used), sqldb.Instant(&k.Doubted)); err != nil {
				return k, err
			}
			return k, json.Unmarshal([]byte(record), &k.record)
		})
}

func rename(tx *sqldb.Tx, owner Owner, id, name string) error {
	n, err := tx.Exec(`UPDATE passkey SET name = $1 WHERE id = $2 AND owner = $3`, name, id, string(owner))
	if err == nil && n == 0 {
		return ErrUnknown
	}
	return err
}

func removePasskey(tx *sqldb.Tx, owner Owner, id string) error {
	n, err := tx.Exec(`DELETE FROM passkey WHERE id = $1 AND owner = $2`, id, string(owner))
	if err == nil && n == 0 {
		return ErrUnknown
	}
	return err
}

// spend reports whether this is the first answer to a challenge.
func spend(tx *sqldb.Tx, digest string, expires time.Time) (bool, error) {
	n, err := tx.Exec(`INSERT INTO passkey_answered (digest, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, digest, expires)
	return n == 1, err
}

func removeAnswered(tx *sqldb.Tx) error {
	_, err := tx.Exec(`DELETE FROM passkey_answered WHERE expires_at <= $1`, tx.Now)
	return err
}

func removeAll(tx *sqldb.Tx, owner Owner) error {
	for _, statement := range []string{
		`DELETE FROM code_app WHERE owner = $1`, `DELETE FROM recovery_code WHERE owner = $1`, `DELETE FROM passkey WHERE owner = $1`,
	} {
		if _, err := tx.Exec(statement, string(owner)); err != nil {
			return err
		}
	}
	return nil
}

// removeSince counts what it took away. A secret that was offered is forgotten too:
// whoever saw it could confirm it later.
func removeSince(tx *sqldb.Tx, owner Owner, since time.Time) (removed int64, err error) {
	for _, statement := range []string{
		`DELETE FROM code_app WHERE owner = $1 AND confirmed_at >= $2`,
		`UPDATE code_app SET offered = '', offered_at = NULL WHERE owner = $1 AND offered_at >= $2`,
		`DELETE FROM recovery_code WHERE owner = $1 AND made_at >= $2`,
		`DELETE FROM passkey WHERE owner = $1 AND created_at >= $2`,
	} {
		n, err := tx.Exec(statement, string(owner), since)
		if err != nil {
			return removed, err
		}
		removed += n
	}
	return removed, nil
}

package account

import (
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/words"
)

// Accounts.

// insertAccount reports false when the username is taken or rests. It asks first
// in no other way, because an error would end the transaction on PostgreSQL.
func insertAccount(tx *sqldb.Tx, a Account, key string) (won bool, err error) {
	n, err := tx.Exec(`
		INSERT INTO account (id, username, username_key, email, email_key, lang, library, self_made, client_id, target,
			password, opened_at, until)
		SELECT $1, $2, $3, $4, $5, $6, $7, CAST($8 AS BOOLEAN), $9, $10, '', CAST($11 AS BIGINT), CAST($12 AS BIGINT)
		WHERE NOT EXISTS (SELECT 1 FROM account_name_rest WHERE username_key = $3 AND account_id <> $1 AND until > $11)
		ON CONFLICT (username_key) DO NOTHING`,
		a.ID, a.Username, key, a.Email, emailKey(a.Email), string(a.Lang), a.Library, a.SelfMade, a.ClientID, a.Target, tx.Now, a.Until)
	return n == 1, err
}

// insertImported makes an account of another system, active or waiting. It reports
// false when the username is taken, or rests.
func insertImported(tx *sqldb.Tx, a Account, key string) (won bool, err error) {
	n, err := tx.Exec(`
		INSERT INTO account (id, username, username_key, email, email_key, lang, library, password, opened_at, until, confirmed_at, activated_at)
		SELECT $1, $2, $3, $4, $5, $6, $7, $8, CAST($9 AS BIGINT), CAST($10 AS BIGINT), CAST($11 AS BIGINT), CAST($12 AS BIGINT)
		WHERE NOT EXISTS (SELECT 1 FROM account_name_rest WHERE username_key = $3 AND until > CAST($13 AS BIGINT))
		ON CONFLICT (username_key) DO NOTHING`,
		a.ID, a.Username, key, a.Email, emailKey(a.Email), string(a.Lang), a.Library, a.password, a.OpenedAt, a.Until, a.ConfirmedAt, a.ActivatedAt, tx.Now)
	return n == 1, err
}

const accountColumns = `id, username, email, lang, library, self_made, client_id, target, password, opened_at, until, confirmed_at, activated_at, signed_in_at`

func accountByID(tx *sqldb.Tx, id string) (a Account, ok bool, err error) {
	ok, err = tx.One(`SELECT `+accountColumns+` FROM account WHERE id = $1`, []any{id}, a.columns()...)
	return a, ok, err
}

func accountNamed(tx *sqldb.Tx, key string) (a Account, ok bool, err error) {
	ok, err = tx.One(`SELECT `+accountColumns+` FROM account WHERE username_key = $1`, []any{key}, a.columns()...)
	return a, ok, err
}

// overdueAccounts lists accounts that were not activated in time.
func overdueAccounts(tx *sqldb.Tx, most int) ([]Account, error) {
	return sqldb.Many(tx, `
		SELECT `+accountColumns+` FROM account
		WHERE until <= $1 AND activated_at IS NULL
		ORDER BY until LIMIT $2`,
		[]any{tx.Now, most}, func(r sqldb.Row) (a Account, err error) {
			err = r.Scan(a.columns()...)
			return a, err
		})
}

// columns is where accountColumns go.
func (a *Account) columns() []any {
	return []any{&a.ID, &a.Username, &a.Email, (*language)(&a.Lang), &a.Library, &a.SelfMade, &a.ClientID, &a.Target, &a.password,
		sqldb.Instant(&a.OpenedAt), sqldb.Instant(&a.Until), sqldb.Instant(&a.ConfirmedAt), sqldb.Instant(&a.ActivatedAt), sqldb.Instant(&a.SignedInAt)}
}

type language words.Lang

func (l *language) Scan(v any) error {
	s, _ := v.(string)
	*l = language(lang(s))
	return nil
}

func setLang(tx *sqldb.Tx, id string, lang words.Lang) error {
	_, err := tx.Exec(`UPDATE account SET lang = $1 WHERE id = $2 AND lang <> $1`, string(lang), id)
	return err
}

// confirmAccount confirms the address once.
func confirmAccount(tx *sqldb.Tx, id string, until time.Time) error {
	_, err := tx.Exec(`
		UPDATE account SET confirmed_at = $1, until = $2
		WHERE id = $3 AND confirmed_at IS NULL AND activated_at IS NULL`,
		tx.Now, until, id)
	return err
}

// wakeAccount activates an account in time by its living link. The database
// decides the winner of a race.
func wakeAccount(tx *sqldb.Tx, id, linkDigest, hash string) (won bool, err error) {
	n, err := tx.Exec(`
		UPDATE account SET password = $1, activated_at = $2, until = NULL
		WHERE id = $3 AND activated_at IS NULL AND confirmed_at IS NOT NULL AND until > $2
		AND EXISTS (SELECT 1 FROM account_link
			WHERE digest = $4 AND account_id = $3 AND used_at IS NULL AND replaced_at IS NULL)`,
		hash, tx.Now, id, linkDigest)
	return n == 1, err
}

// deleteSleeping deletes an account that was never activated.
func deleteSleeping(tx *sqldb.Tx, id string) error {
	_, err := tx.Exec(`DELETE FROM account WHERE id = $1 AND activated_at IS NULL`, id)
	return err
}

// deleteOverdueNamed deletes an account that the job should have deleted.
func deleteOverdueNamed(tx *sqldb.Tx, key string) error {
	_, err := tx.Exec(`DELETE FROM account WHERE username_key = $1 AND activated_at IS NULL AND until <= $2`, key, tx.Now)
	return err
}

// Links.

func insertLink(tx *sqldb.Tx, digest, accountID string) error {
	_, err := tx.Exec(`INSERT INTO account_link (digest, account_id, mailed_at) VALUES ($1, $2, $3)`, digest, accountID, tx.Now)
	return err
}

// replaceLinks lets every link of an account die for a newer one.
func replaceLinks(tx *sqldb.Tx, accountID string) error {
	_, err := tx.Exec(`UPDATE account_link SET replaced_at = $1 WHERE account_id = $2 AND replaced_at IS NULL`, tx.Now, accountID)
	return err
}

func linkByDigest(tx *sqldb.Tx, digest string) (accountID string, replaced, used, ok bool, err error) {
	ok, err = tx.One(`
		SELECT account_id, replaced_at IS NOT NULL, used_at IS NOT NULL FROM account_link WHERE digest = $1`,
		[]any{digest}, &accountID, &replaced, &used)
	return accountID, replaced, used, ok, err
}

func useLink(tx *sqldb.Tx, digest string) error {
	_, err := tx.Exec(`UPDATE account_link SET used_at = $1 WHERE digest = $2 AND used_at IS NULL`, tx.Now, digest)
	return err
}

func deleteLinks(tx *sqldb.Tx, accountID string) error {
	_, err := tx.Exec(`DELETE FROM account_link WHERE account_id = $1`, accountID)
	return err
}

// Memories of accounts that expired.

func insertMemory(tx *sqldb.Tx, acc Account, sealed string, forget time.Time) error {
	_, err := tx.Exec(`
		INSERT INTO account_expired (account_id, username_key, email_digest, sealed, until, forget_at)
		VALUES ($1, $2, $3, $4, $5, $6)`,
		acc.ID, usernameKey(acc.Username), emailDigest(acc.Email), sealed, acc.Until, forget)
	return err
}

// memoriesOf lists the ids of the accounts that expired with this name or address.
func memoriesOf(tx *sqldb.Tx, key, emailDigest string) ([]string, error) {
	return sqldb.Many(tx, `
		SELECT account_id FROM account_expired
		WHERE (username_key = $1 OR email_digest = $2) AND forget_at > $3
		ORDER BY username_key LIMIT $4`,
		[]any{key, emailDigest, tx.Now, mostAtOneAddress}, func(r sqldb.Row) (id string, err error) {
			return id, r.Scan(&id)
		})
}

func memoryOf(tx *sqldb.Tx, accountID string) (sealed string, until time.Time, ok bool, err error) {
	ok, err = tx.One(`SELECT sealed, until FROM account_expired WHERE account_id = $1 AND forget_at > $2`,
		[]any{accountID, tx.Now}, &sealed, sqldb.Instant(&until))
	return sealed, until, ok, err
}

func deleteMemory(tx *sqldb.Tx, accountID string) error {
	_, err := tx.Exec(`DELETE FROM account_expired WHERE account_id = $1`, accountID)
	return err
}

func deleteMemoryNamed(tx *sqldb.Tx, key string) error {
	_, err := tx.Exec(`DELETE FROM account_expired WHERE username_key = $1`, key)
	return err
}

// Signing in.

// signInAccount returns the account that is meant by a name, or else by an address
// that it alone has, and whether it signed in by this device before. One
// statement, found or not. A name that sleeps comes last: anybody can register
// with the address of another, and would shut them out.
func signInAccount(tx *sqldb.Tx, key, emailKey, deviceDigest string) (a Account, known bool, err error) {
	_, err = tx.One(`
		SELECT `+accountColumns+`,
			EXISTS (SELECT 1 FROM account_device WHERE account_device.account_id = account.id AND digest = $3)
		FROM account WHERE id = COALESCE(
			(SELECT id FROM account WHERE username_key = $1 AND activated_at IS NOT NULL),
			(SELECT MIN(id) FROM account WHERE email_key = $2 AND activated_at IS NOT NULL HAVING COUNT(*) = 1),
			(SELECT id FROM account WHERE username_key = $1))`,
		[]any{key, emailKey, deviceDigest}, append(a.columns(), &known)...)
	return a, known, err
}

// noteSignIn notes a sign-in with the password that was checked, and stores its
// newer hash. It reports false when the password is another by now.
func noteSignIn(tx *sqldb.Tx, id, checked, hash string) (won bool, err error) {
	n, err := tx.Exec(`
		UPDATE account SET signed_in_at = $1, password = $2
		WHERE id = $3 AND password = $4 AND activated_at IS NOT NULL`,
		tx.Now, hash, id, checked)
	return n == 1, err
}

// noteFirstSignIn notes one that needed no password, such as by a passkey.
func noteFirstSignIn(tx *sqldb.Tx, id string) error {
	return tx.Later(`UPDATE account SET signed_in_at = $1 WHERE id = $2 AND signed_in_at IS NULL`, tx.Now, id)
}

func putDevice(tx *sqldb.Tx, digest, accountID, name string) error {
	_, err := tx.Exec(`
		INSERT INTO account_device (digest, account_id, seen_at, since_at, name) VALUES ($1, $2, $3, $3, $4)
		ON CONFLICT (digest, account_id) DO UPDATE SET seen_at = excluded.seen_at, name = excluded.name`,
		digest, accountID, tx.Now, name)
	return err
}

func hasDevice(tx *sqldb.Tx, digest, accountID string) (known bool, err error) {
	_, err = tx.One(`SELECT EXISTS (SELECT 1 FROM account_device WHERE digest = $1 AND account_id = $2)`, []any{digest, accountID}, &known)
	return known, err
}

func devicesOf(tx *sqldb.Tx, accountID, digest string) ([]Device, error) {
	return sqldb.Many(tx, `
		SELECT name, since_at, seen_at, digest = $2 FROM account_device WHERE account_id = $1 ORDER BY seen_at DESC, digest`,
		[]any{accountID, digest}, func(r sqldb.Row) (d Device, err error) {
			return d, r.Scan(&d.Name, sqldb.Instant(&d.Since), sqldb.Instant(&d.SeenAt), &d.This)
		})
}

func deleteOtherDevices(tx *sqldb.Tx, accountID, digest string) error {
	_, err := tx.Exec(`DELETE FROM account_device WHERE account_id = $1 AND digest <> $2`, accountID, digest)
	return err
}

// Acts of the owner.

// accountsAt lists whatever lives with an address, active or not, by name.
func accountsAt(tx *sqldb.Tx, emailKey string) ([]Account, error) {
	return sqldb.Many(tx, `
		SELECT `+accountColumns+` FROM account WHERE email_key = $1
		ORDER BY username_key LIMIT $2`,
		[]any{emailKey, mostAtOneAddress}, func(r sqldb.Row) (a Account, err error) {
			err = r.Scan(a.columns()...)
			return a, err
		})
}

// setPassword sets the password of an active account by a link.
func setPassword(tx *sqldb.Tx, id, hash string) (won bool, err error) {
	n, err := tx.Exec(`UPDATE account SET password = $1 WHERE id = $2 AND activated_at IS NOT NULL`, hash, id)
	return n == 1, err
}

// replacePassword sets the password in place of the one that was checked.
func replacePassword(tx *sqldb.Tx, id, checked, hash string) (won bool, err error) {
	n, err := tx.Exec(`UPDATE account SET password = $1 WHERE id = $2 AND password = $3 AND activated_at IS NOT NULL`, hash, id, checked)
	return n == 1, err
}

// setUsername gives an account another name, unless another has it or it rests
// for another. At the same moment the unique index decides, by an error.
func setUsername(tx *sqldb.Tx, acc Account, shown, key string) (won bool, err error) {
	n, err := tx.Exec(`
		UPDATE account SET username = $1, username_key = $2
		WHERE id = $3 AND username_key = $4 AND activated_at IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM account AS other WHERE other.username_key = $2 AND other.id <> $3)
		AND NOT EXISTS (SELECT 1 FROM account_name_rest WHERE account_name_rest.username_key = $2 AND account_id <> $3 AND account_name_rest.until > $5)`,
		shown, key, acc.ID, usernameKey(acc.Username), tx.Now)
	if sqldb.Duplicate(err) {
		err = ErrUsernameTaken
	}
	return n == 1, err
}

func setEmail(tx *sqldb.Tx, id, email string) (won bool, err error) {
	n, err := tx.Exec(`
		UPDATE account SET email = $1, email_key = $2, confirmed_at = $3
		WHERE id = $4 AND activated_at IS NOT NULL`,
		email, emailKey(email), tx.Now, id)
	return n == 1, err
}

// deleteActive deletes an account whose password was checked.
func deleteActive(tx *sqldb.Tx, id, checked string) (won bool, err error) {
	n, err := tx.Exec(`DELETE FROM account WHERE id = $1 AND password = $2 AND activated_at IS NOT NULL`, id, checked)
	return n == 1, err
}

// deleteTraces removes what is kept beside an account that was deleted.
func deleteTraces(tx *sqldb.Tx, id string) error {
	for _, query := range []string{
		`DELETE FROM account_link WHERE account_id = $1`,
		`DELETE FROM account_own_link WHERE account_id = $1`,
		`DELETE FROM account_event WHERE account_id = $1`,
		`DELETE FROM account_ask WHERE account_id = $1`,
		`DELETE FROM account_factor_removal WHERE account_id = $1`,
	} {
		if _, err := tx.Exec(query, id); err != nil {
			return err
		}
	}
	return nil
}

// Names that rest.

func restName(tx *sqldb.Tx, key, accountID string, until time.Time) error {
	_, err := tx.Exec(`
		INSERT INTO account_name_rest (username_key, account_id, until) VALUES ($1, $2, $3)
		ON CONFLICT (username_key) DO UPDATE SET account_id = excluded.account_id, until = excluded.until`,
		key, accountID, until)
	return err
}

func restingFor(tx *sqldb.Tx, key string) (accountID string, err error) {
	_, err = tx.One(`SELECT account_id FROM account_name_rest WHERE username_key = $1 AND until > $2`, []any{key, tx.Now}, &accountID)
	return accountID, err
}

func endRest(tx *sqldb.Tx, key string) error {
	_, err := tx.Exec(`DELETE FROM account_name_rest WHERE username_key = $1`, key)
	return err
}

// Links of the owner.

func insertOwnLink(tx *sqldb.Tx, digest string, l ownLink, expires time.Time) error {
	_, err := tx.Exec(`
		INSERT INTO account_own_link (digest, account_id, kind, email, username, mailed_at, expires_at, step, since_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		digest, l.accountID, l.kind, l.email, l.username, tx.Now, expires, string(l.step), l.since)
	return err
}

func replaceOwnLinks(tx *sqldb.Tx, accountID, kind string) error {
	_, err := tx.Exec(`
		UPDATE account_own_link SET replaced_at = $1
		WHERE account_id = $2 AND kind = $3 AND used_at IS NULL AND replaced_at IS NULL`,
		tx.Now, accountID, kind)
	return err
}

// replaceOwnLinksSince lets the later links of a kind die once an earlier way back was
// used: they were mailed to addresses that its owner undid.
func replaceOwnLinksSince(tx *sqldb.Tx, accountID, kind string, mailed time.Time) error {
	_, err := tx.Exec(`
		UPDATE account_own_link SET replaced_at = $1
		WHERE account_id = $2 AND kind = $3 AND mailed_at >= $4 AND used_at IS NULL AND replaced_at IS NULL`,
		tx.Now, accountID, kind, mailed)
	return err
}

// undoAddresses lists where a change of address of an account can still be undone, the
// earliest first.
func undoAddresses(tx *sqldb.Tx, accountID string) ([]string, error) {
	return sqldb.Many(tx, `
		SELECT email FROM account_own_link
		WHERE account_id = $1 AND kind = 'undo'`+living+`$2
		ORDER BY mailed_at, digest`,
		[]any{accountID, tx.Now}, func(r sqldb.Row) (email string, err error) {
			return email, r.Scan(&email)
		})
}

const living = ` AND used_at IS NULL AND replaced_at IS NULL AND expires_at > `

func livingOwnLink(tx *sqldb.Tx, digest, kind string) (l ownLink, ok bool, err error) {
	ok, err = tx.One(`
		SELECT account_id, kind, email, username, mailed_at, step, COALESCE(since_at, mailed_at) FROM account_own_link
		WHERE digest = $1 AND kind = $2`+living+`$3`,
		[]any{digest, kind, tx.Now}, l.columns()...)
	return l, ok, err
}

// spendOwnLink uses a link that lives. The database decides the winner of a race.
func spendOwnLink(tx *sqldb.Tx, digest, kind string) (l ownLink, ok bool, err error) {
	ok, err = tx.One(`
		UPDATE account_own_link SET used_at = $3
		WHERE digest = $1 AND kind = $2`+living+`$3
		RETURNING account_id, kind, email, username, mailed_at, step, COALESCE(since_at, mailed_at)`,
		[]any{digest, kind, tx.Now}, l.columns()...)
	return l, ok, err
}

func (l *ownLink) columns() []any {
	return []any{&l.accountID, &l.kind, &l.email, &l.username, sqldb.Instant(&l.mailedAt), &l.step, sqldb.Instant(&l.since)}
}

// Removals of the second step.

// insertRemoval reports false when one waits already, or the owner stopped one lately
// and nobody insists.
func insertRemoval(tx *sqldb.Tx, id string, r Removal) (won bool, err error) {
	n, err := tx.Exec(`
		INSERT INTO account_factor_removal (id, account_id, library, about, asked_by, asked_at, due_at, ended_by, done)
		SELECT $1, $2, $3, $4, $5, CAST($6 AS BIGINT), CAST($7 AS BIGINT), '', FALSE
		WHERE CAST($8 AS BOOLEAN) OR NOT EXISTS (SELECT 1 FROM account_factor_removal
			WHERE account_id = $2 AND ended_by = $9 AND NOT done AND ended_at > CAST($10 AS BIGINT))
		ON CONFLICT DO NOTHING`,
		id, r.AccountID, r.Library, r.About, r.AskedBy, r.AskedAt, r.DueAt, r.Insists, "account:"+r.AccountID, tx.Now.Add(-RemovalRest))
	return n == 1, err
}

const removalColumns = `account_id, library, about, asked_by, asked_at, due_at, ended_at, ended_by, done`

func (r *Removal) columns() []any {
	return []any{&r.AccountID, &r.Library, &r.About, &r.AskedBy, sqldb.Instant(&r.AskedAt), sqldb.Instant(&r.DueAt), sqldb.Instant(&r.EndedAt), &r.EndedBy, &r.Done}
}

func waitingRemoval(tx *sqldb.Tx, accountID string) (r Removal, ok bool, err error) {
	ok, err = tx.One(`SELECT `+removalColumns+` FROM account_factor_removal WHERE account_id = $1 AND ended_at IS NULL`,
		[]any{accountID}, r.columns()...)
	return r, ok, err
}

// waitsDespite reports whether a removal waits at the account of a link of a kind, whether
// that works or not.
func waitsDespite(tx *sqldb.Tx, digest, kind string) (waits bool, err error) {
	_, err = tx.One(`
		SELECT EXISTS (SELECT 1 FROM account_own_link AS link
			JOIN account_factor_removal AS removal ON removal.account_id = link.account_id AND removal.ended_at IS NULL
			WHERE link.digest = $1 AND link.kind = $2)`,
		[]any{digest, kind}, &waits)
	return waits, err
}

func removalsOf(tx *sqldb.Tx, accountID string) ([]Removal, error) {
	return sqldb.Many(tx, `SELECT `+removalColumns+` FROM account_factor_removal WHERE account_id = $1 ORDER BY asked_at DESC, id`,
		[]any{accountID}, func(row sqldb.Row) (r Removal, err error) {
			return r, row.Scan(r.columns()...)
		})
}

// stopRemoval and finishRemoval end a removal that waits. The database decides the
// winner of a race.
func stopRemoval(tx *sqldb.Tx, accountID, by string) (r Removal, won bool, err error) {
	won, err = tx.One(`
		UPDATE account_factor_removal SET ended_at = $2, ended_by = $3
		WHERE account_id = $1 AND ended_at IS NULL
		RETURNING `+removalColumns,
		[]any{accountID, tx.Now, by}, r.columns()...)
	return r, won, err
}

func finishRemoval(tx *sqldb.Tx, id string) (r Removal, won bool, err error) {
	won, err = tx.One(`
		UPDATE account_factor_removal SET ended_at = $2, ended_by = 'job', done = TRUE
		WHERE id = $1 AND ended_at IS NULL AND due_at <= $2
		RETURNING `+removalColumns,
		[]any{id, tx.Now}, r.columns()...)
	return r, won, err
}

// dueRemoval is a removal whose time has come.
type dueRemoval struct {
	id string
	Removal
}

func dueRemovals(tx *sqldb.Tx, most int) ([]dueRemoval, error) {
	return sqldb.Many(tx, `SELECT id, `+removalColumns+` FROM account_factor_removal WHERE ended_at IS NULL AND due_at <= $1 ORDER BY due_at, id LIMIT $2`,
		[]any{tx.Now, most}, func(row sqldb.Row) (r dueRemoval, err error) {
			return r, row.Scan(append([]any{&r.id}, r.columns()...)...)
		})
}

// History.

func insertEvent(tx *sqldb.Tx, id, accountID, kind, device string) error {
	_, err := tx.Exec(`INSERT INTO account_event (id, account_id, at, kind, device) VALUES ($1, $2, $3, $4, $5)`,
		id, accountID, tx.Now, kind, device)
	return err
}

func eventsOf(tx *sqldb.Tx, accountID string, since time.Time, most int) ([]Event, error) {
	return sqldb.Many(tx, `
		SELECT at, kind, device FROM account_event
		WHERE account_id = $1 AND at > $2
		ORDER BY at DESC, id LIMIT $3`,
		[]any{accountID, since, most}, func(r sqldb.Row) (e Event, err error) {
			e.Times = 1
			return e, r.Scan(sqldb.Instant(&e.At), &e.Kind, &e.Device)
		})
}

// Questions to an owner.

// insertAsk stores NULL for an account that does not exist.
func insertAsk(tx *sqldb.Tx, id, accountID, codeDigest string, until time.Time) error {
	_, err := tx.Exec(`
		INSERT INTO account_ask (id, account_id, code_digest, asked_at, expires_at, tries)
		VALUES ($1, NULLIF($2, ''), $3, $4, $5, 0)`,
		id, accountID, codeDigest, tx.Now, until)
	return err
}

// tryAsk counts a try of an open question; it finds nothing when the tries, the
// time or the code are spent.
func tryAsk(tx *sqldb.Tx, id string, most int) (accountID, codeDigest string, ok bool, err error) {
	ok, err = tx.One(`
		UPDATE account_ask SET tries = tries + 1
		WHERE id = $1 AND proved_at IS NULL AND tries < $2 AND expires_at > $3
		RETURNING COALESCE(account_id, ''), code_digest`,
		[]any{id, most, tx.Now}, &accountID, &codeDigest)
	return accountID, codeDigest, ok, err
}

func proveAsk(tx *sqldb.Tx, id string) (won bool, err error) {
	n, err := tx.Exec(`UPDATE account_ask SET proved_at = $1 WHERE id = $2 AND proved_at IS NULL`, tx.Now, id)
	return n == 1, err
}

// Questions that an owner answers on an own telephone.

func openAsk(tx *sqldb.Tx, id string, q Question, tokenDigest string) error {
	_, err := tx.Exec(`
		UPDATE account_ask SET asker = $2, about = $3, token_digest = $4 WHERE id = $1`,
		id, q.Library, q.About, tokenDigest)
	return err
}

func askByToken(tx *sqldb.Tx, tokenDigest string) (q Question, ok bool, err error) {
	ok, err = tx.One(`
		SELECT asker, about, expires_at FROM account_ask
		WHERE token_digest = $1 AND token_digest <> '' AND proved_at IS NULL AND agreed_at IS NULL AND expires_at > $2`,
		[]any{tokenDigest, tx.Now}, &q.Library, &q.About, sqldb.Instant(&q.Until))
	return q, ok, err
}

func agreeAsk(tx *sqldb.Tx, tokenDigest, accountID string, until time.Time) (won bool, err error) {
	n, err := tx.Exec(`
		UPDATE account_ask SET agreed_by = $2, agreed_at = $3, expires_at = $4
		WHERE token_digest = $1 AND token_digest <> '' AND proved_at IS NULL AND agreed_at IS NULL AND expires_at > $3`,
		tokenDigest, accountID, tx.Now, until)
	return n == 1, err
}

func answerOf(tx *sqldb.Tx, id string) (a Answer, err error) {
	a.Open, err = tx.One(`
		SELECT agreed_at IS NOT NULL, expires_at, CASE WHEN tries < $3 THEN $3 - tries ELSE 0 END FROM account_ask
		WHERE id = $1 AND proved_at IS NULL AND expires_at > $2`,
		[]any{id, tx.Now, CodeTries}, &a.Agreed, sqldb.Instant(&a.Until), &a.Left)
	return a, err
}

func takeAnswer(tx *sqldb.Tx, id string) (accountID string, won bool, err error) {
	won, err = tx.One(`
		UPDATE account_ask SET proved_at = $2
		WHERE id = $1 AND agreed_at IS NOT NULL AND proved_at IS NULL AND expires_at > $2
		RETURNING agreed_by`,
		[]any{id, tx.Now}, &accountID)
	return accountID, won, err
}

// sleepingAccounts lists accounts that wait, the soonest to expire first, and then those
// that expired, the last one first.
func sleepingAccounts(tx *sqldb.Tx, most int) ([]string, error) {
	return sqldb.Many(tx, `
		SELECT id FROM (
			SELECT id, until FROM account WHERE until IS NOT NULL AND NOT self_made
			UNION ALL
			SELECT account_id AS id, until FROM account_expired WHERE forget_at > $1) AS sleeping
		ORDER BY until <= $1, CASE WHEN until > $1 THEN until ELSE -until END, id LIMIT $2`,
		[]any{tx.Now, most}, func(r sqldb.Row) (id string, err error) {
			return id, r.Scan(&id)
		})
}

// sweep removes what is over. A link goes when it neither works nor can offer a
// new one.
func sweep(tx *sqldb.Tx, oldLinks, oldDevices, oldEvents time.Time) error {
	for _, s := range []struct {
		query  string
		before time.Time
	}{
		{`DELETE FROM account_expired WHERE forget_at <= $1`, tx.Now},
		{`DELETE FROM account_ask WHERE expires_at <= $1`, tx.Now},
		{`DELETE FROM account_device WHERE seen_at <= $1`, oldDevices},
		{`DELETE FROM account_own_link WHERE expires_at <= $1`, tx.Now},
		{`DELETE FROM account_name_rest WHERE until <= $1`, tx.Now},
		{`DELETE FROM account_event WHERE at <= $1`, oldEvents},
		{`DELETE FROM account_event WHERE account_id = '' AND at <= $1`, tx.Now},
		{`DELETE FROM account_factor_removal WHERE ended_at <= $1`, oldEvents},
		{`DELETE FROM account_link WHERE mailed_at <= $1
			AND NOT EXISTS (SELECT 1 FROM account_expired WHERE account_expired.account_id = account_link.account_id)
			AND NOT EXISTS (SELECT 1 FROM account WHERE account.id = account_link.account_id AND until IS NOT NULL)`, oldLinks},
	} {
		if _, err := tx.Exec(s.query, s.before); err != nil {
			return err
		}
	}
	return nil
}

// counted is how many accounts are in one state.
type counted struct {
	state State
	n     int
}

func countStates(tx *sqldb.Tx, ids []string) ([]counted, error) {
	args := []any{tx.Now}
	for _, id := range ids {
		args = append(args, id)
	}
	return sqldb.Many(tx, `
		SELECT state, COUNT(*) FROM (
			SELECT CASE WHEN activated_at IS NOT NULL THEN 'active' WHEN until > $1 THEN 'waiting' ELSE 'expired' END AS state
			FROM account WHERE id IN `+sqldb.In(2, len(ids))+`) AS each_account
		GROUP BY state`,
		args, func(row sqldb.Row) (c counted, err error) {
			return c, row.Scan(&c.state, &c.n)
		})
}

func countAccounts(tx *sqldb.Tx) (waiting, active int, err error) {
	if _, err = tx.One(`SELECT COUNT(*) FROM account WHERE until > $1`, []any{tx.Now}, &waiting); err != nil {
		return 0, 0, err
	}
	_, err = tx.One(`SELECT COUNT(*) FROM account WHERE until IS NULL`, nil, &active)
	return waiting, active, err
}

func countRemembered(tx *sqldb.Tx) (n int, err error) {
	_, err = tx.One(`SELECT COUNT(*) FROM account_expired WHERE forget_at > $1`, []any{tx.Now}, &n)
	return n, err
}

// countTries counts what was since two instants, the earlier one second.
func countTries(tx *sqldb.Tx, late, early time.Time) (sinceLate, sinceEarly Tally, err error) {
	_, err = tx.One(`
		SELECT COUNT(CASE WHEN kind <> 'refused' AND at > $1 THEN 1 END), COUNT(CASE WHEN kind = 'refused' AND at > $1 THEN 1 END),
			COUNT(CASE WHEN kind <> 'refused' THEN 1 END), COUNT(CASE WHEN kind = 'refused' THEN 1 END)
		FROM account_event WHERE at > $2 AND kind IN ('signin', 'signin_new', 'refused')`,
		[]any{late, early}, &sinceLate.SignIns, &sinceLate.Refused, &sinceEarly.SignIns, &sinceEarly.Refused)
	return sinceLate, sinceEarly, err
}

func countMemories(tx *sqldb.Tx, ids []string) (n int, err error) {
	var args []any
	for _, id := range ids {
		args = append(args, id)
	}
	_, err = tx.One(`SELECT COUNT(*) FROM account_expired WHERE account_id IN `+sqldb.In(1, len(ids)), args, &n)
	return n, err
}

// For the provisioning of other library systems.

func idNamed(tx *sqldb.Tx, key string) (id string, ok bool, err error) {
	ok, err = tx.One(`
		SELECT id FROM account WHERE username_key = $1
		UNION ALL SELECT account_id FROM account_expired WHERE username_key = $1 AND forget_at > $2`,
		[]any{key, tx.Now}, &id)
	return id, ok, err
}

func idsWaitingAt(tx *sqldb.Tx, email string) ([]string, error) {
	return sqldb.Many(tx, `SELECT id FROM account WHERE email_key = $1 AND activated_at IS NULL AND until > $2 ORDER BY id`,
		[]any{emailKey(email), tx.Now}, func(r sqldb.Row) (id string, err error) {
			err = r.Scan(&id)
			return id, err
		})
}

func accountsByID(tx *sqldb.Tx, ids []string) ([]Account, error) {
	var args []any
	for _, id := range ids {
		args = append(args, id)
	}
	return sqldb.Many(tx, `SELECT `+accountColumns+` FROM account WHERE id IN `+sqldb.In(1, len(ids)), args,
		func(r sqldb.Row) (a Account, err error) {
			err = r.Scan(a.columns()...)
			return a, err
		})
}

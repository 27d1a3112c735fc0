package signon

import (
	"strings"
	"time"

	"lidwoord/base/sqldb"
)

// Clients.

func putClient(tx *sqldb.Tx, c Client) error {
	var digest any // NULL for a public client
	if c.Secret != "" {
		digest = c.Secret.Digest()
	}
	_, err := tx.Exec(`
		INSERT INTO signon_client (id, name, secret_digest, scopes, algorithm, sector, initiate_uri, created_at, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
		ON CONFLICT (id) DO UPDATE SET
			name = excluded.name, secret_digest = excluded.secret_digest, scopes = excluded.scopes,
			algorithm = excluded.algorithm, sector = excluded.sector, initiate_uri = excluded.initiate_uri,
			changed_at = excluded.changed_at`,
		c.ID, c.Name, digest, strings.Join(c.Scopes, " "), c.Algorithm, c.Sector, c.Initiate, tx.Now)
	return err
}

func dropClientURIs(tx *sqldb.Tx, clientID string) error {
	_, err := tx.Exec(`DELETE FROM signon_client_uri WHERE client_id = $1`, clientID)
	return err
}

func addClientURI(tx *sqldb.Tx, clientID, kind, uri string) error {
	_, err := tx.Exec(`
		INSERT INTO signon_client_uri (client_id, kind, uri) VALUES ($1, $2, $3)
		ON CONFLICT (client_id, kind, uri) DO NOTHING`, clientID, kind, uri)
	return err
}

func findClient(tx *sqldb.Tx, id string) (c client, found bool, err error) {
	found, err = tx.One(`
		SELECT id, name, COALESCE(secret_digest, ''), scopes, algorithm, sector, initiate_uri
		FROM signon_client WHERE id = $1`,
		[]any{id}, &c.id, &c.name, &c.secretDigest, &c.scopes, &c.algorithm, &c.sector, &c.initiate)
	return c, found, err
}

func clientURIs(tx *sqldb.Tx, clientID, kind string) ([]string, error) {
	return sqldb.Many(tx, `
		SELECT uri FROM signon_client_uri WHERE client_id = $1 AND kind = $2 ORDER BY uri`,
		[]any{clientID, kind}, scanText)
}

func hasOrigin(tx *sqldb.Tx, origin string) (bool, error) {
	var one int
	return tx.One(`SELECT 1 FROM signon_client_uri WHERE kind = 'origin' AND uri = $1 LIMIT 1`, []any{origin}, &one)
}

// Requests.

func insertRequest(tx *sqldb.Tx, r request) error {
	_, err := tx.Exec(`
		INSERT INTO signon_request (id, client_id, redirect_uri, scope, state, nonce, challenge,
			prompt, lang, login_hint, target, fresh_since, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		r.id, r.clientID, r.redirectURI, r.scope, r.state, r.nonce, r.challenge,
		r.prompt, r.lang, r.loginHint, r.target, r.freshSince, tx.Now, r.expiresAt)
	return err
}

func openRequest(tx *sqldb.Tx, id string) (r Request, found bool, err error) {
	found, err = tx.One(`
		SELECT r.id, r.client_id, c.name, c.initiate_uri <> '', r.lang, r.prompt, r.login_hint, r.target, r.fresh_since, r.expires_at
		FROM signon_request r JOIN signon_client c ON c.id = r.client_id
		WHERE r.id = $1 AND r.answered_at IS NULL AND r.expires_at > $2`,
		[]any{id, tx.Now}, &r.ID, &r.ClientID, &r.ClientName, &r.Continues, &r.Lang, &r.Prompt, &r.LoginHint, &r.Target,
		sqldb.Instant(&r.FreshSince), sqldb.Instant(&r.Expires))
	return r, found, err
}

// answerRequest spends a request. The guard holds that a request is answered
// once, in time, and by a sign-in that is young enough.
func answerRequest(tx *sqldb.Tx, id string, authTime time.Time) (r request, ok bool, err error) {
	ok, err = tx.One(`
		UPDATE signon_request SET answered_at = $1
		WHERE id = $2 AND answered_at IS NULL AND expires_at > $1
			AND (fresh_since IS NULL OR fresh_since <= $3)
		RETURNING client_id, redirect_uri, scope, state, nonce, challenge`,
		[]any{tx.Now, id, authTime}, &r.clientID, &r.redirectURI, &r.scope, &r.state, &r.nonce, &r.challenge)
	return r, ok, err
}

func refuseRequest(tx *sqldb.Tx, id string) (r request, ok bool, err error) {
	ok, err = tx.One(`
		UPDATE signon_request SET answered_at = $1
		WHERE id = $2 AND answered_at IS NULL AND expires_at > $1
		RETURNING redirect_uri, state`,
		[]any{tx.Now, id}, &r.redirectURI, &r.state)
	return r, ok, err
}

// Grants, their codes and their tokens.

func insertGrant(tx *sqldb.Tx, g grant, codeDigest string, codeExpires time.Time) error {
	_, err := tx.Exec(`
		INSERT INTO signon_grant (id, client_id, account_id, username, email, session_id, acr, auth_time,
			scope, nonce, redirect_uri, challenge, code_digest, code_expires_at, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $14)`,
		g.id, g.clientID, g.accountID, g.username, g.email, g.sessionID, g.acr, g.authTime,
		g.scope, g.nonce, g.redirectURI, g.challenge, codeDigest, codeExpires, tx.Now)
	return err
}

// spendCode marks a code used. Everything that must agree stands in the guard, so
// that a wrong guess spends nothing and the database decides the winner of a race.
func spendCode(tx *sqldb.Tx, digest, clientID, redirectURI, challenge string, until time.Time) (g grant, ok bool, err error) {
	g.clientID = clientID
	ok, err = tx.One(`
		UPDATE signon_grant SET code_spent_at = $1, expires_at = $2
		WHERE code_digest = $3 AND client_id = $4 AND redirect_uri = $5 AND challenge = $6
			AND code_spent_at IS NULL AND revoked_at IS NULL AND code_expires_at > $1
		RETURNING id, account_id, username, email, session_id, acr, auth_time, scope, nonce`,
		[]any{tx.Now, until, digest, clientID, redirectURI, challenge},
		&g.id, &g.accountID, &g.username, &g.email, &g.sessionID, &g.acr, sqldb.Instant(&g.authTime), &g.scope, &g.nonce)
	return g, ok, err
}

func revokeReplayed(tx *sqldb.Tx, digest, clientID string) (accountID string, replayed bool, err error) {
	replayed, err = tx.One(`
		UPDATE signon_grant SET revoked_at = $1
		WHERE code_digest = $2 AND client_id = $3 AND code_spent_at IS NOT NULL AND revoked_at IS NULL
		RETURNING account_id`, []any{tx.Now, digest, clientID}, &accountID)
	return accountID, replayed, err
}

func revokeSession(tx *sqldb.Tx, sessionID string) error {
	_, err := tx.Exec(`
		UPDATE signon_grant SET revoked_at = $1
		WHERE session_id = $2 AND revoked_at IS NULL`, tx.Now, sessionID)
	return err
}

func revokeAccount(tx *sqldb.Tx, accountID string) error {
	_, err := tx.Exec(`
		UPDATE signon_grant SET revoked_at = $1
		WHERE account_id = $2 AND revoked_at IS NULL`, tx.Now, accountID)
	return err
}

func insertToken(tx *sqldb.Tx, digest, grantID string, expires time.Time) error {
	_, err := tx.Exec(`
		INSERT INTO signon_token (digest, grant_id, kind, created_at, expires_at)
		VALUES ($1, $2, 'access', $3, $4)`, digest, grantID, tx.Now, expires)
	return err
}

// revokeToken asks for the token's own grant with EXISTS: for "grant_id IN (…)"
// SQLite reads every grant of the client.
func revokeToken(tx *sqldb.Tx, digest, clientID string) error {
	_, err := tx.Exec(`
		UPDATE signon_token SET revoked_at = $1
		WHERE digest = $2 AND revoked_at IS NULL
			AND EXISTS (SELECT 1 FROM signon_grant WHERE signon_grant.id = signon_token.grant_id AND client_id = $3)`,
		tx.Now, digest, clientID)
	return err
}

func grantOfToken(tx *sqldb.Tx, digest string) (g grant, sector string, found bool, err error) {
	found, err = tx.One(`
		SELECT g.account_id, g.username, g.email, g.scope, c.sector
		FROM signon_token t
		JOIN signon_grant g ON g.id = t.grant_id
		JOIN signon_client c ON c.id = g.client_id
		WHERE t.digest = $1 AND t.kind = 'access' AND t.expires_at > $2
			AND t.revoked_at IS NULL AND g.revoked_at IS NULL`,
		[]any{digest, tx.Now}, &g.accountID, &g.username, &g.email, &g.scope, &sector)
	return g, sector, found, err
}

func deleteExpired(tx *sqldb.Tx) error {
	for _, statement := range []string{
		`DELETE FROM signon_request WHERE expires_at <= $1`,
		`DELETE FROM signon_token WHERE expires_at <= $1`,
		`DELETE FROM signon_grant WHERE expires_at <= $1`,
	} {
		if _, err := tx.Exec(statement, tx.Now); err != nil {
			return err
		}
	}
	return nil
}

// Keys.

func insertKey(tx *sqldb.Tx, k key, state, public string) error {
	_, err := tx.Exec(`
		INSERT INTO signon_key (id, algorithm, state, public_key, sealed, not_before, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT DO NOTHING`,
		k.id, k.algorithm, state, public, k.sealed, k.notBefore, tx.Now)
	return err
}

func currentKey(tx *sqldb.Tx, algorithm string) (k key, found bool, err error) {
	found, err = tx.One(`
		SELECT id, algorithm, sealed, not_before FROM signon_key
		WHERE algorithm = $1 AND state = 'current'`,
		[]any{algorithm}, &k.id, &k.algorithm, &k.sealed, sqldb.Instant(&k.notBefore))
	return k, found, err
}

func hasNextKey(tx *sqldb.Tx, algorithm string) (bool, error) {
	var one int
	return tx.One(`SELECT 1 FROM signon_key WHERE algorithm = $1 AND state = 'next'`, []any{algorithm}, &one)
}

func nextKeyReady(tx *sqldb.Tx, algorithm string) (bool, error) {
	var one int
	return tx.One(`
		SELECT 1 FROM signon_key WHERE algorithm = $1 AND state = 'next' AND not_before <= $2`,
		[]any{algorithm, tx.Now}, &one)
}

func retireKey(tx *sqldb.Tx, id string) error {
	_, err := tx.Exec(`
		UPDATE signon_key SET state = 'old', retired_at = $1 WHERE id = $2 AND state = 'current'`, tx.Now, id)
	return err
}

// promoteKey makes the next key current; its life counts from this moment.
func promoteKey(tx *sqldb.Tx, algorithm string) error {
	_, err := tx.Exec(`
		UPDATE signon_key SET state = 'current', not_before = $1
		WHERE algorithm = $2 AND state = 'next' AND not_before <= $1`, tx.Now, algorithm)
	return err
}

func publicKeys(tx *sqldb.Tx) ([]string, error) {
	return sqldb.Many(tx, `SELECT public_key FROM signon_key ORDER BY algorithm, not_before, id`, nil, scanText)
}

func forgetKeys(tx *sqldb.Tx, before time.Time) error {
	_, err := tx.Exec(`DELETE FROM signon_key WHERE state = 'old' AND retired_at <= $1`, before)
	return err
}

func scanText(r sqldb.Row) (text string, err error) {
	err = r.Scan(&text)
	return text, err
}

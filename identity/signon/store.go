package signon

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"lidwoord/base/sqldb"
)

// Clients.

// putClient moves changed_at on with every change, also of two within a
// microsecond: a form knows by it whether it is old.
func putClient(tx *sqldb.Tx, c Client, digest any) error {
	_, err := tx.Exec(`
		INSERT INTO signon_client (id, name, secret_digest, scopes, algorithm, sector, initiate_uri, own, jwks,
			pushed_only, introspects, lasting, logout_uri, created_at, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
		ON CONFLICT (id) DO UPDATE SET
			name = excluded.name, secret_digest = excluded.secret_digest, scopes = excluded.scopes,
			algorithm = excluded.algorithm, sector = excluded.sector, initiate_uri = excluded.initiate_uri,
			own = excluded.own, jwks = excluded.jwks, pushed_only = excluded.pushed_only,
			introspects = excluded.introspects, lasting = excluded.lasting, logout_uri = excluded.logout_uri,
			changed_at = CASE WHEN excluded.changed_at > signon_client.changed_at THEN excluded.changed_at ELSE signon_client.changed_at + 1 END,
			old_digest = CASE WHEN excluded.secret_digest IS NULL THEN NULL ELSE signon_client.old_digest END`,
		c.ID, c.Name, digest, strings.Join(c.Scopes, " "), c.Algorithm, c.Sector, c.Initiate, c.Own, c.Keys,
		c.PushedOnly, c.Introspects, c.Lasting, c.SignedOut, tx.Now)
	return err
}

// claimClient takes an id that nobody has.
func claimClient(tx *sqldb.Tx, id string) (ok bool, err error) {
	n, err := tx.Exec(`
		INSERT INTO signon_client (id, name, scopes, algorithm, sector, initiate_uri, created_at, changed_at)
		VALUES ($1, '', '', '', '', '', $2, $2)
		ON CONFLICT (id) DO NOTHING`, id, tx.Now)
	return n == 1, err
}

// holdClient holds the row of a client that has not changed since.
func holdClient(tx *sqldb.Tx, id string, seen time.Time) (ok bool, err error) {
	n, err := tx.Exec(`UPDATE signon_client SET changed_at = changed_at WHERE id = $1 AND changed_at = $2`, id, seen)
	return n == 1, err
}

// turnSecret changes the secret of a client that has one.
func turnSecret(tx *sqldb.Tx, id, digest string, oldUntil time.Time) (ok bool, err error) {
	n, err := tx.Exec(`
		UPDATE signon_client SET old_digest = secret_digest, old_until = $1, secret_digest = $2,
			changed_at = CASE WHEN CAST($3 AS BIGINT) > changed_at THEN CAST($3 AS BIGINT) ELSE changed_at + 1 END
		WHERE id = $4 AND secret_digest IS NOT NULL`, oldUntil, digest, tx.Now, id)
	return n == 1, err
}

func deleteClient(tx *sqldb.Tx, id string) (ok bool, err error) {
	n, err := tx.Exec(`DELETE FROM signon_client WHERE id = $1`, id)
	return n == 1, err
}

const listedColumns = `id, name, scopes, algorithm, sector, initiate_uri, own, jwks, pushed_only, introspects, lasting, logout_uri,
	CASE WHEN secret_digest IS NULL THEN '' ELSE 'x' END, changed_at, old_until`

func scanListed(r sqldb.Row) (l Listed, err error) {
	var scopes, secret string
	err = r.Scan(&l.ID, &l.Name, &scopes, &l.Algorithm, &l.Sector, &l.Initiate, &l.Own, &l.Keys, &l.PushedOnly, &l.Introspects, &l.Lasting, &l.SignedOut,
		&secret, sqldb.Instant(&l.Changed), sqldb.Instant(&l.OldUntil))
	l.Scopes = strings.Fields(scopes)
	switch {
	case secret != "":
		l.Method = BySecret
	case l.Keys != "":
		l.Method = BySigning
	default:
		l.Method = ByNothing
	}
	return l, err
}

func listClients(tx *sqldb.Tx) ([]Listed, error) {
	return sqldb.Many(tx, `SELECT `+listedColumns+` FROM signon_client ORDER BY id`, nil, scanListed)
}

func listClient(tx *sqldb.Tx, id string) (l Listed, found bool, err error) {
	list, err := sqldb.Many(tx, `SELECT `+listedColumns+` FROM signon_client WHERE id = $1`, []any{id}, scanListed)
	if err != nil || len(list) == 0 {
		return l, false, err
	}
	return list[0], true, nil
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
	list, err := findClients(tx, []string{id})
	c, found = list[id]
	return c, found, err
}

func findClients(tx *sqldb.Tx, ids []string) (map[string]client, error) {
	found := make(map[string]client, len(ids))
	_, err := sqldb.Many(tx, `
		SELECT id, name, COALESCE(secret_digest, ''), CASE WHEN old_until > $1 THEN COALESCE(old_digest, '') ELSE '' END, jwks,
			scopes, algorithm, sector, initiate_uri, logout_uri, own, pushed_only, introspects, lasting,
			COALESCE((SELECT k.id FROM signon_key k WHERE k.algorithm = signon_client.algorithm AND k.state = 'current'), '')
		FROM signon_client WHERE id IN `+sqldb.In(2, len(ids)), nowAnd(tx, ids), func(r sqldb.Row) (c client, err error) {
		err = r.Scan(&c.id, &c.name, &c.secretDigest, &c.oldDigest, &c.keys,
			&c.scopes, &c.algorithm, &c.sector, &c.initiate, &c.logout, &c.own, &c.pushedOnly, &c.introspects, &c.lasting, &c.keyID)
		found[c.id] = c
		return c, err
	})
	return found, err
}

// nowAnd is the instant of the transaction as $1, and a list from $2 on.
func nowAnd(tx *sqldb.Tx, list []string) []any {
	args := make([]any, 0, 1+len(list))
	args = append(args, tx.Now)
	for _, text := range list {
		args = append(args, text)
	}
	return args
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
	var pushed any // NULL for a request that a browser brought
	if r.pushedDigest != "" {
		pushed = r.pushedDigest
	}
	return tx.Later(`
		INSERT INTO signon_request (id, client_id, redirect_uri, scope, state, nonce, challenge,
			prompt, lang, login_hint, target, fresh_since, claims, subject, level, level_least, asks_consent,
			pushed_digest, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		r.id, r.clientID, r.redirectURI, r.scope, r.state, r.nonce, r.challenge,
		r.prompt, r.lang, r.loginHint, r.target, r.freshSince, r.wish.claims, r.wish.subject, r.wish.level, r.wish.least, r.asksConsent,
		pushed, tx.Now, r.expiresAt)
}

// takePushed lets the browser of a pushed request in, once.
func takePushed(tx *sqldb.Tx, digest, clientID string, until time.Time) (id string, ok bool, err error) {
	ok, err = tx.One(`
		UPDATE signon_request SET pushed_digest = NULL, expires_at = $1
		WHERE pushed_digest = $2 AND client_id = $3 AND expires_at > $4
		RETURNING id`, []any{until, digest, clientID, tx.Now}, &id)
	return id, ok, err
}

func openRequest(tx *sqldb.Tx, id string) (r Request, found bool, err error) {
	var level, least int
	var back string
	found, err = tx.One(`
		SELECT r.id, r.client_id, c.name, c.initiate_uri <> '', r.lang, r.prompt, r.login_hint, r.target, r.fresh_since, r.expires_at,
			r.level, r.level_least, c.own, c.lasting, r.asks_consent, r.scope, r.claims, r.subject, c.sector, r.created_at, r.redirect_uri
		FROM signon_request r JOIN signon_client c ON c.id = r.client_id
		WHERE r.id = $1 AND r.answered_at IS NULL AND r.expires_at > $2`,
		[]any{id, tx.Now}, &r.ID, &r.ClientID, &r.ClientName, &r.Continues, &r.Lang, &r.Prompt, &r.LoginHint, &r.Target,
		sqldb.Instant(&r.FreshSince), sqldb.Instant(&r.Expires),
		&level, &least, &r.Own, &r.lasting, &r.asksConsent, &r.scope, &r.claims, &r.subject, &r.sector, sqldb.Instant(&r.createdAt), &back)
	if found {
		r.WantsACR, r.NeedsACR = levels[level], levels[least]
		if u, err := url.Parse(back); err == nil {
			if u.Scheme == "https" || u.Scheme == "http" {
				r.ReturnsAt = u.Scheme + "://" + u.Host
			}
			r.ReturnsTo, r.ReturnsBy, r.Imitable = u.Hostname(), u.Scheme, r.asksConsent && imitable(back)
		}
	}
	return r, found, err
}

// answerRequest spends a request. The guard holds that a request is answered
// once, in time, for the person who was meant, by a sign-in that is young and
// strong enough, and with the consent that a site of somebody else needs: the one
// that the caller read, as it stands now.
func answerRequest(tx *sqldb.Tx, id string, a answer) (r request, ok bool, err error) {
	ok, err = tx.One(`
		UPDATE signon_request SET answered_at = $1
		WHERE id = $2 AND answered_at IS NULL AND expires_at > $1
			AND (fresh_since IS NULL OR fresh_since <= $3)
			AND level_least <= $4 AND (subject = '' OR subject = $5)
			AND (NOT asks_consent AND EXISTS (SELECT 1 FROM signon_client c WHERE c.id = signon_request.client_id AND c.own)
				OR EXISTS (SELECT 1 FROM signon_consent s
					WHERE s.account_id = $6 AND s.client_id = signon_request.client_id AND s.scope = $7
						AND (NOT signon_request.asks_consent OR s.given_at >= signon_request.created_at)))
		RETURNING client_id, redirect_uri, scope, claims, level, level_least, state, nonce, challenge`,
		[]any{tx.Now, id, a.AuthTime, a.level, a.subject, a.AccountID, a.given},
		&r.clientID, &r.redirectURI, &r.scope, &r.wish.claims, &r.wish.level, &r.wish.least, &r.state, &r.nonce, &r.challenge)
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
	return tx.Later(`
		INSERT INTO signon_grant (id, client_id, account_id, username, email, session_id, acr, auth_time,
			scope, claims, refreshes, nonce, redirect_uri, challenge, code_digest, code_expires_at, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $16)`,
		g.id, g.clientID, g.accountID, g.username, g.email, g.sessionID, g.acr, g.authTime,
		g.scope, g.claims, g.refreshes, g.nonce, g.redirectURI, g.challenge, codeDigest, codeExpires, tx.Now)
}

// life is until when a grant lives once its code is spent.
type life struct{ plain, refreshed time.Time }

// spendCode marks a code used. Everything that must agree stands in the guard, so
// that a wrong guess spends nothing and the database decides the winner of a race.
func spendCode(tx *sqldb.Tx, g grant, digest string, until life) (grant, bool, error) {
	ok, err := tx.One(`
		UPDATE signon_grant SET code_spent_at = $1, lasting = refreshes AND $8,
			expires_at = CASE WHEN refreshes THEN CAST($2 AS BIGINT) ELSE CAST($3 AS BIGINT) END
		WHERE code_digest = $4 AND client_id = $5 AND redirect_uri = $6 AND challenge = $7
			AND code_spent_at IS NULL AND revoked_at IS NULL AND code_expires_at > $1
		RETURNING `+grantColumns,
		[]any{tx.Now, until.refreshed, until.plain, digest, g.clientID, g.redirectURI, g.challenge, g.lasting}, g.columns()...)
	return g, ok, err
}

const grantColumns = `id, account_id, username, email, session_id, acr, auth_time, scope, claims, refreshes, lasting, nonce, expires_at`

func (g *grant) columns() []any {
	return []any{&g.id, &g.accountID, &g.username, &g.email, &g.sessionID, &g.acr, sqldb.Instant(&g.authTime),
		&g.scope, &g.claims, &g.refreshes, &g.lasting, &g.nonce, sqldb.Instant(&g.expiresAt)}
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
		WHERE session_id = $2 AND revoked_at IS NULL AND NOT lasting`, tx.Now, sessionID)
	return err
}

func revokeLasting(tx *sqldb.Tx, accountID string) error {
	_, err := tx.Exec(`
		UPDATE signon_grant SET revoked_at = $1
		WHERE account_id = $2 AND revoked_at IS NULL AND lasting`, tx.Now, accountID)
	return err
}

func nextGrants(tx *sqldb.Tx, after string, n int) ([]string, error) {
	return sqldb.Many(tx, `SELECT id FROM signon_grant WHERE id > $1 ORDER BY id LIMIT $2`, []any{after, n}, scanText)
}

func revokeStretch(tx *sqldb.Tx, by time.Time, after, last string) error {
	_, err := tx.Exec(`
		UPDATE signon_grant SET revoked_at = $1
		WHERE id > $2 AND id <= $3 AND created_at <= $4 AND revoked_at IS NULL`, tx.Now, after, last, by)
	return err
}

func revokeAccount(tx *sqldb.Tx, accountID string) error {
	_, err := tx.Exec(`
		UPDATE signon_grant SET revoked_at = $1
		WHERE account_id = $2 AND revoked_at IS NULL`, tx.Now, accountID)
	return err
}

// token is a row of signon_token.
type token struct {
	digest, grantID, kind, scope string
	expires                      time.Time
}

const (
	kindAccess  = "access"
	kindRefresh = "refresh"
)

func insertToken(tx *sqldb.Tx, t token) error {
	return tx.Later(`
		INSERT INTO signon_token (digest, grant_id, kind, scope, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6)`, t.digest, t.grantID, t.kind, t.scope, tx.Now, t.expires)
}

// insertTokens keeps an access token and the refresh token that goes with it.
func insertTokens(tx *sqldb.Tx, access, refresh token) error {
	return tx.Later(`
		INSERT INTO signon_token (digest, grant_id, kind, scope, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6), ($7, $8, $9, $10, $5, $11)`,
		access.digest, access.grantID, access.kind, access.scope, tx.Now, access.expires,
		refresh.digest, refresh.grantID, refresh.kind, refresh.scope, refresh.expires)
}

// spendRefresh marks a refresh token used and keeps it for as long as its grant
// lives, so that it is known when it comes again. Of a grant that lasts it is kept for
// LastingIdle: whoever had it and comes later than that is out of time anyway.
func spendRefresh(tx *sqldb.Tx, digest, clientID string) (g grant, ok bool, err error) {
	var grantID string
	ok, err = tx.One(`
		UPDATE signon_token SET spent_at = $1,
			expires_at = (SELECT CASE WHEN g.lasting AND g.expires_at > CAST($4 AS BIGINT) THEN CAST($4 AS BIGINT) ELSE g.expires_at END
				FROM signon_grant g WHERE g.id = signon_token.grant_id)
		WHERE digest = $2 AND kind = 'refresh' AND spent_at IS NULL AND revoked_at IS NULL AND expires_at > $1
			AND EXISTS (SELECT 1 FROM signon_grant g
				WHERE g.id = signon_token.grant_id AND g.client_id = $3 AND g.revoked_at IS NULL AND g.expires_at > $1)
		RETURNING grant_id`, []any{tx.Now, digest, clientID, tx.Now.Add(LastingIdle)}, &grantID)
	if err != nil || !ok {
		return g, false, err
	}
	g.clientID = clientID
	ok, err = tx.One(`SELECT `+grantColumns+` FROM signon_grant WHERE id = $1`, []any{grantID}, g.columns()...)
	return g, ok, err
}

// scopeOfRefresh is what a refresh token may have that still works.
func scopeOfRefresh(tx *sqldb.Tx, digest, clientID string) (scope string, found bool, err error) {
	found, err = tx.One(`
		SELECT g.scope FROM signon_token t JOIN signon_grant g ON g.id = t.grant_id
		WHERE t.digest = $1 AND t.kind = 'refresh' AND g.client_id = $2
			AND t.spent_at IS NULL AND t.revoked_at IS NULL AND t.expires_at > $3 AND g.revoked_at IS NULL`,
		[]any{digest, clientID, tx.Now}, &scope)
	return scope, found, err
}

// revokeReused ends the grant of a refresh token that was spent at or before an
// instant.
func revokeReused(tx *sqldb.Tx, digest, clientID string, spentBefore time.Time) (accountID string, reused bool, err error) {
	reused, err = tx.One(`
		UPDATE signon_grant SET revoked_at = $1
		WHERE id = (SELECT grant_id FROM signon_token WHERE digest = $2 AND kind = 'refresh' AND spent_at <= $4)
			AND client_id = $3 AND revoked_at IS NULL
		RETURNING account_id`, []any{tx.Now, digest, clientID, spentBefore}, &accountID)
	return accountID, reused, err
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

func revokeRefreshed(tx *sqldb.Tx, digest, clientID string) error {
	_, err := tx.Exec(`
		UPDATE signon_grant SET revoked_at = $1
		WHERE id = (SELECT grant_id FROM signon_token WHERE digest = $2 AND kind = 'refresh')
			AND client_id = $3 AND revoked_at IS NULL`, tx.Now, digest, clientID)
	return err
}

// living is what a living access token stands for.
type living struct{ accountID, username, email, scope, claims, sector string }

// livingTokens are the living ones of n tokens, whose digests are $2 and on; $1
// is now. The LIMIT, which never cuts anything off, has PostgreSQL find them first
// and by their digest: on a young table, of which it knows nothing yet, it took them
// for so few that it walked through all tokens of all grants, a hundred
// milliseconds for thirty-two.
func livingTokens(n int) string {
	return `(SELECT digest, grant_id, kind, scope, created_at, expires_at FROM signon_token
			WHERE digest IN ` + sqldb.In(2, n) + ` AND expires_at > $1 AND spent_at IS NULL AND revoked_at IS NULL
			LIMIT ` + strconv.Itoa(n) + `) t`
}

// grantsOfTokens finds what living access tokens stand for. A token that is
// narrower than its grant says so by a scope of its own, and then tells no single
// claims.
func grantsOfTokens(tx *sqldb.Tx, digests []string) (map[string]living, error) {
	found := make(map[string]living, len(digests))
	_, err := sqldb.Many(tx, `
		SELECT t.digest, g.account_id, g.username, g.email, CASE WHEN t.scope = '' THEN g.scope ELSE t.scope END,
			CASE WHEN t.scope = '' OR t.scope = g.scope THEN g.claims ELSE '' END, c.sector
		FROM `+livingTokens(len(digests))+`
		JOIN signon_grant g ON g.id = t.grant_id
		JOIN signon_client c ON c.id = g.client_id
		WHERE t.kind = 'access' AND g.revoked_at IS NULL`,
		nowAnd(tx, digests), func(r sqldb.Row) (digest string, err error) {
			var l living
			err = r.Scan(&digest, &l.accountID, &l.username, &l.email, &l.scope, &l.claims, &l.sector)
			found[digest] = l
			return digest, err
		})
	return found, err
}

// shownTokens finds living tokens of either kind for servers that ask about them.
func shownTokens(tx *sqldb.Tx, digests []string) (map[string]shown, error) {
	found := make(map[string]shown, len(digests))
	_, err := sqldb.Many(tx, `
		SELECT t.digest, t.kind, CASE WHEN t.scope = '' THEN g.scope ELSE t.scope END, g.client_id, g.account_id, g.username, c.sector,
			g.acr, g.auth_time, t.created_at, t.expires_at
		FROM `+livingTokens(len(digests))+`
		JOIN signon_grant g ON g.id = t.grant_id
		JOIN signon_client c ON c.id = g.client_id
		WHERE g.revoked_at IS NULL`,
		nowAnd(tx, digests), func(r sqldb.Row) (digest string, err error) {
			var s shown
			err = r.Scan(&digest, &s.kind, &s.scope, &s.clientID, &s.accountID, &s.username, &s.sector,
				&s.acr, sqldb.Instant(&s.authTime), sqldb.Instant(&s.created), sqldb.Instant(&s.expires))
			found[digest] = s
			return digest, err
		})
	return found, err
}

func deleteExpired(tx *sqldb.Tx, visitsBefore time.Time) error {
	for _, statement := range []string{
		`DELETE FROM signon_request WHERE expires_at <= $1`,
		`DELETE FROM signon_token WHERE expires_at <= $1`,
		`DELETE FROM signon_grant WHERE expires_at <= $1`,
		`DELETE FROM signon_assertion WHERE expires_at <= $1`,
	} {
		if _, err := tx.Exec(statement, tx.Now); err != nil {
			return err
		}
	}
	_, err := tx.Exec(`DELETE FROM signon_visit WHERE created_at <= $1`, visitsBefore)
	return err
}

// insertAssertion spends an assertion. Of all that come with the same jti the
// primary key lets one in.
func insertAssertion(tx *sqldb.Tx, clientID, jti string, expires time.Time) (first bool, err error) {
	n, err := tx.Exec(`
		INSERT INTO signon_assertion (client_id, jti, expires_at) VALUES ($1, $2, $3)
		ON CONFLICT (client_id, jti) DO NOTHING`, clientID, jti, expires)
	return n == 1, err
}

// Consent.

func findConsent(tx *sqldb.Tx, accountID, clientID string) (scope string, found bool, err error) {
	found, err = tx.One(`SELECT scope FROM signon_consent WHERE account_id = $1 AND client_id = $2`,
		[]any{accountID, clientID}, &scope)
	return scope, found, err
}

func putConsent(tx *sqldb.Tx, accountID, clientID, scope string) error {
	_, err := tx.Exec(`
		INSERT INTO signon_consent (account_id, client_id, scope, given_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id, client_id) DO UPDATE SET scope = excluded.scope, given_at = excluded.given_at`,
		accountID, clientID, scope, tx.Now)
	return err
}

func listConsents(tx *sqldb.Tx, accountID string) ([]Consent, error) {
	return sqldb.Many(tx, `
		SELECT s.client_id, c.name, s.scope, s.given_at, c.lasting
		FROM signon_consent s JOIN signon_client c ON c.id = s.client_id
		WHERE s.account_id = $1 ORDER BY c.name, c.id`, []any{accountID},
		func(r sqldb.Row) (c Consent, err error) {
			var scope string
			var lasting bool
			err = r.Scan(&c.ClientID, &c.ClientName, &scope, sqldb.Instant(&c.Given), &lasting)
			c.Scopes = hears(scope, lasting)
			return c, err
		})
}

func deleteConsent(tx *sqldb.Tx, accountID, clientID string) (ok bool, err error) {
	n, err := tx.Exec(`DELETE FROM signon_consent WHERE account_id = $1 AND client_id = $2`, accountID, clientID)
	return n == 1, err
}

func deleteConsents(tx *sqldb.Tx, accountID string) error {
	_, err := tx.Exec(`DELETE FROM signon_consent WHERE account_id = $1`, accountID)
	return err
}

func revokeGiven(tx *sqldb.Tx, accountID, clientID string) error {
	_, err := tx.Exec(`
		UPDATE signon_grant SET revoked_at = $1
		WHERE account_id = $2 AND client_id = $3 AND revoked_at IS NULL`, tx.Now, accountID, clientID)
	return err
}

// Telling sites that somebody signed out.

func noteVisit(tx *sqldb.Tx, g grant) error {
	return tx.Later(`
		INSERT INTO signon_visit (session_id, client_id, account_id, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (session_id, client_id) DO NOTHING`, g.sessionID, g.clientID, g.accountID, tx.Now)
}

func scanVisit(r sqldb.Row) (v visit, err error) {
	err = r.Scan(&v.sessionID, &v.clientID, &v.accountID)
	return v, err
}

func takeVisitsOfSession(tx *sqldb.Tx, sessionID string) ([]visit, error) {
	return sqldb.Many(tx, `DELETE FROM signon_visit WHERE session_id = $1 RETURNING session_id, client_id, account_id`,
		[]any{sessionID}, scanVisit)
}

func takeVisitsOfAccount(tx *sqldb.Tx, accountID string) ([]visit, error) {
	return sqldb.Many(tx, `DELETE FROM signon_visit WHERE account_id = $1 RETURNING session_id, client_id, account_id`,
		[]any{accountID}, scanVisit)
}

func takeVisitsAt(tx *sqldb.Tx, accountID, clientID string) ([]visit, error) {
	return sqldb.Many(tx, `DELETE FROM signon_visit WHERE account_id = $1 AND client_id = $2 RETURNING session_id, client_id, account_id`,
		[]any{accountID, clientID}, scanVisit)
}

func insertLogout(tx *sqldb.Tx, id string, v visit) error {
	return tx.Later(`
		INSERT INTO signon_logout (id, client_id, session_id, account_id, queued_at, due_at, attempts, claim)
		VALUES ($1, $2, $3, $4, $5, $5, 0, '')`, id, v.clientID, v.sessionID, v.accountID, tx.Now)
}

func nextVisits(tx *sqldb.Tx, after string, n int) ([]string, error) {
	return sqldb.Many(tx, `SELECT session_id FROM signon_visit WHERE session_id > $1 ORDER BY session_id LIMIT $2`, []any{after, n}, scanText)
}

// leaveStretch queues a sign-out for every visit of these sessions at a site that
// wants to hear of it. A session that ends is at a site once, so that the two
// together are an id.
func leaveStretch(tx *sqldb.Tx, by time.Time, after, last string) error {
	_, err := tx.Exec(`
		INSERT INTO signon_logout (id, client_id, session_id, account_id, queued_at, due_at, attempts, claim)
		SELECT v.session_id || '.' || v.client_id, v.client_id, v.session_id, v.account_id, CAST($1 AS BIGINT), CAST($1 AS BIGINT), 0, ''
		FROM signon_visit v JOIN signon_client c ON c.id = v.client_id
		WHERE v.session_id > $2 AND v.session_id <= $3 AND v.created_at <= $4 AND c.logout_uri <> ''
		ON CONFLICT (id) DO NOTHING`, tx.Now, after, last, by)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`DELETE FROM signon_visit WHERE session_id > $1 AND session_id <= $2 AND created_at <= $3`, after, last, by)
	return err
}

// unheardLogouts counts by site the sign-outs that were told in vain.
func unheardLogouts(tx *sqldb.Tx) ([]Unheard, error) {
	return sqldb.Many(tx, `
		SELECT client_id, COUNT(*), MIN(queued_at) FROM signon_logout
		WHERE attempts > 1 OR attempts > 0 AND claim = '' GROUP BY client_id ORDER BY client_id`, nil, func(row sqldb.Row) (u Unheard, err error) {
		return u, row.Scan(&u.ClientID, &u.Waiting, sqldb.Instant(&u.Since))
	})
}

// missLogout counts a sign-out that a site will never hear.
func missLogout(tx *sqldb.Tx, clientID string) error {
	_, err := tx.Exec(`
		INSERT INTO signon_missed (client_id, missed, last_at) VALUES ($1, 1, $2)
		ON CONFLICT (client_id) DO UPDATE SET missed = signon_missed.missed + 1, last_at = excluded.last_at`, clientID, tx.Now)
	return err
}

// forgiveMissed forgets what a site missed, now that it hears again.
func forgiveMissed(tx *sqldb.Tx, clientID string) error {
	_, err := tx.Exec(`DELETE FROM signon_missed WHERE client_id = $1`, clientID)
	return err
}

// missedLogouts lists what the sites missed that still want to hear.
func missedLogouts(tx *sqldb.Tx) ([]Missed, error) {
	return sqldb.Many(tx, `
		SELECT m.client_id, m.missed, m.last_at FROM signon_missed m JOIN signon_client c ON c.id = m.client_id
		WHERE c.logout_uri <> '' ORDER BY m.client_id`, nil, func(row sqldb.Row) (m Missed, err error) {
		return m, row.Scan(&m.ClientID, &m.Count, sqldb.Instant(&m.Last))
	})
}

func dueLogouts(tx *sqldb.Tx, n int) ([]string, error) {
	return sqldb.Many(tx, `SELECT id FROM signon_logout WHERE due_at <= $1 ORDER BY due_at LIMIT $2`, []any{tx.Now, n}, scanText)
}

// claimLogout takes a sign-out for the length of a lease: the guard makes one
// worker win, and the new due_at gives it back should that one die.
func claimLogout(tx *sqldb.Tx, id, claim string, lease time.Time) (l logout, ok bool, err error) {
	ok, err = tx.One(`
		UPDATE signon_logout SET claim = $1, attempts = attempts + 1, due_at = $2
		WHERE id = $3 AND due_at <= $4
		RETURNING id, client_id, session_id, account_id, queued_at, attempts`,
		[]any{claim, lease, id, tx.Now}, &l.id, &l.clientID, &l.sessionID, &l.accountID, sqldb.Instant(&l.queuedAt), &l.attempts)
	l.claim = claim
	return l, ok, err
}

func deleteLogout(tx *sqldb.Tx, l logout) error {
	_, err := tx.Exec(`DELETE FROM signon_logout WHERE id = $1 AND claim = $2`, l.id, l.claim)
	return err
}

func deferLogout(tx *sqldb.Tx, l logout, until time.Time) error {
	_, err := tx.Exec(`UPDATE signon_logout SET due_at = $1, claim = '' WHERE id = $2 AND claim = $3`, until, l.id, l.claim)
	return err
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

func publicKeys(tx *sqldb.Tx, _ []everyKey) (map[everyKey][]publicKey, error) {
	keys, err := sqldb.Many(tx, `SELECT algorithm, public_key FROM signon_key ORDER BY algorithm, not_before, id`, nil, func(r sqldb.Row) (k publicKey, err error) {
		return k, r.Scan(&k.algorithm, &k.shown)
	})
	return map[everyKey][]publicKey{{}: keys}, err
}

func forgetKeys(tx *sqldb.Tx, before time.Time) error {
	_, err := tx.Exec(`DELETE FROM signon_key WHERE state = 'old' AND retired_at <= $1`, before)
	return err
}

func deleteKeys(tx *sqldb.Tx) error {
	_, err := tx.Exec(`DELETE FROM signon_key`)
	return err
}

func scanText(r sqldb.Row) (text string, err error) {
	err = r.Scan(&text)
	return text, err
}

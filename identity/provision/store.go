package provision

import (
	"fmt"
	"slices"
	"strings"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
)

// Organisations and tokens.

func putOrganisation(tx *sqldb.Tx, slug, name string) error {
	_, err := tx.Exec(`
		INSERT INTO provision_organisation (slug, name, created_at) VALUES ($1, $2, $3)
		ON CONFLICT (slug) DO UPDATE SET name = excluded.name`, slug, name, tx.Now)
	return err
}

func organisationName(tx *sqldb.Tx, slug string) (name string, ok bool, err error) {
	ok, err = tx.One(`SELECT name FROM provision_organisation WHERE slug = $1`, []any{slug}, &name)
	return name, ok, err
}

func organisations(tx *sqldb.Tx) (map[string]string, error) {
	names := map[string]string{}
	_, err := sqldb.Many(tx, `SELECT slug, name FROM provision_organisation`, nil, func(row sqldb.Row) (slug string, err error) {
		var name string
		err = row.Scan(&slug, &name)
		names[slug] = name
		return slug, err
	})
	return names, err
}

func insertToken(tx *sqldb.Tx, b Bearer, digest string) error {
	_, err := tx.Exec(`
		INSERT INTO provision_token (id, organisation, name, digest, scopes, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		b.ID, b.Organisation, b.Name, digest, strings.Join(b.Scopes, " "), b.CreatedAt, b.ExpiresAt)
	return err
}

const tokenColumns = `t.id, t.name, t.organisation, o.name, t.scopes, t.created_at, t.expires_at, COALESCE(t.used_on, ''), t.revoked_at
	FROM provision_token t JOIN provision_organisation o ON o.slug = t.organisation`

func scanToken(row sqldb.Row) (b Bearer, err error) {
	var scopes, used string
	err = row.Scan(b.columns(&scopes, &used)...)
	b.Scopes, b.UsedOn = strings.Fields(scopes), day.Day(used)
	return b, err
}

func (b *Bearer) columns(scopes, used *string) []any {
	return []any{&b.ID, &b.Name, &b.Organisation, &b.Library, scopes, sqldb.Instant(&b.CreatedAt), sqldb.Instant(&b.ExpiresAt), used, sqldb.Instant(&b.RevokedAt)}
}

func tokens(tx *sqldb.Tx) ([]Bearer, error) {
	return sqldb.Many(tx, `SELECT `+tokenColumns+` ORDER BY t.created_at DESC, t.id`, nil, scanToken)
}

// tokenByDigest finds a token that works.
func tokenByDigest(tx *sqldb.Tx, digest string) (b Bearer, ok bool, err error) {
	var scopes, used string
	ok, err = tx.One(`SELECT `+tokenColumns+` WHERE t.digest = $1 AND t.revoked_at IS NULL AND t.expires_at > $2`,
		[]any{digest, tx.Now}, b.columns(&scopes, &used)...)
	b.Scopes, b.UsedOn = strings.Fields(scopes), day.Day(used)
	return b, ok, err
}

func revokeToken(tx *sqldb.Tx, id string) (won bool, err error) {
	n, err := tx.Exec(`UPDATE provision_token SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL`, tx.Now, id)
	return n == 1, err
}

func noteUse(tx *sqldb.Tx, id string, on day.Day) error {
	_, err := tx.Exec(`UPDATE provision_token SET used_on = $1 WHERE id = $2 AND (used_on IS NULL OR used_on <> $1)`, string(on), id)
	return err
}

// Users.

// insertUser reports false when the organisation has the external id or the
// account already.
func insertUser(tx *sqldb.Tx, u User) (won bool, err error) {
	n, err := tx.Exec(`
		INSERT INTO provision_user (id, organisation, external_id, account_id, active, version, created_at, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT DO NOTHING`,
		u.ID, u.Organisation, u.ExternalID, u.AccountID, u.Active, u.version, u.CreatedAt, u.ChangedAt)
	return n == 1, err
}

const userColumns = `id, organisation, external_id, account_id, active, version, created_at, changed_at`

func (u *User) columns() []any {
	return []any{&u.ID, &u.Organisation, &u.ExternalID, &u.AccountID, &u.Active, &u.version, sqldb.Instant(&u.CreatedAt), sqldb.Instant(&u.ChangedAt)}
}

func userByID(tx *sqldb.Tx, organisation, id string) (u User, ok bool, err error) {
	ok, err = tx.One(`SELECT `+userColumns+` FROM provision_user WHERE id = $1 AND organisation = $2`, []any{id, organisation}, u.columns()...)
	return u, ok, err
}

func userByExternal(tx *sqldb.Tx, organisation, externalID string) (u User, ok bool, err error) {
	ok, err = tx.One(`SELECT `+userColumns+` FROM provision_user WHERE organisation = $1 AND external_id = $2`, []any{organisation, externalID}, u.columns()...)
	return u, ok, err
}

// updateUser changes a user that is still at the version that was read.
func updateUser(tx *sqldb.Tx, u User) (won bool, err error) {
	n, err := tx.Exec(`
		UPDATE provision_user SET external_id = $1, active = $2, changed_at = $3, version = version + 1
		WHERE id = $4 AND version = $5`,
		u.ExternalID, u.Active, tx.Now, u.ID, u.version)
	return n == 1, err
}

func deleteUser(tx *sqldb.Tx, u User) (won bool, err error) {
	n, err := tx.Exec(`DELETE FROM provision_user WHERE id = $1 AND version = $2`, u.ID, u.version)
	return n == 1, err
}

func linksOf(tx *sqldb.Tx, accountID string) ([]Linked, error) {
	return sqldb.Many(tx, `
		SELECT u.organisation, o.name, u.active, u.created_at
		FROM provision_user u JOIN provision_organisation o ON o.slug = u.organisation
		WHERE u.account_id = $1 ORDER BY u.created_at, u.id`,
		[]any{accountID}, func(row sqldb.Row) (l Linked, err error) {
			return l, row.Scan(&l.Organisation, &l.Library, &l.Active, sqldb.Instant(&l.Since))
		})
}

// Kinds and memberships.

func putKind(tx *sqldb.Tx, k Kind) error {
	_, err := tx.Exec(`
		INSERT INTO provision_kind (organisation, code, name_nl, name_en, digital, youth, physical, offered)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (organisation, code) DO UPDATE SET name_nl = excluded.name_nl, name_en = excluded.name_en,
			digital = excluded.digital, youth = excluded.youth, physical = excluded.physical, offered = excluded.offered`,
		k.Organisation, k.Code, k.NameNL, k.NameEN, slices.Contains(k.Rights, Digital), slices.Contains(k.Rights, DigitalYouth), slices.Contains(k.Rights, Physical), k.Offered)
	return err
}

const kindColumns = `k.organisation, k.code, k.name_nl, k.name_en, k.digital, k.youth, k.physical, k.offered`

// opened are the columns of a kind that say what it opens, in the order of rights.
type opened [3]bool

func (k *Kind) columns(o *opened) []any {
	return []any{&k.Organisation, &k.Code, &k.NameNL, &k.NameEN, &o[0], &o[1], &o[2], &k.Offered}
}

func (k *Kind) allow(o opened) {
	k.Rights = []string{}
	for i, right := range rights {
		if o[i] {
			k.Rights = append(k.Rights, right)
		}
	}
}

func scanKind(row sqldb.Row) (k Kind, err error) {
	var o opened
	err = row.Scan(k.columns(&o)...)
	k.allow(o)
	return k, err
}

func kindsOf(tx *sqldb.Tx, slug string) ([]Kind, error) {
	return sqldb.Many(tx, `SELECT `+kindColumns+` FROM provision_kind k WHERE k.organisation = $1 ORDER BY k.code`, []any{slug}, scanKind)
}

func allKinds(tx *sqldb.Tx) ([]Kind, error) {
	return sqldb.Many(tx, `SELECT `+kindColumns+` FROM provision_kind k ORDER BY k.organisation, k.code`, nil, scanKind)
}

// putMembership writes a membership of a kind that is offered, and reports false
// when it is not.
func putMembership(tx *sqldb.Tx, u User, m Membership) (won bool, err error) {
	n, err := tx.Exec(`
		INSERT INTO provision_membership (user_id, external_id, organisation, code, first_day, last_day)
		SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), k.organisation, k.code, CAST($5 AS TEXT), NULLIF(CAST($6 AS TEXT), '')
		FROM provision_kind k WHERE k.organisation = $3 AND k.code = $4 AND k.offered
		ON CONFLICT (user_id, external_id) DO UPDATE SET code = excluded.code, first_day = excluded.first_day, last_day = excluded.last_day`,
		u.ID, m.ID, u.Organisation, m.Code, string(m.First), string(m.Last))
	return n == 1, err
}

// moveMembership gives a membership other days.
func moveMembership(tx *sqldb.Tx, userID string, m Membership) (won bool, err error) {
	n, err := tx.Exec(`
		UPDATE provision_membership SET first_day = $1, last_day = NULLIF(CAST($2 AS TEXT), '')
		WHERE user_id = $3 AND external_id = $4 AND code = $5`,
		string(m.First), string(m.Last), userID, m.ID, m.Code)
	return n == 1, err
}

func deleteMembership(tx *sqldb.Tx, userID, id string) error {
	_, err := tx.Exec(`DELETE FROM provision_membership WHERE user_id = $1 AND external_id = $2`, userID, id)
	return err
}

// membershipsOf lists the memberships of some users.
func membershipsOf(tx *sqldb.Tx, userIDs []string) (map[string][]Membership, error) {
	ids := make([]any, len(userIDs))
	for i, id := range userIDs {
		ids[i] = id
	}
	of := map[string][]Membership{}
	_, err := sqldb.Many(tx, `
		SELECT user_id, external_id, code, first_day, COALESCE(last_day, '') FROM provision_membership
		WHERE user_id IN `+sqldb.In(1, len(ids)),
		ids, func(row sqldb.Row) (m Membership, err error) {
			var userID string
			if err = row.Scan(&userID, &m.ID, &m.Code, &m.First, &m.Last); err == nil {
				of[userID] = append(of[userID], m)
			}
			return m, err
		})
	return of, err
}

// heldBy lists the memberships at all links of an account, the oldest link first.
func heldBy(tx *sqldb.Tx, accountID string) ([]Held, error) {
	return sqldb.Many(tx, `
		SELECT o.name, u.external_id, u.active, m.external_id, m.code, m.first_day, COALESCE(m.last_day, ''), `+kindColumns+`
		FROM provision_user u
		JOIN provision_organisation o ON o.slug = u.organisation
		JOIN provision_membership m ON m.user_id = u.id
		JOIN provision_kind k ON k.organisation = m.organisation AND k.code = m.code
		WHERE u.account_id = $1 ORDER BY u.created_at, u.id, m.first_day, m.external_id`,
		[]any{accountID}, func(row sqldb.Row) (h Held, err error) {
			var o opened
			err = row.Scan(append([]any{&h.Library, &h.Number, &h.Active, &h.ID, &h.Code, &h.First, &h.Last}, h.Kind.columns(&o)...)...)
			h.Kind.allow(o)
			return h, err
		})
}

// condition is a WHERE that is put together; every value is an argument.
type condition struct {
	text string
	args []any
}

func (c *condition) is(column string, value any) string {
	c.args = append(c.args, value)
	return fmt.Sprintf("(%s = $%d)", column, len(c.args))
}

// among is true for a column with one of these values; of none, for nobody. It is
// never unknown, so that NOT turns it round.
func (c *condition) among(column string, values []string) string {
	if len(values) == 0 {
		return "(id IS NULL)"
	}
	first := len(c.args) + 1
	for _, v := range values {
		c.args = append(c.args, v)
	}
	return "(" + column + " IN " + sqldb.In(first, len(values)) + ")"
}

func countUsers(tx *sqldb.Tx, where condition) (n int, err error) {
	_, err = tx.One(`SELECT COUNT(*) FROM provision_user WHERE `+where.text, where.args, &n)
	return n, err
}

func users(tx *sqldb.Tx, where condition, skip, most int) ([]User, error) {
	n := len(where.args)
	return sqldb.Many(tx, fmt.Sprintf(`SELECT `+userColumns+` FROM provision_user WHERE %s ORDER BY created_at, id LIMIT $%d OFFSET $%d`, where.text, n+1, n+2),
		append(where.args[:n:n], most, skip), func(row sqldb.Row) (u User, err error) {
			return u, row.Scan(u.columns()...)
		})
}

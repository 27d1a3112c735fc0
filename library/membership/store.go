package membership

import (
	"strings"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
)

const definitionColumns = `organisation_id, code, name_nl, name_en, about_nl, about_en, kind, cents, term_months,
	digital, youth, physical, newsletter, min_age, max_age, discount_cents, discount_through_age, desk, online, active`

func upsertDefinition(tx *sqldb.Tx, d Definition) error {
	_, err := tx.Exec(`
		INSERT INTO definition (`+definitionColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
		ON CONFLICT (organisation_id, code) DO UPDATE SET
			name_nl = excluded.name_nl, name_en = excluded.name_en, about_nl = excluded.about_nl, about_en = excluded.about_en,
			kind = excluded.kind, cents = excluded.cents, term_months = excluded.term_months,
			digital = excluded.digital, youth = excluded.youth, physical = excluded.physical, newsletter = excluded.newsletter,
			min_age = excluded.min_age, max_age = excluded.max_age,
			discount_cents = excluded.discount_cents, discount_through_age = excluded.discount_through_age,
			desk = excluded.desk, online = excluded.online, active = excluded.active`,
		d.OrganisationID, d.Code, d.NameNL, d.NameEN, d.AboutNL, d.AboutEN, string(d.Kind), int64(d.Price), d.Term,
		d.Rights.Digital, d.Rights.Youth, d.Rights.Physical, d.Rights.Newsletter, d.MinAge, d.MaxAge, int64(d.Discount), d.DiscountThroughAge, d.Desk, d.Online, d.Active)
	return err
}

func deleteBranches(tx *sqldb.Tx, d Definition) error {
	_, err := tx.Exec(`
		DELETE FROM definition_branch WHERE organisation_id = $1 AND code = $2`,
		d.OrganisationID, d.Code)
	return err
}

func insertBranch(tx *sqldb.Tx, d Definition, branchCode string) error {
	_, err := tx.Exec(`
		INSERT INTO definition_branch (organisation_id, code, branch_code)
		VALUES ($1, $2, $3)
		ON CONFLICT (organisation_id, code, branch_code) DO NOTHING`,
		d.OrganisationID, d.Code, branchCode)
	return err
}

const selectDefinitionText = `
	SELECT ` + definitionColumns + `, (
		SELECT string_agg(b.branch_code, ',') FROM definition_branch b
		WHERE b.organisation_id = definition.organisation_id AND b.code = definition.code)
	FROM definition `

func scanDefinition(r sqldb.Row) (d Definition, err error) {
	var branches *string
	err = r.Scan(&d.OrganisationID, &d.Code, &d.NameNL, &d.NameEN, &d.AboutNL, &d.AboutEN, &d.Kind, &d.Price, &d.Term,
		&d.Rights.Digital, &d.Rights.Youth, &d.Rights.Physical, &d.Rights.Newsletter, &d.MinAge, &d.MaxAge, &d.Discount, &d.DiscountThroughAge, &d.Desk, &d.Online, &d.Active, &branches)
	if branches != nil {
		d.Branches = strings.Split(*branches, ",")
	}
	return d, err
}

func selectDefinition(tx *sqldb.Tx, organisationID, code string) (Definition, bool, error) {
	list, err := sqldb.Many(tx, selectDefinitionText+`WHERE organisation_id = $1 AND code = $2`, []any{organisationID, code}, scanDefinition)
	if err != nil || len(list) == 0 {
		return Definition{}, false, err
	}
	return list[0], true, nil
}

func selectDefinitions(tx *sqldb.Tx, organisationID string) ([]Definition, error) {
	return sqldb.Many(tx, selectDefinitionText+`WHERE organisation_id = $1 ORDER BY code`, []any{organisationID}, scanDefinition)
}

// insertMembership begins a period unless the customer has an open one; the
// unique index decides, also between two desks.
func insertMembership(tx *sqldb.Tx, m Membership) (bool, error) {
	n, err := tx.Exec(`
		INSERT INTO membership (id, customer_id, organisation_id, branch_id, code, kind, digital, youth, physical, newsletter,
			first_day, valid_through, last_day, end_reason, open, started_at, started_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '', TRUE, $14, $15)
		ON CONFLICT DO NOTHING`,
		m.ID, m.CustomerID, m.OrganisationID, m.BranchID, m.Code, string(m.Kind), m.Rights.Digital, m.Rights.Youth, m.Rights.Physical, m.Rights.Newsletter,
		string(m.FirstDay), string(m.ValidThrough), string(m.LastDay), m.StartedAt, m.StartedBy)
	return n == 1, err
}

// closeRunOut makes history of periods whose last day has passed.
func closeRunOut(tx *sqldb.Tx, customerID string, today day.Day) error {
	_, err := tx.Exec(`
		UPDATE membership SET open = FALSE
		WHERE customer_id = $1 AND open AND last_day < $2`,
		customerID, string(today))
	return err
}

func endOpen(tx *sqldb.Tx, customerID, reason string, lastDay, today day.Day) (bool, error) {
	n, err := tx.Exec(`
		UPDATE membership SET end_reason = $2, last_day = CASE WHEN $3 < last_day THEN $3 ELSE last_day END
		WHERE customer_id = $1 AND open AND last_day >= $4`,
		customerID, reason, string(lastDay), string(today))
	return n == 1, err
}

const selectMembershipText = `
	SELECT m.id, m.customer_id, m.organisation_id, m.branch_id, m.code, d.name_nl, d.name_en, m.kind, m.digital, m.youth, m.physical, m.newsletter,
		m.first_day, m.valid_through, m.last_day, m.end_reason, m.started_at, m.started_by
	FROM membership m JOIN definition d ON d.organisation_id = m.organisation_id AND d.code = m.code `

func scanMembership(r sqldb.Row) (m Membership, err error) {
	err = r.Scan(&m.ID, &m.CustomerID, &m.OrganisationID, &m.BranchID, &m.Code, &m.NameNL, &m.NameEN, &m.Kind, &m.Rights.Digital, &m.Rights.Youth, &m.Rights.Physical, &m.Rights.Newsletter,
		&m.FirstDay, &m.ValidThrough, &m.LastDay, &m.EndReason, sqldb.Instant(&m.StartedAt), &m.StartedBy)
	return m, err
}

func selectOne(tx *sqldb.Tx, where string, args ...any) (Membership, bool, error) {
	list, err := sqldb.Many(tx, selectMembershipText+where, args, scanMembership)
	if err != nil || len(list) == 0 {
		return Membership{}, false, err
	}
	return list[0], true, nil
}

func selectOpen(tx *sqldb.Tx, customerID string) (Membership, bool, error) {
	return selectOne(tx, `WHERE m.customer_id = $1 AND m.open`, customerID)
}

func selectLatest(tx *sqldb.Tx, customerID string) (Membership, bool, error) {
	return selectOne(tx, `WHERE m.customer_id = $1 ORDER BY m.started_at DESC, m.id DESC LIMIT 1`, customerID)
}

func selectOn(tx *sqldb.Tx, customerID string, on day.Day) (Membership, bool, error) {
	return selectOne(tx, `WHERE m.customer_id = $1 AND m.first_day <= $2 AND m.last_day >= $2 ORDER BY m.started_at DESC LIMIT 1`, customerID, string(on))
}

func selectOfCustomer(tx *sqldb.Tx, customerID string) ([]Membership, error) {
	return sqldb.Many(tx, selectMembershipText+`WHERE m.customer_id = $1 ORDER BY m.started_at DESC, m.id DESC`, []any{customerID}, scanMembership)
}

func countStarted(tx *sqldb.Tx, organisationID string, from day.Day) ([]Count, error) {
	return sqldb.Many(tx, `
		SELECT substr(m.first_day, 1, 7), m.code, d.name_nl, d.name_en, m.branch_id, COUNT(*)
		FROM membership m JOIN definition d ON d.organisation_id = m.organisation_id AND d.code = m.code
		WHERE m.organisation_id = $1 AND m.first_day >= $2
		GROUP BY substr(m.first_day, 1, 7), m.code, d.name_nl, d.name_en, m.branch_id
		ORDER BY substr(m.first_day, 1, 7) DESC, m.code, m.branch_id`,
		[]any{organisationID, string(from)}, func(r sqldb.Row) (c Count, err error) {
			return c, r.Scan(&c.Month, &c.Code, &c.NameNL, &c.NameEN, &c.BranchID, &c.N)
		})
}

func selectStarted(tx *sqldb.Tx, branchID string, from time.Time, limit int) ([]Membership, error) {
	return sqldb.Many(tx, selectMembershipText+`
		WHERE m.branch_id = $1 AND m.started_at >= $2
		ORDER BY m.started_at DESC, m.id LIMIT $3`,
		[]any{branchID, from, limit}, scanMembership)
}

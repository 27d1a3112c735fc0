package ledger

import (
	"time"

	"lidwoord/base/money"
	"lidwoord/base/sqldb"
)

const postingColumns = `id, customer_id, kind, cents, subject, object_id, text, method, branch_id, staff_id, at, command`

func (p Posting) values() []any {
	return []any{p.ID, p.CustomerID, string(p.Kind), int64(p.Cents), string(p.Subject), p.ObjectID, p.Text, string(p.Method), p.BranchID, p.StaffID, p.At, p.Command}
}

// insertFree books without a limit; false means that the command was carried out before.
func insertFree(tx *sqldb.Tx, p Posting) (bool, error) {
	n, err := tx.Exec(`
		INSERT INTO posting (`+postingColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (command) DO NOTHING`, p.values()...)
	return n == 1, err
}

// guarded begins a booking that a WHERE may refuse. The casts tell PostgreSQL
// the types that VALUES would have known.
const guarded = `
	INSERT INTO posting (` + postingColumns + `)
	SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS TEXT), CAST($6 AS TEXT),
		CAST($7 AS TEXT), CAST($8 AS TEXT), CAST($9 AS TEXT), CAST($10 AS TEXT), CAST($11 AS BIGINT), CAST($12 AS TEXT)
	WHERE `

// insertUpToOpen books only what fits in the open balance.
func insertUpToOpen(tx *sqldb.Tx, p Posting) (bool, error) {
	n, err := tx.Exec(guarded+`
		(SELECT CAST(COALESCE(SUM(cents), 0) AS BIGINT) FROM posting WHERE customer_id = $2) + CAST($4 AS BIGINT) >= 0
		ON CONFLICT (command) DO NOTHING`, p.values()...)
	return n == 1, err
}

// insertUpToPaid books only what was paid and not yet paid back.
func insertUpToPaid(tx *sqldb.Tx, p Posting) (bool, error) {
	n, err := tx.Exec(guarded+`
		(SELECT CAST(COALESCE(SUM(cents), 0) AS BIGINT) FROM posting WHERE customer_id = $2 AND kind IN ('payment', 'refund')) + CAST($4 AS BIGINT) <= 0
		ON CONFLICT (command) DO NOTHING`, p.values()...)
	return n == 1, err
}

func selectCommand(tx *sqldb.Tx, command string) (p Posting, found bool, err error) {
	found, err = tx.One(`
		SELECT `+postingColumns+` FROM posting WHERE command = $1`,
		[]any{command}, p.targets()...)
	return p, found, err
}

func selectPosting(tx *sqldb.Tx, id string) (p Posting, found bool, err error) {
	found, err = tx.One(`
		SELECT `+postingColumns+` FROM posting WHERE id = $1`,
		[]any{id}, p.targets()...)
	return p, found, err
}

func selectBalance(tx *sqldb.Tx, customerID string) (money.Cents, error) {
	var sum int64
	_, err := tx.One(`
		SELECT CAST(COALESCE(SUM(cents), 0) AS BIGINT) FROM posting WHERE customer_id = $1`,
		[]any{customerID}, &sum)
	return money.Cents(sum), err
}

func selectLines(tx *sqldb.Tx, customerID string) ([]Posting, error) {
	return sqldb.Many(tx, `
		SELECT `+postingColumns+` FROM posting WHERE customer_id = $1
		ORDER BY at, CASE kind WHEN 'charge' THEN 1 WHEN 'discount' THEN 2 WHEN 'payment' THEN 3 WHEN 'refund' THEN 4 ELSE 5 END, id`,
		[]any{customerID}, func(r sqldb.Row) (p Posting, err error) {
			err = r.Scan(p.targets()...)
			return p, err
		})
}

func (p *Posting) targets() []any {
	return []any{&p.ID, &p.CustomerID, &p.Kind, &p.Cents, &p.Subject, &p.ObjectID, &p.Text, &p.Method, &p.BranchID, &p.StaffID, sqldb.Instant(&p.At), &p.Command}
}

func selectTill(tx *sqldb.Tx, branchID string, from time.Time, limit int) ([]Posting, error) {
	return sqldb.Many(tx, `
		SELECT `+postingColumns+` FROM posting
		WHERE branch_id = $1 AND at >= $2 AND kind IN ('payment', 'refund') AND method <> 'online'
		ORDER BY at DESC, id LIMIT $3`,
		[]any{branchID, from, limit}, func(r sqldb.Row) (p Posting, err error) {
			err = r.Scan(p.targets()...)
			return p, err
		})
}

// tillSum is what one kind and method add up to.
type tillSum struct {
	kind   Kind
	method Method
	cents  money.Cents
	n      int
}

func sumTill(tx *sqldb.Tx, branchID string, from time.Time) ([]tillSum, error) {
	return sumMoney(tx, "method <> 'online'", branchID, from)
}

func sumOnline(tx *sqldb.Tx, branchID string, from time.Time) ([]tillSum, error) {
	return sumMoney(tx, "method = 'online'", branchID, from)
}

func sumMoney(tx *sqldb.Tx, which, branchID string, from time.Time) ([]tillSum, error) {
	return sqldb.Many(tx, `
		SELECT kind, method, CAST(SUM(cents) AS BIGINT), COUNT(*) FROM posting
		WHERE branch_id = $1 AND at >= $2 AND kind IN ('payment', 'refund') AND `+which+`
		GROUP BY kind, method`,
		[]any{branchID, from}, func(r sqldb.Row) (s tillSum, err error) {
			return s, r.Scan(&s.kind, &s.method, &s.cents, &s.n)
		})
}

func selectOwing(tx *sqldb.Tx, branchID string, limit int) ([]Owing, error) {
	return sqldb.Many(tx, `
		SELECT p.customer_id, CAST(SUM(p.cents) AS BIGINT), MIN(p.at) FROM posting p
		WHERE p.customer_id IN (SELECT c.customer_id FROM posting c WHERE c.branch_id = $1 AND c.kind = 'charge')
		GROUP BY p.customer_id HAVING CAST(SUM(p.cents) AS BIGINT) > 0
		ORDER BY MIN(p.at), p.customer_id LIMIT $2`,
		[]any{branchID, limit}, func(r sqldb.Row) (o Owing, err error) {
			return o, r.Scan(&o.CustomerID, &o.Cents, sqldb.Instant(&o.Since))
		})
}

package payment

import (
	"time"

	"lidwoord/base/money"
	"lidwoord/base/sqldb"
)

const paymentColumns = `id, organisation_id, order_id, provider, COALESCE(provider_id, ''), cents, text, lang, state, checkout, method, surplus,
	charged_back, begun_at, settled_at, paid_at, due_at, looks`

func (p *Payment) targets() []any {
	return []any{&p.ID, &p.OrganisationID, &p.OrderID, &p.Provider, &p.ProviderID, &p.Cents, &p.Text, &p.Lang, &p.State, &p.checkout, &p.Method, &p.Surplus,
		&p.ChargedBack, sqldb.Instant(&p.BegunAt), sqldb.Instant(&p.SettledAt), sqldb.Instant(&p.PaidAt), sqldb.Instant(&p.due), &p.looks}
}

// insertPayment says false when the order has a payment that lives.
func insertPayment(tx *sqldb.Tx, p Payment, due time.Time) (bool, error) {
	n, err := tx.Exec(`
		INSERT INTO payment (id, organisation_id, order_id, provider, cents, text, lang, state, checkout, method, surplus,
			charged_back, begun_at, due_at, looks, last_error)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '', '', 0, $9, $10, 0, '')
		ON CONFLICT DO NOTHING`,
		p.ID, p.OrganisationID, p.OrderID, p.Provider, int64(p.Cents), p.Text, string(p.Lang), string(p.State), tx.Now, due)
	return n == 1, err
}

// payments lists what the callers in this room ask for.
func payments(tx *sqldb.Tx, where string, args ...any) ([]Payment, error) {
	return sqldb.Many(tx, `SELECT `+paymentColumns+` FROM payment WHERE `+where, args, func(r sqldb.Row) (p Payment, err error) {
		return p, r.Scan(p.targets()...)
	})
}

func onePayment(tx *sqldb.Tx, where string, args ...any) (Payment, bool, error) {
	list, err := payments(tx, where, args...)
	if err != nil || len(list) == 0 {
		return Payment{}, false, err
	}
	return list[0], true, nil
}

func livePayment(tx *sqldb.Tx, orderID string) (Payment, bool, error) {
	return onePayment(tx, "order_id = $1 AND state IN ('begun', 'open')", orderID)
}

// usedPayment is the one payment whose money the order used.
func usedPayment(tx *sqldb.Tx, orderID string) (Payment, bool, error) {
	return onePayment(tx, "order_id = $1 AND state = 'paid' AND surplus = '' ORDER BY paid_at LIMIT 1", orderID)
}

// openPayment notes the provider's first answer. Of three tabs that all asked,
// each was given the same payment over there.
func openPayment(tx *sqldb.Tx, id, providerID, checkout string, due time.Time) (bool, error) {
	n, err := tx.Exec(`
		UPDATE payment SET state = 'open', provider_id = $2, checkout = $3, due_at = $4, last_error = ''
		WHERE id = $1 AND state = 'begun'`,
		id, providerID, checkout, due)
	return n == 1, err
}

// keepProviderID notes the provider's answer for a payment that was over by the
// time it came, so that money for it would be recognised.
func keepProviderID(tx *sqldb.Tx, id, providerID string, due time.Time) error {
	_, err := tx.Exec(`
		UPDATE payment SET provider_id = $2, due_at = $3 WHERE id = $1 AND provider_id IS NULL`,
		id, providerID, due)
	return err
}

// endLive ends a payment without money.
func endLive(tx *sqldb.Tx, id string, state State) (bool, error) {
	n, err := tx.Exec(`
		UPDATE payment SET state = $2, settled_at = $3
		WHERE id = $1 AND state IN ('begun', 'open')`,
		id, string(state), tx.Now)
	return n == 1, err
}

// markPaid lets the news that a payment was paid through once, also when it had
// ended without money before.
func markPaid(tx *sqldb.Tx, id, method string, paidAt time.Time) (bool, error) {
	n, err := tx.Exec(`
		UPDATE payment SET state = 'paid', method = $2, paid_at = $3, settled_at = $4
		WHERE id = $1 AND state <> 'paid'`,
		id, method, paidAt, tx.Now)
	return n == 1, err
}

func setSurplus(tx *sqldb.Tx, id, reason string) error {
	_, err := tx.Exec(`UPDATE payment SET surplus = $2 WHERE id = $1`, id, reason)
	return err
}

// raiseChargedBack lets a higher amount through once.
func raiseChargedBack(tx *sqldb.Tx, id string, from, to money.Cents) (bool, error) {
	n, err := tx.Exec(`
		UPDATE payment SET charged_back = $3 WHERE id = $1 AND charged_back = $2`,
		id, int64(from), int64(to))
	return n == 1, err
}

// Looking again.

func duePayments(tx *sqldb.Tx, limit int) ([]string, error) {
	return ids(tx, `SELECT id FROM payment WHERE due_at <= $1 ORDER BY due_at LIMIT $2`, tx.Now, limit)
}

func ids(tx *sqldb.Tx, query string, args ...any) ([]string, error) {
	return sqldb.Many(tx, query, args, func(r sqldb.Row) (id string, err error) { return id, r.Scan(&id) })
}

// claimPayment takes a due payment for a while; of all nodes that try, one wins.
func claimPayment(tx *sqldb.Tx, id string, lease time.Time) (bool, error) {
	n, err := tx.Exec(`UPDATE payment SET due_at = $2 WHERE id = $1 AND due_at <= $3`, id, lease, tx.Now)
	return n == 1, err
}

// hurry makes a payment due now. It reports false for an id that nobody has.
func hurry(tx *sqldb.Tx, provider, providerID string) (bool, error) {
	n, err := tx.Exec(`
		UPDATE payment SET due_at = $3 WHERE provider = $1 AND provider_id = $2`,
		provider, providerID, tx.Now)
	return n == 1, err
}

// schedule says when to look again, the zero instant is never, unless somebody
// said so since we asked: a webhook that came while the provider still gave us the
// old answer.
func schedule(tx *sqldb.Tx, id string, asked, due time.Time) error {
	_, err := tx.Exec(`
		UPDATE payment SET looks = 0, last_error = '', due_at = CASE WHEN due_at IS NOT DISTINCT FROM $2 THEN $3 ELSE due_at END
		WHERE id = $1`,
		id, asked, due)
	return err
}

// unschedule forgets to ask after a payment that no provider knows.
func unschedule(tx *sqldb.Tx, id string) error {
	_, err := tx.Exec(`UPDATE payment SET due_at = NULL WHERE id = $1 AND provider_id IS NULL`, id)
	return err
}

// scheduleBy says to look again at an instant, or before.
func scheduleBy(tx *sqldb.Tx, id string, due time.Time) error {
	_, err := tx.Exec(`UPDATE payment SET due_at = $2 WHERE id = $1 AND (due_at IS NULL OR due_at > $2)`, id, due)
	return err
}

// noteTrouble counts a look in vain. As with schedule, a webhook that came since
// we asked is not put off.
func noteTrouble(tx *sqldb.Tx, id, code string, asked, due time.Time) (looks int, err error) {
	_, err = tx.One(`
		UPDATE payment SET looks = looks + 1, last_error = $2, due_at = CASE WHEN due_at IS NOT DISTINCT FROM $3 THEN $4 ELSE due_at END
		WHERE id = $1 RETURNING looks`,
		[]any{id, code, asked, due}, &looks)
	return looks, err
}

// noteRefundTrouble counts a refund that was asked for in vain. One that the
// provider took on all the same waits no more.
func noteRefundTrouble(tx *sqldb.Tx, id, code string, due time.Time) (looks int, waits bool, err error) {
	waits, err = tx.One(`
		UPDATE refund SET looks = looks + 1, last_error = $2, due_at = $3 WHERE id = $1 AND state = 'wanted' RETURNING looks`,
		[]any{id, code, due}, &looks)
	return looks, waits, err
}

// Refunds.

const refundColumns = `id, payment_id, cents, reason, state, COALESCE(provider_id, ''), wanted_at, settled_at, looks`

func refunds(tx *sqldb.Tx, where string, args ...any) ([]Refund, error) {
	return sqldb.Many(tx, `SELECT `+refundColumns+` FROM refund WHERE `+where, args, func(r sqldb.Row) (f Refund, err error) {
		return f, r.Scan(&f.ID, &f.PaymentID, &f.Cents, &f.Reason, &f.State, &f.providerID, sqldb.Instant(&f.WantedAt), sqldb.Instant(&f.SettledAt), &f.looks)
	})
}

// insertRefund writes down a refund that fits in what came in and did not go
// back yet. The casts tell PostgreSQL the types that VALUES would have known.
func insertRefund(tx *sqldb.Tx, r Refund) (bool, error) {
	n, err := tx.Exec(`
		INSERT INTO refund (id, payment_id, cents, reason, state, wanted_at, due_at, looks, last_error)
		SELECT CAST($1 AS TEXT), p.id, CAST($3 AS BIGINT), CAST($4 AS TEXT), 'wanted', CAST($5 AS BIGINT), CAST($5 AS BIGINT), 0, ''
		FROM payment p WHERE p.id = $2 AND p.state = 'paid' AND p.cents >= CAST($3 AS BIGINT) + p.charged_back + (
			SELECT CAST(COALESCE(SUM(f.cents), 0) AS BIGINT) FROM refund f WHERE f.payment_id = p.id AND f.state <> 'failed')
		ON CONFLICT DO NOTHING`,
		r.ID, r.PaymentID, int64(r.Cents), r.Reason, tx.Now)
	return n == 1, err
}

// insertElsewhere writes down a refund that the provider tells of and that we
// did not ask for.
func insertElsewhere(tx *sqldb.Tx, r Refund) (bool, error) {
	n, err := tx.Exec(`
		INSERT INTO refund (id, payment_id, cents, reason, state, provider_id, wanted_at, looks, last_error)
		VALUES ($1, $2, $3, $4, 'underway', $5, $6, 0, '')
		ON CONFLICT DO NOTHING`,
		r.ID, r.PaymentID, int64(r.Cents), r.Reason, r.providerID, tx.Now)
	return n == 1, err
}

func dueRefunds(tx *sqldb.Tx, limit int) ([]string, error) {
	return ids(tx, `SELECT id FROM refund WHERE due_at <= $1 ORDER BY due_at LIMIT $2`, tx.Now, limit)
}

func claimRefund(tx *sqldb.Tx, id string, lease time.Time) (bool, error) {
	n, err := tx.Exec(`UPDATE refund SET due_at = $2 WHERE id = $1 AND due_at <= $3`, id, lease, tx.Now)
	return n == 1, err
}

// takeOn notes that the provider knows of a refund; from then on its payment
// tells how it fares.
func takeOn(tx *sqldb.Tx, id, providerID string) (bool, error) {
	n, err := tx.Exec(`
		UPDATE refund SET state = 'underway', provider_id = $2, due_at = NULL, looks = 0, last_error = ''
		WHERE id = $1 AND state = 'wanted'`,
		id, providerID)
	return n == 1, err
}

// shrinkRefund makes less of a refund that the provider has not taken on; of one
// of nothing, nothing.
func shrinkRefund(tx *sqldb.Tx, id string, to money.Cents) error {
	text, args := `UPDATE refund SET cents = $2 WHERE id = $1 AND state = 'wanted'`, []any{id, int64(to)}
	if to == 0 {
		text, args = `DELETE FROM refund WHERE id = $1 AND state = 'wanted'`, args[:1]
	}
	_, err := tx.Exec(text, args...)
	return err
}

// resizeRefund writes down what a refund is over there.
func resizeRefund(tx *sqldb.Tx, id string, cents money.Cents) error {
	_, err := tx.Exec(`UPDATE refund SET cents = $2 WHERE id = $1 AND state IN ('wanted', 'underway')`, id, int64(cents))
	return err
}

// settleRefund lets each outcome of a refund through once. One that was done may
// still come back: a closed account is found out late.
func settleRefund(tx *sqldb.Tx, id string, state RefundState) (bool, error) {
	n, err := tx.Exec(`
		UPDATE refund SET state = $2, settled_at = $3, due_at = NULL
		WHERE id = $1 AND state <> $2 AND state <> 'failed'`,
		id, string(state), tx.Now)
	return n == 1, err
}

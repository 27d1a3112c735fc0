package testbank

import (
	"time"

	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/library/payment"
)

func insertPayment(tx *sqldb.Tx, id string, o payment.Order) error {
	_, err := tx.Exec(`
		INSERT INTO testbank_payment (id, key, cents, text, lang, return_to, webhook, state, begun_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8)
		ON CONFLICT (key) DO NOTHING`,
		id, o.Key, int64(o.Cents), o.Text, string(o.Lang), o.Return, o.Webhook, tx.Now)
	return err
}

func paymentOfKey(tx *sqldb.Tx, key string) (id string, cents money.Cents, err error) {
	_, err = tx.One(`SELECT id, cents FROM testbank_payment WHERE key = $1`, []any{key}, &id, &cents)
	return id, cents, err
}

func findPayment(tx *sqldb.Tx, id string) (Payment, bool, error) {
	list, err := payments(tx, "p.id = $1", id)
	if err != nil || len(list) == 0 {
		return Payment{}, false, err
	}
	return list[0], true, nil
}

func recentPayments(tx *sqldb.Tx, limit int) ([]Payment, error) {
	return payments(tx, "TRUE ORDER BY p.begun_at DESC, p.id LIMIT $1", limit)
}

// payments lists what the callers in this file ask for.
func payments(tx *sqldb.Tx, where string, args ...any) ([]Payment, error) {
	return sqldb.Many(tx, `
		SELECT p.id, p.cents, p.text, p.lang, p.return_to, p.state, p.begun_at, p.due_at, p.paid_at, p.charged_back, p.account_closed,
			(SELECT CAST(COALESCE(SUM(r.cents), 0) AS BIGINT) FROM testbank_refund r WHERE r.payment_id = p.id AND r.state = 'underway'),
			(SELECT CAST(COALESCE(SUM(r.cents), 0) AS BIGINT) FROM testbank_refund r WHERE r.payment_id = p.id AND r.state = 'done'),
			(SELECT CAST(COALESCE(SUM(r.cents), 0) AS BIGINT) FROM testbank_refund r WHERE r.payment_id = p.id AND r.state = 'failed')
		FROM testbank_payment p WHERE `+where, args, func(r sqldb.Row) (p Payment, err error) {
		err = r.Scan(&p.ID, &p.Cents, &p.Text, &p.Lang, &p.Return, &p.State, sqldb.Instant(&p.BegunAt), sqldb.Instant(&p.DueAt),
			sqldb.Instant(&p.PaidAt), &p.ChargedBack, &p.AccountClosed, &p.Underway, &p.Refunded, &p.RefundFailed)
		return p, err
	})
}

// settleOpen ends a payment that is open. Of several who press, one wins.
func settleOpen(tx *sqldb.Tx, id string, to payment.State) (webhook string, won bool, err error) {
	var paidAt time.Time
	if to == payment.Paid {
		paidAt = tx.Now
	}
	won, err = tx.One(`
		UPDATE testbank_payment SET state = $2, paid_at = $3, due_at = NULL
		WHERE id = $1 AND state = 'open'
		RETURNING webhook`, []any{id, string(to), paidAt}, &webhook)
	return webhook, won, err
}

func payAfterAll(tx *sqldb.Tx, id string) (webhook string, won bool, err error) {
	won, err = tx.One(`
		UPDATE testbank_payment SET state = 'paid', paid_at = $2
		WHERE id = $1 AND state IN ('failed', 'cancelled', 'expired')
		RETURNING webhook`, []any{id, tx.Now}, &webhook)
	return webhook, won, err
}

func leaveOpen(tx *sqldb.Tx, id string, dueAt time.Time) error {
	_, err := tx.Exec(`
		UPDATE testbank_payment SET due_at = $2
		WHERE id = $1 AND state = 'open' AND due_at IS NULL`, id, dueAt)
	return err
}

// payDue pays what was left for later and is due, and names it.
func payDue(tx *sqldb.Tx) ([]string, error) {
	return sqldb.Many(tx, `
		UPDATE testbank_payment SET state = 'paid', paid_at = $1, due_at = NULL
		WHERE due_at <= $1 AND state = 'open'
		RETURNING id`, []any{tx.Now}, scanID)
}

// takeBack lets the payer's bank take what did not go back yet, once.
func takeBack(tx *sqldb.Tx, id string) (webhook string, won bool, err error) {
	won, err = tx.One(`
		UPDATE testbank_payment SET charged_back = cents - (SELECT CAST(COALESCE(SUM(r.cents), 0) AS BIGINT)
			FROM testbank_refund r WHERE r.payment_id = $1 AND r.state <> 'failed')
		WHERE id = $1 AND state = 'paid'
			AND cents > (SELECT CAST(COALESCE(SUM(r.cents), 0) AS BIGINT)
				FROM testbank_refund r WHERE r.payment_id = $1 AND r.state <> 'failed')
			AND charged_back = 0
		RETURNING webhook`, []any{id}, &webhook)
	return webhook, won, err
}

func closeAccount(tx *sqldb.Tx, id string) error {
	_, err := tx.Exec(`
		UPDATE testbank_payment SET account_closed = TRUE
		WHERE id = $1 AND state = 'paid'`, id)
	return err
}

// insertRefund takes a refund on, as long as the payment has that much left.
func insertRefund(tx *sqldb.Tx, id, paymentID string, o payment.RefundOrder) error {
	_, err := tx.Exec(`
		INSERT INTO testbank_refund (id, payment_id, key, cents, state, begun_at)
		SELECT $1, p.id, $3, CAST($4 AS BIGINT), 'underway', CAST($5 AS BIGINT)
		FROM testbank_payment p
		WHERE p.id = $2 AND p.state = 'paid'
			AND p.cents - p.charged_back - (SELECT CAST(COALESCE(SUM(r.cents), 0) AS BIGINT)
				FROM testbank_refund r WHERE r.payment_id = p.id AND r.state <> 'failed') >= CAST($4 AS BIGINT)
		ON CONFLICT (key) DO NOTHING`,
		id, paymentID, o.Key, int64(o.Cents), tx.Now)
	return err
}

func refundOfKey(tx *sqldb.Tx, key string) (paymentID string, r payment.Refunded, found bool, err error) {
	found, err = tx.One(`SELECT payment_id, id, key, cents, state FROM testbank_refund WHERE key = $1`,
		[]any{key}, &paymentID, &r.ID, &r.Key, &r.Cents, &r.State)
	return paymentID, r, found, err
}

func refundsOf(tx *sqldb.Tx, paymentID string) ([]payment.Refunded, error) {
	return sqldb.Many(tx, `
		SELECT id, key, cents, state FROM testbank_refund
		WHERE payment_id = $1 ORDER BY begun_at, id`, []any{paymentID},
		func(row sqldb.Row) (r payment.Refunded, err error) {
			err = row.Scan(&r.ID, &r.Key, &r.Cents, &r.State)
			return r, err
		})
}

// endRefunds lets every refund that is underway arrive, or fail where the payer's
// account was closed, and names the payments.
func endRefunds(tx *sqldb.Tx) ([]string, error) {
	return sqldb.Many(tx, `
		UPDATE testbank_refund SET state = CASE
			WHEN payment_id IN (SELECT p.id FROM testbank_payment p WHERE p.account_closed) THEN 'failed'
			ELSE 'done' END
		WHERE state = 'underway'
		RETURNING payment_id`, nil, scanID)
}

// webhooksOf returns where to tell about payments, by their id.
func webhooksOf(tx *sqldb.Tx, ids []string) (map[string]string, error) {
	webhooks := map[string]string{}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	_, err := sqldb.Many(tx, `SELECT id, webhook FROM testbank_payment WHERE id IN `+sqldb.In(1, len(ids)), args,
		func(r sqldb.Row) (id string, err error) {
			var webhook string
			err = r.Scan(&id, &webhook)
			webhooks[id] = webhook
			return id, err
		})
	return webhooks, err
}

func scanID(r sqldb.Row) (id string, err error) {
	err = r.Scan(&id)
	return id, err
}

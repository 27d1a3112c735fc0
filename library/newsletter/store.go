package newsletter

import (
	"time"

	"lidwoord/base/sqldb"
)

const subscriberColumns = `id, organisation_id, address, customer_id, lang, state, asked_at, confirmed_at, stopped_at`

func (s *Subscriber) targets() []any {
	return []any{&s.ID, &s.OrganisationID, &s.Address, &s.CustomerID, &s.Lang, &s.Standing,
		sqldb.Instant(&s.AskedAt), sqldb.Instant(&s.ConfirmedAt), sqldb.Instant(&s.StoppedAt)}
}

func scanSubscriber(r sqldb.Row) (s Subscriber, err error) {
	err = r.Scan(s.targets()...)
	return s, err
}

// insertSubscriber reports whether the mailbox is new at this library.
func insertSubscriber(tx *sqldb.Tx, id, key string, a Asking) (bool, error) {
	n, err := tx.Exec(`
		INSERT INTO subscriber (id, organisation_id, address, address_key, customer_id, lang, state, link_digest, asked_at)
		VALUES ($1, $2, $3, $4, $5, $6, 'asked', '', $7)
		ON CONFLICT (organisation_id, address_key) DO NOTHING`,
		id, a.OrganisationID, a.Address, key, a.CustomerID, string(a.Lang), tx.Now)
	return n == 1, err
}

// askAgain wakes a mailbox that was stopped.
func askAgain(tx *sqldb.Tx, key string, a Asking) (bool, error) {
	n, err := tx.Exec(`
		UPDATE subscriber SET state = 'asked', address = $3, lang = $4, asked_at = $5, link_digest = '', link_at = NULL
		WHERE organisation_id = $1 AND address_key = $2 AND state = 'stopped'`,
		a.OrganisationID, key, a.Address, string(a.Lang), tx.Now)
	return n == 1, err
}

// adopt gives a mailbox that was nobody's to the customer who asks for it.
func adopt(tx *sqldb.Tx, key string, a Asking) error {
	_, err := tx.Exec(`
		UPDATE subscriber SET customer_id = $3
		WHERE organisation_id = $1 AND address_key = $2 AND customer_id = ''`,
		a.OrganisationID, key, a.CustomerID)
	return err
}

func subscriberAt(tx *sqldb.Tx, organisationID, key string) (s Subscriber, err error) {
	_, err = tx.One(`SELECT `+subscriberColumns+` FROM subscriber WHERE organisation_id = $1 AND address_key = $2`,
		[]any{organisationID, key}, s.targets()...)
	return s, err
}

func subscriberByID(tx *sqldb.Tx, id string) (s Subscriber, ok bool, err error) {
	ok, err = tx.One(`SELECT `+subscriberColumns+` FROM subscriber WHERE id = $1`, []any{id}, s.targets()...)
	return s, ok, err
}

func subscriberByLink(tx *sqldb.Tx, digest string, since time.Time) (s Subscriber, ok bool, err error) {
	ok, err = tx.One(`
		SELECT `+subscriberColumns+` FROM subscriber
		WHERE link_digest = $1 AND link_digest <> '' AND state = 'asked' AND link_at > $2`,
		[]any{digest, since}, s.targets()...)
	return s, ok, err
}

func setLink(tx *sqldb.Tx, id, digest string) (bool, error) {
	n, err := tx.Exec(`UPDATE subscriber SET link_digest = $2, link_at = $3 WHERE id = $1 AND state = 'asked'`, id, digest, tx.Now)
	return n == 1, err
}

func confirmByLink(tx *sqldb.Tx, digest string, since time.Time) (s Subscriber, ok bool, err error) {
	ok, err = tx.One(`
		UPDATE subscriber SET state = 'confirmed', confirmed_at = $3, link_digest = ''
		WHERE link_digest = $1 AND link_digest <> '' AND state = 'asked' AND link_at > $2
		RETURNING `+subscriberColumns,
		[]any{digest, since, tx.Now}, s.targets()...)
	return s, ok, err
}

// confirm is for an address that is known to be its owner's.
func confirm(tx *sqldb.Tx, id string) (bool, error) {
	n, err := tx.Exec(`UPDATE subscriber SET state = 'confirmed', confirmed_at = $2, link_digest = '' WHERE id = $1 AND state = 'asked'`, id, tx.Now)
	return n == 1, err
}

func stopSubscriber(tx *sqldb.Tx, id string) (bool, error) {
	n, err := tx.Exec(`UPDATE subscriber SET state = 'stopped', stopped_at = $2, link_digest = '' WHERE id = $1 AND state <> 'stopped'`, id, tx.Now)
	return n == 1, err
}

func selectMailboxes(tx *sqldb.Tx, customerID string) ([]Subscriber, error) {
	return sqldb.Many(tx, `
		SELECT `+subscriberColumns+`
		FROM subscriber JOIN (
			SELECT subscriber_id, MAX(at) AS said FROM newsletter_consent
			WHERE customer_id = $1 AND customer_id <> '' AND act = 'asked' GROUP BY subscriber_id
		) AS own ON own.subscriber_id = subscriber.id
		ORDER BY CASE WHEN state = 'stopped' THEN 1 ELSE 0 END, said DESC, id`,
		[]any{customerID}, scanSubscriber)
}

const consentColumns = `customer_id, act, address, text_version, text_shown, channel, staff_id, branch_id, at`

// insertConsent numbers what is said of a mailbox. Two at once meet on the
// primary key or in the serializable transaction, and one of them runs again.
func insertConsent(tx *sqldb.Tx, subscriberID string, c Consent) error {
	_, err := tx.Exec(`
		INSERT INTO newsletter_consent (subscriber_id, number, `+consentColumns+`)
		SELECT CAST($1 AS TEXT), (SELECT COUNT(*) + 1 FROM newsletter_consent WHERE subscriber_id = $1),
			CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS TEXT),
			CAST($7 AS TEXT), CAST($8 AS TEXT), CAST($9 AS TEXT), CAST($10 AS BIGINT)`,
		subscriberID, c.CustomerID, string(c.Act), c.Address, c.TextVersion, c.TextShown, string(c.Channel), c.StaffID, c.BranchID, tx.Now)
	return err
}

// saidAlready looks for a yes of a customer to the same text, which nobody has
// taken back.
func saidAlready(tx *sqldb.Tx, subscriberID, customerID, text string) (found bool, err error) {
	var number int64
	return tx.One(`
		SELECT number FROM newsletter_consent
		WHERE subscriber_id = $1 AND customer_id = $2 AND act = 'asked' AND text_shown = $3 AND number >
			(SELECT COALESCE(MAX(number), 0) FROM newsletter_consent WHERE subscriber_id = $1 AND act = 'stopped')
		LIMIT 1`,
		[]any{subscriberID, customerID, text}, &number)
}

func selectSaid(tx *sqldb.Tx, customerID string) ([]Consent, error) {
	return sqldb.Many(tx, `
		SELECT `+consentColumns+` FROM newsletter_consent
		WHERE subscriber_id IN (SELECT subscriber_id FROM newsletter_consent WHERE customer_id = $1 AND customer_id <> '')
			AND (act <> 'asked' OR customer_id IN ('', $1))
		ORDER BY at, subscriber_id, number`,
		[]any{customerID}, func(r sqldb.Row) (c Consent, err error) {
			err = r.Scan(&c.CustomerID, &c.Act, &c.Address, &c.TextVersion, &c.TextShown, &c.Channel, &c.StaffID, &c.BranchID, sqldb.Instant(&c.At))
			return c, err
		})
}

func confirmedAfter(tx *sqldb.Tx, organisationID, id string, most int) ([]Subscriber, error) {
	return sqldb.Many(tx, `
		SELECT `+subscriberColumns+` FROM subscriber
		WHERE organisation_id = $1 AND state = 'confirmed' AND id > $2 ORDER BY id LIMIT $3`,
		[]any{organisationID, id, most}, scanSubscriber)
}

func countStandings(tx *sqldb.Tx, organisationID string) (map[Standing]int, error) {
	by := map[Standing]int{}
	_, err := sqldb.Many(tx, `SELECT state, COUNT(*) FROM subscriber WHERE organisation_id = $1 GROUP BY state`,
		[]any{organisationID}, func(r sqldb.Row) (struct{}, error) {
			var s Standing
			var n int
			err := r.Scan(&s, &n)
			by[s] = n
			return struct{}{}, err
		})
	return by, err
}

// withoutLetter lists mailboxes that ask and were never written to.
func withoutLetter(tx *sqldb.Tx, most int) ([]Subscriber, error) {
	return sqldb.Many(tx, `
		SELECT `+subscriberColumns+` FROM subscriber
		WHERE state = 'asked' AND link_at IS NULL ORDER BY asked_at, id LIMIT $1`,
		[]any{most}, scanSubscriber)
}

// stopUnconfirmed leaves a mailbox that was stopped before, and that somebody
// asked for again in vain, as it was.
func stopUnconfirmed(tx *sqldb.Tx, before time.Time) error {
	_, err := tx.Exec(`
		UPDATE subscriber SET state = 'stopped', link_digest = ''
		WHERE state = 'asked' AND asked_at <= $1 AND link_at <= $1 AND stopped_at IS NOT NULL`,
		before)
	return err
}

// forget deletes mailboxes that nobody confirmed and that are no customer's, and
// those that were stopped long ago, with their proof.
func forget(tx *sqldb.Tx, askedBefore, stoppedBefore time.Time) error {
	const gone = `
		(state = 'asked' AND asked_at <= $1 AND link_at <= $1 AND confirmed_at IS NULL AND stopped_at IS NULL AND customer_id = ''
			OR state = 'stopped' AND stopped_at <= $2)`
	if _, err := tx.Exec(`DELETE FROM newsletter_consent WHERE subscriber_id IN (SELECT id FROM subscriber WHERE`+gone+`)`, askedBefore, stoppedBefore); err != nil {
		return err
	}
	_, err := tx.Exec(`DELETE FROM subscriber WHERE`+gone, askedBefore, stoppedBefore)
	return err
}

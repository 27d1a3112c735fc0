package newsletter

import "lidwoord/base/sqldb"

const consentColumns = `customer_id, wanted, address, text_version, text_shown, channel, staff_id, branch_id, at`

// insertConsent numbers the sayings of a customer. Two at once meet on the
// primary key or in the serializable transaction, and one of them runs again.
func insertConsent(tx *sqldb.Tx, c Consent) error {
	_, err := tx.Exec(`
		INSERT INTO newsletter_consent (number, `+consentColumns+`)
		SELECT (SELECT COUNT(*) + 1 FROM newsletter_consent WHERE customer_id = $1),
			CAST($1 AS TEXT), CAST($2 AS BOOLEAN), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT),
			CAST($6 AS TEXT), CAST($7 AS TEXT), CAST($8 AS TEXT), CAST($9 AS BIGINT)`,
		c.CustomerID, c.Wanted, c.Address, c.TextVersion, c.TextShown, string(c.Channel), c.StaffID, c.BranchID, tx.Now)
	return err
}

func selectLast(tx *sqldb.Tx, customerID string) (c Consent, err error) {
	c.CustomerID = customerID
	_, err = tx.One(`
		SELECT `+consentColumns+` FROM newsletter_consent WHERE customer_id = $1
		ORDER BY number DESC LIMIT 1`,
		[]any{customerID}, c.targets()...)
	return c, err
}

func selectAll(tx *sqldb.Tx, customerID string) ([]Consent, error) {
	return sqldb.Many(tx, `
		SELECT `+consentColumns+` FROM newsletter_consent WHERE customer_id = $1
		ORDER BY number`,
		[]any{customerID}, func(r sqldb.Row) (c Consent, err error) {
			err = r.Scan(c.targets()...)
			return c, err
		})
}

func (c *Consent) targets() []any {
	return []any{&c.CustomerID, &c.Wanted, &c.Address, &c.TextVersion, &c.TextShown, &c.Channel, &c.StaffID, &c.BranchID, sqldb.Instant(&c.At)}
}

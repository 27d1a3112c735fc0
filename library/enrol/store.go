package enrol

import (
	"time"

	"lidwoord/base/sqldb"
)

func insertDraft(tx *sqldb.Tx, c Clerk, id, fields string) (bool, error) {
	n, err := tx.Exec(`
		INSERT INTO draft (id, staff_id, branch_id, version, fields, ask_id, account_id, username, updated_at, result)
		VALUES ($1, $2, $3, 1, $4, '', '', '', $5, '')
		ON CONFLICT (id) DO NOTHING`,
		id, c.StaffID, c.BranchID, fields, tx.Now)
	return n == 1, err
}

func draftExists(tx *sqldb.Tx, id string) (bool, error) {
	var one int
	return tx.One(`SELECT 1 FROM draft WHERE id = $1`, []any{id}, &one)
}

const draftColumns = `id, version, fields, ask_id, account_id, username, updated_at, saved_at, result`

func scanDraft(r sqldb.Row) (d Draft, err error) {
	var fields, result string
	if err := r.Scan(&d.ID, &d.Version, &fields, &d.askID, &d.accountID, &d.Proved, sqldb.Instant(&d.UpdatedAt), sqldb.Instant(&d.SavedAt), &result); err != nil {
		return d, err
	}
	return d, d.read(fields, result)
}

func selectDraft(tx *sqldb.Tx, c Clerk, id string) (Draft, bool, error) {
	list, err := sqldb.Many(tx, `
		SELECT `+draftColumns+` FROM draft WHERE id = $1 AND staff_id = $2 AND branch_id = $3`,
		[]any{id, c.StaffID, c.BranchID}, scanDraft)
	if err != nil || len(list) == 0 {
		return Draft{}, false, err
	}
	return list[0], true, nil
}

func selectOpenDrafts(tx *sqldb.Tx, c Clerk, since time.Time) ([]Draft, error) {
	return sqldb.Many(tx, `
		SELECT `+draftColumns+` FROM draft
		WHERE staff_id = $1 AND branch_id = $2 AND saved_at IS NULL AND updated_at >= $3
		ORDER BY updated_at DESC, id`,
		[]any{c.StaffID, c.BranchID, since}, scanDraft)
}

func updateDraft(tx *sqldb.Tx, c Clerk, d Draft, fields string) (bool, error) {
	n, err := tx.Exec(`
		UPDATE draft SET version = version + 1, fields = $4, ask_id = $5, account_id = $6, username = $7, updated_at = $8
		WHERE id = $1 AND staff_id = $2 AND branch_id = $3 AND saved_at IS NULL`,
		d.ID, c.StaffID, c.BranchID, fields, d.askID, d.accountID, d.Proved, tx.Now)
	return n == 1, err
}

func deleteDraft(tx *sqldb.Tx, c Clerk, id string) (bool, error) {
	n, err := tx.Exec(`
		DELETE FROM draft WHERE id = $1 AND staff_id = $2 AND branch_id = $3 AND saved_at IS NULL`,
		id, c.StaffID, c.BranchID)
	return n == 1, err
}

func deleteDraftsBefore(tx *sqldb.Tx, before time.Time) error {
	_, err := tx.Exec(`DELETE FROM draft WHERE updated_at < $1`, before)
	return err
}

// takeDraft marks a draft saved and returns it. Of many presses on Opslaan the
// database lets one through; the others find the result.
func takeDraft(tx *sqldb.Tx, c Clerk, id string, since time.Time) (Draft, bool, error) {
	list, err := sqldb.Many(tx, `
		UPDATE draft SET saved_at = $4
		WHERE id = $1 AND staff_id = $2 AND branch_id = $3 AND saved_at IS NULL AND updated_at >= $5
		RETURNING `+draftColumns,
		[]any{id, c.StaffID, c.BranchID, tx.Now, since}, scanDraft)
	if err != nil || len(list) == 0 {
		return Draft{}, false, err
	}
	return list[0], true, nil
}

// finishDraft keeps the result and drops what was typed: it lives with the
// customer now.
func finishDraft(tx *sqldb.Tx, id, result string) error {
	_, err := tx.Exec(`
		UPDATE draft SET result = $2, fields = '{}', ask_id = '', account_id = '', username = ''
		WHERE id = $1`,
		id, result)
	return err
}

func upsertGuardian(tx *sqldb.Tx, customerID, name, email string) error {
	_, err := tx.Exec(`
		INSERT INTO guardian (customer_id, name, email)
		VALUES ($1, $2, $3)
		ON CONFLICT (customer_id) DO UPDATE SET name = excluded.name, email = excluded.email`,
		customerID, name, email)
	return err
}

func selectGuardian(tx *sqldb.Tx, customerID string) (name, email string, err error) {
	_, err = tx.One(`
		SELECT name, email FROM guardian WHERE customer_id = $1`,
		[]any{customerID}, &name, &email)
	return name, email, err
}

func putLinkAsk(tx *sqldb.Tx, customerID string, a linkAsk) error {
	_, err := tx.Exec(`
		INSERT INTO link_ask (customer_id, ask_id, username, asked_at)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (customer_id) DO UPDATE SET ask_id = excluded.ask_id, username = excluded.username, asked_at = excluded.asked_at`,
		customerID, a.askID, a.username, tx.Now)
	return err
}

func linkAskOf(tx *sqldb.Tx, customerID string) (a linkAsk, ok bool, err error) {
	ok, err = tx.One(`
		SELECT ask_id, username, asked_at FROM link_ask WHERE customer_id = $1`,
		[]any{customerID}, &a.askID, &a.username, sqldb.Instant(&a.askedAt))
	return a, ok, err
}

func deleteLinkAsk(tx *sqldb.Tx, customerID string) error {
	_, err := tx.Exec(`DELETE FROM link_ask WHERE customer_id = $1`, customerID)
	return err
}

// deleteLinkAsksBefore takes questions away that nobody can answer any more.
func deleteLinkAsksBefore(tx *sqldb.Tx, before time.Time) error {
	_, err := tx.Exec(`DELETE FROM link_ask WHERE asked_at < $1`, before)
	return err
}

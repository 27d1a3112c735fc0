package registration

import (
	"encoding/json"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/library/enrol"
)

const columns = `id, organisation_id, account_id, username, state, fields, branch_id, agreed, text_version, customer_id, membership_id,
	begun_at, updated_at, ordered_at, member_at, withdraw_until, withdrawn_at`

// registrations lists what the callers in this room ask for.
func registrations(tx *sqldb.Tx, where string, args ...any) ([]Registration, error) {
	return sqldb.Many(tx, `SELECT `+columns+` FROM registration WHERE `+where, args, func(row sqldb.Row) (r Registration, err error) {
		var sealed, agreed string
		if err := row.Scan(&r.ID, &r.OrganisationID, &r.AccountID, &r.Username, &r.State, &sealed, &r.BranchID, &agreed, &r.TextVersion, &r.CustomerID, &r.MembershipID,
			sqldb.Instant(&r.BegunAt), sqldb.Instant(&r.UpdatedAt), sqldb.Instant(&r.OrderedAt), sqldb.Instant(&r.MemberAt), &r.WithdrawUntil, sqldb.Instant(&r.WithdrawnAt)); err != nil {
			return r, err
		}
		if agreed != "" {
			r.Agreed = new(enrol.Agreed)
			if err := json.Unmarshal([]byte(agreed), r.Agreed); err != nil {
				return r, err
			}
		}
		r.App, err = unseal(tx, sealed)
		return r, err
	})
}

func one(tx *sqldb.Tx, where string, args ...any) (Registration, bool, error) {
	list, err := registrations(tx, where, args...)
	if err != nil || len(list) == 0 {
		return Registration{}, false, err
	}
	return list[0], true, nil
}

// insert says false when the account has a registration under way.
func insert(tx *sqldb.Tx, r Registration) (bool, error) {
	sealed, err := seal(tx, r.App)
	if err != nil {
		return false, err
	}
	n, err := tx.Exec(`
		INSERT INTO registration (id, organisation_id, account_id, username, state, fields, branch_id, agreed, text_version, customer_id, membership_id,
			begun_at, updated_at, withdraw_until)
		VALUES ($1, $2, $3, $4, 'open', $5, '', '', '', '', '', $6, $6, '')
		ON CONFLICT DO NOTHING`,
		r.ID, r.OrganisationID, r.AccountID, r.Username, sealed, tx.Now)
	return n == 1, err
}

func update(tx *sqldb.Tx, r Registration) (bool, error) {
	sealed, err := seal(tx, r.App)
	if err != nil {
		return false, err
	}
	n, err := tx.Exec(`
		UPDATE registration SET fields = $2, updated_at = $3 WHERE id = $1 AND state = 'open'`,
		r.ID, sealed, tx.Now)
	return n == 1, err
}

// order lets the first of many presses on the button through.
func order(tx *sqldb.Tx, r Registration) (bool, error) {
	agreed, err := json.Marshal(r.Agreed)
	if err != nil {
		return false, err
	}
	sealed, err := seal(tx, r.App)
	if err != nil {
		return false, err
	}
	n, err := tx.Exec(`
		UPDATE registration SET state = 'ordered', fields = $2, branch_id = $3, agreed = $4, text_version = $5, ordered_at = $6, updated_at = $6
		WHERE id = $1 AND state = 'open'`,
		r.ID, sealed, r.BranchID, string(agreed), r.TextVersion, tx.Now)
	return n == 1, err
}

// reopen takes an order back to its form.
func reopen(tx *sqldb.Tx, id string) error {
	_, err := tx.Exec(`
		UPDATE registration SET state = 'open', updated_at = $2 WHERE id = $1 AND state = 'ordered'`,
		id, tx.Now)
	return err
}

// becomeMember lets a registration become a contract once. The form lives with
// the customer from then on.
func becomeMember(tx *sqldb.Tx, id, customerID, membershipID string, until day.Day) (bool, error) {
	n, err := tx.Exec(`
		UPDATE registration SET state = 'member', fields = '', customer_id = $2, membership_id = $3, member_at = $4, updated_at = $4, withdraw_until = $5
		WHERE id = $1 AND state IN ('open', 'ordered')`,
		id, customerID, membershipID, tx.Now, string(until))
	return n == 1, err
}

func drop(tx *sqldb.Tx, id string) (bool, error) {
	n, err := tx.Exec(`
		UPDATE registration SET state = 'dropped', fields = '', agreed = '', username = '', updated_at = $2 WHERE id = $1 AND state = 'open'`,
		id, tx.Now)
	return n == 1, err
}

// dropStale makes room for a new form where an old one is over and the job did
// not come yet.
func dropStale(tx *sqldb.Tx, accountID, organisationID string) error {
	_, err := tx.Exec(`
		UPDATE registration SET state = 'dropped', fields = '', agreed = '', username = '', updated_at = $3
		WHERE account_id = $1 AND organisation_id = $2 AND state = 'open' AND updated_at < $4`,
		accountID, organisationID, tx.Now, tx.Now.Add(-Life))
	return err
}

func dropBefore(tx *sqldb.Tx, before time.Time) error {
	_, err := tx.Exec(`
		UPDATE registration SET state = 'dropped', fields = '', agreed = '', username = '', updated_at = $1
		WHERE state = 'open' AND updated_at < $2`,
		tx.Now, before)
	return err
}

// withdraw lets a contract be withdrawn from once, and in time.
func withdraw(tx *sqldb.Tx, id string, today day.Day) (bool, error) {
	n, err := tx.Exec(`
		UPDATE registration SET withdrawn_at = $2
		WHERE id = $1 AND state = 'member' AND withdrawn_at IS NULL AND withdraw_until >= $3`,
		id, tx.Now, string(today))
	return n == 1, err
}

func insertWithdrawal(tx *sqldb.Tx, id, organisationID, registrationID, sealed string, o Outcome) error {
	_, err := tx.Exec(`
		INSERT INTO withdrawal (id, organisation_id, registration_id, sealed, outcome, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		id, organisationID, registrationID, sealed, string(o), tx.Now)
	return err
}

func withdrawals(tx *sqldb.Tx, registrationID string) ([]Declared, error) {
	return sqldb.Many(tx, `
		SELECT sealed, outcome, at FROM withdrawal WHERE registration_id = $1 ORDER BY at, id`,
		[]any{registrationID}, func(row sqldb.Row) (d Declared, err error) {
			var sealed string
			if err := row.Scan(&sealed, &d.Outcome, sqldb.Instant(&d.At)); err != nil {
				return d, err
			}
			text, err := tx.Box().Open(statementPurpose, sealed)
			if err != nil {
				return d, err
			}
			return d, json.Unmarshal(text, &d.Statement)
		})
}

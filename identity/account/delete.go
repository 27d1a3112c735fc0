package account

import (
	"context"

	"lidwoord/base/audit"
	"lidwoord/base/sqldb"
)

// Delete takes an account away for good, for who knows its password. Memberships
// and money are another wing's and stay; its port Left lets go. The name rests, so
// that nobody else is taken for its owner. Then runs in the same transaction, to
// end the sessions and what they gave.
func (a *Accounts) Delete(ctx context.Context, db *sqldb.DB, accountID string, by Attempt, then func(*sqldb.Tx, Account) error) error {
	acc, err := a.SignInAgain(ctx, db, accountID, by)
	if err != nil {
		return err
	}
	return db.InTx(ctx, func(tx *sqldb.Tx) error {
		won, err := deleteActive(tx, acc.ID, acc.password)
		if err != nil {
			return err
		}
		if !won { // the password was changed meanwhile
			return ErrPassword
		}
		if err := deleteTraces(tx, acc.ID); err != nil {
			return err
		}
		if !named(acc) { // an address has one reader only, who may begin anew
			if err := restName(tx, usernameKey(acc.Username), acc.ID, tx.Now.Add(NameRest)); err != nil {
				return err
			}
		}
		if a.links.Left != nil {
			if err := a.links.Left(tx, acc.ID); err != nil {
				return err
			}
		}
		if err := a.mail(tx, acc, "deleted", acc.Library, letter{Register: a.links.Register}); err != nil {
			return err
		}
		if err := audit.Record(tx, audit.Entry{Actor: "account:" + acc.ID, Act: "account.delete", Object: "account:" + acc.ID}); err != nil {
			return err
		}
		if then != nil {
			return then(tx, acc)
		}
		return nil
	})
}

package account

import "lidwoord/base/sqldb"

// EventLinked: a library linked the account.
const EventLinked = "linked"

// Linked tells the owner of an account by letter that a library linked it. The owner
// agreed, by a code or on a telephone; whoever read that code in somebody else's mailbox,
// or held somebody else's telephone, is found out by it.
func (a *Accounts) Linked(tx *sqldb.Tx, accountID, library string) error {
	acc, err := a.Find(tx, accountID)
	if err != nil {
		return err
	}
	if err := Note(tx, acc.ID, EventLinked, ""); err != nil {
		return err
	}
	return a.mail(tx, acc, "linked", acc.Library, letter{Link: a.links.SignIn, Asker: library, Forgotten: a.links.Forgotten})
}

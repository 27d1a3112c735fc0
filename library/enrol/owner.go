package enrol

import (
	"fmt"
	"strings"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
)

// AskOwner asks the owner of an existing login account to confirm the link: a
// code goes to the account's own address. The answer is the same when there is
// no such account, so that nobody finds out usernames at a desk, and a username
// mistyped into somebody else's links nothing. Without a username only the telephone
// answers. Only Save spends the proof.
func (o Office) AskOwner(tx *sqldb.Tx, c Clerk, draftID, username string) error {
	d, err := draftToChange(tx, c, draftID)
	if err != nil {
		return err
	}
	username = strings.TrimSpace(username)
	_, lib, err := c.at(tx)
	if err != nil {
		return err
	}
	d.askID, err = o.Owners.Ask(tx, Question{Username: username, LibraryName: lib.Name, About: initials(d.App.Initials, d.App.Surname)})
	if err != nil {
		return at(FieldUsername, err) // asked too often, mostly
	}
	d.App.Login, d.App.Account, d.App.Username = Yes, ExistingAccount, username
	d.accountID, d.Proved = "", ""
	return d.write(tx, c)
}

// ProveOwner takes the code that the account's owner read out. False is every
// kind of wrong, to be shown as ErrCode. It is not an error, because the
// transaction has to be committed: the try that failed must stay counted.
func (o Office) ProveOwner(tx *sqldb.Tx, c Clerk, draftID, code string) (bool, error) {
	d, err := draftToChange(tx, c, draftID)
	if err != nil {
		return false, err
	}
	if d.askID == "" {
		return false, nil
	}
	accountID, username, err := o.Owners.Prove(tx, d.askID, code)
	switch {
	case err != nil && fault.KindOf(err) != fault.Internal:
		return false, nil
	case err != nil:
		return false, fmt.Errorf("prove owner: %w", err)
	}
	return true, d.prove(tx, c, accountID, username)
}

// HeldError says that an account which its owner just confirmed belongs to
// another customer of this library. The question stays open.
type HeldError struct{ Holder customer.Customer }

func (e *HeldError) Error() string { return e.Unwrap().Error() }

func (e *HeldError) Unwrap() error { return customer.ErrAccountTaken.At(FieldUsername) }

// prove writes down whose account it is. An account that another customer of the
// library has is refused here, where its owner still stands at the desk; the
// guard stands in Save.
func (d Draft) prove(tx *sqldb.Tx, c Clerk, accountID, username string) error {
	_, lib, err := c.at(tx)
	if err != nil {
		return err
	}
	who, held, err := holder(tx, lib.ID, accountID)
	if err != nil {
		return err
	}
	if number, err := customer.ReadNumber(d.App.Number); held && (d.App.Again != Yes || err != nil || who.Number != number) {
		return &HeldError{who}
	}
	d.askID, d.accountID, d.Proved = "", accountID, username
	return d.write(tx, c)
}

// draftToChange is ownDraft for acts that need one not yet saved.
func draftToChange(tx *sqldb.Tx, c Clerk, id string) (Draft, error) {
	d, err := ownDraft(tx, c, id)
	if err == nil && !d.SavedAt.IsZero() {
		err = ErrSaved
	}
	return d, err
}

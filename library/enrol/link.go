package enrol

import (
	"fmt"
	"strings"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
)

// initials tell a person at the desk which customer is meant, and nobody else
// who that is: "E.B.T.".
func initials(given, surname string) string {
	text := strings.TrimSuffix(strings.ToUpper(strings.TrimSpace(given)), ".")
	for _, letter := range strings.ToUpper(strings.TrimSpace(surname)) {
		text = strings.TrimPrefix(text+"."+string(letter), ".")
		break
	}
	return text + "."
}

// Asked is the open question to an account's owner, as the clerk's page shows it.
type Asked struct {
	Username string // as typed, "" when the owner answers on a telephone only
	Page     string // the address to open on that telephone; a secret
	Answer
}

// Asked is the question of a draft. ok is false when none is open.
func (o Office) Asked(tx *sqldb.Tx, d Draft) (q Asked, ok bool, err error) {
	return o.asked(tx, d.askID, d.App.Username)
}

func (o Office) asked(tx *sqldb.Tx, askID, username string) (q Asked, ok bool, err error) {
	if askID == "" {
		return q, false, nil
	}
	q.Username = username
	if q.Answer, err = o.Owners.Answered(tx, askID); err != nil || !q.Open {
		return Asked{}, false, err
	}
	q.Page = o.Owners.Page(tx, askID)
	return q, true, nil
}

// TakeOwner takes the answer that the owner gave on a telephone, for a draft.
// False is that nobody answered yet, or too long ago.
func (o Office) TakeOwner(tx *sqldb.Tx, c Clerk, draftID string) (bool, error) {
	d, err := draftToChange(tx, c, draftID)
	if err != nil || d.askID == "" {
		return false, err
	}
	accountID, username, ok, err := o.take(tx, d.askID)
	if err != nil || !ok {
		return false, err
	}
	return true, d.prove(tx, c, accountID, username)
}

func (o Office) take(tx *sqldb.Tx, askID string) (accountID, username string, ok bool, err error) {
	accountID, username, err = o.Owners.TakeAnswer(tx, askID)
	switch {
	case err != nil && fault.KindOf(err) != fault.Internal:
		return "", "", false, nil
	case err != nil:
		return "", "", false, fmt.Errorf("take owner's answer: %w", err)
	}
	return accountID, username, true, nil
}

// linkAsk is a question about who is a customer already.
type linkAsk struct {
	askID, username string
	askedAt         time.Time
}

// AskLink asks the owner of an existing account, who is a customer already,
// whether the library may link it. A new question takes the place of the old
// one. Without a username only the telephone answers.
func (o Office) AskLink(tx *sqldb.Tx, c Clerk, customerID, username string) error {
	who, lib, err := o.customer(tx, c, customerID)
	if err != nil {
		return err
	}
	if who.Link.AccountID != "" {
		return ErrHasLogin
	}
	username = strings.TrimSpace(username)
	askID, err := o.Owners.Ask(tx, Question{Username: username, LibraryName: lib.Name, About: initials(who.Initials, who.LastName)})
	if err != nil {
		return at(FieldUsername, err)
	}
	return putLinkAsk(tx, who.ID, linkAsk{askID: askID, username: username})
}

// LinkAsked is the open question about a customer. ok is false when there is none.
func (o Office) LinkAsked(tx *sqldb.Tx, c Clerk, customerID string) (q Asked, ok bool, err error) {
	who, _, err := o.customer(tx, c, customerID)
	if err != nil {
		return q, false, err
	}
	ask, ok, err := linkAskOf(tx, who.ID)
	if err != nil || !ok {
		return q, false, err
	}
	return o.asked(tx, ask.askID, ask.username)
}

// ProveLink links by the code that the owner read out. False is every kind of
// wrong; the transaction is committed all the same, since the try has to count.
func (o Office) ProveLink(tx *sqldb.Tx, c Clerk, customerID, code string) (bool, error) {
	return o.link(tx, c, customerID, func(askID string) (string, bool, error) {
		accountID, _, err := o.Owners.Prove(tx, askID, code)
		switch {
		case err != nil && fault.KindOf(err) != fault.Internal:
			return "", false, nil
		case err != nil:
			return "", false, fmt.Errorf("prove owner: %w", err)
		}
		return accountID, true, nil
	})
}

// TakeLink links by the answer that the owner gave on a telephone. False is that
// nobody answered yet, or too long ago.
func (o Office) TakeLink(tx *sqldb.Tx, c Clerk, customerID string) (bool, error) {
	return o.link(tx, c, customerID, func(askID string) (string, bool, error) {
		accountID, _, ok, err := o.take(tx, askID)
		return accountID, ok, err
	})
}

// link links the account that owner proves. The account's own history at other
// libraries stays as it is: here the library only learns of it.
func (o Office) link(tx *sqldb.Tx, c Clerk, customerID string, owner func(askID string) (accountID string, ok bool, err error)) (bool, error) {
	who, lib, err := o.customer(tx, c, customerID)
	if err != nil {
		return false, err
	}
	ask, found, err := linkAskOf(tx, who.ID)
	if err != nil || !found {
		return false, err
	}
	if who.Link.AccountID != "" {
		return false, ErrHasLogin
	}
	accountID, ok, err := owner(ask.askID)
	if err != nil || !ok {
		return false, err
	}
	switch other, held, err := holder(tx, lib.ID, accountID); {
	case err != nil:
		return false, err
	case held:
		return false, &HeldError{other}
	}
	if err := customer.SetLink(tx, who.ID, accountID, customer.LinkExisting, c.by()); err != nil {
		return false, at(FieldUsername, err)
	}
	if err := o.Owners.Linked(tx, accountID, lib.Name); err != nil {
		return false, err
	}
	return true, deleteLinkAsk(tx, who.ID)
}

package enrol

import (
	"errors"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/task"
)

// LoginState is how a customer's login account is now.
//
// The job of the identity wing deletes accounts that were never activated; the
// library still knows that it generated one, and calls that Expired. So does a
// link that stopped working a minute ago.
func (o Office) LoginState(tx *sqldb.Tx, customerID string) (Login, error) {
	who, err := customer.Find(tx, customerID)
	if err != nil {
		return Login{}, err
	}
	return o.stateOf(tx, who)
}

func (o Office) stateOf(tx *sqldb.Tx, who customer.Customer) (Login, error) {
	switch {
	case who.Link.AccountID == "" && !who.Link.LeftAt.IsZero():
		return Login{State: Left, Since: who.Link.LeftAt}, nil
	case who.Link.AccountID == "":
		return Login{State: None}, nil
	}
	login, err := o.Accounts.State(tx, who.Link.AccountID)
	if err != nil {
		return Login{}, err
	}
	switch {
	case login.State == Gone:
		login.Username, login.Email = who.Number, who.Email
	case login.State == Waiting && !login.Until.After(tx.Now):
		login.State = Expired
	}
	login.State = asLinked(login.State, who.Link.How)
	switch login.State {
	case Linked:
		login.Since = who.Link.At
	case Waiting, Expired:
		story, err := o.Accounts.StoryOf(tx, who.Link.AccountID)
		if err == nil && len(story.Links) > 0 {
			login.Returned = story.Links[0]
		}
		return login, err
	}
	return login, nil
}

// asLinked reads an answer of the port as the library sees it: an account that
// we generated and that is no more was not activated in time; one that works
// and that we did not generate is gekoppeld.
func asLinked(state State, how customer.How) State {
	switch {
	case state == Gone && how == customer.LinkGenerated:
		return Expired
	case state == Active && how != customer.LinkGenerated:
		return Linked
	}
	return state
}

// Resend is Opnieuw sturen: a fresh link; the old one dies.
func (o Office) Resend(tx *sqldb.Tx, c Clerk, customerID string) (Login, error) {
	who, _, err := o.customer(tx, c, customerID)
	if err != nil {
		return Login{}, err
	}
	if who.Link.AccountID == "" {
		return Login{}, ErrNoLogin
	}
	if err := o.resend(tx, c, who, ""); err != nil {
		return Login{}, err
	}
	return o.stateOf(tx, who)
}

// resend mails a fresh link. That answers for the letter that came back, if one
// did; the new one may come back as well.
func (o Office) resend(tx *sqldb.Tx, c Clerk, who customer.Customer, email string) error {
	before, err := o.Accounts.StoryOf(tx, who.Link.AccountID)
	if err != nil {
		return err
	}
	if _, err := o.Accounts.Resend(tx, who.Link.AccountID, email); err != nil {
		return err
	}
	for _, m := range before.Links {
		if m.ReturnedAt.IsZero() {
			continue
		}
		if err := task.Resolve(tx, task.MailReturned, MailTask(who.ID, m.ID)); err != nil {
			return err
		}
	}
	return c.note(tx, "enrol.login_resent", who)
}

// Forget is Vergeet inlogaccount: the library lets go of the account. One that
// was never activated is deleted; one that works stays its owner's, who may
// have other libraries on it. Number, membership and money stay as they are.
func (o Office) Forget(tx *sqldb.Tx, c Clerk, customerID string) error {
	who, _, err := o.customer(tx, c, customerID)
	if err != nil {
		return err
	}
	if who.Link.AccountID == "" {
		return ErrNoLogin
	}
	return o.forget(tx, c, who)
}

func (o Office) forget(tx *sqldb.Tx, c Clerk, who customer.Customer) error {
	// Only an account that we generated may be deleted through us.
	if who.Link.How == customer.LinkGenerated {
		if err := o.Accounts.Forget(tx, who.Link.AccountID); err != nil && !errors.Is(err, ErrAccountGone) {
			return err
		}
	}
	if err := o.letGoOf(tx, c, who); err != nil {
		return err
	}
	if err := customer.ClearLink(tx, who.ID, c.by()); err != nil {
		return err
	}
	return c.note(tx, "enrol.login_forgotten", who)
}

// Renumbers reports whether a new login account would change the customer's
// number: it has that number as its username, and a login account that the
// library let go of, or of somebody else, has that name already.
func (o Office) Renumbers(tx *sqldb.Tx, customerID string) (bool, error) {
	who, err := customer.Find(tx, customerID)
	if err != nil {
		return false, err
	}
	holder, err := o.Accounts.Named(tx, who.Number)
	if err != nil || holder == "" {
		return false, err
	}
	if holder != who.Link.AccountID {
		return true, nil
	}
	// Letting go deletes only what was never activated, and only what we generated.
	login, err := o.stateOf(tx, who)
	return login.State == Active || who.Link.How != customer.LinkGenerated, err
}

// SecondStep says since when a customer signs in with more than a password, zero for who
// does not.
func (o Office) SecondStep(tx *sqldb.Tx, customerID string) (since time.Time, err error) {
	who, err := customer.Find(tx, customerID)
	if err != nil || who.Link.AccountID == "" {
		return since, err
	}
	return o.Accounts.SecondStep(tx, who.Link.AccountID)
}

// Named finds the customer of the clerk's library whose login account has exactly
// this username: one row, or none.
func (o Office) Named(tx *sqldb.Tx, c Clerk, username string) ([]customer.Row, error) {
	_, lib, err := c.at(tx)
	if err != nil {
		return nil, err
	}
	account, err := o.Accounts.Named(tx, username)
	if err != nil || account == "" {
		return nil, err
	}
	who, ok, err := holder(tx, lib.ID, account)
	if err != nil || !ok {
		return nil, err
	}
	found, err := customer.Search(tx, lib.ID, who.Number, 1)
	return found.Rows, err
}

// holder is the customer of a library who has an account.
func holder(tx *sqldb.Tx, organisationID, accountID string) (who customer.Customer, ok bool, err error) {
	list, err := customer.FindByAccount(tx, accountID)
	for _, c := range list {
		if c.OrganisationID == organisationID {
			return c, true, nil
		}
	}
	return who, false, err
}

// Generate makes a new login account for a customer who has none (any more),
// under the customer's number. When that name is taken, the customer gets
// another number with it; see Renumbers.
func (o Office) Generate(tx *sqldb.Tx, c Clerk, customerID string) (Login, error) {
	who, lib, err := o.customer(tx, c, customerID)
	switch {
	case err != nil:
		return Login{}, err
	case who.Link.AccountID != "":
		return Login{}, ErrHasLogin
	case who.Email == "":
		return Login{}, ErrEmailNeeded.At(FieldEmail)
	}
	login, err := o.open(tx, c, lib, &who)
	if err != nil {
		return Login{}, err
	}
	return login, c.note(tx, "enrol.login_generated", who)
}

// Renew is Nieuw inlogaccount for who let the first one expire: the library lets go of
// it and makes another, in one act. Of an account in any other state it is refused.
func (o Office) Renew(tx *sqldb.Tx, c Clerk, customerID string) (Login, error) {
	who, _, err := o.customer(tx, c, customerID)
	if err != nil {
		return Login{}, err
	}
	login, err := o.stateOf(tx, who)
	switch {
	case err != nil:
		return Login{}, err
	case login.State != Expired:
		return Login{}, ErrNotExpired
	case who.Email == "":
		return Login{}, ErrEmailNeeded.At(FieldEmail)
	}
	if err := o.forget(tx, c, who); err != nil {
		return Login{}, err
	}
	return o.Generate(tx, c, customerID)
}

// EmailChange tells what a new address meant for the login account.
type EmailChange struct {
	Login   Login
	Sent    bool // the account still waited: a fresh link went to the new address
	Differs bool // the account works under another address, which only its owner changes
}

// ChangeEmail changes where the library writes to a customer. An account that
// still waits for its owner moves along and gets a fresh link, since the old
// address may be a slip; an account in use keeps its own address, because that
// is how its owner gets back in, and only the owner may change it.
func (o Office) ChangeEmail(tx *sqldb.Tx, c Clerk, customerID, email string) (EmailChange, error) {
	was, _, err := o.customer(tx, c, customerID)
	if err != nil {
		return EmailChange{}, err
	}
	before, err := o.stateOf(tx, was)
	if err != nil {
		return EmailChange{}, err
	}
	who, err := customer.ChangeEmail(tx, customerID, email, c.by())
	if err != nil {
		return EmailChange{}, renamed(err)
	}
	sleeping := before.State == Waiting || before.State == Expired
	if sleeping && who.Email == "" {
		return EmailChange{}, ErrEmailNeeded.At(FieldEmail)
	}
	if sleeping && who.Email != before.Email {
		err := o.resend(tx, c, who, who.Email)
		if err != nil && !errors.Is(err, ErrAccountGone) {
			return EmailChange{}, err
		}
		if err == nil {
			now, err := o.stateOf(tx, who)
			return EmailChange{Login: now, Sent: true}, err
		}
	}
	now, err := o.stateOf(tx, who)
	return EmailChange{Login: now, Differs: Differs(now, who.Email)}, err
}

// Differs reports whether an account in use has another address than the
// library writes to.
func Differs(l Login, email string) bool {
	return (l.State == Active || l.State == Linked) && l.Email != email
}

// GuardianOf is the parent named when a child was enrolled, "" for none.
func GuardianOf(tx *sqldb.Tx, customerID string) (name, email string, err error) {
	return selectGuardian(tx, customerID)
}

// customer finds a customer of the clerk's own library; of another library
// there is nobody.
func (o Office) customer(tx *sqldb.Tx, c Clerk, id string) (customer.Customer, branch.Organisation, error) {
	_, lib, err := c.at(tx)
	if err != nil {
		return customer.Customer{}, lib, err
	}
	who, err := customer.Find(tx, id)
	if err == nil && who.OrganisationID != lib.ID {
		err = customer.ErrUnknown
	}
	return who, lib, err
}

func (c Clerk) note(tx *sqldb.Tx, act string, who customer.Customer) error {
	return audit.Record(tx, audit.Entry{Actor: c.actor(), Act: act, Object: "customer:" + who.ID, Branch: c.BranchID})
}

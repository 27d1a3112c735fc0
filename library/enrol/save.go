package enrol

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"lidwoord/base/audit"
	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/ledger"
	"lidwoord/library/membership"
	"lidwoord/library/newsletter"
)

// Save is Opslaan. Pressed three times, or by sixteen requests at once, it
// enrols once and gives everybody the same result. Anything wrong leaves the
// draft open as it was.
func (o Office) Save(tx *sqldb.Tx, c Clerk, draftID string) (Result, error) {
	d, taken, err := takeDraft(tx, c, draftID, tx.Now.Add(-DraftLife))
	if err != nil {
		return Result{}, err
	}
	if !taken {
		return ResultOf(tx, c, draftID)
	}
	if d.App.WantsExisting() && d.accountID == "" {
		return Result{}, ErrNotProved.At(FieldUsername)
	}
	r, err := o.enrol(tx, c, d.App, proof{d.accountID, d.Proved}, nil)
	if err != nil {
		return Result{}, err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return Result{}, err
	}
	return r, finishDraft(tx, d.ID, string(text))
}

// Enrol enrols from a whole application, without a draft and so without
// protection against saving twice. An existing account needs a draft, because
// its owner's confirmation is bound to one. app.BuildUp may be left empty by
// who has shown no Opbouw to anybody.
func (o Office) Enrol(tx *sqldb.Tx, c Clerk, app Application) (Result, error) {
	if app.WantsExisting() {
		return Result{}, ErrNotProved.At(FieldUsername)
	}
	if app.BuildUp == "" {
		up, err := Preview(tx, c, app)
		if err != nil {
			return Result{}, err
		}
		app.BuildUp = up.Digest()
	}
	return o.enrol(tx, c, app, proof{}, nil)
}

// EnrolOnline enrols a visitor who ordered on the web, from the day of tx on,
// for what was agreed. The visitor signed in with the account, which is the proof
// that it is theirs. Who calls it sees to it that it is called once.
func (o Office) EnrolOnline(tx *sqldb.Tx, c Clerk, app Application, username string, a Agreed) (Result, error) {
	app.Login, app.Account, app.Username = Yes, ExistingAccount, username
	return o.enrol(tx, c, app, proof{c.AccountID, username}, &a)
}

// proof is the confirmation by an existing account's owner.
type proof struct{ accountID, username string }

// enrol is the one road to being a member. What was agreed before is charged as
// it was agreed; without it, what the price list says today.
func (o Office) enrol(tx *sqldb.Tx, c Clerk, app Application, p proof, agreed *Agreed) (Result, error) {
	b, lib, err := c.at(tx)
	if err != nil {
		return Result{}, err
	}
	if !b.Enrols {
		return Result{}, ErrClosed
	}
	f, err := examine(tx, c, b, app, AllSteps, agreed)
	if err != nil {
		return Result{}, err
	}
	if app.Reason != "" || f.former.ID != "" { // otherwise customer.Register looks, so not twice
		if err := f.lookAlikes(tx, b, app); err != nil {
			return Result{}, err
		}
	}
	if err := f.wrong.Err(); err != nil {
		return Result{}, err
	}
	who, err := f.register(tx, c, b, app)
	if err != nil {
		return Result{}, err
	}
	r := Result{CustomerID: who.ID, Name: who.Full(), BuildUp: f.buildUp, Again: f.former.ID != "", Newsletter: app.Newsletter == Yes, SavedAt: tx.Now}
	if err := o.login(tx, c, lib, app, p, &who, &r); err != nil {
		return Result{}, err
	}
	r.Number = who.Number
	m, err := membership.Start(tx, membership.Beginning{
		CustomerID: who.ID, Definition: f.definition, BranchID: c.BranchID, Start: f.buildUp.Start, StaffID: c.StaffID,
	})
	if err != nil {
		return Result{}, err
	}
	r.MembershipID = m.ID
	if err := charge(tx, c, m, f.buildUp); err != nil {
		return Result{}, err
	}
	if err := o.news(tx, c, app, who); err != nil {
		return Result{}, err
	}
	if f.guardian != "" && f.buildUp.Age < GuardianAge {
		if err := upsertGuardian(tx, who.ID, f.guardian, f.guardEmail); err != nil {
			return Result{}, err
		}
	}
	return r, audit.Record(tx, audit.Entry{
		Actor: c.actor(), Act: "enrol.saved", Object: "customer:" + who.ID, Branch: c.BranchID, Detail: m.Code + " " + string(r.Outcome),
	})
}

// register makes or takes back the customer. A person whom another clerk saved
// a moment ago comes back as ErrDuplicate, whatever Check said before.
func (f form) register(tx *sqldb.Tx, c Clerk, b branch.Branch, app Application) (customer.Customer, error) {
	n := customer.New{
		OrganisationID: b.OrganisationID, BranchID: b.ID, Type: customer.Regular, Number: f.number,
		Person: f.person, IBAN: f.iban, BIC: f.bic, IdentityChecked: app.Identity == Yes, By: c.by(),
	}
	if app.Reason != "" {
		n.Override = &customer.Override{Reason: app.Reason}
	}
	if f.former.ID != "" {
		who, err := customer.ReRegister(tx, f.former.ID, n)
		return who, renamed(err)
	}
	who, err := customer.Register(tx, n)
	var double *customer.DuplicateError
	if errors.As(err, &double) {
		known, err := duplicateOf(tx, double.Match)
		if err != nil {
			return who, err
		}
		return who, fault.List{known.At(FieldReason)}
	}
	return who, renamed(err)
}

// login gives the customer the login account that the form asks for.
func (o Office) login(tx *sqldb.Tx, c Clerk, lib branch.Organisation, app Application, p proof, who *customer.Customer, r *Result) error {
	switch {
	case !app.WantsLogin():
		r.Outcome = NoAccount
		return nil
	case app.WantsExisting():
		r.Outcome, r.Username = Connected, p.username
		if err := customer.SetLink(tx, who.ID, p.accountID, customer.LinkExisting, c.by()); err != nil {
			return at(FieldUsername, err)
		}
		if c.online() { // who links the own account need not hear of it
			return nil
		}
		return o.Owners.Linked(tx, p.accountID, lib.Name)
	}
	if who.Link.AccountID != "" {
		// A former customer: an account that works is left alone, also by a
		// clerk who did not know of it; one that never woke makes way.
		have, err := o.Accounts.State(tx, who.Link.AccountID)
		if err != nil {
			return err
		}
		if have.State == Active {
			r.Outcome, r.Username = Kept, have.Username
			return nil
		}
		if err := o.forget(tx, c, *who); err != nil {
			return err
		}
	}
	account, err := o.open(tx, c, lib, who)
	if err != nil {
		return err
	}
	r.Outcome, r.Username, r.Email, r.Until = Generated, account.Username, account.Email, account.Until
	return nil
}

// usernameTries is how many numbers in a row may be somebody's self-chosen
// username before we call it a fault in the numbers.
const usernameTries = 20

// open makes a login account under the customer's number. A number that
// somebody chose as a username elsewhere is passed over, so that username and
// number stay the same thing.
func (o Office) open(tx *sqldb.Tx, c Clerk, lib branch.Organisation, who *customer.Customer) (Login, error) {
	for range usernameTries {
		id, until, err := o.Accounts.Open(tx, Opening{Username: who.Number, Email: who.Email, Lang: who.Lang, LibraryName: lib.Name})
		if err == nil {
			login := Login{State: Waiting, Username: who.Number, Email: who.Email, Until: until}
			return login, customer.SetLink(tx, who.ID, id, customer.LinkGenerated, c.by())
		}
		if !errors.Is(err, ErrUsernameTaken) {
			return Login{}, fmt.Errorf("open login account: %w", err)
		}
		next, err := customer.NextNumber(tx, who.ID, c.by())
		if err != nil {
			return Login{}, err
		}
		who.Number = next.Number
	}
	return Login{}, ErrNoNumber
}

// charge books exactly what the Opbouw said.
func charge(tx *sqldb.Tx, c Clerk, m membership.Membership, up membership.BuildUp) error {
	booking := ledger.Booking{
		Command: "membership:" + m.ID + ":charge", CustomerID: m.CustomerID, Cents: up.Fee, Subject: ledger.Contribution,
		ObjectID: m.ID, Text: m.Code + " " + m.NameNL, BranchID: c.BranchID, StaffID: c.StaffID,
	}
	if up.Fee == 0 {
		return nil
	}
	if _, err := ledger.Charge(tx, booking, up.Age); err != nil || up.Discount == 0 {
		return err
	}
	booking.Command, booking.Cents = "membership:"+m.ID+":discount", up.Discount
	_, err := ledger.Discount(tx, booking)
	return err
}

// news writes down a yes to the newsletter with its proof, and has a letter
// mailed in which the owner of the address confirms it.
func (o Office) news(tx *sqldb.Tx, c Clerk, app Application, who customer.Customer) error {
	if app.Newsletter != Yes {
		return nil
	}
	yes := newsletter.Asking{
		OrganisationID: who.OrganisationID, CustomerID: who.ID, Age: who.Birth.Age(day.Of(tx.Now)), Address: who.Email, Lang: who.Lang,
		TextVersion: newsletter.TextVersion, TextShown: newsletter.Text(c.Lang),
		Channel: newsletter.Desk, StaffID: c.StaffID, BranchID: c.BranchID,
	}
	if c.online() {
		yes.Channel = newsletter.Web
		login, err := o.Accounts.State(tx, c.AccountID)
		if err != nil {
			return err
		}
		yes.Confirmed = login.State == Active && strings.EqualFold(login.Email, who.Email) // an account wakes by a link that was mailed there
	}
	return o.News.Ask(tx, yes)
}

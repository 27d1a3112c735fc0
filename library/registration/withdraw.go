package registration

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/money"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/ledger"
	"lidwoord/library/membership"
	"lidwoord/library/payment"
	"lidwoord/library/task"
)

// CoolingOff is how many days somebody may think better of a contract made on
// the web: bedenktijd (BW 6:230o), for any reason and for none.
const CoolingOff = 14

// LastDay is the last day on which a contract made on a day can be withdrawn
// from. The day it was made does not count, and a term that ends in a weekend or
// on a holiday runs on to the next working day.
func LastDay(made day.Day) day.Day { return made.AddDays(CoolingOff).UntilWorkday() }

// withdrawalReason is the reason of the refund.
const withdrawalReason = "withdrawal"

// Outcome of a statement of withdrawal.
type Outcome string

const (
	Withdrawn Outcome = "withdrawn" // the contract is undone
	Already   Outcome = "again"     // it was undone before
	TooLate   Outcome = "late"      // the cooling-off period is over
	Unknown   Outcome = "unknown"   // it fits no contract; a worker looks
)

// Statement is what somebody says who withdraws.
type Statement struct {
	Number string `json:"number"` // customer number, as typed
	Name   string `json:"name"`
	Email  string `json:"email"` // where the receipt goes
}

// Receipt is what they get for it at once, on a durable medium too: it is mailed.
type Receipt struct {
	ID      string
	At      time.Time
	Outcome Outcome
	Cents   money.Cents // that go back for it; what went back before is not among them
}

// Statements can be made by anybody without signing in, and each sends a letter
// to an address that was typed: slow for one address, generous for a network.
var (
	perMailbox = throttle.Rule{Name: "withdrawal.mailbox", Free: 3, First: time.Minute, Most: time.Hour, Forget: time.Hour}
	perPlace   = throttle.Rule{Name: "withdrawal.network", Free: 30, First: time.Second, Most: time.Minute, Forget: time.Minute}
)

var (
	ErrNumber = fault.New(fault.Invalid, "registration.number_needed")
	// ErrDigits: a letter repeats what was typed, so it takes no sentences.
	ErrDigits = fault.New(fault.Invalid, "registration.number_digits")
	ErrName   = fault.New(fault.Invalid, "registration.name_needed")
	ErrEmail  = fault.New(fault.Invalid, "registration.email_needed")
)

// Names of the form's fields.
const (
	FieldNumber = "klantnummer"
	FieldName   = "naam"
	FieldEmail  = "email"
)

// Clean checks a statement. Little more than its being there is asked: a statement
// that is hard to make would be none (BW 6:230o). A number is digits and a name no
// address, since a letter repeats them to whoever was named.
func (s Statement) Clean() (Statement, error) {
	var wrong fault.List
	for _, f := range []struct {
		field string
		text  *string
		none  *fault.Error
	}{{FieldNumber, &s.Number, ErrNumber}, {FieldName, &s.Name, ErrName}, {FieldEmail, &s.Email, ErrEmail}} {
		*f.text = strings.Join(strings.Fields(*f.text), " ")
		if r := []rune(*f.text); len(r) > statementMost {
			*f.text = string(r[:statementMost])
		}
		if *f.text == "" {
			wrong.Add(f.field, f.none)
		}
	}
	if digits := customer.Digits(s.Number); strings.Trim(digits, "0123456789") != "" || len(digits) > 2*customer.NumberLength {
		wrong.Add(FieldNumber, ErrDigits)
	}
	var err error
	s.Name, err = customer.CleanName(s.Name)
	wrong.Add(FieldName, err)
	if s.Email != "" {
		s.Email, err = customer.CleanEmail(s.Email)
		wrong.Add(FieldEmail, err)
	}
	return s, wrong.Err()
}

const statementPurpose = "registration.withdrawal"

// statementMost is how many characters of a field are kept.
const statementMost = 254

// Declare takes a statement of withdrawal from somebody who need not be signed in.
// Every statement is kept and gets a receipt. What came of it stands only in the
// letter, since the page must not tell a stranger who is a member. The letter goes
// to the address as we know it. Who has a right to withdraw is never slowed down:
// a stranger who sends nonsense in their name must not take the last day from them.
func (o *Office) Declare(tx *sqldb.Tx, library branch.Organisation, s Statement, network string, lang words.Lang) (Receipt, error) {
	s, err := s.Clean()
	if err != nil {
		return Receipt{}, err
	}
	r, email, found, err := o.match(tx, library.ID, s)
	if err != nil {
		return Receipt{}, err
	}
	if !found || !r.MayWithdraw(day.Of(tx.Now)) {
		if err := throttle.Take(tx, []throttle.Counter{{Rule: perMailbox, Key: strings.ToLower(s.Email)}, {Rule: perPlace, Key: network}}); err != nil {
			return Receipt{}, err
		}
	}
	if found {
		s.Email = email
	}
	return o.declare(tx, library, r, found, s, "visitor", lang)
}

// Withdraw is the same for the signed-in owner of the contract, or for a worker to
// whom the customer said it; actor is which of them, as the audit log names one.
func (o *Office) Withdraw(tx *sqldb.Tx, library branch.Organisation, r Registration, actor string, lang words.Lang) (Receipt, error) {
	c, err := customer.Find(tx, r.CustomerID)
	if err != nil {
		return Receipt{}, err
	}
	email, err := o.ReceiptAddress(tx, c, r)
	if err != nil {
		return Receipt{}, err
	}
	return o.declare(tx, library, r, true, Statement{Number: c.Number, Name: c.Full(), Email: email}, actor, lang)
}

// ReceiptAddress is where the receipt of a withdrawal goes, which the law asks for
// (BW 6:230o): whoever gave the library no address has one with the login account.
func (o *Office) ReceiptAddress(tx *sqldb.Tx, c customer.Customer, r Registration) (string, error) {
	if c.Email != "" {
		return c.Email, nil
	}
	login, err := o.Enrol.Accounts.State(tx, r.AccountID)
	return login.Email, err
}

func (o *Office) declare(tx *sqldb.Tx, library branch.Organisation, r Registration, found bool, s Statement, actor string, lang words.Lang) (Receipt, error) {
	receipt := Receipt{ID: secret.NewID(), At: tx.Now, Outcome: Unknown}
	if found {
		var err error
		if receipt.Outcome, receipt.Cents, err = o.undo(tx, r, actor); err != nil {
			return receipt, err
		}
	}
	text, err := json.Marshal(s)
	if err != nil {
		return receipt, err
	}
	sealed, err := tx.Box().Seal(statementPurpose, text)
	if err != nil {
		return receipt, err
	}
	if err := insertWithdrawal(tx, receipt.ID, library.ID, r.ID, sealed, receipt.Outcome); err != nil {
		return receipt, err
	}
	if receipt.Outcome == Unknown {
		err := task.Add(tx, task.Task{OrganisationID: library.ID, Kind: task.Withdrawal, Object: "withdrawal:" + s.digest(library.ID), Facts: []task.Fact{
			{Key: "task.fact.number", Value: s.Number}, {Key: "task.fact.name", Value: s.Name}, {Key: "task.fact.email", Value: s.Email},
			{Key: "task.fact.at", Value: day.Moment(tx.Now, words.NL)},
		}})
		if err != nil {
			return receipt, err
		}
	}
	return receipt, o.mailWithdrawal(tx, library, r, s, receipt, lang)
}

// digest makes one task of a statement that is sent again and again.
func (s Statement) digest(organisationID string) string {
	sum := sha256.Sum256([]byte(organisationID + "\n" + customer.Digits(s.Number) + "\n" + strings.ToLower(s.Email)))
	return hex.EncodeToString(sum[:13])
}

// match finds the newest contract on the web of the customer whom number, name
// and address describe, and the address as we know it. All three must fit.
func (o *Office) match(tx *sqldb.Tx, organisationID string, s Statement) (r Registration, email string, found bool, err error) {
	c, err := customer.FindByNumber(tx, customer.Digits(s.Number))
	if errors.Is(err, customer.ErrUnknown) || err == nil && c.OrganisationID != organisationID {
		return r, "", false, nil
	}
	if err != nil {
		return r, "", false, err
	}
	if last := customer.Fold(c.LastName); last == "" || !strings.Contains(" "+customer.Fold(s.Name)+" ", " "+last+" ") {
		return r, "", false, nil
	}
	theirs, err := o.addresses(tx, c)
	if err != nil {
		return r, "", false, err
	}
	i := slices.IndexFunc(theirs, func(a string) bool { return a != "" && strings.EqualFold(a, s.Email) })
	if i < 0 {
		return r, "", false, nil
	}
	list, err := Contracts(tx, c.ID)
	if err != nil || len(list) == 0 {
		return r, "", false, err
	}
	return list[0], theirs[i], true, nil
}

// addresses are where a customer may write from: the address that the library
// has, that of the login account, and that of the parent of a child.
func (o *Office) addresses(tx *sqldb.Tx, c customer.Customer) ([]string, error) {
	login, err := o.Enrol.LoginState(tx, c.ID)
	if err != nil {
		return nil, err
	}
	_, guardian, err := enrol.GuardianOf(tx, c.ID)
	return []string{c.Email, login.Email, guardian}, err
}

// Declared is a statement of withdrawal as it was kept.
type Declared struct {
	Statement
	Outcome Outcome
	At      time.Time
}

// Statements are the statements that were made about a contract, oldest first.
func Statements(tx *sqldb.Tx, registrationID string) ([]Declared, error) {
	return withdrawals(tx, registrationID)
}

// Contracts are the contracts that a customer made on the web, the newest first.
func Contracts(tx *sqldb.Tx, customerID string) ([]Registration, error) {
	return registrations(tx, "customer_id = $1 AND state = 'member' ORDER BY member_at DESC, id", customerID)
}

// OfMembership is the contract behind a membership; found is false for one that
// was made at the desk.
func OfMembership(tx *sqldb.Tx, membershipID string) (Registration, bool, error) {
	return one(tx, "membership_id = $1 AND membership_id <> ''", membershipID)
}

// MayWithdraw reports whether a contract can be withdrawn from on a day.
func (r Registration) MayWithdraw(today day.Day) bool {
	return r.State == Member && r.WithdrawnAt.IsZero() && today <= r.WithdrawUntil
}

// undo withdraws from a contract: rights end, the charge is taken back, and all
// that was paid goes back the way it came.
func (o *Office) undo(tx *sqldb.Tx, r Registration, actor string) (outcome Outcome, back money.Cents, err error) {
	today := day.Of(tx.Now)
	won, err := withdraw(tx, r.ID, today)
	switch {
	case err != nil:
		return "", 0, err
	case !won && r.WithdrawnAt.IsZero() && today > r.WithdrawUntil:
		return TooLate, 0, nil
	case !won:
		return Already, 0, nil
	}
	latest, found, err := membership.Latest(tx, r.CustomerID)
	if err != nil {
		return "", 0, err
	}
	if found && latest.ID == r.MembershipID {
		_, err := membership.End(tx, r.CustomerID, membership.Withdrawn, membership.AtOnce(tx))
		if err != nil && !errors.Is(err, membership.ErrNotRunning) {
			return "", 0, err
		}
	}
	if owed := r.Agreed.BuildUp.Balance; owed > 0 {
		if _, err := ledger.Credit(tx, r.booking(r.CustomerID, r.MembershipID, "registration:"+r.ID+":credit", owed, r.Agreed.Definition.NameNL)); err != nil {
			return "", 0, err
		}
		if back, err = o.payBack(tx, r); err != nil {
			return "", 0, err
		}
	}
	return Withdrawn, back, audit.Record(tx, audit.Entry{Actor: actor, Act: "registration.withdrawn", Object: "customer:" + r.CustomerID, Branch: r.BranchID})
}

// payBack asks for what is left of the money that was paid for a contract.
func (o *Office) payBack(tx *sqldb.Tx, r Registration) (money.Cents, error) {
	p, left, err := Back(tx, r)
	if err != nil || left <= 0 {
		return 0, err
	}
	f, err := payment.Want(tx, p.ID, left, withdrawalReason)
	return f.Cents, err
}

// Back is what comes back to whoever withdraws from a contract now, and the payment
// that it comes from: what the bank took back or went back before is not paid twice.
func Back(tx *sqldb.Tx, r Registration) (payment.Payment, money.Cents, error) {
	p, found, err := payment.Used(tx, r.ID)
	if err != nil || !found {
		return p, 0, err
	}
	left, err := payment.Left(tx, p)
	return p, left, err
}

// Cancel is opzeggen: the membership runs to the end of what was paid and is not
// renewed. Asked again it stays as it was.
func (o *Office) Cancel(tx *sqldb.Tx, library branch.Organisation, customerID, membershipID string, lang words.Lang) (membership.Membership, error) {
	latest, found, err := membership.Latest(tx, customerID)
	switch {
	case err != nil:
		return latest, err
	case !found || latest.ID != membershipID || latest.State(day.Of(tx.Now)) == membership.Ended:
		return latest, membership.ErrNotRunning
	case latest.EndReason != "":
		return latest, nil
	}
	ended, err := membership.End(tx, customerID, membership.OwnWish, latest.LastDay)
	if err != nil {
		return ended, err
	}
	if err := audit.Record(tx, audit.Entry{Actor: "customer:" + customerID, Act: "registration.cancelled", Object: "customer:" + customerID, Branch: ended.BranchID}); err != nil {
		return ended, err
	}
	return ended, o.mailCancelled(tx, library, customerID, ended, lang)
}

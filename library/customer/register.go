package customer

import (
	"fmt"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// New is what it takes to register somebody.
type New struct {
	OrganisationID  string
	BranchID        string
	Type            string // Regular when empty
	Number          string // typed or scanned; "" or SystemNumber takes the next one of the branch
	Person          Person
	IBAN, BIC       string
	IdentityChecked bool
	Override        *Override // set when the clerk has seen the double and goes on
	By              By
}

// Override is the clerk's word that two records are two persons.
type Override struct{ Reason string }

// DuplicateError is ErrDuplicate with whom it is about. It reads as ErrDuplicate
// for fault and errors.Is; errors.As gets the match out.
type DuplicateError struct{ Match Match }

func (e *DuplicateError) Error() string { return ErrDuplicate.Error() + ": " + e.Match.ID }

// Unwrap shows the sentence: "Eva Tester (4 januari 1991) is al klant …".
func (e *DuplicateError) Unwrap() error {
	return ErrDuplicate.With(e.Match.ListName, e.Match.Birth, e.Match.Number)
}

// Register adds a customer. Within the transaction it looks once more for the
// same person, so that of two clerks who save one person at the same moment the
// second hears of the first; an Override goes past it. The faults of the person
// and the bank come together as a fault.List.
func Register(tx *sqldb.Tx, n New) (Customer, error) {
	c, err := n.clean(tx)
	if err != nil {
		return Customer{}, err
	}
	over, err := n.double(tx, c.Person)
	if err != nil {
		return Customer{}, err
	}
	c.ID = secret.NewID()
	if c.Number, err = n.number(tx); err != nil {
		return Customer{}, err
	}
	c.RegisteredAt, c.RegisteredBy, c.ChangedAt = tx.Now, n.By.Actor, tx.Now
	if err := insertCustomer(tx, c); err != nil {
		return Customer{}, err
	}
	if err := giveNumber(tx, c.Number, c); err != nil {
		return Customer{}, err
	}
	if over != "" {
		// The reason is the clerk's own sentence and may name a person, so it
		// stays with the customer's record and goes when that goes.
		if err := insertOverride(tx, c.ID, over, n.Override.Reason, n.By.Actor); err != nil {
			return Customer{}, err
		}
		if err := note(tx, n.By, "customer.duplicate_overridden", c.ID, over); err != nil {
			return Customer{}, err
		}
	}
	return c, note(tx, n.By, "customer.registered", c.ID, "")
}

// ReRegister takes a former customer back: same id, history kept, the same
// number unless n.Number names another or SystemNumber asks for a fresh one.
// The login account and its link stay as they are.
func ReRegister(tx *sqldb.Tx, id string, n New) (Customer, error) {
	was, err := Find(tx, id)
	if err != nil {
		return Customer{}, err
	}
	if !was.Ended(day.Of(tx.Now)) {
		return Customer{}, ErrNotEnded
	}
	if n.OrganisationID != was.OrganisationID {
		return Customer{}, ErrUnknown // another library's customer is nobody here
	}
	now, err := n.clean(tx)
	if err != nil {
		return Customer{}, err
	}
	fields := differences(was, now)
	now.ID, now.Number, now.Link, now.EndedOn = was.ID, was.Number, was.Link, was.EndedOn
	now.RegisteredAt, now.RegisteredBy, now.ChangedAt = was.RegisteredAt, was.RegisteredBy, tx.Now
	if !now.Identity.Checked {
		now.Identity = was.Identity
	}
	if err := updateCustomer(tx, now); err != nil {
		return Customer{}, err
	}
	if n.Number != "" && Digits(n.Number) != was.Number {
		number, err := n.number(tx)
		if err != nil {
			return Customer{}, err
		}
		if err := replaceNumber(tx, &now, number); err != nil {
			return Customer{}, err
		}
	}
	return now, note(tx, n.By, "customer.re_registered", id, fmt.Sprintf("%d fields", len(fields)))
}

// NextNumber gives a customer a fresh main number of their home branch and
// retires the old one. Enrolling uses it when a username that somebody chose
// elsewhere happens to equal the number.
func NextNumber(tx *sqldb.Tx, id string, by By) (Customer, error) {
	c, err := Find(tx, id)
	if err != nil {
		return Customer{}, err
	}
	number, err := Allocate(tx, c.OrganisationID, c.BranchID)
	if err != nil {
		return Customer{}, err
	}
	if err := replaceNumber(tx, &c, number); err != nil {
		return Customer{}, err
	}
	return c, note(tx, by, "customer.number_replaced", id, "")
}

func replaceNumber(tx *sqldb.Tx, c *Customer, number string) error {
	if err := endNumber(tx, c.Number, NumberReplaced); err != nil {
		return err
	}
	c.Number = number
	if err := setNumber(tx, c.ID, number); err != nil {
		return err
	}
	return giveNumber(tx, number, *c)
}

// clean checks everything that a person can mend, all at once.
func (n New) clean(tx *sqldb.Tx) (Customer, error) {
	c := Customer{OrganisationID: n.OrganisationID, BranchID: n.BranchID, Type: n.Type}
	if c.Type == "" {
		c.Type = Regular
	}
	if c.Type != Regular {
		return c, ErrType
	}
	if n.OrganisationID == "" || n.BranchID == "" {
		return c, ErrBranch
	}
	var wrong fault.List
	var err error
	if c.Person, err = n.Person.Clean(day.Of(tx.Now)); err != nil {
		wrong = append(wrong, fault.Of(err)...)
	}
	if c.IBAN, c.BIC, err = CheckBank(n.IBAN, n.BIC); err != nil {
		wrong = append(wrong, fault.Of(err)...)
	}
	if n.Override != nil {
		if _, err := cleanReason(n.Override.Reason); err != nil {
			wrong.Add(FieldReason, err)
		}
	}
	if n.IdentityChecked {
		c.Identity = Identity{Checked: true, By: n.By.Actor, At: tx.Now}
	}
	return c, wrong.Err()
}

// double returns the id of the person whom an override goes past, "" when there
// is nobody, and a *DuplicateError when there is somebody and no override.
func (n New) double(tx *sqldb.Tx, p Person) (string, error) {
	matches, err := Duplicates(tx, n.OrganisationID, p, "")
	if err != nil {
		return "", err
	}
	for _, m := range matches {
		switch {
		case !m.Same:
		case n.Override == nil:
			return "", &DuplicateError{m}
		default:
			return m.ID, nil
		}
	}
	return "", nil
}

// number takes the next number, or claims the typed one.
func (n New) number(tx *sqldb.Tx) (string, error) {
	if n.Number == "" || IsSystemNumber(n.Number) {
		return Allocate(tx, n.OrganisationID, n.BranchID)
	}
	check, err := CheckNumber(tx, n.OrganisationID, n.Number)
	if err != nil {
		return "", err
	}
	if check.State != NumberFree {
		return "", ErrNumberInUse.At(FieldNumber)
	}
	return check.Number, nil
}

// cleanReason wants a sentence, not a dot to get past the question.
func cleanReason(text string) (string, error) {
	text, err := cleanText(text, reasonMost)
	if err != nil {
		return text, err
	}
	if len([]rune(text)) < reasonLeast {
		return text, ErrReason
	}
	return text, nil
}

// An override is looked at months later by somebody else.
const (
	reasonLeast = 5
	reasonMost  = 200
)

// Overridden is a double that a clerk went past.
type Overridden struct {
	OtherID string
	Reason  string
	Actor   string
	At      time.Time
}

// Overrides returns the doubles that were gone past when id was registered.
func Overrides(tx *sqldb.Tx, id string) ([]Overridden, error) { return overrides(tx, id) }

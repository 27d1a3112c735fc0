// Package customer is the persons a library knows: names, birth date, address,
// customer number, the link to a login account, search and duplicates.
//
// Acts:
//
//	Register       adds a customer with a number and refuses a double one
//	ReRegister     takes a former customer back under the same id
//	Change         brings a person's data up to date; ChangeEmail, ChangeAddress
//	ChangeBank     and RecordIdentity do what their names say
//	NextNumber     gives a customer another main number
//	SetLink        notes the login account of a customer; ClearLink forgets it
//	MarkEnded      notes the last day of the newest membership
//	Search         answers the one search box of the desk
//	Duplicates     finds who may be the same person, also while typing
//	CheckNumber    says whether a typed or scanned number can be given out
//	Allocate       takes the next free number of a branch
//	Ranges, Low    say how many numbers are left
//	LookUp         asks the address book for street and place
//	Overrides      are the doubles that a clerk went past; Links the login accounts, to count
//
// A customer has an internal id that never changes; numbers hang below it, one
// of them the main number. A number is never used for a second person.
package customer

import (
	"embed"
	"strings"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
)

// Words are this room's sentences.
//
//go:embed words.*.txt
var Words embed.FS

// Regular is the customer type Reguliere klant, the only one so far.
const Regular = "regular"

// Names of form fields, as faults carry them and as the audit log names them.
const (
	FieldInitials    = "initials"
	FieldPrefix      = "prefix"
	FieldLastName    = "last_name"
	FieldFirstName   = "first_name"
	FieldBirth       = "birth"
	FieldCountry     = "country"
	FieldPostcode    = "postcode"
	FieldHouseNumber = "house_number" // number and addition together, "41 A"
	FieldStreet      = "street"
	FieldPlace       = "place"
	FieldAddress     = "address" // postcode and house together, in a Match
	FieldEmail       = "email"
	FieldPhone       = "phone"
	FieldLang        = "lang"
	FieldIBAN        = "iban"
	FieldBIC         = "bic"
	FieldIdentity    = "identity"
	FieldNumber      = "number"
	FieldReason      = "reason" // why a duplicate is enrolled all the same
)

// Person is who somebody is and how to reach them. Only the last name, the
// birth date and an address are required; a person with a single name has it
// as last name.
type Person struct {
	Initials  string // "E.B."
	Prefix    string // voorvoegsel: "van der"
	LastName  string // without prefix
	FirstName string // roepnaam
	Birth     day.Day
	Address   Address
	Email     string     // "" when there is none; shared within a family, never unique
	Phone     string     // as typed
	Lang      words.Lang // in which the library writes; Dutch when empty
}

// Customer is a person as the library knows them.
type Customer struct {
	ID             string // never changes, never shown
	OrganisationID string
	BranchID       string // home branch; its tariffs apply
	Type           string // Regular
	Number         string // main number, 14 digits
	Person
	IBAN, BIC    string
	Identity     Identity
	Link         Link
	EndedOn      day.Day // last day of the newest membership, past or to come; "" when none began
	RegisteredAt time.Time
	RegisteredBy string
	ChangedAt    time.Time
}

// Ended reports whether the customer is a former one (uitgeschreven) on a day.
func (c Customer) Ended(on day.Day) bool { return ended(c.EndedOn, on) }

func ended(last, on day.Day) bool { return last != "" && last < on }

// Identity is the check of a proof of identity at the desk. No copy and no
// document number is kept: that it was checked is all a library needs (AVG
// art. 5, data minimisation).
type Identity struct {
	Checked bool
	By      string // "staff:ID"
	At      time.Time
}

// How says how a login account came to a customer.
type How string

const (
	LinkNone      How = ""          // Gebruik inlogaccount: Nee
	LinkGenerated How = "generated" // Nieuw inlogaccount genereren
	LinkExisting  How = "existing"  // Bestaand inlogaccount gebruiken, proved by its owner
	LinkForgotten How = "forgotten" // Vergeet inlogaccount
)

// Link is what the library itself knows about a customer's login account. What
// state the account is in, only the identity wing knows.
type Link struct {
	AccountID string // "" unless generated or existing
	How       How
	At        time.Time // of the last change
	LeftAt    time.Time // when its owner deleted the account that was linked, or zero
}

// By is who does something and where, for the audit log.
type By struct {
	Actor  string // as in audit.Entry: "staff:ID", "account:ID", "loader"
	Branch string // branch id
}

var (
	ErrUnknown      = fault.New(fault.NotFound, "customer.unknown")
	ErrType         = fault.New(fault.Invalid, "customer.type")
	ErrBranch       = fault.New(fault.Invalid, "customer.branch")
	ErrDuplicate    = fault.New(fault.Conflict, "customer.duplicate") // a *DuplicateError says of whom
	ErrReason       = fault.New(fault.Invalid, "customer.override_reason")
	ErrNotEnded     = fault.New(fault.Conflict, "customer.not_ended")
	ErrAccountTaken = fault.New(fault.Conflict, "customer.account_taken")
)

// Find returns the customer with this id.
func Find(tx *sqldb.Tx, id string) (Customer, error) {
	return one(customers(tx, "c.id = $1", id))
}

// FindByNumber returns the customer who has, or ever had, this number.
func FindByNumber(tx *sqldb.Tx, number string) (Customer, error) {
	return one(customers(tx, "c.id = (SELECT customer_id FROM customer_number WHERE number = $1)", number))
}

// FindByAccount returns the customers, one per library organisation, who sign
// in with a login account.
func FindByAccount(tx *sqldb.Tx, accountID string) ([]Customer, error) {
	if accountID == "" {
		return nil, nil
	}
	return customers(tx, "c.account_id = $1 AND c.account_id <> ''", accountID) // written out for the partial index
}

// Numbers returns every number a customer ever had, the newest first.
func Numbers(tx *sqldb.Tx, id string) ([]Number, error) { return numbersOf(tx, id) }

func one(list []Customer, err error) (Customer, error) {
	if err != nil {
		return Customer{}, err
	}
	if len(list) == 0 {
		return Customer{}, ErrUnknown
	}
	return list[0], nil
}

// Change brings a person's data up to date and notes which fields changed, not
// what they were: the audit log outlives the right to keep the data.
func Change(tx *sqldb.Tx, id string, p Person, by By) (Customer, error) {
	return change(tx, id, by, func(c *Customer) (err error) {
		// Clean asks for all that a new customer must have; who was imported
		// with less is brought up to date as well.
		c.Person, err = p.Clean(day.Of(tx.Now))
		return err
	})
}

// ChangeEmail changes the library's own address for mail. The address of the
// login account is another one, on purpose, and stays as it is.
func ChangeEmail(tx *sqldb.Tx, id, email string, by By) (Customer, error) {
	return change(tx, id, by, func(c *Customer) (err error) {
		c.Email, err = CleanEmail(email)
		return err
	})
}

// ChangeAddress changes where a customer lives.
func ChangeAddress(tx *sqldb.Tx, id string, a Address, by By) (Customer, error) {
	return change(tx, id, by, func(c *Customer) (err error) {
		c.Address, err = a.Clean()
		return err
	})
}

// ChangeBank changes the bank account.
func ChangeBank(tx *sqldb.Tx, id, iban, bic string, by By) (Customer, error) {
	return change(tx, id, by, func(c *Customer) (err error) {
		c.IBAN, c.BIC, err = CheckBank(iban, bic)
		return err
	})
}

// RecordIdentity notes that a proof of identity was checked.
func RecordIdentity(tx *sqldb.Tx, id string, by By) (Customer, error) {
	return change(tx, id, by, func(c *Customer) error {
		c.Identity = Identity{Checked: true, By: by.Actor, At: tx.Now}
		return nil
	})
}

// SetLink notes that a customer signs in with an account. One account opens at
// most one membership of the same library.
func SetLink(tx *sqldb.Tx, id, accountID string, how How, by By) error {
	ok, err := linkAccount(tx, id, accountID, how)
	if err != nil {
		return err
	}
	if !ok {
		if _, err := Find(tx, id); err != nil {
			return err
		}
		return ErrAccountTaken
	}
	return note(tx, by, "customer.linked", id, string(how))
}

// ClearLink is the library's half of Vergeet inlogaccount. Customer, number,
// membership and money stay as they are.
func ClearLink(tx *sqldb.Tx, id string, by By) error {
	if err := unlinkAccount(tx, id); err != nil {
		return err
	}
	return note(tx, by, "customer.unlinked", id, "")
}

// Leave lets go of an account that its owner deleted: every customer who was
// linked to it, at whichever library. Their numbers, memberships and money stay.
func Leave(tx *sqldb.Tx, accountID string) (left []Customer, err error) {
	if left, err = FindByAccount(tx, accountID); err != nil {
		return nil, err
	}
	by := By{Actor: "account:" + accountID}
	for _, c := range left {
		if err := leaveAccount(tx, c.ID); err != nil {
			return nil, err
		}
		if err := note(tx, by, "customer.account_left", c.ID, ""); err != nil {
			return nil, err
		}
	}
	return left, nil
}

// MarkEnded notes the last day of a customer's newest membership, when it begins
// and again when it is ended early. Set by library/membership, so that search
// and numbers know a former customer without asking another room.
func MarkEnded(tx *sqldb.Tx, id string, last day.Day) error { return setEnded(tx, id, last) }

// change loads, alters, and saves a customer and notes the names of the fields
// that differ. Nothing is written when nothing differs.
func change(tx *sqldb.Tx, id string, by By, alter func(*Customer) error) (Customer, error) {
	was, err := Find(tx, id)
	if err != nil {
		return Customer{}, err
	}
	now := was
	if err := alter(&now); err != nil {
		return was, err
	}
	fields := differences(was, now)
	if len(fields) == 0 {
		return was, nil
	}
	now.ChangedAt = tx.Now
	if err := updateCustomer(tx, now); err != nil {
		return was, err
	}
	return now, note(tx, by, "customer.changed", id, strings.Join(fields, " "))
}

// differences names the fields in which two states of a customer differ.
func differences(a, b Customer) (names []string) {
	for _, f := range []struct {
		name string
		same bool
	}{
		{FieldInitials, a.Initials == b.Initials},
		{FieldPrefix, a.Prefix == b.Prefix},
		{FieldLastName, a.LastName == b.LastName},
		{FieldFirstName, a.FirstName == b.FirstName},
		{FieldBirth, a.Birth == b.Birth},
		{FieldCountry, a.Address.Country == b.Address.Country},
		{FieldPostcode, a.Address.Postcode == b.Address.Postcode},
		{FieldHouseNumber, a.Address.Number == b.Address.Number && a.Address.Addition == b.Address.Addition},
		{FieldStreet, a.Address.Street == b.Address.Street},
		{FieldPlace, a.Address.Place == b.Address.Place},
		{"address_checked", a.Address.Checked == b.Address.Checked},
		{FieldEmail, a.Email == b.Email},
		{FieldPhone, a.Phone == b.Phone},
		{FieldLang, a.Lang == b.Lang},
		{FieldIBAN, a.IBAN == b.IBAN},
		{FieldBIC, a.BIC == b.BIC},
		{FieldIdentity, a.Identity == b.Identity},
	} {
		if !f.same {
			names = append(names, f.name)
		}
	}
	return names
}

// note records an act on a customer. Detail holds codes and names of fields,
// never what stands in them.
func note(tx *sqldb.Tx, by By, act, id, detail string) error {
	return audit.Record(tx, audit.Entry{Actor: by.Actor, Act: act, Object: "customer:" + id, Branch: by.Branch, Detail: detail})
}

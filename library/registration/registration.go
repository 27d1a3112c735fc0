// Package registration is enrolling on the web: one visitor, signed in with the
// login account that they made first, from the first field of the form to the
// contract, and back when they think better of it.
//
//	Current, Begin, Keep, Drop            the form, kept from page to page and from day to day
//	Check, Unfinished                     what is wrong with one page of it, and which page is next
//	Agree, Free                           what it comes to: the cost build-up above the button
//	Office.Order, Stop                    Bestellen en betalen: once, however often it is pressed; and not after all
//	Office.TellKnown                      writes to the member whom a refused form describes
//	Office.Paid, Surplus, Over, Moved     what the payment says (payment.Orders)
//	MemberOf, IsMember, Contracts, OfMembership   what came of it
//	BillOf                                everything that a receipt shows
//	Office.Withdraw, Declare, Back        herroepen, within the cooling-off period, and what comes back
//	Office.Cancel                         opzeggen, at the end of what was paid
//	Office.ChangeEmail                    another address of the member, and a letter to the old one
//	DropOld                               clears forms that nobody came back to (a job)
//
// # How it goes
//
// A registration is open while it is filled in, ordered while its payment is
// under way, open again when that ended without money, and a member when the
// money is there (or none is asked). Number, customer, membership and charge are
// made in the one transaction in which the payment became paid, so that neither
// is ever there without the other. What was ordered is kept as it was agreed: a
// tariff that changes while somebody stands at the bank changes nothing.
package registration

import (
	"embed"
	"encoding/json"
	"fmt"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/outbox"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
)

// Words are this room's sentences.
//
//go:embed words.*.txt
var Words embed.FS

//go:embed mail
var mails embed.FS

// Life is how long a form that nobody touches is kept: long enough to think it
// over on a holiday, not longer, as it holds data of somebody who is no customer
// (AVG art. 5, storage limitation).
const Life = 14 * 24 * time.Hour

// TextVersion names the conditions above the button Bestellen en betalen. Whoever
// changes those sentences raises it: the contract keeps which ones were read.
const TextVersion = "2026-11-26"

// Visitor is who enrols: what the sign-on says of them.
type Visitor struct {
	AccountID     string
	Username      string
	Email         string // of the login account
	EmailVerified bool
	Lang          words.Lang
}

// State of a registration.
type State string

const (
	Open    State = "open"    // being filled in
	Ordered State = "ordered" // the payment is under way
	Member  State = "member"  // a contract
	Dropped State = "dropped" // thrown away, by the visitor or by time
)

// Registration is one visitor's registration at one library.
type Registration struct {
	ID             string
	OrganisationID string
	AccountID      string
	Username       string
	State          State
	App            enrol.Application // empty once it is over
	BranchID       string            // "" until it is ordered
	Agreed         *enrol.Agreed     // what was ordered last, nil before
	TextVersion    string            // of the conditions that were read
	CustomerID     string            // of a member
	MembershipID   string
	BegunAt        time.Time
	UpdatedAt      time.Time
	OrderedAt      time.Time
	MemberAt       time.Time // when the contract was made
	WithdrawUntil  day.Day   // the last day of the cooling-off period
	WithdrawnAt    time.Time // zero while it stands
}

var (
	// ErrNone means that there is nothing to go on with; choose a membership first.
	ErrNone = fault.New(fault.NotFound, "registration.none")
	// ErrMember means that the account is a member of this library already.
	ErrMember = fault.New(fault.Conflict, "registration.member")
	// ErrOrdered means that the payment is under way, so the form takes no changes.
	ErrOrdered = fault.New(fault.Conflict, "registration.ordered")
	// ErrOtherPerson: the account belongs to a former member born on another day.
	ErrOtherPerson = fault.New(fault.Invalid, "registration.other_person")
	// ErrKnown means that somebody like this is a member. Who exactly is not said:
	// whoever types a neighbour's name must not learn that.
	ErrKnown = fault.New(fault.Conflict, "registration.known")
	// ErrOnce means that a free trial was taken before.
	ErrOnce = fault.New(fault.Conflict, "registration.once")
	// ErrChanged means that what stood on the page is no longer true.
	ErrChanged = fault.New(fault.Conflict, "registration.changed")
	// ErrNoBranch means that no branch takes in members now.
	ErrNoBranch = fault.New(fault.Unavailable, "registration.no_branch")
)

// Links are the pages that letters point to. The roof fills them.
type Links struct {
	Reading  string // the Online Bibliotheek, signed in
	Mine     string // Mijn Menu
	Withdraw string // Hier de overeenkomst herroepen
	Receipt  func(registrationID string) string
	Register func(slug string) string // Inschrijven of a library
}

// Office does the acts that reach outside the library, and writes the letters.
type Office struct {
	Enrol    enrol.Office
	Provider func() string // the provider that takes new payments, "" for none
	Links    Links
	letters  *outbox.LetterSet
}

// New loads the letters.
func New(e enrol.Office, provider func() string, links Links) (*Office, error) {
	letters, err := outbox.Letters(mails)
	if err != nil {
		return nil, err
	}
	return &Office{Enrol: e, Provider: provider, Links: links, letters: letters}, nil
}

// Current is the registration that a visitor has under way at a library.
func Current(tx *sqldb.Tx, v Visitor, organisationID string) (Registration, error) {
	r, found, err := one(tx, "account_id = $1 AND organisation_id = $2 AND state IN ('open', 'ordered')", v.AccountID, organisationID)
	if err == nil && (!found || r.State == Open && r.UpdatedAt.Add(Life).Before(tx.Now)) {
		err = ErrNone
	}
	return r, err
}

// Find is a registration in any state, by its id.
func Find(tx *sqldb.Tx, id string) (Registration, error) {
	r, found, err := one(tx, "id = $1", id)
	if err == nil && !found {
		err = ErrNone
	}
	return r, err
}

// Begin opens a visitor's form at a library for a membership, or returns the one
// that is under way, with whatever membership it has. A former member who signs in
// with the account of then finds the form filled in. Who is a member is told so.
func Begin(tx *sqldb.Tx, v Visitor, library branch.Organisation, code string) (Registration, error) {
	r, err := Current(tx, v, library.ID)
	if fault.KindOf(err) != fault.NotFound {
		return r, err
	}
	former, found, err := ownCustomer(tx, v, library.ID)
	if err != nil {
		return r, err
	}
	app := enrol.Blank("NL")
	app.Number, app.Email = customer.SystemNumber, v.Email
	if found {
		if !former.Ended(day.Of(tx.Now)) {
			return r, ErrMember
		}
		app = enrol.Again(former)
		if app.Email == "" {
			app.Email = v.Email
		}
	}
	app.Membership, app.Lang = code, string(v.Lang)
	app.Newsletter = "" // nobody has been asked yet: see ErrNotSeen
	r = Registration{ID: secret.NewID(), OrganisationID: library.ID, AccountID: v.AccountID, Username: v.Username, State: Open, App: app, BegunAt: tx.Now, UpdatedAt: tx.Now}
	if err := dropStale(tx, v.AccountID, library.ID); err != nil {
		return r, err
	}
	won, err := insert(tx, r)
	if err == nil && !won { // another tab was a moment sooner
		return Current(tx, v, library.ID)
	}
	return r, err
}

// ownCustomer is the customer of a library who signs in with the visitor's account.
func ownCustomer(tx *sqldb.Tx, v Visitor, organisationID string) (customer.Customer, bool, error) {
	list, err := customer.FindByAccount(tx, v.AccountID)
	for _, c := range list {
		if c.OrganisationID == organisationID {
			return c, true, err
		}
	}
	return customer.Customer{}, false, err
}

// Keep writes the form as it stands now. While its payment is under way it takes
// no changes: what is paid for must be what is delivered.
func Keep(tx *sqldb.Tx, r Registration, app enrol.Application) (Registration, error) {
	r.App, r.UpdatedAt = app, tx.Now
	won, err := update(tx, r)
	if err == nil && !won {
		err = ErrOrdered
	}
	return r, err
}

// Drop throws a form away at the visitor's wish. One that is ordered stays until
// its payment is over.
func Drop(tx *sqldb.Tx, r Registration) error {
	won, err := drop(tx, r.ID)
	if err == nil && !won {
		err = ErrOrdered
	}
	return err
}

// DropOld clears what was typed into forms that nobody came back to. The row
// stays, empty, for money that comes all the same and for what was thrown away.
func DropOld(tx *sqldb.Tx) error { return dropBefore(tx, tx.Now.Add(-Life)) }

// clerk is the visitor as library/enrol knows one, at the branch of the form.
func (r Registration) clerk(branchID string) enrol.Clerk {
	lang, _ := words.Read(r.App.Lang)
	return enrol.Clerk{AccountID: r.AccountID, BranchID: branchID, Lang: lang}
}

// Branch is where a visitor from a place is taken in: the branch in that place
// when it offers the membership, or else the one that the library chose for the
// web, or else the first that enrols.
func Branch(tx *sqldb.Tx, organisationID, place string) (branch.Branch, error) {
	list, err := branch.List(tx, organisationID)
	if err != nil {
		return branch.Branch{}, err
	}
	var best branch.Branch
	rank := 0
	for _, b := range list {
		at := 1
		switch {
		case !b.Enrols:
			continue
		case place != "" && customer.Fold(b.Place) == customer.Fold(place):
			at = 3
		case b.Choices.Online:
			at = 2
		}
		if at > rank {
			best, rank = b, at
		}
	}
	if rank == 0 {
		return best, ErrNoBranch
	}
	return best, nil
}

const purpose = "registration.fields"

// seal closes the form: a copy of the database must not tell who thought of
// becoming a member.
func seal(tx *sqldb.Tx, app enrol.Application) (string, error) {
	text, err := json.Marshal(app)
	if err != nil {
		return "", err
	}
	if tx.Box() == nil {
		return "", fmt.Errorf("registration: the database has no box to seal forms with")
	}
	return tx.Box().Seal(purpose, text)
}

func unseal(tx *sqldb.Tx, sealed string) (app enrol.Application, err error) {
	if sealed == "" {
		return app, nil
	}
	text, err := tx.Box().Open(purpose, sealed)
	if err != nil {
		return app, err
	}
	return app, json.Unmarshal(text, &app)
}

// MemberOf is the customer of a library who signs in with the visitor's account,
// and whether a membership of theirs runs.
func MemberOf(tx *sqldb.Tx, v Visitor, organisationID string) (customer.Customer, bool, error) {
	own, found, err := ownCustomer(tx, v, organisationID)
	return own, found && own.EndedOn != "" && !own.Ended(day.Of(tx.Now)), err
}

// IsMember reports whether the visitor's account has a running membership at a
// library.
func IsMember(tx *sqldb.Tx, v Visitor, organisationID string) (bool, error) {
	_, member, err := MemberOf(tx, v, organisationID)
	return member, err
}

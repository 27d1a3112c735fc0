// Package ledger keeps what customers owe and what they paid, as postings in
// whole cents. A posting is added and never changed or deleted: a mistake is
// put right by another posting. The database refuses anything else.
//
//	Charge    a customer owes the library something
//	Credit    a charge is taken back, with the contract that it was for
//	Discount  the library lets some of it go
//	Pay       the customer pays at the desk, never more than is open
//	Receive   money came in online, whatever is open
//	Return    money went back online, or was taken back by the payer's bank
//	Refund    the library pays back, never more than was paid
//	Undo      a wrong payment of today is taken back
//	Balance   what is open now
//	Lines     the whole account, oldest first
//	Today     the till of a branch, to count by; OnlineToday what no till holds
//	Open      who still owes something at a branch
//
// Every act carries a command: a key that its caller makes once and repeats
// when it tries again. A command that was carried out already gives the
// posting of that time back, so a button pressed twice never books twice.
package ledger

import (
	"embed"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/money"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// Words are this room's sentences.
//
//go:embed words.*.txt
var Words embed.FS

// KeepYears is how long bookkeeping is kept (art. 52 AWR).
const KeepYears = 7

// Kind is what a posting does to the balance.
type Kind string

const (
	KindCharge   Kind = "charge"   // adds to what is open
	KindDiscount Kind = "discount" // takes from it
	KindCredit   Kind = "credit"   // takes a charge back: a credit note
	KindPayment  Kind = "payment"  // takes from it
	KindRefund   Kind = "refund"   // adds to it again
)

// Subject is what a charge is for.
type Subject string

const (
	// Contribution is the price of being a member.
	Contribution Subject = "contribution"
	// LateFee is owed for bringing something back too late. It is the one
	// thing a child may be charged for.
	LateFee Subject = "late_fee"
)

// Method is how money changed hands.
type Method string

const (
	Cash Method = "cash" // contant
	Pin  Method = "pin"
	// Online is money that came or went through the payment provider. No desk
	// takes it and no till holds it.
	Online Method = "online"
	// OnAccount (op rekening) means that nothing is paid now: no money moves,
	// so nothing is booked and the amount stays open.
	OnAccount Method = "on_account"
)

// Methods are the ways to pay at the desk, in the order the screen shows them.
var Methods = []Method{Pin, Cash, OnAccount}

// AdultAge is the age from which a contribution may be charged: a public library
// asks no contribution or registration fee from people under 18 (Wet stelsel
// openbare bibliotheekvoorzieningen, Wsob, art. 13), since 1 July 2022 for
// digital works neither. Sentences that name the age are listed by
// TestSentencesNameTheNumbersOfTheRules at the root.
const AdultAge = 18

var (
	// ErrMinor is the second lock on Wsob art. 13; the fee engine in
	// library/membership is the first.
	ErrMinor = fault.New(fault.Conflict, "ledger.minor")
	// ErrAmount means that an amount was zero or negative.
	ErrAmount = fault.New(fault.Invalid, "ledger.amount")
	// ErrMoreThanOpen means that a payment or discount was larger than what is open.
	ErrMoreThanOpen = fault.New(fault.Conflict, "ledger.more_than_open")
	// ErrMoreThanPaid means that a refund was larger than what was paid.
	ErrMoreThanPaid = fault.New(fault.Conflict, "ledger.more_than_paid")
	// ErrMethod means that a way of paying is unknown.
	ErrMethod = fault.New(fault.Invalid, "ledger.method")
	// ErrCommandReused means that one command was used for two different bookings.
	ErrCommandReused = fault.New(fault.Conflict, "ledger.command_reused")
)

// Posting is one line of a customer's account. Cents carries its sign: charges
// and refunds add to the balance, discounts and payments take from it.
type Posting struct {
	ID         string
	CustomerID string
	Kind       Kind
	Cents      money.Cents
	Subject    Subject
	ObjectID   string // the membership it belongs to, when there is one
	Text       string // what it is for, in the library's language: "Digital only"
	Method     Method
	BranchID   string
	StaffID    string
	At         time.Time
	Command    string
}

// Booking says who books what at which branch.
type Booking struct {
	Command    string // made once per intention, repeated with every try
	CustomerID string
	Cents      money.Cents // always positive; the act gives it its sign
	Subject    Subject     // of a charge; Contribution when empty
	ObjectID   string
	Text       string
	BranchID   string
	StaffID    string
}

// Charge books what a customer of this age owes. Of a person under 18 no
// contribution is taken, whatever the caller computed.
func Charge(tx *sqldb.Tx, b Booking, age int) (Posting, error) {
	if b.Subject == "" {
		b.Subject = Contribution
	}
	if b.Subject == Contribution && age < AdultAge {
		return Posting{}, ErrMinor
	}
	return b.post(tx, KindCharge, "", insertFree)
}

// Discount lets some of what is open go.
func Discount(tx *sqldb.Tx, b Booking) (Posting, error) {
	return b.post(tx, KindDiscount, "", insertUpToOpen)
}

// Pay books a payment at the desk, up to what is open. On account books
// nothing and returns an empty posting: the amount stays open.
func Pay(tx *sqldb.Tx, b Booking, m Method) (Posting, error) {
	switch m {
	case OnAccount:
		return Posting{}, nil
	case Cash, Pin:
		return b.post(tx, KindPayment, m, insertUpToOpen)
	}
	return Posting{}, ErrMethod
}

// Refund pays back some of what the customer paid.
func Refund(tx *sqldb.Tx, b Booking, m Method) (Posting, error) {
	if m != Cash && m != Pin {
		return Posting{}, ErrMethod
	}
	return b.post(tx, KindRefund, m, insertUpToPaid)
}

// Credit takes a charge back, because the contract that it was for is undone. It
// may make the balance negative: then the library owes the customer, until the
// money has gone back.
func Credit(tx *sqldb.Tx, b Booking) (Posting, error) {
	return b.post(tx, KindCredit, "", insertFree)
}

// Receive books money that came in online. It has come whatever is open, so
// nothing may refuse it.
func Receive(tx *sqldb.Tx, b Booking) (Posting, error) {
	return b.post(tx, KindPayment, Online, insertFree)
}

// Return books money that left online: a refund that was carried out, or what
// the payer's bank took back.
func Return(tx *sqldb.Tx, b Booking) (Posting, error) {
	return b.post(tx, KindRefund, Online, insertFree)
}

// Balance is what the customer owes now. It is negative while the library owes
// the customer: after a credit, or when more came in online than was open.
func Balance(tx *sqldb.Tx, customerID string) (money.Cents, error) {
	return selectBalance(tx, customerID)
}

// Booked reports whether a command was carried out.
func Booked(tx *sqldb.Tx, command string) (bool, error) {
	_, found, err := selectCommand(tx, command)
	return found, err
}

// Lines is the customer's whole account, oldest first.
func Lines(tx *sqldb.Tx, customerID string) ([]Posting, error) {
	return selectLines(tx, customerID)
}

// post books b once. insert guards the limit of its kind in the statement
// itself, so that two desks cannot both find room for the same payment.
func (b Booking) post(tx *sqldb.Tx, kind Kind, m Method, insert func(*sqldb.Tx, Posting) (bool, error)) (Posting, error) {
	if b.Cents <= 0 {
		return Posting{}, ErrAmount
	}
	if b.Command == "" {
		b.Command = secret.NewID()
	}
	p := Posting{
		ID: secret.NewID(), CustomerID: b.CustomerID, Kind: kind, Cents: b.Cents, Subject: b.Subject, ObjectID: b.ObjectID,
		Text: b.Text, Method: m, BranchID: b.BranchID, StaffID: b.StaffID, At: tx.Now, Command: b.Command,
	}
	if kind == KindDiscount || kind == KindCredit || kind == KindPayment {
		p.Cents = -p.Cents
	}
	ok, err := insert(tx, p)
	if err != nil || ok {
		return p, err
	}
	before, found, err := selectCommand(tx, b.Command)
	switch {
	case err != nil:
		return Posting{}, err
	case found && before.CustomerID == p.CustomerID && before.Kind == kind && before.Cents == p.Cents:
		return before, nil
	case found:
		return Posting{}, ErrCommandReused
	case kind == KindRefund:
		return Posting{}, ErrMoreThanPaid
	}
	open, err := selectBalance(tx, b.CustomerID)
	if err != nil {
		return Posting{}, err
	}
	return Posting{}, ErrMoreThanOpen.With(b.Cents, open)
}

// Package loan lends titles of the Online Bibliotheek and takes them back.
//
//	Borrow   lends a title to a reader who may have it; twice is once
//	Return   takes it back
//	Shelf    lists what a reader has now
//	Held     is the loan by which a reader opens a book
//	Remember keeps where somebody is reading; PlaceOf finds it again
//	Sweep    ends what is over
//
// A reader is known here only as a digest of what the sign-on said, and a loan
// that ended keeps no reader: nobody can ask this table what somebody read.
package loan

import (
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
)

// Words are the sentences of this room.
//
//go:embed words.*.txt
var Words embed.FS

// Rules are what a reader may borrow. They are data, because forms of membership
// differ in them.
type Rules struct {
	EBooks     int // at the same time
	Audiobooks int // at the same time, beside the e-books
	Days       int // after the day of borrowing; the last one counts whole
}

// Usual are the rules of the national platform for the form that it calls
// Compleet (terms of use of onlinebibliotheek.nl, 29 July 2020).
var Usual = Rules{EBooks: 10, Audiobooks: 10, Days: 21}

// limit is how many titles of a kind a reader may have at once.
func (r Rules) limit(k catalogue.Kind) int {
	if k == catalogue.Audiobook {
		return r.Audiobooks
	}
	return r.EBooks
}

// due is when a loan made at an instant ends: at midnight after the last day, so
// that "until 14 December" means the whole of 14 December, also over the nights
// in which the clocks change.
func (r Rules) due(at time.Time) time.Time {
	return day.Of(at).AddDays(r.Days + 1).Start()
}

// Reader is somebody as the sign-on names them: an issuer and a subject.
type Reader string

// ReaderOf makes the Reader of what an ID token says. It is a digest under the
// master key, so that a copy of the database, which may hold the accounts too,
// does not tell who reads what.
func ReaderOf(box *secret.Box, issuer, subject string) Reader {
	mac := hmac.New(sha256.New, box.Derive("reader"))
	mac.Write([]byte(issuer + "\x00" + subject))
	return Reader(hex.EncodeToString(mac.Sum(nil)))
}

// Loan is a title in a reader's hands.
type Loan struct {
	ID       string // opens nothing without the reader's session
	Title    catalogue.Title
	LentAt   time.Time
	DueAt    time.Time // the first instant at which it is over
	Progress int       // how far the reader is, in thousandths
}

// DaysLeft is how many days the loan lasts after today; 0 on its last day.
func (l Loan) DaysLeft(now time.Time) int {
	today, last := day.Of(now), day.Of(l.DueAt.Add(-time.Second))
	n := 0
	for d := today; d < last; d = d.AddDays(1) {
		n++
	}
	return n
}

// LastDay is the last day on which the title can be read.
func (l Loan) LastDay() day.Day { return day.Of(l.DueAt.Add(-time.Second)) }

var (
	// ErrNotYours means that the reader does not have the title now.
	ErrNotYours = fault.New(fault.Denied, "loan.not_yours")
	// ErrManyEBooks and ErrManyAudiobooks say the limit; giving one back helps.
	ErrManyEBooks     = fault.New(fault.Denied, "loan.many_ebooks")
	ErrManyAudiobooks = fault.New(fault.Denied, "loan.many_audiobooks")
)

// Borrow lends a title. Borrowing what one has gives the same loan and does not
// extend it, so that a second click, a reload or sixteen at once do no harm.
func Borrow(tx *sqldb.Tx, rules Rules, reader Reader, rights Rights, titleID string) (Loan, error) {
	title, err := catalogue.Find(tx, titleID)
	if err != nil {
		return Loan{}, err
	}
	if err := rights.Check(day.Of(tx.Now)); err != nil {
		return Loan{}, err
	}
	if err := endOverdue(tx, reader); err != nil { // frees the place of a loan that ended last night
		return Loan{}, err
	}
	l := Loan{ID: secret.NewID(), Title: title, LentAt: tx.Now, DueAt: rules.due(tx.Now)}
	lent, err := insertLoan(tx, l, reader, rules.limit(title.Kind))
	if err != nil || lent {
		return l, err
	}
	// Not lent: the reader has it already, or has as many as may be.
	if has, found, err := loanOf(tx, reader, titleID); err != nil || found {
		return has, err
	}
	if title.Kind == catalogue.Audiobook {
		return Loan{}, ErrManyAudiobooks.With(rules.Audiobooks)
	}
	return Loan{}, ErrManyEBooks.With(rules.EBooks)
}

// Return takes a title back. Returning it twice is as good as once.
func Return(tx *sqldb.Tx, reader Reader, titleID string) error {
	return endLoan(tx, reader, titleID)
}

// Shelf lists what a reader has now, the first to go back on top.
func Shelf(tx *sqldb.Tx, reader Reader) ([]Loan, error) { return loansOf(tx, reader) }

// Held returns the reader's loan of a title. It is asked again for every page
// and every second of sound: what ended is closed at once.
func Held(tx *sqldb.Tx, reader Reader, titleID string) (Loan, error) {
	l, found, err := loanOf(tx, reader, titleID)
	if err == nil && !found {
		err = ErrNotYours
	}
	return l, err
}

// Sweep ends the loans that are over and forgets who had them.
func Sweep(tx *sqldb.Tx) error { return endAllOverdue(tx) }

// Package loan lends titles of the Online Bibliotheek and takes them back.
//
//	Borrow   lends a title to a reader who may have it; twice is once
//	Extend   gives a loan that is nearly over some weeks more
//	Return   takes it back
//	Shelf    lists what a reader has now
//	Held     is the loan by which a reader opens a book
//	Opened   is Held for a caller with the title in memory
//	Remember keeps where somebody is reading; PlaceOf finds it again
//	AddBookmark puts a bookmark; Bookmarks lists them, RemoveBookmark takes one away
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
	Extended int       // how often
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
	// ErrYouthOnly means that the title is not for children, and the membership is.
	ErrYouthOnly = fault.New(fault.Denied, "loan.youth_only")
	// ErrWithdrawn means that the title is not lent any more.
	ErrWithdrawn = fault.New(fault.Denied, "loan.withdrawn")
	// ErrTooEarly says from which day a loan can be extended.
	ErrTooEarly = fault.New(fault.Denied, "loan.too_early")
	// ErrExtended means that a loan was extended as often as may be.
	ErrExtended = fault.New(fault.Denied, "loan.extended")
)

// Borrow lends a title. Borrowing what one has gives the same loan and does not
// extend it, so that a second click, a reload or sixteen at once do no harm.
func Borrow(tx *sqldb.Tx, reader Reader, rights Rights, titleID string) (Loan, error) {
	title, err := catalogue.Find(tx, titleID)
	if err != nil {
		return Loan{}, err
	}
	rules, err := rulesFor(tx, rights)
	if err != nil {
		return Loan{}, err
	}
	if err := deleteOverdueBookmarks(tx, reader); err != nil {
		return Loan{}, err
	}
	if err := endOverdue(tx, reader); err != nil { // frees the place of a loan that ended last night
		return Loan{}, err
	}
	if has, found, err := loanOf(tx, reader, titleID); err != nil || found {
		return has, err
	}
	switch {
	case title.Withdrawn:
		return Loan{}, ErrWithdrawn
	case rules.Youth && !title.Youth:
		return Loan{}, ErrYouthOnly
	}
	l := Loan{ID: secret.NewID(), Title: title, LentAt: tx.Now, DueAt: endOf(day.Of(tx.Now).AddDays(rules.Days))}
	lent, err := insertLoan(tx, l, reader, rules.limit(title.Kind))
	if err != nil || lent {
		return l, err
	}
	// Not lent: a click beside this one was first, or the reader has as many as may be.
	if has, found, err := loanOf(tx, reader, titleID); err != nil || found {
		return has, err
	}
	if title.Kind == catalogue.Audiobook {
		return Loan{}, ErrManyAudiobooks.With(rules.Audiobooks)
	}
	return Loan{}, ErrManyEBooks.With(rules.EBooks)
}

// endOf is the first instant after a day: "until 14 December" means the whole of
// 14 December, also over the nights in which the clocks change.
func endOf(last day.Day) time.Time { return last.AddDays(1).Start() }

// Extend gives a loan more days, counted from its last one. It counts as lending:
// who may not borrow now may not extend either. Only a loan in its last days can
// be extended, which also makes a second click harmless.
func Extend(tx *sqldb.Tx, reader Reader, rights Rights, titleID string) (Loan, error) {
	l, err := Held(tx, reader, titleID)
	if err != nil {
		return l, err
	}
	rules, err := rulesFor(tx, rights)
	switch {
	case err != nil:
		return l, err
	case l.Extended >= rules.Extensions:
		return l, ErrExtended.With(l.LastDay())
	case l.Title.Withdrawn:
		return l, ErrWithdrawn
	case rules.Youth && !l.Title.Youth:
		return l, ErrYouthOnly
	case !l.Extendable(rules, tx.Now):
		return l, ErrTooEarly.With(l.extendFrom(rules))
	}
	due := endOf(l.LastDay().AddDays(rules.ExtendDays))
	n, err := extendLoan(tx, l, due)
	if err == nil && n == 0 { // given back meanwhile
		err = ErrNotYours
	}
	l.DueAt, l.Extended = due, l.Extended+1
	return l, err
}

// Extendable reports whether a loan can be extended now.
func (l Loan) Extendable(rules Rules, now time.Time) bool {
	return l.Extended < rules.Extensions && day.Of(now) >= l.extendFrom(rules) && now.Before(l.DueAt)
}

// extendFrom is the first day on which a loan can be extended: with three last
// days the last one and the two before it.
func (l Loan) extendFrom(rules Rules) day.Day { return l.LastDay().AddDays(1 - rules.ExtendFrom) }

// Return takes a title back. Returning it twice is as good as once.
func Return(tx *sqldb.Tx, reader Reader, titleID string) error {
	if err := deleteBookmarks(tx, reader, titleID); err != nil {
		return err
	}
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

// Opened is Held for a caller with the title in memory: of the title it fills only
// ID and Version, to compare. A player asks for a track in many pieces, and reading
// the title each time would take longer than the loan.
func Opened(tx *sqldb.Tx, reader Reader, titleID string) (Loan, error) {
	l, found, err := openedLoan(tx, reader, titleID)
	if err == nil && !found {
		err = ErrNotYours
	}
	return l, err
}

// Sweep ends the loans that are over and forgets who had them.
func Sweep(tx *sqldb.Tx) error {
	if err := deleteAllOverdueBookmarks(tx); err != nil {
		return err
	}
	return endAllOverdue(tx)
}

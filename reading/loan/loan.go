// Package loan lends titles of the Online Bibliotheek and takes them back.
//
//	Borrow   lends a title to a reader who may have it; twice is once
//	ChanceOf is what a reader can do with a title before they press anything
//	Extend   gives a loan that is nearly over some weeks more
//	Return   takes it back
//	Shelf    lists what a reader has now
//	Held     is the loan by which a reader opens a book
//	Remember keeps where somebody is reading; PlaceOf finds it again, Begin keeps it in a loan without one
//	AddBookmark puts a bookmark; Bookmarks lists them, RemoveBookmark takes one away
//	SetTerm  writes what a right of a membership lends; TermsOf reads it
//	Popular  counts the loans of each title; Counts those of each month
//	Sweep    ends what is over; Fold keeps only the number of what is long over
//	Memory   answers the doors of one program what they ask over and over
//
// A reader is known here only as a digest of what the sign-on said, a loan knows
// its days and no instants, and one that ended keeps no reader: nobody can ask this
// table what somebody read.
package loan

import (
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"slices"
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
	LentAt   time.Time // the beginning of the day of lending: no more is kept, lest the log of a web server tells whose it is
	DueAt    time.Time // the first instant at which it is over
	Extended int       // how often
	Progress int       // how far the reader is, in thousandths

	// What Held knows besides.
	Bookmarks int // how many there are
	place     string
	placedAt  time.Time
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
	// ErrManyEBooks and ErrManyAudiobooks say how many the reader has, how many may
	// be, and how many have to go back first: after a change of the rules one may
	// have more than may be.
	ErrManyEBooks     = fault.New(fault.Denied, "loan.many_ebooks")
	ErrManyAudiobooks = fault.New(fault.Denied, "loan.many_audiobooks")
	// ErrNoEBooks and ErrNoAudiobooks mean that the rules lend none of these.
	ErrNoEBooks     = fault.New(fault.Denied, "loan.no_ebooks")
	ErrNoAudiobooks = fault.New(fault.Denied, "loan.no_audiobooks")
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
	if err := rules.refuse(title); err != nil {
		return Loan{}, err
	}
	today := day.Of(tx.Now)
	l := Loan{ID: secret.NewID(), Title: title, LentAt: today.Start(), DueAt: endOf(today.AddDays(rules.Days))}
	lent, err := insertLoan(tx, l, reader, rules.limit(title.Kind))
	if err != nil || lent {
		return l, err
	}
	// Not lent: a click beside this one was first, or the reader has as many as may be.
	if has, found, err := loanOf(tx, reader, titleID); err != nil || found {
		return has, err
	}
	n, err := countOf(tx, reader, title.Kind)
	if err != nil {
		return Loan{}, err
	}
	return Loan{}, rules.full(title.Kind, n)
}

// Chance is what a reader can do with a title.
type Chance struct {
	Loan    *Loan  // what they have of it, nil for nothing
	Rules   Rules  // the zero Rules for who may borrow nothing
	Refused error  // why they cannot borrow it now; nil for who can, or has it
	Full    []Loan // the loans of this kind, when one of them has to go back first
}

// ChanceOf tells what who has these loans can do with a title on a day. It promises
// nothing: Borrow decides.
func ChanceOf(has []Loan, rights Rights, terms Terms, title catalogue.Title, on day.Day) Chance {
	var c Chance
	alike := 0
	for i := range has { // a loan is large, and most are not the one
		l := &has[i]
		if l.Title.ID == title.ID {
			c.Loan = l
		}
		if l.Title.Kind == title.Kind {
			alike++
		}
	}
	rules, refused := rights.Rules(terms, on)
	c.Rules = rules
	switch {
	case c.Loan != nil:
		return c
	case refused == nil:
		refused = rules.refuse(title)
	}
	if c.Refused = refused; refused == nil && alike >= rules.limit(title.Kind) {
		c.Refused = rules.full(title.Kind, alike)
		if rules.limit(title.Kind) > 0 {
			c.Full = slices.DeleteFunc(slices.Clone(has), func(l Loan) bool { return l.Title.Kind != title.Kind })
		}
	}
	return c
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
	}
	if err := rules.refuse(l.Title); err != nil {
		return l, err
	}
	if !l.Extendable(rules, tx.Now) {
		return l, ErrTooEarly.With(l.ExtendFrom(rules))
	}
	due := endOf(l.ExtendsTo(rules))
	n, err := extendLoan(tx, l, due)
	if err == nil && n == 0 { // given back meanwhile
		err = ErrNotYours
	}
	l.DueAt, l.Extended = due, l.Extended+1
	return l, err
}

// Extendable reports whether a loan can be extended now.
func (l Loan) Extendable(rules Rules, now time.Time) bool {
	return l.MayExtend(rules) && day.Of(now) >= l.ExtendFrom(rules) && now.Before(l.DueAt)
}

// MayExtend reports whether a loan can be extended now or in its last days.
func (l Loan) MayExtend(rules Rules) bool {
	return l.Extended < rules.Extensions && rules.refuse(l.Title) == nil
}

// ExtendFrom is the first day on which a loan can be extended: with three last
// days the last one and the two before it.
func (l Loan) ExtendFrom(rules Rules) day.Day { return l.LastDay().AddDays(1 - rules.ExtendFrom) }

// ExtendsTo is the last day that a loan gets when it is extended.
func (l Loan) ExtendsTo(rules Rules) day.Day { return l.LastDay().AddDays(rules.ExtendDays) }

// Return takes a title back, and says whether the reader had it. Returning it twice is
// as good as once.
func Return(tx *sqldb.Tx, reader Reader, titleID string) (had bool, err error) {
	if err := deleteBookmarks(tx, reader, titleID); err != nil {
		return false, err
	}
	n, err := endLoan(tx, reader, titleID)
	return n > 0, err
}

// Shelf lists what a reader has now, the first to go back on top.
func Shelf(tx *sqldb.Tx, reader Reader) ([]Loan, error) { return loansOf(tx, reader) }

// Held returns the reader's loan of a title. It is asked again for every page: what
// ended is closed at once. The pieces of a page and of a track ask Memory.
func Held(tx *sqldb.Tx, reader Reader, titleID string) (Loan, error) {
	l, found, err := loanOf(tx, reader, titleID)
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

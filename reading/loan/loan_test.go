package loan_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
)

var (
	zoe    = readerNamed("zoe")
	noon   = time.Date(2026, 11, 23, 11, 0, 0, 0, time.UTC)
	rights = loan.Rights{{Library: "Bind", Name: "Digital only", Rights: []string{"digital"}, ValidThrough: "2027-11-30", State: loan.Active}}
)

func readerNamed(subject string) loan.Reader {
	box, err := secret.NewBox(make([]byte, secret.MasterLength))
	if err != nil {
		panic(err)
	}
	return loan.ReaderOf(box, "https://oidc.example", subject)
}

// titles enters n titles that need no files.
func titles(t *testing.T, db *sqldb.DB, kind catalogue.Kind, n int) (ids []string) {
	t.Helper()
	db.Now = func() time.Time { return noon }
	err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		ids = nil
		for i := range n {
			x, err := catalogue.Add(tx, &catalogue.Publication{Title: catalogue.Title{Digest: secret.NewID(), Kind: kind, Name: fmt.Sprint("Titel ", i)}})
			if err != nil {
				return err
			}
			ids = append(ids, x.ID)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func borrow(t *testing.T, db *sqldb.DB, r loan.Reader, may loan.Rights, title string) (l loan.Loan, err error) {
	err = db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		var err error
		l, err = loan.Borrow(tx, r, may, title)
		return err
	})
	return l, err
}

func must(t *testing.T, db *sqldb.DB, f func(*sqldb.Tx) error) {
	t.Helper()
	if err := db.InTx(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func shelf(t *testing.T, db *sqldb.DB, r loan.Reader) (list []loan.Loan) {
	t.Helper()
	must(t, db, func(tx *sqldb.Tx) (err error) { list, err = loan.Shelf(tx, r); return err })
	return list
}

func TestSixteenClicksBorrowOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		id := titles(t, db, catalogue.EBook, 1)[0]
		var all sync.WaitGroup
		var mu sync.Mutex
		seen := map[string]int{}
		for range 16 {
			all.Go(func() {
				l, err := borrow(t, db, zoe, rights, id)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				seen[l.ID]++
				mu.Unlock()
			})
		}
		all.Wait()
		if len(seen) != 1 || len(shelf(t, db, zoe)) != 1 {
			t.Errorf("sixteen clicks made loans %v", seen)
		}
	})
}

func TestTheEleventhIsRefusedAlsoInARace(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ids := titles(t, db, catalogue.EBook, 17)
		for _, id := range ids[:9] {
			if _, err := borrow(t, db, zoe, rights, id); err != nil {
				t.Fatal(err)
			}
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		lent := 0
		for _, id := range ids[9:] {
			all.Go(func() {
				_, err := borrow(t, db, zoe, rights, id)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					lent++
				} else if !errors.Is(err, loan.ErrManyEBooks) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if lent != 1 || len(shelf(t, db, zoe)) != 10 {
			t.Errorf("with nine on loan %d more were lent, want 1", lent)
		}
		// Audiobooks have a limit of their own, and another reader is no matter.
		audio := titles(t, db, catalogue.Audiobook, 11)
		for i, id := range audio {
			if _, err := borrow(t, db, zoe, rights, id); (err != nil) != (i == 10) || i == 10 && !errors.Is(err, loan.ErrManyAudiobooks) {
				t.Errorf("audiobook %d: %v", i+1, err)
			}
		}
		if _, err := borrow(t, db, readerNamed("ada"), rights, ids[0]); err != nil {
			t.Error(err)
		}
		// Who has ten may still open the ones they have.
		if _, err := borrow(t, db, zoe, rights, ids[0]); err != nil {
			t.Errorf("borrowing again what one has: %v", err)
		}
		// Giving one back makes room.
		must(t, db, func(tx *sqldb.Tx) error { _, err := loan.Return(tx, zoe, ids[0]); return err })
		must(t, db, func(tx *sqldb.Tx) error { _, err := loan.Return(tx, zoe, ids[0]); return err })
		if _, err := borrow(t, db, zoe, rights, ids[0]); err != nil {
			t.Error(err)
		}
	})
}

func TestALoanLastsTwentyOneDaysAndTheWholeOfTheLast(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		id := titles(t, db, catalogue.EBook, 1)[0]
		first, err := borrow(t, db, zoe, rights, id)
		if err != nil {
			t.Fatal(err)
		}
		if first.LastDay() != "2026-12-14" || first.DaysLeft(noon) != 21 {
			t.Errorf("until %s, %d days left", first.LastDay(), first.DaysLeft(noon))
		}
		last := time.Date(2026, 12, 14, 23, 59, 59, 0, day.Amsterdam)
		db.Now = func() time.Time { return last }
		if again, err := borrow(t, db, zoe, rights, id); err != nil || again.ID != first.ID || !again.DueAt.Equal(first.DueAt) {
			t.Errorf("borrowing again gave %+v, %v; want the same loan, not extended", again, err)
		}
		if first.DaysLeft(last) != 0 {
			t.Errorf("%d days left on the last day", first.DaysLeft(last))
		}
		must(t, db, func(tx *sqldb.Tx) error { _, err := loan.Held(tx, zoe, id); return err })
		must(t, db, func(tx *sqldb.Tx) error { return loan.Remember(tx, zoe, id, loan.Place{Href: "a", Total: .5}) })

		db.Now = func() time.Time { return last.Add(time.Second) }
		if err := db.Read(t.Context(), func(tx *sqldb.Tx) error { _, err := loan.Held(tx, zoe, id); return err }); !errors.Is(err, loan.ErrNotYours) {
			t.Errorf("after midnight: %v", err)
		}
		if n := len(shelf(t, db, zoe)); n != 0 {
			t.Errorf("%d on the shelf after midnight", n)
		}
		if err := db.InTx(t.Context(), func(tx *sqldb.Tx) error { return loan.Remember(tx, zoe, id, loan.Place{Href: "a"}) }); !errors.Is(err, loan.ErrNotYours) {
			t.Errorf("place of a loan that is over: %v", err)
		}
		if again, err := borrow(t, db, zoe, rights, id); err != nil || again.ID == first.ID {
			t.Errorf("borrowing anew: %v", err)
		}
	})
}

func TestAnEndedLoanForgetsItsReader(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ids := titles(t, db, catalogue.EBook, 3)
		for _, id := range ids {
			if _, err := borrow(t, db, zoe, rights, id); err != nil {
				t.Fatal(err)
			}
		}
		must(t, db, func(tx *sqldb.Tx) error {
			return loan.Remember(tx, zoe, ids[0], loan.Place{Href: "a", Fragment: "x", Total: .25})
		})
		must(t, db, func(tx *sqldb.Tx) error { _, err := loan.Return(tx, zoe, ids[0]); return err })
		db.Now = func() time.Time { return noon.AddDate(0, 0, 30) }
		must(t, db, loan.Sweep)
		var readers, places, loans int
		must(t, db, func(tx *sqldb.Tx) error {
			_, err := tx.One(`SELECT COUNT(reader), COUNT(place), COUNT(*) FROM loan`, nil, &readers, &places, &loans)
			return err
		})
		if readers != 0 || places != 0 || loans != 3 {
			t.Errorf("%d readers and %d places kept with %d ended loans", readers, places, loans)
		}
	})
}

func TestWhoMayNotBorrowHearsWhy(t *testing.T) {
	const today = day.Day("2026-11-23")
	terms := loan.Terms{"digital": {EBooks: 10}}
	digital := []string{"digital"}
	for name, c := range map[string]struct {
		rights loan.Rights
		want   *fault.Error
	}{
		"no membership":                        {nil, loan.ErrNoMembership},
		"books of paper only":                  {loan.Rights{{Rights: []string{"physical"}, ValidThrough: "2027-01-01", State: loan.Active}}, loan.ErrNoDigital},
		"last day":                             {loan.Rights{{Rights: digital, ValidThrough: today, State: loan.Active}}, nil},
		"the day after":                        {loan.Rights{{Rights: digital, ValidThrough: today.AddDays(-1), State: loan.Active}}, loan.ErrEnded},
		"without end":                          {loan.Rights{{Rights: digital, State: loan.Active}}, nil},
		"blocked":                              {loan.Rights{{Rights: digital, ValidThrough: "2027-01-01", State: "suspended"}}, loan.ErrBlocked},
		"to begin, the first counts":           {loan.Rights{{Rights: digital, ValidFrom: "2027-03-01", State: loan.Upcoming}, {Rights: digital, ValidFrom: today.AddDays(1), State: loan.Upcoming}}, loan.ErrUpcoming.With(today.AddDays(1), "")},
		"ended, and to begin again":            {loan.Rights{{Rights: digital, ValidThrough: "2020-01-01", State: "ended"}, {Rights: digital, ValidFrom: today.AddDays(1), State: loan.Upcoming}}, loan.ErrUpcoming},
		"running, and paper to begin":          {loan.Rights{{Rights: digital, State: loan.Active}, {Rights: digital, ValidFrom: today.AddDays(1), State: loan.Upcoming}}, nil},
		"paper to begin":                       {loan.Rights{{Rights: []string{"physical"}, ValidFrom: today.AddDays(1), State: loan.Upcoming}}, loan.ErrNoDigital},
		"a state that nobody knows":            {loan.Rights{{Rights: digital, State: "frozen"}}, loan.ErrBlocked},
		"ended here, running there":            {loan.Rights{{Rights: digital, ValidThrough: "2020-01-01", State: loan.Active}, {Rights: digital, ValidThrough: "2027-01-01", State: loan.Active}}, nil},
		"paper here, ended digital membership": {loan.Rights{{Rights: []string{"physical"}, State: loan.Active}, {Rights: digital, ValidThrough: "2026-01-31", State: loan.Active}}, loan.ErrEnded},
	} {
		_, err := c.rights.Rules(terms, today)
		if c.want == nil && err != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if c.want != nil && len(c.want.Args) > 0 && !slices.Equal(fault.Of(err)[0].Args, c.want.Args) {
			t.Errorf("%s: says %v, want %v", name, fault.Of(err)[0].Args, c.want.Args)
		}
	}
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		id := titles(t, db, catalogue.EBook, 1)[0]
		ended := loan.Rights{{Library: "Bind", Rights: digital, ValidThrough: "2026-10-31", State: loan.Active}}
		_, err := borrow(t, db, zoe, ended, id)
		if !errors.Is(err, loan.ErrEnded) || fault.KindOf(err) != fault.Denied || fault.Of(err)[0].Args[0] != day.Day("2026-10-31") {
			t.Errorf("refused with %v", err)
		}
		if _, err := borrow(t, db, zoe, rights, "nope"); !errors.Is(err, catalogue.ErrNoTitle) {
			t.Errorf("a title that is not there: %v", err)
		}
	})
}

func TestThePlaceIsKeptWithTheLoan(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		id := titles(t, db, catalogue.EBook, 1)[0]
		if _, err := borrow(t, db, zoe, rights, id); err != nil {
			t.Fatal(err)
		}
		find := func() (p loan.Place, found bool) {
			must(t, db, func(tx *sqldb.Tx) (err error) { p, found, err = loan.PlaceOf(tx, zoe, id); return err })
			return p, found
		}
		if _, found := find(); found {
			t.Error("a book that was never opened has a place")
		}
		want := loan.Place{Href: "EPUB/c1.xhtml", Fragment: "epubcfi(/6/4!/4/2)", Total: .254}
		must(t, db, func(tx *sqldb.Tx) error { return loan.Remember(tx, zoe, id, want) })
		got, found := find()
		if want.At = noon; !found || got != want {
			t.Errorf("found %+v, want %+v", got, want)
		}
		if l := shelf(t, db, zoe)[0]; l.Progress != 254 {
			t.Errorf("progress %d", l.Progress)
		}
		for _, bad := range []loan.Place{{Total: 1.1}, {Total: -1}, {Href: "\xff"}, {Fragment: string(bytes.Repeat([]byte("x"), 3000))}} {
			if err := db.InTx(t.Context(), func(tx *sqldb.Tx) error { return loan.Remember(tx, zoe, id, bad) }); !errors.Is(err, loan.ErrBadPlace) {
				t.Errorf("%.40v: %v", bad, err)
			}
		}
	})
}

func TestALoanIsExtendedOnceInItsLastThreeDays(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		id := titles(t, db, catalogue.EBook, 1)[0]
		if _, err := borrow(t, db, zoe, rights, id); err != nil {
			t.Fatal(err)
		}
		extend := func(may loan.Rights) (l loan.Loan, err error) {
			err = db.InTx(t.Context(), func(tx *sqldb.Tx) (err error) { l, err = loan.Extend(tx, zoe, may, id); return err })
			return l, err
		}
		at := func(day, hour int) {
			db.Now = func() time.Time { return time.Date(2026, 12, day, hour, 0, 0, 0, time.UTC) }
		}
		at(11, 22) // 23:00 in Amsterdam; the last day is the 14th
		if _, err := extend(rights); !errors.Is(err, loan.ErrTooEarly) || fault.Of(err)[0].Args[0] != day.Day("2026-12-12") {
			t.Errorf("before the last three days: %v", err)
		}
		at(11, 23)
		if _, err := extend(loan.Rights{{Rights: []string{"digital"}, ValidThrough: "2026-12-10", State: loan.Active}}); !errors.Is(err, loan.ErrEnded) {
			t.Errorf("with a membership that ended: %v", err)
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		extended := 0
		for range 16 {
			all.Go(func() {
				_, err := extend(rights)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					extended++
				} else if !errors.Is(err, loan.ErrExtended) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		l := shelf(t, db, zoe)[0]
		if extended != 1 || l.LastDay() != "2027-01-04" || l.Extended != 1 {
			t.Errorf("sixteen clicks extended %d times, until %s", extended, l.LastDay())
		}
		db.Now = func() time.Time { return l.DueAt.Add(-time.Hour) }
		if _, err := extend(rights); !errors.Is(err, loan.ErrExtended) {
			t.Errorf("a second extension: %v", err)
		}
		db.Now = func() time.Time { return l.DueAt }
		if _, err := extend(rights); !errors.Is(err, loan.ErrNotYours) {
			t.Errorf("a loan that is over: %v", err)
		}
	})
}

func TestAYouthMembershipLendsTheYouthCollection(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		grown := titles(t, db, catalogue.EBook, 1)[0]
		var young catalogue.Title
		must(t, db, func(tx *sqldb.Tx) (err error) {
			young, err = catalogue.Add(tx, &catalogue.Publication{Title: catalogue.Title{Digest: secret.NewID(), Kind: catalogue.EBook, Name: "Pluis", Youth: true}})
			return err
		})
		youth := loan.Membership{Rights: []string{"digital-youth"}, State: loan.Active}
		if _, err := borrow(t, db, zoe, loan.Rights{youth}, young.ID); err != nil {
			t.Error(err)
		}
		if _, err := borrow(t, db, zoe, loan.Rights{youth}, grown); !errors.Is(err, loan.ErrYouthOnly) {
			t.Errorf("a title for grown-ups: %v", err)
		}
		if _, err := borrow(t, db, zoe, append(rights, youth), grown); err != nil {
			t.Errorf("with a full membership beside it: %v", err)
		}
	})
}

func TestTheRulesAreData(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ids := titles(t, db, catalogue.EBook, 2)
		must(t, db, func(tx *sqldb.Tx) error {
			return loan.SetTerm(tx, "command", "digital", loan.Rules{EBooks: 1, Days: 7, ExtendDays: 1, ExtendFrom: 1})
		})
		l, err := borrow(t, db, zoe, rights, ids[0])
		if err != nil || l.LastDay() != "2026-11-30" {
			t.Errorf("until %s, %v", l.LastDay(), err)
		}
		if _, err := borrow(t, db, zoe, rights, ids[1]); !errors.Is(err, loan.ErrManyEBooks) {
			t.Errorf("the second of one: %v", err)
		}
	})
}

func TestAWithdrawnTitleStaysWithWhoHasIt(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		id := titles(t, db, catalogue.EBook, 1)[0]
		if _, err := borrow(t, db, zoe, rights, id); err != nil {
			t.Fatal(err)
		}
		must(t, db, func(tx *sqldb.Tx) error { return catalogue.Withdraw(tx, "command", id, "") })
		if _, err := borrow(t, db, zoe, rights, id); err != nil {
			t.Errorf("who has it: %v", err)
		}
		if _, err := borrow(t, db, readerNamed("ada"), rights, id); !errors.Is(err, loan.ErrWithdrawn) {
			t.Errorf("who wants it: %v", err)
		}
	})
}

package loan_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
)

// catalogueOf gives the titles of a database as a door has them in memory.
func catalogueOf(t *testing.T, db *sqldb.DB) loan.Titles {
	t.Helper()
	kept := map[string]catalogue.Title{}
	must(t, db, func(tx *sqldb.Tx) error {
		list, err := catalogue.Since(tx, 0)
		for _, title := range list {
			kept[title.ID] = title
		}
		return err
	})
	return func(id string) (catalogue.Title, bool) { title, known := kept[id]; return title, known }
}

func TestALoanThatWasSeenIsBelievedForFiveSeconds(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		id := titles(t, db, catalogue.EBook, 1)[0]
		now := noon
		db.Now = func() time.Time { return now }
		kept, here := catalogueOf(t, db), loan.NewMemory(db)
		if _, err := here.HeldLately(t.Context(), zoe, id, kept); !errors.Is(err, loan.ErrNotYours) {
			t.Fatalf("before borrowing: %v", err)
		}
		l, err := borrow(t, db, zoe, rights, id) // a no is not remembered
		if err != nil {
			t.Fatal(err)
		}
		if has, err := here.HeldLately(t.Context(), zoe, id, kept); err != nil || has.ID != l.ID || has.Title.Name == "" {
			t.Fatalf("on loan: %+v, %v", has, err)
		}
		if _, err := here.HeldLately(t.Context(), readerNamed("yara"), id, kept); !errors.Is(err, loan.ErrNotYours) {
			t.Errorf("somebody else: %v", err)
		}
		must(t, db, func(tx *sqldb.Tx) error { return loan.Return(tx, zoe, id) }) // at another node
		now = noon.Add(4999 * time.Millisecond)
		if _, err := here.HeldLately(t.Context(), zoe, id, kept); err != nil {
			t.Errorf("within five seconds: %v", err)
		}
		if _, err := here.Held(t.Context(), zoe, id, kept); !errors.Is(err, loan.ErrNotYours) {
			t.Errorf("a page within five seconds: %v", err)
		}
		now = noon.Add(5 * time.Second)
		if _, err := here.HeldLately(t.Context(), zoe, id, kept); !errors.Is(err, loan.ErrNotYours) {
			t.Errorf("after five seconds: %v", err)
		}
	})
}

func TestALoanIsNotBelievedBeyondItsLastDay(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		id := titles(t, db, catalogue.Audiobook, 1)[0]
		l, err := borrow(t, db, zoe, rights, id)
		if err != nil {
			t.Fatal(err)
		}
		now := l.DueAt.Add(-time.Second)
		db.Now = func() time.Time { return now }
		kept, here := catalogueOf(t, db), loan.NewMemory(db)
		if _, err := here.HeldLately(t.Context(), zoe, id, kept); err != nil {
			t.Fatal(err)
		}
		now = l.DueAt
		if _, err := here.HeldLately(t.Context(), zoe, id, kept); !errors.Is(err, loan.ErrNotYours) {
			t.Errorf("a second later: %v", err)
		}
	})
}

func TestWhatGoesBackHereIsForgottenAtOnceWhileSixteenAsk(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		id := titles(t, db, catalogue.EBook, 1)[0]
		kept, here := catalogueOf(t, db), loan.NewMemory(db)
		for range 10 {
			if _, err := borrow(t, db, zoe, rights, id); err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			for range 16 {
				all.Go(func() {
					for range 10 {
						if _, err := here.HeldLately(t.Context(), zoe, id, kept); err != nil && !errors.Is(err, loan.ErrNotYours) {
							t.Error(err)
						}
					}
				})
			}
			must(t, db, func(tx *sqldb.Tx) error { return here.Return(tx, zoe, id) })
			if _, err := here.HeldLately(t.Context(), zoe, id, kept); !errors.Is(err, loan.ErrNotYours) {
				t.Errorf("given back a moment ago: %v", err)
			}
			all.Wait()
			if _, err := here.HeldLately(t.Context(), zoe, id, kept); !errors.Is(err, loan.ErrNotYours) {
				t.Fatalf("given back, and the others are done: %v", err)
			}
		}
	})
}

func TestRulesThatAreShownMayBeTenSecondsOldAndThoseOfBorrowingNot(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		id := titles(t, db, catalogue.EBook, 1)[0]
		now := noon
		db.Now = func() time.Time { return now }
		here := loan.NewMemory(db)
		shown := func() int {
			terms, err := here.Terms(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return terms["digital"].EBooks
		}
		if n := shown(); n != 10 {
			t.Fatalf("%d e-books", n)
		}
		setTerm(t, db, "digital", func(r *loan.Rules) { r.EBooks = 0 })
		now = noon.Add(9 * time.Second)
		if n := shown(); n != 10 {
			t.Errorf("within ten seconds: %d e-books", n)
		}
		if _, err := borrow(t, db, zoe, rights, id); !errors.Is(err, loan.ErrNoEBooks) {
			t.Errorf("borrowing: %v", err)
		}
		now = noon.Add(10 * time.Second)
		if n := shown(); n != 0 {
			t.Errorf("after ten seconds: %d e-books", n)
		}
	})
}

func TestSixteenReadersWhoAskTogetherEachSeeTheirOwnShelf(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ids := titles(t, db, catalogue.EBook, 16)
		for i, id := range ids[1:] { // the first reader has nothing
			if _, err := borrow(t, db, readerNamed(fmt.Sprint(i+1)), rights, id); err != nil {
				t.Fatal(err)
			}
		}
		kept, here := catalogueOf(t, db), loan.NewMemory(db)
		var all sync.WaitGroup
		for i, id := range ids {
			all.Go(func() {
				for range 20 {
					list, err := here.Shelf(t.Context(), readerNamed(fmt.Sprint(i)), kept)
					if err != nil || i == 0 && len(list) != 0 || i > 0 && (len(list) != 1 || list[0].Title.ID != id || list[0].Title.Name == "") {
						t.Errorf("reader %d sees %+v, %v", i, list, err)
						return
					}
				}
			})
		}
		all.Wait()
	})
}

package loan_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
)

func lentTitle(t *testing.T, db *sqldb.DB) string {
	t.Helper()
	id := titles(t, db, catalogue.EBook, 1)[0]
	if _, err := borrow(t, db, zoe, rights, id); err != nil {
		t.Fatal(err)
	}
	return id
}

func bookmarks(t *testing.T, db *sqldb.DB, r loan.Reader, title string) (list []loan.Bookmark) {
	t.Helper()
	must(t, db, func(tx *sqldb.Tx) (err error) { list, err = loan.Bookmarks(tx, r, title); return err })
	return list
}

func TestTheNewestReadingWinsNotTheLatestArrival(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		id := lentTitle(t, db)
		db.Now = func() time.Time { return noon.Add(time.Hour) }
		keep := func(href string, at time.Time) (kept loan.Place) {
			must(t, db, func(tx *sqldb.Tx) (err error) {
				kept, err = loan.Newest(tx, zoe, id, loan.Place{Href: href, Total: .5, By: "d", At: at})
				return err
			})
			return kept
		}
		if p := keep("tablet", noon.Add(30*time.Minute)); p.Href != "tablet" {
			t.Errorf("kept %+v", p)
		}
		// A telephone comes out of the tunnel with what it read before that.
		if p := keep("telephone", noon.Add(10*time.Minute)); p.Href != "tablet" || !p.At.Equal(noon.Add(30*time.Minute)) {
			t.Errorf("an older reading is answered with %+v, want the newer one", p)
		}
		// A clock that is ahead gives nobody the last word for a day.
		if p := keep("ahead", noon.Add(24*time.Hour)); !p.At.Equal(noon.Add(time.Hour)) {
			t.Errorf("a place of tomorrow was kept as of %s", p.At)
		}
		if p := keep("now", time.Time{}); p.Href != "now" {
			t.Errorf("a place of this instant lost from %+v", p)
		}
		must(t, db, func(tx *sqldb.Tx) error {
			p, found, err := loan.PlaceOf(tx, zoe, id)
			if p.Href != "now" || p.By != "d" || !found {
				t.Errorf("found %+v, %v", p, found)
			}
			return err
		})
	})
}

func TestSixteenDevicesLeaveTheNewestPlace(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		id := lentTitle(t, db)
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
					return loan.Remember(tx, zoe, id, loan.Place{Href: fmt.Sprint(i), At: noon.Add(time.Duration(i-16) * time.Minute)})
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		must(t, db, func(tx *sqldb.Tx) error {
			p, _, err := loan.PlaceOf(tx, zoe, id)
			if p.Href != "15" {
				t.Errorf("kept the place of device %s, want that of the last to read", p.Href)
			}
			return err
		})
	})
}

// A place that a browser kept comes back in a loan without one, however old it is, and
// only once.
func TestSixteenBeginALoanOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		title := lentTitle(t, db)
		begin := func(total float64) (began bool) {
			place := loan.Place{Href: "a.xhtml", Total: total, At: noon.Add(-time.Hour)}
			err := db.InTx(t.Context(), func(tx *sqldb.Tx) (err error) {
				began, err = loan.Begin(tx, zoe, title, place)
				return err
			})
			if err != nil {
				t.Error(err)
			}
			return began
		}
		var all sync.WaitGroup
		var won atomic.Int64
		for i := range 16 {
			all.Go(func() {
				if begin(float64(i+1) / 100) {
					won.Add(1)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d of sixteen began, want one", won.Load())
		}
		must(t, db, func(tx *sqldb.Tx) error {
			_, err := loan.Return(tx, zoe, title)
			return err
		})
		if begin(.5) {
			t.Error("a loan that is over began")
		}
	})
}

func TestSixteenBookmarksInOnePlaceAreOne(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		id := lentTitle(t, db)
		var all sync.WaitGroup
		var mu sync.Mutex
		seen := map[string]int{}
		for range 16 {
			all.Go(func() {
				var b loan.Bookmark
				err := db.InTx(t.Context(), func(tx *sqldb.Tx) (err error) {
					b, err = loan.AddBookmark(tx, zoe, id, loan.Bookmark{Href: "a", Fragment: "epubcfi(/6/2)", Total: .25, Chapter: "Een", Words: "Er  was\neens"})
					return err
				})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				seen[b.ID]++
				mu.Unlock()
			})
		}
		all.Wait()
		list := bookmarks(t, db, zoe, id)
		if len(seen) != 1 || len(list) != 1 || list[0].Words != "Er was eens" || list[0].Total != .25 {
			t.Errorf("sixteen at once made %v: %+v", seen, list)
		}
		// It is nobody else's, and nobody else takes it away.
		ada := readerNamed("ada")
		if n := len(bookmarks(t, db, ada, id)); n != 0 {
			t.Errorf("another reader sees %d", n)
		}
		must(t, db, func(tx *sqldb.Tx) error { return loan.RemoveBookmark(tx, ada, id, list[0].ID) })
		if len(bookmarks(t, db, zoe, id)) != 1 {
			t.Error("another reader took it away")
		}
		must(t, db, func(tx *sqldb.Tx) error { return loan.RemoveBookmark(tx, zoe, id, list[0].ID) })
		must(t, db, func(tx *sqldb.Tx) error { return loan.RemoveBookmark(tx, zoe, id, list[0].ID) })
		if len(bookmarks(t, db, zoe, id)) != 0 {
			t.Error("it stayed")
		}
	})
}

func TestBookmarksHaveALimitAlsoInARace(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		id := lentTitle(t, db)
		add := func(tx *sqldb.Tx, n int) error {
			_, err := loan.AddBookmark(tx, zoe, id, loan.Bookmark{Href: fmt.Sprint(n), Total: float64(n%100) / 100})
			return err
		}
		must(t, db, func(tx *sqldb.Tx) error {
			for n := range loan.MaxBookmarks - 1 {
				if err := add(tx, n); err != nil {
					return err
				}
			}
			return nil
		})
		var all sync.WaitGroup
		var mu sync.Mutex
		put := 0
		for n := range 16 {
			all.Go(func() {
				err := db.InTx(t.Context(), func(tx *sqldb.Tx) error { return add(tx, 1000+n) })
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					put++
				} else if !errors.Is(err, loan.ErrManyBookmarks) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := len(bookmarks(t, db, zoe, id)); put != 1 || n != loan.MaxBookmarks {
			t.Errorf("%d of sixteen fitted, %d in all", put, n)
		}
		must(t, db, func(tx *sqldb.Tx) error { return add(tx, 0) }) // one that is there
	})
}

func TestBookmarksGoWithTheLoan(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ids := titles(t, db, catalogue.EBook, 3)
		for _, id := range ids {
			if _, err := borrow(t, db, zoe, rights, id); err != nil {
				t.Fatal(err)
			}
			must(t, db, func(tx *sqldb.Tx) error {
				_, err := loan.AddBookmark(tx, zoe, id, loan.Bookmark{Href: "a"})
				return err
			})
		}
		left := func() (n int) {
			must(t, db, func(tx *sqldb.Tx) error {
				_, err := tx.One(`SELECT COUNT(*) FROM bookmark`, nil, &n)
				return err
			})
			return n
		}
		must(t, db, func(tx *sqldb.Tx) error { _, err := loan.Return(tx, zoe, ids[0]); return err })
		if left() != 2 {
			t.Errorf("%d bookmarks after one of three titles went back", left())
		}
		db.Now = func() time.Time { return noon.AddDate(0, 0, 30) }
		if n := len(bookmarks(t, db, zoe, ids[1])); n != 0 {
			t.Errorf("%d bookmarks of a loan that is over", n)
		}
		err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			_, err := loan.AddBookmark(tx, zoe, ids[1], loan.Bookmark{Href: "b"})
			return err
		})
		if !errors.Is(err, loan.ErrNotYours) {
			t.Errorf("a bookmark in a loan that is over: %v", err)
		}
		if _, err := borrow(t, db, zoe, rights, ids[1]); err != nil { // ends what is over
			t.Fatal(err)
		}
		if left() != 0 {
			t.Errorf("%d bookmarks after borrowing anew", left())
		}
		must(t, db, func(tx *sqldb.Tx) error {
			_, err := loan.AddBookmark(tx, zoe, ids[1], loan.Bookmark{Href: "a"})
			return err
		})
		db.Now = func() time.Time { return noon.AddDate(0, 0, 60) }
		must(t, db, loan.Sweep)
		if left() != 0 {
			t.Errorf("%d bookmarks after the sweep", left())
		}
	})
}

// TestABookmarkThatRacesTheReturnIsNotLeftBehind asks the promise of the last test
// from sixteen at once: nothing is left of a loan that went back.
func TestABookmarkThatRacesTheReturnIsNotLeftBehind(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		id := lentTitle(t, db)
		var all sync.WaitGroup
		for n := range 16 {
			all.Go(func() {
				err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
					if n == 7 {
						_, err := loan.Return(tx, zoe, id)
						return err
					}
					_, err := loan.AddBookmark(tx, zoe, id, loan.Bookmark{Href: fmt.Sprint(n)})
					return err
				})
				if err != nil && !errors.Is(err, loan.ErrNotYours) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		var n int
		must(t, db, func(tx *sqldb.Tx) error {
			_, err := tx.One(`SELECT COUNT(*) FROM bookmark`, nil, &n)
			return err
		})
		if n != 0 {
			t.Errorf("%d bookmarks left behind", n)
		}
	})
}

// FuzzPlace leaves what a browser might send: it is kept as it was or refused as
// a bad place, and never anything else.
func FuzzPlace(f *testing.F) {
	f.Add("EPUB/c.xhtml", "epubcfi(/6/4!/4/2)", .5, "abc", "Hoofdstuk 1")
	f.Add("a\x00b", "t=12.5", math.NaN(), "", "\xff")
	f.Add(strings.Repeat("a", 3000), "", -1.0, strings.Repeat("b", 50), strings.Repeat("ë", 300))
	db := sqldbtest.New(f)
	db.Now = func() time.Time { return noon }
	var id string
	err := db.InTx(f.Context(), func(tx *sqldb.Tx) error {
		x, err := catalogue.Add(tx, &catalogue.Publication{Title: catalogue.Title{Digest: secret.NewID(), Kind: catalogue.EBook, Name: "x"}})
		if err != nil {
			return err
		}
		id = x.ID
		_, err = loan.Borrow(tx, zoe, rights, id)
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, href, fragment string, total float64, by, chapter string) {
		err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			kept, err := loan.Newest(tx, zoe, id, loan.Place{Href: href, Fragment: fragment, Total: total, By: by})
			if err != nil {
				return err
			}
			if kept.Href != href || kept.Fragment != fragment || kept.Total != total {
				t.Errorf("kept %+v", kept)
			}
			b, err := loan.AddBookmark(tx, zoe, id, loan.Bookmark{Href: href, Fragment: fragment, Total: total, Chapter: chapter, Words: chapter})
			if err != nil {
				return err
			}
			if !utf8.ValidString(b.Chapter) || utf8.RuneCountInString(b.Chapter) > 120 {
				t.Errorf("a chapter called %q", b.Chapter)
			}
			return loan.RemoveBookmark(tx, zoe, id, b.ID)
		})
		if err != nil && !errors.Is(err, loan.ErrBadPlace) {
			t.Error(err)
		}
	})
}

package loan_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/migrations"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
)

// With the instants a web server's log would tell who has a loan.
func TestALoanKeepsOnlyItsDays(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ids := titles(t, db, catalogue.EBook, 3)
		at := time.Date(2026, 11, 24, 0, 17, 23, 456000, day.Amsterdam) // the 23rd in Greenwich
		db.Now = func() time.Time { return at }
		for _, id := range ids {
			if _, err := borrow(t, db, zoe, rights, id); err != nil {
				t.Fatal(err)
			}
		}
		for _, l := range shelf(t, db, zoe) {
			if !l.LentAt.Equal(day.Day("2026-11-24").Start()) {
				t.Errorf("a loan that runs was lent at %s", l.LentAt)
			}
		}
		db.Now = func() time.Time { return at.Add(53 * time.Hour) }
		must(t, db, func(tx *sqldb.Tx) error { _, err := loan.Return(tx, zoe, ids[0]); return err })
		db.Now = func() time.Time { return at.AddDate(0, 0, 22).Add(time.Hour) }
		if _, err := borrow(t, db, zoe, rights, ids[1]); err != nil { // ends the one that is over
			t.Fatal(err)
		}
		must(t, db, loan.Sweep)
		var lent, ended []time.Time
		must(t, db, func(tx *sqldb.Tx) error {
			lent, ended = nil, nil
			_, err := sqldb.Many(tx, `SELECT lent_at, ended_at FROM loan WHERE ended_at IS NOT NULL`, nil, func(r sqldb.Row) (bool, error) {
				var l, e time.Time
				err := r.Scan(sqldb.Instant(&l), sqldb.Instant(&e))
				lent, ended = append(lent, l), append(ended, e)
				return true, err
			})
			return err
		})
		if len(lent) != 3 {
			t.Fatalf("%d ended loans", len(lent))
		}
		for i := range lent {
			if !lent[i].Equal(day.Day("2026-11-24").Start()) || !ended[i].Equal(day.Of(ended[i]).Start()) {
				t.Errorf("lent at %s, ended at %s", lent[i], ended[i])
			}
		}
	})
}

func TestLoansAreCountedByMonthAndNeverFewerThanFive(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		books, audio := titles(t, db, catalogue.EBook, 2), titles(t, db, catalogue.Audiobook, 1)
		var young catalogue.Title
		must(t, db, func(tx *sqldb.Tx) (err error) {
			young, err = catalogue.Add(tx, &catalogue.Publication{Title: catalogue.Title{Digest: secret.NewID(), Kind: catalogue.EBook, Name: "Pluis", Youth: true}})
			return err
		})
		lend := func(on time.Time, n int, title string) {
			t.Helper()
			db.Now = func() time.Time { return on }
			for i := range n {
				r := readerNamed(fmt.Sprint(title, on, i))
				if _, err := borrow(t, db, r, untilFar, title); err != nil {
					t.Fatal(err)
				}
				if i%2 == 0 {
					must(t, db, func(tx *sqldb.Tx) error { _, err := loan.Return(tx, r, title); return err })
				}
			}
		}
		lend(time.Date(2026, 4, 30, 23, 50, 0, 0, day.Amsterdam), 6, books[0])
		lend(time.Date(2026, 5, 1, 0, 10, 0, 0, day.Amsterdam), 7, books[1]) // still April in Greenwich
		lend(time.Date(2026, 5, 2, 12, 0, 0, 0, day.Amsterdam), loan.Least-1, young.ID)
		lend(time.Date(2026, 5, 2, 12, 0, 0, 0, day.Amsterdam), loan.Least, audio[0])
		lend(time.Date(2026, 6, 1, 12, 0, 0, 0, day.Amsterdam), 9, books[0])
		db.Now = func() time.Time { return time.Date(2026, 6, 20, 12, 0, 0, 0, day.Amsterdam) }
		counts := func(from day.Day) map[loan.Count]bool {
			t.Helper()
			found := map[loan.Count]bool{}
			must(t, db, func(tx *sqldb.Tx) error {
				clear(found)
				list, err := loan.Counts(tx, from)
				for _, c := range list {
					found[c] = true
				}
				return err
			})
			return found
		}
		check := func(what string) {
			t.Helper()
			got := counts("2026-04-17")
			for _, want := range []loan.Count{
				{Month: "2026-04-01", Kind: catalogue.EBook, N: 6}, {Month: "2026-04-01", Kind: catalogue.EBook, Youth: true}, {Month: "2026-04-01", Kind: catalogue.Audiobook},
				{Month: "2026-05-01", Kind: catalogue.EBook, N: 7}, {Month: "2026-05-01", Kind: catalogue.EBook, Youth: true, Few: true}, {Month: "2026-05-01", Kind: catalogue.Audiobook, N: loan.Least},
			} {
				if !got[want] {
					t.Errorf("%s: no %+v in %+v", what, want, got)
				}
			}
			if len(got) != 8 { // June runs
				t.Errorf("%s: %d lines", what, len(got))
			}
		}
		check("before folding")
		must(t, db, func(tx *sqldb.Tx) error {
			popular, err := loan.Popular(tx, day.Day("2026-05-01").Start().Add(5*time.Hour))
			if popular[books[0]] != 9 || popular[books[1]] != 7 || popular[young.ID] != loan.Least-1 || len(popular) != 4 {
				t.Errorf("popular: %v", popular)
			}
			return err
		})
		must(t, db, loan.Sweep)
		must(t, db, loan.Fold) // nothing is old enough
		check("after a fold too early")
		if n := loans(t, db); n != 31 {
			t.Errorf("%d loans", n)
		}

		db.Now = func() time.Time { return time.Date(2026, 8, 9, 12, 0, 0, 0, day.Amsterdam) } // 100 days after 1 May
		must(t, db, loan.Sweep)
		must(t, db, loan.Fold)
		if n := loans(t, db); n != 25 { // April's are gone
			t.Errorf("%d loans after folding", n)
		}
		if !counts("2026-04-01")[loan.Count{Month: "2026-04-01", Kind: catalogue.EBook, N: 6}] {
			t.Error("what was folded is not counted")
		}
		db.Now = func() time.Time { return time.Date(2027, 1, 9, 12, 0, 0, 0, day.Amsterdam) }
		for range 2 { // twice is as good as once
			must(t, db, loan.Sweep)
			must(t, db, loan.Fold)
		}
		got := counts("2026-04-01")
		for _, want := range []loan.Count{{Month: "2026-04-01", Kind: catalogue.EBook, N: 6}, {Month: "2026-05-01", Kind: catalogue.EBook, N: 7},
			{Month: "2026-05-01", Kind: catalogue.EBook, Youth: true, Few: true}, {Month: "2026-06-01", Kind: catalogue.EBook, N: 9}, {Month: "2026-12-01", Kind: catalogue.EBook}} {
			if !got[want] {
				t.Errorf("when all is folded: no %+v", want)
			}
		}
		if n := loans(t, db); n != 0 {
			t.Errorf("%d loans left", n)
		}
	})
}

// A loan that runs is never folded, however long it was extended.
func TestFoldingLeavesLoansThatRun(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		id := titles(t, db, catalogue.EBook, 1)[0]
		setTerm(t, db, "digital", func(r *loan.Rules) { r.Days = 300 })
		if _, err := borrow(t, db, zoe, rights, id); err != nil {
			t.Fatal(err)
		}
		db.Now = func() time.Time { return noon.AddDate(0, 0, 200) }
		must(t, db, loan.Sweep)
		must(t, db, loan.Fold)
		if len(shelf(t, db, zoe)) != 1 {
			t.Error("a loan that runs was folded")
		}
	})
}

func loans(t *testing.T, db *sqldb.DB) (n int) {
	t.Helper()
	must(t, db, func(tx *sqldb.Tx) error { _, err := tx.One(`SELECT COUNT(*) FROM loan`, nil, &n); return err })
	return n
}

// Loans from before lose their instants when the database is brought up to date.
func TestOldLoansLoseTheirInstants(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		id := titles(t, db, catalogue.EBook, 1)[0]
		step, err := migrations.Files.ReadFile("0063_lending.sql")
		if err != nil {
			t.Fatal(err)
		}
		must(t, db, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`INSERT INTO loan (id, title_id, kind, reader, lent_at, due_at, ended_at, progress) VALUES ('a', $1, 'ebook', NULL, $2, $3, $4, 0), ('b', $1, 'ebook', 'r', $2, $3, NULL, 0)`,
				id, noon, noon.AddDate(0, 0, 21), noon.Add(90*time.Minute))
			for statement := range strings.SplitSeq(string(step), ";") {
				if _, update, found := strings.Cut(statement, "\nUPDATE loan "); err == nil && found {
					_, err = tx.Exec("UPDATE loan " + update)
				}
			}
			return err
		})
		must(t, db, func(tx *sqldb.Tx) error {
			for _, column := range []string{"lent_at", "ended_at"} {
				var exact, all int
				if _, err := tx.One(`SELECT COUNT(*) FILTER (WHERE `+column+` % 86400000000 <> 0), COUNT(`+column+`) FROM loan`, nil, &exact, &all); err != nil {
					return err
				}
				if exact != 0 || all == 0 {
					t.Errorf("%d of %d instants in %s", exact, all, column)
				}
			}
			return nil
		})
	})
}

// Beheer hears an order. A title that few lent is not in it, and this month is not.
func TestWhatIsWantedIsAnOrderOfMonthsThatAreOver(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ids := titles(t, db, catalogue.EBook, 4)
		lend := func(on time.Time, n int, title string) {
			t.Helper()
			db.Now = func() time.Time { return on }
			for i := range n {
				if _, err := borrow(t, db, readerNamed(fmt.Sprint(title, on, i)), untilFar, title); err != nil {
					t.Fatal(err)
				}
			}
		}
		lend(time.Date(2026, 4, 10, 12, 0, 0, 0, day.Amsterdam), loan.Least, ids[0])
		lend(time.Date(2026, 5, 10, 12, 0, 0, 0, day.Amsterdam), loan.Least+1, ids[1])
		lend(time.Date(2026, 5, 10, 12, 0, 0, 0, day.Amsterdam), loan.Least-1, ids[2])
		lend(time.Date(2026, 6, 10, 12, 0, 0, 0, day.Amsterdam), 9, ids[3])
		lend(time.Date(2026, 6, 10, 12, 0, 0, 0, day.Amsterdam), 1, ids[2]) // this month makes five of four, and nobody sees it
		for _, c := range []struct {
			month time.Month
			limit int
			want  string
		}{{6, 50, ids[1] + " " + ids[0]}, {6, 1, ids[1]}, {7, 50, ids[3] + " " + ids[1] + " " + ids[2]}} {
			db.Now = func() time.Time { return time.Date(2026, c.month, 20, 12, 0, 0, 0, day.Amsterdam) }
			must(t, db, func(tx *sqldb.Tx) error {
				got, err := loan.Wanted(tx, c.limit)
				if strings.Join(got, " ") != c.want {
					t.Errorf("month %d: %q, want %q", c.month, got, c.want)
				}
				return err
			})
		}
	})
}

// A change says what was before it; what did not change leaves no trace.
func TestAChangeOfTheRulesTellsOldAndNew(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { now = now.Add(time.Second); return now }
		set := func(change func(*loan.Rules)) {
			t.Helper()
			must(t, db, func(tx *sqldb.Tx) error {
				terms, err := loan.TermsOf(tx)
				if err != nil {
					return err
				}
				r := terms["digital"]
				change(&r)
				return loan.SetTerm(tx, "staff:boss", "digital", r)
			})
		}
		set(func(*loan.Rules) {})
		set(func(r *loan.Rules) { r.EBooks, r.Days = 6, 28 })
		set(func(r *loan.Rules) { r.Youth = true })
		must(t, db, func(tx *sqldb.Tx) error {
			return loan.SetTerm(tx, "command", "school", loan.Rules{Days: 7, ExtendDays: 1, ExtendFrom: 1})
		})
		must(t, db, func(tx *sqldb.Tx) error {
			list, err := loan.Changes(tx, 10)
			var got []string
			for _, c := range list {
				got = append(got, fmt.Sprint(c.Actor, " ", c.Right, " ", c.Rules))
			}
			if want := "command school []; staff:boss digital [{youth false true}]; staff:boss digital [{ebooks 10 6} {days 21 28}]"; strings.Join(got, "; ") != want {
				t.Errorf("%q, want %q", strings.Join(got, "; "), want)
			}
			if few, _ := loan.Changes(tx, 1); len(few) != 1 || few[0].Right != "school" {
				t.Errorf("the newest is %+v", few)
			}
			return err
		})
	})
}

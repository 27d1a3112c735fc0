package ledger_test

import (
	"database/sql"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/base/migrations"
	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/ledger"
)

// act is one of the acts without a limit.
type act func(*sqldb.Tx, ledger.Booking) (ledger.Posting, error)

func book(t *testing.T, db *sqldb.DB, do act, command string, cents money.Cents) (p ledger.Posting, err error) {
	t.Helper()
	err = in(t, db, func(tx *sqldb.Tx) error {
		p, err = do(tx, ledger.Booking{Command: command, CustomerID: "zoe", Cents: cents, BranchID: "annen"})
		return err
	})
	return p, err
}

func TestAContractOnTheWebFromOrderToMoneyBack(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		bill(t, db, 4500)
		for _, step := range []struct {
			command string
			do      act
			cents   money.Cents
			posted  money.Cents
			open    money.Cents
		}{
			{"payment:a", ledger.Receive, 4500, -4500, 0},
			{"payment:b", ledger.Receive, 4500, -4500, -4500}, // paid twice: it came, whatever is open
			{"refund:b", ledger.Return, 4500, 4500, 0},
			{"registration:a:credit", ledger.Credit, 4500, -4500, -4500}, // withdrawn: the library owes until the money went
			{"refund:a", ledger.Return, 4500, 4500, 0},
			{"payment:a:back:4500", ledger.Return, 4500, 4500, 4500}, // and the payer's bank took it too
		} {
			p, err := book(t, db, step.do, step.command, step.cents)
			if err != nil || p.Cents != step.posted {
				t.Fatalf("%s: %+v, %v", step.command, p, err)
			}
			if open := balance(t, db); open != step.open {
				t.Errorf("after %s %v is open, want %v", step.command, open, step.open)
			}
		}
		if err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			lines, err := ledger.Lines(tx, "zoe")
			var read []string
			for _, l := range lines {
				read = append(read, string(l.Kind)+" "+string(l.Method))
			}
			slices.Sort(read) // all of one test may fall in one microsecond
			if got := strings.Join(read, ", "); got != "charge , credit , payment online, payment online, refund online, refund online, refund online" {
				t.Errorf("lines %s", got)
			}
			for command, want := range map[string]bool{"payment:a": true, "refund:a": true, "payment:c": false, "": false} {
				if booked, err := ledger.Booked(tx, command); booked != want || err != nil {
					t.Errorf("%q booked: %v, %v", command, booked, err)
				}
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAnOnlineAmountIsMoreThanNothing(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		for name, do := range map[string]act{"credit": ledger.Credit, "receive": ledger.Receive, "return": ledger.Return} {
			for _, cents := range []money.Cents{0, -1} {
				if _, err := book(t, db, do, name, cents); !errors.Is(err, ledger.ErrAmount) {
					t.Errorf("%s of %d: %v", name, int64(cents), err)
				}
			}
		}
	})
}

func TestNoDeskTakesOnlineMoney(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		bill(t, db, 4500)
		if _, err := pay(t, db, "a", 4500, ledger.Online); !errors.Is(err, ledger.ErrMethod) {
			t.Errorf("paid online at the desk: %v", err)
		}
		err := in(t, db, func(tx *sqldb.Tx) error {
			_, err := ledger.Refund(tx, ledger.Booking{CustomerID: "zoe", Cents: 1}, ledger.Online)
			return err
		})
		if !errors.Is(err, ledger.ErrMethod) {
			t.Errorf("paid back online at the desk: %v", err)
		}
		if slices.Contains(ledger.Methods, ledger.Online) {
			t.Error("the desk offers it")
		}
		p, err := book(t, db, ledger.Receive, "payment:a", 4500)
		if err != nil {
			t.Fatal(err)
		}
		err = in(t, db, func(tx *sqldb.Tx) error {
			_, err := ledger.Undo(tx, p.ID, ledger.NotPaid, ledger.Booking{BranchID: "annen", StaffID: "anna"})
			return err
		})
		if !errors.Is(err, ledger.ErrUndoOver) || balance(t, db) != 0 {
			t.Errorf("undone at the desk: %v, %v open", err, balance(t, db))
		}
	})
}

func TestWhatSixteenHearOfIsBookedOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		bill(t, db, 4500)
		for _, what := range []struct {
			command string
			do      act
			open    money.Cents
		}{{"payment:a", ledger.Receive, 0}, {"credit:a", ledger.Credit, -4500}, {"refund:a", ledger.Return, 0}} {
			ids := make([]string, 16)
			var all sync.WaitGroup
			for i := range ids {
				all.Go(func() {
					p, err := book(t, db, what.do, what.command, 4500)
					if err != nil {
						t.Error(err)
					}
					ids[i] = p.ID
				})
			}
			all.Wait()
			if slices.Sort(ids); ids[0] != ids[15] || balance(t, db) != what.open {
				t.Errorf("%s: postings %v, %v open", what.command, slices.Compact(ids), balance(t, db))
			}
			if _, err := book(t, db, what.do, what.command, 4499); !errors.Is(err, ledger.ErrCommandReused) {
				t.Errorf("%s with another amount: %v", what.command, err)
			}
		}
	})
}

func TestOnlineMoneyLiesInNoTillAndIsCountedByItself(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		do := func(at time.Time, f act, command, branch string) {
			t.Helper()
			db.Now = func() time.Time { return at }
			if err := in(t, db, func(tx *sqldb.Tx) error {
				_, err := f(tx, ledger.Booking{Command: command, CustomerID: "zoe", Cents: 4500, BranchID: branch})
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		midnight := time.Date(2026, 6, 30, 22, 0, 0, 0, time.UTC) // 0.00 of the first of July by the Dutch clock
		do(midnight.Add(-time.Second), ledger.Receive, "yesterday", "annen")
		do(midnight, ledger.Receive, "first", "annen")
		do(midnight.Add(12*time.Hour), ledger.Receive, "second", "rolde")
		do(midnight.Add(12*time.Hour), ledger.Receive, "elsewhere", "ginder")
		do(midnight.Add(12*time.Hour), ledger.Credit, "credit", "annen")
		do(midnight.Add(24*time.Hour-time.Second), ledger.Return, "back", "annen")
		if err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			till, err := ledger.Today(tx, "annen")
			if till.Cash != 0 || till.Pin != 0 || till.Refunds != 0 || till.Payments != 0 || len(till.Lines) != 0 {
				t.Errorf("till %+v", till)
			}
			sum, err2 := ledger.OnlineToday(tx, []string{"annen", "rolde"})
			if sum != (ledger.OnlineSum{Payments: 2, Received: 9000, Returned: 4500}) {
				t.Errorf("online %+v", sum)
			}
			none, err3 := ledger.OnlineToday(tx, nil)
			if none != (ledger.OnlineSum{}) {
				t.Errorf("of no branch: %+v", none)
			}
			return errors.Join(err, err2, err3)
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// TestPostingsOfBeforeOnlineMoneySurvive takes the steps up to 0042 as they were
// taken then, books, and lets the house take the rest.
func TestPostingsOfBeforeOnlineMoneySurvive(t *testing.T) {
	for engine, address := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + t.TempDir() + "/test.db" },
		"postgres": func(t *testing.T) string { return sqldbtest.PostgresURL(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			at := address(t)
			before(t, engine, at, "0042")
			db, err := sqldb.Open(at)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() })
			bill(t, db, 4500)
			if _, err := pay(t, db, "old", 2000, ledger.Pin); err != nil {
				t.Fatal(err)
			}
			if _, err := book(t, db, ledger.Receive, "new", 100); err == nil {
				t.Fatal("online money was taken before the step")
			}
			lines := func() (list []ledger.Posting) {
				t.Helper()
				if err := db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
					list, err = ledger.Lines(tx, "zoe")
					return err
				}); err != nil {
					t.Fatal(err)
				}
				return list
			}
			old := lines()
			if err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if now := lines(); len(old) != 2 || !slices.Equal(now, old) {
				t.Fatalf("the postings were %+v and are %+v", old, now)
			}
			if again, err := pay(t, db, "old", 2000, ledger.Pin); err != nil || again != old[1] {
				t.Errorf("the command of then: %+v, %v", again, err)
			}
			if _, err := book(t, db, ledger.Receive, "new", 2500); err != nil || balance(t, db) != 0 {
				t.Errorf("online money: %v, %v open", err, balance(t, db))
			}
			if _, err := book(t, db, ledger.Credit, "credit", 4500); err != nil {
				t.Errorf("a credit: %v", err)
			}
			for _, change := range []string{`UPDATE posting SET text = 'x'`, `DELETE FROM posting WHERE id = '` + old[0].ID + `'`} {
				err := in(t, db, func(tx *sqldb.Tx) error {
					_, err := tx.Exec(change)
					return err
				})
				if err == nil || !strings.Contains(err.Error(), "postings are never") {
					t.Errorf("%s: %v", change, err)
				}
			}
		})
	}
}

// before takes every step of the schema before the one that is named, on an empty
// database.
func before(t *testing.T, engine, address, step string) {
	t.Helper()
	driver, source := "pgx", address
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		driver, source = "sqlite", path
	}
	raw, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	do := func(text string) {
		t.Helper()
		if _, err := raw.Exec(text); err != nil { // many statements at once, which no Tx takes
			t.Fatal(err)
		}
	}
	do(`CREATE TABLE migration (name TEXT PRIMARY KEY, at BIGINT NOT NULL)`)
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	for _, name := range names {
		taken, only, pair := strings.Cut(strings.TrimSuffix(name, ".sql"), ".")
		if name >= step || pair && only != engine {
			continue
		}
		text, err := fs.ReadFile(migrations.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		do(string(text))
		do(`INSERT INTO migration (name, at) VALUES ('` + taken + `', 0)`)
	}
}

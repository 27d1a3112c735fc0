package ledger_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/ledger"
)

func in(t *testing.T, db *sqldb.DB, f func(*sqldb.Tx) error) error {
	t.Helper()
	return db.InTx(t.Context(), f)
}

// bill charges a customer cents and returns nothing to remember.
func bill(t *testing.T, db *sqldb.DB, cents money.Cents) {
	t.Helper()
	if err := in(t, db, func(tx *sqldb.Tx) error {
		_, err := ledger.Charge(tx, ledger.Booking{Command: "bill", CustomerID: "zoe", Cents: cents, Text: "0141 Digital only", BranchID: "annen", StaffID: "anna"}, 35)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func pay(t *testing.T, db *sqldb.DB, command string, cents money.Cents, m ledger.Method) (p ledger.Posting, err error) {
	t.Helper()
	err = in(t, db, func(tx *sqldb.Tx) error {
		p, err = ledger.Pay(tx, ledger.Booking{Command: command, CustomerID: "zoe", Cents: cents}, m)
		return err
	})
	return p, err
}

func balance(t *testing.T, db *sqldb.DB) (open money.Cents) {
	t.Helper()
	if err := db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
		open, err = ledger.Balance(tx, "zoe")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return open
}

func TestNoContributionIsChargedUnder18(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		for _, c := range []struct {
			age     int
			subject ledger.Subject
			want    error
		}{
			{17, "", ledger.ErrMinor},
			{17, ledger.Contribution, ledger.ErrMinor},
			{0, ledger.Contribution, ledger.ErrMinor},
			{17, ledger.LateFee, nil}, // the law lets late fees stand
			{18, ledger.Contribution, nil},
		} {
			err := in(t, db, func(tx *sqldb.Tx) error {
				_, err := ledger.Charge(tx, ledger.Booking{CustomerID: "kid", Cents: 1, Subject: c.subject}, c.age)
				return err
			})
			if !errors.Is(err, c.want) {
				t.Errorf("Charge at %d for %q = %v, want %v", c.age, c.subject, err, c.want)
			}
		}
	})
}

func TestAPaymentIsNeverAboveWhatIsOpen(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		bill(t, db, 4500)
		if _, err := pay(t, db, "a", 4501, ledger.Pin); !errors.Is(err, ledger.ErrMoreThanOpen) {
			t.Errorf("a cent too much: %v", err)
		}
		if p, err := pay(t, db, "b", 4499, ledger.Pin); err != nil || p.Cents != -4499 {
			t.Errorf("a cent less: %v, %v", p, err)
		}
		if _, err := pay(t, db, "c", 1, ledger.Cash); err != nil {
			t.Errorf("the last cent: %v", err)
		}
		if _, err := pay(t, db, "d", 1, ledger.Cash); !errors.Is(err, ledger.ErrMoreThanOpen) {
			t.Errorf("nothing is open: %v", err)
		}
		for _, cents := range []money.Cents{0, -1} {
			if _, err := pay(t, db, "e", cents, ledger.Cash); !errors.Is(err, ledger.ErrAmount) {
				t.Errorf("Pay %d = %v", cents, err)
			}
		}
		if _, err := pay(t, db, "f", 1, "cheque"); !errors.Is(err, ledger.ErrMethod) {
			t.Errorf("a cheque: %v", err)
		}
	})
}

func TestOnAccountBooksNothing(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		bill(t, db, 4500)
		if p, err := pay(t, db, "a", 4500, ledger.OnAccount); err != nil || p.ID != "" {
			t.Errorf("Pay on account = %v, %v", p, err)
		}
		if open := balance(t, db); open != 4500 {
			t.Errorf("%v is open, want all of it", open)
		}
	})
}

func TestACommandBooksOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		bill(t, db, 4500)
		bill(t, db, 4500)
		first, err := pay(t, db, "once", 4500, ledger.Pin)
		if err != nil {
			t.Fatal(err)
		}
		again, err := pay(t, db, "once", 4500, ledger.Pin) // nothing is open by now
		if err != nil || again != first {
			t.Errorf("again: %v, %v; want %v", again, err, first)
		}
		if _, err := pay(t, db, "once", 10, ledger.Pin); !errors.Is(err, ledger.ErrCommandReused) {
			t.Errorf("the command with another amount: %v", err)
		}
	})
}

func TestARefundIsNeverAboveWhatWasPaid(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		bill(t, db, 4500)
		if _, err := pay(t, db, "p", 2000, ledger.Pin); err != nil {
			t.Fatal(err)
		}
		refund := func(command string, cents money.Cents, m ledger.Method) error {
			return in(t, db, func(tx *sqldb.Tx) error {
				_, err := ledger.Refund(tx, ledger.Booking{Command: command, CustomerID: "zoe", Cents: cents}, m)
				return err
			})
		}
		if err := refund("r1", 2001, ledger.Pin); !errors.Is(err, ledger.ErrMoreThanPaid) {
			t.Errorf("more than was paid: %v", err)
		}
		if err := refund("r2", 1500, ledger.Cash); err != nil {
			t.Error(err)
		}
		if err := refund("r3", 501, ledger.Pin); !errors.Is(err, ledger.ErrMoreThanPaid) {
			t.Errorf("the second part too large: %v", err)
		}
		if err := refund("r4", 1, ledger.OnAccount); !errors.Is(err, ledger.ErrMethod) {
			t.Errorf("a refund on account: %v", err)
		}
		if open := balance(t, db); open != 4500-2000+1500 {
			t.Errorf("open: %v", open)
		}
	})
}

func TestLinesAddUpToTheBalance(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		if open := balance(t, db); open != 0 {
			t.Errorf("nobody owes %v", open)
		}
		bill(t, db, 4500)
		if err := in(t, db, func(tx *sqldb.Tx) error {
			_, err := ledger.Discount(tx, ledger.Booking{CustomerID: "zoe", Cents: 1000})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := pay(t, db, "p", 3000, ledger.Cash); err != nil {
			t.Fatal(err)
		}
		if err := in(t, db, func(tx *sqldb.Tx) error {
			_, err := ledger.Discount(tx, ledger.Booking{CustomerID: "zoe", Cents: 501})
			return err
		}); !errors.Is(err, ledger.ErrMoreThanOpen) {
			t.Errorf("a discount above what is open: %v", err)
		}
		if err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			lines, err := ledger.Lines(tx, "zoe")
			var kinds []string
			var sum money.Cents
			for _, l := range lines {
				kinds = append(kinds, string(l.Kind))
				sum += l.Cents
			}
			if got := strings.Join(kinds, " "); got != "charge discount payment" || sum != 500 {
				t.Errorf("lines %s add up to %v", got, sum)
			}
			if lines[0].Text != "0141 Digital only" || lines[0].BranchID != "annen" || lines[0].StaffID != "anna" || lines[0].At.IsZero() {
				t.Errorf("the charge reads %+v", lines[0])
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestSixteenPaymentsOfOneBillBookOne(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		bill(t, db, 4500)
		var paid, refused atomic.Int32
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				switch _, err := pay(t, db, string(rune('a'+i)), 4500, ledger.Pin); {
				case err == nil:
					paid.Add(1)
				case errors.Is(err, ledger.ErrMoreThanOpen):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if paid.Load() != 1 || refused.Load() != 15 || balance(t, db) != 0 {
			t.Errorf("%d paid, %d refused, %v open", paid.Load(), refused.Load(), balance(t, db))
		}
	})
}

func TestSixteenPressesOnPayBookOne(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		bill(t, db, 4500)
		ids := make([]string, 16)
		var all sync.WaitGroup
		for i := range ids {
			all.Go(func() {
				p, err := pay(t, db, "one button", 1000, ledger.Pin)
				if err != nil {
					t.Error(err)
				}
				ids[i] = p.ID
			})
		}
		all.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Errorf("postings %s and %s for one press", id, ids[0])
			}
		}
		if open := balance(t, db); open != 3500 {
			t.Errorf("%v open, want one payment", open)
		}
	})
}

func TestPostingsAreNeverChangedOrDeleted(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		bill(t, db, 4500)
		for _, change := range []string{
			"UPDATE posting SET cents = 1",
			"UPDATE posting SET customer_id = 'another'",
			"DELETE FROM posting",
			"DELETE FROM posting WHERE customer_id = 'zoe'",
		} {
			err := in(t, db, func(tx *sqldb.Tx) error {
				_, err := tx.Exec(change)
				return err
			})
			if err == nil || !strings.Contains(err.Error(), "postings are never") {
				t.Errorf("%s: %v", change, err)
			}
		}
		if open := balance(t, db); open != 4500 {
			t.Errorf("open: %v", open)
		}
	})
}

func TestAmountsAreWholeCents(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		for _, cents := range []string{"'twelve'", "0", "-1"} {
			err := in(t, db, func(tx *sqldb.Tx) error {
				_, err := tx.Exec(`INSERT INTO posting (id, customer_id, kind, cents, subject, object_id, text, method, branch_id, staff_id, at, command)
					VALUES ('x', 'zoe', 'charge', ` + cents + `, 'contribution', '', '', '', '', '', 1, 'x')`)
				return err
			})
			if err == nil {
				t.Errorf("a charge of %s cents was taken", cents)
			}
		}
	})
}

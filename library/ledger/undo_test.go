package ledger_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/ledger"
)

func TestAWrongPaymentOfTodayIsUndone(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		noon := time.Date(2026, 11, 21, 11, 0, 0, 0, time.UTC)
		at := func(now time.Time, f func(*sqldb.Tx) error) error {
			db.Now = func() time.Time { return now }
			return db.InTx(t.Context(), f)
		}
		do := func(f func(*sqldb.Tx) error) {
			t.Helper()
			if err := at(noon, f); err != nil {
				t.Fatal(err)
			}
		}
		var charge, paid ledger.Posting
		do(func(tx *sqldb.Tx) (err error) {
			if charge, err = ledger.Charge(tx, ledger.Booking{CustomerID: "eva", Cents: 4500, BranchID: "annen"}, 35); err != nil {
				return err
			}
			paid, err = ledger.Pay(tx, ledger.Booking{CustomerID: "eva", Cents: 4500, BranchID: "annen", StaffID: "anja"}, ledger.Pin)
			return err
		})
		undo := func(id, branch string, why ledger.Reason) func(*sqldb.Tx) error {
			return func(tx *sqldb.Tx) error {
				_, err := ledger.Undo(tx, id, why, ledger.Booking{BranchID: branch, StaffID: "anja"})
				return err
			}
		}
		midnight := time.Date(2026, 11, 21, 23, 0, 0, 0, time.UTC) // 0.00 of the 22nd by the Dutch clock
		for _, c := range []struct {
			now  time.Time
			f    func(*sqldb.Tx) error
			want error
		}{
			{noon, undo(paid.ID, "annen", "zomaar"), ledger.ErrReason},
			{noon, undo(paid.ID, "assen", ledger.WrongMethod), ledger.ErrUndoOver},
			{midnight, undo(paid.ID, "annen", ledger.WrongMethod), ledger.ErrUndoOver},
			{noon, undo(charge.ID, "annen", ledger.WrongMethod), ledger.ErrNoPayment},
			{noon, undo("geen", "annen", ledger.WrongMethod), ledger.ErrNoPayment},
		} {
			if err := at(c.now, c.f); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		}
		// Sixteen at once, one wins; the last minute of the day still counts.
		db.Now = func() time.Time { return midnight.Add(-time.Second) }
		var wait sync.WaitGroup
		for range 16 {
			wait.Go(func() {
				if err := db.InTx(t.Context(), undo(paid.ID, "annen", ledger.WrongMethod)); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		do(func(tx *sqldb.Tx) error {
			lines, err := ledger.Lines(tx, "eva")
			if err != nil || len(lines) != 3 {
				t.Fatalf("%d lines, %v", len(lines), err)
			}
			back := lines[2]
			if back.Kind != ledger.KindRefund || back.Cents != 4500 || back.Method != ledger.Pin || back.Undoes() != paid.ID || back.Text != string(ledger.WrongMethod) {
				t.Errorf("booked %+v", back)
			}
			if paid.Undoes() != "" {
				t.Error("a payment undoes nothing")
			}
			if open, err := ledger.Balance(tx, "eva"); open != 4500 {
				t.Errorf("open is %v, %v", open, err)
			}
			till, err := ledger.Today(tx, "annen")
			if till.Pin != 0 || till.Cash != 0 || till.Refunds != 4500 {
				t.Errorf("till %+v", till)
			}
			return err
		})
	})
}

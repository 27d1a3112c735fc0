package ledger_test

import (
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/ledger"
)

func TestTheTillCountsTheDutchDayOfItsOwnBranch(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		do := func(at time.Time, f func(*sqldb.Tx) error) {
			t.Helper()
			db.Now = func() time.Time { return at }
			if err := db.InTx(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		owe := func(who, branch string) func(*sqldb.Tx) error {
			return func(tx *sqldb.Tx) error {
				_, err := ledger.Charge(tx, ledger.Booking{CustomerID: who, Cents: 4500, BranchID: branch, Text: "Digital only"}, 35)
				return err
			}
		}
		pay := func(who, branch string, m ledger.Method) func(*sqldb.Tx) error {
			return func(tx *sqldb.Tx) error {
				_, err := ledger.Pay(tx, ledger.Booking{CustomerID: who, Cents: 4500, BranchID: branch}, m)
				return err
			}
		}
		noon := time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC)
		yesterday := time.Date(2026, 6, 30, 21, 59, 0, 0, time.UTC) // 23.59 by the Dutch clock
		midnight := time.Date(2026, 6, 30, 22, 0, 0, 0, time.UTC)   // 0.00 of the first of July
		for i, who := range []string{"a", "b", "c", "d", "e"} {
			do(yesterday.Add(time.Duration(i)*time.Second), owe(who, "annen"))
		}
		do(yesterday.Add(10*time.Second), pay("a", "annen", ledger.Cash))
		do(midnight, pay("b", "annen", ledger.Cash))
		do(noon, pay("c", "annen", ledger.Pin))
		do(noon, pay("d", "assen", ledger.Pin))
		do(noon, func(tx *sqldb.Tx) error {
			_, err := ledger.Refund(tx, ledger.Booking{CustomerID: "c", Cents: 500, BranchID: "annen"}, ledger.Cash)
			return err
		})
		do(noon, func(tx *sqldb.Tx) error {
			till, err := ledger.Today(tx, "annen")
			if till.Cash != 4000 || till.Pin != 4500 || till.Refunds != 500 || till.Payments != 2 || len(till.Lines) != 3 {
				t.Errorf("till %+v, %v", till, err)
			}
			owing, err := ledger.Open(tx, "annen", 10)
			if len(owing) != 2 || owing[0].CustomerID != "c" || owing[0].Cents != 500 || owing[1].CustomerID != "e" || owing[1].Cents != 4500 || owing[1].Since.IsZero() {
				t.Errorf("owing %+v, %v", owing, err)
			}
			return err
		})
	})
}

package audit_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
)

func TestALookIsNotedOnceAnHour(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		now := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
		db.Now = func() time.Time { return now }
		anja := audit.Look{Actor: "staff:anja", Object: "customer:9", Branch: "5280"}
		bert := audit.Look{Actor: "staff:bert", Object: "customer:9"}
		do := func(f func(*sqldb.Tx) error) {
			if err := db.InTx(context.Background(), f); err != nil {
				t.Error(err)
			}
		}
		list := func() (l []audit.Look) {
			do(func(tx *sqldb.Tx) (err error) {
				l, err = audit.Looks(tx, "customer:9", 10)
				return err
			})
			return l
		}
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() { do(func(tx *sqldb.Tx) error { return audit.RecordLook(tx, anja) }) })
		}
		all.Wait()
		if got := list(); len(got) != 1 || got[0].Actor != "staff:anja" || got[0].Branch != "5280" || !got[0].At.Equal(now) {
			t.Fatalf("sixteen looks in one hour: %+v", got)
		}
		do(func(tx *sqldb.Tx) error {
			known, err := audit.Looked(tx, anja)
			other, _ := audit.Looked(tx, bert)
			if !known || other {
				t.Errorf("Looked: %v, and of another %v", known, other)
			}
			return err
		})
		now = now.Add(30 * time.Minute) // the clock strikes ten
		do(func(tx *sqldb.Tx) error { return audit.RecordLook(tx, anja) })
		do(func(tx *sqldb.Tx) error { return audit.RecordLook(tx, bert) })
		if got := list(); len(got) != 3 || !got[0].At.Equal(now) {
			t.Errorf("the next hour, and a colleague: %+v", got)
		}
		now = now.Add(audit.LookLife - time.Minute)
		do(audit.Sweep)
		if got := list(); len(got) != 2 {
			t.Errorf("after a year the first is forgotten: %+v", got)
		}
		now = now.Add(2 * time.Minute)
		do(audit.Sweep)
		if got := list(); len(got) != 0 {
			t.Errorf("and then the others: %+v", got)
		}
	})
}

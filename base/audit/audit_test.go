package audit_test

import (
	"errors"
	"testing"

	"lidwoord/base/audit"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
)

func TestAnActAndItsRecordHappenTogether(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		record := func(act string, fail error) {
			err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
				if err := audit.Record(tx, audit.Entry{Actor: "staff:1", Act: act, Object: "customer:9", Branch: "5280"}); err != nil {
					return err
				}
				return fail
			})
			if !errors.Is(err, fail) {
				t.Fatal(err)
			}
		}
		record("customer.email", nil)
		record("customer.merge", errors.New("failed"))
		err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			list, err := audit.Of(tx, "customer:9", 10)
			if len(list) != 1 || list[0].Act != "customer.email" || list[0].Branch != "5280" || list[0].At.IsZero() {
				t.Errorf("the log holds %+v", list)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

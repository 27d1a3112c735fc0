package enrol_test

import (
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/library/enrol"
	"lidwoord/library/membership"
)

func TestTodayListsTheEnrolmentsOfThisBranch(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.enrol(someone(1))
		w.pass(25 * time.Hour)
		second := w.enrol(someone(2))
		w.do(func(tx *sqldb.Tx) error {
			list, err := enrol.Today(tx, w.anna, 10)
			if len(list) != 1 || list[0].Number != second.Number || list[0].Code != second.BuildUp.FeeCode || list[0].StaffID != w.anna.StaffID {
				t.Errorf("today %+v", list)
			}
			return err
		})
		w.do(func(tx *sqldb.Tx) error {
			counts, err := w.office.LoginCounts(tx, w.anna)
			if counts[enrol.Waiting]+counts[enrol.Expired] != 2 {
				t.Errorf("login accounts %v", counts)
			}
			return err
		})
		w.do(func(tx *sqldb.Tx) error {
			list, err := membership.Started(tx, w.annen.OrganisationID, day.Of(w.Now()).AddMonths(-1))
			n := 0
			for _, c := range list {
				n += c.N
			}
			if n != 2 || list[0].BranchID != w.annen.ID || len(list[0].Month) != 7 {
				t.Errorf("started %+v", list)
			}
			return err
		})
	})
}

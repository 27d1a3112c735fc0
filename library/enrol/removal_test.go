package enrol_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
)

// twoSteps enrols somebody whose login account, of before, has a second step.
func (w *world) twoSteps() (customerID string) {
	w.t.Helper()
	w.account("tweestaps")
	id := w.draft(w.anna, tester())
	if err := w.ask(id, "tweestaps"); err != nil || !w.prove(id, "code-tweestaps") {
		w.t.Fatal(err)
	}
	r, err := w.save(w.anna, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return r.CustomerID
}

func (w *world) askRemoval(c enrol.Clerk, customerID, document string) (due time.Time, err error) {
	err = w.try(func(tx *sqldb.Tx) error {
		due, err = w.office.AskRemoval(tx, c, customerID, document)
		return err
	})
	return due, err
}

func (w *world) stopRemoval(c enrol.Clerk, customerID string) error {
	return w.try(func(tx *sqldb.Tx) error { return w.office.StopRemoval(tx, c, customerID) })
}

func TestALibraryAsksToTakeASecondStepAway(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.twoSteps()
		for _, document := range []string{"", "library_card"} {
			_, err := w.askRemoval(w.anna, who, document)
			wants(t, "by "+document, err, enrol.ErrDocument, enrol.FieldDocument)
		}
		if _, err := w.askRemoval(w.other, who, "passport"); !errors.Is(err, customer.ErrUnknown) && err == nil {
			t.Errorf("by another library: %v", err)
		}
		due, err := w.askRemoval(w.anna, who, "passport")
		if err != nil || !due.Equal(w.Now().Add(24*time.Hour)) {
			t.Fatalf("asked: due %v, %v", due, err)
		}
		if _, err := w.askRemoval(w.bert, who, "passport"); !errors.Is(err, enrol.ErrRemovalAsked) {
			t.Errorf("asked twice: %v", err)
		}
		w.do(func(tx *sqldb.Tx) error {
			r, waits, err := w.office.WaitingRemoval(tx, w.bert, who)
			if !waits || r.AskedBy != "staff:"+w.anna.StaffID || r.Library != "Bind bibliotheken" {
				t.Errorf("as a colleague sees it: %+v", r)
			}
			return err
		})
		w.pass(time.Minute)
		if err := w.stopRemoval(w.bert, who); err != nil {
			t.Fatal(err)
		}
		if err := w.stopRemoval(w.bert, who); !errors.Is(err, enrol.ErrRemovalOver) {
			t.Errorf("stopped twice: %v", err)
		}
		w.do(func(tx *sqldb.Tx) error {
			story, err := w.office.History(tx, who)
			if err != nil {
				return err
			}
			for _, what := range []string{"login.removal_asked", "enrol.removal_stopped"} {
				if !slices.ContainsFunc(story, func(h enrol.Happened) bool { return h.What == what }) {
					t.Errorf("the history lacks %s: %+v", what, story)
				}
			}
			log, err := audit.Of(tx, "customer:"+who, 50)
			if i := slices.IndexFunc(log, func(e audit.Entry) bool { return e.Act == "enrol.removal_asked" }); i < 0 || log[i].Detail != "passport" || log[i].Branch != w.annen.ID {
				t.Errorf("the log: %+v", log)
			}
			return err
		})
	})
}

func TestWithoutALoginAccountThereIsNothingToTakeAway(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.enrol(tester())
		if _, err := w.askRemoval(w.anna, r.CustomerID, "passport"); !errors.Is(err, enrol.ErrNoSecondStep) {
			t.Errorf("without a second step: %v", err)
		}
		if err := w.forget(r.CustomerID); err != nil {
			t.Fatal(err)
		}
		if _, err := w.askRemoval(w.anna, r.CustomerID, "passport"); !errors.Is(err, enrol.ErrNoLogin) {
			t.Errorf("without an account: %v", err)
		}
		if err := w.stopRemoval(w.anna, r.CustomerID); !errors.Is(err, enrol.ErrRemovalOver) {
			t.Errorf("nothing to stop: %v", err)
		}
	})
}

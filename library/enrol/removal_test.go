package enrol_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/staff"
	"lidwoord/library/task"
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

// accountOf is the login account that a customer has.
func (w *world) accountOf(customerID string) (id string) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) error {
		who, err := customer.Find(tx, customerID)
		id = who.Link.AccountID
		return err
	})
	return id
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

func TestLettingGoOfAnAccountEndsWhatWasAskedForIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.twoSteps()
		account := w.accountOf(who)
		if _, err := w.askRemoval(w.anna, who, "passport"); err != nil {
			t.Fatal(err)
		}
		if err := w.forget(who); err != nil {
			t.Fatal(err)
		}
		w.do(func(tx *sqldb.Tx) error {
			list, err := w.office.Steps.Removals(tx, account)
			if len(list) != 1 || list[0].Waits() || list[0].Done || list[0].CustomerID != who {
				t.Errorf("after letting go: %+v", list)
			}
			knows, err2 := w.office.StillKnows(tx, account, who)
			if knows {
				t.Error("the library still knows the account")
			}
			return errors.Join(err, err2)
		})
	})
}

func TestTheOwnersNoIsToldAndOnlyAManagerInsists(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.twoSteps()
		account := w.accountOf(who)
		insist := func(c enrol.Clerk, why string) error {
			return w.try(func(tx *sqldb.Tx) error {
				_, err := w.office.InsistOnRemoval(tx, c, who, "passport", why)
				return err
			})
		}
		if _, err := w.askRemoval(w.anna, who, "passport"); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Minute)
		w.do(func(tx *sqldb.Tx) error { // as the outside world tells it
			if _, err := w.office.Steps.StopRemoval(tx, account, "account:"+account); err != nil {
				return err
			}
			list, err := w.office.Steps.Removals(tx, account)
			if err != nil {
				return err
			}
			return w.office.RemovalKept(tx, list[0])
		})
		_, err := w.askRemoval(w.bert, who, "passport")
		wants(t, "after the owner's no", err, enrol.ErrRemovalRests, "")
		w.do(func(tx *sqldb.Tx) error {
			r, kept, err := w.office.KeptRemoval(tx, w.bert, who)
			if !kept || !r.Rests(tx.Now) || r.Rests(tx.Now.Add(enrol.RemovalRest)) {
				t.Errorf("what the next clerk sees: %v %+v", kept, r)
			}
			list, err2 := task.Open(tx, w.lib.ID, 9)
			if i := slices.IndexFunc(list, func(k task.Task) bool { return k.Kind == task.RemovalKept }); i < 0 || !strings.HasPrefix(list[i].Object, "customer:"+who) || list[i].AskedBy != "staff:"+w.anna.StaffID {
				t.Errorf("the tasks: %+v", list)
			}
			log, err3 := audit.Of(tx, "customer:"+who, 50)
			if !slices.ContainsFunc(log, func(e audit.Entry) bool { return e.Act == "enrol.removal_kept" }) {
				t.Errorf("the log: %+v", log)
			}
			return errors.Join(err, err2, err3)
		})
		const why = "De klant heeft het toestel teruggevonden bij de dief"
		if err := insist(w.bert, why); !errors.Is(err, staff.ErrDenied) {
			t.Errorf("a clerk insists: %v", err)
		}
		boss := w.anna
		w.do(func(tx *sqldb.Tx) error {
			saved, _, err := staff.Save(tx, staff.Worker{OrganisationID: w.lib.ID, Username: "baas", Name: "Bo Baas", Active: true, Posts: []staff.Post{{Role: staff.Manager}}})
			boss.StaffID = saved.ID
			return err
		})
		wants(t, "without a reason", insist(boss, " "), enrol.ErrWhy, enrol.FieldWhy)
		if err := insist(boss, why); err != nil {
			t.Fatalf("a manager insists: %v", err)
		}
		w.do(func(tx *sqldb.Tx) error {
			log, err := audit.Of(tx, "customer:"+who, 50)
			if !slices.ContainsFunc(log, func(e audit.Entry) bool {
				return e.Act == "enrol.removal_insisted" && e.Detail == why && e.Actor == "staff:"+boss.StaffID
			}) {
				t.Errorf("the log: %+v", log)
			}
			return err
		})
	})
}

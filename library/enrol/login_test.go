package enrol_test

import (
	"errors"
	"testing"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
)

func (w *world) resend(id string) (l enrol.Login, err error) {
	err = w.try(func(tx *sqldb.Tx) error {
		l, err = w.office.Resend(tx, w.anna, id)
		return err
	})
	return l, err
}

func (w *world) generate(id string) (l enrol.Login, err error) {
	err = w.try(func(tx *sqldb.Tx) error {
		l, err = w.office.Generate(tx, w.anna, id)
		return err
	})
	return l, err
}

func (w *world) forget(id string) error {
	return w.try(func(tx *sqldb.Tx) error { return w.office.Forget(tx, w.anna, id) })
}

func (w *world) change(id, email string) (c enrol.EmailChange, err error) {
	err = w.try(func(tx *sqldb.Tx) error {
		c, err = w.office.ChangeEmail(tx, w.anna, id, email)
		return err
	})
	return c, err
}

// sweep deletes accounts that were never activated, as the identity wing's job does.
func (w *world) sweep() {
	w.do(func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`DELETE FROM town_account WHERE NOT active AND until <= $1`, tx.Now)
		return err
	})
}

func TestAnAccountThatIsNotActivatedExpires(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.enrol(tester())
		w.pass(24*time.Hour - time.Second)
		if l := w.login(r.CustomerID); l.State != enrol.Waiting {
			t.Errorf("in the last second: %+v", l)
		}
		w.pass(time.Second)
		if l := w.login(r.CustomerID); l.State != enrol.Expired || l.Username != r.Number {
			t.Errorf("after a day: %+v", l)
		}
		if l, err := w.resend(r.CustomerID); err != nil || l.State != enrol.Waiting || !l.Until.Equal(w.Now().Add(24*time.Hour)) {
			t.Errorf("sent again before the job: %+v, %v", l, err)
		}
		w.pass(25 * time.Hour)
		w.sweep()
		if l := w.login(r.CustomerID); l.State != enrol.Expired || l.Username != r.Number || l.Email != r.Email {
			t.Errorf("after the job: %+v", l)
		}
		if w.count("customer") != 1 || w.count("membership") != 1 || w.owes(r.CustomerID) != 4500 {
			t.Error("customer, membership and money stay")
		}
		if _, err := w.resend(r.CustomerID); !errors.Is(err, enrol.ErrAccountGone) {
			t.Errorf("sent again after the job: %v", err)
		}
		if _, err := w.generate(r.CustomerID); !errors.Is(err, enrol.ErrHasLogin) {
			t.Errorf("generated before it was forgotten: %v", err)
		}
		if err := w.forget(r.CustomerID); err != nil {
			t.Fatal(err)
		}
		if l := w.login(r.CustomerID); l.State != enrol.None {
			t.Errorf("forgotten: %+v", l)
		}
		if l, err := w.generate(r.CustomerID); err != nil || l.State != enrol.Waiting || l.Username != r.Number || l.Email != r.Email {
			t.Errorf("generated anew: %+v, %v", l, err)
		}
		w.do(func(tx *sqldb.Tx) error {
			log, err := audit.Of(tx, "customer:"+r.CustomerID, 50)
			acts := map[string]int{}
			for _, e := range log {
				if e.Actor == "staff:"+w.anna.StaffID && e.Branch == w.annen.ID {
					acts[e.Act]++
				}
			}
			for _, act := range []string{"enrol.saved", "enrol.login_resent", "enrol.login_forgotten", "enrol.login_generated"} {
				if acts[act] != 1 {
					t.Errorf("%s is in the log %d times", act, acts[act])
				}
			}
			return err
		})
	})
}

func TestVergeetInlogaccountDeletesOnlyWhatNeverWoke(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.enrol(tester())
		if err := w.forget(r.CustomerID); err != nil || w.count("town_account") != 0 {
			t.Errorf("asleep: %v, %d accounts", err, w.count("town_account"))
		}
		if err := w.forget(r.CustomerID); !errors.Is(err, enrol.ErrNoLogin) {
			t.Errorf("forgotten twice: %v", err)
		}
		if _, err := w.resend(r.CustomerID); !errors.Is(err, enrol.ErrNoLogin) {
			t.Errorf("sent again: %v", err)
		}
		if _, err := w.generate(r.CustomerID); err != nil {
			t.Fatal(err)
		}
		w.activate(r.Number)
		if l := w.login(r.CustomerID); l.State != enrol.Active {
			t.Errorf("activated: %+v", l)
		}
		if _, err := w.resend(r.CustomerID); !errors.Is(err, enrol.ErrAccountAwake) {
			t.Errorf("sent again: %v", err)
		}
		if err := w.forget(r.CustomerID); err != nil || w.count("town_account") != 1 {
			t.Errorf("awake: %v, %d accounts; it is its owner's", err, w.count("town_account"))
		}
	})
}

func TestALinkedAccountIsNeverDeletedThroughUs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.account("zoe")
		id := w.draft(w.anna, tester())
		if err := w.ask(id, "zoe"); err != nil || !w.prove(id, "code-zoe") {
			t.Fatal(err)
		}
		r, err := w.save(w.anna, id)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.forget(r.CustomerID); err != nil || w.count("town_account") != 1 {
			t.Errorf("forgotten: %v, %d accounts", err, w.count("town_account"))
		}
		if l := w.login(r.CustomerID); l.State != enrol.None {
			t.Errorf("login %+v", l)
		}
	})
}

func TestALinkedAccountThatIsNoMore(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.account("zoe")
		id := w.draft(w.anna, tester())
		if err := w.ask(id, "zoe"); err != nil || !w.prove(id, "code-zoe") {
			t.Fatal(err)
		}
		r, err := w.save(w.anna, id)
		if err != nil {
			t.Fatal(err)
		}
		w.do(func(tx *sqldb.Tx) error { _, err := tx.Exec(`DELETE FROM town_account`); return err })
		if l := w.login(r.CustomerID); l.State != enrol.Gone {
			t.Errorf("login %+v", l)
		}
	})
}

func TestChangingTheEmail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.enrol(tester())
		w.pass(time.Hour)
		c, err := w.change(r.CustomerID, "beter@example.nl")
		if err != nil || !c.Sent || c.Differs || c.Login.Email != "beter@example.nl" || !c.Login.Until.Equal(w.Now().Add(24*time.Hour)) {
			t.Errorf("while it waits: %+v, %v", c, err)
		}
		if c, err := w.change(r.CustomerID, "beter@example.nl"); err != nil || c.Sent {
			t.Errorf("the same address: %+v, %v", c, err)
		}
		_, err = w.change(r.CustomerID, "")
		wants(t, "no address while it waits", err, enrol.ErrEmailNeeded, enrol.FieldEmail)
		_, err = w.change(r.CustomerID, "beter@")
		wants(t, "half an address", err, customer.ErrEmail, enrol.FieldEmail)

		w.activate(r.Number)
		c, err = w.change(r.CustomerID, "werk@example.nl")
		if err != nil || c.Sent || !c.Differs || c.Login.Email != "beter@example.nl" {
			t.Errorf("once it works: %+v, %v", c, err)
		}
		if !enrol.Differs(w.login(r.CustomerID), "werk@example.nl") || enrol.Differs(w.login(r.CustomerID), "beter@example.nl") {
			t.Error("Differs")
		}
		if c, err := w.change(r.CustomerID, "beter@example.nl"); err != nil || c.Differs {
			t.Errorf("back to the account's address: %+v, %v", c, err)
		}
	})
}

func TestChangingTheEmailOfAnExpiredAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.enrol(tester())
		w.pass(25 * time.Hour)
		w.sweep()
		c, err := w.change(r.CustomerID, "nieuw@example.nl")
		if err != nil || c.Sent || c.Login.State != enrol.Expired {
			t.Errorf("%+v, %v", c, err)
		}
		if err := w.forget(r.CustomerID); err != nil {
			t.Fatal(err)
		}
		if l, err := w.generate(r.CustomerID); err != nil || l.Email != "nieuw@example.nl" {
			t.Errorf("generated %+v, %v", l, err)
		}
	})
}

func TestGeneratingNeedsAnAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		app := tester()
		app.Login, app.Email = enrol.No, ""
		r := w.enrol(app)
		_, err := w.generate(r.CustomerID)
		wants(t, "without an address", err, enrol.ErrEmailNeeded, enrol.FieldEmail)
		if c, err := w.change(r.CustomerID, "nu@example.nl"); err != nil || c.Sent || c.Login.State != enrol.None {
			t.Errorf("an address at last: %+v, %v", c, err)
		}
		if l, err := w.generate(r.CustomerID); err != nil || l.Username != r.Number {
			t.Errorf("generated %+v, %v", l, err)
		}
	})
}

func TestACustomerOfAnotherLibraryIsNobody(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.enrol(tester())
		for act, do := range map[string]func(*sqldb.Tx) error{
			"Resend":   func(tx *sqldb.Tx) error { _, err := w.office.Resend(tx, w.other, r.CustomerID); return err },
			"Forget":   func(tx *sqldb.Tx) error { return w.office.Forget(tx, w.other, r.CustomerID) },
			"Generate": func(tx *sqldb.Tx) error { _, err := w.office.Generate(tx, w.other, r.CustomerID); return err },
			"ChangeEmail": func(tx *sqldb.Tx) error {
				_, err := w.office.ChangeEmail(tx, w.other, r.CustomerID, "x@y.nl")
				return err
			},
		} {
			if err := w.try(do); !errors.Is(err, customer.ErrUnknown) {
				t.Errorf("%s: %v", act, err)
			}
		}
	})
}

func TestANewAccountBesideOneThatStaysChangesTheNumber(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.enrol(tester())
		renumbers := func(want bool, when string) {
			t.Helper()
			w.do(func(tx *sqldb.Tx) error {
				got, err := w.office.Renumbers(tx, r.CustomerID)
				if got != want {
					t.Errorf("%s: %v, want %v", when, got, want)
				}
				return err
			})
		}
		renumbers(false, "an account that sleeps is deleted with its name")
		w.activate(r.Number)
		renumbers(true, "an account that works keeps its name")
		w.do(func(tx *sqldb.Tx) error { return w.office.Forget(tx, w.anna, r.CustomerID) })
		renumbers(true, "after it was forgotten")
		w.do(func(tx *sqldb.Tx) error {
			login, err := w.office.Generate(tx, w.anna, r.CustomerID)
			if login.Username == r.Number {
				t.Error("two accounts have one name")
			}
			rows, err := w.office.Named(tx, w.anna, login.Username)
			if len(rows) != 1 || rows[0].ID != r.CustomerID {
				t.Errorf("found by the username: %+v", rows)
			}
			if rows, _ := w.office.Named(tx, w.anna, r.Number); len(rows) != 0 {
				t.Errorf("found by a username of nobody here: %+v", rows)
			}
			return err
		})
	})
}

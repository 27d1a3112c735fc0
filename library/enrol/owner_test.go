package enrol_test

import (
	"errors"
	"testing"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/membership"
)

// account makes an active account that came from another library.
func (w *world) account(username string) (id string) {
	w.t.Helper()
	id = secret.NewID()
	w.do(func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`INSERT INTO town_account VALUES ($1, $2, $3, TRUE, 0)`, id, username, username+"@elders.nl")
		return err
	})
	return id
}

func (w *world) ask(draft, username string) error {
	return w.try(func(tx *sqldb.Tx) error { return w.office.AskOwner(tx, w.anna, draft, username) })
}

func (w *world) prove(draft, code string) (ok bool) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) (err error) {
		ok, err = w.office.ProveOwner(tx, w.anna, draft, code)
		return err
	})
	return ok
}

func TestTheOwnerConfirmsAnExistingAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		account := w.account("zoe")
		id := w.draft(w.anna, tester())
		if err := w.ask(id, " zoe "); err != nil {
			t.Fatal(err)
		}
		_, err := w.save(w.anna, id)
		wants(t, "before the owner answered", err, enrol.ErrNotProved, enrol.FieldUsername)
		if w.prove(id, "guess") {
			t.Error("a wrong code was taken")
		}
		if !w.prove(id, "code-zoe") {
			t.Fatal("the code was refused")
		}
		w.do(func(tx *sqldb.Tx) error {
			d, err := enrol.OpenDraft(tx, w.anna, id)
			if d.Proved != "zoe" || d.Asked || !d.App.WantsExisting() {
				t.Errorf("draft %+v", d)
			}
			return err
		})
		r, err := w.save(w.anna, id)
		if err != nil {
			t.Fatal(err)
		}
		if r.Outcome != enrol.Connected || r.Username != "zoe" || r.Email != "" || w.count("town_account") != 1 {
			t.Errorf("result %+v", r)
		}
		if l := w.login(r.CustomerID); l.State != enrol.Linked || l.Username != "zoe" || l.Email != "zoe@elders.nl" {
			t.Errorf("login %+v", l)
		}
		w.do(func(tx *sqldb.Tx) error {
			held, err := membership.OfAccount(tx, account)
			if len(held) != 1 || held[0].Number != r.Number {
				t.Errorf("the sign-on sees %+v", held)
			}
			return err
		})
	})
}

func TestAnUnknownUsernameReadsAlikeAndLinksNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.account("zoe")
		id := w.draft(w.anna, tester())
		if err := w.ask(id, "zoo"); err != nil {
			t.Errorf("asking for nobody: %v", err)
		}
		w.do(func(tx *sqldb.Tx) error {
			d, err := enrol.OpenDraft(tx, w.anna, id)
			if !d.Asked {
				t.Error("it shows that nobody was asked")
			}
			return err
		})
		if w.prove(id, "code-zoe") || w.prove(id, "code-zoo") {
			t.Error("a code was taken")
		}
		_, err := w.save(w.anna, id)
		wants(t, "unproved", err, enrol.ErrNotProved, enrol.FieldUsername)
	})
}

func TestAProofIsForOneDraftAndOneUsername(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.account("zoe")
		mine := w.draft(w.anna, tester())
		if err := w.ask(mine, "zoe"); err != nil || !w.prove(mine, "code-zoe") {
			t.Fatal(err)
		}
		other := tester()
		other.Surname, other.Account, other.Username = "Ander", enrol.ExistingAccount, "zoe"
		stolen := w.draft(w.anna, other)
		if w.prove(stolen, "code-zoe") {
			t.Error("a code for another draft was taken")
		}
		_, err := w.save(w.anna, stolen)
		wants(t, "another draft", err, enrol.ErrNotProved, enrol.FieldUsername)

		keep := func(username string) {
			w.do(func(tx *sqldb.Tx) error {
				d, err := enrol.OpenDraft(tx, w.anna, mine)
				if err != nil {
					return err
				}
				d.App.Username = username
				_, err = enrol.KeepDraft(tx, w.anna, mine, d.App)
				return err
			})
		}
		keep("zoe")
		keep("bob")
		keep("zoe")
		_, err = w.save(w.anna, mine)
		wants(t, "after another username was typed", err, enrol.ErrNotProved, enrol.FieldUsername)
	})
}

func TestTriesStayCounted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.account("zoe")
		id := w.draft(w.anna, tester())
		if err := w.ask(id, "zoe"); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			w.prove(id, "guess")
		}
		if w.prove(id, "code-zoe") {
			t.Error("the sixth try was taken")
		}
	})
}

func TestOneMembershipOfALibraryOnAnAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.account("zoe")
		first, second, late := w.draft(w.anna, someone(0)), w.draft(w.anna, someone(1)), w.draft(w.anna, someone(2))
		for _, id := range []string{first, late} {
			if err := w.ask(id, "zoe"); err != nil || !w.prove(id, "code-zoe") {
				t.Fatal(err)
			}
		}
		r, err := w.save(w.anna, first)
		wants(t, "the first", err, nil, "")
		_, err = w.save(w.anna, late)
		wants(t, "who was confirmed before that", err, customer.ErrAccountTaken, enrol.FieldUsername)

		// Afterwards the desk hears it with the confirmation, and whose it is.
		if err := w.ask(second, "zoe"); err != nil {
			t.Fatal(err)
		}
		err = w.try(func(tx *sqldb.Tx) error { _, err := w.office.ProveOwner(tx, w.anna, second, "code-zoe"); return err })
		wants(t, "the second", err, customer.ErrAccountTaken, enrol.FieldUsername)
		if held := (*enrol.HeldError)(nil); !errors.As(err, &held) || held.Holder.ID != r.CustomerID {
			t.Errorf("held by %+v, want %s", held, r.CustomerID)
		}
	})
}

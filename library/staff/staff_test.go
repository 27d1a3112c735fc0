package staff_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/branch"
	"lidwoord/library/staff"
)

const secretWords = "vier losse woorden hier"

type bind struct {
	annen, gieten branch.Branch
	anja          staff.Worker
}

// open makes a library with one desk worker, at Annen.
func open(t *testing.T, db *sqldb.DB) (b bind) {
	t.Helper()
	do(t, db, func(tx *sqldb.Tx) error {
		o, err := branch.SaveOrganisation(tx, branch.Organisation{Slug: "bind", Name: "Bind bibliotheken"})
		if err != nil {
			return err
		}
		if b.annen, err = branch.Save(tx, branch.Branch{OrganisationID: o.ID, Code: "5280", Name: "Annen"}); err != nil {
			return err
		}
		if b.gieten, err = branch.Save(tx, branch.Branch{OrganisationID: o.ID, Code: "5281", Name: "Gieten"}); err != nil {
			return err
		}
		b.anja, _, err = staff.Save(tx, staff.Worker{OrganisationID: o.ID, Username: "Anja", Name: "Anja de Boer", Active: true,
			Posts: []staff.Post{{Role: staff.Desk, BranchID: b.annen.ID}}})
		return err
	})
	if err := staff.SetPassword(t.Context(), db, b.anja.ID, secretWords, "loader"); err != nil {
		t.Fatal(err)
	}
	return b
}

func do(t *testing.T, db *sqldb.DB, f func(*sqldb.Tx) error) {
	t.Helper()
	if err := db.InTx(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func try(name, password string) staff.Attempt {
	return staff.Attempt{Username: name, Password: password, Address: "192.0.2.7:4711"}
}

func TestAWorkerSignsInAtTheirOwnBranch(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		at := func(branchID string) staff.Attempt {
			a := try(" ANJA ", secretWords)
			a.BranchID = branchID
			return a
		}
		if w, err := staff.SignIn(t.Context(), db, at(b.annen.ID)); err != nil || w.ID != b.anja.ID || w.Name != "Anja de Boer" {
			t.Errorf("SignIn = %+v, %v", w, err)
		}
		if _, err := staff.SignIn(t.Context(), db, at("")); err != nil {
			t.Errorf("no branch asked: %v", err)
		}
		var elsewhere branch.Branch
		do(t, db, func(tx *sqldb.Tx) error {
			o, err := branch.SaveOrganisation(tx, branch.Organisation{Slug: "ginder", Name: "Ginder"})
			if err != nil {
				return err
			}
			elsewhere, err = branch.Save(tx, branch.Branch{OrganisationID: o.ID, Code: "6000", Name: "Ginder"})
			return err
		})
		if _, err := staff.SignIn(t.Context(), db, at(b.gieten.ID)); !errors.Is(err, staff.ErrElsewhere) || fault.Of(err)[0].Args[0] != "5280 Annen" {
			t.Errorf("at another branch: %v", err)
		}
		wrong := at(b.gieten.ID)
		wrong.Password = "groene fiets"
		if _, err := staff.SignIn(t.Context(), db, wrong); !errors.Is(err, staff.ErrSignIn) {
			t.Errorf("at another branch with a wrong password: %v", err)
		}
		do(t, db, func(tx *sqldb.Tx) error {
			everywhere := b.anja
			everywhere.Posts = []staff.Post{{Role: staff.Desk}}
			_, _, err := staff.Save(tx, everywhere)
			return err
		})
		if _, err := staff.SignIn(t.Context(), db, at(b.gieten.ID)); err != nil {
			t.Errorf("with a post everywhere: %v", err)
		}
		for _, id := range []string{elsewhere.ID, "nowhere"} {
			if _, err := staff.SignIn(t.Context(), db, at(id)); !errors.Is(err, staff.ErrSignIn) {
				t.Errorf("at another library: %v", err)
			}
		}
		do(t, db, func(tx *sqldb.Tx) error {
			log, err := audit.Of(tx, "staff:"+b.anja.ID, 10)
			if len(log) != 4 || log[0].Act != "staff.signed_in" {
				t.Errorf("log %+v, %v", log, err)
			}
			return err
		})
	})
}

func TestTheAnswerIsAlikeForAnUnknownNameAndAWrongPassword(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		do(t, db, func(tx *sqldb.Tx) error {
			gone := b.anja
			gone.Username, gone.Active = "bert", false
			w, created, err := staff.Save(tx, gone)
			if err != nil || !created {
				t.Errorf("bert: %v, %v", created, err)
			}
			b.anja.ID = w.ID
			return err
		})
		if err := staff.SetPassword(t.Context(), db, b.anja.ID, secretWords, "loader"); err != nil {
			t.Fatal(err)
		}
		took := map[string]time.Duration{} // the best of three: a busy machine makes any one of them slow
		for range 3 {
			for name, a := range map[string]staff.Attempt{
				"unknown": try("nobody", secretWords), "wrong": try("anja", "nope"), "left": try("bert", secretWords), "empty": try("", ""),
			} {
				before := time.Now()
				_, err := staff.SignIn(t.Context(), db, a)
				if d := time.Since(before); took[name] == 0 || d < took[name] {
					took[name] = d
				}
				if !errors.Is(err, staff.ErrSignIn) {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		for name, d := range took { // a hash costs tens of milliseconds, its absence none
			if d < took["wrong"]/4 {
				t.Errorf("%s answered in %s, wrong password in %s", name, d, took["wrong"])
			}
		}
	})
}

func TestFailuresSlowDownAndAreForgotten(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		open(t, db)
		now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { return now }
		for n := range 6 {
			if _, err := staff.SignIn(t.Context(), db, try("anja", "nope")); !errors.Is(err, staff.ErrSignIn) {
				t.Fatalf("try %d: %v", n, err)
			}
		}
		_, err := staff.SignIn(t.Context(), db, try("anja", secretWords))
		if !errors.Is(err, staff.ErrSlow) || fault.KindOf(err) != fault.Slow {
			t.Fatalf("the seventh try: %v", err)
		}
		if wait := fault.Of(err)[0].Args[0].(int); wait < 1 || wait > 2 {
			t.Errorf("wait %d seconds, want 2", wait)
		}
		if _, err := staff.SignIn(t.Context(), db, try("nobody", "x")); !errors.Is(err, staff.ErrSignIn) {
			t.Errorf("another name waits too: %v", err)
		}
		now = now.Add(2 * time.Second)
		if _, err := staff.SignIn(t.Context(), db, try("anja", secretWords)); err != nil {
			t.Errorf("after waiting: %v", err)
		}
		// Whoever got in starts afresh.
		for range 5 {
			staff.SignIn(t.Context(), db, try("anja", "nope"))
		}
		if _, err := staff.SignIn(t.Context(), db, try("anja", secretWords)); err != nil {
			t.Errorf("five failures after a success: %v", err)
		}
	})
}

func TestAStrangerElsewhereKeepsNoClerkOut(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		open(t, db)
		now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { return now }
		stranger := try("anja", "guess")
		stranger.Address = "198.51.100.9:4000"
		for range 50 { // as fast as the stranger may, for some hours
			_, err := staff.SignIn(t.Context(), db, stranger)
			for errors.Is(err, staff.ErrSlow) {
				now = now.Add(time.Duration(fault.Of(err)[0].Args[0].(int)) * time.Second)
				_, err = staff.SignIn(t.Context(), db, stranger)
			}
			if !errors.Is(err, staff.ErrSignIn) {
				t.Fatal(err)
			}
		}
		if _, err := staff.SignIn(t.Context(), db, try("anja", secretWords)); err != nil {
			t.Errorf("anja at her own desk: %v", err)
		}
	})
}

func TestFortyClerksOfOneAddressSignInAtNine(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		open(t, db)
		now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { return now }
		for n := range 40 {
			if _, err := staff.SignIn(t.Context(), db, try("anja", secretWords)); err != nil {
				t.Fatalf("clerk %d: %v", n+1, err)
			}
		}
	})
}

func TestSixteenGuessesAtOnceCountAsSixteen(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		open(t, db)
		now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { return now }
		var looked atomic.Int32
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				_, err := staff.SignIn(t.Context(), db, try("anja", "guess"))
				switch {
				case errors.Is(err, staff.ErrSignIn):
					looked.Add(1)
				case !errors.Is(err, staff.ErrSlow):
					t.Error(err)
				}
			})
		}
		all.Wait()
		if looked.Load() != 6 { // five are free, the sixth makes the next one wait
			t.Errorf("%d guesses were compared, want 6", looked.Load())
		}
	})
}

func TestSavingAWorkerTwiceKeepsThePassword(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		do(t, db, func(tx *sqldb.Tx) error {
			w := b.anja
			w.Name, w.Posts = "Anja Boer", []staff.Post{{Role: staff.Manager}, {Role: staff.Desk, BranchID: b.annen.ID}}
			again, created, err := staff.Save(tx, w)
			if err != nil || created || again.ID != b.anja.ID {
				t.Errorf("Save = %+v, %v, %v", again, created, err)
			}
			found, err := staff.Find(tx, w.ID)
			if err != nil || found.Name != "Anja Boer" || len(found.Posts) != 2 || !found.Can(staff.Manage, b.gieten.ID) || found.Actor() != "staff:"+w.ID {
				t.Errorf("Find = %+v, %v", found, err)
			}
			list, err := staff.List(tx, w.OrganisationID)
			if len(list) != 1 {
				t.Errorf("list %+v", list)
			}
			other, err := branch.SaveOrganisation(tx, branch.Organisation{Slug: "ginder", Name: "Ginder"})
			if err != nil {
				return err
			}
			w.OrganisationID, w.Name = other.ID, "Thief"
			if _, _, err := staff.Save(tx, w); !errors.Is(err, staff.ErrTaken) {
				t.Errorf("another library takes the name: %v", err)
			}
			if found, _ := staff.Find(tx, w.ID); found.Name != "Anja Boer" {
				t.Errorf("another library changed %+v", found)
			}
			if _, err := staff.Find(tx, "nobody"); !errors.Is(err, staff.ErrUnknown) {
				t.Errorf("nobody: %v", err)
			}
			for _, bad := range []staff.Worker{{Username: "a b", Name: "x"}, {Username: "ab", Name: "x"}, {Username: "abc"}, {Username: "abc", Name: "x", Posts: []staff.Post{{Role: "baas"}}}} {
				if _, _, err := staff.Save(tx, bad); fault.KindOf(err) != fault.Invalid {
					t.Errorf("%+v: %v", bad, err)
				}
			}
			return nil
		})
		if _, err := staff.SignIn(t.Context(), db, try("anja", secretWords)); err != nil {
			t.Errorf("the password is gone: %v", err)
		}
		if err := staff.SetPassword(t.Context(), db, "nobody", secretWords, "loader"); !errors.Is(err, staff.ErrUnknown) {
			t.Errorf("nobody's password: %v", err)
		}
	})
}

func TestANewPasswordEndsTheSessionsOfTheOld(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		tokens := map[string]secret.Token{}
		do(t, db, func(tx *sqldb.Tx) (err error) {
			for _, door := range []string{"desk", "manage"} {
				if tokens[door], _, err = session.Start(tx, session.Session{Door: door, Subject: b.anja.ID, Idle: time.Hour}); err != nil {
					return err
				}
			}
			return nil
		})
		if err := staff.SetPassword(t.Context(), db, b.anja.ID, "heel andere woorden nu", "loader"); err != nil {
			t.Fatal(err)
		}
		do(t, db, func(tx *sqldb.Tx) error {
			for door, token := range tokens {
				if _, alive, err := session.Find(tx, door, token); err != nil || alive {
					t.Errorf("%s: alive %v, %v", door, alive, err)
				}
			}
			return nil
		})
	})
}

func TestWhatEachRoleMayDoWhere(t *testing.T) {
	desk := staff.Worker{Active: true, Posts: []staff.Post{{Role: staff.Desk, BranchID: "annen"}}}
	manager := staff.Worker{Active: true, Posts: []staff.Post{{Role: staff.Manager}}}
	money := staff.Worker{Active: true, Posts: []staff.Post{{Role: staff.Finance}}}
	both := staff.Worker{Active: true, Posts: []staff.Post{{Role: staff.Desk, BranchID: "annen"}, {Role: staff.Finance, BranchID: "gieten"}}}
	left := manager
	left.Active = false
	for _, c := range []struct {
		name   string
		w      staff.Worker
		act    staff.Act
		branch string
		want   bool
	}{
		{"the desk enrols", desk, staff.Enrol, "annen", true},
		{"not elsewhere", desk, staff.Enrol, "gieten", false},
		{"the desk takes payments", desk, staff.TakePayment, "annen", true},
		{"and does not refund", desk, staff.Refund, "annen", false},
		{"nor manage", desk, staff.Manage, "annen", false},
		{"a manager manages everywhere", manager, staff.Manage, "gieten", true},
		{"and may help at the desk", manager, staff.Enrol, "gieten", true},
		{"and does not refund", manager, staff.Refund, "gieten", false},
		{"finance refunds", money, staff.Refund, "annen", true},
		{"and does not enrol", money, staff.Enrol, "annen", false},
		{"the desk handles tasks", desk, staff.HandleTasks, "annen", true},
		{"but not those about money", desk, staff.HandleMoney, "annen", false},
		{"a manager handles all", manager, staff.HandleMoney, "gieten", true},
		{"finance handles all", money, staff.HandleMoney, "annen", true},
		{"two posts are two rights", both, staff.Refund, "gieten", true},
		{"each at its place", both, staff.Refund, "annen", false},
		{"who left may nothing", left, staff.Manage, "annen", false},
		{"nobody may nothing", staff.Worker{}, staff.SeeCustomers, "", false},
	} {
		if got := c.w.Can(c.act, c.branch); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
		if err := c.w.May(c.act, c.branch); (err == nil) != c.want || err != nil && fault.KindOf(err) != fault.Denied {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if !desk.WorksAt("annen") || desk.WorksAt("gieten") || !manager.WorksAt("gieten") || left.WorksAt("annen") {
		t.Error("who works where is not right")
	}
}

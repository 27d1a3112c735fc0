package staff_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/factor"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/staff"
)

// hire adds a colleague, as a manager does.
func hire(t *testing.T, db *sqldb.DB, b bind, name string, posts ...staff.Post) (staff.Worker, secret.Token) {
	t.Helper()
	w, plain, err := staff.Hire(t.Context(), db, staff.Worker{OrganisationID: b.anja.OrganisationID, Username: name, Name: "Werker " + name, Posts: posts}, "staff:BOSS")
	if err != nil {
		t.Fatal(err)
	}
	return w, plain
}

func find(t *testing.T, db *sqldb.DB, id string) (w staff.Worker) {
	t.Helper()
	do(t, db, func(tx *sqldb.Tx) (err error) { w, err = staff.Find(tx, id); return err })
	return w
}

func TestATemporaryPasswordWorksForADayAndAsksForAnother(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { return now }
		bert, plain := hire(t, db, b, "Bert", staff.Post{Role: staff.Desk})
		w, err := staff.SignIn(t.Context(), db, try("bert", string(plain)))
		if err != nil || !w.Temporary || w.ID != bert.ID {
			t.Fatalf("the first time: %+v, %v", w, err)
		}
		now = now.Add(staff.TemporaryLife)
		if _, err := staff.SignIn(t.Context(), db, try("bert", string(plain))); !errors.Is(err, staff.ErrSignIn) {
			t.Errorf("a day later: %v", err)
		}
		plain, err = staff.Temporary(t.Context(), db, bert.ID, "staff:BOSS")
		if err != nil {
			t.Fatal(err)
		}
		bare := strings.ReplaceAll(string(plain), "-", "")
		for _, typed := range []string{string(plain), bare, strings.ToLower(string(plain)), " " + strings.ToLower(bare[:8]) + " " + bare[8:]} {
			if w, err := staff.SignIn(t.Context(), db, try("bert", typed)); err != nil || !w.Temporary {
				t.Errorf("a new one as %d characters: %+v, %v", len(typed), w, err)
			}
			if err := staff.ChoosePassword(t.Context(), db, bert.ID, typed); !errors.Is(err, staff.ErrSame) {
				t.Errorf("the same one again: %v", err)
			}
		}
		if err := staff.SetPassword(t.Context(), db, bert.ID, secretWords, bert.Actor()); err != nil {
			t.Fatal(err)
		}
		now = now.Add(staff.TemporaryLife)
		if w, err := staff.SignIn(t.Context(), db, try("bert", secretWords)); err != nil || w.Temporary {
			t.Errorf("with a password of their own: %+v, %v", w, err)
		}
		if _, err := staff.Temporary(t.Context(), db, "nobody", "staff:BOSS"); !errors.Is(err, staff.ErrUnknown) {
			t.Errorf("nobody: %v", err)
		}
		_, _, err = staff.Hire(t.Context(), db, staff.Worker{OrganisationID: b.anja.OrganisationID, Username: "bert", Name: "Another", Posts: []staff.Post{{Role: staff.Desk}}}, "staff:BOSS")
		if !errors.Is(err, staff.ErrTaken) || find(t, db, bert.ID).Name != "Werker Bert" {
			t.Errorf("a name that is taken: %v", err)
		}
		_, _, err = staff.Hire(t.Context(), db, staff.Worker{OrganisationID: b.anja.OrganisationID, Username: "carla", Name: "Carla"}, "staff:BOSS")
		if !errors.Is(err, staff.ErrNoRole) {
			t.Errorf("without a role: %v", err)
		}
	})
}

func TestWhoLeavesIsOutAtOnceAndMayComeBack(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		tokens := map[string]secret.Token{}
		do(t, db, func(tx *sqldb.Tx) (err error) {
			for _, door := range []string{"desk", "manage.stap"} {
				if tokens[door], _, err = session.Start(tx, session.Session{Door: door, Subject: b.anja.ID, Idle: time.Hour}); err != nil {
					return err
				}
			}
			return staff.Deactivate(tx, b.anja.ID, "staff:BOSS")
		})
		do(t, db, func(tx *sqldb.Tx) error {
			for door, token := range tokens {
				if _, alive, err := session.Find(tx, door, token); err != nil || alive {
					t.Errorf("%s: alive %v, %v", door, alive, err)
				}
			}
			return nil
		})
		if _, err := staff.SignIn(t.Context(), db, try("anja", secretWords)); !errors.Is(err, staff.ErrSignIn) {
			t.Errorf("after leaving: %v", err)
		}
		do(t, db, func(tx *sqldb.Tx) error { return staff.Reactivate(tx, b.anja.ID, "staff:BOSS") })
		if _, err := staff.SignIn(t.Context(), db, try("anja", secretWords)); err != nil {
			t.Errorf("after coming back: %v", err)
		}
	})
}

func TestTheLastManagerStays(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		boss, _ := hire(t, db, b, "boss", staff.Post{Role: staff.Manager})
		hire(t, db, b, "local", staff.Post{Role: staff.Manager, BranchID: b.annen.ID}) // minds one branch, and lets nobody in
		leave := func(w staff.Worker) error {
			return db.InTx(t.Context(), func(tx *sqldb.Tx) error { return staff.Deactivate(tx, w.ID, "staff:X") })
		}
		lose := func(w staff.Worker) error {
			w.Posts = []staff.Post{{Role: staff.Desk}}
			return db.InTx(t.Context(), func(tx *sqldb.Tx) error { return staff.Change(tx, w, "staff:X") })
		}
		if err := leave(boss); !errors.Is(err, staff.ErrLast) || !find(t, db, boss.ID).Active {
			t.Errorf("the only manager leaves: %v", err)
		}
		if err := lose(boss); !errors.Is(err, staff.ErrLast) || !find(t, db, boss.ID).Manager() {
			t.Errorf("the only manager loses the role: %v", err)
		}
		boss.Name = "Marieke"
		if err := db.InTx(t.Context(), func(tx *sqldb.Tx) error { return staff.Change(tx, boss, "staff:X") }); err != nil || find(t, db, boss.ID).Name != "Marieke" {
			t.Errorf("another name: %v", err)
		}
		second, _ := hire(t, db, b, "second", staff.Post{Role: staff.Manager})
		if err := lose(boss); err != nil {
			t.Errorf("with another manager there: %v", err)
		}
		if err := leave(second); !errors.Is(err, staff.ErrLast) {
			t.Errorf("the new last one: %v", err)
		}
		if err := leave(b.anja); err != nil {
			t.Errorf("a clerk: %v", err)
		}
		if err := leave(staff.Worker{ID: "nobody"}); !errors.Is(err, staff.ErrUnknown) {
			t.Errorf("nobody: %v", err)
		}
	})
}

func TestSixteenManagersLeaveAtOnceAndOneStays(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		var bosses []staff.Worker
		do(t, db, func(tx *sqldb.Tx) error {
			for n := range 16 {
				w, _, err := staff.Save(tx, staff.Worker{OrganisationID: b.anja.OrganisationID, Username: "boss" + string(rune('a'+n)), Name: "B", Active: true, Posts: []staff.Post{{Role: staff.Manager}}})
				if err != nil {
					return err
				}
				if _, err := tx.Exec(`UPDATE worker SET hash = 'x' WHERE id = $1`, w.ID); err != nil {
					return err
				}
				bosses = append(bosses, w)
			}
			return nil
		})
		var left, refused atomic.Int32
		var all sync.WaitGroup
		for n, w := range bosses {
			all.Go(func() {
				err := db.InTx(context.Background(), func(tx *sqldb.Tx) error {
					if n%2 == 0 {
						return staff.Deactivate(tx, w.ID, "staff:X")
					}
					w.Posts = []staff.Post{{Role: staff.Desk}}
					return staff.Change(tx, w, "staff:X")
				})
				switch {
				case err == nil:
					left.Add(1)
				case errors.Is(err, staff.ErrLast):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if left.Load() != 15 || refused.Load() != 1 {
			t.Errorf("%d left and %d stayed, want 15 and 1", left.Load(), refused.Load())
		}
	})
}

func TestResettingTheSecondStepEndsTheSessions(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		var token secret.Token
		do(t, db, func(tx *sqldb.Tx) error {
			o, err := factor.OfferApp(tx, b.anja.Owner(), "Bind", "anja")
			if err != nil {
				return err
			}
			code, err := factor.CodeAt(o.Key, tx.Now)
			if err != nil {
				return err
			}
			if err := factor.ConfirmApp(tx, b.anja.Owner(), code); err != nil {
				return err
			}
			token, _, err = session.Start(tx, session.Session{Door: "manage", Subject: b.anja.ID, Idle: time.Hour})
			return err
		})
		do(t, db, func(tx *sqldb.Tx) error { return staff.ResetFactor(tx, b.anja.ID, "staff:BOSS") })
		do(t, db, func(tx *sqldb.Tx) error {
			if s, err := factor.StateOf(tx, b.anja.Owner()); err != nil || s.Any() {
				t.Errorf("state %+v, %v", s, err)
			}
			_, alive, err := session.Find(tx, "manage", token)
			if alive {
				t.Error("the session lives")
			}
			return err
		})
	})
}

package session_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
)

func in(t *testing.T, db *sqldb.DB, f func(*sqldb.Tx) error) {
	t.Helper()
	if err := db.InTx(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func alive(t *testing.T, db *sqldb.DB, door string, token secret.Token) (s session.Session, ok bool) {
	t.Helper()
	in(t, db, func(tx *sqldb.Tx) (err error) {
		s, ok, err = session.Find(tx, door, token)
		return err
	})
	return s, ok
}

func TestASessionLivesAsLongAsItIsUsed(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { return now }
		var token secret.Token
		in(t, db, func(tx *sqldb.Tx) (err error) {
			token, _, err = session.Start(tx, session.Session{Door: "desk", Subject: "anna", Data: "5280", Idle: 30 * time.Minute})
			return err
		})
		now = now.Add(29 * time.Minute)
		s, ok := alive(t, db, "desk", token)
		if !ok || s.Subject != "anna" || s.Data != "5280" || !s.Stale(now) {
			t.Fatalf("after 29 minutes: %+v, %v", s, ok)
		}
		in(t, db, func(tx *sqldb.Tx) error { return session.Touch(tx, s, 30*time.Minute) })
		now = now.Add(29 * time.Minute)
		if _, ok := alive(t, db, "desk", token); !ok {
			t.Error("a session that was used is dead")
		}
		now = now.Add(time.Minute)
		if _, ok := alive(t, db, "desk", token); ok {
			t.Error("a session that was idle for half an hour lives")
		}
		in(t, db, session.Sweep)
	})
}

func TestASessionOpensItsOwnDoorOnly(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		var token, other secret.Token
		var first session.Session
		in(t, db, func(tx *sqldb.Tx) (err error) {
			if token, first, err = session.Start(tx, session.Session{Door: "login", Subject: "zoe", Idle: time.Hour}); err != nil {
				return err
			}
			other, _, err = session.Start(tx, session.Session{Door: "login", Subject: "zoe", Idle: time.Hour})
			return err
		})
		if _, ok := alive(t, db, "desk", token); ok {
			t.Error("a reader walked in at the desk")
		}
		if _, ok := alive(t, db, "login", secret.NewToken()); ok {
			t.Error("a guess walked in")
		}
		in(t, db, func(tx *sqldb.Tx) error {
			if err := session.Update(tx, first.ID, "new"); err != nil {
				return err
			}
			return session.End(tx, first.ID)
		})
		if _, ok := alive(t, db, "login", token); ok {
			t.Error("an ended session lives")
		}
		if _, ok := alive(t, db, "login", other); !ok {
			t.Error("ending one session ended another")
		}
		in(t, db, func(tx *sqldb.Tx) error { return session.EndAll(tx, "login", "zoe") })
		if _, ok := alive(t, db, "login", other); ok {
			t.Error("a session outlived EndAll")
		}
	})
}

func TestASessionEndsAfterAMonthHoweverMuchItIsUsed(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { return now }
		var token secret.Token
		var s session.Session
		in(t, db, func(tx *sqldb.Tx) (err error) {
			token, s, err = session.Start(tx, session.Session{Door: "login", Subject: "zoe", Idle: 48 * time.Hour})
			return err
		})
		for range 29 {
			now = now.Add(24 * time.Hour)
			in(t, db, func(tx *sqldb.Tx) error { return session.Touch(tx, s, 48*time.Hour) })
		}
		if _, ok := alive(t, db, "login", token); !ok {
			t.Fatal("a session that was used every day is dead after 29 days")
		}
		now = now.Add(24 * time.Hour)
		if _, ok := alive(t, db, "login", token); ok {
			t.Error("a session lives longer than a month")
		}
		in(t, db, session.Sweep)
	})
}

func TestTheSessionsOfSomebodyAreListed(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { return now }
		var first session.Session
		for i, s := range []session.Session{{Door: "login", Subject: "zoe", Device: "een"}, {Door: "login", Subject: "zoe", Device: "twee"},
			{Door: "desk", Subject: "zoe"}, {Door: "login", Subject: "piet"}} {
			s.Idle = time.Hour
			in(t, db, func(tx *sqldb.Tx) error {
				_, made, err := session.Start(tx, s)
				if i == 0 {
					first = made
				}
				return err
			})
			now = now.Add(time.Minute)
		}
		list := func() (found []session.Session) {
			in(t, db, func(tx *sqldb.Tx) (err error) { found, err = session.List(tx, "login", "zoe"); return err })
			return found
		}
		if l := list(); len(l) != 2 || l[0].Device != "twee" || l[1].ID != first.ID {
			t.Errorf("listed %+v", l)
		}
		in(t, db, func(tx *sqldb.Tx) error { return session.Renew(tx, first.ID) })
		if l := list(); !l[1].AuthAt.Equal(now) {
			t.Errorf("proved at %s, want %s", l[1].AuthAt, now)
		}
		now = now.Add(time.Hour)
		if l := list(); len(l) != 0 {
			t.Errorf("dead ones are listed: %+v", l)
		}
	})
}

func TestEverybodyAtASignOnIsOutAndOnlyThey(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { return now }
		begin := func(s session.Session) (token secret.Token) {
			s.Idle = time.Hour
			in(t, db, func(tx *sqldb.Tx) (err error) { token, _, err = session.Start(tx, s); return err })
			return token
		}
		in(t, db, func(tx *sqldb.Tx) error { // more than one transaction looks at
			for range 2300 {
				if _, _, err := session.Start(tx, session.Session{Door: "login", Subject: "many", Idle: time.Hour}); err != nil {
					return err
				}
			}
			return nil
		})
		reader := begin(session.Session{Door: "reading", Subject: "zoe", SignOn: "S"})
		clerk := begin(session.Session{Door: "desk", Subject: "anja"})
		by := now
		now = now.Add(time.Microsecond)
		later := begin(session.Session{Door: "login", Subject: "piet"})
		ended, rounds := 0, 0
		for after := ""; rounds == 0 || after != ""; rounds++ {
			in(t, db, func(tx *sqldb.Tx) error {
				n, next, err := session.EndSignedOn(tx, "login", by, after)
				ended, after = ended+n, next
				return err
			})
		}
		if _, ok := alive(t, db, "reading", reader); ok || ended != 2301 || rounds != 3 {
			t.Errorf("ended %d in %d rounds; the reader is in: %v", ended, rounds, ok)
		}
		_, desk := alive(t, db, "desk", clerk)
		_, fresh := alive(t, db, "login", later)
		if !desk || !fresh {
			t.Errorf("clerk in: %v, who came after that: %v", desk, fresh)
		}
	})
}

func TestASessionMayChangeItsTokenAndOneMayServeOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		var old, fresh secret.Token
		var s session.Session
		in(t, db, func(tx *sqldb.Tx) (err error) {
			if old, s, err = session.Start(tx, session.Session{Door: "login", Subject: "zoe", Idle: time.Hour}); err != nil {
				return err
			}
			var ok bool
			if fresh, ok, err = session.Rotate(tx, s.ID); !ok {
				t.Error("a living session has no other token")
			}
			return err
		})
		if _, ok := alive(t, db, "login", old); ok {
			t.Error("the old token still opens")
		}
		if again, ok := alive(t, db, "login", fresh); !ok || again.ID != s.ID {
			t.Errorf("the new one: %+v, %v", again, ok)
		}
		var won atomic.Int64
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				var mine bool
				in(t, db, func(tx *sqldb.Tx) (err error) { mine, err = session.Spend(tx, s.ID); return err })
				if mine {
					won.Add(1)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d spent one session", won.Load())
		}
		in(t, db, func(tx *sqldb.Tx) error {
			if _, ok, err := session.Rotate(tx, s.ID); ok || err != nil {
				t.Errorf("a session that is over: %v, %v", ok, err)
			}
			return nil
		})
	})
}

func TestSixteenAtTheDoorAreEachKnownByTheirOwnSession(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		tokens := make([]secret.Token, 16)
		for i := range tokens {
			door := "desk"
			if i == 0 {
				door = "login"
			}
			in(t, db, func(tx *sqldb.Tx) (err error) {
				tokens[i], _, err = session.Start(tx, session.Session{Door: door, Subject: string(rune('a' + i)), Idle: time.Hour})
				return err
			})
		}
		var f session.Finder
		find := func(token secret.Token) (s session.Session, ok bool) {
			err := db.Look(t.Context(), func(tx *sqldb.Tx) (err error) { s, ok, err = f.Find(tx, "desk", token); return err })
			if err != nil {
				t.Error(err)
			}
			return s, ok
		}
		var all sync.WaitGroup
		for i, token := range tokens {
			all.Go(func() {
				for range 20 {
					if s, ok := find(token); ok != (i > 0) || ok && s.Subject != string(rune('a'+i)) {
						t.Errorf("%d is %+v, %v", i, s, ok)
					}
				}
			})
		}
		all.Wait()
		s, _ := find(tokens[1])
		in(t, db, func(tx *sqldb.Tx) error { return session.End(tx, s.ID) })
		if _, ok := find(tokens[1]); ok {
			t.Error("a session that ended opens the door")
		}
		if _, ok := find(""); ok {
			t.Error("no token opens the door")
		}
	})
}

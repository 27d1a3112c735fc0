package newsletter_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/library/newsletter"
)

func yes() newsletter.Consent {
	return newsletter.Consent{
		CustomerID: "zoe", Address: "zoe@example.nl", TextVersion: newsletter.TextVersion, TextShown: newsletter.Text(words.NL),
		Channel: newsletter.Desk, StaffID: "anna", BranchID: "annen",
	}
}

func optIn(t *testing.T, db *sqldb.DB, c newsletter.Consent, age int) error {
	t.Helper()
	return db.InTx(t.Context(), func(tx *sqldb.Tx) error { return newsletter.OptIn(tx, c, age) })
}

func history(t *testing.T, db *sqldb.DB) (all []newsletter.Consent) {
	t.Helper()
	if err := db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
		all, err = newsletter.History(tx, "zoe")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSilenceIsNo(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		if err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			c, err := newsletter.State(tx, "zoe")
			if c.Wanted {
				t.Error("nobody asked for it")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAYesIsKeptWithItsProof(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		now := time.Date(2026, 11, 23, 10, 0, 0, 123000, time.UTC)
		db.Now = func() time.Time { return now }
		want := yes()
		if err := optIn(t, db, want, 35); err != nil {
			t.Fatal(err)
		}
		want.Wanted, want.At = true, now
		if got := history(t, db); len(got) != 1 || got[0] != want {
			t.Errorf("kept %+v, want %+v", got, want)
		}
		if err := optIn(t, db, yes(), 35); err != nil || len(history(t, db)) != 1 {
			t.Errorf("the same yes again: %v, %d lines", err, len(history(t, db)))
		}
		other := yes()
		other.Address = "z.oe@example.nl"
		if err := optIn(t, db, other, 35); err != nil || len(history(t, db)) != 2 {
			t.Errorf("a yes for another address: %v, %d lines", err, len(history(t, db)))
		}
	})
}

func TestAYesWithoutProofIsNone(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		for name, c := range map[string]struct {
			spoil func(*newsletter.Consent)
			want  error
		}{
			"no address": {func(c *newsletter.Consent) { c.Address = "" }, newsletter.ErrAddress},
			"no text":    {func(c *newsletter.Consent) { c.TextShown = "" }, newsletter.ErrProof},
			"no version": {func(c *newsletter.Consent) { c.TextVersion = "" }, newsletter.ErrProof},
		} {
			said := yes()
			c.spoil(&said)
			if err := optIn(t, db, said, 35); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestUnder16NeedsAParent(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		if err := optIn(t, db, yes(), 15); !errors.Is(err, newsletter.ErrParent) {
			t.Errorf("at 15: %v", err)
		}
		if err := optIn(t, db, yes(), 16); err != nil {
			t.Errorf("at 16: %v", err)
		}
	})
}

func TestANoIsKeptToo(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		no := func() {
			if err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
				return newsletter.OptOut(tx, newsletter.Consent{CustomerID: "zoe", Channel: newsletter.Mail})
			}); err != nil {
				t.Fatal(err)
			}
		}
		no()
		if len(history(t, db)) != 0 {
			t.Error("a no before any yes was kept")
		}
		if err := optIn(t, db, yes(), 35); err != nil {
			t.Fatal(err)
		}
		no()
		no()
		all := history(t, db)
		if len(all) != 2 || all[1].Wanted || all[1].Address != "zoe@example.nl" || all[1].Channel != newsletter.Mail {
			t.Errorf("history %+v", all)
		}
	})
}

func TestSixteenClicksSayYesOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				if err := optIn(t, db, yes(), 35); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := len(history(t, db)); n != 1 {
			t.Errorf("%d lines for one yes", n)
		}
	})
}

func TestTheTextIsTheSentenceOnTheForm(t *testing.T) {
	if got := newsletter.Text(""); got != newsletter.Text(words.NL) || !strings.HasPrefix(got, "Ja, ik wil") {
		t.Errorf("Text() = %q", got)
	}
	if got := newsletter.Text(words.EN); !strings.HasPrefix(got, "Yes, I want") {
		t.Errorf("Text(EN) = %q", got)
	}
}

package factor_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/factor"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
)

const eva factor.Owner = "account:EVA"

// clock is a database whose clock the test turns.
type clock struct {
	*sqldb.DB
	t   *testing.T
	now time.Time
}

func each(t *testing.T, f func(*testing.T, *clock)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		c := &clock{DB: db, t: t, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
		db.Now = func() time.Time { return c.now }
		f(t, c)
	})
}

func (c *clock) do(f func(*sqldb.Tx) error) {
	c.t.Helper()
	if err := c.InTx(c.t.Context(), f); err != nil {
		c.t.Fatal(err)
	}
}

func (c *clock) offer(owner factor.Owner) (key string) {
	c.t.Helper()
	c.do(func(tx *sqldb.Tx) error {
		o, err := factor.OfferApp(tx, owner, "Bind: bibliotheken", "eva")
		key = o.Key
		return err
	})
	return key
}

func (c *clock) code(key string) string {
	c.t.Helper()
	code, err := factor.CodeAt(key, c.now)
	if err != nil {
		c.t.Fatal(err)
	}
	return code
}

func (c *clock) confirm(owner factor.Owner, code string) error {
	return c.InTx(c.t.Context(), func(tx *sqldb.Tx) error { return factor.ConfirmApp(tx, owner, code) })
}

// app gives an owner an app that works, and waits for its next code.
func (c *clock) app(owner factor.Owner) (key string) {
	c.t.Helper()
	key = c.offer(owner)
	if err := c.confirm(owner, c.code(key)); err != nil {
		c.t.Fatal(err)
	}
	c.now = c.now.Add(30 * time.Second)
	return key
}

func (c *clock) pass(owner factor.Owner, typed string) (by factor.Means, err error) {
	err = factor.Pass(c.t.Context(), c.DB, owner, typed, func(_ *sqldb.Tx, m factor.Means) error { by = m; return nil })
	return by, err
}

func (c *clock) recovery(owner factor.Owner) (list []secret.Token) {
	c.t.Helper()
	c.do(func(tx *sqldb.Tx) (err error) { list, err = factor.RenewRecovery(tx, owner); return err })
	return list
}

func (c *clock) state(owner factor.Owner) (s factor.State) {
	c.t.Helper()
	c.do(func(tx *sqldb.Tx) (err error) { s, err = factor.StateOf(tx, owner); return err })
	return s
}

// The codes of RFC 6238 appendix B, of which six digits are left.
func TestTheCodesAreThoseOfTheStandard(t *testing.T) {
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got := factor.Code([]byte("12345678901234567890"), at/30); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
	if got := factor.URI([]byte("12345678901234567890"), "Bind: bibliotheken", "a+b@c:d"); got != "otpauth://totp/Bind%20%20bibliotheken:a+b@c%20d?issuer=Bind%20%20bibliotheken&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" {
		t.Errorf("uri %s", got)
	}
}

func TestAnAppCountsOnceItsFirstCodeWasRight(t *testing.T) {
	each(t, func(t *testing.T, c *clock) {
		key := c.offer(eva)
		if again := c.offer(eva); again != key {
			t.Error("a page that is shown again shows another key")
		}
		if c.state(eva).Any() {
			t.Error("an app that was never confirmed counts")
		}
		if _, err := c.pass(eva, c.code(key)); !errors.Is(err, factor.ErrCode) {
			t.Errorf("it lets in: %v", err)
		}
		if err := c.confirm(eva, "000000"); !errors.Is(err, factor.ErrCode) {
			t.Errorf("a wrong first code: %v", err)
		}
		if err := c.confirm(eva, c.code(key)[:3]+" "+c.code(key)[3:]); err != nil {
			t.Fatalf("the right code with a blank: %v", err)
		}
		if s := c.state(eva); !s.App || !s.AppSince.Equal(c.now) {
			t.Errorf("state %+v", s)
		}
		if _, err := c.pass(eva, c.code(key)); !errors.Is(err, factor.ErrCode) {
			t.Errorf("the code of the confirmation lets in as well: %v", err)
		}
		// A new telephone: the old one works until the new one does.
		next := c.offer(eva)
		c.now = c.now.Add(time.Minute)
		if _, err := c.pass(eva, c.code(key)); err != nil || next == key {
			t.Errorf("the old app while a new one is offered: %v", err)
		}
		if err := c.confirm(eva, c.code(next)); err != nil {
			t.Fatal(err)
		}
		c.now = c.now.Add(time.Minute)
		if _, err := c.pass(eva, c.code(key)); !errors.Is(err, factor.ErrCode) {
			t.Errorf("the old app after the new one: %v", err)
		}
		if by, err := c.pass(eva, c.code(next)); err != nil || by != factor.ByApp {
			t.Errorf("the new app: %v, %v", by, err)
		}
		late := c.offer(eva)
		c.now = c.now.Add(factor.OfferLife)
		if err := c.confirm(eva, c.code(late)); !errors.Is(err, factor.ErrOffer) {
			t.Errorf("an offer of half an hour ago: %v", err)
		}
		if err := c.confirm("account:OTHER", c.code(next)); !errors.Is(err, factor.ErrOffer) {
			t.Errorf("without an offer: %v", err)
		}
	})
}

func TestACodeMayBeAStepLateAndLetsInOnce(t *testing.T) {
	each(t, func(t *testing.T, c *clock) {
		key := c.app(eva)
		c.now = c.now.Add(time.Hour)
		right := c.now
		for aside, want := range map[time.Duration]bool{-60 * time.Second: false, -30 * time.Second: true, 30 * time.Second: true, 60 * time.Second: false} {
			c.now = right
			code := c.code(key)
			c.now = right.Add(aside)
			_, err := c.pass(eva, code)
			if (err == nil) != want {
				t.Errorf("%s aside: %v", aside, err)
			}
			right = right.Add(time.Hour)
		}
		c.now = right
		code := c.code(key)
		if _, err := c.pass(eva, code); err != nil {
			t.Fatal(err)
		}
		if _, err := c.pass(eva, code); !errors.Is(err, factor.ErrCode) {
			t.Errorf("the same code again: %v", err)
		}
		// A code from before the last one is old, although its time is not over.
		c.now = c.now.Add(-30 * time.Second)
		old := c.code(key)
		c.now = c.now.Add(30 * time.Second)
		if _, err := c.pass(eva, old); !errors.Is(err, factor.ErrCode) {
			t.Errorf("an older code: %v", err)
		}
		// What the door could not do did not spend the code.
		c.now = c.now.Add(time.Minute)
		broken := errors.New("the door is stuck")
		if err := factor.Pass(t.Context(), c.DB, eva, c.code(key), func(*sqldb.Tx, factor.Means) error { return broken }); !errors.Is(err, broken) {
			t.Error(err)
		}
		if _, err := c.pass(eva, c.code(key)); err != nil {
			t.Errorf("after the door was stuck: %v", err)
		}
	})
}

func TestSixteenWithOneCodeAndOneComesIn(t *testing.T) {
	each(t, func(t *testing.T, c *clock) {
		key := c.app(eva)
		recovery := string(c.recovery(eva)[0])
		for name, typed := range map[string]string{"app": c.code(key), "recovery": recovery} {
			var in atomic.Int32
			var all sync.WaitGroup
			for range 16 {
				all.Go(func() {
					err := factor.Pass(t.Context(), c.DB, eva, typed, func(*sqldb.Tx, factor.Means) error { return nil })
					switch {
					case err == nil:
						in.Add(1)
					case !errors.Is(err, factor.ErrCode) && fault.KindOf(err) != fault.Slow:
						t.Error(err)
					}
				})
			}
			all.Wait()
			if in.Load() != 1 {
				t.Errorf("%s: %d came in, want 1", name, in.Load())
			}
			c.do(func(tx *sqldb.Tx) error { return factor.Forgive(tx, eva) })
		}
	})
}

func TestEachRecoveryCodeWorksOnce(t *testing.T) {
	each(t, func(t *testing.T, c *clock) {
		c.app(eva)
		first := c.recovery(eva)
		if len(first) != factor.RecoveryCodes {
			t.Fatalf("%d codes", len(first))
		}
		if by, err := c.pass(eva, strings.ToLower(strings.ReplaceAll(string(first[0]), "-", " "))); err != nil || by != factor.ByRecovery {
			t.Errorf("as people type it: %v, %v", by, err)
		}
		if _, err := c.pass(eva, string(first[0])); !errors.Is(err, factor.ErrCode) {
			t.Errorf("a second time: %v", err)
		}
		if _, err := c.pass("account:OTHER", string(first[1])); !errors.Is(err, factor.ErrCode) {
			t.Errorf("somebody else's: %v", err)
		}
		if s := c.state(eva); s.Recovery != 9 {
			t.Errorf("%d left, want 9", s.Recovery)
		}
		second := c.recovery(eva)
		if _, err := c.pass(eva, string(first[1])); !errors.Is(err, factor.ErrCode) {
			t.Errorf("one of the old ten: %v", err)
		}
		if _, err := c.pass(eva, string(second[1])); err != nil {
			t.Errorf("one of the new ten: %v", err)
		}
		c.do(func(tx *sqldb.Tx) error { return factor.RemoveApp(tx, eva) })
		if s := c.state(eva); s.Any() || s.Recovery != 0 {
			t.Errorf("after the last one was removed: %+v", s)
		}
		if err := c.InTx(t.Context(), func(tx *sqldb.Tx) error { return factor.RemoveApp(tx, eva) }); !errors.Is(err, factor.ErrUnknown) {
			t.Errorf("removed twice: %v", err)
		}
	})
}

func TestGuessingSlowsDownAndEndsAndTheOwnerStillComesIn(t *testing.T) {
	each(t, func(t *testing.T, c *clock) {
		key := c.app(eva)
		codes := c.recovery(eva)
		began, guesses := c.now, 0
		for {
			_, err := c.pass(eva, "000 000")
			if fault.KindOf(err) == fault.Slow {
				c.now = c.now.Add(time.Duration(fault.Of(err)[0].Args[0].(int)) * time.Second)
				continue
			}
			if errors.Is(err, factor.ErrResting) {
				break
			}
			if guesses++; !errors.Is(err, factor.ErrCode) || guesses > factor.FailuresMost {
				t.Fatalf("guess %d: %v", guesses, err)
			}
		}
		if guesses != factor.FailuresMost || c.now.Sub(began) < 6*time.Hour {
			t.Errorf("%d guesses in %s", guesses, c.now.Sub(began))
		}
		c.now = c.now.Add(5 * time.Minute)
		if _, err := c.pass(eva, c.code(key)); !errors.Is(err, factor.ErrResting) || !c.state(eva).AppRested {
			t.Errorf("the right code after a hundred wrong ones: %v", err)
		}
		if _, err := c.pass(eva, string(codes[0])); err != nil {
			t.Errorf("a recovery code: %v", err)
		}
		if _, err := c.pass(eva, c.code(key)); err != nil {
			t.Errorf("the app after it: %v", err)
		}
		c.do(func(tx *sqldb.Tx) error {
			log, err := audit.Of(tx, string(eva), 200)
			acts := map[string]int{}
			for _, e := range log {
				acts[e.Act]++
			}
			if acts["factor.app_rests"] != 1 || acts["factor.passed"] != 2 || acts["factor.app_added"] != 1 {
				t.Errorf("log %v", acts)
			}
			return err
		})
	})
}

func TestSixteenGuessesAtOnceCountAsSixteen(t *testing.T) {
	each(t, func(t *testing.T, c *clock) {
		c.app(eva)
		var looked atomic.Int32
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				err := factor.Pass(t.Context(), c.DB, eva, "000000", func(*sqldb.Tx, factor.Means) error { return nil })
				if errors.Is(err, factor.ErrCode) {
					looked.Add(1)
				} else if fault.KindOf(err) != fault.Slow {
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

// A secret is worth as much as a password: who reads the tables learns none.
func TestTheTablesGiveNothingAway(t *testing.T) {
	each(t, func(t *testing.T, c *clock) {
		key := c.app(eva)
		code := c.recovery(eva)[0]
		c.do(func(tx *sqldb.Tx) error {
			var sealed string
			if _, err := tx.One(`SELECT sealed FROM code_app`, nil, &sealed); err != nil {
				return err
			}
			if strings.Contains(sealed, strings.ReplaceAll(key, " ", "")) || len(sealed) < 40 {
				t.Errorf("the secret is stored as %q", sealed)
			}
			var n int
			if _, err := tx.One(`SELECT COUNT(*) FROM recovery_code WHERE digest = $1`, []any{code.Digest()}, &n); err != nil || n != 0 {
				t.Errorf("a plain digest, which 35 bits do not stand: %d, %v", n, err)
			}
			// Moved to another owner the secret opens for nobody.
			_, err := tx.Exec(`UPDATE code_app SET owner = 'account:THIEF'`)
			return err
		})
		if _, err := c.pass("account:THIEF", c.code(key)); !errors.Is(err, secret.ErrSealed) {
			t.Errorf("a row under another name: %v", err)
		}
	})
}

func TestRemoveAllLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, c *clock) {
		c.app(eva)
		c.recovery(eva)
		c.app("staff:ANJA")
		c.do(func(tx *sqldb.Tx) error { return factor.RemoveAll(tx, eva, "staff:BOSS") })
		if s := c.state(eva); s.Any() || s.Recovery != 0 {
			t.Errorf("left: %+v", s)
		}
		if !c.state("staff:ANJA").App {
			t.Error("somebody else's app went too")
		}
	})
}

func TestWhatAStrangerAddedGoesAndTheRestStays(t *testing.T) {
	each(t, func(t *testing.T, c *clock) {
		p := passkeysAt(t, "https://lid.example")
		if err := newPhone(c, p).add(eva, "Telefoon van Eva"); err != nil {
			t.Fatal(err)
		}
		key := c.app("account:NOA")
		c.now = c.now.Add(time.Hour)
		since := c.now
		c.app(eva)
		c.recovery(eva)
		if err := newPhone(c, p).add(eva, "Telefoon van iemand"); err != nil {
			t.Fatal(err)
		}
		seen := c.offer("account:NOA")
		for _, owner := range []factor.Owner{eva, "account:NOA", "account:NIEMAND"} {
			c.do(func(tx *sqldb.Tx) error { return factor.RemoveSince(tx, owner, since) })
		}
		if s := c.state(eva); s.App || s.Recovery != 0 || len(s.Passkeys) != 1 || s.Passkeys[0].Name != "Telefoon van Eva" {
			t.Errorf("Eva has %+v", s)
		}
		if err := c.confirm("account:NOA", c.code(seen)); !errors.Is(err, factor.ErrOffer) {
			t.Errorf("what the stranger saw is confirmed: %v", err)
		}
		if _, err := c.pass("account:NOA", c.code(key)); err != nil {
			t.Errorf("Noa's own app: %v", err)
		}
	})
}

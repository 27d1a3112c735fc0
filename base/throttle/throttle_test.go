package throttle_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/throttle"
)

var rule = throttle.Rule{Name: "test", Free: 3, First: time.Second, Most: 10 * time.Second, Forget: time.Minute}

type counter struct {
	t   *testing.T
	db  *sqldb.DB
	now time.Time
}

func start(t *testing.T, db *sqldb.DB) *counter {
	c := &counter{t, db, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	db.Now = func() time.Time { return c.now }
	return c
}

func (c *counter) in(f func(*sqldb.Tx) error) {
	c.t.Helper()
	if err := c.db.InTx(c.t.Context(), f); err != nil {
		c.t.Fatal(err)
	}
}

func (c *counter) fail(key string) {
	c.t.Helper()
	c.in(func(tx *sqldb.Tx) error { return throttle.Failed(tx, rule, key) })
}

func (c *counter) wait(key string) (d time.Duration) {
	c.t.Helper()
	c.in(func(tx *sqldb.Tx) (err error) { d, err = throttle.Wait(tx, rule, key); return err })
	return d
}

func TestTheDelayGrowsToItsBoundAndNoFurther(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		c := start(t, db)
		for i, want := range []time.Duration{0, 0, 0, 1, 2, 4, 8, 10, 10, 10, 10} {
			c.fail("zoe")
			if got := c.wait("zoe"); got != want*time.Second {
				t.Errorf("after failure %d: %v, want %v s", i+1, got, want)
			}
		}
		if got := c.wait("piet"); got != 0 {
			t.Errorf("somebody else waits %v", got)
		}
		for range 100 {
			c.fail("zoe")
		}
		c.now = c.now.Add(10 * time.Second)
		if got := c.wait("zoe"); got != 0 {
			t.Errorf("after the longest delay: %v to wait, want 0", got)
		}
	})
}

func TestFailuresAreForgottenOneByOne(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		c := start(t, db)
		for range 4 {
			c.fail("zoe") // the fourth costs a second
		}
		c.now = c.now.Add(2 * time.Minute) // two are forgotten
		c.fail("zoe")
		if got := c.wait("zoe"); got != 0 {
			t.Errorf("third failure that counts: %v, want no wait", got)
		}
		c.fail("zoe")
		if got := c.wait("zoe"); got != time.Second {
			t.Errorf("fourth failure that counts: %v, want 1s", got)
		}
		c.in(func(tx *sqldb.Tx) error { return throttle.Clear(tx, rule, "zoe") })
		if got := c.wait("zoe"); got != 0 {
			t.Errorf("after Clear: %v", got)
		}
	})
}

func TestAnAttackOfAThousandTriesIsOverWhenItIsOver(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		c := start(t, db)
		for range 200 {
			c.fail("zoe")
		}
		c.now = c.now.Add(8 * time.Minute) // 3 free + 5 steps to the longest delay
		c.fail("zoe")
		if got := c.wait("zoe"); got != 0 {
			t.Errorf("a first mistake after the attack: %v", got)
		}
	})
}

func TestSixteenFailuresAtOnceCountAsSixteen(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		c := start(t, db)
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() { c.fail("zoe") })
		}
		all.Wait()
		if got := c.wait("zoe"); got != 10*time.Second {
			t.Errorf("after sixteen at once: %v, want the longest delay", got)
		}
	})
}

func TestNoNameOrAddressStandsInTheTable(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		c := start(t, db)
		c.fail("zoe@example.nl")
		var digest string
		c.in(func(tx *sqldb.Tx) error {
			_, err := tx.One(`SELECT digest FROM throttle`, nil, &digest)
			return err
		})
		if len(digest) != 64 || strings.Contains(digest, "zoe") {
			t.Errorf("stored key %q", digest)
		}
		c.in(throttle.Sweep)
		c.fail("zoe@example.nl")
		c.now = c.now.Add(2 * time.Minute)
		c.in(throttle.Sweep)
		var n int
		c.in(func(tx *sqldb.Tx) error { _, err := tx.One(`SELECT COUNT(*) FROM throttle`, nil, &n); return err })
		if n != 0 {
			t.Errorf("%d counters after Sweep, want 0", n)
		}
	})
}

func TestOneHouseholdIsOneNetwork(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.7:5123":                 "192.0.2.7",
		"192.0.2.7":                      "192.0.2.7",
		"[::ffff:192.0.2.7]:80":          "192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:443":     "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff:ffff:ffff:1":  "2001:db8:1:2::/64",
		"[fe80::1%eth0]:443":             "fe80::/64",
		"":                               "unknown",
		"not an address":                 "unknown",
		"192.0.2.7, 10.0.0.1 (proxied!)": "unknown",
	} {
		if got := throttle.Network(addr); got != want {
			t.Errorf("Network(%q) = %q, want %q", addr, got, want)
		}
	}
}

func FuzzNetwork(f *testing.F) {
	f.Add("192.0.2.7:80")
	f.Add("[2001:db8::1]:443")
	f.Fuzz(func(t *testing.T, addr string) {
		if got := throttle.Network(addr); got == "" || len(got) > 45 {
			t.Errorf("Network(%q) = %q", addr, got)
		}
	})
}

func TestItIsCountedByRuleWhoHasToWait(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		c := start(t, db)
		queues := func() (list []throttle.Queue) {
			c.in(func(tx *sqldb.Tx) (err error) { list, err = throttle.Waiting(tx); return err })
			return list
		}
		for range 4 {
			c.fail("zoe")
			c.fail("piet")
		}
		c.fail("eva") // free
		if l := queues(); len(l) != 1 || l[0].Rule != "test" || l[0].Keys != 2 || !l[0].Until.Equal(c.now.Add(time.Second)) {
			t.Errorf("waiting: %+v", l)
		}
		c.now = c.now.Add(time.Second)
		if l := queues(); len(l) != 0 {
			t.Errorf("a second later: %+v", l)
		}
	})
}

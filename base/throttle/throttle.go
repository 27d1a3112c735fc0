// Package throttle slows down who keeps failing, and locks nobody out.
//
//	Take     refuses a try that comes too soon, and counts any other
//	Clear    forgets the failures of one who succeeded
//	Wait     how long must this one wait before the next try?
//	Failed   counts a failure
//	Network  the network behind an address, as one key
//	Waiting  how many have to wait now, by rule
//	Sweep    removes what is forgotten
//	Pace     lets through a burst, then one call every so often, in memory
//
// A counter is a bucket that leaks: each failure is forgotten after a while, so
// that a busy school is not punished in the afternoon for its morning. Above the
// free failures each further one doubles the delay, up to a bound that a person
// can sit out. A stranger who fails on purpose can make others wait that long
// and no longer.
//
// Count a try before its outcome is known (Take, work, Clear): sixteen guesses at
// the same moment then count as sixteen.
package throttle

import (
	"net/netip"
	"slices"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// Rule says how fast failures of one kind slow down. Rules are variables beside
// the act that they guard, each with its reason.
type Rule struct {
	Name   string        // part of the key; changing it forgets all counters
	Free   int           // failures without any delay
	First  time.Duration // delay after the first failure that is not free; each next one doubles it
	Most   time.Duration // the delay never grows beyond this
	Forget time.Duration // the time in which one failure is forgotten
}

// Counter is what a rule counts of one key: a name, a network.
type Counter struct {
	Rule Rule
	Key  string
}

// Take refuses a try that comes too soon (ErrSlow, with the longest wait of all
// counters) and counts nothing then. Any other it counts with each of count as
// a failure, until Clear says that it was none; look is only looked at.
func Take(tx *sqldb.Tx, count []Counter, look ...Counter) error {
	var longest time.Duration
	for _, c := range slices.Concat(look, count) {
		wait, err := Wait(tx, c.Rule, c.Key)
		if err != nil {
			return err
		}
		longest = max(longest, wait)
	}
	if longest > 0 {
		return slow(longest)
	}
	for _, c := range count {
		if err := Failed(tx, c.Rule, c.Key); err != nil {
			return err
		}
	}
	return nil
}

// Wait returns how long key must wait before its next try; zero is not at all.
func Wait(tx *sqldb.Tx, rule Rule, key string) (time.Duration, error) {
	_, free, err := find(tx, rule.Name, digest(rule, key))
	if err != nil {
		return 0, err
	}
	return max(0, free.Sub(tx.Now)), nil
}

// ErrSlow says how many seconds to wait.
var ErrSlow = fault.New(fault.Slow, "throttle.slow")

// slow tells a person to wait: whole seconds, never too few.
func slow(wait time.Duration) error {
	return ErrSlow.With(int((wait + time.Second - 1) / time.Second))
}

// Failed counts a failure of key.
func Failed(tx *sqldb.Tx, rule Rule, key string) error {
	d := digest(rule, key)
	forgotten, free, err := find(tx, rule.Name, d)
	if err != nil {
		return err
	}
	if forgotten.Before(tx.Now) {
		forgotten = tx.Now
	}
	// Failures beyond the longest delay change nothing more, so they are not
	// remembered either: an attack of a million tries is over when it is over.
	forgotten = forgotten.Add(rule.Forget)
	if most := tx.Now.Add(time.Duration(rule.fullest()) * rule.Forget); forgotten.After(most) {
		forgotten = most
	}
	if next := tx.Now.Add(rule.Delay(rule.counted(tx.Now, forgotten))); next.After(free) {
		free = next
	}
	return put(tx, rule.Name, d, forgotten, free)
}

// Clear forgets the failures of key.
func Clear(tx *sqldb.Tx, rule Rule, key string) error {
	return remove(tx, rule.Name, digest(rule, key))
}

// Queue is how many keys of one rule have to wait now: names, networks, browsers.
type Queue struct {
	Rule  string
	Keys  int
	Until time.Time // when the last of them may try again
}

// Waiting says by rule how many have to wait now, for who hears that nobody can
// sign in.
func Waiting(tx *sqldb.Tx) ([]Queue, error) { return waiting(tx) }

// Sweep removes counters that are forgotten. It is a periodic job.
func Sweep(tx *sqldb.Tx) error { return removeForgotten(tx) }

// Delay returns the wait after that many failures.
func (r Rule) Delay(failures int) time.Duration {
	if failures <= r.Free {
		return 0
	}
	d := r.First
	for i := r.Free + 1; i < failures && d < r.Most; i++ {
		d *= 2
	}
	return min(d, r.Most)
}

// fullest is the number of failures at which the delay is longest.
func (r Rule) fullest() int {
	n := r.Free + 1
	for d := r.First; d < r.Most; d *= 2 {
		n++
	}
	return n
}

// counted is the number of failures that are not forgotten yet. A failure leaks
// away bit by bit; what is left of one counts as one.
func (r Rule) counted(now, forgotten time.Time) int {
	return int((forgotten.Sub(now) + r.Forget - 1) / r.Forget)
}

// digest keeps names and addresses out of the table.
func digest(rule Rule, key string) string { return secret.Token(rule.Name + "\x00" + key).Digest() }

// Network returns the network behind a remote address ("192.0.2.7:5123",
// "[2001:db8::1]:443", or without port): an IPv4 address as it is, an IPv6
// address as its /64, because every household and phone has a whole /64 to
// choose from. What cannot be read is one network, so that a broken proxy
// header is no way around the rule.
func Network(remoteAddr string) string {
	var addr netip.Addr
	if port, err := netip.ParseAddrPort(remoteAddr); err == nil {
		addr = port.Addr()
	} else if addr, err = netip.ParseAddr(remoteAddr); err != nil {
		return "unknown"
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	net, _ := addr.Prefix(64)
	return net.String()
}

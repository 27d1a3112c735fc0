// Package password turns passwords into hashes and says which passwords are
// too easy to guess.
//
//	Check    is this password good enough for this person?
//	Hash     makes the text that is stored
//	Verify   compares a typed password with the stored text
//	Dummy    costs what Verify costs, for a name that does not exist
//	From     says from which network a password came, for a fair line
//	Import   takes over a hash that another system made
//	Examine  says whether Import would take it
//	Shape    a hash that costs the same and that no password opens
//	Pace     makes every wrong answer take the same time
//
// Every hash takes 19 MiB and a core for some 25 ms. So all of them wait in one
// fair line with as many counters as the machine has cores: a flood of sign-ins
// makes people wait a moment and never eats the memory. See line.go.
//
// Hashes of other systems are checked as they are (foreign.go), and whoever signs
// in with one gets a hash of ours: Verify says so.
package password

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime"

	"golang.org/x/text/unicode/norm"
)

// The live parameters: OWASP's Password Storage Cheat Sheet names 19 MiB, two
// passes and one lane as equal in strength to its dearer rows.
const (
	Memory = 19456 // KiB
	Passes = 2
	Lanes  = 1

	saltBytes = 16
	keyBytes  = 32
)

// counters is the one line for the whole process, because the cores and the
// memory that it guards are the process's too.
var counters = newLine(runtime.GOMAXPROCS(0), waitingPerCounter*runtime.GOMAXPROCS(0))

// Hash makes the text that is stored: "$argon2id$v=19$m=…,t=…,p=…$salt$key".
// It waits its turn, and gives up when ctx ends or the line is too long.
func Hash(ctx context.Context, plain string) (string, error) {
	c, err := counters.enter(ctx)
	if err != nil {
		return "", err
	}
	defer c.leave()
	return seal(c, normal(plain)), nil
}

// seal makes the hash of secret with today's parameters.
func seal(c *counter, secret []byte) string {
	p := today
	p.salt = make([]byte, saltBytes)
	rand.Read(p.salt)
	return p.text(p.derive(c, secret, keyBytes))
}

// Verify reports whether plain is the password behind hash, and whether the
// hash was made with other parameters than today's, or by another system, and
// should be made again.
//
// An empty hash stands for "no password yet": it is never right and costs as
// much as a real one, so that the answer does not tell which accounts sleep.
// Foreign hashes cost what they cost; [Pace] hides that.
func Verify(ctx context.Context, hash, plain string) (ok, rehash bool, err error) {
	even := evenly()
	if hash == "" {
		hash = nobody
	}
	h, err := read(hash)
	if err != nil {
		return false, false, fmt.Errorf("password: stored hash: %v", err) // our fault and not the person's, so %v; never the hash, it would reach the log
	}
	c, err := counters.enter(ctx)
	if err != nil {
		return false, false, err
	}
	ok = h.opens(c, normal(plain))
	c.leave()
	if !ok || hash == nobody {
		return false, false, even(ctx)
	}
	return true, !h.today, nil
}

// Dummy does the work of Verify with the live parameters and throws it away, so
// that an unknown name takes as long as a wrong password.
func Dummy(ctx context.Context, plain string) error {
	_, _, err := Verify(ctx, nobody, plain)
	return err
}

// nobody is the shape of a hash of today: no password opens it.
var nobody = today.shape(keyBytes)

// normal gives one form to what looks alike: é typed as one key on a phone and
// as two on a laptop is the same password. Other systems hashed what was typed,
// which is this form on nearly every keyboard.
func normal(plain string) []byte { return norm.NFC.Bytes([]byte(plain)) }

// Package password turns passwords into hashes and says which passwords are
// too easy to guess.
//
//	Check   is this password good enough for this person?
//	Hash    makes the text that is stored
//	Verify  compares a typed password with the stored text
//	Dummy   costs what Verify costs, for a name that does not exist
//	From    says from which network a password came, for a fair line
//
// Every hash takes 19 MiB and a core for some 25 ms. So all of them wait in one
// fair line with as many counters as the machine has cores: a flood of sign-ins
// makes people wait a moment and never eats the memory.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
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

// The most that a stored hash may ask of us. Hashes come from our own table, but
// an import may bring others, and a damaged row must not take the machine down.
const (
	mostMemory = 256 * 1024 // KiB
	mostPasses = 10
	mostLanes  = 8
)

// counters is the one line for the whole process, because the cores and the
// memory that it guards are the process's too.
var counters = newLine(runtime.GOMAXPROCS(0), waitingPerCounter*runtime.GOMAXPROCS(0))

// Hash makes the text that is stored: "$argon2id$v=19$m=…,t=…,p=…$salt$key".
// It waits its turn, and gives up when ctx ends or the line is too long.
func Hash(ctx context.Context, plain string) (string, error) {
	p := params{memory: Memory, passes: Passes, lanes: Lanes, salt: make([]byte, saltBytes)}
	rand.Read(p.salt)
	key, err := p.key(ctx, plain, keyBytes)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.passes, p.lanes,
		base64.RawStdEncoding.EncodeToString(p.salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

// Verify reports whether plain is the password behind hash, and whether the
// hash was made with other parameters than today's and should be made again.
//
// An empty hash stands for "no password yet": it is never right and costs as
// much as a real one, so that the answer does not tell which accounts sleep.
func Verify(ctx context.Context, hash, plain string) (ok, rehash bool, err error) {
	if hash == "" {
		return false, false, Dummy(ctx, plain)
	}
	p, want, err := parse(hash)
	if err != nil {
		return false, false, err
	}
	key, err := p.key(ctx, plain, uint32(len(want)))
	if err != nil {
		return false, false, err
	}
	if subtle.ConstantTimeCompare(key, want) != 1 {
		return false, false, nil
	}
	return true, p.memory != Memory || p.passes != Passes || p.lanes != Lanes || len(want) != keyBytes, nil
}

// Dummy does the work of Verify with the live parameters and throws it away, so
// that an unknown name takes as long as a wrong password.
func Dummy(ctx context.Context, plain string) error {
	p := params{memory: Memory, passes: Passes, lanes: Lanes, salt: make([]byte, saltBytes)}
	_, err := p.key(ctx, plain, keyBytes)
	return err
}

type params struct {
	memory, passes uint32
	lanes          uint8
	salt           []byte
}

func (p params) key(ctx context.Context, plain string, size uint32) ([]byte, error) {
	leave, err := counters.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return argon2.IDKey(normal(plain), p.salt, p.passes, p.memory, p.lanes, size), nil
}

// normal gives one form to what looks alike: é typed as one key on a phone and
// as two on a laptop is the same password.
func normal(plain string) []byte { return norm.NFC.Bytes([]byte(plain)) }

// parse reads a stored hash.
func parse(hash string) (p params, key []byte, err error) {
	bad := func(what string) (params, []byte, error) {
		return params{}, nil, fmt.Errorf("password: stored hash: %s", what) // never the hash itself: it would reach the log
	}
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return bad("not argon2id")
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.passes, &p.lanes); err != nil || n != 3 {
		return bad("parameters")
	}
	if p.memory < 8*uint32(p.lanes) || p.memory > mostMemory || p.passes < 1 || p.passes > mostPasses || p.lanes < 1 || p.lanes > mostLanes {
		return bad("parameters out of range")
	}
	if p.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil || len(p.salt) < 8 || len(p.salt) > 64 {
		return bad("salt")
	}
	if key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(key) < 16 || len(key) > 64 {
		return bad("key")
	}
	return p, key, nil
}

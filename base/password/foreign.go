package password

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"lidwoord/base/fault"
)

// Hashes of other systems, in the spellings in which those write them down.
// docs/importing.md shows each.

var (
	// ErrHashUnknown: no way of hashing that we know, or one that protects nothing
	// (plain text, MD5, a hash without salt).
	ErrHashUnknown = fault.New(fault.Invalid, "password.hash_unknown")
	// ErrHashDamaged: a known way, and a text that cannot be right.
	ErrHashDamaged = fault.New(fault.Invalid, "password.hash_damaged")
	// ErrHashDear: to check it would take more time or memory than a sign-in may.
	ErrHashDear = fault.New(fault.Invalid, "password.hash_dear")
)

// The most work that a foreign hash may ask: about half a second of one core
// (measured: bcrypt 12 takes 240 ms, 13 twice that; a million rounds of PBKDF2
// 0.2 to 0.4 s). While it runs a counter is taken from everybody else.
const (
	leastBcrypt = 4
	mostBcrypt  = 13
	mostRounds  = 2_000_000 // of PBKDF2, times the blocks of its key
)

// stored is a hash that was read.
type stored struct {
	opens func(c *counter, plain []byte) bool
	shape string // the same cost, without a password
	today bool   // made as Hash makes it
}

// read reads a hash that may stand in the database.
func read(text string) (stored, error) {
	switch {
	case strings.HasPrefix(text, "$argon2id$"), strings.HasPrefix(text, "$argon2i$"):
		return readArgon(text)
	case strings.HasPrefix(text, "$2a$"), strings.HasPrefix(text, "$2b$"), strings.HasPrefix(text, "$2y$"):
		return readBcrypt(text)
	case strings.HasPrefix(text, "$pbkdf2"), strings.HasPrefix(text, "pbkdf2_"):
		return readPBKDF2(text)
	case strings.HasPrefix(text, "$argon2id-sha256$"):
		return readWrapped(text)
	}
	return stored{}, ErrHashUnknown
}

// Examine says whether Import would take a hash, or why not: ErrHashUnknown,
// ErrHashDamaged or ErrHashDear.
func Examine(foreign string) error {
	if isSHA256(foreign) {
		_, err := readSHA256(foreign)
		return err
	}
	_, err := read(foreign)
	return err
}

// Import returns the text to store for a hash that another system made.
//
// A quick hash (SHA-256 with salt) is hashed once more with argon2id, which takes
// its turn in the line: of a stolen table some thousand million guesses a second
// could be tried on the quick hash itself. All other hashes are stored as they
// are, until their owners sign in.
func Import(ctx context.Context, foreign string) (string, error) {
	if !isSHA256(foreign) {
		return foreign, Examine(foreign)
	}
	q, err := readSHA256(foreign)
	if err != nil {
		return "", err
	}
	c, err := counters.enter(ctx)
	if err != nil {
		return "", err
	}
	defer c.leave()
	return q.wrap(seal(c, q.digest)), nil
}

// Shape returns a hash that costs what this one costs and that no password
// opens: it shows how much work the hashes in the database are.
func Shape(hash string) (string, error) {
	h, err := read(hash)
	return h.shape, err
}

// readBcrypt reads "$2b$12$" and 53 characters of salt and key. bcrypt looks at
// the first 72 bytes of a password only; so do we for these, and the hash of ours
// that follows counts every byte.
func readBcrypt(text string) (stored, error) {
	const alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	if len(text) != 60 || text[6] != '$' || strings.Trim(text[7:], alphabet) != "" {
		return stored{}, ErrHashDamaged
	}
	cost, ok := number(text[4:6], 99)
	if !ok || cost < leastBcrypt {
		return stored{}, ErrHashDamaged
	}
	if cost > mostBcrypt {
		return stored{}, ErrHashDear
	}
	return stored{
		opens: func(_ *counter, plain []byte) bool { return bcrypt.CompareHashAndPassword([]byte(text), plain) == nil },
		shape: text[:7] + strings.Repeat(".", 53),
	}, nil
}

// pbkdf2Of are the hash functions that PBKDF2 is used with. In this construction
// SHA-1 is still sound.
var pbkdf2Of = map[string]func() hash.Hash{
	"sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New,
}

// readPBKDF2 reads "$pbkdf2-sha256$i=600000$salt$key" with salt and key in
// base64, the same with the bare number of rounds or with ",l=32" behind it, as
// several libraries write it, "$pbkdf2$" for SHA-1, and Django's
// "pbkdf2_sha256$600000$salt$key", whose salt is the text itself.
func readPBKDF2(text string) (stored, error) {
	parts := strings.Split(strings.TrimPrefix(text, "$"), "$")
	if len(parts) != 4 {
		return stored{}, ErrHashDamaged
	}
	name, django := strings.CutPrefix(parts[0], "pbkdf2_")
	if !django {
		if name = strings.TrimPrefix(parts[0], "pbkdf2-"); name == "pbkdf2" {
			name = "sha1"
		}
	}
	of, known := pbkdf2Of[name]
	if !known || django == strings.HasPrefix(text, "$") {
		return stored{}, ErrHashUnknown
	}
	counted, length, _ := strings.Cut(strings.TrimPrefix(parts[1], "i="), ",")
	rounds, ok := number(counted, 1<<40)
	salt, key := unbase(parts[2]), unbase(parts[3])
	if django {
		salt = []byte(parts[2])
	}
	if !ok || rounds < 1 || length != "" && length != fmt.Sprint("l=", len(key)) ||
		len(salt) < leastSalt || len(salt) > mostSalt || len(key) < 16 || len(key) > 128 {
		return stored{}, ErrHashDamaged
	}
	if blocks := (len(key) + of().Size() - 1) / of().Size(); rounds*blocks > mostRounds {
		return stored{}, ErrHashDear
	}
	return stored{
		opens: func(_ *counter, plain []byte) bool {
			got, err := pbkdf2.Key(of, string(plain), salt, rounds, len(key))
			return err == nil && subtle.ConstantTimeCompare(got, key) == 1
		},
		shape: fmt.Sprintf("$pbkdf2-%s$i=%d$%s$%s", name, rounds, base(make([]byte, saltBytes)), base(make([]byte, len(key)))),
	}, nil
}

// Salts as other systems have them: three bytes would be no salt, and more than
// this is something else.
const (
	leastSalt = 4
	mostSalt  = 128
)

// quick is one SHA-256 of salt and password, or of password and salt.
type quick struct {
	order  string // "salt-first" or "salt-last"
	salt   []byte
	digest []byte // of the salted password; empty once it is wrapped
}

func isSHA256(text string) bool {
	return strings.HasPrefix(text, "$sha256$") || strings.HasPrefix(text, "{SSHA256}")
}

// readSHA256 reads "$sha256$salt-first$salt$digest" or salt-last, with salt and
// digest in base64, or the digest in hexadecimal; and "{SSHA256}" as directories
// (LDAP) have it: digest and salt together in base64, the salt last.
func readSHA256(text string) (quick, error) {
	if both, ok := strings.CutPrefix(text, "{SSHA256}"); ok {
		if b := unbase(both); len(b) >= sha256.Size+leastSalt && len(b) <= sha256.Size+mostSalt {
			return quick{"salt-last", b[sha256.Size:], b[:sha256.Size]}, nil
		}
		return quick{}, ErrHashDamaged
	}
	parts := strings.Split(text, "$")
	if len(parts) != 5 {
		return quick{}, ErrHashDamaged
	}
	q := quick{parts[2], unbase(parts[3]), unbase(parts[4])}
	if len(parts[4]) == 2*sha256.Size {
		q.digest, _ = hex.DecodeString(parts[4]) // nil is too short
	}
	if !q.sane() || len(q.digest) != sha256.Size {
		return quick{}, ErrHashDamaged
	}
	return q, nil
}

func (q quick) sane() bool {
	return (q.order == "salt-first" || q.order == "salt-last") && len(q.salt) >= leastSalt && len(q.salt) <= mostSalt
}

func (q quick) of(plain []byte) []byte {
	parts := [][]byte{q.salt, plain}
	if q.order == "salt-last" {
		parts = [][]byte{plain, q.salt}
	}
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// wrap writes "$argon2id-sha256$order$salt" before the argon2id hash of the
// digest, which begins with its own "$argon2id$".
func (q quick) wrap(inner string) string {
	return "$argon2id-sha256$" + q.order + "$" + base(q.salt) + inner
}

func readWrapped(text string) (stored, error) {
	parts := strings.SplitN(text, "$", 5)
	if len(parts) != 5 {
		return stored{}, ErrHashDamaged
	}
	q := quick{order: parts[2], salt: unbase(parts[3])}
	inner, err := readArgon("$" + parts[4])
	if err != nil || !q.sane() {
		return stored{}, ErrHashDamaged
	}
	// The SHA-256 costs nothing beside the argon2id: it has the shape of that.
	return stored{opens: func(c *counter, plain []byte) bool { return inner.opens(c, q.of(plain)) }, shape: inner.shape}, nil
}

// number reads digits, and nothing that only looks like a number.
func number(text string, most int) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && n <= most && strings.Trim(text, "0123456789") == ""
}

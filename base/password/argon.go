package password

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The most that a stored argon2 hash may ask of us. Hashes come from our own
// table, but an import brings others, and neither a damaged row nor a dear one may
// take the machine down: 128 MiB a counter, and the work of a third of a second.
const (
	mostMemory = 128 * 1024 // KiB
	mostWork   = 512 * 1024 // KiB times passes
	mostLanes  = 8
)

// argon are the parameters of one argon2 hash, as its PHC text names them:
// "$argon2id$v=19$m=…,t=…,p=…$salt$key".
type argon struct {
	kind           string // "argon2id" or "argon2i"
	memory, passes uint32
	lanes          uint8
	salt           []byte
}

// today are the parameters of new hashes.
var today = argon{kind: "argon2id", memory: Memory, passes: Passes, lanes: Lanes}

// readArgon reads an argon2 hash.
func readArgon(text string) (stored, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" && parts[1] != "argon2i" {
		return stored{}, ErrHashDamaged
	}
	a := argon{kind: parts[1]}
	if parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return stored{}, ErrHashUnknown // version 16 has another way of mixing
	}
	// Printed again it must be the same text, or 1e3 and 0x10 would be numbers.
	n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &a.memory, &a.passes, &a.lanes)
	if err != nil || n != 3 || a.costs() != parts[3] {
		return stored{}, ErrHashDamaged
	}
	salt, key := unbase(parts[4]), unbase(parts[5])
	if a.lanes < 1 || a.passes < 1 || a.memory < 8*uint32(a.lanes) || len(salt) < 8 || len(salt) > 64 || len(key) < 16 || len(key) > 64 {
		return stored{}, ErrHashDamaged
	}
	if a.lanes > mostLanes || a.memory > mostMemory || uint64(a.memory)*uint64(a.passes) > mostWork {
		return stored{}, ErrHashDear
	}
	a.salt = salt
	return stored{
		opens: func(c *counter, plain []byte) bool {
			return subtle.ConstantTimeCompare(a.derive(c, plain, len(key)), key) == 1
		},
		shape: a.shape(len(key)),
		today: a.kind == today.kind && a.costs() == today.costs() && len(key) == keyBytes,
	}, nil
}

func (a argon) derive(c *counter, plain []byte, size int) []byte {
	switch {
	case a.kind == "argon2i":
		return argon2.Key(plain, a.salt, a.passes, a.memory, a.lanes, uint32(size))
	case a.costs() == today.costs():
		return c.idKey(plain, a.salt, size)
	}
	return argon2.IDKey(plain, a.salt, a.passes, a.memory, a.lanes, uint32(size))
}

func (a argon) costs() string { return fmt.Sprintf("m=%d,t=%d,p=%d", a.memory, a.passes, a.lanes) }

func (a argon) text(key []byte) string {
	return fmt.Sprintf("$%s$v=%d$%s$%s$%s", a.kind, argon2.Version, a.costs(), base(a.salt), base(key))
}

func (a argon) shape(size int) string {
	a.salt = make([]byte, saltBytes)
	return a.text(make([]byte, size))
}

func base(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }

// unbase reads base64 with or without its padding, and in the spelling that has
// a full stop for the plus sign, since a plus means a blank in addresses. What
// cannot be read is nothing, and too short for anything.
func unbase(text string) []byte {
	b, err := base64.RawStdEncoding.DecodeString(strings.ReplaceAll(strings.TrimRight(text, "="), ".", "+"))
	if err != nil || strings.ContainsAny(text, "\r\n") { // the decoder passes over these
		return nil
	}
	return b
}

package password

import (
	"encoding/binary"
	_ "unsafe" // for go:linkname

	_ "golang.org/x/crypto/argon2"
)

// argon2.IDKey takes 19 MiB from the heap for each hash and leaves them there. Under
// 64 sign-ins at once that makes Go collect its whole heap for every second or third
// hash, which costs as much as a hash, and still 100 MiB lie about. So a counter of
// the line lends its own memory to hashes with today's parameters, one after the
// other, and it is no part of the heap.
//
// The module offers no such thing (golang/go#36634 asks for it), so we reach for
// the four steps of which its IDKey consists. The linker refuses a step that is
// gone, and TestSharedMemoryGivesTheHashesOfArgon2 finds one that changed.
// docs/decisions/0005-intake.md weighs it.

// block is the unit in which argon2 works: 1 KiB.
type block [128]uint64

// blockHash is the hash that the first blocks come from, with room for the two
// numbers that tell them apart.
type blockHash [hashBytes + 8]byte

const (
	hashBytes = 64 // BLAKE2b-512
	modeID    = 2  // argon2id, RFC 9106 §3.1
)

//go:linkname initHash golang.org/x/crypto/argon2.initHash
func initHash(password, salt, key, data []byte, time, memory, threads, keyLen uint32, mode int) blockHash

//go:linkname blake2bHash golang.org/x/crypto/argon2.blake2bHash
func blake2bHash(out, in []byte)

//go:linkname processBlocks golang.org/x/crypto/argon2.processBlocks
func processBlocks(b []block, time, memory, threads uint32, mode int)

//go:linkname extractKey golang.org/x/crypto/argon2.extractKey
func extractKey(b []block, memory, threads, keyLen uint32) []byte

// blocks are the memory of one hash.
type blocks struct {
	all *[Memory]block
	raw []byte // as the system lent it; nil when it is of the heap
}

// idKey is argon2.IDKey with today's memory, passes and lanes.
func (c *counter) idKey(plain, salt []byte, size int) []byte {
	if c.blocks == nil {
		c.blocks = lend()
	}
	b := c.blocks.all
	defer clear(b[:]) // the next hash begins with nothing, and nobody finds anything
	h := initHash(plain, salt, nil, nil, Passes, Memory, Lanes, uint32(size), modeID)
	for n := range 2 { // RFC 9106 §3.2, steps 3 and 4: the first two blocks of the one lane
		var first [len(b[0]) * 8]byte
		binary.LittleEndian.PutUint32(h[hashBytes:], uint32(n))
		blake2bHash(first[:], h[:])
		for i := range b[n] {
			b[n][i] = binary.LittleEndian.Uint64(first[i*8:])
		}
	}
	processBlocks(b[:], Passes, Memory, Lanes, modeID)
	return extractKey(b[:], Memory, Lanes, uint32(size))
}

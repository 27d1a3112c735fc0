package password

import (
	"bytes"
	"crypto/rand"
	"math/big"
	"testing"

	"golang.org/x/crypto/argon2"
)

// The shared memory must change nothing: not for the first hash that uses it, nor
// for those after it.
func TestSharedMemoryGivesTheHashesOfArgon2(t *testing.T) {
	c := &counter{}
	defer func() { c.blocks.free() }()
	for range 20 {
		n, err := rand.Int(rand.Reader, big.NewInt(100))
		if err != nil {
			t.Fatal(err)
		}
		plain, salt, size := make([]byte, n.Int64()), make([]byte, 8+n.Int64()%40), int(16+n.Int64()%49)
		rand.Read(plain)
		rand.Read(salt)
		want := argon2.IDKey(plain, salt, Passes, Memory, Lanes, uint32(size))
		if got := c.idKey(plain, salt, size); !bytes.Equal(got, want) {
			t.Fatalf("idKey(%x, %x, %d) = %x, want %x", plain, salt, size, got, want)
		}
	}
}

func TestNothingOfAPasswordStaysInTheSharedMemory(t *testing.T) {
	c := &counter{}
	defer func() { c.blocks.free() }()
	c.idKey([]byte("paarse fiets"), []byte("zoutzout"), keyBytes)
	for i, b := range c.blocks.all {
		if b != (block{}) {
			t.Fatalf("block %d is not wiped", i)
		}
	}
}

// A quiet server holds no memory for hashes.
func TestWhoeverLeavesLastGivesTheMemoryBack(t *testing.T) {
	l := newLine(1, 8)
	first, err := l.enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first.idKey([]byte("paarse fiets"), []byte("zoutzout"), keyBytes)
	next := make(chan *counter)
	go func() {
		c, err := l.enter(t.Context())
		if err != nil {
			t.Error(err)
		}
		next <- c
	}()
	for waiting := 0; waiting == 0; {
		l.mu.Lock()
		waiting = l.waiting.Len()
		l.mu.Unlock()
	}
	first.leave()
	second := <-next
	if second == nil || second.blocks == nil {
		t.Fatal("the next in line did not get the memory")
	}
	second.leave()
	if second.blocks.all != nil {
		t.Error("the last kept the memory")
	}
}

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
	for range 20 {
		n, err := rand.Int(rand.Reader, big.NewInt(100))
		if err != nil {
			t.Fatal(err)
		}
		plain, salt, size := make([]byte, n.Int64()), make([]byte, 8+n.Int64()%40), int(16+n.Int64()%49)
		rand.Read(plain)
		rand.Read(salt)
		want := argon2.IDKey(plain, salt, Passes, Memory, Lanes, uint32(size))
		if got := idKey(plain, salt, size); !bytes.Equal(got, want) {
			t.Fatalf("idKey(%x, %x, %d) = %x, want %x", plain, salt, size, got, want)
		}
	}
}

func TestNothingOfAPasswordStaysInTheSharedMemory(t *testing.T) {
	idKey([]byte("paarse fiets"), []byte("zoutzout"), keyBytes)
	b := blocks.Get().(*[Memory]block)
	defer blocks.Put(b)
	for i := range b {
		if b[i] != (block{}) {
			t.Fatalf("block %d is not wiped", i)
		}
	}
}

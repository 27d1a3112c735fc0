//go:build !unix

package password

// lend takes the memory of one hash from the heap, all zero.
func lend() *blocks { return &blocks{all: new([Memory]block)} }

// free leaves it to the heap.
func (b *blocks) free() {
	if b != nil {
		b.all = nil
	}
}

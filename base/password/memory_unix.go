//go:build unix

package password

import (
	"syscall"
	"unsafe"
)

// lend asks the system for the memory of one hash, all zero. It does not count for
// the heap of Go, which would otherwise let as much garbage lie about as it holds.
func lend() *blocks {
	raw, err := syscall.Mmap(-1, 0, int(unsafe.Sizeof([Memory]block{})), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return &blocks{all: new([Memory]block)} // the heap says in its own way that there is no more
	}
	return &blocks{all: (*[Memory]block)(unsafe.Pointer(unsafe.SliceData(raw))), raw: raw}
}

// free gives it back.
func (b *blocks) free() {
	if b == nil {
		return
	}
	b.all = nil
	if b.raw != nil {
		syscall.Munmap(b.raw) // it is ours and whole, so there is nothing to refuse
		b.raw = nil
	}
}

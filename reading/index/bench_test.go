package index

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"lidwoord/reading/index/indextest"
)

const libraryTitles = 50_000

// What a search may cost where the issue says 50,000 titles, and the memory.
const (
	searchMost = 30 * time.Millisecond
	memoryMost = 4096 // bytes a title
)

// library is a snapshot of generated titles.
func library(t testing.TB) (*shelf, *Snapshot) {
	t.Helper()
	s, titles := newShelf(), indextest.Titles(libraryTitles)
	for i := range titles {
		titles[i].ID = fmt.Sprintf("T%05d", i)
		titles[i].AddedAt = time.Unix(int64(i)*3600, 0)
	}
	s.put(titles, 1)
	return &s, s.snapshot(nil)
}

// searches are what people type: short and long, right and wrong.
func searches(s *Snapshot) []string {
	return []string{"d", "de", "nacht", "de nacht", "geheim van de nacht", "anna van dijk", "nahct", "geschiedennis", "thriller", "xqzwv", "willemsk bra",
		"kook boek", "9789000000123", s.titles[100].name, s.titles[40_000].name}
}

func TestALargeLibraryIsSearchedInTimeAndInItsMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	shelf, s := library(t)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := (after.HeapAlloc - before.HeapAlloc) / libraryTitles; each > memoryMost {
		t.Errorf("%d bytes a title, want at most %d", each, memoryMost)
	} else {
		t.Logf("%d bytes a title", each)
	}
	for _, search := range searches(s) {
		fastest := time.Hour // of a few: others may be busy on this machine
		for range 10 {
			start := time.Now()
			s.Find(Query{Text: search})
			fastest = min(fastest, time.Since(start))
		}
		if fastest > searchMost {
			t.Errorf("%q takes %v, want at most %v", search, fastest, searchMost)
		}
	}
	runtime.KeepAlive(shelf)
}

// BenchmarkCatalogueIndex measures searches by all that people type, and what a
// change of the catalogue costs.
func BenchmarkCatalogueIndex(b *testing.B) {
	shelf, s := library(b)
	for _, search := range searches(s) {
		b.Run("find/"+search, func(b *testing.B) {
			for b.Loop() {
				s.Find(Query{Text: search})
			}
		})
	}
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			s.Find(Query{})
		}
	})
	b.Run("refresh", func(b *testing.B) {
		for b.Loop() {
			shelf.snapshot(nil)
		}
	})
}

package ingest

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/catalogue"
)

// A disk that is full ends an import; it is no fault of the books.
func TestAFullDiskLeavesNothingHalf(t *testing.T) {
	dir, disk := t.TempDir(), t.TempDir()
	if err := syscall.Mount("none", disk, "tmpfs", 0, "size=1m"); err != nil {
		t.Skip("only who may mount a small disk can fill it: ", err)
	}
	t.Cleanup(func() { syscall.Unmount(disk, 0) })
	for i := range 20 {
		noise := make([]byte, 100<<10)
		rand.Read(noise)
		put(t, fmt.Sprintf("%s/%d.epub", dir, i), epub(t, fmt.Sprintf("<dc:title>Boek %d</dc:title>", i),
			`<item id="f" href="f.ttf" media-type="font/ttf"/>`, "OPS/f.ttf", "\x00\x01\x00\x00"+string(noise)))
	}
	put(t, dir+"/geluid.zip", Zipped(t, "1.mp3", string(silence(2000, nil)), "2.mp3", string(silence(9000, nil))))
	db, stacks := sqldbtest.New(t), catalogue.Stacks{Dir: disk}
	in := Import{DB: db, Stacks: stacks, Say: error.Error}
	tally, _, err := in.Run(t.Context(), []string{dir})
	if !catalogue.Full(err) || tally.Refused > 0 || tally.Done == 0 || tally.Done == 21 {
		t.Fatalf("%+v, %v", tally, err)
	}
	whole := func(db *sqldb.DB, want int) {
		t.Helper()
		list := all(t, db)
		if len(list) != want {
			t.Errorf("%d titles, want %d", len(list), want)
		}
		for _, x := range list {
			if !stacks.Has(x.Digest) {
				t.Errorf("%s has no files", x.Name)
			}
		}
		left, _ := filepath.Glob(filepath.Join(disk, "??", "*.*"))
		work, _ := filepath.Glob(filepath.Join(stacks.Work(), "*"))
		if len(left)+len(work) > 0 {
			t.Errorf("left behind: %v %v", left, work)
		}
	}
	whole(db, tally.Taken)
	if err := syscall.Mount("none", disk, "tmpfs", syscall.MS_REMOUNT, "size=50m"); err != nil {
		t.Fatal(err)
	}
	if tally, _, err = in.Run(t.Context(), []string{dir}); err != nil || tally.Refused > 0 {
		t.Errorf("%+v, %v", tally, err)
	}
	whole(db, 21)
}

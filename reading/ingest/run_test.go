package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/catalogue"
)

func put(t *testing.T, name string, data []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func aBook(t *testing.T, name string) []byte { return epub(t, "<dc:title>"+name+"</dc:title>", "") }

// shelf is a folder as somebody may have it.
func shelf(t *testing.T) string {
	dir := t.TempDir()
	sound := func(frames int) []byte { return silence(frames, nil) }
	put(t, dir+"/boeken/een.epub", aBook(t, "Een"))
	put(t, dir+"/boeken/diep/er/in/Zonder_naam.epub", aBook(t, ""))
	put(t, dir+"/boeken/.weg/x.epub", aBook(t, "Verborgen"))
	put(t, dir+"/boeken/__MACOSX/._een.epub", []byte("x"))
	put(t, dir+"/boeken/kapot.epub", []byte("geen boek"))
	put(t, dir+"/boeken/lees mij.txt", []byte("x"))
	put(t, dir+"/luister/De nacht/01.mp3", sound(50))
	put(t, dir+"/luister/De nacht/02.mp3", sound(60))
	put(t, dir+"/luister/De dag/CD 1/01.mp3", sound(70))
	put(t, dir+"/luister/De dag/CD 2/01.mp3", sound(80))
	put(t, dir+"/luister/los.m4b", audiobookMP4(20, "mp4a"))
	put(t, dir+"/luister/anders.m4b", audiobookMP4(30, "mp4a"))
	put(t, dir+"/luister/ingepakt.zip", Zipped(t, "boek/1.mp3", string(sound(90)), "boek/2.mp3", string(sound(95))))
	if err := os.Symlink("/etc/passwd", dir+"/luister/link.mp3"); err != nil {
		t.Fatal(err)
	}
	return dir
}

func runImport(t *testing.T, db *sqldb.DB, stacks catalogue.Stacks, again bool, paths ...string) (Tally, []Remark) {
	t.Helper()
	tally, remarks, err := Import{DB: db, Stacks: stacks, Again: again, Say: error.Error}.Run(t.Context(), paths)
	if err != nil {
		t.Fatal(err)
	}
	return tally, remarks
}

func all(t *testing.T, db *sqldb.DB) (list []catalogue.Title) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
		list, err = catalogue.Since(tx, 0)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(list, func(a, b catalogue.Title) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func TestAFolderIsWalkedDeepAndReadOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		dir, stacks := shelf(t), catalogue.Stacks{Dir: t.TempDir()}
		tally, remarks := runImport(t, db, stacks, false, dir, dir+"/boeken")
		if tally.Total != 9 || tally.Done != 9 || tally.Taken != 7 || tally.Refused != 2 {
			t.Errorf("%+v\n%+v", tally, remarks)
		}
		var names []string
		for _, x := range all(t, db) {
			names = append(names, x.Name)
		}
		if want := []string{"De dag", "De nacht", "Een", "Zonder naam", "anders", "ingepakt", "los"}; !slices.Equal(names, want) {
			t.Errorf("titles %q, want %q", names, want)
		}

		before := all(t, db)
		tally, remarks = runImport(t, db, stacks, false, dir)
		if tally.Unchanged != 7 || tally.Refused != 2 || tally.Taken != 0 {
			t.Errorf("again: %+v", tally)
		}
		if i := slices.IndexFunc(remarks, func(r Remark) bool { return strings.HasSuffix(r.Path, "kapot.epub") }); i < 0 || remarks[i].Outcome != Refused || remarks[i].Text == "" {
			t.Errorf("a refusal is said again: %+v", remarks)
		}
		if after := all(t, db); after[0].Version != before[0].Version {
			t.Error("what did not change was entered again")
		}

		// The same content under another name is the same title; a file that changed is read.
		put(t, dir+"/boeken/nog eens.epub", aBook(t, "Een"))
		put(t, dir+"/boeken/kapot.epub", aBook(t, "Gemaakt"))
		if tally, _ = runImport(t, db, stacks, false, dir); tally.Present != 1 || tally.Taken != 1 || len(all(t, db)) != 8 {
			t.Errorf("changed: %+v", tally)
		}

		// -again reads all, and leaves a withdrawn title withdrawn.
		gone := all(t, db)[0]
		if err := db.InTx(t.Context(), func(tx *sqldb.Tx) error { return catalogue.Withdraw(tx, "command", gone.ID, "") }); err != nil {
			t.Fatal(err)
		}
		if tally, _ = runImport(t, db, stacks, true, dir); tally.Taken != 9 || tally.Unchanged != 0 {
			t.Errorf("-again: %+v", tally)
		}
		if after := all(t, db); len(after) != 8 || !after[0].Withdrawn || after[0].ID != gone.ID {
			t.Errorf("after -again: %+v", after)
		}

		// Files that were lost from the stacks come back.
		if err := os.RemoveAll(stacks.Dir); err != nil {
			t.Fatal(err)
		}
		if tally, _ = runImport(t, db, stacks, false, dir); tally.Taken < 8 || tally.Refused != 1 { // the ninth is a copy of another
			t.Errorf("after a loss: %+v", tally)
		}
		for _, x := range all(t, db) {
			if !stacks.Has(x) {
				t.Errorf("the files of %s are lost", x.Name)
			}
		}
		if left, _ := filepath.Glob(filepath.Join(stacks.Dir, "*", "*.*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

// A file that changed is a new title in the place of the old one. Who has that on loan
// keeps it: only lending it ends.
func TestAFileThatChangedTakesThePlaceOfWhatItWas(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		dir, stacks := t.TempDir(), catalogue.Stacks{Dir: t.TempDir()}
		version := func(text string) []byte {
			return epub(t, `<dc:title>De nacht</dc:title><dc:description>`+text+`</dc:description>`, "")
		}
		lent := func(want ...string) {
			t.Helper()
			var got []string
			for _, x := range all(t, db) {
				if !stacks.Has(x) {
					t.Errorf("%s has no files", x.Description)
				}
				if !x.Withdrawn {
					got = append(got, x.Description)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("lent are %q, want %q", got, want)
			}
		}
		put(t, dir+"/a.epub", version("een"))
		runImport(t, db, stacks, false, dir)
		lent("een")
		old := all(t, db)[0]
		put(t, dir+"/a.epub", version("de tweede"))
		if _, remarks := runImport(t, db, stacks, false, dir); !strings.Contains(remarks[0].Text, "takes the place of "+old.ID) {
			t.Errorf("%+v", remarks)
		}
		lent("de tweede")
		runImport(t, db, stacks, true, dir) // and stays so
		lent("de tweede")
		// With the old version in another file as well, both are lent; another book replaces nothing.
		put(t, dir+"/b.epub", version("vier"))
		put(t, dir+"/c.epub", version("vier"))
		runImport(t, db, stacks, false, dir)
		put(t, dir+"/b.epub", version("de vijfde"))
		put(t, dir+"/a.epub", aBook(t, "Heel iets anders"))
		runImport(t, db, stacks, false, dir)
		lent("", "de tweede", "de vijfde", "vier")
		// What was withdrawn stays so in its new version.
		for _, x := range all(t, db) {
			if x.Description == "de vijfde" {
				if err := db.InTx(t.Context(), func(tx *sqldb.Tx) error { return catalogue.Withdraw(tx, "command", x.ID, "") }); err != nil {
					t.Fatal(err)
				}
			}
		}
		put(t, dir+"/b.epub", version("nummer zes"))
		runImport(t, db, stacks, false, dir)
		lent("", "de tweede", "vier")
	})
}

// A disk that was away, a right that lacked, too many open files: none of them changes
// the file, and the book is taken when they are over.
func TestABookThatCouldNotBeOpenedIsTriedAgain(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		dir, stacks := t.TempDir(), catalogue.Stacks{Dir: t.TempDir()}
		name := put(t, dir+"/x.epub", aBook(t, "X"))
		var sources []source
		w := &walk{ctx: t.Context(), see: func(s source) { sources = append(sources, s) }}
		if err := w.path(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(name, name+".away"); err != nil { // between the walk and the reading
			t.Fatal(err)
		}
		in := Import{DB: db, Stacks: stacks, Say: error.Error}
		if tally, remarks, err := in.work(t.Context(), sources, nil); err != nil || tally.Refused != 1 || !strings.HasPrefix(remarks[0].Text, ErrUnread.Key) {
			t.Fatalf("%+v, %+v, %v", tally, remarks, err)
		}
		if err := os.Rename(name+".away", name); err != nil {
			t.Fatal(err)
		}
		if tally, remarks := runImport(t, db, stacks, false, dir); tally.Taken != 1 {
			t.Errorf("a good book is refused for ever: %+v %+v", tally, remarks)
		}
	})
}

// failing is a disk with a bad place.
type failing struct {
	*strings.Reader
	from int64
}

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off >= f.from {
		return 0, &fs.PathError{Op: "read", Path: "x.epub", Err: syscall.EIO}
	}
	return f.Reader.ReadAt(p, off)
}

// A zip whose picture is damaged is taken with half of it; a disk that fails in the
// middle is no damage, and is heard by whoever reads.
func TestABadPlaceOfOurDiskIsNoDamageOfABook(t *testing.T) {
	var seen failures
	w := &watched{failing{strings.NewReader("0123456789"), 5}, &seen}
	if _, err := w.ReadAt(make([]byte, 2), 8); err == nil || !ErrUnread.Is(seen.err()) {
		t.Errorf("%v", seen.err())
	}
	var none failures
	w = &watched{failing{strings.NewReader("0123456789"), 50}, &none}
	if _, err := w.ReadAt(make([]byte, 5), 8); !errors.Is(err, io.EOF) || none.err() != nil {
		t.Errorf("the end of a file: %v, %v", err, none.err())
	}
}

// A file that could not be read is tried again: nothing in it needs to change.
func TestWhatCouldNotBeReadIsTriedAgain(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{ErrNotABook.Because(&fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission}), true},
		{ErrNotABook.Because(&fs.PathError{Op: "read", Path: "x", Err: syscall.EIO}), true},
		{ErrNotABook.Because(errors.New("no zip")), false},
		{ErrNotABook.Because(&fs.PathError{Op: "open", Path: "02.mp3", Err: fs.ErrNotExist}), false},
	} {
		if got := unreadable(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}

// An import may be killed anywhere: what is done is done, and it goes on there.
func TestAnImportGoesOnWhereItStopped(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		dir, stacks := t.TempDir(), catalogue.Stacks{Dir: t.TempDir()}
		for i := range 200 {
			put(t, fmt.Sprintf("%s/%03d.epub", dir, i), aBook(t, fmt.Sprint("Boek ", i)))
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		in := Import{DB: db, Stacks: stacks, Say: error.Error, Moved: func(t Tally) {
			if t.Done >= 20 {
				stop()
			}
		}}
		first, _, err := in.Run(ctx, []string{dir})
		if !errors.Is(err, context.Canceled) || first.Done < 20 || first.Done == 200 {
			t.Fatalf("stopped at %+v, %v", first, err)
		}
		if n := len(all(t, db)); n != first.Taken {
			t.Errorf("%d titles, and %d said to be taken", n, first.Taken)
		}
		second, _ := runImport(t, db, stacks, false, dir)
		if second.Unchanged != first.Taken || second.Taken != 200-first.Taken || len(all(t, db)) != 200 {
			t.Errorf("first %+v, then %+v", first, second)
		}
	})
}

// Whatever runs at the same time, the same content is one title with whole files.
func TestSixteenImportsAtOnceTakeEachTitleOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		dir, stacks := t.TempDir(), catalogue.Stacks{Dir: t.TempDir()}
		for i := range 4 {
			put(t, fmt.Sprintf("%s/%d.epub", dir, i), aBook(t, fmt.Sprint("Boek ", i)))
		}
		var all16 sync.WaitGroup
		for n := range 16 {
			all16.Go(func() {
				in := Import{DB: db, Stacks: stacks, Again: n%2 == 0, Say: error.Error}
				if tally, _, err := in.Run(t.Context(), []string{dir}); err != nil || tally.Refused > 0 || tally.Done != 4 {
					t.Errorf("%+v, %v", tally, err)
				}
			})
		}
		all16.Wait()
		list := all(t, db)
		if len(list) != 4 {
			t.Fatalf("%d titles, want 4", len(list))
		}
		for _, x := range list {
			err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
				m, err := catalogue.Contents(tx, x.ID)
				if err != nil {
					return err
				}
				_, err = stacks.Read(x, m.Order[0])
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
		if left, _ := filepath.Glob(filepath.Join(stacks.Dir, "*", "*.*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

// A reader turns a page while the book is read anew, also by a list of its files that
// was read a moment ago.
func TestABookStaysReadableWhileItIsKeptAgain(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		stacks := catalogue.Stacks{Dir: t.TempDir()}
		retake := func(back bool) {
			p := read(t, epub(t, "<dc:title>X</dc:title>", `<item id="s" href="s.css" media-type="text/css"/>`, "s.css", "p{color:red}"))
			if back { // as another version of the program may number them
				p.Manifest.Order, p.Manifest.Resources = append([]catalogue.Part{p.Manifest.Resources[0]}, p.Manifest.Order...), p.Manifest.Resources[1:]
			}
			if _, err := stacks.Retake(t.Context(), db, p); err != nil {
				t.Error(err)
			}
		}
		retake(false)
		id := all(t, db)[0].ID
		done := make(chan struct{})
		go func() {
			defer close(done)
			for n := range 40 {
				retake(n%2 == 0)
			}
		}()
		for n := 0; ; n++ {
			var title catalogue.Title
			var m *catalogue.Manifest
			err := db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
				if title, err = catalogue.Find(tx, id); err == nil {
					m, err = catalogue.Contents(tx, id)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range slices.Concat(m.Order, m.Resources) {
				text, err := stacks.Read(title, part)
				if err != nil || strings.Contains(string(text), "<html") != (part.Type == "application/xhtml+xml") {
					t.Fatalf("reading %d: %s is %.40q, %v", n, part.Href, text, err)
				}
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
}

// Who is killed between the files and the title leaves the book as it was: by an
// earlier version of the program, which numbered its files in another order.
func TestAKilledImportLeavesNoBookWithThePagesOfAnother(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		dir, stacks := t.TempDir(), catalogue.Stacks{Dir: t.TempDir()}
		data := epub(t, "<dc:title>X</dc:title>", `<item id="s" href="s.css" media-type="text/css"/>`, "s.css", "p{color:red}")
		put(t, dir+"/x.epub", data)
		runImport(t, db, stacks, false, dir)
		p := read(t, data)
		p.Manifest.Order, p.Manifest.Resources = append([]catalogue.Part{p.Manifest.Resources[0]}, p.Manifest.Order...), p.Manifest.Resources[1:]
		if err := stacks.Keep(p); err != nil { // and then it is killed
			t.Fatal(err)
		}
		tally, _ := runImport(t, db, stacks, false, dir)
		list := all(t, db)
		err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			m, err := catalogue.Contents(tx, list[0].ID)
			if err != nil {
				return err
			}
			text, err := stacks.Read(list[0], m.Order[0])
			if !strings.Contains(string(text), "<html") {
				t.Errorf("the first chapter is %q, and the import says %+v", text, tally)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestOneFileMayBeNamedAndWhatIsNoBookIsRefused(t *testing.T) {
	db := sqldbtest.New(t)
	dir, stacks := t.TempDir(), catalogue.Stacks{Dir: t.TempDir()}
	named := []string{put(t, dir+"/x.epub", aBook(t, "X")), put(t, dir+"/x.mp3", silence(40, nil)), put(t, dir+"/x.pdf", []byte("%PDF")), dir + "/weg.epub"}
	tally, remarks := runImport(t, db, stacks, false, named...)
	if tally.Taken != 2 || tally.Refused != 2 {
		t.Errorf("%+v %+v", tally, remarks)
	}
}

func TestWhatAKilledImportLeftIsSweptAway(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		stacks := catalogue.Stacks{Dir: t.TempDir()}
		put(t, stacks.Dir+"/ab/abcd-HALF/00001", []byte("x"))
		put(t, stacks.Work()+"/unpack.1/x.mp3", []byte("x"))
		first, err := stacks.Retake(t.Context(), db, read(t, aBook(t, "X")))
		if err != nil {
			t.Fatal(err)
		}
		// It was kept long ago; from when it was kept anew, readers have a day.
		long := db.Now().Add(-30 * leftovers)
		folders, _ := filepath.Glob(stacks.Dir + "/*/" + first.Folder)
		if err := os.Chtimes(folders[0], long, long); err != nil {
			t.Fatal(err)
		}
		second, err := stacks.Retake(t.Context(), db, read(t, aBook(t, "X")))
		if err != nil || second.ID != first.ID || second.Folder == first.Folder || second.Stamp() == first.Stamp() {
			t.Fatalf("%+v %v", second, err)
		}
		left := func(before time.Duration, want int) {
			t.Helper()
			if err := stacks.Sweep(t.Context(), db, db.Now().Add(before)); err != nil {
				t.Fatal(err)
			}
			if list, _ := filepath.Glob(stacks.Dir + "/*/*"); len(list) != want {
				t.Errorf("left %v", list)
			}
		}
		left(-leftovers, 4) // nothing goes under the hands of another import, or of readers
		left(leftovers, 1)
		if !stacks.Has(second) || stacks.Has(first) {
			t.Error("what readers read was swept away, and not what they did")
		}
	})
}

func TestManyCopiesOfABookComeInOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		dir, stacks := t.TempDir(), catalogue.Stacks{Dir: t.TempDir()}
		text := epubOf(t, pageXML, "<dc:title>Dubbel</dc:title>", "")
		for n := range 20 {
			put(t, fmt.Sprintf("%s/%02d.epub", dir, n), text)
		}
		tally, _ := runImport(t, db, stacks, false, dir)
		folders, err := filepath.Glob(filepath.Join(stacks.Dir, "??", "*"))
		if err != nil || tally.Taken != 1 || tally.Present != 19 || len(folders) != 1 {
			t.Errorf("%+v, %d folders, %v", tally, len(folders), err)
		}
	})
}

func TestTitlesThatComeInTogetherAreEnteredTogether(t *testing.T) {
	done := make(chan result)
	go func() {
		for range batch + 2 {
			done <- result{}
			time.Sleep(time.Millisecond) // no reader has the next one ready at once
		}
		close(done)
	}()
	if n := len(gather(<-done, done)); n != batch {
		t.Errorf("%d titles in the first batch, want %d", n, batch)
	}
	start := time.Now()
	if n := len(gather(<-done, done)); n != 2 {
		t.Errorf("%d titles in the last batch, want 2", n)
	}
	if time.Since(start) >= gathering {
		t.Error("nobody comes any more, and it still waits")
	}
	slow := make(chan result)
	if n := len(gather(result{}, slow)); n != 1 {
		t.Errorf("%d titles, want the one that came", n)
	}
}

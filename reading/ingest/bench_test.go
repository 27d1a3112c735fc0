package ingest_test

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/index/indextest"
	"lidwoord/reading/ingest"
	"lidwoord/samples"
)

// realBooks are books that this project did not make, where Debian's packages put
// them. Debian sorts the files in a zip anew, so that none of them is an EPUB by
// the rules.
var realBooks = []struct{ pkg, file, name string }{
	{"debian-policy", "/usr/share/doc/debian-policy/policy.epub", "Debian Policy Manual"},
	{"debmake-doc", "/usr/share/doc/debmake-doc/debmake-doc.de.epub", "Leitfaden für Debian-Betreuer"},
	{"live-manual-epub", "/usr/share/doc/live-manual/epub/live-manual.en.epub", "Live Systems Manual"},
}

func findRealBooks(tb testing.TB) (paths []string) {
	tb.Helper()
	missing := ""
	for _, b := range realBooks {
		if _, err := os.Stat(b.file); err != nil {
			missing += " " + b.pkg
		}
		paths = append(paths, b.file)
	}
	if missing != "" {
		tb.Skip("needs books that others made; on Debian: apt-get install" + missing)
	}
	return paths
}

func TestRealBooksComeInWhole(t *testing.T) {
	paths := findRealBooks(t)
	db, stacks := sqldbtest.New(t), catalogue.Stacks{Dir: t.TempDir()}
	tally, remarks, err := ingest.Import{DB: db, Stacks: stacks, Say: error.Error}.Run(t.Context(), paths)
	if err != nil || tally.Taken != len(paths) {
		t.Fatalf("%+v, %v, %+v", tally, err, remarks)
	}
	for _, want := range realBooks {
		list, _ := search(t, db, catalogue.Query{Text: want.name})
		if len(list) != 1 || list[0].Language == "" {
			t.Errorf("%s: %+v", want.name, list)
			continue
		}
		err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			m, err := catalogue.Contents(tx, list[0].ID)
			if err != nil {
				return err
			}
			if len(m.Order) < 5 || len(m.Chapters) < 5 {
				t.Errorf("%s: %d parts, %d chapters", want.name, len(m.Order), len(m.Chapters))
			}
			for _, p := range m.Order {
				if text, err := stacks.Read(list[0], p); err != nil || len(text) < 200 {
					t.Errorf("%s: %s: %d bytes, %v", want.name, p.Href, len(text), err)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// BenchmarkImport measures books a second from the files to the last commit, with
// covers in three sizes, beside a bare unzip of the same files into folders of the
// same kind, on as many cores.
func BenchmarkImport(b *testing.B) {
	books, err := samples.Books()
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	for i := range 100 {
		writeCopy(b, dir, i, books[i%len(books)].EPUB)
	}
	onBothEngines(b, dir, 100)
}

// BenchmarkImportRealBooks is the same with books of 0.3 to 1.5 MB that others made.
func BenchmarkImportRealBooks(b *testing.B) {
	dir := b.TempDir()
	paths := findRealBooks(b)
	for i := range 30 {
		data, err := os.ReadFile(paths[i%len(paths)])
		if err != nil {
			b.Fatal(err)
		}
		writeCopy(b, dir, i, data)
	}
	onBothEngines(b, dir, 30)
}

// writeCopy writes a book that is like no other, by the comment at the end of its zip.
func writeCopy(b *testing.B, dir string, n int, book []byte) {
	mark := fmt.Sprintf("%06d", n)
	data := append(append([]byte{}, book[:len(book)-2]...), byte(len(mark)), 0)
	if err := os.WriteFile(filepath.Join(dir, mark+".epub"), append(data, mark...), 0o644); err != nil {
		b.Fatal(err)
	}
}

func onBothEngines(b *testing.B, dir string, n int) {
	b.Run("sqlite", func(b *testing.B) { benchImport(b, "sqlite:"+filepath.Join(b.TempDir(), "bench.db"), dir, n) })
	b.Run("postgres", func(b *testing.B) {
		if os.Getenv(sqldbtest.Postgres) == "" {
			b.Skip("not measured on PostgreSQL: " + sqldbtest.Postgres + " is not set (make bench sets it)")
		}
		benchImport(b, sqldbtest.PostgresURL(b), dir, n)
	})
}

func benchImport(b *testing.B, address, dir string, n int) {
	db, err := sqldb.Open(address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	if err := db.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	var whole, bare time.Duration
	var wholeTicks, bareTicks float64
	for range b.N {
		settle()
		start, ticks := time.Now(), indextest.Processor()
		in := ingest.Import{DB: db, Stacks: catalogue.Stacks{Dir: b.TempDir()}, Again: true, Say: error.Error}
		tally, remarks, err := in.Run(b.Context(), []string{dir})
		if err != nil || tally.Taken != n {
			b.Fatalf("%+v, %v, %v", tally, err, remarks)
		}
		whole += time.Since(start)
		wholeTicks += indextest.Processor() - ticks
		settle()
		start, ticks = time.Now(), indextest.Processor()
		unzipAll(b, dir, b.TempDir())
		bare += time.Since(start)
		bareTicks += indextest.Processor() - ticks
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(b.N*n)/whole.Seconds(), "titles/s")
	b.ReportMetric(float64(b.N*n)/bare.Seconds(), "bare/s")
	b.ReportMetric(bare.Seconds()/whole.Seconds(), "ratio")
	if wholeTicks > 0 {
		b.ReportMetric(bareTicks/wholeTicks, "processor-ratio")
	}
}

// settle lets the disk and the collector catch up, so that neither of the two pays for
// what the other one left to do.
func settle() {
	syscall.Sync()
	runtime.GC()
}

// unzipAll is the yardstick: every file of every zip, on every core, and no rule at all.
func unzipAll(b *testing.B, from, to string) {
	list, err := filepath.Glob(filepath.Join(from, "*.epub"))
	if err != nil {
		b.Fatal(err)
	}
	names := make(chan string)
	var workers sync.WaitGroup
	for range runtime.NumCPU() {
		workers.Go(func() {
			for name := range names {
				if err := unzip(name, filepath.Join(to, filepath.Base(name))); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for _, name := range list {
		names <- name
	}
	close(names)
	workers.Wait()
}

func unzip(name, to string) error {
	z, err := zip.OpenReader(name)
	if err != nil {
		return err
	}
	defer z.Close()
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for i, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return err
		}
		out, err := os.Create(filepath.Join(to, fmt.Sprintf("%05d", i)))
		if err != nil {
			return err
		}
		if _, err := io.Copy(out, r); err != nil {
			return err
		}
		if err := out.Close(); err != nil {
			return err
		}
		r.Close()
	}
	return nil
}

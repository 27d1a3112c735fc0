package opds_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/index"
	"lidwoord/reading/index/indextest"
	"lidwoord/reading/loan"
	"lidwoord/web/kit"
	"lidwoord/web/opds"
)

const (
	benchTitles  = 50_000
	benchReaders = 600_000
	callers      = 8
	turnTime     = 700 * time.Millisecond
	turnsLeast   = 5
)

// manyApps lets every app in by the number of its reader, so that what is measured is
// this door and not the room of the devices.
type manyApps struct{}

func (manyApps) ByPassword(_ context.Context, n string, _ secret.Token, _ string) (opds.Reader, error) {
	return opds.Reader{ID: loan.Reader(n), Rights: func(context.Context, time.Duration) (loan.Rights, error) { return digital("2099-01-01"), nil }}, nil
}

func (m manyApps) ByToken(ctx context.Context, t secret.Token, network string) (opds.Reader, error) {
	return m.ByPassword(ctx, string(t), "", network)
}

// BenchmarkFeed measures feeds at 50,000 titles and 600,000 readers with their loans,
// over HTTP from eight apps at once; beside it, in turns, a handler that writes the
// same bytes from memory.
func BenchmarkFeed(b *testing.B) {
	eachEngine(b, func(b *testing.B, db *sqldb.DB) {
		h := benchHouse(b, db, catalogue.Stacks{Dir: b.TempDir()}, benchTitles, benchReaders)
		n := 0
		searches := indextest.Titles(2000)
		next := func(format string, list func(int) string) func() string {
			var mu sync.Mutex
			return func() string {
				mu.Lock()
				defer mu.Unlock()
				n++
				return fmt.Sprintf(format, list(n))
			}
		}
		one := func(path string) func() string { return func() string { return path } }
		for _, c := range []struct {
			name string
			path func() string
			app  bool
		}{
			{"start", one("/v2/"), false},
			{"list", one("/v2/titles?sort=new"), false},
			{"atom", one("/v1/titles?sort=new"), false},
			{"search-again", one("/v2/titles?query=de+laatste+nacht"), false},
			// Each search is a new one: nothing of it was kept.
			{"search-new", next("/v2/titles?query=%s", func(i int) string { return url.QueryEscape(searches[i%len(searches)].Name) + "&page=1&sort=" }), false},
			{"publication", one("/v2/titles/" + h.some), false},
			{"shelf", one("/v2/shelf"), true},
			{"atom-shelf", one("/v1/shelf"), true},
		} {
			b.Run(c.name, func(b *testing.B) { h.compare(b, c.path, c.app, nil) })
		}
	})
}

// BenchmarkMedia measures a track of an audiobook on loan, beside http.ServeContent of
// the same file: as players ask it, from somewhere to the end, and in pieces.
func BenchmarkMedia(b *testing.B) {
	eachEngine(b, func(b *testing.B, db *sqldb.DB) {
		stacks := catalogue.Stacks{Dir: b.TempDir()}
		h := benchHouse(b, db, stacks, benchTitles/25, benchReaders/25) // a track knows no catalogue
		id, file := h.track(b, stacks, 16<<20)
		bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f, err := os.Open(file)
			if err != nil {
				b.Error(err)
				return
			}
			defer f.Close()
			w.Header().Set("Content-Type", "audio/mpeg")
			w.Header().Set("ETag", `"x"`)
			http.ServeContent(w, r, "", time.Time{}, f)
		})
		for _, c := range []struct{ name, header string }{{"to-the-end", "bytes=4194304-"}, {"megabyte", "bytes=4194304-5242879"}, {"64-KiB", "bytes=4194304-4259839"}} {
			b.Run(c.name, func(b *testing.B) {
				h.header = c.header
				defer func() { h.header = "" }()
				h.compare(b, func() string { return "/loans/" + id + "/files/track.mp3" }, true, bare)
			})
		}
	})
}

func eachEngine(b *testing.B, f func(*testing.B, *sqldb.DB)) {
	databases := map[string]string{"sqlite": "sqlite:" + filepath.Join(b.TempDir(), "bench.db")}
	if os.Getenv(sqldbtest.Postgres) != "" {
		databases["postgres"] = sqldbtest.PostgresURL(b)
	}
	for name, address := range databases {
		b.Run(name, func(b *testing.B) {
			db, err := sqldb.Open(address)
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			if err := db.Migrate(b.Context()); err != nil {
				b.Fatal(err)
			}
			f(b, db)
		})
	}
}

// onLoan gives each of so many readers two titles. The titles have just come in, and
// their versions are numbers without a gap.
const onLoan = `
	WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < CAST($1 AS BIGINT)), k(j) AS (SELECT 0 UNION ALL SELECT 1 FROM k WHERE j < 1)
	INSERT INTO loan (id, title_id, kind, reader, lent_at, due_at, progress)
	SELECT 'L' || j || '-' || i, title.id, title.kind, 'R' || i, $3 - i % 20 * CAST(86400000000 AS BIGINT), $4, i % 1000
	FROM n CROSS JOIN k JOIN title ON title.version = 2 + (i * 7919 + j * 104729) % CAST($2 AS BIGINT)`

// benched is the door with a national collection behind it.
type benched struct {
	site    *opds.Site
	handler http.Handler
	db      *sqldb.DB
	some    string // id of a title
	header  string // Range
}

func benchHouse(b *testing.B, db *sqldb.DB, stacks catalogue.Stacks, titles, readers int) *benched {
	b.Helper()
	h := &benched{db: db}
	err := db.InTx(b.Context(), func(tx *sqldb.Tx) error {
		if err := indextest.Fill(tx, titles); err != nil {
			return err
		}
		if _, err := tx.Exec(onLoan, readers, titles, tx.Now, tx.Now.Add(10*24*time.Hour)); err != nil {
			return err
		}
		_, err := tx.One(`SELECT id FROM title ORDER BY id LIMIT 1`, nil, &h.some)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	if db.Engine == "postgres" { // which does it by itself within minutes
		db.Look(b.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec("VACUUM ANALYZE"); return err })
	}
	sentences, err := words.Load(kit.Words, day.Words, catalogue.Words, loan.Words, opds.Words)
	if err != nil {
		b.Fatal(err)
	}
	address := func(path string) *url.URL { return &url.URL{Scheme: "https", Host: "lid.example", Path: path} }
	k := &kit.House{DB: db, Words: sentences, Brand: kit.Brand{Name: "Bind bibliotheken"}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Doors: kit.Doors{OPDS: address("/opds"), Reading: address("/bibliotheek"), Signup: address("/inschrijven")}}
	h.site = opds.New(k, opds.Settings{Index: index.New(db, index.Settings{}), Stacks: stacks, Readers: manyApps{}})
	h.handler = h.site.Handler()
	return h
}

// track puts an audiobook of one track into the stacks and on loan at every reader
// whom the benchmark asks for.
func (h *benched) track(b *testing.B, stacks catalogue.Stacks, size int) (id, file string) {
	t := catalogue.Title{Kind: catalogue.Audiobook, Name: "Lang verhaal", Digest: "ab" + secret.NewID(), Duration: time.Hour, Size: int64(size)}
	folder := filepath.Join(stacks.Dir, t.Digest[:2], t.Digest)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		b.Fatal(err)
	}
	file = filepath.Join(folder, "00001")
	if err := os.WriteFile(file, make([]byte, size), 0o600); err != nil {
		b.Fatal(err)
	}
	err := h.db.InTx(b.Context(), func(tx *sqldb.Tx) (err error) {
		t, err = catalogue.Add(tx, &catalogue.Publication{Title: t, Manifest: catalogue.Manifest{Order: []catalogue.Part{{Href: "track.mp3", Type: "audio/mpeg", File: 1, Size: int64(size), Duration: 3600}}}})
		if err != nil {
			return err
		}
		for i := range callers {
			if _, err := loan.Borrow(tx, loan.Reader(fmt.Sprint("R", i+1)), digital("2099-01-01"), t.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return t.ID, file
}

// compare asks for an address, in turns at the door and at a handler that answers the
// same bytes; without one of its own that is a handler that has them in memory.
func (h *benched) compare(b *testing.B, path func() string, app bool, bare http.Handler) {
	ours := httptest.NewServer(h.handler)
	defer ours.Close()
	if bare == nil {
		sample := h.ask(b, http.DefaultClient, ours.URL+"/opds"+path(), 1, app)
		body := []byte(sample.body)
		bare = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", sample.Header.Get("Content-Type"))
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			w.Write(body) // not as a string, which net/http copies in small pieces
		})
	}
	yardstick := httptest.NewServer(bare)
	defer yardstick.Close()
	turn := func(server string) (rate float64, took []time.Duration) {
		var all sync.WaitGroup
		var mu sync.Mutex
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: callers, DisableCompression: true}}
		defer client.CloseIdleConnections()
		begun := time.Now()
		for c := range callers {
			all.Go(func() {
				var mine []time.Duration
				for time.Since(begun) < turnTime {
					at := time.Now()
					h.fetch(b, client, server+"/opds"+path(), c+1, app)
					mine = append(mine, time.Since(at))
				}
				mu.Lock()
				took = append(took, mine...)
				mu.Unlock()
			})
		}
		all.Wait()
		return float64(len(took)) / time.Since(begun).Seconds(), took
	}
	turn(ours.URL) // what is kept, is kept now
	var ratios, rates []float64
	var took []time.Duration
	var bareTicks, ticks, bareDone float64
	for range max(turnsLeast, min(b.N, 3*turnsLeast)) {
		begun := indextest.Processor()
		theirs, answers := turn(yardstick.URL)
		bareTicks, bareDone = bareTicks+indextest.Processor()-begun, bareDone+float64(len(answers))
		begun = indextest.Processor()
		rate, times := turn(ours.URL)
		ticks += indextest.Processor() - begun
		rates, ratios, took = append(rates, rate), append(ratios, rate/theirs), append(took, times...)
	}
	if ticks > 0 && bareDone > 0 { // the same in processor time, which others on the machine hardly touch
		b.ReportMetric(bareTicks/bareDone/(ticks/float64(len(took))), "processor-ratio")
	}
	slices.Sort(ratios)
	slices.Sort(rates)
	slices.Sort(took)
	b.ReportMetric(ratios[len(ratios)/2], "ratio")
	b.ReportMetric(rates[len(rates)/2], "a-second")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
	b.ReportMetric(0, "ns/op")
}

func (h *benched) request(b *testing.B, address string, reader int, app bool) *http.Request {
	r, err := http.NewRequest("GET", address, nil)
	if err != nil {
		b.Fatal(err)
	}
	if app {
		r.SetBasicAuth(fmt.Sprint("R", reader), "x")
	}
	if h.header != "" {
		r.Header.Set("Range", h.header)
	}
	return r
}

// fetch reads an answer and throws it away.
func (h *benched) fetch(b *testing.B, client *http.Client, address string, reader int, app bool) {
	res, err := client.Do(h.request(b, address, reader, app))
	if err != nil {
		b.Error(err)
		return
	}
	defer res.Body.Close()
	if n, err := io.Copy(io.Discard, res.Body); err != nil || n == 0 || res.StatusCode > 206 {
		b.Errorf("%s: %d, %d bytes, %v", address, res.StatusCode, n, err)
	}
}

func (h *benched) ask(b *testing.B, client *http.Client, address string, reader int, app bool) answer {
	res, err := client.Do(h.request(b, address, reader, app))
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 {
		b.Fatalf("%s: %d %v\n%.300s", address, res.StatusCode, err, text)
	}
	return answer{res, b, string(text)}
}

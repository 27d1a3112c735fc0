package reading_test

import (
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/index"
	"lidwoord/reading/index/indextest"
)

// What the issue says: a national collection, and the readers of a province.
const (
	benchTitles  = 50_000
	benchReaders = 600_000
	benchAtOnce  = 16 // browsers
)

// BenchmarkCatalogue measures pages of the catalogue over HTTP, in turns with a
// server that writes the same bytes from memory and does nothing else. Addresses
// come as people choose them, some titles much more often than others. "first" are
// addresses of which no page is kept.
func BenchmarkCatalogue(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchCatalogue(b, sqldbtest.New(b)) })
	b.Run("postgres", func(b *testing.B) {
		address := sqldbtest.PostgresURL(b)
		db, err := sqldb.Open(address)
		if err == nil {
			err = db.Migrate(b.Context())
		}
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close()
		benchCatalogue(b, db)
	})
}

func benchCatalogue(b *testing.B, db *sqldb.DB) {
	h := newHouse(b, db, with{titles: benchTitles, popular: loans, log: slog.New(slog.NewJSONHandler(io.Discard, nil))})
	if err := db.InTx(b.Context(), func(tx *sqldb.Tx) error { return indextest.Lend(tx, benchReaders) }); err != nil {
		b.Fatal(err)
	}
	analyse(b, db)
	h.provider.Person = zoe("2027-11-30")
	reader := h.browser()
	reader.get("/inloggen").want(b, 200, "Uitloggen")
	var titles []catalogue.Title
	err := db.Read(b.Context(), func(tx *sqldb.Tx) (err error) { titles, err = catalogue.Since(tx, 0); return err })
	if err != nil {
		b.Fatal(err)
	}
	for _, t := range titles[:4] {
		reader.post("/titel/"+t.ID+"/lenen").want(b, 200, "Geleend")
	}
	door, _ := url.Parse(h.URL + "/bibliotheek")
	cookie := reader.Jar.Cookies(door)
	luck := rand.New(rand.NewPCG(3, 4))
	often := rand.NewZipf(luck, 1.1, 20, uint64(len(titles)-1))
	title := func() catalogue.Title { return titles[often.Uint64()] }
	for _, kind := range []struct {
		name string
		path func() string
	}{
		{"home", func() string { return "/" }},
		{"list", func() string {
			t := title()
			return []string{"/nieuw", "/jeugd", "/luisterboeken", "/onderwerp/" + index.Slug(t.Subjects[0])}[luck.IntN(4)] + "?pagina=" + fmt.Sprint(1+luck.IntN(4))
		}},
		{"search", func() string {
			words := strings.Fields(title().Name + " " + title().Author())
			return "/zoeken?zoek=" + url.QueryEscape(words[luck.IntN(len(words))])
		}},
		{"title", func() string { return "/titel/" + title().ID }},
	} {
		paths := make([]string, 4000)
		for i := range paths {
			paths[i] = kind.path()
		}
		b.Run(kind.name+"/visitor", func(b *testing.B) { race(b, h, paths, nil, false) })
		b.Run(kind.name+"/reader", func(b *testing.B) { race(b, h, paths, cookie, false) })
		b.Run(kind.name+"/first", func(b *testing.B) { race(b, h, paths, nil, true) })
	}
}

// analyse lets PostgreSQL look at its tables, as it does by itself within minutes.
func analyse(b *testing.B, db *sqldb.DB) {
	if db.Engine != "postgres" {
		return
	}
	raw, err := sql.Open("pgx", os.Getenv(sqldbtest.Postgres))
	if err != nil {
		b.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.ExecContext(b.Context(), "VACUUM ANALYZE"); err != nil {
		b.Fatal(err)
	}
}

// race asks for pages and for the same bytes from memory, in turns.
func race(b *testing.B, h *house, paths []string, cookies []*http.Cookie, first bool) {
	kept := map[string][]byte{}
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page := kept[r.URL.RequestURI()]
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", fmt.Sprint(len(page)))
		w.Write(page)
	}))
	defer bare.Close()
	web := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchAtOnce}}
	get := func(address string) ([]byte, error) {
		r, err := http.NewRequest("GET", address, nil)
		if err != nil {
			return nil, err
		}
		for _, c := range cookies {
			r.AddCookie(c)
		}
		res, err := web.Do(r)
		if err != nil {
			return nil, err
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err == nil && res.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s: %d", address, res.StatusCode)
		}
		return text, err
	}
	bytes := 0
	for _, p := range paths {
		at := "/bibliotheek" + p
		if kept[at] == nil {
			text, err := get(h.URL + at)
			if err != nil {
				b.Fatal(err)
			}
			kept[at] = text
		}
		bytes += len(kept[at])
	}
	var fresh atomic.Int64
	turn := func(server string, unkept bool) (n int, took time.Duration, waits []time.Duration) {
		var all sync.WaitGroup
		var mu sync.Mutex
		var next atomic.Int64
		start := time.Now()
		stop := start.Add(500 * time.Millisecond)
		for range benchAtOnce {
			all.Go(func() {
				var mine []time.Duration
				for time.Now().Before(stop) {
					address := server + "/bibliotheek" + paths[int(next.Add(1))%len(paths)]
					if unkept { // an address that was not asked for yet
						mark := "?"
						if strings.Contains(address, "?") {
							mark = "&"
						}
						address += fmt.Sprint(mark, "x=", fresh.Add(1))
					}
					begun := time.Now()
					if _, err := get(address); err != nil {
						b.Error(err)
						return
					}
					mine = append(mine, time.Since(begun))
				}
				mu.Lock()
				waits = append(waits, mine...)
				mu.Unlock()
			})
		}
		all.Wait()
		return len(waits), time.Since(start), waits
	}
	var ours, theirs int
	var oursTook, theirsTook time.Duration
	var oursTicks, theirsTicks float64
	var waits []time.Duration
	b.ResetTimer()
	for b.Loop() {
		begun := indextest.Processor()
		n, took, list := turn(h.URL, first)
		ours, oursTook, waits = ours+n, oursTook+took, append(waits, list...)
		between := indextest.Processor()
		n, took, _ = turn(bare.URL, false)
		theirs, theirsTook = theirs+n, theirsTook+took
		oursTicks, theirsTicks = oursTicks+between-begun, theirsTicks+indextest.Processor()-between
	}
	rate := float64(ours) / oursTook.Seconds()
	slices.Sort(waits)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(rate/(float64(theirs)/theirsTook.Seconds()), "ratio")
	if oursTicks > 0 { // the same in processor time, which others on the machine hardly touch
		b.ReportMetric(theirsTicks/float64(theirs)/(oursTicks/float64(ours)), "processor-ratio")
	}
	b.ReportMetric(rate, "pages/s")
	b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds())/1000, "ms-p99")
	b.ReportMetric(float64(bytes/len(paths))/1000, "kB-page")
}

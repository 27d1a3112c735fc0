package reading_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/index/indextest"
)

// request is one that a browser sends: with what it sends and what it asks of.
type request struct {
	method, path, body, header string
}

// BenchmarkMedia measures sound during a loan, in turns with http.ServeContent of
// the same file: whole tracks, and pieces of a megabyte as players ask them.
func BenchmarkMedia(b *testing.B) {
	eachEngine(b, func(b *testing.B, db *sqldb.DB) {
		h, cookies := lentHouse(b, db)
		const size = 32 << 20
		sound := bytes.Repeat([]byte("0123456789abcdef"), size/16)
		h.spoil(robot, "01.mp3", sound)
		file := filepath.Join(b.TempDir(), "01.mp3")
		if err := os.WriteFile(file, sound, 0o600); err != nil {
			b.Fatal(err)
		}
		bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f, err := os.Open(file)
			if err != nil {
				b.Error(err)
				return
			}
			defer f.Close()
			w.Header().Set("Content-Type", "audio/mpeg")
			http.ServeContent(w, r, "", time.Time{}, f)
		}))
		defer bare.Close()
		path := "/bibliotheek/boek/" + h.ids[robot] + "/01.mp3"
		b.Run("whole", func(b *testing.B) {
			inTurns(b, h.URL, bare.URL, cookies, func(int64) request { return request{method: "GET", path: path} })
		})
		b.Run("piece", func(b *testing.B) {
			inTurns(b, h.URL, bare.URL, cookies, func(n int64) request {
				at := n % 32 << 20
				return request{method: "GET", path: path, header: fmt.Sprintf("bytes=%d-%d", at, at+1<<20-1)}
			})
		})
	})
}

// BenchmarkReader measures the plain chapter view in turns with a handler that
// writes the same bytes from memory, and places in turns with a bare update of the
// same row.
func BenchmarkReader(b *testing.B) {
	eachEngine(b, func(b *testing.B, db *sqldb.DB) {
		h, cookies := lentHouse(b, db)
		b.Run("chapter", func(b *testing.B) {
			path := "/bibliotheek/lezen/" + h.ids[bus] + "/hoofdstuk/2"
			page := fetch(b, http.DefaultClient, h.URL, request{method: "GET", path: path}, cookies)
			bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				w.Write(page)
			}))
			defer bare.Close()
			inTurns(b, h.URL, bare.URL, cookies, func(int64) request { return request{method: "GET", path: path} })
		})
		b.Run("place", func(b *testing.B) {
			bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				text, err := io.ReadAll(r.Body)
				if err == nil {
					err = db.InTx(r.Context(), func(tx *sqldb.Tx) error {
						_, err := tx.Exec(`UPDATE loan SET place = $1, placed_at = $2 WHERE title_id = $3`, string(text), tx.Now, h.ids[bus])
						return err
					})
				}
				if err != nil {
					b.Error(err)
				}
				w.WriteHeader(http.StatusNoContent)
			}))
			defer bare.Close()
			path := "/bibliotheek/plaats/" + h.ids[bus]
			inTurns(b, h.URL, bare.URL, cookies, func(n int64) request {
				return request{method: "POST", path: path, body: url.Values{"href": {"EPUB/chapter-01.xhtml"}, "fragment": {fmt.Sprintf("epubcfi(/6/4!/4/%d)", n)}, "total": {"0.25"}, "by": {"bench"}, "ago": {"0"}}.Encode()}
			})
		})
	})
}

func eachEngine(b *testing.B, f func(*testing.B, *sqldb.DB)) {
	b.Run("sqlite", func(b *testing.B) { f(b, sqldbtest.New(b)) })
	b.Run("postgres", func(b *testing.B) {
		db, err := sqldb.Open(sqldbtest.PostgresURL(b))
		if err == nil {
			err = db.Migrate(b.Context())
		}
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close()
		f(b, db)
	})
}

// lentHouse is a house in which zoe has a book and an audiobook.
func lentHouse(b *testing.B, db *sqldb.DB) (*house, []*http.Cookie) {
	h := newHouse(b, db, with{log: slog.New(slog.NewJSONHandler(io.Discard, nil))})
	h.provider.Person = zoe("2027-11-30")
	p := h.browser()
	p.get("/inloggen").want(b, 200, "Uitloggen")
	p.post("/titel/"+h.ids[bus]+"/lenen").want(b, 200, "Geleend")
	p.post("/titel/"+h.ids[robot]+"/lenen").want(b, 200, "Geleend")
	door, _ := url.Parse(h.URL + "/bibliotheek")
	return h, p.Jar.Cookies(door)
}

func fetch(b *testing.B, web *http.Client, server string, ask request, cookies []*http.Cookie) []byte {
	r, err := http.NewRequest(ask.method, server+ask.path, strings.NewReader(ask.body))
	if err != nil {
		b.Fatal(err)
	}
	if ask.header != "" {
		r.Header.Set("Range", ask.header)
	}
	if ask.method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for _, c := range cookies {
		r.AddCookie(c)
	}
	res, err := web.Do(r)
	if err != nil {
		b.Error(err)
		return nil
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		b.Errorf("%s: %d", ask.path, res.StatusCode)
	}
	if ask.method == "GET" && strings.HasSuffix(ask.path, ".mp3") {
		n, _ := io.Copy(io.Discard, res.Body)
		return make([]byte, 0, n)
	}
	text, _ := io.ReadAll(res.Body)
	return text
}

// inTurns lets four browsers at a time ask ours and the yardstick.
func inTurns(b *testing.B, ours, bare string, cookies []*http.Cookie, ask func(n int64) request) {
	const atOnce = 4
	web := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: atOnce}}
	var next atomic.Int64
	turn := func(server string) (n int64, sent int64, took time.Duration) {
		var all sync.WaitGroup
		var done, octets atomic.Int64
		start := time.Now()
		for range atOnce {
			all.Go(func() {
				for time.Since(start) < 300*time.Millisecond {
					octets.Add(int64(cap(fetch(b, web, server, ask(next.Add(1)), cookies))))
					done.Add(1)
				}
			})
		}
		all.Wait()
		return done.Load(), octets.Load(), time.Since(start)
	}
	turn(ours)
	turn(bare)
	var n, m, sent int64
	var took, bareTook time.Duration
	var ticks, bareTicks float64
	b.ResetTimer()
	for b.Loop() {
		begun := indextest.Processor()
		k, s, t := turn(ours)
		n, sent, took = n+k, sent+s, took+t
		between := indextest.Processor()
		k, _, t = turn(bare)
		m, bareTook = m+k, bareTook+t
		ticks, bareTicks = ticks+between-begun, bareTicks+indextest.Processor()-between
	}
	b.ReportMetric(0, "ns/op")
	if ticks > 0 { // the same in processor time, which others on the machine hardly touch
		b.ReportMetric(bareTicks/float64(m)/(ticks/float64(n)), "processor-ratio")
	}
	b.ReportMetric(float64(n)/took.Seconds()/(float64(m)/bareTook.Seconds()), "ratio")
	b.ReportMetric(float64(n)/took.Seconds(), "requests/s")
	b.ReportMetric(float64(sent)/1e6/took.Seconds(), "MB/s")
}

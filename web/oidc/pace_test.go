package oidc_test

import (
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/throttle"
	"lidwoord/base/words"
	"lidwoord/identity/signon"
	"lidwoord/web/kit"
	"lidwoord/web/oidc"
)

func TestOneNetworkFillsNoDiskWithRequests(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t, db) // registers the clients
		now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { return now }
		sentences, err := words.Load(kit.Words, day.Words, throttle.Words, signon.Words)
		if err != nil {
			t.Fatal(err)
		}
		at := mustParse(t, d.issuer)
		site, err := oidc.New(&kit.House{DB: db, Words: sentences, Log: slog.New(slog.DiscardHandler), Doors: kit.Doors{OIDC: at, Login: at}}, d.p)
		if err != nil {
			t.Fatal(err)
		}
		h := site.Handler()
		ask := func(address string) *httptest.ResponseRecorder {
			r, w := httptest.NewRequest("GET", d.issuer+"/authorize?"+wanted().Encode(), nil), httptest.NewRecorder()
			r.RemoteAddr = address
			h.ServeHTTP(w, r)
			return w
		}
		for n := range 600 {
			if w := ask("198.51.100.9:4711"); w.Code != 303 {
				t.Fatalf("request %d: %d", n+1, w.Code)
			}
		}
		if w := ask("198.51.100.9:4712"); w.Code != 429 || w.Header().Get("Retry-After") != "1" {
			t.Errorf("one more: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
		}
		for _, other := range []string{"198.51.100.10:1", "[2001:db8::1]:1", "127.0.0.1:1"} {
			if w := ask(other); w.Code != 303 {
				t.Errorf("%s waits too: %d", other, w.Code)
			}
		}
		now = now.Add(time.Second)
		for n := range 20 {
			if w := ask("198.51.100.9:4711"); w.Code != 303 {
				t.Errorf("a second later, request %d: %d", n+1, w.Code)
			}
		}
		if w := ask("198.51.100.9:4711"); w.Code != 429 {
			t.Errorf("twenty in a second and one: %d", w.Code)
		}
	})
}

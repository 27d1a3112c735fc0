package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"lidwoord/web/webtest"
)

// TestAnAppBorrowsDownloadsAndGivesBack goes the whole way of a reader app, from the
// password that its reader makes in a browser to the title on its shelf.
func TestAnAppBorrowsDownloadsAndGivesBack(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		browser := webtest.Start(t)
		reader := h.read(t, browser, h.login(t, "start.reader"), demoReaderPw)
		a := h.app(t, reader, "KOReader")
		ask := func(method, address string) (res *http.Response, text string) {
			t.Helper()
			r, err := http.NewRequest(method, address, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.SetBasicAuth(a.login, string(a.password))
			if res, err = http.DefaultTransport.RoundTrip(r); err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			return res, string(body)
		}
		type link struct {
			Rel  any    `json:"rel"`
			Href string `json:"href"`
			Type string `json:"type"`
		}
		var found struct {
			Publications []struct{ Links []link }
		}
		_, text := ask("GET", h.at+"/opds/v2/titles?query=pluis")
		if err := json.Unmarshal([]byte(text), &found); err != nil || len(found.Publications) != 1 {
			t.Fatalf("%v %.300s", err, text)
		}
		to := func(links []link, rel, typ string) string {
			for _, l := range links {
				if l.Rel == rel && (typ == "" || l.Type == typ) {
					return l.Href
				}
			}
			t.Fatalf("no %s %s in %v", rel, typ, links)
			return ""
		}
		var lent struct{ Links []link }
		res, text := ask("GET", to(found.Publications[0].Links, "http://opds-spec.org/acquisition/borrow", ""))
		if err := json.Unmarshal([]byte(text), &lent); err != nil || res.StatusCode != 200 {
			t.Fatalf("%d %.600s", res.StatusCode, text)
		}
		res, book := ask("GET", to(lent.Links, "http://opds-spec.org/acquisition", "application/epub+zip"))
		if res.StatusCode != 200 || !strings.HasPrefix(book, "PK") || res.Header.Get("Content-Type") != "application/epub+zip" {
			t.Errorf("the copy: %d %v", res.StatusCode, res.Header)
		}
		reader.Visit(h.at + "/bibliotheek/mijn-boeken")
		reader.Want("Pluis en de maan")
		if res, text = ask("POST", to(lent.Links, "urn:lidwoord:rel:return", "")); res.StatusCode != 200 {
			t.Errorf("giving back: %d %.300s", res.StatusCode, text)
		}
		if _, text = ask("GET", h.at+"/opds/v2/shelf"); strings.Contains(text, "Pluis") {
			t.Errorf("it is on the shelf still: %.300s", text)
		}
	})
}

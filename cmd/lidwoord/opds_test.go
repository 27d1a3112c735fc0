package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestTheCatalogueIsOpenToAppsAtItsDoor asks what an app asks before it knows a reader.
func TestTheCatalogueIsOpenToAppsAtItsDoor(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		ask := func(path, accept string) (res *http.Response, text string) {
			t.Helper()
			r, err := http.NewRequest("GET", h.at+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Accept", accept)
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
		for accept, want := range map[string]string{"application/opds+json": `"title":"Pluis en de maan"`, "*/*": "<feed"} {
			if res, text := ask("/opds", accept); res.StatusCode != 200 || !strings.Contains(text, want) {
				t.Errorf("%s: %d %.300s", accept, res.StatusCode, text)
			}
		}
		if res, text := ask("/opds/v1/titles?query=pluis", ""); res.StatusCode != 200 || !strings.Contains(text, "<title>Pluis en de maan</title>") {
			t.Errorf("search: %d %.300s", res.StatusCode, text)
		}
		if res, text := ask("/opds/v2/shelf", ""); res.StatusCode != 401 || !strings.Contains(text, h.at+"/opds/auth") {
			t.Errorf("shelf: %d %.300s", res.StatusCode, text)
		}
		if res, _ := ask("/opds", "text/html"); res.StatusCode != 303 || !strings.HasSuffix(res.Header.Get("Location"), "/bibliotheek/leesapps") {
			t.Errorf("a browser: %d %s", res.StatusCode, res.Header.Get("Location"))
		}
	})
}

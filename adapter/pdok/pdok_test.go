package pdok

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

const answer = `{"response":{"numFound":2,"start":0,"maxScore":7.1,"numFoundExact":true,"docs":[
	{"id":"adr-1","type":"adres","bron":"BAG","score":7.1,"weergavenaam":"Bolstraat 1A, 3581WS Utrecht","straatnaam":"Bolstraat","huisnummer":1,"huis_nlt":"1A","huisletter":"A","postcode":"3581WS","woonplaatsnaam":"Utrecht","centroide_ll":"POINT(5.12 52.08)"},
	{"id":"adr-2","type":"adres","straatnaam":"Bolstraat","huisnummer":1,"huisletter":"A","huisnummertoevoeging":"2","postcode":"3581WS","woonplaatsnaam":"Utrecht-Oost"}]}}`

// service behaves as the documented one does.
func service(t *testing.T, h http.HandlerFunc) *Book {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	book, err := New(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return book
}

func TestAnAddressIsFoundByItsAddition(t *testing.T) {
	book := service(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/free" || !slices.Equal(r.URL.Query()["fq"], []string{"type:adres", "postcode:3581WS", "huisnummer:1"}) {
			t.Errorf("asked %s", r.URL)
		}
		fmt.Fprint(w, answer)
	})
	for addition, want := range map[string]string{"A": "Utrecht", "a2": "Utrecht-Oost", "Z": "Utrecht"} {
		street, place, found, err := book.Find(t.Context(), "3581WS", 1, addition)
		if err != nil || !found || street != "Bolstraat" || place != want {
			t.Errorf("addition %q: %s, %s, %v, %v; want %s", addition, street, place, found, err, want)
		}
	}
}

func TestAnUnknownAddressIsNoError(t *testing.T) {
	book := service(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"response":{"numFound":0,"start":0,"docs":[]}}`)
	})
	if _, _, found, err := book.Find(t.Context(), "9999ZZ", 1, ""); found || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestABrokenServiceIsAnErrorThatNamesNoAddress(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"503":     func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) },
		"moved":   func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", 302) },
		"html":    func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>") },
		"endless": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"x":"`+strings.Repeat("y", answerMost)) },
		"error": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(400)
			fmt.Fprint(w, `{"error":{"msg":"x","code":400}}`)
		},
		"hangs up": func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) },
	} {
		if _, _, found, err := service(t, h).Find(t.Context(), "9468BG", 41, ""); err == nil || found || strings.Contains(err.Error(), "9468") {
			t.Errorf("%s: found %v, %v", name, found, err)
		}
	}
}

func TestASlowServiceIsLeftAlone(t *testing.T) {
	let := make(chan struct{})
	book := service(t, func(w http.ResponseWriter, r *http.Request) { <-let })
	defer close(let)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, _, _, err := book.Find(ctx, "9468BG", 41, ""); err == nil || strings.Contains(err.Error(), "9468") {
		t.Errorf("got %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(answer)
	f.Fuzz(func(t *testing.T, body string) {
		list, err := read(strings.NewReader(body))
		for _, d := range list {
			if err != nil || d.Street == "" || d.Place == "" {
				t.Errorf("%+v, %v", d, err)
			}
		}
	})
}

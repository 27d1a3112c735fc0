package main

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"lidwoord/reading/copy"
	"lidwoord/web/webtest"
)

// An app over HTTP, as e-readers come: borrow, fetch, withdrawn, refused.
func TestAnAppBorrowsOverHTTP(t *testing.T) {
	h := serveDemo(t, "sqlite")
	reader := h.read(t, webtest.Start(t), h.login(t, "start.reader"), demoReaderPw)
	a, title := h.app(t, reader, "KOReader"), h.titleID(t, "Onder de es")
	get := func(path string) (*http.Response, []byte) {
		r, _ := http.NewRequest("GET", h.at+path, nil)
		r.SetBasicAuth(a.login, string(a.password))
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		return res, text
	}
	if res, text := get("/opds/v2/titles/" + title + "/borrow"); res.StatusCode != 200 {
		t.Fatalf("%s %.300s", res.Status, text)
	}
	res, file := get("/opds/loans/" + title + "/epub")
	if marks, err := copy.ReadMark(h.db.Box, bytes.NewReader(file), int64(len(file))); res.StatusCode != 200 || err != nil || len(marks) != 1 || !marks[0].Genuine {
		t.Errorf("%s %+v %v", res.Status, marks, err)
	}
	reader.Visit(h.at + "/bibliotheek/leesapps")
	reader.Press("Wijzigen of intrekken KOReader")
	reader.Press("Intrekken")
	if res, text := get("/opds/v2/shelf"); res.StatusCode != 401 || !strings.Contains(string(text), "authentication") {
		t.Errorf("%s %.300s", res.Status, text)
	}
}

package opds

import (
	"encoding/xml"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"lidwoord/base/words"
)

// FuzzWish reads anything as a query: it becomes a wish within our bounds, whose
// address is read as the same wish.
func FuzzWish(f *testing.F) {
	for _, s := range []string{"query=zoë&page=3", "kind=ebook&youth=1&sort=new", "page=-1&page=999999999999999999999", "page=999999999999999999999", "kind=x", "sort=", "page=-99999999999999999999", "query=%00%ff+%20", "subject=a&author=b&series=c&language=nl", "%zz"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, _ := url.ParseQuery(text)
		w, err := readWish(q)
		if err != nil {
			return
		}
		if w.page < 1 || w.page > lastPage || utf8.RuneCountInString(w.text) > longestText || !utf8.ValidString(w.text+w.language+w.author+w.subject+w.series) {
			t.Errorf("%q is read as %+v", text, w)
		}
		again, err := url.Parse(w.path())
		if err != nil {
			t.Fatal(err)
		}
		if read, err := readWish(again.Query()); err != nil || read != w {
			t.Errorf("%q: %+v has the address %s: %v", text, w, w.path(), err)
		}
	})
}

// FuzzCredentials reads anything as the header Authorization.
func FuzzCredentials(f *testing.F) {
	for _, s := range []string{"Basic em9lOmdlaGVpbQ==", "basic em9lOg==", "Bearer abc", "Bearer ", "Basic " + strings.Repeat("A", 9000), "Basic AA==", "Digest x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		c, ok := readCredentials(header)
		if ok != (c.token != "" || c.name != "" && c.password != "") || c.token != "" && c.name != "" || !utf8.ValidString(c.name) || strings.ContainsRune(c.name, 0) {
			t.Errorf("%q is read as %q %q %q, %v", header, c.name, string(c.password), string(c.token), ok)
		}
	})
}

// FuzzAccept reads anything as the headers Accept and Accept-Encoding.
func FuzzAccept(f *testing.F) {
	f.Add("application/opds+json;q=0.9, */*;q=0")
	f.Add("gzip;q=0, br")
	f.Fuzz(func(t *testing.T, header string) {
		v1.accepted(header)
		v2.accepted(header)
		takesGzip(header)
		words.Accepted(header)
	})
}

// FuzzElement writes any text as XML: what comes out can be read.
func FuzzElement(f *testing.F) {
	f.Add("Zoë & de <ijsbeer>", "\x00\v\xff")
	f.Fuzz(func(t *testing.T, text, attribute string) {
		var e element
		e.open(">", "feed", "a", attribute)
		e.text("title", text)
		e.WriteString("</feed>")
		var into struct{ Title string }
		if err := xml.Unmarshal(e.Bytes(), &into); err != nil {
			t.Errorf("%q: %v", e.String(), err)
		}
	})
}

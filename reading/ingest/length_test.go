package ingest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/catalogue"
	"lidwoord/samples"
)

// kept takes a book in and reads back how long it is.
func kept(t *testing.T, db *sqldb.DB, data []byte) (length catalogue.Length) {
	t.Helper()
	p, err := OpenEPUB(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	s := catalogue.Stacks{Dir: t.TempDir()}
	for range 2 { // read anew it is as long
		title, err := s.Retake(t.Context(), db, p)
		if err != nil {
			t.Fatal(err)
		}
		err = db.Read(t.Context(), func(tx *sqldb.Tx) error {
			title, err = catalogue.Find(tx, title.ID)
			if length != (catalogue.Length{}) && length != title.Length {
				t.Errorf("%+v and then %+v", length, title.Length)
			}
			length = title.Length
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return length
}

// prose is a chapter of so many letters.
func prose(letters int) string {
	return `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Een</title></head><body><p>` + strings.Repeat("Rozebome, ", letters/8) + `</p></body></html>`
}

func TestAnEBookKnowsHowManyPagesItHas(t *testing.T) {
	pages := func(n int, one string) string {
		var list strings.Builder
		for i := range n {
			fmt.Fprintf(&list, one, i+1)
		}
		return list.String()
	}
	nav := func(n int) string {
		return `<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body><nav epub:type="toc"><ol><li><a href="een.xhtml">Een</a></li></ol></nav><nav epub:type="page-list" hidden=""><ol>` +
			pages(n, `<li><a href="een.xhtml#p%[1]d">%[1]d</a></li>`) + `</ol></nav></body></html>`
	}
	ncx := `<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>Een</text></navLabel><content src="een.xhtml"/></navPoint></navMap><pageList>` +
		pages(211, `<pageTarget id="p%[1]d" type="normal" value="%[1]d"><navLabel><text>%[1]d</text></navLabel><content src="een.xhtml#p%[1]d"/></pageTarget>`) + `</pageList></ncx>`
	const (
		dutch   = `<dc:title>Een</dc:title><dc:language>nl</dc:language>`
		navItem = `<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>`
		ncxItem = `<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>`
		loose   = `<item id="los" href="los.xhtml" media-type="application/xhtml+xml"/>`
	)
	for _, x := range []struct {
		name, metadata, items string
		chapter               int // letters
		files                 []string
		want                  catalogue.Length
	}{
		{"one page", dutch, "", pageLetters - 8, nil, catalogue.Length{Pages: 1, Reckoned: true}},
		{"a few words more than a page", dutch, "", pageLetters + 80, nil, catalogue.Length{Pages: 2, Reckoned: true}},
		{"no finer than it is known", dutch, "", pageLetters * 317, nil, catalogue.Length{Pages: 320, Reckoned: true}},
		{"what nobody comes by is no page", dutch, loose, pageLetters * 5, []string{"OPS/los.xhtml", prose(pageLetters * 50)}, catalogue.Length{Pages: 5, Reckoned: true}},
		{"by its own list", dutch, navItem, pageLetters * 10, []string{"OPS/nav.xhtml", nav(317)}, catalogue.Length{Pages: 317}},
		{"by its own list, EPUB 2", dutch, ncxItem, pageLetters * 10, []string{"OPS/toc.ncx", ncx}, catalogue.Length{Pages: 211}},
		{"an empty list says nothing", dutch, navItem, pageLetters * 10, []string{"OPS/nav.xhtml", nav(0)}, catalogue.Length{Pages: 10, Reckoned: true}},
		{"no book has so many", dutch, navItem, pageLetters * 10, []string{"OPS/nav.xhtml", nav(mostPages + 1)}, catalogue.Length{Pages: 10, Reckoned: true}},
		{"each page is a file", dutch + `<meta property="rendition:layout">pre-paginated</meta>`, "", pageLetters * 10, nil, catalogue.Length{Pages: 1}},
		{"in a script that we cannot reckon", `<dc:title>一</dc:title><dc:language>zh-Hant</dc:language>`, "", pageLetters * 10, nil, catalogue.Length{}},
	} {
		t.Run(x.name, func(t *testing.T) {
			sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
				if got := kept(t, db, epubOf(t, prose(x.chapter), x.metadata, x.items, x.files...)); got != x.want {
					t.Errorf("%+v, want %+v", got, x.want)
				}
			})
		})
	}
}

func TestEverySampleHasALength(t *testing.T) {
	books, err := samples.Books()
	if err != nil {
		t.Fatal(err)
	}
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		for _, b := range books {
			if got := kept(t, db, b.EPUB); !got.Reckoned || got.Pages < 5 || got.Pages > 30 {
				t.Errorf("%s has %+v", b.Name, got)
			} else {
				t.Log(b.Name, got.Pages)
			}
		}
	})
}

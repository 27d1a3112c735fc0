package ingest

import (
	"slices"
	"strings"

	"golang.org/x/net/html"

	"lidwoord/reading/catalogue"
	"lidwoord/reading/markup"
)

// pageLetters is how many letters a page has when nobody printed it. Publishers and
// translators reckon with pages of 30 lines of 60 characters (the Normseite of German
// publishers), 1,800 with blanks and marks. Of these, in our samples in Dutch and English,
// 76 to 78 in a hundred are letters.
const pageLetters = 1400

// mostPages is more than any book has. A list that says so is a mistake.
const mostPages = 50_000

// unreckoned are languages of which a page holds another number of letters.
var unreckoned = []string{"zh", "ja", "ko"}

// length is how many pages the book says it has: those of its list of the pages of the
// printed book, or its own when their layout is fixed. The zero Length is not said.
func (b *book) length() catalogue.Length {
	straight := 0
	for _, p := range b.made.Order {
		if !p.Aside {
			straight++
		}
	}
	if b.made.Fixed {
		return catalogue.Length{Pages: straight}
	}
	n := 0
	for _, href := range b.hrefs {
		if i := b.items[href]; n == 0 && (i.is("nav") || i.Type == "application/x-dtbncx+xml") {
			n = b.pageList(href)
		}
	}
	if n < straight || n > mostPages { // of an extract, or of some of its chapters
		return catalogue.Length{}
	}
	return catalogue.Length{Pages: n}
}

// pageList counts the pages that a navigation document (page-list) or an NCX (pageList)
// leads to.
func (b *book) pageList(href string) (n int) {
	root, err := b.markup(href)
	if err != nil {
		return 0
	}
	list := markup.Find(root, func(n *html.Node) bool {
		return n.Data == "nav" && slices.Contains(strings.Fields(markup.Attribute(n, "epub:type")), "page-list") || strings.EqualFold(n.Data, "pageList")
	})
	if list == nil {
		return 0
	}
	for at := range list.Descendants() {
		if at.Type == html.ElementNode && (at.Data == "a" || strings.EqualFold(at.Data, "pageTarget")) {
			n++
		}
	}
	return n
}

// reckoning counts the pages of a book that does not say how many it has, while its
// chapters are cleaned: each begins on a new one, as in print.
type reckoning struct {
	of    *catalogue.Publication
	pages map[string]int // by chapter; nil before the first
	total int
}

// add counts a chapter. One that is read again is not counted twice.
func (r *reckoning) add(href string, letters int) {
	t := &r.of.Title
	language, _, _ := strings.Cut(t.Language, "-")
	said := t.Length.Pages > 0 && !t.Length.Reckoned
	if t.Kind != catalogue.EBook || said || slices.Contains(unreckoned, language) {
		return
	}
	if r.pages == nil {
		r.pages = map[string]int{}
		for _, p := range r.of.Manifest.Order {
			if !p.Aside {
				r.pages[p.Href] = 0
			}
		}
	}
	before, straight := r.pages[href]
	if !straight {
		return
	}
	r.pages[href] = max(1, (letters+pageLetters-1)/pageLetters)
	r.total += r.pages[href] - before
	t.Length = catalogue.Length{Pages: about(r.total), Reckoned: true}
}

// about is a reckoned number no finer than it is known: 317 is 320, 43 is 45.
func about(n int) int {
	step := 1
	switch {
	case n >= 100:
		step = 10
	case n >= 20:
		step = 5
	}
	return (n + step/2) / step * step
}

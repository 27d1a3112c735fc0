package catalogue

import (
	"path"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// maxEntries bounds a table of contents; beyond it nobody scrolls.
const maxEntries = 5000

// chapters reads the table of contents: the navigation document of EPUB 3, else
// the NCX of EPUB 2, else one line for each part.
func (b *book) chapters(m *Manifest) []Entry {
	for _, href := range b.hrefs {
		if b.items[href].is("nav") {
			if list := keepKnown(b.nav(href), m); len(list) > 0 {
				return list
			}
		}
	}
	for _, href := range b.hrefs {
		if i := b.items[href]; i.Type == "application/x-dtbncx+xml" || i.ID != "" && i.ID == b.pack.Spine.TOC {
			if list := keepKnown(b.ncx(href), m); len(list) > 0 {
				return list
			}
		}
	}
	var list []Entry
	for _, p := range m.Order {
		if !p.Aside {
			list = append(list, Entry{Title: b.heading(p.Href), Href: p.Href})
		}
	}
	return list
}

// keepKnown drops entries that lead out of the reading order.
func keepKnown(list []Entry, m *Manifest) []Entry {
	inside := map[string]bool{}
	for _, p := range m.Order {
		inside[p.Href] = true
	}
	kept := list[:0]
	for _, e := range list {
		file, _, _ := strings.Cut(e.Href, "#")
		if len(kept) < maxEntries && e.Title != "" && (e.Href == "" || inside[file]) {
			kept = append(kept, e)
		}
	}
	if !slices.ContainsFunc(kept, func(e Entry) bool { return e.Href != "" }) {
		return nil
	}
	return kept
}

// markup parses one file of the book. A table of contents that cannot be read is
// a book without one.
func (b *book) markup(href string) (*html.Node, error) {
	text, err := b.text(href)
	if err != nil {
		return nil, err
	}
	return parseMarkup(text)
}

func (b *book) nav(href string) []Entry {
	root, err := b.markup(href)
	if err != nil {
		return nil
	}
	nav := find(root, func(n *html.Node) bool {
		return n.Data == "nav" && slices.Contains(strings.Fields(attribute(n, "epub:type")), "toc")
	})
	if nav == nil {
		return nil
	}
	var list []Entry
	if ol := find(nav, named("ol")); ol != nil {
		navList(ol, href, 0, &list)
	}
	return list
}

func navList(ol *html.Node, from string, level int, list *[]Entry) {
	for li := range ol.ChildNodes() {
		if li.Data != "li" {
			continue
		}
		for c := range li.ChildNodes() {
			switch c.Data {
			case "a":
				href, _ := Resolve(from, attribute(c, "href"))
				*list = append(*list, Entry{Title: clip(textOf(c), maxLine), Href: href, Level: level})
			case "span":
				*list = append(*list, Entry{Title: clip(textOf(c), maxLine), Level: level})
			case "ol":
				navList(c, from, level+1, list)
			}
		}
	}
}

func (b *book) ncx(href string) []Entry {
	root, err := b.markup(href)
	if err != nil {
		return nil
	}
	fold := func(name string) func(*html.Node) bool {
		return func(n *html.Node) bool { return strings.EqualFold(n.Data, name) } // an HTML parser writes navmap
	}
	var list []Entry
	var walk func(n *html.Node, level int)
	walk = func(n *html.Node, level int) {
		for c := range n.ChildNodes() {
			if !fold("navPoint")(c) {
				continue
			}
			var e Entry
			e.Level = level
			if label := find(c, fold("navLabel")); label != nil {
				e.Title = clip(textOf(label), maxLine)
			}
			if content := find(c, fold("content")); content != nil {
				e.Href, _ = Resolve(href, attribute(content, "src"))
			}
			list = append(list, e)
			walk(c, level+1)
		}
	}
	if m := find(root, fold("navMap")); m != nil {
		walk(m, 0)
	}
	return list
}

// heading is what a part calls itself, for books without a table of contents.
func (b *book) heading(href string) string {
	if text, err := b.text(href); err == nil {
		if root, err := parseMarkup(text); err == nil {
			for _, name := range []string{"h1", "h2", "title"} {
				if n := find(root, named(name)); n != nil && textOf(n) != "" {
					return clip(textOf(n), maxLine)
				}
			}
		}
	}
	return strings.TrimSuffix(path.Base(href), path.Ext(href))
}

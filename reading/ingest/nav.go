package ingest

import (
	"path"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"lidwoord/reading/catalogue"
	"lidwoord/reading/markup"
)

// maxEntries bounds a table of contents; beyond it nobody scrolls.
const maxEntries = 5000

// chapters reads the table of contents: the navigation document of EPUB 3, else
// the NCX of EPUB 2, else one line for each part.
func (b *book) chapters() []catalogue.Entry {
	for _, href := range b.hrefs {
		if b.items[href].is("nav") {
			if list := keepKnown(b.nav(href), b.made); len(list) > 0 {
				return list
			}
		}
	}
	for _, href := range b.hrefs {
		if i := b.items[href]; i.Type == "application/x-dtbncx+xml" || i.ID != "" && i.ID == b.pack.Spine.TOC {
			if list := keepKnown(b.ncx(href), b.made); len(list) > 0 {
				return list
			}
		}
	}
	note(b.made, "the book has no table of contents that can be read; it was made of the headings")
	var list []catalogue.Entry
	for _, p := range b.made.Order {
		if !p.Aside {
			list = append(list, catalogue.Entry{Title: b.heading(p.Href), Href: p.Href})
		}
	}
	return list
}

// keepKnown drops entries that lead out of the reading order.
func keepKnown(list []catalogue.Entry, m *catalogue.Manifest) []catalogue.Entry {
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
	if !slices.ContainsFunc(kept, func(e catalogue.Entry) bool { return e.Href != "" }) {
		return nil
	}
	return kept
}

// markup parses one file of the book. A table of contents that cannot be read is
// a book without one.
func (b *book) markup(href string) (*html.Node, error) {
	text, err := b.text(b.names[href], MaxMarkup)
	if err != nil {
		return nil, err
	}
	return markup.Parse(text)
}

func (b *book) nav(href string) []catalogue.Entry {
	root, err := b.markup(href)
	if err != nil {
		return nil
	}
	nav := markup.Find(root, func(n *html.Node) bool {
		return n.Data == "nav" && slices.Contains(strings.Fields(markup.Attribute(n, "epub:type")), "toc")
	})
	if nav == nil {
		return nil
	}
	var list []catalogue.Entry
	if ol := markup.Find(nav, markup.Named("ol")); ol != nil {
		navList(ol, href, 0, &list)
	}
	return list
}

func navList(ol *html.Node, from string, level int, list *[]catalogue.Entry) {
	for li := range ol.ChildNodes() {
		if li.Data != "li" {
			continue
		}
		for c := range li.ChildNodes() {
			switch c.Data {
			case "a":
				href, _ := markup.Resolve(from, markup.Attribute(c, "href"))
				*list = append(*list, catalogue.Entry{Title: clip(markup.Text(c), maxLine), Href: href, Level: level})
			case "span":
				*list = append(*list, catalogue.Entry{Title: clip(markup.Text(c), maxLine), Level: level})
			case "ol":
				navList(c, from, level+1, list)
			}
		}
	}
}

func (b *book) ncx(href string) []catalogue.Entry {
	root, err := b.markup(href)
	if err != nil {
		return nil
	}
	fold := func(name string) func(*html.Node) bool {
		return func(n *html.Node) bool { return strings.EqualFold(n.Data, name) } // an HTML parser writes navmap
	}
	var list []catalogue.Entry
	var walk func(n *html.Node, level int)
	walk = func(n *html.Node, level int) {
		for c := range n.ChildNodes() {
			if !fold("navPoint")(c) {
				continue
			}
			var e catalogue.Entry
			e.Level = level
			if label := markup.Find(c, fold("navLabel")); label != nil {
				e.Title = clip(markup.Text(label), maxLine)
			}
			if content := markup.Find(c, fold("content")); content != nil {
				e.Href, _ = markup.Resolve(href, markup.Attribute(content, "src"))
			}
			list = append(list, e)
			walk(c, level+1)
		}
	}
	if m := markup.Find(root, fold("navMap")); m != nil {
		walk(m, 0)
	}
	return list
}

// heading is what a part calls itself, for books without a table of contents.
func (b *book) heading(href string) string {
	if text, err := b.text(b.names[href], MaxMarkup); err == nil {
		if root, err := markup.Parse(text); err == nil {
			for _, name := range []string{"h1", "h2", "title"} {
				if n := markup.Find(root, markup.Named(name)); n != nil && markup.Text(n) != "" {
					return clip(markup.Text(n), maxLine)
				}
			}
		}
	}
	return strings.TrimSuffix(path.Base(href), path.Ext(href))
}

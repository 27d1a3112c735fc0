package copy

import (
	"cmp"
	"strconv"

	"lidwoord/reading/catalogue"
)

// page is what everybody sees: until when the book is lent, by which number, and what
// the file does not do by itself.
func (b *book) page() []byte {
	w := &writer{}
	w.WriteString(prolog)
	w.put(`<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" lang="%s" xml:lang="%s"><head><title>%s</title></head><body><section id="%s">
<h1>%s</h1>
`, string(b.lang), string(b.lang), b.say("copy.title"), markID+b.mark, b.say("copy.title"))
	w.put("<p><strong>%s</strong></p>\n", b.say("copy.lent", b.loan.LastDay(), b.loan.ID))
	for _, key := range []string{"copy.honest", "copy.yours", "copy.marked"} {
		w.put("<p>%s</p>\n", b.say(key))
	}
	w.WriteString("</section></body></html>")
	return w.Bytes()
}

// nav is the table of contents of EPUB 3.
func (b *book) nav() []byte {
	w := &writer{}
	w.WriteString(prolog)
	w.put(`<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="%s" xml:lang="%s"><head><title>%s</title></head><body><nav epub:type="toc" id="toc"><h1>%s</h1>
`, string(b.lang), string(b.lang), b.say("copy.contents"), b.say("copy.contents"))
	list(w, tree(b.outline()))
	w.WriteString("</nav></body></html>")
	return w.Bytes()
}

func list(w *writer, nodes []*node) {
	w.WriteString("<ol>\n")
	for _, n := range nodes {
		if n.Href != "" {
			w.put(`<li><a href="%s">%s</a>`, addressOf(n.Entry), cmp.Or(n.Title, "–"))
		} else {
			w.put(`<li><span>%s</span>`, cmp.Or(n.Title, "–"))
		}
		if len(n.below) > 0 {
			list(w, n.below)
		}
		w.WriteString("</li>\n")
	}
	w.WriteString("</ol>\n")
}

// node is an entry with those that stand under it.
type node struct {
	catalogue.Entry
	below []*node
}

// deepest is how deep a table of contents goes at most.
const deepest = 8

// tree puts entries under each other by their levels. A heading that leads nowhere and
// has nothing under it is left out: the format has no place for it.
func tree(entries []catalogue.Entry) []*node {
	root := &node{}
	path := []*node{root}
	for _, e := range entries {
		level := max(0, min(e.Level, len(path)-1, deepest))
		n := &node{Entry: e}
		above := path[level]
		above.below = append(above.below, n)
		path = append(path[:level+1], n)
	}
	return pruned(root.below)
}

func pruned(nodes []*node) (kept []*node) {
	for _, n := range nodes {
		if n.below = pruned(n.below); n.Href != "" || len(n.below) > 0 {
			kept = append(kept, n)
		}
	}
	return kept
}

// ncx is the table of contents of EPUB 2, for e-readers that know no other.
func (b *book) ncx() []byte {
	w := &writer{}
	w.WriteString(prolog)
	w.put(`<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1" xml:lang="%s"><head><meta name="dtb:uid" content="%s"/></head><docTitle><text>%s</text></docTitle><navMap>
`, string(b.lang), b.identifier(), cmp.Or(b.loan.Title.Name, "?"))
	n := 0
	points(w, tree(b.outline()), &n)
	w.WriteString("</navMap></ncx>\n")
	return w.Bytes()
}

// points writes entries. One that leads nowhere leads where the first under it does.
func points(w *writer, nodes []*node, n *int) {
	for _, one := range nodes {
		*n++
		to := one
		for to.Href == "" {
			to = to.below[0]
		}
		w.put(`<navPoint id="%s"><navLabel><text>%s</text></navLabel><content src="%s"/>`, "p"+strconv.Itoa(*n), cmp.Or(one.Title, "–"), addressOf(to.Entry))
		points(w, one.below, n)
		w.WriteString("</navPoint>\n")
	}
}

package copy

import (
	"bytes"
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"lidwoord/base/words"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
)

// book is a title while its copy is made.
type book struct {
	loan      loan.Loan
	mark      string
	order     []chapter
	resources []catalogue.Part
	contents  []catalogue.Entry
	fixed     bool
	direction string
	lang      words.Lang // of the page that we put in
	words     *words.Catalogue
}

// chapter is a part of the reading order, with what a reader app must know of it.
type chapter struct {
	catalogue.Part
	looks
}

// looks is what a reader app wants to hear of a chapter beforehand.
type looks struct {
	svg, mathml bool
	cover       bool // shows the cover and little else
}

// Names of the files that we write ourselves.
const (
	mimeName    = "mimetype"
	metaFolder  = "META-INF"
	packageName = "lidwoord-package.opf"
	navName     = "lidwoord-nav.xhtml"
	ncxName     = "lidwoord-toc.ncx"
	pageName    = "lidwoord-exemplaar.xhtml"
)

// newBook takes those parts of a title that can stand in a zip. The catalogue keeps no
// other names; this is the second look, because here they become names on somebody's
// disk.
func newBook(l loan.Loan, m *catalogue.Manifest, sentences *words.Catalogue) *book {
	b := &book{loan: l, fixed: m.Fixed, direction: m.Direction, words: sentences}
	b.lang = words.NL
	if lang, known := words.Read(l.Title.Language); known {
		b.lang = lang
	}
	taken := map[string]bool{}
	for _, own := range []string{mimeName, packageName, navName, ncxName, pageName} {
		taken[sameName(own)] = true
	}
	inside := map[string]bool{}
	for i, parts := range [][]catalogue.Part{m.Order, m.Resources} {
		for _, p := range parts {
			if !fitName(p.Href) || taken[sameName(p.Href)] {
				continue
			}
			taken[sameName(p.Href)] = true
			if i == 0 {
				inside[p.Href] = true
				b.order = append(b.order, chapter{Part: p})
			} else {
				b.resources = append(b.resources, p)
			}
		}
	}
	for _, e := range m.Chapters {
		file, _, _ := strings.Cut(e.Href, "#")
		if e.Href == "" || inside[file] {
			b.contents = append(b.contents, e)
		}
	}
	return b
}

// sameName is alike for names that some disks cannot tell apart.
func sameName(name string) string { return strings.ToLower(norm.NFC.String(name)) }

// fitName reports whether a name leads to one place below the folder into which a zip
// is unpacked, on any system.
func fitName(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return fs.ValidPath(name) && name != "." && len(name) < 500 && utf8.ValidString(name) &&
		!strings.EqualFold(first, metaFolder) && !strings.Contains(first, ":") &&
		!strings.ContainsFunc(name, func(r rune) bool { return r == '\\' || unicode.IsControl(r) })
}

// coverMost is the size of a page that shows a cover and little else, in bytes.
const coverMost = 4 << 10

// look finds what an EPUB must say of a chapter beforehand.
func (c chapter) look(text []byte, t catalogue.Title) (l looks) {
	markup := c.Type == "application/xhtml+xml"
	l.svg, l.mathml = markup && bytes.Contains(text, []byte("<svg")), markup && bytes.Contains(text, []byte("<math"))
	l.cover = t.Cover != "" && len(text) < coverMost && bytes.Contains(text, []byte(path.Base(t.Cover)))
	return l
}

func (c chapter) properties() string {
	var list []string
	if c.svg {
		list = append(list, "svg")
	}
	if c.mathml {
		list = append(list, "mathml")
	}
	return strings.Join(list, " ")
}

// front is before which part our page stands: behind the cover, where a reader sees it
// once. Pages that are drawn two by two are left as they are, and it stands at the end.
func (b *book) front() int {
	switch {
	case b.fixed:
		return len(b.order)
	case b.order[0].cover:
		return 1
	}
	return 0
}

// ours are the files that we write, in the order in which a reader app wants them.
func (b *book) ours() []entry {
	nav, page := textEntry(navName, b.nav()), textEntry(pageName, b.page())
	nav.add(blanks(b.mark))
	page.add(blanks(b.mark))
	return []entry{
		textEntry(mimeName, []byte(Type)), // first, and not squeezed: by it a file is known
		textEntry(metaFolder+"/container.xml", []byte(container)),
		textEntry(packageName, b.packageFile()), nav, textEntry(ncxName, b.ncx()), page,
	}
}

func (b *book) say(key string, args ...any) string { return b.words.Text(b.lang, key, args...) }

// identifier names the title among all others.
func (b *book) identifier() string {
	return cmp.Or(b.loan.Title.Identifier, "urn:lidwoord:title:"+b.loan.Title.ID)
}

// outline is the table of contents with our page in its place.
func (b *book) outline() []catalogue.Entry {
	page := catalogue.Entry{Title: b.say("copy.title"), Href: pageName}
	at := 0
	switch b.front() {
	case len(b.order):
		at = len(b.contents)
	case 1:
		for at < len(b.contents) && fileOf(b.contents[at]) == b.order[0].Href {
			at++
		}
	}
	if len(b.contents) == 0 {
		return []catalogue.Entry{{Title: b.loan.Title.Name, Href: b.order[0].Href}, page}
	}
	return slices.Insert(slices.Clone(b.contents), at, page)
}

func fileOf(e catalogue.Entry) string {
	file, _, _ := strings.Cut(e.Href, "#")
	return file
}

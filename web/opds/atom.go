package opds

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
	"time"

	"lidwoord/base/words"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/index"
)

// The media types of OPDS 1.2.
const (
	navigationType  = "application/atom+xml;profile=opds-catalog;kind=navigation"
	acquisitionType = "application/atom+xml;profile=opds-catalog;kind=acquisition"
	entryType       = "application/atom+xml;type=entry;profile=opds-catalog"
	searchType      = "application/opensearchdescription+xml"
)

// entryTypes are what one title by itself is in each form.
var entryTypes = map[version]string{v1: entryType, v2: publicationType}

// atomType is what a feed is in OPDS 1.2: either a list of titles or of ways on.
func (f *feed) atomType() string {
	if f.names || len(f.choices) > 0 {
		return navigationType
	}
	return acquisitionType
}

// namespaces of a feed. thr counts, dcterms tells of a book.
const namespaces = `xmlns="http://www.w3.org/2005/Atom" xmlns:opds="http://opds-spec.org/2010/catalog" xmlns:dc="http://purl.org/dc/terms/" xmlns:thr="http://purl.org/syndication/thread/1.0"`

// ourNames is the namespace of what Atom has no element for.
const ourNames = "urn:lidwoord:opds"

// element writes elements of XML one after the other.
type element struct{ bytes.Buffer }

// text writes an element with a text; nothing when the text is empty.
func (e *element) text(name, text string) {
	if text == "" {
		return
	}
	e.WriteString("<" + name + ">")
	xml.EscapeText(e, []byte(text)) // letters that XML does not know become a mark
	end, _, _ := strings.Cut(name, " ")
	e.WriteString("</" + end + ">\n")
}

// open writes the start of an element; attributes come in pairs, and those with an
// empty value are left out. end is "/>" for one that holds nothing.
func (e *element) open(end, name string, attributes ...string) {
	e.WriteString("<" + name)
	for i := 0; i < len(attributes); i += 2 {
		if attributes[i+1] == "" {
			continue
		}
		e.WriteString(" " + attributes[i] + `="`)
		xml.EscapeText(e, []byte(attributes[i+1]))
		e.WriteByte('"')
	}
	e.WriteString(end + "\n")
}

func (e *element) link(attributes ...string) { e.open("/>", "link", attributes...) }

// writeAtom writes a feed in OPDS 1.2. Groups become ways on, because a feed there
// is a list of titles or of ways on, and never both.
func (s *Site) writeAtom(f *feed, lang words.Lang) ([]byte, error) {
	to := func(path string) string { return s.address("/v1" + path) }
	var e element
	e.WriteString(xml.Header + "<feed " + namespaces + ` xml:lang="` + string(lang) + "\">\n")
	e.text("id", to(f.path))
	e.text("title", f.title)
	e.text("subtitle", f.meant)
	e.text("updated", instant(f.updated))
	e.open(">", "author")
	e.text("name", s.Brand.Name)
	e.text("uri", s.Brand.Site)
	e.WriteString("</author>\n")
	e.link("rel", "self", "href", to(f.path), "type", f.atomType())
	e.link("rel", "start", "href", to("/"), "type", navigationType)
	e.link("rel", "search", "href", s.address("/search.xml"), "type", searchType)
	e.link("rel", relShelf, "href", to("/shelf"), "type", acquisitionType, "title", s.Words.Text(lang, "opds.shelf"))
	e.link("rel", relAuth, "href", s.address("/auth"), "type", authType)
	e.link("rel", "alternate", "href", s.address("/v2"+f.path), "type", feedType)
	if f.turn != nil {
		for _, t := range f.turns() {
			e.link("rel", t.rel, "href", to(t.path), "type", f.atomType())
		}
	}
	for _, x := range f.facets {
		for _, o := range x.options {
			active := ""
			if o.here {
				active = "true"
			}
			e.link("rel", "http://opds-spec.org/facet", "href", to(o.path), "type", acquisitionType, "title", o.title,
				"opds:facetGroup", x.title, "opds:activeFacet", active, "thr:count", count(o.n))
		}
	}
	for n := range f.items {
		s.entry(&e, &f.items[n], lang)
	}
	for _, c := range append(f.waysOn(), f.choices...) {
		e.open(">", "entry")
		e.text("id", to(c.path))
		e.text("title", c.title)
		e.text("updated", instant(f.updated))
		e.text(`content type="text"`, c.about)
		typ := acquisitionType
		if c.leads() {
			typ = navigationType
		}
		e.link("rel", atomRel(c), "href", to(c.path), "type", typ, "thr:count", count(c.n))
		if atomRel(c) == relShelf { // KOReader follows no other relation than subsection, new and popular
			e.link("rel", "subsection", "href", to(c.path), "type", typ)
		}
		e.WriteString("</entry>\n")
	}
	e.WriteString("</feed>\n")
	return e.Bytes(), nil
}

// waysOn are the groups of a feed, as ways on.
func (f *feed) waysOn() (list []choice) {
	for _, g := range f.groups {
		list = append(list, choice{title: g.title, path: g.path, rel: g.rel, n: g.total})
	}
	return list
}

// leads reports whether behind a choice there are other choices and no titles.
func (c choice) leads() bool {
	path, _, _ := strings.Cut(c.path, "?")
	return path != "/titles" && path != "/shelf"
}

func atomRel(c choice) string {
	if c.rel == "" {
		return "subsection"
	}
	return c.rel
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// instant writes a moment as Atom wants it. Every feed and entry must have one; an
// empty catalogue has the first.
func instant(t time.Time) string {
	if t.IsZero() {
		t = time.Unix(0, 0)
	}
	return t.UTC().Format(time.RFC3339)
}

// writeEntry writes one title as a document of its own.
func (s *Site) writeEntry(i *item, lang words.Lang) []byte {
	var e element
	e.WriteString(xml.Header)
	s.entry(&e, i, lang)
	text := e.String()
	return []byte(strings.Replace(text, "<entry>", "<entry "+namespaces+` xml:lang="`+string(lang)+`">`, 1))
}

// entry writes one title.
func (s *Site) entry(e *element, i *item, lang words.Lang) {
	e.open(">", "entry")
	e.Write(s.parts.of(&i.Title, "atom"+string(lang), func() []byte { return s.says(&i.Title, lang) }))
	e.text("updated", instant(i.changed()))
	for _, a := range s.acquisitions(i, v1) {
		s.acquire(e, a, lang)
	}
	if i.loan == nil && i.refused == nil && !i.Withdrawn && i.Kind == catalogue.EBook && s.Copy != nil {
		// Most e-readers know no borrowing and take only a file. For them this link
		// lends and gives the file at once; its title says so.
		e.link("rel", relAcquire, "href", s.address("/loans/"+i.ID+"/epub?borrow=1"), "type", epubType, "title", s.Words.Text(lang, "opds.borrow_download"))
	}
	e.WriteString("</entry>\n")
}

// acquire writes a link by which a title is had, with its state.
func (s *Site) acquire(e *element, a acquisition, lang words.Lang) {
	rel, _ := a.rel.(string)
	attributes := []string{"rel", rel, "href", a.href, "type", a.typ, "title", a.title(s, lang)}
	if a.state == nil {
		e.link(attributes...)
		return
	}
	e.open(">", "link", attributes...)
	for _, typ := range a.becomes {
		e.open("/>", "opds:indirectAcquisition", "type", typ)
	}
	e.open("/>", "opds:availability", "status", a.state.State, "since", a.state.Since, "until", a.state.Until)
	if a.refused != nil {
		e.text(`refused xmlns="`+ourNames+`"`, s.sentence(a.refused, lang))
	}
	e.WriteString("</link>\n")
}

// says writes what a title says of itself, whoever asks.
func (s *Site) says(i *catalogue.Title, lang words.Lang) []byte {
	var e element
	e.text("id", titleURN(i))
	e.text("title", i.Name)
	for _, c := range i.Contributors {
		name := "contributor"
		if c.Role == "aut" {
			name = "author"
		}
		e.open(">", name)
		e.text("name", c.Name)
		if slug := index.Slug(c.Name); name == "author" && slug != "" {
			e.text("uri", s.address("/v1"+wish{author: slug}.path()))
		}
		e.WriteString("</" + name + ">\n")
	}
	e.text("dc:identifier", identifier(i))
	if isbn := "urn:isbn:" + i.ISBN; i.ISBN != "" && isbn != identifier(i) {
		e.text("dc:identifier", isbn)
	}
	e.text("dc:language", i.Language)
	e.text("dc:publisher", i.Publisher)
	if published(i.Published) != "" {
		e.text("dc:issued", i.Published)
	}
	if i.Kind == catalogue.Audiobook && i.Duration > 0 {
		e.text("dc:extent", i.Duration.Round(time.Second).String())
	}
	switch pages := i.Length.Pages; {
	case i.Length.Reckoned:
		e.text("dc:extent", s.Words.Text(lang, "opds.about_pages", pages))
	case pages > 0:
		e.text("dc:extent", s.Words.Text(lang, "opds.pages", pages))
	}
	if i.Series != "" {
		e.text("dc:isPartOf", strings.TrimSpace(i.Series+" "+i.SeriesAt))
	}
	for _, subject := range i.Subjects {
		e.open("/>", "category", "term", subject, "label", subject)
	}
	if i.Youth {
		e.open("/>", "category", "scheme", audience, "term", "Children", "label", s.Words.Text(lang, "opds.youth"))
	}
	e.text(`summary type="text"`, i.Description)
	e.link("rel", "self", "href", s.address("/v1/titles/"+i.ID), "type", entryType)
	e.link("rel", "alternate", "href", s.address("/v1/titles/"+i.ID), "type", entryType, "title", i.Name)
	e.link("rel", "alternate", "href", s.page("/titel/"+i.ID), "type", "text/html")
	if widths := s.widths(i); len(widths) > 0 {
		e.link("rel", "http://opds-spec.org/image", "href", s.coverAt(i, slices.Max(widths)), "type", coverType)
		e.link("rel", "http://opds-spec.org/image/thumbnail", "href", s.coverAt(i, slices.Min(widths)), "type", coverType)
	}
	return e.Bytes()
}

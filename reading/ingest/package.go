package ingest

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"lidwoord/reading/catalogue"
	"lidwoord/reading/markup"
)

// metadata is what a package file says about the book.
type metadata struct {
	Titles       []labelled `xml:"title"`
	Creators     []person   `xml:"creator"`
	Contributors []person   `xml:"contributor"`
	Identifiers  []labelled `xml:"identifier"`
	Languages    []string   `xml:"language"`
	Subjects     []labelled `xml:"subject"`
	Descriptions []string   `xml:"description"`
	Publishers   []string   `xml:"publisher"`
	Dates        []labelled `xml:"date"`
	Rights       []string   `xml:"rights"`
	Metas        []meta     `xml:"meta"`
	Links        []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"link"`

	Old  *metadata `xml:"dc-metadata"` // wrappers of the first EPUBs
	Old2 *metadata `xml:"x-metadata"`
}

type labelled struct {
	ID     string `xml:"id,attr"`
	Scheme string `xml:"scheme,attr"`
	Event  string `xml:"event,attr"`
	Text   string `xml:",chardata"`
}

type person struct {
	ID     string `xml:"id,attr"`
	Role   string `xml:"role,attr"`
	FileAs string `xml:"file-as,attr"`
	Name   string `xml:",chardata"`
}

type meta struct {
	ID       string `xml:"id,attr"`
	Property string `xml:"property,attr"` // EPUB 3
	Refines  string `xml:"refines,attr"`
	Text     string `xml:",chardata"`
	Name     string `xml:"name,attr"` // EPUB 2
	Content  string `xml:"content,attr"`
}

// merge lays what stands in wrappers beside the rest.
func (m *metadata) merge() {
	for _, old := range []*metadata{m.Old, m.Old2} {
		if old == nil {
			continue
		}
		m.Titles, m.Creators, m.Contributors = append(m.Titles, old.Titles...), append(m.Creators, old.Creators...), append(m.Contributors, old.Contributors...)
		m.Identifiers, m.Languages, m.Subjects = append(m.Identifiers, old.Identifiers...), append(m.Languages, old.Languages...), append(m.Subjects, old.Subjects...)
		m.Descriptions, m.Publishers, m.Dates = append(m.Descriptions, old.Descriptions...), append(m.Publishers, old.Publishers...), append(m.Dates, old.Dates...)
		m.Rights, m.Metas = append(m.Rights, old.Rights...), append(m.Metas, old.Metas...)
	}
}

// all gives the values of a property, EPUB 3 or 2.
func (m metadata) all(property string) []string {
	var values []string
	for _, x := range m.Metas {
		value := ""
		if x.Property == property && x.Refines == "" {
			value = markup.OneLine(cmp.Or(x.Text, x.Content))
		} else if x.Name == property {
			value = markup.OneLine(cmp.Or(x.Content, x.Text))
		}
		if value != "" && len(values) < maxList && !slices.Contains(values, value) {
			values = append(values, clip(value, maxLine))
		}
	}
	return values
}

func (m metadata) one(property string) string { return strings.Join(first(m.all(property)), "") }

// about gives what a meta element says about the element with an id.
func (m metadata) about(id, property string) string {
	for _, x := range m.Metas {
		if id != "" && strings.TrimSpace(x.Refines) == "#"+id && x.Property == property {
			return markup.OneLine(x.Text)
		}
	}
	return ""
}

func first[T any](list []T) []T { return list[:min(1, len(list))] }

// Lengths beyond which metadata is a mistake or an attack on our pages.
const (
	maxLine = 500
	maxText = 8000
	maxList = 50
)

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// line is the first of a list, on one line and no longer than a line.
func line(list []string) string {
	for _, s := range list {
		if s = clip(markup.OneLine(s), maxLine); s != "" {
			return s
		}
	}
	return ""
}

func (b *book) title() catalogue.Title {
	m := b.pack.Metadata
	t := catalogue.Title{
		Kind:         catalogue.EBook,
		Identifier:   b.identifier(),
		ISBN:         b.isbn(),
		Language:     b.language(),
		Publisher:    line(m.Publishers),
		Rights:       line(m.Rights),
		Description:  clip(plainText(strings.Join(first(m.Descriptions), "")), maxText),
		Published:    b.published(),
		Contributors: b.contributors(),
		Access: catalogue.Access{
			Modes:       apart(m.all("schema:accessMode")),
			Sufficient:  together(m.all("schema:accessModeSufficient")),
			Features:    apart(m.all("schema:accessibilityFeature")),
			Hazards:     apart(m.all("schema:accessibilityHazard")),
			Summary:     clip(m.one("schema:accessibilitySummary"), maxText),
			ConformsTo:  m.all("dcterms:conformsTo"),
			CertifiedBy: m.one("a11y:certifiedBy"),
		},
	}
	for _, l := range m.Links {
		if l.Rel == "dcterms:conformsTo" && len(t.Access.ConformsTo) < maxList {
			t.Access.ConformsTo = append(t.Access.ConformsTo, clip(markup.OneLine(l.Href), maxLine))
		}
	}
	for _, x := range m.Titles {
		name := clip(markup.OneLine(x.Text), maxLine)
		switch m.about(x.ID, "title-type") {
		case "subtitle":
			t.Subtitle = name
		case "main":
			t.Name = name
		case "collection", "short", "edition": // names of something else
		default:
			t.Name = cmp.Or(t.Name, name)
		}
	}
	if t.Name == "" {
		t.Name = Unnamed
	}
	t.Series, t.SeriesAt = m.series()
	var words []string
	for _, s := range m.Subjects {
		words = append(words, s.Text)
	}
	t.Subjects = subjects(words)
	t.Ages, t.Youth = ages(b.aboutReaders())
	return t
}

// aboutReaders gathers all that may tell for whom a book is, the plainest first.
func (b *book) aboutReaders() audience {
	m := b.pack.Metadata
	a := audience{Ranges: slices.Concat(m.all("schema:typicalAgeRange"), m.all("typicalAgeRange"), m.all("dcterms:audience"), m.all("schema:audience"), m.all("audience"))}
	for _, s := range m.Subjects {
		a.Subjects = append(a.Subjects, markup.OneLine(s.Text))
		code := cmp.Or(m.about(s.ID, "term"), markup.OneLine(s.Text))
		a.Codes = append(a.Codes, code)
		if strings.Contains(strings.ToLower(m.about(s.ID, "authority")+s.Scheme), "nur") {
			a.Codes = append(a.Codes, "NUR "+code)
		}
	}
	return a
}

// series is the series and the place in it: EPUB 3 collections, or what calibre writes.
func (m metadata) series() (name, at string) {
	for _, x := range m.Metas {
		kind := m.about(x.ID, "collection-type")
		if x.Property == "belongs-to-collection" && x.Refines == "" && (kind == "" || kind == "series") && markup.OneLine(x.Text) != "" {
			return clip(markup.OneLine(x.Text), maxLine), place(m.about(x.ID, "group-position"))
		}
	}
	return m.one("calibre:series"), place(m.one("calibre:series_index"))
}

// place makes "3" of "3.0" and of "03".
func place(s string) string {
	whole, part, _ := strings.Cut(clip(s, 20), ".")
	part = strings.TrimRight(part, "0")
	if trimmed := strings.TrimLeft(whole, "0"); trimmed != "" {
		whole = trimmed
	} else if whole != "" {
		whole = "0"
	}
	if part != "" {
		return whole + "." + part
	}
	return whole
}

// identifier makes a URI of the book's own number.
func (b *book) identifier() string {
	var found labelled
	for _, x := range b.pack.Metadata.Identifiers {
		if found.Text == "" || x.ID != "" && x.ID == b.pack.UniqueID {
			found = x
		}
	}
	return uri(found.Text)
}

// uri makes a URI of a number as books write it.
func uri(number string) string {
	text := clip(strings.ReplaceAll(markup.OneLine(number), " ", ""), maxLine)
	digits := strings.ReplaceAll(strings.TrimPrefix(strings.ToLower(text), "isbn:"), "-", "")
	switch {
	case text == "" || strings.Contains(text, ":") && !strings.HasPrefix(strings.ToLower(text), "isbn:"):
		return text
	case isbnShape.MatchString(digits):
		return "urn:isbn:" + strings.ToUpper(digits)
	case uuidShape.MatchString(text):
		return "urn:uuid:" + strings.ToLower(text)
	}
	return "urn:lidwoord:" + text
}

var (
	isbnShape = regexp.MustCompile(`^(97[89]\d{10}|\d{9}[\dx])$`)
	uuidShape = regexp.MustCompile(`^(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// isbn is the first ISBN among the identifiers that checks out.
func (b *book) isbn() string {
	for _, x := range b.pack.Metadata.Identifiers {
		number, ok := isbn13(x.Text)
		if ok {
			return number
		}
		if number != "" || strings.EqualFold(x.Scheme, "isbn") {
			note(b.made, "the ISBN %q is none: its check digit is wrong", clip(markup.OneLine(x.Text), 60))
		}
	}
	return ""
}

func (b *book) language() string {
	for _, said := range b.pack.Metadata.Languages {
		if said = markup.OneLine(said); said == "" {
			continue
		}
		tag, ok := languageTag(said)
		switch {
		case !ok:
			note(b.made, "the language %q is not known", clip(said, 60))
			continue
		case !strings.EqualFold(tag, said):
			note(b.made, "the language %q is read as %s", clip(said, 60), tag)
		}
		return tag
	}
	return ""
}

func (b *book) published() string {
	for _, d := range b.pack.Metadata.Dates {
		if d.Event == "" || d.Event == "publication" {
			if at := date(d.Text); at != "" {
				return at
			}
		}
	}
	return ""
}

func (b *book) contributors() []catalogue.Contributor {
	m := b.pack.Metadata
	var list []catalogue.Contributor
	add := func(people []person, otherwise string) {
		for _, p := range people {
			as := cmp.Or(m.about(p.ID, "file-as"), p.FileAs)
			names := persons(p.Name)
			for _, name := range names {
				if len(list) == maxList {
					return
				}
				c := catalogue.Contributor{Name: name, Role: role(cmp.Or(m.about(p.ID, "role"), p.Role), otherwise)}
				if len(names) == 1 {
					c.SortAs = clip(markup.OneLine(as), maxLine)
				}
				if !slices.Contains(list, c) {
					list = append(list, c)
				}
			}
		}
	}
	add(m.Creators, "aut")
	add(m.Contributors, "ctb")
	return list
}

// plainText takes the tags out of a description, which many books have in HTML.
func plainText(s string) string {
	if strings.Count(s, "<") > 1000 { // no description; and a parser's work must have an end
		s = clip(s, maxText)
	}
	root, err := html.Parse(strings.NewReader(s))
	if err != nil || markup.Deep(root) {
		return markup.OneLine(s)
	}
	return markup.Text(root)
}

// apart splits values that somebody put into one: "textual, visual".
func apart(said []string) []string {
	var list []string
	for _, s := range said {
		for part := range strings.SplitSeq(s, ",") {
			if part = strings.TrimSpace(part); part != "" && len(list) < maxList && !slices.Contains(list, part) {
				list = append(list, part)
			}
		}
	}
	return list
}

// together writes "textual,visual" for "textual, visual": one way that suffices.
func together(said []string) []string {
	var list []string
	for _, s := range said {
		if s = strings.Join(apart([]string{s}), ","); s != "" && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

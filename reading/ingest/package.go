package ingest

import (
	"cmp"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
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
	Subjects     []string   `xml:"subject"`
	Descriptions []string   `xml:"description"`
	Publishers   []string   `xml:"publisher"`
	Dates        []labelled `xml:"date"`
	Rights       []string   `xml:"rights"`
	Metas        []meta     `xml:"meta"`
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
	Property string `xml:"property,attr"` // EPUB 3
	Refines  string `xml:"refines,attr"`
	Text     string `xml:",chardata"`
	Name     string `xml:"name,attr"` // EPUB 2
	Content  string `xml:"content,attr"`
}

// all gives the values of a property, EPUB 3 or 2.
func (m metadata) all(property string) []string {
	var values []string
	for _, x := range m.Metas {
		if x.Property == property && x.Refines == "" {
			values = append(values, markup.OneLine(x.Text))
		} else if x.Name == property {
			values = append(values, markup.OneLine(x.Content))
		}
	}
	return values
}

func (m metadata) one(property string) string { return strings.Join(first(m.all(property)), "") }

// about gives what a meta element says about the element with an id.
func (m metadata) about(id, property string) string {
	for _, x := range m.Metas {
		if id != "" && x.Refines == "#"+id && x.Property == property {
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

func (b *book) title() catalogue.Title {
	m := b.pack.Metadata
	t := catalogue.Title{
		Kind:         catalogue.EBook,
		Identifier:   b.identifier(),
		Language:     clip(markup.OneLine(strings.Join(first(m.Languages), "")), 35),
		Publisher:    clip(markup.OneLine(strings.Join(first(m.Publishers), "")), maxLine),
		Rights:       clip(markup.OneLine(strings.Join(first(m.Rights), "")), maxLine),
		Description:  clip(plainText(strings.Join(first(m.Descriptions), "")), maxText),
		Published:    b.published(),
		Contributors: b.contributors(),
		Access: catalogue.Access{
			Modes:      m.all("schema:accessMode"),
			Sufficient: m.all("schema:accessModeSufficient"),
			Features:   m.all("schema:accessibilityFeature"),
			Hazards:    m.all("schema:accessibilityHazard"),
			Summary:    clip(m.one("schema:accessibilitySummary"), maxText),
		},
		Youth: forChildren(m.one("schema:typicalAgeRange")),
	}
	for _, x := range m.Titles {
		name := clip(markup.OneLine(x.Text), maxLine)
		switch m.about(x.ID, "title-type") {
		case "subtitle":
			t.Subtitle = name
		case "main":
			t.Name = name
		default:
			t.Name = cmp.Or(t.Name, name)
		}
	}
	t.Name = cmp.Or(t.Name, strings.TrimSuffix(t.Identifier, "urn:"), "?")
	for _, s := range m.Subjects {
		if s = clip(markup.OneLine(s), maxLine); s != "" && len(t.Subjects) < maxList && !slices.Contains(t.Subjects, s) {
			t.Subjects = append(t.Subjects, s)
		}
	}
	return t
}

// forChildren reads an age range such as "4-" or "8-12": up to 15 the national
// collection calls a title youth (bibliotheeklekijssel.nl).
func forChildren(ages string) bool {
	from, _, _ := strings.Cut(ages, "-")
	age, err := strconv.Atoi(strings.TrimSpace(from))
	return err == nil && age < 16
}

// identifier makes a URI of the book's own number.
func (b *book) identifier() string {
	var found labelled
	for _, x := range b.pack.Metadata.Identifiers {
		if found.Text == "" || x.ID != "" && x.ID == b.pack.UniqueID {
			found = x
		}
	}
	text := clip(strings.ReplaceAll(markup.OneLine(found.Text), " ", ""), maxLine)
	digits := strings.ReplaceAll(strings.TrimPrefix(strings.ToLower(text), "isbn:"), "-", "")
	switch {
	case text == "" || strings.Contains(text, ":") && !strings.HasPrefix(strings.ToLower(text), "isbn:"):
		return text
	case isbn.MatchString(digits):
		return "urn:isbn:" + strings.ToUpper(digits)
	case uuid.MatchString(text):
		return "urn:uuid:" + strings.ToLower(text)
	}
	return "urn:lidwoord:" + text
}

var (
	isbn = regexp.MustCompile(`^(97[89]\d{10}|\d{9}[\dx])$`)
	uuid = regexp.MustCompile(`^(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

func (b *book) published() string {
	for _, d := range b.pack.Metadata.Dates {
		if d.Event == "" || d.Event == "publication" {
			return clip(markup.OneLine(d.Text), 30)
		}
	}
	return ""
}

func (b *book) contributors() []catalogue.Contributor {
	m := b.pack.Metadata
	var list []catalogue.Contributor
	add := func(people []person, role string) {
		for _, p := range people {
			name := clip(markup.OneLine(p.Name), maxLine)
			if name == "" || len(list) == maxList {
				continue
			}
			list = append(list, catalogue.Contributor{
				Name:   name,
				Role:   clip(cmp.Or(m.about(p.ID, "role"), p.Role, role), 20),
				SortAs: clip(cmp.Or(m.about(p.ID, "file-as"), p.FileAs), maxLine),
			})
		}
	}
	add(m.Creators, "aut")
	add(m.Contributors, "ctb")
	return list
}

// plainText takes the tags out of a description, which many books have in HTML.
func plainText(s string) string {
	root, err := html.Parse(strings.NewReader(s))
	if err != nil || markup.Deep(root) {
		return markup.OneLine(s)
	}
	return markup.Text(root)
}

// known maps what a manifest may call a file to the one type by which we serve
// it. What is not here (scripts, PDF, unknown XML) stays outside.
var known = map[string]string{
	"application/xhtml+xml": "application/xhtml+xml", "text/html": "application/xhtml+xml", "application/x-dtbook+xml": "application/xhtml+xml",
	"image/svg+xml": "image/svg+xml", "text/css": "text/css", "text/x-oeb1-css": "text/css",
	"image/jpeg": "image/jpeg", "image/jpg": "image/jpeg", "image/png": "image/png", "image/gif": "image/gif", "image/webp": "image/webp", "image/avif": "image/avif",
	"font/otf": "font/otf", "font/ttf": "font/ttf", "font/woff": "font/woff", "font/woff2": "font/woff2", "application/font-sfnt": "font/ttf",
	"application/vnd.ms-opentype": "font/otf", "application/x-font-ttf": "font/ttf", "application/x-font-otf": "font/otf", "application/font-woff": "font/woff", "application/font-woff2": "font/woff2",
	"audio/mpeg": "audio/mpeg", "audio/mp4": "audio/mp4", "audio/ogg": "audio/ogg", "video/mp4": "video/mp4",
}

// manifest lists the parts of a book in reading order, then the rest.
func (b *book) manifest() (catalogue.Manifest, error) {
	m := catalogue.Manifest{Fixed: b.pack.Metadata.one("rendition:layout") == "pre-paginated"}
	if d := b.pack.Spine.Direction; d == "rtl" || d == "ltr" {
		m.Direction = d
	}
	used := map[string]bool{}
	byID := map[string]string{}
	for _, href := range b.hrefs {
		byID[b.items[href].ID] = href
	}
	for _, ref := range b.pack.Spine.Refs {
		href := byID[ref.ID]
		typ := known[b.items[href].Type]
		if href == "" || used[href] || typ != "application/xhtml+xml" && typ != "image/svg+xml" {
			continue
		}
		used[href] = true
		m.Order = append(m.Order, catalogue.Part{Href: href, Type: typ, Aside: ref.Linear == "no"})
	}
	if len(m.Order) == 0 {
		return m, ErrNotABook
	}
	rest := []string{}
	for _, href := range b.hrefs {
		if i := b.items[href]; !used[href] && known[i.Type] != "" && !i.is("nav") {
			rest = append(rest, href)
		}
	}
	for _, href := range rest {
		m.Resources = append(m.Resources, catalogue.Part{Href: href, Type: known[b.items[href].Type]})
	}
	m.Chapters = b.chapters(&m)
	names := map[string]string{}
	for _, e := range m.Chapters {
		file, _, _ := strings.Cut(e.Href, "#")
		names[file] = cmp.Or(names[file], e.Title)
	}
	for i := range m.Order {
		m.Order[i].Title = names[m.Order[i].Href]
	}
	return m, nil
}

// maxPixels bounds a cover: a picture of a few kilobytes can claim gigabytes.
const maxPixels = 50_000_000

// cover finds the cover picture: EPUB 3 marks it, EPUB 2 names its id.
func (b *book) cover(m *catalogue.Manifest) string {
	id := b.pack.Metadata.one("cover")
	for _, p := range m.Resources {
		i := b.items[p.Href]
		if (i.is("cover-image") || id != "" && i.ID == id) && b.isCover(p) {
			return p.Href
		}
	}
	for _, p := range m.Resources {
		if strings.Contains(strings.ToLower(path.Base(p.Href)), "cover") && b.isCover(p) {
			return p.Href
		}
	}
	return ""
}

func (b *book) isCover(p catalogue.Part) bool {
	if p.Type != "image/jpeg" && p.Type != "image/png" && p.Type != "image/gif" {
		return false
	}
	r, err := b.open(p.Href)
	if err != nil {
		return false
	}
	defer r.Close()
	c, _, err := image.DecodeConfig(io.LimitReader(r, MaxMarkup))
	return err == nil && c.Width > 0 && c.Height > 0 && c.Width <= maxPixels/c.Height
}

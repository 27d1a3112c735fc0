package copy

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"lidwoord/reading/catalogue"
)

const (
	container = `<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="` + packageName + `" media-type="application/oebps-package+xml"/></rootfiles></container>
`
	prolog = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
)

// writer collects markup.
type writer struct{ bytes.Buffer }

// put writes markup; every argument is made harmless.
func (w *writer) put(format string, args ...any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = escape(s)
		}
	}
	fmt.Fprintf(w, format, args...)
}

// some writes an element when there is something in it.
func (w *writer) some(format, text string) {
	if text != "" {
		w.put(format, text)
	}
}

func escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s))
	return b.String()
}

var (
	relator  = regexp.MustCompile(`^[a-z]{3}$`)
	position = regexp.MustCompile(`^\d+(\.\d+)*$`)
)

// packageFile is the EPUB 3 package, with what EPUB 2 apps look for beside it.
func (b *book) packageFile() []byte {
	w := &writer{}
	w.WriteString(prolog)
	w.put(`<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="%s" prefix="lidwoord: urn:lidwoord:terms:">`+"\n", b.language())
	b.metadata(w)
	w.WriteString("<manifest>\n")
	w.put(`<item id="nav" href="%s" media-type="application/xhtml+xml" properties="nav"/>`+"\n", navName)
	w.put(`<item id="ncx" href="%s" media-type="application/x-dtbncx+xml"/>`+"\n", ncxName)
	w.put(`<item id="page" href="%s" media-type="application/xhtml+xml"/>`+"\n", pageName)
	for i, c := range b.order {
		b.item(w, "c"+strconv.Itoa(i), c.Part, c.properties())
	}
	for i, p := range b.resources {
		properties := ""
		if p.Href == b.loan.Title.Cover {
			properties = "cover-image"
		}
		b.item(w, "r"+strconv.Itoa(i), p, properties)
	}
	w.WriteString("</manifest>\n<spine toc=\"ncx\"")
	w.some(` page-progression-direction="%s"`, b.direction)
	w.WriteString(">\n")
	for i := range len(b.order) + 1 {
		if i == b.front() {
			flow := ""
			if b.fixed {
				flow = ` properties="rendition:layout-reflowable"`
			}
			w.WriteString(`<itemref idref="page"` + flow + "/>\n")
		}
		if i == len(b.order) {
			break
		}
		linear := ""
		if b.order[i].Aside {
			linear = ` linear="no"`
		}
		w.WriteString(`<itemref idref="c` + strconv.Itoa(i) + `"` + linear + "/>\n")
	}
	w.WriteString("</spine>\n</package>\n")
	return w.Bytes()
}

func (b *book) item(w *writer, id string, p catalogue.Part, properties string) {
	w.put(`<item id="%s" href="%s" media-type="%s"`, id, address(p.Href), p.Type)
	w.some(` properties="%s"`, properties)
	w.WriteString("/>\n")
}

func (b *book) language() string { return cmp.Or(b.loan.Title.Language, "und") }

func (b *book) metadata(w *writer) {
	t := b.loan.Title
	w.WriteString(`<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">` + "\n")
	w.put(`<dc:identifier id="id">%s</dc:identifier>`+"\n", b.identifier())
	w.put(`<dc:title id="title">%s</dc:title><meta refines="#title" property="title-type">main</meta>`+"\n", cmp.Or(t.Name, "?"))
	w.some(`<dc:title id="subtitle">%s</dc:title><meta refines="#subtitle" property="title-type">subtitle</meta>`+"\n", t.Subtitle)
	w.put(`<dc:language>%s</dc:language>`+"\n", b.language())
	for i, c := range t.Contributors {
		if c.Name == "" {
			continue
		}
		element, id := "contributor", "who"+strconv.Itoa(i)
		if c.Role == "aut" || c.Role == "" {
			element = "creator"
		}
		w.put(`<dc:`+element+` id="%s">%s</dc:`+element+`>`, id, c.Name)
		if relator.MatchString(c.Role) {
			w.put(`<meta refines="#`+id+`" property="role" scheme="marc:relators">%s</meta>`, c.Role)
		}
		w.some(`<meta refines="#`+id+`" property="file-as">%s</meta>`, c.SortAs)
		w.WriteString("\n")
	}
	for _, s := range t.Subjects {
		w.some("<dc:subject>%s</dc:subject>\n", s)
	}
	if t.Series != "" {
		w.put(`<meta property="belongs-to-collection" id="series">%s</meta><meta refines="#series" property="collection-type">series</meta>`, t.Series)
		if position.MatchString(t.SeriesAt) {
			w.put(`<meta refines="#series" property="group-position">%s</meta>`, t.SeriesAt)
		}
		w.WriteString("\n")
	}
	w.some("<dc:description>%s</dc:description>\n", t.Description)
	w.some("<dc:publisher>%s</dc:publisher>\n", t.Publisher)
	w.some("<dc:date>%s</dc:date>\n", t.Published)
	w.some("<dc:rights>%s</dc:rights>\n", t.Rights)
	if t.ISBN != "" && !strings.Contains(b.identifier(), t.ISBN) {
		w.put("<dc:source>urn:isbn:%s</dc:source>\n", t.ISBN)
	}
	b.access(w)
	w.put(`<meta property="dcterms:modified">%s</meta>`+"\n", b.loan.LentAt.UTC().Format("2006-01-02T15:04:05Z"))
	if b.fixed {
		w.WriteString(`<meta property="rendition:layout">pre-paginated</meta>` + "\n")
	}
	w.put(`<meta property="`+markProperty+`">%s</meta>`+"\n", b.mark)
	for i, p := range b.resources {
		if p.Href == t.Cover { // where EPUB 2 apps look
			w.WriteString(`<meta name="cover" content="r` + strconv.Itoa(i) + `"/>` + "\n")
		}
	}
	w.WriteString("</metadata>\n")
}

// access passes on what the title says about its accessibility, word by word.
func (b *book) access(w *writer) {
	a := b.loan.Title.Access
	for _, one := range []struct {
		property string
		values   []string
	}{{"accessMode", a.Modes}, {"accessModeSufficient", a.Sufficient}, {"accessibilityFeature", a.Features}, {"accessibilityHazard", a.Hazards}, {"accessibilitySummary", []string{a.Summary}}} {
		for _, v := range one.values {
			w.some(`<meta property="schema:`+one.property+`">%s</meta>`+"\n", v)
		}
	}
	if ages := b.loan.Title.Ages; ages.From > 0 || ages.To > 0 {
		to := ""
		if ages.To > 0 {
			to = strconv.Itoa(ages.To)
		}
		w.put(`<meta property="schema:typicalAgeRange">%d-%s</meta>`+"\n", ages.From, to)
	}
}

// address writes a name inside the book as an address of it.
func address(href string) string { return (&url.URL{Path: href}).EscapedPath() }

func addressOf(e catalogue.Entry) string {
	file, fragment, _ := strings.Cut(e.Href, "#")
	return (&url.URL{Path: file, Fragment: fragment}).String()
}

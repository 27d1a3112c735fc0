package reading

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/url"
	"strings"

	"lidwoord/reading/catalogue"
)

const (
	packageName = "lidwoord-package.opf"
	navName     = "lidwoord-nav.xhtml"
	sizesName   = "lidwoord-sizes.json"
)

// ownFiles are what we write ourselves of a book.
var ownFiles = map[string]struct {
	typ   string
	write func(catalogue.Title, *catalogue.Manifest) []byte
}{
	"META-INF/container.xml": {"application/xml", writeContainer},
	packageName:              {"application/oebps-package+xml", writePackage},
	navName:                  {"application/xhtml+xml", writeNav},
	sizesName:                {"application/json", writeSizes},
}

func writeContainer(catalogue.Title, *catalogue.Manifest) []byte {
	return []byte(`<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="` + packageName + `" media-type="application/oebps-package+xml"/></rootfiles></container>`)
}

func writePackage(t catalogue.Title, m *catalogue.Manifest) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">%s</dc:identifier><dc:title>%s</dc:title><dc:language>%s</dc:language>`,
		x(t.Identifier), x(t.Name), x(t.Language))
	if m.Fixed {
		b.WriteString(`<meta property="rendition:layout">pre-paginated</meta>`)
	}
	fmt.Fprintf(&b, `</metadata><manifest><item id="nav" href="%s" media-type="application/xhtml+xml" properties="nav"/>`, navName)
	for _, parts := range [][]catalogue.Part{m.Order, m.Resources} {
		for _, p := range parts {
			fmt.Fprintf(&b, `<item id="f%d" href="%s" media-type="%s"/>`, p.File, x(escapePath(p.Href)), x(p.Type))
		}
	}
	fmt.Fprintf(&b, `</manifest><spine page-progression-direction="%s">`, x(m.Direction))
	for _, p := range m.Order {
		linear := ""
		if p.Aside {
			linear = ` linear="no"`
		}
		fmt.Fprintf(&b, `<itemref idref="f%d"%s/>`, p.File, linear)
	}
	b.WriteString(`</spine></package>`)
	return b.Bytes()
}

func writeNav(t catalogue.Title, m *catalogue.Manifest) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><head><title>%s</title></head><body><nav epub:type="toc"><ol>`, x(t.Name))
	for _, e := range m.Chapters {
		if file, fragment, _ := strings.Cut(e.Href, "#"); e.Href != "" {
			fmt.Fprintf(&b, `<li><a href="%s">%s</a></li>`, x((&url.URL{Path: file, Fragment: fragment}).String()), x(e.Title))
		}
	}
	b.WriteString(`</ol></nav></body></html>`)
	return b.Bytes()
}

// writeSizes tells the reader which files there are and how large, from which it
// reckons how far somebody is.
func writeSizes(_ catalogue.Title, m *catalogue.Manifest) []byte {
	sizes := map[string]int64{"META-INF/container.xml": 0, packageName: 0, navName: 0}
	for _, parts := range [][]catalogue.Part{m.Order, m.Resources} {
		for _, p := range parts {
			sizes[p.Href] = p.Size
		}
	}
	text, _ := json.Marshal(sizes) // a map of numbers cannot fail
	return text
}

func x(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s))
	return b.String()
}

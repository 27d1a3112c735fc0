package ingest

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"lidwoord/reading/markup"
)

func TestAgesOfChildrenAreRead(t *testing.T) {
	for in, want := range map[string]bool{"4-": true, "8-12": true, "15": true, "16-": false, "18-99": false, "": false, "volwassen": false} {
		if _, youth := ages(audience{Ranges: []string{in}}); youth != want {
			t.Errorf("%q is for children: %v", in, !want)
		}
	}
}

// FuzzOpenEPUB feeds the parsers with broken parts of a book rather than with a
// broken zip, which the standard library is fuzzed for already.
func FuzzOpenEPUB(f *testing.F) {
	f.Add([]byte(`<package unique-identifier="n"><metadata><title>x</title><identifier id="n">1</identifier></metadata><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/><item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine></package>`),
		[]byte(`<html xmlns:epub="http://www.idpf.org/2007/ops"><nav epub:type="toc"><ol><li><a href="a.xhtml">A</a></li></ol></nav></html>`), []byte(`<html><body>x</body></html>`))
	f.Add([]byte(`<package unique-identifier="n"><metadata><dc-metadata><title>x</title></dc-metadata><creator role="aut">a; b</creator><meta name="calibre:series" content="s"/><meta name="cover" content="a"/></metadata><manifest><item id="a" href="a.xhtml" media-type="text/html"/><item id="ncx" href="nav.xhtml" media-type="application/x-dtbncx+xml"/></manifest><spine toc="ncx"><itemref idref="a"/></spine><guide><reference type="cover" href="a.xhtml"/></guide></package>`),
		[]byte(`<ncx><navMap><navPoint><navLabel><text>A & B</text></navLabel><content src="a.xhtml#x"/><navPoint><navLabel><text>C</text></navLabel><content src="a.xhtml"/></navPoint></navPoint></navMap></ncx>`), []byte(`<img src="a.png"><p>x`))
	f.Fuzz(func(t *testing.T, opf, nav, page []byte) {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		for name, text := range map[string][]byte{"META-INF/container.xml": []byte(`<container><rootfiles><rootfile full-path="x.opf"/></rootfiles></container>`), "x.opf": opf, "nav.xhtml": nav, "a.xhtml": page} {
			w, _ := z.CreateHeader(&zip.FileHeader{Name: name})
			w.Write(text)
		}
		z.Close()
		p, err := OpenEPUB(bytes.NewReader(out.Bytes()), int64(out.Len()))
		if err != nil {
			return
		}
		for _, part := range append(p.Manifest.Order, p.Manifest.Resources...) {
			if !markup.Local(part.Href) || part.Type == "" {
				t.Fatalf("part %+v", part)
			}
			if r, err := p.Open(part); err == nil {
				io.Copy(io.Discard, r)
			}
		}
		for _, e := range p.Manifest.Chapters {
			if file, _, _ := strings.Cut(e.Href, "#"); e.Href != "" && !markup.Local(file) {
				t.Fatalf("entry %+v", e)
			}
		}
	})
}

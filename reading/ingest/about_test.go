package ingest

import (
	"bytes"
	"image"
	"io"
	"slices"
	"strings"
	"testing"

	"lidwoord/reading/catalogue"
)

func read(t *testing.T, data []byte) *catalogue.Publication {
	t.Helper()
	p, err := OpenEPUB(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestLanguagesAreRepaired(t *testing.T) {
	for said, want := range map[string]string{
		"nl": "nl", "NL": "nl", "dut": "nl", "nld": "nl", "nl_NL": "nl", "nl-NL": "nl", "Nederlands": "nl", "Nederlands (België)": "nl", "dutch": "nl", "nl-BE": "nl-BE", "Vlaams": "nl-BE",
		"en-US": "en", "en-GB": "en-GB", "eng": "en", "ger": "de", "fre": "fr", "fy": "fy", "zh-Hant": "zh-Hant", "zh-Hans-CN": "zh-Hans-CN", "pap": "pap", "nl-nonsense!": "nl",
		"": "", "und": "", "mul": "", "xx": "", "klingon": "", "zxx": "", "<script>": "",
	} {
		if got, ok := languageTag(said); got != want || ok != (want != "") {
			t.Errorf("%q is read as %q, %v; want %q", said, got, ok, want)
		}
	}
}

func TestAnISBNHasThirteenDigitsThatCheckOut(t *testing.T) {
	for said, want := range map[string]string{
		"978-90-245-9423-8": "9789024594238", "urn:isbn:9789024594238": "9789024594238", "ISBN 978 90 245 9423 8": "9789024594238", "9789024594238": "9789024594238", "9024594235": "9789024594238", "urn:isbn:9024594235": "9789024594238",
		"0-8044-2957-X": "9780804429573", "9789024594239": "", "1234567890": "", "urn:uuid:6f0b1c52-2f4e-4d0a-9a51-7c1f0a2b1103": "", "https://example.nl/9789024594238": "", "": "", "9771234567898": "",
	} {
		if got, ok := isbn13(said); ok != (want != "") || ok && got != want {
			t.Errorf("%q is read as %q, %v; want %q", said, got, ok, want)
		}
	}
}

func TestWhoATitleIsForIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		says  audience
		want  catalogue.Ages
		youth bool
	}{
		"a range":                {audience{Ranges: []string{"8-12"}}, catalogue.Ages{From: 8, To: 12}, true},
		"from an age on":         {audience{Ranges: []string{"4-"}}, catalogue.Ages{From: 4}, true},
		"with a plus":            {audience{Ranges: []string{"12+"}}, catalogue.Ages{From: 12}, true},
		"in words":               {audience{Ranges: []string{"vanaf 9 jaar"}}, catalogue.Ages{From: 9}, true},
		"for adults":             {audience{Ranges: []string{"18-"}, Subjects: []string{"Jeugd"}}, catalogue.Ages{From: 18}, false},
		"Thema":                  {audience{Codes: []string{"FBA", "5AJ"}}, catalogue.Ages{From: 8}, true},
		"Thema, a child's book":  {audience{Codes: []string{"YFB"}}, catalogue.Ages{}, true},
		"yoga is no Thema":       {audience{Codes: []string{"YOGA"}, Subjects: []string{"YOGA"}}, catalogue.Ages{}, false},
		"NUR of 7 to 9":          {audience{Codes: []string{"NUR 282"}}, catalogue.Ages{From: 7, To: 9}, true},
		"NUR of all children":    {audience{Codes: []string{"NUR: 227"}}, catalogue.Ages{}, true},
		"NUR of adults":          {audience{Codes: []string{"NUR 301"}}, catalogue.Ages{}, false},
		"ONIX":                   {audience{Ranges: []string{"Children/juvenile"}}, catalogue.Ages{}, true},
		"kinderboeken":           {audience{Subjects: []string{"Kinderboeken"}}, catalogue.Ages{}, true},
		"juvenile":               {audience{Subjects: []string{"JUVENILE FICTION / Animals"}}, catalogue.Ages{}, true},
		"children's":             {audience{Subjects: []string{"Children’s stories"}}, catalogue.Ages{}, true},
		"about youth, not for":   {audience{Subjects: []string{"Jeugdzorg", "Kinderopvoeding"}}, catalogue.Ages{}, false},
		"says nothing":           {audience{}, catalogue.Ages{}, false},
		"a range the wrong way":  {audience{Ranges: []string{"12-8"}}, catalogue.Ages{From: 12}, true},
		"the first age of Thema": {audience{Codes: []string{"5AB"}}, catalogue.Ages{To: 3}, true},
	} {
		if got, youth := ages(c.says); got != c.want || youth != c.youth {
			t.Errorf("%s: %+v, %v; want %+v, %v", name, got, youth, c.want, c.youth)
		}
	}
}

func TestSubjectsSeriesAndPeopleAreTakenApart(t *testing.T) {
	p := read(t, epub(t, `<dc:title>Deel drie</dc:title><dc:title id="s">Een ondertitel</dc:title><meta refines="#s" property="title-type">subtitle</meta>
		<dc:identifier id="n">urn:uuid:6f0b1c52-2f4e-4d0a-9a51-7c1f0a2b1103</dc:identifier><dc:identifier>978-90-245-9423-8</dc:identifier>
		<dc:creator>Ada Kingma &amp; Jelle Nautha</dc:creator><dc:creator opf:role="ill" opf:file-as="Zee, Bo van der">Bo van der Zee</dc:creator>
		<dc:contributor id="v">Noor Wilting</dc:contributor><meta refines="#v" property="role" scheme="marc:relators">trl</meta>
		<dc:subject>Geschiedenis; Drenthe;geschiedenis ; </dc:subject><dc:date>2019-03-02T00:00:00+00:00</dc:date><dc:language>nl_NL</dc:language>
		<meta property="belongs-to-collection" id="r">De es</meta><meta refines="#r" property="collection-type">series</meta><meta refines="#r" property="group-position">3.0</meta>
		<meta property="schema:accessMode">textual, visual</meta><meta property="schema:accessModeSufficient">textual, visual</meta><meta name="schema:accessibilityHazard" content="none"/>
		<meta property="dcterms:conformsTo">EPUB Accessibility 1.1 - WCAG 2.1 Level AA</meta><meta property="a11y:certifiedBy">Dedicon</meta>`, ""))
	x := p.Title
	if x.Name != "Deel drie" || x.Subtitle != "Een ondertitel" || x.Series != "De es" || x.SeriesAt != "3" || x.ISBN != "9789024594238" || x.Identifier != "urn:uuid:6f0b1c52-2f4e-4d0a-9a51-7c1f0a2b1103" || x.Published != "2019-03-02" || x.Language != "nl" {
		t.Errorf("read %+v", x)
	}
	if !slices.Equal(x.Subjects, []string{"Geschiedenis", "Drenthe"}) || x.Author() != "Ada Kingma, Jelle Nautha" {
		t.Errorf("subjects %q, authors %q", x.Subjects, x.Author())
	}
	if len(x.Contributors) != 4 || x.Contributors[2].Role != "ill" || x.Contributors[2].SortAs != "Zee, Bo van der" || x.Contributors[3].Role != "trl" {
		t.Errorf("people %+v", x.Contributors)
	}
	a := x.Access
	if !slices.Equal(a.Modes, []string{"textual", "visual"}) || !slices.Equal(a.Sufficient, []string{"textual,visual"}) || len(a.Hazards) != 1 || len(a.ConformsTo) != 1 || a.CertifiedBy != "Dedicon" {
		t.Errorf("access %+v", a)
	}
	if got := subjects([]string{"Wandelen, Drenthe, Natuur"}); len(got) != 3 {
		t.Errorf("one list with commas: %q", got)
	}
	if got := subjects([]string{"Kunst, moderne", "Drenthe"}); len(got) != 2 {
		t.Errorf("a comma in a name: %q", got)
	}
	old := read(t, epub(t, `<dc:title>x</dc:title><meta name="calibre:series" content="De es"/><meta name="calibre:series_index" content="2.5"/><dc:date>0101-01-01T00:00:00+00:00</dc:date>`, "")).Title
	if old.Series != "De es" || old.SeriesAt != "2.5" || old.Published != "" {
		t.Errorf("as calibre writes it: %+v", old)
	}
}

func TestUntidyBooksAreMendedAndItIsNoted(t *testing.T) {
	title := "<dc:title>x</dc:title>"
	for name, c := range map[string]struct {
		data  []byte
		note  string
		check func(*catalogue.Publication) bool
	}{
		"mimetype is not first": {Zipped(t, "META-INF/container.xml", ContainerXML, "OPS/book.opf", `<package><metadata/><manifest><item id="c" href="c.html" media-type="text/html"/></manifest><spine><itemref idref="c"/></spine></package>`, "OPS/c.html", "<p>x"), "mimetype is not the first", nil},
		"no container":          {Zipped(t, "mimetype", "x", "OPS/book.opf", `<package><metadata><title>x</title></metadata><manifest><item id="c" href="c.html" media-type="text/html"/></manifest><spine><itemref idref="c"/></spine></package>`, "OPS/c.html", "<p>x"), "OPS/book.opf was found", nil},
		"no good XML":           {epub(t, title+"<dc:publisher>Jansen & Zonen</dc:publisher>", ""), "no good XML", func(p *catalogue.Publication) bool { return strings.HasPrefix(p.Title.Publisher, "Jansen & Z") }},
		"HTML's entities":       {epub(t, "<dc:title>Caf&eacute;&nbsp;x</dc:title>", ""), "", func(p *catalogue.Publication) bool { return p.Title.Name == "Café x" }},
		"a chapter is missing":  {bytes.ReplaceAll(stored(t, title, `<item id="c2" href="twee.xhtml" media-type="application/xhtml+xml"/>`), []byte(`<itemref idref="c1"/>`), []byte(`<itemref idref="c3"/>`)), "1 of the 1 chapters in the reading order are missing: c3", nil},
		"a wrong type":          {epub(t, title, `<item id="p" href="p.png" media-type="image/png"/>`, "OPS/p.png", string(coverJPEG(9, 9))), `OPS/p.png is called "image/png" and is image/jpeg`, func(p *catalogue.Publication) bool { return p.Manifest.Resources[0].Type == "image/jpeg" }},
		"a type nobody knows":   {epub(t, title, `<item id="p" href="p.css" media-type="application/octet-stream"/>`, "OPS/p.css", "p{}"), "is text/css", func(p *catalogue.Publication) bool { return p.Manifest.Resources[0].Type == "text/css" }},
		"percents in the zip":   {epub(t, title, `<item id="p" href="een%20plaat.css" media-type="text/css"/>`, "OPS/een%20plaat.css", "p{}"), "is called OPS/een%20plaat.css in the zip", func(p *catalogue.Publication) bool { return p.Manifest.Resources[0].Href == "OPS/een plaat.css" }},
		"marks apart":           {epub(t, title, `<item id="p" href="caf%C3%A9.css" media-type="text/css"/>`, "OPS/cafe\u0301.css", "p{}"), "in the zip", func(p *catalogue.Publication) bool { return p.Manifest.Resources[0].Href == "OPS/café.css" }},
		"other capitals":        {epub(t, title, `<item id="p" href="Stijl.CSS" media-type="text/css"/>`, "OPS/stijl.css", "p{}"), "is called OPS/stijl.css in the zip", nil},
		"one id twice":          {epub(t, title, `<item id="c1" href="p.css" media-type="text/css"/>`, "OPS/p.css", "p{}"), `two items are called "c1"`, func(p *catalogue.Publication) bool { return p.Manifest.Order[0].Href == "OPS/een.xhtml" }},
		"no contents":           {epub(t, title, ""), "no table of contents", func(p *catalogue.Publication) bool { return p.Manifest.Chapters[0].Title == "Een" }},
		"a broken NCX":          {epub(t, title, `<item id="ncx" href="t.ncx" media-type="application/x-dtbncx+xml"/>`, "OPS/t.ncx", `<ncx><navMap><navPoint><navLabel><text>A & B</text></navLabel><content src="een.xhtml"/></navPoint>`), "", func(p *catalogue.Publication) bool { return p.Manifest.Chapters[0].Title == "A & B" }},
		"no title":              {epub(t, "<dc:title> </dc:title>", ""), "", func(p *catalogue.Publication) bool { return p.Title.Name == Unnamed }},
		"a wrong check digit":   {epub(t, title+`<dc:identifier>9789024594239</dc:identifier>`, ""), "check digit", func(p *catalogue.Publication) bool { return p.Title.ISBN == "" }},
		"a forgotten picture":   {epub(t, title, "", "OPS/p.jpg", string(coverJPEG(9, 9))), "taken along: OPS/p.jpg", func(p *catalogue.Publication) bool { return p.Manifest.Resources[0].Href == "OPS/p.jpg" }},
		"a file that is gone":   {epub(t, title, `<item id="p" href="weg.css" media-type="text/css"/>`), "OPS/weg.css is missing", nil},
		"an address elsewhere":  {epub(t, title, `<item id="p" href="https://example.nl/p.css" media-type="text/css"/>`), "is no file of the book", nil},
		"a language nobody has": {epub(t, title+"<dc:language>klingon</dc:language><dc:language>dut</dc:language>", ""), `the language "klingon" is not known`, func(p *catalogue.Publication) bool { return p.Title.Language == "nl" }},
		"a name of old":         {epub(t, title, "", "OPS/caf\x82.jpg", string(coverJPEG(9, 9))), "OPS/café.jpg", nil},
		"wrappers of old":       {epub(t, "<dc-metadata><dc:title>Oud</dc:title></dc-metadata>", ""), "", func(p *catalogue.Publication) bool { return p.Title.Name == "Oud" }},
	} {
		p, err := OpenEPUB(bytes.NewReader(c.data), int64(len(c.data)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if notes := strings.Join(p.Manifest.Notes, "\n"); !strings.Contains(notes, c.note) {
			t.Errorf("%s notes %q, want %q", name, notes, c.note)
		}
		if c.check != nil && !c.check(p) {
			t.Errorf("%s: %+v %+v", name, p.Title, p.Manifest)
		}
		if err := (catalogue.Stacks{Dir: t.TempDir()}).Keep(p); err != nil {
			t.Errorf("%s: Keep: %v", name, err)
		}
	}
}

// stored is an EPUB whose reading order can be changed in its bytes.
func stored(t *testing.T, metadata, items string) []byte {
	opf := `<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">` + metadata + `</metadata><manifest><item id="c1" href="een.xhtml" media-type="application/xhtml+xml"/>` + items + `</manifest><spine><itemref idref="c3"/></spine></package>`
	return Zipped(t, "mimetype", "x", "META-INF/container.xml", ContainerXML, "OPS/book.opf", opf, "OPS/een.xhtml", pageXML)
}

func TestCoversComeInSizes(t *testing.T) {
	for name, c := range map[string]struct {
		metadata, items string
		files           []string
		want            []int
	}{
		"EPUB 3":          {"", `<item id="o" href="o.jpg" media-type="image/jpeg" properties="cover-image"/>`, []string{"OPS/o.jpg", string(coverJPEG(600, 900))}, []int{120, 240, 480}},
		"EPUB 2":          {`<meta name="cover" content="o"/>`, `<item id="o" href="o.jpg" media-type="image/jpeg"/>`, []string{"OPS/o.jpg", string(coverJPEG(480, 640))}, []int{120, 240, 480}},
		"a file for a id": {`<meta name="cover" content="o.jpg"/>`, `<item id="x" href="o.jpg" media-type="image/jpeg"/>`, []string{"OPS/o.jpg", string(coverJPEG(300, 400))}, []int{120, 240}},
		"by its name":     {"", `<item id="x" href="omslag.jpg" media-type="image/jpeg"/>`, []string{"OPS/omslag.jpg", string(coverJPEG(130, 200))}, []int{120}},
		"never enlarged":  {"", `<item id="x" href="omslag.jpg" media-type="image/jpeg"/>`, []string{"OPS/omslag.jpg", string(coverJPEG(100, 150))}, nil},
		"none":            {"", "", nil, nil},
	} {
		p := read(t, epub(t, "<dc:title>x</dc:title>"+c.metadata, c.items, c.files...))
		stacks := catalogue.Stacks{Dir: t.TempDir()}
		if err := stacks.Keep(p); err != nil || !slices.Equal(p.Title.Covers, c.want) {
			t.Errorf("%s: covers %v, want %v; %v, %v", name, p.Title.Covers, c.want, err, p.Manifest.Notes)
		}
		for _, width := range p.Title.Covers {
			f, err := stacks.OpenCover(p.Title, width)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(f)
			f.Close()
			if m, kind, err := image.DecodeConfig(bytes.NewReader(text)); err != nil || m.Width != width || kind != "jpeg" {
				t.Errorf("%s: %d is %d wide, %s, %v", name, width, m.Width, kind, err)
			}
		}
		if _, err := stacks.OpenCover(p.Title, 481); err == nil {
			t.Errorf("%s: a width that is not there", name)
		}
	}
}

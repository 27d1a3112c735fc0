package ingest_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/ingest"
	"lidwoord/samples"
)

// opf is a package file of EPUB 2 with one chapter and whatever items are given.
func opf(items string) string {
	return `<package xmlns="http://www.idpf.org/2007/opf" version="2.0" unique-identifier="n"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf">
<dc:title>Het boek van Zoë</dc:title><dc:identifier id="n" opf:scheme="ISBN">978-90-00-00000-2</dc:identifier><dc:creator opf:role="aut" opf:file-as="Çelik, A.">Ayşe Çelik</dc:creator>
<dc:description>&lt;p&gt;Een &lt;b&gt;mooi&lt;/b&gt; boek.&lt;/p&gt;</dc:description><dc:language>nl</dc:language><meta name="cover" content="pic"/></metadata>
<manifest><item id="c1" href="een.xhtml" media-type="application/xhtml+xml"/>` + items + `</manifest><spine toc="ncx"><itemref idref="c1"/></spine></package>`
}

func open(data []byte) (*catalogue.Publication, error) {
	return ingest.OpenEPUB(bytes.NewReader(data), int64(len(data)))
}

// take brings every sample in and returns the stacks.
func take(t *testing.T, db *sqldb.DB) catalogue.Stacks {
	t.Helper()
	s := catalogue.Stacks{Dir: t.TempDir()}
	books, err := samples.Books()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range books {
		p, err := open(b.EPUB)
		if err != nil {
			t.Fatal(b.Name, err)
		}
		if _, err := s.Take(t.Context(), db, p); err != nil {
			t.Fatal(b.Name, err)
		}
	}
	audio, err := samples.Audio()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range audio {
		p, err := ingest.OpenAudio(f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Take(t.Context(), db, p); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func search(t *testing.T, db *sqldb.DB, q catalogue.Query) (list []catalogue.Title, total int) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
		list, total, err = catalogue.Search(tx, q)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list, total
}

func TestTheSameBookIsTakenInOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := take(t, db)
		before, n := search(t, db, catalogue.Query{})
		if n != 6 {
			t.Fatalf("%d titles, want 6", n)
		}
		books, _ := samples.Books()
		p, _ := open(books[0].EPUB)
		again, err := s.Take(t.Context(), db, p)
		if err != nil {
			t.Fatal(err)
		}
		// Also when the files were lost, or the cleaning got better.
		if err := os.RemoveAll(s.Dir); err != nil {
			t.Fatal(err)
		}
		p, _ = open(books[0].EPUB)
		if back, err := s.Take(t.Context(), db, p); err != nil || back.ID != again.ID {
			t.Errorf("taken in again as %v, %v; want %s", back.ID, err, again.ID)
		}
		if err := s.Keep(p); err != nil {
			t.Errorf("Keep over what is there: %v", err)
		}
		after, _ := search(t, db, catalogue.Query{})
		if !slices.EqualFunc(before, after, func(a, b catalogue.Title) bool { return a.ID == b.ID && a.AddedAt.Equal(b.AddedAt) }) {
			t.Error("taking a book in again changed the list")
		}
		if left, _ := filepath.Glob(filepath.Join(s.Dir, "*", "*.*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestATitleKeepsAllThatItsBookSays(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := take(t, db)
		list, _ := search(t, db, catalogue.Query{Text: "pluis"})
		if len(list) != 1 {
			t.Fatalf("%d titles about Pluis", len(list))
		}
		var got catalogue.Title
		var m *catalogue.Manifest
		err := db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
			if got, err = catalogue.Find(tx, list[0].ID); err != nil {
				return err
			}
			m, err = catalogue.Contents(tx, got.ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got.Name != "Pluis en de maan" || got.Author() != "Noor Wilting" || got.Language != "nl" || !got.Youth || got.Cover != "EPUB/cover.jpg" ||
			got.Identifier != "urn:uuid:6f0b1c52-2f4e-4d0a-9a51-7c1f0a2b1103" || got.Subtitle == "" || len(got.Subjects) != 3 ||
			!slices.Contains(got.Access.Features, "alternativeText") || got.Size < 30_000 {
			t.Errorf("read %+v", got)
		}
		if len(m.Order) != 7 || !m.Order[0].Aside || m.Order[2].Title != "De eerste avond: een hap uit de maan" || len(m.Chapters) != 6 {
			t.Errorf("manifest %+v", m)
		}
		part, ok := m.Part("EPUB/chapter-01.xhtml")
		if !ok {
			t.Fatal("no first chapter")
		}
		text, err := s.Read(got, part)
		if err != nil || !bytes.Contains(text, []byte("grote oren")) {
			t.Errorf("first chapter: %v %.100s", err, text)
		}
		if _, err := s.Open(got, catalogue.Part{File: 999}); !errors.Is(err, catalogue.ErrNoPart) {
			t.Errorf("a part that is not there: %v", err)
		}
	})
}

func TestAnAudiobookHasTracksWithDurationsAndTheirText(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := take(t, db)
		list, n := search(t, db, catalogue.Query{Kind: catalogue.Audiobook})
		if n != 1 {
			t.Fatalf("%d audiobooks", n)
		}
		a := list[0]
		if a.Duration < 2*time.Minute || a.Duration > 3*time.Minute || a.Narrator() == "" || a.Cover != "cover.jpg" {
			t.Errorf("read %+v", a)
		}
		err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			m, err := catalogue.Contents(tx, a.ID)
			if err != nil {
				return err
			}
			if len(m.Order) != 3 || len(m.Chapters) != 3 || m.Order[0].Duration < 30 {
				t.Errorf("manifest %+v", m)
			}
			part, _ := m.Part(m.Order[1].Text)
			if text, err := s.Read(a, part); err != nil || !bytes.Contains(text, []byte("kopieermachine")) {
				t.Errorf("text of track 2: %v %s", err, text)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestSearchForgivesMarksAndCapitals(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := take(t, db)
		p, err := open(ingest.Zipped(t, "META-INF/container.xml", ingest.ContainerXML, "OPS/book.opf", opf(""), "OPS/een.xhtml", "<html xmlns='http://www.w3.org/1999/xhtml'><body><h1>Een</h1></body></html>"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Take(t.Context(), db, p); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			q    catalogue.Query
			want int
		}{
			{catalogue.Query{Text: "ZOE boek"}, 1},
			{catalogue.Query{Text: "celik"}, 1},
			{catalogue.Query{Text: "Çelik zoë"}, 1},
			{catalogue.Query{Text: "9789000000002"}, 1},
			{catalogue.Query{Text: "%"}, 0}, // no wildcard
			{catalogue.Query{Text: "b%k"}, 0},
			{catalogue.Query{Text: "!"}, 7}, // a mark is no word
			{catalogue.Query{Text: "drenthe"}, 2},
			{catalogue.Query{Language: "en"}, 1},
			{catalogue.Query{Youth: true}, 1},
			{catalogue.Query{Kind: catalogue.EBook, Language: "nl"}, 5},
		} {
			if _, n := search(t, db, c.q); n != c.want {
				t.Errorf("%+v finds %d, want %d", c.q, n, c.want)
			}
		}
		page, total := search(t, db, catalogue.Query{Limit: 2, Skip: 2})
		if len(page) != 2 || total != 7 {
			t.Errorf("a page of %d of %d, want 2 of 7", len(page), total)
		}
		if err := db.Read(t.Context(), func(tx *sqldb.Tx) error { _, err := catalogue.Find(tx, "nope"); return err }); !errors.Is(err, catalogue.ErrNoTitle) {
			t.Errorf("Find of nothing: %v", err)
		}
		if err := db.Read(t.Context(), func(tx *sqldb.Tx) error { _, err := catalogue.Contents(tx, "nope"); return err }); !errors.Is(err, catalogue.ErrNoTitle) {
			t.Errorf("Contents of nothing: %v", err)
		}
	})
}

func TestARealBookMayBeSloppy(t *testing.T) {
	page := "<html xmlns='http://www.w3.org/1999/xhtml'><head><title>T</title></head><body><h1>Hoofdstuk&nbsp;een</h1><p>Tekst</p></body></html>"
	for name, files := range map[string][]string{
		"mimetype last":      {"META-INF/container.xml", ingest.ContainerXML, "OPS/book.opf", opf(""), "OPS/een.xhtml", page, "mimetype", "application/epub+zip"},
		"HTML for XHTML":     {"META-INF/container.xml", ingest.ContainerXML, "OPS/book.opf", opf(""), "OPS/een.xhtml", "<body><h1>Hoofdstuk een<p>Tekst<br>&unknown;"},
		"byte order mark":    {"META-INF/container.xml", "\xef\xbb\xbf" + ingest.ContainerXML, "OPS/book.opf", "\xef\xbb\xbf" + opf(""), "OPS/een.xhtml", page},
		"UTF-16":             {"META-INF/container.xml", utf16(ingest.ContainerXML), "OPS/book.opf", utf16(`<?xml version="1.0" encoding="UTF-16"?>` + opf("")), "OPS/een.xhtml", page},
		"missing file":       {"META-INF/container.xml", ingest.ContainerXML, "OPS/book.opf", opf(`<item id="x" href="gone.png" media-type="image/png"/>`), "OPS/een.xhtml", page},
		"cover that is none": {"META-INF/container.xml", ingest.ContainerXML, "OPS/book.opf", opf(`<item id="pic" href="p.png" media-type="image/png"/>`), "OPS/een.xhtml", page, "OPS/p.png", "no picture"},
		"scrambled fonts": {"META-INF/container.xml", ingest.ContainerXML, "OPS/book.opf", opf(`<item id="f" href="f.otf" media-type="font/otf"/>`), "OPS/een.xhtml", page, "OPS/f.otf", "x",
			"META-INF/encryption.xml", `<encryption><EncryptedData><EncryptionMethod Algorithm="http://www.idpf.org/2008/embedding"/><CipherData><CipherReference URI="OPS/f.otf"/></CipherData></EncryptedData></encryption>`},
	} {
		p, err := open(ingest.Zipped(t, files...))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.Title.Name != "Het boek van Zoë" || p.Title.Identifier != "urn:isbn:9789000000002" || p.Title.Description != "Een mooi boek." || p.Title.Cover != "" ||
			len(p.Manifest.Chapters) != 1 || !strings.HasPrefix(p.Manifest.Chapters[0].Title, "Hoofdstuk een") || len(p.Manifest.Resources) > 1 {
			t.Errorf("%s: read %+v %+v", name, p.Title, p.Manifest)
		}
		if err := (catalogue.Stacks{Dir: t.TempDir()}).Keep(p); err != nil {
			t.Errorf("%s: Keep: %v", name, err)
		}
	}
}

func TestTheContentsOfEPUB2AreRead(t *testing.T) {
	ncx := `<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint id="a"><navLabel><text>Deel  een</text></navLabel><content src="een.xhtml"/><navPoint id="b"><navLabel><text>Onder</text></navLabel><content src="een.xhtml#b"/></navPoint></navPoint>
<navPoint id="c"><navLabel><text>Weg</text></navLabel><content src="../../../etc/passwd"/></navPoint></navMap></ncx>`
	p, err := open(ingest.Zipped(t, "META-INF/container.xml", ingest.ContainerXML, "OPS/book.opf", opf(`<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>`), "OPS/toc.ncx", ncx, "OPS/een.xhtml", "<p/>"))
	if err != nil {
		t.Fatal(err)
	}
	want := []catalogue.Entry{{Title: "Deel een", Href: "OPS/een.xhtml"}, {Title: "Onder", Href: "OPS/een.xhtml#b", Level: 1}} // what leads out of the book is left out
	if !slices.Equal(p.Manifest.Chapters, want) {
		t.Errorf("contents %+v", p.Manifest.Chapters)
	}
}

func TestADangerousBookIsRefused(t *testing.T) {
	page := "<html><body>x</body></html>"
	bomb := strings.Repeat("<p>", 200_000)
	for name, c := range map[string]struct {
		files []string
		want  error
	}{
		"climbs out":     {[]string{"../../etc/cron.d/x", "x", "META-INF/container.xml", ingest.ContainerXML}, ingest.ErrDangerous},
		"absolute":       {[]string{"/etc/passwd", "x", "META-INF/container.xml", ingest.ContainerXML}, ingest.ErrDangerous},
		"backslash":      {[]string{`OPS\x`, "x", "META-INF/container.xml", ingest.ContainerXML}, ingest.ErrDangerous},
		"twice":          {[]string{"a", "x", "a", "y"}, ingest.ErrDangerous},
		"no container":   {[]string{"a", "x"}, ingest.ErrNotABook},
		"no package":     {[]string{"META-INF/container.xml", ingest.ContainerXML}, ingest.ErrNotABook},
		"nothing to see": {[]string{"META-INF/container.xml", ingest.ContainerXML, "OPS/book.opf", opf("")}, ingest.ErrNotABook},
		"encrypted": {[]string{"META-INF/container.xml", ingest.ContainerXML, "OPS/book.opf", opf(""), "OPS/een.xhtml", page,
			"META-INF/encryption.xml", `<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><EncryptedData xmlns="http://www.w3.org/2001/04/xmlenc#"><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/></EncryptedData></encryption>`}, ingest.ErrLocked},
		"huge package": {[]string{"META-INF/container.xml", ingest.ContainerXML, "OPS/book.opf", strings.Repeat(" ", ingest.MaxMarkup+1)}, catalogue.ErrTooBig},
	} {
		if _, err := open(ingest.Zipped(t, c.files...)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := open([]byte("PK\x03\x04 no zip")); !errors.Is(err, ingest.ErrNotABook) {
		t.Errorf("no zip: %v", err)
	}
	// A chapter that nests without end becomes an empty page with a note.
	p, err := open(ingest.Zipped(t, "META-INF/container.xml", ingest.ContainerXML, "OPS/book.opf", opf(""), "OPS/een.xhtml", bomb))
	if err != nil {
		t.Fatal(err)
	}
	if err := (catalogue.Stacks{Dir: t.TempDir()}).Keep(p); err != nil || !strings.Contains(strings.Join(p.Manifest.Notes, "\n"), "een.xhtml could not be read (elements nest too deep) and is an empty page") {
		t.Errorf("deep chapter: %v %v", err, p.Manifest.Notes)
	}
	// A chapter that loses text in cleaning is kept, and the librarian hears how much.
	lost := strings.Repeat("weg ", 100)
	for chapter, want := range map[string]string{
		`<p>Hallo <b>wereld</p><!-- vergeten <p>` + lost + `</p>`:                                       "een.xhtml lost 308 of the ",
		`<head><title>Een</head><body><p>` + lost:                                                       "een.xhtml lost 30",
		`<p>Hallo</p><textarea><p>` + lost:                                                              "een.xhtml lost 300 of the ",
		`<form><p>` + lost + `</p></form>`:                                                              "een.xhtml lost 300 of the ",
		`<p>A &amp; B</p><script>` + lost + `</script><style>` + lost + `</style><!-- ` + lost + ` -->`: "",
	} {
		p, err := open(ingest.Zipped(t, "META-INF/container.xml", ingest.ContainerXML, "OPS/book.opf", opf(""), "OPS/een.xhtml", "<html>"+chapter+"</html>"))
		if err != nil {
			t.Fatal(err)
		}
		err = (catalogue.Stacks{Dir: t.TempDir()}).Keep(p)
		if said := strings.Join(p.Manifest.Notes, "\n"); err != nil || !strings.Contains(said, want) || want == "" && strings.Contains(said, " lost ") {
			t.Errorf("%.60s: %v %q, want %q", chapter, err, said, want)
		}
	}
	// A chapter that unpacks to more than a chapter may hold refuses the book.
	p, err = open(ingest.Zipped(t, "META-INF/container.xml", ingest.ContainerXML, "OPS/book.opf", opf(`<item id="s" href="s.css" media-type="text/css"/>`), "OPS/een.xhtml", page, "OPS/s.css", strings.Repeat("a", ingest.MaxMarkup+1)))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := (catalogue.Stacks{Dir: dir}).Keep(p); !errors.Is(err, catalogue.ErrTooBig) {
		t.Errorf("bomb: %v", err)
	}
	if left, _ := filepath.Glob(dir + "/*/*"); len(left) > 0 {
		t.Errorf("a refused book left %v", left)
	}
}

func TestABadAudioManifestIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"not JSON":    {"{", ingest.ErrNoSound}, // the tracks could tell, but there is none either
		"no tracks":   {`{"metadata":{"title":"x"},"readingOrder":[]}`, ingest.ErrNoSound},
		"climbs out":  {`{"readingOrder":[{"href":"../x.mp3","type":"audio/mpeg","duration":3}]}`, ingest.ErrDangerous},
		"elsewhere":   {`{"readingOrder":[{"href":"https://example.nl/x.mp3","type":"audio/mpeg","duration":3}]}`, ingest.ErrNotABook},
		"no duration": {`{"readingOrder":[{"href":"x.mp3","type":"audio/mpeg"}]}`, ingest.ErrNoSound},
		"no sound":    {`{"readingOrder":[{"href":"x.mp3","type":"text/html","duration":3}]}`, ingest.ErrNoSound},
		"no file":     {`{"readingOrder":[{"href":"y.mp3","type":"audio/mpeg","duration":3}]}`, ingest.ErrNotABook},
	} {
		dir := t.TempDir()
		os.WriteFile(dir+"/manifest.json", []byte(c.text), 0o600)
		os.WriteFile(dir+"/x.mp3", []byte("x"), 0o600)
		if _, err := ingest.OpenAudio(os.DirFS(dir)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := ingest.OpenAudio(fs.FS(os.DirFS(t.TempDir()))); !errors.Is(err, ingest.ErrNoSound) {
		t.Error("an empty folder is no audiobook", err)
	}
}

func utf16(s string) string {
	out := []byte{0xff, 0xfe}
	for _, r := range s { // no surrogates in these tests
		out = append(out, byte(r), byte(r>>8))
	}
	return string(out)
}

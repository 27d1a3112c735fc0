package copy_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/copy"
	"lidwoord/reading/ingest"
	"lidwoord/reading/loan"
	"lidwoord/samples"
)

const (
	number = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	bus    = "De laatste bus naar Zweeloo"
)

var noon = time.Date(2026, 11, 23, 11, 0, 0, 0, time.UTC)

// desk has titles in the stacks and a press beside them.
type desk struct {
	testing.TB
	copy.Press
	titles map[string]held
}

type held struct {
	loan.Loan
	manifest *catalogue.Manifest
}

func box(t testing.TB, key string) *secret.Box {
	b, err := secret.NewBox(bytes.Repeat([]byte(key), secret.MasterLength))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func open(t testing.TB) *desk {
	t.Helper()
	sentences, err := words.Load(copy.Words, day.Words)
	if err != nil {
		t.Fatal(err)
	}
	return &desk{t, copy.Press{Stacks: catalogue.Stacks{Dir: t.TempDir()}, Box: box(t, "k"), Words: sentences}, map[string]held{}}
}

// keep takes a publication in, and lends it.
func (d *desk) keep(p *catalogue.Publication, err error) held {
	d.Helper()
	if err == nil {
		err = d.Stacks.Keep(p)
	}
	if err != nil {
		d.Fatal(err)
	}
	t := p.Title
	t.ID = "TITLE"
	h := held{loan.Loan{ID: number, Title: t, LentAt: noon, DueAt: day.Of(noon).AddDays(22).Start()}, &p.Manifest}
	d.titles[t.Name] = h
	return h
}

func (d *desk) samples() {
	d.Helper()
	books, err := samples.Books()
	if err != nil {
		d.Fatal(err)
	}
	for _, b := range books {
		d.keep(ingest.OpenEPUB(bytes.NewReader(b.EPUB), int64(len(b.EPUB))))
	}
}

func (d *desk) open(h held) *copy.Copy {
	d.Helper()
	c, err := d.Open(h.Loan, h.manifest)
	if err != nil {
		d.Fatal(err)
	}
	d.Cleanup(func() { c.Close() })
	return c
}

func (d *desk) bytes(h held) []byte {
	d.Helper()
	c := d.open(h)
	text, err := io.ReadAll(c)
	if err != nil || int64(len(text)) != c.Size() {
		d.Fatalf("%d bytes of %d: %v", len(text), c.Size(), err)
	}
	return text
}

func unzip(t testing.TB, file []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r) // checks the sum too
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		files[f.Name] = string(text)
	}
	return files
}

// Debian's own start script of EPUBCheck needs binfmt, so the jar is called by hand.
func TestEveryCopyPassesTheValidator(t *testing.T) {
	const jar = "/usr/share/java/epubcheck.jar"
	java, err := exec.LookPath("java")
	if _, jarErr := os.Stat(jar); err != nil || jarErr != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("EPUBCheck is missing: apt-get install epubcheck")
		}
		t.Skip("EPUBCheck is not installed (apt-get install epubcheck); only the structure was tested")
	}
	d := open(t)
	d.samples()
	d.keep(ingest.OpenEPUB(whole(t)))
	for name, h := range d.titles {
		file := filepath.Join(t.TempDir(), "copy.epub")
		if err := os.WriteFile(file, d.bytes(h), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), java, "-jar", jar, "--failonwarnings", file).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// whole is a book with all that a title can tell of itself.
func whole(t testing.TB) (io.ReaderAt, int64) {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	page := func(title, body string) string {
		return `<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="nl"><head><title>` + title + `</title></head><body>` + body + `</body></html>`
	}
	for _, f := range [][2]string{
		{"META-INF/container.xml", `<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>`},
		{"OEBPS/een.xhtml", page("Één", `<h1 id="a">Één &amp; nog wat</h1><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><title>lijn</title><path d="M0 0h1"/></svg>`)},
		{"OEBPS/hoofdstuk-twee-é.xhtml", page("Twee", `<h1 id="b">Twee</h1><p><math xmlns="http://www.w3.org/1998/Math/MathML"><mi>x</mi></math></p><p id="c"><a href="een.xhtml#a">terug</a></p>`)},
		{"OEBPS/nav.xhtml", `<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><head><title>N</title></head><body><nav epub:type="toc"><ol><li><span>Deel I</span><ol><li><a href="een.xhtml#a">Eén &lt;1&gt;</a></li></ol></li><li><a href="hoofdstuk-twee-%C3%A9.xhtml">Twee</a><ol><li><a href="hoofdstuk-twee-%C3%A9.xhtml#c">Daarin</a></li></ol></li></ol></nav></body></html>`},
		{"OEBPS/book.opf", `<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="n"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Alles &amp; meer</dc:title><dc:identifier id="n">urn:isbn:9789023401919</dc:identifier><dc:language>nl</dc:language>
<dc:creator id="w">Ada &lt;Kingma&gt;</dc:creator><meta refines="#w" property="file-as">Kingma, Ada</meta><dc:contributor id="v">Bo</dc:contributor><meta refines="#v" property="role" scheme="marc:relators">trl</meta><dc:subject>Katten</dc:subject><dc:publisher>P &amp; Q</dc:publisher><dc:date>2026-09-01</dc:date><dc:rights>CC0</dc:rights>
<dc:description>Een "boek".</dc:description><meta property="schema:accessMode">textual</meta><meta property="schema:accessibilityFeature">tableOfContents</meta><meta property="schema:accessibilityHazard">none</meta><meta property="schema:accessModeSufficient">textual</meta><meta property="schema:accessibilitySummary">Leest goed voor.</meta></metadata>
<manifest><item id="n1" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/><item id="a" href="een.xhtml" media-type="application/xhtml+xml" properties="svg"/><item id="b" href="hoofdstuk-twee-%C3%A9.xhtml" media-type="application/xhtml+xml" properties="mathml"/></manifest><spine page-progression-direction="ltr"><itemref idref="a"/><itemref idref="b" linear="no"/></spine></package>`},
	} {
		w, err := z.Create(f[0])
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, f[1])
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(out.Bytes()), int64(out.Len())
}

func TestACopySaysWhoseItIsAndWhatItIsNot(t *testing.T) {
	d := open(t)
	d.samples()
	for name, want := range map[string][]string{
		bus:                   {"Geleend tot en met 14 december 2026 bij de Online Bibliotheek, bewijs " + number, "stopt na die dag niet vanzelf", "Je naam staat er niet in", `lang="nl"`},
		"The Night Librarian": {"Lent until 14 December 2026 inclusive by the Online Bibliotheek, receipt " + number, "does not stop by itself", `lang="en"`},
	} {
		files := unzip(t, d.bytes(d.titles[name]))
		for _, text := range want {
			if !strings.Contains(files["lidwoord-exemplaar.xhtml"], text) {
				t.Errorf("%s lacks %q: %s", name, text, files["lidwoord-exemplaar.xhtml"])
			}
		}
		package_ := files["lidwoord-package.opf"]
		if cover, page, rest := strings.Index(package_, `idref="c0"`), strings.Index(package_, `idref="page"`), strings.Index(package_, `idref="c1"`); !(0 < cover && cover < page && page < rest) {
			t.Errorf("%s: the page does not stand behind the cover: %s", name, package_)
		}
		if !strings.Contains(package_, `properties="cover-image"`) || strings.Contains(package_, "<dc:creator") == false {
			t.Errorf("%s: %s", name, package_)
		}
	}
}

func TestOneLoanAlwaysGivesTheSameBytes(t *testing.T) {
	d := open(t)
	d.samples()
	for name, h := range d.titles {
		first, again := d.bytes(h), d.bytes(h)
		if !bytes.Equal(first, again) || d.open(h).ETag != d.open(h).ETag {
			t.Errorf("%s: two copies of one loan differ", name)
		}
		if string(first[30:66]) != "mimetypeapplication/epub+zip"+string(first[58:66]) || first[8] != 0 {
			t.Errorf("%s begins with %q", name, first[:66])
		}
		other := h
		other.ID = "BBCDEFGHIJKLMNOPQRSTUVWXYZ"
		longer := h
		longer.DueAt = h.DueAt.AddDate(0, 0, 21)
		if tag := d.open(h).ETag; tag == d.open(other).ETag || tag == d.open(longer).ETag {
			t.Errorf("%s: another loan or another day has the same ETag", name)
		}
		// However it is read: in small bites, from any place.
		if err := iotest.TestReader(d.open(h), first); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestABrokenDownloadGoesOn(t *testing.T) {
	d := open(t)
	d.samples()
	h := d.titles["Onder de es"]
	whole := d.bytes(h)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := d.open(h)
		w.Header().Set("ETag", c.ETag)
		http.ServeContent(w, r, c.Name, time.Time{}, c)
	}))
	defer server.Close()
	get := func(headers ...string) (*http.Response, []byte) {
		r, _ := http.NewRequest("GET", server.URL, nil)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res, text
	}
	res, first := get("Range", "bytes=0-9999")
	if res.StatusCode != 206 {
		t.Fatal(res.Status)
	}
	rest, second := get("Range", "bytes=10000-", "If-Range", res.Header.Get("ETag"))
	if rest.StatusCode != 206 || !bytes.Equal(append(first, second...), whole) {
		t.Errorf("%s; the two halves are %d bytes of %d", rest.Status, len(first)+len(second), len(whole))
	}
	if res, _ := get("If-None-Match", res.Header.Get("ETag")); res.StatusCode != 304 {
		t.Errorf("the same again: %s", res.Status)
	}
}

func TestAMarkTellsTheLoanAndWhetherItIsOurs(t *testing.T) {
	d := open(t)
	d.samples()
	h := d.titles[bus]
	file := d.bytes(h)
	marks := func(key string, file []byte) []copy.Mark {
		t.Helper()
		list, err := copy.ReadMark(box(t, key), bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	most := len(h.manifest.Order) + 4 // chapters; package, id, and blanks of page and contents
	if got := marks("k", file); len(got) != 1 || got[0] != (copy.Mark{Number: number, Genuine: true, Places: most}) {
		t.Errorf("%+v, want %d places", got, most)
	}
	if got := marks("x", file); len(got) != 1 || got[0].Genuine {
		t.Errorf("of another library: %+v", got)
	}
	for name, change := range map[string]func(name, text string) (string, bool){
		"zipped again":            func(_, text string) (string, bool) { return text, true },
		"without our page":        func(name, text string) (string, bool) { return text, !strings.Contains(name, "exemplaar") },
		"without the package":     func(name, text string) (string, bool) { return text, !strings.HasSuffix(name, ".opf") },
		"chapters trimmed":        func(_, text string) (string, bool) { return strings.TrimSpace(text), true },
		"one chapter alone":       func(name, text string) (string, bool) { return text, strings.HasSuffix(name, "chapter-02.xhtml") },
		"windows line ends":       func(_, text string) (string, bool) { return strings.ReplaceAll(text, "\n", "\r\n"), true },
		"the package in one line": func(_, text string) (string, bool) { return strings.ReplaceAll(text, "\n", " "), true },
	} {
		if got := marks("k", rezip(t, file, change)); len(got) != 1 && name != "the package in one line" || got[0].Number != number || !got[0].Genuine {
			t.Errorf("%s: %+v", name, got)
		}
	}
	forged := marks("k", rezip(t, file, func(_, text string) (string, bool) { return strings.ReplaceAll(text, "ABCDEFGH", "ABCDEFGX"), true }))
	if len(forged) != 2 || !forged[0].Genuine || forged[1].Genuine || forged[1].Number[7] != 'X' {
		t.Errorf("with another number written in: %+v", forged)
	}
	if got := marks("k", rezip(t, file, func(name, text string) (string, bool) {
		return strings.TrimSpace(text), strings.HasSuffix(name, "chapter-02.xhtml")
	})); len(got) != 0 {
		t.Errorf("a chapter without its mark: %+v", got)
	}
	books, err := samples.Books()
	if err != nil {
		t.Fatal(err)
	}
	if got := marks("k", books[0].EPUB); len(got) != 0 {
		t.Errorf("a book that never was lent: %+v", got)
	}
	if _, err := copy.ReadMark(d.Box, strings.NewReader("no zip"), 6); !errors.Is(err, copy.ErrNotAZip) {
		t.Errorf("no zip: %v", err)
	}
}

// rezip packs a file again, as another program would, with its files changed.
func rezip(t testing.TB, file []byte, change func(name, text string) (string, bool)) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range unzip(t, file) {
		text, stays := change(name, text)
		if !stays {
			continue
		}
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestAnAudiobookIsNotTakenAlong(t *testing.T) {
	d := open(t)
	audio, err := samples.Audio()
	if err != nil {
		t.Fatal(err)
	}
	h := d.keep(ingest.OpenAudio(audio[0]))
	if _, err := d.Open(h.Loan, h.manifest); !errors.Is(err, copy.ErrNoCopy) {
		t.Errorf("%v", err)
	}
	if _, err := d.Open(loan.Loan{Title: catalogue.Title{Kind: catalogue.EBook}}, &catalogue.Manifest{}); !errors.Is(err, copy.ErrNoCopy) {
		t.Errorf("a book without pages: %v", err)
	}
}

// The number of a loan is the one that the table has, and what ended tells no reader.
func TestTheNumberIsThatOfTheLoan(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t)
		db.Now = func() time.Time { return noon }
		books, err := samples.Books()
		if err != nil {
			t.Fatal(err)
		}
		p, err := ingest.OpenEPUB(bytes.NewReader(books[0].EPUB), int64(len(books[0].EPUB)))
		if err != nil {
			t.Fatal(err)
		}
		title, err := d.Stacks.Take(t.Context(), db, p)
		if err != nil {
			t.Fatal(err)
		}
		var l loan.Loan
		err = db.InTx(t.Context(), func(tx *sqldb.Tx) (err error) {
			l, err = loan.Borrow(tx, "DIGEST-OF-A-READER", loan.Rights{{Rights: []string{"digital"}, State: loan.Active}}, title.ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range unzip(t, d.bytes(held{l, &p.Manifest})) {
			if strings.Contains(f, "DIGEST-OF") {
				t.Errorf("a copy names its reader: %.300s", f)
			}
		}
		file := d.bytes(held{l, &p.Manifest})
		got, err := copy.ReadMark(d.Box, bytes.NewReader(file), int64(len(file)))
		if err != nil || len(got) != 1 || got[0].Number != l.ID {
			t.Errorf("%+v %v, want %s", got, err, l.ID)
		}
	})
}

// FuzzNames tries to get a file out of the folder into which a copy is unpacked, or two
// into one.
func FuzzNames(f *testing.F) {
	for _, name := range []string{"a.xhtml", "../a", "/a", `..\a`, "C:/a", "a/../../b", "mimetype", "MIMETYPE", "meta-inf/container.xml", "LIDWOORD-package.opf", "a\x00b", "é", "e\u0301", "", ".", "a//b", "con:x", "\xff", "&\"<>'", "a b%20c#d?e"} {
		f.Add(name, "b.xhtml")
		f.Add("a.xhtml", name)
	}
	d := open(f)
	text := []byte("<html/>")
	digest := fmt.Sprintf("%x", sha256.Sum256(text))
	folder := filepath.Join(d.Stacks.Dir, digest[:2], digest)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{"00001", "00002", "00003"} {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		m := &catalogue.Manifest{
			Order:     []catalogue.Part{{Href: "vast.xhtml", Type: "application/xhtml+xml", File: 1, Title: first}, {Href: first, Type: "application/xhtml+xml", File: 2}},
			Resources: []catalogue.Part{{Href: second, Type: second, File: 3}},
			Chapters:  []catalogue.Entry{{Title: second, Href: first}, {Title: first, Href: "vast.xhtml#" + second, Level: 3}, {Title: first, Level: -1}},
		}
		l := loan.Loan{ID: number, LentAt: noon, DueAt: noon, Title: catalogue.Title{Digest: digest, Folder: digest, Kind: catalogue.EBook, Name: first, Language: second, Series: first, SeriesAt: second,
			Contributors: []catalogue.Contributor{{Name: second, Role: first, SortAs: second}}, Subjects: []string{second}, Description: first, Cover: second}}
		press := copy.Press{Stacks: d.Stacks, Box: d.Box, Words: d.Words} // that knows no other book in the folder
		c, err := press.Open(l, m)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if strings.ContainsAny(c.Name, "/\\\x00\r\n\"") || !strings.HasSuffix(c.Name, ".epub") {
			t.Errorf("%q is called %q", first, c.Name)
		}
		file, err := io.ReadAll(c)
		if err != nil {
			t.Fatal(err)
		}
		z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for i, one := range z.File {
			name := strings.ToLower(one.Name)
			if !filepath.IsLocal(one.Name) || strings.ContainsAny(one.Name, "\\\x00\n\r") || seen[name] || i == 0 && one.Name != "mimetype" {
				t.Errorf("file %d is %q", i, one.Name)
			}
			seen[name] = true
		}
		for _, name := range []string{"lidwoord-package.opf", "lidwoord-nav.xhtml", "lidwoord-toc.ncx", "lidwoord-exemplaar.xhtml"} {
			if text := unzip(t, file)[name]; !wellFormed(text) {
				t.Errorf("%s of %q and %q is not well-formed: %s", name, first, second, text)
			}
		}
		if got, err := copy.ReadMark(d.Box, bytes.NewReader(file), int64(len(file))); err != nil || len(got) == 0 || !got[0].Genuine {
			t.Errorf("%+v %v", got, err)
		}
	})
}

// FuzzReadMark reads marks in whatever somebody says to be a copy.
func FuzzReadMark(f *testing.F) {
	d := open(f)
	d.samples()
	f.Add(rezip(f, d.bytes(d.titles[bus]), func(name, text string) (string, bool) {
		return text[max(0, len(text)-300):], strings.Contains(name, "chapter") // small: it is changed letter by letter
	}))
	f.Fuzz(func(t *testing.T, file []byte) {
		list, err := copy.ReadMark(d.Box, bytes.NewReader(file), int64(len(file)))
		for _, m := range list {
			if err != nil || !secret.IsID(m.Number) || m.Genuine && m.Number != number {
				t.Errorf("%+v %v", m, err)
			}
		}
	})
}

// BenchmarkCopy sends a copy beside the bare bytes of the same size.
func BenchmarkCopy(b *testing.B) {
	d := open(b)
	d.samples()
	h := d.titles["Onder de es"]
	bare := d.bytes(h)
	b.Run("copy", func(b *testing.B) {
		b.SetBytes(int64(len(bare)))
		for b.Loop() {
			c, err := d.Open(h.Loan, h.manifest)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, c); err != nil {
				b.Fatal(err)
			}
			c.Close()
		}
	})
	b.Run("bare", func(b *testing.B) {
		b.SetBytes(int64(len(bare)))
		name := filepath.Join(b.TempDir(), "bare")
		if err := os.WriteFile(name, bare, 0o644); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			f, err := os.Open(name)
			if err != nil {
				b.Fatal(err)
			}
			io.Copy(struct{ io.Writer }{io.Discard}, f)
			f.Close()
		}
	})
}

func wellFormed(text string) bool {
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		_, err := d.Token()
		if err == io.EOF {
			return true
		}
		if err != nil {
			return false
		}
	}
}

// A reader app fetches a copy in pieces, and asks for its head before. Only the first
// costs as much as the book, and of one that came in lately its chapters.
func TestAPieceOfACopyCostsAPiece(t *testing.T) {
	for name, forget := range map[string]bool{"a title that came in lately": false, "a title of before": true} {
		d := open(t)
		const size = 200 << 20
		p := &catalogue.Publication{Title: catalogue.Title{Digest: strings.Repeat("ab", 32), Kind: catalogue.EBook, Name: "Atlas", Language: "nl"},
			Manifest: catalogue.Manifest{Order: []catalogue.Part{{Href: "een.xhtml", Type: "application/xhtml+xml"}}, Resources: []catalogue.Part{{Href: "groot.jpg", Type: "image/jpeg"}}}}
		p.Open = func(part catalogue.Part) (io.ReadCloser, error) {
			if part.Type == "image/jpeg" {
				return io.NopCloser(io.LimitReader(zeros{}, size)), nil
			}
			return io.NopCloser(strings.NewReader("<html xmlns='http://www.w3.org/1999/xhtml'><body/></html>")), nil
		}
		if err := d.Stacks.Keep(p); err != nil {
			t.Fatal(err)
		}
		piece := func() string {
			c, err := d.Open(loan.Loan{ID: "X", Title: p.Title, DueAt: time.Now()}, &p.Manifest)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			io.CopyN(io.Discard, c, 64<<10)
			return c.ETag
		}
		if forget {
			p.Manifest.Resources[0].Sum = 0
			piece()
		}
		at, tag := time.Now(), piece()
		for range 9 {
			if piece() != tag {
				t.Error("the same copy has two tags")
			}
		}
		if took := time.Since(at); took > 100*time.Millisecond {
			t.Errorf("%s: ten pieces of 64 KiB of a book of 200 MiB: %v", name, took.Round(time.Millisecond))
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

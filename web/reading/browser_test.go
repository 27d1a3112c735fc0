package reading_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/web/webtest"
)

func TestMain(m *testing.M) { webtest.Main(m) }

func regexpFind(text, pattern string) string {
	if m := regexp.MustCompile(pattern).FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// epub makes a book of one chapter.
func epub(t testing.TB, name, body string, more ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	items := ""
	files := append([]string{
		"META-INF/container.xml", `<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles><rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>`,
		"c.xhtml", `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>T</title><link rel="stylesheet" href="s.css"/></head><body><h1>Hoofdstuk</h1>` + body + strings.Repeat("<p>Een alinea om te lezen, met woorden die een bladzijde vullen.</p>", 60) + `</body></html>`,
	}, more...)
	for i := 4; i < len(files); i += 2 {
		typ := map[string]string{"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml", "xhtml": "application/xhtml+xml"}[files[i][strings.LastIndex(files[i], ".")+1:]]
		items += fmt.Sprintf(`<item id="i%d" href="%s" media-type="%s"/>`, i, files[i], typ)
	}
	files = append(files, "book.opf", `<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="n"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>`+name+`</dc:title><dc:identifier id="n">`+name+`</dc:identifier><dc:language>nl</dc:language></metadata><manifest><item id="c" href="c.xhtml" media-type="application/xhtml+xml"/>`+items+`</manifest><spine><itemref idref="c"/></spine></package>`)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(files[i+1]))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// comfortable is a house with the bundled reader and these books, a reader who may borrow
// until 30 November 2027, and a browser.
func comfortable(t *testing.T, epubs ...[]byte) (*webtest.Browser, *house) {
	b := webtest.Start(t)
	built(t)
	h := newHouse(t, sqldbtest.New(t), with{dist: os.DirFS(".."), epubs: epubs})
	h.provider.Person = zoe("2027-11-30")
	return b, h
}

// built skips where the reader was not bundled, and fails where CI asks for all.
func built(t *testing.T) {
	if _, err := os.Stat("../dist/reader.js"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("the reader is not bundled: run scripts/assets")
		}
		t.Skip("the reader is not bundled (scripts/assets does it); only the plain view was tested")
	}
}

func TestAReaderAtTheDoor(t *testing.T) {
	b, h := comfortable(t)
	p := b.Person(t)
	home := h.URL + "/bibliotheek"
	p.Visit(home)
	p.Want("Nieuw", bus)
	p.Look("shelf")
	p.Press("Onder de es")
	p.Look("title")
	p.Press("Inloggen om te lenen")
	p.Press("Lenen")
	p.Want("Geleend", "nog 21 dagen")
	p.Look("title-lent")
	p.Press("Lezen")
	ready(t, p)
	p.Look("reader")
	p.Want("Onder de es")
	p.Key(kb.ArrowRight)
	waitFor(t, p, `document.getElementById('plek').textContent.includes('brink')`)
	p.Press("Inhoud")
	p.Look("reader-contents")
	p.Press("De keien: een graf als een huis")
	waitFor(t, p, `document.getElementById('plek').textContent.includes('keien')`)
	p.Press("Aa Weergave")
	p.Look("reader-settings")
	p.Choose("Kleur", "Donker")
	p.Press("Sluiten")
	p.Screenshot("reader-dark")
	time.Sleep(2 * time.Second) // the place is sent a moment after the page is turned
	p.Visit(h.URL + "/bibliotheek/mijn-boeken")
	p.Want("Onder de es", "t/m 14 december 2026")
	p.Visit(h.URL + "/bibliotheek/lezen/" + h.ids["Onder de es"])
	ready(t, p)
	waitFor(t, p, `document.getElementById('plek').textContent.includes('keien')`)

	p.Visit(home + "/lezen/" + h.ids["Onder de es"] + "/hoofdstuk/2")
	p.Want("Wie een Drents dorp wil begrijpen")
	p.Look("chapter")
	p.Visit(home + "/titel/" + h.ids["De robot die wilde voorlezen"])
	p.Press("Lenen")
	p.Press("Luisteren")
	p.Want("Hoofdstuk 1. De stem")
	p.Look("listen")
	p.Press("Volgend hoofdstuk")
	p.Press("Afspelen")
	waitFor(t, p, `!document.querySelector('audio').paused && document.querySelector('audio').currentTime > 0.2`)
	p.Press("+30 30 seconden verder")
	p.Press("Pauze")
	waitFor(t, p, `document.querySelector('audio').currentTime > 30`)
	p.Visit(home + "/mijn-boeken")
	p.Want("De robot")
	p.Look("my-books")
	p.Visit(home + "/luisteren/" + h.ids["De robot die wilde voorlezen"])
	waitFor(t, p, `document.getElementById('nu').textContent.includes('De oefening')`)
	p.Visit(home)
	p.Want("Verder waar je was")
	p.Look("shelf-reader")
	h.provider.Person = zoe("2026-10-31")
	h.pass(16 * time.Minute)
	p.Visit(home + "/titel/" + h.ids[bus])
	p.Want("Je abonnement bij Bind bibliotheken is afgelopen", "Word opnieuw lid")
	p.Look("refused")
}

func TestWithoutScriptABookIsReadByChapter(t *testing.T) {
	b := webtest.Start(t)
	h := newHouse(t, sqldbtest.New(t), with{dist: bundle})
	h.provider.Person = zoe("2027-11-30")
	p := b.Person(t)
	p.NoScript()
	p.Visit(h.URL + "/bibliotheek/inloggen")
	p.Visit(h.URL + "/bibliotheek/titel/" + h.ids["Pluis en de maan"])
	p.Press("Lenen")
	p.Press("Lezen")
	p.WantURL("/hoofdstuk/1")
	p.Press("Volgende ›")
	p.Want("Pluis was een klein konijn met grote oren")
	p.Screenshot("chapter-noscript")
}

// TestAHostileBookRunsNothing opens a book that tries everything, in the
// comfortable reader and as plain chapters. That its tricks never reach the
// browser is tested in the catalogue; here the second and third wall are tested
// by putting the tricks into the kept files, as if cleaning had failed.
func TestAHostileBookRunsNothing(t *testing.T) {
	b := webtest.Start(t)
	built(t)
	// Whatever it fetches from elsewhere would be heard here.
	var heard atomic.Int64
	spy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		heard.Add(1)
		t.Errorf("the book asked for %s", r.URL)
	}))
	t.Cleanup(spy.Close)
	attack := strings.ReplaceAll(`<script>top.document.title = 'OWNED'; document.documentElement.dataset.owned = 1</script><script src="x.js"></script><script src="SPY/x.js"></script>`+
		`<img src="gone.png" onerror="top.document.title = 'OWNED'"/><img src="SPY/pixel.png" alt=""/><p><a href="javascript:top.document.title='OWNED'">Klik hier</a></p>`+
		`<meta http-equiv="refresh" content="0; url=SPY/refresh"/><form action="SPY/form" method="post"><button autofocus="autofocus" onfocus="top.document.title='OWNED'">Stuur</button></form>`+
		`<iframe src="x.xhtml"></iframe><iframe src="SPY/frame"></iframe><object data="SPY/object"></object><embed src="SPY/embed"/><video src="SPY/film" autoplay="autoplay"></video><base href="SPY/"/>`+
		`<link rel="stylesheet" href="SPY/s.css"/><link rel="preload" as="image" href="SPY/preload.png"/><style>@import url("SPY/import.css"); @font-face { font-family: f; src: url("SPY/font.woff2") } p { font-family: f; background: url("SPY/paper.png") }</style>`+
		`<svg xmlns="http://www.w3.org/2000/svg" onload="top.document.title='OWNED'"><script>top.document.title='OWNED'</script><image href="SPY/svg.png"/><use href="SPY/use.svg#a"/><a href="javascript:top.document.title='OWNED'"><text y="20">Klik</text></a><animate attributeName="x" onbegin="top.document.title='OWNED'" begin="0s" dur="1s"/></svg>`+
		`<math xmlns="http://www.w3.org/1998/Math/MathML" href="javascript:top.document.title='OWNED'"><mi>x</mi></math><p style="background: url(SPY/inline.png)">Een regel.</p>`, "SPY", spy.URL)
	evil := []string{"x.js", `top.document.title = 'OWNED'`, "s.css", strings.ReplaceAll(`@import url("/bibliotheek/uitloggen"); @import "SPY/css.css"; h1 { color: rgb(1, 2, 3); background: url(SPY/css.png) } @font-face { font-family: g; src: url(SPY/css.woff2) } body { font-family: g }`, "SPY", spy.URL),
		"x.xhtml", `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body><script>top.document.title='OWNED'</script></body></html>`}
	h := newHouse(t, sqldbtest.New(t), with{dist: os.DirFS(".."), epubs: [][]byte{epub(t, "Boos boek", attack, evil...)}})
	h.provider.Person = zoe("2027-11-30")
	walk := func(p *webtest.Page) {
		p.Visit(h.URL + "/bibliotheek/inloggen")
		p.Visit(h.URL + "/bibliotheek/titel/" + h.ids["Boos boek"])
		if strings.Contains(p.Text(), "Inloggen om") {
			t.Fatal("not signed in")
		}
		if !strings.Contains(p.Text(), "Teruggeven") {
			p.Press("Lenen")
		}
		p.Visit(h.URL + "/bibliotheek/lezen/" + h.ids["Boos boek"])
		ready(t, p)
		p.Key(kb.ArrowRight)
		// A person who presses what the book wants pressed.
		webtest.Eval[bool](p, `(doc => { doc.querySelectorAll('a, button').forEach(e => e.dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))); return true })(document.querySelector('foliate-view').renderer.getContents()[0].doc)`)
		time.Sleep(time.Second)
		if webtest.Eval[bool](p, `(doc => 'owned' in doc.documentElement.dataset)(document.querySelector('foliate-view').renderer.getContents()[0].doc)`) {
			t.Error("the book ran inside its frame")
		}
		p.WantURL("/lezen/")
		if title := p.Title(); strings.Contains(title, "OWNED") {
			t.Errorf("the book ran: %s", title)
		}
		p.Visit(h.URL + "/bibliotheek/lezen/" + h.ids["Boos boek"] + "/hoofdstuk/1")
		p.Want("Een alinea om te lezen")
		if title := p.Title(); strings.Contains(title, "OWNED") {
			t.Errorf("the plain view ran it: %s", title)
		}
	}
	t.Run("cleaned", func(t *testing.T) { walk(b.Person(t)) })
	if heard.Load() > 0 {
		t.Fatal("a cleaned book reached elsewhere")
	}
	t.Run("as if cleaning had failed", func(t *testing.T) {
		h.spoil("Boos boek", "c.xhtml", []byte(`<html xmlns="http://www.w3.org/1999/xhtml"><head><title>T</title></head><body><h1>Hoofdstuk</h1>`+attack+strings.Repeat("<p>Een alinea om te lezen.</p>", 60)+`</body></html>`))
		p := b.Person(t)
		p.Forgive("Content Security Policy")
		p.Forgive("violates the following")
		p.Forgive("script-src")
		for _, refusal := range []string{"Blocked script execution", "Blocked form submission", "Refused to execute the redirect", "Blocked autofocusing", "Unsafe attempt to load URL"} {
			p.Forgive(refusal)
		}
		p.Forgive("ERR_")
		p.Forgive("404")
		p.Forgive("blob:")
		walk(p)
		// Its address by itself is a page without scripts and without our origin.
		p.Visit(h.URL + "/bibliotheek/boek/" + h.ids["Boos boek"] + "/c.xhtml")
		if title := p.Title(); strings.Contains(title, "OWNED") {
			t.Errorf("the bare file ran: %s", title)
		}
	})
}

func ready(t *testing.T, p *webtest.Page) {
	t.Helper()
	waitFor(t, p, `document.getElementById('lezer')?.dataset.ready === 'true'`)
}

func waitFor(t *testing.T, p *webtest.Page, condition string) {
	t.Helper()
	for range 150 {
		if webtest.Eval[bool](p, "!!("+condition+")") {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("never came true: %s\n%s", condition, p.Text())
}

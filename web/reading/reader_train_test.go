package reading_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"lidwoord/web/webtest"
)

// bookmarks is what the server has kept, as the scripts hear it.
func (h *house) bookmarks(p *webtest.Page, title string) string {
	return webtest.Eval[string](p, `(window.realFetch ?? fetch)('/bibliotheek/bladwijzers/`+h.ids[title]+`').then(a => a.text())`)
}

// marked waits until the server has so many bookmarks.
func (h *house) marked(p *webtest.Page, title string, want int) {
	h.t.Helper()
	for range 60 {
		if strings.Count(h.bookmarks(p, title), `"id"`) == want {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	h.t.Fatalf("the server keeps %s, want %d bookmarks", h.bookmarks(p, title), want)
}

// TestABookmarkWithoutAConnectionArrivesLater puts bookmarks in a train, takes one
// away there, and closes the book before the train is out of the tunnel.
func TestABookmarkWithoutAConnectionArrivesLater(t *testing.T) {
	b, h := comfortable(t)
	p := h.device(b, brink)
	book := h.URL + "/bibliotheek/lezen/" + h.ids[brink]
	p.Visit(book)
	ready(t, p)
	waits := func() string { return webtest.Eval[string](p, `localStorage.getItem('lidwoord-bladwijzers') ?? ''`) }
	ribbon := func(on bool) {
		t.Helper()
		waitFor(t, p, fmt.Sprintf(`document.getElementById('lint').getAttribute('aria-pressed') === '%v'`, on))
	}
	turn := func(key string) {
		t.Helper()
		before := seen(p)
		p.Key(key)
		waitFor(t, p, `document.getElementById('plek').textContent !== '`+before+`'`)
	}
	p.Want("hele boek geladen")
	p.Key(kb.Home)
	turn(kb.PageDown)
	p.Key("b")
	ribbon(true)
	h.marked(p, brink, 1)

	connect(p, false)
	p.Key("b") // away with the first
	ribbon(false)
	turn(kb.PageDown)
	p.Key("b")
	ribbon(true)
	p.Want("Bladwijzer gezet. Je andere apparaten zien hem als er weer verbinding is.")
	p.Lacks("Dat lukte niet")
	p.Screenshot("reader-bookmark-train")
	p.Resize(webtest.Wide)
	turn(kb.PageDown)
	p.Key("b")
	ribbon(true)
	p.Key("b") // put and taken away in the tunnel: nobody hears of it
	ribbon(false)
	h.marked(p, brink, 1)
	// It waits as a place waits: without the words of the book.
	if kept := waits(); !strings.Contains(kept, `"loan":"`) || strings.Count(kept, `"put"`) != 1 || strings.Count(kept, `"away"`) != 1 || strings.Contains(kept, `"words"`) {
		t.Errorf("in the browser waits %s", kept)
	}
	connect(p, true)
	wake(p)
	waitFor(t, p, `localStorage.getItem('lidwoord-bladwijzers') === null`)
	h.marked(p, brink, 1)
	if got := h.bookmarks(p, brink); strings.Contains(got, `"words":""`) {
		t.Errorf("the page that stayed open forgot the first words: %s", got)
	}

	// The page is closed in the tunnel; the next one sends what waits.
	connect(p, false)
	p.Key("b")
	ribbon(true)
	p.Reload()
	ready(t, p)
	h.marked(p, brink, 2)
	waitFor(t, p, `localStorage.getItem('lidwoord-bladwijzers') === null`)
	ribbon(true)

	// There may be so many: that is told when the connection is back.
	webtest.Eval[bool](p, `(async () => { for (let i = 0; i < 198; i++) await fetch(document.getElementById('lezer').dataset.marks, {method: 'POST', headers: {Accept: 'application/json'}, body: new URLSearchParams({href: 'EPUB/chapter-04.xhtml', fragment: 'epubcfi(/6/2!/4/' + i + ')', total: '0.9'})}); return true })()`)
	h.marked(p, brink, 200)
	p.Forgive("409")
	connect(p, false)
	p.Key(kb.Home)
	p.Key("b")
	ribbon(true)
	connect(p, true)
	wake(p)
	p.Want("Er liggen te veel bladwijzers")
	ribbon(false)

	// With the loan goes what waits.
	connect(p, false)
	p.Key("b")
	ribbon(true)
	connect(p, true)
	p.Forgive("403")
	webtest.Eval[bool](p, `fetch('/bibliotheek/titel/`+h.ids[brink]+`/teruggeven', {method: 'POST'}).then(() => true)`)
	wake(p)
	p.Want("Je hebt deze titel teruggegeven")
	if kept := waits(); kept != "" {
		t.Errorf("after the loan there waits %s", kept)
	}
}

// TestTheReaderSaysOnceThatTheBookIsHere says it in a note that goes by itself, and
// again what can be done when the connection goes.
func TestTheReaderSaysOnceThatTheBookIsHere(t *testing.T) {
	b, h := comfortable(t)
	p := h.device(b, brink)
	p.Resize(webtest.Narrow)
	p.Visit(h.URL + "/bibliotheek/lezen/" + h.ids[brink])
	ready(t, p)
	p.Want("Het hele boek is geladen. Zonder verbinding lees je verder zolang deze pagina open blijft.")
	p.Screenshot("reader-told-whole")
	p.Resize(webtest.Narrow)
	waitFor(t, p, `document.getElementById('stem').textContent.startsWith('Het hele boek is geladen')`)
	p.Reload()
	ready(t, p)
	waitFor(t, p, `!document.getElementById('geladen').hidden`)
	time.Sleep(300 * time.Millisecond)
	if webtest.Eval[bool](p, `!document.getElementById('mis').hidden`) {
		t.Error("the note comes a second time in one session")
	}
	webtest.Eval[bool](p, `window.dispatchEvent(new Event('offline'))`)
	p.Want("Geen verbinding. Je kunt verder lezen.")
	p.Screenshot("reader-told-offline")
}

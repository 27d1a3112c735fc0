package reading_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"lidwoord/web/webtest"
)

// line takes the connection of a page away, or gives it back.
func connect(p *webtest.Page, on bool) {
	webtest.Eval[bool](p, fmt.Sprintf(`(window.realFetch ??= fetch, window.fetch = %v ? realFetch : () => Promise.reject(new TypeError('no line')), true)`, on))
}

// TestTheWholeBookIsReadWithoutAConnection reads from cover to cover in a train
// without a network, and looks whether something of the book stays in the browser.
func TestTheWholeBookIsReadWithoutAConnection(t *testing.T) {
	b, h := comfortable(t)
	p := h.device(b, brink)
	p.Visit(h.URL + "/bibliotheek/lezen/" + h.ids[brink])
	ready(t, p)
	p.Want("hele boek geladen")
	webtest.Eval[bool](p, `document.getElementById('mis').hidden = true`) // the note that says so
	connect(p, false)
	before, pages := "", 0
	for ; pages < 200; pages++ {
		p.Key(kb.PageDown)
		waitFor(t, p, `document.getElementById('plek').textContent !== '`+before+`' || !document.getElementById('mis').hidden || (document.querySelector('foliate-view').renderer.page ?? 0) > 1`)
		if webtest.Eval[bool](p, `!document.getElementById('mis').hidden`) {
			break
		}
		before = seen(p)
	}
	p.Want("Dit is het einde van het boek")
	p.Lacks("Geen verbinding")
	if !strings.HasPrefix(seen(p), "100 %") || pages < 5 {
		t.Errorf("after %d pages the book ended at %q", pages, seen(p))
	}
	p.Key(kb.Home)
	waitFor(t, p, `(img => img && img.naturalWidth > 0)(document.querySelector('foliate-view').renderer.getContents()[0]?.doc.querySelector('img'))`)
	p.Key("i")
	p.Want("Het hele boek is geladen")
	p.Screenshot("reader-whole")
	p.Resize(webtest.Wide)
	p.Key(kb.Escape)
	// It lies in the page and nowhere else in this browser.
	connect(p, true)
	if got := webtest.Eval[string](p, `fetch(document.getElementById('lezer').dataset.book + 'EPUB/chapter-01.xhtml', {cache: 'only-if-cached', mode: 'same-origin'}).then(a => 'a chapter lies in the cache', () => 'nothing')`); got != "nothing" {
		t.Error(got)
	}
	if got := webtest.Eval[string](p, `(async () => [...await caches.keys(), ...(await indexedDB.databases()).map(d => d.name), ...Object.keys(localStorage), ...Object.keys(sessionStorage)].filter(k => !k.startsWith('lidwoord-plaats-') && k !== 'lidwoord-lezer' && k !== 'lidwoord-lezer-geladen').join())()`); got != "" {
		t.Errorf("the browser keeps %s", got)
	}
	p.Forgive("ERR_CACHE_MISS")
}

// TestWhoSavesDataLoadsTheBookWhenTheyAsk also loses the connection halfway.
func TestWhoSavesDataLoadsTheBookWhenTheyAsk(t *testing.T) {
	b, h := comfortable(t)
	p := h.device(b, brink)
	p.SaveData()
	p.Visit(h.URL + "/bibliotheek/lezen/" + h.ids[brink])
	ready(t, p)
	time.Sleep(time.Second)
	if webtest.Eval[bool](p, `performance.getEntriesByType('resource').some(r => r.name.endsWith('chapter-04.xhtml'))`) {
		t.Error("the whole book was fetched for who saves data")
	}

	// A picture that cannot be fetched leaves its page readable.
	webtest.Eval[bool](p, `(window.realFetch = fetch, window.fetch = (a, o) => /\.(jpe?g|png|svg)$/.test(a) ? Promise.reject(new TypeError('no line')) : realFetch(a, o), true)`)
	p.Key(kb.Home)
	waitFor(t, p, `document.querySelector('foliate-view').renderer.getContents()[0]?.doc.querySelector('img')`)
	connect(p, true)

	// A finger that wipes into a part that is not here waits for it, and may try again.
	p.Press("Inhoud")
	p.Press("De brink: begin bij de bomen")
	waitFor(t, p, `document.getElementById('plek').textContent.includes('brink')`)
	time.Sleep(500 * time.Millisecond)
	connect(p, false)
	p.Key(kb.ArrowRight)
	waitFor(t, p, `document.getElementById('plek').textContent.includes('es: een akker')`)
	time.Sleep(500 * time.Millisecond)
	webtest.Eval[bool](p, `(document.querySelector('foliate-view').renderer.nextSection(), true)`)
	p.Want("Dit deel van het boek is nog niet geladen")
	connect(p, true)
	p.Press("Probeer opnieuw")
	waitFor(t, p, `document.getElementById('plek').textContent.includes('keien') && document.getElementById('weg').hidden`)

	p.Key("i")
	p.Want("Je browser bespaart data")
	connect(p, false)
	p.Press("Laad het hele boek")
	p.Want("Het boek is nog niet helemaal geladen. Er is geen verbinding", "Probeer opnieuw")
	p.Look("reader-part")
	p.Resize(webtest.Wide)
	connect(p, true)
	p.Press("Probeer opnieuw")
	p.Want("Het hele boek is geladen")
}

// TestALoanThatEndsSaysWhyAndLeavesNothing has three causes, with a reader and a
// player, and one of them without a connection.
func TestALoanThatEndsSaysWhyAndLeavesNothing(t *testing.T) {
	b, h := comfortable(t)
	for _, title := range []string{brink, robot} {
		h.device(b, title)
	}
	h.pass(21*24*time.Hour + 6*time.Hour) // 14 December, six in the evening
	gone := `!document.querySelector('foliate-view') && !document.querySelector('audio[src]:first-of-type:not([hidden])') && !(document.querySelector('.ob-track audio')?.getAttribute('src'))`
	later := func(p *webtest.Page) { // the clock of the device, beside that of the house
		webtest.Eval[bool](p, `(() => { const real = Date.now; Date.now = () => real() + 7 * 3600000; return true })()`)
	}
	open := func(title string) *webtest.Page {
		p := h.device(b, title)
		p.Forgive("403")
		p.Forgive("401")
		if title == robot {
			p.Visit(h.URL + "/bibliotheek/luisteren/" + h.ids[title])
			waitFor(t, p, `document.getElementById('nu').textContent !== ''`)
		} else {
			p.Visit(h.URL + "/bibliotheek/lezen/" + h.ids[title])
			ready(t, p)
		}
		return p
	}
	for _, title := range []string{brink, robot} {
		train, out, other := open(title), open(title), open(title)
		connect(train, false)
		later(train)
		wake(train)
		train.Want("De leentijd van deze titel is voorbij", "Naar de titel")
		waitFor(t, train, gone)

		webtest.Eval[bool](out, `fetch('/bibliotheek/uitloggen', {method: 'POST', redirect: 'manual'}).then(() => true)`)
		wake(out)
		out.Want("Je bent uitgelogd", "Inloggen")
		waitFor(t, out, gone)
		out.Look("over-out-" + fmt.Sprint(len(title)))
		out.Press("Inloggen")
		if title == brink {
			ready(t, out)
		} else {
			out.Want("Hoofdstuk 1. De stem")
		}

		webtest.Eval[bool](other, `fetch('/bibliotheek/titel/`+h.ids[title]+`/teruggeven', {method: 'POST'}).then(() => true)`)
		wake(out)
		out.Want("Je hebt deze titel teruggegeven, op een ander apparaat", "bij Mijn boeken")
		waitFor(t, out, gone)
		if title == brink {
			out.Look("over-back")
		}
	}
}

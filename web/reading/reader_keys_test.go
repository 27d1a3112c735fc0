package reading_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"lidwoord/web/webtest"
)

// frame is the width of the line around the book, "0px" without one.
func frame(p *webtest.Page) string {
	return webtest.Eval[string](p, `(s => s.content === 'none' ? '0px' : s.borderTopWidth)(getComputedStyle(document.getElementById('blad'), '::after'))`)
}

// TestTheKeyboardIsAlwaysSomewhereToBeSeen walks through the bar, the book, and every
// panel: what has the focus shows it, Esc closes, and the focus comes back.
func TestTheKeyboardIsAlwaysSomewhereToBeSeen(t *testing.T) {
	b, h := comfortable(t)
	p := h.device(b, bus)
	p.Visit(h.URL + "/bibliotheek/lezen/" + h.ids[bus])
	ready(t, p)
	inBook := func(how string) {
		t.Helper()
		waitFor(t, p, `document.activeElement.localName === 'foliate-view' && document.getElementById('lezer').dataset.inside === 'true'`)
		t.Log(how)
	}
	inBar := func(words string) {
		t.Helper()
		waitFor(t, p, `!document.querySelector('dialog[open]')`)
		if got := p.Focused(); got != words {
			t.Errorf("the focus is on %q, want %q", got, words)
		}
	}

	// Who never touched Tab sees no frame.
	webtest.Eval[bool](p, `document.querySelector('foliate-view').renderer.focusView() || true`)
	inBook("put there")
	p.Key(kb.PageDown)
	if got := frame(p); got != "0px" {
		t.Errorf("a frame of %s for who only reads", got)
	}
	p.Reload()
	ready(t, p)

	// The link to the content leads into the book; Tab goes on to the button behind it.
	p.Key(kb.Tab, kb.Enter)
	inBook("by the link")
	if got := frame(p); got != "3px" {
		t.Errorf("the book has the focus with a frame of %s, want 3px", got)
	}
	p.Key(kb.PageDown)
	if got := frame(p); got != "1px" {
		t.Errorf("who reads sees a frame of %s, want a fine line", got)
	}
	p.Key(kb.Tab)
	inBar("› Volgende bladzijde")
	if got := frame(p); got != "0px" {
		t.Errorf("the focus is outside the book, with a frame of %s", got)
	}

	// The panels, from the bar and back; each control on the way shows the focus.
	p.Reload()
	ready(t, p)
	for _, panel := range []string{"Inhoud", "Zoeken in het boek", "Aa Weergave"} {
		focus(t, p, panel)
		p.Key(kb.Enter)
		waitFor(t, p, `document.querySelector('dialog[open]')?.contains(document.activeElement)`)
		for range 12 {
			p.Key(kb.Tab)
			if bare := webtest.Eval[string](p, `(e => e === document.body || getComputedStyle(e).outlineStyle !== 'none' ? '' : e.outerHTML.slice(0, 120))(document.activeElement)`); bare != "" {
				t.Errorf("the focus cannot be seen on %s", bare)
			}
			if !webtest.Eval[bool](p, `document.activeElement === document.body || !!document.activeElement.closest('dialog[open]')`) {
				t.Errorf("Tab left the panel %s for %q", panel, p.Focused())
			}
		}
		p.Key(kb.Escape)
		inBar(panel)
	}

	// In the search field one Esc is enough, also with words in it.
	focus(t, p, "Zoeken in het boek")
	p.Key(kb.Enter)
	p.Type("bus")
	p.Key(kb.Escape)
	inBar("Zoeken in het boek")

	// A bookmark: put, found in the list, removed, put back, and gone to.
	focus(t, p, "Bladwijzer")
	p.Key(kb.Enter)
	waitFor(t, p, `document.getElementById('lint').getAttribute('aria-pressed') === 'true'`)
	p.Key("i")
	focus(t, p, "Bladwijzers (1)")
	p.Key(kb.Enter, kb.Tab, kb.Tab, kb.Enter)
	waitFor(t, p, `document.activeElement.textContent === 'Zet terug'`)
	p.Key(kb.Enter)
	waitFor(t, p, `document.activeElement.className === 'ob-mark__go'`)
	p.Key(kb.Enter)
	inBook("by the bookmark")

	// A panel that opens while a chapter still arrives keeps the focus.
	p.Key(kb.Home)
	inBook("at the beginning")
	for range 6 {
		p.Type(" ")
	}
	p.Key("i")
	waitFor(t, p, `document.querySelector('foliate-view').renderer.getContents()[0]?.index > 1`)
	waitFor(t, p, `document.querySelector('dialog[open]')?.contains(document.activeElement)`)
	p.Key(kb.Escape)
	inBook("after the panel")
}

// TestTheReaderSaysHowMuchIsLeft reads three pages of half a minute each.
func TestTheReaderSaysHowMuchIsLeft(t *testing.T) {
	b, h := comfortable(t, epub(t, "Lang", strings.Repeat("<p>Een regel die ook gelezen wil worden.</p>", 60), "z.xhtml", `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Z</title></head><body><p>Los.</p></body></html>`))
	p := h.device(b, "Lang")
	p.Resize(webtest.Narrow)
	p.Visit(h.URL + "/bibliotheek/lezen/" + h.ids["Lang"])
	ready(t, p)
	waitFor(t, p, `document.getElementById('rest').textContent.includes('Hoofdstuk: nog')`)
	left := func() int {
		return webtest.Eval[int](p, `Number(document.getElementById('rest').textContent.match(/\d+/)?.[0] ?? -1)`)
	}
	time.Sleep(500 * time.Millisecond) // the letters have come
	before := left()
	webtest.Eval[bool](p, `(() => { const real = Date.now; let more = 0; Date.now = () => real() + more; window.later = ms => { more += ms; return true }; return true })()`)
	for n := range 3 {
		p.Lacks("ongeveer") // nothing is said of time before it is known
		webtest.Eval[bool](p, `later(30000)`)
		p.Key(kb.PageDown)
		waitFor(t, p, fmt.Sprintf(`document.getElementById('rest').textContent.startsWith('Hoofdstuk: nog %d scherm')`, before-n-1))
	}
	p.Want("± 6 min, boek 6 min")
	p.Look("reader-left")
	if webtest.Eval[bool](p, `JSON.stringify({...localStorage}).includes('pace')`) {
		t.Error("the pace is kept")
	}
}

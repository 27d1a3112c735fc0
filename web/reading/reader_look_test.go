package reading_test

import (
	"fmt"
	"strings"
	"testing"

	"lidwoord/web/webtest"
)

// TestAPanelKeepsItsHeadInSight opens the panels in a late chapter, with letters twice
// as large, and looks for the heading and the way out.
func TestAPanelKeepsItsHeadInSight(t *testing.T) {
	b, h := comfortable(t)
	p := h.device(b, brink)
	p.Visit(h.URL + "/bibliotheek/lezen/" + h.ids[brink])
	ready(t, p)
	for _, width := range []int64{webtest.Narrow, webtest.Wide} {
		p.Resize(width)
		p.Letters(200)
		p.Key("i")
		p.Press("Colofon")
		waitFor(t, p, `document.getElementById('plek').textContent.includes('Colofon') && !document.querySelector('dialog[open]')`)
		for _, panel := range []string{"inhoudsopgave", "zoeken", "weergave"} {
			webtest.Eval[bool](p, fmt.Sprintf(`(document.querySelector('[data-show=%s]').click(), true)`, panel))
			for _, where := range []string{"opened", "scrolled to its end"} {
				if lost := webtest.Eval[string](p, `[...document.querySelectorAll('dialog[open] h2, dialog[open] .lw-title [data-close]')]
					.map(e => [e.innerText, e.getBoundingClientRect()]).filter(([, b]) => b.top < 0 || b.bottom > innerHeight || b.right > innerWidth).map(([words, b]) => words + ' at ' + Math.round(b.top)).join(', ')`); lost != "" {
					t.Errorf("%s, %s at %d pixels: out of sight are %s", panel, where, width, lost)
				}
				webtest.Eval[bool](p, `(document.querySelectorAll('dialog[open], dialog[open] *').forEach(e => { e.scrollTop = e.scrollHeight }), true)`)
			}
			p.Screenshot(fmt.Sprintf("reader-head-%s-%d", panel, width))
			p.Resize(width)
			p.Letters(200)
			webtest.Eval[bool](p, `(document.querySelector('dialog[open]').close(), true)`)
		}
		p.Letters(100)
	}
}

// TestTheWayOutOfABookIsHeldWithoutAConnection, because the book would be gone; who
// wants to go all the same goes.
func TestTheWayOutOfABookIsHeldWithoutAConnection(t *testing.T) {
	b, h := comfortable(t)
	p := h.device(b, brink)
	p.Resize(webtest.Narrow)
	book := h.URL + "/bibliotheek/lezen/" + h.ids[brink]
	p.Visit(book)
	ready(t, p)
	waitFor(t, p, `!document.getElementById('geladen').hidden`)
	// On a telephone the way out has no word, and is no sign that turns a page.
	if sign := webtest.Eval[string](p, `[...document.querySelectorAll('.lezer__bar [aria-hidden]')].map(e => e.textContent).join('')`); strings.ContainsAny(sign, "‹›") {
		t.Errorf("the bar shows %q, as the buttons that turn pages do", sign)
	}
	held := func() {
		t.Helper()
		p.Want("Geen verbinding. Als je dit boek sluit, kun je nu niet verder lezen.")
		if !strings.HasPrefix(p.URL(), book) {
			t.Fatalf("the tap led to %s", p.URL())
		}
	}
	away := `(document.querySelector('.lezer__bar a').click(), true)`

	// The network is there by name only: nothing comes back.
	connect(p, false)
	webtest.Eval[bool](p, away)
	held()
	p.Look("reader-held")
	p.Resize(webtest.Narrow)
	p.Press("Blijf hier")
	waitFor(t, p, `!document.querySelector('dialog[open]')`)
	// The browser knows that there is none; the plain chapters are a way out as well.
	connect(p, true)
	webtest.Eval[bool](p, `(Object.defineProperty(navigator, 'onLine', {get: () => false, configurable: true}), true)`)
	p.Press("Inhoud")
	p.Press("Lees per hoofdstuk op een gewone pagina")
	held()
	p.Press("Blijf hier")
	webtest.Eval[bool](p, `(document.querySelector('dialog[open]')?.close(), true)`)
	webtest.Eval[bool](p, away)
	held()
	p.Press("Sluit het boek toch")
	p.WantURL("/mijn-boeken")

	// With a connection one tap is enough.
	p.Visit(book)
	ready(t, p)
	webtest.Eval[bool](p, away)
	p.WantURL("/mijn-boeken")
}

// TestWordsAroundABookGrowWithTheLetters on a telephone: the note and the way out of a
// panel as much as was asked, and so the name of the book and the ways of a session.
func TestWordsAroundABookGrowWithTheLetters(t *testing.T) {
	b, h := comfortable(t)
	p := h.device(b, brink)
	p.Resize(webtest.Narrow)
	grown := func(what string, least float64) {
		t.Helper()
		size := fmt.Sprintf(`parseFloat(getComputedStyle(document.querySelector('%s')).fontSize)`, what)
		p.Letters(100)
		before := webtest.Eval[float64](p, size)
		p.Letters(200)
		if after := webtest.Eval[float64](p, size); after < before*least {
			t.Errorf("with letters of 200 %% %s grows from %.1f to %.1f pixels, want %.2f times as large", what, before, after, least)
		}
	}
	p.Visit(h.URL + "/bibliotheek/mijn-boeken")
	grown(".lw-session a", 1.9)
	grown(".lw-session button", 1.9)
	p.Visit(h.URL + "/bibliotheek/lezen/" + h.ids[brink])
	ready(t, p)
	grown("#mis", 2)
	grown(".lezer__title", 2)
	for _, panel := range []string{"inhoudsopgave", "zoeken", "weergave"} {
		grown("#"+panel+" .lw-title [data-close]", 2)
	}
}

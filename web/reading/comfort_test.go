package reading_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/web/webtest"
)

// What a reader with a telephone, with dark pages, with only a keyboard, and at
// the last page of a book met in the first walks through the reader.
func TestTheReaderFitsAndKeepsTheLastPage(t *testing.T) {
	b, h := comfortable(t)
	p := b.Person(t)
	book := h.URL + "/bibliotheek/lezen/" + h.ids[bus]
	p.Visit(h.URL + "/bibliotheek/inloggen?naar=/bibliotheek/titel/" + h.ids[bus])
	p.Press("Lenen")
	p.Press("Lezen")
	ready(t, p)

	// A page that fills the window cannot scroll sideways, so that what sticks out is lost.
	p.Resize(320)
	if lost := webtest.Eval[string](p, `[...document.querySelectorAll('.lezer button, .lezer a, .lezer input, #plek')]
		.filter(e => { const b = e.getBoundingClientRect(); return b.right > innerWidth || b.left < 0 }).map(e => e.id || e.innerText).join(', ')`); lost != "" {
		t.Errorf("at 320 pixels these lie outside the window: %s", lost)
	}

	// The margins are as dark as the page between them.
	p.Press("Aa Weergave")
	p.Choose("Kleur", "Donker")
	p.Key(kb.Escape)
	waitFor(t, p, `getComputedStyle(document.querySelector('foliate-view').renderer.getContents()[0].doc.documentElement).getPropertyValue('--theme-bg-color').trim() === '#16191b'`)

	// Esc leads back to where one was: the button, and after a key in the book the book.
	if got := p.Focused(); got != "Aa Weergave" {
		t.Errorf("after Esc the focus is on %q", got)
	}
	webtest.Eval[bool](p, `document.querySelector('foliate-view').renderer.focusView() || true`)
	p.Key("i")
	p.Want("Lees per hoofdstuk")
	p.Key(kb.Escape)
	waitFor(t, p, `document.activeElement.localName === 'foliate-view'`)

	// The last page is past the end by a hair (foliate-js counts its blank half).
	p.Key("i")
	p.Press("Colofon")
	waitFor(t, p, `document.getElementById('plek').textContent.startsWith('100 %')`)
	time.Sleep(2 * time.Second) // the place is sent a moment after the page is turned
	p.Visit(h.URL + "/bibliotheek/mijn-boeken")
	p.Want("Verder lezen")
	p.Visit(book)
	ready(t, p)
	waitFor(t, p, `document.getElementById('plek').textContent.includes('Colofon')`)
}

func TestGivingBackIsAskedFirst(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db, with{})
		h.provider.Person = zoe("2027-11-30")
		b, id := h.browser(), h.ids[bus]
		b.get("/inloggen").want(t, 200)
		// Nothing to give back: the title says what can be done.
		b.get("/titel/"+id+"/teruggeven").want(t, 200, "Lenen")
		b.post("/titel/"+id+"/lenen").want(t, 200, "Geleend")
		b.get("/titel/"+id+"/teruggeven").want(t, 200, "Wil je ‘"+bus+"’ teruggeven?", "Nee, ik houd hem nog")
		b.get("/mijn-boeken").want(t, 200, bus) // asking gives nothing back
		b.post("/titel/"+id+"/teruggeven").want(t, 200, "Teruggegeven: "+bus)
	})
}

package reading_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"lidwoord/web/webtest"
)

// TestWhoTurnsAPageStaysHere is asked where to read, and goes on reading: that is an
// answer. What another device read is not lost by it.
func TestWhoTurnsAPageStaysHere(t *testing.T) {
	b, h := comfortable(t)
	h.run()
	book := h.URL + "/bibliotheek/lezen/" + h.ids[brink]
	phone, tablet := h.device(b, brink), h.device(b, brink)
	phone.Resize(webtest.Narrow)
	phone.Visit(book)
	ready(t, phone)
	h.kept(phone, brink, "href")
	tablet.Visit(book)
	ready(t, tablet)
	tablet.Press("Inhoud")
	tablet.Press("De keien: een graf als een huis")
	h.kept(tablet, brink, "chapter-03")
	wake(phone)
	waitFor(t, phone, `!document.getElementById('elders').hidden`)
	// On a telephone the question lies over the foot, and leaves the text alone.
	if over := webtest.Eval[float64](phone, `document.getElementById('blad').getBoundingClientRect().bottom - document.getElementById('elders').getBoundingClientRect().top`); over > 24 {
		t.Errorf("the question lies %.0f pixels over the text", over)
	}
	phone.Screenshot("reader-asked")
	phone.Resize(webtest.Narrow)
	phone.Key(kb.PageDown)
	waitFor(t, phone, `document.getElementById('elders').hidden && document.getElementById('stem').textContent.startsWith('Je leest hier verder. ')`)
	webtest.Eval[bool](phone, `document.getElementById('terug').click() || true`)
	waitFor(t, phone, `document.getElementById('plek').textContent.includes('keien')`)
}

// TestASearchForgivesATypingMistake when the words as they were typed are not in the
// book, and says what it took them for.
func TestASearchForgivesATypingMistake(t *testing.T) {
	b, h := comfortable(t, epub(t, "Thee", `<p>Zij nam de thermosfles mee, en een thermosfles voor hém. Het café was dicht.</p>`))
	p := h.device(b, "Thee")
	p.Visit(h.URL + "/bibliotheek/lezen/" + h.ids["Thee"])
	ready(t, p)
	for _, search := range []struct{ typed, says string }{
		{"termosfles", "Bedoelde je ‘thermosfles’? Gevonden: 2"},
		{"de termosfels", "Dit staat niet in het boek."},
		{"de thermosflse", "Bedoelde je ‘de thermosfles’? Gevonden: 1"},
		{"cafe", "Gevonden: 1"},
		{"thermosfles", "Gevonden: 2"},
		{"wolkenkrabber", "Dit staat niet in het boek."},
	} {
		p.Key("/")
		p.Fill("Zoek een woord of een zin", search.typed)
		p.Key(kb.Enter)
		waitFor(t, p, `document.getElementById('zoek-stand').textContent === '`+search.says+`'`)
		if search.typed == "termosfles" {
			p.Look("reader-meant")
			p.Resize(webtest.Wide)
		}
		p.Key(kb.Escape)
	}
}

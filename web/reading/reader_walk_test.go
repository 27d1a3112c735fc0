package reading_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/web/webtest"
)

const brink = "Onder de es"

// run lets the clock of the house go, as that of a real one does.
func (h *house) run() {
	const beat = 20 * time.Millisecond
	ticker := time.NewTicker(beat)
	done := make(chan struct{})
	h.t.Cleanup(func() { ticker.Stop(); close(done) })
	go func() {
		for {
			select {
			case <-ticker.C:
				h.pass(beat)
			case <-done:
				return
			}
		}
	}()
}

// device signs a person in on one more device and borrows a title there, once.
func (h *house) device(b *webtest.Browser, title string) *webtest.Page {
	p := b.Person(h.t)
	p.Visit(h.URL + "/bibliotheek/inloggen?naar=/bibliotheek/titel/" + h.ids[title])
	if strings.Contains(p.Text(), "dagen houden") {
		p.Press("Lenen")
	}
	return p
}

// seen is the place in the reader's foot.
func seen(p *webtest.Page) string {
	return webtest.Eval[string](p, `document.getElementById('plek').textContent`)
}

// wake is what a device does when its lid is opened.
func wake(p *webtest.Page) { webtest.Eval[bool](p, `window.dispatchEvent(new Event('online'))`) }

// place is what the server has kept, as the scripts hear it.
func (h *house) place(p *webtest.Page, title string) string {
	return webtest.Eval[string](p, `fetch('/bibliotheek/plaats/`+h.ids[title]+`').then(a => a.text())`)
}

func fragment(place string) string { return regexpFind(place, `"fragment":"([^"]*)"`) }

// kept waits until the server has a place that holds some text.
func (h *house) kept(p *webtest.Page, title, holds string) {
	h.t.Helper()
	for range 60 {
		if strings.Contains(h.place(p, title), holds) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	h.t.Fatalf("the server keeps %s, want %s", h.place(p, title), holds)
}

func TestAnotherDeviceGoesOnWhereThisOneWas(t *testing.T) {
	b := webtest.Start(t)
	built(t)
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db, with{dist: os.DirFS("..")})
		h.run()
		h.provider.Person = zoe("2027-11-30")
		book := h.URL + "/bibliotheek/lezen/" + h.ids[brink]
		phone, tablet := h.device(b, brink), h.device(b, brink)

		// Read to page two; the other device opens there.
		phone.Visit(book)
		ready(t, phone)
		first := seen(phone)
		phone.Key(kb.ArrowRight)
		waitFor(t, phone, `document.getElementById('plek').textContent !== '`+first+`'`)
		page := seen(phone)
		h.kept(phone, brink, "chapter-01")
		tablet.Visit(book)
		ready(t, tablet)
		if got := seen(tablet); got != page {
			t.Errorf("the tablet opened at %q, the phone is at %q", got, page)
		}

		// A bookmark here is there, with the first words of the page.
		phone.Key("b")
		waitFor(t, phone, `document.getElementById('lint').getAttribute('aria-pressed') === 'true'`)
		tablet.Reload()
		ready(t, tablet)
		waitFor(t, tablet, `document.getElementById('lint').getAttribute('aria-pressed') === 'true'`)

		// The tablet reads on; the phone wakes and is asked, and does not jump.
		h.pass(time.Minute)
		tablet.Press("Inhoud")
		tablet.Press("De keien: een graf als een huis")
		waitFor(t, tablet, `document.getElementById('plek').textContent.includes('keien')`)
		h.kept(tablet, brink, "chapter-03")
		wake(phone)
		phone.Want("Op een ander apparaat was je verder: ‘De keien: een graf als een huis’, ", "Hier ben je bij ‘", "Waar wil je lezen?")
		if got := seen(phone); got != page {
			t.Errorf("the phone jumped to %q by itself", got)
		}
		phone.Screenshot("reader-elsewhere")
		phone.Press("Ga daarheen")
		waitFor(t, phone, `document.getElementById('plek').textContent.includes('keien')`)
		phone.Want("Terug naar")

		// The list of bookmarks leads back, and what is removed can be put back.
		phone.Press("Inhoud")
		phone.Press("Bladwijzers (1)")
		phone.Look("reader-bookmarks")
		webtest.Eval[bool](phone, `document.querySelector('.ob-mark__away').click() || true`)
		phone.Want("Bladwijzer weggehaald")
		phone.Press("Zet terug")
		waitFor(t, phone, `document.querySelectorAll('.ob-mark__away').length === 1`)
		webtest.Eval[bool](phone, `document.querySelector('.ob-mark__go').click() || true`)
		waitFor(t, phone, `document.getElementById('plek').textContent === '`+page+`'`)

		// A window that is turned is no reading: the place of the tablet stays.
		time.Sleep(2 * time.Second)
		h.pass(time.Minute)
		tablet.Key(kb.ArrowRight)
		time.Sleep(2 * time.Second)
		at := fragment(h.place(tablet, brink))
		phone.Resize(webtest.Narrow)
		phone.Resize(webtest.Wide)
		time.Sleep(2500 * time.Millisecond)
		if got := fragment(h.place(tablet, brink)); got != at {
			t.Errorf("turning the phone moved the place from %s to %s", at, got)
		}

		// The tablet goes back to the beginning: the phone hears that it is less far.
		h.pass(time.Minute)
		tablet.Key(kb.Home)
		h.kept(tablet, brink, "cover")
		wake(phone)
		phone.Want("Op een ander apparaat was je minder ver: ")
	})
}

func TestAnotherDeviceListensOnAtTheSecond(t *testing.T) {
	b := webtest.Start(t)
	built(t)
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db, with{dist: os.DirFS("..")})
		h.run()
		h.provider.Person = zoe("2027-11-30")
		player := h.URL + "/bibliotheek/luisteren/" + h.ids[robot]
		phone, tablet := h.device(b, robot), h.device(b, robot)
		phone.Visit(player)
		phone.Press("Afspelen")
		waitFor(t, phone, `!document.querySelector('audio').paused && document.querySelector('audio').currentTime > 0.2`)
		phone.Press("+30 30 seconden verder")
		phone.Press("Pauze")
		h.kept(phone, robot, "t=3")
		second := webtest.Eval[float64](phone, `Math.round(document.querySelector('audio').currentTime)`)
		tablet.Visit(player)
		waitFor(t, tablet, `document.getElementById('gehad').textContent !== '0:00'`)
		tablet.Press("Afspelen")
		waitFor(t, tablet, `document.querySelector('audio').currentTime > 0.2`)
		if at := webtest.Eval[float64](tablet, `document.querySelector('audio').currentTime`); at < second-1 || at > second+5 {
			t.Errorf("the tablet plays on at %.1f, the phone stopped at %.0f", at, second)
		}

		// Speed keeps the pitch; the sleep timer counts, fades, and can be put off.
		tablet.Select("Snelheid", "1,5×")
		if !webtest.Eval[bool](tablet, `(a => a.playbackRate === 1.5 && a.preservesPitch)(document.querySelector('audio'))`) {
			t.Error("speed without the pitch")
		}
		tablet.Want("bij 1,5×")
		tablet.Select("Slaaptimer", "15 minuten")
		tablet.Want("Stopt over 15 min")
		tablet.Press("15 minuten later")
		tablet.Want("Stopt over 30 min")
		webtest.Eval[bool](tablet, `(() => { const real = Date.now; Date.now = () => real() + 29.9 * 60000; return true })()`)
		waitFor(t, tablet, `document.querySelector('audio').volume < 1 && !document.querySelector('audio').paused`)
		webtest.Eval[bool](tablet, `(() => { const real = Date.now; Date.now = () => real() + 60000; return true })()`)
		waitFor(t, tablet, `document.querySelector('audio').paused && document.querySelector('audio').volume === 1`)
		tablet.Press("Bladwijzer")
		waitFor(t, tablet, `document.querySelectorAll('.ob-mark__go').length === 1`)
		tablet.Look("listen-marks")

		// The phone wakes and is asked.
		h.pass(time.Minute)
		tablet.Key(kb.PageDown)
		h.kept(tablet, robot, "02.mp3")
		wake(phone)
		phone.Want("Op een ander apparaat was je verder: ‘Hoofdstuk 2. De oefening’, 0:00", "Hier ben je bij ‘Hoofdstuk 1. De stem’, 0:3")
		phone.Press("Ga daarheen")
		waitFor(t, phone, `document.getElementById('nu').textContent.includes('De oefening')`)
		phone.Reload()
		waitFor(t, phone, `document.querySelectorAll('.ob-mark__go').length === 1`)
		// The speed came along, with the loan.
		if got := phone.Value("Snelheid"); got != "1.5" {
			t.Errorf("the phone plays at %s, the tablet chose 1.5", got)
		}
	})
}

// TestTheReaderIsSteeredByKeysAlone never touches the mouse, and looks at what a
// screen reader hears.
func TestTheReaderIsSteeredByKeysAlone(t *testing.T) {
	b, h := comfortable(t)
	p := h.device(b, brink)
	p.Visit(h.URL + "/bibliotheek/lezen/" + h.ids[brink])
	ready(t, p)
	if title := webtest.Eval[string](p, `document.querySelector('foliate-view').renderer.getContents()[0].doc.defaultView.frameElement.title`); title != brink {
		t.Errorf("the frame is called %q", title)
	}
	p.Key(kb.PageDown, " ")
	waitFor(t, p, `document.getElementById('stem').textContent.includes('%')`)
	p.Key(kb.End)
	waitFor(t, p, `document.getElementById('plek').textContent.startsWith('100 %')`)
	p.Key(kb.Home)
	waitFor(t, p, `document.getElementById('plek').textContent.match(/^[0-5] %/)`)
	p.Screenshot("reader-cover")

	// Search: the words, the list, the page.
	p.Key("/")
	p.Type("hunebed")
	p.Key(kb.Enter)
	waitFor(t, p, `document.querySelectorAll('#gevonden button').length > 0`)
	p.Look("reader-search")
	p.Key(kb.Tab, kb.Tab, kb.Enter)
	waitFor(t, p, `!document.querySelector('dialog[open]') && document.activeElement.localName === 'foliate-view'`)
	p.Key("i")
	p.Want("Lees per hoofdstuk")
	p.Key(kb.Escape)

	// Everything of the display, and it stays in this browser.
	p.Press("Aa Weergave")
	p.Select("Bladzijden naast elkaar", "Twee, op een breed scherm")
	p.Select("Lettertype", "Voor dyslexie (OpenDyslexic)")
	p.Select("Kantlijnen", "Smal")
	p.Choose("Kleur", "Donker")
	waitFor(t, p, `(d => [...d.fonts].some(f => f.family.includes('Lidwoord') && f.status === 'loaded'))(document.querySelector('foliate-view').renderer.getContents()[0].doc)`)
	p.Key(kb.Escape)
	waitFor(t, p, `document.querySelector('foliate-view').renderer.columnCount === 2`)
	p.Key(kb.PageDown)
	p.Screenshot("reader-two-dark")
	p.Reload()
	ready(t, p)
	if !webtest.Eval[bool](p, `document.documentElement.dataset.theme === 'donker' && document.querySelector('foliate-view').renderer.columnCount === 2`) {
		t.Error("the settings did not stay")
	}
	p.Press("Aa Weergave")
	p.Look("reader-display")
	p.Press("Zet alles terug zoals het was")
	p.Select("Bladeren of scrollen", "Scrollen")
	p.Key(kb.Escape)
	waitFor(t, p, `document.querySelector('foliate-view').renderer.scrolled`)
	p.Screenshot("reader-scrolled")
}

// TestAPlaceReadWithoutAConnectionArrivesLater reads on in a tunnel, while another
// device reads: the newest reading is the one that stays.
func TestAPlaceReadWithoutAConnectionArrivesLater(t *testing.T) {
	b, h := comfortable(t)
	h.run()
	book := h.URL + "/bibliotheek/lezen/" + h.ids[brink]
	phone, tablet := h.device(b, brink), h.device(b, brink)
	phone.SaveData() // so that only the next chapter is fetched
	phone.Visit(book)
	ready(t, phone)
	tunnel := func(in bool) {
		if in {
			webtest.Eval[bool](phone, `(window.realFetch ??= fetch, window.fetch = () => Promise.reject(new TypeError('no line')), true)`)
		} else {
			webtest.Eval[bool](phone, `(window.fetch = realFetch, true)`)
		}
	}
	phone.Want("Onder de es")
	waitFor(t, phone, `performance.getEntriesByType('resource').some(r => r.name.endsWith('chapter-01.xhtml'))`)
	time.Sleep(300 * time.Millisecond)
	tunnel(true)
	phone.Key(kb.ArrowRight) // the next chapter is here already
	waitFor(t, phone, `document.getElementById('plek').textContent.includes('brink')`)
	phone.Key(kb.ArrowRight) // the one after is not, and the page says so
	phone.Want("Geen verbinding. Dit deel van het boek is nog niet geladen", "Probeer opnieuw")
	phone.Screenshot("reader-not-here")
	phone.Resize(webtest.Wide)
	time.Sleep(500 * time.Millisecond) // the page is laid out for the wide window again
	page := seen(phone)
	phone.Key(kb.ArrowLeft) // what is here can be read all the same
	waitFor(t, phone, `document.getElementById('plek').textContent !== '`+page+`'`)
	phone.Key(kb.ArrowRight)
	waitFor(t, phone, `document.getElementById('plek').textContent === '`+page+`'`)
	phone.Key("/")
	phone.Type("hunebed")
	phone.Key(kb.Enter)
	phone.Want("Alleen wat al geladen is, is doorzocht")
	phone.Key(kb.Escape)
	time.Sleep(2 * time.Second)
	tablet.Visit(book)
	ready(t, tablet)
	tablet.Press("Inhoud")
	tablet.Press("De keien: een graf als een huis")
	h.kept(tablet, brink, "chapter-03")
	tunnel(false)
	wake(phone)
	phone.Want("Op een ander apparaat was je verder")
	phone.Press("Blijf hier")
	at := h.place(phone, brink)
	if !strings.Contains(at, "chapter-03") {
		t.Errorf("the older page from the tunnel won: %s", at)
	}
	// And when nobody else read, what was read in the tunnel is kept.
	time.Sleep(2 * time.Second)
	tunnel(true)
	phone.Key(kb.ArrowLeft)
	time.Sleep(2 * time.Second)
	before := seen(phone)
	tunnel(false)
	h.pass(time.Hour)
	wake(phone)
	time.Sleep(time.Second)
	tablet.Visit(book)
	ready(t, tablet)
	if got := seen(tablet); got != before {
		t.Errorf("the tablet opened at %q, the phone is at %q", got, before)
	}
}

// TestAThumbTurnsThePageOnATelephone taps where a thumb lies: the outer thirds turn
// the page, the middle does nothing, and a link stays a link.
func TestAThumbTurnsThePageOnATelephone(t *testing.T) {
	b, h := comfortable(t, epub(t, "Duimen", `<p id="a"><a href="#z">Naar het eind</a></p>`, "z.xhtml", `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Z</title></head><body><p>Los.</p></body></html>`))
	p := h.device(b, "Duimen")
	p.Resize(webtest.Narrow)
	p.Visit(h.URL + "/bibliotheek/lezen/" + h.ids["Duimen"])
	ready(t, p)
	tap := func(x int) {
		webtest.Eval[bool](p, fmt.Sprintf(`(doc => {
			const left = doc.defaultView.frameElement.getBoundingClientRect().left
			const at = doc.elementFromPoint(%[1]d - left, 420) ?? doc.body
			return at.dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true, view: doc.defaultView, clientX: %[1]d - left, clientY: 420})) || true
		})(document.querySelector('foliate-view').renderer.getContents()[0].doc)`, x))
		time.Sleep(400 * time.Millisecond)
	}
	page := func() int { return webtest.Eval[int](p, `document.querySelector('foliate-view').renderer.page`) }
	if page() != 1 {
		t.Fatalf("opened at page %d", page())
	}
	for _, step := range []struct{ x, want int }{{300, 2}, {350, 3}, {195, 3}, {60, 2}} {
		if tap(step.x); page() != step.want {
			t.Errorf("a tap at %d led to page %d, want %d", step.x, page(), step.want)
		}
	}
	for _, id := range []string{"vorige", "volgende", "lint"} {
		if size := webtest.Eval[float64](p, `(b => Math.min(b.width, b.height))(document.getElementById('`+id+`').getBoundingClientRect())`); size < 44 {
			t.Errorf("the button %s is %.0f pixels", id, size)
		}
	}
}

// TestAPictureAloneStaysOnItsPage turns the window on a cover, which has no word to
// hold on to, and opens the book there again.
func TestAPictureAloneStaysOnItsPage(t *testing.T) {
	b, h := comfortable(t)
	h.run()
	book := h.URL + "/bibliotheek/lezen/" + h.ids[brink]
	p := h.device(b, brink)
	p.Visit(book)
	ready(t, p)
	p.Key(kb.Home)
	const whole = `(r => { const img = r.getContents()[0]?.doc.querySelector('img'); if (!img) return false; const box = img.getBoundingClientRect(), frame = r.getContents()[0].doc.defaultView.frameElement.getBoundingClientRect()
		return box.width > 0 && r.page === 1 && frame.left + box.left >= 0 && frame.left + box.right <= innerWidth && Math.abs(r.start - r.size) < 2 })(document.querySelector('foliate-view').renderer)`
	waitFor(t, p, whole)
	for _, width := range []int64{webtest.Narrow, webtest.Wide} {
		p.Resize(width)
		time.Sleep(500 * time.Millisecond)
		waitFor(t, p, whole)
	}
	h.kept(p, brink, "cover")
	p.Visit(book)
	ready(t, p)
	waitFor(t, p, whole)
}

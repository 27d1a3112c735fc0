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
	waits := func() string {
		return webtest.Eval[string](p, `Object.entries(localStorage).filter(([k]) => k.startsWith('lidwoord-bladwijzers-')).join()`)
	}
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
	// On a busy machine the page is laid out anew in the middle of a turn, with the bookmark on it still.
	for range 5 {
		turn(kb.PageDown)
		time.Sleep(500 * time.Millisecond)
		if webtest.Eval[bool](p, `document.getElementById('lint').getAttribute('aria-pressed') === 'false'`) {
			break
		}
	}
	p.Key("b")
	ribbon(true)
	p.Key("b") // put and taken away in the tunnel: nobody hears of it
	ribbon(false)
	h.marked(p, brink, 1)
	// It waits as a place waits: without the words of the book.
	if kept := waits(); !strings.Contains(kept, `"until":`) || strings.Count(kept, `"put"`) != 1 || strings.Count(kept, `"away"`) != 1 || strings.Contains(kept, `"words"`) {
		t.Errorf("in the browser waits %s", kept)
	}
	connect(p, true)
	wake(p)
	waitFor(t, p, `!Object.keys(localStorage).some(k => k.startsWith('lidwoord-bladwijzers'))`)
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
	waitFor(t, p, `!Object.keys(localStorage).some(k => k.startsWith('lidwoord-bladwijzers'))`)
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

// TestEachBookKeepsWhatWaitsForIt closes a book in a train, puts a bookmark in another
// one there and one with a connection, and comes back to the first days later.
func TestEachBookKeepsWhatWaitsForIt(t *testing.T) {
	b, h := comfortable(t)
	h.run()
	p := h.device(b, brink)
	p.Visit(h.URL + "/bibliotheek/titel/" + h.ids[bus])
	p.Press("Lenen")
	read := func(title string) {
		t.Helper()
		p.Visit(h.URL + "/bibliotheek/lezen/" + h.ids[title])
		ready(t, p)
		p.Want("hele boek geladen")
	}
	mark := func() {
		t.Helper()
		before := seen(p)
		p.Key(kb.PageDown)
		waitFor(t, p, `document.getElementById('plek').textContent !== '`+before+`'`)
		p.Key("b")
		waitFor(t, p, `document.getElementById('lint').getAttribute('aria-pressed') === 'true'`)
	}
	inTrain := func() {
		connect(p, false)
		webtest.Eval[bool](p, `(navigator.sendBeacon = () => true, true)`) // a place on its way out does not arrive either
	}
	waits := func(kind string) int {
		return webtest.Eval[int](p, `Object.keys(localStorage).filter(k => k.startsWith('`+kind+`')).length`)
	}

	read(brink)
	p.Key(kb.Home)
	time.Sleep(2 * time.Second) // the place of the first page is sent
	inTrain()
	mark()
	mark()
	left := seen(p)
	// The page of the second book sends it, also when something of that waits.
	read(bus)
	inTrain()
	mark()
	if marks := waits("lidwoord-bladwijzers"); marks != 1 {
		t.Errorf("of the second book there wait %d lists of bookmarks", marks)
	}
	h.marked(p, brink, 2)
	h.marked(p, bus, 0)
	connect(p, true)
	wake(p)
	h.marked(p, bus, 1)

	read(brink)
	h.marked(p, brink, 2)
	if now := seen(p); now != left {
		t.Errorf("the first book opens at %q and was left at %q", now, left)
	}
	waitFor(t, p, `!Object.keys(localStorage).some(k => k.startsWith('lidwoord-bladwijzers') || k.startsWith('lidwoord-plaats'))`)

	// What waits for a loan that is long over is thrown away by the next book.
	webtest.Eval[bool](p, `(localStorage.setItem('lidwoord-bladwijzers-OLD', JSON.stringify({until: Date.now() - 400 * 864e5, what: []})), localStorage.setItem('lidwoord-plaats', '{"loan":"OLD"}'),
		localStorage.setItem('lidwoord-bladwijzers-NEW', JSON.stringify({until: Date.now() - 864e5, what: []})), true)`) // NEW may have been extended elsewhere
	read(bus)
	if got := webtest.Eval[string](p, `Object.keys(localStorage).filter(k => k.startsWith('lidwoord-bladwijzers') || k.startsWith('lidwoord-plaats')).join()`); got != "lidwoord-bladwijzers-NEW" {
		t.Errorf("the browser keeps %s", got)
	}
}

// waiting is what waits in a browser for any loan.
func waiting(p *webtest.Page) string {
	return webtest.Eval[string](p, `Object.entries(localStorage).filter(([k]) => /^lidwoord-(plaats|bladwijzers)/.test(k)).join()`)
}

const nothingWaits = `!Object.keys(localStorage).some(k => /^lidwoord-(plaats|bladwijzers)/.test(k))`

// inTunnel opens a book, and puts a bookmark some pages on when the connection is gone.
func (h *house) inTunnel(t *testing.T, p *webtest.Page, title string, pages int) (left string) {
	t.Helper()
	h.onTrain(t, p, title)
	return markOn(t, p, pages)
}

// onTrain opens a book, and then the connection goes.
func (h *house) onTrain(t *testing.T, p *webtest.Page, title string) {
	t.Helper()
	p.Visit(h.URL + "/bibliotheek/lezen/" + h.ids[title])
	ready(t, p)
	p.Want("hele boek geladen")
	p.Key(kb.Home)
	time.Sleep(2 * time.Second) // the place of the first page is sent
	connect(p, false)
	webtest.Eval[bool](p, `(navigator.sendBeacon = () => true, true)`) // a place on its way out does not arrive either
}

// markOn puts a bookmark some pages on.
func markOn(t *testing.T, p *webtest.Page, pages int) (left string) {
	t.Helper()
	for range pages {
		before := seen(p)
		p.Key(kb.PageDown)
		waitFor(t, p, `document.getElementById('plek').textContent !== '`+before+`'`)
		time.Sleep(300 * time.Millisecond) // on a busy machine the page is laid out anew in the middle of a turn
	}
	p.Key("b")
	waitFor(t, p, `document.getElementById('lint').getAttribute('aria-pressed') === 'true'`)
	return seen(p)
}

// TestWhatWaitsOutlivesTheSession reads in a train while the session ends, and signs in
// again.
func TestWhatWaitsOutlivesTheSession(t *testing.T) {
	b, h := comfortable(t)
	p := h.device(b, brink)
	left := h.inTunnel(t, p, brink, 3)
	p.Forgive("401")
	webtest.Eval[bool](p, `realFetch('/bibliotheek/uitloggen', {method: 'POST', redirect: 'manual'}).then(() => true)`)
	connect(p, true)
	wake(p)
	p.Want("Je bent uitgelogd")
	if kept := waiting(p); !strings.Contains(kept, "lidwoord-plaats-") || !strings.Contains(kept, "lidwoord-bladwijzers-") || strings.Contains(kept, `"chapter"`) || strings.Contains(kept, `"words"`) {
		t.Errorf("after the session there waits %s", kept)
	}
	p.Press("Inloggen")
	ready(t, p)
	h.marked(p, brink, 1)
	waitFor(t, p, nothingWaits)
	if now := seen(p); now != left {
		t.Errorf("the book opens at %q and was left at %q", now, left)
	}
	if got := h.bookmarks(p, brink); strings.Contains(got, `"chapter":""`) {
		t.Errorf("the bookmark has no name: %s", got)
	}
}

// TestWhatWaitsIsSentByAnyPage closes the book in a train, and gives it back by mistake.
func TestWhatWaitsIsSentByAnyPage(t *testing.T) {
	b, h := comfortable(t)
	h.run()
	p := h.device(b, brink)
	h.inTunnel(t, p, brink, 2)
	p.Visit(h.URL + "/bibliotheek/mijn-boeken")
	h.marked(p, brink, 1)
	waitFor(t, p, nothingWaits)

	h.inTunnel(t, p, brink, 4)
	p.Visit(h.URL + "/bibliotheek/titel/" + h.ids[brink])
	h.marked(p, brink, 2)
	waitFor(t, p, nothingWaits)
	clear := func() {
		t.Helper()
		webtest.Eval[bool](p, `fetch('/bibliotheek/bladwijzers/`+h.ids[brink]+`').then(a => a.json()).then(all => Promise.all(all.map(m => fetch('/bibliotheek/bladwijzers/`+h.ids[brink]+`/' + m.id + '/weg', {method: 'POST', headers: {Accept: 'application/json'}})))).then(() => true)`)
		h.marked(p, brink, 0)
	}
	clear()

	left := h.inTunnel(t, p, brink, 4)
	webtest.Eval[bool](p, `(sessionStorage.setItem('copy', JSON.stringify(Object.entries(localStorage).filter(([k]) => k.startsWith('lidwoord-bladwijzers')))), true)`)
	p.Visit(h.URL + "/bibliotheek/titel/" + h.ids[brink] + "/teruggeven")
	p.Want("en je bladwijzers")
	p.Screenshot("giveback-waited")
	// With a slow connection the button waits for what is on its way.
	clear()
	webtest.Eval[bool](p, `(() => {
		JSON.parse(sessionStorage.getItem('copy')).forEach(([k, v]) => localStorage.setItem(k, v));
		const fast = window.fetch;
		window.fetch = (...all) => new Promise(go => setTimeout(go, 1000)).then(() => fast(...all));
		window.dispatchEvent(new Event('online'));
		return true })()`)
	p.Press("Ja, geef terug")
	p.Want("Leen opnieuw")
	p.Press("Leen opnieuw Onder de es")
	p.Visit(h.URL + "/bibliotheek/lezen/" + h.ids[brink])
	ready(t, p)
	h.marked(p, brink, 1)
	if now := seen(p); now != left {
		t.Errorf("the book opens at %q and was left at %q", now, left)
	}

	// What waited for another loan, or of another reader, does not come into this one.
	p.Forgive("403")
	webtest.Eval[bool](p, `(localStorage.setItem('lidwoord-bladwijzers-OTHER', JSON.stringify({until: Date.now() + 1e6, loan: 'OTHER', to: '/bibliotheek/bladwijzers/`+h.ids[brink]+`', what: [{n: 'x', put: {href: 'EPUB/chapter-04.xhtml', fragment: '', total: 0.9}}]})), true)`)
	p.Visit(h.URL + "/bibliotheek/mijn-boeken")
	waitFor(t, p, nothingWaits)
	h.marked(p, brink, 1)
}

// TestTwoTabsInOneTrainLoseNothing puts a bookmark in each of two tabs of one book.
func TestTwoTabsInOneTrainLoseNothing(t *testing.T) {
	b, h := comfortable(t)
	p := h.device(b, brink)
	q := p.Tab()
	h.onTrain(t, p, brink)
	h.onTrain(t, q, brink)
	markOn(t, p, 2)
	left := markOn(t, q, 5)
	p.Visit("about:blank")
	q.Visit("about:blank")
	p.Visit(h.URL + "/bibliotheek/lezen/" + h.ids[brink])
	ready(t, p)
	h.marked(p, brink, 2)
	waitFor(t, p, nothingWaits)
	if now := seen(p); now != left {
		t.Errorf("the book opens at %q and was left at %q", now, left)
	}
}

// TestNothingWaitsAfterSigningOut presses the button while another tab is in a train.
func TestNothingWaitsAfterSigningOut(t *testing.T) {
	b, h := comfortable(t)
	p := h.device(b, brink)
	q := p.Tab()
	q.Visit(h.URL + "/bibliotheek/mijn-boeken")
	h.inTunnel(t, p, brink, 2)
	if waiting(q) == "" {
		t.Error("nothing waits in the train")
	}
	q.Press("Uitloggen")
	q.Want("Je bent uitgelogd")
	p.Visit(h.URL + "/bibliotheek/") // which says of each page that it leaves what waits there
	if kept := waiting(p); kept != "" {
		t.Errorf("after signing out there waits %s", kept)
	}

	// The player, which notes where it was until the page is gone.
	h.provider.Person = zoe("2027-11-30")
	p = h.device(b, robot)
	p.Visit(h.URL + "/bibliotheek/luisteren/" + h.ids[robot])
	waitFor(t, p, `document.getElementById('nu').textContent !== ''`)
	connect(p, false)
	p.Key("b")
	webtest.Eval[bool](p, `(Object.defineProperty(document.querySelector('audio'), 'paused', {value: false}), true)`)
	waitFor(t, p, `!(`+nothingWaits+`)`)
	p.Press("Uitloggen")
	p.Visit(h.URL + "/bibliotheek/")
	if kept := waiting(p); kept != "" {
		t.Errorf("after signing out of the player there waits %s", kept)
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

package reading_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/web/webtest"
)

// TestThirtyQuickTapsTurnThirtyPages taps as fast as a finger can, also while a page
// still slides, and clicks as fast as a hand can: none is lost, and at the end of the
// book the page says so.
func TestThirtyQuickTapsTurnThirtyPages(t *testing.T) {
	b := webtest.Start(t)
	built(t)
	long := strings.Repeat("<p>Een alinea om snel door te bladeren, met woorden die samen een bladzijde vullen.</p>", 300)
	h := newHouse(t, sqldbtest.New(t), with{dist: os.DirFS(".."), epubs: [][]byte{epub(t, "Snel", long)}})
	h.provider.Person = zoe("2027-11-30")
	for _, animated := range []bool{false, true} {
		p := h.device(b, "Snel")
		p.Resize(webtest.Narrow)
		p.Visit(h.URL + "/bibliotheek/lezen/" + h.ids["Snel"])
		ready(t, p)
		if animated {
			webtest.Eval[bool](p, `(document.getElementById('lezer').dataset.animated = 'true', document.querySelector('foliate-view').renderer.setAttribute('animated', ''), true)`)
		}
		const first = `document.querySelector('foliate-view').renderer.goTo({ index: 0, anchor: () => 0 }).then(() => true)`
		at := func(how string, want int) {
			t.Helper()
			page := `document.querySelector('foliate-view').renderer.page`
			waitFor(t, p, fmt.Sprintf(`%s === %d`, page, want))
			t.Logf("animated %v, %s: page %d", animated, how, webtest.Eval[int](p, page))
		}
		webtest.Eval[bool](p, first)
		p.Tap(350, 420, 30)
		at("taps on", 31)
		p.Tap(40, 420, 30)
		at("taps back", 1)
		p.Click(350, 420, 30)
		at("clicks", 31)
		p.Hammer("‹ Vorige bladzijde", 30)
		at("the button", 1)
		p.Tap(40, 420, 2)
		p.Want("Dit is het begin van het boek")
		webtest.Eval[bool](p, `document.querySelector('foliate-view').renderer.goTo({ index: 0, anchor: () => 1 }).then(() => true)`)
		p.Tap(350, 420, 3)
		p.Want("Dit is het einde van het boek")
	}
}

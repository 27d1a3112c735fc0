package reading_test

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/index/indextest"
	"lidwoord/web/webtest"
)

// What slides sideways on purpose, and where one reads and listens.
const (
	slides = ".ob-slide, .ob-ways ul, .ob-filters ul, .ob-text table, .ob-text pre"
	large  = ".lezer, .lezer__panel, .lezer__ask, .ob-player"
)

// endless is a name that has no blank to break at.
var endless = strings.Repeat("Hottentottententententoonstelling", 15)

// TestEveryScreenFitsLargeLettersAndSmallWindows walks through all pages as somebody
// does who has letters twice as large on a telephone, or has magnified the page four
// times.
func TestEveryScreenFitsLargeLettersAndSmallWindows(t *testing.T) {
	b := webtest.Start(t)
	built(t)
	more := [][]byte{epub(t, endless, `<p>Tekst</p>`)}
	for i := range 7 {
		more = append(more, epub(t, fmt.Sprint("Boek nummer ", i), `<p>Tekst</p>`))
	}
	h := newHouse(t, sqldbtest.New(t), with{titles: 800, popular: loans, dist: os.DirFS(".."), epubs: more})
	h.in(func(tx *sqldb.Tx) error { return indextest.Lend(tx, 800) })
	h.provider.Person = zoe("2027-11-30")
	home := h.URL + "/bibliotheek"
	p := b.Person(t)
	see := func(path, name string) {
		t.Helper()
		p.Visit(home + path)
		p.Fits(name, slides, large)
	}
	both := func(path, name string) {
		t.Helper()
		see(path, name)
		p.Language("en")
		see(path, name+"-en")
		p.Language("nl")
	}
	both("/", "fits-home")
	see("/nieuw", "fits-list")
	see("/e-books?leestaal=en", "fits-filtered")
	see("/zoeken?zoek="+url.QueryEscape("het geheim van de maan"), "fits-found")
	see("/zoeken?zoek=geschiedennis", "fits-meant")
	both("/zoeken?zoek="+endless[:90], "fits-nothing")
	see("/onderwerpen", "fits-subjects")
	see("/schrijvers?letter=v", "fits-authors")
	see("/titel/"+h.ids[endless], "fits-endless")
	both("/titel/"+h.ids[bus], "fits-title")
	p.Visit(home + "/nieuw")
	p.Visit(webtest.Eval[string](p, `[...document.querySelectorAll('.ob-book')].find(b => b.innerText.includes('deel ')).querySelector('a').href`))
	p.Visit(webtest.Eval[string](p, `document.querySelector('.ob-inseries a').href`))
	p.Fits("fits-series", slides, large)
	p.Forgive("404")
	both("/titel/bestaat-niet", "fits-missing")

	both("/inloggen?naar=/bibliotheek/mijn-boeken", "fits-mine-empty")
	both("/mijn-boeken/gegevens", "fits-data-empty")
	see("/leesapps", "fits-apps-none")
	p.Fill("Hoe noem je deze app?", "KOReader op mijn e-reader met een lange naam")
	p.Press("Maak een app-wachtwoord")
	p.Fits("fits-apps-new", slides, large)
	p.Press("Klaar")
	p.Fits("fits-apps", slides, large)
	p.Press("Wijzigen of intrekken KOReader op mijn e-reader met een lange naam")
	p.Fits("fits-app", slides, large)
	for _, name := range []string{endless, bus, robot} {
		p.Visit(home + "/titel/" + h.ids[name])
		p.Press("Lenen")
	}
	p.Visit(home + "/titel/" + h.ids[bus])
	p.Fits("fits-lent", slides, large)
	see("/titel/"+h.ids[bus]+"/meenemen", "fits-takealong")
	both("/titel/"+h.ids[endless]+"/teruggeven", "fits-giveback")
	walkReader(t, h, p, func(name string) { t.Helper(); p.Fits(name, slides, large) })

	both("/mijn-boeken/gegevens", "fits-data")

	h.pass(20 * 24 * time.Hour)
	p.Visit(home + "/inloggen?naar=/bibliotheek/mijn-boeken")
	for i := range 7 {
		p.Visit(home + "/titel/" + h.ids[fmt.Sprint("Boek nummer ", i)])
		p.Press("Lenen")
	}
	both("/mijn-boeken", "fits-mine")
	see("/", "fits-home-reader")
	both("/titel/"+h.ids["Pluis en de maan"], "fits-refused")
	p.Visit(home + "/titel/" + h.ids[endless] + "/teruggeven")
	p.Press("Ja, geef terug")
	p.Fits("fits-regret", slides, large)
}

// walkReader goes through the reader, the player and the plain chapters.
func walkReader(t *testing.T, h *house, p *webtest.Page, fits func(name string)) {
	t.Helper()
	home := h.URL + "/bibliotheek"
	for _, name := range []string{endless, brinkLent(h, p)} {
		p.Visit(home + "/lezen/" + h.ids[name])
		ready(t, p)
		fits("fits-reader-" + name[:5])
	}
	webtest.Eval[bool](p, `(window.realFetch = fetch, window.fetch = (a, o) => String(a).includes('/plaats/') ? Promise.resolve(Response.json({href: 'EPUB/chapter-03.xhtml', fragment: '', total: 0.57, by: 'tablet', ago: 0})) : realFetch(a, o), true)`)
	wake(p)
	waitFor(t, p, `!document.getElementById('elders').hidden`)
	fits("fits-reader-asked")
	p.Press("Blijf hier")
	connect(p, true)
	p.Press("Inhoud")
	p.Press("De keien: een graf als een huis")
	waitFor(t, p, `!document.getElementById('terug').hidden`)
	fits("fits-reader-back")
	connect(p, false)
	webtest.Eval[bool](p, `(document.querySelector('.lezer__bar a').click(), true)`)
	p.Want("Sluit het boek toch")
	fits("fits-reader-held")
	p.Press("Blijf hier")
	connect(p, true)
	p.Press("Bladwijzer")
	for _, panel := range []string{"inhoudsopgave", "zoeken", "weergave"} {
		open := fmt.Sprintf(`document.querySelector('[data-show=%s]').click()`, panel)
		webtest.Eval[bool](p, open+" || true")
		if panel == "zoeken" {
			p.Fill("Zoek een woord of een zin", "dorp")
			p.Key(kb.Enter)
			waitFor(t, p, `document.querySelectorAll('#gevonden li').length > 2`)
		}
		fits("fits-reader-" + panel)
		if panel == "inhoudsopgave" {
			p.Press("Bladwijzers")
			fits("fits-reader-bladwijzers")
		}
		p.Press("Sluiten")
	}
	p.Visit(home + "/lezen/" + h.ids[brink] + "/hoofdstuk/2")
	fits("fits-chapter")
	p.Press("Inhoud")
	fits("fits-chapter-contents")
	p.Language("en")
	p.Visit(home + "/luisteren/" + h.ids[robot])
	fits("fits-player-en")
	p.Language("nl")
	p.Visit(home + "/luisteren/" + h.ids[robot])
	fits("fits-player")
	p.Press("Bladwijzer")
	fits("fits-player-bookmark")
}

// brinkLent borrows the title with many chapters.
func brinkLent(h *house, p *webtest.Page) string {
	p.Visit(h.URL + "/bibliotheek/titel/" + h.ids[brink])
	p.Press("Lenen")
	return brink
}

package reading_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/web/webtest"
)

// All that is kept of a reader is theirs to take along, and nothing of another's.
func TestAReaderTakesAlongWhatIsKept(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db, with{})
		h.provider.Person = map[string]any{"sub": "ada", "memberships": zoe("2027-11-30")["memberships"]}
		other := h.browser()
		other.get("/inloggen")
		other.post("/titel/" + h.ids["Pluis en de maan"] + "/lenen")

		h.provider.Person = zoe("2027-11-30")
		b, id := h.browser(), h.ids[bus]
		if a := b.post("/mijn-boeken/gegevens"); strings.Contains(a.body, "not_included") {
			t.Error("who is not signed in gets a file")
		}
		b.get("/inloggen")
		b.post("/titel/" + id + "/lenen")
		b.post("/plaats/"+id, "href", "EPUB/chapter-02.xhtml", "total", "0.255", "by", "p")
		b.do("POST", "/bladwijzers/"+id, url.Values{"href": {"EPUB/chapter-03.xhtml"}, "total": {"0.5"}, "chapter": {"Drie"}, "words": {"Het regende"}}, "Accept", "application/json").want(t, 200)
		login, password := b.app(t, "KOReader")
		b.get("/mijn-boeken").want(t, 200, "Wat we hier van je bewaren", "Medewerkers kunnen niet zien wat je leest.", "/mijn-boeken/gegevens")

		a := b.post("/mijn-boeken/gegevens").want(t, 200, "Dit is alles wat de Online Bibliotheek nu van je bewaart", "Wat je eerder leende staat er niet in", "Wat je net teruggaf, met je plek en je bladwijzers, staat 10 minuten in je eigen browser", "/mijn/")
		if a.Header.Get("Content-Disposition") != `attachment; filename="online-bibliotheek-2026-11-23.json"` || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%v", a.Header)
		}
		var file struct {
			Username string
			Loans    []struct {
				Title, Author, Kind string
				FirstDay            string `json:"first_day"`
				LastDay             string `json:"last_day"`
				Place               struct {
					Part    string
					Percent float64
				}
				Bookmarks []struct {
					Chapter string
					Words   string `json:"first_words"`
				}
			}
			Apps []struct {
				Name   string
				Login  string `json:"login_name"`
				MadeOn string `json:"made_on"`
			}
			Memberships []struct{ Library string }
		}
		if err := json.Unmarshal([]byte(a.body), &file); err != nil {
			t.Fatal(err)
		}
		if len(file.Loans) != 1 || len(file.Apps) != 1 || len(file.Memberships) != 1 || file.Username != "20000000000017" {
			t.Fatalf("%+v", file)
		}
		l, app := file.Loans[0], file.Apps[0]
		if l.Title != bus || l.FirstDay != "2026-11-23" || l.LastDay != "2026-12-14" || l.Place.Part != "EPUB/chapter-02.xhtml" || l.Place.Percent != 25.5 ||
			len(l.Bookmarks) != 1 || l.Bookmarks[0].Words != "Het regende" {
			t.Errorf("the loan: %+v", l)
		}
		if app.Name != "KOReader" || app.Login != login || app.MadeOn != "2026-11-23" || strings.Contains(a.body, string(password)) {
			t.Errorf("the app: %+v", app)
		}
		// A page tells the same to who finds a file for computers hard to read.
		number := func(sentence string) func(any) string {
			return func(v any) string { return strings.ReplaceAll(fmt.Sprintf(sentence, v), ".", ",") }
		}
		say := webtest.Telling{"kind": func(any) string { return "E-book" }, "times_extended": func(any) string { return "Verlengd Nee" }, "percent": number("%v %%"),
			"ended": func(any) string { return "Ja" }, "rights": func(any) string { return "Alle e-books en luisterboeken lenen" }}
		page := b.get("/mijn-boeken/gegevens").want(t, 200, "Wat we hier van je bewaren", "Bladwijzers: 1", "data-print", `method="post" action="/bibliotheek/mijn-boeken/gegevens"`)
		webtest.Tells(t, words.NL, a.body, page.body, say)
		if strings.Contains(page.body, "Pluis") || strings.Contains(page.body, string(password)) || page.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("the page holds what it should not, or may be kept: %v", page.Header)
		}
		stranger := h.browser()
		stranger.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		stranger.get("/mijn-boeken/gegevens").want(t, 303)
		b.post("/titel/"+h.ids["De robot die wilde voorlezen"]+"/lenen").want(t, 200)
		complete(t, b.get("/mijn-boeken/gegevens?taal=en").want(t, 200, "You have not begun yet", "You have no bookmarks here", "Borrow all e-books and audiobooks", "25.5%"))
		b.post("/titel/" + h.ids["De robot die wilde voorlezen"] + "/teruggeven")
		if strings.Contains(a.body, "Pluis") {
			t.Error("it holds somebody else's loan")
		}
		b.post("/titel/" + id + "/teruggeven")
		if a := b.do("POST", "/mijn-boeken/gegevens?taal=en", nil).want(t, 200, "What you borrowed before is not here"); strings.Contains(a.body, bus) {
			t.Error("what went back is still told")
		}
		b.get("/mijn-boeken/gegevens?taal=nl").want(t, 200, "Je hebt nu niets geleend")
		if strings.Contains(h.log.String(), bus) {
			t.Error("the log knows")
		}
	})
}

// Who finds computers hard walks from the books to the page, prints it, and may take the file.
func TestAReaderSeesOnAPageWhatIsKept(t *testing.T) {
	b := webtest.Start(t)
	h := newHouse(t, sqldbtest.New(t), with{dist: bundle})
	h.provider.Person = zoe("2027-11-30")
	p := b.Person(t)
	home := h.URL + "/bibliotheek"
	p.Visit(home + "/inloggen?naar=/bibliotheek/mijn-boeken")
	p.Press("Bekijk je gegevens")
	p.Want("Wat we hier van je bewaren", "Je hebt nu niets geleend.", "Je hebt geen leesapps.", "Bind bibliotheken")
	p.Look("data-empty")
	p.Visit(home + "/leesapps")
	p.Fill("Hoe noem je deze app?", "KOReader")
	p.Press("Maak een app-wachtwoord")
	for _, title := range []string{bus, "De robot die wilde voorlezen"} {
		p.Visit(home + "/titel/" + h.ids[title])
		p.Press("Lenen")
	}
	post := func(path, form string) {
		t.Helper()
		if !webtest.Eval[bool](p, `fetch('/bibliotheek/`+path+`', {method: 'POST', headers: {Accept: 'application/json'}, body: new URLSearchParams(`+form+`)}).then(a => a.ok)`) {
			t.Errorf("%s was refused", path)
		}
	}
	post("plaats/"+h.ids[bus], `{href: 'EPUB/chapter-02.xhtml', fragment: 'epubcfi(/6/6!/4/10,/1:0,/3:212)', total: '0.255', by: 'p'}`)
	post("bladwijzers/"+h.ids[bus], `{href: 'EPUB/chapter-02.xhtml', fragment: 'epubcfi(/6/6!/4/10,/1:0,/3:212)', total: '0.3', chapter: 'De fiets die niet naar huis wilde', words: 'De fiets stond al drie dagen tegen de muur van de bibliotheek en niemand …'}`)
	post("bladwijzers/"+h.ids[bus], `{href: 'EPUB/chapter-03.xhtml', total: '0.7'}`)
	p.Visit(home + "/mijn-boeken")
	p.Look("data-way")
	p.Press("Bekijk je gegevens")
	p.Want("Bladwijzers: 2", "De fiets stond al drie dagen", "Op 25,5 % van de titel", "Je bent nog niet begonnen", "KOReader", "Afdrukken", "Download je gegevens")
	p.Look("data")
	p.Language("en")
	p.Visit(home + "/mijn-boeken/gegevens")
	p.Want("Bookmarks: 2", "At 25.5% of the title")
	p.Look("data-en")
}

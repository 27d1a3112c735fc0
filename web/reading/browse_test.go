package reading_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/index"
	"lidwoord/reading/index/indextest"
	"lidwoord/web/webtest"
)

func TestOldAddressesOfTheShelfLeadOn(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	b := h.browser()
	for from, to := range map[string]string{
		"/?zoek=maan": "/zoeken?zoek=maan", "/?zoek=de&soort=luisterboek": "/zoeken?soort=luisterboek&zoek=de", "/?zoek=de&soort=jeugd": "/zoeken?jeugd=ja&zoek=de",
		"/?soort=luisterboek": "/luisterboeken", "/?soort=e-book": "/e-books", "/?soort=jeugd&taal=nl": "/jeugd?taal=nl", "/?pagina=2": "/titels?pagina=2", "/?soort=": "/titels", "/?taal=nl": "/?taal=nl",
	} {
		if a := b.get(from).want(t, 200); strings.TrimPrefix(a.Request.URL.RequestURI(), "/bibliotheek") != to {
			t.Errorf("%s leads to %s, want %s", from, a.Request.URL, to)
		}
	}
}

func TestTheKindAndTheSearchStayTogether(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	b := h.browser()
	b.get("/zoeken?zoek=de").want(t, 200, "?soort=luisterboek&amp;zoek=de", "Past het best")
	b.get("/zoeken?zoek=bus&soort=luisterboek").want(t, 200, "Met deze keuzes vonden we niets", "Toon 1 titel zonder die keuzes", `href="/bibliotheek/zoeken?zoek=bus"`, `name="soort" value="luisterboek"`)
}

func TestAMistakeInASearchIsForgivenWithAWord(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	b := h.browser()
	b.get("/zoeken?zoek=zweelo0").want(t, 200, "We vonden niets")
	b.get("/zoeken?zoek=zweelou").want(t, 200, "Zocht je naar <strong>zweeloo</strong>?", "Met <strong>zweelou</strong> vonden we weinig of niets.", bus)
	b.get("/zoeken?zoek="+url.QueryEscape(`<b>"zwelooo`)).want(t, 200, "&lt;b&gt;")
	b.get("/zoeken?zoek=zweelou&taal=en").want(t, 200, "Did you mean <strong>zweeloo</strong>?")
}

func TestATitleSaysHowLongItIs(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db, with{})
		b := h.browser()
		b.get("/titel/"+h.ids[bus]).want(t, 200, ">Ongeveer 6 bladzijden op papier<", "ongeveer 6 bladzijden van een papieren boek")
		b.get("/titels").want(t, 200, "E-book · 6\u00a0blz.")
		b.get("/titel/"+h.ids[bus]+"?taal=en").want(t, 200, ">About 6 pages on paper<", "about 6 pages of a printed book")
		for length, want := range map[catalogue.Length]string{{Pages: 317}: ">317 bladzijden op papier<", {Pages: 1}: ">1 bladzijde op papier<", {}: ""} {
			var title catalogue.Title
			h.in(func(tx *sqldb.Tx) (err error) {
				title, err = catalogue.Add(tx, &catalogue.Publication{Title: catalogue.Title{Digest: secret.NewID(), Kind: catalogue.EBook, Name: "Lengte", Language: "nl", Length: length}})
				return err
			})
			h.pass(time.Minute) // the catalogue in memory
			if a := h.browser().get("/titel/"+title.ID).want(t, 200, want); want == "" && strings.Contains(a.body, "bladzijde") {
				t.Errorf("a title of unknown length says %s", onlyText(a.body))
			}
		}
		h.in(func(tx *sqldb.Tx) error {
			_, err := catalogue.Add(tx, &catalogue.Publication{Title: catalogue.Title{Digest: secret.NewID(), Kind: catalogue.Audiobook, Name: "Lengte", Language: "en", Duration: 200 * time.Minute}})
			return err
		})
		h.pass(time.Minute)
		h.browser().get("/titels").want(t, 200, "E-book · 317\u00a0blz.", "Luisterboek · 3\u00a0u\u00a020\u00a0min · Engels")
	})
}

func TestEveryListHasAnAddressOfItsOwn(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db, with{titles: 600})
		b := h.browser()
		for path, want := range map[string]string{
			"/": "Kies een onderwerp", "/nieuw": "606 titels", "/populair": "Populair", "/titels": "Alle titels", "/e-books": "Luisterboeken", "/luisterboeken": "uit", "/jeugd": "Voor kinderen",
			"/onderwerpen": "Met de meeste titels", "/schrijvers?letter=r": "Wieke Roelfs", "/onderwerp/dieren": "Dieren", "/schrijver/wieke-roelfs": bus, "/onderwerp/drenthe?volgorde=titel": bus,
			"/nieuw?pagina=3": "49 tot en met 72", "/titels?pagina=99999999999": "601 tot en met 606", "/nieuw?leestaal=en": "Engels", "/nieuw?soort=luisterboek&jeugd=ja&volgorde=populair": "Toon weer alles",
			"/schrijvers?letter=nope": "Van A tot Z", "/onderwerpen?letter=d&pagina=7": "Drenthe",
		} {
			b.get(path).want(t, 200, want)
		}
		for _, path := range []string{"/onderwerp/bestaat-niet", "/schrijver/", "/schrijver/dieren", "/serie/nope"} {
			b.get(path).want(t, 404)
		}
		// Every link of these pages leads somewhere.
		links, seen := regexp.MustCompile(`href="(/bibliotheek[^"#]*)`), map[string]bool{}
		for _, from := range []string{"", "/luisterboeken", "/zoeken?zoek=geheim", "/schrijvers", "/titel/" + h.ids[bus]} {
			for _, m := range links.FindAllStringSubmatch(b.get(from).body, -1) {
				if to := strings.TrimPrefix(strings.ReplaceAll(m[1], "&amp;", "&"), "/bibliotheek"); !seen[to] && !strings.HasPrefix(to, "/inloggen") {
					seen[to] = true
					b.get(to).want(t, 200)
				}
			}
		}
		if len(seen) < 100 {
			t.Errorf("only %d links", len(seen))
		}
	})
}

func TestWhatIsPopularIsWhatIsLent(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{popular: func(*sqldb.Tx, time.Time) (map[string]int, error) { return nil, nil }})
	if a := h.browser().get("/").want(t, 200, "Nieuw"); strings.Contains(a.body, "<h2><a href=\"/bibliotheek/populair\"") {
		t.Error("nothing was lent, and yet something is popular")
	}
	h = newHouse(t, sqldbtest.New(t), with{popular: loans})
	h.provider.Person = zoe("2027-11-30")
	b := h.browser()
	b.get("/inloggen")
	b.post("/titel/"+h.ids["Regen in vijf standen"]+"/lenen").want(t, 200, "Geleend")
	h.pass(index.CountEvery)
	for range 100 {
		if a := b.get("/populair"); strings.Index(a.body, "Regen in vijf standen") < strings.Index(a.body, bus) {
			b.get("/").want(t, 200, `<h2><a href="/bibliotheek/populair"`)
			return
		}
		h.pass(index.LookEvery)
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("what was lent did not become popular")
}

// loans counts as the loan room does.
func loans(tx *sqldb.Tx, since time.Time) (map[string]int, error) {
	counts := map[string]int{}
	_, err := sqldb.Many(tx, `SELECT title_id, COUNT(*) FROM loan WHERE lent_at >= $1 GROUP BY title_id`, []any{since}, func(row sqldb.Row) (n int, err error) {
		var id string
		err = row.Scan(&id, &n)
		counts[id] = n
		return n, err
	})
	return counts, err
}

func TestPagesThatAreKeptTellNothingOfAnotherReader(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	h.provider.Person = zoe("2027-11-30")
	reader, visitor, id := h.browser(), h.browser(), h.ids[bus]
	reader.get("/inloggen")
	other := h.browser()
	h.provider.Person["sub"] = "iemand anders"
	other.get("/inloggen")
	for range 2 { // made, and kept
		reader.post("/titel/"+id+"/lenen").want(t, 200, "Geleend")
		reader.get("/").want(t, 200, "Verder waar je was", "Uitloggen")
		reader.get("/titel/"+id).want(t, 200, "Teruggeven", "14 december 2026")
		for name, b := range map[string]*browser{"visitor": visitor, "other reader": other} {
			for path, not := range map[string]string{"/": "Verder waar je was", "/titel/" + id: "Teruggeven"} {
				if a := b.get(path).want(t, 200, bus); strings.Contains(a.body, not) || strings.Contains(a.body, "Geleend!") || strings.Contains(a.body, "<!-- ") {
					t.Errorf("the %s sees %q at %s", name, not, path)
				}
			}
		}
		visitor.get("/titel/"+id).want(t, 200, "Inloggen om te lenen")
		other.get("/titel/"+id).want(t, 200, "/lenen", "Uitloggen")
		if a := reader.get("/titel/" + id); strings.Contains(a.body, "Geleend. Veel plezier") {
			t.Error("a page says twice what it should say once")
		}
		visitor.get("/titel/"+id+"?taal=en").want(t, 200, "Sign in")
		visitor.get("/titel/"+id+"?taal=nl").want(t, 200, "Inloggen")
	}
	// What changes in the catalogue is on the pages a moment later.
	if err := h.db.InTx(t.Context(), func(tx *sqldb.Tx) error { return catalogue.Withdraw(tx, "command", h.ids["Pluis en de maan"], "") }); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		h.pass(index.LookEvery)
		if !strings.Contains(visitor.get("/").body, "Pluis en de maan") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("a title that was withdrawn stays on the first page")
}

func TestATitleSaysItsSeriesItsPeopleAndItsAccessibilityInWords(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	var id string
	err := h.db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		for i, name := range []string{"Het tweede", "Het tiende"} {
			title, err := catalogue.Add(tx, &catalogue.Publication{Title: catalogue.Title{Name: name, Digest: name, Kind: catalogue.Audiobook, Language: "fy", Series: "De Kustreeks", SeriesAt: []string{"2", "10"}[i],
				Contributors: []catalogue.Contributor{{Name: "Tess Okkinga", Role: "aut"}, {Name: "Jo Veen", Role: "nrt"}}, Subjects: []string{"zee"}, Ages: catalogue.Ages{From: 9, To: 12}, Youth: true, Duration: 125 * time.Minute, ISBN: "9789025883973",
				Description: "Eerste alinea.\n\nTweede <alinea>.", Published: "2026-09-01", Access: catalogue.Access{Modes: []string{"auditory"}, Sufficient: []string{"auditory"},
					Features: []string{"tableOfContents", "synchronizedAudioText", "nonsense"}, Hazards: []string{"noFlashingHazard", "noMotionSimulationHazard", "noSoundHazard"}}}})
			if err != nil {
				return err
			}
			if i == 0 {
				id = title.ID
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b := h.browser()
	a := b.get("/titel/"+id).want(t, 200, "Deel 2 van", `href="/bibliotheek/serie/de-kustreeks"`, `href="/bibliotheek/schrijver/tess-okkinga"`, "Voorgelezen door", "Jo Veen", "9 tot en met 12 jaar", "2 uur en 5 minuten", "Fries",
		`href="/bibliotheek/onderwerp/zee" lang="">Zee`, `<p dir="auto">Tweede &lt;alinea&gt;.</p>`, "Je kunt het helemaal beluisteren.", "Je kunt meelezen terwijl het wordt voorgelezen.", "geen flitsen", "Meer uit De Kustreeks", "Het tiende", "Meer van Tess Okkinga", "De robot die wilde voorlezen", "<dd>2026</dd>", "ob-drawn--audio")
	if strings.Contains(a.body, "nonsense") || strings.Contains(a.body, "synchronized") {
		t.Error("a term of the vocabulary stands on the page")
	}
	b.get("/titel/"+id+"?taal=en").want(t, 200, "Part 2 of", "Western Frisian", "You can listen to all of it.")
	if a := b.get("/serie/de-kustreeks?taal=nl").want(t, 200, "deel 10 van De Kustreeks"); strings.Index(a.body, "Het tweede") > strings.Index(a.body, "Het tiende") {
		t.Error("part 10 stands before part 2")
	}
}

// The catalogue as people see it: the samples with their covers, and some
// thousands of titles that have none.
func TestSubjectsAndRightsAreInTheLanguageOfThePage(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	path := "/titel/" + h.ids["Pluis en de maan"]
	b := h.browser()
	b.get(path).want(t, 200, `<a href="/bibliotheek/onderwerp/kinderboeken">Kinderboeken`, "<dd>Op dit werk rust geen auteursrecht.")
	b.get(path+"?taal=en").want(t, 200, "<dd>There is no copyright on this work.", `<a href="/bibliotheek/onderwerp/kinderboeken">Children’s books`)
	b.get("/onderwerp/kinderboeken").want(t, 200, "<h1>Children’s books")
	b.get("/onderwerpen?letter=d").want(t, 200, `lang="" dir="auto">Drenthe`) // as the book has it
	b.get("/onderwerpen?letter=c").want(t, 200, "Children’s books")
}

func TestTheCatalogueInABrowser(t *testing.T) {
	b := webtest.Start(t)
	h := newHouse(t, sqldbtest.New(t), with{titles: 800, popular: loans, dist: bundle})
	if err := h.db.InTx(t.Context(), func(tx *sqldb.Tx) error { return indextest.Lend(tx, 800) }); err != nil {
		t.Fatal(err)
	}
	h.provider.Person = zoe("2027-11-30")
	home := h.URL + "/bibliotheek"
	plain := b.Person(t)
	plain.NoScript()
	plain.Visit(home)
	plain.Fill("Zoek een titel, schrijver of onderwerp", "geheim")
	plain.Press("Zoeken")
	plain.WantURL("/zoeken?zoek=geheim")
	plain.Press("Titel")
	plain.WantURL("volgorde=titel")
	p := b.Person(t)
	p.Visit(home)
	p.Want("Populair", "Voor kinderen", "Kies een onderwerp")
	p.Look("catalogue-home")
	p.Press("Nieuw")
	p.Want("1 tot en met 24")
	p.Look("catalogue-new")
	p.Visit(home + "/nieuw?leestaal=en")
	p.Want("Toon weer alles")
	p.Press("Volgende bladzijde ›")
	p.WantURL("pagina=2")
	p.Fill("Zoek een titel, schrijver of onderwerp", "het geheim van de maan")
	p.Press("Zoeken")
	p.Look("catalogue-search")
	p.Visit(home + "/zoeken?zoek=geschiedennis")
	p.Want("Zocht je naar geschiedenis?")
	p.Look("catalogue-meant")
	p.Visit(home + "/zoeken?zoek=qqqqq")
	p.Want("We vonden niets", "Misschien vind je dit leuk")
	p.Look("catalogue-nothing")
	p.Visit(home + "/onderwerpen")
	p.Look("catalogue-subjects")
	p.Visit(home + "/schrijvers?letter=v")
	p.Look("catalogue-authors")
	p.Visit(home + "/populair")
	p.Language("en")
	p.Look("catalogue-popular-en")
	p.Language("nl")
	first := webtest.Eval[string](p, `document.querySelector('.ob-grid a').href`)
	p.Visit(first)
	p.Look("catalogue-title")
	p.Visit(home + "/titel/" + h.ids["De robot die wilde voorlezen"])
	p.Look("catalogue-audiobook")
}

func TestWordsThatNameAListLeadThere(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{titles: 600})
	b := h.browser()
	for search, to := range map[string]string{
		"luisterboeken": "/luisterboeken", "E-books": "/e-books", "voor kinderen": "/jeugd", "Engelse boeken": "/titels?leestaal=en", "english audiobooks for children": "/luisterboeken?jeugd=ja&leestaal=en",
		"kinderboek geheim": "/zoeken?jeugd=ja&zoek=geheim", "kinderboek xqzwv": "/zoeken?zoek=kinderboek+xqzwv", `"luisterboek"`: "/zoeken?zoek=%22luisterboek%22", "geheim": "/zoeken?zoek=geheim",
	} {
		a := b.get("/zoeken?zoek="+url.QueryEscape(search)).want(t, 200)
		if at := strings.TrimPrefix(a.Request.URL.RequestURI(), "/bibliotheek"); at != to {
			t.Errorf("%q leads to %s, want %s", search, at, to)
		}
		if asked := !strings.Contains(to, "zoek="+url.QueryEscape(search)); asked != strings.Contains(a.body, "Daarom zie je deze lijst") {
			t.Errorf("%q: it says why: %v", search, !asked)
		}
	}
	b.get("/zoeken?zoek=kinderen&soort=luisterboek&pagina=3").want(t, 200, "Je zocht op ‘kinderen’", "tussen aanhalingstekens: &#34;kinderen&#34;")
}

package reading_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/web/reading"
)

const bus = "De laatste bus naar Zweeloo"

func TestTheShelfIsForEveryone(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	b := h.browser()
	b.get("").want(t, 200, bus, "Pluis en de maan", "The Night Librarian", "De robot die wilde voorlezen", "Inloggen")
	b.get("/?zoek=maan").want(t, 200, "Pluis", "1 titel")
	b.get("/?zoek=bestaatniet").want(t, 200, "We vonden niets", "Kies een onderwerp")
	if a := b.get("/?soort=luisterboek").want(t, 200, "De robot"); strings.Contains(a.body, bus) {
		t.Error("an e-book among the audiobooks")
	}
	b.get("/?taal=en").want(t, 200, "Sign in", "Read and listen")
	b.get("/?taal=nl")
	b.get("/titel/"+h.ids[bus]).want(t, 200, "Wieke Roelfs", "Inloggen om te lenen", "Inhoud", "Toegankelijkheid", "Je mag het vrij gebruiken en delen")
	b.get("/titel/nope").want(t, 404)
	if a := b.get("/omslag/"+h.ids[bus]).want(t, 200); a.Header.Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(a.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("a cover comes as %v", a.Header)
	}
	b.get("/omslag/nope").want(t, 404)
}

func TestAReaderBorrowsReadsAndReturns(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db, with{})
		h.provider.Person = zoe("2027-11-30")
		b, id := h.browser(), h.ids[bus]
		b.get("/inloggen?naar=/bibliotheek/titel/"+id).want(t, 200, "Uitloggen", "Lenen", bus)
		b.get("/lezen/"+id).want(t, 200, "Je hebt deze titel nu niet geleend")
		b.post("/titel/"+id+"/lenen").want(t, 200, "Geleend", "Lezen", "nog 21 dagen", "14 december 2026")
		b.get("/mijn-boeken").want(t, 200, bus, "Teruggeven", "nog 21 dagen")
		// Without the bundle the reader opens as plain chapters.
		first := b.get("/lezen/"+id).want(t, 200, bus, "deel 1 van 5")
		if !strings.HasSuffix(first.Request.URL.Path, "/hoofdstuk/1") || strings.Contains(first.body, "Open in de lezer") {
			t.Errorf("opened at %s", first.Request.URL)
		}
		b.get("/lezen/"+id+"/hoofdstuk/2").want(t, 200, "Om tien voor twaalf stond Harm", "Volgende")
		b.get("/lezen/"+id+"/hoofdstuk/5").want(t, 200, "Uitgelezen", "CC0 1.0")
		b.get("/lezen/"+id+"/hoofdstuk/3").want(t, 200, "mevrouw Ottens")
		for _, n := range []string{"0", "6", "x", "-1"} {
			b.get("/lezen/"+id+"/hoofdstuk/"+n).want(t, 404)
		}
		if a := b.get("/lezen/" + id); !strings.HasSuffix(a.Request.URL.Path, "/hoofdstuk/3") {
			t.Errorf("opened again at %s, want chapter 3", a.Request.URL)
		}
		b.get("").want(t, 200, "Verder waar je was")
		b.post("/titel/"+id+"/teruggeven").want(t, 200, "Teruggegeven: "+bus)
		b.get("/lezen/"+id+"/hoofdstuk/2").want(t, 200, "Je hebt deze titel nu niet geleend")
		b.get("/boek/"+id+"/EPUB/cover.jpg").want(t, 403)
	})
}

func TestWhoMayNotBorrowHearsWhyAndWhatToDo(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	id := h.ids[bus]
	for name, c := range map[string]struct {
		person map[string]any
		want   string
	}{
		"ended": {zoe("2026-10-31"), "Je abonnement bij Bind bibliotheken is afgelopen."},
		"paper": {map[string]any{"sub": "p", "memberships": []map[string]any{{"organisation_name": "Bind bibliotheken", "name": "Basis", "rights": []string{"physical"}, "state": "active"}}},
			"Met je abonnement Basis kun je geen e-books of luisterboeken lenen. Vraag bij Bind bibliotheken"},
		"upcoming": {map[string]any{"sub": "u", "memberships": []map[string]any{{"organisation_name": "Bind bibliotheken", "name": "Digital only", "rights": []string{"digital"},
			"valid_from": "2026-12-01", "valid_through": "2027-11-30", "state": "upcoming"}}},
			"Je abonnement bij Bind bibliotheken begint op 1 december 2026. Vanaf die dag kun je lenen."},
		"none": {map[string]any{"sub": "n", "memberships": []any{}}, "Bij dit inlogaccount hoort geen lidmaatschap"},
	} {
		h.provider.Person = c.person
		b := h.browser()
		b.get("/inloggen").want(t, 200, "Uitloggen")
		if a := b.post("/titel/"+id+"/lenen").want(t, 403, "Lenen lukt nu niet", c.want); strings.Contains(a.body, "{0}") {
			t.Errorf("%s: an empty place in the sentence", name)
		}
		if a := b.get("/mijn-boeken").want(t, 200, c.want); name == "ended" {
			a.want(t, 200, `/inschrijven/">Word opnieuw lid`)
			if strings.Contains(a.body, "31 oktober") || strings.Contains(a.body, "Verleng") {
				t.Error("a membership that is over is told with a day, or to be renewed")
			}
		}
		home := b.get("/").want(t, 200, c.want)
		if strings.Index(home.body, c.want) > strings.Index(home.body, "<h1") {
			t.Errorf("%s: the reason does not stand on top of the home page", name)
		}
		if a := b.get("/mijn-boeken"); strings.Contains(a.body, "druk op Lenen") {
			t.Errorf("%s: who cannot borrow is told to", name)
		}
		if name == "paper" {
			for _, path := range []string{"/", "/mijn-boeken", "/titel/" + id} {
				if a := b.get(path).want(t, 200, `Zo bereik je je bibliotheek: Bind bibliotheken, <a href="tel:0592000000">0592 000 000</a>, <a href="mailto:info@bind.example">`); strings.Contains(a.body, `/mijn/#gegevens"`) {
					t.Errorf("%s leads to another door for a telephone number", path)
				}
			}
			b.get("/?taal=en").want(t, 200, "How to reach your library: Bind bibliotheken")
		}
		b.get("/titel/"+id+"/lenen").want(t, 200, bus) // a reload of the refusal asks for nothing
	}
}

// Who has to ask the library hears where that is, by what is known at that moment.
func TestARefusedReaderHearsWhereTheLibraryIs(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		where := reading.Desk{Address: "Brink 1, 9401 HS Assen", Site: "https://bind.example/"}
		asked := 0
		h := newHouse(t, db, with{desk: func(*sqldb.Tx) (reading.Desk, error) { asked++; return where, nil }})
		h.provider.Person = map[string]any{"sub": "p", "memberships": []map[string]any{{"organisation_name": "Bind bibliotheken", "name": "Basis", "rights": []string{"physical"}, "state": "active"}}}
		b := h.browser()
		b.get("/inloggen")
		for _, path := range []string{"/", "/mijn-boeken", "/titel/" + h.ids[bus]} {
			b.get(path).want(t, 200, `<a href="tel:0592000000">0592 000 000</a>`, "<p>Adres: Brink 1, 9401 HS Assen</p>", `<a href="https://bind.example/">Vestigingen en openingstijden`)
		}
		b.get("/mijn-boeken?taal=en").want(t, 200, "Address: Brink 1", "Branches and opening hours")
		where = reading.Desk{}
		if a := b.get("/mijn-boeken?taal=nl").want(t, 200, "Zo bereik je je bibliotheek: "); strings.Contains(a.body, "Adres:") || strings.Contains(a.body, "openingstijden") {
			t.Errorf("what is not known is told: %s", onlyText(a.body))
		}
		// Nobody else's page asks for it.
		h.provider.Person = zoe("2027-11-30")
		before, well := asked, h.browser()
		well.get("/inloggen")
		for _, path := range []string{"/", "/mijn-boeken", "/titel/" + h.ids[bus]} {
			well.get(path).want(t, 200)
		}
		if asked != before {
			t.Error("the address is asked for who may borrow")
		}
	})
}

func TestTheEleventhEBookIsRefused(t *testing.T) {
	var more [][]byte
	for _, name := range []string{"een", "twee", "drie", "vier", "vijf", "zes"} {
		more = append(more, epub(t, name, `<p>Tekst</p>`))
	}
	h := newHouse(t, sqldbtest.New(t), with{epubs: more})
	h.provider.Person = zoe("2027-11-30")
	b := h.browser()
	b.get("/inloggen")
	lent := 0
	for name, id := range h.ids {
		if name == "De robot die wilde voorlezen" {
			continue
		}
		if a := b.post("/titel/" + id + "/lenen"); a.StatusCode == 200 {
			lent++
		} else {
			a.want(t, 403, "Je hebt al 10 e-books geleend")
		}
	}
	if lent != 10 || len(h.ids) != 12 {
		t.Errorf("%d of %d lent, want 10", lent, len(h.ids)-1)
	}
	b.post("/titel/"+h.ids["De robot die wilde voorlezen"]+"/lenen").want(t, 200, "Luisteren")
}

func TestRightsAreAskedAgainAfterAQuarterOfAnHour(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	h.provider.Person = zoe("2027-11-30")
	b, id := h.browser(), h.ids[bus]
	b.get("/inloggen").want(t, 200)
	asked := func() int { h.provider.mu.Lock(); defer h.provider.mu.Unlock(); return len(h.provider.Asked) }

	h.pass(15*time.Minute - time.Second)
	b.get("/titel/"+id).want(t, 200, bus)
	if asked() != 1 {
		t.Error("fresh rights were asked again")
	}
	h.pass(time.Second)
	b.get("/titel/"+id).want(t, 200, bus, "Lenen")
	if asked() != 2 || h.provider.Asked[1].Get("prompt") != "none" {
		t.Errorf("asked %d times, want a second and silent time", asked())
	}
	// Before an act as well: the membership ended meanwhile.
	h.pass(16 * time.Minute)
	h.provider.Person = zoe("2026-11-22")
	b.post("/titel/"+id+"/lenen").want(t, 403, "Je abonnement bij Bind bibliotheken is afgelopen")
	// Renewed at the desk, and borrowed on the way back.
	h.pass(16 * time.Minute)
	h.provider.Person = zoe("2027-11-30")
	b.post("/titel/"+id+"/lenen").want(t, 200, "Geleend")
	if asked() != 4 {
		t.Errorf("asked %d times, want 4", asked())
	}
	// Files of a book are never sent over the sign-on.
	h.pass(16 * time.Minute)
	b.get("/boek/"+id+"/EPUB/cover.jpg").want(t, 200)
	b.get("/mijn-boeken", "Sec-Fetch-Mode", "cors").want(t, 200, bus)
	if asked() != 4 {
		t.Error("a picture was sent to the sign-on")
	}
	// Signed out there means signed out here.
	h.provider.Person = nil
	b.get("").want(t, 200, "Je bent uitgelogd bij je inlogaccount", "Inloggen")
}

func TestASignOnInTroubleStopsNobodyFromReading(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	h.provider.Down = true
	b, id := h.browser(), h.ids[bus]
	b.get("/inloggen").want(t, 503, "Inloggen lukt nu even niet")
	b.get("").want(t, 200, bus)
	h.provider.Down = false
	b.get("/inloggen").want(t, 503) // it is left in peace for a moment
	h.pass(3 * time.Second)
	h.provider.Person = zoe("2027-11-30")
	b.get("/inloggen").want(t, 200, "Uitloggen")
	b.post("/titel/"+id+"/lenen").want(t, 200, "Geleend")
	h.provider.Close()
	b.get("/lezen/"+id+"/hoofdstuk/2").want(t, 200, "Harm")
	b.post("/titel/"+id+"/teruggeven").want(t, 200, "Teruggegeven")
}

func TestAForgedAnswerOfTheSignOnIsRefused(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	h.provider.Person = zoe("2027-11-30")
	signedIn := func(b *browser) bool { return strings.Contains(b.get("").body, "Uitloggen") }

	b := h.browser()
	h.provider.Iss = "https://evil.example"
	b.get("/inloggen").want(t, 403, "Het inloggen is niet gelukt")
	h.provider.Iss, h.provider.Nonce = "", "another question"
	b.get("/inloggen").want(t, 403)
	h.provider.Nonce = ""
	b.get("/terug?code=x&state=0123456789abcdef0123&iss="+url.QueryEscape(h.provider.URL)).want(t, 410, "duurde te lang, of het was al klaar")
	b.get("/terug").want(t, 410)
	if signedIn(b) {
		t.Fatal("a forged answer opened a session")
	}

	// The answer to somebody else's sign-in, slipped into this browser.
	other := h.browser()
	var back string
	other.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.Contains(r.URL.Path, "/terug") {
			back = r.URL.String()
			return http.ErrUseLastResponse
		}
		return nil
	}
	other.get("/inloggen")
	b.get(back).want(t, 410)
	if back == "" || signedIn(b) {
		t.Error("somebody else's sign-in opened a session here")
	}
	// Its own browser may use it, once.
	other.CheckRedirect = nil
	other.get(back).want(t, 200, "Uitloggen")
	if a := other.get(back).want(t, 200, "Uitloggen"); strings.Contains(a.Request.URL.Path, "terug") { // the Back button
		t.Errorf("a spent answer is shown at %s", a.Request.URL)
	}
	// Never out of this door afterwards.
	for _, to := range []string{"https://evil.example/", "//evil.example/", "/balie", `/bibliotheek/\evil.example`} {
		a := h.browser().get("/inloggen?naar=" + url.QueryEscape(to))
		if !strings.HasPrefix(a.Request.URL.String(), h.URL+"/bibliotheek") {
			t.Errorf("naar=%s leads to %s", to, a.Request.URL)
		}
	}
}

func TestSignInsThatNobodyFinishesDoNotFillTheBrowser(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	b := h.browser()
	b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	here, _ := url.Parse(h.URL)
	for range 20 {
		b.get("/inloggen?naar="+url.QueryEscape("/bibliotheek/?zoek="+strings.Repeat("x", 3000))).want(t, 303)
	}
	size, last := 0, ""
	for _, c := range b.Jar.Cookies(here) {
		size += len(c.String())
		last = c.String()
	}
	if n := len(b.Jar.Cookies(here)); n != 4 || size > 4000 {
		t.Errorf("%d cookies of %d bytes together; the last is %s", n, size, last)
	}
	// The sign-in that was begun last goes on, to the start of the door.
	h.provider.Person = zoe("2027-11-30")
	b.CheckRedirect = nil
	if a := b.get("/inloggen?naar="+url.QueryEscape("/bibliotheek/?zoek="+strings.Repeat("x", 3000))).want(t, 200, "Uitloggen"); a.Request.URL.RawQuery != "" {
		t.Errorf("back at %s", a.Request.URL)
	}
}

func TestSigningOutIsForAllDoors(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	h.provider.Person = zoe("2027-11-30")
	b := h.browser()
	b.get("/inloggen").want(t, 200, "Uitloggen")
	b.post("/uitloggen").want(t, 200, "Je bent uitgelogd", "Inloggen")
	if h.provider.Person != nil {
		t.Error("still signed in at the sign-on")
	}
	b.post("/titel/"+h.ids[bus]+"/lenen").want(t, 401, "Je bent niet (meer) ingelogd")
}

func TestSoundComesInPiecesAndOnlyDuringTheLoan(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	h.provider.Person = zoe("2027-11-30")
	b, id := h.browser(), h.ids["De robot die wilde voorlezen"]
	sound := "/boek/" + id + "/01.mp3"
	b.get(sound).want(t, 403)
	b.get("/inloggen")
	b.get(sound).want(t, 403)
	b.post("/titel/"+id+"/lenen").want(t, 200, "Luisteren")
	page := b.get("/luisteren/"+id).want(t, 200, "<audio controls", "Hoofdstuk 2. De oefening", "Lees mee", "koffiezetapparaat")
	if strings.Count(page.body, "<audio") != 3 {
		t.Error("want three tracks that play without script")
	}
	a := b.get(sound, "Range", "bytes=1000-1999").want(t, 206)
	if len(a.body) != 1000 || a.Header.Get("Content-Type") != "audio/mpeg" || a.Header.Get("Accept-Ranges") != "bytes" {
		t.Errorf("a piece of %d bytes, %v", len(a.body), a.Header)
	}
	b.get(sound, "Range", "bytes=99999999-").want(t, 416)
	b.get(sound, "If-None-Match", a.Header.Get("ETag")).want(t, 304)
	b.post("/plaats/"+id, "href", "02.mp3", "fragment", "t=12.5", "total", "0.5").want(t, 204)
	b.get("/luisteren/"+id).want(t, 200, `data-at="12.5"`)
	b.post("/plaats/"+id, "href", "02.mp3", "total", "NaN").want(t, 422)
	b.post("/plaats/"+h.ids[bus], "href", "x", "total", "0").want(t, 403)
	h.pass(22 * 24 * time.Hour)
	b.get("/inloggen")
	b.get(sound).want(t, 403)
}

func TestTheReaderPageStandsBehindItsWall(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{dist: bundle})
	h.provider.Person = zoe("2027-11-30")
	b, id := h.browser(), h.ids[bus]
	b.get("/inloggen")
	b.post("/titel/" + id + "/lenen")
	page := b.get("/lezen/"+id).want(t, 200, `type="module"`, "Weergave", "http-equiv=\"refresh\"")
	csp := page.Header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "script-src 'self';") || strings.Contains(csp, "'unsafe-eval'") || strings.Contains(csp, "script-src 'self' ") {
		t.Errorf("policy of the reader: %s", csp)
	}
	if elsewhere := b.get("").Header.Get("Content-Security-Policy"); strings.Contains(elsewhere, "unsafe-inline") {
		t.Errorf("policy of another page: %s", elsewhere)
	}
	script := regexpFind(page.body, `src="(/bibliotheek/lezer/[^"]+)"`)
	b.get(h.URL+script).want(t, 200, "// reader")
	b.get("/lezer/reader.js").want(t, 404)
	for _, name := range []string{"META-INF/container.xml", "lidwoord-package.opf", "lidwoord-nav.xhtml", "lidwoord-sizes.json", "EPUB/chapter-01.xhtml", "EPUB/style.css"} {
		a := b.get("/boek/"+id+"/"+name).want(t, 200)
		if !strings.HasPrefix(a.Header.Get("Content-Security-Policy"), "sandbox") || a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("Cache-Control") != "private, no-cache" {
			t.Errorf("%s comes with %v", name, a.Header)
		}
	}
	for _, name := range []string{"EPUB/package.opf", "EPUB/nav.xhtml", "mimetype", "..%2f..%2fetc/passwd", "EPUB/nope.xhtml"} {
		b.get("/boek/"+id+"/"+name).want(t, 404)
	}
	b.get("/lezen/"+id+"/hoofdstuk/1").want(t, 200, "Open in de lezer")
}

func TestSixteenClicksOnTheButtonBorrowOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db, with{})
		h.provider.Person = zoe("2027-11-30")
		b, id := h.browser(), h.ids[bus]
		b.get("/inloggen")
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() { b.post("/titel/"+id+"/lenen").want(t, 200, "Lezen") })
		}
		all.Wait()
		if a := b.get("/mijn-boeken"); strings.Count(a.body, `class="ob-loan"`) != 1 {
			t.Error("sixteen clicks made more than one loan")
		}
	})
}

// Every page in both languages, with and without a session.
func TestEveryPageIsComplete(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{dist: bundle})
	h.provider.Person = zoe("2027-11-30")
	in, out := h.browser(), h.browser()
	in.get("/inloggen")
	robot := h.ids["De robot die wilde voorlezen"]
	in.post("/titel/" + h.ids[bus] + "/lenen")
	in.post("/titel/" + robot + "/lenen")
	for _, lang := range []string{"nl", "en"} {
		for _, path := range []string{"/", "/?zoek=x", "/titel/" + h.ids[bus], "/titel/" + robot} {
			complete(t, out.get(path+map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")]+"taal="+lang))
		}
		for _, path := range []string{"/", "/mijn-boeken", "/titel/" + h.ids[bus], "/lezen/" + h.ids[bus], "/lezen/" + h.ids[bus] + "/hoofdstuk/2", "/luisteren/" + robot} {
			complete(t, in.get(path+"?taal="+lang))
		}
	}
}

// complete fails for a page that shows a key instead of a sentence.
func complete(t *testing.T, a answer) {
	t.Helper()
	a.want(t, 200)
	if key := regexpFind(onlyText(a.body), `((?:reading|party|loan|catalogue|kit)\.[a-z_]+)`); key != "" {
		t.Errorf("%s shows %s", a.Request.URL, key)
	}
}

package reading_test

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
)

const robot = "De robot die wilde voorlezen"

// child has a youth membership.
func child() map[string]any {
	return map[string]any{"sub": "fenna", "memberships": []map[string]any{{"organisation_name": "Bind bibliotheken", "name": "Jeugd digitaal",
		"rights": []string{"digital-youth"}, "state": "active"}}}
}

// loans counts the loans that run.
func (h *house) loans() (n int) {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT COUNT(*) FROM loan WHERE ended_at IS NULL`, nil, &n)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

func (h *house) in(f func(*sqldb.Tx) error) {
	h.t.Helper()
	if err := h.db.InTx(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

// The form that gives back may be sent for a title that the reader never had, by a page
// that lay open: nothing was given back, and what really was can still be had again.
func TestWhatOneNeverHadIsNotGivenBack(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db, with{})
		h.provider.Person = zoe("2027-11-30")
		b := h.browser()
		b.get("/inloggen")
		never := func() {
			t.Helper()
			if a := b.post("/titel/" + h.ids[bus] + "/teruggeven"); strings.Contains(a.body, "Teruggegeven: "+bus) || strings.Contains(a.body, "/titel/"+h.ids[bus]+"/lenen") {
				t.Error("a title that was never on loan is said to be given back, or offered again")
			}
		}
		never()
		var other string
		for name, id := range h.ids {
			if name != bus {
				other = id
			}
		}
		b.post("/titel/"+other+"/lenen").want(t, 200)
		b.post("/titel/"+other+"/teruggeven").want(t, 200, "Teruggegeven", "Toch niet terug?")
		never()
		b.get("/mijn-boeken").want(t, 200, "Toch niet terug?", "/titel/"+other+"/lenen")
		b.post("/titel/"+other+"/teruggeven").want(t, 200, "Teruggegeven", "Toch niet terug?") // a second click
	})
}

func TestSeventeenClicksOnTwoDevicesAreOneLoanAndOneExtension(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db, with{})
		h.provider.Person = zoe("2027-11-30")
		id := h.ids[bus]
		devices := []*browser{h.browser(), h.browser()}
		click := func(path string, pairs ...string) {
			t.Helper()
			var all sync.WaitGroup
			for _, b := range devices {
				b.get("/inloggen").want(t, 200)
			}
			for i := range 17 {
				all.Go(func() { devices[i%2].post(path, pairs...).want(t, 200, "Lezen") })
			}
			all.Wait()
		}
		click("/titel/" + id + "/lenen")
		if n := h.loans(); n != 1 {
			t.Errorf("seventeen clicks made %d loans", n)
		}
		h.pass(19 * 24 * time.Hour) // 12 December; the last day is the 14th
		click("/titel/"+id+"/verlengen", "tot", "2027-01-04")
		devices[0].get("/titel/"+id).want(t, 200, "4 januari 2027", "Je hebt deze titel al verlengd")
		if n := h.loans(); n != 1 {
			t.Errorf("after extending %d loans", n)
		}
	})
}

func TestALoanIsExtendedWhereItIsOffered(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db, with{})
		h.provider.Person = zoe("2027-11-30")
		b, id := h.browser(), h.ids[bus]
		verlengen := "/titel/" + id + "/verlengen"
		b.get("/inloggen")
		b.post("/titel/" + id + "/lenen")
		if a := b.get("/titel/"+id).want(t, 200, "Vanaf 12 december 2026 kun je verlengen"); strings.Contains(a.body, verlengen) {
			t.Error("offered on the first day")
		}
		b.post(verlengen, "tot", "2027-01-04").want(t, 403, "Verlengen lukt nu niet", "vanaf 12 december 2026")
		b.post(verlengen, "tot", "morgen").want(t, 200, bus)
		b.get(verlengen).want(t, 200, bus) // a reload of the refusal

		h.pass(19*24*time.Hour - time.Hour)
		b.get("/inloggen")
		b.post("/titel/" + h.ids[robot] + "/lenen")
		b.get("/titel/"+id).want(t, 200, "Verleng tot en met 4 januari 2027", "nog 2 dagen")
		if a := b.get("/mijn-boeken").want(t, 200, "Verleng tot en met 4 januari 2027"); strings.Index(a.body, bus) > strings.Index(a.body, robot) || strings.Count(a.body, "/verlengen") != 1 {
			t.Error("what can be extended does not stand on top, or more is offered")
		}
		b.get("/mijn-boeken?taal=en").want(t, 200, "Extend through 4 January 2027")
		b.get("/mijn-boeken?taal=nl")

		// The rights are asked at that moment: the membership ended this morning.
		h.pass(11 * time.Second)
		h.provider.Person = zoe("2026-12-11")
		b.post(verlengen, "tot", "2027-01-04").want(t, 403, "Verlengen lukt nu niet", "Je abonnement bij Bind bibliotheken is afgelopen", "Word opnieuw lid")
		if a := b.get("/titel/" + id); strings.Contains(a.body, verlengen) {
			t.Error("offered to who has no membership")
		}
		h.pass(16 * time.Minute)
		h.provider.Person = zoe("2027-11-30")
		b.post(verlengen, "tot", "2027-01-04").want(t, 200, "Verlengd tot en met 4 januari 2027", "nog 23 dagen", "al verlengd")
		b.get("/mijn-boeken").want(t, 200, "verlengd")
		h.pass(22 * 24 * time.Hour)
		b.get("/inloggen")
		if a := b.get("/titel/" + id); strings.Contains(a.body, verlengen) {
			t.Error("a second extension is offered")
		}
		b.post(verlengen, "tot", "2027-01-25").want(t, 403, "Deze titel is al verlengd")
		// Given back on another device.
		b.post("/titel/" + id + "/teruggeven")
		b.post(verlengen, "tot", "2027-01-25").want(t, 403, "Je hebt deze titel nu niet geleend")
	})
}

func TestTheEleventhIsRefusedWithTheShelfBesideIt(t *testing.T) {
	var more [][]byte
	for i := range 8 {
		more = append(more, epub(t, fmt.Sprint("Boek nummer ", i), `<p>Tekst</p>`))
	}
	h := newHouse(t, sqldbtest.New(t), with{epubs: more})
	h.provider.Person = zoe("2027-11-30")
	b := h.browser()
	b.get("/inloggen")
	for i := range 8 {
		b.post("/titel/"+h.ids[fmt.Sprint("Boek nummer ", i)]+"/lenen").want(t, 200, "Lezen")
	}
	if a := b.get("/mijn-boeken").want(t, 200, "E-books: 8 van 10", "Luisterboeken: 0 van 10"); strings.Contains(a.body, "Wil je iets anders lenen") {
		t.Error("eight of ten are called full")
	}
	b.post("/titel/"+h.ids[bus]+"/lenen").want(t, 200, "Lezen")
	b.post("/titel/"+h.ids["Pluis en de maan"]+"/lenen").want(t, 200, "Lezen")
	b.get("/mijn-boeken").want(t, 200, "E-books: 10 van 10", "vol", "Wil je iets anders lenen? Geef dan eerst een titel terug")
	eleventh := "/titel/" + h.ids["Onder de es"]
	if a := b.get(eleventh).want(t, 200, "Je hebt al 10 e-books geleend", "Boek nummer 7", "Teruggeven", "Mijn boeken"); strings.Contains(a.body, eleventh+"/lenen") {
		t.Error("a button that can only refuse")
	}
	b.post(eleventh+"/lenen").want(t, 403, "Lenen lukt nu niet", "Je kunt er 10 tegelijk hebben. Geef er 1 terug", "Boek nummer 0", "/titel/"+h.ids[bus]+"/teruggeven")
	b.get("/titel/"+h.ids[robot]).want(t, 200, "Lenen") // audiobooks have room
	b.post("/titel/" + h.ids[bus] + "/teruggeven")
	b.post(eleventh+"/lenen").want(t, 200, "Geleend")
}

func TestAYouthMembershipOpensTheYouthCollection(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db, with{})
		h.provider.Person = child()
		b, pluis := h.browser(), h.ids["Pluis en de maan"]
		if a := b.get("").want(t, 200, bus); strings.Contains(a.body, "jeugdabonnement") {
			t.Error("a visitor sees the page for children")
		}
		b.get("/inloggen").want(t, 200, "Met je jeugdabonnement kies je uit deze titels", "Pluis en de maan")
		if a := b.get(""); strings.Contains(a.body, bus) {
			t.Error("the start page of a child begins with titles for grown-ups")
		}
		b.get("/?taal=en").want(t, 200, "With your youth membership")
		b.get("/?taal=nl")
		grown := "/titel/" + h.ids[bus]
		if a := b.get(grown).want(t, 200, "Met een jeugdabonnement leen je titels uit de jeugdcollectie", "Bekijk de titels voor kinderen"); strings.Contains(a.body, grown+"/lenen") {
			t.Error("a button that can only refuse")
		}
		b.post(grown+"/lenen").want(t, 403, "Met een jeugdabonnement", `/bibliotheek/jeugd">Bekijk`)
		b.get("/mijn-boeken").want(t, 200, "Kies een boek", "/jeugd", "10 e-books")
		b.post("/titel/"+pluis+"/lenen").want(t, 200, "Geleend")
		// Pages that are kept ready are not mixed up.
		h.provider.Person = zoe("2027-11-30")
		z := h.browser()
		z.get("/inloggen")
		if a := z.get("").want(t, 200, bus); strings.Contains(a.body, "jeugdabonnement") {
			t.Error("a grown-up sees the page for children")
		}
	})
}

// Titles that a child cannot borrow stand nowhere until they ask for them, and then
// each says so.
func TestAYouthMembershipBeginsWithWhatItLends(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	h.provider.Person = child()
	b := h.browser()
	b.get("/inloggen")
	for _, path := range []string{"", "/nieuw", "/populair", "/titels", "/e-books", "/luisterboeken", "/zoeken", "/zoeken?zoek=de", "/zoeken?zoek=bus", "/nieuw?soort=e-book", "/onderwerpen", "/schrijvers"} {
		if a := b.get(path).want(t, 200); strings.Contains(a.body, bus) || strings.Contains(a.body, "Lena Hofstede") {
			t.Errorf("%s shows a child what it cannot borrow", path)
		}
	}
	b.get("/titels").want(t, 200, "Pluis en de maan", "die je met je jeugdabonnement kunt lenen", `href="/bibliotheek/titels?jeugd=nee"`, "voor volwassenen zien")
	b.get("/zoeken?zoek=bus").want(t, 200, `href="/bibliotheek/zoeken?jeugd=nee&amp;zoek=bus"`, "Laat ook 1 titel voor volwassenen zien")
	b.get("").want(t, 200, `/titels?jeugd=nee">Bekijk alle`)
	a := b.get("/titels?jeugd=nee").want(t, 200, bus, "Pluis en de maan", "Die kun je met je jeugdabonnement niet lenen", "Laat alleen zien wat ik kan lenen")
	for _, card := range strings.Split(a.body, `<li class="ob-book`)[1:] {
		card, _, _ = strings.Cut(card, "</li>")
		if grown := !strings.Contains(card, "Pluis"); grown != strings.Contains(card, "Voor volwassenen") {
			t.Errorf("for grown-ups is %v:\n%s", grown, onlyText(card))
		}
	}
	b.get("/zoeken?zoek=bus&jeugd=nee").want(t, 200, bus, `name="jeugd" value="nee"`) // the next search goes on so
	for _, other := range []*browser{h.browser(), h.grownUp()} {
		if a := other.get("/titels").want(t, 200, bus); strings.Contains(a.body, "jeugd=nee") || strings.Contains(a.body, "Voor volwassenen") {
			t.Error("others see the list of a child")
		}
		other.get("/titels?jeugd=nee").want(t, 200, bus, "Pluis en de maan")
	}
}

func (h *house) grownUp() *browser {
	h.provider.Person = zoe("2027-11-30")
	b := h.browser()
	b.get("/inloggen")
	return b
}

func TestWhoIsRefusedForAMembershipMayLookAgain(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	h.provider.Person = zoe("2026-10-31")
	b, path := h.browser(), "/titel/"+h.ids[bus]
	b.get("/inloggen")
	if a := b.get("/lezen/"+h.ids[bus]).want(t, 200, "Je hebt deze titel nu niet geleend.", "Word opnieuw lid", "Zo bereik je je bibliotheek", "0592 000 000"); strings.Contains(a.body, "Druk op Lenen") {
		t.Error("who may not borrow is told to press Lenen")
	}
	if a := b.get(path).want(t, 200, "is afgelopen", "Word opnieuw lid", "We hebben dit zojuist bij je bibliotheek nagekeken"); strings.Contains(a.body, path+"/lenen") || strings.Contains(a.body, path+"/opnieuw") {
		t.Error("a button that can only refuse")
	}
	h.pass(time.Minute)
	if a := b.get(path).want(t, 200, "is afgelopen", path+"/opnieuw", "Kijk opnieuw"); strings.Contains(a.body, path+"/lenen") || strings.Contains(a.body, "zojuist") {
		t.Error("a button that can only refuse")
	}
	b.post(path+"/opnieuw").want(t, 200, "is afgelopen", "zojuist")
	h.pass(time.Minute)
	h.provider.Person = zoe("2027-10-31") // joined again meanwhile
	if a := b.post(path+"/opnieuw").want(t, 200, path+"/lenen"); strings.Contains(a.body, "afgelopen") || h.loans() != 0 {
		t.Error("who looks again is refused, or borrows")
	}
	b.post(path+"/lenen").want(t, 200, "Geleend")
	// Withdrawn is withdrawn, whatever the membership.
	h.provider.Person = map[string]any{"sub": "noor", "preferred_username": "n"}
	b = h.browser()
	b.get("/inloggen")
	h.in(func(tx *sqldb.Tx) error { return catalogue.Withdraw(tx, "command", h.ids[bus], "") })
	h.pass(time.Minute)
	if a := b.get(path).want(t, 200, "Deze titel wordt niet meer uitgeleend"); strings.Contains(a.body, "/opnieuw") || strings.Contains(a.body, "lidmaatschap") {
		t.Error("a membership is asked for what nobody can borrow")
	}
}

func TestAWithdrawnTitleSaysSo(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	h.provider.Person = zoe("2027-11-30")
	b, path := h.browser(), "/titel/"+h.ids[bus]
	b.get("/inloggen")
	b.post(path + "/lenen")
	h.in(func(tx *sqldb.Tx) error { return catalogue.Withdraw(tx, "command", h.ids[bus], "") })
	h.pass(3 * time.Second)
	b.get(path).want(t, 200, "Lezen") // who has it keeps it
	if a := h.browser().get(path).want(t, 200, "Deze titel wordt niet meer uitgeleend"); strings.Contains(a.body, "Inloggen om te lenen") {
		t.Error("one is asked to sign in for nothing")
	}
	h.pass(21 * 24 * time.Hour)
	b.get("/inloggen")
	if a := b.get(path).want(t, 200, "Lezen", "laatste dag"); strings.Contains(a.body, "/verlengen") {
		t.Error("what is withdrawn can be extended")
	}
	b.post(path + "/teruggeven")
	if a := b.get(path).want(t, 200, "Deze titel wordt niet meer uitgeleend"); strings.Contains(a.body, path+"/lenen") {
		t.Error("a button that can only refuse")
	}
	b.post(path+"/lenen").want(t, 403, "Lenen lukt nu niet", "niet meer uitgeleend")
}

func TestWhoIsSorryHasTheBookAgainWhereTheyWere(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db, with{})
		h.provider.Person = zoe("2027-11-30")
		b, path, read := h.browser(), "/titel/"+h.ids[bus], "/lezen/"+h.ids[bus]
		b.get("/inloggen")
		b.post(path + "/lenen")
		b.get(read + "/hoofdstuk/3")
		b.get(path+"/teruggeven").want(t, 200, "nog 10 minuten")
		b.post(path+"/teruggeven").want(t, 200, "Teruggegeven: "+bus, "Toch niet terug?", "op de plek waar je was", "Leen opnieuw", "Dat kan nog tot 12.10 uur", `role="status" tabindex="-1" data-focus`)
		b.get(path).want(t, 200, "Leen je hem nu weer, dan krijg je hem met de plek waar je was. Dat kan nog tot 12.10 uur.")
		h.browser().get(path).want(t, 200)
		b.post(path + "/teruggeven") // a second click forgets nothing
		if n := readersKept(t, h); n != 0 {
			t.Errorf("%d readers are kept after giving back", n)
		}
		// The next person at this computer learns nothing of it.
		other := h.browser()
		copyCookies(t, h, b, other)
		h.provider.Person = child()
		other.get("/inloggen")
		if a := other.get("/mijn-boeken"); strings.Contains(a.body, bus) {
			t.Error("somebody else sees what was given back")
		}
		h.provider.Person = zoe("2027-11-30")
		b.get("/mijn-boeken?taal=en").want(t, 200, "Not back after all?")
		b.get("/mijn-boeken?taal=nl")
		b.post(path+"/lenen").want(t, 200, "Geleend", "Verder lezen")
		b.get("/mijn-boeken/gegevens").want(t, 200, "Dat was op "+day.Moment(db.Now(), words.NL)+".")
		if a := b.get(read); !strings.HasSuffix(a.Request.URL.Path, "/hoofdstuk/3") {
			t.Errorf("opened again at %s, want chapter 3", a.Request.URL)
		}
		if a := b.get("/mijn-boeken"); strings.Contains(a.body, "Toch niet terug?") {
			t.Error("what is on the shelf is offered again")
		}
		// After some minutes the place is gone everywhere.
		b.post(path+"/teruggeven").want(t, 200, "Toch niet terug?")
		h.pass(10 * time.Minute)
		if a := b.get("/mijn-boeken"); strings.Contains(a.body, "Toch niet terug?") {
			t.Error("offered for ever")
		}
		b.post(path + "/lenen")
		if a := b.get(read); !strings.HasSuffix(a.Request.URL.Path, "/hoofdstuk/1") {
			t.Errorf("opened after long at %s, want chapter 1", a.Request.URL)
		}
	})
}

func readersKept(t *testing.T, h *house) (n int) {
	t.Helper()
	h.in(func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT COUNT(reader) FROM loan`, nil, &n)
		return err
	})
	return n
}

// copyCookies gives one browser what another keeps, but for its session.
func copyCookies(t *testing.T, h *house, from, to *browser) {
	t.Helper()
	at, err := url.Parse(h.URL)
	if err != nil {
		t.Fatal(err)
	}
	to.Jar, _ = cookiejar.New(nil)
	var kept []*http.Cookie
	for _, c := range from.Jar.Cookies(at) {
		if !strings.HasSuffix(c.Name, "-sessie") {
			kept = append(kept, c)
		}
	}
	to.Jar.SetCookies(at, kept)
}

// What ended counts, and names nobody, also in what the door writes to its log.
func TestALoanLeavesNoNameInTheLog(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	h.provider.Person = zoe("2027-11-30")
	b, path := h.browser(), "/titel/"+h.ids[bus]
	b.get("/inloggen")
	b.post(path + "/lenen")
	b.get("/lezen/" + h.ids[bus] + "/hoofdstuk/2")
	b.get("/boek/" + h.ids[bus] + "/EPUB/cover.jpg")
	b.get("/zoeken?zoek=zweeloo")
	b.post(path+"/verlengen", "tot", "2027-01-04")
	b.post(path + "/teruggeven")
	reader := string(loan.ReaderOf(h.db.Box, h.provider.URL, "zoe"))
	for _, secret := range []string{h.ids[bus], bus, "zweeloo", reader, "20000000000017", "sub=zoe"} {
		if text := h.log.String(); strings.Contains(text, secret) || text == "" {
			t.Errorf("the log holds %q:\n%.2000s", secret, text)
		}
	}
}

func TestWhoIsSorryHasTheirBookmarksAgain(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db, with{})
		h.provider.Person = zoe("2027-11-30")
		b, path, marks := h.browser(), "/titel/"+h.ids[bus], "/bladwijzers/"+h.ids[bus]
		b.get("/inloggen")
		words := func(n int) string { // prose is hardly squeezed
			text := sha256.Sum256(fmt.Append(nil, n))
			return hex.EncodeToString(text[:])[:60] + " " + hex.EncodeToString(text[:])[:50]
		}
		for _, c := range []struct {
			put, back      int
			chapter, asked string
			whole          string // words of the first bookmark that come back
		}{
			{3, 3, "Twee", "Dan vind je ze op dit apparaat", words(0)},
			{200, 200, "Twee", "Dan vind je ze op dit apparaat", ""}, // without their words
			{200, 0, "", "Je bladwijzers niet: het zijn er te veel", ""},
		} {
			b.post(path + "/lenen")
			for n := range c.put {
				b.do("POST", marks, url.Values{"href": {"EPUB/chapter-02.xhtml"}, "fragment": {fmt.Sprintf("epubcfi(/6/6!/4/%d,/1:0,/3:%d)", 2*n, n*n%517)},
					"total": {fmt.Sprint(.4 + float64(n)/1000)}, "chapter": {cmp.Or(c.chapter, words(n))}, "words": {words(n)}}, "Accept", "application/json").want(t, 200)
			}
			b.get(path+"/teruggeven").want(t, 200, c.asked)
			back := b.post(path+"/teruggeven").want(t, 200, "Toch niet terug?")
			if has := strings.Contains(back.body, "met je bladwijzers"); has != (c.back > 0) {
				t.Errorf("%d bookmarks: promised %v", c.put, has)
			}
			b.post(path + "/teruggeven") // a second click forgets nothing
			var left int
			if err := db.Read(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.One(`SELECT COUNT(*) FROM bookmark`, nil, &left); return err }); err != nil || left != 0 {
				t.Errorf("%d bookmarks are kept after giving back, %v", left, err)
			}
			b.post(path+"/lenen").want(t, 200, "Geleend")
			list := b.get(marks).want(t, 200, c.whole)
			if n := strings.Count(list.body, `"id"`); n != c.back {
				t.Errorf("of %d bookmarks %d came back, want %d", c.put, n, c.back)
			}
			b.post(path + "/teruggeven")
			h.pass(11 * time.Minute)
			b.get("/inloggen")
		}
	})
}

// Only the browser that gave a title back knows the place in it, also when the title
// was borrowed again elsewhere.
func TestALoanOfAnotherDeviceGetsItsPlaceBack(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db, with{})
		h.provider.Person = zoe("2027-11-30")
		tablet, phone, id := h.browser(), h.browser(), h.ids[bus]
		path, back := "/titel/"+id, "/titel/"+id+"/terugzetten"
		begin := func() {
			t.Helper()
			tablet.get("/inloggen")
			phone.get("/inloggen")
			tablet.post(path + "/lenen")
			tablet.post("/plaats/"+id, "href", "EPUB/chapter-03.xhtml", "total", "0.5", "by", "t")
			tablet.do("POST", "/bladwijzers/"+id, url.Values{"href": {"EPUB/chapter-02.xhtml"}, "total": {"0.3"}, "words": {"Het regende"}}, "Accept", "application/json").want(t, 200)
			tablet.post(path+"/teruggeven").want(t, 200, "met je bladwijzers")
			phone.get(path).want(t, 200)
			phone.post(path+"/lenen").want(t, 200, "Geleend")
		}
		begin()
		if a := phone.post(back); strings.Contains(a.body, "Je bent weer") {
			t.Error("a device that kept nothing brings something back")
		}
		tablet.get("/mijn-boeken?taal=en").want(t, 200, "Bring back your place and bookmarks")
		tablet.get("/mijn-boeken?taal=nl").want(t, 200, "Zet je plek en bladwijzers terug", "opnieuw op een ander apparaat", "Dat kan nog tot", back)
		tablet.post(back).want(t, 200, "Je bent weer waar je was", "Verder lezen")
		phone.get("/plaats/"+id).want(t, 200, "chapter-03")
		phone.get("/bladwijzers/"+id).want(t, 200, "Het regende")
		if a := tablet.get("/mijn-boeken").want(t, 200, "50 %"); strings.Contains(a.body, back) {
			t.Error("offered again")
		}
		phone.post(path + "/teruggeven")

		// Who read on there keeps that, and nothing comes after ten minutes.
		begin()
		phone.post("/plaats/"+id, "href", "EPUB/chapter-01.xhtml", "total", "0.1", "by", "p")
		if a := tablet.get("/mijn-boeken"); strings.Contains(a.body, back) {
			t.Error("offered to who read on")
		}
		if a := tablet.post(back).want(t, 200, bus); strings.Contains(a.body, "Je bent weer") {
			t.Error("done for who read on")
		}
		phone.get("/plaats/"+id).want(t, 200, "chapter-01")
		phone.post(path + "/teruggeven")
		phone = h.browser() // it kept its own
		begin()
		h.pass(10 * time.Minute)
		if a := tablet.get("/mijn-boeken"); strings.Contains(a.body, back) {
			t.Error("offered for ever")
		}
		tablet.post(back)
		if a := phone.get("/plaats/" + id); a.StatusCode != 204 {
			t.Error("done after ten minutes")
		}
	})
}

func TestSigningOutForgetsWhatWasGivenBack(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	h.provider.Person = zoe("2027-11-30")
	b, path := h.browser(), "/titel/"+h.ids[bus]
	b.get("/inloggen")
	b.post(path + "/lenen")
	b.post(path+"/teruggeven").want(t, 200, "Toch niet terug?")
	b.post("/uitloggen")
	at, _ := url.Parse(h.URL)
	for _, c := range b.Jar.Cookies(at) {
		if strings.HasSuffix(c.Name, "-terug") {
			t.Error("the browser still keeps it")
		}
	}
	h.provider.Person = zoe("2027-11-30")
	b.get("/inloggen")
	if a := b.get("/mijn-boeken").want(t, 200); strings.Contains(a.body, "Toch niet terug?") {
		t.Error("it is offered after signing out")
	}
}

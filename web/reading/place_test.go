package reading_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
)

func TestAnOlderPlaceIsAnsweredWithTheNewerOne(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db, with{})
		h.provider.Person = zoe("2027-11-30")
		b, id := h.browser(), h.ids[bus]
		at := "/plaats/" + id
		b.get(at, "Accept", "application/json").want(t, 401)
		b.get("/inloggen")
		b.get(at).want(t, 403)
		b.post("/titel/" + id + "/lenen")
		b.get(at).want(t, 204)
		b.post(at, "href", "EPUB/chapter-01.xhtml", "fragment", "epubcfi(/6/4)", "total", "0.5", "by", "tablet", "ago", "1000").want(t, 204)
		// What was read before that, arriving later, changes nothing and says so.
		b.post(at, "href", "EPUB/chapter-02.xhtml", "total", "0.2", "by", "phone", "ago", "60000").want(t, 200, `"href":"EPUB/chapter-01.xhtml"`, `"by":"tablet"`, `"ago":1000`)
		h.pass(time.Minute)
		// How long the loan still runs: until the night after 14 December.
		left := time.Date(2026, 12, 14, 23, 0, 0, 0, time.UTC).Sub(db.Now()).Milliseconds()
		b.get(at).want(t, 200, `"fragment":"epubcfi(/6/4)"`, `"ago":61000`, fmt.Sprintf(`"left":%d`, left))
		b.post(at, "href", "EPUB/chapter-02.xhtml", "total", "0.2", "by", "phone", "ago", "0").want(t, 204)
		b.get(at).want(t, 200, `"href":"EPUB/chapter-02.xhtml"`)
		for _, elsewhere := range []string{"", "x", "../EPUB/chapter-02.xhtml", "EPUB/chapter-02.xhtml#a", "https://evil.example/", "EPUB"} {
			b.post(at, "href", elsewhere, "total", "0.2", "by", "phone").want(t, 422)
		}
		for _, bad := range []string{"NaN", "2", "-1", "x", ""} {
			b.post(at, "href", "EPUB/chapter-02.xhtml", "total", bad).want(t, 422)
		}
		// The speed of a player travels with the place, when it is one.
		for _, speed := range []string{"0.1", "-1", "NaN", "1e999", "9"} {
			b.post(at, "href", "EPUB/chapter-02.xhtml", "total", "0", "speed", speed).want(t, 422)
		}
		for _, ago := range []string{"-5", "99999999999999999999", "9223372036854775807", "zo"} {
			if a := b.post(at, "href", "EPUB/chapter-03.xhtml", "total", "0", "by", "p", "ago", ago); a.StatusCode != 204 && a.StatusCode != 200 {
				t.Errorf("%s ago: %d", ago, a.StatusCode)
			}
		}
		b.post("/titel/" + id + "/teruggeven")
		b.post(at, "href", "EPUB/chapter-02.xhtml", "total", "0").want(t, 403)
	})
}

func TestBookmarksAtTheDoor(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db, with{})
		h.provider.Person = zoe("2027-11-30")
		b, id := h.browser(), h.ids[bus]
		at := "/bladwijzers/" + id
		b.get(at, "Accept", "application/json").want(t, 401)
		b.get("/inloggen")
		b.post(at, "href", "a", "total", "0").want(t, 403)
		b.post("/titel/" + id + "/lenen")
		if a := b.get(at).want(t, 200); a.body != "[]" || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("no bookmarks are %s, %s", a.body, a.Header.Get("Cache-Control"))
		}
		b.post(at, "href", "javascript:alert(1)", "total", "0").want(t, 422)
		form := url.Values{"href": {"EPUB/chapter-02.xhtml"}, "fragment": {"epubcfi(/6/6)"}, "total": {"0.4"}, "chapter": {"Twee"}, "words": {"Om tien voor twaalf <b>"}}
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() { b.do("POST", at, form, "Accept", "application/json").want(t, 200, `"chapter":"Twee"`) })
		}
		all.Wait()
		list := b.get(at).want(t, 200, "Om tien voor twaalf")
		if n := strings.Count(list.body, `"id"`); n != 1 {
			t.Errorf("sixteen clicks put %d bookmarks", n)
		}
		// Somebody else sees nothing of it.
		h.provider.Person = map[string]any{"sub": "ada", "memberships": zoe("2027-11-30")["memberships"]}
		other := h.browser()
		other.get("/inloggen")
		other.get(at).want(t, 200, "[]")

		// In the plain chapter view it is a link, and a button puts and takes one.
		page := b.get("/lezen/"+id+"/hoofdstuk/3").want(t, 200, "Bladwijzers", "Om tien voor twaalf &lt;b&gt;", "Zet een bladwijzer bij dit hoofdstuk")
		href, total := regexpFind(page.body, `name="href" value="([^"]+)"`), regexpFind(page.body, `name="total" value="([^"]+)"`)
		b.post(at, "number", "3", "href", href, "total", total, "chapter", "Drie").want(t, 200, "Haal de bladwijzer bij dit hoofdstuk weg", "deel 3 van 5")
		page = b.get("/lezen/"+id+"/hoofdstuk/3").want(t, 200, "Drie")
		away := regexpFind(page.body, `class="ob-chapter__mark" method="post" action="/bibliotheek([^"]+)"`)
		b.post(away, "number", "3").want(t, 200, "Zet een bladwijzer bij dit hoofdstuk")
		b.post(away, "number", "x").want(t, 200, "deel 1 van 5")
		b.post("/titel/" + id + "/teruggeven")
		h.pass(10 * time.Minute) // until then they come back with the loan
		b.post("/titel/" + id + "/lenen")
		b.get(at).want(t, 200, "[]")
	})
}

func TestPagesThatAreKeptReadyShowNobodyWhatIsOfAnother(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db, with{})
		id := h.ids[bus]
		title, chapter, picture := "/titel/"+id, "/lezen/"+id+"/hoofdstuk/3", "/boek/"+id+"/EPUB/cover.jpg"
		enter := func(sub string) *browser {
			h.provider.Person = map[string]any{"sub": sub, "memberships": zoe("2027-11-30")["memberships"]}
			b := h.browser()
			b.get("/inloggen").want(t, 200)
			return b
		}
		one, two, three := enter("one"), enter("two"), enter("three")
		for _, b := range []*browser{one, two} {
			b.post(title+"/lenen").want(t, 200, "Geleend")
			b.get(chapter).want(t, 200, "Zet een bladwijzer bij dit hoofdstuk")
		}
		part := regexpFind(two.get(chapter).body, `name="href" value="([^"]+)"`)
		one.post("/bladwijzers/"+id, "number", "3", "href", part, "total", "0.4", "chapter", "Van een").want(t, 200, "Haal de bladwijzer", "Van een")
		for range 2 { // made, and kept
			one.get(chapter).want(t, 200, "Haal de bladwijzer", "Van een")
			if a := two.get(chapter).want(t, 200, "Zet een bladwijzer"); strings.Contains(a.body, "Van een") {
				t.Error("a bookmark of somebody else stands in the chapter")
			}
			one.get(title).want(t, 200, "Teruggeven")
			one.get("/").want(t, 200, "Verder waar je was")
			if a := three.get(title).want(t, 200, title+"/lenen"); strings.Contains(a.body, "Teruggeven") {
				t.Error("a loan of somebody else stands at the title")
			}
			if a := three.get("/").want(t, 200); strings.Contains(a.body, "Verder waar je was") {
				t.Error("a loan of somebody else stands on the first page")
			}
			three.get(picture).want(t, 403)
			one.get(picture).want(t, 200)
		}
		one.post(title+"/teruggeven").want(t, 200)
		one.get(picture).want(t, 403)
		one.get(title).want(t, 200, title+"/lenen")
		two.get(picture).want(t, 200)
		two.get(title).want(t, 200, "Teruggeven")
		two.post("/uitloggen")
		two.get(picture).want(t, 403)
	})
}

func TestSoundIsSentAsPlayersAskIt(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	h.provider.Person = zoe("2027-11-30")
	b, id := h.browser(), h.ids[robot]
	sound := "/boek/" + id + "/01.mp3"
	b.get("/inloggen")
	b.post("/titel/" + id + "/lenen")
	whole := b.get(sound).want(t, 200)
	size := len(whole.body)
	tag := whole.Header.Get("ETag")
	for _, c := range []struct {
		header       []string
		status, size int
		piece        string
	}{
		{[]string{"Range", "bytes=0-"}, 206, size, fmt.Sprintf("bytes 0-%d/%d", size-1, size)},
		{[]string{"Range", "bytes=0-1"}, 206, 2, fmt.Sprintf("bytes 0-1/%d", size)},
		{[]string{"Range", "bytes=-100"}, 206, 100, fmt.Sprintf("bytes %d-%d/%d", size-100, size-1, size)},
		{[]string{"Range", "bytes=100-99999999"}, 206, size - 100, fmt.Sprintf("bytes 100-%d/%d", size-1, size)},
		{[]string{"Range", "bytes=0-99", "If-Range", tag}, 206, 100, fmt.Sprintf("bytes 0-99/%d", size)},
		{[]string{"Range", "bytes=0-99", "If-Range", `"another"`}, 200, size, ""},
		{[]string{"If-None-Match", tag}, 304, 0, ""},
	} {
		a := b.get(sound, c.header...).want(t, c.status)
		if len(a.body) != c.size || a.Header.Get("Content-Range") != c.piece {
			t.Errorf("%v: %d bytes, %q; want %d, %q", c.header, len(a.body), a.Header.Get("Content-Range"), c.size, c.piece)
		}
	}
	if a := b.get(sound, "Range", fmt.Sprintf("bytes=%d-", size)).want(t, http.StatusRequestedRangeNotSatisfiable); a.Header.Get("Content-Range") != fmt.Sprintf("bytes */%d", size) {
		t.Errorf("past the end: %v", a.Header)
	}
	head := b.do("HEAD", sound, nil).want(t, 200)
	if head.ContentLength != int64(size) || head.body != "" || head.Header.Get("Accept-Ranges") != "bytes" {
		t.Errorf("HEAD: %d, %v", head.ContentLength, head.Header)
	}
	b.post("/titel/" + id + "/teruggeven")
	b.do("HEAD", sound, nil).want(t, 403)
	b.get(sound, "Range", "bytes=0-1").want(t, 403)
}

// FuzzKeepPlace sends the door what a browser might: never an answer that is our
// fault.
func FuzzKeepPlace(f *testing.F) {
	f.Add("href=a&total=0.5&by=x&ago=5&fragment=t%3D1", true)
	f.Add("href=%ff&total=1e400&ago=-9", false)
	f.Add("total=0&chapter=%00&words=%0a", false)
	h := newHouse(f, sqldbtest.New(f), with{})
	h.provider.Person = zoe("2027-11-30")
	b, id := h.browser(), h.ids[bus]
	b.get("/inloggen")
	b.post("/titel/" + id + "/lenen")
	f.Fuzz(func(t *testing.T, body string, place bool) {
		at := "/bladwijzers/"
		if place {
			at = "/plaats/"
		}
		r, err := http.NewRequest("POST", h.URL+"/bibliotheek"+at+id, strings.NewReader(body))
		if err != nil {
			t.Skip()
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "application/json")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		res, err := b.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode >= 500 {
			t.Errorf("%q: %d", body, res.StatusCode)
		}
	})
}

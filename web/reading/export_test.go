package reading_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
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
		if strings.Contains(a.body, "Pluis") {
			t.Error("it holds somebody else's loan")
		}
		b.post("/titel/" + id + "/teruggeven")
		if a := b.do("POST", "/mijn-boeken/gegevens?taal=en", nil).want(t, 200, "What you borrowed before is not here"); strings.Contains(a.body, bus) {
			t.Error("what went back is still told")
		}
		if strings.Contains(h.log.String(), bus) {
			t.Error("the log knows")
		}
	})
}

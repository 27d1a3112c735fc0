package opds_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/catalogue"
)

// A new password, or signing out everywhere, ends an app within fifteen minutes, also
// one that only reads on.
func TestAnAppThatWasEndedReadsNoFurther(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		id := h.ids[pluis]
		h.app("GET", "/v2/titles/"+id+"/borrow").want(200)
		h.apps.set(nil, fault.New(fault.SignIn, "device.ended"))
		h.pass(7 * 24 * time.Hour)
		h.app("GET", "/v2/shelf").want(401)
		if a := h.app("GET", "/loans/"+id+"/manifest"); a.StatusCode != 401 {
			t.Errorf("a week after the sign-on ended the app it gets the manifest: %d", a.StatusCode)
		}
		if a := h.app("GET", "/loans/"+id+"/epub"); a.StatusCode != 401 {
			t.Errorf("and the whole book: %d", a.StatusCode)
		}
	})
}

// An app that asks for a file gets no loan of what has none.
func TestWhatIsRefusedIsNotLent(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		var audio string
		h.in(func(tx *sqldb.Tx) error {
			list, _, err := catalogue.Search(tx, catalogue.Query{Kind: catalogue.Audiobook})
			audio = list[0].ID
			return err
		})
		h.app("GET", "/loans/"+audio+"/epub?borrow=1").want(404)
		if a := h.app("GET", "/loans/"+audio+"/manifest"); a.StatusCode != 403 {
			t.Errorf("refused with 404, and lent all the same: %d", a.StatusCode)
		}
	})
}

// What was cleaned away by "titles import -again" with a better cleaner goes from apps too.
func TestATagChangesWithTheBytes(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		stacks := catalogue.Stacks{Dir: h.site.Settings.Stacks.Dir}
		publication := func(text string) *catalogue.Publication {
			p := &catalogue.Publication{Title: catalogue.Title{Digest: strings.Repeat("ab", 32), Kind: catalogue.EBook, Name: "Vies", Language: "nl", Identifier: "urn:x:1"},
				Manifest: catalogue.Manifest{Order: []catalogue.Part{{Href: "een.xhtml", Type: "application/xhtml+xml"}}}}
			p.Open = func(catalogue.Part) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader([]byte(text))), nil }
			return p
		}
		title, err := stacks.Retake(t.Context(), db, publication("<html xmlns='http://www.w3.org/1999/xhtml'>hostile</html>"))
		if err != nil {
			t.Fatal(err)
		}
		h.pass(10 * time.Second)
		h.app("GET", "/v2/titles/"+title.ID+"/borrow").want(200)
		path := "/loans/" + title.ID + "/files/een.xhtml"
		old := h.app("GET", path).want(200, "hostile")
		if _, err := stacks.Retake(t.Context(), db, publication("<html xmlns='http://www.w3.org/1999/xhtml'>clean</html>")); err != nil {
			t.Fatal(err)
		}
		h.pass(10 * time.Second)
		h.get("/v2/titles/" + title.ID)
		if a := h.app("GET", path, "If-None-Match", old.Header.Get("ETag")); a.StatusCode != 200 {
			t.Errorf("the app is told to keep what was cleaned away: %d", a.StatusCode)
		}
	})
}

// While the sign-on is away a reader sees their shelf and the titles on it; what is given
// back goes back. Away for longer than a day, nothing is read on.
func TestATitleOnLoanIsShownWhileTheSignOnIsAway(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		h.app("GET", "/v2/titles/"+h.ids[pluis]+"/borrow").want(200)
		h.apps.set(nil, fault.New(fault.Unavailable, "device.away"))
		h.app("GET", "/v2/shelf").want(200, pluis)
		h.app("GET", "/v2/titles/"+h.ids[pluis]).want(200, "/epub")
		h.app("GET", "/v2/titles/"+h.ids[`Zoë & de "<ijsbeer>"`]).want(200)
		h.app("GET", "/v2/titles/"+h.ids[`Zoë & de "<ijsbeer>"`]+"/borrow").want(503)
		h.app("GET", "/loans/"+h.ids[pluis]+"/manifest").want(503)
		h.app("GET", "/v2/titles/"+h.ids[pluis]+"/return").want(200)
		h.app("GET", "/v2/shelf").want(200)
	})
}

package opds_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
)

func TestWhoIsNotKnownIsToldTheWayIn(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		id := h.ids[pluis]
		for _, path := range []string{"/v2/shelf", "/v1/shelf", "/v2/profile", "/v2/titles/" + id + "/borrow", "/loans/" + id + "/manifest", "/loans/" + id + "/epub"} {
			for _, authorization := range []string{"", "Basic", "Basic !!!", "Basic em9lLWFwcDpmb3V0", "Bearer x", "Digest x"} {
				a := h.get(path, "Authorization", authorization).want(401, "opds-spec.org/auth/basic", "authorization-code-pkce", "Naam voor apps").header("Content-Type", "application/opds-authentication+json").
					header("WWW-Authenticate", `Basic realm="Bind bibliotheken"`).header("WWW-Authenticate", "Bearer").header("Cache-Control", "no-store").header("Link", "/opds/auth>")
				if doc := h.get("/auth").want(200); doc.body != a.body {
					t.Errorf("%s answers another document than /auth", path)
				}
			}
		}
		h.get("/v2/shelf", "Authorization", "Bearer "+token).want(200)
		h.get("/v2/shelf", "Authorization", "bearer "+token).want(200)
		h.get("/v2/shelf", "Authorization", "Basic c2xvdzp4").want(429).header("Retry-After", "7").header("Content-Type", "application/problem+json")
		if strings.Contains(h.log.String(), password) || strings.Contains(h.log.String(), token) || strings.Contains(h.log.String(), id) {
			t.Error("the log has a secret, or what was read")
		}
	})
}

func TestATitleIsBorrowedReadAndGivenBack(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		id := h.ids[pluis]
		h.app("GET", "/v2/shelf").want(200, "Terug naar het begin").lacks("publications").header("Cache-Control", "private, no-store")
		h.app("GET", "/loans/"+id+"/manifest").want(403, "no-active-loan")

		lent := h.app("GET", "/v2/titles/"+id+"/borrow").want(200, `"state":"available","since":"2026-11-22T23:00:00Z","until":"2026-12-14T23:00:00Z"`, "/loans/"+id+"/epub", "/loans/"+id+"/manifest",
			"/bibliotheek/lezen/"+id, "rel/revoke", "urn:lidwoord:rel:return", "14 december 2026").lacks("acquisition/borrow", "rel:renew").header("Cache-Control", "no-store").header("Content-Type", "application/opds-publication+json")
		h.pass(time.Hour)
		for _, method := range []string{"POST", "PUT", "GET"} {
			if again := h.app(method, "/v2/titles/"+id+"/borrow").want(200); again.body != lent.body {
				t.Errorf("%s again gives\n%s\nafter\n%s", method, again.body, lent.body)
			}
		}
		h.app("GET", "/v1/titles/"+id+"/borrow").want(200, `until="2026-12-14T23:00:00Z"`, "revoke").header("Content-Type", "type=entry")
		h.app("GET", "/v2/shelf").want(200, pluis, "until")
		h.app("GET", "/v1/shelf").want(200, pluis, "until").header("Content-Type", "kind=acquisition")
		h.app("GET", "/v2/titles/"+id).want(200, "/loans/").header("Cache-Control", "no-store")
		h.get("/v2/titles/"+id).want(200, "acquisition/borrow").lacks("/loans/")

		var profile struct {
			Loans struct{ Total, Available int }
			Kinds map[string]struct{ Total, Available int } `json:"urn:lidwoord:profile:loans"`
		}
		if err := json.Unmarshal([]byte(h.app("GET", "/v2/profile").want(200).body), &profile); err != nil || profile.Loans.Total != 20 || profile.Loans.Available != 19 ||
			profile.Kinds["ebook"].Available != 9 || profile.Kinds["audiobook"].Available != 10 {
			t.Errorf("profile %+v, %v", profile, err)
		}
		h.app("GET", "/loans/"+id+"/epub").want(200, "copy of "+pluis)

		h.app("HEAD", "/v2/titles/"+id+"/return").want(204)
		h.app("GET", "/v2/shelf").want(200, pluis)
		for range 2 {
			h.app("POST", "/v2/titles/"+id+"/return").want(200, "acquisition/borrow").lacks("/loans/" + id)
		}
		h.app("GET", "/v2/shelf").want(200).lacks(pluis)
		h.app("GET", "/loans/"+id+"/epub").want(403)
	})
}

func TestSixteenTapsBorrowOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		id := h.ids[pluis]
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() { h.app("GET", "/v2/titles/"+id+"/borrow").want(200) })
		}
		all.Wait()
		h.in(func(tx *sqldb.Tx) error {
			loans, err := loan.Shelf(tx, h.apps.reader)
			if len(loans) != 1 {
				t.Errorf("%d loans", len(loans))
			}
			return err
		})
	})
}

func TestARefusalSaysWhy(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		var ids []string
		for i := range 11 {
			ids = append(ids, h.add(catalogue.Title{Kind: catalogue.EBook, Name: fmt.Sprint("Titel ", i), Language: "nl"}))
		}
		refused := func(id, typ, text string) {
			t.Helper()
			h.app("GET", "/v2/titles/"+id+"/borrow").want(403, typ, text).header("Content-Type", "application/problem+json").header("Cache-Control", "no-store")
		}
		for _, id := range ids[:10] {
			h.app("GET", "/v2/titles/"+id+"/borrow").want(200)
		}
		refused(ids[10], "loan-limit-reached", "Je hebt al 10 e-books geleend")
		h.app("GET", "/v2/titles/"+ids[10]+"/borrow", "Accept-Language", "en").want(403, "That is not possible now")
		h.app("GET", "/v2/titles/onbekend/borrow").want(404, "catalogue.no_title")

		h.apps.set(nil, nil)
		refused(ids[10], "urn:lidwoord:problem:loan.no_membership", "lidmaatschap")
		h.app("GET", "/v2/profile").want(200, "profile:refused", "lidmaatschap")
		h.apps.set(digital("2026-10-31"), nil)
		refused(ids[10], "expired-credentials", "31 oktober 2026")
		h.app("GET", "/v2/titles/"+ids[0]+"/borrow").want(403) // an ended membership gives no rights to ask with
		h.app("GET", "/v2/shelf").want(200, "Titel 0").lacks("rel:renew")
		h.app("GET", "/loans/"+ids[0]+"/epub").want(200) // running loans end at their date
		h.apps.set(youth(), nil)
		h.app("POST", "/v2/titles/"+ids[0]+"/return").want(200)
		refused(ids[0], "loan.youth_only", "jeugd")

		h.apps.set(nil, fault.New(fault.Unavailable, "kit.sign_in"))
		h.app("GET", "/v2/titles/"+ids[10]+"/borrow").want(503).header("Retry-After", "30")
		h.app("GET", "/v2/shelf").want(200, "Titel 1") // the shelf does not need the sign-on
		h.apps.set(nil, errors.New("disk on fire"))
		h.app("GET", "/v2/titles/"+ids[10]+"/borrow").want(500, "Referentie").lacks("disk")
		h.apps.set(nil, fault.New(fault.SignIn, "kit.sign_in"))
		h.app("GET", "/v2/titles/"+ids[10]+"/borrow").want(401).header("Content-Type", "application/opds-authentication+json")
		if !slices.Contains(h.apps.asked, 10*time.Second) || slices.Min(h.apps.asked) < 10*time.Second {
			t.Errorf("rights were asked as old as %v", h.apps.asked)
		}
	})
}

func TestALoanIsExtendedInItsLastDaysOnly(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		id := h.ids[pluis]
		extend := "/v2/titles/" + id + "/extend"
		h.app("POST", extend).want(403, "no-active-loan")
		h.app("GET", "/v2/titles/"+id+"/borrow").want(200)
		h.app("POST", extend).want(403, "cannot-renew-loan", "12 december 2026")
		h.at(time.Date(2026, 12, 12, 9, 0, 0, 0, time.UTC))
		h.app("GET", "/v2/shelf").want(200, "urn:lidwoord:rel:renew", extend)
		h.app("GET", extend).want(405)
		h.app("GET", "/v2/titles/"+id+"/borrow").want(200, "2026-12-14T23:00:00Z") // asking again extends nothing
		h.app("POST", extend).want(200, "2027-01-04T23:00:00Z").lacks("rel:renew")
		h.app("POST", extend).want(403, "cannot-renew-loan")
	})
}

func TestAnEReaderWithoutBorrowingTakesTheFileAtOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		id := h.ids[pluis]
		h.get("/v1/titles?query=pluis").want(200, `type="application/epub+zip" title="Lenen en downloaden"`)
		h.get("/v2/titles?query=pluis").want(200).lacks("borrow=1")
		take := "/loans/" + id + "/epub?borrow=1"
		h.app("HEAD", take).want(403) // to look is not to borrow
		h.app("GET", take).want(200, "copy of "+pluis)
		h.app("GET", take).want(200)
		h.app("GET", "/v1/shelf").want(200, pluis)
		if h.copies != 2 {
			t.Errorf("%d copies", h.copies)
		}
		h.apps.set(nil, nil)
		h.app("GET", "/loans/"+h.ids[`Zoë & de "<ijsbeer>"`]+"/epub?borrow=1").want(403, "no_membership")
	})
}

// A browser sends a password that was typed into its prompt along with everything
// that leads here, also from pages of others.
func TestNoOtherSiteActsWithThePasswordInABrowser(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		borrow := "/v2/titles/" + h.ids[pluis] + "/borrow"
		for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Sec-Purpose", "prefetch"},
			{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Purpose", "prefetch"}, {"X-Moz", "prefetch"},
			{"Sec-Fetch-Dest", "image"}, {"Sec-Fetch-Dest", "script"}, {"Sec-Fetch-Dest", "style"}, {"Sec-Fetch-Dest", "iframe"}, {"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "image"}} {
			h.app("GET", borrow, headers...).want(403)
			h.app("GET", "/loans/"+h.ids[pluis]+"/epub?borrow=1", headers...).want(403)
			h.app("GET", "/v2/shelf", headers...).want(200) // whoever asked cannot read the answer
		}
		h.app("GET", "/v2/shelf").want(200).lacks(pluis)
		h.app("GET", borrow, "Sec-Fetch-Site", "none").want(200)
		h.app("GET", borrow, "Sec-Fetch-Site", "none", "Sec-Fetch-Dest", "document").want(200)
		h.get(borrow, "Origin", "null", "Purpose", "prefetch", "Authorization", "Bearer "+token).want(200)
		h.get(borrow, "Sec-Fetch-Site", "cross-site", "Authorization", "Bearer "+token).want(200) // no browser adds a token by itself
		// Our own pages are where the world sees us, whatever a proxy calls us.
		h.app("GET", borrow, "Host", "10.0.0.7:8080", "Origin", h.URL).want(200)
		h.app("GET", borrow, "Host", "10.0.0.7:8080", "Origin", "http://10.0.0.7:8080").want(403)
		h.app("GET", borrow, "Origin", "https://"+h.Listener.Addr().String()).want(403)
		// A cookie opens nothing.
		h.get("/v2/shelf", "Cookie", "lidwoord-reading-sessie=x").want(401)
	})
}

func TestABookOnLoanIsReadPartByPart(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		for title, id := range h.ids {
			if strings.Contains(title, "ijsbeer") { // it has no files
				continue
			}
			h.app("GET", "/v2/titles/"+id+"/borrow").want(200)
			a := h.app("GET", "/loans/"+id+"/manifest").want(200).header("Cache-Control", "no-store")
			var m struct {
				Metadata                     struct{ ConformsTo string }
				ReadingOrder, Resources, TOC []struct{ Href, Type string }
			}
			if err := json.Unmarshal([]byte(a.body), &m); err != nil || len(m.ReadingOrder) == 0 || len(m.TOC) == 0 {
				t.Errorf("%s: %v, %d parts, %d contents", title, err, len(m.ReadingOrder), len(m.TOC))
			}
			for _, p := range append(m.ReadingOrder, m.Resources...) {
				h.app("GET", "/loans/"+id+"/"+p.Href).want(200).header("Content-Type", p.Type).header("Cache-Control", "private, no-cache").header("Content-Security-Policy", "sandbox")
			}
			for _, p := range m.TOC {
				file, _, _ := strings.Cut(p.Href, "#")
				h.app("HEAD", "/loans/"+id+"/"+file).want(200)
			}
			if strings.Contains(a.body, "audio/") {
				part := h.app("GET", "/loans/"+id+"/"+m.ReadingOrder[0].Href, "Range", "bytes=100-199").want(206).header("Content-Range", "bytes 100-199/")
				if len(part.body) != 100 {
					t.Errorf("%d bytes of 100", len(part.body))
				}
				h.app("GET", "/loans/"+id+"/"+m.ReadingOrder[0].Href, "Range", "bytes=99999999-").want(416)
			}
			h.get("/loans/" + id + "/" + m.ReadingOrder[0].Href).want(401)
			h.app("GET", "/loans/"+id+"/files/nergens.xhtml").want(404)
			h.app("GET", "/loans/"+id+"/files/..%2f..%2fetc%2fpasswd").want(404)
			h.app("POST", "/v2/titles/"+id+"/return").want(200)
			h.app("GET", "/loans/"+id+"/"+m.ReadingOrder[0].Href).want(403)
		}
	})
}

package opds_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
)

// What a developer of an app reads in an answer.

func TestA401SaysWhatIsWrongWithWhatTheAppBrought(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		nothing := h.get("/v2/shelf").want(401).lacks("auth:refused", "auth:problem")
		if doc := h.get("/auth").want(200); doc.body != nothing.body {
			t.Error("who brings nothing gets another document than /auth")
		}
		if got := strings.Join(nothing.Header.Values("WWW-Authenticate"), ", "); strings.Contains(got, "error") {
			t.Errorf("who brings nothing did something wrong: %s", got)
		}
		h.get("/v2/shelf", "Authorization", "Bearer over").want(401, `"urn:lidwoord:auth:problem":"urn:lidwoord:problem:kit.sign_in"`).
			header("WWW-Authenticate", `Bearer realm="Bind bibliotheken", error="invalid_token", error_description="`)
		wrong := h.get("/v2/shelf", "Authorization", "Basic em9lLWFwcDpmb3V0").want(401, "auth:refused", "auth:problem")
		if got := strings.Join(wrong.Header.Values("WWW-Authenticate"), ", "); strings.Contains(got, "error") {
			t.Errorf("a wrong password is called a wrong token: %s", got)
		}
		h.get("/v2/shelf", "Authorization", "Digest x").want(401, "urn:lidwoord:problem:opds.unread")
	})
}

func TestTheFrontDoorHonoursWeightsAndLeadsOnlyBrowsersAway(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		for accept, want := range map[string]string{
			"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2":                        "application/atom+xml", // what Java asked for by itself
			"application/opds+json;q=0.5, application/atom+xml;q=1":                       "application/atom+xml",
			"application/opds+json;q=0.5, application/atom+xml;q=0.4":                     "application/opds+json",
			"application/opds+json;q=0.5, */*;q=0.9":                                      "application/atom+xml",
			"application/opds+json, */*;q=0.9":                                            "application/opds+json",
			"application/opds+json;q=0":                                                   "",
			"application/opds+json;q=0, */*":                                              "application/atom+xml",
			"application/atom+xml;profile=opds-catalog, text/html, application/xhtml+xml": "application/atom+xml",
		} {
			if want == "" {
				h.get("/", "Accept", accept).want(406)
				continue
			}
			h.get("/", "Accept", accept).want(200).header("Content-Type", want)
		}
		h.get("/", "Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8").want(303).header("Link", `/opds/v2/>; rel="alternate"; type="application/opds+json"`).
			header("Link", `/opds/v1/>; rel="alternate"`)
		h.get("/", "Accept", "text/html").want(303) // and no feed at all
		h.get("/", "Sec-Fetch-Dest", "document", "Accept", "*/*").want(303)
	})
}

func TestAListOfNothingIsEmpty(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		for _, path := range []string{"/titles?query=xyzzyxyzzy", "/shelf"} {
			h.app("GET", "/v2"+path).want(200, `"publications":[]`, `"numberOfItems":0`).lacks(`"navigation"`)
			h.app("GET", "/v1"+path).want(200).lacks("<entry", "1970").header("Content-Type", "kind=acquisition")
		}
		h.get("/v2/titles?page=7").want(200, `"publications":[]`, fmt.Sprintf(`"numberOfItems":%d`, len(h.ids)), `"currentPage":7`, `"rel":"previous","href":"`+h.URL+`/opds/v2/titles"`).lacks(`"rel":"next"`)
		h.get("/v1/titles?page=7").want(200, `rel="previous" href="`+h.URL+`/opds/v1/titles"`).lacks("<entry")
		h.get("/v2/authors?page=900").want(200, `"navigation":[]`, `"rel":"previous"`).lacks("publications")
		h.get("/v1/authors?page=900").want(200).lacks("<entry", "1970").header("Content-Type", "kind=navigation")
		h.get("/v1/subjects").want(200, "<entry").lacks("1970")
	})
}

func TestAWishThatCannotBeIsRefused(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		for _, query := range []string{"page=-1", "page=0", "page=abc", "page=1.5", "kind=book", "sort=oldest", "youth=ja"} {
			name, _, _ := strings.Cut(query, "=")
			h.get("/v2/titles?"+query).want(400, "urn:lidwoord:problem:opds.wish", name).header("Content-Type", "application/problem+json")
		}
		h.get("/v2/titles?page=99999999999999999999&kind=&sort=&youth=0&later=x").want(200)
	})
}

func TestAnAddressIsForgivenASlash(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		for path, to := range map[string]string{"/v2": "/v2/", "/v1?x=1": "/v1/?x=1", "/v2/titles/?query=pluis": "/v2/titles?query=pluis", "/v2/titles/" + h.ids[pluis] + "/": "/v2/titles/" + h.ids[pluis],
			"/auth/": "/auth", "/v2/shelf/": "/v2/shelf"} {
			h.get(path).want(308).header("Location", "/opds"+to).header("Access-Control-Allow-Origin", "*")
		}
		h.app("POST", "/v2/titles/"+h.ids[pluis]+"/borrow/").want(308)
		h.get("/v2//titles").header("Access-Control-Allow-Origin", "*")
		h.get("/v2/nergens/").want(404, "Dit adres bestaat niet")
	})
}

func TestScriptsOfOtherSitesReadWhatTheyNeed(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		a := h.get("/v2/").want(200)
		for _, name := range []string{"Content-Range", "Accept-Ranges", "Content-Length", "Content-Disposition", "Retry-After", "ETag", "Link", "WWW-Authenticate"} {
			a.header("Access-Control-Expose-Headers", name)
		}
		o := h.ask("OPTIONS", "/loans/x/files/a.mp3").want(204).header("Access-Control-Allow-Methods", "HEAD").header("Allow", "HEAD")
		for _, name := range []string{"Authorization", "If-Range", "Range", "If-None-Match"} {
			o.header("Access-Control-Allow-Headers", name)
		}
		h.ask("DELETE", "/v2/").want(405, "Dit adres", "Dit verzoek klopt niet").lacks("pagina").header("Allow", "GET, HEAD, OPTIONS")
	})
}

// KOReader keeps a feed by its moment, and asks any node.
func TestAFeedIsAsOldAsTheCatalogueOnEveryNode(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		h.get("/v2/titles").want(200).header("Last-Modified", "Mon, 23 Nov 2026 11:00:00 GMT")
		h.pass(time.Hour)
		h.get("/v2/titles?sort=new").want(200).header("Last-Modified", "Mon, 23 Nov 2026 11:00:00 GMT")
		h.get("/v2/titles/"+h.ids[pluis], "If-Modified-Since", "Mon, 23 Nov 2026 11:00:00 GMT").want(304)
		h.add(catalogue.Title{Kind: catalogue.EBook, Name: "Vers van de pers", Language: "nl"})
		h.pass(3 * time.Second)
		h.get("/v2/titles?sort=new", "If-Modified-Since", "Mon, 23 Nov 2026 11:00:00 GMT").want(200, "Vers").header("Last-Modified", "Mon, 23 Nov 2026 12:00:00 GMT")
		h.pass(12 * time.Hour) // what is popular is counted anew
		h.get("/v2/titles?sort=new", "If-Modified-Since", "Mon, 23 Nov 2026 12:00:00 GMT").want(200).header("Last-Modified", "Mon, 23 Nov 2026 23:00:00 GMT")
	})
}

// An app that merges by this moment must see that a title was borrowed, extended and
// given back.
func TestAnEntryOfAReaderIsNewerWhenItsLoanChanges(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		at := "/titles/" + h.ids[pluis]
		last := ""
		newer := func(a answer) {
			t.Helper()
			a.want(200)
			_, after, found := strings.Cut(a.body, `"modified":"`)
			if !found {
				_, after, _ = strings.Cut(a.body, "<updated>")
			}
			if after = after[:len("2026-11-23T11:00:00Z")]; after <= last {
				t.Errorf("%s: %s after %s", a.Request.URL, after, last)
			}
			last = after
			h.pass(time.Minute)
		}
		newer(h.get("/v2" + at))
		newer(h.app("POST", "/v2"+at+"/borrow"))
		newer(h.app("GET", "/v1"+at))
		h.at(time.Date(2026, 12, 13, 9, 0, 0, 0, time.UTC))
		newer(h.app("POST", "/v2"+at+"/extend"))
		newer(h.app("GET", "/v2/shelf"))
		newer(h.app("POST", "/v1"+at+"/return"))
		newer(h.app("GET", "/v2"+at))
	})
}

func TestAShelfThatDidNotChangeIsNotSentAgain(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		for _, path := range []string{"/v2/shelf", "/v1/shelf"} {
			a := h.app("GET", path).want(200).header("Cache-Control", "private, no-cache").header("Vary", "Authorization")
			h.app("GET", path, "If-None-Match", a.Header.Get("ETag")).want(304).header("Cache-Control", "private, no-cache")
			h.app("GET", "/v2/titles/"+h.ids[pluis]+"/borrow").want(200)
			h.pass(time.Minute)
			b := h.app("GET", path, "If-None-Match", a.Header.Get("ETag")).want(200, pluis)
			h.app("GET", path, "Accept-Encoding", "gzip", "If-None-Match", b.Header.Get("ETag")).want(304)
			if packed := h.app("GET", path, "Accept-Encoding", "gzip").want(200).header("Content-Encoding", "gzip"); len(packed.body) >= len(b.body) {
				t.Error("packed is no smaller")
			}
			h.get(path, "If-None-Match", b.Header.Get("ETag")).want(401)
			h.apps.reader = "somebody else"
			h.app("GET", path, "If-None-Match", a.Header.Get("ETag")).want(200) // an empty shelf too
			h.apps.reader = loan.ReaderOf(db.Box, "https://oidc.example", "zoe")
			h.app("POST", "/v2/titles/"+h.ids[pluis]+"/return").want(200)
		}
	})
}

// What was seen goes back, and the shelf is as it was: it is newer all the same.
func TestAShelfIsAsNewAsTheAnswer(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		for minute := range 3 {
			now := fmt.Sprintf("2026-11-23T11:0%d:00Z", minute)
			h.app("GET", "/v2/shelf").want(200, `"modified":"`+now).lacks("9999")
			h.app("GET", "/v1/shelf").want(200, "<updated>"+now).lacks("9999")
			if minute == 0 {
				h.app("POST", "/v2/titles/"+h.ids[pluis]+"/borrow").want(200)
			}
			h.pass(time.Minute)
		}
	})
}

func TestWhatAReaderCannotBorrowIsUnavailableAndSaysWhy(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		id := h.add(catalogue.Title{Kind: catalogue.EBook, Name: "Voor grote mensen", Language: "nl"})
		h.pass(3 * time.Second)
		h.app("GET", "/v2/titles/"+id).want(200, `"state":"available"`).lacks("urn:lidwoord:refused")
		h.app("GET", "/v1/titles/"+id).want(200, "Lenen en downloaden")
		for why, rights := range map[string]loan.Rights{"jeugd": youth(), "31 oktober 2026": digital("2026-10-31"), "lidmaatschap": nil,
			"In het gebouw": {{Library: "Bind bibliotheken", Name: "In het gebouw", Rights: []string{"in-building"}, State: loan.Active}}} {
			h.apps.set(rights, nil)
			h.app("GET", "/v2/titles/"+id).want(200, `"state":"unavailable"`, `"urn:lidwoord:refused":"`, why).lacks(`"state":"available"`)
			h.app("GET", "/v1/titles/"+id).want(200, `status="unavailable"`, why).lacks("Lenen en downloaden", `status="available"`)
		}
		h.get("/v2/titles/"+id).want(200, `"state":"available"`) // nobody yet
		h.apps.set(digital(""), nil)
		h.app("POST", "/v2/titles/"+id+"/borrow").want(200)
		h.apps.set(youth(), nil)
		h.app("POST", "/v2/titles/"+id+"/return").want(200, `"state":"unavailable"`)
		h.app("GET", "/v2/profile").want(200, `"urn:lidwoord:profile:youth":true`, "/v2/titles?sort=popular&youth=1")
		h.apps.set(digital(""), nil)
		h.app("GET", "/v2/profile").want(200, `"rel":"start"`).lacks("profile:youth")
		h.app("POST", "/v2/titles/"+id+"/borrow").want(200)
		h.apps.set(nil, fault.New(fault.Unavailable, "kit.sign_in"))
		h.app("POST", "/v2/titles/"+id+"/return").want(200) // it goes back whatever the sign-on does
	})
}

func TestATitleIsFoundByItsNumbers(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		h.add(catalogue.Title{Kind: catalogue.EBook, Name: "Met een URN", Identifier: "urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e", Language: "nl"})
		id := h.ids[`Zoë & de "<ijsbeer>"`]
		for _, text := range []string{"9789000000019", "978-90-00-00001-9", "978 90 00 00001 9", "urn:isbn:9789000000019", "isbn 9789000000019", id, strings.ToLower(id), "urn:lidwoord:title:" + id} {
			h.get("/v2/titles?query="+strings.ReplaceAll(text, " ", "+")).want(200, "ijsbeer", `"numberOfItems":1`)
		}
		h.add(catalogue.Title{Kind: catalogue.EBook, Name: "Met een ISBN", ISBN: "9789000000012", Language: "nl"})
		h.pass(3 * time.Second)
		for _, text := range []string{"9789000000012", "978-90-00-00001-2", "9000000017", "90-00-00001-7", "ISBN: 90 00 00001 7"} {
			h.get("/v2/titles?query="+strings.ReplaceAll(text, " ", "+")).want(200, "Met een ISBN", `"numberOfItems":1`)
		}
		h.get("/v2/titles?query=0f8fad5b-d9cb-469f-a165-70867728950e").want(200, "Met een URN")
		h.get("/v2/titles?query="+id+"&page=2").want(200, `"numberOfItems":1`, `"publications":[]`)
		h.get("/v2/titles?query=urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e").want(200, "Met een URN", `"numberOfItems":1`)
		h.get("/v2/titles?query=urn:uuid:0F8FAD5B-D9CB-469F-A165-70867728950E").want(200, "Met een URN")
	})
}

func TestAFileInPiecesKeepsToTheStandard(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		id := h.ids[pluis]
		h.app("POST", "/v2/titles/"+id+"/borrow").want(200, "epub")
		a := h.app("GET", "/loans/"+id+"/manifest").want(200, "rel/revoke", "urn:lidwoord:rel:return", "/v2/titles/"+id+"/return").lacks("rel:renew")
		var m struct{ ReadingOrder []struct{ Href string } }
		if err := json.Unmarshal([]byte(a.body), &m); err != nil || len(m.ReadingOrder) == 0 {
			t.Fatal(err)
		}
		part := "/loans/" + id + "/" + m.ReadingOrder[0].Href
		h.app("GET", part, "Range", "BYTES=0-1").want(206).header("Content-Range", "bytes 0-1/")
		h.app("GET", part, "Range", "lines=0-1").want(200)
		h.app("GET", part, "Range", "bytes").want(200)
		h.app("GET", part, "Range", "bytes=99999999-").want(416, "opds.range").header("Content-Type", "application/problem+json").header("Content-Range", "bytes */")
		h.at(time.Date(2026, 12, 13, 9, 0, 0, 0, time.UTC))
		h.app("GET", "/loans/"+id+"/manifest").want(200, "rel:renew", "/extend")
	})
}

func TestAnAudiobookHasNoFile(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		id := ""
		h.in(func(tx *sqldb.Tx) error {
			for _, one := range h.ids {
				if title, err := catalogue.Find(tx, one); err == nil && title.Kind == catalogue.Audiobook {
					id = one
				}
			}
			return nil
		})
		h.app("POST", "/v2/titles/"+id+"/borrow").want(200)
		h.app("GET", "/loans/"+id+"/epub").want(404, "Van een luisterboek is er geen bestand")
	})
}

func TestTheStartCountsEBooksToo(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		var start struct {
			Navigation []struct {
				Href       string
				Properties struct{ NumberOfItems int }
			}
		}
		if err := json.Unmarshal([]byte(h.get("/v2/").want(200).body), &start); err != nil {
			t.Fatal(err)
		}
		for _, way := range start.Navigation {
			if strings.Contains(way.Href, "kind=ebook") && way.Properties.NumberOfItems != len(h.ids)-1 {
				t.Errorf("%d e-books of %d titles", way.Properties.NumberOfItems, len(h.ids))
			}
		}
	})
}

func TestAProblemIsNamedByWhatItIs(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		h.get("/v2/shelf", "Authorization", "Basic c2xvdzp4").want(429, `"title":"Wacht even"`)
		h.apps.set(nil, fault.New(fault.Unavailable, "kit.sign_in"))
		h.app("GET", "/v2/titles/"+h.ids[pluis]+"/borrow").want(503, `"title":"Even niet bereikbaar"`)
		h.get("/v2/", "Accept", "image/png").want(406, `"title":"Dit verzoek klopt niet"`)
	})
}

package opds_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/catalogue"
)

const pluis = "Pluis en de maan"

// walk opens every address that a feed names, and every one that those name, as an
// app that looks at everything. Each is held against the rules on the way.
func (h *house) walk(start string, follow func(path string) bool) map[string]bool {
	h.t.Helper()
	seen, queue := map[string]bool{}, []string{start}
	for len(queue) > 0 && len(seen) < 400 {
		path := queue[0]
		queue = queue[1:]
		if seen[path] {
			continue
		}
		seen[path] = true
		a := h.get(path).want(200)
		for _, link := range addresses(h.t, a) {
			if rest, ours := strings.CutPrefix(link, h.URL+"/opds"); ours && follow(rest) && !seen[rest] {
				queue = append(queue, rest)
			}
		}
	}
	return seen
}

// addresses are all links of a document.
func addresses(t testing.TB, a answer) (list []string) {
	t.Helper()
	if strings.Contains(a.Header.Get("Content-Type"), "xml") {
		d := xml.NewDecoder(strings.NewReader(a.body))
		for {
			token, err := d.Token()
			if err != nil {
				return list
			}
			if e, ok := token.(xml.StartElement); ok && e.Name.Local == "link" {
				for _, attr := range e.Attr {
					if attr.Name.Local == "href" {
						list = append(list, attr.Value)
					}
				}
			}
		}
	}
	var doc any
	if json.Unmarshal([]byte(a.body), &doc) != nil {
		return nil
	}
	var look func(any)
	look = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, each := range v {
				look(each)
			}
		case map[string]any:
			if href, ok := v["href"].(string); ok && v["templated"] != true {
				list = append(list, href)
			}
			for _, each := range v {
				look(each)
			}
		}
	}
	look(doc)
	return list
}

func TestEveryFeedThatCanBeReachedKeepsTheRules(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		for i := range 60 { // more than a page
			h.add(catalogue.Title{Kind: catalogue.EBook, Name: fmt.Sprint("Boek ", i), Language: "fy", Subjects: []string{fmt.Sprint("Onderwerp ", i)},
				Contributors: []catalogue.Contributor{{Name: fmt.Sprint("Schrijver ", i), Role: "aut"}}})
		}
		open := func(path string) bool {
			return !strings.Contains(path, "/borrow") && !strings.Contains(path, "/loans/") && !strings.HasSuffix(path, "/shelf") && !strings.HasSuffix(path, "/profile")
		}
		for _, v := range []string{"/v1/", "/v2/"} {
			seen := h.walk(v, func(path string) bool { return open(path) && strings.HasPrefix(path, v) })
			if len(seen) < 100 {
				t.Errorf("%s leads to %d addresses only", v, len(seen))
			}
		}
		h.get("/auth").want(200)
		h.get("/search.xml").want(200, "query={searchTerms}").header("Content-Type", "application/opensearchdescription+xml")
	})
}

func TestATitleSaysAllThatWeKnowOfIt(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		id := h.ids[`Zoë & de "<ijsbeer>"`]
		h.get("/v2/titles/"+id).want(200, `Zoë & de \"<ijsbeer>\"`, "urn:isbn:9789000000019", `"position":2.5`, `"sortAs":"Kingma, Ada"`, `"translator":[{"name":"Mo Said"`, `"role":"clr"`,
			`"published":"2024-01-01"`, `"schema:typicalAgeRange":"8-12"`, `"accessModeSufficient":["textual",["textual","visual"]]`, `/covers/`, `"width":240`, `"indirectAcquisition":[{"type":"application/epub+zip"}`,
			`/v2/titles?author=ada-kingma`, `/v2/titles?series=de-poolreeks`).lacks("magic", "sparkles").header("Content-Type", "application/opds-publication+json")
		h.get("/v1/titles/"+id).want(200, "<dc:identifier>urn:isbn:9789000000019</dc:identifier>", "<dc:issued>2024</dc:issued>", `<summary type="text">`, "opds:availability",
			`rel="http://opds-spec.org/image/thumbnail"`).header("Content-Type", "type=entry")
	})
}

func TestAnEBookSaysHowManyPagesItHas(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		h.get("/v2/titles/"+h.ids[pluis]).want(200, `"numberOfPages":6,`)
		h.get("/v1/titles/"+h.ids[pluis]).want(200, "<dc:extent>Ongeveer 6 bladzijden</dc:extent>")
		h.get("/v1/titles/"+h.ids[pluis], "Accept-Language", "en").want(200, "<dc:extent>About 6 pages</dc:extent>")
		h.app("GET", "/v2/titles/"+h.ids[pluis]+"/borrow").want(200, `"numberOfPages":6,`)
		h.app("GET", "/loans/"+h.ids[pluis]+"/manifest").want(200, `"numberOfPages":6,`)
		// Of a title from before, and of sound, nothing is said.
		h.get("/v2/titles/" + h.ids[`Zoë & de "<ijsbeer>"`]).want(200).lacks("numberOfPages")
		h.get("/v1/titles/" + h.ids[`Zoë & de "<ijsbeer>"`]).want(200).lacks("extent")
		h.get("/v2/titles?kind=audiobook").want(200).lacks("numberOfPages")
	})
}

func TestFeedsSpeakTheLanguageOfTheApp(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		for range 2 { // the second is from what was kept
			h.get("/v2/").want(200, "Luisterboeken").header("Content-Language", "nl")
			h.get("/v2/", "Accept-Language", "en-GB").want(200, "Audiobooks").header("Content-Language", "en")
			h.get("/v1/", "Accept-Language", "en").want(200, "Audiobooks", `xml:lang="en"`)
		}
		h.get("/v2/languages", "Accept-Language", "en").want(200, "Dutch")
		h.get("/v2/languages").want(200, "Nederlands")
	})
}

func TestASearchIsFoundAndOneWithoutResultSaysSo(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		h.get("/v2/titles?query=pluis").want(200, pluis, `"numberOfItems":1`).lacks("ijsbeer")
		h.get("/v2/titles?query=zoe").want(200, "ijsbeer")
		h.get("/v1/titles?query=pluis").want(200, pluis).header("Content-Type", "kind=acquisition")
		h.get("/v2/titles?query=xyzzyxyzzy").want(200, `"publications":[]`).lacks("navigation")
		h.get("/v1/titles?query=xyzzyxyzzy").want(200).lacks("<entry").header("Content-Type", "kind=acquisition")
		h.get("/v2/titles?query=voorleezen").want(200, "Gezocht op: voorlezen", pluis) // a typing mistake
		h.get("/v1/titles?query=voorleezen").want(200, "<subtitle>Gezocht op: voorlezen</subtitle>")
		h.get("/v2/titles?kind=audiobook").want(200, `"@type":"http://schema.org/Audiobook"`).lacks(`schema.org/Book"`)
		h.get("/v2/titles?youth=1").want(200, "ijsbeer", `"rel":"self"`)
		h.get("/v2/titles?subject=noordpool").want(200, "ijsbeer").lacks(pluis)
	})
}

// KOReader puts what its reader types into the address as it is.
func TestASearchNeedNotBeEncoded(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		c, err := net.Dial("tcp", h.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "GET /opds/v1/titles?query=zoë+ijsbeer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		text, err := io.ReadAll(c)
		if err != nil || !strings.Contains(string(text), "Over") || !strings.HasPrefix(string(text), "HTTP/1.1 200") {
			t.Errorf("%v %.600s", err, text)
		}
	})
}

func TestAFeedHasPages(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		for i := range 120 {
			h.add(catalogue.Title{Kind: catalogue.EBook, Name: fmt.Sprintf("Nummer %03d", i), Language: "nl"})
		}
		h.get("/v2/titles?query=nummer").want(200, `"numberOfItems":120`, `"itemsPerPage":25`, `"currentPage":1`, `"rel":"next"`, `"rel":"last"`).lacks(`"rel":"previous"`)
		h.get("/v2/titles?query=nummer&page=5").want(200, `"currentPage":5`, `"rel":"previous"`, `"rel":"first"`).lacks(`"rel":"next"`)
		h.get("/v1/titles?query=nummer&page=2").want(200, `rel="next"`, `rel="previous"`)
		// One wish has one address, however it is written.
		h.get("/v2/titles?page=1&utm=x&query=++nummer+&kind=").want(200, h.URL+`/opds/v2/titles?query=nummer"`)
	})
}

func TestTheFrontDoorGivesWhatTheAppReads(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		for accept, want := range map[string]string{
			"":    "application/atom+xml",
			"*/*": "application/atom+xml",
			"application/opds+json, application/atom+xml;q=0.9": "application/opds+json",
			"application/json":                      "application/opds+json",
			"application/atom+xml, text/html;q=0.5": "application/atom+xml",
		} {
			for _, path := range []string{"", "/"} {
				h.get(path, "Accept", accept).want(200).header("Content-Type", want).header("Vary", "Accept")
			}
		}
		h.get("/", "Accept", "text/html,application/xhtml+xml,*/*;q=0.8").want(303).header("Location", "/bibliotheek/leesapps")
		h.get("/v2/", "Accept", "image/png").want(406).header("Content-Type", "application/problem+json")
		h.get("/v1/", "Accept", "application/opds+json, */*;q=0").want(406)
		h.get("/nergens").want(404).header("Content-Type", "application/problem+json")
		h.ask("DELETE", "/v2/").want(405).header("Allow", "GET, HEAD, OPTIONS")
		h.ask("OPTIONS", "/v2/shelf").want(204).header("Access-Control-Allow-Headers", "Authorization")
	})
}

func TestAFeedThatDidNotChangeIsNotSentAgain(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		for _, path := range []string{"/v2/", "/v1/titles?sort=new", "/v2/titles/" + h.ids[pluis]} {
			a := h.get(path).want(200).header("Cache-Control", "public").header("Access-Control-Allow-Origin", "*").header("Link", "auth/document")
			h.get(path, "If-None-Match", a.Header.Get("ETag")).want(304)
			h.get(path, "If-None-Match", `"other"`, "If-Modified-Since", a.Header.Get("Last-Modified")).want(200)
			h.get(path, "If-Modified-Since", a.Header.Get("Last-Modified")).want(304)
			head := h.ask("HEAD", path).want(200).header("ETag", a.Header.Get("ETag")).header("Content-Type", a.Header.Get("Content-Type"))
			if head.body != "" {
				t.Errorf("HEAD %s has a body", path)
			}
			packed := h.get(path, "Accept-Encoding", "gzip").want(200).header("Content-Encoding", "gzip")
			if len(packed.body) >= len(a.body) {
				t.Errorf("%s: %d bytes packed, %d plain", path, len(packed.body), len(a.body))
			}
		}
		before := h.get("/v2/titles?sort=new").want(200).lacks("Vers")
		h.add(catalogue.Title{Kind: catalogue.EBook, Name: "Vers van de pers", Language: "nl"})
		h.pass(3e9) // the index looks again after two seconds
		h.get("/v2/titles?sort=new", "If-None-Match", before.Header.Get("ETag")).want(200, "Vers van de pers")
	})
}

func TestAWithdrawnTitleIsInNoFeed(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		id := h.ids[pluis]
		h.app("GET", "/v2/titles/"+id+"/borrow").want(200)
		h.in(func(tx *sqldb.Tx) error { return catalogue.Withdraw(tx, "command", id, "") })
		h.pass(3e9)
		h.get("/v2/titles/" + id).want(404)
		h.get("/v2/titles?query=pluis").want(200).lacks(pluis)
		// Who has it keeps it, and can give it back.
		h.app("GET", "/v2/titles/"+id).want(200, "opds-spec.org/acquisition").lacks("acquisition/borrow")
		h.app("GET", "/v2/shelf").want(200, pluis)
		h.app("POST", "/v2/titles/"+id+"/return").want(204)
		h.app("GET", "/v2/titles/"+id).want(404)
	})
}

func TestACoverIsKeptForEver(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db)
		id := h.ids[`Zoë & de "<ijsbeer>"`]
		_, at, _ := strings.Cut(h.get("/v2/titles/"+id).want(200).body, h.URL+"/opds/covers/"+id+"/240")
		at, _, _ = strings.Cut(at, `"`)
		a := h.get("/covers/"+id+"/240"+at).want(200, "picture").header("Content-Type", "image/jpeg").header("Cache-Control", "immutable")
		for _, other := range []string{"", "?v=0"} {
			if got := h.get("/covers/" + id + "/240" + other).want(200).Header.Get("Cache-Control"); got != "public, max-age=60" {
				t.Errorf("a cover at another address: %s", got)
			}
		}
		h.get("/covers/"+id+"/240", "If-None-Match", a.Header.Get("ETag")).want(304)
		h.get("/covers/" + id + "/7000").want(404)
		h.get("/covers/" + url.PathEscape("../../etc") + "/240").want(404)
	})
}

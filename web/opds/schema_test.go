package opds_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// publishedSchemas names a folder with the JSON schemas that the makers of OPDS and
// of the Readium manifest publish, as files under any name. They are not ours to
// hand out, and no registry has them; testdata/rules.schema.json says the same in
// our own words, and more. With the variable set, documents must satisfy both.
const publishedSchemas = "LIDWOORD_OPDS_SCHEMAS"

// kinds is what a document must satisfy, by its media type: our rules, and the
// published schemas.
var kinds = map[string]struct {
	rules     string
	published []string
}{
	"application/opds+json":                {"feed", []string{"https://drafts.opds.io/schema/feed.schema.json", "https://specs.opds.io/schema/feed.schema.json"}},
	"application/opds-publication+json":    {"publication", []string{"https://drafts.opds.io/schema/publication.schema.json", "https://specs.opds.io/schema/publication.schema.json"}},
	"application/opds-authentication+json": {"auth", []string{"https://drafts.opds.io/schema/authentication.schema.json"}},
	"application/opds-profile+json":        {"profile", []string{"https://drafts.opds.io/schema/profile.schema.json"}},
	"application/webpub+json":              {"webpub", []string{"https://readium.org/webpub-manifest/schema/publication.schema.json"}},
	"application/audiobook+json":           {"audiobook", []string{"https://readium.org/webpub-manifest/schema/publication.schema.json"}},
	"application/problem+json":             {"problem", nil},
}

var compiled = sync.OnceValues(func() (map[string][]*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	// The library's own check takes "titles{?query}" for a brace that is not closed.
	c.RegisterFormat(&jsonschema.Format{Name: "uri-template", Validate: uriTemplate})
	add := func(name string) (id string, err error) {
		f, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer f.Close()
		doc, err := jsonschema.UnmarshalJSON(f)
		if err != nil {
			return "", err
		}
		id, _ = doc.(map[string]any)["$id"].(string)
		return id, c.AddResource(id, doc)
	}
	own, err := add("testdata/rules.schema.json")
	if err != nil {
		return nil, err
	}
	folder := os.Getenv(publishedSchemas)
	if folder != "" {
		err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(name, ".schema.json") && !strings.HasPrefix(filepath.Base(name), "locator") { // as published it is no JSON
				_, err = add(name)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	all := map[string][]*jsonschema.Schema{}
	for typ, k := range kinds {
		ids := []string{own + "#/$defs/" + k.rules}
		if folder != "" {
			ids = append(ids, k.published...)
		}
		for _, id := range ids {
			s, err := c.Compile(id)
			if err != nil {
				return nil, err
			}
			all[typ] = append(all[typ], s)
		}
	}
	return all, nil
})

// template is an expression of RFC 6570, level 3.
var template = regexp.MustCompile(`\{[?&#+./;]?\w+(,\w+)*\}`)

func uriTemplate(v any) error {
	text, ok := v.(string)
	if _, err := url.Parse(template.ReplaceAllString(text, "")); ok && (err != nil || strings.ContainsAny(template.ReplaceAllString(text, ""), "{}")) {
		return fmt.Errorf("%q is no template", text)
	}
	return nil
}

// check holds a document against the rules of its media type. Every answer of every
// test passes here.
func check(t testing.TB, address, contentType string, body []byte) {
	t.Helper()
	typ, params, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil:
		t.Errorf("%s has the type %q: %v", address, contentType, err)
	case strings.HasSuffix(typ, "+json"):
		checkJSON(t, address, typ, body)
	case typ == "application/atom+xml" && params["type"] == "entry":
		var e atomEntry
		checkXML(t, address, body, &e)
		e.check(t, address)
	case typ == "application/atom+xml":
		var f atomFeed
		checkXML(t, address, body, &f)
		f.check(t, address, params["kind"])
	}
}

func checkJSON(t testing.TB, address, typ string, body []byte) {
	t.Helper()
	schemas, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	if len(schemas[typ]) == 0 {
		t.Errorf("%s is %s, for which there are no rules", address, typ)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(body)))
	if err != nil {
		t.Errorf("%s: %v\n%.500s", address, err, body)
		return
	}
	held := schemas[typ]
	if f, ok := doc.(map[string]any); ok && nothing(f) { // which the published ones cannot say, see writeJSON
		held = held[:1]
	}
	for _, s := range held {
		if err := s.Validate(doc); err != nil {
			t.Errorf("%s: %v\n%.300s", address, err, body)
		}
	}
	blank(t, address, doc)
}

// nothing reports whether a feed has an empty list of what it is about.
func nothing(feed map[string]any) bool {
	for _, name := range []string{"publications", "navigation"} {
		if list, ok := feed[name].([]any); ok && len(list) == 0 {
			return true
		}
	}
	return false
}

// blank finds values that say nothing; the standards want them left out.
func blank(t testing.TB, at string, v any) {
	t.Helper()
	switch v := v.(type) {
	case nil:
		t.Errorf("%s is null", at)
	case string:
		if strings.TrimSpace(v) == "" {
			t.Errorf("%s is empty", at)
		}
	case []any:
		for _, each := range v {
			blank(t, at+"[]", each)
		}
		if len(v) == 0 {
			t.Errorf("%s is an empty list", at)
		}
	case map[string]any:
		for name, each := range v {
			if list, ok := each.([]any); ok && len(list) == 0 && nothing(v) && (name == "publications" || name == "navigation") {
				continue
			}
			blank(t, at+"."+name, each)
		}
		if len(v) == 0 {
			t.Errorf("%s is an empty object", at)
		}
	}
}

func checkXML(t testing.TB, address string, body []byte, into any) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(body)))
	if err := d.Decode(into); err != nil {
		t.Errorf("%s: %v\n%.500s", address, err, body)
		return
	}
	if _, err := d.Token(); err != io.EOF {
		rest, _ := d.Token()
		if _, space := rest.(xml.CharData); !space && rest != nil {
			t.Errorf("%s has more than one document", address)
		}
	}
}

// atomFeed and what is in it are RFC 4287 with OPDS 1.2.
type atomFeed struct {
	XMLName xml.Name     `xml:"http://www.w3.org/2005/Atom feed"`
	ID      []string     `xml:"http://www.w3.org/2005/Atom id"`
	Title   []string     `xml:"http://www.w3.org/2005/Atom title"`
	Updated []string     `xml:"http://www.w3.org/2005/Atom updated"`
	Authors []atomPerson `xml:"http://www.w3.org/2005/Atom author"`
	Links   []atomLink   `xml:"http://www.w3.org/2005/Atom link"`
	Entries []atomEntry  `xml:"http://www.w3.org/2005/Atom entry"`
}

type atomPerson struct {
	Name string `xml:"http://www.w3.org/2005/Atom name"`
}

type atomLink struct {
	Rel      string `xml:"rel,attr"`
	Href     string `xml:"href,attr"`
	Type     string `xml:"type,attr"`
	Title    string `xml:"title,attr"`
	Group    string `xml:"http://opds-spec.org/2010/catalog facetGroup,attr"`
	Active   string `xml:"http://opds-spec.org/2010/catalog activeFacet,attr"`
	Count    string `xml:"http://purl.org/syndication/thread/1.0 count,attr"`
	Indirect []struct {
		Type string `xml:"type,attr"`
	} `xml:"http://opds-spec.org/2010/catalog indirectAcquisition"`
	Availability []struct {
		Status string `xml:"status,attr"`
		Since  string `xml:"since,attr"`
		Until  string `xml:"until,attr"`
	} `xml:"http://opds-spec.org/2010/catalog availability"`
}

type atomEntry struct {
	XMLName    xml.Name     `xml:"http://www.w3.org/2005/Atom entry"`
	ID         []string     `xml:"http://www.w3.org/2005/Atom id"`
	Title      []string     `xml:"http://www.w3.org/2005/Atom title"`
	Updated    []string     `xml:"http://www.w3.org/2005/Atom updated"`
	Summary    []atomText   `xml:"http://www.w3.org/2005/Atom summary"`
	Content    []atomText   `xml:"http://www.w3.org/2005/Atom content"`
	Authors    []atomPerson `xml:"http://www.w3.org/2005/Atom author"`
	Links      []atomLink   `xml:"http://www.w3.org/2005/Atom link"`
	Identifier []string     `xml:"http://purl.org/dc/terms/ identifier"`
	Language   []string     `xml:"http://purl.org/dc/terms/ language"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

const opdsRel = "http://opds-spec.org/"

func (f atomFeed) check(t testing.TB, at, kind string) {
	t.Helper()
	must := identified(t, at, f.ID, f.Title, f.Updated)
	if len(f.Authors) == 0 || f.Authors[0].Name == "" {
		must("an author")
	}
	rels, active := map[string]int{}, map[string]int{}
	for _, l := range f.Links {
		l.check(t, at)
		rels[l.Rel]++
		if l.Rel == opdsRel+"facet" {
			if l.Group == "" || l.Title == "" {
				must("a group and a title for each facet")
			}
			if l.Active != "" {
				active[l.Group]++
			}
		}
		if l.Rel == "self" && !strings.Contains(l.Type, "kind="+kind) {
			must("a self link of its own kind, which is " + kind)
		}
	}
	if rels["self"] != 1 || rels["start"] != 1 || rels["search"] != 1 {
		must("one self, start and search")
	}
	for group, n := range active {
		if n > 1 {
			must("one active facet in " + group)
		}
	}
	ids := map[string]bool{}
	for _, e := range f.Entries {
		e.checkIn(t, at, kind)
		if ids[e.ID[0]] {
			must("each entry once")
		}
		ids[e.ID[0]] = true
	}
	if kind != "navigation" && kind != "acquisition" {
		must("a kind")
	}
}

func (e atomEntry) check(t testing.TB, at string) {
	t.Helper()
	e.checkIn(t, at, "acquisition")
}

func (e atomEntry) checkIn(t testing.TB, at, kind string) {
	t.Helper()
	must := identified(t, at, e.ID, e.Title, e.Updated)
	acquisitions := 0
	for _, l := range e.Links {
		l.check(t, at)
		if strings.HasPrefix(l.Rel, opdsRel+"acquisition") {
			acquisitions++
			if l.Type == "" {
				must("a type for each way to get it")
			}
		}
	}
	for _, s := range e.Summary {
		if s.Type != "text" {
			must("a summary of plain text")
		}
	}
	switch kind {
	case "acquisition":
		if acquisitions == 0 {
			must("a way to get it")
		}
	case "navigation":
		if acquisitions > 0 || len(e.Links) == 0 || !strings.Contains(e.Links[0].Type, "profile=opds-catalog") {
			must("a link to a feed and no book")
		}
	}
}

// identified checks what every feed and entry has once.
func identified(t testing.TB, at string, id, title, updated []string) func(string) {
	t.Helper()
	must := func(what string) { t.Helper(); t.Errorf("%s (%v): want %s", at, title, what) }
	if len(id) != 1 || !strings.Contains(id[0], ":") || len(title) != 1 || title[0] == "" || len(updated) != 1 {
		must("one id, title and moment")
		return must
	}
	if _, err := time.Parse(time.RFC3339, updated[0]); err != nil {
		must(err.Error())
	}
	return must
}

func (l atomLink) check(t testing.TB, at string) {
	t.Helper()
	if l.Href == "" || strings.ContainsAny(l.Href, " <>{}|\\^`\"") || !strings.HasPrefix(l.Href, "http") {
		t.Errorf("%s has a link to %q", at, l.Href)
	}
	for _, a := range l.Availability {
		if a.Status != "available" && a.Status != "unavailable" {
			t.Errorf("%s: status %q", at, a.Status)
		}
	}
}

func TestTheRulesRefuse(t *testing.T) {
	schemas, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	const link = `{"rel":"self","href":"https://x.example/","type":"application/opds+json"}`
	for name, text := range map[string]string{
		"an empty list of titles that is not counted": `{"metadata":{"title":"x"},"links":[` + link + `],"publications":[]}`,
		"an empty list of titles beside ways on":      `{"metadata":{"title":"x","numberOfItems":0},"links":[` + link + `],"publications":[],"navigation":[{"href":"https://x.example/","title":"x","rel":"start","type":"text/html"}]}`,
		"no way on":                                   `{"metadata":{"title":"x"},"links":[` + link + `]}`,
		"no self":                                     `{"metadata":{"title":"x"},"links":[{"href":"https://x.example/"}],"navigation":[{"href":"https://x.example/","title":"x","rel":"start","type":"text/html"}]}`,
		"a way on without a name":                     `{"metadata":{"title":"x"},"links":[` + link + `],"navigation":[{"href":"https://x.example/"}]}`,
	} {
		var doc any
		if err := json.Unmarshal([]byte(text), &doc); err != nil {
			t.Fatal(err)
		}
		if schemas["application/opds+json"][0].Validate(doc) == nil {
			t.Errorf("%s passes", name)
		}
	}
}

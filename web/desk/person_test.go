package desk_test

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"lidwoord/base/day"
	"lidwoord/library/customer"
)

// person is somebody at a browser.
type person struct {
	h      *house
	client *http.Client
	lang   string
}

func (h *house) visitor() *person {
	jar, _ := cookiejar.New(nil)
	return &person{h: h, client: &http.Client{Jar: jar}, lang: "nl"}
}

// clerk is a desk worker who is signed in at Annen.
func (h *house) clerk(name string) *person { return h.clerkAt(name, "5280") }

func (h *house) clerkAt(name, code string) *person {
	h.t.Helper()
	p := h.visitor()
	a := p.post("/aanmelden", "gebruikersnaam", name, "wachtwoord", pass, "vestiging", code)
	if a.status != 200 || a.path != "/" {
		h.t.Fatalf("sign-in of %s: %d at %s", name, a.status, a.path)
	}
	return p
}

// answer is a page as it arrived, after redirects.
type answer struct {
	t      testing.TB
	status int
	path   string // below the door, with query
	body   string
	text   string // without tags, one space between words
}

func (p *person) get(path string) answer { return p.send("GET", path, nil, "") }

func (p *person) post(path string, pairs ...string) answer {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return p.send("POST", path, form, "")
}

// json posts as the script does.
func (p *person) json(path string, pairs ...string) answer {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return p.send("POST", path, form, "application/json")
}

var (
	tags   = regexp.MustCompile(`(?s)<script.*?</script>|<[^>]*>`)
	blanks = regexp.MustCompile(`[\s\x{a0}]+`)
)

func (p *person) send(method, path string, form url.Values, accept string) answer {
	p.h.t.Helper()
	r, err := http.NewRequest(method, p.h.server.URL+"/balie"+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.h.t.Fatal(err)
	}
	r.Header.Set("Accept-Language", p.lang)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	res, err := p.client.Do(r)
	if err != nil {
		p.h.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		p.h.t.Fatal(err)
	}
	a := answer{t: p.h.t, status: res.StatusCode, body: string(body), path: strings.TrimPrefix(res.Request.URL.RequestURI(), "/balie")}
	if a.path == "" {
		a.path = "/"
	}
	a.text = strings.TrimSpace(blanks.ReplaceAllString(html.UnescapeString(tags.ReplaceAllString(a.body, " ")), " "))
	return a
}

// want fails unless every text stands on the page.
func (a answer) want(texts ...string) answer {
	a.t.Helper()
	for _, text := range texts {
		if !strings.Contains(a.text, text) && !strings.Contains(a.body, text) {
			a.t.Fatalf("%d %s lacks %q:\n%s", a.status, a.path, text, a.text)
		}
	}
	return a
}

func (a answer) lacks(texts ...string) answer {
	a.t.Helper()
	for _, text := range texts {
		if strings.Contains(a.text, text) {
			a.t.Fatalf("%s shows %q", a.path, text)
		}
	}
	return a
}

// is checks status and place.
func (a answer) is(status int, pathEnd string) answer {
	a.t.Helper()
	if a.status != status || !strings.HasSuffix(a.path, pathEnd) {
		a.t.Fatalf("want %d at …%s, got %d at %s:\n%s", status, pathEnd, a.status, a.path, a.text)
	}
	return a
}

// hidden returns the value of an input on the page.
func (a answer) value(name string) string {
	a.t.Helper()
	m := regexp.MustCompile(`<input[^>]*name="` + name + `"[^>]*value="([^"]*)"`).FindStringSubmatch(a.body)
	if m == nil {
		a.t.Fatalf("no field %s on %s", name, a.path)
	}
	return html.UnescapeString(m[1])
}

// tester is the seed's own customer on screen 1.
var tester = []string{"klantnummer", customer.SystemNumber, "voorletters", "E.B.", "achternaam", "Tester", "geboortedatum", "4-1-1991",
	"land", "NL", "postcode", "9468 BG", "huisnummer", "41", "doe", "vervolg"}

var contact = []string{"iban", "NL91 ABNA 0417 1643 00", "legitimatie", "ja", "inlogaccount", "ja", "email", "eb.tester@example.nl", "taal", "nl"}

// with lays pairs over pairs.
func with(base []string, pairs ...string) []string {
	return append(append([]string{}, base...), pairs...)
}

// newDraft opens a new form and returns its path.
func (p *person) newDraft() string {
	p.h.t.Helper()
	a := p.get("/klant/nieuw")
	if a.status != 200 || !strings.HasPrefix(a.path, "/klant/nieuw/") {
		p.h.t.Fatalf("new form: %d at %s", a.status, a.path)
	}
	return a.path
}

// enrol walks through all screens and returns the result page.
func (p *person) enrol(person, contact []string, code string) answer {
	p.h.t.Helper()
	d := p.newDraft()
	p.post(d, person...).is(200, "/gegevens")
	p.post(d+"/gegevens", contact...).is(200, "/inlogaccount")
	p.post(d+"/inlogaccount", "account", "nieuw").is(200, "/abonnement")
	a := p.post(d+"/abonnement", "abonnement", code).is(200, "/opbouw")
	return p.post(d+"/opbouw", "opbouw", a.value("opbouw")).is(200, "/klaar")
}

// someone is another person for every i.
func someone(i int) (person, reach []string) {
	name := fmt.Sprintf("Klant%c%c", 'a'+i%26, 'a'+i/26%26)
	born := day.Day("1960-01-01").AddDays(i * 37)
	return with(tester, "achternaam", name, "geboortedatum", born.Short()), with(contact, "email", strings.ToLower(name)+"@example.nl")
}

func (p *person) speaking(lang string) *person {
	p.lang = lang
	return p
}

// field returns the first word on the page that begins so.
func (a answer) field(prefix string) string {
	a.t.Helper()
	for _, word := range strings.Fields(a.text) {
		if strings.HasPrefix(word, prefix) && len(word) == 14 {
			return word
		}
	}
	a.t.Fatalf("no %s… on %s: %s", prefix, a.path, a.text)
	return ""
}

var leftOver = regexp.MustCompile(`\b(desk|kit|enrol|customer|membership|staff|ledger|branch|country|newsletter|task|payment|registration)\.[a-z_.]+\b|\{[0-9]`)

// whole fails when a sentence is missing or a hole was left open.
func (a answer) whole(h *house) answer {
	a.t.Helper()
	if a.status >= 500 {
		a.t.Fatalf("%s: %d %s", a.path, a.status, a.text)
	}
	for _, found := range leftOver.FindAllString(a.text, -1) {
		if !strings.HasPrefix(found, "customer.nl") {
			a.t.Errorf("%s shows %q", a.path, found)
		}
	}
	return a
}

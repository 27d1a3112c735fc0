package kit_test

import (
	"errors"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/web/kit"
)

// door is a small door with one page of each kind.
type door struct {
	*kit.Site
	answer error
}

type namePage struct {
	*kit.Form
	Nope func() (string, error)
}

func (d *door) Routes(m *kit.Mux) {
	m.Page("GET /", func(w http.ResponseWriter, r *http.Request) error { return d.answer })
	m.Page("GET /form", func(w http.ResponseWriter, r *http.Request) error {
		return d.Show(w, r, 200, "form", namePage{Form: kit.NewForm()})
	})
	m.Page("POST /form", func(w http.ResponseWriter, r *http.Request) error {
		form, err := kit.ReadForm(r)
		if err != nil {
			return err
		}
		if form.Take(errName.At("naam")) {
			return d.Show(w, r, 422, "form", namePage{Form: form})
		}
		return nil
	})
	m.Page("POST /form/stuur", func(w http.ResponseWriter, r *http.Request) error { return errName })
	m.Page("POST /los/stuur", func(w http.ResponseWriter, r *http.Request) error { return errName })
	m.Page("GET /half", func(w http.ResponseWriter, r *http.Request) error {
		return d.Show(w, r, 200, "half", namePage{Form: kit.NewForm(), Nope: func() (string, error) { return "", errors.New("no") }})
	})
	m.Page("GET /begun", func(w http.ResponseWriter, r *http.Request) error {
		w.WriteHeader(http.StatusOK)
		if _, err := w.Write([]byte("the first rows")); err != nil {
			return err
		}
		return errors.New("the disk")
	})
	m.Page("GET /panic", func(http.ResponseWriter, *http.Request) error { panic("secret detail") })
	m.Page("GET /mine/{id}", kit.RequireSession(func(w http.ResponseWriter, r *http.Request) error {
		_, err := w.Write([]byte("yours"))
		return err
	}))
}

var errName = fault.New(fault.Invalid, "day.unreadable")

func house(t *testing.T) (*door, http.Handler) {
	t.Helper()
	list, err := words.Load(kit.Words, day.Words)
	if err != nil {
		t.Fatal(err)
	}
	base, _ := url.Parse("http://lid.example/balie")
	s, err := kit.New(&kit.House{DB: sqldbtest.New(t), Words: list, Doors: kit.Doors{Desk: base}, Brand: kit.Brand{Name: "Bind"}, Log: slog.New(slog.DiscardHandler)},
		"desk", fstest.MapFS{
			"pages/form.html": {Data: []byte(`{{define "title"}}Naam{{end}}{{define "content"}}<form method="post">{{template "errors" .}}{{template "field" (.Input .Page.Form "naam" "kit.menu" "hint=kit.language" "autocomplete=name")}}</form>{{end}}`)},
			"pages/half.html": {Data: []byte(`{{define "title"}}Half{{end}}{{define "content"}}first half {{call .Page.Nope}}{{end}}`)},
		})
	if err != nil {
		t.Fatal(err)
	}
	s.SignInPath = "/aanmelden"
	d := &door{Site: s}
	return d, s.Handler(d)
}

func ask(h http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://lid.example"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestAnErrorBecomesOnePage(t *testing.T) {
	d, h := house(t)
	for _, c := range []struct {
		err  error
		want int
		text string
	}{
		{fault.New(fault.Gone, "kit.no_page"), 410, "Deze pagina bestaat niet"},
		{fault.New(fault.Slow, "kit.try_again").With(7), 429, "Probeer het"},
		{errors.New("table customer is gone"), 500, "Er ging iets mis bij ons"},
	} {
		d.answer = c.err
		w := ask(h, "GET", "/balie", "")
		if w.Code != c.want || !strings.Contains(w.Body.String(), c.text) || strings.Contains(w.Body.String(), "table customer") {
			t.Errorf("%v: got %d %.300s", c.err, w.Code, w.Body)
		}
	}
	d.answer = fault.New(fault.Slow, "kit.try_again").With(7)
	if got := ask(h, "GET", "/balie/", "").Header().Get("Retry-After"); got != "7" {
		t.Errorf("Retry-After %q, want 7", got)
	}
}

func TestAPageThatFailsHalfWaySendsNoHalfPage(t *testing.T) {
	_, h := house(t)
	if w := ask(h, "GET", "/balie/half", ""); w.Code != 500 || strings.Contains(w.Body.String(), "first half") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := ask(h, "GET", "/balie/panic", ""); w.Code != 500 || strings.Contains(w.Body.String(), "secret detail") {
		t.Errorf("a panic showed itself: %d %s", w.Code, w.Body)
	}
}

// Mostly it is a browser that went away: its script asked something, or a page was left
// before it came.
func TestAnAnswerThatBeganIsCutOffAndNotFollowedByAnErrorPage(t *testing.T) {
	d, h := house(t)
	machine := kit.NewMachine(kit.Machine{House: d.House, Door: "scim", Base: d.Base,
		Serve: func(w http.ResponseWriter, r *http.Request) (string, error) {
			_, err := w.Write([]byte("the first rows"))
			return "", errors.Join(err, errors.New("the disk"))
		},
		Refuse: func(w http.ResponseWriter, r *http.Request, id string, err error) { http.Error(w, "refused", 500) }})
	for name, handler := range map[string]http.Handler{"/balie/begun": h, "/machine": machine} {
		var complaints strings.Builder
		server := httptest.NewUnstartedServer(handler)
		server.Config.ErrorLog = log.New(&complaints, "", 0)
		server.Start()
		res, err := http.Get(server.URL + name)
		if err == nil {
			var text []byte
			if text, err = io.ReadAll(res.Body); err == nil || strings.Contains(string(text), "<h1>") || strings.Contains(string(text), "refused") {
				t.Errorf("%s: it looks whole: %s", name, text)
			}
			res.Body.Close()
		}
		server.Close()
		if complaints.Len() > 0 {
			t.Errorf("%s: the server complains: %s", name, complaints.String())
		}
	}
}

func TestUnknownPagesAndWrongMethodsAreProperPages(t *testing.T) {
	_, h := house(t)
	for path, want := range map[string]int{"/balie/nergens": 404, "/balie/form": 405} {
		w := ask(h, "DELETE", path, "", "Sec-Fetch-Site", "same-origin")
		if w.Code != want || !strings.Contains(w.Body.String(), "<h1>") {
			t.Errorf("DELETE %s: %d %.200s", path, w.Code, w.Body)
		}
		if want == 405 && w.Header().Get("Allow") != "GET, POST" {
			t.Errorf("Allow %q", w.Header().Get("Allow"))
		}
	}
}

// The language switch of a refused form, a bookmark of it, or Enter in the
// address bar ask for an address that only takes forms.
func TestTheAddressOfAFormLeadsToThePageThatHoldsIt(t *testing.T) {
	_, h := house(t)
	if w := ask(h, "GET", "/balie/form/stuur?taal=en", ""); w.Code != 303 || w.Header().Get("Location") != "/balie/form?taal=en" {
		t.Errorf("%d %s", w.Code, w.Header().Get("Location"))
	}
	if w := ask(h, "GET", "/balie/los/stuur", ""); w.Code != 405 || w.Header().Get("Allow") != "POST" {
		t.Errorf("without a page above it: %d, Allow %s", w.Code, w.Header().Get("Allow"))
	}
	if w := ask(h, "DELETE", "/balie/form/stuur", "", "Sec-Fetch-Site", "same-origin"); w.Code != 405 {
		t.Errorf("another method: %d", w.Code)
	}
}

func TestAPostFromAnotherSiteIsRefused(t *testing.T) {
	_, h := house(t)
	for _, site := range []string{"cross-site", "same-site"} {
		if w := ask(h, "POST", "/balie/form", "naam=x", "Sec-Fetch-Site", site); w.Code != 403 || !strings.Contains(w.Body.String(), "andere website") {
			t.Errorf("%s: got %d, want 403", site, w.Code)
		}
	}
	if w := ask(h, "POST", "/balie/form", "naam=x", "Sec-Fetch-Site", "same-origin"); w.Code != 422 {
		t.Errorf("same-origin: got %d", w.Code)
	}
}

// A proxy may give our program another host than the browser asked. A browser that sends
// no Sec-Fetch-Site (Safari before 16.4) is then known by the origin of the public address.
func TestAProxyThatChangesTheHostLetsOldBrowsersIn(t *testing.T) {
	_, h := house(t)
	sent := func(path, origin string, headers ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", "http://127.0.0.1:8080"+path, strings.NewReader("naam=x"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", origin)
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	if w := sent("/balie/form", "http://lid.example"); w.Code != 422 {
		t.Errorf("from our own page: %d, want 422", w.Code)
	}
	for _, origin := range []string{"https://lid.example", "http://lid.example:81", "http://kwaad.example", "http://lid.example.kwaad.example", "null"} {
		if w := sent("/balie/form", origin); w.Code != 403 {
			t.Errorf("from %s: %d, want 403", origin, w.Code)
		}
		if w := sent("/balie/form", origin, "Sec-Fetch-Site", "cross-site"); w.Code != 403 {
			t.Errorf("from %s by a browser that says so: %d, want 403", origin, w.Code)
		}
	}
	// An error page leads back to the form that was sent, by its public address.
	if w := sent("/balie/form/stuur", "http://lid.example", "Referer", "http://lid.example/balie/form?stap=2"); !strings.Contains(w.Body.String(), `/balie/form?stap=2`) {
		t.Errorf("the way back to the form is lost:\n%s", w.Body)
	}
}

func TestNothingThatWasTypedIsLostAndTheFieldSaysWhatIsWrong(t *testing.T) {
	_, h := house(t)
	w := ask(h, "POST", "/balie/form", url.Values{"naam": {`'t "Hooft" <b>`}}.Encode())
	body := w.Body.String()
	for _, want := range []string{`value="&#39;t &#34;Hooft&#34; &lt;b&gt;"`, `aria-invalid="true"`, `href="#f-naam"`, `aria-describedby="f-naam-hint f-naam-error"`, "<title>Fout:"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
}

func TestTextThatOneEngineWouldRefuseIsRefusedAtTheDoor(t *testing.T) {
	_, h := house(t)
	for _, bad := range []string{"naam=a%00b", "naam=%ff%fe", "na%00am=x", "%zz"} {
		if w := ask(h, "POST", "/balie/form", bad); w.Code != 422 || !strings.Contains(w.Body.String(), "<h1>") {
			t.Errorf("%q: got %d", bad, w.Code)
		}
	}
	if w := ask(h, "POST", "/balie/form", "naam="+strings.Repeat("x", 300<<10)); w.Code != 413 {
		t.Errorf("a huge body: got %d, want 413", w.Code)
	}
}

func TestAPageNeedsASessionAndTheVisitorComesBackToIt(t *testing.T) {
	d, h := house(t)
	w := ask(h, "GET", "/balie/mine/9?a=b", "")
	if to := w.Header().Get("Location"); w.Code != 303 || to != "/balie/aanmelden?naar=%2Fbalie%2Fmine%2F9%3Fa%3Db" {
		t.Fatalf("got %d to %q", w.Code, to)
	}
	set := httptest.NewRecorder()
	err := d.DB.InTx(t.Context(), func(tx *sqldb.Tx) error {
		token, _, err := session.Start(tx, session.Session{Door: "desk", Subject: "anna", Idle: d.Idle})
		d.SetSession(set, token)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	cookie := set.Result().Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode {
		t.Errorf("the cookie is open: %v", cookie)
	}
	if w := ask(h, "GET", "/balie/mine/9", "", "Cookie", cookie.Name+"="+cookie.Value); w.Body.String() != "yours" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestTheWayBackNeverLeavesTheDoor(t *testing.T) {
	d, _ := house(t)
	for wanted, want := range map[string]string{
		"/balie/klant/9?x=1": "/balie/klant/9?x=1", "/balie": "/balie", "": "/balie/",
		"https://evil.example/balie/": "/balie/", "//evil.example/balie": "/balie/", "/baliekluiver": "/balie/",
		`/balie/\evil`: "/balie/", "/mijn": "/balie/", "javascript:alert(1)": "/balie/",
	} {
		if got := d.Back(wanted); got != want {
			t.Errorf("Back(%q) = %q, want %q", wanted, got, want)
		}
	}
}

func TestTheVisitorChoosesTheLanguageAndItStays(t *testing.T) {
	_, h := house(t)
	w := ask(h, "GET", "/balie/form?taal=en", "")
	if !strings.Contains(w.Body.String(), `<html lang="en">`) || !strings.Contains(w.Body.String(), "Skip to content") {
		t.Errorf("asked for English: %.200s", w.Body)
	}
	c := w.Result().Cookies()[0]
	if w := ask(h, "GET", "/balie/form", "", "Cookie", c.Name+"="+c.Value); !strings.Contains(w.Body.String(), `<html lang="en">`) {
		t.Error("the choice did not stay")
	}
	if w := ask(h, "GET", "/balie/form", "", "Accept-Language", "de"); !strings.Contains(w.Body.String(), `<html lang="nl">`) {
		t.Error("a language that we do not speak must give Dutch")
	}
}

func TestAFlashIsShownOnceAndCannotBeForged(t *testing.T) {
	d, h := house(t)
	set := httptest.NewRecorder()
	d.SetFlash(set, "kit.reference", "<i>42</i>")
	c := set.Result().Cookies()[0]
	w := ask(h, "GET", "/balie/form", "", "Cookie", c.Name+"="+c.Value)
	if !strings.Contains(w.Body.String(), "&lt;i&gt;42&lt;/i&gt;") || !strings.Contains(w.Header().Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("got %q %.600s", w.Header().Get("Set-Cookie"), w.Body)
	}
	if w := ask(h, "GET", "/balie/form", "", "Cookie", c.Name+"=A"+c.Value[1:]); strings.Contains(w.Body.String(), "42&lt;") {
		t.Error("a forged flash was shown")
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	_, h := house(t)
	head := ask(h, "GET", "/balie/form", "").Header()
	for name, want := range map[string]string{"Content-Security-Policy": "script-src 'self'", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "same-origin"} {
		if !strings.Contains(head.Get(name), want) {
			t.Errorf("%s: %q", name, head.Get(name))
		}
	}
}

func TestAssetsAreKeptUntilTheyChange(t *testing.T) {
	_, h := house(t)
	page := ask(h, "GET", "/balie/form", "").Body.String()
	_, rest, _ := strings.Cut(page, `rel="stylesheet" href="`)
	path, _, _ := strings.Cut(rest, `"`)
	w := ask(h, "GET", path, "")
	if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") {
		t.Errorf("%s: %d %v", path, w.Code, w.Header())
	}
	if w := ask(h, "GET", "/balie/_/nothing.css", ""); w.Code != 404 {
		t.Errorf("got %d", w.Code)
	}
}

func TestAFormThatCouldNotBeReadLeadsBackToItself(t *testing.T) {
	_, h := house(t)
	for from, want := range map[string]bool{"http://lid.example/balie/form?x=1": true, "http://evil.example/balie/form": false, "": false} {
		w := ask(h, "POST", "/balie/form", "naam=%ff", "Referer", from)
		if got := strings.Contains(w.Body.String(), `href="/balie/form?x=1"`); w.Code != 422 || got != want {
			t.Errorf("from %q: %d, link %v", from, w.Code, got)
		}
	}
}

func TestANumberIsWrittenAsPeopleReadIt(t *testing.T) {
	for n, want := range map[int64][2]string{0: {"0", "0"}, 999: {"999", "999"}, 1000: {"1.000", "1,000"}, 99_999_999: {"99.999.999", "99,999,999"}, -123_456: {"-123.456", "-123,456"}} {
		for i, lang := range []words.Lang{words.NL, words.EN} {
			if got := (kit.View{Visit: &kit.Visit{Lang: lang}}).Count(n); got != want[i] {
				t.Errorf("%d in %s is %q, want %q", n, lang, got, want[i])
			}
		}
	}
}

func TestATelephoneCanDialWhatPeopleWrite(t *testing.T) {
	for written, want := range map[string]string{"0592 000 000": "0592000000", "+31 (0)592 - 12.34.56": "+31592123456", "(0592) 12 34 56": "0592123456", "088-1234567 (ma t/m vr 9-17)": "0881234567", "0900 bibliotheek": "0900", "": "",
		"+31 (592) 12 34 56": "+31592123456", "06 (12345678)": "0612345678", "0592 - 12 34 56 / 06 12345678": "0592123456"} {
		if got := (kit.View{}).Dial(written); got != want {
			t.Errorf("%q is dialled as %q, want %q", written, got, want)
		}
	}
}

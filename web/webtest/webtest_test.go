package webtest

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func TestMain(m *testing.M) { Main(m) }

const form = `<!doctype html><html lang="nl"><head><meta charset="utf-8"><title>Nieuwe klant</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"></head><body><main><h1>Nieuwe klant</h1>
<form method="post" action="/save">
<p><label for="a">Achternaam</label> <input id="a" name="achternaam" autofocus></p>
<p><label for="t">Tussenvoegsel (niet verplicht)</label> <input id="t" name="tussen" value="oud"></p>
<p><label for="l">Land</label> <select id="l" name="land"><option value="NL">Nederland</option><option value="BE">België</option></select></p>
<fieldset><legend>Gebruik inlogaccount</legend><label><input type="radio" name="acc" value="ja"> Ja</label> <label><input type="radio" name="acc" value="nee"> Nee</label></fieldset>
<fieldset><legend>Legitimatie gecontroleerd?</legend><label><input type="radio" name="leg" value="ja"> Ja</label> <label><input type="radio" name="leg" value="nee"> Nee</label></fieldset>
<p><label><input type="checkbox" name="nieuws" value="aan"> Nieuwsbrief</label></p>
<button>Opslaan</button></form>
<p><a href="/slow">Langzaam</a> <a href="/gone">Verdwenen</a></p></main></body></html>`

func pages(t *testing.T, extra map[string]string) string {
	t.Helper()
	mux := http.NewServeMux()
	show := func(w http.ResponseWriter, title, body string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="nl"><head><title>%s</title><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"></head><body><main><h1>%s</h1>%s</main></body></html>`, title, title, body)
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, form)
	})
	mux.HandleFunc("POST /save", func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		http.SetCookie(w, &http.Cookie{Name: "who", Value: "saved"})
		time.Sleep(200 * time.Millisecond)
		http.Redirect(w, r, "/saved?"+r.PostForm.Encode(), http.StatusSeeOther)
	})
	mux.HandleFunc("GET /saved", func(w http.ResponseWriter, r *http.Request) {
		show(w, "Opgeslagen", html.EscapeString(fmt.Sprint(r.URL.Query())))
	})
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(500 * time.Millisecond)
		c, _ := r.Cookie("who")
		show(w, "Langzaam", fmt.Sprintf("taal %s, koekje %v", r.Header.Get("Accept-Language"), c != nil))
	})
	mux.HandleFunc("GET /gone", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusGone)
		show(w, "Weg", "Deze pagina is er niet meer.")
	})
	for path, body := range extra {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", "default-src 'none'; img-src * data:; style-src 'self'; script-src 'self' 'unsafe-inline'")
			show(w, "Extra", body)
		})
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestAFormIsFilledByItsLabels(t *testing.T) {
	at := pages(t, nil)
	p := Start(t).Person(t)
	if status := p.Visit(at); status != 200 || p.Title() != "Nieuwe klant" {
		t.Fatalf("status %d, title %q", status, p.Title())
	}
	p.Fill("Achternaam", "Şahin-Yıldız")
	p.Fill("Tussenvoegsel", "van 't")
	p.Select("Land", "België")
	p.Choose("Gebruik inlogaccount", "Ja")
	p.Choose("Legitimatie gecontroleerd?", "Nee")
	p.Tick("Nieuwsbrief")
	if got := p.Value("Tussenvoegsel"); got != "van 't" {
		t.Errorf("the field holds %q", got)
	}
	p.Press("Opslaan")
	p.Want("achternaam:[Şahin-Yıldız]", "tussen:[van 't]", "land:[BE]", "acc:[ja]", "leg:[nee]", "nieuws:[aan]")
	p.WantURL("/saved")
	p.Lacks("Nederland")
	p.Back()
	p.Want("Nieuwe klant")
	p.Press("Langzaam") // settles only when the slow page is there
	if !strings.Contains(p.Text(), "taal nl, koekje true") {
		t.Errorf("the page says %q", p.Text())
	}
	if p.Visit(at + "/gone"); p.Status() != 410 {
		t.Errorf("status %d, want 410", p.Status())
	}
	p.Want("Deze pagina is er niet meer.")
}

func TestKeysThatSteerAreCountedAndTextIsNot(t *testing.T) {
	at := pages(t, nil)
	p := Start(t).Person(t)
	p.Visit(at)
	if p.Focused() != "Achternaam" {
		t.Fatalf("the cursor is in %q", p.Focused())
	}
	p.Type("Ĳssel Żur")
	p.Key(kb.Tab)
	p.Type("de")
	p.Key(kb.Enter)
	p.Want("achternaam:[Ĳssel Żur]", "tussen:[de]")
	if p.Keys() != 2 {
		t.Errorf("%d keys, want 2", p.Keys())
	}
	p.Shortcut("a", chromedp.ModifierAlt)
	if p.Keys() != 3 {
		t.Errorf("%d keys, want 3", p.Keys())
	}
}

func TestPeopleDoNotShareCookies(t *testing.T) {
	at := pages(t, nil)
	b := Start(t)
	one, other := b.Person(t), b.Person(t)
	one.Visit(at)
	one.Press("Opslaan")
	other.Language("en")
	other.Visit(at + "/slow")
	other.Want("taal en, koekje false")
	one.Visit(at + "/slow")
	one.Want("koekje true")
}

func TestAPageWithoutScriptWorks(t *testing.T) {
	at := pages(t, map[string]string{"/s": `<p id="x">zonder</p><script>document.getElementById('x').textContent = 'met'</script>`})
	p := Start(t).Person(t)
	p.Visit(at + "/s")
	p.Want("met")
	p.NoScript()
	p.Visit(at + "/s")
	p.Want("zonder")
	p.Visit(at)
	p.Fill("Achternaam", "Vries")
	p.Press("Opslaan")
	p.Want("achternaam:[Vries]")
}

func TestTroubleBehindThePageIsHeard(t *testing.T) {
	at := pages(t, map[string]string{
		"/policy":  `<p style="color:red">rood</p>`,
		"/thrown":  `<script>setTimeout(() => { throw new Error('stuk') })</script>`,
		"/error":   `<script>console.error('mis')</script>`,
		"/missing": `<img src="/nergens.png" alt="">`,
		"/abroad":  `<img src="https://cdn.example.org/a.png" alt="">`,
		"/dialog":  `<script>alert('hallo')</script>`,
		"/quiet":   `<p>niets aan de hand</p>`,
	})
	b := Start(t)
	for path, want := range map[string]string{"/policy": "Content Security Policy", "/thrown": "stuk", "/error": "mis",
		"/missing": "nergens.png", "/abroad": "cdn.example.org", "/dialog": "hallo", "/quiet": "", "/gone": ""} {
		p := b.Person(t)
		p.Visit(at + path)
		var troubles []string
		p.wait(func() bool {
			troubles = append(troubles, p.watch.take()...)
			return len(troubles) > 0
		}, time.Second)
		if want == "" && len(troubles) > 0 {
			t.Errorf("%s: %q, want no trouble", path, troubles)
		}
		if want != "" && !slices.ContainsFunc(troubles, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("%s: %q, want trouble about %q", path, troubles, want)
		}
	}
	p := b.Person(t)
	p.Forgive("mis")
	p.Visit(at + "/error")
	p.Clean()
}

func TestWhatAPersonCannotPressFailsTheTest(t *testing.T) {
	at := pages(t, map[string]string{
		"/covered": `<style>button { position: absolute } div { position: fixed; inset: 0 }</style><button>Onder</button><div></div>`,
		"/twice":   `<button>Twee</button><button>Twee</button>`,
		"/hidden":  `<button hidden>Weg</button>`,
	})
	b := Start(t)
	for path, words := range map[string]string{"/covered": "Onder", "/twice": "Twee", "/hidden": "Weg", "/": "Bestaat niet"} {
		p := b.Person(t)
		p.Forgive("Content Security Policy") // the test's own style sheet
		p.Visit(at + path)
		if path == "/covered" {
			Eval[chromedp.Void](p, `document.querySelector('button').style.position = 'absolute'; Object.assign(document.querySelector('div').style, {position: 'fixed', inset: 0})`)
		}
		if !stuck(p, func() { p.Press(words) }) {
			t.Errorf("%s: pressed %q", path, words)
		}
	}
}

// stuck runs f as if it were a test of its own, and tells whether that failed.
func stuck(p *Page, f func()) bool {
	real := p.t
	defer func() { p.t = real }()
	inner := &failing{TB: real}
	p.t = inner
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	<-done
	return inner.failed
}

type failing struct {
	testing.TB
	failed bool
}

func (f *failing) Fatalf(string, ...any) { f.failed = true; runtime.Goexit() }
func (f *failing) Errorf(string, ...any) { f.failed = true }

func TestALookFindsWhatSticksOutAndWhatAxeSees(t *testing.T) {
	if _, err := axe(); err != nil {
		missing(t, "axe-core is missing (npm ci installs it)")
	}
	dir := t.TempDir()
	t.Setenv("LIDWOORD_SCREENS", dir)
	at := pages(t, map[string]string{
		"/wide":   `<pre>` + strings.Repeat("breed ", 200) + `</pre>`,
		"/unseen": `<input name="a">`,
	})
	b := Start(t)
	p := b.Person(t)
	p.Visit(at)
	p.Look("form")
	for _, f := range []string{"form-390.png", "form-1280.png"} {
		if info, err := os.Stat(dir + "/" + f); err != nil || info.Size() < 1000 {
			t.Errorf("picture %s: %v", f, err)
		}
	}
	for _, path := range []string{"/wide", "/unseen"} {
		p.Visit(at + path)
		if !stuck(p, func() { p.Look("bad") }) {
			t.Errorf("%s: looks right", path)
		}
	}
}

package login_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/identity/signon"
	"lidwoord/web/webtest"
)

const appScheme, appBack, opdsBack = "nl.bind.lezen", "nl.bind.lezen:/terug", "opds://authorize/"

// app registers an app with a scheme of its own, of the library or of somebody else,
// and begins a request of it that comes back by an address.
func (d *door) app(c signon.Client, back, claims string) (request string) {
	d.t.Helper()
	d.in(func(tx *sqldb.Tx) error {
		c.Name, c.Redirects, c.Scopes = "Lezen op je telefoon", []string{appBack, opdsBack, "http://[::1]/terug"}, []string{"openid", "profile", "email"}
		if err := d.provider.RegisterClient(tx, c); err != nil {
			return err
		}
		var err error
		request, err = d.provider.Begin(tx, signon.AuthorizeParams{ClientID: c.ID, RedirectURI: back, ResponseType: "code", Scope: "openid email",
			State: "s", Challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", Method: "S256", Claims: claims})
		return err
	})
	return request
}

var (
	ownApp     = signon.Client{ID: "app", Own: true}
	servedApp  = signon.Client{ID: "app-met-server", Own: true, Secret: "een geheim dat op de server van de app staat"} // its server proves who it is
	strangeApp = signon.Client{ID: "vreemde-app"}
)

// An app on a telephone gets its answer by an address of its own, to which a browser
// goes from the form of whoever signs in only where the page allows it.
func TestAnAppIsAnsweredInABrowser(t *testing.T) {
	chromium := webtest.Start(t)
	d := open(t, newDB(t))
	d.active()
	key := ""
	typeIn := func(p *webtest.Page) {
		p.Fill("Gebruikersnaam of e-mailadres", username)
		p.Fill("Wachtwoord", good)
		p.Press("Inloggen")
	}
	typeCode := func(p *webtest.Page) {
		p.Fill("Code", d.code(key).Get("code"))
		p.Press("Inloggen")
		d.pass(30 * time.Second) // a code serves once
	}
	for _, way := range []struct {
		name    string
		app     signon.Client
		claims  string
		in      bool // signed in already
		presses func(*webtest.Page)
		hears   string
	}{
		{"signing in", servedApp, "", false, typeIn, "code"},
		{"signed in already", servedApp, "", true, nil, "code"},
		{"signed in already, at an app that any other could be", ownApp, "", true, func(p *webtest.Page) {
			p.Want("Elke app op je apparaat kan zich voordoen als Lezen op je telefoon")
			p.Want("Je gaat hierna terug naar de app Lezen op je telefoon (nl.bind.lezen).")
			p.Want("Je wachtwoord krijgt de app nooit.")
			p.Lacks("is niet van de bibliotheek")
			p.Lacks("website")
			p.Look("login-consent-app")
			p.Press("Ja, dat mag")
		}, "code"},
		{"no consent", strangeApp, "", true, func(p *webtest.Page) { p.Press("Nee, niet doen") }, "error"},
		{"consent after signing in", strangeApp, "", false, func(p *webtest.Page) { typeIn(p); p.Press("Ja, dat mag") }, "code"},
		{"no second step", servedApp, needsMore, true, func(p *webtest.Page) { p.Press("Terug zonder in te loggen") }, "error"},
		{"a second step is set up", servedApp, needsMore, true, func(p *webtest.Page) {
			p.Press("Tweede stap instellen")
			key = webtest.Eval[string](p, "document.getElementById('sleutel').textContent")
			p.Fill("Code uit de app", d.code(key).Get("code"))
			p.Press("Verder")
			p.Press("Ik heb ze bewaard")
			d.pass(30 * time.Second)
		}, "code"},
		{"signing in with a second step", servedApp, "", false, func(p *webtest.Page) { typeIn(p); typeCode(p) }, "code"},
		{"signing in after a page of this door asked", strangeApp, "", false, func(p *webtest.Page) {
			to, err := url.Parse(p.URL())
			if err != nil {
				t.Fatal(err)
			}
			p.Visit(d.base + "/tweede-stap?" + to.RawQuery)
			typeIn(p)
			typeCode(p)
			p.Press("Ja, dat mag")
		}, "code"},
	} {
		t.Run(way.name, func(t *testing.T) {
			p := chromium.Person(t)
			p.App(appScheme)
			if way.in {
				p.Visit(d.base + "/aanmelden")
				typeIn(p)
			}
			p.Visit(d.base + "/aanmelden?verzoek=" + d.app(way.app, appBack, way.claims))
			if way.presses != nil {
				way.presses(p)
			}
			to, err := url.Parse(p.WantApp())
			if err != nil || !strings.HasPrefix(to.String(), appBack+"?") || to.Query().Get(way.hears) == "" || to.Query().Get("iss") != d.provider.Issuer || to.Query().Get("state") != "s" {
				t.Errorf("the app is opened with %s", to)
			}
		})
	}
}

// All reader apps share one address, and its browser does not close by itself.
func TestAReaderAppIsAnsweredInABrowser(t *testing.T) {
	chromium := webtest.Start(t)
	d := open(t, newDB(t))
	d.active()
	p := chromium.Person(t)
	p.App("opds")
	p.Visit(d.base + "/aanmelden?verzoek=" + d.app(signon.Client{ID: "http://opds-spec.org/auth/client"}, opdsBack, ""))
	p.Fill("Gebruikersnaam of e-mailadres", username)
	p.Fill("Wachtwoord", good)
	p.Press("Inloggen")
	p.Press("Ja, dat mag")
	if to, err := url.Parse(p.WantApp()); err != nil || !strings.HasPrefix(to.String(), opdsBack+"?") || to.Query().Get("code") == "" {
		t.Errorf("the app is opened with %s", to)
	}
	p.Want("Ga terug naar de app")
	p.Look("login-to-reader-app")
}

// Only the pages on the way to an app name it, and only while its request is open.
func TestAPolicyNamesTheAppOfItsRequestAndNoOther(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		names := func(p page) bool {
			return strings.Contains(p.header.Get("Content-Security-Policy"), "form-action "+appScheme+": ")
		}
		to, site := d.app(strangeApp, appBack, ""), d.ask(nil)
		b := d.browser()
		wrong := b.signIn(url.Values{"verzoek": {to}}, "iets heel anders")
		if open := b.get("/aanmelden?verzoek=" + to); !names(open) || !names(wrong) {
			t.Errorf("the page that asks does not name the app: %s", open.header)
		}
		if b.signIn(url.Values{"verzoek": {to}}, good); !names(b.get("/toestemming?verzoek=" + to)) {
			t.Error("the page about consent does not name the app")
		}
		b.post("/toestemming", url.Values{"verzoek": {to}, "van": {whose(b.get("/toestemming?verzoek=" + to))}, "antwoord": {"nee"}})
		for name, p := range map[string]page{"over": b.get("/toestemming?verzoek=" + to), "a website": d.browser().get("/aanmelden?verzoek=" + site),
			"nobody's": d.browser().get("/aanmelden"), "another page": b.get("/")} {
			if names(p) {
				t.Errorf("%s: the page names the app", name)
			}
		}
		six := d.browser().get("/aanmelden?verzoek=" + d.app(ownApp, "http://[::1]:4711/terug", ""))
		if csp := six.header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action http: ") {
			t.Errorf("an app on this machine by its IPv6 number: %s", csp)
		}
	})
}

// A browser that opens an app stays where it was: there must be something to read and
// a way on, and no form that seems busy.
func TestAPageLeadsOnToAnApp(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		for answer, hears := range map[string]string{"ja": "code=", "nee": "error=access_denied"} {
			id := d.app(strangeApp, appBack, "")
			p := b.post("/toestemming", url.Values{"verzoek": {id}, "van": {whose(b.get("/toestemming?verzoek=" + id))}, "antwoord": {answer}})
			p.want(t, 200, "Ga terug naar de app", `href="`+appBack+"?", `content="0;url=`+appBack+"?", hears, appScheme)
			if p.header.Get("Cache-Control") != "no-store" {
				t.Errorf("a page with a code may be kept: %v", p.header)
			}
		}
		// The address that OPDS gives to all reader apps has no dot in its scheme.
		id := d.app(signon.Client{ID: "http://opds-spec.org/auth/client"}, opdsBack, "")
		p := b.post("/toestemming", url.Values{"verzoek": {id}, "van": {whose(b.get("/toestemming?verzoek=" + id))}, "antwoord": {"ja"}})
		p.want(t, 200, "Ga terug naar de app", `href="`+opdsBack+"?", `content="0;url=`+opdsBack+"?", "code=", "opds")
		if p := d.browser().signIn(url.Values{"verzoek": {d.app(servedApp, appBack, "")}}, good); p.status != 200 || !strings.Contains(p.body, "code=") {
			t.Errorf("signing in: %d %s", p.status, p.to)
		}
		if p := d.browser().signIn(url.Values{"verzoek": {d.app(servedApp, "http://[::1]:4711/terug", "")}}, good); p.status != 303 {
			t.Errorf("an app that has a page itself: %d", p.status)
		}
	})
}

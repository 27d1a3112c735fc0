package reading_test

import (
	"errors"
	"html"
	"net/http"
	"strings"
	"testing"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/device"
	"lidwoord/reading/loan"
	"lidwoord/web/webtest"
)

// app makes an app password and returns what its page shows.
func (b *browser) app(t *testing.T, name string) (login string, password secret.Token) {
	t.Helper()
	page := b.post("/leesapps", "naam", name).want(t, 200, "Typ dit in de app", html.EscapeString(name), "https://lezen.example/opds", `class="lw-qr"`)
	return regexpFind(page.body, `id="inlognaam">([^<]+)<`), secret.Token(regexpFind(page.body, `id="wachtwoord">([^<]+)<`))
}

func TestAReaderLetsAnAppInAndTakesThatBack(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db, with{})
		h.provider.Person = zoe("2027-11-30")
		b := h.browser()
		b.get("/leesapps").want(t, 200, "Leesapps", "Je hebt nog geen app binnengelaten") // over the sign-on
		b.post("/leesapps", "naam", "  ").want(t, 422, "Geef de app een naam van hooguit 60 letters.")
		login, password := b.app(t, "KOReader & co")
		if asked := h.provider.Asked[len(h.provider.Asked)-1]; !strings.Contains(asked.Get("scope"), "offline_access") || asked.Get("max_age") != "600" || asked.Get("prompt") == "none" {
			t.Errorf("the sign-on was asked %v", asked)
		}
		if before := h.provider.Asked[0].Get("scope"); strings.Contains(before, "offline_access") {
			t.Errorf("an ordinary sign-in asks %s", before)
		}
		// It can be seen again for a moment, by this browser only.
		b.get("/leesapps/nieuw?taal=en").want(t, 200, string(password), "only once")
		b.get("/?taal=nl")
		other := h.browser()
		other.get("/leesapps/nieuw")
		if a := other.get("/leesapps/nieuw"); strings.Contains(a.body, string(password)) {
			t.Error("another browser sees the password")
		}
		page := b.get("/leesapps").want(t, 200, "KOReader &amp; co", "Inlognaam "+login, "gemaakt op 23 november 2026", "nog niet gebruikt")
		if strings.Contains(page.body, string(password)) {
			t.Error("the list shows a password")
		}
		if a := b.get("/leesapps/nieuw"); strings.Contains(a.body, string(password)) {
			t.Error("the password is shown after it was seen")
		}

		in, err := h.site.Apps.Enter(t.Context(), login, password, "192.0.2.1")
		if err != nil {
			t.Fatal(err)
		}
		h.pass(time.Minute)
		if rights, err := in.Rights(t.Context(), loan.LendingRights); err != nil || len(rights) != 1 || rights[0].Library != "Bind bibliotheken" {
			t.Errorf("%v %v", rights, err)
		}
		b.get("/leesapps").want(t, 200, "laatst gebruikt op 23 november 2026")

		one := regexpFind(page.body, `href="/bibliotheek(/leesapps/[A-Z2-7]{26})"`)
		b.get(one).want(t, 200, "KOReader &amp; co", "App intrekken")
		b.post(one+"/naam", "naam", strings.Repeat("x", 61)).want(t, 422, "hooguit 60 letters")
		b.post(one+"/naam", "naam", "E-reader").want(t, 200, "De naam is veranderd", "E-reader")
		b.get("/leesapps/nope").want(t, 404)

		// Another reader has no business with it.
		h.provider.Person = map[string]any{"sub": "ada", "memberships": []any{}}
		ada := h.browser()
		ada.get("/leesapps").want(t, 200, "nog geen app")
		ada.get(one).want(t, 404)
		ada.post(one+"/naam", "naam", "mijn").want(t, 404)
		ada.post(one+"/intrekken").want(t, 404)
		if _, err := h.site.Apps.Enter(t.Context(), login, password, "192.0.2.1"); err != nil {
			t.Errorf("somebody else took it back: %v", err)
		}

		h.provider.mu.Lock()
		if len(h.provider.Refresh) != 1 {
			t.Errorf("%d refresh tokens work", len(h.provider.Refresh))
		}
		h.provider.mu.Unlock()
		b.post(one+"/intrekken").want(t, 200, "De app is ingetrokken", "nog geen app")
		if _, err := h.site.Apps.Enter(t.Context(), login, password, "192.0.2.1"); !errors.Is(err, device.ErrWrong) {
			t.Errorf("a withdrawn app: %v", err)
		}
		h.provider.mu.Lock()
		defer h.provider.mu.Unlock()
		if len(h.provider.Refresh) != 0 {
			t.Error("the sign-on still lets the app in")
		}
	})
}

func TestTheEleventhAppIsRefused(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	h.provider.Person = zoe("2027-11-30")
	b, second := h.browser(), h.browser()
	b.get("/inloggen")
	second.get("/inloggen")
	for range device.Most {
		b.app(t, "app")
	}
	if page := b.get("/leesapps").want(t, 200, "Je hebt 10 apps. Meer kan niet"); strings.Contains(page.body, "<button class=\"utrecht-button utrecht-button--primary-action\">Maak") {
		t.Error("an eleventh is offered")
	}
	second.post("/leesapps", "naam", "elf").want(t, 409, "Je hebt al 10 leesapps")
	h.provider.mu.Lock()
	defer h.provider.mu.Unlock()
	if len(h.provider.Refresh) != device.Most {
		t.Errorf("%d refresh tokens work", len(h.provider.Refresh))
	}
}

func TestAnAppEndsWhenTheSignOnForgetsItsReader(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	h.provider.Person = zoe("2027-11-30")
	b := h.browser()
	b.get("/inloggen")
	login, password := b.app(t, "E-reader")
	in, err := h.site.Apps.Enter(t.Context(), login, password, "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	h.provider.mu.Lock()
	clear(h.provider.Refresh)
	h.provider.mu.Unlock()
	h.pass(14 * time.Minute)
	if _, err := in.Rights(t.Context(), loan.ReadingRights); err != nil {
		t.Errorf("within the quarter of an hour: %v", err)
	}
	if _, err := in.Rights(t.Context(), loan.LendingRights); !errors.Is(err, device.ErrEnded) {
		t.Errorf("%v", err)
	}
	b.get("/leesapps").want(t, 200, "Werkt niet meer", "je bent overal uitgelogd")
}

func TestASignOnThatLetsNoAppInSaysSo(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	h.provider.Person = zoe("2027-11-30")
	h.provider.NoApps = true
	b := h.browser()
	b.get("/inloggen")
	b.post("/leesapps", "naam", "x").want(t, 503, "Je inlogaccount laat geen apps toe")
}

func TestATokenOfTheSignOnIsForReadingOrForNothing(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	h.provider.Person = zoe("2027-11-30")
	b := h.browser()
	b.get("/inloggen")
	login, password := b.app(t, "E-reader")
	same, err := h.site.Apps.Enter(t.Context(), login, password, "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		said map[string]any
		want error
	}{
		"for reading":        {map[string]any{"active": true, "sub": "zoe", "scope": "openid reading", "client_id": "thorium", "memberships": zoe("2027-11-30")["memberships"]}, nil},
		"for something else": {map[string]any{"active": true, "sub": "zoe", "scope": "openid memberships"}, device.ErrToken},
		"of another issuer":  {map[string]any{"active": true, "sub": "zoe", "scope": "reading", "iss": "https://evil.example"}, device.ErrToken},
		"of nobody":          {map[string]any{"active": true, "scope": "reading"}, device.ErrToken},
		"over":               {nil, device.ErrToken},
	} {
		h.pass(time.Hour)
		h.provider.mu.Lock()
		h.provider.Access = c.said
		h.provider.mu.Unlock()
		in, err := h.site.Apps.ByBearer(t.Context(), "good", "192.0.2.1")
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if c.want != nil {
			continue
		}
		if rights, err := in.Rights(t.Context(), loan.LendingRights); err != nil || len(rights) != 1 || in.Reader != same.Reader || in.App != "thorium" {
			t.Errorf("%s: %+v %v %v", name, in, rights, err)
		}
	}
}

func TestATitleOnLoanCanBeTakenAlong(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := newHouse(t, db, with{})
		h.provider.Person = zoe("2027-11-30")
		b, id := h.browser(), h.ids[bus]
		b.get("/titel/"+id+"/epub").want(t, 200, "Je hebt deze titel nu niet geleend") // over the sign-on, to the title
		b.get("/titel/"+id+"/meenemen").want(t, 200, "Je hebt deze titel nu niet geleend")
		b.post("/titel/"+id+"/lenen").want(t, 200, `/titel/`+id+`/meenemen">Meenemen`)
		b.get("/mijn-boeken").want(t, 200, "/meenemen", `/bibliotheek/leesapps">`)
		b.get("/titel/"+id+"/meenemen").want(t, 200, bus, "tot en met 14 december 2026", "stopt na die dag niet vanzelf", "Haal het e-book op")
		file := b.get("/titel/"+id+"/epub").want(t, 200, "mimetypeapplication/epub+zip")
		if file.Header.Get("Content-Type") != "application/epub+zip" || file.Header.Get("Content-Disposition") != `attachment; filename="`+bus+`.epub"` ||
			file.Header.Get("Cache-Control") != "private, no-cache" || file.ContentLength != int64(len(file.body)) {
			t.Errorf("%v", file.Header)
		}
		half := b.get("/titel/"+id+"/epub", "Range", "bytes=1000-", "If-Range", file.Header.Get("ETag")).want(t, 206)
		if half.body != file.body[1000:] {
			t.Error("the second half is another book")
		}
		b.get("/titel/"+id+"/epub", "If-None-Match", file.Header.Get("ETag")).want(t, 304)
		if head := b.do(http.MethodHead, "/titel/"+id+"/epub", nil); head.StatusCode != 200 || head.ContentLength != file.ContentLength {
			t.Errorf("HEAD: %s %d", head.Status, head.ContentLength)
		}
		robot := h.ids["De robot die wilde voorlezen"]
		if page := b.post("/titel/"+robot+"/lenen").want(t, 200); strings.Contains(page.body, "/meenemen") {
			t.Error("an audiobook can be taken along")
		}
		b.get("/titel/"+robot+"/meenemen").want(t, 403, "geen bestand meenemen")
		b.get("/titel/"+robot+"/epub").want(t, 403)
		b.post("/titel/"+id+"/teruggeven").want(t, 200)
		b.get("/titel/"+id+"/epub").want(t, 200, "Je hebt deze titel nu niet geleend")
	})
}

func TestPagesOfAppsAreComplete(t *testing.T) {
	h := newHouse(t, sqldbtest.New(t), with{})
	h.provider.Person = zoe("2027-11-30")
	b := h.browser()
	b.get("/inloggen")
	b.post("/titel/" + h.ids[bus] + "/lenen")
	b.app(t, "E-reader")
	one := regexpFind(b.get("/leesapps").body, `href="/bibliotheek(/leesapps/[A-Z2-7]{26})"`)
	for _, lang := range []string{"en", "nl"} {
		for _, path := range []string{"/leesapps", one, "/titel/" + h.ids[bus] + "/meenemen"} {
			complete(t, b.get(path+"?taal="+lang))
		}
	}
}

// The whole way in a real browser, with and without script.
func TestAReaderMakesAnAppPasswordInABrowser(t *testing.T) {
	chromium := webtest.Start(t)
	h := newHouse(t, sqldbtest.New(t), with{})
	h.provider.Person = zoe("2027-11-30")
	for _, script := range []bool{true, false} {
		p := chromium.Person(t)
		if !script {
			p.NoScript()
		}
		p.Visit(h.URL + "/bibliotheek/mijn-boeken")
		p.Press("Lezen op een e-reader of in een andere app")
		look := func(name string) {
			if script {
				p.Look(name)
			}
		}
		look("apps-none")
		p.Forgive("422")
		p.Press("Maak een app-wachtwoord")
		p.Want("hooguit 60 letters")
		look("apps-wrong")
		p.Fill("Hoe noem je deze app?", "KOReader op mijn e-reader")
		p.Press("Maak een app-wachtwoord")
		p.Want("Typ dit in de app", "https://lezen.example/opds")
		look("apps-new")
		p.Press("Klaar")
		p.Want("KOReader op mijn e-reader", "nog niet gebruikt")
		look("apps-list")
		p.Press("Wijzigen of intrekken KOReader op mijn e-reader")
		look("apps-one")
		p.Press("Intrekken")
		p.Want("De app is ingetrokken", "nog geen app")
		p.Visit(h.URL + "/bibliotheek/titel/" + h.ids[bus])
		if script {
			p.Press("Lenen")
		}
		p.Press("Meenemen")
		p.Want("Zo open je het")
		look("take-along")
	}
}

package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"lidwoord/adapter/backchannel"
	"lidwoord/base/audit"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/identity/provision"
	"lidwoord/identity/signon"
	"lidwoord/library/branch"
	"lidwoord/library/staff"
	"lidwoord/web/manage"
)

// Beheer against the whole house: what it changes, the sign-on does.

// boss is a browser in which the manager of the demo is signed in at Beheer.
type boss struct {
	surfer
	h      *running
	id     string
	cookie *http.Cookie
}

func (h *running) boss(t *testing.T) boss {
	t.Helper()
	b := boss{newSurfer(t), h, "", nil}
	err := h.db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		library, err := branch.FindOrganisation(tx, "bind")
		if err != nil {
			return err
		}
		workers, err := staff.List(tx, library.ID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(workers, func(w staff.Worker) bool { return w.Username == demoBoss })
		b.id = workers[i].ID
		token, _, err := session.Start(tx, session.Session{Door: "manage", Subject: b.id, Data: "Marieke", Idle: time.Hour})
		b.cookie = &http.Cookie{Name: "lidwoord-manage-sessie", Value: string(token), Path: "/"}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	at, _ := url.Parse(h.at)
	b.Jar.SetCookies(at, []*http.Cookie{b.cookie})
	return b
}

// send posts a form and returns the status and the page.
func (b boss) send(path string, form url.Values) (status int, body string) {
	b.t.Helper()
	res, err := b.PostForm(b.h.at+"/beheer"+path, form)
	if err != nil {
		b.t.Fatal(err)
	}
	status = res.StatusCode
	_, body = b.read(res, nil)
	return status, html.UnescapeString(body)
}

func (b boss) see(path string) (status int, body string) {
	b.t.Helper()
	res, err := b.Get(b.h.at + "/beheer" + path)
	if err != nil {
		b.t.Fatal(err)
	}
	status = res.StatusCode
	_, body = b.read(res, nil)
	return status, html.UnescapeString(body)
}

func (b boss) wants(body string, sentences ...string) {
	b.t.Helper()
	for _, s := range sentences {
		if !strings.Contains(body, s) {
			b.t.Errorf("no %q in\n%s", s, body)
		}
	}
	if m := regexp.MustCompile(`\b(manage|signon|provision|kit)\.[a-z_.]+[a-z]\b`).FindString(body); m != "" {
		b.t.Errorf("the sentence %s is missing in\n%s", m, body)
	}
}

func shownAs(id, body string) string {
	m := regexp.MustCompile(`id="` + id + `"[^>]*>([^<]*)<`).FindStringSubmatch(body)
	if m == nil {
		return ""
	}
	return m[1]
}

func versionOn(body string) string {
	m := regexp.MustCompile(`name="versie" value="(-?[0-9]+)"`).FindStringSubmatch(body)
	if m == nil {
		return ""
	}
	return m[1]
}

// siteForm is a form that was filled in well.
func siteForm(change ...string) url.Values {
	form := url.Values{"naam": {"Leesclub"}, "kenmerk": {"leesclub"}, "wie": {"eigen"}, "terug": {"https://leesclub.example/terug\r\nhttps://leesclub.example/ook\r\n"},
		"uit": {"https://leesclub.example/"}, "gegevens": {"profile", "email"}, "kennen": {"eigen"}, "methode": {"client_secret"}, "algoritme": {"rs"}}
	for i := 0; i < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	return form
}

// noted counts the acts of the boss on an object.
func (b boss) noted(object string) (acts []string) {
	b.t.Helper()
	err := b.h.db.Read(b.t.Context(), func(tx *sqldb.Tx) error {
		acts = nil
		list, err := audit.Of(tx, object, 50)
		for _, e := range list {
			if e.Actor == "staff:"+b.id {
				acts = append(acts, e.Act)
			}
		}
		slices.Sort(acts)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return acts
}

// An independent client signs in with what the page shows, and with nothing else.
func TestAClientSignsInWithWhatTheManagersPageShows(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		b := h.boss(t)
		status, page := b.send("/websites/nieuw", siteForm())
		if status != 200 {
			t.Fatalf("adding: %d\n%s", status, page)
		}
		b.wants(page, "Je ziet het geheim alleen nu", "redirect_uri: https://leesclub.example/ook", "client_secret: "+shownAs("geheim", page), "code_challenge_method: S256", "id_token_signed_response_alg: RS256")
		provider, err := oidc.NewProvider(t.Context(), shownAs("issuer", page))
		if err != nil {
			t.Fatal(err)
		}
		if shownAs("discovery", page) != shownAs("issuer", page)+"/.well-known/openid-configuration" {
			t.Errorf("discovery at %q", shownAs("discovery", page))
		}
		c := oauth2.Config{ClientID: shownAs("client", page), ClientSecret: shownAs("geheim", page), Endpoint: provider.Endpoint(),
			RedirectURL: "https://leesclub.example/terug", Scopes: strings.Fields(shownAs("scopes", page))}
		verifier := oauth2.GenerateVerifier()
		reader := newSurfer(t)
		var back *url.URL
		reader.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			if r.URL.Host == "leesclub.example" {
				back = r.URL
				return http.ErrUseLastResponse
			}
			return nil
		}
		username := h.login(t, "start.reader")
		reader.enter(c.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier)), username, demoReaderPw)
		if back == nil {
			t.Fatal("the reader did not come back")
		}
		tokens, err := c.Exchange(t.Context(), back.Query().Get("code"), oauth2.VerifierOption(verifier))
		if err != nil {
			t.Fatal(err)
		}
		id, err := provider.Verifier(&oidc.Config{ClientID: c.ClientID}).Verify(t.Context(), tokens.Extra("id_token").(string))
		if err != nil {
			t.Fatal(err)
		}
		var claims struct{ Preferred_username string }
		if err := id.Claims(&claims); err != nil || claims.Preferred_username != username || id.Subject == "" {
			t.Errorf("claims %+v of %q, %v", claims, id.Subject, err)
		}

		// The page shows the secret once.
		if _, page := b.see("/websites/leesclub/gegevens"); strings.Contains(page, c.ClientSecret) || shownAs("client", page) != "leesclub" {
			t.Error("the secret is shown twice, or the page is another")
		}
		// And the website is out when it is removed.
		_, page = b.see("/websites/leesclub/verwijderen")
		b.wants(page, "Lezers kunnen niet meer inloggen bij Leesclub")
		if status, page = b.send("/websites/leesclub/verwijderen", nil); status != 200 {
			t.Errorf("removing: %d", status)
		}
		b.wants(page, "Leesclub is verwijderd")
		if _, err := provider.UserInfo(t.Context(), c.TokenSource(t.Context(), tokens)); err == nil {
			t.Error("the access token outlived the website")
		}
		if status, _ := b.see("/websites/leesclub"); status != 404 {
			t.Errorf("the page of a website that is gone: %d", status)
		}
		if got := b.noted("client:leesclub"); !slices.Equal(got, []string{"signon.client_removed", "signon.client_saved"}) {
			t.Errorf("noted %v", got)
		}
	})
}

func TestEveryFaultOfAWebsiteStandsAtItsFieldAndNothingTypedIsLost(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		b := h.boss(t)
		for name, c := range map[string]struct {
			change, want []string
		}{
			"empty":           {[]string{"naam", " ", "kenmerk", "", "terug", ""}, []string{`href="#f-naam"`, `href="#f-kenmerk"`, `href="#f-terug"`}},
			"two bad ones":    {[]string{"terug", "leesclub.example/terug\nhttps://a.example/#x"}, []string{`href="#f-terug">Het adres leesclub.example/terug kan niet`, "https://a.example/#x kan niet"}},
			"all at once":     {[]string{"naam", "", "terug", "x\nhttps://b.example/#x", "afmelding", "org.app:/x", "wie", "ander", "methode", "private_key_jwt", "sleutels", "{}"}, []string{`href="#f-naam"`, `href="#f-terug">Het adres x kan niet`, "https://b.example/#x kan niet", `href="#f-afmelding"`, `href="#f-sleutels">De sleutels`}},
			"any address":     {[]string{"terug", "https://*.leesclub.example/"}, []string{`href="#f-terug">In het adres https://*.leesclub.example/ staat een *`}},
			"any origin":      {[]string{"scripts", "https://*.leesclub.example"}, []string{`href="#f-scripts">In het adres`}},
			"after signing":   {[]string{"uit", "javascript:alert(1)"}, []string{`href="#f-uit"`}},
			"of sign-outs":    {[]string{"afmelding", "org.app:/x"}, []string{`href="#f-afmelding"`}},
			"beginning":       {[]string{"begin", "x"}, []string{`href="#f-begin"`}},
			"origin":          {[]string{"scripts", "https://leesclub.example/"}, []string{`href="#f-scripts">Het adres https://leesclub.example/ kan hier niet`}},
			"no keys":         {[]string{"methode", "private_key_jwt"}, []string{`href="#f-sleutels">Plak`}},
			"bad keys":        {[]string{"methode", "private_key_jwt", "sleutels", "{}"}, []string{`href="#f-sleutels">De sleutels kloppen niet`}},
			"no method":       {[]string{"methode", "x"}, []string{`href="#f-methode"`}},
			"no group":        {[]string{"kennen", "samen"}, []string{`href="#f-groep"`}},
			"one of our own":  {[]string{"kenmerk", readingClient}, []string{`href="#f-kenmerk">Het kenmerk online-bibliotheek is al`}},
			"the word of new": {[]string{"kenmerk", "nieuw"}, []string{`href="#f-kenmerk"`}},
			"capitals":        {[]string{"kenmerk", "Leesclub"}, []string{`href="#f-kenmerk"`}},
		} {
			status, page := b.send("/websites/nieuw", siteForm(append([]string{"uit", "https://blijft.example/uit"}, c.change...)...))
			if status != 422 && status != 409 {
				t.Errorf("%s: %d", name, status)
			}
			b.wants(page, c.want...)
			if !slices.Contains(c.change, "uit") && !strings.Contains(page, "https://blijft.example/uit") {
				t.Errorf("%s: what was typed is lost", name)
			}
		}
		// Outside the demo sign-outs of others are told to no address inside.
		strict := websites{&signon.Provider{Issuer: "https://inlog.example/oidc", Reaches: backchannel.Outside}}
		got := fault.Of(strict.Check(manage.Website{SignedOut: "https://192.168.1.5/uit"}))
		if len(got) != 1 || !errors.Is(got[0], signon.ErrClientInside) || got[0].Field != manage.FieldSignedOut {
			t.Errorf("an address inside: %v", got)
		}
		// Nor does it take http, but for an app on the reader's own computer; the demo says so.
		got = fault.Of(strict.Check(manage.Website{Redirects: []string{"http://leesclub.example/terug", "http://127.0.0.1/terug"}, Logouts: []string{"http://10.0.0.5/uit"}}))
		if len(got) != 2 || !errors.Is(got[0], signon.ErrClientAddress) || got[0].Field != manage.FieldRedirects || got[1].Field != manage.FieldLogouts {
			t.Errorf("http: %v", got)
		}
		_, page := b.see("/websites/nieuw")
		b.wants(page, "proefopstelling zonder https", "nl.leesclub.app:/terug")
		// In English too, and nobody but a manager.
		_, page = b.see("/websites/nieuw?taal=en")
		b.wants(page, "Add a website", "Whose website is it?", "while signed in and for 24 hours at most")
		stranger := newSurfer(t)
		for _, path := range []string{"/websites", "/websites/nieuw", "/websites/mijn-menu", "/systemen", "/systemen/soorten", "/systemen/soorten/wijzigen", "/lezers", "/lezers/uitloggen", "/mail"} {
			if at, _ := stranger.read(stranger.Get(h.at + "/beheer" + path)); at.Path != "/beheer/aanmelden" {
				t.Errorf("a stranger sees %s", path)
			}
		}
	})
}

// A reader sees a name and believes it.
func TestAWebsiteOfSomebodyElseWithAKnownNameIsAskedAbout(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		b := h.boss(t)
		for i, c := range []struct {
			name string
			asks bool
		}{{"Online Bibliotheek", true}, {"online-bibliotheek Drenthe", true}, {"Leesclub", false}, {"LEES club", true}, {"Leesclub Assen", false}} {
			form := siteForm("kenmerk", fmt.Sprint("site-", i), "naam", c.name, "wie", "ander")
			status, page := b.send("/websites/nieuw", form)
			if got := status == 422 && strings.Contains(page, `href="#f-naamgenoot">De naam lijkt op die van`); got != c.asks {
				t.Errorf("%s: %d", c.name, status)
			}
			if c.asks {
				form.Set("naamgenoot", "ja")
				if status, _ := b.send("/websites/nieuw", form); status != 200 {
					t.Errorf("%s, confirmed: %d", c.name, status)
				}
			}
		}
		if status, _ := b.send("/websites/nieuw", siteForm("kenmerk", "filiaal", "naam", "Online Bibliotheek", "wie", "eigen")); status != 200 {
			t.Errorf("of the library itself: %d", status)
		}
		_, page := b.see("/websites/site-4")
		if status, page := b.send("/websites/site-4", siteForm("versie", versionOn(page), "naam", "Mijn Online Bibliotheek", "wie", "ander")); status != 422 || !strings.Contains(page, "naamgenoot") {
			t.Errorf("changed into a known name: %d", status)
		}
	})
}

func TestTheSheetOfAWebsiteSaysWhatHoldsForItsKind(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		b := h.boss(t)
		_, public := twoKeys(t)
		for id, c := range map[string]struct{ form, has, lacks []string }{
			"geheim":  {[]string{"gegevens", "offline_access"}, []string{"client_secret_basic", "na tien seconden", "/introspect"}, []string{"kwartier", "memberships is een lijst"}},
			"sleutel": {[]string{"methode", signon.BySigning, "sleutels", public, "gegevens", "memberships"}, []string{"private_key_jwt", "valid_through", "werkt een uur"}, []string{"kwartier", "refresh token"}},
			"app":     {[]string{"methode", signon.ByNothing, "terug", "nl.leesclub.app:/terug", "gegevens", "offline_access", "scripts", "https://leesclub.example"}, []string{"kwartier", "prompt=none altijd", "eindigt meteen", "Adressen van scripts</dt>"}, []string{"/introspect", "werkt een uur"}},
		} {
			b.send("/websites/nieuw", siteForm(append([]string{"kenmerk", id, "naam", "Site " + id, "wie", "ander"}, c.form...)...))
			_, page := b.see("/websites/" + id + "/gegevens")
			b.wants(page, append(c.has, "urn:lidwoord:acr:mfa", "Single sign-on: connecting a site")...)
			for _, text := range c.lacks {
				if strings.Contains(page, text) {
					t.Errorf("%s tells %s", id, text)
				}
			}
		}
		_, page := b.see("/systemen/nieuw")
		if !strings.Contains(page, `value="users:read" checked`) || strings.Contains(page, `value="users:write" checked`) {
			t.Error("a token may write unless somebody thinks of it")
		}
	})
}

func TestOurOwnDoorsAreSeenAndNotTouched(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		b := h.boss(t)
		_, page := b.see("/websites")
		b.wants(page, "hoort bij Lidwoord", "Online Bibliotheek")
		status, page := b.see("/websites/" + readingClient)
		if status != 200 || strings.Contains(page, `method="post" action="/beheer/websites`) {
			t.Errorf("our own door: %d\n%s", status, page)
		}
		b.wants(page, "stelt zich vanzelf in")
		for _, path := range []string{"", "/geheim", "/verwijderen"} {
			form := siteForm("overlap", "niet")
			if status, _ := b.send("/websites/"+readingClient+path, form); status != 403 {
				t.Errorf("POST %s: %d", path, status)
			}
		}
		if got := b.noted("client:" + readingClient); len(got) != 0 {
			t.Errorf("noted %v", got)
		}
	})
}

func TestWhatGoesWrongWithAWebsiteStandsAboveTheList(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		b := h.boss(t)
		_, page := b.see("/websites")
		for _, text := range []string{"horen niet dat iemand zich afmeldt", "kunnen we de sleutels niet ophalen"} {
			if strings.Contains(page, text) {
				t.Errorf("nothing is wrong, and it says %q", text)
			}
		}
		site := siteForm("methode", "private_key_jwt", "sleutels", "http://127.0.0.1:1/sleutels?geheim")
		if status, page := b.send("/websites/nieuw", site); status != 200 || !strings.Contains(page, "jwks_uri: http://127.0.0.1:1/sleutels?geheim") {
			t.Fatalf("a site that publishes its keys: %d\n%s", status, page)
		}
		id := site.Get("kenmerk")
		err := h.house.db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			if _, err := tx.Exec(`INSERT INTO signon_missed (client_id, missed, last_at) VALUES ($1, 3, $2)`, id, tx.Now); err != nil {
				return err
			}
			_, err := tx.Exec(`UPDATE signon_client SET logout_uri = 'https://elders.example/uit' WHERE id = $1`, id)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		claims := base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"` + id + `","sub":"` + id + `","jti":"1"}`))
		assertion := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256"}`)) + "." + claims + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 64))
		if err := h.house.provider.FetchKeys(t.Context(), h.house.db, signon.ClientAuth{Assertion: assertion}); err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("nobody is at the address of the keys: %v", err)
		}
		_, page = b.see("/websites")
		b.wants(page, "Deze websites horen niet dat iemand zich afmeldt", "Gemiste afmeldingen: 3, de laatste opgegeven op", "Van deze websites kunnen we de sleutels niet ophalen", "sinds ")
		if strings.Index(page, "Gemiste afmeldingen") > strings.Index(page, "<table") {
			t.Error("the problem does not come first")
		}
	})
}

func TestAWebsiteIsChangedByWhoSawItAsItIs(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		b := h.boss(t)
		_, page := b.send("/websites/nieuw", siteForm())
		first := secret.Token(shownAs("geheim", page))
		_, page = b.see("/websites/leesclub")
		old := versionOn(page)
		b.wants(page, "https://leesclub.example/terug", `value="rs" checked`)
		if _, page = b.send("/websites/leesclub", siteForm("versie", old, "naam", "Leesclub Drenthe", "kennen", "samen", "groep", "drenthe.example")); !strings.Contains(page, `href="#f-zeker">Je wijzigt de naam`) {
			t.Errorf("another name for every reader is not asked first:\n%s", page)
		}
		if _, page = b.send("/websites/leesclub", siteForm("versie", old, "naam", "Leesclub Drenthe", "kennen", "samen", "groep", "drenthe.example", "zeker", "ja")); !strings.Contains(page, "Leesclub Drenthe is opgeslagen") {
			t.Errorf("changing:\n%s", page)
		}
		if status, page := b.send("/websites/leesclub", siteForm("versie", old, "naam", "Ander")); status != 409 || !strings.Contains(page, "intussen gewijzigd") || !strings.Contains(page, `value="Ander"`) {
			t.Errorf("with an old form: %d", status)
		}
		works := func(s secret.Token) bool {
			form := url.Values{"token": {"x"}, "client_id": {"leesclub"}, "client_secret": {string(s)}}
			res, err := http.PostForm(h.at+"/oidc/introspect", form)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			return res.StatusCode == 200
		}
		if !works(first) {
			t.Fatal("the secret changed with the name")
		}
		_, page = b.see("/websites/leesclub/geheim")
		b.wants(page, "Een week", "het is uitgelekt")
		version := versionOn(page)
		if status, page := b.send("/websites/leesclub/geheim", url.Values{"versie": {version}, "overlap": {"x"}}); status != 422 || !strings.Contains(page, "Kies hoelang") {
			t.Errorf("without an overlap: %d", status)
		}
		_, page = b.send("/websites/leesclub/geheim", url.Values{"versie": {version}, "overlap": {"week"}})
		second := secret.Token(shownAs("geheim", page))
		if !works(first) || !works(second) || first == second {
			t.Error("in the week both secrets should work")
		}
		// The browser's reload sends the form again. It must not push the first secret out.
		if status, _ := b.send("/websites/leesclub/geheim", url.Values{"versie": {version}, "overlap": {"week"}}); status != 409 || !works(first) || !works(second) {
			t.Errorf("sent twice: %d", status)
		}
		_, page = b.see("/websites")
		b.wants(page, "oude geheim werkt tot")
		h.pass(8 * 24 * time.Hour)
		if works(first) || !works(second) {
			t.Error("after a week the old secret works, or the new one does not")
		}
		// To a website that signs, and back: it gets a new secret. The session of the boss is over by now.
		b = h.boss(t)
		_, page = b.see("/websites/leesclub")
		_, public := twoKeys(t)
		b.send("/websites/leesclub", siteForm("versie", versionOn(page), "methode", signon.BySigning, "sleutels", public, "zeker", "ja"))
		_, page = b.see("/websites/leesclub")
		if status, _ := b.see("/websites/leesclub/geheim"); status != 404 {
			t.Errorf("a secret for one that signs: %d", status)
		}
		_, page = b.send("/websites/leesclub", siteForm("versie", versionOn(page)))
		if third := secret.Token(shownAs("geheim", page)); third == "" || works(second) || !works(third) {
			t.Error("back to a secret: it was not made anew, or not shown")
		}
	})
}

// once lets sixteen try at the same time and says how many did it.
func once(t *testing.T, h *running, try func(*sqldb.Tx) error, fine ...error) (won int64) {
	t.Helper()
	var wins atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			err := h.db.InTx(t.Context(), try)
			switch {
			case err == nil:
				wins.Add(1)
			case !slices.ContainsFunc(fine, func(f error) bool { return errors.Is(err, f) }):
				t.Error(err)
			}
		})
	}
	all.Wait()
	return wins.Load()
}

func TestOfSixteenManagersOneAddsChangesAndRemoves(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		sites := websites{h.provider}
		club := manage.Website{ID: "leesclub", Name: "Leesclub", Method: manage.BySecret, Redirects: []string{"https://leesclub.example/"}, Algorithm: signon.ES256}
		if n := once(t, h, func(tx *sqldb.Tx) error { _, err := sites.Add(tx, "test", club); return err }, signon.ErrClientTaken); n != 1 {
			t.Errorf("%d added it", n)
		}
		err := h.db.Read(t.Context(), func(tx *sqldb.Tx) error {
			list, err := sites.List(tx)
			for _, w := range list {
				if w.ID == club.ID {
					club = w
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := once(t, h, func(tx *sqldb.Tx) error { _, err := sites.NewSecret(tx, "test", club, time.Hour); return err }, signon.ErrClientChanged); n != 1 {
			t.Errorf("%d made a new secret", n)
		}
		if n := once(t, h, func(tx *sqldb.Tx) error { return sites.Remove(tx, "test", club.ID) }, manage.ErrNoSite); n != 1 {
			t.Errorf("%d removed it", n)
		}
		var bearer provision.Bearer
		err = h.db.InTx(t.Context(), func(tx *sqldb.Tx) (err error) {
			if err = knowOrganisation(tx, "noord", "Noord"); err != nil {
				return err
			}
			_, bearer, err = provision.Issue(tx, "test", provision.Order{Organisation: "noord", Name: "Wise", Scopes: provision.Scopes, Life: provision.TokenLife})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := once(t, h, func(tx *sqldb.Tx) error { return systems{}.Revoke(tx, "test", bearer.ID) }, manage.ErrNoSystem); n != 1 {
			t.Errorf("%d revoked it", n)
		}
	})
}

func TestWhatTheMembershipsOfAnotherSystemOpenIsSaidInBeheer(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		b := h.boss(t)
		_, page := b.see("/systemen/soorten")
		b.wants(page, "Er zijn nog geen soorten")
		token := h.tokenFor(t, "noord", "Bibliotheken Noord")
		gives := func() string {
			_, answer := h.program(t, token, "POST", "/Users", `{"externalId":"100200","emails":[{"value":"zoe@noord.example"}],
				"urn:lidwoord:params:scim:schemas:extension:membership:2.0:User":{"memberships":[{"value":"W1","type":"JAAR & MEER","start":"2026-01-01"}]}}`)
			detail, _ := answer["detail"].(string)
			return detail
		}
		if said := gives(); !strings.Contains(said, "No kinds of membership") {
			t.Errorf("said %q", said)
		}
		form := func(change ...string) url.Values {
			f := url.Values{"organisatie": {"Noord"}, "code": {"JAAR & MEER"}, "naam": {"Jaarabonnement"}, "rechten": {"digital", "physical"}}
			for i := 0; i < len(change); i += 2 {
				f.Set(change[i], change[i+1])
			}
			return f
		}
		for name, wrong := range map[string]string{"organisatie": "west", "code": "", "naam": "", "rechten": "alles"} {
			if status, page := b.send("/systemen/soorten/wijzigen", form(name, wrong)); status != 422 || !strings.Contains(page, `href="#f-`+name+`"`) {
				t.Errorf("%s: %d\n%s", name, status, page)
			}
		}
		_, page = b.send("/systemen/soorten/wijzigen", form())
		b.wants(page, "Jaarabonnement is opgeslagen", "Lenen in de bibliotheek", "Bibliotheken Noord (noord)")
		link := html.UnescapeString(regexp.MustCompile(`href="[^"]*(/systemen/soorten/wijzigen\?[^"]+)"`).FindStringSubmatch(page)[1])
		_, page = b.see(link)
		if strings.Count(page, " checked") != 2 || !strings.Contains(page, `value="JAAR & MEER"`) {
			t.Errorf("the form of %s is\n%s", link, page)
		}
		_, page = b.send("/systemen/soorten/wijzigen", form("stand", "uit", "wijzigt", "ja"))
		b.wants(page, "gestopt")
		if said := gives(); !strings.Contains(said, "That kind of membership is withdrawn") {
			t.Errorf("withdrawn, said %q", said)
		}
		b.send("/systemen/soorten/wijzigen", form("wijzigt", "ja"))
		if said := gives(); said != "" {
			t.Errorf("offered, said %q", said)
		}
		// The same code again, in whatever capitals, is no new kind; and a kind that opens
		// nothing is asked about.
		for _, code := range []string{"JAAR & MEER", "Jaar & meer"} {
			if status, page := b.send("/systemen/soorten/wijzigen", form("code", code)); status != 409 || !strings.Contains(page, "Deze soort is er al, met de code JAAR & MEER.") {
				t.Errorf("%s once more: %d\n%s", code, status, page)
			}
		}
		nothing := form("code", "GRATIS")
		delete(nothing, "rechten")
		if status, page := b.send("/systemen/soorten/wijzigen", nothing); status != 422 || !strings.Contains(page, "Ja, dit lidmaatschap opent niets") {
			t.Errorf("nothing ticked: %d", status)
		}
		nothing.Set("niets", "ja")
		_, page = b.send("/systemen/soorten/wijzigen", nothing)
		b.wants(page, "GRATIS", "niets")
		if got := b.noted("kind:noord/JAAR & MEER"); len(got) != 3 {
			t.Errorf("noted %v", got)
		}
	})
}

func TestATokenForAnotherLibrarySystemIsShownOnceAndRevoked(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		b := h.boss(t)
		_, page := b.see("/systemen")
		b.wants(page, "Er is nog geen ander bibliotheeksysteem")
		form := func(change ...string) url.Values {
			f := url.Values{"programma": {"Wise"}, "organisatie": {"Noord"}, "bibliotheek": {"Bibliotheken Noord"}, "rechten": provision.Scopes, "dagen": {"30"}}
			for i := 0; i < len(change); i += 2 {
				f.Set(change[i], change[i+1])
			}
			return f
		}
		for name, c := range map[string][]string{
			"programma": {"programma", ""}, "organisatie": {"organisatie", "n"}, "bibliotheek": {"bibliotheek", ""}, "dagen": {"dagen", "0"}, "rechten": {"rechten", "users:all"},
		} {
			status, page := b.send("/systemen/nieuw", form(c...))
			if status != 422 || !strings.Contains(page, `href="#f-`+name+`"`) {
				t.Errorf("%s: %d\n%s", name, status, page)
			}
		}
		for _, days := range []string{"x", "731", "99999999999", "-1"} {
			if status, page := b.send("/systemen/nieuw", form("dagen", days)); status != 422 || !strings.Contains(page, `href="#f-dagen"`) {
				t.Errorf("%s days: %d", days, status)
			}
		}
		status, page := b.send("/systemen/nieuw", form())
		token := secret.Token(shownAs("token", page))
		if status != 200 || token == "" {
			t.Fatalf("%d\n%s", status, page)
		}
		b.wants(page, h.at+"/scim/v2", "Wise bij Bibliotheken Noord")
		if status, _ := h.program(t, token, "GET", "/Users", ""); status != 200 {
			t.Errorf("the token opens nothing: %d", status)
		}
		// A library that is known is chosen, not typed.
		if status, page := b.send("/systemen/nieuw", form("bibliotheek", "Anders")); status != 422 || !strings.Contains(page, "Deze bibliotheek kennen we al: Bibliotheken Noord.") {
			t.Errorf("typed again: %d", status)
		}
		_, page = b.send("/systemen/nieuw", form("bekend", "noord", "programma", "Bicat", "organisatie", "", "bibliotheek", ""))
		b.wants(page, "Bicat bij Bibliotheken Noord")
		_, page = b.see("/systemen")
		b.wants(page, "gemaakt door", "werkt", "Bicat intrekken")
		for _, made := range regexp.MustCompile(`/systemen/([A-Z0-9]+)/intrekken"[^>]*>Bicat`).FindAllStringSubmatch(page, -1) {
			b.send("/systemen/"+made[1]+"/intrekken", nil)
		}
		_, page = b.see("/systemen")
		if strings.Contains(page, string(token)) {
			t.Error("the token is shown twice")
		}
		id := regexp.MustCompile(`/systemen/([A-Z0-9]+)/intrekken`).FindStringSubmatch(page)[1]
		_, page = b.see("/systemen/" + id + "/intrekken")
		b.wants(page, "Wise van Bibliotheken Noord kan dan meteen geen")
		_, page = b.send("/systemen/"+id+"/intrekken", nil)
		b.wants(page, "Het token van Wise is ingetrokken", "ingetrokken")
		if status, _ := h.program(t, token, "GET", "/Users", ""); status != 401 {
			t.Errorf("a revoked token opens: %d", status)
		}
		if status, _ := b.send("/systemen/"+id+"/intrekken", nil); status != 404 {
			t.Errorf("revoked twice: %d", status)
		}
		if got := b.noted("scim:" + id); !slices.Equal(got, []string{"provision.issue", "provision.revoke"}) {
			t.Errorf("noted %v", got)
		}
	})
}

func TestTheManagerSeesHowSigningInGoesAndSignsEverybodyOut(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		b := h.boss(t)
		username := h.login(t, "start.reader")
		reader := newSurfer(t)
		for _, door := range []string{"/bibliotheek", "/mijn", "/inschrijven"} {
			reader.enter(h.at+door+"/inloggen", username, demoReaderPw)
		}
		newSurfer(t).enter(h.at+"/mijn/inloggen", username, "verkeerd")
		numbers := func(page string) []string {
			var list []string
			for _, m := range regexp.MustCompile(`<td class="num"[^>]*>([0-9]+)</td>`).FindAllStringSubmatch(page, 4) {
				list = append(list, m[1])
			}
			return list
		}
		_, page := b.see("/lezers")
		b.wants(page, "Niemand hoeft nu te wachten", "<dt>Met een tweede stap</dt><dd>0</dd>")
		if got := numbers(page); !slices.Equal(got, []string{"1", "1", "1", "1"}) {
			t.Errorf("tries %v", got)
		}
		slow := throttle.Rule{Name: "signin.network", First: time.Minute, Most: time.Minute, Forget: time.Minute}
		err := h.db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			return errors.Join(throttle.Failed(tx, slow, "192.0.2.1"), throttle.Failed(tx, slow, "192.0.2.2"))
		})
		if err != nil {
			t.Fatal(err)
		}
		_, page = b.see("/lezers")
		b.wants(page, "Lezer: veel fouten vanaf één netwerk</th>", `data-label="Aantal">2</td>`)

		_, page = b.see("/lezers/uitloggen")
		b.wants(page, "Typ het woord uitloggen", "Wachtwoorden blijven hetzelfde")
		if status, page := b.send("/lezers/uitloggen", url.Values{"woord": {"ja"}}); status != 422 || !strings.Contains(page, "om te bevestigen") || len(h.in(t)) != 5 {
			t.Errorf("with another word: %d, in at %v", status, h.in(t))
		}
		_, page = b.send("/lezers/uitloggen", url.Values{"woord": {" Uitloggen "}})
		b.wants(page, "Er zijn 4 sessies gestopt")
		if in := h.in(t); !slices.Equal(in, []string{"manage"}) {
			t.Errorf("still in at %v", in)
		}
		if at, _ := reader.read(reader.Get(h.at + "/inloggen/sessies")); !strings.HasSuffix(at.Path, "/aanmelden") {
			t.Errorf("the reader is in at %s", at)
		}
		if got := b.noted("signon"); !slices.Equal(got, []string{"signon.everybody_out"}) {
			t.Errorf("noted %v", got)
		}
		// Nothing that was given still works, and our own doors hear it from the back-channel too.
		err = h.db.Read(t.Context(), func(tx *sqldb.Tx) error {
			left, err := sqldb.Many(tx, `SELECT id FROM signon_grant WHERE revoked_at IS NULL UNION ALL SELECT session_id FROM signon_visit`, nil,
				func(r sqldb.Row) (id string, err error) { return id, r.Scan(&id) })
			if len(left) != 0 {
				t.Errorf("left over: %v", left)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "our doors hear of it", func() bool {
			var waiting int
			if err := h.db.Read(t.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.One(`SELECT COUNT(*) FROM signon_logout`, nil, &waiting)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return waiting == 0
		})
		// And the reader comes in again.
		reader.enter(h.at+"/mijn/inloggen", username, demoReaderPw)
		if in := h.in(t); !slices.Contains(in, "mine") {
			t.Errorf("in again at %v", in)
		}
	})
}

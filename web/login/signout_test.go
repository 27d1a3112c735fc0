package login_test

import (
	"net/url"
	"strings"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/identity/signon"
)

// Anybody can make a link that signs others out, so the person presses the button, and
// only the button leads back to the website.
func TestAWebsiteThatProvesNothingGetsItsVisitorBackAfterTheButton(t *testing.T) {
	const uit, known = "https://vreemd.example/uit", "Vreemde Boeken vraagt of je wilt uitloggen"
	each(t, func(t *testing.T, d *door) {
		d.in(func(tx *sqldb.Tx) error {
			return d.provider.RegisterClient(tx, signon.Client{ID: "vreemd", Name: "Vreemde Boeken", Redirects: []string{"https://vreemd.example/terug"}, Logouts: []string{uit, "nl.vreemd.app:/uit"}})
		})
		d.active()
		wish := func(website, back string) url.Values {
			return url.Values{"website": {website}, "terug": {back}, "state": {"s 1"}}
		}
		b := d.browser()
		b.signIn(nil, good)
		p := b.get("/afmelden?" + wish("vreemd", uit).Encode())
		p.want(t, 200, known, `name="terug" value="`+uit+`"`, "Ingelogd blijven")
		p.without(t, `href="`+uit)
		if buttons := strings.Count(p.body, "utrecht-button--primary-action"); buttons != 1 {
			t.Errorf("%d buttons", buttons)
		}
		for name, wrong := range map[string]url.Values{"another address": wish("vreemd", "https://evil.example/"), "one that signs in": wish("vreemd", "https://vreemd.example/terug"),
			"another website": wish("lezen", uit), "nobody": wish("", uit), "the door says so": {"fout": {"adres"}}} {
			p := b.get("/afmelden?" + wrong.Encode())
			p.want(t, 422, "Uitloggen", `role="alert"`)
			p.without(t, "vraagt of je", `href="https:`, `name="terug"`)
			if t.Failed() {
				t.Log(name)
			}
		}
		b.get("/afmelden?fout=bewijs").want(t, 422, "niet zien vanaf welke website")
		b.get("/").want(t, 200, username) // still in
		if p := b.post("/afmelden", wish("vreemd", uit)); p.status != 303 || p.to != uit+"?state=s+1" {
			t.Errorf("the button: %d %s", p.status, p.to)
		}
		b.get("/").without(t, username)
		if p := b.get("/afmelden?" + wish("vreemd", uit).Encode()); p.status != 303 || p.to != uit+"?state=s+1" {
			t.Errorf("who is out already: %d %s", p.status, p.to)
		}
		b.signIn(nil, good)
		if p := b.post("/afmelden", wish("vreemd", "https://evil.example/")); p.status != 303 || p.to != "/inloggen/afmelden" {
			t.Errorf("a form that somebody changed: %d %s", p.status, p.to)
		}
		b.get("/").without(t, username)
		b.signIn(nil, good)
		b.post("/afmelden", wish("vreemd", "nl.vreemd.app:/uit")).want(t, 200, "Ga terug naar de app", `href="nl.vreemd.app:/uit?state=s`)
	})
}

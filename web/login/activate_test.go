package login_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"lidwoord/base/sqldb"
)

func TestFromTheLetterToSignedIn(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		path := d.mailed()
		b := d.browser()
		p := b.get(path)
		p.want(t, 200, "Bevestig je e-mailadres", username, address, "dinsdag 24 november 2026 om 14.05 uur", "Ja, bevestig mijn e-mailadres")
		if got := p.header.Get("Referrer-Policy"); got != "same-origin" && got != "no-referrer" {
			t.Errorf("Referrer-Policy %q lets the link leak", got)
		}
		if p.header.Get("Cache-Control") != "no-store" {
			t.Error("the page of a link may be kept")
		}
		p = b.post(path, nil)
		if p.status != 303 || !strings.HasSuffix(p.to, path) {
			t.Fatalf("the button leads to %d %s", p.status, p.to)
		}
		b.get(path).want(t, 200, "Kies een wachtwoord", `autocomplete="new-password"`, `autocomplete="username"`, "12 tekens of meer", `data-reveal="f-wachtwoord"`)

		p = b.post(path+"/wachtwoord", url.Values{"wachtwoord": {"te kort"}})
		p.want(t, 422, "Je wachtwoord is te kort. Gebruik 12 tekens of meer", `href="#f-wachtwoord"`, username, "<title>Fout:")
		p.without(t, "te kort\"")
		b.post(path+"/wachtwoord", url.Values{"wachtwoord": {"Bibliotheek2026"}}).want(t, 422, "Dit wachtwoord gebruiken veel mensen")
		b.post(path+"/wachtwoord", url.Values{"wachtwoord": {username}}).want(t, 422, "vooral je naam")
		b.post(path+"/wachtwoord", nil).want(t, 422, "Typ hier een nieuw wachtwoord.")

		p = b.post(path+"/wachtwoord", url.Values{"wachtwoord": {good}})
		if p.status != 303 || p.to != "/inloggen/klaar" {
			t.Fatalf("after the password: %d %s %s", p.status, p.to, p.body)
		}
		b.get("/klaar").want(t, 200, "Klaar", username, "/bibliotheek/", "Naar de Online Bibliotheek")
		b.get("/").want(t, 200, "Je bent ingelogd", username, address)

		b.get(path).want(t, 410, "Je account is al actief", "Je bent ingelogd", "Naar de Online Bibliotheek")
		b.post(path, nil).want(t, 410, "Je account is al actief")
		b.post(path+"/wachtwoord", url.Values{"wachtwoord": {good}}).want(t, 410, "Je account is al actief")
	})
}

// Mail scanners open links, some with HEAD, before their owner does.
func TestOpeningALinkChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		path := d.mailed()
		dump := func() (state string) {
			d.in(func(tx *sqldb.Tx) error {
				_, err := tx.One(`
					SELECT COALESCE(a.confirmed_at, 0) || ' ' || COALESCE(l.used_at, 0) || ' ' || COALESCE(l.replaced_at, 0) || ' ' || a.until
					FROM account a JOIN account_link l ON l.account_id = a.id`, nil, &state)
				return err
			})
			return state
		}
		before := dump()
		for _, method := range []string{"GET", "HEAD", "GET", "OPTIONS"} {
			d.browser().send(method, path, nil)
			d.browser().send(method, path+"/wachtwoord", nil)
			d.browser().send(method, path+"/nieuw", nil)
		}
		if after := dump(); after != before {
			t.Errorf("opening the link changed %q to %q", before, after)
		}
		d.browser().get(path).want(t, 200, "Bevestig je e-mailadres")
		// The other language, or Enter in the address bar, after a refused password.
		if p := d.browser().get(path + "/wachtwoord?taal=en"); p.status != 303 || p.to != "/inloggen"+path+"?taal=en" {
			t.Errorf("GET where a form is posted: %d %s, want the page with the form", p.status, p.to)
		}
	})
}

func TestAPasswordBeforeTheButtonLeadsBackToTheButton(t *testing.T) {
	d := open(t, newDB(t))
	path := d.mailed()
	if p := d.browser().post(path+"/wachtwoord", url.Values{"wachtwoord": {good}}); p.status != 303 || !strings.HasSuffix(p.to, path) {
		t.Errorf("%d %s", p.status, p.to)
	}
}

func TestAnExpiredLinkOffersANewOneToTheKnownAddressOnly(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		path := d.mailed()
		b := d.browser()
		if p := b.post(path+"/nieuw", nil); p.status != 303 || !strings.HasSuffix(p.to, path) {
			t.Errorf("a new link while the old one works: %d %s", p.status, p.to)
		}
		d.pass(24 * time.Hour)
		d.in(d.accounts.Expire)
		p := b.get(path)
		p.want(t, 410, "De 24 uur zijn voorbij", "Stuur mij een nieuwe link")
		p.without(t, address, username)
		b.post(path, nil).want(t, 410, "De 24 uur zijn voorbij")
		if p := b.get(path + "/nieuw"); p.status != 303 || p.to != "/inloggen"+path {
			t.Errorf("the page of a new link that nobody asked: %d %s", p.status, p.to)
		}
		b.sends(path+"/nieuw", nil)
		for range 2 { // a reload sends nothing
			p = b.get(path + "/nieuw")
			p.want(t, 200, "Kijk in je mail", "woensdag 25 november 2026 om 14.05 uur")
			p.without(t, address, username)
		}
		p = b.post(path+"/nieuw", nil)
		p.want(t, 410, "Zoek in je mailbox de nieuwste mail", "Kijk ook bij ongewenste mail", `href="/inloggen/nieuw"`, "0592 123456", "info@bind.example")
		p.without(t, address, username)
		if p := d.browser().get(path + "/nieuw"); p.status != 303 || p.to != "/inloggen"+path {
			t.Errorf("the page of the new link in another browser: %d %s", p.status, p.to)
		}
		fresh := d.newest()
		if fresh == path {
			t.Fatal("no new letter")
		}
		b.get(fresh).want(t, 200, "Bevestig je e-mailadres")
	})
}

func TestALinkThatNeverWasTellsNothing(t *testing.T) {
	d := open(t, newDB(t))
	d.mailed()
	b := d.browser()
	for path, says := range map[string]string{
		"/activeren/AAAAAAAAAAAAAAAAAAAAAAAAAA": "Deze link werkt niet", "/activeren/x": "Deze link werkt niet", "/activeren/" + strings.Repeat("A", 5000): "Deze link werkt niet",
		"/activeren/%00": "Deze pagina bestaat niet", "/activeren/%ff%fe": "Deze pagina bestaat niet",
	} {
		for _, p := range []page{b.get(path), b.post(path, nil), b.post(path+"/nieuw", nil), b.post(path+"/wachtwoord", url.Values{"wachtwoord": {good}})} {
			p.want(t, 404, says)
			p.without(t, address, username)
		}
	}
}

func TestTheFormOfAnotherSiteIsRefused(t *testing.T) {
	d := open(t, newDB(t))
	path := d.mailed()
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
		if p := d.browser().send("POST", path, nil, headers...); p.status != 403 {
			t.Errorf("%v: %d, want 403", headers, p.status)
		}
	}
}

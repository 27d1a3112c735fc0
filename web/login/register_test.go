package login_test

import (
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"
	"time"

	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
	"lidwoord/identity/signon"
	"lidwoord/web/webtest"
)

// create begins a request as the door Inschrijven does for somebody without an
// account.
func (d *door) create(change func(*signon.AuthorizeParams)) string {
	d.t.Helper()
	return d.ask(func(a *signon.AuthorizeParams) {
		a.ClientID, a.RedirectURI, a.Prompt, a.Target = "inschrijven", joined, "create", target
		if change != nil {
			change(a)
		}
	})
}

// letters are the kinds of all letters, the newest first.
func (d *door) letters() (kinds []string) {
	d.t.Helper()
	d.in(func(tx *sqldb.Tx) error {
		letters, err := outbox.Recent(tx, 200)
		for _, l := range letters {
			kinds = append(kinds, strings.TrimPrefix(l.Mail.Kind, "account."))
		}
		return err
	})
	return kinds
}

func byEmail(request string) url.Values {
	return url.Values{"verzoek": {request}, "email": {address}, "naam": {"email"}, "gebruikersnaam": {""}}
}

func byName(request, name string) url.Values {
	return url.Values{"verzoek": {request}, "email": {address}, "naam": {"eigen"}, "gebruikersnaam": {name}}
}

// goesOn finds the button that leads on, and what it tells the other site.
func (p page) goesOn(t *testing.T) url.Values {
	t.Helper()
	at := strings.Index(p.body, initiate)
	if at < 0 {
		t.Fatalf("nothing leads on:\n%s", p.body)
	}
	address, _, _ := strings.Cut(p.body[at:], `"`)
	u, err := url.Parse(html.UnescapeString(address))
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

func TestAVisitorMakesAnAccountAndGoesOn(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		b := d.browser()
		request := d.create(nil)
		p := b.get("/aanmelden?verzoek=" + request)
		if p.status != 303 || p.to != "/inloggen/nieuw?verzoek="+request {
			t.Fatalf("prompt=create leads to %d %s", p.status, p.to)
		}
		b.get("/nieuw?verzoek="+request).want(t, 200, "Maak een inlogaccount", "ga je verder naar Inschrijven bij Bind.", `type="email"`, `autocomplete="email"`, `spellcheck="false"`,
			`value="email" checked`, `action="/inloggen/nieuw?verzoek=`+request+`"`, "Ik heb al een inlogaccount", `/inloggen/aanmelden?kies=inloggen&amp;verzoek=`+request+`"`)
		if p := b.post("/nieuw", byEmail(request)); p.status != 303 || p.to != "/inloggen/nieuw/mail?verzoek="+request {
			t.Fatalf("the form leads to %d %s", p.status, p.to)
		}
		for range 2 { // a reload sends nothing
			b.get("/nieuw/mail?verzoek="+request).want(t, 200, "Kijk in je mail", address, "De link werkt 24 uur: tot dinsdag 24 november 2026 om 14.05 uur.", "Stuur opnieuw", "Ander e-mailadres")
		}
		if got := d.letters(); len(got) != 1 {
			t.Errorf("letters %q, want one", got)
		}

		// On the telephone, where the mail is; the request of the other site is long over.
		d.pass(signon.RequestLife)
		phone := d.browser()
		path := d.newest()
		p = phone.get(path)
		p.want(t, 200, "Je maakt een inlogaccount bij Bind bibliotheken.", address, "Heb je hier niet om gevraagd?")
		p.without(t, "voor je gemaakt")
		phone.post(path, nil)
		if p := phone.post(path+"/wachtwoord", url.Values{"wachtwoord": {good}}); p.status != 303 || p.to != "/inloggen/klaar" {
			t.Fatalf("after the password: %d %s", p.status, p.to)
		}
		p = phone.get("/klaar")
		p.want(t, 200, "<h1>Bijna klaar</h1>", "Daarmee ben je nog geen lid: ga nu verder naar Inschrijven bij Bind.", "Verder met inschrijven", address)
		p.without(t, "Naar de Online Bibliotheek", `class="done"`, "<h1>Klaar</h1>")
		if n := strings.Count(p.body, "utrecht-button--"); n != 1 {
			t.Errorf("%d buttons, want the one that leads on:\n%s", n, p.body)
		}
		v := p.goesOn(t)
		if v.Get("iss") != d.provider.Issuer || v.Get("target_link_uri") != target || v.Get("login_hint") != address {
			t.Errorf("goes on with %v", v)
		}
		p = b.get(path)
		p.want(t, 410, "Je account is al actief", "Verder met inschrijven")
		p.without(t, address)
		if v := p.goesOn(t); v.Get("target_link_uri") != target || v.Has("login_hint") {
			t.Errorf("the used link goes on with %v", v)
		}
		// There an ordinary request begins, which the telephone answers at once.
		again := d.ask(func(a *signon.AuthorizeParams) { a.ClientID, a.RedirectURI = "inschrijven", joined })
		if p := phone.get("/aanmelden?verzoek=" + again); p.status != 303 || !strings.HasPrefix(p.to, joined+"?") {
			t.Errorf("the sign-in after it: %d %s", p.status, p.to)
		}
	})
}

func TestAnAccountIsMadeWithoutARequestToo(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		b := d.browser()
		p := b.get("/nieuw")
		p.want(t, 200, "Maak een inlogaccount", `href="/inloggen/aanmelden"`)
		p.without(t, "verzoek")
		b.sends("/nieuw", byName("", "Zoe.Maas")).want(t, 200, "Kijk in je mail")
		path := d.newest()
		b.post(path, nil)
		b.post(path+"/wachtwoord", url.Values{"wachtwoord": {good}})
		p = b.get("/klaar")
		p.want(t, 200, "Zoe.Maas", "Word lid van de bibliotheek", "/inschrijven/")
		p.without(t, "Verder met inschrijven", "Naar de Online Bibliotheek")
		b.get(path).want(t, 410, "Naar de Online Bibliotheek")
		p = b.get("/nieuw")
		p.want(t, 200, "Je bent al ingelogd", "Zoe.Maas")
		if p := b.post("/nieuw/verder", nil); p.status != 303 || p.to != "/inloggen/" {
			t.Errorf("going on to nowhere: %d %s", p.status, p.to)
		}
	})
}

func TestWhatIsWrongIsSaidAtItsField(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.mailed() // somebody else's account
		b := d.browser()
		request := d.create(nil)
		p := b.post("/nieuw", byName(request, ""))
		p.want(t, 422, "Vul je gebruikersnaam in.", `href="#f-gebruikersnaam"`, `value="`+address+`"`, `value="eigen" checked`, "<title>Fout:", "Inschrijven bij Bind", "verzoek="+request)
		b.post("/nieuw", url.Values{"verzoek": {request}}).want(t, 422, "Vul je e-mailadres in.", `href="#f-email"`)
		b.post("/nieuw", url.Values{"email": {"zoe"}}).want(t, 422, "Dit is geen e-mailadres.", `value="zoe"`)
		b.post("/nieuw", byName(request, "zoe maas")).want(t, 422, "geen spaties", `value="zoe maas"`)
		b.post("/nieuw", byName(request, username)).want(t, 422, "Kies een naam waar ook een letter in staat.")
		b.post("/nieuw", byName(request, "piet@voorbeeld.nl")).want(t, 422, "Een @ mag alleen als")
		// The field for a name shows when the address cannot be one.
		b.post("/nieuw", url.Values{"email": {strings.Repeat("a", 60) + "@voorbeeld.example.nl"}, "naam": {"email"}}).want(t, 422, "Kies zelf een naam.", `value="eigen" checked`)
		if got := d.letters(); len(got) != 1 {
			t.Errorf("letters %q, want the one of before", got)
		}
		d.browser().sends("/nieuw", byName(request, "zoe.maas")).want(t, 200, "Kijk in je mail")
		b.post("/nieuw", url.Values{"email": {"piet@voorbeeld.nl"}, "naam": {"eigen"}, "gebruikersnaam": {"Zoe.Maas"}}).want(t, 422, "Deze gebruikersnaam is al in gebruik.", `href="#f-gebruikersnaam"`)
		b.post("/nieuw", url.Values{"email": {"a\x00b"}}).want(t, 422, "tekens in die we niet kunnen lezen")
		b.post("/nieuw", byEmail("nonsense")).want(t, 410, "Dit duurde te lang")
		b.get("/nieuw?verzoek=nonsense").want(t, 410, "Dit duurde te lang")
	})
}

func TestAnAddressThatHasAnAccountLooksLikeOneThatHasNone(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		b := d.browser()
		b.post("/nieuw", byEmail(d.create(nil)))
		path := d.newest()
		b.post(path, nil)
		b.post(path+"/wachtwoord", url.Values{"wachtwoord": {good}})
		stranger := d.browser()
		request := d.create(nil)
		other := byEmail(request)
		other.Set("email", "piet@voorbeeld.nl")
		answer := func(form url.Values) (sent, shown page) {
			return stranger.post("/nieuw", form), stranger.get("/nieuw/mail?verzoek=" + request)
		}
		sent, known := answer(byEmail(request))
		sentFresh, fresh := answer(other)
		known.want(t, 200, "Kijk in je mail")
		if strings.ReplaceAll(known.body, address, "piet@voorbeeld.nl") != fresh.body {
			t.Errorf("the answers differ:\n%s\n%s", known.body, fresh.body)
		}
		// The cookie is sealed: what tells is its length.
		long := func(p page) int { return len(strings.Join(p.header.Values("Set-Cookie"), "")) }
		if sent.status != sentFresh.status || sent.to != sentFresh.to || long(sentFresh)-long(sent) < 0 || long(sentFresh)-long(sent) > 8 {
			t.Errorf("the answers differ: %d %s %d and %d %s %d", sent.status, sent.to, long(sent), sentFresh.status, sentFresh.to, long(sentFresh))
		}
		if got := strings.Join(d.letters(), " "); strings.Count(got, "known") != 1 || strings.Count(got, "welcome") != 2 {
			t.Errorf("letters %q", got)
		}
	})
}

func TestTheLetterIsSentAgainAndNotTooOften(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		b := d.browser()
		request := d.create(nil)
		b.post("/nieuw", byName(request, "zoe.maas"))
		first := d.newest()
		d.pass(signon.RequestLife) // the page lay open; the request is over
		b.sends("/nieuw/mail", byName(request, "zoe.maas")).want(t, 200, "We hebben nog een mail gestuurd.", "om 14.35 uur", address, `value="zoe.maas"`)
		b.get(first).want(t, 410, "Er is een nieuwere mail.", "Nieuwe mail aanvragen")
		for range 2 {
			d.pass(time.Second) // the newest letter is the one to find
			b.sends("/nieuw/mail", byName(request, "zoe.maas")).want(t, 200, "Kijk in je mail")
		}
		p := b.post("/nieuw/mail", byName(request, "zoe.maas"))
		p.want(t, 429, "We hebben net een paar mails naar dit adres gestuurd.", "Over 1 minuut kun je het opnieuw proberen.", "Stuur opnieuw")
		p.without(t, "We hebben nog een mail gestuurd.", "De link werkt")
		if p.header.Get("Retry-After") != "60" {
			t.Errorf("Retry-After %q", p.header.Get("Retry-After"))
		}
		b.post("/nieuw", byName("", "zoe.maas2")).want(t, 429, "We hebben net een paar mails", "Maak een inlogaccount", `value="zoe.maas2"`)
		if n := len(d.letters()); n != 4 {
			t.Errorf("%d letters, want 4", n)
		}
		path := d.newest()
		b.post(path, nil)
		b.post(path+"/wachtwoord", url.Values{"wachtwoord": {good}})
		if v := b.get("/klaar").goesOn(t); v.Get("target_link_uri") != target || v.Get("login_hint") != "zoe.maas" {
			t.Errorf("after sending again it goes on with %v", v)
		}
		d.pass(time.Hour)
		d.browser().post("/nieuw/mail", byName("", "zoe.maas")).want(t, 422, "Deze gebruikersnaam is al in gebruik.", "Ik heb al een inlogaccount")
		for who, b := range map[string]*browser{"who is in": b, "a stranger": d.browser()} {
			if p := b.get("/nieuw/mail?verzoek=x"); p.status != 303 || p.to != "/inloggen/nieuw?verzoek=x" {
				t.Errorf("the page of the letter for %s: %d %s", who, p.status, p.to)
			}
		}
	})
}

func TestAnotherAddressKeepsWhatWasTyped(t *testing.T) {
	d := open(t, newDB(t))
	b, request := d.browser(), d.create(nil)
	way := "/inloggen/nieuw?verzoek=" + request + "&amp;vul=zelfde"
	b.sends("/nieuw", byName(request, "zoe.maas")).want(t, 200, `href="`+way+`"`)
	again := "/nieuw?vul=zelfde&verzoek=" + request
	b.get(again).want(t, 200, "Maak een inlogaccount", "Inschrijven bij Bind", `value="`+address+`"`, `value="eigen" checked`, `value="zoe.maas"`)
	b.get("/nieuw?verzoek="+request).without(t, address, "zoe.maas")
	d.browser().get(again).without(t, address, "zoe.maas")
	b.sends("/nieuw", byEmail(request)).want(t, 200, "Kijk in je mail")
	b.get(again).want(t, 200, `value="`+address+`"`, `value="email" checked`)
}

// The rule for a name stands beside the field before anybody breaks it.
func TestTheFormNamesTheRuleForAName(t *testing.T) {
	d := open(t, newDB(t))
	for lang, rule := range map[string]string{"nl": "%d tot %d tekens, zonder spaties", "en": "%d to %d characters, without spaces"} {
		b := d.browser()
		b.lang = lang
		b.get("/nieuw").want(t, 200, fmt.Sprintf(rule, account.ShortestUsername, account.LongestUsername))
	}
}

func TestWhoHasAnAccountSignsInInstead(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		request := d.create(func(a *signon.AuthorizeParams) { a.LoginHint = address })
		b.get("/nieuw?verzoek="+request).want(t, 200, `value="`+address+`"`)
		way := "/aanmelden?kies=inloggen&verzoek=" + request
		b.get(way).want(t, 200, "Log in om verder te gaan naar Inschrijven bij Bind.", `action="/inloggen/aanmelden?kies=inloggen&amp;verzoek=`+request+`"`,
			"Nog geen inlogaccount?", "Maak er een", `href="/inloggen/nieuw?verzoek=`+request+`"`)
		b.post(way, url.Values{"verzoek": {request}, "gebruikersnaam": {username}, "wachtwoord": {"iets heel anders"}}).want(t, 422, `kies=inloggen`, "Maak er een")
		if p := b.signIn(url.Values{"verzoek": {request}}, good); p.status != 303 || !strings.HasPrefix(p.to, joined+"?") {
			t.Errorf("signed in: %d %s", p.status, p.to)
		}
		// A site that takes nobody up again keeps the way to become a member.
		p := d.browser().get("/aanmelden?verzoek=" + d.ask(nil))
		p.want(t, 200, "Word lid van de bibliotheek")
		p.without(t, "Maak er een")
	})
}

func TestWhoIsSignedInAlreadyChooses(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		request := d.create(nil)
		if p := b.get("/aanmelden?verzoek=" + request); p.to != "/inloggen/nieuw?verzoek="+request {
			t.Errorf("prompt=create for who is signed in: %d %s", p.status, p.to)
		}
		for range 2 { // looking answers nothing
			b.get("/nieuw?verzoek="+request).want(t, 200, "Je bent al ingelogd", username, "verder naar Inschrijven bij Bind.", "Verder met dit account", "Uitloggen en een ander account maken")
		}
		p := b.post("/nieuw/verder", url.Values{"verzoek": {request}})
		if p.status != 303 || !strings.HasPrefix(p.to, joined+"?") || !strings.Contains(p.to, "code=") {
			t.Errorf("going on: %d %s", p.status, p.to)
		}
		b.post("/nieuw/verder", url.Values{"verzoek": {request}}).want(t, 410, "Dit duurde te lang")

		d.pass(time.Minute)
		request = d.create(func(a *signon.AuthorizeParams) { a.Prompt = "login create" })
		way := "/inloggen/aanmelden?kies=inloggen&verzoek=" + request
		if p := b.post("/nieuw/verder", url.Values{"verzoek": {request}}); p.status != 303 || p.to != way {
			t.Errorf("going on where a fresh sign-in is asked: %d %s", p.status, p.to)
		}
		b.get("/aanmelden?kies=inloggen&verzoek="+request).want(t, 200, "nog een keer om je wachtwoord")
		if p := d.browser().post("/nieuw/verder", url.Values{"verzoek": {request}}); p.status != 303 || p.to != way {
			t.Errorf("going on without a session: %d %s", p.status, p.to)
		}
		if p := b.send("POST", "/nieuw/verder", url.Values{"verzoek": {request}}, "Sec-Fetch-Site", "cross-site"); p.status != 403 {
			t.Errorf("the form of another site: %d", p.status)
		}

		request = d.create(func(a *signon.AuthorizeParams) { a.LoginHint = address })
		p = b.sends("/nieuw/ander", url.Values{"verzoek": {request}})
		p.want(t, 200, "Maak een inlogaccount", "Inschrijven bij Bind", `name="verzoek" value="`+request+`"`)
		p.without(t, address, username) // it is for somebody else
		b.get("/").want(t, 200, "Nog geen inlogaccount?")
		b.sends("/nieuw", byName(request, "kleine.zoe")).want(t, 200, "Kijk in je mail")
		path := d.newest()
		b.post(path, nil)
		b.post(path+"/wachtwoord", url.Values{"wachtwoord": {good}})
		if v := b.get("/klaar").goesOn(t); v.Get("target_link_uri") != target || v.Get("login_hint") != "kleine.zoe" {
			t.Errorf("the other account goes on with %v", v)
		}
	})
}

// Every page of making an account, in both languages.
func TestMakingAnAccountSpeaksBothLanguages(t *testing.T) {
	for lang, want := range map[string][]string{
		"nl": {"Maak een inlogaccount", "Kijk in je mail", "nog een mail gestuurd", "Je maakt een inlogaccount bij", "Verder met inschrijven", "Je bent al ingelogd", "Fout:", "paar mails"},
		"en": {"Create a login account", "Check your e-mail", "another e-mail", "You are creating a login account at", "Continue signing up", "You are already signed in", "Error:", "few e-mails"},
	} {
		t.Run(lang, func(t *testing.T) {
			d := open(t, newDB(t))
			b := d.browser()
			b.lang = lang
			request := d.create(nil)
			b.get("/nieuw?verzoek="+request).want(t, 200, want[0])
			b.post("/nieuw", nil).want(t, 422, want[6])
			b.sends("/nieuw", byEmail(request)).want(t, 200, want[1])
			b.sends("/nieuw/mail", byEmail(request)).want(t, 200, want[2])
			b.get("/nieuw?vul=zelfde&verzoek="+request).want(t, 200, want[0], address)
			for range 3 {
				d.pass(time.Second)
				b.post("/nieuw/mail", byEmail(request))
			}
			b.post("/nieuw/mail", byEmail(request)).want(t, 429, want[7])
			path := d.newest()
			b.get(path).want(t, 200, want[3])
			b.post(path, nil)
			b.post(path+"/wachtwoord", url.Values{"wachtwoord": {good}})
			b.get("/klaar").want(t, 200, want[4])
			b.get(path).want(t, 410, want[4])
			b.get("/nieuw?verzoek="+d.create(nil)).want(t, 200, want[5])
		})
	}
}

// The visitor's way in a real browser, by what stands on the buttons.
func TestAVisitorMakesAnAccountInABrowser(t *testing.T) {
	p := webtest.Start(t).Person(t)
	d := open(t, newDB(t))
	request := d.create(nil)
	p.Visit(d.base + "/aanmelden?verzoek=" + request)
	p.Want("Maak een inlogaccount", "Inschrijven bij Bind")
	p.Lacks("4 tot 80 tekens") // the address is the name, unless one chooses
	p.Look("login-register")
	p.Press("Ik heb al een inlogaccount")
	p.Want("Log in om verder te gaan naar Inschrijven bij Bind.")
	p.Look("login-signin-make")
	p.Press("Maak er een")
	p.Choose("Welke gebruikersnaam wil je?", "Zelf een naam kiezen")
	p.Fill("Gebruikersnaam", "zoe maas")
	p.Forgive("422")
	p.Press("Inlogaccount maken")
	p.Want("Nog even nakijken", "Vul je e-mailadres in.")
	p.Look("login-register-wrong")
	p.Fill("E-mailadres", address)
	p.Press("Inlogaccount maken")
	p.Want("Een gebruikersnaam heeft geen spaties.")
	p.Fill("Gebruikersnaam", "zoe.maas")
	p.Press("Inlogaccount maken")
	p.Want("Kijk in je mail", address, "De link werkt 24 uur")
	p.Look("login-mailed")
	d.pass(time.Minute)
	p.Press("Stuur opnieuw")
	p.Want("We hebben nog een mail gestuurd.")
	p.Look("login-mailed-again")
	p.Press("Ander e-mailadres")
	if p.Value("E-mailadres") != address || p.Value("Gebruikersnaam") != "zoe.maas" {
		t.Error("what was typed got lost")
	}
	d.pass(time.Minute)
	p.Press("Inlogaccount maken")
	p.Want("Kijk in je mail")

	p.Visit(d.base + d.newest())
	p.Want("Je maakt een inlogaccount bij Bind bibliotheken.")
	p.Look("login-confirm-own")
	p.Press("Ja, bevestig mijn e-mailadres")
	p.Fill("Kies een wachtwoord", good)
	p.Press("Wachtwoord opslaan")
	p.Want("Bijna klaar", "Verder met inschrijven", "zoe.maas")
	p.Lacks("Je account")
	p.Look("login-ready-own")
	p.Visit(d.base + d.newest())
	p.Want("Je account is al actief", "Verder met inschrijven")
	p.Look("login-used-own")
	p.Visit(d.base + "/nieuw?verzoek=" + d.create(nil))
	p.Want("Je bent al ingelogd", "zoe.maas")
	p.Look("login-already")
	p.Press("Uitloggen en een ander account maken")
	p.Want("Maak een inlogaccount")
}

// The same in English.
func TestAVisitorMakesAnAccountInEnglish(t *testing.T) {
	p := webtest.Start(t).Person(t)
	p.Language("en")
	d := open(t, newDB(t))
	p.Visit(d.base + "/nieuw?verzoek=" + d.create(nil))
	p.Choose("Which username would you like?", "Choose my own username")
	p.Look("login-register-en")
	p.Choose("Which username would you like?", "Use my e-mail address")
	p.Fill("E-mail address", address)
	p.Press("Create login account")
	p.Want("Check your e-mail", address)
	p.Look("login-mailed-en")
	p.Visit(d.base + d.newest())
	p.Want("You are creating a login account at Bind bibliotheken.")
	p.Look("login-confirm-own-en")
	p.Press("Yes, confirm my e-mail address")
	p.Fill("Choose a password", good)
	p.Press("Save password")
	p.Want("Almost done", "Continue signing up")
	p.Look("login-ready-own-en")
	p.Visit(d.base + "/nieuw?verzoek=" + d.create(nil))
	p.Want("You are already signed in")
	p.Look("login-already-en")
}

// Everything works without script.
func TestAVisitorMakesAnAccountWithoutScript(t *testing.T) {
	p := webtest.Start(t).Person(t)
	p.NoScript()
	d := open(t, newDB(t))
	p.Visit(d.base + "/nieuw?verzoek=" + d.create(nil))
	p.Fill("E-mailadres", address)
	p.Choose("Welke gebruikersnaam wil je?", "Zelf een naam kiezen")
	p.Fill("Gebruikersnaam", "zoe.maas")
	p.Press("Inlogaccount maken")
	p.Want("Kijk in je mail", address)
	d.pass(time.Minute)
	p.Press("Stuur opnieuw")
	p.Want("We hebben nog een mail gestuurd.")
	p.Visit(d.base + d.newest())
	p.Press("Ja, bevestig mijn e-mailadres")
	p.Fill("Kies een wachtwoord", good)
	p.Press("Wachtwoord opslaan")
	p.Want("Verder met inschrijven", "zoe.maas")
}

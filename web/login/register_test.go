package login_test

import (
	"html"
	"net/url"
	"strings"
	"testing"
	"time"

	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
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
		b.post("/nieuw", byEmail(request)).want(t, 200, "Kijk in je mail", address, "De link werkt 24 uur: tot dinsdag 24 november 2026 om 14.05 uur.", "Stuur opnieuw", "Ander e-mailadres")

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
		p.want(t, 200, "Verder met inschrijven", "Ga nu verder naar Inschrijven bij Bind.", address)
		p.without(t, "Naar de Online Bibliotheek")
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
		b.post("/nieuw", byName("", "Zoe.Maas")).want(t, 200, "Kijk in je mail")
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
		b.post("/nieuw", byName(request, "zoe maas")).want(t, 422, "alleen letters en cijfers", `value="zoe maas"`)
		b.post("/nieuw", byName(request, username)).want(t, 422, "Kies een naam waar ook een letter in staat.")
		b.post("/nieuw", byName(request, "piet@voorbeeld.nl")).want(t, 422, "Een @ mag alleen als")
		// The field for a name shows when the address cannot be one.
		b.post("/nieuw", url.Values{"email": {strings.Repeat("a", 60) + "@voorbeeld.example.nl"}, "naam": {"email"}}).want(t, 422, "Kies zelf een naam.", `value="eigen" checked`)
		if got := d.letters(); len(got) != 1 {
			t.Errorf("letters %q, want the one of before", got)
		}
		d.browser().post("/nieuw", byName(request, "zoe.maas")).want(t, 200, "Kijk in je mail")
		b.post("/nieuw", url.Values{"email": {"piet@voorbeeld.nl"}, "naam": {"eigen"}, "gebruikersnaam": {"Zoe.Maas"}}).want(t, 422, "Deze gebruikersnaam is al in gebruik.", `href="#f-gebruikersnaam"`)
		b.post("/nieuw", url.Values{"email": {"a\x00b"}}).want(t, 422, "tekens in die we niet kunnen lezen")
		b.post("/nieuw", byEmail("nonsense")).want(t, 410, "Dit duurde te lang")
		b.get("/nieuw?verzoek=nonsense").want(t, 410, "Dit duurde te lang")
		b.post("/nieuw/terug", byEmail("nonsense")).want(t, 410, "Dit duurde te lang")
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
		known, fresh := stranger.post("/nieuw", byEmail(request)), stranger.post("/nieuw", other)
		known.want(t, 200, "Kijk in je mail")
		if known.status != fresh.status || strings.ReplaceAll(known.body, address, "piet@voorbeeld.nl") != fresh.body || len(known.header.Values("Set-Cookie")) != len(fresh.header.Values("Set-Cookie")) {
			t.Errorf("the answers differ:\n%s\n%s", known.body, fresh.body)
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
		b.post("/nieuw/opnieuw", byName(request, "zoe.maas")).want(t, 200, "We hebben nog een mail gestuurd.", "om 14.35 uur", address, `value="zoe.maas"`)
		b.get(first).want(t, 410, "een nieuwere mail")
		for range 2 {
			d.pass(time.Second) // the newest letter is the one to find
			b.post("/nieuw/opnieuw", byName(request, "zoe.maas")).want(t, 200, "Kijk in je mail")
		}
		p := b.post("/nieuw/opnieuw", byName(request, "zoe.maas"))
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
		d.browser().post("/nieuw/opnieuw", byName("", "zoe.maas")).want(t, 422, "Deze gebruikersnaam is al in gebruik.", "Ik heb al een inlogaccount")
		if p := b.get("/nieuw/opnieuw?verzoek=x"); p.status != 303 || p.to != "/inloggen/nieuw?verzoek=x" {
			t.Errorf("the address of the button: %d %s", p.status, p.to)
		}
	})
}

func TestAnotherAddressKeepsWhatWasTyped(t *testing.T) {
	d := open(t, newDB(t))
	request := d.create(nil)
	d.browser().post("/nieuw/terug", byName(request, "zoe.maas")).want(t, 200, "Maak een inlogaccount", "Inschrijven bij Bind", `value="`+address+`"`, `value="eigen" checked`, `value="zoe.maas"`)
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

		if p := b.post("/nieuw/ander", url.Values{"verzoek": {request}}); p.status != 303 || p.to != "/inloggen/nieuw?verzoek="+request {
			t.Errorf("making another: %d %s", p.status, p.to)
		}
		b.get("/nieuw?verzoek="+request).want(t, 200, "Maak een inlogaccount")
		b.get("/").want(t, 200, "Nog geen inlogaccount?")
	})
}

// Every page of making an account, in both languages.
func TestMakingAnAccountSpeaksBothLanguages(t *testing.T) {
	for lang, want := range map[string][]string{
		"nl": {"Maak een inlogaccount", "Kijk in je mail", "nog een mail gestuurd", "Je maakt een inlogaccount bij", "Verder met inschrijven", "Je bent al ingelogd", "Fout:", "paar mails"},
		"en": {"Make a login account", "Look in your mail", "one more e-mail", "You are making a login account at", "Go on with joining", "You are signed in already", "Error:", "few e-mails"},
	} {
		t.Run(lang, func(t *testing.T) {
			d := open(t, newDB(t))
			b := d.browser()
			b.lang = lang
			request := d.create(nil)
			b.get("/nieuw?verzoek="+request).want(t, 200, want[0])
			b.post("/nieuw", nil).want(t, 422, want[6])
			b.post("/nieuw", byEmail(request)).want(t, 200, want[1])
			b.post("/nieuw/opnieuw", byEmail(request)).want(t, 200, want[2])
			b.post("/nieuw/terug", byEmail(request)).want(t, 200, want[0])
			for range 3 {
				d.pass(time.Second)
				b.post("/nieuw/opnieuw", byEmail(request))
			}
			b.post("/nieuw/opnieuw", byEmail(request)).want(t, 429, want[7])
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
	p.Lacks("Je eigen naam") // the address is the name, unless one chooses
	p.Look("login-register")
	p.Press("Ik heb al een inlogaccount")
	p.Want("Log in om verder te gaan naar Inschrijven bij Bind.")
	p.Look("login-signin-make")
	p.Press("Maak er een")
	p.Choose("Gebruikersnaam", "Zelf een naam kiezen")
	p.Fill("Je eigen naam", "zoe maas")
	p.Forgive("422")
	p.Press("Inlogaccount maken")
	p.Want("Nog even nakijken", "Vul je e-mailadres in.")
	p.Look("login-register-wrong")
	p.Fill("E-mailadres", address)
	p.Press("Inlogaccount maken")
	p.Want("Gebruik in een gebruikersnaam alleen letters en cijfers.")
	p.Fill("Je eigen naam", "zoe.maas")
	p.Press("Inlogaccount maken")
	p.Want("Kijk in je mail", address, "De link werkt 24 uur")
	p.Look("login-mailed")
	d.pass(time.Minute)
	p.Press("Stuur opnieuw")
	p.Want("We hebben nog een mail gestuurd.")
	p.Look("login-mailed-again")
	p.Press("Ander e-mailadres")
	if p.Value("E-mailadres") != address || p.Value("Je eigen naam") != "zoe.maas" {
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
	p.Want("Verder met inschrijven", "zoe.maas")
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
	p.Choose("Username", "Choose a name myself")
	p.Look("login-register-en")
	p.Choose("Username", "Use my e-mail address")
	p.Fill("E-mail address", address)
	p.Press("Make login account")
	p.Want("Look in your mail", address)
	p.Look("login-mailed-en")
	p.Visit(d.base + d.newest())
	p.Want("You are making a login account at Bind bibliotheken.")
	p.Look("login-confirm-own-en")
	p.Press("Yes, confirm my e-mail address")
	p.Fill("Choose a password", good)
	p.Press("Save password")
	p.Want("Go on with joining")
	p.Look("login-ready-own-en")
	p.Visit(d.base + "/nieuw?verzoek=" + d.create(nil))
	p.Want("You are signed in already")
	p.Look("login-already-en")
}

// Everything works without script.
func TestAVisitorMakesAnAccountWithoutScript(t *testing.T) {
	p := webtest.Start(t).Person(t)
	p.NoScript()
	d := open(t, newDB(t))
	p.Visit(d.base + "/nieuw?verzoek=" + d.create(nil))
	p.Fill("E-mailadres", address)
	p.Choose("Gebruikersnaam", "Zelf een naam kiezen")
	p.Fill("Je eigen naam", "zoe.maas")
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

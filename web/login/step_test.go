package login_test

import (
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/factor"
	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/identity/signon"
)

const (
	needsMore = `{"id_token":{"acr":{"essential":true,"value":"` + signon.ACRMFA + `"}}}`
	toStep    = "/inloggen/aanmelden/code"
)

var (
	keyOnPage   = regexp.MustCompile(`id="sleutel">([A-Z2-7 ]+)<`)
	codesOnPage = regexp.MustCompile(`<code class="lw-code">([0-9A-Z]{4}-[0-9A-Z]{4})</code>`)
)

// code is what an app with a key shows now.
func (d *door) code(key string) url.Values {
	d.t.Helper()
	code, err := factor.CodeAt(key, d.db.Now())
	if err != nil {
		d.t.Fatal(err)
	}
	return url.Values{"code": {code}}
}

// setUp sets up an app with codes, and waits for its next code.
func (b *browser) setUp() (key string, recovery []string) {
	b.d.t.Helper()
	p := b.get("/beveiliging/app")
	found := keyOnPage.FindStringSubmatch(p.body)
	if found == nil {
		b.d.t.Fatalf("no key: %d %s", p.status, p.to)
	}
	p = b.post("/beveiliging/app", b.d.code(found[1]))
	p.want(b.d.t, 200, "Je herstelcodes")
	p.without(b.d.t, "Oude herstelcodes")
	for _, m := range codesOnPage.FindAllStringSubmatch(p.body, -1) {
		recovery = append(recovery, m[1])
	}
	b.d.pass(30 * time.Second)
	return found[1], recovery
}

// question is what a page asks of a passkey: another one each time.
var question = regexp.MustCompile(`data-options="[^"]*"|name="vraag" value="[^"]*"`)

// asked is a page without its question.
func (p page) asked() string { return question.ReplaceAllString(p.body, "") }

func (d *door) accountID(tx *sqldb.Tx) string {
	d.t.Helper()
	id, ok, err := d.accounts.Named(tx, username)
	if err != nil || !ok {
		d.t.Fatal(ok, err)
	}
	return id
}

// owner is who has the account in the tables of the factors.
func (d *door) owner(tx *sqldb.Tx) factor.Owner { return factor.Owner("account:" + d.accountID(tx)) }

// inAt reports whether a browser is in.
func (b *browser) inAt() bool {
	b.d.t.Helper()
	return strings.Contains(b.get("/").body, "Je bent ingelogd")
}

func TestAfterTheRightPasswordComesTheSecondStep(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b, other := d.browser(), d.browser()
		b.signIn(nil, good)
		other.signIn(nil, good)
		b.get("/").want(t, 200, "Staat uit", "/inloggen/beveiliging")
		key, recovery := b.setUp()
		if len(recovery) != 10 {
			t.Fatalf("%d recovery codes", len(recovery))
		}
		b.get("/").want(t, 200, "Staat aan")
		if other.inAt() {
			t.Error("the other browser is still in")
		}
		if m, _ := d.letter("factor"); m.To != address || !strings.Contains(m.Text, "een code uit je app") {
			t.Errorf("the letter to %s:\n%s", m.To, m.Text)
		}

		// A request is kept through the step, and hears how its reader signed in.
		request := d.ask(func(a *signon.AuthorizeParams) { a.Claims = needsMore })
		c := d.browser()
		if p := c.signIn(url.Values{"verzoek": {request}}, good); p.status != 303 || p.to != toStep {
			t.Fatalf("the right password: %d %s", p.status, p.to)
		}
		if c.inAt() {
			t.Error("the password alone let in")
		}
		c.get("/aanmelden/code").want(t, 200, "Nog één stap", "/inloggen/aanmelden?verzoek="+request)
		c.post("/aanmelden/code", url.Values{"code": {"000000"}}).want(t, 422, "Deze code klopt niet")
		c.post("/aanmelden/code", d.code(key)).code(t)
		if !c.inAt() {
			t.Error("the code did not let in")
		}
		c.get("/geschiedenis").want(t, 200, "App met codes ingesteld", "Ingelogd op een nieuw apparaat")
		// Who came in by both is not asked again.
		c.get("/aanmelden?verzoek=" + d.ask(func(a *signon.AuthorizeParams) { a.Claims = needsMore })).code(t)

		// Without the telephone a recovery code does, once, and leads to the page that was asked.
		for n, want := range []int{303, 422} {
			e := d.browser()
			e.signIn(url.Values{"naar": {"/inloggen/sessies"}}, good)
			p := e.post("/aanmelden/code", url.Values{"code": {strings.ToLower(recovery[0])}})
			if p.status != want || want == 303 && p.to != "/inloggen/herstelcode?naar=%2Finloggen%2Fsessies" {
				t.Errorf("recovery code, time %d: %d %s", n+1, p.status, p.to)
			}
		}
		if m, _ := d.letter("factor"); !strings.Contains(m.Text, "Er is ingelogd met een herstelcode") {
			t.Errorf("the letter:\n%s", m.Text)
		}
		// The page of the step leads nobody in circles once it is over.
		c.signIn(url.Values{"naar": {"/inloggen/aanmelden/code"}}, good)
		d.pass(30 * time.Second)
		if p := c.post("/aanmelden/code", d.code(key)); p.to != "/inloggen/" {
			t.Errorf("back to the step: %d %s", p.status, p.to)
		}
	})
}

func TestASiteThatMustHaveASecondStepGetsOne(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		ask := func() string { return d.ask(func(a *signon.AuthorizeParams) { a.Claims = needsMore }) }
		b := d.browser()
		request := ask()
		if p := b.signIn(url.Values{"verzoek": {request}}, good); p.to != "/inloggen/tweede-stap?verzoek="+request {
			t.Fatalf("who has none: %d %s", p.status, p.to)
		}
		b.get("/tweede-stap?verzoek="+request).want(t, 200, "Online Bibliotheek vraagt een tweede stap", "Tweede stap instellen", "Terug zonder in te loggen")
		if p := b.post("/tweede-stap", url.Values{"verzoek": {request}, "antwoord": {"nee"}}); p.status != 303 || !strings.Contains(p.to, "error=unmet_authentication_requirements") {
			t.Errorf("who gives up: %d %s", p.status, p.to)
		}
		b.get("/tweede-stap?verzoek="+request).want(t, 410, "Dit duurde te lang")
		if p := d.browser().get("/tweede-stap?verzoek=" + request); p.status != 303 || !strings.HasPrefix(p.to, "/inloggen/aanmelden?naar=") {
			t.Errorf("who is not in: %d %s", p.status, p.to)
		}

		// A site that only likes one best asks nobody who has none.
		likes := func() string { return d.ask(func(a *signon.AuthorizeParams) { a.ACRValues = signon.ACRMFA }) }
		b.get("/aanmelden?verzoek=" + likes()).code(t)

		request = ask()
		if p := b.get("/aanmelden?verzoek=" + request); p.to != "/inloggen/tweede-stap?verzoek="+request {
			t.Fatalf("who is in and has none: %d %s", p.status, p.to)
		}
		if p := b.post("/tweede-stap", url.Values{"verzoek": {request}, "antwoord": {"ja"}}); p.to != "/inloggen/beveiliging/app" {
			t.Fatalf("setting up: %d %s", p.status, p.to)
		}
		key := keyOnPage.FindStringSubmatch(b.get("/beveiliging/app").body)[1]
		b.post("/beveiliging/app", d.code(key)).want(t, 200, "Je herstelcodes", "/inloggen/aanmelden?verzoek="+request)
		b.get("/aanmelden?verzoek=" + request).code(t)
		b.get("/beveiliging").want(t, 200, "App verwijderen") // and here one stays again
		if p := b.post("/beveiliging/app/weg", nil); p.to != "/inloggen/beveiliging" {
			t.Errorf("removed: %d %s", p.status, p.to)
		}
		request = ask()
		if p := b.get("/aanmelden?verzoek=" + request); p.to != "/inloggen/tweede-stap?verzoek="+request {
			t.Errorf("without it: %d %s", p.status, p.to)
		}

		// Who has one and is in by the password is asked that step alone, if it was lately.
		d.in(func(tx *sqldb.Tx) error {
			o, err := factor.OfferApp(tx, d.owner(tx), "Bind", username)
			if err != nil {
				return err
			}
			key = o.Key
			return factor.ConfirmApp(tx, d.owner(tx), d.code(key).Get("code"))
		})
		for _, request := range []string{ask(), likes()} {
			if p := b.get("/aanmelden?verzoek=" + request); p.to != "/inloggen/tweede-stap?verzoek="+request {
				t.Fatalf("who can: %d %s", p.status, p.to)
			}
		}
		request = ask()
		if p := b.get("/tweede-stap?verzoek=" + request); p.to != toStep {
			t.Fatalf("lately: %d %s", p.status, p.to)
		}
		d.pass(30 * time.Second)
		b.post("/aanmelden/code", d.code(key)).code(t)
		if p := b.get("/tweede-stap?verzoek=" + ask()); !strings.HasPrefix(p.to, "/inloggen/aanmelden?verzoek=") {
			t.Errorf("once more: %d %s", p.status, p.to)
		}
	})
}

func TestALinkForANewPasswordIsNoSecondStep(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		owner := d.browser()
		owner.signIn(nil, good)
		key, _ := owner.setUp()

		// Somebody knows the password, and waits at the step.
		thief := d.browser()
		thief.signIn(nil, good)
		thief.get("/aanmelden/code").want(t, 200, "Nog één stap")

		b := d.browser()
		request := d.ask(nil)
		b.post("/wachtwoord-vergeten", url.Values{"gebruikersnaam": {username}, "verzoek": {request}})
		_, path := d.letter("reset")
		if p := b.post(path, url.Values{"wachtwoord": {another}}); p.status != 303 || p.to != toStep {
			t.Fatalf("the new password: %d %s", p.status, p.to)
		}
		if b.inAt() || owner.inAt() {
			t.Error("somebody is in without the step")
		}
		b.get("/aanmelden/code").want(t, 200, "Nog één stap")
		if p := thief.post("/aanmelden/code", d.code(key)); p.status != 401 || thief.inAt() {
			t.Errorf("the step of the old password: %d %s", p.status, p.to)
		}
		b.post("/aanmelden/code", d.code(key)).code(t)
		if !b.inAt() {
			t.Error("the code did not let in")
		}
		// Mailbox and step in one hand: the letter about the step has nothing to say any more.
		_, path = d.letter("factor")
		d.browser().get(path).want(t, 410, "Deze link werkt niet")
	})
}

func TestGuessesAtTheCodeEndWithANewPassword(t *testing.T) {
	d := open(t, newDB(t))
	d.active()
	b := d.browser()
	b.signIn(nil, good)
	key, _ := b.setUp()
	b.signIn(nil, good)
	for range factor.FailuresMost {
		b.post("/aanmelden/code", url.Values{"code": {"000000"}})
		d.pass(6 * time.Minute)
		b.signIn(nil, good)
	}
	b.post("/aanmelden/code", d.code(key)).want(t, 422, "te vaak een verkeerde code")
	told := 0
	d.in(func(tx *sqldb.Tx) error {
		letters, err := outbox.Recent(tx, 200)
		for _, l := range letters {
			if l.Mail.Kind == "account.guessed" && l.Mail.To == address {
				told++
			}
		}
		return err
	})
	if told != 1 {
		t.Errorf("%d letters about guesses", told)
	}
	b.post("/wachtwoord-vergeten", url.Values{"gebruikersnaam": {username}})
	_, path := d.letter("reset")
	b.post(path, url.Values{"wachtwoord": {another}})
	if p := b.post("/aanmelden/code", d.code(key)); p.status != 303 || !b.inAt() {
		t.Errorf("after a new password: %d", p.status)
	}
}

func TestANewPasswordWakesAnAppThatRests(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		key, _ := b.setUp()
		d.in(func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`UPDATE code_app SET failures = $1`, factor.FailuresMost)
			return err
		})
		b.sends("/wachtwoord", url.Values{"huidig": {good}, "wachtwoord": {another}}).want(t, 200, "Je wachtwoord is gewijzigd")
		d.pass(time.Minute)
		c := d.browser()
		c.signIn(nil, another)
		if p := c.post("/aanmelden/code", d.code(key)); p.status != 303 {
			t.Errorf("the right code after a new password: %d", p.status)
		}
	})
}

func TestTheOldAddressTakesTheStrangersSecondStepAway(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		thief := d.browser()
		thief.signIn(nil, good)
		thief.sends("/gebruikersnaam", url.Values{"gebruikersnaam": {"dief.was.hier"}})
		thief.sends("/email", url.Values{"email": {"dief@voorbeeld.nl"}})
		thief.setUp()
		d.pass(time.Minute)
		_, path := d.letter("email")
		thief.sends(path, nil).want(t, 200, "Je e-mailadres is gewijzigd")
		_, path = d.letter("email_changed")
		owner := d.browser()
		p := owner.get(path)
		p.want(t, 200, "Zet mijn e-mailadres terug", "Ook verwijderen we de app met codes")
		p.without(t, "van voor die tijd blijft")
		p = owner.sends(path, nil)
		p.want(t, 200, "Je e-mailadres is weer "+address, "hebben we verwijderd")
		if m, _ := d.letter("factor"); m.To != address || !strings.Contains(m.Text, "Wat je daarvoor al had, werkt nog.") {
			t.Errorf("the letter to %s:\n%s", m.To, m.Text)
		}
		if m, _ := d.letter("email_undone"); m.To != "dief@voorbeeld.nl" {
			t.Errorf("the address that was undone hears nothing: %s", m.To)
		}
		owner.post(ownPattern.FindString(p.body)+"?terug=ja&weg=ja", nil).want(t, 422, "Je e-mailadres is weer "+address, "hebben we verwijderd", "terug=ja&amp;weg=ja")
		owner.sends(ownPattern.FindString(p.body), url.Values{"wachtwoord": {another}}).want(t, 200, "Je nieuwe wachtwoord werkt", "Staat uit", "Stel een tweede stap in")
		owner.get("/geschiedenis").want(t, 200, "E-mailadres teruggezet", "Nieuwe app met codes of passkeys verwijderd", "<strong>Ingelogd</strong>")
	})
}

// Two stories look alike to the old mailbox: a thief who added an app and moved the
// address, and an owner who did so to get away from readers of that mailbox. In both the
// app stays and nobody is in by the mailbox or by the app alone; a desk decides.
func TestAnAppFromBeforeTheChangeStaysAndLetsNobodyInAlone(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		key, _ := b.setUp()
		_, letter := d.letter("factor")
		d.pass(time.Minute)
		b.sends("/email", url.Values{"email": {"nieuw@voorbeeld.nl"}})
		_, path := d.letter("email")
		b.sends(path, nil).want(t, 200, "Je e-mailadres is gewijzigd")
		old := d.browser()
		for _, p := range []page{old.get(letter), old.post(letter, nil)} {
			p.want(t, 410, "Deze link werkt niet") // the letter lies in a mailbox that is the account's no more
		}
		_, path = d.letter("email_changed")
		old.get(path).want(t, 200, "Zet mijn e-mailadres terug", "van voor die tijd blijft")
		p := old.sends(path, nil)
		p.want(t, 200, "Je e-mailadres is weer "+address, "Ga met je legitimatiebewijs naar de balie")
		p.without(t, "hebben we verwijderd")
		if p := old.post(ownPattern.FindString(p.body), url.Values{"wachtwoord": {another}}); p.status != 303 || p.to != toStep || old.inAt() {
			t.Fatalf("the mailbox alone: %d %s", p.status, p.to)
		}
		if b.inAt() {
			t.Error("who had the app is still in")
		}
		b.signIn(nil, good).want(t, 422, "klopt niet")
		d.pass(30 * time.Second)
		old.post("/aanmelden/code", d.code(key)) // mailbox and app in one hand
		if !old.inAt() {
			t.Error("mailbox and app together do not come in")
		}
	})
}

// A stop link promises what it does: the address never changed, and what its owner had
// before stays, and is asked.
func TestAChangeThatWasOnlyAskedIsStoppedAndAnOlderSecondStepStays(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		key, _ := b.setUp()
		d.pass(time.Minute)
		b.signIn(nil, good)
		b.post("/aanmelden/code", d.code(key))
		b.sends("/email", url.Values{"email": {"nieuw@voorbeeld.nl"}}).want(t, 200, "nieuw@voorbeeld.nl")
		_, path := d.letter("email_asked")
		owner := d.browser()
		p := owner.get(path)
		p.want(t, 200, "Houd de wijziging tegen", "Je e-mailadres blijft zoals het is", address)
		p.without(t, "Zet je e-mailadres terug", "Ook verwijderen we")
		p = owner.sends(path, nil)
		p.want(t, 200, "Je e-mailadres blijft "+address, "Je hebt een tweede stap")
		p.without(t, "is weer", "hebben we verwijderd")
		if b.inAt() {
			t.Error("somebody is still in")
		}
		if p := owner.post(ownPattern.FindString(p.body), url.Values{"wachtwoord": {another}}); p.status != 303 || p.to != toStep {
			t.Fatalf("the second step that was there before: %d %s", p.status, p.to)
		}
		d.pass(30 * time.Second)
		owner.post("/aanmelden/code", d.code(key))
		p = owner.get("/geschiedenis")
		p.want(t, 200, "Ander e-mailadres tegengehouden", "<strong>Ingelogd</strong>")
		p.without(t, "Nieuwe app met codes of passkeys verwijderd", "E-mailadres teruggezet")
		_, path = d.letter("email")
		owner.get(path).want(t, 410, "Deze link werkt niet")
	})
}

func TestWhoTakesSomethingAwayIsAskedFirst(t *testing.T) {
	d := open(t, newDB(t))
	d.active()
	b := d.browser()
	b.signIn(nil, good)
	if p := b.get("/beveiliging/app/weg"); p.to != "/inloggen/beveiliging" {
		t.Errorf("nothing to take away: %d %s", p.status, p.to)
	}
	b.setUp()
	for range 2 { // asking changes nothing
		b.get("/beveiliging/app/weg").want(t, 200, "Wil je de app met codes verwijderen?", "geen tweede stap meer", "Ja, verwijder de app met codes", "Annuleren")
		b.get("/beveiliging/herstelcodes").want(t, 200, "Wil je nieuwe herstelcodes?", "werken daarna niet meer")
	}
	if p := b.get("/beveiliging/passkey/onbekend/weg"); p.to != "/inloggen/beveiliging" {
		t.Errorf("a passkey that is not there: %d %s", p.status, p.to)
	}
	b.get("/beveiliging").want(t, 200, "10 herstelcodes")
	b.post("/beveiliging/herstelcodes", nil).want(t, 200, "Oude herstelcodes werken niet meer.")
	d.pass(16 * time.Minute)
	for _, path := range []string{"/beveiliging/app/weg", "/beveiliging/herstelcodes"} {
		if p := b.get(path); p.to != "/inloggen/beveiliging" {
			t.Errorf("%s long after signing in: %d %s", path, p.status, p.to)
		}
	}
}

func TestARecoveryCodeSaysHowManyAreLeft(t *testing.T) {
	d := open(t, newDB(t))
	d.active()
	b := d.browser()
	b.signIn(nil, good)
	_, recovery := b.setUp()
	c := d.browser()
	c.signIn(nil, good)
	c.sends("/aanmelden/code", url.Values{"code": {recovery[0]}}).want(t, 200, "Je bent ingelogd met een herstelcode", "Je hebt nog 9 herstelcodes.")
	if m, _ := d.letter("factor"); !strings.Contains(m.Text, "Je hebt nog 9 herstelcodes.") {
		t.Errorf("the letter:\n%s", m.Text)
	}
}

func TestSixteenWithOneCodeAndOneComesIn(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		key, _ := b.setUp()
		b = d.browser()
		b.signIn(nil, good)
		var in atomic.Int64
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				if p := b.send("POST", "/aanmelden/code", d.code(key)); p.status == 303 && p.to == "/inloggen/" {
					in.Add(1)
				}
			})
		}
		all.Wait()
		if in.Load() != 1 {
			t.Errorf("%d came in", in.Load())
		}
	})
}

// A new password and the step of the old one cross: whoever of the two comes last finds
// the other's work, and the old password is in nowhere.
func TestAStepThatCrossesANewPasswordLeavesNobodyIn(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		_, recovery := b.setUp()
		for round := range 4 {
			password := []string{good, another}[round%2]
			thief, owner := d.browser(), d.browser()
			if p := thief.signIn(nil, password); p.to != toStep {
				t.Fatalf("round %d: %d %s", round, p.status, p.to)
			}
			owner.post("/wachtwoord-vergeten", url.Values{"gebruikersnaam": {username}})
			_, path := d.letter("reset")
			var both sync.WaitGroup
			both.Go(func() { thief.post("/aanmelden/code", url.Values{"code": {recovery[round]}}) })
			both.Go(func() { owner.post(path, url.Values{"wachtwoord": {[]string{another, good}[round%2]}}) })
			both.Wait()
			if thief.inAt() {
				t.Fatalf("round %d: the old password is in", round)
			}
			d.pass(time.Hour)
		}
	})
}

func TestWhatOneSignsInWithIsChangedByWhoProvedItLately(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		b.setUp()
		d.pass(16 * time.Minute)
		for _, path := range []string{"/beveiliging/app/weg", "/beveiliging/herstelcodes", "/beveiliging/app"} {
			b.sends(path, nil).want(t, 200, "Vul eerst je wachtwoord in")
		}
		b.get("/beveiliging").want(t, 200, "Wil je iets wijzigen?")
		b.post("/beveiliging/wachtwoord", nil).want(t, 422, "Vul je wachtwoord in.")
		b.post("/beveiliging/wachtwoord", url.Values{"wachtwoord": {"iets heel anders"}}).want(t, 422, "Dit wachtwoord klopt niet.", `href="#f-wachtwoord"`)
		b.sends("/beveiliging/wachtwoord", url.Values{"wachtwoord": {good}}).want(t, 200, "App verwijderen", "10 herstelcodes")
		first := codesOnPage.FindAllString(b.post("/beveiliging/herstelcodes", nil).body, -1)
		again := codesOnPage.FindAllString(b.post("/beveiliging/herstelcodes", nil).body, -1)
		if len(first) != 10 || len(again) != 10 || first[0] == again[0] {
			t.Errorf("%d and %d codes", len(first), len(again))
		}
		if m, _ := d.letter("factor"); !strings.Contains(m.Text, "nieuwe herstelcodes") {
			t.Errorf("the letter:\n%s", m.Text)
		}
		b.sends("/beveiliging/app/weg", nil).want(t, 200, "Je app met codes is verwijderd")
		b.get("/geschiedenis").want(t, 200, "Nieuwe herstelcodes gemaakt", "App met codes verwijderd")
		b.post("/beveiliging/herstelcodes", nil).want(t, 404)
		if p := d.browser().signIn(nil, good); p.to != "/inloggen/" {
			t.Errorf("the password alone: %d %s", p.status, p.to)
		}
		for _, path := range []string{"/beveiliging", "/beveiliging/app", "/websites"} {
			if p := d.browser().get(path); p.status != 303 || !strings.HasPrefix(p.to, "/inloggen/aanmelden?naar=") {
				t.Errorf("%s opens for nobody: %d %s", path, p.status, p.to)
			}
		}
	})
}

func TestTheSignInPageAsksAnyPasskeyAndNamesNobody(t *testing.T) {
	d := open(t, newDB(t))
	d.active()
	b := d.browser()
	for _, p := range []page{b.get("/aanmelden"), b.signIn(nil, "iets heel anders"), b.get("/aanmelden?verzoek=" + d.ask(nil))} {
		p.want(t, p.status, "Inloggen met een passkey", "data-options=", "pincode van je telefoon")
		if strings.Contains(p.body, "allowCredentials") {
			t.Errorf("the page names passkeys:\n%s", p.body)
		}
	}
	p := b.post("/aanmelden/passkey", url.Values{"alleen": {"ja"}, "gegevens": {`{"Back":"/inloggen/sessies"}`}, "vraag": {"onzin"}, "antwoord": {"{}"}})
	p.want(t, 422, "Deze passkey werkt hier niet", `name="naar" value="/inloggen/sessies"`)
	b.post("/aanmelden/passkey", url.Values{"vraag": {"onzin"}, "antwoord": {"{}"}}).want(t, 401)
}

func TestTheOwnerSeesWhichSitesHearAndTakesItBack(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		id := d.strange("", "")
		b.signIn(url.Values{"verzoek": {id}}, good)
		b.get("/websites").want(t, 200, "Er zijn geen websites")
		b.post("/toestemming", url.Values{"verzoek": {id}, "van": {whose(b.get("/toestemming?verzoek=" + id))}, "antwoord": {"ja"}})
		b.get("/websites").want(t, 200, "Vreemde Boeken", "je e-mailadres", "Toegang intrekken")
		b.get("/websites/vreemd").want(t, 200, "Mag Vreemde Boeken je gegevens niet meer krijgen?")
		b.get("/websites").want(t, 200, "Vreemde Boeken") // looking takes nothing back
		b.sends("/websites/vreemd", nil).want(t, 200, "Vreemde Boeken krijgt je gegevens niet meer.", "Er zijn geen websites")
		b.sends("/websites/vreemd", nil).want(t, 200, "Er zijn geen websites")
		if p := b.get("/websites/vreemd"); p.to != "/inloggen/websites" {
			t.Errorf("what is gone: %d %s", p.status, p.to)
		}
		p := b.get("/geschiedenis")
		p.want(t, 200, "Een website toegang gegeven", "De toegang van een website ingetrokken")
		if strings.Count(p.body, "ingetrokken") != 1 {
			t.Error("taken back twice")
		}
		if p := b.get("/aanmelden?verzoek=" + d.strange("", "")); !strings.Contains(p.to, "/toestemming") {
			t.Errorf("the site asks anew: %d %s", p.status, p.to)
		}
	})
}

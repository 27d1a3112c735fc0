package login_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"lidwoord/base/factor"
	"lidwoord/base/job"
	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
	"lidwoord/web/webtest"
)

// asksRemoval is what a library's desk does for the owner.
func (d *door) asksRemoval() (path string) {
	d.t.Helper()
	d.in(func(tx *sqldb.Tx) error {
		_, err := d.accounts.AskRemoval(tx, account.Removal{AccountID: d.accountID(tx), Library: "Verre bibliotheken", AskedBy: "staff:ANJA"})
		return err
	})
	_, path = d.letter("removal_asked")
	return path
}

func (d *door) tick() {
	d.t.Helper()
	if err := job.Tick(d.t.Context(), d.db, d.site.Jobs()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *door) hasSteps() (has bool) {
	d.t.Helper()
	d.in(func(tx *sqldb.Tx) error {
		s, err := factor.StateOf(tx, d.owner(tx))
		has = s.Any()
		return err
	})
	return has
}

func TestALostSecondStepGoesADayLaterAndEverybodyIsOut(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		b.setUp()
		b.get("/").without(t, "Je tweede stap wordt weggehaald")
		d.asksRemoval()
		b.get("/").want(t, 200, "Je tweede stap wordt weggehaald", "Heb je dit zelf aan de balie gevraagd? Doe dan niets.", "Verre bibliotheken vroeg ons", "Houd dit tegen")
		b.get("/beveiliging").want(t, 200, "Je tweede stap wordt weggehaald", "Houd dit tegen")
		for range 3 { // a session that nobody uses would be over by itself
			d.pass(account.RemovalWait/3 - time.Minute)
			b.get("/").want(t, 200, "Je bent ingelogd")
		}
		half := d.browser() // gave the password, and waits at the second step
		half.get("/aanmelden").without(t, "Aan de balie is gevraagd")
		half.signIn(nil, "een heel ander wachtwoord").without(t, "Aan de balie is gevraagd")
		half.signIn(nil, good)
		half.get("/aanmelden/code").want(t, 200, "Aan de balie is gevraagd om je tweede stap weg te halen. Vanaf dinsdag 24 november 2026 om 14.05 uur log je in met alleen je wachtwoord.")
		d.browser().get(d.forgotten()).want(t, 200, "Vanaf dinsdag 24 november 2026 om 14.05 uur")
		d.pass(2 * time.Minute)
		d.tick()
		if !d.hasSteps() || !b.inAt() {
			t.Fatal("a minute too early")
		}
		d.pass(time.Minute)
		d.tick()
		if d.hasSteps() || b.inAt() {
			t.Fatalf("when due there is a second step: %v; the browser is in: %v", d.hasSteps(), b.inAt())
		}
		half.get("/aanmelden/code").want(t, 303)
		c := d.browser()
		if p := c.signIn(nil, good); p.status != 303 || p.to == toStep {
			t.Fatalf("the password alone: %d %s", p.status, p.to)
		}
		in := c.get("/")
		in.want(t, 200, "Je bent ingelogd", "Staat uit")
		in.without(t, "Je tweede stap wordt weggehaald")
		c.get("/geschiedenis").want(t, 200, "Aan de balie gevraagd om de tweede stap weg te halen", "Tweede stap weggehaald, zoals aan de balie was gevraagd")
		if m, _ := d.letter("removal_done"); m.To != address {
			t.Errorf("the letter went to %s", m.To)
		}
	})
}

func TestTheLinkKeepsTheSecondStepOnceItsButtonIsPressed(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		b.setUp()
		path := d.asksRemoval()
		v := d.browser()
		for _, method := range []string{"GET", "HEAD"} {
			if p := v.send(method, path, nil); p.status != 200 {
				t.Fatalf("%s: %d", method, p.status)
			}
		}
		v.get(path).want(t, 200, "Houd je tweede stap", "Verre bibliotheken", username)
		if p := v.post(path, nil); p.status != 303 || p.to != "/inloggen/tweede-stap-gebleven" {
			t.Fatalf("stopped: %d %s", p.status, p.to)
		}
		v.get("/tweede-stap-gebleven").want(t, 200, "Je tweede stap blijft", "Was dit een vergissing?")
		for _, p := range []page{v.get(path), v.post(path, nil), v.get("/tweede-stap-blijft/NIETS")} {
			p.want(t, 410, "Het is al tegengehouden")
		}
		d.pass(account.RemovalWait)
		d.tick()
		if !d.hasSteps() {
			t.Error("it was stopped, and done")
		}

		// And by the button on the own page, of what was asked when the owner's no had rested.
		d.pass(account.RemovalRest)
		d.asksRemoval()
		d.browser().post("/tweede-stap-blijft", nil).want(t, 401)
		for _, want := range []string{"Het is tegengehouden.", "Er viel niets meer tegen te houden."} {
			b = d.browser()
			b.enter(t)
			home := b.sends("/tweede-stap-blijft", nil)
			home.want(t, 200, want)
			home.without(t, "Houd dit tegen")
		}
	})
}

// enter signs in with a recovery code, of which there are ten.
func (b *browser) enter(t *testing.T) {
	t.Helper()
	b.signIn(nil, good)
	var codes []string
	b.d.in(func(tx *sqldb.Tx) error {
		list, err := factor.RenewRecovery(tx, b.d.owner(tx))
		for _, c := range list {
			codes = append(codes, string(c))
		}
		return err
	})
	if p := b.post("/aanmelden/code", url.Values{"code": {codes[0]}}); p.status != 303 {
		t.Fatalf("the recovery code: %d", p.status)
	}
	b.get("/") // takes what it said
}

func TestASignInWithASecondStepKeepsIt(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		key, _ := b.setUp()
		d.asksRemoval()
		c := d.browser()
		c.signIn(nil, good)
		c.post("/aanmelden/code", url.Values{"code": {"000000"}}).want(t, 422)
		d.pass(time.Minute)
		if p := c.post("/aanmelden/code", d.code(key)); p.status != 303 {
			t.Fatalf("the code: %d", p.status)
		}
		in := c.get("/")
		in.want(t, 200, "Je logde in met je tweede stap. Daarom halen we die niet weg")
		in.without(t, "Houd dit tegen")
		if m, _ := d.letter("removal_stopped"); !strings.Contains(m.Text, "Verre bibliotheken") {
			t.Errorf("the letter:\n%s", m.Text)
		}
		d.pass(account.RemovalWait)
		d.tick()
		if !d.hasSteps() {
			t.Error("taken away from who signed in with it")
		}
	})
}

func TestARecoveryCodeKeepsNoSecondStepButAsks(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		_, recovery := b.setUp()
		d.asksRemoval()
		c := d.browser()
		c.signIn(url.Values{"naar": {"/inloggen/sessies"}}, good)
		asks := c.sends("/aanmelden/code", url.Values{"code": {recovery[0]}})
		asks.want(t, 200, "Heb je je telefoon weer?", "Verre bibliotheken vroeg ons", "Je hebt nog 9 herstelcodes.", "Is je telefoon weg?",
			`href="/inloggen/beveiliging/app/weg"`, `href="/inloggen/beveiliging/app"`, `href="/inloggen/sessies">Nee, haal hem weg`)
		kept := c.sends("/tweede-stap-blijft", url.Values{"naar": {"/inloggen/herstelcode?naar=%2Finloggen%2Fsessies"}})
		kept.want(t, 200, "Het is tegengehouden.", "Was dit een vergissing?", "Je hebt nog 9 herstelcodes.", `href="/inloggen/sessies">Verder`)
		kept.without(t, "Heb je je telefoon weer?")

		// Whoever lost the telephone goes on, and the day goes by.
		d.pass(account.RemovalRest)
		d.asksRemoval()
		c = d.browser()
		c.signIn(nil, good)
		c.sends("/aanmelden/code", url.Values{"code": {recovery[1]}}).want(t, 200, "Heb je je telefoon weer?")
		c.get("/").want(t, 200, "Je tweede stap wordt weggehaald")
		d.pass(account.RemovalWait)
		d.tick()
		if d.hasSteps() {
			t.Error("a recovery code kept it")
		}
	})
}

func TestTheLastRecoveryCodeIsToldInWords(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		_, recovery := b.setUp()
		request := ""
		for _, code := range recovery {
			d.pass(time.Second)
			request = d.ask(nil)
			b = d.browser()
			b.signIn(url.Values{"verzoek": {request}}, good)
			b.post("/aanmelden/code", url.Values{"code": {code}})
		}
		last := b.get("/herstelcode?verzoek=" + request)
		last.want(t, 200, "Je hebt geen herstelcodes meer.", "Nieuwe herstelcodes maken", "/inloggen/aanmelden?kies=inloggen&amp;verzoek="+request)
		b.get("/aanmelden?kies=inloggen&verzoek=" + request).code(t)
		b.get("/beveiliging").want(t, 200, "Je hebt geen herstelcodes meer.")
		b.get("/").want(t, 200, "Je hebt geen herstelcodes meer.", "Nieuwe herstelcodes maken")
		if m, _ := d.letter("factor"); !strings.Contains(m.Text, "Je hebt geen herstelcodes meer.") {
			t.Errorf("the letter:\n%s", m.Text)
		}
		b.get("/herstelcode?naar=https://elders.example/").without(t, `href="https://elders`)
		d.browser().get("/herstelcode").want(t, 303)
	})
}

// forgotten is the path of the link for a new password.
func (d *door) forgotten() (path string) {
	d.t.Helper()
	d.browser().post("/wachtwoord-vergeten", url.Values{"gebruikersnaam": {username}})
	_, path = d.letter("reset")
	return path
}

func TestTheLetterAboutANewSecondStepTakesItAway(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser() // a stranger's, who knows the password
		b.signIn(nil, good)
		b.setUp()
		_, path := d.letter("factor")
		v := d.browser()
		for range 2 {
			v.get(path).want(t, 200, "Was jij dit niet?", "App met codes", username)
		}
		if !b.inAt() {
			t.Fatal("looking at the link ended a session")
		}
		p := v.post(path, nil)
		if p.status != 303 || !strings.HasPrefix(p.to, "/inloggen/wachtwoord/") {
			t.Fatalf("the button: %d %s", p.status, p.to)
		}
		if b.inAt() || d.hasSteps() {
			t.Error("the stranger is still in, or the app still there")
		}
		to := strings.TrimPrefix(p.to, "/inloggen")
		v.get(to).want(t, 200, "De nieuwe tweede stap is weg.")
		v.post(to, url.Values{"wachtwoord": {"kort"}}).want(t, 422, "De nieuwe tweede stap is weg.")
		if p := v.post(to, url.Values{"wachtwoord": {another}}); p.status != 303 || !v.inAt() {
			t.Errorf("the new password: %d %s", p.status, p.to)
		}
		v.get("/geschiedenis").want(t, 200, "Nieuwe tweede stap weggehaald")
		for _, p := range []page{v.get(path), v.post(path, nil)} {
			p.want(t, 410, "Deze link is al gebruikt of te oud.")
		}
	})
}

func TestHelpSaysWhatToDoWithoutASecondStep(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.browser().get("/hulp").want(t, 200, "Ga dan naar de balie van je bibliotheek", "Na 24 uur halen we hem weg")
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		b.setUp()
		c := d.browser()
		c.signIn(nil, good)
		first := c.get("/aanmelden/code")
		first.want(t, 200, "met je legitimatiebewijs naar de balie", "<details><summary>Lukt het niet?", `href="/inloggen/hulp#stap"`)
		c.post("/aanmelden/code", url.Values{"code": {"000000"}}).want(t, 422, "Deze code klopt niet", "<details open><summary>Lukt het niet?")
		c.post("/aanmelden/code", url.Values{"code": {"ABCD-EFGH"}}).want(t, 422, "Een herstelcode werkt één keer: streep hem door en neem de volgende.")
	})
}

func TestTheLostSecondStepInABrowser(t *testing.T) {
	d := open(t, newDB(t))
	d.active()
	b := d.browser()
	b.signIn(nil, good)
	b.setUp()
	_, strange := d.letter("factor")
	link := d.asksRemoval()
	p := webtest.Start(t).Person(t)
	p.Visit(d.base + link)
	p.Look("login-keep")
	p.Visit(d.base + strange)
	p.Look("login-stranger")
	p.Visit(d.base + "/hulp")
	p.Look("login-help-step")
	p.Visit(d.base + link)
	p.Press("Houd dit tegen")
	p.Want("Je tweede stap blijft")
	p.Look("login-kept")
	p.Visit(d.base + link)
	p.Want("Het is al tegengehouden")
	p.Look("login-keep-over")
	p.Visit(d.base + strange)
	p.Press("Dit was ik niet: haal dit weg")
	p.Want("De nieuwe tweede stap is weg.")
	p.Look("login-stranger-gone")
}

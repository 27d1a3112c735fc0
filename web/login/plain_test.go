package login_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/identity/account"
)

func TestAnAppThatIsReplacedSaysSo(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		b.get("/beveiliging/app").without(t, "Je oude app werkt niet meer")
		b.setUp()
		p := b.get("/beveiliging/app")
		p.want(t, 200, "Je hebt al een app met codes. Je oude app werkt niet meer als deze aanstaat.")
		b.sends("/beveiliging/app", d.code(keyOnPage.FindStringSubmatch(p.body)[1])).want(t, 200, "Je app met codes is vervangen.")
		if m, path := d.letter("factor"); m.Subject != "Je app met codes is vervangen" || path == "" {
			t.Errorf("the letter %q leads to %q", m.Subject, path)
		}
		b.get("/geschiedenis").want(t, 200, "App met codes vervangen")
	})
}

func TestThePageOfRecoveryCodesSaysFirstThatTheAppIsOn(t *testing.T) {
	d := open(t, newDB(t))
	d.active()
	b := d.browser()
	b.signIn(nil, good)
	p := b.post("/beveiliging/app", d.code(keyOnPage.FindStringSubmatch(b.get("/beveiliging/app").body)[1]))
	at := 0
	for _, want := range []string{"Je app staat aan.", "Schrijf ze op papier", "Je ziet deze codes alleen nu.", "<ol", "<noscript><p>Een knop om te kopiëren"} {
		i := strings.Index(p.body, want)
		if i < at {
			t.Fatalf("%q stands at %d, after what comes at %d:\n%s", want, i, at, p.body)
		}
		at = i
	}
}

func TestHelpIsHonestAboutANewSecondStepAndAChild(t *testing.T) {
	d := open(t, newDB(t))
	d.browser().get("/hulp").want(t, 200, "Alleen een tweede stap die nog geen 7 dagen oud is, kan weg met de link in de mail erover", "een ouder of verzorger mee")
}

func TestWhoTookAStrangersStepAwayIsLedToOneOfTheirOwn(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		b.setUp()
		_, path := d.letter("factor")
		v := d.browser()
		p := v.post(path, nil)
		p = v.post(strings.TrimPrefix(p.to, "/inloggen"), url.Values{"wachtwoord": {another}})
		if p.to != "/inloggen/beveiliging" {
			t.Fatalf("the new password: %d %s", p.status, p.to)
		}
		v.get("/beveiliging").want(t, 200, "Stel nu zelf een tweede stap in", "App instellen")
	})
}

func TestAnAddressOfAFamilySaysToUseTheUsername(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		d.sleeping("sem.maas", "familie@voorbeeld.nl")
		b := d.browser()
		b.signIn(nil, good)
		for email, shared := range map[string]bool{"zelf@voorbeeld.nl": false, "familie@voorbeeld.nl": true} {
			b.post("/email", url.Values{"email": {email}})
			d.pass(time.Second)
			path := ""
			d.in(func(tx *sqldb.Tx) error {
				letters, err := outbox.Recent(tx, 50)
				for _, l := range letters {
					if l.Mail.To == email && l.Mail.Kind == "account.email" {
						path = ownPattern.FindString(l.Mail.Text)
					}
				}
				return err
			})
			for _, p := range []page{b.get(path), b.sends(path, nil)} {
				if told := strings.Contains(p.body, "log in met je gebruikersnaam"); p.status != 200 || told != shared {
					t.Errorf("%s (%d): told %v", email, p.status, told)
				}
			}
		}
	})
}

func TestLettersFollowTheLanguageThatIsChosen(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		lang := func() (l words.Lang) {
			d.in(func(tx *sqldb.Tx) error {
				acc, err := d.accounts.Find(tx, d.accountID(tx))
				l = acc.Lang
				return err
			})
			return l
		}
		b := d.browser()
		b.lang = "en" // a browser has no say
		b.signIn(nil, good)
		b.get("/")
		if lang() != words.NL {
			t.Error("the language of a browser was taken for a choice")
		}
		b.get("/sessies?taal=en")
		if lang() != words.EN {
			t.Error("English was chosen by who is in")
		}
		b.get("/sessies?taal=xx")
		b.get("/sessies?taal=nl")
		if lang() != words.NL {
			t.Error("Dutch was chosen again")
		}
		c := d.browser()
		c.get("/aanmelden?taal=en")
		if lang() != words.NL {
			t.Error("whoever is not in chose for the account")
		}
		c.signIn(nil, good)
		if m, _ := d.letter("newdevice"); lang() != words.EN || m.Lang != words.EN {
			t.Errorf("English was chosen before signing in; the letter is in %s", m.Lang)
		}
	})
}

func TestTheListOfDevicesSaysSinceWhenAndWhatForgettingDoes(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		d.pass(time.Hour)
		d.browser().signIn(nil, good)
		b.get("/sessies").want(t, 200, "bekend sinds maandag 23 november 2026 om 14.05 uur", "bekend sinds maandag 23 november 2026 om 15.05 uur", "(dit apparaat)", "Vergeten we een apparaat?")
	})
}

func TestAnOldLinkSaysThatANewerRemovalRuns(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		b := d.browser()
		b.signIn(nil, good)
		b.setUp()
		old := d.asksRemoval()
		d.in(func(tx *sqldb.Tx) error {
			_, err := d.accounts.StopRemoval(tx, d.accountID(tx), "staff:ANJA", "")
			return err
		})
		d.pass(time.Minute)
		d.in(func(tx *sqldb.Tx) error {
			_, err := d.accounts.AskRemoval(tx, account.Removal{AccountID: d.accountID(tx), Library: "Verre bibliotheken", AskedBy: "staff:ANJA"})
			return err
		})
		v := d.browser()
		for _, p := range []page{v.get(old), v.post(old, nil)} {
			p.want(t, 410, "Er loopt een nieuwe aanvraag", "Neem de link in de nieuwste mail.")
		}
	})
}

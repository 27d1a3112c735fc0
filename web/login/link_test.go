package login_test

import (
	"strings"
	"testing"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
	"lidwoord/web/webtest"
)

// question lets a library ask on the spot, and returns the path of the answer.
func (d *door) question() (askID, path string) {
	d.t.Helper()
	var token secret.Token
	d.in(func(tx *sqldb.Tx) (err error) {
		askID, err = d.accounts.AskOnTheSpot(tx, account.Question{Library: "Bibliotheek Elders", About: "E.B.T."})
		token = account.AnswerToken(tx, askID)
		return err
	})
	return askID, "/koppelen/" + string(token)
}

func (d *door) answered(askID string) (a account.Answer) {
	d.t.Helper()
	d.in(func(tx *sqldb.Tx) (err error) {
		a, err = d.accounts.Answered(tx, askID)
		return err
	})
	return a
}

func TestTheOwnerAgreesToALinkOnTheirOwnTelephone(t *testing.T) {
	each(t, func(t *testing.T, d *door) {
		d.active()
		ask, path := d.question()
		b := d.browser()
		if p := b.get(path); p.status != 303 || !strings.Contains(p.to, "/inloggen/aanmelden?naar=%2Finloggen%2Fkoppelen%2F") {
			t.Fatalf("a stranger: %d %s", p.status, p.to)
		}
		if p := b.post(path, nil); p.status == 200 || d.answered(ask).Agreed {
			t.Errorf("a stranger answered: %d", p.status)
		}
		b.signIn(nil, good)
		b.get(path).want(t, 200, "Bibliotheek Elders wil de klant E.B.T. koppelen aan je inlogaccount.", username, "Akkoord")
		if p := b.send("HEAD", path, nil); p.status != 200 || d.answered(ask).Agreed {
			t.Errorf("looking answered: %d", p.status)
		}
		if p := b.post(path, nil); p.status != 303 || p.to != "/inloggen/" || !d.answered(ask).Agreed {
			t.Errorf("agreed: %d %s, %+v", p.status, p.to, d.answered(ask))
		}
		b.get("/").want(t, 200, "De medewerker aan de balie maakt de koppeling nu af.")
		b.get(path).want(t, 410, "Deze vraag is voorbij")
		b.post(path, nil).want(t, 410, "Deze vraag is voorbij")
		b.get("/koppelen/ABCD-EFGH-IJKL-MNOP").want(t, 410, "Deze vraag is voorbij")
		_, late := d.question()
		d.pass(account.CodeLife)
		b.post(late, nil).want(t, 410, "Deze vraag is voorbij")
	})
}

func TestTheLinkInABrowser(t *testing.T) {
	p := webtest.Start(t).Person(t)
	d := open(t, newDB(t))
	d.active()
	ask, path := d.question()
	p.Visit(d.base + path)
	p.Fill("Gebruikersnaam of e-mailadres", username)
	p.Fill("Wachtwoord", good)
	p.Press("Inloggen")
	p.Want("Je inlogaccount koppelen", "Bibliotheek Elders", "E.B.T.")
	p.Look("login-koppelen")
	p.Press("EN")
	p.Want("Link your login account")
	p.Press("NL")
	p.Press("Akkoord")
	p.Want("Akkoord. De medewerker aan de balie maakt de koppeling nu af.")
	if !d.answered(ask).Agreed {
		t.Error("the desk does not hear it")
	}
	p.Forgive("410")
	p.Visit(d.base + path)
	p.Want("Deze vraag is voorbij")
	p.Look("login-koppelen-voorbij")
}

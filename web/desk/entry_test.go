package desk_test

import (
	"strings"
	"testing"
	"time"

	"lidwoord/base/factor"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/staff"
	"lidwoord/web/webtest"
)

// app gives a clerk an app with codes that works.
func (h *house) app(name string) (key string) {
	h.t.Helper()
	owner := h.workers[name].Owner()
	h.do(func(tx *sqldb.Tx) error {
		o, err := factor.OfferApp(tx, owner, "Bind", name)
		if err != nil {
			return err
		}
		key = o.Key
		code, err := factor.CodeAt(key, tx.Now)
		if err != nil {
			return err
		}
		return factor.ConfirmApp(tx, owner, code)
	})
	h.pass(time.Minute)
	return key
}

func (h *house) code(key string) string {
	h.t.Helper()
	code, err := factor.CodeAt(key, h.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return code
}

func TestAClerkWithAnAppIsAskedForItsCodeAndOthersAreNot(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.clerk("bert").get("/").is(200, "/")
		key := h.app("anja")
		v := h.visitor()
		in := []string{"gebruikersnaam", "anja", "wachtwoord", pass, "vestiging", "5281"}
		v.post("/aanmelden", in...).is(200, "/aanmelden/code").want("Nog één stap")
		v.get("/klanten").is(200, "/aanmelden?naar=%2Fbalie%2Fklanten")
		v.post("/aanmelden", in...)
		v.post("/aanmelden/code", "code", "12").is(422, "/aanmelden/code").want("Deze code klopt niet")
		v.post("/aanmelden/code", "code", h.code(key)).is(200, "/").want("5281 Bibliotheek Rolde", "Anja de Boer")
		v.get("/beveiliging").is(200, "/beveiliging").want("App met codes", "Passkeys")
		// Whoever may, may also do without.
		v.post("/beveiliging/app/weg").is(200, "/beveiliging").want("Je app met codes is verwijderd")
		h.clerk("anja").get("/").is(200, "/")
	})
}

func TestADraftSurvivesTheSecondStep(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		key := h.app("anja")
		p := h.visitor()
		in := []string{"gebruikersnaam", "anja", "wachtwoord", pass, "vestiging", "5280"}
		p.post("/aanmelden", in...)
		p.post("/aanmelden/code", "code", h.code(key))
		d := p.newDraft()
		wie := p.get(d).value("wie")
		h.pass(31 * time.Minute)
		late := p.post(d, with(tester, "wie", wie)...).is(401, d)
		p.post("/aanmelden", with(in, "naar", late.value("naar"), "meegebracht", late.value("meegebracht"))...).is(200, "/aanmelden/code")
		p.post("/aanmelden/code", "code", h.code(key)).is(200, d).want(`value="Tester"`)
	})
}

func TestATemporaryPasswordIsChangedAtTheDeskToo(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		plain, err := staff.Temporary(t.Context(), h.DB, h.workers["anja"].ID, "staff:BOSS")
		if err != nil {
			t.Fatal(err)
		}
		v := h.visitor()
		v.post("/aanmelden", "gebruikersnaam", "anja", "wachtwoord", string(plain), "vestiging", "5280").is(200, "/aanmelden/wachtwoord").want("Kies je eigen wachtwoord")
		v.get("/").is(200, "/aanmelden?naar=%2Fbalie%2F")
		v.post("/aanmelden/wachtwoord", "nieuw", "zeven groene fietsen", "herhaal", "zeven groene fietsen").is(200, "/").want("Anja de Boer")
	})
}

// A password that a manager gave out opens nothing past the app (OWASP ASVS 6.4.3).
func TestATemporaryPasswordPassesByNoApp(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		key := h.app("anja")
		plain, err := staff.Temporary(t.Context(), h.DB, h.workers["anja"].ID, "staff:BOSS")
		if err != nil {
			t.Fatal(err)
		}
		v := h.visitor()
		v.post("/aanmelden", "gebruikersnaam", "anja", "wachtwoord", string(plain), "vestiging", "5280").is(200, "/aanmelden/wachtwoord")
		v.post("/aanmelden/wachtwoord", "nieuw", "zeven groene fietsen", "herhaal", "zeven groene fietsen").is(200, "/aanmelden/code").want("Nog één stap")
		v.get("/").is(200, "/aanmelden?naar=%2Fbalie%2F")
		v.post("/aanmelden/code", "code", h.code(key)).is(200, "/").want("Anja de Boer")
	})
}

func TestAClerkSetsUpAnAppInABrowser(t *testing.T) {
	h := build(t, sqldbtest.New(t))
	b := webtest.Start(t)
	p := h.desk(t, b)
	signIn(p)
	p.Press("Beveiliging")
	p.Want("Je hebt geen app met codes", "Hier kun je geen passkey gebruiken") // the test serves at a number
	p.Look("desk-means")
	p.Press("App instellen")
	key := webtest.Eval[string](p, "document.getElementById('sleutel').innerText")
	p.Fill("Code uit de app", h.code(key))
	p.Press("Verder")
	p.Want("Je herstelcodes")
	recovery := webtest.Eval[string](p, "document.querySelector('#herstelcodes code').innerText")
	p.Press("Ik heb ze bewaard")
	p.Want("Je hebt nog 10 herstelcodes")
	p.Press("Uitloggen")

	p.NoScript()
	p.Fill("Gebruikersnaam", "anja")
	p.Fill("Wachtwoord", pass)
	p.Press("Inloggen")
	p.Want("Nog één stap")
	p.Fill("Code", strings.ReplaceAll(recovery, "-", " "))
	p.Press("Inloggen")
	p.WantURL("/balie")
	p.Want("Anja de Boer")
}

package manage_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"lidwoord/base/factor"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/staff"
	"lidwoord/web/webtest"
)

func TestMain(m *testing.M) { webtest.Main(m) }

// serve opens Beheer at a name, since browsers know no passkeys at a number.
func serve(t *testing.T) (h house, at string) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.door.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	at = strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)
	h = openAt(t, sqldbtest.New(t), at)
	return h, at
}

func knockAt(p *webtest.Page) {
	p.Fill("Gebruikersnaam", "boss")
	p.Fill("Wachtwoord", secretWords)
	p.Press("Inloggen")
}

// key is the key that the page shows for an app with codes.
func key(p *webtest.Page) string {
	return webtest.Eval[string](p, "document.getElementById('sleutel').innerText")
}

func (h house) code(p *webtest.Page, key string) string {
	code, err := factor.CodeAt(key, h.db.Now())
	if err != nil {
		panic(err)
	}
	return code
}

// enter signs the boss in for the first time.
func (h house) enter(p *webtest.Page) (appKey string) {
	knockAt(p)
	appKey = key(p)
	p.Fill("Code uit de app", h.code(p, appKey))
	p.Press("Verder")
	p.Press("Ik heb ze bewaard")
	return appKey
}

func TestAManagerSetsUpAnAppAndAPasskey(t *testing.T) {
	h, srv := serve(t)
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	h.db.Now = func() time.Time { return now }
	h.hire(t, h.bind.ID, "boss", staff.Post{Role: staff.Manager})
	p := webtest.Start(t).Person(t)
	p.Sensor()
	p.Visit(srv + "/beheer")
	knockAt(p)
	p.Want("App met codes instellen")
	p.Look("manage-setup")
	appKey := key(p)
	p.Fill("Code uit de app", "000000")
	p.Press("Verder")
	p.Want("Deze code klopt niet")
	p.Fill("Code uit de app", h.code(p, appKey))
	p.Press("Verder")
	p.Want("Je herstelcodes")
	p.Look("manage-codes")
	recovery := webtest.Eval[string](p, "document.querySelector('#herstelcodes code').innerText")
	p.Press("Ik heb ze bewaard")
	p.Want("Klantnummers")

	again := func() { p.Press("Uitloggen"); knockAt(p) }
	again()
	p.Want("Nog één stap")
	p.Look("manage-step")
	p.Fill("Code", "123456")
	p.Press("Inloggen")
	p.Want("Deze code klopt niet")
	p.Look("manage-step-wrong")
	now = now.Add(time.Minute)
	p.Fill("Code", h.code(p, appKey))
	p.Press("Inloggen")
	p.Want("Klantnummers")
	again()
	p.Fill("Code", strings.ToLower(recovery))
	p.Press("Inloggen")
	p.Want("Klantnummers")
	again()
	p.Fill("Code", recovery)
	p.Press("Inloggen")
	p.Want("al gebruikt")
	now = now.Add(time.Minute)
	p.Fill("Code", h.code(p, appKey))
	p.Press("Inloggen")

	p.Press("Beveiliging")
	p.Want("Je hebt nog 9 herstelcodes")
	p.Fill("Naam van deze passkey", "Computer van de balie")
	p.Press("Passkey toevoegen")
	p.Want("Je passkey is toegevoegd", "Computer van de balie")
	p.Look("manage-means")
	again()
	p.Press("Verder met een passkey")
	p.Want("Klantnummers")
	p.Press("Uitloggen")
	p.Press("Inloggen met een passkey")
	p.Want("Klantnummers")
	p.Press("Beveiliging")
	p.Press("Computer van de balie wijzigen")
	p.Fill("Andere naam voor Computer van de balie", "Oude computer")
	p.Press("Naam opslaan")
	p.Want("Oude computer")
	p.Press("Oude computer wijzigen")
	p.Press("Passkey verwijderen")
	p.Press("Ja, verwijder deze passkey")
	p.Want("De passkey is verwijderd", "Je hebt nog geen passkey")
}

func TestTheStaffInABrowser(t *testing.T) {
	h, srv := serve(t)
	h.hire(t, h.bind.ID, "boss", staff.Post{Role: staff.Manager})
	p := webtest.Start(t).Person(t)
	p.Visit(srv + "/beheer")
	h.enter(p)
	p.Press("Medewerkers")
	p.Look("manage-staff")
	p.Press("Medewerker toevoegen")
	p.Press("Toevoegen")
	p.Want("Vul een naam in")
	p.Look("manage-worker-wrong")
	p.Fill("Naam", "Nina Nieuw")
	p.Fill("Gebruikersnaam", "nina")
	p.Press("Balie: Alleen bij vestigingen (0 gekozen)")
	p.Tick("Balie: 5280 Bibliotheek Annen")
	p.Press("Toevoegen")
	p.Want("Tijdelijk wachtwoord", "nina")
	p.Look("manage-password")
	p.Press("Naar de medewerkers")
	p.Press("Nina Nieuw")
	p.Look("manage-worker")
	p.Press("Uit dienst melden")
	p.Look("manage-act")
	p.Press("Uit dienst melden")
	p.Want("Nina Nieuw is uit dienst")
	p.Lacks("Rollen") // who left has none to use
	p.Press("Naar de medewerkers")
	p.Lacks("Nina Nieuw")
	p.Press("Ook wie uit dienst is (1)")
	p.Want("Nina Nieuw", "5280 Bibliotheek Annen")
}

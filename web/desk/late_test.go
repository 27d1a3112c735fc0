package desk_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/task"
	"lidwoord/web/webtest"
)

// small is a form of one page, as a clerk had filled it in when the session ended.
type small struct {
	route string   // of the site map
	page  string   // where it stands
	post  string   // where it goes
	typed []string // what was typed or chosen; empty for a button alone
	shows []string // what the page shows of it afterwards
}

// again signs a clerk in on the page that said that the session was over.
func (a answer) again(p *person, name string) answer {
	a.t.Helper()
	in := []string{"gebruikersnaam", name, "wachtwoord", pass, "vestiging", "5280", "naar", a.value("naar")}
	if strings.Contains(a.body, `name="meegebracht"`) {
		in = append(in, "meegebracht", a.value("meegebracht"))
	}
	return p.post("/aanmelden", in...)
}

// TestEveryFormOfTheDeskIsThereAgainAfterTheSessionEnded walks over whatever the site map
// lets a clerk send. Nothing is done before they press the button once more; what they
// typed is there for them, and for nobody else.
func TestEveryFormOfTheDeskIsThereAgainAfterTheSessionEnded(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		done := p.enrol(tester, contact, "0141")
		saved := strings.TrimSuffix(done.path, "/klaar")
		id, _ := h.customer("Tester")
		at := "/klanten/" + id
		p.post(at+"/betalen", "opdracht", p.get(at).value("opdracht"), "wijze", "pin", "bedrag", "20")
		undo := undoLink.FindString(p.get(at).body)
		todo := h.notice(task.Task{Kind: task.MailReturned, Object: "customer:" + id})
		person, reach := someone(1)
		d := p.newDraft()
		p.post(d, person...)
		p.post(d+"/gegevens", reach...)
		p.post(d+"/inlogaccount", "account", "nieuw")
		p.post(d+"/abonnement", "abonnement", "0141")
		other := p.newDraft()
		p.post(other, with(person, "achternaam", "Ander")...)
		p.post(other+"/gegevens", with(reach, "email", "ander@example.nl")...)
		p.post(other+"/inlogaccount", "account", "bestaand", "gebruikersnaam", "eva91").is(200, "/code")
		two, _ := h.twoSteps(p)
		without := h.accountless(p, 3)
		bought, _ := h.member("Nadia")

		forms := []small{
			{"/klanten/{id}/betalen", at, at + "/betalen", []string{"wijze", "contant", "bedrag", "12,34", "ontvangen", "20"}, []string{`value="12,34"`, `value="20"`}},
			{"/klant/nieuw/{draft}/betalen", saved + "/klaar", saved + "/betalen", []string{"wijze", "contant", "bedrag", "12,35", "ontvangen", "21"}, []string{`value="12,35"`, `value="21"`}},
			{"/klanten/{id}/betalingen/{betaling}/terugdraaien", undo, undo, []string{"reden", "wrong_amount"}, []string{`value="wrong_amount" checked`}},
			{"/klanten/{id}/email", at + "/email", at + "/email", []string{"email", "anders@voorbeeld.nl"}, []string{`value="anders@voorbeeld.nl"`}},
			{"/klanten/{id}/inlogaccount/koppelen", "/klanten/" + without + "/inlogaccount/koppelen", "/klanten/" + without + "/inlogaccount/koppelen", []string{"doe", "nieuwe-code", "gebruikersnaam", "eva91"}, []string{`value="eva91"`}},
			{"/klanten/{id}/inlogaccount/tweede-stap", two + "/inlogaccount/tweede-stap", two + "/inlogaccount/tweede-stap", []string{"document", "licence"}, []string{`value="licence" checked`}},
			{"/taken/{taak}", todo, todo, []string{"toelichting", "Klant gebeld, & adres verbeterd."}, []string{"Klant gebeld, &amp; adres verbeterd."}},

			// A code serves once, and a button alone types nothing.
			{"/klant/nieuw/{draft}/code", other + "/code", other + "/code", []string{"code", "ABCD-EFGH"}, nil},
			{"/klant/nieuw/{draft}/opbouw", d + "/opbouw", d + "/opbouw", nil, nil},
			{"/klanten/{id}/inlogaccount/opnieuw-sturen", at, at + "/inlogaccount/opnieuw-sturen", nil, nil},
			{"/klanten/{id}/inlogaccount/vergeten", at + "/inlogaccount/vergeten", at + "/inlogaccount/vergeten", nil, nil},
			{"/klanten/{id}/inlogaccount/vernieuwen", at + "/inlogaccount/vernieuwen", at + "/inlogaccount/vernieuwen", nil, nil},
			{"/klanten/{id}/inlogaccount/genereren", "/klanten/" + without, "/klanten/" + without + "/inlogaccount/genereren", nil, nil},
			{"/klanten/{id}/inlogaccount/tweede-stap/stoppen", two, two + "/inlogaccount/tweede-stap/stoppen", nil, nil},
			{"/klanten/{id}/nieuwsbrief/uit", at, at + "/nieuwsbrief/uit", nil, nil},
			{"/klanten/{id}/herroepen/{inschrijving}", "/klanten/" + bought.CustomerID + "/herroepen/" + bought.ID, "/klanten/" + bought.CustomerID + "/herroepen/" + bought.ID, nil, nil},
			{"/lijsten/te-activeren", "/", "/lijsten/te-activeren", nil, nil},
			{"/concept/{draft}/weg", "/", "/concept/" + strings.TrimPrefix(d, "/klant/nieuw/") + "/weg", nil, nil},
		}
		for _, route := range sent(t) {
			if !slices.ContainsFunc(forms, func(f small) bool { return f.route == route }) {
				t.Errorf("nobody tried %s after the session ended", route)
			}
		}
		for _, f := range forms {
			p := h.clerk("anja")
			form := p.get(f.page).is(200, f.page)
			pairs := f.typed
			if len(f.shows) > 0 {
				pairs = with(pairs, "wie", form.value("wie"))
			}
			before := h.count("audit")
			h.pass(31 * time.Minute)
			late := p.post(f.post, pairs...).is(401, f.post).want("Je was te lang niet actief")
			if len(f.shows) == 0 {
				late.want("Wat je net koos, is nog niet gedaan.").lacks("ABCD-EFGH")
				late.again(p, "anja").is(200, f.page)
				continue
			}
			late.want("Wat je hebt getypt, is bewaard, maar nog niet verstuurd.")
			back := late.again(p, "anja")
			if path, _, _ := strings.Cut(back.path, "?"); back.status != 200 || path != f.page {
				t.Errorf("%s leads to %d %s", f.route, back.status, back.path)
			}
			for _, want := range append(f.shows, "Dit typte je voordat je werd uitgelogd. Het is nog niet vastgelegd.", "Kijk het na en kies “") {
				if !strings.Contains(back.body, want) {
					t.Errorf("%s lost %s", f.route, want)
				}
			}
			if n := h.count("audit") - before; n != 1 { // the sign-in
				t.Errorf("%s: %d acts in the log before the button was pressed again", f.route, n-1)
			}
			// A colleague who signs in there instead begins with an empty form, and so
			// does one who opens the address.
			v, shown := h.visitor(), late.again(h.visitor(), "bert").body
			v.post("/aanmelden", "gebruikersnaam", "bert", "wachtwoord", pass, "vestiging", "5280")
			for _, other := range []string{shown, v.get(back.path).body} {
				if slices.ContainsFunc(f.shows, func(text string) bool { return strings.Contains(other, text) }) {
					t.Errorf("%s shows a colleague what somebody else typed", f.route)
				}
			}
		}
	})
}

// sent are the addresses to which the desk's pages send a form, without those that the
// script asks, the steps of an enrolment, and the sign-in.
func sent(t *testing.T) (routes []string) {
	t.Helper()
	text, err := os.ReadFile("desk.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`m\.Page\("POST (/[^"]+)", `).FindAllStringSubmatch(string(text), -1) {
		switch route := m[1]; {
		case strings.HasPrefix(route, "/deel/"), route == "/aanmelden", route == "/afmelden", route == "/concept/{draft}",
			route == "/klant/snel/{draft}", route == "/klant/nieuw/{draft}":
		default:
			routes = append(routes, route)
		}
	}
	if len(routes) < 10 {
		t.Fatalf("the site map says %q", routes)
	}
	return routes
}

// What is kept of a form opens for its own page only, and for nothing that is made up.
func TestAKeptFormFillsInItsOwnPageOnly(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		p.enrol(tester, contact, "0141")
		id, _ := h.customer("Tester")
		email := "/klanten/" + id + "/email"
		wie := p.get(email).value("wie")
		h.pass(31 * time.Minute)
		late := p.post(email, "wie", wie, "email", "anders@voorbeeld.nl")
		back := late.again(p, "anja").want("E-mail wijzigen")
		_, query, _ := strings.Cut(back.path, "?")
		p.get(email+"?"+query).is(200, "").want()
		for _, path := range []string{"/klanten/" + id + "?" + query, email + "?bewaard=ietsanders", email + "?" + query + "x"} {
			if strings.Contains(p.get(path).body, "anders@voorbeeld.nl") {
				t.Errorf("%.60s shows it", path)
			}
		}
		// Without a name on the form nobody gets it, and a book does not fit an address.
		h.clerk("anja")
		h.pass(31 * time.Minute)
		p.post(email, "email", "anders@voorbeeld.nl").is(401, email).want("Wat je net koos, is nog niet gedaan.")
		p.post(email, "wie", wie, "email", strings.Repeat("boek ", 5000)).is(401, email).want("Wat je net koos, is nog niet gedaan.")
	})
}

// A sealed form fills in fields under the name of a worker. Nobody gets one who was not
// that worker in that browser, and nobody's waits for longer than a day.
func TestOnlyABrowserInWhichAWorkerWasGetsTheirFormSealed(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.clerk("anja")
		p.enrol(tester, contact, "0141")
		id, _ := h.customer("Tester")
		email := "/klanten/" + id + "/email"
		typed := []string{"wie", h.workers["anja"].ID, "email", "anders@voorbeeld.nl"}
		for name, v := range map[string]*person{"a stranger": h.visitor(), "a colleague": h.clerk("bert")} {
			if name == "a colleague" {
				v.post("/afmelden")
			}
			if late := v.post(email, typed...).is(401, email); strings.Contains(late.body, "meegebracht") {
				t.Errorf("%s gets a form sealed for Anja", name)
			}
		}
		d := p.newDraft()
		h.pass(31 * time.Minute)
		if late := h.visitor().post(d, with(tester, "wie", h.workers["anja"].ID)...).is(401, d); strings.Contains(late.body, "meegebracht") {
			t.Error("a stranger gets a draft sealed for Anja")
		}
		late := p.post(email, typed...).is(401, email)
		h.pass(24*time.Hour - time.Minute)
		late.again(p, "anja").want("anders@voorbeeld.nl")
		out := h.clerk("anja")
		out.post("/afmelden")
		late = out.post(email, typed...).is(401, email).want("is bewaard")
		h.pass(24 * time.Hour)
		if back := late.again(out, "anja"); strings.Contains(back.body, "anders@voorbeeld.nl") {
			t.Error("a form of yesterday is shown")
		}
	})
}

func TestAPaymentThatCameTooLateInABrowser(t *testing.T) {
	h := build(t, sqldbtest.New(t))
	h.clerk("anja").enrol(tester, contact, "0141")
	id, _ := h.customer("Tester")
	p := h.desk(t, webtest.Start(t))
	signIn(p)
	p.Visit(h.server.URL + "/balie/klanten/" + id)
	p.Choose("Hoe betaalt de klant?", "Contant")
	p.Fill("Bedrag", "12,34")
	p.Fill("Ontvangen (contant)", "20")
	h.pass(31 * time.Minute)
	p.Forgive("401")
	p.Press("Betaling vastleggen")
	p.Want("Wat je hebt getypt, is bewaard, maar nog niet verstuurd.")
	signIn(p)
	p.Want("Terug: € 7,66", "Dit typte je voordat je werd uitgelogd. Het is nog niet vastgelegd.", "Kijk het na en kies “Betaling vastleggen”.")
	if where := webtest.Eval[string](p, "document.activeElement.innerText"); !strings.Contains(where, "Dit typte je") {
		t.Errorf("the focus is at %q", where)
	}
	if amount, given := p.Value("Bedrag"), p.Value("Ontvangen (contant)"); amount != "12,34" || given != "20" {
		t.Errorf("Bedrag holds %q, Ontvangen %q", amount, given)
	}
	p.Look("desk-betalen-bewaard")
	p.Press("Betaling vastleggen")
	p.Want("Ontvangen € 20,00, terug € 7,66.")
	if n := h.count("posting"); n != 2 {
		t.Errorf("%d postings", n)
	}
}

package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/library/membership"
	"lidwoord/reading/loan"
	"lidwoord/web/webtest"
)

// What a reader reads is theirs alone: here against the whole house.

// readersOf lists who has loans that run, as the table names them.
func (h *running) readersOf(t *testing.T) (list []string) {
	t.Helper()
	err := h.db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
		list, err = sqldb.Many(tx, `SELECT DISTINCT reader FROM loan WHERE reader IS NOT NULL`, nil, func(r sqldb.Row) (s string, err error) { return s, r.Scan(&s) })
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// clerk is a browser in which the clerk of the demo is signed in at the desk.
func (h *running) clerk(t *testing.T) surfer {
	t.Helper()
	s := newSurfer(t)
	_, body := s.read(s.PostForm(h.at+"/balie/aanmelden", url.Values{"gebruikersnaam": {demoClerk}, "wachtwoord": {demoClerkPw}, "vestiging": {"5280"}}))
	if !strings.Contains(body, "Annen") {
		t.Fatalf("the clerk is not signed in:\n%s", body)
	}
	return s
}

var anyLink = regexp.MustCompile(`(?:href|action)="([^"]+)"`)

// everyPage follows every link below a door from some pages on, and gives each
// page to see. Only links are followed: nothing is changed.
func (s surfer) everyPage(door string, from []string, see func(path, body string)) (seen int) {
	s.t.Helper()
	host := door[:strings.Index(door[len("http://"):], "/")+len("http://")]
	todo, known := slices.Clone(from), map[string]bool{}
	for len(todo) > 0 && seen < 400 {
		at := todo[0]
		todo = todo[1:]
		if known[at] {
			continue
		}
		known[at] = true
		seen++
		there, body := s.read(s.Get(at))
		see(there.String(), html.UnescapeString(body))
		for _, m := range anyLink.FindAllStringSubmatch(body, -1) {
			link := html.UnescapeString(m[1])
			if strings.HasPrefix(link, "/") {
				link = host + link
			}
			link, _, _ = strings.Cut(link, "#")
			if strings.HasPrefix(link, door) && !strings.Contains(link, "/_/") && !strings.Contains(link, "taal=") && !known[link] {
				todo = append(todo, link)
			}
		}
	}
	return seen
}

func TestNobodyAtTheLibrarySeesWhatSomebodyReads(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		const book, search = "De laatste bus naar Zweeloo", "zweelooo"
		id, username := h.titleID(t, book), h.login(t, "start.reader")
		reader := newSurfer(t)
		reader.enter(h.at+"/bibliotheek/inloggen", username, demoReaderPw)
		reader.read(reader.Get(h.at + "/bibliotheek/zoeken?zoek=" + search))
		if _, body := reader.read(reader.PostForm(h.at+"/bibliotheek/titel/"+id+"/lenen", nil)); !strings.Contains(body, "Geleend") {
			t.Fatalf("not lent:\n%s", body)
		}
		reader.read(reader.Get(h.at + "/bibliotheek/lezen/" + id + "/hoofdstuk/2"))
		digests := h.readersOf(t)
		if len(digests) != 1 {
			t.Fatalf("%d readers", len(digests))
		}
		secrets := []string{book, id, digests[0], search, "Om tien voor twaalf"}
		clean := func(where, text string) {
			t.Helper()
			for _, s := range secrets {
				if strings.Contains(text, s) {
					t.Errorf("%s holds %q", where, s)
				}
			}
		}

		// Every page of the desk and of Beheer, with her own page among them.
		clerk, boss := h.clerk(t), h.boss(t)
		lieke := h.customerID(t, "lieke@veen.example")
		for what, n := range map[string]int{
			"desk":   clerk.everyPage(h.at+"/balie", []string{h.at + "/balie/", h.at + "/balie/klanten?zoek=lieke", h.at + "/balie/klanten/" + lieke, h.at + "/balie/statistiek", h.at + "/balie/klanten/" + lieke + "/inzage"}, clean),
			"Beheer": boss.everyPage(h.at+"/beheer", []string{h.at + "/beheer/", h.at + "/beheer/uitlenen/bestand"}, clean),
		} {
			if n < 12 {
				t.Errorf("only %d pages of %s", n, what)
			}
		}
		_, body := boss.send("/nieuwsbrief/bestand", nil)
		clean("the file of the newsletter", body)

		// Mijn Menu is hers, and still the library's: it knows no loans.
		mine := newSurfer(t)
		mine.enter(h.at+"/mijn/inloggen", username, demoReaderPw)
		mine.everyPage(h.at+"/mijn", []string{h.at + "/mijn/"}, clean)
		_, body = mine.read(mine.PostForm(h.at+"/mijn/download", nil))
		z, err := zip.NewReader(bytes.NewReader([]byte(body)), int64(len(body)))
		if err != nil {
			t.Fatalf("%v: %.200s", err, body)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			var text bytes.Buffer
			text.ReadFrom(r)
			clean("the download of Mijn Menu, "+f.Name, text.String())
		}
		// The account's own pages know sessions, not books.
		reader.everyPage(h.at+"/inloggen", []string{h.at + "/inloggen/", h.at + "/inloggen/geschiedenis", h.at + "/inloggen/sessies"}, clean)

		// Another library system.
		token := h.tokenFor(t, "noord", "Bibliotheken Noord")
		for _, path := range []string{"/Users", "/Schemas", "/ResourceTypes", "/ServiceProviderConfig"} {
			_, answer := h.program(t, token, "GET", path, "")
			clean("SCIM "+path, fmt.Sprint(answer))
		}

		// The whole database: only the loan itself says who and what; a copy of it
		// joins that to no account.
		h.everyText(t, func(table, column, text string) {
			if table == "loan" {
				return
			}
			if strings.Contains(text, digests[0]) || !strings.HasPrefix(table, "title") && strings.Contains(text, id) {
				t.Errorf("%s.%s holds %.200q", table, column, text)
			}
		})
		clean("the log", h.heard.String())
		if !strings.Contains(h.heard.String(), "lenen") {
			t.Error("the log was not kept")
		}

		reader.read(reader.PostForm(h.at+"/bibliotheek/titel/"+id+"/teruggeven", nil))
		if n := len(h.readersOf(t)); n != 0 {
			t.Errorf("%d readers after giving back", n)
		}
	})
}

// everyText gives every text in every table to see.
func (h *running) everyText(t *testing.T, see func(table, column, text string)) {
	t.Helper()
	columns := `SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND c.type = 'TEXT'`
	if h.db.Engine == "postgres" {
		columns = `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema() AND data_type = 'text'`
	}
	err := h.db.Read(t.Context(), func(tx *sqldb.Tx) error {
		list, err := sqldb.Many(tx, columns, nil, func(r sqldb.Row) (c [2]string, err error) { return c, r.Scan(&c[0], &c[1]) })
		if err != nil {
			return err
		}
		if len(list) < 100 {
			t.Errorf("only %d columns with text", len(list))
		}
		for _, c := range list {
			texts, err := sqldb.Many(tx, fmt.Sprintf(`SELECT "%[2]s" FROM "%[1]s" WHERE "%[2]s" IS NOT NULL`, c[0], c[1]), nil, func(r sqldb.Row) (s string, err error) { return s, r.Scan(&s) })
			if err != nil {
				return err
			}
			for _, text := range texts {
				see(c[0], c[1], text)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (h *running) customerID(t *testing.T, email string) (id string) {
	t.Helper()
	err := h.db.Read(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT id FROM customer WHERE email = $1`, []any{email}, &id)
		return err
	})
	if err != nil || id == "" {
		t.Fatalf("no customer %s: %v", email, err)
	}
	return id
}

// Enrolled at the desk, ended at the desk: new loans end at once, and what was
// borrowed stays until its date.
func TestAMembershipThatEndsEndsNewLoansAtOnceAndOldOnesAtTheirDate(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		id, other := h.titleID(t, "De laatste bus naar Zweeloo"), h.titleID(t, "Onder de es")
		username := h.login(t, "start.reader")
		reader := newSurfer(t)
		press := func(path string, form url.Values) string {
			t.Helper()
			_, body := reader.read(reader.PostForm(h.at+"/bibliotheek"+path, form))
			return html.UnescapeString(body)
		}
		says := func(body string, sentences ...string) {
			t.Helper()
			for _, s := range sentences {
				if !strings.Contains(body, s) {
					t.Errorf("no %q in\n%.3000s", s, body)
				}
			}
		}
		reader.enter(h.at+"/bibliotheek/inloggen", username, demoReaderPw)
		says(press("/titel/"+id+"/lenen", nil), "Geleend", "nog 21 dagen")
		customerID := h.customerID(t, "lieke@veen.example")
		err := h.db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			_, err := membership.End(tx, customerID, membership.EndReasons[0], membership.AtOnce(tx))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		h.pass(loanAge)
		says(press("/titel/"+other+"/lenen", nil), "Lenen lukt nu niet", "is afgelopen", "Word opnieuw lid")
		_, body := reader.read(reader.Get(h.at + "/bibliotheek/lezen/" + id + "/hoofdstuk/2"))
		says(body, "Om tien voor twaalf")

		h.pass(20 * 24 * time.Hour)
		reader.enter(h.at+"/bibliotheek/inloggen", username, demoReaderPw)
		_, body = reader.read(reader.Get(h.at + "/bibliotheek/mijn-boeken"))
		says(body, "De laatste bus naar Zweeloo", "is afgelopen")
		if strings.Contains(body, "/verlengen") {
			t.Error("who is no member is offered an extension")
		}
		until := day.Of(h.db.Now()).AddDays(22)
		says(press("/titel/"+id+"/verlengen", url.Values{"tot": {string(until)}}), "Verlengen lukt nu niet", "is afgelopen")
		h.pass(48 * time.Hour)
		reader.enter(h.at+"/bibliotheek/inloggen", username, demoReaderPw)
		_, body = reader.read(reader.Get(h.at + "/bibliotheek/lezen/" + id + "/hoofdstuk/2"))
		says(body, "Je hebt deze titel nu niet geleend")
	})
}

// loanAge is longer than rights count for borrowing.
const loanAge = 11 * time.Second

// Who deletes the login account leaves loans that nobody can find: they run out, and
// a new account is another reader.
func TestLoansOfADeletedAccountRunOut(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		id, username := h.titleID(t, "Onder de es"), h.login(t, "start.reader")
		reader := newSurfer(t)
		reader.enter(h.at+"/bibliotheek/inloggen", username, demoReaderPw)
		reader.read(reader.PostForm(h.at+"/bibliotheek/titel/"+id+"/lenen", nil))
		reader.read(reader.PostForm(h.at+"/inloggen/verwijderen", url.Values{"huidig": {demoReaderPw}}))
		eventually(t, "the session at the Online Bibliotheek to end", func() bool { return len(h.in(t)) == 0 })
		digests := h.readersOf(t)
		if len(digests) != 1 {
			t.Fatalf("%d readers with a loan that runs", len(digests))
		}
		h.everyText(t, func(table, column, text string) {
			if table != "loan" && strings.Contains(text, digests[0]) {
				t.Errorf("%s.%s still knows the reader", table, column)
			}
		})
		h.pass(23 * 24 * time.Hour)
		if err := h.db.InTx(t.Context(), loan.Sweep); err != nil {
			t.Fatal(err)
		}
		if n := len(h.readersOf(t)); n != 0 {
			t.Errorf("%d readers after the loans ran out", n)
		}
	})
}

// A manager changes the rules, and they hold at once, with a trace.
func TestAManagerChangesWhatAMembershipLends(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		b := h.boss(t)
		_, body := b.see("/uitlenen")
		b.wants(body, "Alle e-books en luisterboeken", "E-books en luisterboeken voor kinderen", "1 keer, met 21 dagen, in de laatste 3 dagen", "<5 betekent: minder dan 5 keer", "niet voor kinderen", "Per jaar", "Hoeveel verschillende mensen lenen, weten wij niet")
		_, body = b.see("/uitlenen/regels?recht=digital")
		b.wants(body, "Regels: Alle e-books en luisterboeken", `value="10"`, "Je wijziging geldt meteen")
		if status, _ := b.see("/uitlenen/regels?recht=nope"); status != http.StatusNotFound {
			t.Errorf("rules of nothing: %d", status)
		}
		form := url.Values{"recht": {"digital"}, "e-books": {"2"}, "luisterboeken": {"10"}, "dagen": {"veertien"}, "verlengen": {"0"}, "verlengdagen": {"21"}, "vanaf": {"3"}}
		status, body := b.send("/uitlenen/regels", form)
		b.wants(body, "Vul een aantal dagen in van 1 tot en met 366", `value="veertien"`)
		if status != http.StatusUnprocessableEntity {
			t.Errorf("rules that cannot be: %d", status)
		}
		form.Set("dagen", "14")
		_, body = b.send("/uitlenen/regels", form)
		b.wants(body, "De regels zijn opgeslagen: Alle e-books en luisterboeken. Ze gelden vanaf nu.", "kan niet",
			"Laatste wijzigingen", "E-books tegelijk: 10 → 2; Dagen om te lezen: 21 → 14; Hoe vaak kun je verlengen?: 1 → 0", "Marieke",
			"met ‘E-books en luisterboeken voor kinderen’ krijgt een kind ergens meer dan een volwassene")
		if acts := b.noted("lending:digital"); !slices.Equal(acts, []string{"loan.rules"}) {
			t.Errorf("noted %v", acts)
		}
		reader := newSurfer(t)
		reader.enter(h.at+"/bibliotheek/inloggen", h.login(t, "start.reader"), demoReaderPw)
		_, body = reader.read(reader.PostForm(h.at+"/bibliotheek/titel/"+h.titleID(t, "Onder de es")+"/lenen", nil))
		b.wants(body, "nog 14 dagen")
		_, csv := b.see("/uitlenen/bestand")
		if !strings.HasPrefix(csv, "maand,soort,collectie,leningen\n") || !strings.Contains(csv, ",luisterboek,voor kinderen,") || strings.Contains(csv, string(day.Of(h.db.Now())[:7])) {
			t.Errorf("the file:\n%.300s", csv)
		}
		_, body = b.see("/uitlenen?taal=en")
		b.wants(body, "What does a membership lend?", "not possible")
	})
}

// A child of the demo borrows from the youth collection, by the library's own
// administration and the sign-on.
func TestAChildBorrowsFromTheYouthCollection(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *running) {
		child := newSurfer(t)
		_, body := child.enter(h.at+"/bibliotheek/inloggen", h.login(t, "start.youth"), demoReaderPw)
		if !strings.Contains(body, "Met je jeugdabonnement") {
			t.Errorf("the start page of a child:\n%.2000s", body)
		}
		_, body = child.read(child.PostForm(h.at+"/bibliotheek/titel/"+h.titleID(t, "Onder de es")+"/lenen", nil))
		if !strings.Contains(body, "Met een jeugdabonnement leen je titels uit de jeugdcollectie") {
			t.Errorf("a title for grown-ups:\n%.2000s", body)
		}
		_, body = child.read(child.PostForm(h.at+"/bibliotheek/titel/"+h.titleID(t, "Pluis en de maan")+"/lenen", nil))
		if !strings.Contains(body, "Geleend") {
			t.Errorf("a title for children:\n%.2000s", body)
		}
		clerk := h.clerk(t)
		_, body = clerk.read(clerk.Get(h.at + "/balie/klanten/" + h.customerID(t, "fenna@degroot.example")))
		if !strings.Contains(body, "jeugdcollectie") {
			t.Error("the desk does not say what this membership opens")
		}
	})
}

func TestTheLendingPagesOfBeheerInABrowser(t *testing.T) {
	browser := webtest.Start(t)
	h := serveDemo(t, "sqlite")
	b := h.boss(t)
	p := browser.Person(t)
	p.Visit(h.at + "/beheer/aanmelden")
	webtest.Eval[bool](p, `(document.cookie = '`+b.cookie.Name+`=`+b.cookie.Value+`; path=/', true)`)
	p.Visit(h.at + "/beheer/uitlenen")
	p.Want("Wat mag je lenen met een lidmaatschap?")
	p.Look("manage-lending")
	p.Press("E-books en luisterboeken voor kinderen")
	p.Fill("E-books tegelijk", "-3")
	p.Press("Regels opslaan")
	p.Want("Vul een aantal in van 0 tot en met 1000")
	p.Look("manage-lending-wrong")
	p.Fill("E-books tegelijk", "12")
	p.Press("Regels opslaan")
	p.Want("De regels zijn opgeslagen", "12")
	p.Look("manage-lending-changed")
	p.Press("Titels opzoeken, stoppen met uitlenen")
	p.Want("We lenen alle titels uit", "Er is nog geen titel die vaak genoeg is geleend")
	p.Fill("Zoek een titel", "zweeloo")
	p.Press("Zoeken")
	p.Look("manage-titles")
	p.Press("De laatste bus naar Zweeloo")
	p.Press("Niet meer uitlenen")
	p.Want("Schrijf in één regel waarom")
	p.Look("manage-title-wrong")
	p.Fill("Waarom?", "De uitgever wil de titel terug")
	p.Press("Niet meer uitlenen")
	p.Want("De laatste bus naar Zweeloo wordt niet meer uitgeleend", "Weer uitlenen", "De uitgever wil de titel terug")
	p.Look("manage-title-away")
	p.Press("Terug naar de titels")
	p.Look("manage-titles-away")
	p.Visit(h.at + "/beheer/uitlenen?taal=en")
	p.Look("manage-lending-en")
}

// The command changes the rules and counts, as Beheer does.
func TestTheCommandLendingListsChangesAndCounts(t *testing.T) {
	config := library(t, "sqlite:"+filepath.Join(t.TempDir(), "lidwoord.db"), "127.0.0.1:1", "127.0.0.1:1")
	command := func(args ...string) (string, error) {
		t.Helper()
		return printed(t, append([]string{"lending", "-config", config}, args...)...)
	}
	for _, args := range [][]string{{}, {"-list", "-counts"}, {"-set", "digital", "-days", "x"}, {"-counts", "-from", "vorig jaar"}, {"-set", "Digital"}, {"-set", "digital", "-days", "0"}, {"-set", "digital-yuoth", "-days", "9"}, {"-new", "digital"}, {"-new", "School"}} {
		if out, err := command(args...); err == nil {
			t.Errorf("%v is taken: %s", args, out)
		}
	}
	if out, err := command("-new", "school", "-ebooks", "3", "-extensions=0", "-youth"); err != nil || !strings.Contains(out, "Kept: school") {
		t.Errorf("%s %v", out, err)
	}
	out, err := command("-list")
	if err != nil || !regexp.MustCompile(`(?m)^school +3 +10 +21 +0 +21 +3 +youth$`).MatchString(out) || !regexp.MustCompile(`(?m)^digital +10 +10 +21 +1 +21 +3 +all$`).MatchString(out) {
		t.Errorf("%s %v", out, err)
	}
	if out, err = command("-counts", "-from", "2026-01"); err != nil || !strings.HasPrefix(out, "month,kind,collection,loans\n") || !strings.Contains(out, "2026-01,audiobook,youth,0\n") {
		t.Errorf("%s %v", out, err)
	}
}

func TestTheLibrarysFileNamesTheYouthRight(t *testing.T) {
	line := membershipLine{Code: "0142", Name: "Jeugd", Kind: "vast", Term: 12, Rights: []string{"digitaal-jeugd", "nieuwsbrief"}}
	d, err := line.definition("bind")
	if want := (membership.Rights{Digital: true, Youth: true, Newsletter: true}); err != nil || d.Rights != want {
		t.Errorf("%+v, %v", d.Rights, err)
	}
}

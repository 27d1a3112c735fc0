package manage_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/factor"
	"lidwoord/base/job"
	"lidwoord/base/outbox"
	"lidwoord/base/password"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/throttle"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/newsletter"
	"lidwoord/library/staff"
	"lidwoord/web/entry"
	"lidwoord/web/kit"
	"lidwoord/web/manage"
	"lidwoord/web/webtest"
)

const secretWords = "vier losse woorden hier"

type house struct {
	db    *sqldb.DB
	news  *newsletter.Subscribers
	door  http.Handler
	bind  branch.Organisation
	annen branch.Branch
	codes map[string][]string // recovery codes that are left, by name
}

func open(t *testing.T, db *sqldb.DB) house { return openAt(t, db, "https://lid.example") }

func openAt(t *testing.T, db *sqldb.DB, host string) (h house) {
	t.Helper()
	list, err := words.Load(kit.Words, day.Words, factor.Words, throttle.Words, entry.Words, password.Words, manage.Words, branch.Words, staff.Words, customer.Words, newsletter.Words, enrol.Words)
	if err != nil {
		t.Fatal(err)
	}
	at := func(path string) *url.URL { u, _ := url.Parse(host + path); return u }
	s, err := manage.New(&kit.House{DB: db, Words: list, Log: slog.New(slog.DiscardHandler), Brand: kit.Brand{Name: "Bind bibliotheken"},
		Doors: kit.Doors{Manage: at("/beheer"), Desk: at("/balie")}}, "bind")
	if err != nil {
		t.Fatal(err)
	}
	s.News, err = newsletter.New(newsletter.Links{Unsubscribe: func(t secret.Token) string { return host + "/nieuwsbrief/afmelden/" + string(t) },
		Confirm: func(t secret.Token) string { return host + "/nieuwsbrief/bevestigen/" + string(t) }})
	if err != nil {
		t.Fatal(err)
	}
	h = house{db: db, news: s.News, door: s.Handler(s), codes: map[string][]string{}}
	do(t, db, func(tx *sqldb.Tx) error {
		if h.bind, err = branch.SaveOrganisation(tx, branch.Organisation{Slug: "bind", Name: "Bind bibliotheken"}); err != nil {
			return err
		}
		h.annen, err = branch.Save(tx, branch.Branch{OrganisationID: h.bind.ID, Code: "5280", Name: "Bibliotheek Annen", Enrols: true})
		return err
	})
	return h
}

func do(t *testing.T, db *sqldb.DB, f func(*sqldb.Tx) error) {
	t.Helper()
	if err := db.InTx(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// hire makes a worker with a password.
func (h house) hire(t *testing.T, organisationID, name string, posts ...staff.Post) (w staff.Worker) {
	t.Helper()
	do(t, h.db, func(tx *sqldb.Tx) (err error) {
		w, _, err = staff.Save(tx, staff.Worker{OrganisationID: organisationID, Username: name, Name: "Werker " + name, Active: true, Posts: posts})
		return err
	})
	if err := staff.SetPassword(t.Context(), h.db, w.ID, secretWords, "loader"); err != nil {
		t.Fatal(err)
	}
	return w
}

func (h house) ask(method, path, body, cookie string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://lid.example"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", cookie)
	w := httptest.NewRecorder()
	h.door.ServeHTTP(w, r)
	return w
}

// signIn signs somebody in, second step and all.
func (h house) signIn(name, password string) *httptest.ResponseRecorder {
	return h.stepIn(name, h.knock(name, password))
}

// knock gives the password only.
func (h house) knock(name, password string) *httptest.ResponseRecorder {
	form := url.Values{"gebruikersnaam": {name}, "wachtwoord": {password}, "naar": {"/beheer?x=1"}}
	return h.ask("POST", "/beheer/aanmelden", form.Encode(), "")
}

func cookieOf(w *httptest.ResponseRecorder) string {
	for _, c := range w.Result().Cookies() {
		if c.Value != "" && strings.Contains(c.Name, "sessie") {
			return c.Name + "=" + c.Value
		}
	}
	return ""
}

func TestOnlyAManagerOfTheWholeLibraryComesIn(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		boss := h.hire(t, h.bind.ID, "boss", staff.Post{Role: staff.Manager})
		h.hire(t, h.bind.ID, "clerk", staff.Post{Role: staff.Desk})
		h.hire(t, h.bind.ID, "local", staff.Post{Role: staff.Manager, BranchID: h.annen.ID})
		do(t, db, func(tx *sqldb.Tx) error {
			_, err := branch.SaveOrganisation(tx, branch.Organisation{Slug: "ginder", Name: "Ginder"})
			return err
		})
		var other branch.Organisation
		do(t, db, func(tx *sqldb.Tx) (err error) { other, err = branch.FindOrganisation(tx, "ginder"); return err })
		h.hire(t, other.ID, "stranger", staff.Post{Role: staff.Manager})

		if w := h.ask("GET", "/beheer", "", ""); w.Code != 303 || w.Header().Get("Location") != "/beheer/aanmelden?naar=%2Fbeheer" {
			t.Errorf("without session: %d to %q", w.Code, w.Header().Get("Location"))
		}
		for name, c := range map[string]struct {
			password string
			status   int
			text     string
		}{
			"clerk": {secretWords, 403, "Dit mag je niet doen"}, "local": {secretWords, 403, "Dit mag je niet doen"},
			"boss": {"wrong", 422, "klopt niet"}, "nobody": {secretWords, 422, "klopt niet"}, "stranger": {secretWords, 422, "klopt niet"},
		} {
			w := h.signIn(name, c.password)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.text) || cookieOf(w) != "" {
				t.Errorf("%s: %d\n%s", name, w.Code, w.Body)
			}
			if strings.Contains(w.Body.String(), c.password) {
				t.Errorf("%s: the password travels back", name)
			}
		}
		w := h.signIn("Boss", secretWords)
		cookie := cookieOf(w)
		if w.Code != 303 || w.Header().Get("Location") != "/beheer?x=1" || cookie == "" {
			t.Fatalf("boss: %d to %q", w.Code, w.Header().Get("Location"))
		}
		if w := h.ask("GET", "/beheer", "", cookie); w.Code != 200 || !strings.Contains(w.Body.String(), "Werker boss") {
			t.Errorf("boss at home: %d", w.Code)
		}
		if w := h.ask("GET", "/beheer/aanmelden?naar=https://evil.example/", "", cookie); w.Code != 303 || w.Header().Get("Location") != "/beheer/" {
			t.Errorf("signed in already: %d to %q", w.Code, w.Header().Get("Location"))
		}
		// A role that is taken away counts at the next page.
		do(t, db, func(tx *sqldb.Tx) error {
			boss.Posts = []staff.Post{{Role: staff.Desk}}
			_, _, err := staff.Save(tx, boss)
			return err
		})
		if w := h.ask("GET", "/beheer", "", cookie); w.Code != 403 {
			t.Errorf("after losing the role: %d", w.Code)
		}
	})
}

func TestSigningOutEndsTheSession(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.hire(t, h.bind.ID, "boss", staff.Post{Role: staff.Manager})
		cookie := cookieOf(h.signIn("boss", secretWords))
		if w := h.ask("POST", "/beheer/afmelden", "", cookie); w.Code != 303 {
			t.Errorf("sign out: %d", w.Code)
		}
		if w := h.ask("GET", "/beheer", "", cookie); w.Code != 303 {
			t.Errorf("the old cookie still opens: %d", w.Code)
		}
	})
}

// refusing is a mail server that takes nothing.
type refusing struct{}

func (refusing) Send(context.Context, outbox.Mail) error {
	return &outbox.Refusal{Code: "550 5.1.1", Permanent: true, Cause: errors.New("no such mailbox")}
}

func TestWhatNeedsCareIsShownInBothLanguages(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.hire(t, h.bind.ID, "boss", staff.Post{Role: staff.Manager})
		cookie := cookieOf(h.signIn("boss", secretWords))
		empty := h.ask("GET", "/beheer", "", cookie).Body.String()
		for _, want := range []string{"Er zijn nog geen nummerreeksen", "Alle mail is aangekomen", "Er is nog niets gedaan"} {
			if !strings.Contains(empty, want) {
				t.Errorf("no %q in an empty house", want)
			}
		}
		h.trouble(t)
		for lang, want := range map[string][]string{
			"nl": {"5280 Bibliotheek Annen", "bijna op", "Reserve", "genoeg", "raken de klantnummers op", "Mail die niet aankwam: 1", "Oude mail uit de lijst halen", "odd.one", "mislukt", "klaar"},
			"en": {"running low", "plenty", "Take old mail off the list", "failed", "Mail that did not arrive"},
		} {
			body := h.ask("GET", "/beheer?taal="+lang, "", cookie).Body.String()
			for _, s := range want {
				if !strings.Contains(body, s) {
					t.Errorf("%s: no %q in\n%s", lang, s, body)
				}
			}
			if strings.Contains(body, "manage.") || strings.Contains(body, "customer.level") {
				t.Errorf("%s: a sentence is missing in\n%s", lang, body)
			}
		}
	})
}

// trouble gives the house something to worry about.
func (h house) trouble(t *testing.T) {
	t.Helper()
	db := h.db
	do(t, db, func(tx *sqldb.Tx) error {
		for _, r := range []customer.Range{
			{OrganisationID: h.bind.ID, BranchID: h.annen.ID, Label: "5280", First: 1, Last: 10}, {OrganisationID: h.bind.ID, Label: "5299", First: 1, Last: 1000},
		} {
			if _, err := customer.SaveRange(tx, r); err != nil {
				return err
			}
		}
		for range 9 {
			if _, err := customer.Allocate(tx, h.bind.ID, h.annen.ID); err != nil {
				return err
			}
		}
		return outbox.Add(tx, outbox.Mail{Kind: "test", To: "eva@example.nl", Subject: "Je <inlogaccount>", Text: "x", Lang: words.NL})
	})
	if err := (&outbox.Worker{DB: db, Sender: refusing{}, Log: slog.New(slog.DiscardHandler)}).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := job.Tick(t.Context(), db, []job.Periodic{
		{Name: "outbox.sweep", Every: time.Hour, Do: outbox.Sweep},
		{Name: "odd.one", Every: time.Hour, Do: func(*sqldb.Tx) error { return errors.New("it broke") }},
	}); err != nil {
		t.Fatal(err)
	}
}

func TestBeheerInABrowser(t *testing.T) {
	h, srv := serve(t)
	h.hire(t, h.bind.ID, "boss", staff.Post{Role: staff.Manager})
	h.trouble(t)
	p := webtest.Start(t).Person(t)
	p.Visit(srv + "/beheer")
	p.Look("manage-signin")
	h.enter(p)
	p.Want("Klantnummers", "Mail die niet aankwam", "Achtergrondwerk")
	p.Look("manage")
	p.Press("Mail die niet aankwam: 1")
	p.Want("eva@example.nl", "550 5.1.1", "geen klant van ons")
	p.Look("manage-mail")
	p.Press("Uitloggen")
	p.Want("Je bent uitgelogd")
}

package signup_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/membership"
	"lidwoord/web/kit"
	"lidwoord/web/signup"
	"lidwoord/web/webtest"
)

func door(t *testing.T, db *sqldb.DB, host string) http.Handler {
	t.Helper()
	list, err := words.Load(kit.Words, day.Words, signup.Words, branch.Words, membership.Words)
	if err != nil {
		t.Fatal(err)
	}
	at := func(path string) *url.URL { u, _ := url.Parse(host + path); return u }
	s, err := signup.New(&kit.House{DB: db, Words: list, Log: slog.New(slog.DiscardHandler), Brand: kit.Brand{Name: "Bind bibliotheken"},
		Doors: kit.Doors{Signup: at("/inschrijven"), Reading: at("/bibliotheek")}}, "bind")
	if err != nil {
		t.Fatal(err)
	}
	return s.Handler(s)
}

func ask(h http.Handler, lang string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "https://lid.example/inschrijven?taal="+lang, nil))
	return w
}

func TestTheOfferOfTheLibraryIsShownInBothLanguages(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := door(t, db, "https://lid.example")
		if w := ask(h, "nl"); w.Code != 404 {
			t.Errorf("before there is a library: %d", w.Code)
		}
		openLibrary(t, db)
		if w := ask(h, "nl"); w.Code != 200 || !strings.Contains(w.Body.String(), "Er zijn nu geen abonnementen") {
			t.Errorf("without memberships: %d", w.Code)
		}
		offer(t, db)
		for lang, want := range map[string][]string{
			"nl": {"Digital only", "45,00", "12 maanden", "11,50", "per maand", "Online inschrijven kan nog niet", "Bibliotheek Annen", "jonger dan 18 jaar", "Stopt vanzelf", "Loopt 12 maanden. Daarna verleng je bij de bibliotheek"},
			"en": {"Digital only", "45", "12 months", "Monthly membership", "cannot enrol online yet", "Bibliotheek Annen", "younger than 18"},
		} {
			w := ask(h, lang)
			body := w.Body.String()
			for _, s := range want {
				if w.Code != 200 || !strings.Contains(body, s) {
					t.Errorf("%s: %d, no %q in\n%s", lang, w.Code, s, body)
				}
			}
			for _, s := range []string{"dBos", "Bibliotheek Dicht", "signup.", "membership.rights", "Annen, Annen"} { // only through school; closed; no missing sentence
				if strings.Contains(body, s) {
					t.Errorf("%s: %q stands in\n%s", lang, s, body)
				}
			}
		}
	})
}

func openLibrary(t *testing.T, db *sqldb.DB) {
	t.Helper()
	do(t, db, func(tx *sqldb.Tx) error {
		o, err := branch.SaveOrganisation(tx, branch.Organisation{Slug: "bind", Name: "Bind bibliotheken"})
		if err != nil {
			return err
		}
		if _, err := branch.Save(tx, branch.Branch{OrganisationID: o.ID, Code: "5280", Name: "Bibliotheek Annen", Place: "Annen", Enrols: true}); err != nil {
			return err
		}
		_, err = branch.Save(tx, branch.Branch{OrganisationID: o.ID, Code: "5281", Name: "Bibliotheek Dicht", Place: "Gieten"})
		return err
	})
}

func offer(t *testing.T, db *sqldb.DB) {
	t.Helper()
	do(t, db, func(tx *sqldb.Tx) error {
		o, err := branch.FindOrganisation(tx, "bind")
		if err != nil {
			return err
		}
		for _, d := range membership.Seed(o.ID) {
			if err := membership.SaveDefinition(tx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func do(t *testing.T, db *sqldb.DB, f func(*sqldb.Tx) error) {
	t.Helper()
	if err := db.InTx(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func TestTheOfferInABrowser(t *testing.T) {
	db := sqldbtest.New(t)
	openLibrary(t, db)
	offer(t, db)
	var h http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	h = door(t, db, srv.URL)
	p := webtest.Start(t).Person(t)
	p.Visit(srv.URL + "/inschrijven")
	p.Want("Lid worden", "Digital only", "Zo word je lid")
	p.Look("signup")
}

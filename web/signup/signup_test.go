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
)

func door(t *testing.T, db *sqldb.DB) http.Handler {
	t.Helper()
	list, err := words.Load(kit.Words, day.Words, signup.Words, branch.Words, membership.Words)
	if err != nil {
		t.Fatal(err)
	}
	at := func(path string) *url.URL { return &url.URL{Scheme: "https", Host: "lid.example", Path: path} }
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
		h := door(t, db)
		if w := ask(h, "nl"); w.Code != 404 {
			t.Errorf("before there is a library: %d", w.Code)
		}
		err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
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
		if err != nil {
			t.Fatal(err)
		}
		if w := ask(h, "nl"); w.Code != 200 || !strings.Contains(w.Body.String(), "Er zijn nu geen abonnementen") {
			t.Errorf("without memberships: %d", w.Code)
		}
		err = db.InTx(t.Context(), func(tx *sqldb.Tx) error {
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
		if err != nil {
			t.Fatal(err)
		}
		for lang, want := range map[string][]string{
			"nl": {"Digital only", "45,00", "12 maanden", "11,50", "1 maand<", "Online inschrijven kan nog niet", "Bibliotheek Annen", "jonger dan 18 jaar", "Stopt vanzelf", "Gaat door tot je opzegt"},
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

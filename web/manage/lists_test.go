package manage_test

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"lidwoord/base/audit"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/staff"
)

func TestTheListOfStaffIsTakenAlongAndNoted(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.hire(t, h.bind.ID, "boss", staff.Post{Role: staff.Manager})
		h.hire(t, h.bind.ID, "clerk", staff.Post{Role: staff.Desk, BranchID: h.annen.ID}, staff.Post{Role: staff.Finance})
		cookie := cookieOf(h.signIn("boss", secretWords))
		if page := h.ask("GET", "/beheer/medewerkers", "", cookie).Body.String(); !strings.Contains(page, "Lijst downloaden (CSV)") {
			t.Error("the page has no button")
		}
		w := h.ask("POST", "/beheer/lijsten/medewerkers", "", cookie)
		rows, err := csv.NewReader(w.Body).ReadAll()
		if err != nil || !strings.Contains(w.Header().Get("Content-Disposition"), "medewerkers-bind-") {
			t.Fatalf("%v, %v", err, w.Header())
		}
		for _, want := range [][]string{
			{"Werker boss", "boss", "In dienst", "Ja", "Beheer", "Hele bibliotheek"},
			{"Werker clerk", "clerk", "In dienst", "Nee", "Balie", "5280 Bibliotheek Annen"},
			{"Werker clerk", "clerk", "In dienst", "Nee", "Financieel", "Hele bibliotheek"},
		} {
			if !slices.ContainsFunc(rows, func(row []string) bool { return slices.Equal(row, want) }) {
				t.Errorf("no %q in %q", want, rows)
			}
		}
		do(t, db, func(tx *sqldb.Tx) error {
			acts, err := audit.Of(tx, "organisation:"+h.bind.ID, 10)
			if !slices.ContainsFunc(acts, func(e audit.Entry) bool { return e.Act == "staff.exported" }) {
				t.Errorf("noted %+v", acts)
			}
			return err
		})
		if w := h.ask("POST", "/beheer/lijsten/medewerkers", "", ""); w.Code == 200 && strings.Contains(w.Body.String(), "clerk") {
			t.Error("a stranger got the list")
		}
	})
}

package login

import (
	"net/http"

	"lidwoord/base/factor"
	"lidwoord/base/sqldb"
	"lidwoord/identity/signon"
	"lidwoord/web/entry"
	"lidwoord/web/kit"
)

// recoveredPage is what comes between a recovery code and where its owner was going:
// whoever needs one lost a telephone, perhaps, and every code is one fewer.
type recoveredPage struct {
	Means   factor.State
	Leaving entry.Leaving
	Onward  string // the address to go on at
	Here    string // that of this page
}

// recoveredAddress is the page, with the way on.
func (s *Site) recoveredAddress(y way) string {
	to := s.Link("/herstelcode")
	if q := y.query(); q != "" {
		to += "?" + q
	}
	return to
}

// showRecovered says how many recovery codes are left, and how to go on without the
// telephone. Where the second step is going to be taken away it asks whether that is
// still wanted. It changes nothing.
func (s *Site) showRecovered(w http.ResponseWriter, r *http.Request) error {
	live, q := kit.VisitOf(r).Session, r.URL.Query()
	y := way{Request: q.Get("verzoek"), Back: q.Get("naar")}
	page := recoveredPage{Onward: s.page(y.Back), Here: s.recoveredAddress(y)}
	if y.Request != "" {
		page.Onward = s.Link("/aanmelden") + "?" + string(signInPage{Request: y.Request, Have: true}.Query())
		s.SetCookie(w, moreCookie, y.Request, signon.RequestLife) // who sets up another app goes on there
	}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Means, err = factor.StateOf(tx, ownerOf(live.Subject)); err != nil {
			return err
		}
		page.Leaving, err = s.removalWaits(tx, live.Subject)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "recovered", page)
}

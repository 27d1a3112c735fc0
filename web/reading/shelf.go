package reading

import (
	"net/http"
	"strconv"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
	"lidwoord/web/kit"
)

// send sends one file of a title as data that nothing will run.
func (s *Site) send(w http.ResponseWriter, r *http.Request, t catalogue.Title, p catalogue.Part) error {
	f, err := s.Stacks.Open(t, p)
	if err != nil {
		return err
	}
	defer f.Close()
	guardBook(w.Header())
	w.Header().Set("Content-Type", p.Type)
	if p.Type == "text/plain" || p.Type == "text/css" {
		w.Header().Set("Content-Type", p.Type+"; charset=utf-8")
	}
	w.Header().Set("ETag", `"`+t.Digest[:16]+"-"+strconv.Itoa(p.File)+`"`)
	http.ServeContent(w, r, "", time.Time{}, f) // with Range, which players need to skip
	return nil
}

// guardBook makes whatever comes out of a book harmless, also for who opens its
// address by itself: no scripts, no forms, an origin of its own.
func guardBook(h http.Header) {
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Disposition", "inline")
}

// minePage is what a reader has on loan.
type minePage struct {
	Loans   []loan.Loan
	Now     time.Time
	Rules   loan.Rules // the zero Rules for who may borrow nothing
	Refused fault.List // why nothing more can be borrowed
	Help    string     // as of a title
}

func (s *Site) myBooks(w http.ResponseWriter, r *http.Request) error {
	who, in := whoIs(r)
	if !in {
		return kit.ErrSignIn
	}
	page := minePage{Now: s.DB.Now()}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Loans, err = loan.Shelf(tx, who.Reader); err != nil {
			return err
		}
		page.Rules, err = rulesOf(tx, who)
		return err
	})
	if fault.KindOf(err) == fault.Denied {
		page.Refused, page.Help = fault.Of(err), wayOut(err)
	} else if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "mine", page)
}

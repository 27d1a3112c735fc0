package reading

import (
	"net/http"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
	"lidwoord/web/kit"
	"lidwoord/web/party"
)

// borrow lends a title. With rights that are no longer fresh it first asks the
// sign-on; the wish travels along and is done on the way back.
func (s *Site) borrow(w http.ResponseWriter, r *http.Request) error {
	who, in := whoIs(r)
	if !in {
		return kit.ErrSignIn
	}
	title := r.PathValue("title")
	if s.DB.Now().Sub(who.At) >= RightsLife {
		return s.party.Begin(w, r, party.Step{To: s.Link("/titel/%s", title), Silent: true, Note: title, Session: kit.VisitOf(r).Session.ID})
	}
	return s.lend(w, r, who, title)
}

// lend borrows, and shows the title with the reason when that is refused.
func (s *Site) lend(w http.ResponseWriter, r *http.Request, who who, title string) error {
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		_, err := loan.Borrow(tx, s.Rules, who.Reader, who.rights(), title)
		return err
	})
	if fault.KindOf(err) == fault.Denied {
		return s.titlePage(w, r, title, err)
	}
	if err != nil {
		return err
	}
	s.SetFlash(w, "reading.lent")
	return s.Redirect(w, r, "/titel/%s", title)
}

func (s *Site) toTitle(w http.ResponseWriter, r *http.Request) error {
	return s.Redirect(w, r, "/titel/%s", r.PathValue("title"))
}

// askBack asks whether the reader is sure: with the loan also the place in the
// book is forgotten, and a finger slips easily on a small screen.
func (s *Site) askBack(w http.ResponseWriter, r *http.Request) error {
	who, in := whoIs(r)
	if !in {
		return kit.ErrSignIn
	}
	var held loan.Loan
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		held, err = loan.Held(tx, who.Reader, r.PathValue("title"))
		return err
	})
	if loan.ErrNotYours.Is(err) { // given back already, or over: the title says what can be done
		return s.toTitle(w, r)
	}
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "giveback", held)
}

func (s *Site) giveBack(w http.ResponseWriter, r *http.Request) error {
	who, in := whoIs(r)
	if !in {
		return kit.ErrSignIn
	}
	var t catalogue.Title
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		if t, err = catalogue.Find(tx, r.PathValue("title")); err != nil {
			return err
		}
		return loan.Return(tx, who.Reader, t.ID)
	})
	if err != nil {
		return err
	}
	s.SetFlash(w, "reading.returned", t.Name)
	return s.Redirect(w, r, "/mijn-boeken")
}

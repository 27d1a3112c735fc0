package reading

import (
	"net/http"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
	"lidwoord/web/kit"
	"lidwoord/web/party"
)

// loanRights is how old rights may be when something is borrowed. A membership
// that ended ends new loans at once: otherwise one could withdraw from it, get the
// money back, and fill the shelf in the quarter of an hour that reading on is
// allowed. A few seconds, so that who fills a shelf in peace is asked once.
const loanRights = 10 * time.Second

// borrow lends a title. With rights that are not of this moment it first asks the
// sign-on; the wish travels along and is done on the way back.
func (s *Site) borrow(w http.ResponseWriter, r *http.Request) error {
	who, in := whoIs(r)
	if !in {
		return kit.ErrSignIn
	}
	title := r.PathValue("title")
	if s.DB.Now().Sub(who.At) >= loanRights {
		return s.party.Begin(w, r, party.Step{To: s.Link("/titel/%s", title), Silent: true, Note: title, Session: kit.VisitOf(r).Session.ID})
	}
	return s.lend(w, r, who, title)
}

// lend borrows, and shows the title with the reason when that is refused.
func (s *Site) lend(w http.ResponseWriter, r *http.Request, who who, title string) error {
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		_, err := loan.Borrow(tx, who.Reader, who.rights(), title)
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

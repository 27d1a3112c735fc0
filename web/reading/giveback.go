package reading

import (
	"encoding/json"
	"net/http"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
	"lidwoord/web/kit"
)

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
	return s.Show(w, r, http.StatusOK, "giveback", givebackPage{held, int(regret / time.Minute)})
}

type givebackPage struct {
	loan.Loan
	Regret int // minutes
}

func (s *Site) giveBack(w http.ResponseWriter, r *http.Request) error {
	who, in := whoIs(r)
	if !in {
		return kit.ErrSignIn
	}
	var t catalogue.Title
	back := givenBack{Reader: who.Reader, At: s.DB.Now()}
	had := false
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		if t, err = catalogue.Find(tx, r.PathValue("title")); err != nil {
			return err
		}
		if back.Place, had, err = loan.PlaceOf(tx, who.Reader, t.ID); err != nil {
			return err
		}
		return s.Loans.Return(tx, who.Reader, t.ID)
	})
	if err != nil {
		return err
	}
	back.Title, back.Name, back.Language = t.ID, t.Name, t.Language
	// A second click finds no place any more and would overwrite the first one's.
	if had || s.givenBack(r, who).Title != t.ID {
		s.rememberGivenBack(w, back)
	}
	s.SetFlash(w, "reading.returned", t.Name)
	return s.Redirect(w, r, "/mijn-boeken")
}

// regret is how long somebody can take back that they gave a title back, and find
// their place again.
const regret = 10 * time.Minute

// givenBackMost bounds the cookie: a browser drops one above 4096 bytes.
const givenBackMost = 1500

// givenBack is a title that was given back a moment ago. Only the browser keeps it,
// sealed: here nothing is left that says who had the title. It opens only for the
// same reader, so that the next who sits at this computer learns nothing of it.
type givenBack struct {
	Reader   loan.Reader `json:"r"`
	Title    string      `json:"t"`
	Name     string      `json:"n"`
	Language string      `json:"l"`
	Place    loan.Place  `json:"p"`
	At       time.Time   `json:"a"`
}

const (
	givenBackCookie  = "terug"
	givenBackPurpose = "reading given back"
)

func (s *Site) rememberGivenBack(w http.ResponseWriter, b givenBack) {
	text, err := json.Marshal(b)
	if err != nil || len(text) > givenBackMost {
		return // they borrow it again without their place
	}
	if sealed, err := s.DB.Box.Seal(givenBackPurpose, text); err == nil {
		s.SetCookie(w, givenBackCookie, sealed, regret)
	}
}

// givenBack is what this reader gave back in this browser within regret; the zero
// value is nothing.
func (s *Site) givenBack(r *http.Request, who who) (b givenBack) {
	text, err := s.DB.Box.Open(givenBackPurpose, s.Cookie(r, givenBackCookie))
	if err != nil || json.Unmarshal(text, &b) != nil || b.Reader != who.Reader || s.DB.Now().Sub(b.At) >= regret {
		return givenBack{}
	}
	return b
}

func (s *Site) forgetGivenBack(w http.ResponseWriter) { s.SetCookie(w, givenBackCookie, "", -1) }

// putBack brings the place in the book back with a loan that was borrowed again.
func (b givenBack) putBack(tx *sqldb.Tx, reader loan.Reader, title string) error {
	if b.Title != title || b.Place.Href == "" {
		return nil
	}
	_, has, err := loan.PlaceOf(tx, reader, title)
	if err != nil || has { // they read on already
		return err
	}
	return loan.Remember(tx, reader, title, b.Place)
}

package reading

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
)

// askBack asks whether the reader is sure: with the loan also the place in the
// book and the bookmarks are forgotten, and a finger slips easily on a small screen.
func (s *Site) askBack(w http.ResponseWriter, r *http.Request, who who) error {
	var held loan.Loan
	back := givenBack{Reader: who.Reader, At: s.DB.Now()}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if held, err = loan.Held(tx, who.Reader, r.PathValue("title")); err != nil {
			return err
		}
		return back.take(tx, held.Title)
	})
	if loan.ErrNotYours.Is(err) { // given back already, or over: the title says what can be done
		return s.toTitle(w, r)
	}
	if err != nil {
		return err
	}
	page := givebackPage{Loan: held, Regret: int(Regret / time.Minute), Marks: len(back.Marks)}
	_, page.Kept = back.pack()
	return s.Show(w, r, http.StatusOK, "giveback", page)
}

type givebackPage struct {
	loan.Loan
	Regret int // minutes
	Marks  int // bookmarks
	Kept   int // those that come back within Regret
}

func (s *Site) giveBack(w http.ResponseWriter, r *http.Request, who who) error {
	var t catalogue.Title
	back := givenBack{Reader: who.Reader, At: s.DB.Now()}
	returned := false
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		if t, err = catalogue.Find(tx, r.PathValue("title")); err != nil {
			return err
		}
		if err = back.take(tx, t); err != nil {
			return err
		}
		returned, err = s.Loans.Return(tx, who.Reader, t.ID)
		return err
	})
	if err != nil {
		return err
	}
	switch {
	case returned:
		s.rememberGivenBack(w, back)
	case s.givenBack(r, who).Title != t.ID: // they did not have it; else it is a second click
		return s.Redirect(w, r, "/mijn-boeken")
	}
	s.SetFlash(w, "reading.returned", t.Name)
	return s.Redirect(w, r, "/mijn-boeken")
}

// Regret is how long somebody can take back that they gave a title back, and find
// their place and bookmarks again.
const Regret = 10 * time.Minute

// givenBackMost bounds what is sealed in the cookie, squeezed: a browser drops one
// above 4096 bytes, and sealing makes a third more of it.
const givenBackMost = 2900

// givenBack is a title that was given back a moment ago. Only the browser keeps it,
// sealed: here nothing is left that says who had the title. It opens only for the
// same reader, so that the next who sits at this computer learns nothing of it.
type givenBack struct {
	Reader   loan.Reader `json:"r"`
	Title    string      `json:"t"`
	Name     string      `json:"n"`
	Language string      `json:"l"`
	Place    loan.Place  `json:"p"`
	ReadAt   time.Time   `json:"w"` // when the place was, which a Place does not tell a browser
	Marks    []mark      `json:"m"`
	At       time.Time   `json:"a"`
}

const (
	givenBackCookie  = "terug"
	givenBackPurpose = "reading given back"
)

func (s *Site) rememberGivenBack(w http.ResponseWriter, b givenBack) {
	text, _ := b.pack()
	if text == nil {
		return // they borrow it again without their place
	}
	if sealed, err := s.DB.Box.Seal(givenBackPurpose, text); err == nil {
		s.SetCookie(w, givenBackCookie, sealed, Regret)
	}
}

// givenBack is what this reader gave back in this browser within Regret; the zero
// value is nothing.
func (s *Site) givenBack(r *http.Request, who who) (b givenBack) {
	text, err := s.DB.Box.Open(givenBackPurpose, s.Cookie(r, givenBackCookie))
	if err != nil || json.NewDecoder(flate.NewReader(bytes.NewReader(text))).Decode(&b) != nil || b.Reader != who.Reader || s.DB.Now().Sub(b.At) >= Regret {
		return givenBack{}
	}
	b.Place.At = b.ReadAt
	return b
}

// Until is the time of day until which b can be taken back.
func (b givenBack) Until(lang words.Lang) string {
	form := map[words.Lang]string{words.NL: "15.04", words.EN: "15:04"}[lang]
	return b.At.Add(Regret).In(day.Amsterdam).Format(form)
}

func (s *Site) forgetGivenBack(w http.ResponseWriter) { s.SetCookie(w, givenBackCookie, "", -1) }

// take notes what goes with a loan, before it goes.
func (b *givenBack) take(tx *sqldb.Tx, t catalogue.Title) (err error) {
	b.Title, b.Name, b.Language = t.ID, t.Name, t.Language
	if b.Place, _, err = loan.PlaceOf(tx, b.Reader, t.ID); err != nil {
		return err
	}
	b.ReadAt = b.Place.At
	b.Marks = nil // of an attempt before
	list, err := loan.Bookmarks(tx, b.Reader, t.ID)
	for _, m := range list {
		m.ID = "" // they get another one
		b.Marks = append(b.Marks, markOf(m))
	}
	return err
}

// pack squeezes b until it fits in a cookie, and tells how many bookmarks are in:
// of many the words are shortened or left out, and of very many none comes back. It
// returns nil when not even the place fits.
func (b givenBack) pack() (packed []byte, marks int) {
	all := b.Marks
	for _, words := range []int{120, 40, 0, -1} {
		b.Marks = nil
		for _, m := range all {
			if short := []rune(m.Words); words >= 0 && len(short) > words {
				m.Words = strings.TrimSpace(string(short[:words]))
				if words > 0 {
					m.Words += " …"
				}
			}
			if words >= 0 {
				b.Marks = append(b.Marks, m)
			}
		}
		var out bytes.Buffer
		squeeze, _ := flate.NewWriter(&out, flate.BestCompression) // the level is a good one
		if json.NewEncoder(squeeze).Encode(b) == nil && squeeze.Close() == nil && out.Len() <= givenBackMost {
			return out.Bytes(), len(b.Marks)
		}
	}
	return nil, 0
}

// putBack brings the place in the book and the bookmarks back with a loan that was
// borrowed again. Who read on already keeps what they have.
func (b givenBack) putBack(tx *sqldb.Tx, reader loan.Reader, title string) (back bool, err error) {
	if b.Title != title {
		return false, nil
	}
	if b.Place.Href != "" {
		if back, err = loan.Begin(tx, reader, title, b.Place); err != nil || !back {
			return false, err
		}
	}
	for _, m := range b.Marks {
		_, err := loan.AddBookmark(tx, reader, title, loan.Bookmark{Href: m.Href, Fragment: m.Fragment, Total: m.Total, Chapter: m.Chapter, Words: m.Words})
		if err != nil && !loan.ErrManyBookmarks.Is(err) { // they put others already
			return false, err
		}
	}
	return true, nil
}

// unbegun reports whether a reader has a title in which they did not begin yet.
func (s *Site) unbegun(r *http.Request, who who, title string) (yes bool, err error) {
	err = s.DB.Look(r.Context(), func(tx *sqldb.Tx) error {
		_, begun, err := loan.PlaceOf(tx, who.Reader, title)
		yes = !begun
		return err
	})
	return yes, err
}

// putPlaceBack brings the place back with a title that was borrowed again on another
// device: only this browser has kept it.
func (s *Site) putPlaceBack(w http.ResponseWriter, r *http.Request, who who) error {
	title, done := r.PathValue("title"), false
	back := s.givenBack(r, who)
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		if _, err = loan.Held(tx, who.Reader, title); err != nil {
			return err
		}
		done, err = back.putBack(tx, who.Reader, title)
		return err
	})
	if err != nil && !loan.ErrNotYours.Is(err) {
		return err
	}
	if done {
		s.forgetGivenBack(w)
		s.SetFlash(w, "reading.put_back_done")
	}
	return s.toTitle(w, r)
}

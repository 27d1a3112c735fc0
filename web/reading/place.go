package reading

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/reading/loan"
	"lidwoord/web/kit"
)

// where is a place as the scripts of reader and player know it. Clocks differ, so
// nobody sends an instant: only how long ago it was.
type where struct {
	Href     string  `json:"href"`
	Fragment string  `json:"fragment"`
	Total    float64 `json:"total"`
	By       string  `json:"by"`
	Ago      int64   `json:"ago"`            // milliseconds
	Left     int64   `json:"left,omitempty"` // milliseconds that the loan still runs, 0 when not told
}

func (s *Site) where(p loan.Place) where {
	return where{p.Href, p.Fragment, p.Total, p.By, max(0, s.DB.Now().Sub(p.At).Milliseconds()), 0}
}

// ending is what an open page knows about the end of its loan, so that it can say
// why it closes and close without a connection too.
type ending struct {
	Left   int64  // milliseconds that the loan still runs
	SignIn string // address that leads back to the page
}

func (s *Site) ending(l loan.Loan, page string) ending {
	return ending{s.left(l), s.Link("/inloggen") + "?naar=" + url.QueryEscape(s.Link(page, l.Title.ID))}
}

func (s *Site) left(l loan.Loan) int64 { return l.DueAt.Sub(s.DB.Now()).Milliseconds() }

// longestAgo bounds how long ago a browser may say that something was read: no
// loan lasts as long, and beyond it instants overflow.
const longestAgo = 365 * 24 * time.Hour

// placeIn reads a place that a script or a form sent.
func placeIn(form *kit.Form, now time.Time) (loan.Place, error) {
	total, err := strconv.ParseFloat(form.Get("total"), 64)
	if err != nil {
		return loan.Place{}, loan.ErrBadPlace
	}
	speed, _ := strconv.ParseFloat(form.Get("speed"), 64) // only players send one
	ago, _ := strconv.ParseInt(form.Get("ago"), 10, 64)   // what is no number is now
	ago = min(max(ago, 0), longestAgo.Milliseconds())
	return loan.Place{Href: form.Get("href"), Fragment: form.Get("fragment"), Total: total, By: form.Get("by"), Speed: speed, At: now.Add(-time.Duration(ago) * time.Millisecond)}, nil
}

// sentPlace reads the place that a device sends, in a title that its reader has on
// loan. It says no to a place that is not in the title.
func (s *Site) sentPlace(r *http.Request) (form *kit.Form, place loan.Place, err error) {
	if form, err = kit.ReadForm(r); err != nil {
		return nil, place, err
	}
	if place, err = placeIn(form, s.DB.Now()); err != nil {
		return nil, place, err
	}
	o, err := s.hold(r)
	if err != nil {
		return nil, place, err
	}
	if of := form.Get("loan"); of != "" && of != o.Loan.ID { // it waited in the browser of another loan, or of another reader
		return nil, place, loan.ErrNotYours
	}
	part, ok := o.Manifest.Part(place.Href)
	if !ok {
		return nil, place, loan.ErrBadPlace
	}
	if form.Get("chapter") == "" { // what waits in a browser does not name it
		form.Values.Set("chapter", part.Title)
	}
	return form, place, nil
}

// keepPlace notes where the reader is. Who was overtaken by another device hears
// by which place; whoever is first hears nothing.
func (s *Site) keepPlace(w http.ResponseWriter, r *http.Request, who who) error {
	_, place, err := s.sentPlace(r)
	if err != nil {
		return err
	}
	var kept loan.Place
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		kept, err = loan.Newest(tx, who.Reader, r.PathValue("title"), place)
		return err
	})
	if err != nil {
		return err
	}
	if kept.By != place.By {
		return answer(w, s.where(kept))
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// tellPlace says where the reader was last, on whichever device, and how long the
// loan still runs: a page that lay open asks it when it wakes.
func (s *Site) tellPlace(w http.ResponseWriter, r *http.Request, who who) error {
	var held loan.Loan
	var place loan.Place
	var begun bool
	err := s.DB.Look(r.Context(), func(tx *sqldb.Tx) (err error) {
		if held, err = loan.Held(tx, who.Reader, r.PathValue("title")); err != nil {
			return err
		}
		place, begun, err = loan.PlaceOf(tx, who.Reader, r.PathValue("title"))
		return err
	})
	if err != nil {
		return err
	}
	if !begun {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	told := s.where(place)
	told.Left = s.left(held)
	return answer(w, told)
}

// mark is a bookmark as the scripts know it.
type mark struct {
	ID       string  `json:"id"`
	Href     string  `json:"href"`
	Fragment string  `json:"fragment"`
	Total    float64 `json:"total"`
	Chapter  string  `json:"chapter"`
	Words    string  `json:"words"`
}

func markOf(b loan.Bookmark) mark {
	return mark{b.ID, b.Href, b.Fragment, b.Total, b.Chapter, b.Words}
}

func (s *Site) listBookmarks(w http.ResponseWriter, r *http.Request, who who) error {
	marks := []mark{}
	err := s.DB.Look(r.Context(), func(tx *sqldb.Tx) error {
		list, err := loan.Bookmarks(tx, who.Reader, r.PathValue("title"))
		for _, b := range list {
			marks = append(marks, markOf(b))
		}
		return err
	})
	if err != nil {
		return err
	}
	return answer(w, marks)
}

// addBookmark puts a bookmark: for a script, or from the plain chapter view.
func (s *Site) addBookmark(w http.ResponseWriter, r *http.Request, who who) error {
	form, place, err := s.sentPlace(r)
	if err != nil {
		return err
	}
	put := loan.Bookmark{Href: place.Href, Fragment: place.Fragment, Total: place.Total, Chapter: form.Get("chapter"), Words: form.Get("words")}
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) (err error) {
		put, err = loan.AddBookmark(tx, who.Reader, r.PathValue("title"), put)
		return err
	})
	if err != nil {
		return err
	}
	if scripted(r) {
		return answer(w, markOf(put))
	}
	return s.backToChapter(w, r, form)
}

func (s *Site) removeBookmark(w http.ResponseWriter, r *http.Request, who who) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		return loan.RemoveBookmark(tx, who.Reader, r.PathValue("title"), r.PathValue("id"))
	})
	if err != nil {
		return err
	}
	if scripted(r) {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return s.backToChapter(w, r, form)
}

// backToChapter shows the chapter again in which a bookmark was put or removed.
func (s *Site) backToChapter(w http.ResponseWriter, r *http.Request, form *kit.Form) error {
	n, err := strconv.Atoi(form.Get("number"))
	if err != nil {
		n = 1
	}
	return s.Redirect(w, r, "/lezen/%s/hoofdstuk/%d", r.PathValue("title"), n)
}

// scripted says that one of our scripts asks, not a form.
func scripted(r *http.Request) bool { return r.Header.Get("Accept") == "application/json" }

// answer writes v for a script.
func answer(w http.ResponseWriter, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, err = w.Write(text)
	return err
}

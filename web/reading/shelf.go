package reading

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
	"lidwoord/web/kit"
)

// homePage is the shelf.
type homePage struct {
	Text   string // what was searched
	Only   string // "", "e-book", "luisterboek", "jeugd"
	Titles []catalogue.Title
	Total  int
	Loans  []loan.Loan // what the reader has now, in short
	Now    time.Time
	Prev   string // address of the page before, ""
	Next   string
	shelf  string // address of the shelf
}

// Plain reports whether this is the whole shelf, without a search.
func (p homePage) Plain() bool { return p.Text == "" && p.Only == "" }

// Kind is the address of the same search among titles of one kind; "" is all.
func (p homePage) Kind(only string) string {
	v := url.Values{}
	if p.Text != "" {
		v.Set("zoek", p.Text)
	}
	if only != "" {
		v.Set("soort", only)
	}
	return p.shelf + "?" + v.Encode()
}

func (s *Site) home(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	page := homePage{Text: clip(q.Get("zoek")), Only: q.Get("soort"), Now: s.DB.Now(), shelf: s.Link("/")}
	number, err := strconv.Atoi(q.Get("pagina"))
	if err != nil || number < 1 || number > 100_000 {
		number = 1
	}
	query := catalogue.Query{Text: page.Text, Skip: (number - 1) * catalogue.PageSize}
	switch page.Only {
	case "e-book":
		query.Kind = catalogue.EBook
	case "luisterboek":
		query.Kind = catalogue.Audiobook
	case "jeugd":
		query.Youth = true
	default:
		page.Only = ""
	}
	who, in := whoIs(r)
	err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Titles, page.Total, err = catalogue.Search(tx, query); err != nil || !in {
			return err
		}
		page.Loans, err = loan.Shelf(tx, who.Reader)
		return err
	})
	if err != nil {
		return err
	}
	to := func(n int) string {
		return page.Kind(page.Only) + "&pagina=" + strconv.Itoa(n)
	}
	if number > 1 {
		page.Prev = to(number - 1)
	}
	if number*catalogue.PageSize < page.Total {
		page.Next = to(number + 1)
	}
	return s.Show(w, r, http.StatusOK, "home", page)
}

func clip(s string) string {
	if r := []rune(s); len(r) > 100 {
		return string(r[:100])
	}
	return s
}

// titlePage is one title: for everyone, with what this reader can do with it.
type titlePage struct {
	Title    catalogue.Title
	Contents []catalogue.Entry
	Loan     *loan.Loan
	Refused  fault.List // why it was not lent, and what to do
	Help     string     // message key of the way out, "" when there is none
	Now      time.Time
	Rules    loan.Rules // the zero Rules for who may borrow nothing
}

// Minutes is the length of an audiobook.
func (p titlePage) Minutes() int { return int((p.Title.Duration + time.Minute/2) / time.Minute) }

func (s *Site) showTitle(w http.ResponseWriter, r *http.Request) error {
	return s.titlePage(w, r, r.PathValue("title"), nil)
}

// titlePage shows a title, and above it why it could not be lent, if so.
func (s *Site) titlePage(w http.ResponseWriter, r *http.Request, id string, refused error) error {
	page := titlePage{Now: s.DB.Now()}
	who, in := whoIs(r)
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Title, err = catalogue.Find(tx, id); err != nil {
			return err
		}
		m, err := catalogue.Contents(tx, id)
		if err != nil {
			return err
		}
		page.Contents = m.Chapters
		if !in {
			return nil
		}
		if page.Rules, err = rulesOf(tx, who); err != nil && fault.KindOf(err) != fault.Denied {
			return err
		}
		l, err := loan.Held(tx, who.Reader, id)
		if err == nil {
			page.Loan = &l
		} else if fault.KindOf(err) == fault.Denied {
			err = nil
		}
		return err
	})
	if err != nil {
		return err
	}
	status := http.StatusOK
	if refused != nil {
		status, page.Refused = kit.Status(refused), fault.Of(refused)
		page.Help = wayOut(refused)
	}
	return s.Show(w, r, status, "title", page)
}

// wayOut is the message key of what a refused reader can do. Joining has a door
// of its own and questions are for the library; room on the shelf the reader makes.
func wayOut(refused error) string {
	switch {
	case loan.ErrEnded.Is(refused):
		return "reading.join_again"
	case loan.ErrManyEBooks.Is(refused), loan.ErrManyAudiobooks.Is(refused):
		return "reading.my_books"
	case loan.ErrNoMembership.Is(refused):
		return "reading.join"
	}
	return "reading.ask"
}

// cover sends a cover picture; these are for everyone.
func (s *Site) cover(w http.ResponseWriter, r *http.Request) error {
	var t catalogue.Title
	var m *catalogue.Manifest
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if t, err = catalogue.Find(tx, r.PathValue("title")); err != nil {
			return err
		}
		m, err = catalogue.Contents(tx, t.ID)
		return err
	})
	if err != nil {
		return err
	}
	part, ok := m.Part(t.Cover)
	if !ok {
		return catalogue.ErrNoPart
	}
	w.Header().Set("Cache-Control", "public, max-age=86400")
	return s.send(w, r, t, part)
}

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

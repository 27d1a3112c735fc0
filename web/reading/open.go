package reading

import (
	"bytes"
	"net/http"
	"sync"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
	"lidwoord/web/kit"
)

// opened is a title in the hands of a reader who has it on loan.
type opened struct {
	Reader   loan.Reader
	Loan     loan.Loan
	Title    catalogue.Title
	Manifest *catalogue.Manifest
	Place    loan.Place
	Begun    bool // the reader was here before
}

// open finds the loan by which a reader opens a title, and where they were.
func (s *Site) open(r *http.Request) (opened, error) {
	o, err := s.hold(r)
	if err != nil {
		return o, err
	}
	err = s.DB.Look(r.Context(), func(tx *sqldb.Tx) (err error) {
		o.Place, o.Begun, err = loan.PlaceOf(tx, o.Reader, o.Title.ID)
		return err
	})
	return o, err
}

// hold is the one gate before everything that a book is made of. The loan is asked
// for each time; what the title is made of is in memory mostly, because a player
// asks for a track in many pieces.
func (s *Site) hold(r *http.Request) (opened, error) {
	who, in := whoIs(r)
	if !in {
		return opened{}, kit.ErrSignIn
	}
	o := opened{Reader: who.Reader}
	err := s.DB.Look(r.Context(), func(tx *sqldb.Tx) (err error) {
		o.Loan, err = loan.Opened(tx, o.Reader, r.PathValue("title"))
		return err
	})
	if err != nil {
		return o, err
	}
	b, known := s.books.get(o.Loan.Title)
	if !known {
		err = s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
			if b.title, err = catalogue.Find(tx, o.Loan.Title.ID); err != nil {
				return err
			}
			b.manifest, err = catalogue.Contents(tx, b.title.ID)
			return err
		})
		if err != nil {
			return o, err
		}
		s.books.put(b)
	}
	o.Title, o.Loan.Title, o.Manifest = b.title, b.title, b.manifest
	return o, nil
}

// book is what a title is made of. Nobody changes it.
type book struct {
	title    catalogue.Title
	manifest *catalogue.Manifest
}

// books are those that were opened lately.
type books struct {
	mu   sync.Mutex
	kept map[string]book
}

// mostBooks is how many are kept: with a manifest of a hundred kilobytes each, a few
// dozen megabytes.
const mostBooks = 256

// get finds a book as it is at a version of the catalogue.
func (b *books) get(t catalogue.Title) (book, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	has, ok := b.kept[t.ID]
	return has, ok && has.title.Version == t.Version
}

// put keeps a book; in a full house any other one goes.
func (b *books) put(has book) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.kept == nil {
		b.kept = map[string]book{}
	}
	for id := range b.kept {
		if len(b.kept) < mostBooks {
			break
		}
		delete(b.kept, id)
	}
	b.kept[has.title.ID] = has
}

// notHeld leads who does not have a title to its page, where it can be borrowed.
func (s *Site) notHeld(w http.ResponseWriter, r *http.Request, err error) error {
	if loan.ErrNotYours.Is(err) {
		s.SetFlash(w, "reading.borrow_first")
		return s.Redirect(w, r, "/titel/%s", r.PathValue("title"))
	}
	return err
}

// resource sends a file of a book during its loan, and the files that we write
// ourselves instead of the book's own: the reader sees the book as we understood
// it, not as it describes itself.
func (s *Site) resource(w http.ResponseWriter, r *http.Request) error {
	o, err := s.hold(r)
	if err != nil {
		if kit.ErrSignIn.Is(err) {
			return loan.ErrNotYours // a picture cannot sign in
		}
		return err
	}
	w.Header().Set("Cache-Control", "private, no-cache") // kept, but asked for again: the loan may be over
	href := r.PathValue("href")
	if f, ok := ownFiles[href]; ok {
		guardBook(w.Header())
		w.Header().Set("Content-Type", f.typ)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.write(o.Title, o.Manifest)))
		return nil
	}
	part, ok := o.Manifest.Part(href)
	if !ok {
		return catalogue.ErrNoPart
	}
	return s.send(w, r, o.Title, part)
}

package reading

import (
	"bytes"
	"context"
	"net/http"
	"time"

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

// open finds the loan by which a reader opens a title, as it is now, and where they
// were.
func (s *Site) open(r *http.Request) (opened, error) {
	o, err := s.gate(r, s.Loans.Held)
	if err != nil {
		return o, err
	}
	o.Place, o.Begun, err = o.Loan.Place()
	return o, err
}

// hold is open for the pieces of which a page or a track is made, of which a reader
// asks hundreds: it believes for some seconds that somebody has a title.
func (s *Site) hold(r *http.Request) (opened, error) { return s.gate(r, s.Loans.HeldLately) }

// gate is the one gate before everything that a book is made of. The session was
// asked for before; what the title is made of is in memory mostly.
func (s *Site) gate(r *http.Request, held func(context.Context, loan.Reader, string, loan.Titles) (loan.Loan, error)) (opened, error) {
	who, in := whoIs(r)
	if !in {
		return opened{}, kit.ErrSignIn
	}
	o := opened{Reader: who.Reader}
	now, err := s.Index.At(r.Context())
	if err != nil {
		return o, err
	}
	if o.Loan, err = held(r.Context(), o.Reader, r.PathValue("title"), now.Title); err != nil {
		return o, err
	}
	o.Title, o.Manifest, err = s.contents.Open(r.Context(), s.DB, o.Loan.Title)
	o.Loan.Title = o.Title
	return o, err
}

// notHeld leads who does not have a title to its page, which says whether they can
// borrow it.
func (s *Site) notHeld(w http.ResponseWriter, r *http.Request, err error) error {
	if loan.ErrNotYours.Is(err) {
		s.SetFlash(w, "reading.not_on_loan")
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

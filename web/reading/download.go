package reading

import (
	"mime"
	"net/http"
	"time"

	"lidwoord/reading/catalogue"
	"lidwoord/reading/copy"
	"lidwoord/reading/loan"
)

// takeAlong tells how a title on loan is read in a reader app, and has the button.
func (s *Site) takeAlong(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return s.notHeld(w, r, err)
	}
	if o.Title.Kind != catalogue.EBook {
		return copy.ErrNoCopy
	}
	return s.Show(w, r, http.StatusOK, "takealong", o.Loan)
}

func (s *Site) download(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return s.notHeld(w, r, err)
	}
	return s.SendCopy(w, r, o.Loan)
}

// SendCopy answers with the marked copy of a title on loan, whole or the part that is
// asked. The door of the apps sends the same.
func (s *Site) SendCopy(w http.ResponseWriter, r *http.Request, l loan.Loan) error {
	t, m, err := s.contents.Open(r.Context(), s.DB, l.Title)
	if err != nil {
		return err
	}
	l.Title = t
	c, err := s.press.Open(l, m)
	if err != nil {
		return err
	}
	defer c.Close()
	h := w.Header()
	h.Set("Content-Type", copy.Type)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": c.Name}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "private, no-cache") // it may go on after a break, and the loan is asked again
	h.Set("ETag", c.ETag)
	http.ServeContent(w, r, "", time.Time{}, c)
	return nil
}

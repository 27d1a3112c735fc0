package reading

import (
	"context"
	"mime"
	"net/http"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/copy"
	"lidwoord/reading/loan"
	"lidwoord/web/kit"
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

// download sends the marked copy of a title on loan.
func (s *Site) download(w http.ResponseWriter, r *http.Request) error {
	who, in := whoIs(r)
	if !in {
		return kit.ErrSignIn
	}
	c, err := s.CopyOf(r.Context(), who.Reader, r.PathValue("title"))
	if err != nil {
		return s.notHeld(w, r, err)
	}
	defer c.Close()
	SendCopy(w, r, c)
	return nil
}

// CopyOf makes the marked copy of a title that a reader has on loan, for this door and
// for that of the apps. Close it.
func (s *Site) CopyOf(ctx context.Context, reader loan.Reader, titleID string) (*copy.Copy, error) {
	var held loan.Loan
	var m *catalogue.Manifest
	err := s.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if held, err = loan.Held(tx, reader, titleID); err != nil {
			return err
		}
		m, err = catalogue.Contents(tx, held.Title.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return copy.Press{Stacks: s.Stacks, Box: s.DB.Box, Words: s.Words}.Open(held, m)
}

// SendCopy answers with a copy, whole or the part that is asked.
func SendCopy(w http.ResponseWriter, r *http.Request, c *copy.Copy) {
	h := w.Header()
	h.Set("Content-Type", copy.Type)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": c.Name}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "private, no-cache") // it may go on after a break, and the loan is asked again
	h.Set("ETag", c.ETag)
	http.ServeContent(w, r, "", time.Time{}, c)
}

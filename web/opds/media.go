package opds

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
	"lidwoord/web/kit"
)

// taken is a title on loan, with what it is made of.
type taken struct {
	loan.Loan
	catalogue.Title
	manifest *catalogue.Manifest
}

// look is a way to find a loan: Held or HeldLately of loan.Memory.
type look func(context.Context, loan.Reader, string, loan.Titles) (loan.Loan, error)

// take finds the loan by which an app opens a title. It is the one gate before the
// parts of a title, and asked for each of them.
func (s *Site) take(r *request, held look) (o taken, err error) {
	now, err := s.Index.At(r.Context())
	if err != nil {
		return o, err
	}
	if o.Loan, err = held(r.Context(), r.by.ID, r.PathValue("id"), now.Title); err != nil {
		return o, err
	}
	o.Title = o.Loan.Title
	o.manifest, err = s.contents.of(r.Context(), s.DB, &o.Title)
	return o, err
}

// file sends a part of a title on loan, with Range, which players need to skip.
func (s *Site) file(w http.ResponseWriter, r *request) error {
	o, err := s.take(r, s.Loans.HeldLately)
	if err != nil {
		return err
	}
	part, ok := o.manifest.Part(r.PathValue("href"))
	if !ok {
		return catalogue.ErrNoPart
	}
	f, err := s.Stacks.Open(o.Title, part)
	if err != nil {
		return err
	}
	defer f.Close()
	w.Header().Set("Cache-Control", "private, no-cache") // kept, but asked for again: the loan may be over
	serve(w, r, f, part.Type, tag(&o.Title, part.File))
	return nil
}

// serve sends a file out of a book as data that nothing will run.
func serve(w http.ResponseWriter, r *request, f *os.File, typ, etag string) {
	h := w.Header()
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'")
	if typ == "text/plain" || typ == "text/css" {
		typ += "; charset=utf-8"
	}
	h.Set("Content-Type", typ)
	h.Set("ETag", etag)
	http.ServeContent(w, r.Request, "", time.Time{}, f)
}

func tag(t *catalogue.Title, n int) string {
	return `"` + t.Digest[:min(16, len(t.Digest))] + "-" + strconv.Itoa(n) + `"`
}

// cover sends a cover; these are for everyone, and their address changes with them.
func (s *Site) cover(w http.ResponseWriter, r *request) error {
	now, err := s.Index.At(r.Context())
	if err != nil {
		return err
	}
	t, known := now.Title(r.PathValue("id"))
	width, err := strconv.Atoi(r.PathValue("width"))
	if s.Cover == nil || !known || err != nil || !slices.Contains(t.Covers, width) {
		return kit.ErrNoPage
	}
	f, err := s.Cover(t, width)
	if err != nil {
		return err
	}
	defer f.Close()
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	serve(w, r, f, coverType, `"`+strconv.FormatInt(t.Version, 10)+"-"+strconv.Itoa(width)+`"`)
	return nil
}

// epub sends a copy to take along. For e-readers that know no borrowing the address
// may ask to borrow first (see entry).
func (s *Site) epub(w http.ResponseWriter, r *request) error {
	if s.Copy == nil {
		return kit.ErrNoPage
	}
	if r.URL.Query().Get("borrow") == "1" && r.Method == http.MethodGet {
		if r.ambient {
			return kit.ErrOtherSite
		}
		if _, err := s.lend(r); err != nil {
			return err
		}
	}
	o, err := s.take(r, s.Loans.Held)
	if err != nil {
		return err
	}
	if o.Kind != catalogue.EBook {
		return catalogue.ErrNoPart
	}
	w.Header().Set("Cache-Control", "private, no-cache")
	return s.Copy(w, r.Request, o.Loan)
}

// contentsMost is how many titles' contents are kept in memory: those that are
// being read and heard now.
const contentsMost = 500

// contents keeps what titles are made of. A player asks for a track in pieces, and
// the list of a thick book is long to read each time.
type contents struct {
	mu   sync.Mutex
	kept map[string]madeOf
}

type madeOf struct {
	version  int64 // of the title
	manifest *catalogue.Manifest
}

func (c *contents) of(ctx context.Context, db *sqldb.DB, t *catalogue.Title) (m *catalogue.Manifest, err error) {
	c.mu.Lock()
	have, ok := c.kept[t.ID]
	c.mu.Unlock()
	if ok && have.version == t.Version {
		return have.manifest, nil
	}
	err = db.Look(ctx, func(tx *sqldb.Tx) (err error) { m, err = catalogue.Contents(tx, t.ID); return err })
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil || len(c.kept) >= contentsMost {
		c.kept = map[string]madeOf{}
	}
	c.kept[t.ID] = madeOf{t.Version, m}
	return m, nil
}

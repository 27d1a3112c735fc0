package opds

import (
	"context"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"lidwoord/base/fault"
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
	if fault.KindOf(r.unheard) == fault.Unavailable { // for longer than a day, see device.Entered
		return o, r.unheard
	}
	now, err := s.Index.At(r.Context())
	if err != nil {
		return o, err
	}
	if o.Loan, err = held(r.Context(), r.by.ID, r.PathValue("id"), now.Title); err != nil {
		return o, err
	}
	o.Title, o.manifest, err = s.contents.Open(r.Context(), s.DB, o.Loan.Title)
	o.Loan.Title = o.Title
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
	return serve(w, r, f, part.Type, tag(&o.Title, part.File))
}

// serve sends a file out of a book as data that nothing will run.
func serve(w http.ResponseWriter, r *request, f *os.File, typ, etag string) error {
	h := w.Header()
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'")
	if typ == "text/plain" || typ == "text/css" {
		typ += "; charset=utf-8"
	}
	h.Set("Content-Type", typ)
	h.Set("ETag", etag)
	return pieces(w, r, func(w http.ResponseWriter) error {
		http.ServeContent(w, r.Request, "", time.Time{}, f)
		return nil
	})
}

// pieces lets a file be sent in pieces, and says so as a problem when there is no such
// piece. A unit may be written in any case, and one that is not bytes counts for nothing
// (RFC 9110 sections 14.1 and 14.2).
func pieces(w http.ResponseWriter, r *request, send func(http.ResponseWriter) error) error {
	if unit, set, ok := strings.Cut(r.Header.Get("Range"), "="); ok && strings.EqualFold(strings.TrimSpace(unit), "bytes") {
		r.Header.Set("Range", "bytes="+set)
	} else {
		r.Header.Del("Range")
	}
	held := &heldBack{ResponseWriter: w}
	if err := send(held); err != nil || !held.refused {
		return err
	}
	return errRange
}

// heldBack keeps back an answer that there is no such piece.
type heldBack struct {
	http.ResponseWriter
	refused bool
}

func (w *heldBack) WriteHeader(code int) {
	if w.refused = code == http.StatusRequestedRangeNotSatisfiable; !w.refused {
		w.ResponseWriter.WriteHeader(code)
	}
}

func (w *heldBack) Write(b []byte) (int, error) {
	if w.refused {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// ReadFrom lets the system send a file by itself.
func (w *heldBack) ReadFrom(from io.Reader) (int64, error) { return io.Copy(w.ResponseWriter, from) }

// Unwrap lets http.ResponseController reach the real writer.
func (w *heldBack) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func tag(t *catalogue.Title, n int) string {
	return `"` + t.Stamp() + "-" + strconv.Itoa(n) + `"`
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
		return errNowhere
	}
	f, err := s.Cover(t, width)
	if err != nil {
		return err
	}
	defer f.Close()
	version := strconv.FormatInt(t.Version, 10)
	w.Header().Set("Cache-Control", "public, max-age="+strconv.Itoa(int(feedLife.Seconds())))
	if r.URL.Query().Get("v") == version {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	return serve(w, r, f, coverType, `"`+version+"-"+strconv.Itoa(width)+`"`)
}

// epub sends a copy to take along. For e-readers that know no borrowing the address
// may ask to borrow first (see entry).
func (s *Site) epub(w http.ResponseWriter, r *request) error {
	if s.Copy == nil {
		return errNowhere
	}
	if r.URL.Query().Get("borrow") == "1" && r.Method == http.MethodGet {
		if r.ambient {
			return kit.ErrOtherSite
		}
		if err := s.lendBook(r); err != nil {
			return err
		}
	}
	o, err := s.take(r, s.Loans.Held)
	if err != nil {
		return err
	}
	if o.Kind != catalogue.EBook {
		return errNoFile
	}
	w.Header().Set("Cache-Control", "private, no-cache")
	return pieces(w, r, func(w http.ResponseWriter) error { return s.Copy(w, r.Request, o.Loan) })
}

// lendBook lends what can be taken along: who asks for a file wants no loan without one.
func (s *Site) lendBook(r *request) error {
	t, err := s.Index.Title(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if t.Kind != catalogue.EBook {
		return errNoFile
	}
	_, err = s.lend(r)
	return err
}

// errNoFile means that a title is heard here and not taken along.
var errNoFile = fault.New(fault.NotFound, "opds.no_file")

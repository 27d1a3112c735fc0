package reading

import (
	"net/http"
	"strconv"
	"time"

	"lidwoord/reading/catalogue"
)

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
	w.Header().Set("ETag", `"`+t.Stamp()+"-"+strconv.Itoa(p.File)+`"`)
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

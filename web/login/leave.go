package login

import (
	"html/template"
	"net/http"
	"net/url"
)

// leavePage leads on to an app.
type leavePage struct {
	To     template.URL // of a scheme that its client registered
	Scheme string
}

// leave answers a form by sending the browser on. A browser that opens an app stays
// where it was, so there a page says what happened, with a link for browsers that open
// an app only at a press.
func (s *Site) leave(w http.ResponseWriter, r *http.Request, to string) error {
	scheme := ownScheme(to)
	if scheme == "" {
		return see(w, r, to)
	}
	w.Header().Set("Cache-Control", "no-store")
	return s.Show(w, r, http.StatusOK, "leave", leavePage{template.URL(to), scheme})
}

// ownScheme is the scheme of an address when apps answer to it, or "": one app's own
// (RFC 8252 section 7.1), or opds, which all reader apps share. Whatever is no website
// leaves the browser where it was.
func ownScheme(to string) string {
	if u, err := url.Parse(to); err == nil && u.Scheme != "https" && u.Scheme != "http" {
		return u.Scheme
	}
	return ""
}

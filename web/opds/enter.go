package opds

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"lidwoord/base/secret"
	"lidwoord/base/throttle"
	"lidwoord/web/kit"
)

// reader lets an act through for whom the app names with its request.
func (s *Site) reader(do act) act {
	return func(w http.ResponseWriter, r *request) error {
		h := w.Header()
		h.Set("Cache-Control", "private, no-store")
		h.Set("Vary", "Authorization, Accept-Language")
		if err := s.enter(r); err != nil {
			return err
		}
		return do(w, r)
	}
}

// enter finds out who the app calls for.
func (s *Site) enter(r *request) error {
	c, ok := readCredentials(r.Header.Get("Authorization"))
	if !ok || s.Readers == nil {
		return kit.ErrSignIn
	}
	r.ambient = c.token == "" && ambient(r.Request, s.base)
	var err error
	network := throttle.Network(r.RemoteAddr)
	if c.token != "" {
		r.by, err = s.Readers.ByToken(r.Context(), c.token, network)
	} else {
		r.by, err = s.Readers.ByPassword(r.Context(), c.name, c.password, network)
	}
	return err
}

// acting lets an act through that changes what the reader has, unless it may be the
// wish of another site.
func (s *Site) acting(do act) act {
	return s.reader(func(w http.ResponseWriter, r *request) error {
		if r.ambient {
			return kit.ErrOtherSite
		}
		return do(w, r)
	})
}

// ambient reports whether a browser may have added the password by itself: once
// typed into its own prompt it sends it along with every picture and form that leads
// here from anywhere, and here a GET can lend a book. Apps do not send these headers,
// and the address bar says "none". A browser that is older says it with fewer of them,
// so each counts by itself. A token no browser sends by itself.
func ambient(r *http.Request, base *url.URL) bool {
	h := r.Header
	site, dest := h.Get("Sec-Fetch-Site"), h.Get("Sec-Fetch-Dest")
	switch {
	case site != "" && site != "none" && site != "same-origin":
		return true
	case dest != "" && dest != "document" && dest != "empty": // a picture, a frame, a script
		return true
	case h.Get("Sec-Purpose") != "" || fetchesAhead(h.Get("Purpose")) || fetchesAhead(h.Get("X-Moz")):
		return true
	}
	return foreign(h.Values("Origin"), base)
}

// fetchesAhead says that nobody asked yet: older browsers load what may be wanted next.
func fetchesAhead(purpose string) bool {
	purpose = strings.ToLower(purpose)
	return strings.Contains(purpose, "prefetch") || strings.Contains(purpose, "preview") || strings.Contains(purpose, "prerender")
}

// foreign says that a page of another site asks, or one that hides which: "null".
// Ours is where the world sees us: a proxy in front may call us otherwise.
func foreign(origins []string, base *url.URL) bool {
	for _, origin := range origins {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || u.Scheme != base.Scheme || !strings.EqualFold(u.Host, base.Host) {
			return true
		}
	}
	return false
}

// credentials are what an app shows: a name with its password, or a token.
type credentials struct {
	name     string
	password secret.Token
	token    secret.Token
}

// longestCredentials is far more than any password or token of ours.
const longestCredentials = 8 << 10

// readCredentials reads the header Authorization: Basic (RFC 7617, in UTF-8) or
// Bearer (RFC 6750).
func readCredentials(header string) (c credentials, ok bool) {
	if len(header) > longestCredentials {
		return c, false
	}
	scheme, rest, _ := strings.Cut(header, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case rest == "":
		return c, false
	case strings.EqualFold(scheme, "Bearer"):
		c.token = secret.Token(rest)
		return c, true
	case !strings.EqualFold(scheme, "Basic"):
		return c, false
	}
	raw, err := base64.StdEncoding.DecodeString(rest)
	if err != nil || !utf8.Valid(raw) || strings.IndexByte(string(raw), 0) >= 0 {
		return c, false
	}
	name, password, ok := strings.Cut(string(raw), ":")
	if !ok || name == "" || password == "" {
		return credentials{}, false
	}
	c.name, c.password = name, secret.Token(password)
	return c, true
}

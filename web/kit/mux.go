package kit

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"lidwoord/base/fault"
)

// A Handler answers a request or says why not.
type Handler func(http.ResponseWriter, *http.Request) error

// Mux names the addresses of one door. Patterns are those of http.ServeMux with
// the path below the door's base: "GET /klant/{id}". A door's Routes function
// that fills it reads as the door's site map.
type Mux struct {
	site  *Site
	mux   *http.ServeMux
	base  string
	guard *http.CrossOriginProtection
}

// Routes is what each door offers.
type Routes interface{ Routes(*Mux) }

// Handler returns the whole door, from request id to page.
func (s *Site) Handler(door Routes) http.Handler {
	m := &Mux{site: s, mux: http.NewServeMux(), base: strings.TrimSuffix(s.Base.Path, "/"), guard: http.NewCrossOriginProtection()}
	if own := origin(s.Base); own != "" {
		// A browser that sends no Sec-Fetch-Site is known by its Origin, which the guard
		// holds against the Host of the request. Behind a proxy that is not always ours.
		if err := m.guard.AddTrustedOrigin(own); err != nil {
			panic("kit: the address of door " + s.Name + ": " + err.Error())
		}
	}
	m.guard.SetDenyHandler(s.page(func(http.ResponseWriter, *http.Request) error { return ErrOtherSite }))
	door.Routes(m)
	m.Raw("GET /_/{file}", s.assets)
	m.mux.Handle("/", s.page(m.unknown))
	return s.chain(m.guard.Handler(m.mux))
}

// origin is how a browser names the site at an address (RFC 6454): "https://lid.example",
// with the port when it is not the usual one; "" for an address without a host.
func origin(at *url.URL) string {
	if at.Host == "" || at.Scheme == "" {
		return ""
	}
	usual := map[string]string{"http": ":80", "https": ":443"}[at.Scheme]
	return at.Scheme + "://" + strings.TrimSuffix(strings.ToLower(at.Host), usual)
}

// Page adds a page or form.
func (m *Mux) Page(pattern string, h Handler) { m.Raw(pattern, m.site.page(h)) }

// Open adds a form that any site and any mail program may send. The guard keeps
// other sites from acting in the name of a visitor, by the visitor's cookies.
// Here nobody's cookies count: a secret in the address is all that is asked, and
// who has it could send the form by hand.
func (m *Mux) Open(pattern string, h Handler) {
	method, path, _ := strings.Cut(pattern, " ")
	m.guard.AddInsecureBypassPattern(method + " " + m.base + path)
	m.Page(pattern, h)
}

// Raw adds a handler that answers by itself: media, machine endpoints.
func (m *Mux) Raw(pattern string, h http.Handler) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		panic("kit: a pattern names its method: " + pattern)
	}
	if path == "/" {
		// The door itself is known with and without a closing slash.
		if m.base != "" {
			m.mux.Handle(method+" "+m.base, h)
		}
		path = "/{$}"
	}
	m.mux.Handle(method+" "+m.base+path, h)
}

var (
	ErrNoPage    = fault.New(fault.NotFound, "kit.no_page")
	ErrMethod    = fault.New(fault.NotFound, "kit.method")
	ErrOtherSite = fault.New(fault.Denied, "kit.other_site")
	ErrSignIn    = fault.New(fault.SignIn, "kit.sign_in")
)

// unknown answers what no pattern took: a known address with another method is
// 405, everything else 404. Who opens the address of a form that was refused (by
// the other language, a bookmark, or Enter in the address bar) gets the page
// above it, which holds the form.
func (m *Mux) unknown(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodGet && m.takes(r, http.MethodPost, r.URL.Path) {
		if above := path.Dir(r.URL.Path); above != m.base && m.takes(r, http.MethodGet, above) {
			to := url.URL{Path: above, RawQuery: r.URL.RawQuery}
			http.Redirect(w, r, to.String(), http.StatusSeeOther)
			return nil
		}
	}
	var allow []string
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		if m.takes(r, method, r.URL.Path) {
			allow = append(allow, method)
		}
	}
	if len(allow) > 0 && !slices.Contains(allow, r.Method) {
		w.Header().Set("Allow", strings.Join(allow, ", "))
		return ErrMethod
	}
	return ErrNoPage
}

// takes reports whether a page or form answers method at an address.
func (m *Mux) takes(r *http.Request, method, address string) bool {
	other := r.Clone(r.Context())
	other.Method, other.URL.Path, other.URL.RawPath = method, address, ""
	_, pattern := m.mux.Handler(other)
	return pattern != "/"
}

var status = map[fault.Kind]int{
	fault.Internal:    http.StatusInternalServerError,
	fault.Invalid:     http.StatusUnprocessableEntity,
	fault.NotFound:    http.StatusNotFound,
	fault.Conflict:    http.StatusConflict,
	fault.Gone:        http.StatusGone,
	fault.Denied:      http.StatusForbidden,
	fault.SignIn:      http.StatusUnauthorized,
	fault.Slow:        http.StatusTooManyRequests,
	fault.Unavailable: http.StatusServiceUnavailable,
	fault.TooLarge:    http.StatusRequestEntityTooLarge,
}

// Status is the HTTP status of an error.
func Status(err error) int {
	if errors.Is(err, ErrMethod) {
		return http.StatusMethodNotAllowed
	}
	return status[fault.KindOf(err)]
}

// page turns h into a plain handler. It is the only place where an error
// becomes a page.
func (s *Site) page(h Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				s.Log.ErrorContext(r.Context(), "panic", "id", VisitOf(r).ID, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				s.Fail(w, r, fmt.Errorf("panic: %v", p))
			}
		}()
		if err := h(w, r); err != nil {
			s.Fail(w, r, err)
		}
	})
}

// ErrorPage is what the error page shows.
type ErrorPage struct {
	Status  int
	Faults  fault.List // empty when it is our fault
	ID      string     // reference number
	SignIn  string     // where to sign in, when that is what is missing
	Refresh bool       // trying again may help
	Form    string     // the page of the form that was sent, "" when unknown
}

// formPage is the page of this door from which a form was sent. Desk drafts and
// the browser's own memory keep what was typed there.
func (s *Site) formPage(r *http.Request) string {
	u, err := url.Parse(r.Referer())
	if r.Method != http.MethodPost || err != nil || u.Host != r.Host && origin(u) != origin(s.Base) || u.Path == "" {
		return ""
	}
	return s.Back(u.RequestURI())
}

// Fail shows an error as a page. A visitor without a session who only looked is
// sent to the sign-in page and comes back afterwards.
func (s *Site) Fail(w http.ResponseWriter, r *http.Request, err error) {
	if Begun(w) {
		s.CutOff(r, s.Name, VisitOf(r).ID, err)
	}
	kind := fault.KindOf(err)
	page := ErrorPage{Status: Status(err), Faults: fault.Of(err), ID: VisitOf(r).ID, Form: s.formPage(r)}
	switch kind {
	case fault.Internal:
		if r.Context().Err() == nil {
			s.Log.ErrorContext(r.Context(), "request failed", "id", page.ID, "door", s.Name, "route", r.Pattern, "err", err)
		}
		page.Refresh = true
	case fault.Unavailable:
		s.Log.WarnContext(r.Context(), "unavailable", "id", page.ID, "door", s.Name, "route", r.Pattern, "err", err)
		page.Refresh = true
		w.Header().Set("Retry-After", "30")
	case fault.Slow:
		if wait, ok := firstArg(err).(int); ok {
			w.Header().Set("Retry-After", strconv.Itoa(wait))
		}
	case fault.SignIn:
		page.SignIn = s.SignInAddress(r)
		if s.SignInPath != "" && r.Method == http.MethodGet && r.Header.Get("Accept") != "application/json" {
			http.Redirect(w, r, page.SignIn, http.StatusSeeOther)
			return
		}
	}
	if err := s.Show(w, r, page.Status, "error", page); err != nil {
		s.Log.ErrorContext(r.Context(), "the error page failed", "id", page.ID, "err", err)
		http.Error(w, "500 · "+page.ID, http.StatusInternalServerError)
	}
}

func firstArg(err error) any {
	for _, e := range fault.Of(err) {
		if len(e.Args) > 0 {
			return e.Args[0]
		}
	}
	return nil
}

// backParam carries the page that a visitor wanted before signing in.
const backParam = "naar"

// SignInAddress is the sign-in page that leads back to the page of r.
func (s *Site) SignInAddress(r *http.Request) string {
	to := s.Link("%s", s.SignInPath)
	if r.Method != http.MethodGet {
		return to
	}
	return to + "?" + url.Values{backParam: {r.URL.RequestURI()}}.Encode()
}

// Back is the page to return to after signing in: only ever one of this door.
func (s *Site) Back(wanted string) string {
	u, err := url.Parse(wanted)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || strings.Contains(wanted, `\`) || strings.HasPrefix(u.Path, "//") {
		return s.Link("/")
	}
	base := strings.TrimSuffix(s.Base.Path, "/")
	// What counts is the page that a browser makes of it: /balie/../x is not of /balie.
	if at := path.Clean(u.Path); at != base && !strings.HasPrefix(at, base+"/") {
		return s.Link("/")
	}
	return u.RequestURI()
}

// RequireSession lets only visitors with a session at this door through.
func RequireSession(h Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if VisitOf(r).Session == nil {
			return ErrSignIn
		}
		return h(w, r)
	}
}

// chain is what every request passes, in this order: number, log, headers, body
// limit, language and session.
func (s *Site) chain(next http.Handler) http.Handler {
	always := s.always()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.DB.Now()
		rec := Record(w)
		maps.Copy(w.Header(), always)
		r.Body = http.MaxBytesReader(w, r.Body, bodyMost)
		v, err := s.visit(rec, r)
		defer func() { // also of an answer that is cut off
			// The route, never the path: a path may hold a token or a name.
			s.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("id", VisitOf(v).ID), slog.String("door", s.Name),
				slog.String("method", r.Method), slog.String("route", v.Pattern), slog.Int("status", rec.Status),
				slog.Int64("us", s.DB.Now().Sub(start).Microseconds()))
		}()
		if err != nil {
			s.Fail(rec, v, err)
		} else {
			next.ServeHTTP(rec, v)
		}
	})
}

// always are the headers that every answer carries; a page that needs more room
// (the reader) sets its own policy.
func (s *Site) always() http.Header {
	action := s.FormAction
	if action == "" {
		action = "'self'"
	}
	h := http.Header{
		"Content-Security-Policy": {"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
			"connect-src 'self'; media-src 'self'; manifest-src 'self'; form-action " + action + "; frame-ancestors 'none'; base-uri 'none'"},
		"X-Content-Type-Options":     {"nosniff"},
		"X-Frame-Options":            {"DENY"},
		"Referrer-Policy":            {"same-origin"},
		"Cross-Origin-Opener-Policy": {"same-origin"},
		"Permissions-Policy":         {"camera=(), geolocation=(), microphone=(), payment=()"},
	}
	if s.Base.Scheme == "https" {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	return h
}

// FormsReach lets the forms of the page that w shows lead to one more place, in the
// words of form-action: "nl.example.app:". A browser looks at the whole way that the
// answer to a form goes, also where that ends in an app.
func FormsReach(w http.ResponseWriter, source string) {
	h := w.Header()
	h.Set("Content-Security-Policy", strings.Replace(h.Get("Content-Security-Policy"), "form-action ", "form-action "+source+" ", 1))
}

// Recorder remembers the status of an answer, for the log, and whether it began.
type Recorder struct {
	http.ResponseWriter
	Status int // StatusOK until something else is written
	begun  bool
}

// Record watches w.
func Record(w http.ResponseWriter) *Recorder {
	return &Recorder{ResponseWriter: w, Status: http.StatusOK}
}

func (r *Recorder) WriteHeader(code int) {
	r.Status, r.begun = code, true
	r.ResponseWriter.WriteHeader(code)
}

func (r *Recorder) Write(text []byte) (int, error) {
	r.begun = true
	return r.ResponseWriter.Write(text)
}

// ReadFrom lets the system send a file by itself, without a copy through us. Sound
// and books are most of what some doors send.
func (r *Recorder) ReadFrom(from io.Reader) (int64, error) {
	r.begun = true
	return io.Copy(r.ResponseWriter, from)
}

// Unwrap lets http.ResponseController and ServeContent reach the real writer.
func (r *Recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Begun reports whether an answer is on its way, so that it cannot become another.
func Begun(w http.ResponseWriter) bool {
	rec, recorded := w.(*Recorder)
	return recorded && rec.begun
}

// CutOff ends an answer that began and cannot be finished: the connection breaks, so
// that nobody takes half of it for the whole. Mostly the visitor went away while we wrote,
// which is nobody's fault; anything else goes to the log.
func (h *House) CutOff(r *http.Request, door, id string, err error) {
	if r.Context().Err() == nil {
		h.Log.WarnContext(r.Context(), "answer cut off", "id", id, "door", door, "route", r.Pattern, "err", err)
	}
	panic(http.ErrAbortHandler)
}

package oidc

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/identity/signon"
	"lidwoord/web/kit"
)

// endpoint is one address for programs.
type endpoint struct {
	methods string // as the Allow header writes them
	origins originRule
	answer  func(http.ResponseWriter, *http.Request) error

	takes []string // methods, one by one, with HEAD where there is GET
}

// originRule tells whose scripts may read an answer.
type originRule int

const (
	anyOrigin        originRule = iota // for what is public anyway
	registeredOrigin                   // only sites that a client registered
	noOrigin                           // nobody's: it is for servers
)

// machine is an address for programs. Its refuse is the only place where an error
// becomes JSON.
func (s *Site) machine(e endpoint) http.Handler {
	e.takes = strings.Split(e.methods, ", ")
	if e.takes[0] == http.MethodGet {
		e.takes = append(e.takes, http.MethodHead)
	}
	return kit.NewMachine(kit.Machine{House: s.House, Door: s.Name, Base: s.Base, BodyMost: bodyMost, Refuse: s.refuse,
		Serve: func(w http.ResponseWriter, r *http.Request) (string, error) { return "", s.serve(w, r, e) }})
}

// serve sees to CORS and the method before it answers.
func (s *Site) serve(w http.ResponseWriter, r *http.Request, e endpoint) error {
	h := w.Header()
	if err := s.cors(h, r, e); err != nil {
		return err
	}
	switch {
	case r.Method == http.MethodOptions:
		h.Set("Allow", e.methods+", OPTIONS")
		w.WriteHeader(http.StatusNoContent)
		return nil
	case !slices.Contains(e.takes, r.Method):
		h.Set("Allow", e.methods+", OPTIONS")
		return errMethod
	}
	return e.answer(w, r)
}

// cors lets scripts of other sites read the answer. Never with credentials: no
// endpoint takes a cookie.
func (s *Site) cors(h http.Header, r *http.Request, e endpoint) error {
	if e.origins == anyOrigin {
		h.Set("Access-Control-Allow-Origin", "*")
		return nil
	}
	if e.origins == noOrigin {
		return nil
	}
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" {
		return nil
	}
	var known bool
	err := s.DB.Look(r.Context(), func(tx *sqldb.Tx) (err error) {
		known, err = s.Provider.KnownOrigin(tx, origin)
		return err
	})
	if err != nil || !known {
		return err
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "WWW-Authenticate")
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", e.methods)
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		h.Set("Access-Control-Max-Age", "600")
	}
	return nil
}

var (
	errMethod   = errors.New("method not allowed")
	errTooLarge = errors.New("body too large")
)

// refuse answers an error in the words of RFC 6749 section 5.2.
func (s *Site) refuse(w http.ResponseWriter, r *http.Request, id string, err error) {
	var problem *signon.Problem
	status := http.StatusBadRequest
	switch {
	case errors.As(err, &problem) && problem.Code == signon.InvalidClient:
		status = http.StatusUnauthorized
		if r.Header.Get("Authorization") != "" || !r.PostForm.Has("client_id") && !r.PostForm.Has("client_assertion") {
			// Who proves themselves in another way learns nothing from a scheme (RFC 6749
			// section 5.2), and a browser would ask its person for a password.
			w.Header().Set("WWW-Authenticate", `Basic realm="Lidwoord", charset="UTF-8"`)
		}
		problem = &signon.Problem{Code: problem.Code, Description: problem.Description + " Reference " + id, Why: problem.Why, ClientID: problem.ClientID}
		s.Log.LogAttrs(r.Context(), slog.LevelInfo, "client refused", slog.String("id", id), slog.String("door", s.Name),
			slog.String("route", r.Pattern), slog.String("client", problem.ClientID), slog.String("why", problem.Why))
	case errors.As(err, &problem) && problem.Code == signon.InvalidToken:
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="Lidwoord", error=%q, error_description=%q`, problem.Code, problem.Description))
	case errors.As(err, &problem):
	case fault.KindOf(err) == fault.Slow:
		status, problem = http.StatusTooManyRequests, &signon.Problem{Code: "temporarily_unavailable", Description: "Too many requests from this network."}
		w.Header().Set("Retry-After", "1")
	case errors.Is(err, errNoToken):
		// RFC 6750 section 3.1: who brought no token is told the way, not an error.
		status, problem = http.StatusUnauthorized, &signon.Problem{Code: signon.InvalidRequest, Description: "An access token is missing."}
		w.Header().Set("WWW-Authenticate", `Bearer realm="Lidwoord"`)
	case errors.Is(err, errMethod):
		status, problem = http.StatusMethodNotAllowed, &signon.Problem{Code: signon.InvalidRequest, Description: "This method is not supported here."}
	case errors.Is(err, errTooLarge):
		status, problem = http.StatusRequestEntityTooLarge, &signon.Problem{Code: signon.InvalidRequest, Description: "The request is too large."}
	default:
		status, problem = http.StatusInternalServerError, &signon.Problem{Code: "server_error", Description: "Reference " + id}
		if r.Context().Err() == nil {
			s.Log.ErrorContext(r.Context(), "request failed", "id", id, "door", s.Name, "route", r.Pattern, "err", err)
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	answer(w, status, problem)
}

// answer writes v as JSON in full, or nothing of it.
func answer(w http.ResponseWriter, status int, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return write(w, status, text)
}

func write(w http.ResponseWriter, status int, text []byte) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text))) // or else long ones leave in pieces
	w.WriteHeader(status)
	_, err := w.Write(text)
	return err
}

// readForm reads a posted form. A parameter in the address is none: it would end
// up in logs. One that came twice is refused, because two readers may each pick
// another (RFC 6749 section 3.2).
func readForm(r *http.Request) (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, &signon.Problem{Code: signon.InvalidRequest, Description: "Send application/x-www-form-urlencoded."}
	}
	r.URL.RawQuery = ""
	err = r.ParseForm()
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, errTooLarge
	case err != nil:
		return nil, &signon.Problem{Code: signon.InvalidRequest, Description: "The form cannot be read."}
	}
	for name, values := range r.PostForm {
		if len(values) > 1 {
			return nil, &signon.Problem{Code: signon.InvalidRequest, Description: "A parameter came more than once."}
		}
		if values[0] == "" {
			delete(r.PostForm, name) // RFC 6749 section 3.2: empty is not sent
		}
	}
	return r.PostForm, nil
}

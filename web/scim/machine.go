package scim

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/base/words"
	"lidwoord/identity/account"
	"lidwoord/identity/provision"
	"lidwoord/web/kit"
)

// endpoint is what one address does, by method; "" takes any.
type endpoint map[string]act

// act is one thing a program does, with the scope that it needs.
type act struct {
	scope string
	do    func(http.ResponseWriter, *request) error
}

// open needs no token.
const open = ""

// request is a call of a program that we know; by is empty where no token is needed.
type request struct {
	*http.Request
	by provision.Bearer
}

// longestBody is more than any user or change needs, and less than would hurt.
const longestBody = 64 << 10

// mediaType is RFC 7644 section 3.1.
const mediaType = "application/scim+json"

// machine is an address for programs: method, pace, token and scope come before the
// act. Its refuse is the only place where an error becomes JSON. The log has who
// called and never what was asked: filters hold addresses.
func (s *Site) machine(e endpoint) http.Handler {
	return kit.NewMachine(kit.Machine{House: s.House, Door: "scim", Base: s.base, BodyMost: longestBody, Refuse: s.refuse,
		Serve: func(w http.ResponseWriter, r *http.Request) (by string, err error) {
			call := &request{Request: r}
			err = s.serve(w, call, e)
			return call.by.ID, err
		}})
}

func (s *Site) serve(w http.ResponseWriter, r *request, e endpoint) error {
	a, ok := e[r.Method]
	if !ok {
		a, ok = e[""]
	}
	if !ok {
		w.Header().Set("Allow", strings.Join(slices.Sorted(maps.Keys(e)), ", "))
		return errMethod
	}
	if a.scope != open {
		if err := s.enter(r); err != nil {
			return err
		}
		if !r.by.May(a.scope) {
			return errScope(a.scope)
		}
	}
	return a.do(w, r)
}

// enter finds out who calls. Programs are paced by token, strangers by network. A
// good token is never held up by wrong ones from the same network: that may be a
// proxy with everybody behind it, or a library that forgot one of its programs.
func (s *Site) enter(r *request) error {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return errNoToken
	}
	now := s.DB.Now()
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		r.by, err = provision.Enter(tx, secret.Token(token))
		return err
	})
	if errors.Is(err, provision.ErrNoToken) {
		return cmp.Or(s.strangers.Take(throttle.Network(r.RemoteAddr), now), err)
	}
	if err != nil {
		return err
	}
	if err := s.programs.Take(r.by.ID, now); err != nil {
		return err
	}
	if r.by.UsedOn == day.Of(now) {
		return nil
	}
	return s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return provision.Used(tx, r.by.ID) })
}

// problem is an error in the words of RFC 7644 section 3.12.
type problem struct {
	status int
	kind   string // scimType, or ""
	detail string
}

func (p *problem) Error() string { return p.detail }

var (
	errNoToken     = &problem{http.StatusUnauthorized, "", "There is no bearer token: send Authorization: Bearer and the token."}
	errMethod      = &problem{http.StatusMethodNotAllowed, "", "This method is not supported here."}
	errUnsupported = &problem{http.StatusNotImplemented, "", "This is not supported; see /ServiceProviderConfig."}
	errNowhere     = &problem{http.StatusNotFound, "", "There is nothing at this address."}
	errTooLarge    = &problem{http.StatusRequestEntityTooLarge, "", fmt.Sprintf("The body is longer than %d KiB.", longestBody>>10)}
	errMedia       = &problem{http.StatusUnsupportedMediaType, "", "Send " + mediaType + " or application/json."}
)

func errScope(scope string) error {
	return &problem{http.StatusForbidden, "", "This token lacks the scope " + scope + "."}
}

func invalid(kind, format string, args ...any) error {
	return &problem{http.StatusBadRequest, kind, fmt.Sprintf(format, args...)}
}

// The kinds of RFC 7644 section 3.12 that we use.
const (
	invalidFilter = "invalidFilter"
	invalidPath   = "invalidPath"
	invalidSyntax = "invalidSyntax"
	invalidValue  = "invalidValue"
	mutability    = "mutability"
	noTarget      = "noTarget"
	uniqueness    = "uniqueness"
)

// statuses is what a fault of the room is in SCIM; what is not here goes by its kind.
var statuses = []struct {
	fault  error
	status int
	kind   string
}{
	{provision.ErrFilter, http.StatusBadRequest, invalidFilter},
	{provision.ErrUnfiltered, http.StatusBadRequest, invalidFilter},
	{provision.ErrExternalTaken, http.StatusConflict, uniqueness},
	{provision.ErrUsernameTaken, http.StatusConflict, uniqueness},
	{provision.ErrLinked, http.StatusConflict, uniqueness},
	{provision.ErrChanged, http.StatusPreconditionFailed, ""},
	{provision.ErrEmailKept, http.StatusBadRequest, mutability}, // RFC 7644 section 3.5.2.2
	{provision.ErrUsernameFixed, http.StatusBadRequest, mutability},
	{provision.ErrMembershipID, http.StatusBadRequest, mutability},
	{provision.ErrNoneMeant, http.StatusBadRequest, noTarget},
}

// about is which attribute a fault is about; a sentence alone does not always say it.
var about = []struct {
	attribute string
	faults    []error
}{
	{"externalId", []error{provision.ErrExternal, provision.ErrExternalTaken}},
	{"userName", []error{provision.ErrUsernameTaken, provision.ErrUsernameFixed, account.ErrUsernameLength, account.ErrUsernameSigns, account.ErrUsernameSpace,
		account.ErrUsernameAt, account.ErrUsernameEmail, account.ErrUsernameNumber}},
	{"emails", []error{account.ErrEmail, provision.ErrEmailKept}},
	{"memberships", []error{provision.ErrKind, provision.ErrWithdrawn, provision.ErrNoKinds, provision.ErrMembership, provision.ErrTwice, provision.ErrDay, provision.ErrDays,
		provision.ErrManyMemberships, provision.ErrNoneMeant, provision.ErrMembershipID}},
}

// asked is a change, with the operations of a PATCH that named each attribute.
type asked struct {
	provision.Change
	named map[string][]int
}

// refusedAt is what the room said of a PATCH, which operations may have asked it.
type refusedAt struct {
	error
	named map[string][]int
}

func (e refusedAt) Unwrap() error { return e.error }

// place is the attribute that a fault is about, after the operations that named it:
// "Operations[0] userName: ", or "".
func place(err error) string {
	var by refusedAt
	errors.As(err, &by)
	for _, of := range about {
		if !slices.ContainsFunc(of.faults, func(known error) bool { return errors.Is(err, known) }) {
			continue
		}
		text := ""
		for _, i := range by.named[of.attribute] {
			text += fmt.Sprintf("Operations[%d] ", i)
		}
		return text + of.attribute + ": "
	}
	return ""
}

var kinds = map[fault.Kind]int{fault.NotFound: http.StatusNotFound, fault.Conflict: http.StatusConflict, fault.Gone: http.StatusConflict,
	fault.Denied: http.StatusForbidden, fault.SignIn: http.StatusUnauthorized, fault.Slow: http.StatusTooManyRequests,
	fault.Unavailable: http.StatusServiceUnavailable, fault.TooLarge: http.StatusRequestEntityTooLarge}

// problemOf turns an error into one of SCIM, with the sentence in English: programs
// and their makers read it. nil means that the error is ours to fix.
func (s *Site) problemOf(err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	list := fault.Of(err)
	if len(list) == 0 || fault.KindOf(err) == fault.Internal {
		return nil
	}
	p = &problem{http.StatusBadRequest, invalidValue, place(err) + s.Words.Text(words.EN, list[0].Key, list[0].Args...)}
	if status, ok := kinds[list[0].Kind]; ok {
		p.status, p.kind = status, ""
	}
	for _, known := range statuses {
		if errors.Is(err, known.fault) {
			p.status, p.kind = known.status, known.kind
		}
	}
	return p
}

func (s *Site) refuse(w http.ResponseWriter, r *http.Request, id string, err error) {
	p := s.problemOf(err)
	switch {
	case p == nil:
		p = &problem{http.StatusInternalServerError, "", "Reference " + id}
		if r.Context().Err() == nil {
			s.Log.ErrorContext(r.Context(), "request failed", "id", id, "door", "scim", "route", r.Pattern, "err", err)
		}
	case p == errNoToken: // RFC 6750 section 3.1: who brought no token is told the way, not an error
		w.Header().Set("WWW-Authenticate", `Bearer realm="Lidwoord"`)
	case p.status == http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="Lidwoord", error="invalid_token"`)
	case p.status == http.StatusForbidden:
		w.Header().Set("WWW-Authenticate", `Bearer realm="Lidwoord", error="insufficient_scope"`)
	case p.status == http.StatusTooManyRequests:
		w.Header().Set("Retry-After", strconv.Itoa(waitOf(err)))
	}
	w.Header().Set("Cache-Control", "no-store")
	body := map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"}, "status": strconv.Itoa(p.status), "detail": p.detail}
	if p.kind != "" {
		body["scimType"] = p.kind
	}
	if err := answer(w, p.status, body); err != nil {
		s.Log.DebugContext(r.Context(), "the program did not wait", "id", id)
	}
}

// waitOf is how many seconds a fault says to wait.
func waitOf(err error) int {
	for _, f := range fault.Of(err) {
		if len(f.Args) > 0 {
			if seconds, ok := f.Args[0].(int); ok {
				return seconds
			}
		}
	}
	return 1
}

// answer writes v as JSON in full, or nothing of it.
func answer(w http.ResponseWriter, status int, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", mediaType+"; charset=utf-8")
	w.WriteHeader(status)
	_, err = w.Write(append(text, '\n'))
	return err
}

// readBody reads one JSON object; see object.
func readBody(r *request) (object, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != mediaType && kind != "application/json" {
		return nil, errMedia
	}
	text, err := io.ReadAll(r.Body)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, errTooLarge
	case err != nil:
		return nil, invalid(invalidSyntax, "The body cannot be read.")
	}
	return readObject(text)
}

package opds

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/words"
	"lidwoord/reading/loan"
	"lidwoord/web/kit"
)

// endpoint is what one address does, by method; "" takes any. HEAD is a GET whose
// body stays here, unless it has an act of its own.
type endpoint map[string]act

// act is one thing an app does.
type act func(http.ResponseWriter, *request) error

// request is a call of an app.
type request struct {
	*http.Request
	lang    words.Lang
	by      Reader      // who it is for; the zero Reader at the feeds for everyone
	ambient bool        // the reader may not know of it
	rights  loan.Rights // of the reader, no older than loan.ReadingRights
	unheard error       // why they could not be heard, which is no reason to show nothing
}

// longestBody is more than any app sends: what it wants stands in the address.
const longestBody = 16 << 10

// machine is the chain of every endpoint: number, log, headers, method; and the
// only place where an error becomes JSON. The log has the pattern of the address
// and never what was asked: who borrows what is nobody's business.
func (s *Site) machine(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, start := secret.NewID()[:10], s.DB.Now()
		rec := kit.Record(w)
		call := &request{Request: r, lang: words.Accepted(r.Header.Get("Accept-Language"))}
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				s.Log.ErrorContext(r.Context(), "panic", "id", id, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				if kit.Begun(rec) {
					panic(http.ErrAbortHandler)
				}
				s.refuse(rec, call, id, fmt.Errorf("panic: %v", p))
			}
			s.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("id", id), slog.String("door", "opds"),
				slog.String("method", r.Method), slog.String("route", r.Pattern), slog.Int("status", rec.Status),
				slog.Int64("us", s.DB.Now().Sub(start).Microseconds()))
		}()
		if err := s.serve(rec, call, e); err != nil {
			if kit.Begun(rec) {
				s.CutOff(r, "opds", id, err)
			}
			s.refuse(rec, call, id, err)
		}
	})
}

// secure makes the headers that every answer carries. Scripts of any site may read
// the answers: they get no more than a program would, since no cookie counts here.
func (s *Site) secure() http.Header {
	h := http.Header{}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Link, Retry-After, WWW-Authenticate")
	if s.base.Scheme == "https" {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	return h
}

func (s *Site) serve(w http.ResponseWriter, r *request, e endpoint) error {
	do, ok := e[r.Method]
	if !ok && r.Method == http.MethodHead {
		do, ok = e[http.MethodGet]
	}
	if !ok {
		do, ok = e[""]
	}
	if ok {
		r.Body = http.MaxBytesReader(w, r.Body, longestBody)
		return do(w, r)
	}
	list := slices.Sorted(maps.Keys(e))
	if _, own := e[http.MethodHead]; !own && slices.Contains(list, http.MethodGet) {
		list = append(list, http.MethodHead)
	}
	methods := strings.Join(list, ", ")
	w.Header().Set("Allow", methods+", OPTIONS")
	if r.Method != http.MethodOptions {
		return errMethod
	}
	w.Header().Set("Access-Control-Allow-Methods", methods)
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, If-None-Match, If-Range, Range")
	w.Header().Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func nowhere(http.ResponseWriter, *request) error { return errNowhere }

// actless answers HEAD where GET acts: to look at a door is not to go through it.
func actless(w http.ResponseWriter, _ *request) error {
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

var (
	// errNotAcceptable means that the app wants none of the forms that we have.
	errNotAcceptable = fault.New(fault.Invalid, "opds.not_acceptable")
	// errMethod and errNowhere speak of addresses, for whom other doors speak of pages.
	errMethod  = fault.New(fault.Invalid, "opds.method")
	errNowhere = fault.New(fault.NotFound, "opds.nowhere")
	// errRange means that a file has no such piece.
	errRange = fault.New(fault.Invalid, "opds.range")
)

// statuses are those of errors that only apps get.
var statuses = []struct {
	fault  error
	status int
}{
	{errNotAcceptable, http.StatusNotAcceptable},
	{errMethod, http.StatusMethodNotAllowed},
	{errRange, http.StatusRequestedRangeNotSatisfiable},
	{errWish, http.StatusBadRequest},
}

// sentence is what an error says to a person; nil says nothing.
func (s *Site) sentence(err error, lang words.Lang) string {
	list := fault.Of(err)
	if len(list) == 0 {
		return ""
	}
	return s.Words.Text(lang, list[0].Key, list[0].Args...)
}

// problem is RFC 9457.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// refuse answers an error: with the way in for who has none, else with the reason.
func (s *Site) refuse(w http.ResponseWriter, r *request, id string, err error) {
	h := w.Header()
	for _, name := range []string{"ETag", "Last-Modified", "Content-Location"} {
		h.Del(name) // of the answer that did not come
	}
	h.Set("Cache-Control", "no-store")
	p := problem{Type: problemType(err), Status: kit.Status(err)}
	for _, known := range statuses {
		if errors.Is(err, known.fault) {
			p.Status = known.status
		}
	}
	switch kind := fault.KindOf(err); kind {
	case fault.SignIn:
		s.challenge(w, r, err)
		return
	case fault.Internal:
		p.Detail = s.Words.Text(r.lang, "opds.ours", id)
		if r.Context().Err() == nil {
			s.Log.ErrorContext(r.Context(), "request failed", "id", id, "door", "opds", "route", r.Pattern, "err", err)
		}
	case fault.Unavailable:
		s.Log.WarnContext(r.Context(), "unavailable", "id", id, "door", "opds", "route", r.Pattern, "err", err)
		h.Set("Retry-After", "30")
	case fault.Slow:
		h.Set("Retry-After", strconv.Itoa(waitOf(err)))
	}
	if p.Detail == "" {
		p.Detail = s.sentence(err, r.lang)
	}
	p.Title = s.titleOf(r.lang, p.Status)
	h.Set("Content-Language", string(r.lang))
	if err := answer(w, p.Status, "application/problem+json", p); err != nil {
		s.Log.DebugContext(r.Context(), "the app did not wait", "id", id)
	}
}

// titleOf is the heading above the reason; apps show it large.
func (s *Site) titleOf(lang words.Lang, status int) string {
	switch status {
	case http.StatusForbidden:
		return s.Words.Text(lang, "opds.refused")
	case http.StatusNotFound:
		return s.Words.Text(lang, "opds.not_found")
	case http.StatusTooManyRequests:
		return s.Words.Text(lang, "opds.slow")
	case http.StatusServiceUnavailable:
		return s.Words.Text(lang, "opds.away")
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusRequestedRangeNotSatisfiable:
		return s.Words.Text(lang, "opds.wrong_call")
	}
	return s.Words.Text(lang, "opds.failed")
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
func answer(w http.ResponseWriter, status int, mediaType string, v any) error {
	text, err := marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, err = w.Write(text)
	return err
}

// marshal writes JSON as people read it: addresses keep their &.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// weight is how much an app likes the best of these types, from 0 to 1 (RFC 9110 section
// 12.5.1): of what fits a type the most exact counts. One that says nothing takes anything.
func weight(header string, types ...string) (best float64) {
	if header = strings.TrimSpace(header); header == "" || header == "*/*" {
		return 1
	}
	likes := make([]struct {
		weight float64
		exact  int
	}, len(types))
	for accepted, q := range ranges(header) {
		for i, typ := range types {
			main, _, _ := strings.Cut(typ, "/")
			exact := 0
			switch accepted {
			case typ:
				exact = 3
			case main + "/*":
				exact = 2
			case "*/*":
				exact = 1
			}
			if exact > likes[i].exact {
				likes[i].weight, likes[i].exact = q, exact
			}
		}
	}
	for _, l := range likes {
		best = max(best, l.weight)
	}
	return best
}

// named is how much an app likes the best of the types that it names itself, 0 for none.
func named(header string, types ...string) (best float64) {
	for accepted, q := range ranges(header) {
		if slices.Contains(types, accepted) {
			best = max(best, q)
		}
	}
	return best
}

// ranges are the types in a header Accept with their weights. What cannot be read is
// passed over: old programs send "*; q=.2".
func ranges(header string) iter.Seq2[string, float64] {
	return func(yield func(string, float64) bool) {
		for part := range strings.SplitSeq(header, ",") {
			typ, params, err := mime.ParseMediaType(part)
			if err != nil {
				continue
			}
			q, err := strconv.ParseFloat(params["q"], 64)
			if err != nil || q != q {
				q = 1
			}
			if !yield(typ, min(max(q, 0), 1)) {
				return
			}
		}
	}
}

func noWeight(q string) bool {
	n, err := strconv.ParseFloat(q, 64)
	return err == nil && n <= 0
}

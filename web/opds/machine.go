package opds

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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
	by      Reader // who it is for; the zero Reader at the feeds for everyone
	ambient bool   // the reader may not know of it
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
		maps.Copy(rec.Header(), s.safe)
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
	h.Set("Access-Control-Expose-Headers", "ETag, Link, WWW-Authenticate")
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
	methods := strings.Join(slices.Sorted(maps.Keys(e)), ", ")
	w.Header().Set("Allow", methods+", OPTIONS")
	if r.Method != http.MethodOptions {
		return kit.ErrMethod
	}
	w.Header().Set("Access-Control-Allow-Methods", methods)
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, Range, If-None-Match")
	w.Header().Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func nowhere(http.ResponseWriter, *request) error { return kit.ErrNoPage }

// actless answers HEAD where GET acts: to look at a door is not to go through it.
func actless(w http.ResponseWriter, _ *request) error {
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// errNotAcceptable means that the app wants none of the forms that we have.
var errNotAcceptable = fault.New(fault.Invalid, "opds.not_acceptable")

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
	if errors.Is(err, errNotAcceptable) {
		p.Status = http.StatusNotAcceptable
	}
	switch kind := fault.KindOf(err); kind {
	case fault.SignIn:
		s.challenge(w, r)
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
	if list := fault.Of(err); p.Detail == "" && len(list) > 0 {
		p.Detail = s.Words.Text(r.lang, list[0].Key, list[0].Args...)
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

// accepts reports whether an app takes one of these types. One that says nothing
// takes anything; the weight 0 is a no.
func accepts(header string, types ...string) bool {
	if strings.TrimSpace(header) == "" {
		return true
	}
	for part := range strings.SplitSeq(header, ",") {
		typ, params, err := mime.ParseMediaType(part)
		if err != nil || noWeight(params["q"]) {
			continue
		}
		if typ == "*/*" || typ == "application/*" || slices.Contains(types, typ) {
			return true
		}
	}
	return false
}

func noWeight(q string) bool {
	n, err := strconv.ParseFloat(q, 64)
	return err == nil && n <= 0
}

package kit

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"runtime/debug"

	"lidwoord/base/secret"
)

// Machine is an address for programs. It stands outside the chain of the pages:
// there are no cookies, no language and no pages here.
type Machine struct {
	*House
	Door     string   // its name in the log
	Base     *url.URL // its public address
	BodyMost int64    // bytes that are read of a body
	// Serve answers, or says why not. By is who called, for the log; "" when nobody
	// says or nobody keeps it.
	Serve func(w http.ResponseWriter, r *http.Request) (by string, err error)
	// Refuse answers an error in the words of the door's standard. id is the
	// reference number that stands in the log.
	Refuse func(w http.ResponseWriter, r *http.Request, id string, err error)

	always http.Header // of each answer, made once
}

// NewMachine makes a machine ready to serve.
func NewMachine(m Machine) *Machine {
	m.always = http.Header{
		"X-Content-Type-Options":  {"nosniff"},
		"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"},
		"Referrer-Policy":         {"no-referrer"},
		"Cache-Control":           {"no-store"}, // public documents say otherwise themselves
	}
	if m.Base.Scheme == "https" {
		m.always.Set("Strict-Transport-Security", "max-age=31536000")
	}
	return &m
}

// ServeHTTP is the chain of every address for programs: number, log, headers, body
// limit. The log has the pattern of the address and never what was asked.
func (m *Machine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, start := secret.NewID()[:10], m.DB.Now()
	rec, by := Record(w), ""
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			m.Log.ErrorContext(r.Context(), "panic", "id", id, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			if Begun(rec) {
				panic(http.ErrAbortHandler)
			}
			m.Refuse(rec, r, id, fmt.Errorf("panic: %v", p))
		}
		line := []slog.Attr{slog.String("id", id), slog.String("door", m.Door), slog.String("method", r.Method), slog.String("route", r.Pattern),
			slog.Int("status", rec.Status), slog.Int64("us", m.DB.Now().Sub(start).Microseconds())}
		if by != "" {
			line = append(line, slog.String("by", by))
		}
		m.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", line...)
	}()
	maps.Copy(rec.Header(), m.always)
	if r.Body != http.NoBody {
		r.Body = http.MaxBytesReader(rec, r.Body, m.BodyMost)
	}
	var err error
	if by, err = m.Serve(rec, r); err != nil {
		if Begun(rec) {
			m.CutOff(r, m.Door, id, err)
		}
		m.Refuse(rec, r, id, err)
	}
}

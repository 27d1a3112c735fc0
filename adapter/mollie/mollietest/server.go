// Package mollietest is a Mollie for tests: an http.Handler that keeps payments
// in memory and behaves as the Payments API is documented, with its bad habits
// on command. It also has the page on which a payer says how it went.
//
//	New                                         an empty Mollie with one key
//	Pay, Fail, Cancel, Expire, SetStatus        what becomes of a payment
//	FinishRefunds, FailRefund, SetRefundStatus  what becomes of money on its way back
//	RefundThere, ChargeBack                     what others do to a payment
//	Payments, Money, Asked                      what a test compares with
//	Fault, LoseAnswers, Slow, Pages, Forward    bad habits, and the clock
//	Webhooks, Send, Forge, Redeliver, Calls     messages about payments
//
// Its API is at /v2, its page at /checkout/ID. What it does is from Mollie's
// OpenAPI description of July 2026. It differs where a test must: messages go to
// 127.0.0.1 and localhost, and nowhere else, and are repeated when told rather
// than for a day.
package mollietest

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"lidwoord/base/secret"
)

const (
	// KeyLife is how long Mollie knows an idempotency key.
	KeyLife = time.Hour
	// RefundGuard is how long a refund keeps another of the same amount away.
	RefundGuard = time.Hour

	bodyMost = 64 << 10
)

// Server is one Mollie. All its methods may be called at any moment.
type Server struct {
	key   secret.Token
	clock func() time.Time
	mux   *http.ServeMux
	post  office

	mu       sync.Mutex
	ahead    time.Duration // of the clock
	payments map[string]*entry
	order    []string // ids of payments, oldest first
	kept     map[string]*keptAnswer
	asked    map[string]int
	fault    int // a status
	faults   int // how many calls still get it
	lose     int
	slow     time.Duration
	page     int
}

// keptAnswer is what an idempotency key stands for.
type keptAnswer struct {
	request [sha256.Size]byte
	at      time.Time
	done    bool
	status  int
	body    []byte
}

// New makes a Mollie that takes one key, such as NewKey makes. The clock is
// usually time.Now.
func New(key secret.Token, clock func() time.Time) *Server {
	s := &Server{
		key: key, clock: clock, mux: http.NewServeMux(), page: 250,
		payments: map[string]*entry{}, kept: map[string]*keptAnswer{}, asked: map[string]int{},
	}
	s.post.open(clock)
	s.mux.HandleFunc("POST /v2/payments", s.api(s.create))
	s.mux.HandleFunc("GET /v2/payments/{id}", s.api(s.fetch))
	s.mux.HandleFunc("POST /v2/payments/{id}/refunds", s.api(s.refund))
	s.mux.HandleFunc("GET /v2/payments/{id}/refunds", s.api(s.listRefunds))
	s.mux.HandleFunc("GET /checkout/{id}", s.showCheckout)
	s.mux.HandleFunc("POST /checkout/{id}", s.pressCheckout)
	return s
}

// NewKey makes a key of the shape that Mollie's have.
func NewKey() secret.Token { return "test_" + secret.NewToken() }

// ServeHTTP answers the API and shows the page.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close ends the messages that are still on their way, and waits for them.
func (s *Server) Close() { s.post.close() }

// Fault lets the next n calls of the API be answered with a status, with nothing
// done: 503 for a Mollie that is down, 429 for one that has enough of us. It
// replaces the fault before it.
func (s *Server) Fault(status, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.faults = status, n
}

// LoseAnswers cuts the line to the next n callers that want something made
// under a key, after it was made. A Go client tries a second time by itself when
// the line had been used before, so that losing one may go unseen.
func (s *Server) LoseAnswers(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lose = n
}

// Slow lets every call wait so long for its answer. What it asked for is done at
// once, so that a caller who gives up has it nevertheless.
func (s *Server) Slow(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slow = d
}

// Pages lets a list of refunds show at most n at a time.
func (s *Server) Pages(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.page = n
}

// Forward sets the clock ahead.
func (s *Server) Forward(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
}

// Asked counts the calls to one end of the API so far, those included that got
// a fault: "POST /v2/payments", "GET /v2/payments/{id}/refunds".
func (s *Server) Asked(end string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[end]
}

// now is the time by the own clock. The lock is held.
func (s *Server) now() time.Time { return s.clock().Add(s.ahead).UTC().Truncate(time.Second) }

// ask is one call of the API.
type ask struct {
	*http.Request
	body []byte
}

// host is how the caller reached us, for the addresses in an answer.
func (a ask) host() string { return "http://" + a.Host }

// object is JSON under construction.
type object map[string]any

// api makes an end of the API of an act. The act runs under the lock.
func (s *Server) api(act func(ask) (status int, answer object)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMost))
		if err != nil {
			reply(w, http.StatusBadRequest, problem(http.StatusBadRequest, "The content could not be read.", ""))
			return
		}
		fault, slow := s.turn(r)
		switch {
		case fault != 0:
			reply(w, fault, problem(fault, "A fault, as the test asked for.", ""))
			return
		case r.Header.Get("Authorization") != "Bearer "+string(s.key):
			reply(w, http.StatusUnauthorized, problem(http.StatusUnauthorized, "No key, or a wrong one.", ""))
			return
		}
		status, answer := s.once(w, ask{r, body}, act, slow)
		reply(w, status, answer)
	}
}

// turn counts a call, and says how it is to be treated.
func (s *Server) turn(r *http.Request) (fault int, slow time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[r.Pattern]++
	if s.faults > 0 {
		s.faults--
		fault = s.fault
	}
	return fault, s.slow
}

// once runs an act, and no second time for the idempotency key of a POST.
func (s *Server) once(w http.ResponseWriter, a ask, act func(ask) (int, object), slow time.Duration) (int, []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait := func() {
		if slow == 0 {
			return
		}
		s.mu.Unlock()
		time.Sleep(slow)
		s.mu.Lock()
	}
	key := a.Header.Get("Idempotency-Key")
	if a.Method != http.MethodPost || key == "" {
		status, answer := act(a)
		body := encode(answer)
		wait()
		return status, body
	}
	request := sha256.Sum256(append([]byte(a.URL.Path+"\n"), a.body...))
	if have, ok := s.kept[key]; ok && s.now().Sub(have.at) < KeyLife {
		switch {
		case have.request != request:
			return http.StatusBadRequest, problem(http.StatusBadRequest, "This key came with another request.", "")
		case !have.done:
			return http.StatusConflict, problem(http.StatusConflict, "This request is still under way.", "")
		}
		s.cut()
		w.Header().Set("Idempotent-Replayed", "true")
		return have.status, have.body
	}
	keep := &keptAnswer{request: request, at: s.now()}
	s.kept[key] = keep
	status, answer := act(a)
	keep.status, keep.body = status, encode(answer)
	wait()
	keep.done = true
	s.cut()
	return keep.status, keep.body
}

// cut cuts the line when the answer is to be lost. The lock is held, and given
// back on the way out.
func (s *Server) cut() {
	if s.lose > 0 {
		s.lose--
		panic(http.ErrAbortHandler)
	}
}

// problem is how Mollie tells what is wrong.
func problem(status int, detail, field string) []byte {
	return encode(refused(status, detail, field))
}

func refused(status int, detail, field string) object {
	o := object{"status": status, "title": http.StatusText(status), "detail": detail,
		"_links": object{"documentation": object{"href": "https://docs.mollie.com/errors", "type": "text/html"}}}
	if field != "" {
		o["field"] = field
	}
	return o
}

func encode(o object) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(o); err != nil {
		panic(err) // of our own making
	}
	return b.Bytes()
}

func reply(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/hal+json")
	w.WriteHeader(status)
	w.Write(body)
}

// id makes a name as Mollie's are.
func id(prefix string) string { return prefix + strings.ToLower(secret.NewID()[:12]) }

package mollietest

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// answerWithin is how long Mollie waits for the answer to a message.
const answerWithin = 15 * time.Second

// Mode says what becomes of messages.
type Mode struct {
	times int           // how often each is sent
	late  time.Duration // how long it is held back
	first bool          // whoever changed the payment waits for the answer
}

var (
	Normal = Mode{times: 1}
	Never  = Mode{}
	Twice  = Mode{times: 2} // at the same moment
	// Before sends the message before the payer's browser is sent back.
	Before = Mode{times: 1, first: true}
)

// Late holds messages back.
func Late(by time.Duration) Mode { return Mode{times: 1, late: by} }

// Call is one message that was sent.
type Call struct {
	PaymentID string
	URL       string
	Status    int // of the answer, 0 when none came
	Took      time.Duration
}

// office sends the messages.
type office struct {
	client *http.Client
	clock  func() time.Time
	ctx    context.Context // of all messages
	stop   context.CancelFunc

	mu    sync.Mutex
	idle  *sync.Cond // no message is on its way
	busy  int
	mode  Mode
	calls []Call
}

func (o *office) open(clock func() time.Time) {
	o.clock, o.mode, o.idle = clock, Normal, sync.NewCond(&o.mu)
	o.ctx, o.stop = context.WithCancel(context.Background())
	o.client = &http.Client{
		Timeout:   answerWithin,
		Transport: &http.Transport{DisableKeepAlives: true}, // a receiver that restarts is met anew
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			// Only 307 and 308 keep the POST, and only those are followed.
			if r.Method != http.MethodPost || !near(r.URL.String()) || len(via) > 3 {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
}

func (o *office) close() {
	o.stop()
	o.wait()
}

func (o *office) wait() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.busy > 0 {
		o.idle.Wait()
	}
}

// near says whether an address is on this machine: a test never calls another.
func near(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "http" && (u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost" || strings.HasSuffix(u.Hostname(), ".localhost"))
}

// tell sends the message about a payment in the way of the mode.
func (o *office) tell(to, payment string) {
	if !near(to) {
		return
	}
	o.mu.Lock()
	mode := o.mode
	o.mu.Unlock()
	if mode.first {
		o.send(to, payment)
		return
	}
	for range mode.times {
		o.mu.Lock()
		o.busy++
		o.mu.Unlock()
		go func() {
			defer o.done()
			hold := time.NewTimer(mode.late)
			defer hold.Stop()
			select {
			case <-o.ctx.Done():
			case <-hold.C:
				o.send(to, payment)
			}
		}()
	}
}

func (o *office) done() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.busy--; o.busy == 0 {
		o.idle.Broadcast()
	}
}

// send sends one message, waits for its answer and writes it down.
func (o *office) send(to, payment string) int {
	began, status := o.clock(), 0
	r, err := http.NewRequestWithContext(o.ctx, http.MethodPost, to, strings.NewReader(url.Values{"id": {payment}}.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("User-Agent", "Mollie")
		if res, err := o.client.Do(r); err == nil {
			status = res.StatusCode
			res.Body.Close()
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calls = append(o.calls, Call{PaymentID: payment, URL: to, Status: status, Took: o.clock().Sub(began)})
	return status
}

// Webhooks chooses what becomes of messages from now on.
func (s *Server) Webhooks(m Mode) {
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	s.post.mode = m
}

// Send sends the message about a payment now, whatever the mode, and returns
// the status of the answer, 0 when none came.
func (s *Server) Send(id string) int {
	s.mu.Lock()
	p, ok := s.payments[id]
	to := ""
	if ok {
		to = p.WebhookURL
	}
	s.mu.Unlock()
	return s.Forge(to, id)
}

// Forge sends a message that is not Mollie's: to any webhook on this machine,
// about any payment.
func (s *Server) Forge(to, id string) int {
	if !near(to) {
		return 0
	}
	return s.post.send(to, id)
}

// Redeliver sends every message again whose last try got no 200, as Mollie does
// over a day, and says how many there were. Messages that were lost with their
// receiver arrive by this.
func (s *Server) Redeliver() int {
	type message struct{ to, id string }
	failed := map[message]bool{}
	for _, c := range s.Calls() {
		failed[message{c.URL, c.PaymentID}] = c.Status != http.StatusOK
	}
	n := 0
	for m, again := range failed {
		if again {
			n++
			s.post.send(m.to, m.id)
		}
	}
	return n
}

// Wait waits until no message is on its way, late ones included.
func (s *Server) Wait() { s.post.wait() }

// Calls shows all messages so far, in the order in which they ended.
func (s *Server) Calls() []Call {
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	return slices.Clone(s.post.calls)
}

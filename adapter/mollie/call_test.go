package mollie

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/adapter/mollie/mollietest"
	"lidwoord/base/secret"
	"lidwoord/library/payment"
)

// at makes a provider whose service is h.
func at(t *testing.T, h http.HandlerFunc) *Provider {
	t.Helper()
	web := httptest.NewServer(h)
	t.Cleanup(web.Close)
	return with(t, Config{Key: mollietest.NewKey(), URL: web.URL + "/v2"})
}

func TestWhatIsRefusedForGoodAndWhatMayBeTriedAgain(t *testing.T) {
	w := start(t)
	id := w.paid(t)
	for status, refused := range map[int]bool{
		400: true, 405: true, 410: true, 415: true, 422: true,
		401: false, 403: false, 408: false, 409: false, 425: false, 429: false, 500: false, 502: false, 503: false, 504: false,
		204: false, 302: false,
	} {
		calls := map[string]func() error{
			"begin":   func() error { _, err := w.Begin(t.Context(), anOrder()); return err },
			"outcome": func() error { _, err := w.Outcome(t.Context(), id); return err },
			"refund": func() error {
				_, err := w.Refund(t.Context(), id, payment.RefundOrder{Key: secret.NewID(), Cents: 100})
				return err
			},
		}
		for name, call := range calls {
			w.server.Fault(status, 1+len(w.pauses))
			err := call()
			if err == nil || errors.Is(err, payment.ErrRefused) != refused || errors.Is(err, payment.ErrUnknown) {
				t.Errorf("%s, status %d: %v; want refused %v", name, status, err, refused)
			}
		}
	}
	if n := len(w.server.Payments()); n != 1 {
		t.Errorf("%d payments, want the one that was paid", n)
	}
}

func TestAWrongKeyIsOursToMend(t *testing.T) {
	w := start(t)
	wrong := with(t, Config{Key: mollietest.NewKey(), URL: w.url + "/v2"})
	_, err := wrong.Begin(t.Context(), anOrder())
	if err == nil || errors.Is(err, payment.ErrRefused) || !strings.Contains(err.Error(), "key in the configuration") || strings.Contains(err.Error(), string(wrong.key)) {
		t.Errorf("got %v", err)
	}
}

func TestARefusalNamesTheFieldAndNothingElse(t *testing.T) {
	w := start(t)
	o := anOrder()
	o.Webhook = "E. B. Tester"
	_, err := w.Begin(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "webhookUrl") || strings.Contains(err.Error(), "Tester") {
		t.Errorf("got %v", err)
	}
	p := at(t, func(rw http.ResponseWriter, r *http.Request) {
		rw.WriteHeader(422)
		fmt.Fprint(rw, `{"status":422,"title":"E. B. Tester","detail":"NL91ABNA0417164300","field":"E. B. Tester"}`)
	})
	if _, err = p.Begin(t.Context(), anOrder()); err == nil || strings.Contains(err.Error(), "Tester") || strings.Contains(err.Error(), "NL91") {
		t.Errorf("got %v", err)
	}
}

func TestAMollieThatIsDownForAMomentIsAskedThreeTimes(t *testing.T) {
	w := start(t)
	w.server.Fault(503, 2)
	if _, err := w.Begin(t.Context(), anOrder()); err != nil {
		t.Errorf("down twice: %v", err)
	}
	w.server.Fault(503, 3)
	if _, err := w.Begin(t.Context(), anOrder()); err == nil {
		t.Error("down three times: no error")
	}
	if n := w.server.Asked("POST /v2/payments"); n != 6 {
		t.Errorf("asked %d times, want 3 and 3", n)
	}
	w.server.Fault(429, 1)
	if _, err := w.Begin(t.Context(), anOrder()); err == nil || w.server.Asked("POST /v2/payments") != 7 {
		t.Errorf("a Mollie that has enough of us was asked again: %v", err)
	}
}

func TestAPauseEndsWithTheTimeOfTheCaller(t *testing.T) {
	w := start(t)
	w.pauses = []time.Duration{time.Hour}
	w.server.Fault(503, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := w.Begin(ctx, anOrder()); err == nil || errors.Is(err, payment.ErrRefused) {
		t.Errorf("got %v", err)
	}
}

func TestASlowMollieIsLeftAlone(t *testing.T) {
	w := start(t)
	w.limit = 50 * time.Millisecond
	w.server.Slow(300 * time.Millisecond)
	o := anOrder()
	if _, err := w.Begin(t.Context(), o); err == nil || errors.Is(err, payment.ErrRefused) {
		t.Fatalf("got %v", err)
	}
	w.limit = callLife
	w.server.Slow(0)
	w.inLife() // until it is done with the first
	b, err := w.Begin(t.Context(), o)
	if all := w.server.Payments(); err != nil || len(all) != 1 || all[0].ID != b.ID {
		t.Errorf("%+v, %v; Mollie has %+v", b, err, all)
	}
}

func TestTheKeyGoesToNobodyElse(t *testing.T) {
	var asked atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked.Add(1) }))
	defer elsewhere.Close()
	moved := at(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, 307) })
	if _, err := moved.Begin(t.Context(), anOrder()); err == nil || errors.Is(err, payment.ErrRefused) {
		t.Errorf("moved: %v", err)
	}
	for _, next := range []string{elsewhere.URL + "/v2/payments/tr_abcdefgh/refunds", "https://127.0.0.1/v2/x", "/v2/x", "http://%zz", "x"} {
		p := at(t, func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"_embedded":{"refunds":[]},"_links":{"next":{"href":%q}}}`, next)
		})
		if _, err := p.Refund(t.Context(), "tr_abcdefgh", payment.RefundOrder{Key: secret.NewID(), Cents: 1}); !errors.Is(err, errAway) {
			t.Errorf("a list that goes on at %s: %v", next, err)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("elsewhere was asked %d times", n)
	}
}

func TestAListWithoutEndIsNotHalfRead(t *testing.T) {
	var posted atomic.Int32
	p := at(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posted.Add(1)
		}
		fmt.Fprintf(w, `{"_embedded":{"refunds":[]},"_links":{"next":{"href":"http://%s/v2/payments/tr_abcdefgh/refunds?from=re_x"}}}`, r.Host)
	})
	_, err := p.Refund(t.Context(), "tr_abcdefgh", payment.RefundOrder{Key: secret.NewID(), Cents: 1})
	if !errors.Is(err, errTooMany) || errors.Is(err, payment.ErrRefused) || posted.Load() != 0 {
		t.Errorf("got %v after %d orders", err, posted.Load())
	}
}

func TestABrokenAnswerIsAnErrorThatRepeatsNothing(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"html":    func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>Tester") },
		"nothing": func(w http.ResponseWriter, r *http.Request) {},
		"endless": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, `{"x":"`+strings.Repeat("Tester", answerMost/5))
		},
		"hangs up": func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) },
		"half": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, `{"id":"Tester`)
		},
		"a name": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"id":{"consumerName":"Tester"}}`) },
		"a number": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, `{"id":"tr_abcdefgh","status":"paid","amount":{"currency":"EUR","value":45.00}}`)
		},
		"another payment": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, `{"id":"tr_Tester00","status":"paid","amount":{"currency":"EUR","value":"45.00"},"paidAt":"2026-11-23T09:00:00+00:00"}`)
		},
	} {
		p := at(t, h)
		_, outcome := p.Outcome(t.Context(), "tr_abcdefgh")
		_, begin := p.Begin(t.Context(), anOrder())
		_, refund := p.Refund(t.Context(), "tr_abcdefgh", payment.RefundOrder{Key: secret.NewID(), Cents: 1})
		for call, err := range map[string]error{"outcome": outcome, "begin": begin, "refund": refund} {
			if err == nil || errors.Is(err, payment.ErrRefused) || strings.Contains(err.Error(), "Tester") {
				t.Errorf("%s, %s: %v", name, call, err)
			}
		}
	}
}

package mollie

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/adapter/mollie/mollietest"
	"lidwoord/base/secret"
	"lidwoord/base/words"
	"lidwoord/library/payment"
)

// world is a Mollie over real HTTP, and a provider that holds its key.
type world struct {
	*Provider
	server *mollietest.Server
	url    string
}

func start(t *testing.T) *world {
	t.Helper()
	key := mollietest.NewKey()
	server := mollietest.New(key, time.Now)
	web := httptest.NewServer(server)
	t.Cleanup(func() {
		server.Close()
		web.Close()
	})
	p := with(t, Config{Key: key, Method: "ideal", URL: web.URL + "/v2"})
	return &world{Provider: p, server: server, url: web.URL}
}

// with makes a provider that does not pause for long.
func with(t *testing.T, c Config) *Provider {
	t.Helper()
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	p.pauses = []time.Duration{10 * time.Millisecond, 40 * time.Millisecond}
	return p
}

// inLife pauses as in life, for tests that must not fail on a busy machine.
func (w *world) inLife() { w.pauses = []time.Duration{200 * time.Millisecond, 800 * time.Millisecond} }

func anOrder() payment.Order {
	return payment.Order{
		Key: secret.NewID(), Cents: 4500, Text: "Digital only, 12 maanden", Lang: words.NL,
		Return: "https://lid.example.nl/betaling/1", Webhook: "https://lid.example.nl/hooks/mollie",
	}
}

// begun is a payment of 45 euros that waits for its payer.
func (w *world) begun(t *testing.T) string {
	t.Helper()
	b, err := w.Begin(t.Context(), anOrder())
	if err != nil {
		t.Fatal(err)
	}
	return b.ID
}

// paid is a payment of 45 euros whose payer did their part.
func (w *world) paid(t *testing.T) string {
	t.Helper()
	id := w.begun(t)
	if !w.server.Pay(id) {
		t.Fatal("the payer cannot pay")
	}
	return id
}

func (w *world) outcome(t *testing.T, id string) payment.Outcome {
	t.Helper()
	o, err := w.Outcome(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestAPaymentIsAskedForAsDocumented(t *testing.T) {
	w := start(t)
	o := anOrder()
	o.Text = "Digital only,\n" + strings.Repeat("é", 300)
	b, err := w.Begin(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	got := w.server.Payments()[0]
	want := mollietest.Payment{
		ID: b.ID, Key: o.Key, Status: "open", Cents: 4500, Description: "Digital only, " + strings.Repeat("é", 241),
		Method: "ideal", Locale: "nl_NL", RedirectURL: o.Return, WebhookURL: o.Webhook, CreatedAt: got.CreatedAt,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("Mollie got\n%+v, want\n%+v", got, want)
	}
	if b.Checkout != w.url+"/checkout/"+b.ID {
		t.Errorf("the payer is sent to %s", b.Checkout)
	}
	english := anOrder()
	english.Lang, english.Cents, english.Webhook, w.method = words.EN, 105, "", ""
	if _, err := w.Begin(t.Context(), english); err != nil {
		t.Fatal(err)
	}
	if got := w.server.Payments()[1]; got.Locale != "en_US" || got.Cents != 105 || got.WebhookURL != "" || got.Method != "" {
		t.Errorf("in English, without a webhook and a method: %+v", got)
	}
}

func TestAnOrderThatCannotBeIsRefusedHere(t *testing.T) {
	w := start(t)
	for name, change := range map[string]func(*payment.Order){
		"no key":         func(o *payment.Order) { o.Key = "" },
		"nothing to pay": func(o *payment.Order) { o.Cents = 0 },
		"less":           func(o *payment.Order) { o.Cents = -1 },
	} {
		o := anOrder()
		change(&o)
		if _, err := w.Begin(t.Context(), o); !errors.Is(err, payment.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := w.server.Asked("POST /v2/payments"); n != 0 {
		t.Errorf("Mollie was asked %d times", n)
	}
}

func TestOneKeyIsOnePayment(t *testing.T) {
	w := start(t)
	o := anOrder()
	first, err := w.Begin(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	w.server.Pay(first.ID)
	second, err := w.Begin(t.Context(), o)
	if err != nil || second != first {
		t.Errorf("first %+v, then %+v, %v", first, second, err)
	}
	o.Cents++
	if _, err := w.Begin(t.Context(), o); !errors.Is(err, payment.ErrRefused) {
		t.Errorf("one key for two orders: %v", err)
	}
	if n := len(w.server.Payments()); n != 1 {
		t.Errorf("%d payments", n)
	}
}

func TestALostAnswerToAnOrderIsFetchedAgain(t *testing.T) {
	w := start(t)
	w.server.LoseAnswers(2)
	b, err := w.Begin(t.Context(), anOrder())
	if err != nil {
		t.Fatal(err)
	}
	if all := w.server.Payments(); len(all) != 1 || all[0].ID != b.ID {
		t.Errorf("begun %s; Mollie has %+v", b.ID, all)
	}
}

func TestSixteenClicksMakeOnePayment(t *testing.T) {
	w := start(t)
	w.inLife()
	w.server.Slow(5 * time.Millisecond) // so that they meet
	o := anOrder()
	var mu sync.Mutex
	ids := map[string]int{}
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			b, err := w.Begin(t.Context(), o)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			ids[b.ID]++
		})
	}
	all.Wait()
	if n := len(w.server.Payments()); n != 1 || len(ids) != 1 {
		t.Errorf("%d payments; answers %v", n, ids)
	}
}

func TestStatesAreReadAsTheyAreDocumented(t *testing.T) {
	w := start(t)
	for word, want := range map[string]payment.State{
		"open": payment.Open, "pending": payment.Open, "authorized": payment.Open, "paid": payment.Paid,
		"failed": payment.Failed, "canceled": payment.Cancelled, "expired": payment.Expired,
	} {
		id := w.begun(t)
		w.server.SetStatus(id, word)
		o := w.outcome(t, id)
		if o.State != want || o.Cents != 4500 || o.PaidAt.IsZero() == (want == payment.Paid) || o.Method != "ideal" || o.Refunds != nil || o.ChargedBack != 0 {
			t.Errorf("%s: %+v", word, o)
		}
	}
	for _, word := range []string{"shipping", "", "Paid", "cancelled"} {
		id := w.begun(t)
		w.server.SetStatus(id, word)
		if o, err := w.Outcome(t.Context(), id); err == nil || errors.Is(err, payment.ErrRefused) || o.State != "" {
			t.Errorf("status %q: %+v, %v; want an error that may be tried again", word, o, err)
		}
	}
}

func TestAPaymentThatEndedCanStillBePaid(t *testing.T) {
	w := start(t)
	id := w.begun(t)
	w.server.Expire(id)
	if o := w.outcome(t, id); o.State != payment.Expired {
		t.Errorf("expired: %+v", o)
	}
	w.server.Pay(id)
	if o := w.outcome(t, id); o.State != payment.Paid || time.Since(o.PaidAt) > time.Minute {
		t.Errorf("paid late: %+v", o)
	}
}

func TestAPaymentThatMollieDoesNotKnow(t *testing.T) {
	w := start(t)
	for _, id := range []string{"tr_nobodyhasit", "", "tr_", "tr_a/../b", "re_abcdefgh", "tr_abc?embed=x", "../payments", "tr_abcd\n", "tr_" + strings.Repeat("a", 65)} {
		if _, err := w.Outcome(t.Context(), id); !errors.Is(err, payment.ErrUnknown) || !errors.Is(err, payment.ErrRefused) {
			t.Errorf("outcome of %q: %v", id, err)
		}
		if _, err := w.Refund(t.Context(), id, payment.RefundOrder{Key: secret.NewID(), Cents: 1}); !errors.Is(err, payment.ErrUnknown) {
			t.Errorf("refund of %q: %v", id, err)
		}
	}
	if n := w.server.Asked("GET /v2/payments/{id}"); n != 1 {
		t.Errorf("%d names reached the service, want the one of the right shape", n)
	}
}

func TestAnAddressOrKeyThatCannotBeIsRefusedAtTheStart(t *testing.T) {
	key := mollietest.NewKey()
	for name, c := range map[string]Config{
		"no key":             {},
		"another key":        {Key: "access_" + key[5:]},
		"a line in the key":  {Key: key + "\r\nX: y"},
		"in the open":        {Key: key, URL: "http://api.example.nl/v2"},
		"in the open, near":  {Key: key, URL: "http://127.0.0.1.example.nl/v2"},
		"no address":         {Key: key, URL: "api"},
		"another scheme":     {Key: key, URL: "ftp://127.0.0.1/v2"},
		"a name in it":       {Key: key, URL: "https://me:you@api.example.nl/v2"},
		"a question in it":   {Key: key, URL: "https://api.example.nl/v2?x=1"},
		"no method at all":   {Key: key, Method: "iDEAL | Wero"},
		"a method with more": {Key: key, Method: `ideal","x":"`},
	} {
		if _, err := New(c); err == nil || c.Key != "" && strings.Contains(err.Error(), string(c.Key)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p, err := New(Config{Key: "live_" + key[5:]})
	if err != nil || p.base.String() != Address {
		t.Errorf("the real one: %v, %v", p, err)
	}
}

func TestAMessageNamesOnePayment(t *testing.T) {
	got := make(chan string, 1)
	library := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		if len(r.PostForm) != 1 || len(r.PostForm["id"]) != 1 {
			t.Errorf("form %v", r.PostForm)
		}
		got <- r.PostForm.Get("id")
	}))
	defer library.Close()
	w := start(t)
	o := anOrder()
	o.Webhook = library.URL + "/hooks/mollie"
	b, err := w.Begin(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	w.server.Pay(b.ID)
	if id := <-got; id != b.ID {
		t.Errorf("the message names %s, want %s", id, b.ID)
	}
}

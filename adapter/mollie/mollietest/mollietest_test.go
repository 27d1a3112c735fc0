package mollietest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// mollie is a Server over real HTTP, with a client that holds its key.
type mollie struct {
	*Server
	url string
}

func start(t *testing.T) *mollie {
	t.Helper()
	s := New(NewKey(), time.Now)
	web := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		web.Close()
	})
	return &mollie{s, web.URL}
}

// post asks for something under a key.
func (m *mollie) post(t *testing.T, path, key, body string) (res *http.Response, answer map[string]any) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, m.url+"/v2"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+string(m.key))
	r.Header.Set("Idempotency-Key", key)
	if res, err = http.DefaultClient.Do(r); err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return res, answer
}

func order(webhook string) string {
	return fmt.Sprintf(`{"amount":{"currency":"EUR","value":"45.00"},"description":"Digital only","redirectUrl":"http://127.0.0.1/back","webhookUrl":%q}`, webhook)
}

// begun makes a payment that tells webhook.
func (m *mollie) begun(t *testing.T, webhook string) string {
	t.Helper()
	res, answer := m.post(t, "/payments", NewKey().Digest(), order(webhook))
	if res.StatusCode != http.StatusCreated {
		t.Fatal(res.Status, answer)
	}
	return answer["id"].(string)
}

func TestAKeyIsKnownForAnHour(t *testing.T) {
	m := start(t)
	res, first := m.post(t, "/payments", "k1", order("http://127.0.0.1/hook"))
	if res.StatusCode != http.StatusCreated || res.Header.Get("Idempotent-Replayed") != "" {
		t.Fatal(res.Status, first)
	}
	m.Forward(KeyLife - 5*time.Second)
	if res, again := m.post(t, "/payments", "k1", order("http://127.0.0.1/hook")); res.Header.Get("Idempotent-Replayed") != "true" || again["id"] != first["id"] {
		t.Errorf("again: %s, %v", res.Status, again)
	}
	if res, _ := m.post(t, "/payments", "k1", order("http://127.0.0.1/other")); res.StatusCode != http.StatusBadRequest {
		t.Errorf("another order under the same key: %s", res.Status)
	}
	m.Forward(10 * time.Second)
	if _, other := m.post(t, "/payments", "k1", order("http://127.0.0.1/hook")); other["id"] == first["id"] || len(m.Payments()) != 2 {
		t.Errorf("after the hour: %v", other)
	}
}

func TestAKeyIsTakenWhileItsCallIsUnderWay(t *testing.T) {
	m := start(t)
	m.Slow(200 * time.Millisecond)
	var made, busy atomic.Int32
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			switch res, _ := m.post(t, "/payments", "k1", order("")); res.StatusCode {
			case http.StatusCreated:
				made.Add(1)
			case http.StatusConflict:
				busy.Add(1)
			}
		})
	}
	all.Wait()
	if made.Load() < 1 || busy.Load() < 1 || made.Load()+busy.Load() != 16 || len(m.Payments()) != 1 {
		t.Errorf("%d made, %d busy, %d payments", made.Load(), busy.Load(), len(m.Payments()))
	}
}

func TestAnOrderThatIsNotInOrderIsRefused(t *testing.T) {
	m := start(t)
	for field, body := range map[string]string{
		"amount":      `{"amount":{"currency":"EUR","value":"45"},"description":"x","redirectUrl":"http://x/"}`,
		"description": `{"amount":{"currency":"EUR","value":"45.00"},"description":"` + strings.Repeat("x", 256) + `","redirectUrl":"http://x/"}`,
		"redirectUrl": `{"amount":{"currency":"EUR","value":"45.00"},"description":"x"}`,
		"locale":      `{"amount":{"currency":"EUR","value":"45.00"},"description":"x","redirectUrl":"http://x/","locale":"nl"}`,
	} {
		if res, answer := m.post(t, "/payments", field, body); res.StatusCode != http.StatusUnprocessableEntity || answer["field"] != field {
			t.Errorf("%s: %s, %v", field, res.Status, answer)
		}
	}
	res, err := http.Get(m.url + "/v2/payments/tr_x")
	if err != nil || res.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a key: %v, %v", res, err)
	}
}

func TestAPaymentEndsOnce(t *testing.T) {
	m := start(t)
	id := m.begun(t, "")
	if !m.Cancel(id) || m.Fail(id) || m.Expire(id) || m.Cancel(id) {
		t.Error("a payment that was given up ended again")
	}
	if !m.Pay(id) || m.Pay(id) || m.Cancel(id) || m.Pay("tr_nobody") {
		t.Error("late money comes once, and stays")
	}
	if m.Payments()[0].Status != "paid" {
		t.Errorf("%+v", m.Payments()[0])
	}
}

func TestMoneyThatCameBackIsThereAgain(t *testing.T) {
	m := start(t)
	id := m.begun(t, "")
	if m.RefundThere(id, 100) != "" || m.ChargeBack(id, 100) {
		t.Error("money went back that never came")
	}
	m.Pay(id)
	refund := m.RefundThere(id, 4500)
	if refund == "" || m.RefundThere(id, 1) != "" {
		t.Error("more went back than came")
	}
	if !m.FailRefund(refund) || m.Money()[id].Refunded != 0 || m.RefundThere(id, 4000) == "" {
		t.Error("a refund that failed keeps its money")
	}
	m.FinishRefunds()
	if r := m.Payments()[0].Refunds; r[0].Status != "failed" || r[1].Status != "refunded" {
		t.Errorf("%+v", r)
	}
}

// library counts the messages that it gets about each payment.
type library struct {
	*httptest.Server
	mu   sync.Mutex
	got  map[string]int
	down bool
}

func newLibrary(t *testing.T) *library {
	l := &library{got: map[string]int{}}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.down {
			panic(http.ErrAbortHandler)
		}
		l.got[r.PostFormValue("id")]++
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *library) count(id string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.got[id]
}

func TestMessagesComeAsTheModeSays(t *testing.T) {
	m, l := start(t), newLibrary(t)
	for name, c := range map[string]struct {
		mode Mode
		want int
	}{"normal": {Normal, 1}, "never": {Never, 0}, "twice": {Twice, 2}, "before": {Before, 1}, "late": {Late(30 * time.Millisecond), 1}} {
		m.Webhooks(c.mode)
		id := m.begun(t, l.URL)
		m.SetStatus(id, "pending") // silent
		m.Pay(id)
		if n := l.count(id); c.mode.first && n != 1 || c.mode.late > 0 && n != 0 {
			t.Errorf("%s: %d at once", name, n)
		}
		m.Wait()
		if n := l.count(id); n != c.want {
			t.Errorf("%s: %d messages, want %d", name, n, c.want)
		}
	}
	for _, c := range m.Calls() {
		if c.Status != http.StatusOK || c.URL != l.URL {
			t.Errorf("%+v", c)
		}
	}
}

func TestMessagesTellOfMoneyThatGoesBack(t *testing.T) {
	m, l := start(t), newLibrary(t)
	id := m.begun(t, l.URL)
	m.Pay(id)
	m.RefundThere(id, 1000)
	m.FinishRefunds()
	m.ChargeBack(id, 500)
	m.Wait()
	if n := l.count(id); n != 4 {
		t.Errorf("%d messages, want 4: paid, refund made, refund done, charged back", n)
	}
}

func TestAMessageThatWasLostComesAgain(t *testing.T) {
	m, l := start(t), newLibrary(t)
	l.down = true
	id := m.begun(t, l.URL)
	m.Pay(id)
	m.Wait()
	if c := m.Calls(); len(c) != 1 || c[0].Status != 0 {
		t.Fatalf("%+v", c)
	}
	l.mu.Lock()
	l.down = false
	l.mu.Unlock()
	if n := m.Redeliver(); n != 1 || l.count(id) != 1 || m.Redeliver() != 0 {
		t.Errorf("%d sent again, %d came", n, l.count(id))
	}
}

func TestAForgedMessageReachesThisMachineOnly(t *testing.T) {
	m, l := start(t), newLibrary(t)
	if m.Forge(l.URL, "tr_nobodyhasit") != http.StatusOK || l.count("tr_nobodyhasit") != 1 {
		t.Error("a forged message did not come")
	}
	if m.Forge("http://192.0.2.1/", "tr_x") != 0 || m.Forge("https://127.0.0.1.example.nl/", "tr_x") != 0 || len(m.Calls()) != 1 {
		t.Errorf("a message left this machine: %+v", m.Calls())
	}
	id := m.begun(t, "http://192.0.2.1/hook")
	m.Pay(id)
	m.Wait()
	if m.Send(id) != 0 || len(m.Calls()) != 1 {
		t.Errorf("a message left this machine: %+v", m.Calls())
	}
}

func TestThePayerSaysHowItWent(t *testing.T) {
	m := start(t)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for word, status := range map[string]string{"betaald": "paid", "mislukt": "failed", "geannuleerd": "canceled", "verlopen": "expired"} {
		id := m.begun(t, "")
		page := m.url + "/checkout/" + id
		res, err := client.Get(page)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(res.Body)
		if !strings.Contains(string(text), `value="`+word+`"`) || !strings.Contains(string(text), "€\u00a045,00") {
			t.Errorf("the page:\n%s", text)
		}
		for _, press := range []string{word, "betaald"} { // the second comes too late
			res, err = client.PostForm(page, url.Values{"outcome": {press}})
			if err != nil || res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "http://127.0.0.1/back" {
				t.Errorf("%s: %v, %v", press, res, err)
			}
		}
		if p, _ := m.find(id); p.Status != status {
			t.Errorf("%s: %s, want %s", word, p.Status, status)
		}
	}
	if res, err := client.PostForm(m.url+"/checkout/"+m.begun(t, ""), url.Values{"outcome": {"later"}}); err != nil || res.StatusCode != http.StatusBadRequest {
		t.Errorf("another word: %v, %v", res, err)
	}
}

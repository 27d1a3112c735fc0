package testbank_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	bank "lidwoord/adapter/testbank"
	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/library/payment"
	"lidwoord/web/kit"
	"lidwoord/web/testbank"
)

// counter is the real bank as the roof hands it to the door.
type counter struct{ *bank.Bank }

func (c counter) Find(ctx context.Context, id string) (testbank.Payment, bool, error) {
	p, found, err := c.Bank.Find(ctx, id)
	return testbank.Payment(p), found, err
}

func (c counter) Recent(ctx context.Context, limit int) ([]testbank.Payment, error) {
	list, err := c.Bank.Recent(ctx, limit)
	shown := make([]testbank.Payment, len(list))
	for i, p := range list {
		shown[i] = testbank.Payment(p)
	}
	return shown, err
}

func (c counter) Choose(ctx context.Context, id string, choice testbank.Choice) (testbank.Payment, bool, error) {
	p, found, err := c.Bank.Choose(ctx, id, bank.Choice(choice))
	return testbank.Payment(p), found, err
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// demo is the bank, its door, and a shop that is only a page to come back to.
type demo struct {
	t    *testing.T
	bank *bank.Bank
	at   string // of the door
	shop string
	now  time.Time

	mu    sync.Mutex
	heard []string // payments that the webhook told of
}

func open(t *testing.T, db *sqldb.DB) *demo {
	t.Helper()
	d := &demo{t: t, now: noon}
	db.Now = func() time.Time { return d.now }
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.heard = append(d.heard, r.PostFormValue("id"))
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte(`<!doctype html><html lang="nl"><title>Winkel</title><h1>Terug in de bibliotheek</h1></html>`))
	}))
	t.Cleanup(shop.Close)
	var h http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	d.at, d.shop = srv.URL+"/dev/bank", shop.URL
	base, err := url.Parse(d.at)
	if err != nil {
		t.Fatal(err)
	}
	if d.bank, err = bank.New(db, base, true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.bank.Wait)
	list, err := words.Load(kit.Words, day.Words, testbank.Words)
	if err != nil {
		t.Fatal(err)
	}
	s, err := testbank.New(&kit.House{DB: db, Words: list, Doors: kit.Doors{Bank: base}, Demo: true,
		Brand: kit.Brand{Name: "Bind bibliotheken"}, Log: slog.New(slog.DiscardHandler)}, counter{d.bank})
	if err != nil {
		t.Fatal(err)
	}
	h = s.Handler(s)
	return d
}

// begin opens a payment and returns its id and the page to send the payer to.
func (d *demo) begin(key, text string) (id, page string) {
	d.t.Helper()
	begun, err := d.bank.Begin(d.t.Context(), payment.Order{Key: key, Cents: 4500, Text: text, Lang: words.NL,
		Return: d.shop + "/terug?bestelling=" + key, Webhook: d.shop + "/haak"})
	if err != nil {
		d.t.Fatal(err)
	}
	return begun.ID, begun.Checkout
}

func (d *demo) state(id string) payment.State {
	d.t.Helper()
	o, err := d.bank.Outcome(d.t.Context(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	return o.State
}

// took returns of which payments the shop was told since the last time.
func (d *demo) took() []string {
	d.bank.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	heard := d.heard
	d.heard = nil
	return heard
}

// stay follows no redirect, so that a test sees where it leads.
var stay = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

type answer struct {
	status           int
	to, body, policy string
}

func (d *demo) read(res *http.Response, err error) answer {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header.Get("Location"), string(body), res.Header.Get("Content-Security-Policy")}
}

func (d *demo) get(address string) answer {
	d.t.Helper()
	return d.read(stay.Get(address))
}

func (d *demo) press(path, choice string) answer {
	d.t.Helper()
	return d.read(stay.PostForm(d.at+path, url.Values{"keuze": {choice}}))
}

func TestTheBankPageOpensInTheDemoOnly(t *testing.T) {
	if _, err := testbank.New(&kit.House{}, nil); err == nil {
		t.Error("the bank page opened outside the demo")
	}
}

func TestThePageSaysThatNoRealMoneyIsPaid(t *testing.T) {
	d := open(t, sqldbtest.New(t))
	_, page := d.begin("a", "Digital only <12 maanden>")
	address, _, _ := strings.Cut(page, "?")
	for lang, wants := range map[string][]string{
		"nl": {"Dit is een testbank. Er wordt geen echt geld betaald.", "Waarvoor", "Betaald", "Mislukt", "Geannuleerd", "Verlopen", "Later"},
		"en": {"This is a test bank. No real money is paid.", "What for", "Paid", "Failed", "Cancelled", "Expired", "Later"},
	} {
		a := d.get(address + "?taal=" + lang)
		for _, want := range append(wants, "€\u00a045,00", "Digital only &lt;12 maanden&gt;", "Bind bibliotheken", `<html lang="`+lang+`">`) {
			if !strings.Contains(a.body, want) {
				t.Errorf("%s page lacks %q:\n%s", lang, want, a.body)
			}
		}
		if a := d.get(d.at + "/?taal=" + lang); !strings.Contains(a.body, wants[0]) || !strings.Contains(a.body, "Digital only") {
			t.Errorf("the %s list says:\n%s", lang, a.body)
		}
	}
	if a := d.get(page); !strings.Contains(a.policy, "form-action 'self' https: http:") {
		t.Errorf("the form may not lead to the shop: %s", a.policy)
	}
}

func TestEachChoiceLeadsBackToTheShop(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t, db)
		for choice, over := range map[string]string{"paid": "is betaald", "failed": "is mislukt", "cancelled": "is geannuleerd", "expired": "is verlopen"} {
			id, page := d.begin(choice, "Digital only")
			want := d.shop + "/terug?bestelling=" + choice
			if a := d.press("/"+id, choice); a.status != http.StatusSeeOther || a.to != want {
				t.Errorf("%s: %d to %s", choice, a.status, a.to)
			}
			if state := d.state(id); string(state) != choice {
				t.Errorf("%s: the payment is %s", choice, state)
			}
			if heard := d.took(); !slices.Equal(heard, []string{id}) {
				t.Errorf("%s: the shop was told of %v", choice, heard)
			}
			a := d.get(page)
			if a.status != http.StatusOK || !strings.Contains(a.body, "Deze betaling "+over) || !strings.Contains(a.body, `href="`+want+`"`) || strings.Contains(a.body, "<form") {
				t.Errorf("%s: the page says afterwards:\n%s", choice, a.body)
			}
			if a := d.press("/"+id, choice); a.to != want {
				t.Errorf("%s, pressed again, leads to %s", choice, a.to)
			}
		}
	})
}

func TestWhoPressesAnotherButtonTooLateSeesWhatWasChosen(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t, db)
		id, _ := d.begin("a", "Digital only")
		d.press("/"+id, "cancelled")
		for _, choice := range []string{"paid", "later"} {
			if a := d.press("/"+id, choice); a.status != http.StatusSeeOther || a.to != "/dev/bank/"+id || d.state(id) != payment.Cancelled {
				t.Errorf("%s: %d to %s, the payment is %s", choice, a.status, a.to, d.state(id))
			}
		}
	})
}

func TestLaterLeadsBackWhileThePaymentIsOpen(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t, db)
		id, page := d.begin("a", "Digital only")
		for range 2 {
			if a := d.press("/"+id, "later"); a.to != d.shop+"/terug?bestelling=a" || d.state(id) != payment.Open {
				t.Errorf("%d to %s, the payment is %s", a.status, a.to, d.state(id))
			}
		}
		if a := d.get(page); !strings.Contains(a.body, "Je koos Later") || !strings.Contains(a.body, "13.01 uur") || !strings.Contains(a.body, "<form") {
			t.Errorf("the page says:\n%s", a.body)
		}
		d.now = noon.Add(bank.LaterAfter)
		if err := d.bank.Tick(t.Context()); err != nil || d.state(id) != payment.Paid {
			t.Errorf("a minute later the payment is %s, %v", d.state(id), err)
		}
	})
}

func TestFromTheListAPaymentGoesOn(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t, db)
		id, _ := d.begin("a", "Digital only")
		d.press("/"+id, "expired")
		for _, step := range []struct{ choice, says string }{
			{"paid_after_all", "Betaald"},
			{"account_closed", "rekening opgeheven"},
			{"charged_back", "€\u00a045,00 teruggehaald"},
		} {
			if a := d.press("/"+id+"/daarna", step.choice); a.status != http.StatusSeeOther || a.to != "/dev/bank/" {
				t.Errorf("%s: %d to %s", step.choice, a.status, a.to)
			}
			if a := d.get(d.at); !strings.Contains(a.body, step.says) || strings.Contains(a.body, `value="`+step.choice+`"`) {
				t.Errorf("%s: the list says:\n%s", step.choice, a.body)
			}
		}
		if o, err := d.bank.Outcome(t.Context(), id); err != nil || o.State != payment.Paid || o.ChargedBack != 4500 {
			t.Errorf("%+v, %v", o, err)
		}
	})
}

func TestAButtonThatIsNotOnThePageDoesNothing(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t, db)
		id, _ := d.begin("a", "Digital only")
		for path, choice := range map[string]string{"/" + id: "charged_back", "/" + id + "/daarna": "paid", "/": "paid"} {
			if a := d.press(path, choice); a.status < 400 || d.state(id) != payment.Open {
				t.Errorf("%s %s: %d, the payment is %s", path, choice, a.status, d.state(id))
			}
		}
		if a := d.get(d.at + "/tb_nobody"); a.status != http.StatusNotFound || !strings.Contains(a.body, "Deze betaling kent de testbank niet") {
			t.Errorf("an unknown payment: %d", a.status)
		}
		for _, path := range []string{"/tb_nobody", "/tb_nobody/daarna"} {
			choice := map[bool]string{true: "charged_back", false: "paid"}[strings.HasSuffix(path, "daarna")]
			if a := d.press(path, choice); a.status != http.StatusNotFound {
				t.Errorf("%s %s: %d", path, choice, a.status)
			}
		}
		if a := d.get(d.at + "/" + id + "/daarna"); a.to != "/dev/bank/"+id {
			t.Errorf("the address of a form: %d to %s", a.status, a.to)
		}
	})
}

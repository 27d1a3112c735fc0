package testbank_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/adapter/testbank"
	"lidwoord/base/job"
	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/library/payment"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// shop is what stands on the other side: it hears webhooks, and asks the bank
// each time, as every shop must.
type shop struct {
	t    *testing.T
	bank *testbank.Bank
	db   *sqldb.DB
	hook string // the address of the webhook
	now  atomic.Int64

	mu    sync.Mutex
	heard []string // "tb_… paid"
}

func open(t *testing.T, db *sqldb.DB) *shop {
	t.Helper()
	s := &shop{t: t, db: db}
	s.pass(0)
	db.Now = func() time.Time { return noon.Add(time.Duration(s.now.Load())) }
	server := httptest.NewServer(http.HandlerFunc(s.hear))
	t.Cleanup(server.Close)
	s.hook = server.URL + "/haak/geheim"
	s.restart()
	t.Cleanup(func() { s.bank.Wait() }) // before the shop closes and the database goes
	return s
}

// restart is the demo, stopped and begun again.
func (s *shop) restart() {
	s.t.Helper()
	at, err := url.Parse("http://127.0.0.1:8080/dev/bank/")
	if err != nil {
		s.t.Fatal(err)
	}
	if s.bank, err = testbank.New(s.db, at, true); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) pass(d time.Duration) { s.now.Add(int64(d)) }

func (s *shop) hear(w http.ResponseWriter, r *http.Request) {
	id := r.PostFormValue("id")
	if r.Method != http.MethodPost || r.URL.Path != "/haak/geheim" || len(r.PostForm) != 1 {
		s.t.Errorf("the webhook got %s %s %v", r.Method, r.URL.Path, r.PostForm)
	}
	o, err := s.bank.Outcome(r.Context(), id)
	if err != nil {
		s.t.Errorf("asked after a webhook: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = append(s.heard, id+" "+string(o.State))
}

// took returns what was heard since the last time.
func (s *shop) took() []string {
	s.bank.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	heard := s.heard
	s.heard = nil
	return heard
}

func (s *shop) order(key string, cents money.Cents) payment.Order {
	return payment.Order{Key: key, Cents: cents, Text: "Digital only", Lang: words.NL, Return: "http://127.0.0.1:8080/terug", Webhook: s.hook}
}

func (s *shop) begin(key string, cents money.Cents) string {
	s.t.Helper()
	begun, err := s.bank.Begin(s.t.Context(), s.order(key, cents))
	if err != nil {
		s.t.Fatal(err)
	}
	return begun.ID
}

func (s *shop) outcome(id string) payment.Outcome {
	s.t.Helper()
	o, err := s.bank.Outcome(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

func (s *shop) choose(id string, c testbank.Choice) testbank.Payment {
	s.t.Helper()
	p, found, err := s.bank.Choose(s.t.Context(), id, c)
	if err != nil || !found {
		s.t.Fatalf("%s: found %v, %v", c, found, err)
	}
	return p
}

func (s *shop) tick() {
	s.t.Helper()
	if err := s.bank.Tick(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) refund(id, key string, cents money.Cents) (payment.Refunded, error) {
	return s.bank.Refund(s.t.Context(), id, payment.RefundOrder{Key: key, Cents: cents, Text: "Herroepen"})
}

func TestTheBankOpensInTheDemoOnly(t *testing.T) {
	db := sqldbtest.New(t)
	if _, err := testbank.New(db, &url.URL{Scheme: "http", Host: "lid.example"}, false); err == nil {
		t.Error("the bank without money opened outside the demo")
	}
	if _, err := testbank.New(db, nil, true); err == nil {
		t.Error("the bank opened without an address")
	}
}

func TestAPaymentBeginsOpenAtAPageOfItsOwn(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := open(t, db)
		begun, err := s.bank.Begin(t.Context(), s.order("a", 4500))
		if err != nil || !strings.HasPrefix(begun.ID, "tb_") || begun.Checkout != "http://127.0.0.1:8080/dev/bank/"+begun.ID+"?taal=nl" {
			t.Fatalf("%+v, %v", begun, err)
		}
		o := s.outcome(begun.ID)
		if o.State != payment.Open || o.Cents != 4500 || !o.PaidAt.IsZero() || len(o.Refunds) != 0 || o.ChargedBack != 0 {
			t.Errorf("%+v", o)
		}
		again, err := s.bank.Begin(t.Context(), s.order("a", 4500))
		if err != nil || again != begun {
			t.Errorf("the same key: %+v, %v; want %+v", again, err, begun)
		}
		if _, err := s.bank.Begin(t.Context(), s.order("a", 4600)); !errors.Is(err, payment.ErrRefused) {
			t.Errorf("the same key with another amount: %v", err)
		}
		if heard := s.took(); len(heard) != 0 {
			t.Errorf("heard %v before anything happened", heard)
		}
	})
}

func TestWhatNoProviderWouldTakeIsRefused(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := open(t, db)
		for name, spoil := range map[string]func(*payment.Order){
			"no key":                   func(o *payment.Order) { o.Key = "" },
			"nothing to pay":           func(o *payment.Order) { o.Cents = 0 },
			"less than nothing":        func(o *payment.Order) { o.Cents = -1 },
			"nowhere to return to":     func(o *payment.Order) { o.Return = "/terug" },
			"a script to return to":    func(o *payment.Order) { o.Return = "javascript://lid.example/%0aalert(1)" },
			"a webhook elsewhere":      func(o *payment.Order) { o.Webhook = "https://lid.example/haak" },
			"a webhook that looks so":  func(o *payment.Order) { o.Webhook = "http://localhost.example/haak" },
			"a webhook by another way": func(o *payment.Order) { o.Webhook = "file://localhost/haak" },
		} {
			o := s.order("a", 4500)
			spoil(&o)
			if _, err := s.bank.Begin(t.Context(), o); !errors.Is(err, payment.ErrRefused) {
				t.Errorf("%s: %v, want it refused", name, err)
			}
		}
		_, err := s.bank.Outcome(t.Context(), "tb_nobody")
		if !errors.Is(err, payment.ErrUnknown) || !errors.Is(err, payment.ErrRefused) {
			t.Errorf("an unknown payment: %v", err)
		}
		if _, err := s.refund("tb_nobody", "r", 1); !errors.Is(err, payment.ErrUnknown) {
			t.Errorf("a refund of an unknown payment: %v", err)
		}
		if p, found, err := s.bank.Choose(t.Context(), "tb_nobody", testbank.Paid); err != nil || found {
			t.Errorf("an unknown payment was chosen: %+v, %v, %v", p, found, err)
		}
		if _, _, err := s.bank.Choose(t.Context(), s.begin("b", 1), "stolen"); err == nil {
			t.Error("there is a button nobody made")
		}
	})
}

func TestEveryButtonSettlesOnceAndTheShopHearsIt(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := open(t, db)
		for _, c := range []testbank.Choice{testbank.Paid, testbank.Failed, testbank.Cancelled, testbank.Expired} {
			id := s.begin(string(c), 4500)
			if p := s.choose(id, c); p.State != string(c) {
				t.Errorf("%s: the payment is %s", c, p.State)
			}
			o := s.outcome(id)
			if o.State != payment.State(c) || o.Method != testbank.Method || o.PaidAt.Equal(noon) != (c == testbank.Paid) {
				t.Errorf("%s: %+v", c, o)
			}
			if heard := s.took(); !slices.Equal(heard, []string{id + " " + string(c)}) {
				t.Errorf("%s: the shop heard %v", c, heard)
			}
			for _, other := range []testbank.Choice{testbank.Paid, testbank.Failed, testbank.Cancelled, testbank.Expired, testbank.Later} {
				if p := s.choose(id, other); p.State != string(c) || !p.DueAt.IsZero() {
					t.Errorf("%s, then %s: the payment is %+v", c, other, p)
				}
			}
			if heard := s.took(); len(heard) != 0 {
				t.Errorf("%s: the shop heard %v of nothing", c, heard)
			}
		}
	})
}

// The port promises that Paid may follow what looked like the end.
func TestAPaymentThatCameToNothingMayYetBePaid(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := open(t, db)
		for _, c := range []testbank.Choice{testbank.Failed, testbank.Cancelled, testbank.Expired} {
			id := s.begin(string(c), 4500)
			if p := s.choose(id, testbank.PaidAfterAll); p.State != "open" {
				t.Errorf("an open payment was paid after all: %+v", p)
			}
			s.choose(id, c)
			s.took()
			s.choose(id, testbank.PaidAfterAll)
			s.choose(id, testbank.PaidAfterAll)
			if heard := s.took(); !slices.Equal(heard, []string{id + " paid"}) || s.outcome(id).State != payment.Paid {
				t.Errorf("%s: the shop heard %v, the bank says %+v", c, heard, s.outcome(id))
			}
		}
	})
}

func TestLeftForLaterIsPaidAMinuteLaterAlsoAfterARestart(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := open(t, db)
		id, other := s.begin("a", 4500), s.begin("b", 4500)
		if p := s.choose(id, testbank.Later); p.State != "open" || !p.DueAt.Equal(noon.Add(testbank.LaterAfter)) {
			t.Errorf("left for later: %+v", p)
		}
		s.pass(testbank.LaterAfter - time.Second)
		s.choose(id, testbank.Later) // pressed again it does not wait longer
		s.tick()
		if heard := s.took(); len(heard) != 0 || s.outcome(id).State != payment.Open {
			t.Errorf("paid too soon; heard %v", heard)
		}
		s.restart()
		s.pass(time.Second)
		s.tick()
		s.tick()
		if heard := s.took(); !slices.Equal(heard, []string{id + " paid"}) {
			t.Errorf("the shop heard %v", heard)
		}
		if o := s.outcome(id); o.State != payment.Paid || !o.PaidAt.Equal(noon.Add(testbank.LaterAfter)) {
			t.Errorf("%+v", o)
		}
		if o := s.outcome(other); o.State != payment.Open {
			t.Errorf("a payment that nobody left for later is %s", o.State)
		}
	})
}

func TestWhoLeftItForLaterMayStillChoose(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := open(t, db)
		id := s.begin("a", 4500)
		s.choose(id, testbank.Later)
		s.choose(id, testbank.Cancelled)
		s.pass(time.Hour)
		s.tick()
		if o := s.outcome(id); o.State != payment.Cancelled {
			t.Errorf("cancelled meanwhile, the payment is %s", o.State)
		}
	})
}

func TestThePeriodicWorkIsTheTick(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := open(t, db)
		id := s.begin("a", 4500)
		s.choose(id, testbank.Later)
		s.pass(testbank.LaterAfter)
		if err := job.Tick(t.Context(), db, s.bank.Jobs()); err != nil {
			t.Fatal(err)
		}
		if heard := s.took(); len(heard) != 1 || s.outcome(id).State != payment.Paid {
			t.Errorf("heard %v, the payment is %s", heard, s.outcome(id).State)
		}
	})
}

func TestARefundLeavesAtTheNextTickAndTheSameKeyPaysOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := open(t, db)
		id := s.begin("a", 4500)
		if _, err := s.refund(id, "r1", 100); !errors.Is(err, payment.ErrRefused) {
			t.Errorf("money went back that never came: %v", err)
		}
		s.choose(id, testbank.Paid)
		s.took()
		first, err := s.refund(id, "r1", 1000)
		if err != nil || first.Key != "r1" || first.Cents != 1000 || first.State != payment.Underway {
			t.Fatalf("%+v, %v", first, err)
		}
		if again, err := s.refund(id, "r1", 1000); err != nil || again != first {
			t.Errorf("the same key: %+v, %v", again, err)
		}
		for name, wrong := range map[string]struct {
			key   string
			cents money.Cents
		}{"the same key, another amount": {"r1", 999}, "more than is left": {"r2", 3501}, "nothing": {"r3", 0}, "no key": {"", 1}} {
			if _, err := s.refund(id, wrong.key, wrong.cents); !errors.Is(err, payment.ErrRefused) {
				t.Errorf("%s: %v, want it refused", name, err)
			}
		}
		s.pass(time.Second)
		if _, err := s.refund(id, "r4", 3500); err != nil {
			t.Errorf("all that is left: %v", err)
		}
		s.restart()
		s.tick()
		want := []payment.Refunded{{ID: first.ID, Key: "r1", Cents: 1000, State: payment.Done}}
		if o := s.outcome(id); o.State != payment.Paid || len(o.Refunds) != 2 || o.Refunds[0] != want[0] || o.Refunds[1].State != payment.Done {
			t.Errorf("%+v", o)
		}
		if heard := s.took(); !slices.Equal(heard, []string{id + " paid"}) {
			t.Errorf("the shop heard %v, want one call about this payment", heard)
		}
		if again, err := s.refund(id, "r1", 1000); err != nil || again != want[0] {
			t.Errorf("the same key long after: %+v, %v", again, err)
		}
		other := s.begin("b", 4500)
		s.choose(other, testbank.Paid)
		if _, err := s.refund(other, "r1", 1000); !errors.Is(err, payment.ErrRefused) {
			t.Errorf("the key of another payment: %v", err)
		}
		s.took()
		s.tick()
		if heard := s.took(); len(heard) != 0 {
			t.Errorf("nothing changed, and the shop heard %v", heard)
		}
	})
}

func TestToAClosedAccountARefundFailsAndTheMoneyIsStillThere(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := open(t, db)
		id := s.begin("a", 4500)
		if p := s.choose(id, testbank.AccountClosed); p.AccountClosed {
			t.Error("the account of somebody who did not pay was closed")
		}
		s.choose(id, testbank.Paid)
		if _, err := s.refund(id, "r1", 4500); err != nil {
			t.Fatal(err)
		}
		if p := s.choose(id, testbank.AccountClosed); !p.AccountClosed || p.Underway != 4500 {
			t.Errorf("%+v", p)
		}
		s.took()
		s.tick()
		if o := s.outcome(id); o.Refunds[0].State != payment.RefundFailed {
			t.Errorf("%+v", o)
		}
		if heard := s.took(); !slices.Equal(heard, []string{id + " paid"}) {
			t.Errorf("the shop heard %v", heard)
		}
		if _, err := s.refund(id, "r2", 4500); err != nil {
			t.Errorf("the money is here still, and may not go back: %v", err)
		}
		p, _, err := s.bank.Find(t.Context(), id)
		if err != nil || p.RefundFailed != 4500 || p.Underway != 4500 || p.Refunded != 0 {
			t.Errorf("%+v, %v", p, err)
		}
	})
}

func TestTheBankTakesBackWhatIsLeftOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := open(t, db)
		id := s.begin("a", 4500)
		if p := s.choose(id, testbank.ChargedBack); p.ChargedBack != 0 {
			t.Error("money was taken back that never came")
		}
		s.choose(id, testbank.Paid)
		if _, err := s.refund(id, "r1", 1000); err != nil {
			t.Fatal(err)
		}
		s.took()
		s.choose(id, testbank.ChargedBack)
		s.choose(id, testbank.ChargedBack)
		if o := s.outcome(id); o.State != payment.Paid || o.ChargedBack != 3500 {
			t.Errorf("%+v", o)
		}
		if heard := s.took(); !slices.Equal(heard, []string{id + " paid"}) {
			t.Errorf("the shop heard %v", heard)
		}
		if _, err := s.refund(id, "r2", 1); !errors.Is(err, payment.ErrRefused) {
			t.Errorf("more went back than came in: %v", err)
		}
		back := s.begin("b", 100)
		s.choose(back, testbank.Paid)
		if _, err := s.refund(back, "r3", 100); err != nil {
			t.Fatal(err)
		}
		if p := s.choose(back, testbank.ChargedBack); p.ChargedBack != 0 {
			t.Errorf("taken back beside a refund of all: %+v", p)
		}
	})
}

func TestRecentListsTheNewestFirst(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := open(t, db)
		var want []string
		for _, key := range []string{"a", "b", "c"} {
			s.pass(time.Minute)
			want = append([]string{s.begin(key, 4500)}, want...)
		}
		list, err := s.bank.Recent(t.Context(), 2)
		if err != nil || len(list) != 2 || list[0].ID != want[0] || list[1].ID != want[1] {
			t.Fatalf("%+v, %v; want %v", list, err, want[:2])
		}
		p := list[0]
		if p.Text != "Digital only" || p.Lang != words.NL || p.Return != "http://127.0.0.1:8080/terug" || !p.BegunAt.Equal(noon.Add(3*time.Minute)) {
			t.Errorf("%+v", p)
		}
	})
}

func TestOfSixteenBeginningsThereIsOnePayment(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := open(t, db)
		ids := atOnce(t, func() (string, error) {
			begun, err := s.bank.Begin(t.Context(), s.order("a", 4500))
			return begun.ID, err
		})
		if len(slices.Compact(ids)) != 1 {
			t.Errorf("payments %v, want one", ids)
		}
		if list, err := s.bank.Recent(t.Context(), 99); err != nil || len(list) != 1 {
			t.Errorf("%d payments, %v", len(list), err)
		}
	})
}

func TestOfSixteenPressesOnPaidOneSettlesAndTheShopHearsIt(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := open(t, db)
		id := s.begin("a", 4500)
		states := atOnce(t, func() (string, error) {
			p, _, err := s.bank.Choose(t.Context(), id, testbank.Paid)
			return p.State, err
		})
		if slices.ContainsFunc(states, func(state string) bool { return state != "paid" }) {
			t.Errorf("states %v", states)
		}
		if heard := s.took(); !slices.Equal(heard, []string{id + " paid"}) {
			t.Errorf("the shop heard %v", heard)
		}
	})
}

func TestOfSixteenRefundsNoMoreGoesBackThanCameIn(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := open(t, db)
		id := s.begin("a", 4500)
		s.choose(id, testbank.Paid)
		var key atomic.Int32
		atOnce(t, func() (string, error) {
			n := key.Add(1)
			if n%4 == 0 {
				_, _, err := s.bank.Choose(t.Context(), id, testbank.ChargedBack)
				return "", err
			}
			r, err := s.refund(id, "r"+string('a'+rune(n)), 1000)
			if errors.Is(err, payment.ErrRefused) {
				err = nil
			}
			return r.ID, err
		})
		o := s.outcome(id)
		sum := o.ChargedBack
		for _, r := range o.Refunds {
			sum += r.Cents
		}
		if sum != 4500 { // whoever charges back takes all that is left
			t.Errorf("%d cents went back of 4500: %+v", sum, o)
		}
	})
}

func TestOfSixteenRefundsWithOneKeyOnePays(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := open(t, db)
		id := s.begin("a", 4500)
		s.choose(id, testbank.Paid)
		ids := atOnce(t, func() (string, error) {
			r, err := s.refund(id, "r", 1000)
			return r.ID, err
		})
		if len(slices.Compact(ids)) != 1 || len(s.outcome(id).Refunds) != 1 {
			t.Errorf("refunds %v, the bank says %+v", ids, s.outcome(id))
		}
	})
}

func TestOfSixteenTicksOneTellsTheShop(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := open(t, db)
		id := s.begin("a", 4500)
		s.choose(id, testbank.Later)
		s.pass(testbank.LaterAfter)
		atOnce(t, func() (string, error) { return "", s.bank.Tick(t.Context()) })
		if heard := s.took(); !slices.Equal(heard, []string{id + " paid"}) {
			t.Errorf("the shop heard %v", heard)
		}
	})
}

// atOnce runs act sixteen times at the same moment, and returns the answers in
// order.
func atOnce(t *testing.T, act func() (string, error)) []string {
	t.Helper()
	answers := make([]string, 16)
	begin := make(chan struct{})
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			<-begin
			var err error
			if answers[i], err = act(); err != nil {
				t.Error(err)
			}
		})
	}
	close(begin)
	all.Wait()
	slices.Sort(answers)
	return answers
}

package registration_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/membership"
	"lidwoord/library/payment"
	"lidwoord/library/registration"
)

// The weather.

// mishap is what goes wrong with one call.
type mishap int

const (
	nothing mishap = iota
	unheard        // the call does not arrive
	lost           // it is done, and the answer gets lost
	killed         // it is done, and the program dies
)

var errLine = errors.New("the line is cut")

// line is the wire to the bank, and what else can break in the middle.
type line struct {
	*bank
	mu     sync.Mutex
	coming []mishap // for the next calls
}

func (l *line) take() mishap {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.coming) == 0 {
		return nothing
	}
	m := l.coming[0]
	l.coming = l.coming[1:]
	return m
}

func (l *line) set(coming ...mishap) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.coming = coming
}

// through does something with a mishap.
func through[T any](l *line, do func() (T, error)) (T, error) {
	var none T
	m := l.take()
	if m == unheard {
		return none, errLine
	}
	answer, err := do()
	switch m {
	case lost:
		return none, errLine
	case killed:
		runtime.Goexit() // as good as dead: nothing after this call happens
	}
	return answer, err
}

func (l *line) Begin(ctx context.Context, o payment.Order) (payment.Begun, error) {
	return through(l, func() (payment.Begun, error) { return l.bank.Begin(ctx, o) })
}

func (l *line) Outcome(ctx context.Context, id string) (payment.Outcome, error) {
	return through(l, func() (payment.Outcome, error) { return l.bank.Outcome(ctx, id) })
}

func (l *line) Refund(ctx context.Context, id string, r payment.RefundOrder) (payment.Refunded, error) {
	return through(l, func() (payment.Refunded, error) { return l.bank.Refund(ctx, id, r) })
}

// orders breaks in the middle of the transaction in which money is worked in.
type orders struct {
	*registration.Office
	line *line
}

func (o *orders) Paid(tx *sqldb.Tx, p payment.Payment) (string, error) {
	return through(o.line, func() (string, error) { return o.Office.Paid(tx, p) })
}

func (o *orders) Moved(tx *sqldb.Tx, p payment.Payment, m payment.Movement) error {
	_, err := through(o.line, func() (struct{}, error) { return struct{}{}, o.Office.Moved(tx, p, m) })
	return err
}

// cut is a context that ends after it was looked at so many times: in the middle
// of a transaction, between two statements.
type cut struct {
	context.Context
	end  func()
	left atomic.Int64
}

func (c *cut) Done() <-chan struct{} { c.count(); return c.Context.Done() }
func (c *cut) Err() error            { c.count(); return c.Context.Err() }

func (c *cut) count() {
	if c.left.Add(-1) == 0 {
		c.end()
	}
}

// browser is the context of a request; now and then its visitor goes away.
func (s *storm) browser() context.Context {
	ctx, end := context.WithCancel(s.t.Context())
	s.t.Cleanup(end)
	if s.dice.IntN(8) > 0 {
		return ctx
	}
	c := &cut{Context: ctx, end: end}
	c.left.Store(int64(s.dice.IntN(60) + 1))
	return c
}

// atOnce runs requests at the same time, each in a goroutine that may be killed.
// An error must be one that a person may read, or of our own making.
func (s *storm) atOnce(requests ...func(context.Context) error) {
	s.t.Helper()
	wrong, there := make([]error, len(requests)), make([]context.Context, len(requests))
	var busy sync.WaitGroup
	for i, do := range requests {
		there[i] = s.browser()
		busy.Go(func() { wrong[i] = do(there[i]) })
	}
	busy.Wait()
	for i, err := range wrong {
		if err != nil && there[i].Err() == nil && fault.KindOf(err) == fault.Internal && !errors.Is(err, errLine) {
			s.fail("an error that nobody can explain: %v", err)
		}
	}
}

func (s *storm) reads(f func(*sqldb.Tx) error) {
	s.t.Helper()
	if err := s.Read(s.t.Context(), f); err != nil {
		s.t.Fatal(err)
	}
}

func (s *storm) request(f func(*sqldb.Tx) error) {
	s.t.Helper()
	s.atOnce(func(ctx context.Context) error { return s.InTx(ctx, f) })
}

func (s *storm) fail(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("seed %d: %s\nLIDWOORD_SEED=%d tries it again. What happened:\n%s", s.seed, fmt.Sprintf(format, args...), s.seed, strings.Join(s.history, "\n"))
}

// What may happen.

type act struct {
	name  string
	often int
	do    func(*storm, person)
}

var acts = []act{
	{"begins", 16, (*storm).begins},
	{"fills in", 6, (*storm).fillsIn},
	{"clicks", 24, (*storm).clicks},
	{"comes back", 2, (*storm).comesBack},
	{"pays", 16, (*storm).pays},
	{"leaves the bank without paying", 5, (*storm).leavesTheBank},
	{"webhook", 8, (*storm).webhook},
	{"look", 10, (*storm).look},
	{"sweep", 10, (*storm).sweep},
	{"withdraws", 6, (*storm).withdraws},
	{"declares to withdraw", 2, (*storm).declares},
	{"cancels", 2, (*storm).cancels},
	{"stops and changes", 4, (*storm).stopsAndChanges},
	{"drops the form", 2, (*storm).drops},
	{"refund fares", 6, (*storm).refundFares},
	{"refund elsewhere", 2, (*storm).refundElsewhere},
	{"chargeback", 2, (*storm).chargeback},
	{"price list", 2, (*storm).priceList},
	{"branch", 1, (*storm).branchCloses},
	{"restart", 2, func(s *storm, _ person) { s.restart() }},
	{"time", 10, (*storm).timePasses},
}

// step lets one thing happen to somebody, in fair or foul weather.
func (s *storm) step() {
	s.t.Helper()
	s.pass(time.Second)
	sum := 0
	for _, a := range acts {
		sum += a.often
	}
	n := s.dice.IntN(sum)
	for _, a := range acts {
		if n -= a.often; n >= 0 {
			continue
		}
		who := pick(s, s.people)
		s.line.set()
		if s.dice.IntN(3) == 0 {
			s.line.set(mishap(s.dice.IntN(4)), mishap(s.dice.IntN(4)))
		}
		s.history = append(s.history, fmt.Sprintf("%s  %s: %s, mishaps %v", s.Now().Format("2006-01-02 15:04"), who.Username, a.name, s.line.coming))
		a.do(s, who)
		s.line.set()
		return
	}
}

func pick[T any](s *storm, list []T) T { return list[s.dice.IntN(len(list))] }

func (s *storm) begins(p person) {
	code := pick(s, []string{"0141", "0141", "0141", "0091", "0090"})
	s.request(func(tx *sqldb.Tx) error {
		_, err := registration.Begin(tx, p.Visitor, s.lib, code)
		return err
	})
	if s.dice.IntN(4) > 0 {
		s.fillsIn(p)
	}
}

func (s *storm) fillsIn(p person) {
	s.request(func(tx *sqldb.Tx) error {
		r, err := registration.Current(tx, p.Visitor, s.lib.ID)
		if err == nil {
			_, err = registration.Keep(tx, r, p.form(r.App))
		}
		return err
	})
}

// clicks presses Bestellen en betalen up to three times at once. All who are led
// to a payment are led to the same one.
func (s *storm) clicks(p person) {
	var led sync.Map
	click := func(ctx context.Context) error {
		var res registration.Result
		err := s.InTx(ctx, func(tx *sqldb.Tx) error {
			r, err := registration.Current(tx, p.Visitor, s.lib.ID)
			if err != nil {
				return err
			}
			seen := ""
			if r.State == registration.Open {
				_, agreed, err := registration.Agree(tx, r)
				if err != nil {
					return err
				}
				seen = agreed.BuildUp.Digest()
			}
			res, err = s.office.Order(tx, p.Visitor, s.lib, seen)
			return err
		})
		if err != nil || res.PaymentID == "" {
			return err
		}
		led.Store(res.PaymentID, true)
		_, err = s.cashier.Checkout(ctx, res.PaymentID)
		return err
	}
	s.atOnce(slices.Repeat([]func(context.Context) error{click}, 1+s.dice.IntN(3))...)
	n := 0
	led.Range(func(any, any) bool { n++; return true })
	// A payment that the bank refused or that ran out is followed by another, so
	// that two may be met one after the other, but never two that live.
	if n > 1 && len(s.live(p)) > 1 {
		s.fail("clicks led to %d payments", n)
	}
}

// live are the payments that somebody can still pay.
func (s *storm) live(p person) (list []payment.Payment) {
	s.do(func(tx *sqldb.Tx) error {
		r, err := registration.Current(tx, p.Visitor, s.lib.ID)
		if errors.Is(err, registration.ErrNone) {
			return nil
		}
		if err != nil {
			return err
		}
		list, err = payment.OfOrder(tx, r.ID)
		list = slices.DeleteFunc(list, func(p payment.Payment) bool { return !p.Live() })
		return err
	})
	return list
}

// comesBack opens the return page, which only reads: the transaction would not
// let it write.
func (s *storm) comesBack(person) {
	for _, id := range s.paymentIDs() {
		err := s.Read(s.t.Context(), func(tx *sqldb.Tx) error {
			p, err := payment.Find(tx, id)
			if err != nil {
				return err
			}
			r, err := registration.Find(tx, p.OrderID)
			if err == nil && r.State == registration.Member {
				_, err = registration.BillOf(tx, r.ID)
			}
			return err
		})
		if err != nil {
			s.fail("the return page: %v", err)
		}
	}
}

// account picks a payment at the bank.
func (s *storm) account(fits func(*payment.Outcome, payment.Payment) bool) (id string, o *payment.Outcome) {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(s.bank.accounts)) {
		if fits(s.bank.accounts[id], s.payment(strings.TrimPrefix(id, "bank-"))) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return "", nil
	}
	slices.SortFunc(ids, func(a, b string) int { // by age, as the ids themselves differ from run to run
		return s.payment(strings.TrimPrefix(a, "bank-")).BegunAt.Compare(s.payment(strings.TrimPrefix(b, "bank-")).BegunAt)
	})
	id = pick(s, ids)
	return id, s.bank.accounts[id]
}

func (s *storm) payment(id string) (p payment.Payment) {
	s.reads(func(tx *sqldb.Tx) (err error) {
		p, err = payment.Find(tx, id)
		return err
	})
	return p
}

// pays pays what is open, or what had ended without money not long ago: that
// happens. Where the bank's first answer was lost, nobody has the page to pay on.
func (s *storm) pays(person) {
	_, o := s.account(func(o *payment.Outcome, p payment.Payment) bool {
		return p.ProviderID != "" && (o.State == payment.Open || o.State != payment.Paid && s.Now().Sub(p.BegunAt) < 24*time.Hour)
	})
	if o != nil {
		o.State, o.Method, o.PaidAt = payment.Paid, "iDEAL | Wero", s.Now()
	}
}

func (s *storm) leavesTheBank(person) {
	if _, o := s.account(func(o *payment.Outcome, _ payment.Payment) bool { return o.State == payment.Open }); o != nil {
		o.State = pick(s, []payment.State{payment.Failed, payment.Cancelled, payment.Expired})
	}
}

// webhook comes up to three times at once, for a payment or for one that nobody
// has. Whether anything changed it does not say: a forged one is no different.
func (s *storm) webhook(person) {
	id, _ := s.account(func(*payment.Outcome, payment.Payment) bool { return true })
	if id == "" || s.dice.IntN(4) == 0 {
		id = "nobody's"
	}
	s.atOnce(slices.Repeat([]func(context.Context) error{func(ctx context.Context) error { return s.cashier.Hear(ctx, "bank", id) }}, 1+s.dice.IntN(3))...)
}

func (s *storm) look(person) {
	if ids := s.paymentIDs(); len(ids) > 0 {
		id := pick(s, ids)
		look := func(ctx context.Context) error { _, err := s.cashier.Look(ctx, id); return err }
		s.atOnce(slices.Repeat([]func(context.Context) error{look}, 1+s.dice.IntN(3))...)
	}
}

func (s *storm) sweep(person) { s.atOnce(s.cashier.Sweep) }

// contracts are the contracts of whoever signs in with an account.
func (s *storm) contracts(tx *sqldb.Tx, p person) ([]registration.Registration, error) {
	list, err := customer.FindByAccount(tx, p.AccountID)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return registration.Contracts(tx, list[0].ID)
}

func (s *storm) withdraws(p person) {
	withdraw := func(ctx context.Context) error {
		return s.InTx(ctx, func(tx *sqldb.Tx) error {
			list, err := s.contracts(tx, p)
			if err != nil || len(list) == 0 {
				return err
			}
			_, err = s.office.Withdraw(tx, s.lib, list[0], "account:x", words.NL)
			return err
		})
	}
	s.atOnce(slices.Repeat([]func(context.Context) error{withdraw}, 1+s.dice.IntN(2))...)
}

func (s *storm) declares(p person) {
	s.request(func(tx *sqldb.Tx) error {
		st := registration.Statement{Number: "nobody", Name: "Niemand", Email: p.Email}
		list, err := customer.FindByAccount(tx, p.AccountID)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			st.Number, st.Name = list[0].Number, list[0].Full()
		}
		_, err = s.office.Declare(tx, s.lib, st, "net", words.NL)
		return err
	})
}

func (s *storm) cancels(p person) {
	s.request(func(tx *sqldb.Tx) error {
		list, err := s.contracts(tx, p)
		if err != nil || len(list) == 0 {
			return err
		}
		_, err = s.office.Cancel(tx, s.lib, list[0].CustomerID, list[0].MembershipID, words.NL)
		return err
	})
}

// stopsAndChanges gives the payment up and changes the form: another membership,
// or somebody of another age.
func (s *storm) stopsAndChanges(p person) {
	form, code := pick(s, []func(enrol.Application) enrol.Application{p.form, p.form, child}), pick(s, []string{"0141", "0091", "0090"})
	s.request(func(tx *sqldb.Tx) error {
		r, err := registration.Current(tx, p.Visitor, s.lib.ID)
		if err == nil {
			err = s.office.Stop(tx, r)
		}
		if err != nil {
			return err
		}
		if r, err = registration.Current(tx, p.Visitor, s.lib.ID); err != nil {
			return err
		}
		app := form(r.App)
		app.Membership = code
		_, err = registration.Keep(tx, r, app)
		return err
	})
}

func (s *storm) drops(p person) {
	old := s.dice.IntN(2) == 0
	s.request(func(tx *sqldb.Tx) error {
		if old {
			return registration.DropOld(tx)
		}
		r, err := registration.Current(tx, p.Visitor, s.lib.ID)
		if err == nil {
			err = registration.Drop(tx, r)
		}
		return err
	})
}

// young is what the payer's bank still lets be undone.
func (s *storm) young(o *payment.Outcome, p payment.Payment) bool {
	return o.State == payment.Paid && s.Now().Sub(p.BegunAt) < 100*24*time.Hour
}

func (s *storm) refundFares(person) {
	_, o := s.account(func(o *payment.Outcome, p payment.Payment) bool { return s.young(o, p) && len(o.Refunds) > 0 })
	if o == nil {
		return
	}
	switch f := &o.Refunds[s.dice.IntN(len(o.Refunds))]; {
	case f.State == payment.Underway && s.dice.IntN(4) > 0:
		f.State = payment.Done
	case f.State == payment.Underway, f.State == payment.Done && s.dice.IntN(4) == 0: // the account was closed
		f.State = payment.RefundFailed
	}
}

func (s *storm) refundElsewhere(person) {
	_, o := s.account(func(o *payment.Outcome, p payment.Payment) bool { return s.young(o, p) && atBank(*o) > 0 })
	if o == nil {
		return
	}
	left := o.Cents - o.ChargedBack
	for _, f := range o.Refunds {
		if f.State != payment.RefundFailed {
			left -= f.Cents
		}
	}
	if left <= 0 {
		return
	}
	s.bank.keys++
	o.Refunds = append(o.Refunds, payment.Refunded{ID: fmt.Sprintf("back-%d", s.bank.keys), Cents: pick(s, []money.Cents{left, (left + 1) / 2}), State: payment.Underway})
}

func (s *storm) chargeback(person) {
	if _, o := s.account(func(o *payment.Outcome, p payment.Payment) bool { return s.young(o, p) && o.ChargedBack < o.Cents }); o != nil {
		o.ChargedBack = pick(s, []money.Cents{o.Cents, o.ChargedBack + (o.Cents-o.ChargedBack+1)/2})
	}
}

func (s *storm) priceList(person) {
	d := membership.Seed(s.lib.ID)[3]
	d.Price, d.Online = pick(s, []money.Cents{4500, 4750, 1150}), s.dice.IntN(5) > 0
	s.do(func(tx *sqldb.Tx) error { return membership.SaveDefinition(tx, d) })
}

func (s *storm) branchCloses(person) {
	s.annen.Enrols = s.dice.IntN(3) > 0
	s.setBranch()
}

func (s *storm) timePasses(person) {
	s.pass(pick(s, []time.Duration{time.Minute, time.Minute, 3 * time.Minute, 3 * time.Minute, 16 * time.Minute, time.Hour, 15 * time.Hour, 25 * time.Hour, 5 * 24 * time.Hour, 15 * 24 * time.Hour}))
}

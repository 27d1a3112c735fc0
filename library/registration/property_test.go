package registration_test

import (
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/money"
	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/ledger"
	"lidwoord/library/membership"
	"lidwoord/library/payment"
	"lidwoord/library/registration"
	"lidwoord/library/task"
)

// Four people enrol, pay, think better of it and come back, in any order, while
// the line to the bank fails and the program dies at the worst moments. After
// each step the books must balance, and at the end they must agree with the bank.
//
// LIDWOORD_SEEDS tries so many orders more, LIDWOORD_SEED one of them again.
func TestMoneyPaidIsMembershipsAndRefundsAndTasks(t *testing.T) {
	const ordinary, steps = 10, 140
	var seeds []uint64
	for seed := range uint64(ordinary + number("LIDWOORD_SEEDS")) {
		seeds = append(seeds, seed+1)
	}
	if one := number("LIDWOORD_SEED"); one > 0 {
		seeds = []uint64{uint64(one)}
	}
	seen := map[string]int{}
	for _, seed := range seeds {
		sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
			s := newStorm(t, db, seed)
			for range steps {
				s.step()
				s.balance()
			}
			s.drain()
			s.balance()
			s.agreeWithTheBank()
			s.count(seen)
		})
	}
	t.Log("in all:", seen)
	if len(seeds) >= ordinary {
		for _, kind := range []string{"contracts", "withdrawn", "surplus", "refund done", "refund failed", "elsewhere", "charged back", "task late_member", "task looks_alike", "task refund_failed"} {
			if seen[kind] == 0 {
				t.Errorf("of %s there was not one: the test tries less than it says", kind)
			}
		}
	}
}

// count tells what the storm brought, so that a test that tries nothing is noticed.
func (s *storm) count(seen map[string]int) {
	s.reads(func(tx *sqldb.Tx) error {
		for _, id := range s.ids(tx, "registration") {
			r, err := registration.Find(tx, id)
			if err != nil {
				return err
			}
			seen["registrations "+string(r.State)]++
			if r.State == registration.Member {
				seen["contracts"]++
			}
			if !r.WithdrawnAt.IsZero() {
				seen["withdrawn"]++
			}
		}
		for _, id := range s.ids(tx, "payment") {
			p, err := payment.Find(tx, id)
			if err != nil {
				return err
			}
			list, err := payment.RefundsOf(tx, id)
			if err != nil {
				return err
			}
			seen["payments "+string(p.State)]++
			if p.Surplus != "" {
				seen["surplus"]++
				seen[p.Surplus]++
			}
			if p.ChargedBack > 0 {
				seen["charged back"]++
			}
			for _, f := range list {
				seen["refund "+string(f.State)]++
				if strings.HasPrefix(f.Reason, payment.Elsewhere) {
					seen["elsewhere"]++
				}
			}
		}
		list, err := task.Open(tx, s.lib.ID, 1000)
		for _, t := range list {
			seen["task "+string(t.Kind)]++
		}
		return err
	})
}

func number(env string) int {
	n, _ := strconv.Atoi(os.Getenv(env))
	return n
}

// storm is the world in bad weather.
type storm struct {
	*world
	seed    uint64
	dice    *rand.Rand
	people  []person
	line    *line
	history []string // what happened, to tell when something is wrong
}

// person is a visitor and how they fill in the form.
type person struct {
	registration.Visitor
	form func(enrol.Application) enrol.Application
}

func newStorm(t *testing.T, db *sqldb.DB, seed uint64) *storm {
	w := settle(t, db)
	s := &storm{world: w, seed: seed, dice: rand.New(rand.NewPCG(seed, 2026))}
	s.line = &line{bank: w.bank}
	noor := func(a enrol.Application) enrol.Application {
		a = tester(a)
		a.Initials, a.Surname, a.Birth, a.HouseNumber = "N.", "Visser", "29-2-2000", "7"
		return a
	}
	s.people = []person{
		{w.emma, tester},
		{w.visitor("noor", "noor@example.nl"), noor},
		{w.visitor("lies", "lies@example.nl"), child},
		{w.visitor("emma2", "emma.tester@example.nl"), tester}, // Emma, who made a second account
	}
	s.restart()
	return s
}

// restart is a program that starts: nothing is remembered but the database.
func (s *storm) restart() {
	s.cashier = &payment.Cashier{
		DB: s.DB, Providers: map[string]payment.Provider{"bank": s.line}, Use: "bank", Orders: &orders{s.office, s.line},
		Return: s.world.cashier.Return, Webhook: s.world.cashier.Webhook, Log: slog.New(slog.DiscardHandler),
	}
}

// What must hold.

// books are the money, by what the library knows.
type books struct {
	money       money.Cents // paid, less what left and what was taken back
	memberships money.Cents // paid for and not withdrawn from, less what was taken back
	promised    money.Cents // refunds that have not left
	waiting     money.Cents // for a worker, with a task: refunds that failed, less what the payer's bank took too
}

// balance tries everything that holds at any moment.
func (s *storm) balance() {
	s.t.Helper()
	var b books
	held := map[string]money.Cents{}   // by customer, of what was booked there
	prices := map[string]money.Cents{} // by customer, of contracts that stand
	contracts := map[string][]registration.Registration{}
	s.reads(func(tx *sqldb.Tx) error {
		today := day.Of(tx.Now)
		letters, err := outbox.Recent(tx, 10_000)
		if err != nil {
			return err
		}
		for _, id := range s.ids(tx, "registration") {
			r, err := registration.Find(tx, id)
			if err != nil {
				return err
			}
			pays, err := payment.OfOrder(tx, id)
			if err != nil {
				return err
			}
			used, live := 0, 0
			for _, p := range pays {
				if p.Live() {
					live++
				}
				if p.State != payment.Paid {
					continue
				}
				stands := p.Surplus == "" && r.WithdrawnAt.IsZero()
				if p.Surplus == "" {
					used++
					if r.State != registration.Member || p.Cents != r.Agreed.BuildUp.Balance {
						s.fail("%s was used, but the registration is %s", p.Cents, r.State)
					}
				}
				has := s.weigh(tx, p, stands, &b)
				booked, err := ledger.Booked(tx, "payment:"+p.ID)
				if err != nil {
					return err
				}
				if booked {
					held[r.CustomerID] += has
				} else if p.Surplus == "" || p.Surplus == "registration.surplus_member" {
					s.fail("money of a member is not in the ledger")
				}
			}
			if live > 1 || live == 1 && r.State != registration.Ordered {
				s.fail("%d payments live of a registration that is %s", live, r.State)
			}
			if live == 0 && r.State == registration.Ordered {
				s.fail("an order waits for no payment")
			}
			if r.State != registration.Member {
				continue
			}
			contracts[r.CustomerID] = append(contracts[r.CustomerID], r)
			if want := min(int(r.Agreed.BuildUp.Balance), 1); used != want {
				s.fail("a contract of %s used %d payments", r.Agreed.BuildUp.Balance, used)
			}
			if r.WithdrawnAt.IsZero() {
				prices[r.CustomerID] += r.Agreed.BuildUp.Balance
			}
			n := 0
			for _, l := range letters {
				if l.Mail.Kind == "registration.contract" && strings.Contains(l.Mail.Text, "/bon/"+r.ID) {
					n++
				}
			}
			if n != 1 {
				s.fail("a contract was confirmed %d times", n)
			}
		}
		all := s.ids(tx, "customer")
		if len(all) != len(contracts) {
			s.fail("%d customers of %d who made a contract", len(all), len(contracts))
		}
		for _, id := range all {
			periods, err := membership.Of(tx, id)
			if err != nil {
				return err
			}
			if len(periods) != len(contracts[id]) {
				s.fail("%d memberships of %d contracts", len(periods), len(contracts[id]))
			}
			running := 0
			for _, m := range periods {
				i := slices.IndexFunc(contracts[id], func(r registration.Registration) bool { return r.MembershipID == m.ID })
				if i < 0 {
					s.fail("a membership without a contract")
				}
				if m.State(today) != membership.Ended {
					running++
					if !contracts[id][i].WithdrawnAt.IsZero() {
						s.fail("a contract was withdrawn from and still gives rights")
					}
				}
			}
			if running > 1 {
				s.fail("%d memberships run at once", running)
			}
			lines, err := ledger.Lines(tx, id)
			if err != nil {
				return err
			}
			var online, owes money.Cents
			for _, l := range lines {
				owes += l.Cents
				if l.Method == ledger.Online {
					online -= l.Cents
				}
			}
			if online != held[id] || owes != prices[id]-held[id] {
				s.fail("the ledger has %s in and %s open, the payments say %s and %s", online, owes, held[id], prices[id]-held[id])
			}
		}
		return s.onePerAccount(tx, today)
	})
	if b.money != b.memberships+b.promised+b.waiting {
		s.fail("the books do not balance: %+v", b)
	}
}

// weigh puts a payment on the scales, and returns what the library has of it.
func (s *storm) weigh(tx *sqldb.Tx, p payment.Payment, stands bool, b *books) (has money.Cents) {
	s.t.Helper()
	refunds, err := payment.RefundsOf(tx, p.ID)
	if err != nil {
		s.fail("%v", err)
	}
	has = p.Cents - p.ChargedBack
	var promised, came money.Cents
	for _, f := range refunds {
		elsewhere := strings.HasPrefix(f.Reason, payment.Elsewhere)
		if elsewhere && !s.open(tx, task.OtherRefund, "payment:"+p.ID+"#"+strings.TrimPrefix(f.Reason, payment.Elsewhere+" ")) {
			s.fail("nobody was told of a refund that was made elsewhere")
		}
		if stands && !elsewhere {
			s.fail("a membership that stands is paid back: %+v", f)
		}
		switch f.State {
		case payment.Done:
			has -= f.Cents
		case payment.RefundFailed:
			if !s.open(tx, task.RefundFailed, "refund:"+f.ID) {
				s.fail("nobody was told that a refund failed")
			}
			came += f.Cents
		default:
			promised += f.Cents
		}
	}
	if p.ChargedBack > 0 && !s.open(tx, task.Chargeback, "payment:"+p.ID) {
		s.fail("nobody was told of a chargeback")
	}
	if p.Surplus != "" && !s.open(tx, task.Surplus, "payment:"+p.ID) {
		s.fail("nobody was told of money without use")
	}
	b.money += has
	if stands {
		b.memberships += has
		return has
	}
	// What is neither promised nor gone must lie in a task; and no more is
	// promised than there is, unless the payer's bank took it while it was on its way.
	waits := has - promised
	if waits > came || waits < 0 && -waits > p.ChargedBack {
		s.fail("of %s there is %s left, %s is promised, and %s failed to leave", p.Cents, has, promised, came)
	}
	b.promised += promised
	b.waiting += waits
	return has
}

func (s *storm) open(tx *sqldb.Tx, k task.Kind, object string) bool {
	list, err := task.About(tx, object)
	if err != nil {
		s.fail("%v", err)
	}
	return slices.ContainsFunc(list, func(t task.Task) bool { return t.Kind == k && t.DoneAt.IsZero() })
}

// onePerAccount: an account is one customer, and Emma is a member once, with
// however many accounts she tries.
func (s *storm) onePerAccount(tx *sqldb.Tx, today day.Day) error {
	emmas := 0
	for _, p := range s.people {
		list, err := customer.FindByAccount(tx, p.AccountID)
		if err != nil {
			return err
		}
		if len(list) > 1 {
			s.fail("an account has %d customers", len(list))
		}
		if len(list) == 1 && list[0].LastName == "Tester" && list[0].Birth == "1991-01-04" && !list[0].Ended(today) {
			emmas++
		}
	}
	if emmas > 1 {
		s.fail("Emma is a member twice")
	}
	return nil
}

// ids are the names of all rows of a table, the oldest first.
func (s *storm) ids(tx *sqldb.Tx, table string) []string {
	since := map[string]string{"payment": "begun_at", "registration": "begun_at", "customer": "registered_at"}[table]
	list, err := sqldb.Many(tx, `SELECT id FROM `+table+` ORDER BY `+since+`, id`, nil, func(r sqldb.Row) (id string, err error) { return id, r.Scan(&id) })
	if err != nil {
		s.fail("%v", err)
	}
	return list
}

func (s *storm) paymentIDs() (list []string) {
	s.reads(func(tx *sqldb.Tx) error {
		list = s.ids(tx, "payment")
		return nil
	})
	return list
}

// drain lets the weather clear: whoever stands at the bank gives up, refunds
// leave, and the sweep comes by until nothing is due. No webhook comes.
func (s *storm) drain() {
	s.history = append(s.history, "the weather clears")
	s.restart()
	for range 8 {
		for _, o := range s.bank.accounts {
			if o.State == payment.Open {
				o.State = payment.Expired
			}
			for i := range o.Refunds {
				if o.Refunds[i].State == payment.Underway {
					o.Refunds[i].State = payment.Done
				}
			}
		}
		s.pass(8 * 24 * time.Hour) // more than the longest pause between two looks
		if err := s.cashier.Sweep(s.t.Context()); err != nil {
			s.fail("%v", err)
		}
	}
}

// atBank is what the library has of a payment by the bank's books.
func atBank(o payment.Outcome) money.Cents {
	if o.State != payment.Paid {
		return 0
	}
	has := o.Cents - o.ChargedBack
	for _, f := range o.Refunds {
		if f.State == payment.Done {
			has -= f.Cents
		}
	}
	return has
}

// agreeWithTheBank compares what we know with what the bank knows, in the end.
func (s *storm) agreeWithTheBank() {
	s.t.Helper()
	s.reads(func(tx *sqldb.Tx) error {
		for _, id := range s.ids(tx, "payment") {
			p, err := payment.Find(tx, id)
			if err != nil {
				return err
			}
			var o payment.Outcome
			if at := s.bank.accounts["bank-"+id]; at != nil {
				o = *at
			}
			list, err := payment.RefundsOf(tx, id)
			if err != nil {
				return err
			}
			has := money.Cents(0)
			if p.State == payment.Paid {
				has = p.Cents - p.ChargedBack
			}
			for _, f := range list {
				switch f.State {
				case payment.Done:
					has -= f.Cents
				case payment.RefundFailed:
				default:
					s.fail("a refund of %s is still %s", f.Cents, f.State)
				}
			}
			if p.Live() || (p.State == payment.Paid) != (o.State == payment.Paid) || has != atBank(o) {
				s.fail("a payment is %s and we have %s of it; at the bank it is %q and we have %s of it", p.State, has, o.State, atBank(o))
			}
			if s.open(tx, task.Stuck, "payment:"+id) {
				s.fail("a payment is stuck")
			}
		}
		return nil
	})
}

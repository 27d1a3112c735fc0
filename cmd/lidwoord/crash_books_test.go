package main

import (
	"math"
	"strings"
	"testing"

	"lidwoord/base/money"
	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/library/task"
)

// crashBooks are the library's books after the run.
type crashBooks struct {
	payments  map[string]bookedPayment // by our id
	refunds   []bookedRefund
	contracts map[string]bookedContract // by account
	postings  map[string]money.Cents    // by command
	balances  map[string]money.Cents    // by customer
	tasks     map[string]bool           // kind and object
	letters   map[string]int            // kind and address
	kinds     map[string]int            // letters of a kind
}

type bookedPayment struct {
	provider, order, state, surplus string
	cents                           money.Cents
}

type bookedRefund struct {
	id, payment, reason, state, provider string
	cents                                money.Cents
}

type bookedContract struct {
	order, customer, membership, number string
	withdrawn, runs                     bool
	owed                                money.Cents // was charged for it
}

// compare lays the books of the library beside those of the payment service, and
// beside what the visitors were told.
func compare(t *testing.T, c *crowd, f *figures) {
	t.Helper()
	b := readBooks(t, c.house.db)
	there := c.mollie.Payments()
	if len(there) == 0 || len(b.contracts) == 0 {
		t.Fatalf("nothing happened: %d payments, %d contracts", len(there), len(b.contracts))
	}

	// Money: the same on both sides, payment by payment and refund by refund.
	goes := map[string]bookedRefund{}
	for _, r := range b.refunds {
		if goes[r.provider] = r; r.state != "done" {
			t.Errorf("refund %s of %s waits: %+v", r.reason, r.payment, r)
		}
	}
	var paid, back money.Cents
	backOf := map[string]money.Cents{}
	for _, p := range there {
		ours, known := b.payments[p.Key]
		switch {
		case !known:
			t.Errorf("the library knows nothing of payment %s", p.ID)
		case p.Status == "paid" && (ours.state != "paid" || ours.provider != p.ID || ours.cents != p.Cents):
			t.Errorf("payment %s was paid there; here it is %+v", p.ID, ours)
		case p.Status != "paid" && ours.state == "paid" && ours.provider == p.ID:
			t.Errorf("payment %s is %s there and paid here", p.ID, p.Status)
		}
		if p.Status == "paid" {
			paid += p.Cents
			f.paid++
		}
		for _, r := range p.Refunds {
			back += r.Cents
			backOf[p.Key] += r.Cents
			if ours, known := goes[r.ID]; !known || ours.id != r.Key || ours.cents != r.Cents || ours.payment != p.Key {
				t.Errorf("refund %s left there; here it is %+v", r.ID, ours)
			}
		}
	}

	// Each payment that was paid is a contract, once, or went back with a task.
	used := map[string]string{} // payment by order
	var sold, surplus money.Cents
	byOrder := map[string]bookedContract{}
	for _, contract := range b.contracts {
		byOrder[contract.order] = contract
	}
	for id, p := range b.payments {
		_, is := byOrder[p.order]
		switch {
		case p.state != "paid":
			if p.state == "begun" || p.state == "open" {
				t.Errorf("payment %s is %s in the end", id, p.state)
			}
			continue
		case p.surplus != "":
			surplus += p.cents
			f.surplus++
			if !b.tasks[string(task.Surplus)+" payment:"+id] || backOf[id] != p.cents {
				t.Errorf("payment %s is too many (%s); %s went back, and a task is %t", id, p.surplus, backOf[id], b.tasks[string(task.Surplus)+" payment:"+id])
			}
		case used[p.order] != "":
			t.Errorf("order %s used two payments, %s and %s", p.order, used[p.order], id)
		case !is:
			t.Errorf("payment %s of order %s made no member", id, p.order)
		default:
			used[p.order] = id
			sold += p.cents
		}
		if is && b.postings["payment:"+id] != -p.cents {
			t.Errorf("payment %s stands in the ledger as %s", id, b.postings["payment:"+id])
		}
	}
	for _, r := range b.refunds {
		if _, is := byOrder[b.payments[r.payment].order]; is && b.postings["refund:"+r.id] != r.cents {
			t.Errorf("refund %s stands in the ledger as %s", r.id, b.postings["refund:"+r.id])
		}
	}
	for customer, open := range b.balances {
		if open != 0 {
			t.Errorf("customer %s has %s open", customer, open)
		}
	}

	// Contracts: each was paid for and mailed once, and none was lost.
	var returned money.Cents
	numbers := map[string]bool{}
	for account, contract := range b.contracts {
		f.members++
		if contract.withdrawn {
			f.withdrawn++
			returned += b.payments[used[contract.order]].cents
		}
		if contract.owed == 0 {
			f.free++
		}
		switch {
		case contract.owed != b.payments[used[contract.order]].cents:
			t.Errorf("contract %s is charged %s and paid %s", contract.order, contract.owed, b.payments[used[contract.order]].cents)
		case contract.customer == "" || contract.membership == "" || numbers[contract.number]:
			t.Errorf("contract %s of account %s: %+v", contract.order, account, contract)
		case contract.withdrawn == contract.runs:
			t.Errorf("contract %s: withdrawn %t, its membership runs %t", contract.order, contract.withdrawn, contract.runs)
		}
		numbers[contract.number] = true
	}
	if paid != sold+surplus || back != surplus+returned {
		t.Errorf("paid %s, for members %s and too many %s; went back %s, too many %s and withdrawn %s", paid, sold, surplus, back, surplus, returned)
	}
	for _, j := range c.came {
		contract, is := b.contracts[j.account]
		switch {
		case j.member && !is:
			t.Errorf("%s was told to be a member and is none", j.username)
		case j.number != "" && j.number != contract.number:
			t.Errorf("%s was told the number %s and has %s", j.username, j.number, contract.number)
		case j.withdrawn != contract.withdrawn:
			t.Errorf("%s: was told of a withdrawal %t, is withdrawn %t", j.username, j.withdrawn, contract.withdrawn)
		}
		mailed := b.letters["registration.contract "+j.email]
		if is && mailed != 1 || !is && mailed != 0 {
			t.Errorf("%s: a contract is %t, and was mailed %d times", j.username, is, mailed)
		}
		if n := b.letters["registration.repaid "+j.email]; n > 1 {
			t.Errorf("%s was told %d times that the money of one contract left", j.username, n)
		}
	}
	for kind, want := range map[string]int{"registration.contract": len(b.contracts), "registration.surplus": f.surplus} {
		if b.kinds[kind] != want {
			t.Errorf("%d letters %s, want %d", b.kinds[kind], kind, want)
		}
	}
	f.tasks = len(b.tasks)
	for _, n := range b.kinds {
		f.letters += n
	}
	counts(t, c.house.db, len(b.contracts))
}

func readBooks(t *testing.T, db *sqldb.DB) (b crashBooks) {
	t.Helper()
	read(t, db, func(tx *sqldb.Tx) error {
		b = crashBooks{
			payments: map[string]bookedPayment{}, contracts: map[string]bookedContract{}, postings: map[string]money.Cents{}, balances: map[string]money.Cents{},
			tasks: map[string]bool{}, letters: map[string]int{}, kinds: map[string]int{},
		}
		return b.read(tx, t)
	})
	return b
}

func (b *crashBooks) read(tx *sqldb.Tx, t *testing.T) error {
	nothing := func(r sqldb.Row, dest ...any) (struct{}, error) { return struct{}{}, r.Scan(dest...) }
	_, err := sqldb.Many(tx, `SELECT id, COALESCE(provider_id, ''), order_id, state, surplus, cents FROM payment`, nil, func(r sqldb.Row) (struct{}, error) {
		var id string
		var p bookedPayment
		none, err := nothing(r, &id, &p.provider, &p.order, &p.state, &p.surplus, &p.cents)
		b.payments[id] = p
		return none, err
	})
	if err != nil {
		return err
	}
	b.refunds, err = sqldb.Many(tx, `SELECT id, payment_id, reason, state, COALESCE(provider_id, ''), cents FROM refund`, nil, func(r sqldb.Row) (f bookedRefund, err error) {
		return f, r.Scan(&f.id, &f.payment, &f.reason, &f.state, &f.provider, &f.cents)
	})
	if err != nil {
		return err
	}
	_, err = sqldb.Many(tx, `
		SELECT r.account_id, r.id, r.customer_id, r.membership_id, c.number, r.withdrawn_at IS NOT NULL, m.end_reason = '', (
			SELECT CAST(COALESCE(SUM(p.cents), 0) AS BIGINT) FROM posting p WHERE p.customer_id = c.id AND p.kind IN ('charge', 'discount'))
		FROM registration r JOIN customer c ON c.id = r.customer_id AND c.account_id = r.account_id JOIN membership m ON m.id = r.membership_id AND m.customer_id = c.id
		WHERE r.state = 'member'`, nil, func(r sqldb.Row) (struct{}, error) {
		var account string
		var one bookedContract
		none, err := nothing(r, &account, &one.order, &one.customer, &one.membership, &one.number, &one.withdrawn, &one.runs, &one.owed)
		if before, twice := b.contracts[account]; twice {
			t.Errorf("account %s has two contracts, %s and %s", account, before.order, one.order)
		}
		b.contracts[account] = one
		return none, err
	})
	if err != nil {
		return err
	}
	_, err = sqldb.Many(tx, `SELECT command, customer_id, cents FROM posting`, nil, func(r sqldb.Row) (struct{}, error) {
		var command, customer string
		var cents money.Cents
		none, err := nothing(r, &command, &customer, &cents)
		b.postings[command] = cents
		b.balances[customer] += cents
		return none, err
	})
	if err != nil {
		return err
	}
	_, err = sqldb.Many(tx, `SELECT kind, object FROM task`, nil, func(r sqldb.Row) (struct{}, error) {
		var kind, object string
		none, err := nothing(r, &kind, &object)
		b.tasks[kind+" "+object] = true
		return none, err
	})
	if err != nil {
		return err
	}
	letters, err := outbox.Recent(tx, math.MaxInt32)
	for _, l := range letters {
		if strings.HasPrefix(l.Mail.Kind, "registration.") {
			b.letters[l.Mail.Kind+" "+l.Mail.To]++
			b.kinds[l.Mail.Kind]++
		}
	}
	return err
}

// counts finds what is there without its counterpart.
func counts(t *testing.T, db *sqldb.DB, contracts int) {
	t.Helper()
	read(t, db, func(tx *sqldb.Tx) error {
		for query, want := range map[string]int{
			`SELECT COUNT(*) FROM registration WHERE state = 'member'`:                    contracts,
			`SELECT COUNT(*) FROM customer`:                                               contracts,
			`SELECT COUNT(DISTINCT number) FROM customer`:                                 contracts,
			`SELECT COUNT(*) FROM customer_number`:                                        contracts,
			`SELECT COUNT(*) FROM membership`:                                             contracts,
			`SELECT COUNT(*) FROM audit WHERE act = 'enrol.saved'`:                        contracts,
			`SELECT COUNT(*) FROM registration WHERE state = 'ordered'`:                   0, // no payment is under way any more
			`SELECT COUNT(*) FROM task WHERE kind <> 'surplus'`:                           0,
			`SELECT COUNT(*) FROM withdrawal WHERE outcome NOT IN ('withdrawn', 'again')`: 0,
			`SELECT COUNT(*) FROM outbox WHERE state <> 'queued'`:                         0,
			`SELECT COUNT(*) FROM registration WHERE withdrawn_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.registration_id = registration.id AND w.outcome = 'withdrawn')`: 0,
		} {
			n := 0
			if _, err := tx.One(query, nil, &n); err != nil {
				return err
			}
			if n != want {
				t.Errorf("%s: %d, want %d", query, n, want)
			}
		}
		return nil
	})
}

package registration_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/enrol"
	"lidwoord/library/ledger"
	"lidwoord/library/membership"
	"lidwoord/library/registration"
	"lidwoord/library/task"
)

// sixteen runs sixteen at once; each knows which one it is.
func sixteen(f func(i int) error) []error {
	wrong := make([]error, 16)
	var all sync.WaitGroup
	for i := range wrong {
		all.Go(func() { wrong[i] = f(i) })
	}
	all.Wait()
	return wrong
}

// rows counts a table.
func (w *world) rows(table string) (n int) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT COUNT(*) FROM `+table, nil, &n)
		return err
	})
	return n
}

func (w *world) tasks(k task.Kind) (list []task.Task) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) error {
		all, err := task.Open(tx, w.lib.ID, 100)
		for _, t := range all {
			if t.Kind == k {
				list = append(list, t)
			}
		}
		return err
	})
	return list
}

func TestSixteenTabsOpenOneForm(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var ids sync.Map
		for _, err := range sixteen(func(int) error {
			return w.try(func(tx *sqldb.Tx) error {
				r, err := registration.Begin(tx, w.emma, w.lib, "0141")
				ids.Store(r.ID, true)
				return err
			})
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		if n := w.rows("registration"); n != 1 {
			t.Errorf("%d forms", n)
		}
	})
}

func TestSixteenClicksAreOneOrder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.complete(w.emma, "0141", tester)
		paid := make([]string, 16)
		for _, err := range sixteen(func(i int) error {
			res, err := w.order(w.emma)
			if err != nil {
				return err
			}
			paid[i] = res.PaymentID
			_, err = w.cashier.Checkout(t.Context(), res.PaymentID)
			return err
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		for _, id := range paid {
			if id != paid[0] || id == "" {
				t.Errorf("payments %q and %q", id, paid[0])
			}
		}
		if w.rows("payment") != 1 || len(w.bank.accounts) != 1 {
			t.Errorf("%d payments here, %d at the bank", w.rows("payment"), len(w.bank.accounts))
		}
	})
}

func TestSixteenClicksOnSomethingFreeMakeOneMember(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.complete(w.emma, "0090", tester)
		for _, err := range sixteen(func(int) error { _, err := w.order(w.emma); return err }) {
			if err != nil && !errors.Is(err, registration.ErrMember) && !errors.Is(err, registration.ErrNone) {
				t.Error(err)
			}
		}
		if w.rows("membership") != 1 || w.rows("customer") != 1 || len(w.letters("registration.contract")) != 1 || w.rows("payment") != 0 {
			t.Errorf("%d memberships, %d customers, %d contracts", w.rows("membership"), w.rows("customer"), len(w.letters("registration.contract")))
		}
	})
}

func TestSixteenLooksMakeOneMember(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.complete(w.emma, "0141", tester)
		res, err := w.order(w.emma)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.cashier.Checkout(t.Context(), res.PaymentID); err != nil {
			t.Fatal(err)
		}
		w.bank.pay(res.PaymentID, w.Now())
		for _, err := range sixteen(func(int) error { _, err := w.cashier.Look(t.Context(), res.PaymentID); return err }) {
			if err != nil {
				t.Error(err)
			}
		}
		for table, want := range map[string]int{"membership": 1, "customer": 1, "customer_number": 1, "posting": 2, "task": 0, "refund": 0} {
			if n := w.rows(table); n != want {
				t.Errorf("%d rows in %s, want %d", n, table, want)
			}
		}
		w.letter("registration.contract")
	})
}

func TestSixteenWithdrawalsPayBackOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0141", tester)
		outcomes := make([]registration.Outcome, 16)
		for _, err := range sixteen(func(i int) error {
			return w.try(func(tx *sqldb.Tx) error {
				got, err := w.office.Withdraw(tx, w.lib, r, "account:x", words.NL)
				outcomes[i] = got.Outcome
				return err
			})
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		n := map[registration.Outcome]int{}
		for _, o := range outcomes {
			n[o]++
		}
		if n[registration.Withdrawn] != 1 || n[registration.Already] != 15 || w.rows("refund") != 1 {
			t.Errorf("%v, %d refunds", n, w.rows("refund"))
		}
		w.settleRefunds()
		w.do(func(tx *sqldb.Tx) error {
			owes, err := ledger.Balance(tx, r.CustomerID)
			if owes != 0 {
				t.Errorf("%s is open", owes)
			}
			return err
		})
		w.letter("registration.repaid")
	})
}

func TestSixteenCancellationsAreOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0141", tester)
		for _, err := range sixteen(func(int) error {
			return w.try(func(tx *sqldb.Tx) error {
				m, err := w.office.Cancel(tx, w.lib, r.CustomerID, r.MembershipID, words.NL)
				if err == nil && (m.EndReason != membership.OwnWish || m.LastDay != "2027-11-30") {
					err = errors.New("it ends on " + string(m.LastDay))
				}
				return err
			})
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		w.letter("registration.cancelled")
	})
}

// Whoever made two accounts and pays with both is a member once, and gets the
// other money back.
func TestTwoAccountsOfOnePersonMakeOneMember(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		visitors := []registration.Visitor{w.emma, w.visitor("emma2", "emma2@example.nl")}
		var pays []string
		for _, v := range visitors {
			w.complete(v, "0141", tester)
			res, err := w.order(v)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.cashier.Checkout(t.Context(), res.PaymentID); err != nil {
				t.Fatal(err)
			}
			w.bank.pay(res.PaymentID, w.Now())
			pays = append(pays, res.PaymentID)
		}
		for _, err := range sixteen(func(i int) error { _, err := w.cashier.Look(t.Context(), pays[i%2]); return err }) {
			if err != nil {
				t.Error(err)
			}
		}
		if w.rows("membership") != 1 || w.rows("customer") != 1 || w.rows("refund") != 1 || len(w.tasks(task.Surplus)) != 1 {
			t.Errorf("%d memberships, %d refunds, %d tasks", w.rows("membership"), w.rows("refund"), len(w.tasks(task.Surplus)))
		}
		w.letter("registration.surplus")
	})
}

// A former member who comes back with two accounts, of which neither is the one
// of then, is taken in by the first that pays.
func TestTwoAccountsOfAFormerMemberMakeOneMember(t *testing.T) {
	for first := range 3 {
		each(t, func(t *testing.T, w *world) { comeBackWithThreeAccounts(t, w, first) })
	}
}

// comeBackWithThreeAccounts has a former member pay with the account of then, the
// last, and with two others. The money of one of them is heard of first.
func comeBackWithThreeAccounts(t *testing.T, w *world, first int) {
	former := w.member(w.emma, "0141", tester)
	w.do(func(tx *sqldb.Tx) error {
		_, err := w.office.Withdraw(tx, w.lib, former, "account:x", words.NL)
		return err
	})
	var pays []string
	for _, v := range []registration.Visitor{w.visitor("emma2", "emma2@example.nl"), w.visitor("emma3", "emma3@example.nl"), w.emma} {
		w.complete(v, "0141", tester)
		res, err := w.order(v)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.cashier.Checkout(t.Context(), res.PaymentID); err != nil {
			t.Fatal(err)
		}
		w.bank.pay(res.PaymentID, w.Now())
		pays = append(pays, res.PaymentID)
	}
	if _, err := w.cashier.Look(t.Context(), pays[first]); err != nil {
		t.Fatal(err)
	}
	for _, err := range sixteen(func(i int) error { _, err := w.cashier.Look(t.Context(), pays[i%3]); return err }) {
		if err != nil {
			t.Error(err)
		}
	}
	running := 0
	w.do(func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT COUNT(*) FROM membership WHERE last_day >= $1`, []any{string(day.Of(tx.Now))}, &running)
		return err
	})
	if running != 1 || len(w.tasks(task.Surplus)) != 2 {
		t.Errorf("%d memberships run, %d payments go back", running, len(w.tasks(task.Surplus)))
	}
}

func TestTheFormTakesNoChangesBetweenTheClickAndTheMoney(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.complete(w.emma, "0141", tester)
		wrong := sixteen(func(i int) error {
			if i == 0 {
				_, err := w.order(w.emma)
				return err
			}
			return w.try(func(tx *sqldb.Tx) error {
				_, err := registration.Keep(tx, r, func() enrol.Application { a := r.App; a.Street = strings.Repeat("x", i); return a }())
				return err
			})
		})
		if wrong[0] != nil {
			t.Fatal(wrong[0])
		}
		for _, err := range wrong[1:] {
			if err != nil && !errors.Is(err, registration.ErrOrdered) {
				t.Error(err)
			}
		}
		if got := w.found(r.ID); got.State != registration.Ordered {
			t.Error(got.State)
		}
		if err := w.try(func(tx *sqldb.Tx) error { return registration.Drop(tx, r) }); !errors.Is(err, registration.ErrOrdered) {
			t.Errorf("dropped: %v", err)
		}
	})
}

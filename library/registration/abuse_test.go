package registration_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/base/words"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/registration"
	"lidwoord/library/task"
)

// What somebody may try who means ill.

func TestABirthdayIsNotFoundOutByOrdering(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		known := w.member(w.emma, "0141", tester)
		spy := w.visitor("spy", "spy@example.nl")
		w.complete(spy, "0141", func(a enrol.Application) enrol.Application {
			a = tester(a) // the right name and birthday, somewhere else
			a.Postcode, a.HouseNumber, a.Street, a.Place, a.Email = "9471 AC", "5", "Stationsweg", "Zuidlaren", "spy@example.nl"
			return a
		})
		if _, err := w.order(spy); err != nil {
			t.Fatalf("the form stops where name and birthday are right: %v", err)
		}
		if len(w.letters("registration.known")) != 0 {
			t.Error("a stranger's guess writes to the member")
		}
		// Whoever lives in the same house is stopped.
		twin := w.visitor("again", "again@example.nl")
		w.complete(twin, "0141", tester)
		if _, err := w.order(twin); !errors.Is(err, registration.ErrKnown) {
			t.Errorf("the same person in the same house: %v", err)
		}
		_ = known
	})
}

func TestWhoOrdersAgainAndAgainIsSlowedDown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		orders := 0
		var err error
		for orders = range 40 {
			r := w.complete(w.emma, "0141", tester)
			if _, err = w.order(w.emma); err != nil {
				break
			}
			w.do(func(tx *sqldb.Tx) error {
				if r, err = registration.Find(tx, r.ID); err != nil {
					return err
				}
				return w.office.Stop(tx, r)
			})
		}
		if !errors.Is(err, throttle.ErrSlow) || orders < 8 || orders > 15 {
			t.Errorf("after %d orders: %v", orders, err)
		}
		w.pass(2 * time.Hour)
		if _, err := w.order(w.emma); err != nil {
			t.Errorf("two hours later: %v", err)
		}
	})
}

func TestAFreeTrialIsTakenOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0090", tester)
		w.withdraw(r)
		w.pass(48 * time.Hour)
		w.complete(w.emma, "0090", tester)
		if _, err := w.order(w.emma); !errors.Is(err, registration.ErrOnce) {
			t.Errorf("a second trial: %v", err)
		}
		w.do(func(tx *sqldb.Tx) error {
			form, err := registration.Current(tx, w.emma, w.lib.ID)
			if err != nil {
				return err
			}
			form.App.Membership = "0141"
			_, err = registration.Keep(tx, form, form.App)
			return err
		})
		if _, err := w.order(w.emma); err != nil {
			t.Errorf("something else after a trial: %v", err)
		}
	})
}

func TestALetterGoesToTheAddressThatItsOwnerConfirmed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.member(w.emma, "0090", func(a enrol.Application) enrol.Application {
			a = tester(a)
			a.Email = "victim@example.nl"
			return a
		})
		if to := w.letter("registration.contract").To; to != w.emma.Email {
			t.Errorf("the contract goes to %s, which nobody confirmed", to)
		}
	})
}

func TestALetterHasNoWordsOfAStranger(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for what, s := range map[string]registration.Statement{
			"a number of words":  {Number: "GRATIS: ga naar https://evil.example", Name: "E. Tester", Email: "victim@example.nl"},
			"a name of links":    {Number: "1", Name: "klant, ga naar https://evil.example/prijs", Email: "victim@example.nl"},
			"a name of a site":   {Number: "1", Name: "ga naar www.evil.example", Email: "victim@example.nl"},
			"a name turned back": {Number: "1", Name: "E. \u202eretseT", Email: "victim@example.nl"},
		} {
			err := w.try(func(tx *sqldb.Tx) error {
				_, err := w.office.Declare(tx, w.lib, s, "net", words.NL)
				return err
			})
			if err == nil {
				t.Errorf("%s is taken", what)
			}
		}
		w.complete(w.emma, "0090", func(a enrol.Application) enrol.Application {
			a = tester(a)
			a.Surname = "GRATIS IPAD op https://evil.example/ipad"
			return a
		})
		if _, err := w.order(w.emma); !errors.Is(err, customer.ErrNameSign) {
			t.Errorf("a name with a link: %v", err)
		}
		if n := w.rows("outbox"); n != 0 {
			t.Errorf("%d letters left", n)
		}
	})
}

func TestNobodyTakesTheRightToWithdrawFromSomebodyElse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0141", tester)
		c := w.customer(r.CustomerID)
		declare := func(number, email, network string) (registration.Receipt, error) {
			var got registration.Receipt
			err := w.try(func(tx *sqldb.Tx) (err error) {
				got, err = w.office.Declare(tx, w.lib, registration.Statement{Number: number, Name: "E.B. Tester", Email: email}, network, words.NL)
				return err
			})
			return got, err
		}
		slow := 0
		for i := range 60 { // nonsense in her name, from her library's wifi
			if _, err := declare(fmt.Sprint(i), c.Email, "wifi"); errors.Is(err, throttle.ErrSlow) {
				slow++
			}
		}
		if slow == 0 {
			t.Fatal("nonsense is never slowed down")
		}
		if n := len(w.tasks(task.Withdrawal)); n > 60-slow {
			t.Errorf("%d tasks of %d statements", n, 60-slow)
		}
		got, err := declare(c.Number, strings.ToUpper(c.Email), "wifi")
		if err != nil || got.Outcome != registration.Withdrawn {
			t.Errorf("she herself: %v, %v", got.Outcome, err)
		}
		if to := w.letters("registration.withdrawal")[0].To; to != c.Email {
			t.Errorf("the receipt goes to %s, want the address as we know it", to)
		}
	})
}

func TestOneStatementSentAgainIsOneTask(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for range 3 {
			w.do(func(tx *sqldb.Tx) error {
				_, err := w.office.Declare(tx, w.lib, registration.Statement{Number: "1234", Name: "J. Jansen", Email: "j@example.nl"}, "net", words.NL)
				return err
			})
		}
		if n := len(w.tasks(task.Withdrawal)); n != 1 {
			t.Errorf("%d tasks", n)
		}
	})
}

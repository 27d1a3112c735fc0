package registration_test

import (
	"errors"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/membership"
	"lidwoord/library/payment"
	"lidwoord/library/registration"
	"lidwoord/library/task"
)

func TestFourteenDaysRunOnToAWorkingDay(t *testing.T) {
	for made, last := range map[day.Day]day.Day{
		"2026-11-23": "2026-12-07", // Monday
		"2026-11-28": "2026-12-14", // ends on a Saturday
		"2026-11-29": "2026-12-14", // ends on a Sunday
		"2026-12-11": "2026-12-28", // ends on Christmas Day, a Friday; then Saturday and Sunday
		"2026-12-18": "2027-01-04", // ends on New Year's Day, a Friday
		"2027-03-12": "2027-03-30", // ends on Good Friday; then Easter
		"2027-04-13": "2027-04-28", // ends on King's Day
		"2028-02-15": "2028-02-29", // a leap day counts
	} {
		if got := registration.LastDay(made); got != last {
			t.Errorf("made on %s: until %s, want %s", made, got, last)
		}
	}
}

// withdraw says so in a transaction of its own.
func (w *world) withdraw(r registration.Registration) (got registration.Receipt) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) (err error) {
		got, err = w.office.Withdraw(tx, w.lib, r, "account:x", words.NL)
		return err
	})
	return got
}

func (w *world) rights(customerID string) (open membership.Rights) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) (err error) {
		open, err = membership.RightsOf(tx, customerID, day.Of(tx.Now))
		return err
	})
	return open
}

func TestWithdrawingCountsThroughTheLastDay(t *testing.T) {
	for at, want := range map[time.Time]registration.Outcome{
		time.Date(2026, 12, 7, 23, 59, 59, 0, day.Amsterdam): registration.Withdrawn,
		time.Date(2026, 12, 8, 0, 0, 0, 0, day.Amsterdam):    registration.TooLate,
	} {
		each(t, func(t *testing.T, w *world) {
			r := w.member(w.emma, "0141", tester)
			w.at(at)
			if may := r.MayWithdraw(day.Of(at)); may != (want == registration.Withdrawn) {
				t.Errorf("at %s: may %v", at, may)
			}
			got := w.withdraw(r)
			if got.Outcome != want || w.rights(r.CustomerID).Digital != (want == registration.TooLate) {
				t.Errorf("at %s: %s", at, got.Outcome)
			}
			if n := w.rows("refund"); (n == 1) != (want == registration.Withdrawn) {
				t.Errorf("at %s: %d refunds", at, n)
			}
		})
	}
}

func TestWithdrawnARightEndsAtOnceAndAllMoneyGoesBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0141", tester)
		if got := w.withdraw(r); got.Outcome != registration.Withdrawn || got.Cents != 4500 {
			t.Errorf("%+v", got)
		}
		if w.rights(r.CustomerID) != (membership.Rights{}) || w.balanceOf(r.CustomerID) != -4500 {
			t.Errorf("%+v, %s", w.rights(r.CustomerID), w.balanceOf(r.CustomerID))
		}
		w.settleRefunds()
		if w.balanceOf(r.CustomerID) != 0 {
			t.Errorf("%s is open", w.balanceOf(r.CustomerID))
		}
		if got := w.withdraw(r); got.Outcome != registration.Already || got.Cents != 0 {
			t.Errorf("once more: %+v", got)
		}
	})
}

func TestWhoCancelledMayStillWithdraw(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0141", tester)
		w.do(func(tx *sqldb.Tx) error {
			_, err := w.office.Cancel(tx, w.lib, r.CustomerID, r.MembershipID, words.NL)
			return err
		})
		if !w.rights(r.CustomerID).Digital {
			t.Error("who cancels reads to the end of what was paid")
		}
		if got := w.withdraw(r); got.Outcome != registration.Withdrawn || w.rights(r.CustomerID).Digital {
			t.Errorf("%s", got.Outcome)
		}
	})
}

func TestWithdrawnTheMembershipCannotBeCancelled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0141", tester)
		w.withdraw(r)
		err := w.try(func(tx *sqldb.Tx) error {
			_, err := w.office.Cancel(tx, w.lib, r.CustomerID, r.MembershipID, words.NL)
			return err
		})
		if !errors.Is(err, membership.ErrNotRunning) {
			t.Error(err)
		}
	})
}

func TestSomethingFreeIsWithdrawnWithoutMoney(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0090", tester)
		if got := w.withdraw(r); got.Outcome != registration.Withdrawn || got.Cents != 0 || w.rows("refund") != 0 || w.rows("posting") != 0 {
			t.Errorf("%+v", got)
		}
	})
}

func TestOnlyWhatIsLeftGoesBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0141", tester)
		for id := range w.bank.accounts {
			w.bank.chargeBack(id[len("bank-"):], 1500)
			if _, err := w.cashier.Look(t.Context(), id[len("bank-"):]); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.withdraw(r); got.Cents != 3000 {
			t.Errorf("%s goes back", got.Cents)
		}
		says(t, w.letter("registration.withdrawal"), "€\u00a030,00")
		w.settleRefunds()
		if w.balanceOf(r.CustomerID) != 0 {
			t.Errorf("%s is open", w.balanceOf(r.CustomerID))
		}
	})
}

func TestARefundThatFailsLeavesTheMoneyOwed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0141", tester)
		w.withdraw(r)
		w.settleRefunds()
		for _, o := range w.bank.accounts { // a week later the bank finds that the account was closed
			o.Refunds[0].State = payment.RefundFailed
		}
		w.pass(8 * 24 * time.Hour)
		if err := w.cashier.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if list := w.tasks(task.RefundFailed); len(list) != 1 || list[0].Cents != 4500 || w.balanceOf(r.CustomerID) != -4500 {
			t.Errorf("%+v, %s open", list, w.balanceOf(r.CustomerID))
		}
	})
}

func TestAStatementNeedsNumberNameAndAddressThatFit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0141", tester)
		number := w.customer(r.CustomerID).Number
		fits := registration.Statement{Number: number, Name: "Emma Tester", Email: w.emma.Email}
		for i, c := range []struct {
			s    registration.Statement
			want registration.Outcome
		}{
			{registration.Statement{Number: "20001234567890", Name: fits.Name, Email: fits.Email}, registration.Unknown},
			{registration.Statement{Number: number, Name: "Jansen", Email: fits.Email}, registration.Unknown},
			{registration.Statement{Number: number, Name: fits.Name, Email: "other@example.nl"}, registration.Unknown},
			{registration.Statement{Number: " " + number[:4] + " " + number[4:], Name: "tester e.b.", Email: "EB.Tester@example.nl"}, registration.Withdrawn},
			{fits, registration.Already},
		} {
			w.pass(time.Hour)
			w.do(func(tx *sqldb.Tx) error {
				got, err := w.office.Declare(tx, w.lib, c.s, "net", words.NL)
				if got.Outcome != c.want {
					t.Errorf("%d: %s, want %s", i, got.Outcome, c.want)
				}
				return err
			})
		}
		if w.rows("withdrawal") != 5 || len(w.letters("registration.withdrawal")) != 5 || len(w.tasks(task.Withdrawal)) != 3 {
			t.Errorf("%d statements, %d receipts, %d tasks", w.rows("withdrawal"), len(w.letters("registration.withdrawal")), len(w.tasks(task.Withdrawal)))
		}
	})
}

func TestAStatementThatSaysNothingIsAskedAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		err := w.try(func(tx *sqldb.Tx) error {
			_, err := w.office.Declare(tx, w.lib, registration.Statement{Number: " ", Email: "no address"}, "net", words.NL)
			return err
		})
		if len(fault.Of(err)) != 3 || w.rows("withdrawal") != 0 {
			t.Errorf("%v", err)
		}
	})
}

// Each statement mails a letter to an address that was typed.
func TestStatementsForOneMailboxSlowDown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		taken := 0
		for range 16 {
			err := w.try(func(tx *sqldb.Tx) error {
				_, err := w.office.Declare(tx, w.lib, registration.Statement{Number: "1", Name: "x", Email: "victim@example.nl"}, "net", words.NL)
				return err
			})
			if err == nil {
				taken++
			} else if fault.KindOf(err) != fault.Slow {
				t.Fatal(err)
			}
		}
		if taken < 3 || taken > 4 {
			t.Errorf("%d letters", taken)
		}
	})
}

func TestAnotherLibraryFindsNoContractOfOurs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.member(w.emma, "0141", tester)
		s := registration.Statement{Number: w.customer(r.CustomerID).Number, Name: "Tester", Email: w.emma.Email}
		w.do(func(tx *sqldb.Tx) error {
			other, err := branch.SaveOrganisation(tx, branch.Organisation{Slug: "ver", Name: "Verre bibliotheken"})
			if err != nil {
				return err
			}
			got, err := w.office.Declare(tx, other, s, "net", words.NL)
			if got.Outcome != registration.Unknown {
				t.Errorf("%s", got.Outcome)
			}
			return err
		})
	})
}

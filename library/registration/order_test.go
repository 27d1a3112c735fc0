package registration_test

import (
	"errors"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/ledger"
	"lidwoord/library/membership"
	"lidwoord/library/payment"
	"lidwoord/library/registration"
	"lidwoord/library/task"
)

// price changes what Digital only costs, or takes it off the list.
func (w *world) price(cents money.Cents, online bool) {
	w.t.Helper()
	d := membership.Seed(w.lib.ID)[3]
	d.Price, d.Online = cents, online
	w.do(func(tx *sqldb.Tx) error { return membership.SaveDefinition(tx, d) })
}

// atTheBank orders Digital only, and brings the payer to the bank.
func (w *world) atTheBank(v registration.Visitor, as func(enrol.Application) enrol.Application) registration.Result {
	w.t.Helper()
	w.complete(v, "0141", as)
	res, err := w.order(v)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.cashier.Checkout(w.t.Context(), res.PaymentID); err != nil {
		w.t.Fatal(err)
	}
	return res
}

func (w *world) balanceOf(customerID string) (owes money.Cents) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) (err error) {
		owes, err = ledger.Balance(tx, customerID)
		return err
	})
	return owes
}

func (w *world) customer(id string) (c customer.Customer) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) (err error) {
		c, err = customer.Find(tx, id)
		return err
	})
	return c
}

func TestAPriceThatChangedUnderThePageIsShownAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.complete(w.emma, "0141", tester)
		var seen string
		w.do(func(tx *sqldb.Tx) error {
			_, agreed, err := registration.Agree(tx, r)
			seen = agreed.BuildUp.Digest()
			return err
		})
		w.price(4750, true)
		err := w.try(func(tx *sqldb.Tx) error {
			_, err := w.office.Order(tx, w.emma, w.lib, seen)
			return err
		})
		if !errors.Is(err, registration.ErrChanged) || w.found(r.ID).State != registration.Open {
			t.Errorf("%v, %s", err, w.found(r.ID).State)
		}
	})
}

func TestMidnightUnderThePageIsShownAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.at(time.Date(2026, 11, 30, 23, 59, 59, 0, day.Amsterdam))
		r := w.complete(w.emma, "0141", tester)
		var seen string
		w.do(func(tx *sqldb.Tx) error {
			_, agreed, err := registration.Agree(tx, r)
			seen = agreed.BuildUp.Digest()
			return err
		})
		w.pass(time.Second)
		err := w.try(func(tx *sqldb.Tx) error {
			_, err := w.office.Order(tx, w.emma, w.lib, seen)
			return err
		})
		if !errors.Is(err, registration.ErrChanged) {
			t.Errorf("the term moved by a month and nobody said so: %v", err)
		}
	})
}

func TestWhatWasAgreedIsCharged(t *testing.T) {
	for _, c := range []struct {
		name    string
		between func(*world)
	}{
		{"the price went up", func(w *world) { w.price(6000, true) }},
		{"it was taken off the list", func(w *world) { w.price(4500, false) }},
		{"midnight passed", func(w *world) { w.at(time.Date(2026, 11, 24, 0, 0, 1, 0, day.Amsterdam)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				res := w.atTheBank(w.emma, tester)
				c.between(w)
				w.pay(res.PaymentID)
				r := w.found(res.Registration.ID)
				if r.State != registration.Member || w.balanceOf(r.CustomerID) != 0 {
					t.Fatalf("%s, %s open", r.State, w.balanceOf(r.CustomerID))
				}
				b := w.bill(r.ID)
				if b.Total != 4500 || b.What.FirstDay != day.Of(w.Now()) || r.WithdrawUntil != registration.LastDay(day.Of(w.Now())) {
					t.Errorf("%s from %s, withdraw until %s", b.Total, b.What.FirstDay, r.WithdrawUntil)
				}
			})
		})
	}
}

func TestMoneyThatMakesNoMemberGoesBack(t *testing.T) {
	for _, c := range []struct {
		name    string
		between func(*world)
	}{
		{"the branch closed", func(w *world) {
			w.annen.Enrols = false
			w.setBranch()
		}},
		{"the numbers ran out", func(w *world) {
			w.do(func(tx *sqldb.Tx) error {
				_, err := tx.Exec(`UPDATE number_range SET next_serial = last_serial + 1`)
				return err
			})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				res := w.atTheBank(w.emma, tester)
				c.between(w)
				p := w.pay(res.PaymentID)
				r := w.found(res.Registration.ID)
				if p.Surplus == "" || r.State != registration.Open || r.App.Surname != "Tester" || w.rows("customer") != 0 || w.rows("posting") != 0 {
					t.Fatalf("%+v, %s", p, r.State)
				}
				if len(w.tasks(task.Surplus)) != 1 {
					t.Error("nobody was told")
				}
				w.letter("registration.surplus")
				w.settleRefunds()
				if got := atBank(*w.bank.accounts["bank-"+res.PaymentID]); got != 0 {
					t.Errorf("%s did not go back", got)
				}
			})
		})
	}
}

func TestNothingToPaySkipsThePayment(t *testing.T) {
	for code, as := range map[string]func(enrol.Application) enrol.Application{"0090": tester, "0141": child} {
		each(t, func(t *testing.T, w *world) {
			w.complete(w.emma, code, as)
			res, err := w.order(w.emma)
			if err != nil || res.PaymentID != "" || res.Registration.State != registration.Member || w.rows("payment") != 0 {
				t.Errorf("%s: %+v, %v", code, res, err)
			}
		})
	}
}

func TestBackAfterPayingMakesNothingNew(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.member(w.emma, "0141", tester)
		err := w.try(func(tx *sqldb.Tx) error {
			_, err := w.office.Order(tx, w.emma, w.lib, "")
			return err
		})
		if !errors.Is(err, registration.ErrMember) {
			t.Error(err)
		}
		err = w.try(func(tx *sqldb.Tx) error {
			_, err := registration.Begin(tx, w.emma, w.lib, "0141")
			return err
		})
		if !errors.Is(err, registration.ErrMember) {
			t.Error(err)
		}
	})
}

func TestAPaymentThatFailedLeavesTheFormAsItWas(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		res := w.atTheBank(w.emma, tester)
		w.bank.end(res.PaymentID, payment.Failed)
		if _, err := w.cashier.Look(t.Context(), res.PaymentID); err != nil {
			t.Fatal(err)
		}
		r := w.found(res.Registration.ID)
		if r.State != registration.Open || r.App.Surname != "Tester" || r.App.Street != "Kruisstraat" || w.rows("customer") != 0 {
			t.Fatalf("%+v", r)
		}
		again, err := w.order(w.emma)
		if err != nil || again.PaymentID == res.PaymentID || again.Registration.ID != r.ID {
			t.Errorf("%+v, %v", again, err)
		}
		w.pay(again.PaymentID)
		if w.rows("customer") != 1 || w.rows("membership") != 1 {
			t.Error("tried again it made two")
		}
	})
}

func TestWithoutAProviderNothingIsOrdered(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.complete(w.emma, "0141", tester)
		w.office.Provider = func() string { return "" }
		if _, err := w.order(w.emma); !errors.Is(err, payment.ErrNotNow) || w.found(r.ID).State != registration.Open {
			t.Errorf("%v, %s", err, w.found(r.ID).State)
		}
	})
}

// A payment that was given up may be paid all the same. The one that was begun
// after it is over then, so that nobody pays twice.
func TestWhenTheFirstPaymentComesAfterAllTheSecondIsOver(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.atTheBank(w.emma, tester)
		w.do(func(tx *sqldb.Tx) error { return w.office.Stop(tx, first.Registration) })
		second := w.atTheBank(w.emma, tester)
		w.bank.pay(first.PaymentID, w.Now())
		if _, err := w.cashier.Look(t.Context(), first.PaymentID); err != nil {
			t.Fatal(err)
		}
		if r := w.found(first.Registration.ID); r.State != registration.Member {
			t.Fatal(r.State)
		}
		if _, err := w.cashier.Checkout(t.Context(), second.PaymentID); !errors.Is(err, payment.ErrOver) {
			t.Errorf("the payer is sent to pay a second time: %v", err)
		}
	})
}

// Money of a payment that was given up may fit no longer. Another that is under
// way goes on, and the form stays shut until it is over.
func TestMoneyThatGoesBackLeavesAnotherPaymentAlone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.atTheBank(w.emma, tester)
		w.do(func(tx *sqldb.Tx) error { return w.office.Stop(tx, first.Registration) })
		w.price(6000, true)
		second := w.atTheBank(w.emma, tester)
		w.bank.pay(first.PaymentID, w.Now())
		if p, err := w.cashier.Look(t.Context(), first.PaymentID); err != nil || p.Surplus != "registration.surplus_other" {
			t.Fatalf("%+v, %v", p, err)
		}
		if r := w.found(first.Registration.ID); r.State != registration.Ordered {
			t.Errorf("the form is %s while its payment is under way", r.State)
		}
		if p := w.pay(second.PaymentID); p.Surplus != "" {
			t.Error(p.Surplus)
		}
	})
}

// Of a child nothing is taken (Wsob, art. 13), whatever was ordered before the
// birth date was put right.
func TestAChildIsNotChargedWhatAnAdultOrdered(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		res := w.atTheBank(w.emma, tester)
		w.do(func(tx *sqldb.Tx) error {
			if err := w.office.Stop(tx, res.Registration); err != nil {
				return err
			}
			r, err := registration.Current(tx, w.emma, w.lib.ID)
			if err == nil {
				_, err = registration.Keep(tx, r, child(r.App))
			}
			return err
		})
		w.bank.pay(res.PaymentID, w.Now())
		p, err := w.cashier.Look(t.Context(), res.PaymentID)
		if err != nil || p.Surplus != "registration.surplus_other" || w.rows("posting") != 0 {
			t.Errorf("%+v, %v", p, err)
		}
		if free, err := w.order(w.emma); err != nil || free.PaymentID != "" {
			t.Errorf("%+v, %v", free, err)
		}
	})
}

func TestAFormerMemberWithTheSameAccountKeepsTheNumber(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		was := w.member(w.emma, "0090", tester)
		number := w.customer(was.CustomerID).Number
		w.pass(200 * 24 * time.Hour)
		w.do(func(tx *sqldb.Tx) error {
			r, err := registration.Begin(tx, w.emma, w.lib, "0141")
			if err == nil && (r.App.Surname != "Tester" || r.App.Street != "Kruisstraat" || r.App.Newsletter != "") {
				t.Errorf("the form is not filled in: %+v", r.App)
			}
			if err != nil {
				return err
			}
			r.App.Newsletter = enrol.No
			_, err = registration.Keep(tx, r, r.App)
			return err
		})
		res, err := w.order(w.emma)
		if err != nil {
			t.Fatal(err)
		}
		w.pay(res.PaymentID)
		now := w.found(res.Registration.ID)
		if now.CustomerID != was.CustomerID || w.customer(now.CustomerID).Number != number || w.rows("customer") != 1 || w.rows("membership") != 2 || len(w.tasks(task.LooksAlike)) != 0 {
			t.Errorf("customer %s, was %s", now.CustomerID, was.CustomerID)
		}
	})
}

func TestAnotherBirthDateIsAnotherPerson(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.member(w.emma, "0090", tester)
		w.pass(200 * 24 * time.Hour)
		r := w.complete(w.emma, "0141", func(a enrol.Application) enrol.Application {
			a = tester(a)
			a.Birth = "5-1-1991"
			return a
		})
		err := w.try(func(tx *sqldb.Tx) error { return registration.Check(tx, r, registration.PageBirth) })
		if !errors.Is(err, registration.ErrOtherPerson) {
			t.Errorf("the page: %v", err)
		}
		if _, err := w.order(w.emma); !errors.Is(err, enrol.ErrOtherPerson) {
			t.Errorf("the button: %v", err)
		}
	})
}

func TestAMemberIsNotMadeAMemberTwice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.member(w.emma, "0141", tester)
		stranger := w.visitor("stranger", "stranger@example.nl")
		r := w.complete(stranger, "0141", tester)
		if _, err := w.order(stranger); !errors.Is(err, registration.ErrKnown) || w.found(r.ID).State != registration.Open {
			t.Fatal(err)
		}
		for _, err := range sixteen(func(int) error {
			return w.try(func(tx *sqldb.Tx) error { return w.office.TellKnown(tx, r) })
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		w.letter("registration.known") // one, however often somebody types the name
		w.pass(24*time.Hour + time.Second)
		w.do(func(tx *sqldb.Tx) error { return w.office.TellKnown(tx, r) })
		if n := len(w.letters("registration.known")); n != 2 {
			t.Errorf("a day later: %d letters in all", n)
		}
	})
}

func TestWhoLooksLikeAFormerMemberIsTakenInAndLookedAt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		was := w.member(w.emma, "0090", tester)
		w.pass(200 * 24 * time.Hour)
		now := w.member(w.visitor("emma2", "emma2@example.nl"), "0141", tester)
		if now.State != registration.Member || now.CustomerID == was.CustomerID {
			t.Fatalf("%+v", now)
		}
		list := w.tasks(task.LooksAlike)
		if len(list) != 1 || list[0].Object != "customer:"+now.CustomerID || len(list[0].Facts) != 2 || list[0].Facts[1].Value != w.customer(was.CustomerID).Number {
			t.Errorf("%+v", list)
		}
	})
}

func TestWhoPaysADayLaterIsAMemberAndLookedAt(t *testing.T) {
	for after, want := range map[time.Duration]int{24 * time.Hour: 0, 24*time.Hour + time.Second: 1} {
		each(t, func(t *testing.T, w *world) {
			res := w.atTheBank(w.emma, tester)
			w.pass(after)
			w.bank.pay(res.PaymentID, w.Now())
			if _, err := w.cashier.Look(t.Context(), res.PaymentID); err != nil {
				t.Fatal(err)
			}
			if w.found(res.Registration.ID).State != registration.Member || len(w.tasks(task.LateMember)) != want {
				t.Errorf("after %s: %s, %d tasks", after, w.found(res.Registration.ID).State, len(w.tasks(task.LateMember)))
			}
		})
	}
}

func TestFormsThatNobodyComesBackToAreCleared(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.complete(w.emma, "0141", tester)
		w.pass(registration.Life)
		w.do(registration.DropOld)
		if w.found(r.ID).State != registration.Open {
			t.Error("cleared too soon")
		}
		w.pass(time.Second)
		if err := w.try(func(tx *sqldb.Tx) error {
			_, err := registration.Current(tx, w.emma, w.lib.ID)
			return err
		}); !errors.Is(err, registration.ErrNone) {
			t.Errorf("the job did not come by yet: %v", err)
		}
		w.do(registration.DropOld)
		if got := w.found(r.ID); got.State != registration.Dropped || got.App.Surname != "" || got.Username != "" {
			t.Errorf("%+v", got)
		}
	})
}

func TestAnOldFormMakesRoomForANewOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		old := w.complete(w.emma, "0141", tester)
		w.pass(registration.Life + time.Second)
		w.do(func(tx *sqldb.Tx) error {
			r, err := registration.Begin(tx, w.emma, w.lib, "0090")
			if r.ID == old.ID || r.App.Surname != "" {
				t.Errorf("%+v", r)
			}
			return err
		})
	})
}

func TestAnOrderIsNotClearedWhileMoneyMayCome(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		res := w.atTheBank(w.emma, tester)
		w.pass(registration.Life + time.Hour)
		w.do(registration.DropOld)
		w.bank.pay(res.PaymentID, w.Now())
		if _, err := w.cashier.Look(t.Context(), res.PaymentID); err != nil {
			t.Fatal(err)
		}
		if w.found(res.Registration.ID).State != registration.Member {
			t.Error("paid, and no member")
		}
	})
}

func TestAMembershipBeginsOnTheDayTheMoneyIsThere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		res := w.atTheBank(w.emma, tester)
		w.at(time.Date(2026, 12, 2, 8, 0, 0, 0, day.Amsterdam))
		w.bank.pay(res.PaymentID, w.Now())
		if _, err := w.cashier.Look(t.Context(), res.PaymentID); err != nil {
			t.Fatal(err)
		}
		b := w.bill(res.Registration.ID)
		if b.What.FirstDay != "2026-12-02" || b.What.ValidThrough != "2027-12-31" || b.Total != 4500 || b.What.Name(words.NL) != "Digital only" {
			t.Errorf("%s–%s", b.What.FirstDay, b.What.ValidThrough)
		}
	})
}

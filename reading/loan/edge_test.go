package loan_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
)

// untilFar is a membership that outlives every loan of these tests.
var untilFar = loan.Rights{{Library: "Bind", Name: "Digital only", Rights: []string{"digital"}, State: loan.Active}}

func extend(t *testing.T, db *sqldb.DB, r loan.Reader, may loan.Rights, title string) (l loan.Loan, err error) {
	err = db.InTx(t.Context(), func(tx *sqldb.Tx) (err error) { l, err = loan.Extend(tx, r, may, title); return err })
	return l, err
}

func setTerm(t *testing.T, db *sqldb.DB, right string, change func(*loan.Rules)) {
	t.Helper()
	must(t, db, func(tx *sqldb.Tx) error {
		terms, err := loan.TermsOf(tx)
		if err != nil {
			return err
		}
		r := terms[right]
		change(&r)
		return loan.SetTerm(tx, "staff:1", right, r)
	})
}

// A loan lasts whole days by the Dutch clock, also over the nights in which it
// changes, and from the first to the last second of a day.
func TestADayIsADayByTheDutchClock(t *testing.T) {
	for name, c := range map[string]struct {
		at   time.Time
		last day.Day
		left int
	}{
		"the last second of a day":             {time.Date(2026, 11, 23, 23, 59, 59, 0, day.Amsterdam), "2026-12-14", 21},
		"the first of the next":                {time.Date(2026, 11, 24, 0, 0, 0, 0, day.Amsterdam), "2026-12-15", 21},
		"over the night of summer":             {time.Date(2026, 3, 20, 12, 0, 0, 0, day.Amsterdam), "2026-04-10", 21},
		"over the night of winter":             {time.Date(2026, 10, 10, 0, 30, 0, 0, day.Amsterdam), "2026-10-31", 21},
		"on the night of summer":               {time.Date(2026, 3, 29, 3, 0, 0, 0, day.Amsterdam), "2026-04-19", 21},
		"due on the night of winter":           {time.Date(2026, 10, 4, 23, 30, 0, 0, day.Amsterdam), "2026-10-25", 21},
		"over a leap day":                      {time.Date(2028, 2, 15, 9, 0, 0, 0, day.Amsterdam), "2028-03-07", 21},
		"still yesterday in Greenwich, summer": {time.Date(2026, 6, 30, 22, 30, 0, 0, time.UTC), "2026-07-22", 21},
	} {
		t.Run(name, func(t *testing.T) {
			db := sqldbtest.New(t)
			id := titles(t, db, catalogue.EBook, 1)[0]
			db.Now = func() time.Time { return c.at }
			l, err := borrow(t, db, zoe, untilFar, id)
			if err != nil || l.LastDay() != c.last || l.DaysLeft(c.at) != c.left {
				t.Fatalf("until %s, %d days left, %v; want %s and %d", l.LastDay(), l.DaysLeft(c.at), err, c.last, c.left)
			}
			last := c.last.AddDays(1).Start().Add(-time.Second)
			if l.DaysLeft(last) != 0 || !l.DueAt.Equal(c.last.AddDays(1).Start()) {
				t.Errorf("due at %s with %d days left a second before", l.DueAt, l.DaysLeft(last))
			}
			db.Now = func() time.Time { return last }
			if l, err = extend(t, db, zoe, untilFar, id); err != nil || l.LastDay() != c.last.AddDays(21) {
				t.Errorf("extended in the last second until %s, %v", l.LastDay(), err)
			}
		})
	}
}

func TestExtendingWhileTheSweepEndsItIsOneOrTheOther(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		for range 6 {
			id := titles(t, db, catalogue.EBook, 1)[0]
			l, err := borrow(t, db, zoe, rights, id)
			if err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			tick := l.DueAt.Add(-4 * time.Microsecond)
			db.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); tick = tick.Add(time.Microsecond); return tick }
			var all sync.WaitGroup
			extended := 0
			for i := range 16 {
				all.Go(func() {
					if i%2 == 0 {
						if err := db.InTx(t.Context(), loan.Sweep); err != nil {
							t.Error(err)
						}
						return
					}
					_, err := extend(t, db, zoe, rights, id)
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err == nil:
						extended++
					case !errors.Is(err, loan.ErrNotYours) && !errors.Is(err, loan.ErrExtended):
						t.Error(err)
					}
				})
			}
			all.Wait()
			held := len(shelf(t, db, zoe))
			if extended > 1 || held != extended {
				t.Errorf("extended %d times, and %d on the shelf", extended, held)
			}
			must(t, db, func(tx *sqldb.Tx) error { _, err := loan.Return(tx, zoe, id); return err })
		}
	})
}

func TestChangedRulesHoldAtOnceAndLoansThatRunKeepTheirDay(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ids := titles(t, db, catalogue.EBook, 5)
		for _, id := range ids[:4] {
			if _, err := borrow(t, db, zoe, rights, id); err != nil {
				t.Fatal(err)
			}
		}
		setTerm(t, db, "digital", func(r *loan.Rules) { r.EBooks, r.Days, r.Extensions = 2, 7, 0 })
		_, err := borrow(t, db, zoe, rights, ids[4])
		if args := fault.Of(err); !errors.Is(err, loan.ErrManyEBooks) || args[0].Args[0] != 4 || args[0].Args[1] != 2 || args[0].Args[2] != 3 {
			t.Errorf("with four of two: %v", err)
		}
		for _, l := range shelf(t, db, zoe) {
			if l.LastDay() != "2026-12-14" {
				t.Errorf("a loan that ran is until %s", l.LastDay())
			}
		}
		if again, err := borrow(t, db, zoe, rights, ids[0]); err != nil || again.LastDay() != "2026-12-14" {
			t.Errorf("borrowing again what one has: %s, %v", again.LastDay(), err)
		}
		for _, id := range ids[:3] {
			must(t, db, func(tx *sqldb.Tx) error { _, err := loan.Return(tx, zoe, id); return err })
		}
		if l, err := borrow(t, db, zoe, rights, ids[4]); err != nil || l.LastDay() != "2026-11-30" {
			t.Errorf("a new loan is until %s, %v", l.LastDay(), err)
		}
		db.Now = func() time.Time { return day.Day("2026-12-13").Start() }
		if _, err := extend(t, db, zoe, rights, ids[3]); !errors.Is(err, loan.ErrExtended) {
			t.Errorf("extending that is no more: %v", err)
		}
		// What a right does not lend at all has a sentence of its own.
		setTerm(t, db, "digital", func(r *loan.Rules) { r.Audiobooks = 0 })
		if _, err := borrow(t, db, zoe, rights, titles(t, db, catalogue.Audiobook, 1)[0]); !errors.Is(err, loan.ErrNoAudiobooks) {
			t.Errorf("an audiobook of none: %v", err)
		}
		setTerm(t, db, "digital", func(r *loan.Rules) { r.EBooks = 0 })
		if _, err := borrow(t, db, readerNamed("ada"), rights, ids[0]); !errors.Is(err, loan.ErrNoEBooks) {
			t.Errorf("an e-book of none: %v", err)
		}
	})
}

func TestRulesOutOfBoundsAreRefusedAndChangesAreAudited(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		good := loan.Rules{EBooks: 3, Audiobooks: 0, Days: 14, Extensions: 2, ExtendDays: 7, ExtendFrom: 2, Youth: true}
		for _, c := range []struct {
			rule   string
			change func(*loan.Rules)
			want   *fault.Error
		}{
			{loan.RuleEBooks, func(r *loan.Rules) { r.EBooks = loan.MostTitles + 1 }, loan.ErrRuleTitles},
			{loan.RuleAudiobooks, func(r *loan.Rules) { r.Audiobooks = -1 }, loan.ErrRuleTitles},
			{loan.RuleDays, func(r *loan.Rules) { r.Days = 0 }, loan.ErrRuleDays},
			{loan.RuleDays, func(r *loan.Rules) { r.Days = loan.MostDays + 1 }, loan.ErrRuleDays},
			{loan.RuleExtensions, func(r *loan.Rules) { r.Extensions = loan.MostExtensions + 1 }, loan.ErrRuleExtensions},
			{loan.RuleExtendDays, func(r *loan.Rules) { r.ExtendDays = 0 }, loan.ErrRuleDays},
			{loan.RuleExtendFrom, func(r *loan.Rules) { r.ExtendFrom = 0 }, loan.ErrRuleDays},
		} {
			r := good
			c.change(&r)
			err := db.InTx(t.Context(), func(tx *sqldb.Tx) error { return loan.SetTerm(tx, "staff:1", "digital", r) })
			if list := fault.Of(err); len(list) != 1 || !list.Is(c.want) || list[0].Field != c.rule {
				t.Errorf("%s of %s: %v", c.rule, r, err)
			}
		}
		for _, right := range []string{"", "Digital", "9", "a b", "digitaal\n", "-x"} {
			if err := db.InTx(t.Context(), func(tx *sqldb.Tx) error { return loan.SetTerm(tx, "staff:1", right, good) }); !errors.Is(err, loan.ErrRight) {
				t.Errorf("right %q: %v", right, err)
			}
		}
		must(t, db, func(tx *sqldb.Tx) error { return loan.SetTerm(tx, "staff:1", "school", good) })
		must(t, db, func(tx *sqldb.Tx) error {
			terms, err := loan.TermsOf(tx)
			if err != nil || terms["school"] != good || terms["digital"].EBooks != 10 || !terms["digital-youth"].Youth {
				t.Errorf("the rules are %+v, %v", terms, err)
			}
			list, err := audit.Of(tx, "lending:school", 5)
			if len(list) != 1 || list[0].Actor != "staff:1" || list[0].Act != "loan.rules" || list[0].Detail != good.String() {
				t.Errorf("the log holds %+v", list)
			}
			return err
		})
	})
}

func TestAReaderSeesBeforehandWhatTheyCanDo(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ids := titles(t, db, catalogue.EBook, 3)
		chance := func(may loan.Rights, id string) (c loan.Chance) {
			t.Helper()
			must(t, db, func(tx *sqldb.Tx) error {
				title, err := catalogue.Find(tx, id)
				if err != nil {
					return err
				}
				has, err := loan.Shelf(tx, zoe)
				if err != nil {
					return err
				}
				terms, err := loan.TermsOf(tx)
				c = loan.ChanceOf(has, may, terms, title, day.Of(tx.Now))
				return err
			})
			return c
		}
		if c := chance(rights, ids[0]); c.Refused != nil || c.Loan != nil || c.Rules.Days != 21 {
			t.Errorf("free: %+v", c)
		}
		if c := chance(nil, ids[0]); !errors.Is(c.Refused, loan.ErrNoMembership) || c.Rules.Days != 0 {
			t.Errorf("without membership: %+v", c)
		}
		if c := chance(loan.Rights{{Rights: []string{"digital-youth"}, State: loan.Active}}, ids[0]); !errors.Is(c.Refused, loan.ErrYouthOnly) {
			t.Errorf("a title for grown-ups: %+v", c)
		}
		setTerm(t, db, "digital", func(r *loan.Rules) { r.EBooks = 1 })
		if _, err := borrow(t, db, zoe, rights, ids[0]); err != nil {
			t.Fatal(err)
		}
		if c := chance(rights, ids[1]); !errors.Is(c.Refused, loan.ErrManyEBooks) || len(c.Full) != 1 || c.Full[0].Title.ID != ids[0] {
			t.Errorf("full: %+v", c)
		}
		if c := chance(nil, ids[0]); c.Refused != nil || c.Loan == nil || c.Loan.MayExtend(c.Rules) {
			t.Errorf("on loan after the membership: %+v", c)
		}
		c := chance(rights, ids[0])
		if c.Refused != nil || !c.Loan.MayExtend(c.Rules) || c.Loan.Extendable(c.Rules, noon) || c.Loan.ExtendFrom(c.Rules) != "2026-12-12" || c.Loan.ExtendsTo(c.Rules) != "2027-01-04" {
			t.Errorf("on loan: %+v", c)
		}
		must(t, db, func(tx *sqldb.Tx) error { return catalogue.Withdraw(tx, "command", ids[0], "") })
		must(t, db, func(tx *sqldb.Tx) error { return catalogue.Withdraw(tx, "command", ids[2], "") })
		if c := chance(rights, ids[0]); c.Loan == nil || c.Loan.MayExtend(c.Rules) {
			t.Errorf("withdrawn, on loan: %+v", c)
		}
		if c := chance(rights, ids[2]); !errors.Is(c.Refused, loan.ErrWithdrawn) {
			t.Errorf("withdrawn: %+v", c)
		}
		db.Now = func() time.Time { return day.Day("2026-12-13").Start() }
		if _, err := extend(t, db, zoe, rights, ids[0]); !errors.Is(err, loan.ErrWithdrawn) {
			t.Errorf("extending what is withdrawn: %v", err)
		}
	})
}

package customer_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"lidwoord/base/audit"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
)

// bind is a library with a branch and a range of numbers in it.
type bind struct {
	organisation  branch.Organisation
	annen, gieten branch.Branch
}

// open makes a library whose branch Annen has a hundred numbers, Gieten none,
// and the reserve fifty.
func open(t testing.TB, db *sqldb.DB) (b bind) {
	t.Helper()
	do(t, db, func(tx *sqldb.Tx) error {
		if err := b.fill(tx); err != nil {
			return err
		}
		if _, err := customer.SaveRange(tx, customer.Range{OrganisationID: b.organisation.ID, BranchID: b.annen.ID, Label: "5280", First: 1, Last: 100}); err != nil {
			return err
		}
		_, err := customer.SaveRange(tx, customer.Range{OrganisationID: b.organisation.ID, Label: "5299", First: 1, Last: 50})
		return err
	})
	return b
}

func (b *bind) fill(tx *sqldb.Tx) (err error) {
	if b.organisation, err = branch.SaveOrganisation(tx, branch.Organisation{Slug: "bind", Name: "Bind bibliotheken"}); err != nil {
		return err
	}
	if b.annen, err = branch.Save(tx, branch.Branch{OrganisationID: b.organisation.ID, Code: "5280", Name: "Bibliotheek Annen", Place: "Annen", Enrols: true}); err != nil {
		return err
	}
	b.gieten, err = branch.Save(tx, branch.Branch{OrganisationID: b.organisation.ID, Code: "5281", Name: "Bibliotheek Gieten", Place: "Gieten", Enrols: true})
	return err
}

// fresh is a new customer at Annen.
func (b bind) fresh(p customer.Person) customer.New {
	return customer.New{OrganisationID: b.organisation.ID, BranchID: b.annen.ID, Person: p, By: customer.By{Actor: "staff:anja", Branch: b.annen.ID}}
}

func do(t testing.TB, db *sqldb.DB, f func(*sqldb.Tx) error) {
	t.Helper()
	if err := db.InTx(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func register(t testing.TB, db *sqldb.DB, n customer.New) (c customer.Customer, err error) {
	err = db.InTx(t.Context(), func(tx *sqldb.Tx) (err error) {
		c, err = customer.Register(tx, n)
		return err
	})
	return c, err
}

func mustRegister(t testing.TB, db *sqldb.DB, n customer.New) customer.Customer {
	t.Helper()
	c, err := register(t, db, n)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// person makes a different person for each n.
func person(n int) customer.Person {
	p := tester()
	p.LastName, p.FirstName, p.Email = fmt.Sprintf("Tester%c%c", 'a'+n/26, 'a'+n%26), "", ""
	p.Address.Number = n + 1
	return p
}

func TestANumberHasFourteenDigitsWithBranchAndCheckDigit(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		c := mustRegister(t, db, b.fresh(tester()))
		if len(c.Number) != 14 || !strings.HasPrefix(c.Number, "2528000000001") {
			t.Fatalf("number %s", c.Number)
		}
		if _, err := customer.ReadNumber(c.Number); err != nil {
			t.Errorf("its own check digit is wrong: %v", err)
		}
		for i := range c.Number { // Luhn finds every single wrong digit
			for d := '0'; d <= '9'; d++ {
				wrong := c.Number[:i] + string(d) + c.Number[i+1:]
				if _, err := customer.ReadNumber(wrong); wrong != c.Number && err == nil {
					t.Errorf("%s passes for %s", wrong, c.Number)
				}
			}
		}
		if _, err := customer.ReadNumber(" " + c.Number[:5] + " " + c.Number[5:9] + "-" + c.Number[9:]); err != nil {
			t.Errorf("spaces and hyphens: %v", err)
		}
	})
}

// 2528000000001: from the right 1 counts double, then 8, 2 double, 5, 2 double:
// 2+8+4+5+4 = 23, so 7 makes thirty.
func TestCheckDigitsComputedByHand(t *testing.T) {
	for _, right := range []string{"25280000000017", "25280000000025", "25299000000017"} {
		if _, err := customer.ReadNumber(right); err != nil {
			t.Errorf("%s: %v", right, err)
		}
	}
}

func TestAVAsksForASystemNumber(t *testing.T) {
	for in, want := range map[string]bool{"v": true, "V": true, " v ": true, customer.SystemNumber: true, "vvvv": true, "": false, "P": false, "2v": false, "v v": false} {
		if got := customer.IsSystemNumber(in); got != want {
			t.Errorf("IsSystemNumber(%q) = %v", in, got)
		}
	}
}

func TestSixteenRegistrationsGetSixteenNumbers(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		var mu sync.Mutex
		numbers := map[string]bool{}
		var all sync.WaitGroup
		for n := range 16 {
			all.Go(func() {
				c, err := register(t, db, b.fresh(person(n)))
				if err != nil {
					t.Errorf("person %d: %v", n, err)
					return
				}
				if _, err := customer.ReadNumber(c.Number); err != nil {
					t.Errorf("%s: %v", c.Number, err)
				}
				mu.Lock()
				defer mu.Unlock()
				numbers[c.Number] = true
			})
		}
		all.Wait()
		if len(numbers) != 16 {
			t.Errorf("%d different numbers, want 16", len(numbers))
		}
	})
}

func TestTheReserveHelpsABranchThatHasRunOut(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		do(t, db, func(tx *sqldb.Tx) error {
			_, err := customer.SaveRange(tx, customer.Range{OrganisationID: b.organisation.ID, BranchID: b.gieten.ID, Label: "5281", First: 7, Last: 7})
			return err
		})
		// One number is left at Gieten and two are wanted: scenario 23.
		one, two := b.fresh(person(1)), b.fresh(person(2))
		one.BranchID, two.BranchID = b.gieten.ID, b.gieten.ID
		if c := mustRegister(t, db, one); c.Number[1:5] != "5281" {
			t.Errorf("the last number of the branch: %s", c.Number)
		}
		if c := mustRegister(t, db, two); c.Number[1:5] != "5299" {
			t.Errorf("a number of the reserve: %s", c.Number)
		}
	})
}

func TestWithoutAnyNumberNothingIsSaved(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		do(t, db, func(tx *sqldb.Tx) error {
			for range 50 {
				if _, err := customer.Allocate(tx, b.organisation.ID, b.gieten.ID); err != nil {
					return err
				}
			}
			return nil
		})
		n := b.fresh(tester())
		n.BranchID = b.gieten.ID
		if _, err := register(t, db, n); !errors.Is(err, customer.ErrNoNumbers) {
			t.Fatalf("Register = %v", err)
		}
		do(t, db, func(tx *sqldb.Tx) error {
			found, err := customer.Search(tx, b.organisation.ID, "tester", 10)
			if len(found.Rows) != 0 {
				t.Error("a customer without number was kept")
			}
			return err
		})
	})
}

func TestAScannedNumberIsTakenAndPassedOverLater(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		scanned := b.fresh(person(1))
		scanned.Number = "2 5280 00000002 5"
		if c := mustRegister(t, db, scanned); c.Number != "25280000000025" {
			t.Errorf("number %s", c.Number)
		}
		first, second := mustRegister(t, db, b.fresh(person(2))), mustRegister(t, db, b.fresh(person(3)))
		if first.Number[5:13] != "00000001" || second.Number[5:13] != "00000003" {
			t.Errorf("numbers %s and %s", first.Number, second.Number)
		}
		again := b.fresh(person(4))
		again.Number = scanned.Number
		if _, err := register(t, db, again); !errors.Is(err, customer.ErrNumberInUse) {
			t.Errorf("the same number twice: %v", err)
		}
	})
}

func TestSixteenClerksScanOneCard(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		won := race(16, func(n int) error {
			it := b.fresh(person(n))
			it.Number = "25280000000025"
			_, err := register(t, db, it)
			if err != nil && !errors.Is(err, customer.ErrNumberInUse) {
				t.Errorf("loser %d: %v", n, err)
			}
			return err
		})
		if won != 1 {
			t.Errorf("%d customers with one number", won)
		}
	})
}

// race runs f n times at once and counts who succeeds.
func race(n int, f func(int) error) (won int) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if f(i) == nil {
				mu.Lock()
				won++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return won
}

func TestATypedNumberIsToldApart(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		in, gone := mustRegister(t, db, b.fresh(person(1))), mustRegister(t, db, b.fresh(person(2)))
		moved := mustRegister(t, db, b.fresh(person(3)))
		var other branch.Organisation
		do(t, db, func(tx *sqldb.Tx) (err error) {
			if err := customer.MarkEnded(tx, gone.ID, today.AddDays(-1)); err != nil {
				return err
			}
			if _, err := customer.NextNumber(tx, moved.ID, customer.By{}); err != nil {
				return err
			}
			other, err = branch.SaveOrganisation(tx, branch.Organisation{Slug: "ginder", Name: "Ginder"})
			return err
		})
		db.Now = noon(today)
		for _, c := range []struct {
			name, text, organisation string
			want                     customer.NumberState
			err                      *fault.Error
		}{
			{"free", "25280000000504", b.organisation.ID, customer.NumberFree, nil},
			{"in use", in.Number, b.organisation.ID, "", customer.ErrNumberInUse},
			{"of a former customer", gone.Number, b.organisation.ID, customer.NumberExpired, nil},
			{"replaced", moved.Number, b.organisation.ID, "", customer.ErrNumberDead},
			{"too short", "2528000000018", b.organisation.ID, "", customer.ErrNumberShape},
			{"letters", "2528000000001a", b.organisation.ID, "", customer.ErrNumberShape},
			{"begins with 1", "15280000000010", b.organisation.ID, "", customer.ErrNumberShape},
			{"wrong check digit", "25280000000505", b.organisation.ID, "", customer.ErrNumberCheck},
			{"no range", number("9999", 1), b.organisation.ID, "", customer.ErrNumberRange},
			{"behind the range", number("5280", 101), b.organisation.ID, "", customer.ErrNumberRange},
			{"its last", number("5280", 100), b.organisation.ID, customer.NumberFree, nil},
			{"in another library, in use here", in.Number, other.ID, "", customer.ErrNumberRange},
		} {
			do(t, db, func(tx *sqldb.Tx) error {
				check, err := customer.CheckNumber(tx, c.organisation, c.text)
				switch {
				case c.err != nil && !isAt(err, c.err, customer.FieldNumber):
					t.Errorf("%s: %+v, %v, want %v", c.name, check, err, c.err)
				case c.err == nil && (err != nil || check.State != c.want):
					t.Errorf("%s: %+v, %v, want %s", c.name, check, err, c.want)
				case c.want == customer.NumberExpired && check.Customer.ID != gone.ID:
					t.Errorf("%s: the customer is %+v", c.name, check.Customer)
				}
				return nil
			})
		}
	})
}

// number computes the check digit by trying all ten.
func number(label string, serial int) string {
	for d := range 10 {
		n := fmt.Sprintf("2%s%08d%d", label, serial, d)
		if _, err := customer.ReadNumber(n); err == nil {
			return n
		}
	}
	return ""
}

func TestANumberIsNeverUsedTwice(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		c := mustRegister(t, db, b.fresh(tester()))
		old := c.Number
		do(t, db, func(tx *sqldb.Tx) (err error) {
			c, err = customer.NextNumber(tx, c.ID, customer.By{Actor: "staff:anja"})
			if err != nil {
				return err
			}
			if err := customer.BlockNumber(tx, c.Number, customer.By{}); err != nil {
				return err
			}
			// The range is wound back, as a careless administrator would.
			_, err = customer.SaveRange(tx, customer.Range{OrganisationID: b.organisation.ID, BranchID: b.annen.ID, Label: "5280", First: 1, Last: 100})
			return err
		})
		if c.Number == old {
			t.Fatal("the number did not change")
		}
		for _, n := range []string{old, c.Number} {
			it := b.fresh(person(5))
			it.Number = n
			if _, err := register(t, db, it); !errors.Is(err, customer.ErrNumberDead) {
				t.Errorf("%s again: %v", n, err)
			}
		}
		if next := mustRegister(t, db, b.fresh(person(6))); next.Number == old || next.Number == c.Number {
			t.Errorf("%s was given out twice", next.Number)
		}
		do(t, db, func(tx *sqldb.Tx) error {
			list, err := customer.Numbers(tx, c.ID)
			states := map[customer.NumberState]int{}
			for _, n := range list {
				states[n.State]++
			}
			if states[customer.NumberReplaced] != 1 || states[customer.NumberBlocked] != 1 || len(list) != 2 {
				t.Errorf("numbers %+v", list)
			}
			if found, err := customer.FindByNumber(tx, old); err != nil || found.ID != c.ID {
				t.Errorf("by the old number: %v, %v", found.ID, err)
			}
			if err := customer.BlockNumber(tx, "25280000000992", customer.By{}); !errors.Is(err, customer.ErrUnknown) {
				t.Errorf("blocking nobody's number: %v", err)
			}
			return err
		})
	})
}

func TestALowRangeWarnsAtTenAndOnePercent(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		want := map[int64]customer.Level{100: customer.LevelPlenty, 51: customer.LevelPlenty, 50: customer.LevelTenth, 10: customer.LevelTenth, 2: customer.LevelTenth, 1: customer.LevelHundredth, 0: customer.LevelEmpty}
		for left := int64(100); left >= 0; left-- {
			do(t, db, func(tx *sqldb.Tx) error {
				s, err := customer.Low(tx, b.organisation.ID, b.annen.ID)
				if err != nil || s.Left != left || s.Total != 100 {
					t.Errorf("stock %+v, %v, want %d left", s, err, left)
				}
				if level, at := want[left]; at && s.Level != level {
					t.Errorf("%d left is %s, want %s", left, s.Level, level)
				}
				if left == 0 {
					return nil
				}
				_, err = customer.Allocate(tx, b.organisation.ID, b.annen.ID)
				return err
			})
		}
		do(t, db, func(tx *sqldb.Tx) error {
			list, err := customer.Ranges(tx, b.organisation.ID)
			if len(list) != 2 || list[0].BranchID != b.annen.ID || list[0].Level != customer.LevelEmpty || list[1].BranchID != "" || list[1].Left != 50 {
				t.Errorf("stocks %+v", list)
			}
			if s, _ := customer.Low(tx, b.organisation.ID, b.gieten.ID); s.Level != customer.LevelEmpty {
				t.Errorf("a branch without range: %+v", s)
			}
			return err
		})
	})
}

func TestRangesDoNotOverlap(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		id := b.organisation.ID
		for _, c := range []struct {
			r  customer.Range
			ok bool
		}{
			{customer.Range{OrganisationID: id, Label: "5280", First: 101, Last: 200}, true},
			{customer.Range{OrganisationID: id, Label: "5280", First: 200, Last: 300}, false},
			{customer.Range{OrganisationID: id, BranchID: b.annen.ID, Label: "5280", First: 1, Last: 100}, true}, // once more
			{customer.Range{OrganisationID: id, BranchID: b.annen.ID, Label: "5280", First: 1, Last: 101}, false},
			{customer.Range{OrganisationID: id, Label: "528", First: 1, Last: 2}, false},
			{customer.Range{OrganisationID: id, Label: "5280", First: 9, Last: 8}, false},
			{customer.Range{OrganisationID: id, Label: "5280", First: 400, Last: customer.SerialMost + 1}, false},
		} {
			err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
				_, err := customer.SaveRange(tx, c.r)
				return err
			})
			if c.ok != (err == nil) || !c.ok && !errors.Is(err, customer.ErrRange) {
				t.Errorf("%+v: %v", c.r, err)
			}
		}
	})
}

func TestEveryActOnACustomerIsRecorded(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		c := mustRegister(t, db, b.fresh(tester()))
		by := customer.By{Actor: "staff:anja", Branch: b.annen.ID}
		do(t, db, func(tx *sqldb.Tx) error {
			if _, err := customer.ChangeEmail(tx, c.ID, "new@example.nl", by); err != nil {
				return err
			}
			if _, err := customer.ChangeEmail(tx, c.ID, "new@example.nl", by); err != nil { // nothing changes, nothing is noted
				return err
			}
			entries, err := audit.Of(tx, "customer:"+c.ID, 10)
			if len(entries) != 2 {
				t.Fatalf("entries %+v, %v", entries, err)
			}
			for _, e := range entries {
				if e.Actor != "staff:anja" || e.Branch != b.annen.ID || strings.Contains(e.Detail, "example") {
					t.Errorf("entry %+v", e)
				}
				if e.Act == "customer.changed" && e.Detail != "email" {
					t.Errorf("detail %q", e.Detail)
				}
			}
			return err
		})
	})
}

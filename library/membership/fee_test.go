package membership_test

import (
	"slices"
	"testing"

	"lidwoord/base/day"
	"lidwoord/base/money"
	"lidwoord/library/membership"
)

func seed(t *testing.T, code string) membership.Definition {
	t.Helper()
	for _, d := range membership.Seed("bind") {
		if d.Code == code {
			return d
		}
	}
	t.Fatalf("the seed has no %s", code)
	return membership.Definition{}
}

func TestNothingIsChargedUnder18WhateverTheTariff(t *testing.T) {
	dear := membership.Definition{Code: "9999", Kind: membership.Fixed, Price: 100_000, Term: 12, Discount: 500, DiscountThroughAge: 20}
	for _, c := range []struct {
		d        membership.Definition
		age      int
		fee      money.Cents
		discount money.Cents
		reason   string
	}{
		{seed(t, "0141"), 17, 0, 0, membership.ReasonUnder18},
		{seed(t, "0141"), 18, 4500, 0, membership.ReasonTariff},
		{seed(t, "0141"), 0, 0, 0, membership.ReasonUnder18},
		{seed(t, "0090"), 35, 0, 0, membership.ReasonFree},
		{seed(t, "0091"), 35, 1150, 0, membership.ReasonTariff},
		{dear, 17, 0, 0, membership.ReasonUnder18},
		{dear, 18, 100_000, 500, membership.ReasonTariff},
		{dear, 20, 100_000, 500, membership.ReasonTariff},
		{dear, 21, 100_000, 0, membership.ReasonTariff},
	} {
		fee, reason := membership.Fee(c.d, c.age)
		if fee != c.fee || reason != c.reason {
			t.Errorf("%s at %d: %v because %s, want %v because %s", c.d.Code, c.age, fee, reason, c.fee, c.reason)
		}
		if got := membership.Discount(c.d, c.age); got != c.discount {
			t.Errorf("%s at %d: discount %v, want %v", c.d.Code, c.age, got, c.discount)
		}
	}
}

func TestADiscountIsNeverMoreThanTheFee(t *testing.T) {
	d := membership.Definition{Price: 300, Term: 1, Discount: 500, DiscountThroughAge: 99}
	if got := membership.Discount(d, 30); got != 300 {
		t.Errorf("discount %v off %v", got, d.Price)
	}
}

func TestPeriodEnd(t *testing.T) {
	fixed := func(months int) membership.Definition {
		return membership.Definition{Kind: membership.Fixed, Term: months}
	}
	temporary := func(months int) membership.Definition {
		return membership.Definition{Kind: membership.Temporary, Term: months}
	}
	for _, c := range []struct {
		d     membership.Definition
		start day.Day
		month day.Day // Vervalmaand
		end   day.Day
	}{
		{fixed(12), "2026-11-23", "2027-11-30", "2027-11-30"},
		{fixed(12), "2026-11-01", "2027-10-31", "2027-10-31"}, // complete on 31 October
		{fixed(12), "2026-11-02", "2027-11-30", "2027-11-30"},
		{temporary(12), "2026-11-23", "2027-11-30", "2027-11-22"},
		{temporary(1), "2026-11-23", "2026-12-31", "2026-12-22"},
		{temporary(3), "2026-12-01", "2027-02-28", "2027-02-28"},
		// 29 February: a year is complete when its last day has passed.
		{fixed(12), "2028-02-29", "2029-02-28", "2029-02-28"},
		{temporary(12), "2028-02-29", "2029-02-28", "2029-02-28"},
		{temporary(48), "2028-02-29", "2032-02-29", "2032-02-28"},
		{temporary(12), "2027-02-28", "2028-02-29", "2028-02-27"},
		{temporary(12), "2027-03-01", "2028-02-29", "2028-02-29"},
		// A month without the date ends with its last day.
		{temporary(1), "2027-01-31", "2027-02-28", "2027-02-28"},
		{temporary(1), "2027-01-29", "2027-02-28", "2027-02-28"},
		{temporary(1), "2027-01-28", "2027-02-28", "2027-02-27"},
		{temporary(1), "2027-08-31", "2027-09-30", "2027-09-30"},
		{temporary(2), "2027-07-31", "2027-09-30", "2027-09-30"},
	} {
		if got := membership.PeriodEnd(c.d, c.start); got != c.end {
			t.Errorf("%s of %d months from %s ends %s, want %s", c.d.Kind, c.d.Term, c.start, got, c.end)
		}
		if got := membership.ExpiryMonth(c.d, c.start); got != c.month {
			t.Errorf("%s of %d months from %s: month of %s, want %s", c.d.Kind, c.d.Term, c.start, got, c.month)
		}
	}
}

func TestALaterStartNeverEndsSooner(t *testing.T) {
	for _, term := range []int{1, 3, 12} {
		d := membership.Definition{Kind: membership.Temporary, Term: term}
		last := day.Day("")
		for start := day.Day("2027-01-01"); start < "2029-03-02"; start = start.AddDays(1) {
			end := membership.PeriodEnd(d, start)
			if end < last {
				t.Fatalf("%d months from %s end %s, before %s", term, start, end, last)
			}
			last = end
		}
	}
}

func TestBuildUpOfTheSeed(t *testing.T) {
	up := membership.Build(seed(t, "0141"), "E.B. Tester", "1991-01-04", "5280", "2026-11-23")
	want := membership.BuildUp{
		Name: "E.B. Tester", Age: 35, FeeCode: "0141", Membership: "Digital only", Start: "2026-11-23",
		ExpiryMonth: "2027-11-30", RightsThrough: "2027-11-30", ValidThrough: "2027-11-30", Kind: membership.Fixed,
		Fee: 4500, Balance: 4500, Branch: "5280", Rights: membership.Rights{Digital: true, Newsletter: true}, Reason: membership.ReasonTariff,
	}
	if up != want {
		t.Errorf("Build = %+v\nwant    %+v", up, want)
	}
}

func TestTheBirthdayDecidesTheFee(t *testing.T) {
	for _, c := range []struct {
		birth, start day.Day
		want         money.Cents
	}{
		{"2008-11-24", "2026-11-23", 0}, // 18 tomorrow
		{"2008-11-23", "2026-11-23", 4500},
		{"2008-02-29", "2026-02-28", 0}, // 18 on 1 March: 2026 has no 29 February
		{"2008-02-29", "2026-03-01", 4500},
	} {
		up := membership.Build(seed(t, "0141"), "", c.birth, "5280", c.start)
		if up.Fee != c.want || up.Balance != c.want {
			t.Errorf("born %s, enrolled %s: %v", c.birth, c.start, up.Fee)
		}
	}
}

func TestTheDigestTellsWhatChanged(t *testing.T) {
	d := seed(t, "0141")
	seen := membership.Build(d, "Zoë", "1991-01-04", "5280", "2026-11-23").Digest()
	if again := membership.Build(d, "Zoë Tester", "1991-01-04", "5280", "2026-11-23").Digest(); again != seen {
		t.Error("the digest minds how the name is written")
	}
	dearer := d
	dearer.Price++
	for name, other := range map[string]membership.BuildUp{
		"a tariff":       membership.Build(dearer, "Zoë", "1991-01-04", "5280", "2026-11-23"),
		"midnight":       membership.Build(d, "Zoë", "1991-01-04", "5280", "2026-11-24"),
		"another branch": membership.Build(d, "Zoë", "1991-01-04", "5281", "2026-11-23"),
		"a birthday":     membership.Build(d, "Zoë", "1990-11-23", "5280", "2026-11-23"),
	} {
		if other.Digest() == seen {
			t.Errorf("%s does not show", name)
		}
	}
}

func TestRights(t *testing.T) {
	for _, c := range []struct {
		code  string
		names []string
		key   string
	}{
		{"0141", []string{"digital"}, "membership.rights.digital_only"},
		{"0091", []string{"digital", "physical"}, "membership.rights.both"},
		{"0086", []string{"physical"}, "membership.rights.physical_only"},
	} {
		r := seed(t, c.code).Rights
		if !slices.Equal(r.Names(), c.names) || r.Key() != c.key {
			t.Errorf("%s opens %v (%s)", c.code, r.Names(), r.Key())
		}
	}
	if none := (membership.Rights{}); none.Names() == nil || len(none.Names()) != 0 || none.Key() != "membership.rights.none" {
		t.Errorf("no rights: %v %s", none.Names(), none.Key())
	}
}

func TestStateFollowsTheDays(t *testing.T) {
	m := membership.Membership{FirstDay: "2026-11-23", LastDay: "2027-11-30", Rights: membership.Rights{Digital: true}}
	for on, want := range map[day.Day]membership.State{
		"2026-11-22": membership.Coming, "2026-11-23": membership.Active, "2027-11-30": membership.Active, "2027-12-01": membership.Ended,
	} {
		if got := m.State(on); got != want {
			t.Errorf("on %s: %s, want %s", on, got, want)
		}
		if got := m.RightsOn(on).Digital; got != (want == membership.Active) {
			t.Errorf("rights on %s: %v", on, got)
		}
	}
}

func TestAgeBounds(t *testing.T) {
	d := membership.Definition{MinAge: 12, MaxAge: 17}
	for age, want := range map[int]bool{11: false, 12: true, 17: true, 18: false} {
		if d.Admits(age) != want {
			t.Errorf("at %d: %v", age, !want)
		}
	}
	if !(membership.Definition{}).Admits(0) || !(membership.Definition{MinAge: 18}).Admits(99) {
		t.Error("no bound is no bound")
	}
}

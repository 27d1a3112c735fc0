package day

import (
	"errors"
	"testing"
	"time"

	"lidwoord/base/words"
)

func TestADateIsReadAsPeopleWriteIt(t *testing.T) {
	for _, text := range []string{"4-1-1991", "04-01-1991", "04/01/1991", "4.1.1991", "4 1 1991", "04011991", "4 januari 1991", "4 Jan 1991", "4 jan. 1991", "4 January 1991", "1991-01-04", " 4 - 1 - 1991 "} {
		if d, err := Parse(text); err != nil || d != "1991-01-04" {
			t.Errorf("Parse(%q) = %q, %v", text, d, err)
		}
	}
	if d, err := Parse("12 mrt 2008"); err != nil || d != "2008-03-12" {
		t.Errorf("mrt = %q, %v", d, err)
	}
	for text, want := range map[string]error{
		"": ErrUnreadable, "gisteren": ErrUnreadable, "4-1-91": ErrUnreadable, "4 foo 1991": ErrUnreadable, "4 m 1991": ErrUnreadable,
		"31-02-1991": ErrNoSuchDay, "29-02-2007": ErrNoSuchDay, "00-01-1991": ErrNoSuchDay, "4-13-1991": ErrNoSuchDay,
	} {
		if d, err := Parse(text); !errors.Is(err, want) {
			t.Errorf("Parse(%q) = %q, %v; want %v", text, d, err, want)
		}
	}
}

func TestLeapDayBirthdayIsOnTheFirstOfMarch(t *testing.T) {
	born := Day("2008-02-29")
	for on, want := range map[Day]int{"2026-02-28": 17, "2026-03-01": 18, "2028-02-28": 19, "2028-02-29": 20} {
		if got := born.Age(on); got != want {
			t.Errorf("born 29-02-2008, on %s: %d years, want %d", on, got, want)
		}
	}
	if got := Day("1991-01-04").Age("2026-01-03"); got != 34 {
		t.Errorf("the day before a birthday: %d, want 34", got)
	}
}

func TestAMonthLaterNeverSkipsAMonth(t *testing.T) {
	for _, c := range []struct {
		from Day
		n    int
		want Day
	}{{"2026-01-31", 1, "2026-02-28"}, {"2028-02-29", 12, "2029-02-28"}, {"2026-11-23", 12, "2027-11-23"}, {"2026-03-31", -1, "2026-02-28"}, {"2026-12-15", 1, "2027-01-15"}} {
		if got := c.from.AddMonths(c.n); got != c.want {
			t.Errorf("%s + %d months = %s, want %s", c.from, c.n, got, c.want)
		}
	}
	if got := Day("2028-02-10").EndOfMonth(); got != "2028-02-29" {
		t.Errorf("end of February 2028 = %s", got)
	}
}

func TestTheDayIsTheDutchDay(t *testing.T) {
	if got := Of(time.Date(2026, 6, 30, 22, 30, 0, 0, time.UTC)); got != "2026-07-01" {
		t.Errorf("half past midnight in Annen is %s", got)
	}
	if got := Day("2026-03-30").Start().Sub(Day("2026-03-29").Start()); got != 23*time.Hour {
		t.Errorf("the day the clocks go forward lasts %s", got)
	}
}

func TestDatesReadInBothLanguages(t *testing.T) {
	d := Day("1991-01-04")
	if d.Long(words.NL) != "4 januari 1991" || d.Long(words.EN) != "4 January 1991" || d.Short() != "04-01-1991" || Day("2025-05-31").MonthYear(words.NL) != "mei 2025" {
		t.Error(d.Long(words.NL), d.Long(words.EN), d.Short())
	}
	at := time.Date(2026, 11, 23, 13, 5, 0, 0, time.UTC)
	if got := Moment(at, words.NL); got != "maandag 23 november 2026 om 14.05 uur" {
		t.Error(got)
	}
	if got := Moment(at, words.EN); got != "Monday 23 November 2026 at 14:05" {
		t.Error(got)
	}
}

func TestTheDoubledHourSaysWhichOfTheTwo(t *testing.T) {
	first := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC) // 2.30 in summer time
	if got := Moment(first, words.NL); got != "zondag 25 oktober 2026 om 02.30 uur (zomertijd)" {
		t.Error(got)
	}
	if got := Moment(first.Add(time.Hour), words.NL); got != "zondag 25 oktober 2026 om 02.30 uur (wintertijd)" {
		t.Error(got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("4-1-1991")
	f.Add("29 februari 2024")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse(text)
		if err != nil {
			return
		}
		if again, err := Parse(d.Short()); err != nil || again != d {
			t.Errorf("%q reads as %q and back as %q", text, d, again)
		}
	})
}

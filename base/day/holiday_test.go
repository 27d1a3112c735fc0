package day

import "testing"

func TestHolidaysOfTheLaw(t *testing.T) {
	for d, want := range map[Day]bool{
		"2026-01-01": true, "2026-04-03": true, "2026-04-05": false, "2026-04-06": true, "2026-04-27": true, "2026-05-05": true,
		"2026-05-14": true, "2026-05-25": true, "2026-12-24": false, "2026-12-25": true, "2026-12-26": true, "2026-12-31": false,
		"2025-04-26": true, "2025-04-27": false, // the King's birthday fell on a Sunday
		"2024-04-01": true, "2027-03-29": true, "2038-04-26": true, // Easter Monday
		"2026-11-26": false,
	} {
		if got := d.Holiday(); got != want {
			t.Errorf("%s: holiday %v, want %v", d, got, want)
		}
	}
}

func TestEasterFallsWhereTheTablesSay(t *testing.T) {
	for year, want := range map[int]Day{1961: "1961-04-02", 2000: "2000-04-23", 2019: "2019-04-21", 2024: "2024-03-31", 2025: "2025-04-20", 2026: "2026-04-05", 2027: "2027-03-28", 2038: "2038-04-25", 2076: "2076-04-19"} {
		if got := easter(year); got != want {
			t.Errorf("Easter of %d is %s, want %s", year, got, want)
		}
	}
}

func TestATermRunsOnToAWorkingDay(t *testing.T) {
	for d, want := range map[Day]Day{
		"2026-12-10": "2026-12-10", // a Thursday
		"2026-12-12": "2026-12-14", // a Saturday
		"2026-12-25": "2026-12-28", // Christmas, then a weekend
		"2026-04-03": "2026-04-07", // Good Friday to the Tuesday after Easter
	} {
		if got := d.UntilWorkday(); got != want {
			t.Errorf("a term to %s runs to %s, want %s", d, got, want)
		}
	}
}

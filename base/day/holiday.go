package day

import "time"

// Weekday is the day of the week.
func (d Day) Weekday() time.Weekday { return d.noon().Weekday() }

// Holiday reports whether d is a general holiday of the Netherlands, as the
// Algemene termijnenwet (art. 3) lists them for terms of law: New Year's Day, Good
// Friday, Easter Monday, Ascension Day, Whit Monday, both Christmas days, 5 May,
// and the day on which the King's birthday is kept: 27 April, or the day before
// when that is a Sunday.
func (d Day) Holiday() bool {
	switch date := string(d[5:]); {
	case date == "01-01", date == "05-05", date == "12-25", date == "12-26",
		date == "04-27" && d.Weekday() != time.Sunday, date == "04-26" && d.Weekday() == time.Saturday:
		return true
	}
	for _, after := range []int{-2, 1, 39, 50} {
		if d == easter(d.Year()).AddDays(after) {
			return true
		}
	}
	return false
}

// Workday reports whether d is neither in a weekend nor a general holiday.
func (d Day) Workday() bool {
	w := d.Weekday()
	return w != time.Saturday && w != time.Sunday && !d.Holiday()
}

// UntilWorkday is d, or the first working day after it: a term of law that would
// end in a weekend or on a holiday runs on (Algemene termijnenwet, art. 1).
func (d Day) UntilWorkday() Day {
	for !d.Workday() {
		d = d.AddDays(1)
	}
	return d
}

// easter is Easter Sunday in the Gregorian calendar, by the method that
// Butcher published in 1876: golden number, century, and the full moon after
// the equinox.
func easter(year int) Day {
	a, b, c := year%19, year/100, year%100
	h := (19*a + b - b/4 - (b-(b+8)/25+1)/3 + 15) % 30
	l := (32 + 2*(b%4) + 2*(c/4) - h - c%4) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	d, _ := Make(year, n/31, n%31+1)
	return d
}

// Package day is the Dutch calendar: days without a clock, in Europe/Amsterdam.
//
// Births and expiry are days; links and sessions are instants. A day is kept as
// "2026-11-23", which sorts as it should in Go, SQLite and PostgreSQL alike.
package day

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a container without zone files must know the Dutch clock too

	"lidwoord/base/fault"
	"lidwoord/base/words"
)

// Day is a calendar day as YYYY-MM-DD; "" is no day.
type Day string

// Amsterdam is the clock by which every Dutch library lives.
var Amsterdam = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		panic(err) // tzdata is embedded
	}
	return zone
}()

var (
	ErrUnreadable = fault.New(fault.Invalid, "day.unreadable")
	ErrNoSuchDay  = fault.New(fault.Invalid, "day.no_such_day")
)

// Of returns the day on which t falls in the Netherlands.
func Of(t time.Time) Day { return Day(t.In(Amsterdam).Format(time.DateOnly)) }

// Make returns the day of a year, month and day, and false when the calendar
// has no such day.
func Make(y, m, d int) (Day, bool) {
	t := time.Date(y, time.Month(m), d, 12, 0, 0, 0, time.UTC)
	if y < 1 || y > 9999 || t.Day() != d || int(t.Month()) != m {
		return "", false
	}
	return Day(t.Format(time.DateOnly)), true
}

var (
	dutchDate = regexp.MustCompile(`^(\d{1,2})(?:\s*[-/.]\s*|\s+)(\d{1,2})(?:\s*[-/.]\s*|\s+)(\d{4})$`)
	isoDate   = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})$`)
	wordDate  = regexp.MustCompile(`^(\d{1,2})\s+(\pL+)\.?\s+(\d{4})$`)
	bareDate  = regexp.MustCompile(`^(\d{2})(\d{2})(\d{4})$`)
)

// Parse reads a day as people in a Dutch library write it: 4-1-1991,
// 04/01/1991, 4.1.1991, 04011991, 4 januari 1991, 4 jan 1991, 4 January 1991,
// 1991-01-04. The year has four digits, so that 26 is never 1926 by surprise.
func Parse(text string) (Day, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	var y, m, d int
	if p := dutchDate.FindStringSubmatch(text); p != nil {
		d, m, y = number(p[1]), number(p[2]), number(p[3])
	} else if p := bareDate.FindStringSubmatch(text); p != nil {
		d, m, y = number(p[1]), number(p[2]), number(p[3])
	} else if p := isoDate.FindStringSubmatch(text); p != nil {
		y, m, d = number(p[1]), number(p[2]), number(p[3])
	} else if p := wordDate.FindStringSubmatch(text); p != nil {
		d, m, y = number(p[1]), monthNamed(p[2]), number(p[3])
		if m == 0 {
			return "", ErrUnreadable
		}
	} else {
		return "", ErrUnreadable
	}
	day, ok := Make(y, m, d)
	if !ok {
		return "", ErrNoSuchDay
	}
	return day, nil
}

func number(s string) int {
	n, _ := strconv.Atoi(s) // the pattern lets only a few digits through
	return n
}

var months = map[words.Lang][12]string{
	words.NL: {"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"},
	words.EN: {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
}

var weekdays = map[words.Lang][7]string{
	words.NL: {"zondag", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag"},
	words.EN: {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
}

// monthNamed finds the month that a word means, also cut short: "jan", "mrt".
func monthNamed(word string) int {
	if word == "mrt" {
		return 3
	}
	if len(word) < 3 {
		return 0
	}
	for _, lang := range words.Langs {
		for i, name := range months[lang] {
			if strings.HasPrefix(strings.ToLower(name), word) {
				return i + 1
			}
		}
	}
	return 0
}

func (d Day) noon() time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return t.Add(12 * time.Hour)
}

func (d Day) Year() int       { return d.noon().Year() }
func (d Day) Month() int      { return int(d.noon().Month()) }
func (d Day) DayOfMonth() int { return d.noon().Day() }

// AddDays returns the day n days later.
func (d Day) AddDays(n int) Day { return Day(d.noon().AddDate(0, 0, n).Format(time.DateOnly)) }

// AddMonths returns the same day n months later, or the last day of that month
// when it has no such day: 31 January + 1 = 28 February, 29 February + 12 = 28
// February.
func (d Day) AddMonths(n int) Day {
	first := time.Date(d.Year(), time.Month(d.Month()+n), 1, 12, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return Day(first.AddDate(0, 0, min(d.DayOfMonth(), last)-1).Format(time.DateOnly))
}

// EndOfMonth returns the last day of the month of d.
func (d Day) EndOfMonth() Day {
	return Day(time.Date(d.Year(), time.Month(d.Month()+1), 0, 12, 0, 0, 0, time.UTC).Format(time.DateOnly))
}

// Start returns the instant at which the day begins in the Netherlands.
func (d Day) Start() time.Time {
	return time.Date(d.Year(), time.Month(d.Month()), d.DayOfMonth(), 0, 0, 0, 0, Amsterdam)
}

// Age returns how many whole years a person born on d has lived on the day on.
// Who was born on 29 February turns a year older on 1 March in a common year:
// a year of life is complete when its last day has passed (the Dutch reading).
func (d Day) Age(on Day) int {
	years := on.Year() - d.Year()
	if on[4:] < d[4:] { // "-02-28" < "-02-29" < "-03-01"
		years--
	}
	return years
}

// Long writes "4 januari 1991".
func (d Day) Long(lang words.Lang) string {
	if d == "" {
		return ""
	}
	return fmt.Sprintf("%d %s %d", d.DayOfMonth(), months[lang][d.Month()-1], d.Year())
}

// Text is Long, so that a sentence can be filled with a day.
func (d Day) Text(lang words.Lang) string { return d.Long(lang) }

// Short writes "04-01-1991".
func (d Day) Short() string {
	if d == "" {
		return ""
	}
	return fmt.Sprintf("%02d-%02d-%04d", d.DayOfMonth(), d.Month(), d.Year())
}

// MonthYear writes "mei 2025".
func (d Day) MonthYear(lang words.Lang) string {
	if d == "" {
		return ""
	}
	return fmt.Sprintf("%s %d", months[lang][d.Month()-1], d.Year())
}

// Moment writes an instant to the minute by the Dutch clock, "maandag 23
// november 2026 om 14.05 uur". In the doubled hour of the night the clocks go
// back it says which of the two it is.
func Moment(t time.Time, lang words.Lang) string {
	t = t.In(Amsterdam)
	d := Of(t)
	form := map[words.Lang]string{words.NL: "%s %s om %02d.%02d uur%s", words.EN: "%s %s at %02d:%02d%s"}[lang]
	return fmt.Sprintf(form, weekdays[lang][t.Weekday()], d.Long(lang), t.Hour(), t.Minute(), whichOfTwo(t, lang))
}

func whichOfTwo(t time.Time, lang words.Lang) string {
	_, here := t.Zone()
	_, later := t.Add(time.Hour).Zone()
	_, sooner := t.Add(-time.Hour).Zone()
	switch {
	case later < here:
		return map[words.Lang]string{words.NL: " (zomertijd)", words.EN: " (summer time)"}[lang]
	case sooner > here:
		return map[words.Lang]string{words.NL: " (wintertijd)", words.EN: " (winter time)"}[lang]
	}
	return ""
}

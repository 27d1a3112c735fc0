package signup_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"lidwoord/web/kit"
	"lidwoord/web/signup"
)

// Whatever is typed into the three fields of a date, the form takes it; and what a
// date is made of stands in the same fields again.
func FuzzADateInThreeFields(f *testing.F) {
	for _, seed := range [][3]string{{"4", "1", "1991"}, {"31", "2", "1991"}, {"4", "januari", "1991"}, {"4", "", "1991"}, {"", "", ""}, {"4-1", "-", "1-9"}, {" ", "\x00", "é"}} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, d, m, y string) {
		form := &kit.Form{Values: url.Values{"dag": {d}, "maand": {m}, "jaar": {y}}}
		kept := signup.BirthOf(form)
		parts := signup.DateParts(kept)
		typed := []string{form.Get("dag"), form.Get("maand"), form.Get("jaar")}
		plain := !strings.ContainsAny(d+m+y, "- ") && !slices.ContainsFunc(typed, func(s string) bool { return len(strings.Fields(s)) > 1 })
		digits := strings.Trim(typed[1], "0123456789") == "" // the month as a number, or none
		if typed[0]+typed[1]+typed[2] != "" && plain && digits && !slices.Equal(parts, typed) {
			t.Errorf("%q is kept as %q and comes back as %q", typed, kept, parts)
		}
	})
}

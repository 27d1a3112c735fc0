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
		typed := []string{form.Get("dag"), form.Get("maand"), form.Get("jaar")}
		if all := strings.Join(typed, ""); all == "" || strings.Contains(all, "\x1f") { // which no keyboard has
			return
		}
		kept := signup.BirthOf(form)
		if parts := signup.DateParts(kept); !slices.Equal(parts, typed) {
			t.Errorf("%q is kept as %q and comes back as %q", typed, kept, parts)
		}
	})
}

package enrol_test

import (
	"net/url"
	"testing"
	"unicode/utf8"

	"lidwoord/library/enrol"
)

// FuzzForm posts anything at all: a form is read or refused, never a crash, and
// filling the same form in twice is filling it in once.
func FuzzForm(f *testing.F) {
	f.Add("klantnummer=v&achternaam=Tester&geboortedatum=4-1-1991&postcode=9468+BG&huisnummer=41&land=NL")
	f.Add("land=IE&huisnummer=12-14&toevoeging=%C4%B2&postcode=D02&straat=%00&taal=xx")
	f.Add("huisnummer=41&toevoeging=a-2&land=%20nl")
	f.Fuzz(func(t *testing.T, query string) {
		form, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		a := enrol.Blank("")
		a.Fill(enrol.AllSteps, form)
		b := a
		b.Fill(enrol.AllSteps, form)
		if a != b {
			t.Errorf("%+v\n%+v", a, b)
		}
		for _, field := range enrol.Fields {
			if n := utf8.RuneCountInString(a.Get(field.Name)); n > enrol.FieldMost {
				t.Errorf("%s keeps %d characters", field.Name, n)
			}
		}
		a.BirthDay()
		if a.AddressMark() == "" {
			t.Error("no mark")
		}
		if to, err := a.Address(); err == nil && to.Country == "NL" && len(to.Postcode) != 6 {
			t.Errorf("postcode %q", to.Postcode)
		}
	})
}

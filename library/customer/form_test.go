package customer_test

import (
	"context"
	"errors"
	"net/mail"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/library/customer"
)

const today = day.Day("2026-11-23")

// tester is the customer of the seed.
func tester() customer.Person {
	return customer.Person{
		Initials: "E.B.", LastName: "Tester", FirstName: "Eva", Birth: "1991-01-04", Email: "eva@example.nl",
		Address: customer.Address{Country: "NL", Postcode: "9468 BG", Number: 41, Street: "Kruisstraat", Place: "Annen"},
	}
}

// isAt reports whether err holds want at a field.
func isAt(err error, want *fault.Error, field string) bool {
	for _, e := range fault.Of(err) {
		if e.Is(want) && e.Field == field {
			return true
		}
	}
	return false
}

func TestABirthDateIsPossible(t *testing.T) {
	for born, want := range map[day.Day]error{
		"":           customer.ErrBirthMissing,
		"2026-11-23": nil, // a baby's first card
		"2026-11-24": customer.ErrBirthFuture,
		"1991-01-04": nil,
		"1906-11-23": nil, // 120 today
		"1905-11-24": nil, // 121 tomorrow
		"1905-11-23": customer.ErrBirthOld,
		"1850-01-01": customer.ErrBirthOld,
	} {
		if err := customer.CheckBirth(born, today); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("born %q: %v, want %v", born, err, want)
		}
	}
}

func TestHouseNumbersInEveryNotation(t *testing.T) {
	for in, want := range map[string]string{
		"41": "41", " 41 ": "41", "41a": "41 A", "41 A": "41 A", "41-a": "41 A", "41-2": "41-2", "41/2": "41-2", "41 2": "41-2",
		"41a2": "41 A-2", "41 A-2": "41 A-2", "41 a 2": "41 A-2", "41bis": "41 bis", "41 hs": "41 hs", "99999": "99999", "1": "1", "041": "41",
	} {
		number, addition, err := customer.ParseHouse("NL", in)
		a := customer.Address{Country: "NL", Number: number, Addition: addition}
		if err != nil || a.House() != want {
			t.Errorf("ParseHouse(NL, %q) = %q, %v, want %q", in, a.House(), err, want)
		}
		again, more, err := customer.ParseHouse("NL", a.House())
		if err != nil || again != number || more != addition {
			t.Errorf("%q is read back as %d %q, %v", a.House(), again, more, err)
		}
	}
	for _, in := range []string{"", "a", "0", "100000", "999999", "-1", "41 abcdef", "41!", "41 A-12345", "4½", "41\x00"} {
		if n, add, err := customer.ParseHouse("NL", in); err == nil {
			t.Errorf("ParseHouse(NL, %q) = %d %q, want a fault", in, n, add)
		}
	}
	for country, in := range map[string]string{"BE": "41 bus 3", "DE": "12-14", "FR": "7 ter"} {
		if _, _, err := customer.ParseHouse(country, in); err != nil {
			t.Errorf("ParseHouse(%s, %q): %v", country, in, err)
		}
	}
}

func TestPostcodesPerCountry(t *testing.T) {
	for _, c := range []struct{ country, in, want string }{
		{"NL", "9468bg", "9468BG"}, {"NL", " 9468  bg ", "9468BG"}, {"NL", "NL-9468 BG", "9468BG"}, {"NL", "9468BG", "9468BG"},
		{"NL", "0468 BG", ""}, {"NL", "9468 SA", ""}, {"NL", "9468 SD", ""}, {"NL", "9468 SS", ""}, {"NL", "9468", ""}, {"NL", "9468 B1", ""}, {"NL", "", ""},
		{"BE", "2000", "2000"}, {"BE", "B-2000", "2000"}, {"BE", "200", ""}, {"BE", "0200", ""},
		{"DE", "26721", "26721"}, {"DE", "D-01067", "01067"}, {"DE", "2672", ""},
		{"GB", "sw1a 1aa", "SW1A 1AA"}, {"PL", "00-950", "00-950"}, {"IE", "<script>", ""},
	} {
		got, err := customer.NormalisePostcode(c.country, c.in)
		if (err != nil) != (c.want == "") || err == nil && got != c.want {
			t.Errorf("%s %q = %q, %v, want %q", c.country, c.in, got, err, c.want)
		}
	}
	if got, err := customer.NormalisePostcode("AO", ""); err != nil || got != "" {
		t.Errorf("a country without postcodes: %q, %v", got, err)
	}
}

func TestAForeignAddressMeetsNoDutchRule(t *testing.T) {
	for _, a := range []customer.Address{
		{Country: "BE", Postcode: "2000", Number: 41, Addition: "bus 3", Street: "Meir", Place: "Antwerpen"},
		{Country: "DE", Postcode: "26721", Number: 12, Addition: "a", Street: "Am Delft", Place: "Emden"},
		{Country: "GB", Postcode: "SW1A 1AA", Street: "The Old Rectory", Place: "London"},
	} {
		if _, err := a.Clean(); err != nil {
			t.Errorf("%s: %v", a.Country, err)
		}
	}
	_, err := customer.Address{Country: "DE", Postcode: "9468 BG", Number: 1, Street: "x", Place: "y"}.Clean()
	if !isAt(err, customer.ErrPostcodeDE, customer.FieldPostcode) {
		t.Errorf("a Dutch postcode in Germany: %v", err)
	}
}

func TestAnAddressIsWrittenInTwoLines(t *testing.T) {
	a := customer.Address{Country: "NL", Postcode: "9468BG", Number: 41, Addition: "A", Street: "Kruisstraat", Place: "Annen"}
	if a.Line() != "Kruisstraat 41 A" || a.PlaceLine() != "9468 BG Annen" {
		t.Errorf("%q, %q", a.Line(), a.PlaceLine())
	}
}

// book is an address book that does what a test asks of it.
type book func(ctx context.Context) (string, string, bool, error)

func (b book) Find(ctx context.Context, _ string, _ int, _ string) (string, string, bool, error) {
	return b(ctx)
}

func TestTheDeskWaitsTwoSecondsForTheAddressBookAndGoesOn(t *testing.T) {
	a := customer.Address{Country: "NL", Postcode: "9468 bg", Number: 41}
	synctest.Test(t, func(t *testing.T) {
		known := book(func(context.Context) (string, string, bool, error) {
			time.Sleep(customer.AddressPatience - time.Millisecond)
			return "Kruisstraat", "Annen", true, nil
		})
		got, err := customer.LookUp(t.Context(), known, a)
		if err != nil || got.Street != "Kruisstraat" || got.Place != "Annen" || !got.Checked || got.Postcode != "9468BG" {
			t.Errorf("just in time: %+v, %v", got, err)
		}
		for name, c := range map[string]struct {
			book book
			want error
		}{
			"deaf to its context": {func(context.Context) (string, string, bool, error) {
				time.Sleep(time.Minute)
				return "Kruisstraat", "Annen", true, nil
			}, customer.ErrAddressSilent},
			"broken":    {func(context.Context) (string, string, bool, error) { return "", "", false, errors.New("503") }, customer.ErrAddressSilent},
			"new house": {func(context.Context) (string, string, bool, error) { return "", "", false, nil }, customer.ErrAddressUnknown},
		} {
			before := time.Now()
			typed := a
			typed.Street, typed.Checked = "Nieuwe Weg", true
			got, err := customer.LookUp(t.Context(), c.book, typed)
			if !errors.Is(err, c.want) || got.Checked || got.Street != "Nieuwe Weg" {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
			if waited := time.Since(before); waited > customer.AddressPatience {
				t.Errorf("%s: the desk waited %s", name, waited)
			}
		}
		time.Sleep(time.Hour) // lets the deaf book finish
	})
}

func TestEmailAddressesAreCheckedForTheirShapeOnly(t *testing.T) {
	for in, want := range map[string]string{
		"": "", " eva@example.nl ": "eva@example.nl", "Eva.Tester+bieb@Example.NL": "Eva.Tester+bieb@example.nl",
		"o'brien@example.ie": "o'brien@example.ie", "zoë@müller.example": "zoë@müller.example", "a@b.co": "a@b.co",
	} {
		if got, err := customer.CleanEmail(in); err != nil || got != want {
			t.Errorf("CleanEmail(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"x", "@a.nl", "a@", "a@b", "a b@c.nl", "a@b..nl", ".a@b.nl", "a.@b.nl", "a..b@c.nl", "a@-b.nl", "a@b-.nl", "a@127.0.0.1",
		"a@b.nl\r\nBcc: x@y.nl", "\"a b\"@c.nl", "a@b@c.nl", "a,b@c.nl", "<a@b.nl>", strings.Repeat("a", 65) + "@b.nl", "a@" + strings.Repeat("b.", 130) + "nl"} {
		if got, err := customer.CleanEmail(in); err == nil {
			t.Errorf("CleanEmail(%q) = %q, want a fault", in, got)
		}
	}
}

func TestIBANIsCheckedByCountryLengthAndRemainder(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "NL91ABNA0417164300": "NL91ABNA0417164300", "nl39 rabo 0300 0652 64": "NL39RABO0300065264", "NL86-INGB-0002-4455-88": "NL86INGB0002445588",
		"BE68 5390 0754 7034": "BE68539007547034", "DE89 3704 0044 0532 0130 00": "DE89370400440532013000", "MT84MALT011000012345MTLCAST001S": "MT84MALT011000012345MTLCAST001S",
	} {
		if got, err := customer.NormaliseIBAN(in); err != nil || got != want {
			t.Errorf("NormaliseIBAN(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	for in, want := range map[string]*fault.Error{
		"NL91ABNA0417164301": customer.ErrIBANCheck, "NL91ABNA041716430": customer.ErrIBANLength, "US91ABNA0417164300": customer.ErrIBANCountry,
		"NL": customer.ErrIBAN, "1234": customer.ErrIBAN, "NL91 ABNA 0417 1643 0é": customer.ErrIBAN, "NL9112340417164300": customer.ErrIBAN, "NLXXABNA0417164300": customer.ErrIBAN,
	} {
		if got, err := customer.NormaliseIBAN(in); !errors.Is(err, want) {
			t.Errorf("NormaliseIBAN(%q) = %q, %v, want %v", in, got, err, want)
		}
	}
}

func TestEveryWrongDigitOfAnIBANIsFound(t *testing.T) {
	const right = "NL91ABNA0417164300"
	for i := 8; i < len(right); i++ {
		for d := byte('0'); d <= '9'; d++ {
			if wrong := right[:i] + string(d) + right[i+1:]; d != right[i] {
				if _, err := customer.NormaliseIBAN(wrong); err == nil {
					t.Errorf("%s passes", wrong)
				}
			}
		}
	}
}

func TestTheBICGoesWithTheIBAN(t *testing.T) {
	const abn, rabo = "NL91ABNA0417164300", "NL39RABO0300065264"
	for _, c := range []struct {
		iban, bic, want string
		fault           *fault.Error
	}{
		{"", "", "", nil},
		{abn, "", "ABNANL2A", nil},
		{rabo, "rabonl2u", "RABONL2U", nil},
		{rabo, "RABONL2UXXX", "RABONL2UXXX", nil},
		{rabo, "ABNANL2A", "", customer.ErrBICBank},
		{rabo, "RABONL2", "", customer.ErrBIC},
		{rabo, "RABOBE2U", "", customer.ErrBICCountry},
		{"", "RABONL2U", "", customer.ErrBICAlone},
		{"BE68539007547034", "", "", nil},
		{"BE68539007547034", "GKCCBEBB", "GKCCBEBB", nil},
		{"NL68QWER0417164300", "QWERNL2A", "QWERNL2A", nil}, // a new bank must not block
	} {
		iban := c.iban
		if strings.HasPrefix(iban, "NL68QWER") {
			iban = withCheck("NL", "QWER0417164300")
		}
		_, bic, err := customer.CheckBank(iban, c.bic)
		switch {
		case c.fault == nil && (err != nil || bic != c.want):
			t.Errorf("%s with %q: %q, %v, want %q", iban, c.bic, bic, err, c.want)
		case c.fault != nil && !isAt(err, c.fault, customer.FieldBIC):
			t.Errorf("%s with %q: %v, want %v", iban, c.bic, err, c.fault)
		}
	}
}

// withCheck finds the two check digits by trying.
func withCheck(country, rest string) string {
	for d := 2; d <= 98; d++ {
		iban := country + string(rune('0'+d/10)) + string(rune('0'+d%10)) + rest
		if _, err := customer.NormaliseIBAN(iban); err == nil {
			return iban
		}
	}
	return ""
}

func TestAnIBANIsShownInFoursAndMaskedInLists(t *testing.T) {
	if got := customer.ShowIBAN("NL39RABO0300065264"); got != "NL39 RABO 0300 0652 64" {
		t.Error(got)
	}
	if got := customer.MaskIBAN("NL39RABO0300065264"); got != "NL39 **** **** 5264" {
		t.Error(got)
	}
	if got := customer.MaskIBAN("NL39"); got != "" {
		t.Errorf("a broken IBAN shows %q", got)
	}
}

func FuzzParseHouse(f *testing.F) {
	for _, s := range []string{"41", "41a", "41-2", "41 A-2", "41bis", "99999", "1 a 2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		number, addition, err := customer.ParseHouse("NL", s)
		if err != nil {
			return
		}
		shown := customer.Address{Country: "NL", Number: number, Addition: addition}.House()
		if n, a, err := customer.ParseHouse("NL", shown); err != nil || n != number || a != addition {
			t.Errorf("%q shows as %q and is read back as %d %q, %v", s, shown, n, a, err)
		}
	})
}

func FuzzNormaliseIBAN(f *testing.F) {
	for _, s := range []string{"NL91ABNA0417164300", "nl39 rabo 0300 0652 64", "BE68539007547034", "", "NL"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		iban, err := customer.NormaliseIBAN(s)
		if err != nil {
			return
		}
		if again, err := customer.NormaliseIBAN(customer.ShowIBAN(iban)); err != nil || again != iban {
			t.Errorf("%q: %q reads back as %q, %v", s, iban, again, err)
		}
	})
}

// Whatever passes here, the mail queue must take as one bare address.
func FuzzEmail(f *testing.F) {
	for _, s := range []string{"eva@example.nl", "o'brien@example.ie", "zoë@müller.example", "a@b.co\r\nBcc: x@y.nl", "a/b=c@d.nl"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		email, err := customer.CleanEmail(s)
		if err != nil || email == "" {
			return
		}
		if a, err := mail.ParseAddress(email); err != nil || a.Address != email || a.Name != "" {
			t.Errorf("CleanEmail(%q) = %q, which mail reads as %v, %v", s, email, a, err)
		}
		if again, err := customer.CleanEmail(email); err != nil || again != email {
			t.Errorf("CleanEmail(%q) = %q, and again %q, %v", s, email, again, err)
		}
	})
}

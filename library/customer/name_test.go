package customer_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"lidwoord/base/fault"
	"lidwoord/library/customer"
)

func TestInitialsAreWrittenWithStops(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "eb": "E.B.", "E B": "E.B.", "E.B": "E.B.", "e.b.": "E.B.", " E . B . ": "E.B.", "EB": "E.B.", "e": "E.",
		"Th.": "Th.", "Th": "Th.", "th.": "Th.", "Th.J.": "Th.J.", "ThJ": "Th.J.", "Chr.": "Chr.", "chr.": "Chr.", "CHR.": "Chr.",
		"IJ.": "IJ.", "ij.b": "IJ.B.", "IJ.B.": "IJ.B.", "Ĳ": "Ĳ.", "éb": "É.B.", "e\u0301b": "É.B.", "j-p": "J.-P.", "J.-P.": "J.-P.",
		"ş.y": "Ş.Y.", "李": "李.", "ßa": "ß.A.",
	} {
		got, err := customer.NormaliseInitials(in)
		if in == "ßa" { // a letter without a capital stays as it is, or becomes the new ẞ
			if err != nil || !strings.HasSuffix(got, ".A.") {
				t.Errorf("NormaliseInitials(%q) = %q, %v", in, got, err)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("NormaliseInitials(%q) = %q, %v, want %q", in, got, err, want)
		}
		if again, _ := customer.NormaliseInitials(got); again != got {
			t.Errorf("normalising %q twice gives %q", got, again)
		}
	}
	for _, in := range []string{"E1", "E@B", "7", "a\x00b", strings.Repeat("a", 41)} {
		if got, err := customer.NormaliseInitials(in); fault.KindOf(err) != fault.Invalid {
			t.Errorf("NormaliseInitials(%q) = %q, %v, want a fault", in, got, err)
		}
	}
}

func TestNamesAreShownAsTheDutchWriteThem(t *testing.T) {
	type p = customer.Person
	for _, c := range []struct {
		p                   customer.Person
		full, list, surname string
	}{
		{p{Initials: "E.B.", LastName: "Tester"}, "E.B. Tester", "Tester, E.B.", "Tester"},
		{p{Initials: "E.B.", Prefix: "van der", LastName: "Tester", FirstName: "Eva"}, "E.B. van der Tester", "Tester, E.B. van der", "Van der Tester"},
		{p{Prefix: "van der", LastName: "Veen"}, "Van der Veen", "Veen, van der", "Van der Veen"},
		{p{FirstName: "Lieke", Prefix: "van der", LastName: "Veen"}, "Lieke van der Veen", "Veen, Lieke van der", "Van der Veen"},
		{p{Initials: "A.", Prefix: "'t", LastName: "Hooft"}, "A. 't Hooft", "Hooft, A. 't", "'t Hooft"},
		{p{Initials: "A.", Prefix: "van 't", LastName: "Hart"}, "A. van 't Hart", "Hart, A. van 't", "Van 't Hart"},
		{p{Initials: "G.", Prefix: "d'", LastName: "Ancona"}, "G. d'Ancona", "Ancona, G. d'", "d'Ancona"},
		{p{Initials: "G.", Prefix: "d’", LastName: "Ancona"}, "G. d’Ancona", "Ancona, G. d’", "d’Ancona"},
		{p{LastName: "Amrish"}, "Amrish", "Amrish", "Amrish"},
		{p{Initials: "J.", Prefix: "ñan", LastName: "X"}, "J. ñan X", "X, J. ñan", "Ñan X"},
	} {
		if got := c.p.Full(); got != c.full {
			t.Errorf("Full = %q, want %q", got, c.full)
		}
		if got := c.p.Listed(); got != c.list {
			t.Errorf("Listed = %q, want %q", got, c.list)
		}
		if got := c.p.Surname(); got != c.surname {
			t.Errorf("Surname = %q, want %q", got, c.surname)
		}
	}
}

func TestSpellingsOfOneNameFoldAlike(t *testing.T) {
	for want, spellings := range map[string][]string{
		"t hooft":               {"'t Hooft", "’t Hooft", "‘t hooft", "`t Hooft", "´t Hooft", "ʼt HOOFT", "t hooft", " 't\u00a0Hooft "},
		"ijssel":                {"Ĳssel", "ĳssel", "IJssel", "IJSSEL", "ijssel"},
		"sahin yildiz":          {"Şahin-Yıldız", "ŞAHİN-YILDIZ", "sahin–yildiz", "S\u0327ahin Yildiz", "Şahin‑Yıldız", "SAHIN YILDIZ"},
		"zywialowska":           {"Żywiałowska", "ŻYWIAŁOWSKA", "Zywialowska", "Z\u0307ywia\u0142owska"},
		"ramdhanie soerdjbalie": {"Ramdhanie-Soerdjbalie", "ramdhanie - soerdjbalie", "RAMDHANIE\u2014SOERDJBALIE"},
		"strasser":              {"Straßer", "STRASSER", "STRAẞER"},
		"sorensen":              {"Sørensen", "SØRENSEN", "Sorensen"},
		"van den berg":          {"Van den Berg", "VAN DEN BERG", "van\tden  berg"},
		"dangelo":               {"d'Angelo", "D’Angelo", "DAngelo"},
		"muller":                {"Müller", "Muller", "Mu\u0308ller"},
		"fi":                    {"ﬁ", "FI"},
		"иванов":                {"Иванов", "ИВАНОВ"},
		"":                      {"", "-", "'", "\u200b", "  "},
	} {
		for _, s := range spellings {
			if got := customer.Fold(s); got != want {
				t.Errorf("Fold(%q) = %q, want %q", s, got, want)
			}
		}
	}
}

func TestASmallPrefixInTheLastNameMovesToItsField(t *testing.T) {
	for in, want := range map[string][2]string{
		"van der Veen":   {"van der", "Veen"},
		"'t Hooft":       {"'t", "Hooft"},
		"’t Hooft":       {"’t", "Hooft"},
		"van 't Hart":    {"van 't", "Hart"},
		"Van der Auwera": {"", "Van der Auwera"}, // Belgian: registered and sorted with its capital
		"van":            {"", "van"},
		"de":             {"", "de"},
		"Le":             {"", "Le"},
		"van van":        {"van", "van"},
		"Tester":         {"", "Tester"},
		"el Khatib":      {"el", "Khatib"},
	} {
		prefix, rest := customer.SplitPrefix(in)
		if prefix != want[0] || rest != want[1] {
			t.Errorf("SplitPrefix(%q) = %q, %q, want %q", in, prefix, rest, want)
		}
	}
}

func TestOnlyTheLastNameOfANameIsRequired(t *testing.T) {
	p := tester()
	p.Initials, p.Prefix, p.FirstName, p.LastName = "", "", "", "Amrish"
	if _, err := p.Clean(today); err != nil {
		t.Errorf("a single name is refused: %v", err)
	}
	p.LastName = "  "
	if _, err := p.Clean(today); !isAt(err, customer.ErrLastName, customer.FieldLastName) {
		t.Errorf("no last name: %v", err)
	}
	p.LastName = strings.Repeat("é", customer.NameMost)
	if _, err := p.Clean(today); err != nil {
		t.Errorf("a name of 200 letters is refused: %v", err)
	}
	p.LastName += "e"
	if _, err := p.Clean(today); !isAt(err, customer.ErrTooLong, customer.FieldLastName) {
		t.Errorf("a name of 201 letters: %v", err)
	}
	for _, bad := range []string{"Te\x00ster", "Te\u202ester", "Te\ufeffster", "Te\xffster", "Te\u200bster"} {
		p.LastName = bad
		if _, err := p.Clean(today); !isAt(err, customer.ErrCharacter, customer.FieldLastName) {
			t.Errorf("%q: %v, want it refused", bad, err)
		}
	}
	p.LastName = "12345"
	if _, err := p.Clean(today); !isAt(err, customer.ErrNameLetter, customer.FieldLastName) {
		t.Errorf("a name of digits: %v", err)
	}
	p.LastName = "Zoe\u0308 \t Tester"
	if got, err := p.Clean(today); err != nil || got.LastName != "Zoë Tester" {
		t.Errorf("not composed and tidied: %q, %v", got.LastName, err)
	}
}

func TestAllFaultsOfAFormComeAtOnceInItsOrder(t *testing.T) {
	_, err := customer.Person{Initials: "1", Email: "x", Address: customer.Address{Postcode: "1"}}.Clean(today)
	var fields []string
	for _, e := range fault.Of(err) {
		fields = append(fields, e.Field)
	}
	want := "initials last_name birth postcode house_number street place email"
	if got := strings.Join(fields, " "); got != want {
		t.Errorf("faults at %q, want %q", got, want)
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"'t Hooft", "Ĳssel", "Şahin-Yıldız", "ǅ½Ⅷ", "각", "\xff\xfe", "İ", "ﷺ", "ͅ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := customer.Fold(s)
		if !utf8.ValidString(once) || strings.TrimSpace(once) != once || strings.Contains(once, "  ") {
			t.Errorf("Fold(%q) = %q", s, once)
		}
		if twice := customer.Fold(once); twice != once {
			t.Errorf("Fold(%q) = %q, and folded again %q", s, once, twice)
		}
	})
}

func FuzzInitials(f *testing.F) {
	for _, s := range []string{"eb", "Th.J", "ij.b", "J.-P.", "--", ".", "e\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once, err := customer.NormaliseInitials(s)
		if err != nil {
			return
		}
		if twice, err := customer.NormaliseInitials(once); err != nil || customer.Fold(twice) != customer.Fold(once) {
			t.Errorf("NormaliseInitials(%q) = %q, and again %q, %v", s, once, twice, err)
		}
	})
}

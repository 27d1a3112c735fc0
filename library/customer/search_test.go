package customer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/customer"
)

// crowd are the names that break software, each with a birth date of its own.
var crowd = []customer.Person{
	{Initials: "E.B.", Prefix: "van der", LastName: "Tester", FirstName: "Eva", Email: "eva@example.nl"},
	{Initials: "A.", Prefix: "'t", LastName: "Hooft"},
	{Initials: "M.", LastName: "Ĳssel"},
	{Initials: "D.", LastName: "Şahin-Yıldız", FirstName: "Deniz"},
	{Initials: "K.", LastName: "Żywiałowska"},
	{Initials: "S.", LastName: "Ramdhanie-Soerdjbalie"},
	{LastName: "Amrish"},
	{Initials: "J.", LastName: "Van der Auwera"},
	{Initials: "G.", Prefix: "d'", LastName: "Ancona"},
	{Initials: "T.", LastName: "Testa"},
	{Initials: "Л.", LastName: "Иванов"},
	{Initials: "P.", LastName: "O'Brien", Email: "o'brien@example.ie"},
	{Initials: "Q.", LastName: "Zz" + strings.Repeat("y", 60)},
}

func TestOneSearchBoxFindsPeopleHoweverTheyAreTyped(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		numbers := map[string]string{}
		for i, p := range crowd {
			p.Birth = day.Day("1980-01-01").AddDays(i)
			p.Address = customer.Address{Postcode: "9468 BG", Number: 40 + i, Street: "Kruisstraat", Place: "Annen"}
			c := mustRegister(t, db, b.fresh(p))
			numbers[p.LastName] = c.Number
		}
		tester := numbers["Tester"]
		for query, want := range map[string][]string{
			"tester": {"Tester"}, "TESTER": {"Tester"}, "test": {"Testa", "Tester"}, "van der tester": {"Tester"}, "vandertester": {"Tester"},
			"e.b. tester": {"Tester"}, "eb tester": {"Tester"}, "e tester": {"Tester"}, "tester e.b.": {"Tester"}, "eva tester": {"Tester"}, "eva van der tester": {"Tester"},
			"Tester, E.B. van der": {"Tester"}, "tester, eva": {"Tester"}, "tester, x": nil, "e b tester": {"Tester"}, "q tester": nil,
			"hooft": {"Hooft"}, "'t hooft": {"Hooft"}, "’t Hooft": {"Hooft"}, "t hooft": {"Hooft"}, "`t hooft": {"Hooft"}, "a. 't hooft": {"Hooft"},
			"ijssel": {"Ĳssel"}, "IJssel": {"Ĳssel"}, "ĳs": {"Ĳssel"},
			"sahin": {"Şahin-Yıldız"}, "ŞAHİN": {"Şahin-Yıldız"}, "yıldız": {"Şahin-Yıldız"}, "yildiz": {"Şahin-Yıldız"}, "sahin-yildiz": {"Şahin-Yıldız"}, "deniz sahin": {"Şahin-Yıldız"},
			"zywia": {"Żywiałowska"}, "soerdjbalie": {"Ramdhanie-Soerdjbalie"}, "amrish": {"Amrish"},
			"van der auwera": {"Van der Auwera"}, "auwera": {"Van der Auwera"}, "d'ancona": {"Ancona"}, "ancona": {"Ancona"}, "d ancona": {"Ancona"},
			"иван": {"Иванов"}, "o'brien": {"O'Brien"}, "obrien": {"O'Brien"}, "o brien": {"O'Brien"},
			"01-01-1980": {"Tester"}, "1-1-1980": {"Tester"}, "1 januari 1980": {"Tester"}, "1980-01-01": {"Tester"}, "01011980": {"Tester"}, "31-02-1980": nil,
			"tester 01-01-1980": {"Tester"}, "tester 02-01-1980": nil, "1 januari 1980 tester": {"Tester"},
			"eva@example.nl": {"Tester"}, "EVA@": {"Tester"}, "o'brien@example.ie": {"O'Brien"}, "@": nil,
			"9468 bg 40": {"Tester"}, "9468BG, 41": {"Hooft"}, "9468 bg 99": nil, "9461": nil,
			tester: {"Tester"}, tester[:5] + " " + tester[5:]: {"Tester"}, "25280000000017": {"Tester"}, "99999999999999": nil,
			"": nil, "   ": nil, "'": nil, "%": nil, "_": nil, "' OR 1=1 --": nil, "\x00": nil, ",": nil, ", eva": nil,
		} {
			do(t, db, func(tx *sqldb.Tx) error {
				found, err := customer.Search(tx, b.organisation.ID, query, 20)
				if err != nil {
					t.Errorf("%q: %v", query, err)
				}
				var names []string
				for _, r := range found.Rows {
					for last, n := range numbers {
						if n == r.Number {
							names = append(names, last)
						}
					}
				}
				if !slices.Equal(names, want) {
					t.Errorf("%q finds %q, want %q", query, names, want)
				}
				if other, _ := customer.Search(tx, "another library", query, 20); len(other.Rows) > 0 {
					t.Errorf("%q finds another library's customers", query)
				}
				return nil
			})
		}
		do(t, db, func(tx *sqldb.Tx) error {
			all, err := customer.Search(tx, b.organisation.ID, "9468 BG", 20)
			if len(all.Rows) != len(crowd) || all.More {
				t.Errorf("the street has %d people, more %v", len(all.Rows), all.More)
			}
			var order []string
			for _, r := range all.Rows {
				order = append(order, customer.Fold(r.ListName))
			}
			// On the main part of the name: Ancona (d') first, 't Hooft at H.
			if !strings.HasPrefix(order[0], "amrish") || !strings.HasPrefix(order[1], "ancona") || !slices.ContainsFunc(order, func(s string) bool { return s == "hooft a t" }) {
				t.Errorf("order %q", order)
			}
			some, err := customer.Search(tx, b.organisation.ID, "9468 BG", len(crowd)-1)
			if len(some.Rows) != len(crowd)-1 || !some.More {
				t.Errorf("a page too short shows %d, more %v", len(some.Rows), some.More)
			}
			return err
		})
	})
}

func TestARowTellsWhatTheDeskAsksFirst(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		c := mustRegister(t, db, b.fresh(tester()))
		do(t, db, func(tx *sqldb.Tx) error {
			if err := customer.SetLink(tx, c.ID, "account-1", customer.LinkGenerated, customer.By{}); err != nil {
				return err
			}
			if err := customer.MarkEnded(tx, c.ID, today); err != nil {
				return err
			}
			found, err := customer.Search(tx, b.organisation.ID, "tester", 1)
			if len(found.Rows) != 1 {
				t.Fatalf("found %+v, %v", found, err)
			}
			want := customer.Row{ID: c.ID, BranchID: b.annen.ID, Number: c.Number, Name: "E.B. Tester", ListName: "Tester, E.B.", Birth: "1991-01-04",
				Line: "Kruisstraat 41", Place: "9468 BG Annen", Email: "eva@example.nl", How: customer.LinkGenerated, EndedOn: today, Unknown: true}
			if r := found.Rows[0]; r != want || r.Ended(today) || !r.Ended(today.AddDays(1)) {
				t.Errorf("row %+v\nwant %+v", r, want)
			}
			return err
		})
	})
}

func TestAReplacedNumberStillFindsItsCustomer(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		c := mustRegister(t, db, b.fresh(tester()))
		do(t, db, func(tx *sqldb.Tx) error {
			now, err := customer.NextNumber(tx, c.ID, customer.By{})
			if err != nil {
				return err
			}
			found, err := customer.Search(tx, b.organisation.ID, c.Number, 5)
			if len(found.Rows) != 1 || found.Rows[0].Number != now.Number {
				t.Errorf("found %+v", found)
			}
			return err
		})
	})
}

func FuzzParseQuery(f *testing.F) {
	for _, s := range []string{"tester", "'t hooft", "tester, e.b. van der", "4-1-1991", "9468 bg 41", "a@b", "25280000000017", "e b c d e f g h i", ",", "1 januari 1980 x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q := customer.ParseQuery(s)
		if len(q.Names) > 12 {
			t.Errorf("%q has %d readings", s, len(q.Names))
		}
		if again := customer.ParseQuery(s); fmt.Sprint(again) != fmt.Sprint(q) {
			t.Errorf("%q reads differently each time", s)
		}
	})
}

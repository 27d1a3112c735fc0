package customer_test

import (
	"fmt"
	"testing"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/customer"
)

// BenchmarkBusyLibrary asks what the desk asks while people type, in a library
// of twenty thousand customers with two hundred last names.
func BenchmarkBusyLibrary(b *testing.B) {
	db := sqldbtest.New(b)
	var it bind
	do(b, db, func(tx *sqldb.Tx) error {
		if err := it.fill(tx); err != nil {
			return err
		}
		_, err := customer.SaveRange(tx, customer.Range{OrganisationID: it.organisation.ID, BranchID: it.annen.ID, Label: "5280", First: 1, Last: 9_000_000})
		return err
	})
	names := func(n int) string { return fmt.Sprintf("Naam%c%c", 'a'+n%20, 'a'+n/20%10) }
	for start := 0; start < 20_000; start += 500 {
		do(b, db, func(tx *sqldb.Tx) error {
			for n := start; n < start+500; n++ {
				p := tester()
				p.LastName, p.Prefix, p.Email = names(n), []string{"", "van der", "de"}[n%3], fmt.Sprintf("p%d@example.nl", n)
				p.FirstName, p.Initials = fmt.Sprintf("Voor%d", n%97), fmt.Sprintf("%c.", 'A'+n%26)
				p.Birth = day.Day("1930-01-01").AddDays(n * 7 % 30_000)
				p.Address.Number, p.Address.Postcode = n%300+1, fmt.Sprintf("%04d AB", 1000+n%7000)
				if _, err := customer.Register(tx, it.fresh(p)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for _, query := range []string{"naamaa", "n", "voor7 naamca", "25280000012345", "1950-03-03", "2280 AB", "p777@example.nl"} {
		b.Run("search/"+query, func(b *testing.B) {
			for b.Loop() {
				if err := db.Read(b.Context(), func(tx *sqldb.Tx) error {
					_, err := customer.Search(tx, it.organisation.ID, query, 20)
					return err
				}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("duplicates", func(b *testing.B) {
		p := tester()
		p.LastName, p.FirstName = names(7), "Voor7"
		for b.Loop() {
			if err := db.Read(b.Context(), func(tx *sqldb.Tx) error {
				_, err := customer.Duplicates(tx, it.organisation.ID, p, "")
				return err
			}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("register", func(b *testing.B) {
		n := 0
		for b.Loop() {
			n++
			p := tester()
			p.LastName, p.Birth, p.Email = fmt.Sprintf("Nieuw%c%c%c", 'a'+n%26, 'a'+n/26%26, 'a'+n/676%26), day.Day("1930-01-01").AddDays(n%30_000), ""
			p.Address.Number, p.FirstName, p.Initials = n%90_000+1, "", ""
			do(b, db, func(tx *sqldb.Tx) error {
				_, err := customer.Register(tx, it.fresh(p))
				return err
			})
		}
	})
}

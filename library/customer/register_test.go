package customer_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
)

// noon stops the clock at noon of a day.
func noon(d day.Day) func() time.Time {
	return func() time.Time { return d.Start().Add(12 * time.Hour) }
}

func TestWhatIsRegisteredIsFoundAsItWasTyped(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		n := b.fresh(customer.Person{
			Initials: "eb", Prefix: "van der", LastName: "Tester", FirstName: "Eva", Birth: "1991-01-04", Email: "Eva@Example.nl", Phone: "06 12345678",
			Address: customer.Address{Postcode: "9468bg", Number: 41, Addition: "a", Street: "Kruisstraat", Place: "Annen", Checked: true}, Lang: "en",
		})
		n.IBAN, n.IdentityChecked = "nl39 rabo 0300 0652 64", true
		c := mustRegister(t, db, n)
		do(t, db, func(tx *sqldb.Tx) error {
			got, err := customer.Find(tx, c.ID)
			if err != nil {
				return err
			}
			if got != c {
				t.Errorf("found %+v\nwant  %+v", got, c)
			}
			if got.Full() != "E.B. van der Tester" || got.Address.Line() != "Kruisstraat 41 A" || got.Email != "Eva@example.nl" || got.BIC != "RABONL2U" ||
				!got.Identity.Checked || got.Identity.By != "staff:anja" || got.Type != customer.Regular || got.Link.How != customer.LinkNone {
				t.Errorf("found %+v", got)
			}
			if _, err := customer.Find(tx, "nobody"); !errors.Is(err, customer.ErrUnknown) {
				t.Errorf("nobody: %v", err)
			}
			return nil
		})
	})
}

func TestBadInputIsToldAtItsFields(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		n := b.fresh(tester())
		n.Person.LastName, n.IBAN, n.BIC = "", "NL91ABNA0417164301", "X"
		_, err := register(t, db, n)
		if fault.KindOf(err) != fault.Invalid || !isAt(err, customer.ErrLastName, customer.FieldLastName) || !isAt(err, customer.ErrIBANCheck, customer.FieldIBAN) || !isAt(err, customer.ErrBIC, customer.FieldBIC) {
			t.Errorf("Register = %v", err)
		}
		n = b.fresh(tester())
		n.Type = "school"
		if _, err := register(t, db, n); !errors.Is(err, customer.ErrType) {
			t.Errorf("an unknown type: %v", err)
		}
		n = b.fresh(tester())
		n.BranchID = ""
		if _, err := register(t, db, n); !errors.Is(err, customer.ErrBranch) {
			t.Errorf("no branch: %v", err)
		}
	})
}

func TestTheSamePersonIsNotRegisteredTwice(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		first := mustRegister(t, db, b.fresh(tester()))
		again := b.fresh(tester())
		_, err := register(t, db, again)
		var double *customer.DuplicateError
		if !errors.Is(err, customer.ErrDuplicate) || !errors.As(err, &double) || double.Match.ID != first.ID || fault.KindOf(err) != fault.Conflict {
			t.Fatalf("Register = %v", err)
		}
		if args := fault.Of(err)[0].Args; len(args) != 3 || args[0] != "Tester, E.B." || args[2] != first.Number {
			t.Errorf("the sentence is filled with %v", args)
		}
		for _, reason := range []string{"", ".", " ja "} {
			again.Override = &customer.Override{Reason: reason}
			if _, err := register(t, db, again); !isAt(err, customer.ErrReason, customer.FieldReason) {
				t.Errorf("the reason %q is taken: %v", reason, err)
			}
		}
		again.Override = &customer.Override{Reason: "nicht met dezelfde naam"}
		second := mustRegister(t, db, again)
		if second.Number == first.Number {
			t.Error("two customers, one number")
		}
		do(t, db, func(tx *sqldb.Tx) error {
			list, err := customer.Overrides(tx, second.ID)
			if len(list) != 1 || list[0].OtherID != first.ID || list[0].Reason != "nicht met dezelfde naam" || list[0].Actor != "staff:anja" {
				t.Errorf("overrides %+v, %v", list, err)
			}
			return err
		})
	})
}

func TestOfSixteenClerksWhoSaveOnePersonOneSucceeds(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		won := race(16, func(n int) error {
			it := b.fresh(tester())
			if n%2 == 1 {
				it.BranchID = b.gieten.ID // two branches, two ranges
			}
			_, err := register(t, db, it)
			if err != nil && !errors.Is(err, customer.ErrDuplicate) {
				t.Errorf("loser %d: %v", n, err)
			}
			return err
		})
		if won != 1 {
			t.Errorf("%d of sixteen succeeded, want 1", won)
		}
	})
}

func TestWhoIsTheSamePersonAndWhoIsShown(t *testing.T) {
	known := tester()
	known.Prefix = "van der"
	for _, c := range []struct {
		name        string
		change      func(*customer.Person)
		shown, same bool
	}{
		{"nothing", func(*customer.Person) {}, true, true},
		{"without prefix", func(p *customer.Person) { p.Prefix = "" }, true, true},
		{"prefix in the last name", func(p *customer.Person) { p.Prefix, p.LastName = "", "van der Tester" }, true, true},
		{"capitals and marks", func(p *customer.Person) { p.LastName = "TÉSTER" }, true, true},
		{"fewer initials", func(p *customer.Person) { p.Initials = "E" }, true, true},
		{"no given names", func(p *customer.Person) { p.Initials, p.FirstName = "", "" }, true, true},
		{"first name only", func(p *customer.Person) { p.Initials = "" }, true, true},
		{"a twin", func(p *customer.Person) { p.Initials, p.FirstName = "M.", "Mia" }, true, false},
		{"moved and another e-mail", func(p *customer.Person) { p.Address, p.Email = customer.Address{}, "" }, true, true},
		{"a slip in the name", func(p *customer.Person) { p.LastName = "Tsetr" }, true, false},
		{"one letter more", func(p *customer.Person) { p.LastName = "Testers" }, true, false},
		{"married, same birth and e-mail", func(p *customer.Person) { p.LastName = "Jansen" }, true, false},
		{"day and month swapped", func(p *customer.Person) { p.Birth = "1991-04-01" }, true, false},
		{"another birth date, first name the same", func(p *customer.Person) { p.Birth, p.Address, p.Email = "1960-07-07", customer.Address{}, "" }, true, false},
		{"a father", func(p *customer.Person) {
			p.Initials, p.FirstName, p.Birth, p.Email = "P.", "Piet", "1960-07-07", ""
		}, false, false},
		{"a namesake elsewhere", func(p *customer.Person) {
			p.Birth, p.Address, p.Email, p.FirstName = "1960-07-07", customer.Address{}, "", ""
		}, false, false},
		{"a neighbour of that birthday", func(p *customer.Person) {
			p.Initials, p.FirstName, p.LastName, p.Address, p.Email = "Q.", "", "Puk", customer.Address{}, ""
		}, false, false},
		{"name and birth date, while typing", func(p *customer.Person) {
			*p = customer.Person{LastName: "tester", Birth: p.Birth}
		}, true, true},
		{"birth date alone", func(p *customer.Person) { *p = customer.Person{Birth: p.Birth} }, false, false},
		{"a name alone", func(p *customer.Person) { *p = customer.Person{LastName: "Tester"} }, false, false},
		{"nothing at all", func(p *customer.Person) { *p = customer.Person{} }, false, false},
		{"half a postcode", func(p *customer.Person) { p.Address.Postcode = "9468" }, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
				b := open(t, db)
				first := mustRegister(t, db, b.fresh(known))
				p := known
				c.change(&p)
				do(t, db, func(tx *sqldb.Tx) error {
					list, err := customer.Duplicates(tx, b.organisation.ID, p, "")
					if err != nil {
						return err
					}
					if (len(list) == 1) != c.shown || c.shown && (list[0].Same != c.same || list[0].ID != first.ID || len(list[0].Fields) == 0) {
						t.Errorf("%+v, want shown %v, same %v", list, c.shown, c.same)
					}
					if self, _ := customer.Duplicates(tx, b.organisation.ID, p, first.ID); len(self) != 0 {
						t.Error("somebody is their own double")
					}
					if other, _ := customer.Duplicates(tx, "another library", p, ""); len(other) != 0 {
						t.Error("another library's customer is shown")
					}
					return nil
				})
			})
		})
	}
}

func TestADoubleSaysWhichFieldsAgree(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		mustRegister(t, db, b.fresh(tester()))
		do(t, db, func(tx *sqldb.Tx) error {
			p := tester()
			p.Email = "EVA@EXAMPLE.NL"
			list, err := customer.Duplicates(tx, b.organisation.ID, p, "")
			if err != nil {
				return err
			}
			want := []string{"last_name", "first_name", "birth", "address", "email"}
			if len(list) != 1 || !slices.Equal(list[0].Fields, want) {
				t.Errorf("fields %+v, want %v", list, want)
			}
			return nil
		})
	})
}

func TestDoubleNamesMatchAcrossSpellings(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		for i, pair := range [][2]string{
			{"Şahin-Yıldız", "SAHIN YILDIZ"}, {"Ĳssel", "IJSSEL"}, {"Żywiałowska", "Zywialowska"},
			{"Ramdhanie-Soerdjbalie", "RamdhanieSoerdjbalie"}, {"Jansen-de Vries", "Jansen - De Vries"}, {"Amrish", "amrish"},
		} {
			p := customer.Person{LastName: pair[0], Birth: day.Day("1970-01-01").AddDays(i), Address: tester().Address}
			mustRegister(t, db, b.fresh(p))
			p.LastName = pair[1]
			if _, err := register(t, db, b.fresh(p)); !errors.Is(err, customer.ErrDuplicate) {
				t.Errorf("%q after %q: %v", pair[1], pair[0], err)
			}
		}
		do(t, db, func(tx *sqldb.Tx) error { // one half of a double name is shown and not refused
			list, err := customer.Duplicates(tx, b.organisation.ID, customer.Person{LastName: "de Vries", Birth: "1970-01-05"}, "")
			if len(list) != 1 || list[0].Same {
				t.Errorf("de Vries, once Jansen-de Vries: %+v", list)
			}
			return err
		})
	})
}

func TestAFormerCustomerComesBackUnderTheSameID(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		db.Now = noon(today)
		b := open(t, db)
		c := mustRegister(t, db, b.fresh(tester()))
		again := b.fresh(tester())
		again.Person.Address.Number = 43
		reRegister := func(n customer.New) (back customer.Customer, err error) {
			err = db.InTx(t.Context(), func(tx *sqldb.Tx) (err error) {
				back, err = customer.ReRegister(tx, c.ID, n)
				return err
			})
			return back, err
		}
		if _, err := reRegister(again); !errors.Is(err, customer.ErrNotEnded) {
			t.Errorf("a running customer: %v", err)
		}
		do(t, db, func(tx *sqldb.Tx) error { return customer.MarkEnded(tx, c.ID, today) })
		if _, err := reRegister(again); !errors.Is(err, customer.ErrNotEnded) {
			t.Errorf("on the last day of the membership: %v", err)
		}
		db.Now = noon(today.AddDays(1))
		if _, err := register(t, db, again); !errors.Is(err, customer.ErrDuplicate) {
			t.Errorf("a former customer is not seen: %v", err)
		}
		back, err := reRegister(again)
		if err != nil || back.ID != c.ID || back.Number != c.Number || back.Address.Number != 43 || back.RegisteredAt != c.RegisteredAt {
			t.Errorf("back: %+v, %v", back, err)
		}
		again.Number = customer.SystemNumber
		fresh, err := reRegister(again)
		if err != nil || fresh.ID != c.ID || fresh.Number == c.Number {
			t.Errorf("back with a fresh number: %+v, %v", fresh, err)
		}
		do(t, db, func(tx *sqldb.Tx) error {
			if err := customer.MarkEnded(tx, "nobody", today); !errors.Is(err, customer.ErrUnknown) {
				t.Errorf("nobody ended: %v", err)
			}
			return nil
		})
		again.OrganisationID = "elsewhere"
		do(t, db, func(tx *sqldb.Tx) error { return customer.MarkEnded(tx, c.ID, today) })
		if _, err := reRegister(again); !errors.Is(err, customer.ErrUnknown) {
			t.Errorf("another library's customer: %v", err)
		}
	})
}

func TestAnAccountOpensOneMembershipOfALibrary(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		eva, mia := mustRegister(t, db, b.fresh(person(1))), mustRegister(t, db, b.fresh(person(2)))
		won := race(16, func(n int) error {
			id := []string{eva.ID, mia.ID}[n%2]
			return db.InTx(t.Context(), func(tx *sqldb.Tx) error {
				return customer.SetLink(tx, id, "account-1", customer.LinkGenerated, customer.By{})
			})
		})
		if won != 8 {
			t.Errorf("%d links, want the eight of one customer", won)
		}
		do(t, db, func(tx *sqldb.Tx) error {
			list, err := customer.FindByAccount(tx, "account-1")
			if err != nil || len(list) != 1 || list[0].Link.How != customer.LinkGenerated || list[0].Link.At.IsZero() {
				t.Fatalf("by account: %+v, %v", list, err)
			}
			if none, _ := customer.FindByAccount(tx, ""); len(none) != 0 {
				t.Error("no account finds everybody who has none")
			}
			if err := customer.ClearLink(tx, list[0].ID, customer.By{Actor: "staff:anja"}); err != nil {
				return err
			}
			got, err := customer.Find(tx, list[0].ID)
			if got.Link.AccountID != "" || got.Link.How != customer.LinkForgotten || got.Number != list[0].Number {
				t.Errorf("forgotten: %+v", got)
			}
			// Now the other may have it; and a new library may have it too.
			if err := customer.SetLink(tx, mia.ID, "account-1", customer.LinkExisting, customer.By{}); err != nil {
				t.Errorf("after forgetting: %v", err)
			}
			if err := customer.SetLink(tx, "nobody", "account-2", customer.LinkExisting, customer.By{}); !errors.Is(err, customer.ErrUnknown) {
				t.Errorf("nobody linked: %v", err)
			}
			if err := customer.ClearLink(tx, "nobody", customer.By{}); !errors.Is(err, customer.ErrUnknown) {
				t.Errorf("nobody forgotten: %v", err)
			}
			return err
		})
	})
}

func TestOneAccountServesTwoLibraries(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		here := mustRegister(t, db, b.fresh(tester()))
		there := b.fresh(tester())
		do(t, db, func(tx *sqldb.Tx) error {
			o, err := branch.SaveOrganisation(tx, branch.Organisation{Slug: "ginder", Name: "Ginder"})
			if err != nil {
				return err
			}
			br, err := branch.Save(tx, branch.Branch{OrganisationID: o.ID, Code: "5280", Name: "Ginder"})
			if err != nil {
				return err
			}
			there.OrganisationID, there.BranchID = o.ID, br.ID
			_, err = customer.SaveRange(tx, customer.Range{OrganisationID: o.ID, Label: "6000", First: 1, Last: 9})
			return err
		})
		moved := mustRegister(t, db, there) // not a double: another library
		do(t, db, func(tx *sqldb.Tx) error {
			for _, id := range []string{here.ID, moved.ID} {
				if err := customer.SetLink(tx, id, "account-1", customer.LinkExisting, customer.By{}); err != nil {
					t.Errorf("link: %v", err)
				}
			}
			list, err := customer.FindByAccount(tx, "account-1")
			if len(list) != 2 {
				t.Errorf("%d memberships, want 2", len(list))
			}
			return err
		})
	})
}

func TestDataIsBroughtUpToDateAndFoundAgain(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		b := open(t, db)
		c := mustRegister(t, db, b.fresh(tester()))
		by := customer.By{Actor: "staff:anja", Branch: b.annen.ID}
		do(t, db, func(tx *sqldb.Tx) error {
			p := c.Person
			p.LastName, p.Prefix = "Vries", "de"
			if _, err := customer.Change(tx, c.ID, p, by); err != nil {
				return err
			}
			if _, err := customer.ChangeAddress(tx, c.ID, customer.Address{Country: "NL", Postcode: "9461 DA", Number: 7, Street: "Brink", Place: "Gieten"}, by); err != nil {
				return err
			}
			if _, err := customer.ChangeBank(tx, c.ID, "NL91 ABNA 0417 1643 00", "", by); err != nil {
				return err
			}
			if _, err := customer.RecordIdentity(tx, c.ID, by); err != nil {
				return err
			}
			if _, err := customer.ChangeEmail(tx, c.ID, "nope", by); !isAt(err, customer.ErrEmail, customer.FieldEmail) {
				t.Errorf("a bad e-mail: %v", err)
			}
			p.LastName = ""
			if _, err := customer.Change(tx, c.ID, p, by); !isAt(err, customer.ErrLastName, customer.FieldLastName) {
				t.Errorf("no name: %v", err)
			}
			if _, err := customer.ChangeEmail(tx, "nobody", "a@b.nl", by); !errors.Is(err, customer.ErrUnknown) {
				t.Errorf("nobody: %v", err)
			}
			got, err := customer.Find(tx, c.ID)
			if err != nil || got.Full() != "E.B. de Vries" || got.Address.PlaceLine() != "9461 DA Gieten" || got.BIC != "ABNANL2A" || !got.Identity.Checked || got.Identity.By != by.Actor {
				t.Errorf("changed: %+v, %v", got, err)
			}
			found, err := customer.Search(tx, b.organisation.ID, "de vries", 10)
			if len(found.Rows) != 1 || !strings.Contains(found.Rows[0].Place, "Gieten") {
				t.Errorf("found %+v", found)
			}
			if old, _ := customer.Search(tx, b.organisation.ID, "tester", 10); len(old.Rows) != 0 {
				t.Error("still found under the old name")
			}
			return err
		})
	})
}

package membership_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/membership"
)

// place is a library with two branches and a customer.
type place struct {
	*sqldb.DB
	t            *testing.T
	annen, assen branch.Branch
	zoe          customer.Customer
}

func each(t *testing.T, f func(*testing.T, *place)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		p := &place{DB: db, t: t}
		p.on("2026-11-23")
		p.do(func(tx *sqldb.Tx) error {
			lib, err := branch.SaveOrganisation(tx, branch.Organisation{Slug: "bind", Name: "Bind bibliotheken"})
			if err != nil {
				return err
			}
			if p.annen, err = branch.Save(tx, branch.Branch{OrganisationID: lib.ID, Code: "5280", Name: "Annen", Enrols: true}); err != nil {
				return err
			}
			if p.assen, err = branch.Save(tx, branch.Branch{OrganisationID: lib.ID, Code: "5281", Name: "Assen", Enrols: true}); err != nil {
				return err
			}
			for _, d := range membership.Seed(lib.ID) {
				if err := membership.SaveDefinition(tx, d); err != nil {
					return err
				}
			}
			if _, err := customer.SaveRange(tx, customer.Range{OrganisationID: lib.ID, BranchID: p.annen.ID, Label: "5280", First: 1, Last: 999}); err != nil {
				return err
			}
			p.zoe, err = customer.Register(tx, customer.New{OrganisationID: lib.ID, BranchID: p.annen.ID, Person: customer.Person{
				LastName: "Tester", Initials: "E.B.", Birth: "1991-01-04",
				Address: customer.Address{Country: "NL", Postcode: "9468BG", Number: 41, Street: "Kruisstraat", Place: "Annen"},
			}})
			return err
		})
		f(t, p)
	})
}

// on turns the clock to noon of a day.
func (p *place) on(d day.Day) {
	p.Now = func() time.Time { return d.Start().Add(12 * time.Hour) }
}

func (p *place) try(f func(*sqldb.Tx) error) error { return p.InTx(p.t.Context(), f) }

func (p *place) do(f func(*sqldb.Tx) error) {
	p.t.Helper()
	if err := p.try(f); err != nil {
		p.t.Fatal(err)
	}
}

// start begins a period of a code today.
func (p *place) start(code string) (m membership.Membership, err error) {
	p.t.Helper()
	err = p.try(func(tx *sqldb.Tx) error {
		d, err := membership.FindDefinition(tx, p.annen.OrganisationID, code)
		if err != nil {
			return err
		}
		m, err = membership.Start(tx, membership.Beginning{CustomerID: p.zoe.ID, Definition: d, BranchID: p.annen.ID, Start: day.Of(tx.Now), StaffID: "anna"})
		return err
	})
	return m, err
}

func TestTheSeedsFourAreOfferedAtBranch5280(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		p.do(func(tx *sqldb.Tx) error {
			b, err := branch.ByCode(tx, p.annen.OrganisationID, "5280")
			if err != nil {
				return err
			}
			list, err := membership.Offered(tx, b, day.Day("1991-01-04").Age(day.Of(tx.Now)), membership.Desk)
			var lines []string
			for _, d := range list {
				lines = append(lines, d.Code+" "+d.Name(words.NL)+" "+d.Price.String()+" "+string(d.Kind))
			}
			want := []string{
				"0086 dBos supplement €\u00a00,00 fixed", "0090 proefabonnement €\u00a00,00 temporary",
				"0091 Maandabonnement €\u00a011,50 temporary", "0141 Digital only €\u00a045,00 fixed",
			}
			if !slices.Equal(lines, want) {
				t.Errorf("offered %q", lines)
			}
			return err
		})
	})
}

func TestOfferedMindsAgeBranchChannelAndActive(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		p.do(func(tx *sqldb.Tx) error {
			youth := membership.Definition{
				OrganisationID: p.annen.OrganisationID, Code: "0012", NameNL: "Jeugd", NameEN: "Youth", AboutNL: "Voor kinderen", AboutEN: "For children", Kind: membership.Fixed, Term: 12,
				MaxAge: 17, Desk: true, Active: true, Branches: []string{"5281"},
			}
			if err := membership.SaveDefinition(tx, youth); err != nil {
				return err
			}
			if youth.Name(words.EN) != "Youth" || youth.About(words.EN) != "For children" || youth.About(words.NL) != "Voor kinderen" {
				t.Error("names and descriptions by language")
			}
			for _, c := range []struct {
				at      branch.Branch
				code    string
				age     int
				channel membership.Channel
				want    error
			}{
				{p.assen, "0012", 17, membership.Desk, nil},
				{p.assen, "0012", 18, membership.Desk, membership.ErrTooOld},
				{p.annen, "0012", 17, membership.Desk, membership.ErrNoDefinition},
				{p.assen, "0012", 17, membership.Online, membership.ErrNoDefinition},
				{p.annen, "0091", 17, membership.Desk, membership.ErrTooYoung},
				{p.annen, "0091", 18, membership.Desk, nil},
				{p.annen, "0086", 40, membership.Online, membership.ErrNoDefinition},
				{p.annen, "0141", 40, membership.Online, nil},
				{p.annen, "7777", 40, membership.Desk, membership.ErrNoDefinition},
			} {
				_, err := membership.Choose(tx, c.at, c.code, c.age, c.channel)
				if !errors.Is(err, c.want) {
					t.Errorf("%s at %s for %d, %s: %v, want %v", c.code, c.at.Code, c.age, c.channel, err, c.want)
				}
				list, err := membership.Offered(tx, c.at, c.age, c.channel)
				if err != nil {
					return err
				}
				if has := slices.ContainsFunc(list, func(d membership.Definition) bool { return d.Code == c.code }); has != (c.want == nil) {
					t.Errorf("%s at %s for %d, %s offered: %v", c.code, c.at.Code, c.age, c.channel, has)
				}
			}
			return nil
		})
	})
}

func TestSavingADefinitionTwiceChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		p.do(func(tx *sqldb.Tx) error {
			d := membership.Definition{
				OrganisationID: p.annen.OrganisationID, Code: "0500", NameNL: "Twee", Kind: membership.Temporary, Price: 1, Term: 2, Discount: 1, DiscountThroughAge: 20,
				MinAge: 1, MaxAge: 2, Rights: membership.Rights{Physical: true}, Desk: true, Branches: []string{"5280", "5281"},
			}
			for range 2 {
				if err := membership.SaveDefinition(tx, d); err != nil {
					return err
				}
			}
			got, err := membership.FindDefinition(tx, d.OrganisationID, "0500")
			slices.Sort(got.Branches)
			if err != nil || !slices.Equal(got.Branches, d.Branches) {
				t.Errorf("kept %+v, %v", got, err)
			}
			got.Branches, d.Branches = nil, nil
			if got.Code != d.Code || got.Price != 1 || got.Term != 2 || got.MaxAge != 2 || got.Discount != 1 || got.Rights != d.Rights || got.Active {
				t.Errorf("kept %+v", got)
			}
			all, err := membership.Definitions(tx, d.OrganisationID)
			if len(all) != 5 {
				t.Errorf("%d definitions", len(all))
			}
			return err
		})
		for _, bad := range []membership.Definition{
			{Code: "41", NameNL: "x", Kind: membership.Fixed, Term: 1}, {Code: "0141", Kind: membership.Fixed, Term: 1},
			{Code: "0141", NameNL: "x", Term: 1}, {Code: "0141", NameNL: "x", Kind: membership.Fixed},
			{Code: "0141", NameNL: "x", Kind: membership.Fixed, Term: 1, Price: -1},
			{Code: "0141", NameNL: "x", Kind: membership.Fixed, Term: 1, MinAge: 18, MaxAge: 17},
		} {
			if err := p.try(func(tx *sqldb.Tx) error { return membership.SaveDefinition(tx, bad) }); !errors.Is(err, membership.ErrDefinition) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
	})
}

func TestOneRunningMembershipForEachCustomer(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		first, err := p.start("0141")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.start("0091"); !errors.Is(err, membership.ErrRunning) {
			t.Errorf("a second one today: %v", err)
		}
		p.on(first.LastDay)
		if _, err := p.start("0091"); !errors.Is(err, membership.ErrRunning) {
			t.Errorf("a second one on the last day: %v", err)
		}
		p.on(first.LastDay.AddDays(1))
		second, err := p.start("0091")
		if err != nil {
			t.Fatalf("the day after: %v", err)
		}
		p.do(func(tx *sqldb.Tx) error {
			all, err := membership.Of(tx, p.zoe.ID)
			if len(all) != 2 || all[0].ID != second.ID || all[1].ID != first.ID || all[1].State(day.Of(tx.Now)) != membership.Ended {
				t.Errorf("history %+v", all)
			}
			return err
		})
	})
}

func TestSixteenStartsBeginOne(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		var began, refused atomic.Int32
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				switch _, err := p.start("0141"); {
				case err == nil:
					began.Add(1)
				case errors.Is(err, membership.ErrRunning):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if began.Load() != 1 || refused.Load() != 15 {
			t.Errorf("%d began, %d refused", began.Load(), refused.Load())
		}
	})
}

func TestEnd(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		end := func(reason string, last func(*sqldb.Tx) day.Day) (m membership.Membership, err error) {
			err = p.try(func(tx *sqldb.Tx) error {
				m, err = membership.End(tx, p.zoe.ID, reason, last(tx))
				return err
			})
			return m, err
		}
		later := func(*sqldb.Tx) day.Day { return "2099-01-01" }
		if _, err := end("moved", membership.AtOnce); !errors.Is(err, membership.ErrNotRunning) {
			t.Errorf("nothing runs: %v", err)
		}
		m, err := p.start("0141")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := end("bored", membership.AtOnce); !errors.Is(err, membership.ErrReason) {
			t.Errorf("no such reason: %v", err)
		}
		out, err := end("own_wish", later)
		if err != nil || out.LastDay != m.ValidThrough || out.EndReason != "own_wish" {
			t.Errorf("to its end: %+v, %v; never later than it was paid for", out, err)
		}
		now, err := end("moved", membership.AtOnce)
		if err != nil || now.LastDay != "2026-11-22" || now.ValidThrough != m.ValidThrough {
			t.Errorf("at once: %+v, %v", now, err)
		}
		p.do(func(tx *sqldb.Tx) error {
			rights, err := membership.RightsOf(tx, p.zoe.ID, day.Of(tx.Now))
			if rights != (membership.Rights{}) {
				t.Errorf("rights after the end: %+v", rights)
			}
			c, err2 := customer.Find(tx, p.zoe.ID)
			if !c.Ended(day.Of(tx.Now)) {
				t.Errorf("the customer is not a former one: %q", c.EndedOn)
			}
			return errors.Join(err, err2)
		})
		if _, err := end("moved", membership.AtOnce); !errors.Is(err, membership.ErrNotRunning) {
			t.Errorf("ended once more: %v", err)
		}
		if _, err := p.start("0091"); err != nil {
			t.Errorf("re-registered the same day: %v", err)
		}
	})
}

func TestADigitalOnlyMemberBorrowsNothingInTheBuilding(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		m, err := p.start("0141")
		if err != nil {
			t.Fatal(err)
		}
		p.do(func(tx *sqldb.Tx) error {
			for on, want := range map[day.Day]membership.Rights{
				"2026-11-22":            {},
				"2026-11-23":            {Digital: true, Newsletter: true},
				m.LastDay:               {Digital: true, Newsletter: true},
				m.LastDay.AddDays(1):    {},
				m.LastDay.AddMonths(12): {},
			} {
				got, err := membership.RightsOf(tx, p.zoe.ID, on)
				if err != nil {
					return err
				}
				if got != want {
					t.Errorf("on %s: %+v, want %+v", on, got, want)
				}
			}
			return nil
		})
	})
}

func TestRightsStayAsTheyWereWhenItBegan(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		if _, err := p.start("0141"); err != nil {
			t.Fatal(err)
		}
		p.do(func(tx *sqldb.Tx) error {
			d, err := membership.FindDefinition(tx, p.annen.OrganisationID, "0141")
			if err != nil {
				return err
			}
			d.Rights, d.NameNL = membership.Rights{Physical: true}, "Alleen papier"
			if err := membership.SaveDefinition(tx, d); err != nil {
				return err
			}
			m, found, err := membership.Latest(tx, p.zoe.ID)
			if !found || !m.Rights.Digital || m.Rights.Physical || m.Name(words.NL) != "Alleen papier" || m.Name(words.EN) != "Digital only" {
				t.Errorf("after the change: %+v", m)
			}
			return err
		})
	})
}

func TestOfAccountTellsTheSignOn(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		list := func() (held []membership.Held) {
			p.do(func(tx *sqldb.Tx) (err error) {
				held, err = membership.OfAccount(tx, "account-1")
				return err
			})
			return held
		}
		p.do(func(tx *sqldb.Tx) error {
			return customer.SetLink(tx, p.zoe.ID, "account-1", customer.LinkGenerated, customer.By{})
		})
		if len(list()) != 0 {
			t.Error("a customer who never was a member")
		}
		m, err := p.start("0141")
		if err != nil {
			t.Fatal(err)
		}
		held := list()
		if len(held) != 1 || held[0].ID != m.ID || held[0].Number != p.zoe.Number || held[0].OrganisationSlug != "bind" || held[0].OrganisationName != "Bind bibliotheken" {
			t.Fatalf("held %+v", held)
		}
		p.on(m.LastDay.AddDays(1))
		if held := list(); len(held) != 1 || held[0].State(m.LastDay.AddDays(1)) != membership.Ended {
			t.Errorf("after its end %+v", held)
		}
		again, err := p.start("0091")
		if err != nil {
			t.Fatal(err)
		}
		if held := list(); len(held) != 1 || held[0].ID != again.ID {
			t.Errorf("re-registered: %+v; the newest period only", held)
		}
		p.do(func(tx *sqldb.Tx) error { return customer.ClearLink(tx, p.zoe.ID, customer.By{}) })
		if held := list(); len(held) != 0 {
			t.Errorf("after Vergeet inlogaccount %+v", held)
		}
	})
}

func TestAYouthRightIsToldByItsOwnName(t *testing.T) {
	for want, r := range map[string]membership.Rights{
		"[] membership.rights.none":                             {Youth: true}, // it narrows, and opens nothing by itself
		"[digital] membership.rights.digital_only":              {Digital: true},
		"[digital-youth] membership.rights.digital_youth":       {Digital: true, Youth: true},
		"[digital-youth physical] membership.rights.both_youth": {Digital: true, Youth: true, Physical: true},
		"[digital physical] membership.rights.both":             {Digital: true, Physical: true},
	} {
		if got := fmt.Sprint(r.Names(), " ", r.Key()); got != want {
			t.Errorf("%+v is told as %s, want %s", r, got, want)
		}
	}
	each(t, func(t *testing.T, p *place) {
		p.do(func(tx *sqldb.Tx) error {
			d, err := membership.FindDefinition(tx, p.annen.OrganisationID, "0141")
			if err != nil {
				return err
			}
			d.Code, d.Rights.Youth = "0142", true
			if err := membership.SaveDefinition(tx, d); err != nil {
				return err
			}
			saved, err := membership.FindDefinition(tx, p.annen.OrganisationID, "0142")
			if err != nil || !saved.Rights.Youth || !saved.Rights.Digital {
				t.Errorf("saved as %+v, %v", saved.Rights, err)
			}
			return err
		})
	})
}

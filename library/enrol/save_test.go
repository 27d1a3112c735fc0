package enrol_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/enrol/enroltest"
	"lidwoord/library/ledger"
	"lidwoord/library/membership"
	"lidwoord/library/newsletter"
)

func TestTheSeedsCustomerIsEnrolled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.draft(w.anna, tester())
		r, err := w.save(w.anna, id)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Number) != 14 || r.Username != r.Number || r.Email != "eb.tester@example.nl" || r.Outcome != enrol.Generated || r.Name != "E.B. Tester" {
			t.Errorf("result %+v", r)
		}
		if !r.Until.Equal(w.Now().Add(24 * time.Hour)) {
			t.Errorf("the link works until %v", r.Until)
		}
		if r.BuildUp.Fee != 4500 || w.owes(r.CustomerID) != r.BuildUp.Balance {
			t.Errorf("shown %v, charged %v", r.BuildUp.Balance, w.owes(r.CustomerID))
		}
		if l := w.login(r.CustomerID); l.State != enrol.Waiting || l.Username != r.Number || !l.Until.Equal(r.Until) {
			t.Errorf("login %+v", l)
		}
		w.do(func(tx *sqldb.Tx) error {
			c, err := customer.Find(tx, r.CustomerID)
			if err != nil {
				return err
			}
			if c.Number != r.Number || c.BIC != "ABNANL2A" || !c.Identity.Checked || c.Address.Postcode != "9468BG" || c.Birth != "1991-01-04" {
				t.Errorf("customer %+v", c)
			}
			m, _, err := membership.Latest(tx, c.ID)
			if err != nil {
				return err
			}
			if m.Code != "0141" || m.Rights.Physical || !m.Rights.Digital || m.ValidThrough != r.BuildUp.ValidThrough {
				t.Errorf("membership %+v", m)
			}
			if news, err := newsletter.State(tx, c.ID); err != nil || news.Wanted() {
				t.Errorf("the newsletter is on: %v, %v", news, err)
			}
			log, err := audit.Of(tx, "customer:"+c.ID, 20)
			if !slices.ContainsFunc(log, func(e audit.Entry) bool {
				return e.Act == "enrol.saved" && e.Actor == "staff:"+w.anna.StaffID && e.Branch == w.annen.ID && e.Detail == "0141 generated"
			}) {
				t.Errorf("audit %+v", log)
			}
			again, err2 := enrol.ResultOf(tx, w.anna, id)
			if again.Number != r.Number || !again.Until.Equal(r.Until) || again.BuildUp != r.BuildUp {
				t.Errorf("read again %+v", again)
			}
			return errors.Join(err, err2)
		})
	})
}

func TestOpslaanPressedThreeTimesSavesOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.draft(w.anna, tester())
		first, err := w.save(w.anna, id)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			w.pass(time.Second)
			again, err := w.save(w.anna, id)
			if err != nil || again.Number != first.Number || !again.SavedAt.Equal(first.SavedAt) {
				t.Errorf("again: %+v, %v", again, err)
			}
		}
		if n := w.count("customer"); n != 1 {
			t.Errorf("%d customers", n)
		}
	})
}

func TestSixteenSavesOfOneDraftEnrolOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.draft(w.anna, tester())
		numbers := make([]string, 16)
		var all sync.WaitGroup
		for i := range numbers {
			all.Go(func() {
				r, err := w.save(w.anna, id)
				if err != nil {
					t.Error(err)
				}
				numbers[i] = r.Number
			})
		}
		all.Wait()
		for _, n := range numbers {
			if n != numbers[0] || n == "" {
				t.Errorf("numbers %q and %q", n, numbers[0])
			}
		}
		for _, table := range []string{"customer", "membership", "posting", "town_account", "customer_number"} {
			if n := w.count(table); n != 1 {
				t.Errorf("%d rows in %s", n, table)
			}
		}
	})
}

func TestSixteenPeopleGetSixteenNumbers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var drafts []string
		for i := range 16 {
			drafts = append(drafts, w.draft(w.anna, someone(i)))
		}
		var mu sync.Mutex
		seen := map[string]bool{}
		var all sync.WaitGroup
		for _, id := range drafts {
			all.Go(func() {
				r, err := w.save(w.anna, id)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if seen[r.Number] || r.Username != r.Number {
					t.Errorf("number %s twice, or not the username %s", r.Number, r.Username)
				}
				seen[r.Number] = true
			})
		}
		all.Wait()
		if len(seen) != 16 || w.count("customer") != 16 {
			t.Errorf("%d numbers, %d customers", len(seen), w.count("customer"))
		}
	})
}

func TestTwoClerksEnrolTheSamePerson(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mine, theirs := w.draft(w.anna, tester()), w.draft(w.bert, tester())
		var saved atomic.Int32
		var lost atomic.Value
		var all sync.WaitGroup
		for c, id := range map[enrol.Clerk]string{w.anna: mine, w.bert: theirs} {
			all.Go(func() {
				_, err := w.save(c, id)
				switch {
				case err == nil:
					saved.Add(1)
				default:
					lost.Store(err)
				}
			})
		}
		all.Wait()
		err, _ := lost.Load().(error)
		if saved.Load() != 1 || w.count("customer") != 1 {
			t.Fatalf("%d saved, %d customers, %v", saved.Load(), w.count("customer"), err)
		}
		wants(t, "the slower clerk", err, enrol.ErrDuplicate, enrol.FieldReason)
		args := fault.Of(err)[0].Args
		if len(args) != 5 || args[0] != "E.B. Tester" || args[1] != day.Day("1991-01-04") || !args[3].(time.Time).Equal(w.Now()) {
			t.Errorf("it says %v", args)
		}
		if by := args[4]; by != "Anna de Vries" && by != "Bert Smid" {
			t.Errorf("enrolled by %v", by)
		}
	})
}

func TestADuplicateWantsAReasonAndToHaveBeenSeen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.enrol(tester())
		twin := tester()
		twin.Initials = "E."
		_, err := w.save(w.anna, w.draft(w.anna, twin))
		wants(t, "without a reason", err, enrol.ErrDuplicate, enrol.FieldReason)

		twin.Reason = "tweeling, andere voornaam"
		_, err = w.save(w.anna, w.draft(w.anna, twin))
		wants(t, "with a reason for somebody the clerk never saw", err, enrol.ErrDuplicate, enrol.FieldReason)

		w.do(func(tx *sqldb.Tx) error {
			matches, err := enrol.Duplicates(tx, w.anna, twin)
			if len(matches) != 1 || matches[0].ID != first.CustomerID || !matches[0].Same {
				t.Errorf("shown %+v", matches)
			}
			twin.Seen = enrol.SeenOf(matches)
			return err
		})
		short := twin
		short.Reason = "x"
		if _, err = w.save(w.anna, w.draft(w.anna, short)); !slices.Equal(fields(err), []string{enrol.FieldReason}) {
			t.Errorf("a reason of one letter: %v", err)
		}
		if _, err := w.save(w.anna, w.draft(w.anna, twin)); err != nil {
			t.Errorf("with a reason: %v", err)
		}
		third := twin
		_, err = w.save(w.anna, w.draft(w.anna, third)) // a second look-alike has come since
		wants(t, "a new look-alike", err, enrol.ErrDuplicate, enrol.FieldReason)
	})
}

func TestUnder18PaysNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		child := tester()
		child.Birth, child.Guardian, child.GuardianEmail = "24-11-2008", "P. Tester", "p.tester@example.nl"
		r := w.enrol(child)
		if r.BuildUp.Age != 17 || r.BuildUp.Fee != 0 || r.BuildUp.Reason != membership.ReasonUnder18 || w.owes(r.CustomerID) != 0 || w.count("posting") != 0 {
			t.Errorf("at 17: %+v, owes %v", r.BuildUp, w.owes(r.CustomerID))
		}
		if w.count("guardian") != 0 {
			t.Error("the parent of a 17-year-old was kept")
		}
		w.pass(24 * time.Hour)
		grown := tester()
		grown.Birth, grown.Surname = "24-11-2008", "Anders"
		if r := w.enrol(grown); r.BuildUp.Fee != 4500 || w.owes(r.CustomerID) != 4500 {
			t.Errorf("at 18: %+v", r.BuildUp)
		}
		child.Birth, child.Surname = "1-1-2012", "Klein"
		r = w.enrol(child)
		w.do(func(tx *sqldb.Tx) error {
			name, email, err := enrol.GuardianOf(tx, r.CustomerID)
			if name != "P. Tester" || email != "p.tester@example.nl" {
				t.Errorf("guardian %q %q", name, email)
			}
			return err
		})
	})
}

func TestTheOpbouwIsChargedAsShown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tariff := func(change func(*membership.Definition)) {
			w.do(func(tx *sqldb.Tx) error {
				d, err := membership.FindDefinition(tx, w.lib.ID, "0141")
				if err != nil {
					return err
				}
				change(&d)
				return membership.SaveDefinition(tx, d)
			})
		}
		tariff(func(d *membership.Definition) { d.Discount, d.DiscountThroughAge = 1000, 40 })
		id := w.draft(w.anna, tester())
		tariff(func(d *membership.Definition) { d.Price = 4700 })
		_, err := w.save(w.anna, id)
		wants(t, "the tariff changed", err, enrol.ErrBuildUpChanged, enrol.FieldBuildUp)
		w.see(w.anna, id)
		w.at(time.Date(2026, 11, 24, 0, 0, 1, 0, day.Amsterdam))
		_, err = w.save(w.anna, id)
		wants(t, "midnight passed", err, enrol.ErrBuildUpChanged, enrol.FieldBuildUp)
		w.see(w.anna, id)
		r, err := w.save(w.anna, id)
		if err != nil {
			t.Fatal(err)
		}
		w.do(func(tx *sqldb.Tx) error {
			lines, err := ledger.Lines(tx, r.CustomerID)
			if len(lines) != 2 || lines[0].Cents != r.BuildUp.Fee || lines[1].Cents != -r.BuildUp.Discount {
				t.Errorf("charged %+v, shown %+v", lines, r.BuildUp)
			}
			return err
		})
		if w.owes(r.CustomerID) != 3700 || r.BuildUp.Balance != 3700 {
			t.Errorf("owes %v, shown %v", w.owes(r.CustomerID), r.BuildUp.Balance)
		}
	})
}

func TestSavingIsAllOrNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.draft(w.anna, tester())
		w.office.Accounts = broken{}
		if _, err := w.save(w.anna, id); !errors.Is(err, errDown) {
			t.Fatalf("Save = %v", err)
		}
		for _, table := range []string{"customer", "customer_number", "membership", "posting", "audit", "newsletter_consent"} {
			if n := w.count(table); n != 0 && table != "audit" {
				t.Errorf("%d rows left in %s", n, table)
			}
		}
		w.office.Accounts = enroltest.Town{}
		if _, err := w.save(w.anna, id); err != nil {
			t.Errorf("the draft did not stay open: %v", err)
		}
	})
}

type broken struct{ enroltest.Town }

var errDown = errors.New("the outside world is down")

func (broken) Open(*sqldb.Tx, enrol.Opening) (string, time.Time, error) {
	return "", time.Time{}, errDown
}

func TestANumberThatIsAUsernameElsewhereIsPassedOver(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var next string
		errUndo := errors.New("undo")
		if err := w.try(func(tx *sqldb.Tx) (err error) {
			if next, err = customer.Allocate(tx, w.lib.ID, w.annen.ID); err != nil {
				return err
			}
			return errUndo
		}); err != errUndo {
			t.Fatal(err)
		}
		w.do(func(tx *sqldb.Tx) error {
			_, _, err := enroltest.Town{}.Open(tx, enrol.Opening{Username: next})
			return err
		})
		r := w.enrol(tester())
		if r.Number == next || r.Username != r.Number {
			t.Errorf("number %s, username %s; %s was taken", r.Number, r.Username, next)
		}
		if l := w.login(r.CustomerID); l.Username != r.Number {
			t.Errorf("login %+v", l)
		}
	})
}

func TestWithoutALoginAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		app := tester()
		app.Login, app.Email = enrol.No, ""
		r := w.enrol(app)
		if r.Outcome != enrol.NoAccount || r.Username != "" || w.count("town_account") != 0 || w.login(r.CustomerID).State != enrol.None {
			t.Errorf("result %+v", r)
		}
	})
}

func TestTheNewsletterIsKeptWithItsProof(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		app := tester()
		app.Newsletter = enrol.Yes
		r := w.enrol(app)
		w.do(func(tx *sqldb.Tx) error {
			sub, err := newsletter.State(tx, r.CustomerID)
			if !sub.Waits() || sub.Address != r.Email || sub.OrganisationID != w.lib.ID {
				t.Errorf("subscriber %+v", sub)
			}
			if err != nil {
				return err
			}
			said, err := newsletter.History(tx, r.CustomerID)
			if len(said) != 1 || said[0].TextShown != newsletter.Text(words.NL) || said[0].StaffID != w.anna.StaffID || said[0].Channel != newsletter.Desk {
				t.Errorf("proof %+v", said)
			}
			return err
		})
	})
}

func TestAFormerCustomerIsTakenBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		was := w.enrol(tester())
		w.activate(was.Username)
		again := tester()
		again.Number, again.Postcode, again.HouseNumber = was.Number, "9471 AB", "7"
		_, err := w.save(w.anna, w.draft(w.anna, again))
		wants(t, "while a member", err, customer.ErrNumberInUse, enrol.FieldNumber)

		if err := w.try(func(tx *sqldb.Tx) error {
			_, err := enrol.FromCustomer(tx, w.anna, was.CustomerID)
			return err
		}); !errors.Is(err, customer.ErrNotEnded) {
			t.Errorf("filled in while a member: %v", err)
		}
		w.at(was.BuildUp.ValidThrough.AddDays(1).Start())
		_, err = w.save(w.anna, w.draft(w.anna, again))
		wants(t, "not asked yet", err, enrol.ErrAgain, enrol.FieldNumber)

		again.Again = enrol.Yes
		stranger := again
		stranger.Birth = "5-1-1991"
		_, err = w.save(w.anna, w.draft(w.anna, stranger))
		wants(t, "somebody else", err, enrol.ErrOtherPerson, enrol.FieldNumber)

		w.do(func(tx *sqldb.Tx) error {
			old, err := enrol.FromCustomer(tx, w.anna, was.CustomerID)
			want := tester()
			want.Number, want.Again, want.Birth, want.BIC, want.Membership, want.Identity = was.Number, enrol.Yes, "04-01-1991", "ABNANL2A", "", ""
			if old != want {
				t.Errorf("filled in with\n%+v, want\n%+v", old, want)
			}
			if alike, err := enrol.Duplicates(tx, w.anna, old); err != nil || len(alike) != 0 {
				t.Errorf("the customer taken back looks like %+v, %v", alike, err)
			}
			if _, err := enrol.FromCustomer(tx, w.other, was.CustomerID); !errors.Is(err, customer.ErrUnknown) {
				t.Errorf("by another library: %v", err)
			}
			return err
		})
		r := w.enrol(again)
		if !r.Again || r.CustomerID != was.CustomerID || r.Number != was.Number || r.Outcome != enrol.Kept || r.Username != was.Username || r.Email != "" {
			t.Errorf("taken back: %+v", r)
		}
		if w.count("customer") != 1 || w.count("membership") != 2 || w.owes(r.CustomerID) != 9000 {
			t.Errorf("%d customers, %d periods, owes %v", w.count("customer"), w.count("membership"), w.owes(r.CustomerID))
		}
	})
}

func TestAFormerCustomerWhoseAccountNeverWokeGetsANewOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		was := w.enrol(tester())
		w.at(was.BuildUp.ValidThrough.AddDays(1).Start())
		again := tester()
		again.Number, again.Again = was.Number, enrol.Yes
		r := w.enrol(again)
		if r.Outcome != enrol.Generated || r.Username != was.Number || w.count("town_account") != 1 {
			t.Errorf("taken back: %+v, %d accounts", r, w.count("town_account"))
		}
	})
}

func TestEnrolWithoutADraft(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.do(func(tx *sqldb.Tx) error {
			r, err := w.office.Enrol(tx, w.anna, tester())
			if r.BuildUp.Fee != 4500 || r.Outcome != enrol.Generated {
				t.Errorf("result %+v", r)
			}
			return err
		})
		existing := tester()
		existing.Surname, existing.Account, existing.Username = "Ander", enrol.ExistingAccount, "zoe"
		err := w.try(func(tx *sqldb.Tx) error {
			_, err := w.office.Enrol(tx, w.anna, existing)
			return err
		})
		wants(t, "an existing account without its owner", err, enrol.ErrNotProved, enrol.FieldUsername)
		unknown := tester()
		unknown.Membership = "7777"
		err = w.try(func(tx *sqldb.Tx) error {
			_, err := w.office.Enrol(tx, w.anna, unknown)
			return err
		})
		wants(t, "no such membership", err, membership.ErrNoDefinition, enrol.FieldMembership)
	})
}

func TestAnAddressThatTheBookKnewIsMarked(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		app := tester()
		app.Checked = app.AddressMark()
		slip := someone(1)
		slip.Checked = slip.AddressMark()
		slip.Street = "Kruistraat"
		for _, c := range []struct {
			app  enrol.Application
			want bool
		}{{app, true}, {slip, false}, {someone(2), false}} {
			r := w.enrol(c.app)
			w.do(func(tx *sqldb.Tx) error {
				who, err := customer.Find(tx, r.CustomerID)
				if who.Address.Checked != c.want {
					t.Errorf("%s: checked %v", who.Address.Line(), who.Address.Checked)
				}
				return err
			})
		}
	})
}

func TestTheAddressForTheBook(t *testing.T) {
	app := tester()
	app.HouseNumber, app.Street, app.Place = "41a", "", ""
	if to, err := app.Address(); err != nil || to.Postcode != "9468BG" || to.Number != 41 || to.Addition != "A" {
		t.Errorf("Address = %+v, %v", to, err)
	}
	app.Postcode = "9468"
	_, err := app.Address()
	wants(t, "half a postcode", err, customer.ErrPostcodeNL, enrol.FieldPostcode)
	app = tester()
	app.HouseNumber = "thuis"
	_, err = app.Address()
	wants(t, "no house number", err, customer.ErrHouseNumber, enrol.FieldHouseNumber)
}

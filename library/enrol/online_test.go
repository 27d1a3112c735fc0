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
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/enrol/enroltest"
	"lidwoord/library/membership"
	"lidwoord/library/newsletter"
)

// visitor is somebody on the web, signed in with a login account that is awake.
func (w *world) visitor(username, email string) enrol.Clerk {
	w.t.Helper()
	c := enrol.Clerk{BranchID: w.annen.ID, Lang: words.NL}
	w.do(func(tx *sqldb.Tx) (err error) {
		c.AccountID, _, err = enroltest.Town{}.Open(tx, enrol.Opening{Username: username, Email: email, Lang: words.NL})
		return err
	})
	w.activate(username)
	return c
}

// online is the form of a visitor: nobody looked at a passport.
func online() enrol.Application {
	a := tester()
	a.Identity, a.IBAN, a.Newsletter = "", "", enrol.No
	return a
}

// agree is what a form comes to, at the moment the button is pressed.
func (w *world) agree(c enrol.Clerk, app enrol.Application) (a enrol.Agreed) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) (err error) {
		a, err = enrol.Agree(tx, c, app)
		return err
	})
	return a
}

func (w *world) enrolOnline(c enrol.Clerk, app enrol.Application, a enrol.Agreed) (r enrol.Result, err error) {
	err = w.try(func(tx *sqldb.Tx) error {
		r, err = w.office.EnrolOnline(tx, c, app, "emma", a)
		return err
	})
	return r, err
}

func (w *world) latest(customerID string) (m membership.Membership) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) (err error) {
		m, _, err = membership.Latest(tx, customerID)
		return err
	})
	return m
}

func TestOnlineTheAccountIsItsOwners(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		emma := w.visitor("emma", "eb.tester@example.nl")
		r, err := w.enrolOnline(emma, online(), w.agree(emma, online()))
		if err != nil {
			t.Fatal(err)
		}
		if r.Outcome != enrol.Connected || r.Username != "emma" || w.login(r.CustomerID).Username != "emma" || w.count("town_account") != 1 {
			t.Errorf("%+v", r)
		}
		w.do(func(tx *sqldb.Tx) error {
			log, err := audit.Of(tx, "customer:"+r.CustomerID, 20)
			if !slices.ContainsFunc(log, func(e audit.Entry) bool {
				return e.Act == "enrol.saved" && e.Actor == "account:"+emma.AccountID && e.Branch == w.annen.ID
			}) {
				t.Errorf("%+v", log)
			}
			return err
		})
	})
}

func TestOnlineWhatWasAgreedIsCharged(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		emma := w.visitor("emma", "eb.tester@example.nl")
		agreed := w.agree(emma, online())
		w.do(func(tx *sqldb.Tx) error {
			d := membership.Seed(w.lib.ID)[3]
			d.Price, d.Online, d.Active, d.Rights.Digital, d.Term = 9900, false, false, false, 1
			return membership.SaveDefinition(tx, d)
		})
		w.at(time.Date(2026, 12, 1, 0, 0, 1, 0, day.Amsterdam))
		r, err := w.enrolOnline(emma, online(), agreed)
		if err != nil {
			t.Fatal(err)
		}
		m := w.latest(r.CustomerID)
		if w.owes(r.CustomerID) != 4500 || r.BuildUp.Balance != 4500 || !m.Rights.Digital {
			t.Errorf("%s is owed, %+v", w.owes(r.CustomerID), m)
		}
		if m.FirstDay != "2026-12-01" || m.ValidThrough != "2027-11-30" || r.BuildUp.ValidThrough != m.ValidThrough {
			t.Errorf("the days did not move: %s–%s", m.FirstDay, m.ValidThrough)
		}
	})
}

// Whoever turns eighteen while at the bank pays what stood on the page: nothing.
func TestOnlineABirthdayInBetweenChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		emma := w.visitor("emma", "eb.tester@example.nl")
		app := online()
		app.Birth = "24-11-2008" // eighteen tomorrow
		agreed := w.agree(emma, app)
		w.pass(24 * time.Hour)
		r, err := w.enrolOnline(emma, app, agreed)
		if err != nil || w.owes(r.CustomerID) != 0 || r.BuildUp.Age != 17 {
			t.Errorf("%v, %s is owed at %d", err, w.owes(r.CustomerID), r.BuildUp.Age)
		}
	})
}

func TestOnlineOnlyWhatIsOfferedThereIsSold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		emma := w.visitor("emma", "eb.tester@example.nl")
		app := online()
		app.Membership = "0086" // at the desk only
		err := w.try(func(tx *sqldb.Tx) error {
			_, err := enrol.Agree(tx, emma, app)
			return err
		})
		wants(t, "0086", err, membership.ErrNoDefinition, enrol.FieldMembership)
		w.do(func(tx *sqldb.Tx) error {
			offers, err := enrol.Offers(tx, emma, online())
			for _, d := range offers {
				if !d.Online {
					t.Errorf("%s is offered", d.Code)
				}
			}
			return err
		})
	})
}

func TestOnlineAChildNeedsAParentAndTheDeskDoesNotAsk(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		emma := w.visitor("emma", "eb.tester@example.nl")
		app := online()
		app.Birth = "24-11-2010" // sixteen tomorrow
		check := func(c enrol.Clerk) error {
			return w.try(func(tx *sqldb.Tx) error { return enrol.Check(tx, c, app, enrol.StepPerson) })
		}
		wants(t, "no parent", check(emma), enrol.ErrGuardianNeeded, enrol.FieldGuardian)
		wants(t, "no address", check(emma), enrol.ErrGuardianEmail, enrol.FieldGuardianEmail)
		if err := check(w.anna); err != nil {
			t.Errorf("the desk: %v", err)
		}
		app.Guardian, app.GuardianEmail = "Anna Tester", "anna@example.nl"
		if err := check(emma); err != nil {
			t.Error(err)
		}
		w.pass(24 * time.Hour)
		app.Guardian, app.GuardianEmail = "", ""
		if err := check(emma); err != nil {
			t.Errorf("sixteen today: %v", err)
		}
	})
}

// Nobody can look at a passport through the web.
func TestOnlineNoIdentityIsAskedFor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.do(func(tx *sqldb.Tx) (err error) {
			w.annen.Choices.NeedIdentity = true
			w.annen, err = branch.Save(tx, w.annen)
			return err
		})
		emma := w.visitor("emma", "eb.tester@example.nl")
		app := online()
		for c, want := range map[enrol.Clerk]bool{emma: false, w.anna: true} {
			err := w.try(func(tx *sqldb.Tx) error { return enrol.Check(tx, c, app, enrol.StepContact) })
			if errors.Is(err, enrol.ErrIdentity) != want {
				t.Errorf("%+v: %v", c, err)
			}
		}
	})
}

// A login account woke by a link that was mailed to its address; a newsletter for
// that address needs no second letter. For any other it does.
func TestOnlineANewsletterIsConfirmedWhereTheAccountWoke(t *testing.T) {
	for address, want := range map[string]newsletter.Standing{"EB.Tester@example.nl": newsletter.Confirmed, "other@example.nl": newsletter.Asked} {
		each(t, func(t *testing.T, w *world) {
			emma := w.visitor("emma", "eb.tester@example.nl")
			app := online()
			app.Newsletter, app.Email = enrol.Yes, address
			r, err := w.enrolOnline(emma, app, w.agree(emma, app))
			if err != nil {
				t.Fatal(err)
			}
			w.do(func(tx *sqldb.Tx) error {
				s, err := newsletter.State(tx, r.CustomerID)
				if err != nil {
					return err
				}
				proof, err := newsletter.History(tx, r.CustomerID)
				if s.Standing != want || len(proof) == 0 || proof[0].Channel != newsletter.Web || proof[0].StaffID != "" {
					t.Errorf("%s: %s, %+v", address, s.Standing, proof)
				}
				return err
			})
		})
	}
}

func TestOnlineSixteenAtOnceEnrolOnePerson(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		emma := w.visitor("emma", "eb.tester@example.nl")
		agreed := w.agree(emma, online())
		var done atomic.Int32
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				switch _, err := w.enrolOnline(emma, online(), agreed); {
				case err == nil:
					done.Add(1)
				case !errors.Is(err, enrol.ErrDuplicate):
					t.Error(err)
				}
			})
		}
		all.Wait()
		if done.Load() != 1 || w.count("customer") != 1 || w.count("membership") != 1 || w.count("posting") != 1 {
			t.Errorf("%d enrolled, %d customers, %d memberships", done.Load(), w.count("customer"), w.count("membership"))
		}
	})
}

func TestOnlineNobodyIsTakenInWhereNobodyEnrols(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		emma := w.visitor("emma", "eb.tester@example.nl")
		agreed := w.agree(emma, online())
		w.do(func(tx *sqldb.Tx) (err error) {
			w.annen.Enrols = false
			w.annen, err = branch.Save(tx, w.annen)
			return err
		})
		if _, err := w.enrolOnline(emma, online(), agreed); !errors.Is(err, enrol.ErrClosed) {
			t.Error(err)
		}
	})
}

func TestOnlineAFormerMemberIsTakenBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		emma := w.visitor("emma", "eb.tester@example.nl")
		first, err := w.enrolOnline(emma, online(), w.agree(emma, online()))
		if err != nil {
			t.Fatal(err)
		}
		w.pass(400 * 24 * time.Hour)
		var app enrol.Application
		w.do(func(tx *sqldb.Tx) error {
			who, err := customer.Find(tx, first.CustomerID)
			app = enrol.Again(who)
			app.Membership, app.Newsletter = "0141", enrol.No
			return err
		})
		second, err := w.enrolOnline(emma, app, w.agree(emma, app))
		if err != nil || !second.Again || second.CustomerID != first.CustomerID || second.Number != first.Number || w.count("membership") != 2 {
			t.Errorf("%+v, %v", second, err)
		}
	})
}

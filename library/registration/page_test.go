package registration_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/enrol"
	"lidwoord/library/membership"
	"lidwoord/library/registration"
)

func (w *world) check(r registration.Registration, p registration.Page) error {
	w.t.Helper()
	return w.try(func(tx *sqldb.Tx) error { return registration.Check(tx, r, p) })
}

// born is the form of somebody born on a day.
func born(on string) func(enrol.Application) enrol.Application {
	return func(a enrol.Application) enrol.Application {
		a = tester(a)
		a.Birth = on
		return a
	}
}

func TestTheFirstPageThatIsNotRightIsShown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var r registration.Registration
		w.do(func(tx *sqldb.Tx) (err error) {
			r, err = registration.Begin(tx, w.emma, w.lib, "0141")
			return err
		})
		for _, step := range []struct {
			page string // that is the first unfinished one
			fill func(*enrol.Application)
		}{
			{"naam", func(a *enrol.Application) { a.Initials, a.Surname = "E.B.", "Tester" }},
			{"geboortedatum", func(a *enrol.Application) { a.Birth = "4-1-2012" }},
			{"ouder", func(a *enrol.Application) { a.Guardian, a.GuardianEmail = "Anna Tester", "anna@example.nl" }},
			{"adres", func(a *enrol.Application) {
				a.Postcode, a.HouseNumber, a.Street, a.Place = "9468 BG", "41", "Kruisstraat", "Annen"
			}},
			{"contact", func(a *enrol.Application) { a.Newsletter = enrol.No }},
		} {
			w.do(func(tx *sqldb.Tx) error {
				p, some, err := registration.Unfinished(tx, r)
				if !some || p.Name != step.page {
					t.Errorf("%q, want %q", p.Name, step.page)
				}
				return err
			})
			step.fill(&r.App)
		}
		w.do(func(tx *sqldb.Tx) error {
			if p, some, err := registration.Unfinished(tx, r); some || err != nil {
				t.Errorf("%q is not right, %v", p.Name, err)
			}
			return nil
		})
	})
}

// The newsletter is off until somebody was asked; the last page is shown also
// when nothing on it is wrong.
func TestTheLastPageIsShownOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.complete(w.emma, "0141", func(a enrol.Application) enrol.Application {
			a = tester(a)
			a.Newsletter = ""
			return a
		})
		if err := w.check(r, registration.PageContact); !errors.Is(err, registration.ErrNotSeen) {
			t.Error(err)
		}
	})
}

func TestAParentIsAskedForUnderSixteen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for birth, want := range map[string]bool{"24-11-2010": true, "23-11-2010": false} { // today is 23 November 2026
			v := w.visitor("v"+birth, birth+"@example.nl")
			r := w.complete(v, "0141", born(birth))
			if got := r.Child(day.Of(w.Now())); got != want {
				t.Errorf("born on %s: %v", birth, got)
			}
			if err := w.check(r, registration.PageParent); (err != nil) != want {
				t.Errorf("born on %s: %v", birth, err)
			}
			if _, err := w.order(v); (err != nil) != want {
				t.Errorf("born on %s: %v", birth, err)
			}
		}
	})
}

func TestUnderEighteenNothingIsPaid(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for birth, free := range map[string]bool{"24-11-2008": true, "23-11-2008": false} {
			v := w.visitor("v"+birth, birth+"@example.nl")
			r := w.complete(v, "0141", born(birth))
			w.do(func(tx *sqldb.Tx) error {
				_, agreed, err := registration.Agree(tx, r)
				if (agreed.BuildUp.Balance == 0) != free {
					t.Errorf("born on %s pays %s", birth, agreed.BuildUp.Balance)
				}
				return err
			})
		}
	})
}

// Who was born on 29 February is a year older on 1 March of a year without that day.
func TestALeapDayIsAYearOlderOnTheFirstOfMarch(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.complete(w.emma, "0141", born("29-2-2008"))
		for date, age := range map[day.Day]int{"2026-02-28": 17, "2026-03-01": 18} {
			w.at(date.Start().Add(12 * time.Hour))
			w.do(func(tx *sqldb.Tx) error {
				_, agreed, err := registration.Agree(tx, r)
				if agreed.BuildUp.Age != age || (agreed.BuildUp.Balance == 0) != (age < 18) {
					t.Errorf("on %s: %d years, %s", date, agreed.BuildUp.Age, agreed.BuildUp.Balance)
				}
				return err
			})
		}
		child := w.complete(w.emma, "0141", born("29-2-2012"))
		if !child.Child("2028-02-28") || child.Child("2028-02-29") {
			t.Error("sixteen on the wrong day")
		}
	})
}

func TestAMembershipForOtherAgesIsToldAtTheBirthDate(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.complete(w.emma, "0091", born("24-11-2008"))
		err := w.check(r, registration.PageBirth)
		if !errors.Is(err, membership.ErrTooYoung) || fault.Of(err)[0].Field != enrol.FieldBirth {
			t.Errorf("%v", err)
		}
	})
}

func TestABirthDateOfTomorrowIsNone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, birth := range []string{"", "24-11-2026", "1-1-1850", "30-2-1991", "gisteren"} {
			if err := w.check(w.complete(w.emma, "0141", born(birth)), registration.PageBirth); err == nil {
				t.Errorf("%q was taken", birth)
			}
		}
	})
}

func TestAPageTellsOfItsOwnFieldsOnly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.complete(w.emma, "0141", func(a enrol.Application) enrol.Application {
			a.Surname, a.Initials = "Tester", "E.B."
			return a // no birth date, no address
		})
		if err := w.check(r, registration.PageName); err != nil {
			t.Error(err)
		}
		for _, p := range []registration.Page{registration.PageBirth, registration.PageAddress} {
			err := w.check(r, p)
			if err == nil {
				t.Errorf("%s is right", p.Name)
			}
			for _, e := range fault.Of(err) {
				if !slices.Contains(p.Fields, e.Field) {
					t.Errorf("%s tells of %s", p.Name, e.Field)
				}
			}
		}
	})
}

// The page that says so must be right before the form is: of an adult the price is
// asked, of a child none, and of nobody for what has none.
func TestWhoPaysNothingIsKnownAsSoonAsItIs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, c := range []struct {
			code, birth string
			free        bool
		}{
			{"0141", "", false}, {"0141", "24-11-2008", true}, {"0141", "23-11-2008", false}, {"0141", "31-2-2015", false}, {"0141", "4-1-2030", false}, // today is 23 November 2026
			{"0090", "", true}, {"0090", "4-1-1991", true}, {"9999", "4-1-2015", false},
		} {
			w.do(func(tx *sqldb.Tx) error {
				free, err := registration.Free(tx, registration.Registration{OrganisationID: w.lib.ID, App: enrol.Application{Membership: c.code, Birth: c.birth}})
				if free != c.free {
					t.Errorf("%s for somebody born on %q: %v", c.code, c.birth, free)
				}
				return err
			})
		}
	})
}

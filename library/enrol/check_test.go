package enrol_test

import (
	"errors"
	"slices"
	"testing"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/membership"
	"lidwoord/library/newsletter"
)

func (w *world) check(app enrol.Application, step enrol.Step) (err error) {
	w.t.Helper()
	return w.try(func(tx *sqldb.Tx) error { return enrol.Check(tx, w.anna, app, step) })
}

func TestEveryScreenNamesTheFieldThatIsWrong(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, step := range []enrol.Step{enrol.StepPerson, enrol.StepContact, enrol.StepAccount, enrol.StepMembership} {
			if err := w.check(tester(), step); err != nil {
				t.Errorf("the seed's customer on screen %d: %v", step, err)
			}
		}
		for _, c := range []struct {
			step  enrol.Step
			field string
			spoil func(*enrol.Application)
			want  error
		}{
			{1, enrol.FieldNumber, func(a *enrol.Application) { a.Number = "" }, enrol.ErrNumberMissing},
			{1, enrol.FieldNumber, func(a *enrol.Application) { a.Number = "123" }, customer.ErrNumberShape},
			{1, enrol.FieldNumber, func(a *enrol.Application) { a.Number = "25280000000010" }, customer.ErrNumberCheck},
			{1, enrol.FieldInitials, func(a *enrol.Application) { a.Initials = "E4" }, customer.ErrInitials},
			{1, enrol.FieldSurname, func(a *enrol.Application) { a.Surname = "" }, customer.ErrLastName},
			{1, enrol.FieldBirth, func(a *enrol.Application) { a.Birth = "" }, customer.ErrBirthMissing},
			{1, enrol.FieldBirth, func(a *enrol.Application) { a.Birth = "gisteren" }, day.ErrUnreadable},
			{1, enrol.FieldBirth, func(a *enrol.Application) { a.Birth = "29-02-1991" }, day.ErrNoSuchDay},
			{1, enrol.FieldBirth, func(a *enrol.Application) { a.Birth = "24-11-2026" }, customer.ErrBirthFuture},
			{1, enrol.FieldPostcode, func(a *enrol.Application) { a.Postcode = "0123 AB" }, customer.ErrPostcodeNL},
			{1, enrol.FieldHouseNumber, func(a *enrol.Application) { a.HouseNumber = "" }, customer.ErrHouseNumber},
			{1, enrol.FieldHouseNumber, func(a *enrol.Application) { a.HouseNumber = "thuis" }, customer.ErrHouseNumber},
			{1, enrol.FieldStreet, func(a *enrol.Application) { a.Street = "" }, customer.ErrStreet},
			{1, enrol.FieldPlace, func(a *enrol.Application) { a.Place = " " }, customer.ErrPlace},
			{1, enrol.FieldGuardian, func(a *enrol.Application) { a.GuardianEmail = "p@example.nl" }, enrol.ErrGuardian},
			{1, enrol.FieldGuardianEmail, func(a *enrol.Application) { a.Guardian, a.GuardianEmail = "P. Tester", "p" }, customer.ErrEmail},
			{2, enrol.FieldIBAN, func(a *enrol.Application) { a.IBAN = "NL92 ABNA 0417 1643 00" }, customer.ErrIBANCheck},
			{2, enrol.FieldBIC, func(a *enrol.Application) { a.BIC = "INGBNL2A" }, customer.ErrBICBank},
			{2, enrol.FieldIdentity, func(a *enrol.Application) { a.Identity = "misschien" }, enrol.ErrChoice},
			{2, enrol.FieldLogin, func(a *enrol.Application) { a.Login = "" }, enrol.ErrChoice},
			{2, enrol.FieldEmail, func(a *enrol.Application) { a.Email = "" }, enrol.ErrEmailNeeded},
			{2, enrol.FieldEmail, func(a *enrol.Application) { a.Email = "eb.tester" }, customer.ErrEmail},
			{2, enrol.FieldEmail, func(a *enrol.Application) { a.Login, a.Email, a.Newsletter = enrol.No, "", enrol.Yes }, newsletter.ErrAddress},
			{2, enrol.FieldNewsletter, func(a *enrol.Application) { a.Birth, a.Newsletter = "24-11-2010", enrol.Yes }, newsletter.ErrParent},
			{2, enrol.FieldLang, func(a *enrol.Application) { a.Lang = "fr" }, enrol.ErrChoice},
			{3, enrol.FieldAccount, func(a *enrol.Application) { a.Account = "" }, enrol.ErrChoice},
			{4, enrol.FieldMembership, func(a *enrol.Application) { a.Membership = "" }, enrol.ErrMembership},
			{4, enrol.FieldMembership, func(a *enrol.Application) { a.Membership = "7777" }, membership.ErrNoDefinition},
			{4, enrol.FieldMembership, func(a *enrol.Application) { a.Membership, a.Birth = "0091", "24-11-2008" }, membership.ErrTooYoung},
			{5, enrol.FieldBuildUp, func(a *enrol.Application) { a.BuildUp = "" }, enrol.ErrBuildUpUnseen},
			{5, enrol.FieldBuildUp, func(a *enrol.Application) { a.BuildUp = "of yesterday" }, enrol.ErrBuildUpChanged},
			{5, enrol.FieldMembership, func(a *enrol.Application) { a.Membership = "" }, enrol.ErrMembership},
		} {
			app := tester()
			c.spoil(&app)
			err := w.check(app, c.step)
			if !errors.Is(err, c.want) || !slices.Equal(fields(err), []string{c.field}) {
				t.Errorf("screen %d, %s: %v at %v, want %v", c.step, c.field, err, fields(err), c.want)
			}
		}
	})
}

func TestAnEmptyFormIsToldEverythingAtOnceInOrder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		err := w.check(enrol.Blank(""), enrol.AllSteps)
		want := []string{
			enrol.FieldNumber, enrol.FieldSurname, enrol.FieldBirth, enrol.FieldPostcode, enrol.FieldHouseNumber,
			enrol.FieldEmail, enrol.FieldMembership, // street and place come along with the postcode
		}
		if got := fields(err); !slices.Equal(got, want) {
			t.Errorf("at %v, want %v", got, want)
		}
	})
}

func TestWhatTheFormUnderstands(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for name, change := range map[string]func(*enrol.Application){
			"a row of V's":            func(a *enrol.Application) { a.Number = "VVVVVVVVVVVV" },
			"a birth date in words":   func(a *enrol.Application) { a.Birth = "4 januari 1991" },
			"a birth date by slashes": func(a *enrol.Application) { a.Birth = "04/01/1991" },
			"a house number with its addition": func(a *enrol.Application) {
				a.HouseNumber = "41a"
			},
			"an addition of its own": func(a *enrol.Application) { a.HouseNumber, a.Addition = "41", "a" },
			"an address abroad": func(a *enrol.Application) {
				a.Country, a.Postcode, a.HouseNumber = "IE", "D02 X285", ""
			},
			"a single name":      func(a *enrol.Application) { a.Initials, a.Surname = "", "Sukarno" },
			"no bank account":    func(a *enrol.Application) { a.IBAN = "" },
			"no login or e-mail": func(a *enrol.Application) { a.Login, a.Account, a.Email = enrol.No, "", "" },
			"English":            func(a *enrol.Application) { a.Lang = "en" },
		} {
			app := tester()
			change(&app)
			w.do(func(tx *sqldb.Tx) error {
				up, err := enrol.Preview(tx, w.anna, app)
				app.BuildUp = up.Digest()
				return err
			})
			if err := w.check(app, enrol.AllSteps); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		app := tester()
		app.HouseNumber, app.Addition, app.Number = "41", "a", "2 5280 00000042 "
		w.do(func(tx *sqldb.Tx) error { // the check digit of a scanned card
			for d := range 10 {
				try := app
				try.Number += string(rune('0' + d))
				if enrol.Check(tx, w.anna, try, enrol.StepPerson) == nil {
					app = try
				}
			}
			return nil
		})
		r := w.enrol(app)
		w.do(func(tx *sqldb.Tx) error {
			c, err := customer.Find(tx, r.CustomerID)
			if c.Address.House() != "41 A" || c.Number != customer.Digits(app.Number) || r.Username != c.Number {
				t.Errorf("lives at %s, number %s", c.Address.House(), c.Number)
			}
			return err
		})
	})
}

func TestOffersFollowTheBirthDate(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		offers := func(birth string) (codes []string, err error) {
			app := tester()
			app.Birth = birth
			err = w.try(func(tx *sqldb.Tx) error {
				list, err := enrol.Offers(tx, w.anna, app)
				for _, d := range list {
					codes = append(codes, d.Code)
				}
				return err
			})
			return codes, err
		}
		if codes, err := offers("4-1-1991"); err != nil || !slices.Equal(codes, []string{"0086", "0090", "0091", "0141"}) {
			t.Errorf("born in 1991: %v, %v", codes, err)
		}
		if codes, err := offers("24-11-2008"); err != nil || slices.Contains(codes, "0091") || !slices.Contains(codes, "0141") {
			t.Errorf("17 years old: %v, %v", codes, err)
		}
		_, err := offers("")
		wants(t, "without a birth date", err, customer.ErrBirthMissing, enrol.FieldBirth)
		err = w.try(func(tx *sqldb.Tx) error {
			_, err := enrol.Preview(tx, w.anna, enrol.Blank("NL"))
			return err
		})
		wants(t, "the Opbouw without one", err, customer.ErrBirthMissing, enrol.FieldBirth)
	})
}

func TestABranchDecides(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.do(func(tx *sqldb.Tx) error {
			b := w.annen
			b.Choices.NeedIdentity = true
			_, err := branch.Save(tx, b)
			return err
		})
		app := tester()
		app.Identity = enrol.No
		wants(t, "identity not checked", w.check(app, enrol.StepContact), enrol.ErrIdentity, enrol.FieldIdentity)
		w.do(func(tx *sqldb.Tx) error {
			b := w.annen
			b.Enrols = false
			_, err := branch.Save(tx, b)
			return err
		})
		if _, err := w.save(w.anna, w.draft(w.anna, tester())); !errors.Is(err, enrol.ErrClosed) {
			t.Errorf("a closed branch: %v", err)
		}
	})
}

// TestEveryFaultHasItsSentences finds a key without words before a clerk does.
func TestEveryFaultHasItsSentences(t *testing.T) {
	c, err := words.Load(enrol.Words, membership.Words, newsletter.Words)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []*fault.Error{
		enrol.ErrDraft, enrol.ErrSaved, enrol.ErrNumberMissing, enrol.ErrAgain, enrol.ErrOtherPerson, enrol.ErrDuplicate, enrol.ErrIdentity,
		enrol.ErrEmailNeeded, enrol.ErrChoice, enrol.ErrMembership, enrol.ErrGuardian, enrol.ErrNotProved, enrol.ErrCode,
		enrol.ErrBuildUpUnseen, enrol.ErrBuildUpChanged, enrol.ErrNoNumber, enrol.ErrHasLogin, enrol.ErrNotExpired, enrol.ErrNoLogin, enrol.ErrClosed, enrol.ErrUsernameTaken,
		enrol.ErrAccountAwake, enrol.ErrAccountGone, enrol.ErrNoSecondStep, enrol.ErrRemovalAsked, enrol.ErrRemovalOver, enrol.ErrDocument, membership.ErrDefinition, membership.ErrNoDefinition, membership.ErrTooYoung,
		membership.ErrTooOld, membership.ErrRunning, membership.ErrNotRunning, membership.ErrReason, newsletter.ErrParent, newsletter.ErrAddress, newsletter.ErrProof,
	} {
		for _, lang := range words.Langs {
			if text := c.Text(lang, e.Key, "a", "b", "c", "d", "e"); text == e.Key {
				t.Errorf("%s has no sentence in %s", e.Key, lang)
			}
		}
	}
	for _, s := range []enrol.State{enrol.None, enrol.Waiting, enrol.Active, enrol.Expired, enrol.Linked, enrol.Gone} {
		if c.Text(words.NL, s.Key()) == s.Key() {
			t.Errorf("%s has no word", s.Key())
		}
	}
}

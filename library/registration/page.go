package registration

import (
	"errors"
	"slices"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/membership"
)

// Page is one page of the form: one thing at a time.
type Page struct {
	Name   string
	step   enrol.Step
	Fields []string // in the order of the page
}

// The pages in their order.
var (
	PageName    = Page{"naam", enrol.StepPerson, []string{enrol.FieldInitials, enrol.FieldPrefix, enrol.FieldSurname, enrol.FieldGivenName}}
	PageBirth   = Page{"geboortedatum", enrol.StepPerson, []string{enrol.FieldBirth}}
	PageParent  = Page{"ouder", enrol.StepPerson, []string{enrol.FieldGuardian, enrol.FieldGuardianEmail}}
	PageAddress = Page{"adres", enrol.StepPerson, []string{enrol.FieldCountry, enrol.FieldPostcode, enrol.FieldHouseNumber, enrol.FieldAddition, enrol.FieldStreet, enrol.FieldPlace, enrol.FieldChecked}}
	PageContact = Page{"contact", enrol.StepContact, []string{enrol.FieldEmail, enrol.FieldNewsletter}}
)

// ErrNotSeen means that a page was not looked at yet, though nothing on it is
// wrong: the last one, whose address is filled in from the login account.
var ErrNotSeen = fault.New(fault.Invalid, "registration.not_seen")

// Pages are the pages that a visitor walks through; a parent is asked for only
// where the visitor is a child.
func (r Registration) Pages(today day.Day) []Page {
	pages := []Page{PageName, PageBirth, PageAddress, PageContact}
	if r.Child(today) {
		pages = slices.Insert(pages, 2, PageParent)
	}
	return pages
}

// Child reports whether a parent is asked for.
func (r Registration) Child(today day.Day) bool {
	birth := r.App.BirthDay()
	return customer.CheckBirth(birth, today) == nil && birth.Age(today) < enrol.GuardianAge
}

// Free reports whether nothing will have to be paid, as far as the form tells by
// now: nobody pays for a membership without a price, nor a child for any.
func Free(tx *sqldb.Tx, r Registration) (bool, error) {
	d, err := membership.FindDefinition(tx, r.OrganisationID, r.App.Membership)
	if errors.Is(err, membership.ErrNoDefinition) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	birth, today := r.App.BirthDay(), day.Of(tx.Now)
	if customer.CheckBirth(birth, today) != nil {
		return d.Price == 0, nil
	}
	age := birth.Age(today)
	fee, _ := membership.Fee(d, age)
	return fee == membership.Discount(d, age), nil
}

// Check says what is wrong with one page. It changes nothing.
func Check(tx *sqldb.Tx, r Registration, p Page) error {
	b, err := Branch(tx, r.OrganisationID, "")
	if err != nil {
		return err
	}
	err = enrol.Check(tx, r.clerk(b.ID), r.App, p.step)
	if err != nil && fault.KindOf(err) == fault.Internal {
		return err
	}
	var wrong fault.List
	for _, e := range fault.Of(err) {
		if errors.Is(e, enrol.ErrOtherPerson) {
			e = ErrOtherPerson.At(enrol.FieldBirth)
		}
		if slices.Contains(p.Fields, e.Field) {
			wrong = append(wrong, e)
		}
	}
	if len(wrong) == 0 && p.Name == PageBirth.Name {
		return tooYoung(tx, r)
	}
	if len(wrong) == 0 && p.Name == PageContact.Name && r.App.Newsletter == "" {
		return ErrNotSeen.At(enrol.FieldNewsletter)
	}
	return wrong.Err()
}

// tooYoung says at the birth date already that the membership is for other ages.
func tooYoung(tx *sqldb.Tx, r Registration) error {
	_, _, err := Agree(tx, r)
	var wrong fault.List
	for _, e := range fault.Of(err) {
		if e.Field == enrol.FieldMembership {
			wrong = append(wrong, e.At(enrol.FieldBirth))
		}
	}
	if len(wrong) == 0 && fault.KindOf(err) == fault.Internal {
		return err
	}
	return wrong.Err()
}

// Unfinished is the first page that is not right yet; ok is false when all are.
func Unfinished(tx *sqldb.Tx, r Registration) (p Page, ok bool, err error) {
	for _, p := range r.Pages(day.Of(tx.Now)) {
		err := Check(tx, r, p)
		switch {
		case err == nil:
		case fault.KindOf(err) == fault.Internal || fault.KindOf(err) == fault.Unavailable:
			return p, false, err
		default:
			return p, true, nil
		}
	}
	return Page{}, false, nil
}

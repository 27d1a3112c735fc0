package signup

import (
	"strings"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/registration"
	"lidwoord/web/kit"
)

// The library says what is wrong to a clerk who types for somebody else. These
// say the same to the person whom it is about.
var (
	errSurname = fault.New(fault.Invalid, "signup.surname_needed")
	errOld     = fault.New(fault.Invalid, "signup.birth_old") // {0} the most years
	errEmail   = fault.New(fault.Invalid, "signup.email_needed")
	errParent  = fault.New(fault.Invalid, "signup.parent_needed")
)

var plain = map[string]*fault.Error{
	customer.ErrLastName.Key: errSurname, customer.ErrBirthOld.Key: errOld, enrol.ErrEmailNeeded.Key: errEmail,
	enrol.ErrGuardian.Key: errParent, enrol.ErrGuardianNeeded.Key: errParent,
}

// A date in three fields has faults that a date in one has not.
var (
	errBirth = fault.New(fault.Invalid, "signup.birth_needed")
	errDay   = fault.New(fault.Invalid, "signup.day_needed")
	errMonth = fault.New(fault.Invalid, "signup.month_needed")
	errYear  = fault.New(fault.Invalid, "signup.year_needed")
	errShort = fault.New(fault.Invalid, "signup.year_short")
	errDate  = fault.New(fault.Invalid, "signup.date_unreadable")
)

// The three fields of a birth date, as NL Design System asks it of the public.
const (
	fieldDay   = "dag"
	fieldMonth = "maand"
	fieldYear  = "jaar"
)

var dateFields = [3]string{fieldDay, fieldMonth, fieldYear}

// birthOf is the date in the three fields as one text, "" when all are empty.
func birthOf(form *kit.Form) string {
	d, m, y := form.Get(fieldDay), form.Get(fieldMonth), form.Get(fieldYear)
	if d+m+y == "" {
		return ""
	}
	if strings.Trim(m, "0123456789") != "" { // "januari"
		return d + " " + m + " " + y
	}
	return d + "-" + m + "-" + y
}

// dateParts takes a date that birthOf put together apart again.
func dateParts(text string) []string {
	if strings.Count(text, "-") != 2 {
		return strings.Fields(text)
	}
	return strings.Split(text, "-")
}

// inPlainWords says what is wrong to the visitor, at the field that mends it.
func (p *formPage) inPlainWords(step registration.Page, form *kit.Form) {
	for i, e := range p.Faults {
		if own := plain[e.Key]; own != nil {
			p.Faults[i] = own.With(e.Args...).At(e.Field)
		}
	}
	switch step.Name {
	case registration.PageBirth.Name:
		for _, part := range dateFields {
			p.Set(part, form.Get(part))
		}
		for i, e := range p.Faults {
			p.Faults[i] = datePart(e, form)
		}
	case registration.PageAddress.Name:
		p.askStreet(form)
	}
}

// datePart puts a fault of the birth date at one of its three fields.
func datePart(e *fault.Error, form *kit.Form) *fault.Error {
	d, m, y := form.Get(fieldDay), form.Get(fieldMonth), form.Get(fieldYear)
	switch {
	case d+m+y == "":
		return errBirth.At(fieldDay)
	case d == "":
		return errDay.At(fieldDay)
	case m == "":
		return errMonth.At(fieldMonth)
	case y == "":
		return errYear.At(fieldYear)
	case len(y) < 4:
		return errShort.At(fieldYear)
	case e.Is(day.ErrUnreadable):
		return errDate.At(fieldDay)
	}
	return e.At(fieldDay)
}

// askStreet makes room for street and place when nobody could look them up. It
// was not the visitor's to know that they are needed, so it is no fault of theirs
// until the fields are on the page.
func (p *formPage) askStreet(form *kit.Form) {
	if form.Values.Has(enrol.FieldStreet) {
		p.ByHand = true
		return
	}
	for _, e := range p.Faults {
		if e.Field != enrol.FieldStreet && e.Field != enrol.FieldPlace {
			return
		}
	}
	p.ByHand, p.Unknown, p.Faults = true, true, nil
}

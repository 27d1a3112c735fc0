package signup

import (
	"slices"
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

// unitSeparator keeps three fields apart that make no date: nobody can type it.
const unitSeparator = "\x1f"

// birthOf is the date in the three fields as one text, "" when all are empty.
// Whatever was typed comes out of it again: see dateParts.
func birthOf(form *kit.Form) string {
	parts := []string{form.Get(fieldDay), form.Get(fieldMonth), form.Get(fieldYear)}
	if strings.Join(parts, "") == "" {
		return ""
	}
	text := strings.Join(parts, "-")
	if strings.Trim(parts[1], "0123456789") != "" { // "januari"
		text = strings.Join(parts, " ")
	}
	if !slices.Equal(dateParts(text), parts) {
		return strings.Join(parts, unitSeparator)
	}
	return text
}

// dateParts takes a date that birthOf put together apart again.
func dateParts(text string) []string {
	switch {
	case strings.Contains(text, unitSeparator):
		return strings.Split(text, unitSeparator)
	case strings.Count(text, "-") == 2:
		return strings.Split(text, "-")
	}
	return strings.Fields(text)
}

// inPlainWords says what is wrong to the visitor, at the field that mends it.
func (p *formPage) inPlainWords(step registration.Page) {
	for i, e := range p.Faults {
		if own := plain[e.Key]; own != nil {
			p.Faults[i] = own.With(e.Args...).At(e.Field)
		}
	}
	switch step.Name {
	case registration.PageBirth.Name:
		for i, e := range p.Faults {
			p.Faults[i] = datePart(e, p.Form)
		}
	case registration.PageAddress.Name:
		p.askStreet()
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
// until the fields were on the page.
func (p *formPage) askStreet() {
	if p.asked.Has(byHand) {
		return
	}
	p.Faults = slices.DeleteFunc(p.Faults, func(e *fault.Error) bool { return e.Field == enrol.FieldStreet || e.Field == enrol.FieldPlace })
	if len(p.Faults) == 0 {
		p.ByHand, p.Unknown = true, true
	}
}

package customer

import (
	"lidwoord/base/day"
	"lidwoord/base/fault"
)

// OldestAge is the age above which a birth date is taken for a slip: nobody in
// the Netherlands ever reached 116.
const OldestAge = 120

var (
	ErrBirthMissing = fault.New(fault.Invalid, "customer.birth")
	ErrBirthFuture  = fault.New(fault.Invalid, "customer.birth_future")
	ErrBirthOld     = fault.New(fault.Invalid, "customer.birth_old") // {0} OldestAge
)

// CheckBirth says whether somebody can be born on a day, seen from today. Born
// today is possible: babies get their first library card with a book.
func CheckBirth(born, today day.Day) error {
	switch {
	case born == "":
		return ErrBirthMissing
	case born > today:
		return ErrBirthFuture
	case born.Age(today) > OldestAge:
		return ErrBirthOld.With(OldestAge)
	}
	return nil
}

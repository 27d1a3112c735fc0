package enrol

import (
	"slices"
	"strings"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/library/customer"
)

// person reads the person off the form with every fault under the name of its
// field. What could be read is there, also when something else could not.
func (a Application) person(today day.Day) (customer.Person, fault.List) {
	p := customer.Person{
		Initials: a.Initials, Prefix: a.Prefix, LastName: a.Surname, FirstName: a.GivenName, Email: a.Email, Lang: a.language(),
		Address: customer.Address{Country: a.Country, Postcode: a.Postcode, Addition: a.Addition, Street: a.Street, Place: a.Place,
			Checked: a.Checked != "" && a.Checked == a.AddressMark()},
	}
	var birthFault error
	if a.Birth != "" {
		p.Birth, birthFault = day.Parse(a.Birth)
	}
	var houseFault error
	if a.HouseNumber != "" {
		p.Address.Number, p.Address.Addition, houseFault = customer.ParseHouse(countryOf(a.Country), a.HouseNumber+" "+a.Addition)
	}
	clean, err := p.Clean(today)
	var wrong fault.List
	for _, e := range fault.Of(renamed(err)) {
		switch e.Field {
		case FieldBirth:
			if birthFault != nil {
				wrong.Add(FieldBirth, birthFault)
				continue
			}
		case FieldHouseNumber:
			if houseFault != nil {
				continue
			}
		case FieldEmail: // on the next screen
			continue
		}
		wrong = append(wrong, e)
	}
	if houseFault != nil {
		wrong.Add(FieldHouseNumber, houseFault)
	}
	return clean, withoutEcho(wrong, a)
}

// withoutEcho leaves out that street and place are empty where postcode or house
// number is wrong: mended, they bring street and place along.
func withoutEcho(wrong fault.List, a Application) fault.List {
	if !slices.ContainsFunc(wrong, func(e *fault.Error) bool { return e.Field == FieldPostcode || e.Field == FieldHouseNumber }) {
		return wrong
	}
	return slices.DeleteFunc(wrong, func(e *fault.Error) bool {
		return e.Field == FieldStreet && a.Street == "" || e.Field == FieldPlace && a.Place == ""
	})
}

func countryOf(text string) string {
	if text == "" {
		return "NL"
	}
	return strings.ToUpper(strings.TrimSpace(text))
}

// pageField is the name on the page of a field of library/customer.
var pageField = map[string]string{
	customer.FieldInitials: FieldInitials, customer.FieldPrefix: FieldPrefix, customer.FieldLastName: FieldSurname,
	customer.FieldFirstName: FieldGivenName, customer.FieldBirth: FieldBirth, customer.FieldCountry: FieldCountry,
	customer.FieldPostcode: FieldPostcode, customer.FieldHouseNumber: FieldHouseNumber, customer.FieldStreet: FieldStreet,
	customer.FieldPlace: FieldPlace, customer.FieldEmail: FieldEmail, customer.FieldLang: FieldLang, customer.FieldIBAN: FieldIBAN,
	customer.FieldBIC: FieldBIC, customer.FieldIdentity: FieldIdentity, customer.FieldNumber: FieldNumber, customer.FieldReason: FieldReason,
}

// renamed gives the faults of library/customer the names of the page's fields.
func renamed(err error) error {
	if err == nil || fault.KindOf(err) == fault.Internal {
		return err
	}
	var list fault.List
	for _, e := range fault.Of(err) {
		if name, ok := pageField[e.Field]; ok {
			e = e.At(name)
		}
		list = append(list, e)
	}
	return list
}

// at puts a fault that a person may read under a field.
func at(field string, err error) error {
	if e := fault.Of(err); len(e) > 0 {
		return e[0].At(field)
	}
	return err
}

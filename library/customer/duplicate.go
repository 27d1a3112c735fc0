package customer

import (
	"cmp"
	"slices"
	"strings"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
)

// Match is a known customer who may be the person on the form.
type Match struct {
	Row
	Fields []string // names of the fields that agree, for "komt overeen: achternaam, geboortedatum"
	Score  int
	Same   bool // so alike that registering wants a reason
}

// What it counts that a field agrees. The sum only orders and hides hints;
// whether registering stops is the rule of isSame.
const (
	scoreLastName  = 30
	scoreNearName  = 20 // one letter off, or one half of a double name
	scoreBirth     = 30
	scoreBirthSwap = 15 // day and month the other way round
	scoreFirstName = 20
	scoreInitials  = 10
	scoreAddress   = 20
	scoreEmail     = 25
	scoreConflict  = -20 // another first name or other initials: a brother, a twin

	// ScoreShown is what a hint needs at least: two strong agreements. A last
	// name with initials alone would show half of the De Vrieses.
	ScoreShown = 45
	// MatchesMost is how many hints are shown.
	MatchesMost = 5
)

// Duplicates finds customers of an organisation, former ones too, who may be the
// person p. It takes a form that is half filled in, and is asked at every field,
// so it goes by four indexes: birth date, address, e-mail, last and first name.
// Anything that scores enough agrees in one of these. except is the customer who
// is being changed.
func Duplicates(tx *sqldb.Tx, organisationID string, p Person, except string) ([]Match, error) {
	p = tidy(p)
	list, err := candidates(tx, organisationID, p, keysOf(p))
	if err != nil {
		return nil, err
	}
	var found []Match
	for _, c := range list {
		if c.ID == except {
			continue
		}
		if m := compare(p, c); m.Score >= ScoreShown {
			found = append(found, m)
		}
	}
	slices.SortFunc(found, func(a, b Match) int {
		return cmp.Or(boolFirst(a.Same, b.Same), cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	return found[:min(len(found), MatchesMost)], nil
}

func boolFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// tidy normalises what can be of a form that is still being filled in.
func tidy(p Person) Person {
	if s, err := NormaliseInitials(p.Initials); err == nil {
		p.Initials = s
	}
	if p.Address.Country == "" {
		p.Address.Country = "NL"
	}
	if s, err := NormalisePostcode(p.Address.Country, p.Address.Postcode); err == nil {
		p.Address.Postcode = s
	} else {
		p.Address.Postcode = ""
	}
	p.Email = strings.TrimSpace(p.Email)
	return p
}

// compare lays a person beside a known customer.
func compare(p Person, c Customer) Match {
	m := Match{Row: c.Row()}
	a, b := keysOf(p), keysOf(c.Person)
	add := func(field string, score int) {
		m.Fields = append(m.Fields, field)
		m.Score += score
	}
	lastName := sameLastName(a, b)
	switch {
	case lastName:
		add(FieldLastName, scoreLastName)
	case nearLastName(a, b):
		add(FieldLastName, scoreNearName)
	}
	conflict := false
	switch given := compareGiven(a, b); {
	case a.first != "" && a.first == b.first:
		add(FieldFirstName, scoreFirstName)
	case given == givenConflict:
		conflict = true
		m.Score += scoreConflict
	case given == givenAgree:
		add(FieldInitials, scoreInitials)
	}
	birth := p.Birth != "" && p.Birth == c.Birth
	switch {
	case birth:
		add(FieldBirth, scoreBirth)
	case p.Birth != "" && c.Birth == swapped(p.Birth):
		add(FieldBirth, scoreBirthSwap)
	}
	if sameAddress(p.Address, c.Address) {
		add(FieldAddress, scoreAddress)
	}
	if a.email != "" && a.email == b.email {
		add(FieldEmail, scoreEmail)
	}
	m.Same = isSame(lastName, birth, conflict)
	return m
}

// isSame is the rule that stops registering: last name (with or without prefix)
// and birth date agree, and the given names do not contradict. Twins contradict;
// so do father and son by their birth dates.
func isSame(lastName, birth, conflict bool) bool { return lastName && birth && !conflict }

func sameLastName(a, b keys) bool {
	return a.last != "" && (a.last == b.last || a.full == b.full)
}

// nearLastName takes one half of a double name, and one slip in a longer one.
func nearLastName(a, b keys) bool {
	half := func(x, y keys) bool {
		return y.second != "" && x.last != "" && (x.last == y.second || x.last+y.second == y.last)
	}
	if half(a, b) || half(b, a) {
		return true
	}
	return min(len(a.last), len(b.last)) >= 5 && oneSlip([]rune(a.last), []rune(b.last))
}

// oneSlip reports whether one letter was added, dropped, changed, or swapped with
// its neighbour.
func oneSlip(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return slices.Equal(a[i:], b[i+1:])
	}
	if i == len(a) {
		return true
	}
	return slices.Equal(a[i+1:], b[i+1:]) ||
		i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && slices.Equal(a[i+2:], b[i+2:])
}

type given int

const (
	givenUnknown given = iota
	givenAgree
	givenConflict
)

// compareGiven compares initials and first names as far as both are there. "E."
// agrees with "E.B.", and "E." with Eva, whose record has no initials.
func compareGiven(a, b keys) given {
	x, y := a.initials, b.initials
	if x == "" || y == "" {
		if a.first != "" && b.first != "" {
			if a.first == b.first {
				return givenAgree
			}
			return givenConflict
		}
		x, y = cmp.Or(x, firstLetter(a.first)), cmp.Or(y, firstLetter(b.first))
	}
	switch {
	case x == "" || y == "":
		return givenUnknown
	case strings.HasPrefix(x, y) || strings.HasPrefix(y, x):
		return givenAgree
	}
	return givenConflict
}

func firstLetter(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// swapped is a birth date with day and month the other way round, "" when there
// is no such day.
func swapped(d day.Day) day.Day {
	s, ok := day.Make(d.Year(), d.DayOfMonth(), d.Month())
	if !ok || s == d {
		return ""
	}
	return s
}

func sameAddress(a, b Address) bool {
	return a.Postcode != "" && a.Number > 0 && a.Country == b.Country && a.Postcode == b.Postcode && a.Number == b.Number &&
		key(a.Addition) == key(b.Addition)
}

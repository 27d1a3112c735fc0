package signup

// For the tests of this package alone.
var (
	BirthOf   = birthOf
	DateParts = dateParts
)

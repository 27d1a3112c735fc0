package customer

import (
	"fmt"
	"strings"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// A customer number has 14 digits: a 2, the four-digit label of a branch, a
// serial of eight, and a check digit: the 14-digit structure that Wise libraries
// use (help.wise.oclc.org). How Wise computes the check digit is not published; ours
// is Luhn's (ISO/IEC 7812-1), as on the 14-digit cards of libraries elsewhere:
// it finds every single wrong digit and nearly every swap of two neighbours.
const (
	numberFirst  = "2"
	labelLength  = 4
	serialLength = 8

	serialAt     = len(numberFirst) + labelLength
	checkAt      = serialAt + serialLength
	NumberLength = checkAt + 1

	// SerialMost is the largest serial: serialLength nines.
	SerialMost = 99_999_999
)

// SystemNumber stands in Klantnummer until the real number is given on saving,
// twelve V's as in the seed.
const SystemNumber = "VVVVVVVVVVVV"

// IsSystemNumber reports whether a clerk asks for a system number: v, V, or the
// row of V's that the field then shows.
func IsSystemNumber(text string) bool {
	text = strings.TrimSpace(text)
	return text != "" && strings.Trim(text, "vV") == ""
}

// Ranges run low before they run out: at a tenth somebody should order a new
// one, at a hundredth today.
const (
	// fewLeft is what a branch can use up on the day that a class comes by,
	// before anybody has made a new range, however small its own is.
	fewLeft      = 50
	lowTenth     = 10
	lowHundredth = 100
)

// NumberState is what has become of a number.
type NumberState string

const (
	NumberFree     NumberState = "free"     // can be given out
	NumberExpired  NumberState = "expired"  // of a former customer: offer re-registration
	NumberActive   NumberState = "active"   // a customer's main number
	NumberReplaced NumberState = "replaced" // another came in its place; dead for good
	NumberBlocked  NumberState = "blocked"  // reported missing
	NumberRetired  NumberState = "retired"  // its customer is gone; kept so that it is never used again
)

// Number is one number of a customer.
type Number struct {
	Number     string
	CustomerID string
	State      NumberState // active, replaced, blocked or retired
	GivenAt    time.Time
	EndedAt    time.Time // zero while active
}

// Range is a run of serials that a branch may give out.
type Range struct {
	ID             string
	OrganisationID string
	BranchID       string // "" is the organisation's reserve, for branches that have run out
	Label          string // four digits
	First, Last    int64  // serials, both included
	Next           int64  // the one to give out now; Last+1 when empty
}

var (
	ErrNumberShape = fault.New(fault.Invalid, "customer.number_shape").With(NumberLength)
	ErrNumberCheck = fault.New(fault.Invalid, "customer.number_check")
	ErrNumberRange = fault.New(fault.Invalid, "customer.number_range")
	ErrNumberInUse = fault.New(fault.Conflict, "customer.number_in_use")
	ErrNumberDead  = fault.New(fault.Conflict, "customer.number_dead")
	ErrNoNumbers   = fault.New(fault.Conflict, "customer.no_numbers")
	ErrRange       = fault.New(fault.Invalid, "customer.range")
)

// checkDigit is Luhn's: from the right, every other digit counts double, and the
// digits of all that add up, with the check digit, to a multiple of ten.
func checkDigit(body string) byte {
	sum := 0
	for i := range len(body) {
		d := int(body[len(body)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return byte('0' + (10-sum%10)%10)
}

// compose builds a number from the label of a range and a serial.
func compose(label string, serial int64) string {
	body := fmt.Sprintf("%s%s%0*d", numberFirst, label, serialLength, serial)
	return body + string(checkDigit(body))
}

// Digits strips what a person may type between the digits of a number.
func Digits(text string) string {
	return strings.NewReplacer(" ", "", "-", "", ".", "", "\u00a0", "").Replace(strings.TrimSpace(text))
}

// ReadNumber checks the shape and check digit of a typed or scanned number and
// returns its digits.
func ReadNumber(text string) (string, error) {
	number := Digits(text)
	switch {
	case len(number) != NumberLength || !digits(number) || !strings.HasPrefix(number, numberFirst):
		return number, ErrNumberShape
	case checkDigit(number[:checkAt]) != number[checkAt]:
		return number, ErrNumberCheck
	}
	return number, nil
}

// NumberCheck is what a typed number turns out to be: free, or of an expired
// customer, who can be taken back. Everything else is a fault.
type NumberCheck struct {
	Number   string
	State    NumberState // NumberFree or NumberExpired
	Customer Customer    // with NumberExpired
}

// CheckNumber says whether a typed or scanned number can be given out.
func CheckNumber(tx *sqldb.Tx, organisationID, text string) (NumberCheck, error) {
	number, err := ReadNumber(text)
	if err != nil {
		return NumberCheck{Number: number}, atNumber(err)
	}
	check := NumberCheck{Number: number, State: NumberFree}
	known, found, err := findNumber(tx, number)
	if err != nil {
		return check, err
	}
	if !found {
		ok, err := inRange(tx, organisationID, number[len(numberFirst):serialAt], serialOf(number))
		if err == nil && !ok {
			err = atNumber(ErrNumberRange)
		}
		return check, err
	}
	c, err := Find(tx, known.CustomerID)
	switch {
	case err != nil:
		return check, err
	case c.OrganisationID != organisationID:
		return check, atNumber(ErrNumberRange) // whose it is elsewhere is nobody's business here
	case known.State != NumberActive:
		return check, atNumber(ErrNumberDead)
	case !c.Ended(day.Of(tx.Now)):
		return check, atNumber(ErrNumberInUse)
	}
	check.State, check.Customer = NumberExpired, c
	return check, nil
}

func atNumber(err error) error {
	list := fault.Of(err)
	if len(list) == 0 {
		return err
	}
	return list[0].At(FieldNumber)
}

func serialOf(number string) (serial int64) {
	for _, d := range number[serialAt:checkAt] {
		serial = serial*10 + int64(d-'0')
	}
	return serial
}

// Allocate takes the next free number of a branch, and of the organisation's
// reserve when the branch has none left. The UPDATE is the guard: two saves
// never get the same serial. Numbers that exist already, because a card of the
// range was scanned, are passed over.
func Allocate(tx *sqldb.Tx, organisationID, branchID string) (string, error) {
	for {
		label, serial, ok, err := takeSerial(tx, organisationID, branchID)
		if err != nil {
			return "", err
		}
		if !ok {
			return "", ErrNoNumbers
		}
		number := compose(label, serial)
		_, taken, err := findNumber(tx, number)
		if err != nil {
			return "", err
		}
		if !taken {
			return number, nil
		}
	}
}

// SaveRange adds a range, or moves the end and the owner of the range that
// begins at the same serial. Numbers already given out stay given out.
func SaveRange(tx *sqldb.Tx, r Range) (Range, error) {
	if len(r.Label) != labelLength || !digits(r.Label) || r.First < 0 || r.Last < r.First || r.Last > SerialMost || r.OrganisationID == "" {
		return r, ErrRange
	}
	clash, err := rangeOverlaps(tx, r)
	if err != nil {
		return r, err
	}
	if clash {
		return r, ErrRange
	}
	r.ID, r.Next = secret.NewID(), r.First
	r.ID, r.Next, err = putRange(tx, r)
	return r, err
}

// Level is how near a range is to its end.
type Level string

const (
	LevelPlenty    Level = "plenty"
	LevelTenth     Level = "tenth"     // at most 10 % left, or a day's worth
	LevelHundredth Level = "hundredth" // at most 1 % left
	LevelEmpty     Level = "empty"
)

// Stock is how many numbers a branch or the reserve has left.
type Stock struct {
	BranchID    string // "" is the reserve
	Left, Total int64
	Level       Level
}

func level(left, total int64) Level {
	switch {
	case left <= 0:
		return LevelEmpty
	case left*lowHundredth <= total:
		return LevelHundredth
	case left*lowTenth <= total, left <= fewLeft:
		return LevelTenth
	}
	return LevelPlenty
}

// Ranges returns the stock of every branch that has a range, and of the reserve,
// the emptiest first.
func Ranges(tx *sqldb.Tx, organisationID string) ([]Stock, error) {
	return stocks(tx, organisationID)
}

// Low returns the stock of one branch. A branch without a range of its own is
// empty and lives on the reserve.
func Low(tx *sqldb.Tx, organisationID, branchID string) (Stock, error) {
	list, err := stocks(tx, organisationID)
	if err != nil {
		return Stock{}, err
	}
	for _, s := range list {
		if s.BranchID == branchID {
			return s, nil
		}
	}
	return Stock{BranchID: branchID, Level: LevelEmpty}, nil
}

// BlockNumber marks a number as reported missing: it opens nothing, and is
// never given out again.
func BlockNumber(tx *sqldb.Tx, number string, by By) error {
	known, found, err := findNumber(tx, number)
	if err != nil {
		return err
	}
	if !found {
		return ErrUnknown
	}
	if err := endNumber(tx, number, NumberBlocked); err != nil {
		return err
	}
	return note(tx, by, "customer.number_blocked", known.CustomerID, "")
}

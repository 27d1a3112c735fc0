package customer

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"lidwoord/base/fault"
)

// Address is where somebody lives.
type Address struct {
	Country  string // ISO 3166-1, two capitals: "NL"
	Postcode string // without space in the Netherlands: "9468BG"; as written elsewhere
	Number   int    // house number, 1–99999; 0 where there are none
	Addition string // letter and addition: "A", "2", "A-2", "bis"
	Street   string
	Place    string
	Checked  bool // the address book knew it; otherwise somebody looks at it later
}

// HouseNumberMost is the highest house number of the Dutch register of addresses
// (BAG).
const HouseNumberMost = 99999

// AddressPatience is how long the desk waits for the address book. After that
// the clerk types street and place: a queue of people is worse than a slip.
const AddressPatience = 2 * time.Second

// AddressBook knows streets: the register of addresses in life, a dozen
// addresses in the demo.
type AddressBook interface {
	// Find returns street and place of a Dutch address. Not found is not an
	// error: 190 thousand addresses have no postcode, and new houses come later.
	Find(ctx context.Context, postcode string, number int, addition string) (street, place string, found bool, err error)
}

// Countries are the countries that the field Land offers, the neighbours first.
// Their names stand in the words files as country.NL and so on.
var Countries = []string{"NL", "BE", "DE", "FR", "GB", "LU", "AT", "CH", "DK", "ES", "IE", "IT", "NO", "PL", "PT", "RO", "SE", "TR", "UA", "US"}

var (
	ErrCountry     = fault.New(fault.Invalid, "customer.country")
	ErrPostcodeNL  = fault.New(fault.Invalid, "customer.postcode_nl")
	ErrPostcodeBE  = fault.New(fault.Invalid, "customer.postcode_be")
	ErrPostcodeDE  = fault.New(fault.Invalid, "customer.postcode_de")
	ErrPostcode    = fault.New(fault.Invalid, "customer.postcode")
	ErrHouseNumber = fault.New(fault.Invalid, "customer.house_number")
	ErrStreet      = fault.New(fault.Invalid, "customer.street")
	ErrPlace       = fault.New(fault.Invalid, "customer.place")

	// Reasons why LookUp found nothing. The form goes on without it.
	ErrAddressUnknown = fault.New(fault.NotFound, "customer.address_unknown")
	ErrAddressSilent  = fault.New(fault.Unavailable, "customer.address_silent")
)

var (
	countryForm    = regexp.MustCompile(`^[A-Z]{2}$`)
	postcodeNL     = regexp.MustCompile(`^[1-9][0-9]{3}[A-Z]{2}$`)
	postcodeBE     = regexp.MustCompile(`^[1-9][0-9]{3}$`)
	postcodeDE     = regexp.MustCompile(`^[0-9]{5}$`)
	postcodeAbroad = regexp.MustCompile(`^[A-Z0-9][A-Z0-9 -]{0,11}$`)
	houseForm      = regexp.MustCompile(`^([0-9]{1,6})[\s,.\-/]*(.*)$`)
	additionForm   = regexp.MustCompile(`^[\pL\pN]([\pL\pN \-/.]{0,18}[\pL\pN])?$`)
	// BAG: one letter, an addition of at most four characters, or both.
	additionNL = regexp.MustCompile(`^([A-Za-z]?[ -]?[0-9A-Za-z]{1,4})$`)
)

// NormalisePostcode brings a postcode into its kept form: "9468 bg" → "9468BG".
func NormalisePostcode(country, text string) (string, error) {
	code := strings.ToUpper(strings.Join(strings.Fields(text), " "))
	tight := strings.ReplaceAll(code, " ", "")
	switch country {
	case "NL":
		tight = strings.TrimPrefix(strings.TrimPrefix(tight, "NL-"), "NL")
		// The pairs SA, SD and SS are never issued.
		if !postcodeNL.MatchString(tight) || strings.Contains("SA SD SS", tight[4:]) {
			return code, ErrPostcodeNL
		}
		return tight, nil
	case "BE":
		tight = strings.TrimPrefix(tight, "B-")
		if !postcodeBE.MatchString(tight) {
			return code, ErrPostcodeBE
		}
		return tight, nil
	case "DE":
		tight = strings.TrimPrefix(tight, "D-")
		if !postcodeDE.MatchString(tight) {
			return code, ErrPostcodeDE
		}
		return tight, nil
	}
	// Some countries have no postcodes at all.
	if code != "" && !postcodeAbroad.MatchString(code) {
		return code, ErrPostcode
	}
	return code, nil
}

// ParseHouse takes a house number and its addition apart: "41", "41a", "41 A",
// "41-2", "41 a-2", "41bis" in the Netherlands, "12-14" in Germany, "41 bus 3" in
// Belgium.
func ParseHouse(country, text string) (number int, addition string, err error) {
	text, err = cleanText(text, 30)
	if err != nil {
		return 0, "", err
	}
	part := houseForm.FindStringSubmatch(text)
	if part == nil {
		return 0, "", ErrHouseNumber
	}
	number, err = strconv.Atoi(part[1])
	if err != nil || number < 1 || number > HouseNumberMost {
		return 0, "", ErrHouseNumber
	}
	addition, err = normaliseAddition(part[2], country == "NL")
	if err != nil {
		return 0, "", err
	}
	return number, addition, nil
}

// normaliseAddition writes a letter as a capital, and letter and addition with
// a hyphen: "a 2" → "A-2". What is longer keeps its own letters: "bis".
func normaliseAddition(text string, dutch bool) (string, error) {
	text = strings.Join(strings.Fields(text), " ")
	if text == "" {
		return "", nil
	}
	if !additionForm.MatchString(text) || dutch && !additionNL.MatchString(text) {
		return text, ErrHouseNumber
	}
	letters := []rune(text)
	if unicode.IsLetter(letters[0]) && (len(letters) == 1 || !unicode.IsLetter(letters[1])) {
		text = string(unicode.ToUpper(letters[0])) + string(letters[1:])
		if len(letters) > 1 && dutch {
			text = text[:1] + "-" + strings.TrimLeft(text[1:], " -")
		}
	}
	return text, nil
}

// House is number and addition as a person writes them: "41", "41 A", "41-2"
// (NEN 5825: a hyphen before an addition that begins with a digit).
func (a Address) House() string {
	switch {
	case a.Number == 0:
		return a.Addition
	case a.Addition == "":
		return strconv.Itoa(a.Number)
	case unicode.IsDigit(rune(a.Addition[0])):
		return fmt.Sprintf("%d-%s", a.Number, a.Addition)
	}
	return fmt.Sprintf("%d %s", a.Number, a.Addition)
}

// Line is the line with the street: "Kruisstraat 41".
func (a Address) Line() string { return strings.TrimSpace(a.Street + " " + a.House()) }

// PlaceLine is the line with postcode and place: "9468 BG Annen".
func (a Address) PlaceLine() string { return strings.TrimSpace(a.ShownPostcode() + " " + a.Place) }

// ShownPostcode is the postcode as people write it: "9468 BG".
func (a Address) ShownPostcode() string {
	if a.Country == "NL" && len(a.Postcode) == 6 {
		return a.Postcode[:4] + " " + a.Postcode[4:]
	}
	return a.Postcode
}

// Clean normalises an address and returns its faults as a fault.List. Outside
// the Netherlands, Belgium and Germany postcode and house number are free.
func (a Address) Clean() (Address, error) {
	var wrong fault.List
	a.Country = strings.ToUpper(strings.TrimSpace(a.Country))
	if a.Country == "" {
		a.Country = "NL"
	}
	if !countryForm.MatchString(a.Country) {
		wrong.Add(FieldCountry, ErrCountry)
	}
	code, err := NormalisePostcode(a.Country, a.Postcode)
	a.Postcode = code
	wrong.Add(FieldPostcode, err)
	a.Addition, err = normaliseAddition(a.Addition, a.Country == "NL")
	if err == nil && (a.Number < 0 || a.Number > HouseNumberMost || a.Number == 0 && hasHouseNumbers(a.Country)) {
		err = ErrHouseNumber
	}
	wrong.Add(FieldHouseNumber, err)
	for _, line := range []struct {
		field string
		text  *string
		none  *fault.Error
	}{{FieldStreet, &a.Street, ErrStreet}, {FieldPlace, &a.Place, ErrPlace}} {
		*line.text, err = cleanText(*line.text, 100)
		if err == nil && *line.text == "" {
			err = line.none
		}
		wrong.Add(line.field, err)
	}
	return a, wrong.Err()
}

func hasHouseNumbers(country string) bool {
	return country == "NL" || country == "BE" || country == "DE"
}

// LookUp fills in street and place from the address book and marks the address
// as checked. Its error is a reason to show, never a reason to stop: the address
// comes back as it was, to be typed by hand. Only Dutch addresses are asked.
func LookUp(ctx context.Context, book AddressBook, a Address) (Address, error) {
	a.Checked = false
	if a.Country != "NL" || book == nil {
		return a, ErrAddressUnknown
	}
	code, err := NormalisePostcode(a.Country, a.Postcode)
	if err != nil {
		return a, err
	}
	ctx, cancel := context.WithTimeout(ctx, AddressPatience)
	defer cancel()
	type answer struct {
		street, place string
		found         bool
		err           error
	}
	// In a goroutine, because a book that does not heed its context must not
	// keep the desk waiting either. The channel lets it finish on its own.
	came := make(chan answer, 1)
	go func() {
		var it answer
		it.street, it.place, it.found, it.err = book.Find(ctx, code, a.Number, a.Addition)
		came <- it
	}()
	select {
	case <-ctx.Done():
		return a, ErrAddressSilent.Because(ctx.Err())
	case it := <-came:
		switch {
		case it.err != nil:
			return a, ErrAddressSilent.Because(it.err)
		case !it.found:
			return a, ErrAddressUnknown
		}
		a.Postcode, a.Street, a.Place, a.Checked = code, it.street, it.place, true
		return a, nil
	}
}

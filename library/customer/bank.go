package customer

import (
	"regexp"
	"strings"

	"lidwoord/base/fault"
)

var (
	ErrIBAN        = fault.New(fault.Invalid, "customer.iban")
	ErrIBANCountry = fault.New(fault.Invalid, "customer.iban_country") // {0} the two letters
	ErrIBANLength  = fault.New(fault.Invalid, "customer.iban_length")  // {0} country, {1} how many it must be, {2} how many there are
	ErrIBANCheck   = fault.New(fault.Invalid, "customer.iban_check")
	ErrBIC         = fault.New(fault.Invalid, "customer.bic")
	ErrBICBank     = fault.New(fault.Invalid, "customer.bic_bank")    // {0} the BIC that belongs to the IBAN
	ErrBICCountry  = fault.New(fault.Invalid, "customer.bic_country") // {0} the country of the IBAN
	ErrBICAlone    = fault.New(fault.Invalid, "customer.bic_alone")
)

// ibanLength is the length of an IBAN in each country of SEPA (ISO 13616
// registry; EPC list of SEPA countries). A library collects by SEPA direct
// debit, so that an account elsewhere is of no use to it.
var ibanLength = map[string]int{
	"AD": 24, "AL": 28, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20,
	"ES": 24, "FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27,
	"LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MT": 31, "NL": 18, "NO": 15,
	"PL": 28, "PT": 25, "RO": 24, "RS": 22, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "VA": 22,
}

// dutchBIC gives the BIC of a Dutch bank by the four letters in its IBANs (an
// older copy of the Betaalvereniging's list). Banks merge and
// begin, so a bank that is not here is never refused.
var dutchBIC = map[string]string{
	"ABNA": "ABNANL2A", "FTSB": "ABNANL2A", "ADYB": "ADYBNL2A", "AEGO": "AEGONL2U",
	"ARSN": "ARSNNL21", "ASNB": "ASNBNL21", "BITS": "BITSNL2A", "BNDA": "BNDANL2A",
	"BNGH": "BNGHNL2G", "BNPA": "BNPANL2A", "BOFA": "BOFANLNX", "BOFS": "BOFSNL21002",
	"BUNQ": "BUNQNL2A", "CHAS": "CHASNL2X", "CITI": "CITINL2X", "COBA": "COBANL2X",
	"DEUT": "DEUTNL2A", "DHBN": "DHBNNL2R", "DNIB": "DNIBNL2G", "EBUR": "EBURNL21",
	"FLOR": "FLORNL2A", "FVLB": "FVLBNL22", "HAND": "HANDNL2A", "HSBC": "HSBCNL2A",
	"ICBK": "ICBKNL2A", "INGB": "INGBNL2A", "ISBK": "ISBKNL2A", "KNAB": "KNABNL2H",
	"KRED": "KREDNL2X", "MOYO": "MOYONL21", "NNBA": "NNBANL2G", "NWAB": "NWABNL2G",
	"RABO": "RABONL2U", "RBRB": "RBRBNL21", "SNSB": "SNSBNL2A", "SOGE": "SOGENL2A",
	"TRIO": "TRIONL2U", "UGBI": "UGBINL2A", "VOWA": "VOWANL21", "ZWLB": "ZWLBNL21",
}

// bicNeighbours are BIC countries that go with the IBANs of another country: the
// overseas parts of France, and the islands of the British Crown.
var bicNeighbours = map[string]string{
	"FR": "BL GF GP MF MQ NC PF PM RE TF WF YT MC",
	"GB": "GG IM JE",
}

// bicForm is ISO 9362: bank, country, place, and perhaps a branch.
var bicForm = regexp.MustCompile(`^[A-Z]{4}([A-Z]{2})[A-Z0-9]{2}([A-Z0-9]{3})?$`)

// CheckBank normalises IBAN and BIC; both may be empty. A missing BIC is filled
// in when the bank is known. Faults come as a fault.List.
func CheckBank(iban, bic string) (string, string, error) {
	var wrong fault.List
	iban, err := NormaliseIBAN(iban)
	wrong.Add(FieldIBAN, err)
	bic, bicErr := normaliseBIC(bic)
	if bicErr == nil && err == nil {
		bic, bicErr = matchBIC(iban, bic)
	}
	wrong.Add(FieldBIC, bicErr)
	return iban, bic, wrong.Err()
}

// NormaliseIBAN takes an IBAN as people write it and returns it without spaces,
// checked by country, length and the remainder of 97 (ISO 7064). "" stays "".
func NormaliseIBAN(text string) (string, error) {
	iban := tight(text)
	if iban == "" {
		return "", nil
	}
	if len(iban) < 5 || !letters(iban[:2]) || !digits(iban[2:4]) {
		return iban, ErrIBAN
	}
	for i := range len(iban) {
		if c := iban[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return iban, ErrIBAN
		}
	}
	most, sepa := ibanLength[iban[:2]]
	switch {
	case !sepa:
		return iban, ErrIBANCountry.With(iban[:2])
	case len(iban) != most:
		return iban, ErrIBANLength.With(iban[:2], most, len(iban))
	case iban[:2] == "NL" && (!letters(iban[4:8]) || !digits(iban[8:])):
		return iban, ErrIBAN
	case mod97(iban) != 1:
		return iban, ErrIBANCheck
	}
	return iban, nil
}

// mod97 moves the first four characters to the end, reads A as 10 to Z as 35,
// and divides by 97.
func mod97(iban string) (rest int) {
	for _, c := range iban[4:] + iban[:4] {
		if c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	return rest
}

func normaliseBIC(text string) (string, error) {
	bic := tight(text)
	if bic != "" && !bicForm.MatchString(bic) {
		return bic, ErrBIC
	}
	return bic, nil
}

// matchBIC lays a BIC beside its IBAN, and finds it when there is none.
func matchBIC(iban, bic string) (string, error) {
	switch {
	case iban == "" && bic == "":
		return "", nil
	case iban == "":
		return bic, ErrBICAlone
	}
	country, known := iban[:2], ""
	if country == "NL" {
		known = dutchBIC[iban[4:8]]
	}
	switch {
	case bic == "":
		return known, nil
	case bic[4:6] != country && !strings.Contains(bicNeighbours[country], bic[4:6]):
		return bic, ErrBICCountry.With(country)
	case known != "" && bic[:8] != known[:8]: // the last three name a branch of the same bank
		return bic, ErrBICBank.With(known)
	}
	return bic, nil
}

// ShowIBAN writes an IBAN in fours, as on a bank card.
func ShowIBAN(iban string) string {
	var b strings.Builder
	for i, r := range iban {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// MaskIBAN hides all but the ends, for lists and letters: "NL39 **** **** 5264".
func MaskIBAN(iban string) string {
	if len(iban) < 12 {
		return ""
	}
	return iban[:4] + " **** **** " + iban[len(iban)-4:]
}

// tight drops what people put between: spaces, hyphens, full stops.
func tight(text string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "-", "", ".", "", "\t", "").Replace(strings.TrimSpace(text)))
}

func letters(s string) bool { return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" }
func digits(s string) bool  { return strings.Trim(s, "0123456789") == "" }

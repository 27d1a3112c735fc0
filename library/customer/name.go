package customer

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"lidwoord/base/fault"
)

// NameMost is the most characters a name may have: the surname limit of the BRP,
// the Dutch register of persons.
const NameMost = 200

var (
	ErrLastName   = fault.New(fault.Invalid, "customer.last_name")
	ErrNameLetter = fault.New(fault.Invalid, "customer.name_letter")
	ErrNameSign   = fault.New(fault.Invalid, "customer.name_sign")
	ErrTooLong    = fault.New(fault.Invalid, "customer.too_long") // {0} the most
	ErrCharacter  = fault.New(fault.Invalid, "customer.character")
	ErrInitials   = fault.New(fault.Invalid, "customer.initials")
)

// Prefixes are suggestions for the field Voorvoegsel, the commonest first. The
// official list (BRP table 36) has several hundred, so any text is taken.
var Prefixes = []string{
	"van", "van der", "de", "van den", "van de", "den", "der", "ter", "ten", "te", "van 't", "'t", "in 't",
	"op de", "op den", "van het", "het", "aan de", "uit de", "d'", "el", "al", "la", "le", "du", "di", "da", "dos", "von", "von der", "zu",
}

// Full is the name with what stands before it: "E.B. van der Tester". Without
// initials the first name takes their place; with neither the name begins a
// line and so has a capital: "Van der Tester".
func (p Person) Full() string {
	before := p.Initials
	if before == "" {
		before = p.FirstName
	}
	if before == "" {
		return p.Surname()
	}
	return before + " " + join(p.Prefix, p.LastName)
}

// Surname is the family name with nothing before it but a title: "Van der
// Veen", "Van 't Hart", "'t Hart", "d'Ancona". The words 't and d' are always
// small (Onze Taal).
func (p Person) Surname() string {
	return join(capital(p.Prefix), p.LastName)
}

// Listed is the name as it stands in a list, under its main part, which is how
// the Dutch sort: "Tester, E.B. van der".
func (p Person) Listed() string {
	before := p.Initials
	if before == "" {
		before = p.FirstName
	}
	after := strings.TrimSpace(before + " " + p.Prefix)
	if after == "" {
		return p.LastName
	}
	return p.LastName + ", " + after
}

// join puts a prefix before a name, without a space after an elision: d'Ancona.
func join(prefix, last string) string {
	switch {
	case prefix == "":
		return last
	case isApostrophe(lastRune(prefix)):
		return prefix + last
	}
	return prefix + " " + last
}

// capital gives a prefix the capital it has at the beginning of a name.
func capital(prefix string) string {
	for i, r := range prefix {
		switch {
		case i == 0 && isApostrophe(r):
			return prefix // 't
		case i == 0 && strings.ContainsRune("dD", r) && len(prefix) > 1 && isApostrophe([]rune(prefix)[1]):
			return prefix // d'
		}
		return string(unicode.ToTitle(r)) + prefix[i+len(string(r)):]
	}
	return prefix
}

// NormaliseInitials writes initials with a full stop after each: "eb", "E B" and
// "E.B" become "E.B.". What stands for more than one letter is kept: "Th.",
// "Chr.", "IJ.". A hyphen between two is kept: "J.-P.".
func NormaliseInitials(text string) (string, error) {
	text, err := cleanText(text, initialsMost)
	if err != nil {
		return text, err
	}
	var b strings.Builder
	rest := []rune(text)
	for len(rest) > 0 {
		r := rest[0]
		switch {
		case r == '.' || unicode.IsSpace(r):
			rest = rest[1:]
		case isHyphen(r):
			if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
				b.WriteByte('-')
			}
			rest = rest[1:]
		case unicode.IsLetter(r):
			n := 1
			for n < len(rest) && (unicode.IsLetter(rest[n]) || unicode.IsMark(rest[n])) {
				n++
			}
			stop := n < len(rest) && rest[n] == '.'
			for _, part := range splitInitials(rest[:n], stop) {
				b.WriteString(part + ".")
			}
			rest = rest[n:]
		default:
			return text, ErrInitials
		}
	}
	return cleanText(strings.TrimSuffix(b.String(), "-"), initialsMost)
}

// initialsMost is the most characters of initials, stops included: twenty.
const initialsMost = 40

// longInitials are the abbreviations of more than one letter that Dutch people
// write among their initials.
var longInitials = []string{"th", "chr", "ph", "ij", "joh", "jac", "jos", "fr", "sj", "tj", "st", "wm", "gerh", "nic", "alb", "aug", "ant", "cath", "corn", "fred", "herm", "jan", "tjh"}

// splitInitials takes a run of letters apart. "Th" holds together by its shape,
// "chr" before a full stop because it is a known one, "eb" is two.
func splitInitials(letters []rune, stop bool) (parts []string) {
	if stop && slices.Contains(longInitials, strings.ToLower(string(letters))) {
		if strings.EqualFold(string(letters), "ij") {
			return []string{"IJ"} // one letter to the Dutch, with one capital shape
		}
		return []string{title(letters)}
	}
	anyUpper := slices.ContainsFunc(letters, unicode.IsUpper)
	for i := 0; i < len(letters); {
		n := i + 1
		for n < len(letters) && (unicode.IsMark(letters[n]) || anyUpper && unicode.IsUpper(letters[i]) && unicode.IsLower(letters[n])) {
			n++
		}
		parts = append(parts, title(letters[i:n]))
		i = n
	}
	return parts
}

func title(letters []rune) string {
	return string(unicode.ToUpper(letters[0])) + strings.ToLower(string(letters[1:]))
}

// SplitPrefix takes small prefix words off the front of a last name, for who
// types "van der Veen" in one field. With a capital they belong to the name
// itself ("Van der Auwera", in Belgium registered and sorted so) and stay.
func SplitPrefix(last string) (prefix, rest string) {
	rest = last
	for {
		word, after, ok := strings.Cut(rest, " ")
		if !ok || word == "" || strings.TrimSpace(after) == "" || !isPrefixWord(word) || unicode.IsUpper([]rune(word)[0]) {
			return strings.TrimSpace(prefix), rest
		}
		prefix, rest = prefix+" "+word, strings.TrimSpace(after)
	}
}

// prefixWords are the single words of which prefixes are made, folded.
var prefixWords = func() map[string]bool {
	words := map[string]bool{}
	for _, p := range Prefixes {
		for _, w := range strings.Fields(p) {
			words[Fold(w)] = true
		}
	}
	return words
}()

func isPrefixWord(word string) bool { return prefixWords[Fold(word)] }

// cleanText brings typed text into one form: Unicode NFC, single spaces, no
// control or invisible characters.
func cleanText(text string, most int) (string, error) {
	text = strings.Join(strings.Fields(norm.NFC.String(strings.ToValidUTF8(text, "\uFFFD"))), " ")
	n := 0
	for _, r := range text {
		n++
		switch {
		case r == '\u200c' || r == '\u200d': // joiners belong to the spelling of Persian and Indic names
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r) || r == unicode.ReplacementChar:
			// Direction marks can make one name look like another on the screen.
			return text, ErrCharacter
		}
	}
	if n > most {
		return text, ErrTooLong.With(most)
	}
	return text, nil
}

// cleanName is cleanText for names: with at least one letter when there is
// anything at all.
func cleanName(text string) (string, error) {
	text, err := cleanText(text, NameMost)
	if err != nil {
		return text, err
	}
	switch {
	case text != "" && !strings.ContainsFunc(text, unicode.IsLetter):
		return text, ErrNameLetter
	case strings.ContainsAny(text, ":/\\@") || strings.Contains(strings.ToLower(text), "www."):
		// A mail program makes a link of it, in a letter with our name under it.
		return text, ErrNameSign
	}
	return text, nil
}

// CleanName is the rule of every name, for forms that are not a Person's.
func CleanName(text string) (string, error) { return cleanName(text) }

func lastRune(s string) (last rune) {
	for _, r := range s {
		last = r
	}
	return last
}

// isApostrophe knows the marks that people and word processors put for one.
func isApostrophe(r rune) bool { return strings.ContainsRune("'’‘`´ʼʹ′ʻ＇", r) }

func isHyphen(r rune) bool { return unicode.Is(unicode.Pd, r) || r == '\u2212' || r == '\u00ad' }

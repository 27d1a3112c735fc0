package customer

import (
	"regexp"
	"slices"
	"strings"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
)

// Row is a customer in a list.
type Row struct {
	ID       string
	BranchID string
	Number   string
	Name     string // "E.B. van der Tester"
	ListName string // "Tester, E.B. van der"
	Birth    day.Day
	Line     string // "Kruisstraat 41"
	Place    string // "9468 BG Annen"
	Email    string
	How      How     // what the library knows of the login account
	EndedOn  day.Day // as Customer.EndedOn
	Unknown  bool    // the address book did not know the address
}

// Ended reports whether the customer in the row is a former one.
func (r Row) Ended(on day.Day) bool { return ended(r.EndedOn, on) }

// Row is the customer as a list shows them.
func (c Customer) Row() Row {
	return Row{ID: c.ID, BranchID: c.BranchID, Number: c.Number, Name: c.Full(), ListName: c.Listed(), Birth: c.Birth,
		Line: c.Address.Line(), Place: c.Address.PlaceLine(), Email: c.Email, How: c.Link.How, EndedOn: c.EndedOn,
		Unknown: !c.Address.Checked}
}

// Found is the answer to a search.
type Found struct {
	Rows []Row
	More bool // there are more than the limit
}

// What a query may be at most. Longer is a mistake or an attack: every word adds
// readings, and every reading an index range.
const (
	queryMost = 250
	wordsMost = 6
)

// Query is what a clerk means by the words in the search box. Exactly one of
// Number, Email, Postcode and Names is filled in, or Birth alone; Birth goes
// with Names as well.
type Query struct {
	Number   string // the first digits of a number, or all of it
	Postcode string // the first characters of a postcode, without spaces
	House    int    // with Postcode
	Email    string // the beginning of an address
	Birth    day.Day
	Names    []Reading // any of these
}

// Reading is one way to read words as a name.
type Reading struct {
	Last  string // beginning of the last name, as a key
	Given string // beginning of the initials or the first name; "" is any
}

// Empty reports a query that asks nothing.
func (q Query) Empty() bool {
	return q.Number == "" && q.Postcode == "" && q.Email == "" && q.Birth == "" && len(q.Names) == 0
}

var (
	dateInside   = regexp.MustCompile(`\b(\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|\d{4}-\d{2}-\d{2}|\d{1,2} +\pL{3,9} +\d{4})\b`)
	postcodeOnly = regexp.MustCompile(`^([1-9][0-9]{3})\s?([A-Za-z]{0,2})$`)
	postcodeHome = regexp.MustCompile(`^([1-9][0-9]{3})\s?([A-Za-z]{2})[\s,]*([0-9]{1,5})\b`)
	numberBegun  = regexp.MustCompile(`^[0-9][0-9 .\-]*$`)
)

// ParseQuery reads the one search box: a number or its beginning, a birth date
// in any notation, an e-mail address, a postcode with or without house number,
// or a name ("hooft", "'t hooft", "e.b. tester", "tester, e.b. van der"),
// perhaps with a birth date behind it.
func ParseQuery(text string) Query {
	if runes := []rune(text); len(runes) > queryMost {
		text = string(runes[:queryMost])
	}
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, " ")), " ")
	var q Query
	if text == "" {
		return q
	}
	if born, err := day.Parse(text); err == nil {
		q.Birth = born
		return q
	}
	if strings.Contains(text, "@") {
		q.Email = foldEmail(text)
		return q
	}
	if p := postcodeHome.FindStringSubmatch(text); p != nil {
		q.Postcode, q.House = p[1]+strings.ToUpper(p[2]), atoi(p[3])
		return q
	}
	if p := postcodeOnly.FindStringSubmatch(text); p != nil {
		q.Postcode = p[1] + strings.ToUpper(p[2])
		return q
	}
	if numberBegun.MatchString(text) {
		q.Number = Digits(text)
		if len(q.Number) > NumberLength {
			q.Number = q.Number[:NumberLength]
		}
		return q
	}
	if at := dateInside.FindStringIndex(text); at != nil {
		if born, err := day.Parse(text[at[0]:at[1]]); err == nil {
			q.Birth = born
			text = text[:at[0]] + " " + text[at[1]:]
		}
	}
	q.Names = readings(text)
	return q
}

func atoi(s string) (n int) {
	for _, d := range s {
		n = n*10 + int(d-'0')
	}
	return n
}

// readings lists the ways to read a name. With a comma there is one: last name
// before it, given names and prefix behind. Without, any number of words may be
// given names, in front or behind.
func readings(text string) (list []Reading) {
	add := func(last, given string) {
		r := Reading{Last: key(last), Given: key(given)}
		if r.Last == "" {
			return
		}
		for _, have := range list {
			if have == r {
				return
			}
		}
		list = append(list, r)
	}
	if last, rest, ok := strings.Cut(text, ","); ok && key(last) != "" {
		given, _ := trimPrefixBehind(rest)
		add(last, given)
		return list
	}
	// Split at spaces before folding, so that "e.b." stays one word.
	words := strings.Fields(text)
	if len(words) > wordsMost {
		words = words[:wordsMost]
	}
	add(strings.Join(words, " "), "")
	for i := 1; i < len(words); i++ {
		front, back := strings.Join(words[:i], " "), strings.Join(words[i:], " ")
		if !allPrefix(words[:i]) { // nobody's first name is "van der", and to look for it takes long
			add(back, front)
		}
		if !allPrefix(words[i:]) {
			add(front, back)
		}
	}
	return list
}

func allPrefix(words []string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !isPrefixWord(w) })
}

// trimPrefixBehind takes the prefix off "E.B. van der".
func trimPrefixBehind(text string) (given, prefix string) {
	words := strings.Fields(text)
	n := len(words)
	for n > 0 && isPrefixWord(words[n-1]) {
		n--
	}
	return strings.Join(words[:n], " "), strings.Join(words[n:], " ")
}

// Search answers the search box, within one organisation, sorted as a Dutch
// list: on the main part of the name. limit is how many rows fit.
func Search(tx *sqldb.Tx, organisationID, text string, limit int) (Found, error) {
	q := ParseQuery(text)
	if q.Empty() || limit < 1 {
		return Found{}, nil
	}
	list, err := search(tx, organisationID, q, limit+1)
	if err != nil {
		return Found{}, err
	}
	found := Found{More: len(list) > limit}
	for _, c := range list[:min(len(list), limit)] {
		found.Rows = append(found.Rows, c.Row())
	}
	return found, nil
}

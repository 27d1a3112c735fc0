// Package demobook is the address book of the demo: a dozen postcodes in
// Drenthe, so that a form fills itself in without the internet. It fills the
// port customer.AddressBook.
package demobook

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

// Book is the demo's address book.
type Book struct {
	// Outage, when set, is asked before each look-up, and its error is the
	// answer. Tests use it to be a service that is down, or one that hangs:
	// it gets the context of the caller and may wait for its end.
	Outage func(context.Context) error

	streets map[string][]street // by postcode
}

// street is one line of the file: the numbers of one street with one postcode.
type street struct {
	name, place string
	first, last int
}

//go:embed addresses.txt
var addresses string

// New reads the file that is built in.
func New() (*Book, error) { return parse(addresses) }

func parse(text string) (*Book, error) {
	b := &Book{streets: map[string][]street{}}
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		part := strings.Split(line, ";")
		if len(part) != 4 {
			return nil, fmt.Errorf("addresses.txt line %d: want postcode;from-to;street;place", n+1)
		}
		from, to, _ := strings.Cut(part[1], "-")
		first, err := strconv.Atoi(from)
		if err != nil {
			return nil, fmt.Errorf("addresses.txt line %d: %w", n+1, err)
		}
		last, err := strconv.Atoi(to)
		if err != nil {
			return nil, fmt.Errorf("addresses.txt line %d: %w", n+1, err)
		}
		b.streets[part[0]] = append(b.streets[part[0]], street{part[2], part[3], first, last})
	}
	return b, nil
}

// Find returns street and place of an address. The demo knows no additions: a
// house that has a number has its letters too.
func (b *Book) Find(ctx context.Context, postcode string, number int, _ string) (name, place string, found bool, err error) {
	if b.Outage != nil {
		if err := b.Outage(ctx); err != nil {
			return "", "", false, err
		}
	}
	for _, s := range b.streets[strings.ReplaceAll(postcode, " ", "")] {
		if s.first <= number && number <= s.last {
			return s.name, s.place, true, nil
		}
	}
	return "", "", false, nil
}

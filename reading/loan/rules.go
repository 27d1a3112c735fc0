package loan

import (
	"slices"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
)

// Rules are what a reader may borrow. They are data, one row for each right that
// a membership can give, because forms of membership differ in them.
type Rules struct {
	EBooks     int  // at the same time
	Audiobooks int  // at the same time, beside the e-books
	Days       int  // after the day of borrowing; the last one counts whole
	Extensions int  // of one loan
	ExtendDays int  // after the last day
	ExtendFrom int  // in so many last days an extension is offered
	Youth      bool // titles for children only
}

// limit is how many titles of a kind a reader may have at once.
func (r Rules) limit(k catalogue.Kind) int {
	if k == catalogue.Audiobook {
		return r.Audiobooks
	}
	return r.EBooks
}

// Terms are the rules by the name of the right that gives them, as the claim of
// the sign-on spells it.
type Terms map[string]Rules

// TermsOf reads the rules of this platform.
func TermsOf(tx *sqldb.Tx) (Terms, error) { return termsOf(tx) }

// SetTerm writes the rules of one right: new, or other ones than before. Loans
// that run keep the day that they were given.
func SetTerm(tx *sqldb.Tx, right string, r Rules) error { return putTerm(tx, right, r) }

// Rules are what memberships together allow on a day: of each rule the widest.
// Who may borrow nothing hears why, and what to do.
func (r Rights) Rules(terms Terms, on day.Day) (Rules, error) {
	if err := r.check(terms, on); err != nil {
		return Rules{}, err
	}
	all := Rules{Youth: true}
	for _, m := range r {
		if !m.holds(on) {
			continue
		}
		for _, right := range m.Rights {
			one, known := terms[right]
			if !known {
				continue
			}
			all = Rules{
				EBooks: max(all.EBooks, one.EBooks), Audiobooks: max(all.Audiobooks, one.Audiobooks), Days: max(all.Days, one.Days),
				Extensions: max(all.Extensions, one.Extensions), ExtendDays: max(all.ExtendDays, one.ExtendDays),
				ExtendFrom: max(all.ExtendFrom, one.ExtendFrom), Youth: all.Youth && one.Youth,
			}
		}
	}
	return all, nil
}

// opens reports whether one of the rights lends anything here.
func (t Terms) opens(rights []string) bool {
	return slices.ContainsFunc(rights, func(right string) bool { _, known := t[right]; return known })
}

func rulesFor(tx *sqldb.Tx, rights Rights) (Rules, error) {
	terms, err := termsOf(tx)
	if err != nil {
		return Rules{}, err
	}
	return rights.Rules(terms, day.Of(tx.Now))
}

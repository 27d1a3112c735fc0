package loan

import (
	"fmt"
	"regexp"
	"slices"

	"lidwoord/base/audit"
	"lidwoord/base/day"
	"lidwoord/base/fault"
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

// refuse is why these rules do not lend a title, however few the reader has.
func (r Rules) refuse(t catalogue.Title) error {
	switch {
	case t.Withdrawn:
		return ErrWithdrawn
	case r.Youth && !t.Youth:
		return ErrYouthOnly
	}
	return nil
}

// full is why a reader who has n titles of a kind gets no other one.
func (r Rules) full(k catalogue.Kind, n int) error {
	most := r.limit(k)
	switch {
	case most == 0 && k == catalogue.Audiobook:
		return ErrNoAudiobooks
	case most == 0:
		return ErrNoEBooks
	case k == catalogue.Audiobook:
		return ErrManyAudiobooks.With(n, most, n-most+1)
	}
	return ErrManyEBooks.With(n, most, n-most+1)
}

// Terms are the rules by the name of the right that gives them, as the claim of
// the sign-on spells it.
type Terms map[string]Rules

// TermsOf reads the rules of this platform.
func TermsOf(tx *sqldb.Tx) (Terms, error) { return termsOf(tx) }

// Bounds of the rules. They are wide: they keep out a slip of the hand, not a
// library with other ideas.
const (
	MostTitles     = 1000 // of a kind at the same time
	MostDays       = 366  // of a loan, and of an extension
	MostExtensions = 50
)

var (
	// ErrRight: the name of a right is not one that a claim can carry.
	ErrRight = fault.New(fault.Invalid, "loan.right")
	// Numbers of the rules that are out of their bounds.
	ErrRuleTitles     = fault.New(fault.Invalid, "loan.rule_titles").With(MostTitles)
	ErrRuleDays       = fault.New(fault.Invalid, "loan.rule_days").With(MostDays)
	ErrRuleExtensions = fault.New(fault.Invalid, "loan.rule_extensions").With(MostExtensions)
)

// Names of the rules, for what is wrong with them.
const (
	RuleEBooks     = "ebooks"
	RuleAudiobooks = "audiobooks"
	RuleDays       = "days"
	RuleExtensions = "extensions"
	RuleExtendDays = "extend-days"
	RuleExtendFrom = "extend-from"
)

// wrong is what is wrong with the numbers, nil for nothing.
func (r Rules) wrong() error {
	var wrong fault.List
	for _, it := range []struct {
		name           string
		n, least, most int
		fault          *fault.Error
	}{
		{RuleEBooks, r.EBooks, 0, MostTitles, ErrRuleTitles},
		{RuleAudiobooks, r.Audiobooks, 0, MostTitles, ErrRuleTitles},
		{RuleDays, r.Days, 1, MostDays, ErrRuleDays},
		{RuleExtensions, r.Extensions, 0, MostExtensions, ErrRuleExtensions},
		{RuleExtendDays, r.ExtendDays, 1, MostDays, ErrRuleDays},
		{RuleExtendFrom, r.ExtendFrom, 1, MostDays, ErrRuleDays},
	} {
		if it.n < it.least || it.n > it.most {
			wrong.Add(it.name, it.fault)
		}
	}
	return wrong.Err()
}

// rightName is how a claim spells a right: "digital-youth".
var rightName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

// SetTerm writes the rules of one right at the wish of actor: new, or other ones
// than before. They hold for all that is borrowed from now on; loans that run keep
// the day that they were given.
func SetTerm(tx *sqldb.Tx, actor, right string, r Rules) error {
	if !rightName.MatchString(right) {
		return ErrRight
	}
	if err := r.wrong(); err != nil {
		return err
	}
	if err := putTerm(tx, right, r); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Actor: actor, Act: "loan.rules", Object: "lending:" + right, Detail: r.String()})
}

// String writes the rules in short, for the audit log.
func (r Rules) String() string {
	s := fmt.Sprintf("ebooks %d audiobooks %d days %d extensions %d of %d in the last %d", r.EBooks, r.Audiobooks, r.Days, r.Extensions, r.ExtendDays, r.ExtendFrom)
	if r.Youth {
		s += " youth"
	}
	return s
}

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

package loan

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

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
	RuleYouth      = "youth"
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
	terms, err := termsOf(tx)
	if err != nil {
		return err
	}
	detail := r.String()
	if old, known := terms[right]; known {
		if old == r {
			return nil
		}
		detail = cmp.Or(r.changes(old), detail)
	}
	if err := putTerm(tx, right, r); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Actor: actor, Act: "loan.rules", Object: ruled(right), Detail: detail})
}

// ruled is the rules of a right in the audit log.
func ruled(right string) string { return "lending:" + right }

// Changed is a time that somebody changed the rules of a right.
type Changed struct {
	At    time.Time
	Actor string
	Right string
	Rules []Change // none when the right was new
}

// Change is one rule, from what it was to what it became: numbers, or "true" and "false".
type Change struct{ Rule, Old, New string }

// Changes lists the last changes of all rules, the newest first, at most limit.
func Changes(tx *sqldb.Tx, limit int) (all []Changed, err error) {
	terms, err := termsOf(tx)
	if err != nil {
		return nil, err
	}
	for right := range terms {
		acts, err := audit.Of(tx, ruled(right), limit)
		if err != nil {
			return nil, err
		}
		for _, a := range acts {
			all = append(all, Changed{At: a.At, Actor: a.Actor, Right: right, Rules: readChanges(a.Detail)})
		}
	}
	slices.SortFunc(all, func(a, b Changed) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Right, b.Right)) })
	return all[:min(len(all), limit)], nil
}

const (
	became  = "→"
	between = ", "
)

// changes writes what is other than before: "ebooks 10→6, days 21→28".
func (r Rules) changes(old Rules) string {
	var list []string
	for _, it := range []struct {
		rule     string
		old, now any
	}{
		{RuleEBooks, old.EBooks, r.EBooks}, {RuleAudiobooks, old.Audiobooks, r.Audiobooks}, {RuleDays, old.Days, r.Days},
		{RuleExtensions, old.Extensions, r.Extensions}, {RuleExtendDays, old.ExtendDays, r.ExtendDays}, {RuleExtendFrom, old.ExtendFrom, r.ExtendFrom},
		{RuleYouth, old.Youth, r.Youth},
	} {
		if it.old != it.now {
			list = append(list, fmt.Sprintf("%s %v%s%v", it.rule, it.old, became, it.now))
		}
	}
	return strings.Join(list, between)
}

// readChanges reads what changes wrote. Of another line, such as that of a new right,
// it makes nothing.
func readChanges(detail string) (list []Change) {
	for line := range strings.SplitSeq(detail, between) {
		rule, values, _ := strings.Cut(line, " ")
		if old, now, found := strings.Cut(values, became); found {
			list = append(list, Change{rule, old, now})
		}
	}
	return list
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

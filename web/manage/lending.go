package manage

import (
	"encoding/csv"
	"net/http"
	"slices"
	"strconv"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/web/kit"
)

// monthsBack is how many months the page counts, yearsBack how many whole years beside
// the one that runs; the file has five years.
const (
	monthsBack = 12
	yearsBack  = 2
	fileMonths = 60
)

type lendingPage struct {
	Rules   []namedRules
	Wider   []string // names of rights of youth that lend more of something than grown-ups have
	Changes []rulesChanged
	Makers  map[string]string // name of a worker, by who changed the rules
	Months  []lentMonth
	Years   []lentYear
	Least   int
}

// rulesChanged is a change with what people call the right.
type rulesChanged struct {
	RulesChanged
	Name string
}

// Said is the message key of the rule.
func (c RuleChange) Said() string { return ruleSaid[c.Field] }

// Box reports whether the rule is a box and no number.
func (c RuleChange) Box() bool { return c.Field == FieldCollection }

// ruleSaid is the message key of each rule.
var ruleSaid = map[string]string{
	FieldEBooks: "manage.lend_ebooks", FieldAudiobooks: "manage.lend_audiobooks", FieldLendDays: "manage.lend_days",
	FieldExtensions: "manage.lend_extensions", FieldExtendDays: "manage.lend_extend_days", FieldExtendFrom: "manage.lend_extend_from",
	FieldCollection: "manage.lend_youth",
}

// namedRules are rules with what people call the right that gives them.
type namedRules struct {
	LendingRules
	Name string
}

// lentMonth is a line of the table: a month, and its numbers in the order of Lent.
type lentMonth struct {
	Month day.Day
	Lent  []Lent
}

// lending is Online Bibliotheek: what a membership lends, and how often that is
// done. It counts; nobody here can see who reads what.
func (s *Site) lending(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	page := lendingPage{Least: s.Lending.Least()}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		rules, err := s.Lending.Rules(tx)
		if err != nil {
			return err
		}
		page.Rules = nil
		for _, l := range rules {
			page.Rules = append(page.Rules, namedRules{l, s.rightName(r, l.Right)})
		}
		page.Wider = wider(page.Rules)
		if err := s.changes(tx, r, &page); err != nil {
			return err
		}
		today := day.Of(tx.Now)
		list, err := s.Lending.Counts(tx, today.AddMonths(-yearsBack * 12)[:5]+"01-01")
		page.Months = byMonth(list)
		page.Years = byYear(page.Months, page.Least)
		page.Months = page.Months[:min(len(page.Months), monthsBack)]
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "lending", page)
}

// changes puts the last changes of the rules on the page.
func (s *Site) changes(tx *sqldb.Tx, r *http.Request, page *lendingPage) error {
	list, err := s.Lending.Changes(tx)
	if err != nil {
		return err
	}
	page.Changes = nil
	var actors []string
	for _, c := range list {
		page.Changes = append(page.Changes, rulesChanged{c, s.rightName(r, c.Right)})
		actors = append(actors, c.Actor)
	}
	page.Makers, err = namesOf(tx, actors)
	return err
}

// wider names the rights of youth that lend more of something than any right of
// grown-ups does: seldom meant, and easily typed in the wrong form.
func wider(list []namedRules) (names []string) {
	most := map[string]int{}
	for _, l := range list {
		for field, n := range l.numbers() {
			if !l.Youth {
				most[field] = max(most[field], *n)
			}
		}
	}
	for _, l := range list {
		for field, n := range l.numbers() {
			if l.Youth && len(most) > 0 && *n > most[field] && !slices.Contains(names, l.Name) {
				names = append(names, l.Name)
			}
		}
	}
	return names
}

// lentYear is the months of a year that are over, added up from what their lines say
// and from nothing else: what a line keeps back, no sum tells. With hidden lines it is
// from so many to so many.
type lentYear struct {
	Year  string
	Last  day.Day // first day of the last month that counts
	Whole bool    // all twelve
	Lent  []span  // in the order of the months
	All   span
}

// span is a number of loans: From and To are the same when it is known.
type span struct {
	Kind     string
	Youth    bool
	From, To int
}

func (s *span) add(l Lent, least int) {
	s.From, s.To = s.From+l.N, s.To+l.N
	if l.Few {
		s.From, s.To = s.From+1, s.To+least-1
	}
}

func byYear(months []lentMonth, least int) (years []lentYear) {
	for _, m := range months {
		year := string(m.Month[:4])
		if n := len(years); n == 0 || years[n-1].Year != year {
			years = append(years, lentYear{Year: year, Last: m.Month, Whole: m.Month[5:7] == "12", Lent: make([]span, len(m.Lent))})
		}
		y := &years[len(years)-1]
		for i, l := range m.Lent {
			y.Lent[i].Kind, y.Lent[i].Youth = l.Kind, l.Youth
			y.Lent[i].add(l, least)
			y.All.add(l, least)
		}
	}
	return years
}

func byMonth(list []Lent) (months []lentMonth) {
	for _, l := range list {
		if n := len(months); n == 0 || months[n-1].Month != l.Month {
			months = append(months, lentMonth{Month: l.Month})
		}
		last := &months[len(months)-1]
		last.Lent = append(last.Lent, l)
	}
	return months
}

// lendingFile is the same numbers for a spreadsheet. It needs no trace: it tells
// nothing of anybody.
func (s *Site) lendingFile(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	var list []Lent
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		list, err = s.Lending.Counts(tx, day.Of(tx.Now).AddMonths(-fileMonths))
		return err
	})
	if err != nil {
		return err
	}
	kit.AsFile(w.Header(), "uitleningen.csv")
	lang := kit.VisitOf(r).Lang
	return WriteLent(csv.NewWriter(w), func(key string) string { return s.Words.Text(lang, key) }, list, s.Lending.Least())
}

// WriteLent writes numbers of loans for a spreadsheet, in the words of say. What is
// fewer than least stands there as "<5".
func WriteLent(c *csv.Writer, say func(key string) string, list []Lent, least int) error {
	if err := c.Write([]string{say("manage.csv_month"), say("manage.csv_kind"), say("manage.csv_collection"), say("manage.csv_loans")}); err != nil {
		return err
	}
	for _, l := range list {
		n, collection := strconv.Itoa(l.N), say("manage.csv_other")
		if l.Few {
			n = "<" + strconv.Itoa(least)
		}
		if l.Youth {
			collection = say("manage.csv_youth")
		}
		if err := c.Write([]string{string(l.Month[:7]), say("manage.csv_" + l.Kind), collection, n}); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

type lendingRulesPage struct {
	*kit.Form
	State []option
	Name  string // of the right
}

// youthCollection is the box "only titles for children".
const youthCollection = "jeugd"

// numbers are the fields of the rules that are numbers.
func (l *LendingRules) numbers() map[string]*int {
	return map[string]*int{FieldEBooks: &l.EBooks, FieldAudiobooks: &l.Audiobooks, FieldLendDays: &l.Days,
		FieldExtensions: &l.Extensions, FieldExtendDays: &l.ExtendDays, FieldExtendFrom: &l.ExtendFrom}
}

// lendingRules is the form of the rules of one right, which the address names.
func (s *Site) lendingRules(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	form, kept := s.keptForm(r)
	if !kept {
		var list []LendingRules
		err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
			list, err = s.Lending.Rules(tx)
			return err
		})
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(l LendingRules) bool { return l.Right == r.URL.Query().Get(FieldRight) })
		if i < 0 {
			return kit.ErrNoPage
		}
		form = kit.NewForm()
		form.Set(FieldRight, list[i].Right)
		for field, n := range list[i].numbers() {
			form.Set(field, strconv.Itoa(*n))
		}
		if list[i].Youth {
			form.Set(FieldCollection, youthCollection)
		}
	}
	return s.lendingRulesPage(w, r, http.StatusOK, form)
}

func (s *Site) lendingRulesPage(w http.ResponseWriter, r *http.Request, status int, form *kit.Form) error {
	return s.Show(w, r, status, "lendingrules", lendingRulesPage{form,
		options(form.Values[FieldCollection], option{youthCollection, "manage.lend_youth", false}), s.rightName(r, form.Get(FieldRight))})
}

func (s *Site) saveLendingRules(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	rules := LendingRules{Right: form.Get(FieldRight), Youth: form.Is(FieldCollection, youthCollection)}
	for field, n := range rules.numbers() {
		*n = -1 // what is no number is out of bounds
		if number, err := strconv.Atoi(form.Get(field)); err == nil {
			*n = number
		}
	}
	if err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error { return s.Lending.SetRules(tx, actor(r), rules) }); err != nil {
		if form.Take(err) {
			return s.lendingRulesPage(w, r, kit.Status(err), form)
		}
		return err
	}
	s.SetFlash(w, "manage.lend_saved", s.rightName(r, rules.Right))
	return s.Redirect(w, r, "/uitlenen")
}

// rightName is what people call a right; one that only other programs know has the
// name that the claim gives it.
func (s *Site) rightName(r *http.Request, right string) string {
	if key := "manage.right_" + right; s.Words.Has(key) {
		return s.Words.Text(kit.VisitOf(r).Lang, key)
	}
	return right
}

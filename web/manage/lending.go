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

// monthsBack is how many months the page counts; the file has five years.
const (
	monthsBack = 12
	fileMonths = 60
)

type lendingPage struct {
	Rules  []namedRules
	Months []lentMonth
	Least  int
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
		list, err := s.Lending.Counts(tx, day.Of(tx.Now).AddMonths(-monthsBack))
		page.Months = byMonth(list)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "lending", page)
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
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="uitleningen.csv"`)
	w.Header().Set("Cache-Control", "no-store")
	return WriteLent(csv.NewWriter(w), list, s.Lending.Least())
}

// WriteLent writes numbers of loans for a spreadsheet. What is fewer than least
// stands there as "<5".
func WriteLent(c *csv.Writer, list []Lent, least int) error {
	if err := c.Write([]string{"month", "kind", "collection", "loans"}); err != nil {
		return err
	}
	for _, l := range list {
		n, collection := strconv.Itoa(l.N), "all other"
		if l.Few {
			n = "<" + strconv.Itoa(least)
		}
		if l.Youth {
			collection = "youth"
		}
		if err := c.Write([]string{string(l.Month[:7]), l.Kind, collection, n}); err != nil {
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

// The box "only titles for children".
const (
	fieldCollection = "collectie"
	youthCollection = "jeugd"
)

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
			form.Set(fieldCollection, youthCollection)
		}
	}
	return s.lendingRulesPage(w, r, http.StatusOK, form)
}

func (s *Site) lendingRulesPage(w http.ResponseWriter, r *http.Request, status int, form *kit.Form) error {
	return s.Show(w, r, status, "lendingrules", lendingRulesPage{form,
		options(form.Values[fieldCollection], option{youthCollection, "manage.lend_youth", false}), s.rightName(r, form.Get(FieldRight))})
}

func (s *Site) saveLendingRules(w http.ResponseWriter, r *http.Request, _ branch.Organisation) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	rules := LendingRules{Right: form.Get(FieldRight), Youth: form.Is(fieldCollection, youthCollection)}
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

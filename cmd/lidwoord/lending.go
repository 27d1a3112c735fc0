package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/reading/loan"
	"lidwoord/web/desk"
	"lidwoord/web/manage"
)

// lending fills what Beheer may know of the Online Bibliotheek: rules and numbers.
type lending struct{}

var _ manage.Lending = lending{}

func (lending) Rules(tx *sqldb.Tx) (list []manage.LendingRules, err error) {
	terms, err := loan.TermsOf(tx)
	for _, right := range slices.Sorted(maps.Keys(terms)) {
		r := terms[right]
		list = append(list, manage.LendingRules{Right: right, EBooks: r.EBooks, Audiobooks: r.Audiobooks, Days: r.Days,
			Extensions: r.Extensions, ExtendDays: r.ExtendDays, ExtendFrom: r.ExtendFrom, Youth: r.Youth})
	}
	return list, err
}

func (lending) SetRules(tx *sqldb.Tx, actor string, l manage.LendingRules) error {
	err := loan.SetTerm(tx, actor, l.Right, loan.Rules{EBooks: l.EBooks, Audiobooks: l.Audiobooks, Days: l.Days,
		Extensions: l.Extensions, ExtendDays: l.ExtendDays, ExtendFrom: l.ExtendFrom, Youth: l.Youth})
	var wrong fault.List
	for _, e := range fault.Of(err) {
		wrong.Add(cmp.Or(ruleFields[e.Field], e.Field), e)
	}
	if len(wrong) > 0 {
		return wrong
	}
	return err
}

// ruleFields are the fields of the form in Beheer by the name of the rule.
var ruleFields = map[string]string{
	loan.RuleEBooks: manage.FieldEBooks, loan.RuleAudiobooks: manage.FieldAudiobooks, loan.RuleDays: manage.FieldLendDays,
	loan.RuleYouth: manage.FieldCollection, loan.RuleExtensions: manage.FieldExtensions, loan.RuleExtendDays: manage.FieldExtendDays, loan.RuleExtendFrom: manage.FieldExtendFrom,
}

// changesShown is how many changes of the rules Beheer shows.
const changesShown = 10

func (lending) Changes(tx *sqldb.Tx) (list []manage.RulesChanged, err error) {
	changes, err := loan.Changes(tx, changesShown)
	for _, c := range changes {
		one := manage.RulesChanged{At: c.At, Actor: c.Actor, Right: c.Right}
		for _, r := range c.Rules {
			one.Rules = append(one.Rules, manage.RuleChange{Field: cmp.Or(ruleFields[r.Rule], r.Rule), Old: r.Old, New: r.New})
		}
		list = append(list, one)
	}
	return list, err
}

func (lending) Counts(tx *sqldb.Tx, from day.Day) ([]manage.Lent, error) {
	counts, err := loan.Counts(tx, from)
	list := make([]manage.Lent, len(counts))
	for i, c := range counts {
		list[i] = manage.Lent{Month: c.Month, Kind: string(c.Kind), Youth: c.Youth, N: c.N, Few: c.Few}
	}
	return list, err
}

func (lending) Least() int { return loan.Least }

// deskLending fills what the desk may know of the Online Bibliotheek: its rules.
type deskLending struct{}

var _ desk.Lending = deskLending{}

func (deskLending) Rules(tx *sqldb.Tx, rights []string) (desk.LendingRules, bool, error) {
	terms, err := loan.TermsOf(tx)
	if err != nil {
		return desk.LendingRules{}, false, err
	}
	r, err := loan.Rights{{Rights: rights, State: loan.Active}}.Rules(terms, day.Of(tx.Now))
	if fault.KindOf(err) == fault.Denied {
		return desk.LendingRules{}, false, nil
	}
	return desk.LendingRules{EBooks: r.EBooks, Audiobooks: r.Audiobooks, Days: r.Days, Extensions: r.Extensions,
		ExtendDays: r.ExtendDays, ExtendFrom: r.ExtendFrom, Youth: r.Youth}, true, err
}

// manageLending is the command "lending".
func manageLending(ctx context.Context, log *slog.Logger, args []string) error {
	var set, create, from string
	var list, counts bool
	var changes []func(*loan.Rules)
	c, err := readConfig("lending", args, func(f *flag.FlagSet) {
		f.BoolVar(&list, "list", false, "list what each right lends")
		f.StringVar(&set, "set", "", "change what this right lends, such as digital-youth; what is left out stays")
		f.StringVar(&create, "new", "", "make the rules of a new right; what is left out is as digital has it")
		number := func(name, what string, of func(*loan.Rules) *int) {
			f.Func(name, what, func(text string) error {
				n, err := strconv.Atoi(text)
				changes = append(changes, func(r *loan.Rules) { *of(r) = n })
				return err
			})
		}
		number(loan.RuleEBooks, "e-books at the same time", func(r *loan.Rules) *int { return &r.EBooks })
		number(loan.RuleAudiobooks, "audiobooks at the same time", func(r *loan.Rules) *int { return &r.Audiobooks })
		number(loan.RuleDays, "how many days a loan lasts after the day of borrowing", func(r *loan.Rules) *int { return &r.Days })
		number(loan.RuleExtensions, "how often a loan can be extended", func(r *loan.Rules) *int { return &r.Extensions })
		number(loan.RuleExtendDays, "how many days that adds", func(r *loan.Rules) *int { return &r.ExtendDays })
		number(loan.RuleExtendFrom, "in how many last days it is offered", func(r *loan.Rules) *int { return &r.ExtendFrom })
		f.BoolFunc("youth", "only titles for children; -youth=false for all", func(text string) error {
			youth, err := strconv.ParseBool(text)
			changes = append(changes, func(r *loan.Rules) { r.Youth = youth })
			return err
		})
		f.BoolVar(&counts, "counts", false, "write how often was lent as CSV, by month; months that are over, and no number below "+fmt.Sprint(loan.Least))
		f.StringVar(&from, "from", "", "with -counts: the first month, such as 2026-01; a year back when it is left out")
	})
	if err != nil {
		return err
	}
	if chosen := []bool{list, set != "", create != "", counts}; len(slices.DeleteFunc(chosen, func(b bool) bool { return !b })) != 1 {
		return errors.New("lending: say -list, -set RIGHT, -new RIGHT or -counts")
	}
	db, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	switch {
	case list:
		err = db.Read(ctx, listRules)
	case counts:
		err = db.Read(ctx, func(tx *sqldb.Tx) error { return writeCounts(tx, from) })
	case create != "":
		err = db.InTx(ctx, func(tx *sqldb.Tx) error { return newRules(tx, create, changes) })
	default:
		err = db.InTx(ctx, func(tx *sqldb.Tx) error { return setRules(tx, set, changes) })
	}
	if err != nil {
		return fmt.Errorf("lending: %w", err)
	}
	if right := set + create; right != "" {
		fmt.Printf("Kept: %s. It holds for all that is borrowed or extended from now on.\n", right)
	}
	return nil
}

// setRules makes changes to the rules of a right. A slip in its name must not open the
// whole collection under another one.
func setRules(tx *sqldb.Tx, right string, changes []func(*loan.Rules)) error {
	terms, err := loan.TermsOf(tx)
	if err != nil {
		return err
	}
	r, known := terms[right]
	if !known {
		return fmt.Errorf("there is no right %q, only %s; -new makes one", right, strings.Join(slices.Sorted(maps.Keys(terms)), ", "))
	}
	return changed(tx, right, r, changes)
}

// newRules makes the rules of a right that has none.
func newRules(tx *sqldb.Tx, right string, changes []func(*loan.Rules)) error {
	terms, err := loan.TermsOf(tx)
	if err != nil {
		return err
	}
	if _, known := terms[right]; known {
		return fmt.Errorf("the right %q has rules already; -set changes them", right)
	}
	return changed(tx, right, terms["digital"], changes)
}

func changed(tx *sqldb.Tx, right string, r loan.Rules, changes []func(*loan.Rules)) error {
	for _, change := range changes {
		change(&r)
	}
	return loan.SetTerm(tx, commandActor, right, r)
}

func listRules(tx *sqldb.Tx) error {
	list, err := lending{}.Rules(tx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RIGHT\tE-BOOKS\tAUDIOBOOKS\tDAYS\tEXTENSIONS\tEXTEND DAYS\tEXTEND FROM\tCOLLECTION")
	for _, l := range list {
		collection := "all"
		if l.Youth {
			collection = "youth"
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n", l.Right, l.EBooks, l.Audiobooks, l.Days, l.Extensions, l.ExtendDays, l.ExtendFrom, collection)
	}
	return w.Flush()
}

func writeCounts(tx *sqldb.Tx, from string) error {
	first := day.Of(tx.Now).AddMonths(-12)
	if from != "" {
		var err error
		if first, err = day.Parse(from + "-01"); err != nil {
			return fmt.Errorf("-from %q is no month; write it as 2026-01", from)
		}
	}
	list, err := lending{}.Counts(tx, first)
	if err != nil {
		return err
	}
	sentences, err := allWords()
	if err != nil {
		return err
	}
	return manage.WriteLent(csv.NewWriter(os.Stdout), func(key string) string { return sentences.Text(words.EN, key) }, list, loan.Least)
}

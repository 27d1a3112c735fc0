package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/ingest"
	"lidwoord/reading/markup"
)

// titles is the command "titles". Without a word it imports, as it did when that
// was all it could.
func titles(ctx context.Context, log *slog.Logger, args []string) error {
	word := ""
	if len(args) > 0 {
		word = args[0]
	}
	switch word {
	case "import":
		return importTitles(ctx, args[1:])
	case "list":
		return listTitles(ctx, args[1:])
	case "show":
		return eachTitle(ctx, word, args[1:], showTitle)
	case "mark":
		return readMark(ctx, args[1:])
	case "withdraw":
		return eachTitle(ctx, word, args[1:], func(tx *sqldb.Tx, id string) (string, error) {
			return id + " is no longer lent; who has it keeps it until the loan ends", catalogue.Withdraw(tx, commandActor, id, "")
		})
	case "put-back":
		return eachTitle(ctx, word, args[1:], func(tx *sqldb.Tx, id string) (string, error) {
			return id + " is lent again", catalogue.PutBack(tx, commandActor, id)
		})
	}
	return importTitles(ctx, args)
}

const importHelp = `lidwoord titles import [options] FILE|FOLDER…

Takes in all e-books (EPUB) and audiobooks that lie under the folders, also while the
server runs. Stop it when you like, with Ctrl-C as well: the same command goes on where
it was, and what did not change since is passed over. A file that changed becomes a new
title in the place of the old one; who has that on loan keeps it until the loan ends.

At the end it says what was refused and why; -report has that of all files. It exits
with 0 when everything was dealt with, also when some files were refused; with 1 when
all were, or when it stopped. docs/titles.md tells more.

`

// importTitles takes in all that lies under some paths. docs/titles.md tells what.
func importTitles(ctx context.Context, args []string) error {
	var paths []string
	var report string
	var again bool
	c, err := readConfigFor("titles import", args, func(set *flag.FlagSet) {
		set.Usage = func() {
			fmt.Fprint(set.Output(), importHelp)
			set.PrintDefaults()
		}
		set.StringVar(&report, "report", "", "CSV file for what was done with each file, and why")
		set.BoolVar(&again, "again", false, "read all anew, also what did not change")
	}, &paths)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return errors.New("titles import: name files or folders with e-books (EPUB) and audiobooks; or say list, show, withdraw or put-back")
	}
	if report != "" { // heard now, and not after three hours
		f, err := os.CreateTemp(filepath.Dir(report), ".report")
		if err != nil {
			return fmt.Errorf("titles import: the report cannot be written: %w", err)
		}
		if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
			return err
		}
	}
	stacks := catalogue.Stacks{Dir: c.Titles}
	if err := stacks.Ready(); err != nil && !catalogue.Full(err) {
		return fmt.Errorf("titles import: nothing can be written in the folder of the titles: %w", err)
	}
	db, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	bar := &progress{to: os.Stderr}
	in := ingest.Import{DB: db, Stacks: stacks, Again: again, Say: explain, Moved: func(t ingest.Tally) {
		bar.show(step{t.Done, t.Total, fmt.Sprintf("%d refused", t.Refused)})
	}}
	defer collectLess()()
	t, remarks, err := in.Run(ctx, paths)
	bar.end()
	slices.SortFunc(remarks, func(a, b ingest.Remark) int { return strings.Compare(a.Path, b.Path) })
	if report != "" {
		err = errors.Join(err, writeReport(report, remarks))
	}
	tellTitles(os.Stdout, t, remarks)
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("titles import: stopped after %d of %d; the same command goes on there", t.Done, t.Total)
	case catalogue.Full(err):
		return fmt.Errorf("titles import: stopped after %d of %d: the disk is full (%s). No title is half in the catalogue. Make room; the same command goes on there", t.Done, t.Total, c.Titles)
	case err != nil:
		return fmt.Errorf("titles import: stopped after %d of %d; the same command goes on there: %w", t.Done, t.Total, err)
	case t.Refused > 0 && t.Refused == t.Total:
		return errors.New("titles import: all were refused")
	}
	return nil
}

// How much garbage may lie in memory before it is collected: in percents of what is
// used, and in all.
const (
	garbage    = 400
	mostMemory = 512 << 20
)

// collectLess saves up to a third of an import's work: what a chapter or a picture takes is
// large, and is garbage at once. Who runs us with bounds of their own keeps those.
func collectLess() (asBefore func()) {
	percent, limit := debug.SetGCPercent(garbage), debug.SetMemoryLimit(-1)
	if percent != 100 || limit != math.MaxInt64 {
		debug.SetGCPercent(percent)
		return func() {}
	}
	debug.SetMemoryLimit(mostMemory)
	return func() { debug.SetGCPercent(percent); debug.SetMemoryLimit(limit) }
}

// How many lines a terminal shows of what the report has in full, and how much of each.
const (
	few   = 20
	width = 200
)

// tellTitles says what was done: of few files all, of many what was refused.
func tellTitles(to io.Writer, t ingest.Tally, remarks []ingest.Remark) {
	shown := 0
	for _, r := range remarks {
		if r.Outcome != ingest.Refused && t.Total > few {
			continue
		}
		if shown++; shown > few {
			continue
		}
		text := cmp.Or(r.Text, r.Title)
		if r.Outcome == ingest.Taken && r.Text != "" {
			text = r.Title + " (mended: " + r.Text + ")"
		}
		if r := []rune(text); len(r) > width {
			text = string(r[:width]) + "…"
		}
		fmt.Fprintf(to, "%-9s  %s: %s\n", r.Outcome, markup.OneLine(filepath.Base(r.Path)), text)
	}
	if shown > few {
		fmt.Fprintf(to, "… and %d more; -report FILE has them all\n", shown-few)
		tellReasons(to, remarks)
	}
	fmt.Fprintf(to, "%d of %d: %d taken (%d of them mended), %d here already, %d unchanged since an earlier import, %d refused\n",
		t.Done, t.Total, t.Taken, t.Mended, t.Present, t.Unchanged, t.Refused)
}

// tellReasons says how often something was refused for each reason, the most frequent
// first.
func tellReasons(to io.Writer, remarks []ingest.Remark) {
	times := map[string]int{}
	for _, r := range remarks {
		if r.Outcome == ingest.Refused {
			reason, _, _ := strings.Cut(r.Text, ": ")
			times[reason]++
		}
	}
	for _, reason := range slices.SortedFunc(maps.Keys(times), func(a, b string) int { return cmp.Or(times[b]-times[a], strings.Compare(a, b)) }) {
		fmt.Fprintf(to, "%6d ×  %s\n", times[reason], reason)
	}
}

// writeReport writes what was done with each file, as a table.
func writeReport(path string, remarks []ingest.Remark) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".report")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // when it did not get its name
	w := csv.NewWriter(f)
	w.Write([]string{"path", "outcome", "title", "id", "remark"})
	for _, r := range remarks {
		w.Write([]string{unformula(r.Path), string(r.Outcome), unformula(r.Title), r.ID, unformula(r.Text)})
	}
	w.Flush()
	if err := errors.Join(w.Error(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// unformula keeps a spreadsheet from computing what a stranger called a book.
func unformula(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// listTitles lists the titles in which all the words occur, in alphabetical order.
func listTitles(ctx context.Context, args []string) error {
	var words []string
	c, err := readConfigFor("titles list", args, nil, &words)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	q := catalogue.Query{Text: strings.Join(words, " "), Limit: 200}
	return db.Read(ctx, func(tx *sqldb.Tx) error {
		for {
			list, total, err := catalogue.Search(tx, q)
			if err != nil {
				return err
			}
			for _, t := range list {
				away := ""
				if t.Withdrawn {
					away = "  (withdrawn)"
				}
				fmt.Printf("%s  %-9s  %-5s  %s%s\n", t.ID, t.Kind, cmp.Or(t.Language, "?"), nameAndAuthor(t), away)
			}
			if q.Skip += len(list); q.Skip >= total || len(list) == 0 {
				fmt.Printf("%d titles\n", total)
				return nil
			}
		}
	})
}

func nameAndAuthor(t catalogue.Title) string {
	if author := t.Author(); author != "" {
		return t.Name + " – " + author
	}
	return t.Name
}

// eachTitle does something with each title whose id is named.
func eachTitle(ctx context.Context, word string, args []string, do func(*sqldb.Tx, string) (string, error)) error {
	var ids []string
	c, err := readConfigFor("titles "+word, args, nil, &ids)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return fmt.Errorf("titles %s: name the ids of titles; lidwoord titles list shows them", word)
	}
	db, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, id := range ids {
		said := ""
		if err := db.InTx(ctx, func(tx *sqldb.Tx) (err error) { said, err = do(tx, id); return err }); err != nil {
			return fmt.Errorf("titles %s %s: %w", word, id, err)
		}
		fmt.Println(said)
	}
	return nil
}

// showTitle tells all about one title.
func showTitle(tx *sqldb.Tx, id string) (string, error) {
	t, err := catalogue.Find(tx, id)
	if err != nil {
		return "", err
	}
	m, err := catalogue.Contents(tx, id)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	say := func(what, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-14s %s\n", what, value)
		}
	}
	say("id", t.ID)
	say("title", t.Name)
	say("subtitle", t.Subtitle)
	for _, c := range t.Contributors {
		say(c.Role, c.Name)
	}
	say("kind", string(t.Kind))
	say("language", t.Language)
	say("series", strings.TrimSpace(t.Series+" "+t.SeriesAt))
	say("publisher", t.Publisher)
	say("published", t.Published)
	say("ISBN", t.ISBN)
	say("identifier", t.Identifier)
	say("subjects", strings.Join(t.Subjects, "; "))
	if t.Youth {
		say("for", "youth")
	}
	switch {
	case t.Ages.To > 0:
		say("ages", fmt.Sprintf("%d to %d", t.Ages.From, t.Ages.To))
	case t.Ages.From > 0:
		say("ages", fmt.Sprintf("from %d", t.Ages.From))
	}
	say("accessibility", strings.Join(slices.Concat(t.Access.ConformsTo, t.Access.Features), ", "))
	if t.Duration > 0 {
		say("lasts", t.Duration.Round(1e9).String())
	}
	switch pages := fmt.Sprint(t.Length.Pages); {
	case t.Length.Reckoned:
		say("pages", "about "+pages)
	case t.Length.Pages > 0:
		say("pages", pages)
	}
	say("size", fmt.Sprintf("%.1f MB in %d files", float64(t.Size)/1e6, len(m.Order)+len(m.Resources)))
	say("covers", strings.Trim(fmt.Sprint(t.Covers), "[]"))
	say("added", t.AddedAt.Format("2006-01-02 15:04"))
	if t.Withdrawn {
		say("withdrawn", "no longer lent")
	}
	for _, note := range m.Notes {
		say("mended", note)
	}
	return b.String(), nil
}

package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/ingest"
	"lidwoord/samples"
)

// Of thousands of files one wants to know what is wrong with most of them.
func TestAnImportCountsTheReasonsOfItsRefusals(t *testing.T) {
	var remarks []ingest.Remark
	for i := range 30 {
		reason := "This file is not an e-book: it is empty"
		if i%3 == 0 {
			reason = "This book is encrypted"
		}
		remarks = append(remarks, ingest.Remark{Path: fmt.Sprint(i, ".epub"), Outcome: ingest.Refused, Text: reason})
	}
	var said strings.Builder
	tellTitles(&said, ingest.Tally{Total: 30, Done: 30, Refused: 30}, remarks)
	if want := "… and 10 more; -report FILE has them all\n    20 ×  This file is not an e-book\n    10 ×  This book is encrypted\n30 of 30:"; !strings.Contains(said.String(), want) {
		t.Errorf("said:\n%s", said.String())
	}
}

func TestTitlesComeInByCommand(t *testing.T) {
	databases := map[string]func(*testing.T) string{"sqlite": func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "lidwoord.db") }}
	if os.Getenv(sqldbtest.Postgres) != "" {
		databases["postgres"] = func(t *testing.T) string { return sqldbtest.PostgresURL(t) }
	}
	for engine, database := range databases {
		t.Run(engine, func(t *testing.T) {
			config := library(t, database(t), "127.0.0.1:1", "127.0.0.1:1")
			log := slog.New(slog.DiscardHandler)
			command := func(word string, args ...string) error {
				return run(t.Context(), log, append([]string{"titles", word, "-config", config}, args...))
			}
			folder, report := t.TempDir(), filepath.Join(t.TempDir(), "report.csv")
			books, err := samples.Books()
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range books {
				write(t, filepath.Join(folder, b.Name), string(b.EPUB))
			}
			write(t, filepath.Join(folder, "=1+1.epub"), "geen boek")
			for range 2 { // the second time nothing is read, and the report is the same for what was refused
				if err := command("import", "-report", report, folder); err != nil {
					t.Fatal(err)
				}
				text, err := os.ReadFile(report)
				if err != nil || !strings.Contains(string(text), "refused,,,This file is not an e-book that we can read: ") || strings.Count(string(text), "\n") != len(books)+2 {
					t.Errorf("%v, report:\n%s", err, text)
				}
			}
			c, err := readConfig("test", []string{"-config", config}, nil)
			if err != nil {
				t.Fatal(err)
			}
			db, err := openDatabase(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			pluis := func() (found catalogue.Title) {
				t.Helper()
				err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
					list, _, err := catalogue.Search(tx, catalogue.Query{Text: "pluis"})
					if err != nil || len(list) != 1 {
						t.Fatalf("%d titles, %v", len(list), err)
					}
					found = list[0]
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				return found
			}
			id := pluis().ID
			for _, words := range [][]string{{"list", "pluis"}, {"show", id}, {"withdraw", id}} {
				if err := command(words[0], words[1:]...); err != nil {
					t.Errorf("%v: %v", words, err)
				}
			}
			if !pluis().Withdrawn {
				t.Error("the title is still lent")
			}
			if err := command("import", "-again", folder); err != nil || !pluis().Withdrawn {
				t.Errorf("%v; reading a file again put a withdrawn title back", err)
			}
			if err := command("put-back", id); err != nil || pluis().Withdrawn {
				t.Errorf("the title did not come back: %v", err)
			}
			for _, words := range [][]string{{"show", "nope"}, {"withdraw"}, {"import"}, {"import", filepath.Join(folder, "=1+1.epub")}, {"import", filepath.Join(folder, "weg.epub")}} {
				if err := command(words[0], words[1:]...); err == nil {
					t.Errorf("%v went well", words)
				}
			}
			for name, c := range map[string]struct{ report, titles, want string }{
				"no folder for the report": {filepath.Join(folder, "weg", "r.csv"), "", "the report cannot be written"},
				"no folder for the titles": {"", filepath.Join(folder, "=1+1.epub", "titels"), "nothing can be written in the folder of the titles"},
			} {
				args := []string{folder}
				if c.report != "" {
					args = append([]string{"-report", c.report}, args...)
				}
				other := config
				if c.titles != "" {
					text, err := os.ReadFile(config)
					if err != nil {
						t.Fatal(err)
					}
					lines := regexp.MustCompile(`(?m)^titles\s*=.*$`).ReplaceAllString(string(text), fmt.Sprintf("titles = %q", c.titles))
					other = filepath.Join(filepath.Dir(config), "other.toml")
					write(t, other, lines)
				}
				if err := run(t.Context(), log, append([]string{"titles", "import", "-config", other}, args...)); err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%s: %v", name, err)
				}
			}
			stopped, stop := context.WithCancel(t.Context())
			stop()
			if err := run(stopped, log, []string{"titles", "import", "-config", config, folder}); err == nil {
				t.Error("an import that was stopped says that it is done")
			}
		})
	}
}

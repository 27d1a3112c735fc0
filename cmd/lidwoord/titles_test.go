package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/reading/catalogue"
	"lidwoord/samples"
)

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
			stopped, stop := context.WithCancel(t.Context())
			stop()
			if err := run(stopped, log, []string{"titles", "import", "-config", config, folder}); err == nil {
				t.Error("an import that was stopped says that it is done")
			}
		})
	}
}

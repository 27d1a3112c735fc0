package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lidwoord/base/password"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/account"
	"lidwoord/identity/intake"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
)

// An administrator tries a file, takes it over, and finds every account at its
// customer.
func TestTheAccountsOfAnotherSystemComeInByOneCommand(t *testing.T) {
	databases := map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "lidwoord.db") },
		"postgres": func(t *testing.T) string { return sqldbtest.PostgresURL(t) },
	}
	for engine, database := range databases {
		t.Run(engine, func(t *testing.T) {
			config := library(t, database(t), "127.0.0.1:1", "127.0.0.1:1")
			log := slog.New(slog.DiscardHandler)
			command := func(args ...string) error {
				return run(t.Context(), log, append(args[:1:1], append([]string{"-config", config}, args[1:]...)...))
			}
			if err := command("library", "-file", filepath.Join(filepath.Dir(config), "bind.toml")); err != nil {
				t.Fatal(err)
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
			var zoe customer.Customer
			err = db.InTx(t.Context(), func(tx *sqldb.Tx) error {
				o, err := branch.FindOrganisation(tx, "bind")
				if err != nil {
					return err
				}
				b, err := branch.ByCode(tx, o.ID, "5280")
				if err != nil {
					return err
				}
				zoe, err = customer.Register(tx, customer.New{OrganisationID: o.ID, BranchID: b.ID, By: customer.By{Actor: "loader"}, Person: customer.Person{
					LastName: "Maas", Initials: "Z.", Birth: "1991-01-04",
					Address: customer.Address{Country: "NL", Postcode: "9468BG", Number: 41, Street: "Kruisstraat", Place: "Annen"},
				}})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			file, report := filepath.Join(t.TempDir(), "accounts.csv"), filepath.Join(t.TempDir(), "refused.csv")
			text := "username,email,password_hash,number,activated\n" +
				zoe.Number + ",zoe@example.nl,$2b$05$abcdefghijklmnopqrstuu.tbvpCGxSm0OjnosOXVVK0menJdesaS," + zoe.Number + ",yes\n" +
				"piet.maas,piet@example.nl,5f4dcc3b5aa765d61d8327deb882cf99,,yes\n" +
				"joop.maas,joop@example.nl,," + zoe.Number + ",yes\n"
			write(t, file, text)
			for _, dry := range []bool{true, false} {
				args := []string{"accounts", "-file", file, "-report", report}
				if dry {
					args = append(args, "-dry-run")
				}
				if err := command(args...); err != nil {
					t.Fatal(err)
				}
				f, err := os.Open(report)
				if err != nil {
					t.Fatal(err)
				}
				lines, err := csv.NewReader(f).ReadAll()
				f.Close()
				if err != nil {
					t.Fatal(err)
				}
				want := []string{"line outcome", "3 refused", "4 taken, not linked"}
				if dry {
					want[2] = "4 would be taken, not linked"
				}
				if lines[0][2] != "code" || lines[2][2] != "intake.other_account" {
					t.Errorf("dry %v: codes %q", dry, lines)
				}
				var got []string
				for _, l := range lines {
					got = append(got, l[0]+" "+l[1])
					if strings.Contains(l[3], "5f4dcc") || strings.Contains(l[3], "intake.") || strings.Contains(l[3], "password.") {
						t.Errorf("the report says %q", l[3])
					}
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("dry %v: report %q, want %q", dry, got, want)
				}
				_, err = account.SignIn(t.Context(), db, account.Attempt{Username: zoe.Number, Password: "paarse fiets", Network: fmt.Sprint(dry)}, func(tx *sqldb.Tx, acc account.Account) error {
					list, err := customer.FindByAccount(tx, acc.ID)
					if err != nil || len(list) != 1 || list[0].ID != zoe.ID {
						t.Errorf("the account of %v is linked to %v, %v", acc, list, err)
					}
					return err
				})
				if dry != errors.Is(err, account.ErrSignIn) || !dry && err != nil {
					t.Errorf("dry %v: sign-in %v", dry, err)
				}
			}
			if info, err := os.Stat(report); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the report is %v, %v", info.Mode(), err)
			}
			write(t, file, "username,email\nzo\xeb,zoe@example.nl\n")
			if err := command("accounts", "-file", file); err == nil || !strings.Contains(explain(err), "Windows-1252") {
				t.Errorf("a file in Latin-1: %v", err)
			}
		})
	}
}

func TestTheBarSaysHowFarAndHowLong(t *testing.T) {
	p := progress{first: 1000}
	got := p.line(step{total: 100_000, done: 51_000, more: "7 refused"}, 10*time.Second)
	if want := "[##########----------]  51 %  51000 of 100000  5000/s  10s to go  7 refused"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := p.line(step{total: 100_000, done: 1000}, 0), "[--------------------]   1 %  1000 of 100000"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A server that runs while accounts come in must not tell their names by the
// clock from then on.
func TestARunningServerLearnsWhatForeignHashesCost(t *testing.T) {
	t.Cleanup(func() { password.Pace(0) })
	db := sqldbtest.New(t)
	f, err := intake.Open(strings.NewReader("username,email,password_hash,activated\nzoe.maas,zoe@example.nl,$2b$10$abcdefghijklmnopqrstuu.tbvpCGxSm0OjnosOXVVK0menJdesaS,yes\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (intake.Intake{DB: db, File: f, Say: error.Error}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { keepPace(ctx, slog.New(slog.DiscardHandler), db); close(done) }()
	for began := time.Now(); password.PaceNow() == 0; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > startTime {
			t.Fatal("nothing was measured")
		}
	}
	stop()
	<-done
	least := password.PaceNow()
	synctest.Test(t, func(t *testing.T) { // where only waiting takes time
		start := time.Now()
		if _, _, err := password.Verify(t.Context(), "", "groene fiets"); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != least {
			t.Errorf("an unknown name is answered after %v, want %v", took, least)
		}
	})
}

package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"

	"lidwoord/base/password"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/staff"
)

// addStaff is the command "staff". Without -password-stdin it makes a password
// and prints it once: a password on the command line would stand in the list of
// processes and in the shell's history.
func addStaff(ctx context.Context, log *slog.Logger, args []string) error {
	var username, name, role, code, slug string
	var fromInput, reset bool
	c, err := readConfig("staff", args, func(set *flag.FlagSet) {
		set.StringVar(&username, "username", "", "name to sign in with")
		set.StringVar(&name, "name", "", "name on the screen")
		set.StringVar(&role, "role", string(staff.Desk), "balie, financieel or beheer")
		set.StringVar(&code, "branch", "", "code of the only branch where this role counts; every branch when empty")
		set.StringVar(&slug, "library", "", "short name of the library; may be left out when there is one")
		set.BoolVar(&reset, "reset-factor", false, "only take away the app with codes, the passkeys and the recovery codes of -username, who lost them")
		set.BoolVar(&fromInput, "password-stdin", false, "read the password from the first line of the input")
	})
	if err != nil {
		return err
	}
	if reset {
		return resetFactor(ctx, c, username, slug)
	}
	plain := string(secret.NewToken())
	if fromInput {
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) { // a last line may lack its end
			return err
		}
		if plain = strings.TrimRight(line, "\r\n"); plain == "" {
			return errors.New("staff: the first line of the input is empty; it should be the password")
		}
		if err := password.Check(plain, username, name); err != nil {
			return fmt.Errorf("staff: this password is too easy: %w", err)
		}
	}
	db, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	var w staff.Worker
	err = db.InTx(ctx, func(tx *sqldb.Tx) error {
		o, err := theLibrary(tx, slug)
		if err != nil {
			return err
		}
		post := staff.Post{Role: staff.Role(role)}
		if code != "" {
			b, err := branch.ByCode(tx, o.ID, code)
			if err != nil {
				return err
			}
			post.BranchID = b.ID
		}
		w, _, err = staff.Save(tx, staff.Worker{OrganisationID: o.ID, Username: username, Name: name, Posts: []staff.Post{post}, Active: true})
		return err
	})
	if err != nil {
		return fmt.Errorf("staff: %w", err)
	}
	if err := staff.SetPassword(ctx, db, w.ID, plain, "command"); err != nil {
		return err
	}
	if fromInput {
		fmt.Printf("%s can sign in.\n", w.Username)
	} else {
		fmt.Printf("%s can sign in with password %s\n", w.Username, plain)
	}
	return nil
}

// resetFactor lets somebody begin anew who lost every second step. It is the way back
// of the only manager: all others ask a manager.
func resetFactor(ctx context.Context, c Config, username, slug string) error {
	db, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	err = db.InTx(ctx, func(tx *sqldb.Tx) error {
		o, err := theLibrary(tx, slug)
		if err != nil {
			return err
		}
		list, err := staff.List(tx, o.ID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(w staff.Worker) bool { return strings.EqualFold(w.Username, username) })
		if i < 0 {
			return staff.ErrUnknown
		}
		return staff.ResetFactor(tx, list[i].ID, "command")
	})
	if err != nil {
		return fmt.Errorf("staff: %w", err)
	}
	fmt.Printf("%s signs in with the password alone, and is asked to set up a new second step at Beheer.\n", username)
	return nil
}

// theLibrary finds a library by its short name, or the only one there is.
func theLibrary(tx *sqldb.Tx, slug string) (branch.Organisation, error) {
	if slug != "" {
		return branch.FindOrganisation(tx, slug)
	}
	list, err := branch.Organisations(tx)
	switch {
	case err != nil:
		return branch.Organisation{}, err
	case len(list) == 0:
		return branch.Organisation{}, errors.New("there is no library yet; load one with: lidwoord library -file FILE")
	case len(list) > 1:
		return branch.Organisation{}, errors.New("there are several libraries; name one with -library")
	}
	return list[0], nil
}

package main

import (
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"lidwoord/base/password"
	"lidwoord/base/sqldb"
	"lidwoord/identity/intake"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
)

// takeAccounts is the command "accounts": it takes over the login accounts of
// another system from a file. docs/importing.md tells what the file looks like.
func takeAccounts(ctx context.Context, log *slog.Logger, args []string) error {
	var file, report, slug string
	var dry bool
	c, err := readConfig("accounts", args, func(set *flag.FlagSet) {
		set.StringVar(&file, "file", "", "CSV file with the accounts; docs/importing.md tells what is in it")
		set.StringVar(&report, "report", "", "file for the lines that were refused, and why")
		set.StringVar(&slug, "library", "", "short name of the library whose accounts they are; may be left out when there is one")
		set.BoolVar(&dry, "dry-run", false, "say what would be done, and change nothing")
	})
	if err != nil {
		return err
	}
	if file == "" {
		return errors.New("accounts: name the -file with the accounts")
	}
	from, err := os.Open(file)
	if err != nil {
		return err
	}
	defer from.Close()
	accounts, err := intake.Open(from)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	db, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	var o branch.Organisation
	if err := db.Read(ctx, func(tx *sqldb.Tx) error { o, err = theLibrary(tx, slug); return err }); err != nil {
		return err
	}
	bar := &progress{to: os.Stderr}
	in := intake.Intake{DB: db, File: accounts, Library: o.Name, Link: customerLink(o.ID), Free: freeCustomer(o.ID), Say: explain, Moved: func(t intake.Tally) { bar.show(step{t.Done, t.Total, ""}) }}
	var t intake.Tally
	var remarks []intake.Remark
	if dry {
		t, remarks, err = in.Try(ctx)
	} else {
		t, err = in.Run(ctx)
		// Also after a run that stopped: what was found so far is worth reading.
		var again error
		remarks, again = in.Remarks(context.WithoutCancel(ctx))
		err = errors.Join(err, again)
	}
	bar.end()
	if report != "" {
		err = errors.Join(err, writeRemarks(report, remarks, takenWord(dry)))
	}
	tell(t, dry)
	if err != nil && t.Done < t.Total {
		return fmt.Errorf("accounts: stopped after %d of %d; the same command goes on there: %w", t.Done, t.Total, err)
	}
	return err
}

// customerLink gives an account to the customer of a library who has a number.
func customerLink(organisationID string) func(*sqldb.Tx, string, string) error {
	free := freeCustomer(organisationID)
	return func(tx *sqldb.Tx, text, accountID string) error {
		id, err := free(tx, text)
		if err != nil {
			return err
		}
		return customer.SetLink(tx, id, accountID, customer.LinkExisting, customer.By{Actor: "loader"})
	}
}

// freeCustomer finds the customer of a library who has a number and no account.
func freeCustomer(organisationID string) func(*sqldb.Tx, string) (string, error) {
	return func(tx *sqldb.Tx, text string) (string, error) {
		number, err := customer.ReadNumber(text)
		if err != nil {
			return "", intake.ErrNoCustomer
		}
		c, err := customer.FindByNumber(tx, number)
		switch {
		case errors.Is(err, customer.ErrUnknown):
			return "", intake.ErrNoCustomer
		case err != nil:
			return "", err
		case c.OrganisationID != organisationID || c.Number != number:
			return "", intake.ErrNoCustomer // somebody else's, or a number of the past
		case c.Link.AccountID != "":
			return "", intake.ErrOtherAccount
		}
		return c.ID, nil
	}
}

// tell says what was done.
func tell(t intake.Tally, dry bool) {
	done := "taken over"
	if dry {
		done = "would be taken over"
	}
	switch {
	case t.Earlier == t.Total && t.Total > 0:
		fmt.Println("This file was taken over before; nothing was changed. What was done then:")
	case t.Earlier > 0:
		fmt.Printf("%d lines were done by an earlier command. Together:\n", t.Earlier)
	}
	fmt.Printf("%d of %d lines: %d %s, %d here already, %d refused\n", t.Done, t.Total, t.Taken, done, t.Present, t.Refused)
	if t.Waiting > 0 {
		fmt.Printf("%d of them wait: their address was not confirmed\n", t.Waiting)
	}
	if t.Unhashed > 0 {
		fmt.Printf("%d of them have no password yet: their owners use \"Wachtwoord vergeten?\"\n", t.Unhashed)
	}
	if t.Linked > 0 {
		linked := "are"
		if dry {
			linked = "would be"
		}
		fmt.Printf("%d of them %s linked to a customer\n", t.Linked, linked)
	}
}

// takenWord says in the report of an account that it was taken, or would be.
func takenWord(dry bool) string {
	if dry {
		return "would be taken"
	}
	return "taken"
}

// writeRemarks writes the report. It is for the administrator only: the lines lead
// to people.
func writeRemarks(path string, list []intake.Remark, taken string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".report")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // when it did not get its name
	w := csv.NewWriter(f)
	w.Write([]string{"line", "outcome", "code", "reason"})
	for _, r := range list {
		outcome := "refused"
		if r.Taken {
			outcome = taken + ", not linked"
		}
		w.Write([]string{strconv.Itoa(r.Line), outcome, r.Code, r.Reason})
	}
	w.Flush()
	if err := errors.Join(w.Error(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// How wrong passwords are kept from telling who comes from another system; see
// password.Pace.
const (
	lookForShapes = time.Minute     // after an import a running server needs no restart
	mostPace      = 2 * time.Second // nobody waits longer for a wrong answer
)

// keepPace measures the foreign hashes of the database, each kind once, and lets
// wrong answers take what the dearest took.
func keepPace(ctx context.Context, log *slog.Logger, db *sqldb.DB) {
	measured := map[string]bool{}
	var dearest time.Duration
	for {
		var shapes []string
		err := db.Read(ctx, func(tx *sqldb.Tx) (err error) { shapes, err = intake.Shapes(tx); return err })
		for _, shape := range shapes {
			if measured[shape] {
				continue
			}
			start := time.Now()
			password.Pace(0)
			_, _, failed := password.Verify(ctx, shape, "measure")
			if failed == nil {
				// Half as much again, because the machine is busier at other times.
				measured[shape], dearest = true, min(mostPace, max(dearest, time.Since(start)*3/2))
			}
			password.Pace(dearest)
			err = errors.Join(err, failed)
		}
		if err != nil && ctx.Err() == nil {
			log.Error("the hashes of other systems could not be measured", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookForShapes):
		}
	}
}

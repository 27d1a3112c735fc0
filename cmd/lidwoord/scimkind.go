package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"

	"lidwoord/base/sqldb"
	"lidwoord/identity/provision"
)

// scimKind is the command "scim-kind".
func scimKind(ctx context.Context, log *slog.Logger, args []string) error {
	var k provision.Kind
	var rights string
	var withdrawn, list bool
	c, err := readConfig("scim-kind", args, func(set *flag.FlagSet) {
		set.StringVar(&k.Organisation, "organisation", "", "short name of the library organisation that offers it")
		set.StringVar(&k.Code, "code", "", "the kind as its library system writes it in \"type\"; a code that is known is changed")
		set.StringVar(&k.NameNL, "name", "", "its name in Dutch, as people read it")
		set.StringVar(&k.NameEN, "name-en", "", "its name in English; the Dutch one when it is left out")
		set.StringVar(&rights, "rights", "", "what it opens, with commas: digital, digital-youth, physical")
		set.BoolVar(&withdrawn, "withdrawn", false, "nobody gets it any more; who has it keeps it")
		set.BoolVar(&list, "list", false, "list all kinds, or those of -organisation")
	})
	if err != nil {
		return err
	}
	if list == (k.Code != "") {
		return errors.New("scim-kind: say -code CODE or -list")
	}
	db, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	if list {
		err = listKinds(ctx, db, k.Organisation)
	} else {
		k.Rights, k.Offered = strings.FieldsFunc(rights, func(r rune) bool { return r == ',' || r == ' ' }), !withdrawn
		err = db.InTx(ctx, func(tx *sqldb.Tx) error { return provision.SaveKind(tx, commandActor, k) })
	}
	if err != nil {
		return fmt.Errorf("scim-kind: %w", err)
	}
	if !list {
		fmt.Printf("Kept: %s of %s.\n", k.Code, k.Organisation)
	}
	return nil
}

func listKinds(ctx context.Context, db *sqldb.DB, slug string) error {
	return db.Read(ctx, func(tx *sqldb.Tx) error {
		kinds, err := provision.Kinds(tx, slug)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ORGANISATION\tCODE\tNAME\tRIGHTS\tSTATE")
		for _, k := range kinds {
			state := "offered"
			if !k.Offered {
				state = "withdrawn"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", k.Organisation, k.Code, k.NameNL, strings.Join(k.Rights, ","), state)
		}
		return w.Flush()
	})
}

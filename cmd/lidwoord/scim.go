package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/identity/provision"
	"lidwoord/library/branch"
	"lidwoord/web/kit"
	"lidwoord/web/scim"
)

// scim is the door for other library systems.
func (h *house) scim(common *kit.House) http.Handler {
	return scim.New(common, provision.Provisioner{Accounts: h.accounts}).Handler()
}

// scimToken is the command "scim-token".
func scimToken(ctx context.Context, log *slog.Logger, args []string) error {
	var name, slug, library, scopes, revoke string
	var days int
	var list bool
	c, err := readConfig("scim-token", args, func(set *flag.FlagSet) {
		set.StringVar(&name, "new", "", "make a token for the program of this name, such as \"Wise\"")
		set.StringVar(&slug, "organisation", "", "short name of the library organisation whose program it is")
		set.StringVar(&library, "name", "", "its name as its customers read it in letters; may be left out when we know it")
		set.StringVar(&scopes, "scopes", strings.Join(provision.Scopes, ","), "what the token may do, with commas")
		set.IntVar(&days, "days", int(provision.TokenLife.Hours()/24), "how many days it lives")
		set.BoolVar(&list, "list", false, "list all tokens")
		set.StringVar(&revoke, "revoke", "", "end the token with this ID at once")
	})
	if err != nil {
		return err
	}
	if list && (name != "" || revoke != "") || name != "" && revoke != "" || !list && name == "" && revoke == "" {
		return errors.New("scim-token: say -new NAME, -list or -revoke ID")
	}
	db, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	switch {
	case list:
		err = listTokens(ctx, db)
	case revoke != "":
		if err = db.InTx(ctx, func(tx *sqldb.Tx) error { return provision.Revoke(tx, commandActor, revoke) }); err == nil {
			fmt.Println("The token no longer works.")
		}
	default:
		life := time.Duration(days) * 24 * time.Hour
		err = db.InTx(ctx, func(tx *sqldb.Tx) error {
			if err := knowOrganisation(tx, slug, library); err != nil {
				return err
			}
			token, b, err := provision.Issue(tx, commandActor, provision.Order{Organisation: slug, Name: name, Life: life,
				Scopes: strings.FieldsFunc(scopes, func(r rune) bool { return r == ',' || r == ' ' })})
			if err == nil {
				tx.After(func() {
					fmt.Printf("Token %s of %s, until %s. It is shown this once:\n%s\n", b.ID, b.Library, day.Of(b.ExpiresAt), token)
				})
			}
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("scim-token: %w", err)
	}
	return nil
}

// knowOrganisation keeps the name of an organisation: the one that is given, else
// the one that we know, also when it is a library of ours.
func knowOrganisation(tx *sqldb.Tx, slug, name string) error {
	if name == "" {
		_, err := provision.Organisation(tx, slug)
		if !errors.Is(err, provision.ErrNoOrganisation) {
			return err
		}
		o, missing := branch.FindOrganisation(tx, slug)
		if errors.Is(missing, branch.ErrNoLibrary) {
			return err
		}
		if missing != nil {
			return missing
		}
		name = o.Name
	}
	return provision.SaveOrganisation(tx, slug, name)
}

func listTokens(ctx context.Context, db *sqldb.DB) error {
	return db.Read(ctx, func(tx *sqldb.Tx) error {
		tokens, err := provision.Bearers(tx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tORGANISATION\tPROGRAM\tSCOPES\tUNTIL\tLAST USED\tSTATE")
		for _, b := range tokens {
			state := "works"
			switch {
			case !b.RevokedAt.IsZero():
				state = "revoked " + string(day.Of(b.RevokedAt))
			case !b.ExpiresAt.After(tx.Now):
				state = "expired"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", b.ID, b.Organisation, b.Name, strings.Join(b.Scopes, ","), day.Of(b.ExpiresAt), b.UsedOn, state)
		}
		return w.Flush()
	})
}

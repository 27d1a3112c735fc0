package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"lidwoord/adapter/backchannel"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/identity/signon"
)

// clientFile is a site as the administrator writes it down; docs/signon.md
// explains each line.
type clientFile struct {
	ID          string   `toml:"id"`
	Name        string   `toml:"name"`
	Own         bool     `toml:"own"`    // of the library itself: asks no consent
	Method      string   `toml:"method"` // client_secret, private_key_jwt or none
	KeysFile    string   `toml:"keys_file"`
	KeysURI     string   `toml:"jwks_uri"` // where it publishes its keys, instead of keys_file
	Redirects   []string `toml:"redirects"`
	Logouts     []string `toml:"logouts"`
	Origins     []string `toml:"origins"`
	Scopes      []string `toml:"scopes"`
	Algorithm   string   `toml:"algorithm"`
	Initiate    string   `toml:"initiate"`
	Sector      string   `toml:"sector"`
	PushedOnly  bool     `toml:"pushed_only"`
	Introspects bool     `toml:"introspects"`
	SignedOut   string   `toml:"signed_out"`
	Lasting     bool     `toml:"lasting"` // an app: offline_access outlives the session
}

// readClient reads the file of a site, and the file of its keys beside it.
func readClient(file string) (signon.Listed, error) {
	var f clientFile
	meta, err := toml.DecodeFile(file, &f)
	if err != nil {
		return signon.Listed{}, fmt.Errorf("%s: %w", file, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return signon.Listed{}, fmt.Errorf("%s: %s is no setting of a site", file, unknown[0])
	}
	l := signon.Listed{Method: f.Method, Client: signon.Client{
		ID: f.ID, Name: f.Name, Own: f.Own, Redirects: f.Redirects, Logouts: f.Logouts, Origins: f.Origins, Scopes: f.Scopes,
		Algorithm: f.Algorithm, Initiate: f.Initiate, Sector: f.Sector, PushedOnly: f.PushedOnly, Introspects: f.Introspects, SignedOut: f.SignedOut, Lasting: f.Lasting,
	}}
	switch f.Method {
	case "":
		l.Method = signon.BySecret
	case signon.BySecret, signon.BySigning, signon.ByNothing:
	default:
		return signon.Listed{}, fmt.Errorf("%s: method is %s, %s or %s", file, signon.BySecret, signon.BySigning, signon.ByNothing)
	}
	if f.KeysFile != "" && f.KeysURI != "" {
		return signon.Listed{}, fmt.Errorf("%s: give keys_file or jwks_uri", file)
	}
	l.Keys = f.KeysURI
	if f.KeysFile != "" {
		path := f.KeysFile
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(file), path)
		}
		keys, err := os.ReadFile(path)
		if err != nil {
			return signon.Listed{}, err
		}
		l.Keys = string(keys)
	}
	return l, nil
}

// commandActor is who did it, in the audit trail, when a command did.
const commandActor = "command"

// manageClients is the command "client". A secret is printed once, here: only its
// digest is kept.
func manageClients(ctx context.Context, log *slog.Logger, args []string) error {
	var list bool
	var file, remove, renew string
	var overlap time.Duration
	c, err := readConfig("client", args, func(set *flag.FlagSet) {
		set.BoolVar(&list, "list", false, "list the sites that may ask who somebody is")
		set.StringVar(&file, "file", "", "add or change the site of this file (TOML)")
		set.StringVar(&remove, "remove", "", "remove the site with this id")
		set.StringVar(&renew, "new-secret", "", "make a new secret for the site with this id")
		set.DurationVar(&overlap, "overlap", signon.SecretOverlap, "how long the secret from before works beside a new one; 0 ends it at once")
	})
	if err != nil {
		return err
	}
	if chosen := fmt.Sprint(list, file != "", remove != "", renew != ""); strings.Count(chosen, "true") != 1 {
		return errors.New("client: give one of -list, -file, -remove or -new-secret")
	}
	db, p, err := openProvider(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	switch {
	case list:
		return printClients(ctx, db, p)
	case file != "":
		return saveClient(ctx, db, p, file)
	case remove != "":
		err := db.InTx(ctx, func(tx *sqldb.Tx) error { return p.RemoveClient(tx, commandActor, remove) })
		if err == nil {
			fmt.Printf("%s is removed\n", remove)
		}
		return err
	}
	var made secret.Token
	err = db.InTx(ctx, func(tx *sqldb.Tx) error {
		made, err = p.NewSecret(tx, commandActor, renew, overlap)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Printf("%s has a new secret, shown this once: %s\n", renew, string(made))
	if overlap > 0 {
		fmt.Printf("the one from before works until %s\n", db.Now().Add(overlap).Format(time.DateTime))
	}
	return nil
}

func saveClient(ctx context.Context, db *sqldb.DB, p *signon.Provider, file string) error {
	l, err := readClient(file)
	if err != nil {
		return err
	}
	var made secret.Token
	err = db.InTx(ctx, func(tx *sqldb.Tx) error {
		made, err = p.SaveClient(tx, commandActor, l)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	fmt.Printf("%s may ask who somebody is, at %s\n", l.ID, p.Issuer)
	if strings.HasPrefix(p.Issuer, "http://") {
		fmt.Println("this is a trial without https: a real installation takes http only for an app on the reader's own computer")
	}
	if made != "" {
		fmt.Printf("its secret, shown this once: %s\n", string(made))
	}
	return nil
}

func printClients(ctx context.Context, db *sqldb.DB, p *signon.Provider) error {
	var list []signon.Listed
	err := db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		list, err = p.Clients(tx)
		return err
	})
	for _, l := range list {
		whose := "of others, asks consent"
		if l.Own {
			whose = "the library's own"
		}
		fmt.Printf("%s\n  %s; %s; %s; scopes %s\n", l.ID, l.Name, whose, l.Method, strings.Join(l.Scopes, " "))
		if strings.HasPrefix(l.Keys, "http") {
			fmt.Printf("  publishes its keys at %s\n", l.Keys)
		}
		for _, uri := range l.Redirects {
			fmt.Printf("  goes back to %s\n", uri)
		}
		if !l.OldUntil.IsZero() && l.OldUntil.After(db.Now()) {
			fmt.Printf("  its secret from before works until %s\n", l.OldUntil.Format(time.DateTime))
		}
	}
	return err
}

// manageKeys is the command "keys".
func manageKeys(ctx context.Context, log *slog.Logger, args []string) error {
	var now bool
	c, err := readConfig("keys", args, func(set *flag.FlagSet) {
		set.BoolVar(&now, "rotate-now", false, "a key leaked: drop all signing keys and sign with new ones from this moment")
	})
	if err != nil {
		return err
	}
	if !now {
		return errors.New("keys: signing keys change by themselves every three months; -rotate-now drops them at once, after a leak")
	}
	db, p, err := openProvider(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.InTx(ctx, func(tx *sqldb.Tx) error { return p.ReplaceKeys(tx, commandActor) }); err != nil {
		return err
	}
	fmt.Println("new keys sign from now on; what the old ones signed is not believed any longer")
	return nil
}

// openProvider opens the database and the sign-on of a configuration, without the
// rest of the house.
func openProvider(ctx context.Context, c Config) (*sqldb.DB, *signon.Provider, error) {
	doors, err := c.doors()
	if err != nil {
		return nil, nil, err
	}
	db, err := openDatabase(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	return db, &signon.Provider{Issuer: doors.OIDC.String(), Box: db.Box, Reaches: backchannel.Outside}, nil
}

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"

	"github.com/BurntSushi/toml"

	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/membership"
)

// libraryFile is a library as its administrator writes it down; bind.toml is one.
type libraryFile struct {
	Organisation struct {
		Slug   string `toml:"slug"`
		Name   string `toml:"name"`
		Email  string `toml:"email"`
		Phone  string `toml:"phone"`
		Site   string `toml:"site"`
		Colour string `toml:"colour"`
		Ink    string `toml:"ink"`

		Address  string `toml:"address"`
		Register string `toml:"register"`
	} `toml:"organisation"`
	Branches    []branchLine     `toml:"branch"`
	Reserve     numberLine       `toml:"reserve"`
	Memberships []membershipLine `toml:"membership"`
}

type numberLine struct {
	Label string `toml:"label"` // the branch's code when empty
	First int64  `toml:"first"`
	Last  int64  `toml:"last"`
}

type branchLine struct {
	Code         string `toml:"code"`
	Name         string `toml:"name"`
	Place        string `toml:"place"`
	Closed       bool   `toml:"closed"`
	NeedIdentity bool   `toml:"need_identity"`
	PayAtDesk    bool   `toml:"pay_at_desk"` // nobody leaves owing
	Online       bool   `toml:"online"`      // takes in who enrols on the web and lives near no branch
	numberLine
}

type membershipLine struct {
	Code               string   `toml:"code"`
	Name               string   `toml:"name"`
	NameEN             string   `toml:"name_en"`
	About              string   `toml:"about"`
	AboutEN            string   `toml:"about_en"`
	Kind               string   `toml:"kind"`
	Price              int64    `toml:"price"`
	Term               int      `toml:"term"`
	Rights             []string `toml:"rights"`
	Channels           []string `toml:"channels"`
	MinAge             int      `toml:"min_age"`
	MaxAge             int      `toml:"max_age"`
	Discount           int64    `toml:"discount"`
	DiscountThroughAge int      `toml:"discount_through_age"`
	Branches           []string `toml:"branches"`
	Withdrawn          bool     `toml:"withdrawn"`
}

func readLibrary(text string) (libraryFile, error) {
	var f libraryFile
	meta, err := toml.Decode(text, &f)
	if err != nil {
		return f, err
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return f, fmt.Errorf("%s is nothing that a library has", unknown[0])
	}
	return f, nil
}

// save brings the library up to date; saving the same file again changes nothing.
func (f libraryFile) save(tx *sqldb.Tx) (branch.Organisation, error) {
	o, err := branch.SaveOrganisation(tx, branch.Organisation{
		Slug: f.Organisation.Slug, Name: f.Organisation.Name, Email: f.Organisation.Email, Phone: f.Organisation.Phone,
		Site: f.Organisation.Site, Colour: f.Organisation.Colour, Ink: f.Organisation.Ink,
		Address: f.Organisation.Address, Register: f.Organisation.Register,
	})
	if err != nil {
		return o, fmt.Errorf("organisation: %w", err)
	}
	for _, line := range f.Branches {
		b, err := branch.Save(tx, branch.Branch{
			OrganisationID: o.ID, Code: line.Code, Name: line.Name, Place: line.Place, Enrols: !line.Closed,
			Choices: branch.Choices{NeedIdentity: line.NeedIdentity, NoAccount: line.PayAtDesk, Online: line.Online},
		})
		if err != nil {
			return o, fmt.Errorf("branch %s: %w", line.Code, err)
		}
		if line.Label == "" {
			line.Label = line.Code
		}
		if err := line.numberLine.save(tx, o.ID, b.ID); err != nil {
			return o, fmt.Errorf("numbers of branch %s: %w", line.Code, err)
		}
	}
	if f.Reserve.Label != "" {
		if err := f.Reserve.save(tx, o.ID, ""); err != nil {
			return o, fmt.Errorf("reserve numbers: %w", err)
		}
	}
	for _, line := range f.Memberships {
		d, err := line.definition(o.ID)
		if err == nil {
			err = membership.SaveDefinition(tx, d)
		}
		if err != nil {
			return o, fmt.Errorf("membership %s: %w", line.Code, err)
		}
	}
	return o, nil
}

func (n numberLine) save(tx *sqldb.Tx, organisationID, branchID string) error {
	if n.First == 0 {
		n.First = 1
	}
	if n.Last == 0 {
		n.Last = customer.SerialMost
	}
	_, err := customer.SaveRange(tx, customer.Range{OrganisationID: organisationID, BranchID: branchID, Label: n.Label, First: n.First, Last: n.Last, Next: n.First})
	return err
}

func (m membershipLine) definition(organisationID string) (membership.Definition, error) {
	d := membership.Definition{
		OrganisationID: organisationID, Code: m.Code, NameNL: m.Name, NameEN: m.NameEN, AboutNL: m.About, AboutEN: m.AboutEN,
		Price: money.Cents(m.Price), Term: m.Term, MinAge: m.MinAge, MaxAge: m.MaxAge,
		Discount: money.Cents(m.Discount), DiscountThroughAge: m.DiscountThroughAge, Branches: m.Branches, Active: !m.Withdrawn,
	}
	switch m.Kind {
	case "vast":
		d.Kind = membership.Fixed
	case "tijdelijk":
		d.Kind = membership.Temporary
	default:
		return d, fmt.Errorf("kind is %q; choose vast or tijdelijk", m.Kind)
	}
	for _, right := range m.Rights {
		switch right {
		case "digitaal":
			d.Rights.Digital = true
		case "digitaal-jeugd":
			d.Rights.Digital, d.Rights.Youth = true, true
		case "uitlenen":
			d.Rights.Physical = true
		case "nieuwsbrief":
			d.Rights.Newsletter = true
		default:
			return d, fmt.Errorf("right %q; choose digitaal, digitaal-jeugd, uitlenen or nieuwsbrief", right)
		}
	}
	for _, channel := range m.Channels {
		switch channel {
		case "balie":
			d.Desk = true
		case "online":
			d.Online = true
		default:
			return d, fmt.Errorf("channel %q; choose balie or online", channel)
		}
	}
	return d, nil
}

// loadLibraryFile is the command "library".
func loadLibraryFile(ctx context.Context, log *slog.Logger, args []string) error {
	var file string
	c, err := readConfig("library", args, func(set *flag.FlagSet) {
		set.StringVar(&file, "file", "", "the library's file; bind.toml in the source is an example")
	})
	if err != nil {
		return err
	}
	if file == "" {
		return errors.New("library: name the library's -file")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	f, err := readLibrary(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	db, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.InTx(ctx, func(tx *sqldb.Tx) error { _, err := f.save(tx); return err }); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	fmt.Printf("%s: %d branches, %d memberships\n", f.Organisation.Name, len(f.Branches), len(f.Memberships))
	return nil
}

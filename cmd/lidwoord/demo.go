package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"regexp"
	"strings"
	"time"

	"lidwoord/base/factor"
	"lidwoord/base/outbox"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/ledger"
	"lidwoord/library/membership"
	"lidwoord/library/staff"
	"lidwoord/reading/ingest"
	"lidwoord/samples"
	"lidwoord/web/kit"
	"lidwoord/web/start"
)

//go:embed bind.toml
var bindLibrary string

// The demo's passwords. They are printed at every start and shown on the first
// page, and nothing outside the demo knows them.
const (
	demoClerk    = "anja"
	demoClerkPw  = "balie-in-annen-5280"
	demoBoss     = "marieke"
	demoBossPw   = "beheer-van-bind-2026"
	demoReaderPw = "lezen-op-de-fiets"
)

// demo is the command "demo".
func demo(ctx context.Context, log *slog.Logger, args []string) error {
	c := Config{
		Listen: "localhost:8080", Database: "sqlite:var/lidwoord.db", KeyFile: "var/secret.key", Titles: "var/titles", Library: "bind", demo: true,
		Brand: Brand{Name: "Bind bibliotheken", Email: "info@bind.example", Phone: "0592 000 000"},
	}
	set := flag.NewFlagSet("lidwoord demo", flag.ContinueOnError)
	c.flags(set)
	if err := set.Parse(args); err != nil {
		return err
	}
	if host, _, err := net.SplitHostPort(c.Listen); err != nil || !local(host) {
		return fmt.Errorf("the demo listens on this machine only, as its passwords are known: choose an -addr such as 127.0.0.1:8090, not %q", c.Listen)
	}
	c.Doors = map[string]string{"start": "http://" + c.Listen}
	db, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	h, err := build(ctx, c, db, log)
	if err != nil {
		return err
	}
	h.mail = &outbox.Worker{DB: db, Sender: outbox.Nowhere{}, Keep: true, Log: log, Returned: h.office.MailReturned}
	began := time.Now()
	fresh, err := loadDemo(ctx, h)
	if err != nil {
		return fmt.Errorf("loading the demo library: %w", err)
	}
	if h.start.Logins, err = demoLogins(ctx, db); err != nil {
		return err
	}
	if err := h.demoCode(ctx); err != nil {
		return err
	}
	return h.run(ctx, func(string) {
		if fresh {
			fmt.Printf("Loaded the demo library Bind bibliotheken in %.1f s.\n", time.Since(began).Seconds())
		}
		h.announce(os.Stdout)
	})
}

// announce prints the addresses and the demo's passwords.
func (h *house) announce(out *os.File) {
	fmt.Fprintf(out, "\nLidwoord is open at %s\n\n", h.doors.Start)
	for _, d := range []struct{ what, at string }{
		{"Balie (desk)", h.doors.Desk.String()}, {"Online Bibliotheek", h.doors.Reading.String()}, {"Inlogaccount", h.doors.Login.String()},
		{"Inschrijven", kit.Absolute(h.doors.Signup, "/"+h.config.Library)}, {"Mijn Menu", h.doors.Mine.String()}, {"Beheer", h.doors.Manage.String()},
		{"Mail of the demo", h.doors.Mailbox.String()}, {"Bank of the demo", h.doors.Bank.String()},
	} {
		fmt.Fprintf(out, "  %-20s %s\n", d.what, d.at)
	}
	fmt.Fprintf(out, "\n  %-20s %-18s %s\n", "sign in at", "username", "password")
	for _, l := range h.start.Logins {
		door := map[string]string{"desk": "Balie", "login": "Online Bibliotheek"}[l.Door]
		fmt.Fprintf(out, "  %-20s %-18s %s\n", door, l.Username, l.Password)
	}
	fmt.Fprintf(out, "\n%s is asked for a code as well; the first page shows the one of the moment.\n", demoBoss)
	fmt.Fprint(out, "\nStop with Ctrl+C. The data stays under var/.\n")
}

// fate is what became of a demo person's login account.
type fate string

const (
	activeLogin  fate = "active"
	waitingLogin fate = "waiting" // the mail of today waits to be answered
	expiredLogin fate = "expired" // never answered
	noLogin      fate = "none"
)

// loadDemo fills an empty database with the demo library, by the same acts that
// a clerk and a reader do. It does nothing when the library is there already.
func loadDemo(ctx context.Context, h *house) (fresh bool, err error) {
	library, err := readLibrary(bindLibrary)
	if err != nil {
		return false, err
	}
	var desks map[string]string
	var clerk staff.Worker
	err = h.db.InTx(ctx, func(tx *sqldb.Tx) error {
		_, err := branch.FindOrganisation(tx, library.Organisation.Slug)
		if fresh = errors.Is(err, branch.ErrNoLibrary); !fresh {
			return err
		}
		o, err := library.save(tx)
		if err != nil {
			return err
		}
		if err := membership.SaveDefinition(tx, demoYouth(o.ID)); err != nil {
			return err
		}
		clerk, desks, err = demoStaff(tx, o)
		return err
	})
	if err != nil || !fresh {
		return false, err
	}
	if err := h.demoTitles(ctx); err != nil {
		return false, err
	}
	if err := demoPasswords(ctx, h.db, clerk.OrganisationID); err != nil {
		return false, err
	}
	now := h.db.Now
	defer func() { h.db.Now = now }()
	for _, p := range demoPeople {
		if err := p.enrol(ctx, h, enrol.Clerk{StaffID: clerk.ID, BranchID: desks[p.branch], Lang: "nl"}, now()); err != nil {
			return false, fmt.Errorf("%s: %w", p.surname, err)
		}
	}
	return true, nil
}

// demoYouth is a membership that the price list of the seed has not: without one
// nobody would see what the Online Bibliotheek shows to children.
func demoYouth(organisationID string) membership.Definition {
	return membership.Definition{
		OrganisationID: organisationID, Code: "0142", NameNL: "Jeugd digitaal", NameEN: "Youth digital",
		AboutNL: "E-books en luisterboeken voor kinderen bij de Online Bibliotheek. Tot 18 jaar.", AboutEN: "E-books and audiobooks for children in the Online Library. Until 18.",
		Kind: membership.Fixed, Term: 12, Rights: membership.Rights{Digital: true, Youth: true, Newsletter: true}, MaxAge: 17, Desk: true, Active: true,
	}
}

// demoStaff adds the two people who work in the demo.
func demoStaff(tx *sqldb.Tx, o branch.Organisation) (clerk staff.Worker, desks map[string]string, err error) {
	list, err := branch.List(tx, o.ID)
	if err != nil {
		return clerk, nil, err
	}
	desks = map[string]string{}
	for _, b := range list {
		desks[b.Code] = b.ID
	}
	clerk, _, err = staff.Save(tx, staff.Worker{OrganisationID: o.ID, Username: demoClerk, Name: "Anja de Boer", Active: true,
		Posts: []staff.Post{{Role: staff.Desk}}})
	if err != nil {
		return clerk, nil, err
	}
	_, _, err = staff.Save(tx, staff.Worker{OrganisationID: o.ID, Username: demoBoss, Name: "Marieke Jansen", Active: true,
		Posts: []staff.Post{{Role: staff.Manager}, {Role: staff.Finance}}})
	return clerk, desks, err
}

// demoTitles puts the sample books and the spoken story on the shelf.
func (h *house) demoTitles(ctx context.Context) error {
	books, err := samples.Books()
	if err != nil {
		return err
	}
	for _, b := range books {
		p, err := ingest.OpenEPUB(bytes.NewReader(b.EPUB), int64(len(b.EPUB)))
		if err == nil {
			_, err = h.stacks.Take(ctx, h.db, p)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", b.Name, err)
		}
	}
	stories, err := samples.Audio()
	if err != nil {
		return err
	}
	for _, folder := range stories {
		p, err := ingest.OpenAudio(folder)
		if err != nil {
			return err
		}
		if _, err := h.stacks.Take(ctx, h.db, p); err != nil {
			return err
		}
	}
	return nil
}

func demoPasswords(ctx context.Context, db *sqldb.DB, organisationID string) error {
	var list []staff.Worker
	err := db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		list, err = staff.List(tx, organisationID)
		return err
	})
	for _, w := range list {
		if err == nil {
			err = staff.SetPassword(ctx, db, w.ID, map[string]string{demoClerk: demoClerkPw, demoBoss: demoBossPw}[w.Username], "loader")
		}
	}
	return err
}

// enrol makes the person a member, as long ago as the demo wants it.
func (p demoPerson) enrol(ctx context.Context, h *house, clerk enrol.Clerk, now time.Time) error {
	at := now.AddDate(0, 0, -p.daysAgo).Add(-2 * time.Hour)
	h.db.Now = func() time.Time { return at }
	app := enrol.Blank(p.country)
	app.Number, app.Initials, app.Prefix, app.Surname, app.GivenName = "v", p.initials, p.prefix, p.surname, p.given
	app.Birth, app.Postcode, app.HouseNumber, app.Street, app.Place = p.birth, p.postcode, p.house, p.street, p.place
	app.IBAN, app.Identity, app.Email, app.Membership = p.iban, enrol.Yes, p.email, p.membership
	app.Guardian, app.GuardianEmail = p.parent, p.parentEmail
	if p.login == noLogin {
		app.Login = enrol.No
	}
	if p.english {
		app.Lang = "en"
	}
	if err := h.lookUp(ctx, &app); err != nil {
		return err
	}
	var done enrol.Result
	err := h.db.InTx(ctx, func(tx *sqldb.Tx) (err error) {
		if done, err = h.office.Enrol(tx, clerk, app); err != nil || p.owes || done.BuildUp.Balance == 0 {
			return err
		}
		_, err = ledger.Pay(tx, ledger.Booking{CustomerID: done.CustomerID, Cents: done.BuildUp.Balance, BranchID: clerk.BranchID, StaffID: clerk.StaffID}, ledger.Pin)
		return err
	})
	if err != nil {
		return err
	}
	switch p.login {
	case activeLogin:
		token, err := tokenFromMail(ctx, h.db, done.Email)
		if err != nil {
			return err
		}
		if err := h.db.InTx(ctx, func(tx *sqldb.Tx) error { _, err := h.accounts.Confirm(tx, token); return err }); err != nil {
			return err
		}
		_, err = h.accounts.Activate(ctx, h.db, token, demoReaderPw, func(*sqldb.Tx, account.Account) error { return nil })
		return err
	case expiredLogin:
		h.db.Now = func() time.Time { return at.Add(account.ActivationLife) }
		return h.db.InTx(ctx, h.accounts.Expire)
	}
	return nil
}

// lookUp asks the address book, as the desk does while a clerk types. Whom it
// does not know keeps the street that was typed.
func (h *house) lookUp(ctx context.Context, app *enrol.Application) error {
	address, err := app.Address()
	if err != nil {
		return err
	}
	if found, err := customer.LookUp(ctx, h.book, address); err == nil && found.Checked {
		app.Street, app.Place = found.Street, found.Place
		app.Checked = app.AddressMark()
	}
	return nil
}

var linkInMail = regexp.MustCompile(`/activeren/([A-Z2-7]+)`)

// tokenFromMail reads the link where its owner reads it.
func tokenFromMail(ctx context.Context, db *sqldb.DB, email string) (token secret.Token, err error) {
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		letters, err := outbox.Recent(tx, 50)
		if err != nil {
			return err
		}
		for _, l := range letters {
			if m := linkInMail.FindStringSubmatch(l.Mail.Text); m != nil && strings.EqualFold(l.Mail.To, email) {
				token = secret.Token(m[1])
				return nil
			}
		}
		return errors.New("the mail with the link did not come")
	})
	return token, err
}

// demoCode gives the manager of the demo an app with codes, whose code the first page
// shows. It is a new one at every start: no key of an app is ever read from the
// database.
func (h *house) demoCode(ctx context.Context) error {
	return h.db.InTx(ctx, func(tx *sqldb.Tx) error {
		o, err := branch.FindOrganisation(tx, "bind")
		if err != nil {
			return err
		}
		list, err := staff.List(tx, o.ID)
		if err != nil {
			return err
		}
		for _, w := range list {
			if w.Username != demoBoss {
				continue
			}
			offer, err := factor.OfferApp(tx, w.Owner(), "Bind bibliotheken", w.Username)
			if err != nil {
				return err
			}
			// The code of the step before, so that the one of now still counts.
			code, err := factor.CodeAt(offer.Key, tx.Now.Add(-30*time.Second))
			if err != nil {
				return err
			}
			if err := factor.ConfirmApp(tx, w.Owner(), code); err != nil {
				return err
			}
			for i := range h.start.Logins {
				if h.start.Logins[i].Username == demoBoss {
					h.start.Logins[i].Key = offer.Key
				}
			}
		}
		return nil
	})
}

// demoLogins are the logins that the first page shows.
func demoLogins(ctx context.Context, db *sqldb.DB) ([]start.Login, error) {
	logins := []start.Login{
		{Door: "desk", Username: demoClerk, Password: demoClerkPw, What: "start.clerk"},
		{Door: "desk", Username: demoBoss, Password: demoBossPw, What: "start.manager"},
	}
	err := db.Read(ctx, func(tx *sqldb.Tx) error {
		o, err := branch.FindOrganisation(tx, "bind")
		if err != nil {
			return err
		}
		for _, p := range demoPeople {
			if p.shows == "" {
				continue
			}
			found, err := customer.Search(tx, o.ID, p.email, 1)
			if err != nil || len(found.Rows) == 0 {
				return err
			}
			logins = append(logins, start.Login{Door: "login", Username: found.Rows[0].Number, Password: demoReaderPw, What: p.shows})
		}
		return nil
	})
	return logins, err
}

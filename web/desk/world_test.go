package desk_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/factor"
	"lidwoord/base/password"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/throttle"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/enrol/enroltest"
	"lidwoord/library/ledger"
	"lidwoord/library/membership"
	"lidwoord/library/newsletter"
	"lidwoord/library/payment"
	"lidwoord/library/registration"
	"lidwoord/library/staff"
	"lidwoord/library/task"
	"lidwoord/web/desk"
	"lidwoord/web/entry"
	"lidwoord/web/kit"
)

// addresses is a small address book.
type addresses struct{ silent, hanging bool }

func (a *addresses) Find(ctx context.Context, postcode string, number int, _ string) (street, place string, found bool, err error) {
	if a.hanging {
		<-ctx.Done()
		return "", "", false, ctx.Err()
	}
	if a.silent {
		return "", "", false, errors.New("no answer")
	}
	if postcode == "9468BG" && number == 41 {
		return "Kruisstraat", "Annen", true, nil
	}
	return "", "", false, nil
}

// house is one library with its desk on a server of its own.
type house struct {
	*sqldb.DB
	t       testing.TB
	book    *addresses
	lib     branch.Organisation
	annen   branch.Branch
	rolde   branch.Branch
	words   *words.Catalogue
	site    *desk.Site
	server  *httptest.Server
	workers map[string]staff.Worker
	cashier *payment.Cashier
	bank    *bank
}

const pass = "de kat krabt de krullen"

func each(t *testing.T, f func(*testing.T, *house)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) { f(t, build(t, db)) })
}

func build(t testing.TB, db *sqldb.DB) *house {
	t.Helper()
	h := &house{DB: db, t: t, book: &addresses{}, workers: map[string]staff.Worker{}}
	h.at(time.Date(2026, 11, 23, 9, 30, 0, 0, day.Amsterdam))
	h.do(h.furnish)
	for _, w := range h.workers {
		if err := staff.SetPassword(t.Context(), db, w.ID, pass, "loader"); err != nil {
			t.Fatal(err)
		}
	}
	list, err := words.Load(kit.Words, day.Words, factor.Words, throttle.Words, entry.Words, password.Words, desk.Words, branch.Words, staff.Words, customer.Words, membership.Words,
		ledger.Words, newsletter.Words, enrol.Words, task.Words, payment.Words, registration.Words)
	if err != nil {
		t.Fatal(err)
	}
	// As the roof does: enrol.duplicate tells a moment.
	list.Format(func(lang words.Lang, arg any) (string, bool) {
		at, ok := arg.(time.Time)
		return day.Moment(at, lang), ok
	})
	h.words = list
	news, err := newsletter.New(newsletter.Links{Confirm: func(t secret.Token) string { return "https://lid.example/nieuwsbrief/bevestigen/" + string(t) }})
	if err != nil {
		t.Fatal(err)
	}
	base, _ := url.Parse("http://127.0.0.1/balie")
	office := enrol.Office{Accounts: enroltest.Town{}, Census: enroltest.Town{}, Owners: enroltest.Town{}, Steps: enroltest.Town{}, News: news}
	h.site, err = desk.New(&kit.House{DB: db, Words: list, Doors: kit.Doors{Desk: base}, Brand: kit.Brand{Name: "Bind bibliotheken"}, Log: slog.New(slog.DiscardHandler)},
		office, h.book, "bind")
	if err != nil {
		t.Fatal(err)
	}
	h.openOnline(office)
	h.server = httptest.NewServer(h.site.Handler(h.site))
	t.Cleanup(h.server.Close)
	return h
}

func (h *house) furnish(tx *sqldb.Tx) (err error) {
	if err := (enroltest.Town{}).Build(tx); err != nil {
		return err
	}
	if h.lib, err = branch.SaveOrganisation(tx, branch.Organisation{Slug: "bind", Name: "Bind bibliotheken"}); err != nil {
		return err
	}
	if h.annen, err = branch.Save(tx, branch.Branch{OrganisationID: h.lib.ID, Code: "5280", Name: "Bibliotheek Annen", Place: "Annen", Enrols: true}); err != nil {
		return err
	}
	if h.rolde, err = branch.Save(tx, branch.Branch{OrganisationID: h.lib.ID, Code: "5281", Name: "Bibliotheek Rolde", Place: "Rolde", Enrols: true,
		Choices: branch.Choices{NoAccount: true}}); err != nil {
		return err
	}
	for _, d := range membership.Seed(h.lib.ID) {
		if err := membership.SaveDefinition(tx, d); err != nil {
			return err
		}
	}
	for code, b := range map[string]branch.Branch{"5280": h.annen, "5281": h.rolde} {
		if _, err := customer.SaveRange(tx, customer.Range{OrganisationID: h.lib.ID, BranchID: b.ID, Label: code, First: 1, Last: 99_999}); err != nil {
			return err
		}
	}
	for name, role := range map[string]staff.Role{"anja": staff.Desk, "bert": staff.Desk, "fenna": staff.Finance, "mina": staff.Manager} {
		w, _, err := staff.Save(tx, staff.Worker{OrganisationID: h.lib.ID, Username: name, Name: strings.ToUpper(name[:1]) + name[1:] + " de Boer", Active: true,
			Posts: []staff.Post{{Role: role}}})
		if err != nil {
			return err
		}
		h.workers[name] = w
	}
	return nil
}

func (h *house) at(t time.Time)       { h.Now = func() time.Time { return t } }
func (h *house) pass(d time.Duration) { h.at(h.Now().Add(d)) }
func (h *house) do(f func(*sqldb.Tx) error) {
	h.t.Helper()
	if err := h.InTx(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

// count counts the rows of a table.
func (h *house) count(table string) (n int) {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT COUNT(*) FROM `+table, nil, &n)
		return err
	})
	return n
}

func (h *house) customerID(number string) (id string) {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) error {
		who, err := customer.FindByNumber(tx, number)
		id = who.ID
		return err
	})
	return id
}

// freeNumber is a number of the range of Annen that nobody has.
func (h *house) freeNumber(taken string) (number string) {
	h.t.Helper()
	h.do(func(tx *sqldb.Tx) (err error) {
		for number == "" || number == taken {
			if number, err = customer.Allocate(tx, h.lib.ID, h.annen.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return number
}

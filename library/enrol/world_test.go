package enrol_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/money"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/enrol/enroltest"
	"lidwoord/library/ledger"
	"lidwoord/library/membership"
	"lidwoord/library/newsletter"
	"lidwoord/library/staff"
)

// world is a library with a desk, open on a Monday morning.
type world struct {
	*sqldb.DB
	t          testing.TB
	office     enrol.Office
	lib        branch.Organisation
	annen      branch.Branch
	anna, bert enrol.Clerk
	other      enrol.Clerk // of another library
}

func each(t *testing.T, f func(*testing.T, *world)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) { f(t, settle(t, db)) })
}

func settle(t testing.TB, db *sqldb.DB) *world {
	t.Helper()
	news, err := newsletter.New(newsletter.Links{Confirm: func(t secret.Token) string { return "https://lid.example/" + string(t) }})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{DB: db, t: t, office: enrol.Office{Accounts: enroltest.Town{}, Census: enroltest.Town{}, Owners: enroltest.Town{}, Steps: enroltest.Town{}, News: news}}
	w.at(time.Date(2026, 11, 23, 9, 30, 0, 0, day.Amsterdam))
	w.do(func(tx *sqldb.Tx) error {
		if err := (enroltest.Town{}).Build(tx); err != nil {
			return err
		}
		var err error
		if w.lib, err = branch.SaveOrganisation(tx, branch.Organisation{Slug: "bind", Name: "Bind bibliotheken"}); err != nil {
			return err
		}
		if w.annen, err = branch.Save(tx, branch.Branch{OrganisationID: w.lib.ID, Code: "5280", Name: "Annen", Enrols: true}); err != nil {
			return err
		}
		far, err := branch.SaveOrganisation(tx, branch.Organisation{Slug: "ver", Name: "Verre bibliotheken"})
		if err != nil {
			return err
		}
		away, err := branch.Save(tx, branch.Branch{OrganisationID: far.ID, Code: "9000", Name: "Ver weg", Enrols: true})
		if err != nil {
			return err
		}
		for _, d := range membership.Seed(w.lib.ID) {
			if err := membership.SaveDefinition(tx, d); err != nil {
				return err
			}
		}
		if _, err := customer.SaveRange(tx, customer.Range{OrganisationID: w.lib.ID, BranchID: w.annen.ID, Label: "5280", First: 1, Last: 99_999_999}); err != nil {
			return err
		}
		for clerk, name := range map[*enrol.Clerk]string{&w.anna: "Anna de Vries", &w.bert: "Bert Smid"} {
			worker, _, err := staff.Save(tx, staff.Worker{
				OrganisationID: w.lib.ID, Username: name[:4] + "x", Name: name, Lang: words.NL, Active: true,
				Posts: []staff.Post{{Role: staff.Desk, BranchID: w.annen.ID}},
			})
			if err != nil {
				return err
			}
			*clerk = enrol.Clerk{StaffID: worker.ID, BranchID: w.annen.ID, Lang: words.NL}
		}
		w.other = enrol.Clerk{StaffID: "zara", BranchID: away.ID, Lang: words.NL}
		return nil
	})
	return w
}

func (w *world) at(t time.Time) { w.Now = func() time.Time { return t } }

func (w *world) pass(d time.Duration) { w.at(w.Now().Add(d)) }

func (w *world) try(f func(*sqldb.Tx) error) error { return w.InTx(w.t.Context(), f) }

func (w *world) do(f func(*sqldb.Tx) error) {
	w.t.Helper()
	if err := w.try(f); err != nil {
		w.t.Fatal(err)
	}
}

// tester is the seed's own customer, as the clerk types her.
func tester() enrol.Application {
	a := enrol.Blank("NL")
	a.Number, a.Initials, a.Surname, a.Birth = "v", "E.B.", "Tester", "4-1-1991"
	a.Postcode, a.HouseNumber, a.Street, a.Place = "9468 BG", "41", "Kruisstraat", "Annen"
	a.IBAN, a.Identity, a.Email = "NL91 ABNA 0417 1643 00", enrol.Yes, "eb.tester@example.nl"
	a.Membership = "0141"
	return a
}

// someone is a different person for every i.
func someone(i int) enrol.Application {
	a := tester()
	a.Surname, a.Email = "Tester"+string(rune('a'+i%26))+string(rune('a'+i/26%26))+string(rune('a'+i/676%26)), fmt.Sprintf("p%d@example.nl", i)
	a.HouseNumber = fmt.Sprint(i%99_000 + 1)
	a.Birth = day.Day("1950-01-01").AddDays(i % 20_000).Short()
	return a
}

// draft keeps app in a fresh draft of a clerk, with its Opbouw seen.
func (w *world) draft(c enrol.Clerk, app enrol.Application) (id string) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) error {
		id = secret.NewID()
		_, err := enrol.KeepDraft(tx, c, id, app)
		return err
	})
	w.see(c, id)
	return id
}

// see shows the clerk the Opbouw of a draft, as its last screen does.
func (w *world) see(c enrol.Clerk, id string) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) error {
		d, err := enrol.OpenDraft(tx, c, id)
		if err != nil {
			return err
		}
		up, err := enrol.Preview(tx, c, d.App)
		if err != nil {
			return nil // something is wrong, which saving will say
		}
		d.App.BuildUp = up.Digest()
		_, err = enrol.KeepDraft(tx, c, id, d.App)
		return err
	})
}

func (w *world) save(c enrol.Clerk, id string) (r enrol.Result, err error) {
	err = w.try(func(tx *sqldb.Tx) error {
		r, err = w.office.Save(tx, c, id)
		return err
	})
	return r, err
}

// enrol saves app and expects it to succeed.
func (w *world) enrol(app enrol.Application) enrol.Result {
	w.t.Helper()
	r, err := w.save(w.anna, w.draft(w.anna, app))
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) login(customerID string) (l enrol.Login) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) (err error) {
		l, err = w.office.LoginState(tx, customerID)
		return err
	})
	return l
}

// activate wakes the account under a username, as its owner does with the link.
func (w *world) activate(username string) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) error {
		n, err := tx.Exec(`UPDATE town_account SET active = TRUE WHERE username = $1`, username)
		if n != 1 {
			w.t.Fatalf("no account %s", username)
		}
		return err
	})
}

func (w *world) owes(customerID string) (c money.Cents) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) (err error) {
		c, err = ledger.Balance(tx, customerID)
		return err
	})
	return c
}

func (w *world) count(table string) (n int) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT COUNT(*) FROM `+table, nil, &n)
		return err
	})
	return n
}

// fields names the fields of the faults in err.
func fields(err error) (names []string) {
	for _, e := range fault.Of(err) {
		names = append(names, e.Field)
	}
	return names
}

func wants(t *testing.T, what string, err, want error, field string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
		return
	}
	for _, e := range fault.Of(err) {
		if e.Is(want) && e.Field != field {
			t.Errorf("%s: at %q, want %q", what, e.Field, field)
		}
	}
}

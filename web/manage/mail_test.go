package manage_test

import (
	"log/slog"
	"strings"
	"testing"

	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/staff"
	"lidwoord/library/task"
)

func TestMailThatDidNotArriveLeadsToTheCustomerAndTheTask(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.hire(t, h.bind.ID, "boss", staff.Post{Role: staff.Manager})
		cookie := cookieOf(h.signIn("boss", secretWords))
		if body := h.ask("GET", "/beheer/mail", "", cookie).Body.String(); !strings.Contains(body, "Alle mail is aangekomen") {
			t.Errorf("without mail:\n%s", body)
		}
		h.trouble(t)
		var who customer.Customer
		var letter outbox.Letter
		do(t, db, func(tx *sqldb.Tx) (err error) {
			if who, err = customer.Register(tx, customer.New{OrganisationID: h.bind.ID, BranchID: h.annen.ID, Type: customer.Regular, Number: customer.SystemNumber, Person: customer.Person{
				Initials: "Z.", LastName: "Smit", Birth: "1990-05-01", Email: "zoe@example.nl",
				Address: customer.Address{Country: "NL", Postcode: "9468 BG", Number: 10, Street: "Kruisstraat", Place: "Annen"},
			}}); err != nil {
				return err
			}
			return outbox.Add(tx, outbox.Mail{Kind: "account.activation", To: "zoe@example.nl", Subject: "x", Text: "x", Lang: words.NL, About: "customer:" + who.ID})
		})
		if err := (&outbox.Worker{DB: db, Sender: outbox.Nowhere{}, Log: slog.New(slog.DiscardHandler)}).Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		do(t, db, func(tx *sqldb.Tx) error {
			list, err := outbox.About(tx, "customer:"+who.ID, 1)
			if err != nil {
				return err
			}
			letter = list[0]
			if _, _, err := outbox.Bounce(tx, letter.ID, "5.2.2", false); err != nil {
				return err
			}
			return task.Add(tx, task.Task{OrganisationID: h.bind.ID, Kind: task.MailReturned, Object: enrol.MailTask(who.ID, letter.ID)})
		})
		var open []task.Task
		do(t, db, func(tx *sqldb.Tx) (err error) { open, err = task.Open(tx, h.bind.ID, 9); return err })
		for lang, want := range map[string][]string{
			"nl": {"Inlogaccount activeren", "teruggekomen", "5.2.2", "/balie/klanten/" + who.ID, "/balie/taken/" + open[0].ID, "Smit, Z.", "eva@example.nl", "550 5.1.1", "pogingen: 1", "geen klant van ons"},
			"en": {"Activate the login account", "came back", "not sent"},
		} {
			body := h.ask("GET", "/beheer/mail?taal="+lang, "", cookie).Body.String()
			for _, s := range want {
				if !strings.Contains(body, s) {
					t.Errorf("%s: no %q in\n%s", lang, s, body)
				}
			}
			if strings.Index(body, "5.2.2") > strings.Index(body, "5.1.1") {
				t.Error("the newest does not come first")
			}
			if strings.Contains(body, "manage.") || strings.Contains(body, "enrol.") {
				t.Errorf("%s: a sentence is missing in\n%s", lang, body)
			}
		}
		if body := h.ask("GET", "/beheer?taal=nl", "", cookie).Body.String(); !strings.Contains(body, "Mail die niet aankwam: 2") {
			t.Errorf("the first page does not count two letters:\n%s", body)
		}
	})
}

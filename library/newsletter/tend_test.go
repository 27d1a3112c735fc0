package newsletter_test

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/newsletter"
)

func (r *room) tend() {
	r.t.Helper()
	r.do(r.subs.Tend)
}

func TestAnAddressThatNobodyConfirmedIsForgotten(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.asks(r.anybody("piet@example.nl"))
		r.asks(r.member())
		r.subscribed("eva@example.nl")
		r.pass(newsletter.AskLife - time.Microsecond)
		r.tend()
		if n := r.rows("subscriber"); n != 3 {
			t.Errorf("%d mailboxes before the time", n)
		}
		r.pass(time.Microsecond)
		r.tend()
		if c := r.count(); c != (newsletter.Counts{Asked: 1, Confirmed: 1}) || r.rows("newsletter_consent") != 3 {
			t.Errorf("%+v, %d lines: a customer's own stays", c, r.rows("newsletter_consent"))
		}
	})
}

// Otherwise a stranger could wipe out the proof of a no.
func TestAskingInVainLeavesAStoppedMailboxStopped(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		if err := r.stop(tokenOf(r.subscribed("piet@example.nl").Unsubscribe)); err != nil {
			t.Fatal(err)
		}
		r.pass(time.Hour)
		r.asks(r.anybody("piet@example.nl"))
		token := r.link()
		r.pass(newsletter.AskLife)
		r.tend()
		if c := r.count(); c != (newsletter.Counts{Stopped: 1}) || r.rows("newsletter_consent") != 4 {
			t.Errorf("%+v, %d lines", c, r.rows("newsletter_consent"))
		}
		if err := r.confirm(token); !errors.Is(err, newsletter.ErrLink) {
			t.Error(err)
		}
	})
}

func TestProofIsForgottenWhenNoClaimCanCome(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		token := tokenOf(r.subscribed("piet@example.nl").Unsubscribe)
		if err := r.stop(token); err != nil {
			t.Fatal(err)
		}
		r.pass(newsletter.ProofLife - time.Microsecond)
		r.tend()
		if r.rows("newsletter_consent") != 3 {
			t.Error("the proof went too early")
		}
		r.pass(time.Microsecond)
		r.tend()
		if r.rows("newsletter_consent") != 0 || r.rows("subscriber") != 0 {
			t.Error("the proof stays for ever")
		}
		if err := r.stop(token); err != nil {
			t.Errorf("the link in an old newsletter: %v", err)
		}
	})
}

// A mailbox that got a letter of another library a moment ago.
func TestALetterThatHadToWaitLeavesLater(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		there := r.anybody("piet@example.nl")
		there.OrganisationID = r.library("ver", "Verre bibliotheken")
		r.asks(there)
		r.asks(r.anybody("piet@example.nl"))
		r.tend()
		if n := len(r.letters()); n != 1 {
			t.Fatalf("%d letters at once", n)
		}
		r.pass(10 * time.Minute)
		r.tend()
		r.tend()
		if n := len(r.letters()); n != 2 || r.letters()[0].Mail.FromName != "Bind bibliotheken" {
			t.Errorf("%d letters later", n)
		}
	})
}

// TestWhatWasSaidBeforeTheLettersSurvives takes the step of the migration anew
// on a database of before it.
func TestWhatWasSaidBeforeTheLettersSurvives(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		ids := map[string]string{}
		r.do(func(tx *sqldb.Tx) error {
			b, err := branch.Save(tx, branch.Branch{OrganisationID: r.lib, Code: "5280", Name: "Annen", Enrols: true})
			if err != nil {
				return err
			}
			if _, err := customer.SaveRange(tx, customer.Range{OrganisationID: r.lib, Label: "5280", First: 1, Last: 100}); err != nil {
				return err
			}
			for i, name := range []string{"Zoe", "Tom", "Eva", "Ida"} {
				who, err := customer.Register(tx, customer.New{OrganisationID: r.lib, BranchID: b.ID, Type: customer.Regular, Number: customer.SystemNumber, Person: customer.Person{
					Initials: "A.", LastName: name, Birth: day.Day("1980-01-01").AddDays(i * 400), Lang: words.EN, Email: map[string]string{"Zoe": "Huis@example.nl", "Tom": "huis@example.nl"}[name],
					Address: customer.Address{Country: "NL", Postcode: "9468 BG", Number: 10 + i, Street: "Kruisstraat", Place: "Annen"},
				}, By: customer.By{Actor: "loader"}})
				if err != nil {
					return err
				}
				ids[name] = who.ID
			}
			return nil
		})
		r.do(func(tx *sqldb.Tx) error {
			said := func(name string, number int, wanted bool, address string) error {
				_, err := tx.Exec(`
					INSERT INTO newsletter_consent (customer_id, number, wanted, address, text_version, text_shown, channel, staff_id, branch_id, at)
					VALUES ($1, $2, $3, $4, '2025-01', 'Ja', 'desk', 'anna', 'annen', $5)`, ids[name], number, wanted, address, tx.Now.Add(time.Duration(number)*time.Hour))
				return err
			}
			for _, statement := range []string{`DROP TABLE newsletter_consent`, `DROP TABLE subscriber`, before(t), `DELETE FROM migration WHERE name = '0044_newsletter'`} {
				if _, err := tx.Exec(statement); err != nil {
					return err
				}
			}
			return errors.Join(
				said("Zoe", 1, true, "oud@example.nl"), said("Zoe", 2, true, "Huis@example.nl"), // one mailbox with Tom
				said("Tom", 1, true, "huis@example.nl"), said("Tom", 3, false, "huis@example.nl"),
				said("Eva", 1, true, "EVA@example.nl"),
				said("Ida", 1, true, "ida@example.nl"), said("Ida", 2, false, "ida@example.nl"),
			)
		})
		if err := r.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if c := r.count(); c != (newsletter.Counts{Asked: 2, Stopped: 1}) {
			t.Errorf("after the step: %+v", c)
		}
		for name, want := range map[string]string{"Zoe": "asked asked stopped", "Tom": "asked stopped", "Eva": "asked", "Ida": "asked stopped"} {
			var acts []string
			for _, c := range r.history(ids[name]) {
				acts = append(acts, string(c.Act))
				if c.TextShown != "Ja" || c.StaffID != "anna" {
					t.Errorf("%s: %+v", name, c)
				}
			}
			if got := strings.Join(acts, " "); got != want {
				t.Errorf("%s said %q, want %q", name, got, want)
			}
		}
		r.tend()
		if n := len(r.letters()); n != 2 || len(r.recipients()) != 0 {
			t.Fatalf("%d letters to confirm, want one to each mailbox that asked", n)
		}
		if err := r.confirm(r.link()); err != nil || len(r.recipients()) != 1 {
			t.Errorf("%v, %d recipients", err, len(r.recipients()))
		}
	})
}

// before is the table as the step found it.
func before(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../base/migrations/0012_membership.sql")
	if err != nil {
		t.Fatal(err)
	}
	table := regexp.MustCompile(`(?s)CREATE TABLE newsletter_consent \(.*?\n\)`).FindString(string(text))
	if table == "" {
		t.Fatal("no table")
	}
	return table
}

package enrol_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/enrol/enroltest"
	"lidwoord/library/membership"
	"lidwoord/library/task"
)

func (w *world) askLink(id, username string) error {
	return w.try(func(tx *sqldb.Tx) error { return w.office.AskLink(tx, w.anna, id, username) })
}

// onPhone answers the newest question on a telephone, as the owner of a username.
func (w *world) onPhone(username string) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) error {
		var id string
		if _, err := tx.One(`SELECT id FROM town_ask ORDER BY until DESC, id LIMIT 1`, nil, &id); err != nil {
			return err
		}
		return enroltest.Town{}.Agree(tx, id, username)
	})
}

func (w *world) takeLink(c enrol.Clerk, id string) (ok bool, err error) {
	err = w.InTx(context.Background(), func(tx *sqldb.Tx) error {
		ok, err = w.office.TakeLink(tx, c, id)
		return err
	})
	return ok, err
}

// without enrols somebody who wants no login account.
func (w *world) without(app enrol.Application) enrol.Result {
	w.t.Helper()
	app.Login = enrol.No
	return w.enrol(app)
}

func TestACustomerLinksAnAccountOnTheirOwnTelephone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.account("zoe")
		r := w.without(tester())
		if ok, err := w.takeLink(w.anna, r.CustomerID); ok || err != nil {
			t.Errorf("taken before anybody was asked: %v, %v", ok, err)
		}
		if err := w.askLink(r.CustomerID, ""); err != nil {
			t.Fatal(err)
		}
		w.do(func(tx *sqldb.Tx) error {
			q, open, err := w.office.LinkAsked(tx, w.anna, r.CustomerID)
			if !open || q.Page == "" || q.Agreed || q.Username != "" {
				t.Errorf("the question: %+v, %v", q, open)
			}
			return err
		})
		if ok, err := w.takeLink(w.anna, r.CustomerID); ok || err != nil {
			t.Errorf("taken before anybody answered: %v, %v", ok, err)
		}
		w.onPhone("zoe")
		if _, err := w.takeLink(w.other, r.CustomerID); !errors.Is(err, customer.ErrUnknown) {
			t.Errorf("taken by another library: %v", err)
		}
		var won atomic.Int32
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				ok, err := w.takeLink(w.anna, r.CustomerID)
				if err != nil && !errors.Is(err, enrol.ErrHasLogin) {
					t.Error(err)
				}
				if ok {
					won.Add(1)
				}
			})
		}
		all.Wait()
		if l := w.login(r.CustomerID); won.Load() != 1 || l.State != enrol.Linked || l.Username != "zoe" || !l.Since.Equal(w.Now()) {
			t.Errorf("%d linked; %+v", won.Load(), l)
		}
		if err := w.askLink(r.CustomerID, ""); !errors.Is(err, enrol.ErrHasLogin) {
			t.Errorf("asked while linked: %v", err)
		}
	})
}

func TestACustomerLinksAnAccountByTheMailedCode(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.account("zoe")
		r := w.without(tester())
		if err := w.askLink(r.CustomerID, " zoe "); err != nil {
			t.Fatal(err)
		}
		prove := func(code string) (ok bool) {
			w.do(func(tx *sqldb.Tx) (err error) {
				ok, err = w.office.ProveLink(tx, w.anna, r.CustomerID, code)
				return err
			})
			return ok
		}
		if prove("guess") || !prove("code-zoe") {
			t.Error("a wrong code was taken, or the right one refused")
		}
		if l := w.login(r.CustomerID); l.State != enrol.Linked {
			t.Errorf("%+v", l)
		}
	})
}

// far enrols somebody at the other library.
func (w *world) far(app enrol.Application) (r enrol.Result) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) error {
		b, err := branch.Find(tx, w.other.BranchID)
		if err != nil {
			return err
		}
		for _, d := range membership.Seed(b.OrganisationID) {
			if err := membership.SaveDefinition(tx, d); err != nil {
				return err
			}
		}
		if _, err := customer.SaveRange(tx, customer.Range{OrganisationID: b.OrganisationID, BranchID: b.ID, Label: "9000", First: 1, Last: 99_999}); err != nil {
			return err
		}
		app.Login = enrol.No
		r, err = w.office.Enrol(tx, w.other, app)
		return err
	})
	return r
}

func TestOneAccountOpensSeveralLibrariesAndOneCustomerAtEach(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		zoe := w.account("zoe")
		here, there := w.without(tester()), w.far(tester())
		link := func(c enrol.Clerk, id string) (ok bool, err error) {
			if err := w.try(func(tx *sqldb.Tx) error { return w.office.AskLink(tx, c, id, "") }); err != nil {
				return false, err
			}
			w.pass(time.Second) // so that the newest question is this one
			w.onPhone("zoe")
			return w.takeLink(c, id)
		}
		for c, id := range map[*enrol.Clerk]string{&w.other: there.CustomerID, &w.anna: here.CustomerID} {
			if ok, err := link(*c, id); !ok || err != nil {
				t.Fatalf("linked at one library: %v, %v", ok, err)
			}
		}
		held := func() (n int) {
			w.do(func(tx *sqldb.Tx) error {
				list, err := membership.OfAccount(tx, zoe)
				n = len(list)
				return err
			})
			return n
		}
		if held() != 2 {
			t.Errorf("the sign-on sees %d memberships, want those of both libraries", held())
		}
		second := w.without(someone(2))
		_, err := link(w.anna, second.CustomerID)
		wants(t, "a second customer of one library", err, customer.ErrAccountTaken, enrol.FieldUsername)
		if l := w.login(second.CustomerID); l.State != enrol.None {
			t.Errorf("the second customer: %+v", l)
		}
		// The new library lets go: the old one keeps what it has.
		if err := w.forget(here.CustomerID); err != nil {
			t.Fatal(err)
		}
		if l := w.login(there.CustomerID); held() != 1 || l.State != enrol.Linked {
			t.Errorf("at the old library: %+v", l)
		}
	})
}

func TestAnAccountThatItsOwnerDeletedIsLetGoEverywhere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.enrol(tester())
		w.activate(r.Username)
		there := w.far(tester())
		w.pass(time.Hour)
		w.do(func(tx *sqldb.Tx) error {
			who, err := customer.Find(tx, r.CustomerID)
			if err != nil {
				return err
			}
			if err := customer.SetLink(tx, there.CustomerID, who.Link.AccountID, customer.LinkExisting, customer.By{Actor: "staff:zara"}); err != nil {
				return err
			}
			if _, err := tx.Exec(`DELETE FROM town_account WHERE id = $1`, who.Link.AccountID); err != nil {
				return err
			}
			return w.office.AccountLeft(tx, who.Link.AccountID)
		})
		for _, id := range []string{r.CustomerID, there.CustomerID} {
			if l := w.login(id); l.State != enrol.Left || !l.Since.Equal(w.Now()) {
				t.Errorf("%+v", l)
			}
		}
		if w.count("membership") != 2 || w.owes(r.CustomerID) != 4500 {
			t.Error("memberships and money stay")
		}
		w.do(func(tx *sqldb.Tx) error {
			list, err := w.office.History(tx, r.CustomerID)
			if len(list) == 0 || list[0].What != "customer.account_left" {
				t.Errorf("the history: %+v", list)
			}
			return err
		})
		if l, err := w.generate(r.CustomerID); err != nil || l.State != enrol.Waiting {
			t.Errorf("generated anew: %+v, %v", l, err)
		}
		if l := w.login(r.CustomerID); l.State != enrol.Waiting {
			t.Errorf("and then: %+v", l)
		}
	})
}

func (w *world) tasks(customerID, letterID string) (list []task.Task) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) (err error) {
		list, err = task.About(tx, "customer:"+customerID+"#"+letterID)
		return err
	})
	return list
}

func TestALinkThatCameBackIsSeenAndMended(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.enrol(tester())
		w.pass(time.Minute)
		var account string
		w.do(func(tx *sqldb.Tx) error {
			who, err := customer.Find(tx, r.CustomerID)
			if err != nil {
				return err
			}
			account = who.Link.AccountID
			return enroltest.Town{}.Return(tx, account)
		})
		letterID := "letter-" + account
		back := outbox.Return{LetterID: letterID, Kind: "account.activation", About: "account:" + account, Code: "5.1.1", Hard: true}
		for range 2 { // refused, and a notice of it as well
			w.do(func(tx *sqldb.Tx) error { return w.office.MailReturned(tx, back) })
		}
		open := w.tasks(r.CustomerID, letterID)
		if len(open) != 1 || open[0].Kind != task.MailReturned || open[0].OrganisationID != w.lib.ID || !open[0].DoneAt.IsZero() || open[0].Facts[0].Value != "enrol.mail_address" {
			t.Fatalf("tasks %+v", open)
		}
		w.do(func(tx *sqldb.Tx) error {
			list, all, err := w.office.ToActivate(tx, w.anna, enrol.SleepersWanted{Most: 10})
			if all != 1 || len(list) != 1 || list[0].Number != r.Number || list[0].Login.State != enrol.Waiting {
				t.Errorf("to activate: %d, %+v", all, list)
			}
			if list, all, err := w.office.ToActivate(tx, w.other, enrol.SleepersWanted{Most: 10}); all != 0 || len(list) != 0 || err != nil {
				t.Errorf("another library sees %+v, %v", list, err)
			}
			return err
		})
		if ch, err := w.change(r.CustomerID, "goed@example.nl"); err != nil || !ch.Sent {
			t.Fatalf("%+v, %v", ch, err)
		}
		if done := w.tasks(r.CustomerID, letterID); done[0].DoneBy != "job" {
			t.Errorf("after the address was mended: %+v", done[0])
		}
		w.activate(r.Username)
		back.LetterID = "later"
		w.do(func(tx *sqldb.Tx) error { return w.office.MailReturned(tx, back) })
		if made := w.tasks(r.CustomerID, "later"); len(made) != 0 {
			t.Errorf("a letter to an account in use made a task: %+v", made)
		}
		own := outbox.Return{LetterID: "own", About: "customer:" + r.CustomerID, Code: "452 4.2.2"}
		w.do(func(tx *sqldb.Tx) error { return w.office.MailReturned(tx, own) })
		if made := w.tasks(r.CustomerID, "own"); len(made) != 1 || made[0].Facts[0].Value != "enrol.mail_full" {
			t.Errorf("a letter of the library: %+v", made)
		}
		for _, nobody := range []string{"", "account:", "account:x", "customer:x", "staff:x"} {
			w.do(func(tx *sqldb.Tx) error {
				return w.office.MailReturned(tx, outbox.Return{LetterID: "x", About: nobody})
			})
		}
	})
}

func TestReasonsOfAMailServerInWords(t *testing.T) {
	for code, want := range map[string]string{
		"5.1.1": "enrol.mail_address", "550 5.1.1": "enrol.mail_address", "5.1.10": "enrol.mail_address", "550": "enrol.mail_address",
		"552 5.2.2": "enrol.mail_full", "4.2.2": "enrol.mail_full", "4.4.1": "enrol.mail_later", "5.7.1": "enrol.mail_other",
		"554": "enrol.mail_other", "unreachable": "enrol.mail_other", "": "enrol.mail_other",
	} {
		if got := enrol.MailReason(code); got != want {
			t.Errorf("%q: %s, want %s", code, got, want)
		}
	}
}

package account_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/identity/account"
)

const zoe = "zoe@voorbeeld.nl"

// register does what the form does; change makes it another person's.
func (h *house) register(change func(*account.Registration)) (until time.Time, err error) {
	r := account.Registration{Email: zoe, Lang: words.NL, LibraryName: "Bind bibliotheken", ClientID: "inschrijven", Target: "/bind?stap=2", Network: home}
	if change != nil {
		change(&r)
	}
	return h.Register(h.t.Context(), h.db, r)
}

func (h *house) mustRegister(change func(*account.Registration)) time.Time {
	h.t.Helper()
	until, err := h.register(change)
	if err != nil {
		h.t.Fatal(err)
	}
	return until
}

func called(username string) func(*account.Registration) {
	return func(r *account.Registration) { r.Username = username }
}

// wake walks the owner's way from the welcome to an active account.
func (h *house) wake(email string) {
	h.t.Helper()
	token := h.linkIn(email, "welcome")
	if err := h.confirm(token); err != nil {
		h.t.Fatal(err)
	}
	if err := h.activate(token, good); err != nil {
		h.t.Fatal(err)
	}
}

func TestAPersonMakesAnAccountAndGoesOnWhereTheyWere(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		start := h.db.Now()
		until := h.mustRegister(nil)
		if !until.Equal(start.Add(account.ActivationLife)) {
			t.Errorf("works until %v", until)
		}
		m := h.mail(zoe, "welcome")
		for _, text := range []string{m.Text, m.HTML} {
			if !strings.Contains(text, "Je maakt een inlogaccount bij Bind bibliotheken") || !strings.Contains(text, "dinsdag 24 november 2026 om 14.05 uur") || strings.Contains(text, "voor je gemaakt") {
				t.Errorf("the welcome says:\n%s", text)
			}
		}
		token := h.linkIn(zoe, "welcome")
		if link, err := h.look(token); err != nil || !link.Account.SelfMade || link.Account.Username != zoe {
			t.Errorf("Look = %+v, %v", link, err)
		}
		if way := h.byLink(token); way.Address != "" {
			t.Errorf("a sleeping account goes on at %q", way.Address)
		}
		h.wake(zoe)
		const on = "https://lid.test/inloggen?naar=/bind?stap=2&hint="
		m = h.mail(zoe, "activated")
		if !strings.Contains(m.Text, on+zoe+"\n") || !strings.Contains(m.Text, "Inschrijven bij Bind") || !strings.Contains(m.Text, "https://lezen.test/") ||
			!strings.Contains(m.HTML, "Verder met inschrijven") || m.Subject != "Nog één stap bij Bind bibliotheken" || strings.Contains(m.Text+m.HTML, "leesplezier") {
			t.Errorf("the second letter is called %q and says:\n%s\n%s", m.Subject, m.Text, m.HTML)
		}
		if strings.Index(m.Text, "https://") != strings.Index(m.Text, on) {
			t.Errorf("the first link does not lead on:\n%s", m.Text)
		}
		if way := h.byLink(token); way.Address != on || way.Name != "Inschrijven bij Bind" {
			t.Errorf("the used link goes on at %+v, want no username in it", way)
		}
		h.want(h.signIn("Zoe@Voorbeeld.NL", good, home, ""), nil, "signing in by the address in other capitals")
	})
}

func (h *house) byLink(token secret.Token) (way account.Way) {
	h.t.Helper()
	h.in(func(tx *sqldb.Tx) (err error) { way, err = h.ContinueByLink(tx, token); return err })
	return way
}

func TestAnAccountWithoutASiteHasNothingToGoOnWith(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for i, client := range []string{"", "gone"} {
			email := fmt.Sprintf("kind%d@voorbeeld.nl", i)
			h.mustRegister(func(r *account.Registration) { r.Email, r.ClientID, r.Lang = email, client, words.EN })
			token := h.linkIn(email, "welcome")
			h.wake(email)
			if m := h.mail(email, "activated"); strings.Contains(m.Text, "continue") || !strings.Contains(m.Text, "https://lezen.test/") || m.Subject != "Your login account is ready" {
				t.Errorf("client %q: the letter is called %q and says:\n%s", client, m.Subject, m.Text)
			}
			if way := h.byLink(token); way.Address != "" {
				t.Errorf("client %q: goes on at %q", client, way.Address)
			}
		}
		if way := h.byLink("nonsense"); way.Address != "" {
			t.Errorf("a link that never was goes on at %q", way.Address)
		}
	})
}

// Of an address that has an account, the page looks as of one that has none; only
// its owner reads the difference.
func TestNobodyLearnsWhetherAnAddressHasAnAccount(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.mustRegister(nil)
		h.wake(zoe)
		h.pass(time.Minute)
		letters := h.mails()
		known := h.mustRegister(func(r *account.Registration) { r.Email = "ZOE@voorbeeld.nl" })
		fresh := h.mustRegister(func(r *account.Registration) { r.Email = "piet@voorbeeld.nl" })
		if !known.Equal(fresh) || h.mails() != letters+2 {
			t.Errorf("until %v and %v, %d letters; want the same and one each", known, fresh, h.mails()-letters)
		}
		m := h.mail(zoe, "known")
		if !strings.Contains(m.Text, "Dat account heb je al") || !strings.Contains(m.Text, "gezinslid") || !strings.Contains(m.Text, "https://lid.test/inloggen?naar=/bind?stap=2&hint="+zoe) ||
			!strings.Contains(m.Text, "https://inloggen.test/nieuw\n") || !strings.Contains(m.HTML, `href="https://inloggen.test/nieuw"`) {
			t.Errorf("the letter says:\n%s", m.Text)
		}
		h.want(h.signIn(zoe, good, home, ""), nil, "the account still works")
		h.pass(24 * time.Hour)
		h.mustRegister(func(r *account.Registration) { r.ClientID = "" })
		if m := h.mail(zoe, "known"); !strings.Contains(m.Text, "https://inloggen.test/aanmelden\n") {
			t.Errorf("without a site the letter says:\n%s", m.Text)
		}
		// A family member takes a name of their own at the same address.
		h.mustRegister(called("kleine.zoe"))
		h.wake(zoe)
		h.want(h.signIn("kleine.zoe", good, home, ""), nil, "the second account of the address")
	})
}

func TestWhoBeginsAgainGetsANewLinkAndTheOldOneDies(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for _, name := range []string{"", "zoe.maas"} {
			h.mustRegister(called(name))
			old := h.linkIn(zoe, "welcome")
			h.want(h.confirm(old), nil, "the first button")
			h.pass(time.Hour)
			// Sent again from the page, when the request of the site is over.
			until := h.mustRegister(func(r *account.Registration) { r.Username, r.ClientID, r.Target = name, "", "" })
			if !until.Equal(h.db.Now().Add(account.ActivationLife)) {
				t.Errorf("the new link works until %v", until)
			}
			_, err := h.look(old)
			h.want(err, account.ErrLinkReplaced, "the old link")
			h.want(h.activate(old, good), account.ErrLinkReplaced, "a password by the old link")
			h.wake(zoe)
			if m := h.mail(zoe, "activated"); !strings.Contains(m.Text, "naar=/bind?stap=2") {
				t.Errorf("the way on got lost:\n%s", m.Text)
			}
			h.pass(24 * time.Hour)
		}
	})
}

// What the library made stays the library's, though its owner did not wait.
func TestAnAccountOfTheLibraryStaysTheLibrarysWhenItsOwnerBeginsAnew(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id, _ := h.open("zoe.maas", zoe)
		h.pass(time.Hour)
		h.mustRegister(func(r *account.Registration) { r.Username, r.LibraryName = "Zoe.Maas", "Elders" })
		if s := h.state(id); s.State != account.Waiting || !s.Until.Equal(h.db.Now().Add(account.ActivationLife)) {
			t.Errorf("the account that the library linked: %+v", s)
		}
		if m := h.mail(zoe, "activation"); !strings.Contains(m.Text, "Bind bibliotheken heeft een inlogaccount voor je gemaakt") {
			t.Errorf("the letter says:\n%s", m.Text)
		}
	})
}

func TestATakenNameIsToldAtItsField(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.open("zoe.maas", "ander@voorbeeld.nl")
		for name, want := range map[string]error{
			"Zoe.Maas": account.ErrUsernameTaken, "zoe": account.ErrUsernameLength, "zoe maas": account.ErrUsernameSpace,
			"ander@voorbeeld.nl": account.ErrUsernameAt, "25280000001233": account.ErrUsernameNumber, " 1234 ": account.ErrUsernameNumber,
		} {
			_, err := h.register(called(name))
			h.want(err, want, name)
			if list := fault.Of(err); len(list) != 1 || list[0].Field != account.FieldUsername {
				t.Errorf("%s: %v stands at no field", name, err)
			}
		}
		_, err := h.register(func(r *account.Registration) { r.Email, r.Username = "zoe", "1234" })
		if list := fault.Of(err); len(list) != 2 || list[0].Field != account.FieldEmail || !errors.Is(err, account.ErrUsernameNumber) {
			t.Errorf("two faults: %v", err)
		}
		_, err = h.register(func(r *account.Registration) { r.Email = "zoë@voorbeeld.nl" })
		h.want(err, account.ErrUsernameEmail, "an address that cannot be a name")
		h.mustRegister(func(r *account.Registration) { r.Email, r.Username = "zoë@voorbeeld.nl", "zoë.maas" })
		if h.mails() != 2 {
			t.Errorf("%d letters, want 2", h.mails())
		}
	})
}

func TestOfSixteenRegistrationsOfOneNameOneWins(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var n, taken atomic.Int32
		won := sixteen(func() error {
			email := fmt.Sprintf("kind%d@voorbeeld.nl", n.Add(1))
			_, err := h.register(func(r *account.Registration) { r.Email, r.Username = email, "zoe.maas" })
			if errors.Is(err, account.ErrUsernameTaken) {
				taken.Add(1)
			}
			return err
		})
		if won != 1 || taken.Load() != 15 || h.mails() != 1 {
			t.Errorf("%d made it, %d were told the name is taken, %d letters; want 1, 15 and 1", won, taken.Load(), h.mails())
		}
	})
}

// A button that is pressed sixteen times at once: a few letters, and one link.
func TestSixteenPressesMakeOneAccountAndFewLetters(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		won := sixteen(func() error { _, err := h.register(nil); return err })
		if won != 4 || h.mails() != 4 {
			t.Errorf("%d presses went well, %d letters, want 4 and 4", won, h.mails())
		}
		var accounts, links int
		h.in(func(tx *sqldb.Tx) error {
			if _, err := tx.One(`SELECT COUNT(*) FROM account`, nil, &accounts); err != nil {
				return err
			}
			_, err := tx.One(`SELECT COUNT(*) FROM account_link WHERE replaced_at IS NULL`, nil, &links)
			return err
		})
		if accounts != 1 || links != 1 {
			t.Errorf("%d accounts and %d links that work, want one of each", accounts, links)
		}
	})
}

func TestAMailboxIsNotFilled(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for i := range 4 { // a family: four names, one address
			h.mustRegister(called(fmt.Sprintf("kind.nummer%d", i)))
		}
		_, err := h.register(func(r *account.Registration) {
			r.Email, r.Username, r.Network = "ZOE@voorbeeld.nl", "nog.een", "elsewhere"
		})
		h.want(err, account.ErrManyLetters, "the fifth letter")
		if list := fault.Of(err); len(list) != 1 || len(list[0].Args) != 2 || list[0].Args[0] != 60 || list[0].Args[1] != 1 {
			t.Errorf("the fifth letter: %+v, want 60 seconds and 1 minute", list)
		}
		h.mustRegister(func(r *account.Registration) { r.Email = "piet@voorbeeld.nl" })
		h.pass(time.Minute)
		h.mustRegister(called("nog.een"))
		start := h.mails()
		for range 24 * 12 { // a day of somebody who presses every five minutes
			h.pass(5 * time.Minute)
			if _, err := h.register(nil); err != nil {
				h.want(err, account.ErrManyLetters, "all day")
			}
		}
		if n := h.mails() - start; n > 52 {
			t.Errorf("%d letters in a day", n)
		}
	})
}

func TestANetworkThatMakesManyAccountsSlowsDown(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		n := 0
		try := func(network string) error {
			n++
			_, err := h.register(func(r *account.Registration) { r.Email, r.Network = fmt.Sprintf("kind%d@voorbeeld.nl", n), network })
			return err
		}
		for try(home) == nil && n < 200 {
		}
		if n != 102 {
			t.Errorf("slowed down at account %d, want 102", n)
		}
		h.want(try(home), account.ErrManyTries, "one more")
		h.want(try("elsewhere"), nil, "another network")
		h.pass(time.Second)
		h.want(try(home), nil, "a second later")
	})
}

// A class may go on under its addresses while somebody beside it goes through a list
// of names.
func TestANetworkThatTriesNamesSlowsDown(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.open("zoe.maas", "ander@voorbeeld.nl")
		n := 0
		try := func(name, network string) error {
			n++
			_, err := h.register(func(r *account.Registration) {
				r.Email, r.Username, r.Network = fmt.Sprintf("kind%d@voorbeeld.nl", n), name, network
			})
			return err
		}
		for range 60 {
			h.want(try("zoe.maas", home), account.ErrUsernameTaken, "a try")
		}
		var told atomic.Int32
		sixteen(func() error {
			_, err := h.register(func(r *account.Registration) { r.Username = "zoe.maas" })
			if errors.Is(err, account.ErrUsernameTaken) {
				told.Add(1)
			}
			return err
		})
		if told.Load() != 1 {
			t.Errorf("of sixteen at once %d were told that the name is taken, want one", told.Load())
		}
		err := try("een.vrije.naam", home)
		h.want(err, account.ErrManyNames, "a free name looks the same")
		if list := fault.Of(err); len(list) != 1 || list[0].Field != account.FieldUsername || list[0].Args[0] != 5 || list[0].Args[1] != 1 {
			t.Errorf("%+v, want 5 seconds and 1 minute at the name", list)
		}
		h.want(try("", home), nil, "called by the address")
		h.want(try("zoe.maas", "elsewhere"), account.ErrUsernameTaken, "another network")
		h.pass(5 * time.Second)
		h.want(try("zoe.maas", home), account.ErrUsernameTaken, "five seconds later")
		told.Store(0)
		for range 24 * 60 { // a day of somebody who asks every minute
			h.pass(time.Minute)
			if errors.Is(try("zoe.maas", home), account.ErrUsernameTaken) {
				told.Add(1)
			}
		}
		if told.Load() > 24*31 {
			t.Errorf("%d names told in a day", told.Load())
		}
	})
}

func TestTheWayOnOutlivesAnExpiredAccount(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.mustRegister(called("zoe.maas"))
		token := h.linkIn(zoe, "welcome")
		h.pass(25 * time.Hour)
		h.in(h.Expire)
		h.in(func(tx *sqldb.Tx) error { _, err := h.ResendByLink(tx, token); return err })
		h.wake(zoe)
		if m := h.mail(zoe, "activated"); !strings.Contains(m.Text, "https://lid.test/inloggen?naar=/bind?stap=2&hint=zoe.maas") {
			t.Errorf("the way on got lost:\n%s", m.Text)
		}
		// Over, though the job did not come: the name is free for its owner and for others.
		h.mustRegister(called("te.laat"))
		h.pass(25 * time.Hour)
		h.mustRegister(func(r *account.Registration) { r.Email, r.Username = "piet@voorbeeld.nl", "te.laat" })
		h.pass(25 * time.Hour)
		h.in(h.Expire)
		h.mustRegister(called("te.laat"))
	})
}

func TestANewAddressRenamesAnAccountThatIsNamedAfterTheOld(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id, _ := h.open(zoe, zoe)
		resend := func(id, email string) error {
			return h.try(func(tx *sqldb.Tx) error { _, err := h.Resend(tx, id, email); return err })
		}
		h.want(resend(id, "Zoe.Maas@voorbeeld.nl"), nil, "Resend to another address")
		if s := h.state(id); s.Username != "Zoe.Maas@voorbeeld.nl" || s.Email != s.Username {
			t.Errorf("after Resend: %+v", s)
		}
		h.mustRegister(nil) // the old address is free for its owner
		h.want(resend(id, zoe), account.ErrUsernameTaken, "Resend to an address that is a name already")
	})
}

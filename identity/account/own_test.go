package account_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/base/outbox"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/identity/account"
)

const firefox = "Firefox, Windows"

func (h *house) enter(name, plain string) error { return h.signIn(name, plain, home, "") }

func (h *house) forgot(typed string) error {
	return h.ForgotPassword(h.t.Context(), h.db, account.Forgotten{Typed: typed, Network: home})
}

func (h *house) reset(token secret.Token, plain string) error {
	_, err := h.Reset(h.t.Context(), h.db, account.Renewal{Token: token, Password: plain, Browser: firefox}, nil)
	return err
}

func (h *house) rename(id, name string) error {
	_, err := h.ChangeUsername(h.t.Context(), h.db, account.Naming{AccountID: id, Username: name, Browser: firefox})
	return err
}

func (h *house) move(id, email string, nameToo bool) error {
	_, err := h.ChangeEmail(h.t.Context(), h.db, account.Moving{AccountID: id, Email: email, NameToo: nameToo})
	return err
}

func (h *house) confirmEmail(token secret.Token) error {
	return h.try(func(tx *sqldb.Tx) error { _, err := h.ConfirmEmail(tx, token, ""); return err })
}

func (h *house) undo(token secret.Token) (reset secret.Token, err error) {
	err = h.try(func(tx *sqldb.Tx) (err error) { _, reset, err = h.UndoEmail(tx, token, ""); return err })
	return reset, err
}

func (h *house) find(id string) (acc account.Account) {
	h.t.Helper()
	h.in(func(tx *sqldb.Tx) (err error) { acc, err = h.Find(tx, id); return err })
	return acc
}

// lettersOf counts the letters of a kind.
func (h *house) lettersOf(kind string) (n int) {
	h.t.Helper()
	var letters []outbox.Letter
	h.in(func(tx *sqldb.Tx) (err error) { letters, err = outbox.Recent(tx, 1000); return err })
	for _, l := range letters {
		if l.Mail.Kind == "account."+kind {
			n++
		}
	}
	return n
}

func TestWhoForgotThePasswordGetsALinkThatWorksOnceForAnHour(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.active("zoe.maas", "zoe@example.nl", good)
		h.want(h.forgot("Zoe.Maas"), nil, "asking")
		old := h.linkIn("zoe@example.nl", "reset")
		h.pass(time.Minute)
		h.want(h.forgot("zoe@example.nl"), nil, "asking by the address")
		token := h.linkIn("zoe@example.nl", "reset")
		h.want(h.reset(old, other), account.ErrResetOver, "a link that was replaced")
		h.want(h.enter("zoe.maas", good), nil, "the old password, as long as nothing is set")
		h.pass(account.ResetLife - time.Microsecond)
		h.want(h.reset(token, other), nil, "the newest link, at the end of its hour")
		h.want(h.reset(token, good), account.ErrResetOver, "a link that was used")
		h.want(h.enter("zoe.maas", good), account.ErrSignIn, "the old password")
		h.pass(time.Minute)
		h.want(h.enter("zoe.maas", other), nil, "the new password")
		if !strings.Contains(h.mail("zoe@example.nl", "password").Text, "wachtwoord-vergeten") {
			t.Error("the letter about the new password shows no way")
		}
		h.want(h.forgot("zoe.maas"), nil, "asking again")
		token = h.linkIn("zoe@example.nl", "reset")
		h.pass(account.ResetLife)
		h.want(h.reset(token, good), account.ErrResetOver, "an hour later")
	})
}

func TestAFamilyGetsOneLetterWithAPartForEach(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.active("zoe.maas", "familie@example.nl", good)
		h.pass(time.Minute)
		h.active("25280000001241", "Familie@example.nl", good)
		h.open("25280000001258", "familie@example.nl") // never activated
		h.open("25280000001266", "familie@example.nl") // over, and remembered
		h.pass(24 * time.Hour)
		h.in(h.Expire)
		h.open("25280000001274", "familie@example.nl")
		h.pass(time.Minute)
		before := h.mails()
		h.want(h.forgot("FAMILIE@example.nl"), nil, "asking")
		if n := h.mails() - before; n != 1 {
			t.Fatalf("%d letters, want 1", n)
		}
		var newest []outbox.Letter
		h.in(func(tx *sqldb.Tx) (err error) { newest, err = outbox.Recent(tx, 1); return err })
		text := newest[0].Mail.Text
		for _, name := range []string{"zoe.maas", "25280000001241", "25280000001258", "25280000001266", "25280000001274"} {
			if !strings.Contains(text, name) {
				t.Errorf("the letter lacks %s:\n%s", name, text)
			}
		}
		if n := strings.Count(text, "/wachtwoord/"); n != 2 {
			t.Errorf("%d links for a password, want 2", n)
		}
		if n := strings.Count(text, "/activeren/"); n != 3 {
			t.Errorf("%d links to activate, want 3", n)
		}
		for _, m := range linkPattern.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[0], "/activeren/") {
				h.want(h.confirm(secret.Token(m[1])), nil, "a new activation link")
			}
		}
	})
}

func TestWhoForgotTheUsernameGetsOneLetterWithAllOfThem(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.active("zoe.maas", "familie@example.nl", good)
		h.open("25280000001241", "familie@example.nl")
		h.active("buurman", "buur@example.nl", good)
		before := h.mails()
		h.want(h.ForgotUsername(t.Context(), h.db, account.Forgotten{Typed: "Familie@Example.NL", Network: home}), nil, "asking")
		text := h.mail("familie@example.nl", "names").Text
		if h.mails() != before+1 || !strings.Contains(text, "zoe.maas") || !strings.Contains(text, "25280000001241") || strings.Contains(text, "buurman") {
			t.Errorf("the letter:\n%s", text)
		}
		h.want(h.ForgotUsername(t.Context(), h.db, account.Forgotten{Typed: "zoe.maas", Network: home}), account.ErrEmail, "a name is no address")
	})
}

// Nobody learns from the books who exists: each question writes as many rows.
func TestAQuestionWritesAlikeWhetherAnybodyIsMeant(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.open("over.datum", "over@example.nl")
		h.pass(24 * time.Hour)
		h.in(h.Expire)
		h.active("zoe.maas", "zoe@example.nl", good)
		h.open("slaapt.nog", "slaapt@example.nl")
		rows := func() (n int) {
			h.in(func(tx *sqldb.Tx) error {
				for _, table := range []string{"account", "account_link", "account_own_link", "account_expired", "account_event", "throttle", "audit", "account_ask", "outbox"} {
					var one int
					if _, err := tx.One("SELECT COUNT(*) FROM "+table, nil, &one); err != nil {
						return err
					}
					n += one
				}
				return nil
			})
			return n
		}
		for what, ask := range map[string]func(string) error{
			"password": h.forgot,
			"username": func(typed string) error {
				return h.ForgotUsername(t.Context(), h.db, account.Forgotten{Typed: typed, Network: home})
			},
			"sign-in": func(typed string) error {
				if err := h.enter(typed, "iets heel anders"); !errors.Is(err, account.ErrSignIn) {
					return fmt.Errorf("sign-in: %v", err)
				}
				return nil
			},
		} {
			wrote, list := map[string]int{}, []string{"zoe@example.nl", "slaapt@example.nl", "over@example.nl", "niemand@example.nl"}
			if what != "username" {
				list = append(list, "zoe.maas", "slaapt.nog", "over.datum", "niemand.ook")
			}
			for _, typed := range list {
				h.in(func(tx *sqldb.Tx) error { // each is the first of its kind
					_, err := tx.Exec(`DELETE FROM throttle`)
					return err
				})
				before := rows()
				h.want(ask(typed), nil, what+" "+typed)
				wrote[typed] = rows() - before
			}
			for _, typed := range list {
				if wrote[typed] != wrote["niemand@example.nl"] {
					t.Errorf("%s, %s: %d rows, niemand %d", what, typed, wrote[typed], wrote["niemand@example.nl"])
				}
			}
		}
	})
}

func TestAMailboxIsNotFlooded(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.active("zoe.maas", "zoe@example.nl", good)
		for range 4 {
			h.want(h.forgot("zoe.maas"), nil, "asking by name")
		}
		h.want(h.forgot("zoe.maas"), account.ErrManyAsks, "the fifth")
		for range 4 {
			h.want(h.forgot("zoe@example.nl"), nil, "asking by the address")
		}
		if n := h.lettersOf("reset"); n != 7 { // six and the one that begins the wait
			t.Errorf("%d letters, want 7", n)
		}
		for range 4 {
			h.want(h.forgot("niemand.hier"), nil, "nobody")
		}
		h.want(h.forgot("niemand.hier"), account.ErrManyAsks, "nobody slows down alike")
		h.pass(30 * time.Minute)
		h.want(h.forgot("zoe.maas"), nil, "half an hour later the owner gets a letter")
		if n := h.lettersOf("reset"); n != 8 {
			t.Errorf("%d letters, want 8", n)
		}
	})
}

func TestAnAddressDoesForAName(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.active("zoe.maas", "zoe@example.nl", good)
		h.want(h.enter("ZOE@example.nl", good), nil, "the address of one account")
		h.want(h.enter("zoe@example.nl", other), account.ErrSignIn, "a wrong password")
		h.pass(time.Minute)
		h.active("zus.maas", "zoe@example.nl", other)
		h.want(h.enter("zoe@example.nl", good), account.ErrSignIn, "an address that two share")
		h.want(h.enter("zus.maas", other), nil, "the name")
		h.active("piet@example.nl", "piet@example.nl", good)
		h.pass(time.Minute)
		h.active("kind.van.piet", "piet@example.nl", other)
		h.want(h.enter("piet@example.nl", good), nil, "who is called by the address is meant")
		h.want(h.enter("piet@example.nl", other), account.ErrSignIn, "and not another who has it")
		h.active("25280000001266", "oma@example.nl", good)
		h.open("oma@example.nl", "oma@example.nl") // by a stranger
		h.want(h.enter("oma@example.nl", good), nil, "a name that nobody activated shuts nobody out")
		h.open("slaapt.nog", "slaapt@example.nl")
		h.want(h.enter("slaapt@example.nl", good), account.ErrSignIn, "an account that sleeps")
		h.active("zoe.elders", "zoé@example.nl", good)
		h.want(h.enter("ZOé@example.nl", good), account.ErrSignIn, "outside ASCII letters are compared as they are")
		h.want(h.enter("zoé@example.nl", good), nil, "the same letters")
	})
}

func TestNameAndAddressShareTheGuesses(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.active("zoe.maas", "zoe@example.nl", good)
		for i := range 6 {
			h.want(h.enter([]string{"zoe.maas", "zoe@example.nl"}[i%2], other), account.ErrSignIn, "a guess")
		}
		h.want(h.enter("zoe@example.nl", good), account.ErrSlow, "the seventh by the address")
		h.want(h.enter("zoe.maas", good), account.ErrSlow, "and by the name")
	})
}

func TestTheNameThatAStrangerChoseGoesWithTheAddress(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.active("zoetje", "zoe@example.nl", good)
		h.want(h.move(id, "dief@example.nl", false), nil, "asking")
		h.want(h.confirmEmail(h.linkIn("dief@example.nl", "email")), nil, "confirming")
		h.want(h.rename(id, "dief1234"), nil, "renaming")
		_, err := h.undo(h.linkIn("zoe@example.nl", "email_changed"))
		h.want(err, nil, "undoing")
		if acc := h.find(id); acc.Username != "zoetje" || acc.Email != "zoe@example.nl" {
			t.Errorf("%s at %s", acc.Username, acc.Email)
		}
	})
}

func TestANameThatWasChosenSinceIsKept(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.active("zoe@example.nl", "zoe@example.nl", good)
		h.want(h.move(id, "nieuw@example.nl", true), nil, "asking")
		h.want(h.rename(id, "zoetje"), nil, "renaming")
		h.want(h.confirmEmail(h.linkIn("nieuw@example.nl", "email")), nil, "confirming")
		if acc := h.find(id); acc.Username != "zoetje" || acc.Email != "nieuw@example.nl" {
			t.Errorf("%s at %s", acc.Username, acc.Email)
		}
		h.want(h.enter("zoetje", good), nil, "signing in")
	})
}

func TestAnOldNameRestsForItsOwner(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.active("25280000001233", "zoe@example.nl", good)
		h.want(h.rename(id, "zoe.maas"), nil, "another name")
		h.want(h.enter("25280000001233", good), account.ErrSignIn, "the old name")
		h.want(h.enter("zoe.maas", good), nil, "the new name")
		if m := h.mail("zoe@example.nl", "username").Text; !strings.Contains(m, "25280000001233") || !strings.Contains(m, "90 dagen") {
			t.Errorf("the letter:\n%s", m)
		}
		piet := h.active("piet.maas", "piet@example.nl", good)
		h.want(h.rename(piet, "ZOE.maas"), account.ErrUsernameTaken, "a name in use")
		h.want(h.rename(piet, "25280000001266"), account.ErrUsernameNumber, "a number that was never theirs")
		h.want(h.rename(piet, "x"), account.ErrUsernameLength, "a short name")
		h.want(h.rename(id, "25280000001233"), nil, "its owner takes the number back")
		h.want(h.rename(piet, "zoe.maas"), account.ErrUsernameTaken, "a name that rests")
		open := func() error {
			return h.try(func(tx *sqldb.Tx) error {
				_, _, err := h.Open(tx, account.Opening{Username: "zoe.maas", Email: "x@example.nl", Lang: words.NL, LibraryName: "Bind"})
				return err
			})
		}
		h.want(open(), account.ErrUsernameTaken, "opening one with a name that rests")
		h.pass(account.NameRest)
		h.want(open(), nil, "90 days later")
		h.in(h.Expire)
	})
}

func TestTwoWhoWantAFreedNameGetItOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var ids []string
		for i := range 16 {
			ids = append(ids, h.active(fmt.Sprintf("naam%02d", i), fmt.Sprintf("p%d@example.nl", i), good))
		}
		var next sync.Map
		n := 0
		var mu sync.Mutex
		won := sixteen(func() error {
			mu.Lock()
			id := ids[n]
			n++
			mu.Unlock()
			err := h.rename(id, "begeerd")
			next.Store(id, err)
			return err
		})
		if won != 1 {
			t.Errorf("%d took the name, want 1", won)
		}
		next.Range(func(_, err any) bool {
			if err != nil && !errors.Is(err.(error), account.ErrUsernameTaken) {
				t.Errorf("a loser hears %v", err)
			}
			return true
		})
	})
}

func TestThePasswordIsChangedByTheCurrentOne(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.active("zoe.maas", "zoe@example.nl", good)
		change := func(current, plain string) error {
			return h.ChangePassword(t.Context(), h.db, account.NewPassword{AccountID: id, Password: plain, By: account.Attempt{Password: current, Network: home}}, nil)
		}
		h.want(change(other, "een heel nieuw woord"), account.ErrPassword, "another password")
		h.want(change(good, good), account.ErrSamePassword, "the same")
		h.want(change(good, other), nil, "the current one")
		h.want(h.enter("zoe.maas", good), account.ErrSignIn, "the old one")
		h.want(h.enter("zoe.maas", other), nil, "the new one")
		for range 10 {
			_ = change(good, "een heel nieuw woord")
		}
		h.want(change(other, "een heel nieuw woord"), account.ErrSlow, "guesses slow down")
	})
}

func TestANewAddressIsConfirmedAndCanBeUndoneForAWeek(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.active("zoe@example.nl", "zoe@example.nl", good)
		h.want(h.move(id, "niet@goed", false), account.ErrEmail, "no address")
		h.want(h.move(id, "zoe@example.nl", false), account.ErrSameEmail, "the same")
		h.want(h.move(id, "eerste@example.nl", true), nil, "asking")
		first := h.linkIn("eerste@example.nl", "email")
		early := h.linkIn("zoe@example.nl", "email_asked")
		h.pass(time.Minute)
		h.want(h.move(id, "nieuw@example.nl", true), nil, "asking again")
		token := h.linkIn("nieuw@example.nl", "email")
		h.want(h.confirmEmail(first), account.ErrEmailOver, "a link that was replaced")
		if acc := h.find(id); acc.Email != "zoe@example.nl" {
			t.Errorf("changed before it was confirmed: %s", acc.Email)
		}
		h.pass(account.EmailChangeLife - time.Microsecond)
		h.want(h.confirmEmail(token), nil, "at the end of its day")
		h.want(h.confirmEmail(token), account.ErrEmailOver, "once more")
		if acc := h.find(id); acc.Email != "nieuw@example.nl" || acc.Username != "nieuw@example.nl" {
			t.Errorf("after the change: %s, called %s", acc.Email, acc.Username)
		}
		h.want(h.enter("nieuw@example.nl", good), nil, "by the new name")
		late := h.linkIn("zoe@example.nl", "email_changed")

		// Whoever has the account now moves on; the earlier owner comes first.
		h.pass(time.Hour)
		h.want(h.move(id, "derde@example.nl", true), nil, "a third address")
		h.want(h.confirmEmail(h.linkIn("derde@example.nl", "email")), nil, "is confirmed")
		theirs := h.linkIn("nieuw@example.nl", "email_changed")
		h.pass(account.EmailUndoLife - time.Hour - time.Microsecond)
		reset, err := h.undo(late)
		h.want(err, nil, "at the end of the week")
		if acc := h.find(id); acc.Email != "zoe@example.nl" || acc.Username != "zoe@example.nl" {
			t.Errorf("after the undo: %s, called %s", acc.Email, acc.Username)
		}
		h.want(h.enter("zoe@example.nl", good), account.ErrSignIn, "the password that another knows")
		_, err = h.undo(theirs)
		h.want(err, account.ErrUndoOver, "the way back of who was undone")
		_, err = h.undo(late)
		h.want(err, account.ErrUndoOver, "the same once more")
		_, err = h.undo(early)
		h.want(err, account.ErrUndoOver, "older than a week")
		h.want(h.reset(reset, other), nil, "a new password")
		h.pass(time.Minute)
		h.want(h.enter("zoe@example.nl", other), nil, "with it")
	})
}

// The address that was left a few days ago is still a way back, so that nobody else
// is called by it; who registers with it hears no more than with any other.
func TestAnAddressThatRestsIsNobodyElses(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.active("zoe@example.nl", "zoe@example.nl", good)
		h.want(h.move(id, "nieuw@example.nl", true), nil, "asking")
		h.want(h.confirmEmail(h.linkIn("nieuw@example.nl", "email")), nil, "confirming")
		register := func() error {
			_, err := h.Register(t.Context(), h.db, account.Registration{Email: "zoe@example.nl", Lang: words.NL, LibraryName: "Bind", Network: home})
			return err
		}
		h.pass(time.Minute)
		h.want(register(), nil, "the answer is that of success")
		if m := h.mail("zoe@example.nl", "known").Text; !strings.Contains(m, "nieuw@example.nl") {
			t.Errorf("the letter:\n%s", m)
		}
		h.pass(account.EmailUndoLife)
		h.want(register(), nil, "a week later")
		h.linkIn("zoe@example.nl", "welcome")
	})
}

func TestSixteenUsesOfOneLinkAreOne(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.active("zoe.maas", "zoe@example.nl", good)
		h.want(h.forgot("zoe.maas"), nil, "asking")
		token := h.linkIn("zoe@example.nl", "reset")
		if won := sixteen(func() error { return h.reset(token, other) }); won != 1 {
			t.Errorf("%d resets by one link", won)
		}
		h.want(h.move(id, "nieuw@example.nl", false), nil, "asking")
		token = h.linkIn("nieuw@example.nl", "email")
		if won := sixteen(func() error { return h.confirmEmail(token) }); won != 1 || h.lettersOf("email_changed") != 1 {
			t.Errorf("%d confirmations by one link, %d letters", won, h.lettersOf("email_changed"))
		}
		token = h.linkIn("zoe@example.nl", "email_changed")
		if won := sixteen(func() error { _, err := h.undo(token); return err }); won != 1 {
			t.Errorf("%d undone by one link", won)
		}
	})
}

func TestWhoeverWinsTheUndoStands(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.active("zoe.maas", "zoe@example.nl", good)
		h.want(h.move(id, "nieuw@example.nl", false), nil, "asking")
		confirm, back := h.linkIn("nieuw@example.nl", "email"), h.linkIn("zoe@example.nl", "email_asked")
		var both sync.WaitGroup
		var undone error
		both.Go(func() { _ = h.confirmEmail(confirm) })
		both.Go(func() { _, undone = h.undo(back) })
		both.Wait()
		h.want(undone, nil, "the undo")
		if acc := h.find(id); acc.Email != "zoe@example.nl" {
			t.Errorf("the address is %s", acc.Email)
		}
		h.want(h.confirmEmail(confirm), account.ErrEmailOver, "the change afterwards")
	})
}

func TestADeletedAccountIsGone(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.active("zoe.maas", "zoe@example.nl", good)
		gone := func(plain string) error {
			return h.Delete(t.Context(), h.db, id, account.Attempt{Password: plain, Network: home}, nil)
		}
		h.want(gone(other), account.ErrPassword, "another password")
		h.want(h.forgot("zoe.maas"), nil, "asking")
		token := h.linkIn("zoe@example.nl", "reset")
		h.want(gone(good), nil, "the password")
		h.want(gone(good), account.ErrNoAccount, "once more")
		if h.left.Load() != id {
			t.Error("the other wings did not let go")
		}
		h.want(h.reset(token, other), account.ErrResetOver, "a link of before")
		h.want(h.enter("zoe.maas", good), account.ErrSignIn, "signing in")
		if s := h.state(id); s.State != account.None {
			t.Errorf("state %v", s)
		}
		h.mail("zoe@example.nl", "deleted")
		piet := h.active("piet.maas", "piet@example.nl", good)
		h.want(h.rename(piet, "zoe.maas"), account.ErrUsernameTaken, "its name rests")
		var n int
		h.in(func(tx *sqldb.Tx) error {
			_, err := tx.One(`SELECT COUNT(*) FROM account_event WHERE account_id = $1`, []any{id}, &n)
			return err
		})
		if n != 0 {
			t.Errorf("%d lines of history remain", n)
		}
	})
}

func TestADeletionThatCrossesASignInLeavesNobodyIn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.active("zoe.maas", "zoe@example.nl", good)
		var both sync.WaitGroup
		in := make(chan error, 3)
		for range 3 {
			both.Go(func() {
				_, err := account.SignIn(t.Context(), h.db, account.Attempt{Username: "zoe.maas", Password: good, Network: home}, func(tx *sqldb.Tx, acc account.Account) error {
					_, err := h.Arrive(tx, acc, "", firefox)
					return err
				})
				in <- err
			})
		}
		both.Go(func() {
			h.want(h.Delete(t.Context(), h.db, id, account.Attempt{Password: good, Network: home}, nil), nil, "deleting")
		})
		both.Wait()
		close(in)
		for err := range in {
			if err != nil && !errors.Is(err, account.ErrSignIn) && !errors.Is(err, account.ErrSlow) {
				t.Errorf("a sign-in hears %v", err)
			}
		}
		var n int
		h.in(func(tx *sqldb.Tx) error {
			_, err := tx.One(`SELECT COUNT(*) FROM account_device WHERE account_id = $1`, []any{id}, &n)
			return err
		})
		if n != 0 {
			t.Errorf("%d devices of nobody", n)
		}
	})
}

// Whoever only ever came by a passkey has signed in before: after it is gone, a
// stranger with the password is no first sign-in.
func TestAPasswordAfterPasskeysAloneIsToldByLetter(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.active("zoe.maas", "zoe@example.nl", good)
		h.pass(time.Minute)
		h.in(func(tx *sqldb.Tx) error {
			acc, err := h.Find(tx, id)
			if err != nil {
				return err
			}
			acc.SignedInAt = acc.ActivatedAt // as the login door does for a passkey
			_, err = h.Arrive(tx, acc, "", firefox)
			return err
		})
		letters := h.lettersOf("newdevice")
		h.pass(time.Minute)
		_, err := account.SignIn(t.Context(), h.db, account.Attempt{Username: "zoe.maas", Password: good, Network: home, Browser: "Safari, iPhone"}, func(tx *sqldb.Tx, acc account.Account) error {
			_, err := h.Arrive(tx, acc, "", "Safari, iPhone")
			return err
		})
		h.want(err, nil, "signing in")
		if n := h.lettersOf("newdevice") - letters; n != 1 {
			t.Errorf("%d letters about the stranger's browser, want 1", n)
		}
	})
}

func TestTheOwnerSeesWhatHappened(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.active("zoe.maas", "zoe@example.nl", good)
		arrive := func(device secret.Token, browser string) (token secret.Token) {
			_, err := account.SignIn(t.Context(), h.db, account.Attempt{Username: "zoe.maas", Password: good, Network: home, Device: device, Browser: browser}, func(tx *sqldb.Tx, acc account.Account) (err error) {
				token, err = h.Arrive(tx, acc, device, browser)
				return err
			})
			h.want(err, nil, "signing in")
			h.pass(time.Minute)
			return token
		}
		first := arrive("", firefox)
		if h.lettersOf("newdevice") != 0 {
			t.Error("the very first sign-in is told by letter")
		}
		arrive(first, firefox)
		arrive("", "Safari, iPhone")
		if h.lettersOf("newdevice") != 1 || !strings.Contains(h.mail("zoe@example.nl", "newdevice").Text, "Safari, iPhone") {
			t.Errorf("%d letters about a new browser, want 1", h.lettersOf("newdevice"))
		}
		for range 3 {
			_ = h.enter("zoe.maas", other)
		}
		h.pass(time.Minute)
		h.in(func(tx *sqldb.Tx) error {
			devices, err := h.Devices(tx, id, first)
			if err != nil || len(devices) != 2 || devices[1].Name != firefox || !devices[1].This {
				t.Errorf("devices %+v, %v", devices, err)
			}
			if err := h.ForgetDevices(tx, id, first, firefox); err != nil {
				return err
			}
			devices, err = h.Devices(tx, id, first)
			if len(devices) != 1 {
				t.Errorf("after forgetting: %+v", devices)
			}
			return err
		})
		kinds := func() (list []string) {
			h.in(func(tx *sqldb.Tx) error {
				events, err := h.History(tx, id)
				for _, e := range events {
					list = append(list, fmt.Sprint(e.Kind, e.Times))
				}
				return err
			})
			return list
		}
		got := kinds()
		if len(got) != 6 {
			t.Errorf("history %v", got)
		}
		all := strings.Join(got, " ")
		for _, want := range []string{"devices1", "refused3", "signin_new1", "signin1", "activate1"} {
			if !strings.Contains(all, want) {
				t.Errorf("history %v lacks %s", got, want)
			}
		}
		h.pass(account.HistoryLife)
		h.in(h.Expire)
		if got := kinds(); len(got) != 0 {
			t.Errorf("after 90 days: %v", got)
		}
	})
}

func FuzzEmailKey(f *testing.F) {
	for _, s := range []string{"zoe@example.nl", "ZOË@Example.NL", "", "@", "a@b@c", "\xff@x", "İ@x.nl"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		key := account.EmailKey(typed)
		if account.EmailKey(key) != key {
			t.Errorf("%q folds to %q and that to %q", typed, key, account.EmailKey(key))
		}
	})
}

package account_test

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/outbox"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/identity/account"
)

const (
	good  = "paarse fiets lacht hard"
	other = "groene kat slaapt lang"
)

// house is one database with its clock, as the acts find it.
type house struct {
	*account.Accounts
	t  testing.TB
	db *sqldb.DB

	now  atomic.Int64
	left atomic.Value // id of the account that other wings let go of last

	unlinked atomic.Bool  // the library let go of every account
	kept     atomic.Int32 // removals of which the library heard that the owner stopped them
}

func newHouse(t testing.TB, db *sqldb.DB) *house {
	t.Helper()
	h := &house{t: t, db: db}
	accounts, err := account.New(account.Links{
		Activate:  func(token secret.Token) string { return "https://inloggen.test/activeren/" + string(token) },
		SignIn:    "https://inloggen.test/aanmelden",
		Register:  "https://inloggen.test/nieuw",
		Reading:   "https://lezen.test/",
		Help:      "https://inloggen.test/hulp",
		Reset:     func(token secret.Token) string { return "https://inloggen.test/wachtwoord/" + string(token) },
		Email:     func(token secret.Token) string { return "https://inloggen.test/email/" + string(token) },
		Undo:      func(token secret.Token) string { return "https://inloggen.test/email-terug/" + string(token) },
		Factor:    func(token secret.Token) string { return "https://inloggen.test/tweede-stap-weg/" + string(token) },
		Keep:      func(token secret.Token) string { return "https://inloggen.test/tweede-stap-blijft/" + string(token) },
		Forgotten: "https://inloggen.test/wachtwoord-vergeten",
		Left: func(_ *sqldb.Tx, accountID string) error {
			h.left.Store(accountID)
			return nil
		},
		Knows:    func(*sqldb.Tx, account.Removal) (bool, error) { return !h.unlinked.Load(), nil },
		Kept:     func(*sqldb.Tx, account.Removal) error { h.kept.Add(1); return nil },
		Continue: goOn,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.Accounts = accounts
	db.Now = func() time.Time { return time.UnixMicro(h.now.Load()) }
	h.at(time.Date(2026, 11, 23, 13, 5, 0, 0, time.UTC))
	return h
}

// goOn knows one site, which takes people up again.
func goOn(_ *sqldb.Tx, clientID, target, username string) (address, name string, ok bool, err error) {
	if clientID != "inschrijven" {
		return "", "", false, nil
	}
	return "https://lid.test/inloggen?naar=" + target + "&hint=" + username, "Inschrijven bij Bind", true, nil
}

// each runs a rule on both engines.
func each(t *testing.T, rule func(t *testing.T, h *house)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) { rule(t, newHouse(t, db)) })
}

func (h *house) at(now time.Time)     { h.now.Store(now.UnixMicro()) }
func (h *house) pass(d time.Duration) { h.now.Add(d.Microseconds()) }
func (h *house) try(f func(*sqldb.Tx) error) error {
	return h.db.InTx(h.t.Context(), f)
}

func (h *house) in(f func(*sqldb.Tx) error) {
	h.t.Helper()
	if err := h.try(f); err != nil {
		h.t.Fatal(err)
	}
}

// open opens an account and returns its id.
func (h *house) open(username, email string) (id string, until time.Time) {
	h.t.Helper()
	h.in(func(tx *sqldb.Tx) (err error) {
		id, until, err = h.Open(tx, account.Opening{Username: username, Email: email, Lang: words.NL, LibraryName: "Bind bibliotheken"})
		return err
	})
	return id, until
}

// mail returns the newest letter of a kind to an address, as its owner gets it.
func (h *house) mail(email, kind string) outbox.Mail {
	h.t.Helper()
	var letters []outbox.Letter
	h.in(func(tx *sqldb.Tx) (err error) { letters, err = outbox.Recent(tx, 100); return err })
	for _, l := range letters {
		if l.Mail.To == email && l.Mail.Kind == "account."+kind {
			return l.Mail
		}
	}
	h.t.Fatalf("no %s letter to %s", kind, email)
	return outbox.Mail{}
}

func (h *house) mails() int {
	h.t.Helper()
	var letters []outbox.Letter
	h.in(func(tx *sqldb.Tx) (err error) { letters, err = outbox.Recent(tx, 1000); return err })
	return len(letters)
}

var (
	linkPattern = regexp.MustCompile(`https://inloggen\.test/(?:activeren|wachtwoord|email|email-terug|tweede-stap-weg|tweede-stap-blijft)/(\S+)`)
	codePattern = regexp.MustCompile(`(?m)^([A-Z0-9]{4}-[A-Z0-9]{4})$`)
)

// link takes the token from the newest letter.
func (h *house) link(email string) secret.Token {
	h.t.Helper()
	return h.linkIn(email, "activation")
}

func (h *house) linkIn(email, kind string) secret.Token {
	h.t.Helper()
	m := linkPattern.FindStringSubmatch(h.mail(email, kind).Text)
	if m == nil {
		h.t.Fatal("the letter has no link")
	}
	return secret.Token(m[1])
}

func (h *house) code(email string) string {
	h.t.Helper()
	m := codePattern.FindStringSubmatch(h.mail(email, "code").Text)
	if m == nil {
		h.t.Fatal("the letter has no code")
	}
	return m[1]
}

func (h *house) look(token secret.Token) (link account.Link, err error) {
	err = h.db.Read(h.t.Context(), func(tx *sqldb.Tx) (err error) { link, err = h.Look(tx, token); return err })
	return link, err
}

func (h *house) confirm(token secret.Token) error {
	return h.try(func(tx *sqldb.Tx) error { _, err := h.Confirm(tx, token); return err })
}

func (h *house) activate(token secret.Token, password string) error {
	_, err := h.Activate(h.t.Context(), h.db, token, password, nil)
	return err
}

// active opens an account and walks its owner's whole way.
func (h *house) active(username, email, password string) (id string) {
	h.t.Helper()
	id, _ = h.open(username, email)
	token := h.link(email)
	if err := h.confirm(token); err != nil {
		h.t.Fatal(err)
	}
	if err := h.activate(token, password); err != nil {
		h.t.Fatal(err)
	}
	return id
}

func (h *house) state(id string) (s account.Status) {
	h.t.Helper()
	h.in(func(tx *sqldb.Tx) (err error) { s, err = h.State(tx, id); return err })
	return s
}

func (h *house) want(err, want error, what string) {
	h.t.Helper()
	if !errors.Is(err, want) || (want == nil) != (err == nil) {
		h.t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// sixteen does one thing sixteen times at once and counts who succeeded.
func sixteen(f func() error) int {
	var won atomic.Int32
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if f() == nil {
				won.Add(1)
			}
		})
	}
	all.Wait()
	return int(won.Load())
}

func TestOfSixteenAccountsWithOneNameOneOpens(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		won := sixteen(func() error {
			return h.try(func(tx *sqldb.Tx) error {
				_, _, err := h.Open(tx, account.Opening{Username: "25280000001233", Email: "zoe@example.nl", Lang: words.NL, LibraryName: "Bind"})
				return err
			})
		})
		if won != 1 || h.mails() != 1 {
			t.Errorf("%d opened, %d letters, want 1 and 1", won, h.mails())
		}
	})
}

func TestANameIsTakenWhateverItsCapitals(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.open("Zoë.Maas", "zoe@example.nl")
		err := h.try(func(tx *sqldb.Tx) error {
			_, _, err := h.Open(tx, account.Opening{Username: " ZOË.maas", Email: "b@example.nl", Lang: words.NL, LibraryName: "Bind"})
			if !errors.Is(err, account.ErrUsernameTaken) {
				t.Errorf("Open = %v, want ErrUsernameTaken", err)
			}
			_, _, err = h.Open(tx, account.Opening{Username: "zoe.maas2", Email: "b@example.nl", Lang: words.NL, LibraryName: "Bind"})
			return err // the refusal left the transaction alive
		})
		h.want(err, nil, "the next name in the same transaction")
	})
}

func TestAFamilySharesAnAddress(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.open("25280000001233", "familie@example.nl")
		h.open("25280000001241", "familie@example.nl")
		if h.mails() != 2 {
			t.Errorf("%d letters, want 2", h.mails())
		}
	})
}

func TestTheDeskSeesHowAnAccountFares(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id, until := h.open("25280000001233", "zoe@example.nl")
		if s := h.state(id); s.State != account.Waiting || s.Username != "25280000001233" || s.Email != "zoe@example.nl" || !s.Until.Equal(until) {
			t.Errorf("after Open: %+v", s)
		}
		h.pass(24 * time.Hour)
		if s := h.state(id); s.State != account.Expired || !s.Until.Equal(until) {
			t.Errorf("after a day, before the job: %+v", s)
		}
		h.in(h.Expire)
		if s := h.state(id); s.State != account.Expired || s.Username != "25280000001233" || s.Email != "zoe@example.nl" || !s.Until.Equal(until) {
			t.Errorf("after the job: %+v", s)
		}
		h.pass(account.ExpiredMemory)
		if s := h.state(id); s.State != account.None {
			t.Errorf("after the memory is over: %+v", s)
		}
		h.in(h.Expire)
		active := h.active("25280000001241", "piet@example.nl", good)
		if s := h.state(active); s.State != account.Active || s.Email != "piet@example.nl" || !s.Until.IsZero() {
			t.Errorf("active: %+v", s)
		}
		h.in(func(tx *sqldb.Tx) error {
			acc, err := h.Find(tx, active)
			if acc.Username != "25280000001241" || !acc.Active() {
				t.Errorf("Find = %+v", acc)
			}
			_, missing := h.Find(tx, "nobody")
			h.want(missing, account.ErrNoAccount, "Find of nobody")
			return err
		})
		if s := h.state("nobody"); s.State != account.None {
			t.Errorf("nobody: %+v", s)
		}
	})
}

func TestForgetTakesAwayWhatSleepsOnly(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		forget := func(id string) { h.in(func(tx *sqldb.Tx) error { return h.Forget(tx, id) }) }
		waiting, _ := h.open("25280000001233", "zoe@example.nl")
		token := h.link("zoe@example.nl")
		forget(waiting)
		if s := h.state(waiting); s.State != account.None {
			t.Errorf("forgotten: %+v", s)
		}
		_, err := h.look(token)
		h.want(err, account.ErrLinkUnknown, "the link of a forgotten account")
		h.open("25280000001233", "zoe@example.nl") // the name is free at once

		expired, _ := h.open("25280000001241", "piet@example.nl")
		token = h.link("piet@example.nl")
		h.pass(25 * time.Hour)
		h.in(h.Expire)
		forget(expired)
		_, err = h.look(token)
		h.want(err, account.ErrLinkUnknown, "the link of a forgotten, expired account")

		active := h.active("25280000001258", "jan@example.nl", good)
		forget(active)
		if s := h.state(active); s.State != account.Active {
			t.Errorf("an active account was forgotten: %+v", s)
		}
	})
}

func TestNoTokenAndNoAddressOfAnExpiredAccountStandsInTheTables(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.open("25280000001233", "zoe@example.nl")
		token := h.link("zoe@example.nl")
		h.pass(25 * time.Hour)
		h.in(h.Expire)
		h.in(func(tx *sqldb.Tx) error {
			var digest, sealed string
			if _, err := tx.One(`SELECT digest FROM account_link`, nil, &digest); err != nil {
				return err
			}
			if _, err := tx.One(`SELECT sealed FROM account_expired`, nil, &sealed); err != nil {
				return err
			}
			if digest == string(token) || digest == "" {
				t.Errorf("the table holds the token: %q", digest)
			}
			if sealed == "" || strings.Contains(sealed, "zoe") {
				t.Errorf("the memory is readable: %q", sealed)
			}
			return nil
		})
	})
}

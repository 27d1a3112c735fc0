package account_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
)

func (h *house) ask(username string) (id string, err error) {
	err = h.try(func(tx *sqldb.Tx) (err error) { id, err = h.Ask(tx, username, "Bibliotheek Elders"); return err })
	return id, err
}

// prove tries a code as the desk does: the try is kept, also when it was wrong.
func (h *house) prove(askID, code string) (accountID, username string, err error) {
	h.in(func(tx *sqldb.Tx) error {
		accountID, username, err = h.Prove(tx, askID, code)
		return nil
	})
	return accountID, username, err
}

func TestTheOwnerProvesByTheMailedCode(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.active("Zoe.Maas", "zoe@example.nl", good)
		ask, err := h.ask("zoe.maas")
		h.want(err, nil, "Ask")
		m := h.mail("zoe@example.nl", "code")
		if m.FromName != "Bibliotheek Elders" || !strings.Contains(m.Text, "Zoe.Maas") || !strings.Contains(m.HTML, h.code("zoe@example.nl")) {
			t.Errorf("the letter: %+v", m)
		}
		code := h.code("zoe@example.nl")
		typed := strings.ToLower(strings.ReplaceAll(code, "-", " ")) + " "
		got, username, err := h.prove(ask, typed)
		if got != id || username != "Zoe.Maas" || err != nil {
			t.Errorf("Prove = %q, %q, %v", got, username, err)
		}
		_, _, err = h.prove(ask, code)
		h.want(err, account.ErrCode, "the same code again")
	})
}

func TestACodeWorksAQuarterOfAnHour(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.active("zoe.maas", "zoe@example.nl", good)
		ask, _ := h.ask("zoe.maas")
		code := h.code("zoe@example.nl")
		h.pass(account.CodeLife)
		_, _, err := h.prove(ask, code)
		h.want(err, account.ErrCode, "after a quarter of an hour")
		h.pass(-time.Second)
		_, _, err = h.prove(ask, code)
		h.want(err, nil, "in its last second")
		h.pass(time.Second)
		h.in(h.Expire)
	})
}

func TestFiveTriesAndNoMore(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.active("zoe.maas", "zoe@example.nl", good)
		for _, wrong := range []int{account.CodeTries - 1, account.CodeTries} {
			h.pass(24 * time.Hour)
			ask, err := h.ask("zoe.maas")
			h.want(err, nil, "Ask")
			for range wrong {
				_, _, err := h.prove(ask, "3333-3333")
				h.want(err, account.ErrCode, "a wrong code")
			}
			_, _, err = h.prove(ask, h.code("zoe@example.nl"))
			if wrong < account.CodeTries {
				h.want(err, nil, "the right code at the fifth try")
			} else {
				h.want(err, account.ErrCode, "the right code at the sixth try")
			}
		}
	})
}

func TestACodeIsSpentOnceUnderSixteenAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.active("zoe.maas", "zoe@example.nl", good)
		ask, _ := h.ask("zoe.maas")
		code := h.code("zoe@example.nl")
		if won := sixteen(func() error {
			return h.try(func(tx *sqldb.Tx) error { _, _, err := h.Prove(tx, ask, code); return err })
		}); won != 1 {
			t.Errorf("%d proved with one code, want 1", won)
		}
	})
}

// A clerk who mistypes learns nothing: not whether the name exists, not whether
// its account sleeps.
func TestAnUnknownNameIsAskedLikeAKnownOne(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.active("zoe.maas", "zoe@example.nl", good)
		h.open("sleeping", "piet@example.nl")
		before := h.mails()
		var rows int
		for i, name := range []string{"nobody.here", "sleeping", "x", ""} {
			ask, err := h.ask(name)
			if err != nil || len(ask) != 26 {
				t.Errorf("Ask(%q) = %q, %v", name, ask, err)
			}
			h.in(func(tx *sqldb.Tx) error { _, err := tx.One(`SELECT COUNT(*) FROM account_ask`, nil, &rows); return err })
			if rows != i+1 {
				t.Errorf("Ask(%q) left %d rows, want %d", name, rows, i+1)
			}
			_, _, err = h.prove(ask, "3333-3333")
			h.want(err, account.ErrCode, "Prove for "+name)
			_, _, err = h.prove(ask, "")
			h.want(err, account.ErrCode, "Prove nothing for "+name)
		}
		_, _, err := h.prove("no such question", "3333-3333")
		h.want(err, account.ErrCode, "Prove without a question")
		if h.mails() != before {
			t.Error("a letter went to somebody whose address is not confirmed")
		}
	})
}

func TestNobodysMailboxIsFilled(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.active("zoe.maas", "zoe@example.nl", good)
		before := h.mails()
		var known, unknown []bool
		for range 24 * 12 {
			_, err := h.ask("Zoe.Maas")
			_, err2 := h.ask("nobody.here")
			known, unknown = append(known, errors.Is(err, account.ErrSlow)), append(unknown, errors.Is(err2, account.ErrSlow))
			h.pass(5 * time.Minute)
		}
		if n := h.mails() - before; n > 3+4+24*4 || n < 20 {
			t.Errorf("%d letters in a day", n)
		}
		for i := range known {
			if known[i] != unknown[i] {
				t.Fatalf("question %d tells the known name from the unknown", i)
			}
		}
	})
}

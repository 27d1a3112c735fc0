package account_test

import (
	"slices"
	"testing"
	"time"

	"lidwoord/base/factor"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
)

// newApp sets up an app as its owner, or a stranger, does at the door.
func (h *house) newApp(id string) {
	h.t.Helper()
	h.withApp(id)
	h.event(id, account.EventAppAdded)
}

func (h *house) event(id, what string) {
	h.t.Helper()
	acc := h.find(id)
	h.in(func(tx *sqldb.Tx) error { return h.FactorEvent(tx, acc, what, firefox) })
}

func (h *house) undoFactor(token secret.Token) (reset secret.Token, err error) {
	err = h.try(func(tx *sqldb.Tx) (err error) { _, reset, err = h.UndoFactor(tx, token, ""); return err })
	return reset, err
}

func (h *house) lookFactor(token secret.Token) (s account.Stranger, err error) {
	err = h.db.Read(h.t.Context(), func(tx *sqldb.Tx) error { s, err = h.LookFactor(tx, token); return err })
	return s, err
}

func TestANewSecondStepIsTakenAwayByItsLetterForAWeek(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		h.newApp(zoe)
		token := h.linkIn("zoe@example.nl", "factor")
		h.want(h.move(zoe, "vreemde@example.nl", false), nil, "a stranger asks for another address")
		moving := h.linkIn("vreemde@example.nl", "email")
		h.pass(account.FactorUndoLife - time.Microsecond)
		for range 2 { // looking changes nothing
			if s, err := h.lookFactor(token); err != nil || !s.App || s.Account.ID != zoe {
				t.Fatalf("LookFactor: %+v, %v", s, err)
			}
		}
		reset, err := h.undoFactor(token)
		h.want(err, nil, "in its last microsecond")
		if h.means(zoe).Any() || h.means(zoe).Recovery != 0 {
			t.Error("the app is still there")
		}
		h.want(h.enter("zoe.maas", good), account.ErrSignIn, "the password that a stranger knows")
		h.want(h.confirmEmail(moving), account.ErrEmailOver, "the address that a stranger asked for")
		h.want(h.reset(reset, other), nil, "a new password")
		_, err = h.undoFactor(token)
		h.want(err, account.ErrFactorOver, "a link that was used")

		h.pass(time.Minute) // letters of one instant have no order
		h.newApp(zoe)
		h.pass(account.FactorUndoLife)
		_, err = h.undoFactor(h.linkIn("zoe@example.nl", "factor"))
		h.want(err, account.ErrFactorOver, "a week later")
		_, err = h.lookFactor("no such link")
		h.want(err, account.ErrFactorOver, "a link that was never ours")
	})
}

// newPasskey adds a passkey, of which only the row matters here.
func (h *house) newPasskey(id, name string) {
	h.t.Helper()
	h.in(func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`INSERT INTO passkey (id, owner, host, name, record, created_at) VALUES ($1, $2, 'lid.example', $1, '{}', $3)`, name, "account:"+id, tx.Now)
		return err
	})
	h.event(id, account.EventPasskeyAdded)
}

func (h *house) passkeys(id string) (names []string) {
	for _, key := range h.means(id).Passkeys {
		names = append(names, key.Name)
	}
	return names
}

// What was there before stays, and so does what came after: that has a letter of its own.
func TestTheLetterTakesItsOwnStepAndNothingElse(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		h.withApp(zoe)
		h.pass(time.Hour)
		h.newPasskey(zoe, "Laptop")
		first := h.linkIn("zoe@example.nl", "factor")
		h.pass(time.Hour)
		h.newPasskey(zoe, "Telefoon")
		second := h.linkIn("zoe@example.nl", "factor")
		if s, err := h.lookFactor(first); err != nil || s.App || s.Codes || s.Passkey != "Laptop" || !slices.Equal(s.Late, []string{"Telefoon"}) {
			t.Errorf("the page names %+v, %v", s, err)
		}
		_, err := h.undoFactor(first)
		h.want(err, nil, "the earlier letter")
		if s := h.means(zoe); !s.App || s.Recovery != 10 || !slices.Equal(h.passkeys(zoe), []string{"Telefoon"}) {
			t.Errorf("left: %+v", s)
		}
		if s := h.means(zoe); s.Passkeys[0].Doubted.IsZero() {
			t.Error("a passkey that may be the stranger's counts without the password")
		}
		_, err = h.undoFactor(second)
		h.want(err, nil, "the later letter")
		if s := h.means(zoe); !s.App || len(s.Passkeys) != 0 {
			t.Errorf("left in the end: %+v", s)
		}
		h.pass(time.Hour)
		h.newApp(zoe)
		if s, err := h.lookFactor(h.linkIn("zoe@example.nl", "factor")); err != nil || !s.App || !s.Codes {
			t.Errorf("the page of the last step names %+v, %v", s, err)
		}
	})
}

// The link is of the step and the situation for which it was made.
func TestTheLetterAboutASecondStepDiesWithWhatItIsAbout(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(h *house, id string)
		dies bool
	}{
		"the app was removed": {func(h *house, id string) {
			h.in(func(tx *sqldb.Tx) error { return factor.RemoveApp(tx, factor.Owner("account:"+id)) })
		}, true},
		"the app was replaced": {func(h *house, id string) { h.withApp(id) }, true},
		"the address changed": {func(h *house, id string) {
			h.want(h.move(id, "nieuw@example.nl", false), nil, "another address")
			h.want(h.confirmEmail(h.linkIn("nieuw@example.nl", "email")), nil, "confirming it")
		}, true},
		"a change of address was stopped": {func(h *house, id string) {
			h.want(h.move(id, "nieuw@example.nl", false), nil, "another address")
			_, err := h.undo(h.linkIn("zoe@example.nl", "email_asked"))
			h.want(err, nil, "stopping it")
		}, true},
		"mailbox and second step together": {func(h *house, id string) { h.in(func(tx *sqldb.Tx) error { return h.Settle(tx, id) }) }, true},
		"a new password by the mailbox alone": {func(h *house, id string) {
			h.want(h.forgot("zoe.maas"), nil, "asking")
			h.want(h.reset(h.linkIn("zoe@example.nl", "reset"), other), nil, "a new password")
		}, false},
		"another address was only asked for": {func(h *house, id string) { h.want(h.move(id, "nieuw@example.nl", false), nil, "asking") }, false},
		// A stranger who added the app knows the password, and would end the letter so.
		"another password of who is signed in": {func(h *house, id string) {
			n := account.NewPassword{AccountID: id, Password: other, By: account.Attempt{Password: good, Network: home}}
			h.want(h.ChangePassword(h.t.Context(), h.db, n, nil), nil, "another password")
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, h *house) {
				zoe := h.active("zoe.maas", "zoe@example.nl", good)
				h.newApp(zoe)
				token := h.linkIn("zoe@example.nl", "factor")
				h.pass(time.Minute)
				c.end(h, zoe)
				has := h.means(zoe)
				var want error
				if c.dies {
					want = account.ErrFactorOver
				}
				_, err := h.lookFactor(token)
				h.want(err, want, "looking")
				_, err = h.undoFactor(token)
				h.want(err, want, "using it")
				if c.dies && h.means(zoe).App != has.App {
					t.Error("a dead link took something away")
				}
			})
		})
	}
}

// What was there before the change was asked stays. See docs/decisions/0004.
func TestUndoingAnAddressTakesWhatCameSinceItWasAsked(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		h.newApp(zoe)
		h.newPasskey(zoe, "Laptop")
		h.pass(time.Minute)
		h.want(h.move(zoe, "nieuw@example.nl", false), nil, "another address")
		h.newPasskey(zoe, "Telefoon") // before it was confirmed, and since it was asked
		h.pass(time.Hour)
		h.want(h.confirmEmail(h.linkIn("nieuw@example.nl", "email")), nil, "confirming it")
		h.newPasskey(zoe, "Tablet")
		var u account.Undoing
		token := h.linkIn("zoe@example.nl", "email_changed")
		h.in(func(tx *sqldb.Tx) (err error) { u, err = h.LookUndo(tx, token); return err })
		if !u.Takes || !u.Stays {
			t.Errorf("the page says %+v", u)
		}
		_, err := h.undo(token)
		h.want(err, nil, "undoing it")
		if s := h.means(zoe); !s.App || s.Recovery != 10 || !slices.Equal(h.passkeys(zoe), []string{"Laptop"}) || s.Passkeys[0].Doubted.IsZero() {
			t.Errorf("left: %+v", s)
		}
	})
}

func TestSixteenUsesOfTheLetterAboutASecondStepAreOne(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		h.newApp(zoe)
		token := h.linkIn("zoe@example.nl", "factor")
		if won := sixteen(func() error { _, err := h.undoFactor(token); return err }); won != 1 {
			t.Errorf("%d of sixteen took it away", won)
		}
	})
}

// Whoever took the address gets the letters that come after; undoing the address ends
// what those could do.
func TestALetterToAnAddressThatWasUndoneTakesNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		h.want(h.move(zoe, "vreemde@example.nl", false), nil, "another address")
		h.want(h.confirmEmail(h.linkIn("vreemde@example.nl", "email")), nil, "confirming it")
		h.pass(time.Minute)
		h.newApp(zoe)
		strangers := h.linkIn("vreemde@example.nl", "factor")
		_, err := h.undo(h.linkIn("zoe@example.nl", "email_changed"))
		h.want(err, nil, "the owner takes the address back")
		_, err = h.undoFactor(strangers)
		h.want(err, account.ErrFactorOver, "the stranger's letter")
	})
}

package account_test

import (
	"testing"
	"time"

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

// What the owner had before stays; what came after goes along.
func TestTheLetterTakesWhatCameSinceAndNothingElse(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		h.withApp(zoe)
		h.pass(time.Hour)
		h.event(zoe, account.EventPasskeyAdded)
		first := h.linkIn("zoe@example.nl", "factor")
		h.pass(time.Hour)
		h.event(zoe, account.EventPasskeyAdded)
		second := h.linkIn("zoe@example.nl", "factor")
		_, err := h.undoFactor(first)
		h.want(err, nil, "the earlier letter")
		if s := h.means(zoe); !s.App || s.Recovery != 10 {
			t.Errorf("what was there before: %+v", s)
		}
		_, err = h.undoFactor(second)
		h.want(err, account.ErrFactorOver, "the later letter, about what went along")
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

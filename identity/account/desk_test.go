package account_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"lidwoord/base/outbox"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
)

// askHere asks on the spot and returns the secret in the address of the answer.
func (h *house) askHere(username string) (id string, token secret.Token) {
	h.t.Helper()
	h.in(func(tx *sqldb.Tx) (err error) {
		id, err = h.AskOnTheSpot(tx, account.Question{Username: username, Library: "Bind bibliotheken", About: "E.B.T."})
		token = account.AnswerToken(tx, id)
		return err
	})
	return id, token
}

func (h *house) agree(token secret.Token, accountID string) error {
	return h.try(func(tx *sqldb.Tx) error { return h.Agree(tx, token, accountID) })
}

func (h *house) take(askID string) (accountID, username string, err error) {
	err = h.try(func(tx *sqldb.Tx) error {
		accountID, username, err = h.TakeAnswer(tx, askID)
		return err
	})
	return accountID, username, err
}

func (h *house) answered(askID string) (a account.Answer) {
	h.t.Helper()
	h.in(func(tx *sqldb.Tx) (err error) {
		a, err = h.Answered(tx, askID)
		return err
	})
	return a
}

func TestTheOwnerAgreesOnATelephone(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		letters := h.mails()
		ask, token := h.askHere("")
		if h.mails() != letters {
			t.Error("without a username a letter went out")
		}
		_, _, err := h.take(ask)
		h.want(err, account.ErrCode, "taken before anybody answered")
		if a := h.answered(ask); !a.Open || a.Agreed {
			t.Errorf("before: %+v", a)
		}
		typed := secret.Token(strings.ToLower(strings.ReplaceAll(string(token), "-", "")))
		for range 2 { // looking changes nothing
			h.in(func(tx *sqldb.Tx) error {
				q, err := h.LookAt(tx, typed)
				if q.Library != "Bind bibliotheken" || q.About != "E.B.T." || !q.Until.Equal(tx.Now.Add(account.CodeLife)) {
					t.Errorf("the question: %+v", q)
				}
				return err
			})
		}
		h.want(h.agree(typed, zoe), nil, "Agree")
		if a := h.answered(ask); !a.Open || !a.Agreed {
			t.Errorf("after: %+v", a)
		}
		h.want(h.agree(token, zoe), account.ErrQuestionOver, "a second answer")
		id, username, err := h.take(ask)
		if id != zoe || username != "zoe.maas" || err != nil {
			t.Errorf("TakeAnswer = %q, %q, %v", id, username, err)
		}
		_, _, err = h.take(ask)
		h.want(err, account.ErrCode, "taken twice")
		if a := h.answered(ask); a.Open {
			t.Errorf("at the end: %+v", a)
		}
	})
}

func TestAQuestionIsAnsweredOnceByCodeOrTelephone(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		other := h.active("ander", "ander@example.nl", good)
		ask, token := h.askHere("zoe.maas")
		if _, _, err := h.prove(ask, h.code("zoe@example.nl")); err != nil {
			t.Fatal(err)
		}
		h.want(h.agree(token, zoe), account.ErrQuestionOver, "the telephone after the code")

		// Whoever signs in is who agrees, whatever username the clerk typed.
		h.pass(time.Hour)
		ask, token = h.askHere("bestaat.niet")
		h.want(h.agree(token, other), nil, "the telephone for an unknown username")
		if id, _, err := h.take(ask); id != other || err != nil {
			t.Errorf("taken: %q, %v", id, err)
		}
		h.want(h.agree("ABCD-EFGH-IJKL-MNOP", zoe), account.ErrQuestionOver, "an address that was never shown")
		h.want(h.agree("", zoe), account.ErrQuestionOver, "no address at all")
		h.want(h.agree(token, "nobody"), account.ErrNoAccount, "an account that is no more")
	})
}

func TestAQuestionStandsAQuarterOfAnHourAndItsAnswerAnother(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		_, late := h.askHere("")
		h.pass(account.CodeLife)
		h.want(h.agree(late, zoe), account.ErrQuestionOver, "after a quarter of an hour")
		ask, token := h.askHere("")
		h.pass(account.CodeLife - time.Second)
		h.want(h.agree(token, zoe), nil, "in its last second")
		h.pass(account.CodeLife - time.Second)
		if _, _, err := h.take(ask); err != nil {
			t.Errorf("the clerk looked a quarter of an hour later: %v", err)
		}
		ask, token = h.askHere("")
		h.want(h.agree(token, zoe), nil, "Agree")
		h.pass(account.CodeLife)
		_, _, err := h.take(ask)
		h.want(err, account.ErrCode, "the clerk looked too late")
	})
}

func TestOfSixteenTelephonesOneAnswersAndOfSixteenClerksOneTakes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.active("zoe.maas", "zoe@example.nl", good)
		ask, token := h.askHere("")
		if won := sixteen(func() error { return h.agree(token, zoe) }); won != 1 {
			t.Errorf("%d telephones answered", won)
		}
		if won := sixteen(func() error {
			return h.try(func(tx *sqldb.Tx) error {
				_, _, err := h.TakeAnswer(tx, ask)
				return err
			})
		}); won != 1 {
			t.Errorf("%d clerks took the answer", won)
		}
	})
}

// bounce lets the newest letter about an account leave and come back.
func (h *house) bounce(accountID string) {
	h.t.Helper()
	if err := (&outbox.Worker{DB: h.db, Sender: outbox.Nowhere{}}).Drain(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	h.in(func(tx *sqldb.Tx) error {
		list, err := outbox.About(tx, "account:"+accountID, 1)
		if err != nil || len(list) == 0 {
			return errors.Join(err, fmt.Errorf("%d letters about the account", len(list)))
		}
		_, ok, err := outbox.Bounce(tx, list[0].ID, "5.1.1", true)
		if err == nil && !ok {
			err = errors.New("it did not come back")
		}
		return err
	})
}

func TestTheDeskHearsWhatBecameOfAnAccount(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id, _ := h.open("25280000001233", "zoo@example.nl")
		story := func() (s account.Story) {
			t.Helper()
			h.in(func(tx *sqldb.Tx) (err error) {
				s, err = h.StoryOf(tx, id)
				return err
			})
			return s
		}
		sleeping := func() (n int) {
			h.in(func(tx *sqldb.Tx) error {
				list, err := h.Sleeping(tx, 10)
				n = len(list)
				return err
			})
			return n
		}
		if s := story(); len(s.Links) != 1 || !s.Links[0].SentAt.IsZero() || s.OpenedAt.IsZero() || sleeping() != 1 {
			t.Errorf("opened: %+v", s)
		}
		h.bounce(id)
		if s := story(); s.Links[0].SentAt.IsZero() || s.Links[0].ReturnedAt.IsZero() || s.Links[0].Code != "5.1.1" {
			t.Errorf("came back: %+v", s)
		}
		h.pass(25 * time.Hour)
		h.in(h.Expire)
		if s := story(); len(s.Links) != 1 || sleeping() != 1 {
			t.Errorf("expired: %+v, %d sleeping", s, sleeping())
		}
		h.in(func(tx *sqldb.Tx) error { _, err := h.Resend(tx, id, "zoe@example.nl"); return err })
		if s := story(); len(s.Links) != 2 || !s.Links[0].ReturnedAt.IsZero() {
			t.Errorf("sent again: %+v", s)
		}
		token := h.link("zoe@example.nl")
		h.want(h.confirm(token), nil, "confirm")
		h.pass(time.Minute)
		h.want(h.activate(token, good), nil, "activate")
		if s := story(); s.ConfirmedAt.IsZero() || s.ActivatedAt.Sub(s.ConfirmedAt) != time.Minute || sleeping() != 0 {
			t.Errorf("activated: %+v, %d sleeping", s, sleeping())
		}
	})
}

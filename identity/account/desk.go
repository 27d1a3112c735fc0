package account

import (
	"encoding/base32"
	"strings"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/fault"
	"lidwoord/base/outbox"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// A library asks an owner on the spot: the clerk's screen shows an address, the
// owner opens it on an own telephone and agrees there. A password is never typed
// at a desk.

// Question is what a library asks the owner of an account.
type Question struct {
	Username string    // as the clerk typed it, "" when nobody knows it; ignored when read
	Library  string    // who asks
	About    string    // initials of the customer: enough to know oneself by
	Until    time.Time // until when it may be answered; filled in when read
}

// ErrQuestionOver answers alike for a question that was never asked, is
// answered, or is too old.
var ErrQuestionOver = fault.New(fault.Gone, "account.question_over")

// AskOnTheSpot asks the owner in both ways: by the code that Ask mails, when a
// username is known, and by the page behind AnswerToken. It answers alike whether
// the account exists or not.
func (a *Accounts) AskOnTheSpot(tx *sqldb.Tx, q Question) (askID string, err error) {
	if q.Username == "" {
		askID = secret.NewID()
		err = insertAsk(tx, askID, "", codeDigest(askID, secret.NewCode()), tx.Now.Add(CodeLife))
	} else {
		askID, err = a.Ask(tx, q.Username, q.Library)
	}
	if err != nil {
		return "", err
	}
	return askID, openAsk(tx, askID, q, answerDigest(AnswerToken(tx, askID)))
}

// answerBytes is the length of the secret in the address of a question: 80 bits.
// It lives a quarter of an hour and opens nothing by itself, and a person without
// a camera has to type it.
const answerBytes = 10

// AnswerToken is that secret, as "ABCD-EFGH-IJKL-MNOP". It belongs to the master
// key, so that the clerk's page can show it anew and the database holds its
// digest only.
func AnswerToken(tx *sqldb.Tx, askID string) secret.Token {
	text := base32.StdEncoding.EncodeToString(tx.Box().Derive("account.ask " + askID)[:answerBytes])
	return secret.Token(text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:])
}

// typedOver forgives what people do who type the secret: small letters, no
// hyphens, and digits that it never holds for the letters that look like them.
var typedOver = strings.NewReplacer("-", "", " ", "", "0", "O", "1", "I", "8", "B")

func answerDigest(token secret.Token) string {
	return secret.Token(typedOver.Replace(strings.ToUpper(string(token)))).Digest()
}

// LookAt reads an open question; it changes nothing.
func (a *Accounts) LookAt(tx *sqldb.Tx, token secret.Token) (Question, error) {
	q, ok, err := askByToken(tx, answerDigest(token))
	if err == nil && !ok {
		err = ErrQuestionOver
	}
	return q, err
}

// Agree answers a question with the account of who is signed in: once, whoever
// is first. The desk then has the time of a code to take the answer.
func (a *Accounts) Agree(tx *sqldb.Tx, token secret.Token, accountID string) error {
	if _, err := a.Find(tx, accountID); err != nil {
		return err
	}
	won, err := agreeAsk(tx, answerDigest(token), accountID, tx.Now.Add(CodeLife))
	if err == nil && !won {
		err = ErrQuestionOver
	}
	if err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Actor: "account:" + accountID, Act: "account.link_agreed", Object: "account:" + accountID})
}

// Answer is how a question fares.
type Answer struct {
	Open   bool // somebody may still answer, or has
	Agreed bool // an owner agreed; TakeAnswer says who
	Until  time.Time
	Left   int // how many codes may still be tried
}

// Answered says how a question fares; it changes nothing.
func (a *Accounts) Answered(tx *sqldb.Tx, askID string) (Answer, error) { return answerOf(tx, askID) }

// Holder finds the account that has a username now, "" for none: the desk finds a
// customer by it, and says beforehand when a name is not free.
func (a *Accounts) Holder(tx *sqldb.Tx, username string) (id string, err error) {
	acc, ok, err := accountNamed(tx, usernameKey(username))
	if ok && !acc.Active() && !acc.Until.IsZero() && !acc.Until.After(tx.Now) {
		return "", err // it is over, though the job did not come yet
	}
	return acc.ID, err
}

// TakeAnswer spends the answer and returns the account of who agreed. ErrCode
// when there is none (any more).
func (a *Accounts) TakeAnswer(tx *sqldb.Tx, askID string) (accountID, username string, err error) {
	accountID, won, err := takeAnswer(tx, askID)
	if err == nil && !won {
		err = ErrCode
	}
	if err != nil {
		return "", "", err
	}
	acc, ok, err := accountByID(tx, accountID)
	if err == nil && (!ok || !acc.Active()) {
		err = ErrCode // it was deleted since
	}
	if err != nil {
		return "", "", err
	}
	return acc.ID, acc.Username, nil
}

// Story is what became of an account so far, for the desk.
type Story struct {
	OpenedAt, ConfirmedAt, ActivatedAt time.Time // zero for what did not happen
	Links                              []LinkMail
}

// LinkMail is a letter with an activation link.
type LinkMail struct {
	ID         string
	SentAt     time.Time // when a mail server took it, or zero
	ReturnedAt time.Time // when it was refused or came back, or zero
	Code       string    // the server's, of a letter that was
}

// storyMost is how many letters of an account are looked through.
const storyMost = 50

// StoryOf tells what became of an account. The letters are those that are still
// kept; an account that is no more has them too.
func (a *Accounts) StoryOf(tx *sqldb.Tx, id string) (s Story, err error) {
	acc, ok, err := accountByID(tx, id)
	if err != nil {
		return s, err
	}
	if ok {
		s.OpenedAt, s.ConfirmedAt, s.ActivatedAt = acc.OpenedAt, acc.ConfirmedAt, acc.ActivatedAt
	}
	letters, err := outbox.About(tx, "account:"+id, storyMost)
	if err != nil {
		return s, err
	}
	for _, l := range letters {
		if l.Mail.Kind != "account.activation" && l.Mail.Kind != "account.welcome" {
			continue
		}
		m := LinkMail{ID: l.ID, ReturnedAt: l.ReturnedAt, Code: l.ReturnCode}
		if l.State == outbox.Sent {
			m.SentAt = l.SentAt
		}
		s.Links = append(s.Links, m)
	}
	return s, nil
}

// Sleeping lists the accounts that a library opened and nobody activated: those
// that wait, the soonest to expire first, and then those that expired and are
// remembered, the last one first. At most limit.
func (a *Accounts) Sleeping(tx *sqldb.Tx, limit int) ([]string, error) {
	return sleepingAccounts(tx, limit)
}

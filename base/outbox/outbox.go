// Package outbox is the mail that waits to leave. A room writes a letter in the
// same transaction as the thing it tells about, so that there is never a mail
// without its cause, nor a cause without its mail.
//
//	Letters  loads the letters of a room: mail/NAME.nl.txt, .nl.html, .en.txt, .en.html
//	Write    fills in one letter in the reader's language
//	Add      queues a letter; it leaves when the transaction commits, or not at all
//	Worker   hands queued letters to a Sender, tries again, and gives up in the end
//	Recent   lists the newest letters (the demo's mail page, and tests, read links there)
//	Dead     lists the letters that nobody took; Lost those and the ones that came back
//	About    lists the letters about one object
//	Bounce   notes that a letter came back;  ReadBounce  reads the notice that says so
//	Returns  makes the addresses to which such notices come, and knows them again
//	Sweep    removes rows that are finished and old
//
// Delivery is at least once: a worker that dies between sending a letter and
// writing that down leaves a row that another worker sends again when its lease
// has run out. A letter must therefore do no harm when it comes twice.
package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"lidwoord/base/bell"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
)

// Mail is one letter to one person.
type Mail struct {
	ID       string            `json:"-"` // the letter's own, the same at every try; filled in by the worker
	Kind     string            // what it is about, such as "account.activation"; goes into logs
	To       string            // one bare address
	FromName string            // name beside our own address, such as the library's; may be empty
	Subject  string            // one line
	Text     string            // the plain part; every letter has one
	HTML     string            // the same again with its looks; may be empty
	Lang     words.Lang        // language of the letter
	About    string            `json:"-"` // the object it is about: "account:ID", "customer:ID"; may be empty
	Headers  map[string]string // further headers, such as List-Unsubscribe
}

// Sender is the way out of the house. It returns a *Refusal when the other side
// said no; any other error means that it is worth trying again.
type Sender interface {
	Send(ctx context.Context, m Mail) error
}

// Refusal is the answer of a mail server that did not take a letter.
type Refusal struct {
	Code      string // for the log and the desk: "550 5.1.1"; never an address or a text
	Permanent bool   // true when trying again would get the same answer
	Cause     error
}

func (r *Refusal) Error() string { return "mail refused: " + r.Code }
func (r *Refusal) Unwrap() error { return r.Cause }

// Letter is a queued letter and how it fares.
type Letter struct {
	ID        string
	Mail      Mail   // Text and HTML are empty once sent, unless the worker keeps them; a dead letter keeps only To and Subject
	State     string // "queued", "sent" or "dead"
	Attempts  int
	LastError string
	QueuedAt  time.Time
	SentAt    time.Time // zero while it waits; for a dead letter the moment we gave up

	ReturnedAt time.Time // when it was refused or came back, or zero
	ReturnCode string    // the server's code: "550 5.1.1", "5.1.1", or a word of ours
	Hard       bool      // it will not arrive at this address; otherwise it may, later
}

// The states of a letter.
const (
	Queued = "queued"
	Sent   = "sent"
	Gone   = "dead"
)

// Nowhere is the sender of the demo: it takes every letter and sends none, so
// that no real address is ever bothered. With Worker.Keep the letters can be
// read on the demo's mail page.
type Nowhere struct{}

func (Nowhere) Send(context.Context, Mail) error { return nil }

// Add queues a letter. It leaves with the transaction or not at all.
func Add(tx *sqldb.Tx, m Mail) error {
	if err := m.check(); err != nil {
		return err
	}
	sealed, err := seal(tx, m)
	if err != nil {
		return err
	}
	if err := insertLetter(tx, secret.NewID(), m, sealed); err != nil {
		return err
	}
	tx.After(woken.Ring)
	return nil
}

// check refuses what would become a broken or a forged letter. A line break in a
// header would let the writer of a form field add headers, or a whole body.
func (m Mail) check() error {
	a, err := mail.ParseAddress(m.To)
	if err != nil || a.Name != "" || a.Address != m.To {
		return fmt.Errorf("outbox: letter %q has no bare address", m.Kind)
	}
	for _, line := range []string{m.Kind, m.To, m.FromName, m.Subject, m.About} {
		if strings.ContainsAny(line, "\r\n\x00") {
			return fmt.Errorf("outbox: letter %q has a line break in a header", m.Kind)
		}
	}
	for name, value := range m.Headers {
		if name == "" || strings.ContainsAny(name, "\r\n\x00 :") || strings.ContainsAny(value, "\r\n\x00") {
			return fmt.Errorf("outbox: letter %q has a broken header %q", m.Kind, name)
		}
	}
	if m.Kind == "" || m.Subject == "" || m.Text == "" {
		return fmt.Errorf("outbox: letter %q lacks a kind, a subject or a text", m.Kind)
	}
	return nil
}

// Recent returns the n newest letters, newest first.
func Recent(tx *sqldb.Tx, n int) ([]Letter, error) { return open(tx)(recentLetters(tx, n)) }

// Find returns one letter.
func Find(tx *sqldb.Tx, id string) (Letter, bool, error) {
	found, err := open(tx)(letterByID(tx, id))
	if err != nil || len(found) == 0 {
		return Letter{}, false, err
	}
	return found[0], true, nil
}

// Dead returns the letters that nobody took, newest first. A person has to look
// at these: most are a mistyped address.
func Dead(tx *sqldb.Tx) ([]Letter, error) { return open(tx)(deadLetters(tx)) }

// Lost returns the letters that did not arrive, newest first, at most limit: those
// that we gave up, and those that left and came back.
func Lost(tx *sqldb.Tx, limit int) ([]Letter, error) { return open(tx)(lostLetters(tx, limit)) }

// CountLost is how many letters Lost could list.
func CountLost(tx *sqldb.Tx) (int, error) { return countLost(tx) }

// RowLife is how long a finished row is kept, so that the desk can see that a
// letter left or was refused. Shorter would hide a complaint that comes by post;
// longer would keep traces of people for no purpose (GDPR art. 5(1)(e)).
const RowLife = 30 * 24 * time.Hour

// Sweep removes rows that were finished longer than RowLife ago.
func Sweep(tx *sqldb.Tx) error { return deleteFinished(tx, tx.Now.Add(-RowLife)) }

const purpose = "outbox.letter"

func seal(tx *sqldb.Tx, m Mail) (string, error) {
	plain, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	if tx.Box() == nil {
		return "", fmt.Errorf("outbox: the database has no box to seal letters with")
	}
	return tx.Box().Seal(purpose, plain)
}

func unseal(box *secret.Box, kind, sealed string) (m Mail, err error) {
	m.Kind = kind
	if sealed == "" { // erased after sending
		return m, nil
	}
	if box == nil {
		return m, fmt.Errorf("outbox: the database has no box to open letters with")
	}
	plain, err := box.Open(purpose, sealed)
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(plain, &m)
}

// open turns sealed rows into letters.
func open(tx *sqldb.Tx) func([]row, error) ([]Letter, error) {
	return func(rows []row, err error) ([]Letter, error) {
		if err != nil {
			return nil, err
		}
		letters := make([]Letter, len(rows))
		for i, r := range rows {
			letters[i] = r.Letter
			if letters[i].Mail, err = unseal(tx.Box(), r.kind, r.sealed); err != nil {
				return nil, err
			}
			letters[i].Mail.About = r.about
		}
		return letters, nil
	}
}

// woken wakes the workers of this process. One bell may serve all databases of
// the process, as a ring too many costs one look in vain.
var woken = bell.New()

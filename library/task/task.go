// Package task is what a person of the library must look at, because no rule may
// decide it: money that came for nothing, a chargeback, a wish to be forgotten.
//
//	Add      notices something, once
//	Open     lists what waits, the oldest first; Closed what is done
//	Find     is one of them
//	About    lists those about one object
//	Count    is how many wait, and how much money with them
//	Close    is a worker's word that it was looked at, and what was done; CloseAsManager
//	         also about what that worker asked for
//	Resolve  closes what came right by itself
//
// A task is made in the transaction of what it is about, so that there is never
// the one without the other.
package task

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/fault"
	"lidwoord/base/money"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// Words are this room's sentences.
//
//go:embed words.*.txt
var Words embed.FS

// Kind is what it is about. The sentences of each stand in the words files:
// task.kind.KIND is its name, task.todo.KIND what to do.
type Kind string

const (
	Surplus      Kind = "surplus"       // money came for which there was nothing to give; it is being paid back
	Stuck        Kind = "stuck"         // the bank's answer could not be worked in
	RefundWaits  Kind = "refund_waits"  // the provider refuses a refund, and is asked again
	RefundFailed Kind = "refund_failed" // money that should go back did not
	Chargeback   Kind = "chargeback"    // the payer's bank took money back
	OtherRefund  Kind = "other_refund"  // money was paid back on the provider's own pages
	LateMember   Kind = "late_member"   // paid long after the registration; a member now
	LooksAlike   Kind = "looks_alike"   // enrolled online; looks like a former customer
	Withdrawal   Kind = "withdrawal"    // a withdrawal that fits no contract we know
	Erasure      Kind = "erasure"       // a customer asks to be forgotten
	MailReturned Kind = "mail_returned" // a letter to a customer did not arrive
	RemovalKept  Kind = "removal_kept"  // the owner stopped what a desk asked; the document may have been false
)

// Kinds are all of them.
var Kinds = []Kind{Surplus, Stuck, RefundWaits, RefundFailed, Chargeback, OtherRefund, LateMember, LooksAlike, Withdrawal, Erasure, MailReturned, RemovalKept}

// Task is one thing to look at.
type Task struct {
	ID             string
	OrganisationID string
	Kind           Kind
	Object         string      // "payment:ID", "customer:ID"; more about one thing: "payment:ID#2"
	Cents          money.Cents // money that waits for an answer, 0 for none
	Facts          []Fact      // sealed in the database: they may name people
	OpenedAt       time.Time
	AskedBy        string    // "staff:ID" of who must not close it, being part of it; "" for nobody
	DoneAt         time.Time // zero while it waits
	DoneBy         string    // "staff:ID", or "job" for what came right by itself
	Note           string
}

// Fact is one line that a person must read: a label and what stands behind it.
type Fact struct {
	Key   string // message key of the label, such as "task.fact.payment"
	Value string
}

var (
	ErrUnknown = fault.New(fault.NotFound, "task.unknown")
	ErrDone    = fault.New(fault.Conflict, "task.done")
	// ErrOwn means that a worker would judge what that worker did.
	ErrOwn = fault.New(fault.Denied, "task.own")
	// ErrNote means that nobody will know next year what was done.
	ErrNote = fault.New(fault.Invalid, "task.note")
)

// Bounds of a note, in characters: a sentence, not a dot and not a letter.
const (
	noteLeast = 5
	noteMost  = 500
)

const purpose = "task.facts"

// Add notices something. Noticed again it adds nothing, also when a worker closed
// it since: they have seen it. What had come right by itself waits again.
func Add(tx *sqldb.Tx, t Task) error {
	sealed := ""
	if len(t.Facts) > 0 {
		text, err := json.Marshal(t.Facts)
		if err != nil {
			return err
		}
		if tx.Box() == nil {
			return fmt.Errorf("task: the database has no box to seal facts with")
		}
		if sealed, err = tx.Box().Seal(purpose, text); err != nil {
			return err
		}
	}
	t.ID = secret.NewID()
	return insertTask(tx, t, sealed)
}

// Open lists what waits at a library, the oldest first, at most limit.
func Open(tx *sqldb.Tx, organisationID string, limit int) ([]Task, error) {
	return tasks(tx, "organisation_id = $1 AND done_at IS NULL ORDER BY opened_at, id LIMIT $2", organisationID, limit)
}

// Closed lists what is done at a library, the last first, at most limit.
func Closed(tx *sqldb.Tx, organisationID string, limit int) ([]Task, error) {
	return tasks(tx, "organisation_id = $1 AND done_at IS NOT NULL ORDER BY done_at DESC, id LIMIT $2", organisationID, limit)
}

// Find is a task of a library, open or closed.
func Find(tx *sqldb.Tx, organisationID, id string) (Task, error) {
	list, err := tasks(tx, "organisation_id = $1 AND id = $2", organisationID, id)
	if err == nil && len(list) == 0 {
		err = ErrUnknown
	}
	if err != nil {
		return Task{}, err
	}
	return list[0], nil
}

// About lists the tasks about one object, open and closed.
func About(tx *sqldb.Tx, object string) ([]Task, error) {
	return tasks(tx, "object = $1 ORDER BY opened_at, id", object)
}

// Count is how many tasks wait at a library, and the money that waits with them.
func Count(tx *sqldb.Tx, organisationID string) (n int, cents money.Cents, err error) {
	return countOpen(tx, organisationID)
}

// Resolve closes a task that came right by itself, such as a payment that was
// worked in after all. There need not be one.
func Resolve(tx *sqldb.Tx, kind Kind, object string) error {
	return resolveTask(tx, kind, object)
}

// Close closes a task with a worker's word on what was done. Whoever asked for what
// went wrong does not close it: a second pair of eyes is what it is for.
func Close(tx *sqldb.Tx, organisationID, id, actor, note string) error {
	return finish(tx, organisationID, Task{ID: id, AskedBy: actor, DoneBy: actor, Note: note})
}

// CloseAsManager is Close by somebody who answers for the work of all, and so for
// their own.
func CloseAsManager(tx *sqldb.Tx, organisationID, id, actor, note string) error {
	return finish(tx, organisationID, Task{ID: id, AskedBy: nobody, DoneBy: actor, Note: note})
}

// nobody is an actor that no task has.
const nobody = "-"

// finish closes a task as done says, unless what it is about was asked by done.AskedBy.
func finish(tx *sqldb.Tx, organisationID string, done Task) error {
	note := done.Note
	note = strings.Join(strings.Fields(note), " ")
	if n := len([]rune(note)); n < noteLeast || n > noteMost {
		return ErrNote.With(noteLeast, noteMost).At("toelichting")
	}
	t, err := Find(tx, organisationID, done.ID)
	if err != nil {
		return err
	}
	won, err := closeTask(tx, done.ID, done.AskedBy, done.DoneBy, note)
	switch {
	case err != nil:
		return err
	case won:
		return audit.Record(tx, audit.Entry{Actor: done.DoneBy, Act: "task.closed", Object: "task:" + done.ID})
	case t.DoneAt.IsZero() && t.AskedBy == done.AskedBy:
		return ErrOwn
	}
	return ErrDone
}

package audit

import (
	"time"

	"lidwoord/base/sqldb"
)

// LookLife is how long it is kept who looked at whom: long enough for a customer
// who hears of something a season later and asks who knew, and no longer than
// that question can be of use (GDPR art. 5(1)(e), art. 15).
const LookLife = 365 * 24 * time.Hour

// lookSlot is the time in which looking again is the same look: a clerk comes
// back to a customer after every step.
const lookSlot = time.Hour

// Look is one worker who saw one object, at least once in an hour.
type Look struct {
	At     time.Time // the first time in that hour; filled by RecordLook
	Actor  string    // "staff:ID"
	Object string    // "customer:ID"
	Branch string    // the branch where it was done, or ""
}

// RecordLook notes that somebody saw an object, once an hour however often.
func RecordLook(tx *sqldb.Tx, l Look) error { return insertLook(tx, l, slot(tx)) }

// Looked reports whether RecordLook has nothing to add, so that most looks cost
// no writing.
func Looked(tx *sqldb.Tx, l Look) (bool, error) { return lookExists(tx, l, slot(tx)) }

// Looks lists who saw an object, the newest first, at most limit.
func Looks(tx *sqldb.Tx, object string, limit int) ([]Look, error) {
	return looks(tx, object, limit)
}

// Sweep is the job that forgets looks older than LookLife.
func Sweep(tx *sqldb.Tx) error { return deleteLooks(tx, tx.Now.Add(-LookLife)) }

func slot(tx *sqldb.Tx) time.Time { return tx.Now.Truncate(lookSlot) }

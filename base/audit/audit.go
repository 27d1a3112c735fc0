// Package audit remembers who did what to whom, where and when.
//
//	Record  writes one line in the transaction of the act itself
//	Of      lists what happened to one object
//
//	RecordLook, Looked, Looks  the same of who only looked, once an hour
//	Sweep                      forgets looks that are old (a job)
package audit

import (
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// Entry is one act. It names people by their ids only: who may see the log may
// not always see the person.
type Entry struct {
	At     time.Time // filled by Record
	Actor  string    // "staff:ID", "account:ID", "job", "loader"
	Act    string    // room and act: "enrol.save", "customer.email"
	Object string    // "customer:ID"
	Branch string    // the branch where it was done, or ""
	Detail string    // field names, codes, a reason; never a name or an address
}

// Record writes e in the transaction of the act: they happen together or not.
func Record(tx *sqldb.Tx, e Entry) error { return insert(tx, secret.NewID(), e) }

// Of lists the newest acts on an object, at most limit.
func Of(tx *sqldb.Tx, object string, limit int) ([]Entry, error) { return list(tx, object, limit) }

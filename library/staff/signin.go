package staff

import (
	"context"
	"errors"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/fault"
	"lidwoord/base/password"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/library/branch"
)

// Attempt is one try to sign in.
type Attempt struct {
	Username string
	Password string
	Address  string // remote address of the browser
	BranchID string // where the worker says to be; "" is not asked
}

var (
	// ErrSignIn is the one answer to an unknown name, a wrong password, a worker
	// who left and a branch that is not theirs: a stranger learns nothing.
	ErrSignIn = fault.New(fault.Invalid, "staff.sign_in")
	// ErrSlow says how many seconds to wait.
	ErrSlow = throttle.ErrSlow
)

// The desk has one network address and several people, and a queue in front: a
// mistyped password must not stop the counter. So a name may fail five times and
// a network thirty before it slows down, and never for longer than a person
// would wait; a lock for a day is something a stranger could do to a library.
var (
	perName    = throttle.Rule{Name: "staff.name", Free: 5, First: 2 * time.Second, Most: 5 * time.Minute, Forget: 10 * time.Minute}
	perNetwork = throttle.Rule{Name: "staff.network", Free: 30, First: 2 * time.Second, Most: time.Minute, Forget: time.Minute}
)

// SignIn lets a worker in. It works in three steps, because hashing takes long
// and a transaction may run twice: count the try, compare, forget the try. A try
// counts before its outcome is known, so that sixteen guesses at the same moment
// are sixteen. An unknown name costs as much time as a known one.
func SignIn(ctx context.Context, db *sqldb.DB, try Attempt) (Worker, error) {
	name, network := usernameKey(try.Username), throttle.Network(try.Address)
	var w Worker
	var hash string
	var there bool
	err := db.InTx(ctx, func(tx *sqldb.Tx) (err error) {
		w, hash, err = workerByName(tx, name)
		if err != nil {
			return err
		}
		if there, err = worksAt(tx, w, try.BranchID); err != nil {
			return err
		}
		return throttle.Take(tx, []throttle.Counter{{Rule: perName, Key: name}, {Rule: perNetwork, Key: network}})
	})
	if err != nil {
		return Worker{}, err
	}
	ok, rehash, err := password.Verify(ctx, hash, try.Password) // an empty hash is never right and costs the same
	if err != nil {
		return Worker{}, err
	}
	if !ok || !w.Active || len(w.Posts) == 0 || !there {
		return Worker{}, ErrSignIn
	}
	fresh := ""
	if rehash {
		if fresh, err = password.Hash(ctx, try.Password); err != nil {
			return Worker{}, err
		}
	}
	return w, db.InTx(ctx, func(tx *sqldb.Tx) error {
		if fresh != "" {
			if err := setHash(tx, w.ID, fresh); err != nil {
				return err
			}
		}
		if err := throttle.Clear(tx, perName, name); err != nil {
			return err
		}
		if err := markSignedIn(tx, w.ID); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Actor: w.Actor(), Act: "staff.signed_in", Object: "staff:" + w.ID, Branch: try.BranchID})
	})
}

// worksAt reports whether a worker has a post at a branch. "Everywhere" ends at
// the library's own door: another organisation's branch is not part of it.
func worksAt(tx *sqldb.Tx, w Worker, branchID string) (bool, error) {
	if branchID == "" {
		return true, nil
	}
	b, err := branch.Find(tx, branchID)
	switch {
	case errors.Is(err, branch.ErrUnknown):
		return false, nil
	case err != nil:
		return false, err
	}
	return b.OrganisationID == w.OrganisationID && w.WorksAt(branchID), nil
}

package staff

import (
	"context"
	"errors"
	"strings"
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
	// ErrSignIn is the one answer to an unknown name, a wrong password and a worker
	// who left: a stranger learns nothing.
	ErrSignIn = fault.New(fault.Invalid, "staff.sign_in")
	// ErrElsewhere says at which branches a worker works who chose another one. Only
	// the right password leads to it.
	ErrElsewhere = fault.New(fault.Invalid, "staff.elsewhere")
	// ErrSlow says how many seconds to wait.
	ErrSlow = throttle.ErrSlow
)

// The desk has one network address and several people, and a queue in front: a
// mistyped password must not stop the counter. And the names of clerks are easy
// to guess: whoever fails on purpose must slow down themselves and not the clerk.
var (
	// perNameHere counts the failures for one name from one network.
	perNameHere = throttle.Rule{Name: "staff.name.network", Free: 5, First: 2 * time.Second, Most: 5 * time.Minute, Forget: 10 * time.Minute}

	// perName counts the failures for one name from everywhere, for a guesser with
	// many addresses. One network can never fill it (at its slowest it fails every
	// five minutes, and one failure is forgotten in three), and it never holds a
	// clerk up for more than a minute at a time.
	perName = throttle.Rule{Name: "staff.name", Free: 100, First: time.Second, Most: time.Minute, Forget: 3 * time.Minute}

	// perNetwork counts the failures from one network for all names together. It
	// counts failures only: at nine o'clock forty clerks of one library sign in
	// from one address.
	perNetwork = throttle.Rule{Name: "staff.network", Free: 30, First: 2 * time.Second, Most: time.Minute, Forget: time.Minute}
)

// SignIn finds out whether a worker knows the password; the door asks for the second
// step. It works in three steps, because hashing takes long
// and a transaction may run twice: count the try, compare, forget the try. A try
// counts before its outcome is known, so that sixteen guesses at the same moment
// are sixteen. An unknown name costs as much time as a known one.
func SignIn(ctx context.Context, db *sqldb.DB, try Attempt) (Worker, error) {
	name, network := usernameKey(try.Username), throttle.Network(try.Address)
	var w Worker
	var hash string
	var there, over bool
	counters := []throttle.Counter{{Rule: perNameHere, Key: name + "\x00" + network}, {Rule: perName, Key: name}}
	fromHere := throttle.Counter{Rule: perNetwork, Key: network}
	err := db.InTx(ctx, func(tx *sqldb.Tx) (err error) {
		var until time.Time
		w, hash, until, err = workerByName(tx, name)
		if err != nil {
			return err
		}
		over = w.Temporary && !tx.Now.Before(until)
		if there, err = worksAt(tx, w, try.BranchID); err != nil {
			return err
		}
		return throttle.Take(tx, counters, fromHere)
	})
	if err != nil {
		return Worker{}, err
	}
	ok, rehash, err := password.Verify(password.From(ctx, network), hash, w.typed(try.Password)) // an empty hash is never right and costs the same
	if err != nil {
		return Worker{}, err
	}
	// The network is looked at once more, for a right password too: a burst over
	// many names must not learn more than one try after the other would.
	if !ok || over || !w.Active || len(w.Posts) == 0 || !there {
		err := db.InTx(ctx, func(tx *sqldb.Tx) error { return throttle.Take(tx, []throttle.Counter{fromHere}) })
		if err != nil {
			return Worker{}, err
		}
		if ok && !over && w.Active && len(w.Posts) > 0 {
			return Worker{}, elsewhere(ctx, db, w, try.BranchID)
		}
		return Worker{}, ErrSignIn
	}
	fresh := ""
	if rehash {
		if fresh, err = password.Hash(ctx, try.Password); err != nil {
			return Worker{}, err
		}
	}
	return w, db.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := throttle.Take(tx, nil, fromHere); err != nil {
			return err
		}
		if fresh != "" {
			if err := setHash(tx, w.ID, fresh); err != nil {
				return err
			}
		}
		for _, c := range counters {
			if err := throttle.Clear(tx, c.Rule, c.Key); err != nil {
				return err
			}
		}
		if err := markSignedIn(tx, w.ID); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Actor: w.Actor(), Act: "staff.signed_in", Object: "staff:" + w.ID, Branch: try.BranchID})
	})
}

// typed is a password as it is compared. A temporary one was read out or copied
// from a slip, so small letters and forgotten hyphens are forgiven.
func (w Worker) typed(plain string) string {
	if read := readTemporary(plain); w.Temporary && read != "" {
		return string(read)
	}
	return plain
}

// elsewhere says where a worker does work. Of another library's branch nobody
// hears anything.
func elsewhere(ctx context.Context, db *sqldb.DB, w Worker, branchID string) error {
	var names []string
	err := db.Read(ctx, func(tx *sqldb.Tx) error {
		list, err := branch.List(tx, w.OrganisationID)
		ours := false
		names = nil
		for _, b := range list {
			ours = ours || b.ID == branchID
			if w.WorksAt(b.ID) {
				names = append(names, b.Code+" "+b.Name)
			}
		}
		if !ours {
			names = nil
		}
		return err
	})
	if err == nil && len(names) == 0 {
		return ErrSignIn
	}
	if err != nil {
		return err
	}
	return ErrElsewhere.With(strings.Join(names, ", "))
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

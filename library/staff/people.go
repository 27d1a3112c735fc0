package staff

import (
	"context"
	"slices"
	"strings"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/factor"
	"lidwoord/base/fault"
	"lidwoord/base/password"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// TemporaryLife is how long a password that a manager gave out may be used. It is
// read from a screen or over the telephone, so it should be short; a day lets it wait
// for the colleague who starts tomorrow.
const TemporaryLife = 24 * time.Hour

// ErrSelf keeps managers from locking themselves out by one wrong click, and from
// taking away their own second step: for that another one is asked.
var ErrSelf = fault.New(fault.Denied, "staff.change_self")

// Owner is under which a worker's second step is kept.
func (w Worker) Owner() factor.Owner { return owner(w.ID) }

func owner(workerID string) factor.Owner { return factor.Owner("staff:" + workerID) }

// Manager reports whether a worker minds the whole organisation.
func (w Worker) Manager() bool { return slices.Contains(w.Posts, Post{Role: Manager}) }

// Hire adds a colleague and returns the temporary password, which is shown once.
func Hire(ctx context.Context, db *sqldb.DB, w Worker, actor string) (Worker, secret.Token, error) {
	w, err := w.checked()
	if len(w.Posts) == 0 && err == nil {
		err = ErrNoRole.At("role")
	}
	if err != nil {
		return w, "", err
	}
	plain := temporary()
	hash, err := password.Hash(ctx, string(plain))
	if err != nil {
		return w, "", err
	}
	w.ID, w.Active, w.Temporary = secret.NewID(), true, true
	return w, plain, db.InTx(ctx, func(tx *sqldb.Tx) error {
		free, err := addWorker(tx, w)
		if err != nil {
			return err
		}
		if !free {
			return ErrTaken.At("username")
		}
		if err := putPosts(tx, w.ID, w.Posts); err != nil {
			return err
		}
		if err := setPassword(tx, w.ID, hash, tx.Now.Add(TemporaryLife)); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Actor: actor, Act: "staff.hired", Object: w.Actor(), Detail: posts(w.Posts)})
	})
}

// temporary makes a password to read out: two codes of eight letters, 70 bits.
func temporary() secret.Token { return secret.NewCode() + "-" + secret.NewCode() }

// readTemporary brings a temporary password that a person typed back to the form
// that was shown; "" when it is none.
func readTemporary(typed string) secret.Token {
	var b strings.Builder
	for _, r := range typed {
		if r != '-' && r != ' ' {
			b.WriteRune(r)
		}
	}
	text := b.String()
	if len(text) != 2*secret.CodeLength {
		return ""
	}
	first, second := secret.ReadCode(text[:secret.CodeLength]), secret.ReadCode(text[secret.CodeLength:])
	if first == "" || second == "" {
		return ""
	}
	return first + "-" + second
}

// Temporary gives a worker a temporary password, and ends the sessions of the old.
func Temporary(ctx context.Context, db *sqldb.DB, workerID, actor string) (secret.Token, error) {
	plain := temporary()
	hash, err := password.Hash(ctx, string(plain))
	if err != nil {
		return "", err
	}
	return plain, db.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := newPassword(tx, workerID, hash, tx.Now.Add(TemporaryLife)); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Actor: actor, Act: "staff.temporary_password", Object: "staff:" + workerID})
	})
}

// ChoosePassword replaces a password that somebody else gave out by one of the
// worker's own, which is no easy one and not the one it replaces.
func ChoosePassword(ctx context.Context, db *sqldb.DB, workerID, plain string) error {
	var w Worker
	var old string
	err := db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if w, err = Find(tx, workerID); err == nil {
			_, old, _, err = workerByName(tx, w.Username)
		}
		return err
	})
	if err != nil {
		return err
	}
	var wrong fault.List
	if err := password.Check(plain, w.Username, w.Name); err != nil {
		wrong.Add("nieuw", err)
		return wrong
	}
	same, _, err := password.Verify(ctx, old, w.typed(plain))
	if err != nil {
		return err
	}
	if same {
		return ErrSame.At("nieuw")
	}
	return SetPassword(ctx, db, workerID, plain, w.Actor())
}

// Prove asks the password of a worker who is in already.
func Prove(ctx context.Context, db *sqldb.DB, workerID string, try Attempt) error {
	var w Worker
	err := db.Read(ctx, func(tx *sqldb.Tx) (err error) { w, err = Find(tx, workerID); return err })
	if err != nil {
		return err
	}
	try.Username = w.Username
	if _, err = SignIn(ctx, db, try); err == ErrSignIn {
		err = ErrPassword.At("wachtwoord")
	}
	return err
}

var (
	ErrSame     = fault.New(fault.Invalid, "staff.same_password")
	ErrPassword = fault.New(fault.Invalid, "staff.password")
)

// Change gives a worker another name and other posts. It refuses to take the role of
// the last manager.
func Change(tx *sqldb.Tx, w Worker, actor string) error {
	w, err := w.checked()
	if len(w.Posts) == 0 && err == nil {
		err = ErrNoRole.At("role")
	}
	if err != nil {
		return err
	}
	set := setNameLessManager
	if w.Manager() {
		set = setName
	}
	if done, err := set(tx, w); err != nil || !done {
		return lastOrUnknown(tx, w.ID, err)
	}
	if err := putPosts(tx, w.ID, w.Posts); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Actor: actor, Act: "staff.changed", Object: w.Actor(), Detail: posts(w.Posts)})
}

// Deactivate closes the door to who left, at once. It refuses to do so to the last
// manager.
func Deactivate(tx *sqldb.Tx, workerID, actor string) error {
	if done, err := deactivate(tx, workerID); err != nil || !done {
		return lastOrUnknown(tx, workerID, err)
	}
	if err := EndSessions(tx, workerID); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Actor: actor, Act: "staff.deactivated", Object: "staff:" + workerID})
}

// SignOut ends every session of a worker, who may sign in again at once: a computer
// was left open, or a telephone got lost.
func SignOut(tx *sqldb.Tx, workerID, actor string) error {
	if _, err := Find(tx, workerID); err != nil {
		return err
	}
	if err := EndSessions(tx, workerID); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Actor: actor, Act: "staff.signed_out", Object: "staff:" + workerID})
}

// Reactivate opens the door again to who came back, with the password of before.
func Reactivate(tx *sqldb.Tx, workerID, actor string) error {
	if _, err := Find(tx, workerID); err != nil {
		return err
	}
	if err := reactivate(tx, workerID); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Actor: actor, Act: "staff.reactivated", Object: "staff:" + workerID})
}

// ResetFactor takes away whatever a worker signs in with beside the password: all of
// it was lost. At Beheer the worker sets up a new one with the next sign-in.
func ResetFactor(tx *sqldb.Tx, workerID, actor string) error {
	if _, err := Find(tx, workerID); err != nil {
		return err
	}
	if err := factor.RemoveAll(tx, owner(workerID), actor); err != nil {
		return err
	}
	return EndSessions(tx, workerID)
}

// lastOrUnknown says why the guard let nobody through.
func lastOrUnknown(tx *sqldb.Tx, workerID string, err error) error {
	if err != nil {
		return err
	}
	if _, err := Find(tx, workerID); err != nil {
		return err
	}
	return ErrLast
}

// posts lists roles and branches for the log: "balie@ID beheer".
func posts(list []Post) string {
	var text []string
	for _, p := range list {
		one := string(p.Role)
		if p.BranchID != "" {
			one += "@" + p.BranchID
		}
		text = append(text, one)
	}
	return strings.Join(text, " ")
}

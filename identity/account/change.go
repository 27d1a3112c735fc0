package account

import (
	"context"
	"errors"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/password"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
)

// NameRest is how long a username rests that its owner gave up. Letters and
// habits still use it: whoever took it the next day would get what is meant for
// another.
const NameRest = 90 * 24 * time.Hour

// renameRule counts the names that one account tries, because each refusal tells
// that a name is taken.
var renameRule = throttle.Rule{Name: "username.change", Free: 10, First: 5 * time.Second, Most: 5 * time.Minute, Forget: time.Hour}

var (
	// ErrPassword: the password of who is signed in is another.
	ErrPassword = fault.New(fault.Invalid, "account.wrong_password")
	// ErrSamePassword: the new password is the old one.
	ErrSamePassword = fault.New(fault.Invalid, "account.same_password")
	// ErrSameUsername: the account has this name.
	ErrSameUsername = fault.New(fault.Invalid, "account.same_username")
)

// Naming is another username for an account.
type Naming struct {
	AccountID string
	Username  string
	Browser   string // in words, for the history
}

// ChangeUsername gives an account another name and tells its owner by letter. The
// old name rests: only this account can take it back. That goes for the number
// that a library gave out too, which nobody chooses.
func (a *Accounts) ChangeUsername(ctx context.Context, db *sqldb.DB, n Naming) (acc Account, err error) {
	// In a transaction of its own: a try that is refused counts too.
	err = db.InTx(ctx, func(tx *sqldb.Tx) error {
		if acc, err = a.Find(tx, n.AccountID); err != nil {
			return err
		}
		return throttle.Take(tx, []throttle.Counter{{Rule: renameRule, Key: acc.ID}})
	})
	if err != nil {
		return Account{}, err
	}
	err = db.InTx(ctx, func(tx *sqldb.Tx) error {
		if acc, err = a.Find(tx, n.AccountID); err != nil {
			return err
		}
		shown, key, err := readOwnUsername(tx, acc, n.Username)
		if err != nil {
			return err
		}
		if shown == acc.Username {
			return ErrSameUsername
		}
		old := acc.Username
		if acc, err = rename(tx, acc, shown, key); err != nil {
			return err
		}
		if err := happened(tx, acc.ID, EventUsername, n.Browser); err != nil {
			return err
		}
		return a.mail(tx, acc, "username", acc.Library, letter{Link: a.links.SignIn, Old: old, Days: int(NameRest.Hours() / 24), Forgotten: a.links.Forgotten})
	})
	if err != nil {
		return Account{}, err
	}
	return acc, nil
}

// readOwnUsername reads a name that the owner of an account wants. A number is
// only for who had it.
func readOwnUsername(tx *sqldb.Tx, acc Account, typed string) (shown, key string, err error) {
	shown, key, err = readChosenUsername(typed, acc.Email)
	if !errors.Is(err, ErrUsernameNumber) {
		return shown, key, err
	}
	shown, key, err = ReadUsername(typed, acc.Email)
	if err != nil || key == usernameKey(acc.Username) {
		return shown, key, err
	}
	owner, err := restingFor(tx, key)
	if err == nil && owner != acc.ID {
		err = ErrUsernameNumber
	}
	return shown, key, err
}

// rename gives acc another name and lets the old one rest.
func rename(tx *sqldb.Tx, acc Account, shown, key string) (Account, error) {
	oldKey := usernameKey(acc.Username)
	if key != oldKey {
		if err := freeUsername(tx, key); err != nil {
			return acc, err
		}
	}
	won, err := setUsername(tx, acc, shown, key)
	if err == nil && !won {
		err = ErrUsernameTaken
	}
	if err != nil {
		return acc, err
	}
	if key != oldKey {
		if err := restName(tx, oldKey, acc.ID, tx.Now.Add(restOf(acc))); err != nil {
			return acc, err
		}
	}
	acc.Username = shown
	return acc, endRest(tx, key)
}

// restOf is how long the name of acc rests. An address needs no rest, since none
// but its reader can be called by it; it is only kept for as long as the change
// can be undone.
func restOf(acc Account) time.Duration {
	if named(acc) {
		return EmailUndoLife
	}
	return NameRest
}

// NewPassword is another password for an account.
type NewPassword struct {
	AccountID string
	Password  string
	By        Attempt // its Password is the current one; its Username is filled in
}

// ChangePassword sets another password for who knows the current one. Guesses at
// that are counted with those at the sign-in. Then runs in the same transaction, to
// end the other sessions.
func (a *Accounts) ChangePassword(ctx context.Context, db *sqldb.DB, n NewPassword, then func(*sqldb.Tx, Account) error) error {
	var acc Account
	err := db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		acc, err = a.Find(tx, n.AccountID)
		return err
	})
	if err != nil {
		return err
	}
	if err := password.Check(n.Password, acc.Username, acc.Email, acc.Library); err != nil {
		return err
	}
	if acc, err = a.SignInAgain(ctx, db, n.AccountID, n.By); err != nil {
		return err
	}
	if n.Password == n.By.Password {
		return ErrSamePassword
	}
	hash, err := password.Hash(ctx, n.Password)
	if err != nil {
		return err
	}
	return db.InTx(ctx, func(tx *sqldb.Tx) error {
		won, err := replacePassword(tx, acc.ID, acc.password, hash)
		if err != nil {
			return err
		}
		if !won { // another change came first
			return ErrPassword
		}
		// A letter with a link may lie where others read it.
		if err := replaceOwnLinks(tx, acc.ID, linkReset); err != nil {
			return err
		}
		return a.passwordChanged(tx, acc, n.By.Browser, then)
	})
}

// SignInAgain checks the password of who is signed in, by the same steps and
// counters as SignIn. ErrPassword says that it is another.
func (a *Accounts) SignInAgain(ctx context.Context, db *sqldb.DB, accountID string, try Attempt) (acc Account, err error) {
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		acc, err = a.Find(tx, accountID)
		return err
	})
	if err != nil {
		return Account{}, err
	}
	try.Username = acc.Username
	acc, err = SignIn(ctx, db, try, nil)
	if errors.Is(err, ErrSignIn) {
		err = ErrPassword
	}
	return acc, err
}

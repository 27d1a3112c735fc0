package account

import (
	"context"
	"errors"
	"strings"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/password"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
)

// How repeated failures slow down. The aim: a guesser gets nowhere, and nobody
// is locked out by a stranger. NIST SP 800-63B-4 §3.2.2 asks for a bound on
// guesses; a lock for a day would hand a stranger the key to lock others out.
var (
	// perNetwork counts the failures for one account from one network: five slips
	// are free, then it doubles to five minutes. Whoever guesses from one address
	// slows down themselves and not the owner at home.
	perNetwork = throttle.Rule{Name: "signin.account.network", Free: 5, First: time.Second, Most: 5 * time.Minute, Forget: 15 * time.Minute}

	// perAccount counts the failures for one account from everywhere, for a guesser
	// with many addresses. One network can never fill it (at its slowest it fails
	// every five minutes, and one failure is forgotten in three), and it never
	// holds the owner up for more than a minute at a time.
	perAccount = throttle.Rule{Name: "signin.account", Free: 100, First: time.Second, Most: time.Minute, Forget: 3 * time.Minute}

	// perDevice counts instead of both on a browser in which this account signed in
	// before: an attack elsewhere does not touch its owner's own phone.
	perDevice = throttle.Rule{Name: "signin.device", Free: 10, First: time.Second, Most: time.Minute, Forget: 10 * time.Minute}

	// fromNetwork counts failures from one network for all accounts together,
	// against someone who tries one password on many names. It is generous,
	// because a school or a branch has one address for hundreds of readers: ten
	// wrong passwords a minute, all day, pass unnoticed.
	fromNetwork = throttle.Rule{Name: "signin.network", Free: 200, First: time.Second, Most: time.Minute, Forget: 6 * time.Second}
)

var (
	// ErrSignIn answers alike for an unknown name, a wrong password and an account
	// that sleeps.
	ErrSignIn = fault.New(fault.Invalid, "account.wrong_sign_in")
	// ErrSlow says how many seconds to wait.
	ErrSlow = throttle.ErrSlow
)

// errChanged: the hash that was checked is not the hash in the database any more.
var errChanged = errors.New("account: the password was changed meanwhile")

// Attempt is one try to sign in.
type Attempt struct {
	Username string // or the e-mail address, see SignIn
	Password string
	Network  string       // throttle.Network of the visitor's address
	Device   secret.Token // what Remember gave this browser, or ""
	Browser  string       // what it is, in words, for the history
}

// SignIn checks name and password and returns the account. An e-mail address does
// for the name, when one active account has it and no other is called by it; where
// several share it nobody is meant, and the answer is that of a wrong password.
//
// It reads, hashes outside the transaction, and writes. Then runs in the
// transaction of success, to start the session; an error of it is the answer.
//
// Unknown names, wrong passwords and sleeping accounts take the same steps: the
// same statements, one hash, the same error. The try is counted before the hash,
// so that a hundred guesses at the same moment are a hundred guesses.
func SignIn(ctx context.Context, db *sqldb.DB, try Attempt, then func(*sqldb.Tx, Account) error) (acc Account, err error) {
	key, address := usernameKey(try.Username), strings.TrimSpace(try.Username)
	var counters []throttle.Counter
	network := throttle.Counter{Rule: fromNetwork, Key: try.Network}
	err = db.InTx(ctx, func(tx *sqldb.Tx) error {
		var known bool
		acc, known, err = signInAccount(tx, key, emailKey(address), try.Device.Digest())
		if err != nil {
			return err
		}
		if usernameKey(acc.Username) != key && !sameAddress(acc.Email, address) { // emailKey finds a few too many
			acc, known = Account{}, false
		}
		// By the account and not by what was typed: a name and an address would be
		// two times the guesses.
		if acc.ID != "" {
			key = usernameKey(acc.Username)
		}
		counters = strangers(key, try.Network)
		if known {
			counters = []throttle.Counter{{Rule: perDevice, Key: key + "\x00" + try.Device.Digest()}}
		}
		// The network is only looked at: its successes are many, and one row that
		// all of a school writes would be a queue.
		return throttle.Take(tx, counters, network)
	})
	if err != nil {
		return Account{}, err
	}
	ok, rehash, err := password.Verify(password.From(ctx, try.Network), acc.password, try.Password)
	if err != nil {
		return Account{}, err
	}
	// The network is looked at once more, for a right password too: of a burst of
	// tries that all looked before the first had failed, no more may learn whether
	// they were right than one after the other would.
	if !ok {
		err := db.InTx(ctx, func(tx *sqldb.Tx) error {
			if err := throttle.Take(tx, []throttle.Counter{network}); err != nil {
				return err
			}
			return Note(tx, acc.ID, EventRefused, try.Browser)
		})
		if err != nil {
			return Account{}, err
		}
		return Account{}, ErrSignIn
	}
	hash := acc.password
	if rehash { // the parameters were raised since: only now do we have the password
		if hash, err = password.Hash(ctx, try.Password); err != nil {
			return Account{}, err
		}
	}
	err = db.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := throttle.Take(tx, nil, network); err != nil {
			return err
		}
		won, err := noteSignIn(tx, acc.ID, acc.password, hash)
		if err != nil {
			return err
		}
		if !won { // the password was changed while we hashed, or made again by a sign-in at the same moment
			return errChanged
		}
		for _, c := range counters {
			if err := throttle.Clear(tx, c.Rule, c.Key); err != nil {
				return err
			}
		}
		if then != nil {
			return then(tx, acc)
		}
		return nil
	})
	if errors.Is(err, errChanged) {
		if rehash { // whoever was first stored today's hash: of the same password, perhaps
			return SignIn(ctx, db, try, then)
		}
		err = ErrSignIn
	}
	if err != nil {
		return Account{}, err
	}
	acc.password = hash
	return acc, nil
}

// strangers are the counters of a browser that the account does not know.
func strangers(key, network string) []throttle.Counter {
	return []throttle.Counter{{Rule: perNetwork, Key: key + "\x00" + network}, {Rule: perAccount, Key: key}}
}

// Remember knows this browser again when the account signs in later. It returns
// the token for a cookie: the one it had, or a new one. browser is what it is, in
// words.
func Remember(tx *sqldb.Tx, accountID string, device secret.Token, browser string) (secret.Token, error) {
	if device == "" {
		device = secret.NewToken()
	}
	return device, putDevice(tx, device.Digest(), accountID, browser)
}

package account

import (
	"context"
	"errors"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/base/words"
)

// How making accounts slows down.
var (
	// registerNetwork counts tries from one network, because each tells whether a
	// name is taken. It is generous: a school has one address, and three classes
	// that make accounts in one lesson pass unnoticed. Whoever goes through a list
	// of names comes down to four a minute.
	registerNetwork = throttle.Rule{Name: "register.network", Free: 100, First: time.Second, Most: time.Minute, Forget: 15 * time.Second}

	// registerTaken counts the chosen names that turned out to be taken, by network:
	// each of those answers tells that somebody has the name. Of three classes most
	// may meet one; whoever goes through a list comes down to one in two minutes.
	// Nobody is kept out meanwhile: an account may be called by its address, which
	// tells nothing. To count by the address that was typed would hold off nobody
	// who types another one each time.
	registerTaken = throttle.Rule{Name: "register.taken", Free: 60, First: 5 * time.Second, Most: 5 * time.Minute, Forget: 2 * time.Minute}

	// registerAddress counts letters to one address, because anybody can type the
	// address of another. A letter and three more leave at once, which does for a
	// mail that got lost and for a family; then ever slower to one in half an hour.
	registerAddress = throttle.Rule{Name: "register.address", Free: 3, First: time.Minute, Most: 30 * time.Minute, Forget: 2 * time.Hour}
)

var (
	// ErrManyTries: too many accounts from one network. Its arguments are the
	// seconds and the minutes to wait.
	ErrManyTries = fault.New(fault.Slow, "account.many_tries")
	// ErrManyNames: too many names from one network that were taken, with the same
	// arguments.
	ErrManyNames = fault.New(fault.Slow, "account.many_names").At(FieldUsername)
	// ErrManyLetters: too many letters to one address, with the same arguments.
	ErrManyLetters = fault.New(fault.Slow, "account.many_letters")
)

// The fields of a registration, as its faults name them.
const (
	FieldEmail    = "email"
	FieldUsername = "gebruikersnaam"
)

// Registration is what somebody gives to make an account for themself.
type Registration struct {
	Email       string
	Username    string // own choice, or "" to be called by the e-mail address
	Lang        words.Lang
	LibraryName string // for the letters
	ClientID    string // the site to go on at afterwards, or ""
	Target      string // the page of that site, or ""
	Network     string // throttle.Network of the visitor's address
}

// Register makes a sleeping account for whoever asks and mails the link that
// wakes it. It returns until when the link works.
//
// Nobody learns whether an address has an account. When the name is the address
// itself and an active account has it, the answer is that of success, and its
// owner gets a letter that says so. A name that is taken must be told
// (ErrUsernameTaken); each try is counted.
//
// A sleeping account with this name and this address opens again, and its old
// link dies: the mail got lost, or the owner began anew. A registration without a
// ClientID leaves it the way on that it had.
//
// Several accounts may have one address: families share one.
func (a *Accounts) Register(ctx context.Context, db *sqldb.DB, r Registration) (until time.Time, err error) {
	acc, err := r.read()
	if err != nil {
		return until, err
	}
	// In a transaction of its own: a try that is refused counts too.
	err = db.InTx(ctx, func(tx *sqldb.Tx) error {
		return take(tx, throttle.Counter{Rule: registerNetwork, Key: r.Network}, ErrManyTries)
	})
	if err != nil {
		return until, err
	}
	var taken error
	err = db.InTx(ctx, func(tx *sqldb.Tx) error {
		names, letters := throttle.Counter{Rule: registerTaken, Key: r.Network}, throttle.Counter{Rule: registerAddress, Key: usernameKey(acc.Email)}
		if !named(acc) {
			if err := mayTry(tx, names, ErrManyNames); err != nil {
				return err
			}
		}
		if err := mayTry(tx, letters, ErrManyLetters); err != nil {
			return err
		}
		// A name that was taken counts as that, and no letter left. Looking and counting
		// are one transaction, so that sixteen at once are sixteen.
		until, taken = a.register(tx, acc)
		switch {
		case errors.Is(taken, ErrUsernameTaken):
			return throttle.Failed(tx, names.Rule, names.Key)
		case taken != nil:
			return taken
		}
		return throttle.Failed(tx, letters.Rule, letters.Key)
	})
	if err != nil {
		return time.Time{}, err
	}
	return until, taken
}

// read checks all fields, so that one answer names everything that is wrong.
func (r Registration) read() (acc Account, err error) {
	var wrong fault.List
	email, err := readEmail(r.Email)
	wrong.Add(FieldEmail, err)
	typed := r.Username
	if typed == "" {
		typed = email
	}
	if typed != "" {
		acc.Username, _, err = readChosenUsername(typed, email)
		wrong.Add(FieldUsername, err)
	}
	acc.Email, acc.Lang, acc.Library, acc.SelfMade = email, r.Lang, r.LibraryName, true
	acc.ClientID, acc.Target = r.ClientID, r.Target
	return acc, wrong.Err()
}

func (a *Accounts) register(tx *sqldb.Tx, acc Account) (until time.Time, err error) {
	have, taken, err := accountNamed(tx, usernameKey(acc.Username))
	switch {
	case err != nil:
		return until, err
	case taken && have.Active() && named(acc):
		have.Library, have.ClientID, have.Target = acc.Library, acc.ClientID, acc.Target
		return tx.Now.Add(ActivationLife), a.mailKnown(tx, have)
	case taken && !have.Active() && sameAddress(have.Email, acc.Email):
		acc = begunAgain(have, acc)
	default: // a name that is free, or whose account is over; open finds out
		acc.ID = secret.NewID()
	}
	until, err = a.reopen(tx, acc)
	if errors.Is(err, ErrUsernameTaken) && named(acc) {
		return tx.Now.Add(ActivationLife), a.mailMoved(tx, acc)
	}
	if errors.Is(err, ErrUsernameTaken) {
		err = fault.List{ErrUsernameTaken.At(FieldUsername)}
	}
	if err != nil {
		return time.Time{}, err
	}
	return until, audit.Record(tx, audit.Entry{Actor: "account:" + acc.ID, Act: "account.register", Object: "account:" + acc.ID})
}

// mailMoved tells the reader of an address that rests for an account which left
// it a few days ago. They can undo that, so that nothing is told which they may not
// know.
func (a *Accounts) mailMoved(tx *sqldb.Tx, acc Account) error {
	id, err := restingFor(tx, usernameKey(acc.Email))
	if err != nil {
		return err
	}
	have, ok, err := accountByID(tx, id)
	if err != nil || !ok {
		return err
	}
	have.Email, have.Library, have.Lang, have.ClientID, have.Target = acc.Email, acc.Library, acc.Lang, acc.ClientID, acc.Target
	return a.mailKnown(tx, have)
}

// begunAgain is a sleeping account as its owner wants it now. Whoever linked it
// (the library) finds it under its id, and what a library made stays the
// library's.
func begunAgain(have, now Account) Account {
	have.Username, have.Email, have.Lang = now.Username, now.Email, now.Lang
	if have.SelfMade {
		have.Library = now.Library
	}
	if now.ClientID != "" {
		have.ClientID, have.Target = now.ClientID, now.Target
	}
	return have
}

// take counts a try in its own words for a person.
func take(tx *sqldb.Tx, c throttle.Counter, slow *fault.Error) error {
	if err := mayTry(tx, c, slow); err != nil {
		return err
	}
	return throttle.Failed(tx, c.Rule, c.Key)
}

// mayTry refuses a try that comes too soon, and counts nothing.
func mayTry(tx *sqldb.Tx, c throttle.Counter, slow *fault.Error) error {
	wait, err := throttle.Wait(tx, c.Rule, c.Key)
	if err != nil || wait == 0 {
		return err
	}
	return slow.With(int((wait+time.Second-1)/time.Second), int((wait+time.Minute-1)/time.Minute))
}

// Way is where a person goes on with what they made the account for.
type Way struct {
	Address string // "" when there is nothing to go on with
	Name    string // of the site
}

// Continue says where the owner of an account goes on.
func (a *Accounts) Continue(tx *sqldb.Tx, acc Account) (Way, error) {
	if acc.ClientID == "" || a.links.Continue == nil {
		return Way{}, nil
	}
	address, name, ok, err := a.links.Continue(tx, acc.ClientID, acc.Target, acc.Username)
	if err != nil || !ok {
		return Way{}, err
	}
	return Way{address, name}, nil
}

// ContinueByLink says where whoever holds a link goes on that was used. The
// address does not hold the username: an old link may be found by another.
func (a *Accounts) ContinueByLink(tx *sqldb.Tx, token secret.Token) (Way, error) {
	id, _, _, ok, err := linkByDigest(tx, token.Digest())
	if err != nil || !ok {
		return Way{}, err
	}
	acc, ok, err := accountByID(tx, id)
	if err != nil || !ok || !acc.Active() {
		return Way{}, err
	}
	acc.Username = ""
	return a.Continue(tx, acc)
}

package account

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/factor"
	"lidwoord/base/fault"
	"lidwoord/base/password"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
)

// ResetLife is how long a link works that sets a new password: a visit to the
// mailbox, and not the next person who finds it open.
const ResetLife = time.Hour

// How asking for letters slows down, for a forgotten password and a forgotten
// username alike.
var (
	// askNetwork counts questions from one network. A class that forgot its
	// passwords passes unnoticed; who goes through a list comes down to one a minute.
	askNetwork = throttle.Rule{Name: "forgot.network", Free: 60, First: time.Second, Most: time.Minute, Forget: 30 * time.Second}

	// askTyped counts what was typed, whether it exists or not: three letters at
	// once, then ever slower. Nobody is kept out, for the letters did arrive.
	askTyped = throttle.Rule{Name: "forgot.typed", Free: 3, First: time.Minute, Most: 30 * time.Minute, Forget: 2 * time.Hour}

	// askMailbox counts letters to one mailbox, whatever was typed to send them.
	// Above it nothing is sent and nothing is said: a refusal would tell that a
	// name and an address belong together.
	askMailbox = throttle.Rule{Name: "forgot.mailbox", Free: 6, First: time.Minute, Most: 30 * time.Minute, Forget: time.Hour}
)

var (
	// ErrManyAsks: letters were asked for this name or address before. Its
	// arguments are the seconds and the minutes to wait.
	ErrManyAsks = fault.New(fault.Slow, "account.many_asks")
	// ErrManyAsksHere: too many questions from one network, with the same arguments.
	ErrManyAsksHere = fault.New(fault.Slow, "account.many_asks_here")
	// ErrResetOver answers alike for a link that was used, is too old, was replaced
	// by a newer one or was never ours.
	ErrResetOver = fault.New(fault.Gone, "account.reset_over")
)

// mostAtOneAddress bounds the accounts in one letter.
const mostAtOneAddress = 30

// The kinds of links that an owner gets by mail.
const (
	linkReset = "reset"
	linkEmail = "email"
	linkUndo  = "undo"

	linkFactor  = "factor"  // takes a second step away that came without the owner
	linkRemoval = "removal" // keeps the second step that a desk would take away
)

// ownLink is a link that was mailed to the owner of an active account.
type ownLink struct {
	accountID, kind, email, username string
	mailedAt                         time.Time
	step                             factor.Step // linkFactor: the one that it takes away
	since                            time.Time   // linkUndo: when the change was asked; what came later goes with it
}

// Forgotten is what somebody typed who forgot the rest.
type Forgotten struct {
	Typed   string // a username or an e-mail address
	Network string // throttle.Network of the visitor's address
}

// ForgotPassword mails a link that sets a new password to the owner of the account
// that is meant by a name or an address. Where several share the address, each has
// a part of its own in the one letter. An account that was never activated gets a
// new activation link there, and so does one that expired: nobody is left without
// a way. The newest link of an account is the one that works.
//
// It answers alike whether anybody is meant: the same statements, as many rows, and
// a letter written, though perhaps for nobody.
func (a *Accounts) ForgotPassword(ctx context.Context, db *sqldb.DB, f Forgotten) error {
	return a.forgot(ctx, db, f, a.mailResets)
}

// forgot counts a question, finds who is meant and writes to each mailbox once.
func (a *Accounts) forgot(ctx context.Context, db *sqldb.DB, f Forgotten, mail func(*sqldb.Tx, []Account) error) error {
	// In a transaction of its own: a question that is refused counts too.
	err := db.InTx(ctx, func(tx *sqldb.Tx) error {
		return take(tx, throttle.Counter{Rule: askNetwork, Key: f.Network}, ErrManyAsksHere)
	})
	if err != nil {
		return err
	}
	return db.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := take(tx, throttle.Counter{Rule: askTyped, Key: usernameKey(f.Typed)}, ErrManyAsks); err != nil {
			return err
		}
		found, err := meant(tx, f.Typed)
		if err != nil {
			return err
		}
		for _, group := range byMailbox(found, f.Typed) {
			err := throttle.Take(tx, []throttle.Counter{{Rule: askMailbox, Key: emailKey(group[0].Email)}})
			if errors.Is(err, throttle.ErrSlow) {
				group = []Account{nobody(group[0].Email)}
			} else if err != nil {
				return err
			}
			if err := mail(tx, group); err != nil {
				return err
			}
		}
		return nil
	})
}

// meant lists the accounts that somebody may mean: by name, or by their address.
// Those that expired are among them.
func meant(tx *sqldb.Tx, typed string) (found []Account, err error) {
	key := usernameKey(typed)
	if acc, ok, err := accountNamed(tx, key); err != nil {
		return nil, err
	} else if ok {
		found = append(found, acc)
	}
	at, err := accountsAt(tx, emailKey(typed))
	if err != nil {
		return nil, err
	}
	ids, err := memoriesOf(tx, key, emailDigest(typed))
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		acc, ok, err := remembered(tx, id)
		if err != nil {
			return nil, err
		}
		if ok {
			at = append(at, acc)
		}
	}
	for _, acc := range at {
		same := sameAddress(acc.Email, strings.TrimSpace(typed)) || usernameKey(acc.Username) == key
		if same && !slices.ContainsFunc(found, func(f Account) bool { return f.ID == acc.ID }) {
			found = append(found, acc)
		}
	}
	return found, nil
}

// byMailbox puts together what belongs into one letter. Where nobody is meant it
// is one letter to nobody.
func byMailbox(found []Account, typed string) (groups [][]Account) {
	if len(found) == 0 {
		return [][]Account{{nobody(typed)}}
	}
next:
	for _, acc := range found {
		for i, g := range groups {
			if sameAddress(g[0].Email, acc.Email) {
				groups[i] = append(g, acc)
				continue next
			}
		}
		groups = append(groups, []Account{acc})
	}
	return groups
}

// nobody stands where there is no account: it is written to all the same, and the
// letter is thrown away.
func nobody(email string) Account {
	return Account{Username: "niemand", Email: email, ActivatedAt: time.UnixMicro(1)}
}

// section is the part of one account in a letter about several.
type section struct {
	Username string
	Library  string
	Active   bool
	Link     string
	Until    time.Time // of the link
	Since    time.Time // when the account was made, in "names"; zero when unknown
	Minute   bool      // … told to the minute, as another of that day is beside it
}

func (a *Accounts) mailResets(tx *sqldb.Tx, group []Account) error {
	var parts []section
	for _, acc := range group {
		part, err := a.resetSection(tx, acc)
		if errors.Is(err, ErrUsernameTaken) { // another has the name of one that expired
			continue
		}
		if err != nil {
			return err
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return nil
	}
	return a.mail(tx, group[0], "reset", group[0].Library, letter{Sections: parts, Hours: int(ResetLife.Hours())})
}

// resetSection makes the link of one account: for a password, or to activate it.
func (a *Accounts) resetSection(tx *sqldb.Tx, acc Account) (section, error) {
	part := section{Username: acc.Username, Library: acc.Library, Active: acc.Active()}
	if part.Active {
		token, err := newReset(tx, acc.ID)
		part.Link, part.Until = a.links.Reset(token), tx.Now.Add(ResetLife)
		return part, err
	}
	if err := makeRoom(tx, acc); err != nil {
		return part, err
	}
	until, token, err := begin(tx, acc, usernameKey(acc.Username))
	part.Link, part.Until = a.links.Activate(token), until
	return part, err
}

// newReset makes the one link that sets the password of an account. For nobody it
// writes a row that belongs to nobody.
func newReset(tx *sqldb.Tx, accountID string) (secret.Token, error) {
	if accountID == "" {
		accountID = secret.NewID()
	}
	if err := replaceOwnLinks(tx, accountID, linkReset); err != nil {
		return "", err
	}
	token := newOwnToken()
	return token, insertOwnLink(tx, token.Digest(), ownLink{accountID: accountID, kind: linkReset}, tx.Now.Add(ResetLife))
}

// newOwnToken makes the secret of a link. Nobody types it, so it costs nothing to
// be far beyond guessing.
func newOwnToken() secret.Token { return secret.NewToken() + secret.NewToken() }

// LookReset says whose password a link sets. It changes nothing, because mail
// scanners open every link before its owner does.
func (a *Accounts) LookReset(tx *sqldb.Tx, token secret.Token) (Account, error) {
	acc, _, err := lookOwn(tx, token, linkReset, ErrResetOver)
	return acc, err
}

// Shares reports whether other accounts have the address of acc, so that one letter
// may hold several links.
func (a *Accounts) Shares(tx *sqldb.Tx, acc Account) (bool, error) {
	at, err := accountsAt(tx, emailKey(acc.Email))
	return slices.ContainsFunc(at, func(one Account) bool { return one.ID != acc.ID && sameAddress(one.Email, acc.Email) }), err
}

// lookOwn finds the account behind a link that works; over is said of any other.
func lookOwn(tx *sqldb.Tx, token secret.Token, kind string, over error) (acc Account, l ownLink, err error) {
	l, ok, err := livingOwnLink(tx, token.Digest(), kind)
	if err != nil {
		return acc, l, err
	}
	if ok {
		acc, ok, err = accountByID(tx, l.accountID)
	}
	if err == nil && (!ok || !acc.Active()) {
		err = over
	}
	return acc, l, err
}

// Renewal is a new password by a link.
type Renewal struct {
	Token    secret.Token
	Password string
	Browser  string // in words, for the history
}

// Reset sets the password behind a link, spends the link and tells the owner by
// letter. A change of address that waits dies: whoever asked for it may have known
// the old password. Then runs in the same transaction, to end sessions and to
// start one.
func (a *Accounts) Reset(ctx context.Context, db *sqldb.DB, n Renewal, then func(*sqldb.Tx, Account) error) (acc Account, err error) {
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		acc, err = a.LookReset(tx, n.Token)
		return err
	})
	if err != nil {
		return Account{}, err
	}
	if err := password.Check(n.Password, acc.Username, acc.Email, acc.Library); err != nil {
		return Account{}, err
	}
	hash, err := password.Hash(ctx, n.Password)
	if err != nil {
		return Account{}, err
	}
	err = db.InTx(ctx, func(tx *sqldb.Tx) error {
		l, ok, err := spendOwnLink(tx, n.Token.Digest(), linkReset)
		if err == nil && ok {
			ok, err = setPassword(tx, l.accountID, hash)
		}
		if err != nil {
			return err
		}
		if !ok { // spent, replaced or over while we hashed
			return ErrResetOver
		}
		if acc, _, err = accountByID(tx, l.accountID); err != nil {
			return err
		}
		if err := replaceOwnLinks(tx, acc.ID, linkEmail); err != nil {
			return err
		}
		return a.passwordChanged(tx, acc, n.Browser, then)
	})
	if err != nil {
		return Account{}, err
	}
	return acc, nil
}

// passwordChanged is what every new password brings along. An app with codes that was
// guessed at counts again: who guessed knew the old one.
func (a *Accounts) passwordChanged(tx *sqldb.Tx, acc Account, browser string, then func(*sqldb.Tx, Account) error) error {
	if err := factor.Forgive(tx, factor.Owner("account:"+acc.ID)); err != nil {
		return err
	}
	if err := a.mail(tx, acc, "password", acc.Library, letter{Link: a.links.Forgotten, Browser: browser}); err != nil {
		return err
	}
	if err := happened(tx, acc.ID, EventPassword, browser); err != nil {
		return err
	}
	if then != nil {
		return then(tx, acc)
	}
	return nil
}

// happened writes what the owner did into the history and the log.
func happened(tx *sqldb.Tx, accountID, what, browser string) error {
	if err := Note(tx, accountID, what, browser); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Actor: "account:" + accountID, Act: "account." + what, Object: "account:" + accountID})
}

package account

import (
	"errors"
	"strings"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/factor"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
)

// RemovalWait is how long after a desk asked the second step of an owner is taken away.
// A clerk can be deceived by somebody else's document; in a day its real owner reads the
// letter, or signs in.
const RemovalWait = 24 * time.Hour

// RemovalRest is how long no desk may ask again after the owner stopped it, unless a
// manager does who says why. A document that was false once is tried again at the next desk.
const RemovalRest = 7 * 24 * time.Hour

// removalRule counts what desks ask for one account: each sends letters to its owner.
var removalRule = throttle.Rule{Name: "removal.ask", Free: 3, First: time.Hour, Most: 24 * time.Hour, Forget: 24 * time.Hour}

// removalLate is how long after that the links in its letters still open: the job may
// come late, and until it came the removal can be stopped.
const removalLate = time.Hour

// dueAtOnce bounds one run of the job.
const dueAtOnce = 100

// What happened to the second step of an account by way of a desk.
const (
	EventRemovalAsked   = "removal_asked"
	EventRemovalStopped = "removal_stopped"
	EventRemovalDone    = "removal_done"
)

var (
	// ErrNoSecondStep: there is nothing to take away.
	ErrNoSecondStep = fault.New(fault.Conflict, "account.no_second_step")
	// ErrRemovalAsked: it was asked before, and waits.
	ErrRemovalAsked = fault.New(fault.Conflict, "account.removal_asked")
	// ErrRemovalRests: the owner stopped one lately.
	ErrRemovalRests = fault.New(fault.Conflict, "account.removal_rests")
	// ErrManyRemovals: it was asked too often. Its arguments are the seconds and the
	// minutes to wait.
	ErrManyRemovals = fault.New(fault.Slow, "account.many_removals")
	// ErrRemovalOver answers alike for a link to a removal that was stopped or done, for
	// one that is too old and one that was never ours.
	ErrRemovalOver = fault.New(fault.Gone, "account.removal_over")
	// ErrRemovalNewer answers a link in an older letter while another removal waits.
	ErrRemovalNewer = fault.New(fault.Gone, "account.removal_newer")
)

// Removal is the wish to take every second step of an account away, because its owner
// lost them all and showed a library who they are.
type Removal struct {
	AccountID string
	Library   string // that asked
	About     string // for whom, in its own words; see Links.Knows
	Insists   bool   // asks in spite of the owner's no; only of AskRemoval
	Phone     string // its telephone, for the letters; only of AskRemoval, "" tells none
	AskedBy   string // the worker, as the audit log has it
	AskedAt   time.Time
	DueAt     time.Time
	EndedAt   time.Time // zero while it waits
	EndedBy   string    // "account:ID", "staff:ID" or "job"; "" while it waits
	Done      bool      // the steps are gone; otherwise it waits, or was stopped
}

// Waits reports whether the removal can still be stopped.
func (r Removal) Waits() bool { return r.EndedAt.IsZero() }

// Kept reports whether the owner stopped it, or a sign-in with the second step did.
func (r Removal) Kept() bool { return !r.Done && r.EndedBy == "account:"+r.AccountID }

// AskRemoval notes that a library wants the second step of an account taken away, and
// tells its owner by letter how to stop it: at the address of the account, and at those
// to which a change of address can still be undone, since who changed it may be the one
// who stands at the desk. Nothing is taken away yet. It returns when it will be.
func (a *Accounts) AskRemoval(tx *sqldb.Tx, r Removal) (due time.Time, err error) {
	acc, err := a.Find(tx, r.AccountID)
	if err != nil {
		return due, err
	}
	has, err := factor.StateOf(tx, factorOwner(acc.ID))
	if err == nil && !has.Any() {
		err = ErrNoSecondStep
	}
	if err != nil {
		return due, err
	}
	r.AskedAt, r.DueAt = tx.Now, tx.Now.Add(RemovalWait)
	won, err := insertRemoval(tx, secret.NewID(), r)
	if err == nil && !won {
		var waits bool
		if _, waits, err = waitingRemoval(tx, acc.ID); err == nil {
			err = ErrRemovalRests
			if waits {
				err = ErrRemovalAsked
			}
		}
	}
	if err == nil {
		err = take(tx, throttle.Counter{Rule: removalRule, Key: acc.ID}, ErrManyRemovals)
	}
	if err != nil {
		return due, err
	}
	earlier, err := undoAddresses(tx, acc.ID)
	if err != nil {
		return due, err
	}
	told := map[string]bool{}
	for _, address := range append([]string{acc.Email}, earlier...) {
		if told[emailKey(address)] {
			continue
		}
		told[emailKey(address)] = true
		to := acc
		to.Email = address
		if err := a.mailRemoval(tx, to, r); err != nil {
			return due, err
		}
	}
	if err := Note(tx, acc.ID, EventRemovalAsked, ""); err != nil {
		return due, err
	}
	return r.DueAt, audit.Record(tx, audit.Entry{Actor: r.AskedBy, Act: "account." + EventRemovalAsked, Object: "account:" + acc.ID})
}

// mailRemoval tells an address of acc what is going to happen, with a way to stop it.
func (a *Accounts) mailRemoval(tx *sqldb.Tx, acc Account, r Removal) error {
	token := newOwnToken()
	if err := insertOwnLink(tx, token.Digest(), ownLink{accountID: acc.ID, kind: linkRemoval}, r.DueAt.Add(removalLate)); err != nil {
		return err
	}
	return a.mail(tx, acc, "removal_asked", acc.Library, letter{Link: a.links.Keep(token), Asker: r.Library, Phone: r.Phone, Until: r.DueAt})
}

// WaitingRemoval finds the removal that waits at an account.
func (a *Accounts) WaitingRemoval(tx *sqldb.Tx, accountID string) (r Removal, ok bool, err error) {
	return waitingRemoval(tx, accountID)
}

// Removals lists what desks asked of an account lately, the newest first.
func (a *Accounts) Removals(tx *sqldb.Tx, accountID string) ([]Removal, error) {
	return removalsOf(tx, accountID)
}

// Who stopped a removal, as its owner reads it: each should alarm for another reason.
const (
	stoppedByOwner   = "owner"   // by a link, on the account's own page, or by minding the second step
	stoppedByStep    = "step"    // by signing in with it
	stoppedByLibrary = "library" // at a desk
)

// stop is who stops a removal.
type stop struct {
	by      string // as the audit log has it
	browser string // what they used, in words or ""
	how     string // one of stoppedBy…
}

// StopRemoval lets an account keep its second step, and tells its owner: also when the
// owner stopped it, or whoever holds the mailbox could do so unseen. by is who stops it,
// as the audit log has it, and browser what they used, in words or "". It reports false
// when there is nothing to stop (any more).
func (a *Accounts) StopRemoval(tx *sqldb.Tx, accountID, by, browser string) (stopped bool, err error) {
	how := stoppedByOwner
	if strings.HasPrefix(by, "staff:") || by == "job" { // the job stops what the library let go of
		how = stoppedByLibrary
	}
	return a.stopRemoval(tx, accountID, stop{by, browser, how})
}

// StopRemovalByStep is StopRemoval by a sign-in with the second step: who has it need
// not lose it.
func (a *Accounts) StopRemovalByStep(tx *sqldb.Tx, accountID, browser string) (stopped bool, err error) {
	return a.stopRemoval(tx, accountID, stop{"account:" + accountID, browser, stoppedByStep})
}

func (a *Accounts) stopRemoval(tx *sqldb.Tx, accountID string, s stop) (stopped bool, err error) {
	r, stopped, err := stopRemoval(tx, accountID, s.by)
	if err != nil || !stopped {
		return false, err
	}
	if err := replaceOwnLinks(tx, accountID, linkRemoval); err != nil {
		return false, err
	}
	if r.Kept() && a.links.Kept != nil {
		if err := a.links.Kept(tx, r); err != nil {
			return false, err
		}
	}
	acc, err := a.Find(tx, accountID)
	if err != nil {
		return false, err
	}
	if err := Note(tx, accountID, EventRemovalStopped, s.browser); err != nil {
		return false, err
	}
	if err := audit.Record(tx, audit.Entry{Actor: s.by, Act: "account." + EventRemovalStopped, Object: "account:" + accountID}); err != nil {
		return false, err
	}
	return true, a.mail(tx, acc, "removal_stopped", acc.Library, letter{Link: a.links.Forgotten, Asker: r.Library, Browser: s.browser, By: s.how})
}

// LookRemoval says what a link stops. It changes nothing.
func (a *Accounts) LookRemoval(tx *sqldb.Tx, token secret.Token) (acc Account, r Removal, err error) {
	acc, _, err = lookOwn(tx, token, linkRemoval, ErrRemovalOver)
	if errors.Is(err, ErrRemovalOver) {
		err = orNewer(tx, token)
	}
	if err != nil {
		return acc, r, err
	}
	r, ok, err := waitingRemoval(tx, acc.ID)
	if err == nil && !ok {
		err = ErrRemovalOver
	}
	return acc, r, err
}

// StopRemovalByLink is StopRemoval by a link in one of the letters, once.
func (a *Accounts) StopRemovalByLink(tx *sqldb.Tx, token secret.Token, browser string) error {
	l, ok, err := spendOwnLink(tx, token.Digest(), linkRemoval)
	if err == nil && !ok {
		err = orNewer(tx, token)
	}
	if err != nil {
		return err
	}
	stopped, err := a.StopRemoval(tx, l.accountID, "account:"+l.accountID, browser)
	if errors.Is(err, ErrNoAccount) || err == nil && !stopped {
		err = ErrRemovalOver
	}
	return err
}

// orNewer says why a link stops nothing: it is over, or there is a newer letter. An old
// link must not calm somebody whose second step goes tomorrow.
func orNewer(tx *sqldb.Tx, token secret.Token) error {
	waits, err := waitsDespite(tx, token.Digest(), linkRemoval)
	if err == nil && waits {
		err = ErrRemovalNewer
	}
	return orOver(err, ErrRemovalOver)
}

// RemoveDue takes away the second steps whose time has come, and tells their owners. It
// is a job. Then runs in the same transaction for each account, to end its sessions.
func (a *Accounts) RemoveDue(tx *sqldb.Tx, then func(*sqldb.Tx, Account) error) error {
	due, err := dueRemovals(tx, dueAtOnce)
	if err != nil {
		return err
	}
	for _, one := range due {
		if knows, err := a.knows(tx, one.Removal); err != nil {
			return err
		} else if !knows {
			if _, err := a.StopRemoval(tx, one.AccountID, "job", ""); err != nil {
				return err
			}
			continue
		}
		r, won, err := finishRemoval(tx, one.id)
		if err != nil {
			return err
		}
		if !won { // stopped at the last moment
			continue
		}
		if err := a.removeSteps(tx, r, then); err != nil {
			return err
		}
	}
	return nil
}

// knows reports whether the library that asked still knows the account as that of whom
// it identified. If not, nobody there sees the removal any more, or can stop it.
func (a *Accounts) knows(tx *sqldb.Tx, r Removal) (bool, error) {
	if a.links.Knows == nil || r.About == "" {
		return true, nil
	}
	return a.links.Knows(tx, r)
}

func (a *Accounts) removeSteps(tx *sqldb.Tx, r Removal, then func(*sqldb.Tx, Account) error) error {
	acc, err := a.Find(tx, r.AccountID)
	if err != nil {
		return err
	}
	if err := factor.RemoveAll(tx, factorOwner(acc.ID), "job"); err != nil {
		return err
	}
	if err := replaceOwnLinks(tx, acc.ID, linkRemoval); err != nil {
		return err
	}
	if err := replaceOwnLinks(tx, acc.ID, linkFactor); err != nil {
		return err
	}
	if err := Note(tx, acc.ID, EventRemovalDone, ""); err != nil {
		return err
	}
	if err := audit.Record(tx, audit.Entry{Actor: "job", Act: "account." + EventRemovalDone, Object: "account:" + acc.ID}); err != nil {
		return err
	}
	if err := a.mail(tx, acc, "removal_done", acc.Library, letter{Link: a.links.SignIn, Asker: r.Library, Forgotten: a.links.Forgotten}); err != nil {
		return err
	}
	if then != nil {
		return then(tx, acc)
	}
	return nil
}

// Package factor keeps what people sign in with beside, or instead of, their
// password: passkeys, an app with codes, and recovery codes on paper. Readers and
// staff have the same, so an owner is a text: "account:ID" or "staff:ID", as in
// the audit log.
//
//	StateOf        what does this owner have?
//	OfferApp       a secret for an app with codes;  ConfirmApp  it works
//	Pass           takes the code of the app, or a recovery code
//	RenewRecovery  ten new recovery codes, shown once
//	Passkeys       adds passkeys, and takes them at sign-in: of one door
//	Rename, RemovePasskey, RemoveApp, RemoveStep, RemoveSince, RemoveAll
//	Doubt          lets passkeys count behind the password only
//	Forgive        lets a code app that was guessed at work again
//	Sweep          removes what is over
//
// The room knows no pages and no sessions: whoever signs in gets a session from the
// door. A secret that must be read again is sealed; all others are kept as digests.
package factor

import (
	"embed"
	"slices"
	"strconv"
	"strings"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
)

// Words are this room's sentences.
//
//go:embed words.*.txt
var Words embed.FS

// Owner is whose it is: "account:ID" or "staff:ID".
type Owner string

// State is what an owner has. Only what works counts: an app that was never
// confirmed is no app.
type State struct {
	App       bool
	AppSince  time.Time
	AppUsed   time.Time // zero when it was never used since
	Failures  int       // wrong codes of the app since the last right one
	Recovery  int       // recovery codes that are left
	Passkeys  []Passkey
	AppRested bool // too many wrong codes: the app does not count until Forgive
}

// Any reports whether there is a second step to ask for.
func (s State) Any() bool { return s.App || len(s.Passkeys) > 0 }

// StateOf returns what an owner has.
func StateOf(tx *sqldb.Tx, owner Owner) (State, error) {
	s, err := appState(tx, owner)
	if err != nil {
		return State{}, err
	}
	if s.Recovery, err = countRecovery(tx, owner); err != nil {
		return State{}, err
	}
	s.Passkeys, err = passkeysOf(tx, owner)
	return s, err
}

// Count is how many owners with this beginning ("account:") have a second step.
func Count(tx *sqldb.Tx, beginning string) (int, error) { return countOwners(tx, beginning) }

// RemoveAll removes whatever an owner has: the account is deleted, or all of it
// was lost and somebody who may do so lets the owner begin anew.
func RemoveAll(tx *sqldb.Tx, owner Owner, actor string) error {
	if err := removeAll(tx, owner); err != nil {
		return err
	}
	return note(tx, owner, actor, "factor.removed_all", "")
}

// RemoveSince removes what came to an owner since an instant: somebody else was in,
// and what they added would keep them in. What the owner had before stays, as far as
// they left it.
func RemoveSince(tx *sqldb.Tx, owner Owner, since time.Time) error {
	n, err := removeSince(tx, owner, since)
	if err != nil || n == 0 {
		return err
	}
	return cleared(tx, owner, "factor.removed_since", "")
}

// Step names one second step of an owner. An app that was set up anew is another one.
type Step string

// AppStep names the app.
func (s State) AppStep() Step {
	return Step("app " + strconv.FormatInt(s.AppSince.UnixMicro(), 10))
}

// Step names the passkey.
func (k Passkey) Step() Step { return Step("passkey " + k.ID) }

// Has reports whether a step that was named is there still.
func (s State) Has(step Step) bool {
	return s.App && s.AppStep() == step || slices.ContainsFunc(s.Passkeys, func(k Passkey) bool { return k.Step() == step })
}

// RemoveStep removes one step that was named, and the recovery codes when nothing else is
// left. It says ErrUnknown of one that was removed or replaced.
func RemoveStep(tx *sqldb.Tx, owner Owner, step Step) error {
	kind, which, _ := strings.Cut(string(step), " ")
	if kind == "passkey" {
		return RemovePasskey(tx, owner, which)
	}
	since, err := strconv.ParseInt(which, 10, 64)
	if err != nil {
		return ErrUnknown
	}
	won, err := removeAppOf(tx, owner, time.UnixMicro(since))
	if err == nil && !won {
		err = ErrUnknown
	}
	if err != nil {
		return err
	}
	return cleared(tx, owner, "factor.app_removed", "")
}

// Doubt lets the passkeys of an owner count behind the password only: somebody else may
// have added one. Each counts alone again once it was given behind the password; the one
// that was given in this transaction was.
func Doubt(tx *sqldb.Tx, owner Owner) error { return doubtPasskeys(tx, owner) }

// RemoveApp removes the app with codes, and the recovery codes when nothing else is
// left that they could stand in for.
func RemoveApp(tx *sqldb.Tx, owner Owner) error {
	if err := removeApp(tx, owner); err != nil {
		return err
	}
	return cleared(tx, owner, "factor.app_removed", "")
}

// cleared notes a removal and takes the recovery codes away with the last thing.
func cleared(tx *sqldb.Tx, owner Owner, act, detail string) error {
	s, err := StateOf(tx, owner)
	if err != nil {
		return err
	}
	if !s.Any() {
		if err := removeRecovery(tx, owner); err != nil {
			return err
		}
	}
	return note(tx, owner, string(owner), act, detail)
}

func note(tx *sqldb.Tx, owner Owner, actor, act, detail string) error {
	return audit.Record(tx, audit.Entry{Actor: actor, Act: act, Object: string(owner), Detail: detail})
}

// Sweep removes answered challenges that nobody can answer any more. It is a
// periodic job.
func Sweep(tx *sqldb.Tx) error { return removeAnswered(tx) }

var (
	// ErrCode is the one answer to a wrong code, an old one, one that was used and
	// an owner who has no app.
	ErrCode = fault.New(fault.Invalid, "factor.code")
	// ErrResting says that the codes of the app do not count any more.
	ErrResting = fault.New(fault.Invalid, "factor.resting")
	// ErrOffer says that the secret on the page is not the one to confirm.
	ErrOffer = fault.New(fault.Gone, "factor.offer")
	// ErrPasskey is the one answer to whatever is wrong with what a browser sent.
	ErrPasskey = fault.New(fault.Invalid, "factor.passkey")
	// ErrChallenge says that the page stood open too long, or was sent twice.
	ErrChallenge = fault.New(fault.Gone, "factor.challenge")
	// ErrCopied says that a passkey that does not allow it seems to be copied.
	ErrCopied = fault.New(fault.Denied, "factor.copied")
	// ErrDoubted says that this passkey does not come in without the password; see Doubt.
	ErrDoubted = fault.New(fault.Denied, "factor.doubted")
	// ErrKnown says that this passkey is here already.
	ErrKnown   = fault.New(fault.Conflict, "factor.known")
	ErrName    = fault.New(fault.Invalid, "factor.name")
	ErrUnknown = fault.New(fault.NotFound, "factor.unknown")
	ErrMost    = fault.New(fault.Invalid, "factor.most")
)

// Whoever is asked for a code has given the right password. What slows them down
// slows down a thief of that password, and the owner, who can sit it out. What
// ends the guessing for good is FailuresMost.
var (
	appCodes      = throttle.Rule{Name: "factor.app", Free: 5, First: 5 * time.Second, Most: 5 * time.Minute, Forget: 15 * time.Minute}
	recoveryCodes = throttle.Rule{Name: "factor.recovery", Free: 5, First: 5 * time.Second, Most: 5 * time.Minute, Forget: 15 * time.Minute}
)

// FailuresMost is how many wrong codes in a row the app of an owner stands. Then
// its codes do not count until the owner came in by a recovery code, a passkey or
// a new password: NIST SP 800-63B-4 section 3.2.2 allows a hundred failures in a
// row at most. Of a million codes three are right at a time, so a thief who has the
// password comes in with a chance of one in three thousand, and never again.
const FailuresMost = 100

// Package provision lets library systems other than ours use the login accounts.
// A user of an organisation is the link between a customer in its own system and
// one account; everything else about the customer stays there. It knows no HTTP:
// web/scim speaks SCIM 2.0 (RFC 7643 and 7644).
//
//	SaveOrganisation  an organisation and the name that its customers read
//	Organisations     which there are
//	Issue             a bearer token for one of its programs, shown once
//	Bearers, Revoke   which tokens there are; ends one
//	Enter             says whose token this is
//	Create            opens a sleeping account for a customer, which mails the link
//	Ask, Link         links an account that exists, by a code that its owner was mailed
//	Find, List        the users of one organisation
//	Replace, Amend    a new address while it waits, a new link, suspended or not
//	Remove            forgets an account that waits, lets go of one that is active
//	SaveKind, Kinds   the sorts of membership that an organisation offers, and their rights
//	Of                the organisations to which an account is linked
//	OfAccount         the memberships there; it fills the sign-on claim
//
// # Whose is what
//
// An account that waits was made for the customer by the organisation, which may
// correct its address or take it away. From the moment of activation it is its
// owner's: name and address are neither changed nor shown to the organisation any
// more, except the username, by which its desk knows the person. The organisation
// can only suspend or end its own link.
//
// # What is kept
//
// The organisation's own number of the customer, whether the link is active, and
// which memberships the customer has: kind and days, no price and no history.
// Names and further addresses are not ours to keep (GDPR art. 5(1)(c)). An
// organisation sees its own users only; several may be linked to one account.
package provision

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lidwoord/base/audit"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/base/words"
	"lidwoord/identity/account"
)

// Words are the sentences of this room.
//
//go:embed words.*.txt
var Words embed.FS

// LongestExternal is the length of an external id in characters: room for a UUID
// with a prefix.
const LongestExternal = 100

// letterRule counts letters to one address that programs asked for. Ten leave at
// once, which does for a family or a first night of corrections; then ever
// slower to one in five minutes, so that a school with one address for all gets
// through in a night and a program in a loop fills no mailbox.
var letterRule = throttle.Rule{Name: "provision.letter", Free: 10, First: 10 * time.Second, Most: 5 * time.Minute, Forget: time.Hour}

var (
	// ErrNoUser: no user of this organisation has the id.
	ErrNoUser = fault.New(fault.NotFound, "provision.no_user")
	// ErrExternalTaken: the organisation has a user with this external id.
	ErrExternalTaken = fault.New(fault.Conflict, "provision.external_taken")
	// ErrUsernameTaken: an account has the name; its owner may prove that it is theirs.
	ErrUsernameTaken = fault.New(fault.Conflict, "provision.username_taken")
	// ErrLinked: the organisation has another user with this account.
	ErrLinked = fault.New(fault.Conflict, "provision.linked")
	// ErrChanged: the user is not at the version that the program knew.
	ErrChanged = fault.New(fault.Conflict, "provision.changed")
	// ErrUsernameFixed: an account that waits keeps the name in its letter.
	// ErrEmailKept means that a link must go somewhere while the account waits.
	ErrEmailKept     = fault.New(fault.Denied, "provision.email_kept")
	ErrUsernameFixed = fault.New(fault.Denied, "provision.username_fixed")
	// ErrAccountGone: nothing is left of the account; the user is made anew.
	ErrAccountGone = fault.New(fault.Conflict, "provision.account_gone")
	// ErrExternal: an external id is missing, too long, or holds control characters.
	ErrExternal = fault.New(fault.Invalid, "provision.external").With(LongestExternal)
	// ErrSuspendedAtStart: a letter for an account that may not be used would confuse.
	ErrSuspendedAtStart = fault.New(fault.Invalid, "provision.suspended_at_start")
)

// Provisioner does the acts of this room.
type Provisioner struct {
	Accounts *account.Accounts
}

// User is a customer of an organisation with their account.
type User struct {
	ID           string
	Organisation string // its slug
	ExternalID   string
	AccountID    string
	Active       bool // false: suspended by the organisation
	CreatedAt    time.Time
	ChangedAt    time.Time // by the organisation; State changes without it
	State        account.State
	Username     string       // "" when nothing is left of the account
	Email        string       // only while it waits
	Until        time.Time    // until when it may be activated, or could have been
	Memberships  []Membership // the first to begin on top

	// PassedOver are the attributes, as SCIM calls them, of the change that was just
	// done which stayed as they are, because they are the owner's by now.
	PassedOver []string

	version int64
}

// Version is another whenever anything that the organisation sees is.
func (u User) Version() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%s\x00%s\x00%d", u.version, u.State, u.Username, u.Email, u.Until.UnixMicro()))
	return hex.EncodeToString(sum[:8])
}

// Newcomer is a customer who gets an account. A missing username is the external
// id, and the other way round.
type Newcomer struct {
	ExternalID string
	Username   string
	Email      string
	Lang       words.Lang
	Suspended  bool

	Memberships []Membership
}

// Create opens a sleeping account for a customer and mails its activation link.
// Sixteen at once with one external id or one username open one.
func (p Provisioner) Create(tx *sqldb.Tx, by Bearer, n Newcomer) (User, error) {
	if n.ExternalID == "" {
		n.ExternalID = n.Username
	}
	if n.Username == "" {
		n.Username = n.ExternalID
	}
	if !readable(n.ExternalID, LongestExternal) {
		return User{}, ErrExternal
	}
	if n.Suspended {
		return User{}, ErrSuspendedAtStart
	}
	// Looking first only finds the better word: who sends a customer twice hears
	// that, and not that the username is taken. The unique rules decide.
	if _, known, err := userByExternal(tx, by.Organisation, n.ExternalID); err != nil || known {
		return User{}, orElse(err, ErrExternalTaken)
	}
	if err := p.countLetter(tx, n.Email); err != nil {
		return User{}, err
	}
	id, _, err := p.Accounts.Open(tx, account.Opening{Username: n.Username, Email: n.Email, Lang: n.Lang, LibraryName: by.Library})
	if errors.Is(err, account.ErrUsernameTaken) {
		err = ErrUsernameTaken
	}
	if err != nil {
		return User{}, err
	}
	return p.link(tx, by, User{ExternalID: n.ExternalID, AccountID: id, Memberships: n.Memberships}, "provision.open")
}

// Ask mails the owner of a username a code with which they show the organisation
// that the account is theirs. It answers alike whether there is such an account.
func (p Provisioner) Ask(tx *sqldb.Tx, by Bearer, username string) (askID string, err error) {
	if !readable(username, account.LongestUsername) {
		return "", account.ErrUsernameLength
	}
	return p.Accounts.Ask(tx, username, by.Library)
}

// Proven is a customer whose account exists, with the code of its owner.
type Proven struct {
	ExternalID string
	AskID      string // as Ask gave it
	Code       string

	Memberships []Membership
}

// Link links the account of who has the code to a customer. The caller commits
// also when the answer is account.ErrCode, or the tries would have no end.
func (p Provisioner) Link(tx *sqldb.Tx, by Bearer, c Proven) (User, error) {
	if !readable(c.ExternalID, LongestExternal) {
		return User{}, ErrExternal
	}
	if !secret.IsID(c.AskID) {
		return User{}, account.ErrCode
	}
	id, _, err := p.Accounts.Prove(tx, c.AskID, c.Code)
	if err != nil {
		return User{}, err
	}
	return p.link(tx, by, User{ExternalID: c.ExternalID, AccountID: id, Memberships: c.Memberships}, "provision.link")
}

// link makes the user of an external id and an account, with its memberships.
func (p Provisioner) link(tx *sqldb.Tx, by Bearer, u User, act string) (User, error) {
	memberships, err := edit(nil, []Edit{{Act: Put, List: u.Memberships}})
	if err != nil {
		return User{}, err
	}
	u.ID, u.Organisation, u.Active = secret.NewID(), by.Organisation, true
	u.CreatedAt, u.ChangedAt, u.version = tx.Now, tx.Now, 1
	won, err := insertUser(tx, u)
	if err != nil {
		return User{}, err
	}
	if !won {
		_, known, err := userByExternal(tx, by.Organisation, u.ExternalID)
		if err != nil || known {
			return User{}, orElse(err, ErrExternalTaken)
		}
		return User{}, ErrLinked
	}
	if err := keep(tx, u, nil, memberships); err != nil {
		return User{}, err
	}
	if err := record(tx, by, u, act, ""); err != nil {
		return User{}, err
	}
	return p.fill(tx, u)
}

// Find returns a user of the bearer's organisation.
func (p Provisioner) Find(tx *sqldb.Tx, by Bearer, id string) (User, error) {
	if !secret.IsID(id) {
		return User{}, ErrNoUser
	}
	u, ok, err := userByID(tx, by.Organisation, id)
	if err != nil || !ok {
		return User{}, orElse(err, ErrNoUser)
	}
	return p.fill(tx, u)
}

// Linked is an organisation to which an account is linked, as its owner may see it.
type Linked struct {
	Organisation string // slug
	Library      string // name
	Active       bool
	Since        time.Time
}

// Of lists the organisations to which an account is linked, the oldest first.
func Of(tx *sqldb.Tx, accountID string) ([]Linked, error) { return linksOf(tx, accountID) }

// fill looks up how the account of one user fares.
func (p Provisioner) fill(tx *sqldb.Tx, u User) (User, error) {
	list, err := p.fillAll(tx, []User{u})
	if err != nil {
		return User{}, err
	}
	return list[0], nil
}

func (p Provisioner) fillAll(tx *sqldb.Tx, list []User) ([]User, error) {
	ids, accounts := make([]string, len(list)), make([]string, len(list))
	for i, u := range list {
		ids[i], accounts[i] = u.ID, u.AccountID
	}
	states, err := p.Accounts.States(tx, accounts)
	if err != nil {
		return nil, err
	}
	memberships, err := membershipsOf(tx, ids)
	if err != nil {
		return nil, err
	}
	for i := range list {
		list[i].Memberships = memberships[list[i].ID]
		inOrder(list[i].Memberships)
		u, s := &list[i], states[list[i].AccountID]
		u.State, u.Username, u.Until = s.State, s.Username, s.Until
		if s.State == account.Waiting {
			u.Email = s.Email
		}
	}
	return list, nil
}

// countLetter counts a letter to an address, however it is written.
func (p Provisioner) countLetter(tx *sqldb.Tx, email string) error {
	return throttle.Take(tx, []throttle.Counter{{Rule: letterRule, Key: strings.ToLower(strings.TrimSpace(email))}})
}

// record notes what a program did to an account. Detail names fields only.
func record(tx *sqldb.Tx, by Bearer, u User, act, detail string) error {
	return audit.Record(tx, audit.Entry{Actor: "scim:" + by.ID, Act: act, Object: "account:" + u.AccountID, Detail: strings.TrimSpace(by.Organisation + " " + detail)})
}

// readable tells whether text has at most so many characters and no control
// characters. PostgreSQL would refuse NUL and broken UTF-8 halfway a transaction.
func readable(text string, most int) bool {
	return text != "" && strings.TrimSpace(text) == text && utf8.ValidString(text) && utf8.RuneCountInString(text) <= most && !strings.ContainsFunc(text, unicode.IsControl)
}

func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

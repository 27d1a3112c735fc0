package manage

import (
	"context"
	"net/url"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// What Beheer needs of the login account and the Online Bibliotheek, which are other
// wings'. The roof fills it. Every act names its actor, "staff:ID", and is audited.

// How a website says who it is, in the words of OpenID Connect.
const (
	BySecret  = "client_secret"
	BySigning = "private_key_jwt"
	ByNothing = "none"
)

// Website is a site where people sign in with the login account.
type Website struct {
	ID, Name    string
	BuiltIn     bool // a door of this program, which registers itself at every start
	Own         bool // the library's own: asks no consent
	Method      string
	Keys        string // for BySigning: a JSON Web Key Set, or the address where it stands
	Redirects   []string
	Logouts     []string
	Origins     []string
	SignedOut   string // hears of sign-outs; "" does not
	Initiate    string // where a sign-in begins at our wish; ""
	Scopes      []string
	Algorithm   string
	Sector      string // whose websites know a reader by one name; "" is everybody's
	PushedOnly  bool
	Introspects bool
	Lasting     bool      // an app that outlives the session
	Changed     time.Time // last; a change says which state it saw
	OldUntil    time.Time // until when the secret from before works
	KeysFailed  time.Time // since when its keys cannot be fetched; zero while they can
	// Unheard is how many sign-outs it did not hear, though they were told, and since when.
	Unheard      int
	UnheardSince time.Time
	// Missed is how many sign-outs it will never hear, being away for a day, and when
	// the last was given up; 0 once it hears again.
	Missed     int
	MissedLast time.Time
}

// InPath is the id as a part of an address: apps of OPDS have an address for an id.
func (w Website) InPath() string { return url.PathEscape(w.ID) }

// Fields of the form of a website, for what is wrong with them.
const (
	FieldID        = "kenmerk"
	FieldKeys      = "sleutels"
	FieldRedirects = "terug"
	FieldLogouts   = "uit"
	FieldOrigins   = "scripts"
	FieldSignedOut = "afmelding"
	FieldInitiate  = "begin"
)

// Scope is something that a website may be allowed to hear, with a sentence
// manage.scope_….
type Scope struct {
	Name  string
	Hours int // that the sentence tells; 0 for none
}

// Websites is the register of sites. A secret that it makes is shown once. Change
// and NewSecret refuse a website that changed since it was read; nobody changes
// one that is built in.
type Websites interface {
	List(tx *sqldb.Tx) ([]Website, error)
	// Scopes is all that a website may be allowed to hear.
	Scopes() []Scope
	// Check says what is wrong with addresses and keys, and keeps nothing.
	Check(w Website) error
	Add(tx *sqldb.Tx, actor string, w Website) (secret.Token, error)
	Change(tx *sqldb.Tx, actor string, w Website) (secret.Token, error)
	NewSecret(tx *sqldb.Tx, actor string, w Website, overlap time.Duration) (secret.Token, error)
	Remove(tx *sqldb.Tx, actor, id string) error
}

// System is the access of another library system to login accounts, by a token.
type System struct {
	ID           string
	Name         string // of the program
	Organisation string // short name of the library that uses it
	Library      string // its name in letters
	Scopes       []string
	Created      time.Time
	Expires      time.Time
	Revoked      time.Time // zero while it works
	UsedOn       day.Day   // the last day, or ""
	Maker        string    // who made it, as the audit log has it
}

// Works reports whether the token opens anything.
func (s System) Works(now time.Time) bool { return s.Revoked.IsZero() && s.Expires.After(now) }

// What a system may do.
const (
	ReadAccounts  = "users:read"
	WriteAccounts = "users:write"
)

// Fields of the form of a system.
const (
	FieldProgram      = "programma"
	FieldKnown        = "bekend" // the short name of a library that is known; "" is a new one
	FieldOrganisation = "organisatie"
	FieldLibrary      = "bibliotheek"
	FieldScopes       = "rechten"
	FieldDays         = "dagen"
)

// Library is a library whose system makes login accounts.
type Library struct{ Organisation, Name string }

// Kind is a kind of membership that the system of a library may give its customers.
type Kind struct {
	Organisation string // short name of the library
	Library      string
	Code         string // in the words of its system; once for a library
	NameNL       string
	NameEN       string
	Rights       []string
	Offered      bool // false: nobody gets it any more, who has it keeps it
}

// What a kind opens.
const (
	RightDigital  = "digital"
	RightYouth    = "digital-youth" // of the digital collection, what is for children
	RightPhysical = "physical"
)

// Fields of the form of a kind.
const (
	FieldCode   = "code"
	FieldNameNL = "naam"
	FieldNameEN = "naam-en"
	FieldRights = "rechten"
)

// Systems are the tokens of other library systems, and what these may give. A token
// is shown once.
type Systems interface {
	List(tx *sqldb.Tx) ([]System, error)
	Issue(tx *sqldb.Tx, actor string, s System, days int) (secret.Token, System, error)
	Revoke(tx *sqldb.Tx, actor, id string) error
	Kinds(tx *sqldb.Tx) ([]Kind, error)
	// AddKind adds a kind; one with its code, also in other capitals, is refused.
	AddKind(tx *sqldb.Tx, actor string, k Kind) error
	// SaveKind changes the kind with its code.
	SaveKind(tx *sqldb.Tx, actor string, k Kind) error
	// Libraries are those whose systems had access once, by name.
	Libraries(tx *sqldb.Tx) ([]Library, error)
}

// LendingRules are what a right of a membership lends in the Online Bibliotheek.
type LendingRules struct {
	Right      string // as the sign-on claim spells it
	EBooks     int    // at the same time
	Audiobooks int    // at the same time
	Days       int
	Extensions int // of one loan
	ExtendDays int
	ExtendFrom int // in so many last days an extension is offered
	Youth      bool
}

// Fields of the form of the rules.
const (
	FieldRight      = "recht"
	FieldEBooks     = "e-books"
	FieldAudiobooks = "luisterboeken"
	FieldLendDays   = "dagen"
	FieldExtensions = "verlengen"
	FieldExtendDays = "verlengdagen"
	FieldExtendFrom = "vanaf"
	FieldCollection = "collectie" // the box "only titles for children"
)

// RulesChanged is a time that somebody changed the rules of a right.
type RulesChanged struct {
	At    time.Time
	Actor string
	Right string
	Rules []RuleChange // none when the right was new
}

// RuleChange is one rule, by its field in the form, before and after. Of the box
// "only titles for children" these are "true" and "false".
type RuleChange struct{ Field, Old, New string }

// Lent is how many loans of one kind began in a month.
type Lent struct {
	Month day.Day // its first day
	Kind  string  // "ebook", "audiobook"
	Youth bool    // titles for children
	N     int     // 0 when Few
	Few   bool    // some, and fewer than may be told
}

// Lending is the Online Bibliotheek as a manager may know it: rules and numbers. No
// method tells of a reader or of a title.
type Lending interface {
	Rules(tx *sqldb.Tx) ([]LendingRules, error)
	SetRules(tx *sqldb.Tx, actor string, rules LendingRules) error
	Counts(tx *sqldb.Tx, from day.Day) ([]Lent, error)
	// Changes are the last changes of the rules, the newest first.
	Changes(tx *sqldb.Tx) ([]RulesChanged, error)
	// Least is the smallest number that Counts tells.
	Least() int
}

// Title is an e-book or audiobook of the Online Bibliotheek.
type Title struct {
	ID, Name, Author, Publisher, ISBN string
	Kind                              string // "ebook", "audiobook"
	Youth                             bool   // for children
	Withdrawn                         bool   // not lent any more
	Added                             day.Day
}

// TitleAct is that a title was taken out of lending, or lent again.
type TitleAct struct {
	At     time.Time
	Actor  string
	Away   bool
	Reason string // of taking it out
}

// Titles are what the Online Bibliotheek lends. No method tells of a loan.
type Titles interface {
	// Search finds titles by words of name, people, subjects and publisher, by ISBN and
	// by number, the withdrawn ones too, and says how many there are.
	Search(tx *sqldb.Tx, text string, most int) ([]Title, int, error)
	Away(tx *sqldb.Tx) ([]Title, error)
	// Wanted are the titles that were lent most in months that are over, as an order.
	Wanted(tx *sqldb.Tx) ([]Title, error)
	Find(tx *sqldb.Tx, id string) (Title, error)
	Acts(tx *sqldb.Tx, id string) ([]TitleAct, error)
	// Withdraw takes a title out of lending; a Conflict says that somebody was first.
	Withdraw(tx *sqldb.Tx, actor, id, reason string) error
	PutBack(tx *sqldb.Tx, actor, id string) error
}

// Readers is signing in as a whole. It names nobody.
type Readers interface {
	Count(tx *sqldb.Tx) (Counts, error)
	// SignOutAll ends every session of every reader, here and at other websites,
	// and says how many sessions ended here. It takes many transactions: people sign
	// in meanwhile, and one for all would wait for them, or they for it.
	SignOutAll(ctx context.Context, db *sqldb.DB, actor string) (int, error)
}

// Counts are the login accounts, and how signing in goes.
type Counts struct {
	Waiting, Active, Expired int
	Stepped                  int // with a second step
	Day, Week                Tally
}

// Tally is how often signing in went well, and how often a password was wrong.
type Tally struct{ SignIns, Refused int }

package provision

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// What a token may do.
const (
	Read  = "users:read"
	Write = "users:write"
)

// Scopes are all of them.
var Scopes = []string{Read, Write}

// The life of a token. A year is a term that an administrator can plan with; no
// token lives for ever, because the program that has it will not.
const (
	TokenLife   = 365 * 24 * time.Hour
	LongestLife = 2 * TokenLife
)

// tokenMark lets a scanner of code and logs know a token that got lost.
const tokenMark = "lidwoord_scim_"

var (
	// ErrNoToken: unknown, expired or revoked; which one is not told.
	ErrNoToken = fault.New(fault.SignIn, "provision.no_token")
	// ErrNoOrganisation: no organisation has this short name.
	ErrNoOrganisation = fault.New(fault.NotFound, "provision.no_organisation")
	// ErrScope: there is no such scope.
	ErrScope = fault.New(fault.Invalid, "provision.scope")
	// ErrLife: a token lives for a day at least and LongestLife at most.
	ErrLife = fault.New(fault.Invalid, "provision.life").With(int(LongestLife.Hours() / 24))
	// ErrSlug: a short name has small letters, digits and hyphens.
	ErrSlug = fault.New(fault.Invalid, "provision.slug")
	// ErrName: a name is missing or too long.
	ErrName = fault.New(fault.Invalid, "provision.name").With(longestName)
)

const longestName = 100

// Bearer is a program of an organisation that showed its token.
type Bearer struct {
	ID           string // of the token
	Name         string // of the program, as the administrator calls it
	Organisation string // slug
	Library      string // name of the organisation, for letters
	Scopes       []string
	CreatedAt    time.Time
	ExpiresAt    time.Time
	UsedOn       day.Day   // the last day on which it was used, or ""
	RevokedAt    time.Time // zero while it works
}

// May reports whether the token has a scope.
func (b Bearer) May(scope string) bool { return slices.Contains(b.Scopes, scope) }

var slugPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,39}$`)

// SaveOrganisation keeps an organisation under its short name; a name that is
// given anew is the name from then on.
func SaveOrganisation(tx *sqldb.Tx, slug, name string) error {
	if !slugPattern.MatchString(slug) {
		return ErrSlug
	}
	if !readable(name, longestName) {
		return ErrName
	}
	return putOrganisation(tx, slug, name)
}

// Organisations are the names of all organisations, by short name.
func Organisations(tx *sqldb.Tx) (map[string]string, error) { return organisations(tx) }

// Organisation returns the name of an organisation.
func Organisation(tx *sqldb.Tx, slug string) (name string, err error) {
	name, ok, err := organisationName(tx, slug)
	if err == nil && !ok {
		err = ErrNoOrganisation
	}
	return name, err
}

// Order asks a token for a program.
type Order struct {
	Organisation string // slug
	Name         string // of the program
	Scopes       []string
	Life         time.Duration
}

// Issue makes a token for a program of an organisation, at the wish of actor. It is
// shown this once: the database keeps its digest.
func Issue(tx *sqldb.Tx, actor string, o Order) (secret.Token, Bearer, error) {
	if !readable(o.Name, longestName) {
		return "", Bearer{}, ErrName
	}
	for _, s := range o.Scopes {
		if !slices.Contains(Scopes, s) {
			return "", Bearer{}, ErrScope
		}
	}
	if len(o.Scopes) == 0 {
		return "", Bearer{}, ErrScope
	}
	if o.Life < 24*time.Hour || o.Life > LongestLife {
		return "", Bearer{}, ErrLife
	}
	library, err := Organisation(tx, o.Organisation)
	if err != nil {
		return "", Bearer{}, err
	}
	// Two of 130 bits: a token lives for a year, and who tries may try for as long.
	token := tokenMark + secret.NewToken() + secret.NewToken()
	b := Bearer{ID: secret.NewID(), Name: o.Name, Organisation: o.Organisation, Library: library, Scopes: o.Scopes, CreatedAt: tx.Now, ExpiresAt: tx.Now.Add(o.Life)}
	if err := insertToken(tx, b, token.Digest()); err != nil {
		return "", Bearer{}, err
	}
	return token, b, audit.Record(tx, audit.Entry{Actor: actor, Act: "provision.issue", Object: "scim:" + b.ID, Detail: o.Organisation + " " + strings.Join(o.Scopes, " ")})
}

// Bearers lists all tokens, the newest first.
func Bearers(tx *sqldb.Tx) ([]Bearer, error) { return tokens(tx) }

// Revoke ends a token at once, at the wish of actor. It happens once.
func Revoke(tx *sqldb.Tx, actor, id string) error {
	won, err := revokeToken(tx, id)
	if err != nil || !won {
		return orElse(err, ErrNoToken)
	}
	return audit.Record(tx, audit.Entry{Actor: actor, Act: "provision.revoke", Object: "scim:" + id})
}

// Enter says whose token this is. A token that is unknown, too old or revoked is
// ErrNoToken.
func Enter(tx *sqldb.Tx, token secret.Token) (Bearer, error) {
	b, ok, err := tokenByDigest(tx, token.Digest())
	if err != nil || !ok {
		return Bearer{}, orElse(err, ErrNoToken)
	}
	return b, nil
}

// Used notes that a token was used today. It is for the first use of a day only:
// see Bearer.UsedOn.
func Used(tx *sqldb.Tx, id string) error { return noteUse(tx, id, day.Of(tx.Now)) }

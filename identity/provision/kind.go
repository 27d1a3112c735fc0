package provision

import (
	"cmp"
	"slices"
	"strings"

	"lidwoord/base/audit"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
)

// Rights that a kind of membership may give, as the sign-on claim spells them.
const (
	Digital      = "digital"       // e-books and audiobooks on the national platform
	DigitalYouth = "digital-youth" // of these, the ones for children
	Physical     = "physical"      // borrowing in the building
)

// rights are all of them.
var rights = []string{Digital, DigitalYouth, Physical}

// LongestKind is the length of the code of a kind in characters.
const LongestKind = 40

var (
	// ErrKindCode: a code is missing, too long, or has blanks at its ends.
	ErrKindCode = fault.New(fault.Invalid, "provision.kind_code").With(LongestKind)
	// ErrKindKnown: the organisation has a kind with this code, perhaps in other capitals.
	ErrKindKnown = fault.New(fault.Conflict, "provision.kind_known")
	// ErrRight: there is no such right.
	ErrRight = fault.New(fault.Invalid, "provision.right")
)

// Kind is a sort of membership that an organisation offers. Who runs the login
// account says what it opens; the programs of the organisation only say who has it.
type Kind struct {
	Organisation string // slug
	Code         string // as the organisation's system writes it
	NameNL       string
	NameEN       string // "" is the Dutch name
	Rights       []string
	Offered      bool // false: nobody gets it any more, who has it keeps it
}

// Name is the name in a language.
func (k Kind) Name(lang words.Lang) string {
	if lang == words.EN && k.NameEN != "" {
		return k.NameEN
	}
	return k.NameNL
}

// AddKind keeps a kind that is new; see SaveKind.
func AddKind(tx *sqldb.Tx, actor string, k Kind) error {
	known, err := kindsOf(tx, k.Organisation)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(known, func(has Kind) bool { return has.Code == k.Code }) {
		return ErrKindKnown.With(k.Code)
	}
	return SaveKind(tx, actor, k)
}

// SaveKind keeps a kind of an organisation at the wish of actor, new or changed.
// Other rights hold at once for everybody who has it.
func SaveKind(tx *sqldb.Tx, actor string, k Kind) error {
	if !readable(k.Code, LongestKind) {
		return ErrKindCode
	}
	if !readable(k.NameNL, longestName) || k.NameEN != "" && !readable(k.NameEN, longestName) {
		return ErrName
	}
	for _, r := range k.Rights {
		if !slices.Contains(rights, r) {
			return ErrRight
		}
	}
	if _, err := Organisation(tx, k.Organisation); err != nil {
		return err
	}
	// Codes that differ by capitals only are one to people, who would tick the rights of
	// the wrong one. Transactions are serializable: nobody adds a twin meanwhile.
	known, err := kindsOf(tx, k.Organisation)
	if err != nil {
		return err
	}
	for _, has := range known {
		if has.Code != k.Code && strings.EqualFold(has.Code, k.Code) {
			return ErrKindKnown.With(has.Code)
		}
	}
	if err := putKind(tx, k); err != nil {
		return err
	}
	detail := append([]string{k.Organisation}, k.Rights...)
	if !k.Offered {
		detail = append(detail, "withdrawn")
	}
	return audit.Record(tx, audit.Entry{Actor: actor, Act: "provision.kind", Object: "kind:" + k.Organisation + "/" + k.Code, Detail: strings.Join(detail, " ")})
}

// Kinds lists the kinds of an organisation by code; of "", those of all, by
// organisation.
func Kinds(tx *sqldb.Tx, slug string) ([]Kind, error) {
	if slug == "" {
		return allKinds(tx)
	}
	return kindsOf(tx, slug)
}

// errKind says which membership has a code that is not offered, and which ones are.
func errKind(tx *sqldb.Tx, slug string, m Membership) error {
	known, err := kindsOf(tx, slug)
	if err != nil {
		return err
	}
	wrong := ErrKind
	var codes []string
	for _, k := range known {
		if k.Offered {
			codes = append(codes, k.Code)
		} else if k.Code == m.Code {
			wrong = ErrWithdrawn
		}
	}
	if len(known) == 0 {
		return ErrNoKinds
	}
	return wrong.With(m.ID, m.Code, cmp.Or(strings.Join(codes, ", "), "–"))
}

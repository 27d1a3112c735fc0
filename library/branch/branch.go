// Package branch is the library organisation and the branches (vestigingen) in
// which it receives people, each with a code of four digits: 5280.
//
//	SaveOrganisation  adds an organisation or brings it up to date
//	FindOrganisation  by its slug; OrganisationByID by its id
//	Organisations     all of them
//	Save              adds a branch or brings it up to date
//	Find, ByCode      one branch
//	List              the branches of an organisation, by code
//
// Number ranges belong to branches but live in library/customer, beside the
// rule that spends them.
package branch

import (
	"embed"
	"encoding/json"
	"regexp"
	"strings"

	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// Words are this room's sentences.
//
//go:embed words.*.txt
var Words embed.FS

// Organisation is a library organisation (instantie), such as Bind bibliotheken.
type Organisation struct {
	ID     string
	Slug   string // short name in addresses and claims: "bind"
	Name   string // "Bind bibliotheken"
	Email  string // where replies to its mail go
	Phone  string
	Site   string // https address of its own website
	Colour string // its colour as "#rrggbb", for the bar of its pages; "" is the house's own
	Ink    string // the colour of text on Colour

	// Who it is in law, as a contract made on the web must say (BW 6:230m).
	Address  string // "Brink 1, 9401 HS Assen"
	Register string // number in the trade register, as "KvK 12345678"
}

// Branch is one building of an organisation.
type Branch struct {
	ID             string
	OrganisationID string
	Code           string // four digits, as on the fee screen: "5280"
	Name           string // "Bibliotheek Annen"
	Place          string // "Annen"
	Enrols         bool   // people can be enrolled here now
	Choices        Choices
}

// Choices is what a branch decides for itself.
type Choices struct {
	Country      string `json:"country"`       // fills in Land on a new form; "NL" when empty
	NeedIdentity bool   `json:"need_identity"` // Legitimatie gecontroleerd? must be Ja before saving
	NoAccount    bool   `json:"no_account"`    // nobody leaves owing: pay at the desk, not on account
	Online       bool   `json:"online"`        // takes in who enrols on the web and lives near no branch
}

var (
	ErrUnknown   = fault.New(fault.NotFound, "branch.unknown")
	ErrNoLibrary = fault.New(fault.NotFound, "branch.no_organisation")
	ErrCode      = fault.New(fault.Invalid, "branch.code")
	ErrSlug      = fault.New(fault.Invalid, "branch.slug")
	ErrName      = fault.New(fault.Invalid, "branch.name")
	ErrColour    = fault.New(fault.Invalid, "branch.colour")
)

var (
	slugForm   = regexp.MustCompile(`^[a-z][a-z0-9-]{1,30}$`)
	codeForm   = regexp.MustCompile(`^[0-9]{4}$`)
	colourForm = regexp.MustCompile(`^(#[0-9a-fA-F]{6})?$`)
)

// SaveOrganisation adds o, or brings the organisation with its slug up to date.
// Saving twice changes nothing. It returns o with its id.
func SaveOrganisation(tx *sqldb.Tx, o Organisation) (Organisation, error) {
	o.Name = strings.TrimSpace(o.Name)
	var wrong fault.List
	if !slugForm.MatchString(o.Slug) {
		wrong.Add("slug", ErrSlug)
	}
	if o.Name == "" {
		wrong.Add("name", ErrName)
	}
	// The colours go into a style sheet: anything but six digits could be CSS.
	if !colourForm.MatchString(o.Colour) || !colourForm.MatchString(o.Ink) {
		wrong.Add("colour", ErrColour)
	}
	if err := wrong.Err(); err != nil {
		return o, err
	}
	o.ID = secret.NewID()
	var err error
	o.ID, err = putOrganisation(tx, o)
	return o, err
}

// FindOrganisation returns the organisation with this slug.
func FindOrganisation(tx *sqldb.Tx, slug string) (Organisation, error) {
	return oneOrganisation(tx, "slug", slug)
}

// OrganisationByID returns the organisation with this id.
func OrganisationByID(tx *sqldb.Tx, id string) (Organisation, error) {
	return oneOrganisation(tx, "id", id)
}

// Organisations returns every organisation, by slug.
func Organisations(tx *sqldb.Tx) ([]Organisation, error) { return organisations(tx) }

// Save adds b, or brings the branch with its code up to date. Saving twice
// changes nothing. It returns b with its id.
func Save(tx *sqldb.Tx, b Branch) (Branch, error) {
	b.Name, b.Place = strings.TrimSpace(b.Name), strings.TrimSpace(b.Place)
	if b.Choices.Country == "" {
		b.Choices.Country = "NL"
	}
	var wrong fault.List
	if !codeForm.MatchString(b.Code) {
		wrong.Add("code", ErrCode)
	}
	if b.Name == "" {
		wrong.Add("name", ErrName)
	}
	if err := wrong.Err(); err != nil {
		return b, err
	}
	choices, err := json.Marshal(b.Choices)
	if err != nil {
		return b, err
	}
	b.ID = secret.NewID()
	b.ID, err = putBranch(tx, b, string(choices))
	return b, err
}

// Find returns the branch with this id.
func Find(tx *sqldb.Tx, id string) (Branch, error) {
	list, err := branches(tx, "id = $1", id)
	return first(list, err)
}

// ByCode returns the branch of an organisation with this code.
func ByCode(tx *sqldb.Tx, organisationID, code string) (Branch, error) {
	list, err := branches(tx, "organisation_id = $1 AND code = $2", organisationID, code)
	return first(list, err)
}

// List returns the branches of an organisation, by code.
func List(tx *sqldb.Tx, organisationID string) ([]Branch, error) {
	return branches(tx, "organisation_id = $1", organisationID)
}

func first(list []Branch, err error) (Branch, error) {
	if err != nil {
		return Branch{}, err
	}
	if len(list) == 0 {
		return Branch{}, ErrUnknown
	}
	return list[0], nil
}

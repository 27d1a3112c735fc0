package membership

import (
	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/branch"
)

// Kind says how a membership ends.
type Kind string

const (
	Fixed     Kind = "fixed"     // Vast: goes on until it is ended, and runs in whole months
	Temporary Kind = "temporary" // Tijd.: ends by itself, to the day
)

// Channel is where a definition is offered.
type Channel string

const (
	Desk   Channel = "desk"
	Online Channel = "online"
)

// Rights are what a membership opens.
type Rights struct {
	Digital    bool // e-books and audiobooks on the national platform
	Youth      bool // of Digital: only the titles for children
	Physical   bool // borrowing in the building
	Newsletter bool // may take the newsletter; every definition of the seed may
}

// Names are the rights as the sign-on claim spells them.
func (r Rights) Names() []string {
	names := []string{}
	switch {
	case r.Digital && r.Youth:
		names = append(names, "digital-youth")
	case r.Digital:
		names = append(names, "digital")
	}
	if r.Physical {
		names = append(names, "physical")
	}
	return names
}

// Key names the sentence that tells a clerk what these rights mean. A Digital
// Only member borrows nothing in the building and gets no card (the seed: "Er
// kan met dit abonnement niets in de fysieke bibliotheek geleend worden").
func (r Rights) Key() string {
	switch {
	case r.Digital && r.Youth && r.Physical:
		return "membership.rights.both_youth"
	case r.Digital && r.Youth:
		return "membership.rights.digital_youth"
	case r.Digital && r.Physical:
		return "membership.rights.both"
	case r.Digital:
		return "membership.rights.digital_only"
	case r.Physical:
		return "membership.rights.physical_only"
	}
	return "membership.rights.none"
}

// Definition is one line of a library's price list (abonnementsdefinitie).
type Definition struct {
	OrganisationID string
	Code           string // four digits, "0141"; it is the Tariefcode too
	NameNL         string // "Digital only", as the seed writes it
	NameEN         string
	AboutNL        string
	AboutEN        string
	Kind           Kind
	Price          money.Cents // for one term
	Term           int         // months, at least one
	Rights         Rights
	MinAge         int // 0 is no bound
	MaxAge         int // 0 is no bound

	// Discount is taken from the price up to and including this age. Half of
	// the Dutch libraries let young adults in for less, because so many leave
	// when they turn 18 (ANP on figures of the CBS).
	Discount           money.Cents
	DiscountThroughAge int

	Desk     bool
	Online   bool
	Active   bool
	Branches []string // codes; empty is every branch of the organisation
}

// Name is the name in a language.
func (d Definition) Name(lang words.Lang) string {
	if lang == words.EN && d.NameEN != "" {
		return d.NameEN
	}
	return d.NameNL
}

// About tells a customer what it is.
func (d Definition) About(lang words.Lang) string {
	if lang == words.EN && d.AboutEN != "" {
		return d.AboutEN
	}
	return d.AboutNL
}

// Admits reports whether a person of this age may take it. Both bounds count:
// MaxAge 17 still admits on the day before the 18th birthday.
func (d Definition) Admits(age int) bool {
	return age >= d.MinAge && (d.MaxAge == 0 || age <= d.MaxAge)
}

// Seed is the price list in the instruction of the Bind libraries (March 2026).
func Seed(organisationID string) []Definition {
	return []Definition{
		{
			OrganisationID: organisationID, Code: "0086", NameNL: "dBos supplement", NameEN: "dBos school supplement",
			AboutNL: "Aanvulling bij een abonnement via school. Lenen in de bibliotheek.", AboutEN: "Supplement to a school membership. Borrow in the library.",
			Kind: Fixed, Term: 12, Rights: Rights{Physical: true, Newsletter: true}, Desk: true, Active: true,
		},
		{
			OrganisationID: organisationID, Code: "0090", NameNL: "proefabonnement", NameEN: "Trial membership",
			AboutNL: "Drie maanden lenen, in de bibliotheek en digitaal. Stopt vanzelf.", AboutEN: "Borrow for three months, in the library and online. Ends by itself.",
			Kind: Temporary, Term: 3, Rights: Rights{Digital: true, Physical: true, Newsletter: true}, Desk: true, Online: true, Active: true,
		},
		{
			OrganisationID: organisationID, Code: "0091", NameNL: "Maandabonnement", NameEN: "Monthly membership",
			AboutNL: "Eén maand lenen, in de bibliotheek en digitaal. Stopt vanzelf.", AboutEN: "Borrow for one month, in the library and online. Ends by itself.",
			Kind: Temporary, Price: 1150, Term: 1, Rights: Rights{Digital: true, Physical: true, Newsletter: true}, MinAge: 18, Desk: true, Online: true, Active: true,
		},
		{
			OrganisationID: organisationID, Code: "0141", NameNL: "Digital only", NameEN: "Digital only",
			AboutNL: "E-books en luisterboeken van de Online Bibliotheek. Niet lenen in de bibliotheek, geen pas.", AboutEN: "E-books and audiobooks of the Online Library. No borrowing in the library, no card.",
			Kind: Fixed, Price: 4500, Term: 12, Rights: Rights{Digital: true, Newsletter: true}, Desk: true, Online: true, Active: true,
		},
	}
}

// SaveDefinition writes one line of the price list, new or changed. Saving the
// same line again changes nothing, so a loader may run at every start.
func SaveDefinition(tx *sqldb.Tx, d Definition) error {
	switch {
	case len(d.Code) != 4 || d.NameNL == "" || d.Term < 1:
		return ErrDefinition
	case d.Kind != Fixed && d.Kind != Temporary:
		return ErrDefinition
	case d.Price < 0 || d.Discount < 0 || d.MaxAge != 0 && d.MaxAge < d.MinAge:
		return ErrDefinition
	}
	if err := upsertDefinition(tx, d); err != nil {
		return err
	}
	if err := deleteBranches(tx, d); err != nil {
		return err
	}
	for _, branch := range d.Branches {
		if err := insertBranch(tx, d, branch); err != nil {
			return err
		}
	}
	return nil
}

// FindDefinition returns one line of the price list, active or not.
func FindDefinition(tx *sqldb.Tx, organisationID, code string) (Definition, error) {
	d, found, err := selectDefinition(tx, organisationID, code)
	if err == nil && !found {
		err = ErrNoDefinition
	}
	return d, err
}

// Definitions is the whole price list of a library, by code.
func Definitions(tx *sqldb.Tx, organisationID string) ([]Definition, error) {
	return selectDefinitions(tx, organisationID)
}

// Offered is what a person of this age may choose at a branch, by code.
func Offered(tx *sqldb.Tx, at branch.Branch, age int, channel Channel) ([]Definition, error) {
	all, err := selectDefinitions(tx, at.OrganisationID)
	if err != nil {
		return nil, err
	}
	var offered []Definition
	for _, d := range all {
		if d.offers(at.Code, age, channel) == nil {
			offered = append(offered, d)
		}
	}
	return offered, nil
}

// Choose returns the definition a person of this age picked at a branch, or the
// reason why it is not for them.
func Choose(tx *sqldb.Tx, at branch.Branch, code string, age int, channel Channel) (Definition, error) {
	d, err := FindDefinition(tx, at.OrganisationID, code)
	if err != nil {
		return Definition{}, err
	}
	return d, d.offers(at.Code, age, channel)
}

// offers is the rule behind Offered and Choose: nil when d is for this person here.
func (d Definition) offers(branchCode string, age int, channel Channel) error {
	here := len(d.Branches) == 0
	for _, b := range d.Branches {
		here = here || b == branchCode
	}
	switch {
	case !d.Active || !here || channel == Desk && !d.Desk || channel == Online && !d.Online:
		return ErrNoDefinition
	case age < d.MinAge:
		return ErrTooYoung.With(d.MinAge)
	case !d.Admits(age):
		return ErrTooOld.With(d.MaxAge)
	}
	return nil
}

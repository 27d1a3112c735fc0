package enrol

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/customer"
)

// Step is one screen of enrolling.
type Step int

const (
	StepPerson     Step = 1 // number, name, birth date, address
	StepContact    Step = 2 // bank, proof of identity, login account yes or no, e-mail, newsletter
	StepAccount    Step = 3 // Bestaand inlogaccount gebruiken / Nieuw inlogaccount genereren
	StepMembership Step = 4 // the list of memberships
	StepSave       Step = 5 // Opbouw abonnementskosten, Opslaan
)

// AllSteps asks Check for everything, as the one-page quick path does.
const AllSteps Step = 0

// Names of the form fields. They are Dutch because they stand in the page: the
// labels and error links of the desk carry them.
const (
	FieldNumber        = "klantnummer"
	FieldAgain         = "opnieuw"
	FieldInitials      = "voorletters"
	FieldPrefix        = "voorvoegsel"
	FieldSurname       = "achternaam"
	FieldGivenName     = "roepnaam"
	FieldBirth         = "geboortedatum"
	FieldCountry       = "land"
	FieldPostcode      = "postcode"
	FieldHouseNumber   = "huisnummer"
	FieldAddition      = "toevoeging"
	FieldStreet        = "straat"
	FieldPlace         = "plaats"
	FieldChecked       = "adresklopt"
	FieldReason        = "reden"
	FieldSeen          = "gezien"
	FieldGuardian      = "ouder"
	FieldGuardianEmail = "ouderemail"
	FieldIBAN          = "iban"
	FieldBIC           = "bic"
	FieldIdentity      = "legitimatie"
	FieldLogin         = "inlogaccount"
	FieldEmail         = "email"
	FieldNewsletter    = "nieuwsbrief"
	FieldLang          = "taal"
	FieldAccount       = "account"
	FieldUsername      = "gebruikersnaam"
	FieldCode          = "code" // the code from the mail; never kept in a draft
	FieldMembership    = "abonnement"
	FieldBuildUp       = "opbouw"
)

// Values of fields that offer a choice.
const (
	Yes = "ja"
	No  = "nee"

	NewAccount      = "nieuw"    // Nieuw inlogaccount genereren
	ExistingAccount = "bestaand" // Bestaand inlogaccount gebruiken
)

// Application is what the desk's screens hold, letter for letter as it was
// typed, so that nothing is lost when something is wrong.
type Application struct {
	Number        string `json:"klantnummer"` // "v", a row of V's, or a typed or scanned number
	Again         string `json:"opnieuw"`     // ja: re-register the former customer of this number
	Initials      string `json:"voorletters"`
	Prefix        string `json:"voorvoegsel"`
	Surname       string `json:"achternaam"`
	GivenName     string `json:"roepnaam"`
	Birth         string `json:"geboortedatum"`
	Country       string `json:"land"`
	Postcode      string `json:"postcode"`
	HouseNumber   string `json:"huisnummer"`
	Addition      string `json:"toevoeging"`
	Street        string `json:"straat"`
	Place         string `json:"plaats"`
	Checked       string `json:"adresklopt"` // AddressMark of the address that the address book knew
	Reason        string `json:"reden"`      // why this is not the same person as one we know
	Seen          string `json:"gezien"`     // ids of the look-alikes that stood on the screen, with commas
	Guardian      string `json:"ouder"`      // of a child under 16, optional
	GuardianEmail string `json:"ouderemail"`
	IBAN          string `json:"iban"`
	BIC           string `json:"bic"`
	Identity      string `json:"legitimatie"`  // ja, nee
	Login         string `json:"inlogaccount"` // ja, nee
	Email         string `json:"email"`
	Newsletter    string `json:"nieuwsbrief"` // ja, nee; off unless asked for
	Lang          string `json:"taal"`        // nl, en: in which the library writes
	Account       string `json:"account"`     // nieuw, bestaand
	Username      string `json:"gebruikersnaam"`
	Membership    string `json:"abonnement"` // the code of a definition
	BuildUp       string `json:"opbouw"`     // digest of the Opbouw that stood on the screen
}

// Blank is the form as the desk opens it: login account on, newsletter off.
func Blank(country string) Application {
	if country == "" {
		country = "NL"
	}
	return Application{Country: country, Login: Yes, Newsletter: No, Lang: string(words.NL), Account: NewAccount}
}

// Field is one field of the form: its name in the page, the screen it stands
// on, and its place in an Application.
type Field struct {
	Name string
	Step Step
	Of   func(*Application) *string
}

// Fields is every field in the order of the screens.
var Fields = []Field{
	{FieldNumber, StepPerson, func(a *Application) *string { return &a.Number }},
	{FieldAgain, StepPerson, func(a *Application) *string { return &a.Again }},
	{FieldInitials, StepPerson, func(a *Application) *string { return &a.Initials }},
	{FieldPrefix, StepPerson, func(a *Application) *string { return &a.Prefix }},
	{FieldSurname, StepPerson, func(a *Application) *string { return &a.Surname }},
	{FieldGivenName, StepPerson, func(a *Application) *string { return &a.GivenName }},
	{FieldBirth, StepPerson, func(a *Application) *string { return &a.Birth }},
	{FieldCountry, StepPerson, func(a *Application) *string { return &a.Country }},
	{FieldPostcode, StepPerson, func(a *Application) *string { return &a.Postcode }},
	{FieldHouseNumber, StepPerson, func(a *Application) *string { return &a.HouseNumber }},
	{FieldAddition, StepPerson, func(a *Application) *string { return &a.Addition }},
	{FieldStreet, StepPerson, func(a *Application) *string { return &a.Street }},
	{FieldPlace, StepPerson, func(a *Application) *string { return &a.Place }},
	{FieldChecked, StepPerson, func(a *Application) *string { return &a.Checked }},
	{FieldReason, StepPerson, func(a *Application) *string { return &a.Reason }},
	{FieldSeen, StepPerson, func(a *Application) *string { return &a.Seen }},
	{FieldGuardian, StepPerson, func(a *Application) *string { return &a.Guardian }},
	{FieldGuardianEmail, StepPerson, func(a *Application) *string { return &a.GuardianEmail }},
	{FieldIBAN, StepContact, func(a *Application) *string { return &a.IBAN }},
	{FieldBIC, StepContact, func(a *Application) *string { return &a.BIC }},
	{FieldIdentity, StepContact, func(a *Application) *string { return &a.Identity }},
	{FieldLogin, StepContact, func(a *Application) *string { return &a.Login }},
	{FieldEmail, StepContact, func(a *Application) *string { return &a.Email }},
	{FieldNewsletter, StepContact, func(a *Application) *string { return &a.Newsletter }},
	{FieldLang, StepContact, func(a *Application) *string { return &a.Lang }},
	{FieldAccount, StepAccount, func(a *Application) *string { return &a.Account }},
	{FieldUsername, StepAccount, func(a *Application) *string { return &a.Username }},
	{FieldMembership, StepMembership, func(a *Application) *string { return &a.Membership }},
	{FieldBuildUp, StepSave, func(a *Application) *string { return &a.BuildUp }},
}

// FieldMost is how many characters of one field are kept. Longer is no name,
// no address and no honest mistake.
const FieldMost = 500

// Fill takes the fields of one screen (or AllSteps) from a posted form. A field
// the form does not send is emptied, as a box without a tick sends nothing;
// Country and Lang keep their value, since they always have one.
func (a *Application) Fill(step Step, form url.Values) {
	for _, f := range Fields {
		if step != AllSteps && f.Step != step {
			continue
		}
		value := strings.TrimSpace(form.Get(f.Name))
		if r := []rune(value); len(r) > FieldMost {
			value = string(r[:FieldMost])
		}
		if value == "" && (f.Name == FieldCountry || f.Name == FieldLang) {
			continue
		}
		*f.Of(a) = value
	}
}

// Get returns the value of a field by its name, "" for a stranger.
func (a Application) Get(name string) string {
	for _, f := range Fields {
		if f.Name == name {
			return *f.Of(&a)
		}
	}
	return ""
}

// WantsLogin reports Gebruik inlogaccount: Ja.
func (a Application) WantsLogin() bool { return a.Login == Yes }

// WantsExisting reports Bestaand inlogaccount gebruiken.
func (a Application) WantsExisting() bool { return a.WantsLogin() && a.Account == ExistingAccount }

// BirthDay is the birth date that was typed, "" when it cannot be read.
func (a Application) BirthDay() day.Day {
	d, err := day.Parse(a.Birth)
	if err != nil {
		return ""
	}
	return d
}

// Address is the address on the form as far as the address book needs it;
// street and place may still be missing.
func (a Application) Address() (customer.Address, error) {
	to := customer.Address{Country: countryOf(a.Country), Postcode: a.Postcode, Addition: a.Addition, Street: a.Street, Place: a.Place}
	var err error
	if to.Postcode, err = customer.NormalisePostcode(to.Country, a.Postcode); err != nil {
		return to, at(FieldPostcode, err)
	}
	if a.HouseNumber != "" {
		if to.Number, to.Addition, err = customer.ParseHouse(to.Country, a.HouseNumber+" "+a.Addition); err != nil {
			return to, at(FieldHouseNumber, err)
		}
	}
	return to, nil
}

// AddressMark is what stands in Checked once the address book knew this very
// address: change a letter and the mark no longer fits. Who forges it only
// keeps an address off the list of addresses to look at later.
func (a Application) AddressMark() string {
	var parts []string
	for _, text := range []string{countryOf(a.Country), a.Postcode, a.HouseNumber, a.Addition, a.Street, a.Place} {
		parts = append(parts, strings.ToLower(strings.Join(strings.Fields(text), "")))
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:8])
}

// LookUp fills in street and place where they were left empty, or where they
// still are those of an address that was looked up before and changed since. What
// somebody typed by hand stays, marked when the address book says the same. It
// asks outside any transaction, as it may take two seconds.
func (a *Application) LookUp(ctx context.Context, book customer.AddressBook, before Application) {
	if a.Checked != "" && a.Checked == a.AddressMark() {
		return
	}
	stale := before.Checked != "" && before.Street == a.Street && before.Place == a.Place
	a.Checked = ""
	address, err := a.Address()
	if err != nil {
		return // the field says so in a moment
	}
	found, err := customer.LookUp(ctx, book, address)
	if err != nil {
		return // street and place are typed
	}
	if stale || a.Street == "" || a.Place == "" {
		a.Street, a.Place = found.Street, found.Place
	}
	if strings.EqualFold(a.Street, found.Street) && strings.EqualFold(a.Place, found.Place) {
		a.Checked = a.AddressMark()
	}
}

// FromCustomer fills a form in with a former customer of the clerk's library,
// who is to be taken back under the same number.
func FromCustomer(tx *sqldb.Tx, c Clerk, customerID string) (Application, error) {
	b, _, err := c.at(tx)
	if err != nil {
		return Application{}, err
	}
	who, err := customer.Find(tx, customerID)
	switch {
	case err != nil:
		return Application{}, err
	case who.OrganisationID != b.OrganisationID:
		return Application{}, customer.ErrUnknown // another library's customer is nobody here
	case !who.Ended(day.Of(tx.Now)):
		return Application{}, customer.ErrNotEnded
	}
	return Again(who), nil
}

// Again is a form filled in with a former customer, to be taken back under the
// same number.
func Again(who customer.Customer) Application {
	a := Blank(who.Address.Country)
	a.Number, a.Again = who.Number, Yes
	a.Initials, a.Prefix, a.Surname, a.GivenName, a.Birth = who.Initials, who.Prefix, who.LastName, who.FirstName, who.Birth.Short()
	a.Postcode, a.Addition, a.Street, a.Place = who.Address.ShownPostcode(), who.Address.Addition, who.Address.Street, who.Address.Place
	if who.Address.Number > 0 {
		a.HouseNumber = strconv.Itoa(who.Address.Number)
	}
	if who.Address.Checked {
		a.Checked = a.AddressMark()
	}
	a.IBAN, a.BIC, a.Email, a.Lang = customer.ShowIBAN(who.IBAN), who.BIC, who.Email, string(who.Lang)
	return a
}

// language is what the library writes to the customer in.
func (a Application) language() words.Lang {
	lang, _ := words.Read(a.Lang)
	return lang
}

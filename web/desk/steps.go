package desk

import (
	"errors"
	"slices"
	"strings"

	"lidwoord/base/fault"
	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/membership"
	"lidwoord/library/newsletter"
	"lidwoord/web/kit"
)

// step is one screen of the enrolment, as the seed counts them.
type step struct {
	number enrol.Step
	path   string // behind the draft's own address
	page   string // template
	// prepare adds to the page what it shows beside the fields.
	prepare func(*sqldb.Tx, counter, *wizardPage) error
	// onward looks at a kept draft: to is the next page, or wrong what a person can mend.
	onward func(*Site, *sqldb.Tx, counter, enrol.Draft, *kit.Form) (to string, wrong, err error)
}

var steps = []step{
	{enrol.StepPerson, "", "person", preparePerson, (*Site).afterPerson},
	{enrol.StepContact, "/gegevens", "contact", prepareContact, (*Site).afterContact},
	{enrol.StepAccount, "/inlogaccount", "account", prepareNothing, (*Site).afterAccount},
	{enrol.StepMembership, "/abonnement", "membership", prepareOffers, (*Site).afterMembership},
}

// checked splits what a person can mend from what is ours.
func checked(tx *sqldb.Tx, c counter, app enrol.Application, step enrol.Step) (wrong, err error) {
	err = enrol.Check(tx, c.clerk(), app, step)
	if err != nil && fault.KindOf(err) == fault.Internal {
		return nil, err
	}
	if app.Country == "NL" && app.Street == "" && app.Place == "" && about(err, enrol.FieldStreet) {
		// A Dutch address without them was looked up in vain.
		list := slices.Clone(fault.Of(err))
		for i, e := range list {
			if e.Field == enrol.FieldStreet {
				list[i] = errAddress.At(enrol.FieldStreet)
			}
		}
		err = fault.List(list)
	}
	return err, nil
}

var errAddress = fault.New(fault.Invalid, "desk.address_missing")

func prepareNothing(*sqldb.Tx, counter, *wizardPage) error { return nil }

func preparePerson(tx *sqldb.Tx, c counter, p *wizardPage) error {
	p.Countries = customer.Countries
	app := p.Draft.App
	p.Ask = app.Number != customer.SystemNumber && customer.IsSystemNumber(app.Number)
	var err error
	if p.Matches, err = enrol.Duplicates(tx, c.clerk(), app); err != nil {
		return err
	}
	p.Seen = enrol.SeenOf(p.Matches)
	if app.Number == "" || customer.IsSystemNumber(app.Number) || app.Again == enrol.Yes {
		return nil
	}
	check, err := customer.CheckNumber(tx, c.branch.OrganisationID, app.Number)
	switch {
	case err == nil && check.State == customer.NumberExpired:
		p.Former = check.Customer
	case errors.Is(err, customer.ErrNumberInUse):
		p.Holder, err = customer.FindByNumber(tx, check.Number)
	}
	if err != nil && fault.KindOf(err) == fault.Internal {
		return err
	}
	return nil
}

// What the buttons of screen 1 say beside Ok, Vervolg.
const (
	doEnter    = "enter" // the Enter key in a field
	doGenerate = "systeemnummer-ja"
	doNumber   = "systeemnummer-nee"
	doOpen     = "open:"    // + id: look at the customer who is already there
	doTakeBack = "opnieuw:" // + id: enrol a former customer again
)

func (s *Site) afterPerson(tx *sqldb.Tx, c counter, d enrol.Draft, form *kit.Form) (to string, wrong, err error) {
	here := "/klant/nieuw/" + d.ID
	switch do := form.Get("doe"); {
	case strings.HasPrefix(do, doOpen):
		return "/klanten/" + strings.TrimPrefix(do, doOpen), nil, nil
	case strings.HasPrefix(do, doTakeBack):
		err := takeBack(tx, c, d, strings.TrimPrefix(do, doTakeBack))
		return here + "#f-" + enrol.FieldPostcode, nil, err
	case do == doNumber:
		d.App.Number = ""
		_, err := enrol.KeepDraft(tx, c.clerk(), d.ID, d.App)
		return here + "#f-" + enrol.FieldNumber, nil, err
	case do == doGenerate:
		d.App.Number = customer.SystemNumber
		if _, err := enrol.KeepDraft(tx, c.clerk(), d.ID, d.App); err != nil {
			return "", nil, err
		}
	case d.App.Number != customer.SystemNumber && customer.IsSystemNumber(d.App.Number):
		return here, nil, nil // the page asks the question; a # would take the focus from its button
	}
	wrong, err = checked(tx, c, d.App, enrol.StepPerson)
	switch {
	case err != nil || wrong == nil:
		return here + "/gegevens", nil, err
	case form.Is("doe", doGenerate), form.Is("doe", doEnter) && begun(d.App) && !about(wrong, enrol.FieldNumber):
		return here + "#f-" + enrol.FieldInitials, nil, nil // a scanner's Enter means: next field
	case form.Is("doe", doEnter) && begun(d.App):
		if wrong = only(wrong, enrol.FieldNumber); errors.Is(wrong, enrol.ErrAgain) {
			return here, nil, nil // the page asks, with the focus on its button
		}
		return "", wrong, nil // nobody has typed the rest yet
	}
	return "", wrong, nil
}

// begun reports a form that holds a number and nothing else: the clerk scanned
// a card or typed v, and is about to go on.
func begun(app enrol.Application) bool {
	return app.Surname == "" && app.Initials == "" && app.Birth == "" && app.Postcode == ""
}

func about(err error, field string) bool {
	for _, e := range fault.Of(err) {
		if e.Field == field {
			return true
		}
	}
	return false
}

// only keeps what is said about one field.
func only(err error, field string) error {
	return fault.List(slices.DeleteFunc(fault.Of(err), func(e *fault.Error) bool { return e.Field != field })).Err()
}

// takeBack fills the form in with a former customer's data. What the clerk typed
// already stays: it is newer. An address is taken over whole or not at all.
func takeBack(tx *sqldb.Tx, c counter, d enrol.Draft, customerID string) error {
	old, err := enrol.FromCustomer(tx, c.clerk(), customerID)
	if err != nil {
		return err
	}
	address := map[string]bool{enrol.FieldCountry: true, enrol.FieldPostcode: true, enrol.FieldHouseNumber: true,
		enrol.FieldAddition: true, enrol.FieldStreet: true, enrol.FieldPlace: true, enrol.FieldChecked: true}
	moved := d.App.Postcode != "" || d.App.HouseNumber != ""
	for _, f := range enrol.Fields {
		typed := *f.Of(&d.App)
		switch {
		case f.Name == enrol.FieldNumber, f.Name == enrol.FieldAgain, f.Name == enrol.FieldSeen, f.Name == enrol.FieldReason:
		case address[f.Name] && moved, !address[f.Name] && typed != "":
			*f.Of(&old) = typed
		}
	}
	_, err = enrol.KeepDraft(tx, c.clerk(), d.ID, old)
	return err
}

func prepareContact(_ *sqldb.Tx, c counter, p *wizardPage) error {
	p.Consent = newsletter.Text(c.lang)
	return nil
}

func (s *Site) afterContact(tx *sqldb.Tx, c counter, d enrol.Draft, _ *kit.Form) (to string, wrong, err error) {
	wrong, err = checked(tx, c, d.App, enrol.StepContact)
	if d.App.WantsLogin() {
		return "/klant/nieuw/" + d.ID + "/inlogaccount", wrong, err
	}
	return "/klant/nieuw/" + d.ID + "/abonnement", wrong, err
}

func (s *Site) afterAccount(tx *sqldb.Tx, c counter, d enrol.Draft, _ *kit.Form) (to string, wrong, err error) {
	wrong, err = checked(tx, c, d.App, enrol.StepAccount)
	if err != nil || wrong != nil || !d.App.WantsExisting() || d.Proved != "" {
		return "/klant/nieuw/" + d.ID + "/abonnement", wrong, err
	}
	// The same once more, while the code is under way: it stays the one that works.
	if _, open, err := s.Office.Asked(tx, d); err != nil || open {
		return "/klant/nieuw/" + d.ID + "/code?" + codeWorks + "=1", nil, err
	}
	err = s.Office.AskOwner(tx, c.clerk(), d.ID, d.App.Username)
	if err != nil && fault.KindOf(err) != fault.Internal {
		return "", err, nil
	}
	return "/klant/nieuw/" + d.ID + "/code", nil, err
}

// offer is one line of the membership list.
type offer struct {
	membership.Definition
	Free   bool        // for this person
	Fee    money.Cents // for this person, per term
	Chosen bool
}

func prepareOffers(tx *sqldb.Tx, c counter, p *wizardPage) error {
	list, err := enrol.Offers(tx, c.clerk(), p.Draft.App)
	if err != nil {
		return err
	}
	p.Offers = offers(list, p.Age, p.Draft.App.Membership)
	return nil
}

func offers(list []membership.Definition, age int, chosen string) []offer {
	var offered []offer
	for _, d := range list {
		fee, _ := membership.Fee(d, age)
		offered = append(offered, offer{Definition: d, Fee: fee, Free: fee == 0, Chosen: d.Code == chosen})
	}
	return offered
}

func (s *Site) afterMembership(tx *sqldb.Tx, c counter, d enrol.Draft, _ *kit.Form) (to string, wrong, err error) {
	wrong, err = checked(tx, c, d.App, enrol.StepMembership)
	return "/klant/nieuw/" + d.ID + "/opbouw", wrong, err
}

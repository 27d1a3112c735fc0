package enrol

import (
	"slices"
	"strings"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/membership"
	"lidwoord/library/newsletter"
	"lidwoord/library/staff"
)

// GuardianAge is the age under which the form asks for a parent. It is a
// courtesy, not a lock: an account that a contract needs wants no consent
// (AVG art. 6(1)(b)); the newsletter does, and has its own rule.
const GuardianAge = newsletter.ConsentAge

// Check looks at one screen, or at AllSteps, and returns a fault.List with the
// names of the fields. It changes nothing.
func Check(tx *sqldb.Tx, c Clerk, app Application, step Step) error {
	b, _, err := c.at(tx)
	if err != nil {
		return err
	}
	f, err := examine(tx, c, b, app, step, nil)
	if err != nil {
		return err
	}
	// No page of the form on the web tells who is known; its order looks once.
	if step == StepPerson && !c.online() || step == AllSteps {
		if err := f.lookAlikes(tx, b, app); err != nil {
			return err
		}
	}
	return f.wrong.Err()
}

// Duplicates are the customers, former ones too, who may be the person on the
// form. It is asked while the clerk types and forgives what is not there yet.
func Duplicates(tx *sqldb.Tx, c Clerk, app Application) ([]customer.Match, error) {
	b, _, err := c.at(tx)
	if err != nil {
		return nil, err
	}
	p, _ := app.person(day.Of(tx.Now))
	return customer.Duplicates(tx, b.OrganisationID, p, again(tx, b, app))
}

// SeenOf is the value of the hidden field FieldSeen for the look-alikes on a page.
func SeenOf(matches []customer.Match) string {
	var ids []string
	for _, m := range matches {
		ids = append(ids, m.ID)
	}
	return strings.Join(ids, ",")
}

// Offers are the memberships for the person on the form at the clerk's branch.
func Offers(tx *sqldb.Tx, c Clerk, app Application) ([]membership.Definition, error) {
	b, _, err := c.at(tx)
	if err != nil {
		return nil, err
	}
	today := day.Of(tx.Now)
	birth := app.BirthDay()
	if err := customer.CheckBirth(birth, today); err != nil {
		return nil, at(FieldBirth, err)
	}
	return membership.Offered(tx, b, birth.Age(today), c.channel())
}

// Preview is the Opbouw abonnementskosten before saving. Its Digest goes into
// the hidden field FieldBuildUp; saving refuses when it is no longer true.
func Preview(tx *sqldb.Tx, c Clerk, app Application) (membership.BuildUp, error) {
	b, _, err := c.at(tx)
	if err != nil {
		return membership.BuildUp{}, err
	}
	_, up, err := price(tx, c, b, app)
	return up, err
}

// Agreed is what a visitor ordered: the line of the price list as it was then,
// and what it costs. It is charged also when the list has changed since.
type Agreed struct {
	Definition membership.Definition
	BuildUp    membership.BuildUp
}

// Agree is the order that the form on the web comes to now.
func Agree(tx *sqldb.Tx, c Clerk, app Application) (a Agreed, err error) {
	b, _, err := c.at(tx)
	if err != nil {
		return a, err
	}
	a.Definition, a.BuildUp, err = price(tx, c, b, app)
	return a, err
}

// on is the cost build-up of what was agreed for a membership that begins on a
// day: the days move with it, the money does not.
func (a Agreed) on(start day.Day, birth day.Day) membership.BuildUp {
	up := membership.Build(a.Definition, a.BuildUp.Name, birth, a.BuildUp.Branch, start)
	up.Age, up.Fee, up.Discount, up.Balance, up.Reason = a.BuildUp.Age, a.BuildUp.Fee, a.BuildUp.Discount, a.BuildUp.Balance, a.BuildUp.Reason
	return up
}

// price finds the chosen definition and computes what it costs this person today.
func price(tx *sqldb.Tx, c Clerk, b branch.Branch, app Application) (membership.Definition, membership.BuildUp, error) {
	today := day.Of(tx.Now)
	birth := app.BirthDay()
	if err := customer.CheckBirth(birth, today); err != nil {
		return membership.Definition{}, membership.BuildUp{}, at(FieldBirth, err)
	}
	if app.Membership == "" {
		return membership.Definition{}, membership.BuildUp{}, ErrMembership.At(FieldMembership)
	}
	d, err := membership.Choose(tx, b, app.Membership, birth.Age(today), c.channel())
	if err != nil {
		return d, membership.BuildUp{}, at(FieldMembership, err)
	}
	p, _ := app.person(today)
	return d, membership.Build(d, p.Full(), birth, b.Code, today), nil
}

// form is an application that was looked at: what it means, and what is wrong.
type form struct {
	wrong      fault.List
	person     customer.Person
	iban, bic  string
	number     string            // "" for a system number
	former     customer.Customer // who is re-registered, with an ID when so
	definition membership.Definition
	buildUp    membership.BuildUp
	guardian   string
	guardEmail string
}

// examine reads and checks the fields of a step, in the order of the screens.
// Its error is ours; what a person can mend goes into the list. What was agreed
// before, nil for nothing, stands in the place of the price list.
func examine(tx *sqldb.Tx, c Clerk, b branch.Branch, app Application, step Step, agreed *Agreed) (form, error) {
	var f form
	today := day.Of(tx.Now)
	on := func(s Step) bool { return step == s || step == AllSteps }
	if on(StepPerson) {
		if err := f.checkNumber(tx, b, app); err != nil {
			return f, err
		}
		var wrong fault.List
		f.person, wrong = app.person(today)
		f.wrong = append(f.wrong, wrong...)
		if f.former.ID != "" && f.person.Birth != "" && f.former.Birth != "" && f.person.Birth != f.former.Birth {
			f.wrong.Add(FieldNumber, ErrOtherPerson)
		}
		f.checkGuardian(c, app, today)
	}
	if on(StepContact) {
		f.checkContact(c, b, app, today)
	}
	if on(StepAccount) && app.WantsLogin() {
		// Who does not know the username proves the account on an own telephone.
		if app.Account != NewAccount && app.Account != ExistingAccount {
			f.wrong.Add(FieldAccount, ErrChoice)
		}
	}
	if agreed != nil {
		f.definition, f.buildUp = agreed.Definition, agreed.on(today, f.person.Birth)
		return f, nil
	}
	if on(StepMembership) || on(StepSave) {
		var err error
		f.definition, f.buildUp, err = price(tx, c, b, app)
		switch {
		case err == nil && on(StepSave) && app.BuildUp == "":
			f.wrong.Add(FieldBuildUp, ErrBuildUpUnseen)
		case err == nil && on(StepSave) && app.BuildUp != f.buildUp.Digest():
			f.wrong.Add(FieldBuildUp, ErrBuildUpChanged)
		case err == nil:
		case app.Membership == "":
			f.wrong.Add(FieldMembership, ErrMembership)
		case fault.KindOf(err) == fault.Internal:
			return f, err
		case step == AllSteps && f.person.Birth == "":
			// The birth date has its own fault already.
		default:
			f.wrong = append(f.wrong, fault.Of(err)...)
		}
	}
	return f, nil
}

func (f *form) checkNumber(tx *sqldb.Tx, b branch.Branch, app Application) error {
	switch {
	case app.Number == "":
		f.wrong.Add(FieldNumber, ErrNumberMissing)
		return nil
	case customer.IsSystemNumber(app.Number):
		return nil
	}
	check, err := customer.CheckNumber(tx, b.OrganisationID, app.Number)
	switch {
	case err != nil && fault.KindOf(err) == fault.Internal:
		return err
	case err != nil:
		f.wrong = append(f.wrong, fault.Of(at(FieldNumber, err))...)
	case check.State == customer.NumberExpired && app.Again != Yes:
		f.wrong.Add(FieldNumber, ErrAgain.With(check.Customer.Listed(), check.Number))
	case check.State == customer.NumberExpired:
		f.former, f.number = check.Customer, check.Number
	default:
		f.number = check.Number
	}
	return nil
}

func (f *form) checkGuardian(c Clerk, app Application, today day.Day) {
	f.guardian = strings.Join(strings.Fields(app.Guardian), " ")
	var err error
	if f.guardEmail, err = customer.CleanEmail(app.GuardianEmail); err != nil {
		f.wrong.Add(FieldGuardianEmail, err)
	}
	if f.guardian == "" && f.guardEmail != "" {
		f.wrong.Add(FieldGuardian, ErrGuardian)
	}
	if birth := app.BirthDay(); c.online() && birth != "" && birth <= today && birth.Age(today) < GuardianAge {
		if f.guardian == "" && f.guardEmail == "" {
			f.wrong.Add(FieldGuardian, ErrGuardianNeeded)
		}
		if f.guardEmail == "" && err == nil {
			f.wrong.Add(FieldGuardianEmail, ErrGuardianEmail)
		}
	}
}

func (f *form) checkContact(c Clerk, b branch.Branch, app Application, today day.Day) {
	var err error
	f.iban, f.bic, err = customer.CheckBank(app.IBAN, app.BIC)
	f.wrong = append(f.wrong, fault.Of(renamed(err))...)
	switch {
	case app.Identity != "" && app.Identity != Yes && app.Identity != No:
		f.wrong.Add(FieldIdentity, ErrChoice)
	case b.Choices.NeedIdentity && app.Identity != Yes && !c.online(): // nobody can look at a passport through the web
		f.wrong.Add(FieldIdentity, ErrIdentity)
	}
	if app.Login != Yes && app.Login != No {
		f.wrong.Add(FieldLogin, ErrChoice)
	}
	email, err := customer.CleanEmail(app.Email)
	switch {
	case err != nil:
		f.wrong.Add(FieldEmail, err)
	case email == "" && app.WantsLogin():
		f.wrong.Add(FieldEmail, ErrEmailNeeded)
	}
	if app.Newsletter == Yes {
		birth := app.BirthDay()
		switch {
		case birth != "" && newsletter.MayConsent(birth.Age(today)) != nil:
			f.wrong.Add(FieldNewsletter, newsletter.ErrParent)
		case email == "" && err == nil && !app.WantsLogin():
			f.wrong.Add(FieldEmail, newsletter.ErrAddress)
		}
	}
	if _, ok := words.Read(app.Lang); !ok {
		f.wrong.Add(FieldLang, ErrChoice)
	}
}

// lookAlikes refuses a person we know already, unless the clerk saw that person
// on the screen and said why it is somebody else. A look-alike that came while
// the clerk was typing was never seen, so it stops the form once more.
func (f *form) lookAlikes(tx *sqldb.Tx, b branch.Branch, app Application) error {
	if f.person.LastName == "" || f.person.Birth == "" {
		return nil
	}
	matches, err := customer.Duplicates(tx, b.OrganisationID, f.person, f.former.ID)
	if err != nil {
		return err
	}
	seen := strings.Split(app.Seen, ",")
	for _, m := range matches {
		if !m.Same || app.Reason != "" && slices.Contains(seen, m.ID) {
			continue
		}
		known, err := duplicateOf(tx, m)
		if err != nil {
			return err
		}
		f.wrong.Add(FieldReason, known)
		return nil
	}
	return nil
}

// duplicateOf says whom we know, with which number, since when and by whom:
// mostly the colleague at the next desk, whom the same person asked first.
func duplicateOf(tx *sqldb.Tx, m customer.Match) (*fault.Error, error) {
	known, err := customer.Find(tx, m.ID)
	if err != nil {
		return nil, err
	}
	by := "–" // nobody of the staff: loaded, or enrolled online
	switch worker, err := staff.Find(tx, strings.TrimPrefix(known.RegisteredBy, actorStaff)); {
	case err == nil:
		by = worker.Name
	case fault.KindOf(err) == fault.Internal:
		return nil, err
	}
	return ErrDuplicate.With(known.Full(), known.Birth, known.Number, known.RegisteredAt, by), nil
}

// again is the id of the former customer whom the form takes back, or "".
func again(tx *sqldb.Tx, b branch.Branch, app Application) string {
	if app.Again != Yes || app.Number == "" || customer.IsSystemNumber(app.Number) {
		return ""
	}
	check, err := customer.CheckNumber(tx, b.OrganisationID, app.Number)
	if err != nil {
		return ""
	}
	return check.Customer.ID
}

package mine

import (
	"slices"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/day"
	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/ledger"
	"lidwoord/library/membership"
	"lidwoord/library/newsletter"
	"lidwoord/library/payment"
	"lidwoord/library/registration"
	"lidwoord/library/task"
)

// export is everything that the libraries hold of a person, as gegevens.json
// tells it (AVG art. 15 and 20). Its types are written out, so that a new field
// elsewhere leaves the house by decision and not by accident. Amounts are whole
// euro cents, instants are UTC.
type export struct {
	MadeAt    time.Time      `json:"made_at"`
	Account   exportAccount  `json:"login_account"`
	Form      *exportForm    `json:"registration_under_way,omitempty"`
	Libraries []*exportShelf `json:"libraries"`
}

type exportAccount struct {
	Username string `json:"username"`
	Email    string `json:"email"`
}

// exportForm is a registration that was not finished.
type exportForm struct {
	BegunAt time.Time         `json:"begun_at"`
	Fields  map[string]string `json:"fields"` // those that were filled in
}

// exportShelf is what one library holds.
type exportShelf struct {
	Library     string             `json:"library"`
	Person      exportPerson       `json:"person"`
	Guardian    *exportGuardian    `json:"guardian,omitempty"`
	Numbers     []exportNumber     `json:"customer_numbers"`
	Memberships []exportMembership `json:"memberships"`
	Contracts   []exportContract   `json:"contracts"`
	Postings    []exportPosting    `json:"account"`
	Balance     int64              `json:"balance_cents"`
	Newsletter  []exportSaid       `json:"newsletter"`
	Requests    []exportRequest    `json:"requests"`
	Remarks     []exportRemark     `json:"remarks"`
	Log         []exportAct        `json:"log"`
}

type exportPerson struct {
	Number          string    `json:"customer_number"`
	Branch          string    `json:"branch"`
	Initials        string    `json:"initials"`
	Prefix          string    `json:"prefix"`
	LastName        string    `json:"last_name"`
	FirstName       string    `json:"first_name"`
	Birth           day.Day   `json:"birth_date"`
	Country         string    `json:"country"`
	Postcode        string    `json:"postcode"`
	House           string    `json:"house_number"`
	Street          string    `json:"street"`
	Place           string    `json:"place"`
	AddressChecked  bool      `json:"address_checked"`
	Email           string    `json:"email"`
	Phone           string    `json:"phone"`
	Lang            string    `json:"language"`
	IBAN            string    `json:"iban"`
	BIC             string    `json:"bic"`
	IdentityChecked bool      `json:"identity_checked"`
	IdentityAt      time.Time `json:"identity_checked_at,omitzero"`
	LinkedAt        time.Time `json:"login_account_linked_at,omitzero"`
	RegisteredAt    time.Time `json:"registered_at"`
	ChangedAt       time.Time `json:"changed_at,omitzero"`
}

type exportGuardian struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

type exportNumber struct {
	Number  string    `json:"number"`
	State   string    `json:"state"`
	GivenAt time.Time `json:"given_at"`
	EndedAt time.Time `json:"ended_at,omitzero"`
}

type exportMembership struct {
	Code         string    `json:"code"`
	Name         string    `json:"name"`
	Digital      bool      `json:"online_library"`
	Physical     bool      `json:"library_building"`
	FirstDay     day.Day   `json:"first_day"`
	ValidThrough day.Day   `json:"valid_through"`
	LastDay      day.Day   `json:"last_day"`
	EndReason    string    `json:"end_reason"`
	StartedAt    time.Time `json:"started_at"`
}

// exportContract is what was ordered on the web, and the money of it.
type exportContract struct {
	ID            string          `json:"id"`
	Membership    string          `json:"membership"`
	PriceCents    int64           `json:"price_cents"`
	TextVersion   string          `json:"conditions_version"`
	BegunAt       time.Time       `json:"begun_at"`
	OrderedAt     time.Time       `json:"ordered_at,omitzero"`
	MadeAt        time.Time       `json:"made_at"`
	WithdrawUntil day.Day         `json:"withdraw_until"`
	WithdrawnAt   time.Time       `json:"withdrawn_at,omitzero"`
	Payments      []exportPayment `json:"payments"`

	Statements []exportStatement `json:"statements_of_withdrawal"`
}

// exportStatement is a statement of withdrawal as it was made.
type exportStatement struct {
	At      time.Time `json:"at"`
	Number  string    `json:"number"`
	Name    string    `json:"name"`
	Email   string    `json:"email"`
	Outcome string    `json:"outcome"`
}

type exportPayment struct {
	ID               string         `json:"id"`
	Provider         string         `json:"provider"`
	ProviderID       string         `json:"provider_id"`
	Cents            int64          `json:"cents"`
	Text             string         `json:"text"`
	State            string         `json:"state"`
	Method           string         `json:"method"`
	ChargedBackCents int64          `json:"charged_back_cents"`
	BegunAt          time.Time      `json:"begun_at"`
	PaidAt           time.Time      `json:"paid_at,omitzero"`
	Refunds          []exportRefund `json:"refunds"`
}

type exportRefund struct {
	Cents     int64     `json:"cents"`
	Reason    string    `json:"reason"`
	State     string    `json:"state"`
	WantedAt  time.Time `json:"wanted_at"`
	SettledAt time.Time `json:"settled_at,omitzero"`
}

type exportPosting struct {
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"`
	Cents  int64     `json:"cents"` // charges and refunds add to what is open, payments take from it
	Text   string    `json:"text"`
	Method string    `json:"method"`
}

type exportSaid struct {
	At          time.Time `json:"at"`
	Act         string    `json:"act"`
	Address     string    `json:"address"`
	Channel     string    `json:"channel"`
	TextVersion string    `json:"text_version"`
	TextShown   string    `json:"text_shown"`
}

// exportRequest is something about the person that a worker looks at.
type exportRequest struct {
	Kind     string       `json:"kind"`
	Facts    []exportFact `json:"facts"`
	OpenedAt time.Time    `json:"opened_at"`
	DoneAt   time.Time    `json:"done_at,omitzero"`
	Note     string       `json:"note"`
}

type exportFact struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// exportRemark is what a clerk wrote about somebody who looked like another.
type exportRemark struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// exportAct is what was done to the record of the person, and when.
type exportAct struct {
	At     time.Time `json:"at"`
	Act    string    `json:"act"`
	Detail string    `json:"detail"`
}

// logMost is how many acts of the log are told: more than anybody ever has.
const logMost = 10_000

// gather collects the export of a visitor.
func (s *Site) gather(tx *sqldb.Tx, v visitor) (*export, []customer.Customer, error) {
	e := &export{MadeAt: tx.Now, Account: exportAccount{v.Username, v.Email}, Libraries: []*exportShelf{}}
	customers, err := customer.FindByAccount(tx, v.Account)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range customers {
		shelf, err := shelfOf(tx, v, c)
		if err != nil {
			return nil, nil, err
		}
		e.Libraries = append(e.Libraries, shelf)
	}
	form, found, err := s.underWay(tx, v)
	if found {
		e.Form = &exportForm{BegunAt: form.BegunAt, Fields: map[string]string{}}
		for _, f := range enrol.Fields {
			if text := *f.Of(&form.App); text != "" {
				e.Form.Fields[f.Name] = text
			}
		}
	}
	return e, customers, err
}

func shelfOf(tx *sqldb.Tx, v visitor, c customer.Customer) (*exportShelf, error) {
	library, err := branch.OrganisationByID(tx, c.OrganisationID)
	if err != nil {
		return nil, err
	}
	home, err := branch.Find(tx, c.BranchID)
	if err != nil {
		return nil, err
	}
	a := c.Address
	shelf := &exportShelf{Library: library.Name, Person: exportPerson{
		Number: c.Number, Branch: home.Name, Initials: c.Initials, Prefix: c.Prefix, LastName: c.LastName, FirstName: c.FirstName, Birth: c.Birth,
		Country: a.Country, Postcode: a.ShownPostcode(), House: a.House(), Street: a.Street, Place: a.Place, AddressChecked: a.Checked,
		Email: c.Email, Phone: c.Phone, Lang: string(c.Lang), IBAN: c.IBAN, BIC: c.BIC, IdentityChecked: c.Identity.Checked, IdentityAt: c.Identity.At,
		LinkedAt: c.Link.At, RegisteredAt: c.RegisteredAt, ChangedAt: c.ChangedAt,
	}}
	for _, fill := range []func(*sqldb.Tx, visitor, string) error{
		shelf.people, shelf.memberships, shelf.contracts, shelf.money, shelf.newsletter, shelf.records,
	} {
		if err := fill(tx, v, c.ID); err != nil {
			return nil, err
		}
	}
	return shelf, nil
}

func (e *exportShelf) people(tx *sqldb.Tx, _ visitor, id string) error {
	name, email, err := enrol.GuardianOf(tx, id)
	if err != nil {
		return err
	}
	if name != "" || email != "" {
		e.Guardian = &exportGuardian{name, email}
	}
	numbers, err := customer.Numbers(tx, id)
	e.Numbers = each(numbers, func(n customer.Number) exportNumber {
		return exportNumber{n.Number, string(n.State), n.GivenAt, n.EndedAt}
	})
	return err
}

func (e *exportShelf) memberships(tx *sqldb.Tx, v visitor, id string) error {
	list, err := membership.Of(tx, id)
	e.Memberships = each(list, func(m membership.Membership) exportMembership {
		return exportMembership{m.Code, m.Name(v.lang), m.Rights.Digital, m.Rights.Physical, m.FirstDay, m.ValidThrough, m.LastDay, m.EndReason, m.StartedAt}
	})
	return err
}

func (e *exportShelf) contracts(tx *sqldb.Tx, v visitor, id string) error {
	list, err := registration.Contracts(tx, id)
	if err != nil {
		return err
	}
	e.Contracts = []exportContract{}
	for _, r := range list {
		c := exportContract{ID: r.ID, TextVersion: r.TextVersion, BegunAt: r.BegunAt, OrderedAt: r.OrderedAt, MadeAt: r.MemberAt,
			WithdrawUntil: r.WithdrawUntil, WithdrawnAt: r.WithdrawnAt}
		if r.Agreed != nil {
			c.Membership, c.PriceCents = r.Agreed.Definition.Name(v.lang), int64(r.Agreed.BuildUp.Balance)
		}
		if c.Payments, err = exportPayments(tx, r.ID); err != nil {
			return err
		}
		said, err := registration.Statements(tx, r.ID)
		if err != nil {
			return err
		}
		for _, d := range said {
			c.Statements = append(c.Statements, exportStatement{d.At, d.Number, d.Name, d.Email, string(d.Outcome)})
		}
		e.Contracts = append(e.Contracts, c)
	}
	return nil
}

func exportPayments(tx *sqldb.Tx, orderID string) ([]exportPayment, error) {
	tries, err := payment.OfOrder(tx, orderID)
	if err != nil {
		return nil, err
	}
	list := []exportPayment{}
	for _, p := range tries {
		refunds, err := payment.RefundsOf(tx, p.ID)
		if err != nil {
			return nil, err
		}
		list = append(list, exportPayment{p.ID, p.Provider, p.ProviderID, int64(p.Cents), p.Text, string(p.State), p.Method, int64(p.ChargedBack), p.BegunAt, p.PaidAt,
			each(refunds, func(f payment.Refund) exportRefund {
				return exportRefund{int64(f.Cents), f.Reason, string(f.State), f.WantedAt, f.SettledAt}
			})})
	}
	return list, nil
}

func (e *exportShelf) money(tx *sqldb.Tx, _ visitor, id string) error {
	lines, err := ledger.Lines(tx, id)
	if err != nil {
		return err
	}
	e.Postings = each(lines, func(p ledger.Posting) exportPosting {
		return exportPosting{p.At, string(p.Kind), int64(p.Cents), p.Text, string(p.Method)}
	})
	var open money.Cents
	open, err = ledger.Balance(tx, id)
	e.Balance = int64(open)
	return err
}

func (e *exportShelf) newsletter(tx *sqldb.Tx, _ visitor, id string) error {
	said, err := newsletter.History(tx, id)
	e.Newsletter = each(said, func(c newsletter.Consent) exportSaid {
		return exportSaid{c.At, string(c.Act), c.Address, string(c.Channel), c.TextVersion, c.TextShown}
	})
	return err
}

func (e *exportShelf) records(tx *sqldb.Tx, _ visitor, id string) error {
	tasks, err := task.About(tx, "customer:"+id)
	if err != nil {
		return err
	}
	e.Requests = each(tasks, func(t task.Task) exportRequest {
		facts := each(t.Facts, func(f task.Fact) exportFact { return exportFact{f.Key, f.Value} })
		return exportRequest{string(t.Kind), facts, t.OpenedAt, t.DoneAt, t.Note}
	})
	remarks, err := customer.Overrides(tx, id)
	if err != nil {
		return err
	}
	e.Remarks = each(remarks, func(o customer.Overridden) exportRemark { return exportRemark{o.At, o.Reason} })
	acts, err := audit.Of(tx, "customer:"+id, logMost)
	if err != nil {
		return err
	}
	looks, err := audit.Looks(tx, "customer:"+id, logMost)
	for _, l := range looks { // when, and not which worker: that is the worker's own data too
		acts = append(acts, audit.Entry{At: l.At, Act: "desk.looked"})
	}
	slices.SortStableFunc(acts, func(a, b audit.Entry) int { return b.At.Compare(a.At) })
	e.Log = each(acts, func(a audit.Entry) exportAct { return exportAct{a.At, a.Act, a.Detail} })
	return err
}

// each makes a list of another; an empty one is a list too, also in JSON.
func each[A, B any](list []A, of func(A) B) []B {
	made := make([]B, 0, len(list))
	for _, a := range list {
		made = append(made, of(a))
	}
	return made
}

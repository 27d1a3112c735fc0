package registration

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/money"
	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/ledger"
	"lidwoord/library/membership"
	"lidwoord/library/newsletter"
	"lidwoord/library/payment"
)

// letter is what the letters of this room may tell.
type letter struct {
	Library branch.Organisation
	Name    string // of the member, "E.B. Tester"
	Hello   string // whom it greets: the first name, where we know it

	// contract, guardian
	Number     string // customer number
	Username   string
	Membership string // "Digital only"
	About      string // what it is
	Digital    bool   // opens the Online Bibliotheek
	Physical   bool   // opens the shelves of the library
	Fixed      bool   // Vast; otherwise it ends by itself to the day
	Term       int    // months
	From       day.Day
	Through    day.Day
	Fee        money.Cents // before Discount
	Discount   money.Cents
	Total      money.Cents // 0 is free
	Paid       bool
	Method     string // the provider's word
	At         time.Time
	Days       int     // of the cooling-off period
	Until      day.Day // its last day
	Parent     string  // guardian only: whom it is to
	Child      bool    // under eighteen
	News       newsletter.Standing

	// withdrawal, surplus, repaid
	Statement Statement
	Outcome   Outcome
	Cents     money.Cents

	about string // the object that the letter is about, for who hears that it came back

	// addresses
	Reading, Mine, Withdraw, Receipt, Register string
}

func (o *Office) write(tx *sqldb.Tx, lang words.Lang, name, to string, l letter) error {
	if to == "" {
		return nil // whoever has no address gets no letter; /mijn and the desk show the same
	}
	l.Reading, l.Mine, l.Withdraw, l.Register = o.Links.Reading, o.Links.Mine, o.Links.Withdraw, o.Links.Register(l.Library.Slug)
	l.Days = CoolingOff
	m, err := o.letters.Write(lang, name, l)
	if err != nil {
		return err
	}
	m.Kind, m.To, m.FromName, m.About = "registration."+name, to, l.Library.Name, l.about
	if l.Library.Email != "" {
		m.Headers = map[string]string{"Reply-To": l.Library.Email}
	}
	return outbox.Add(tx, m)
}

// mailContract confirms the contract on a durable medium (BW 6:230v), and tells
// the parent of a child.
func (o *Office) mailContract(tx *sqldb.Tx, r Registration, app enrol.Application, done enrol.Result, p *payment.Payment) error {
	library, err := branch.OrganisationByID(tx, r.OrganisationID)
	if err != nil {
		return err
	}
	who, err := customer.Find(tx, r.CustomerID)
	if err != nil {
		return err
	}
	d, up := r.Agreed.Definition, done.BuildUp
	lang, _ := words.Read(app.Lang)
	l := letter{
		Library: library, Name: who.Full(), Hello: greeted(who), Number: done.Number, Username: r.Username, Membership: d.Name(lang), About: d.About(lang),
		Digital: d.Rights.Digital, Physical: d.Rights.Physical, Fixed: d.Kind == membership.Fixed, Term: d.Term,
		From: up.Start, Through: up.ValidThrough, Fee: up.Fee, Discount: up.Discount, Total: up.Balance,
		At: tx.Now, Until: r.WithdrawUntil, Child: up.Age < ledger.AdultAge, Receipt: o.Links.Receipt(r.ID), about: "customer:" + who.ID,
	}
	if app.Newsletter == enrol.Yes {
		if l.News, err = news(tx, who); err != nil {
			return err
		}
	}
	if p != nil {
		l.Paid, l.Method = true, p.Method
	}
	login, err := o.Enrol.Accounts.State(tx, r.AccountID)
	if err != nil {
		return err
	}
	// To the address that its owner confirmed: the one on the form may be anybody's.
	to := who.Email
	if login.Email != "" {
		to = login.Email
	}
	if err := o.write(tx, lang, "contract", to, l); err != nil {
		return err
	}
	if up.Age >= enrol.GuardianAge || app.GuardianEmail == "" {
		return nil
	}
	l.Parent, l.about = app.Guardian, "" // the parent's address is not the customer's
	return o.write(tx, lang, "guardian", app.GuardianEmail, l)
}

// greeted is how a letter speaks to a customer: by the first name, where we know it.
func greeted(c customer.Customer) string { return cmp.Or(c.FirstName, c.Full()) }

// news is how the newsletter stands for the address that a letter goes to: a
// mailbox that the sign-on vouched for gets it, another is still to confirm.
func news(tx *sqldb.Tx, who customer.Customer) (newsletter.Standing, error) {
	all, err := newsletter.Mailboxes(tx, who.ID)
	for _, box := range all {
		if strings.EqualFold(box.Address, who.Email) {
			return box.Standing, err
		}
	}
	return newsletter.Nothing, err
}

// address is where a registration's visitor can be written to, in which language
// and by which name: by the form, by the customer, or by the login account.
func (o *Office) address(tx *sqldb.Tx, r Registration) (hello, email string, lang words.Lang, err error) {
	if r.CustomerID != "" {
		c, err := customer.Find(tx, r.CustomerID)
		return greeted(c), c.Email, c.Lang, err
	}
	lang, _ = words.Read(r.App.Lang)
	hello = r.App.GivenName
	if hello == "" && r.Agreed != nil {
		hello = r.Agreed.BuildUp.Name
	}
	if r.App.Email != "" {
		return hello, r.App.Email, lang, nil
	}
	login, err := o.Enrol.Accounts.State(tx, r.AccountID)
	return hello, login.Email, lang, err
}

// mailSurplus tells a payer that the money goes back, and why.
func (o *Office) mailSurplus(tx *sqldb.Tx, r Registration, p payment.Payment) error {
	return o.tell(tx, r, "surplus", letter{Cents: p.Cents, Outcome: Outcome(p.Surplus), At: tx.Now})
}

// mailRepaid tells a payer that the money has left.
func (o *Office) mailRepaid(tx *sqldb.Tx, r Registration, p payment.Payment, cents money.Cents) error {
	return o.tell(tx, r, "repaid", letter{Cents: cents, Method: p.Method, At: tx.Now})
}

func (o *Office) tell(tx *sqldb.Tx, r Registration, name string, l letter) error {
	library, err := branch.OrganisationByID(tx, r.OrganisationID)
	if err != nil {
		return err
	}
	var email string
	var lang words.Lang
	l.Library = library
	if l.Hello, email, lang, err = o.address(tx, r); err != nil {
		return err
	}
	return o.write(tx, lang, name, email, l)
}

// mailWithdrawal is the receipt of a statement: its content, and when it came in
// (BW 6:230o). It goes to the address on the statement, and greets who made it: for
// a child that may be a parent.
func (o *Office) mailWithdrawal(tx *sqldb.Tx, library branch.Organisation, r Registration, s Statement, receipt Receipt, lang words.Lang) error {
	l := letter{Library: library, Hello: s.Name, Statement: s, Outcome: receipt.Outcome, Cents: receipt.Cents, At: receipt.At, Until: r.WithdrawUntil}
	if r.Agreed != nil {
		l.Membership = r.Agreed.Definition.Name(lang)
		who, err := customer.Find(tx, r.CustomerID)
		if err != nil {
			return err
		}
		if s.Email == who.Email && s.Name == who.Full() {
			l.Hello = greeted(who)
		}
	}
	return o.write(tx, lang, "withdrawal", s.Email, l)
}

func (o *Office) mailCancelled(tx *sqldb.Tx, library branch.Organisation, customerID string, m membership.Membership, lang words.Lang) error {
	c, err := customer.Find(tx, customerID)
	if err != nil {
		return err
	}
	return o.write(tx, lang, "cancelled", c.Email, letter{Library: library, Hello: greeted(c), Membership: m.Name(lang), Through: m.LastDay, At: tx.Now})
}

// perMoved keeps who moves an address to and fro from filling somebody's mailbox:
// the first letter goes to the address that was known.
var perMoved = throttle.Rule{Name: "registration.moved", Free: 0, First: 24 * time.Hour, Most: 24 * time.Hour, Forget: 7 * 24 * time.Hour}

// ChangeEmail changes where the library writes to a customer, and tells the old
// address: whoever sits behind somebody else's open session could otherwise lead
// their letters away unseen.
func (o *Office) ChangeEmail(tx *sqldb.Tx, library branch.Organisation, customerID, email string, by customer.By) error {
	before, err := customer.Find(tx, customerID)
	if err != nil {
		return err
	}
	after, err := customer.ChangeEmail(tx, customerID, email, by)
	if err != nil || before.Email == "" || strings.EqualFold(before.Email, after.Email) {
		return err
	}
	err = throttle.Take(tx, []throttle.Counter{{Rule: perMoved, Key: customerID}})
	if errors.Is(err, throttle.ErrSlow) {
		return nil
	}
	if err != nil {
		return err
	}
	return o.write(tx, before.Lang, "email_changed", before.Email, letter{Library: library, Hello: greeted(before), At: tx.Now})
}

// perKnown keeps a stranger who types a member's name again and again from
// filling that member's mailbox.
var perKnown = throttle.Rule{Name: "registration.known", Free: 0, First: 24 * time.Hour, Most: 24 * time.Hour, Forget: 7 * 24 * time.Hour}

// TellKnown writes to the member whom a visitor's form describes, at the address
// that we know: it may be they, who forgot that they are one. It is called in a
// transaction of its own, as the order that found them was refused.
func (o *Office) TellKnown(tx *sqldb.Tx, r Registration) error {
	for range 3 { // a refusal tells more than an order does
		if err := throttle.Failed(tx, perAccount, r.AccountID); err != nil {
			return err
		}
	}
	b, err := Branch(tx, r.OrganisationID, r.App.Place)
	if err != nil {
		return err
	}
	matches, err := enrol.Duplicates(tx, r.clerk(b.ID), r.App)
	if err != nil {
		return err
	}
	library, err := branch.OrganisationByID(tx, r.OrganisationID)
	if err != nil {
		return err
	}
	for _, m := range matches {
		if !m.Same || m.Ended(day.Of(tx.Now)) || !neighbour(m) {
			continue
		}
		err := throttle.Take(tx, []throttle.Counter{{Rule: perKnown, Key: m.ID}})
		if errors.Is(err, throttle.ErrSlow) {
			continue
		}
		if err != nil {
			return err
		}
		c, err := customer.Find(tx, m.ID)
		if err != nil {
			return err
		}
		l := letter{Library: library, Hello: greeted(c), Number: c.Number, At: tx.Now}
		login, err := o.Enrol.LoginState(tx, c.ID)
		if err != nil && !errors.Is(err, enrol.ErrNoLogin) {
			return err
		}
		l.Username = login.Username
		if err := o.write(tx, c.Lang, "known", c.Email, l); err != nil {
			return err
		}
	}
	return nil
}

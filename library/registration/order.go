package registration

import (
	"errors"
	"slices"
	"strings"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/day"
	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/library/ledger"
	"lidwoord/library/membership"
	"lidwoord/library/payment"
	"lidwoord/library/task"
)

// Reasons why money had no use.
const (
	reasonMember  = "registration.surplus_member"  // the second payment for one membership
	reasonDropped = "registration.surplus_dropped" // the form was thrown away by then
	reasonOther   = "registration.surplus_other"   // the order costs something else by now
)

// late is how long after the order money may come without anybody looking at it:
// whoever pays a day later may have forgotten that they did.
const late = 24 * time.Hour

// Agree is what the form comes to today: what stands above the button, and what
// is charged when it is pressed.
func Agree(tx *sqldb.Tx, r Registration) (branch.Branch, enrol.Agreed, error) {
	b, err := Branch(tx, r.OrganisationID, r.App.Place)
	if err != nil {
		return b, enrol.Agreed{}, err
	}
	a, err := enrol.Agree(tx, r.clerk(b.ID), r.App)
	if errors.Is(err, membership.ErrNoDefinition) { // not at the branch around the corner
		if b, err = Branch(tx, r.OrganisationID, ""); err == nil {
			a, err = enrol.Agree(tx, r.clerk(b.ID), r.App)
		}
	}
	return b, a, err
}

// Result is what pressing the button led to.
type Result struct {
	Registration Registration
	PaymentID    string // "" when nothing was to be paid
}

// Order is Bestellen en betalen. seen is the digest of what stood above the
// button. Pressed three times, in two tabs, or again after Back, it leads to one
// order and one payment. Without a price it makes a member at once.
func (o *Office) Order(tx *sqldb.Tx, v Visitor, library branch.Organisation, seen string) (Result, error) {
	r, err := Current(tx, v, library.ID)
	if errors.Is(err, ErrNone) {
		own, found, err := ownCustomer(tx, v, library.ID)
		switch {
		case err != nil:
			return Result{}, err
		case found && !own.Ended(day.Of(tx.Now)): // Back, after paying
			return Result{}, ErrMember
		}
	}
	if err != nil {
		return Result{}, err
	}
	if r.State == Open {
		if r, err = o.agree(tx, r, seen); err != nil {
			return Result{}, err
		}
	}
	if r.Agreed.BuildUp.Balance == 0 {
		r, err = o.becomeMember(tx, r, nil)
		return Result{Registration: r}, err
	}
	provider := o.Provider()
	if provider == "" {
		return Result{}, payment.ErrNotNow
	}
	p, err := payment.Start(tx, payment.New{
		OrganisationID: r.OrganisationID, OrderID: r.ID, Provider: provider, Cents: r.Agreed.BuildUp.Balance,
		Text: library.Name + ": " + r.Agreed.Definition.NameNL, Lang: v.Lang,
	})
	if errors.Is(err, payment.ErrOver) {
		err = nil
	}
	return Result{Registration: r, PaymentID: p.ID}, err
}

// agree checks the whole form and freezes what it comes to.
func (o *Office) agree(tx *sqldb.Tx, r Registration, seen string) (Registration, error) {
	b, agreed, err := Agree(tx, r)
	if err != nil {
		return r, err
	}
	if agreed.BuildUp.Digest() != seen {
		return r, ErrChanged
	}
	if err := throttle.Take(tx, []throttle.Counter{{Rule: perAccount, Key: r.AccountID}}); err != nil {
		return r, err
	}
	if err := o.onlyOnce(tx, r, agreed.Definition); err != nil {
		return r, err
	}
	app, err := o.knownPeople(tx, r, b)
	if err != nil {
		return r, err
	}
	app.BuildUp, app.Account, app.Username = seen, enrol.ExistingAccount, r.Username
	if !r.Child(day.Of(tx.Now)) { // who grew up since, or mended the birth date, has no page to mend a parent on
		app.Guardian, app.GuardianEmail = "", ""
	}
	if err := enrol.Check(tx, r.clerk(b.ID), app, enrol.AllSteps); err != nil {
		return r, err
	}
	r.App, r.BranchID, r.Agreed, r.TextVersion = app, b.ID, &agreed, TextVersion
	won, err := order(tx, r)
	if err == nil && !won {
		err = ErrOrdered // another tab was sooner; the serializable transaction lets this one see it
	}
	if err != nil {
		return r, err
	}
	r.State, r.OrderedAt = Ordered, tx.Now
	return r, audit.Record(tx, audit.Entry{Actor: r.actor(), Act: "registration.ordered", Object: "registration:" + r.ID, Branch: b.ID, Detail: agreed.Definition.Code})
}

// perAccount slows down who orders again and again: each order asks the provider
// for a payment, each contract sends a letter, and each refusal of somebody whom
// we know tells a little about a neighbour. Ten are free, for a payment that does
// not want to work.
var perAccount = throttle.Rule{Name: "registration.order", Free: 10, First: 30 * time.Second, Most: time.Hour, Forget: time.Hour}

// onlyOnce lets a free trial be taken once: a price of nothing for some months is
// to try, not to live on. Withdrawing from one does not give it back.
func (o *Office) onlyOnce(tx *sqldb.Tx, r Registration, d membership.Definition) error {
	if d.Price > 0 || d.Kind != membership.Temporary {
		return nil
	}
	own, found, err := ownCustomer(tx, Visitor{AccountID: r.AccountID}, r.OrganisationID)
	if err != nil || !found {
		return err
	}
	periods, err := membership.Of(tx, own.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(periods, func(m membership.Membership) bool { return m.Code == d.Code }) {
		return ErrOnce
	}
	return nil
}

func (r Registration) actor() string { return "account:" + r.AccountID }

// knownPeople looks for people like the one on the form. A member is not made a
// member twice: where the address agrees too, of the house or for mail, the form
// stops, and the one we know hears of it at the address that we know. Name and
// birth date alone stop nobody, or whoever knows a name could try out birthdays
// until the form stops. They go on as somebody new, as does a former member who
// came without the account of then, and a worker looks whether they are one.
func (o *Office) knownPeople(tx *sqldb.Tx, r Registration, b branch.Branch) (enrol.Application, error) {
	app := r.App
	app.Reason, app.Seen = "", ""
	matches, err := enrol.Duplicates(tx, r.clerk(b.ID), app)
	if err != nil {
		return app, err
	}
	today := day.Of(tx.Now)
	var alike []customer.Match
	for _, m := range matches {
		switch {
		case !m.Same:
		case !m.Ended(today) && neighbour(m):
			return app, ErrKnown
		default:
			alike = append(alike, m)
		}
	}
	if len(alike) > 0 {
		app.Reason, app.Seen = "Online ingeschreven", enrol.SeenOf(alike)
	}
	return app, nil
}

// neighbour reports whether somebody alike lives in the same house or has the
// same mailbox.
func neighbour(m customer.Match) bool {
	return slices.Contains(m.Fields, customer.FieldAddress) || slices.Contains(m.Fields, customer.FieldEmail)
}

// Paid makes a member of whoever paid: the one place where money becomes a
// membership.
func (o *Office) Paid(tx *sqldb.Tx, p payment.Payment) (surplus string, err error) {
	r, err := Find(tx, p.OrderID)
	switch {
	case errors.Is(err, ErrNone):
		return reasonDropped, nil
	case err != nil:
		return "", err
	case r.State == Member:
		return reasonMember, nil
	case r.State == Dropped || r.Agreed == nil:
		return reasonDropped, nil
	case r.Agreed.BuildUp.Balance != p.Cents || r.App.Membership != r.Agreed.Definition.Code || !r.asOldAsAgreed():
		return reasonOther, nil
	}
	if _, err := o.becomeMember(tx, r, &p); err != nil {
		return "", err
	}
	if err := abandon(tx, r.ID); err != nil { // an earlier payment came after all: nobody is to pay the later one too
		return "", err
	}
	if tx.Now.Sub(r.OrderedAt) <= late {
		return "", nil
	}
	return "", task.Add(tx, task.Task{OrganisationID: p.OrganisationID, Kind: task.LateMember, Object: "payment:" + p.ID, Facts: []task.Fact{
		{Key: "task.fact.payment", Value: p.Cents.String() + " · " + p.Text},
	}})
}

// asOldAsAgreed reports whether the form, which may have been changed after the
// payment was stopped, is still about somebody of the age that was charged: of a
// child nothing may be taken (Wsob, art. 13).
func (r Registration) asOldAsAgreed() bool {
	birth := r.App.BirthDay()
	return birth != "" && birth.Age(r.Agreed.BuildUp.Start) == r.Agreed.BuildUp.Age
}

// becomeMember enrols the visitor, books the money, and sends the contract.
func (o *Office) becomeMember(tx *sqldb.Tx, r Registration, p *payment.Payment) (Registration, error) {
	if r.App.Seen != "" { // former members at the time of the order; one may have come back since
		app, err := o.knownPeople(tx, r, branch.Branch{ID: r.BranchID})
		if err != nil {
			return r, err
		}
		r.App = app
	}
	alike := r.App.Seen
	done, err := o.Enrol.EnrolOnline(tx, r.clerk(r.BranchID), r.App, r.Username, *r.Agreed)
	if err != nil {
		return r, err
	}
	if p != nil {
		if _, err := ledger.Receive(tx, r.booking(done.CustomerID, done.MembershipID, received(p.ID), p.Cents, p.Text)); err != nil {
			return r, err
		}
	}
	r.WithdrawUntil = LastDay(day.Of(tx.Now))
	won, err := becomeMember(tx, r.ID, done.CustomerID, done.MembershipID, r.WithdrawUntil)
	if err != nil {
		return r, err
	}
	if !won {
		return r, ErrMember
	}
	app := r.App
	r.State, r.CustomerID, r.MembershipID, r.MemberAt, r.App = Member, done.CustomerID, done.MembershipID, tx.Now, enrol.Application{}
	if alike != "" {
		others, err := numbersOf(tx, alike)
		if err != nil {
			return r, err
		}
		err = task.Add(tx, task.Task{OrganisationID: r.OrganisationID, Kind: task.LooksAlike, Object: "customer:" + r.CustomerID, Facts: []task.Fact{
			{Key: "task.fact.number", Value: done.Number}, {Key: "task.fact.other", Value: others},
		}})
		if err != nil {
			return r, err
		}
	}
	return r, o.mailContract(tx, r, app, done, p)
}

// numbersOf are the customer numbers behind a list of ids; who is gone is left out.
func numbersOf(tx *sqldb.Tx, ids string) (string, error) {
	var numbers []string
	for id := range strings.SplitSeq(ids, ",") {
		switch c, err := customer.Find(tx, id); {
		case err == nil:
			numbers = append(numbers, c.Number)
		case !errors.Is(err, customer.ErrUnknown):
			return "", err
		}
	}
	return strings.Join(numbers, ", "), nil
}

// received is the ledger's command for money that came in by a payment.
func received(paymentID string) string { return "payment:" + paymentID }

func (r Registration) booking(customerID, membershipID, command string, cents money.Cents, text string) ledger.Booking {
	return ledger.Booking{Command: command, CustomerID: customerID, Cents: cents, Subject: ledger.Contribution, ObjectID: membershipID, Text: text, BranchID: r.BranchID}
}

// Surplus books money that goes back at once, where it came from somebody we
// know, and tells them. Of a customer the task tells by itself who it is; of
// whoever did not become one it tells what they typed.
func (o *Office) Surplus(tx *sqldb.Tx, p payment.Payment) (who []task.Fact, err error) {
	r, err := Find(tx, p.OrderID)
	if errors.Is(err, ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if r.CustomerID != "" {
		if _, err := ledger.Receive(tx, r.booking(r.CustomerID, r.MembershipID, received(p.ID), p.Cents, p.Text)); err != nil {
			return nil, err
		}
		return nil, o.mailSurplus(tx, r, p)
	}
	if name := strings.Join(strings.Fields(r.App.Initials+" "+r.App.Prefix+" "+r.App.Surname), " "); name != "" {
		who = append(who, task.Fact{Key: "task.fact.name", Value: name})
	}
	if r.App.Email != "" {
		who = append(who, task.Fact{Key: "task.fact.email", Value: r.App.Email})
	}
	if err := o.reopen(tx, r.ID); err != nil {
		return nil, err
	}
	return who, o.mailSurplus(tx, r, p)
}

// reopen takes an order back to its form, unless another payment of it is under way.
func (o *Office) reopen(tx *sqldb.Tx, id string) error {
	list, err := payment.OfOrder(tx, id)
	if err != nil || slices.ContainsFunc(list, payment.Payment.Live) {
		return err
	}
	return reopen(tx, id)
}

// Over takes an order whose payment ended without money back to its form, so that
// it can be tried again with nothing lost.
func (o *Office) Over(tx *sqldb.Tx, p payment.Payment) error { return reopen(tx, p.OrderID) }

// Moved books money that went back, where it had been booked as received.
func (o *Office) Moved(tx *sqldb.Tx, p payment.Payment, m payment.Movement) error {
	r, err := Find(tx, p.OrderID)
	if errors.Is(err, ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	booked, err := ledger.Booked(tx, received(p.ID))
	if err != nil {
		return err
	}
	if booked {
		b := r.booking(r.CustomerID, r.MembershipID, m.ID, m.Cents, p.Text)
		switch m.Kind {
		case payment.Repaid, payment.ChargedBack:
			_, err = ledger.Return(tx, b)
		case payment.CameBack:
			_, err = ledger.Receive(tx, b)
		}
		if err != nil {
			return err
		}
	}
	if m.Kind == payment.Repaid && m.Reason != payment.SurplusReason {
		return o.mailRepaid(tx, r, p, m.Cents)
	}
	return nil
}

// Stop ends the payment of an order at the visitor's wish and takes it back to
// its form.
func (o *Office) Stop(tx *sqldb.Tx, r Registration) error {
	if err := abandon(tx, r.ID); err != nil {
		return err
	}
	return reopen(tx, r.ID)
}

// abandon ends the payment of an order that lives, if there is one.
func abandon(tx *sqldb.Tx, orderID string) error {
	list, err := payment.OfOrder(tx, orderID)
	if err != nil {
		return err
	}
	for _, p := range list {
		if p.Live() {
			if err := payment.Abandon(tx, p.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

var _ payment.Orders = (*Office)(nil)

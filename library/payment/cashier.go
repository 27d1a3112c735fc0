package payment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"lidwoord/base/bell"
	"lidwoord/base/fault"
	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/library/task"
)

// Orders is whoever sells. It is told of each change once, in the transaction of
// that change. An error that a person may read (a fault) means that the order
// cannot use the money; any other error means that nothing happened, and the
// change is worked in again later.
type Orders interface {
	// Paid tells that the money is there. A surplus that is not "" is the reason
	// why the order has no use for it; it then goes back.
	Paid(tx *sqldb.Tx, p Payment) (surplus string, err error)
	// Surplus tells that the money of a payment has no use and goes back, and why:
	// the reason that Paid gave, or the key of its fault. It gives back what a worker
	// must know of the payer.
	Surplus(tx *sqldb.Tx, p Payment) ([]task.Fact, error)
	// Over tells that a payment ended without money.
	Over(tx *sqldb.Tx, p Payment) error
	// Moved tells that money of a payment went back, or did not.
	Moved(tx *sqldb.Tx, p Payment, m Movement) error
}

// Movement is money that went back.
type Movement struct {
	Kind   MovementKind
	Cents  money.Cents
	Reason string // of the refund
	ID     string // the refund's, or of the payment with the amount so far; the same at every try
}

// MovementKind says what happened.
type MovementKind string

const (
	Repaid      MovementKind = "repaid"       // a refund left
	NotRepaid   MovementKind = "not_repaid"   // a refund did not leave
	CameBack    MovementKind = "came_back"    // a refund that had left came back
	ChargedBack MovementKind = "charged_back" // the payer's bank took it
)

// Cashier talks with the providers. Its fields are set once; its methods may be
// called at the same time and on any number of nodes.
type Cashier struct {
	DB        *sqldb.DB
	Providers map[string]Provider // by name; old payments are asked after where they were made
	Use       string              // the name of the one for new payments; "" takes none
	Orders    Orders
	Return    func(paymentID string) string // page where the payer comes back
	Webhook   func(provider string) string  // address that a provider calls
	Log       *slog.Logger

	working sync.Mutex // see work
	nudging sync.Once
	nudges  chan string
}

// Open reports whether online payments are taken.
func (c *Cashier) Open() bool { return c.Providers[c.Use] != nil }

const (
	// providerTime is how long one call may take. A payer waits for the first.
	providerTime = 8 * time.Second
	// oldCheckout is how old a checkout page may be before we ask whether it is
	// still good: an iDEAL payment lives for about a quarter of an hour.
	oldCheckout = 5 * time.Minute
)

// Checkout returns where to send the payer's browser for a payment that lives.
// Asked again, also by another tab, it returns the same page.
func (c *Cashier) Checkout(ctx context.Context, id string) (address string, err error) {
	p, err := c.find(ctx, id)
	if err != nil {
		return "", err
	}
	if p.State == Open && c.DB.Now().Sub(p.BegunAt) > oldCheckout || c.unanswered(p) {
		if p, err = c.Look(ctx, id); err != nil {
			c.Log.WarnContext(ctx, "a payer waits for the payment provider", "payment", id, "err", err)
			return "", ErrSilent.Because(err)
		}
	}
	switch {
	case !p.Live():
		return "", ErrOver
	case p.State == Open:
		return p.checkout, nil
	}
	provider := c.Providers[p.Provider]
	if provider == nil {
		return "", ErrNotNow
	}
	asking, done := context.WithTimeout(ctx, providerTime)
	defer done()
	made, err := provider.Begin(asking, Order{Key: p.ID, Cents: p.Cents, Text: p.Text, Lang: p.Lang, Return: c.Return(p.ID), Webhook: c.Webhook(p.Provider)})
	switch {
	case errors.Is(err, ErrRefused):
		c.Log.ErrorContext(ctx, "the payment provider refuses an order", "payment", p.ID, "err", err)
		if err := c.DB.InTx(ctx, func(tx *sqldb.Tx) error { return c.giveUp(tx, p.ID, Failed) }); err != nil {
			return "", err
		}
		return "", ErrNotNow.Because(err)
	case err != nil:
		c.Log.WarnContext(ctx, "the payment provider does not answer", "payment", p.ID, "err", err)
		return "", ErrSilent.Because(err)
	}
	// The provider made it: that is written down also when the payer is gone by now.
	keep := context.WithoutCancel(ctx)
	over := false
	err = c.DB.InTx(keep, func(tx *sqldb.Tx) error {
		won, err := openPayment(tx, p.ID, made.ID, made.Checkout, tx.Now.Add(pause(0)))
		if err != nil || won {
			return err
		}
		now, err := Find(tx, p.ID)
		if over = err == nil && !now.Live(); over {
			return keepProviderID(tx, p.ID, made.ID, tx.Now.Add(pause(0)))
		}
		return err
	})
	if err == nil && over {
		err = ErrOver
	}
	return made.Checkout, err
}

// Hear takes a webhook's word that something changed, and believes only that
// somebody should ask. It answers before the provider does, and alike for an id
// that nobody has.
func (c *Cashier) Hear(ctx context.Context, provider, providerID string) error {
	return c.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		known, err := hurry(tx, provider, providerID)
		if err == nil && known {
			tx.After(woken.Ring)
		}
		return err
	})
}

// Look asks the provider how a payment fares and works the answer in. In vain it
// changes nothing: the sweep comes by, and only what it asked in vain counts. A page
// that a payer leaves open would otherwise use up a day's patience in a minute.
func (c *Cashier) Look(ctx context.Context, id string) (Payment, error) {
	p, _, err := c.ask(ctx, id)
	return p, err
}

// ask is Look that also gives back what the provider said, for who has to write
// down that it could not be worked in.
func (c *Cashier) ask(ctx context.Context, id string) (Payment, Outcome, error) {
	p, err := c.find(ctx, id)
	if err != nil {
		return Payment{}, Outcome{}, err
	}
	if p.ProviderID == "" {
		if p.State == begun && !c.unanswered(p) {
			return p, Outcome{}, nil
		}
		if err := c.DB.InTx(ctx, func(tx *sqldb.Tx) error { return c.giveUp(tx, id, Expired) }); err != nil {
			return p, Outcome{}, err
		}
		p, err = c.find(ctx, id)
		return p, Outcome{}, err
	}
	provider := c.Providers[p.Provider]
	if provider == nil {
		return p, Outcome{}, fmt.Errorf("payment: no provider %s is configured", p.Provider)
	}
	asking, done := context.WithTimeout(ctx, providerTime)
	defer done()
	o, err := provider.Outcome(asking, p.ProviderID)
	if err != nil {
		return p, Outcome{}, err
	}
	// What the provider said is worked in also when the asker is gone by now.
	ctx = context.WithoutCancel(ctx)
	if err := c.work(ctx, p, o); err != nil {
		return p, o, err
	}
	p, err = c.find(ctx, id)
	return p, o, err
}

// unanswered reports whether the provider's first answer will not come any more.
func (c *Cashier) unanswered(p Payment) bool {
	return p.State == begun && c.DB.Now().Sub(p.BegunAt) >= UnansweredLife
}

// giveUp ends a payment of which no provider knows, and asks after it no more. If
// an answer came in the meantime, it is a payment like any other.
func (c *Cashier) giveUp(tx *sqldb.Tx, id string, state State) error {
	p, err := Find(tx, id)
	if err != nil || p.ProviderID != "" {
		return err
	}
	if err := c.over(tx, p, state); err != nil {
		return err
	}
	return unschedule(tx, id)
}

// work applies an outcome of a payment that was asked after as it stands in p. An
// order that cannot use the money says so with a fault, half way perhaps; what it
// wrote is rolled back, and the money is surplus.
//
// One at a time on each node: whoever paid takes a number from the same range as
// the next, so that PostgreSQL lets one of them through and sends the others back
// to try again. A queue here is fairer, and wastes no work.
func (c *Cashier) work(ctx context.Context, p Payment, o Outcome) error {
	c.working.Lock()
	defer c.working.Unlock()
	surplus := ""
	for {
		err := c.DB.InTx(ctx, func(tx *sqldb.Tx) error { return c.apply(tx, p, o, surplus) })
		if err == nil || fault.KindOf(err) == fault.Internal || surplus != "" {
			return err
		}
		surplus = fault.Of(err)[0].Key
	}
}

var errAmount = errors.New("payment: the provider tells of another amount")

// apply works one outcome in: the only place where a payment changes by what a
// provider says. Each change passes its guard once, whoever noticed it and
// however often; an older answer that arrives late finds every guard shut.
func (c *Cashier) apply(tx *sqldb.Tx, asked Payment, o Outcome, surplus string) error {
	id := asked.ID
	p, err := Find(tx, id)
	if err != nil {
		return err
	}
	if o.Cents != p.Cents {
		return errAmount
	}
	switch o.State {
	case Paid:
		err = c.paid(tx, p, o, surplus)
	case Failed, Cancelled, Expired:
		err = c.over(tx, p, o.State)
	}
	if err != nil {
		return err
	}
	if p, err = Find(tx, id); err != nil {
		return err
	}
	for _, r := range o.Refunds {
		if err := c.refunded(tx, p, r); err != nil {
			return err
		}
	}
	if o.ChargedBack > p.ChargedBack {
		if err := c.chargedBack(tx, p, o.ChargedBack); err != nil {
			return err
		}
		p.ChargedBack = o.ChargedBack
	}
	back, err := RefundsOf(tx, id)
	if err != nil {
		return err
	}
	if err := trim(tx, p, back); err != nil {
		return err
	}
	// What could not be worked in before has its place now.
	for _, object := range []string{unheard(id), unplaced(id)} {
		if err := task.Resolve(tx, task.Stuck, object); err != nil {
			return err
		}
	}
	return schedule(tx, id, asked.due, next(p, o.State, back, tx.Now))
}

// trim keeps the promise of a refund within what is left of the money, once the
// payer's bank took some back or somebody paid back on the provider's own pages:
// the provider would refuse the rest for ever.
func trim(tx *sqldb.Tx, p Payment, list []Refund) error {
	left := p.Cents - p.ChargedBack // without what is only wanted yet
	for _, f := range list {
		if f.State == Underway || f.State == Done {
			left -= f.Cents
		}
	}
	for _, f := range list {
		if f.State != wanted {
			continue
		}
		if f.Cents > left {
			if err := shrinkRefund(tx, f.ID, max(left, 0)); err != nil {
				return err
			}
			// Its task, if there is one, told of another amount. Refused again it is a new one.
			if err := task.Resolve(tx, task.RefundWaits, "refund:"+f.ID); err != nil {
				return err
			}
			f.Cents = max(left, 0)
		}
		left -= f.Cents
	}
	return nil
}

func (c *Cashier) paid(tx *sqldb.Tx, p Payment, o Outcome, surplus string) error {
	at := o.PaidAt
	if at.IsZero() || at.After(tx.Now) {
		at = tx.Now
	}
	won, err := markPaid(tx, p.ID, o.Method, at)
	if err != nil || !won {
		return err
	}
	if p, err = Find(tx, p.ID); err != nil {
		return err
	}
	if surplus == "" {
		if surplus, err = c.Orders.Paid(tx, p); err != nil || surplus == "" {
			return err
		}
	}
	if err := setSurplus(tx, p.ID, surplus); err != nil {
		return err
	}
	p.Surplus = surplus
	if _, err := Want(tx, p.ID, p.Cents, SurplusReason); err != nil {
		return err
	}
	who, err := c.Orders.Surplus(tx, p)
	if err != nil {
		return err
	}
	return task.Add(tx, task.Task{OrganisationID: p.OrganisationID, Kind: task.Surplus, Object: "payment:" + p.ID, Facts: append(who, facts(p, surplus)...)})
}

// facts are what a worker needs to find a payment at the provider.
func facts(p Payment, reason string) []task.Fact {
	return []task.Fact{{Key: "task.fact.payment", Value: p.Provider + " " + p.ProviderID + " · " + p.Cents.String() + " · " + p.Text}, {Key: "task.fact.reason", Value: reason}}
}

func (c *Cashier) over(tx *sqldb.Tx, p Payment, state State) error {
	won, err := endLive(tx, p.ID, state)
	if err != nil || !won {
		return err
	}
	return c.Orders.Over(tx, p)
}

// refunded works in what the provider says of one refund.
func (c *Cashier) refunded(tx *sqldb.Tx, p Payment, r Refunded) error {
	known, err := refunds(tx, "payment_id = $1 AND (id = $2 OR provider_id = $3)", p.ID, r.Key, r.ID)
	if err != nil {
		return err
	}
	if len(known) == 0 {
		won, err := insertElsewhere(tx, Refund{ID: p.ID + "-" + r.ID, PaymentID: p.ID, Cents: r.Cents, Reason: Elsewhere + " " + r.ID, providerID: r.ID})
		if err != nil || !won {
			return err
		}
		if err := task.Add(tx, task.Task{OrganisationID: p.OrganisationID, Kind: task.OtherRefund, Object: "payment:" + p.ID + "#" + r.ID, Facts: facts(p, r.ID)}); err != nil {
			return err
		}
		return c.refunded(tx, p, r)
	}
	f := known[0]
	// Whoever finds out that the provider has it, we hear soon whether it has left.
	if won, err := takeOn(tx, f.ID, r.ID); err != nil {
		return err
	} else if won {
		if err := scheduleBy(tx, p.ID, tx.Now.Add(time.Minute)); err != nil {
			return err
		}
	}
	if err := task.Resolve(tx, task.RefundWaits, "refund:"+f.ID); err != nil {
		return err
	}
	// What left is what the provider says. Trimmed while it was asked for, a refund
	// may be of another amount over there.
	if r.Cents != f.Cents && f.State != Done && f.State != RefundFailed {
		if err := resizeRefund(tx, f.ID, r.Cents); err != nil {
			return err
		}
		f.Cents = r.Cents
		if err := task.Add(tx, task.Task{OrganisationID: p.OrganisationID, Kind: task.OtherRefund, Object: "refund:" + f.ID, Cents: f.Cents, Facts: facts(p, r.ID)}); err != nil {
			return err
		}
	}
	state := map[RefundState]RefundState{Done: Done, RefundFailed: RefundFailed}[r.State]
	if state == "" { // underway
		return nil
	}
	won, err := settleRefund(tx, f.ID, state)
	if err != nil || !won {
		return err
	}
	m := Movement{Kind: Repaid, Cents: f.Cents, Reason: f.Reason, ID: "refund:" + f.ID}
	if state != Done {
		m.Kind, m.ID = NotRepaid, m.ID+":failed"
		if f.State == Done {
			m.Kind = CameBack
		}
		if err := task.Add(tx, refundTask(task.RefundFailed, p, f)); err != nil {
			return err
		}
	}
	return c.Orders.Moved(tx, p, m)
}

func refundTask(kind task.Kind, p Payment, f Refund) task.Task {
	return task.Task{OrganisationID: p.OrganisationID, Kind: kind, Object: "refund:" + f.ID, Cents: f.Cents, Facts: facts(p, f.Reason)}
}

func (c *Cashier) chargedBack(tx *sqldb.Tx, p Payment, to money.Cents) error {
	won, err := raiseChargedBack(tx, p.ID, p.ChargedBack, to)
	if err != nil || !won {
		return err
	}
	m := Movement{Kind: ChargedBack, Cents: to - p.ChargedBack, ID: fmt.Sprintf("payment:%s:back:%d", p.ID, int64(to))}
	object := "payment:" + p.ID
	if p.ChargedBack > 0 { // the bank took more: a task of its own
		object += fmt.Sprintf("#%d", int64(to))
	}
	if err := task.Add(tx, task.Task{OrganisationID: p.OrganisationID, Kind: task.Chargeback, Object: object, Cents: m.Cents, Facts: facts(p, "")}); err != nil {
		return err
	}
	return c.Orders.Moved(tx, p, m)
}

func (c *Cashier) find(ctx context.Context, id string) (p Payment, err error) {
	err = c.DB.Read(ctx, func(tx *sqldb.Tx) error {
		p, err = Find(tx, id)
		return err
	})
	return p, err
}

var woken = bell.New()

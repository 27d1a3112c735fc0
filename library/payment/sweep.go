package payment

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/library/task"
)

const (
	// lookEvery is how often a node asks the database whether somebody is due.
	lookEvery = 2 * time.Second
	// lease is how long a node may take with one payment before another tries.
	lease = 30 * time.Second
	// hands is how many providers' answers one node waits for at a time.
	hands = 8
	// atOnce bounds one look.
	atOnce = 64
	// stuckAfter is how often paid money may fail to be worked in before it
	// becomes a task.
	stuckAfter = 3
	// unheardAfter is how often a payment may be asked after in vain before it
	// becomes a task: with growing pauses, most of a day. Nobody knows by then
	// whether it was paid.
	unheardAfter = 24
	// refundStuckAfter is how often a refund may be asked for in vain before it
	// becomes a task: with growing pauses, about an hour.
	refundStuckAfter = 6
	// nudgePause is the least time between two looks that payers ask for.
	nudgePause = 2 * time.Second
)

// pause grows with each look in vain: a payment that nobody settled in a minute
// was mostly abandoned, and the webhook usually comes first anyway.
func pause(looks int) time.Duration {
	return min(time.Minute<<min(looks, 6), time.Hour)
}

// How long after its last change a payment is asked after. A payment that ended
// without money can still be paid late; one that was paid can still be charged
// back, at Wero for 120 days.
const (
	lateMoney   = 48 * time.Hour
	chargebacks = 120 * 24 * time.Hour
	weekly      = 7 * 24 * time.Hour
	seldom      = 6 * time.Hour
)

// next is when to ask after a payment that was just asked after, as the provider
// said and we have it by now. Which refunds are underway our books say: a refund that
// was taken on while we asked is not in the answer.
func next(p Payment, there State, refunds []Refund, now time.Time) time.Time {
	age := now.Sub(p.BegunAt)
	switch {
	case p.Live() || there == Open: // over there it can still be paid, whatever we made of it
		return now.Add(min(max(time.Minute, age/4), seldom)) // after a minute at first, then less and less often
	case slices.ContainsFunc(refunds, func(f Refund) bool { return f.State == Underway }):
		return now.Add(seldom) // a member waits for the letter that the money has left
	case p.State == Paid && age < chargebacks:
		return now.Add(weekly)
	case p.State != Paid && age < lateMoney:
		return now.Add(max(15*time.Minute, age))
	}
	return time.Time{}
}

// Run asks after payments and refunds that are due until ctx ends.
func (c *Cashier) Run(ctx context.Context) error {
	clock := time.NewTicker(lookEvery)
	defer clock.Stop()
	var complained bool
	for {
		rung := woken.Wait() // before looking, so that no ring is missed in between
		err := c.Sweep(ctx)
		if err != nil && ctx.Err() == nil && !complained {
			c.Log.ErrorContext(ctx, "payments wait for the database", "err", err)
		}
		complained = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-rung:
		case <-clock.C:
		}
	}
}

// Sweep does what is due now, once: it asks after payments and asks for refunds.
// Tests turn the clock and call it; Run calls the same.
func (c *Cashier) Sweep(ctx context.Context) error {
	var pays, backs []string
	err := c.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if pays, err = duePayments(tx, atOnce); err != nil {
			return err
		}
		backs, err = dueRefunds(tx, atOnce)
		return err
	})
	if err != nil {
		return err
	}
	var busy sync.WaitGroup
	free := make(chan struct{}, hands)
	each := func(list []string, claim func(*sqldb.Tx, string, time.Time) (bool, error), do func(context.Context, string)) error {
		for _, id := range list {
			var won bool
			err := c.DB.InTx(ctx, func(tx *sqldb.Tx) (err error) {
				won, err = claim(tx, id, tx.Now.Add(lease))
				return err
			})
			if err != nil {
				return err
			}
			if !won {
				continue
			}
			free <- struct{}{}
			busy.Go(func() {
				defer func() { <-free }()
				do(ctx, id)
			})
		}
		return nil
	}
	err = errors.Join(each(pays, claimPayment, c.look), each(backs, claimRefund, c.payBack))
	busy.Wait()
	if len(pays) == atOnce || len(backs) == atOnce {
		woken.Ring() // more may be due: whoever runs looks again at once
	}
	return err
}

// look is Look for the sweep: it writes down what goes wrong, unless we stop.
func (c *Cashier) look(ctx context.Context, id string) {
	p, o, err := c.ask(ctx, id)
	if err == nil || ctx.Err() != nil {
		return
	}
	c.Log.WarnContext(ctx, "a payment waits", "payment", id, "err", err)
	if err := c.trouble(ctx, p, o, err); err != nil {
		c.Log.ErrorContext(ctx, "a payment's trouble was not written down", "payment", id, "err", err)
	}
}

// peek is Look for a page that a payer has open.
func (c *Cashier) peek(ctx context.Context, id string) {
	if _, err := c.Look(ctx, id); err != nil && ctx.Err() == nil {
		c.Log.WarnContext(ctx, "a payer waits for the payment provider", "payment", id, "err", err)
	}
}

// payBack asks the provider for a refund. The refund's id is its key over there,
// so that asking again after a lost answer pays once.
func (c *Cashier) payBack(ctx context.Context, id string) {
	var f Refund
	var p Payment
	err := c.DB.Read(ctx, func(tx *sqldb.Tx) error {
		list, err := refunds(tx, "id = $1", id)
		if err != nil || len(list) == 0 {
			return err
		}
		f = list[0]
		p, err = Find(tx, f.PaymentID)
		return err
	})
	if err != nil {
		c.Log.ErrorContext(ctx, "a refund was not found", "refund", id, "err", err)
	}
	if err != nil || f.State != wanted {
		return
	}
	provider := c.Providers[p.Provider]
	if provider == nil {
		err = errors.New("no provider " + p.Provider)
	} else {
		asking, done := context.WithTimeout(ctx, providerTime)
		defer done()
		var r Refunded
		if r, err = provider.Refund(asking, p.ProviderID, RefundOrder{Key: f.ID, Cents: f.Cents, Text: p.Text}); err == nil {
			r.Key = f.ID
			err = c.DB.InTx(context.WithoutCancel(ctx), func(tx *sqldb.Tx) error { return c.refunded(tx, p, r) })
		}
	}
	if err != nil {
		c.refundTrouble(ctx, p, f, err)
	}
}

// refundTrouble writes down that a refund was asked for in vain. Refused, or in
// vain for an hour, a person has to see to it. It stays due all the same: the
// balance at the provider may only have been too low.
func (c *Cashier) refundTrouble(ctx context.Context, p Payment, f Refund, cause error) {
	c.Log.WarnContext(ctx, "a refund waits", "payment", p.ID, "refund", f.ID, "err", cause)
	err := c.DB.InTx(context.WithoutCancel(ctx), func(tx *sqldb.Tx) error {
		looks, waits, err := noteRefundTrouble(tx, f.ID, code(cause), tx.Now.Add(pause(f.looks)))
		if err != nil || !waits || !errors.Is(cause, ErrRefused) && looks < refundStuckAfter {
			return err
		}
		return task.Add(tx, refundTask(task.RefundWaits, p, f))
	})
	if err != nil {
		c.Log.ErrorContext(ctx, "a refund's trouble was not written down", "refund", f.ID, "err", err)
	}
}

// trouble writes down that a payment was asked after in vain, and when to try
// again. Money that came and cannot be worked in becomes a task, and so does a
// payment of which nobody can say whether money came.
func (c *Cashier) trouble(ctx context.Context, p Payment, o Outcome, cause error) error {
	return c.DB.InTx(context.WithoutCancel(ctx), func(tx *sqldb.Tx) error {
		looks, err := noteTrouble(tx, p.ID, code(cause), p.due, tx.Now.Add(pause(p.looks)))
		if err != nil || looks < unheardAfter && (o.State != Paid || looks < stuckAfter) {
			return err
		}
		// Two tasks, so that whoever put the one away hears of the other.
		object, came := unheard(p.ID), money.Cents(0)
		if o.State == Paid {
			object, came = unplaced(p.ID), o.Cents
		}
		return task.Add(tx, task.Task{OrganisationID: p.OrganisationID, Kind: task.Stuck, Object: object, Cents: came, Facts: facts(p, code(cause))})
	})
}

// unheard names the task of a payment of which nobody can say whether money came,
// and unplaced that of money which came and cannot be worked in.
func unheard(id string) string  { return "payment:" + id }
func unplaced(id string) string { return "payment:" + id + "#paid" }

// code is what is kept of an error: its kind, never a text from outside.
func code(err error) string {
	switch {
	case errors.Is(err, errAmount):
		return "amount"
	case errors.Is(err, ErrUnknown):
		return "unknown"
	case errors.Is(err, ErrRefused):
		return "refused"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return "failed"
}

// Nudge asks for a look soon, from a page that a payer has open. It writes
// nothing and never waits; pages that ask too often are not heard.
func (c *Cashier) Nudge(id string) {
	c.nudging.Do(c.openEar)
	select {
	case c.nudges <- id:
	default:
	}
}

// Listen looks at what payers' pages ask for, until ctx ends.
func (c *Cashier) Listen(ctx context.Context) error {
	c.nudging.Do(c.openEar)
	last := map[string]time.Time{}
	free := make(chan struct{}, hands)
	for {
		select {
		case <-ctx.Done():
			return nil
		case id := <-c.nudges:
			now := c.DB.Now()
			if now.Sub(last[id]) < nudgePause {
				continue
			}
			for old, at := range last {
				if now.Sub(at) >= nudgePause {
					delete(last, old)
				}
			}
			last[id] = now
			select {
			case free <- struct{}{}:
				go func() {
					defer func() { <-free }()
					c.peek(ctx, id)
				}()
			default: // the sweep comes by soon enough
			}
		}
	}
}

func (c *Cashier) openEar() { c.nudges = make(chan string, atOnce) }

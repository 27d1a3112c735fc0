package testbank

import (
	"context"
	"fmt"
	"time"

	"lidwoord/base/job"
	"lidwoord/base/sqldb"
	"lidwoord/library/payment"
)

// Choice is a button on the bank's pages.
type Choice string

const (
	// What a payer presses, on a payment that is open.
	Paid      Choice = "paid"
	Failed    Choice = "failed"
	Cancelled Choice = "cancelled"
	Expired   Choice = "expired"
	Later     Choice = "later" // stays open; paid by itself after LaterAfter

	// What may happen afterwards.
	PaidAfterAll  Choice = "paid_after_all" // said to have failed, cancelled or expired, and yet paid
	ChargedBack   Choice = "charged_back"   // the payer's bank takes back what is left
	AccountClosed Choice = "account_closed" // refunds from now on, and those underway, fail
)

// LaterAfter is how long a payment that was left for later stays open: long
// enough to see what the shop says meanwhile.
const LaterAfter = time.Minute

// tickEvery is how exact the bank's clock is: what is due happens at most this
// much later.
const tickEvery = 15 * time.Second

// Choose does what was pressed, and returns the payment as it is afterwards. A
// button that does not fit a payment (any more) changes nothing: who compares
// sees that somebody was first.
func (b *Bank) Choose(ctx context.Context, id string, c Choice) (p Payment, found bool, err error) {
	err = b.db.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := b.choose(tx, id, c); err != nil {
			return err
		}
		p, found, err = findPayment(tx, id)
		return err
	})
	return p, found, err
}

func (b *Bank) choose(tx *sqldb.Tx, id string, c Choice) (err error) {
	var webhook string
	var won bool
	switch c {
	case Paid, Failed, Cancelled, Expired:
		webhook, won, err = settleOpen(tx, id, payment.State(c))
	case PaidAfterAll:
		webhook, won, err = payAfterAll(tx, id)
	case ChargedBack:
		webhook, won, err = takeBack(tx, id)
	case Later: // the shop is told nothing, as it would see nothing new
		return leaveOpen(tx, id, tx.Now.Add(LaterAfter))
	case AccountClosed:
		return closeAccount(tx, id)
	default:
		return fmt.Errorf("testbank: there is no button %q", c)
	}
	if won {
		b.tell(tx, id, webhook)
	}
	return err
}

// Tick does what is due: it pays what was left for later, and lets refunds that
// are underway arrive or fail.
func (b *Bank) Tick(ctx context.Context) error { return b.db.InTx(ctx, b.tick) }

// Jobs is the bank's periodic work.
func (b *Bank) Jobs() []job.Periodic {
	return []job.Periodic{{Name: "testbank.tick", Every: tickEvery, Do: b.tick}}
}

func (b *Bank) tick(tx *sqldb.Tx) error {
	changed, err := payDue(tx)
	if err != nil {
		return err
	}
	refunded, err := endRefunds(tx)
	if err != nil {
		return err
	}
	webhooks, err := webhooksOf(tx, append(changed, refunded...))
	for id, webhook := range webhooks {
		b.tell(tx, id, webhook)
	}
	return err
}

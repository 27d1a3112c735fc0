// Package payment is one online payment from the click to the bank's answer, and
// the money that goes back. What the money is for it does not know: an order is
// a name, and whoever sells fills [Orders].
//
//	Start     a payment for an order; the one that lives, however often it is asked
//	Abandon   the payer thinks better of it
//	Want      money goes back, once for each reason
//	Find, OfOrder, Used, Left, FindRefund, RefundsOf   how it stands; they only read
//	Cashier   talks with the provider: Checkout, Hear (the webhook), Look, Nudge and Listen (a payer's page), Run and Sweep
//
// # One function
//
// Whatever the provider says is worked in by one function, [Cashier.apply], in
// one transaction whose WHERE lets each change through once. It does not matter
// who noticed: the webhook, which may come before the payer, twice, late, never
// or forged, the payer's return, or the sweep that asks after every payment that
// is open. None of them is believed; each is a reason to ask the provider.
//
// # Money always has a place
//
// A payment that became paid is used by its order in the same transaction, or
// is surplus: then it goes back and a task tells the staff. What cannot be worked
// in stays due and becomes a task. So money paid is always memberships paid for,
// plus refunds, plus open tasks.
package payment

import (
	"embed"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/money"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
)

// Words are this room's sentences.
//
//go:embed words.*.txt
var Words embed.FS

// Begun is the state of a payment of which no provider knows yet: we have not
// asked, or its answer was lost. Nobody can pay it.
const begun State = "begun"

// UnansweredLife is how long a payment waits for the provider's first answer.
// Providers remember a key for an hour (Mollie); asked later they would make a
// second payment under it.
const UnansweredLife = 50 * time.Minute

// Payment is one try to pay an order.
type Payment struct {
	ID             string // also the key at the provider; whoever knows it may see how it fares
	OrganisationID string
	OrderID        string
	Provider       string // "mollie", "testbank"
	ProviderID     string // "" until the provider has answered
	Cents          money.Cents
	Text           string
	Lang           words.Lang
	State          State
	Method         string // the provider's word, only ever shown
	Surplus        string // why nothing was given for the money; "" when something was
	ChargedBack    money.Cents
	BegunAt        time.Time
	SettledAt      time.Time // of the last change of state
	PaidAt         time.Time // zero unless paid

	checkout string
	due      time.Time // when the provider is asked next
	looks    int
}

// Live reports whether the payer can still pay, as far as we know.
func (p Payment) Live() bool { return p.State == Open || p.State == begun }

// Refund is money that goes back.
type Refund struct {
	ID        string
	PaymentID string
	Cents     money.Cents
	Reason    string
	State     RefundState // wanted until the provider took it on
	WantedAt  time.Time
	SettledAt time.Time

	providerID string
	looks      int
}

// wanted is the state of a refund of which the provider does not know yet.
const wanted RefundState = "wanted"

// SurplusReason is the reason of a refund of money that nothing was given for.
const SurplusReason = "surplus"

// Elsewhere is the reason of a refund that was made on the provider's own pages.
const Elsewhere = "elsewhere"

var (
	// ErrNone means that there is no such payment.
	ErrNone = fault.New(fault.NotFound, "payment.none")
	// ErrOver means that a payment is over, one way or the other.
	ErrOver = fault.New(fault.Conflict, "payment.over")
	// ErrSilent means that the provider does not answer; trying again is safe.
	ErrSilent = fault.New(fault.Unavailable, "payment.silent")
	// ErrNotNow means that the provider takes no payment of this kind.
	ErrNotNow = fault.New(fault.Unavailable, "payment.not_now")
	// ErrMoreThanPaid means that more should go back than came in.
	ErrMoreThanPaid = fault.New(fault.Conflict, "payment.more_than_paid")
)

// New asks for a payment.
type New struct {
	OrganisationID string
	OrderID        string
	Provider       string
	Cents          money.Cents
	Text           string
	Lang           words.Lang
}

// Start returns the payment of an order that can be paid now, and makes one when
// there is none. Three clicks and two tabs get the same one. An order for which
// money came already gets no second payment: ErrOver.
func Start(tx *sqldb.Tx, n New) (Payment, error) {
	live, found, err := livePayment(tx, n.OrderID)
	if err != nil {
		return Payment{}, err
	}
	if found && live.Cents == n.Cents {
		return live, nil
	}
	if found { // the order costs something else by now
		if _, err := endLive(tx, live.ID, Cancelled); err != nil {
			return Payment{}, err
		}
	}
	used, found, err := usedPayment(tx, n.OrderID)
	if err != nil {
		return Payment{}, err
	}
	if found {
		return used, ErrOver
	}
	p := Payment{
		ID: secret.NewID(), OrganisationID: n.OrganisationID, OrderID: n.OrderID, Provider: n.Provider, Cents: n.Cents,
		Text: n.Text, Lang: n.Lang, State: begun, BegunAt: tx.Now,
	}
	won, err := insertPayment(tx, p, tx.Now.Add(UnansweredLife))
	if err != nil {
		return Payment{}, err
	}
	if !won { // another tab was a moment sooner
		p, _, err = livePayment(tx, n.OrderID)
	}
	return p, err
}

// Abandon ends a payment at the payer's wish, so that the order may change. The
// provider may still say later that it was paid; that is worked in like any
// other money.
func Abandon(tx *sqldb.Tx, id string) error {
	won, err := endLive(tx, id, Cancelled)
	if err == nil && !won {
		err = ErrOver
	}
	return err
}

// Want notes that money of a payment goes back, for a reason that pays back
// once. The cashier asks the provider for it. Never more goes back than came in.
func Want(tx *sqldb.Tx, paymentID string, cents money.Cents, reason string) (Refund, error) {
	r := Refund{ID: secret.NewID(), PaymentID: paymentID, Cents: cents, Reason: reason, State: wanted, WantedAt: tx.Now}
	won, err := insertRefund(tx, r)
	if err != nil {
		return Refund{}, err
	}
	if won {
		tx.After(woken.Ring)
		return r, nil
	}
	have, err := refunds(tx, "payment_id = $1 AND reason = $2", paymentID, reason)
	if err == nil && len(have) == 0 {
		err = ErrMoreThanPaid
	}
	if err != nil {
		return Refund{}, err
	}
	return have[0], nil
}

// Find returns a payment.
func Find(tx *sqldb.Tx, id string) (Payment, error) {
	p, found, err := onePayment(tx, "id = $1", id)
	if err == nil && !found {
		err = ErrNone
	}
	return p, err
}

// OfOrder returns every payment of an order, the newest first.
func OfOrder(tx *sqldb.Tx, orderID string) ([]Payment, error) {
	return payments(tx, "order_id = $1 ORDER BY begun_at DESC, id DESC", orderID)
}

// Used returns the payment whose money an order used; found is false when it
// used none.
func Used(tx *sqldb.Tx, orderID string) (Payment, bool, error) { return usedPayment(tx, orderID) }

// FindRefund returns a refund.
func FindRefund(tx *sqldb.Tx, id string) (Refund, error) {
	list, err := refunds(tx, "id = $1", id)
	if err == nil && len(list) == 0 {
		err = ErrNone
	}
	if err != nil {
		return Refund{}, err
	}
	return list[0], nil
}

// Left is what is left with us of the money of a payment: what the payer's bank
// took back is gone, and what is to go back is spoken for.
func Left(tx *sqldb.Tx, p Payment) (money.Cents, error) {
	list, err := RefundsOf(tx, p.ID)
	left := p.Cents - p.ChargedBack
	for _, f := range list {
		if f.State != RefundFailed {
			left -= f.Cents
		}
	}
	return left, err
}

// RefundsOf returns what goes back of a payment, oldest first.
func RefundsOf(tx *sqldb.Tx, paymentID string) ([]Refund, error) {
	return refunds(tx, "payment_id = $1 ORDER BY wanted_at, id", paymentID)
}

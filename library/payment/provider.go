package payment

import (
	"context"
	"errors"
	"time"

	"lidwoord/base/money"
	"lidwoord/base/words"
)

// Provider is a company that takes money on the web for the library. It is
// declared here and filled on the outside wall: adapter/mollie in life,
// adapter/testbank in the demo. Its methods speak with a network, so they are
// never called inside a transaction.
//
// An error that wraps ErrRefused will not get better by trying again; every
// other error may. Neither says that nothing happened over there: an answer may
// have been lost, which is why each order carries a key.
type Provider interface {
	// Begin makes a payment over there. Called again with the same Key it gives
	// the payment of that time back and makes no second one.
	Begin(ctx context.Context, o Order) (Begun, error)
	// Outcome tells how a payment fares now, with all that went back since.
	Outcome(ctx context.Context, providerID string) (Outcome, error)
	// Refund pays back. Called again with the same Key it gives the refund of
	// that time back and pays no second time, also long after an answer was lost.
	Refund(ctx context.Context, providerID string, r RefundOrder) (Refunded, error)
}

var (
	// ErrRefused means that the provider will not do it, now or later.
	ErrRefused = errors.New("payment: refused by the provider")
	// ErrUnknown means that the provider knows no such payment. It is an ErrRefused.
	ErrUnknown = errors.Join(ErrRefused, errors.New("payment: unknown to the provider"))
)

// Order asks a provider for a payment.
type Order struct {
	Key     string      // our payment's id: 26 letters, never used for another
	Cents   money.Cents // more than zero
	Text    string      // what it is for, as the payer's bank shows it; names nobody
	Lang    words.Lang
	Return  string // where the payer's browser goes afterwards, whatever the outcome
	Webhook string // where the provider tells that something changed
}

// Begun is a payment that waits for its payer.
type Begun struct {
	ID       string // the provider's name for it
	Checkout string // where to send the payer's browser
}

// State of a payment. It goes from Open to one of the others. A provider may
// still say Paid after it said Failed, Cancelled or Expired; it never takes Paid
// back: money that returns is a refund or a chargeback.
type State string

const (
	Open      State = "open"
	Paid      State = "paid"
	Failed    State = "failed"
	Cancelled State = "cancelled"
	Expired   State = "expired"
)

// Outcome is what a provider says of a payment.
type Outcome struct {
	State       State
	Cents       money.Cents // of the payment
	Method      string      // how it was paid, in the provider's word; only ever shown
	Refunds     []Refunded  // all, oldest first, also those made on the provider's own pages
	ChargedBack money.Cents // taken back by the payer's bank, in all
	PaidAt      time.Time   // zero unless Paid
}

// RefundOrder asks a provider to pay back.
type RefundOrder struct {
	Key   string // our refund's id
	Cents money.Cents
	Text  string
}

// RefundState is how a refund fares.
type RefundState string

const (
	Underway     RefundState = "underway" // taken on; the money will leave
	Done         RefundState = "done"     // the money left
	RefundFailed RefundState = "failed"   // the money is still here, such as when the account was closed
)

// Refunded is a refund as the provider tells it.
type Refunded struct {
	ID    string // the provider's name for it
	Key   string // our refund's id, "" for one that was made elsewhere
	Cents money.Cents
	State RefundState
}

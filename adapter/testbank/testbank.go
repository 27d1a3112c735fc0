// Package testbank is the payment provider of the demo and of the browser tests:
// a bank in which no money is. It fills the port payment.Provider, and behaves as
// a real one does: it remembers keys, tells the shop by a webhook, and may be
// paid, failed, left for later, refunded and charged back.
//
//	New       makes the bank, in the demo only
//	Begin, Outcome, Refund   are the port: what the shop asks
//	Find, Recent             are what the bank's pages show
//	Choose    is what a person presses on those pages
//	Tick      does what is due: payments left for later, refunds underway; Jobs has it done
//	Wait      waits for the webhooks that are being called
//
// All is kept in tables of its own, so that a payment outlives a restart of the
// demo. The pages are the door web/testbank.
package testbank

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"lidwoord/base/money"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/library/payment"
)

// Method is what the bank calls the way in which everything is paid.
const Method = "testbank"

// Bank is the demo's bank.
type Bank struct {
	db     *sqldb.DB
	at     string // of its pages, without a slash at the end
	client *http.Client
	calls  sync.WaitGroup // webhooks that are being called
}

var _ payment.Provider = (*Bank)(nil)

// New makes the bank whose pages stand at an address. It refuses a house that is
// no demo: anybody could be a member there for nothing.
func New(db *sqldb.DB, at *url.URL, demo bool) (*Bank, error) {
	if !demo {
		return nil, errors.New("testbank: the bank without money opens in the demo only")
	}
	if at == nil {
		return nil, errors.New("testbank: the bank's pages have no address")
	}
	return &Bank{db: db, at: strings.TrimSuffix(at.String(), "/"), client: newClient()}, nil
}

// Payment is what the bank knows of a payment. Its types are of the foundation
// only, so that the roof can hand it to a door that knows no adapter.
type Payment struct {
	ID            string // "tb_…"
	Cents         money.Cents
	Text          string
	Lang          words.Lang
	Return        string // where the payer goes afterwards
	State         string // a payment.State
	BegunAt       time.Time
	DueAt         time.Time // when the bank pays by itself; zero unless it was left for later
	PaidAt        time.Time // zero unless paid
	Underway      money.Cents
	Refunded      money.Cents
	RefundFailed  money.Cents
	ChargedBack   money.Cents
	AccountClosed bool // refunds fail
}

// langParam opens the page in the payer's language, as all pages of the house
// have it.
const langParam = "taal"

// Begin opens a payment. The same key gives the payment of that time back.
func (b *Bank) Begin(ctx context.Context, o payment.Order) (payment.Begun, error) {
	if err := check(o); err != nil {
		return payment.Begun{}, err
	}
	id, cents := "", money.Cents(0)
	err := b.db.InTx(ctx, func(tx *sqldb.Tx) (err error) {
		if err := insertPayment(tx, "tb_"+secret.NewID(), o); err != nil {
			return err
		}
		id, cents, err = paymentOfKey(tx, o.Key)
		return err
	})
	if err != nil {
		return payment.Begun{}, err
	}
	if cents != o.Cents {
		return payment.Begun{}, fmt.Errorf("testbank: the key was used for another amount: %w", payment.ErrRefused)
	}
	return payment.Begun{ID: id, Checkout: b.at + "/" + id + "?" + url.Values{langParam: {string(o.Lang)}}.Encode()}, nil
}

// check refuses what a real provider would refuse, and a webhook that is not on
// this machine: a demo calls nobody else.
func check(o payment.Order) error {
	back, err := url.Parse(o.Return)
	switch {
	case o.Key == "":
		return fmt.Errorf("testbank: an order without a key: %w", payment.ErrRefused)
	case o.Cents <= 0:
		return fmt.Errorf("testbank: an amount of %d cents: %w", o.Cents, payment.ErrRefused)
	case err != nil || back.Host == "" || back.Scheme != "http" && back.Scheme != "https":
		return fmt.Errorf("testbank: nowhere to return to: %w", payment.ErrRefused)
	case o.Webhook != "" && !local(o.Webhook):
		return fmt.Errorf("testbank: the webhook is not on this machine: %w", payment.ErrRefused)
	}
	return nil
}

// Outcome tells how a payment fares.
func (b *Bank) Outcome(ctx context.Context, id string) (o payment.Outcome, err error) {
	err = b.db.Read(ctx, func(tx *sqldb.Tx) error {
		p, found, err := findPayment(tx, id)
		if err == nil && !found {
			err = fmt.Errorf("testbank: %w", payment.ErrUnknown)
		}
		if err != nil {
			return err
		}
		o = payment.Outcome{State: payment.State(p.State), Cents: p.Cents, Method: Method, ChargedBack: p.ChargedBack, PaidAt: p.PaidAt}
		o.Refunds, err = refundsOf(tx, id)
		return err
	})
	return o, err
}

// Refund takes a refund on; the money leaves at the next tick. The same key
// gives the refund of that time back.
func (b *Bank) Refund(ctx context.Context, id string, r payment.RefundOrder) (done payment.Refunded, err error) {
	if r.Key == "" || r.Cents <= 0 {
		return done, fmt.Errorf("testbank: a refund of %d cents, or without a key: %w", r.Cents, payment.ErrRefused)
	}
	err = b.db.InTx(ctx, func(tx *sqldb.Tx) error {
		if _, found, err := findPayment(tx, id); err != nil {
			return err
		} else if !found {
			return fmt.Errorf("testbank: %w", payment.ErrUnknown)
		}
		if err := insertRefund(tx, "tbr_"+secret.NewID(), id, r); err != nil {
			return err
		}
		of, have, found, err := refundOfKey(tx, r.Key)
		switch {
		case err != nil:
			return err
		case !found:
			return fmt.Errorf("testbank: more than is left of the payment: %w", payment.ErrRefused)
		case of != id || have.Cents != r.Cents:
			return fmt.Errorf("testbank: the key was used for another refund: %w", payment.ErrRefused)
		}
		done = have
		return nil
	})
	if err != nil {
		return payment.Refunded{}, err
	}
	return done, nil
}

// Find returns a payment for the bank's pages.
func (b *Bank) Find(ctx context.Context, id string) (p Payment, found bool, err error) {
	err = b.db.Read(ctx, func(tx *sqldb.Tx) error {
		p, found, err = findPayment(tx, id)
		return err
	})
	return p, found, err
}

// Recent lists the last payments, the newest first, at most limit.
func (b *Bank) Recent(ctx context.Context, limit int) (list []Payment, err error) {
	err = b.db.Read(ctx, func(tx *sqldb.Tx) error {
		list, err = recentPayments(tx, limit)
		return err
	})
	return list, err
}

package payment_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"lidwoord/adapter/mollie"
	"lidwoord/adapter/mollie/mollietest"
	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/payment"
	"lidwoord/library/task"
)

// world is a cashier of a small shop, and a Mollie that behaves as the real one.
type world struct {
	*sqldb.DB
	t       testing.TB
	cashier *payment.Cashier
	shop    *shop
	mollie  *mollietest.Server
	wire    *wire
	lib     string
}

func each(t *testing.T, f func(*testing.T, *world)) {
	t.Helper()
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) { f(t, settle(t, db)) })
}

func settle(t testing.TB, db *sqldb.DB) *world {
	t.Helper()
	w := &world{DB: db, t: t, shop: &shop{}}
	w.at(time.Date(2026, 11, 23, 9, 30, 0, 0, day.Amsterdam))
	key := mollietest.NewKey()
	w.mollie = mollietest.New(key, func() time.Time { return w.Now() })
	server := httptest.NewServer(w.mollie)
	t.Cleanup(func() {
		server.Close()
		w.mollie.Close()
	})
	provider, err := mollie.New(mollie.Config{Key: key, URL: server.URL + "/v2"})
	if err != nil {
		t.Fatal(err)
	}
	w.wire = &wire{Provider: provider}
	w.open()
	w.do(func(tx *sqldb.Tx) error {
		lib, err := branch.SaveOrganisation(tx, branch.Organisation{Slug: "bind", Name: "Bind bibliotheken"})
		w.lib = lib.ID
		return errors.Join(err, w.shop.build(tx))
	})
	return w
}

// open is a cashier who starts work: nothing is remembered but the database.
func (w *world) open() {
	w.cashier = &payment.Cashier{
		DB: w.DB, Providers: map[string]payment.Provider{"mollie": w.wire}, Use: "mollie", Orders: w.shop, Log: slog.New(slog.DiscardHandler),
		Return:  func(id string) string { return "https://lid.example/betaling/" + id },
		Webhook: func(provider string) string { return "https://lid.example/hook/" + provider },
	}
}

func (w *world) at(t time.Time)       { w.Now = func() time.Time { return t } }
func (w *world) pass(d time.Duration) { w.at(w.Now().Add(d)) }

func (w *world) try(f func(*sqldb.Tx) error) error { return w.InTx(w.t.Context(), f) }

func (w *world) do(f func(*sqldb.Tx) error) {
	w.t.Helper()
	if err := w.try(f); err != nil {
		w.t.Fatal(err)
	}
}

// start asks for a payment of € 45 of an order.
func (w *world) start(order string) payment.Payment {
	w.t.Helper()
	p, err := w.ask(order, 4500)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) ask(order string, cents money.Cents) (p payment.Payment, err error) {
	err = w.try(func(tx *sqldb.Tx) error {
		p, err = payment.Start(tx, payment.New{OrganisationID: w.lib, OrderID: order, Provider: "mollie", Cents: cents, Text: "Bind: Digital only", Lang: words.NL})
		return err
	})
	return p, err
}

// atMollie starts a payment and brings its payer to Mollie.
func (w *world) atMollie(order string) payment.Payment {
	w.t.Helper()
	p := w.start(order)
	w.checkout(p)
	return w.find(p.ID)
}

func (w *world) checkout(p payment.Payment) string {
	w.t.Helper()
	to, err := w.cashier.Checkout(w.t.Context(), p.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return to
}

func (w *world) look(p payment.Payment) payment.Payment {
	w.t.Helper()
	p, err := w.cashier.Look(w.t.Context(), p.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// paid is a payment that was paid, and that we know of.
func (w *world) paid(order string) payment.Payment {
	w.t.Helper()
	p := w.atMollie(order)
	w.mollie.Pay(p.ProviderID)
	return w.look(p)
}

func (w *world) sweep() {
	w.t.Helper()
	if err := w.cashier.Sweep(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) find(id string) (p payment.Payment) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) (err error) {
		p, err = payment.Find(tx, id)
		return err
	})
	return p
}

func (w *world) refunds(p payment.Payment) (list []payment.Refund) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) (err error) {
		list, err = payment.RefundsOf(tx, p.ID)
		return err
	})
	return list
}

// want asks for money back.
func (w *world) want(p payment.Payment, cents money.Cents, reason string) (f payment.Refund) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) (err error) {
		f, err = payment.Want(tx, p.ID, cents, reason)
		return err
	})
	return f
}

// tasks are the tasks of a kind that wait.
func (w *world) tasks(k task.Kind) (list []task.Task) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) error {
		all, err := task.Open(tx, w.lib, 100)
		for _, t := range all {
			if t.Kind == k {
				list = append(list, t)
			}
		}
		return err
	})
	return list
}

// due is when a payment is asked after next; zero is never.
func (w *world) due(p payment.Payment) (at time.Time) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT due_at FROM payment WHERE id = $1`, []any{p.ID}, sqldb.Instant(&at))
		return err
	})
	return at
}

// sixteen runs the same sixteen times at once.
func sixteen(f func() error) (wrong []error) {
	wrong = make([]error, 16)
	var all sync.WaitGroup
	for i := range wrong {
		all.Go(func() { wrong[i] = f() })
	}
	all.Wait()
	return wrong
}

// wire is the way to Mollie, on which a test stands.
type wire struct {
	payment.Provider
	refuse  error                                      // what a refund is answered with
	outcome func(*payment.Outcome, *error)             // what becomes of an answer on its way
	begin   func(payment.Begun) (payment.Begun, error) // the same of the first answer
}

func (w *wire) Begin(ctx context.Context, o payment.Order) (payment.Begun, error) {
	made, err := w.Provider.Begin(ctx, o)
	if err == nil && w.begin != nil {
		return w.begin(made)
	}
	return made, err
}

func (w *wire) Outcome(ctx context.Context, id string) (payment.Outcome, error) {
	o, err := w.Provider.Outcome(ctx, id)
	if w.outcome != nil {
		w.outcome(&o, &err)
	}
	return o, err
}

func (w *wire) Refund(ctx context.Context, id string, r payment.RefundOrder) (payment.Refunded, error) {
	if w.refuse != nil {
		return payment.Refunded{}, w.refuse
	}
	return w.Provider.Refund(ctx, id, r)
}

// shop sells one thing for each order. It keeps its books in tables, which roll
// back with the transaction as those of library/registration do.
type shop struct{ soldOut bool }

var _ payment.Orders = (*shop)(nil)

var errSoldOut = fault.New(fault.Conflict, "shop.sold_out")

func (*shop) build(tx *sqldb.Tx) error {
	_, err := tx.Exec(`CREATE TABLE shop_sale (order_id TEXT PRIMARY KEY, payment_id TEXT NOT NULL)`)
	if err == nil {
		_, err = tx.Exec(`CREATE TABLE shop_news (what TEXT NOT NULL, payment_id TEXT NOT NULL, cents BIGINT NOT NULL)`)
	}
	return err
}

func (s *shop) Paid(tx *sqldb.Tx, p payment.Payment) (string, error) {
	n, err := tx.Exec(`INSERT INTO shop_sale VALUES ($1, $2) ON CONFLICT DO NOTHING`, p.OrderID, p.ID)
	switch {
	case err != nil:
		return "", err
	case s.soldOut: // found out half way
		return "", errSoldOut
	case n == 0:
		return "shop.sold_already", nil
	}
	return "", nil
}

func (s *shop) Surplus(tx *sqldb.Tx, p payment.Payment) ([]task.Fact, error) {
	return nil, s.note(tx, "surplus", p, p.Cents)
}
func (s *shop) Over(tx *sqldb.Tx, p payment.Payment) error { return s.note(tx, "over", p, p.Cents) }

func (s *shop) Moved(tx *sqldb.Tx, p payment.Payment, m payment.Movement) error {
	return s.note(tx, string(m.Kind), p, m.Cents)
}

func (*shop) note(tx *sqldb.Tx, what string, p payment.Payment, cents money.Cents) error {
	_, err := tx.Exec(`INSERT INTO shop_news VALUES ($1, $2, $3)`, what, p.ID, int64(cents))
	return err
}

// sold is how often an order was delivered, told how often the shop was told
// something of a payment.
func (w *world) sold(order string) (n int) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT COUNT(*) FROM shop_sale WHERE order_id = $1`, []any{order}, &n)
		return err
	})
	return n
}

func (w *world) told(what string, p payment.Payment) (n int) {
	w.t.Helper()
	w.do(func(tx *sqldb.Tx) error {
		_, err := tx.One(`SELECT COUNT(*) FROM shop_news WHERE what = $1 AND payment_id = $2`, []any{what, p.ID}, &n)
		return err
	})
	return n
}

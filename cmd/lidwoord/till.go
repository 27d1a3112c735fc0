package main

import (
	"context"

	"lidwoord/adapter/testbank"
	"lidwoord/library/payment"
	"lidwoord/library/registration"
	"lidwoord/web/kit"
	webtestbank "lidwoord/web/testbank"
)

// openTill joins enrolling on the web with who takes the money for it. What is
// sold does not know how it is paid, and the cashier does not know what it sells.
func (h *house) openTill() (err error) {
	h.cashier = &payment.Cashier{
		DB: h.db, Providers: map[string]payment.Provider{}, Log: h.log,
		Return:  func(id string) string { return kit.Absolute(h.doors.Signup, "/betaling/"+id) },
		Webhook: h.webhook,
	}
	h.desk, err = registration.New(h.office, h.taking, registration.Links{
		Reading:  kit.Absolute(h.doors.Reading, "/inloggen"),
		Mine:     kit.Absolute(h.doors.Mine, "/"),
		Withdraw: kit.Absolute(h.doors.Mine, "/herroepen"),
		Receipt:  func(id string) string { return kit.Absolute(h.doors.Mine, "/bon/"+id) },
		Register: func(slug string) string { return kit.Absolute(h.doors.Signup, "/"+slug) },
	})
	if err != nil {
		return err
	}
	h.cashier.Orders = h.desk
	if h.config.demo {
		if h.bank, err = testbank.New(h.db, h.doors.Bank, h.config.demo); err != nil {
			return err
		}
		h.cashier.Providers[testbankName], h.cashier.Use = h.bank, testbankName
		return nil
	}
	provider, err := h.config.Payment.provider()
	if err != nil || provider == nil {
		return err
	}
	h.cashier.Providers[mollieName], h.cashier.Use = provider, mollieName
	return nil
}

// Names of the providers, as payments keep them and as webhooks name them.
const (
	mollieName   = "mollie"
	testbankName = "testbank"
)

// taking is the provider that takes new payments, "" for none.
func (h *house) taking() string {
	if !h.cashier.Open() {
		return ""
	}
	return h.cashier.Use
}

// webhook is the address that a provider calls.
func (h *house) webhook(provider string) string {
	if h.config.Payment.Webhook != "" {
		return h.config.Payment.Webhook
	}
	return kit.Absolute(h.doors.Signup, "/haak/"+provider)
}

// bankPages shows the demo's bank to its door. The two know each other's payments
// only by their shape; the compiler tells when it differs.
type bankPages struct{ *testbank.Bank }

func (b bankPages) Find(ctx context.Context, id string) (webtestbank.Payment, bool, error) {
	p, found, err := b.Bank.Find(ctx, id)
	return webtestbank.Payment(p), found, err
}

func (b bankPages) Recent(ctx context.Context, limit int) ([]webtestbank.Payment, error) {
	list, err := b.Bank.Recent(ctx, limit)
	shown := make([]webtestbank.Payment, len(list))
	for i, p := range list {
		shown[i] = webtestbank.Payment(p)
	}
	return shown, err
}

func (b bankPages) Choose(ctx context.Context, id string, c webtestbank.Choice) (webtestbank.Payment, bool, error) {
	p, found, err := b.Bank.Choose(ctx, id, testbank.Choice(c))
	return webtestbank.Payment(p), found, err
}

// Package mollie takes money through Mollie's Payments API, version 2.
//
//	New               checks the configuration
//	Provider.Begin    makes a payment, once for each key
//	Provider.Outcome  tells how a payment fares and what went back
//	Provider.Refund   pays back, once for each key
//
// It fills payment.Provider. Mollie's webhook is a form with one field, id, without
// state or signature: it proves nothing, and package signup only notes it. What it knows of the service stands in Mollie's
// OpenAPI description of July 2026: the fields, the states, the idempotency key
// that is kept for an hour, the refund that is refused when it repeats another
// within the hour. That such a refusal is a 409 is read from a merged change of
// Mollie's own plugin for PrestaShop (mollie/PrestaShop, pull request 1397).
//
// The payment method is a word from the answer that is shown and never branched
// on: iDEAL is becoming Wero, and the API had no word for that yet.
//
// Mollie's answers hold the payer's name and account. They are not read, and no
// error repeats any part of an answer but its status and the name of a field.
package mollie

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"

	"lidwoord/base/money"
	"lidwoord/base/secret"
	"lidwoord/base/words"
	"lidwoord/library/payment"
)

// Address is where the service answers.
const Address = "https://api.mollie.com/v2"

const (
	// callLife is the most that one Begin, Outcome or Refund takes, with all its
	// tries: a payer waits for it.
	callLife = 10 * time.Second
	// textMost is how much text Mollie takes with a payment or a refund.
	textMost = 255
	// methodMost is more than the longest name of a payment method.
	methodMost = 40
)

// Config is what the administrator writes down about the account at Mollie.
type Config struct {
	Key    secret.Token // of the website profile: test_… or live_…
	Method string       // such as "ideal"; "" lets the payer choose on Mollie's page
	URL    string       // "" is Address
	Client *http.Client // nil is one of our own
}

// Provider speaks to Mollie with one key.
type Provider struct {
	key    secret.Token
	method string
	base   *url.URL // without a slash at its end
	client *http.Client
	limit  time.Duration
	pauses []time.Duration // before each further try
}

var _ payment.Provider = (*Provider)(nil)

var (
	keyShape     = regexp.MustCompile(`^(test|live)_[A-Za-z0-9]{20,80}$`)
	methodShape  = regexp.MustCompile(`^[a-z0-9_]{0,40}$`)
	paymentShape = regexp.MustCompile(`^tr_[A-Za-z0-9]{4,64}$`)
)

// New checks the configuration. It does not speak to Mollie yet, so that
// Lidwoord also starts while Mollie is down.
func New(c Config) (*Provider, error) {
	if c.URL == "" {
		c.URL = Address
	}
	base, err := url.Parse(strings.TrimSuffix(c.URL, "/"))
	switch {
	case !keyShape.MatchString(string(c.Key)):
		return nil, errors.New("mollie: the key is none of Mollie's; they begin with test_ or live_")
	case !methodShape.MatchString(c.Method):
		return nil, fmt.Errorf("mollie: %q is no payment method", c.Method)
	case err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("mollie: the url is no address of a service")
	case !private(base):
		return nil, errors.New("mollie: the url must begin with https")
	}
	client := http.Client{}
	if c.Client != nil {
		client = *c.Client
	}
	// The service does not move house in mid-answer, and the key goes nowhere else.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Provider{
		key: c.Key, method: c.Method, base: base, client: &client,
		limit: callLife, pauses: []time.Duration{200 * time.Millisecond, 800 * time.Millisecond},
	}, nil
}

// private says whether nobody can listen on the way to u.
func private(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && u.Hostname() == "127.0.0.1"
}

// order is a payment as Mollie wants to be asked for it.
type order struct {
	Amount      amount            `json:"amount"`
	Description string            `json:"description"`
	RedirectURL string            `json:"redirectUrl"`
	WebhookURL  string            `json:"webhookUrl,omitempty"`
	Method      string            `json:"method,omitempty"`
	Locale      string            `json:"locale"`
	Metadata    map[string]string `json:"metadata"`
}

// Begin makes a payment. Mollie knows the key for an hour. A payment that is
// begun again later than that is a second one over there, and does no harm: the
// answer to the first was lost, so nobody holds its checkout, and it expires.
//
// The same key must come with the same order: Mollie refuses it otherwise.
func (p *Provider) Begin(ctx context.Context, o payment.Order) (payment.Begun, error) {
	if !secret.IsID(o.Key) { // Mollie would make a payment for each try
		return payment.Begun{}, fmt.Errorf("mollie: an order without a key of ours: %w", payment.ErrRefused)
	}
	value, err := write(o.Cents)
	if err != nil {
		return payment.Begun{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	var answer []byte
	err = p.again(ctx, func() (err error) {
		answer, err = p.post(ctx, "/payments", o.Key, order{
			Amount: value, Description: plain(o.Text, textMost), RedirectURL: o.Return, WebhookURL: o.Webhook,
			Method: p.method, Locale: locale(o.Lang), Metadata: map[string]string{"payment": o.Key},
		})
		return err
	})
	if err != nil {
		return payment.Begun{}, err
	}
	return readBegun(answer, o.Cents)
}

// Outcome fetches a payment.
func (p *Provider) Outcome(ctx context.Context, id string) (payment.Outcome, error) {
	if !paymentShape.MatchString(id) {
		return payment.Outcome{}, fmt.Errorf("mollie: a payment of another shape: %w", payment.ErrUnknown)
	}
	ctx, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	var o payment.Outcome
	err := p.again(ctx, func() error {
		answer, err := p.get(ctx, p.base.String()+"/payments/"+id+"?embed=refunds")
		if err != nil {
			return err
		}
		var listed bool
		if o, listed, err = readOutcome(answer, id); err == nil && !listed {
			o.Refunds, err = p.refunds(ctx, id)
		}
		return err
	})
	if err != nil {
		return payment.Outcome{}, err
	}
	return o, nil
}

// refundOrder is a refund as Mollie wants to be asked for it.
type refundOrder struct {
	Amount      amount            `json:"amount"`
	Description string            `json:"description,omitempty"`
	Metadata    map[string]string `json:"metadata"`
}

// Refund pays back. Before each try it looks whether the refund is there
// already: Mollie forgets the idempotency key after an hour, the refund carries
// ours for ever.
func (p *Provider) Refund(ctx context.Context, id string, r payment.RefundOrder) (payment.Refunded, error) {
	if !paymentShape.MatchString(id) {
		return payment.Refunded{}, fmt.Errorf("mollie: a payment of another shape: %w", payment.ErrUnknown)
	}
	if !secret.IsID(r.Key) { // we would not know it again
		return payment.Refunded{}, fmt.Errorf("mollie: a refund without a key of ours: %w", payment.ErrRefused)
	}
	value, err := write(r.Cents)
	if err != nil {
		return payment.Refunded{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	var refunded payment.Refunded
	err = p.again(ctx, func() error {
		list, err := p.refunds(ctx, id)
		if err != nil {
			return err
		}
		for _, have := range list {
			if have.Key == r.Key {
				refunded = have
				return nil
			}
		}
		answer, err := p.post(ctx, "/payments/"+id+"/refunds", r.Key, refundOrder{
			Amount: value, Description: plain(r.Text, textMost), Metadata: map[string]string{"refund": r.Key},
		})
		if err != nil {
			return err
		}
		refunded, err = readRefund(answer)
		return err
	})
	if err != nil {
		return payment.Refunded{}, err
	}
	return refunded, nil
}

// locale is how Mollie's page speaks.
func locale(l words.Lang) string {
	if l == words.EN {
		return "en_US"
	}
	return "nl_NL"
}

// write brings cents into Mollie's notation.
func write(c money.Cents) (amount, error) {
	if c <= 0 {
		return amount{}, fmt.Errorf("mollie: %d cents cannot be asked for: %w", c, payment.ErrRefused)
	}
	return amount{Currency: currency, Value: fmt.Sprintf("%d.%02d", c/100, c%100)}, nil
}

// plain takes out what does not belong in one line of text, and ends it after
// most characters.
func plain(text string, most int) string {
	var b strings.Builder
	for _, r := range text {
		if most == 0 {
			break
		}
		if unicode.IsControl(r) {
			r = ' '
		}
		b.WriteRune(r)
		most--
	}
	return strings.TrimSpace(b.String())
}

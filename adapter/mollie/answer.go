package mollie

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"

	"lidwoord/base/money"
	"lidwoord/base/secret"
	"lidwoord/library/payment"
)

// currency is the only one in which a Dutch library asks for money.
const currency = "EUR"

// amount is money in Mollie's notation: a text with exactly two decimals.
type amount struct {
	Currency string `json:"currency"`
	Value    string `json:"value"`
}

var (
	// errUnreadable says no more: what the reader stumbled over may be a name.
	errUnreadable = errors.New("mollie: unreadable answer")
	errAmount     = errors.New("mollie: the answer has an amount that is not in whole euro cents")

	// Nine digits of euros are more than any library has, and no overflow.
	valueShape  = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})\.([0-9]{2})$`)
	refundShape = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
)

// cents reads an amount. Whatever is not quite what the documentation shows is
// an error: a guess here would be a guess at somebody's money.
func (a amount) cents() (money.Cents, error) {
	m := valueShape.FindStringSubmatch(a.Value)
	if m == nil || a.Currency != currency {
		return 0, errAmount
	}
	n, err := strconv.ParseInt(m[1]+m[2], 10, 64)
	return money.Cents(n), err
}

// paymentAnswer is the part of a payment that we use.
type paymentAnswer struct {
	ID          string  `json:"id"`
	Status      string  `json:"status"`
	Amount      amount  `json:"amount"`
	Method      string  `json:"method"`
	PaidAt      string  `json:"paidAt"`
	Refunded    *amount `json:"amountRefunded"`
	ChargedBack *amount `json:"amountChargedBack"`
	Embedded    struct {
		Refunds []refundAnswer `json:"refunds"`
	} `json:"_embedded"`
	Links struct {
		Checkout link `json:"checkout"`
	} `json:"_links"`
}

// refundAnswer is the part of a refund that we use.
type refundAnswer struct {
	ID        string          `json:"id"`
	Status    string          `json:"status"`
	Amount    amount          `json:"amount"`
	CreatedAt time.Time       `json:"createdAt"`
	Metadata  json.RawMessage `json:"metadata"` // anything, when somebody else made it
}

type link struct {
	Href string `json:"href"`
}

// states are the words of Mollie for how a payment fares. Pending and authorized
// say that the payer has done their part: the money may still not come.
var states = map[string]payment.State{
	"open":       payment.Open,
	"pending":    payment.Open,
	"authorized": payment.Open,
	"paid":       payment.Paid,
	"failed":     payment.Failed,
	"canceled":   payment.Cancelled,
	"expired":    payment.Expired,
}

var refundStates = map[string]payment.RefundState{
	"queued":     payment.Underway, // waits until there is money in the account at Mollie
	"pending":    payment.Underway,
	"processing": payment.Underway,
	"refunded":   payment.Done,
	"failed":     payment.RefundFailed,
	"canceled":   payment.RefundFailed,
}

// readBegun reads the answer to an order of so many cents.
func readBegun(body []byte, asked money.Cents) (payment.Begun, error) {
	var a paymentAnswer
	if err := json.Unmarshal(body, &a); err != nil || !paymentShape.MatchString(a.ID) {
		return payment.Begun{}, errUnreadable
	}
	c, err := a.Amount.cents()
	if err != nil {
		return payment.Begun{}, err
	}
	checkout, err := url.Parse(a.Links.Checkout.Href)
	switch {
	case c != asked:
		return payment.Begun{}, fmt.Errorf("mollie: asked for %d cents, the answer is about %d", asked, c)
	case err != nil || checkout.Host == "" || checkout.User != nil || !private(checkout):
		return payment.Begun{}, errors.New("mollie: the answer has no checkout to send a payer to")
	}
	return payment.Begun{ID: a.ID, Checkout: checkout.String()}, nil
}

// readOutcome reads the payment of id. It says whether the answer has all
// refunds with it.
func readOutcome(body []byte, id string) (o payment.Outcome, listed bool, err error) {
	var a paymentAnswer
	if err := json.Unmarshal(body, &a); err != nil || a.ID != id {
		return o, false, errUnreadable
	}
	state, known := states[a.Status]
	if !known {
		return o, false, errors.New("mollie: the payment is in a state that we do not know")
	}
	o = payment.Outcome{State: state, Method: plain(a.Method, methodMost)}
	if o.Cents, err = a.Amount.cents(); err != nil {
		return payment.Outcome{}, false, err
	}
	if a.ChargedBack != nil {
		if o.ChargedBack, err = a.ChargedBack.cents(); err != nil {
			return payment.Outcome{}, false, err
		}
	}
	if state == payment.Paid && a.PaidAt != "" {
		if o.PaidAt, err = time.Parse(time.RFC3339, a.PaidAt); err != nil {
			return payment.Outcome{}, false, errUnreadable
		}
	}
	if o.Refunds, err = oldestFirst(a.Embedded.Refunds); err != nil {
		return payment.Outcome{}, false, err
	}
	if a.Refunded == nil {
		return o, true, nil
	}
	back, err := a.Refunded.cents()
	if err != nil {
		return payment.Outcome{}, false, err
	}
	return o, back == 0 || len(o.Refunds) > 0, nil
}

// readRefund reads the answer to a refund.
func readRefund(body []byte) (payment.Refunded, error) {
	var a refundAnswer
	if err := json.Unmarshal(body, &a); err != nil {
		return payment.Refunded{}, errUnreadable
	}
	return a.refunded()
}

// readPage reads one page of a list of refunds, and the address of the next, ""
// when there is none.
func readPage(body []byte) (refunds []refundAnswer, next string, err error) {
	var a struct {
		Embedded struct {
			Refunds []refundAnswer `json:"refunds"`
		} `json:"_embedded"`
		Links struct {
			Next link `json:"next"`
		} `json:"_links"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, "", errUnreadable
	}
	return a.Embedded.Refunds, a.Links.Next.Href, nil
}

func (a refundAnswer) refunded() (payment.Refunded, error) {
	state, known := refundStates[a.Status]
	if !known {
		return payment.Refunded{}, errors.New("mollie: a refund is in a state that we do not know")
	}
	if !refundShape.MatchString(a.ID) {
		return payment.Refunded{}, errUnreadable
	}
	c, err := a.Amount.cents()
	if err != nil {
		return payment.Refunded{}, err
	}
	var ours struct {
		Refund string `json:"refund"`
	}
	if json.Unmarshal(a.Metadata, &ours) != nil || !secret.IsID(ours.Refund) {
		ours.Refund = ""
	}
	return payment.Refunded{ID: a.ID, Key: ours.Refund, Cents: c, State: state}, nil
}

// oldestFirst turns the order of Mollie around, which shows the newest first.
func oldestFirst(answers []refundAnswer) (list []payment.Refunded, err error) {
	slices.Reverse(answers) // those of one second stay in their order
	slices.SortStableFunc(answers, func(a, b refundAnswer) int {
		return a.CreatedAt.Compare(b.CreatedAt)
	})
	for _, a := range answers {
		r, err := a.refunded()
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

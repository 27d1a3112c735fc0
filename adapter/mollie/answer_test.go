package mollie

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"lidwoord/base/money"
	"lidwoord/base/secret"
	"lidwoord/library/payment"
)

const answer = `{"resource":"payment","id":"tr_7UhSN1zuXS","mode":"test","createdAt":"2026-11-23T09:00:00+00:00",
	"amount":{"value":"45.00","currency":"EUR"},"description":"Digital only","method":"ideal","metadata":{"payment":"AAAABBBBCCCCDDDDEEEEFFFFGG"},
	"status":"paid","paidAt":"2026-11-23T09:03:10+01:00","amountRefunded":{"value":"15.00","currency":"EUR"},
	"amountRemaining":{"value":"30.00","currency":"EUR"},"amountChargedBack":{"value":"1.05","currency":"EUR"},
	"details":{"consumerName":"E. B. Tester","consumerAccount":"NL91ABNA0417164300"},
	"_embedded":{"refunds":[
		{"resource":"refund","id":"re_2","createdAt":"2026-11-24T10:00:00+00:00","amount":{"value":"10.00","currency":"EUR"},"status":"pending","metadata":"by hand"},
		{"resource":"refund","id":"re_1","createdAt":"2026-11-24T09:00:00+00:00","amount":{"value":"5.00","currency":"EUR"},"status":"refunded","metadata":{"refund":"AAAABBBBCCCCDDDDEEEEFFFFGG"}}]},
	"_links":{"self":{"href":"https://api.example.nl/v2/payments/tr_7UhSN1zuXS"},"checkout":{"href":"https://pay.example.nl/7UhSN1zuXS"}}}`

func TestAnAnswerIsReadWhole(t *testing.T) {
	o, listed, err := readOutcome([]byte(answer), "tr_7UhSN1zuXS")
	if err != nil || !listed {
		t.Fatal(o, listed, err)
	}
	if o.State != payment.Paid || o.Cents != 4500 || o.ChargedBack != 105 || o.Method != "ideal" || !o.PaidAt.Equal(time.Date(2026, 11, 23, 8, 3, 10, 0, time.UTC)) {
		t.Errorf("%+v", o)
	}
	want := []payment.Refunded{
		{ID: "re_1", Key: "AAAABBBBCCCCDDDDEEEEFFFFGG", Cents: 500, State: payment.Done},
		{ID: "re_2", Cents: 1000, State: payment.Underway},
	}
	if !slices.Equal(o.Refunds, want) {
		t.Errorf("%+v, want %+v", o.Refunds, want)
	}
	if _, listed, err = readOutcome([]byte(strings.Replace(answer, "_embedded", "_left_out", 1)), "tr_7UhSN1zuXS"); listed || err != nil {
		t.Errorf("refunds that were left out pass for none: %v, %v", listed, err)
	}
}

func TestAnAmountIsWholeEuroCentsOrAnError(t *testing.T) {
	for value, want := range map[string]money.Cents{"45.00": 4500, "0.01": 1, "0.00": 0, "10.50": 1050, "999999999.99": 99999999999} {
		if c, err := (amount{"EUR", value}).cents(); c != want || err != nil {
			t.Errorf("%s: %d, %v", value, c, err)
		}
	}
	for _, value := range []string{"", "45", "45.0", "45.000", "45,00", "-1.00", "+1.00", "1e2.00", " 1.00", "1.00\n", ".50", "007.00", "1000000000.00", "NaN", "٤٥.00"} {
		if c, err := (amount{"EUR", value}).cents(); err == nil || c != 0 {
			t.Errorf("%q: %d, want an error", value, c)
		}
	}
	for _, currency := range []string{"", "eur", "USD", "EUR "} {
		if _, err := (amount{currency, "45.00"}).cents(); err == nil {
			t.Errorf("%q passes for euros", currency)
		}
	}
	for _, c := range []money.Cents{1, 9, 10, 99, 100, 105, 4500, 123456} {
		a, err := write(c)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := a.cents(); back != c || err != nil {
			t.Errorf("%d went as %s and came back as %d, %v", c, a.Value, back, err)
		}
	}
}

func TestAnAnswerThatIsNotQuiteRightIsNoAnswer(t *testing.T) {
	for name, change := range map[string][2]string{
		"dollars":            {`"45.00","currency":"EUR"`, `"45.00","currency":"USD"`},
		"no amount":          {`"amount":{"value":"45.00","currency":"EUR"},`, ``},
		"dollars back":       {`"1.05","currency":"EUR"`, `"1.05","currency":"USD"`},
		"refunded in halves": {`"15.00"`, `"15.005"`},
		"a strange refund":   {`"value":"10.00"`, `"value":"ten"`},
		"a refund unnamed":   {`"id":"re_2"`, `"id":""`},
		"a moment unread":    {`2026-11-23T09:03:10+01:00`, `yesterday`},
	} {
		text := strings.Replace(answer, change[0], change[1], 1)
		if text == answer {
			t.Fatalf("%s changes nothing", name)
		}
		if o, _, err := readOutcome([]byte(text), "tr_7UhSN1zuXS"); err == nil {
			t.Errorf("%s: %+v", name, o)
		}
	}
	for name, change := range map[string][2]string{
		"another sum":     {`"value":"45.00"`, `"value":"45.01"`},
		"another name":    {`"tr_7UhSN1zuXS","mode"`, `"../7UhSN1zuXS","mode"`},
		"no checkout":     {`"checkout"`, `"chequeout"`},
		"a script":        {`https://pay.example.nl/7UhSN1zuXS`, `javascript:alert(1)`},
		"in the open":     {`https://pay.example.nl/`, `http://pay.example.nl/`},
		"somebody's name": {`https://pay.example.nl/`, `https://library.nl@pay.example.nl/`},
	} {
		text := strings.Replace(answer, change[0], change[1], 1)
		if b, err := readBegun([]byte(text), 4500); text == answer || err == nil {
			t.Errorf("%s: %+v", name, b)
		}
	}
}

func TestAMethodIsOnlyAWord(t *testing.T) {
	for _, word := range []string{"wero", "ideal", "something new", "é", strings.Repeat("x", 40)} {
		o, _, err := readOutcome([]byte(strings.Replace(answer, `"method":"ideal"`, fmt.Sprintf(`"method":%q`, word), 1)), "tr_7UhSN1zuXS")
		if err != nil || o.Method != word || o.State != payment.Paid {
			t.Errorf("%s: %+v, %v", word, o, err)
		}
	}
	o, _, err := readOutcome([]byte(strings.Replace(answer, `"method":"ideal"`, `"method":"a\u0000b`+strings.Repeat("x", 99)+`"`, 1)), "tr_7UhSN1zuXS")
	if err != nil || o.Method != "a b"+strings.Repeat("x", 37) {
		t.Errorf("%q, %v", o.Method, err)
	}
}

func FuzzOutcome(f *testing.F) {
	f.Add(answer)
	f.Add(`{"id":"tr_7UhSN1zuXS","status":"open","amount":{"value":"45.00","currency":"EUR"},"method":null,"amountChargedBack":null}`)
	f.Fuzz(func(t *testing.T, body string) {
		o, _, err := readOutcome([]byte(body), "tr_7UhSN1zuXS")
		if err != nil {
			if o.State != "" || o.Cents != 0 || o.Refunds != nil {
				t.Errorf("half an outcome beside %v: %+v", err, o)
			}
			return
		}
		if !slices.Contains([]payment.State{payment.Open, payment.Paid, payment.Failed, payment.Cancelled, payment.Expired}, o.State) ||
			o.Cents < 0 || o.ChargedBack < 0 || o.State != payment.Paid && !o.PaidAt.IsZero() || len([]rune(o.Method)) > methodMost {
			t.Errorf("%+v", o)
		}
		for _, r := range o.Refunds {
			if r.ID == "" || r.Cents < 0 || r.State == "" || r.Key != "" && !secret.IsID(r.Key) {
				t.Errorf("%+v", r)
			}
		}
	})
}

func FuzzBegun(f *testing.F) {
	f.Add(answer)
	f.Fuzz(func(t *testing.T, body string) {
		b, err := readBegun([]byte(body), 4500)
		if err != nil {
			return
		}
		if u, err := url.Parse(b.Checkout); err != nil || !private(u) || !paymentShape.MatchString(b.ID) {
			t.Errorf("%+v", b)
		}
	})
}

func FuzzRefunds(f *testing.F) {
	f.Add(`{"_embedded":{"refunds":[{"id":"re_1","createdAt":"2026-11-24T09:00:00+00:00","amount":{"value":"5.00","currency":"EUR"},"status":"refunded","metadata":null}]},"_links":{"next":null}}`)
	f.Fuzz(func(t *testing.T, body string) {
		page, _, err := readPage([]byte(body))
		if err != nil {
			return
		}
		n := len(page)
		if list, err := oldestFirst(page); err == nil && len(list) != n {
			t.Errorf("%d refunds of %d", len(list), n)
		}
		if r, err := readRefund([]byte(body)); err == nil && (r.ID == "" || r.Cents < 0) {
			t.Errorf("%+v", r)
		}
	})
}

package desk

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"lidwoord/base/fault"
	"lidwoord/base/money"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/library/ledger"
	"lidwoord/web/kit"
)

var (
	errAmount = fault.New(fault.Invalid, "desk.amount")
	errShort  = fault.New(fault.Invalid, "desk.received_short") // {0} the amount to pay
	errPayNow = fault.New(fault.Invalid, "desk.pay_now")
)

// Names of the ways to pay, as the form sends them.
var payWays = map[string]ledger.Method{"contant": ledger.Cash, "pin": ledger.Pin, "rekening": ledger.OnAccount}

// payForm is what a page needs to take money, or to show that it was taken.
type payForm struct {
	Open      money.Cents
	Action    string // where it is sent
	Command   string // makes it happen once
	PayNow    bool   // this branch lets nobody leave owing
	OnAccount bool   // the clerk chose so a moment ago
	Paid      []accountLine
	Customer  string
	Earlier   money.Cents // of Open, what was open before this enrolment
	Received  money.Cents // cash that was handed over for the last of Paid
	Change    money.Cents
	GoingBack money.Cents // on its way to the customer by the payment provider
}

// Credit is what the library owes the customer.
func (f payForm) Credit() money.Cents { return max(0, -f.Open) }

// GoesBack reports whether all of Credit is on its way, so that nobody need do
// anything.
func (f payForm) GoesBack() bool { return f.GoingBack >= f.Credit() }

// payFormOf reads what is open, and the payments that commands beginning with
// command made. Somebody pays a part in cash and the rest by card: the next
// payment has a command of its own.
func payFormOf(tx *sqldb.Tx, r *http.Request, c counter, customerID, command string) (payForm, error) {
	f := payForm{Customer: customerID, PayNow: c.branch.Choices.NoAccount, OnAccount: r.URL.Query().Get("wijze") == "rekening"}
	var err error
	if f.Open, err = ledger.Balance(tx, customerID); err != nil {
		return f, err
	}
	lines, err := linesOf(tx, c, customerID)
	if err != nil {
		return f, err
	}
	made := 0
	for _, p := range lines {
		if !strings.HasPrefix(p.Command, command+":") {
			continue
		}
		made++
		if p.Undone {
			continue
		}
		p.Cents = -p.Cents // as the customer sees it
		f.Paid = append(f.Paid, p)
		f.Received, f.Change = 0, 0
		if given, err := readCents(r.URL.Query().Get("ontvangen")); err == nil && p.Method == ledger.Cash && given > p.Cents {
			f.Received, f.Change = given, given-p.Cents
		}
	}
	f.Command = fmt.Sprintf("%s:%d", command, made)
	return f, nil
}

// takings is what a clerk took in.
type takings struct {
	way      string
	amount   money.Cents
	received money.Cents
}

// query lets the next page say how much change there was, after a refresh too.
func (p takings) query() string {
	q := url.Values{"wijze": {p.way}}
	if p.received > 0 {
		q.Set("ontvangen", strings.TrimSpace(strings.ReplaceAll(p.received.String(), "€\u00a0", "")))
	}
	return q.Encode()
}

// collect books what the form says.
func collect(tx *sqldb.Tx, c counter, customerID, command string, form *kit.Form) (takings, error) {
	p := takings{way: form.Get("wijze")}
	method, known := payWays[p.way]
	if !known {
		return p, ledger.ErrMethod.At("wijze")
	}
	if method == ledger.OnAccount {
		if c.branch.Choices.NoAccount {
			return p, errPayNow.At("wijze")
		}
		return p, nil
	}
	amount, err := readCents(form.Get("bedrag"))
	if err != nil {
		return p, errAmount.At("bedrag")
	}
	p.amount = amount
	if text := form.Get("ontvangen"); text != "" && method == ledger.Cash {
		if p.received, err = readCents(text); err != nil {
			return p, errAmount.At("ontvangen")
		}
		if p.received < amount {
			return p, errShort.With(amount).At("ontvangen")
		}
	}
	_, err = ledger.Pay(tx, ledger.Booking{
		Command: command, CustomerID: customerID, Cents: amount, Subject: ledger.Contribution, BranchID: c.branch.ID, StaffID: c.worker.ID,
	}, method)
	if e := fault.Of(err); len(e) > 0 {
		err = e[0].At("bedrag")
	}
	return p, err
}

// payCustomer takes a payment at the customer's page.
func (s *Site) payCustomer(w http.ResponseWriter, r *http.Request, c counter) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	command := form.Get("opdracht")
	if len(command) != len(secret.NewID()) {
		return kit.ErrBadForm
	}
	var paid takings
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		if _, err := c.find(tx, id); err != nil {
			return err
		}
		paid, err = collect(tx, c, id, "desk:"+command, form)
		return err
	})
	if err != nil {
		if form.Take(err) {
			return s.customerPage(w, r, c, kit.Status(err), form)
		}
		return err
	}
	switch {
	case paid.way == "rekening":
		s.SetFlash(w, "desk.left_open")
	case paid.received > paid.amount:
		s.SetFlash(w, "desk.paid_flash_change", paid.received.String(), (paid.received - paid.amount).String())
	default:
		s.SetFlash(w, "desk.paid_flash")
	}
	return s.Redirect(w, r, "/klanten/%s?%s", id, paid.query())
}

var amountForm = regexp.MustCompile(`^(\d{1,3}(?:\.\d{3})+|\d{1,7})(?:[,.](\d{1,2}))?$`)

// readCents reads an amount as people write it: 45, 45,00, 45.5, € 1.045,00.
func readCents(text string) (money.Cents, error) {
	text = strings.NewReplacer("€", "", " ", "", "\u00a0", "", ",-", "").Replace(text)
	p := amountForm.FindStringSubmatch(text)
	if p == nil {
		return 0, errAmount
	}
	euros, err := strconv.ParseInt(strings.ReplaceAll(p[1], ".", ""), 10, 64)
	if err != nil {
		return 0, errAmount
	}
	cents, err := strconv.ParseInt(fmt.Sprintf("%-02s", p[2]+"00")[:2], 10, 64)
	return money.Cents(euros*100 + cents), err
}

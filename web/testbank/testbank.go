// Package testbank is the pages of the demo's bank, where a payer chooses how a
// payment ends. It opens in the demo only: nothing is paid here, and whoever
// presses "Betaald" is believed.
//
//	GET   /dev/bank/            the last payments, and what may happen to them afterwards
//	GET   /dev/bank/ID          one payment; asks what to do while it is open
//	POST  /dev/bank/ID          does what the payer chose and leads back to the shop
//	POST  /dev/bank/ID/daarna   does what happens afterwards: paid after all, charged back, account closed
package testbank

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"slices"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/money"
	"lidwoord/base/words"
	"lidwoord/web/kit"
)

//go:embed pages assets
var files embed.FS

// Words are the sentences of this door.
//
//go:embed words.*.txt
var Words embed.FS

// ErrNoPayment is the answer to an address of a payment that is not here.
var ErrNoPayment = fault.New(fault.NotFound, "testbank.no_payment")

// Bank is what stands behind the pages. The roof fills it with adapter/testbank,
// which a door may not know.
type Bank interface {
	Find(ctx context.Context, id string) (p Payment, found bool, err error)
	// Recent lists the last payments, the newest first, at most limit.
	Recent(ctx context.Context, limit int) ([]Payment, error)
	// Choose does what was pressed, and returns the payment as it is afterwards. A
	// button that does not fit the payment (any more) changes nothing.
	Choose(ctx context.Context, id string, c Choice) (p Payment, found bool, err error)
}

// Choice is a button, in the bank's word.
type Choice string

// later is the one choice that ends nothing.
const later Choice = "later"

var (
	// payerChoices are the buttons of a payment that is open.
	payerChoices = []Choice{"paid", "failed", "cancelled", "expired", later}
	// afterChoices are the buttons of the list; which of them a payment has is for
	// Payment.After to say.
	afterChoices = []Choice{"paid_after_all", "charged_back", "account_closed"}
)

// Payment is what the pages show of a payment. Its fields are those of the bank
// behind, one for one, so that the roof only has to change the name of the type.
type Payment struct {
	ID            string
	Cents         money.Cents
	Text          string
	Lang          words.Lang
	Return        string // where the payer goes afterwards
	State         string // "open", or the choice that ended it
	BegunAt       time.Time
	DueAt         time.Time // when the bank pays by itself; zero unless it was left for later
	PaidAt        time.Time
	Underway      money.Cents // refunds
	Refunded      money.Cents
	RefundFailed  money.Cents
	ChargedBack   money.Cents
	AccountClosed bool
}

// Open reports whether the payer can still choose.
func (p Payment) Open() bool { return p.State == "open" }

// Became reports whether a payment went the way of a choice, or was there
// already: a second press of the same button is no mistake.
func (p Payment) Became(c Choice) bool {
	if c == later {
		return p.Open() && !p.DueAt.IsZero()
	}
	return p.State == string(c)
}

// After lists what may still happen to a payment that is over.
func (p Payment) After() (list []Choice) {
	if p.State != "paid" {
		if !p.Open() {
			list = append(list, "paid_after_all")
		}
		return list
	}
	if p.ChargedBack == 0 && p.Cents > p.Refunded+p.Underway {
		list = append(list, "charged_back")
	}
	if !p.AccountClosed {
		list = append(list, "account_closed")
	}
	return list
}

// Site is the door.
type Site struct {
	*kit.Site
	Bank Bank
}

// New makes the door. It refuses a house that is no demo.
func New(house *kit.House, bank Bank) (*Site, error) {
	if !house.Demo {
		return nil, errors.New("the bank without money opens in the demo only")
	}
	s, err := kit.New(house, "testbank", files)
	if err != nil {
		return nil, err
	}
	// The form is answered by the shop's address, and a browser counts that as a
	// target of the form. The bank holds the address; the form cannot name it.
	s.FormAction = "'self' https:"
	if s.Base.Scheme == "http" {
		s.FormAction += " http:"
	}
	return &Site{Site: s, Bank: bank}, nil
}

// Routes is the site map of this door.
func (s *Site) Routes(m *kit.Mux) {
	m.Page("GET /", s.list)
	m.Page("GET /{id}", s.payment)
	m.Page("POST /{id}", s.choose)
	m.Page("POST /{id}/daarna", s.after)
}

// listMost is how many payments are shown.
const listMost = 50

type listPage struct{ Payments []Payment }

func (s *Site) list(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Bank.Recent(r.Context(), listMost)
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "list", listPage{list})
}

type paymentPage struct {
	Payment
	Choices []Choice
}

func (s *Site) payment(w http.ResponseWriter, r *http.Request) error {
	p, found, err := s.Bank.Find(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if !found {
		return ErrNoPayment
	}
	return s.Show(w, r, http.StatusOK, "payment", paymentPage{p, payerChoices})
}

// choose leads the payer back to the shop, and to the page of the payment when
// it went another way before, such as in another tab.
func (s *Site) choose(w http.ResponseWriter, r *http.Request) error {
	c, p, err := s.press(r, payerChoices)
	if err != nil {
		return err
	}
	if !p.Became(c) {
		return s.Redirect(w, r, "/%s", p.ID)
	}
	http.Redirect(w, r, p.Return, http.StatusSeeOther)
	return nil
}

func (s *Site) after(w http.ResponseWriter, r *http.Request) error {
	if _, _, err := s.press(r, afterChoices); err != nil {
		return err
	}
	s.SetFlash(w, "testbank.noted")
	return s.Redirect(w, r, "/")
}

// press has the bank do what stands on the button, if it is one of these.
func (s *Site) press(r *http.Request, buttons []Choice) (c Choice, p Payment, err error) {
	form, err := kit.ReadForm(r)
	if err != nil {
		return c, p, err
	}
	if c = Choice(form.Get("keuze")); !slices.Contains(buttons, c) {
		return c, p, kit.ErrBadForm
	}
	p, found, err := s.Bank.Choose(r.Context(), r.PathValue("id"), c)
	if err == nil && !found {
		err = ErrNoPayment
	}
	return c, p, err
}

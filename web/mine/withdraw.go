package mine

import (
	"net/http"
	"strings"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
	"lidwoord/base/words"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/registration"
	"lidwoord/web/kit"
	"lidwoord/web/party"
)

// statementPage is herroepen by anybody: the form, the same again above the
// button Herroeping bevestigen, and the receipt. It says the same whatever the
// statement led to, as a stranger must not learn who is a member; the letter
// tells the rest.
type statementPage struct {
	*kit.Form
	Library   branch.Organisation
	Days      int                         // of the cooling-off period
	Contracts []registration.Registration // that a visitor who is signed in may withdraw from at once
	Statement registration.Statement
	Receipt   registration.Receipt
}

// Doubt names the sentence on a customer number that cannot be one, "" for none.
// It only asks: a statement with a wrong number counts too.
func (p statementPage) Doubt() string {
	number, err := customer.ReadNumber(p.Statement.Number)
	switch {
	case err == nil:
		return ""
	case len(number) != customer.NumberLength:
		return "mine.number_length"
	}
	return "mine.number_slip"
}

// Digits is how many a customer number has.
func (statementPage) Digits() int { return customer.NumberLength }

// toTheSecond is an instant as a receipt must name it (BW 6:230o).
func toTheSecond(t time.Time, lang words.Lang) string {
	t = t.In(day.Amsterdam)
	exact := t.Format("15:04:05")
	return strings.NewReplacer(t.Format("15.04"), exact, t.Format("15:04"), exact).Replace(day.Moment(t, lang))
}

// Received is when the statement came in.
func (p statementPage) Received(lang words.Lang) string { return toTheSecond(p.Receipt.At, lang) }

func (s *Site) statement(w http.ResponseWriter, r *http.Request) error {
	return s.showStatement(w, r, http.StatusOK, "statement", statementPage{Form: kit.NewForm()})
}

func (s *Site) showStatement(w http.ResponseWriter, r *http.Request, status int, name string, page statementPage) error {
	page.Days = registration.CoolingOff
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page.Contracts = nil
		if page.Library, err = branch.FindOrganisation(tx, s.Organisation); err != nil {
			return err
		}
		who, _ := party.Who(r)
		customers, err := customer.FindByAccount(tx, who.Account)
		if err != nil {
			return err
		}
		for _, c := range customers {
			list, err := registration.Contracts(tx, c.ID)
			if err != nil {
				return err
			}
			for _, one := range list {
				if one.MayWithdraw(day.Of(tx.Now)) {
					page.Contracts = append(page.Contracts, one)
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, status, name, page)
}

// readStatement reads what was filled in; its form says what is wrong with it.
func readStatement(r *http.Request) (page statementPage, err error) {
	if page.Form, err = kit.ReadForm(r); err != nil {
		return page, err
	}
	page.Statement, err = registration.Statement{
		Number: page.Get(registration.FieldNumber), Name: page.Get(registration.FieldName), Email: page.Get(registration.FieldEmail),
	}.Clean()
	if err != nil && page.Take(err) {
		err = nil
	}
	return page, err
}

// checkStatement repeats what was filled in: the first of the two buttons that
// the law asks for.
func (s *Site) checkStatement(w http.ResponseWriter, r *http.Request) error {
	page, err := readStatement(r)
	switch {
	case err != nil:
		return err
	case page.Bad() || page.Is("doe", "wijzigen"):
		status := http.StatusOK
		if page.Bad() {
			status = http.StatusUnprocessableEntity
		}
		return s.showStatement(w, r, status, "statement", page)
	}
	return s.showStatement(w, r, http.StatusOK, "confirm", page)
}

func (s *Site) confirmStatement(w http.ResponseWriter, r *http.Request) error {
	page, err := readStatement(r)
	if err != nil {
		return err
	}
	if !page.Bad() {
		err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
			library, err := branch.FindOrganisation(tx, s.Organisation)
			if err != nil {
				return err
			}
			page.Receipt, err = s.Registrations.Declare(tx, library, page.Statement, throttle.Network(r.RemoteAddr), kit.VisitOf(r).Lang)
			return err
		})
	}
	switch {
	case err == nil && !page.Bad():
		return s.showStatement(w, r, http.StatusOK, "stated", page)
	case err != nil && !page.Take(err):
		return err
	}
	return s.showStatement(w, r, http.StatusUnprocessableEntity, "statement", page)
}

// undoable is a contract within its cooling-off period.
type undoable struct {
	registration.Registration
	Back money.Cents // that comes back to who withdraws
}

func undoableOf(tx *sqldb.Tx, r registration.Registration) (undoable, error) {
	_, back, err := registration.Back(tx, r)
	return undoable{r, back}, err
}

// withdrawPage is herroepen for who is signed in: what it is about, or what came
// of it.
type withdrawPage struct {
	Customer customer.Customer
	Library  branch.Organisation
	Contract registration.Registration
	Outcome  registration.Outcome // "" while it was not asked for
	At       time.Time            // of the statement
}

// Received is when the statement came in.
func (p withdrawPage) Received(lang words.Lang) string { return toTheSecond(p.At, lang) }

// Price is what the contract cost.
func (p withdrawPage) Price() money.Cents {
	if p.Contract.Agreed == nil {
		return 0
	}
	return p.Contract.Agreed.BuildUp.Balance
}

// find reads the contract as it is now.
func (p *withdrawPage) find(tx *sqldb.Tx, v visitor, id string) (err error) {
	p.Outcome = ""
	if p.Contract, p.Customer, err = v.contract(tx, id); err != nil {
		return err
	}
	if !p.Contract.WithdrawnAt.IsZero() {
		p.Outcome, p.At = registration.Already, p.Contract.WithdrawnAt
	}
	p.Library, err = branch.OrganisationByID(tx, p.Contract.OrganisationID)
	return err
}

func (s *Site) askWithdraw(w http.ResponseWriter, r *http.Request, v visitor) error {
	var page withdrawPage
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		err := page.find(tx, v, r.PathValue("registration"))
		if err == nil && page.Outcome == "" && !page.Contract.MayWithdraw(day.Of(tx.Now)) {
			page.Outcome = registration.TooLate
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "withdraw", page)
}

// withdraw is Herroeping bevestigen. Pressed again it shows the receipt of the
// first time, and writes no second letter.
func (s *Site) withdraw(w http.ResponseWriter, r *http.Request, v visitor) error {
	var page withdrawPage
	err := s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		if err := page.find(tx, v, r.PathValue("registration")); err != nil || page.Outcome != "" {
			return err
		}
		receipt, err := s.Registrations.Withdraw(tx, page.Library, page.Contract, v.actor(), v.lang)
		page.Outcome, page.At = receipt.Outcome, receipt.At
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "withdraw", page)
}

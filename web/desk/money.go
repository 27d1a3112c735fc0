package desk

import (
	"net/http"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/money"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/ledger"
)

// owingMost is how many open amounts Financieel lists, the oldest first.
const owingMost = 50

// moneyPage is Financieel: what this branch took in today, to count the till by,
// and who still owes something that was charged here.
type moneyPage struct {
	bar
	Branch branch.Branch
	Today  day.Day
	Till   ledger.Till
	Online ledger.OnlineSum // of the whole organisation: no till holds it
	Lines  []tillLine
	Owing  []owingLine
	Sum    money.Cents
}

type tillLine struct {
	ledger.Posting
	Number, Name string
}

type owingLine struct {
	ledger.Owing
	Number, Name string
	Day          day.Day
}

// Taken is all that came in today, less what was paid back.
func (p moneyPage) Taken() money.Cents { return p.Till.Cash + p.Till.Pin }

// Clock writes the time of day.
func (moneyPage) Clock(t time.Time) string { return clock(t) }

// Shown is a posting as money in the till: what a customer pays comes in.
func (moneyPage) Shown(c money.Cents) money.Cents { return -c }

func (s *Site) money(w http.ResponseWriter, r *http.Request, c counter) error {
	page := moneyPage{Branch: c.branch}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		page.Today, page.Lines, page.Owing, page.Sum = day.Of(tx.Now), nil, nil, 0
		if page.bar, err = c.bar(tx); err != nil {
			return err
		}
		if page.Online, err = c.onlineToday(tx); err != nil {
			return err
		}
		if page.Till, err = ledger.Today(tx, c.branch.ID); err != nil {
			return err
		}
		for _, p := range page.Till.Lines {
			number, name, err := c.listed(tx, p.CustomerID)
			if err != nil {
				return err
			}
			page.Lines = append(page.Lines, tillLine{p, number, name})
		}
		owing, err := ledger.Open(tx, c.branch.ID, owingMost)
		if err != nil {
			return err
		}
		for _, o := range owing {
			number, name, err := c.listed(tx, o.CustomerID)
			if err != nil {
				return err
			}
			page.Owing = append(page.Owing, owingLine{o, number, name, day.Of(o.Since)})
			page.Sum += o.Cents
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "money", page)
}

// onlineToday is what the whole organisation took in online today.
func (c counter) onlineToday(tx *sqldb.Tx) (ledger.OnlineSum, error) {
	list, err := branch.List(tx, c.branch.OrganisationID)
	if err != nil {
		return ledger.OnlineSum{}, err
	}
	var ids []string
	for _, b := range list {
		ids = append(ids, b.ID)
	}
	return ledger.OnlineToday(tx, ids)
}

// listed is how a customer stands in a list; one whose record is gone has no name.
func (c counter) listed(tx *sqldb.Tx, id string) (number, name string, err error) {
	who, err := c.find(tx, id)
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return "", "–", nil
	}
	if err != nil {
		return "", "", err
	}
	return who.Number, who.Listed(), nil
}

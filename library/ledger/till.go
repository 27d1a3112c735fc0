package ledger

import (
	"time"

	"lidwoord/base/day"
	"lidwoord/base/money"
	"lidwoord/base/sqldb"
)

// Till is what came in and went out at a branch on one day, to count by.
type Till struct {
	Lines    []Posting   // payments and refunds, newest first, at most tillMost
	Payments int         // how many payments there were
	Cash     money.Cents // taken in contant, less what was paid back contant: what the drawer should hold
	Pin      money.Cents // by card, less what went back by card
	Refunds  money.Cents // paid back, either way
}

// tillMost is how many lines a screen can show; the sums count all.
const tillMost = 200

// Owing is a customer who still has to pay.
type Owing struct {
	CustomerID string
	Cents      money.Cents
	Since      time.Time // of the oldest charge
}

// Today is the till of a branch on the Dutch day of tx.
func Today(tx *sqldb.Tx, branchID string) (Till, error) {
	from := day.Of(tx.Now).Start()
	lines, err := selectTill(tx, branchID, from, tillMost)
	if err != nil {
		return Till{}, err
	}
	t := Till{Lines: lines}
	sums, err := sumTill(tx, branchID, from)
	for _, s := range sums {
		if s.kind == KindRefund {
			t.Refunds += s.cents
		} else {
			t.Payments += s.n
		}
		if s.method == Cash {
			t.Cash -= s.cents
		} else {
			t.Pin -= s.cents
		}
	}
	return t, err
}

// OnlineSum is what came in and went out online on one day.
type OnlineSum struct {
	Payments int // how many came in
	Received money.Cents
	Returned money.Cents // went back, or was taken back by the payer's bank
}

// OnlineToday is what came and went online on the Dutch day of tx, for the
// customers of these branches.
func OnlineToday(tx *sqldb.Tx, branchIDs []string) (o OnlineSum, err error) {
	from := day.Of(tx.Now).Start()
	for _, id := range branchIDs {
		sums, err := sumOnline(tx, id, from)
		if err != nil {
			return o, err
		}
		for _, s := range sums {
			if s.kind == KindRefund {
				o.Returned += s.cents
			} else {
				o.Payments += s.n
				o.Received -= s.cents
			}
		}
	}
	return o, nil
}

// Open lists who was charged at a branch and still owes, the oldest first.
func Open(tx *sqldb.Tx, branchID string, limit int) ([]Owing, error) {
	return selectOwing(tx, branchID, limit)
}

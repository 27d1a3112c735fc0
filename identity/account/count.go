package account

import (
	"slices"
	"time"

	"lidwoord/base/sqldb"
)

// Census is how many accounts there are, and how signing in goes. It names nobody.
type Census struct {
	Waiting   int // for their owner to activate them
	Active    int
	Expired   int   // not activated in time, and still remembered
	Day, Week Tally // the last 24 hours, and seven times as long
}

// Tally is how often people signed in, and how often a wrong password was given for
// an account that there is.
type Tally struct{ SignIns, Refused int }

// TakeCensus counts all accounts. It reads every one, which takes a moment for a
// whole province: it is for a page that a manager opens now and then.
func (a *Accounts) TakeCensus(tx *sqldb.Tx) (c Census, err error) {
	if c.Waiting, c.Active, err = countAccounts(tx); err != nil {
		return c, err
	}
	if c.Expired, err = countRemembered(tx); err != nil {
		return c, err
	}
	const day = 24 * time.Hour
	c.Day, c.Week, err = countTries(tx, tx.Now.Add(-day), tx.Now.Add(-7*day))
	return c, err
}

// countAtOnce bounds the list in one statement.
const countAtOnce = 500

// Count says how many of these accounts are in each state. Each id is named once.
func (a *Accounts) Count(tx *sqldb.Tx, ids []string) (map[State]int, error) {
	counts := map[State]int{}
	for some := range slices.Chunk(ids, countAtOnce) {
		states, err := countStates(tx, some)
		if err != nil {
			return nil, err
		}
		expired, err := countMemories(tx, some)
		if err != nil {
			return nil, err
		}
		left := len(some) - expired
		counts[Expired] += expired
		for _, s := range states {
			counts[s.state] += s.n
			left -= s.n
		}
		counts[None] += left
	}
	return counts, nil
}

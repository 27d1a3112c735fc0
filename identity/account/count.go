package account

import (
	"slices"

	"lidwoord/base/sqldb"
)

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

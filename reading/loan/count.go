package loan

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
)

const (
	// Least is the smallest number of loans that Counts tells. Who works at a small
	// library knows who is a child with a membership there; "one audiobook for
	// children in May" would then be about somebody.
	Least = 5
	// KeepEnded is how long a loan that ended is kept, counted from the day on which
	// it was lent. What is popular looks back less far; after that a number does.
	KeepEnded = 100
)

// Count is how many loans of one kind began in a month that is over. A month that
// runs is not told: who looks every hour would see single loans come in.
type Count struct {
	Month day.Day // its first day
	Kind  catalogue.Kind
	Youth bool // titles for children
	N     int  // 0 when Few
	Few   bool // some, and fewer than Least
}

// tally is a number of loans.
type tally struct {
	month day.Day
	kind  catalogue.Kind
	youth bool
	n     int
}

// collection orders the two.
func (c tally) collection() int {
	if c.youth {
		return 1
	}
	return 0
}

// Counts are the loans of each month from the month of a day on, the newest first,
// and within a month by kind. A month without loans has lines too.
func Counts(tx *sqldb.Tx, from day.Day) ([]Count, error) {
	first, end := monthOf(from), monthOf(day.Of(tx.Now))
	list, err := lentBetween(tx, first.Start(), end.Start())
	if err != nil {
		return nil, err
	}
	old, err := talliesBetween(tx, first, end)
	if err != nil {
		return nil, err
	}
	sums := addUp(append(list, old...))
	var counts []Count
	for month := end.AddMonths(-1); month >= first; month = month.AddMonths(-1) {
		for _, kind := range []catalogue.Kind{catalogue.EBook, catalogue.Audiobook} {
			for _, youth := range []bool{false, true} {
				c := Count{Month: month, Kind: kind, Youth: youth, N: sums[tally{month: month, kind: kind, youth: youth}]}
				if c.N > 0 && c.N < Least {
					c.N, c.Few = 0, true
				}
				counts = append(counts, c)
			}
		}
	}
	return counts, nil
}

// Popular is how often each title was lent since an instant, to the day. It is for
// an order of titles; no page shows the numbers.
func Popular(tx *sqldb.Tx, since time.Time) (map[string]int, error) {
	return lentSince(tx, day.Of(since).Start())
}

// Wanted are the titles that were lent most in the last two months that are over, the
// most wanted first, at most limit: for who buys books. It tells no number, and
// nothing of a title that was lent less than Least: docs/reading.md says why.
func Wanted(tx *sqldb.Tx, limit int) ([]string, error) {
	end := monthOf(day.Of(tx.Now))
	return lentMost(tx, end.AddMonths(-2).Start(), end.Start(), limit)
}

// Fold forgets the loans that are long over and keeps their number. It is a job.
func Fold(tx *sqldb.Tx) error {
	before := day.Of(tx.Now).AddDays(-KeepEnded).Start()
	list, err := endedBefore(tx, before)
	if err != nil || len(list) == 0 {
		return err
	}
	sums := addUp(list)
	for _, c := range slices.SortedFunc(maps.Keys(sums), func(a, b tally) int { // in one order, so that two nodes do not wait for each other
		return cmp.Or(cmp.Compare(a.month, b.month), cmp.Compare(a.kind, b.kind), cmp.Compare(a.collection(), b.collection()))
	}) {
		c.n = sums[c]
		if err := addTally(tx, c); err != nil {
			return err
		}
	}
	return deleteEndedBefore(tx, before)
}

// addUp adds what is of the same month, kind and collection.
func addUp(list []tally) map[tally]int {
	sums := map[tally]int{}
	for _, c := range list {
		n := c.n
		c.n = 0
		sums[c] += n
	}
	return sums
}

func monthOf(d day.Day) day.Day { return d[:8] + "01" }

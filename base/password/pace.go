package password

import (
	"context"
	"sync/atomic"
	"time"
)

// pace is how long a wrong answer takes at least, in nanoseconds.
var pace atomic.Int64

// Pace makes every wrong answer take at least so long, from the moment that it is
// asked for.
//
// Without it time would tell something while accounts of another system still
// have their foreign hashes: bcrypt may take ten times what an unknown name takes,
// so who answers slowly exists and has not signed in here yet. So for as long as
// the database holds foreign hashes, the roof sets this to what the dearest of
// them takes on this machine: an unknown name, a name of ours and a foreign one
// then answer at one moment. The waiting costs no core and no counter, and a right
// answer does not wait.
//
// What is left to see: on a machine so busy that a foreign hash takes longer than
// it did when it was measured, that name answers later than others, by what the
// line adds or takes at random. Many tries would be needed to see it through that,
// which the rules of the account slow down; and all it tells is that an account
// from the other system exists.
func Pace(least time.Duration) { pace.Store(int64(least)) }

// PaceNow is what Pace was last told.
func PaceNow() time.Duration { return time.Duration(pace.Load()) }

// evenly begins to count; what it returns waits for the rest of the time.
func evenly() func(context.Context) error {
	least := PaceNow()
	if least <= 0 {
		return func(context.Context) error { return nil }
	}
	t := time.NewTimer(least)
	return func(ctx context.Context) error {
		defer t.Stop()
		select {
		case <-t.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

package outbox

import "context"

// CrashAfterClaim does what a worker does that loses its power between claiming
// a letter and sending it.
func CrashAfterClaim(ctx context.Context, w *Worker) {
	ids, err := w.due(ctx)
	if err != nil || len(ids) != 1 {
		panic("no letter to claim")
	}
	if _, ok, err := w.claim(ctx, ids[0]); err != nil || !ok {
		panic("not claimed")
	}
}

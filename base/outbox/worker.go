package outbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"lidwoord/base/queue"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

const (
	// Hands is how many letters one worker has in hand at once. A mail server
	// answers in tenths of a second, and many allow no more than ten connections.
	Hands = 4

	// SendLimit is how long one letter may take. It is shorter than Lease, so that
	// a worker that is alive never still sends a letter which another may claim.
	SendLimit = 90 * time.Second

	// Lease is how long a claimed letter is left alone. After a crash it is the
	// delay before another worker sends the letter.
	Lease = 3 * time.Minute

	// FirstPause is the wait after the first refusal; each next one doubles, up to
	// LongestPause. Greylisting servers want to see us back after some minutes.
	FirstPause   = 30 * time.Second
	LongestPause = time.Hour

	// GiveUpAfter is how long we try. The links in our letters stop working after
	// 24 hours, so that a later letter would only confuse its reader.
	GiveUpAfter = 24 * time.Hour

	// noteTime is how long it may take to write down what came of a letter.
	noteTime = 5 * time.Second
)

// Worker sends what waits. Any number may work on one database.
type Worker struct {
	DB     *sqldb.DB
	Sender Sender
	Keep   bool         // keep the text after sending: in the demo only, whose mail page shows it
	Log    *slog.Logger // slog.Default() when nil

	// Returned hears of each letter that is given up, in the transaction that says
	// so. nil tells nobody.
	Returned func(*sqldb.Tx, Return) error
}

// Run sends letters until ctx ends. It comes back when no letter is in hand.
func (w *Worker) Run(ctx context.Context) error {
	w.queue().Run(ctx)
	return nil
}

// Drain sends all letters that are due now and returns when the last is done.
func (w *Worker) Drain(ctx context.Context) error { return w.queue().Drain(ctx) }

func (w *Worker) queue() *queue.Worker {
	return &queue.Worker{What: "outbox", Hands: Hands, Bell: woken, Now: w.DB.Now, Log: w.log(), Due: w.due,
		Claim: func(ctx context.Context, id string) (func(context.Context), error) {
			l, ok, err := w.claim(ctx, id)
			if err != nil || !ok {
				return nil, err
			}
			return func(ctx context.Context) { w.deliver(ctx, l) }, nil
		}}
}

// due names some waiting letters.
func (w *Worker) due(ctx context.Context) (ids []string, err error) {
	err = w.DB.Read(ctx, func(tx *sqldb.Tx) error {
		ids, err = dueLetters(tx, 64)
		return err
	})
	return ids, err
}

func (w *Worker) claim(ctx context.Context, id string) (l row, ok bool, err error) {
	claim := secret.NewID()
	err = w.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		l, ok, err = claimLetter(tx, id, claim, tx.Now.Add(Lease))
		return err
	})
	l.claim = claim
	return l, ok, err
}

// deliver hands one letter to the sender and writes down what came of it. The
// log names the letter and the server's code, never the address or the text.
func (w *Worker) deliver(ctx context.Context, l row) {
	log := w.log().With("letter", l.ID, "kind", l.kind, "attempt", l.Attempts)
	sendErr := w.send(ctx, l)
	again, err := w.note(ctx, l, sendErr)
	switch {
	case err != nil:
		log.ErrorContext(ctx, "outbox cannot write down an outcome; the letter may go out twice", "err", err)
	case sendErr == nil:
		log.InfoContext(ctx, "letter sent")
	case again.IsZero():
		log.ErrorContext(ctx, "letter given up", "code", code(sendErr))
	default:
		log.WarnContext(ctx, "letter not taken; it is tried again", "code", code(sendErr), "again", again)
	}
}

// note writes down what came of a letter, also when the program is stopping by
// now. A database that is away for a moment is waited for as long as the lease
// keeps others from the letter, or it would go out twice.
func (w *Worker) note(ctx context.Context, l row, sendErr error) (again time.Time, err error) {
	patience, done := context.WithTimeout(ctx, Lease-SendLimit-noteTime)
	defer done()
	for {
		try, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTime)
		err = w.DB.InTx(try, func(tx *sqldb.Tx) error {
			again, err = w.settle(tx, l, sendErr)
			return err
		})
		cancel()
		if err == nil {
			return again, nil
		}
		select {
		case <-patience.Done():
			return again, err
		case <-time.After(time.Second):
		}
	}
}

func (w *Worker) send(ctx context.Context, l row) error {
	m, err := unseal(w.DB.Box, l.kind, l.sealed)
	if err != nil {
		return &Refusal{Code: "unreadable", Cause: err} // another node may have the right key
	}
	m.ID = l.ID
	ctx, done := context.WithTimeout(ctx, SendLimit)
	defer done()
	return w.Sender.Send(ctx, m)
}

// settle returns when the letter is tried again, or the zero instant when this
// was the end of it.
func (w *Worker) settle(tx *sqldb.Tx, l row, sendErr error) (again time.Time, err error) {
	switch {
	case sendErr == nil && w.Keep:
		return again, finishLetter(tx, l, Sent, l.sealed, "")
	case sendErr == nil:
		return again, finishLetter(tx, l, Sent, "", "")
	case permanent(sendErr) || !tx.Now.Before(l.QueuedAt.Add(GiveUpAfter)):
		return again, w.giveUp(tx, l, sendErr)
	}
	again = tx.Now.Add(PauseAfter(l.Attempts))
	return again, deferLetter(tx, l, again, code(sendErr))
}

// giveUp ends a letter that nobody takes, and tells whoever has to know. A
// worker that slept past its lease finds the letter in other hands and tells
// nobody.
func (w *Worker) giveUp(tx *sqldb.Tx, l row, sendErr error) error {
	if err := finishLetter(tx, l, Gone, w.envelope(tx, l), code(sendErr)); err != nil {
		return err
	}
	r := Return{LetterID: l.ID, Kind: l.kind, About: l.about, Code: code(sendErr), Hard: permanent(sendErr)}
	won, err := refuseLetter(tx, r)
	if err != nil || !won || w.Returned == nil {
		return err
	}
	return w.Returned(tx, r)
}

// envelope is what stays of a dead letter: to whom it was and about what, so
// that a person can mend the address. The link in its text is nobody's business.
func (w *Worker) envelope(tx *sqldb.Tx, l row) string {
	m, err := unseal(tx.Box(), l.kind, l.sealed)
	if err != nil {
		return ""
	}
	kept, err := seal(tx, Mail{Kind: m.Kind, To: m.To, Subject: m.Subject, Lang: m.Lang})
	if err != nil {
		return ""
	}
	return kept
}

// PauseAfter is the wait after the given number of attempts.
func PauseAfter(attempts int) time.Duration {
	return queue.PauseAfter(attempts, FirstPause, LongestPause)
}

func permanent(err error) bool {
	var r *Refusal
	return errors.As(err, &r) && r.Permanent
}

// code is what may be kept and logged of an error. The text of a server's answer
// often repeats the address, so an error that is no Refusal becomes one word.
func code(err error) string {
	var r *Refusal
	switch {
	case errors.As(err, &r):
		return r.Code
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "stopped"
	}
	return "unreachable"
}

func (w *Worker) log() *slog.Logger {
	if w.Log == nil {
		return slog.Default()
	}
	return w.Log
}

// Package job does work at its times: sweeping up, retrying, reminding. Every
// node of the house tries every piece of work; the database lets one win.
//
//	Run     does periodic work until the program stops
//	Tick    does what is due now, once
//	Recent  lists the last runs, for the people who mind the house
//
// A slot is a whole number of Every since 1970, so that all nodes agree on it
// without talking. Work that one node began and did not finish, because it
// died, is done in a later slot: each piece must look for what there is to do,
// never count on having run before.
package job

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"lidwoord/base/sqldb"
)

// Periodic is one piece of work that comes back.
type Periodic struct {
	Name  string                // unique in the house, such as "account.forget_sleeping"
	Every time.Duration         // whole seconds; at least one
	Do    func(*sqldb.Tx) error // in one transaction; runs again when the engine retries
}

const (
	// look is how often a node asks whether a new slot has begun.
	look = time.Second

	// complaintPause keeps the log short while the database does not answer.
	complaintPause = time.Minute

	// runLife is how long the list of runs is kept.
	runLife = 7 * 24 * time.Hour
)

// Outcome is what is known of a run.
type Outcome struct {
	Name       string
	Slot       time.Time // when it was to be done
	StartedAt  time.Time
	FinishedAt time.Time // zero while it runs, or when its node died
	LastError  string    // empty when it went well
}

// Run does the work of each job once in every slot until ctx ends. An error in
// one job is logged and kept; it does not stop the others.
func Run(ctx context.Context, db *sqldb.DB, jobs []Periodic) error {
	if err := check(jobs); err != nil {
		return err
	}
	clock := time.NewTicker(look)
	defer clock.Stop()
	done := map[string]time.Time{} // slots that this node need not ask about again
	var complained time.Time       // zero while the database answers
	for {
		err := tick(ctx, db, jobs, done)
		switch now := db.Now(); {
		case err == nil && !complained.IsZero():
			slog.InfoContext(ctx, "periodic work goes on")
			complained = time.Time{}
		case err != nil && ctx.Err() == nil && now.Sub(complained) >= complaintPause:
			slog.ErrorContext(ctx, "periodic work waits for the database", "err", err)
			complained = now
		}
		select {
		case <-ctx.Done():
			return nil
		case <-clock.C:
		}
	}
}

// Tick does what is due at this moment and nobody did yet. Tests turn db.Now
// and call it; Run calls the same.
func Tick(ctx context.Context, db *sqldb.DB, jobs []Periodic) error {
	if err := check(jobs); err != nil {
		return err
	}
	return tick(ctx, db, jobs, map[string]time.Time{})
}

// tick stops at the first slot that it cannot take: the database is away, and
// the other jobs would only find the same.
func tick(ctx context.Context, db *sqldb.DB, jobs []Periodic, done map[string]time.Time) error {
	for _, j := range jobs {
		slot := SlotOf(db.Now(), j.Every)
		if done[j.Name].Equal(slot) {
			continue
		}
		if err := once(ctx, db, j, slot); err != nil {
			return fmt.Errorf("%s: %w", j.Name, err)
		}
		done[j.Name] = slot
	}
	return nil
}

// SlotOf is the beginning of the slot in which now falls.
func SlotOf(now time.Time, every time.Duration) time.Time {
	step := int64(every / time.Second)
	return time.Unix(now.Unix()/step*step, 0).UTC()
}

// once does the work of a slot unless another node has it. A failure is written
// down in a transaction of its own, as the work's own was rolled back; the slot
// stays taken, so that broken work comes back in the next slot and not at once.
func once(ctx context.Context, db *sqldb.DB, j Periodic, slot time.Time) error {
	won := false
	err := db.InTx(ctx, func(tx *sqldb.Tx) (err error) {
		won, err = insertRun(tx, j.Name, slot)
		return err
	})
	if err != nil || !won {
		return err
	}
	ctx = context.WithoutCancel(ctx) // the slot is taken: work that is begun is finished, also when the program stops
	workErr := db.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := j.Do(tx); err != nil {
			return err
		}
		if err := deleteRunsBefore(tx, j.Name, tx.Now.Add(-runLife)); err != nil {
			return err
		}
		return finishRun(tx, j.Name, slot, "")
	})
	if workErr == nil {
		return nil
	}
	slog.ErrorContext(ctx, "periodic work failed", "job", j.Name, "slot", slot, "err", workErr)
	return db.InTx(ctx, func(tx *sqldb.Tx) error {
		return finishRun(tx, j.Name, slot, workErr.Error())
	})
}

// Recent returns the last run of every job, by name.
func Recent(tx *sqldb.Tx) ([]Outcome, error) { return lastRuns(tx) }

func check(jobs []Periodic) error {
	seen := map[string]bool{}
	for _, j := range jobs {
		if j.Name == "" || seen[j.Name] || j.Do == nil || j.Every < time.Second || j.Every%time.Second != 0 {
			return fmt.Errorf("job %q needs a name of its own, work to do and a period in whole seconds", j.Name)
		}
		seen[j.Name] = true
	}
	return nil
}

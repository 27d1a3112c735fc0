// Package intake takes over login accounts from another system, with the hashes
// of their passwords, so that everybody signs in with the name and the password
// that they had.
//
//	Open     reads a file through and counts its rows
//	Run      takes the accounts over; goes on where it was stopped
//	Try      says what Run would do, and changes nothing
//	Remarks  why lines were refused, or taken without what they asked for
//	Shapes   what the password hashes that were taken over cost to check
//
// # Once and only once
//
// A run is one file for one library. Its rows are dealt with in batches, each in
// one transaction with the mark of how far the run is. So whoever pulls the plug
// loses one batch, and the same command goes on after it; two commands at once
// are no harm, because the mark lets one of them win. A file that was changed is
// another run, in which the accounts that are here already are passed over.
//
// # No letters
//
// Nobody is written to. An account whose address the other system had confirmed
// is active at once; without a password its owner uses "Wachtwoord vergeten?". Any
// other account waits for its owner, see [account.ImportedLife].
package intake

import (
	"context"
	"embed"
	"errors"
	"io"
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/identity/account"
)

// Words are the sentences of this room.
//
//go:embed words.*.txt
var Words embed.FS

// batch is how many rows are one transaction: enough that a commit costs nothing
// beside its rows, and few enough that sign-ins in between do not notice.
const batch = 500

// remarksKept is how long the remarks of a run are kept after it.
const remarksKept = 30 * 24 * time.Hour

// ErrElsewhere: another command is taking over the same file at this moment.
var ErrElsewhere = fault.New(fault.Conflict, "intake.elsewhere")

// Intake is one file on its way in.
type Intake struct {
	DB      *sqldb.DB
	File    *File
	Library string // name of the library whose accounts they are, for letters

	// Link gives an account to the customer with a number. It says ErrNoCustomer when
	// there is none, and ErrOtherAccount when they have another. nil links nobody.
	Link func(tx *sqldb.Tx, number, accountID string) error

	// Free finds the customer with a number whom Link would give an account, or says
	// what Link would. Try asks it.
	Free func(tx *sqldb.Tx, number string) (customerID string, err error)

	// Say writes a reason for whoever reads the remarks.
	Say func(error) string

	// Moved, when given, hears after each batch how far the run is.
	Moved func(Tally)
}

// Tally is how far a run is.
type Tally struct {
	Total    int // rows in the file
	Done     int // of them dealt with: Taken, Present or Refused
	Taken    int
	Waiting  int // of Taken: the address must still be confirmed
	Unhashed int // of Taken: active, and without a password
	Linked   int // of Taken: a customer has the account now
	Present  int // here already, with the same address
	Refused  int
	Earlier  int // of Done: by a command before this one
}

// Remark is what is to say about one line.
type Remark struct {
	Line   int
	Taken  bool   // the account was taken, or would be; something else was not done
	Code   string // why, for programs: the key of a sentence
	Reason string
}

// refused and taken are the remarks about a row that is not taken, and about one that is
// taken and not linked.
func (i Intake) refused(e entry) Remark {
	return Remark{Line: e.line, Code: code(e.wrong), Reason: i.Say(e.wrong)}
}

func (i Intake) taken(e entry, why error) Remark {
	return Remark{Line: e.line, Taken: true, Code: code(why), Reason: i.Say(why)}
}

func code(err error) string {
	if list := fault.Of(err); len(list) > 0 {
		return list[0].Key
	}
	return ""
}

// unlinked reports whether Link or Free said why there is no link.
func unlinked(err error) bool {
	return errors.Is(err, ErrNoCustomer) || errors.Is(err, ErrOtherAccount)
}

// id names the run: the same file for another library is another one.
func (i Intake) id() string { return secret.Token(i.File.Digest + "\x00" + i.Library).Digest() }

// Run takes the accounts over, and returns the tally of the whole run, with what
// an earlier command did of it.
func (i Intake) Run(ctx context.Context) (t Tally, err error) {
	err = i.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := deleteRemarks(tx, tx.Now.Add(-remarksKept)); err != nil {
			return err
		}
		if err := startRun(tx, i.id(), i.File.Rows); err != nil {
			return err
		}
		t, err = runByID(tx, i.id())
		t.Earlier = t.Done
		return err
	})
	if err != nil {
		return t, err
	}
	err = i.each(ctx, t.Done, func(list []entry) error {
		if err := hashAll(ctx, list); err != nil {
			return err
		}
		var now Tally
		err := i.DB.InTx(ctx, func(tx *sqldb.Tx) error {
			now = t
			remarks, err := i.takeAll(tx, list, &now)
			if err != nil {
				return err
			}
			won, err := moveRun(tx, i.id(), t.Done, now)
			if err != nil {
				return err
			}
			if !won {
				return ErrElsewhere
			}
			return putRemarks(tx, i.id(), remarks)
		})
		if err != nil {
			return err
		}
		t = now
		i.moved(t)
		return nil
	})
	return t, err
}

// Try goes through the file and writes nothing.
func (i Intake) Try(ctx context.Context) (t Tally, remarks []Remark, err error) {
	t.Total = i.File.Rows
	given := map[string]bool{} // customers who would have an account by now
	err = i.each(ctx, 0, func(list []entry) error {
		err := i.DB.Read(ctx, func(tx *sqldb.Tx) error {
			for _, e := range list {
				present := false
				if e.wrong == nil {
					var err error
					present, err = e.account.Present(tx, e.key)
					if err != nil && !errors.Is(err, account.ErrImportedTaken) {
						return err
					}
					e.wrong = err
				}
				t.count(e, present)
				if e.wrong != nil {
					remarks = append(remarks, i.refused(e))
				}
				if e.wrong != nil || present || e.number == "" || i.Free == nil {
					continue
				}
				who, err := i.Free(tx, e.number)
				if err == nil && given[who] {
					err = ErrOtherAccount
				}
				if unlinked(err) {
					remarks = append(remarks, i.taken(e, err))
					continue
				}
				if err != nil {
					return err
				}
				given[who] = true
				t.Linked++
			}
			return nil
		})
		if err == nil {
			i.moved(t)
		}
		return err
	})
	return t, remarks, err
}

func (i Intake) moved(t Tally) {
	if i.Moved != nil {
		i.Moved(t)
	}
}

// count adds one row to the tally.
func (t *Tally) count(e entry, present bool) {
	t.Done++
	switch {
	case e.wrong != nil:
		t.Refused++
	case present:
		t.Present++
	default:
		t.Taken++
		if !e.account.Confirmed {
			t.Waiting++
		} else if e.hash == "" {
			t.Unhashed++
		}
	}
}

// each reads the rows in batches, and passes over the first skip of them. Those
// are read all the same: a later row may repeat one of their names.
func (i Intake) each(ctx context.Context, skip int, do func([]entry) error) error {
	rows, err := i.File.rows(io.Discard)
	if err != nil {
		return err
	}
	names := map[string]int{} // key of a username → the line that has it
	var list []entry
	for n := 0; ; n++ {
		r, err := rows.next()
		last := errors.Is(err, io.EOF)
		if err != nil && !last && !errors.Is(err, ErrCells) {
			return err
		}
		if !last {
			e := i.read(r, err, names)
			if n < skip {
				continue
			}
			list = append(list, e)
		}
		if len(list) == batch || last && len(list) > 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := do(list); err != nil {
				return err
			}
			list = list[:0]
		}
		if last {
			return nil
		}
	}
}

// Remarks lists what is to say about the lines of this file so far.
func (i Intake) Remarks(ctx context.Context) (list []Remark, err error) {
	err = i.DB.Read(ctx, func(tx *sqldb.Tx) error { list, err = remarksOf(tx, i.id()); return err })
	return list, err
}

// Shapes lists what the foreign hashes that were taken over cost to check, as
// hashes that nothing opens: the roof measures them, see password.Pace.
func Shapes(tx *sqldb.Tx) ([]string, error) { return shapes(tx) }

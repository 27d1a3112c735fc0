package intake

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/password"
	"lidwoord/base/sqldb"
	"lidwoord/base/words"
	"lidwoord/identity/account"
)

var (
	// ErrRepeated: the file has this username on an earlier line, its argument.
	ErrRepeated = fault.New(fault.Invalid, "intake.repeated")
	// ErrLanguage: a language that no page is written in.
	ErrLanguage = fault.New(fault.Invalid, "intake.language")
	// ErrActivated: neither yes nor no.
	ErrActivated = fault.New(fault.Invalid, "intake.activated")
	// ErrCreated: no date, or one that is still to come.
	ErrCreated = fault.New(fault.Invalid, "intake.created")
	// ErrNoCustomer: the account was taken; no customer of the library has its number.
	ErrNoCustomer = fault.New(fault.Conflict, "intake.no_customer")
	// ErrOtherAccount: the account was taken; the customer with its number has another.
	ErrOtherAccount = fault.New(fault.Conflict, "intake.other_account")
)

// entry is one row that was read.
type entry struct {
	line    int
	account account.Imported
	key     string // of the username
	hash    string // as the file has it, "" for none
	shape   string // of what is stored for it
	number  string
	wrong   error // why it is refused
}

// read reads a row. The first thing that is wrong is the reason of its refusal;
// names learns its username, also of a row that is refused later.
func (i Intake) read(r row, broken error, names map[string]int) (e entry) {
	e.line, e.wrong = r.line, broken
	if broken != nil {
		return e
	}
	e.hash, e.number = r.cells[colHash], r.cells[colNumber]
	e.account = account.Imported{Username: r.cells[colUsername], Email: r.cells[colEmail], Library: i.Library}
	if e.key, e.wrong = e.account.Read(); e.wrong != nil {
		return e
	}
	if first, repeated := names[e.key]; repeated {
		e.wrong = ErrRepeated.With(first)
		return e
	}
	names[e.key] = e.line
	if e.account.Lang, e.wrong = readLanguage(r.cells[colLanguage]); e.wrong != nil {
		return e
	}
	if e.account.Confirmed, e.wrong = readYes(r.cells[colActive]); e.wrong != nil {
		return e
	}
	if e.account.OpenedAt, e.wrong = readCreated(r.cells[colCreated], i.DB.Now()); e.wrong != nil {
		return e
	}
	if e.hash != "" {
		e.wrong = password.Examine(e.hash)
	}
	return e
}

func readLanguage(text string) (words.Lang, error) {
	if text == "" {
		return words.NL, nil
	}
	lang, ok := words.Read(text)
	if !ok {
		return "", ErrLanguage
	}
	return lang, nil
}

func readYes(text string) (bool, error) {
	switch text {
	case "yes", "ja", "true", "1":
		return true, nil
	case "no", "nee", "false", "0", "":
		return false, nil
	}
	return false, ErrActivated
}

// readCreated reads a Dutch calendar day or an instant.
func readCreated(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return now, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		d, err := day.Parse(text)
		if err != nil {
			return at, ErrCreated
		}
		at = d.Start()
	}
	if at.After(now) || at.Year() < 1970 {
		return at, ErrCreated
	}
	return at.UTC(), nil
}

// hashAll makes the text to store of each hash. A quick one costs a hash of ours,
// so they are shared out over the cores.
func hashAll(ctx context.Context, list []entry) error {
	var next atomic.Int64
	var all sync.WaitGroup
	failed := make([]error, runtime.GOMAXPROCS(0))
	for worker := range failed {
		all.Go(func() {
			for n := int(next.Add(1)) - 1; n < len(list) && failed[worker] == nil; n = int(next.Add(1)) - 1 {
				failed[worker] = list[n].store(ctx)
			}
		})
	}
	all.Wait()
	return errors.Join(failed...)
}

// store makes what is stored of the hash. An account that must still be
// confirmed gets its password then, from its owner.
func (e *entry) store(ctx context.Context) (err error) {
	if e.wrong != nil || e.hash == "" || !e.account.Confirmed {
		return nil
	}
	if e.account.Password, err = password.Import(ctx, e.hash); err == nil {
		e.shape, err = password.Shape(e.account.Password)
	}
	return err
}

// takeAll takes a batch over, counts it and returns what is to say about it.
func (i Intake) takeAll(tx *sqldb.Tx, list []entry, t *Tally) (remarks []Remark, err error) {
	known := map[string]bool{}
	for _, e := range list { // a copy: the engine may want the transaction again
		id := ""
		if e.wrong == nil {
			id, err = account.Import(tx, e.account, e.key)
			if errors.Is(err, account.ErrImportedTaken) {
				e.wrong, err = account.ErrImportedTaken, nil
			}
			if err != nil {
				return nil, err
			}
		}
		t.count(e, id == "")
		if e.wrong != nil {
			remarks = append(remarks, i.refused(e))
		}
		if id == "" {
			continue
		}
		if e.shape != "" && !known[e.shape] {
			known[e.shape] = true
			if err := putShape(tx, e.shape); err != nil {
				return nil, err
			}
		}
		if e.number == "" || i.Link == nil {
			continue
		}
		switch err := i.Link(tx, e.number, id); {
		case err == nil:
			t.Linked++
		case unlinked(err):
			remarks = append(remarks, i.taken(e, err))
		default:
			return nil, err
		}
	}
	return remarks, nil
}

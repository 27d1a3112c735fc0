package ingest

import (
	"context"
	"errors"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
)

// Import takes titles in: all that lies under some paths. It may be killed at any
// moment and run again, also beside another one: what did not change since it was
// read is passed over, and the same content is one title.
type Import struct {
	DB     *sqldb.DB
	Stacks catalogue.Stacks
	Again  bool               // read also what did not change
	Say    func(error) string // why something was refused, in a sentence
	Moved  func(Tally)        // how far it is; nil when nobody looks
}

// Tally is how far an import is.
type Tally struct {
	Total, Done int
	Taken       int // new, or read anew
	Mended      int // of the taken ones: something in them was put right
	Present     int // the same content is here already
	Unchanged   int // passed over: read by an earlier import, and taken then
	Refused     int // now or by an earlier import
}

// Outcome is what became of one source.
type Outcome string

const (
	Taken     Outcome = "taken"
	Present   Outcome = "present"
	Unchanged Outcome = "unchanged"
	Refused   Outcome = "refused"
)

// Remark is a line of the report.
type Remark struct {
	Path    string
	Outcome Outcome
	Title   string // its name, when it was read now
	ID      string
	Text    string // why it was refused, or what was mended
}

const (
	batch     = 64                     // titles that are entered in one transaction
	gathering = 500 * time.Millisecond // for which a batch waits for more titles
	leftovers = 24 * time.Hour         // after which what a killed import left is swept away
)

// result is a source that was dealt with, and not yet entered.
type result struct {
	source  source
	outcome Outcome
	made    *catalogue.Publication // to be entered
	title   catalogue.Title
	text    string
	before  string // digest of what an earlier import found there
	old     bool   // remembered already
	passing bool   // refused for what may be mended without a change of the file: not remembered
}

// Run takes in what lies under the paths. It ends between two titles when the
// context does. The remarks come in no order.
func (i Import) Run(ctx context.Context, paths []string) (Tally, []Remark, error) {
	if err := i.Stacks.Ready(); err != nil {
		return Tally{}, nil, err
	}
	if err := i.Stacks.Sweep(ctx, i.DB, i.DB.Now().Add(-leftovers)); err != nil {
		return Tally{}, nil, err
	}
	var sources []source
	seen := map[string]bool{}
	w := &walk{ctx: ctx, see: func(s source) {
		if name := s.name(); !seen[name] {
			seen[name] = true
			sources = append(sources, s)
		}
	}}
	for _, path := range paths {
		if err := w.path(path); err != nil {
			return Tally{}, nil, err
		}
	}
	before, err := i.recall(ctx, sources)
	if err != nil {
		return Tally{}, nil, err
	}
	return i.work(ctx, sources, before)
}

// recall reads what earlier imports did with the sources.
func (i Import) recall(ctx context.Context, sources []source) (map[string]remembered, error) {
	before := make(map[string]remembered, len(sources))
	for some := range slices.Chunk(sources, 500) {
		paths := make([]string, len(some))
		for n, s := range some {
			paths[n] = storable(s.name())
		}
		err := i.DB.Read(ctx, func(tx *sqldb.Tx) error {
			list, err := recalled(tx, paths)
			for _, r := range list {
				before[r.Path] = r
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return before, nil
}

// storable is a path as the database keeps it; on our disks a name may be any bytes.
func storable(path string) string {
	if utf8.ValidString(path) {
		return path
	}
	return strings.ToValidUTF8(path, "\uFFFD")
}

// work reads on every core and enters in batches: readers wait for disks and
// pictures, and a commit costs the same for one title as for many.
func (i Import) work(ctx context.Context, sources []source, before map[string]remembered) (Tally, []Remark, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	todo, done := make(chan source), make(chan result, batch)
	var busy claims
	var readers sync.WaitGroup
	for range min(runtime.NumCPU(), max(1, len(sources))) {
		readers.Go(func() {
			for s := range todo {
				r, err := i.read(ctx, s, before[storable(s.name())], &busy)
				if err != nil {
					stop(err)
					return
				}
				done <- r
			}
		})
	}
	go func() {
		defer close(done)
		defer readers.Wait()
		defer close(todo)
		for _, s := range sources {
			if ctx.Err() != nil { // looked at by itself: select would toss a coin
				return
			}
			select {
			case todo <- s:
			case <-ctx.Done():
				return
			}
		}
	}()
	t, remarks, err := i.enter(context.WithoutCancel(ctx), done, len(sources), &busy)
	if err != nil {
		stop(err)
		for range done { // so that the readers can go home
		}
	}
	return t, remarks, errors.Join(err, context.Cause(ctx))
}

// claims are the contents that are being taken in. A library has many a book twice: the
// second copy waits until the first has been entered, and then is here already.
type claims struct {
	mu sync.Mutex
	of map[string]chan struct{} // by digest; closed when it is over
}

// begin waits until nobody takes in the same.
func (c *claims) begin(ctx context.Context, digest string) error {
	for {
		c.mu.Lock()
		over, taken := c.of[digest]
		if !taken {
			if c.of == nil {
				c.of = map[string]chan struct{}{}
			}
			c.of[digest] = make(chan struct{})
		}
		c.mu.Unlock()
		if !taken {
			return nil
		}
		select {
		case <-over:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (c *claims) end(digest string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.of[digest])
	delete(c.of, digest)
}

// read deals with one source up to the point where its title can be entered. What it
// takes in remains claimed.
func (i Import) read(ctx context.Context, s source, before remembered, busy *claims) (r result, err error) {
	same := before.Path != "" && before.Mark == s.mark && s.bad == nil && !i.Again
	if same && !before.Taken {
		return result{source: s, outcome: Refused, text: before.Remark, old: true}, nil
	}
	if same && i.Stacks.Has(before.title()) {
		return result{source: s, outcome: Unchanged, text: before.Remark, old: true}, nil
	}
	var failed failures
	p, free, err := s.open(i.Stacks.Work(), &failed)
	defer free()
	var known catalogue.Title
	if err == nil {
		if err := busy.begin(ctx, p.Title.Digest); err != nil {
			return result{}, err
		}
		defer func() {
			if r.made == nil {
				busy.end(p.Title.Digest)
			}
		}()
		if p.Title.Name == Unnamed {
			p.Title.Name = s.called()
			note(&p.Manifest, "it does not say how it is called; it got the name of its file")
		}
		err = i.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
			known, _, err = catalogue.Known(tx, p.Title.Digest)
			return err
		})
	}
	if err == nil && known.ID != "" && !i.Again && i.Stacks.Has(known) {
		return result{source: s, outcome: Present, title: known, before: before.Digest}, nil
	}
	if err == nil {
		err = i.Stacks.Keep(p)
	}
	if own := failed.err(); own != nil {
		err = own
	}
	switch {
	case err != nil && !refusal(err):
		return result{}, err
	case unreadable(err), ErrUnread.Is(err):
		if !ErrUnread.Is(err) {
			err = ErrUnread.Because(err)
		}
		return result{source: s, outcome: Refused, text: i.Say(err), passing: true}, nil
	case err != nil:
		return result{source: s, outcome: Refused, text: i.Say(err)}, nil
	}
	return result{source: s, outcome: Taken, made: p, text: strings.Join(p.Manifest.Notes, "; "), before: before.Digest}, nil
}

// refusal tells what is wrong with a title from what is wrong with us.
func refusal(err error) bool {
	var known *fault.Error
	return errors.As(err, &known) && known.Kind != fault.Internal && !catalogue.Full(err)
}

// unreadable reports whether a file is refused for what is wrong around it: a right
// to read that lacks, a disk with faults, a share that went away.
func unreadable(err error) bool {
	var path *fs.PathError
	if !errors.As(err, &path) {
		return false
	}
	for _, named := range []error{fs.ErrNotExist, syscall.ENOTDIR, syscall.EISDIR, syscall.ENAMETOOLONG, syscall.EINVAL, syscall.ELOOP} {
		if errors.Is(path.Err, named) { // the book names what is not there, or cannot be
			return false
		}
	}
	var system syscall.Errno
	return errors.As(path.Err, &system) || errors.Is(path.Err, fs.ErrPermission)
}

// enter puts the results in the catalogue, and remembers them in the same
// transaction.
func (i Import) enter(ctx context.Context, done <-chan result, total int, busy *claims) (t Tally, remarks []Remark, err error) {
	t.Total = total
	for first := range done {
		some := gather(first, done)
		var kept []catalogue.Title
		for _, r := range some {
			if r.made != nil {
				kept = append(kept, r.made.Title)
			}
		}
		if err := i.Stacks.Sync(kept...); err != nil {
			return t, remarks, err
		}
		if slices.ContainsFunc(some, func(r result) bool { return !r.old }) {
			err := i.DB.InTx(ctx, func(tx *sqldb.Tx) error {
				for n := range some {
					if err := some[n].enter(tx, i.Stacks); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return t, remarks, err
			}
		}
		for _, r := range some {
			if r.made != nil {
				busy.end(r.made.Title.Digest)
			}
			t.count(r)
			remarks = append(remarks, Remark{Path: r.source.name(), Outcome: r.outcome, Title: r.title.Name, ID: r.title.ID, Text: r.text})
		}
		if i.Moved != nil {
			i.Moved(t)
		}
	}
	return t, remarks, nil
}

// gather waits a moment for more than the first result. Flushing the disk and
// committing cost the same for one title as for many, and hold up whoever writes
// meanwhile.
func gather(first result, done <-chan result) []result {
	some := []result{first}
	enough := time.After(gathering)
	for len(some) < batch {
		select {
		case r, open := <-done:
			if !open {
				return some
			}
			some = append(some, r)
		case <-enough:
			return some
		}
	}
	return some
}

func (r *result) enter(tx *sqldb.Tx, stacks catalogue.Stacks) (err error) {
	if r.old || r.passing {
		return nil
	}
	if r.made != nil {
		if r.title, err = stacks.Enter(tx, r.made); err != nil {
			return err
		}
	}
	if err := r.replace(tx); err != nil {
		return err
	}
	return remember(tx, remembered{
		Path: storable(r.source.name()), Mark: r.source.mark, Taken: r.outcome != Refused, Digest: r.title.Digest, Remark: r.text,
	})
}

// actor is an import, as the audit log names it.
const actor = "loader"

// replace puts a title in the place of the one that came from the same file before it
// changed, when both are the same book. Who has the older one keeps it until the loan
// ends: a place and bookmarks in it mean nothing in another text. A book that was
// withdrawn stays so.
func (r *result) replace(tx *sqldb.Tx) error {
	if r.before == "" || r.title.ID == "" || r.before == r.title.Digest {
		return nil
	}
	old, found, err := catalogue.Known(tx, r.before)
	if err != nil || !found || !sameBook(old, r.title) {
		return err
	}
	now, _, err := catalogue.Known(tx, r.title.Digest)
	if err != nil || now.Withdrawn {
		return err
	}
	if old.Withdrawn {
		r.add("the title " + old.ID + " of which it is a newer version is withdrawn, and so is this one")
		return catalogue.Withdraw(tx, actor, now.ID, "a newer version of "+old.ID+", which is withdrawn")
	}
	n, err := elsewhere(tx, r.before, storable(r.source.name()))
	if err != nil || n > 0 {
		return err
	}
	r.add("it takes the place of " + old.ID + ", which is no longer lent; who has that keeps it until the loan ends")
	return catalogue.Withdraw(tx, actor, old.ID, "replaced by "+r.title.ID)
}

func (r *result) add(remark string) {
	if r.text != "" {
		r.text += "; "
	}
	r.text += remark
}

// sameBook reports whether two titles are versions of one book.
func sameBook(a, b catalogue.Title) bool {
	switch {
	case a.Kind != b.Kind:
		return false
	case a.ISBN != "" && b.ISBN != "":
		return a.ISBN == b.ISBN
	}
	return catalogue.Fold(a.Name) == catalogue.Fold(b.Name) && catalogue.Fold(a.Author()) == catalogue.Fold(b.Author())
}

func (t *Tally) count(r result) {
	t.Done++
	switch r.outcome {
	case Taken:
		t.Taken++
		if r.text != "" {
			t.Mended++
		}
	case Present:
		t.Present++
	case Unchanged:
		t.Unchanged++
	case Refused:
		t.Refused++
	}
}

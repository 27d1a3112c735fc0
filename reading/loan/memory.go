package loan

import (
	"context"
	"sync"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
)

// Titles gives the titles that a caller has in memory already.
type Titles func(id string) (catalogue.Title, bool)

const (
	// termsLife is how long the rules of lending are believed as they were read, where
	// they only say what is offered. To lend is to read them anew.
	termsLife = 10 * time.Second

	// heldLife is how long a loan that was seen is believed, for the pieces of a track
	// or the pictures of a chapter.
	heldLife = 5 * time.Second
	heldMost = 20_000 // loans that are seen in that time: some megabytes
)

// Memory answers the doors of one program what they ask over and over. All doors
// share one, so that what is given back at one is gone at the others too.
type Memory struct {
	db      *sqldb.DB
	once    sync.Once
	shelves *sqldb.Gather[Reader, []bare]
	hands   *sqldb.Gather[hand, Loan]

	mu    sync.Mutex
	terms Terms
	read  time.Time // when terms were
	held  map[hand]Loan
	since time.Time // when held was empty
	turn  int       // goes on when something in held is forgotten
}

// hand is a title in the hands of a reader.
type hand struct {
	reader Reader
	title  string
}

// NewMemory makes one of a database.
func NewMemory(db *sqldb.DB) *Memory { return &Memory{db: db, held: map[hand]Loan{}} }

// Terms are the rules of this platform as they were at most some seconds ago. Nobody
// changes what it returns.
func (m *Memory) Terms(ctx context.Context) (Terms, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.db.Now()
	if m.terms != nil && within(m.read, now, termsLife) {
		return m.terms, nil
	}
	err := m.db.Look(ctx, func(tx *sqldb.Tx) (err error) { m.terms, err = TermsOf(tx); return err })
	m.read = now
	if err != nil {
		m.terms = nil
	}
	return m.terms, err
}

// Rules are what memberships allow today, for what pages and feeds show: to lend is to
// read the terms anew. Who may borrow nothing hears why.
func (m *Memory) Rules(ctx context.Context, rights Rights) (Rules, error) {
	terms, err := m.Terms(ctx)
	if err != nil {
		return Rules{}, err
	}
	return rights.Rules(terms, day.Of(m.db.Now()))
}

// Shelf lists what a reader has now. Those who ask at the same moment are answered
// together.
func (m *Memory) Shelf(ctx context.Context, reader Reader, titles Titles) (list []Loan, err error) {
	err = m.db.Look(ctx, func(tx *sqldb.Tx) error {
		m.gather(tx)
		found, _, err := m.shelves.One(tx, reader)
		if err != nil {
			return err
		}
		list = make([]Loan, len(found))
		for i, b := range found {
			title, known := titles(b.title)
			if !known { // it just came in
				list, err = Shelf(tx, reader)
				return err
			}
			list[i] = b.loan(title)
		}
		return nil
	})
	return list, err
}

func (m *Memory) gather(tx *sqldb.Tx) {
	m.once.Do(func() {
		m.shelves, m.hands = sqldb.NewGather(tx, bareLoansOfAll), sqldb.NewGather(tx, bareLoansIn)
	})
}

// Held is the loan by which a reader opens a title, as it is now, with the place
// where they are.
func (m *Memory) Held(ctx context.Context, reader Reader, titleID string, titles Titles) (l Loan, err error) {
	err = m.db.Look(ctx, func(tx *sqldb.Tx) (err error) {
		title, known := titles(titleID)
		if !known {
			l, err = Held(tx, reader, titleID)
			return err
		}
		m.gather(tx)
		var found bool
		if l, found, err = m.hands.One(tx, hand{reader, titleID}); err == nil && !found {
			err = ErrNotYours
		}
		l.Title = title
		return err
	})
	return l, err
}

// HeldLately is Held without a place, which may be some seconds old. A player asks for
// a track in many pieces, and a chapter has many pictures: each needs the loan, and
// none changes it. Only a yes is remembered, and what goes back here is forgotten at
// once.
func (m *Memory) HeldLately(ctx context.Context, reader Reader, titleID string, titles Titles) (Loan, error) {
	h, now := hand{reader, titleID}, m.db.Now()
	m.mu.Lock()
	if !within(m.since, now, heldLife) {
		m.since = now
		m.turn++
		clear(m.held)
	}
	l, seen := m.held[h]
	turn := m.turn
	m.mu.Unlock()
	if title, known := titles(titleID); seen && known && now.Before(l.DueAt) {
		l.Title = title
		return l, nil
	}
	l, err := m.Held(ctx, reader, titleID, titles)
	l.place = ""
	if err == nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.turn == turn && len(m.held) < heldMost { // nothing went back while we looked
			m.held[h] = l
		}
	}
	return l, err
}

// Return is Return that is seen here at once.
func (m *Memory) Return(tx *sqldb.Tx, reader Reader, titleID string) (had bool, err error) {
	tx.After(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.turn++
		delete(m.held, hand{reader, titleID})
	})
	return Return(tx, reader, titleID)
}

// within reports whether something of an instant is younger than its life. A clock
// that was put back makes nothing live longer.
func within(at, now time.Time, life time.Duration) bool {
	return !now.Before(at) && now.Sub(at) < life
}

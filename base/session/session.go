// Package session keeps browser sessions, one table for every door.
//
//	Start   makes a session and returns the token for the cookie
//	Find    returns the living session of a token; Finder does it for many at once
//	Touch   moves its idle end on
//	Update  replaces what the door keeps in it
//	Renew   notes that its person proved once more who they are
//	Rotate  gives a session another token
//	Follow  names the session at a sign-on from which it comes
//	List    the living sessions of a subject
//	End     ends one session; Spend ends one that may serve once
//	EndAll  ends a subject's; EndSignOn those of a sign-on's session
//	EndSignedOn  ends those of everybody at a sign-on, and all that came from them (an emergency)
//	Sweep   removes the dead ones
//
// The database keeps only the token's digest: who reads the table cannot walk in.
package session

import (
	"sync"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// Session is one browser that is signed in at one door.
type Session struct {
	ID      string        // may be shown and logged; it opens nothing
	Door    string        // "desk", "login", "reading"
	Subject string        // who: a staff, account or reader id
	Data    string        // what the door keeps, opaque here
	Device  string        // what the browser calls itself, cut short
	AuthAt  time.Time     // when the person last proved who they are
	SeenAt  time.Time     // last use, to the minute
	Expires time.Time     // dead from then on
	SignOn  string        // the session at a sign-on from which this one came (the claim sid); ""
	Idle    time.Duration // how long it lives unused; used by Start and Touch
}

// LifeMost is how long a session lives at most, however much it is used: a
// cookie that was stolen is worth nothing a month later (NIST SP 800-63B-4
// section 2.1.3 asks to sign in again after 30 days at the lowest level).
const LifeMost = 30 * 24 * time.Hour

// touchEvery spares the database: a session's last use is known to the minute.
const touchEvery = time.Minute

// deviceMost is how much of the browser's own name is kept.
const deviceMost = 200

// Start makes a session. A sign-in always starts a new one, so that a token
// which somebody planted before is worth nothing after.
func Start(tx *sqldb.Tx, s Session) (secret.Token, Session, error) {
	token := secret.NewToken()
	s.ID = secret.NewID()
	s.SeenAt = tx.Now
	if s.AuthAt.IsZero() {
		s.AuthAt = tx.Now
	}
	s.Expires = tx.Now.Add(s.Idle)
	if r := []rune(s.Device); len(r) > deviceMost {
		s.Device = string(r[:deviceMost])
	}
	return token, s, insert(tx, token.Digest(), s)
}

// Find returns the living session behind a token at a door.
func Find(tx *sqldb.Tx, door string, token secret.Token) (Session, bool, error) {
	if token == "" {
		return Session{}, false, nil
	}
	digest := token.Digest()
	found, err := findAll(tx, []string{digest})
	s, ok := found[digest]
	if !ok || s.Door != door {
		return Session{}, false, err
	}
	return s, true, err
}

// Finder is Find for a door at which many knock at the same moment: they are answered
// together, each as freshly as by Find. The zero value is ready.
type Finder struct {
	once     sync.Once
	together *sqldb.Gather[string, Session]
}

// Find returns the living session behind a token at a door.
func (f *Finder) Find(tx *sqldb.Tx, door string, token secret.Token) (Session, bool, error) {
	if token == "" {
		return Session{}, false, nil
	}
	f.once.Do(func() { f.together = sqldb.NewGather(tx, findAll) })
	s, ok, err := f.together.One(tx, token.Digest())
	if !ok || s.Door != door {
		return Session{}, false, err
	}
	return s, true, err
}

// Stale reports whether a use now should be written down.
func (s Session) Stale(now time.Time) bool { return now.Sub(s.SeenAt) >= touchEvery }

// Touch notes a use and moves the idle end on.
func Touch(tx *sqldb.Tx, s Session, idle time.Duration) error {
	return touch(tx, s.ID, tx.Now.Add(idle))
}

// Update replaces what the door keeps in a living session.
func Update(tx *sqldb.Tx, id, data string) error { return update(tx, id, data) }

// Renew notes that the person of a living session proved once more who they are.
func Renew(tx *sqldb.Tx, id string) error { return renew(tx, id) }

// Rotate gives a living session another token, after its person proved more: who
// had the old one is out. It stays the same session at the sites that know it.
// It reports false for one that ended meanwhile.
func Rotate(tx *sqldb.Tx, id string) (token secret.Token, ok bool, err error) {
	token = secret.NewToken()
	ok, err = rotate(tx, id, token.Digest())
	return token, ok, err
}

// List returns the living sessions of a subject at a door, the last used first.
func List(tx *sqldb.Tx, door, subject string) ([]Session, error) {
	return list(tx, door, subject, tx.Now.Add(-LifeMost))
}

// End ends a session.
func End(tx *sqldb.Tx, id string) error { return end(tx, id) }

// Spend ends a living session and reports whether this call did: of several at the
// same moment one wins.
func Spend(tx *sqldb.Tx, id string) (bool, error) { return spend(tx, id) }

// EndAll ends every session of a subject at a door.
func EndAll(tx *sqldb.Tx, door, subject string) error { return endAll(tx, door, subject) }

// Follow notes that a living session now comes from another one at the sign-on:
// its owner signed out and in again there.
func Follow(tx *sqldb.Tx, id, signOn string) error { return follow(tx, id, signOn) }

// EndSignOn ends the sessions at a door that came from one session at a sign-on.
func EndSignOn(tx *sqldb.Tx, door, signOn string) error {
	if signOn == "" {
		return nil
	}
	return endSignOn(tx, door, signOn)
}

// someAtOnce is how many rows one transaction of EndSignedOn looks at. All at once
// would stand in the way of everybody who signs in meanwhile.
const someAtOnce = 1000

// EndSignedOn ends sessions that began by an instant, at the door of a sign-on and at
// other doors when they came from one there. It does some at a time: next is what to
// give as after the next time, "" when it is done.
func EndSignedOn(tx *sqldb.Tx, door string, by time.Time, after string) (ended int, next string, err error) {
	last, n, err := stretch(tx, after, someAtOnce)
	if err != nil || n == 0 {
		return 0, "", err
	}
	if ended, err = endStretch(tx, door, by, after, last); err == nil && n == someAtOnce {
		next = last
	}
	return ended, next, err
}

// Sweep removes sessions that are over.
func Sweep(tx *sqldb.Tx) error { return sweep(tx, tx.Now.Add(-LifeMost)) }

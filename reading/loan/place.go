package loan

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
)

// Place is where somebody is in a title, as a Readium locator says it. It lies
// with the loan and goes with it.
type Place struct {
	Href     string    `json:"href"`               // the part
	Fragment string    `json:"fragment,omitempty"` // a CFI in a book, "t=67.5" in a track
	Total    float64   `json:"total"`              // 0 at the first word, 1 after the last
	By       string    `json:"by,omitempty"`       // a name that the open page made up for itself: was it this one?
	Speed    float64   `json:"speed,omitempty"`    // at which they listen, 0 when nobody said
	At       time.Time `json:"-"`                  // when it was read there, by our clock
}

// Bounds of what a browser may leave with us.
const (
	maxPlace = 2000
	maxBy    = 40
	minSpeed = .25
	maxSpeed = 4
)

// ErrBadPlace is a place that no reader of ours sends.
var ErrBadPlace = fault.New(fault.Invalid, "loan.bad_place")

func (p Place) check() error {
	if !(p.Total >= 0 && p.Total <= 1) || p.Speed != 0 && !(p.Speed >= minSpeed && p.Speed <= maxSpeed) || len(p.Href)+len(p.Fragment) > maxPlace || len(p.By) > maxBy || !readable(p.Href+p.Fragment+p.By) {
		return ErrBadPlace
	}
	return nil
}

// readable reports whether both database engines take a text.
func readable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// Remember keeps the place. The newest reading wins, not the latest arrival: what
// a telephone read in a tunnel an hour ago does not undo the page of a minute ago.
// A place without an instant is of now; none is of later than now.
func Remember(tx *sqldb.Tx, reader Reader, titleID string, p Place) error {
	_, err := Newest(tx, reader, titleID, p)
	return err
}

// Newest is Remember that tells which place is kept now: p, or a newer one that
// another device left.
func Newest(tx *sqldb.Tx, reader Reader, titleID string, p Place) (Place, error) {
	if err := p.check(); err != nil {
		return p, err
	}
	if p.At.IsZero() || p.At.After(tx.Now) {
		p.At = tx.Now
	}
	text, err := json.Marshal(p)
	if err != nil {
		return p, err
	}
	n, err := setPlace(tx, reader, titleID, p, string(text))
	if err != nil || n > 0 {
		return p, err
	}
	newer, found, err := PlaceOf(tx, reader, titleID)
	if err == nil && !found {
		err = ErrNotYours
	}
	return newer, err
}

// Begin keeps the place in a loan that has none yet, whenever it was read. It reports
// whether it did.
func Begin(tx *sqldb.Tx, reader Reader, titleID string, p Place) (began bool, err error) {
	if err := p.check(); err != nil {
		return false, err
	}
	text, err := json.Marshal(p)
	if err != nil {
		return false, err
	}
	n, err := setFirstPlace(tx, reader, titleID, p, string(text))
	return n > 0, err
}

// PlaceOf returns the place; found is false when the title was not opened yet.
func PlaceOf(tx *sqldb.Tx, reader Reader, titleID string) (p Place, found bool, err error) {
	text, at, found, err := placeOf(tx, reader, titleID)
	if err != nil || !found {
		return p, false, err
	}
	return placeIn(text, at)
}

// Place is where the reader was when Held found the loan.
func (l Loan) Place() (p Place, found bool, err error) {
	if l.place == "" {
		return p, false, nil
	}
	return placeIn(l.place, l.placedAt)
}

func placeIn(text string, at time.Time) (p Place, found bool, err error) {
	p.At = at
	return p, true, json.Unmarshal([]byte(text), &p)
}

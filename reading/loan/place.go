package loan

import (
	"encoding/json"
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
	At       time.Time `json:"-"`
}

// maxPlace bounds what a browser may leave with us.
const maxPlace = 2000

// ErrBadPlace is a place that no reader of ours sends.
var ErrBadPlace = fault.New(fault.Invalid, "loan.bad_place")

// Remember keeps the place. The latest word wins, from whichever device.
func Remember(tx *sqldb.Tx, reader Reader, titleID string, p Place) error {
	if !(p.Total >= 0 && p.Total <= 1) || len(p.Href)+len(p.Fragment) > maxPlace || !utf8.ValidString(p.Href+p.Fragment) {
		return ErrBadPlace
	}
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	n, err := setPlace(tx, reader, titleID, string(text), int(p.Total*1000))
	if err == nil && n == 0 {
		err = ErrNotYours
	}
	return err
}

// PlaceOf returns the place; found is false when the title was not opened yet.
func PlaceOf(tx *sqldb.Tx, reader Reader, titleID string) (p Place, found bool, err error) {
	text, at, found, err := placeOf(tx, reader, titleID)
	if err != nil || !found {
		return p, false, err
	}
	p.At = at
	return p, true, json.Unmarshal([]byte(text), &p)
}

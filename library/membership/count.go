package membership

import (
	"lidwoord/base/day"
	"lidwoord/base/sqldb"
)

// Count is how many periods of one membership began at a branch in a month.
type Count struct {
	Month          string // "2026-11"
	Code           string
	NameNL, NameEN string
	BranchID       string
	N              int
}

// Started counts the periods of a library that began on or after a day, by
// month, membership and branch. It names nobody.
func Started(tx *sqldb.Tx, organisationID string, from day.Day) ([]Count, error) {
	return countStarted(tx, organisationID, from)
}

// StartedSince lists the newest periods that began at a branch on or after the
// beginning of a day.
func StartedSince(tx *sqldb.Tx, branchID string, from day.Day, limit int) ([]Membership, error) {
	return selectStarted(tx, branchID, from.Start(), limit)
}

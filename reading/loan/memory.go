package loan

import (
	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
)

// Titles gives the titles that a caller has in memory already.
type Titles func(id string) (catalogue.Title, bool)

// HeldFrom is Held for a caller with titles in memory. A player asks for a track in
// many pieces, and reading the title each time would take longer than the loan.
func HeldFrom(tx *sqldb.Tx, reader Reader, titleID string, titles Titles) (Loan, error) {
	title, known := titles(titleID)
	if !known {
		return Held(tx, reader, titleID)
	}
	l, found, err := bareLoanOf(tx, reader, titleID)
	if err == nil && !found {
		err = ErrNotYours
	}
	l.Title = title
	return l, err
}

// ShelfFrom is Shelf for a caller with titles in memory.
func ShelfFrom(tx *sqldb.Tx, reader Reader, titles Titles) ([]Loan, error) {
	list, err := bareLoansOf(tx, reader)
	for i, l := range list {
		title, known := titles(l.Title.ID)
		if !known { // it just came in
			return Shelf(tx, reader)
		}
		list[i].Title = title
	}
	return list, err
}

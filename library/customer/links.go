package customer

import (
	"slices"

	"lidwoord/base/sqldb"
)

// Links are the login accounts of a library's customers, and how many customers
// have none.
func Links(tx *sqldb.Tx, organisationID string) (links []Link, without int, err error) {
	if links, err = linksOf(tx, organisationID); err != nil {
		return nil, 0, err
	}
	without, err = countUnlinked(tx, organisationID)
	return links, without, err
}

// accountsAtOnce bounds the list in one statement.
const accountsAtOnce = 500

// Holders are the customers of a library for whom it generated one of these
// login accounts, in the order of the list.
func Holders(tx *sqldb.Tx, organisationID string, accountIDs []string) (list []Row, err error) {
	at := map[string]Row{}
	for some := range slices.Chunk(accountIDs, accountsAtOnce) {
		found, err := holders(tx, organisationID, some)
		if err != nil {
			return nil, err
		}
		for _, c := range found {
			at[c.Link.AccountID] = rowOf(c)
		}
	}
	for _, id := range accountIDs {
		if row, ok := at[id]; ok {
			list = append(list, row)
		}
	}
	return list, nil
}

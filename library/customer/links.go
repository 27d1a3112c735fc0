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

// Holder is a customer for whom the library generated a login account.
type Holder struct{ ID, BranchID, AccountID string }

// Holders are the customers of a library for whom it generated one of these login
// accounts, in the order of the list: of one branch, or of all when branchID is "".
func Holders(tx *sqldb.Tx, organisationID, branchID string, accountIDs []string) (list []Holder, err error) {
	at := map[string]Holder{}
	for some := range slices.Chunk(accountIDs, accountsAtOnce) {
		found, err := holders(tx, organisationID, branchID, some)
		if err != nil {
			return nil, err
		}
		for _, h := range found {
			at[h.AccountID] = h
		}
	}
	for _, id := range accountIDs {
		if h, ok := at[id]; ok {
			list = append(list, h)
		}
	}
	return list, nil
}

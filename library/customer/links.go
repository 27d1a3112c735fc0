package customer

import "lidwoord/base/sqldb"

// Links are the login accounts of a library's customers, and how many customers
// have none.
func Links(tx *sqldb.Tx, organisationID string) (links []Link, without int, err error) {
	if links, err = linksOf(tx, organisationID); err != nil {
		return nil, 0, err
	}
	without, err = countUnlinked(tx, organisationID)
	return links, without, err
}

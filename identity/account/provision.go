package account

import "lidwoord/base/sqldb"

// What the provisioning of other library systems asks, beside the acts that the
// desk uses too.

// Named returns the id of the account with this username: of one that lives, or
// of one that expired and is remembered.
func (a *Accounts) Named(tx *sqldb.Tx, username string) (id string, ok bool, err error) {
	return idNamed(tx, usernameKey(username))
}

// WaitingAt lists the ids of the accounts that wait to be activated at an address.
func (a *Accounts) WaitingAt(tx *sqldb.Tx, email string) ([]string, error) {
	email, err := readEmail(email)
	if err != nil {
		return nil, err
	}
	return idsWaitingAt(tx, email)
}

// States says how each of these accounts fares, in one question for all that live.
func (a *Accounts) States(tx *sqldb.Tx, ids []string) (map[string]Status, error) {
	alive, err := accountsByID(tx, ids)
	if err != nil {
		return nil, err
	}
	states := make(map[string]Status, len(ids))
	for _, acc := range alive {
		states[acc.ID] = acc.status(tx)
	}
	for _, id := range ids {
		if _, ok := states[id]; ok {
			continue
		}
		if states[id], err = a.State(tx, id); err != nil { // expired, or gone
			return nil, err
		}
	}
	return states, nil
}

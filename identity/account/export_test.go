package account

import (
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
)

// FillNetwork counts n failures of a network, which would take n hashes.
func FillNetwork(tx *sqldb.Tx, network string, n int) error {
	for range n {
		if err := throttle.Failed(tx, fromNetwork, network); err != nil {
			return err
		}
	}
	return nil
}

// AskRule is how often a letter with a code may be asked for.
var AskRule = askRule

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

// Guess is a wrong password without the hash: a day of them fits in a test.
func Guess(tx *sqldb.Tx, username, network string) error {
	if err := throttle.Take(tx, strangers(usernameKey(username), network), throttle.Counter{Rule: fromNetwork, Key: network}); err != nil {
		return err
	}
	return throttle.Failed(tx, fromNetwork, network)
}

// EmailKey is how addresses are looked up.
func EmailKey(typed string) string { return emailKey(typed) }

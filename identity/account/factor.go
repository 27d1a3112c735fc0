package account

import (
	"lidwoord/base/factor"
	"lidwoord/base/sqldb"
)

// What happened to that with which an account is signed in to beside its password.
// What it is made of is in base/factor.
const (
	EventAppAdded       = "app_added"
	EventAppRemoved     = "app_removed"
	EventPasskeyAdded   = "passkey_added"
	EventPasskeyRemoved = "passkey_removed"
	EventCodesRenewed   = "codes_renewed"
	EventRecovery       = "recovery"       // came in by a recovery code
	EventCodeRefused    = "code_refused"   // a wrong code after the right password
	EventGuessed        = "guessed"        // several in a row
	EventFactorsUndone  = "factors_undone" // what a stranger may have added went with a change of address
)

// factorOwner is who has an account in the tables of base/factor.
func factorOwner(accountID string) factor.Owner { return factor.Owner("account:" + accountID) }

// FactorEvent notes one of them for the owner and tells it by letter: whoever did
// it was in, and that may be somebody else.
func (a *Accounts) FactorEvent(tx *sqldb.Tx, acc Account, what, browser string) error {
	if err := Note(tx, acc.ID, what, browser); err != nil {
		return err
	}
	name := "factor"
	if what == EventGuessed {
		name = "guessed"
	}
	has, err := factor.StateOf(tx, factorOwner(acc.ID))
	if err != nil {
		return err
	}
	return a.mail(tx, acc, name, acc.Library, letter{Link: a.links.Forgotten, Browser: browser, What: what, Left: has.Recovery})
}

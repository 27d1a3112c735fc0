package account

import (
	"encoding/json"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// ExpiredMemory is how long an expired link can still offer a new one. A month
// covers a holiday; longer would keep the address of someone who did not want
// the account (GDPR art. 5(1)(e)).
const ExpiredMemory = 30 * 24 * time.Hour

// DeviceMemory is how long a browser stays known after it last signed in.
const DeviceMemory = 180 * 24 * time.Hour

// expireAtOnce bounds one run, so that a long pause is caught up in short transactions.
const expireAtOnce = 500

// Expire deletes accounts that were not activated in time, keeping a sealed
// memory of each, and sweeps what is over: memories, links, questions, devices,
// names that rested, history.
func (a *Accounts) Expire(tx *sqldb.Tx) error {
	overdue, err := overdueAccounts(tx, expireAtOnce)
	if err != nil {
		return err
	}
	for _, acc := range overdue {
		if err := remember(tx, acc); err != nil {
			return err
		}
		if err := deleteSleeping(tx, acc.ID); err != nil {
			return err
		}
		if err := audit.Record(tx, audit.Entry{Actor: "job", Act: "account.expire", Object: "account:" + acc.ID}); err != nil {
			return err
		}
	}
	return sweep(tx, tx.Now.Add(-ExpiredMemory), tx.Now.Add(-DeviceMemory), tx.Now.Add(-HistoryLife))
}

// memory is what is sealed of an account that expired. The names of its fields
// are stored.
type memory struct {
	Username, Email, Lang, Library string
	SelfMade                       bool
	ClientID, Target               string
}

const memoryPurpose = "account.expired"

func remember(tx *sqldb.Tx, acc Account) error {
	plain, err := json.Marshal(memory{acc.Username, acc.Email, string(acc.Lang), acc.Library, acc.SelfMade, acc.ClientID, acc.Target})
	if err != nil {
		return err
	}
	sealed, err := seal(tx, plain)
	if err != nil {
		return err
	}
	return insertMemory(tx, acc, sealed, acc.Until.Add(ExpiredMemory))
}

// emailDigest finds a memory by an address without keeping the address.
func emailDigest(email string) string { return secret.Token("email\x00" + emailKey(email)).Digest() }

// remembered returns what is known of an account that expired and was deleted.
func remembered(tx *sqldb.Tx, id string) (acc Account, ok bool, err error) {
	sealed, until, ok, err := memoryOf(tx, id)
	if err != nil || !ok {
		return acc, false, err
	}
	plain, err := unseal(tx, sealed)
	if err != nil {
		return acc, false, err
	}
	var m memory
	if err := json.Unmarshal(plain, &m); err != nil {
		return acc, false, err
	}
	return Account{ID: id, Username: m.Username, Email: m.Email, Lang: lang(m.Lang), Library: m.Library,
		SelfMade: m.SelfMade, ClientID: m.ClientID, Target: m.Target, Until: until}, true, nil
}

// errNoBox is ours to fix: the roof opened the database without its master key.
var errNoBox = fault.New(fault.Internal, "account.no_box")

func seal(tx *sqldb.Tx, plain []byte) (string, error) {
	if tx.Box() == nil {
		return "", errNoBox
	}
	return tx.Box().Seal(memoryPurpose, plain)
}

func unseal(tx *sqldb.Tx, sealed string) ([]byte, error) {
	if tx.Box() == nil {
		return nil, errNoBox
	}
	return tx.Box().Open(memoryPurpose, sealed)
}

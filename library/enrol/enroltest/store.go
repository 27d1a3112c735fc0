// Package enroltest gives tests of enrolling a small world outside the library.
package enroltest

import (
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/library/enrol"
)

// Town fills the ports of library/enrol. Another wing may not be imported there,
// so it keeps the least that obeys the contract: two tables, which roll back
// with the transaction as the real ones do. The code of an owner is "code-" and
// the username. cmd/lidwoord tries the real wing.
type Town struct{}

var (
	_ enrol.LoginAccounts = Town{}
	_ enrol.LoginCensus   = Town{}
	_ enrol.AccountOwners = Town{}
)

// Build makes the tables.
func (Town) Build(tx *sqldb.Tx) error {
	for _, table := range []string{
		`CREATE TABLE town_account (id TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, email TEXT NOT NULL, active BOOLEAN NOT NULL, until BIGINT NOT NULL)`,
		`CREATE TABLE town_ask (id TEXT PRIMARY KEY, username TEXT NOT NULL, code TEXT NOT NULL, tries BIGINT NOT NULL)`,
	} {
		if _, err := tx.Exec(table); err != nil {
			return err
		}
	}
	return nil
}

func (Town) Open(tx *sqldb.Tx, o enrol.Opening) (string, time.Time, error) {
	id, until := secret.NewID(), tx.Now.Add(24*time.Hour)
	n, err := tx.Exec(`INSERT INTO town_account VALUES ($1, $2, $3, FALSE, $4) ON CONFLICT (username) DO NOTHING`, id, o.Username, o.Email, until)
	if err == nil && n == 0 {
		err = enrol.ErrUsernameTaken
	}
	return id, until, err
}

func (t Town) Resend(tx *sqldb.Tx, id, email string) (time.Time, error) {
	login, err := t.State(tx, id)
	switch {
	case err == nil && login.State == enrol.Gone:
		err = enrol.ErrAccountGone
	case err == nil && login.State == enrol.Active:
		err = enrol.ErrAccountAwake
	case email == "":
		email = login.Email
	}
	if err != nil {
		return time.Time{}, err
	}
	until := tx.Now.Add(24 * time.Hour)
	_, err = tx.Exec(`UPDATE town_account SET until = $2, email = $3 WHERE id = $1`, id, until, email)
	return until, err
}

func (Town) State(tx *sqldb.Tx, id string) (enrol.Login, error) {
	l, active := enrol.Login{State: enrol.Waiting}, false
	found, err := tx.One(`SELECT username, email, active, until FROM town_account WHERE id = $1`, []any{id}, &l.Username, &l.Email, &active, sqldb.Instant(&l.Until))
	switch {
	case !found:
		return enrol.Login{State: enrol.Gone}, err
	case active:
		l.State, l.Until = enrol.Active, time.Time{}
	}
	return l, err
}

func (t Town) Count(tx *sqldb.Tx, ids []string) (map[enrol.State]int, error) {
	counts := map[enrol.State]int{}
	for _, id := range ids {
		login, err := t.State(tx, id)
		if err != nil {
			return nil, err
		}
		counts[login.State]++
	}
	return counts, nil
}

func (Town) Forget(tx *sqldb.Tx, id string) error {
	_, err := tx.Exec(`DELETE FROM town_account WHERE id = $1 AND NOT active`, id)
	return err
}

func (Town) Ask(tx *sqldb.Tx, username, _ string) (string, error) {
	id := secret.NewID()
	_, err := tx.Exec(`INSERT INTO town_ask VALUES ($1, $2, $3, 0)`, id, username, "code-"+username)
	return id, err
}

func (Town) Prove(tx *sqldb.Tx, askID, code string) (id, name string, err error) {
	if _, err := tx.Exec(`UPDATE town_ask SET tries = tries + 1 WHERE id = $1`, askID); err != nil {
		return "", "", err
	}
	found, err := tx.One(`
		SELECT a.id, a.username FROM town_ask k JOIN town_account a ON a.username = k.username
		WHERE k.id = $1 AND k.code = $2 AND k.tries <= 5 AND a.active`, []any{askID, code}, &id, &name)
	if err == nil && !found {
		err = enrol.ErrCode
	}
	return id, name, err
}

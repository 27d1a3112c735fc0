// Package enroltest gives tests of enrolling a small world outside the library.
package enroltest

import (
	"cmp"
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
	_ enrol.SecondSteps   = Town{}
)

// Build makes the tables.
func (Town) Build(tx *sqldb.Tx) error {
	for _, table := range []string{
		`CREATE TABLE town_account (id TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, email TEXT NOT NULL, active BOOLEAN NOT NULL, until BIGINT NOT NULL)`,
		`CREATE TABLE town_ask (id TEXT PRIMARY KEY, username TEXT NOT NULL, code TEXT NOT NULL, tries BIGINT NOT NULL, agreed TEXT NOT NULL, until BIGINT NOT NULL)`,
		`CREATE TABLE town_told (account_id TEXT NOT NULL, library TEXT NOT NULL)`,
		`CREATE TABLE town_return (account_id TEXT NOT NULL, at BIGINT NOT NULL)`,
		`CREATE TABLE town_removal (account_id TEXT NOT NULL, library TEXT NOT NULL, customer_id TEXT NOT NULL, asked_by TEXT NOT NULL, asked_at BIGINT NOT NULL, due_at BIGINT NOT NULL, ended_at BIGINT, ended_by TEXT NOT NULL, done BOOLEAN NOT NULL)`,
		`CREATE UNIQUE INDEX town_removal_waits ON town_removal (account_id) WHERE ended_at IS NULL`,
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

func (Town) Ask(tx *sqldb.Tx, q enrol.Question) (string, error) {
	id := secret.NewID()
	_, err := tx.Exec(`INSERT INTO town_ask VALUES ($1, $2, $3, 0, '', $4)`, id, q.Username, "code-"+q.Username, tx.Now.Add(15*time.Minute))
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

func (Town) Page(_ *sqldb.Tx, askID string) string { return "https://town.example/" + askID }

func (Town) Answered(tx *sqldb.Tx, askID string) (a enrol.Answer, err error) {
	var tries int
	a.Open, err = tx.One(`SELECT agreed <> '', until, tries FROM town_ask WHERE id = $1 AND until > $2`, []any{askID, tx.Now}, &a.Agreed, sqldb.Instant(&a.Until), &tries)
	a.Left = max(0, 5-tries)
	return a, err
}

func (Town) Named(tx *sqldb.Tx, username string) (id string, err error) {
	_, err = tx.One(`SELECT id FROM town_account WHERE username = $1`, []any{username}, &id)
	return id, err
}

// SecondStep is had by whose username says so, since the same day.
func (t Town) SecondStep(tx *sqldb.Tx, id string) (since time.Time, err error) {
	login, err := t.State(tx, id)
	if login.Username == "tweestaps" {
		since = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	}
	return since, err
}

// AskRemoval asks for what is due a day later; nobody does it here.
func (t Town) AskRemoval(tx *sqldb.Tx, id string, r enrol.Removal) (time.Time, error) {
	due := tx.Now.Add(t.RemovalWait())
	since, err := t.SecondStep(tx, id)
	if err == nil && since.IsZero() {
		err = enrol.ErrNoSecondStep
	}
	if err != nil {
		return due, err
	}
	if list, err := t.Removals(tx, id); err != nil || !r.Insists && len(list) > 0 && list[0].Rests(tx.Now) {
		return due, cmp.Or(err, error(enrol.ErrRemovalRests))
	}
	n, err := tx.Exec(`INSERT INTO town_removal VALUES ($1, $2, $3, $4, $5, $6, NULL, '', FALSE) ON CONFLICT DO NOTHING`, id, r.Library, r.CustomerID, r.AskedBy, tx.Now, due)
	if err == nil && n == 0 {
		err = enrol.ErrRemovalAsked
	}
	return due, err
}

func (Town) RemovalWait() time.Duration { return 24 * time.Hour }

func (Town) StopRemoval(tx *sqldb.Tx, id, actor string) (bool, error) {
	n, err := tx.Exec(`UPDATE town_removal SET ended_at = $2, ended_by = $3 WHERE account_id = $1 AND ended_at IS NULL`, id, tx.Now, actor)
	return n == 1, err
}

func (Town) Removals(tx *sqldb.Tx, id string) ([]enrol.Removal, error) {
	return sqldb.Many(tx, `SELECT library, customer_id, asked_by, asked_at, due_at, ended_at, ended_by, done FROM town_removal WHERE account_id = $1 ORDER BY asked_at DESC`,
		[]any{id}, func(row sqldb.Row) (r enrol.Removal, err error) {
			return r, row.Scan(&r.Library, &r.CustomerID, &r.AskedBy, sqldb.Instant(&r.AskedAt), sqldb.Instant(&r.DueAt), sqldb.Instant(&r.EndedAt), &r.EndedBy, &r.Done)
		})
}

// Agree is what the owner of a username does on a telephone.
func (Town) Agree(tx *sqldb.Tx, askID, username string) error {
	_, err := tx.Exec(`UPDATE town_ask SET agreed = $2 WHERE id = $1`, askID, username)
	return err
}

func (Town) TakeAnswer(tx *sqldb.Tx, askID string) (id, name string, err error) {
	won, err := tx.One(`UPDATE town_ask SET until = 0 WHERE id = $1 AND agreed <> '' AND until > $2 RETURNING agreed`, []any{askID, tx.Now}, &name)
	if err == nil && won {
		won, err = tx.One(`SELECT id FROM town_account WHERE username = $1 AND active`, []any{name}, &id)
	}
	if err == nil && !won {
		err = enrol.ErrCode
	}
	return id, name, err
}

// Linked tells an owner that a library linked the account.
func (Town) Linked(tx *sqldb.Tx, id, library string) error {
	_, err := tx.Exec(`INSERT INTO town_told VALUES ($1, $2)`, id, library)
	return err
}

func (t Town) Sleeping(tx *sqldb.Tx, limit int) ([]string, error) {
	return sqldb.Many(tx, `SELECT id FROM town_account WHERE NOT active ORDER BY until <= $2, CASE WHEN until > $2 THEN until ELSE -until END, id LIMIT $1`, []any{limit, tx.Now}, func(r sqldb.Row) (id string, err error) {
		return id, r.Scan(&id)
	})
}

// StoryOf is of a letter that left when the account was opened, and came back
// when Returned says so.
func (t Town) StoryOf(tx *sqldb.Tx, id string) (s enrol.Story, err error) {
	login, err := t.State(tx, id)
	if err != nil || login.State != enrol.Waiting {
		return s, err
	}
	m := enrol.LinkMail{ID: "letter-" + id, SentAt: login.Until.Add(-24 * time.Hour)}
	_, err = tx.One(`SELECT at FROM town_return WHERE account_id = $1 AND at > $2`, []any{id, m.SentAt}, sqldb.Instant(&m.ReturnedAt))
	if !m.ReturnedAt.IsZero() {
		m.Code = "5.1.1"
	}
	s.Links = []enrol.LinkMail{m}
	return s, err
}

// Return brings the letter to an account back.
func (Town) Return(tx *sqldb.Tx, id string) error {
	_, err := tx.Exec(`INSERT INTO town_return VALUES ($1, $2)`, id, tx.Now)
	return err
}

package staff

import (
	"time"

	"lidwoord/base/sqldb"
)

// putWorker inserts a worker or updates the one with this username, if it is of
// the same organisation; the organisation it returns is the one in the table.
func putWorker(tx *sqldb.Tx, fresh string, w Worker) (organisationID, id string, err error) {
	_, err = tx.One(`
		INSERT INTO worker (id, organisation_id, username, username_key, name, lang, hash, active, created_at)
		VALUES ($1, $2, $3, $3, $4, $5, '', $6, $7)
		ON CONFLICT (username_key) DO UPDATE SET
			name = CASE WHEN worker.organisation_id = excluded.organisation_id THEN excluded.name ELSE worker.name END,
			lang = CASE WHEN worker.organisation_id = excluded.organisation_id THEN excluded.lang ELSE worker.lang END,
			active = CASE WHEN worker.organisation_id = excluded.organisation_id THEN excluded.active ELSE worker.active END
		RETURNING organisation_id, id`,
		[]any{fresh, w.OrganisationID, w.Username, w.Name, string(w.Lang), w.Active, tx.Now}, &organisationID, &id)
	return organisationID, id, err
}

func putPosts(tx *sqldb.Tx, id string, posts []Post) error {
	if _, err := tx.Exec(`DELETE FROM post WHERE worker_id = $1`, id); err != nil {
		return err
	}
	for _, p := range posts {
		if _, err := tx.Exec(`INSERT INTO post (worker_id, branch_id, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			id, p.BranchID, string(p.Role)); err != nil {
			return err
		}
	}
	return nil
}

// addWorker reports whether the username was free.
func addWorker(tx *sqldb.Tx, w Worker) (bool, error) {
	n, err := tx.Exec(`
		INSERT INTO worker (id, organisation_id, username, username_key, name, lang, hash, active, created_at)
		VALUES ($1, $2, $3, $3, $4, $5, '', TRUE, $6) ON CONFLICT DO NOTHING`,
		w.ID, w.OrganisationID, w.Username, w.Name, string(w.Lang), tx.Now)
	return n == 1, err
}

// replaceable is the guard of the last manager: the worker is none, or there is
// another one who can come in. A manager counts when the role is for the whole
// organisation, as for the pages of Beheer.
const replaceable = ` (NOT EXISTS (SELECT 1 FROM post p WHERE p.worker_id = worker.id AND p.role = 'beheer' AND p.branch_id = '')
	OR EXISTS (SELECT 1 FROM worker w JOIN post p ON p.worker_id = w.id
		WHERE w.organisation_id = worker.organisation_id AND w.id <> worker.id AND w.active AND w.hash <> '' AND p.role = 'beheer' AND p.branch_id = ''))`

func setName(tx *sqldb.Tx, w Worker) (bool, error) {
	n, err := tx.Exec(`UPDATE worker SET name = $1 WHERE id = $2 AND organisation_id = $3`, w.Name, w.ID, w.OrganisationID)
	return n == 1, err
}

// setNameLessManager is setName for who is no manager afterwards.
func setNameLessManager(tx *sqldb.Tx, w Worker) (bool, error) {
	n, err := tx.Exec(`UPDATE worker SET name = $1 WHERE id = $2 AND organisation_id = $3 AND`+replaceable, w.Name, w.ID, w.OrganisationID)
	return n == 1, err
}

func deactivate(tx *sqldb.Tx, id string) (bool, error) {
	n, err := tx.Exec(`UPDATE worker SET active = FALSE WHERE id = $1 AND`+replaceable, id)
	return n == 1, err
}

func reactivate(tx *sqldb.Tx, id string) error {
	_, err := tx.Exec(`UPDATE worker SET active = TRUE WHERE id = $1`, id)
	return err
}

func setPassword(tx *sqldb.Tx, id, hash string, until time.Time) error {
	n, err := tx.Exec(`UPDATE worker SET hash = $1, temporary_until = $2 WHERE id = $3`, hash, until, id)
	if err == nil && n == 0 {
		return ErrUnknown
	}
	return err
}

// setHash keeps the same password under a newer hash.
func setHash(tx *sqldb.Tx, id, hash string) error {
	n, err := tx.Exec(`UPDATE worker SET hash = $1 WHERE id = $2`, hash, id)
	if err == nil && n == 0 {
		return ErrUnknown
	}
	return err
}

func markSignedIn(tx *sqldb.Tx, id string) error {
	_, err := tx.Exec(`UPDATE worker SET signed_in_at = $1 WHERE id = $2`, tx.Now, id)
	return err
}

// workers lists what the callers in this room ask for, with their posts.
func workers(tx *sqldb.Tx, where string, args ...any) ([]Worker, error) {
	list, err := sqldb.Many(tx, `
		SELECT id, organisation_id, username, name, lang, active, temporary_until IS NOT NULL FROM worker WHERE `+where+` ORDER BY name, id`, args,
		func(row sqldb.Row) (w Worker, err error) {
			err = row.Scan(&w.ID, &w.OrganisationID, &w.Username, &w.Name, &w.Lang, &w.Active, &w.Temporary)
			return w, err
		})
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Posts, err = postsOf(tx, list[i].ID); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func postsOf(tx *sqldb.Tx, id string) ([]Post, error) {
	return sqldb.Many(tx, `SELECT role, branch_id FROM post WHERE worker_id = $1 ORDER BY branch_id, role`, []any{id},
		func(row sqldb.Row) (p Post, err error) {
			err = row.Scan(&p.Role, &p.BranchID)
			return p, err
		})
}

// workerByName returns the worker and the hash behind a username, with the end of a
// temporary password, and neither when there is none.
func workerByName(tx *sqldb.Tx, name string) (w Worker, hash string, until time.Time, err error) {
	found, err := tx.One(`SELECT id, hash, temporary_until FROM worker WHERE username_key = $1`, []any{name}, &w.ID, &hash, sqldb.Instant(&until))
	if err != nil || !found {
		return Worker{}, "", until, err
	}
	w, err = Find(tx, w.ID)
	return w, hash, until, err
}

package sqldb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"lidwoord/base/migrations"
)

// ErrNewer is what Migrate says of a schema with steps that it does not know.
var ErrNewer = errors.New("the database belongs to a newer Lidwoord")

// Migrate brings the schema up to date, one transaction a step. Several nodes
// may try at once; each step is done by one of them. It refuses a schema that a
// newer program has changed: nobody knows what an older one would do to it.
func (db *DB) Migrate(ctx context.Context) error {
	err := db.InTx(ctx, func(tx *Tx) error {
		_, err := tx.sql.exec(ctx, `CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, at BIGINT NOT NULL)`, nil)
		return err
	})
	if err != nil && !Duplicate(err) { // PostgreSQL, when two nodes create it at once
		return fmt.Errorf("migration table: %w", err)
	}
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return err
	}
	slices.Sort(names)
	if err := db.refuseNewer(ctx, names); err != nil {
		return err
	}
	for _, name := range names {
		step, engine, only := strings.Cut(strings.TrimSuffix(name, ".sql"), ".")
		if only && engine != db.Engine {
			continue
		}
		text, err := fs.ReadFile(migrations.Files, name)
		if err != nil {
			return err
		}
		err = db.InTx(ctx, func(tx *Tx) error {
			n, err := tx.Exec(`INSERT INTO migration (name, at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, step, tx.Now)
			if err != nil || n == 0 {
				return err
			}
			// Many statements, which PostgreSQL takes without preparing, and so only
			// alone: the INSERT above has taken along all that was queued.
			_, err = tx.sql.exec(ctx, string(text), nil)
			return err
		})
		if err != nil {
			return fmt.Errorf("migration %s: %w", name, err)
		}
	}
	return nil
}

// refuseNewer looks for steps that were taken and that this program lacks.
func (db *DB) refuseNewer(ctx context.Context, names []string) error {
	known := map[string]bool{}
	for _, name := range names {
		step, _, _ := strings.Cut(strings.TrimSuffix(name, ".sql"), ".")
		known[step] = true
	}
	return db.Read(ctx, func(tx *Tx) error {
		taken, err := Many(tx, `SELECT name FROM migration ORDER BY name`, nil, func(r Row) (step string, err error) {
			err = r.Scan(&step)
			return step, err
		})
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(taken, func(step string) bool { return !known[step] }); i >= 0 {
			return fmt.Errorf("%w (step %s)", ErrNewer, taken[i])
		}
		return nil
	})
}

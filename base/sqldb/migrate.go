package sqldb

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"lidwoord/base/migrations"
)

// Migrate brings the schema up to date, one transaction a step. Several nodes
// may try at once; each step is done by one of them.
func (db *DB) Migrate(ctx context.Context) error {
	err := db.InTx(ctx, func(tx *Tx) error {
		_, err := tx.sql.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, at BIGINT NOT NULL)`)
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
			_, err = tx.sql.ExecContext(ctx, string(text)) // many statements, so never prepared
			return err
		})
		if err != nil {
			return fmt.Errorf("migration %s: %w", name, err)
		}
	}
	return nil
}

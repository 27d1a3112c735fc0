package lidwoord_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
)

// How each engine tells about its columns and indexes. A primary key is never
// null, which SQLite does not write down.
var catalogues = map[string][2]string{
	"sqlite": {`
		SELECT m.name || '.' || c.name || ' ' || LOWER(c.type) ||
			CASE WHEN c."notnull" OR c.pk > 0 THEN ' not null' ELSE '' END
		FROM sqlite_master m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'`, `
		SELECT tbl_name || '/' || name FROM sqlite_master
		WHERE type = 'index' AND name NOT LIKE 'sqlite_autoindex%'`},
	"postgres": {`
		SELECT table_name || '.' || column_name || ' ' || data_type ||
			CASE WHEN is_nullable = 'NO' THEN ' not null' ELSE '' END
		FROM information_schema.columns WHERE table_schema = current_schema()`, `
		SELECT tablename || '/' || indexname FROM pg_indexes
		WHERE schemaname = current_schema() AND indexname NOT IN (SELECT conname FROM pg_constraint)`},
}

// TestBothEnginesHaveTheSameSchema migrates both and compares what they say of
// themselves, so that a pair of migration files cannot drift apart.
func TestBothEnginesHaveTheSameSchema(t *testing.T) {
	found := map[string]map[string]bool{}
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		found[db.Engine] = map[string]bool{}
		err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			for _, query := range catalogues[db.Engine] {
				lines, err := sqldb.Many(tx, query, nil, func(r sqldb.Row) (line string, err error) {
					err = r.Scan(&line)
					return line, err
				})
				if err != nil {
					return err
				}
				for _, line := range lines {
					found[db.Engine][line] = true
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(found[db.Engine]) < 10 {
			t.Fatalf("%s tells of %d columns only", db.Engine, len(found[db.Engine]))
		}
	})
	if len(found) < 2 {
		t.Skip("one engine only")
	}
	for _, pair := range [][2]string{{"sqlite", "postgres"}, {"postgres", "sqlite"}} {
		for _, line := range slices.Sorted(maps.Keys(found[pair[0]])) {
			if !found[pair[1]][line] {
				t.Errorf("%s has %s", pair[0], fmt.Sprintf("%s, and %s has not", line, pair[1]))
			}
		}
	}
}

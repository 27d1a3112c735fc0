// Package sqldbtest gives each test a database of its own.
package sqldbtest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// New returns an empty, migrated SQLite database.
func New(t testing.TB) *sqldb.DB {
	t.Helper()
	return open(t, "sqlite:"+File(t))
}

// File returns the path of an empty, migrated SQLite database, a copy of one
// that is made once a process.
func File(t testing.TB) string {
	t.Helper()
	model, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "test.db")
	if err := os.WriteFile(path, model, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "lidwoord")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.db")
	db, err := sqldb.Open("sqlite:" + path)
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(context.Background()); err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil { // the last connection folds the log into the file
		return nil, err
	}
	return os.ReadFile(path)
})

// Each runs f on SQLite and on PostgreSQL. Without PostgreSQL it says so and
// skips, and fails where CI asks for both.
func Each(t *testing.T, f func(*testing.T, *sqldb.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, New(t)) })
	t.Run("postgres", func(t *testing.T) { f(t, open(t, PostgresURL(t))) })
}

func open(t testing.TB, address string) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.Box, err = secret.NewBox(make([]byte, secret.MasterLength))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

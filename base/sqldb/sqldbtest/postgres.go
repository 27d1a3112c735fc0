package sqldbtest

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // schemas and databases come and go beside the one under test
)

// Postgres is the environment variable that names the throw-away PostgreSQL.
const Postgres = "LIDWOORD_TEST_POSTGRES"

// PostgresURL returns the address of an empty schema on the test PostgreSQL.
func PostgresURL(t testing.TB) string {
	t.Helper()
	base, name := PostgresServer(t), fresh()
	temporary(t, "CREATE SCHEMA "+name, "DROP SCHEMA "+name+" CASCADE")
	sep := "?"
	if strings.Contains(base, "?") {
		sep = "&"
	}
	return base + sep + "search_path=" + name
}

// Model is a database on the test PostgreSQL of which each test may have a copy. That
// pays where it takes long to fill one: a whole database takes longer to make and to
// drop than a schema with all its tables.
type Model struct{ name string }

// NewModel makes an empty database and has it filled. Whoever makes one drops it.
func NewModel(fill func(address string) error) (*Model, error) {
	m := &Model{name: fresh()}
	if err := run("CREATE DATABASE " + m.name); err != nil {
		return nil, err
	}
	address, err := at(os.Getenv(Postgres), m.name)
	if err == nil {
		err = fill(address)
	}
	if err != nil {
		m.Drop()
		return nil, err
	}
	return m, nil
}

// Copy returns the address of a copy, for one test. Nobody may be connected to the
// model.
func (m *Model) Copy(t testing.TB) string {
	t.Helper()
	name := fresh()
	temporary(t, "CREATE DATABASE "+name+" TEMPLATE "+m.name, "DROP DATABASE "+name+" WITH (FORCE)")
	address, err := at(PostgresServer(t), name)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// Drop removes the model. The copies stay.
func (m *Model) Drop() error { return run("DROP DATABASE " + m.name) }

func fresh() string { return "test_" + strings.ToLower(rand.Text()) }

// PostgresServer is the address of the test PostgreSQL. Without one it says so and skips the
// test, and fails it where CI asks for both engines.
func PostgresServer(t testing.TB) string {
	t.Helper()
	base := os.Getenv(Postgres)
	if base == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("CI must set " + Postgres)
		}
		t.Skip("not tried on PostgreSQL: " + Postgres + " is not set (make test sets it)")
	}
	return base
}

// temporary makes something on the server that goes when the test ends.
func temporary(t testing.TB, create, drop string) {
	t.Helper()
	if err := run(create); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run(drop) })
}

func run(statement string) error {
	admin, err := sql.Open("pgx", os.Getenv(Postgres))
	if err != nil {
		return err
	}
	defer admin.Close()
	if _, err := admin.Exec(statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// at is the address of another database on the server.
func at(base, name string) (string, error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

package main

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/web/webtest"
)

// world is the demo library as it is after loading. It is loaded once a test program
// and engine, and every house begins with a copy: the passwords to hash and the covers
// to draw are most of what a short test would cost.
type world struct {
	files map[string][]byte // by their path in the folder of a house
	model *sqldbtest.Model  // the database, on PostgreSQL
}

// The files of a house, and where it is that loads a world: its letters lead there.
const (
	worldData   = "lidwoord.db"
	worldKey    = "secret.key"
	worldTitles = "titles"
	worldAt     = "http://127.0.0.1:1"
)

// worlds are made when the first test wants one.
var worlds = map[string]func() (*world, error){
	"sqlite": sync.OnceValues(func() (*world, error) {
		return newWorld(func(dir string) string { return "sqlite:" + filepath.Join(dir, worldData) })
	}),
	"postgres": sync.OnceValues(func() (w *world, err error) {
		model, err := sqldbtest.NewModel(func(address string) error {
			w, err = newWorld(func(string) string { return address })
			return err
		})
		if err != nil {
			return nil, err
		}
		w.model = model
		models = append(models, model)
		return w, nil
	}),
}

// models are on the server, and go when all tests are done.
var models []*sqldbtest.Model

func TestMain(m *testing.M) {
	webtest.Main(m)
	for _, model := range models {
		model.Drop()
	}
}

func newWorld(database func(dir string) string) (*world, error) {
	dir, err := os.MkdirTemp("", "lidwoord")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	c := worldConfig(dir)
	c.Listen, c.Database, c.Doors = strings.TrimPrefix(worldAt, "http://"), database(dir), map[string]string{"start": worldAt}
	h, err := demoHouse(context.Background(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	if err := h.db.Close(); err != nil { // the last connection folds the log of SQLite into its file
		return nil, err
	}
	w := &world{files: map[string][]byte{}}
	return w, fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			w.files[path], err = os.ReadFile(filepath.Join(dir, path))
		}
		return err
	})
}

// worldConfig is a house whose files are in a folder.
func worldConfig(dir string) Config {
	return Config{KeyFile: filepath.Join(dir, worldKey), Titles: filepath.Join(dir, worldTitles), Database: "sqlite:" + filepath.Join(dir, worldData)}
}

// copied is the configuration of a house that begins with a copy of the world of an
// engine.
func copied(t *testing.T, engine string) Config {
	t.Helper()
	if engine == "postgres" {
		sqldbtest.PostgresServer(t)
	}
	w, err := worlds[engine]()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for path, text := range w.files {
		to := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, to, string(text))
	}
	c := worldConfig(dir)
	if w.model != nil {
		c.Database = w.model.Copy(t)
	}
	return c
}

// moveLetters makes the letters of a copied world lead to where it is now.
func moveLetters(tx *sqldb.Tx, to string) error {
	type letter struct{ id, sealed string }
	list, err := sqldb.Many(tx, `SELECT id, sealed FROM outbox ORDER BY id`, nil, func(r sqldb.Row) (l letter, err error) {
		err = r.Scan(&l.id, &l.sealed)
		return l, err
	})
	for _, l := range list {
		if err != nil {
			return err
		}
		var plain []byte
		if plain, err = tx.Box().Open("outbox.letter", l.sealed); err != nil {
			return err
		}
		if l.sealed, err = tx.Box().Seal("outbox.letter", bytes.ReplaceAll(plain, []byte(worldAt+"/"), []byte(to+"/"))); err == nil {
			_, err = tx.Exec(`UPDATE outbox SET sealed = $1 WHERE id = $2`, l.sealed, l.id)
		}
	}
	return err
}

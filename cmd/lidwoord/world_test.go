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
)

// world is the demo library on SQLite as it is after loading. It is loaded once a test
// program, and every house on SQLite begins with a copy: twelve passwords to hash and
// all covers to draw are most of what a short test would cost. On PostgreSQL every
// house loads its own.
type world struct {
	start string            // its address, to which its letters lead
	files map[string][]byte // by their path under a folder
}

// The files of a world.
const (
	worldData   = "lidwoord.db"
	worldKey    = "secret.key"
	worldTitles = "titles"
)

var loaded = sync.OnceValues(func() (*world, error) {
	dir, err := os.MkdirTemp("", "lidwoord")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	w := &world{start: "http://127.0.0.1:1", files: map[string][]byte{}}
	h, err := demoHouse(context.Background(), Config{Listen: "127.0.0.1:1", Database: "sqlite:" + filepath.Join(dir, worldData),
		KeyFile: filepath.Join(dir, worldKey), Titles: filepath.Join(dir, worldTitles), Doors: map[string]string{"start": w.start}}, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	if err := h.db.Close(); err != nil { // the last connection folds the log into the file
		return nil, err
	}
	return w, fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			w.files[path], err = os.ReadFile(filepath.Join(dir, path))
		}
		return err
	})
})

// copyTo writes the world down where a configuration wants it.
func (w *world) copyTo(t *testing.T, c Config) {
	t.Helper()
	for path, text := range w.files {
		to := filepath.Join(filepath.Dir(c.Titles), path)
		if path == worldData {
			to = strings.TrimPrefix(c.Database, "sqlite:")
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, to, string(text))
	}
}

// move makes the letters that wait lead to another address.
func (w *world) move(tx *sqldb.Tx, start string) error {
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
		if l.sealed, err = tx.Box().Seal("outbox.letter", bytes.ReplaceAll(plain, []byte(w.start+"/"), []byte(start+"/"))); err == nil {
			_, err = tx.Exec(`UPDATE outbox SET sealed = $1 WHERE id = $2`, l.sealed, l.id)
		}
	}
	return err
}

package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/branch"
)

// What is wrong shows before the first visitor comes, in one sentence.
func TestWhatIsWrongIsSaidAtTheStart(t *testing.T) {
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	databases := map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "lidwoord.db") },
		"postgres": func(t *testing.T) string { return sqldbtest.PostgresURL(t) },
	}
	for engine, database := range databases {
		t.Run(engine, func(t *testing.T) {
			config := library(t, database(t), "127.0.0.1:1", "127.0.0.1:25") // port 1 is not ours, so serve never stays
			dir := filepath.Dir(config)
			says := func(want string, args ...string) {
				t.Helper()
				err := run(t.Context(), log, append(args[:1:1], append([]string{"-config", config}, args[1:]...)...))
				if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(explain(err), want)) {
					t.Errorf("%s: got %v, want %q", args[0], err, want)
				}
			}
			says(`there is no library "bind" in the database`, "serve")
			says("", "library", "-file", filepath.Join(dir, "bind.toml"))
			says("There is no such role", "staff", "-username", "anja", "-name", "Anja", "-role", "directeur")
			says("There is no such branch", "staff", "-username", "anja", "-name", "Anja", "-branch", "9999")

			key := filepath.Join(dir, "secret.key")
			right, err := os.ReadFile(key)
			if err != nil {
				t.Fatal(err)
			}
			write(t, key, base64.StdEncoding.EncodeToString([]byte("another key, of thirty-two bytes")))
			says("is not the key with which this database was sealed", "serve")
			write(t, key, "kort")
			says("want 32", "serve")
			write(t, key, string(right))

			c, err := readConfig("test", []string{"-config", config}, nil)
			if err != nil {
				t.Fatal(err)
			}
			db, err := openDatabase(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			err = db.InTx(t.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(`INSERT INTO migration (name, at) VALUES ('9999_later', 0)`)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			says("newer Lidwoord (step 9999_later)", "serve")
			says("newer Lidwoord", "migrate")
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// The demo's passwords stand on its first page.
func TestTheDemoIsForThisMachineOnly(t *testing.T) {
	for _, at := range []string{"0.0.0.0:8080", ":8080", "192.0.2.1:8080", "8080"} {
		if err := demo(t.Context(), slog.Default(), []string{"-addr", at}); err == nil || !strings.Contains(err.Error(), "this machine only") {
			t.Errorf("%s: %v", at, err)
		}
	}
}

func TestASecretThatEverybodyCanReadIsFound(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has rights of another kind")
	}
	dir := t.TempDir()
	c := Config{KeyFile: filepath.Join(dir, "key"), Mail: Mail{PasswordFile: filepath.Join(dir, "password"), DKIMKeyFile: ""}}
	for path, mode := range map[string]os.FileMode{c.KeyFile: 0o644, c.Mail.PasswordFile: 0o640} {
		write(t, path, "x")
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.openSecrets(); !slices.Equal(got, []string{c.KeyFile}) {
		t.Errorf("got %v, want the key file only", got)
	}
}

func TestErrorsOfCommandsAreSentences(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("staff: %w", branch.ErrNoLibrary), "staff: "},
		{fault.List{branch.ErrNoLibrary.At("library")}, "library: "},
		{branch.ErrNoLibrary.Because(io.ErrUnexpectedEOF), ": unexpected EOF"},
		{io.EOF, "EOF"},
	} {
		if got := explain(c.err); !strings.Contains(got, c.want) || strings.Contains(got, "branch.") {
			t.Errorf("got %q, want %q and no key", got, c.want)
		}
	}
}

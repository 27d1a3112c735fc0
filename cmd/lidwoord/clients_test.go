package main

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
)

// printed runs a command and returns what it prints.
func printed(t *testing.T, args ...string) (text string, err error) {
	t.Helper()
	was := os.Stdout
	r, w, pipeErr := os.Pipe()
	if pipeErr != nil {
		t.Fatal(pipeErr)
	}
	os.Stdout = w
	err = run(t.Context(), slog.New(slog.DiscardHandler), args)
	os.Stdout = was
	w.Close()
	out, readErr := io.ReadAll(r)
	if readErr != nil {
		t.Fatal(readErr)
	}
	return string(out), err
}

var secretShown = regexp.MustCompile(`shown this once: (\S+)`)

func TestASiteIsConnectedByCommand(t *testing.T) {
	for engine, database := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "lidwoord.db") },
		"postgres": func(t *testing.T) string { return sqldbtest.PostgresURL(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			config := library(t, database(t), "127.0.0.1:1", "127.0.0.1:25")
			dir := filepath.Dir(config)
			file := filepath.Join(dir, "client.toml")
			command := func(args ...string) (string, error) {
				return printed(t, append([]string{args[0], "-config", config}, args[1:]...)...)
			}
			must := func(args ...string) string {
				t.Helper()
				text, err := command(args...)
				if err != nil {
					t.Fatal(explain(err))
				}
				return text
			}
			refused := func(want string, args ...string) {
				t.Helper()
				if _, err := command(args...); err == nil || !strings.Contains(explain(err), want) {
					t.Errorf("%v: %v, want %q", args, err, want)
				}
			}
			write(t, file, `id = "lezen"
name = "Vreemde Boeken"
redirects = ["https://lezen.example/terug"]
scopes = ["profile", "offline_access"]
signed_out = "https://lezen.example/uit"
`)
			first := secretShown.FindStringSubmatch(must("client", "-file", file))
			if first == nil || secretShown.MatchString(must("client", "-file", file)) {
				t.Error("the secret is shown at the first time only")
			}
			second := secretShown.FindStringSubmatch(must("client", "-new-secret", "lezen"))
			if second == nil || second[1] == first[1] {
				t.Error("no new secret")
			}
			list := must("client", "-list")
			for _, want := range []string{"lezen\n", "Vreemde Boeken; of others, asks consent; client_secret", "offline_access", "works until"} {
				if !strings.Contains(list, want) {
					t.Errorf("the list lacks %q:\n%s", want, list)
				}
			}
			if strings.Contains(list, first[1]) || strings.Contains(list, second[1]) {
				t.Error("the list shows a secret")
			}
			refused("give one of", "client")
			refused("no website with the identifier niemand", "client", "-remove", "niemand")
			write(t, file, "id = \"x\"\nkleur = \"rood\"\n")
			refused("no setting of a site", "client", "-file", file)
			write(t, file, "id = \"x\"\nname = \"x\"\nmethod = \"private_key_jwt\"\nredirects = [\"https://x.example/\"]\n")
			refused("The keys are not right", "client", "-file", file)
			must("client", "-remove", "lezen")
			if strings.Contains(must("client", "-list"), "lezen") {
				t.Error("it is still there")
			}

			refused("-rotate-now", "keys")
			before := keyNames(t, config)
			must("keys", "-rotate-now")
			if after := keyNames(t, config); len(after) != 2 || strings.Contains(strings.Join(before, " "), after[0]) {
				t.Errorf("keys %v, before %v", after, before)
			}
		})
	}
}

func keyNames(t *testing.T, config string) (names []string) {
	t.Helper()
	c, err := readConfig("test", []string{"-config", config}, nil)
	if err != nil {
		t.Fatal(err)
	}
	db, err := openDatabase(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
		names, err = sqldb.Many(tx, `SELECT id FROM signon_key ORDER BY id`, nil, func(r sqldb.Row) (id string, err error) { return id, r.Scan(&id) })
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

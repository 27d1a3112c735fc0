package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/library/branch"
	"lidwoord/library/enrol"
	"lidwoord/library/membership"
	"lidwoord/library/staff"
	"lidwoord/reading/catalogue"
	"lidwoord/samples"
)

// library writes the files of a real library's administrator and returns the
// path of its configuration.
func library(t testing.TB, database, listen, mailServer string) string {
	t.Helper()
	dir := t.TempDir()
	host, port, _ := strings.Cut(mailServer, ":")
	for name, text := range map[string]string{
		"secret.key": base64.StdEncoding.EncodeToString(make([]byte, secret.MasterLength)),
		"bind.toml":  bindLibrary,
		"lidwoord.toml": fmt.Sprintf(`
listen = %q
database = %q
key_file = %q
titles = %q
library = "bind"
[brand]
name = "Bind bibliotheken"
[doors]
start = "http://%s"
[mail]
host = %q
port = %s
security = "none"
from = "bibliotheek@bind.example"
`, listen, database, filepath.Join(dir, "secret.key"), filepath.Join(dir, "titles"), listen, host, port),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "lidwoord.toml")
}

// mailServer is a mail server that keeps what it gets.
type mailServer struct{ got chan string }

func (m *mailServer) NewSession(*smtp.Conn) (smtp.Session, error) { return m, nil }
func (m *mailServer) Reset()                                      {}
func (m *mailServer) Logout() error                               { return nil }
func (m *mailServer) Mail(string, *smtp.MailOptions) error        { return nil }
func (m *mailServer) Rcpt(string, *smtp.RcptOptions) error        { return nil }
func (m *mailServer) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	m.got <- string(text)
	return err
}

// A real library starts with three commands, and its letters leave by its own
// mail server.
func TestARealLibraryStartsWithThreeCommands(t *testing.T) {
	databases := map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "lidwoord.db") },
		"postgres": func(t *testing.T) string { return sqldbtest.PostgresURL(t) },
	}
	for engine, database := range databases {
		t.Run(engine, func(t *testing.T) {
			mailAt, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			post := &mailServer{got: make(chan string, 10)}
			server := smtp.NewServer(post)
			go server.Serve(mailAt)
			t.Cleanup(func() { server.Close() })

			web, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			listen := web.Addr().String()
			web.Close()
			address := database(t)
			config := library(t, address, listen, mailAt.Addr().String())
			log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
			must := func(args ...string) {
				t.Helper()
				if err := run(t.Context(), log, append(args[:1:1], append([]string{"-config", config}, args[1:]...)...)); err != nil {
					t.Fatal(err)
				}
			}
			must("library", "-file", filepath.Join(filepath.Dir(config), "bind.toml"))
			must("library", "-file", filepath.Join(filepath.Dir(config), "bind.toml")) // again: nothing changes
			must("staff", "-username", "anja", "-name", "Anja de Boer", "-role", "balie", "-branch", "5280")
			must("staff", "-username", "Anja", "-reset-factor")
			books, err := samples.Books()
			if err != nil {
				t.Fatal(err)
			}
			book := filepath.Join(t.TempDir(), books[0].Name)
			if err := os.WriteFile(book, books[0].EPUB, 0o600); err != nil {
				t.Fatal(err)
			}
			must("titles", book, book)

			ctx, stop := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- run(ctx, log, []string{"serve", "-config", config}) }()
			t.Cleanup(func() {
				stop()
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
			wait(t, "http://"+listen+"/gezond")
			for path, want := range map[string]int{"/": 200, "/balie/aanmelden": 200, "/bibliotheek/": 200, "/oidc/.well-known/openid-configuration": 200, "/dev/mail": 404, "/dev/mail.json": 404} {
				if res, err := http.Get("http://" + listen + path); err != nil || res.StatusCode != want {
					t.Errorf("%s: %v, %v; want %d", path, res.StatusCode, err, want)
				}
			}

			// The desk enrols, in this process beside the serving one.
			c, err := readConfig("test", []string{"-config", config}, nil)
			if err != nil {
				t.Fatal(err)
			}
			db, err := openDatabase(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			h, err := build(t.Context(), c, db, log)
			if err != nil {
				t.Fatal(err)
			}
			var r enrol.Result
			err = db.InTx(t.Context(), func(tx *sqldb.Tx) error {
				o, err := branch.FindOrganisation(tx, "bind")
				if err != nil {
					return err
				}
				b, err := branch.ByCode(tx, o.ID, "5280")
				if err != nil {
					return err
				}
				workers, err := staff.List(tx, o.ID)
				if err != nil || len(workers) != 1 || !workers[0].Can(staff.Enrol, b.ID) {
					t.Fatalf("workers %+v, %v", workers, err)
				}
				app := enrol.Blank("NL")
				app.Number, app.Surname, app.Birth, app.Identity, app.Membership = "v", "Tester", "4-1-1991", enrol.Yes, "0141"
				app.Postcode, app.HouseNumber, app.Street, app.Place, app.Email = "9468 BG", "41", "Kruisstraat", "Annen", "eva@tester.example"
				r, err = h.office.Enrol(tx, enrol.Clerk{StaffID: workers[0].ID, BranchID: b.ID, Lang: "nl"}, app)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			select {
			case text := <-post.got:
				for _, want := range []string{"To: <eva@tester.example>", r.Username, "Bind bibliotheken", "/inloggen/activeren/"} {
					if !strings.Contains(strings.ReplaceAll(strings.ReplaceAll(text, "=\r\n", ""), "=3D", "="), want) {
						t.Errorf("the letter lacks %q:\n%s", want, text)
					}
				}
			case <-time.After(20 * time.Second):
				t.Fatal("no letter came to the mail server")
			}
			err = db.Read(t.Context(), func(tx *sqldb.Tx) error {
				titles, n, err := catalogue.Search(tx, catalogue.Query{})
				if n != 1 {
					t.Errorf("%d titles, want the one book once: %v", n, titles)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func wait(t *testing.T, url string) {
	t.Helper()
	for range 200 {
		if res, err := http.Get(url); err == nil && res.StatusCode == 200 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s does not answer", url)
}

// The demo's price list is the seed's, to the letter.
func TestTheDemoSellsWhatTheSeedSells(t *testing.T) {
	f, err := readLibrary(bindLibrary)
	if err != nil {
		t.Fatal(err)
	}
	seed := membership.Seed("bind")
	if len(f.Memberships) != len(seed) {
		t.Fatalf("%d memberships, want %d", len(f.Memberships), len(seed))
	}
	for i, line := range f.Memberships {
		d, err := line.definition("bind")
		if err != nil || !reflect.DeepEqual(d, seed[i]) {
			t.Errorf("%s:\n%+v\nwant\n%+v, %v", line.Code, d, seed[i], err)
		}
	}
}

func TestASecondStartKeepsTheData(t *testing.T) {
	h := serveDemo(t, "sqlite")
	if fresh, err := loadDemo(t.Context(), h.house); fresh || err != nil {
		t.Errorf("loaded again: %v, %v", fresh, err)
	}
}

func TestAWrongConfigurationSaysWhatToDo(t *testing.T) {
	good := `listen = "127.0.0.1:1"
database = "sqlite:x.db"
key_file = "k"
titles = "t"
library = "bind"
[doors]
start = "https://lid.bind.example"
`
	for text, want := range map[string]string{
		good:                 "",
		"lisen = 1\n" + good: "lisen is no setting",
		strings.Replace(good, "https", "http", 1):                                "must be https",
		strings.Replace(good, "start", "front", 1):                               `no door "front"`,
		strings.Replace(good, "library = \"bind\"\n", "", 1):                     "name the library",
		good + "[addresses]\nservice = \"kadaster\"\n":                           "choose pdok",
		strings.Replace(good, "https://lid.bind.example", "lid.bind.example", 1): "no address such as",
		"listen = ": "toml",
	} {
		file := filepath.Join(t.TempDir(), "lidwoord.toml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := readConfig("serve", []string{"-config", file}, nil)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("got %v, want %q, for\n%s", err, want, text)
		}
	}
	if _, err := readConfig("serve", []string{"-config", filepath.Join(t.TempDir(), "none.toml")}, nil); err == nil || !strings.Contains(err.Error(), "lidwoord.example.toml") {
		t.Errorf("no file: %v", err)
	}
	example, err := os.ReadFile("../../lidwoord.example.toml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "lidwoord.toml")
	if err := os.WriteFile(file, example, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readConfig("serve", []string{"-config", file}, nil); err != nil {
		t.Errorf("the example: %v", err)
	}
}

func TestOnlyOurOwnProxiesAreBelieved(t *testing.T) {
	var saw string
	h, err := behindProxies([]string{"127.0.0.1", "10.0.0.5"}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { saw = r.RemoteAddr }))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, forwarded, want string }{
		{"127.0.0.1:99", "198.51.100.7, 203.0.113.9", "203.0.113.9:0"},
		{"127.0.0.1:99", "", "127.0.0.1:99"},
		{"127.0.0.1:99", "nonsense", "127.0.0.1:99"},
		{"203.0.113.9:99", "198.51.100.7", "203.0.113.9:99"},
		{"[::ffff:127.0.0.1]:99", "2001:db8::1", "[2001:db8::1]:0"},
		{"127.0.0.1:99", "198.51.100.7, 203.0.113.9, 10.0.0.5", "203.0.113.9:0"}, // two proxies of ours
		{"127.0.0.1:99", "203.0.113.9:4711", "203.0.113.9:0"},
		{"127.0.0.1:99", "[2001:db8::1]:4711", "[2001:db8::1]:0"},
		{"127.0.0.1:99", "198.51.100.7, nonsense", "127.0.0.1:99"},
	} {
		r, _ := http.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.from
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		h.ServeHTTP(nil, r)
		if saw != c.want {
			t.Errorf("from %s for %q: %s, want %s", c.from, c.forwarded, saw, c.want)
		}
	}
	if _, err := behindProxies([]string{"proxy.example"}, nil); err == nil {
		t.Error("a name was taken for an address")
	}
}

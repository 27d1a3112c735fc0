package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/adapter/mollie/mollietest"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
)

// What is promised: whoever pays becomes a member or gets the money back, once,
// also when the server dies in the middle of it. Here the real program serves a
// real configuration as a process of its own, and is killed with SIGKILL at
// random moments while visitors enrol. The payment service lives on beside it, as
// it does in life. Afterwards the books of both are laid side by side.

// crashKills is the environment variable that says how often the server is
// killed on each engine; scripts/crash sets it.
const crashKills = "LIDWOORD_CRASH_KILLS"

const (
	fewKills = 4 // in the ordinary suite
	atOnce   = 8 // visitors at the same moment
	// startTime is how long a start may take on a busy machine.
	startTime = 30 * time.Second
	// shortLife and longLife bound the life of a server that has come up.
	shortLife, longLife = 30 * time.Millisecond, 1200 * time.Millisecond
	// stillborn is one in how many servers that die before they have come up.
	stillborn = 8
)

func TestAServerThatIsKilledLosesNothingAndDoublesNothing(t *testing.T) {
	kills := fewKills
	if text := os.Getenv(crashKills); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil || kills < 1 {
			t.Fatalf("%s is %q, want how often", crashKills, text)
		}
	}
	program := filepath.Join(t.TempDir(), "lidwoord")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var table []*figures
	t.Run("sqlite", func(t *testing.T) {
		table = append(table, crash(t, program, "sqlite:"+filepath.Join(t.TempDir(), "lidwoord.db"), kills))
	})
	t.Run("postgres", func(t *testing.T) { table = append(table, crash(t, program, sqldbtest.PostgresURL(t), kills)) })
	show(t, table)
}

// crash runs the whole on one database.
func crash(t *testing.T, program, database string, kills int) *figures {
	runtime.LockOSThread() // see diesWithUs; the thread ends with the test
	key := mollietest.NewKey()
	mollie := mollietest.New(key, time.Now)
	bank := httptest.NewServer(mollie)
	t.Cleanup(func() { mollie.Close(); bank.Close() })

	n := &node{t: t, program: program, at: freeAddress(t)}
	n.config = library(t, database, n.at, "127.0.0.1:1") // nobody takes mail there, so each letter waits in the outbox
	dir := filepath.Dir(n.config)
	write(t, filepath.Join(dir, "mollie.key"), string(key))
	text, err := os.ReadFile(n.config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, n.config, "proxies = [\"127.0.0.1\"]\n"+string(text)+fmt.Sprintf(`
[payment]
provider = "mollie"
key_file = %q
url = "%s/v2"
`, filepath.Join(dir, "mollie.key"), bank.URL))
	if n.log, err = os.Create(filepath.Join(dir, "log")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.log.Close() })

	quiet := slog.New(slog.DiscardHandler)
	if err := run(t.Context(), quiet, []string{"library", "-config", n.config, "-file", filepath.Join(dir, "bind.toml")}); err != nil {
		t.Fatal(err)
	}
	c, err := readConfig("test", []string{"-config", n.config}, nil)
	if err != nil {
		t.Fatal(err)
	}
	db, err := openDatabase(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	h, err := build(t.Context(), c, db, quiet)
	if err != nil {
		t.Fatal(err)
	}

	began := time.Now()
	f := &figures{engine: db.Engine}
	visitors := newCrowd(t, h, mollie, bank.URL, "http://"+n.at)
	coming, noMore := context.WithCancel(t.Context())
	var all sync.WaitGroup
	t.Cleanup(all.Wait) // also when the test ends early
	for range atOnce {
		all.Go(func() {
			for coming.Err() == nil {
				visitors.next().walk()
			}
		})
	}
	again := time.NewTicker(time.Second) // a provider's minutes are our second
	all.Go(func() {
		defer again.Stop()
		for coming.Err() == nil {
			<-again.C
			mollie.Redeliver()
		}
	})
	n.killOften(mollie, kills, f)
	noMore()
	all.Wait()
	n.calm(mollie, h, kills)
	n.stop()
	later(t, mollie, h)
	visitors.count(f)
	f.took = time.Since(began)
	compare(t, visitors, f)
	n.complaints()
	return f
}

// killOften kills the server again and again and starts it at once. Meanwhile the
// payment service shows its bad habits.
func (n *node) killOften(mollie *mollietest.Server, kills int, f *figures) {
	n.t.Helper()
	habits := []func(){
		func() { mollie.Webhooks(mollietest.Twice) }, func() { mollie.Webhooks(mollietest.Never) }, func() { mollie.Webhooks(mollietest.Before) },
		func() { mollie.Webhooks(mollietest.Late(300 * time.Millisecond)) }, func() { mollie.LoseAnswers(1) },
		func() { mollie.Fault(http.StatusServiceUnavailable, 2) }, func() { mollie.Slow(150 * time.Millisecond) },
	}
	down := time.Now()
	usual := 100 * time.Millisecond // of a start
	for range kills {
		mollie.Webhooks(mollietest.Normal)
		mollie.Slow(0)
		if i := rand.IntN(2 * len(habits)); i < len(habits) {
			habits[i]()
		}
		started := time.Now()
		n.start()
		if rand.IntN(stillborn) == 0 {
			time.Sleep(rand.N(usual + usual/2))
			f.stillborn++
		} else {
			n.up()
			f.longest, usual = max(f.longest, time.Since(down)), time.Since(started)
			time.Sleep(shortLife + rand.N(longLife-shortLife))
		}
		n.kill()
		down = time.Now()
		f.kills++
	}
	n.start()
	n.up()
	f.longest = max(f.longest, time.Since(down))
	mollie.Webhooks(mollietest.Normal)
	mollie.Slow(0)
	mollie.Fault(http.StatusServiceUnavailable, 0)
	mollie.LoseAnswers(0)
}

// calm leaves the server alive until nothing is due any more, or as long as one
// waits who is asked for a few kills only. Payers who never came run out of time,
// and refunds arrive.
func (n *node) calm(mollie *mollietest.Server, h *house, kills int) {
	n.t.Helper()
	for _, p := range mollie.Payments() {
		mollie.Expire(p.ID)
	}
	patience := min(time.Duration(kills)*time.Second, time.Minute)
	quiet := 0
	for began := time.Now(); quiet < 2 && time.Since(began) < patience; time.Sleep(200 * time.Millisecond) {
		mollie.Wait()
		if again := mollie.Redeliver(); again == 0 && open(n.t, h) == 0 {
			if quiet++; quiet == 1 {
				mollie.FinishRefunds()
			}
		}
	}
}

// open counts what the library still has to do with a payment.
func open(t testing.TB, h *house) (due int) {
	t.Helper()
	read(t, h.db, func(tx *sqldb.Tx) error {
		for _, query := range []string{
			`SELECT COUNT(*) FROM payment WHERE state = 'open'`,
			`SELECT COUNT(*) FROM payment WHERE due_at <= $1`,
			`SELECT COUNT(*) FROM refund WHERE state = 'wanted'`,
		} {
			var args []any
			if strings.Contains(query, "$1") {
				args = []any{tx.Now}
			}
			n := 0
			if _, err := tx.One(query, args, &n); err != nil {
				return err
			}
			due += n
		}
		return nil
	})
	return due
}

// later turns the clock: what a killed server had in hand is tried again after
// some time, which nobody waits for here. The sweep is the one of the server.
func later(t *testing.T, mollie *mollietest.Server, h *house) {
	t.Helper()
	ahead := time.Duration(0)
	h.db.Now = func() time.Time { return time.Now().Add(ahead) }
	for _, by := range []time.Duration{2 * time.Minute, 20 * time.Minute, time.Hour, 7 * time.Hour, 7 * time.Hour} {
		ahead += by
		mollie.Forward(by)
		sweepAll(t, h) // refunds are asked for
		mollie.FinishRefunds()
		ahead += 2 * time.Minute
		sweepAll(t, h) // and heard of
	}
	mollie.Wait()
}

// sweepAll sweeps until nobody is due: one sweep takes on a few dozen at most, and
// a crowd leaves thousands.
func sweepAll(t *testing.T, h *house) {
	t.Helper()
	for due := 1; due > 0; {
		if err := h.cashier.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		read(t, h.db, func(tx *sqldb.Tx) error {
			_, err := tx.One(`
				SELECT (SELECT COUNT(*) FROM payment WHERE due_at <= $1) + (SELECT COUNT(*) FROM refund WHERE due_at <= $1)`,
				[]any{tx.Now}, &due)
			return err
		})
	}
}

// read runs f on one snapshot.
func read(t testing.TB, db *sqldb.DB, f func(*sqldb.Tx) error) {
	t.Helper()
	if err := db.Read(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// figures are what a run came to.
type figures struct {
	engine                                   string
	kills, stillborn                         int
	requests, cut, came, paid                int
	members, free, surplus, withdrawn, tasks int
	letters                                  int
	sent, heard                              int // webhooks
	longest, took                            time.Duration
}

// show prints the figures, an engine a column.
func show(t *testing.T, table []*figures) {
	lines := []struct {
		what string
		of   func(*figures) any
	}{
		{"server killed", func(f *figures) any { return f.kills }},
		{"  of these before it had come up", func(f *figures) any { return f.stillborn }},
		{"requests of visitors", func(f *figures) any { return f.requests }},
		{"  of these cut off and sent again", func(f *figures) any { return f.cut }},
		{"registrations tried", func(f *figures) any { return f.came }},
		{"payments made", func(f *figures) any { return f.paid }},
		{"members made", func(f *figures) any { return f.members }},
		{"  of these without a price", func(f *figures) any { return f.free }},
		{"  of these withdrawn and paid back", func(f *figures) any { return f.withdrawn }},
		{"payments too many, paid back", func(f *figures) any { return f.surplus }},
		{"tasks for the staff", func(f *figures) any { return f.tasks }},
		{"letters in the outbox", func(f *figures) any { return f.letters }},
		{"webhooks sent", func(f *figures) any { return f.sent }},
		{"  of these answered 200", func(f *figures) any { return f.heard }},
		{"longest time without a server", func(f *figures) any { return f.longest.Round(time.Millisecond) }},
		{"time", func(f *figures) any { return f.took.Round(100 * time.Millisecond) }},
	}
	row := func(what string, of func(*figures) any) {
		line := fmt.Sprintf("%-38s", what)
		for _, f := range table {
			line += fmt.Sprintf("%10v", of(f))
		}
		fmt.Fprintln(t.Output(), line)
	}
	row("figures", func(f *figures) any { return f.engine })
	for _, line := range lines {
		row(line.what, line.of)
	}
}

package account_test

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"lidwoord/base/password"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/account"
)

// BenchmarkSignIn measures whole sign-ins (read, count, verify, clear, start a
// session) next to bare argon2id in the same run: the module's own function with
// the same parameters, one hash at a time on each core. BenchmarkSignInServer of
// cmd/lidwoord does the same at the whole program, with its memory.
func BenchmarkSignIn(b *testing.B) {
	engines := map[string]func(testing.TB) *sqldb.DB{"sqlite": sqldbtest.New}
	if os.Getenv(sqldbtest.Postgres) != "" {
		engines["postgres"] = func(t testing.TB) *sqldb.DB {
			db, err := sqldb.Open(sqldbtest.PostgresURL(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() })
			db.Box = sqldbtest.New(t).Box
			if err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			return db
		}
	}
	for name, open := range engines {
		for _, atOnce := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("%s/%d", name, atOnce), func(b *testing.B) {
				h := newHouse(b, open(b))
				for i := range atOnce {
					h.active(fmt.Sprint("reader", i), fmt.Sprintf("reader%d@example.nl", i), good)
					h.pass(time.Second) // the newest letter is the one to find
				}
				b.ResetTimer()
				var bare, whole time.Duration
				salt := make([]byte, 16)
				for range b.N { // in turns, so that a busy machine slows both alike
					bare += crowd(b, runtime.NumCPU(), func(int) error {
						argon2.IDKey([]byte(good), salt, password.Passes, password.Memory, password.Lanes, 32)
						return nil
					})
					whole += crowd(b, atOnce, func(i int) error {
						_, err := account.SignIn(b.Context(), h.db, account.Attempt{Username: fmt.Sprint("reader", i), Password: good, Network: home},
							func(tx *sqldb.Tx, acc account.Account) error {
								if _, err := h.Arrive(tx, acc, "", ""); err != nil {
									return err
								}
								_, _, err := session.Start(tx, session.Session{Door: "login", Subject: acc.ID, Idle: time.Hour})
								return err
							})
						return err
					})
				}
				b.ReportMetric(0, "ns/op") // an op here is two different things
				b.ReportMetric(float64(b.N*turn)/bare.Seconds(), "argon2/s")
				b.ReportMetric(float64(b.N*turn)/whole.Seconds(), "signins/s")
				b.ReportMetric(bare.Seconds()/whole.Seconds(), "ratio")
			})
		}
	}
}

// turn is how many of a kind run before the other has its turn.
const turn = 64

// crowd does f a turn long, atOnce people at the same moment, and returns how long
// it took until the last was done.
func crowd(b *testing.B, atOnce int, f func(person int) error) time.Duration {
	b.Helper()
	start := time.Now()
	var next atomic.Int64
	var all sync.WaitGroup
	for person := range atOnce {
		all.Go(func() {
			for next.Add(1) <= turn {
				if err := f(person); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
	return time.Since(start)
}

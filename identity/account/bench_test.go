package account_test

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/password"
	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/account"
)

// BenchmarkSignIn measures whole sign-ins (read, count, verify, clear, start a
// session) next to bare argon2id with the same parameters in the same run, and
// prints the ratio: what the house adds to the hash.
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
				hash, err := password.Hash(b.Context(), good)
				if err != nil {
					b.Fatal(err)
				}
				b.ResetTimer()
				var bare, whole time.Duration
				var heap uint64
				for range b.N { // in turns, so that a busy machine slows both alike
					took, _ := crowd(b, atOnce, func(int) error {
						_, _, err := password.Verify(b.Context(), hash, good)
						return err
					})
					bare += took
					took, grown := crowd(b, atOnce, func(i int) error {
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
					whole += took
					heap = max(heap, grown)
				}
				b.ReportMetric(0, "ns/op") // an op here is two different things
				b.ReportMetric(float64(b.N*atOnce)/bare.Seconds(), "argon2/s")
				b.ReportMetric(float64(b.N*atOnce)/whole.Seconds(), "signins/s")
				b.ReportMetric(bare.Seconds()/whole.Seconds(), "ratio")
				b.ReportMetric(float64(heap)/(1<<20), "peak-MB")
			})
		}
	}
}

// crowd lets atOnce people do f at the same moment and returns how long it took
// until the last was done, and how large the heap grew.
func crowd(b *testing.B, atOnce int, f func(person int) error) (took time.Duration, heap uint64) {
	b.Helper()
	var peak atomic.Uint64
	stop := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak.Store(max(peak.Load(), m.HeapInuse))
			}
		}
	})
	start := time.Now()
	var all sync.WaitGroup
	for person := range atOnce {
		all.Go(func() {
			if err := f(person); err != nil {
				b.Error(err)
			}
		})
	}
	all.Wait()
	took = time.Since(start)
	close(stop)
	watch.Wait()
	return took, peak.Load()
}

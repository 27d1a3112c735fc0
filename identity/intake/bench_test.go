package intake_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/intake"
)

// BenchmarkIntake measures the import of 100,000 accounts with their bcrypt
// hashes, from the first byte of the file to the last commit, beside bare inserts
// of the rows that it leaves: in batches of the same size, and no rule at all. Both
// fill the same tables, the bare ones under other names.
func BenchmarkIntake(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchIntake(b, "sqlite:"+filepath.Join(b.TempDir(), "bench.db")) })
	b.Run("postgres", func(b *testing.B) {
		if os.Getenv(sqldbtest.Postgres) == "" {
			b.Skip("not measured on PostgreSQL: " + sqldbtest.Postgres + " is not set (make bench sets it)")
		}
		benchIntake(b, sqldbtest.PostgresURL(b))
	})
}

const accounts = 100_000

func benchIntake(b *testing.B, address string) {
	db, err := sqldb.Open(address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	if db.Box, err = secret.NewBox(make([]byte, secret.MasterLength)); err != nil {
		b.Fatal(err)
	}
	if err := db.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	var whole, bare time.Duration
	for n := range b.N {
		text := strings.ReplaceAll(many(accounts, bcrypt), "lezer", fmt.Sprint("r", n, "lezer"))
		start := time.Now()
		f, err := intake.Open(bytes.NewReader([]byte(text)))
		if err != nil {
			b.Fatal(err)
		}
		tally, err := intake.Intake{DB: db, File: f, Library: "Bind", Say: error.Error}.Run(b.Context())
		if err != nil || tally.Taken != accounts {
			b.Fatalf("%+v, %v", tally, err)
		}
		whole += time.Since(start)
		start = time.Now()
		for first := 0; first < accounts; first += 500 {
			insertBare(b, db, fmt.Sprint("bare", n, "lezer"), first)
		}
		bare += time.Since(start)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(b.N*accounts)/whole.Seconds(), "accounts/s")
	b.ReportMetric(float64(b.N*accounts)/bare.Seconds(), "bare/s")
	b.ReportMetric(bare.Seconds()/whole.Seconds(), "ratio")
}

func insertBare(b *testing.B, db *sqldb.DB, name string, first int) {
	err := db.InTx(b.Context(), func(tx *sqldb.Tx) error {
		for i := first; i < first+500; i++ {
			id, name := secret.NewID(), fmt.Sprintf("%s%06d", name, i)
			if _, err := tx.Exec(`
				INSERT INTO account (id, username, username_key, email, lang, library, password, opened_at, confirmed_at, activated_at)
				VALUES ($1, $2, $2, $3, 'nl', 'Bind', $4, $5, $5, $5)`, id, name, name+"@example.nl", bcrypt, tx.Now); err != nil {
				return err
			}
			if _, err := tx.Exec(`
				INSERT INTO audit (id, at, actor, act, object, branch, detail) VALUES ($1, $2, 'loader', 'account.import', $3, '', '')`,
				secret.NewID(), tx.Now, "account:"+id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

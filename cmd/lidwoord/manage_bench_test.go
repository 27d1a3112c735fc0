package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lidwoord/base/outbox"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/account"
	"lidwoord/identity/signon"
)

// A province as Beheer counts it: 600,000 accounts, a week of 300,000 sign-ins, and
// 100,000 people who are signed in at two websites each.
const province = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < `

var provinceRows = []string{
	`INSERT INTO account (id, username, username_key, email, lang, library, password, opened_at, until, activated_at, signed_in_at, email_key)
		` + province + `600000) SELECT 'A' || i, 'lezer' || i, 'lezer' || i, 'lezer@example.nl', 'nl', 'Bind', '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g', $1,
			CASE WHEN i <= 20000 THEN $1 + CAST(3600000000 AS BIGINT) END, CASE WHEN i > 20000 THEN $1 END, NULL, 'lezer@example.nl' FROM n`,
	`INSERT INTO account_event (id, account_id, at, kind, device) ` + province + `400000) SELECT 'E' || i, 'A' || i, $1 - CAST(2 AS BIGINT) * i * 1000000,
		CASE WHEN i % 10 = 0 THEN 'refused' ELSE 'signin' END, 'Firefox, Windows' FROM n`,
	`INSERT INTO passkey (id, owner, host, name, record, created_at) ` + province + `60000) SELECT 'P' || i, 'account:A' || i, 'x', 'x', 'x', $1 FROM n`,
	`INSERT INTO session (digest, id, door, subject, data, device, auth_at, seen_at, expires_at, sign_on_id) ` + province + `100000)
		SELECT 'D' || i, 'S' || i, 'login', 'A' || i, '', '', $1, $1, $1 + CAST(3600000000 AS BIGINT), '' FROM n`,
	`INSERT INTO signon_visit (session_id, client_id, account_id, created_at) ` + province + `200000)
		SELECT 'S' || (i / 2), CASE WHEN i % 2 = 0 THEN 'mijn-menu' ELSE 'online-bibliotheek' END, 'A' || i, $1 FROM n`,
	`INSERT INTO throttle (rule, digest, forgotten_at, free_at) ` + province + `20000) SELECT 'signin.network', 'T' || i, $1 + CAST(3600000000 AS BIGINT), $1 + i * CAST(1000000 AS BIGINT) - CAST(10000000000 AS BIGINT) FROM n`,
}

// BenchmarkBeheer measures what Beheer counts, and the emergency that signs
// everybody out, with a province in the database.
func BenchmarkBeheer(b *testing.B) {
	engines := map[string]string{"sqlite": "sqlite:" + filepath.Join(b.TempDir(), "lidwoord.db")}
	if os.Getenv(sqldbtest.Postgres) != "" {
		engines["postgres"] = sqldbtest.PostgresURL(b)
	}
	for name, database := range engines {
		db, err := openDatabase(b.Context(), Config{Database: database, KeyFile: filepath.Join(b.TempDir(), "secret.key"), demo: true})
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close()
		r := readers{&signon.Provider{Issuer: "https://x.example", Box: db.Box}, &account.Accounts{}}
		err = db.InTx(b.Context(), func(tx *sqldb.Tx) error {
			for _, id := range []string{mineClient, readingClient} {
				err := r.provider.RegisterClient(tx, signon.Client{ID: id, Name: id, Redirects: []string{"https://x.example/"}, SignedOut: "https://x.example/out"})
				if err != nil {
					return err
				}
			}
			for _, rows := range provinceRows {
				if _, err := tx.Exec(rows, tx.Now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		if name == "postgres" { // which does it by itself within minutes
			raw, err := sql.Open("pgx", database)
			if err != nil {
				b.Fatal(err)
			}
			defer raw.Close()
			if _, err := raw.ExecContext(b.Context(), "VACUUM ANALYZE"); err != nil {
				b.Fatal(err)
			}
		}
		act := func(name string, f func(*sqldb.Tx) error) {
			b.Run(name, func(b *testing.B) {
				var longest time.Duration
				for range b.N {
					begun := time.Now()
					if err := db.InTx(b.Context(), f); err != nil {
						b.Fatal(err)
					}
					longest = max(longest, time.Since(begun))
				}
				b.ReportMetric(float64(longest.Milliseconds()), "ms-longest")
			})
		}
		act(name+"/readers", func(tx *sqldb.Tx) error { _, err := r.Count(tx); return err })
		act(name+"/mail", func(tx *sqldb.Tx) error { _, err := outbox.CountLost(tx); return err })
		begun := time.Now() // it can be done once
		ended, err := r.SignOutAll(b.Context(), db, "test")
		if err != nil || ended != 100000 {
			b.Fatal(ended, err)
		}
		b.Logf("%s: everybody out in %v", name, time.Since(begun))
	}
}

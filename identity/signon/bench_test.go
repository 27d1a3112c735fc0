package signon_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
)

// The benchmarks run our work and bare statements that touch the same rows in
// turns on one database, so that a busy machine slows both. Their ratio is what
// the rules and the signatures cost.

func eachEngine(b *testing.B, f func(*testing.B, *sqldb.DB)) {
	b.Run("sqlite", func(b *testing.B) { f(b, benchDB(b, "sqlite:"+filepath.Join(b.TempDir(), "bench.db"))) })
	b.Run("postgres", func(b *testing.B) {
		if os.Getenv(sqldbtest.Postgres) == "" {
			b.Skip("not measured on PostgreSQL: " + sqldbtest.Postgres + " is not set (make bench sets it)")
		}
		f(b, benchDB(b, sqldbtest.PostgresURL(b)))
	})
}

func benchDB(b *testing.B, address string) *sqldb.DB {
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
	return db
}

const (
	turn    = 64 // how many of a kind run before the other has its turn
	atATime = 8  // browsers at the same moment
)

// together runs f turn times, atATime at once, and returns how long that took.
func together(f func(i int)) time.Duration {
	start := time.Now()
	var all sync.WaitGroup
	for worker := range atATime {
		all.Go(func() {
			for i := worker; i < turn; i += atATime {
				f(i)
			}
		})
	}
	all.Wait()
	return time.Since(start)
}

// report compares our rate with the bare one.
func report(b *testing.B, name string, n int, ours, bare time.Duration) {
	b.ReportMetric(0, "ns/op") // of a turn of both kinds, which says nothing
	b.ReportMetric(float64(n)/ours.Seconds(), name+"/s")
	b.ReportMetric(float64(n)/bare.Seconds(), "bare/s")
	b.ReportMetric(bare.Seconds()/ours.Seconds(), "ratio")
}

// BenchmarkExchange measures a code spent for signed tokens, beside a commit that
// updates one grant and inserts one token.
func BenchmarkExchange(b *testing.B) {
	for _, algorithm := range []string{signon.ES256, signon.RS256} {
		b.Run(algorithm, func(b *testing.B) {
			eachEngine(b, func(b *testing.B, db *sqldb.DB) {
				h := open(b, db)
				c := readingClient()
				c.Algorithm = algorithm
				h.register(c)
				h.do(h.p.TendKeys)
				var ours, bare time.Duration
				n := 0
				for b.Loop() {
					codes := make([]secret.Token, 2*turn)
					together(func(i int) { codes[i], codes[turn+i] = h.code(ask()), h.code(ask()) })
					ours += together(func(i int) {
						tokens, refusal := h.exchange(redeem(codes[i]))
						if refusal != "" {
							b.Error(refusal)
						}
						h.idToken(tokens)
					})
					bare += together(func(i int) { bareExchange(h, codes[turn+i].Digest()) })
					n += turn
				}
				report(b, "exchanges", n, ours, bare)
			})
		})
	}
}

func bareExchange(h house, digest string) {
	err := h.db.InTx(h.Context(), func(tx *sqldb.Tx) error {
		var id string
		_, err := tx.One(`
			UPDATE signon_grant SET code_spent_at = $1 WHERE code_digest = $2 RETURNING id`, []any{tx.Now, digest}, &id)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`
			INSERT INTO signon_token (digest, grant_id, kind, created_at, expires_at)
			VALUES ($1, $2, 'access', $3, $3)`, secret.NewID(), id, tx.Now)
		return err
	})
	if err != nil {
		h.Error(err)
	}
}

// BenchmarkRefresh measures a refresh token spent for signed tokens and its
// successor, beside a commit that updates one token and inserts two.
func BenchmarkRefresh(b *testing.B) {
	eachEngine(b, func(b *testing.B, db *sqldb.DB) {
		h := open(b, db)
		h.register(offlineClient(false))
		h.do(h.p.TendKeys)
		now := make([]secret.Token, turn)
		for i := range now {
			now[i] = h.offline().RefreshToken
		}
		auth := h.auth()
		var ours, bare time.Duration
		n := 0
		for b.Loop() {
			ours += together(func(i int) {
				tokens, refusal := h.exchange(signon.TokenParams{Client: auth, GrantType: "refresh_token", Refresh: now[i]})
				if refusal != "" {
					b.Error(refusal)
				}
				h.idToken(tokens)
				now[i] = tokens.RefreshToken
			})
			bare += together(func(i int) { bareRefresh(h, now[i].Digest()) })
			n += turn
		}
		report(b, "refreshes", n, ours, bare)
	})
}

func bareRefresh(h house, digest string) {
	err := h.db.InTx(h.Context(), func(tx *sqldb.Tx) error {
		var id string
		_, err := tx.One(`UPDATE signon_token SET revoked_at = NULL WHERE digest = $1 RETURNING grant_id`, []any{digest}, &id)
		for range 2 {
			if err == nil {
				_, err = tx.Exec(`
					INSERT INTO signon_token (digest, grant_id, kind, created_at, expires_at)
					VALUES ($1, $2, 'access', $3, $3)`, secret.NewID(), id, tx.Now)
			}
		}
		return err
	})
	if err != nil {
		h.Error(err)
	}
}

// BenchmarkUserInfo measures the answer to an access token, beside one read of
// the token's row.
func BenchmarkUserInfo(b *testing.B) {
	eachEngine(b, func(b *testing.B, db *sqldb.DB) {
		h := open(b, db)
		token := h.tokens().AccessToken
		var ours, bare time.Duration
		n := 0
		for b.Loop() {
			ours += together(func(int) {
				if _, refusal := h.userinfo(token); refusal != "" {
					b.Error(refusal)
				}
			})
			bare += together(func(int) { bareRead(h, token.Digest()) })
			n += turn
		}
		report(b, "userinfos", n, ours, bare)
	})
}

func bareRead(h house, digest string) {
	err := h.db.Read(h.Context(), func(tx *sqldb.Tx) error {
		var grant string
		_, err := tx.One(`SELECT grant_id FROM signon_token WHERE digest = $1`, []any{digest}, &grant)
		return err
	})
	if err != nil {
		h.Error(err)
	}
}

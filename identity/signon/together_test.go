package signon_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
)

// Questions about tokens travel together. Whatever others ask at that moment, each
// hears of their own token only, and nobody hears anything of a token that was
// revoked before they asked.
func TestARevokedTokenIsOverForWhoeverAsksAfter(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		var tokens []secret.Token
		for range 3 {
			tokens = append(tokens, h.tokens().AccessToken)
		}
		ask := func(ctx context.Context, token secret.Token) (subject string, active bool) {
			err := db.Look(ctx, func(tx *sqldb.Tx) error {
				person, _, err := h.p.UserInfo(tx, token)
				if err != nil {
					return err
				}
				known, problem, err := h.p.Introspect(tx, signon.ClientAuth{ID: reading, Secret: password}, token)
				if problem != nil {
					t.Errorf("the client was refused: %v", problem)
				}
				subject, active = person.Subject, known.Active
				return err
			})
			if err != nil && ctx.Err() == nil {
				t.Error(err)
			}
			return subject, active
		}
		ctx, stop := context.WithCancel(t.Context())
		var others sync.WaitGroup
		for i := range 15 {
			others.Go(func() {
				for ctx.Err() == nil {
					if i%5 == 0 {
						if subject, active := ask(ctx, secret.NewToken()); subject != "" || active {
							t.Errorf("a guess was answered with %q", subject)
						}
						continue
					}
					if subject, active := ask(ctx, tokens[i%3]); (subject != "ZOE" || !active) && ctx.Err() == nil {
						t.Errorf("a living token was answered with %q, %v", subject, active)
					}
				}
			})
		}
		for range 20 {
			token := h.tokens().AccessToken
			if subject, active := ask(t.Context(), token); subject != "ZOE" || !active {
				t.Errorf("a new token is answered with %q, %v", subject, active)
			}
			h.do(func(tx *sqldb.Tx) error {
				_, err := h.p.Revoke(tx, signon.ClientAuth{ID: reading, Secret: password}, token)
				return err
			})
			if subject, active := ask(t.Context(), token); subject != "" || active {
				t.Errorf("a revoked token is answered with %q, %v", subject, active)
			}
		}
		stop()
		others.Wait()
	})
}

// Right after the first day of a new library PostgreSQL has no statistics yet, and
// must find tokens by their digests all the same.
func TestTokensOfAYoungTableAreFoundByTheirDigest(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		if db.Engine != "postgres" {
			return
		}
		h := open(t, db)
		h.tokens()
		h.do(func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`
				INSERT INTO signon_token (digest, grant_id, kind, scope, created_at, expires_at)
				SELECT 'row' || i || repeat('x', 60), g.id, 'access', '', 1, CAST($1 AS BIGINT) FROM signon_grant g, generate_series(1, 20000) i`, noon.AddDate(1, 0, 0))
			return err
		})
		for _, n := range []int{1, 8, 32} {
			h.do(func(tx *sqldb.Tx) error {
				plan, err := signon.PlanOfTokens(tx, n)
				if !strings.Contains(plan, "signon_token_pkey") || strings.Contains(plan, "signon_token_grant") || strings.Contains(plan, "signon_token_expires") {
					t.Errorf("%d tokens:\n%s", n, plan)
				}
				return err
			})
		}
	})
}

package signon_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
)

func TestACodeLivesOneMinute(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		for wait, want := range map[time.Duration]string{
			0:                              "",
			time.Minute - time.Microsecond: "",
			time.Minute:                    "invalid_grant",
		} {
			h.at(0)
			code := h.code(ask())
			h.at(wait)
			if _, refusal := h.exchange(redeem(code)); refusal != want {
				t.Errorf("after %v: Exchange = %q, want %q", wait, refusal, want)
			}
		}
	})
}

func TestSixteenExchangesOfOneCodeGiveOneTokenSet(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		code := h.code(ask())
		var won atomic.Int32
		var mu sync.Mutex
		var token secret.Token
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				if got, refusal := h.exchange(redeem(code)); refusal == "" {
					won.Add(1)
					mu.Lock()
					token = got.AccessToken
					mu.Unlock()
				} else if refusal != "invalid_grant" {
					t.Errorf("refused with %s", refusal)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d token sets for one code, want 1", won.Load())
		}
		if _, refusal := h.userinfo(token); refusal != "invalid_token" {
			t.Errorf("after fifteen replays the token still works")
		}
	})
}

func TestSixteenGrantsOfOneRequestGiveOneCode(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		id := h.mustBegin(ask())
		var won atomic.Int32
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				if _, err := h.grant(id, zoe()); err == nil {
					won.Add(1)
				} else if !errors.Is(err, signon.ErrRequestSpent) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d codes for one request, want 1", won.Load())
		}
	})
}

func TestAReplayedCodeRevokesWhatItGave(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(signon.Client{ID: "other", Own: true, Name: "Other", Redirects: []string{"https://other.example/"}})
		code := h.code(ask())
		given, _ := h.exchange(redeem(code))

		// Somebody without the client's secret, or another client, cannot do it.
		stranger, other := redeem(code), redeem(code)
		stranger.Client.Secret = "a wrong secret of at least 32 letters"
		other.Client = signon.ClientAuth{ID: "other"}
		h.exchange(stranger)
		h.exchange(other)
		if _, refusal := h.userinfo(given.AccessToken); refusal != "" {
			t.Fatalf("a stranger revoked the token: %s", refusal)
		}

		replay := redeem(code)
		replay.Verifier = "another-verifier-of-forty-three-letters-or-more"
		if _, refusal := h.exchange(replay); refusal != "invalid_grant" {
			t.Errorf("replay = %q, want invalid_grant", refusal)
		}
		if _, refusal := h.userinfo(given.AccessToken); refusal != "invalid_token" {
			t.Error("the token outlived the replay of its code")
		}
		h.do(func(tx *sqldb.Tx) error {
			entries, err := audit.Of(tx, "account:ZOE", 5)
			if len(entries) != 1 || entries[0].Act != "signon.code_replayed" || entries[0].Actor != "client:"+reading {
				t.Errorf("audit = %+v", entries)
			}
			return err
		})
	})
}

func TestAWrongExchangeSpendsNothing(t *testing.T) {
	cases := map[string]struct {
		change func(*signon.TokenParams)
		want   string
	}{
		"no grant type":       {func(q *signon.TokenParams) { q.GrantType = "" }, "invalid_request"},
		"a password":          {func(q *signon.TokenParams) { q.GrantType = "password" }, "unsupported_grant_type"},
		"no code":             {func(q *signon.TokenParams) { q.Code = "" }, "invalid_request"},
		"another code":        {func(q *signon.TokenParams) { q.Code = "guess" }, "invalid_grant"},
		"a code with NUL":     {func(q *signon.TokenParams) { q.Code += "\x00" }, "invalid_grant"},
		"no address":          {func(q *signon.TokenParams) { q.RedirectURI = "" }, "invalid_request"},
		"another address":     {func(q *signon.TokenParams) { q.RedirectURI += "/" }, "invalid_grant"},
		"no verifier":         {func(q *signon.TokenParams) { q.Verifier = "" }, "invalid_request"},
		"another verifier":    {func(q *signon.TokenParams) { q.Verifier += "x" }, "invalid_grant"},
		"a short verifier":    {func(q *signon.TokenParams) { q.Verifier = "short" }, "invalid_grant"},
		"the challenge":       {func(q *signon.TokenParams) { q.Verifier = secret.Token(ask().Challenge) }, "invalid_grant"},
		"no client":           {func(q *signon.TokenParams) { q.Client.ID = "" }, "invalid_client"},
		"an unknown client":   {func(q *signon.TokenParams) { q.Client.ID = "evil" }, "invalid_client"},
		"no secret":           {func(q *signon.TokenParams) { q.Client.Secret = "" }, "invalid_client"},
		"another secret":      {func(q *signon.TokenParams) { q.Client.Secret += "x" }, "invalid_client"},
		"another client":      {func(q *signon.TokenParams) { q.Client = signon.ClientAuth{ID: "other"} }, "invalid_grant"},
		"a secret for nobody": {func(q *signon.TokenParams) { q.Client = signon.ClientAuth{ID: "other", Secret: password} }, "invalid_client"},
	}
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(signon.Client{ID: "other", Own: true, Name: "Other", Redirects: []string{callback}})
		code := h.code(ask())
		for name, c := range cases {
			q := redeem(code)
			c.change(&q)
			if _, refusal := h.exchange(q); refusal != c.want {
				t.Errorf("%s: %q, want %q", name, refusal, c.want)
			}
		}
		if _, refusal := h.exchange(redeem(code)); refusal != "" {
			t.Errorf("after all that the code is refused: %s", refusal)
		}
	})
}

func TestAnIDTokenSaysWhoAndNoMore(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		tokens := h.tokens()
		c := h.claims(h.idToken(tokens))
		sum := sha256.Sum256([]byte(tokens.AccessToken))
		for name, want := range map[string]any{
			"iss": issuer, "sub": "ZOE", "aud": reading, "nonce": "n-1", "sid": "SESSION", "acr": signon.ACRPassword,
			"iat": float64(noon.Unix()), "nbf": float64(noon.Unix()), "exp": float64(noon.Add(5 * time.Minute).Unix()), "auth_time": float64(noon.Unix()),
			"at_hash":            base64.RawURLEncoding.EncodeToString(sum[:16]),
			"preferred_username": "28000000000017", "email": "zoe@example.nl", "email_verified": true,
		} {
			if c[name] != want {
				t.Errorf("%s = %v, want %v", name, c[name], want)
			}
		}
		m := c["memberships"].([]any)[0].(map[string]any)
		if m["code"] != "DIGI" || m["valid_through"] != "2027-07-01" || m["rights"].([]any)[0] != "digital" || c["jti"] == "" {
			t.Errorf("memberships = %v", m)
		}

		a := ask()
		a.Scope = "openid telephone"
		bare, _ := h.exchange(redeem(h.code(a)))
		c = h.claims(h.idToken(bare))
		for _, name := range []string{"preferred_username", "email", "email_verified", "memberships"} {
			if c[name] != nil {
				t.Errorf("%s was told without its scope", name)
			}
		}
		if bare.Scope != "openid" || bare.ExpiresIn != time.Hour || len(bare.AccessToken) < 43 {
			t.Errorf("tokens = %+v", bare)
		}
	})
}

func TestAClientHearsOnlyTheScopesItMayHave(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		c := readingClient()
		c.Scopes = []string{"memberships"}
		h.register(c)
		tokens := h.tokens()
		person, _ := h.userinfo(tokens.AccessToken)
		if tokens.Scope != "openid memberships" || person.Email != "" || person.PreferredUsername != "" || len(person.Memberships) != 1 {
			t.Errorf("scope %q, person %+v", tokens.Scope, person)
		}
	})
}

func TestSomebodyWithoutMembershipsHasAnEmptyList(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		s := zoe()
		s.AccountID, s.Email = "nobody", ""
		address, err := h.grant(h.mustBegin(ask()), s)
		if err != nil {
			t.Fatal(err)
		}
		tokens, _ := h.exchange(redeem(secret.Token(query(t, address).Get("code"))))
		c := h.claims(h.idToken(tokens))
		if list, ok := c["memberships"].([]any); !ok || len(list) != 0 {
			t.Errorf("memberships = %v, want []", c["memberships"])
		}
		if c["email"] != nil || c["email_verified"] != nil {
			t.Error("an address was told that nobody has")
		}
	})
}

func TestSubjectsOfAnotherSectorCannotBeCompared(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		subject := func(sector string) any {
			c := readingClient()
			c.Sector = sector
			h.register(c)
			tokens := h.tokens()
			person, _ := h.userinfo(tokens.AccessToken)
			sub := h.claims(h.idToken(tokens))["sub"]
			if sub != person.Subject {
				t.Errorf("ID token says %v, userinfo %v", sub, person.Subject)
			}
			return sub
		}
		a, b := subject("lezen.example"), subject("muziek.example")
		if a == b || a == "ZOE" || a != subject("lezen.example") {
			t.Errorf("subjects %v and %v", a, b)
		}
	})
}

func TestTwoHostsOfASectorKnowAPersonByOneName(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		subject := func(id, host, sector string) any {
			back := "https://" + host + "/terug"
			h.register(signon.Client{ID: id, Own: true, Name: id, Redirects: []string{back}, Sector: sector})
			a := ask()
			a.ClientID, a.RedirectURI = id, back
			q := redeem(h.code(a))
			q.Client, q.RedirectURI = signon.ClientAuth{ID: id}, back
			tokens, refusal := h.exchange(q)
			if refusal != "" {
				t.Fatal(refusal)
			}
			return h.claims(h.idToken(tokens))["sub"]
		}
		one, two := subject("a", "lezen.example", "platform.example"), subject("b", "luisteren.example", "platform.example")
		other, open := subject("c", "elders.example", "elders.example"), subject("d", "open.example", "")
		if one != two || one == other || one == "ZOE" || open != "ZOE" {
			t.Errorf("subjects %v %v of a sector, %v of another, %v of none", one, two, other, open)
		}
	})
}

func TestAnAccessTokenWorksOneHour(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		token := h.tokens().AccessToken
		h.at(time.Hour - time.Microsecond)
		if person, refusal := h.userinfo(token); refusal != "" || person.Subject != "ZOE" || person.Memberships[0].Code != "DIGI" {
			t.Errorf("in its last moment: %+v %s", person, refusal)
		}
		h.at(time.Hour)
		if _, refusal := h.userinfo(token); refusal != "invalid_token" {
			t.Error("it works after an hour")
		}
		if _, refusal := h.userinfo(""); refusal != "invalid_token" {
			t.Error("no token is a token")
		}
	})
}

func TestAClientRevokesItsOwnTokenOnly(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(signon.Client{ID: "other", Own: true, Name: "Other", Redirects: []string{callback}})
		mine, yours := h.tokens().AccessToken, h.tokens().AccessToken
		for _, c := range []struct {
			auth  signon.ClientAuth
			token secret.Token
			want  string
		}{
			{signon.ClientAuth{ID: "other"}, yours, ""},
			{signon.ClientAuth{ID: reading}, yours, "invalid_client"},
			{signon.ClientAuth{ID: reading, Secret: password}, "", "invalid_request"},
			{signon.ClientAuth{ID: reading, Secret: password}, "unknown", ""},
			{signon.ClientAuth{ID: reading, Secret: password}, mine, ""},
		} {
			h.do(func(tx *sqldb.Tx) error {
				problem, err := h.p.Revoke(tx, c.auth, c.token)
				if (problem == nil) != (c.want == "") || problem != nil && problem.Code != c.want {
					t.Errorf("Revoke = %v, want %q", problem, c.want)
				}
				return err
			})
		}
		if _, refusal := h.userinfo(mine); refusal == "" {
			t.Error("a revoked token works")
		}
		if _, refusal := h.userinfo(yours); refusal != "" {
			t.Error("another client revoked a token")
		}
	})
}

func TestEndingASignInEndsWhatItGave(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		for name, end := range map[string]func(*signon.Provider, *sqldb.Tx) error{
			"session": func(p *signon.Provider, tx *sqldb.Tx) error { return p.RevokeSession(tx, "SESSION") },
			"account": func(p *signon.Provider, tx *sqldb.Tx) error { return p.RevokeAccount(tx, "ZOE") },
		} {
			h := open(t, db)
			token, code := h.tokens().AccessToken, h.code(ask())
			h.do(func(tx *sqldb.Tx) error { return end(h.p, tx) })
			if _, refusal := h.userinfo(token); refusal != "invalid_token" {
				t.Errorf("%s: the token outlived it", name)
			}
			if _, refusal := h.exchange(redeem(code)); refusal != "invalid_grant" {
				t.Errorf("%s: the code outlived it", name)
			}
		}
	})
}

func TestExpireKeepsWhatStillWorks(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		given := redeem(h.code(ask()))
		tokens, _ := h.exchange(given)
		open := h.mustBegin(ask())
		h.at(30*time.Minute - time.Microsecond)
		h.do(h.p.Expire)
		h.pending(open)
		h.at(time.Hour - time.Microsecond)
		h.do(h.p.Expire)
		if _, refusal := h.userinfo(tokens.AccessToken); refusal != "" {
			t.Error("a living token was removed")
		}
		h.exchange(given) // a replay is still seen
		h.do(func(tx *sqldb.Tx) error {
			entries, err := audit.Of(tx, "account:ZOE", 5)
			if len(entries) != 1 {
				t.Error("the replay was not seen")
			}
			return err
		})
		h.at(time.Hour)
		h.do(h.p.Expire)
		h.do(func(tx *sqldb.Tx) error {
			for _, table := range []string{"signon_request", "signon_grant", "signon_token"} {
				var n int
				if _, err := tx.One("SELECT COUNT(*) FROM "+table, nil, &n); err != nil || n != 0 {
					t.Errorf("%s keeps %d rows, %v", table, n, err)
				}
			}
			return nil
		})
	})
}

func TestNoSecretStandsInTheDatabase(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		code := h.code(ask())
		tokens, _ := h.exchange(redeem(code))
		h.do(func(tx *sqldb.Tx) error {
			var codeKept, tokenKept, secretKept, keyKept string
			for query, dest := range map[string]*string{
				"SELECT code_digest FROM signon_grant":    &codeKept,
				"SELECT digest FROM signon_token":         &tokenKept,
				"SELECT secret_digest FROM signon_client": &secretKept,
				"SELECT sealed FROM signon_key":           &keyKept,
			} {
				if _, err := tx.One(query, nil, dest); err != nil {
					return err
				}
			}
			if codeKept != code.Digest() || tokenKept != tokens.AccessToken.Digest() || secretKept != password.Digest() {
				t.Error("something is kept otherwise than as its digest")
			}
			_, err := db.Box.Open("signing key", keyKept)
			return err
		})
	})
}

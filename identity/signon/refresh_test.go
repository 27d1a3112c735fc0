package signon_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
)

// offlineClient may refresh; a public one has no secret.
func offlineClient(public bool) signon.Client {
	c := readingClient()
	c.Scopes = append(c.Scopes, signon.ScopeOffline)
	if public {
		c.Secret = ""
	}
	return c
}

// offline walks to tokens that can be refreshed.
func (h house) offline() signon.Tokens {
	h.Helper()
	a := ask()
	a.Scope += " offline_access"
	q := redeem(h.code(a))
	q.Client = h.auth()
	t, refusal := h.exchange(q)
	if refusal != "" || t.RefreshToken == "" {
		h.Fatalf("no refresh token: %s", refusal)
	}
	return t
}

// auth is how the client proves who it is, as it is registered now.
func (h house) auth() (a signon.ClientAuth) {
	h.Helper()
	h.do(func(tx *sqldb.Tx) error {
		l, err := h.p.Client(tx, reading)
		if a.ID = reading; l.Method == signon.BySecret {
			a.Secret = password
		}
		return err
	})
	return a
}

func (h house) refresh(token secret.Token, scope string) (signon.Tokens, string) {
	h.Helper()
	return h.exchange(signon.TokenParams{Client: h.auth(), GrantType: "refresh_token", Refresh: token, Scope: scope})
}

func TestOnlyTheScopeOfflineAccessGivesARefreshToken(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(offlineClient(false))
		if got := h.tokens(); got.RefreshToken != "" {
			t.Error("a refresh token came unasked")
		}
		h.register(readingClient())
		a := ask()
		a.Scope += " offline_access"
		if got, _ := h.exchange(redeem(h.code(a))); got.RefreshToken != "" || got.AccessToken == "" {
			t.Error("a client got a refresh token that it may not have")
		}
	})
}

func TestARefreshRenewsAllAndSaysTheSamePerson(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(offlineClient(false))
		first := h.offline()
		h.at(2 * time.Hour)
		next, refusal := h.refresh(first.RefreshToken, "")
		if refusal != "" || next.RefreshToken == first.RefreshToken || next.AccessToken == first.AccessToken {
			t.Fatalf("refresh: %s %+v", refusal, next)
		}
		was, is := h.claims(h.idToken(first)), h.claims(h.idToken(next))
		for _, name := range []string{"iss", "sub", "aud", "auth_time", "sid", "acr"} {
			if was[name] != is[name] {
				t.Errorf("%s was %v and is %v", name, was[name], is[name])
			}
		}
		if is["nonce"] != nil || is["iat"] != float64(noon.Add(2*time.Hour).Unix()) || is["jti"] == was["jti"] {
			t.Errorf("the new ID token is %v", is)
		}
		if person, refusal := h.userinfo(next.AccessToken); refusal != "" || len(person.Memberships) != 1 {
			t.Errorf("userinfo: %s", refusal)
		}
	})
}

func TestARefreshTokenLivesSixHoursUnusedAndADayInAll(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		for name, c := range map[string]struct {
			public bool
			idle   time.Duration
		}{"a site": {false, 6 * time.Hour}, "an app": {true, 6 * time.Hour}} {
			h.at(0)
			h.register(offlineClient(c.public))
			early, late := h.offline(), h.offline()
			h.at(c.idle - time.Microsecond)
			if _, refusal := h.refresh(early.RefreshToken, ""); refusal != "" {
				t.Errorf("%s, before %v without use: %q", name, c.idle, refusal)
			}
			h.at(c.idle)
			if _, refusal := h.refresh(late.RefreshToken, ""); refusal != "invalid_grant" {
				t.Errorf("%s, after %v without use: %q", name, c.idle, refusal)
			}
		}
		h.at(0)
		h.register(offlineClient(false))
		token := h.offline().RefreshToken
		for hour := 5; hour < 24; hour += 5 {
			h.at(time.Duration(hour) * time.Hour)
			next, refusal := h.refresh(token, "")
			if refusal != "" {
				t.Fatalf("after %d hours: %s", hour, refusal)
			}
			token = next.RefreshToken
		}
		h.at(24*time.Hour - time.Minute)
		last, refusal := h.refresh(token, "")
		if refusal != "" || last.ExpiresIn != time.Minute {
			t.Errorf("in the last minute: %s, access for %v", refusal, last.ExpiresIn)
		}
		h.do(h.p.Expire)
		h.at(24 * time.Hour)
		if _, refusal := h.refresh(last.RefreshToken, ""); refusal != "invalid_grant" {
			t.Error("a day later it works on")
		}
		if _, refusal := h.userinfo(last.AccessToken); refusal == "" {
			t.Error("an access token outlived its grant")
		}
	})
}

func TestARefreshMayAskLessButNotMore(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		c := offlineClient(false)
		h.register(c)
		a := ask()
		a.Scope = "openid email memberships offline_access"
		first, _ := h.exchange(redeem(h.code(a)))
		if _, refusal := h.refresh(first.RefreshToken, "openid profile"); refusal != "invalid_scope" {
			t.Errorf("more than was granted: %q", refusal)
		}
		less, refusal := h.refresh(first.RefreshToken, "openid email")
		if refusal != "" || less.Scope != "openid email" {
			t.Fatalf("less: %s %q", refusal, less.Scope)
		}
		if person, _ := h.userinfo(less.AccessToken); person.Memberships != nil || person.Email == "" {
			t.Errorf("the narrow token tells %+v", person)
		}
		if h.claims(h.idToken(less))["memberships"] != nil {
			t.Error("the narrow ID token tells the memberships")
		}
		if whole, _ := h.refresh(less.RefreshToken, ""); whole.Scope != "openid email memberships offline_access" {
			t.Errorf("its successor is narrowed for good: %q", whole.Scope)
		}
	})
}

func TestSixteenRefreshesAtOnceGiveOnePair(t *testing.T) {
	for name, public := range map[string]bool{"with a secret": false, "public": true} {
		t.Run(name, func(t *testing.T) {
			sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
				h := open(t, db)
				h.register(offlineClient(public))
				token := h.offline().RefreshToken
				auth := h.auth()
				var mu sync.Mutex
				var won []signon.Tokens
				var all sync.WaitGroup
				for range 16 {
					all.Go(func() {
						got, refusal := h.exchange(signon.TokenParams{Client: auth, GrantType: "refresh_token", Refresh: token})
						if refusal == "" {
							mu.Lock()
							won = append(won, got)
							mu.Unlock()
						} else if refusal != "invalid_grant" {
							t.Errorf("refused with %s", refusal)
						}
					})
				}
				all.Wait()
				if len(won) != 1 {
					t.Fatalf("%d pairs for one refresh token, want 1", len(won))
				}
				// Who proves who it is keeps the pair; of the other one of the two is a thief.
				_, refusal := h.userinfo(won[0].AccessToken)
				if (refusal == "") == public {
					t.Errorf("after fifteen doubles the new pair: %q", refusal)
				}
				if _, refusal := h.refresh(won[0].RefreshToken, ""); (refusal == "") == public {
					t.Errorf("after fifteen doubles the successor: %q", refusal)
				}
			})
		})
	}
}

func TestASpentRefreshTokenThatComesAgainEndsTheGrant(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(offlineClient(false))
		first := h.offline()
		second, _ := h.refresh(first.RefreshToken, "")
		h.at(signon.RefreshGrace - time.Microsecond)
		if _, refusal := h.refresh(first.RefreshToken, ""); refusal != "invalid_grant" {
			t.Errorf("a double: %q", refusal)
		}
		if _, refusal := h.userinfo(second.AccessToken); refusal != "" {
			t.Error("an honest double within the grace ended the grant")
		}
		h.do(h.p.Expire)
		h.at(5 * time.Hour) // its own six hours are not over; the successor was used meanwhile
		third, refusal := h.refresh(second.RefreshToken, "")
		if refusal != "" {
			t.Fatal(refusal)
		}
		h.at(10 * time.Hour)
		h.do(h.p.Expire)
		h.exchange(signon.TokenParams{Client: signon.ClientAuth{ID: reading, Secret: "a wrong secret of at least 32 letters"}, GrantType: "refresh_token", Refresh: first.RefreshToken})
		if _, refusal := h.refresh(first.RefreshToken, ""); refusal != "invalid_grant" {
			t.Errorf("ten hours later: %q", refusal)
		}
		if _, refusal := h.refresh(third.RefreshToken, ""); refusal != "invalid_grant" {
			t.Error("the successor outlived the reuse")
		}
		h.do(func(tx *sqldb.Tx) error {
			entries, err := audit.Of(tx, "account:ZOE", 5)
			if len(entries) != 1 || entries[0].Act != "signon.refresh_reused" || entries[0].Actor != "client:"+reading {
				t.Errorf("audit = %+v", entries)
			}
			return err
		})
	})
}

func TestWhoProvesItselfReadsThatReuseEndedTheGrant(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		for _, public := range []bool{false, true} {
			h := open(t, db)
			h.register(offlineClient(public))
			first := h.offline()
			h.refresh(first.RefreshToken, "")
			h.at(time.Minute)
			says := func(token secret.Token) (text string) {
				by := h.auth()
				h.do(func(tx *sqldb.Tx) error {
					_, problem, err := h.p.Exchange(tx, signon.TokenParams{Client: by, GrantType: "refresh_token", Refresh: token})
					if problem == nil || problem.Code != signon.InvalidGrant {
						t.Fatalf("%+v", problem)
					}
					text = problem.Description
					return err
				})
				return text
			}
			unknown := says("NOBODYS")
			if told := says(first.RefreshToken); (told == unknown) != public || !public && !strings.Contains(told, "was used before") {
				t.Errorf("public %v: %s", public, told)
			}
			if again := says(first.RefreshToken); again != unknown {
				t.Errorf("said twice: %s", again)
			}
		}
	})
}

// A public client proves nothing, so a double of its refresh token may be a thief's
// at any moment (OWASP ASVS 10.4.5).
func TestAPublicClientHasNoSecondTry(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(offlineClient(true))
		first := h.offline()
		second, refusal := h.refresh(first.RefreshToken, "")
		if refusal != "" {
			t.Fatal(refusal)
		}
		if _, refusal := h.refresh(first.RefreshToken, ""); refusal != "invalid_grant" {
			t.Errorf("a double: %q", refusal)
		}
		if _, refusal := h.refresh(second.RefreshToken, ""); refusal != "invalid_grant" {
			t.Errorf("the successor after a double: %q", refusal)
		}
		if _, refusal := h.userinfo(second.AccessToken); refusal != "invalid_token" {
			t.Errorf("its access token after a double: %q", refusal)
		}
	})
}

func TestASpentRefreshTokenIsNoticedWhateverItAsks(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(offlineClient(true))
		first := h.offline()
		second, refusal := h.refresh(first.RefreshToken, "")
		if refusal != "" {
			t.Fatal(refusal)
		}
		if _, refusal := h.refresh(first.RefreshToken, "openid memberships email profile"); refusal != "invalid_grant" {
			t.Errorf("a double that asks too much: %q", refusal)
		}
		if _, refusal := h.refresh(second.RefreshToken, ""); refusal != "invalid_grant" {
			t.Errorf("the successor after it: %q", refusal)
		}
	})
}

func TestARefreshTokenIsItsClientsOwnAndEndsWithTheSignIn(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(offlineClient(false))
		h.register(signon.Client{ID: "other", Own: true, Name: "Other", Redirects: []string{callback}, Scopes: []string{signon.ScopeOffline}})
		first := h.offline()
		other := signon.TokenParams{Client: signon.ClientAuth{ID: "other"}, GrantType: "refresh_token", Refresh: first.RefreshToken}
		if _, refusal := h.exchange(other); refusal != "invalid_grant" {
			t.Errorf("another client: %q", refusal)
		}
		next, refusal := h.refresh(first.RefreshToken, "")
		if refusal != "" {
			t.Fatalf("after another client tried: %s", refusal)
		}
		if _, refusal := h.refresh(next.AccessToken, ""); refusal != "invalid_grant" {
			t.Errorf("an access token: %q", refusal)
		}
		if _, refusal := h.userinfo(next.RefreshToken); refusal != "invalid_token" {
			t.Errorf("a refresh token at userinfo: %q", refusal)
		}
		if _, refusal := h.exchange(signon.TokenParams{Client: h.auth(), GrantType: "refresh_token"}); refusal != "invalid_request" {
			t.Errorf("no token: %q", refusal)
		}
		h.do(func(tx *sqldb.Tx) error { return h.p.RevokeSession(tx, "SESSION") })
		if _, refusal := h.refresh(next.RefreshToken, ""); refusal != "invalid_grant" {
			t.Error("a refresh token outlived the session")
		}

		token := h.offline()
		auth := h.auth()
		h.do(func(tx *sqldb.Tx) error { _, err := h.p.Revoke(tx, auth, token.RefreshToken); return err })
		if _, refusal := h.userinfo(token.AccessToken); refusal == "" {
			t.Error("revoking the refresh token left its access token")
		}
	})
}

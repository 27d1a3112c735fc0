package signon_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
)

// lastingClient keeps apps in, also of who signed out.
func lastingClient() signon.Client {
	c := offlineClient(false)
	c.Lasting = true
	return c
}

func TestAnAppOutlivesItsSessionAndEndsWithItsPerson(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(lastingClient())
		for name, c := range map[string]struct {
			do   func(*sqldb.Tx) error
			want string
		}{
			"signing out":                {func(tx *sqldb.Tx) error { return h.p.RevokeSession(tx, "SESSION") }, ""},
			"signing out everywhere":     {func(tx *sqldb.Tx) error { return h.p.RevokeLasting(tx, "ZOE") }, "invalid_grant"},
			"somebody else everywhere":   {func(tx *sqldb.Tx) error { return h.p.RevokeLasting(tx, "ADA") }, ""},
			"the end of the account":     {func(tx *sqldb.Tx) error { return h.p.RevokeAccount(tx, "ZOE") }, "invalid_grant"},
			"an emergency":               {func(tx *sqldb.Tx) error { _, err := h.p.RevokeSome(tx, noon, ""); return err }, "invalid_grant"},
			"the end of the client":      {func(tx *sqldb.Tx) error { return h.p.RemoveClient(tx, "x", reading) }, "invalid_client"},
			"a withdrawal of no consent": {func(tx *sqldb.Tx) error { return h.p.WithdrawConsent(tx, "ZOE", reading) }, ""},
		} {
			h.at(0)
			h.register(lastingClient())
			t0, plain := h.offline(), h.tokens()
			auth := h.auth()
			h.do(c.do)
			if _, refusal := h.exchange(signon.TokenParams{Client: auth, GrantType: "refresh_token", Refresh: t0.RefreshToken}); refusal != c.want {
				t.Errorf("after %s: %q, want %q", name, refusal, c.want)
			}
			if _, refusal := h.userinfo(plain.AccessToken); name == "signing out" && refusal == "" {
				t.Error("a token without offline_access outlived its session")
			}
		}
	})
}

func TestAWithdrawnConsentEndsTheAppOfSomebodyElse(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		c := lastingClient()
		c.Own, c.Secret, c.Scopes = false, "", []string{"openid", "reading", "offline_access"}
		c.Redirects = append(c.Redirects, "opds://authorize/")
		h.register(c)
		a := ask()
		a.Scope, a.RedirectURI = "openid reading offline_access", "opds://authorize/"
		id := h.mustBegin(a)
		if _, err := h.grant(id, zoe()); !errors.Is(err, signon.ErrConsentNeeded) {
			t.Fatalf("without consent: %v", err)
		}
		h.do(func(tx *sqldb.Tx) error {
			r, err := h.p.Pending(tx, id)
			if asks := r.Asks(); !slices.Equal(asks, []string{"openid", "reading", "offline_lasting"}) {
				t.Errorf("the page about consent names %v", asks)
			}
			return err
		})
		h.do(func(tx *sqldb.Tx) error { return h.p.Consent(tx, id, "ZOE") })
		address, err := h.grant(id, zoe())
		if err != nil || address[:23] != "opds://authorize/?code=" {
			t.Fatalf("%s %v", address, err)
		}
		q := redeem(codeIn(query(t, address)))
		q.Client, q.RedirectURI = h.auth(), "opds://authorize/"
		tokens, refusal := h.exchange(q)
		if refusal != "" {
			t.Fatal(refusal)
		}
		h.do(func(tx *sqldb.Tx) error { return h.p.RevokeSession(tx, "SESSION") })
		next, refusal := h.refresh(tokens.RefreshToken, "")
		if refusal != "" {
			t.Fatalf("after signing out: %s", refusal)
		}
		h.do(func(tx *sqldb.Tx) error { return h.p.WithdrawConsent(tx, "ZOE", reading) })
		if _, refusal := h.refresh(next.RefreshToken, ""); refusal != "invalid_grant" {
			t.Errorf("after the consent was withdrawn: %q", refusal)
		}
	})
}

func TestAnAppSleepsHalfAYearAndLivesTwo(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(lastingClient())
		token := h.offline().RefreshToken
		first, second := token, secret.Token("")
		for _, day := range []int{179, 350, 520, 690} {
			h.at(time.Duration(day) * 24 * time.Hour)
			h.do(h.p.Expire)
			next, refusal := h.refresh(token, "")
			if refusal != "" {
				t.Fatalf("day %d: %s", day, refusal)
			}
			if token = next.RefreshToken; second == "" {
				second = token
			}
		}
		// What was spent long ago is forgotten; what was spent lately is known as a theft.
		h.refresh(first, "")
		last, refusal := h.refresh(token, "")
		if refusal != "" {
			t.Fatalf("a token of two years ago ended the app: %s", refusal)
		}
		h.at(730 * 24 * time.Hour)
		if _, refusal := h.refresh(last.RefreshToken, ""); refusal != "invalid_grant" {
			t.Errorf("after two years: %q", refusal)
		}
		h.at(0)
		fresh := h.offline()
		next, _ := h.refresh(fresh.RefreshToken, "")
		h.at(30 * 24 * time.Hour)
		h.refresh(fresh.RefreshToken, "")
		if _, refusal := h.refresh(next.RefreshToken, ""); refusal != "invalid_grant" {
			t.Errorf("a spent token that came again a month later ended nothing: %q", refusal)
		}
		h.at(0)
		idle := h.offline()
		h.at(180 * 24 * time.Hour)
		if _, refusal := h.refresh(idle.RefreshToken, ""); refusal != "invalid_grant" {
			t.Errorf("after half a year without use: %q", refusal)
		}
	})
}

func TestAServerThatLendsHearsMembershipsOfAnAppThatMayRead(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		const key = secret.Token("another secret of at least 32 letters")
		server := signon.Client{ID: "server", Own: true, Name: "Server", Secret: key, Redirects: []string{callback}, Introspects: true, Scopes: []string{"memberships"}}
		app := readingClient()
		app.Scopes, app.Sector = []string{"openid", "reading"}, "apps"
		for _, c := range []signon.Client{app, server} {
			h.register(c)
		}
		look := func(scope string) (got signon.Introspection) {
			a := ask()
			a.Scope = scope
			tokens, refusal := h.exchange(redeem(h.code(a)))
			if refusal != "" {
				t.Fatal(refusal)
			}
			if person, _ := h.userinfo(tokens.AccessToken); person.Memberships != nil || person.Subject == "ZOE" {
				t.Errorf("the app itself hears %+v", person)
			}
			h.do(func(tx *sqldb.Tx) (err error) {
				got, _, err = h.p.Introspect(tx, signon.ClientAuth{ID: "server", Secret: key}, tokens.AccessToken)
				return err
			})
			return got
		}
		if got := look("openid reading"); !got.Active || len(got.Memberships) != 1 || got.Subject != "ZOE" || got.Scope != "openid reading" {
			t.Errorf("%+v", got)
		}
		if got := look("openid"); !got.Active || got.Memberships != nil || got.Subject == "ZOE" {
			t.Errorf("without the scope reading: %+v", got)
		}
		server.Scopes = nil
		h.register(server)
		if got := look("openid reading"); got.Memberships != nil || got.Subject == "ZOE" {
			t.Errorf("to a server that may not ask memberships: %+v", got)
		}
	})
}

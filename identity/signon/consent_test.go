package signon_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
)

// strange registers the client as the site of somebody else.
func (h house) strange() {
	h.Helper()
	c := offlineClient(false)
	c.Own, c.SignedOut = false, "https://lezen.example/hoor"
	h.register(c)
}

func (h house) consent(id, account string) {
	h.Helper()
	h.do(func(tx *sqldb.Tx) error { return h.p.Consent(tx, id, account) })
}

func (h house) consents(account string) (list []signon.Consent) {
	h.Helper()
	h.do(func(tx *sqldb.Tx) (err error) { list, err = h.p.Consents(tx, account); return err })
	return list
}

func TestTheSiteOfSomebodyElseHearsNothingWithoutConsent(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.strange()
		a := ask()
		a.Scope, a.Claims = "openid email", `{"userinfo":{"memberships":null}}`
		id := h.mustBegin(a)
		if r := h.pending(id); !slices.Equal(r.Asks(), []string{"openid", "email", "memberships"}) || r.ReturnsTo != "lezen.example" {
			t.Errorf("the page would name %v of %s", r.Asks(), r.ReturnsTo)
		}
		if _, err := h.grant(id, zoe()); !errors.Is(err, signon.ErrConsentNeeded) {
			t.Fatalf("without consent: %v", err)
		}
		h.consent(id, "YAN")
		if _, err := h.grant(id, zoe()); !errors.Is(err, signon.ErrConsentNeeded) {
			t.Fatalf("with the consent of another: %v", err)
		}
		h.consent(id, "ZOE")
		if _, err := h.grant(id, zoe()); err != nil {
			t.Fatalf("with consent: %v", err)
		}
		for scope, want := range map[string]error{"openid memberships": nil, "openid email": nil, "openid email profile": signon.ErrConsentNeeded} {
			b := ask()
			b.Scope = scope
			if _, err := h.grant(h.mustBegin(b), zoe()); !errors.Is(err, want) {
				t.Errorf("later, for %s: %v", scope, err)
			}
		}
		b := ask()
		b.Scope = "openid profile"
		h.consent(h.mustBegin(b), "ZOE")
		list := h.consents("ZOE")
		if len(list) != 1 || !slices.Equal(list[0].Scopes, []string{"openid", "profile", "email", "memberships"}) || list[0].ClientName != "Online Bibliotheek" || !list[0].Given.Equal(noon) {
			t.Errorf("consents = %+v", list)
		}
	})
}

func TestAskedAnewConsentIsGivenAnew(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db) // also where the site is the library's own
		h.consent(h.mustBegin(ask()), "ZOE")
		h.at(time.Minute)
		a := ask()
		a.Prompt = "consent"
		id := h.mustBegin(a)
		if _, err := h.grant(id, zoe()); !errors.Is(err, signon.ErrConsentNeeded) {
			t.Errorf("with the old consent: %v", err)
		}
		h.consent(id, "ZOE")
		if _, err := h.grant(id, zoe()); err != nil {
			t.Errorf("with the new one: %v", err)
		}
	})
}

// An address of an app is no proof of which app it is: another one may have taken it.
func TestAnAppThatAnyOtherCouldBeIsConsentedToEachTime(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		clock := time.Duration(0)
		for name, c := range map[string]struct {
			address string
			key     secret.Token
			asked   bool
		}{
			"an app with a scheme of its own": {"nl.bind.lezen:/terug", "", true},
			"an app that listens":             {"http://127.0.0.1:5000/terug", "", true},
			"one that says localhost":         {"http://localhost:5000/terug", "", true},
			"one whose server proves itself":  {"nl.bind.lezen:/terug", password, false},
			"a script at a website":           {"https://lezen.example/terug", "", false},
		} {
			h := open(t, db)
			client := readingClient()
			client.Secret, client.Redirects = c.key, []string{c.address}
			h.register(client)
			a := ask()
			a.RedirectURI = c.address
			for n := range 3 {
				clock += time.Minute
				h.at(clock)
				id := h.mustBegin(a)
				_, err := h.grant(id, zoe())
				if errors.Is(err, signon.ErrConsentNeeded) != c.asked || err != nil && !c.asked {
					t.Errorf("%s, time %d: %v", name, n+1, err)
				}
				if !c.asked {
					continue
				}
				if r := h.pending(id); !r.Imitable || !r.Own {
					t.Errorf("%s: %+v", name, r)
				}
				h.consent(id, "ZOE")
				if _, err := h.grant(id, zoe()); err != nil {
					t.Errorf("%s, time %d, with consent: %v", name, n+1, err)
				}
			}
		}
	})
}

func TestWhoWithdrawsConsentEndsWhatTheSiteHad(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.strange()
		a := ask()
		a.Scope = "openid offline_access"
		id := h.mustBegin(a)
		h.consent(id, "ZOE")
		address, err := h.grant(id, zoe())
		if err != nil {
			t.Fatal(err)
		}
		tokens, _ := h.exchange(redeem(secret.Token(query(t, address).Get("code"))))
		h.do(func(tx *sqldb.Tx) error { return h.p.WithdrawConsent(tx, "YAN", reading) })
		if _, refusal := h.userinfo(tokens.AccessToken); refusal != "" {
			t.Fatal("another person withdrew it")
		}
		h.do(func(tx *sqldb.Tx) error { return h.p.WithdrawConsent(tx, "ZOE", reading) })
		if _, refusal := h.userinfo(tokens.AccessToken); refusal != "invalid_token" {
			t.Error("the access token outlived it")
		}
		if _, refusal := h.refresh(tokens.RefreshToken, ""); refusal != "invalid_grant" {
			t.Error("the refresh token outlived it")
		}
		if len(h.consents("ZOE")) != 0 || len(h.queued()) != 1 {
			t.Errorf("consents %v, sign-outs to tell %v", h.consents("ZOE"), h.queued())
		}
		h.consent(h.mustBegin(a), "ZOE")
		h.do(func(tx *sqldb.Tx) error { return h.p.ForgetConsents(tx, "ZOE") })
		if _, err := h.grant(h.mustBegin(a), zoe()); !errors.Is(err, signon.ErrConsentNeeded) {
			t.Errorf("the next time: %v", err)
		}
	})
}

// Sign-ins that cross a withdrawal leave nothing behind: each is either refused or
// ended with the rest.
func TestNothingOutlivesAWithdrawalThatItCrosses(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.strange()
		h.consent(h.mustBegin(ask()), "ZOE")
		var mu sync.Mutex
		var given []secret.Token
		var all sync.WaitGroup
		for n := range 16 {
			id := h.mustBegin(ask())
			all.Go(func() {
				if n == 7 {
					h.do(func(tx *sqldb.Tx) error { return h.p.WithdrawConsent(tx, "ZOE", reading) })
					return
				}
				address, err := h.grant(id, zoe())
				if errors.Is(err, signon.ErrConsentNeeded) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				if tokens, refusal := h.exchange(redeem(codeIn(query(t, address)))); refusal == "" {
					mu.Lock()
					given = append(given, tokens.AccessToken)
					mu.Unlock()
				}
			})
		}
		all.Wait()
		for _, token := range given {
			if _, refusal := h.userinfo(token); refusal != "invalid_token" {
				t.Error("a token outlived the withdrawal")
			}
		}
	})
}

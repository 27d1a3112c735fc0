package signon_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
)

func (h house) push(auth signon.ClientAuth, a signon.AuthorizeParams) (kept signon.Pushed, refusal string) {
	h.Helper()
	h.do(func(tx *sqldb.Tx) error {
		got, problem, err := h.p.Push(tx, auth, a)
		kept, refusal = got, ""
		if problem != nil {
			refusal = problem.Code
		}
		return err
	})
	return kept, refusal
}

var proof = signon.ClientAuth{ID: reading, Secret: password}

func TestAPushedRequestIsTheOneThatIsAnswered(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		a := ask()
		a.ClientID, a.UILocales = "", "en"
		kept, refusal := h.push(proof, a)
		if refusal != "" || kept.ExpiresIn != time.Minute {
			t.Fatalf("push: %s %+v", refusal, kept)
		}
		// Whatever stands in the address beside it counts for nothing.
		id := h.mustBegin(signon.AuthorizeParams{ClientID: reading, RequestURI: kept.RequestURI, RedirectURI: "https://evil.example/", Scope: "openid profile"})
		if r := h.pending(id); r.Lang != "en" || !r.Expires.Equal(noon.Add(30*time.Minute)) {
			t.Errorf("Pending = %+v", r)
		}
		address, err := h.grant(id, zoe())
		if err != nil {
			t.Fatal(err)
		}
		v := query(t, address)
		if _, refusal := h.exchange(redeem(codeIn(v))); refusal != "" || v.Get("state") != "s&1" {
			t.Errorf("exchange: %s, back with %v", refusal, v)
		}
	})
}

func TestAPushedRequestWaitsAMinuteForOneBrowser(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(signon.Client{ID: "other", Own: true, Name: "Other", Redirects: []string{callback}})
		kept, _ := h.push(proof, ask())
		bring := func(client, uri string) error {
			_, err := h.begin(signon.AuthorizeParams{ClientID: client, RequestURI: uri})
			return err
		}
		if err := bring("other", kept.RequestURI); !errors.Is(err, signon.ErrRequestSpent) {
			t.Errorf("another client: %v", err)
		}
		if err := bring(reading, kept.RequestURI+"x"); !errors.Is(err, signon.ErrRequestSpent) {
			t.Errorf("a guess: %v", err)
		}
		h.at(time.Minute - time.Microsecond)
		var won atomic.Int32
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				if err := bring(reading, kept.RequestURI); err == nil {
					won.Add(1)
				} else if !errors.Is(err, signon.ErrRequestSpent) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d browsers were let in, want 1", won.Load())
		}
		h.at(0)
		late, _ := h.push(proof, ask())
		h.at(time.Minute)
		if err := bring(reading, late.RequestURI); !errors.Is(err, signon.ErrRequestSpent) {
			t.Errorf("after a minute: %v", err)
		}
	})
}

func TestAPushIsRefusedToTheClientAtOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		change := func(f func(*signon.AuthorizeParams)) signon.AuthorizeParams { a := ask(); f(&a); return a }
		for name, c := range map[string]struct {
			auth signon.ClientAuth
			a    signon.AuthorizeParams
			want string
		}{
			"no secret":       {signon.ClientAuth{ID: reading}, ask(), "invalid_client"},
			"another client":  {proof, change(func(a *signon.AuthorizeParams) { a.ClientID = "other" }), "invalid_request"},
			"another push":    {proof, change(func(a *signon.AuthorizeParams) { a.RequestURI = "urn:ietf:params:oauth:request_uri:x" }), "invalid_request"},
			"another address": {proof, change(func(a *signon.AuthorizeParams) { a.RedirectURI = "https://evil.example/" }), "invalid_request"},
			"no PKCE":         {proof, change(func(a *signon.AuthorizeParams) { a.Challenge = "" }), "invalid_request"},
			"no openid":       {proof, change(func(a *signon.AuthorizeParams) { a.Scope = "email" }), "invalid_scope"},
		} {
			if kept, refusal := h.push(c.auth, c.a); refusal != c.want || kept.RequestURI != "" {
				t.Errorf("%s: %q, want %q", name, refusal, c.want)
			}
		}
	})
}

func TestAClientThatMustPushIsNotHeardOtherwise(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		c := readingClient()
		c.PushedOnly = true
		h.register(c)
		_, err := h.begin(ask())
		if v := sentBack(t, err); v.Get("error") != "invalid_request" {
			t.Errorf("sent back %v", v)
		}
		kept, _ := h.push(proof, ask())
		h.mustBegin(signon.AuthorizeParams{ClientID: reading, RequestURI: kept.RequestURI})
	})
}

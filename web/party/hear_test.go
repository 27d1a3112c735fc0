package party_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/identity/signon"
	"lidwoord/web/party"
)

// caught keeps the logout tokens that the sign-on would post.
type caught struct {
	mu     sync.Mutex
	tokens []string
}

func (c *caught) Send(_ context.Context, _, token string, _ bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens = append(c.tokens, token)
	return nil
}

// signOutThere ends every session of the account at the sign-on, and returns what
// the door would be told.
func (h *house) signOutThere() string {
	h.t.Helper()
	h.in(func(tx *sqldb.Tx) error { return h.provider.RevokeAccount(tx, "ZOE") })
	c := &caught{}
	w := &signon.LogoutWorker{DB: h.db, Provider: h.provider, Sender: c, Log: slog.New(slog.DiscardHandler)}
	if err := w.Drain(h.t.Context()); err != nil || len(c.tokens) != 1 {
		h.t.Fatalf("%d sign-outs are told, %v", len(c.tokens), err)
	}
	return c.tokens[0]
}

// tell posts a logout token as the sign-on does.
func (h *house) tell(token string) *http.Response {
	h.t.Helper()
	res, err := http.PostForm(h.door+party.HearPath, url.Values{"logout_token": {token}})
	if err != nil {
		h.t.Fatal(err)
	}
	res.Body.Close()
	return res
}

func TestADoorIsToldThatSomebodySignedOut(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe, other := h.browser(), h.browser()
		zoe.get("/inloggen")
		h.set(func() { h.sits = "YAN" })
		other.get("/inloggen")
		h.set(func() { h.sits = "ZOE" })
		token := h.signOutThere()
		parts := strings.Split(token, ".")
		idToken := h.idTokenOf(zoe)
		for name, bad := range map[string]string{
			"nothing": "", "words": "x", "a forged one": parts[0] + "." + parts[1] + "x." + parts[2], "an ID token": idToken,
			"a large one": strings.Repeat("x", 20_000),
		} {
			if res := h.tell(bad); res.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: %d", name, res.StatusCode)
			}
		}
		zoe.get("").want(t, 200, "", "Jij bent zoe")

		h.set(func() { h.now = h.now.Add(3 * time.Minute) })
		if res := h.tell(token); res.StatusCode != http.StatusBadRequest {
			t.Errorf("three minutes later: %d", res.StatusCode)
		}
		h.set(func() { h.now = h.now.Add(-3 * time.Minute) })
		for range 2 { // once more changes nothing
			res := h.tell(token)
			if res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("told: %d %v", res.StatusCode, res.Header)
			}
		}
		zoe.get("").want(t, 200, "", "Wie ben jij?")
		other.get("").want(t, 200, "", "Jij bent yan")
	})
}

// A door that asked silently in between follows the session that answered.
func TestADoorFollowsASignOnThatBeganAnew(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		b.get("/inloggen")
		first := h.signOutThere() // and in again, before this door heard of it
		h.set(func() { h.now = h.now.Add(party.Freshness) })
		b.get("/vers").want(t, 200, "/vers", "Jij bent zoe")
		h.tell(first)
		b.get("").want(t, 200, "", "Jij bent zoe")
		h.tell(h.signOutThere())
		b.get("").want(t, 200, "", "Wie ben jij?")
	})
}

// idTokenOf is the ID token that the session of a browser keeps.
func (h *house) idTokenOf(b *browser) string {
	h.t.Helper()
	s, ok := h.session(b)
	if !ok {
		h.t.Fatal("no session")
	}
	_, sealed, _ := bytes.Cut([]byte(s.Data), []byte(`"hint":"`))
	sealed, _, _ = bytes.Cut(sealed, []byte(`"`))
	raw, err := h.db.Box.Open("signup id token", string(sealed))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(raw)
}

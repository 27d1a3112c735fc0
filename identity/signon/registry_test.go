package signon_test

import (
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"lidwoord/base/audit"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
)

func decoded(t *testing.T, text string) string {
	t.Helper()
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

func TestTheRegisterShowsASecretOnceAndKeepsIt(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		c := readingClient()
		c.ID, c.Secret = "nieuw", ""
		save := func(method string, name string) (made secret.Token) {
			h.do(func(tx *sqldb.Tx) (err error) {
				c.Name = name
				made, err = h.p.SaveClient(tx, "staff:ANNA", signon.Listed{Client: c, Method: method})
				return err
			})
			return made
		}
		first := save(signon.BySecret, "Nieuw")
		if len(first) < 43 || h.known(signon.ClientAuth{ID: "nieuw", Secret: first}) != "" {
			t.Fatalf("the first secret does not work")
		}
		if again := save(signon.BySecret, "Anders"); again != "" || h.known(signon.ClientAuth{ID: "nieuw", Secret: first}) != "" {
			t.Error("a change of name changed the secret")
		}
		var second secret.Token
		h.do(func(tx *sqldb.Tx) (err error) {
			second, err = h.p.NewSecret(tx, "staff:ANNA", "nieuw", time.Hour)
			return err
		})
		for at, want := range map[time.Duration]string{0: "", time.Hour - time.Microsecond: "", time.Hour: "invalid_client"} {
			h.at(at)
			if got := h.known(signon.ClientAuth{ID: "nieuw", Secret: first}); got != want {
				t.Errorf("the secret from before, %v later: %q", at, got)
			}
			if got := h.known(signon.ClientAuth{ID: "nieuw", Secret: second}); got != "" {
				t.Errorf("the new secret, %v later: %q", at, got)
			}
		}
		h.do(func(tx *sqldb.Tx) error {
			list, err := h.p.Clients(tx)
			if len(list) != 2 || list[0].ID != "nieuw" || list[0].Name != "Anders" || list[0].Method != signon.BySecret || list[0].Secret != "" ||
				len(list[0].Redirects) != 2 || !list[0].OldUntil.Equal(noon.Add(time.Hour)) {
				t.Errorf("clients = %+v", list)
			}
			return err
		})
		save(signon.ByNothing, "Openbaar")
		if got := h.known(signon.ClientAuth{ID: "nieuw"}); got != "" {
			t.Errorf("as a public client: %q", got)
		}
		for name, f := range map[string]func(tx *sqldb.Tx) error{
			"a secret of a public one": func(tx *sqldb.Tx) error { _, err := h.p.NewSecret(tx, "x", "nieuw", 0); return err },
			"a secret of nobody":       func(tx *sqldb.Tx) error { _, err := h.p.NewSecret(tx, "x", "niemand", 0); return err },
			"removing nobody":          func(tx *sqldb.Tx) error { return h.p.RemoveClient(tx, "x", "nie\x00mand") },
			"signing without keys": func(tx *sqldb.Tx) error {
				_, err := h.p.SaveClient(tx, "x", signon.Listed{Client: c, Method: signon.BySigning})
				return err
			},
		} {
			if err := db.InTx(t.Context(), f); !errors.Is(err, signon.ErrNoClient) && !errors.Is(err, signon.ErrNoSecret) && !errors.Is(err, signon.ErrClientKeys) {
				t.Errorf("%s: %v", name, err)
			}
		}
		h.do(func(tx *sqldb.Tx) error { return h.p.RemoveClient(tx, "staff:ANNA", "nieuw") })
		if got := h.known(signon.ClientAuth{ID: "nieuw"}); got != "invalid_client" {
			t.Errorf("after its removal: %q", got)
		}
		h.do(func(tx *sqldb.Tx) error {
			entries, err := audit.Of(tx, "client:nieuw", 10)
			if len(entries) != 5 {
				t.Errorf("audit = %+v", entries)
			}
			return err
		})
	})
}

func TestAnIDIsGivenOnceAndAChangeNamesTheStateThatItSaw(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		c := readingClient()
		c.ID, c.Secret = "nieuw", ""
		add := func(tx *sqldb.Tx) error {
			_, err := h.p.AddClient(tx, "staff:ANNA", signon.Listed{Client: c, Method: signon.BySecret})
			return err
		}
		h.do(add)
		if err := db.InTx(t.Context(), add); !errors.Is(err, signon.ErrClientTaken) {
			t.Errorf("again: %v", err)
		}
		seen := func() (l signon.Listed) {
			h.do(func(tx *sqldb.Tx) (err error) { l, err = h.p.Client(tx, "nieuw"); return err })
			return l
		}
		first := seen()
		change := func(tx *sqldb.Tx) error { // within one microsecond, as the clock stands still
			if err := h.p.HoldClient(tx, "nieuw", first.Changed); err != nil {
				return err
			}
			_, err := h.p.NewSecret(tx, "staff:ANNA", "nieuw", time.Hour)
			return err
		}
		h.do(change)
		if err := db.InTx(t.Context(), change); !errors.Is(err, signon.ErrClientChanged) {
			t.Errorf("with the state of before: %v", err)
		}
		if now := seen(); !now.Changed.After(first.Changed) {
			t.Errorf("changed at %s, after %s", now.Changed, first.Changed)
		}
		c.ID, c.Redirects, c.Origins = "fout", []string{"x", "https://a.example/#b"}, []string{"https://a.example/"}
		err := db.InTx(t.Context(), add)
		if list := fault.Of(err); len(list) != 3 || !errors.Is(err, signon.ErrClientAddress) {
			t.Errorf("three wrong addresses: %v", err)
		}
		for _, id := range []string{"niemand", "", "nie\x00mand"} {
			if err := db.InTx(t.Context(), func(tx *sqldb.Tx) error { return h.p.HoldClient(tx, id, first.Changed) }); !errors.Is(err, signon.ErrNoClient) {
				t.Errorf("holding %q: %v", id, err)
			}
		}
	})
}

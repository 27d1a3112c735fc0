package signon_test

import (
	"slices"
	"strings"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
)

const (
	joining  = "joining"
	initiate = "https://h.example/inschrijven/inloggen"
	form     = "https://h.example/inschrijven/bind?stap=2"
)

func joiningClient() signon.Client {
	return signon.Client{ID: joining, Own: true, Name: "Inschrijven", Redirects: []string{"https://h.example/inschrijven/terug"}, Initiate: initiate}
}

// create is an authorize request of somebody without an account.
func create() signon.AuthorizeParams {
	a := ask()
	a.ClientID, a.RedirectURI, a.Prompt, a.Target = joining, "https://h.example/inschrijven/terug", "create", form
	return a
}

// on is where a person goes on, "" when nowhere.
func (h house) on(clientID, target, hint string) (address, name string) {
	h.Helper()
	err := h.db.Read(h.Context(), func(tx *sqldb.Tx) error {
		to, client, ok, err := h.p.Continue(tx, clientID, target, hint)
		if ok != (to != "") {
			h.Errorf("Continue(%q) = %q, %v", clientID, to, ok)
		}
		address, name = to, client
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return address, name
}

func TestWhoMakesAnAccountGoesOnWhereTheyCameFrom(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(joiningClient())
		r := h.pending(h.mustBegin(create()))
		if r.Prompt != signon.PromptCreate || !r.Continues || r.ClientID != joining || r.Target != form || !r.FreshSince.IsZero() {
			t.Fatalf("Pending = %+v", r)
		}
		if r := h.pending(h.mustBegin(ask())); r.Continues || r.Prompt != "" || r.Target != "" {
			t.Errorf("a client without a way on: %+v", r)
		}
		address, name := h.on(r.ClientID, r.Target, "zoë.maas")
		v := query(t, address)
		if name != "Inschrijven" || !strings.HasPrefix(address, initiate+"?") || v.Get("iss") != issuer || v.Get("target_link_uri") != form || v.Get("login_hint") != "zoë.maas" {
			t.Errorf("Continue = %s %q", address, name)
		}
		address, _ = h.on(joining, "", "")
		if v := query(t, address); v.Get("iss") != issuer || v.Has("target_link_uri") || v.Has("login_hint") {
			t.Errorf("without target and hint: %s", address)
		}
		for _, gone := range []string{reading, "unknown", "", "\x00"} {
			if to, _ := h.on(gone, form, "zoe"); to != "" {
				t.Errorf("Continue(%q) = %s", gone, to)
			}
		}
		moved := joiningClient()
		moved.Initiate = "https://nieuw.example/lid/inloggen?kant=2"
		h.register(moved)
		address, _ = h.on(joining, form, "")
		if v := query(t, address); !strings.HasPrefix(address, moved.Initiate+"&") || v.Has("target_link_uri") {
			t.Errorf("after the client moved: %s", address)
		}
	})
}

func TestATargetLiesInTheFolderOfItsClient(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		h.register(joiningClient())
		for target, kept := range map[string]bool{
			form:                             true,
			"https://h.example/inschrijven/": true,
			"https://h.example/inschrijven/a%20b?x=../..":                true,
			"https://h.example/inschrijven":                              false,
			"https://h.example/inschrijvend/x":                           false,
			"https://h.example/balie/":                                   false,
			"https://h.example/inschrijven/../balie/":                    false,
			"https://h.example/inschrijven/%2E%2e/balie/":                false,
			"https://h.example/inschrijven/x/..%2f..%2fb":                false,
			"https://h.example/inschrijven%2fx":                          false,
			`https://h.example/inschrijven/..\balie`:                     false,
			"https://h.example/inschrijven/%5c..%5cbalie":                false,
			"https://h.example/inschrijven/#x":                           false,
			"https://a@h.example/inschrijven/":                           false,
			"https://h.example:8443/inschrijven/":                        false,
			"https://evil.example/inschrijven/":                          false,
			"http://h.example/inschrijven/":                              false,
			"//h.example/inschrijven/":                                   false,
			"/inschrijven/":                                              false,
			"javascript:alert(1)":                                        false,
			"https://h.example/inschrijven/\x00":                         false,
			"https://h.example/inschrijven/\xff":                         false,
			"https://h.example/inschrijven/" + strings.Repeat("x", 2000): false,
		} {
			a := create()
			a.Target = target
			want := ""
			if kept {
				want = target
			}
			if got := h.pending(h.mustBegin(a)).Target; got != want {
				t.Errorf("%.80q is kept as %q", target, got)
			}
			to, _ := h.on(joining, target, "")
			if got := query(t, to).Get("target_link_uri"); got != want {
				t.Errorf("Continue leads %.80q to %q", target, got)
			}
		}
		a := ask() // its client takes nobody up again
		a.Target = form
		if got := h.pending(h.mustBegin(a)).Target; got != "" {
			t.Errorf("a client without a way on keeps %q", got)
		}
	})
}

func TestDiscoveryNamesThePrompts(t *testing.T) {
	p := &signon.Provider{Issuer: issuer}
	if got := p.Discovery().Prompts; !slices.Equal(got, []string{"none", "login", "select_account", "create", "consent"}) {
		t.Errorf("prompt_values_supported is %q", got)
	}
}

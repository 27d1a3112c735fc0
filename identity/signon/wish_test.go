package signon_test

import (
	"errors"
	"strings"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
)

func TestSingleClaimsAreToldWhereTheyWereAsked(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		a := ask()
		a.Scope = "openid"
		a.Claims = `{"userinfo":{"email":{"essential":true},"nickname":null},"id_token":{"preferred_username":null,"auth_time":{"essential":true}},"verified_claims":[1]}`
		tokens, refusal := h.exchange(redeem(h.code(a)))
		if refusal != "" {
			t.Fatal(refusal)
		}
		id := h.claims(h.idToken(tokens))
		person, _ := h.userinfo(tokens.AccessToken)
		if id["preferred_username"] == nil || id["email"] != nil || id["memberships"] != nil {
			t.Errorf("ID token %v", id)
		}
		if person.Email == "" || person.EmailVerified || person.PreferredUsername != "" || person.Memberships != nil {
			t.Errorf("userinfo %+v", person)
		}

		c := readingClient()
		c.Scopes = []string{"openid", "profile"}
		h.register(c)
		tokens, _ = h.exchange(redeem(h.code(a)))
		if person, _ := h.userinfo(tokens.AccessToken); person.Email != "" {
			t.Error("a client was told a claim whose scope it may not have")
		}
	})
}

func TestAStrongerSignInIsAskedOfTheLoginDoor(t *testing.T) {
	const password, mfa = signon.ACRPassword, signon.ACRMFA
	essential := func(values string) string {
		return `{"id_token":{"acr":{"essential":true` + values + `}}}`
	}
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		for name, c := range map[string]struct {
			acrValues, claims string
			wants, needs      string
			said              map[string]string // by the session's own; "" when it does not do
		}{
			"nothing":               {"", "", "", "", map[string]string{password: password, mfa: mfa, "": "-"}},
			"a wish":                {"urn:other " + mfa, "", mfa, "", map[string]string{password: password, mfa: mfa}},
			"an essential one":      {"", essential(`,"value":"` + mfa + `"`), mfa, mfa, map[string]string{password: "", mfa: mfa}},
			"one of two":            {"", essential(`,"values":["` + mfa + `","` + password + `"]`), mfa, password, map[string]string{password: password, mfa: mfa, "": ""}},
			"the weaker, essential": {"", essential(`,"values":["` + password + `","urn:x"]`), password, password, map[string]string{mfa: password}},
			"any, essential":        {"", essential(""), password, password, map[string]string{password: password, "": ""}},
			"not essential":         {"", `{"id_token":{"acr":{"values":["` + mfa + `"]}}}`, mfa, "", map[string]string{password: password}},
		} {
			a := ask()
			a.ACRValues, a.Claims = c.acrValues, c.claims
			for has, said := range c.said {
				id := h.mustBegin(a)
				if r := h.pending(id); r.WantsACR != c.wants || r.NeedsACR != c.needs || r.NeedsMore(has) != (said == "") {
					t.Errorf("%s: wants %q, needs %q", name, r.WantsACR, r.NeedsACR)
				}
				s := zoe()
				s.ACR = has
				address, err := h.grant(id, s)
				if (err == nil) != (said != "") || err != nil && !errors.Is(err, signon.ErrSignInAgain) {
					t.Errorf("%s, signed in by %q: %v", name, has, err)
				}
				if err != nil {
					continue
				}
				tokens, _ := h.exchange(redeem(codeIn(query(t, address))))
				if got, _ := h.claims(h.idToken(tokens))["acr"].(string); got != strings.Trim(said, "-") {
					t.Errorf("%s: acr %q, want %q", name, got, said)
				}
			}
		}
		a := ask()
		a.Claims = essential(`,"values":["urn:nobody"]`)
		_, err := h.begin(a)
		if v := sentBack(t, err); v.Get("error") != "unmet_authentication_requirements" {
			t.Errorf("a way that nobody has: %v", v)
		}
	})
}

func TestARequestForOnePersonIsAnsweredForThatPersonOnly(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		hint := h.idToken(h.tokens())
		byHint, byClaim := ask(), ask()
		byHint.IDTokenHint = hint
		byClaim.Claims = `{"id_token":{"sub":{"value":"ZOE"}}}`
		for name, a := range map[string]signon.AuthorizeParams{"hint": byHint, "claim": byClaim} {
			id, other := h.mustBegin(a), zoe()
			other.AccountID = "YAN"
			if _, err := h.grant(id, other); !errors.Is(err, signon.ErrSignInAgain) {
				t.Errorf("%s: another person: %v", name, err)
			}
			if _, err := h.grant(id, zoe()); err != nil {
				t.Errorf("%s: the person: %v", name, err)
			}
		}
		byHint.IDTokenHint += "x"
		two := byClaim
		two.IDTokenHint, two.Claims = hint, `{"id_token":{"sub":{"value":"YAN"}}}`
		for name, a := range map[string]signon.AuthorizeParams{"a forged hint": byHint, "two persons": two} {
			_, err := h.begin(a)
			if v := sentBack(t, err); v.Get("error") != "invalid_request" {
				t.Errorf("%s: %v", name, v)
			}
		}
	})
}

func TestAClaimsParameterThatCannotBeReadIsRefused(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		h := open(t, db)
		for _, text := range []string{"{", "null", "[]", `"x"`, `{"id_token":[]}`, `{"id_token":{"email":1}}`, `{"userinfo":{"email":{"essential":"yes"}}}`,
			`{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"value":"b"}}}`, `{"id_token":{"sub":{"value":"é"}}}`,
			`{"x":"` + strings.Repeat("x", 2000) + `"}`} {
			a := ask()
			a.Claims = text
			_, err := h.begin(a)
			if v := sentBack(t, err); v.Get("error") != "invalid_request" {
				t.Errorf("%.60s: %v", text, v)
			}
		}
	})
}

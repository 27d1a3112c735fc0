package oidc_test

import (
	"slices"
	"testing"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
)

// TestAnIndependentClientSignsIn walks the whole way with a client library that
// shares no line with our provider.
func TestAnIndependentClientSignsIn(t *testing.T) {
	styles := map[string]oauth2.AuthStyle{
		"secret in the header": oauth2.AuthStyleInHeader,
		"secret in the form":   oauth2.AuthStyleInParams,
		"found out by trying":  oauth2.AuthStyleAutoDetect,
		"public":               oauth2.AuthStyleInParams,
	}
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t, db)
		for _, algorithm := range []string{signon.ES256, signon.RS256} {
			d.register(algorithm)
			for name, style := range styles {
				t.Run(algorithm+", "+name, func(t *testing.T) {
					provider, err := goidc.NewProvider(t.Context(), d.issuer)
					if err != nil {
						t.Fatal(err)
					}
					config := oauth2.Config{ClientID: "reading room", ClientSecret: password, RedirectURL: callback, Endpoint: provider.Endpoint(),
						Scopes: []string{"openid", "profile", "email", "memberships"}}
					config.Endpoint.AuthStyle = style
					if name == "public" {
						config.ClientID, config.ClientSecret = "app", ""
					}
					secretOfPKCE := oauth2.GenerateVerifier()
					res, err := d.web.Get(config.AuthCodeURL("state", goidc.Nonce("nonce"), oauth2.S256ChallengeOption(secretOfPKCE)))
					if err != nil {
						t.Fatal(err)
					}
					res.Body.Close()
					there, err := res.Location()
					if err != nil {
						t.Fatal(err)
					}
					back := mustParse(t, d.signIn(there.Query().Get("verzoek"))).Query()
					if back.Get("state") != "state" || back.Get("iss") != d.issuer {
						t.Errorf("back with %v", back)
					}

					token, err := config.Exchange(t.Context(), back.Get("code"), oauth2.VerifierOption(secretOfPKCE))
					if err != nil {
						t.Fatal(err)
					}
					raw, _ := token.Extra("id_token").(string)
					id, err := provider.Verifier(&goidc.Config{ClientID: config.ClientID, SupportedSigningAlgs: []string{algorithm}}).Verify(t.Context(), raw)
					if err != nil {
						t.Fatal(err)
					}
					if err := id.VerifyAccessToken(token.AccessToken); err != nil {
						t.Error(err)
					}
					var claims struct {
						Username    string              `json:"preferred_username"`
						Memberships []signon.Membership `json:"memberships"`
					}
					if err := id.Claims(&claims); err != nil {
						t.Fatal(err)
					}
					if id.Nonce != "nonce" || id.Subject != "ZOE" || claims.Username != "28000000000017" ||
						len(claims.Memberships) != 1 || !slices.Equal(claims.Memberships[0].Rights, []string{"digital"}) {
						t.Errorf("ID token %+v, claims %+v", id, claims)
					}
					info, err := provider.UserInfo(t.Context(), oauth2.StaticTokenSource(token))
					if err != nil {
						t.Fatal(err)
					}
					if info.Subject != id.Subject || info.Email != "zoe@example.nl" || !info.EmailVerified {
						t.Errorf("userinfo %+v", info)
					}
				})
			}
		}
	})
}

package signon

import (
	"encoding/json"
	"slices"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
)

// silent are the scopes that tell nothing about a person by a claim, each with what
// they do instead. Every other one must tell something.
var silent = []string{
	ScopeOpenID,  // gives an ID token
	ScopeReading, // tells the server that lends, when it asks about a token
	ScopeOffline, // gives a refresh token
}

func TestEveryScopeTellsWhatItSaysAndNoMore(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		p := &Provider{Issuer: "https://inlog.example/oidc", Box: db.Box}
		told := func(scope, claims string) map[string]any {
			t.Helper()
			list := map[string]any{}
			err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
				g := grant{accountID: "EVA", username: "eva", email: "eva@tester.example", scope: scope, claims: claims}
				person, err := p.person(tx, g, "", inUserInfo)
				if err != nil {
					return err
				}
				text, err := json.Marshal(person)
				if err != nil {
					return err
				}
				return json.Unmarshal(text, &list)
			})
			if err != nil {
				t.Fatal(err)
			}
			delete(list, "sub")
			return list
		}
		for _, scope := range knownScopes {
			all := told(scope, "")
			for _, known := range claimScopes {
				if known.scope != scope {
					continue
				}
				if _, ok := all[known.claim]; !ok {
					t.Errorf("the scope %s does not tell %s", scope, known.claim)
				}
				delete(all, known.claim)
				if alone := told(ScopeOpenID, inUserInfo+"."+known.claim); len(alone) != 1 || alone[known.claim] == nil {
					t.Errorf("asked for %s alone, userinfo tells %v", known.claim, alone)
				}
			}
			if len(all) > 0 {
				t.Errorf("the scope %s tells %v, of which claimScopes knows nothing", scope, all)
			}
			names := slices.ContainsFunc(claimScopes, func(c struct{ claim, scope string }) bool { return c.scope == scope })
			if names == slices.Contains(silent, scope) {
				t.Errorf("the scope %s has a claim: %v; it is in the list of those that tell none: %v", scope, names, names)
			}
		}
	})
}

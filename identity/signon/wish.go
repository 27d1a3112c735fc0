package signon

import (
	"encoding/json"
	"slices"
	"strings"
)

// Ways of signing in, weakest first: what the claim acr says and what clients ask
// with acr_values. The login door knows which one it was.
const (
	ACRPassword = "urn:lidwoord:acr:password" // a password alone
	ACRMFA      = "urn:lidwoord:acr:mfa"      // two factors, or a passkey that verified its owner
)

var levels = []string{"", ACRPassword, ACRMFA}

// levelOf is how strong a way of signing in is; 0 for one that we do not know.
func levelOf(acr string) int { return max(0, slices.Index(levels, acr)) }

// maxClaims bounds the claims parameter, in bytes. All that we can say, asked
// with every detail, takes half of it.
const maxClaims = 2000

// Places where a claim may be asked.
const (
	inIDToken  = "id_token"
	inUserInfo = "userinfo"
)

// claimScopes names the claims that may be asked by themselves, each with the
// scope that allows it: who may not have the scope may not have the claim.
var claimScopes = []struct{ claim, scope string }{
	{"preferred_username", ScopeProfile}, {"email", ScopeEmail}, {"email_verified", ScopeEmail}, {"memberships", ScopeMemberships},
}

// wish is what a request asks beyond its scopes: acr_values and the parameter
// claims (OpenID Connect Core sections 3.1.2.1 and 5.5).
type wish struct {
	claims  string // kept as "id_token.email userinfo.memberships"
	subject string // only this person will do
	level   int    // of sign-in, as an index of levels
	least   int    // a weaker one does not do
}

// claimWish is one member of the claims parameter.
type claimWish struct {
	Essential bool  `json:"essential"`
	Value     any   `json:"value"`
	Values    []any `json:"values"`
}

// texts are the values that are text; ours all are.
func (w claimWish) texts() (out []string) {
	for _, v := range append(w.Values, w.Value) {
		if text, ok := v.(string); ok {
			out = append(out, text)
		}
	}
	return out
}

// readWish reads acr_values, of which the first that we know is what the client
// likes best, and the claims parameter. What we do not know is passed over, as
// section 5.5 wants.
func readWish(acrValues, claims string) (w wish, problem *Problem) {
	for _, acr := range strings.Fields(acrValues) {
		if w.level == 0 {
			w.level = levelOf(acr)
		}
	}
	if claims == "" {
		return w, nil
	}
	malformed := &Problem{Code: InvalidRequest, Description: "The parameter claims cannot be read."}
	var places map[string]json.RawMessage
	if len(claims) > maxClaims || !printable(claims) || json.Unmarshal([]byte(claims), &places) != nil || places == nil {
		return wish{}, malformed
	}
	var asked []string
	for _, place := range []string{inIDToken, inUserInfo} {
		var members map[string]*claimWish // null asks a claim without more
		if text, ok := places[place]; ok && json.Unmarshal(text, &members) != nil {
			return wish{}, malformed
		}
		for _, known := range claimScopes {
			if _, ok := members[known.claim]; ok {
				asked = append(asked, place+"."+known.claim)
			}
		}
		if sub := members["sub"]; sub != nil {
			if subject, _ := sub.Value.(string); w.subject != "" && w.subject != subject {
				return wish{}, malformed // two persons at once
			} else if w.subject = subject; subject != "" && (!sane(subject) || !plain(subject)) {
				return wish{}, malformed
			}
		}
		if acr := members["acr"]; acr != nil && place == inIDToken {
			if problem := w.readACR(*acr); problem != nil {
				return wish{}, problem
			}
		}
	}
	w.claims = strings.Join(asked, " ")
	return w, nil
}

// readACR reads the ways of signing in that a client asks by the claim acr. An
// essential one that we do not have is refused at once: nobody could meet it.
func (w *wish) readACR(asked claimWish) *Problem {
	values := asked.texts()
	best, least := 0, 0
	for _, acr := range values {
		if n := levelOf(acr); n > 0 {
			best = max(best, n)
			if least == 0 || n < least {
				least = n
			}
		}
	}
	switch {
	case !asked.Essential:
		w.level = max(w.level, best)
	case len(values) == 0:
		w.level, w.least = max(w.level, 1), 1
	case best == 0:
		return &Problem{Code: UnmetAuthenticationRequirements, Description: "None of the asked values of acr is known here."}
	default:
		w.level, w.least = best, least
	}
	return nil
}

// said is the value of acr for a session: never stronger than what was insisted
// on, since the client wants to read one of its own values.
func (w wish) said(acr string) string {
	if w.least > 0 && levelOf(acr) > w.level {
		return levels[w.level]
	}
	return acr
}

// allowClaims leaves the single claims that a client may have.
func allowClaims(asked, scopes string) string {
	var out []string
	for _, name := range strings.Fields(asked) {
		if slices.Contains(strings.Fields(scopes), scopeOf(name)) {
			out = append(out, name)
		}
	}
	return strings.Join(out, " ")
}

// scopeOf is the scope that allows a claim which is kept as "id_token.email".
func scopeOf(kept string) string {
	_, claim, _ := strings.Cut(kept, ".")
	for _, known := range claimScopes {
		if known.claim == claim {
			return known.scope
		}
	}
	return ""
}

// withClaims adds the scopes of single claims: what a person is asked to allow.
func withClaims(scope, claims string) string {
	all := scope
	for _, name := range strings.Fields(claims) {
		all += " " + scopeOf(name)
	}
	return narrow(all, all)
}

package signon

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/words"
)

var fuzzProvider = &Provider{Issuer: "https://inlog.example/oidc"}

// anyPort is all that may differ from what is registered in FuzzRedirect.
var anyPort = regexp.MustCompile(`^http://(127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?/app$`)

// FuzzRedirect tries to get a code to another place than a registered address.
func FuzzRedirect(f *testing.F) {
	registered := []string{"https://lezen.example/terug", "https://lezen.example/app?kant=2", "nl.bind.lezen:/terug", "http://127.0.0.1/app", "http://[::1]:1/app"}
	for _, seed := range append(registered, "https://lezen.example/terug/..", "https://lezen.example@evil.example/terug",
		"https://lezen.example/terug#", "//lezen.example/terug", "https://lezen.example/app?kant=2&code=x", "http://127.0.0.1:5000/app", "http://[::1]:65535/app", "http://127.0.0.1:9@evil.example/app", "") {
		f.Add(seed, "state & more")
	}
	f.Fuzz(func(t *testing.T, asked, state string) {
		if !allowed(registered, asked) {
			return
		}
		if !slices.Contains(registered, asked) && !anyPort.MatchString(asked) {
			t.Fatalf("%q was taken", asked)
		}
		want, err := url.Parse(asked)
		if err != nil {
			t.Fatal(err)
		}
		address := fuzzProvider.back(asked, state, "code", "the-code")
		got, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got.Scheme != want.Scheme || got.Host != want.Host || got.Path != want.Path || got.Fragment != "" || got.User != nil {
			t.Errorf("%q leads to %q", asked, address)
		}
		v := got.Query()
		if v.Get("code") != "the-code" || v.Get("state") != state || v.Get("iss") != fuzzProvider.Issuer || len(v["code"]) != 1 {
			t.Errorf("%q with state %q answers %v", asked, state, v)
		}
	})
}

// FuzzRegistrable tries to register an address that a browser would run or that
// hides another host.
func FuzzRegistrable(f *testing.F) {
	for _, seed := range []string{"https://lezen.example/", "javascript:alert(1)", "java\tscript:x", "data:text/html,x", "http://localhost/", "nl.bind:/x", "https://a@b/", " https://x.example", "https://*.example/", "https://x;y/", "javascript.x:1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		if !fuzzProvider.registrable(uri) {
			return
		}
		u, err := url.Parse(uri)
		if err != nil || u.User != nil || strings.ContainsAny(uri, "#\r\n\t\x00") {
			t.Fatalf("%q was taken", uri)
		}
		switch {
		case u.Scheme == "javascript", u.Scheme == "data", u.Scheme == "file", u.Scheme == "", u.Scheme == "vbscript":
			t.Errorf("%q was taken", uri)
		case u.Scheme == "http" && !local(u.Hostname()):
			t.Errorf("%q was taken without TLS", uri)
		case strings.HasPrefix(u.Scheme, "javascript."), strings.HasPrefix(u.Scheme, "data."), strings.ContainsAny(u.Host, "*;,'\" "):
			t.Errorf("%q was taken, and would go into a policy", uri)
		}
	})
}

// FuzzPublished tries to have a key believed that is private, short or for something else,
// by what stands at an address that somebody else minds.
func FuzzPublished(f *testing.F) {
	for _, seed := range []string{``, `{}`, `{"keys":[]}`, `{"keys":[null,5,{"kty":"oct","k":"AA"}]}`, `{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}`,
		`{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"sig","kid":"1"}]}`,
		`{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		set, err := readPublished(text)
		if err == nil && (len(set.Keys) == 0 || len(set.Keys) > publishedMost) {
			t.Fatalf("%d keys", len(set.Keys))
		}
		for _, k := range set.Keys {
			if !k.IsPublic() || unfit(k) != nil {
				t.Fatalf("%v is taken", k)
			}
		}
	})
}

// FuzzTarget tries to be led out of the folder of the client that was asked for.
func FuzzTarget(f *testing.F) {
	const initiate = "https://h.example/inschrijven/inloggen"
	for _, seed := range []string{"https://h.example/inschrijven/bind?stap=2", "https://h.example/inschrijven/../balie/", "https://h.example/inschrijven/%2e%2e/balie/",
		"https://h.example/inschrijven/..%2fbalie", `https://h.example/inschrijven/..\balie`, "https://h.example@evil.example/inschrijven/", "//h.example/inschrijven/", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, target string) {
		if !fuzzProvider.reaches(initiate, target) {
			return
		}
		u, err := url.Parse(target)
		if err != nil || u.Scheme != "https" || u.Host != "h.example" || u.User != nil || strings.ContainsAny(target, "#\\\r\n\t\x00 ") {
			t.Fatalf("%q was taken", target)
		}
		for _, seen := range []string{u.Path, u.EscapedPath()} {
			// JoinPath cleans as a browser does.
			if clean := (&url.URL{Path: seen}).JoinPath(); !strings.HasPrefix(clean.Path, "/inschrijven/") {
				t.Errorf("%q arrives at %q", target, clean.Path)
			}
		}
	})
}

// FuzzAuthorize feeds whole queries: whatever is taken can be kept by both
// engines, and whatever is refused has a code.
func FuzzAuthorize(f *testing.F) {
	good := "client_id=r&redirect_uri=https%3A%2F%2Fx&response_type=code&scope=openid+email&state=s&nonce=n" +
		"&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
	for _, seed := range []string{good, good + "&prompt=none", good + "&max_age=0&prompt=login", good + "&ui_locales=fy+nl", good + "&prompt=login+create&target_link_uri=https%3A%2F%2Fx%2Fy", good + "&state=2", good + "&nonce=%00", ""} {
		f.Add(seed)
	}
	now := time.Date(2026, 7, 2, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, query string) {
		v, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		a := ReadAuthorize(v)
		r, problem := readRequest(a, now)
		if problem != nil {
			if problem.Code == "" || !plain(problem.Description) {
				t.Errorf("%q is refused with %+v", query, problem)
			}
			return
		}
		for _, kept := range []string{r.scope, r.state, r.nonce, r.challenge, r.prompt, r.loginHint} {
			if !printable(kept) || len(kept) > maxParameter {
				t.Errorf("%q would keep %q", query, kept)
			}
		}
		if !challengeOK(r.challenge) || a.Method != "S256" || len(a.repeated) > 0 || r.freshSince.After(now) {
			t.Errorf("%q was taken as %+v", query, r)
		}
		if r.prompt == PromptCreate && strings.Contains(a.Prompt, PromptNone) || r.target != "" {
			t.Errorf("%q was taken as %+v", query, r)
		}
		if r.lang != "" && r.lang != words.NL && r.lang != words.EN {
			t.Errorf("language %q", r.lang)
		}
	})
}

// FuzzVerifier holds that what passes is what RFC 7636 allows, and that each
// verifier has one challenge that Begin would have taken.
func FuzzVerifier(f *testing.F) {
	f.Add("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
	f.Add(strings.Repeat("é", 30))
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if !verifierOK(text) {
			return
		}
		if len(text) < 43 || len(text) > 128 || url.QueryEscape(text) != text {
			t.Errorf("%q was taken", text)
		}
		if c := challenge(secret.Token(text)); !challengeOK(c) {
			t.Errorf("challenge %q of %q would not be taken", c, text)
		}
	})
}

// FuzzChallenge holds that a challenge is written in one way only.
func FuzzChallenge(f *testing.F) {
	f.Add("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
	f.Add("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN")
	f.Add("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw\n-cM")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := base64.RawURLEncoding.DecodeString(text)
		if challengeOK(text) != (err == nil && len(b) == 32 && base64.RawURLEncoding.EncodeToString(b) == text) {
			t.Errorf("challengeOK(%q) = %v", text, challengeOK(text))
		}
	})
}

func TestTheVerifierOfTheStandard(t *testing.T) {
	// RFC 7636 appendix B.
	if got := challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"); got != "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" {
		t.Errorf("challenge = %s", got)
	}
	for text, want := range map[string]bool{
		strings.Repeat("a", 42): false, strings.Repeat("a", 43): true, strings.Repeat("~", 128): true,
		strings.Repeat("a", 129): false, strings.Repeat("a", 42) + "+": false,
	} {
		if verifierOK(text) != want {
			t.Errorf("verifierOK(%d letters) = %v", len(text), !want)
		}
	}
}

func TestEveryFaultHasASentence(t *testing.T) {
	catalogue, err := words.Load(Words)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []interface{ Error() string }{
		ErrUnknownClient, ErrWrongRedirect, ErrRequestSpent, ErrSignInAgain, ErrBadHint, ErrNoHint, ErrClientInside,
		ErrClientIncomplete, ErrClientAddress, ErrClientSecret, ErrClientAlgorithm, ErrClientScope,
	} {
		for _, lang := range []words.Lang{words.NL, words.EN} {
			if got := catalogue.Text(lang, e.Error(), "x"); got == "" || strings.Contains(got, e.Error()) {
				t.Errorf("%s in %s: %q", e.Error(), lang, got)
			}
		}
	}
}

// FuzzAssertion feeds what a client may send as its proof: whatever is read names
// somebody that both engines can look up, and nothing unsigned is read.
func FuzzAssertion(f *testing.F) {
	for _, seed := range []string{"", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJhIiwic3ViIjoiYSIsImp0aSI6IjEifQ.AAAA",
		"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJhIiwic3ViIjoiYSIsImp0aSI6IjEiLCJhdWQiOlsiYSIsImIiXX0.AAAA", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, ok := readAssertion(text)
		if !ok {
			return
		}
		if !plain(a.Issuer) || a.Issuer == "" || a.Issuer != a.Subject || !printable(a.ID) || a.ID == "" || len(a.ID) > maxJTI {
			t.Errorf("%q is read as %+v", text, a)
		}
		if alg := a.signed.Signatures[0].Header.Algorithm; alg != "ES256" && alg != "RS256" && alg != "PS256" {
			t.Errorf("%q is signed by %s", text, alg)
		}
	})
}

// FuzzClaims feeds the claims parameter: whatever is taken can be kept, asks
// nothing that we do not know, and no level that there is not.
func FuzzClaims(f *testing.F) {
	for _, seed := range []string{"", "{}", "null", `{"id_token":{"acr":{"essential":true,"values":["urn:lidwoord:acr:mfa"]}}}`, `{"userinfo":{"email":null,"x":{}}}`,
		`{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"value":"a"}}}`, `{"id_token":{"acr":{"value":1}}}`, `{"userinfo":null}`} {
		f.Add("urn:lidwoord:acr:password", seed)
	}
	f.Fuzz(func(t *testing.T, acr, text string) {
		w, problem := readWish(acr, text)
		if problem != nil {
			if problem.Code == "" || w != (wish{}) {
				t.Errorf("%q is refused with %+v and %+v", text, problem, w)
			}
			return
		}
		for _, name := range strings.Fields(w.claims) {
			if scopeOf(name) == "" {
				t.Errorf("%q asks %q", text, name)
			}
		}
		if w.level < 0 || w.level >= len(levels) || w.least > w.level || !plain(w.subject) || len(w.subject) > maxParameter {
			t.Errorf("%q is read as %+v", text, w)
		}
	})
}

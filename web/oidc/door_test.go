package oidc_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"lidwoord/base/session"
	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
	"lidwoord/web/kit"
	"lidwoord/web/oidc"
)

func mustParse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestDiscoveryNamesEveryEndpoint(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t, db)
		res := d.get("/.well-known/openid-configuration")
		var doc map[string]any
		if err := json.Unmarshal([]byte(res.body), &doc); err != nil || res.Header.Get("Content-Type") != "application/json" {
			t.Fatal(res.body, err)
		}
		if doc["issuer"] != d.issuer || strings.HasSuffix(d.issuer, "/") {
			t.Errorf("issuer %v", doc["issuer"])
		}
		for name, value := range doc {
			address, _ := value.(string)
			if !strings.HasSuffix(name, "_endpoint") && name != "jwks_uri" {
				continue
			}
			if r := d.get(strings.TrimPrefix(address, d.issuer)); r.StatusCode == http.StatusNotFound {
				t.Errorf("%s: %s is not there", name, address)
			}
		}
	})
}

func TestAnIssuerStandsAtItsOwnDoor(t *testing.T) {
	at := mustParse(t, "https://id.example/oidc")
	for issuer, want := range map[string]bool{"https://id.example/oidc": true, "https://id.example/oidc/": false, "http://id.example/oidc": false} {
		_, err := oidc.New(&kit.House{Doors: kit.Doors{OIDC: at}}, &signon.Provider{Issuer: issuer})
		if (err == nil) != want {
			t.Errorf("issuer %s: %v", issuer, err)
		}
	}
}

func TestOnlyPublicDocumentsMayBeKept(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t, db)
		for path, want := range map[string]string{
			"/.well-known/openid-configuration": "public, max-age=3600", "/jwks": "public, max-age=900",
			"/token": "no-store", "/userinfo": "no-store", "/revoke": "no-store", "/par": "no-store", "/introspect": "no-store", "/authorize": "no-store", "/end_session": "no-store",
			"/authorize?" + wanted().Encode(): "no-store",
		} {
			if got := d.get(path).Header.Get("Cache-Control"); got != want {
				t.Errorf("%s: Cache-Control %q, want %q", path, got, want)
			}
		}
		form := redeem(d.code("app"))
		form.Set("client_id", "app")
		res := d.send(d.request("POST", "/token", form))
		if res.StatusCode != 200 || res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Pragma") != "no-cache" {
			t.Errorf("tokens came with %d %v", res.StatusCode, res.Header)
		}
	})
}

func TestScriptsReadUsOnlyFromRegisteredOrigins(t *testing.T) {
	const known, evil = "https://lezen.example", "https://evil.example"
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t, db)
		for _, c := range []struct{ method, path, origin, want string }{
			{"GET", "/jwks", evil, "*"}, {"GET", "/.well-known/openid-configuration", evil, "*"}, {"OPTIONS", "/jwks", evil, "*"},
			{"OPTIONS", "/token", known, known}, {"POST", "/token", known, known}, {"GET", "/userinfo", known, known}, {"POST", "/revoke", known, known}, {"OPTIONS", "/par", known, known}, {"POST", "/par", known, known},
			{"OPTIONS", "/par", evil, ""}, {"POST", "/introspect", known, ""}, {"OPTIONS", "/introspect", known, ""},
			{"OPTIONS", "/token", evil, ""}, {"POST", "/token", evil, ""}, {"GET", "/userinfo", evil, ""}, {"GET", "/userinfo", "null", ""},
			{"GET", "/authorize", known, ""}, {"GET", "/end_session", known, ""},
		} {
			r := d.request(c.method, c.path, nil)
			r.Header.Set("Origin", c.origin)
			res := d.send(r)
			if got := res.Header.Get("Access-Control-Allow-Origin"); got != c.want {
				t.Errorf("%s %s from %s: allowed %q, want %q", c.method, c.path, c.origin, got, c.want)
			}
			if res.Header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s %s allows credentials", c.method, c.path)
			}
			if c.method == "OPTIONS" && (res.StatusCode != http.StatusNoContent || c.want == known && !strings.Contains(res.Header.Get("Access-Control-Allow-Headers"), "Authorization")) {
				t.Errorf("preflight of %s from %s: %d %v", c.path, c.origin, res.StatusCode, res.Header)
			}
			if c.want != "*" && strings.HasPrefix(c.path, "/token") && res.Header.Get("Vary") != "Origin" {
				t.Errorf("%s %s does not vary by origin", c.method, c.path)
			}
		}
	})
}

func TestAuthorizeSendsTheBrowserToTheLoginDoor(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t, db)
		v := wanted()
		v.Set("ui_locales", "en-GB nl")
		crossSite := d.request("POST", "/authorize", v)
		crossSite.Header.Set("Sec-Fetch-Site", "cross-site")
		crossSite.Header.Set("Origin", "https://lezen.example")
		for name, r := range map[string]*http.Request{"GET": d.request("GET", "/authorize?"+v.Encode(), nil), "POST": crossSite} {
			res := d.send(r)
			to := res.location(t)
			if res.StatusCode != http.StatusSeeOther || to.Path != "/inloggen/aanmelden" || to.Query().Get("taal") != "en" || len(to.Query().Get("verzoek")) != 26 {
				t.Errorf("%s: %d to %s", name, res.StatusCode, to)
			}
			if len(res.Cookies()) > 0 {
				t.Errorf("%s sets a cookie", name)
			}
		}
	})
}

func TestAFaultOfAuthorizeIsShownOrSentBack(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t, db)
		v := wanted()
		v.Del("code_challenge")
		res := d.get("/authorize?" + v.Encode())
		if to := res.location(t); res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to.String(), callback+"?") || to.Query().Get("error") != "invalid_request" {
			t.Errorf("%d to %s", res.StatusCode, to)
		}
		v = wanted()
		v.Set("redirect_uri", "https://evil.example/")
		huge := wanted()
		huge.Set("state", strings.Repeat("s", 70_000))
		nul := wanted()
		nul.Set("nonce", "\x00")
		for name, c := range map[string]struct {
			r      *http.Request
			status int
			says   string
		}{
			"a stranger's address": {d.request("GET", "/authorize?"+v.Encode(), nil), 422, "niet vertrouwen"},
			"nothing":              {d.request("GET", "/authorize", nil), 422, "niet bekend"},
			"a broken query":       {d.request("GET", "/authorize?a=%zz", nil), 422, "<h1>"},
			"a huge query":         {d.request("GET", "/authorize?"+huge.Encode(), nil), 413, "<h1>"},
			"a huge form":          {d.request("POST", "/authorize", huge), 413, "<h1>"},
			"NUL in a form":        {d.request("POST", "/authorize", nul), 422, "<h1>"},
			"another method":       {d.request("PUT", "/authorize", nil), 405, "<h1>"},
			"another page":         {d.request("GET", "/nergens", nil), 404, "<h1>"},
		} {
			c.r.Header.Set("Accept-Language", "nl")
			res := d.send(c.r)
			if res.StatusCode != c.status || !strings.Contains(res.body, c.says) || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") || res.Header.Get("Location") != "" {
				t.Errorf("%s: %d, want %d: %.300s", name, res.StatusCode, c.status, res.body)
			}
		}
		english := d.request("GET", "/authorize", nil)
		english.Header.Set("Accept-Language", "en")
		if res := d.send(english); !strings.Contains(res.body, "We do not know this website") {
			t.Errorf("English: %.300s", res.body)
		}
		if to := d.get("/").location(t); to.Path != "/inloggen/" {
			t.Errorf("the issuer's own address leads to %s", to)
		}
	})
}

func TestTheTokenEndpointRefusesInTheWordsOfTheStandard(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t, db)
		code := d.code("reading room")
		good := func() url.Values { return redeem(code) }
		with := func(pairs ...string) url.Values {
			v := good()
			for i := 0; i < len(pairs); i += 2 {
				v.Add(pairs[i], pairs[i+1])
			}
			return v
		}
		post := func(form url.Values, user, pass string) *http.Request {
			r := d.request("POST", "/token", form)
			if user != "" {
				r.SetBasicAuth(user, pass)
			}
			return r
		}
		inQuery := d.request("POST", "/token?client_id=reading+room&client_secret="+url.QueryEscape(password)+"&"+good().Encode(), url.Values{})
		asJSON := post(good(), "", "")
		asJSON.Header.Set("Content-Type", "application/json")
		bearer := post(good(), "", "")
		bearer.Header.Set("Authorization", "Bearer x")
		huge := post(with("x", strings.Repeat("x", 70_000)), "", "")
		broken := post(good(), "", "")
		broken.Body, broken.ContentLength = io.NopCloser(strings.NewReader("a=%zz")), 5
		id, key := url.QueryEscape("reading room"), url.QueryEscape(password)
		for _, c := range []struct {
			name   string
			r      *http.Request
			status int
			code   string
		}{
			{"GET", d.request("GET", "/token", nil), 405, "invalid_request"},
			{"JSON", asJSON, 400, "invalid_request"},
			{"a huge form", huge, 413, "invalid_request"},
			{"a broken form", broken, 400, "invalid_request"},
			{"everything in the address", inQuery, 401, "invalid_client"},
			{"no client", post(good(), "", ""), 401, "invalid_client"},
			{"another scheme", bearer, 401, "invalid_client"},
			{"a wrong secret", post(good(), id, "wrong"), 401, "invalid_client"},
			{"a name that is not encoded", post(good(), "reading room", password), 401, "invalid_client"},
			{"an unknown client", post(good(), "evil", key), 401, "invalid_client"},
			{"two ways at once", post(with("client_secret", password), id, key), 400, "invalid_request"},
			{"two names", post(with("client_id", "app"), id, key), 400, "invalid_request"},
			{"a code twice", post(with("code", string(code)), id, key), 400, "invalid_request"},
			{"no grant type", post(url.Values{"code": {string(code)}}, id, key), 400, "invalid_request"},
			{"an empty grant type", post(url.Values{"grant_type": {""}}, id, key), 400, "invalid_request"},
			{"another grant type", post(url.Values{"grant_type": {"password"}}, id, key), 400, "unsupported_grant_type"},
			{"another code", post(redeem("nope"), id, key), 400, "invalid_grant"},
			{"a code of bad UTF-8", post(redeem("\xff\x00"), id, key), 400, "invalid_grant"},
			{"the right one", post(with("client_id", "reading room"), id, key), 200, ""},
			{"again", post(good(), id, key), 400, "invalid_grant"},
		} {
			res := d.send(c.r)
			var problem struct {
				Error string `json:"error"`
			}
			if err := json.Unmarshal([]byte(res.body), &problem); err != nil {
				t.Errorf("%s: %v in %q", c.name, err, res.body)
			}
			if res.StatusCode != c.status || problem.Error != c.code {
				t.Errorf("%s: %d %s, want %d %s", c.name, res.StatusCode, problem.Error, c.status, c.code)
			}
			if res.StatusCode == 401 && (!strings.HasPrefix(res.Header.Get("WWW-Authenticate"), "Basic ") || !strings.Contains(res.body, "Reference ")) {
				t.Errorf("%s: 401 without a way to do better: %v %s", c.name, res.Header, res.body)
			}
		}
	})
}

func TestARefusedClientIsToldNoOtherSchemeAndItsOperatorWhy(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t, db)
		var log bytes.Buffer
		d.site.Log = slog.New(slog.NewTextHandler(&log, nil))
		for why, form := range map[string]url.Values{
			`client="reading room" why="wrong secret"`:                           {"client_id": {"reading room"}, "client_secret": {"a-secret-that-nobody-should-read"}},
			`client="" why="unknown client"`:                                     {"client_id": {"a-secret-that-nobody-should-read"}},
			`client="reading room" why="another method than is registered"`:      {"client_id": {"reading room"}},
			`client="" why="assertion unreadable, or iss, sub, jti or client_id`: {"client_assertion_type": {signon.AssertionType}, "client_assertion": {"a-secret-that-nobody-should-read"}},
			`client="" why=client_assertion_type`:                                {"client_assertion_type": {"x"}, "client_assertion": {"a-secret-that-nobody-should-read"}},
		} {
			log.Reset()
			res := d.send(d.request("POST", "/token", form))
			if res.StatusCode != 401 || res.Header.Get("WWW-Authenticate") != "" {
				t.Errorf("%v: %d %v", form, res.StatusCode, res.Header)
			}
			_, reference, _ := strings.Cut(res.body, "Reference ")
			reference = strings.TrimSuffix(strings.TrimSpace(reference), `"}`)
			if !strings.Contains(log.String(), why) || reference == "" || !strings.Contains(log.String(), `"client refused" id=`+reference) || strings.Contains(log.String(), "nobody-should-read") {
				t.Errorf("%s\nis logged as %s", res.body, log.String())
			}
		}
	})
}

func TestUserinfoWantsATokenInTheHeaderOrTheForm(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t, db)
		form := redeem(d.code("app"))
		form.Set("client_id", "app")
		var given struct {
			AccessToken string `json:"access_token"`
			TokenType   string `json:"token_type"`
			ExpiresIn   int    `json:"expires_in"`
		}
		if err := json.Unmarshal([]byte(d.send(d.request("POST", "/token", form)).body), &given); err != nil || given.TokenType != "Bearer" || given.ExpiresIn != 900 {
			t.Fatalf("%+v, %v", given, err)
		}
		ask := func(method, header, posted string) reply {
			var body url.Values
			if posted != "" {
				body = url.Values{"access_token": {posted}}
			}
			r := d.request(method, "/userinfo", body)
			if header != "" {
				r.Header.Set("Authorization", header)
			}
			return d.send(r)
		}
		token := given.AccessToken
		for _, c := range []struct {
			name   string
			got    reply
			status int
			hint   string
		}{
			{"in the header", ask("GET", "Bearer "+token, ""), 200, ""},
			{"in small letters", ask("GET", "bearer "+token, ""), 200, ""},
			{"posted, in the header", ask("POST", "Bearer "+token, ""), 200, ""},
			{"posted, in the form", ask("POST", "", token), 200, ""},
			{"in two ways", ask("POST", "Bearer "+token, token), 400, ""},
			{"in the address", d.get("/userinfo?access_token=" + token), 401, `Bearer realm="Lidwoord"`},
			{"nowhere", ask("GET", "", ""), 401, `Bearer realm="Lidwoord"`},
			{"as a name", ask("GET", "Basic "+token, ""), 401, `Bearer realm="Lidwoord"`},
			{"another", ask("GET", "Bearer x", ""), 401, `Bearer realm="Lidwoord", error="invalid_token"`},
		} {
			if c.got.StatusCode != c.status || !strings.HasPrefix(c.got.Header.Get("WWW-Authenticate"), c.hint) || (c.status == 200) != strings.Contains(c.got.body, `"sub":"ZOE"`) {
				t.Errorf("%s: %d %q %s", c.name, c.got.StatusCode, c.got.Header.Get("WWW-Authenticate"), c.got.body)
			}
			if c.name == "nowhere" && strings.Contains(c.got.Header.Get("WWW-Authenticate"), "error=") {
				t.Error("who brought no token is told of an error")
			}
		}
		if res := d.send(d.request("POST", "/revoke", url.Values{"client_id": {"app"}, "token": {token}})); res.StatusCode != 200 || res.body != "" {
			t.Errorf("revoke: %d %s", res.StatusCode, res.body)
		}
		if res := d.send(d.request("POST", "/revoke", url.Values{"client_id": {"app"}})); res.StatusCode != 400 {
			t.Errorf("revoke nothing: %d %s", res.StatusCode, res.body)
		}
		if res := ask("GET", "Bearer "+token, ""); res.StatusCode != 401 {
			t.Errorf("after revocation: %d", res.StatusCode)
		}
	})
}

func TestSigningOutEndsTheSessionOfTheHint(t *testing.T) {
	const uit = "https://lezen.example/uit"
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t, db)
		hint := func() (idToken string, cookie func() bool) {
			v := wanted()
			v.Set("client_id", "reading room")
			id := d.get("/authorize?" + v.Encode()).location(t).Query().Get("verzoek")
			var back string
			var alive func() bool
			d.do(func(tx *sqldb.Tx) error {
				token, sess, err := session.Start(tx, session.Session{Door: "login", Subject: "ZOE", Idle: time.Hour})
				if err != nil {
					return err
				}
				alive = func() (ok bool) {
					d.do(func(tx *sqldb.Tx) (err error) { _, ok, err = session.Find(tx, "login", token); return err })
					return ok
				}
				back, err = d.p.Grant(tx, id, d.sessionOf(sess))
				return err
			})
			r := d.request("POST", "/token", redeem(d.codeIn(back)))
			r.SetBasicAuth(url.QueryEscape("reading room"), url.QueryEscape(password))
			var given struct {
				IDToken string `json:"id_token"`
			}
			if err := json.Unmarshal([]byte(d.send(r).body), &given); err != nil {
				t.Fatal(err)
			}
			return given.IDToken, alive
		}

		token, alive := hint()
		// What the person must decide, or hear, they do at the login door.
		for asked, want := range map[string]string{
			"client_id=reading+room&state=x&post_logout_redirect_uri=" + url.QueryEscape(uit):    "?state=x&terug=" + url.QueryEscape(uit) + "&website=reading+room",
			"post_logout_redirect_uri=" + url.QueryEscape(uit):                                   "?fout=website",
			"id_token_hint=" + token + "&post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F": "?fout=adres",
			"client_id=reading+room&post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F":      "?fout=adres",
			"id_token_hint=" + token + "x&ui_locales=en":                                         "?fout=bewijs&taal=en",
			"": "",
		} {
			res := d.get("/end_session?" + asked)
			if to := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || !strings.HasSuffix(to, "/inloggen/afmelden"+want) || !alive() {
				t.Errorf("%.80s: %d %s, session lives: %v", asked, res.StatusCode, to, alive())
			}
		}
		out := d.send(d.request("POST", "/end_session", url.Values{"id_token_hint": {token}, "post_logout_redirect_uri": {uit}, "state": {"x"}}))
		if out.StatusCode != http.StatusSeeOther || out.location(t).String() != uit+"?state=x" || alive() {
			t.Errorf("with a hint: %d %v, session lives: %v", out.StatusCode, out.Header, alive())
		}

		token, alive = hint()
		bare := d.get("/end_session?id_token_hint=" + token)
		if bare.StatusCode != http.StatusSeeOther || !strings.HasSuffix(bare.Header.Get("Location"), "/inloggen/afmelden") || alive() {
			t.Errorf("with only a hint: %d, session lives: %v, %.200s", bare.StatusCode, alive(), bare.body)
		}
	})
}

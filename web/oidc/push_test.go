package oidc_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"lidwoord/base/sqldb"
	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/identity/signon"
)

// form posts a form as the client "reading room" and reads the JSON that comes back.
func (d door) form(path string, form url.Values) (reply, map[string]any) {
	d.Helper()
	r := d.request("POST", path, form)
	r.SetBasicAuth(url.QueryEscape("reading room"), url.QueryEscape(password))
	res := d.send(r)
	var answer map[string]any
	if err := json.Unmarshal([]byte(res.body), &answer); err != nil {
		d.Errorf("%s: %v in %q", path, err, res.body)
	}
	return res, answer
}

func TestARequestIsPushedAheadOfTheBrowser(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t, db)
		v := wanted()
		v.Set("client_id", "reading room")
		v.Set("ui_locales", "en")
		res, kept := d.form("/par", v)
		uri, _ := kept["request_uri"].(string)
		if res.StatusCode != http.StatusCreated || kept["expires_in"] != 60.0 || res.Header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(uri, "urn:ietf:params:oauth:request_uri:") {
			t.Fatalf("pushed: %d %s", res.StatusCode, res.body)
		}
		brought := "/authorize?" + url.Values{"client_id": {"reading room"}, "request_uri": {uri}}.Encode()
		there := d.get(brought).location(t)
		if there.Query().Get("taal") != "en" {
			t.Errorf("the browser goes to %s", there)
		}
		if again := d.get(brought); again.StatusCode != http.StatusGone || again.Header.Get("Location") != "" {
			t.Errorf("a second browser: %d", again.StatusCode)
		}
		_, tokens := d.form("/token", redeem(d.codeIn(d.signIn(there.Query().Get("verzoek")))))
		if tokens["access_token"] == nil {
			t.Errorf("tokens %v", tokens)
		}
		v.Set("redirect_uri", "https://evil.example/")
		if res, problem := d.form("/par", v); res.StatusCode != 400 || problem["error"] != "invalid_request" {
			t.Errorf("another address: %d %s", res.StatusCode, res.body)
		}
	})
}

func TestAnAssertionIsOneWayOfNamingOneself(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t, db)
		for name, c := range map[string]struct {
			kind, assertion, secret string
			status                  int
			code                    string
		}{
			"another kind":   {"urn:ietf:params:oauth:client-assertion-type:saml2-bearer", "x", "", 401, "invalid_client"},
			"no assertion":   {signon.AssertionType, "", "", 401, "invalid_client"},
			"no kind":        {"", "a.b.c", "", 401, "invalid_client"},
			"and a secret":   {signon.AssertionType, "a.b.c", password, 400, "invalid_request"},
			"not an own one": {signon.AssertionType, "a.b.c", "", 401, "invalid_client"},
		} {
			form := url.Values{"token": {"x"}, "client_assertion_type": {c.kind}, "client_assertion": {c.assertion}, "client_secret": {c.secret}}
			res := d.send(d.request("POST", "/introspect", form))
			var problem struct {
				Error string `json:"error"`
			}
			if err := json.Unmarshal([]byte(res.body), &problem); err != nil || res.StatusCode != c.status || problem.Error != c.code {
				t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
			}
		}
	})
}

// What the discovery document promises the endpoints keep, and the other way
// round.
func TestDiscoveryPromisesWhatTheEndpointsDo(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t, db)
		var doc struct {
			Grants        []string `json:"grant_types_supported"`
			Prompts       []string `json:"prompt_values_supported"`
			ACRs          []string `json:"acr_values_supported"`
			Scopes        []string `json:"scopes_supported"`
			Methods       []string `json:"token_endpoint_auth_methods_supported"`
			Claims        bool     `json:"claims_parameter_supported"`
			Back          bool     `json:"backchannel_logout_supported"`
			Introspection string   `json:"introspection_endpoint"`
			Pushed        string   `json:"pushed_authorization_request_endpoint"`
		}
		if err := json.Unmarshal([]byte(d.get("/.well-known/openid-configuration").body), &doc); err != nil {
			t.Fatal(err)
		}
		if !doc.Claims || !doc.Back || strings.Join(doc.Methods, " ") != "client_secret_basic client_secret_post private_key_jwt none" {
			t.Errorf("%+v", doc)
		}
		for _, grant := range append(doc.Grants, "password") {
			_, problem := d.form("/token", url.Values{"grant_type": {grant}})
			if (problem["error"] == "unsupported_grant_type") != (grant == "password") {
				t.Errorf("grant type %s: %v", grant, problem)
			}
		}
		for _, prompt := range append(doc.Prompts, "dance") {
			v := wanted()
			v.Set("prompt", prompt)
			if to := d.get("/authorize?" + v.Encode()).location(t); (to.Path == "/inloggen/aanmelden") != (prompt != "dance") {
				t.Errorf("prompt %s leads to %s", prompt, to)
			}
		}
		for _, acr := range append(doc.ACRs, "urn:nobody") {
			v := wanted()
			v.Set("claims", `{"id_token":{"acr":{"essential":true,"value":"`+acr+`"}}}`)
			if to := d.get("/authorize?" + v.Encode()).location(t); (to.Query().Get("error") == "unmet_authentication_requirements") != (acr == "urn:nobody") {
				t.Errorf("acr %s leads to %s", acr, to)
			}
		}
		for _, endpoint := range []string{doc.Introspection, doc.Pushed} {
			if res := d.get(strings.TrimPrefix(endpoint, d.issuer)); res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != "POST, OPTIONS" {
				t.Errorf("%s: %d %v", endpoint, res.StatusCode, res.Header)
			}
		}
		if res, known := d.form("/introspect", url.Values{"token": {"x"}}); res.StatusCode != 200 || known["active"] != false || len(known) != 1 {
			t.Errorf("introspection of nothing: %d %s", res.StatusCode, res.body)
		}
	})
}

package manage

import (
	"net/http"
	"slices"
	"strings"

	"lidwoord/base/secret"
)

// connectionPage is Gegevens voor de beheerder van de website.
type connectionPage struct {
	Known     Website
	Issuer    string
	Discovery string
	Secret    secret.Token // shown now, and never again; "" when there is none to show
	Scopes    string
	Know      []string // what the maker of such a site must know, as message keys
	Text      string   // all of it, to copy in one go
	Rows      int      // of Text
}

// connection shows what the other site must be told, in the words of OpenID
// Connect: its administrator looks for those.
func (s *Site) connection(w http.ResponseWriter, r *http.Request, known Website, made secret.Token) error {
	page := connectionPage{Known: known, Secret: made, Issuer: s.Issuer, Discovery: s.Issuer + "/.well-known/openid-configuration"}
	page.Scopes = strings.Join(append([]string{"openid"}, without(known.Scopes, "openid")...), " ")
	page.Know = know(known)
	page.Text = page.text()
	page.Rows = strings.Count(page.Text, "\n") + 1
	return s.Show(w, r, http.StatusOK, "connection", page)
}

// know is what differs by kind of client, and what its scopes bring.
func know(w Website) []string {
	list := []string{"manage.know_sub"}
	switch {
	case w.Method == ByNothing:
		list = append(list, "manage.know_public")
	case w.Method == BySigning:
		list = append(list, "manage.know_signing")
	default:
		list = append(list, "manage.know_secret")
	}
	if slices.Contains(w.Scopes, "offline_access") {
		if w.Method == ByNothing {
			list = append(list, "manage.know_refresh_public")
		} else {
			list = append(list, "manage.know_refresh")
		}
	}
	switch {
	case w.Method == ByNothing && slices.ContainsFunc(w.Redirects, func(uri string) bool { return !strings.HasPrefix(uri, "https://") }):
		list = append(list, "manage.know_consent_app")
	case !w.Own:
		list = append(list, "manage.know_consent")
	}
	list = append(list, "manage.know_acr")
	if slices.Contains(w.Scopes, "memberships") {
		list = append(list, "manage.know_memberships")
	}
	switch {
	case w.Introspects:
		list = append(list, "manage.know_introspects")
	case w.Method != ByNothing:
		list = append(list, "manage.know_introspect")
	}
	return list
}

func without(list []string, one string) (rest []string) {
	for _, it := range list {
		if it != one {
			rest = append(rest, it)
		}
	}
	return rest
}

func (p connectionPage) text() string {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			b.WriteString(name + ": " + value + "\n")
		}
	}
	line("issuer", p.Issuer)
	line("discovery", p.Discovery)
	line("client_id", p.Known.ID)
	line("client_secret", string(p.Secret))
	method := p.Known.Method
	if method == BySecret {
		method = "client_secret_basic"
	}
	line("token_endpoint_auth_method", method)
	if strings.HasPrefix(p.Known.Keys, "http") {
		line("jwks_uri", p.Known.Keys)
	}
	line("response_type", "code")
	line("code_challenge_method", "S256")
	line("scope", p.Scopes)
	for _, uri := range p.Known.Redirects {
		line("redirect_uri", uri)
	}
	for _, uri := range p.Known.Logouts {
		line("post_logout_redirect_uri", uri)
	}
	line("backchannel_logout_uri", p.Known.SignedOut)
	line("initiate_login_uri", p.Known.Initiate)
	for _, origin := range p.Known.Origins {
		line("web_origin", origin)
	}
	line("id_token_signed_response_alg", p.Known.Algorithm)
	if p.Known.PushedOnly {
		line("require_pushed_authorization_requests", "true")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

package signon

import "slices"

// Paths of the oidc door below the issuer.
const (
	PathDiscovery  = "/.well-known/openid-configuration"
	PathJWKS       = "/jwks"
	PathAuthorize  = "/authorize"
	PathToken      = "/token"
	PathUserInfo   = "/userinfo"
	PathRevoke     = "/revoke"
	PathPushed     = "/par"
	PathIntrospect = "/introspect"
	PathEndSession = "/end_session"
)

// Metadata is the discovery document: OpenID Connect Discovery section 3 and
// RFC 8414.
type Metadata struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	UserInfoEndpoint      string   `json:"userinfo_endpoint"`
	JWKSURI               string   `json:"jwks_uri"`
	RevocationEndpoint    string   `json:"revocation_endpoint"`
	PushedEndpoint        string   `json:"pushed_authorization_request_endpoint"`
	IntrospectionEndpoint string   `json:"introspection_endpoint"`
	EndSessionEndpoint    string   `json:"end_session_endpoint"`
	ResponseTypes         []string `json:"response_types_supported"`
	ResponseModes         []string `json:"response_modes_supported"`
	GrantTypes            []string `json:"grant_types_supported"`
	SubjectTypes          []string `json:"subject_types_supported"`
	IDTokenAlgorithms     []string `json:"id_token_signing_alg_values_supported"`
	Scopes                []string `json:"scopes_supported"`
	Claims                []string `json:"claims_supported"`
	TokenAuthMethods      []string `json:"token_endpoint_auth_methods_supported"`
	RevokeAuthMethods     []string `json:"revocation_endpoint_auth_methods_supported"`
	IntrospectAuthMethods []string `json:"introspection_endpoint_auth_methods_supported"`
	AssertionAlgorithms   []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	RevokeAlgorithms      []string `json:"revocation_endpoint_auth_signing_alg_values_supported"`
	IntrospectAlgorithms  []string `json:"introspection_endpoint_auth_signing_alg_values_supported"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	ACRs                  []string `json:"acr_values_supported"`
	Prompts               []string `json:"prompt_values_supported"`
	Languages             []string `json:"ui_locales_supported"`
	IssInResponse         bool     `json:"authorization_response_iss_parameter_supported"`
	ClaimsParameter       bool     `json:"claims_parameter_supported"`
	PushedOnly            bool     `json:"require_pushed_authorization_requests"` // some clients must; the rest may
	BackChannelLogout     bool     `json:"backchannel_logout_supported"`
	BackChannelSession    bool     `json:"backchannel_logout_session_supported"`
	RequestParameter      bool     `json:"request_parameter_supported"`
	RequestURIParameter   bool     `json:"request_uri_parameter_supported"` // true is the default when absent
}

// Discovery tells clients what we do and where.
func (p *Provider) Discovery() Metadata {
	proven := []string{"client_secret_basic", "client_secret_post", BySigning}
	methods := append(slices.Clone(proven), ByNothing)
	var signing []string
	for _, a := range assertionAlgorithms {
		signing = append(signing, string(a))
	}
	claims := []string{"iss", "sub", "aud", "exp", "iat", "nbf", "auth_time", "nonce", "acr", "at_hash", "jti", "sid"}
	for _, known := range claimScopes {
		claims = append(claims, known.claim)
	}
	return Metadata{
		Issuer:                p.Issuer,
		AuthorizationEndpoint: p.Issuer + PathAuthorize,
		TokenEndpoint:         p.Issuer + PathToken,
		UserInfoEndpoint:      p.Issuer + PathUserInfo,
		JWKSURI:               p.Issuer + PathJWKS,
		RevocationEndpoint:    p.Issuer + PathRevoke,
		PushedEndpoint:        p.Issuer + PathPushed,
		IntrospectionEndpoint: p.Issuer + PathIntrospect,
		EndSessionEndpoint:    p.Issuer + PathEndSession,
		ResponseTypes:         []string{"code"},
		ResponseModes:         []string{"query"},
		GrantTypes:            []string{grantCode, grantRefresh},
		SubjectTypes:          []string{"public", "pairwise"},
		IDTokenAlgorithms:     algorithms,
		Scopes:                knownScopes,
		Claims:                claims,
		TokenAuthMethods:      methods,
		RevokeAuthMethods:     methods,
		IntrospectAuthMethods: proven,
		AssertionAlgorithms:   signing,
		RevokeAlgorithms:      signing,
		IntrospectAlgorithms:  signing,
		ChallengeMethods:      []string{"S256"},
		ACRs:                  levels[1:],
		Prompts:               []string{PromptNone, PromptLogin, promptSelect, PromptCreate, PromptConsent},
		Languages:             []string{"nl", "en"},
		IssInResponse:         true,
		ClaimsParameter:       true,
		BackChannelLogout:     true,
		BackChannelSession:    true,
	}
}

package signon

import (
	"crypto/subtle"
	"net"
	"net/url"
	"slices"
	"strings"

	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// Algorithms of ID tokens. ES256 is small and quick; RS256 is what clients use
// that know nothing else, and OpenID Connect Core section 15.1 makes it ours too.
const (
	ES256 = "ES256"
	RS256 = "RS256"
)

// MinSecret is the least length of a client secret. Secrets are kept as a plain
// SHA-256, which is safe for random secrets only, so a short one is refused.
const MinSecret = 32

// Client is a site that may ask us who somebody is.
type Client struct {
	ID        string
	Name      string       // shown to the person who signs in
	Secret    secret.Token // "" makes a public client, which has PKCE only; never read back
	Redirects []string     // exact addresses that codes may go to
	Logouts   []string     // exact addresses that a person may go to after signing out
	Origins   []string     // web origins whose scripts may call us, such as https://app.example
	Scopes    []string     // what it may ask; openid is always in
	Algorithm string       // of its ID tokens; "" is ES256
	// Initiate is its address that starts a sign-in at our wish (initiate_login_uri,
	// OpenID Connect Core section 4): there people go on who made an account first.
	// "" when it has none.
	Initiate string
	// Sector makes subjects pairwise: clients of one sector share a subject, and no
	// other client can recognise the person by it. "" shows the account's id.
	Sector string
}

// Registration errors; they are for the operator.
var (
	ErrClientIncomplete = fault.New(fault.Invalid, "signon.client_incomplete")
	ErrClientAddress    = fault.New(fault.Invalid, "signon.client_address")
	ErrClientSecret     = fault.New(fault.Invalid, "signon.client_secret").With(MinSecret)
	ErrClientAlgorithm  = fault.New(fault.Invalid, "signon.client_algorithm")
	ErrClientScope      = fault.New(fault.Invalid, "signon.client_scope")
)

// RegisterClient makes c known, or replaces what was known of it. To do it twice
// is to do it once, so a site may register its own clients at every start.
func (p *Provider) RegisterClient(tx *sqldb.Tx, c Client) error {
	c.Scopes = slices.Clone(c.Scopes)
	if !slices.Contains(c.Scopes, ScopeOpenID) {
		c.Scopes = slices.Insert(c.Scopes, 0, ScopeOpenID)
	}
	if c.Algorithm == "" {
		c.Algorithm = ES256
	}
	if err := p.checkClient(c); err != nil {
		return err
	}
	if err := putClient(tx, c); err != nil {
		return err
	}
	if err := dropClientURIs(tx, c.ID); err != nil {
		return err
	}
	for kind, uris := range map[string][]string{"redirect": c.Redirects, "logout": c.Logouts, "origin": c.Origins} {
		for _, uri := range uris {
			if err := addClientURI(tx, c.ID, kind, uri); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Provider) checkClient(c Client) error {
	if c.ID == "" || c.Name == "" || len(c.Redirects) == 0 || !plain(c.ID) {
		return ErrClientIncomplete
	}
	if c.Secret != "" && len(c.Secret) < MinSecret {
		return ErrClientSecret
	}
	if c.Algorithm != ES256 && c.Algorithm != RS256 {
		return ErrClientAlgorithm
	}
	for _, s := range c.Scopes {
		if !slices.Contains(knownScopes, s) {
			return ErrClientScope.With(s)
		}
	}
	addresses := slices.Concat(c.Redirects, c.Logouts)
	if c.Initiate != "" {
		addresses = append(addresses, c.Initiate)
	}
	for _, uri := range addresses {
		if !p.registrable(uri) {
			return ErrClientAddress.With(uri)
		}
	}
	for _, origin := range c.Origins {
		u, err := url.Parse(origin)
		if err != nil || !p.registrable(origin) || u.Scheme+"://"+u.Host != origin {
			return ErrClientAddress.With(origin)
		}
	}
	return nil
}

// registrable tells whether codes may go to uri. Plain http is only for this
// machine, and for a trial where we ourselves are without TLS; a name with a dot
// as scheme belongs to an app (RFC 8252 section 7.1), which also keeps
// javascript: and data: out.
func (p *Provider) registrable(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Fragment != "" || strings.Contains(uri, "#") || u.User != nil || !plain(uri) {
		return false
	}
	switch {
	case u.Scheme == "https":
		return u.Host != ""
	case u.Scheme == "http":
		return u.Host != "" && (local(u.Hostname()) || strings.HasPrefix(p.Issuer, "http://"))
	default:
		return strings.Contains(u.Scheme, ".")
	}
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// KnownOrigin tells whether scripts of origin may read our answers.
func (p *Provider) KnownOrigin(tx *sqldb.Tx, origin string) (bool, error) {
	if origin == "" || len(origin) > maxParameter || !plain(origin) {
		return false, nil
	}
	return hasOrigin(tx, origin)
}

// ClientAuth is how a client says who it is: client_secret_basic,
// client_secret_post, or only its name when it is public.
type ClientAuth struct {
	ID     string
	Secret secret.Token
}

// authenticate finds the client behind a. All refusals read alike.
func authenticate(tx *sqldb.Tx, a ClientAuth) (client, *Problem, error) {
	refused := &Problem{InvalidClient, "The client is unknown or its secret is wrong."}
	if a.ID == "" || len(a.ID) > maxParameter || !plain(a.ID) {
		return client{}, refused, nil
	}
	c, found, err := findClient(tx, a.ID)
	if err != nil {
		return client{}, nil, err
	}
	if !found || (c.secretDigest == "") != (a.Secret == "") {
		return client{}, refused, nil
	}
	if c.secretDigest != "" && subtle.ConstantTimeCompare([]byte(a.Secret.Digest()), []byte(c.secretDigest)) != 1 {
		return client{}, refused, nil
	}
	return c, nil, nil
}

// client is a registered client as the steps need it.
type client struct {
	id, name, secretDigest, scopes, algorithm, sector, initiate string
}

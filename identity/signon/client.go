package signon

import (
	"encoding/json"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
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
	Own       bool         // of the library itself: it hears what it asks without a page about consent
	Secret    secret.Token // "" and no Keys make a public client, which has PKCE only; never read back
	Keys      string       // its public keys as a JSON Web Key Set, or the address where it publishes them (jwks_uri): it signs instead of showing a secret (private_key_jwt)
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
	Sector      string
	PushedOnly  bool   // it must push its requests ahead (RFC 9126 section 6)
	Introspects bool   // it is a resource server, which may ask about every token
	SignedOut   string // its address that hears of sign-outs (backchannel_logout_uri); "" hears nothing
	// Lasting lets what offline_access gives outlive the session, for LastingLife. It is
	// for apps of a reader, which no browser ever sees again.
	Lasting bool
}

// Registration errors; they are for the operator.
var (
	ErrNoClient         = fault.New(fault.Invalid, "signon.no_client")
	ErrNoSecret         = fault.New(fault.Invalid, "signon.no_secret") // it signs, or is public
	ErrClientIncomplete = fault.New(fault.Invalid, "signon.client_incomplete")
	ErrClientAddress    = fault.New(fault.Invalid, "signon.client_address")
	ErrClientStar       = fault.New(fault.Invalid, "signon.client_star")
	ErrClientInside     = fault.New(fault.Invalid, "signon.client_inside")
	ErrKeysInside       = fault.New(fault.Invalid, "signon.keys_inside")
	ErrClientSecret     = fault.New(fault.Invalid, "signon.client_secret").With(MinSecret)
	ErrClientKeys       = fault.New(fault.Invalid, "signon.client_keys")
	ErrClientAlgorithm  = fault.New(fault.Invalid, "signon.client_algorithm")
	ErrClientScope      = fault.New(fault.Invalid, "signon.client_scope")
	ErrClientTaken      = fault.New(fault.Conflict, "signon.client_taken")
	ErrClientChanged    = fault.New(fault.Conflict, "signon.client_changed")
)

// RegisterClient makes c known, or replaces what was known of it. To do it twice
// is to do it once, so a site may register its own clients at every start.
func (p *Provider) RegisterClient(tx *sqldb.Tx, c Client) error {
	c, err := p.checkClient(c)
	if err != nil {
		return err
	}
	var digest any // NULL for who has none
	if c.Secret != "" {
		digest = c.Secret.Digest()
	}
	return keepClient(tx, c, digest)
}

func keepClient(tx *sqldb.Tx, c Client, digest any) error {
	if err := putClient(tx, c, digest); err != nil {
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

// CheckClient says all that is wrong with the addresses and the keys of a client,
// and keeps nothing: for a form that may have faults of its own beside them.
func (p *Provider) CheckClient(l Listed) error {
	var wrong fault.List
	if l.Method == BySigning && l.Keys != "" && !atAddress(l.Keys) {
		if _, err := readClientKeys(l.Keys); err != nil {
			wrong.Add("", ErrClientKeys.Because(err))
		}
	}
	return append(wrong, fault.Of(p.checkAddresses(l.Client))...).Err()
}

// checkClient fills in what goes without saying and says what is wrong.
func (p *Provider) checkClient(c Client) (Client, error) {
	c.Scopes = slices.Clone(c.Scopes)
	if !slices.Contains(c.Scopes, ScopeOpenID) {
		c.Scopes = slices.Insert(c.Scopes, 0, ScopeOpenID)
	}
	if c.Algorithm == "" {
		c.Algorithm = ES256
	}
	if c.ID == "" || c.Name == "" || len(c.Redirects) == 0 || len(c.ID) > maxParameter || !plain(c.ID) || !printable(c.Name) {
		return c, ErrClientIncomplete
	}
	if c.Secret != "" && len(c.Secret) < MinSecret {
		return c, ErrClientSecret
	}
	if c.Keys != "" {
		if c.Secret != "" {
			return c, ErrClientKeys
		}
		if !atAddress(c.Keys) {
			set, err := readClientKeys(c.Keys)
			if err != nil {
				return c, ErrClientKeys.Because(err)
			}
			text, err := json.Marshal(set)
			if err != nil {
				return c, err
			}
			c.Keys = string(text)
		}
	}
	if c.Algorithm != ES256 && c.Algorithm != RS256 {
		return c, ErrClientAlgorithm
	}
	for _, s := range c.Scopes {
		if !slices.Contains(knownScopes, s) {
			return c, ErrClientScope.With(s)
		}
	}
	return c, p.checkAddresses(c)
}

// checkAddresses names every address that will not do.
func (p *Provider) checkAddresses(c Client) error {
	if starred := starred(c); len(starred) > 0 {
		return starred.Err()
	}
	var wrong fault.List
	addresses := slices.Concat(c.Redirects, c.Logouts)
	if c.Initiate != "" {
		addresses = append(addresses, c.Initiate)
	}
	for _, uri := range addresses {
		if !p.registrable(uri) {
			wrong.Add("", ErrClientAddress.With(uri))
		}
	}
	if c.SignedOut != "" { // we call it ourselves: an app has no such address
		u, err := url.Parse(c.SignedOut)
		if err != nil || !p.registrable(c.SignedOut) || u.Host == "" {
			wrong.Add("", ErrClientAddress.With(c.SignedOut))
		} else if !c.Own && p.Reaches != nil && p.Reaches(c.SignedOut) != nil {
			wrong.Add("", ErrClientInside.With(c.SignedOut))
		}
	}
	if atAddress(c.Keys) { // we call this one too, and believe what it says
		u, err := url.Parse(c.Keys)
		if err != nil || !p.registrable(c.Keys) || u.Scheme != "https" && !local(u.Hostname()) || len(c.Keys) > maxParameter {
			wrong.Add("", ErrClientAddress.With(c.Keys))
		} else if !c.Own && p.Reaches != nil && p.Reaches(c.Keys) != nil {
			wrong.Add("", ErrKeysInside.With(c.Keys))
		}
	}
	for _, origin := range c.Origins {
		u, err := url.Parse(origin)
		if err != nil || !p.registrable(origin) || u.Scheme+"://"+u.Host != origin {
			wrong.Add("", ErrClientAddress.With(origin))
		}
	}
	if len(wrong) == 1 {
		return wrong[0]
	}
	return wrong.Err()
}

// starred names the addresses with a star: who writes one means any address, and here
// each is exact.
func starred(c Client) (wrong fault.List) {
	for _, uri := range slices.Concat(c.Redirects, c.Logouts, c.Origins, []string{c.Initiate, c.SignedOut}) {
		if strings.Contains(uri, "*") {
			wrong.Add("", ErrClientStar.With(uri))
		}
	}
	return wrong
}

// registrable tells whether codes may go to uri. Plain http is only for this
// machine, and for a trial where we ourselves are without TLS; a domain name the other way
// round as scheme belongs to an app (RFC 8252 section 7.1). The one without a dot is the
// address that OPDS names for all reader apps (Authentication for OPDS section 3.3.1.4):
// any of them may answer to it, and PKCE keeps a code for the one that asked.
func (p *Provider) registrable(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Fragment != "" || strings.Contains(uri, "#") || u.User != nil || !plain(uri) {
		return false
	}
	switch {
	case u.Scheme == "https":
		return hostName(u)
	case u.Scheme == "http":
		return hostName(u) && (local(u.Hostname()) || strings.HasPrefix(p.Issuer, "http://"))
	default:
		return appName.MatchString(u.Scheme) && !slices.Contains(knownSchemes, strings.SplitN(u.Scheme, ".", 2)[0]) || uri == "opds://authorize/"
	}
}

var (
	// hostLabels are what the domain name system knows (RFC 1123 section 2.1). A pattern
	// ("*.example") is no place, and a host goes into the policy of a page, where a
	// semicolon would begin another rule.
	hostLabels = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)
	// appName is a scheme that is somebody's domain name: "nl.example.app". The first part
	// is a top domain, which has no digits and two letters at least.
	appName = regexp.MustCompile(`^[a-z]{2,63}(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$`)
	// knownSchemes mean something to browsers themselves. None is a top domain, so that
	// "javascript.x" is nobody's name and a slip or a trick.
	knownSchemes = []string{"about", "blob", "chrome", "data", "file", "filesystem", "ftp", "http", "https", "intent", "javascript", "mailto", "tel", "vbscript", "view-source", "ws", "wss"}
)

// hostName tells whether an address names one host, by name or by number.
func hostName(u *url.URL) bool {
	if port := u.Port(); port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return false
		}
	} else if strings.HasSuffix(u.Host, ":") {
		return false
	}
	host := u.Hostname()
	return len(host) <= 253 && (hostLabels.MatchString(host) || net.ParseIP(host) != nil)
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

// client is a registered client as the steps need it.
type client struct {
	id, name, scopes, algorithm, sector, initiate, logout string
	keyID                                                 string // of the key that signs for it now; "" before the first is made

	// How it says who it is. Of secrets the one from before works on for a while;
	// both are "" for a client that signs or is public.
	secretDigest, oldDigest, keys string

	own, pushedOnly, introspects, lasting bool
}

// public tells whether the client has nothing to prove who it is.
func (c client) public() bool { return c.secretDigest == "" && c.keys == "" }

// Package signon lets a person who signed in with the login account be known at
// other sites: it is the core of an OpenID Connect provider, without HTTP. Every
// step is one transaction.
//
// A relying party ("client") sends the browser; the login door answers; the
// client fetches what it was given:
//
//	RegisterClient  makes a site of the house known, or changes it
//	SaveClient, AddClient, HoldClient, Clients, NewSecret, RemoveClient  the register of all sites
//	Push            keeps a request that a client sends ahead of the browser
//	Begin           checks and keeps an authorize request
//	Pending         tells the login door what was asked
//	Grant           answers it for somebody who signed in: a code, once
//	Refuse          answers it with an error
//	Consent         lets a site of somebody else hear what it asks; WithdrawConsent
//	Continue        where a person goes on at a site when the request is over
//	FetchKeys       gets the keys of a client that publishes them
//	Exchange        spends a code, or a refresh token, for tokens
//	UserInfo        answers the access token
//	Introspect      tells a server what a token is worth
//	Revoke          ends a token
//	EndSession      signs out at the wish of a client
//	RevokeSession   ends all that one sign-in gave
//	RevokeLasting   ends the apps of one account, which outlive its sessions
//	RevokeAccount   ends all that one account gave
//	RevokeSome, LeaveSome  end all that everybody gave, some at a time (an emergency)
//	LogoutWorker    tells sites that somebody signed out
//	Discovery, KeyDocument what clients must know of us
//	TendKeys        makes and rotates signing keys (at start, and as a daily job)
//	ReplaceKeys     drops them all at once, after a leak
//	Expire          removes what is over (a job)
//
// Followed are RFC 6749 as RFC 9700 narrows it (code only, PKCE S256 always,
// exact redirect addresses), RFC 7009, 7523, 7636, 7662, 9126 and 9207, and
// OpenID Connect Core, Discovery, RP-Initiated Logout, Back-Channel Logout and
// Initiating User Registration. docs/signon.md tells it all for who connects a
// site.
package signon

import (
	"embed"
	"slices"
	"sync"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// RequestLife is how long a person may take to sign in: long enough to look up a
// letter with a password, or to activate an account first.
const RequestLife = 30 * time.Minute

// CodeLife is how long an authorization code works. It travels through the
// address bar, so it is short; a server fetches it within a second (RFC 6749
// section 4.1.2 allows ten minutes at most).
const CodeLife = 60 * time.Second

// AccessTokenLife is how long userinfo can be asked after a sign-in. A public
// client, such as a script in a browser, has nothing to show beside its token, so
// that a stolen one works anywhere: PublicTokenLife is what the NL GOV profile
// allows it.
const (
	AccessTokenLife = time.Hour
	PublicTokenLife = 15 * time.Minute
)

// IDTokenLife is how long an ID token may be presented as fresh. The client reads
// it at once; whatever it remembers is its own session.
const IDTokenLife = 5 * time.Minute

// Scopes that we know. Whatever else is asked is left out, as OpenID Connect Core
// section 3.1.2.1 wants.
const (
	ScopeOpenID      = "openid"
	ScopeProfile     = "profile"        // preferred_username
	ScopeEmail       = "email"          // email, email_verified
	ScopeMemberships = "memberships"    // memberships
	ScopeReading     = "reading"        // borrow and read in the person's name, at a resource server
	ScopeOffline     = "offline_access" // a refresh token
)

var knownScopes = []string{ScopeOpenID, ScopeProfile, ScopeEmail, ScopeMemberships, ScopeReading, ScopeOffline}

// Scopes lists what a client may be allowed to ask; openid goes without saying.
func Scopes() []string {
	return slices.DeleteFunc(slices.Clone(knownScopes), func(s string) bool { return s == ScopeOpenID })
}

// Words are the sentences of this room.
//
//go:embed words.*.txt
var Words embed.FS

// Errors for the person in front of the browser. They are shown, never sent to
// the client: its address is what is in doubt, or the request is over.
var (
	ErrUnknownClient = fault.New(fault.Invalid, "signon.unknown_client")
	ErrWrongRedirect = fault.New(fault.Invalid, "signon.wrong_redirect")
	// ErrRequestSpent answers alike for unknown, answered and expired requests.
	ErrRequestSpent = fault.New(fault.Gone, "signon.request_spent")
	// ErrSignInAgain means that this request wants a sign-in of its own, or a
	// younger one than the session has.
	// Request.NeedsSignIn and Request.NeedsMore tell which.
	ErrSignInAgain = fault.New(fault.SignIn, "signon.sign_in_again")
	// ErrConsentNeeded means that the person must first say what the site may hear.
	ErrConsentNeeded = fault.New(fault.Denied, "signon.consent_needed")
	ErrBadHint       = fault.New(fault.Invalid, "signon.bad_hint")
	// ErrNoHint means that a site wants its visitor back and does not say which site it is.
	ErrNoHint = fault.New(fault.Invalid, "signon.no_hint")
)

// Provider is the issuer. Its fields are set once; its methods may be called at
// the same time and on any number of nodes.
type Provider struct {
	Issuer      string      // base URL of the oidc door, without a slash at the end
	Box         *secret.Box // seals the signing keys
	Memberships Memberships // nil when no administration is connected

	// Reaches says what is against telling a site of somebody else about sign-outs at
	// an address; nil takes any. The adapter that tells them knows.
	Reaches func(address string) error

	// Fetcher gets the keys of clients that publish them; nil fetches none.
	Fetcher   KeyFetcher
	published sync.Map // client id → *published

	unsealed sync.Map // kid → signingKey, so that a key is unsealed once per process

	asked asked
}

// asked is what many ask at the same moment, of one database.
type asked struct {
	once    sync.Once
	clients *sqldb.Gather[string, client] // by id
	living  *sqldb.Gather[string, living] // by digest of the token
	shown   *sqldb.Gather[string, shown]  // by digest of the token
	keys    *sqldb.Gather[everyKey, []publicKey]
}

func (p *Provider) together(tx *sqldb.Tx) *asked {
	a := &p.asked
	a.once.Do(func() {
		a.clients = sqldb.NewGather(tx, findClients)
		a.living = sqldb.NewGather(tx, grantsOfTokens)
		a.shown = sqldb.NewGather(tx, shownTokens)
		a.keys = sqldb.NewGather(tx, publicKeys)
	})
	return a
}

// Memberships tells what the holder of an account may use. The administration's
// wing fills it.
type Memberships interface {
	Of(tx *sqldb.Tx, accountID string) ([]Membership, error)
}

// Membership is one membership as the claim "memberships" shows it.
type Membership struct {
	Organisation     string   `json:"organisation"`
	OrganisationName string   `json:"organisation_name"`
	Number           string   `json:"number"` // of the customer
	Code             string   `json:"code"`
	Name             string   `json:"name"`
	Rights           []string `json:"rights"`        // "digital", "digital-youth", "physical"
	ValidFrom        day.Day  `json:"valid_from"`    // first day, ISO
	ValidThrough     day.Day  `json:"valid_through"` // last day, ISO; "" has no end
	State            string   `json:"state"`         // of the constants below; only Active gives rights
}

// States of a membership in the claim.
const (
	Active    = "active"    // today is within its days
	Upcoming  = "upcoming"  // it begins on ValidFrom
	Ended     = "ended"     // it ended after ValidThrough
	Suspended = "suspended" // today may be within its days; the library gives nothing for now
)

// Problem is a refusal in the words of RFC 6749 section 5.2, for a program to read.
type Problem struct {
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`

	// Why and ClientID are for the log only: which check a client did not pass, and
	// which client, once we know that there is one. A name that we do not know is
	// left out, since it may be a secret in the wrong field.
	Why      string `json:"-"`
	ClientID string `json:"-"`
}

func (p *Problem) Error() string { return p.Code + ": " + p.Description }

// Codes of problems; RFC 6749 sections 4.1.2.1 and 5.2, RFC 6750 section 3.1 and
// OpenID Connect Core section 3.1.2.6.
const (
	InvalidRequest                  = "invalid_request"
	InvalidClient                   = "invalid_client"
	InvalidGrant                    = "invalid_grant"
	InvalidScope                    = "invalid_scope"
	InvalidToken                    = "invalid_token"
	UnsupportedGrantType            = "unsupported_grant_type"
	UnsupportedResponseType         = "unsupported_response_type"
	AccessDenied                    = "access_denied"
	LoginRequired                   = "login_required"
	ConsentRequired                 = "consent_required"
	RequestNotSupported             = "request_not_supported"
	UnmetAuthenticationRequirements = "unmet_authentication_requirements" // OpenID Connect Core Unmet Authentication Requirements 1.0
	RequestURINotSupported          = "request_uri_not_supported"
)

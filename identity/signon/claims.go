package signon

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// Person is what a client hears about somebody: no more than the scopes that it
// asked and may have.
type Person struct {
	Subject           string       `json:"sub"`
	PreferredUsername string       `json:"preferred_username,omitempty"` // scope profile
	Email             string       `json:"email,omitempty"`              // scope email
	EmailVerified     bool         `json:"email_verified,omitempty"`
	Memberships       []Membership `json:"memberships,omitzero"` // scope memberships; [] when there are none
}

// idClaims are the claims of an ID token; OpenID Connect Core section 2.
type idClaims struct {
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	Expires   int64  `json:"exp"`
	IssuedAt  int64  `json:"iat"`
	NotBefore int64  `json:"nbf"`
	AuthTime  int64  `json:"auth_time"`
	Nonce     string `json:"nonce,omitempty"`
	ACR       string `json:"acr,omitempty"`
	Hash      string `json:"at_hash"`
	ID        string `json:"jti"`
	Session   string `json:"sid,omitempty"`
	Person
}

func (p *Provider) idClaims(tx *sqldb.Tx, g grant, c client, access secret.Token) (idClaims, error) {
	person, err := p.person(tx, g, c.sector, inIDToken)
	return idClaims{
		Issuer: p.Issuer, Audience: c.id, ID: secret.NewID(),
		IssuedAt: tx.Now.Unix(), NotBefore: tx.Now.Unix(), Expires: tx.Now.Add(IDTokenLife).Unix(),
		AuthTime: g.authTime.Unix(), Nonce: g.nonce, ACR: g.acr, Session: g.sessionID,
		Hash: tokenHash(access), Person: person,
	}, err
}

// tokenHash ties the ID token to its access token: the left half of the hash that
// the signature uses, which is SHA-256 in both of our algorithms.
func tokenHash(access secret.Token) string {
	sum := sha256.Sum256([]byte(access))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

// person says what the scopes of a grant allow, and what was asked claim by claim
// for this place (OpenID Connect Core section 5.5).
func (p *Provider) person(tx *sqldb.Tx, g grant, sector, place string) (Person, error) {
	person := Person{Subject: p.subject(g.accountID, sector)}
	scopes, claims := strings.Fields(g.scope), strings.Fields(g.claims)
	tells := func(scope, claim string) bool {
		return slices.Contains(scopes, scope) || slices.Contains(claims, place+"."+claim)
	}
	if tells(ScopeProfile, "preferred_username") {
		person.PreferredUsername = g.username
	}
	if g.email != "" { // the account wakes only by a link that was mailed there
		if tells(ScopeEmail, "email") {
			person.Email = g.email
		}
		person.EmailVerified = tells(ScopeEmail, "email_verified")
	}
	if tells(ScopeMemberships, "memberships") {
		found, err := p.memberships(tx, g.accountID)
		if err != nil {
			return Person{}, err
		}
		person.Memberships = found
	}
	return person, nil
}

// memberships are those of an account as they are now, and never nil: a client that
// may know hears that there are none.
func (p *Provider) memberships(tx *sqldb.Tx, accountID string) ([]Membership, error) {
	if p.Memberships == nil {
		return []Membership{}, nil
	}
	found, err := p.Memberships.Of(tx, accountID)
	return append([]Membership{}, found...), err
}

// subject names the account to a client: by its id, or by one that only the
// clients of a sector share (OpenID Connect Core section 8.1).
func (p *Provider) subject(accountID, sector string) string {
	if sector == "" {
		return accountID
	}
	mac := hmac.New(sha256.New, p.Box.Derive("pairwise subject"))
	mac.Write([]byte(sector + "\x00" + accountID))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// UserInfo answers the holder of an access token, with memberships as they are
// now. It only reads.
func (p *Provider) UserInfo(tx *sqldb.Tx, token secret.Token) (person Person, problem *Problem, err error) {
	l, found, err := p.together(tx).living.One(tx, token.Digest())
	if err != nil {
		return Person{}, nil, err
	}
	if !found {
		return Person{}, &Problem{Code: InvalidToken, Description: "The access token is unknown, expired or revoked."}, nil
	}
	g := grant{accountID: l.accountID, username: l.username, email: l.email, scope: l.scope, claims: l.claims}
	person, err = p.person(tx, g, l.sector, inUserInfo)
	return person, nil, err
}

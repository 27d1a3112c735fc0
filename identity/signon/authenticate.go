package signon

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// AssertionLife is how far ahead a signed assertion may expire. Each works once,
// and is remembered for that long; a client makes one for every call.
const AssertionLife = 5 * time.Minute

// clockSlack forgives a client whose clock is a little wrong.
const clockSlack = 30 * time.Second

// maxAssertion bounds an assertion, in bytes: seven claims and a signature of
// RSA 4096 stay below 2 KiB.
const maxAssertion = 8 << 10

// AssertionType is the one client_assertion_type that we take (RFC 7523 section
// 2.2).
const AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// assertionAlgorithms are for signing with a key of one's own. HS256 is left out:
// we keep no secret with which to check it; "none" is no signature.
var assertionAlgorithms = []jose.SignatureAlgorithm{jose.ES256, jose.RS256, jose.PS256}

// ClientAuth is how a client says who it is: client_secret_basic,
// client_secret_post, private_key_jwt, or only its name when it is public.
type ClientAuth struct {
	ID        string // may be left out beside an assertion, which names it too
	Secret    secret.Token
	Assertion string
}

// authenticate finds the client behind a. All refusals read alike. An assertion
// is spent even when the rest of the request is refused, so commit then too.
func (p *Provider) authenticate(tx *sqldb.Tx, a ClientAuth) (client, *Problem, error) {
	refused := &Problem{Code: InvalidClient, Description: "The client is unknown, or did not prove who it is."}
	because := func(why string) (client, *Problem, error) {
		refused.Why = why
		return client{}, refused, nil
	}
	var signed assertion
	if a.Assertion != "" {
		var ok bool
		if signed, ok = readAssertion(a.Assertion); !ok || a.Secret != "" || a.ID != "" && a.ID != signed.Issuer {
			return because(whyUnreadable)
		}
		a.ID = signed.Issuer
	}
	if a.ID == "" || len(a.ID) > maxParameter || !plain(a.ID) {
		return because(whyUnknown)
	}
	c, found, err := p.together(tx).clients.One(tx, a.ID)
	if err != nil {
		return client{}, nil, err
	}
	if !found {
		return because(whyUnknown)
	}
	refused.ClientID = c.id
	if (c.secretDigest == "") != (a.Secret == "") || (c.keys == "") != (a.Assertion == "") {
		return because(whyMethod)
	}
	switch {
	case c.keys != "":
		why, err := p.doubts(tx, c, signed)
		if err != nil {
			return client{}, nil, err
		}
		if why != "" {
			return because(why)
		}
	case c.secretDigest != "":
		digest := []byte(a.Secret.Digest())
		now := subtle.ConstantTimeCompare(digest, []byte(c.secretDigest))
		before := subtle.ConstantTimeCompare(digest, []byte(c.oldDigest))
		if now|before != 1 {
			return because(whySecret)
		}
	}
	return c, nil, nil
}

// Why a client is not believed, for the log of the operator who helps its makers.
const (
	whyUnknown    = "unknown client"
	whyMethod     = "another method than is registered"
	whySecret     = "wrong secret"
	whyUnreadable = "assertion unreadable, or iss, sub, jti or client_id amiss"
	whyAudience   = "aud is not the issuer or an endpoint"
	whyExpired    = "exp is over"
	whyTooFar     = "exp is too far ahead"
	whyEarly      = "nbf or iat lies ahead"
	whyKey        = "kid or alg of no registered key"
	whyNoKeys     = "its keys could not be fetched"
	whySignature  = "wrong signature"
	whySpent      = "jti was seen"
)

// assertion is a client's signed word that it is itself; RFC 7523 section 3.
type assertion struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Audience  audience `json:"aud"`
	Expires   float64  `json:"exp"`
	NotBefore float64  `json:"nbf"`
	IssuedAt  float64  `json:"iat"`
	ID        string   `json:"jti"`

	signed *jose.JSONWebSignature
}

// audience is one name. A list of one is the same; a longer list would let each
// of its members use the assertion at the others.
type audience string

func (a *audience) UnmarshalJSON(text []byte) error {
	var list []string
	if json.Unmarshal(text, &list) == nil {
		if len(list) != 1 {
			return errors.New("not one audience")
		}
		*a = audience(list[0])
		return nil
	}
	return json.Unmarshal(text, (*string)(a))
}

// readAssertion reads what an assertion says, before anything of it is believed.
func readAssertion(text string) (assertion, bool) {
	var a assertion
	if len(text) > maxAssertion {
		return a, false
	}
	signed, err := jose.ParseSignedCompact(text, assertionAlgorithms)
	if err != nil || len(signed.Signatures) != 1 {
		return a, false
	}
	if err := json.Unmarshal(signed.UnsafePayloadWithoutVerification(), &a); err != nil {
		return a, false
	}
	a.signed = signed
	return a, sane(a.Issuer) && plain(a.Issuer) && a.Issuer == a.Subject && sane(a.ID) && len(a.ID) <= maxJTI
}

const maxJTI = 200

// doubts checks an assertion with the client's own keys and spends it. It says
// what is wrong with it; "" is nothing.
func (p *Provider) doubts(tx *sqldb.Tx, c client, a assertion) (why string, err error) {
	now := float64(tx.Now.UnixMilli()) / 1000
	slack, life := clockSlack.Seconds(), AssertionLife.Seconds()
	switch to := string(a.Audience); {
	case to != p.Issuer && to != p.Issuer+PathToken && to != p.Issuer+PathPushed: // RFC 9126 section 2 takes all three
		return whyAudience, nil
	case !(a.Expires > now-slack):
		return whyExpired, nil
	case !(a.Expires <= now+life+slack):
		return whyTooFar, nil
	case a.NotBefore > now+slack, a.IssuedAt > now+slack:
		return whyEarly, nil
	}
	set, err := p.keysOf(c, tx.Now)
	if err != nil {
		return "", err
	}
	if len(set.Keys) == 0 {
		return whyNoKeys, nil
	}
	if why := signedBy(a.signed, set); why != "" {
		return why, nil
	}
	first, err := insertAssertion(tx, c.id, a.ID, tx.Now.Add(AssertionLife+2*clockSlack))
	if err == nil && !first {
		why = whySpent
	}
	return why, err
}

// signedBy says why none of the keys made a signature; "" when one did.
func signedBy(signed *jose.JSONWebSignature, set jose.JSONWebKeySet) (why string) {
	header := signed.Signatures[0].Header
	why = whyKey
	for _, k := range set.Keys {
		if header.KeyID != "" && k.KeyID != "" && header.KeyID != k.KeyID || k.Algorithm != "" && k.Algorithm != header.Algorithm {
			continue
		}
		if _, err := signed.Verify(k); err == nil {
			return ""
		}
		why = whySignature
	}
	return why
}

// keysMost bounds the keys of one client: the one in use, the next, and some for
// other machines.
const keysMost = 10

// readClientKeys reads the public keys that a client registers by value.
func readClientKeys(text string) (set jose.JSONWebKeySet, err error) {
	if len(text) > maxHint {
		return set, errors.New("too large")
	}
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		return set, err
	}
	if len(set.Keys) == 0 || len(set.Keys) > keysMost {
		return set, errors.New("no keys, or too many")
	}
	for _, k := range set.Keys {
		if err := unfit(k); err != nil {
			return set, err
		}
	}
	return set, nil
}

// unfit says why a key is not one that we may believe a client by.
func unfit(k jose.JSONWebKey) error {
	switch key := k.Key.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < rsaBits {
			return errors.New("an RSA key is too short")
		}
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P256() {
			return errors.New("a key is of another curve than P-256")
		}
	default:
		return errors.New("a key is not public, or of a kind that we do not use")
	}
	if !k.Valid() || k.Use != "" && k.Use != "sig" {
		return errors.New("a key is not for signing")
	}
	return nil
}

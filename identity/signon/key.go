package signon

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"

	"lidwoord/base/audit"
	"lidwoord/base/sqldb"
)

// KeyLife is how long a key signs. NIST SP 800-57 allows years; a rotation that
// happens every quarter is one that is known to work.
const KeyLife = 90 * 24 * time.Hour

// KeyNotice is how long a key is shown before it signs, so that every client that
// looks at the key set daily knows it in time.
const KeyNotice = 48 * time.Hour

// KeyMemory is how long a retired key is still shown. ID tokens are over within
// minutes, but come back as id_token_hint when somebody signs out a month later.
const KeyMemory = 35 * 24 * time.Hour

// rsaBits is the size of RS256 keys (RFC 7518 section 3.3 asks 2048 at least).
const rsaBits = 2048

// keyPurpose names the drawer of the box for private keys.
const keyPurpose = "signing key"

var algorithms = []string{ES256, RS256}

// TendKeys makes the first keys, announces the next one in time, lets it take
// over, and forgets the ones that nobody needs. It runs at the start of each node
// and once a day; to run it too often changes nothing.
func (p *Provider) TendKeys(tx *sqldb.Tx) error {
	if err := forgetKeys(tx, tx.Now.Add(-KeyMemory)); err != nil {
		return err
	}
	for _, algorithm := range algorithms {
		k, found, err := currentKey(tx, algorithm)
		if err != nil {
			return err
		}
		switch age := tx.Now.Sub(k.notBefore); {
		case !found:
			err = p.makeKey(tx, algorithm, "current", tx.Now)
		case age >= KeyLife:
			err = p.turnKeys(tx, k)
		case age >= KeyLife-KeyNotice:
			err = p.announceKey(tx, algorithm)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// turnKeys lets the next key take over, once it was shown for long enough. Where
// the job slept past the notice, the old key signs two days longer.
func (p *Provider) turnKeys(tx *sqldb.Tx, k key) error {
	if err := p.announceKey(tx, k.algorithm); err != nil {
		return err
	}
	ready, err := nextKeyReady(tx, k.algorithm)
	if err != nil || !ready {
		return err
	}
	if err := retireKey(tx, k.id); err != nil {
		return err
	}
	return promoteKey(tx, k.algorithm)
}

// ReplaceKeys drops every key and makes new ones that sign at once: a key leaked,
// and whatever it signed must be worth nothing from this moment. A client that
// kept our old set looks again when it meets a key that it does not know. Who is
// signed in stays so; only signing out from another site asks once more, because
// its hint is not believed any longer.
func (p *Provider) ReplaceKeys(tx *sqldb.Tx, actor string) error {
	if err := deleteKeys(tx); err != nil {
		return err
	}
	for _, algorithm := range algorithms {
		if err := p.makeKey(tx, algorithm, "current", tx.Now); err != nil {
			return err
		}
	}
	return audit.Record(tx, audit.Entry{Actor: actor, Act: "signon.keys_replaced", Object: "keys"})
}

func (p *Provider) announceKey(tx *sqldb.Tx, algorithm string) error {
	found, err := hasNextKey(tx, algorithm)
	if err != nil || found {
		return err
	}
	return p.makeKey(tx, algorithm, "next", tx.Now.Add(KeyNotice))
}

// makeKey makes a key in the given state. When another node is first, its key
// stands and this one is dropped.
func (p *Provider) makeKey(tx *sqldb.Tx, algorithm, state string, notBefore time.Time) error {
	private, err := newPrivateKey(algorithm)
	if err != nil {
		return err
	}
	plain, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	sealed, err := p.Box.Seal(keyPurpose, plain)
	if err != nil {
		return err
	}
	public := jose.JSONWebKey{Key: private.Public(), Algorithm: algorithm, Use: "sig"}
	thumb, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return err
	}
	public.KeyID = base64.RawURLEncoding.EncodeToString(thumb)
	shown, err := public.MarshalJSON()
	if err != nil {
		return err
	}
	return insertKey(tx, key{id: public.KeyID, algorithm: algorithm, sealed: sealed, notBefore: notBefore}, state, string(shown))
}

func newPrivateKey(algorithm string) (crypto.Signer, error) {
	if algorithm == RS256 {
		return rsa.GenerateKey(rand.Reader, rsaBits)
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// signingKey is an unsealed key, ready to sign.
type signingKey struct {
	id, algorithm string
	private       crypto.Signer
}

// signingKey finds the key that signs now, and makes it at first use.
func (p *Provider) signingKey(tx *sqldb.Tx, algorithm string) (signingKey, error) {
	k, found, err := currentKey(tx, algorithm)
	if err == nil && !found {
		if err = p.makeKey(tx, algorithm, "current", tx.Now); err == nil {
			k, found, err = currentKey(tx, algorithm)
		}
	}
	if err != nil {
		return signingKey{}, err
	}
	if !found {
		return signingKey{}, errors.New("signon: no signing key after making one")
	}
	if known, ok := p.unsealed.Load(k.id); ok {
		return known.(signingKey), nil
	}
	plain, err := p.Box.Open(keyPurpose, k.sealed)
	if err != nil {
		return signingKey{}, fmt.Errorf("signon: signing key %s: %w", k.id, err)
	}
	private, err := x509.ParsePKCS8PrivateKey(plain)
	if err != nil {
		return signingKey{}, err
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return signingKey{}, fmt.Errorf("signon: signing key %s cannot sign", k.id)
	}
	ready := signingKey{id: k.id, algorithm: algorithm, private: signer}
	p.unsealed.Store(k.id, ready)
	return ready, nil
}

// keyOf is signingKey for a client whose row, read in this transaction, named the
// key: where it was used before, nothing is left to read.
func (p *Provider) keyOf(tx *sqldb.Tx, c client) (signingKey, error) {
	if known, ok := p.unsealed.Load(c.keyID); ok {
		return known.(signingKey), nil
	}
	return p.signingKey(tx, c.algorithm)
}

// TryKeys opens the keys that sign, so that a wrong master key shows when the
// program starts and not when the first reader signs in.
func (p *Provider) TryKeys(tx *sqldb.Tx) error {
	for _, algorithm := range algorithms {
		if _, err := p.signingKey(tx, algorithm); err != nil {
			return err
		}
	}
	return nil
}

// idTokenType and logoutTokenType are what a signed token says it is (RFC 8725
// section 3.11): one is never taken for the other.
const (
	idTokenType     = "JWT"
	logoutTokenType = "logout+jwt"
)

// sign makes a JWT of claims, of a type.
func (k signingKey) sign(kind jose.ContentType, claims any) (string, error) {
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.algorithm), Key: jose.JSONWebKey{Key: k.private, KeyID: k.id}},
		(&jose.SignerOptions{}).WithType(kind))
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// KeyDocument is the set of public keys as clients fetch it (RFC 7517 section 5):
// those that sign, signed lately, or will sign. It is whole when there is one for
// each algorithm.
func (p *Provider) KeyDocument(tx *sqldb.Tx) (text []byte, whole bool, err error) {
	keys, _, err := p.together(tx).keys.One(tx, everyKey{})
	if err != nil {
		return nil, false, err
	}
	have := map[string]bool{}
	text = append(text, `{"keys":[`...)
	for i, k := range keys {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, k.shown...)
		have[k.algorithm] = true
	}
	return append(text, "]}"...), len(have) == len(algorithms), nil
}

// publicKeySet is KeyDocument for who checks a signature.
func (p *Provider) publicKeySet(tx *sqldb.Tx) (set jose.JSONWebKeySet, err error) {
	text, _, err := p.KeyDocument(tx)
	if err == nil {
		err = json.Unmarshal(text, &set)
	}
	return set, err
}

// publicKey is what clients see of a key.
type publicKey struct{ algorithm, shown string }

// everyKey asks for all of them.
type everyKey struct{}

// key is a row of signon_key.
type key struct {
	id, algorithm, sealed string
	notBefore             time.Time
}

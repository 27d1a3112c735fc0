package factor

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// Passkey is one passkey of an owner.
type Passkey struct {
	ID      string
	Name    string // chosen by the owner: "Telefoon van Eva"
	Created time.Time
	Used    time.Time // zero when it was never used
	Doubted time.Time // since when it counts behind the password only; zero for one that does alone, see Doubt

	owner  Owner
	host   string
	record webauthn.Credential
}

const (
	// ChallengeLife is how long a page may wait for the finger on the sensor.
	ChallengeLife = 5 * time.Minute
	// PasskeysMost is how many one owner may have: telephones, computers, keys on a
	// ring. It bounds what a page lists and a browser is sent.
	PasskeysMost = 20
	// nameMost is how long the name of a passkey may be, in characters.
	nameMost = 60
)

// Passkeys adds and takes the passkeys of one door. A browser offers a passkey only
// to the host where it was made, so doors on hosts of their own have passkeys of
// their own.
type Passkeys struct {
	host string
	auth *webauthn.WebAuthn
}

// NewPasskeys makes the passkeys of a door at an address. Title is what the browser
// calls us. It returns nil for an address where no browser knows passkeys: a number
// instead of a name, or one without https that is not this machine.
func NewPasskeys(door *url.URL, title string) (*Passkeys, error) {
	host := door.Hostname()
	if net.ParseIP(host) != nil || door.Scheme != "https" && host != "localhost" && !strings.HasSuffix(host, ".localhost") {
		return nil, nil
	}
	auth, err := webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: title, RPOrigins: []string{door.Scheme + "://" + door.Host},
		// Who made the passkey is none of our business: the answer would name the
		// make of somebody's telephone.
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
		// Password managers tell more than they were asked.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys of %s: %w", door.Host, err)
	}
	return &Passkeys{host: host, auth: auth}, nil
}

// Person is what the browser shows of an owner when it keeps a passkey.
type Person struct {
	Username string
	Name     string
}

// Ceremony is one question to the browser. Both parts go into the page: nothing is
// kept of a question until it is answered.
type Ceremony struct {
	Options string // JSON for navigator.credentials
	Token   string // sealed; comes back with the answer
}

// Answer is what the page sends back.
type Answer struct {
	Token    string
	Response string // what the browser made of the options, as JSON
	Name     string // of a new passkey, of the owner's choice
}

// ceremony is what the seal of a token holds.
type ceremony struct {
	Kind    string // "add", "in": one is no answer to the other
	Owner   Owner  // "" when anybody may answer
	Session webauthn.SessionData
	Expires time.Time
}

const ceremonyPurpose = "factor.ceremony"

// BeginAdd asks the browser for a new passkey.
func (p *Passkeys) BeginAdd(tx *sqldb.Tx, owner Owner, who Person) (Ceremony, error) {
	one, err := p.holder(tx, owner)
	if err != nil {
		return Ceremony{}, err
	}
	one.Person = who
	options, session, err := p.auth.BeginRegistration(one, webauthn.WithExclusions(webauthn.Credentials(one.records).CredentialDescriptors()))
	if err != nil {
		return Ceremony{}, err
	}
	return seal(tx, ceremony{Kind: "add", Owner: owner, Session: *session}, options)
}

// Add keeps the passkey that the browser made, and does then in the same transaction.
func (p *Passkeys) Add(ctx context.Context, db *sqldb.DB, owner Owner, a Answer, then func(*sqldb.Tx) error) error {
	name, err := readName(a.Name)
	if err != nil {
		return err
	}
	answer, err := readNew(a.Response)
	if err != nil {
		return ErrPasskey.Because(err)
	}
	return p.answered(ctx, db, "add", a, func(tx *sqldb.Tx, c ceremony) (wrong, err error) {
		if c.Owner != owner {
			return ErrChallenge, nil
		}
		one, err := p.holder(tx, owner)
		if err != nil {
			return nil, err
		}
		if len(one.records) >= PasskeysMost {
			return ErrMost.With(PasskeysMost), nil
		}
		record, wrong := p.auth.CreateCredential(one, c.Session, answer)
		if wrong != nil {
			return ErrPasskey.Because(wrong), nil
		}
		k := Passkey{ID: idText(record.ID), Name: name, owner: owner, host: p.host, record: *record}
		if fresh, err := putPasskey(tx, k); err != nil || !fresh {
			return ErrKnown, err
		}
		if err := note(tx, owner, string(owner), "factor.passkey_added", ""); err != nil {
			return nil, err
		}
		return nil, then(tx)
	})
}

// BeginSignIn asks the browser for any passkey of this door: it knows who it is.
func (p *Passkeys) BeginSignIn(tx *sqldb.Tx) (Ceremony, error) {
	options, session, err := p.auth.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Ceremony{}, err
	}
	return seal(tx, ceremony{Kind: "in", Session: *session}, options)
}

// BeginStep asks the browser for a passkey of this owner, after the password.
func (p *Passkeys) BeginStep(tx *sqldb.Tx, owner Owner) (Ceremony, error) {
	one, err := p.holder(tx, owner)
	if err != nil || len(one.records) == 0 {
		return Ceremony{}, err
	}
	options, session, err := p.auth.BeginLogin(one, webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Ceremony{}, err
	}
	return seal(tx, ceremony{Kind: "in", Owner: owner, Session: *session}, options)
}

// SignIn takes the answer to BeginSignIn or BeginStep, and does then in the same
// transaction. A challenge is spent by the first answer, right or wrong.
func (p *Passkeys) SignIn(ctx context.Context, db *sqldb.DB, a Answer, then func(*sqldb.Tx, Owner) error) error {
	answer, err := readIn(a.Response)
	if err != nil {
		return ErrPasskey.Because(err)
	}
	return p.answered(ctx, db, "in", a, func(tx *sqldb.Tx, c ceremony) (wrong, err error) {
		k, found, err := passkey(tx, idText(answer.RawID))
		if err != nil {
			return nil, err
		}
		if !found || k.host != p.host || c.Owner != "" && c.Owner != k.owner {
			return ErrPasskey, nil
		}
		one, err := p.holder(tx, k.owner)
		if err != nil {
			return nil, err
		}
		record, wrong := p.check(one, c, answer)
		if wrong != nil {
			return ErrPasskey.Because(wrong), nil
		}
		if !k.Doubted.IsZero() && (c.Owner == "" || c.Expires.Add(-ChallengeLife).Before(k.Doubted)) {
			return ErrDoubted, nil
		}
		if record.Authenticator.CloneWarning {
			// Its counter stood still or went back: two of them are in use (WebAuthn
			// section 6.1.1). A passkey that people may copy has no counter.
			return ErrCopied, note(tx, k.owner, string(k.owner), "factor.passkey_copied", "")
		}
		k.record = *record
		if err := usePasskey(tx, k); err != nil {
			return nil, err
		}
		if err := Forgive(tx, k.owner); err != nil {
			return nil, err
		}
		if err := note(tx, k.owner, string(k.owner), "factor.passed", string(ByPasskey)); err != nil {
			return nil, err
		}
		return nil, then(tx, k.owner)
	})
}

func (p *Passkeys) check(one holder, c ceremony, answer *protocol.ParsedCredentialAssertionData) (*webauthn.Credential, error) {
	if c.Owner != "" {
		return p.auth.ValidateLogin(one, c.Session, answer)
	}
	_, record, err := p.auth.ValidatePasskeyLogin(func(id, handle []byte) (webauthn.User, error) {
		if !hmac.Equal(handle, one.handle) {
			return nil, errors.New("the passkey is another owner's")
		}
		return one, nil
	}, c.Session, answer)
	return record, err
}

// answered opens the seal of an answer, spends its challenge and lets judge look. What
// judge finds wrong with the answer is kept for the person; the challenge is spent
// all the same.
func (p *Passkeys) answered(ctx context.Context, db *sqldb.DB, kind string, a Answer, judge func(*sqldb.Tx, ceremony) (wrong, err error)) error {
	var c ceremony
	text, err := db.Box.Open(ceremonyPurpose, a.Token)
	if err != nil || json.Unmarshal(text, &c) != nil || c.Kind != kind || c.Session.RelyingPartyID != "" && c.Session.RelyingPartyID != p.host {
		return ErrChallenge
	}
	var wrong error
	err = db.InTx(ctx, func(tx *sqldb.Tx) (err error) {
		wrong = nil
		if !tx.Now.Before(c.Expires) {
			return ErrChallenge
		}
		first, err := spend(tx, secret.Token(c.Session.Challenge).Digest(), c.Expires)
		if err != nil {
			return err
		}
		if !first {
			return ErrChallenge
		}
		wrong, err = judge(tx, c)
		return err
	})
	if err != nil {
		return err
	}
	return wrong
}

func seal(tx *sqldb.Tx, c ceremony, options any) (Ceremony, error) {
	c.Expires = tx.Now.Add(ChallengeLife)
	c.Session.Expires = time.Time{} // the clock of this house decides
	text, err := json.Marshal(c)
	if err != nil {
		return Ceremony{}, err
	}
	ask, err := json.Marshal(options)
	if err != nil {
		return Ceremony{}, err
	}
	token, err := tx.Box().Seal(ceremonyPurpose, text)
	return Ceremony{Options: string(ask), Token: token}, err
}

// Rename gives a passkey another name.
func Rename(tx *sqldb.Tx, owner Owner, id, name string) error {
	name, err := readName(name)
	if err != nil {
		return err
	}
	return rename(tx, owner, id, name)
}

// RemovePasskey removes one passkey of an owner. What the browser keeps of it opens
// nothing from then on.
func RemovePasskey(tx *sqldb.Tx, owner Owner, id string) error {
	if err := removePasskey(tx, owner, id); err != nil {
		return err
	}
	return cleared(tx, owner, "factor.passkey_removed", "")
}

func readName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || utf8.RuneCountInString(name) > nameMost {
		return "", ErrName.With(nameMost).At("naam")
	}
	return name, nil
}

// readNew and readIn read what a stranger's browser sent. The module that judges it
// must not fall over it: a fuzz test tries.
func readNew(text string) (*protocol.ParsedCredentialCreationData, error) {
	return protocol.ParseCredentialCreationResponseBytes([]byte(text))
}

func readIn(text string) (*protocol.ParsedCredentialAssertionData, error) {
	return protocol.ParseCredentialRequestResponseBytes([]byte(text))
}

func idText(id []byte) string { return base64.RawURLEncoding.EncodeToString(id) }

// holder is an owner as the module wants to see one.
type holder struct {
	Person
	handle  []byte
	records []webauthn.Credential
}

// holder gathers an owner's passkeys of this door. The handle by which a passkey
// knows its owner says nothing about the owner (WebAuthn section 14.6.1).
func (p *Passkeys) holder(tx *sqldb.Tx, owner Owner) (holder, error) {
	mac := hmac.New(sha256.New, tx.Box().Derive("factor.handle"))
	mac.Write([]byte(owner))
	one := holder{handle: mac.Sum(nil)}
	list, err := passkeysOf(tx, owner)
	for _, k := range list {
		if k.host == p.host {
			one.records = append(one.records, k.record)
		}
	}
	return one, err
}

func (h holder) WebAuthnID() []byte                         { return h.handle }
func (h holder) WebAuthnName() string                       { return h.Username }
func (h holder) WebAuthnDisplayName() string                { return h.Name }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.records }

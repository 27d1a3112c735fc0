package factor

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"

	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
)

// What every app with codes can do: RFC 6238 with its first choices. Many apps do
// not read the others, and silently show wrong codes then.
const (
	secretLength = 20               // bytes: RFC 4226 section 4 recommends 160 bits
	codeDigits   = 6                // NIST SP 800-63B-4 section 3.1.4 asks for six at least
	stepTime     = 30 * time.Second // RFC 6238 section 5.2; NIST wants a new code every two minutes at least
	stepsAside   = 1                // clocks of telephones run up to a step fast or slow
)

// OfferLife is how long a secret that was not confirmed waits for its first code.
const OfferLife = 30 * time.Minute

// Offer is a secret that an app may take. It is shown to its owner and nobody else.
type Offer struct {
	Key string // in groups of four letters, to type over
	URI string // otpauth://…, for a QR code
}

// OfferApp returns a secret for an app with codes. While it is not confirmed the
// same one comes back, so that a page that is shown again fits the picture that was
// taken; an app that works goes on working meanwhile. Issuer and name tell the owner
// in the app what the code is for.
func OfferApp(tx *sqldb.Tx, owner Owner, issuer, name string) (Offer, error) {
	sealed, err := offered(tx, owner, tx.Now.Add(-OfferLife))
	if err != nil {
		return Offer{}, err
	}
	var key []byte
	if sealed != "" {
		key, err = tx.Box().Open(appPurpose(owner), sealed)
	} else {
		key = make([]byte, secretLength)
		rand.Read(key)
		if sealed, err = tx.Box().Seal(appPurpose(owner), key); err == nil {
			err = putOffer(tx, owner, sealed)
		}
	}
	if err != nil {
		return Offer{}, err
	}
	o := Offer{URI: uri(key, issuer, name)}
	for text := keyText.EncodeToString(key); text != ""; text = text[min(4, len(text)):] {
		o.Key = strings.TrimSpace(o.Key + " " + text[:min(4, len(text))])
	}
	return o, nil
}

// appPurpose seals a secret for one owner: a row that is put under another name
// opens for nobody.
func appPurpose(owner Owner) string { return "factor.app " + string(owner) }

var keyText = base32.StdEncoding.WithPadding(base32.NoPadding)

// uri is what apps read from the picture. The form is Google's, the only one that
// all follow; the label may hold no colon besides its own.
func uri(key []byte, issuer, name string) string {
	plain := strings.NewReplacer(":", " ")
	issuer, name = plain.Replace(issuer), plain.Replace(name)
	// Apps read %20 and show a plus sign as it is.
	query := strings.ReplaceAll(url.Values{"secret": {keyText.EncodeToString(key)}, "issuer": {issuer}}.Encode(), "+", "%20")
	return "otpauth://totp/" + url.PathEscape(issuer) + ":" + url.PathEscape(name) + "?" + query
}

// ConfirmApp takes the first code of the app that OfferApp offered, which replaces
// the app that was there. A wrong code changes nothing, and costs no more than a
// look at the telephone: who confirms knows the secret.
func ConfirmApp(tx *sqldb.Tx, owner Owner, typed string) error {
	sealed, err := offered(tx, owner, tx.Now.Add(-OfferLife))
	if err != nil {
		return err
	}
	if sealed == "" {
		return ErrOffer
	}
	key, err := tx.Box().Open(appPurpose(owner), sealed)
	if err != nil {
		return err
	}
	step, ok := matching(key, tx.Now, typed)
	if !ok {
		return ErrCode
	}
	if ok, err = confirmOffer(tx, owner, sealed, step); err != nil || !ok {
		return orOffer(err)
	}
	return note(tx, owner, string(owner), "factor.app_added", "")
}

func orOffer(err error) error {
	if err == nil {
		err = ErrOffer
	}
	return err
}

// Means is what somebody came in with.
type Means string

const (
	ByApp      Means = "app"
	ByRecovery Means = "recovery"
	ByPasskey  Means = "passkey"
)

// Pass takes the code that an owner typed, of the app or a recovery code, and does
// then in the same transaction: a code is spent if and only if the door opened. A try
// counts before its outcome is known, so that sixteen at the same moment are sixteen.
func Pass(ctx context.Context, db *sqldb.DB, owner Owner, typed string, then func(*sqldb.Tx, Means) error) error {
	means, rule, check := ByApp, appCodes, takeAppCode
	if !OfApp(typed) {
		means, rule, check = ByRecovery, recoveryCodes, takeRecovery
	}
	var wrong error
	err := db.InTx(ctx, func(tx *sqldb.Tx) error {
		wrong = nil
		if err := throttle.Take(tx, []throttle.Counter{{Rule: rule, Key: string(owner)}}); err != nil {
			return err
		}
		ok, err := check(tx, owner, typed)
		switch {
		case err == ErrResting || err == nil && !ok:
			wrong = ErrCode
			if err != nil {
				wrong = err
			}
			return nil // the failure is kept
		case err != nil:
			return err
		}
		if err := Forgive(tx, owner); err != nil {
			return err
		}
		if err := note(tx, owner, string(owner), "factor.passed", string(means)); err != nil {
			return err
		}
		return then(tx, means)
	})
	if err != nil {
		return err
	}
	return wrong
}

// takeAppCode spends the code of the app. The same code comes in once: the guard
// stands in the WHERE.
func takeAppCode(tx *sqldb.Tx, owner Owner, typed string) (bool, error) {
	sealed, failures, err := app(tx, owner)
	if err != nil || sealed == "" {
		return false, err
	}
	if failures >= FailuresMost {
		return false, ErrResting
	}
	key, err := tx.Box().Open(appPurpose(owner), sealed)
	if err != nil {
		return false, err
	}
	if step, ok := matching(key, tx.Now, typed); ok {
		if ok, err = takeStep(tx, owner, step); err != nil || ok {
			return ok, err
		}
	}
	if failures++; failures == FailuresMost {
		if err := note(tx, owner, string(owner), "factor.app_rests", ""); err != nil {
			return false, err
		}
	}
	return false, countFailure(tx, owner)
}

// Forgive forgets the wrong codes of an owner, who proved to be the owner in another
// way: by a recovery code, a passkey, or a new password.
func Forgive(tx *sqldb.Tx, owner Owner) error {
	for _, rule := range []throttle.Rule{appCodes, recoveryCodes} {
		if err := throttle.Clear(tx, rule, string(owner)); err != nil {
			return err
		}
	}
	return clearFailures(tx, owner)
}

// OfApp reports whether a typed code is one of an app, and not a recovery code.
func OfApp(typed string) bool { return digits(typed) != "" }

// digits is a typed code without the blanks in it, or "" when it is none.
func digits(typed string) string {
	text := strings.Join(strings.Fields(typed), "")
	if len(text) != codeDigits || strings.Trim(text, "0123456789") != "" {
		return ""
	}
	return text
}

// matching finds the step whose code was typed, among those that are right now.
func matching(key []byte, now time.Time, typed string) (step int64, ok bool) {
	text := []byte(digits(typed))
	middle := now.Unix() / int64(stepTime/time.Second)
	for s := middle - stepsAside; s <= middle+stepsAside; s++ {
		if subtle.ConstantTimeCompare(text, []byte(code(key, s))) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

// code is the code of one step (RFC 4226 section 5.3).
func code(key []byte, step int64) string {
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

// CodeAt is the code that an app with this key ("ABCD EFGH …") shows at an instant.
// The demo's first page shows it, and tests type it.
func CodeAt(key string, at time.Time) (string, error) {
	raw, err := keyText.DecodeString(strings.ReplaceAll(key, " ", ""))
	if err != nil {
		return "", err
	}
	return code(raw, at.Unix()/int64(stepTime/time.Second)), nil
}

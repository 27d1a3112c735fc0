package factor

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// RecoveryCodes is how many one gets at a time.
const RecoveryCodes = 10

// RenewRecovery makes ten recovery codes in place of those that were there. They
// are shown now and never again.
func RenewRecovery(tx *sqldb.Tx, owner Owner) ([]secret.Token, error) {
	if err := removeRecovery(tx, owner); err != nil {
		return nil, err
	}
	list := make([]secret.Token, RecoveryCodes)
	for i := range list {
		list[i] = secret.NewCode()
		if err := putRecovery(tx, owner, recoveryDigest(tx, owner, list[i])); err != nil {
			return nil, err
		}
	}
	return list, note(tx, owner, string(owner), "factor.recovery_made", "")
}

// takeRecovery spends a recovery code.
func takeRecovery(tx *sqldb.Tx, owner Owner, typed string) (bool, error) {
	code := secret.ReadCode(typed)
	if code == "" {
		return false, nil
	}
	return spendRecovery(tx, owner, recoveryDigest(tx, owner, code))
}

// recoveryDigest is keyed: a code has 35 bits, which a plain digest would give away
// to whoever copied the table. The key is not in the database (NIST SP 800-63B-4
// section 3.1.2.2 asks for a keyed or a slow hash below 112 bits).
func recoveryDigest(tx *sqldb.Tx, owner Owner, code secret.Token) string {
	mac := hmac.New(sha256.New, tx.Box().Derive("factor.recovery"))
	mac.Write([]byte(string(owner) + "\x00" + string(code)))
	return hex.EncodeToString(mac.Sum(nil))
}

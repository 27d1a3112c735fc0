package account

import (
	"time"

	"lidwoord/base/fault"
	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
	"lidwoord/base/throttle"
)

// CodeLife is how long a mailed code works: long enough to find one's phone at
// the desk, too short to be found later.
const CodeLife = 15 * time.Minute

// CodeTries is how many codes may be tried for one question. With 35 bits a code
// and five tries, guessing wins once in seven thousand million questions.
const CodeTries = 5

// askRule keeps a desk from filling somebody's mailbox: three letters at once,
// then ever slower to one in a quarter of an hour.
var askRule = throttle.Rule{Name: "account.ask", Free: 3, First: time.Minute, Most: 15 * time.Minute, Forget: time.Hour}

// ErrCode answers alike for a wrong code, a spent one, one too old, the sixth
// try, and a question about a username that does not exist.
var ErrCode = fault.New(fault.Invalid, "account.wrong_code")

// Ask mails the owner of a username a code, with which they show the desk that
// the account is theirs. It answers alike whether the account exists or not;
// what it writes is alike too. An account that sleeps gets no letter, because
// its address is not confirmed.
func (a *Accounts) Ask(tx *sqldb.Tx, username, libraryName string) (askID string, err error) {
	key := usernameKey(username)
	if err := throttle.Take(tx, []throttle.Counter{{Rule: askRule, Key: key}}); err != nil {
		return "", err
	}
	acc, ok, err := accountNamed(tx, key)
	if err != nil {
		return "", err
	}
	ok = ok && acc.Active()
	if !ok {
		acc.ID = ""
	}
	askID, code, until := secret.NewID(), secret.NewCode(), tx.Now.Add(CodeLife)
	if err := insertAsk(tx, askID, acc.ID, codeDigest(askID, code), until); err != nil {
		return "", err
	}
	if !ok {
		return askID, nil
	}
	return askID, a.mailCode(tx, acc, libraryName, code, until)
}

// Prove spends the code of a question and returns the account of who has it. The
// try is counted in tx: the caller commits also when the answer is ErrCode, or
// the tries would have no end.
func (a *Accounts) Prove(tx *sqldb.Tx, askID, typed string) (accountID, username string, err error) {
	accountID, digest, ok, err := tryAsk(tx, askID, CodeTries)
	if err != nil {
		return "", "", err
	}
	code := secret.ReadCode(typed)
	if !ok || accountID == "" || code == "" || codeDigest(askID, code) != digest {
		return "", "", ErrCode
	}
	acc, ok, err := accountByID(tx, accountID)
	if err != nil {
		return "", "", err
	}
	won, err := proveAsk(tx, askID)
	if err != nil {
		return "", "", err
	}
	if !ok || !won {
		return "", "", ErrCode
	}
	return acc.ID, acc.Username, nil
}

// codeDigest binds a code to its question: without that one table of all codes
// would serve to read every digest. The digests may be compared in any way,
// since nobody can choose the beginning of one.
func codeDigest(askID string, code secret.Token) string {
	return secret.Token(askID + "\x00" + string(code)).Digest()
}

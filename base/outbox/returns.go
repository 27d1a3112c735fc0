package outbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"net/mail"
	"strings"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// Return is a letter that did not arrive, as whoever wrote it hears of it.
type Return struct {
	LetterID string
	Kind     string // of the letter
	About    string // the object that the letter is about, or ""
	Code     string // "550 5.1.1", "5.1.1"; never an address or a text
	Hard     bool   // it will not arrive at this address; otherwise it may, later
}

// About lists the newest letters about an object, at most limit.
func About(tx *sqldb.Tx, object string, limit int) ([]Letter, error) {
	return open(tx)(lettersAbout(tx, object, limit))
}

// Bounce notes that a letter which left came back. It happens once: a mail server
// that repeats its notice, or two of them, change nothing. ok is false also for a
// letter that we do not know (any more).
func Bounce(tx *sqldb.Tx, id, code string, hard bool) (r Return, ok bool, err error) {
	return returnLetter(tx, Return{LetterID: id, Code: code, Hard: hard})
}

// Returns makes the address to which the mail servers of the world send a letter
// back: every letter has one of its own (VERP), with a signature, so that nobody
// else can say of a letter that it did not arrive.
type Returns struct {
	mailbox, domain string
	key             []byte
}

// localMost is the longest name before the @ (RFC 5321 §4.5.3.1.1).
const localMost = 64

// NewReturns makes the addresses of one mailbox, such as bounce@lid.example.nl.
func NewReturns(address string, box *secret.Box) (*Returns, error) {
	a, err := mail.ParseAddress(address)
	if err != nil || a.Address != address || strings.Contains(address, "+") {
		return nil, fmt.Errorf("outbox: %q is no bare address without a +", address)
	}
	mailbox, domain, _ := strings.Cut(address, "@")
	r := &Returns{mailbox: mailbox, domain: domain, key: box.Derive("outbox.return")}
	if len(r.local("AAAAAAAAAAAAAAAAAAAAAAAAAA")) > localMost {
		return nil, fmt.Errorf("outbox: the name in %q is too long; a letter's own number goes behind it", address)
	}
	return r, nil
}

// macLength is how much of the signature an address carries: 80 bits, which
// nobody guesses by mail.
const macLength = 16

var plain32 = base32.StdEncoding.WithPadding(base32.NoPadding)

// Mark is the id of a letter with its signature, in small letters: some mail
// servers change capitals.
func (r *Returns) Mark(id string) string {
	mac := hmac.New(sha256.New, r.key)
	mac.Write([]byte(id))
	return strings.ToLower(id + "." + plain32.EncodeToString(mac.Sum(nil))[:macLength])
}

func (r *Returns) local(id string) string { return r.mailbox + "+" + r.Mark(id) }

// Address is where one letter comes back to.
func (r *Returns) Address(id string) string { return r.local(id) + "@" + r.domain }

// Letter is the id in an address that Address made, or in the Message-ID of a
// letter that bears its Mark. ok is false for what somebody else made.
func (r *Returns) Letter(address string) (id string, ok bool) {
	local, _, _ := strings.Cut(strings.Trim(strings.TrimSpace(address), "<>"), "@")
	if at := strings.LastIndexByte(local, '+'); at >= 0 {
		local = local[at+1:]
	}
	id, _, _ = strings.Cut(local, ".")
	if id = strings.ToUpper(id); !secret.IsID(id) {
		return "", false
	}
	return id, hmac.Equal([]byte(r.Mark(id)), []byte(strings.ToLower(local)))
}

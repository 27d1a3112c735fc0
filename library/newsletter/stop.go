package newsletter

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// OptOut is a customer's no, without a reason: to one mailbox when c names its
// address, and to all that the customer ever asked for when it does not.
func OptOut(tx *sqldb.Tx, c Consent) error {
	all, err := Mailboxes(tx, c.CustomerID)
	if err != nil {
		return err
	}
	for _, sub := range all {
		if c.Address != "" && addressKey(c.Address) != addressKey(sub.Address) {
			continue
		}
		if err := stop(tx, sub, c); err != nil {
			return err
		}
	}
	return nil
}

// StopByToken is the unsubscribe link that each newsletter carries. It works for
// years, and as often as one likes: a mailbox that was stopped, or that is no
// longer known, is answered like one that stops now.
func StopByToken(tx *sqldb.Tx, token secret.Token, by Channel) (Subscriber, error) {
	sub, err := LookUnsubscribe(tx, token)
	if err != nil || sub.ID == "" {
		return sub, err
	}
	return sub, stop(tx, sub, Consent{Channel: by})
}

// LookUnsubscribe finds the mailbox of an unsubscribe link and changes nothing.
// A mailbox that was forgotten since has no ID.
func LookUnsubscribe(tx *sqldb.Tx, token secret.Token) (Subscriber, error) {
	id, ours := readToken(tx.Box(), token)
	if !ours {
		return Subscriber{}, ErrUnsubscribe
	}
	sub, _, err := subscriberByID(tx, id)
	return sub, err
}

// stop ends it and notes who said so; what is stopped already stays as it is.
func stop(tx *sqldb.Tx, sub Subscriber, c Consent) error {
	won, err := stopSubscriber(tx, sub.ID)
	if err != nil || !won {
		return err
	}
	return insertConsent(tx, sub.ID, Consent{CustomerID: c.CustomerID, Act: Stopped, Address: sub.Address, Channel: c.Channel, StaffID: c.StaffID, BranchID: c.BranchID})
}

// Headers are what every newsletter to a mailbox carries, so that a mail program
// shows its own button to unsubscribe (RFC 8058).
func (s *Subscribers) Headers(tx *sqldb.Tx, sub Subscriber) map[string]string {
	return map[string]string{
		"List-Unsubscribe":      "<" + s.unsubscribe(tx, sub.ID) + ">",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
	}
}

func (s *Subscribers) unsubscribe(tx *sqldb.Tx, id string) string {
	return s.links.Unsubscribe(unsubscribeToken(tx.Box(), id))
}

// sealLength is the number of letters of the seal at the end of a token: 128
// bits in base32.
const sealLength = 26

// unsubscribeToken names a mailbox and proves that we did. It is never stored,
// and the same in every newsletter: old mail must unsubscribe too.
func unsubscribeToken(box *secret.Box, id string) secret.Token {
	mac := hmac.New(sha256.New, box.Derive("newsletter unsubscribe"))
	mac.Write([]byte(id))
	return secret.Token(id + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac.Sum(nil)[:16]))
}

// readToken returns the mailbox that a token names, and whether we made it.
func readToken(box *secret.Box, token secret.Token) (id string, ours bool) {
	if len(token) <= sealLength {
		return "", false
	}
	id = string(token[:len(token)-sealLength])
	return id, hmac.Equal([]byte(token), []byte(unsubscribeToken(box, id)))
}

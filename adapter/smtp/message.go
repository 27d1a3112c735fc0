package smtp

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
	gomail "github.com/wneessen/go-mail"

	"lidwoord/base/outbox"
	"lidwoord/base/secret"
)

// signed are the headers under our signature. The first three are signed once
// more than they occur, so that nobody can put a second Subject above ours and
// keep the signature whole (RFC 6376 §8.15).
var (
	oversigned = []string{"From", "To", "Subject"}
	signed     = []string{"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Auto-Submitted"}
)

// unsubscribe headers must be signed too where they occur, or mailbox providers
// ignore the one-click button (RFC 8058 §4).
var unsubscribe = []string{"List-Unsubscribe", "List-Unsubscribe-Post"}

// message writes a letter as plain text with the same in HTML beside it, signed
// when there is a key.
func (s *Sender) message(m outbox.Mail) ([]byte, error) {
	if err := check(m); err != nil {
		return nil, err
	}
	name := m.FromName
	if name == "" {
		name = s.config.FromName
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&mail.Address{Name: name, Address: s.config.From})
	msg.ToMailAddress(&mail.Address{Address: m.To})
	msg.Subject(m.Subject)
	id := m.ID
	if id == "" {
		id = secret.NewID()
	}
	if s.config.Returns != nil {
		id = s.config.Returns.Mark(id) // some notices tell of nothing but the letter's own number
	}
	msg.SetMessageIDWithValue(id + "@" + s.domain)
	// Absence notes answer no letter that a machine sent (RFC 3834 §5).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("Content-Language", string(m.Lang))
	for name, value := range m.Headers {
		msg.SetGenHeader(gomail.Header(name), value)
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	var raw bytes.Buffer
	if _, err := msg.WriteTo(&raw); err != nil {
		return nil, err
	}
	if s.config.DKIM == nil {
		return raw.Bytes(), nil
	}
	return s.config.DKIM.sign(raw.Bytes(), m)
}

// sign puts a signature on top. go-mail 0.8.1 signs too, but its signature does
// not verify once the list of headers is folded, and ours always is.
func (d *DKIM) sign(raw []byte, m outbox.Mail) ([]byte, error) {
	headers := slices.Concat(signed, oversigned)
	for _, name := range unsubscribe {
		if _, ok := m.Headers[name]; ok {
			headers = append(headers, name)
		}
	}
	var out bytes.Buffer
	err := dkim.Sign(&out, bytes.NewReader(raw), &dkim.SignOptions{
		Domain: d.Domain, Selector: d.Selector, Signer: d.Key,
		// Relaxed: servers on the way may fold a line or trim a space.
		HeaderCanonicalization: dkim.CanonicalizationRelaxed,
		BodyCanonicalization:   dkim.CanonicalizationRelaxed,
		HeaderKeys:             headers,
	})
	return out.Bytes(), err
}

func (d *DKIM) check(domain string) error {
	switch {
	case d.Domain == "" || d.Selector == "" || d.Key == nil:
		return errors.New("smtp: DKIM needs a domain, a selector and a key")
	case domain != d.Domain && !strings.HasSuffix(domain, "."+d.Domain):
		// DMARC counts a signature only when it is of the From address's own domain.
		return fmt.Errorf("smtp: DKIM domain %q does not cover the from address at %q", d.Domain, domain)
	}
	switch d.Key.Public().(type) {
	case *rsa.PublicKey, ed25519.PublicKey: // all that receivers know (RFC 8463)
		return nil
	}
	return fmt.Errorf("smtp: a DKIM key is RSA or Ed25519, not %T", d.Key)
}

// ReadKey reads a private RSA or Ed25519 key for DKIM from PEM text, as openssl
// writes it (PKCS #1 or PKCS #8).
func ReadKey(pem []byte) (crypto.Signer, error) {
	key, err := gomail.PrivKeyFromPEM(pem)
	if err != nil {
		return nil, fmt.Errorf("smtp: DKIM key: %w", err)
	}
	return key, nil
}

// ours are the headers that no letter may bring along.
var ours = []string{"from", "to", "cc", "bcc", "sender", "subject", "date", "message-id", "mime-version",
	"content-type", "content-transfer-encoding", "content-language", "auto-submitted", "return-path", "dkim-signature"}

// check is the last look before the wall. The outbox refuses a forged header as
// well; this adapter may one day have another caller.
func check(m outbox.Mail) error {
	a, err := mail.ParseAddress(m.To)
	if err != nil || a.Name != "" || a.Address != m.To {
		return errors.New("no bare address")
	}
	lines := []string{m.To, m.Subject, m.FromName, m.ID, string(m.Lang)}
	for name, value := range m.Headers {
		if slices.Contains(ours, strings.ToLower(name)) {
			return fmt.Errorf("header %s is ours to write", name)
		}
		if name == "" || strings.ContainsAny(name, ": ") {
			return fmt.Errorf("header %q has no proper name", name)
		}
		lines = append(lines, name, value)
	}
	for _, line := range lines {
		if strings.ContainsAny(line, "\r\n\x00") {
			return errors.New("line break in a header")
		}
	}
	return nil
}

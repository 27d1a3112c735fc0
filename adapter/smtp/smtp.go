// Package smtp hands letters to a mail server.
//
//	New      checks the configuration
//	Send     hands over one letter and tells a lasting refusal from a passing one
//	ReadKey  reads a DKIM key from a PEM file
//
// It fills outbox.Sender. Whoever reads a log of ours learns codes only: a mail
// server likes to repeat the address in its answer, so its words are not kept.
package smtp

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/mail"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
	gosmtp "github.com/wneessen/go-mail/smtp"

	"lidwoord/base/outbox"
	"lidwoord/base/secret"
)

// Security says how the way to the server is closed to onlookers.
type Security string

const (
	STARTTLS Security = "starttls" // begin in the open, then insist on TLS; port 587
	TLS      Security = "tls"      // TLS from the first byte; port 465 (RFC 8314 prefers it)
	None     Security = "none"     // in the open: only for a server on the same machine
)

// timeout is how long one step with the server may take. The worker has a limit
// for the whole letter.
const timeout = 30 * time.Second

// Config is what the administrator writes down about the mail server.
type Config struct {
	Host     string
	Port     int      // 0: the usual port of the chosen security
	Security Security // "" is STARTTLS
	Username string   // "" when the server asks for no login
	Password secret.Token
	From     string         // our address; answers and bounces go there
	FromName string         // name beside it when a letter brings none
	DKIM     *DKIM          // nil when the server signs by itself
	RootCAs  *x509.CertPool // nil: those of the machine

	Returns *outbox.Returns // where letters come back to; nil is From
}

// DKIM is the signature by which a receiving server sees that a letter is from
// our domain and was not changed (RFC 6376).
type DKIM struct {
	Domain   string // of the From address, or above it
	Selector string // the key is published in DNS at SELECTOR._domainkey.DOMAIN
	Key      crypto.Signer
}

// Sender hands letters to one mail server.
type Sender struct {
	config Config
	domain string // after the @ of From; Message-IDs end in it
}

var _ outbox.Sender = (*Sender)(nil)

// New checks the configuration. It does not speak to the server yet, so that
// Lidwoord also starts while the mail server is down.
func New(c Config) (*Sender, error) {
	if c.Security == "" {
		c.Security = STARTTLS
	}
	if c.Port == 0 {
		c.Port = map[Security]int{STARTTLS: 587, TLS: 465, None: 25}[c.Security]
	}
	from, err := mail.ParseAddress(c.From)
	switch {
	case c.Host == "":
		return nil, errors.New("smtp: name the mail server (host)")
	case c.Security != STARTTLS && c.Security != TLS && c.Security != None:
		return nil, fmt.Errorf("smtp: security is %q; choose starttls, tls or none", c.Security)
	case err != nil || from.Address != c.From:
		return nil, fmt.Errorf("smtp: from is %q; give one bare address", c.From)
	case c.Username != "" && c.Security == None:
		return nil, errors.New("smtp: a password is never sent in the open; choose starttls or tls")
	}
	_, domain, _ := strings.Cut(c.From, "@")
	if c.DKIM != nil {
		if err := c.DKIM.check(domain); err != nil {
			return nil, err
		}
	}
	return &Sender{config: c, domain: domain}, nil
}

// Send hands over one letter. Its error is a *outbox.Refusal.
func (s *Sender) Send(ctx context.Context, m outbox.Mail) error {
	raw, err := s.message(m)
	if err != nil {
		return &outbox.Refusal{Code: "unwritable", Permanent: true, Cause: err}
	}
	dialer, err := gomail.NewClient(s.config.Host, s.options(m)...)
	if err != nil {
		return &outbox.Refusal{Code: "configuration", Cause: err}
	}
	server, err := dialer.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return refusedAtTheDoor(err)
	}
	// The library minds ctx while it connects only, and its Close waits for the
	// answer under way; closing the line below it frees us at once.
	hangUp := func() { server.Text.Close() }
	defer hangUp()
	defer context.AfterFunc(ctx, hangUp)()

	if about, err := s.hand(server, m, raw); err != nil {
		return refused(ctx, about, err)
	}
	server.Quit() // the letter is theirs now, whatever they say to our goodbye
	return nil
}

// subject is what a server was answering to.
type subject int

const (
	us        subject = iota // our own address
	theLetter                // the recipient, or the text
)

// hand goes through the three steps of RFC 5321 §3.3.
func (s *Sender) hand(server *gosmtp.Client, m outbox.Mail, raw []byte) (subject, error) {
	if err := server.UpdateDeadline(timeout); err != nil {
		return us, err
	}
	from := s.config.From
	if s.config.Returns != nil && m.ID != "" {
		from = s.config.Returns.Address(m.ID)
		// A server that knows DSN (RFC 3461) tells of failures only, and sends no text back.
		server.SetDSNMailReturnOption("HDRS")
		server.SetDSNRcptNotifyOption("FAILURE")
	}
	if err := server.Mail(angled(from)); err != nil {
		return us, err
	}
	if err := server.Rcpt(angled(m.To)); err != nil {
		return theLetter, err
	}
	w, err := server.Data()
	if err != nil {
		return theLetter, err
	}
	if _, err := w.Write(raw); err != nil {
		return theLetter, err
	}
	return theLetter, w.Close()
}

func angled(address string) string { return (&mail.Address{Address: address}).String() }

func (s *Sender) options(m outbox.Mail) []gomail.Option {
	c := s.config
	o := []gomail.Option{
		gomail.WithPort(c.Port), gomail.WithTimeout(timeout), gomail.WithHELO(s.domain), gomail.WithoutNoop(),
		gomail.WithTLSConfig(&tls.Config{ServerName: c.Host, RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12}),
	}
	if !foreign(m.To) {
		// Asking for SMTPUTF8 without need closes the road past every older server.
		o = append(o, gomail.WithoutSMTPUTF8())
	}
	switch c.Security {
	case TLS:
		o = append(o, gomail.WithSSL())
	case STARTTLS:
		o = append(o, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case None:
		o = append(o, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if c.Username != "" {
		o = append(o, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(c.Username), gomail.WithPassword(string(c.Password)))
	}
	return o
}

// refusedAtTheDoor is trouble before our letter was named: the network, the
// certificate, our login. It says nothing about the letter, so even a 5xx here
// (a password that expired) must not make letters dead.
func refusedAtTheDoor(err error) *outbox.Refusal {
	var said *textproto.Error
	var certificate *tls.CertificateVerificationError
	code := "unreachable"
	switch {
	case errors.As(err, &said):
		code = "login " + strconv.Itoa(said.Code)
	case errors.As(err, &certificate):
		code = "certificate"
	case errors.Is(err, context.DeadlineExceeded):
		code = "timeout"
	case strings.Contains(err.Error(), "STARTTLS"):
		code = "no starttls"
	}
	return &outbox.Refusal{Code: code, Cause: err}
}

// refused reads the server's answer to our letter: 5xx to the recipient or to
// the text is for good (RFC 5321 §4.2.1), but 5xx to our own address is about
// the configuration, and mending that should let the letters go.
func refused(ctx context.Context, about subject, err error) *outbox.Refusal {
	var said *textproto.Error
	if !errors.As(err, &said) {
		code := "interrupted"
		if ctx.Err() != nil {
			code = "timeout"
		}
		return &outbox.Refusal{Code: code, Cause: err}
	}
	code := strconv.Itoa(said.Code)
	if more := enhanced.FindString(said.Msg); more != "" {
		code += " " + more
	}
	return &outbox.Refusal{Code: code, Permanent: about == theLetter && said.Code >= 500, Cause: err}
}

// enhanced is the finer code at the start of an answer (RFC 3463).
var enhanced = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

func foreign(address string) bool {
	return strings.ContainsFunc(address, func(r rune) bool { return r > unicode.MaxASCII })
}

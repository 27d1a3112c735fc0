package smtp_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
)

// server is a real mail server in the test's own process.
type server struct {
	port     int
	roots    *x509.CertPool
	mu       sync.Mutex
	mails    []received
	login    string       // "name:password" that it asks for; "" for none
	onSender func() error // answers to MAIL FROM, RCPT TO, DATA
	onRcpt   func(to string) error
	onData   func() error
}

type received struct {
	from, to string
	notify   string // of what a notice is wanted (RFC 3461)
	ret      string // and how much of the letter in it
	raw      []byte
	tls      bool
}

// serve starts a server. wire is "starttls", "tls" or "none".
func serve(t *testing.T, wire string) *server {
	t.Helper()
	cert, roots := certificate(t)
	s := &server{roots: roots}
	g := gosmtp.NewServer(gosmtp.BackendFunc(func(c *gosmtp.Conn) (gosmtp.Session, error) {
		return &session{server: s, conn: c, in: s.login == ""}, nil
	}))
	g.Domain = "mx.example.org"
	g.ErrorLog = log.New(io.Discard, "", 0)
	g.EnableSMTPUTF8 = true
	g.EnableDSN = true
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	secure := &tls.Config{Certificates: []tls.Certificate{cert}}
	switch wire {
	case "starttls":
		g.TLSConfig = secure
	case "tls":
		l = tls.NewListener(l, secure)
	}
	go g.Serve(l)
	t.Cleanup(func() { g.Close() })
	return s
}

func (s *server) only(t *testing.T) received {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.mails) != 1 {
		t.Fatalf("the server has %d mails, want 1", len(s.mails))
	}
	return s.mails[0]
}

type session struct {
	*server
	conn *gosmtp.Conn
	in   bool
	mail received
}

func (s *session) AuthMechanisms() []string {
	if s.login == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, name, password string) error {
		if name+":"+password != s.login {
			return gosmtp.ErrAuthFailed
		}
		s.in = true
		return nil
	}), nil
}

func (s *session) Mail(from string, o *gosmtp.MailOptions) error {
	if !s.in {
		return gosmtp.ErrAuthRequired
	}
	_, secure := s.conn.TLSConnectionState()
	s.mail = received{from: from, tls: secure, ret: string(o.Return)}
	if s.onSender != nil {
		return s.onSender()
	}
	return nil
}

func (s *session) Rcpt(to string, o *gosmtp.RcptOptions) error {
	s.mail.to = to
	for _, n := range o.Notify {
		s.mail.notify += string(n)
	}
	if s.onRcpt != nil {
		return s.onRcpt(to)
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.onData != nil {
		if err := s.onData(); err != nil {
			return err
		}
	}
	s.mail.raw = bytes.Clone(raw)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, s.mail)
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func answer(code int, enhanced [3]int, text string) error {
	return &gosmtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}

var errHangUp = errors.New("hang up")

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

package smtp_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"lidwoord/adapter/smtp"
	"lidwoord/base/outbox"
	"lidwoord/base/secret"
	"lidwoord/base/words"
)

func letter() outbox.Mail {
	return outbox.Mail{ID: "LETTER1", Kind: "test", To: "zoe@example.org", FromName: "Bibliotheek 't Hoekje, Ĳssel",
		Subject: "Zoë, activeer je account", Lang: words.NL,
		Text: "Dag Zoë,\n\nhttps://example.org/" + strings.Repeat("lang/", 40) + "\n.\nen verder\n",
		HTML: "<p>Dag Zoë, <a href=\"https://example.org/x?a=1&amp;b=2\">activeer</a></p>"}
}

func sender(t *testing.T, s *server, security smtp.Security, change ...func(*smtp.Config)) *smtp.Sender {
	t.Helper()
	c := smtp.Config{Host: "127.0.0.1", Port: s.port, Security: security, From: "post@mail.bind.example", FromName: "Lidwoord", RootCAs: s.roots}
	for _, f := range change {
		f(&c)
	}
	out, err := smtp.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestALetterArrivesWhole(t *testing.T) {
	for _, wire := range []smtp.Security{smtp.STARTTLS, smtp.TLS, smtp.None} {
		t.Run(string(wire), func(t *testing.T) {
			s := serve(t, string(wire))
			m := letter()
			if err := sender(t, s, wire).Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			got := s.only(t)
			if got.tls != (wire != smtp.None) || got.from != "post@mail.bind.example" || got.to != "zoe@example.org" {
				t.Errorf("tls %v, from %q, to %q", got.tls, got.from, got.to)
			}
			head, text, html := read(t, got.raw)
			for name, want := range map[string]string{
				"Subject":        m.Subject,
				"From":           `"Bibliotheek 't Hoekje, Ĳssel" <post@mail.bind.example>`,
				"To":             "<zoe@example.org>",
				"Message-Id":     "<LETTER1@mail.bind.example>",
				"Auto-Submitted": "auto-generated",
			} {
				if decoded(t, name, head.Get(name)) != decoded(t, name, want) {
					t.Errorf("%s is %q, want %q", name, head.Get(name), want)
				}
			}
			if _, err := head.Date(); err != nil {
				t.Errorf("no date: %v", err)
			}
			if lf(text) != m.Text || lf(html) != m.HTML {
				t.Errorf("text %q, html %q", text, html)
			}
		})
	}
}

func lf(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

func decoded(t *testing.T, name, value string) string {
	t.Helper()
	if name == "From" || name == "To" {
		a, err := mail.ParseAddress(value)
		if err != nil {
			t.Fatal(err)
		}
		return a.Name + " at " + a.Address
	}
	plain, err := new(mime.WordDecoder).DecodeHeader(value)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// read takes a mail apart as a mail program does.
func read(t *testing.T, raw []byte) (head mail.Header, text, html string) {
	t.Helper()
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %q: %v", kind, err)
	}
	var parts []string
	for r := multipart.NewReader(msg.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, p.Header.Get("Content-Type"), string(body))
	}
	if len(parts) != 4 || !strings.HasPrefix(parts[0], "text/plain") || !strings.HasPrefix(parts[2], "text/html") {
		t.Fatalf("parts %q; a mail program shows the last one it can, so HTML comes last", parts)
	}
	return msg.Header, parts[1], parts[3]
}

func TestThePasswordGoesOnlyThroughTLS(t *testing.T) {
	s := serve(t, "starttls")
	s.login = "bind:geheim"
	if err := sender(t, s, smtp.STARTTLS, as("bind", "geheim")).Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	s.only(t)
	if _, err := smtp.New(smtp.Config{Host: "x", Security: smtp.None, From: "a@example.org", Username: "bind"}); err == nil {
		t.Error("a login in the open was accepted")
	}

	bare := serve(t, "none") // an attacker who strips STARTTLS, or a server that has none
	bare.login = "bind:geheim"
	r := refusal(t, sender(t, bare, smtp.STARTTLS, as("bind", "geheim")).Send(t.Context(), letter()))
	if r.Permanent || r.Code != "no starttls" || len(bare.mails) != 0 {
		t.Errorf("%+v, %d mails", r, len(bare.mails))
	}
}

func as(name, password string) func(*smtp.Config) {
	return func(c *smtp.Config) { c.Username, c.Password = name, secret.Token(password) }
}

func refusal(t *testing.T, err error) *outbox.Refusal {
	t.Helper()
	var r *outbox.Refusal
	if !errors.As(err, &r) {
		t.Fatalf("error is %v, want a refusal", err)
	}
	return r
}

func TestTroubleThatIsNotTheLettersIsNeverPermanent(t *testing.T) {
	s := serve(t, "starttls")
	s.login = "bind:geheim"
	r := refusal(t, sender(t, s, smtp.STARTTLS, as("bind", "oud wachtwoord")).Send(t.Context(), letter()))
	if r.Permanent || r.Code != "login 535" {
		t.Errorf("wrong password: %+v", r)
	}
	r = refusal(t, sender(t, s, smtp.STARTTLS, func(c *smtp.Config) { c.RootCAs = x509.NewCertPool() }).Send(t.Context(), letter()))
	if r.Permanent || r.Code != "certificate" {
		t.Errorf("unknown certificate: %+v", r)
	}
	r = refusal(t, sender(t, s, smtp.STARTTLS, func(c *smtp.Config) { c.Port = 1 }).Send(t.Context(), letter()))
	if r.Permanent || r.Code != "unreachable" {
		t.Errorf("no server: %+v", r)
	}
	s.login = ""
	s.onSender = func() error { return answer(550, [3]int{5, 7, 1}, "who are you") }
	r = refusal(t, sender(t, s, smtp.STARTTLS).Send(t.Context(), letter()))
	if r.Permanent || r.Code != "550 5.7.1" {
		t.Errorf("our own address refused: %+v", r)
	}
}

func TestAnAnswerAboutTheLetterIsTemporaryOrPermanent(t *testing.T) {
	for _, c := range []struct {
		code      int
		enhanced  [3]int
		permanent bool
		want      string
	}{
		{550, [3]int{5, 1, 1}, true, "550 5.1.1"},
		{552, [3]int{5, 2, 2}, true, "552 5.2.2"},
		{451, [3]int{4, 7, 1}, false, "451 4.7.1"},
		{450, [3]int{4, 2, 0}, false, "450 4.2.0"},
	} {
		s := serve(t, "starttls")
		s.onRcpt = func(to string) error { return answer(c.code, c.enhanced, "sorry "+to) }
		r := refusal(t, sender(t, s, smtp.STARTTLS).Send(t.Context(), letter()))
		if r.Permanent != c.permanent || r.Code != c.want {
			t.Errorf("%d to the recipient: %+v", c.code, r)
		}
		if strings.Contains(r.Error(), "zoe") {
			t.Errorf("the error tells the address: %v", r)
		}
		s.onRcpt, s.onData = nil, func() error { return answer(c.code, c.enhanced, "sorry") }
		r = refusal(t, sender(t, s, smtp.STARTTLS).Send(t.Context(), letter()))
		if r.Permanent != c.permanent || r.Code != c.want {
			t.Errorf("%d to the text: %+v", c.code, r)
		}
	}
}

func TestAServerThatHangsIsLeft(t *testing.T) {
	s := serve(t, "starttls")
	free := make(chan struct{})
	defer close(free)
	s.onData = func() error { <-free; return errHangUp }
	ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	if r := refusal(t, sender(t, s, smtp.STARTTLS).Send(ctx, letter())); r.Permanent || r.Code != "timeout" {
		t.Errorf("%+v", r)
	}
}

func TestTheSignatureHoldsAndASecondSubjectBreaksIt(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.Signer{"rsa": rsaKey, "ed25519": edKey} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, "starttls")
			out := sender(t, s, smtp.STARTTLS, func(c *smtp.Config) {
				c.DKIM = &smtp.DKIM{Domain: "bind.example", Selector: "lw1", Key: key}
			})
			m := letter()
			m.Headers = map[string]string{"List-Unsubscribe": "<https://bind.example/afmelden/x>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
			if err := out.Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			raw := s.only(t).raw
			v := verify(t, raw, key)
			if v.Err != nil || v.Domain != "bind.example" {
				t.Fatalf("signature of %q: %v\n%s", v.Domain, v.Err, raw)
			}
			under := strings.ToLower(strings.Join(v.HeaderKeys, " "))
			for _, h := range []string{"from", "to", "subject", "date", "message-id", "mime-version", "content-type", "list-unsubscribe", "list-unsubscribe-post"} {
				if !strings.Contains(" "+under+" ", " "+h+" ") {
					t.Errorf("%s is not under the signature (%s)", h, under)
				}
			}
			for what, forged := range map[string][]byte{
				"a second subject": append([]byte("Subject: win a prize\r\n"), raw...),
				"a second sender":  append([]byte("From: boss@bank.example\r\n"), raw...),
				"another text":     bytes.Replace(raw, []byte("en verder"), []byte("en anders"), 1),
				"another way out":  bytes.Replace(raw, []byte("afmelden/x"), []byte("afmelden/y"), 1),
			} {
				if v := verify(t, forged, key); v.Err == nil {
					t.Errorf("%s keeps the signature whole", what)
				}
			}
			folded := bytes.Replace(raw, []byte("Auto-Submitted: auto-generated"), []byte("Auto-Submitted:   auto-generated"), 1)
			if v := verify(t, folded, key); v.Err != nil {
				t.Errorf("a server that changed the spaces broke the signature: %v", v.Err)
			}
		})
	}
}

// verify looks at a signature as a receiving server does, with the public key from DNS.
func verify(t *testing.T, raw []byte, key crypto.Signer) *dkim.Verification {
	t.Helper()
	found, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		if name != "lw1._domainkey.bind.example" {
			t.Errorf("looked for the key at %q", name)
		}
		if pub, ok := key.Public().(ed25519.PublicKey); ok {
			return []string{"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(pub)}, nil
		}
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		return []string{"v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)}, err
	}})
	if err != nil || len(found) != 1 {
		t.Fatalf("%d signatures: %v", len(found), err)
	}
	return found[0]
}

func TestAKeyIsReadAsOpensslWritesIt(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	got, err := smtp.ReadKey(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil || !key.Equal(got) {
		t.Errorf("ReadKey: %v", err)
	}
	if _, err := smtp.ReadKey([]byte("geen sleutel")); err == nil {
		t.Error("nonsense was read as a key")
	}
}

func TestAForgedHeaderNeverReachesTheServer(t *testing.T) {
	s := serve(t, "starttls")
	out := sender(t, s, smtp.STARTTLS)
	for name, spoil := range map[string]func(*outbox.Mail){
		"address":     func(m *outbox.Mail) { m.To = "a@example.org\r\nBcc: b@example.org" },
		"name":        func(m *outbox.Mail) { m.FromName = "Bieb\r\nBcc: b@example.org" },
		"subject":     func(m *outbox.Mail) { m.Subject = "Hi\nBcc: b@example.org" },
		"header":      func(m *outbox.Mail) { m.Headers = map[string]string{"X-A": "b\r\nBcc: b@example.org"} },
		"header name": func(m *outbox.Mail) { m.Headers = map[string]string{"X\r\nBcc": "b@example.org"} },
		"own bcc":     func(m *outbox.Mail) { m.Headers = map[string]string{"bcc": "b@example.org"} },
		"two people":  func(m *outbox.Mail) { m.To = "a@example.org,b@example.org" },
		"letter id":   func(m *outbox.Mail) { m.ID = "x>\r\nBcc: b@example.org" },
	} {
		m := letter()
		spoil(&m)
		if r := refusal(t, out.Send(t.Context(), m)); !r.Permanent {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if len(s.mails) != 0 {
		t.Errorf("%d mails reached the server", len(s.mails))
	}
}

func TestAWrongConfigurationIsRefusedAtTheStart(t *testing.T) {
	_, key, _ := ed25519.GenerateKey(rand.Reader)
	good := smtp.Config{Host: "mx.example.org", From: "post@bind.example"}
	for name, spoil := range map[string]func(*smtp.Config){
		"no host":                func(c *smtp.Config) { c.Host = "" },
		"unknown security":       func(c *smtp.Config) { c.Security = "ssl" },
		"no from":                func(c *smtp.Config) { c.From = "" },
		"from with a name":       func(c *smtp.Config) { c.From = "Bieb <post@bind.example>" },
		"DKIM without key":       func(c *smtp.Config) { c.DKIM = &smtp.DKIM{Domain: "bind.example", Selector: "a"} },
		"DKIM of another domain": func(c *smtp.Config) { c.DKIM = &smtp.DKIM{Domain: "example.org", Selector: "a", Key: key} },
	} {
		c := good
		spoil(&c)
		if _, err := smtp.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := smtp.New(good); err != nil {
		t.Error(err)
	}
}

func TestALetterComesBackToAnAddressOfItsOwn(t *testing.T) {
	s := serve(t, "starttls")
	box, err := secret.NewBox(make([]byte, secret.MasterLength))
	if err != nil {
		t.Fatal(err)
	}
	returns, err := outbox.NewReturns("bounce@mail.bind.example", box)
	if err != nil {
		t.Fatal(err)
	}
	m := letter()
	m.ID = secret.NewID()
	if err := sender(t, s, smtp.STARTTLS, func(c *smtp.Config) { c.Returns = returns }).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := s.only(t)
	if id, ok := returns.Letter(got.from); !ok || id != m.ID {
		t.Errorf("it comes back to %q", got.from)
	}
	head, _, _ := read(t, got.raw)
	if id, ok := returns.Letter(head.Get("Message-Id")); !ok || id != m.ID {
		t.Errorf("its Message-ID is %q", head.Get("Message-Id"))
	}
	if a, err := mail.ParseAddress(head.Get("From")); err != nil || a.Address != "post@mail.bind.example" {
		t.Errorf("its reader sees %q", head.Get("From"))
	}
	if got.notify != "FAILURE" || got.ret != "HDRS" {
		t.Errorf("the server was asked to notify of %q and to return %q", got.notify, got.ret)
	}
}

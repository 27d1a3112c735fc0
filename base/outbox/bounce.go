package outbox

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
)

// Notice is what a mail server says about a letter that it could not deliver.
// Nothing else of its message is kept: the text likes to repeat the letter.
type Notice struct {
	Addresses []string // where a letter's own mark may stand, the likeliest first
	Code      string   // "5.1.1" (RFC 3463), or "550" where the server gave no more
	Hard      bool     // a 5: it will not arrive at this address
}

// ErrNoBounce is the answer to whatever tells of no failure: an absence note, a
// notice of delay, a receipt, a person who writes.
var ErrNoBounce = errors.New("outbox: this message tells of no letter that came back")

const (
	// NoticeMost is how much of a message is read. Notices are small, but some
	// servers return the whole letter with it.
	NoticeMost = 1 << 20
	// nestingMost is how deep parts within parts are looked into: a report in a
	// message that a list server wrapped.
	nestingMost = 5
	// partsMost bounds what one message may be made of.
	partsMost = 50
)

// ReadBounce reads a delivery status notification (RFC 3464), or one of the
// older kind that is only text from the mail system. to are the addresses at
// which the mail server says that it came in; they may be left out where its
// headers tell.
func ReadBounce(message io.Reader, to ...string) (Notice, error) {
	m, err := mail.ReadMessage(bufio.NewReader(io.LimitReader(message, NoticeMost)))
	if err != nil {
		return Notice{}, ErrNoBounce
	}
	b := bounce{}
	b.read(textproto.MIMEHeader(m.Header), m.Body, 0)
	n := Notice{Addresses: slices.DeleteFunc(slices.Clone(to), func(a string) bool { return a == "" })}
	for _, name := range []string{"X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "To"} {
		for _, value := range m.Header[textproto.CanonicalMIMEHeaderKey(name)] {
			n.Addresses = append(n.Addresses, addresses(value)...)
		}
	}
	n.Addresses = append(n.Addresses, b.ids...)
	switch {
	case b.failed != "":
		n.Code = b.failed
	case b.report: // it has the proper form, and tells of a delay or a delivery
		return Notice{}, ErrNoBounce
	case fromMailSystem(m.Header):
		n.Code = codeInText(b.text.String())
	}
	if n.Code == "" {
		return Notice{}, ErrNoBounce
	}
	n.Hard = n.Code[0] == '5'
	return n, nil
}

// bounce gathers what the parts of a notice tell.
type bounce struct {
	report bool            // there was a part message/delivery-status
	failed string          // the code of a recipient who is not reached
	ids    []string        // Message-IDs of the letter that is returned with it
	text   strings.Builder // what a person would read
	parts  int
}

// read goes through one part. What is broken in it is passed over: the part
// beside it may hold what we look for.
func (b *bounce) read(header textproto.MIMEHeader, body io.Reader, depth int) {
	if b.parts++; depth > nestingMost || b.parts > partsMost {
		return
	}
	kind, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	switch strings.ToLower(header.Get("Content-Transfer-Encoding")) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable": // multipart.Reader has done it and taken the header away
		body = quotedprintable.NewReader(body)
	}
	switch {
	case strings.HasPrefix(kind, "multipart/") && params["boundary"] != "":
		parts := multipart.NewReader(body, params["boundary"])
		for b.parts <= partsMost {
			part, err := parts.NextPart()
			if err != nil {
				return
			}
			b.read(part.Header, part, depth+1)
		}
	case kind == "message/delivery-status", kind == "message/global-delivery-status":
		b.report = true
		b.readStatus(body)
	case kind == "message/rfc822", kind == "message/global", kind == "text/rfc822-headers", kind == "message/global-headers":
		b.readReturned(body)
	case strings.HasPrefix(kind, "text/plain"):
		text, _ := io.ReadAll(body)
		b.text.Write(text)
		// Without parts the letter stands below the text.
		for _, m := range messageID.FindAllSubmatch(text, partsMost) {
			b.ids = append(b.ids, string(m[1]))
		}
	}
}

// readStatus reads the fields for each recipient. Some servers leave out the
// empty line between recipients, or the group that is about the message.
func (b *bounce) readStatus(body io.Reader) {
	text, _ := io.ReadAll(body)
	var recipient, action, status, diagnostic string
	settle := func() {
		if b.failed == "" && (action == "failed" || action == "" && strings.HasPrefix(status, "5")) {
			b.failed = statusCode(status, diagnostic)
		}
		recipient, action, status, diagnostic = "", "", "", ""
	}
	for line := range bytes.Lines(text) {
		line := strings.TrimSpace(string(line))
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "":
			settle()
		case "final-recipient":
			if recipient != "" {
				settle()
			}
			recipient = value
		case "action":
			action, _, _ = strings.Cut(strings.ToLower(value), " ") // "failed (expired)"
		case "status":
			status = value
		case "diagnostic-code":
			diagnostic = value
		}
	}
	settle()
}

func (b *bounce) readReturned(body io.Reader) {
	m, err := mail.ReadMessage(bufio.NewReader(io.MultiReader(body, strings.NewReader("\r\n\r\n")))) // headers alone have no end
	if err == nil {
		b.ids = append(b.ids, m.Header.Get("Message-Id"))
	}
}

var (
	messageID = regexp.MustCompile(`(?im)^[> ]*message-id:\s*(<[^<>\s]{3,200}>)`)
	finer     = regexp.MustCompile(`\b[45]\.[0-9]{1,3}\.[0-9]{1,3}\b`)
	coarse    = regexp.MustCompile(`(?:^|[\s#;:(])([45][0-9]{2})(?:[\s-]|$)`)
)

// statusCode is the code of a failure. A bare 5.0.0 says less than the answer of
// the server that refused.
func statusCode(status, diagnostic string) string {
	code := finer.FindString(status)
	if code == "" || strings.HasSuffix(code, ".0.0") {
		if better := codeInText(diagnostic); better != "" {
			return better
		}
	}
	if code == "" {
		return "5.0.0" // it says that it failed, and not why
	}
	return code
}

func codeInText(text string) string {
	if code := finer.FindString(text); code != "" {
		return code
	}
	if m := coarse.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// fromMailSystem tells an old notice from an absence note, which goes to the
// same address. Its writer is always called so.
func fromMailSystem(h mail.Header) bool {
	from := strings.ToLower(h.Get("From"))
	return strings.Contains(from, "mailer-daemon") || strings.Contains(from, "postmaster@") || strings.Contains(from, "mail delivery s")
}

// addresses reads a header that holds addresses; one that is broken is taken as
// it stands.
func addresses(value string) (list []string) {
	parsed, err := mail.ParseAddressList(value)
	if err != nil {
		return []string{strings.Trim(strings.TrimSpace(value), "<>")}
	}
	for _, a := range parsed {
		list = append(list, a.Address)
	}
	return list
}

// LetterOf finds the letter that a notice is about. ok is false when nothing in
// it bears our mark: a notice that somebody made up, or of another's letter.
func (r *Returns) LetterOf(n Notice) (id string, ok bool) {
	for _, address := range n.Addresses {
		if id, ok := r.Letter(address); ok {
			return id, true
		}
	}
	return "", false
}

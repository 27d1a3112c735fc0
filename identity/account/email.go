package account

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"lidwoord/base/fault"
)

// ErrEmail means that no letter can be sent to this address.
var ErrEmail = fault.New(fault.Invalid, "account.email")

// longestEmail is what a mail server takes (RFC 5321 §4.5.3.1.3, less the brackets).
const longestEmail = 254

// readEmail tidies an address. Whether it is somebody's is what the link is for;
// here we only refuse what no server would take, or what would smuggle a second
// address or header into the letter.
func readEmail(typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	if len(typed) > longestEmail || !utf8.ValidString(typed) || strings.ContainsFunc(typed, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return "", ErrEmail
	}
	a, err := mail.ParseAddress(typed)
	if err != nil || a.Name != "" || a.Address != typed {
		return "", ErrEmail
	}
	local, domain, _ := strings.Cut(typed, "@")
	if local == "" || len(local) > 64 || !strings.Contains(strings.Trim(domain, "."), ".") || strings.Contains(domain, "@") {
		return "", ErrEmail
	}
	return local + "@" + strings.ToLower(domain), nil // only the domain ignores capitals for certain
}

// emailKey is how addresses are looked up: as sameAddress compares them, but that
// A–Z are folded beside other letters too. What is found by it is therefore
// compared once more. It also takes what is no address.
func emailKey(typed string) string {
	typed = strings.ToValidUTF8(strings.TrimSpace(typed), "\ufffd")
	if utf8.RuneCountInString(typed) > longestEmail {
		typed = string([]rune(typed)[:longestEmail])
	}
	if at := strings.LastIndexByte(typed, '@'); at >= 0 { // readEmail keeps domains so
		typed = typed[:at] + strings.ToLower(typed[at:])
	}
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, typed)
}

// masked is an address by which its owner knows it, and nobody learns it: the old mailbox
// may be the one that its owner left because others read it.
func masked(email string) string {
	local, domain, _ := strings.Cut(email, "@")
	dot := strings.LastIndexByte(domain, '.')
	if local == "" || dot <= 0 {
		return ""
	}
	first, _ := utf8.DecodeRuneInString(local)
	host, _ := utf8.DecodeRuneInString(domain)
	return string(first) + "…@" + string(host) + "…" + domain[dot:]
}

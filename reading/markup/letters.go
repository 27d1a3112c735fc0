package markup

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// unread are elements whose content nobody was to read anyhow.
var unread = set(`title script style noscript template iframe object annotation annotation-xml`)

// Letters counts the letters and digits of a chapter that people read. It looks for
// no structure, so that it also counts what stands behind a comment or an element
// that was never closed: Clean loses that, and who compares knows how much.
func Letters(text []byte) (n int) {
	text = UTF8(text)
	for i := 0; i < len(text); {
		rest := text[i:]
		switch c := rest[0]; {
		case c == '<':
			i += markLength(rest)
		case c == '&':
			if end := bytes.IndexByte(rest[:min(len(rest), 12)], ';'); end > 1 {
				n, i = n+1, i+end
			}
			i++
		case c < utf8.RuneSelf:
			if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' {
				n++
			}
			i++
		default:
			r, size := utf8.DecodeRune(rest)
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				n++
			}
			i += size
		}
	}
	return n
}

// markLength is how long the tag, the comment or the unread element is with which a
// text begins. One that does not end is no longer than its first sign.
func markLength(text []byte) int {
	if len(text) < 2 || text[1] != '/' && text[1] != '!' && text[1] != '?' && !unicode.IsLetter(rune(text[1])) {
		return 1
	}
	for _, pair := range [][2]string{{"<!--", "-->"}, {"<![CDATA[", ""}} {
		if text[1] == '!' && bytes.HasPrefix(text, []byte(pair[0])) {
			if end := bytes.Index(text, []byte(pair[1])); pair[1] != "" && end > 0 {
				return end + len(pair[1])
			}
			return len(pair[0])
		}
	}
	end := 1
	for end < len(text) && text[end] != '<' && text[end] != '>' {
		end++
	}
	if end == len(text) {
		return 1
	}
	if text[end] == '<' { // a tag that was broken off
		return end
	}
	name := unreadName(text[1:end])
	if name != "" && text[end-1] != '/' {
		closing := []byte("</" + name)
		for at := end; ; at++ {
			next := bytes.IndexByte(text[at:], '<')
			if next < 0 {
				break
			}
			if at += next; len(text)-at >= len(closing) && bytes.EqualFold(text[at:at+len(closing)], closing) {
				return at
			}
		}
	}
	return end + 1
}

// unreadName is the name of an unread element with which a tag begins, "" for any other.
func unreadName(tag []byte) string {
	var name [len("annotation-xml")]byte
	for i, c := range tag {
		if strings.IndexByte(" \t\r\n/", c) >= 0 {
			tag = tag[:i]
			break
		}
		if i == len(name) {
			return ""
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		name[i] = c
	}
	if lower := string(name[:len(tag)]); unread[lower] {
		return lower
	}
	return ""
}

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
	gone := over{}
	for i := 0; i < len(text); {
		rest := text[i:]
		switch c := rest[0]; {
		case c == '<':
			i += gone.markLength(rest)
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

// over are the words that close something and do not come any more in a text that is
// walked through. A text may open a million comments and close none: without this each
// would be looked for until the end.
type over map[string]bool

// markLength is how long the tag, the comment or the unread element is with which a
// text begins. One that does not end is no longer than its first sign.
func (gone over) markLength(text []byte) int {
	if len(text) < 2 || text[1] != '/' && text[1] != '!' && text[1] != '?' && !unicode.IsLetter(rune(text[1])) {
		return 1
	}
	switch begin := "<!--"; {
	case bytes.HasPrefix(text, []byte(begin)):
		if end := gone.find(text, "-->"); end > 0 {
			return end + len("-->")
		}
		return len(begin)
	case bytes.HasPrefix(text, []byte("<![CDATA[")):
		return len("<![CDATA[")
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
	if name := unreadName(text[1:end]); name != "" && text[end-1] != '/' {
		if at := gone.find(text, "</"+name); at > 0 {
			return at
		}
	}
	return end + 1
}

// find is where a closing word begins, in whatever case it is written, -1 when it does
// not come.
func (gone over) find(text []byte, closing string) int {
	for at := 0; !gone[closing]; at++ {
		next := bytes.IndexByte(text[at:], closing[0])
		if next < 0 {
			gone[closing] = true
			break
		}
		if at += next; len(text)-at >= len(closing) && strings.EqualFold(string(text[at:at+len(closing)]), closing) {
			return at
		}
	}
	return -1
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

package markup

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// CleanCSS takes out what loads from elsewhere: of every address only those of files
// of the book stay. A browser reads \75 rl( and u\72l( as url(, so the sheet is read
// into tokens as browsers do, and written anew with plain names. It is the second
// wall: the reader page's policy refuses such loads whatever a style sheet says.
func CleanCSS(text string) string { return cleanCSS(text, isInside) }

// cleanPaint does the same for an attribute of a drawing, which may only point at
// something in that drawing.
func cleanPaint(value string) string {
	return cleanCSS(value, func(address string) bool { return strings.HasPrefix(address, "#") && isInside(address) })
}

// Functions in which a string is an address.
var cssAddresses = set(`url src image image-set -webkit-image-set -moz-image-set alphaimageloader`)

// Functions whose value comes from elsewhere in the sheet: inside an address nobody
// can see here what it will be.
var cssBorrowed = set(`var attr env if inherit first-valid`)

// What old browsers ran.
var cssOld = set(`expression -moz-binding behavior javascript`)

func cleanCSS(text string, may func(address string) bool) string {
	c := &css{rest: plainCSS(text), may: may}
	for c.rest != "" {
		c.token()
	}
	return c.out.String()
}

// plainCSS makes of what is no text a blank, before anything is read: what is dropped
// afterwards would join what stood on either side of it.
func plainCSS(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r' || r == '\f':
			return '\n'
		case r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r == utf8.RuneError || r == 0xFFFE || r == 0xFFFF:
			return ' '
		}
		return r
	}, text)
}

// css reads a style sheet and writes it anew.
type css struct {
	rest string
	out  strings.Builder
	may  func(address string) bool
	open []byte // brackets that are open, outermost first; 'a' is one in which strings are addresses
}

// token reads one token and writes it.
func (c *css) token() {
	r := c.rest
	switch {
	case strings.HasPrefix(r, "/*"):
		_, after, _ := strings.Cut(r[2:], "*/")
		c.rest = after
		c.out.WriteString("/**/")
	case strings.HasPrefix(r, "<!--"):
		c.rest = r[4:]
		c.out.WriteByte(' ')
	case strings.HasPrefix(r, "-->"):
		c.rest = r[3:]
		c.out.WriteByte(' ')
	case r[0] == '"' || r[0] == '\'':
		value := c.quoted()
		if c.inAddress() && !c.may(value) {
			value = ""
		}
		c.out.WriteString(quoteCSS(value))
	case r[0] == '@' && startsName(r[1:]):
		c.rest = r[1:]
		if name := c.name(); strings.EqualFold(name, "import") {
			c.skipRule()
			c.out.WriteString("/**/")
		} else {
			c.out.WriteString("@" + nameCSS(name))
		}
	case startsName(r):
		c.word(c.name())
	default:
		c.sign()
	}
}

// word writes a name that was read, and what belongs to it when it is a function.
func (c *css) word(name string) {
	lower := strings.ToLower(name)
	function := strings.HasPrefix(c.rest, "(")
	switch {
	case cssOld[lower], function && c.inAddress() && (cssBorrowed[lower] || strings.HasPrefix(lower, "--")):
		name = "-none-"
	case function && lower == "url":
		if inside := strings.TrimLeft(c.rest[1:], " \t\n"); inside == "" || inside[0] != '"' && inside[0] != '\'' {
			c.rest = inside
			value, ok := c.bare()
			if !ok || !c.may(value) {
				value = ""
			}
			c.out.WriteString("url(" + quoteCSS(value) + ")")
			return
		}
	}
	c.out.WriteString(nameCSS(name))
	if function {
		c.rest = c.rest[1:]
		c.out.WriteByte('(')
		if cssAddresses[lower] {
			c.open = append(c.open, 'a')
		} else {
			c.open = append(c.open, '(')
		}
	}
}

// sign writes one character that is no part of a name or string.
func (c *css) sign() {
	r, n := utf8.DecodeRuneInString(c.rest)
	c.rest = c.rest[n:]
	switch r {
	case '(', '[', '{':
		c.open = append(c.open, byte(r))
	case ')', ']', '}':
		if top := len(c.open) - 1; top >= 0 && closes(c.open[top]) == r {
			c.open = c.open[:top]
		}
	case '<', '\\':
		r = ' '
	}
	c.out.WriteRune(r)
}

func closes(open byte) rune {
	switch open {
	case '[':
		return ']'
	case '{':
		return '}'
	}
	return ')'
}

func (c *css) inAddress() bool { return slices.Contains(c.open, 'a') }

// skipRule passes over the rest of a rule.
func (c *css) skipRule() {
	skipped := &css{rest: c.rest, may: c.may}
	for skipped.rest != "" {
		if len(skipped.open) == 0 {
			if skipped.rest[0] == '}' {
				break
			}
			if skipped.rest[0] == ';' {
				skipped.rest = skipped.rest[1:]
				break
			}
		}
		block := len(skipped.open) == 1 && skipped.open[0] == '{'
		skipped.token()
		if block && len(skipped.open) == 0 {
			break
		}
	}
	c.rest = skipped.rest
}

// quoted reads a string. One that never ends, or ends with its line, is empty.
func (c *css) quoted() string {
	var b strings.Builder
	end := rune(c.rest[0])
	c.rest = c.rest[1:]
	for c.rest != "" {
		r, n := utf8.DecodeRuneInString(c.rest)
		switch {
		case r == end:
			c.rest = c.rest[n:]
			return b.String()
		case r == '\n':
			return ""
		case strings.HasPrefix(c.rest, "\\\n"):
			c.rest = c.rest[2:]
		case r == '\\':
			b.WriteRune(c.escape())
		default:
			b.WriteRune(r)
			c.rest = c.rest[n:]
		}
	}
	return ""
}

// bare reads an address without quotes, to and with its bracket.
func (c *css) bare() (string, bool) {
	var b strings.Builder
	ok := true
	for c.rest != "" {
		r, n := utf8.DecodeRuneInString(c.rest)
		switch {
		case r == ')':
			c.rest = c.rest[n:]
			return strings.TrimRight(b.String(), " \t\n"), ok
		case strings.HasPrefix(c.rest, "\\\n"):
			ok, c.rest = false, c.rest[2:]
		case r == '\\':
			b.WriteRune(c.escape())
		default:
			ok = ok && !strings.ContainsRune(`"'(`, r)
			b.WriteRune(r)
			c.rest = c.rest[n:]
		}
	}
	return strings.TrimRight(b.String(), " \t\n"), ok
}

// startsName says whether a name begins here.
func startsName(s string) bool {
	if after, found := strings.CutPrefix(s, "-"); found {
		return strings.HasPrefix(after, "-") || startsLetter(after)
	}
	return startsLetter(s)
}

func startsLetter(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return s != "" && (inName(r) && r != '-' && (r < '0' || r > '9') || r == '\\' && len(s) > 1 && s[1] != '\n')
}

// name reads a name, with its escapes undone.
func (c *css) name() string {
	var b strings.Builder
	for c.rest != "" {
		r, n := utf8.DecodeRuneInString(c.rest)
		switch {
		case inName(r):
			b.WriteRune(r)
			c.rest = c.rest[n:]
		case r == '\\' && len(c.rest) > 1 && c.rest[1] != '\n':
			b.WriteRune(c.escape())
		default:
			return b.String()
		}
	}
	return b.String()
}

// escape reads a backslash with what it stands for.
func (c *css) escape() rune {
	s := c.rest[1:]
	n := 0
	for n < len(s) && n < 6 && strings.IndexByte("0123456789abcdefABCDEF", s[n]) >= 0 {
		n++
	}
	if n == 0 {
		r, size := utf8.DecodeRuneInString(s)
		c.rest = s[size:]
		return r
	}
	code, _ := strconv.ParseUint(s[:n], 16, 32)
	if s = s[n:]; s != "" && strings.IndexByte(" \t\n", s[0]) >= 0 {
		s = s[1:]
	}
	c.rest = s
	if r := rune(code); code != 0 && utf8.ValidRune(r) {
		return r
	}
	return utf8.RuneError
}

// inName says what a name is made of. Browsers differ about letters beyond ASCII: what
// not all of them take for part of a name begins a new one here.
func inName(r rune) bool {
	switch {
	case r < 0x80:
		return r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	case r < 0x2000:
		return r == 0xb7 || r >= 0xc0 && r != 0xd7 && r != 0xf7 && r != 0x37e
	case r < 0x10000:
		return r == 0x200c || r == 0x200d || r == 0x203f || r == 0x2040 || 0x2070 <= r && r <= 0x218f || 0x2c00 <= r && r <= 0x2fef ||
			0x3001 <= r && r <= 0xd7ff || 0xf900 <= r && r <= 0xfdcf || 0xfdf0 <= r && r < utf8.RuneError
	}
	return true
}

// nameCSS writes a name; what a name cannot hold is escaped in one way.
func nameCSS(name string) string {
	var b strings.Builder
	for i, r := range name {
		digit := '0' <= r && r <= '9'
		if inName(r) && !(digit && (i == 0 || i == 1 && name[0] == '-')) && name != "-" {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "\\%x ", r)
		}
	}
	return b.String()
}

// quoteCSS writes a string in which neither CSS nor the markup around it sees anything
// but text.
func quoteCSS(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		if r < ' ' || strings.ContainsRune(`"\<>&`, r) || r == 0x7f || r == utf8.RuneError || r == 0xFFFE || r == 0xFFFF {
			fmt.Fprintf(&b, "\\%x ", r)
		} else {
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

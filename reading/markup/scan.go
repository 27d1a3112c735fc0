package markup

import (
	"encoding/xml"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// scan builds the same tree as decode of a document that is written as nearly all
// are: names in ASCII, no DTD of its own, no other encoding. It takes a third of the
// time. Of anything else, and of whatever is wrong, it answers false; then decode
// knows the rules.
func scan(text []byte) (root *html.Node, ok bool) {
	whole := lines.Replace(string(text))
	if !plainText(whole) {
		return nil, false
	}
	root = &html.Node{Type: html.DocumentNode}
	s := &scanner{rest: whole, at: root}
	for s.rest != "" {
		if !s.next() {
			return nil, false
		}
	}
	return root, s.seen && len(s.open) == 0
}

// lines ends lines as XML reads their ends.
var lines = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// scanner cuts a document into names and values that all lie in one string.
type scanner struct {
	rest   string
	at     *html.Node
	seen   bool
	open   []string // names of the elements that are open, as they were written
	spaces []bound  // namespaces that were declared, innermost last
	nodes  []html.Node
	attrs  []html.Attribute
	raw    []html.Attribute // of the tag that is being read, as they were written
}

// bound is what a prefix means within an element.
type bound struct {
	prefix, space string
	depth         int
}

// maxBound is how many namespaces may hold at once: each name is looked up among them.
const maxBound = 16

// next reads up to the end of one text or tag.
func (s *scanner) next() bool {
	switch r := s.rest; {
	case r[0] != '<':
		end := strings.IndexByte(r, '<')
		if end < 0 {
			end = len(r)
		}
		s.rest = r[end:]
		return !strings.Contains(r[:end], "]]>") && s.text(r[:end])
	case strings.HasPrefix(r, "</"):
		return s.end()
	case strings.HasPrefix(r, "<!--"):
		inside, ok := s.upTo(4, "-->")
		return ok && !strings.Contains(inside, "--") && !strings.HasSuffix(inside, "-")
	case strings.HasPrefix(r, "<![CDATA["):
		inside, ok := s.upTo(9, "]]>")
		if ok {
			s.append(html.TextNode, inside)
		}
		return ok
	case strings.HasPrefix(r, "<!DOCTYPE"):
		inside, ok := s.upTo(9, ">")
		double, single := strings.Count(inside, `"`), strings.Count(inside, "'")
		return ok && !strings.ContainsAny(inside, "<[") && double%2 == 0 && single%2 == 0 && (double == 0 || single == 0)
	case strings.HasPrefix(r, "<?"):
		inside, ok := s.upTo(2, "?>")
		return ok && instruction(inside)
	case strings.HasPrefix(r, "<!"):
		return false
	}
	return s.start()
}

// upTo steps over a number of bytes and what follows up to a mark, and over the mark.
func (s *scanner) upTo(skip int, mark string) (inside string, ok bool) {
	inside, s.rest, ok = strings.Cut(s.rest[skip:], mark)
	return inside, ok
}

// instruction looks at what stands between <? and ?>. Only the declaration of XML itself
// means anything to us, when it names another encoding.
func instruction(inside string) bool {
	name, n := name(inside)
	if n == 0 {
		return false
	}
	if !strings.EqualFold(name, "xml") {
		return true
	}
	once := func(word, value string) bool {
		return strings.Count(inside, word) == 1 &&
			(strings.Contains(inside, word+`="`+value+`"`) || strings.Contains(inside, word+`='`+value+`'`))
	}
	return name == "xml" && once("version", "1.0") &&
		(!strings.Contains(inside, "encoding") || once("encoding", "utf-8") || once("encoding", "UTF-8"))
}

// start reads a tag that opens an element.
func (s *scanner) start() bool {
	s.rest = s.rest[1:]
	tag, n := name(s.rest)
	if n == 0 || len(s.open) == maxDepth {
		return false
	}
	s.rest = s.rest[n:]
	s.raw = s.raw[:0]
	for {
		before := len(s.rest)
		s.blanks()
		if strings.HasPrefix(s.rest, ">") || strings.HasPrefix(s.rest, "/>") {
			break
		}
		if len(s.rest) == before || !s.attribute() {
			return false
		}
	}
	s.open = append(s.open, tag)
	if !s.element(tag) {
		return false
	}
	if s.rest[0] == '/' {
		s.rest = s.rest[2:]
		s.close()
	} else {
		s.rest = s.rest[1:]
	}
	return true
}

// attribute reads a name and its value between quotation marks.
func (s *scanner) attribute() bool {
	key, n := name(s.rest)
	if n == 0 {
		return false
	}
	s.rest = s.rest[n:]
	s.blanks()
	if !strings.HasPrefix(s.rest, "=") {
		return false
	}
	s.rest = s.rest[1:]
	s.blanks()
	if s.rest == "" || s.rest[0] != '"' && s.rest[0] != '\'' {
		return false
	}
	value, ok := s.upTo(1, s.rest[:1])
	if !ok || strings.Contains(value, "<") {
		return false
	}
	if value, ok = unescaped(value); ok {
		s.raw = append(s.raw, html.Attribute{Key: key, Val: value})
	}
	return ok
}

// element puts an element into the tree, with what its names mean here.
func (s *scanner) element(tag string) bool {
	for _, a := range s.raw {
		if prefix, declared := strings.CutPrefix(a.Key, "xmlns:"); declared || a.Key == "xmlns" {
			if !declared {
				prefix = ""
			}
			s.spaces = append(s.spaces, bound{prefix, a.Val, len(s.open)})
		}
	}
	if len(s.spaces) > maxBound {
		return false
	}
	prefix, local := split(tag)
	if prefix == "xmlns" || local == "xmlns" {
		return false
	}
	n := s.append(html.ElementNode, local)
	n.Namespace = elementSpace(s.space(prefix))
	first := len(s.attrs)
	for _, a := range s.raw {
		prefix, local := split(a.Key)
		space := ""
		if prefix != "" {
			space = s.space(prefix)
		}
		if key, keep := attributeKey(space, local); keep {
			s.attrs = append(s.attrs, html.Attribute{Key: key, Val: a.Val})
		}
	}
	if len(s.attrs) > first {
		n.Attr = s.attrs[first:len(s.attrs):len(s.attrs)]
	}
	s.at, s.seen = n, true
	return true
}

// space is what a prefix means here; one that nobody declared means itself.
func (s *scanner) space(prefix string) string {
	if prefix == "xml" || prefix == "xmlns" {
		return prefix
	}
	for i := len(s.spaces) - 1; i >= 0; i-- {
		if s.spaces[i].prefix == prefix {
			return s.spaces[i].space
		}
	}
	return prefix
}

// end reads a tag that closes an element.
func (s *scanner) end() bool {
	tag, ok := s.upTo(2, ">")
	if !ok || len(s.open) == 0 || strings.TrimRight(tag, " \t\n") != s.open[len(s.open)-1] {
		return false
	}
	s.close()
	return true
}

func (s *scanner) close() {
	for len(s.spaces) > 0 && s.spaces[len(s.spaces)-1].depth == len(s.open) {
		s.spaces = s.spaces[:len(s.spaces)-1]
	}
	s.open = s.open[:len(s.open)-1]
	s.at = s.at.Parent
}

func (s *scanner) text(written string) bool {
	text, ok := unescaped(written)
	if ok {
		s.append(html.TextNode, text)
	}
	return ok
}

// append puts a node at the end of the element that is open. Nodes are made by the
// hundred: each by itself costs more than all the rest here.
func (s *scanner) append(kind html.NodeType, data string) *html.Node {
	if len(s.nodes) == 0 {
		s.nodes = make([]html.Node, 100)
	}
	n := &s.nodes[0]
	s.nodes = s.nodes[1:]
	n.Type, n.Data = kind, data
	s.at.AppendChild(n)
	return n
}

func (s *scanner) blanks() { s.rest = strings.TrimLeft(s.rest, " \t\n") }

// name reads a name in ASCII, with one prefix at most; n is 0 for any other.
func name(s string) (name string, n int) {
	colons := 0
	for n < len(s) {
		c := s[n]
		if c >= utf8.RuneSelf {
			return "", 0
		}
		if c == ':' {
			colons++
		} else if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || n > 0 && ('0' <= c && c <= '9' || c == '-' || c == '.')) {
			break
		}
		n++
	}
	if n == 0 || colons > 1 || s[0] == ':' || s[n-1] == ':' {
		return "", 0
	}
	return s[:n], n
}

func split(name string) (prefix, local string) {
	if i := strings.IndexByte(name, ':'); i >= 0 {
		return name[:i], name[i+1:]
	}
	return "", name
}

// longestEntity is how far behind a & we look for its end.
const longestEntity = 40

// unescaped undoes the entities in a text.
func unescaped(text string) (string, bool) {
	if strings.IndexByte(text, '&') < 0 {
		return text, true
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "&")
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		name, _, closed := strings.Cut(after[:min(len(after), longestEntity)], ";")
		value, known := entity(name)
		if !closed || !known {
			return "", false
		}
		b.WriteString(value)
		text = after[len(name)+1:]
	}
}

func entity(name string) (string, bool) {
	switch name {
	case "amp":
		return "&", true
	case "lt":
		return "<", true
	case "gt":
		return ">", true
	case "quot":
		return `"`, true
	case "apos":
		return "'", true
	}
	digits, isNumber := strings.CutPrefix(name, "#")
	if !isNumber {
		value, known := xml.HTMLEntity[name]
		return value, known
	}
	base := 10
	if hex, isHex := strings.CutPrefix(digits, "x"); isHex {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n < ' ' || 0xD800 <= n && n < 0xE000 || n == 0xFFFE || n == 0xFFFF || n > utf8.MaxRune {
		return "", false
	}
	return string(rune(n)), true
}

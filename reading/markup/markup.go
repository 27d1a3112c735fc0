// Package markup is the writing of a book: chapters, drawings and styles that
// somebody else made, read so that nothing in them can run.
//
//	Parse    reads a chapter, a drawing or a table of contents into a tree
//	Clean    writes it anew without scripts, forms and addresses of strangers
//	CleanCSS does the same for a style sheet
//	Inline   makes a clean chapter fit to stand inside a page of ours
//	Resolve  finds what an address inside a publication means
//
// A book is somebody else's program text. What a browser gets of it went through
// Clean, and through Inline where it stands in a page of ours.
package markup

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/text/encoding/charmap"
)

// maxDepth is how deep elements may nest. Real books stay under 60; without a
// bound a file of a few kilobytes could exhaust the stack of whoever walks it.
const maxDepth = 400

// maxTags is how many elements a file may have: a tree takes a hundred times the
// room of its text. The largest chapter of the real books that we tried has 60,000.
const maxTags = 1_000_000

var (
	errTooDeep = errors.New("elements nest too deep")
	errTooMuch = errors.New("more elements than any chapter has")
)

// Namespaces of a chapter, and the short names by which html.Node knows them.
var namespaces = map[string]string{
	"http://www.w3.org/1999/xhtml":         "",
	"http://www.w3.org/2000/svg":           "svg",
	"http://www.w3.org/1998/Math/MathML":   "math",
	"http://www.w3.org/1999/xlink":         "xlink",
	"http://www.idpf.org/2007/ops":         "epub",
	"http://www.w3.org/XML/1998/namespace": "xml",
	"xml":                                  "xml",
}

// Parse reads a chapter, a drawing or a table of contents into a tree. It
// is XML by the rules and often not in life: what is no XML is read as browsers
// read HTML.
func Parse(text []byte) (*html.Node, error) {
	text = UTF8(text)
	if bytes.Count(text, []byte("<")) > maxTags {
		return nil, errTooMuch
	}
	root, err := parseXML(text)
	if err == nil || errors.Is(err, errTooDeep) {
		return root, err
	}
	if swells(text) {
		return nil, errTooMuch
	}
	text = emptyRaw.ReplaceAll(text, []byte("<$1$2></$1>"))
	root, err = html.Parse(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	if Deep(root) {
		return nil, errTooDeep
	}
	return root, nil
}

// formatting elements that are never closed are opened again by an HTML parser in
// each paragraph that follows, as the standard tells it to: some kilobytes become
// gigabytes.
var formatting = set(`a b big code em font i nobr s small strike strong tt u`)

// maxSwell is how many elements those may make together. The worst page of the real
// books that we tried makes 4,000.
const maxSwell = 2_000_000

func swells(text []byte) bool {
	z := html.NewTokenizer(bytes.NewReader(text))
	open, made := 0, 0
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return false
		}
		if kind == html.StartTagToken || kind == html.EndTagToken {
			if name, _ := z.TagName(); formatting[string(name)] && kind == html.StartTagToken {
				open++
			} else if formatting[string(name)] {
				open = max(0, open-1)
			}
		}
		if made += open; made > maxSwell {
			return true
		}
	}
}

// emptyRaw finds <title/>: to an HTML parser it is a title that never ends and
// swallows the book.
var emptyRaw = regexp.MustCompile(`(?i)<(title|script|style|textarea|iframe|noscript|noframes|noembed|xmp)(\s[^<>]*)?/>`)

// parseXML builds the tree of a well-formed document. Attributes get plain names
// such as "epub:type", whatever prefix the book chose. External entities are
// never fetched: encoding/xml does not know how.
func parseXML(text []byte) (*html.Node, error) {
	d := NewDecoder(text)
	root := &html.Node{Type: html.DocumentNode}
	at, depth, seen := root, 0, false
	for {
		token, err := d.Token()
		if err == io.EOF {
			if !seen {
				return nil, errors.New("no element")
			}
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return nil, errTooDeep
			}
			n := &html.Node{Type: html.ElementNode, Data: token.Name.Local, Namespace: elementSpace(token.Name.Space)}
			for _, a := range token.Attr {
				if key, keep := attributeKey(a.Name.Space, a.Name.Local); keep {
					n.Attr = append(n.Attr, html.Attribute{Key: key, Val: a.Value})
				}
			}
			at.AppendChild(n)
			at, seen = n, true
		case xml.EndElement:
			at, depth = at.Parent, depth-1
		case xml.CharData:
			at.AppendChild(&html.Node{Type: html.TextNode, Data: string(token)})
		}
	}
}

// elementSpace is the short name of an element's namespace.
func elementSpace(space string) string {
	short, known := namespaces[space]
	if !known && space != "" {
		return "other"
	}
	return short
}

// attributeKey is the plain name of an attribute; declarations of namespaces, and what
// is in one that we do not know, are left out.
func attributeKey(space, local string) (key string, keep bool) {
	if space == "xmlns" || local == "xmlns" {
		return "", false
	}
	if space == "" {
		return local, true
	}
	prefix, known := namespaces[space]
	return prefix + ":" + local, known
}

// NewDecoder reads XML with the entities that books borrow from HTML (&nbsp;).
func NewDecoder(text []byte) *xml.Decoder {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Entity = xml.HTMLEntity
	d.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		switch strings.ToLower(label) {
		case "iso-8859-1", "latin1", "windows-1252", "us-ascii":
			return charmap.Windows1252.NewDecoder().Reader(in), nil
		}
		return in, nil // UTF-16 was converted before; anything else is taken as UTF-8
	}
	return d
}

// UTF8 undoes what some tools still write: a byte order mark, UTF-16, NUL.
func UTF8(text []byte) []byte {
	if after, found := bytes.CutPrefix(text, []byte("\xef\xbb\xbf")); found {
		text = after
	}
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(text, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(text, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	case bytes.IndexByte(text, 0) < 0:
		return text
	default:
		return bytes.ReplaceAll(text, []byte{0}, nil)
	}
	units := make([]uint16, 0, len(text)/2)
	for i := 2; i+1 < len(text); i += 2 {
		units = append(units, order.Uint16(text[i:]))
	}
	return bytes.ReplaceAll([]byte(string(utf16.Decode(units))), []byte{0}, nil)
}

// Deep says whether a tree nests deeper than any real book does.
func Deep(root *html.Node) bool { return deeper(root, maxDepth) }

func deeper(n *html.Node, room int) bool {
	if room == 0 {
		return true
	}
	for c := range n.ChildNodes() {
		if deeper(c, room-1) {
			return true
		}
	}
	return false
}

// Find returns the first element for which ok says so, in reading order.
func Find(n *html.Node, ok func(*html.Node) bool) *html.Node {
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && ok(c) {
			return c
		}
	}
	return nil
}

// Named matches an element of HTML by its name, for Find.
func Named(name string) func(*html.Node) bool {
	return func(n *html.Node) bool { return n.Data == name && n.Namespace == "" }
}

// Attribute is the value of an attribute, "" when there is none. Names are plain
// ("epub:type"), whatever prefix the book chose.
func Attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if attributeName(a) == name {
			return a.Val
		}
	}
	return ""
}

// attributeName is "xlink:href" for an attribute from either parser.
func attributeName(a html.Attribute) string {
	if a.Namespace != "" {
		return a.Namespace + ":" + a.Key
	}
	return a.Key
}

// Text is the text of an element on one line.
func Text(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		switch {
		case c.Type == html.TextNode:
			b.WriteString(c.Data)
		case c.Data == "img":
			b.WriteString(" " + Attribute(c, "alt") + " ")
		case c.Data == "br" || c.Data == "p":
			b.WriteByte(' ')
		}
	}
	return OneLine(b.String())
}

// unseen are control characters, which can rewrite a terminal that shows them, and marks
// that turn the direction of what follows, also beyond the title that they are in.
func unseen(r rune) bool {
	return unicode.IsControl(r) || '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069'
}

// OneLine folds white space and drops what is no text.
func OneLine(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.ContainsFunc(s, unseen) {
		s = strings.Map(func(r rune) rune {
			if unseen(r) && !unicode.IsSpace(r) {
				return -1
			}
			return r
		}, s)
	}
	return strings.Join(strings.Fields(s), " ")
}

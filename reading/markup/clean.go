package markup

import (
	"bytes"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// What a book may say. Everything here is on a list; a new element of HTML is
// refused until somebody looked at it. The lists hold what books need, and
// nothing that runs, sends, loads from elsewhere or pretends to be our page:
// no script, form, frame, object, base, meta refresh, animation of attributes.
var (
	htmlElements = set(`html head title body link style section article aside nav header footer main address div p span a
		h1 h2 h3 h4 h5 h6 hgroup ol ul li dl dt dd blockquote pre figure figcaption hr br wbr em strong small s cite q dfn abbr
		data time code var samp kbd sub sup i b u mark ruby rb rt rtc rp bdi bdo ins del img picture source audio video track
		table caption colgroup col thead tbody tfoot tr td th details summary tt big center font strike acronym`)
	svgElements = set(`svg g defs symbol use path rect circle ellipse line polyline polygon text tspan textPath title desc
		image linearGradient radialGradient stop clipPath mask pattern marker filter feBlend feColorMatrix feComposite
		feFlood feGaussianBlur feMerge feMergeNode feOffset switch a style`)
	mathElements = set(`math mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle merror mpadded mphantom mfenced
		menclose msub msup msubsup munder mover munderover mmultiscripts mprescripts none mtable mtr mtd semantics`)

	// Elements whose content is no text for people: they go with all they hold.
	silenced = set(`script noscript template iframe frame frameset object embed applet param canvas dialog portal
		form input button select option optgroup textarea output datalist fieldset legend label meter progress
		foreignObject foreignobject animate animateMotion animateTransform set discard annotation annotation-xml
		xmp noembed noframes plaintext meta base`)

	attributes = set(`id class style lang xml:lang dir title role epub:type href src alt width height colspan rowspan headers
		scope abbr span start reversed value type rel datetime cite controls poster loop preload kind srclang label hidden
		align valign border cellpadding cellspacing bgcolor color face size name open xlink:href xml:space
		viewBox preserveAspectRatio x y x1 y1 x2 y2 cx cy r rx ry fx fy d points transform fill fill-opacity fill-rule stroke
		stroke-width stroke-linecap stroke-linejoin stroke-dasharray stroke-dashoffset stroke-opacity stroke-miterlimit opacity
		offset stop-color stop-opacity gradientUnits gradientTransform spreadMethod patternUnits patternTransform
		patternContentUnits clip-path clip-rule clipPathUnits mask maskUnits maskContentUnits filter filterUnits in in2 result
		mode values stdDeviation dx dy flood-color flood-opacity operator font-family font-size font-style font-weight
		text-anchor dominant-baseline baseline-shift letter-spacing word-spacing textLength lengthAdjust startOffset
		markerWidth markerHeight marker-start marker-mid marker-end orient refX refY rotate vector-effect visibility display
		overflow mathvariant displaystyle scriptlevel stretchy fence separator accent accentunder lspace rspace linethickness
		notation rowalign columnalign columnspacing rowspacing columnlines rowlines frame equalrows equalcolumns depth
		voffset open close separators`)

	// A value that is an address.
	addresses = set(`href src poster xlink:href cite`)

	// A value that is a piece of a style sheet.
	paints = set(`fill stroke filter mask clip-path marker-start marker-mid marker-end cursor`)

	void = set(`br hr img wbr col link source track`)
)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

// Clean returns a chapter or a drawing as well-formed XHTML or SVG without
// anything that could run. It writes the text anew from a tree, so that what a
// browser reads is what we looked at, and not something that the two of us
// understand differently.
func Clean(text []byte) ([]byte, error) {
	root, err := Parse(text)
	if err != nil {
		return nil, err
	}
	w := &writer{attribute: keepAttribute}
	w.Grow(len(text) + len(text)/8)
	w.children(root)
	return w.Bytes(), nil
}

// keepAttribute drops what is not on the list and addresses that leave the book.
func keepAttribute(n *html.Node, name, value string) (string, bool) {
	if !attributes[name] && !strings.HasPrefix(name, "aria-") {
		return "", false
	}
	switch {
	case name == "style":
		return CleanCSS(value), true
	case name == "name": // on other elements a name can hide document.body and its like from our reader
		return value, n.Data == "a"
	case paints[name]:
		return cleanPaint(value), true
	case !addresses[name]:
		return value, true
	case n.Data == "a":
		return value, name != "src" && isLink(value)
	case n.Data == "use" || n.Namespace == "svg" && n.Data != "image":
		return value, strings.HasPrefix(value, "#")
	default:
		return value, isInside(value) || isPicture(n, value)
	}
}

// isLink allows the links that a reader may follow: inside the book, to a web
// page, to a mail address. Never javascript:, data: or a file on the desk.
func isLink(value string) bool {
	u, err := url.Parse(strings.TrimSpace(value))
	if err != nil {
		return false
	}
	return isInside(value) || u.Scheme == "https" || u.Scheme == "http" || u.Scheme == "mailto"
}

// isInside allows relative addresses only. A browser drops tabs and newlines and
// reads a backslash as a slash, so values with those are refused and not guessed.
func isInside(value string) bool {
	value = strings.TrimSpace(value)
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == '\\' || r == 0x7f }) {
		return false
	}
	u, err := url.Parse(value)
	return err == nil && u.Scheme == "" && u.Host == "" && u.User == nil && !strings.HasPrefix(value, "/")
}

var picture = regexp.MustCompile(`^data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+$`)

func isPicture(n *html.Node, value string) bool {
	return (n.Data == "img" || n.Data == "image") && picture.MatchString(value)
}

// writer writes a tree as markup that reads the same as XML and as HTML: every
// element closed, every attribute quoted, nothing raw but a style sheet.
type writer struct {
	bytes.Buffer
	attribute func(n *html.Node, name, value string) (string, bool)
	element   func(n *html.Node) bool // false leaves the element out and keeps its content; nil keeps all
	bare      bool                    // no namespaces: for inside a page of HTML
}

func (w *writer) children(n *html.Node) {
	for c := range n.ChildNodes() {
		w.node(c)
	}
}

func (w *writer) node(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		if p := n.Parent; p == nil || p.Type != html.DocumentNode {
			w.WriteString(escapeText(n.Data))
		}
		return
	case html.ElementNode:
	default: // comments (which could hide a "-->" between two parsers), doctypes, instructions
		return
	}
	_, plain, prefixed := strings.Cut(strings.ToLower(n.Data), ":") // as HTML, <svg:script> is an element of that name
	if silenced[n.Data] || silenced[strings.ToLower(n.Data)] || prefixed && (silenced[plain] || plain == "style") || n.Namespace == "other" {
		return
	}
	known := n.Namespace == "" && htmlElements[n.Data] || n.Namespace == "svg" && svgElements[n.Data] || n.Namespace == "math" && mathElements[n.Data]
	if !known || w.element != nil && !w.element(n) {
		w.children(n)
		return
	}
	if n.Data == "link" && (!slices.Contains(strings.Fields(strings.ToLower(Attribute(n, "rel"))), "stylesheet") || !isInside(Attribute(n, "href"))) {
		return
	}
	w.WriteString("<" + n.Data)
	if !w.bare {
		w.WriteString(declared(n))
	}
	seen := map[string]bool{}
	for _, a := range n.Attr {
		name := attributeName(a)
		if value, keep := w.attribute(n, name, a.Val); keep && !seen[name] {
			seen[name] = true
			w.WriteString(" " + name + `="` + escapeText(value) + `"`)
		}
	}
	if n.Namespace == "" && void[n.Data] {
		w.WriteString("/>")
		return
	}
	w.WriteString(">")
	if n.Data == "style" {
		w.WriteString(strings.ReplaceAll(CleanCSS(rawText(n)), "&", " "))
	} else {
		w.children(n)
	}
	w.WriteString("</" + n.Data + ">")
}

// declared gives the namespaces at the elements where a vocabulary begins.
func declared(n *html.Node) string {
	const links = ` xmlns:xlink="http://www.w3.org/1999/xlink"`
	switch {
	case n.Namespace == "" && n.Data == "html":
		return ` xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"`
	case n.Namespace == "svg" && (n.Data == "svg" || n.Parent == nil || n.Parent.Namespace != "svg"):
		return ` xmlns="http://www.w3.org/2000/svg"` + links + ` xmlns:epub="http://www.idpf.org/2007/ops"`
	case n.Namespace == "math" && (n.Data == "math" || n.Parent == nil || n.Parent.Namespace != "math"):
		return ` xmlns="http://www.w3.org/1998/Math/MathML"` + links
	case n.Namespace == "" && n.Parent != nil && n.Parent.Namespace != "":
		return ` xmlns="http://www.w3.org/1999/xhtml"`
	}
	return ""
}

func rawText(n *html.Node) string {
	var b strings.Builder
	for c := range n.ChildNodes() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

// escapeText writes text so that neither XML nor HTML sees anything but text.
func escapeText(s string) string {
	if !plainText(s) {
		s = strings.Map(func(r rune) rune {
			if r < ' ' && r != '\t' && r != '\n' || r == 0x7f || r == 0xFFFE || r == 0xFFFF {
				return -1
			}
			return r
		}, strings.ToValidUTF8(s, "\uFFFD"))
	}
	return escaper.Replace(s)
}

// plainText says whether a text has no character that XML forbids, and none that only
// programs see.
func plainText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' && c != '\n' || c == 0x7f || c == 0xEF { // with 0xEF begin U+FFFE and U+FFFF
			return false
		}
	}
	return utf8.ValidString(s)
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")

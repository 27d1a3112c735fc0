package markup

import (
	"strings"

	"golang.org/x/net/html"
)

// Elements that a chapter may bring into a page of ours: text and pictures. A
// book's classes, styles and drawings stay behind, so that a book can never
// dress up as the page around it.
var inlineElements = set(`section article aside header footer div p span a h1 h2 h3 h4 h5 h6 ol ul li dl dt dd blockquote pre
	figure figcaption hr br wbr em strong small s cite q dfn abbr code var samp kbd sub sup i b u mark ruby rt rp bdi bdo ins
	del img table caption thead tbody tfoot tr td th details summary tt center`)

var inlineAttributes = set(`id lang dir title alt width height colspan rowspan headers scope abbr start reversed value datetime href src`)

// inlineID is put before the ids of a book inside a page of ours, so that they
// never meet ids of our own.
const inlineID = "boek-"

// Inline makes a cleaned chapter fit to stand inside a page of HTML. address
// turns a href inside the publication (with its fragment, if any) into the
// address of our page or picture for it; it answers "" to leave it out.
func Inline(text []byte, href string, address func(href string) string) (string, error) {
	root, err := Parse(text)
	if err != nil {
		return "", err
	}
	body := Find(root, Named("body"))
	if body == nil {
		body = root
	}
	w := &writer{bare: true}
	w.element = func(n *html.Node) bool { return n.Namespace == "" && inlineElements[n.Data] }
	w.attribute = func(n *html.Node, name, value string) (string, bool) {
		switch {
		case !inlineAttributes[name]:
			return "", false
		case name == "id":
			return inlineID + value, true
		case name == "href" || name == "src":
			return inlineAddress(n, name, value, href, address)
		}
		return value, true
	}
	pictures(body)
	w.children(body)
	return w.String(), nil
}

func inlineAddress(n *html.Node, name, value, from string, address func(string) string) (string, bool) {
	if n.Data == "a" && name == "href" && isLink(value) && !isInside(value) {
		return value, true // to a web page or a mail address
	}
	if n.Data != "a" && n.Data != "img" {
		return "", false
	}
	target, ok := Resolve(from, value)
	if !ok || !isInside(value) {
		return "", false
	}
	file, fragment, has := strings.Cut(target, "#")
	if file == from && has {
		return "#" + inlineID + fragment, true
	}
	if target = address(file); target != "" && has {
		target += "#" + inlineID + fragment
	}
	return target, target != ""
}

// pictures turns drawings that only wrap a picture (which is how many books put
// their cover) into plain pictures, and drops what is left of other vocabularies.
func pictures(n *html.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		if c.Type == html.ElementNode && c.Namespace != "" {
			image := Find(c, func(x *html.Node) bool { return x.Data == "image" })
			if c.Namespace == "svg" && image != nil {
				src := Attribute(image, "xlink:href")
				if src == "" {
					src = Attribute(image, "href")
				}
				img := &html.Node{Type: html.ElementNode, Data: "img", Attr: []html.Attribute{{Key: "src", Val: src}, {Key: "alt", Val: Text(c)}}}
				n.InsertBefore(img, c)
			} else if c.Namespace == "math" {
				n.InsertBefore(&html.Node{Type: html.TextNode, Data: Text(c)}, c)
			}
			n.RemoveChild(c)
		} else {
			pictures(c)
		}
		c = next
	}
}

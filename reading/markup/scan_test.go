package markup

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// written is a tree as a text in which every difference shows.
func written(root *html.Node) string {
	var b strings.Builder
	var write func(n *html.Node, depth int)
	write = func(n *html.Node, depth int) {
		fmt.Fprintf(&b, "%*s%d %q %q %q\n", depth, "", n.Type, n.Namespace, n.Data, n.Attr)
		for c := range n.ChildNodes() {
			write(c, depth+1)
		}
	}
	write(root, 0)
	return b.String()
}

const usual = `<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">
<?xml-stylesheet href="a.css"?>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:ops='http://www.idpf.org/2007/ops' xml:lang="nl">
<!-- een > twee --><head><title>&Eacute;&eacute;n &amp; &#x41;&#66;</title><style><![CDATA[a > b {}]]></style></head>` + "\r\n" +
	`<body ops:type = "x &lt; y" class='"'><p>Héé ]] > </p ><br/><hr />
<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink"><a x:href="#b"/><q:r q:s="t" xmlns:q="urn:q"/></svg><p/></body></html>
`

// What decides is encoding/xml: scan may only answer what that answers.
func TestAChapterIsReadFastAsItIsReadByTheRules(t *testing.T) {
	same := func(text string) bool {
		t.Helper()
		fast, ok := scan([]byte(text))
		slow, err := decode([]byte(text))
		if ok && (err != nil || written(fast) != written(slow)) {
			t.Errorf("%s\nfast %s\nby the rules %v", text, written(fast), err)
		}
		return ok
	}
	for _, text := range []string{usual, "<a/>", "<a>&nbsp;</a>", `<a b="&#233;]]>" c='>'/>`, `<xml:a xml:xmlns="b" p:q="c"/>`} {
		if !same(text) {
			t.Errorf("read by all rules, where it need not be: %s", text)
		}
	}
	for _, text := range []string{
		"", "tekst", "<a>", "</a>", "<a></b>", "<a><b></a></b>", "<a", "<a b>", "<a b=c/>", `<a b="<"/>`, `<a b="1"c="2"/>`, "<a>]]></a>", "<a>& b</a>",
		"<a>&nix;</a>", "<a>&#0;</a>", "<a>&#xd800;</a>", "<a>&amp</a>", "<a>\x01</a>", "<a>\xff</a>", "<a>\uffff</a>", "<!-- -- --><a/>", "<!-- ---><a/>", "<!--><a/>",
		`<?xml version="1.1"?><a/>`, `<?xml version="1.0" encoding="latin1"?><a/>`, `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, `<!DOCTYPE a "'>"'><a/>`,
		"<1/>", "<a:b:c/>", "<:a/>", "<a:/>", "<xmlns:a/>", "<xmlns/>", "<ä/>", "<a><![CDATA[x</a>", "<![CDATA[x]]>", "<?a", "<??><a/>",
		`<a xmlns:xmlns="http://www.w3.org/1999/xlink" xmlns:href="javascript:x"/>`, strings.Repeat("<a>", 401) + strings.Repeat("</a>", 401),
	} {
		same(text)
	}
	for _, text := range hostile {
		same("<html>" + text + "</html>")
	}
}

func FuzzScan(f *testing.F) {
	for _, text := range slices.Concat([]string{usual}, hostile) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		text = UTF8(text)
		fast, ok := scan(text)
		if !ok {
			return
		}
		slow, err := decode(text)
		if err != nil {
			t.Fatalf("by the rules: %v", err)
		}
		if written(fast) != written(slow) {
			t.Fatalf("fast\n%s\nby the rules\n%s", written(fast), written(slow))
		}
	})
}

// BenchmarkParse reads a long chapter.
func BenchmarkParse(b *testing.B) {
	text := []byte(strings.Replace(usual, "<p/>", strings.Repeat(`<p class="c" id="i">Het is <em>een</em> mooie dag &amp; zo.</p>`+"\n", 2000), 1))
	for name, parse := range map[string]func([]byte){"fast": func(t []byte) { scan(t) }, "by the rules": func(t []byte) { decode(t) }} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				parse(text)
			}
		})
	}
}

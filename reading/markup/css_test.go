package markup

import (
	"regexp"
	"strings"
	"testing"
)

// sheets are what a style sheet might try; the last word of each address says which.
var sheets = []string{
	`p{background:\000075rl(http://evil.example/1)}`,
	`p{background:\75 rl(http://evil.example/2)}`,
	`p{background:u\72l("http://evil.example/3")}`,
	`p{background:image-set("http://evil.example/4" 1x)}`,
	`p{background:-webkit-image-set("http://evil.example/5" 1x, url(//evil.example/5) 2x)}`,
	`p{background:im\61ge-set( ("http://evil.example/6") 1x)}`,
	`@\69mport "http://evil.example/7";`,
	`@import/**/"http://evil.example/8;x" ;`,
	`@\000069mport \75rl(http://evil.example/9);`,
	`@font-face{src:src("http://evil.example/10")}`,
	`p{--a:"//evil.example";background:src(var(--b)) image-set(--c() 1x)}`,
	`p{background:u/**/rl(//evil.example/11)} b{background:u<rl(//evil.example/12)}`,
	"p{background:u\x01rl(//evil.example/13)} b{background:u\uFFFErl(//evil.example/14)}",
	"p{background:\u00a0url(//evil.example/15)} b{background:\\a0 url(//evil.example/16)}",
	`p{background:url(javascript:1)} b{background:url(data:text/html,x)} i{background:url("\68ttp://evil.example/17")}`,
	`p{background:url( h\74tp://evil.example/18`,
	`p{background:url("//evil.example/19`,
	"p{background:url(\"\n//evil.example/20\")}",
	`u@import "x";rl(//evil.example/21)`,
	`p{background:ur&l(//evil.example/23)}`,
	`p{background:url(x"url(//evil.example/22))}`,
}

var (
	cssString   = regexp.MustCompile(`"[^"]*"`)
	cssEscape   = regexp.MustCompile(`\\[0-9a-f]{1,6} `)
	cssLoads    = regexp.MustCompile(`(?i)(?:^|[^\w@-])(?:url|src|(?:-webkit-|-moz-)?image(?:-set)?)\(\s*("[^"]*")`)
	cssImported = regexp.MustCompile(`(?i)@import(?:$|[^\w-])`)
	cssBare     = regexp.MustCompile(`(?i)(?:^|[^\w@-])url\(\s*[^"\s)]`)
	cssForeign  = regexp.MustCompile(`(?i)^\s*(https?:|/|data:|javascript:)`)
)

// loads names the first address in a written sheet that leads out of the book.
func loads(sheet string) string {
	decode := func(text, kept string) string {
		return cssEscape.ReplaceAllStringFunc(text, func(e string) string {
			c := css{rest: e}
			if r := c.escape(); inName(r) || strings.ContainsRune(kept, r) {
				return string(r)
			}
			return "_"
		})
	}
	outside := cssString.ReplaceAllStringFunc(sheet, func(s string) string { // in strings a bracket is none
		return strings.ReplaceAll(decode(s, "/: "), "(", "_")
	})
	outside = decode(outside, "")
	outside = strings.Map(func(r rune) rune {
		if r >= 0x80 && inName(r) { // part of a name, like any letter
			return 'x'
		}
		return r
	}, outside)
	if cssImported.MatchString(cssString.ReplaceAllString(outside, `""`)) {
		return "@import"
	}
	if cssBare.MatchString(outside) {
		return "an address without quotes"
	}
	for _, m := range cssLoads.FindAllStringSubmatch(outside, -1) {
		if value := strings.Trim(m[1], `"`); cssForeign.MatchString(value) {
			return m[0]
		}
	}
	return ""
}

func TestAStyleSheetLoadsNothingFromElsewhere(t *testing.T) {
	for _, sheet := range sheets {
		got := CleanCSS(sheet)
		if bad := loads(got); bad != "" || strings.Contains(got, "var(--b)") {
			t.Errorf("%q leaves %s in %q", sheet, bad, got)
		}
	}
}

func TestAStyleSheetKeepsWhatIsOfTheBook(t *testing.T) {
	for sheet, want := range map[string]string{
		`.\31 a > b{color:#fff;width:calc(1px + 2%)}`:         `.\31 a > b{color:#fff;width:calc(1px + 2%)}`,
		`@font-face{src:url(../f/a.woff2) format('woff2')}`:   `@font-face{src:url("../f/a.woff2") format("woff2")}`,
		`@media (min-width:2em){q:before{content:'\201C'}}`:   `@media (min-width:2em){q:before{content:"“"}}`,
		`@namespace e "http://www.idpf.org/2007/ops";p{}`:     `@namespace e "http://www.idpf.org/2007/ops";p{}`,
		`<!-- p{content:"a<b & c"} -->`:                       `  p{content:"a\3c b \26  c"}  `,
		`@import "x" layer(a) {;} p{background:url( a.png )}`: `/**/ p{background:url("a.png")}`,
		`p{unicode-range:U+26,U+0-7F;margin:-1em;--x:a}`:      `p{unicode-range:U+26,U+0-7F;margin:-1em;--x:a}`,
	} {
		if got := CleanCSS(sheet); got != want {
			t.Errorf("%s\nbecomes %s\nnot     %s", sheet, got, want)
		}
	}
}

func FuzzCleanCSS(f *testing.F) {
	for _, s := range sheets {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sheet string) {
		got := CleanCSS(sheet)
		if bad := loads(got); bad != "" {
			t.Fatalf("%q leaves %s in %q", sheet, bad, got)
		}
		if strings.Contains(got, "<") {
			t.Fatalf("%q leaves markup in %q", sheet, got)
		}
		if twice := CleanCSS(got); twice != got { // what was written is read as it was meant
			t.Fatalf("%q becomes %q and then %q", sheet, got, twice)
		}
	})
}

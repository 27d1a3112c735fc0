package webtest

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
)

//go:embed fits.js
var fits string

// small is what makes a window small: letters twice as large on a telephone, and a
// page that is magnified four times on a desk computer (WCAG 1.4.4 and 1.4.10).
var small = []struct{ width, height, letters int64 }{{Narrow, 844, 200}, {320, 568, 100}}

// Letters sets how large the letters of the page are, in percent, as the setting of
// the browser does.
func (p *Page) Letters(percent int64) {
	p.t.Helper()
	Eval[string](p, fmt.Sprintf("document.documentElement.style.fontSize = '%d%%'", percent))
}

// Fits looks at the page in small windows: nothing sticks out sideways but in what
// slides on purpose, everything can be hit (in large by a whole thumb), no words are
// cut off or lie on others, and the header leaves room. Both are CSS selectors. The
// pictures are kept as Look keeps them.
func (p *Page) Fits(name, slides, large string) {
	p.t.Helper()
	for _, s := range small {
		p.do(chromedp.EmulateViewport(s.width, s.height))
		p.Letters(s.letters)
		script := fmt.Sprintf("(async () => { await new Promise(r => setTimeout(r, 250)); scrollTo(0, 0); const slides = %s, large = %s; %s })()", quote(slides), quote(large), fits)
		if wrong := Eval[[]string](p, script); len(wrong) > 0 {
			p.t.Errorf("%s (%s) at %d pixels with letters of %d %%:\n\t%s", name, p.last, s.width, s.letters, strings.Join(wrong, "\n\t"))
		}
		p.picture(fmt.Sprintf("%s-%d-%d.png", name, s.width, s.letters))
	}
	p.Letters(100)
	p.do(chromedp.EmulateViewport(Wide, 900))
}

package webtest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/chromedp/chromedp"
)

// The two widths at which every page must look right, in CSS pixels: a desk
// computer, and a telephone.
const (
	Wide   = 1280
	Narrow = 390
)

// seek is the script that finds what a person means by some words.
//
//go:embed seek.js
var seek string

// Look is what every page of a walk deserves: at both widths nothing sticks out
// sideways, no table hides a column, and axe finds nothing to complain about; the pictures are kept in the
// folder that LIDWOORD_SCREENS names.
//
// What a page looks like does not depend on the database: a walk on both engines is
// looked at on SQLite, and on PostgreSQL has to come by the same pages.
func (p *Page) Look(name string) {
	if strings.Contains(p.t.Name()+"/", "/postgres/") {
		return
	}
	p.t.Helper()
	for _, width := range []int64{Narrow, Wide} {
		p.do(chromedp.EmulateViewport(width, 900))
		if over := Eval[float64](p, "document.scrollingElement.scrollWidth - innerWidth"); over > 0 {
			p.t.Errorf("%s scrolls sideways by %v pixels at %d: %s", p.last, over, width, Eval[string](p, `
				[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
					.slice(0, 3).map(e => e.outerHTML.slice(0, 80)).join(' … ')`))
		}
		if pushed := Eval[string](p, `[...document.querySelectorAll('.lw-scroll')].filter(e => e.scrollWidth > e.clientWidth)
			.map(e => e.outerHTML.slice(0, 80)).join(' … ')`); pushed != "" {
			p.t.Errorf("%s: a table must be pushed sideways at %d: %s", p.last, width, pushed)
		}
		p.Axe()
		p.picture(fmt.Sprintf("%s-%d.png", name, width))
	}
}

// Resize gives the window another width, in CSS pixels.
func (p *Page) Resize(width int64) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(width, 900))
}

// Screenshot keeps pictures at both widths in the folder that LIDWOORD_SCREENS
// names, and does nothing when it names none.
func (p *Page) Screenshot(name string) {
	p.t.Helper()
	for _, width := range []int64{Narrow, Wide} {
		p.do(chromedp.EmulateViewport(width, 900))
		p.picture(fmt.Sprintf("%s-%d.png", name, width))
	}
}

func (p *Page) picture(file string) {
	p.t.Helper()
	dir := os.Getenv("LIDWOORD_SCREENS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, file), png, 0o644)
	}
	if err != nil {
		p.t.Errorf("picture %s: %v", file, err)
	}
}

// axeRules are WCAG 2.2 A and AA, which Dutch public bodies must meet (Besluit
// digitale toegankelijkheid overheid), and axe's own good practice.
const axeRules = `['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice']`

// Axe fails the test for every rule of accessibility that the page breaks.
func (p *Page) Axe() {
	p.t.Helper()
	script, err := axe()
	if err != nil {
		if os.Getenv("CI") != "" {
			p.t.Fatalf("axe-core is missing (npm ci installs it): %v", err)
		}
		p.t.Logf("accessibility of %s not looked at, axe-core is missing (npm ci installs it)", p.last)
		return
	}
	if !Eval[bool](p, "'axe' in window") {
		Eval[chromedp.Void](p, script+"\n;0")
	}
	found := Eval[string](p, `axe.run(document, {iframes: false, resultTypes: ['violations'], runOnly: `+axeRules+`})
		.then(r => JSON.stringify(r.violations.map(v => ({id: v.id, help: v.help,
			nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + ' ' + (n.any[0] || n.all[0] || n.none[0] || {}).message)}))))`)
	var violations []struct {
		ID, Help string
		Nodes    []string
	}
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		p.t.Fatalf("axe said %q: %v", found, err)
	}
	for _, v := range violations {
		p.t.Errorf("%s breaks %s (%s):\n\t%s", p.last, v.ID, v.Help, strings.Join(v.Nodes, "\n\t"))
	}
}

// axe reads axe-core from where npm puts it, beside go.mod.
var axe = sync.OnceValues(func() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			text, err := os.ReadFile(filepath.Join(dir, "node_modules/axe-core/axe.min.js"))
			return string(text), err
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", os.ErrNotExist
		}
		dir = up
	}
})

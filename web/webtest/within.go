package webtest

import (
	"context"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/chromedp"
)

// WantWithin waits until these words stand anywhere in the page, also inside
// frames and shadow trees, where the pages of a book are.
func (p *Page) WantWithin(words string) {
	p.t.Helper()
	if !p.wait(func() bool { return strings.Contains(plain(p.within()), plain(words)) }, 10*time.Second) {
		p.t.Fatalf("nothing within %s says %q; it says:\n%s", p.URL(), words, plain(p.within()))
	}
}

// within is every text of the page and of what lies in it.
func (p *Page) within() string {
	p.t.Helper()
	var b strings.Builder
	p.call(func(ctx context.Context) error {
		_, err := chromedp.Run(ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			all, deep := int64(-1), true
			doc, err := cdp.Call(ctx, t, dom.GetDocument, dom.GetDocumentParams{Depth: &all, Pierce: &deep})
			if err == nil {
				collect(&b, doc.Root)
			}
			return err
		}))
		return err
	})
	return b.String()
}

func collect(b *strings.Builder, n *cdp.Node) {
	if n == nil || n.NodeName == "SCRIPT" || n.NodeName == "STYLE" {
		return
	}
	b.WriteString(n.NodeValue)
	b.WriteByte(' ')
	for _, c := range n.Children {
		collect(b, c)
	}
	for _, c := range n.ShadowRoots {
		collect(b, c)
	}
	collect(b, n.ContentDocument)
}

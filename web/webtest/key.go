package webtest

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// press presses keys as a keyboard does: the letter belongs to the key going
// down, so that a page which takes that event for itself gets no letter. The
// key event of chromedp sends the letter apart, and no page can refuse it.
func press(keys string, modifiers ...chromedp.Modifier) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for _, r := range keys {
			var down *input.DispatchKeyEventParams
			for _, k := range kb.Encode(r) {
				for _, m := range modifiers {
					k.Modifiers |= int64(m)
				}
				switch {
				case k.Type == kb.KeyDown:
					down = k
					continue
				case k.Type == kb.KeyChar && k.Modifiers&^int64(chromedp.ModifierShift) == 0:
					down.Text, down.UnmodifiedText = k.Text, k.UnmodifiedText
					continue
				case k.Type == kb.KeyChar:
					continue
				}
				if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, *down); err != nil {
					return err
				}
				if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, *k); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

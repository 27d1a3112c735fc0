package webtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// Page is one window of one person. It belongs to one goroutine. Its methods
// fail the test when a person would be stuck.
type Page struct {
	t     testing.TB
	ctx   context.Context
	watch watch
	last  string // the address, for messages
	keys  int
}

// Visit types an address and returns the status of the page that came.
func (p *Page) Visit(url string) int {
	p.t.Helper()
	p.last = url
	p.call(func(ctx context.Context) error {
		err := chromedp.Do(ctx, chromedp.Navigate(url))
		if err != nil && p.watch.left() { // to an app, and the window keeps its page
			err = nil
		}
		return err
	})
	p.settle()
	return p.Status()
}

// Status is the HTTP status of the page that is shown.
func (p *Page) Status() int {
	p.watch.mu.Lock()
	defer p.watch.mu.Unlock()
	return int(p.watch.status)
}

// Language says what the person's browser asks for, such as "en".
func (p *Page) Language(lang string) {
	p.t.Helper()
	p.call(func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": lang}})
		return err
	})
}

// NoScript turns JavaScript off, as some people and some networks do.
func (p *Page) NoScript() {
	p.t.Helper()
	p.call(func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	})
}

// SaveData says that the person's browser saves data.
func (p *Page) SaveData() {
	p.t.Helper()
	p.call(func(ctx context.Context) error {
		yes := true
		_, err := chromedp.Call(ctx, emulation.SetDataSaverOverride, emulation.SetDataSaverOverrideParams{DataSaverEnabled: &yes})
		return err
	})
}

// Fill types text into the field with this label, in place of what was there.
func (p *Page) Fill(label, text string) {
	p.t.Helper()
	p.find("field", label, "el.focus(); if (el.select) el.select(); else getSelection().selectAllChildren(el)")
	if text == "" {
		p.do(press("\b"))
		return
	}
	p.insert(text)
}

// Select picks an option of the list with this label, by its words.
func (p *Page) Select(label, option string) {
	p.t.Helper()
	p.find("field", label, fmt.Sprintf(`
		const o = [...el.options].find(o => clean(o.text) === %s);
		if (!o) throw new Error('no such option; there are: ' + [...el.options].map(o => clean(o.text)).join(', '));
		el.value = o.value;
		el.dispatchEvent(new Event('input', {bubbles: true}));
		el.dispatchEvent(new Event('change', {bubbles: true}))`, quote(option)))
	p.settle()
}

// Choose picks an answer of a question: the words above it, then the answer's.
func (p *Page) Choose(question, answer string) {
	p.t.Helper()
	p.click("answer", question+"\n"+answer)
}

// Tick clicks the box with this label.
func (p *Page) Tick(label string) {
	p.t.Helper()
	p.click("field", label)
}

// Press clicks the button or the link with these words, with a real click: one
// that lies under something else cannot be pressed. It waits for the page that
// comes of it.
func (p *Page) Press(text string) {
	p.t.Helper()
	p.click("press", text)
}

// Hammer presses the button or the link with these words so often, as fast as an
// impatient hand, and waits only after the last press. Later presses hit what has
// come in its place by then.
func (p *Page) Hammer(text string, times int) {
	p.t.Helper()
	x, y := p.aim("press", text)
	for range times {
		p.do(chromedp.MouseClickXY(x, y))
	}
	p.settle()
}

// Tap touches the page at a point so often, with a finger, as fast as a hurried one.
func (p *Page) Tap(x, y float64, times int) {
	p.t.Helper()
	p.call(func(ctx context.Context) error {
		for range times {
			for _, step := range []input.DispatchTouchEventParams{
				{Type: input.DispatchTouchEventTypeTouchStart, TouchPoints: []*input.TouchPoint{{X: x, Y: y}}},
				{Type: input.DispatchTouchEventTypeTouchEnd, TouchPoints: []*input.TouchPoint{}},
			} {
				if _, err := chromedp.Call(ctx, input.DispatchTouchEvent, step); err != nil {
					return err
				}
			}
			time.Sleep(60 * time.Millisecond)
		}
		return nil
	})
	p.settle()
}

// Click clicks the page at a point so often, as fast as an impatient hand.
func (p *Page) Click(x, y float64, times int) {
	p.t.Helper()
	for n := range times {
		p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			for _, typ := range []input.DispatchMouseEventType{input.DispatchMouseEventTypeMousePressed, input.DispatchMouseEventTypeMouseReleased} {
				_, err := cdp.Call(ctx, t, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: typ, X: x, Y: y, Button: input.MouseButtonLeft, ClickCount: int64(n + 1)})
				if err != nil {
					return err
				}
			}
			return nil
		}))
	}
	p.settle()
}

// Type presses the keys of text, where the cursor stands. These keys are what
// the person has to tell, so Keys does not count them.
func (p *Page) Type(text string) {
	p.t.Helper()
	for _, r := range text {
		if r > unicode.MaxASCII { // the key codes of chromedp stop there, and mean other keys above
			p.insert(string(r))
			continue
		}
		p.do(press(string(r)))
	}
}

// Key presses keys that steer, such as kb.Tab or kb.Enter, and waits for what
// comes of each. Keys counts them.
func (p *Page) Key(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		p.keys++
		p.do(press(key))
		p.settle()
	}
}

// Shortcut presses a key with a modifier, such as chromedp.ModifierAlt. It counts as one key.
func (p *Page) Shortcut(key string, modifiers ...chromedp.Modifier) {
	p.t.Helper()
	p.keys++
	p.do(press(key, modifiers...))
	p.settle()
}

// Keys is how many keys were pressed beside the typed text.
func (p *Page) Keys() int { return p.keys }

// Back goes one page back, as the button of the browser does.
func (p *Page) Back() {
	p.t.Helper()
	p.leave(func(ctx context.Context) error { // chromedp's own step waits for events that a kept page does not send
		_, err := chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void]("void history.back()"))
		return err
	})
	time.Sleep(50 * time.Millisecond)
	p.settle()
}

// Reload asks for the page again.
func (p *Page) Reload() {
	p.t.Helper()
	p.leave(func(ctx context.Context) error { return chromedp.Do(ctx, chromedp.Reload()) })
	p.settle()
}

// Text is all that a person can read on the page.
func (p *Page) Text() string {
	p.t.Helper()
	return read(p, "document.body ? document.body.innerText : ''") // a page that is just arriving has no body yet
}

// Title is the title of the window.
func (p *Page) Title() string {
	p.t.Helper()
	return read(p, "document.title")
}

// URL is the address of the page.
func (p *Page) URL() string {
	p.t.Helper()
	return read(p, "location.href")
}

// Value is what the field with this label holds.
func (p *Page) Value(label string) string {
	p.t.Helper()
	return p.find("field", label, "return el.type === 'checkbox' ? String(el.checked) : el.value")
}

// Focused is the label, or the words, of what has the cursor.
func (p *Page) Focused() string {
	p.t.Helper()
	return Eval[string](p, `(() => { const el = document.activeElement;
		return ((el.labels && el.labels[0] || el).innerText || el.value || '').replace(/\s+/g, ' ').trim() })()`)
}

// Want waits until all these words are on the page, and fails the test when
// they do not come. Nearly always they are there at once.
func (p *Page) Want(words ...string) {
	p.t.Helper()
	for _, w := range words {
		if !p.wait(func() bool { return strings.Contains(plain(p.Text()), plain(w)) }, 5*time.Second) {
			p.t.Fatalf("%s does not say %q; it says:\n%s", p.URL(), w, p.Text())
		}
	}
}

// Lacks fails the test when any of these words is on the page.
func (p *Page) Lacks(words ...string) {
	p.t.Helper()
	text := plain(p.Text())
	for _, w := range words {
		if strings.Contains(text, plain(w)) {
			p.t.Errorf("%s says %q", p.URL(), w)
		}
	}
}

// WantURL waits until the address contains part.
func (p *Page) WantURL(part string) {
	p.t.Helper()
	if !p.wait(func() bool { return strings.Contains(p.URL(), part) }, 5*time.Second) {
		p.t.Fatalf("the page is %s, want one with %s; it says:\n%s", p.URL(), part, p.Text())
	}
}

// Eval runs script in the page and returns what it gives.
func Eval[T any](p *Page, script string) (value T) {
	p.t.Helper()
	p.call(func(ctx context.Context) (err error) {
		value, err = chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
		return err
	})
	return value
}

// read looks at the page and changes nothing. A page that leads on by itself may
// go while it is looked at: then the next one is.
func read(p *Page, script string) (value string) {
	p.t.Helper()
	p.call(func(ctx context.Context) error {
		for {
			got, err := chromedp.Run(ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
			if err == nil || !gone(err) || ctx.Err() != nil {
				value = got
				return err
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	return value
}

// gone says that the page went away while we spoke with it.
func gone(err error) bool {
	return strings.Contains(err.Error(), "navigated or closed") || strings.Contains(err.Error(), "context was destroyed")
}

// leave takes a step that leads to another page. That this one is gone is what the
// step was for.
func (p *Page) leave(step func(context.Context) error) {
	p.t.Helper()
	p.call(func(ctx context.Context) error {
		err := step(ctx)
		if err != nil && gone(err) {
			err = nil
		}
		return err
	})
}

func plain(s string) string { return strings.Join(strings.Fields(s), " ") }

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// insert types text in one go, as pasting and scanning do.
func (p *Page) insert(text string) {
	p.t.Helper()
	p.call(func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: text})
		return err
	})
}

// find runs script with el, the element that a person would mean.
func (p *Page) find(kind, words, script string) string {
	p.t.Helper()
	return Eval[string](p, fmt.Sprintf("(() => { %s; const el = seek(%s, %s); const r = (() => { %s })(); return r === undefined ? '' : String(r) })()",
		seek, quote(kind), quote(words), script))
}

func (p *Page) click(kind, words string) {
	p.t.Helper()
	x, y := p.aim(kind, words)
	p.do(chromedp.MouseClickXY(x, y))
	p.settle()
}

// aim is where one would press.
func (p *Page) aim(kind, words string) (x, y float64) {
	p.t.Helper()
	at := p.find(kind, words, `
		const target = el.labels && el.labels[0] && el.getBoundingClientRect().width < 2 ? el.labels[0] : el;
		target.scrollIntoView({block: 'center', behavior: 'instant'});
		const box = [...target.getClientRects()].find(b => b.width > 0 && b.height > 0);
		if (!box) throw new Error('it is not visible');
		const x = box.left + box.width / 2, y = box.top + box.height / 2;
		const top = document.elementFromPoint(x, y);
		if (!top || !(target.contains(top) || top.contains(target) || top.closest('label')?.control === el))
			throw new Error('it lies under ' + (top ? top.outerHTML.slice(0, 100) : 'nothing'));
		return x + ' ' + y`)
	if _, err := fmt.Sscan(at, &x, &y); err != nil {
		p.t.Fatalf("%q has no place on the page: %v", words, err)
	}
	return x, y
}

// settle waits until the window has arrived: the events of what was just done
// come before the answer to one more question, and a form is sent one task later.
func (p *Page) settle() {
	p.t.Helper()
	time.Sleep(25 * time.Millisecond)
	p.ask("1")
	if !p.wait(func() bool { return !p.watch.onItsWay() && p.ask("document.readyState") == "complete" }, Patience) {
		p.t.Fatalf("%s does not finish loading", p.last)
	}
	p.last = p.ask("location.href")
}

// ask is Eval for moments when the page may be going away: "" instead of an error.
func (p *Page) ask(script string) string {
	ctx, done := context.WithTimeout(p.ctx, Patience)
	defer done()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[string]("String("+script+")"))
	if err != nil {
		return ""
	}
	return v
}

func (p *Page) wait(ready func() bool, most time.Duration) bool {
	p.t.Helper()
	for range int(most / (20 * time.Millisecond)) {
		if ready() {
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return ready()
}

func (p *Page) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	// The first action opens the window and binds its life to its context.
	if chromedp.FromContext(p.ctx).Target == nil {
		if err := chromedp.Do(p.ctx); err != nil {
			p.t.Fatal(err)
		}
	}
	p.call(func(ctx context.Context) error { return chromedp.Do(ctx, steps...) })
}

func (p *Page) call(f func(context.Context) error) {
	p.t.Helper()
	ctx, done := context.WithTimeout(p.ctx, Patience)
	defer done()
	err := f(ctx)
	var thrown *chromedp.ExceptionError
	if errors.As(err, &thrown) && thrown.ExceptionDetails.Exception != nil {
		p.t.Fatalf("on %s: %s", p.last, thrown.ExceptionDetails.Exception.Description)
	}
	if err != nil {
		p.t.Fatalf("on %s: %v", p.last, err)
	}
}

// Package webtest walks through pages in a real Chromium, as a person does: by
// the labels on the fields and the words on the buttons, never by the names that
// only the code knows. A test that fails because a label changed is a test that
// found what the manual of the library would get wrong.
//
//	Start       the Chromium of this test program, which Main ends
//	Person      somebody at it, with cookies of their own
//	Visit, Fill, Choose, Tick, Press, Type, Key   what a person does
//	Want, Lacks, Text, Value, URL                 what a person sees
//	App, WantApp  an app on the same telephone, which an address opens
//	Sensor      a place for passkeys, and a finger on it
//	Look        pictures at two widths, no sideways scrolling, no axe violations
//	Fits        the same page with letters twice as large, and magnified four times
//
// Whatever goes wrong behind the page fails the test too: an error in the
// console, a breach of the content policy, a request to another host, a dialog.
package webtest

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Patience is how long a page may take. Two cores that also run a database and
// a password hash are slow; a page that hangs still fails the test.
const Patience = 30 * time.Second

// Browser is a running Chromium.
type Browser struct {
	ctx  context.Context
	stop func()
}

// shared is the Chromium of this test program. To start one takes about a second of
// both cores, which is more than many a test takes.
var shared struct {
	mu sync.Mutex
	*Browser
	ends bool // by Main
}

// Start gives a test the Chromium of this program, in which each Person is on their
// own. The first test starts it. Where there is none it skips the test, and fails it
// where CI asks for one.
func Start(t testing.TB) *Browser {
	t.Helper()
	path := find()
	if path == "" {
		missing(t, "no Chromium: install it, or name one in LIDWOORD_CHROMIUM (make test installs it on Debian)")
	}
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if !shared.ends {
		t.Fatal("nothing ends Chromium: the package needs func TestMain(m *testing.M) { webtest.Main(m) }")
	}
	if shared.Browser != nil && shared.ctx.Err() != nil { // one that fell over must not take the tests after it along
		shared.stop()
		shared.Browser = nil
	}
	if shared.Browser == nil {
		b, err := start(path)
		if err != nil {
			t.Fatalf("Chromium at %s does not start: %v", path, err)
		}
		shared.Browser = b
	}
	return shared.Browser
}

// Main runs the tests of a package and then ends the Chromium that they used. It is
// the TestMain of every package that calls Start.
func Main(m *testing.M) {
	shared.ends = true
	m.Run()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.Browser != nil {
		shared.stop()
	}
}

func start(path string) (*Browser, error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), // with an empty profile of its own, which is the default
		chromedp.NoSandbox,      // its sandbox refuses root, and a container gives no other; the pages are ours
		chromedp.Flag("no-proxy-server", true),
		// Whatever a page asks from elsewhere must fail here as it must fail in a library.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1"),
		chromedp.Flag("lang", "nl-NL"),
		// The first two as chromedp has it. The others are what drops down from the address
		// bar, which no test sees: two pages of Chromium itself beside every window, which
		// follow it wherever it goes, and take a third of all that a walk costs.
		chromedp.Flag("disable-features", "Translate,BlinkGenPropertyTrees,WebUIOmniboxPopup,WebUIOmniboxAimPopup"),
	)
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, leave := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {})) // it names every event it does not know
	b := &Browser{ctx: ctx, stop: func() { leave(); end() }}
	if err := chromedp.Do(ctx); err != nil {
		b.stop()
		return nil, err
	}
	return b, nil
}

func find() string {
	for _, name := range []string{os.Getenv("LIDWOORD_CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "headless_shell"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// missing skips what cannot be tried here, and fails where nothing may be skipped.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// Person opens an empty window with cookies of its own, 1280 pixels wide, for
// somebody who reads Dutch.
func (b *Browser) Person(t testing.TB) *Page {
	t.Helper()
	return open(t, b.ctx, chromedp.WithNewBrowserContext())
}

// Tab opens another page of the same person.
func (p *Page) Tab() *Page {
	p.t.Helper()
	return open(p.t, p.ctx)
}

func open(t testing.TB, in context.Context, how ...chromedp.ContextOption) *Page {
	t.Helper()
	ctx, leave := chromedp.NewContext(in, how...)
	t.Cleanup(leave)
	p := &Page{t: t, ctx: ctx}
	p.do(chromedp.EmulateViewport(Wide, 900))
	if err := chromedp.Listen(ctx, p.watch.hear); err != nil {
		t.Fatal(err)
	}
	p.answerDialogs()
	p.Language("nl")
	t.Cleanup(p.Clean) // runs before leave: last in, first out
	return p
}

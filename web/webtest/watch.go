package webtest

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// watch hears what goes on behind a page. It is called from the goroutine that
// reads the browser's messages, so it only takes notes.
type watch struct {
	mu       sync.Mutex
	troubles []string
	pages    map[string]bool // addresses of whole pages: a 404 page is no trouble
	forgiven []string
	status   int64
	moving   bool // the window is on its way to another page

	scheme string   // of the app that the person has
	opened []string // addresses with which that app was opened
}

func (w *watch) hear(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if to, err := url.Parse(e.Request.URL); err == nil && w.scheme != "" && to.Scheme == w.scheme {
			w.opened = append(w.opened, e.Request.URL)
		} else if err != nil || !atHome(to) {
			w.note("request to another host: " + e.Request.URL)
		}
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument {
			if w.pages == nil {
				w.pages = map[string]bool{}
			}
			w.pages[e.Response.URL] = true
			w.status = int64(e.Response.Status)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && (e.Entry.Source != log.EntrySourceNetwork || !w.pages[e.Entry.URL]) {
			w.note(fmt.Sprintf("console: %s %s", e.Entry.Text, e.Entry.URL))
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		w.note("script: " + text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "assert" {
			var said []string
			for _, arg := range e.Args {
				said = append(said, string(arg.Value)+arg.Description)
			}
			w.note("console: " + strings.Join(said, " "))
		}
	case *page.EventJavascriptDialogOpening:
		w.note("a dialog opened: " + e.Message)
	case *page.EventFrameRequestedNavigation, *page.EventFrameStartedLoading:
		w.moving = true
	case *page.EventFrameStoppedLoading, *page.EventNavigatedWithinDocument:
		w.moving = false
	}
}

func (w *watch) note(trouble string) { w.troubles = append(w.troubles, trouble) }

// take returns the troubles so far, and forgets them.
func (w *watch) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := slices.DeleteFunc(w.troubles, func(t string) bool {
		return slices.ContainsFunc(w.forgiven, func(f string) bool { return strings.Contains(t, f) })
	})
	w.troubles = nil
	return found
}

func (w *watch) onItsWay() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.moving
}

// left tells whether an app was opened, instead of a page.
func (w *watch) left() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.opened) > 0
}

// atHome is true for what never leaves the machine.
func atHome(to *url.URL) bool {
	switch to.Scheme {
	case "data", "blob", "about", "chrome", "chrome-error":
		return true
	}
	host := to.Hostname()
	return host == "127.0.0.1" || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// App says that the person has an app whose addresses have a scheme of their own.
func (p *Page) App(scheme string) {
	p.watch.mu.Lock()
	defer p.watch.mu.Unlock()
	p.watch.scheme = scheme
}

// WantApp waits until the app is opened, and returns the address with which. It is
// the last step of a person: the browser asks whether it may open the app, and the
// page below that question takes no click.
func (p *Page) WantApp() (address string) {
	p.t.Helper()
	if !p.wait(p.watch.left, 5*time.Second) {
		p.t.Fatalf("%s opens no app; it says:\n%s", p.URL(), p.Text())
	}
	p.watch.mu.Lock()
	defer p.watch.mu.Unlock()
	address, p.watch.opened = p.watch.opened[0], p.watch.opened[1:]
	return address
}

// Forgive says that trouble which contains text belongs to this test.
func (p *Page) Forgive(text string) {
	p.watch.mu.Lock()
	defer p.watch.mu.Unlock()
	p.watch.forgiven = append(p.watch.forgiven, text)
}

// Clean fails the test for all trouble since the last call. It runs by itself
// when the test ends.
func (p *Page) Clean() {
	p.t.Helper()
	for _, trouble := range p.watch.take() {
		p.t.Errorf("behind the page %s: %s", p.last, trouble)
	}
}

// answerDialogs closes every dialog, so that a test fails and does not hang.
func (p *Page) answerDialogs() {
	opened := chromedp.Events(p.ctx, page.JavascriptDialogOpening)
	go func() {
		for _, err := range opened {
			if err != nil {
				return
			}
			chromedp.Call(p.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: false})
		}
	}()
}

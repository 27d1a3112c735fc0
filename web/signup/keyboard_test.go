package signup_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"lidwoord/base/sqldb/sqldbtest"
	"lidwoord/web/webtest"
)

// focus is what has the cursor: its words, and whether a person sees that it has it.
func (w window) focus() (words string, seen bool) {
	w.h.t.Helper()
	if !webtest.Eval[bool](w.Page, `document.activeElement !== document.body`) {
		return "", true
	}
	return w.Focused(), webtest.Eval[bool](w.Page, `(() => {
		const el = document.activeElement, style = getComputedStyle(el), box = el.getBoundingClientRect();
		return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1 && box.width > 0 && box.bottom > 0 && box.top < innerHeight })()`)
}

// tab walks with the Tab key to what begins with these words. On the way the
// cursor is always seen, and it never comes back to where it was.
func (w window) tab(words string) {
	w.h.t.Helper()
	for range 40 {
		w.Key(kb.Tab)
		at, seen := w.focus()
		if !seen {
			w.h.t.Errorf("%s: nobody sees that the cursor is on %q", w.URL(), at)
		}
		if strings.HasPrefix(at, words) {
			return
		}
	}
	w.h.t.Fatalf("%s: the Tab key does not come to %q", w.URL(), words)
}

// round walks once around the page, and finds a trap.
func (w window) round() {
	w.h.t.Helper()
	seen := map[string]bool{}
	for range 60 {
		w.Key(kb.Tab)
		at := webtest.Eval[string](w.Page, `(() => { const all = [...document.querySelectorAll('*')]; return String(all.indexOf(document.activeElement)) })()`)
		if seen[at] || webtest.Eval[bool](w.Page, `document.activeElement === document.body`) {
			break
		}
		seen[at] = true
	}
	// Every link, button and field that is shown was passed.
	want := webtest.Eval[int](w.Page, `[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary')].filter(e => e.checkVisibility() && !(e.closest('details:not([open])') && e.tagName !== 'SUMMARY')).length`)
	if len(seen) < want {
		w.h.t.Errorf("%s: the Tab key passes %d of %d", w.URL(), len(seen), want)
	}
}

// With Tab, Enter and Space alone, from the library's page to the bank's.
func TestByKeyboardFromTheLibraryToTheBank(t *testing.T) {
	h := build(t, sqldbtest.New(t))
	h.sits = h.visitor("emma")
	w := h.window(webtest.Start(t), "nl")
	w.Visit(h.at + "/bind")
	w.round()
	w.Visit(h.at + "/bind")
	w.tab("Naar de inhoud")
	w.tab("Kies Digital only")
	w.Key(kb.Enter)
	w.Want("Eerst een inlogaccount")
	w.tab("Inloggen")
	w.Key(kb.Enter)
	w.WantURL("/aanmelden")
	w.tab("Inloggen")
	w.Key(kb.Enter)

	// A page with something wrong: the cursor stands on what is wrong, and a link
	// from there leads into the field.
	w.Want("Hoe heet je?")
	w.tab("Voorletters")
	w.Key(kb.Enter)
	w.Want("Nog even nakijken")
	if title := w.Title(); !strings.HasPrefix(title, "Fout: ") {
		t.Errorf("the title is %q", title)
	}
	if at := w.Focused(); !strings.HasPrefix(at, "Nog even nakijken") {
		t.Errorf("the cursor is on %q", at)
	}
	w.tab("Vul je achternaam in.")
	w.Key(kb.Enter)
	if at, _ := w.focus(); !strings.HasPrefix(at, "Achternaam") {
		t.Errorf("the link leads to %q", at)
	}
	w.Type("Tester")
	w.tab("Verder")
	w.Key(" ")

	w.Want("Wanneer ben je geboren?")
	for _, part := range []string{"Dag 4", "Maand 1", "Jaar 1991"} {
		label, typed, _ := strings.Cut(part, " ")
		w.tab(label)
		w.Type(typed)
	}
	w.Key(kb.Enter)
	w.Want("Wat is je adres?")
	w.tab("Land")
	w.tab("Postcode")
	w.Type("9468bg")
	w.tab("Huisnummer")
	w.Type("41")
	w.Key(kb.Enter) // goes on, and does not open the fields for the street
	w.Want("Waar mogen we je mailen?")
	w.tab("Ja, ik wil de nieuwsbrief")
	w.Key(" ")
	w.tab("Verder")
	w.Key(kb.Enter)
	w.Want("Controleer je gegevens", "Kruisstraat 41")
	w.round()
	w.Visit(h.at + check)
	w.tab("Wijzig Naam")
	w.tab("Bestellen en betalen")
	w.Key(" ")
	w.WantURL("/dev/bank/")
	w.Want("€ 45,00")
}

package kit

import (
	"bytes"
	"fmt"
	"html"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"lidwoord/base/day"
	"lidwoord/base/fault"
	"lidwoord/base/session"
	"lidwoord/base/words"
)

// View is what a template sees: the page's own struct in Page, and the visit.
type View struct {
	*Visit
	Site  *Site
	Page  any
	Flash *Flash
}

// Branded is a page of one library in a house of many: it has that library's name
// and colours. Style is the address of its style sheet below the door, "" for
// none; Home is its first page below the door.
type Branded interface {
	Brand() Brand
	Style() string
	Home() string
}

// Brand is whose page this is: the library's, or the house's.
func (v View) Brand() Brand {
	if b, ok := v.Page.(Branded); ok {
		return b.Brand()
	}
	return v.Site.Brand
}

// Home is where the name in the header leads: the first page of the library, or
// of the door.
func (v View) Home() string {
	if b, ok := v.Page.(Branded); ok {
		return v.Link("%s", b.Home())
	}
	return v.Link("/")
}

// Style is the address of the style sheet of the page's library, "" for none.
func (v View) Style() string {
	if b, ok := v.Page.(Branded); ok && b.Style() != "" {
		return v.Link("%s", b.Style())
	}
	return ""
}

// Show renders a page in full before the first byte leaves, so that a fault
// half way never sends half a page.
func (s *Site) Show(w http.ResponseWriter, r *http.Request, status int, page string, data any) error {
	text, err := s.RenderOnce(w, r, page, data)
	if err != nil {
		return err
	}
	return s.Send(w, r, status, text)
}

// RenderOnce makes a page with what it says only once, and takes that from the
// visitor.
func (s *Site) RenderOnce(w http.ResponseWriter, r *http.Request, page string, data any) ([]byte, error) {
	return s.render(page, "layout", View{Visit: VisitOf(r), Site: s, Page: data, Flash: s.takeFlash(w, r)})
}

// Render makes a page without sending it, for a door that keeps pages ready; with
// the name of a part it makes that part only. It leaves the flash for RenderOnce.
func (s *Site) Render(r *http.Request, page, part string, data any) ([]byte, error) {
	if part == "" {
		part = "layout"
	}
	return s.render(page, part, View{Visit: VisitOf(r), Site: s, Page: data})
}

func (s *Site) render(page, part string, view View) ([]byte, error) {
	t, ok := s.pages[page]
	if !ok {
		return nil, fmt.Errorf("door %s has no page %s", s.Name, page)
	}
	var b bytes.Buffer
	err := t.ExecuteTemplate(&b, part, view)
	return b.Bytes(), err
}

// joined are buffers in which the pieces of a page become one: each would be sent by
// itself, and cost the system more than to copy it.
var joined = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Send sends a page that Render made, whole or in pieces.
func (s *Site) Send(w http.ResponseWriter, r *http.Request, status int, pieces ...[]byte) error {
	size := 0
	for _, piece := range pieces {
		size += len(piece)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(VisitOf(r).Lang))
	h.Set("Content-Length", strconv.Itoa(size))
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", keeping(r, status))
	}
	w.WriteHeader(status)
	if len(pieces) == 1 {
		_, err := w.Write(pieces[0])
		return err
	}
	whole := joined.Get().(*bytes.Buffer)
	defer joined.Put(whole)
	whole.Reset()
	for _, piece := range pieces {
		whole.Write(piece)
	}
	_, err := w.Write(whole.Bytes())
	return err
}

// Flashed reports whether the visitor's next page has something to say once.
func (s *Site) Flashed(r *http.Request) bool { return s.Cookie(r, "melding") != "" }

// keeping says whether the browser may keep a page. It may not: others use this
// computer too. Only a form that was refused may stay with who is not signed in.
// Back leads to it again, a browser does not send a form twice by itself, and
// without a page to show it shows a fault of its own. No address opens such an
// answer, only Back to the form that was sent.
func keeping(r *http.Request, status int) string {
	if r.Method == http.MethodPost && status >= 400 && status < 500 && VisitOf(r).Session == nil {
		return "private, no-cache"
	}
	return "no-store"
}

// ShowPart renders one named template of a page without the layout, for scripts
// that refresh a part.
func (s *Site) ShowPart(w http.ResponseWriter, r *http.Request, page, part string, data any) error {
	text, err := s.Render(r, page, part, data)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, err = w.Write(text)
	return err
}

// Redirect answers a form: the browser gets the page at path with GET, so that a
// refresh sends nothing again.
func (s *Site) Redirect(w http.ResponseWriter, r *http.Request, format string, args ...any) error {
	http.Redirect(w, r, s.Link(format, args...), http.StatusSeeOther)
	return nil
}

// T is the sentence for key in the visitor's language.
func (v View) T(key string, args ...any) string { return v.Site.Words.Text(v.Lang, key, args...) }

// Html is the sentence for key, which may hold the few tags that our own words
// files use; its arguments are made harmless first.
func (v View) Html(key string, args ...any) template.HTML {
	safe := make([]any, len(args))
	for i, a := range args {
		safe[i] = html.EscapeString(v.Site.Words.Write(v.Lang, a))
	}
	return template.HTML(v.Site.Words.Text(v.Lang, key, safe...))
}

// Sentence is what a person may read of a fault.
func (v View) Sentence(e *fault.Error) string { return v.T(e.Key, e.Args...) }

// Link is the address of a path below this door: {{.Link "/klant/%s" .ID}}.
func (v View) Link(format string, args ...any) string { return v.Site.Link(format, args...) }

// Door is the full address of a path below another door.
func (v View) Door(name, path string) string {
	door := v.Site.Doors.Of(name)
	if door == nil {
		return ""
	}
	return Absolute(door, path)
}

// Asset is the address of a style, script or picture of the kit or the door.
func (v View) Asset(name string) string { return v.Site.Link("/_/%s", v.Site.assets.print[name]) }

// Long writes a day as "4 januari 1991" in the visitor's language.
func (v View) Long(d day.Day) string { return d.Long(v.Lang) }

// MonthYear writes "mei 2025".
func (v View) MonthYear(d day.Day) string { return d.MonthYear(v.Lang) }

// Moment writes an instant to the minute by the Dutch clock.
func (v View) Moment(t time.Time) string { return day.Moment(t, v.Lang) }

// Count writes a number with its thousands apart, as people read it.
func (v View) Count(n int64) string {
	text, apart := strconv.FormatInt(n, 10), "."
	if v.Lang == words.EN {
		apart = ","
	}
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + apart + text[i:]
	}
	return text
}

// Dial is a telephone number as a telephone wants it in a link (RFC 3966): "+31 (0)592
// 12 34 56" is +31592123456. A word behind it, as "(toets 2)", is not dialled, nor a
// second number behind a stroke.
func (View) Dial(number string) string {
	number = strings.ReplaceAll(number, "(0)", "")
	var b strings.Builder
	for i, r := range number {
		switch {
		case '0' <= r && r <= '9' || r == '+' && b.Len() == 0:
			b.WriteRune(r)
		case b.Len() > 1 && (unicode.IsLetter(r) || strings.ContainsRune("/,;", r) || r == '(' && spelled(number[i+1:])):
			return b.String()
		}
	}
	return b.String()
}

// spelled reports whether a text begins with a letter.
func spelled(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return unicode.IsLetter(r)
}

// Decimal writes a number such as "1.5" with the decimal sign that people read.
func (v View) Decimal(number string) string {
	if v.Lang == words.EN {
		return number
	}
	return strings.Replace(number, ".", ",", 1)
}

// Languages lists the addresses of this same page in the other languages.
func (v View) Languages() []LangLink {
	var list []LangLink
	for _, l := range words.Langs {
		q := url.Values{}
		for k, vs := range v.query {
			q[k] = vs
		}
		q.Set(ParamLang, string(l))
		list = append(list, LangLink{Lang: l, Name: map[words.Lang]string{words.NL: "Nederlands", words.EN: "English"}[l],
			Href: v.path + "?" + q.Encode(), Here: l == v.Lang})
	}
	return list
}

// LangLink is one entry of the language switch.
type LangLink struct {
	Lang words.Lang
	Name string
	Href string
	Here bool
}

// Here reports whether the page lies at or below a path of the menu.
func (v View) Here(path string) bool {
	full := v.Site.Link("%s", path)
	return v.path == full || strings.HasPrefix(v.path, strings.TrimSuffix(full, "/")+"/")
}

// Marks reports whether an entry of the menu is marked as the one where the visitor
// is. The first page of a door is every page's parent, and is marked only where no
// other entry is.
func (v View) Marks(path string) bool {
	if path != "/" {
		return v.Here(path)
	}
	return !slices.ContainsFunc(v.Site.Nav, func(n NavItem) bool { return n.Path != "/" && v.Here(n.Path) })
}

// Bad reports whether the page's form has something wrong, for the page title.
func (v View) Bad() bool {
	form, ok := v.Page.(interface{ Bad() bool })
	return ok && form.Bad()
}

// SignedIn reports whether the visitor has a session at this door.
func (v View) SignedIn() bool { return v.Session != nil }

// Who is the session, or an empty one.
func (v View) Who() session.Session {
	if v.Session == nil {
		return session.Session{}
	}
	return *v.Session
}

var funcs = template.FuncMap{
	// list makes a list of strings inside a template.
	"list": func(s ...string) []string { return s },
}

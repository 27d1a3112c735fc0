package kit

import (
	"errors"
	"html"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"lidwoord/base/fault"
)

// bodyMost is the largest form that is read: the longest real one, with 200
// letters in every field, stays under a tenth of it.
const bodyMost = 256 << 10

var (
	ErrTooLarge = fault.New(fault.TooLarge, "kit.too_large")
	ErrBadText  = fault.New(fault.Invalid, "kit.bad_text")
	ErrBadForm  = fault.New(fault.Invalid, "kit.bad_form")
)

// Form is what a visitor typed and what is wrong with it. It is shown again as
// it was: nothing that was typed is lost.
type Form struct {
	Values url.Values
	Faults fault.List
}

// NewForm is an empty form.
func NewForm() *Form { return &Form{Values: url.Values{}} }

// ReadForm reads a posted form. It refuses bodies that are too large, and text
// that only one database engine would refuse: NUL and bad UTF-8.
func ReadForm(r *http.Request) (*Form, error) {
	err := r.ParseForm()
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, ErrTooLarge
	case err != nil:
		return nil, ErrBadForm.Because(err)
	}
	for name, values := range r.PostForm {
		for _, v := range append(values, name) {
			if !readable(v) {
				return nil, ErrBadText
			}
		}
	}
	return &Form{Values: r.PostForm}, nil
}

// readable reports whether both database engines take a text.
func readable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// Get returns a field without the blanks around it.
func (f *Form) Get(name string) string { return strings.TrimSpace(f.Values.Get(name)) }

// Raw returns a field as it was typed: passwords may begin with a blank.
func (f *Form) Raw(name string) string { return f.Values.Get(name) }

// Is reports whether a choice has a value.
func (f *Form) Is(name, value string) bool { return f.Values.Get(name) == value }

// Set fills a field in.
func (f *Form) Set(name, value string) { f.Values.Set(name, value) }

// Take keeps what a person may read about err, to be shown at its fields. It
// returns false for an error that is ours, or about more than this form.
func (f *Form) Take(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict, fault.Slow:
		f.Faults = append(f.Faults, fault.Of(err)...)
		return true
	}
	return false
}

// Bad reports whether a field, or anything, is wrong.
func (f *Form) Bad() bool { return f != nil && len(f.Faults) > 0 }

// Field is one input as a template draws it.
type Field struct {
	Name, ID, Label, Hint, Value, Type string
	Errors                             []string
	Optional                           bool
	Wide                               string // class of the width: "short", "mid", ""
	Attrs                              template.HTMLAttr
	Choices                            []Choice
	Checked                            bool
	DescribedBy                        string
	OptionalWord                       string
}

// Choice is one of the answers of a question.
type Choice struct {
	Value, Label, ID string
	Chosen           bool
}

// Input describes a text field for the template "field":
//
//	{{template "field" (.Input .Page.Form "postcode" "desk.postcode" "short" "hint=desk.postcode_hint" "autocomplete=postal-code")}}
//
// Options: optional, short, mid, hint=KEY, type=T, value=V (the value when the
// form has none); any other a=b is an attribute.
func (v View) Input(form *Form, name, label string, options ...string) Field {
	f := Field{Name: name, ID: "f-" + name, Label: v.T(label), Type: "text", Value: form.Values.Get(name)}
	var attrs strings.Builder
	for _, o := range options {
		key, value, _ := strings.Cut(o, "=")
		switch key {
		case "optional":
			f.Optional, f.OptionalWord = true, v.T("kit.optional")
		case "short", "mid":
			f.Wide = key
		case "hint":
			f.Hint = v.T(value)
		case "type":
			f.Type = value
		case "value":
			if !form.Values.Has(name) {
				f.Value = value
			}
		default:
			attrs.WriteString(" " + key)
			if value != "" {
				attrs.WriteString(`="` + html.EscapeString(value) + `"`)
			}
		}
	}
	for _, e := range form.Faults {
		if e.Field == name {
			f.Errors = append(f.Errors, v.Sentence(e))
		}
	}
	if f.Type == "password" {
		f.Value = "" // a password never travels back
	}
	var by []string
	if f.Hint != "" {
		by = append(by, f.ID+"-hint")
	}
	if len(f.Errors) > 0 {
		by = append(by, f.ID+"-error")
		attrs.WriteString(` aria-invalid="true"`)
	}
	if !f.Optional {
		attrs.WriteString(` aria-required="true"`)
	}
	f.DescribedBy = strings.Join(by, " ")
	f.Attrs = template.HTMLAttr(attrs.String())
	return f
}

// Ask describes a question with a few answers for the template "choice"; answers
// are VALUE=KEY, the first being chosen when the form has none and it says so
// with "first".
func (v View) Ask(form *Form, name, label string, options ...string) Field {
	var answers, rest []string
	first := false
	for _, o := range options {
		switch key, _, _ := strings.Cut(o, "="); key {
		case "optional", "hint":
			rest = append(rest, o)
		case "first":
			first = true
		default:
			answers = append(answers, o)
		}
	}
	f := v.Input(form, name, label, rest...)
	for i, a := range answers {
		value, key, _ := strings.Cut(a, "=")
		c := Choice{Value: value, Label: v.T(key), ID: f.ID, Chosen: f.Value == value}
		if i > 0 {
			c.ID += "-" + value
		}
		if first && i == 0 && !form.Values.Has(name) {
			c.Chosen = true
		}
		f.Choices = append(f.Choices, c)
	}
	return f
}

// Tick describes one box to tick for the template "tick"; its value is "ja".
func (v View) Tick(form *Form, name, label string, options ...string) Field {
	f := v.Input(form, name, label, options...)
	f.Checked = f.Value == "ja"
	return f
}

// Trouble is one line of the summary above a form.
type Trouble struct{ Field, Sentence string }

// Troubles lists what is wrong with a form, each with the field it leads to.
func (v View) Troubles(form *Form) []Trouble {
	var list []Trouble
	for _, e := range form.Faults {
		list = append(list, Trouble{e.Field, v.Sentence(e)})
	}
	return list
}

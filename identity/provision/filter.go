package provision

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"lidwoord/base/fault"
)

// The bounds of a filter. A nightly sync asks for one customer at a time; what is
// longer than this is no question but a list.
const (
	LongestFilter = 2000 // bytes
	DeepestFilter = 8    // brackets in brackets
	MostTerms     = 40
)

// ErrFilter: the text is no filter of RFC 7644. Its argument is the place of the
// mistake, counted in bytes from 1.
var ErrFilter = fault.New(fault.Invalid, "provision.filter")

// Filter is one node of a filter (RFC 7644 section 3.4.2.2): a comparison, a
// condition on the parts of one attribute, or filters joined.
type Filter struct {
	Op        string   // "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr"; "and", "or", "not"; "[" for attribute[…]
	Attribute string   // as it was written: "userName", "emails.value", "urn:…:active"
	Value     any      // of a comparison: string, bool, json.Number, or nil for null
	Of        []Filter // what is joined, negated or in the brackets; of emails[…].value eq "…" which of the values
}

var comparisons = map[string]bool{"eq": true, "ne": true, "co": true, "sw": true, "ew": true, "gt": true, "ge": true, "lt": true, "le": true}

// ReadFilter reads a filter. It takes time in proportion to the text, whatever
// the text is.
func ReadFilter(text string) (Filter, error) {
	r := filterReader{text: text}
	if len(text) > LongestFilter || !utf8.ValidString(text) {
		return Filter{}, ErrFilter.With(1)
	}
	f, ok := r.either(0)
	if r.blank(); !ok || r.at < len(r.text) {
		return Filter{}, ErrFilter.With(r.at + 1)
	}
	return f, nil
}

// Path is what a PATCH changes: an attribute, perhaps some of its values, perhaps
// one part of them (RFC 7644 section 3.5.2).
type Path struct {
	Attribute string
	Which     *Filter // of emails[type eq "work"], or nil
	Part      string  // "value" of emails[…].value; a part without brackets stays in Attribute
}

// ReadPath reads the path of a PATCH.
func ReadPath(text string) (p Path, err error) {
	r := filterReader{text: text}
	if len(text) > LongestFilter || !utf8.ValidString(text) {
		return p, ErrFilter.With(1)
	}
	p.Attribute = r.word()
	ok := isAttribute(p.Attribute)
	if ok && r.take('[') {
		var which Filter
		if which, ok = r.inside(1); ok {
			p.Which = &which
		}
		if ok && r.take('.') {
			p.Part = r.word()
			ok = isPart(p.Part)
		}
	}
	if !ok || r.at < len(r.text) {
		return Path{}, ErrFilter.With(r.at + 1)
	}
	return p, nil
}

// String writes a filter as ReadFilter reads it.
func (f Filter) String() string {
	switch f.Op {
	case "pr":
		return f.Attribute + " pr"
	case "not":
		return "not (" + f.Of[0].String() + ")"
	case "[":
		return f.Attribute + "[" + f.Of[0].String() + "]"
	case "and", "or":
		parts := make([]string, len(f.Of))
		for i, each := range f.Of {
			if parts[i] = each.String(); each.Op == "or" || each.Op == f.Op {
				parts[i] = "(" + parts[i] + ")"
			}
		}
		return strings.Join(parts, " "+f.Op+" ")
	}
	value, _ := json.Marshal(f.Value) // a string, a number, true, false or null
	name := f.Attribute
	if len(f.Of) > 0 {
		at := strings.LastIndexByte(name, '.')
		name = name[:at] + "[" + f.Of[0].String() + "]" + name[at:]
	}
	return name + " " + f.Op + " " + string(value)
}

// filterReader reads from the left to the right and never goes back.
type filterReader struct {
	text  string
	at    int
	terms int
}

// either reads filters joined by "or", which binds less than "and".
func (r *filterReader) either(depth int) (Filter, bool) {
	return r.joined("or", func() (Filter, bool) {
		return r.joined("and", func() (Filter, bool) { return r.term(depth) })
	})
}

func (r *filterReader) joined(word string, one func() (Filter, bool)) (Filter, bool) {
	f, ok := one()
	all := []Filter{f}
	for ok && r.keyword(word) {
		f, ok = one()
		all = append(all, f)
	}
	if len(all) == 1 {
		return all[0], ok
	}
	return Filter{Op: word, Of: all}, ok
}

// term reads a comparison, brackets, or "not" with brackets.
func (r *filterReader) term(depth int) (Filter, bool) {
	if r.terms++; r.terms > MostTerms || depth > DeepestFilter {
		return Filter{}, false
	}
	r.blank()
	if r.take('(') {
		f, ok := r.either(depth + 1)
		r.blank()
		return f, ok && r.take(')')
	}
	name := r.word()
	if strings.EqualFold(name, "not") {
		if r.blank(); !r.take('(') {
			return Filter{}, false
		}
		f, ok := r.either(depth + 1)
		r.blank()
		return Filter{Op: "not", Of: []Filter{f}}, ok && r.take(')')
	}
	if !isAttribute(name) {
		return Filter{}, false
	}
	var which []Filter
	if r.take('[') {
		f, ok := r.inside(depth + 1)
		if !ok || !r.take('.') {
			return Filter{Op: "[", Attribute: name, Of: []Filter{f}}, ok
		}
		// The grammar of section 3.4.2.2 has this in a path only; Entra asks it in a filter.
		part := r.word()
		if !isPart(part) {
			return Filter{}, false
		}
		name, which = name+"."+part, []Filter{f}
	}
	if !r.blank() {
		return Filter{}, false
	}
	op := strings.ToLower(r.word())
	if op == "pr" && which == nil {
		return Filter{Op: op, Attribute: name}, true
	}
	if !comparisons[op] || !r.blank() {
		return Filter{}, false
	}
	value, ok := r.value()
	return Filter{Op: op, Attribute: name, Value: value, Of: which}, ok
}

// inside reads what stands between [ and ].
func (r *filterReader) inside(depth int) (Filter, bool) {
	f, ok := r.either(depth)
	r.blank()
	return f, ok && r.take(']')
}

// value reads what RFC 7644 takes from JSON: a string, a number, true, false, null.
func (r *filterReader) value() (any, bool) {
	from := r.at
	if r.take('"') {
		for r.at < len(r.text) && !r.take('"') {
			if r.take('\\') && r.at == len(r.text) {
				return nil, false
			}
			r.at++
		}
	} else {
		for r.at < len(r.text) && !strings.ContainsRune(" )]", rune(r.text[r.at])) {
			r.at++
		}
	}
	decoder := json.NewDecoder(strings.NewReader(r.text[from:r.at]))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil || decoder.InputOffset() != int64(r.at-from) {
		return nil, false
	}
	switch v.(type) {
	case nil, string, bool, json.Number:
		return v, true
	}
	return nil, false
}

// keyword takes a word that joins, with a blank or a bracket on both sides.
func (r *filterReader) keyword(want string) bool {
	before := r.at
	blank := r.blank() || before > 0 && strings.ContainsRune(")]", rune(r.text[before-1]))
	if blank && strings.EqualFold(r.word(), want) && (r.blank() || r.at < len(r.text) && r.text[r.at] == '(') {
		return true
	}
	r.at = before
	return false
}

func (r *filterReader) blank() bool {
	from := r.at
	for r.take(' ') {
	}
	return r.at > from
}

func (r *filterReader) take(c byte) bool {
	if r.at < len(r.text) && r.text[r.at] == c {
		r.at++
		return true
	}
	return false
}

func (r *filterReader) word() string {
	from := r.at
	for r.at < len(r.text) && inWord(r.text[r.at]) {
		r.at++
	}
	return r.text[from:r.at]
}

func inWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_$.:", c) >= 0
}

// isPart reports whether a word may stand behind brackets.
func isPart(word string) bool { return isAttribute(word) && !strings.ContainsAny(word, ".:") }

// isAttribute reports whether a word has the shape of an attribute.
func isAttribute(word string) bool {
	name := word[strings.LastIndexByte(word, ':')+1:]
	if name == "" {
		return strings.HasPrefix(strings.ToLower(word), "urn:")
	}
	first := name[0] | 0x20
	return (first >= 'a' && first <= 'z' || first == '$' || strings.Contains(word, ":")) && !strings.HasSuffix(word, ".") && !strings.Contains(word, "..")
}

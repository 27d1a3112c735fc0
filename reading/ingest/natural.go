package ingest

import (
	"cmp"
	"path"
	"strings"
	"unicode/utf8"
)

// natural compares names as people count: "deel 2" before "deel 10", and all of
// one folder before the next.
func natural(a, b string) int {
	x, y := naturalForm(a), naturalForm(b)
	for x != "" && y != "" {
		m, n := number(x), number(y)
		if m > 0 && n > 0 {
			p, q := strings.TrimLeft(x[:m], "0"), strings.TrimLeft(y[:n], "0")
			if c := cmp.Or(cmp.Compare(len(p), len(q)), strings.Compare(p, q)); c != 0 {
				return c
			}
			x, y = x[m:], y[n:]
			continue
		}
		r, i := utf8.DecodeRuneInString(x)
		s, j := utf8.DecodeRuneInString(y)
		if r != s {
			return cmp.Compare(r, s)
		}
		x, y = x[i:], y[j:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(a, b))
}

// naturalForm has no capitals, no ending, and a folder's mark before all letters.
func naturalForm(name string) string {
	return strings.ReplaceAll(fold(strings.TrimSuffix(name, path.Ext(name))), "/", "\x01")
}

// number says how many digits a text begins with.
func number(s string) int {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return i
		}
	}
	return len(s)
}
